//! The ways along an association, over one version.
//!
//! An enforced hop is walked over its edges, by row. One that nothing enforces is walked by value: to children through
//! the child's index, to parents through a unique key or an index where one has these columns. A null matches nothing
//! (associations D24).

use smallvec::SmallVec;

use crate::association::link::{Association, Hop};
use crate::engine::{RowId, RowView, Snapshot};
use crate::schema::TableId;
use crate::value::{Key, Value};

/// The end of a hop that is referred to: a row, and what its children hold.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    /// None if the row is gone; children may then still dangle.
    pub(super) row: Option<RowId>,
    pub(super) values: Key,
}

/// Whether a row has all values of a scope; a scope's null asks for a null.
pub(super) fn in_scope(row: &RowView<'_>, scope: &[(u32, Value)]) -> bool {
    scope
        .iter()
        .all(|(ordinal, value)| row.value(*ordinal).total_cmp(value.as_ref()).is_eq())
}

/// Whether a row of the target has all that targets of an association have in common.
pub(super) fn is_target(row: &RowView<'_>, association: &Association) -> bool {
    let conditions = association.conditions.as_ref();
    in_scope(row, &association.scope)
        && conditions.is_none_or(|conditions| conditions.bound.matches(row))
}

/// The rows that a child refers to, in key order: more than one only by a key to any row.
pub(super) fn parents(
    snapshot: &Snapshot,
    hop: &Hop,
    child: &RowView<'_>,
    parent: TableId,
) -> SmallVec<[RowId; 1]> {
    match hop.key {
        Some(key) => {
            let parent = child.parent(snapshot.schema().foreign_key(key));
            parent.into_iter().collect()
        }
        None => {
            let values = child.values_of(&hop.child_columns);
            find_all_by_values(snapshot, parent, &hop.parent_columns, &values)
        }
    }
}

/// The rows with these values in some columns, in key order.
pub(super) fn find_all_by_values(
    snapshot: &Snapshot,
    table: TableId,
    columns: &[u32],
    values: &[Value],
) -> SmallVec<[RowId; 1]> {
    if values.iter().any(Value::is_null) {
        return SmallVec::new();
    }
    let shape = snapshot.schema().table(table);
    let keys = shape.keys.iter().map(|key| match key.names_one_row() {
        true => &*key.columns,
        false => &[],
    });
    if let Some((key, values)) = in_order_of(keys, columns, values) {
        return snapshot.find(table, key, &values).into_iter().collect();
    }
    let indexes = shape.indexes.iter().map(|index| &*index.columns);
    let mut rows = match in_order_of(indexes, columns, values) {
        Some((index, values)) => snapshot.find_all(table, index, &values),
        None => scan(snapshot, table, columns, values),
    };
    snapshot.sort_by_key(table, &mut rows);
    rows.into()
}

/// The rows that refer to a parent within a scope, in no order.
pub(super) fn children(
    snapshot: &Snapshot,
    hop: &Hop,
    child: TableId,
    scope: &[(u32, Value)],
    parent: &Parent,
) -> Vec<RowId> {
    let mut rows = match hop.key {
        Some(key) => {
            let key = snapshot.schema().foreign_key(key);
            let rows = parent.row.map(|row| snapshot.children(key, row).collect());
            rows.unwrap_or_default()
        }
        None => children_by_values(snapshot, hop, child, scope, &parent.values),
    };
    if !scope.is_empty() {
        rows.retain(|&row| in_scope(&snapshot.view(child, row), scope));
    }
    rows
}

/// How many rows refer to a parent within a scope. O(1) over an enforced hop without a scope.
pub(super) fn child_count(
    snapshot: &Snapshot,
    hop: &Hop,
    child: TableId,
    scope: &[(u32, Value)],
    parent: &Parent,
) -> usize {
    match (hop.key, parent.row) {
        (Some(key), Some(row)) if scope.is_empty() => {
            snapshot.child_count(snapshot.schema().foreign_key(key), row)
        }
        _ => children(snapshot, hop, child, scope, parent).len(),
    }
}

/// Whether a row refers to a parent.
pub(super) fn is_child(
    snapshot: &Snapshot,
    hop: &Hop,
    child: &RowView<'_>,
    parent: &Parent,
) -> bool {
    match hop.key {
        Some(key) => {
            let found = child.parent(snapshot.schema().foreign_key(key));
            found.is_some() && found == parent.row
        }
        None => {
            let values = &parent.values;
            !values.iter().any(Value::is_null) && child.values_of(&hop.child_columns) == *values
        }
    }
}

fn children_by_values(
    snapshot: &Snapshot,
    hop: &Hop,
    child: TableId,
    scope: &[(u32, Value)],
    values: &[Value],
) -> Vec<RowId> {
    if values.iter().any(Value::is_null) {
        return Vec::new();
    }
    let shape = snapshot.schema().table(child);
    let indexed = hop.index.and_then(|index| {
        let key = index_key(
            &shape.indexes[index].columns,
            &hop.child_columns,
            values,
            scope,
        )?;
        Some(snapshot.find_all(child, index, &key))
    });
    indexed.unwrap_or_else(|| scan(snapshot, child, &hop.child_columns, values))
}

/// The values to look up in an index over columns of the scope and of the key.
fn index_key(
    columns: &[u32],
    child_columns: &[u32],
    values: &[Value],
    scope: &[(u32, Value)],
) -> Option<Vec<Value>> {
    let of_key = |ordinal| {
        let position = child_columns.iter().position(|&column| column == ordinal)?;
        Some(values[position].clone())
    };
    let of_scope = |ordinal| {
        let mut scope = scope.iter();
        scope.find_map(|(column, value)| (*column == ordinal).then(|| value.clone()))
    };
    columns
        .iter()
        .map(|&ordinal| of_key(ordinal).or_else(|| of_scope(ordinal)))
        .collect()
}

/// The first of some lists of columns that has exactly these columns, and the values in its order.
fn in_order_of<'c>(
    lists: impl Iterator<Item = &'c [u32]>,
    columns: &[u32],
    values: &[Value],
) -> Option<(usize, Vec<Value>)> {
    let value_of = |ordinal: &u32| {
        let position = columns.iter().position(|column| column == ordinal)?;
        Some(values[position].clone())
    };
    let matching = |(position, list): (usize, &[u32])| {
        if list.len() != columns.len() {
            return None;
        }
        let values = list.iter().map(value_of).collect::<Option<_>>()?;
        Some((position, values))
    };
    lists.enumerate().find_map(matching)
}

fn scan(snapshot: &Snapshot, table: TableId, columns: &[u32], values: &[Value]) -> Vec<RowId> {
    let holds = |row: &RowView<'_>| {
        let mut cells = columns.iter().zip(values);
        cells.all(|(&ordinal, value)| row.value(ordinal).total_cmp(value.as_ref()).is_eq())
    };
    snapshot
        .scan(table)
        .filter(holds)
        .map(|row| row.id)
        .collect()
}
