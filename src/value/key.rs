//! The values of a key, in the order of its columns.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use crate::value::{Uuid, Value};

/// One value per column of a key. Keys of one or two columns, most of them, allocate nothing.
#[derive(Clone)]
pub struct Key {
    values: Values,
}

/// Written out, so that where a key is made to look up a row, the compiler knows what is in it and what dropping it takes.
#[derive(Clone)]
enum Values {
    One([Value; 1]),
    Two([Value; 2]),
    Any(Box<[Value]>),
}

impl Key {
    /// The values, in the order of the key's columns.
    #[inline]
    pub fn values(&self) -> &[Value] {
        match &self.values {
            Values::One(values) => values,
            Values::Two(values) => values,
            Values::Any(values) => values,
        }
    }

    /// Drops the key. Costs nothing where the compiler sees that it is of integers: what drops any key is called otherwise,
    /// for each key that a row is looked up by (point lookup and pair lookup of `benches/counted`).
    #[inline(always)]
    pub(crate) fn discard(self) {
        match self.values {
            Values::One([Value::Int(_)]) | Values::Two([Value::Int(_), Value::Int(_)]) => {
                std::mem::forget(self);
            }
            _ => drop(self),
        }
    }

    #[inline]
    fn of_one(value: Value) -> Self {
        Key {
            values: Values::One([value]),
        }
    }

    #[inline]
    fn of_two(first: Value, second: Value) -> Self {
        Key {
            values: Values::Two([first, second]),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("values", &self.values())
            .finish()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.values().cmp(other.values())
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values().hash(state);
    }
}

impl Deref for Key {
    type Target = [Value];

    #[inline]
    fn deref(&self) -> &[Value] {
        self.values()
    }
}

impl FromIterator<Value> for Key {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let mut values = values.into_iter().fuse();
        match (values.next(), values.next(), values.next()) {
            (Some(only), None, _) => Key::of_one(only),
            (Some(first), Some(second), None) => Key::of_two(first, second),
            (first, second, third) => {
                let first = first.into_iter().chain(second).chain(third);
                Key {
                    values: Values::Any(first.chain(values).collect()),
                }
            }
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
        Key::of_one(value)
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
                [$($name.into()),+].into_iter().collect()
            }
        }
    };
}

key_from_tuple!(A);
key_from_tuple!(A B C);
key_from_tuple!(A B C D);

impl<A: Into<Value>, B: Into<Value>> From<(A, B)> for Key {
    #[inline]
    fn from((first, second): (A, B)) -> Self {
        Key::of_two(first.into(), second.into())
    }
}

/// `(1, 'a')`; a key of one column without brackets.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [value] = self.values() {
            return value.fmt(f);
        }
        f.write_str("(")?;
        for (position, value) in self.values().iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            value.fmt(f)?;
        }
        f.write_str(")")
    }
}
