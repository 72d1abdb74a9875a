//! What a verb was given: sources and targets as the rows know them, and what is wrong with them.

use relata::value::Value;

use crate::associations::layout::{Link, Pairs, Way};
use crate::associations::rules::{Complaint, Known, World, full, is_of};
use crate::associations::steps::{Call, Name, Named, Row, Source, Target, Verb};

/// A target as it was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The model that it is of; none for a key.
    pub(super) table: Option<usize>,
    /// What it is.
    pub(super) known: Known,
    /// What it brings for its row of the junction.
    pub(super) through: Named,
}

impl World {
    /// An instance that stands for a row: as it is, or gone. None if nobody ever saw it.
    pub(super) fn known_row(&self, row: &Row) -> Option<Known> {
        let table = self.table(&row.model)?;
        let memory = self.seen.get(&(table, row.key.clone()));
        match self.row_of_key(table, &row.key) {
            // What is associated is what the rows say, not what an instance remembers (MX-5).
            Some(found) if !row.stale || memory.is_some() => Some(Known::Row(found.clone())),
            Some(_) => None,
            None => Some(Known::Gone(memory?.clone())),
        }
    }

    pub(super) fn source(&self, source: &Source) -> Option<Known> {
        match source {
            Source::Row(row) => self.known_row(row),
            Source::Unsaved { model, values } => {
                let cells = self.cells(self.table(model)?, values).ok()?;
                Some(Known::Unsaved(cells))
            }
        }
    }

    pub(super) fn targets(&self, targets: &[Target]) -> Option<Vec<Given>> {
        let given = |target: &Target| {
            let (table, known) = match &target.name {
                Name::Row(row) => (Some(self.table(&row.model)?), self.known_row(row)?),
                Name::Key(key) => (None, Known::Key(key.clone())),
                Name::Unsaved { model, values } => {
                    let table = self.table(model)?;
                    (Some(table), Known::Unsaved(self.cells(table, values).ok()?))
                }
            };
            Some(Given {
                table,
                known,
                through: target.through.clone(),
            })
        };
        targets.iter().map(given).collect()
    }

    /// What is wrong with a call that writes, before it writes anything.
    pub(super) fn faults(
        &self,
        link: &Link,
        source: &Known,
        call: &Call,
        targets: &[Given],
    ) -> Vec<Complaint> {
        let mut faults = Vec::new();
        match source {
            Known::Unsaved(_) if matches!(link.way, Way::Parent { .. }) => {}
            Known::Unsaved(_) => faults.push("Unsaved".to_owned()),
            Known::Gone(_) | Known::Key(_) => faults.push("NotFound".to_owned()),
            Known::Row(row) => {
                let refers = match &link.way {
                    Way::Parent { .. } => &[][..],
                    Way::Children { refers, .. } => refers,
                    Way::Pairs(pairs) => &pairs.source,
                };
                if full(&row.values, refers).is_none() {
                    faults.push("Unsaved".to_owned());
                }
            }
        }
        let is_single = !matches!(
            link.way,
            Way::Pairs(_) | Way::Children { single: false, .. }
        );
        if is_single && targets.len() > 1 {
            faults.push("Unsupported".to_owned());
        }
        // HO-10: a has_one inserts what was never saved.
        let inserts = matches!(link.way, Way::Children { single: true, .. });
        faults.extend(self.target_faults(link, targets, !inserts));
        if let Way::Pairs(pairs) = &link.way
            && call.verb != Verb::Remove
        {
            let given = targets.iter().map(|target| &target.through);
            for values in given.chain(&call.attributes) {
                faults.extend(self.cells(pairs.junction, values).err().unwrap_or_default());
            }
            faults.extend(self.pair_faults(link, pairs, call.verb, targets));
        }
        if let (Way::Parent { refers, .. }, Verb::Set) = (&link.way, call.verb) {
            for target in targets.iter().filter(|it| it.table == Some(link.target)) {
                if self.held_of(link, target, refers).is_none() {
                    faults.push("Unsaved".to_owned());
                }
            }
        }
        if inserts && call.verb == Verb::Set {
            // HO-9: a has_one that is given what is not there changes nothing, and says so.
            let saved = |it: &&Given| !matches!(it.known, Known::Unsaved(_));
            let mut saved = targets.iter().filter(saved);
            if saved.any(|target| self.row_of(link, target).is_none()) {
                faults.push("NotFound".to_owned());
            }
        }
        faults
    }

