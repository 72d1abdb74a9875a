//! One run: a schema, and steps on relata, on the reference and on another engine, compared after each of them.
//!
//! Success or failure, the number of rows addressed, the rows of every table, and how transactions end. A refusal of
//! the other engine must be among the violations that the reference sees. What relata refuses, and how it answers, must
//! be what the reference says.
//!
//! Every statement runs in a transaction, often one of its own. Where the engines part ways and [`classify`] knows
//! why, the transaction is rolled back on all sides, so that the next one starts from the same rows.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use relata::engine::{Database, Savepoint, Transaction};
use relata::value::Value;

use crate::choices::Choices;
use crate::differential::classify::{self, Departure, Difference, Refusal};
use crate::differential::draw;
use crate::differential::sql::{self, Dialect};
use crate::machine::{self, Program, Tally};
use crate::operations::{Fault, Operation, Statement};
use crate::reference::trace::Trace;
use crate::reference::{Outcome, Reference, Sort, State};
use crate::shape::{Shape, Timing};
use crate::shrink;
use crate::translate::{self, Answer};

/// Statements by which the engines parted ways.
pub const DIFFERED: &str = "statements that differed";

/// Statements by which relata and the reference parted ways, where the rules are silent.
pub const RESTRICTED_IN_PASSING: &str = "RESTRICT of a key held in passing";

/// Of so many statements that succeed one is looked at, to tell in how many the order of steps could have shown.
const SAMPLED_ONE_IN: usize = 16;

/// Another engine.
pub trait Rival {
    /// Whose SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// Starts over with empty tables.
    ///
    /// # Errors
    /// If a declaration is refused.
    fn create(&mut self, shape: &Shape) -> Result<(), String>;

    /// Runs a statement.
    ///
    /// # Errors
    /// If something fails that is no constraint.
    fn run(&mut self, shape: &Shape, sql: &str) -> Result<Reply, String>;

    /// All rows of a table.
    ///
    /// # Errors
    /// If they cannot be read.
    fn rows(&mut self, shape: &Shape, table: usize) -> Result<Vec<Vec<Value>>, String>;
}

/// What another engine answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done, with so many rows addressed.
    Done(u64),
    /// A constraint is violated.
    Refused(Refusal),
    /// Actions led to actions too often.
    TooDeep,
}

/// Draws and does steps until so many statements have run.
///
/// # Errors
/// The first difference without a name, with everything done until then.
pub fn explore(
    rival: &mut dyn Rival,
    choices: &mut Choices,
    statements: usize,
) -> Result<Tally, Box<machine::Difference>> {
    let shape = draw::schema(rival.dialect(), choices);
    let mut operations = Vec::new();
    let mut left = statements;
    let result = guarded(|| {
        run(&shape, rival, &mut |state, open| {
            if left == 0 {
                return None;
            }
            let operation = draw::operation(&shape, state, open, choices);
            left -= usize::from(matches!(operation, Operation::Run(..)));
            operations.push(operation.clone());
            Some(operation)
        })
    });
    result.map_err(|message| {
        Box::new(machine::Difference {
            message,
            program: Program {
                shape: shape.clone(),
                operations,
            },
        })
    })
}

/// The smallest program that fails in the same way, and its failure, with the program as SQL.
pub fn shrink(difference: machine::Difference, rival: &mut dyn Rival) -> String {
    let dialect = rival.dialect();
    let way = |message: &str| message.split(' ').next().map(str::to_owned);
    let same = way(&difference.message);
    let mut run = |program: &Program| match replay(rival, program) {
        Err(message) if way(&message) == same => Err(message),
        _ => Ok(()),
    };
    let shrunk = shrink::shrink_with(difference, &mut run);
    format!("{shrunk}\n{}", script(&shrunk.program, dialect))
}

/// Does the steps of a program.
///
/// # Errors
/// The first difference without a name.
pub fn replay(rival: &mut dyn Rival, program: &Program) -> Result<Tally, String> {
    let mut operations = program.operations.iter();
    guarded(|| {
        run(&program.shape, rival, &mut |_, _| {
            operations.next().cloned()
        })
    })
}

fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|payload| Err(machine::panic_text(&*payload)))
}

