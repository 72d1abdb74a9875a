//! Random statements over a schema with every action, a self reference, a ring and a composite key.
//!
//! After every step all indexes, edges and constraints are recomputed from the rows; a failed statement and a rollback
//! must leave the fingerprint as it was, held snapshots must not move, and inverted changes must lead back.

use proptest::prelude::*;

use crate::engine::{Clock, Database, DatabaseOptions, Snapshot};
use crate::error::Result;
use crate::expr::{all, col};
use crate::schema::{
    Action, ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, TableDef, UniqueDef,
};
use crate::value::{DataType, Value};

#[derive(Clone, Debug)]
struct Rules {
    on_delete: [Action; 4],
    on_update: [Action; 4],
    deferral: [Deferral; 4],
}

const TABLES: [&str; 3] = ["a", "b", "c"];

/// `a` refers to itself, `b` to `a` by a unique pair, `c` to `b` and `b` to `c` in a ring.
fn database(rules: &Rules) -> Database {
    let key = |position: usize, columns: &[&str], table: &str, targets: &[&str]| {
        ForeignKeyDef::new(columns.iter().copied())
            .references(table, targets.iter().copied())
            .on_delete(rules.on_delete[position])
            .on_update(rules.on_update[position])
            .deferrable(rules.deferral[position])
    };
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    let schema = Schema::builder()
        .table(
            TableDef::new("a")
                .column(int("id").primary_key().auto_increment())
                .column(int("x").default(1))
                .column(int("y"))
                .unique(UniqueDef::new(["x", "id"]))
                .index(IndexDef::new(["y"]))
                .foreign_key(key(0, &["y"], "a", &["id"])),
        )
        .table(
            TableDef::new("b")
                .column(int("id").primary_key())
                .column(int("x"))
                .column(int("y").default(2))
                .index(IndexDef::new(["x", "y"]).hash())
                .foreign_key(key(1, &["y", "x"], "a", &["id", "x"]))
                .foreign_key(key(2, &["y"], "c", &["id"])),
        )
        .table(
            TableDef::new("c")
                .column(int("id").primary_key())
                .column(int("x"))
                .column(int("y").default(3))
                .foreign_key(key(3, &["x"], "b", &["id"])),
        )
        .build()
        .unwrap();
    let clock = Clock::Fixed(crate::value::Timestamp::from_micros(0));
    Database::with_options(
        schema,
        DatabaseOptions {
            clock,
            seed: Some(1),
            ..DatabaseOptions::default()
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Insert {
        table: usize,
        values: [Option<i64>; 3],
    },
    Update {
        table: usize,
        from: i64,
        column: usize,
        value: Option<i64>,
    },
    Shift {
        table: usize,
        column: usize,
        by: i64,
    },
    Delete {
        table: usize,
        from: i64,
        count: i64,
    },
    Begin,
    Savepoint,
    RollbackTo,
    End {
        commit: bool,
    },
    Hold,
    UndoByChanges,
}

fn cell() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 8 => (1_i64..6).prop_map(Some)]
}

