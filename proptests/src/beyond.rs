//! What a schema has that SQL does not, drawn onto a random schema: guarded keys (BY-11) and keys to any row (BY-18).

use crate::choices::Choices;
use crate::shape::{ReferenceShape, Shape, possible_rule};

/// Lets some of the foreign keys refer to any row, guards some, and gives some of those a twin: another parent over the same columns, under another
/// value of the guard. Together they are an owner in one of two tables.
pub fn extend(shape: &mut Shape, choices: &mut Choices) {
    for position in 0..shape.references.len() {
        if choices.percent(35) {
            let to_any_row = to_any_row(shape, &shape.references[position], choices);
            shape.references[position] = to_any_row.unwrap_or(shape.references[position].clone());
        }
        if !choices.percent(30) {
            continue;
        }
        let Some(guarded) = guard(shape, &shape.references[position], choices) else {
            continue;
        };
        if choices.percent(60) {
            let twin = twin(shape, &guarded, choices);
            shape.references.extend(twin);
        }
        shape.references[position] = guarded;
    }
    shape.references.sort_by_key(|reference| reference.child);
}

/// The same key to other columns of its parent, which are no unique key.
fn to_any_row(
    shape: &Shape,
    reference: &ReferenceShape,
    choices: &mut Choices,
) -> Option<ReferenceShape> {
    let (child, parent) = (
        &shape.tables[reference.child],
        &shape.tables[reference.parent],
    );
    let mut parent_columns = Vec::new();
    for &column in &reference.child_columns {
        let kind = child.columns[column].kind;
        let candidates: Vec<usize> = (0..parent.visible())
            .filter(|column| !parent_columns.contains(column))
            .filter(|&column| parent.columns[column].kind == kind)
            .collect();
        parent_columns.push(*choices.pick(&candidates)?);
    }
    let is_key = parent.uniques.iter().any(|unique| {
        unique.columns.len() == parent_columns.len()
            && unique.columns.iter().all(|it| parent_columns.contains(it))
    });
    (!is_key).then(|| ReferenceShape {
        parent_columns,
        any_row: true,
        ..reference.clone()
    })
}

/// The same key for the rows alone in which some other column has a certain value.
fn guard(
    shape: &Shape,
    reference: &ReferenceShape,
    choices: &mut Choices,
) -> Option<ReferenceShape> {
    let table = &shape.tables[reference.child];
    let free: Vec<usize> = (0..table.visible())
        .filter(|column| !reference.child_columns.contains(column))
        .collect();
    let column = *choices.pick(&free)?;
    let value = shape.value(table.columns[column].kind, choices.below(3));
    let guarded = ReferenceShape {
        guard: Some((column, value)),
        ..reference.clone()
    };
    Some(with_possible_rules(shape, guarded, choices))
}

fn twin(shape: &Shape, guarded: &ReferenceShape, choices: &mut Choices) -> Option<ReferenceShape> {
    let (column, value) = guarded.guard.as_ref()?;
    let child = &shape.tables[guarded.child];
    let kinds = |table: usize, columns: &[usize]| -> Vec<_> {
        let columns = columns.iter();
        columns
            .map(|&column| shape.tables[table].columns[column].kind)
            .collect()
    };
    let wanted = kinds(guarded.child, &guarded.child_columns);
    let mut parents = Vec::new();
    for (parent, table) in shape.tables.iter().enumerate() {
        for unique in &table.uniques {
            let visible = unique.columns.iter().all(|&c| c < table.visible());
            if visible && kinds(parent, &unique.columns) == wanted {
                parents.push((parent, unique.columns.clone()));
            }
        }
    }
    let (parent, parent_columns) = choices.pick(&parents)?.clone();
    let other = shape.value(child.columns[*column].kind, 3 + choices.below(2));
    let twin = ReferenceShape {
        name: format!("{}_twin", guarded.name),
        parent,
        parent_columns,
        any_row: false,
        guard: (other != *value).then_some((*column, other)),
        ..guarded.clone()
    };
    Some(with_possible_rules(shape, twin, choices))
}

/// Other rules, which may also write the guard.
fn with_possible_rules(
    shape: &Shape,
    mut reference: ReferenceShape,
    choices: &mut Choices,
) -> ReferenceShape {
    let table = &shape.tables[reference.child];
    let columns = reference.deciding_columns();
    reference.on_delete = possible_rule(table, &columns, choices);
    reference.on_update = possible_rule(table, &columns, choices);
    reference
}
