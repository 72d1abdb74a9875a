//! Questions about JSON documents, answered on their canonical text.
//!
//! A canonical text has sorted members and no spaces, so what stands inside it is canonical itself: finding something is
//! finding where it begins and ends, and two parts are equal when their bytes are. Nothing is parsed and nothing is
//! copied, but a text with escapes in it.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use crate::value::DataType;

/// One step into a document: a member of an object by name, or an element of an array by position. Positions count from 0,
/// negative ones from the end. `"name"` and `0` do as steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JsonStep {
    /// The member with this name.
    Member(Arc<str>),
    /// The element at this position.
    Element(i64),
}

impl From<&str> for JsonStep {
    fn from(name: &str) -> Self {
        JsonStep::Member(name.into())
    }
}

impl From<String> for JsonStep {
    fn from(name: String) -> Self {
        JsonStep::Member(name.into())
    }
}

impl From<i64> for JsonStep {
    fn from(position: i64) -> Self {
        JsonStep::Element(position)
    }
}

/// Where in a document to look, and how that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath {
    steps: Arc<[JsonStep]>,
    text: Arc<str>,
}

impl JsonPath {
    pub(super) fn new(steps: impl IntoIterator<Item = impl Into<JsonStep>>) -> Self {
        let steps: Arc<[JsonStep]> = steps.into_iter().map(Into::into).collect();
        let mut text = String::from("'$");
        for step in &*steps {
            match step {
                JsonStep::Member(name) => {
                    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
                    _ = write!(text, ".\"{}\"", name.replace('\'', "''"));
                }
                JsonStep::Element(position) => _ = write!(text, "[{position}]"),
            }
        }
        text.push('\'');
        JsonPath {
            steps,
            text: text.into(),
        }
    }

    /// `'$."author"[0]'`
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn steps(&self) -> &[JsonStep] {
        &self.steps
    }

    /// What stands there; none if nothing does.
    pub(super) fn find<'a>(&self, document: &'a str) -> Option<&'a str> {
        self.steps
            .iter()
            .try_fold(document, |part, step| match step {
                JsonStep::Member(name) => members(part)?
                    .find(|(key, _)| is_name(key, name))
                    .map(|(_, value)| value),
                JsonStep::Element(position) => element(part, *position),
            })
    }
}

fn element(array: &str, position: i64) -> Option<&str> {
    let position = match usize::try_from(position) {
        Ok(position) => position,
        Err(_) => {
            let from_end = usize::try_from(position.unsigned_abs()).ok()?;
            elements(array)?.count().checked_sub(from_end)?
        }
    };
    elements(array)?.nth(position)
}

/// How many elements an array has; none of what is no array.
pub(super) fn array_length(document: &str) -> Option<usize> {
    elements(document).map(Iterator::count)
}

/// What a scalar is worth as a value of a type; none if it is of another sort.
pub(super) enum Scalar<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

pub(super) fn scalar(document: &str, data_type: DataType) -> Option<Scalar<'_>> {
    let is_number = document.starts_with(|it: char| it == '-' || it.is_ascii_digit());
    match data_type {
        DataType::Bool => document.parse().ok().map(Scalar::Bool),
        DataType::Int if is_number => document.parse().ok().map(Scalar::Int),
        DataType::Float if is_number => document.parse().ok().map(Scalar::Float),
        DataType::Text => inside(document, '"', '"').map(|it| Scalar::Text(unescaped(it))),
        _ => None,
    }
}

/// Whether a document holds another, as PostgreSQL's `@>`: each member is there with what its value holds, each element is
/// held by some element, in any order; and an array holds a scalar that is one of its elements.
///
/// The recursion is as deep as a document may be nested, 128 levels.
pub(super) fn contains(document: &str, other: &str) -> bool {
    let is_scalar = members(other).is_none() && elements(other).is_none();
    match elements(document) {
        Some(mut elements) if is_scalar => elements.any(|it| it == other),
        _ => holds(document, other),
    }
}

fn holds(document: &str, other: &str) -> bool {
    if let (Some(_), Some(mut wanted)) = (members(document), members(other)) {
        return wanted.all(|(key, value)| {
            let mut found = members(document).into_iter().flatten();
            let found = found.find(|(it, _)| *it == key);
            found.is_some_and(|(_, found)| holds(found, value))
        });
    }
    if let (Some(_), Some(mut wanted)) = (elements(document), elements(other)) {
        return wanted.all(|wanted| {
            let mut found = elements(document).into_iter().flatten();
            found.any(|found| holds(found, wanted))
        });
    }
    document == other
}

fn elements(array: &str) -> Option<impl Iterator<Item = &str>> {
    let mut rest = inside(array, '[', ']')?;
    Some(std::iter::from_fn(move || next_value(&mut rest)))
}

/// Names are as they are written, without their quotes.
fn members(object: &str) -> Option<impl Iterator<Item = (&str, &str)>> {
    let mut rest = inside(object, '{', '}')?;
    Some(std::iter::from_fn(move || {
        let key = next_value(&mut rest)?;
        Some((inside(key, '"', '"')?, next_value(&mut rest)?))
    }))
}

