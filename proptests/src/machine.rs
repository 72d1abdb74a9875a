//! One run: operations on relata and on the reference, compared after each of them.
//!
//! After every operation: success or failure, counts and keys, the rows of every table in primary-key order, the
//! indexes and edges by brute force. A refusal must be one of the violations that the reference sees, and leave the
//! fingerprint as it was; so must a panic. Rollbacks give fingerprints back, and so do the inverses of changes.
//! Snapshots and other databases are looked at in turn, so that none moves unseen.
//!
//! A failure is a text. It says what differs, not where in relata that comes from.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use relata::engine::{Changes, Database, Savepoint, Snapshot, Transaction, Upserts};
use relata::error::{
    ConstraintError, ConstraintKind, Error, ErrorKind, Limit, RequestKind, TransactionKind,
};

use crate::beyond;
use crate::choices::Choices;
use crate::operations::{self, Constraint, Fault, Operation, Place, Statement};
use crate::reference::{Failure, Outcome, Reference, Sort, State, Violation, key_of};
use crate::shape::{Rule, Shape};
use crate::translate::{self, Answer, Deliberate};

/// A run that can be done again.
#[derive(Clone, Debug)]
pub struct Program {
    /// The schema.
    pub shape: Shape,
    /// What is done.
    pub operations: Vec<Operation>,
}

/// A run that showed a difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What differs.
    pub message: String,
    /// What was done until then.
    pub program: Program,
}

/// How often what happened.
pub type Tally = BTreeMap<String, u64>;

/// What is wrong, if something is.
pub type Verdict = Result<(), String>;

/// The most databases at a time.
const WORLDS_MAX: usize = 3;
/// The most snapshots that are kept at a time.
const HELD_MAX: usize = 6;

#[derive(Debug)]
struct Machine {
    shape: Arc<Shape>,
    worlds: Vec<World>,
    current: usize,
    held: Vec<Held>,
    tally: Tally,
    steps: usize,
}

/// A database and what it must be.
#[derive(Debug)]
struct World {
    database: Database,
    reference: Reference,
    last: Option<Last>,
    rows_changed_max: Option<usize>,
}

/// The last committed changes, and where they came from.
#[derive(Clone, Debug)]
struct Last {
    changes: Changes,
    before: State,
    fingerprint: u64,
}

/// A snapshot that is kept, and what it must stay.
#[derive(Debug)]
struct Held {
    snapshot: Snapshot,
    state: State,
    fingerprint: u64,
    /// What keeps it from being a committed state.
    unmet: Vec<Violation>,
}

/// An open transaction.
#[derive(Debug)]
struct Session<'m> {
    shape: &'m Shape,
    transaction: Transaction<'m>,
    reference: &'m mut Reference,
    held: &'m mut Vec<Held>,
    tally: &'m mut Tally,
    rows_changed_max: Option<usize>,
    savepoints: Vec<(Savepoint, u64)>,
    stale: Option<Savepoint>,
}

/// Draws and does operations until there are enough or the choices end.
///
/// # Errors
/// The first difference, with everything done until then.
pub fn explore(choices: &mut Choices, operations_max: usize) -> Result<Tally, Box<Difference>> {
    let mut shape = Shape::random(choices);
    beyond::extend(&mut shape, choices);
    shape.enrich(choices);
    let mut operations = Vec::new();
    let result = guarded(|| {
        Machine::new(&shape)?.run(&mut |state, place| {
            if operations.len() >= operations_max || choices.is_exhausted() {
                return None;
            }
            operations.push(operations::draw(&shape, state, place, choices));
            operations.last().cloned()
        })
    });
    match result {
        Ok(mut tally) => {
            tally.insert("operations".to_owned(), operations.len() as u64);
            Ok(tally)
        }
        Err(message) => Err(Box::new(Difference {
            message,
            program: Program { shape, operations },
        })),
    }
}

/// Does the operations of a program.
///
/// # Errors
/// The first difference.
pub fn replay(program: &Program) -> Result<Tally, String> {
    let mut operations = program.operations.iter();
    guarded(|| Machine::new(&program.shape)?.run(&mut |_, _| operations.next().cloned()))
}