fn step() -> impl Strategy<Value = Step> {
    let table = 0_usize..3;
    prop_oneof![
        8 => (table.clone(), (1_i64..6).prop_map(Some), cell(), cell())
            .prop_map(|(table, id, x, y)| Step::Insert { table, values: [id, x, y] }),
        5 => (table.clone(), 1_i64..6, 0_usize..3, cell())
            .prop_map(|(table, from, column, value)| Step::Update { table, from, column, value }),
        2 => (table.clone(), 0_usize..3, -2_i64..3).prop_map(|(table, column, by)| Step::Shift { table, column, by }),
        4 => (table, 1_i64..6, 1_i64..4).prop_map(|(table, from, count)| Step::Delete { table, from, count }),
        2 => Just(Step::Begin),
        2 => Just(Step::Savepoint),
        1 => Just(Step::RollbackTo),
        3 => any::<bool>().prop_map(|commit| Step::End { commit }),
        1 => Just(Step::Hold),
        1 => Just(Step::UndoByChanges),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let action = || {
        prop::sample::select(vec![
            Action::NoAction,
            Action::Restrict,
            Action::Cascade,
            Action::Cascade,
            Action::SetNull,
            Action::SetDefault,
        ])
    };
    let deferral = || {
        prop::sample::select(vec![
            Deferral::NotDeferrable,
            Deferral::NotDeferrable,
            Deferral::InitiallyDeferred,
        ])
    };
    (
        [action(), action(), action(), action()],
        [action(), action(), action(), action()],
        [deferral(), deferral(), deferral(), deferral()],
    )
        .prop_map(|(on_delete, on_update, deferral)| Rules {
            on_delete,
            on_update,
            deferral,
        })
}

/// Runs a statement inside a transaction; a failure must change nothing.
fn statement(tx: &mut crate::engine::Transaction<'_>, step: &Step) -> Result<()> {
    const COLUMNS: [&str; 3] = ["id", "x", "y"];
    match *step {
        Step::Insert { table, values } => {
            let cells = COLUMNS
                .into_iter()
                .zip(values)
                .map(|(name, value)| (name, Value::from(value)));
            tx.insert(TABLES[table], cells).map(drop)
        }
        Step::Update {
            table,
            from,
            column,
            value,
        } => tx
            .update(
                TABLES[table],
                &col("id").ge(from),
                [(COLUMNS[column], Value::from(value))],
            )
            .map(drop),
        Step::Shift { table, column, by } => tx
            .update_with(TABLES[table], &all([]), |row| {
                let shifted = row.get(COLUMNS[column])?.as_int().map(|value| value + by);
                Ok(vec![(COLUMNS[column], Value::from(shifted))])
            })
            .map(drop),
        Step::Delete { table, from, count } => tx
            .delete(
                TABLES[table],
                &col("id").ge(from).and(col("id").lt(from + count)),
            )
            .map(drop),
        Step::Begin
        | Step::Savepoint
        | Step::RollbackTo
        | Step::End { .. }
        | Step::Hold
        | Step::UndoByChanges => Ok(()),
    }
}

/// Steps up to the end of one transaction; how many were taken.
fn transaction(db: &mut Database, steps: &[Step], held: &mut Vec<(Snapshot, u64)>) -> usize {
    let start = db.fingerprint();
    let mut tx = db.begin();
    let mut savepoints = Vec::new();
    let mut undo_at_end = false;
    let mut taken = 0;
    let mut commit = true;
    for step in steps {
        taken += 1;
        match step {
            Step::End { commit: wanted } => {
                commit = *wanted;
                break;
            }
            Step::Savepoint => {
                let print = tx.fingerprint();
                savepoints.push((tx.savepoint().unwrap(), print));
            }
            Step::RollbackTo => {
                if let Some((savepoint, print)) = savepoints.last() {
                    tx.rollback_to(*savepoint).unwrap();
                    assert_eq!(tx.fingerprint(), *print);
                }
            }
            Step::Hold => held.push((tx.snapshot(), tx.fingerprint())),
            Step::UndoByChanges => undo_at_end = true,
            Step::Begin => {}
            _ => {
                let before = tx.fingerprint();
                if statement(&mut tx, step).is_err() {
                    assert_eq!(
                        tx.fingerprint(),
                        before,
                        "a failed statement changed something"
                    );
                }
                tx.check_structure().unwrap();
            }
        }
    }
    if !commit {
        drop(tx);
        assert_eq!(db.fingerprint(), start, "a rollback did not lead back");
    } else if let Ok(changes) = tx.commit_with_changes() {
        if undo_at_end {
            let after = db.fingerprint();
            db.apply(&changes.invert()).unwrap();
            assert_eq!(
                db.fingerprint(),
                start,
                "inverted changes did not lead back: {changes:#?}"
            );
            db.check_integrity().unwrap();
            db.apply(&changes).unwrap();
            assert_eq!(db.fingerprint(), after);
        }
    } else {
        assert_eq!(db.fingerprint(), start, "a failed commit left something");
    }
    db.check_integrity().unwrap();
    taken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_left_out_of_step(rules in rules(), steps in prop::collection::vec(step(), 1..60)) {
        let mut db = database(&rules);
        let mut held = Vec::new();
        let mut rest = &steps[..];
        while !rest.is_empty() {
            let taken = transaction(&mut db, rest, &mut held);
            rest = &rest[taken..];
            for (snapshot, print) in &held {
                prop_assert_eq!(snapshot.fingerprint(), *print, "a held snapshot moved");
            }
        }
    }
}

/// More with RELATA_CASES.
fn cases() -> u32 {
    std::env::var("RELATA_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(300)
}
