//! When constraints are judged: after each statement, or at commit.
//!
//! Modes are per constraint, last until the transaction ends, and are part of what a savepoint restores (integrity
//! section 6).

use crate::engine::pending;
use crate::engine::transaction::Transaction;
use crate::error::{Operation, Result};

impl Transaction<'_> {
    /// Judges the named foreign keys and unique keys, or all deferrable ones if none is named, at commit from now on.
    ///
    /// # Errors
    /// `UnknownConstraint`, or `NotDeferrable`.
    pub fn defer_constraints(&mut self, names: &[&str]) -> Result<()> {
        for constraint in pending::named(&self.schema, names)? {
            self.modes.set(&self.schema, constraint, true);
        }
        Ok(())
    }

    /// Judges the named foreign keys and unique keys, or all deferrable ones if none is named, now and after each
    /// statement. If that fails the mode stays as it was and the transaction goes on (integrity RI-55).
    ///
    /// # Errors
    /// `UnknownConstraint`, `NotDeferrable`, or the duplicate keys and unmet references, as [`Transaction::commit`] lists
    /// them.
    pub fn set_constraints_immediate(&mut self, names: &[&str]) -> Result<()> {
        let constraints = pending::named(&self.schema, names)?;
        let state = &self.database.current.state;
        let judged = constraints.iter().copied();
        pending::judge(state, judged, Operation::SetImmediate)?;
        for constraint in constraints {
            self.modes.set(&self.schema, constraint, false);
        }
        Ok(())
    }

    /// Reports the duplicates of deferred keys and the deferred references that are unmet now. Nothing is changed.
    ///
    /// # Errors
    /// What [`Transaction::commit`] would be refused for.
    pub fn check_deferred(&self) -> Result<()> {
        pending::judge_all(&self.database.current.state, Operation::SetImmediate)
    }
}
