//! What follows from values that rows gave up: keys to any row (beyond BY-18).
//!
//! Such a key refers to columns that are no unique key, so a child has no one parent and no edge: it holds while any row
//! has its value. Children and parents are found by value, through an index of the columns at either end. A child that
//! waits for commit stands in the key's unmatched map like any other, so that deferral, savepoints and undo know
//! nothing of these keys.
//!
//! When the rules fire. Other actions follow rows, level by level (integrity RI-15); these follow values, and only of a
//! value that the *statement* leaves without a row. So they wait until the statement is *at rest*, which is when no other
//! action is left to take. Then:
//!
//! 1. A row gave a value up if it had it when the statement was last at rest (the first time: when it began) and does
//!    not have it now, because it went or took another value. A value that it only had on the way counts for nothing,
//!    and neither does one that has a null in it.
//! 2. A value that was given up since the last rest, and that no row has now, fires: the delete rule if all rows that
//!    gave it up in the statement are gone, else the update rule. Substitution is nothing (RI-14 does not apply).
//! 3. All RESTRICT rules first: any child that carries the value fails the statement (RI-13).
//! 4. Then the actions, as one level: merged with each other as in RI-17, and what they change is followed like
//!    anything else, until the statement is at rest again. They act on the children that carry the value since before
//!    the statement, or since a CASCADE of the same key; not on those that were written otherwise (RI-19), nor on those
//!    that had no parent before. An update cascades only if all rows that gave the value up in the statement have the
//!    same value now; otherwise nothing is written, as by NO ACTION.
//! 5. At the end, whoever still carries a value that is gone is judged like any child, now or at commit.
//!
//! Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::engine::mutation::Queue;
use crate::engine::referential::{
    Cause, Change, Delete, Edge, KeyCells, Restricted, WorkList, defaults, nulls,
};
use crate::engine::state::State;
use crate::engine::undo::UndoLog;
use crate::schema::{Action, ForeignKey, ForeignKeyId, Schema, TableId};
use crate::storage::{ImageId, RowId};
use crate::value::{Key, Value};

/// The values that rows gave up in a statement.
#[derive(Debug, Default)]
pub(crate) struct GivenUp {
    /// For each value of each key, who gave it up.
    values: BTreeMap<(ForeignKeyId, Key), Givers>,
    /// How much of the history was there when the statement was last at rest.
    rested: usize,
}

/// The rows that gave a value up, each with the change by which it did, as a position in the history. The same row may
/// be there twice.
type Givers = SmallVec<[(RowId, u32); 1]>;

/// A child that carries a value which no row has any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeftBehind {
    pub(crate) key: ForeignKeyId,
    pub(crate) child: RowId,
    /// The row that had the value last.
    pub(crate) parent: RowId,
}

/// A statement that is at rest.
#[derive(Clone, Copy)]
pub(crate) struct AtRest<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) state: &'a State,
    pub(crate) undo: &'a UndoLog,
    /// All changes of the statement so far.
    pub(crate) history: &'a [Change],
    /// Children written by the statement.
    pub(crate) queue: &'a Queue,
}

/// A value that no row has any more.
struct Event<'a> {
    key: &'a ForeignKey,
    value: &'a Key,
    givers: &'a Givers,
    /// Whether all rows that had the value are gone.
    gone: bool,
}

impl GivenUp {
    /// Whether nothing was noted yet.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.rested == 0 && self.values.is_empty()
    }

    /// The work that follows from the values that were given up since the statement was last at rest, or the first child
    /// that forbids it. If such children are kept, all of them, and the work as if there were none.
    pub(crate) fn follow(
        &mut self,
        at_rest: &AtRest<'_>,
        mut kept: Option<&mut Vec<Restricted>>,
    ) -> Result<WorkList, Restricted> {
        let fresh = self.note(at_rest);
        let events: Vec<Event<'_>> = fresh
            .iter()
            .filter_map(|place| self.event(at_rest, place))
            .collect();
        for event in &events {
            if event.action() == Action::Restrict {
                at_rest.restrict(event, kept.as_deref_mut())?;
            }
        }
        let mut work = WorkList::default();
        if !events.is_empty() {
            let written: BTreeSet<_> = at_rest.queue.iter().copied().collect();
            for event in &events {
                at_rest.act(event, &written, &mut work);
            }
        }
        Ok(work.arranged())
    }

    /// The children, not written by the statement, that carry a value which was given up and which no row has: for the
    /// judgement, each with the row that had the value last.
    pub(crate) fn left_behind(&mut self, at_rest: &AtRest<'_>) -> Vec<LeftBehind> {
        self.note(at_rest);
        let written: BTreeSet<_> = at_rest.queue.iter().copied().collect();
        let mut left = Vec::new();
        for place in self.values.keys() {
            let Some(event) = self.event(at_rest, place) else {
                continue;
            };
            let (key, parent) = (event.key.id, event.last_giver().0);
            let mut children = at_rest.children(&event);
            children.retain(|&child| !written.contains(&(key, child)));
            left.extend(
                children
                    .into_iter()
                    .map(|child| LeftBehind { key, child, parent }),
            );
        }
        left
    }

    /// Notes what was given up since the statement was last at rest: these values.
    fn note(&mut self, at_rest: &AtRest<'_>) -> BTreeSet<(ForeignKeyId, Key)> {
        let mut fresh = BTreeSet::new();
        let mut met: BTreeSet<(TableId, RowId)> = BTreeSet::new();
        for (change, position) in at_rest.history[self.rested..].iter().zip(self.rested..) {
            let keys = &at_rest.schema.table(change.table).referenced_by;
            let keys = keys.iter().map(|&id| at_rest.schema.foreign_key(id));
            let mut keys = keys.filter(|key| key.is_to_any_row()).peekable();
            // What a row had at the last rest is what it had before its first change since.
            if keys.peek().is_none() || !met.insert((change.table, change.row)) {
                continue;
            }
            let Some(before) = change.before else {
                continue;
            };
            for key in keys {
                let old = at_rest.image_value(key, before);
                let now = at_rest.value_of(key, change.row);
                if old.iter().any(Value::is_null) || now.as_ref() == Some(&old) {
                    continue;
                }
                let position =
                    u32::try_from(position).expect("a statement changes less than 2^32 rows");
                let place = (key.id, old);
                let givers = self.values.entry(place.clone()).or_default();
                givers.push((change.row, position));
                fresh.insert(place);
            }
        }
        self.rested = at_rest.history.len();
        fresh
    }

    /// The event of a value, if no row has it.
    fn event<'a>(&'a self, at_rest: &AtRest<'a>, place: &(ForeignKeyId, Key)) -> Option<Event<'a>> {
        let (place, givers) = self.values.get_key_value(place)?;
        let (key, value) = (at_rest.schema.foreign_key(place.0), &place.1);
        let values = value.iter().map(Value::as_ref);
        if at_rest.state.find_parent(key, values).is_some() {
            return None;
        }
        let store = at_rest.state.table(key.parent);
        Some(Event {
            key,
            value,
            givers,
            gone: !givers.iter().any(|&(row, _)| store.rows().contains(row)),
        })
    }
}

