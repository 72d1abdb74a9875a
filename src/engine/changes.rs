//! What a transaction changed, by primary key.
//!
//! Decoded from the undo log, and only when asked for. [`Changes`] are data: in a fixed order, with the rows before and
//! after, to be shown, compared, inverted and applied. They say by name which columns they are of, so that they are refused
//! where a table is not what it was. `changes.invert()` applied to the state after gives the state
//! before (beyond BY-16).
//!
//! The log speaks of slots, which are reused. A *life* is one row in one slot, from where the transaction first met it
//! to its end; a life that began and ended inside the transaction changed nothing. A row deleted and another inserted
//! under the same key are one change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::clock::Clock;
use crate::engine::snapshot::Snapshot;
use crate::engine::state::State;
use crate::engine::statement::Statement;
use crate::engine::transaction::Cells;
use crate::engine::undo::{Mark, Undo, UndoLog};
use crate::error::{Error, RequestError, RequestKind, Result, Show};
use crate::schema::{Schema, Table, TableId};
use crate::storage::{ImageId, RowId, WordCell};
use crate::value::{Key, Value};

/// What a transaction changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Rows, by table in order of definition and then by primary key.
    pub rows: Vec<RowChange>,
    /// Sequences, by table in order of definition.
    pub sequences: Vec<SequenceChange>,
    /// The clock before and after, if it moved.
    pub clock: Option<(Clock, Clock)>,
    /// The random state before and after, if values were drawn.
    pub random: Option<(u64, u64)>,
}

/// One row that came, changed or went. At least one of `before` and `after` is there.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// The table.
    pub table: String,
    /// The names of its columns, a hidden one included, in order; shared by the changes of one table.
    pub columns: Arc<[String]>,
    /// Every column before, in the table's order; none for a row that came.
    pub before: Option<Vec<Value>>,
    /// Every column after; none for a row that went.
    pub after: Option<Vec<Value>>,
    /// Which of the columns are the primary key, in its order.
    pub key_columns: Vec<usize>,
}

/// A sequence that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceChange {
    /// The table.
    pub table: String,
    /// The next number before.
    pub before: i64,
    /// The next number after.
    pub after: i64,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.sequences.is_empty()
            && self.clock.is_none()
            && self.random.is_none()
    }

    /// The changes that lead back.
    #[must_use]
    pub fn invert(&self) -> Changes {
        let swap = |row: &RowChange| RowChange {
            before: row.after.clone(),
            after: row.before.clone(),
            ..row.clone()
        };
        Changes {
            rows: self.rows.iter().map(swap).collect(),
            sequences: self
                .sequences
                .iter()
                .map(|moved| SequenceChange {
                    before: moved.after,
                    after: moved.before,
                    ..moved.clone()
                })
                .collect(),
            clock: self.clock.map(|(before, after)| (after, before)),
            random: self.random.map(|(before, after)| (after, before)),
        }
    }

    /// Finds every row that the changes speak of, before anything is written.
    pub(crate) fn resolve(&self, snapshot: &Snapshot) -> Result<Plan<'_>> {
        let schema = snapshot.schema();
        let mut plan = Plan {
            changes: self,
            deletes: Vec::new(),
            updates: Vec::new(),
            inserts: Vec::new(),
        };
        let mut checked: Option<&RowChange> = None;
        for change in &self.rows {
            let table = find_table(schema, &change.table)?;
            if !checked.is_some_and(|other| other.has_shape_of(change)) {
                check_shape(schema.table(table), change)?;
                checked = Some(change);
            }
            check_width(change)?;
            let row = match &change.before {
                None => None,
                Some(before) => Some(find_unchanged(snapshot, table, change, before)?),
            };
            match (row, &change.after) {
                (Some(row), None) => plan.deletes.push((table, row)),
                (Some(row), Some(after)) => {
                    plan.updates
                        .push((table, row, (0..).zip(after.iter().cloned()).collect()))
                }
                (None, Some(after)) => plan.inserts.push((table, after)),
                (None, None) => {}
            }
        }
        Ok(plan)
    }
}

impl RowChange {
    /// Whether another change is known to be of the same table with the same columns and key.
    fn has_shape_of(&self, other: &RowChange) -> bool {
        Arc::ptr_eq(&self.columns, &other.columns)
            && self.table == other.table
            && self.key_columns == other.key_columns
    }

    /// The primary key: as it was before, or of the row that came.
    pub fn key(&self) -> Key {
        let row = self.before.as_ref().or(self.after.as_ref());
        row.map(|row| {
            self.key_columns
                .iter()
                .map(|&column| row[column].clone())
                .collect()
        })
        .unwrap_or_else(|| Key::from(Vec::new()))
    }
}

/// Changes with their rows found.
#[derive(Debug)]
pub(crate) struct Plan<'c> {
    changes: &'c Changes,
    deletes: Vec<(TableId, RowId)>,
    updates: Vec<(TableId, RowId, Cells)>,
    inserts: Vec<(TableId, &'c [Value])>,
}

