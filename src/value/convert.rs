//! Rust values in, so that a row can be written as it is thought.

use std::sync::Arc;

use crate::value::{Date, Json, Timestamp, Uuid, Value, ValueRef};

macro_rules! from_into {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Value::$variant(value.into())
            }
        }
    )*};
}

from_into! {
    bool => Bool,
    i8 => Int, i16 => Int, i32 => Int, i64 => Int, u8 => Int, u16 => Int, u32 => Int,
    f32 => Float, f64 => Float,
    &str => Text, String => Text, Arc<str> => Text,
    &[u8] => Bytes, Vec<u8> => Bytes, Arc<[u8]> => Bytes,
    Uuid => Uuid, Timestamp => Timestamp, Date => Date, Json => Json,
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(value.as_str().into())
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        value.clone()
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        value.to_value()
    }
}

/// `None` is null.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
