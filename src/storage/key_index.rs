//! The rows of a unique key, found by their keys.
//!
//! A short key, of one integer or of two within 32 bits, stands whole in the index: its row is found without being looked
//! at. So are most keys of junctions. Every other key is found by part of its hash, and compared with that of the row.
//! Which of the two it is follows from the key alone, so that equal keys always meet.

use crate::storage::hash_index::{SLOTS, Whole};
use crate::storage::key_hash::KeyHasher;
use crate::storage::{HashIndex, RowId, ShortKey};
use crate::value::ValueRef;

/// Keys of a number of columns that is always the same, to rows. Several rows may have one key.
#[derive(Clone, Debug)]
pub(crate) struct KeyIndex {
    hasher: KeyHasher,
    short: HashIndex<SLOTS, Whole>,
    long: HashIndex,
}

impl KeyIndex {
    /// No keys. Allocates nothing.
    pub(crate) fn new() -> Self {
        KeyIndex {
            hasher: KeyHasher::new(),
            short: HashIndex::new(),
            long: HashIndex::new(),
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// Adds a row that is not there; another row with its key if there was one, the smallest if there were several.
    /// `has_key` compares the key with that of a row.
    #[inline]
    pub(crate) fn insert<'k>(
        &mut self,
        key: impl Iterator<Item = ValueRef<'k>> + Clone,
        row: RowId,
        has_key: impl FnMut(RowId) -> bool,
    ) -> Option<RowId> {
        match ShortKey::of(key.clone()) {
            Some(key) => self
                .short
                .insert_unique(self.hasher.whole(key), row, |_| true),
            None => self.long.insert_unique(self.hasher.hash(key), row, has_key),
        }
    }

    /// Takes a row out that has this key; whether it was there.
    pub(crate) fn remove<'k>(
        &mut self,
        key: impl Iterator<Item = ValueRef<'k>> + Clone,
        row: RowId,
    ) -> bool {
        match ShortKey::of(key.clone()) {
            Some(key) => self.short.remove(self.hasher.whole(key), row),
            None => self.long.remove(self.hasher.hash(key), row),
        }
    }

    /// The smallest row with this key. `has_key` compares it with that of a row.
    #[inline]
    pub(crate) fn find<'k>(
        &self,
        key: impl Iterator<Item = ValueRef<'k>> + Clone,
        has_key: impl FnMut(RowId) -> bool,
    ) -> Option<RowId> {
        match ShortKey::of(key.clone()) {
            Some(key) => self.find_short(key),
            None => self.long.find(self.hasher.hash(key), has_key),
        }
    }

    /// The smallest row with a short key of as many columns.
    #[inline]
    pub(crate) fn find_short(&self, key: ShortKey) -> Option<RowId> {
        self.short.find(self.hasher.whole(key), |_| true)
    }

    /// Every row with a short key of as many columns, in no promised order.
    pub(crate) fn find_every_short(&self, key: ShortKey) -> impl Iterator<Item = RowId> + '_ {
        self.short.candidates(self.hasher.whole(key))
    }

    /// Every row with this key, in no promised order. `has_key` compares it with that of a row.
    pub(crate) fn find_every<'k>(
        &self,
        key: impl Iterator<Item = ValueRef<'k>> + Clone,
        mut has_key: impl FnMut(RowId) -> bool,
    ) -> Vec<RowId> {
        match ShortKey::of(key.clone()) {
            Some(key) => self.find_every_short(key).collect(),
            None => {
                let candidates = self.long.candidates(self.hasher.hash(key));
                candidates.filter(|&row| has_key(row)).collect()
            }
        }
    }
}
