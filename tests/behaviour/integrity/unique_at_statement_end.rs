//! Unique keys: judged over the final contents of a statement, with nulls distinct unless declared otherwise.

use relata::engine::{Database, Transaction};
use relata::error::ConstraintKind;
use relata::schema::{Action, UniqueDef};
use relata::value::Value;

use super::{
    accept, database, every_row, fill, id, insert, int, number, refer, refuse, remap, rows, set,
    table, text,
};

/// `rows (id, code unique, a, b, unique (a, b))`.
fn keyed() -> Database {
    let columns = [id(), int("code").unique(), int("a"), int("b")];
    let mut db = database([table("rows", columns).unique(UniqueDef::new(["a", "b"]))]);
    fill(&mut db, "rows", "1 1 1 1, 2 2 1 2, 3 3 2 1");
    db
}

// rules: RI-42, D-5
// Broken, a shift would fail or succeed by the order in which rows happen to stand.
#[test]
fn keys_shift_and_swap_in_one_statement() {
    for column in ["id", "code"] {
        for change in [
            |key| key + 1,
            |key| key - 1,
            |key| 4 - key,
            |key| key % 3 + 1,
        ] {
            let mut db = keyed();
            let affected = accept(&mut db, |tx| remap(tx, "rows", column, change));
            assert_eq!((affected.rows, affected.by_actions), (3, 0));
            for key in 1..=3 {
                let filter = relata::col(column).eq(change(key));
                let found = db.filter("rows", &filter).unwrap();
                assert_eq!(found.len(), 1);
                let (a, b) = (number(&found[0], "a"), number(&found[0], "b"));
                assert_eq!((a, b), (Some(1 + key / 3), Some(1 + i64::from(key == 2))));
            }
        }
    }
    let mut db = keyed();
    accept(&mut db, |tx| {
        tx.update_with("rows", &every_row(), |row| {
            let [a, b] = ["a", "b"].map(|it| row.get(it).unwrap().to_value());
            Ok(vec![("a", b), ("b", a)])
        })
    });
    assert_eq!(rows(&db, "rows"), "1 1 1 1, 2 2 2 1, 3 3 1 2");
}

// rules: RI-42, RI-71
// Broken, a duplicate that remains would be missed: among rows that met on the way, with one that stayed, or of three.
#[test]
fn a_duplicate_that_remains_is_refused() {
    let changes: [fn(i64) -> i64; 4] = [
        |_| 7,
        |key| key.min(2),
        |key| if key == 1 { 2 } else { key },
        // 1 meets 2 on the way and 2 moves on, onto 3.
        |key| if key == 3 { 3 } else { key + 1 },
    ];
    for column in ["id", "code"] {
        for change in changes {
            let mut db = keyed();
            let refused = refuse(&mut db, ConstraintKind::Unique, |tx| {
                remap(tx, "rows", column, change)
            });
            assert_eq!(refused.columns, [column]);
            assert!(refused.other.is_some_and(|other| other.key.is_some()));
        }
    }
}

// rules: RI-42, RI-41
// Broken, a key that collides on the way with a row that a later level deletes would be refused.
#[test]
fn a_collision_with_a_row_that_goes_is_none() {
    let mut db = database([
        table("a", [id()]),
        table("b", [id(), int("a")]).foreign_key(refer("a", "a", "id").on_delete(Action::Cascade)),
        table("c", [id(), int("code").unique().default(9), int("b")])
            .foreign_key(refer("code", "a", "id").on_delete(Action::SetDefault))
            .foreign_key(refer("b", "b", "id").on_delete(Action::Cascade)),
    ]);
    fill(&mut db, "a", "1, 2, 9");
    fill(&mut db, "b", "1 1, 2 2");
    // Row 1 takes the default at the level before row 2, which has it, is deleted.
    fill(&mut db, "c", "1 1 null, 2 9 1");
    accept(&mut db, |tx| tx.delete_key("a", 1));
    assert_eq!(rows(&db, "c"), "1 9 null");
    fill(&mut db, "c", "2 2 2");
    fill(&mut db, "c", "3 null 2");
    // Row 2 goes with b, but row 1 stays on the default.
    accept(&mut db, |tx| tx.delete_key("a", 2));
    assert_eq!(rows(&db, "c"), "1 9 null");
}

