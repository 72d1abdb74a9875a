//! A persistent hash index whose keys may have any number of rows.
//!
//! Each distinct key is a group with a number. A [`HashIndex`] finds the group of a key, comparing the key with the
//! group's first row; [`Postings`] keep the group's rows, sorted. So a key costs one hash entry however many rows have
//! it, and a key with a million rows is one large list.
//!
//! Invariants: every group has rows, and a row stands in one group; the numbers below `groups_end` are those of the
//! groups and those that are free, and an index without rows has neither.
//!
//! The key stands in the rows, so every row of a group must have the group's key whenever a key is compared: take a
//! row out before its key changes, and put it in afterwards.

use std::fmt;

use crate::storage::hash_index::SLOTS;
use crate::storage::{Children, HashIndex, Postings, RowId, Written};

/// The parent under which the free numbers stand.
const FREE: RowId = RowId(0);

/// Keys to sets of rows, found by hash. `S` is the number of inline entries in a bucket of the hash index.
pub(crate) struct MultiIndex<const S: usize = SLOTS> {
    /// Hash of a key to the number of its group, which stands where a row id would.
    groups: HashIndex<S>,
    /// Number of a group to its rows.
    rows: Postings,
    /// Numbers of groups that went, as the children of [`FREE`]: the smallest is used again first, so that the lists of
    /// the groups stay close together.
    free: Postings,
    groups_end: u32,
}

impl<const S: usize> MultiIndex<S> {
    /// No key has rows. Allocates nothing.
    pub(crate) const fn new() -> Self {
        MultiIndex {
            groups: HashIndex::new(),
            rows: Postings::new(),
            free: Postings::new(),
            groups_end: 0,
        }
    }

    /// How many rows all keys have.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no key has rows.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many distinct keys have rows.
    pub(crate) fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// The rows of the key that matches, ascending. `matches` compares the key with that of a row.
    #[inline]
    pub(crate) fn find(
        &self,
        hash: u64,
        matches: impl FnMut(RowId) -> bool,
    ) -> Option<Children<'_>> {
        Some(self.rows.children(self.group(hash, matches)?))
    }

    /// How many rows have the key that matches.
    #[inline]
    pub(crate) fn count(&self, hash: u64, matches: impl FnMut(RowId) -> bool) -> usize {
        self.group(hash, matches)
            .map_or(0, |group| self.rows.count(group))
    }

    /// Adds a row to the rows of its key, which `same_key` compares with that of another row. Whether it was not there
    /// yet.
    pub(crate) fn insert(
        &mut self,
        hash: u64,
        row: RowId,
        same_key: impl FnMut(RowId) -> bool,
    ) -> bool {
        let group = self.group(hash, same_key).unwrap_or_else(|| {
            let group = self.take_number();
            self.groups.insert(hash, group);
            group
        });
        self.rows.insert(group, row) != Written::Nothing
    }

    /// Whether a row is among the rows of a key of this hash.
    pub(crate) fn contains(&self, hash: u64, row: RowId) -> bool {
        let mut candidates = self.groups.candidates(hash);
        candidates.any(|group| self.rows.contains(group, row))
    }

    /// Takes a row out of the rows of its key; whether it was there. The group is known by having the row: no key is
    /// compared.
    pub(crate) fn remove(&mut self, hash: u64, row: RowId) -> bool {
        let mut candidates = self.groups.candidates(hash);
        let Some(group) = candidates.find(|group| self.rows.contains(*group, row)) else {
            return false;
        };
        self.rows.remove(group, row);
        if self.rows.count(group) == 0 {
            self.groups.remove(hash, group);
            self.give_number_back(group);
        }
        true
    }

    /// The group of the key that matches.
    #[inline]
    fn group(&self, hash: u64, mut matches: impl FnMut(RowId) -> bool) -> Option<RowId> {
        self.groups
            .candidates(hash)
            .find(|group| self.rows.first(*group).is_some_and(&mut matches))
    }

    fn take_number(&mut self) -> RowId {
        if let Some(number) = self.free.first(FREE) {
            self.free.remove(FREE, number);
            return number;
        }
        let number = RowId(self.groups_end);
        self.groups_end += 1;
        number
    }

    /// Remembers a free number, or forgets all when the last group went.
    fn give_number_back(&mut self, number: RowId) {
        if self.groups.is_empty() {
            self.free = Postings::new();
            self.groups_end = 0;
        } else {
            self.free.insert(FREE, number);
        }
    }
}

impl<const S: usize> Clone for MultiIndex<S> {
    fn clone(&self) -> Self {
        MultiIndex {
            groups: self.groups.clone(),
            rows: self.rows.clone(),
            free: self.free.clone(),
            groups_end: self.groups_end,
        }
    }
}

impl<const S: usize> Default for MultiIndex<S> {
    fn default() -> Self {
        MultiIndex::new()
    }
}

impl<const S: usize> fmt::Debug for MultiIndex<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiIndex")
            .field("len", &self.len())
            .field("group_count", &self.group_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl<const S: usize> MultiIndex<S> {
    /// Asserts what the header promises, by a full walk.
    pub(crate) fn check_invariants(&self) {
        self.groups.check_invariants();
        self.rows.check_invariants();
        self.free.check_invariants();
        let mut numbers: Vec<RowId> = self.groups.iter().collect();
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(self.rows.parents()));
        numbers.extend(self.free.children(FREE));
        numbers.sort_unstable();
        assert!(numbers.iter().map(|it| it.0).eq(0..self.groups_end));
        assert_eq!(self.is_empty(), self.groups_end == 0);
        let mut rows: Vec<_> = numbers
            .iter()
            .flat_map(|it| self.rows.children(*it))
            .collect();
        rows.sort_unstable();
        assert!(
            rows.windows(2).all(|pair| pair[0] < pair[1]),
            "a row has two keys"
        );
    }
}

#[cfg(test)]
mod tests;
