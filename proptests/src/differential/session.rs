//! An open transaction on relata, on the reference and on the other engine.
//!
//! Each step is taken on all three. Where the engines part ways for a reason that has a name, the transaction is rolled
//! back on all sides, so that the next one starts from the same rows; where that is too late, the run ends.

use relata::engine::{Affected, Savepoint, Transaction};
use relata::error::Error;

use crate::differential::classify::{self, Difference};
use crate::differential::departure::Departure;
use crate::differential::duel::Next;
use crate::differential::rival::{Reply, Rival};
use crate::differential::rows;
use crate::differential::sql::{self, Dialect};
use crate::machine::{self, Tally};
use crate::operations::{Fault, Operation, Statement};
use crate::reference::trace::Trace;
use crate::reference::{Failure, Outcome, Reference, Sort, Violation};
use crate::shape::{Shape, Timing};
use crate::translate::{self, Answer};

/// Statements by which the engines parted ways.
pub(super) const DIFFERED: &str = "statements that differed";

/// Of so many statements that succeed one is looked at, to tell in how many the order of steps could have shown.
const SAMPLED_ONE_IN: usize = 16;

/// An open transaction.
pub(super) struct Session<'s> {
    pub(super) shape: &'s Shape,
    pub(super) transaction: Transaction<'s>,
    pub(super) reference: &'s mut Reference,
    pub(super) rival: &'s mut dyn Rival,
    pub(super) savepoints: Vec<Savepoint>,
    /// Whether it has one statement only.
    pub(super) alone: bool,
    /// Whether SQLite may have a wrong number of references that wait for commit.
    pub(super) miscounted: bool,
    pub(super) samples: &'s mut usize,
    pub(super) tally: &'s mut Tally,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In the same state on all sides.
    Alike,
    /// Not so: it takes another schema to go on.
    Apart,
}

/// What relata did with a statement, and the reference with it.
enum Expected {
    /// Done, with so many rows addressed.
    Done(u64),
    /// Refused, for one of the violations, which is of this sort.
    Refused(Sort, Vec<Violation>),
}

