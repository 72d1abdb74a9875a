//! Tables, columns and foreign keys by name or by id.
//!
//! A name is looked up in the schema at every call. Who calls often looks it up once, with
//! [`Schema::table_id`], [`Table::column`](crate::schema::Table::column) or [`Schema::foreign_key_id`], and passes the id:
//! that is what a prepared call is. A change of the schema never gives an id to something else, so the id of what was
//! dropped is recognised; an ordinal is a position and holds for one version of its table. An id of a schema that was
//! declared on its own, or changed on another fork, is recognised only where nothing has it here.

use crate::error::{Error, RequestError, RequestKind, Result};
use crate::schema::{ForeignKeyId, Schema, Table, TableId};

/// A table: `"posts"`, or a [`TableId`].
pub trait TableName {
    /// The id in this schema.
    ///
    /// # Errors
    /// `UnknownTable`.
    fn table_id(&self, schema: &Schema) -> Result<TableId>;
}

/// A column of a table: `"title"`, or its ordinal.
pub trait ColumnName {
    /// The ordinal in this table.
    ///
    /// # Errors
    /// `UnknownColumn`.
    fn ordinal(&self, table: &Table) -> Result<u32>;
}

/// A foreign key: `"posts_author_id_fkey"`, or a [`ForeignKeyId`].
pub trait ForeignKeyName {
    /// The id in this schema.
    ///
    /// # Errors
    /// `UnknownConstraint`.
    fn foreign_key_id(&self, schema: &Schema) -> Result<ForeignKeyId>;
}

impl<T: AsRef<str> + ?Sized> TableName for &T {
    fn table_id(&self, schema: &Schema) -> Result<TableId> {
        schema.table_id(self.as_ref())
    }
}

impl TableName for TableId {
    #[inline]
    fn table_id(&self, schema: &Schema) -> Result<TableId> {
        match schema.find_table(*self) {
            Some(_) => Ok(*self),
            None => Err(Error::Request(no_id("table", self.index()))),
        }
    }
}

impl<T: AsRef<str> + ?Sized> ColumnName for &T {
    fn ordinal(&self, table: &Table) -> Result<u32> {
        table.column(self.as_ref())
    }
}

impl ColumnName for u32 {
    #[inline]
    fn ordinal(&self, table: &Table) -> Result<u32> {
        match (*self as usize) < table.visible_columns() {
            true => Ok(*self),
            false => Err(Error::Request(no_ordinal(table, *self))),
        }
    }
}

impl<T: AsRef<str> + ?Sized> ForeignKeyName for &T {
    fn foreign_key_id(&self, schema: &Schema) -> Result<ForeignKeyId> {
        schema.foreign_key_id(self.as_ref())
    }
}

impl ForeignKeyName for ForeignKeyId {
    #[inline]
    fn foreign_key_id(&self, schema: &Schema) -> Result<ForeignKeyId> {
        match schema.find_foreign_key(*self) {
            Some(_) => Ok(*self),
            None => Err(Error::Request(no_id("foreign key", self.index()))),
        }
    }
}

// These give what is in an error, not the error: then a caller of what is inlined above sees at once that there is one, and
// does not ask again.

#[cold]
fn no_id(what: &str, id: usize) -> Box<RequestError> {
    let detail = format!("{what} {id} is of another schema");
    RequestError::new(RequestKind::SchemaChanged, "", detail).into()
}

#[cold]
fn no_ordinal(table: &Table, ordinal: u32) -> Box<RequestError> {
    let detail = format!("no column at position {ordinal}");
    RequestError::new(RequestKind::UnknownColumn, &*table.name, detail).into()
}
