//! What closures of the schema make and check, unique keys that wait or leave rows out, and what conflicts lead to.

use relata::engine::OnConflict;
use relata::expr::col;
use relata::value::Value;

use super::{case, everything, int_of, texts, update_each};
use crate::faults::Case;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("insert a row that closures complete and check", |tx, _| {
            tx.insert("made", [("score", 40.into())]).map(drop)
        }),
        case!(
            "insert rows that closures complete and check",
            |tx, faults| {
                let rows = (20..40_i64).map(|number| [Value::Int(number * 2)]);
                tx.insert_many("made", &["score"], faults.rows(rows))
                    .map(drop)
            }
        ),
        case!(
            "insert many, a closure refuses the last one",
            |tx, faults| {
                let rows = (20..=30_i64).map(|number| [Value::Int(number * 2 + number / 30)]);
                tx.insert_many("made", &["score"], faults.rows(rows))
                    .map(drop)
            }
        ),
        case!("update rows that closures check", |tx, faults| {
            update_each(tx, faults, "made", &everything(), |row| {
                Ok(vec![("score", (int_of(row, "score")? + 100).into())])
            })
        }),
        case!("update, and a closure refuses one row", |tx, faults| {
            update_each(tx, faults, "made", &everything(), |row| {
                let id = int_of(row, "id")?;
                Ok(vec![("score", (100 + id * 2 + id / 7 % 2).into())])
            })
        }),
        case!(
            "upsert rows that closures complete and check",
            |tx, faults| {
                tx.atomically(|tx| {
                    for id in [3, 50] {
                        faults.step()?;
                        tx.upsert("made", [("id", id.into()), ("score", 60.into())])?;
                    }
                    Ok(())
                })
            }
        ),
        case!(
            "delete and insert rows that closures check",
            |tx, faults| {
                tx.atomically(|tx| {
                    faults.step()?;
                    tx.delete("made", &col("id").gt(5))?;
                    tx.insert("made", [("id", 7.into()), ("code", "again".into())])
                        .map(drop)
                })
            }
        ),
        case!("one value for all rows of a key that waits", |tx, _| {
            tx.update("made", &everything(), [("rank", Value::from(1))])
                .map(drop)
        }),
        case!("insert duplicates of a key that waits", |tx, faults| {
            let rows = (1..10_i64).map(|rank| [rank.into(), Value::from(rank * 2 + 100)]);
            tx.insert_many("made", &["rank", "score"], faults.rows(rows))
                .map(drop)
        }),
        case!("judge a key that waits", |tx, faults| {
            tx.atomically(|tx| {
                tx.update("made", &col("id").lt(4), [("rank", Value::from(1))])?;
                faults.step()?;
                tx.set_constraints_immediate(&["made_rank_key"])
            })
        }),
        case!(
            "bring all rows under a key that leaves some out",
            |tx, _| {
                tx.update("made", &everything(), [("code", Value::from("active"))])
                    .map(drop)
            }
        ),
        case!(
            "bring duplicates under a key that leaves some out",
            |tx, faults| {
                let rows = [8, 10, 8].map(|score| [Value::from("active"), score.into()]);
                tx.insert_many("made", &["code", "score"], faults.rows(rows))
                    .map(drop)
            }
        ),
        case!("insert many, conflicts update", |tx, faults| {
            let by_name = OnConflict::update().by(["name"]);
            let rows = (25..40_i64).map(|id| [format!("node {id}").into(), Value::from(id)]);
            tx.insert_many_on_conflict("nodes", &["name", "weight"], faults.rows(rows), &by_name)
                .map(drop)
        }),
        case!("insert many, conflicts are left out", |tx, faults| {
            let names = ["node 1", "new", "node 32", "newer"].map(|name| texts([name]));
            let rows = faults.rows(names);
            tx.insert_many_on_conflict("nodes", &["name"], rows, &OnConflict::skip())
                .map(drop)
        }),
        case!("insert many, conflicts replace", |tx, faults| {
            let rows = (1..6_i64).map(|id| [id.into(), Value::from(id * 2 + 200)]);
            let rows = faults.rows(rows);
            tx.insert_many_on_conflict("made", &["id", "score"], rows, &OnConflict::replace())
                .map(drop)
        }),
        case!("move a sequence and use it", |tx, faults| {
            tx.atomically(|tx| {
                tx.set_sequence("top", 500)?;
                faults.step()?;
                tx.insert("top", []).map(drop)
            })
        }),
    ]
}
