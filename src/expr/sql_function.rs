//! The functions of an expression in the words of PostgreSQL and SQLite, where those mean the same.
//!
//! A check that says something else in another database is worse than none, so what differs in any case that its type
//! allows is refused with the reason. Two differences are left: SQLite measures a text with a zero in it up to there, and
//! PostgreSQL's times end some 2,000 years later.

use crate::expr::builtin::{Builtin, wider};
use crate::expr::document::{JsonPath, JsonStep};
use crate::expr::sql::{Language, Part, Tightness, Words};
use crate::expr::time::Unit;
use crate::value::{DataType, Value};

/// The text of a builtin over operands that are written already.
pub(super) fn call(
    builtin: &Builtin,
    operands: &[Part],
    words: &impl Words,
) -> Result<Part, String> {
    let types: Vec<_> = operands.iter().map(|it| it.data_type).collect();
    let text = match words.language() {
        Language::PostgreSql => postgres(builtin, operands, words)?,
        Language::Sqlite => sqlite(builtin, operands)?,
    };
    Ok(Part::new(text, Tightness::Atom).of(builtin.gives(&types)))
}

pub(super) fn coalesce(operands: &[Part], words: &impl Words) -> Result<Part, String> {
    let types: Vec<_> = operands.iter().map(|it| it.data_type).collect();
    let data_type = wider(&types);
    let is_mixed = types.iter().flatten().any(|it| Some(*it) != data_type);
    if is_mixed && words.language() == Language::Sqlite {
        return Err("coalesce of int and float, which may give int there".to_owned());
    }
    let text = format!("coalesce({})", list(operands));
    Ok(Part::new(text, Tightness::Atom).of(data_type))
}

/// What is the same in both; none for what is not.
fn common(builtin: &Builtin, operands: &[Part]) -> Option<String> {
    let is_float = operands.first().and_then(|it| it.data_type) == Some(DataType::Float);
    Some(match builtin {
        Builtin::Abs | Builtin::Length | Builtin::Replace | Builtin::NullIf => {
            format!("{}({})", builtin.name(), list(operands))
        }
        // Whole numbers stay as they are.
        Builtin::Round | Builtin::Floor | Builtin::Ceil if !is_float => operand(operands, 0),
        Builtin::Concat if operands.is_empty() => "''".to_owned(),
        Builtin::Concat => {
            let texts = operands
                .iter()
                .map(|it| format!("coalesce({}, '')", it.text));
            format!("({})", texts.collect::<Vec<_>>().join(" || "))
        }
        _ => return None,
    })
}

fn sqlite(builtin: &Builtin, operands: &[Part]) -> Result<String, String> {
    if let Some(text) = common(builtin, operands) {
        return Ok(text);
    }
    let name = builtin.name();
    let reason = match builtin {
        Builtin::Trim => return Ok(format!("trim({})", list(operands))),
        Builtin::Substr => match int(operands, 1) {
            Some(1..) => return substr(operands),
            _ => "counts from the end there",
        },
        Builtin::Add | Builtin::Subtract | Builtin::Multiply | Builtin::Negate => {
            "is no error there where it overflows"
        }
        Builtin::Divide | Builtin::Remainder => "by zero is null there",
        Builtin::Round => "takes halves away from zero there",
        Builtin::Floor | Builtin::Ceil => "is not in every build there",
        Builtin::Lower | Builtin::Upper => "knows only the letters of ASCII there",
        Builtin::Part(_) | Builtin::Truncate(_) | Builtin::Shift(_) => {
            "has numbers before it there, not times"
        }
        _ => "means something else there",
    };
    Err(format!("{name} {reason}"))
}

fn postgres(builtin: &Builtin, operands: &[Part], words: &impl Words) -> Result<String, String> {
    if let Some(text) = common(builtin, operands) {
        return Ok(text);
    }
    let name = builtin.name();
    let sign = match builtin {
        Builtin::Remainder => "%",
        other => other.name(),
    };
    let reason = match builtin {
        Builtin::Add | Builtin::Subtract | Builtin::Multiply => {
            return Ok(infix(operands, sign, words)?);
        }
        Builtin::Divide | Builtin::Remainder => return Ok(infix(operands, sign, words)?),
        Builtin::Negate => return Ok(format!("(- {})", number(&operands[0], words)?)),
        Builtin::Round | Builtin::Floor | Builtin::Ceil => {
            return Ok(format!("{name}({})", list(operands)));
        }
        Builtin::Trim => return Ok(format!("btrim({})", list(operands))),
        Builtin::Substr => return substr(operands),
        Builtin::Part(unit) => return Ok(part(*unit, &operands[0])),
        Builtin::Truncate(unit) => return Ok(truncate(*unit, &operands[0])),
        Builtin::Shift(unit) => return shift(*unit, operands),
        Builtin::JsonGet(path) => return document(path, &operands[0]),
        Builtin::JsonExists(path) => {
            let (subject, found) = (operand(operands, 0), document(path, &operands[0])?);
            return Ok(format!(
                "(CASE WHEN {subject} IS NOT NULL THEN {found} IS NOT NULL END)"
            ));
        }
        Builtin::JsonArrayLength => {
            return Ok(format!("jsonb_array_length({})::bigint", list(operands)));
        }
        Builtin::JsonContains => "takes numbers for equal by value there",
        Builtin::Lower | Builtin::Upper => "depends on the collation there",
        _ => "is not there",
    };
    Err(format!("{name} {reason}"))
}