// rules: RI-42, RI-83
// Broken, a value that a transaction has let go would stay taken until its end.
#[test]
fn a_value_that_is_let_go_is_free_at_once() {
    let mut db = keyed();
    accept(&mut db, |tx| {
        tx.delete_key("rows", 1)?;
        insert(tx, "rows", "1 1 1 1")?;
        tx.update_key("rows", 2, [("code", 20.into()), ("b", 20.into())])?;
        insert(tx, "rows", "4 2 1 2")?;
        assert!(insert(tx, "rows", "5 20 5 5").is_err());
        assert!(insert(tx, "rows", "5 5 1 20").is_err());
        insert(tx, "rows", "5 5 5 5")
    });
    assert_eq!(
        rows(&db, "rows"),
        "1 1 1 1, 2 20 1 20, 3 3 2 1, 4 2 1 2, 5 5 5 5"
    );
}

// rules: RI-43
// Broken, two rows without a value would collide, or, where null equals null, would not.
#[test]
fn nulls_are_distinct_unless_declared_otherwise() {
    let with_nulls = |unique: UniqueDef| {
        let mut db = database([table("rows", [id(), int("a"), int("b")]).unique(unique)]);
        fill(&mut db, "rows", "1 null 1, 2 1 null, 3 null null, 4 1 1");
        db
    };
    let again = "5 null 1, 6 1 null, 7 null null";
    let mut db = with_nulls(UniqueDef::new(["a", "b"]));
    accept(&mut db, |tx| insert(tx, "rows", again));
    accept(&mut db, |tx| {
        tx.update("rows", &every_row(), set("a", Value::Null))
    });
    refuse(&mut db, ConstraintKind::Unique, |tx| {
        tx.update("rows", &every_row(), [("a", 1.into()), ("b", 1.into())])
    });

    let mut db = with_nulls(UniqueDef::new(["a", "b"]).nulls_not_distinct());
    for row in again.split(", ") {
        refuse(&mut db, ConstraintKind::Unique, |tx| {
            insert(tx, "rows", row)
        });
    }
    let statements: [fn(&mut Transaction<'_>) -> relata::Result<relata::Affected>; 2] = [
        |tx| tx.update_key("rows", 4, set("a", Value::Null)),
        |tx| tx.update_key("rows", 2, set("a", Value::Null)),
    ];
    for statement in statements {
        refuse(&mut db, ConstraintKind::Unique, statement);
    }
    accept(&mut db, |tx| {
        tx.delete_key("rows", 3)?;
        tx.update_key("rows", 2, set("a", Value::Null))
    });
}

// rules: RI-7, RI-42
// Broken, texts that differ in case or padding would collide, or two zeros would not.
#[test]
fn unique_keys_compare_by_value() {
    let float = relata::schema::ColumnDef::new("b", relata::DataType::Float);
    let mut db = database([table("rows", [id(), text("a").unique(), float.unique()])]);
    let row = |id: i64, a: &str, b: Value| [("id", id.into()), ("a", a.into()), ("b", b)];
    accept(&mut db, |tx| {
        tx.insert("rows", row(1, "a", 0.0.into()))?;
        tx.insert("rows", row(2, "A", 1.0.into()))?;
        tx.insert("rows", row(3, "a ", f64::NAN.into()))
    });
    for twice in [
        row(4, "a", 4.0.into()),
        row(4, "b", (-0.0).into()),
        row(4, "b", (-f64::NAN).into()),
    ] {
        refuse(&mut db, ConstraintKind::Unique, |tx| {
            tx.insert("rows", twice)
        });
    }
}
