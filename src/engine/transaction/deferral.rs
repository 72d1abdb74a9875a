//! When foreign keys are judged: after each statement, or at commit.
//!
//! Modes are per key, last until the transaction ends, and are part of what a savepoint restores (integrity section 6).

use crate::engine::constraint;
use crate::engine::transaction::{Modes, Transaction};
use crate::error::{
    Operation, RequestError, RequestKind, Result, TransactionError, TransactionKind,
};
use crate::schema::{Deferral, ForeignKeyId, Schema};

/// The modes that a transaction starts with.
pub(super) fn modes(schema: &Schema) -> Modes {
    let mut modes = Modes::from_elem(false, schema.foreign_keys_end());
    for key in schema.foreign_keys() {
        modes[key.id.index()] = key.deferral.is_initially_deferred();
    }
    modes
}

impl Transaction<'_> {
    /// Adds the modes of foreign keys that came; those that were there keep theirs.
    pub(super) fn add_modes(&mut self) {
        let mut modes = modes(&self.schema);
        modes[..self.deferred.len()].copy_from_slice(&self.deferred);
        self.deferred = modes;
    }

    /// Judges the named foreign keys, or all deferrable ones if none is named, at commit from now on.
    ///
    /// # Errors
    /// `UnknownConstraint`, or `NotDeferrable`.
    pub fn defer_constraints(&mut self, names: &[&str]) -> Result<()> {
        for key in self.deferrable(names)? {
            self.deferred[key.index()] = true;
        }
        Ok(())
    }

    /// Judges the named foreign keys, or all deferrable ones if none is named, now and after each statement. If that
    /// fails the mode stays as it was and the transaction goes on (integrity RI-55).
    ///
    /// # Errors
    /// `UnknownConstraint`, `NotDeferrable`, or the first unmet reference.
    pub fn set_constraints_immediate(&mut self, names: &[&str]) -> Result<()> {
        let keys = self.deferrable(names)?;
        for &key in &keys {
            self.judge_pending(key, Operation::SetImmediate)?;
        }
        for key in keys {
            self.deferred[key.index()] = false;
        }
        Ok(())
    }

    /// Reports the first deferred reference that is unmet now. Nothing is changed.
    ///
    /// # Errors
    /// The reference.
    pub fn check_deferred(&self) -> Result<()> {
        self.judge_all_pending(Operation::SetImmediate)
    }

    fn deferrable(&self, names: &[&str]) -> Result<Vec<ForeignKeyId>> {
        let keys = self.schema.foreign_keys();
        if names.is_empty() {
            let deferrable = keys.iter().filter(|key| key.deferral.is_deferrable());
            return Ok(deferrable.map(|key| key.id).collect());
        }
        let mut found = Vec::new();
        for name in names {
            let before = found.len();
            for key in keys.iter().filter(|key| &*key.name == *name) {
                if key.deferral == Deferral::NotDeferrable {
                    let detail = format!("foreign key {name} is not deferrable");
                    return Err(
                        TransactionError::new(TransactionKind::NotDeferrable, detail).into(),
                    );
                }
                found.push(key.id);
            }
            if found.len() == before {
                return Err(RequestError::new(
                    RequestKind::UnknownConstraint,
                    *name,
                    "no foreign key of this name",
                )
                .into());
            }
        }
        Ok(found)
    }

    pub(super) fn judge_all_pending(&self, operation: Operation) -> Result<()> {
        let mut keys = self.schema.foreign_keys().iter();
        keys.try_for_each(|key| self.judge_pending(key.id, operation))
    }

    fn judge_pending(&self, key: ForeignKeyId, operation: Operation) -> Result<()> {
        let key = self.schema.foreign_key(key);
        let state = &self.database.current.state;
        let unmatched = state.edge(key.id).unmatched();
        if unmatched.is_empty() {
            return Ok(());
        }
        let first = unmatched
            .iter()
            .min_by(|&a, &b| state.key_of(key.child, a).cmp(&state.key_of(key.child, b)));
        match first {
            None => Ok(()),
            Some(child) => Err(constraint::no_parent(state, key.id, child, operation).into()),
        }
    }
}
