//! Why an expression has no value for a row.

use std::fmt;

/// What went wrong where an expression was worked out. Nothing is rounded to what fits, and nothing becomes null: as in
/// PostgreSQL it is an error, and the statement or request that it stands in does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// A number beyond what an integer or a float holds, or a float so near zero that it became zero.
    NumberOutOfRange,
    /// A number divided by zero.
    DivisionByZero,
    /// An instant or a day beyond what the type holds.
    TimeOutOfRange,
    /// A part of a text of less than no characters.
    NegativeLength,
    /// The length of a JSON document that is no array.
    NotAnArray,
    /// A text that a function made is longer than 64 MiB.
    TextTooLong,
}

impl Failure {
    /// PostgreSQL's code.
    pub(crate) fn sqlstate(self) -> &'static str {
        match self {
            Failure::NumberOutOfRange => "22003",
            Failure::DivisionByZero => "22012",
            Failure::TimeOutOfRange => "22008",
            Failure::NegativeLength => "22011",
            Failure::NotAnArray => "22023",
            Failure::TextTooLong => "54000",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::NumberOutOfRange => "number out of range",
            Failure::DivisionByZero => "division by zero",
            Failure::TimeOutOfRange => "time out of range",
            Failure::NegativeLength => "negative length",
            Failure::NotAnArray => "length of what is no array",
            Failure::TextTooLong => "text of more than 64 MiB",
        })
    }
}