/// A panic of relata or of the reference is a difference like any other.
fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        translate::arm(None);
        Err(panic_text(&*payload))
    })
}

/// What a panic says.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    });
    format!("panic: {}", text.unwrap_or_default())
}

impl Machine {
    fn new(shape: &Shape) -> Result<Self, String> {
        let shape = Arc::new(shape.clone());
        let schema = translate::schema(&shape).map_err(|error| format!("declaration: {error}"))?;
        let first = World {
            database: Database::with_options(schema, translate::options(&shape)),
            reference: Reference::new(shape.clone()),
            last: None,
            rows_changed_max: shape.rows_changed_max,
        };
        Ok(Machine {
            shape,
            worlds: vec![first],
            current: 0,
            held: Vec::new(),
            tally: Tally::new(),
            steps: 0,
        })
    }

    fn run(
        mut self,
        next: &mut dyn FnMut(&State, Place) -> Option<Operation>,
    ) -> Result<Tally, String> {
        loop {
            let place = Place {
                in_transaction: false,
                savepoints: 0,
                held: self.held.len(),
                worlds: self.worlds.len(),
            };
            let Some(operation) = next(self.world().reference.state(), place) else {
                break;
            };
            self.step(operation, next)?;
            self.check()?;
        }
        for held in &self.held {
            held.check(&self.shape)?;
        }
        for world in &self.worlds {
            world.check(&self.shape)?;
            count_fired(&mut self.tally, &world.reference);
        }
        Ok(self.tally)
    }

    fn world(&mut self) -> &mut World {
        &mut self.worlds[self.current]
    }

    fn step(
        &mut self,
        operation: Operation,
        next: &mut dyn FnMut(&State, Place) -> Option<Operation>,
    ) -> Verdict {
        match operation {
            Operation::Begin => self.transact(next),
            Operation::Run(..) => {
                let mut alone = [operation, Operation::Commit].into_iter();
                self.transact(&mut |_, _| alone.next())
            }
            Operation::Hold => {
                if self.held.len() < HELD_MAX {
                    let world = &self.worlds[self.current];
                    self.held
                        .push(Held::new(world.database.snapshot(), &world.reference));
                    count(&mut self.tally, "snapshots held");
                }
                Ok(())
            }
            Operation::LetGo(position) => {
                if !self.held.is_empty() {
                    let position = position % self.held.len();
                    self.held.swap_remove(position).check(&self.shape)?;
                }
                Ok(())
            }
            Operation::Fork => {
                let fork = self.world().fork();
                if self.worlds.len() < WORLDS_MAX {
                    self.worlds.push(fork);
                } else {
                    let position = (self.current + 1) % WORLDS_MAX;
                    let dropped = std::mem::replace(&mut self.worlds[position], fork);
                    count_fired(&mut self.tally, &dropped.reference);
                }
                count(&mut self.tally, "forks");
                Ok(())
            }
            Operation::Switch(position) => {
                self.current = position % self.worlds.len();
                Ok(())
            }
            Operation::ResetTo(position) => self.reset_to(position),
            Operation::Undo => self.undo(),
            Operation::Commit
            | Operation::Rollback
            | Operation::Unwind
            | Operation::Savepoint
            | Operation::RollbackTo(_)
            | Operation::Release(_)
            | Operation::StaleSavepoint
            | Operation::Defer(_)
            | Operation::MakeImmediate(_) => Ok(()),
        }
    }

    fn reset_to(&mut self, position: usize) -> Verdict {
        let (complete, broken): (Vec<&Held>, Vec<&Held>) =
            self.held.iter().partition(|held| held.unmet.is_empty());
        let held = match position.is_multiple_of(2) && !broken.is_empty() {
            true => broken,
            false => complete,
        };
        if held.is_empty() {
            return Ok(());
        }
        let held = held[position % held.len()];
        let world = &mut self.worlds[self.current];
        if !held.unmet.is_empty() {
            let fingerprint = world.database.fingerprint();
            count(&mut self.tally, "refused: incomplete snapshot");
            held.must_be_refused(&self.shape, world.database.reset_to(&held.snapshot))?;
            return same_fingerprint(world.database.fingerprint(), fingerprint, "a refusal");
        }
        let reset = world.database.reset_to(&held.snapshot);
        reset.map_err(|error| format!("a complete snapshot was refused: {error}"))?;
        world.reference.reset_to(&held.state);
        world.last = None;
        count(&mut self.tally, "resets");
        same_fingerprint(world.database.fingerprint(), held.fingerprint, "reset")
    }

