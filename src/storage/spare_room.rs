//! Room that a buffer keeps for its next use, up to a bound.
//!
//! Buffers that live as long as a database are emptied and filled again with each transaction. Small ones keep their
//! room, so that filling them again asks nobody for memory; what one huge transaction made of them goes back.

/// So many bytes a buffer keeps: those of some thousand rows. Growing from there again is lost beside writing the rows
/// that make it necessary.
const KEPT_BYTES_MAX: usize = 256 * 1_024;

/// Gives back most of the room that a buffer over the bound does not use.
pub(crate) fn give_back_spare_room<T>(buffer: &mut Vec<T>) {
    let kept = KEPT_BYTES_MAX / size_of::<T>().max(1);
    if buffer.capacity() > kept && buffer.len() <= buffer.capacity() / 4 {
        buffer.shrink_to(kept.max(buffer.len() * 2));
    }
}

/// Empties a scratch buffer for its next use. A large one gives all its memory back.
pub(crate) fn clear_and_give_back<T>(buffer: &mut Vec<T>) {
    const ENTRIES_MAX: usize = 1_024;
    if buffer.capacity() > ENTRIES_MAX {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT_BYTES_MAX, give_back_spare_room};

    #[test]
    fn small_and_full_buffers_keep_their_room() {
        let mut small: Vec<u8> = Vec::with_capacity(KEPT_BYTES_MAX);
        give_back_spare_room(&mut small);
        assert_eq!(small.capacity(), KEPT_BYTES_MAX);
        let mut full = vec![0_u8; KEPT_BYTES_MAX * 4];
        full.truncate(KEPT_BYTES_MAX * 2);
        give_back_spare_room(&mut full);
        assert_eq!(full.capacity(), KEPT_BYTES_MAX * 4);
    }

    #[test]
    fn large_and_empty_ones_give_it_back() {
        let mut buffer = vec![0_u64; KEPT_BYTES_MAX];
        buffer.truncate(KEPT_BYTES_MAX / 8);
        give_back_spare_room(&mut buffer);
        assert_eq!(buffer.capacity(), KEPT_BYTES_MAX / 4);
        buffer.clear();
        give_back_spare_room(&mut buffer);
        assert!(buffer.capacity() * 8 <= KEPT_BYTES_MAX);
    }
}
