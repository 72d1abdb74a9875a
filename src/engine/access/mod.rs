//! How the rows of one table that a filter may be true for are found: by a unique key, under a parent row, in an index,
//! where two of these agree, between two keys, or by looking at all of them.
//!
//! 1. `terms` says what a filter gives of each column.
//! 2. `candidates` lists the paths that this allows, each with the rows that it is expected to lead to (`estimate`), and
//!    chooses among them by cost. A choice is right for every version of its schema, however bad for some.
//! 3. Here the rows of a path are found; `in_order` walks an index so that they come in its order.

mod terms;
mod candidates;
mod estimate;
mod in_order;

use std::ops;

use smallvec::SmallVec;

use crate::engine::Snapshot;
use crate::engine::read::{ChildIds, RowCells, RowView};
use crate::error::Result;
use crate::expr::Bound;
use crate::schema::{ForeignKeyId, Table, TableId};
use crate::storage::{RowId, RowsInOrder, Span, Stretch};
use crate::value::{Value, ValueRef};

pub(crate) use self::candidates::{
    Candidate, Candidates, Cost, PathKind, as_rows, finds_every_child,
};
pub(crate) use self::in_order::{IndexWalk, NullsApart};
pub(crate) use self::terms::{Ranged, Terms};

/// How the rows of a table are found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AccessPath {
    /// The one row with these values of a unique key; where one of them is a list, one row for each value of it.
    Key { key: usize, values: Vec<Sought> },
    /// The rows under the parent row that has these values of a foreign key, in the order of the parent's key; where one of
    /// them is a list, under several parents.
    Children {
        key: ForeignKeyId,
        values: Vec<Sought>,
    },
    /// The rows with these values of an index, or of its first columns.
    Index {
        index: usize,
        values: Vec<Sought>,
        whole: bool,
    },
    /// The rows with these values of the first columns of an ordered index, and a value of the next one in a range.
    Range {
        index: usize,
        values: Vec<Sought>,
        range: Range,
    },
    /// The rows whose primary key, an integer, lies between two bounds. Of a table that is not dense all rows are looked
    /// at; so what is said of the key is always tested again.
    KeyRange {
        low: Option<Limit>,
        high: Option<Limit>,
    },
    /// The rows that each of several paths leads to.
    Intersection(Vec<AccessPath>),
    /// All rows.
    Scan,
}

/// What to look for in one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sought {
    Constant(Value),
    /// Null itself, which only an index holds.
    Null,
    /// One of these, none of which is null; ascending, each once. One column of a path at most.
    OneOf(Vec<Value>),
    /// The parameter at this position.
    Parameter(usize),
}

/// A stretch of the values of one column. No null is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Range {
    /// All rows, nulls among them: for the order of the index.
    All,
    /// Between two bounds, either of which may be missing.
    Between {
        low: Option<Limit>,
        high: Option<Limit>,
    },
    /// The texts that begin with this one.
    Prefix(String),
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    /// No list, and not null.
    pub(crate) sought: Sought,
    /// Whether it belongs to the range.
    pub(crate) included: bool,
}

/// Ids of rows that were found, each once.
#[derive(Clone, Debug)]
pub(crate) enum FoundIds<'s> {
    One(std::option::IntoIter<RowId>),
    Edge(ChildIds<'s>),
    Listed(std::vec::IntoIter<RowId>),
}

impl AccessPath {
    /// What is looked up.
    pub(crate) fn values(&self) -> &[Sought] {
        match self {
            AccessPath::Key { values, .. }
            | AccessPath::Children { values, .. }
            | AccessPath::Index { values, .. }
            | AccessPath::Range { values, .. } => values,
            AccessPath::KeyRange { .. } | AccessPath::Intersection(_) | AccessPath::Scan => &[],
        }
    }

    /// The list among what is looked up.
    pub(crate) fn list(&self) -> Option<&[Value]> {
        self.values().iter().find_map(|it| match it {
            Sought::OneOf(list) => Some(&list[..]),
            Sought::Constant(_) | Sought::Null | Sought::Parameter(_) => None,
        })
    }

    /// How often it looks something up.
    pub(crate) fn look_ups(&self) -> usize {
        match self {
            AccessPath::Scan => 0,
            AccessPath::Intersection(paths) => paths.iter().map(AccessPath::look_ups).sum(),
            AccessPath::Key { .. }
            | AccessPath::Children { .. }
            | AccessPath::Index { .. }
            | AccessPath::Range { .. }
            | AccessPath::KeyRange { .. } => self.list().map_or(1, <[Value]>::len),
        }
    }

