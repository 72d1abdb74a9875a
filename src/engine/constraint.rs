//! Whether rows may stand: types, not null, checks, unique keys, references.
//!
//! Everything here looks and answers; nothing is written. A refusal names constraint, columns, values and rows
//! (integrity RI-71). Rows are judged as the statement leaves them (RI-41): a new row at once, since nothing in an
//! insert changes it again, and changed rows at the end.

use crate::engine::limits::Limits;
use crate::engine::referential::{Cause, Change, Restricted};
use crate::engine::state::State;
use crate::error::{
    ConstraintError, ConstraintKind, Error, Further, Operation, RequestError, RequestKind, Result,
    RowName,
};
use crate::expr::Cells;
use crate::schema::{Column, ForeignKey, ForeignKeyId, Table, TableId};
use crate::storage::{Collision, RowId, RowLayout, RowRef};
use crate::value::{Key, Value, ValueRef};

// ---- Rows ----

/// Each value has the type of its column, and is not too long.
pub(crate) fn check_types<'v>(
    table: &Table,
    values: impl IntoIterator<Item = (u32, &'v Value)>,
    limits: &Limits,
) -> Result<()> {
    for (ordinal, value) in values {
        let column = &table.columns[ordinal as usize];
        if !column.data_type.admits(value) {
            return Err(wrong_type(
                table,
                &column.name,
                column.data_type.name(),
                value,
            ));
        }
        if !limits.admits(value.as_ref()) {
            return Err(limits.value_too_long(table, column));
        }
    }
    Ok(())
}

fn wrong_type(table: &Table, column: &str, expected: &str, value: &Value) -> Error {
    let found = value.data_type().map_or("null", |found| found.name());
    let detail = format!("column {column} is {expected}, not {found}");
    RequestError::new(RequestKind::Type, &*table.name, detail).into()
}

/// Types and lengths, then not null, then checks, of a row that is about to be written.
pub(crate) fn check_new_row(
    table: &Table,
    values: &[Value],
    limits: &Limits,
    operation: Operation,
) -> Result<()> {
    let fits = |(column, value): (&Column, &Value)| match value.data_type() {
        Some(found) => found == column.data_type && limits.admits(value.as_ref()),
        None => column.nullable,
    };
    if !table.columns.iter().zip(values).all(fits) {
        return Err(misfit(table, values, limits, operation));
    }
    let cells = NewRow { values };
    for check in &table.checks {
        if check.is_broken_by(&cells)? {
            let values = check
                .columns
                .iter()
                .map(|&ordinal| values[ordinal as usize].clone())
                .collect();
            return Err(check_failed(table, check, values, None, operation).into());
        }
    }
    Ok(())
}

/// Why a row whose values do not all fit into their columns may not be written.
#[cold]
fn misfit(table: &Table, values: &[Value], limits: &Limits, operation: Operation) -> Error {
    if let Err(error) = check_types(table, (0..).zip(values), limits) {
        return error;
    }
    let mut cells = table.columns.iter().zip(values);
    let null = cells.find(|(column, value)| !column.nullable && value.is_null());
    let (column, _) = null.expect("a value of the right type does not fit only if it is null");
    not_null(table, &column.name, None, operation).into()
}

/// Not null, then checks, of a row as it stands. What becomes of a broken one is for `refuse` to say.
pub(crate) fn judge_stored_row(
    table: &Table,
    state: &State,
    row: RowId,
    operation: Operation,
    mut refuse: impl FnMut(ConstraintError) -> Result<()>,
) -> Result<()> {
    let store = state.table(table.id);
    let Some(row) = store.rows().get(row) else {
        return Ok(());
    };
    let cells = StoredRow {
        layout: store.layout(),
        row,
    };
    for (ordinal, column) in (0_u32..).zip(&table.columns) {
        if !column.nullable && row.is_null(store.layout(), ordinal) {
            let key = Some(cells.key(table));
            refuse(not_null(table, &column.name, key, operation))?;
        }
    }
    for check in &table.checks {
        if check.is_broken_by(&cells)? {
            let values = cells.values(&check.columns).to_vec();
            let key = Some(cells.key(table));
            refuse(check_failed(table, check, values, key, operation))?;
        }
    }
    Ok(())
}

fn not_null(
    table: &Table,
    column: &str,
    row: Option<Key>,
    operation: Operation,
) -> ConstraintError {
    ConstraintError {
        kind: ConstraintKind::NotNull,
        constraint: format!("{}_{column}_not_null", table.name),
        table: table.name.to_string(),
        columns: vec![column.to_owned()],
        values: vec![Value::Null],
        operation,
        row,
        other: None,
        chain: Vec::new(),
        further: Further::default(),
    }
}

