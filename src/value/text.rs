//! Borrowed text, kept as the bytes of the `str` that was written.
//!
//! Comparing, hashing, sorting and writing out use the bytes. [`TextRef::as_str`] is the one place where the bytes become a
//! `&str` again, and the one place in relata that is `unsafe`: it trusts them. Checking instead cost 12 to 15 % of reading
//! an include tree out of cache and 20 to 30 % in cache (W4b of `benches/rivals`).
//!
//! Why the bytes may be trusted:
//! 1. A `TextRef` is made from a `&str`, or by `from_validated`, which `src/storage/row_ref.rs` alone calls (`tests/tidy.rs`
//!    checks that) for a cell of a text or JSON column.
//! 2. Such a cell is written from a `Value` or `ValueRef` of that kind alone, whose bytes are those of a `str`: a column
//!    admits no other kind, and storage refuses one by panicking before it writes.
//! 3. A cell's bytes are copied and moved whole, from page to page, to an image and back; none is ever changed in place.
//! 4. A row is read by an id that the same version of its table gave out, so its slot is live.
//!
//! Debug builds check every text all the same, and the tests of storage and engine run under AddressSanitizer in CI.
#![expect(
    unsafe_code,
    reason = "reading a text trusts what the write path was given"
)]

use std::fmt;

/// A text borrowed from a page or from a [`Value`](crate::value::Value).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextRef<'a> {
    bytes: &'a [u8],
}

impl<'a> TextRef<'a> {
    /// Wraps the bytes of a stored text: those of a `str` that was written into the cell.
    #[inline]
    pub(crate) fn from_validated(bytes: &'a [u8]) -> Self {
        debug_assert!(
            std::str::from_utf8(bytes).is_ok(),
            "a stored text was a str when it was written"
        );
        TextRef { bytes }
    }

    /// The UTF-8 bytes: free, and enough to compare, hash or write.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The text. Free.
    #[inline]
    pub fn as_str(self) -> &'a str {
        // SAFETY: the bytes are those of a `str`: see the header of this file.
        unsafe { std::str::from_utf8_unchecked(self.bytes) }
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
