//! Walks an ordered index so that rows come in an order of columns.
//!
//! An index has nulls where the low values are. Where an order has them at the other end, the rows without a value are a
//! stretch of their own, walked before or after the others.

use std::ops::Bound;

use crate::engine::Snapshot;
use crate::engine::access::{AccessPath, Range, values_of};
use crate::engine::read::RowCells;
use crate::schema::TableId;
use crate::storage::{RowId, RowsInOrder, Span, Stretch};
use crate::value::{Value, ValueRef};

/// How an index is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexWalk {
    pub(crate) backwards: bool,
    pub(crate) nulls: NullsApart,
}

/// Whether the nulls of the first column behind what is looked up are a stretch of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NullsApart {
    /// No: there are none, or they stand where they are wanted.
    No,
    Before,
    After,
}

/// Rows of an index, in the order in which it is walked. Rows with the same key come in no order that is promised.
#[derive(Debug)]
pub(crate) struct RowsByIndex<'s> {
    stretches: [Option<RowsInOrder<'s>>; 2],
}

impl Snapshot {
    /// The rows of a range, walked in order; of another path none.
    pub(crate) fn rows_by_index(
        &self,
        table: TableId,
        path: &AccessPath,
        walk: IndexWalk,
        given: &[Value],
    ) -> RowsByIndex<'_> {
        if let AccessPath::Range {
            index,
            values,
            range,
        } = path
            && let Some(values) = values_of(values, None, given)
        {
            return self.rows_behind(table, (*index, &values), range, walk, given);
        }
        RowsByIndex {
            stretches: [None, None],
        }
    }

    /// The rows of a range behind these values of the first columns of an index, walked in order.
    pub(crate) fn rows_behind(
        &self,
        table: TableId,
        (index, values): (usize, &[Value]),
        range: &Range,
        walk: IndexWalk,
        given: &[Value],
    ) -> RowsByIndex<'_> {
        let ordered = match (walk.nulls, range) {
            (NullsApart::Before | NullsApart::After, Range::All) => {
                self.state.table(table).ordered(index)
            }
            _ => None,
        };
        let stretches = match ordered {
            None => [self.stretch(table, index, values, range, given), None],
            Some(ordered) => {
                let values = values.iter().map(Value::as_ref);
                let any = Bound::Unbounded;
                let present = ordered.span(values.clone(), Span::Between(any, any));
                let null = Bound::Included(ValueRef::Null);
                let nulls = ordered.span(values, Span::Between(null, null));
                match walk.nulls {
                    NullsApart::Before => [Some(nulls), Some(present)],
                    NullsApart::After | NullsApart::No => [Some(present), Some(nulls)],
                }
            }
        };
        RowsByIndex {
            stretches: stretches.map(|rows| rows.map(|rows| walk.rows(rows))),
        }
    }

    /// The rows of a scan or of a range of keys, from the highest key to the lowest; in any order and possibly others with
    /// them, where rows do not stand in the order of keys.
    pub(crate) fn rows_backwards(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> impl Iterator<Item = (RowId, RowCells<'_>)> + use<'_> {
        let store = self.state.table(table);
        let slots = match path {
            AccessPath::KeyRange { .. } => self.key_range(table, path, given),
            _ => store.dense_slots(i64::MIN, i64::MAX),
        };
        let scanned = slots.is_none().then(|| store.rows().iter());
        let slots = slots
            .into_iter()
            .flat_map(|(start, end)| (start.0..end.0).rev());
        let found = slots.filter_map(|slot| Some((RowId(slot), store.rows().get(RowId(slot))?)));
        found.chain(scanned.into_iter().flatten())
    }
}

impl Iterator for RowsByIndex<'_> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        self.stretches.iter_mut().flatten().find_map(Iterator::next)
    }
}

impl IndexWalk {
    fn rows(self, stretch: Stretch<'_>) -> RowsInOrder<'_> {
        match self.backwards {
            true => stretch.rows_backwards(),
            false => stretch.rows(),
        }
    }
}
