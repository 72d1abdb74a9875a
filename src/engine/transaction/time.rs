//! The time of one transaction: the database's clock, read once.

use std::sync::OnceLock;

use crate::engine::clock::Clock;
use crate::value::Timestamp;

/// A transaction's time, from the first need on. A read that needs it cannot move the clock; the next write does.
#[derive(Debug, Default)]
pub(crate) struct Time {
    /// For statements, which moved the clock when they took it.
    pub(super) written: Option<Timestamp>,
    /// For reads that came before any of those.
    read: OnceLock<Timestamp>,
}

impl Time {
    /// The time for a read.
    pub(crate) fn read(&self, clock: Clock) -> Timestamp {
        self.written
            .unwrap_or_else(|| *self.read.get_or_init(|| clock.tick().0))
    }

    /// Whether a read took a time that statements do not have yet.
    #[inline]
    pub(super) fn is_ahead(&self) -> Option<Timestamp> {
        let read = self.read.get().copied();
        read.filter(|_| self.written.is_none())
    }
}
