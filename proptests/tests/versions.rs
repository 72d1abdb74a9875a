//! Snapshots, forks, rollbacks and inverted changes over random schemas and data (beyond BY-13 to BY-16).
//!
//! The state machine checks these on the way; here each has its own test, with values made by chance as well, which
//! the reference cannot foretell.

use std::sync::Arc;

use relata::engine::{Clock, Database, DatabaseOptions, Snapshot, Transaction};
use relata::error::Result;
use relata::expr::{all, col};
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Key, Timestamp, Value};

const RUNS: u64 = 60;
const WRITES: usize = 40;

/// Everything that is made for a row, and rows that hang together.
fn schema() -> Arc<Schema> {
    let authors = TableDef::new("authors")
        .column(
            ColumnDef::new("id", DataType::Int)
                .primary_key()
                .auto_increment(),
        )
        .column(
            ColumnDef::new("token", DataType::Uuid)
                .default_uuid()
                .unique(),
        )
        .column(ColumnDef::new("since", DataType::Timestamp).default_now())
        .column(ColumnDef::new("name", DataType::Text));
    let posts = TableDef::new("posts")
        .column(ColumnDef::new("slug", DataType::Text).primary_key())
        .column(ColumnDef::new("author_id", DataType::Int))
        .column(ColumnDef::new("editor_token", DataType::Uuid))
        .foreign_key(
            ForeignKeyDef::new(["author_id"])
                .references("authors", ["id"])
                .on_delete(Action::Cascade)
                .on_update(Action::Cascade),
        )
        .foreign_key(
            ForeignKeyDef::new(["editor_token"])
                .references("authors", ["token"])
                .on_delete(Action::SetNull)
                .on_update(Action::Cascade),
        );
    // No primary key: insertion order.
    let events = TableDef::new("events").column(ColumnDef::new("what", DataType::Text));
    let builder = Schema::builder().table(authors).table(posts).table(events);
    Arc::new(builder.build().expect("the schema stands"))
}

fn database(random: &mut fastrand::Rng) -> Database {
    let clock = Clock::Stepping {
        next: Timestamp::from_micros(0),
        step_micros: 5,
    };
    let options = DatabaseOptions {
        clock,
        seed: Some(random.u64(..)),
        ..DatabaseOptions::default()
    };
    let mut db = Database::with_options(schema(), options);
    write_many(&mut db, random);
    db
}

fn write_many(db: &mut Database, random: &mut fastrand::Rng) {
    for _ in 0..WRITES {
        // A refusal is as good a history as any other.
        _ = db.transaction(|tx| write(tx, random));
    }
}

/// One random statement.
fn write(tx: &mut Transaction<'_>, random: &mut fastrand::Rng) -> Result<()> {
    let author = random.i64(1..20);
    match random.u8(..12) {
        0..=2 => {
            let length = random.usize(..600);
            tx.insert("authors", [("name", Value::from("x".repeat(length)))])
                .map(drop)
        }
        3..=5 => {
            let editor = tx
                .rows("authors")?
                .next()
                .map(|row| row.get("token").map(|token| token.to_value()));
            let cells = [
                ("slug", Value::from(format!("{}", random.u8(..)))),
                ("author_id", Value::Int(author)),
                ("editor_token", editor.transpose()?.unwrap_or_default()),
            ];
            tx.upsert("posts", cells).map(drop)
        }
        6 | 7 => tx
            .insert("events", [("what", Value::Int(author).to_string().into())])
            .map(drop),
        8 => tx.delete_key("authors", author).map(drop),
        9 => tx
            .update_key(
                "authors",
                author,
                [("id", Value::Int(random.i64(1..2_000)))],
            )
            .map(drop),
        10 => tx
            .update(
                "posts",
                &col("author_id").lt(author),
                [("editor_token", Value::Null)],
            )
            .map(drop),
        _ => tx
            .delete("events", &col("what").eq(author.to_string()))
            .map(drop),
    }
}

/// All that can be read, in the order in which it is read.
fn read(snapshot: &Snapshot) -> Vec<(String, Key, Vec<Value>)> {
    let mut seen = Vec::new();
    for table in ["authors", "posts", "events"] {
        for row in snapshot.rows(table).expect("it is a table") {
            let cells = row.columns().map(|(_, cell)| cell.to_value()).collect();
            seen.push((table.to_owned(), row.key(), cells));
        }
    }
    seen
}

/// What the next inserts make by themselves.
fn generated(db: &mut Database) -> (Key, Vec<Value>, Key) {
    let author = db.insert("authors", []).expect("an author needs nothing");
    let row = db
        .get("authors", author.clone())
        .expect("it is a key")
        .expect("it was inserted");
    let cells = row.columns().map(|(_, cell)| cell.to_value()).collect();
    let event = db.insert("events", []).expect("an event needs nothing");
    (author, cells, event)
}

