//! Inserts whose table and columns were looked up once.

use std::sync::Arc;

use crate::engine::name::TableName;
use crate::engine::read::Row;
use crate::engine::snapshot::Snapshot;
use crate::engine::statement::Given;
#[cfg(doc)]
use crate::engine::transaction::OnConflict;
use crate::engine::transaction::Transaction;
use crate::engine::transaction::by_name::named_columns;
use crate::engine::transaction::on_conflict::refuse_deferrable;
use crate::error::{Operation, RequestError, RequestKind, Result};
use crate::schema::{Schema, Table, TableId};
use crate::storage::RowId;
use crate::value::Value;

/// A table and some of its columns, for inserting a row often: see [`Snapshot::prepare_insert`].
#[derive(Clone, Debug)]
pub struct PreparedInsert {
    table: Arc<Table>,
    columns: Box<[u32]>,
    given: Given,
}

impl Snapshot {
    /// Looks up a table and the columns of new rows once. What follows from the names alone is not done again by
    /// [`Transaction::insert_prepared`].
    ///
    /// ```
    /// use relata::engine::Database;
    /// use relata::schema::{ColumnDef, Schema, TableDef};
    /// use relata::value::DataType;
    ///
    /// let points = TableDef::new("points")
    ///     .column(ColumnDef::new("x", DataType::Int))
    ///     .column(ColumnDef::new("y", DataType::Int))
    ///     .primary_key(["x", "y"]);
    /// let mut db = Database::new(Schema::builder().table(points).build()?);
    /// let insert = db.prepare_insert("points", &["x", "y"])?;
    /// let mut tx = db.begin();
    /// for x in 0..3 {
    ///     tx.insert_prepared(&insert, [x.into(), 1.into()])?;
    /// }
    /// assert!(tx.insert_prepared(&insert, [2.into(), 1.into()]).is_err());
    /// tx.commit()?;
    /// assert_eq!(db.count("points")?, 3);
    /// # Ok::<(), relata::Error>(())
    /// ```
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn`, `Repeated`.
    pub fn prepare_insert(
        &self,
        table: impl TableName,
        columns: &[&str],
    ) -> Result<PreparedInsert> {
        let id = table.table_id(self.schema())?;
        let table = self.schema().shared_table(id);
        let columns = named_columns(table, columns)?;
        Ok(PreparedInsert {
            given: Given::new(table, &columns),
            columns: columns.into(),
            table: table.clone(),
        })
    }
}

impl Transaction<'_> {
    /// As [`Transaction::insert`], of a value for each column that the insert was prepared for, in their order. Gives the row,
    /// which knows its key.
    ///
    /// # Errors
    /// `SchemaChanged` if the schema was changed since; `KeyLength` if there are too few or too many values, `Type`; a
    /// constraint error if the row may not stand. Nothing is changed then.
    pub fn insert_prepared(
        &mut self,
        insert: &PreparedInsert,
        values: impl AsRef<[Value]> + IntoIterator<Item = Value>,
    ) -> Result<Row<'_>> {
        let PreparedInsert { table, given, .. } = insert;
        check_present(&self.schema, table)?;
        let row = self.insert_one(|statement| statement.insert_values(table, given, 0, values))?;
        Ok(self.inserted(table.id, row))
    }

    /// A row that was just inserted. It is there, so that nobody has to look.
    fn inserted(&self, table: TableId, row: RowId) -> Row<'_> {
        let reader = self.reader(table);
        reader.row(reader.live(row))
    }

    /// As [`Transaction::insert_prepared`], unless another row has a unique key of the new one: then it is left out, and not
    /// judged at all. So it does what [`OnConflict::skip`] says. Costs one look-up less than asking first whether the row is
    /// there, and no error has to be made for it.
    ///
    /// ```
    /// use relata::engine::Database;
    /// use relata::schema::{ColumnDef, Schema, TableDef};
    /// use relata::value::DataType;
    ///
    /// let points = TableDef::new("points")
    ///     .column(ColumnDef::new("x", DataType::Int))
    ///     .column(ColumnDef::new("y", DataType::Int))
    ///     .primary_key(["x", "y"]);
    /// let mut db = Database::new(Schema::builder().table(points).build()?);
    /// let insert = db.prepare_insert("points", &["x", "y"])?;
    /// let mut tx = db.begin();
    /// assert!(tx.insert_prepared_or_skip(&insert, [2.into(), 1.into()])?.is_some());
    /// assert!(tx.insert_prepared_or_skip(&insert, [2.into(), 1.into()])?.is_none());
    /// # Ok::<(), relata::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Transaction::insert_prepared`], but for duplicates; `Unsupported` if a unique key of the table is deferrable, since
    /// two rows may have one value of it.
    pub fn insert_prepared_or_skip(
        &mut self,
        insert: &PreparedInsert,
        values: impl AsRef<[Value]> + IntoIterator<Item = Value>,
    ) -> Result<Option<Row<'_>>> {
        let PreparedInsert {
            table,
            columns,
            given,
        } = insert;
        check_present(&self.schema, table)?;
        let row = match given.is_whole_row() {
            true => {
                refuse_deferrable(table, 0..table.keys.len())?;
                self.insert_unless_taken(table, given, values.as_ref())?
            }
            // What is filled in must not be made for a row that is left out.
            false => self.insert_or_skip(table.id, columns, values.into_iter().collect())?,
        };
        Ok(row.map(|row| self.inserted(table.id, row)))
    }

    /// A statement that inserts a whole row, or that is dropped and thereby played back; the row's id.
    fn insert_unless_taken(
        &mut self,
        table: &Table,
        given: &Given,
        values: &[Value],
    ) -> Result<Option<RowId>> {
        let mut row = None;
        let mut statement = self.statement(Operation::Insert);
        statement.only_inserts();
        if statement.insert_unless_taken(table, given, values)? {
            row = Some(statement.last_inserted());
            statement.finish(1)?;
        }
        drop(statement);
        self.rows += u64::from(row.is_some());
        Ok(row)
    }
}

/// The table is this very one, not another shape of it, nor one of another schema.
#[inline]
fn check_present(schema: &Schema, table: &Arc<Table>) -> Result<()> {
    let present = schema.find_table(table.id);
    if present.is_some_and(|present| std::ptr::eq(present, &**table)) {
        return Ok(());
    }
    let detail = "the table was changed since the insert was prepared";
    Err(RequestError::new(RequestKind::SchemaChanged, &*table.name, detail).into())
}
