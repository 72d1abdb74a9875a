//! What follows from changed rows: RI-10 to RI-35, and steps 2a to 2d of section 10, without an index.

use relata::value::Value;

use crate::reference::trace::{self, Image};
use crate::reference::{Fired, Row, Sort, State, Violation, child_key, judge, key_of, parent_key};
use crate::shape::{ReferenceShape, Rule, Shape};

/// A row that was there and is different now, or gone.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) table: usize,
    pub(super) id: u64,
    pub(super) old: Vec<Value>,
    pub(super) new: Option<Vec<Value>>,
}

/// One statement's levels.
#[derive(Debug)]
pub(super) struct Levels<'s> {
    pub(super) shape: &'s Shape,
    pub(super) before: &'s State,
    pub(super) state: &'s mut State,
    fired: &'s mut Fired,
    /// Child rows whose key changed in this statement: (key, child).
    pub(super) moved: Vec<(usize, u64)>,
    /// Child rows whose key a CASCADE of that key wrote last: (key, child, parent).
    pub(super) source: Vec<(usize, u64, u64)>,
    pub(super) by_actions: u64,
    pub(super) record: Option<Record>,
}

/// What is kept of the way for a trace. While there is one, RESTRICT refuses nothing.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) images: Vec<Image>,
    pub(super) events: Vec<trace::Event>,
    pub(super) refused: Vec<Violation>,
}

/// A parent row that gave up a key.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) key: usize,
    pub(super) parent: u64,
    pub(super) old: Vec<Value>,
    /// None if the row or the key is gone.
    pub(super) new: Option<Vec<Value>>,
    pub(super) deleted: bool,
}

/// What is to happen to one row, in one level.
#[derive(Debug)]
struct Plan {
    table: usize,
    id: u64,
    delete: bool,
    assignments: Vec<Assignment>,
}

/// All columns of one key.
#[derive(Clone, Debug)]
struct Assignment {
    key: usize,
    /// The parent that is followed, if it is a CASCADE.
    follows: Option<u64>,
    cells: Vec<(usize, Value)>,
}

impl Change {
    pub(super) fn delete(table: usize, row: super::Row) -> Self {
        Change {
            table,
            id: row.id,
            old: row.values,
            new: None,
        }
    }

    pub(super) fn is_real(&self) -> bool {
        self.new.as_ref() != Some(&self.old)
    }
}

impl<'s> Levels<'s> {
    pub(super) fn new(
        shape: &'s Shape,
        before: &'s State,
        state: &'s mut State,
        fired: &'s mut Fired,
    ) -> Self {
        Levels {
            shape,
            before,
            state,
            fired,
            moved: Vec::new(),
            source: Vec::new(),
            by_actions: 0,
            record: None,
        }
    }

    /// Works through levels until nothing changes (RI-15). What RESTRICT refuses is given together with what is wrong
    /// with the rows at that moment, since a statement may notice either first.
    pub(super) fn settle(&mut self, addressed: Vec<Change>) -> Result<(), Vec<Violation>> {
        let mut level: Vec<Change> = addressed.into_iter().filter(Change::is_real).collect();
        for change in &level {
            self.note_moved(change, &[]);
        }
        let mut rests = vec![self.before.tables.clone()];
        loop {
            let events = match level.is_empty() {
                false => self.events(&level),
                true => self.values_gone(&mut rests),
            };
            if level.is_empty() && events.is_empty() {
                return Ok(());
            }
            let mut refused = self.refusals(&events);
            if self.record.is_some() {
                self.keep(&level, &events, refused);
            } else if !refused.is_empty() {
                refused.extend(judge::rows(self.shape, self.state));
                return Err(refused);
            }
            let plans = self.plans(&events);
            level = self.carry_out(plans);
            self.by_actions += level.len() as u64;
        }
    }

    fn keep(&mut self, level: &[Change], events: &[Event], refused: Vec<Violation>) {
        let shape = self.shape;
        let Some(record) = &mut self.record else {
            return;
        };
        for change in level {
            let images = [Some(&change.old), change.new.as_ref()];
            record
                .images
                .extend(images.into_iter().flatten().map(|values| Image {
                    table: change.table,
                    id: change.id,
                    values: values.clone(),
                }));
        }
        record
            .events
            .extend(events.iter().map(|event| trace::Event {
                key: event.key,
                parent: event.parent,
                old: event.old.clone(),
                deleted: event.deleted,
                rule: event.rule(&shape.references[event.key]),
            }));
        record.refused.extend(refused);
    }

