//! What a schema has that SQL does not: guarded keys (BY-11), drawn onto a random schema.

use crate::choices::Choices;
use crate::shape::{ReferenceShape, Shape, possible_rule};

/// Guards some of the foreign keys, and gives some of those a twin: another parent over the same columns, under another
/// value of the guard. Together they are an owner in one of two tables.
pub fn extend(shape: &mut Shape, choices: &mut Choices) {
    for position in 0..shape.references.len() {
        if !choices.percent(25) {
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
