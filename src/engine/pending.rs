//! What may wait for the end of the transaction: references without a parent and rows that share a key.
//!
//! Whether a constraint waits is a mode of the transaction ([`Modes`]) and part of what a savepoint restores. What waits
//! stands in the structures themselves: the unmatched map of a foreign key, the repeats of a unique key. Both follow the
//! rows, through undo as through writes, so that judging is looking at the present state (integrity RI-53). All that is
//! broken is told of, up to a number (RI-52).

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::engine::constraint;
use crate::engine::state::State;
use crate::error::{
    ConstraintError, Further, Operation, RequestError, RequestKind, Result, TransactionError,
    TransactionKind,
};
use crate::schema::{Deferral, ForeignKeyId, Schema, TableId};
use crate::storage::RowId;
use crate::value::Key;

/// How many broken constraints an error lists: more than anybody reads, and few enough to be kept.
const VIOLATIONS_MAX: usize = 100;

/// A constraint that can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deferrable {
    Reference(ForeignKeyId),
    /// A unique key, by its position in its table.
    Key(TableId, usize),
}

/// Which constraints wait for the end of the transaction, for now. Most schemas fit without an allocation.
#[derive(Clone, Debug)]
pub(crate) struct Modes {
    /// By foreign key id.
    references: SmallVec<[bool; 32]>,
    /// As [`Schema::deferrable_keys`].
    keys: SmallVec<[bool; 8]>,
}

impl Modes {
    /// What a transaction starts with.
    pub(crate) fn initial(schema: &Schema) -> Self {
        let waits = Deferral::is_initially_deferred;
        let mut references = SmallVec::from_elem(false, schema.foreign_keys_end());
        for key in schema.foreign_keys() {
            references[key.id.index()] = waits(key.deferral);
        }
        Modes {
            references,
            keys: schema
                .deferrable_keys()
                .iter()
                .map(|&(table, key)| waits(schema.table(table).keys[key].deferral))
                .collect(),
        }
    }

    /// The same after a change of the schema: what came starts with its own mode.
    pub(crate) fn under(&self, before: &Schema, after: &Schema) -> Self {
        let mut modes = Modes::initial(after);
        modes.references[..self.references.len()].copy_from_slice(&self.references);
        for (position, &(table, key)) in after.deferrable_keys().iter().enumerate() {
            let name = &after.table(table).keys[key].name;
            let keys = before
                .find_table(table)
                .map_or(&[][..], |table| &table.keys);
            let was = keys.iter().position(|it| it.name == *name);
            let was =
                was.and_then(|key| before.deferrable_keys().binary_search(&(table, key)).ok());
            if let Some(was) = was {
                modes.keys[position] = self.keys[was];
            }
        }
        modes
    }

    #[inline]
    pub(crate) fn reference_waits(&self, key: ForeignKeyId) -> bool {
        self.references[key.index()]
    }

    pub(crate) fn key_waits(&self, schema: &Schema, table: TableId, key: usize) -> bool {
        let position = schema.deferrable_keys().binary_search(&(table, key));
        position.is_ok_and(|position| self.keys[position])
    }

    pub(crate) fn set(&mut self, schema: &Schema, constraint: Deferrable, waits: bool) {
        match constraint {
            Deferrable::Reference(key) => self.references[key.index()] = waits,
            Deferrable::Key(table, key) => {
                if let Ok(position) = schema.deferrable_keys().binary_search(&(table, key)) {
                    self.keys[position] = waits;
                }
            }
        }
    }
}

/// Every constraint that can wait: unique keys before references, as they are reported (integrity RI-70).
pub(crate) fn all(schema: &Schema) -> impl Iterator<Item = Deferrable> + '_ {
    let keys = schema.deferrable_keys().iter();
    let references = schema.foreign_keys().iter();
    let references = references.filter(|key| key.deferral.is_deferrable());
    keys.map(|&(table, key)| Deferrable::Key(table, key))
        .chain(references.map(|key| Deferrable::Reference(key.id)))
}

/// The constraints of some names, all that can wait if there is no name; each once, in the order of [`all`]. One name may
/// be that of several.
///
/// # Errors
/// `UnknownConstraint`, or `NotDeferrable`.
pub(crate) fn named(schema: &Schema, names: &[&str]) -> Result<Vec<Deferrable>> {
    if names.is_empty() {
        return Ok(all(schema).collect());
    }
    for name in names {
        if has_other(schema, name) {
            let detail = format!("constraint {name} is not deferrable");
            return Err(TransactionError::new(TransactionKind::NotDeferrable, detail).into());
        }
        if !all(schema).any(|it| name_of(schema, it) == *name) {
            let detail = "no constraint of this name";
            return Err(RequestError::new(RequestKind::UnknownConstraint, *name, detail).into());
        }
    }
    let is_named = |&it: &Deferrable| names.contains(&name_of(schema, it));
    Ok(all(schema).filter(is_named).collect())
}