fn check_failed(
    table: &Table,
    check: &crate::schema::Check,
    values: Vec<Value>,
    row: Option<Key>,
    operation: Operation,
) -> ConstraintError {
    ConstraintError {
        kind: ConstraintKind::Check,
        constraint: check.name.to_string(),
        table: table.name.to_string(),
        columns: names(table, &check.columns),
        values,
        operation,
        row,
        other: None,
        chain: Vec::new(),
        further: Further::default(),
    }
}

// ---- Unique keys ----

/// The refusal of a new row whose key another row has.
pub(crate) fn duplicate_of_new(
    state: &State,
    table: &Table,
    key: usize,
    values: &[Value],
    other: RowId,
    operation: Operation,
) -> ConstraintError {
    let key_values = table.keys[key]
        .columns
        .iter()
        .map(|&ordinal| values[ordinal as usize].clone())
        .collect();
    let primary = table
        .primary_key()
        .columns
        .iter()
        .map(|&ordinal| values[ordinal as usize].clone())
        .collect();
    duplicate(state, table, key, key_values, primary, other, operation)
}

/// The refusal of a collision that was noted, if it still stands at the end of the statement. Of the two rows that met,
/// either may have moved on, and a third may have come: of rows that share a key, all but the first were noted when they
/// came.
pub(crate) fn refusal_of_collision(
    table: TableId,
    state: &State,
    Collision { key, row, .. }: Collision,
    operation: Operation,
) -> Option<ConstraintError> {
    let store = state.table(table);
    let same = store.with_key_of(key, row).into_iter();
    let other = store.lowest(same.filter(|&other| other != row))?;
    duplicate_of_stored(state, table, key, (row, other), operation)
}

/// The refusal of a row whose key another row has; none if the row is not there.
pub(crate) fn duplicate_of_stored(
    state: &State,
    table: TableId,
    key: usize,
    (row, other): (RowId, RowId),
    operation: Operation,
) -> Option<ConstraintError> {
    let (table, store) = (state.schema.table(table), state.table(table));
    let stored = StoredRow {
        layout: store.layout(),
        row: store.rows().get(row)?,
    };
    let values = stored.values(&table.keys[key].columns).to_vec();
    let primary = stored.key(table);
    Some(duplicate(
        state, table, key, values, primary, other, operation,
    ))
}

fn duplicate(
    state: &State,
    table: &Table,
    key: usize,
    values: Vec<Value>,
    row: Key,
    other: RowId,
    operation: Operation,
) -> ConstraintError {
    ConstraintError {
        kind: ConstraintKind::Unique,
        constraint: table.keys[key].name.to_string(),
        table: table.name.to_string(),
        columns: names(table, &table.keys[key].columns),
        values,
        operation,
        row: Some(row),
        other: Some(row_name(state, table, other)),
        chain: Vec::new(),
        further: Further::default(),
    }
}

// ---- References ----

/// What a queued child's key leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parent {
    /// Nothing to do: the child is gone, has its edge, has no complete key, or has one that any row may meet and one does.
    Settled,
    /// The row that has the key.
    Found(RowId),
    /// No row has the key.
    Missing,
}

/// Looks up the parent of a child that may lack its edge.
pub(crate) fn parent_of(state: &State, key: &ForeignKey, child: RowId) -> Parent {
    let store = state.table(key.child);
    let layout = store.layout();
    let Some(row) = store.rows().get(child) else {
        return Parent::Settled;
    };
    if row.link(layout, key.link).is_some()
        || !key.is_complete(|ordinal| row.value(layout, ordinal))
    {
        return Parent::Settled;
    }
    let values = key
        .key_order
        .iter()
        .map(|&ordinal| row.value(layout, ordinal));
    match state.find_parent(key, values) {
        Some(_) if key.is_to_any_row() => Parent::Settled,
        Some(parent) => Parent::Found(parent),
        None => Parent::Missing,
    }
}

/// Whether a child carries the key that a parent row has now.
pub(crate) fn has_key_of(state: &State, key: &ForeignKey, child: RowId, parent: RowId) -> bool {
    let (children, parents) = (state.table(key.child), state.table(key.parent));
    let (Some(child), Some(parent)) = (children.rows().get(child), parents.rows().get(parent))
    else {
        return false;
    };
    key.child_columns
        .iter()
        .zip(&key.parent_columns)
        .all(|(&c, &p)| child.value(children.layout(), c) == parent.value(parents.layout(), p))
}

/// The unmatched children that carry the key of a parent row.
pub(crate) fn unmatched_children_of(state: &State, key: &ForeignKey, parent: RowId) -> Vec<RowId> {
    let store = state.table(key.parent);
    let Some(row) = store.rows().get(parent) else {
        return Vec::new();
    };
    if key
        .parent_columns
        .iter()
        .any(|&ordinal| row.is_null(store.layout(), ordinal))
    {
        return Vec::new();
    }
    let values = key
        .parent_columns
        .iter()
        .map(|&ordinal| row.value(store.layout(), ordinal));
    state.unmatched(key.id).find_all(values).collect()
}

