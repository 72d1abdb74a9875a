//! Values out, as Rust values: the way back of `convert`.
//!
//! Nothing is converted that could lose something: an integer comes out as a smaller one only if it fits, and as a float
//! never. Null comes out as `None` and as nothing else.

use crate::value::{Date, Json, TextRef, Timestamp, Uuid, Value, ValueRef};

/// What a value can be read as. `Option` of any of these also reads null.
pub trait FromValue<'v>: Sized {
    /// What is read, for messages: `int`, `text`, ...
    const EXPECTED: &'static str;

    /// The value as this type; none if it is of another kind, null, or out of range.
    fn from_value(value: ValueRef<'v>) -> Option<Self>;
}

macro_rules! from_value {
    ($($into:ty, $expected:literal, $pattern:pat => $out:expr;)*) => {$(
        impl<'v> FromValue<'v> for $into {
            const EXPECTED: &'static str = $expected;

            #[inline]
            fn from_value(value: ValueRef<'v>) -> Option<Self> {
                match value {
                    $pattern => $out,
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    bool, "bool", ValueRef::Bool(it) => Some(it);
    i64, "int", ValueRef::Int(it) => Some(it);
    i32, "int of 32 bits", ValueRef::Int(it) => it.try_into().ok();
    i16, "int of 16 bits", ValueRef::Int(it) => it.try_into().ok();
    i8, "int of 8 bits", ValueRef::Int(it) => it.try_into().ok();
    u64, "int of at least 0", ValueRef::Int(it) => it.try_into().ok();
    u32, "unsigned int of 32 bits", ValueRef::Int(it) => it.try_into().ok();
    u16, "unsigned int of 16 bits", ValueRef::Int(it) => it.try_into().ok();
    u8, "unsigned int of 8 bits", ValueRef::Int(it) => it.try_into().ok();
    usize, "int of at least 0", ValueRef::Int(it) => it.try_into().ok();
    f64, "float", ValueRef::Float(it) => Some(it);
    &'v str, "text", ValueRef::Text(it) => Some(it.as_str());
    TextRef<'v>, "text", ValueRef::Text(it) => Some(it);
    String, "text", ValueRef::Text(it) => Some(it.as_str().to_owned());
    &'v [u8], "bytes", ValueRef::Bytes(it) => Some(it);
    Vec<u8>, "bytes", ValueRef::Bytes(it) => Some(it.to_vec());
    Uuid, "uuid", ValueRef::Uuid(it) => Some(it);
    Timestamp, "timestamp", ValueRef::Timestamp(it) => Some(it);
    Date, "date", ValueRef::Date(it) => Some(it);
    Json, "json", ValueRef::Json(it) => Some(Json::from_canonical(it.as_str().into()));
}

/// Any value, owned.
impl<'v> FromValue<'v> for Value {
    const EXPECTED: &'static str = "value";

    fn from_value(value: ValueRef<'v>) -> Option<Self> {
        Some(value.to_value())
    }
}

impl<'v, T: FromValue<'v>> FromValue<'v> for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    #[inline]
    fn from_value(value: ValueRef<'v>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