impl Plan<'_> {
    /// Writes the rows, then sequences, clock and randomness where they still stand as the changes expect.
    pub(crate) fn run(&self, statement: &mut Statement<'_>) -> Result<u64> {
        for &(table, row) in &self.deletes {
            statement.delete(table, row)?;
        }
        for (table, row, cells) in &self.updates {
            statement.update(*table, *row, cells)?;
        }
        for &(table, values) in &self.inserts {
            statement.insert(table, values)?;
        }
        let writer = statement.writer();
        for moved in &self.changes.sequences {
            let table = find_table(writer.schema, &moved.table)?;
            if writer.state.sequences[table.index()] == moved.before {
                writer.set_sequence(table, moved.after);
            }
        }
        if let Some((before, after)) = self.changes.clock
            && writer.state.clock == before
        {
            writer.set_clock(after);
        }
        if let Some((before, after)) = self.changes.random
            && writer.state.random == before
        {
            writer.set_random(after);
        }
        Ok((self.deletes.len() + self.updates.len() + self.inserts.len()) as u64)
    }
}

fn find_unchanged(
    snapshot: &Snapshot,
    table: TableId,
    change: &RowChange,
    before: &[Value],
) -> Result<RowId> {
    let key = change.key();
    let conflict = |what: &str| {
        let detail = |show: Show| format!("row {} {what}", show.key(&key));
        RequestError::with_values(RequestKind::Conflict, &change.table, detail).into()
    };
    snapshot.check_key_length(table, key.len())?;
    let row = snapshot
        .find(table, 0, &key)
        .ok_or_else(|| conflict("is not there"))?;
    if snapshot.view(table, row).values() == before {
        Ok(row)
    } else {
        Err(conflict("is not as it was"))
    }
}

fn find_table(schema: &Schema, name: &str) -> Result<TableId> {
    let dropped = |_| schema_changed(name, "the changes are of a table that is not there");
    schema.table_id(name).map_err(dropped)
}

/// Whether the changes are of a table that looks like this one: the same columns in the same order, and the same of them
/// the primary key. Types are checked with the values.
fn check_shape(table: &Table, change: &RowChange) -> Result<()> {
    let names = table.columns.iter().map(|column| &*column.name);
    if !names.clone().eq(change.columns.iter().map(String::as_str)) {
        let detail = format!(
            "the changes have the columns {}, the table has {}",
            change.columns.join(", "),
            names.collect::<Vec<_>>().join(", ")
        );
        return Err(schema_changed(&table.name, detail));
    }
    let key = table.primary_key().columns.iter();
    if !key
        .map(|&ordinal| ordinal as usize)
        .eq(change.key_columns.iter().copied())
    {
        let detail = "the changes have another primary key than the table";
        return Err(schema_changed(&table.name, detail));
    }
    Ok(())
}

/// Whether a row has a value for each column.
fn check_width(change: &RowChange) -> Result<()> {
    let mut rows = change.before.iter().chain(&change.after);
    match rows.find(|row| row.len() != change.columns.len()) {
        None => Ok(()),
        Some(row) => {
            let (found, expected) = (row.len(), change.columns.len());
            let detail = format!("a changed row has {found} values for {expected} columns");
            Err(RequestError::new(RequestKind::Conflict, &change.table, detail).into())
        }
    }
}

fn schema_changed(table: &str, detail: impl Into<String>) -> Error {
    RequestError::new(RequestKind::SchemaChanged, table, detail).into()
}

// ---- Decoding ----

/// One row in one slot, as far as the transaction met it.
struct Life {
    table: TableId,
    row: RowId,
    /// What it was before all that was read of the log so far, which is read backwards.
    before: Stage,
    /// What became of it.
    after: Stage,
}

/// What a row was at a time.
#[derive(Clone)]
enum Stage {
    /// It was not there.
    Absent,
    /// As an image has it, or as it stands now, but for some cells.
    Row {
        image: Option<ImageId>,
        cells: BTreeMap<u16, WordCell>,
    },
}

/// Reads the log since a mark as changes from the state then to the state now.
///
/// # Errors
/// `SchemaChanged` if the schema changed since.
pub(crate) fn decode(state: &State, undo: &UndoLog, start: Mark) -> Result<Changes> {
    if let Some(table) = undo.changed_table_since(start) {
        let detail = "changes of rows do not lead across a change of this table's schema";
        return Err(schema_changed(table, detail));
    }
    let mut changes = Changes::default();
    let mut sequences = BTreeMap::new();
    let (mut clock, mut random) = (None, None);
    for entry in undo.since(start) {
        match *entry {
            Undo::Sequence { table, before } => {
                sequences.entry(table).or_insert(before);
            }
            Undo::Clock { before } => _ = clock.get_or_insert(undo.clock(before)),
            Undo::Random { before } => _ = random.get_or_insert(before),
            Undo::Inserted { .. }
            | Undo::Updated { .. }
            | Undo::CellUpdated { .. }
            | Undo::Deleted { .. }
            | Undo::Released { .. }
            | Undo::BecameIndexed { .. }
            | Undo::Linked { .. }
            | Undo::Unlinked { .. }
            | Undo::Missed { .. }
            | Undo::Unmissed { .. } => {}
        }
    }
    changes.sequences = sequences
        .into_iter()
        .map(|(table, before)| SequenceChange {
            table: state.schema.table(table).name.to_string(),
            before,
            after: state.sequences[table.index()],
        })
        .filter(|moved| moved.before != moved.after)
        .collect();
    changes.clock = clock
        .filter(|before| *before != state.clock)
        .map(|before| (before, state.clock));
    changes.random = random.map(|before| (before, state.random));
    changes.rows = decode_rows(state, undo, start);
    Ok(changes)
}