/// The program as SQL.
fn script(program: &Program, dialect: Dialect) -> String {
    let mut lines = sql::schema(&program.shape, dialect);
    for operation in &program.operations {
        lines.push(match operation {
            Operation::Run(statement, _) => sql::statement(&program.shape, statement),
            other => format!("-- {other:?}"),
        });
    }
    lines.join(";\n")
}

/// Where the next step comes from: from the rows now, and the number of savepoints of an open transaction.
type Next<'n> = dyn FnMut(&State, Option<usize>) -> Option<Operation> + 'n;

fn run(shape: &Shape, rival: &mut dyn Rival, next: &mut Next<'_>) -> Result<Tally, String> {
    let shape = Arc::new(shape.clone());
    let schema = translate::schema(&shape).map_err(|error| format!("declaration: {error}"))?;
    rival
        .create(&shape)
        .map_err(|error| format!("declaration: {error}"))?;
    let mut database = Database::with_options(schema, translate::options(&shape));
    let mut reference = Reference::new(shape.clone());
    let (mut tally, mut samples) = (Tally::new(), 0);
    while let Some(operation) = next(reference.state(), None) {
        let mut alone = None;
        match operation {
            Operation::Begin => {}
            Operation::Run(..) => alone = Some(operation),
            _ => continue,
        }
        let mut duel = Duel {
            shape: &shape,
            transaction: database.begin(),
            reference: &mut reference,
            rival: &mut *rival,
            savepoints: Vec::new(),
            alone: alone.is_some(),
            miscounted: false,
            samples: &mut samples,
            tally: &mut tally,
        };
        duel.control("BEGIN")?;
        duel.reference.begin();
        let end = match alone {
            Some(operation) => {
                let mut alone = [operation, Operation::Commit].into_iter();
                duel.transact(&mut |_, _| alone.next())?
            }
            None => duel.transact(next)?,
        };
        if end == End::Apart {
            break;
        }
        same_rows(&shape, &database, &reference)?;
        let other = other_tables(&shape, rival, &reference)?;
        if !other.is_empty() {
            return Err(format!(
                "after the transaction other rows stand in {other:?}"
            ));
        }
    }
    machine::count_fired(&mut tally, &reference);
    database
        .check_integrity()
        .map_err(|faults| format!("check_integrity: {}", faults.join("; ")))?;
    Ok(tally)
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// In the same state on all sides.
    Alike,
    /// Not so: it takes another schema to go on.
    Apart,
}

/// An open transaction on all sides.
struct Duel<'d> {
    shape: &'d Shape,
    transaction: Transaction<'d>,
    reference: &'d mut Reference,
    rival: &'d mut dyn Rival,
    savepoints: Vec<Savepoint>,
    alone: bool,
    /// Whether SQLite may have a wrong number of references that wait for commit.
    miscounted: bool,
    samples: &'d mut usize,
    tally: &'d mut Tally,
}

