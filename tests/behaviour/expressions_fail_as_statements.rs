//! An expression that has no value for a row ends what it stands in, and leaves the database as it was.

use relata::engine::{Clock, Database, DatabaseOptions};
use relata::error::{ErrorKind, Failure, ProblemKind, RequestKind};
use relata::expr::{Unit, all, col, now, val};
use relata::schema::{CheckDef, ColumnDef, Schema, SchemaChange, TableDef, UniqueDef};
use relata::value::{DataType, Timestamp, Value};
use relata::{Attribute, ModelDef, Models, desc, select, values};

fn orders() -> TableDef {
    TableDef::new("orders")
        .column(ColumnDef::new("id", DataType::Int).primary_key())
        .column(ColumnDef::new("price", DataType::Int))
        .column(ColumnDef::new("amount", DataType::Int))
        .column(ColumnDef::new("code", DataType::Text))
        .column(ColumnDef::new("sent", DataType::Timestamp))
}

fn built(table: TableDef) -> Database {
    let schema = Schema::builder().table(table).build().unwrap();
    let clock = Clock::Fixed(Timestamp::from_micros(10 * 86_400_000_000));
    let options = DatabaseOptions {
        clock,
        ..DatabaseOptions::default()
    };
    Database::with_options(schema, options)
}

fn order(id: i64, price: i64, amount: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("id", id.into()),
        ("price", price.into()),
        ("amount", amount.into()),
        ("code", format!(" c{id} ").into()),
        ("sent", Timestamp::from_micros(id * 86_400_000_000).into()),
    ]
}

fn filled() -> Database {
    let small = (col("price") * col("amount")).lt(1_000_000);
    let mut db = built(orders().check(CheckDef::new("small", small)));
    for id in 1..=9 {
        db.insert("orders", order(id, id * 10, id % 3)).unwrap();
    }
    db
}

const fn failed(failure: Failure) -> ErrorKind {
    ErrorKind::Request(RequestKind::Evaluation(failure))
}

// Broken, a check that cannot be worked out would let a row in, or half a statement would stay.
#[test]
fn a_check_without_a_value_refuses_the_statement() {
    let mut db = filled();
    let before = db.fingerprint();
    let error = db.insert("orders", order(10, i64::MAX, 2)).unwrap_err();
    assert_eq!(error.kind(), failed(Failure::NumberOutOfRange));
    assert_eq!(error.sqlstate(), "22003");
    assert_eq!(
        error.to_string(),
        "orders: check small: number out of range in price * amount"
    );
    assert_eq!(
        error.redacted().to_string(),
        "orders: check small: number out of range in (…)"
    );
    let larger = [("price", Value::from(i64::MAX))];
    let error = db
        .update("orders", &col("amount").eq(2), larger)
        .unwrap_err();
    assert_eq!(error.kind(), failed(Failure::NumberOutOfRange));
    assert_eq!(db.fingerprint(), before);
    assert_eq!(db.check_integrity(), Ok(()));
    // What it can be worked out for is a matter of the check, null included.
    assert!(matches!(
        db.insert("orders", order(11, 1_000_000, 2))
            .unwrap_err()
            .kind(),
        ErrorKind::Constraint(_)
    ));
    db.insert(
        "orders",
        [("id", 12.into()), ("price", Value::from(i64::MAX))],
    )
    .unwrap();
}

// Broken, a new check would be put over rows that nobody can judge.
#[test]
fn a_new_check_without_a_value_changes_no_schema() {
    let mut db = filled();
    let before = db.fingerprint();
    let ratio = (col("price") / col("amount")).gt(0);
    let change = SchemaChange::add_check("orders", CheckDef::new("ratio", ratio));
    let error = db.change_schema(&change).unwrap_err();
    assert_eq!(error.kind(), failed(Failure::DivisionByZero));
    assert_eq!(db.fingerprint(), before);
}

// Broken, a statement would run over the rows before the one that its filter has no value for.
#[test]
fn a_filter_without_a_value_changes_nothing() {
    let mut db = filled();
    let before = db.fingerprint();
    let ratio = || (col("price") / col("amount")).gt(1);
    for error in [
        db.delete("orders", &ratio()).unwrap_err(),
        db.update("orders", &ratio(), [("code", "x".into())])
            .unwrap_err(),
        db.filter("orders", &ratio()).unwrap_err(),
        db.plan_delete("orders", &ratio()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), failed(Failure::DivisionByZero));
        assert_eq!(
            error.to_string(),
            "orders: division by zero in price / amount"
        );
    }
    assert_eq!(db.fingerprint(), before);
    // A term before it can keep such rows from it.
    let guarded = all([col("amount").ne(0), ratio()]);
    assert_eq!(db.filter("orders", &guarded).unwrap().len(), 6);
}