    fn undo(&mut self) -> Verdict {
        let world = &mut self.worlds[self.current];
        let Some(last) = world
            .last
            .take()
            .filter(|_| world.rows_changed_max.is_none())
        else {
            return Ok(());
        };
        let back = last.changes.invert();
        let now = Last {
            changes: back.clone(),
            before: world.reference.state().clone(),
            fingerprint: world.database.fingerprint(),
        };
        let applied = world.database.apply(&back);
        applied.map_err(|error| format!("the inverse of changes was refused: {error}"))?;
        world.reference.reset_to(&last.before);
        world.last = Some(now);
        count(&mut self.tally, "undone commits");
        same_fingerprint(world.database.fingerprint(), last.fingerprint, "undo")
    }

    /// From begin to an end, whatever that is.
    fn transact(&mut self, next: &mut dyn FnMut(&State, Place) -> Option<Operation>) -> Verdict {
        let worlds = self.worlds.len();
        let world = &mut self.worlds[self.current];
        let before = world.reference.state().clone();
        let fingerprint = world.database.fingerprint();
        world.reference.begin();
        let mut session = Session {
            shape: &self.shape,
            transaction: world.database.begin(),
            reference: &mut world.reference,
            held: &mut self.held,
            tally: &mut self.tally,
            rows_changed_max: world.rows_changed_max,
            savepoints: Vec::new(),
            stale: None,
        };
        loop {
            let place = Place {
                in_transaction: true,
                savepoints: session.savepoints.len(),
                held: session.held.len(),
                worlds,
            };
            let operation = next(session.reference.state(), place);
            match operation {
                Some(Operation::Commit) => {
                    if let Some(changes) = session.commit()? {
                        check_changes(
                            &world.database,
                            &before,
                            &world.reference,
                            &changes,
                            fingerprint,
                        )?;
                        world.last = Some(Last {
                            changes,
                            before,
                            fingerprint,
                        });
                        return Ok(());
                    }
                    break;
                }
                None | Some(Operation::Rollback) => {
                    session.roll_back();
                    break;
                }
                Some(Operation::Unwind) => {
                    session.unwind();
                    break;
                }
                Some(operation) => session.step(operation)?,
            }
            session.check()?;
            if session.has_duplicates() {
                count(session.tally, "operations over duplicates that wait");
            }
        }
        same_fingerprint(world.database.fingerprint(), fingerprint, "rollback")
    }

    /// After every operation, outside of transactions.
    fn check(&mut self) -> Verdict {
        self.steps += 1;
        self.worlds[self.current].check(&self.shape)?;
        if !self.held.is_empty() {
            self.held[self.steps % self.held.len()].check(&self.shape)?;
        }
        self.worlds[self.steps % self.worlds.len()].check(&self.shape)
    }
}

impl World {
    fn fork(&self) -> World {
        let mut reference = self.reference.clone();
        reference.fired = Default::default();
        World {
            database: self.database.fork(),
            reference,
            last: self.last.clone(),
            rows_changed_max: self.rows_changed_max,
        }
    }

    fn check(&self, shape: &Shape) -> Verdict {
        compare(shape, &self.database, self.reference.state())?;
        let faults = self.database.check_integrity();
        faults.map_err(|faults| format!("check_integrity: {}", faults.join("; ")))
    }
}

impl Held {
    fn new(snapshot: Snapshot, reference: &Reference) -> Self {
        Held {
            fingerprint: snapshot.fingerprint(),
            snapshot,
            state: reference.state().clone(),
            unmet: reference.unmet(),
        }
    }

    /// That it waits for a commit which never comes is seen when a database is to go on from it.
    fn must_be_refused(&self, shape: &Shape, answer: Result<(), Error>) -> Verdict {
        match answer {
            Ok(()) => Err(format!("{:?} was accepted", self.unmet)),
            Err(error) => are_violations(shape, &error, &self.unmet),
        }
    }

