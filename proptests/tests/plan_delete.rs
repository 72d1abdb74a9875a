//! A plan of a delete against the delete, over random schemas and data: it is blocked if and only if the delete fails,
//! and otherwise names exactly the rows that go and the values that are written.
//!
//! `RELATA_DELETES=n` does more, `RELATA_SEED=n` begins elsewhere. A failure names the seed of its run:
//! `RELATA_SEED=that RELATA_DELETES=1` does this run alone.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use relata::engine::{Changes, Database, DeletePlan, PlannedRow};
use relata::error::{ConstraintError, ConstraintKind, Error, Further};
use relata::expr::{Expr, all, col};
use relata::value::Value;
use relata_proptests::choices::Choices;
use relata_proptests::environment::{report, variable};
use relata_proptests::operations::{self, Fault, Operation, Place};
use relata_proptests::reference::Reference;
use relata_proptests::shape::Shape;
use relata_proptests::translate;

/// Operations before the deletes, on one schema.
const RUN_LENGTH: usize = 30;
const DELETES: u64 = 12_000;
const SEED: u64 = 20_261_126;

/// By table and key: what a row holds afterwards where it differs, or that it goes.
type Net = BTreeMap<(String, Vec<Value>), Option<Vec<(String, Value)>>>;

// rules: RI-13, RI-15, RI-41, RI-95
// Broken, somebody would be shown that a delete is harmless, and then lose rows; or be kept from one that is.
#[test]
fn a_plan_says_what_the_delete_does() {
    let deletes = variable("RELATA_DELETES", DELETES).expect("a number");
    let first = variable("RELATA_SEED", SEED).expect("a number");
    let mut tally = BTreeMap::new();
    let mut seed = first;
    while tally.get("deletes").copied().unwrap_or(0) < deletes {
        run(seed, &mut tally);
        seed += 1;
    }
    report(first..seed, &tally);
    if deletes >= DELETES {
        // A schema that often breaks not null, checks or unique keys by a delete is refused when it is declared.
        for (what, share) in [
            ("blocked by Restrict", 20),
            ("blocked by Reference", 20),
            ("blocked by NotNull", deletes),
            ("blocked by Check", deletes),
            ("blocked by Unique", deletes),
            ("rows deleted by actions", 20),
            ("rows written", 20),
        ] {
            let met = tally.get(what).copied().unwrap_or(0);
            assert!(met >= deletes / share, "{what}: {met}");
        }
    }
}

/// Draws statements on a random schema, and then plans the delete of each row by itself and of each table.
fn run(seed: u64, tally: &mut BTreeMap<String, u64>) {
    let mut choices = Choices::from_seed(seed);
    let mut shape = Shape::random(&mut choices);
    shape.rows_changed_max = None;
    let shape = Arc::new(shape);
    let db = fill(&shape, &mut choices);
    for table in &shape.tables {
        // A row whose key nobody declared cannot be asked for.
        let rows = db.rows(&table.name).expect("the table is there");
        let one_row = rows.filter(|_| !table.hidden_key).map(|row| {
            let column = |&column: &usize| {
                let name = table.columns[column].name.as_str();
                col(name).eq(row.get(name).expect("the column is there"))
            };
            all(table.primary().iter().map(column))
        });
        for filter in iter::once(all([])).chain(one_row) {
            compare(&shape, &db, &table.name, &filter, tally)
                .unwrap_or_else(|difference| panic!("RELATA_SEED={seed}: {difference}"));
        }
    }
}

fn fill(shape: &Arc<Shape>, choices: &mut Choices) -> Database {
    let schema = translate::schema(shape).expect("the schema stands");
    let mut db = Database::with_options(schema, translate::options(shape));
    let mut reference = Reference::new(shape.clone());
    let place = Place {
        in_transaction: false,
        savepoints: 0,
        held: 0,
        worlds: 1,
    };
    for _ in 0..RUN_LENGTH {
        let drawn = operations::draw(shape, reference.state(), place, choices);
        let Operation::Run(statement, _) = drawn else {
            continue;
        };
        // The reference goes along, for the values that later statements are drawn from.
        reference.begin();
        _ = reference.execute(&statement);
        _ = reference.commit();
        _ = db.transaction(|tx| translate::run(shape, tx, &statement, (Fault::None, 0)));
    }
    db
}

