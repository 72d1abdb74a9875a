//! The statements, by what they write and what follows.

use relata::engine::{Changes, Database, Row, Transaction};
use relata::error::Result;
use relata::expr::{Expr, all, col};
use relata::schema::{CheckDef, ColumnDef, SchemaChange, TableDef, UniqueDef};
use relata::value::{DataType, Value};

use crate::faults::world::{BY_ACTION, doc};
use crate::faults::{Case, Faults, Statement};

/// All of them.
pub fn all_cases() -> Vec<Case> {
    [
        inserts(),
        upserts(),
        updates(),
        key_updates(),
        deletes(),
        changes(),
        several(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A statement that needs no rows of its own.
macro_rules! case {
    ($name:literal, $statement:expr) => {
        Case {
            name: $name,
            prepare: |_| Box::new($statement),
        }
    };
}

fn everything() -> Expr {
    all([])
}

fn texts<const N: usize>(texts: [&str; N]) -> [Value; N] {
    texts.map(Value::from)
}

fn int_of(row: Row<'_>, column: &str) -> Result<i64> {
    Ok(row.get(column)?.as_int().unwrap_or_default())
}

/// Writes what a closure makes of each row; each call is a step.
fn update_each<'v>(
    tx: &mut Transaction<'_>,
    faults: &Faults,
    table: &str,
    filter: &Expr,
    change: impl Fn(Row<'_>) -> Result<Vec<(&'v str, Value)>>,
) -> Result<()> {
    tx.update_with(table, filter, |row| {
        faults.step()?;
        change(row)
    })
    .map(drop)
}

fn inserts() -> Vec<Case> {
    vec![
        case!("insert one row of defaults", |tx, faults| {
            faults.step()?;
            tx.insert("docs", [("kind", "k".into())]).map(drop)
        }),
        case!("insert a child", |tx, faults| {
            let cells = [("parent", faults.value(3)), ("name", faults.value("new"))];
            tx.insert("nodes", cells).map(drop)
        }),
        case!("insert many rows into fresh pages", |tx, faults| {
            let rows = faults.rows((0..60).map(|_| [Value::from("note")]));
            tx.insert_many("top", &["note"], rows).map(drop)
        }),
        case!("insert many children of few parents", |tx, faults| {
            let rows = (0..40).map(|number| texts([["a", "b"][number % 2], "note"]));
            tx.insert_many("by_cascade", &["group_code", "note"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert many children of one parent each", |tx, faults| {
            let rows = (1..=32_i64).map(|parent| [parent.into(), format!("below {parent}").into()]);
            tx.insert_many("nodes", &["parent", "name"], faults.rows(rows))
                .map(drop)
        }),
        case!(
            "insert many rows found by hash and in order",
            |tx, faults| {
                let rows = (100..140_i64).map(|number| [doc(number), "k".into(), number.into()]);
                tx.insert_many("docs", &["id", "kind", "size"], faults.rows(rows))
                    .map(drop)
            }
        ),
        case!("insert many rows without a key", |tx, faults| {
            let rows = faults.rows((0..40).map(|_| [Value::from("it")]));
            tx.insert_many("events", &["what"], rows).map(drop)
        }),
        case!(
            "insert rows that refer to later ones of the statement",
            |tx, faults| {
                let rows = (100..130_i64).map(|id| [id.into(), ((id + 1) % 130).max(1).into()]);
                tx.insert_many("nodes", &["id", "parent"], faults.rows(rows))
                    .map(drop)
            }
        ),
        case!("insert a row that refers to itself", |tx, faults| {
            let rows = faults.rows([[Value::from(90), 90.into()]]);
            tx.insert_many("nodes", &["id", "parent"], rows).map(drop)
        }),
        case!("insert long texts", |tx, faults| {
            let rows = (0..20_usize).map(|number| [Value::from("x".repeat(number * 100))]);
            tx.insert_many("top", &["note"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert a key out of reach", |tx, faults| {
            let ids = [50, 1_i64 << 40, 51, -7];
            let rows = ids.map(|id| [Value::Int(id), "n".into()]);
            tx.insert_many("top", &["id", "note"], faults.rows(rows))
                .map(drop)
        }),
        Case {
            name: "insert into freed slots",
            prepare: |db| {
                let freed = col("kind").ne("kind 1");
                db.delete("docs", &freed).expect("nothing refers to it");
                Box::new(|tx, faults| {
                    let rows =
                        (200..220_i64).map(|number| [doc(number), "k".into(), number.into()]);
                    tx.insert_many("docs", &["id", "kind", "size"], faults.rows(rows))
                        .map(drop)
                })
            },
        },
        case!("insert rows that wait for their parents", |tx, faults| {
            let rows = (0..20).map(|number| [Value::from(format!("{number}"))]);
            tx.insert_many("waiting", &["group_code"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert the parents of rows that wait", |tx, faults| {
            // One of them has been waited for since before.
            let rows = ["q", "r", "z"].map(|code| texts([code]));
            tx.insert_many("groups", &["code"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert many, the last one a duplicate", |tx, faults| {
            let last = [texts(["node 3"])];
            let rows = (0..20).map(|number| [format!("new {number}").into()]);
            tx.insert_many("nodes", &["name"], faults.rows(rows.chain(last)))
                .map(drop)
        }),
        case!(
            "insert many, the last one without its parent",
            |tx, faults| {
                let codes = ["a", "b", "c", "d", "absent"].map(|code| texts([code]));
                tx.insert_many("by_set_null", &["group_code"], faults.rows(codes))
                    .map(drop)
            }
        ),
        case!("insert many, the last one against a check", |tx, faults| {
            let rows = (-8..=0_i64).rev().map(|score| [Value::Int(score + 7)]);
            tx.insert_many("by_cascade", &["score"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert many, the last one without a value", |tx, faults| {
            let rows = [texts(["k"]), texts(["k"]), [Value::Null]];
            tx.insert_many("docs", &["kind"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert owned rows", |tx, faults| {
            let rows =
                (1..=10_i64).map(|id| [["node", "top"][usize::from(id < 3)].into(), id.into()]);
            tx.insert_many("tags", &["owner_type", "owner_id"], faults.rows(rows))
                .map(drop)
        }),
        case!("insert children of any row", |tx, faults| {
            let labels = ["common", "rare", "c", "d"].map(|label| texts([label]));
            tx.insert_many("labels", &["label"], faults.rows(labels))
                .map(drop)
        }),
    ]
}

fn upserts() -> Vec<Case> {
    vec![
        case!("upsert a new row", |tx, faults| {
            faults.step()?;
            let row = [("id", doc(50)), ("kind", "k".into()), ("size", 50.into())];
            tx.upsert("docs", row).map(drop)
        }),
        case!("upsert an old row", |tx, faults| {
            faults.step()?;
            let row = [
                ("id", doc(3)),
                ("kind", "k".into()),
                ("body", "b".repeat(600).into()),
            ];
            tx.upsert("docs", row).map(drop)
        }),
        case!("upsert an old row under another parent", |tx, faults| {
            faults.step()?;
            let row = [
                ("id", 2.into()),
                ("group_code", "b".into()),
                ("note", "n".into()),
            ];
            tx.upsert("by_cascade", row).map(drop)
        }),
        case!("upsert rows of two columns", |tx, faults| {
            tx.atomically(|tx| {
                for code in ["x", "y", "z"] {
                    faults.step()?;
                    tx.upsert(
                        "cities",
                        [("region", "north".into()), ("code", code.into())],
                    )?;
                }
                Ok(())
            })
        }),
        case!("upsert against a unique key", |tx, faults| {
            faults.step()?;
            let row = [("id", 5.into()), ("name", "node 6".into())];
            tx.upsert("nodes", row).map(drop)
        }),
    ]
}

fn updates() -> Vec<Case> {
    vec![
        case!("update a plain column of all rows", |tx, _| {
            let values = [("note", "a note of more than fifteen bytes")];
            let values = values.map(|(column, text)| (column, Value::from(text)));
            tx.update("by_cascade", &everything(), values).map(drop)
        }),
        case!("update a plain column by a closure", |tx, faults| {
            update_each(tx, faults, "docs", &everything(), |row| {
                let body = row.get("body")?.as_str().unwrap_or_default().repeat(2);
                Ok(vec![("body", body.into())])
            })
        }),
        case!("update one row without a change", |tx, _| {
            tx.update_key("nodes", 3, [("name", Value::from("node 3"))])
                .map(drop)
        }),
        case!("update a checked column", |tx, faults| {
            update_each(tx, faults, "nodes", &everything(), |row| {
                Ok(vec![("weight", (int_of(row, "weight")? + 1).into())])
            })
        }),
        case!("update, and one row breaks a check", |tx, faults| {
            update_each(tx, faults, "nodes", &everything(), |row| {
                Ok(vec![("weight", (20 - int_of(row, "id")?).into())])
            })
        }),
        case!("update, and one row has no value", |tx, faults| {
            update_each(tx, faults, "docs", &everything(), |row| {
                let kind = row.get("kind")?.as_str() == Some("kind 2");
                let kind = if kind { Value::Null } else { "k".into() };
                Ok(vec![("kind", kind), ("size", Value::Null)])
            })
        }),
        case!("swap unique values in pairs", |tx, faults| {
            update_each(tx, faults, "nodes", &everything(), |row| {
                let other = ((int_of(row, "id")? - 1) ^ 1) + 1;
                Ok(vec![("name", format!("node {other}").into())])
            })
        }),
        case!("give all rows one unique value", |tx, _| {
            tx.update("nodes", &everything(), [("name", Value::from("one"))])
                .map(drop)
        }),
        case!("update indexed columns", |tx, faults| {
            update_each(tx, faults, "docs", &everything(), |row| {
                let Some(size) = row.get("size")?.as_int() else {
                    return Ok(vec![("kind", "none".into())]);
                };
                let kind = Value::from(format!("kind {size}"));
                Ok(vec![("size", (1_000 - size).into()), ("kind", kind)])
            })
        }),
        case!("move all children to one parent", |tx, _| {
            tx.update(
                "by_cascade",
                &everything(),
                [("group_code", Value::from("c"))],
            )
            .map(drop)
        }),
        case!("move each child to another parent", |tx, faults| {
            update_each(tx, faults, "nodes", &col("id").gt(1), |row| {
                Ok(vec![("parent", (33 - int_of(row, "id")?).into())])
            })
        }),
        case!("take all children from their parents", |tx, _| {
            tx.update("nodes", &everything(), [("parent", Value::Null)])
                .map(drop)
        }),
        case!("let children wait for an absent parent", |tx, _| {
            tx.update(
                "waiting",
                &everything(),
                [("group_code", Value::from("absent"))],
            )
            .map(drop)
        }),
        case!("move children to an absent parent", |tx, _| {
            tx.update(
                "by_set_null",
                &everything(),
                [("group_code", Value::from("absent"))],
            )
            .map(drop)
        }),
        case!("change the sort of an owner", |tx, faults| {
            update_each(tx, faults, "tags", &everything(), |row| {
                let to_node = row.get("owner_type")?.as_str() == Some("top");
                let owner = if to_node { "node" } else { "top" };
                Ok(vec![("owner_type", owner.into()), ("owner_id", 1.into())])
            })
        }),
        case!("write long texts over short ones", |tx, faults| {
            update_each(tx, faults, "top", &everything(), |row| {
                let length = 200 * usize::try_from(int_of(row, "id")?).unwrap_or(0);
                Ok(vec![("note", "n".repeat(length).into())])
            })
        }),
    ]
}

/// Updates of referenced keys: each action, and keys that move among rows.
fn key_updates() -> Vec<Case> {
    fn give_new_code(tx: &mut Transaction<'_>, from: &str, to: &str) -> Result<()> {
        tx.update_key("groups", from, [("code", Value::from(to))])
            .map(drop)
    }
    /// With children of one action alone.
    fn alone(db: &mut Database, table: &str) {
        for (other, _) in BY_ACTION.iter().filter(|(other, _)| *other != table) {
            db.delete(*other, &everything())
                .expect("nothing refers to it");
        }
        db.delete("waiting", &everything())
            .expect("nothing refers to it");
    }
    macro_rules! by_action {
        ($name:literal, $table:literal) => {
            Case {
                name: $name,
                prepare: |db| {
                    alone(db, $table);
                    Box::new(|tx, faults| {
                        faults.step()?;
                        give_new_code(tx, "a", "A")
                    })
                },
            }
        };
    }
    vec![
        by_action!("new key, NO ACTION", "by_no_action"),
        by_action!("new key, RESTRICT", "by_restrict"),
        by_action!("new key, CASCADE", "by_cascade"),
        by_action!("new key, SET NULL", "by_set_null"),
        by_action!("new key, SET DEFAULT", "by_set_default"),
        case!("new key, children of several actions", |tx, _| {
            give_new_code(tx, "d", "a new code of more than fifteen bytes")
        }),
        case!("new key, children that may wait", |tx, _| give_new_code(
            tx, "c", "C"
        )),
        case!("new keys over two levels and two paths", |tx, _| {
            tx.update_key("regions", "north", [("code", Value::from("N"))])
                .map(drop)
        }),
        case!("new keys of all rows", |tx, faults| {
            update_each(tx, faults, "nodes", &everything(), |row| {
                Ok(vec![("id", (int_of(row, "id")? + 100).into())])
            })
        }),
        case!("keys shift by one", |tx, faults| {
            update_each(tx, faults, "nodes", &everything(), |row| {
                Ok(vec![("id", (int_of(row, "id")? + 1).into())])
            })
        }),
        case!("keys go round", |tx, faults| {
            update_each(tx, faults, "top", &everything(), |row| {
                Ok(vec![("id", (3 - int_of(row, "id")?).into())])
            })
        }),
        case!("keys of a ring of tables", |tx, faults| {
            update_each(tx, faults, "ring_a", &everything(), |row| {
                Ok(vec![("id", (int_of(row, "id")? % 6 + 1).into())])
            })
        }),
        case!("a value that other rows have too", |tx, _| {
            tx.update_key("groups", "a", [("label", Value::from("other"))])
                .map(drop)
        }),
        case!("a value that no row has any more", |tx, _| {
            tx.update(
                "groups",
                &col("label").eq("common"),
                [("label", Value::from("other"))],
            )
            .map(drop)
        }),
        case!("new keys of owners", |tx, faults| {
            update_each(tx, faults, "nodes", &col("id").lt(10), |row| {
                Ok(vec![("id", (int_of(row, "id")? + 50).into())])
            })
        }),
    ]
}

fn deletes() -> Vec<Case> {
    macro_rules! delete {
        ($name:literal, $table:literal, $filter:expr) => {
            case!($name, |tx, _| tx.delete($table, &$filter).map(drop))
        };
    }
    /// Takes away what refers to a group but the table in question.
    fn alone(db: &mut Database, table: &str) {
        for (other, _) in BY_ACTION.iter().filter(|(other, _)| *other != table) {
            db.delete(*other, &everything())
                .expect("nothing refers to it");
        }
        db.delete("waiting", &everything())
            .expect("nothing refers to it");
    }
    macro_rules! by_action {
        ($name:literal, $table:literal) => {
            Case {
                name: $name,
                prepare: |db| {
                    alone(db, $table);
                    Box::new(|tx, faults| {
                        faults.step()?;
                        tx.delete_key("groups", "a").map(drop)
                    })
                },
            }
        };
    }
    vec![
        by_action!("delete, NO ACTION", "by_no_action"),
        by_action!("delete, RESTRICT", "by_restrict"),
        by_action!("delete, CASCADE", "by_cascade"),
        by_action!("delete, SET NULL", "by_set_null"),
        by_action!("delete, SET DEFAULT", "by_set_default"),
        Case {
            name: "delete the parent that SET DEFAULT leads to",
            prepare: |db| {
                alone(db, "by_set_default");
                Box::new(|tx, _| tx.delete("groups", &col("code").ne("b")).map(drop))
            },
        },
        delete!(
            "delete a parent of several actions",
            "groups",
            col("code").eq("d")
        ),
        delete!(
            "delete a parent of rows that may wait",
            "groups",
            col("code").eq("c")
        ),
        delete!("delete rows that wait", "waiting", everything()),
        delete!(
            "delete rows that nothing refers to",
            "by_restrict",
            everything()
        ),
        delete!(
            "delete rows found by hash and in order",
            "docs",
            everything()
        ),
        delete!("delete rows without a key", "events", everything()),
        delete!("delete a deep and wide tree", "nodes", col("id").eq(1)),
        delete!("delete a chain from within", "nodes", col("id").eq(4)),
        delete!("delete all of a tree at once", "nodes", everything()),
        delete!("delete one side of a diamond", "left", everything()),
        delete!(
            "delete the side of a diamond that forbids it",
            "right",
            everything()
        ),
        delete!("delete both sides of a diamond", "top", everything()),
        delete!("delete round a ring of tables", "ring_a", col("id").eq(2)),
        delete!(
            "delete over two levels and two paths",
            "regions",
            everything()
        ),
        delete!("delete a level between", "cities", col("code").eq("x")),
        delete!(
            "delete the only row of a value",
            "groups",
            col("label").eq("c")
        ),
        delete!("delete every second row", "nodes", col("id").gt(20)),
        case!("truncate", |tx, faults| {
            faults.step()?;
            tx.truncate(["by_cascade", "nodes", "tags"]).map(drop)
        }),
    ]
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