fn each_run(mut body: impl FnMut(&mut fastrand::Rng)) {
    for seed in 0..RUNS {
        body(&mut fastrand::Rng::with_seed(seed));
    }
}

// rules: BY-13
// Broken, a snapshot, or rows that were read from it, show a later write, an uncommitted one, or one on a fork.
#[test]
fn a_snapshot_never_moves() {
    each_run(|random| {
        let mut db = database(random);
        let snapshot = db.snapshot();
        let (before, fingerprint) = (read(&snapshot), snapshot.fingerprint());
        let mut iterator = snapshot.rows("authors").expect("it is a table");
        let first = iterator.next().map(|row| row.key());
        let held = snapshot
            .filter("authors", &all([]))
            .expect("it is a filter");
        write_many(&mut db, random);
        db.delete("authors", &all([])).expect("authors may go");
        let mut fork = Database::from_snapshot(snapshot.clone()).expect("nothing waits");
        write_many(&mut fork, random);
        let mut open = db.begin();
        open.delete("events", &all([])).expect("events may go");
        assert_eq!(read(&snapshot), before);
        open.rollback();
        drop(db);
        assert_eq!(
            (read(&snapshot), snapshot.fingerprint()),
            (before, fingerprint)
        );
        let keys: Vec<Key> = first
            .into_iter()
            .chain(iterator.map(|row| row.key()))
            .collect();
        let held: Vec<Key> = held.iter().map(|row| row.key()).collect();
        assert_eq!(keys, held);
    });
}

// rules: BY-14
// Broken, a write on one side shows on the other, or one side's generated keys, times or uuids depend on the other's.
#[test]
fn a_fork_sees_nothing_of_the_other_side() {
    each_run(|random| {
        let mut left = database(random);
        let mut right = left.fork();
        let mut untouched = left.fork();
        let before = read(&right);
        write_many(&mut left, random);
        assert_eq!(
            (read(&right), right.fingerprint()),
            (before, untouched.fingerprint())
        );
        let after = (read(&left), left.fingerprint());
        assert_eq!(generated(&mut right), generated(&mut untouched));
        write_many(&mut right, random);
        assert_eq!((read(&left), left.fingerprint()), after);
        for db in [&left, &right, &untouched] {
            assert_eq!(db.check_integrity(), Ok(()));
        }
    });
}

// rules: BY-15
// Broken, a rollback, a savepoint or a reset leaves a trace: in rows, their order, or the next id, time or uuid.
#[test]
fn going_back_leaves_no_trace() {
    each_run(|random| {
        let mut db = database(random);
        let start = db.snapshot();
        let expected = (read(&db), db.fingerprint(), generated(&mut db.fork()));
        let assert_back = |db: &Database, how: &str| {
            let found = (read(db), db.fingerprint(), generated(&mut db.fork()));
            assert_eq!(found, expected, "{how}");
        };

        let mut transaction = db.begin();
        for _ in 0..WRITES {
            _ = write(&mut transaction, random);
        }
        transaction.rollback();
        assert_back(&db, "rollback");

        let mut transaction = db.begin();
        let savepoint = transaction.savepoint().expect("there is room for one");
        for _ in 0..WRITES {
            _ = write(&mut transaction, random);
        }
        transaction.rollback_to(savepoint).expect("it is open");
        transaction
            .commit()
            .expect("there is nothing left to judge");
        assert_back(&db, "rollback to a savepoint");

        write_many(&mut db, random);
        db.reset_to(&start).expect("nothing waits");
        assert_back(&db, "reset");

        let mut transaction = db.begin();
        for _ in 0..WRITES {
            _ = write(&mut transaction, random);
        }
        let changes = transaction
            .commit_with_changes()
            .expect("nothing is deferred");
        db.apply(&changes.invert()).expect("nothing happened since");
        assert_back(&db, "undo");
    });
}

// rules: BY-16
// Broken, an inverse misses a row, a sequence, the clock or the random state, or meets rows in an order that it refuses.
#[test]
fn inverted_changes_lead_back() {
    each_run(|random| {
        let mut db = database(random);
        let mut history = Vec::new();
        for _ in 0..12 {
            let before = db.fingerprint();
            let mut transaction = db.begin();
            for _ in 0..random.usize(1..8) {
                _ = write(&mut transaction, random);
            }
            let changes = transaction
                .commit_with_changes()
                .expect("nothing is deferred");
            assert_eq!(changes.invert().invert(), changes);
            history.push((before, changes, db.fingerprint()));
        }
        for (before, changes, after) in history.iter().rev() {
            assert_eq!(db.fingerprint(), *after);
            db.apply(&changes.invert()).expect("nothing happened since");
            assert_eq!(db.fingerprint(), *before);
        }
        for (_, changes, after) in &history {
            db.apply(changes).expect("it is the state that it was");
            assert_eq!(db.fingerprint(), *after);
        }
        assert_eq!(db.check_integrity(), Ok(()));
    });
}
