//! A database for threads: readers take the last published version, writers take turns.
//!
//! [`Shared`] holds one database and, beside it, the version that was published last. Reading is one counted clone under
//! a lock held for a pointer. A writer waits for its turn, works on the database outside every lock that a reader takes,
//! and publishes what it committed by replacing that pointer: in all tables at one instant (integrity RI-81). So
//! histories are serial (integrity RI-82). Turns are given in the order in which they were asked for; a plain lock would
//! let a thread that writes all the time keep out one that writes now and then.
//!
//! Invariants:
//!
//! - A turn begins at the published version, whatever the turn before it left. That makes it sound to go on after a panic,
//!   and to ignore that a lock is poisoned (integrity RI-85).
//! - Closures run while their thread has the turn and no lock but that of the database, which nobody takes without a turn.
//!   A turn asked for by the thread that has it is refused, since it would never come (integrity RI-86).
//! - A version is dropped outside every lock: it may be the last handle of many pages.
//!
//! Deliberately not here: writers side by side, and any lock of our own making.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::engine::clock::Clock;
use crate::engine::database::Database;
use crate::engine::limits::Limits;
use crate::engine::snapshot::Snapshot;
use crate::engine::transaction::Transaction;
use crate::error::{Result, TransactionError, TransactionKind};

/// A handle to a database of tables that threads share. `Clone` is O(1); `Send` and `Sync`.
///
/// Reading takes the last published version and never waits for a writer. Writers take turns, in the order in which they
/// ask; what one commits is published at one instant. See [`relata::SharedDatabase`](crate::SharedDatabase) for models.
///
/// ```
/// use relata::engine::{Database, SharedDatabase};
/// use relata::schema::{ColumnDef, Schema, TableDef};
/// use relata::value::{DataType, Value};
///
/// let id = ColumnDef::new("id", DataType::Int).primary_key();
/// let schema = Schema::builder().table(TableDef::new("jobs").column(id)).build()?;
/// let shared = SharedDatabase::new(Database::new(schema));
///
/// let before = shared.read();
/// let writer = shared.clone();
/// std::thread::spawn(move || writer.write(|tx| tx.insert("jobs", [("id", Value::from(1))])))
///     .join()
///     .expect("the thread does not panic")?;
/// assert_eq!((before.count("jobs")?, shared.read().count("jobs")?), (0, 1));
/// # Ok::<(), relata::error::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedDatabase {
    shared: Arc<Shared<Database>>,
}

impl SharedDatabase {
    shared_methods!();
}

impl Versions for Database {
    type Snapshot = Snapshot;

    fn snapshot(&self) -> Snapshot {
        Database::snapshot(self)
    }

    fn set_current(&mut self, version: &Snapshot) {
        self.current = version.clone();
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn going_on_from(version: Snapshot, limits: Limits) -> Self {
        Database {
            limits,
            ..Database::going_on_from(version)
        }
    }
}

/// What sharing asks of a database.
pub(crate) trait Versions {
    type Snapshot: Clone;

    fn snapshot(&self) -> Self::Snapshot;
    /// Makes a committed version the current one.
    fn set_current(&mut self, version: &Self::Snapshot);
    /// What a fork takes over beside the version.
    fn limits(&self) -> Limits;
    fn going_on_from(version: Self::Snapshot, limits: Limits) -> Self;
}

/// One database, the version that was published last, and whose turn it is to write.
pub(crate) struct Shared<D: Versions> {
    published: Mutex<D::Snapshot>,
    database: Mutex<D>,
    turns: Mutex<Turns>,
    turn_ended: Condvar,
    limits: Limits,
}

/// Who writes, and who wants to.
#[derive(Debug, Default)]
struct Turns {
    writer: Option<ThreadId>,
    /// In the order in which they came.
    waiting: VecDeque<Ticket>,
    next: Ticket,
}

/// A place among those who wait.
type Ticket = u64;

/// The right to write, until it is dropped.
struct Turn<'a, D: Versions> {
    shared: &'a Shared<D>,
}

impl<D: Versions> Shared<D> {
    pub(crate) fn new(database: D) -> Self {
        Shared {
            published: Mutex::new(database.snapshot()),
            limits: database.limits(),
            database: Mutex::new(database),
            turns: Mutex::default(),
            turn_ended: Condvar::new(),
        }
    }

