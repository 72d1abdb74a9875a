//! One script for each anomaly of concurrent transactions, in the manner of Hermitage: two transactions step by step, and
//! what the second is told while the first is under way. There is one writer at a time, so the second waits, or is
//! told `Busy`, and then sees all of the first.

use std::sync::Barrier;
use std::thread;

use relata::engine::{Database, SharedDatabase, Snapshot, Transaction};
use relata::error::{ErrorKind, Result, TransactionKind};
use relata::expr::col;
use relata::schema::{ColumnDef, Schema, TableDef};
use relata::value::{DataType, Value};

/// Rows 1 and 2 with 10 and 20.
fn two_rows() -> SharedDatabase {
    let int = |name| ColumnDef::new(name, DataType::Int);
    let table = TableDef::new("test")
        .column(int("id").primary_key())
        .column(int("value"));
    let mut db = Database::new(Schema::builder().table(table).build().unwrap());
    let rows = [[1, 10], [2, 20]].map(|row| row.map(Value::from));
    db.insert_many("test", &["id", "value"], rows).unwrap();
    SharedDatabase::new(db)
}

fn set(tx: &mut Transaction<'_>, id: i64, value: i64) -> Result<()> {
    tx.update_key("test", id, [("value", Value::from(value))])
        .map(drop)
}

fn get(db: &Snapshot, id: i64) -> i64 {
    let row = db.get("test", id).unwrap().unwrap();
    row.get("value").unwrap().as_int().unwrap()
}

fn both(db: &Snapshot) -> (i64, i64) {
    (get(db, 1), get(db, 2))
}

/// What another thread is told that does not wait.
fn another_writes(
    shared: &SharedDatabase,
    body: impl FnOnce(&mut Transaction<'_>) -> Result<()> + Send,
) -> Result<(), ErrorKind> {
    thread::scope(|scope| {
        let other = scope.spawn(|| shared.try_write(body));
        other.join().unwrap().map_err(|error| error.kind())
    })
}

fn another_reads(shared: &SharedDatabase) -> (i64, i64) {
    thread::scope(|scope| scope.spawn(|| both(&shared.read())).join().unwrap())
}

const BUSY: Result<(), ErrorKind> = Err(ErrorKind::Transaction(TransactionKind::Busy));

/// Runs the second transaction while the first is under way: it asks for its turn after the first has begun, and gets it
/// when the first has ended.
fn first_then_second<T: Send>(
    shared: &SharedDatabase,
    first: impl FnOnce(&mut Transaction<'_>) -> Result<()>,
    second: impl FnOnce(&mut Transaction<'_>) -> Result<T> + Send,
) -> Result<T> {
    let begun = Barrier::new(2);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            begun.wait();
            shared.write(second)
        });
        shared.write(|tx| {
            begun.wait();
            first(tx)
        })?;
        other.join().unwrap()
    })
}

// rules: RI-82
// Broken, the rows would end with one value of each transaction (G0).
#[test]
fn no_dirty_write() {
    let shared = two_rows();
    let second = |tx: &mut Transaction<'_>| {
        set(tx, 1, 12)?;
        set(tx, 2, 22)
    };
    shared
        .write(|tx| {
            set(tx, 1, 11)?;
            assert_eq!(another_writes(&shared, second), BUSY);
            set(tx, 2, 21)
        })
        .unwrap();
    assert_eq!(both(&shared.read()), (11, 21));
    assert_eq!(another_writes(&shared, second), Ok(()));
    assert_eq!(both(&shared.read()), (12, 22));
}

// rules: RI-81
// Broken, a reader would see a value that never was committed (G1a) or that was not the last of its transaction (G1b).
#[test]
fn no_dirty_read() {
    let shared = two_rows();
    let undone: Result<()> = shared.write(|tx| {
        set(tx, 1, 101)?;
        assert_eq!(another_reads(&shared), (10, 20));
        tx.insert("test", [("id", Value::from(1))]).map(drop)
    });
    assert!(undone.is_err());
    assert_eq!(another_reads(&shared), (10, 20));
    shared
        .write(|tx| {
            set(tx, 1, 101)?;
            assert_eq!(another_reads(&shared), (10, 20));
            set(tx, 1, 11)
        })
        .unwrap();
    assert_eq!(another_reads(&shared), (11, 20));
}

// rules: RI-81
// Broken, two reads of one snapshot would differ (fuzzy read), or fit no one state (read skew, G-single).
#[test]
fn no_fuzzy_read_and_no_read_skew() {
    let shared = two_rows();
    let reading = shared.read();
    assert_eq!(get(&reading, 1), 10);
    let moved = another_writes(&shared, |tx| {
        set(tx, 1, 12)?;
        set(tx, 2, 18)
    });
    assert_eq!(moved, Ok(()));
    assert_eq!(both(&reading), (10, 20));
    assert_eq!(both(&shared.read()), (12, 18));
}

// rules: RI-82
// Broken, two increments at once would count one (P4).
#[test]
fn no_lost_update() {
    let shared = two_rows();
    let increment = |tx: &mut Transaction<'_>| {
        let before = get(tx, 1);
        set(tx, 1, before + 1)?;
        Ok(before)
    };
    let seen_by_second =
        first_then_second(&shared, |tx| increment(tx).map(drop), increment).unwrap();
    assert_eq!(seen_by_second, 11);
    assert_eq!(get(&shared.read(), 1), 12);
}

// rules: RI-82
// Broken, both would take what only their sum allows, and the sum fall below zero (G2-item).
#[test]
fn no_write_skew() {
    let shared = two_rows();
    // Each may overdraw its row while the two together stay above zero.
    let withdraw = |id: i64| {
        move |tx: &mut Transaction<'_>| {
            let (a, b) = both(tx);
            if a + b >= 25 {
                set(tx, id, get(tx, id) - 25)?;
            }
            Ok(())
        }
    };
    first_then_second(&shared, withdraw(1), withdraw(2)).unwrap();
    assert_eq!(both(&shared.read()), (-15, 20));
}

// rules: RI-81, RI-82
// Broken, a row would appear between two runs of one filter in one transaction or snapshot (PMP, G2).
#[test]
fn no_phantom() {
    let shared = two_rows();
    let thirds = |db: &Snapshot| {
        let third = col("value").ge(30);
        db.filter("test", &third).unwrap().len()
    };
    let insert = |tx: &mut Transaction<'_>| {
        let row = [("id", Value::from(3)), ("value", Value::from(30))];
        tx.insert("test", row).map(drop)
    };
    shared
        .write(|tx| {
            assert_eq!(thirds(tx), 0);
            assert_eq!(another_writes(&shared, insert), BUSY);
            assert_eq!(thirds(tx), 0);
            Ok(())
        })
        .unwrap();
    let reading = shared.read();
    assert_eq!(another_writes(&shared, insert), Ok(()));
    assert_eq!((thirds(&reading), thirds(&shared.read())), (0, 1));

    // Two that insert only where nothing is: the second finds the first's row.
    let insert_if_none = |id: i64| {
        move |tx: &mut Transaction<'_>| {
            let some = tx.filter("test", &col("value").eq(42))?.len();
            if some == 0 {
                let row = [("id", Value::from(id)), ("value", Value::from(42))];
                tx.insert("test", row)?;
            }
            Ok(some)
        }
    };
    let first = |tx: &mut Transaction<'_>| insert_if_none(4)(tx).map(drop);
    assert_eq!(first_then_second(&shared, first, insert_if_none(5)), Ok(1));
}
