//! What does not hold, found by looking at every row: RI-1 to RI-6, RI-40 to RI-45.

use relata::value::Value;

use crate::reference::{
    Row, Sort, State, Violation, child_key, compare, key_of, parent_key, project, takes_part,
};
use crate::shape::{Operand, Shape, UniqueShape};

/// Everything that must hold at the end of a statement.
pub(super) fn state(shape: &Shape, state: &State) -> Vec<Violation> {
    let mut violations = rows(shape, state);
    for key in (0..shape.references.len()).filter(|&key| !state.deferred[key]) {
        violations.extend(reference(shape, state, key));
    }
    violations
}

/// NOT NULL, CHECK and UNIQUE.
pub(super) fn rows(shape: &Shape, state: &State) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (table, rows) in state.tables.iter().enumerate() {
        for row in rows {
            null_columns(shape, table, row, &mut violations);
            false_checks(shape, table, row, &mut violations);
        }
        let uniques = shape.tables[table].uniques.iter();
        for (unique, _) in uniques
            .zip(&state.deferred_uniques[table])
            .filter(|(_, waits)| !**waits)
        {
            duplicates(shape, state, table, unique, &mut violations);
        }
    }
    violations
}

/// The children of one foreign key that have no parent.
pub(super) fn reference(shape: &Shape, state: &State, key: usize) -> Vec<Violation> {
    let reference = &shape.references[key];
    let mut violations = Vec::new();
    for child in &state.tables[reference.child] {
        let Some(wanted) = child_key(reference, &child.values) else {
            continue;
        };
        let mut parents = state.tables[reference.parent].iter();
        if !parents.any(|parent| parent_key(reference, &parent.values).as_ref() == Some(&wanted)) {
            violations.push(Violation {
                sort: Sort::Reference,
                table: reference.child,
                constraint: reference.name.clone(),
                values: wanted,
                row: key_of(shape, reference.child, child),
            });
        }
    }
    violations
}

fn null_columns(shape: &Shape, table: usize, row: &Row, violations: &mut Vec<Violation>) {
    for (column, value) in shape.tables[table].columns.iter().zip(&row.values) {
        if value.is_null() && !column.nullable {
            violations.push(Violation {
                sort: Sort::NotNull,
                table,
                constraint: column.name.clone(),
                values: vec![Value::Null],
                row: key_of(shape, table, row),
            });
        }
    }
}

fn false_checks(shape: &Shape, table: usize, row: &Row, violations: &mut Vec<Violation>) {
    for check in &shape.tables[table].checks {
        let left = &row.values[check.left];
        let right = match &check.right {
            Operand::Column(column) => &row.values[*column],
            Operand::Constant(value) => value,
        };
        if compare(left, check.comparison, right) == Some(false) {
            violations.push(Violation {
                sort: Sort::Check,
                table,
                constraint: check.name.clone(),
                values: Vec::new(),
                row: key_of(shape, table, row),
            });
        }
    }
}

/// The rows of one unique key that share it.
pub(super) fn duplicates(
    shape: &Shape,
    state: &State,
    table: usize,
    unique: &UniqueShape,
    violations: &mut Vec<Violation>,
) {
    let rows = state.tables[table].iter();
    let rows: Vec<&Row> = rows.filter(|row| takes_part(unique, &row.values)).collect();
    for (position, row) in rows.iter().enumerate() {
        let key = project(&row.values, &unique.columns);
        let exempt = unique.nulls_distinct && key.iter().any(Value::is_null);
        let is_same = |other: &&Row| project(&other.values, &unique.columns) == key;
        let mut others = rows[..position].iter().chain(&rows[position + 1..]);
        if !exempt && others.any(is_same) {
            violations.push(Violation {
                sort: Sort::Unique,
                table,
                constraint: unique.name.clone(),
                values: key,
                row: key_of(shape, table, row),
            });
        }
    }
}
