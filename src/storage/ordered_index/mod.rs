//! A persistent index that keeps rows in the order of a key.
//!
//! Entries are (key, row) in one ordered set, so equal keys stand together with their rows ascending, and a range over
//! any number of leading columns is a stretch of the set, read from either end. The key is a copy of the row's values, as
//! bytes that compare without looking at a row.
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
use crate::storage::key_bytes::KeyBytes;
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
    key: KeyBytes,
    row: RowId,
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
    }

    /// The rows whose keys lie between two bounds, in the order of the index: `lower` is where a descending column is
    /// largest. A bound may have the first columns only, and then includes or excludes every key that begins with them.
    /// Rows ascend under one key, or descend when read backwards. Bounds that cross give no row.
    pub(crate) fn range(
        &self,
        lower: Bound<&KeyBytes>,
        upper: Bound<&KeyBytes>,
    ) -> RowsInOrder<'_> {
        let bounds = stretch(lower, upper);
        RowsInOrder {
            entries: bounds.map(|bounds| self.entries.range::<_, Entry>(bounds)),
        }
    }

    /// The rows whose first columns have these values, and the next one what the span says, in the order of the index:
    /// from the end of the span where that column descends.
    pub(crate) fn span<'a>(
        &self,
        values: impl Iterator<Item = ValueRef<'a>> + Clone,
        span: Span<'a>,
    ) -> RowsInOrder<'_> {
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
        self.range(Bound::Unbounded, Bound::Unbounded)
    }

    /// All keys with their rows, for checks.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&KeyBytes, RowId)> + '_ {
        self.entries.iter().map(|entry| (&entry.key, entry.row))
    }

    /// Adds a row under a key; whether it was not there yet.
    pub(crate) fn insert<'a>(
        &mut self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
        row: RowId,
    ) -> bool {
        let key = self.key(key);
        self.entries.insert(Entry { key, row }).is_none()
    }

    /// Whether a row stands under a key.
    pub(crate) fn contains<'a>(
        &self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
        row: RowId,
    ) -> bool {
        let key = self.key(key);
        self.entries.contains(&Entry { key, row })
    }

    /// Takes a row out from under a key; whether it was there.
    pub(crate) fn remove<'a>(
        &mut self,
        key: impl IntoIterator<Item = ValueRef<'a>>,
        row: RowId,
    ) -> bool {
        let key = self.key(key);
        self.entries.remove(&Entry { key, row }).is_some()
    }
}

/// Rows of an [`OrderedIndex`] in the order of their keys, from either end.
pub(crate) struct RowsInOrder<'a> {
    /// None where the bounds cross.
    entries: Option<RangedIter<'a, Entry, DefaultSharedPtr>>,
}

impl Iterator for RowsInOrder<'_> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        self.entries.as_mut()?.next().map(|entry| entry.row)
    }
}

impl DoubleEndedIterator for RowsInOrder<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<RowId> {
        self.entries.as_mut()?.next_back().map(|entry| entry.row)
    }
}

impl FusedIterator for RowsInOrder<'_> {}

impl fmt::Debug for RowsInOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsInOrder").finish_non_exhaustive()
    }
}

/// The entries between two bounds on leading columns; none if they cross.
fn stretch(
    lower: Bound<&KeyBytes>,
    upper: Bound<&KeyBytes>,
) -> Option<(Bound<Entry>, Bound<Entry>)> {
    let start = match lower {
        Bound::Unbounded => None,
        Bound::Included(key) => Some(Entry::first_of(key.clone())),
        Bound::Excluded(key) => Some(Entry::first_of(key.after_prefix()?)),
    };
    let end = match upper {
        Bound::Unbounded => None,
        Bound::Included(key) => key.after_prefix().map(Entry::first_of),
        Bound::Excluded(key) => Some(Entry::first_of(key.clone())),
    };
    if let (Some(start), Some(end)) = (&start, &end)
        && start >= end
    {
        return None;
    }
    Some((
        start.map_or(Bound::Unbounded, Bound::Included),
        end.map_or(Bound::Unbounded, Bound::Excluded),
    ))
}

impl Entry {
    /// The place before all rows of a key.
    fn first_of(key: KeyBytes) -> Self {
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
