//! Moving a table's sequence by hand.

use crate::engine::name::TableName;
use crate::engine::transaction::{Transaction, writer};
use crate::error::{RequestError, RequestKind, Result};

impl Transaction<'_> {
    /// Makes `next` the number that the next row without one gets: PostgreSQL's `setval`. The way on when an update gave a
    /// row a number that the sequence has yet to come to. It is undone like any other write.
    ///
    /// # Errors
    /// `UnknownTable`; `Unsupported` if no column that can be named takes its numbers.
    pub fn set_sequence(&mut self, table: impl TableName, next: i64) -> Result<()> {
        let id = table.table_id(&self.schema)?;
        let shape = self.schema.table(id);
        let column = shape.auto_increment.map(|it| &shape.columns[it as usize]);
        if column.is_none_or(|column| column.hidden) {
            let detail = "no column has auto increment";
            return Err(RequestError::new(RequestKind::Unsupported, &*shape.name, detail).into());
        }
        writer(self.database, &self.schema).set_sequence(id, next);
        Ok(())
    }
}
