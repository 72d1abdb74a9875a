//! Asking for memory before it is read.
//!
//! Rows, and lists of ids, stand anywhere. Where many are read or written one after the other, each would be waited for: among
//! the instructions that are done with the ones before it the processor does not see far enough ahead. So, of whatever is not
//! expected to be at hand, some are asked for at once before the first of them is looked at.
//!
//! What is asked for is not waited for. Reading a word and forgetting it asks, too, but the processor retires nothing behind a
//! read that has not arrived: so done, W3 and W4u of `benches/rivals` take 1.2 times as long.

pub(crate) use prefetch_index::prefetch_index as prefetch;

/// More bytes are not expected to stand in the cache of a core.
const AT_HAND_BYTES: usize = 256 << 10;

/// How many rows, or lists, are asked for at once. Out of cache an include tree takes 1.1 times as long with 8, and no less with
/// 64 (W4b and W4u of `benches/rivals`).
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