    /// What cannot be linked: BTM-7, BTM-24.
    fn pair_faults(
        &self,
        link: &Link,
        pairs: &Pairs,
        verb: Verb,
        targets: &[Given],
    ) -> Vec<Complaint> {
        let mut faults = Vec::new();
        let mut before: Vec<Vec<Value>> = Vec::new();
        for target in targets {
            if target.table.is_some_and(|table| table != link.target) {
                continue;
            }
            match self.held_of(link, target, &pairs.target) {
                // BY-10: the same target twice is no list of targets, but to be added where pairs may repeat.
                Some(held) if before.contains(&held) && !(pairs.repeats && verb == Verb::Add) => {
                    let junction = &self.layout.shape.tables[pairs.junction].name;
                    faults.push(match pairs.repeats {
                        true => "Repeated".to_owned(),
                        false => format!("Unique {junction}"),
                    });
                }
                Some(held) => before.push(held),
                None if matches!(target.known, Known::Unsaved(_)) => {}
                None if self.row_of(link, target).is_some() => faults.push("Unsaved".to_owned()),
                // What a key stands for that is no row's is not known.
                None => faults.push("NotFound".to_owned()),
            }
        }
        faults
    }

    /// What can be no target: BT-13, FK-20.
    pub(super) fn target_faults(
        &self,
        link: &Link,
        targets: &[Given],
        must_be_saved: bool,
    ) -> Vec<Complaint> {
        let mut faults = Vec::new();
        let shape = &self.layout.shape.tables[link.target];
        // BT-7: a key is what is stored.
        let columns = match &link.way {
            Way::Parent { refers, .. } => refers,
            Way::Children { .. } | Way::Pairs(_) => shape.primary(),
        };
        for target in targets {
            if target.table.is_some_and(|table| table != link.target) {
                faults.push("Type".to_owned());
            }
            match &target.known {
                Known::Unsaved(_) if must_be_saved => faults.push("Unsaved".to_owned()),
                Known::Key(key) if key.len() != columns.len() => {
                    faults.push("KeyLength".to_owned());
                }
                Known::Key(key) => {
                    let mut cells = key.iter().zip(columns);
                    if !cells.all(|(value, &column)| is_of(value, shape.columns[column].kind)) {
                        faults.push("Type".to_owned());
                    }
                }
                Known::Row(_) | Known::Gone(_) | Known::Unsaved(_) => {}
            }
        }
        faults
    }

    /// The row that a target is, an instance or a key.
    pub(super) fn row_of(&self, link: &Link, target: &Given) -> Option<crate::reference::Row> {
        let row = match &target.known {
            Known::Row(row) => Some(row.clone()),
            Known::Key(key) => self.row_of_key(link.target, key).cloned(),
            Known::Gone(_) | Known::Unsaved(_) => None,
        };
        // HM-8, PA-4: what was softly deleted is there for no verb that writes, but a belongs_to refers to it (PA-7).
        let of_target = target.table.is_none_or(|table| table == link.target);
        let refers = matches!(link.way, Way::Parent { .. });
        row.filter(|row| refers || !of_target || !self.is_deleted(link.target, row))
    }

    /// The values that a key is to hold of a target: those of `columns`, if they are known and not null.
    pub(super) fn held_of(
        &self,
        link: &Link,
        target: &Given,
        columns: &[usize],
    ) -> Option<Vec<Value>> {
        if let Some(row) = self.row_of(link, target) {
            return full(&row.values, columns);
        }
        let is_primary = columns == self.layout.shape.tables[link.target].primary();
        match &target.known {
            // BT-7: a belongs_to takes what the instance has.
            Known::Gone(memory) if is_primary || matches!(link.way, Way::Parent { .. }) => {
                full(memory, columns)
            }
            Known::Key(key) if is_primary => Some(key.clone()),
            Known::Gone(_) | Known::Key(_) => None,
            // One that was softly deleted is known by its key alone.
            Known::Row(row) if is_primary => full(&row.values, columns),
            Known::Row(_) | Known::Unsaved(_) => None,
        }
    }
}
