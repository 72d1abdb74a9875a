//! How the rows of one table that a filter may be true for are found: by a unique key, under a parent row, in an index,
//! or by looking at all of them.
//!
//! The rules are simple, and the same whatever the tables hold, so that a choice holds for every version of its schema:
//! 1. the first unique key that no two rows share and whose values the filter gives;
//! 2. else the foreign key or index with the most columns whose values the filter gives, an edge before an index: a row
//!    has an edge to its parent whether or not there is an index;
//! 3. else a scan.
//!
//! A value is only looked up in columns of its very type. One of another type may be equal, but is not found by a hash.

use smallvec::SmallVec;

use crate::engine::Snapshot;
use crate::engine::read::{ChildIds, RowView};
use crate::error::Result;
use crate::expr::{Bound, Comparison, Conjunct};
use crate::schema::{ForeignKey, ForeignKeyId, IndexKind, Schema, Table, TableId};
use crate::storage::RowId;
use crate::value::Value;

/// How the rows of a table are found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AccessPath {
    /// The one row with these values of a unique key.
    Key { key: usize, values: Vec<Sought> },
    /// The rows under the parent row that has these values of a foreign key, in the order of the parent's key.
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
    /// All rows.
    Scan,
}

/// What to look for in one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sought {
    Constant(Value),
    /// The parameter at this position.
    Parameter(usize),
}

/// An access path, and whether it leaves nothing of the filter to test.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) path: AccessPath,
    pub(crate) answers_filter: bool,
}

/// Ids of rows that were found, each once. Those under one parent or one value ascend.
#[derive(Clone, Debug)]
pub(crate) enum FoundIds<'s> {
    One(std::option::IntoIter<RowId>),
    Edge(ChildIds<'s>),
    Listed(std::vec::IntoIter<RowId>),
}

impl AccessPath {
    /// The path for a filter over rows of a table.
    pub(crate) fn choose(schema: &Schema, table: &Table, filter: Option<&Bound>) -> Choice {
        let equalities = Equalities::of(table, filter);
        let path = by_key(table, &equalities).or_else(|| by_many(schema, table, &equalities));
        let path = path.unwrap_or(AccessPath::Scan);
        Choice {
            // Each value used is a term of its own, so that as many values as terms are all of them.
            answers_filter: filter.is_some() && path.values().len() == equalities.terms,
            path,
        }
    }

    /// What is looked up.
    fn values(&self) -> &[Sought] {
        match self {
            AccessPath::Key { values, .. }
            | AccessPath::Children { values, .. }
            | AccessPath::Index { values, .. } => values,
            AccessPath::Scan => &[],
        }
    }
}

impl Snapshot {
    /// The ids of the rows that an access path leads to, with a value for each parameter; none of a scan, which needs no
    /// ids to read rows.
    pub(crate) fn find_by_path(
        &self,
        table: TableId,
        path: &AccessPath,
        given: &[Value],
    ) -> Option<FoundIds<'_>> {
        // A null is equal to nothing.
        let nothing = FoundIds::One(None.into_iter());
        let values = match values_of(path.values(), given) {
            Some(values) => values,
            None => return Some(nothing),
        };
        Some(match path {
            AccessPath::Key { key, .. } => {
                FoundIds::One(self.find(table, *key, &values).into_iter())
            }
            AccessPath::Children { key, .. } => self.children_with(*key, &values),
            AccessPath::Index { index, .. } => {
                FoundIds::Listed(self.find_all(table, *index, &values).into_iter())
            }
            AccessPath::Scan => return None,
        })
    }

    /// The rows for which a filter is true, with a value for each parameter, by ascending id where nothing is known about
    /// their order; an error for a row for which the filter has no value.
    pub(crate) fn rows_where<'s>(
        &'s self,
        table: TableId,
        filter: &'s Bound,
        given: &'s [Value],
    ) -> impl Iterator<Item = Result<RowView<'s>>> {
        let schema = &self.state.schema;
        let choice = AccessPath::choose(schema, schema.table(table), Some(filter));
        let found = self.find_by_path(table, &choice.path, given);
        let scanned = found.is_none().then(|| self.scan(table));
        let found = found.into_iter().flatten();
        let rows = found.map(move |id| self.view(table, id));
        rows.chain(scanned.into_iter().flatten())
            .filter_map(move |row| match choice.answers_filter {
                true => Some(Ok(row)),
                false => match filter.matches_with(&row, given) {
                    Ok(is_true) => is_true.then_some(Ok(row)),
                    Err(failed) => Some(Err(filter.error(failed))),
                },
            })
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
        let unmatched = self.state.edge(key.id).unmatched();
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

