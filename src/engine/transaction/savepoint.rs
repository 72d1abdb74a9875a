//! Points of a transaction to go back to.
//!
//! Savepoints are handles, so a name cannot be mistaken; one that was released or rolled back over is recognised, also
//! in a later transaction (integrity RI-84).

use crate::engine::pending::Modes;
use crate::engine::transaction::Transaction;
use crate::engine::undo::Mark;
use crate::error::{Result, TransactionError, TransactionKind};
use crate::value::Timestamp;

/// A point of a transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint {
    handle: slotmap::DefaultKey,
}

/// What stood when a savepoint was made.
#[derive(Clone, Debug)]
pub(crate) struct SavepointMark {
    mark: Mark,
    now: Option<Timestamp>,
    modes: Modes,
    rows: u64,
}

impl Transaction<'_> {
    /// Marks this point of the transaction.
    ///
    /// # Errors
    /// [`Limit::Savepoints`](crate::error::Limit::Savepoints) if too many are open.
    pub fn savepoint(&mut self) -> Result<Savepoint> {
        let limits = &self.database.limits;
        if self.open.len() >= limits.savepoints_max {
            return Err(limits.too_many_savepoints());
        }
        let mark = SavepointMark {
            mark: self.database.undo.mark(),
            now: self.time.written,
            modes: self.modes.clone(),
            rows: self.rows,
        };
        let handle = self.database.savepoints.insert(mark);
        self.open.push(handle);
        Ok(Savepoint { handle })
    }

    /// Undoes everything since the savepoint, constraint modes included. The savepoint stays, later ones go.
    ///
    /// # Errors
    /// `UnknownSavepoint`.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let position = self.position_of(savepoint)?;
        self.forget_from(position + 1);
        let SavepointMark {
            mark,
            now,
            modes,
            rows,
        } = self.database.savepoints[savepoint.handle].clone();
        (self.time.written, self.modes, self.rows) = (now, modes, rows);
        self.roll_back(mark);
        Ok(())
    }

    /// Forgets the savepoint and later ones; what was done since stays.
    ///
    /// # Errors
    /// `UnknownSavepoint`.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        let position = self.position_of(savepoint)?;
        self.forget_from(position);
        Ok(())
    }

    /// Runs a closure that is undone whole if it fails or panics; after a failure, and after a panic that somebody catches,
    /// the transaction goes on.
    ///
    /// # Errors
    /// What the closure gives, or [`Limit::Savepoints`](crate::error::Limit::Savepoints).
    pub fn atomically<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        atomically(self, |transaction| transaction, body)
    }

    fn position_of(&self, savepoint: Savepoint) -> Result<usize> {
        let found = self.open.iter().rposition(|&open| open == savepoint.handle);
        found.ok_or_else(|| {
            let detail =
                "this savepoint was released, rolled back over, or is of another transaction";
            TransactionError::new(TransactionKind::UnknownSavepoint, detail).into()
        })
    }

    pub(super) fn forget_from(&mut self, position: usize) {
        for handle in self.open.drain(position..) {
            self.database.savepoints.remove(handle);
        }
    }
}

/// [`Transaction::atomically`], for whatever has a transaction inside.
pub(crate) fn atomically<'db, X, T>(
    outer: &mut X,
    transaction: fn(&mut X) -> &mut Transaction<'db>,
    body: impl FnOnce(&mut X) -> Result<T>,
) -> Result<T> {
    let savepoint = transaction(outer).savepoint()?;
    let mut unfinished = Unfinished {
        outer,
        transaction,
        savepoint: Some(savepoint),
    };
    let result = body(unfinished.outer);
    unfinished.savepoint = None;
    let transaction = transaction(unfinished.outer);
    if result.is_err() {
        transaction.rollback_to(savepoint)?;
    }
    transaction.release(savepoint)?;
    result
}

/// Work that is taken back if a panic ends it.
struct Unfinished<'x, 'db, X> {
    outer: &'x mut X,
    transaction: fn(&mut X) -> &mut Transaction<'db>,
    savepoint: Option<Savepoint>,
}

impl<X> Drop for Unfinished<'_, '_, X> {
    fn drop(&mut self) {
        if let Some(savepoint) = self.savepoint {
            let transaction = (self.transaction)(self.outer);
            // Both fail if the work itself went back over the savepoint: then nothing is left of it.
            _ = transaction.rollback_to(savepoint);
            _ = transaction.release(savepoint);
        }
    }
}
