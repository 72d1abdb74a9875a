//! What a random schema can have besides: unique keys that wait or leave rows out, and deletes that write to some
//! columns of a key.
//!
//! Apart from [`Shape::random`], because other engines do not have all of it, or not in one schema.

use crate::choices::Choices;
use crate::shape::{Comparison, PartShape, Rule, Shape, TableShape, Timing};

impl Shape {
    /// Adds what relata and the reference know and not every other engine.
    pub fn enrich(&mut self, choices: &mut Choices) {
        self.enriched = true;
        for table in 0..self.tables.len() {
            for unique in 1..self.tables[table].uniques.len() {
                let referred_to = self.is_referred_to(table, unique);
                // What others refer to is where duplicates matter most.
                match choices.below(10) {
                    place if place < if referred_to { 8 } else { 3 } => {
                        self.tables[table].uniques[unique].timing = timing(choices);
                    }
                    3..=5 if !referred_to => {
                        let part = self.part(table, choices);
                        self.tables[table].uniques[unique].part = Some(part);
                    }
                    _ => {}
                }
            }
        }
        for key in 0..self.references.len() {
            let written = self.written_on_delete(key, choices);
            let reference = &mut self.references[key];
            if let Some((rule, columns)) = written {
                reference.on_delete = rule;
                reference.on_delete_columns = Some(columns);
            }
        }
    }

    fn is_referred_to(&self, table: usize, unique: usize) -> bool {
        let columns = &self.tables[table].uniques[unique].columns;
        self.references.iter().any(|reference| {
            reference.parent == table
                && reference.parent_columns.len() == columns.len()
                && columns
                    .iter()
                    .all(|it| reference.parent_columns.contains(it))
        })
    }

    fn part(&self, table: usize, choices: &mut Choices) -> PartShape {
        let table = &self.tables[table];
        let column = choices.below(table.visible());
        let comparison = match choices.below(4) {
            0 => Comparison::Equal,
            1 => Comparison::Unequal,
            2 => Comparison::Less,
            _ => Comparison::AtLeast,
        };
        let value = self.value(table.columns[column].kind, choices.below(self.spread));
        PartShape {
            column,
            comparison,
            value,
        }
    }

    /// Now and then, a rule that writes to some columns of a key, where there is one that can succeed.
    fn written_on_delete(&self, key: usize, choices: &mut Choices) -> Option<(Rule, Vec<usize>)> {
        let reference = &self.references[key];
        let rule = match choices.below(6) {
            0 | 1 => Rule::SetNull,
            2 => Rule::SetDefault,
            _ => return None,
        };
        let table = &self.tables[reference.child];
        let columns = reference.child_columns.iter().copied();
        let mut possible: Vec<usize> = columns
            .filter(|&column| can_be_written(table, column, rule))
            .collect();
        if possible.is_empty() {
            return None;
        }
        if possible.len() > 1 && choices.percent(60) {
            possible.remove(choices.below(possible.len()));
        }
        Some((rule, possible))
    }
}

fn can_be_written(table: &TableShape, column: usize, rule: Rule) -> bool {
    table.columns[column].nullable
        || rule == Rule::SetDefault && !table.constant_default(column).is_null()
}

fn timing(choices: &mut Choices) -> Timing {
    match choices.percent(40) {
        true => Timing::InitiallyImmediate,
        false => Timing::InitiallyDeferred,
    }
}
