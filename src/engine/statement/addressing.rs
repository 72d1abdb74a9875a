//! The rows that a statement addresses, and the writing of rows: what is given and what is filled in, and what the
//! statement notes of each change.
//!
//! A row that comes is judged here, since nothing changes it any more. Everything else is judged at the end.

use smallvec::SmallVec;

use crate::engine::constraint;
use crate::engine::mutation::{Unplaced, Updated, Writing};
use crate::engine::new_edges::{NewEdges, Parents};
use crate::engine::referential::{Cause, Change};
use crate::engine::statement::{Buffers, Proposed, Statement};
use crate::error::{
    Error, Limit, RequestError, RequestKind, Result, TransactionError, TransactionKind,
};
use crate::schema::{DefaultValue, Reach, Table, TableId};
use crate::storage::{Collision, RowId};
use crate::value::Value;

/// Which columns of a table are given a value, and where it stands among the values.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// For each column, the position of its value.
    sources: SmallVec<[Option<u32>; 32]>,
    /// How many values there are.
    len: usize,
    /// Whether the values are those of all columns in their order and none asks for another one, so that they are the row.
    is_whole_row: bool,
}

impl Given {
    /// The columns of the values, in their order.
    pub(crate) fn new(table: &Table, ordinals: &[u32]) -> Self {
        let mut sources = SmallVec::from_elem(None, table.columns.len());
        for (position, &ordinal) in (0..).zip(ordinals) {
            sources[ordinal as usize] = Some(position);
        }
        let in_order = (0..).zip(&sources).all(|(at, source)| *source == Some(at));
        Given {
            is_whole_row: in_order && table.auto_increment.is_none(),
            len: ordinals.len(),
            sources,
        }
    }

    /// A row, of which this is the position among many, has a value for each column that is given one.
    #[inline]
    pub(crate) fn check_length(&self, table: &Table, row: usize, found: usize) -> Result<()> {
        match found == self.len {
            true => Ok(()),
            false => Err(self.wrong_length(table, row, found)),
        }
    }

    #[cold]
    fn wrong_length(&self, table: &Table, row: usize, found: usize) -> Error {
        let detail = format!("row {row} has {found} values for {} columns", self.len);
        RequestError::new(RequestKind::KeyLength, &*table.name, detail).into()
    }

    /// Whether the values are the row, in the order of its columns, with nothing to be filled in.
    #[inline]
    pub(crate) fn is_whole_row(&self) -> bool {
        self.is_whole_row
    }

    /// The value of a column, if it is given one.
    pub(crate) fn value<'v>(&self, values: &'v [Value], ordinal: u32) -> Option<&'v Value> {
        let position = self.sources[ordinal as usize]?;
        Some(&values[position as usize])
    }
}

/// A unique key of a new row, and the row that has it.
#[derive(Clone, Copy, Debug)]
struct Taken {
    key: usize,
    other: RowId,
}

