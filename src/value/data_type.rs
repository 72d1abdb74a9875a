//! The type of a column.

use std::fmt;

use crate::value::Value;

/// What a column admits, besides null where it is nullable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataType {
    /// `false` or `true`.
    Bool,
    /// A 64-bit signed integer.
    Int,
    /// A 64-bit float.
    Float,
    /// UTF-8 text.
    Text,
    /// Raw bytes.
    Bytes,
    /// A 128-bit identifier.
    Uuid,
    /// An instant, in microseconds UTC.
    Timestamp,
    /// A calendar day.
    Date,
    /// A JSON document.
    Json,
}

impl DataType {
    /// Whether a column of this type may hold the value. Null is admitted here; whether the column is nullable is
    /// another question. Nothing is converted: an integer is not a float.
    #[inline]
    pub fn admits(self, value: &Value) -> bool {
        value.data_type().is_none_or(|found| found == self)
    }

    /// The name in messages and plans: `int`, `text`, ...
    pub fn name(self) -> &'static str {
        match self {
            DataType::Bool => "bool",
            DataType::Int => "int",
            DataType::Float => "float",
            DataType::Text => "text",
            DataType::Bytes => "bytes",
            DataType::Uuid => "uuid",
            DataType::Timestamp => "timestamp",
            DataType::Date => "date",
            DataType::Json => "json",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
