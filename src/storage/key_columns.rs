//! Which columns make a key, and how a row answers for them.

use crate::storage::key_hash::KeyHasher;
use crate::storage::{RowLayout, RowRef};
use crate::value::{Value, ValueRef};

/// The columns of a key, in its order.
#[derive(Clone, Debug)]
pub(crate) struct KeyColumns {
    columns: Box<[u32]>,
}

impl KeyColumns {
    pub(crate) fn new(columns: &[u32]) -> Self {
        KeyColumns {
            columns: columns.into(),
        }
    }

    pub(crate) fn ordinals(&self) -> &[u32] {
        &self.columns
    }

    /// The key of a stored row, cell by cell.
    #[inline]
    pub(crate) fn of_row<'a>(
        &'a self,
        layout: &'a RowLayout,
        row: RowRef<'a>,
    ) -> impl ExactSizeIterator<Item = ValueRef<'a>> + Clone {
        self.columns
            .iter()
            .map(move |&ordinal| row.value(layout, ordinal))
    }

    /// The key of a whole row of values.
    #[inline]
    pub(crate) fn of_values<'a>(
        &'a self,
        values: &'a [Value],
    ) -> impl ExactSizeIterator<Item = ValueRef<'a>> + Clone {
        self.columns
            .iter()
            .map(move |&ordinal| values[ordinal as usize].as_ref())
    }

    /// Whether a stored row has a null in the key.
    #[inline]
    pub(crate) fn any_null(&self, layout: &RowLayout, row: RowRef<'_>) -> bool {
        self.columns
            .iter()
            .any(|&ordinal| row.is_null(layout, ordinal))
    }

    /// Whether a stored row has this key.
    #[inline]
    pub(crate) fn matches<'k>(
        &self,
        layout: &RowLayout,
        row: RowRef<'_>,
        key: impl IntoIterator<Item = ValueRef<'k>>,
    ) -> bool {
        let mut columns = self.columns.iter();
        let mut parts = key.into_iter();
        columns.all(|&ordinal| {
            let part = parts.next();
            part.is_some_and(|part| row.holds(*layout.field(ordinal), part))
        })
    }

    /// The hash of a stored row's key.
    #[inline]
    pub(crate) fn hash_row(&self, hasher: &KeyHasher, layout: &RowLayout, row: RowRef<'_>) -> u64 {
        hasher.hash(self.of_row(layout, row))
    }
}