impl Session<'_> {
    pub(super) fn begin(&mut self) -> Result<(), String> {
        self.reference.begin();
        self.control("BEGIN")
    }

    pub(super) fn transact(mut self, next: &mut Next<'_>) -> Result<End, String> {
        loop {
            let operation = next(self.reference.state(), Some(self.savepoints.len()));
            match operation {
                Some(Operation::Commit) => return self.commit(),
                None | Some(Operation::Rollback) => return self.roll_back(),
                Some(Operation::Savepoint) => self.savepoint()?,
                Some(Operation::RollbackTo(position)) => self.roll_back_to(position)?,
                Some(Operation::Release(position)) => self.release(position)?,
                Some(Operation::Run(statement, _)) if !is_empty(&statement) => {
                    if let Some(reason) = self.statement(&statement)? {
                        self.count(&reason);
                        return self.roll_back();
                    }
                }
                Some(_) => {}
            }
        }
    }

    // ---- Statements ----

    /// Why the engines parted ways, if they did.
    fn statement(&mut self, statement: &Statement) -> Result<Option<String>, String> {
        self.count("statements");
        let before = self.reference.clone();
        let fault = (Fault::None, 0);
        let relata = translate::run(self.shape, &mut self.transaction, statement, fault);
        let reference = self.reference.execute(statement);
        let reply = self.ask_rival(statement)?;
        let trace = || before.trace(statement);
        let expected = expected(self.shape, relata, reference)?;
        rows::same(self.shape, &self.transaction, self.reference)?;
        self.count_outcome(&expected, &trace);
        let difference = match difference(self.shape, &expected, reply) {
            Some(difference) => difference,
            None => match rows::other_tables(self.shape, self.rival, self.reference)? {
                tables if tables.is_empty() => {
                    self.note_miscount(statement, &trace);
                    return Ok(None);
                }
                tables => Difference::Rows(tables),
            },
        };
        self.name(&expected, &trace(), &difference)
    }

    fn count_outcome(&mut self, expected: &Expected, trace: &dyn Fn() -> Trace) {
        match expected {
            Expected::Done(_) => {
                self.count("statements that succeeded");
                *self.samples += 1;
                if self.samples.is_multiple_of(SAMPLED_ONE_IN) {
                    self.count("sampled successes");
                    if classify::order_can_show(self.shape, &trace()) {
                        self.count("sampled successes in which order could show");
                    }
                }
            }
            Expected::Refused(sort, _) => self.count(&format!("refused: {sort:?}")),
        }
    }

    /// The name of a difference; none if it is none after all.
    fn name(
        &mut self,
        expected: &Expected,
        trace: &Trace,
        difference: &Difference,
    ) -> Result<Option<String>, String> {
        // What relata would find violated later, if it went on, is violated, too.
        if let (Expected::Refused(..), Difference::Refused(refusal)) = (expected, difference)
            && refusal.is_among(self.shape, &trace.violations)
        {
            return Ok(None);
        }
        let departure = classify::classify(self.shape, self.rival.dialect(), trace, difference)
            .ok_or_else(|| format!("no departure explains {difference:?}"))?;
        self.count(DIFFERED);
        Ok(Some(departure.to_string()))
    }

    /// Remembers that SQLite may have miscounted references that wait for commit.
    fn note_miscount(&mut self, statement: &Statement, trace: &dyn Fn() -> Trace) {
        let mut keys = self.shape.references.iter();
        self.miscounted |= self.rival.dialect() == Dialect::Sqlite
            && matches!(
                statement,
                Statement::Update { .. } | Statement::Delete { .. }
            )
            && keys.any(|key| key.child == key.parent && key.timing == Timing::InitiallyDeferred)
            && classify::is_miscounted(self.shape, &trace());
    }

    fn ask_rival(&mut self, statement: &Statement) -> Result<Reply, String> {
        let sql = sql::statement(self.shape, statement);
        if !self.needs_savepoint(statement) {
            return self.rival.run(self.shape, &sql);
        }
        self.control("SAVEPOINT statement")?;
        let reply = self.rival.run(self.shape, &sql)?;
        if !matches!(reply, Reply::Done(_)) {
            if self.rival.dialect() == Dialect::Postgres && !self.alone {
                self.count(&Departure::AbortedTransaction.to_string());
            }
            self.control("ROLLBACK TO SAVEPOINT statement")?;
        }
        self.control("RELEASE SAVEPOINT statement")?;
        Ok(reply)
    }

    /// PostgreSQL goes on after a failed statement only from a savepoint (D-7). SQLite, when an immediate key refuses
    /// the only row of an insert, still counts what deferred keys miss in it, and refuses to commit later.
    fn needs_savepoint(&self, statement: &Statement) -> bool {
        match self.rival.dialect() {
            Dialect::Postgres => true,
            Dialect::Sqlite => {
                let mut keys = self.shape.references.iter();
                let one_row = match statement {
                    Statement::Insert { .. } | Statement::Upsert { .. } => true,
                    Statement::InsertMany { rows, .. } => rows.len() == 1,
                    Statement::Update { .. } | Statement::Delete { .. } => false,
                    Statement::Meet(_) => unreachable!("{}", sql::NO_MEETING),
                };
                one_row && keys.any(|key| key.timing == Timing::InitiallyDeferred)
            }
        }
    }

    // ---- Savepoints ----

    fn savepoint(&mut self) -> Result<(), String> {
        self.control(&format!("SAVEPOINT s{}", self.savepoints.len()))?;
        self.savepoints.push(
            self.transaction
                .savepoint()
                .map_err(|error| error.to_string())?,
        );
        self.reference.savepoint();
        self.count("savepoints");
        Ok(())
    }

    fn roll_back_to(&mut self, position: usize) -> Result<(), String> {
        if self.savepoints.is_empty() {
            return Ok(());
        }
        let position = position % self.savepoints.len();
        self.control(&format!("ROLLBACK TO SAVEPOINT s{position}"))?;
        let back = self.transaction.rollback_to(self.savepoints[position]);
        back.map_err(|error| format!("a savepoint is not known: {error}"))?;
        self.savepoints.truncate(position + 1);
        self.reference.roll_back_to(position);
        self.count("rollbacks to a savepoint");
        rows::alike(self.shape, &self.transaction, self.reference, self.rival)
    }

    fn release(&mut self, position: usize) -> Result<(), String> {
        if self.savepoints.is_empty() {
            return Ok(());
        }
        let position = position % self.savepoints.len();
        self.control(&format!("RELEASE SAVEPOINT s{position}"))?;
        let released = self.transaction.release(self.savepoints[position]);
        released.map_err(|error| format!("a savepoint is not known: {error}"))?;
        self.savepoints.truncate(position);
        self.reference.release(position);
        self.count("released savepoints");
        Ok(())
    }

    // ---- The end ----

    fn commit(self) -> Result<End, String> {
        let reply = self.rival.run(self.shape, "COMMIT")?;
        let reference = self.reference.commit();
        // The transaction is used up by its commit.
        let Session {
            shape,
            transaction,
            rival,
            miscounted,
            tally,
            ..
        } = self;
        match (transaction.commit(), reference, reply) {
            (Ok(_), Ok(()), Reply::Done(_)) => {
                machine::count(tally, "commits");
                Ok(End::Alike)
            }
            (Err(error), Err(violations), Reply::Refused(refusal)) => {
                machine::is_violation(shape, &error, &violations)?;
                if !refusal.is_among(shape, &violations) {
                    return Err(format!("{refusal:?} is not among {violations:?}"));
                }
                machine::count(tally, "refused: commit");
                if rival.dialect() == Dialect::Sqlite {
                    machine::count(tally, &Departure::OpenAfterCommit.to_string());
                    expect_done(rival.run(shape, "ROLLBACK")?, "ROLLBACK")?;
                }
                Ok(End::Alike)
            }
            (Ok(_), Ok(()), Reply::Refused(_)) | (Err(_), Err(_), Reply::Done(_)) if miscounted => {
                machine::count(tally, &Departure::OwnReferenceTwice.to_string());
                Ok(End::Apart)
            }
            (relata, reference, reply) => Err(format!(
                "commit: relata {relata:?}, the reference {reference:?}, the other engine {reply:?}"
            )),
        }
    }

    fn roll_back(mut self) -> Result<End, String> {
        self.control("ROLLBACK")?;
        self.count("rollbacks");
        self.transaction.rollback();
        self.reference.rollback();
        Ok(End::Alike)
    }

    fn control(&mut self, sql: &str) -> Result<(), String> {
        expect_done(self.rival.run(self.shape, sql)?, sql)
    }

    fn count(&mut self, what: &str) {
        machine::count(self.tally, what);
    }
}

