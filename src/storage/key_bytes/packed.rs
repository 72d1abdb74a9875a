//! A key as an index keeps it: its first bytes as words, which compare in a few instructions.
//!
//! An index compares some seventeen keys on the way to one of 100,000. As words, most are told apart by the first two, and
//! nothing is called; as bytes, each took a call.
//!
//! Words are big endian, with zeros behind the last byte. No key is the beginning of another, so two of them are told apart
//! before the zeros begin. The beginning of a key, as a bound has it, compares as less than the key or, where the key goes on with
//! zeros only, as equal.

use std::cmp::Ordering;

use triomphe::ThinArc;

use crate::storage::key_bytes::KeyBytes;

/// Words that stand inline: two integers, or one text of up to 21 bytes. More would widen every entry of an index.
const WORDS: usize = 3;

/// The encoded values of a key, or of its first columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedKey {
    words: [u64; WORDS],
    /// The bytes behind those of the words. Shared, because nodes of an index are copied with their keys.
    rest: Option<ThinArc<(), u8>>,
}

impl From<&KeyBytes> for PackedKey {
    #[inline]
    fn from(key: &KeyBytes) -> Self {
        let bytes = &key.bytes[..];
        let (inline, rest) = bytes
            .split_first_chunk::<{ size_of::<[u64; WORDS]>() }>()
            .map_or_else(
                || (padded(bytes), &[][..]),
                |(inline, rest)| (*inline, rest),
            );
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(inline.as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        PackedKey {
            words,
            rest: (!rest.is_empty()).then(|| ThinArc::from_header_and_slice((), rest)),
        }
    }
}

impl PackedKey {
    /// Whether all bytes stand in the words.
    #[cfg(test)]
    pub(crate) fn is_inline(&self) -> bool {
        self.rest.is_none()
    }

    fn rest(&self) -> &[u8] {
        self.rest.as_ref().map_or(&[], |it| &it.slice)
    }
}

/// Fewer bytes than the words have, with zeros behind them.
#[inline]
fn padded(bytes: &[u8]) -> [u8; size_of::<[u64; WORDS]>()] {
    let mut padded = [0; size_of::<[u64; WORDS]>()];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded
}

impl Ord for PackedKey {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        for (word, other) in self.words.iter().zip(&other.words) {
            if word != other {
                return word.cmp(other);
            }
        }
        match (&self.rest, &other.rest) {
            (None, None) => Ordering::Equal,
            _ => self.rest().cmp(other.rest()),
        }
    }
}

impl PartialOrd for PackedKey {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