impl Event<'_> {
    fn action(&self) -> Action {
        match self.gone {
            true => self.key.on_delete,
            false => self.key.on_update,
        }
    }

    /// The last row that had the value, and the change that took it from there.
    fn last_giver(&self) -> (RowId, u32) {
        let givers = self.givers.iter().copied();
        givers
            .max_by_key(|&(_, change)| change)
            .expect("a value is noted with who gave it up")
    }

    fn change(&self) -> u32 {
        self.last_giver().1
    }
}

impl AtRest<'_> {
    fn restrict(
        &self,
        event: &Event<'_>,
        kept: Option<&mut Vec<Restricted>>,
    ) -> Result<(), Restricted> {
        let table = event.key.child;
        let children = self.children(event).into_iter();
        let restricted = |child| Restricted {
            key: event.key.id,
            old_key: event.value.clone(),
            child,
            change: event.change(),
        };
        match kept {
            Some(kept) => {
                kept.extend(children.map(restricted));
                Ok(())
            }
            None => match children.min_by_key(|&child| self.state.key_of(table, child)) {
                Some(child) => Err(restricted(child)),
                None => Ok(()),
            },
        }
    }

    fn act(
        &self,
        event: &Event<'_>,
        written: &BTreeSet<(ForeignKeyId, RowId)>,
        work: &mut WorkList,
    ) {
        let (key, action) = (event.key, event.action());
        let cells = match action {
            // NO ACTION waits for the end of the statement; RESTRICT has been judged.
            Action::NoAction | Action::Restrict => return,
            Action::Cascade if event.gone => None,
            Action::Cascade => match self.new_value(event) {
                Some(cells) => Some(cells),
                None => return,
            },
            Action::SetNull => Some(nulls(key, event.gone)),
            Action::SetDefault => Some(defaults(self.schema, key, event.gone)),
        };
        let unmatched = self.state.unmatched(key.id);
        let waits = |child| unmatched.contains(event.value.iter().map(Value::as_ref), child);
        let mut children = self.children(event);
        children.retain(|&child| !written.contains(&(key.id, child)) && !waits(child));
        let cause = Cause {
            key: key.id,
            change: event.change(),
        };
        match cells {
            Some(cells) => {
                let edge = match action {
                    Action::Cascade => Edge::Kept,
                    _ => Edge::Taken,
                };
                work.write(key.child, children, cells, edge, cause);
            }
            None => work.deletes.extend(children.into_iter().map(|row| Delete {
                table: key.child,
                row,
                cause,
                with_list: false,
            })),
        }
    }

    /// Every child that carries the value, ascending by row id.
    fn children(&self, event: &Event<'_>) -> Vec<RowId> {
        let values = event.value.iter().map(Value::as_ref);
        self.state.children_by_value(event.key, values)
    }

    /// What CASCADE on update writes: the value that all rows which gave the old one up have now.
    fn new_value(&self, event: &Event<'_>) -> Option<KeyCells> {
        let (key, mut givers) = (event.key, event.givers.iter());
        let new = self.value_of(key, givers.next()?.0)?;
        let same = givers.all(|&(row, _)| self.value_of(key, row).as_ref() == Some(&new));
        let cells = key.child_columns.iter().copied().zip(new.iter().cloned());
        same.then(|| cells.collect())
    }

    /// What a row that is there has for children of a key.
    fn value_of(&self, key: &ForeignKey, parent: RowId) -> Option<Key> {
        let store = self.state.table(key.parent);
        let row = store.rows().get(parent)?;
        Some(row.key(store.layout(), &key.parent_columns))
    }

    /// What a row had for children of a key.
    fn image_value(&self, key: &ForeignKey, image: ImageId) -> Key {
        let layout = self.state.table(key.parent).layout();
        let row = self.undo.images.get(image, layout);
        row.key(layout, &key.parent_columns)
    }
}
