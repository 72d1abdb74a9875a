//! Checks and defaults written in Rust, and what is left of a statement when one of them panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::engine::{Database, OnConflict, Transaction};
use crate::error::{ConstraintKind, ErrorKind, RequestKind};
use crate::expr::all;
use crate::schema::{
    Action, CheckDef, ColumnDef, DefaultValue, ForeignKeyDef, Schema, TableDef, UniqueDef,
};
use crate::value::{DataType, Value};

/// A number that makes the check or the default panic.
const BOOM: i64 = 13;

fn prefixed(number: i64) -> Value {
    assert_ne!(number, BOOM, "in the user's closure");
    Value::from(format!("code-{number}"))
}

/// Codes by a counter outside of the database; parts under them, whose size must be even.
fn workshop(counter: Arc<AtomicI64>) -> Database {
    let code = ColumnDef::new("code", DataType::Text).default_with("next_code()", move || {
        prefixed(counter.fetch_add(1, Ordering::Relaxed))
    });
    let even = CheckDef::closure("even", "size % 2 = 0", ["size"], |cells| {
        let size = cells[0].as_int()?;
        assert_ne!(size, BOOM, "in the user's closure");
        Some(size % 2 == 0)
    });
    let schema = Schema::builder()
        .table(
            TableDef::new("machines")
                .column(
                    ColumnDef::new("id", DataType::Int)
                        .primary_key()
                        .auto_increment(),
                )
                .column(code)
                .column(ColumnDef::new("size", DataType::Int))
                .unique(UniqueDef::new(["size"]))
                .unique(UniqueDef::new(["code"])),
        )
        .table(
            TableDef::new("parts")
                .column(
                    ColumnDef::new("id", DataType::Int)
                        .primary_key()
                        .auto_increment(),
                )
                .column(ColumnDef::new("size", DataType::Int))
                .check(even)
                .foreign_key(
                    ForeignKeyDef::new(["size"])
                        .references("machines", ["size"])
                        .on_update(Action::Cascade)
                        .on_delete(Action::SetNull),
                ),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    for size in [2, 4] {
        db.insert("machines", [("size", size.into())]).unwrap();
        db.insert("parts", [("size", size.into())]).unwrap();
    }
    db
}

// rules: RI-45, RI-71
// Broken, an odd size would pass, an unknown one would not, or the error would not name the check.
#[test]
fn a_closure_is_a_check() {
    let mut db = workshop(Arc::new(AtomicI64::new(100)));
    db.insert("machines", [("size", 5.into())]).unwrap();
    let error = db.insert("parts", [("size", 5.into())]).unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(
        (
            details.kind,
            details.constraint.as_str(),
            &details.columns[..],
            &details.values[..]
        ),
        (
            ConstraintKind::Check,
            "even",
            &["size".to_owned()][..],
            &[Value::from(5)][..]
        )
    );
    db.insert("parts", [("size", Value::Null)]).unwrap();
    // By way of an action, too.
    let error = db
        .update_key("machines", 1, [("size", 7.into())])
        .unwrap_err();
    assert_eq!(error.as_constraint().unwrap().chain, ["parts_size_fkey"]);
    db.check_integrity().unwrap();
    let check = &db.schema().tables()[1].checks[0];
    assert_eq!(check.expr.to_string(), "size % 2 = 0");
}

// rules: RI-45, BY-14
// Broken, a default would be made for rows that give a value, or stand in a column of another type.
#[test]
fn a_closure_is_a_default() {
    let mut db = workshop(Arc::new(AtomicI64::new(100)));
    let given = [("code", Value::from("own")), ("size", 6.into())];
    db.insert("machines", given).unwrap();
    db.insert("machines", [("code", Value::Null)]).unwrap();
    let codes: Vec<Value> = db
        .rows("machines")
        .unwrap()
        .map(|row| row.get("code").unwrap().to_value())
        .collect();
    let expected: [Value; 4] = [
        "code-100".into(),
        "code-101".into(),
        "own".into(),
        Value::Null,
    ];
    assert_eq!(codes, expected);
    let replace = OnConflict::replace().by(["size"]);
    db.insert_on_conflict("machines", [("size", 6.into())], &replace)
        .unwrap();
    let row = db.get("machines", 3).unwrap().unwrap();
    assert_eq!(row.get("code").unwrap().to_value(), Value::from("code-102"));

    let wrong = ColumnDef::new("a", DataType::Int).default_with("a text", || Value::from("text"));
    let shown = format!("{:?}", wrong.default);
    assert_eq!(shown, "With(DefaultFunction(\"a text\"))");
    let same = ColumnDef::new("a", DataType::Int).default_with("a text", || Value::Null);
    assert_eq!(wrong, same);
    assert_ne!(wrong.default, DefaultValue::None);
    let schema = Schema::builder()
        .table(TableDef::new("t").column(wrong))
        .build();
    let mut db = Database::new(schema.unwrap());
    let error = db.insert("t", []).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Type));
    assert_eq!(db.count("t").unwrap(), 0);
}

/// Runs a statement that panics, in a transaction that has done something before, and goes on.
fn panics(counter: &AtomicI64, run: impl FnOnce(&mut Transaction<'_>), db: &mut Database) {
    let mut tx = db.begin();
    tx.insert("machines", [("code", "before".into()), ("size", 8.into())])
        .unwrap();
    let before = tx.fingerprint();
    assert!(catch_unwind(AssertUnwindSafe(|| run(&mut tx))).is_err());
    assert_eq!(tx.fingerprint(), before);
    tx.check_structure().unwrap();
    counter.store(200, Ordering::Relaxed);
    tx.insert("machines", [("size", 10.into())]).unwrap();
    tx.insert("parts", [("size", 10.into())]).unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
    db.delete("machines", &crate::expr::col("size").ge(8))
        .unwrap();
    db.delete("parts", &crate::expr::col("size").is_null())
        .unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-85, RI-60
// Broken, a panic in a check or a default would leave rows, an index or an edge of half a statement behind.
#[test]
fn a_panic_in_a_closure_undoes_its_statement() {
    let counter = Arc::new(AtomicI64::new(100));
    let mut db = workshop(counter.clone());
    let many = |values: [i64; 3]| values.map(|value| [Value::from(value)]);
    let next = |number: i64| counter.store(number, Ordering::Relaxed);
    // The third row's default.
    let run = |tx: &mut Transaction<'_>| {
        next(BOOM - 2);
        _ = tx.insert_many("machines", &["size"], many([20, 22, 24]));
    };
    panics(&counter, run, &mut db);
    // The second row's check.
    let run = |tx: &mut Transaction<'_>| _ = tx.insert_many("parts", &["size"], many([2, BOOM, 4]));
    panics(&counter, run, &mut db);
    // Of rows that an action reached, after other rows and their edges were written.
    let run = |tx: &mut Transaction<'_>| {
        _ = tx.update_with("machines", &all([]), |row| {
            let size = row.get("size")?.as_int().unwrap_or(0);
            Ok(vec![(
                "size",
                Value::from(if size == 4 { BOOM } else { size + 100 }),
            )])
        });
    };
    panics(&counter, run, &mut db);
    // While rows are replaced.
    let run = |tx: &mut Transaction<'_>| {
        next(BOOM - 1);
        let replace = OnConflict::replace().by(["size"]);
        _ = tx.insert_many_on_conflict("machines", &["size"], many([2, 4, 30]), &replace);
    };
    panics(&counter, run, &mut db);
}