    /// Keys that changed or went, in creation order of the foreign keys (RI-4, RI-5, RI-12).
    fn events(&self, level: &[Change]) -> Vec<Event> {
        let mut events = Vec::new();
        let by_row = |(_, reference): &(usize, &ReferenceShape)| !reference.any_row;
        for (key, reference) in self.shape.references.iter().enumerate().filter(by_row) {
            for change in level
                .iter()
                .filter(|change| change.table == reference.parent)
            {
                let Some(old) = parent_key(reference, &change.old) else {
                    continue;
                };
                let new = change.new.as_ref();
                let written = new.map(|new| super::project(new, &reference.parent_columns));
                if written.as_ref() != Some(&old) {
                    events.push(Event {
                        key,
                        parent: change.id,
                        old,
                        new: written,
                        deleted: change.new.is_none(),
                    });
                }
            }
        }
        events
    }

    /// RI-13: by value, after this level's changes and before its actions.
    fn refusals(&mut self, events: &[Event]) -> Vec<Violation> {
        let mut refused = Vec::new();
        for event in events {
            let reference = &self.shape.references[event.key];
            let rule = event.rule(reference);
            if rule != Rule::Restrict && rule != Rule::NoAction {
                continue;
            }
            let rows = self.state.tables[reference.child].iter();
            let holding =
                rows.filter(|row| child_key(reference, &row.values).as_ref() == Some(&event.old));
            let found: Vec<Violation> = holding
                .map(|row| Violation {
                    sort: Sort::Restrict,
                    table: reference.child,
                    constraint: reference.name.clone(),
                    values: event.old.clone(),
                    row: key_of(self.shape, reference.child, row),
                })
                .collect();
            if !found.is_empty() {
                event.count(rule, reference, self.fired);
            }
            if rule == Rule::Restrict {
                refused.extend(found);
            }
        }
        refused
    }

    /// RI-17: matches are those at the start of the level.
    fn plans(&mut self, events: &[Event]) -> Vec<Plan> {
        let mut plans: Vec<Plan> = Vec::new();
        for event in events {
            let reference = &self.shape.references[event.key];
            let rule = event.rule(reference);
            if rule == Rule::NoAction || rule == Rule::Restrict {
                continue;
            }
            // Rows that gave a value up and went different ways.
            if rule == Rule::Cascade && !event.deleted && event.new.is_none() {
                continue;
            }
            for child in self.children(event) {
                event.count(rule, reference, self.fired);
                let plan = plan_of(&mut plans, reference.child, child);
                if rule == Rule::Cascade && event.deleted {
                    plan.delete = true;
                } else {
                    let assignment = self.assignment(event, rule);
                    if plan.admits(&assignment) {
                        plan.assignments.push(assignment);
                    }
                }
            }
        }
        plans
    }

    /// RI-19: the rows whose key is the old one now, and which have it from this very parent row.
    fn children(&self, event: &Event) -> Vec<u64> {
        let reference = &self.shape.references[event.key];
        let rows = self.state.tables[reference.child].iter();
        rows.filter(|row| child_key(reference, &row.values).as_ref() == Some(&event.old))
            .map(|row| row.id)
            .filter(|&child| {
                if reference.any_row {
                    return self.carries_value_from_before(event, child);
                }
                let since_before = !self.moved.contains(&(event.key, child))
                    && self.before.owners[event.key].contains(&(child, event.parent));
                since_before || self.source.contains(&(event.key, child, event.parent))
            })
            .collect()
    }

    /// Who stands under whom in the end: a child stays where it was, or goes with the parent that it follows, as long as
    /// that has its key; otherwise it stands under the row with the lowest primary key that does.
    pub(super) fn owners(&self) -> Vec<Vec<(u64, u64)>> {
        let keys = self.shape.references.iter().enumerate();
        keys.map(|(key, reference)| {
            let children = self.state.tables[reference.child].iter();
            let owner = |child: &Row| {
                let wanted = child_key(reference, &child.values)?;
                let has_key =
                    |parent: &&Row| parent_key(reference, &parent.values).as_ref() == Some(&wanted);
                let mut parents = self.state.in_key_order(self.shape, reference.parent);
                parents.retain(has_key);
                let stays = self.owner_so_far(key, child.id);
                let stays = parents.iter().find(|parent| Some(parent.id) == stays);
                Some((child.id, stays.or(parents.first())?.id))
            };
            children.filter_map(owner).collect()
        })
        .collect()
    }

    fn owner_so_far(&self, key: usize, child: u64) -> Option<u64> {
        let mut sources = self.source.iter();
        let source = sources.find(|&&(of, row, _)| (of, row) == (key, child));
        if let Some(&(_, _, parent)) = source {
            return Some(parent);
        }
        let mut before = self.before.owners[key].iter();
        let before = before.find(|(row, _)| *row == child);
        before
            .filter(|_| !self.moved.contains(&(key, child)))
            .map(|(_, parent)| *parent)
    }

