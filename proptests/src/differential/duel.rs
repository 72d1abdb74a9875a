//! One run: a schema, and steps on relata, on the reference and on another engine, compared after each of them.
//!
//! Success or failure, the number of rows addressed, the rows of every table, and how transactions end. A refusal of
//! the other engine must be among the violations that the reference sees. What relata refuses, and how it answers, must
//! be what the reference says.
//!
//! Every statement runs in a transaction, often one of its own.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use relata::engine::Database;

use crate::choices::Choices;
use crate::differential::draw;
use crate::differential::rival::Rival;
use crate::differential::rows;
use crate::differential::session::{End, Session};
use crate::differential::sql::{self, Dialect};
use crate::machine::{self, Difference, Program, Tally};
use crate::operations::Operation;
use crate::reference::{Reference, State};
use crate::shape::Shape;
use crate::shrink;
use crate::translate;

/// Where the next step comes from: from the rows now, and the number of savepoints of an open transaction.
pub(super) type Next<'n> = dyn FnMut(&State, Option<usize>) -> Option<Operation> + 'n;

/// Draws and does steps until so many statements have run.
///
/// # Errors
/// The first difference without a name, with everything done until then.
pub fn explore(
    rival: &mut dyn Rival,
    choices: &mut Choices,
    statements: usize,
) -> Result<Tally, Box<Difference>> {
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
        Box::new(Difference {
            message,
            program: Program {
                shape: shape.clone(),
                operations,
            },
        })
    })
}

/// The smallest program that fails in the same way, and its failure, with the program as SQL.
pub fn shrink(difference: Difference, rival: &mut dyn Rival) -> String {
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
        let mut session = Session {
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
        session.begin()?;
        let end = match alone {
            Some(operation) => {
                let mut alone = [operation, Operation::Commit].into_iter();
                session.transact(&mut |_, _| alone.next())?
            }
            None => session.transact(next)?,
        };
        if end == End::Apart {
            break;
        }
        rows::alike(&shape, &database, &reference, rival)?;
    }
    machine::count_fired(&mut tally, &reference);
    database
        .check_integrity()
        .map_err(|faults| format!("check_integrity: {}", faults.join("; ")))?;
    Ok(tally)
}
