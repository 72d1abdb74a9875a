//! A persistent set of rows, found by the hash of a key that stands in the row itself.
//!
//! Linear hashing over a [`Trie`] of flat buckets: a bucket keeps a [`Fragment`] of each hash beside the row id, and a few
//! bits of it in the trie itself, so that a probe reads the entries whose bits agree and then the few rows whose fragments do. One bucket splits per insert while the set is over
//! its load, and the last bucket is merged back per removal while it is far under, so no single write pays for a rebuild
//! and memory follows the number of entries in both directions.
//!
//! Invariants: an entry stands in the bucket that the low bits of its fragment address under `bucket_count`; a bucket
//! without entries is no leaf of the trie; entries overflow only when the inline slots are full; no (fragment, row) is
//! in twice.
//!
//! The index never sees a key: whoever finds compares keys through a closure, or has fragments that are equal only
//! where keys are. Its internal order comes from hashes and from history, so nothing here promises one: where several
//! rows match, the smallest row id is the answer.

mod bucket;
mod fragment;

use std::fmt;

use crate::storage::RowId;
use crate::storage::trie::{Leaf, Trie};

use self::bucket::{Bucket, Candidates};

pub(crate) use self::fragment::{Fragment, HashPart, Whole};

/// Inline entries of a bucket.
pub(crate) const SLOTS: usize = if cfg!(relata_tiny) { 4 } else { 64 };

/// A set of (fragment, row) in buckets of `S` inline entries.
pub(crate) struct HashIndex<const S: usize = SLOTS, F = HashPart> {
    buckets: Trie<Bucket<S, F>>,
    /// Buckets that fragments are addressed to; those without entries are not in the trie.
    bucket_count: u32,
    len: usize,
}

impl<const S: usize, F: Fragment> HashIndex<S, F> {
    /// Entries per bucket above which one bucket splits. Buckets whose turn to split has not come hold up to twice the
    /// mean, which still leaves a quarter of their slots free, so that a probe is short wherever the key is.
    const LOAD_MAX: usize = larger(S * 3 / 8, 2);
    /// Entries per bucket below which the last bucket is merged. Far from `LOAD_MAX`, so that a set of steady size
    /// does not move entries to and fro.
    const LOAD_MIN: usize = larger(S / 8, 1);

    /// An empty set. Allocates nothing.
    pub(crate) const fn new() -> Self {
        HashIndex {
            buckets: Trie::new(),
            bucket_count: 1,
            len: 0,
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many buckets writes had to copy because a clone shared them.
    #[cfg(test)]
    pub(crate) fn buckets_copied(&self) -> u64 {
        self.buckets.leaves_copied()
    }

    /// The rows whose keys have this fragment, in no promised order. Where it is part of a hash the caller compares keys:
    /// rows of other hashes are among them, rarely.
    #[inline]
    pub(crate) fn candidates(&self, fragment: impl Into<F>) -> Candidates<'_, S, F> {
        let fragment = fragment.into();
        let bucket = self.buckets.get(address(fragment, self.bucket_count));
        #[cfg(test)]
        counted::count(bucket.map_or(0, Bucket::len));
        Candidates::new(bucket, fragment)
    }

    /// The row that matches, the smallest one if several do.
    #[inline]
    pub(crate) fn find(
        &self,
        fragment: impl Into<F>,
        matches: impl FnMut(RowId) -> bool,
    ) -> Option<RowId> {
        let fragment = fragment.into();
        let bucket = self.buckets.get(address(fragment, self.bucket_count))?;
        #[cfg(test)]
        counted::count(bucket.len());
        bucket.smallest_match(fragment, matches)
    }

    /// Appends every row that matches to `rows`, ascending.
    #[cfg(test)]
    pub(crate) fn find_all(
        &self,
        fragment: impl Into<F>,
        mut matches: impl FnMut(RowId) -> bool,
        rows: &mut Vec<RowId>,
    ) {
        let start = rows.len();
        rows.extend(self.candidates(fragment).filter(|row| matches(*row)));
        rows[start..].sort_unstable();
    }

    /// Every row, in no promised order.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = RowId> + '_ {
        self.buckets
            .iter()
            .flat_map(|(_, bucket)| bucket.entries().map(|entry| entry.row))
    }

    /// Adds an entry that is not in the set.
    pub(crate) fn insert(&mut self, fragment: impl Into<F>, row: RowId) {
        self.insert_unique(fragment, row, |_| false);
    }

