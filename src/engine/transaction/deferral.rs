//! When foreign keys are judged: after each statement, or at commit.
//!
//! Modes are per key, last until the transaction ends, and are part of what a savepoint restores (integrity section 6).

use crate::engine::constraint;
use crate::engine::transaction::Transaction;
use crate::error::{
    Operation, RequestError, RequestKind, Result, TransactionError, TransactionKind,
};
use crate::schema::Deferral;

impl Transaction<'_> {
    /// Judges the named foreign keys, or all deferrable ones if none is named, at commit from now on.
    ///
    /// # Errors
    /// `UnknownConstraint`, or `NotDeferrable`.
    pub fn defer_constraints(&mut self, names: &[&str]) -> Result<()> {
        for key in self.deferrable(names)? {
            self.deferred[key] = true;
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
            self.deferred[key] = false;
        }
        Ok(())
    }

    /// Reports the first deferred reference that is unmet now. Nothing is changed.
    ///
    /// # Errors
    /// The reference.
    pub fn check_deferred(&self) -> Result<()> {
        (0..self.deferred.len())
            .try_for_each(|key| self.judge_pending(key, Operation::SetImmediate))
    }

    fn deferrable(&self, names: &[&str]) -> Result<Vec<usize>> {
        let keys = self.schema.foreign_keys();
        if names.is_empty() {
            return Ok((0..keys.len())
                .filter(|&key| keys[key].deferral != Deferral::NotDeferrable)
                .collect());
        }
        let mut found = Vec::new();
        for name in names {
            let before = found.len();
            for (position, key) in keys
                .iter()
                .enumerate()
                .filter(|(_, key)| &*key.name == *name)
            {
                if key.deferral == Deferral::NotDeferrable {
                    let detail = format!("foreign key {name} is not deferrable");
                    return Err(
                        TransactionError::new(TransactionKind::NotDeferrable, detail).into(),
                    );
                }
                found.push(position);
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

    pub(super) fn judge_pending(&self, key: usize, operation: Operation) -> Result<()> {
        let key = &self.schema.foreign_keys()[key];
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
