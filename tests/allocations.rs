//! How often the engine asks the allocator: by page and bucket, never by row; and what it holds after long use.

mod counting;

use relata::engine::Database;
use relata::expr::all;
use relata::schema::{ColumnDef, ForeignKeyDef, IndexDef, Schema, TableDef};
use relata::value::{DataType, Uuid, Value};

use counting::{allocations, live_bytes};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

fn allocations_of<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = allocations();
    let result = work();
    (allocations() - before, result)
}

/// Six columns: two ints, a nullable int, a float, and two texts of which one in ten is over 15 bytes.
fn row(number: i64) -> [Value; 6] {
    let title = if number % 10 == 0 {
        format!("a somewhat longer title {number}")
    } else {
        format!("t{number}")
    };
    [
        number.into(),
        (number * 7 % 1_000).into(),
        if number % 3 == 0 {
            Value::Null
        } else {
            number.into()
        },
        (number as f64 / 2.0).into(),
        title.into(),
        format!("tag {}", number % 50).into(),
    ]
}

const COLUMNS: [&str; 6] = ["id", "parent_id", "score", "weight", "title", "tag"];

fn table(name: &str) -> TableDef {
    TableDef::new(name)
        .column(ColumnDef::new("id", DataType::Int).primary_key())
        .column(ColumnDef::new("parent_id", DataType::Int))
        .column(ColumnDef::new("score", DataType::Int))
        .column(ColumnDef::new("weight", DataType::Float))
        .column(ColumnDef::new("title", DataType::Text).not_null())
        .column(ColumnDef::new("tag", DataType::Text))
}

// Broken, each row would be a vector or a tree node of its own, at ten times the memory.
#[test]
fn loading_100_000_rows_allocates_by_page() {
    let mut db = Database::new(Schema::builder().table(table("items")).build().unwrap());
    let rows: Vec<_> = (0..100_000).map(row).collect();
    let (allocations, _) = allocations_of(|| db.insert_many("items", &COLUMNS, rows).unwrap());
    assert!(allocations < 10_000, "{allocations} allocations");
}

#[test]
fn edges_allocate_by_leaf() {
    let parent = TableDef::new("parents").column(ColumnDef::new("id", DataType::Int).primary_key());
    let children =
        table("items").foreign_key(ForeignKeyDef::new(["parent_id"]).references("parents", ["id"]));
    let mut db = Database::new(
        Schema::builder()
            .table(parent)
            .table(children)
            .build()
            .unwrap(),
    );
    db.insert_many(
        "parents",
        &["id"],
        (0..1_000_i64).map(|id| [Value::from(id)]),
    )
    .unwrap();
    let rows: Vec<_> = (0..100_000).map(row).collect();
    let (allocations, _) = allocations_of(|| db.insert_many("items", &COLUMNS, rows).unwrap());
    assert!(allocations < 12_000, "{allocations} allocations");
}

#[test]
fn a_point_lookup_allocates_nothing_for_its_row() {
    let mut db = Database::new(Schema::builder().table(table("items")).build().unwrap());
    db.insert_many("items", &COLUMNS, (0..1_000).map(row))
        .unwrap();
    let (allocations, title) = allocations_of(|| {
        let row = db.get("items", 500).unwrap().unwrap();
        row.get("title").unwrap().as_text().unwrap().len()
    });
    assert_eq!(
        (allocations, title),
        (0, "a somewhat longer title 500".len())
    );
}

// Broken, one large transaction would hold its way back in memory for as long as its database lives.
#[test]
fn a_large_transaction_gives_its_memory_back() {
    let mut db = Database::new(Schema::builder().table(table("items")).build().unwrap());
    db.insert_many("items", &COLUMNS, (0..50_000).map(row))
        .unwrap();
    let before = live_bytes();
    let write = |db: &mut Database, commit: bool| {
        let mut tx = db.begin();
        let values = [("title", Value::from("a title of more than fifteen bytes"))];
        tx.update("items", &all([]), values).unwrap();
        tx.update("items", &all([]), [("title", Value::from("short"))])
            .unwrap();
        if commit {
            tx.commit().unwrap();
        }
    };
    // Long titles that were in the pages leave room there, which is theirs.
    write(&mut db, false);
    let rolled_back = live_bytes();
    write(&mut db, true);
    let committed = live_bytes();
    let spare = 2 << 20;
    for after in [rolled_back, committed] {
        assert!(after <= before + spare, "{before} bytes became {after}");
    }
    let held = {
        let mut tx = db.begin();
        tx.update("items", &all([]), [("title", Value::from("none"))])
            .unwrap();
        live_bytes()
    };
    assert!(
        held > before + 2 * spare,
        "the way back took {} bytes",
        held - before
    );
    db.check_integrity().unwrap();
}

/// Inserts and deletes rows so that as many stay, and gives the live bytes at the start and at the end.
fn churn(key: impl Fn(i64) -> Value, data_type: DataType) -> (i64, i64) {
    const ROWS: i64 = 2_000;
    let rounds: i64 = std::env::var("RELATA_CHURN")
        .ok()
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(100_000)
        / ROWS;
    let parents =
        TableDef::new("parents").column(ColumnDef::new("id", DataType::Int).primary_key());
    let items = TableDef::new("items")
        .column(ColumnDef::new("id", data_type).primary_key())
        .column(ColumnDef::new("parent_id", DataType::Int))
        .column(ColumnDef::new("title", DataType::Text).unique())
        .index(IndexDef::new(["parent_id", "title"]))
        .foreign_key(ForeignKeyDef::new(["parent_id"]).references("parents", ["id"]));
    let mut db = Database::new(
        Schema::builder()
            .table(parents)
            .table(items)
            .build()
            .unwrap(),
    );
    db.insert_many("parents", &["id"], (0..100_i64).map(|id| [Value::from(id)]))
        .unwrap();
    let columns = ["id", "parent_id", "title"];
    let row = |n: i64| {
        [
            key(n),
            Value::from(n * 31 % 100),
            Value::from(format!("the title of item {n}")),
        ]
    };
    db.insert_many("items", &columns, (0..2 * ROWS).map(row))
        .unwrap();
    let turn = |db: &mut Database, round: i64| {
        for old in round * ROWS..(round + 1) * ROWS {
            db.delete_key("items", vec![key(old)]).unwrap();
        }
        let new = (round + 2) * ROWS..(round + 3) * ROWS;
        db.insert_many("items", &columns, new.map(row)).unwrap();
    };
    turn(&mut db, 0);
    let start = live_bytes();
    (1..rounds).for_each(|round| turn(&mut db, round));
    let end = live_bytes();
    db.check_integrity().unwrap();
    (start, end)
}

// Broken, a table in steady use would grow without end: slots, index buckets or posting leaves would not come back.
#[test]
fn steady_inserts_and_deletes_stay_within_their_memory() {
    let uuid = |n: i64| {
        Value::from(Uuid::from_u64_pair(
            n.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15),
            0,
        ))
    };
    for (start, end) in [
        churn(Value::from, DataType::Int),
        churn(uuid, DataType::Uuid),
    ] {
        assert!(end * 5 <= start * 6, "{start} bytes became {end}");
    }
}
