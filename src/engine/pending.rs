//! What may wait for the end of the transaction: references without a parent and rows that share a key.
//!
//! Whether a constraint waits is a mode of the transaction ([`Modes`]) and part of what a savepoint restores. What waits
//! stands in the structures themselves: the unmatched map of a foreign key, the repeats of a unique key. Both follow the
//! rows, through undo as through writes, so that judging is looking at the present state (integrity RI-53).

use smallvec::SmallVec;

use crate::engine::constraint;
use crate::engine::state::State;
use crate::error::{
    ConstraintError, Operation, RequestError, RequestKind, Result, TransactionError,
    TransactionKind,
};
use crate::schema::{Deferral, ForeignKeyId, Schema, TableId};

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

/// The constraints of some names, all that can wait if there is no name. One name may be that of several.
///
/// # Errors
/// `UnknownConstraint`, or `NotDeferrable`.
pub(crate) fn named(schema: &Schema, names: &[&str]) -> Result<Vec<Deferrable>> {
    if names.is_empty() {
        return Ok(all(schema).collect());
    }
    let mut found = Vec::new();
    for name in names {
        let before = found.len();
        found.extend(all(schema).filter(|&it| name_of(schema, it) == *name));
        if has_other(schema, name) {
            let detail = format!("constraint {name} is not deferrable");
            return Err(TransactionError::new(TransactionKind::NotDeferrable, detail).into());
        }
        if found.len() == before {
            let detail = "no constraint of this name";
            return Err(RequestError::new(RequestKind::UnknownConstraint, *name, detail).into());
        }
    }
    Ok(found)
}

/// Refuses the first thing that waits, whatever the modes.
///
/// # Errors
/// A duplicate key or a reference.
pub(crate) fn judge_all(state: &State, operation: Operation) -> Result<()> {
    let schema = &state.schema;
    all(schema).try_for_each(|constraint| judge(state, constraint, operation))
}

/// Refuses the first thing that waits for one constraint: by primary key, the first row at fault.
///
/// # Errors
/// A duplicate key or a reference.
pub(crate) fn judge(state: &State, constraint: Deferrable, operation: Operation) -> Result<()> {
    let refusal: Option<ConstraintError> = match constraint {
        Deferrable::Reference(id) => {
            let unmatched = state.edge(id).unmatched();
            if unmatched.is_empty() {
                return Ok(());
            }
            let store = state.table(state.schema.foreign_key(id).child);
            let first = store.lowest(unmatched.iter());
            first.map(|child| constraint::no_parent(state, id, child, operation))
        }
        Deferrable::Key(table, key) => {
            let store = state.table(table);
            let first = store.lowest(store.repeats(key));
            first.and_then(|first| {
                let others = store.with_key_of(key, first).into_iter();
                let second = store.lowest(others.filter(|&row| row != first))?;
                constraint::duplicate_of_stored(state, table, key, (second, first), operation)
            })
        }
    };
    refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
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