/// What to look up; none if a null is among it.
fn values_of(sought: &[Sought], given: &[Value]) -> Option<SmallVec<[Value; 2]>> {
    let value = |sought: &Sought| match sought {
        Sought::Constant(value) => value.clone(),
        Sought::Parameter(position) => given[*position].clone(),
    };
    let values: SmallVec<[Value; 2]> = sought.iter().map(value).collect();
    (!values.iter().any(Value::is_null)).then_some(values)
}

fn by_key(table: &Table, equalities: &Equalities) -> Option<AccessPath> {
    table.keys.iter().enumerate().find_map(|(key, unique)| {
        let values = equalities.first_of(&unique.columns);
        let whole = values.len() == unique.columns.len();
        (whole && unique.names_one_row()).then_some(AccessPath::Key { key, values })
    })
}

/// Of several with as many columns the first one.
fn by_many(schema: &Schema, table: &Table, equalities: &Equalities) -> Option<AccessPath> {
    let edges = table.foreign_keys.iter().filter_map(|&id| {
        let key = schema.foreign_key(id);
        let values = equalities.first_of(&key.key_order);
        let whole = values.len() == key.key_order.len();
        (whole && finds_every_child(schema, key))
            .then_some(AccessPath::Children { key: id, values })
    });
    let indexes = table.indexes.iter().enumerate().filter_map(|(index, it)| {
        let values = equalities.first_of(&it.columns);
        let whole = values.len() == it.columns.len();
        let usable = whole || (it.kind == IndexKind::Ordered && !values.is_empty());
        usable.then_some(AccessPath::Index {
            index,
            values,
            whole,
        })
    });
    // The last one of several is the largest: from the end.
    let mut all: SmallVec<[AccessPath; 4]> = edges.chain(indexes).collect();
    all.reverse();
    all.into_iter().max_by_key(|path| path.values().len())
}

/// Whether the rows with some values of a foreign key are those under the one parent row that has them.
fn finds_every_child(schema: &Schema, key: &ForeignKey) -> bool {
    let keys = &schema.table(key.parent).keys;
    key.links_every_child() && key.parent_key.is_some_and(|it| keys[it].names_one_row())
}

/// The terms of a filter that say what a column equals.
struct Equalities {
    found: SmallVec<[(u32, Sought); 4]>,
    /// How many terms the filter has, of whatever sort.
    terms: usize,
}

impl Equalities {
    fn of(table: &Table, filter: Option<&Bound>) -> Self {
        let terms = filter.into_iter().flat_map(Bound::conjuncts);
        let equality = |term| match term {
            Conjunct::Compare {
                ordinal,
                op: Comparison::Eq,
                value,
            } => {
                let data_type = table.columns[ordinal as usize].data_type;
                let found = data_type.admits(value);
                found.then(|| (ordinal, Sought::Constant(value.clone())))
            }
            // It has the type of its column.
            Conjunct::Parameter {
                ordinal,
                op: Comparison::Eq,
                position,
            } => Some((ordinal, Sought::Parameter(position))),
            Conjunct::Compare { .. }
            | Conjunct::Parameter { .. }
            | Conjunct::In { .. }
            | Conjunct::Between { .. }
            | Conjunct::IsNull { .. }
            | Conjunct::Other => None,
        };
        Equalities {
            found: terms.filter_map(equality).collect(),
            terms: filter.map_or(0, |filter| filter.conjuncts().count()),
        }
    }

    /// The values of the first columns of a key, as far as they are given.
    fn first_of(&self, columns: &[u32]) -> Vec<Sought> {
        let value_of = |column: &u32| {
            let given = self.found.iter().find(|(ordinal, _)| ordinal == column);
            given.map(|(_, sought)| sought.clone())
        };
        columns.iter().map_while(value_of).collect()
    }
}
