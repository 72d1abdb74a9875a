//! What becomes of a broken constraint: it fails the statement, or is kept for a plan.
//!
//! The statement works the same way in either case. It brings each constraint that it finds broken here; `?` ends it at
//! the first, unless they are kept.

use crate::error::{ConstraintError, Result};
use crate::schema::TableId;
use crate::storage::RowId;

/// The broken constraints of one statement.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    kept: Option<Vec<Refusal>>,
}

/// A broken constraint that is kept.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Without its chain, which may be as long as the statement is deep: it is that of the row.
    pub(crate) error: ConstraintError,
    /// The changed row that breaks it: for a parent with children left, the parent.
    pub(crate) row: (TableId, RowId),
}

impl Refusals {
    /// None yet, and all to be kept.
    pub(crate) fn kept() -> Self {
        Refusals {
            kept: Some(Vec::new()),
        }
    }

    pub(crate) fn are_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Adds a broken constraint. The chain is asked for if the statement fails by it.
    pub(crate) fn add(
        &mut self,
        error: ConstraintError,
        row: (TableId, RowId),
        chain: impl FnOnce() -> Vec<String>,
    ) -> Result<()> {
        match &mut self.kept {
            Some(kept) => {
                kept.push(Refusal { error, row });
                Ok(())
            }
            None => Err(ConstraintError {
                chain: chain(),
                ..error
            }
            .into()),
        }
    }

    pub(crate) fn into_kept(self) -> Vec<Refusal> {
        self.kept.unwrap_or_default()
    }
}
