//! Borrowed text, kept as the bytes that the write path validated.
//!
//! Comparing, hashing, sorting and writing out use the bytes. [`TextRef::as_str`] is the one place where the bytes
//! become a `&str`, so that checking or trusting UTF-8 is decided once.

use std::fmt;

/// A text borrowed from a page or from a [`Value`](crate::value::Value).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextRef<'a> {
    bytes: &'a [u8],
}

impl<'a> TextRef<'a> {
    /// Wraps bytes that came out of a `str` when the row was written.
    #[inline]
    pub(crate) fn from_validated(bytes: &'a [u8]) -> Self {
        TextRef { bytes }
    }

    /// The UTF-8 bytes: free, and enough to compare, hash or write.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The text. Costs one UTF-8 check of its length.
    ///
    /// # Panics
    /// Only on a bug of relata: every text was a `str` when it was written.
    #[inline]
    pub fn as_str(self) -> &'a str {
        std::str::from_utf8(self.bytes).expect("a stored text was a str when it was written")
    }

    /// Length in bytes.
    #[inline]
    pub fn len(self) -> usize {
        self.bytes.len()
    }

    /// Whether the text has no bytes.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a> From<&'a str> for TextRef<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        TextRef {
            bytes: text.as_bytes(),
        }
    }
}

impl PartialEq<str> for TextRef<'_> {
    fn eq(&self, other: &str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl PartialEq<&str> for TextRef<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.bytes == other.as_bytes()
    }
}

impl fmt::Display for TextRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TextRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