// Broken, an index would have to be kept by what cannot be told, in the middle of a write or on its way back.
#[test]
fn a_partial_key_is_made_of_what_cannot_fail() {
    let keyed = |filter| {
        let key = UniqueDef::new(["code"]).filter(filter);
        Schema::builder().table(orders().unique(key)).build()
    };
    for (filter, part) in [
        (
            (col("price") / col("amount")).gt(1),
            "price / amount can fail for a row",
        ),
        (
            col("sent").lt(now()),
            "now() outside of a request or a statement",
        ),
    ] {
        let error = keyed(filter).unwrap_err();
        let problem = &error.as_declaration().unwrap().problems[0];
        assert_eq!(problem.kind, ProblemKind::Unsupported);
        assert!(problem.detail.ends_with(part), "{}", problem.detail);
    }
    let schema = keyed(col("code").trim().length().gt(2)).unwrap();
    let mut db = Database::new(schema);
    let coded = |id: i64, code: &str| [("id", id.into()), ("code", Value::from(code))];
    db.insert("orders", coded(1, " ab ")).unwrap();
    db.insert("orders", coded(2, " ab ")).unwrap();
    db.insert("orders", coded(3, " abc ")).unwrap();
    assert!(db.insert("orders", coded(4, " abc ")).is_err());
    assert_eq!(db.check_integrity(), Ok(()));
}

// Broken, a check would judge one row differently from day to day.
#[test]
fn now_is_for_statements_and_not_for_checks() {
    let table = orders().check(CheckDef::new("sent", col("sent").le(now())));
    let error = Schema::builder().table(table).build().unwrap_err();
    assert_eq!(
        error.as_declaration().unwrap().problems[0].kind,
        ProblemKind::Unsupported
    );
    let mut db = filled();
    let old = col("sent").lt(now().minus(3, Unit::Day));
    assert_eq!(db.filter("orders", &old).unwrap().len(), 6);
    assert_eq!(db.delete("orders", &old).unwrap().rows, 6);
}

// rules: BY-14
// Broken, two reads of one transaction would not agree about the time, or a read would take a time from the next one.
#[test]
fn a_transaction_has_one_time() {
    let mut models = Models::new();
    models.define(
        ModelDef::new("Event")
            .attribute(Attribute::new("at", DataType::Timestamp))
            .timestamps(false),
    );
    let mut db = models.sync().unwrap();
    db.set_clock(Clock::Stepping {
        next: Timestamp::from_micros(100),
        step_micros: 100,
    });
    let event = |micros| values! { at: Timestamp::from_micros(micros) };
    for micros in [100, 200, 300] {
        db.create("Event", event(micros)).unwrap();
    }
    let past = select("Event")
        .filter(col("at").le(now()))
        .order_by(desc("at"));
    assert_eq!(past.count(&db).unwrap(), 1);
    assert_eq!(past.prepare(&db).unwrap().count(&db).unwrap(), 1);
    let explained = select("Event")
        .filter(col("id").eq(1))
        .explain(&db)
        .unwrap()
        .to_string();
    assert!(!explained.contains("now()"));
    let mut tx = db.begin();
    assert_eq!(past.count(&tx).unwrap(), 1);
    assert_eq!(tx.now(), Timestamp::from_micros(100));
    assert_eq!(tx.count_by("Event", col("at").le(now())).unwrap(), 1);
    tx.commit().unwrap();
    assert_eq!(past.count(&db).unwrap(), 2);
    assert_eq!(past.count(&db.fork()).unwrap(), 2);
}

// Broken, a request would give some of its rows and none of the reason.
#[test]
fn a_request_without_a_value_gives_its_error() {
    let mut models = Models::new();
    models.define(ModelDef::new("Item").attribute(Attribute::new("size", DataType::Int)));
    let mut db = models.sync().unwrap();
    for size in [2, 1, 0] {
        db.create("Item", values! { size: size }).unwrap();
    }
    let request = select("Item").filter((val(4) / col("size")).gt(1));
    for error in [
        request.run(&db).unwrap_err(),
        request.count(&db).unwrap_err(),
        request.prepare(&db).unwrap().run(&db).unwrap_err(),
        db.count_by("Item", (val(4) / col("size")).gt(1))
            .unwrap_err(),
        db.destroy_where("Item", (val(4) / col("size")).gt(1))
            .unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "Item: division by zero in 4 / size");
    }
    assert_eq!(select("Item").count(&db).unwrap(), 3);
}
