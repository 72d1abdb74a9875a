//! Inserts whose table and columns were looked up once.

use std::sync::Arc;

use crate::engine::name::TableName;
use crate::engine::read::Row;
use crate::engine::snapshot::Snapshot;
use crate::engine::statement::Given;
use crate::engine::transaction::Transaction;
use crate::engine::transaction::by_name::named_columns;
use crate::error::{RequestError, RequestKind, Result};
use crate::schema::{Schema, Table};
use crate::value::Value;

/// A table and some of its columns, for inserting a row often: see [`Snapshot::prepare_insert`].
#[derive(Clone, Debug)]
pub struct PreparedInsert {
    table: Arc<Table>,
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
        Ok(PreparedInsert {
            given: Given::new(table, &named_columns(table, columns)?),
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
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Row<'_>> {
        let PreparedInsert { table, given } = insert;
        check_present(&self.schema, table)?;
        let row = self.insert_one(|statement| statement.insert_values(table, given, 0, values))?;
        Ok(self.view(table.id, row).into_row())
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