fn inside(text: &str, open: char, close: char) -> Option<&str> {
    text.strip_prefix(open)?.strip_suffix(close)
}

/// Takes the first value off, with what parts it from the next.
fn next_value<'a>(rest: &mut &'a str) -> Option<&'a str> {
    if rest.is_empty() {
        return None;
    }
    let (value, after) = rest.split_at_checked(value_end(rest.as_bytes()))?;
    *rest = after.get(1..).unwrap_or_default();
    Some(value)
}

/// Where the value ends that a text begins with: at the first byte outside of brackets and quotes that parts two values.
fn value_end(text: &[u8]) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn is_name(written: &str, name: &str) -> bool {
    match written.contains('\\') {
        true => unescaped(written) == name,
        false => written == name,
    }
}

/// The text that stands between quotes. Canonical text escapes quotes, backslashes and what is below a space.
fn unescaped(written: &str) -> Cow<'_, str> {
    if !written.contains('\\') {
        return Cow::Borrowed(written);
    }
    let mut text = String::with_capacity(written.len());
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        let escaped = match character {
            '\\' => characters.next(),
            other => {
                text.push(other);
                continue;
            }
        };
        text.extend(escaped.and_then(|it| match it {
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => {
                let digits: String = characters.by_ref().take(4).collect();
                u32::from_str_radix(&digits, 16)
                    .ok()
                    .and_then(char::from_u32)
            }
            other => Some(other),
        }));
    }
    Cow::Owned(text)
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
    use serde_json::Value;

    use super::{JsonPath, JsonStep, Scalar, array_length, contains, scalar};
    use crate::value::{DataType, Json};

    fn any_text() -> impl Strategy<Value = String> {
        prop::string::string_regex("[a\"\\\\\n\u{1}é,:{}\\[\\]]{0,3}").expect("a pattern")
    }

    fn any_document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2_i64..3).prop_map(Value::from),
            Just(Value::from(1.5)),
            any_text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any_text(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn any_step() -> impl Strategy<Value = JsonStep> {
        prop_oneof![
            any_text().prop_map(JsonStep::from),
            (-3_i64..3).prop_map(JsonStep::from),
        ]
    }

    fn naive_find<'a>(document: &'a Value, steps: &[JsonStep]) -> Option<&'a Value> {
        steps.iter().try_fold(document, |it, step| match step {
            JsonStep::Member(name) => it.as_object()?.get(&**name),
            JsonStep::Element(position) => {
                let array = it.as_array()?;
                let length = i64::try_from(array.len()).expect("a short array");
                let position = if *position < 0 {
                    position + length
                } else {
                    *position
                };
                array.get(usize::try_from(position).ok()?)
            }
        })
    }

    fn naive_holds(document: &Value, other: &Value) -> bool {
        match (document, other) {
            (Value::Object(a), Value::Object(b)) => b
                .iter()
                .all(|(key, b)| a.get(key).is_some_and(|a| naive_holds(a, b))),
            (Value::Array(a), Value::Array(b)) => {
                b.iter().all(|b| a.iter().any(|a| naive_holds(a, b)))
            }
            (a, b) => a == b,
        }
    }

    fn naive_contains(document: &Value, other: &Value) -> bool {
        match (document, other) {
            (_, Value::Object(_) | Value::Array(_)) => naive_holds(document, other),
            (Value::Array(elements), scalar) => elements.contains(scalar),
            (a, b) => a == b,
        }
    }

    fn canonical(document: &Value) -> Json {
        Json::try_from(document).expect("a document")
    }

    proptest! {
        #[test]
        fn the_text_answers_as_the_parsed_document(
            document in any_document(),
            other in any_document(),
            steps in prop::collection::vec(any_step(), 0..3),
        ) {
            let json = canonical(&document);
            let path = JsonPath::new(steps.iter().cloned());
            let found = path.find(json.as_str()).map(str::to_owned);
            let expected = naive_find(&document, &steps);
            prop_assert_eq!(found, expected.map(|it| canonical(it).as_str().to_owned()));
            let length = document.as_array().map(Vec::len);
            prop_assert_eq!(array_length(json.as_str()), length);
            let held = canonical(&other);
            prop_assert_eq!(
                contains(json.as_str(), held.as_str()),
                naive_contains(&document, &other)
            );
            let text = scalar(json.as_str(), DataType::Text).map(|it| match it {
                Scalar::Text(text) => text.into_owned(),
                _ => panic!("another type was asked for"),
            });
            prop_assert_eq!(text, document.as_str().map(str::to_owned));
            let int = matches!(scalar(json.as_str(), DataType::Int), Some(Scalar::Int(it)) if document.as_i64() == Some(it));
            prop_assert_eq!(int, document.as_i64().is_some());
            let float = matches!(scalar(json.as_str(), DataType::Float), Some(Scalar::Float(it)) if document.as_f64() == Some(it));
            prop_assert_eq!(float, document.is_number());
            let truth = matches!(scalar(json.as_str(), DataType::Bool), Some(Scalar::Bool(it)) if document.as_bool() == Some(it));
            prop_assert_eq!(truth, document.is_boolean());
        }
    }
}
