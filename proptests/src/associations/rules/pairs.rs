//! Rows of a junction hold both keys: BTM.

use relata::value::Value;

use crate::associations::layout::{Link, Pairs};
use crate::associations::rules::arguments::Given;
use crate::associations::rules::{
    Answer, Complaint, Found, Verdict, World, full, has_cells, request,
};
use crate::associations::steps::{Call, Named, Verb};
use crate::reference::Row;
use crate::reference::by_row::Cells;

/// A target, as the junction is to hold it.
#[derive(Clone, Debug)]
struct End {
    held: Vec<Value>,
    through: Named,
}

impl World {
    pub(super) fn change_pairs(
        &mut self,
        link: &Link,
        pairs: &Pairs,
        source: &Row,
        call: &Call,
        targets: &[Given],
    ) -> Verdict {
        let Some(own) = full(&source.values, &pairs.source) else {
            return Err(request("Unsaved"));
        };
        if let Verb::Create = call.verb {
            return self.create_pair(link, pairs, own, call);
        }
        let present: Vec<Row> = self
            .rows_of(pairs, &source.values)
            .into_iter()
            .cloned()
            .collect();
        let mut ends = Vec::new();
        for target in targets {
            // D15: a target outside the scope has no link that could go, even if another row shares its key.
            let row = self.row_of(link, target);
            let outside = row.is_some_and(|row| !has_cells(&row.values, &link.scope));
            if outside && call.verb == Verb::Remove {
                continue;
            }
            match self.held_of(link, target, &pairs.target) {
                Some(held) => ends.push(End {
                    held,
                    through: target.through.clone(),
                }),
                None if call.verb == Verb::Remove => {}
                None => return Err(request("Unsaved")),
            }
        }
        match call.verb {
            Verb::Remove => {
                let listed = |row: &Row| ends.iter().any(|end| holds(pairs, row, &end.held));
                let gone = self.in_scope(link, pairs, &present, listed);
                let count = gone.len();
                self.destroy_rows(pairs.junction, gone)?;
                Ok(Answer::Count(count))
            }
            Verb::Add => {
                // D17: where pairs may repeat, what is there does not matter.
                let met = if pairs.repeats { &[][..] } else { &present };
                let rows = self.link(pairs, &own, met, &ends, call, true)?;
                Ok(Answer::Rows(
                    rows.into_iter()
                        .map(|id| self.found(pairs.junction, id))
                        .collect(),
                ))
            }
            _ => {
                // BTM-25 to BTM-27.
                let unlisted = |row: &Row| !ends.iter().any(|end| holds(pairs, row, &end.held));
                let gone = self.in_scope(link, pairs, &present, unlisted);
                self.destroy_rows(pairs.junction, gone.clone())?;
                let stay: Vec<Row> = present
                    .into_iter()
                    .filter(|row| !gone.contains(&row.id))
                    .collect();
                self.link(pairs, &own, &stay, &ends, call, true)?;
                let source = self.row(link.source, source.id).cloned();
                let now = source.map(|source| self.got(link, &source.values));
                // What goes may take the source along.
                Ok(now.map_or(Answer::Open, Answer::Rows))
            }
        }
    }

    /// BTM-29: the target gets the scope, the junction its own and what is given.
    fn create_pair(&mut self, link: &Link, pairs: &Pairs, own: Vec<Value>, call: &Call) -> Verdict {
        let target = self.new_target(link, &call.values, &[])?;
        let Some(held) = full(&target.values, &pairs.target) else {
            return Err(request("Unsaved"));
        };
        let end = End {
            held,
            through: Vec::new(),
        };
        let linked = self.link(pairs, &own, &[], &[end], call, false)?;
        let through = self.row(pairs.junction, linked[0]);
        Ok(Answer::Rows(vec![Found {
            values: self.shown(link.target, &target.values),
            through: through.map(|row| self.shown(pairs.junction, &row.values)),
        }]))
    }