    /// Adds an entry that is not in the set, in one probe, and returns another row that matches if there was one, the
    /// smallest if there were several. The entry is added in either case: whether two rows may have one key is
    /// judged later.
    #[inline]
    pub(crate) fn insert_unique(
        &mut self,
        fragment: impl Into<F>,
        row: RowId,
        matches: impl FnMut(RowId) -> bool,
    ) -> Option<RowId> {
        let fragment = fragment.into();
        let at = address(fragment, self.bucket_count);
        let bucket = self.buckets.get_or_insert_with(at, || Bucket::GAP);
        #[cfg(test)]
        counted::count(bucket.len());
        debug_assert!(
            bucket.position(Entry { fragment, row }).is_none(),
            "the entry is already in the index"
        );
        let other = bucket.smallest_match(fragment, matches);
        bucket.push(Entry { fragment, row });
        self.len += 1;
        if self.len > Self::LOAD_MAX * self.bucket_count as usize {
            self.split_one();
        }
        other
    }

    /// Takes an entry out; whether it was in. One that is not in copies nothing.
    pub(crate) fn remove(&mut self, fragment: impl Into<F>, row: RowId) -> bool {
        let fragment = fragment.into();
        let at = address(fragment, self.bucket_count);
        let entry = Entry { fragment, row };
        let Some(position) = self.buckets.get(at).and_then(|it| it.position(entry)) else {
            return false;
        };
        let Some(bucket) = self.buckets.get_mut(at) else {
            return false;
        };
        bucket.remove(position);
        if bucket.is_gap() {
            self.buckets.close(at);
        }
        self.len -= 1;
        if self.bucket_count > 1 && self.len < Self::LOAD_MIN * self.bucket_count as usize {
            self.merge_last();
        }
        true
    }

    /// Adds one bucket and moves to it what it is now addressed to, all of it from one other bucket.
    #[cold]
    fn split_one(&mut self) {
        let added = self.bucket_count;
        let from = wrap(added, added);
        self.bucket_count += 1;
        let Some(bucket) = self.buckets.get_mut(from) else {
            return;
        };
        let moved = bucket.split_off(|fragment| address(fragment, added + 1) == added);
        if bucket.is_gap() {
            self.buckets.close(from);
        }
        if !moved.is_gap() {
            self.buckets.get_or_insert_with(added, || moved);
        }
    }

    /// Takes the last bucket away and moves its entries to the bucket that it was once split from.
    #[cold]
    fn merge_last(&mut self) {
        let last = self.bucket_count - 1;
        self.bucket_count = last;
        let moved = self.buckets.get(last).cloned();
        let Some(moved) = moved.filter(|bucket| !bucket.is_gap()) else {
            return;
        };
        self.buckets.close(last);
        let into = wrap(last, last);
        self.buckets
            .get_or_insert_with(into, || Bucket::GAP)
            .extend(&moved);
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

/// What is kept of a key, and the row that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry<F> {
    fragment: F,
    row: RowId,
}

/// The bucket of a fragment among `bucket_count`: its low bits, one bit fewer where those reach past the last bucket.
#[inline]
fn address(fragment: impl Fragment, bucket_count: u32) -> u32 {
    wrap(fragment.low(), bucket_count)
}

#[inline]
fn wrap(low: u32, bucket_count: u32) -> u32 {
    let mask = bucket_count.next_power_of_two() - 1;
    let wide = low & mask;
    if wide < bucket_count {
        wide
    } else {
        low & (mask >> 1)
    }
}

impl<const S: usize, F> Clone for HashIndex<S, F> {
    fn clone(&self) -> Self {
        HashIndex {
            buckets: self.buckets.clone(),
            bucket_count: self.bucket_count,
            len: self.len,
        }
    }
}

impl<const S: usize, F: Fragment> Default for HashIndex<S, F> {
    fn default() -> Self {
        HashIndex::new()
    }
}

impl<const S: usize, F> fmt::Debug for HashIndex<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashIndex")
            .field("len", &self.len)
            .field("bucket_count", &self.bucket_count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl<const S: usize, F: Fragment> HashIndex<S, F> {
    /// Asserts what the header promises, by a full walk.
    pub(crate) fn check_invariants(&self) {
        self.buckets.check_invariants();
        let mut len = 0;
        for (at, bucket) in self.buckets.iter() {
            bucket.check_invariants();
            assert!(!bucket.is_gap(), "the empty bucket {at} stayed");
            for entry in bucket.entries() {
                assert_eq!(address(entry.fragment, self.bucket_count), at);
            }
            len += bucket.entries().count();
        }
        assert_eq!(len, self.len);
        let bucket_count = self.bucket_count as usize;
        assert!(len <= Self::LOAD_MAX * bucket_count, "the load is too high");
        assert!(
            bucket_count == 1 || len >= Self::LOAD_MIN * (bucket_count - 1),
            "the load is too low"
        );
    }
}

#[cfg(test)]
pub(crate) use self::counted::entries_passed;

/// Counts the entries that probes pass, so that a test can show that crafted keys do not meet in one bucket.
#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static ENTRIES: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count(entries: usize) {
        ENTRIES.set(ENTRIES.get() + entries as u64);
    }

    /// How many entries stood in the buckets that this thread has looked through.
    pub(crate) fn entries_passed() -> u64 {
        ENTRIES.get()
    }
}

#[cfg(test)]
mod tests;
