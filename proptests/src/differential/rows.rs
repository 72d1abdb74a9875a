//! Whether the same rows stand on all sides.

use relata::engine::Snapshot;
use relata::value::Value;

use crate::differential::rival::Rival;
use crate::reference::Reference;
use crate::shape::Shape;

/// Whether relata has the rows of the reference, in order.
pub(super) fn same(
    shape: &Shape,
    snapshot: &Snapshot,
    reference: &Reference,
) -> Result<(), String> {
    for (number, table) in shape.tables.iter().enumerate() {
        let expected = reference.state().in_key_order(shape, number);
        let found = snapshot
            .rows(&table.name)
            .map_err(|error| error.to_string())?;
        let same = found.len() == expected.len()
            && found.clone().zip(&expected).all(|(row, expected)| {
                let mut cells = row.columns().zip(&expected.values);
                cells.all(|((_, cell), value)| cell == value.as_ref())
            });
        if !same {
            let found: Vec<_> = found.collect();
            return Err(format!("{} has {found:?}, not {expected:?}", table.name));
        }
    }
    Ok(())
}

/// The tables in which the other engine has other rows than the reference, in whatever order.
pub(super) fn other_tables(
    shape: &Shape,
    rival: &mut dyn Rival,
    reference: &Reference,
) -> Result<Vec<usize>, String> {
    let mut other = Vec::new();
    for (number, table) in shape.tables.iter().enumerate() {
        let visible = table.visible();
        let rows = &reference.state().tables[number];
        let mut expected: Vec<&[Value]> = rows.iter().map(|row| &row.values[..visible]).collect();
        let found = rival.rows(shape, number)?;
        let mut found: Vec<&[Value]> = found.iter().map(Vec::as_slice).collect();
        expected.sort_unstable();
        found.sort_unstable();
        if expected != found {
            other.push(number);
        }
    }
    Ok(other)
}

/// All sides at once.
pub(super) fn alike(
    shape: &Shape,
    snapshot: &Snapshot,
    reference: &Reference,
    rival: &mut dyn Rival,
) -> Result<(), String> {
    same(shape, snapshot, reference)?;
    match other_tables(shape, rival, reference)?.as_slice() {
        [] => Ok(()),
        other => Err(format!("other rows stand in tables {other:?}")),
    }
}
