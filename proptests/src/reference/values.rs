//! What follows from values that no row has any more: keys to any row (BY-18), by looking at all rows.
//!
//! A statement is at rest when no other action is left to take; the states at rest are kept, the one before the
//! statement as the first. A row gave a value up if it had it in one of them and does not have it now.

use relata::value::Value;

use crate::reference::levels::{Event, Levels};
use crate::reference::{Row, child_key, parent_key, project};
use crate::shape::ReferenceShape;

impl Levels<'_> {
    /// The values that rows had at the last rest and none has now. The state is the next one at rest.
    pub(super) fn values_gone(&self, rests: &mut Vec<Vec<Vec<Row>>>) -> Vec<Event> {
        let mut events = Vec::new();
        for (key, reference) in self.shape.references.iter().enumerate() {
            if !reference.any_row {
                continue;
            }
            let now = &self.state.tables[reference.parent];
            let mut values: Vec<Vec<Value>> = Vec::new();
            for row in rests.last().map_or(&[][..], |rest| &rest[reference.parent]) {
                let value = parent_key(reference, &row.values);
                values.extend(value.filter(|value| !values.contains(value)));
            }
            values.retain(|value| holders(reference, now, value).is_empty());
            for old in values {
                let givers: Vec<u64> = rests
                    .iter()
                    .flat_map(|rest| holders(reference, &rest[reference.parent], &old))
                    .collect();
                events.push(self.event(key, old, &givers));
            }
        }
        rests.push(self.state.tables.clone());
        events
    }

    fn event(&self, key: usize, old: Vec<Value>, givers: &[u64]) -> Event {
        let reference = &self.shape.references[key];
        let now = &self.state.tables[reference.parent];
        let mut new: Vec<Option<Vec<Value>>> = givers
            .iter()
            .map(|&giver| {
                let row = now.iter().find(|row| row.id == giver)?;
                Some(project(&row.values, &reference.parent_columns))
            })
            .collect();
        new.dedup();
        Event {
            key,
            parent: givers[0],
            old,
            deleted: new == [None],
            new: match new.len() {
                1 => new.remove(0),
                _ => None,
            },
        }
    }

    /// Whether a child has its value since before the statement, and then from a row, or from a CASCADE of this key.
    pub(super) fn carries_value_from_before(&self, event: &Event, child: u64) -> bool {
        let reference = &self.shape.references[event.key];
        let cascaded = |&(key, row, _): &(usize, u64, u64)| (key, row) == (event.key, child);
        if self.moved.contains(&(event.key, child)) {
            return self.source.iter().any(cascaded);
        }
        let had_parent = |rows: &[Row]| !holders(reference, rows, &event.old).is_empty();
        let rows = &self.before.tables[reference.child];
        let mut itself = rows.iter().filter(|row| row.id == child);
        itself.any(|row| child_key(reference, &row.values).as_ref() == Some(&event.old))
            && had_parent(&self.before.tables[reference.parent])
    }
}

/// The rows that have a value.
fn holders(reference: &ReferenceShape, rows: &[Row], value: &[Value]) -> Vec<u64> {
    let has_it = |row: &&Row| parent_key(reference, &row.values).as_deref() == Some(value);
    rows.iter().filter(has_it).map(|row| row.id).collect()
}
