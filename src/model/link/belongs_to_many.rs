//! Rows of a junction hold the keys of source and target.
//!
//! 1. A junction row is this association's if it has the values of the junction's scope; those, and both keys, are written
//!    with every new row and go before anything that the caller gives (associations BTM-21, SC-4).
//! 2. Where a pair stands at most once, adding it again inserts nothing and updates the attributes that were given.
//!    Where pairs may repeat, adding always inserts (associations D17).
//! 3. A target stands once among those of a call, but for `add` where pairs may repeat (beyond BY-10).
//! 4. `set` and `remove` touch only rows whose target is in the association's scope (associations BTM-27). `add` does not
//!    look at that scope, and writes nothing into targets (associations SC-3).

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::association::link::Junction;
use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::{
    ConstraintError, ConstraintKind, Error, Further, Operation, RequestError, RequestKind, Result,
    Show,
};
use crate::model::lifecycle::Created;
use crate::model::link::belonging::{force, of_pair};
use crate::model::link::pair::{self, Ends};
use crate::model::link::targets::{Found, Target, Targets};
use crate::model::link::walk::{self, Parent};
use crate::model::link::writing::Writing;
use crate::model::write::{Assignments, assignments};
use crate::model::{Instance, Values};
use crate::value::{Key, Value};

/// What has to change in the junction.
#[derive(Debug, Default)]
struct Plan {
    /// The rows of the given targets that are there already.
    kept: BTreeSet<RowId>,
    updates: Vec<(RowId, Assignments)>,
    inserts: Vec<Assignments>,
}

pub(super) fn set(
    writing: &mut Writing<'_, '_>,
    junction: &Junction,
    targets: &Targets<'_>,
    through: &Values,
) -> Result<Vec<Instance>> {
    let own = writing.owner(&junction.own)?;
    let plan = plan(writing, junction, &own, targets, through, true)?;
    let mut leaving = linked(writing, junction, &own)?;
    leaving.retain(|row| !plan.kept.contains(row));
    let model = junction_model(writing, junction);
    writing.delete(model, &leaving)?;
    writing.update(model, plan.updates)?;
    insert(writing, model, plan.inserts)?;
    writing.now_associated()
}

pub(super) fn add(
    writing: &mut Writing<'_, '_>,
    junction: &Junction,
    targets: &Targets<'_>,
    through: &Values,
) -> Result<Vec<Instance>> {
    let own = writing.owner(&junction.own)?;
    let plan = plan(writing, junction, &own, targets, through, junction.unique)?;
    let model = junction_model(writing, junction);
    writing.update(model, plan.updates)?;
    let created = insert(writing, model, plan.inserts)?;
    Ok(created.into_instances(writing.reader(), model))
}

pub(super) fn remove(
    writing: &mut Writing<'_, '_>,
    junction: &Junction,
    targets: &Targets<'_>,
) -> Result<usize> {
    let own = writing.owner(&junction.own)?;
    let model = junction_model(writing, junction);
    let mut rows = BTreeSet::new();
    for target in targets.iter() {
        let found = target.find(writing.reader(), writing.place(), writing.target())?;
        if let Found::Unsaved(_) = found {
            return Err(writing.unsaved("target"));
        }
        let other = writing.view().other_end(junction, &found);
        if let Some(other) = other
            && is_target(writing, other.row)
        {
            let snapshot = writing.reader().snapshot;
            let ends = Ends {
                junction,
                own: &own,
                other: &other,
            };
            rows.extend(ends.rows(snapshot, model.table));
        }
    }
    let rows: Vec<_> = rows.into_iter().collect();
    writing.delete(model, &rows)?;
    Ok(rows.len())
}

pub(super) fn create(
    writing: &mut Writing<'_, '_>,
    junction: &Junction,
    values: Values,
    through: Values,
) -> Result<Instance> {
    let own = writing.owner(&junction.own)?;
    let (target, model) = (writing.target(), junction_model(writing, junction));
    let models = writing.transaction.models();
    let mut cells = assignments(models, target, values)?;
    writing.require_assignable()?;
    writing.require_linkable(junction)?;
    force(&mut cells, &writing.association.scope);
    let mut link = assignments(models, model, through)?;
    let source = Some(writing.source);
    let created = writing.transaction.create_row(target, cells, source)?;
    let other = complete(writing, created.cells(&junction.other.parent_columns))?;
    force(&mut link, &of_pair(junction, &own.values, &other));
    let link = writing.transaction.create_row(model, link, source)?;
    Ok(created.with_junction(link))
}

/// What linking these targets takes. Where `merge`, pairs that are there already are kept.
fn plan(
    writing: &Writing<'_, '_>,
    junction: &Junction,
    own: &Parent,
    targets: &Targets<'_>,
    through: &Values,
    merge: bool,
) -> Result<Plan> {
    let model = junction_model(writing, junction);
    let models = writing.transaction.models();
    let for_all = assignments(models, model, through.clone())?;
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for target in targets.iter() {
        let other = end_of(writing, junction, target)?;
        if merge && !seen.insert(other.values.clone()) {
            return Err(repeated(writing, junction, own, &other));
        }
        let mut given = for_all.clone();
        force(
            &mut given,
            &assignments(models, model, target.through().clone())?,
        );
        let forced = of_pair(junction, &own.values, &other.values);
        given.retain(|(ordinal, _)| forced.iter().all(|(column, _)| column != ordinal));
        let ends = Ends {
            junction,
            own,
            other: &other,
        };
        let there = match merge {
            true => ends.rows(writing.reader().snapshot, model.table),
            false => SmallVec::new(),
        };
        if there.is_empty()
            && let Some(row) = softly_deleted(writing, junction, &ends)
        {
            // The row is still there, and is the pair's again (associations BTM-33).
            given.extend(model.deleted_at.map(|ordinal| (ordinal, Value::Null)));
            plan.updates.push((row, given));
            plan.kept.insert(row);
            continue;
        }
        if there.is_empty() {
            writing.require_linkable(junction)?;
            given.extend(forced);
            plan.inserts.push(given);
            continue;
        }
        let differing = there.iter().filter(|&&row| {
            !plan.kept.contains(&row) && writing.transaction.differs(model, row, &given)
        });
        plan.updates
            .extend(differing.map(|&row| (row, given.clone())));
        plan.kept.extend(there);
    }
    Ok(plan)
}

