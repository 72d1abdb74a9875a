//! What a model asks of one attribute's values, as declared.
//!
//! A rule is judged on a value, never on a null: whether there has to be a value is for `not_null` to say, or for
//! [`Rule::required`], which is told together with the other violations.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use crate::value::{DataType, Value};

/// What a value has to be for its instance to be written. See [`Attribute::validate`](crate::Attribute::validate).
///
/// ```
/// use relata::{Attribute, DataType, Rule};
///
/// let name = Attribute::new("name", DataType::Text).validate(Rule::not_empty()).validate(Rule::length(..=80));
/// let email = Attribute::new("email", DataType::Text)
///     .validate(Rule::matches("an email address", |value| value.as_str().is_some_and(|text| text.contains('@'))));
/// let state = Attribute::new("state", DataType::Text).validate(Rule::one_of(["open", "shut"]).message("is no state"));
/// ```
#[derive(Clone, PartialEq)]
pub struct Rule {
    name: Arc<str>,
    test: Test,
    message: Option<String>,
}

#[derive(Clone)]
enum Test {
    Required,
    NotEmpty,
    Length(usize, Option<usize>),
    Min(Value),
    Max(Value),
    OneOf(Arc<[Value]>),
    Matches(Arc<Predicate>),
}

type Predicate = dyn Fn(&Value) -> bool + Send + Sync;

impl Rule {
    fn new(name: impl Into<Arc<str>>, test: Test) -> Self {
        Rule {
            name: name.into(),
            test,
            message: None,
        }
    }

    /// There is a value. Unlike `not_null` this is judged with the other rules, before anything is written, and only
    /// through the model.
    pub fn required() -> Self {
        Rule::new("required", Test::Required)
    }

    /// A text with more than white space in it, or bytes.
    pub fn not_empty() -> Self {
        Rule::new("not_empty", Test::NotEmpty)
    }

    /// A text of so many characters, or so many bytes: `length(2..=80)`. A range that begins after its end has nothing in it.
    pub fn length(range: impl RangeBounds<usize>) -> Self {
        let least = match range.start_bound() {
            Bound::Included(&least) => least,
            Bound::Excluded(&below) => below.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let most = match range.end_bound() {
            Bound::Included(&most) => Some(most),
            // Nothing is shorter than nothing.
            Bound::Excluded(0) => return Rule::new("length", Test::Length(1, Some(0))),
            Bound::Excluded(&above) => Some(above - 1),
            Bound::Unbounded => None,
        };
        Rule::new("length", Test::Length(least, most))
    }

    /// At least this, in the order of values.
    pub fn min(least: impl Into<Value>) -> Self {
        Rule::new("min", Test::Min(least.into()))
    }

    /// At most this, in the order of values.
    pub fn max(most: impl Into<Value>) -> Self {
        Rule::new("max", Test::Max(most.into()))
    }

    /// One of these.
    pub fn one_of(values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Rule::new("one_of", Test::OneOf(values))
    }

    /// A value for which a closure says yes; `name` stands for it in errors, as in "must be an email address". The closure
    /// has to answer from the value alone, and the same each time. Two such rules are equal when their names are.
    pub fn matches(
        name: impl Into<Arc<str>>,
        test: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        Rule::new(name, Test::Matches(Arc::new(test)))
    }

    /// What an error says of a value that breaks it, after the attribute and the value, instead of `must be at least 0`
    /// and the like.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// What stands for it in a violation.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a value may stand.
    pub(super) fn admits(&self, value: &Value) -> bool {
        if value.is_null() {
            return !matches!(self.test, Test::Required);
        }
        match &self.test {
            Test::Required => true,
            Test::NotEmpty => match value {
                Value::Text(text) => !text.trim().is_empty(),
                other => length_of(other) > 0,
            },
            Test::Length(least, most) => {
                let length = length_of(value);
                length >= *least && most.is_none_or(|most| length <= most)
            }
            Test::Min(least) => value >= least,
            Test::Max(most) => value <= most,
            Test::OneOf(values) => values.contains(value),
            Test::Matches(test) => test(value),
        }
    }

    /// Why it can never be asked of an attribute of this type, if it cannot.
    pub(in crate::model) fn problem(&self, of: DataType) -> Option<String> {
        let numeric = |data_type| matches!(data_type, DataType::Int | DataType::Float);
        let comparable = |value: &Value| {
            let data_type = value.data_type();
            data_type.is_some_and(|it| it == of || numeric(it) && numeric(of))
        };
        let (fits, asks) = match &self.test {
            Test::Required | Test::Matches(_) => return None,
            Test::NotEmpty | Test::Length(..) => (
                matches!(of, DataType::Text | DataType::Bytes),
                "text or bytes",
            ),
            Test::Min(value) | Test::Max(value) => (comparable(value), "values of one type"),
            Test::OneOf(values) => (values.iter().all(comparable), "values of one type"),
        };
        (!fits).then(|| {
            format!(
                "rule {} asks for {asks}, and this is of type {of}",
                self.name
            )
        })
    }
}

/// In characters or bytes; nothing else has a length.
fn length_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// What it asks for, as errors say it.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.message {
            return f.write_str(message);
        }
        match &self.test {
            Test::Required => f.write_str("must be given"),
            Test::NotEmpty => f.write_str("must not be empty"),
            Test::Length(least, None) => write!(f, "must be at least {least} long"),
            Test::Length(0, Some(most)) => write!(f, "must be at most {most} long"),
            Test::Length(least, Some(most)) => write!(f, "must be {least} to {most} long"),
            Test::Min(least) => write!(f, "must be at least {least}"),
            Test::Max(most) => write!(f, "must be at most {most}"),
            Test::OneOf(values) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(f, "must be one of {}", values.join(", "))
            }
            Test::Matches(_) => write!(f, "must be {}", self.name),
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({}: {self})", self.name)
    }
}

/// What a closure does cannot be compared; the name that stands for it can.
impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Test::Required, Test::Required)
            | (Test::NotEmpty, Test::NotEmpty)
            | (Test::Matches(_), Test::Matches(_)) => true,
            (Test::Length(least, most), Test::Length(low, high)) => (least, most) == (low, high),
            (Test::Min(a), Test::Min(b)) | (Test::Max(a), Test::Max(b)) => a == b,
            (Test::OneOf(a), Test::OneOf(b)) => a == b,
            _ => false,
        }
    }
}
