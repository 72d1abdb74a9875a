//! A bucket of a hash index: tags in the trie itself, entries in a block of their own, and the rare excess beside them.
//!
//! Inside, a bucket is a small hash table: an entry stands in the slot that the upper bits of its fragment name, or in
//! the next free one after it, so that a probe looks at a few neighbours rather than at the whole bucket. It looks at
//! their [tags](Bucket::tag), so that a key that is not there is mostly found out without an entry: which is so of nine
//! tenths of the pairs that are added (W9a of `benches/rivals`) and of half of those that are asked for (W9h). The tags of
//! sixteen buckets stand beside each other in a node of the trie: those of many entries stay in the cache where the entries
//! do not, which took a fifth off W9h.
//!
//! A slot may stand empty: entries packed in the order of their slots take half the bytes, and W9a a fifth more time.
//!
//! Invariants: a slot is free if its tag is [`FREE`]; between an entry's own slot and the one that it stands in none is
//! free; entries overflow only when no slot is free.

use triomphe::Arc;

use crate::storage::trie::Leaf;
use crate::storage::{RowId, unshare};

use super::{Entry, Fragment};

/// The tag of a free slot. No entry has it.
const FREE: u8 = 0;

/// `S` slots, a power of two, then as many entries as it takes.
#[derive(Clone, Debug)]
pub(crate) struct Bucket<const S: usize, F> {
    /// The tag of the entry in each slot.
    tags: [u8; S],
    /// How many slots are taken.
    inline_len: u8,
    block: Option<Arc<Block<S, F>>>,
}

/// The entries of a bucket. Laid out as declared: a write looks at the overflow where it has looked at the count of the
/// allocation.
#[repr(C)]
#[derive(Clone, Debug)]
struct Block<const S: usize, F> {
    /// Entries that came when the slots were full: many rows of one hash, or a bucket whose turn to split is late.
    overflow: Vec<Entry<F>>,
    slots: [Entry<F>; S],
}

impl<const S: usize, F: Fragment> Leaf for Bucket<S, F> {
    const GAP: Self = Bucket {
        tags: [FREE; S],
        inline_len: 0,
        block: None,
    };

    #[inline]
    fn is_gap(&self) -> bool {
        self.inline_len == 0
    }

    #[inline]
    fn is_shared(&self) -> bool {
        self.block.is_shared()
    }
}

impl<const S: usize, F: Fragment> Block<S, F> {
    /// What stands in a free slot. All zeros, which a block that is made is filled with at once.
    const NO_ENTRY: Entry<F> = Entry {
        fragment: F::NONE,
        row: RowId(0),
    };

    #[cold]
    fn new() -> Self {
        Block {
            overflow: Vec::new(),
            slots: [Self::NO_ENTRY; S],
        }
    }
}

impl<const S: usize, F: Fragment> Bucket<S, F> {
    /// The number of a slot is so many upper bits of a fragment.
    const BITS: u32 = {
        assert!(
            S.is_power_of_two() && S >= 2 && S <= u8::MAX as usize,
            "slots are numbered by whole bits and counted in a byte"
        );
        S.trailing_zeros()
    };

    #[inline]
    fn is_full(&self) -> bool {
        usize::from(self.inline_len) == S
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        usize::from(self.inline_len) + self.overflow().len()
    }

    fn overflow(&self) -> &[Entry<F>] {
        self.block.as_ref().map_or(&[], |block| &block.overflow)
    }

    /// The entry in a slot whose tag says that there is one.
    #[inline]
    fn taken(&self, slot: usize) -> Option<Entry<F>> {
        Some(self.block.as_ref()?.slots[slot])
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<F>> + '_ {
        let taken = (0..S).filter(|slot| self.tags[*slot] != FREE);
        let inline = taken.filter_map(|slot| self.taken(slot));
        inline.chain(self.overflow().iter().copied())
    }

    /// The entries for writing, copied first if a clone shares them.
    #[inline]
    fn block_mut(&mut self) -> &mut Block<S, F> {
        unshare(self.block.get_or_insert_with(|| Arc::new(Block::new())))
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry<F>) {
        if self.is_full() {
            self.block_mut().overflow.push(entry);
            return;
        }
        let mut slot = Self::own_slot(entry.fragment);
        while self.tags[slot] != FREE {
            slot = Self::after(slot);
        }
        self.tags[slot] = Self::tag(entry.fragment);
        self.inline_len += 1;
        self.block_mut().slots[slot] = entry;
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for entry in other.entries() {
            self.push(entry);
        }
    }

    /// Where an entry stands, counted through the slots and on through the overflow.
    pub(super) fn position(&self, entry: Entry<F>) -> Option<usize> {
        let tag = Self::tag(entry.fragment);
        let mut slot = Self::own_slot(entry.fragment);
        for _ in 0..S {
            if self.tags[slot] == FREE {
                return None;
            }
            if self.tags[slot] == tag && self.taken(slot) == Some(entry) {
                return Some(slot);
            }
            slot = Self::after(slot);
        }
        let past = self.overflow().iter().position(|other| *other == entry)?;
        Some(S + past)
    }

