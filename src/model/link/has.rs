//! The targets hold the key of the source: one of them, or many.
//!
//! A target has one source through such an association, so whoever adds it takes it over. A target whose association
//! ends keeps its other attributes, those of the scope included (associations HM-14); its key becomes null, or it is
//! destroyed where the caller chose that.

use std::collections::BTreeSet;

use crate::association::link::{AssociationKind, Hop};
use crate::engine::RowId;
use crate::error::Result;
use crate::model::link::belonging::{force, of_child, of_none};
use crate::model::link::targets::{Found, Targets};
use crate::model::link::walk::{self, Parent};
use crate::model::link::writing::Writing;
use crate::model::write::{Assignments, assignments};
use crate::model::{Instance, Values};

pub(super) fn set(
    writing: &mut Writing<'_, '_>,
    hop: &Hop,
    targets: &Targets<'_>,
) -> Result<Vec<Instance>> {
    match writing.association.kind {
        AssociationKind::HasOne => set_one(writing, hop, targets)?,
        _ => {
            let owner = writing.owner(hop)?;
            let rows = writing.rows_of(targets)?;
            replace(writing, hop, &owner, &rows)?;
        }
    }
    writing.now_associated()
}

pub(super) fn add(
    writing: &mut Writing<'_, '_>,
    hop: &Hop,
    targets: &Targets<'_>,
) -> Result<Vec<Instance>> {
    let owner = writing.owner(hop)?;
    let rows = writing.rows_of(targets)?;
    let joining = joining(writing, hop, &owner, &rows)?;
    writing.update(writing.target(), joining)?;
    Ok(Vec::new())
}

pub(super) fn remove(
    writing: &mut Writing<'_, '_>,
    hop: &Hop,
    targets: &Targets<'_>,
) -> Result<usize> {
    let owner = writing.owner(hop)?;
    let mut rows = writing.rows_of(targets)?;
    let (reader, target) = (writing.reader(), writing.target());
    rows.retain(|&row| {
        let view = reader.view(target, row);
        walk::is_child(reader.snapshot, hop, &view, &owner)
            && walk::is_target(&view, writing.association)
    });
    let count = rows.len();
    part(writing, hop, rows, Vec::new())?;
    Ok(count)
}

pub(super) fn create(writing: &mut Writing<'_, '_>, hop: &Hop, values: Values) -> Result<Instance> {
    writing.require_assignable()?;
    let owner = writing.owner(hop)?;
    let target = writing.target();
    let mut cells = assignments(writing.transaction.models(), target, values)?;
    force(
        &mut cells,
        &of_child(writing.association, hop, &owner.values),
    );
    let source = Some(writing.source);
    writing.transaction.create_row(target, cells, source)
}

/// The one target, or none. Every other one that holds the key loses it, so that the given one is the one that is found.
fn set_one(writing: &mut Writing<'_, '_>, hop: &Hop, targets: &Targets<'_>) -> Result<()> {
    let owner = writing.owner(hop)?;
    let target = targets.at_most_one(writing.place())?;
    let found = match target {
        Some(target) => target.find(writing.reader(), writing.place(), writing.target())?,
        None => return replace(writing, hop, &owner, &[]),
    };
    match found {
        Found::Row(row) => replace(writing, hop, &owner, &[row]),
        Found::Unknown(key) => {
            // To end the association with one target for the sake of another that does not exist helps nobody.
            Err(writing.no_target(&key))
        }
        Found::Unsaved(instance) => {
            writing.require_assignable()?;
            replace(writing, hop, &owner, &[])?;
            let mut cells = instance.pending();
            force(
                &mut cells,
                &of_child(writing.association, hop, &owner.values),
            );
            let (target, source) = (writing.target(), Some(writing.source));
            writing.transaction.create_row(target, cells, source)?;
            Ok(())
        }
    }
}

/// Makes these rows the associated ones; those that are already are not written (associations HM-9).
fn replace(writing: &mut Writing<'_, '_>, hop: &Hop, owner: &Parent, rows: &[RowId]) -> Result<()> {
    let mut leaving = writing.view().children(hop)?;
    let staying: BTreeSet<_> = rows.iter().collect();
    leaving.retain(|row| !staying.contains(row));
    let joining = joining(writing, hop, owner, rows)?;
    if writing.destroy_previous {
        let target = writing.target();
        writing.delete(target, &leaving)?;
        writing.require_rows(target, rows.iter().copied())?;
        return writing.update(target, joining);
    }
    part(writing, hop, leaving, joining)
}

/// What has to be written for rows to be associated: nothing for those that are.
fn joining(
    writing: &Writing<'_, '_>,
    hop: &Hop,
    owner: &Parent,
    rows: &[RowId],
) -> Result<Vec<(RowId, Assignments)>> {
    let cells = of_child(writing.association, hop, &owner.values);
    let (reader, target) = (writing.reader(), writing.target());
    let is_apart = |&&row: &&RowId| {
        writing.transaction.differs(target, row, &cells)
            || !walk::is_target(&reader.view(target, row), writing.association)
    };
    let apart: Vec<_> = rows.iter().filter(is_apart).collect();
    if !apart.is_empty() {
        writing.require_assignable()?;
    }
    Ok(apart.into_iter().map(|&row| (row, cells.clone())).collect())
}

/// Ends the association with some rows and begins it with others: deletes first, and one statement of updates.
fn part(
    writing: &mut Writing<'_, '_>,
    hop: &Hop,
    leaving: Vec<RowId>,
    joining: Vec<(RowId, Assignments)>,
) -> Result<()> {
    let target = writing.target();
    if !writing.destroy_previous {
        let nulls = of_none(hop);
        let mut rows: Vec<_> = leaving
            .into_iter()
            .map(|row| (row, nulls.clone()))
            .collect();
        rows.extend(joining);
        return writing.update(target, rows);
    }
    writing.delete(target, &leaving)?;
    writing.update(target, joining)
}
