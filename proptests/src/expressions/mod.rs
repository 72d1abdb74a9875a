//! Random typed expressions over random rows, as relata has them and as SQL.
//!
//! [`draw`] makes a [`Term`] of a wanted type; [`term`] says what it is in relata, [`sql`] what it is in SQLite. Whoever runs
//! both compares the values with [`agree`]; where they do not agree, [`Difference::of`] finds the reason in what the parts of
//! the term are for that row. A disagreement without a reason is a fault.

pub mod draw;
pub mod sql;
pub mod term;

use relata::error::{ErrorKind, Failure, RequestKind};
use relata::value::{DataType, Value};

use crate::expressions::term::{Function, Row, Term};

/// The columns of the rows, each with its type.
pub const COLUMNS: [(&str, DataType); 10] = [
    ("i", DataType::Int),
    ("j", DataType::Int),
    ("f", DataType::Float),
    ("g", DataType::Float),
    ("s", DataType::Text),
    ("t", DataType::Text),
    ("b", DataType::Bool),
    ("c", DataType::Bool),
    ("at", DataType::Timestamp),
    ("day", DataType::Date),
];

/// Why the two may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// relata fails, as PostgreSQL; SQLite goes on with a float, with null or with whatever the part was.
    Fails(Failure),
    /// SQLite rounds a half away from zero, relata to the even neighbour.
    RoundsHalves,
    /// SQLite knows case for the letters of ASCII alone.
    CaseBeyondAscii,
    /// SQLite counts a position before the first character from the end, relata and PostgreSQL from before the first.
    PositionBeforeFirst,
    /// A pattern that ends in its escape character fits nothing in SQLite.
    PatternEndsInEscape,
    /// SQLite's functions of time know the years 0 to 9999 alone.
    YearBeyondSqlite,
    /// SQLite has null for what is no number.
    NotANumber,
}

impl Difference {
    /// Why a term may differ for a row, if anything known says so.
    pub fn of(term: &Term, row: &Row) -> Option<Difference> {
        let mut pending = vec![term];
        let mut found = None;
        while let Some(term) = pending.pop() {
            found = found.or_else(|| Difference::of_part(term, row));
            if let Term::Call(_, operands) = term {
                pending.extend(operands);
            }
        }
        found
    }

    fn of_part(term: &Term, row: &Row) -> Option<Difference> {
        let value = match evaluate(term, row) {
            Ok(value) => value,
            Err(failure) => return Some(Difference::Fails(failure)),
        };
        if matches!(value, Value::Float(number) if number.is_nan()) {
            return Some(Difference::NotANumber);
        }
        let year = match value {
            Value::Timestamp(_) | Value::Date(_) => value.to_string(),
            _ => String::new(),
        };
        if year.starts_with('-') || year.ends_with(['s', 'd']) {
            return Some(Difference::YearBeyondSqlite);
        }
        let Term::Call(function, operands) = term else {
            return None;
        };
        let operand = |at: usize| operands.get(at).and_then(|it| evaluate(it, row).ok());
        let is_half = |it: &Value| it.as_float().is_some_and(|it| (it.fract()).abs() == 0.5);
        let beyond_ascii = |it: &Value| it.as_str().is_some_and(|it| !it.is_ascii());
        match function {
            Function::Round => operand(0).filter(is_half).map(|_| Difference::RoundsHalves),
            Function::Lower | Function::Upper => operand(0)
                .filter(beyond_ascii)
                .map(|_| Difference::CaseBeyondAscii),
            Function::Substr => operand(1)
                .filter(|it| it.as_int().is_some_and(|from| from < 1))
                .map(|_| Difference::PositionBeforeFirst),
            Function::Like(escape) => operand(1)
                .filter(|it| it.as_str().is_some_and(|it| it.ends_with(*escape)))
                .map(|_| Difference::PatternEndsInEscape),
            _ => None,
        }
    }
}

/// The value of a term for a row, in relata.
///
/// # Errors
/// Why it has none.
///
/// # Panics
/// If the term cannot be bound, or something else goes wrong than a row can cause.
pub fn evaluate(term: &Term, row: &Row) -> Result<Value, Failure> {
    let bound = term.expr().bind_value(&term::Names);
    let bound = bound.unwrap_or_else(|error| panic!("{}: {error}", term.expr()));
    bound.value(&row[..]).map_err(|error| match error.kind() {
        ErrorKind::Request(RequestKind::Evaluation(failure)) => failure,
        other => panic!("{}: {other:?}", term.expr()),
    })
}

/// Whether a value of relata is one of SQLite's, which has numbers for truths and times, and one sort of number for both
/// where they are equal.
pub fn agree(relata: &Value, sqlite: &Value) -> bool {
    match relata {
        Value::Bool(it) => *sqlite == Value::Int((*it).into()),
        Value::Timestamp(it) => *sqlite == Value::Int(it.as_micros()),
        Value::Date(it) => *sqlite == Value::Int(it.as_days().into()),
        other => other == sqlite,
    }
}