fn compare(
    shape: &Shape,
    db: &Database,
    table: &str,
    filter: &Expr,
    tally: &mut BTreeMap<String, u64>,
) -> Result<(), String> {
    let mut count = |what: &str, number: usize| {
        *tally.entry(what.to_owned()).or_default() += number as u64;
    };
    let before = db.fingerprint();
    let plan = db
        .plan_delete(table, filter)
        .map_err(|error| error.to_string())?;
    if db.fingerprint() != before {
        return Err("planning changed something".to_owned());
    }
    let addressed = db
        .filter(table, filter)
        .map_err(|error| error.to_string())?;
    let addressed: BTreeSet<_> = addressed.iter().map(|row| row.key()).collect();
    check_causes(shape, &plan, |row| {
        row.table == table && addressed.contains(&row.key)
    })?;

    let mut fork = db.fork();
    let mut transaction = fork.begin();
    let result = transaction
        .delete(table, filter)
        .and_then(|_| transaction.commit_with_changes());
    count("deletes", 1);
    match result {
        Ok(changes) if plan.is_blocked() => Err(format!(
            "the delete does {changes:#?}, but the plan is\n{plan}"
        )),
        Ok(changes) => {
            let (planned, real) = (planned(&plan), real(shape, &changes));
            if planned != real {
                return Err(format!("planned {planned:#?}\ndone {real:#?}"));
            }
            count("rows deleted", plan.deleted().count());
            let by_actions = plan.deleted().filter(|row| row.cause.is_some());
            count("rows deleted by actions", by_actions.count());
            count("rows written", plan.written().count());
            Ok(())
        }
        Err(Error::Constraint(error)) => {
            for blocked in &plan.blocked {
                count(&format!("blocked by {:?}", blocked.error.kind), 1);
            }
            error.violations().try_for_each(|it| check_named(&plan, it))
        }
        Err(error) => Err(format!("another sort of error: {error}")),
    }
}

/// The error of the delete is one of those that the plan names. Where RESTRICT ends the delete half way, a row may be
/// judged that would have gone or changed later (integrity RI-70).
fn check_named(plan: &DeletePlan, error: &ConstraintError) -> Result<(), String> {
    let half_way = plan
        .blocked
        .iter()
        .any(|blocked| blocked.error.kind == ConstraintKind::Restrict)
        && !matches!(error.kind, ConstraintKind::Restrict);
    let is_it = |named: &ConstraintError| match error.kind {
        // Of two rows with one key, either may be said to be the other.
        ConstraintKind::Unique => {
            (&named.constraint, &named.values) == (&error.constraint, &error.values)
        }
        _ => {
            let chain = error.chain.clone();
            let named = ConstraintError {
                chain,
                ..named.clone()
            };
            // Of a commit, the first has the further ones, which are looked at by themselves.
            named
                == ConstraintError {
                    further: Further::default(),
                    ..error.clone()
                }
        }
    };
    if plan.blocked.iter().any(|blocked| is_it(&blocked.error)) || half_way && plan.is_blocked() {
        return Ok(());
    }
    Err(format!(
        "the delete fails: {error}, but the plan is\n{plan}"
    ))
}

/// Each row that is not addressed is reached by a foreign key of its table, from a row of the table that it refers to.
fn check_causes(
    shape: &Shape,
    plan: &DeletePlan,
    is_addressed: impl Fn(&PlannedRow) -> bool,
) -> Result<(), String> {
    for (position, row) in plan.rows.iter().enumerate() {
        let sound = match &row.cause {
            None => is_addressed(row),
            Some(cause) => shape.references.iter().any(|reference| {
                reference.name == cause.foreign_key
                    && shape.tables[reference.child].name == row.table
                    && shape.tables[reference.parent].name == plan.rows[cause.parent].table
            }),
        };
        if !sound {
            return Err(format!("row {position} is not reached so:\n{plan}"));
        }
        if plan.chain(position).is_empty() != row.cause.is_none() {
            return Err(format!("row {position} has another chain:\n{plan}"));
        }
    }
    Ok(())
}

fn planned(plan: &DeletePlan) -> Net {
    let deleted = plan.deleted().map(|row| (row, None));
    let written = plan.written().filter(|(_, cells)| !cells.is_empty());
    let written = written.map(|(row, cells)| (row, Some(cells.to_vec())));
    deleted
        .chain(written)
        .map(|(row, cells)| ((row.table.clone(), row.key.to_vec()), cells))
        .collect()
}

fn real(shape: &Shape, changes: &Changes) -> Net {
    let mut net = Net::new();
    for change in &changes.rows {
        let mut tables = shape.tables.iter();
        let table = tables.find(|table| table.name == change.table);
        let columns = &table.expect("the table is there").columns;
        let before = change.before.as_ref().expect("a delete inserts nothing");
        let cells = change.after.as_ref().map(|after| {
            let cells = columns.iter().zip(before).zip(after);
            let differ = cells.filter(|((_, before), after)| before != after);
            differ
                .map(|((column, _), after)| (column.name.clone(), after.clone()))
                .collect()
        });
        net.insert((change.table.clone(), change.key().to_vec()), cells);
    }
    net
}
