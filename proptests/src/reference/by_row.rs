//! Statements that say for each row what it gets, as the verbs of associations run them.

use relata::value::Value;

use crate::reference::levels::Change;
use crate::reference::{Failure, Outcome, Reference};

/// Cells by ordinal.
pub type Cells = Vec<(usize, Value)>;

impl Reference {
    /// Inserts rows and gives their ids.
    ///
    /// # Errors
    /// Everything that is violated.
    pub fn insert_rows(&mut self, table: usize, rows: &[Cells]) -> Result<Vec<u64>, Failure> {
        let before = self.state.clone();
        self.run(&before, |reference| {
            for cells in rows {
                reference.insert(table, cells)?;
            }
            Ok((addressed(rows.len()), Vec::new()))
        })?;
        Ok((before.next_id..self.state.next_id).collect())
    }

    /// Writes cells into rows. Rows that are not there are passed over.
    ///
    /// # Errors
    /// Everything that is violated.
    pub fn update_rows(&mut self, table: usize, rows: &[(u64, Cells)]) -> Result<(), Failure> {
        let before = self.state.clone();
        self.run(&before, |reference| {
            let mut level = Vec::new();
            for (id, cells) in rows {
                let mut all = reference.state.tables[table].iter_mut();
                let Some(row) = all.find(|row| row.id == *id) else {
                    continue;
                };
                let old = row.values.clone();
                for (column, value) in cells {
                    row.values[*column] = value.clone();
                }
                level.push(Change {
                    table,
                    id: *id,
                    old,
                    new: Some(row.values.clone()),
                });
            }
            Ok((addressed(level.len()), level))
        })?;
        Ok(())
    }

    /// Deletes rows. Rows that are not there are passed over.
    ///
    /// # Errors
    /// Everything that is violated.
    pub fn delete_rows(&mut self, table: usize, ids: &[u64]) -> Result<(), Failure> {
        let before = self.state.clone();
        self.run(&before, |reference| {
            let mut level = Vec::new();
            for id in ids {
                let rows = &mut reference.state.tables[table];
                if let Some(position) = rows.iter().position(|row| row.id == *id) {
                    level.push(Change::delete(table, rows.remove(position)));
                }
            }
            Ok((addressed(level.len()), level))
        })?;
        Ok(())
    }
}

fn addressed(rows: usize) -> Outcome {
    Outcome {
        addressed: rows as u64,
        ..Outcome::default()
    }
}