fn decode_rows(state: &State, undo: &UndoLog, start: Mark) -> Vec<RowChange> {
    let mut by_key: BTreeMap<(TableId, Key, bool), RowChange> = BTreeMap::new();
    let mut shapes = BTreeMap::new();
    for life in lives(undo.since(start)) {
        let before = life.before.values(&life, state, undo);
        let after = life.after.values(&life, state, undo);
        if before == after {
            continue;
        }
        let table = state.schema.table(life.table);
        let columns = shapes.entry(life.table);
        let change = RowChange {
            table: table.name.to_string(),
            columns: columns.or_insert_with(|| column_names(table)).clone(),
            key_columns: table
                .primary_key()
                .columns
                .iter()
                .map(|&ordinal| ordinal as usize)
                .collect(),
            before,
            after,
        };
        // A row that went and a row that came under the same key meet here; any other change stands alone.
        let came = change.before.is_none();
        let other = (life.table, change.key(), !came);
        match by_key.get_mut(&other) {
            Some(gone) if came && gone.after.is_none() => gone.after = change.after,
            Some(come) if change.after.is_none() && come.before.is_none() => {
                come.before = change.before
            }
            _ => _ = by_key.insert((life.table, change.key(), came), change),
        }
    }
    by_key
        .into_values()
        .filter(|change| change.before != change.after)
        .collect()
}

/// The rows that entries speak of, in no promised order.
fn lives(entries: &[Undo]) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    let mut open: BTreeMap<(TableId, RowId), Life> = BTreeMap::new();
    for entry in entries.iter().rev() {
        match *entry {
            Undo::Inserted { table, row, .. } => {
                let life = open.remove(&(table, row));
                lives.push(Life {
                    before: Stage::Absent,
                    ..life.unwrap_or_else(|| Life::standing(table, row))
                });
            }
            Undo::Updated {
                table, row, image, ..
            } => {
                let life = open.entry((table, row));
                let life = life.or_insert_with(|| Life::standing(table, row));
                life.before = Stage::of_image(image);
            }
            Undo::CellUpdated {
                table,
                row,
                ordinal,
                is_null,
                word,
            } => {
                let cell = WordCell {
                    ordinal,
                    is_null,
                    word,
                };
                let life = open.entry((table, row));
                let life = life.or_insert_with(|| Life::standing(table, row));
                if let Stage::Row { cells, .. } = &mut life.before {
                    cells.insert(cell.ordinal, cell);
                }
            }
            Undo::Deleted { table, row, image } => {
                let life = Life {
                    table,
                    row,
                    before: Stage::of_image(image),
                    after: Stage::Absent,
                };
                open.insert((table, row), life);
            }
            Undo::Released { .. }
            | Undo::BecameIndexed { .. }
            | Undo::Linked { .. }
            | Undo::Unlinked { .. }
            | Undo::Missed { .. }
            | Undo::Unmissed { .. }
            | Undo::Sequence { .. }
            | Undo::Clock { .. }
            | Undo::Random { .. } => {}
        }
    }
    lives.extend(open.into_values());
    lives
}

impl Life {
    /// Of a row that stands in its slot now.
    fn standing(table: TableId, row: RowId) -> Self {
        let now = Stage::Row {
            image: None,
            cells: BTreeMap::new(),
        };
        Life {
            table,
            row,
            before: now.clone(),
            after: now,
        }
    }
}

impl Stage {
    fn of_image(image: ImageId) -> Self {
        Stage::Row {
            image: Some(image),
            cells: BTreeMap::new(),
        }
    }

    /// The values of all columns; none if the row was not there.
    fn values(&self, life: &Life, state: &State, undo: &UndoLog) -> Option<Vec<Value>> {
        let Stage::Row { image, cells } = self else {
            return None;
        };
        let store = state.table(life.table);
        let row = match image {
            Some(image) => undo.images.get(*image, store.layout()),
            None => store.rows().get(life.row)?,
        };
        Some(row.values_with(store.layout(), cells.values().copied()))
    }
}

fn column_names(table: &Table) -> Arc<[String]> {
    let columns = table.columns.iter();
    columns.map(|column| column.name.to_string()).collect()
}