    fn check(&self, shape: &Shape) -> Verdict {
        same_fingerprint(
            self.snapshot.fingerprint(),
            self.fingerprint,
            "holding a snapshot",
        )?;
        compare(shape, &self.snapshot, &self.state)
            .map_err(|difference| format!("a snapshot moved: {difference}"))
    }
}

impl<'m> Session<'m> {
    fn step(&mut self, operation: Operation) -> Verdict {
        match operation {
            Operation::Run(statement, fault) => self.run(&statement, fault),
            Operation::Savepoint => {
                let fingerprint = self.transaction.fingerprint();
                let savepoint = self.transaction.savepoint();
                let savepoint = savepoint.map_err(|error| error.to_string())?;
                self.savepoints.push((savepoint, fingerprint));
                self.reference.savepoint();
                count(self.tally, "savepoints");
                Ok(())
            }
            Operation::RollbackTo(position) => self.roll_back_to(position),
            Operation::Release(position) => self.release(position),
            Operation::StaleSavepoint => self.use_stale_savepoint(),
            Operation::Defer(constraints) => {
                let named = self.known(&constraints);
                let relata = self.transaction.defer_constraints(&self.names(&named));
                let possible = self.reference.defer(&named);
                agree_on_deferrable(relata.err().as_ref(), possible)
            }
            Operation::MakeImmediate(constraints) => self.make_immediate(&constraints),
            Operation::Hold => {
                let held = Held::new(self.transaction.snapshot(), self.reference);
                if !held.unmet.is_empty() {
                    let fork = Database::from_snapshot(held.snapshot.clone());
                    held.must_be_refused(self.shape, fork.map(drop))?;
                    count(self.tally, "refused: incomplete snapshot");
                }
                if self.held.len() < HELD_MAX {
                    self.held.push(held);
                    count(self.tally, "snapshots held in a transaction");
                }
                Ok(())
            }
            Operation::Begin
            | Operation::Commit
            | Operation::Rollback
            | Operation::Unwind
            | Operation::LetGo(_)
            | Operation::Fork
            | Operation::Switch(_)
            | Operation::ResetTo(_)
            | Operation::Undo => Ok(()),
        }
    }

    // ---- Statements ----

    fn run(&mut self, statement: &Statement, fault: Fault) -> Verdict {
        if !is_meaningful(self.shape, statement) {
            return Ok(());
        }
        let fingerprint = self.transaction.fingerprint();
        let mut call = usize::from(fault != Fault::None);
        let result = loop {
            match self.attempt(statement, fault, call) {
                Some(result) => break result,
                None => self.unchanged(fingerprint, "a closure that failed")?,
            }
            call += 1;
        };
        let certain = (1..=self.certain_calls(statement, fault)).contains(&call);
        count(self.tally, "statements");
        let before = self.rows_changed_max.map(|_| self.reference.clone());
        let expected = self.reference.execute(statement);
        match (result, expected) {
            (Ok(_), _) if certain => {
                Err(format!("a closure failed at {fault:?} and nobody noticed"))
            }
            (Ok(answer), Ok(outcome)) => {
                count(self.tally, "statements that succeeded");
                if outcome.met {
                    count(self.tally, "upserts that met a row");
                }
                if outcome.skipped > 0 {
                    count(self.tally, "upserts that left a row out");
                }
                self.same_answer(&answer, &outcome)
            }
            (Ok(_), Err(failure)) => Err(format!("relata did what violates {failure:?}")),
            (Err(error), Ok(outcome)) => {
                if let Some(before) = before
                    && self.is_limit(&error, outcome.addressed + outcome.by_actions)
                {
                    *self.reference = before;
                    count(self.tally, "refused: limit");
                    return self.unchanged(fingerprint, "a limit");
                }
                Err(format!("relata refused with {error:?}"))
            }
            (Err(error), Err(failure)) => {
                self.same_failure(&error, &failure)?;
                self.unchanged(fingerprint, "a refusal")
            }
        }
    }

