//! Rows that go: each action, deep and wide trees, diamonds, rings, rows that wait.

use relata::expr::col;

use super::{alone, case, everything};
use crate::faults::Case;

pub(super) fn cases() -> Vec<Case> {
    macro_rules! delete {
        ($name:literal, $table:literal, $filter:expr) => {
            case!($name, |tx, _| tx.delete($table, &$filter).map(drop))
        };
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
