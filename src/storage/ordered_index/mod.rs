//! A persistent index that keeps rows in the order of a key.
//!
//! Entries are (key, row) in one ordered set, so equal keys stand together with their rows ascending, and a range over
//! any number of leading columns is a stretch of the set, read from either end. The key is a copy of the row's values, in a
//! form that compares without looking at a row.
//!
//! The same type maps the values of unmatched foreign keys to their children: nearly always empty, and then it has
//! allocated nothing.
//!
//! Invariants: no (key, row) is in twice; whether two rows may have one key is for the caller to judge.

use std::fmt;
use std::iter::FusedIterator;
use std::ops::Bound;

use im::OrdSet;
use im::ordset::RangedIter;
use im::shared_ptr::DefaultSharedPtr;
use smallvec::SmallVec;

use crate::storage::RowId;
use crate::storage::key_bytes::{KeyBytes, PackedKey};
use crate::value::ValueRef;

/// Rows in the order of a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderedIndex {
    entries: OrdSet<Entry>,
    /// Which columns descend; those without a flag ascend.
    descending: SmallVec<[bool; 16]>,
}

/// What the first column behind some given ones holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<'v> {
    /// Anything, null included.
    All,
    /// A value between two bounds, whichever way the column runs, and no null unless it is a bound itself.
    Between(Bound<ValueRef<'v>>, Bound<ValueRef<'v>>),
    /// A text that begins with this one.
    Prefix(&'v str),
}

/// A key and the row that has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: PackedKey,
    row: RowId,
}

/// The entries between two places. Nothing is looked up before they are walked.
#[derive(Debug)]
pub(crate) struct Stretch<'a> {
    entries: &'a OrdSet<Entry>,
    /// The place before the first; none at the beginning of the set.
    start: Option<Entry>,
    /// The place behind the last; none at the end of the set.
    end: Option<Entry>,
    /// Whether the bounds cross.
    is_empty: bool,
}

impl OrderedIndex {
    /// An empty index, with a flag for each column that descends; columns without one ascend.
    pub(crate) fn new(descending: &[bool]) -> Self {
        OrderedIndex {
            entries: OrdSet::new(),
            descending: descending.into(),
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The values of all columns or of the first few, encoded for this index: what [`range`](Self::range) takes.
    pub(crate) fn key<'a>(&self, values: impl IntoIterator<Item = ValueRef<'a>>) -> KeyBytes {
        KeyBytes::encode(values, &self.descending)
    }

    /// Whether some row has this key.
    #[cfg(test)]
    pub(crate) fn contains_key<'a>(&self, key: impl IntoIterator<Item = ValueRef<'a>>) -> bool {
        self.find_all(key).next().is_some()
    }

