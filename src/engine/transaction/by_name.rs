//! Statements in names, as a user writes them: the database checks names and types, and does the rest by id.

use crate::engine::Changes;
use crate::engine::name::{ColumnName, TableName};
use crate::engine::read::Row;
use crate::engine::statement::Given;
use crate::engine::transaction::{Affected, Cells, Transaction};
use crate::error::{Operation, RequestError, RequestKind, Result};
use crate::expr::Expr;
use crate::schema::Table;
use crate::value::{Key, Value};

impl Transaction<'_> {
    /// Inserts one row and gives its primary key. Columns not named take their defaults.
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn`, `Type`; a constraint error if the row may not stand, `Evaluation` if that cannot be
    /// told because a check has no value for it. Nothing is changed then.
    pub fn insert<'v>(
        &mut self,
        table: impl TableName,
        row: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Key> {
        let id = table.table_id(&self.schema)?;
        let cells = named_cells(self.schema.table(id), row)?;
        let row = self.insert_row(id, cells)?;
        Ok(self.view(id, row).key())
    }

    /// Inserts rows as one statement, all or none; each row has one value for each named column.
    ///
    /// # Errors
    /// As [`Transaction::insert`], and `KeyLength` if a row has too few or too many values.
    pub fn insert_many<R>(
        &mut self,
        table: impl TableName,
        columns: &[&str],
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Affected>
    where
        R: AsRef<[Value]> + IntoIterator<Item = Value>,
    {
        let id = table.table_id(&self.schema)?;
        let schema = self.schema.clone();
        let table = schema.table(id);
        let given = Given::new(table, &named_columns(table, columns)?);
        self.run(Operation::Insert, |statement| {
            statement.inserts_many(id);
            let mut addressed = 0;
            for cells in rows {
                statement.insert_values(table, &given, addressed, cells)?;
                addressed += 1;
            }
            Ok(addressed)
        })
    }

    /// Writes values into every row that the filter selects.
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn`, `Type`; a constraint error if the result may not stand. Nothing is changed then.
    pub fn update(
        &mut self,
        table: impl TableName,
        filter: &Expr,
        values: impl IntoIterator<Item = (impl ColumnName, Value)>,
    ) -> Result<Affected> {
        let id = table.table_id(&self.schema)?;
        let cells = named_cells(self.schema.table(id), values)?;
        let rows = self.select_ids(id, filter)?;
        self.run(Operation::Update, |statement| {
            rows.iter()
                .try_for_each(|&row| statement.update(id, row, &cells).map(drop))?;
            Ok(rows.len())
        })
    }

    /// Writes values into the row with this primary key; no row is no error and counts none.
    ///
    /// # Errors
    /// As [`Transaction::update`], and `KeyLength`.
    pub fn update_key(
        &mut self,
        table: impl TableName,
        key: impl Into<Key>,
        values: impl IntoIterator<Item = (impl ColumnName, Value)>,
    ) -> Result<Affected> {
        let id = table.table_id(&self.schema)?;
        let cells = named_cells(self.schema.table(id), values)?;
        let row = self.find_key(id, key.into())?;
        match row {
            Some(row) => self.update_row(id, row, &cells),
            None => Ok(Affected::default()),
        }
    }

    /// Writes what a closure makes of each row that the filter selects. The closure sees every row as it was before the
    /// statement (integrity RI-61).
    ///
    /// # Errors
    /// As [`Transaction::update`], and whatever the closure gives.
    pub fn update_with<'v>(
        &mut self,
        table: impl TableName,
        filter: &Expr,
        mut change: impl FnMut(Row<'_>) -> Result<Vec<(&'v str, Value)>>,
    ) -> Result<Affected> {
        let id = table.table_id(&self.schema)?;
        let mut rows = Vec::new();
        for row in self.select_ids(id, filter)? {
            let values = change(self.view(id, row).into_row())?;
            rows.push((row, named_cells(self.schema.table(id), values)?));
        }
        self.update_rows(id, &rows)
    }

    /// Deletes every row that the filter selects, and what ON DELETE takes along.
    ///
    /// # Errors
    /// `UnknownTable`, what is wrong with the filter, `Evaluation` if it has no value for a row, or a constraint error if a
    /// reference forbids it.
    pub fn delete(&mut self, table: impl TableName, filter: &Expr) -> Result<Affected> {
        let id = table.table_id(&self.schema)?;
        let rows = self.select_ids(id, filter)?;
        self.delete_rows(id, &rows)
    }

    /// Deletes the row with this primary key, and what ON DELETE takes along; no row is no error and counts none.
    ///
    /// # Errors
    /// As [`Transaction::delete`], and `KeyLength`.
    pub fn delete_key(&mut self, table: impl TableName, key: impl Into<Key>) -> Result<Affected> {
        let id = table.table_id(&self.schema)?;
        let row = self.find_key(id, key.into())?;
        self.delete_rows(id, row.as_slice())
    }

    /// Applies changes as one statement: no actions run, since the changes contain what they did; every constraint is
    /// judged on the result.
    ///
    /// # Errors
    /// `Conflict` if a row is not as the changes expect it; a constraint error if the result may not stand.
    pub fn apply(&mut self, changes: &Changes) -> Result<()> {
        let plan = changes.resolve(self)?;
        let mut statement = self.statement(Operation::Apply);
        let counts = plan.run(&mut statement)?;
        statement.finish_without_actions()?;
        drop(statement);
        self.rows += counts;
        Ok(())
    }
}

/// The ordinals of columns; one named twice is refused.
pub(super) fn named_columns(table: &Table, columns: &[&str]) -> Result<Vec<u32>> {
    let names = columns.iter().map(|name| (*name, Value::Null));
    let cells = named_cells(table, names)?.into_iter();
    Ok(cells.map(|(ordinal, _)| ordinal).collect())
}

/// Names to ordinals; a column named twice is refused.
pub(super) fn named_cells(
    table: &Table,
    values: impl IntoIterator<Item = (impl ColumnName, Value)>,
) -> Result<Cells> {
    let mut cells = Cells::new();
    for (name, value) in values {
        let ordinal = name.ordinal(table)?;
        if cells.iter().any(|(given, _)| *given == ordinal) {
            let name = &table.columns[ordinal as usize].name;
            let detail = format!("column {name} is given twice");
            return Err(RequestError::new(RequestKind::Repeated, &*table.name, detail).into());
        }
        cells.push((ordinal, value));
    }
    Ok(cells)
}
