//! Numbers by which contestants show that they read the same.
//!
//! A [`Reading`] costs about a cycle a field, so that it does not hide what is measured; a fingerprint covers every byte
//! and is taken outside the measured time. Sums over rows are independent of their order, [`nest`] is not independent of
//! who stands under whom.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Reads every field of a row once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading(u64);

impl Reading {
    #[inline]
    pub(crate) fn number(self, value: u64) -> Self {
        Reading(self.0.rotate_left(5).wrapping_add(value))
    }

    #[inline]
    pub(crate) fn int(self, value: i64) -> Self {
        self.number(value.cast_unsigned())
    }

    #[inline]
    pub(crate) fn optional(self, value: Option<i64>) -> Self {
        self.int(value.unwrap_or(i64::MIN))
    }

    #[inline]
    pub(crate) fn float(self, value: f64) -> Self {
        self.number(value.to_bits())
    }

    /// Length and both ends: touches the bytes wherever they are.
    #[inline]
    pub(crate) fn text(self, text: &str) -> Self {
        self.number(text_sum(text))
    }

    #[inline]
    pub(crate) fn sum(self) -> u64 {
        self.0
    }
}

/// Length, first and last byte.
#[inline]
pub(crate) fn text_sum(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let first = bytes.first().copied().map_or(0, u64::from);
    let last = bytes.last().copied().map_or(0, u64::from);
    bytes.len() as u64 ^ first << 8 ^ last << 16
}

/// A row with the sum of what stands under it.
#[inline]
pub(crate) fn nest(row: u64, under: u64) -> u64 {
    row.wrapping_mul(under.wrapping_add(1))
}

/// A row of a table, every byte of it.
pub(crate) fn fingerprint(table: &str, fields: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    table.hash(&mut hasher);
    fields(&mut hasher);
    hasher.finish()
}