    /// The first columns of its index, of which each has one value.
    pub(crate) fn fixed_columns<'t>(&self, table: &'t Table) -> &'t [u32] {
        match self {
            AccessPath::Index { index, values, .. } | AccessPath::Range { index, values, .. } => {
                &table.indexes[*index].columns[..values.len()]
            }
            _ => &[],
        }
    }

    /// Whether it leads to one row at most.
    pub(crate) fn names_one_row(&self) -> bool {
        matches!(self, AccessPath::Key { .. }) && self.list().is_none()
    }

    /// Whether the ids that it finds ascend, of a table whose ids are in the order of its keys.
    pub(crate) fn ascends(&self) -> bool {
        match self {
            // A list ascends, and so do the rows with its values as whole keys.
            AccessPath::Key { key: 0, values } if values.len() == 1 => true,
            AccessPath::Key { .. } | AccessPath::Children { .. } => self.list().is_none(),
            AccessPath::Index { whole, .. } => *whole && self.list().is_none(),
            AccessPath::Range { .. } => false,
            AccessPath::KeyRange { .. } | AccessPath::Intersection(_) | AccessPath::Scan => true,
        }
    }
}

impl Snapshot {
    /// The rows of a path that needs no ids to read them: a scan or a range of keys.
    pub(crate) fn scan_by_path(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> impl Iterator<Item = (RowId, RowCells<'_>)> + use<'_> {
        self.scan_slots(table, self.slots_by_path(table, path, given))
    }

    /// The slots of the rows of such a path. Not in all of them is a row.
    pub(crate) fn slots_by_path(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> ops::Range<u32> {
        let slots = self.key_range(table, path, given);
        let slots = slots.unwrap_or_else(|| (RowId(0), self.state.table(table).rows().end()));
        slots.0.0..slots.1.0
    }

    /// The rows in some slots.
    pub(crate) fn scan_slots(
        &self,
        table: TableId,
        slots: ops::Range<u32>,
    ) -> impl Iterator<Item = (RowId, RowCells<'_>)> + use<'_> {
        let (start, end) = (RowId(slots.start), RowId(slots.end));
        let rows = self.state.table(table).rows().iter_from(start);
        rows.take_while(move |(id, _)| *id < end)
    }

    /// The ids of the rows that an access path leads to, with a value for each parameter; none of a path that needs no ids
    /// to read rows.
    pub(crate) fn find_by_path(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> Option<FoundIds<'_>> {
        // A null is equal to nothing.
        let nothing = FoundIds::One(None.into_iter());
        if let Some(list) = path.list() {
            let found = list
                .iter()
                .map(|one| self.find_one_of(table, path, one, given));
            let ids: Vec<RowId> = found.flatten().collect();
            return Some(FoundIds::Listed(ids.into_iter()));
        }
        match path {
            AccessPath::Intersection(paths) => {
                let mut sets = paths
                    .iter()
                    .filter_map(|it| self.find_by_path(table, it, given));
                let first = sets.next().unwrap_or(nothing);
                let common = sets.fold(sorted(first), |common, set| in_both(common, sorted(set)));
                Some(FoundIds::Listed(common.into_iter()))
            }
            AccessPath::Range { .. } => {
                let rows = self.range(table, path, given);
                let ids: Vec<RowId> = rows.into_iter().flatten().collect();
                Some(FoundIds::Listed(ids.into_iter()))
            }
            AccessPath::KeyRange { .. } | AccessPath::Scan => None,
            AccessPath::Key { .. } | AccessPath::Children { .. } | AccessPath::Index { .. } => {
                Some(match values_of(path.values(), None, given) {
                    Some(values) => self.find_values(table, path, &values),
                    None => nothing,
                })
            }
        }
    }

    /// How many rows an access path leads to, without reading them; none of a path that needs no ids.
    pub(crate) fn count_by_path(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> Option<usize> {
        match (path, path.list()) {
            (AccessPath::Index { index, values, .. }, None) => {
                let Some(values) = values_of(values, None, given) else {
                    return Some(0);
                };
                let values = values.iter().map(Value::as_ref);
                let store = self.state.table(table);
                Some(store.count_all(*index, values, usize::MAX))
            }
            (AccessPath::Range { .. }, None) => {
                let rows = self.range(table, path, given);
                Some(rows.map_or(0, Iterator::count))
            }
            _ => self
                .find_by_path(table, path, given)
                .map(|found| found.len()),
        }
    }

    /// The rows of a range, in the order of its index; none where a bound is null.
    fn range(&self, table: TableId, path: &AccessPath, given: &[Value]) -> Option<RowsInOrder<'_>> {
        let AccessPath::Range {
            index,
            values,
            range,
        } = path
        else {
            return None;
        };
        let values = values_of(values, None, given)?;
        let stretch = self.stretch(table, *index, &values, range, given)?;
        Some(stretch.rows())
    }

    /// The rows of a range behind these values of the first columns of an index; none where a bound is null.
    fn stretch(
        &self,
        table: TableId,
        index: usize,
        values: &[Value],
        range: &Range,
        given: &[Value],
    ) -> Option<Stretch<'_>> {
        let index = self.state.table(table).ordered(index)?;
        let values = values.iter().map(Value::as_ref);
        Some(match range {
            Range::All => index.span(values, Span::All),
            Range::Prefix(text) => index.span(values, Span::Prefix(text)),
            Range::Between { low, high } => {
                let (low, high) = (bound(low.as_ref(), given)?, bound(high.as_ref(), given)?);
                index.span(values, Span::Between(low, high))
            }
        })
    }

    /// The slots between two bounds on the primary key, from the first to before the last, if the table is dense.
    pub(crate) fn key_range(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> Option<(RowId, RowId)> {
        let AccessPath::KeyRange { low, high } = path else {
            return None;
        };
        let store = self.state.table(table);
        let nothing = || store.dense_slots(i64::MAX, i64::MIN);
        let ends = (bound(low.as_ref(), given), bound(high.as_ref(), given));
        let (Some(low), Some(high)) = ends else {
            // A bound that is null: no key is on the right side of it.
            return nothing();
        };
        // None behind the last number, or before the first one.
        let low = match low {
            ops::Bound::Unbounded => Some(i64::MIN),
            ops::Bound::Included(value) => Some(value.as_int()?),
            ops::Bound::Excluded(value) => value.as_int()?.checked_add(1),
        };
        let high = match high {
            ops::Bound::Unbounded => Some(i64::MAX),
            ops::Bound::Included(value) => Some(value.as_int()?),
            ops::Bound::Excluded(value) => value.as_int()?.checked_sub(1),
        };
        match low.zip(high) {
            Some((low, high)) => store.dense_slots(low, high),
            None => nothing(),
        }
    }

    /// The rows for which a filter is true, with a value for each parameter, by ascending id where nothing is known about
    /// their order; an error for a row for which the filter has no value.
    pub(crate) fn rows_where<'s>(
        &'s self,
        table: TableId,
        filter: &'s Bound,
        given: &'s [Value],
    ) -> impl Iterator<Item = Result<RowView<'s>>> {
        let candidates = self.candidates(table, &Terms::of(Some(filter)));
        let (choice, answers_filter) = candidates.cheapest();
        let found = self.find_by_path(table, &choice.path, given);
        let scanned = found.is_none();
        let scanned = scanned.then(|| self.scan_by_path(table, &choice.path, given));
        let (found, reader) = (found.into_iter().flatten(), self.reader(table));
        let rows = found.map(move |id| self.view(table, id));
        let scanned = scanned.into_iter().flatten();
        rows.chain(scanned.map(move |(id, cells)| reader.view(id, cells)))
            .filter_map(move |row| match answers_filter {
                true => Some(Ok(row)),
                false => match filter.matches_with(&row, given) {
                    Ok(is_true) => is_true.then_some(Ok(row)),
                    Err(failed) => Some(Err(filter.error(failed))),
                },
            })
    }

    /// How many rows a filter is true for, with a value for each parameter; an error for a row for which it has no value.
    pub(crate) fn count_where(
        &self,
        table: TableId,
        filter: &Bound,
        given: &[Value],
    ) -> Result<usize> {
        let candidates = self.candidates(table, &Terms::of(Some(filter)));
        if let (choice, true) = candidates.cheapest()
            && let Some(count) = self.count_by_path(table, &choice.path, given)
        {
            return Ok(count);
        }
        let mut rows = self.rows_where(table, filter, given);
        rows.try_fold(0, |count, row| row.map(|_| count + 1))
    }

    /// The ids under one value of the list of a path.
    fn find_one_of(
        &self,
        table: TableId,
        path: &AccessPath,
        one: &Value,
        given: &[Value],
    ) -> FoundIds<'_> {
        match values_of(path.values(), Some(one), given) {
            Some(values) => self.find_values(table, path, &values),
            None => FoundIds::One(None.into_iter()),
        }
    }

    /// The ids that a path of equalities finds with these values.
    fn find_values(&self, table: TableId, path: &AccessPath, values: &[Value]) -> FoundIds<'_> {
        match path {
            AccessPath::Key { key, .. } => {
                FoundIds::One(self.find(table, *key, values).into_iter())
            }
            AccessPath::Children { key, .. } => self.children_with(*key, values),
            AccessPath::Index { index, .. } => {
                FoundIds::Listed(self.find_all(table, *index, values).into_iter())
            }
            AccessPath::Range { .. }
            | AccessPath::KeyRange { .. }
            | AccessPath::Intersection(_)
            | AccessPath::Scan => FoundIds::One(None.into_iter()),
        }
    }