    /// The version that was published last.
    pub(crate) fn read(&self) -> D::Snapshot {
        lock(&self.published).clone()
    }

    /// Changes the database when it is this thread's turn, and publishes the result if it is `Ok`.
    pub(crate) fn write<T>(
        &self,
        wait_max: Duration,
        change: impl FnOnce(&mut D) -> Result<T>,
    ) -> Result<T> {
        let _turn = self.take_turn(wait_max)?;
        let mut database = lock(&self.database);
        database.set_current(&self.read());
        let value = change(&mut database)?;
        self.publish(database.snapshot());
        Ok(value)
    }

    /// The database at the version that was published last.
    pub(crate) fn into_inner(self) -> D {
        let published = into_inner(self.published);
        let mut database = into_inner(self.database);
        database.set_current(&published);
        database
    }

    /// A database of its own that goes on from the version that was published last.
    pub(crate) fn fork(&self) -> D {
        D::going_on_from(self.read(), self.limits)
    }

    fn publish(&self, version: D::Snapshot) {
        // The lock is gone at the end of this statement, the replaced version after it.
        let replaced = std::mem::replace(&mut *lock(&self.published), version);
        drop(replaced);
    }

    fn take_turn(&self, wait_max: Duration) -> Result<Turn<'_, D>> {
        let this = thread::current().id();
        let mut turns = lock(&self.turns);
        if turns.writer == Some(this) {
            return Err(reentrant());
        }
        let ticket = turns.queue_up();
        let mut turns = self
            .turn_ended
            .wait_timeout_while(turns, wait_max, |turns| !turns.has_come(ticket))
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        let came = turns.has_come(ticket);
        turns.waiting.retain(|&other| other != ticket);
        if !came {
            return Err(busy(wait_max));
        }
        turns.writer = Some(this);
        Ok(Turn { shared: self })
    }
}

impl Turns {
    fn queue_up(&mut self) -> Ticket {
        let ticket = self.next;
        self.next += 1;
        self.waiting.push_back(ticket);
        ticket
    }

    fn has_come(&self, ticket: Ticket) -> bool {
        self.writer.is_none() && self.waiting.front() == Some(&ticket)
    }
}

impl<D: Versions> Drop for Turn<'_, D> {
    fn drop(&mut self) {
        lock(&self.shared.turns).writer = None;
        // All are woken, since only the first of them may go on and it is not known which thread that is.
        self.shared.turn_ended.notify_all();
    }
}

impl<D: Versions> fmt::Debug for Shared<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedDatabase").finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

/// Takes a lock, poisoned or not. The pointer to the published version and the turns are written whole, and nothing can
/// panic half way; the database may have been left anyhow, and is set to the published version when the next turn begins.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], for good.
fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn reentrant() -> crate::error::Error {
    let detail = "this thread is in a write of the same database, whose transaction is to be used";
    TransactionError::new(TransactionKind::Reentrant, detail).into()
}

fn busy(wait_max: Duration) -> crate::error::Error {
    let detail = match wait_max {
        Duration::ZERO => "another thread writes".to_owned(),
        _ => format!("other threads have been writing for {wait_max:?}"),
    };
    TransactionError::new(TransactionKind::Busy, detail).into()
}

