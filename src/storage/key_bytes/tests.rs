//! The order of encoded keys is the order of their values.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::{KeyBytes, PackedKey};
use crate::value::{DataType, Date, Timestamp, Uuid, Value};

/// Bytes close to the escape, and texts that begin alike.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop::sample::select(vec![0, 0, 1, b'a', b'b', 254, 255]),
        0..6,
    )
}

fn any_text() -> impl Strategy<Value = String> {
    let characters = vec!['\0', '\0', '\u{1}', 'a', 'b', 'é', '\u{10FFFF}'];
    prop::collection::vec(prop::sample::select(characters), 0..6)
        .prop_map(|characters| characters.into_iter().collect())
}

fn any_int() -> impl Strategy<Value = i64> {
    prop_oneof![-3_i64..3, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
}

fn any_float() -> impl Strategy<Value = f64> {
    let special = vec![
        0.0,
        -0.0,
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    prop_oneof![
        prop::sample::select(special),
        prop::num::f64::ANY,
        (-3_i32..3).prop_map(f64::from)
    ]
}

fn any_value_of(kind: DataType) -> BoxedStrategy<Value> {
    let value = match kind {
        DataType::Bool => any::<bool>().prop_map(Value::from).boxed(),
        DataType::Int => any_int().prop_map(Value::from).boxed(),
        DataType::Float => any_float().prop_map(Value::from).boxed(),
        DataType::Text => any_text().prop_map(Value::from).boxed(),
        DataType::Bytes => any_bytes().prop_map(Value::from).boxed(),
        DataType::Uuid => prop_oneof![0_u128..3, any::<u128>()]
            .prop_map(|it| Value::from(Uuid::from_u128(it)))
            .boxed(),
        DataType::Timestamp => any_int()
            .prop_map(|it| Value::from(Timestamp::from_micros(it)))
            .boxed(),
        DataType::Date => prop_oneof![-3..3, any::<i32>()]
            .prop_map(|it| Value::from(Date::from_days(it)))
            .boxed(),
        DataType::Json => any_text()
            .prop_map(|it| Value::Json(crate::value::Json::from_canonical(it.into())))
            .boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 6 => value].boxed()
}

const KINDS: [DataType; 9] = [
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

/// Two values of one type, and whether their column descends.
fn any_column() -> impl Strategy<Value = (Value, Value, bool)> {
    prop::sample::select(KINDS.to_vec())
        .prop_flat_map(|kind| (any_value_of(kind), any_value_of(kind), any::<bool>()))
}

fn encode(values: &[Value], descending: &[bool]) -> KeyBytes {
    KeyBytes::encode(values.iter().map(Value::as_ref), descending)
}

fn compare(left: &[Value], right: &[Value], descending: &[bool]) -> Ordering {
    for ((left, right), descending) in left.iter().zip(right).zip(descending) {
        let order = left.cmp(right);
        let order = if *descending { order.reverse() } else { order };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

proptest! {
    #[test]
    fn bytes_order_as_values_do(columns in prop::collection::vec(any_column(), 1..4)) {
        let left: Vec<_> = columns.iter().map(|it| it.0.clone()).collect();
        let right: Vec<_> = columns.iter().map(|it| it.1.clone()).collect();
        let descending: Vec<_> = columns.iter().map(|it| it.2).collect();
        let (left_bytes, right_bytes) = (encode(&left, &descending), encode(&right, &descending));
        prop_assert_eq!(left_bytes.cmp(&right_bytes), compare(&left, &right, &descending));
        let (left_packed, right_packed) =
            (PackedKey::from(&left_bytes), PackedKey::from(&right_bytes));
        prop_assert_eq!(left_packed.cmp(&right_packed), left_bytes.cmp(&right_bytes));
        prop_assert_eq!(left_packed == right_packed, left_bytes == right_bytes);

        // A prefix of columns bounds exactly the keys whose first columns are equal to it.
        for columns in 0..=left.len() {
            let prefix = encode(&left[..columns], &descending);
            let begins = left[..columns] == right[..columns];
            let within = right_bytes >= prefix
                && prefix.after_prefix().is_none_or(|after| right_bytes < after);
            prop_assert_eq!(within, begins);
            let after = prefix.after_prefix();
            let within = right_packed >= PackedKey::from(&prefix)
                && after.is_none_or(|after| right_packed < PackedKey::from(&after));
            prop_assert_eq!(within, begins);
        }
    }
}

#[test]
fn kinds_order_as_in_the_total_order() {
    let values = [
        Value::Null,
        Value::from(true),
        Value::from(i64::MAX),
        Value::from(""),
        Value::from(vec![0_u8]),
        Value::from(Uuid::from_u128(0)),
        Value::from(Timestamp::from_micros(i64::MIN)),
        Value::from(Date::from_days(i32::MIN)),
        Value::Json(crate::value::Json::from_canonical("0".into())),
    ];
    assert!(values.is_sorted());
    assert!(values.map(|value| encode(&[value], &[])).is_sorted());
}

#[test]
fn short_keys_allocate_nothing() {
    let pair = [Value::from(1), Value::from(i64::MIN)];
    let text = |text: &str| encode(&[Value::from(text)], &[true]);
    for short in [encode(&pair, &[]), text("twenty-one bytes long")] {
        assert!(!short.bytes.spilled() && PackedKey::from(&short).is_inline());
    }
    assert!(!PackedKey::from(&text("twenty-two bytes long!")).is_inline());
}
