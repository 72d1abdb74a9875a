//! Rows that come: one and many, under parents, found by every sort of index, refused at the end; and upserts.

use relata::expr::col;
use relata::value::Value;

use super::{case, texts};
use crate::faults::Case;
use crate::faults::world::doc;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = inserts();
    cases.extend(upserts());
    cases
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