    /// RI-21 to RI-23.
    fn assignment(&self, event: &Event, rule: Rule) -> Assignment {
        let reference = &self.shape.references[event.key];
        let table = &self.shape.tables[reference.child];
        // A guard comes last, and a CASCADE does not write it.
        let columns = match rule {
            Rule::Cascade => reference.child_columns.clone(),
            _ => reference.deciding_columns(),
        };
        let chosen = reference.on_delete_columns.as_ref();
        let chosen = chosen.filter(|_| event.deleted);
        let columns = columns.into_iter().enumerate();
        let columns = columns.filter(|(_, column)| chosen.is_none_or(|it| it.contains(column)));
        let cells = columns.map(|(position, column)| {
            let value = match (rule, &event.new) {
                (Rule::Cascade, Some(new)) => new[position].clone(),
                (Rule::SetDefault, _) => table.constant_default(column),
                _ => Value::Null,
            };
            (column, value)
        });
        Assignment {
            key: event.key,
            follows: (rule == Rule::Cascade).then_some(event.parent),
            cells: cells.collect(),
        }
    }

    /// Deletes first, then one update for each row. What really changed is the next level (RI-18).
    fn carry_out(&mut self, plans: Vec<Plan>) -> Vec<Change> {
        let mut level = Vec::new();
        for plan in plans.iter().filter(|plan| plan.delete) {
            let rows = &mut self.state.tables[plan.table];
            let position = rows.iter().position(|row| row.id == plan.id);
            let gone = position.map(|position| rows.remove(position));
            level.extend(gone.map(|row| Change::delete(plan.table, row)));
        }
        for plan in plans.iter().filter(|plan| !plan.delete) {
            let mut rows = self.state.tables[plan.table].iter_mut();
            let Some(row) = rows.find(|row| row.id == plan.id) else {
                continue;
            };
            let old = row.values.clone();
            for (column, value) in plan.assignments.iter().flat_map(|assigned| &assigned.cells) {
                row.values[*column] = value.clone();
            }
            let change = Change {
                table: plan.table,
                id: plan.id,
                old,
                new: Some(row.values.clone()),
            };
            if change.is_real() {
                self.note_moved(&change, &plan.assignments);
                level.push(change);
            }
        }
        level
    }

    /// Remembers which keys of a child changed, and whom they follow now.
    fn note_moved(&mut self, change: &Change, assignments: &[Assignment]) {
        let Some(new) = &change.new else {
            return;
        };
        for (key, reference) in self.shape.references.iter().enumerate() {
            let columns = reference.deciding_columns();
            if reference.child != change.table
                || super::project(&change.old, &columns) == super::project(new, &columns)
            {
                continue;
            }
            self.moved.push((key, change.id));
            self.source
                .retain(|&(other, child, _)| (other, child) != (key, change.id));
            let cascade = assignments.iter().find(|assigned| assigned.key == key);
            if let Some(parent) = cascade.and_then(|assigned| assigned.follows) {
                self.source.push((key, change.id, parent));
            }
        }
    }
}

impl Event {
    fn rule(&self, reference: &ReferenceShape) -> Rule {
        match self.deleted {
            true => reference.on_delete,
            false => reference.on_update,
        }
    }

    fn count(&self, rule: Rule, reference: &ReferenceShape, fired: &mut Fired) {
        let event = usize::from(!self.deleted);
        fired[event][rule as usize] += 1;
        if reference.guard.is_some() {
            fired[2 + event][rule as usize] += 1;
        }
        if reference.any_row {
            fired[4 + event][rule as usize] += 1;
        }
    }
}

impl Plan {
    /// Whether no column would get two values; otherwise the key created first keeps its whole assignment.
    fn admits(&self, assignment: &Assignment) -> bool {
        let mut taken = self.assignments.iter().flat_map(|assigned| &assigned.cells);
        !taken.any(|(column, value)| {
            let mut cells = assignment.cells.iter();
            cells.any(|(other, wanted)| other == column && wanted != value)
        })
    }
}

fn plan_of(plans: &mut Vec<Plan>, table: usize, id: u64) -> &mut Plan {
    let found = plans
        .iter()
        .position(|plan| (plan.table, plan.id) == (table, id));
    let position = found.unwrap_or_else(|| {
        plans.push(Plan {
            table,
            id,
            delete: false,
            assignments: Vec::new(),
        });
        plans.len() - 1
    });
    &mut plans[position]
}