fn infix(operands: &[Part], sign: &str, words: &impl Words) -> Result<String, String> {
    let (left, right) = (number(&operands[0], words)?, number(&operands[1], words)?);
    Ok(format!("({left} {sign} {right})"))
}

/// A number by itself would be of 32 bits.
fn number(operand: &Part, words: &impl Words) -> Result<String, String> {
    match &operand.constant {
        Some(value @ Value::Int(0..)) => Ok(format!("{}::bigint", words.value(value)?)),
        _ => Ok(operand.within(Tightness::Atom)),
    }
}

/// Positions are of 32 bits in one of the two, and a negative count is an error in that one only.
fn substr(operands: &[Part]) -> Result<String, String> {
    let is_small = |number: i64| i32::try_from(number).is_ok();
    let from_fits = int(operands, 1).is_some_and(is_small);
    let count_fits =
        operands.len() == 2 || int(operands, 2).is_some_and(|it| it >= 0 && is_small(it));
    match from_fits && count_fits {
        true => Ok(format!("substr({})", list(operands))),
        false => Err("substr with positions that are no constants, or none of its own".to_owned()),
    }
}

/// The time of day in UTC, which no setting of the server changes.
fn local(time: &Part) -> String {
    let text = time.within(Tightness::Atom);
    match time.data_type {
        Some(DataType::Timestamp) => format!("({text} AT TIME ZONE 'UTC')"),
        _ => format!("{text}::timestamp"),
    }
}

/// Back to what the operand was.
fn restored(time: &Part, text: &str) -> String {
    match time.data_type {
        Some(DataType::Timestamp) => format!("({text} AT TIME ZONE 'UTC')"),
        _ => format!("({text})::date"),
    }
}

fn part(unit: Unit, time: &Part) -> String {
    let (unit_name, local) = (unit.name(), local(time));
    let number = format!("extract({unit_name} from {local})");
    match unit {
        // There is no year 0 there.
        Unit::Year => format!("({number} + CASE WHEN {number} < 0 THEN 1 ELSE 0 END)::bigint"),
        Unit::Second => format!("floor({number})::bigint"),
        _ => format!("{number}::bigint"),
    }
}

fn truncate(unit: Unit, time: &Part) -> String {
    restored(
        time,
        &format!("date_trunc('{}', {})", unit.name(), local(time)),
    )
}

fn shift(unit: Unit, operands: &[Part]) -> Result<String, String> {
    let amount = int(operands, 1).filter(|amount| i32::try_from(*amount).is_ok());
    let Some(amount) = amount else {
        return Err("date_add of an amount that is no constant, or a large one".to_owned());
    };
    let (time, unit) = (&operands[0], unit.name());
    let moved = format!("{} + interval '{amount} {unit}'", local(time));
    Ok(match time.data_type {
        Some(DataType::Timestamp) => format!("(({moved}) AT TIME ZONE 'UTC')"),
        _ => restored(time, &moved),
    })
}

fn document(path: &JsonPath, subject: &Part) -> Result<String, String> {
    let mut text = format!("({}", subject.within(Tightness::Atom));
    for step in path.steps() {
        match step {
            JsonStep::Member(name) if name.contains(['\\', '\0']) => {
                return Err(format!("member {name}"));
            }
            JsonStep::Member(name) => {
                text.push_str(&format!(" -> '{}'", name.replace('\'', "''")));
            }
            JsonStep::Element(_) => {
                return Err("a position in an array, which a scalar has there too".to_owned());
            }
        }
    }
    text.push(')');
    Ok(text)
}

fn operand(operands: &[Part], at: usize) -> String {
    operands[at].within(Tightness::Atom)
}

fn list(operands: &[Part]) -> String {
    let texts = operands.iter().map(|it| it.text.as_str());
    texts.collect::<Vec<_>>().join(", ")
}

fn int(operands: &[Part], at: usize) -> Option<i64> {
    operands.get(at)?.constant.as_ref()?.as_int()
}