    /// The smallest of the rows whose fragment agrees and that match: the smallest of [`Candidates`] that do, with less
    /// to keep in mind on the way.
    #[inline]
    pub(super) fn smallest_match(
        &self,
        fragment: F,
        mut matches: impl FnMut(RowId) -> bool,
    ) -> Option<RowId> {
        let tag = Self::tag(fragment);
        let mut slot = Self::own_slot(fragment);
        let mut smallest: Option<RowId> = None;
        let mut consider = |entry: &Entry<F>| {
            if entry.fragment == fragment
                && smallest.is_none_or(|best| entry.row < best)
                && matches(entry.row)
            {
                smallest = Some(entry.row);
            }
        };
        for _ in 0..S {
            if self.tags[slot] == FREE {
                return smallest;
            }
            if self.tags[slot] == tag
                && let Some(block) = &self.block
            {
                consider(&block.slots[slot]);
            }
            slot = Self::after(slot);
        }
        self.overflow().iter().for_each(consider);
        smallest
    }

    /// Takes out the entry at a position. Overflow gives its memory back as it empties.
    pub(super) fn remove(&mut self, position: usize) {
        if position < S {
            self.free(position);
        }
        let overflow = &mut self.block_mut().overflow;
        let moved = match position.checked_sub(S) {
            Some(past) => {
                overflow.swap_remove(past);
                None
            }
            None => overflow.pop(),
        };
        if overflow.len() * 4 < overflow.capacity() {
            overflow.shrink_to(overflow.len() * 2);
        }
        if let Some(last) = moved {
            self.push(last);
        }
    }

    /// Frees a slot. Entries behind it that may stand nearer to their own slots move up, so that none is cut off.
    fn free(&mut self, mut free: usize) {
        let mut slot = free;
        for _ in 1..S {
            slot = Self::after(slot);
            if self.tags[slot] == FREE {
                break;
            }
            let block = self.block_mut();
            let entry = block.slots[slot];
            if Self::distance(Self::own_slot(entry.fragment), slot) >= Self::distance(free, slot) {
                block.slots[free] = entry;
                self.tags[free] = self.tags[slot];
                free = slot;
            }
        }
        self.tags[free] = FREE;
        self.inline_len -= 1;
        self.block_mut().slots[free] = Block::<S, F>::NO_ENTRY;
    }

    /// Moves the entries whose fragment is chosen to a new bucket.
    pub(super) fn split_off(&mut self, chosen: impl Fn(F) -> bool) -> Self {
        let whole = std::mem::replace(self, Bucket::GAP);
        let mut moved = Bucket::GAP;
        for entry in whole.entries() {
            let to = if chosen(entry.fragment) {
                &mut moved
            } else {
                &mut *self
            };
            to.push(entry);
        }
        moved
    }

    /// Where an entry with this fragment stands if that slot is its.
    #[inline]
    fn own_slot(fragment: F) -> usize {
        (fragment.high() >> (u32::BITS - Self::BITS)) as usize
    }

    /// Bits of a fragment next to those that name its slot, as a byte that is not [`FREE`].
    #[inline]
    fn tag(fragment: F) -> u8 {
        let [tag, ..] = (fragment.high() << Self::BITS).to_be_bytes();
        tag.max(FREE + 1)
    }

    #[inline]
    fn after(slot: usize) -> usize {
        (slot + 1) % S
    }

    /// How many slots on from one another stands.
    fn distance(from: usize, to: usize) -> usize {
        (to + S - from) % S
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        let taken = self.tags.iter().filter(|tag| **tag != FREE);
        assert_eq!(taken.count(), usize::from(self.inline_len));
        for (slot, tag) in self.tags.iter().enumerate() {
            let entry = self.taken(slot).expect("a bucket with entries has a block");
            assert!(*tag == FREE || *tag == Self::tag(entry.fragment));
        }
        assert!(
            self.overflow().is_empty() || self.is_full(),
            "entries overflow beside free slots"
        );
        let entries: Vec<_> = self.entries().collect();
        for (position, entry) in entries.iter().enumerate() {
            assert!(!entries[..position].contains(entry), "an entry is in twice");
            assert!(
                self.position(*entry).is_some(),
                "an entry is cut off from its own slot"
            );
        }
    }
}

/// The rows of a bucket whose fragment agrees.
#[derive(Debug)]
pub(crate) struct Candidates<'a, const S: usize, F> {
    bucket: Option<&'a Bucket<S, F>>,
    fragment: F,
    /// The slot to look at next.
    slot: usize,
    /// How many have been looked at, through the slots and on through the overflow.
    passed: usize,
}

impl<'a, const S: usize, F: Fragment> Candidates<'a, S, F> {
    #[inline]
    pub(super) fn new(bucket: Option<&'a Bucket<S, F>>, fragment: F) -> Self {
        Candidates {
            bucket,
            fragment,
            slot: Bucket::<S, F>::own_slot(fragment),
            passed: 0,
        }
    }

    #[cold]
    fn next_in_overflow(&mut self, bucket: &Bucket<S, F>) -> Option<RowId> {
        while let Some(entry) = bucket.overflow().get(self.passed - S) {
            self.passed += 1;
            if entry.fragment == self.fragment {
                return Some(entry.row);
            }
        }
        None
    }
}

impl<const S: usize, F: Fragment> Iterator for Candidates<'_, S, F> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        let bucket = self.bucket?;
        let wanted = Bucket::<S, F>::tag(self.fragment);
        while self.passed < S {
            let slot = self.slot % S;
            let tag = bucket.tags[slot];
            if tag == FREE {
                return None;
            }
            self.slot = Bucket::<S, F>::after(slot);
            self.passed += 1;
            if tag == wanted
                && let Some(entry) = bucket.taken(slot)
                && entry.fragment == self.fragment
            {
                return Some(entry.row);
            }
        }
        self.next_in_overflow(bucket)
    }
}