    /// What relata says; none if it passes the fault on that it met.
    fn attempt(
        &mut self,
        statement: &Statement,
        fault: Fault,
        call: usize,
    ) -> Option<Result<Answer, Error>> {
        let (shape, transaction) = (self.shape, &mut self.transaction);
        translate::arm(match fault {
            Fault::CheckPanic | Fault::FilterPanic => Some(call),
            Fault::None | Fault::Error | Fault::Panic => None,
        });
        let ran = panic::catch_unwind(AssertUnwindSafe(|| {
            translate::run(shape, transaction, statement, (fault, call))
        }));
        translate::arm(None);
        match ran {
            Ok(Err(error)) if error == translate::refusal() => {
                count(self.tally, "closures that failed");
                None
            }
            Ok(result) => Some(result),
            Err(payload) if payload.is::<Deliberate>() => {
                count(self.tally, "closures that panicked");
                None
            }
            Err(payload) => panic::resume_unwind(payload),
        }
    }

    /// How often the statement surely calls its closure or asks its iterator.
    fn certain_calls(&self, statement: &Statement, fault: Fault) -> usize {
        match (fault, statement) {
            (Fault::Error | Fault::Panic, Statement::Update { table, filter, .. }) => {
                self.reference.selected(*table, filter).len()
            }
            (Fault::Panic, Statement::InsertMany { rows, .. }) => rows.len(),
            (Fault::Panic, Statement::Meet(upsert)) => upsert.rows.len(),
            _ => 0,
        }
    }

    fn same_answer(&self, answer: &Answer, outcome: &Outcome) -> Verdict {
        let changes = outcome.changed + outcome.by_actions;
        if self
            .rows_changed_max
            .is_some_and(|max| changes > max as u64)
        {
            return Err(format!("{changes} changes are over the limit"));
        }
        let same = match answer {
            Answer::Key(key) => outcome.key.as_deref() == Some(key.values()),
            Answer::Affected(affected) => {
                (affected.rows, affected.by_actions) == (outcome.addressed, outcome.by_actions)
            }
            Answer::Upserts(upserts) => {
                *upserts
                    == Upserts {
                        inserted: outcome.inserted,
                        updated: outcome.updated,
                        skipped: outcome.skipped,
                        by_actions: outcome.by_actions,
                    }
            }
        };
        match same {
            true => Ok(()),
            false => Err(format!("relata answers {answer:?}, not {outcome:?}")),
        }
    }

    fn is_limit(&self, error: &Error, changes: u64) -> bool {
        error.limit() == Some(Limit::RowsChanged)
            && self
                .rows_changed_max
                .is_some_and(|max| changes > max as u64)
    }

    fn same_failure(&mut self, error: &Error, failure: &Failure) -> Verdict {
        if error.limit() == Some(Limit::Sequence) && failure.sequence_ended {
            count(self.tally, "refused: sequence");
            return Ok(());
        }
        if self.is_limit(error, failure.changes) {
            count(self.tally, "refused: limit");
            return Ok(());
        }
        if failure.repeated && error.kind() == ErrorKind::Request(RequestKind::Repeated) {
            count(self.tally, "refused: met twice");
            return Ok(());
        }
        let sort = self.is_violation(error, &failure.violations)?;
        count(self.tally, &format!("refused: {sort:?}"));
        Ok(())
    }

    fn is_violation(&self, error: &Error, violations: &[Violation]) -> Result<Sort, String> {
        is_violation(self.shape, error, violations)
    }

    fn unchanged(&self, fingerprint: u64, after: &str) -> Verdict {
        same_fingerprint(self.transaction.fingerprint(), fingerprint, after)?;
        let faults = self.transaction.check_structure();
        faults.map_err(|faults| format!("after {after}: {}", faults.join("; ")))
    }

    // ---- Savepoints and constraint modes ----

    fn roll_back_to(&mut self, position: usize) -> Verdict {
        if self.savepoints.is_empty() {
            return Ok(());
        }
        let position = position % self.savepoints.len();
        let (savepoint, fingerprint) = self.savepoints[position];
        self.stale = self
            .savepoints
            .get(position + 1)
            .map(|later| later.0)
            .or(self.stale);
        self.savepoints.truncate(position + 1);
        self.reference.roll_back_to(position);
        let back = self.transaction.rollback_to(savepoint);
        back.map_err(|error| format!("a savepoint is not known: {error}"))?;
        count(self.tally, "rollbacks to a savepoint");
        self.unchanged(fingerprint, "a rollback to a savepoint")
    }

