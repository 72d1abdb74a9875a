//! Statements that fail at their k-th step, for every k until they succeed.
//!
//! A step is a call of a closure or a row that an iterator gives: it fails or panics. Or it is a row that the statement
//! changes, an action's too, or some bytes of the way back: a limit refuses it. After each failure the transaction must be
//! as it was before the statement: state, indexes, references that wait, changes, memory; and the next write must succeed.
//! So must the database be after the transaction, which had done other work before.
//!
//! [`statements::all_cases`] is the list. Another statement is another entry there.

pub mod statements;
mod world;

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use relata::engine::{Database, Limits, Transaction};
use relata::error::{Error, ErrorKind, Limit, RequestError, Result};
use relata::value::{Value, ValueRef};

/// One statement of the list.
#[derive(Debug)]
pub struct Case {
    /// What it does.
    pub name: &'static str,
    /// Writes what it needs and makes it.
    pub prepare: fn(&mut Database) -> Statement,
}

/// A statement, or several that stand or fall together.
pub type Statement = Box<dyn Fn(&mut Transaction<'_>, &Faults) -> Result<()>>;

/// How often things were made to fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Statements that failed.
    pub failed: usize,
    /// Of these: by a closure or a row that fails.
    pub errors: usize,
    /// By a panic.
    pub panics: usize,
    /// By a limit.
    pub limits: usize,
    /// Statements that are refused by themselves.
    pub refused: usize,
}

impl Tally {
    /// Adds up.
    pub fn add(&mut self, other: Tally) {
        self.failed += other.failed;
        self.errors += other.errors;
        self.panics += other.panics;
        self.limits += other.limits;
        self.refused += other.refused;
    }
}

/// What the closures of a statement do at their k-th call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Error,
    Panic,
}

/// The fault, and the steps before it that still succeed.
type Armed = Option<(Fault, usize)>;

thread_local! {
    /// What happens to the steps of the statement that this thread runs: those of closures in the schema too.
    static ARMED: Cell<Armed> = const { Cell::new(None) };
}

/// What a panic on purpose carries.
struct Deliberate;

/// Whether this step fails; panics if it is to.
fn fails() -> bool {
    let Some((fault, left)) = ARMED.get() else {
        return false;
    };
    ARMED.set(left.checked_sub(1).map(|left| (fault, left)));
    if left == 0 && fault == Fault::Panic {
        panic::resume_unwind(Box::new(Deliberate));
    }
    left == 0
}

/// A value that a closure of the schema makes; the step that fails gives one of another type.
fn made() -> Value {
    match fails() {
        false => "made".into(),
        true => Value::Bool(true),
    }
}

/// A check by a closure of the schema, for even numbers; the step that fails says that it does not hold.
fn is_even(cells: &[ValueRef<'_>]) -> Option<bool> {
    match fails() {
        false => cells[0].as_int().map(|number| number % 2 == 0),
        true => Some(false),
    }
}

/// What statements pass their steps through.
#[derive(Debug)]
pub struct Faults {
    _private: (),
}

impl Faults {
    /// A step of a closure that may fail.
    ///
    /// # Errors
    /// If this is the step.
    pub fn step(&self) -> Result<()> {
        match fails() {
            false => Ok(()),
            true => Err(RequestError::refused("", "on purpose").into()),
        }
    }

    /// A value as it was given; the step that fails gives one of another type.
    pub fn value(&self, value: impl Into<Value>) -> Value {
        match fails() {
            false => value.into(),
            true => Value::Bool(true),
        }
    }

    /// Rows as they were given, each a step; the one that fails has a value too many.
    pub fn rows<const N: usize>(
        &self,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> impl Iterator<Item = Vec<Value>> {
        rows.into_iter().map(|row| {
            let mut row = Vec::from(row);
            if fails() {
                row.push(Value::Null);
            }
            row
        })
    }
}

/// What a statement did: the state that it left, or why it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done { fingerprint: u64 },
    Refused(ErrorKind),
    Panicked,
}

/// Makes one statement fail at every step. `live` gives the bytes that this thread holds; `is_shared` says that somebody
/// holds a snapshot all the time, so that every write copies its page.
///
/// # Panics
/// If a failure leaves a trace.
pub fn explore(case: &Case, is_shared: bool, live: fn() -> i64) -> Tally {
    let mut db = world::database();
    let statement = (case.prepare)(&mut db);
    let held = is_shared.then(|| db.snapshot());
    let mut run = Run {
        case,
        base: db.fingerprint(),
        usual: Outcome::Panicked,
        live,
        measures: false,
        tally: Tally::default(),
        db,
        statement,
    };
    // Once for the room that buffers and pages keep, once for what is usual.
    for _ in 0..2 {
        run.usual = run.attempt(None).outcome;
    }
    run.measures = !is_shared;
    let before = (run.live)();
    run.fail_closures();
    run.fail_limits();
    if let Outcome::Refused(_) = run.usual {
        run.tally.refused += 1;
    }
    run.db.set_limits(Limits::default());
    run.assert_memory(before, "all of it");
    let again = run.attempt(None).outcome;
    assert_eq!(again, run.usual, "{}: after all of it", case.name);
    if let Some(held) = held {
        assert_eq!(
            held.fingerprint(),
            run.base,
            "{}: a snapshot moved",
            case.name
        );
    }
    run.tally
}

struct Run<'c> {
    case: &'c Case,
    db: Database,
    statement: Statement,
    /// The state before everything.
    base: u64,
    /// What the statement does if nothing fails.
    usual: Outcome,
    live: fn() -> i64,
    measures: bool,
    tally: Tally,
}

