//! A borrowed cell.

use crate::value::{DataType, Date, Json, TextRef, Timestamp, Uuid, Value};

/// A cell borrowed from a page or from a [`Value`]. Copying it copies two words and a tag.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// The absence of a value.
    Null,
    /// `false` or `true`.
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// A 64-bit float.
    Float(f64),
    /// UTF-8 text.
    Text(TextRef<'a>),
    /// Raw bytes.
    Bytes(&'a [u8]),
    /// A 128-bit identifier.
    Uuid(Uuid),
    /// An instant.
    Timestamp(Timestamp),
    /// A calendar day.
    Date(Date),
    /// A JSON document in canonical form.
    Json(TextRef<'a>),
}

impl<'a> ValueRef<'a> {
    /// An owned copy.
    #[inline]
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(v) => Value::Bool(v),
            ValueRef::Int(v) => Value::Int(v),
            ValueRef::Float(v) => Value::Float(v),
            ValueRef::Text(v) => Value::Text(v.as_str().into()),
            ValueRef::Bytes(v) => Value::Bytes(v.into()),
            ValueRef::Uuid(v) => Value::Uuid(v),
            ValueRef::Timestamp(v) => Value::Timestamp(v),
            ValueRef::Date(v) => Value::Date(v),
            ValueRef::Json(v) => Value::Json(Json::from_canonical(v.as_str().into())),
        }
    }

    /// Whether this is null.
    #[inline]
    pub fn is_null(self) -> bool {
        matches!(self, ValueRef::Null)
    }

    /// The kind of this value; none for null.
    #[inline]
    pub fn data_type(self) -> Option<DataType> {
        Some(match self {
            ValueRef::Null => return None,
            ValueRef::Bool(_) => DataType::Bool,
            ValueRef::Int(_) => DataType::Int,
            ValueRef::Float(_) => DataType::Float,
            ValueRef::Text(_) => DataType::Text,
            ValueRef::Bytes(_) => DataType::Bytes,
            ValueRef::Uuid(_) => DataType::Uuid,
            ValueRef::Timestamp(_) => DataType::Timestamp,
            ValueRef::Date(_) => DataType::Date,
            ValueRef::Json(_) => DataType::Json,
        })
    }

    /// Length in bytes of what has no fixed size; 0 for the rest.
    #[inline]
    pub(crate) fn size_bytes(self) -> usize {
        match self {
            ValueRef::Text(text) | ValueRef::Json(text) => text.len(),
            ValueRef::Bytes(bytes) => bytes.len(),
            ValueRef::Null
            | ValueRef::Bool(_)
            | ValueRef::Int(_)
            | ValueRef::Float(_)
            | ValueRef::Uuid(_)
            | ValueRef::Timestamp(_)
            | ValueRef::Date(_) => 0,
        }
    }

    /// The boolean, if this is one.
    #[inline]
    pub fn as_bool(self) -> Option<bool> {
        match self {
            ValueRef::Bool(v) => Some(v),
            _ => None,
        }
    }

    /// The integer, if this is one.
    #[inline]
    pub fn as_int(self) -> Option<i64> {
        match self {
            ValueRef::Int(v) => Some(v),
            _ => None,
        }
    }

    /// The float, if this is one.
    #[inline]
    pub fn as_float(self) -> Option<f64> {
        match self {
            ValueRef::Float(v) => Some(v),
            _ => None,
        }
    }

    /// The text, if this is one.
    #[inline]
    pub fn as_text(self) -> Option<TextRef<'a>> {
        match self {
            ValueRef::Text(v) => Some(v),
            _ => None,
        }
    }

    /// The text as a `&str`, if this is one.
    #[inline]
    pub fn as_str(self) -> Option<&'a str> {
        self.as_text().map(TextRef::as_str)
    }
}
