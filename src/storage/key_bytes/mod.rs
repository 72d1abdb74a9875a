//! A key as bytes whose order is the order of its values.
//!
//! Each value is a tag for its kind, in the order of kinds, and a body:
//!
//! 1. null: no body, so that it comes first;
//! 2. boolean: one byte; integer, timestamp and date: big endian with the sign bit turned;
//! 3. float: the bits of the canonical float, big endian, all turned if negative and the sign bit otherwise: one zero, and
//!    NaN after all numbers;
//! 4. uuid: its sixteen bytes;
//! 5. text, bytes, JSON: the bytes with 00 written as 00 FF, ended by 00 00.
//!
//! A descending column has every byte turned. No encoding of a value is the beginning of another's, so a key compares
//! column by column, and the keys that begin with some columns are those whose bytes begin with theirs.
//!
//! Bytes order as `ValueRef::total_cmp` does while a column keeps one type. An integer and a float do not meet in one
//! column, and are not compared here by numeric value.
//!
//! Keys are put together here, with room for most of them on the stack; an index keeps them as [`PackedKey`].

mod packed;

use smallvec::SmallVec;

pub(crate) use self::packed::PackedKey;
use crate::value::{ValueRef, canonical_float};

/// Bytes that are put together without an allocation.
const INLINE: usize = 64;

/// The encoded values of all or of the first columns of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyBytes {
    bytes: SmallVec<[u8; INLINE]>,
}

impl KeyBytes {
    /// Encodes values in the order of the columns. Columns without a flag ascend.
    #[inline]
    pub(crate) fn encode<'a>(
        values: impl IntoIterator<Item = ValueRef<'a>>,
        descending: &[bool],
    ) -> Self {
        let mut key = KeyBytes::default();
        for (column, value) in values.into_iter().enumerate() {
            let start = key.bytes.len();
            key.push(value);
            if descending.get(column).is_some_and(|it| *it) {
                key.turn_from(start);
            }
        }
        key
    }

    /// The smallest key after all that begin with this one; none if there is no such key.
    pub(crate) fn after_prefix(&self) -> Option<Self> {
        let mut bytes = self.bytes.clone();
        while let Some(last) = bytes.pop() {
            if last < u8::MAX {
                bytes.push(last + 1);
                return Some(KeyBytes { bytes });
            }
        }
        None
    }

    /// The same without the end of its last value, a text: what the keys of all texts begin with that begin with that one.
    pub(crate) fn without_end(mut self) -> Self {
        self.bytes.truncate(self.bytes.len().saturating_sub(2));
        self
    }

    #[inline]
    fn push(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.bytes.push(0),
            ValueRef::Bool(v) => self.push_all(1, &[u8::from(v)]),
            ValueRef::Int(v) => self.push_word(2, turn_sign(v)),
            ValueRef::Float(v) => self.push_word(3, turn_float(v)),
            ValueRef::Text(v) => self.push_ended(4, v.as_bytes()),
            ValueRef::Bytes(v) => self.push_ended(5, v),
            ValueRef::Uuid(v) => self.push_all(6, v.as_bytes()),
            ValueRef::Timestamp(v) => self.push_word(7, turn_sign(v.as_micros())),
            ValueRef::Date(v) => self.push_word(8, turn_sign(i64::from(v.as_days()))),
            ValueRef::Json(v) => self.push_ended(9, v.as_bytes()),
        }
    }

    /// The tag and the word in one piece: of both the length is known.
    #[inline]
    fn push_word(&mut self, tag: u8, word: u64) {
        let mut piece = [tag; 1 + size_of::<u64>()];
        piece[1..].copy_from_slice(&word.to_be_bytes());
        self.bytes.extend_from_slice(&piece);
    }

    fn push_all(&mut self, tag: u8, body: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(body);
    }

    fn push_ended(&mut self, tag: u8, body: &[u8]) {
        self.bytes.push(tag);
        for (position, part) in body.split(|byte| *byte == 0).enumerate() {
            if position > 0 {
                self.bytes.extend_from_slice(&[0, u8::MAX]);
            }
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend_from_slice(&[0, 0]);
    }

    fn turn_from(&mut self, start: usize) {
        for byte in &mut self.bytes[start..] {
            *byte = !*byte;
        }
    }
}

const SIGN: u64 = 1 << 63;

/// The integer moved so that the smallest is zero.
fn turn_sign(int: i64) -> u64 {
    int.cast_unsigned() ^ SIGN
}

/// The float's bits moved so that they order as the floats do.
fn turn_float(float: f64) -> u64 {
    let bits = canonical_float(float).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cfg(test)]
mod tests;
