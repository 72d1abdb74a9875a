//! A column, and what it holds where a row gives it no value.

use crate::schema::DefaultFunction;
use crate::value::{DataType, Value};

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: Box<str>,
    /// What it admits.
    pub data_type: DataType,
    /// Whether it also admits null. Never so in a primary key.
    pub nullable: bool,
    /// What it holds where a row gives it no value.
    pub default: DefaultValue,
    /// Whether it is the key of a table that declared none. It cannot be named in a request.
    pub hidden: bool,
}

/// What a column holds where a row gives it no value.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum DefaultValue {
    /// Null.
    #[default]
    None,
    /// A constant, never null.
    Value(Value),
    /// The time of the transaction by the database's clock.
    Now,
    /// A random uuid (version 4) from the database's own randomness.
    RandomUuid,
    /// The next number of the table's sequence.
    AutoIncrement,
    /// What a closure makes.
    With(DefaultFunction),
}

impl DefaultValue {
    /// What SET DEFAULT writes: the declared constant, and null where there is none (integrity RI-23). Times, random
    /// uuids, numbers of a sequence and what closures make are for new rows only: hardly one of them could be the key of a
    /// parent row.
    pub fn constant(&self) -> Value {
        match self {
            DefaultValue::Value(value) => value.clone(),
            DefaultValue::None
            | DefaultValue::Now
            | DefaultValue::RandomUuid
            | DefaultValue::AutoIncrement
            | DefaultValue::With(_) => Value::Null,
        }
    }
}
