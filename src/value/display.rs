//! Values as a person reads them in an error, a plan or a dump.
//!
//! Texts are quoted with `'` (doubled inside), bytes are `x'..'`, the rest is as plain as it can be. Whoever prints a
//! value from user data in an error truncates it there.

use std::fmt;

use crate::value::{Value, ValueRef};

impl fmt::Display for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ValueRef::Null => f.write_str("null"),
            ValueRef::Bool(v) => v.fmt(f),
            ValueRef::Int(v) => v.fmt(f),
            ValueRef::Float(v) => write!(f, "{v:?}"),
            ValueRef::Text(v) => write!(f, "'{}'", v.as_str().replace('\'', "''")),
            ValueRef::Bytes(v) => {
                f.write_str("x'")?;
                v.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
            ValueRef::Uuid(v) => v.fmt(f),
            ValueRef::Timestamp(v) => v.fmt(f),
            ValueRef::Date(v) => v.fmt(f),
            ValueRef::Json(v) => f.write_str(v.as_str()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}