impl Duel<'_> {
    fn transact(mut self, next: &mut Next<'_>) -> Result<End, String> {
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
        let relata = translate::run(
            self.shape,
            &mut self.transaction,
            statement,
            (Fault::None, 0),
        );
        let expected = self.reference.execute(statement);
        let succeeded = expected.is_ok();
        let reply = self.rival_statement(statement)?;
        let difference = match (relata, expected) {
            (Ok(answer), Ok(outcome)) => {
                same_answer(&answer, &outcome)?;
                self.count("statements that succeeded");
                match reply {
                    Reply::Done(rows) if rows != outcome.addressed => Some(Difference::Count),
                    Reply::Done(_) => None,
                    Reply::Refused(refusal) => Some(Difference::Refused(refusal)),
                    Reply::TooDeep => Some(Difference::TooDeep),
                }
            }
            (Err(error), Err(failure)) => {
                let violations = &failure.violations;
                let sort = match machine::is_violation(self.shape, &error, violations) {
                    Ok(sort) => sort,
                    Err(message) => {
                        let trace = before.trace(statement);
                        let is_later =
                            machine::is_violation(self.shape, &error, &trace.violations).is_ok();
                        return match is_later
                            && classify::is_restricted_in_passing(self.shape, &trace, violations)
                        {
                            true => Ok(Some(RESTRICTED_IN_PASSING.to_owned())),
                            false => Err(message),
                        };
                    }
                };
                self.count(&format!("refused: {sort:?}"));
                match reply {
                    Reply::Done(_) => Some(Difference::Done(sort)),
                    Reply::Refused(refusal)
                        if refusal.is_among(self.shape, &failure.violations) =>
                    {
                        None
                    }
                    Reply::Refused(refusal) => Some(Difference::Refused(refusal)),
                    Reply::TooDeep => Some(Difference::TooDeep),
                }
            }
            (Ok(_), Err(failure)) => {
                let trace = before.trace(statement);
                let violations = &failure.violations;
                if classify::is_restricted_in_passing(self.shape, &trace, violations) {
                    return Ok(Some(RESTRICTED_IN_PASSING.to_owned()));
                }
                return Err(format!("relata did what violates {failure:?}"));
            }
            (Err(error), Ok(_)) => return Err(format!("relata refused with {error:?}")),
        };
        same_rows(self.shape, &self.transaction, self.reference)?;
        let difference = match difference {
            Some(difference) => Some(difference),
            None => {
                let tables = other_tables(self.shape, self.rival, self.reference)?;
                (!tables.is_empty()).then_some(Difference::Rows(tables))
            }
        };
        let may_miscount = self.may_miscount(statement);
        *self.samples += usize::from(succeeded);
        let is_sample = succeeded && self.samples.is_multiple_of(SAMPLED_ONE_IN);
        if difference.is_none() && !may_miscount && !is_sample {
            return Ok(None);
        }
        let trace = before.trace(statement);
        if is_sample {
            self.count("sampled successes");
            if classify::order_can_show(self.shape, &trace) {
                self.count("sampled successes in which order could show");
            }
        }
        self.miscounted |= may_miscount && classify::is_miscounted(self.shape, &trace);
        let Some(difference) = difference else {
            return Ok(None);
        };
        let departure = self.name(&trace, &difference)?;
        if departure.is_some() {
            self.count(DIFFERED);
        }
        Ok(departure.map(|departure| departure.to_string()))
    }

    fn may_miscount(&self, statement: &Statement) -> bool {
        let mut keys = self.shape.references.iter();
        self.rival.dialect() == Dialect::Sqlite
            && matches!(
                statement,
                Statement::Update { .. } | Statement::Delete { .. }
            )
            && keys.any(|key| key.child == key.parent && key.timing == Timing::InitiallyDeferred)
    }

    /// The name of a difference, or none if it is none after all.
    fn name(&self, trace: &Trace, difference: &Difference) -> Result<Option<Departure>, String> {
        // What would be violated later on the way is a violation, too, though relata stops before it.
        if let Difference::Refused(refusal) = difference
            && self.reference.state() == &trace.before
            && refusal.is_among(self.shape, &trace.violations)
        {
            return Ok(None);
        }
        match classify::classify(self.shape, self.rival.dialect(), trace, difference) {
            Some(departure) => Ok(Some(departure)),
            None => Err(format!("no departure explains {difference:?}")),
        }
    }

    fn rival_statement(&mut self, statement: &Statement) -> Result<Reply, String> {
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
                };
                one_row && keys.any(|key| key.timing == Timing::InitiallyDeferred)
            }
        }
    }

    // ---- Transactions ----

    fn savepoint(&mut self) -> Result<(), String> {
        self.control(&format!("SAVEPOINT s{}", self.savepoints.len()))?;
        self.savepoints.push(self.transaction.savepoint());
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
        same_rows(self.shape, &self.transaction, self.reference)?;
        match other_tables(self.shape, self.rival, self.reference)?.as_slice() {
            [] => Ok(()),
            other => Err(format!("after going back other rows stand in {other:?}")),
        }
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

    fn commit(self) -> Result<End, String> {
        let reply = self.rival.run(self.shape, "COMMIT")?;
        match (self.transaction.commit(), self.reference.commit(), reply) {
            (Ok(_), Ok(()), Reply::Done(_)) => {
                machine::count(self.tally, "commits");
                Ok(End::Alike)
            }
            (Err(error), Err(violations), Reply::Refused(refusal)) => {
                machine::is_violation(self.shape, &error, &violations)?;
                if !refusal.is_among(self.shape, &violations) {
                    return Err(format!("{refusal:?} is not among {violations:?}"));
                }
                machine::count(self.tally, "refused: commit");
                if self.rival.dialect() == Dialect::Sqlite {
                    machine::count(self.tally, &Departure::OpenAfterCommit.to_string());
                    expect_done(self.rival.run(self.shape, "ROLLBACK")?, "ROLLBACK")?;
                }
                Ok(End::Alike)
            }
            (Ok(_), Ok(()), Reply::Refused(refusal))
                if self.miscounted && refusal.sort == Sort::Reference =>
            {
                machine::count(self.tally, &Departure::OwnReferenceTwice.to_string());
                Ok(End::Apart)
            }
            (Err(_), Err(_), Reply::Done(_)) if self.miscounted => {
                machine::count(self.tally, &Departure::OwnReferenceTwice.to_string());
                Ok(End::Apart)
            }
            (relata, reference, rival) => Err(format!(
                "commit: relata {relata:?}, the reference {reference:?}, the other engine {rival:?}"
            )),
        }
    }

    fn roll_back(mut self) -> Result<End, String> {
        self.control("ROLLBACK")?;
        self.transaction.rollback();
        self.reference.rollback();
        machine::count(self.tally, "rollbacks");
        Ok(End::Alike)
    }

    fn control(&mut self, sql: &str) -> Result<(), String> {
        expect_done(self.rival.run(self.shape, sql)?, sql)
    }

    fn count(&mut self, what: &str) {
        machine::count(self.tally, what);
    }
}

