//! A bucket of a hash index: entries inline in one allocation, and the rare excess beside it.
//!
//! Inside, a bucket is a small hash table: an entry stands in the slot that the upper bits of its fragment name, or in
//! the next free one after it, so that a probe looks at a few neighbours rather than at the whole bucket. It looks at
//! their [tags](Bucket::tag), of which many share a line of memory, so that a key that is not there is mostly found out
//! without an entry: pairs are asked for in nine tenths of the time (W9h of `benches/rivals`).
//!
//! Invariants: a slot is free if its tag is [`FREE`]; between an entry's own slot and the one that it stands in none is
//! free; entries overflow only when no slot is free.

use crate::storage::RowId;

use super::{Entry, Fragment};

/// The tag of a free slot. No entry has it.
const FREE: u8 = 0;

/// `S` inline entries, a power of two, then as many as it takes. Laid out as declared: the tags, which every probe looks
/// at, stand beside what every write looks at.
#[repr(C)]
#[derive(Clone, Debug)]
pub(crate) struct Bucket<const S: usize, F> {
    /// How many slots are taken.
    inline_len: usize,
    /// The tag of the entry in each slot.
    tags: [u8; S],
    slots: [Entry<F>; S],
    /// Entries that came when the slots were full: many rows of one hash, or a bucket whose turn to split is late.
    overflow: Vec<Entry<F>>,
}

impl<const S: usize, F: Fragment> Bucket<S, F> {
    /// What stands in a free slot. All zeros, which a bucket that is made is filled with at once.
    const NO_ENTRY: Entry<F> = Entry {
        fragment: F::NONE,
        row: RowId(0),
    };

    /// The number of a slot is so many upper bits of a fragment.
    const BITS: u32 = {
        assert!(
            S.is_power_of_two() && S >= 2,
            "slots are numbered by whole bits"
        );
        S.trailing_zeros()
    };

    pub(super) fn new() -> Self {
        Bucket {
            inline_len: 0,
            tags: [FREE; S],
            slots: [Self::NO_ENTRY; S],
            overflow: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inline_len == 0
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.inline_len + self.overflow.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<F>> + '_ {
        let inline = self.slots.iter().zip(&self.tags);
        let taken = inline
            .filter(|(_, tag)| **tag != FREE)
            .map(|(entry, _)| entry);
        taken.chain(&self.overflow).copied()
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry<F>) {
        if self.inline_len == S {
            self.overflow.push(entry);
            return;
        }
        let mut slot = Self::own_slot(entry.fragment);
        while self.tags[slot] != FREE {
            slot = Self::after(slot);
        }
        self.tags[slot] = Self::tag(entry.fragment);
        self.slots[slot] = entry;
        self.inline_len += 1;
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for entry in other.entries() {
            self.push(entry);
        }
    }

    /// Where an entry stands, counted through the slots and on through the overflow.
    pub(super) fn position(&self, entry: Entry<F>) -> Option<usize> {
        let mut slot = Self::own_slot(entry.fragment);
        for _ in 0..S {
            if self.tags[slot] == FREE {
                return None;
            }
            if self.slots[slot] == entry {
                return Some(slot);
            }
            slot = Self::after(slot);
        }
        let past = self.overflow.iter().position(|other| *other == entry)?;
        Some(S + past)
    }

    /// Takes out the entry at a position. Overflow gives its memory back as it empties.
    pub(super) fn remove(&mut self, position: usize) {
        if position < S {
            self.free(position);
            if let Some(last) = self.overflow.pop() {
                self.push(last);
            }
        } else {
            self.overflow.swap_remove(position - S);
        }
        if self.overflow.len() * 4 < self.overflow.capacity() {
            self.overflow.shrink_to(self.overflow.len() * 2);
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
            let entry = self.slots[slot];
            if Self::distance(Self::own_slot(entry.fragment), slot) >= Self::distance(free, slot) {
                self.tags[free] = self.tags[slot];
                self.slots[free] = entry;
                free = slot;
            }
        }
        self.tags[free] = FREE;
        self.slots[free] = Self::NO_ENTRY;
        self.inline_len -= 1;
    }

    /// Moves the entries whose fragment is chosen to a new bucket.
    pub(super) fn split_off(&mut self, chosen: impl Fn(F) -> bool) -> Self {
        let whole = std::mem::replace(self, Bucket::new());
        let mut moved = Bucket::new();
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
        assert_eq!(taken.count(), self.inline_len);
        for (tag, entry) in self.tags.iter().zip(&self.slots) {
            assert!(*tag == FREE || *tag == Self::tag(entry.fragment));
        }
        assert!(
            self.overflow.is_empty() || self.inline_len == S,
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
    tag: u8,
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
            tag: Bucket::<S, F>::tag(fragment),
            slot: Bucket::<S, F>::own_slot(fragment),
            passed: 0,
        }
    }

    #[cold]
    fn next_in_overflow(&mut self, bucket: &Bucket<S, F>) -> Option<RowId> {
        while let Some(entry) = bucket.overflow.get(self.passed - S) {
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
        while self.passed < S {
            let slot = self.slot % S;
            let tag = bucket.tags[slot];
            if tag == FREE {
                return None;
            }
            self.slot = Bucket::<S, F>::after(slot);
            self.passed += 1;
            if tag == self.tag && bucket.slots[slot].fragment == self.fragment {
                return Some(bucket.slots[slot].row);
            }
        }
        self.next_in_overflow(bucket)
    }
}