    /// Rows of the junction whose target is in the association's scope (D15, D16); without a scope it need not be there.
    fn in_scope(
        &self,
        link: &Link,
        pairs: &Pairs,
        rows: &[Row],
        chosen: impl Fn(&Row) -> bool,
    ) -> Vec<u64> {
        let is_in_scope = |row: &Row| {
            let held = full(&row.values, &pairs.other);
            link.scope.is_empty()
                || self.rows(link.target).iter().any(|target| {
                    held.is_some()
                        && full(&target.values, &pairs.target) == held
                        && has_cells(&target.values, &link.scope)
                })
        };
        rows.iter()
            .filter(|row| chosen(row) && is_in_scope(row))
            .map(|row| row.id)
            .collect()
    }

    /// BTM-19 to BTM-24: updates pairs that are there by what was given, and inserts the others. Gives the new ones.
    fn link(
        &mut self,
        pairs: &Pairs,
        own: &[Value],
        present: &[Row],
        ends: &[End],
        call: &Call,
        may_restore: bool,
    ) -> Result<Vec<u64>, Vec<Complaint>> {
        let mut updates: Vec<(u64, Cells)> = Vec::new();
        let mut inserts = Vec::new();
        for end in ends {
            let given = self.given(pairs, call, end)?;
            let met = present.iter().filter(|row| holds(pairs, row, &end.held));
            let met: Vec<&Row> = met.collect();
            for row in &met {
                if !has_cells(&row.values, &given) {
                    updates.push((row.id, given.clone()));
                }
            }
            let gone = self.softly_deleted(pairs, own, &end.held);
            if met.is_empty()
                && may_restore
                && let Some(row) = gone
            {
                // BTM-33: the pair has its row again.
                let mut cells = given;
                cells.extend(pairs.deleted_at.map(|column| (column, Value::Null)));
                updates.push((row, cells));
            } else if met.is_empty() {
                let mut cells = given;
                cells.extend(pairs.own.iter().copied().zip(own.iter().cloned()));
                cells.extend(pairs.other.iter().copied().zip(end.held.iter().cloned()));
                cells.extend(pairs.scope.iter().cloned());
                inserts.push(cells);
            }
        }
        self.update_rows(pairs.junction, updates)?;
        self.insert_rows(pairs.junction, inserts)
    }

    /// A row of a pair that was softly deleted, where the pair can have no other.
    fn softly_deleted(&self, pairs: &Pairs, own: &[Value], held: &[Value]) -> Option<u64> {
        let deleted_at = pairs.deleted_at.filter(|_| !pairs.repeats)?;
        let mut scope = pairs.scope.clone();
        scope.retain(|(column, _)| *column != deleted_at);
        let rows = self.rows(pairs.junction).into_iter();
        let mut of_pair = rows.filter(|row| {
            full(&row.values, &pairs.own).as_deref() == Some(own)
                && holds(pairs, row, held)
                && has_cells(&row.values, &scope)
        });
        of_pair.next().map(|row| row.id)
    }

    /// The attributes for a row: its own before those for all (BTM-20), never keys or scope (BTM-21).
    fn given(&self, pairs: &Pairs, call: &Call, end: &End) -> Result<Cells, Vec<Complaint>> {
        let mut cells = self.cells(pairs.junction, &end.through)?;
        for cell in self.cells(pairs.junction, call.attributes.as_deref().unwrap_or(&[]))? {
            if !cells.iter().any(|(column, _)| *column == cell.0) {
                cells.push(cell);
            }
        }
        cells.retain(|(column, _)| {
            !pairs.own.contains(column)
                && !pairs.other.contains(column)
                && !pairs.scope.iter().any(|(other, _)| other == column)
        });
        Ok(cells)
    }
}

fn holds(pairs: &Pairs, row: &Row, held: &[Value]) -> bool {
    full(&row.values, &pairs.other).as_deref() == Some(held)
}
