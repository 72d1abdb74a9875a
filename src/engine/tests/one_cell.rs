//! The short way of an update of one cell: the same as a statement that selects the row by a filter, whatever the cell.

use proptest::prelude::*;

use crate::engine::{Affected, Database, Limits};
use crate::error::Result;
use crate::expr::col;
use crate::schema::{CheckDef, ColumnDef, ForeignKeyDef, IndexDef, Schema, TableDef, UniqueDef};
use crate::value::{DataType, Date, Key, Timestamp, Uuid, Value};

const COLUMNS: [&str; 12] = [
    "id", "flag", "score", "weight", "made", "day", "code", "note", "seat", "rank", "level",
    "after",
];

/// Three rows with a column of each type, and columns that a key, an index, a check or a foreign key needs.
fn sheet(checked: bool) -> Database {
    let id = ColumnDef::new("id", DataType::Int).primary_key();
    let mut sheet = TableDef::new("sheet")
        .column(id)
        .column(ColumnDef::new("flag", DataType::Bool).not_null())
        .column(ColumnDef::new("score", DataType::Int))
        .column(ColumnDef::new("weight", DataType::Float))
        .column(ColumnDef::new("made", DataType::Timestamp))
        .column(ColumnDef::new("day", DataType::Date))
        .column(ColumnDef::new("code", DataType::Uuid))
        .column(ColumnDef::new("note", DataType::Text))
        .column(ColumnDef::new("seat", DataType::Int))
        .column(ColumnDef::new("rank", DataType::Int))
        .column(ColumnDef::new("level", DataType::Int))
        .column(ColumnDef::new("after", DataType::Int))
        .unique(UniqueDef::new(["seat"]))
        .index(IndexDef::new(["rank"]))
        .foreign_key(ForeignKeyDef::new(["after"]).references("sheet", ["id"]));
    if checked {
        sheet = sheet.check(CheckDef::new("level_check", col("level").lt(3)));
    }
    let mut db = Database::new(Schema::builder().table(sheet).build().unwrap());
    for id in 0..3 {
        let row = [
            ("id", id.into()),
            ("flag", true.into()),
            ("seat", id.into()),
        ];
        db.insert("sheet", row).unwrap();
    }
    db
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        6 => (0_i64..5).prop_map(Value::from),
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), Just(1.5)].prop_map(Value::from),
        1 => (0_i64..2).prop_map(|it| Timestamp::from_micros(it).into()),
        1 => (0_i32..2).prop_map(|it| Date::from_days(it).into()),
        1 => (0_u128..2).prop_map(|it| Uuid::from_u128(it).into()),
        1 => "[a-b]{0,20}".prop_map(Value::from),
    ]
}

/// Limits that single cells reach, or none.
fn any_limits() -> impl Strategy<Value = Limits> {
    let few = (1_usize..40, 0_usize..2, 0_u64..200).prop_map(|(value, rows, way_back)| Limits {
        value_bytes_max: value,
        rows_changed_max: rows,
        transaction_bytes_max: way_back,
        ..Limits::default()
    });
    prop_oneof![3 => Just(Limits::default()), 1 => few]
}

/// What is the same in both ways.
fn told(outcome: Result<Affected>) -> Result<Affected, String> {
    outcome.map_err(|error| error.to_string())
}

proptest! {
    // rules: RI-60, RI-73, RI-83
    // Broken, a cell would be written that a constraint, a limit or its type forbids, an index or a child would not hear of
    // it, or it would stay when the transaction goes.
    #[test]
    fn a_cell_by_key_is_written_as_by_a_filter(
        checked in any::<bool>(),
        limits in any_limits(),
        writes in prop::collection::vec((0_i64..4, prop::sample::select(&COLUMNS[..]), any_value()), 1..30),
    ) {
        let mut db = sheet(checked);
        db.set_limits(limits);
        let mut other = db.fork();
        let before = db.fingerprint();
        let (mut tx, mut expected) = (db.begin(), other.begin());
        for (id, column, value) in writes {
            let held = tx.snapshot();
            let unchanged = held.fingerprint();
            let by_key = told(tx.update_key("sheet", id, [(column, value.clone())]));
            let by_filter = told(expected.update("sheet", &col("id").eq(id), [(column, value)]));
            prop_assert_eq!(&by_key, &by_filter);
            prop_assert_eq!(tx.fingerprint(), expected.fingerprint());
            prop_assert_eq!(held.fingerprint(), unchanged);
            prop_assert_eq!(tx.way_back_bytes(), expected.way_back_bytes());
            prop_assert_eq!(tx.changes().unwrap(), expected.changes().unwrap());
            tx.check_structure().unwrap();
        }
        tx.rollback();
        prop_assert_eq!(db.fingerprint(), before);
        db.check_integrity().unwrap();
    }
}

// rules: RI-73, RI-71
// Broken, a row that is not there would count, or a key of another length would be taken for one.
#[test]
fn a_row_that_is_not_there_is_not_counted() {
    let mut db = sheet(false);
    let mut tx = db.begin();
    let update = |tx: &mut crate::engine::Transaction<'_>, key: Key| {
        tx.update_key("sheet", key, [("score", Value::from(1))])
    };
    assert_eq!(update(&mut tx, 7.into()).unwrap(), Affected::default());
    assert_eq!(update(&mut tx, 1.into()).unwrap().rows, 1);
    assert_eq!(update(&mut tx, 1.into()).unwrap().rows, 1);
    assert!(update(&mut tx, (1, 1).into()).is_err());
    assert_eq!(tx.commit().unwrap().rows, 2);
}