    /// The rows with these values of a foreign key, in the order of the parent's key: those under the parent, or if there
    /// is none, which only a deferred key allows, those that wait for one.
    fn children_with(&self, key: ForeignKeyId, values: &[Value]) -> FoundIds<'_> {
        let key = self.state.schema.foreign_key(key);
        if let Some(parent) = self
            .state
            .find_parent(key, values.iter().map(Value::as_ref))
        {
            return FoundIds::Edge(self.children(key, parent));
        }
        // The map has the columns in the order declared.
        let value_of = |column: &u32| {
            let place = key.key_order.iter().position(|it| it == column);
            values[place.expect("a key and its order have the same columns")].as_ref()
        };
        let unmatched = self.state.unmatched(key.id);
        let rows = unmatched.find_all(key.child_columns.iter().map(value_of));
        FoundIds::Listed(rows.collect::<Vec<_>>().into_iter())
    }
}

impl Iterator for FoundIds<'_> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        match self {
            FoundIds::One(id) => id.next(),
            FoundIds::Edge(ids) => ids.next(),
            FoundIds::Listed(ids) => ids.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            FoundIds::One(id) => id.size_hint(),
            FoundIds::Edge(ids) => ids.size_hint(),
            FoundIds::Listed(ids) => ids.size_hint(),
        }
    }
}

