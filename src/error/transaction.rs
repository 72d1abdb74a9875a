//! What a transaction cannot do now.

use std::fmt::{self, Write};

use crate::error::Limit;
use crate::error::text::write_bounded;

/// Why a transaction refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionError {
    /// The sort of refusal.
    pub kind: TransactionKind,
    /// What was asked, with names and figures.
    pub detail: String,
}

/// The sorts of [`TransactionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransactionKind {
    /// The savepoint was released, rolled back over, or belongs to another transaction.
    UnknownSavepoint,
    /// A statement or transaction grew over a limit.
    Limit(Limit),
    /// The constraint cannot be deferred.
    NotDeferrable,
    /// Another thread writes, and there was no waiting or it took too long.
    Busy,
    /// A write was started from within a write of the same database on the same thread.
    Reentrant,
    /// The schema was to change where deferred references are unmet.
    Pending,
}

impl TransactionKind {
    /// PostgreSQL's code.
    pub(crate) fn sqlstate(self) -> &'static str {
        match self {
            TransactionKind::UnknownSavepoint => "3B001",
            TransactionKind::Limit(limit) => limit.sqlstate(),
            TransactionKind::NotDeferrable => "42809",
            TransactionKind::Busy => "55P03",
            TransactionKind::Reentrant => "25001",
            TransactionKind::Pending => "55006",
        }
    }
}

impl TransactionError {
    /// A refusal.
    pub(crate) fn new(kind: TransactionKind, detail: impl Into<String>) -> Self {
        TransactionError {
            kind,
            detail: detail.into(),
        }
    }

    /// The text. There are no values in it.
    pub(super) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(&self.detail)
    }
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bounded(f, |out| self.write(out))
    }
}