/// What is left of a statement when a failure was made small, and cannot be said in SQL.
fn is_empty(statement: &Statement) -> bool {
    match statement {
        Statement::InsertMany { rows, .. } => rows.is_empty(),
        Statement::Update { assignments, .. } => assignments.is_empty(),
        Statement::Insert { .. } | Statement::Upsert { .. } | Statement::Delete { .. } => false,
    }
}

fn expect_done(reply: Reply, sql: &str) -> Result<(), String> {
    match reply {
        Reply::Done(_) => Ok(()),
        reply => Err(format!("{sql}: {reply:?}")),
    }
}

fn same_answer(answer: &Answer, outcome: &Outcome) -> Result<(), String> {
    let same = match answer {
        Answer::Key(key) => outcome.key.as_deref() == Some(key.values()),
        Answer::Affected(affected) => {
            (affected.rows, affected.by_actions) == (outcome.addressed, outcome.by_actions)
        }
    };
    match same {
        true => Ok(()),
        false => Err(format!("relata answers {answer:?}, not {outcome:?}")),
    }
}

/// Whether relata has the rows of the reference.
fn same_rows(
    shape: &Shape,
    snapshot: &relata::engine::Snapshot,
    reference: &Reference,
) -> Result<(), String> {
    for (number, table) in shape.tables.iter().enumerate() {
        let expected = reference.state().in_key_order(shape, number);
        let found = snapshot
            .rows(&table.name)
            .map_err(|error| error.to_string())?;
        let same = found.len() == expected.len()
            && found.clone().zip(&expected).all(|(row, expected)| {
                let mut cells = row.columns().zip(&expected.values);
                cells.all(|((_, cell), value)| cell == value.as_ref())
            });
        if !same {
            let found: Vec<_> = found.collect();
            return Err(format!("{} has {found:?}, not {expected:?}", table.name));
        }
    }
    Ok(())
}

/// The tables in which the other engine has other rows than the reference.
fn other_tables(
    shape: &Shape,
    rival: &mut dyn Rival,
    reference: &Reference,
) -> Result<Vec<usize>, String> {
    let mut other = Vec::new();
    for (number, table) in shape.tables.iter().enumerate() {
        let visible = table.visible();
        let rows = &reference.state().tables[number];
        let mut expected: Vec<&[Value]> = rows.iter().map(|row| &row.values[..visible]).collect();
        let found = rival.rows(shape, number)?;
        let mut found: Vec<&[Value]> = found.iter().map(Vec::as_slice).collect();
        expected.sort_unstable();
        found.sort_unstable();
        if expected != found {
            other.push(number);
        }
    }
    Ok(other)
}
