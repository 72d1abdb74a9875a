//! The whole truth by brute force: every index, edge and constraint recomputed from the rows alone (integrity RI-95).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::parallel;
use crate::engine::snapshot::Snapshot;
use crate::expr::Cells;
use crate::schema::{ForeignKey, Table};
use crate::storage::RowId;
use crate::value::Key;

impl Snapshot {
    /// Recomputes every index, edge and constraint from the rows and gives the differences, in words: none is what a
    /// committed state always has. A reference that waits for commit is a difference only after it.
    ///
    /// O(rows × keys), table by table on all cores. For tests, fuzzing, and anyone in doubt.
    ///
    /// # Errors
    /// The differences, at least one.
    pub fn check_integrity(&self) -> Result<(), Vec<String>> {
        let mut faults = self.structural_faults();
        for key in self.schema().foreign_keys() {
            for child in self.state.edge(key.id).unmatched().iter() {
                let child = self.view(key.child, child).key();
                faults.push(format!("{}: row {child} has no parent", key.name));
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// As [`Snapshot::check_integrity`] within a transaction, where references may wait for commit.
    ///
    /// # Errors
    /// The differences, at least one.
    pub fn check_structure(&self) -> Result<(), Vec<String>> {
        let faults = self.structural_faults();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn structural_faults(&self) -> Vec<String> {
        let schema = self.schema();
        let rows: usize = schema
            .tables()
            .iter()
            .map(|table| self.row_count(table.id))
            .sum();
        let wide = rows >= parallel::ROWS_MIN;
        let mut faults =
            parallel::flat_map(schema.tables(), wide, |table| self.table_faults(table));
        faults.extend(parallel::flat_map(schema.foreign_keys(), wide, |key| {
            self.edge_faults(key)
        }));
        faults
    }

    fn table_faults(&self, table: &Table) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(fault) = self.state.table(table.id).check_indexes() {
            faults.push(format!("{}: {fault}", table.name));
        }
        for row in self.scan(table.id) {
            for (ordinal, column) in (0_u32..).zip(&table.columns) {
                let value = row.value(ordinal);
                if value.is_null() && !column.nullable {
                    faults.push(format!(
                        "{}: row {} has a null in {}",
                        table.name,
                        row.key(),
                        column.name
                    ));
                }
                if value
                    .data_type()
                    .is_some_and(|found| found != column.data_type)
                {
                    faults.push(format!(
                        "{}: row {} has a wrong type in {}",
                        table.name,
                        row.key(),
                        column.name
                    ));
                }
            }
            for check in &table.checks {
                if check.bound.test(&row) == Some(false) {
                    faults.push(format!(
                        "{}: row {} breaks check {}",
                        table.name,
                        row.key(),
                        check.name
                    ));
                }
            }
        }
        for key in &table.keys {
            let mut seen = BTreeSet::new();
            for row in self.scan(table.id) {
                let any_null = key.columns.iter().any(|&it| row.cell(it).is_null());
                let exempt = any_null && key.nulls_distinct;
                if !exempt && !seen.insert(row.values_of(&key.columns)) {
                    faults.push(format!(
                        "{}: row {} is a duplicate in {}",
                        table.name,
                        row.key(),
                        key.name
                    ));
                }
            }
        }
        faults
    }

    fn edge_faults(&self, key: &ForeignKey) -> Vec<String> {
        let mut faults = Vec::new();
        let mut parents: BTreeMap<Key, RowId> = BTreeMap::new();
        for row in self.scan(key.parent) {
            parents.insert(row.values_of(&key.parent_columns), row.id);
        }
        let edge = self.state.edge(key.id);
        let (mut linked, mut missing) = (0, 0);
        for row in self.scan(key.child) {
            let values = row.values_of(&key.child_columns);
            let complete = key.is_complete(|ordinal| row.value(ordinal));
            let parent = complete.then(|| parents.get(&values).copied()).flatten();
            // A key to any row has no edges.
            let expected = parent.filter(|_| !key.is_to_any_row());
            let link = row.parent(key);
            if link != expected {
                faults.push(format!(
                    "{}: row {} is linked to {link:?}, not {expected:?}",
                    key.name,
                    row.key()
                ));
            }
            if let Some(parent) = expected {
                linked += 1;
                if !edge.children().contains(parent, row.id) {
                    faults.push(format!(
                        "{}: row {} is not among its parent's children",
                        key.name,
                        row.key()
                    ));
                }
            } else if complete && parent.is_none() {
                missing += 1;
            }
        }
        if edge.children().len() != linked || edge.unmatched().len() != missing {
            faults.push(format!(
                "{}: {} edges, {} unmatched",
                key.name,
                edge.children().len(),
                edge.unmatched().len()
            ));
        }
        faults
    }
}
