//! Random values: few of each type, so that they meet, and among them those at the edges.

use relata::value::{DataType, Date, Json, Timestamp, Uuid, Value};

use crate::choices::Choices;

/// The types that columns have.
pub const TYPES: [DataType; 9] = [
    DataType::Bool,
    DataType::Int,
    DataType::Float,
    DataType::Text,
    DataType::Bytes,
    DataType::Uuid,
    DataType::Timestamp,
    DataType::Date,
    DataType::Json,
];

/// Two of them are the same for sixteen bytes, and two do not fit into a row's own words.
const TEXTS: [&str; 15] = [
    "a",
    "b",
    "ab",
    "B",
    "",
    "é",
    "a_b",
    "a%b",
    "it's",
    "sixteen bytes and more",
    "sixteen bytes and most",
    "a \"text\"\n",
    "a text that is longer than what is kept where the row itself is kept, and then some more",
    "b\\c",
    " a ",
];

const PATTERNS: [&str; 14] = [
    "%",
    "a%",
    "%b",
    "_",
    "a_b",
    "a\\_b",
    "%t%",
    "",
    "sixteen%m___",
    "é",
    "a\\%b",
    "b\\\\c",
    "%\n",
    "b\\",
];

const NUMBERS: [i64; 4] = [i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1];

const FLOATS: [f64; 8] = [
    9_007_199_254_740_992.0,
    -1.5,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -0.0,
    1e300,
    0.1,
    9_223_372_036_854_775_808.0,
];

const DOCUMENTS: [&str; 6] = ["null", "1", "\"a\"", "[1,2]", "{\"a\":1}", "true"];

/// A value of a type, as attributes have them. `with_nan` for floats that are no number as well.
pub fn value(choices: &mut Choices, data_type: DataType, with_nan: bool) -> Value {
    let edge = choices.percent(12);
    match data_type {
        DataType::Bool => choices.percent(50).into(),
        DataType::Int if edge => NUMBERS[choices.below(NUMBERS.len())].into(),
        DataType::Int => small(choices, 5).into(),
        DataType::Float if with_nan && choices.percent(5) => f64::NAN.into(),
        DataType::Float if edge => FLOATS[choices.below(FLOATS.len())].into(),
        DataType::Float => (f64::from(small(choices, 6)) / 2.0).into(),
        DataType::Text if edge => TEXTS[choices.below(TEXTS.len())].into(),
        DataType::Text => TEXTS[choices.below(4)].into(),
        DataType::Bytes if edge => vec![7; 300].into(),
        DataType::Bytes => vec![0; choices.below(3)].into(),
        DataType::Uuid => {
            let high = if edge { u128::MAX << 64 } else { 0 };
            Uuid::from_u128(high + choices.below(5) as u128).into()
        }
        DataType::Timestamp if edge => Timestamp::from_micros(-1).into(),
        DataType::Timestamp => {
            let days = i64::from(small(choices, 5));
            Timestamp::from_micros(1_700_000_000_000_000 + days * 86_400_000_000).into()
        }
        DataType::Date if edge => Date::from_days(-1).into(),
        DataType::Date => Date::from_days(20_000 + small(choices, 5)).into(),
        DataType::Json => {
            let document = DOCUMENTS[choices.below(DOCUMENTS.len())];
            document.parse::<Json>().map_or(Value::Null, Value::from)
        }
    }
}

/// A value of a type, as keys have them: there are forty of each.
pub fn key(choices: &mut Choices, data_type: DataType) -> Value {
    let number = choices.below(40);
    let small = i64::try_from(number).unwrap_or(0);
    match data_type {
        DataType::Int => small.into(),
        DataType::Text => format!("k{number:02}").into(),
        DataType::Uuid => Uuid::from_u128(((number as u128) << 100) + number as u128).into(),
        DataType::Timestamp => Timestamp::from_micros(small * 1_000_000).into(),
        DataType::Date => Date::from_days(i32::try_from(small).unwrap_or(0)).into(),
        DataType::Bytes => vec![u8::try_from(number).unwrap_or(0); 3].into(),
        other => value(choices, other, false),
    }
}

/// What a text may be like.
pub fn pattern(choices: &mut Choices) -> Value {
    // The last one, at which engines part ways, is rare.
    let number = match choices.percent(4) {
        true => PATTERNS.len() - 1,
        false => choices.below(PATTERNS.len() - 1),
    };
    PATTERNS[number].into()
}

fn small(choices: &mut Choices, end: usize) -> i32 {
    i32::try_from(choices.below(end)).unwrap_or(0)
}
