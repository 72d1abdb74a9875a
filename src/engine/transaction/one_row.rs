//! The update of one row, and the short way that most of them take: one cell that nothing else depends on.
//!
//! Where a single cell of one word is written, in a column of no key, index or foreign key and a table without checks, nothing
//! follows and nothing is left to judge: what a [statement](crate::engine::statement::Statement) keeps of its changes and
//! plays back if it fails would stay empty. Without it such an update takes two thirds of the instructions (W7 of
//! `benches/rivals`).

use crate::engine::transaction::{Affected, Transaction, writer};
use crate::engine::undo::UndoLog;
use crate::error::{Operation, Result};
use crate::schema::{Reach, TableId};
use crate::storage::RowId;
use crate::value::Value;

impl Transaction<'_> {
    /// Writes cells into a row, in a statement of its own.
    pub(super) fn update_row(
        &mut self,
        table: TableId,
        row: RowId,
        cells: &[(u32, Value)],
    ) -> Result<Affected> {
        if let [(ordinal, value)] = cells
            && self.stands_alone(table, *ordinal, value)
        {
            self.keep_time_of_reads();
            let mut writer = writer(self.database, &self.schema);
            if writer.update_cell(table, row, *ordinal, value) {
                self.rows += 1;
                return Ok(Affected {
                    rows: 1,
                    by_actions: 0,
                });
            }
        }
        self.run(Operation::Update, |statement| {
            statement.update(table, row, cells)?;
            Ok(1)
        })
    }

    /// Whether nothing follows from a cell, and its value is of the type of the column and breaks no constraint and no limit:
    /// what is wrong with one is for a statement to name.
    #[inline]
    fn stands_alone(&self, table: TableId, ordinal: u32, value: &Value) -> bool {
        let (limits, way_back) = (&self.database.limits, self.database.undo.size_bytes());
        let table = self.schema.table(table);
        let column = &table.columns[ordinal as usize];
        table.reach(&[ordinal]) == Reach::Row
            && table.checks.is_empty()
            && column.data_type.admits(value)
            && (column.nullable || !value.is_null())
            && limits.admits(value.as_ref())
            && limits.rows_changed_max > 0
            && way_back + UndoLog::ENTRY_BYTES <= limits.transaction_bytes_max
    }
}
