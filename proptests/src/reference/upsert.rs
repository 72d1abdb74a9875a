//! Inserts that meet rows, one after the other: RI-62.

use relata::value::Value;

use crate::operations::{Encounter, Upsert};
use crate::reference::levels::Change;
use crate::reference::{Failure, Outcome, Reference, judge, project, takes_part};
use crate::shape::DefaultShape;

impl Reference {
    /// Inserts rows, or does with each what is to be done when it meets one.
    pub(super) fn upsert(&mut self, upsert: &Upsert) -> Result<(Outcome, Vec<Change>), Failure> {
        let mut outcome = Outcome::default();
        let (mut level, mut met) = (Vec::new(), Vec::new());
        let table = upsert.table;
        for row in &upsert.rows {
            let columns = upsert.columns.iter().copied();
            let cells: Vec<(usize, Value)> = columns.zip(row.iter().cloned()).collect();
            let Some(position) = self.met_by(upsert, &cells) else {
                self.insert(table, &cells)?;
                met.extend(self.state.tables[table].last().map(|row| row.id));
                outcome.inserted += 1;
                continue;
            };
            let id = self.state.tables[table][position].id;
            if let Encounter::Skip = upsert.encounter {
                outcome.skipped += 1;
                continue;
            }
            if met.contains(&id) {
                return Err(Failure {
                    // Rows before this one may be refused first.
                    violations: judge::rows(&self.shape, &self.state),
                    repeated: true,
                    changes: met.len() as u64,
                    ..Failure::default()
                });
            }
            met.push(id);
            let old = self.state.tables[table][position].values.clone();
            for column in self.written(upsert) {
                let value = self.filled(table, column, &cells)?;
                self.state.tables[table][position].values[column] = value;
            }
            let new = self.state.tables[table][position].values.clone();
            level.push(Change {
                table,
                id,
                old,
                new: Some(new),
            });
            outcome.updated += 1;
        }
        outcome.met = outcome.updated + outcome.skipped > 0;
        outcome.addressed = outcome.inserted + outcome.updated;
        Ok((outcome, level))
    }

    /// The row that has a deciding key of a new row, by the first key for which there is one.
    fn met_by(&self, upsert: &Upsert, cells: &[(usize, Value)]) -> Option<usize> {
        let table = &self.shape.tables[upsert.table];
        let values: Vec<Option<Value>> = (0..table.columns.len())
            .map(|column| self.foreseen(upsert.table, column, cells))
            .collect();
        let known: Vec<Value> = values
            .iter()
            .map(|it| it.clone().unwrap_or(Value::Null))
            .collect();
        let rows = &self.state.tables[upsert.table];
        deciding(upsert, table.uniques.len()).find_map(|key| {
            let unique = &table.uniques[key];
            let foreseen = unique
                .columns
                .iter()
                .all(|&column| values[column].is_some());
            let wanted = project(&known, &unique.columns);
            let exempt = unique.nulls_distinct && wanted.iter().any(Value::is_null);
            if !foreseen || exempt || !takes_part(unique, &known) {
                return None;
            }
            rows.iter().position(|row| {
                takes_part(unique, &row.values) && project(&row.values, &unique.columns) == wanted
            })
        })
    }

    /// What a column would hold, unless it has yet to be made.
    fn foreseen(&self, table: usize, column: usize, cells: &[(usize, Value)]) -> Option<Value> {
        let shape = &self.shape.tables[table];
        let given = cells.iter().find(|(other, _)| *other == column);
        match (given, &shape.columns[column].default) {
            (Some((_, value)), DefaultShape::AutoIncrement) if value.is_null() => None,
            (Some((_, value)), _) => Some(value.clone()),
            (None, DefaultShape::Null) => Some(Value::Null),
            (None, DefaultShape::Constant(value)) => Some(value.clone()),
            (None, DefaultShape::Now | DefaultShape::AutoIncrement) => None,
        }
    }

    /// The columns that a row takes that was met.
    fn written(&self, upsert: &Upsert) -> Vec<usize> {
        let table = &self.shape.tables[upsert.table];
        let decides = |column: &usize| {
            let mut keys = deciding(upsert, table.uniques.len()).chain([0]);
            keys.any(|key| table.uniques[key].columns.contains(column))
        };
        match &upsert.encounter {
            Encounter::Skip => Vec::new(),
            Encounter::Update => upsert
                .columns
                .iter()
                .copied()
                .filter(|it| !decides(it))
                .collect(),
            Encounter::Replace => (0..table.visible()).filter(|it| !decides(it)).collect(),
            Encounter::Only(columns) => columns.clone(),
        }
    }
}

fn deciding(upsert: &Upsert, keys: usize) -> impl Iterator<Item = usize> + use<> {
    match upsert.key {
        Some(key) => key..key + 1,
        None => 0..keys,
    }
}