    fn release(&mut self, position: usize) -> Verdict {
        if self.savepoints.is_empty() {
            return Ok(());
        }
        let position = position % self.savepoints.len();
        let savepoint = self.savepoints[position].0;
        self.stale = Some(savepoint);
        self.savepoints.truncate(position);
        self.reference.release(position);
        let released = self.transaction.release(savepoint);
        released.map_err(|error| format!("a savepoint is not known: {error}"))
    }

    fn use_stale_savepoint(&mut self) -> Verdict {
        let Some(stale) = self.stale else {
            return Ok(());
        };
        let fingerprint = self.transaction.fingerprint();
        let unknown = ErrorKind::Transaction(TransactionKind::UnknownSavepoint);
        for result in [
            self.transaction.rollback_to(stale),
            self.transaction.release(stale),
        ] {
            if result.map_err(|error| error.kind()) != Err(unknown) {
                return Err("a savepoint was known that had been forgotten".to_owned());
            }
        }
        count(self.tally, "forgotten savepoints");
        self.unchanged(fingerprint, "a forgotten savepoint")
    }

    fn make_immediate(&mut self, constraints: &[Constraint]) -> Verdict {
        let keys = self.known(constraints);
        let relata = self
            .transaction
            .set_constraints_immediate(&self.names(&keys));
        match (relata, self.reference.make_immediate(&keys)) {
            (relata, None) => agree_on_deferrable(relata.err().as_ref(), false),
            (Ok(()), Some(violations)) if violations.is_empty() => Ok(()),
            (Err(error), Some(violations)) => {
                count(self.tally, "refused: switch to immediate");
                are_violations(self.shape, &error, &violations)
            }
            (Ok(()), Some(violations)) => Err(format!("relata overlooked {violations:?}")),
        }
    }

    /// A shrunk program may name constraints that are gone.
    fn known(&self, constraints: &[Constraint]) -> Vec<Constraint> {
        let known = |constraint: &Constraint| match *constraint {
            Constraint::Reference(key) => key < self.shape.references.len(),
            Constraint::Unique(table, key) => key < self.shape.tables[table].uniques.len(),
        };
        constraints.iter().copied().filter(known).collect()
    }

    fn names(&self, constraints: &[Constraint]) -> Vec<&'m str> {
        let shape = self.shape;
        let name = |constraint: &Constraint| match *constraint {
            Constraint::Reference(key) => &*shape.references[key].name,
            Constraint::Unique(table, key) => &*shape.tables[table].uniques[key].name,
        };
        constraints.iter().map(name).collect()
    }

    // ---- The end, and in between ----

    /// The changes, if it stood.
    fn commit(self) -> Result<Option<Changes>, String> {
        match (
            self.transaction.commit_with_changes(),
            self.reference.commit(),
        ) {
            (Ok(changes), Ok(())) => {
                count(self.tally, "commits");
                Ok(Some(changes))
            }
            (Err(error), Err(violations)) => {
                are_violations(self.shape, &error, &violations)?;
                count(self.tally, "refused: commit");
                Ok(None)
            }
            (Ok(_), Err(violations)) => Err(format!("relata committed {violations:?}")),
            (Err(error), Ok(())) => Err(format!("relata refused to commit: {error:?}")),
        }
    }

    fn roll_back(self) {
        count(self.tally, "rollbacks");
        self.transaction.rollback();
        self.reference.rollback();
    }

    /// RI-85: a panic that leaves the transaction.
    fn unwind(self) {
        count(self.tally, "transactions left by a panic");
        let transaction = self.transaction;
        let unwound = panic::catch_unwind(AssertUnwindSafe(move || {
            let _open = transaction;
            panic::resume_unwind(Box::new(Deliberate));
        }));
        drop(unwound);
        self.reference.rollback();
    }

    fn has_duplicates(&self) -> bool {
        let mut unmet = self.reference.unmet().into_iter();
        unmet.any(|violation| violation.sort == Sort::Unique)
    }

    fn check(&self) -> Verdict {
        compare(self.shape, &self.transaction, self.reference.state())?;
        let faults = self.transaction.check_structure();
        faults.map_err(|faults| format!("check_structure: {}", faults.join("; ")))?;
        let unmet = self.reference.unmet();
        match self.transaction.check_deferred() {
            Ok(()) if unmet.is_empty() => Ok(()),
            Ok(()) => Err(format!("check_deferred overlooked {unmet:?}")),
            Err(error) => are_violations(self.shape, &error, &unmet),
        }
    }
}