/// Refuses what waits, whatever the modes.
///
/// # Errors
/// As [`judge`].
pub(crate) fn judge_all(state: &State, operation: Operation) -> Result<()> {
    judge(state, all(&state.schema), operation)
}

/// Refuses what waits for some constraints.
///
/// # Errors
/// The first duplicate key or reference, by the order of the constraints and then of the rows at fault, with the further
/// ones.
pub(crate) fn judge(
    state: &State,
    constraints: impl IntoIterator<Item = Deferrable>,
    operation: Operation,
) -> Result<()> {
    let mut violations = Violations::default();
    for constraint in constraints {
        match constraint {
            Deferrable::Reference(id) => violations.add_unmatched(state, id, operation),
            Deferrable::Key(table, key) => violations.add_repeats(state, table, key, operation),
        }
    }
    violations.into_result()
}

/// What was found broken: the first ones, and how many come after them.
#[derive(Debug, Default)]
struct Violations {
    listed: Vec<ConstraintError>,
    unlisted: usize,
}

impl Violations {
    /// The children without a parent, by primary key.
    fn add_unmatched(&mut self, state: &State, id: ForeignKeyId, operation: Operation) {
        let unmatched = state.unmatched(id);
        if unmatched.is_empty() {
            return;
        }
        let store = state.table(state.schema.foreign_key(id).child);
        let children = store.lowest_few(unmatched.iter(), self.room());
        self.unlisted += unmatched.len() - children.len();
        let refusals = children.into_iter();
        self.listed
            .extend(refusals.map(|child| constraint::no_parent(state, id, child, operation)));
    }

    /// The rows whose key another row has: of each key all but the row with the lowest primary key, by that row and then
    /// by their own.
    fn add_repeats(&mut self, state: &State, table: TableId, key: usize, operation: Operation) {
        let store = state.table(table);
        let columns = &state.schema.table(table).keys[key].columns;
        let mut sharing: BTreeMap<Key, Vec<RowId>> = BTreeMap::new();
        for id in store.repeats(key) {
            if let Some(row) = store.rows().get(id) {
                let shared = row.key(store.layout(), columns);
                sharing.entry(shared).or_default().push(id);
            }
        }
        let sharing = sharing.into_values();
        let mut sharing: BTreeMap<RowId, Vec<RowId>> = sharing
            .filter_map(|rows| Some((store.lowest(rows.iter().copied())?, rows)))
            .collect();
        let firsts = store.lowest_few(sharing.keys().copied(), sharing.len());
        for first in firsts {
            let rows = sharing.remove(&first).into_iter().flatten();
            let others: Vec<RowId> = rows.filter(|&row| row != first).collect();
            let found = others.len();
            let others = store.lowest_few(others, self.room());
            self.unlisted += found - others.len();
            let refusals = others.into_iter().filter_map(|row| {
                constraint::duplicate_of_stored(state, table, key, (row, first), operation)
            });
            self.listed.extend(refusals);
        }
    }

    /// How many more are listed.
    fn room(&self) -> usize {
        VIOLATIONS_MAX - self.listed.len()
    }

    fn into_result(self) -> Result<()> {
        let mut listed = self.listed.into_iter();
        let Some(first) = listed.next() else {
            return Ok(());
        };
        let further = Further {
            listed: listed.collect(),
            unlisted: self.unlisted,
        };
        Err(ConstraintError { further, ..first }.into())
    }
}

/// A unique key of a table whose duplicates wait.
pub(crate) fn waiting_key(state: &State, table: TableId) -> Option<usize> {
    let keys = state.schema.find_table(table)?.keys.len();
    (0..keys).find(|&key| state.table(table).repeats(key).next().is_some())
}

fn name_of(schema: &Schema, constraint: Deferrable) -> &str {
    match constraint {
        Deferrable::Reference(key) => &schema.foreign_key(key).name,
        Deferrable::Key(table, key) => &schema.table(table).keys[key].name,
    }
}

/// Whether a constraint of this name cannot wait.
fn has_other(schema: &Schema, name: &str) -> bool {
    let mut references = schema.foreign_keys().iter();
    references.any(|key| !key.deferral.is_deferrable() && *key.name == *name)
        || schema.tables().iter().any(|table| {
            let mut keys = table.keys.iter();
            keys.any(|key| !key.deferral.is_deferrable() && *key.name == *name)
                || table.checks.iter().any(|check| *check.name == *name)
        })
}