/// The methods of a handle with a field `shared`, over the `Database`, `Transaction` and `Snapshot` in scope.
macro_rules! shared_methods {
    () => {
        /// Shares a database.
        pub fn new(database: Database) -> Self {
            Self {
                shared: Arc::new(Shared::new(database)),
            }
        }

        /// The last published version, for as long as it is held. Waits for no writer; within a write it is the version
        /// from before. O(1).
        pub fn read(&self) -> Snapshot {
            self.shared.read()
        }

        /// Runs a closure in a transaction when the writers before it are done. If it gives `Ok`, the transaction is
        /// committed and published at one instant; if it gives `Err` or panics, nothing of it remains, and the next
        /// write finds the last published version.
        ///
        /// A page is copied when a write first touches it, so many small writes cost more than one that does their
        /// work together. A closure that waits for another thread's write on the same handle waits for ever.
        ///
        /// # Errors
        ///
        /// What the closure gives, or what a deferred constraint finds at commit;
        /// [`TransactionKind::Reentrant`](crate::error::TransactionKind::Reentrant) within a write of the same handle
        /// on the same thread.
        pub fn write<T>(&self, body: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
            self.write_within(Duration::MAX, body)
        }

        /// As `write`, waiting at most this long for its turn.
        ///
        /// # Errors
        ///
        /// As `write`; [`TransactionKind::Busy`](crate::error::TransactionKind::Busy) if the turn has not come by then,
        /// and the closure has not run.
        pub fn write_within<T>(
            &self,
            wait_max: Duration,
            body: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
        ) -> Result<T> {
            self.shared
                .write(wait_max, |database| database.transaction(body))
        }

        /// As `write`, without waiting.
        ///
        /// # Errors
        ///
        /// As `write_within`.
        pub fn try_write<T>(
            &self,
            body: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
        ) -> Result<T> {
            self.write_within(Duration::ZERO, body)
        }

        /// Publishes a snapshot as the current version, as `Database::reset_to` does. Waits as `write`.
        /// O(constraints).
        ///
        /// # Errors
        ///
        /// [`TransactionKind::Reentrant`](crate::error::TransactionKind::Reentrant) within a write, and as
        /// `Database::reset_to`.
        pub fn reset_to(&self, snapshot: &Snapshot) -> Result<()> {
            self.shared
                .write(Duration::MAX, |database| database.reset_to(snapshot))
        }

        /// Sets the clock from the next transaction on. Waits as `write`.
        ///
        /// # Errors
        ///
        /// [`TransactionKind::Reentrant`](crate::error::TransactionKind::Reentrant) within a write.
        pub fn set_clock(&self, clock: Clock) -> Result<()> {
            self.shared.write(Duration::MAX, |database| {
                database.set_clock(clock);
                Ok(())
            })
        }

        /// An independent database that goes on from the last published version. Waits for no writer. O(1).
        pub fn fork(&self) -> Database {
            self.shared.fork()
        }

        /// The database itself, if this is the only handle.
        ///
        /// # Errors
        ///
        /// The handle, if there are others.
        pub fn into_inner(self) -> Result<Database, Self> {
            Arc::try_unwrap(self.shared)
                .map(Shared::into_inner)
                .map_err(|shared| Self { shared })
        }
    };
}

pub(crate) use shared_methods;

#[cfg(test)]
mod tests {
    use super::{Duration, SharedDatabase, lock, thread};
    use crate::engine::Database;
    use crate::error::{ErrorKind, TransactionKind};
    use crate::schema::{ColumnDef, Schema, TableDef};
    use crate::value::{DataType, Value};

    fn log() -> SharedDatabase {
        let table = TableDef::new("log").column(ColumnDef::new("writer", DataType::Int));
        let schema = Schema::builder().table(table).build().unwrap();
        SharedDatabase::new(Database::new(schema))
    }

    fn write_log(shared: &SharedDatabase, writer: i64, wait_max: Duration) -> Option<ErrorKind> {
        shared
            .write_within(wait_max, |tx| {
                tx.insert("log", [("writer", Value::from(writer))])
            })
            .err()
            .map(|error| error.kind())
    }

    fn until_waiting(shared: &SharedDatabase, number: usize) {
        while lock(&shared.shared.turns).waiting.len() != number {
            thread::yield_now();
        }
    }

    // rules: RI-82
    // Broken, a thread that writes all the time would keep out the others, or one that gave up would hold up those after it.
    #[test]
    fn turns_come_in_the_order_of_asking() {
        const LONG: Duration = Duration::from_secs(60);
        let shared = log();
        let gave_up = thread::scope(|scope| {
            let ask = |writer, wait_max| {
                let shared = &shared;
                scope.spawn(move || write_log(shared, writer, wait_max))
            };
            shared
                .write(|_| {
                    let gave_up = ask(0, Duration::from_millis(1)).join().unwrap();
                    for (writer, waiting) in [(1, 1), (2, 2), (3, 3)] {
                        ask(writer, LONG);
                        until_waiting(&shared, waiting);
                    }
                    Ok(gave_up)
                })
                .unwrap()
        });
        assert_eq!(gave_up, Some(ErrorKind::Transaction(TransactionKind::Busy)));
        let snapshot = shared.read();
        let writers: Vec<_> = snapshot
            .rows("log")
            .unwrap()
            .map(|row| row.get("writer").unwrap().as_int().unwrap())
            .collect();
        assert_eq!(writers, [1, 2, 3]);
    }
}
