//! Values by the names of attributes, as they are given to whatever writes.

use std::borrow::Cow;

use crate::value::Value;

/// Values by attribute, in the order in which they were given. Whether the names exist is for the model to say.
///
/// ```
/// use relata::{Values, values};
///
/// let given = values! { name: "Ada", "year of birth" => 1815 };
/// assert_eq!(given, Values::new().with("name", "Ada").with("year of birth", 1815));
/// assert_eq!(given, Values::from([("name", "Ada".into()), ("year of birth", relata::value::Value::Int(1815))]));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    list: Vec<(Cow<'static, str>, Value)>,
}

impl Values {
    /// No values.
    pub fn new() -> Self {
        Values::default()
    }

    /// One more value.
    pub fn with(
        mut self,
        attribute: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
    ) -> Self {
        self.push(attribute, value);
        self
    }

    /// One more value.
    pub fn push(&mut self, attribute: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.list.push((attribute.into(), value.into()));
    }

    /// The value that was given for an attribute.
    pub fn get(&self, attribute: &str) -> Option<&Value> {
        let mut given = self.list.iter();
        given.find_map(|(name, value)| (name == attribute).then_some(value))
    }

    /// Names and values, in the order in which they were given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.list.iter().map(|(name, value)| (&**name, value))
    }

    /// The values of these attributes alone: a list of the fields that a caller may set, so that what else it sends is left
    /// out. Key and scope that an association writes are written anyway (associations HM-17).
    ///
    /// ```
    /// use relata::values;
    ///
    /// let sent = values! { title: "Chair", price: 0 };
    /// assert_eq!(sent.only(["title", "body"]), values! { title: "Chair" });
    /// ```
    pub fn only<'f>(mut self, fields: impl IntoIterator<Item = &'f str>) -> Self {
        let fields: Vec<&str> = fields.into_iter().collect();
        self.list.retain(|(name, _)| fields.contains(&&**name));
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl<N: Into<Cow<'static, str>>, V: Into<Value>> FromIterator<(N, V)> for Values {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let list = values
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Values {
            list: list.collect(),
        }
    }
}

impl<N: Into<Cow<'static, str>>, V: Into<Value>, const LENGTH: usize> From<[(N, V); LENGTH]>
    for Values
{
    fn from(values: [(N, V); LENGTH]) -> Self {
        values.into_iter().collect()
    }
}

impl<N: Into<Cow<'static, str>>, V: Into<Value>> From<Vec<(N, V)>> for Values {
    fn from(values: Vec<(N, V)>) -> Self {
        values.into_iter().collect()
    }
}

impl IntoIterator for Values {
    type Item = (Cow<'static, str>, Value);
    type IntoIter = std::vec::IntoIter<(Cow<'static, str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// [`Values`](crate::Values) as they are thought: `name: value`, or `"any text" => value` where the name is no Rust
/// identifier.
///
/// ```
/// use relata::values;
///
/// let given = values! { title: "Chair", price: 12.5, "made in" => None::<String> };
/// assert_eq!(given.iter().len(), 3);
/// ```
#[macro_export]
macro_rules! values {
    () => { $crate::model::Values::new() };
    (@given $values:ident $(,)?) => { $values };
    (@given $values:ident $name:ident : $value:expr $(, $($rest:tt)*)?) => {{
        $values.push(stringify!($name), $value);
        $crate::model::values!(@given $values $($($rest)*)?)
    }};
    (@given $values:ident $name:expr => $value:expr $(, $($rest:tt)*)?) => {{
        $values.push($name, $value);
        $crate::model::values!(@given $values $($($rest)*)?)
    }};
    ($($given:tt)+) => {{
        let mut values = $crate::model::Values::new();
        $crate::model::values!(@given values $($given)+)
    }};
}

#[doc(inline)]
pub use values;
