//! The source holds the key of one target.
//!
//! Setting writes the key and nothing else: other changes of the source in memory stay pending (associations BT-6).

use smallvec::SmallVec;

use crate::association::link::Hop;
use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::{RequestKind, Result};
use crate::model::Instance;
use crate::model::Values;
use crate::model::instance::Written;
use crate::model::link::Place;
use crate::model::link::belonging::{force, of_key};
use crate::model::link::targets::{Targets, check_model};
use crate::model::link::view::View;
use crate::model::link::walk;
use crate::model::link::writing::Writing;
use crate::model::reader::{Reader, check_key};
use crate::model::write::{Assignments, assignments};
use crate::value::{Key, Value};

/// The rows that a source may belong to, in key order: several only by a key to any row, and then the first that is found
/// counts (associations D23). A key that was changed in memory counts, saved or not.
pub(super) fn target_rows(
    reader: Reader<'_>,
    source: &Instance,
    hop: &Hop,
    target: &ModelEntry,
) -> Result<SmallVec<[RowId; 1]>> {
    let model = reader.model_of(source)?;
    let row = match source.is_saved() {
        true => reader.row_of(source)?,
        false => None,
    };
    let mut deciding = hop.deciding_columns();
    if let Some(row) = row.map(|row| reader.view(model, row))
        && !deciding.any(|ordinal| source.is_changed(ordinal))
    {
        return Ok(walk::parents(reader.snapshot, hop, &row, target.table));
    }
    if !is_of_type(reader, source, hop)? {
        return Ok(SmallVec::new());
    }
    Ok(walk::find_all_by_values(
        reader.snapshot,
        target.table,
        &hop.parent_columns,
        &current(reader, source, &hop.child_columns)?,
    ))
}

/// Cells of a source: as they were changed in memory, otherwise as they are stored.
pub(super) fn current(reader: Reader<'_>, source: &Instance, columns: &[u32]) -> Result<Key> {
    let model = reader.model_of(source)?;
    let row = match source.is_saved() {
        true => reader.row_of(source)?,
        false => None,
    };
    let row = row.map(|row| reader.view(model, row));
    let value = |&ordinal: &u32| match &row {
        Some(row) if !source.is_changed(ordinal) => row.value(ordinal).to_value(),
        _ => source.cell(ordinal).clone(),
    };
    Ok(columns.iter().map(value).collect())
}

/// Whether the owner of a source is of the type that a step leads to; true for a step without a type.
fn is_of_type(reader: Reader<'_>, source: &Instance, hop: &Hop) -> Result<bool> {
    let Some(guard) = &hop.guard else {
        return Ok(true);
    };
    let found = current(reader, source, &[guard.column])?;
    Ok(found[0].as_ref() == guard.value.as_ref())
}

/// Writes the key of the target, or what was given as a key, or null.
pub(super) fn set(
    writing: &mut Writing<'_, '_>,
    hop: &Hop,
    targets: &Targets<'_>,
) -> Result<(Vec<Instance>, Written)> {
    let key = key_of(writing.view(), hop, targets)?;
    let cells = cells_of(writing.view(), hop, &key)?;
    let written = write(writing, cells)?;
    let (reader, target) = (writing.reader(), writing.target());
    let rows = walk::find_all_by_values(reader.snapshot, target.table, &hop.parent_columns, &key);
    let mut rows = rows.to_vec();
    rows.retain(|&row| walk::is_target(&reader.view(target, row), writing.association));
    reader.found_by_default(target, &mut rows)?;
    rows.truncate(1);
    let now = reader.instances(target, &rows);
    Ok((now, written))
}

/// Inserts a target and makes it the source's.
pub(super) fn create(
    writing: &mut Writing<'_, '_>,
    hop: &Hop,
    values: Values,
) -> Result<(Instance, Written)> {
    writing.require_source()?;
    let target = writing.target();
    let cells = assignments(writing.transaction.models(), target, values)?;
    let source = Some(writing.source);
    let created = writing.transaction.create_row(target, cells, source)?;
    let key = complete(writing.place(), created.cells(&hop.parent_columns))?;
    let written = write(writing, of_key(hop, &key))?;
    Ok((created, written))
}

/// What the source is to hold: a given key as it is, or null (associations BT-7).
pub(super) fn key_of(view: View<'_>, hop: &Hop, targets: &Targets<'_>) -> Result<Key> {
    let (reader, model, place) = (view.reader(), view.target(), view.place());
    let Some(target) = targets.at_most_one(place)? else {
        return Ok(hop.child_columns.iter().map(|_| Value::Null).collect());
    };
    if let Some(key) = target.key() {
        let source = reader.models.registry.model(view.association().source);
        check_key(reader.table(source), &place, &hop.child_columns, key)?;
        return Ok(key.clone());
    }
    let instance = target.instance().ok_or_else(|| place.unsaved("target"))?;
    check_model(reader, place, model, instance)?;
    if !instance.is_saved() {
        return Err(place.unsaved("target"));
    }
    let row = reader.row_of(instance)?.map(|row| reader.view(model, row));
    let key = match row {
        Some(row) => row.values_of(&hop.parent_columns),
        None => instance.cells(&hop.parent_columns),
    };
    complete(place, key)
}

/// A target without a value in the key that is stored cannot be referred to.
fn complete(place: Place<'_>, key: Key) -> Result<Key> {
    if key.iter().any(Value::is_null) {
        let detail = "the target has no value in the key that sources refer to";
        return Err(place.refuse(RequestKind::Unsaved, detail));
    }
    Ok(key)
}

/// What to write for a key. Where there is none, an owner of another type stays: it is not what the association leads to.
pub(super) fn cells_of(view: View<'_>, hop: &Hop, key: &Key) -> Result<Assignments> {
    let ends = key.iter().any(Value::is_null);
    if ends && !is_of_type(view.reader(), view.source(), hop)? {
        return Ok(Assignments::new());
    }
    Ok(of_key(hop, key))
}

fn write(writing: &mut Writing<'_, '_>, cells: Assignments) -> Result<Written> {
    let source = writing.source;
    let model = writing.transaction.model_of(source)?;
    if source.is_saved() {
        return writing.transaction.write_cells(model, source, cells);
    }
    // A source that was never saved is inserted with the key (associations BT-11), if it can learn of it.
    if !writing.source_follows {
        return Err(writing.unsaved("source"));
    }
    let mut all = source.pending();
    force(&mut all, &cells);
    writing.transaction.insert_built(model, all)
}
