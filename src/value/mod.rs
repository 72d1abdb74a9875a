//! What a cell holds.
//!
//! [`Value`] owns, [`ValueRef`] borrows from a page or from a `Value`; both have the same ten kinds. A `Value` is the
//! type of the boundary: storage keeps words, not values. One total order serves indexes and sorting, and
//! three-valued comparison serves predicates; both are decided in `order` and nowhere else.
//!
//! A column admits a value or refuses it; nothing here converts one kind into another.

mod text;
mod temporal;
mod json;
mod data_type;
mod value_ref;
mod order;
mod convert;
mod from_value;
mod display;
mod key;

use std::sync::Arc;

pub use self::data_type::DataType;
pub use self::from_value::FromValue;
pub use self::json::Json;
#[cfg(feature = "json")]
pub use self::json::ParseJsonError;
pub use self::key::Key;
pub use self::temporal::{Date, ParseTemporalError, Timestamp};
pub use self::text::TextRef;
pub use self::value_ref::ValueRef;
pub use uuid::Uuid;

pub(crate) use self::order::canonical_float;

/// An owned cell. Cloning copies at most a counted pointer.
///
/// `Value` compares, sorts and hashes by the total order of relata: null first, then booleans, numbers (integers and
/// floats by numeric value, every NaN equal and last), texts and bytes by their bytes, uuids, timestamps, dates, JSON
/// by its canonical text.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The absence of a value. Unknown in a predicate.
    #[default]
    Null,
    /// `false` or `true`.
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// A 64-bit float. Stored with one zero and one NaN.
    Float(f64),
    /// UTF-8 text, compared byte by byte.
    Text(Arc<str>),
    /// Raw bytes.
    Bytes(Arc<[u8]>),
    /// A 128-bit identifier.
    Uuid(Uuid),
    /// An instant, in microseconds UTC.
    Timestamp(Timestamp),
    /// A calendar day.
    Date(Date),
    /// A JSON document in canonical form.
    Json(Json),
}

impl Value {
    /// The same cell, borrowed.
    #[inline]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Bool(v) => ValueRef::Bool(*v),
            Value::Int(v) => ValueRef::Int(*v),
            Value::Float(v) => ValueRef::Float(*v),
            Value::Text(v) => ValueRef::Text(TextRef::from(&**v)),
            Value::Bytes(v) => ValueRef::Bytes(v),
            Value::Uuid(v) => ValueRef::Uuid(*v),
            Value::Timestamp(v) => ValueRef::Timestamp(*v),
            Value::Date(v) => ValueRef::Date(*v),
            Value::Json(v) => ValueRef::Json(TextRef::from(v.as_str())),
        }
    }

    /// Whether this is null.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The kind of this value; none for null, which belongs to every type.
    pub fn data_type(&self) -> Option<DataType> {
        self.as_ref().data_type()
    }

    /// The integer, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        self.as_ref().as_int()
    }

    /// The float, if this is one.
    pub fn as_float(&self) -> Option<f64> {
        self.as_ref().as_float()
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        self.as_ref().as_bool()
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
