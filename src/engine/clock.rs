//! The clock of a database.
//!
//! It is a value: a fork copies it, a rollback restores it. It is read once per transaction, at the first need.

use crate::value::Timestamp;

/// Where `now` comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The system's time. Never restored by a rollback.
    #[default]
    System,
    /// Always the same instant.
    Fixed(Timestamp),
    /// The given instant for the first transaction that asks, and `step_micros` later for each one after it.
    Stepping {
        /// The next instant.
        next: Timestamp,
        /// Microseconds between two transactions.
        step_micros: i64,
    },
}

impl Clock {
    /// The instant for one transaction, and the clock for the next.
    pub(crate) fn tick(self) -> (Timestamp, Clock) {
        match self {
            Clock::System => (system_time(), self),
            Clock::Fixed(instant) => (instant, self),
            Clock::Stepping { next, step_micros } => {
                let after = Timestamp::from_micros(next.as_micros().saturating_add(step_micros));
                (
                    next,
                    Clock::Stepping {
                        next: after,
                        step_micros,
                    },
                )
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the system's time comes in"
)]
fn system_time() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