/// What came out of a commit: its inverse leads back, and itself forth again (BY-16).
fn check_changes(
    database: &Database,
    before: &State,
    reference: &Reference,
    changes: &Changes,
    fingerprint: u64,
) -> Verdict {
    let after = database.fingerprint();
    // Rows that change places may leave the state as it was.
    if changes.is_empty() && after != fingerprint {
        return Err(format!(
            "the state went from {fingerprint} to {after} by {changes:?}"
        ));
    }
    let mut moved: Vec<(i64, i64)> = before
        .sequences
        .iter()
        .copied()
        .zip(reference.state().sequences.iter().copied())
        .collect();
    moved.retain(|(before, after)| before != after);
    let told: Vec<_> = changes
        .sequences
        .iter()
        .map(|moved| (moved.before, moved.after))
        .collect();
    if told != moved {
        return Err(format!("sequences moved by {moved:?}, not by {told:?}"));
    }
    // A limit on statements is not a limit on undoing several of them at once.
    let fork = Database::from_snapshot(database.snapshot());
    let mut fork = fork.map_err(|error| format!("a committed state was refused: {error}"))?;
    let back = fork.apply(&changes.invert());
    back.map_err(|error| format!("the inverse of {changes:?} was refused: {error}"))?;
    same_fingerprint(fork.fingerprint(), fingerprint, "the inverse of changes")?;
    let forth = fork.apply(changes);
    forth.map_err(|error| format!("{changes:?} was refused: {error}"))?;
    same_fingerprint(fork.fingerprint(), after, "the changes applied again")
}

/// The rows of every table, in primary-key order.
fn compare(shape: &Shape, snapshot: &Snapshot, state: &State) -> Verdict {
    for (number, table) in shape.tables.iter().enumerate() {
        let expected = state.in_key_order(shape, number);
        let found = snapshot
            .rows(&table.name)
            .map_err(|error| error.to_string())?;
        let rows = snapshot
            .count(&table.name)
            .map_err(|error| error.to_string())?;
        if found.len() != expected.len() || rows != expected.len() {
            let seen: Vec<_> = found.collect();
            return Err(format!(
                "{} has rows {seen:?}, not {expected:?}",
                table.name
            ));
        }
        for (row, expected) in found.zip(expected) {
            let same_cells = row
                .columns()
                .zip(&expected.values)
                .all(|((_, cell), value)| cell == value.as_ref());
            if !same_cells || row.key().values() != key_of(shape, number, expected) {
                return Err(format!(
                    "{} has row {row:?}, not {:?}",
                    table.name, expected.values
                ));
            }
            let found = snapshot
                .get(&table.name, row.key())
                .map_err(|error| error.to_string())?;
            if found.map(|found| found.key()) != Some(row.key()) {
                return Err(format!(
                    "{} does not find its row {:?}",
                    table.name,
                    row.key()
                ));
            }
        }
    }
    Ok(())
}

/// Whether an error lists all of the violations (RI-52): of the rows that share a key, all but one.
fn are_violations(shape: &Shape, error: &Error, violations: &[Violation]) -> Verdict {
    let mut listed: Vec<&ConstraintError> = Vec::new();
    for details in error.violations() {
        is_one_of(shape, details, violations)?;
        if listed.iter().any(|before| is_same_place(before, details)) {
            return Err(format!("relata lists {details:?} twice"));
        }
        listed.push(details);
    }
    let mut expected = 0;
    for (position, violation) in violations.iter().enumerate() {
        let is_first = !violations[..position].iter().any(|other| {
            (other.table, &other.constraint, &other.values)
                == (violation.table, &violation.constraint, &violation.values)
        });
        expected += usize::from(violation.sort != Sort::Unique || !is_first);
    }
    let found = error
        .as_constraint()
        .map_or(0, ConstraintError::violations_count);
    match found == expected {
        true => Ok(()),
        false => Err(format!(
            "relata counts {found} violations, not {expected}: {violations:?}"
        )),
    }
}