/// The row that adopts the unmatched children with the key of a parent row: itself, or, where rows may share a key,
/// the one with the lowest primary key among them.
pub(crate) fn adopter(state: &State, key: &ForeignKey, parent: RowId) -> RowId {
    let Some(unique) = key.parent_key.filter(|_| state.parents_may_repeat(key)) else {
        return parent;
    };
    let store = state.table(key.parent);
    store
        .lowest(store.with_key_of(unique, parent))
        .unwrap_or(parent)
}

/// The refusal of a child without a parent.
pub(crate) fn no_parent(
    state: &State,
    key: ForeignKeyId,
    child: RowId,
    operation: Operation,
) -> ConstraintError {
    let key = state.schema.foreign_key(key);
    let (table, parent) = (
        state.schema.table(key.child),
        state.schema.table(key.parent),
    );
    let store = state.table(key.child);
    let values = store.rows().get(child).map_or_else(Vec::new, |row| {
        StoredRow {
            layout: store.layout(),
            row,
        }
        .values(&key.child_columns)
        .to_vec()
    });
    ConstraintError {
        kind: ConstraintKind::Reference,
        constraint: key.name.to_string(),
        table: table.name.to_string(),
        columns: names(table, &key.child_columns),
        values,
        operation,
        row: state.key_of(key.child, child),
        other: Some(RowName {
            table: parent.name.to_string(),
            columns: names(parent, &key.parent_columns),
            key: None,
        }),
        chain: Vec::new(),
        further: Further::default(),
    }
}

/// The refusal of a parent that children hold on to.
pub(crate) fn restricted(
    state: &State,
    found: &Restricted,
    operation: Operation,
) -> ConstraintError {
    let key = state.schema.foreign_key(found.key);
    held_on_to(state, key, found.child, &found.old_key, operation)
}

/// The refusal of clearing a table to which a row of another table refers.
pub(crate) fn still_refers(
    state: &State,
    key: &ForeignKey,
    child: RowId,
    operation: Operation,
) -> ConstraintError {
    let store = state.table(key.child);
    let row = store.rows().get(child).expect("a child is live");
    let stored = StoredRow {
        layout: store.layout(),
        row,
    };
    let values = stored.values(&key.child_columns);
    held_on_to(state, key, child, &values, operation)
}

fn held_on_to(
    state: &State,
    key: &ForeignKey,
    child: RowId,
    values: &Key,
    operation: Operation,
) -> ConstraintError {
    let (table, parent) = (
        state.schema.table(key.child),
        state.schema.table(key.parent),
    );
    ConstraintError {
        kind: ConstraintKind::Restrict,
        constraint: key.name.to_string(),
        table: table.name.to_string(),
        columns: names(table, &key.child_columns),
        values: values.to_vec(),
        operation,
        row: state.key_of(key.child, child),
        other: Some(RowName {
            table: parent.name.to_string(),
            columns: names(parent, &key.parent_columns),
            key: Some(values.clone()),
        }),
        chain: Vec::new(),
        further: Further::default(),
    }
}

/// The foreign keys from the row that the statement addressed to a row that an action changed.
pub(crate) fn chain(state: &State, history: &[Change], cause: Option<Cause>) -> Vec<String> {
    let mut names: Vec<String> =
        std::iter::successors(cause, |cause| history[cause.change as usize].cause)
            .map(|cause| state.schema.foreign_key(cause.key).name.to_string())
            .collect();
    names.reverse();
    names
}

// ---- Names and keys of rows ----

pub(crate) fn names(table: &Table, ordinals: &[u32]) -> Vec<String> {
    ordinals
        .iter()
        .map(|&ordinal| table.columns[ordinal as usize].name.to_string())
        .collect()
}

pub(crate) fn row_name(state: &State, table: &Table, row: RowId) -> RowName {
    RowName {
        table: table.name.to_string(),
        columns: names(table, &table.primary_key().columns),
        key: state.key_of(table.id, row),
    }
}

/// A row that is about to be written.
struct NewRow<'a> {
    values: &'a [Value],
}

impl Cells for NewRow<'_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        self.values[ordinal as usize].as_ref()
    }
}

/// A row as it stands.
pub(crate) struct StoredRow<'a> {
    pub(crate) layout: &'a RowLayout,
    pub(crate) row: RowRef<'a>,
}

impl StoredRow<'_> {
    fn values(&self, ordinals: &[u32]) -> Key {
        self.row.key(self.layout, ordinals)
    }

    fn key(&self, table: &Table) -> Key {
        self.values(&table.primary_key().columns)
    }
}

impl Cells for StoredRow<'_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        self.row.value(self.layout, ordinal)
    }
}