    /// The rows that have this key, or a key that begins with it: in the order of their keys, and ascending under one
    /// key.
    pub(crate) fn find_all<'a>(
        &self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
    ) -> RowsInOrder<'_> {
        let key = self.key(key);
        self.range(Bound::Included(&key), Bound::Included(&key))
            .rows()
    }

    /// The rows whose keys lie between two bounds, in the order of the index: `lower` is where a descending column is
    /// largest. A bound may have the first columns only, and then includes or excludes every key that begins with them.
    /// Rows ascend under one key, or descend when read backwards. Bounds that cross give no row.
    pub(crate) fn range(&self, lower: Bound<&KeyBytes>, upper: Bound<&KeyBytes>) -> Stretch<'_> {
        let before = |key: &KeyBytes| Entry::first_of(PackedKey::from(key));
        let mut is_empty = false;
        let start = match lower {
            Bound::Unbounded => None,
            Bound::Included(key) => Some(before(key)),
            Bound::Excluded(key) => {
                let next = key.after_prefix();
                is_empty = next.is_none();
                next.as_ref().map(before)
            }
        };
        let end = match upper {
            Bound::Unbounded => None,
            Bound::Included(key) => key.after_prefix().as_ref().map(before),
            Bound::Excluded(key) => Some(before(key)),
        };
        is_empty |= start
            .as_ref()
            .zip(end.as_ref())
            .is_some_and(|(start, end)| start >= end);
        Stretch {
            entries: &self.entries,
            start,
            end,
            is_empty,
        }
    }

    /// The rows whose first columns have these values, and the next one what the span says, in the order of the index:
    /// from the end of the span where that column descends.
    pub(crate) fn span<'a>(
        &self,
        values: impl Iterator<Item = ValueRef<'a>> + Clone,
        span: Span<'a>,
    ) -> Stretch<'_> {
        let first = self.key(values.clone());
        let with = |next: ValueRef<'a>| self.key(values.clone().chain([next]));
        let (low, high) = match span {
            Span::All => return self.range(Bound::Included(&first), Bound::Included(&first)),
            Span::Prefix(text) => {
                let key = with(ValueRef::Text(text.into())).without_end();
                return self.range(Bound::Included(&key), Bound::Included(&key));
            }
            Span::Between(low, high) => (low.map(with), high.map(with)),
        };
        let low = match low {
            Bound::Unbounded => Bound::Excluded(with(ValueRef::Null)),
            bound => bound,
        };
        let high = match high {
            Bound::Unbounded => Bound::Included(first),
            bound => bound,
        };
        let descends = self.descending.get(values.count());
        match descends.is_some_and(|it| *it) {
            true => self.range(high.as_ref(), low.as_ref()),
            false => self.range(low.as_ref(), high.as_ref()),
        }
    }

    /// All rows in the order of their keys, and ascending under one key.
    pub(crate) fn iter(&self) -> RowsInOrder<'_> {
        self.range(Bound::Unbounded, Bound::Unbounded).rows()
    }

    /// All keys with their rows, for checks.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&PackedKey, RowId)> + '_ {
        self.entries.iter().map(|entry| (&entry.key, entry.row))
    }

    /// Adds a row under a key; whether it was not there yet.
    pub(crate) fn insert<'a>(
        &mut self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
        row: RowId,
    ) -> bool {
        self.entries.insert(self.entry(key, row)).is_none()
    }

    /// Whether a row stands under a key.
    pub(crate) fn contains<'a>(
        &self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
        row: RowId,
    ) -> bool {
        self.entries.contains(&self.entry(key, row))
    }

    /// Takes a row out from under a key; whether it was there.
    pub(crate) fn remove<'a>(
        &mut self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
        row: RowId,
    ) -> bool {
        let entry = self.entry(key, row);
        self.entries.remove(&entry).is_some()
    }

    fn entry<'a>(&self, key: impl IntoIterator<Item = ValueRef<'a>>, row: RowId) -> Entry {
        let key = PackedKey::from(&self.key(key));
        Entry { key, row }
    }
}

impl<'a> Stretch<'a> {
    /// The rows in the order of the index, and ascending under one key.
    pub(crate) fn rows(self) -> RowsInOrder<'a> {
        let from = self
            .start
            .as_ref()
            .map_or(Bound::Unbounded, Bound::Included);
        let entries = self.entries.range::<_, Entry>((from, Bound::Unbounded));
        RowsInOrder {
            entries: (!self.is_empty).then_some(entries),
            last: self.end,
            backwards: false,
        }
    }

    /// The rows against the order of the index, and descending under one key.
    pub(crate) fn rows_backwards(self) -> RowsInOrder<'a> {
        let from = self.end.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let entries = self.entries.range::<_, Entry>((Bound::Unbounded, from));
        RowsInOrder {
            entries: (!self.is_empty).then_some(entries),
            last: self.start,
            backwards: true,
        }
    }
}

/// Rows of an [`OrderedIndex`] in the order of their keys, or against it.
//
// Where they end is seen by comparing keys, which is a few instructions for each. A second descent to there would take longer
// than the few rows that most stretches have.
pub(crate) struct RowsInOrder<'a> {
    /// None where there are no more.
    entries: Option<RangedIter<'a, Entry, DefaultSharedPtr>>,
    /// The place at which they end, if they do not with the set: behind the last of them, or before it when backwards.
    last: Option<Entry>,
    backwards: bool,
}

impl Iterator for RowsInOrder<'_> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        let entries = self.entries.as_mut()?;
        let last = self.last.as_ref();
        let found = match self.backwards {
            false => entries
                .next()
                .filter(|it| last.is_none_or(|last| *it < last)),
            true => entries
                .next_back()
                .filter(|it| last.is_none_or(|last| *it >= last)),
        };
        if found.is_none() {
            self.entries = None;
        }
        found.map(|entry| entry.row)
    }
}

impl FusedIterator for RowsInOrder<'_> {}

impl fmt::Debug for RowsInOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsInOrder")
            .field("last", &self.last)
            .field("backwards", &self.backwards)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// The place before all rows of a key.
    fn first_of(key: PackedKey) -> Self {
        Entry { key, row: RowId(0) }
    }
}

#[cfg(test)]
impl OrderedIndex {
    /// Asserts what the header promises, by a full walk from both ends.
    pub(crate) fn check_invariants(&self) {
        let entries: Vec<_> = self.entries.iter().collect();
        assert!(entries.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(entries.len(), self.len());
        assert!(self.entries.iter().rev().eq(entries.into_iter().rev()));
    }
}

#[cfg(test)]
mod tests;
