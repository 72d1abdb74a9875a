//! A bucket of a hash index: entries inline in one allocation, and the rare excess beside it.
//!
//! Fragments stand apart from rows, so that a probe compares them several at a time. Entries have no order.

use crate::storage::RowId;

use super::Entry;

/// Fragments compared at once: two vector registers of the baseline processor.
const LANES: usize = 8;

/// `S` inline entries, then as many as it takes.
#[derive(Clone, Debug)]
pub(crate) struct Bucket<const S: usize> {
    fragments: [u32; S],
    rows: [u32; S],
    /// Used slots of the two arrays; what stands after them means nothing.
    inline_len: usize,
    /// Entries that came when the slots were full: many rows of one hash, or a bucket whose turn to split is late.
    overflow: Vec<Entry>,
}

impl<const S: usize> Bucket<S> {
    pub(super) fn new() -> Self {
        Bucket {
            fragments: [0; S],
            rows: [0; S],
            inline_len: 0,
            overflow: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inline_len == 0
    }

    pub(super) fn len(&self) -> usize {
        self.inline_len + self.overflow.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.len()).map(|position| self.entry(position))
    }

    /// The entry at a position, counted through the slots and on through the overflow.
    fn entry(&self, position: usize) -> Entry {
        if position < self.inline_len {
            self.inline_entry(position)
        } else {
            self.overflow[position - self.inline_len]
        }
    }

    /// Where an entry stands. Looks for the row, which repeats in a bucket only while its key is being changed.
    pub(super) fn position(&self, entry: Entry) -> Option<usize> {
        let used = &self.rows[..self.inline_len];
        let mut start = 0;
        while let Some(position) = position_from(used, start, entry.row.0) {
            if self.fragments[position] == entry.fragment {
                return Some(position);
            }
            start = position + 1;
        }
        let past = self.overflow.iter().position(|other| *other == entry)?;
        Some(self.inline_len + past)
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        if self.inline_len < S {
            self.fragments[self.inline_len] = entry.fragment;
            self.rows[self.inline_len] = entry.row.0;
            self.inline_len += 1;
        } else {
            self.overflow.push(entry);
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for entry in other.entries() {
            self.push(entry);
        }
    }

    /// Takes out the entry at a position; the last entry takes its place.
    pub(super) fn swap_remove(&mut self, position: usize) {
        let last = self.pop();
        if position < self.inline_len {
            self.fragments[position] = last.fragment;
            self.rows[position] = last.row.0;
        } else if let Some(slot) = self.overflow.get_mut(position - self.inline_len) {
            *slot = last;
        }
    }

    /// Takes out the last entry of a bucket that has one. Overflow gives its memory back as it empties.
    fn pop(&mut self) -> Entry {
        let Some(entry) = self.overflow.pop() else {
            self.inline_len -= 1;
            return self.inline_entry(self.inline_len);
        };
        if self.overflow.len() * 4 <= self.overflow.capacity() {
            self.overflow.shrink_to(self.overflow.len() * 2);
        }
        entry
    }

    /// Moves the entries whose fragment is chosen to a new bucket.
    pub(super) fn split_off(&mut self, chosen: impl Fn(u32) -> bool) -> Self {
        let mut moved = Bucket::new();
        let overflow = std::mem::take(&mut self.overflow);
        let inline_len = std::mem::take(&mut self.inline_len);
        // What stays moves towards the front, so a slot is read before it is written.
        for position in 0..inline_len {
            let entry = self.inline_entry(position);
            self.either(&mut moved, chosen(entry.fragment)).push(entry);
        }
        for entry in overflow {
            self.either(&mut moved, chosen(entry.fragment)).push(entry);
        }
        moved
    }

    fn either<'a>(&'a mut self, moved: &'a mut Self, is_moved: bool) -> &'a mut Self {
        if is_moved { moved } else { self }
    }

    fn inline_entry(&self, position: usize) -> Entry {
        Entry {
            fragment: self.fragments[position],
            row: RowId(self.rows[position]),
        }
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        assert!(self.inline_len <= S);
        assert!(
            self.overflow.is_empty() || self.inline_len == S,
            "entries overflow beside free slots"
        );
        let entries: Vec<_> = self.entries().collect();
        for (position, entry) in entries.iter().enumerate() {
            assert!(!entries[..position].contains(entry), "an entry is in twice");
        }
    }
}

/// The rows of a bucket whose fragment agrees.
#[derive(Debug)]
pub(crate) struct Candidates<'a, const S: usize> {
    bucket: Option<&'a Bucket<S>>,
    fragment: u32,
    position: usize,
}

impl<'a, const S: usize> Candidates<'a, S> {
    #[inline]
    pub(super) fn new(bucket: Option<&'a Bucket<S>>, fragment: u32) -> Self {
        Candidates {
            bucket,
            fragment,
            position: 0,
        }
    }
}

impl<const S: usize> Iterator for Candidates<'_, S> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        let bucket = self.bucket?;
        let used = &bucket.fragments[..bucket.inline_len];
        if let Some(position) = position_from(used, self.position, self.fragment) {
            self.position = position + 1;
            return Some(RowId(bucket.rows[position]));
        }
        self.position = self.position.max(used.len());
        while let Some(entry) = bucket.overflow.get(self.position - used.len()) {
            self.position += 1;
            if entry.fragment == self.fragment {
                return Some(entry.row);
            }
        }
        None
    }
}

/// Where a word stands, from `start` on.
#[inline]
fn position_from(words: &[u32], start: usize, wanted: u32) -> Option<usize> {
    let mut at = start;
    while let Some(lanes) = words.get(at..)?.first_chunk::<LANES>() {
        // Without an early exit, so that it compiles to vector compares.
        if lanes
            .iter()
            .fold(false, |found, word| found | (*word == wanted))
        {
            break;
        }
        at += LANES;
    }
    let rest = words.get(at..)?;
    Some(at + rest.iter().position(|word| *word == wanted)?)
}