impl Statement<'_> {
    /// Makes a whole row of the values that were given and defaults for the rest. Takes the values; sequences, clock and
    /// randomness move on.
    pub(crate) fn complete(
        &mut self,
        table_id: TableId,
        given: &Given,
        values: &mut [Value],
        row: &mut Vec<Value>,
    ) -> Result<()> {
        let table = self.writer.schema.table(table_id);
        row.clear();
        for (column, source) in table.columns.iter().zip(&given.sources) {
            let value = source.map(|position| std::mem::take(&mut values[position as usize]));
            row.push(match value {
                Some(value) if !asks_for_next(&value, &column.default) => value,
                _ => self
                    .writer
                    .default_value(table_id, &column.default, self.context.now)?,
            });
        }
        self.note_given_key(table, row);
        Ok(())
    }

    /// Writes a new row of values for the given columns, and defaults for the rest. It is the row at this position among
    /// many.
    pub(crate) fn insert_values(
        &mut self,
        table: &Table,
        given: &Given,
        position: usize,
        values: impl AsRef<[Value]> + IntoIterator<Item = Value>,
    ) -> Result<()> {
        // Read where they stand: values that were just put together, and are copied before they are read, wait for all
        // that the processor has begun (W1 of `benches/rivals`).
        if given.is_whole_row {
            let row = values.as_ref();
            given.check_length(table, position, row.len())?;
            return self.insert(table.id, row);
        }
        let mut owned = std::mem::take(&mut self.context.buffers.values);
        owned.extend(values);
        let inserted = self.insert_owned(table, given, position, &mut owned);
        owned.clear();
        self.context.buffers.values = owned;
        inserted
    }

    fn insert_owned(
        &mut self,
        table: &Table,
        given: &Given,
        position: usize,
        values: &mut [Value],
    ) -> Result<()> {
        given.check_length(table, position, values.len())?;
        let mut row = std::mem::take(&mut self.context.buffers.row);
        let inserted = self
            .complete(table.id, given, values, &mut row)
            .and_then(|()| self.insert(table.id, &row));
        row.clear();
        self.context.buffers.row = row;
        inserted
    }

    /// Writes a new row of some cells, and defaults for the rest.
    pub(crate) fn insert_cells(
        &mut self,
        table: TableId,
        cells: impl AsRef<[(u32, Value)]> + IntoIterator<Item = (u32, Value)>,
    ) -> Result<()> {
        let mut row = std::mem::take(&mut self.context.buffers.row);
        let inserted = self
            .complete_cells(table, cells, &mut row)
            .and_then(|()| self.insert(table, &row));
        row.clear();
        self.context.buffers.row = row;
        inserted
    }

    /// As [`Statement::complete`], of cells by ordinal.
    fn complete_cells(
        &mut self,
        table_id: TableId,
        cells: impl AsRef<[(u32, Value)]> + IntoIterator<Item = (u32, Value)>,
        row: &mut Vec<Value>,
    ) -> Result<()> {
        let table = self.writer.schema.table(table_id);
        row.clear();
        row.extend(table.columns.iter().map(|_| Value::Null));
        for (ordinal, column) in (0_u32..).zip(&table.columns) {
            if matches!(column.default, DefaultValue::None) {
                continue;
            }
            let given = cells.as_ref().iter().find(|(other, _)| *other == ordinal);
            if given.is_none_or(|(_, value)| asks_for_next(value, &column.default)) {
                row[ordinal as usize] =
                    self.writer
                        .default_value(table_id, &column.default, self.context.now)?;
            }
        }
        for (ordinal, value) in cells {
            // What is null there already is null, or the number that a null asked for.
            if !value.is_null() {
                row[ordinal as usize] = value;
            }
        }
        self.note_given_key(table, row);
        Ok(())
    }

    /// Moves the sequence of a table past the key of a whole row.
    fn note_given_key(&mut self, table: &Table, row: &[Value]) {
        if let Some(ordinal) = table.auto_increment
            && let Some(key) = row[ordinal as usize].as_ref().as_int()
        {
            self.writer.note_key(table.id, key);
        }
    }

    /// The value that a column would have in a whole row: the one that was given, taken, or else the default.
    pub(crate) fn value_of(
        &mut self,
        table: &Table,
        given: &Given,
        values: &mut [Value],
        ordinal: u32,
    ) -> Result<Value> {
        let default = &table.columns[ordinal as usize].default;
        let value = given.sources[ordinal as usize]
            .map(|position| std::mem::take(&mut values[position as usize]));
        match value {
            Some(value) if !asks_for_next(&value, default) => Ok(value),
            _ => self
                .writer
                .default_value(table.id, default, self.context.now),
        }
    }

    /// Each value has the type of its column.
    pub(crate) fn check_types(
        &self,
        table: &Table,
        ordinals: &[u32],
        values: &[Value],
    ) -> Result<()> {
        constraint::check_types(
            table,
            ordinals.iter().copied().zip(values),
            self.context.limits,
        )
    }

    /// Writes a new row of all columns. Its not null columns and checks are judged at once: nothing can change them any
    /// more. So are its unique keys, unless the statement may still take another row out of the way.
    pub(crate) fn insert(&mut self, table_id: TableId, values: &[Value]) -> Result<()> {
        let table = self.writer.schema.table(table_id);
        constraint::check_new_row(table, values, self.context.limits, self.operation)?;
        match self.write_new(table, values)? {
            None => Ok(()),
            Some(Taken { key, other }) => Err(constraint::duplicate_of_new(
                self.writer.state,
                table,
                key,
                values,
                other,
                self.operation,
            )
            .into()),
        }
    }

    /// As [`Statement::insert_values`] of a whole row; whether it was written. It is left out if another row has a unique key
    /// of it, and not judged then. The statement has to be dropped after that.
    pub(crate) fn insert_unless_taken(
        &mut self,
        table: &Table,
        given: &Given,
        row: &[Value],
    ) -> Result<bool> {
        given.check_length(table, 0, row.len())?;
        let limits = self.context.limits;
        if let Err(refused) = constraint::check_new_row(table, row, limits, self.operation) {
            // What has not the types of the keys cannot have one that is taken.
            constraint::check_types(table, (0..).zip(row), limits)?;
            let proposed = Proposed {
                table,
                given,
                values: row,
            };
            let conflict = proposed.conflict(self.writer.state, 0..table.keys.len());
            return conflict.map_or(Err(refused), |_| Ok(false));
        }
        Ok(self.write_new(table, row)?.is_none())
    }

    /// Writes a new row that may stand by itself; which of its unique keys another row has, where that cannot change any
    /// more. The statement may not stand then.
    fn write_new(&mut self, table: &Table, values: &[Value]) -> Result<Option<Taken>> {
        let (schema, table_id) = (self.writer.schema, table.id);
        let Buffers {
            edges, met, queue, ..
        } = &mut *self.context.buffers;
        met.clear();
        let parents = match (self.parents_stay, self.collects_edges) {
            (false, _) => Parents::MayChange,
            (true, None) => Parents::Stay,
            (true, Some(_)) => Parents::StayForMany(edges),
        };
        let row = match self
            .writer
            .insert_row(table_id, values, parents, met, queue)
        {
            Ok(row) => row,
            Err(Unplaced::Taken(other)) => return Ok(Some(Taken { key: 0, other })),
            Err(Unplaced::Full) => {
                let detail = format!("table {} has used every row id", table.name);
                return Err(
                    TransactionError::new(TransactionKind::Limit(Limit::RowIds), detail).into(),
                );
            }
        };
        let waits_for_end = !self.parents_stay && !self.context.buffers.met.is_empty();
        if waits_for_end {
            let Buffers {
                collisions, met, ..
            } = &mut *self.context.buffers;
            collisions.extend(met.drain(..).map(|collision| (table_id, collision)));
        }
        let refused = |met: &&Collision| !self.context.modes.key_waits(schema, table_id, met.key);
        let refused = self.context.buffers.met.iter().find(refused);
        if let Some(&Collision { key, other, .. }) = refused {
            return Ok(Some(Taken { key, other }));
        }
        self.count(table_id)?;
        if self.context.buffers.edges.len() >= NewEdges::MAX {
            self.insert_edges();
        }
        if waits_for_end || self.is_waited_for(table) {
            self.context.buffers.history.push(Change {
                table: table_id,
                row,
                before: None,
                gone: false,
                rekeyed: false,
                judged: false,
                cause: None,
            });
        }
        self.last_inserted = row;
        Ok(None)
    }

    /// The row that was inserted last.
    //
    // Kept rather than given with each result: that would be handed on through memory, put together of pieces, and to read
    // it at once the processor waits for all that it has begun (a twentieth of W9a of `benches/rivals`).
    #[inline]
    pub(crate) fn last_inserted(&self) -> RowId {
        self.last_inserted
    }

    /// Writes cells of a row that the statement addresses; whether anything changed.
    pub(crate) fn update(
        &mut self,
        table: TableId,
        row: RowId,
        cells: &[(u32, Value)],
    ) -> Result<bool> {
        let values = cells.iter().map(|(ordinal, value)| (*ordinal, value));
        constraint::check_types(self.writer.schema.table(table), values, self.context.limits)?;
        self.write_cells(table, row, cells, Writing::default(), None)
    }

    /// Takes out a row that the statement addresses.
    pub(crate) fn delete(&mut self, table: TableId, row: RowId) -> Result<()> {
        self.take_out(table, row, None, false)
    }

    pub(super) fn write_cells(
        &mut self,
        table: TableId,
        row: RowId,
        cells: &[(u32, Value)],
        how: Writing<'_>,
        cause: Option<Cause>,
    ) -> Result<bool> {
        self.context.buffers.met.clear();
        let Buffers {
            history,
            collisions,
            met,
            queue,
            ..
        } = &mut *self.context.buffers;
        let judged = must_be_judged(self.writer.schema.table(table), cells);
        let Some(Updated { image, reach }) =
            self.writer
                .update_row(table, row, cells, Writing { judged, ..how }, met, queue)
        else {
            return Ok(false);
        };
        collisions.extend(met.iter().map(|&collision| (table, collision)));
        let rekeyed = reach == Reach::Children;
        self.has_consequences |= rekeyed;
        if reach > Reach::Row || judged {
            history.push(Change {
                table,
                row,
                before: image,
                gone: false,
                rekeyed,
                judged,
                cause,
            });
        }
        self.count(table)?;
        Ok(true)
    }

    pub(super) fn take_out(
        &mut self,
        table: TableId,
        row: RowId,
        cause: Option<Cause>,
        with_list: bool,
    ) -> Result<()> {
        let cleared = cause.filter(|_| with_list).map(|cause| cause.key);
        if let Some(before) = self.writer.delete_row(table, row, cleared) {
            self.has_consequences = true;
            self.context.buffers.history.push(Change {
                table,
                row,
                before: Some(before),
                gone: true,
                rekeyed: true,
                judged: false,
                cause,
            });
            self.count(table)?;
        }
        Ok(())
    }

    /// Counts a changed row against the limits.
    fn count(&mut self, table: TableId) -> Result<()> {
        let limits = self.context.limits;
        self.rows_changed += 1;
        if self.rows_changed > limits.rows_changed_max {
            return Err(limits.too_many_rows_changed(self.writer.schema.table(table)));
        }
        self.check_transaction_bytes()
    }

    /// Whether a child without a parent may be waiting for a row of a table.
    fn is_waited_for(&self, table: &Table) -> bool {
        let state = &*self.writer.state;
        let mut keys = table.referenced_by.iter();
        keys.any(|&key| !state.unmatched(key).is_empty())
    }
}

/// A null for a generated key asks for the next one.
fn asks_for_next(value: &Value, default: &DefaultValue) -> bool {
    value.is_null() && *default == DefaultValue::AutoIncrement
}

/// Whether a row with these cells may break a not null column or a check.
fn must_be_judged(table: &Table, cells: &[(u32, Value)]) -> bool {
    let refuses_null = |(ordinal, value): &(u32, Value)| {
        value.is_null() && !table.columns[*ordinal as usize].nullable
    };
    !table.checks.is_empty() || cells.iter().any(refuses_null)
}
