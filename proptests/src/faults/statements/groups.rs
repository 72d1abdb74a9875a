//! Changes of another database, several statements that stand or fall together, and changes of the schema.

use relata::engine::{Changes, Database, Transaction};
use relata::error::Result;
use relata::expr::col;
use relata::schema::{CheckDef, ColumnDef, SchemaChange, TableDef, UniqueDef};
use relata::value::{DataType, Value};

use super::{case, everything};
use crate::faults::world::doc;
use crate::faults::{Case, Statement};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = changes();
    cases.extend(several());
    cases
}

/// Changes of another database, applied.
fn changes() -> Vec<Case> {
    fn of_fork(db: &Database, write: fn(&mut Transaction<'_>) -> Result<()>) -> Changes {
        let mut fork = db.fork();
        let mut tx = fork.begin();
        write(&mut tx).expect("a fork takes what its origin takes");
        tx.commit_with_changes().expect("nothing waits")
    }
    fn apply(changes: Changes) -> Statement {
        Box::new(move |tx, faults| {
            faults.step()?;
            tx.apply(&changes)
        })
    }
    fn write_much(tx: &mut Transaction<'_>) -> Result<()> {
        tx.update("nodes", &everything(), [("weight", Value::from(3))])?;
        tx.delete_key("nodes", 4)?;
        tx.update_key("nodes", 2, [("id", Value::from(60))])?;
        let rows = (0..10_i64).map(|number| [Value::from(60), format!("new {number}").into()]);
        tx.insert_many("nodes", &["parent", "name"], rows).map(drop)
    }
    vec![
        Case {
            name: "apply rows that come",
            prepare: |db| {
                apply(of_fork(db, |tx| {
                    let rows = (300..320_i64).map(|number| [doc(number), "k".into()]);
                    tx.insert_many("docs", &["id", "kind"], rows).map(drop)
                }))
            },
        },
        Case {
            name: "apply what a cascade did",
            prepare: |db| {
                apply(of_fork(db, |tx| {
                    tx.delete("regions", &everything()).map(drop)
                }))
            },
        },
        Case {
            name: "apply changes of every sort",
            prepare: |db| apply(of_fork(db, write_much)),
        },
        Case {
            name: "apply the way back",
            prepare: |db| {
                let mut tx = db.begin();
                write_much(&mut tx).expect("it stands");
                let changes = tx.commit_with_changes().expect("nothing waits");
                apply(changes.invert())
            },
        },
        Case {
            name: "apply changes that do not fit",
            prepare: |db| {
                apply(of_fork(db, |tx| {
                    tx.update("nodes", &everything(), [("weight", Value::from(3))])?;
                    tx.update_key("top", 2, [("note", Value::from("conflict"))])
                        .map(drop)
                }))
            },
        },
        Case {
            name: "apply changes that leave a child alone",
            prepare: |db| {
                let mut changes = of_fork(db, |tx| tx.delete_key("nodes", 4).map(drop));
                changes.rows.truncate(1);
                apply(changes)
            },
        },
    ]
}

/// Several statements that stand or fall together, and what is no statement of rows.
fn several() -> Vec<Case> {
    vec![
        case!("several statements, the last one refused", |tx, faults| {
            tx.atomically(|tx| {
                let rows = (0..10).map(|_| [Value::from("note")]);
                tx.insert_many("top", &["note"], faults.rows(rows))?;
                tx.delete_key("nodes", 4)?;
                faults.step()?;
                tx.insert("nodes", [("parent", 4.into())]).map(drop)
            })
        }),
        case!("savepoints within savepoints", |tx, faults| {
            tx.atomically(|tx| {
                for id in [12, 11, 10] {
                    faults.step()?;
                    let savepoint = tx.savepoint()?;
                    tx.delete_key("nodes", id)?;
                    tx.insert("nodes", [("id", id.into()), ("parent", 1.into())])?;
                    if id == 11 {
                        tx.rollback_to(savepoint)?;
                    }
                }
                Ok(())
            })
        }),
        case!("judge what waits", |tx, faults| {
            faults.step()?;
            tx.set_constraints_immediate(&[])
        }),
        case!("make the parent and judge what waits", |tx, faults| {
            tx.atomically(|tx| {
                tx.insert("groups", [("code", "z".into())])?;
                faults.step()?;
                tx.set_constraints_immediate(&["waiting_group_code_fkey"])?;
                faults.step()?;
                tx.defer_constraints(&[])
            })
        }),
        case!("add a column with a value for each row", |tx, faults| {
            faults.step()?;
            let column = ColumnDef::new("added", DataType::Text).default("value");
            tx.change_schema(&SchemaChange::add_column("nodes", column))
        }),
        case!("add a unique key that does not hold", |tx, faults| {
            faults.step()?;
            tx.change_schema(&SchemaChange::add_unique(
                "by_cascade",
                UniqueDef::new(["score"]),
            ))
        }),
        case!(
            "write, change the schema, write, and be refused",
            |tx, faults| {
                tx.atomically(|tx| {
                    let rows = (0..5).map(|_| [Value::from("it")]);
                    tx.insert_many("events", &["what"], faults.rows(rows))?;
                    let log = TableDef::new("log").column(ColumnDef::new("line", DataType::Text));
                    tx.change_schema(&SchemaChange::add_table(log))?;
                    let rows = (0..5).map(|_| [Value::from("line")]);
                    tx.insert_many("log", &["line"], faults.rows(rows))?;
                    tx.delete_key("nodes", 4)?;
                    faults.step()?;
                    let check = CheckDef::new("never", col("id").lt(0));
                    tx.change_schema(&SchemaChange::add_check("nodes", check))
                })
            }
        ),
    ]
}