/// Whether two violations are of one constraint in one row. Rows that share a primary key are told apart by nothing.
fn is_same_place(a: &ConstraintError, b: &ConstraintError) -> bool {
    let is_key_of_row = |it: &ConstraintError| it.row.as_deref() == Some(&it.values[..]);
    (&a.table, &a.constraint, &a.row) == (&b.table, &b.constraint, &b.row) && !is_key_of_row(a)
}

/// Whether an error is one of the violations, and of which sort.
pub(crate) fn is_violation(
    shape: &Shape,
    error: &Error,
    violations: &[Violation],
) -> Result<Sort, String> {
    let differs = || format!("relata refused with {error:?}, the reference with {violations:?}");
    is_one_of(
        shape,
        error.as_constraint().ok_or_else(differs)?,
        violations,
    )
}

fn is_one_of(
    shape: &Shape,
    details: &ConstraintError,
    violations: &[Violation],
) -> Result<Sort, String> {
    let differs = || format!("relata refused with {details:?}, the reference with {violations:?}");
    let sort = match details.kind {
        ConstraintKind::NotNull => Sort::NotNull,
        ConstraintKind::Check => Sort::Check,
        ConstraintKind::Unique => Sort::Unique,
        ConstraintKind::Reference => Sort::Reference,
        ConstraintKind::Restrict => Sort::Restrict,
        _ => return Err(differs()),
    };
    let same = |violation: &&Violation| {
        let name = match sort {
            Sort::NotNull => details.columns.first() == Some(&violation.constraint),
            Sort::Check | Sort::Unique | Sort::Reference | Sort::Restrict => {
                details.constraint == violation.constraint
            }
        };
        let values = match sort {
            Sort::NotNull | Sort::Check => true,
            Sort::Unique | Sort::Reference | Sort::Restrict => details.values == violation.values,
        };
        let row = details
            .row
            .as_ref()
            .is_none_or(|row| row.values() == violation.row);
        violation.sort == sort
            && shape.tables[violation.table].name == details.table
            && name
            && values
            && row
    };
    match violations.iter().find(same) {
        Some(_) => Ok(sort),
        None => Err(differs()),
    }
}

/// A shrunk program may name a unique key that is gone.
fn is_meaningful(shape: &Shape, statement: &Statement) -> bool {
    match statement {
        Statement::Meet(upsert) => {
            let table = &shape.tables[upsert.table];
            match upsert.key {
                Some(key) => table.can_decide(key),
                None => (0..table.uniques.len()).all(|key| table.can_decide(key)),
            }
        }
        _ => true,
    }
}

fn agree_on_deferrable(error: Option<&Error>, possible: bool) -> Verdict {
    let refused =
        error.map(Error::kind) == Some(ErrorKind::Transaction(TransactionKind::NotDeferrable));
    match (error, possible) {
        (None, true) => Ok(()),
        (Some(_), false) if refused => Ok(()),
        _ => Err(format!("deferrable: {possible}, but relata says {error:?}")),
    }
}

fn same_fingerprint(found: u64, expected: u64, after: &str) -> Verdict {
    match found == expected {
        true => Ok(()),
        false => Err(format!("the fingerprint is another one after {after}")),
    }
}

pub(crate) fn count(tally: &mut Tally, what: &str) {
    match tally.get_mut(what) {
        Some(number) => *number += 1,
        None => _ = tally.insert(what.to_owned(), 1),
    }
}

pub(crate) fn count_fired(tally: &mut Tally, reference: &Reference) {
    let events = [
        "delete",
        "update",
        "delete, guarded,",
        "update, guarded,",
        "delete, to any row,",
        "update, to any row,",
    ];
    for (event, counts) in events.into_iter().zip(reference.fired) {
        for (rule, number) in Rule::ALL.into_iter().zip(counts) {
            *tally.entry(format!("on {event} {rule:?}")).or_default() += number;
        }
    }
}
