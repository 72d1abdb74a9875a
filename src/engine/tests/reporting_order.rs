//! Which of several violations is reported.

use crate::engine::{Database, Row};
use crate::error::{ConstraintKind, Result};
use crate::expr::{all, col};
use crate::schema::{Action, CheckDef, ColumnDef, ForeignKeyDef, Schema, TableDef, UniqueDef};
use crate::value::{DataType, Value};

/// A table with one of everything, two of some, and five rows; a row without a name for each of the first two.
fn everything() -> Database {
    let key = |column: &str, name: &str| {
        ForeignKeyDef::new([column])
            .references("items", ["id"])
            .named(name)
    };
    let schema = Schema::builder()
        .table(
            TableDef::new("items")
                .column(ColumnDef::new("id", DataType::Int).primary_key())
                .column(ColumnDef::new("b", DataType::Int).not_null())
                .column(ColumnDef::new("a", DataType::Int).not_null())
                .column(ColumnDef::new("x", DataType::Int))
                .column(ColumnDef::new("y", DataType::Int))
                .column(ColumnDef::new("up", DataType::Int))
                .column(ColumnDef::new("over", DataType::Int))
                .unique(UniqueDef::new(["y"]).named("second_by_name_first_declared"))
                .unique(UniqueDef::new(["x"]).named("first_by_name"))
                .check(CheckDef::new("z_check", col("b").ne(99)))
                .check(CheckDef::new("a_check", col("b").ne(99)))
                .foreign_key(key("over", "z_key"))
                .foreign_key(key("up", "a_key")),
        )
        .table(
            TableDef::new("holders")
                .column(ColumnDef::new("item", DataType::Int))
                .foreign_key(
                    ForeignKeyDef::new(["item"])
                        .references("items", ["id"])
                        .on_update(Action::Restrict)
                        .on_delete(Action::Restrict),
                ),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    for id in 1..=5 {
        let mut row: Vec<(&str, Value)> = ["id", "b", "a", "x", "y"]
            .map(|name| (name, Value::from(id)))
            .into();
        row.push(("up", 1.into()));
        db.insert("items", row).unwrap();
    }
    db.insert("holders", [("item", 5.into())]).unwrap();
    db
}

/// What is reported when each row gets its cells: the constraint, and the row if it has one.
fn reported<'v>(change: impl FnMut(Row<'_>) -> Result<Vec<(&'v str, Value)>>) -> (String, Value) {
    let mut db = everything();
    let before = db.fingerprint();
    let error = db.update_with("items", &all([]), change).unwrap_err();
    assert_eq!(db.fingerprint(), before);
    let details = error.as_constraint().unwrap();
    let row = details.row.as_ref().map(|key| key[0].clone());
    (details.constraint.clone(), row.unwrap_or_default())
}

fn id(row: &Row<'_>) -> i64 {
    row.get("id").unwrap().as_int().unwrap()
}

fn at(constraint: &str, row: i64) -> (String, Value) {
    (constraint.to_owned(), row.into())
}

// rules: RI-70, RI-71
// Broken, another constraint of a row would be blamed than the first one in the order of the rules.
#[test]
fn a_row_is_judged_in_order() {
    let all_wrong = |names: &'static [&'static str]| {
        reported(move |row| {
            let cells = names.iter().map(|&name| match name {
                "a" => ("a", Value::Null),
                "b" => ("b", Value::Null),
                "check" => ("b", 99.into()),
                "x" | "y" => (name, 2.into()),
                _ => (name, 77.into()),
            });
            Ok(if id(&row) == 4 {
                cells.collect()
            } else {
                Vec::new()
            })
        })
    };
    assert_eq!(
        all_wrong(&["over", "x", "a", "b"]),
        at("items_b_not_null", 4)
    );
    assert_eq!(
        all_wrong(&["over", "x", "a", "check"]),
        at("items_a_not_null", 4)
    );
    assert_eq!(all_wrong(&["over", "x", "check"]), at("z_check", 4));
    assert_eq!(
        all_wrong(&["over", "x", "y", "up"]),
        at("second_by_name_first_declared", 4)
    );
    assert_eq!(all_wrong(&["over", "x", "up"]), at("first_by_name", 4));
    assert_eq!(all_wrong(&["up", "over"]), at("z_key", 4));
    assert_eq!(all_wrong(&["up"]), at("a_key", 4));
}

// rules: RI-70, RI-42
// Broken, a later row's null would be blamed although an earlier row shares its key with another one.
#[test]
fn rows_are_judged_in_the_order_of_the_statement() {
    let later = |cell: (&'static str, Value)| {
        reported(move |row| {
            Ok(match id(&row) {
                2 => vec![("x", 1.into())],
                3 => vec![cell.clone()],
                _ => Vec::new(),
            })
        })
    };
    assert_eq!(later(("a", Value::Null)), at("first_by_name", 2));
    assert_eq!(later(("b", 99.into())), at("first_by_name", 2));
    assert_eq!(later(("over", 77.into())), at("first_by_name", 2));
    // Of two rows that meet, the one that came later.
    let met = reported(|row| {
        Ok(if id(&row) > 2 {
            vec![("x", 50.into())]
        } else {
            Vec::new()
        })
    });
    assert_eq!(met, at("first_by_name", 4));
    // A key that is free in the end is no violation.
    let moved = reported(|row| {
        Ok(match id(&row) {
            2 => vec![("x", 1.into())],
            1 => vec![("x", 2.into())],
            3 => vec![("over", 77.into())],
            _ => Vec::new(),
        })
    });
    assert_eq!(moved, at("z_key", 3));
}

// rules: RI-70, RI-13
// Broken, a row that may not go would be blamed although a row by itself is wrong.
#[test]
fn restrict_comes_after_the_rows_and_before_references() {
    let with = |cells: Vec<(&'static str, Value)>| {
        reported(move |row| {
            Ok(match id(&row) {
                1 => vec![("over", 77.into())],
                4 => cells.clone(),
                5 => vec![("id", 6.into())],
                _ => Vec::new(),
            })
        })
    };
    assert_eq!(with(vec![("b", 99.into())]), at("z_check", 4));
    assert_eq!(with(vec![("x", 1.into())]), at("first_by_name", 4));
    assert_eq!(with(Vec::new()).0, "holders_item_fkey");
    let mut db = everything();
    let error = db.delete("items", &col("id").ge(5)).unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(details.kind, ConstraintKind::Restrict);
}