impl ExactSizeIterator for FoundIds<'_> {}

/// What to look up, with one value of the list; none if a null is given for a parameter.
fn values_of(
    sought: &[Sought],
    one: Option<&Value>,
    given: &[Value],
) -> Option<SmallVec<[Value; 2]>> {
    let mut values = SmallVec::new();
    for sought in sought {
        values.push(match sought {
            Sought::Constant(value) => value.clone(),
            Sought::Null => Value::Null,
            Sought::OneOf(_) => one?.clone(),
            Sought::Parameter(position) if given[*position].is_null() => return None,
            Sought::Parameter(position) => given[*position].clone(),
        });
    }
    Some(values)
}

/// The end of a range; none if it is null.
fn bound<'v>(limit: Option<&'v Limit>, given: &'v [Value]) -> Option<ops::Bound<ValueRef<'v>>> {
    let Some(limit) = limit else {
        return Some(ops::Bound::Unbounded);
    };
    let value = match &limit.sought {
        Sought::Constant(value) => value,
        Sought::Parameter(position) => &given[*position],
        Sought::Null | Sought::OneOf(_) => return None,
    };
    let value = (!value.is_null()).then(|| value.as_ref())?;
    Some(match limit.included {
        true => ops::Bound::Included(value),
        false => ops::Bound::Excluded(value),
    })
}

fn sorted(found: FoundIds<'_>) -> Vec<RowId> {
    let mut ids: Vec<RowId> = found.collect();
    if !ids.is_sorted() {
        ids.sort_unstable();
    }
    ids
}

/// What two ascending lists have in common. The longer one is searched, in steps that grow, from where the last was found.
fn in_both(one: Vec<RowId>, other: Vec<RowId>) -> Vec<RowId> {
    let (mut short, mut long) = match one.len() <= other.len() {
        true => (one, &other[..]),
        false => (other, &one[..]),
    };
    short.retain(|id| {
        let mut step = 1;
        while long.get(step).is_some_and(|it| it < id) {
            step *= 2;
        }
        let within = &long[..long.len().min(step + 1)];
        long = &long[within.partition_point(|it| it < id)..];
        long.first() == Some(id)
    });
    short
}
