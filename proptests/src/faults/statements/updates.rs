//! Rows that change: plain, checked, unique and indexed columns, foreign keys, and keys that others refer to.

use relata::engine::Transaction;
use relata::error::Result;
use relata::expr::col;
use relata::value::Value;

use super::{alone, case, everything, int_of, update_each};
use crate::faults::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = updates();
    cases.extend(key_updates());
    cases
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