/// A statement within a transaction.
struct Attempt {
    outcome: Outcome,
    /// Bytes of the way back, without the statement and with it.
    way_back: (u64, u64),
    limit: Option<Limit>,
    /// Whether there was a step that failed.
    fired: bool,
}

impl Run<'_> {
    fn fail_closures(&mut self) {
        for fault in [Fault::Error, Fault::Panic] {
            for step in 0.. {
                let attempt = self.attempt(Some((fault, step)));
                if !attempt.fired {
                    assert_eq!(attempt.outcome, self.usual, "{}", self.case.name);
                    break;
                }
                match fault {
                    Fault::Error => self.tally.errors += 1,
                    Fault::Panic => self.tally.panics += 1,
                }
                let deliberate = match fault {
                    Fault::Error => !matches!(attempt.outcome, Outcome::Done { .. }),
                    Fault::Panic => attempt.outcome == Outcome::Panicked,
                };
                assert!(
                    deliberate,
                    "{}: {fault:?} at step {step}: {:?}",
                    self.case.name, attempt.outcome
                );
                self.tally.failed += 1;
                self.fail_whole_transaction(fault, step, attempt.outcome);
            }
        }
    }

    /// The same, and nobody stops the failure before the transaction ends.
    fn fail_whole_transaction(&mut self, fault: Fault, step: usize, expected: Outcome) {
        let before = (self.live)();
        let Run { db, statement, .. } = self;
        let ran = panic::catch_unwind(AssertUnwindSafe(|| {
            db.transaction(|tx| {
                world::earlier_work(tx)?;
                ARMED.set(Some((fault, step)));
                statement(tx, &Faults { _private: () })
            })
        }));
        ARMED.set(None);
        let outcome = match &ran {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Outcome::Refused(error.kind())),
            Err(_) => Some(Outcome::Panicked),
        };
        assert_eq!(outcome, Some(expected), "{}: step {step}", self.case.name);
        drop(ran);
        let what = format!("the whole transaction failed at step {step}");
        self.assert_base(before, &what);
    }

    fn fail_limits(&mut self) {
        let (start, end) = self.attempt(None).way_back;
        // One row is what the work before and after takes.
        for rows_changed_max in 1.. {
            let limits = Limits {
                rows_changed_max,
                ..Limits::default()
            };
            if !self.reaches(limits, Limit::RowsChanged) {
                break;
            }
        }
        // No closer than entries of the way back are.
        let step = ((end - start) / 24).max(24);
        let mut transaction_bytes_max = start;
        while transaction_bytes_max < end {
            let limits = Limits {
                transaction_bytes_max,
                ..Limits::default()
            };
            self.reaches(limits, Limit::TransactionBytes);
            transaction_bytes_max += step;
        }
        // What the work before and after writes is one byte long.
        for value_bytes_max in [1, 2, 4, 8, 16, 64, 256, 1_024] {
            let limits = Limits {
                value_bytes_max,
                ..Limits::default()
            };
            if !self.reaches(limits, Limit::ValueBytes) {
                break;
            }
        }
    }

    /// Whether the statement runs into these limits.
    fn reaches(&mut self, limits: Limits, expected: Limit) -> bool {
        self.db.set_limits(limits);
        let attempt = self.attempt(None);
        self.db.set_limits(Limits::default());
        if attempt.limit.is_none() {
            assert_eq!(
                attempt.outcome, self.usual,
                "{}: {limits:?}",
                self.case.name
            );
            return false;
        }
        assert_eq!(attempt.limit, Some(expected), "{}", self.case.name);
        self.tally.limits += 1;
        self.tally.failed += 1;
        true
    }

    /// Runs the statement in a transaction that did other work before, and rolls it back.
    fn attempt(&mut self, armed: Armed) -> Attempt {
        let before = (self.live)();
        let attempt = self.attempt_within(armed);
        self.assert_base(before, "the transaction was rolled back");
        attempt
    }

    fn attempt_within(&mut self, armed: Armed) -> Attempt {
        let limits = self.db.limits();
        let mut tx = self.db.begin();
        world::earlier_work(&mut tx).expect("the work before stands");
        let seen = Seen::of(&tx);
        let start = tx.way_back_bytes();
        let before = (self.live)();
        ARMED.set(armed);
        let faults = Faults { _private: () };
        let ran = panic::catch_unwind(AssertUnwindSafe(|| (self.statement)(&mut tx, &faults)));
        let fired = armed.is_some() && ARMED.take().is_none();
        let (outcome, limit) = match ran {
            Ok(Ok(())) => {
                let fingerprint = tx.fingerprint();
                (Outcome::Done { fingerprint }, None)
            }
            Ok(Err(error)) => (Outcome::Refused(error.kind()), Error::limit(&error)),
            Err(payload) if payload.is::<Deliberate>() => (Outcome::Panicked, None),
            Err(payload) => panic::resume_unwind(payload),
        };
        let way_back = (start, tx.way_back_bytes());
        let name = self.case.name;
        assert_eq!(tx.check_structure(), Ok(()), "{name}: {outcome:?}");
        if !matches!(outcome, Outcome::Done { .. }) {
            let after = (self.live)();
            assert!(
                !self.measures || is_within_a_hundredth(before, after),
                "{name}: {before} bytes became {after} by a statement that was {outcome:?}"
            );
            assert_eq!(
                way_back.1, start,
                "{name}: the way back of what was undone stayed"
            );
            assert_eq!(Seen::of(&tx), seen, "{name}: {outcome:?}");
            if start + world::NEXT_WRITE_BYTES <= limits.transaction_bytes_max {
                world::next_write(&mut tx).expect("the next write succeeds");
            }
        }
        Attempt {
            outcome,
            way_back,
            limit,
            fired,
        }
    }

    fn assert_base(&self, live_before: i64, what: &str) {
        let name = self.case.name;
        assert_eq!(self.db.fingerprint(), self.base, "{name}: {what}");
        assert_eq!(self.db.check_integrity(), Ok(()), "{name}: {what}");
        self.assert_memory(live_before, what);
    }

    fn assert_memory(&self, before: i64, what: &str) {
        let after = (self.live)();
        assert!(
            !self.measures || is_within_a_hundredth(before, after),
            "{}: {before} bytes became {after} after {what}",
            self.case.name
        );
    }
}

fn is_within_a_hundredth(before: i64, after: i64) -> bool {
    (after - before).abs() * 100 <= before
}

/// What can be seen of a transaction, references that wait included.
#[derive(Debug, PartialEq)]
struct Seen {
    fingerprint: u64,
    changes: relata::engine::Changes,
    waiting: Option<Error>,
}

impl Seen {
    fn of(tx: &Transaction<'_>) -> Self {
        Seen {
            fingerprint: tx.fingerprint(),
            changes: tx.changes().expect("the schema was not changed before"),
            waiting: tx.check_deferred().err(),
        }
    }
}
