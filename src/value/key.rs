//! The values of a key, in the order of its columns.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::value::{Uuid, Value};

/// One value per column of a key. Keys of one or two columns, most of them, allocate nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    values: SmallVec<[Value; 2]>,
}

impl Key {
    /// The values, in the order of the key's columns.
    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Deref for Key {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.values
    }
}

impl FromIterator<Value> for Key {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        Key {
            values: values.into_iter().collect(),
        }
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Self {
        key.clone()
    }
}

impl From<Value> for Key {
    #[inline]
    fn from(value: Value) -> Self {
        Key {
            values: SmallVec::from_buf_and_len([value, Value::Null], 1),
        }
    }
}

impl From<Vec<Value>> for Key {
    fn from(values: Vec<Value>) -> Self {
        values.into_iter().collect()
    }
}

macro_rules! key_from_one {
    ($($from:ty),* $(,)?) => {$(
        impl From<$from> for Key {
            #[inline]
            fn from(value: $from) -> Self {
                Key::from(Value::from(value))
            }
        }
    )*};
}

key_from_one!(i64, i32, u32, &str, String, &String, Uuid, &Value);

macro_rules! key_from_tuple {
    ($($name:ident)+) => {
        impl<$($name: Into<Value>),+> From<($($name,)+)> for Key {
            #[expect(non_snake_case, reason = "the type parameters name the parts")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Key { values: SmallVec::from_iter([$($name.into()),+]) }
            }
        }
    };
}

key_from_tuple!(A);
key_from_tuple!(A B C);
key_from_tuple!(A B C D);

/// As many as stand inline: they are put there as they are.
impl<A: Into<Value>, B: Into<Value>> From<(A, B)> for Key {
    #[inline]
    fn from((first, second): (A, B)) -> Self {
        Key {
            values: SmallVec::from_buf([first.into(), second.into()]),
        }
    }
}

/// `(1, 'a')`; a key of one column without brackets.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [value] = self.values() {
            return value.fmt(f);
        }
        f.write_str("(")?;
        for (position, value) in self.values.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            value.fmt(f)?;
        }
        f.write_str(")")
    }
}
