//! Asking for memory before it is read.
//!
//! Rows, and lists of ids, stand anywhere. Where many are read or written one after the other, each would be waited for: among
//! the instructions that are done with the ones before it the processor does not see far enough ahead. So, of whatever is not
//! expected to be at hand, some are asked for at once before the first of them is looked at.

/// More bytes are not expected to stand in the cache of a core.
const AT_HAND_BYTES: usize = 256 << 10;

/// How many rows, or lists, are asked for at once. Out of cache an include tree takes 1.3 times as long with 8, 1.1 times with
/// 16, and 1.7 times where each row asks for the one eight behind it (W4b of `benches/rivals`).
pub(crate) const AT_ONCE: usize = 32;

/// Whether what takes so many bytes may have to be waited for.
#[inline]
pub(crate) fn is_large(bytes: usize) -> bool {
    bytes > AT_HAND_BYTES
}

/// What is asked for when the item at a position comes next, and then those behind it: at every so many, as many; nothing in
/// between.
#[inline]
pub(crate) fn at_once<T>(items: &[T], position: usize) -> &[T] {
    match position.is_multiple_of(AT_ONCE) {
        true => &items[position..items.len().min(position + AT_ONCE)],
        false => &[],
    }
}