/// What relata and the reference agree on.
fn expected(
    shape: &Shape,
    relata: Result<Answer, Error>,
    reference: Result<Outcome, Failure>,
) -> Result<Expected, String> {
    match (relata, reference) {
        (Ok(answer), Ok(outcome)) => {
            same_answer(&answer, &outcome)?;
            Ok(Expected::Done(outcome.addressed))
        }
        (Err(error), Err(failure)) => {
            let sort = machine::is_violation(shape, &error, &failure.violations)?;
            Ok(Expected::Refused(sort, failure.violations))
        }
        (Ok(_), Err(failure)) => Err(format!("relata did what violates {failure:?}")),
        (Err(error), Ok(_)) => Err(format!("relata refused with {error:?}")),
    }
}

fn same_answer(answer: &Answer, outcome: &Outcome) -> Result<(), String> {
    let same = match answer {
        Answer::Key(key) => outcome.key.as_deref() == Some(key.values()),
        Answer::Affected(Affected {
            rows, by_actions, ..
        }) => (*rows, *by_actions) == (outcome.addressed, outcome.by_actions),
        Answer::Upserts(_) => unreachable!("{}", sql::NO_MEETING),
    };
    match same {
        true => Ok(()),
        false => Err(format!("relata answers {answer:?}, not {outcome:?}")),
    }
}

/// What the other engine did that was not expected, rows aside.
fn difference(shape: &Shape, expected: &Expected, reply: Reply) -> Option<Difference> {
    match (expected, reply) {
        (_, Reply::TooDeep) => Some(Difference::TooDeep),
        (Expected::Done(rows), Reply::Done(found)) => (found != *rows).then_some(Difference::Count),
        (Expected::Refused(sort, _), Reply::Done(_)) => Some(Difference::Done(*sort)),
        (Expected::Refused(_, violations), Reply::Refused(refusal)) => {
            (!refusal.is_among(shape, violations)).then_some(Difference::Refused(refusal))
        }
        (Expected::Done(_), Reply::Refused(refusal)) => Some(Difference::Refused(refusal)),
    }
}

/// What is left of a statement when a failure was made small, and cannot be said in SQL.
fn is_empty(statement: &Statement) -> bool {
    match statement {
        Statement::InsertMany { rows, .. } => rows.is_empty(),
        Statement::Update { assignments, .. } => assignments.is_empty(),
        Statement::Insert { .. } | Statement::Upsert { .. } | Statement::Delete { .. } => false,
        Statement::Meet(_) => unreachable!("{}", sql::NO_MEETING),
    }
}

fn expect_done(reply: Reply, sql: &str) -> Result<(), String> {
    match reply {
        Reply::Done(_) => Ok(()),
        reply => Err(format!("{sql}: {reply:?}")),
    }
}