/// The row of a pair that was softly deleted, where the pair can have no other. Of several, which another scope told apart,
/// the first in the order of keys.
fn softly_deleted(
    writing: &Writing<'_, '_>,
    junction: &Junction,
    ends: &Ends<'_>,
) -> Option<RowId> {
    let model = junction_model(writing, junction);
    let junction = &junction.with_deleted(model.deleted_at.filter(|_| junction.unique)?);
    let snapshot = writing.reader().snapshot;
    let mut rows = Ends { junction, ..*ends }.rows(snapshot, model.table);
    snapshot.sort_by_key(model.table, &mut rows);
    rows.first().copied()
}

/// What the junction is to hold of a target. A key without a row is left to the foreign key to judge.
fn end_of(writing: &Writing<'_, '_>, junction: &Junction, target: &Target<'_>) -> Result<Parent> {
    let found = target.find(writing.reader(), writing.place(), writing.target())?;
    let end = writing.view().other_end(junction, &found);
    match (end, found) {
        (Some(end), _) => {
            let values = complete(writing, end.values)?;
            Ok(Parent { values, ..end })
        }
        (None, Found::Unknown(key)) => Err(writing.no_target(&key)),
        (None, Found::Row(_) | Found::Unsaved(_)) => Err(writing.unsaved("target")),
    }
}

/// A target without a value in the key that the junction holds cannot be linked.
fn complete(writing: &Writing<'_, '_>, key: Key) -> Result<Key> {
    if key.iter().any(Value::is_null) {
        let detail = "the target has no value in the key that the junction holds";
        return Err(writing.refuse(RequestKind::Unsaved, detail));
    }
    Ok(key)
}

/// The junction rows of the source that `set` decides about. Where the association has no scope, these include rows
/// whose target is gone.
fn linked(writing: &Writing<'_, '_>, junction: &Junction, own: &Parent) -> Result<Vec<RowId>> {
    let association = writing.association;
    if !association.scope.is_empty() || association.conditions.is_some() {
        let pairs = writing.view().pairs(junction)?;
        return Ok(pairs.into_iter().filter_map(|pair| pair.junction).collect());
    }
    let table = junction_model(writing, junction).table;
    Ok(pair::rows(writing.reader().snapshot, junction, table, own))
}

/// Whether a row of the target is in the association's scope.
fn is_target(writing: &Writing<'_, '_>, row: Option<RowId>) -> bool {
    let association = writing.association;
    match row {
        None => association.scope.is_empty() && association.conditions.is_none(),
        Some(row) => walk::is_target(&writing.reader().view(writing.target(), row), association),
    }
}

fn insert<'db>(
    writing: &mut Writing<'_, 'db>,
    model: &'db ModelEntry,
    rows: Vec<Assignments>,
) -> Result<Created> {
    match rows.is_empty() {
        true => Ok(Created::Rows(Vec::new())),
        false => writing.transaction.create_rows(model, rows),
    }
}

/// One target twice in one call is a duplicate, whether or not it is linked already (associations BTM-24). Where pairs may
/// repeat, that is said of `set` alone, which could not tell how many rows are to stay.
fn repeated(writing: &Writing<'_, '_>, junction: &Junction, own: &Parent, other: &Parent) -> Error {
    if !junction.unique {
        let detail = |show: Show| format!("target {} is given twice", show.key(&other.values));
        let place = writing.place().to_string();
        return RequestError::with_values(RequestKind::Repeated, place, detail).into();
    }
    let table = writing.reader().table(junction_model(writing, junction));
    let mut columns = junction.own.child_columns.clone();
    columns.extend_from_slice(&junction.other.child_columns);
    let scope = junction.scope.iter().map(|(ordinal, _)| ordinal);
    let all: BTreeSet<_> = columns.iter().chain(scope).collect();
    let mut keys = table.keys.iter();
    let key = keys.find(|key| {
        key.filter.is_none() && key.columns.iter().all(|ordinal| all.contains(ordinal))
    });
    ConstraintError {
        kind: ConstraintKind::Unique,
        constraint: key.map_or_else(|| writing.place().to_string(), |key| key.name.to_string()),
        table: table.name.to_string(),
        columns: columns
            .iter()
            .map(|&ordinal| table.columns[ordinal as usize].name.to_string())
            .collect(),
        values: own
            .values
            .iter()
            .chain(other.values.iter())
            .cloned()
            .collect(),
        operation: Operation::Insert,
        row: None,
        other: None,
        chain: Vec::new(),
        further: Further::default(),
    }
    .into()
}

fn junction_model<'db>(writing: &Writing<'_, 'db>, junction: &Junction) -> &'db ModelEntry {
    writing.transaction.models().registry.model(junction.model)
}
