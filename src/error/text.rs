//! What an error's text may hold: values cut short or left out, and so many bytes in all.
//!
//! A value in a text is cut at 64 bytes, before it is written out, and the whole text at 1 KiB, so that an error never
//! carries a document. Where values are secret, [`Show::NoValues`] leaves them out and keeps every name.

use std::fmt::{self, Display, Write};

use crate::value::{Key, TextRef, Value, ValueRef};

/// The longest value in a text, in bytes.
const VALUE_BYTES_MAX: usize = 64;

/// The longest text of an error, in bytes.
const TEXT_BYTES_MAX: usize = 1_024;

/// What stands at the end of whatever was cut.
const CUT: &str = "...";

/// Whether a text shows the values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Values,
    NoValues,
}

impl Show {
    /// Values as `(1, 'a')`, or as `(…)`.
    pub(crate) fn list(self, values: &[Value]) -> String {
        match self {
            Show::Values => Cut(values).to_string(),
            Show::NoValues => "(…)".to_owned(),
        }
    }

    /// A key as it is written elsewhere: `1` or `(1, 'a')`.
    pub(crate) fn key(self, key: &Key) -> String {
        match key.values() {
            [only] => self.value(only),
            several => self.list(several),
        }
    }

    /// One value, or `…`.
    pub(crate) fn value(self, value: &Value) -> String {
        match self {
            Show::Values => cut_value(value),
            Show::NoValues => "…".to_owned(),
        }
    }
}

/// Values as `(1, 'a')`, each cut.
pub(crate) struct Cut<'a>(pub(crate) &'a [Value]);

impl Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (position, value) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&cut_value(value))?;
        }
        f.write_str(")")
    }
}

/// The debug form of an error is what `unwrap` prints: it is no place for a document either.
impl fmt::Debug for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

fn cut_value(value: &Value) -> String {
    excerpt(&start_of(value.as_ref()))
}

/// The text, cut as a value is.
pub(crate) fn excerpt(shown: &impl Display) -> String {
    let (mut text, cut) = bounded(VALUE_BYTES_MAX, |out| write!(out, "{shown}"));
    if cut {
        text.push_str(CUT);
    }
    text
}

/// Writes a text of at most [`TEXT_BYTES_MAX`] bytes.
pub(super) fn write_bounded(
    f: &mut fmt::Formatter<'_>,
    write: impl FnOnce(&mut dyn Write) -> fmt::Result,
) -> fmt::Result {
    let (mut text, cut) = bounded(TEXT_BYTES_MAX, write);
    if cut {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX - CUT.len()));
        text.push_str(CUT);
    }
    f.write_str(&text)
}

/// The first `bytes_max` bytes of what is written, and whether more was.
fn bounded(bytes_max: usize, write: impl FnOnce(&mut dyn Write) -> fmt::Result) -> (String, bool) {
    let mut out = Bounded {
        text: String::new(),
        bytes_max,
    };
    let cut = write(&mut out).is_err();
    (out.text, cut)
}

/// Takes so many bytes, and fails at the next.
struct Bounded {
    text: String,
    bytes_max: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.floor_char_boundary(self.bytes_max - self.text.len());
        self.text.push_str(&text[..end]);
        if end == text.len() {
            return Ok(());
        }
        // Nothing that comes later may stand behind the cut.
        self.bytes_max = self.text.len();
        Err(fmt::Error)
    }
}

/// A value short enough to be written out, and long enough to be cut.
fn start_of(value: ValueRef<'_>) -> ValueRef<'_> {
    match value {
        ValueRef::Text(text) => ValueRef::Text(start_of_text(text)),
        ValueRef::Json(text) => ValueRef::Json(start_of_text(text)),
        ValueRef::Bytes(bytes) => ValueRef::Bytes(&bytes[..bytes.len().min(VALUE_BYTES_MAX)]),
        other => other,
    }
}

/// With its quotes or escapes, or the next character, it is longer than a value in a text may be.
fn start_of_text(text: TextRef<'_>) -> TextRef<'_> {
    let text = text.as_str();
    TextRef::from(&text[..text.ceil_char_boundary(VALUE_BYTES_MAX + 1)])
}
