//! Equal histories give equal results, whatever the seeds of hashes; unequal seeds of values give unequal values.

use std::env;
use std::process::Command;

use relata::engine::{Database, DatabaseOptions, Transaction};
use relata::error::Result;
use relata::schema::{Action, IndexDef, Schema};
use relata::value::Value;

use super::{every_row, id, int, number, options, refer, schema, set, table, text};

fn nodes() -> Schema {
    let key = |column: &str| refer(column, "nodes", "code").on_delete(Action::SetNull);
    let nodes = table(
        "nodes",
        [
            id().auto_increment(),
            text("code").unique(),
            text("parent"),
            int("rank"),
        ],
    )
    .column(relata::schema::ColumnDef::new("token", relata::DataType::Uuid).default_uuid())
    .index(IndexDef::new(["rank"]).hash())
    .foreign_key(key("parent").on_update(Action::Cascade));
    schema([nodes])
}

/// A history with refusals, cascades and rollbacks, and all that was told on the way.
fn history(seed: Option<u64>) -> (Database, String) {
    let options = DatabaseOptions { seed, ..options() };
    let mut db = Database::with_options(nodes(), options);
    let mut told = String::new();
    let mut tell = |what: Result<relata::Affected>| told += &format!("{what:?}\n");
    let code = |number: i64| Value::from(format!("code {number}"));
    let rows = (0..20).map(|n| [code(n), Value::Null, (n % 4).into()]);
    tell(db.insert_many("nodes", &["code", "parent", "rank"], rows));
    for round in 0..40_i64 {
        // Some parents are gone or have another code by now, and some codes are taken.
        let rows = (0..4).map(|n| [code(100 + round * 4 + n), code((round + n) % 20), n.into()]);
        tell(db.insert_many("nodes", &["code", "parent", "rank"], rows));
        let rows = (0..4).map(|n| [code(200 + round * 3 + n), Value::Null, n.into()]);
        tell(db.insert_many("nodes", &["code", "parent", "rank"], rows));
        let adopt = |tx: &mut Transaction<'_>| {
            tx.update_with("nodes", &relata::col("rank").eq(round % 4), |row| {
                let parent = code(number(&row, "id").unwrap() * round % 5);
                Ok(vec![("parent", parent)])
            })
        };
        tell(db.transaction(adopt));
        tell(db.update_key("nodes", round % 20 + 1, set("code", code(round * 11 % 20))));
        tell(db.delete_key("nodes", round * 3));
        let mut tx = db.begin();
        tell(tx.delete("nodes", &every_row()));
        tx.rollback();
    }
    db.check_integrity().unwrap();
    for row in db.rows("nodes").unwrap() {
        told += &format!("{:?}\n", row.columns().collect::<Vec<_>>());
    }
    (db, told)
}

/// Set for the other process of [`another_process_is_told_the_same`], which prints and stops.
const TELL: &str = "RELATA_TEST_TELL";

// rules: RI-72
// Broken, an error would name another row, or rows would come in another order, in each run of a program.
#[test]
fn another_process_is_told_the_same() {
    let (db, told) = history(Some(1));
    let (again, told_again) = history(Some(1));
    assert_eq!(told, told_again);
    assert_eq!(db.fingerprint(), again.fingerprint());
    for what in ["kind: Unique", "kind: Reference", "by_actions: 3"] {
        assert!(told.contains(what), "nothing told of {what}");
    }
    if env::var_os(TELL).is_some() {
        use std::io::Write;
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        return;
    }
    // Each process hashes with a key of its own.
    let name = "integrity::determinism::another_process_is_told_the_same";
    let other = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(TELL, "1")
        .output()
        .unwrap();
    assert!(other.status.success());
    assert_eq!(String::from_utf8(other.stderr).unwrap(), told);
}

// rules: RI-72, BY-14
// Broken, every program would draw the same random values, or a seed that was given would not be heeded.
#[test]
fn random_values_come_from_the_seed_or_from_the_system() {
    let tokens = |seed| {
        let (db, _) = history(seed);
        let tokens = db
            .rows("nodes")
            .unwrap()
            .map(|row| row.get("token").unwrap().to_value());
        tokens.collect::<Vec<_>>()
    };
    assert_eq!(tokens(Some(7)), tokens(Some(7)));
    let drawn = [tokens(Some(7)), tokens(Some(8)), tokens(None), tokens(None)];
    for (position, one) in drawn.iter().enumerate() {
        assert!(!one.is_empty());
        assert!(drawn[..position].iter().all(|other| other != one));
    }
}
