//! A shared database: readers see what was published last, writers take turns, and nothing that goes wrong in a closure
//! is seen by anybody else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::Duration;

use relata::engine::{Clock, Database, DatabaseOptions, Limits, SharedDatabase, Transaction};
use relata::error::{Error, ErrorKind, Result, TransactionKind};
use relata::expr::{Expr, all, col};
use relata::schema::{Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Timestamp, Value};
use relata::{Attribute, Models, values};

/// Long enough for any machine, so that a hang is a failure and not a hang.
const LONG: Duration = Duration::from_secs(60);

/// The closure of a write.
type Body = dyn Fn(&mut Transaction<'_>) -> Result<()>;

/// Ten accounts; transfers between them, whose references wait for commit.
fn bank() -> SharedDatabase {
    bank_with(TableDef::new("accounts"))
}

fn bank_with(accounts: TableDef) -> SharedDatabase {
    let id = || {
        ColumnDef::new("id", DataType::Int)
            .primary_key()
            .auto_increment()
    };
    let schema = Schema::builder()
        .table(
            accounts
                .column(id())
                .column(ColumnDef::new("balance", DataType::Int).not_null()),
        )
        .table(
            TableDef::new("transfers")
                .column(id())
                .column(ColumnDef::new("account_id", DataType::Int))
                .foreign_key(
                    ForeignKeyDef::new(["account_id"])
                        .references("accounts", ["id"])
                        .on_delete(Action::Cascade)
                        .deferrable(Deferral::InitiallyDeferred),
                ),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    let balances = (0..10).map(|_| [Value::from(100)]);
    db.insert_many("accounts", &["balance"], balances).unwrap();
    SharedDatabase::new(db)
}

fn set_balance(tx: &mut Transaction<'_>, account: i64, balance: i64) -> Result<()> {
    tx.update_key("accounts", account, [("balance", Value::from(balance))])
        .map(drop)
}

fn balance(db: &relata::engine::Snapshot, account: i64) -> i64 {
    let row = db.get("accounts", account).unwrap().unwrap();
    row.get("balance").unwrap().as_int().unwrap()
}

fn kind<T>(result: Result<T>) -> Option<TransactionKind> {
    match result.err()?.kind() {
        ErrorKind::Transaction(kind) => Some(kind),
        other => panic!("an error of another class: {other:?}"),
    }
}

/// An error that the closure of a test gives.
fn refusal() -> Error {
    bank()
        .write(|tx| tx.insert("no such table", []))
        .unwrap_err()
}

// rules: RI-80, RI-81
// Broken, a reader would see half of a transfer, or a writer not its own half.
#[test]
fn a_commit_is_seen_at_one_instant() {
    let shared = bank();
    let held = shared.read();
    shared
        .write(|tx| {
            set_balance(tx, 1, 50)?;
            assert_eq!(balance(tx, 1), 50);
            assert_eq!(balance(&shared.read(), 1), 100);
            thread::scope(|scope| {
                let reader = scope.spawn(|| balance(&shared.read(), 1));
                assert_eq!(reader.join().unwrap(), 100);
            });
            set_balance(tx, 2, 150)
        })
        .unwrap();
    let now = shared.read();
    assert_eq!((balance(&now, 1), balance(&now, 2)), (50, 150));
    assert_eq!((balance(&held, 1), balance(&held, 2)), (100, 100));
}

// rules: RI-81
// Broken, an aborted write would be seen by the next reader, or its generated key be skipped.
#[test]
fn a_write_that_fails_leaves_nothing() {
    let shared = bank();
    let before = shared.read().fingerprint();
    let error = refusal();
    let result: Result<()> = shared.write(|tx| {
        set_balance(tx, 1, 0)?;
        tx.insert("accounts", [("balance", Value::from(1))])?;
        Err(error.clone())
    });
    assert_eq!(result, Err(error));
    assert_eq!(shared.read().fingerprint(), before);
    let key = shared.write(|tx| tx.insert("accounts", [("balance", Value::from(1))]));
    assert_eq!(key.unwrap(), 11.into());
}

// rules: RI-52
// Broken, a transfer without an account would be published.
#[test]
fn a_commit_that_fails_publishes_nothing() {
    let shared = bank();
    let before = shared.read().fingerprint();
    let result = shared.write(|tx| tx.insert("transfers", [("account_id", Value::from(99))]));
    assert!(result.unwrap_err().as_constraint().is_some());
    assert_eq!(shared.read().fingerprint(), before);
    shared.read().check_integrity().unwrap();
}

// rules: RI-82
// Broken, two writers would be at work at once, or a caller that cannot wait would have to.
#[test]
fn one_writes_and_another_is_told_busy() {
    let shared = bank();
    shared
        .write(|_| {
            thread::scope(|scope| {
                let other = shared.clone();
                let busy = scope.spawn(move || {
                    let short = Duration::from_millis(1);
                    (
                        kind(other.try_write(|_| Ok(()))),
                        kind(other.write_within(short, |_| Ok(()))),
                    )
                });
                let busy = busy.join().unwrap();
                assert_eq!(
                    busy,
                    (Some(TransactionKind::Busy), Some(TransactionKind::Busy))
                );
            });
            Ok(())
        })
        .unwrap();
    shared.try_write(|tx| set_balance(tx, 1, 1)).unwrap();
    assert_eq!(balance(&shared.read(), 1), 1);
}

// rules: RI-82
// Broken, the second writer would be refused, or work on the state from before the first.
#[test]
fn a_writer_waits_for_the_one_before() {
    let shared = bank();
    let begun = Barrier::new(2);
    thread::scope(|scope| {
        let second = scope.spawn(|| {
            begun.wait();
            shared.write_within(LONG, |tx| set_balance(tx, 1, balance(tx, 1) + 1))
        });
        shared
            .write(|tx| {
                begun.wait();
                set_balance(tx, 1, 10)
            })
            .unwrap();
        second.join().unwrap().unwrap();
    });
    assert_eq!(balance(&shared.read(), 1), 11);
}

// rules: RI-86
// Broken, the thread would wait for itself for ever.
#[test]
fn a_write_within_a_write_is_refused() {
    let shared = bank();
    let again = || kind(shared.clone().write(|_| Ok(())));
    let reentrant = Some(TransactionKind::Reentrant);
    shared
        .write(|tx| {
            assert_eq!(again(), reentrant);
            assert_eq!(kind(shared.try_write(|_| Ok(()))), reentrant);
            assert_eq!(kind(shared.reset_to(&shared.read())), reentrant);
            assert_eq!(kind(shared.set_clock(Clock::System)), reentrant);
            set_balance(tx, 1, 1)?;
            tx.update_with("accounts", &col("id").eq(1), |_| {
                assert_eq!(again(), reentrant);
                assert_eq!(balance(&shared.read(), 1), 100);
                Ok(vec![("balance", Value::from(2))])
            })?;
            Ok(())
        })
        .unwrap();
    assert_eq!(balance(&shared.read(), 1), 2);
    assert_eq!(again(), None);
}

// rules: RI-86
// Broken, a filter that writes would hang, or read what its own statement has half done.
#[test]
fn a_write_within_a_predicate_is_refused() {
    let shared = Arc::new(bank());
    let inner = shared.clone();
    let nosy = Expr::function(
        "nosy",
        "is nosy",
        ["balance"],
        Arc::new(move |_| {
            let refused = kind(inner.write(|tx| set_balance(tx, 1, 0)));
            assert_eq!(refused, Some(TransactionKind::Reentrant));
            Some(balance(&inner.read(), 1) == 100)
        }),
    );
    let affected = shared.write(|tx| tx.update("accounts", &nosy, [("balance", Value::from(7))]));
    assert_eq!(affected.unwrap().rows, 10);
    assert_eq!(balance(&shared.read(), 1), 7);
}

// rules: RI-86, RI-45
// Broken, a check that writes would hang.
#[test]
fn a_write_within_a_check_is_refused() {
    static SHARED: OnceLock<SharedDatabase> = OnceLock::new();
    let nosy = Expr::function(
        "nosy",
        "is nosy",
        ["balance"],
        Arc::new(|_| {
            let Some(shared) = SHARED.get() else {
                return Some(true);
            };
            assert_eq!(balance(&shared.read(), 1), 100);
            Some(kind(shared.write(|_| Ok(()))) == Some(TransactionKind::Reentrant))
        }),
    );
    let accounts = TableDef::new("accounts").check(CheckDef::new("accounts_nosy", nosy));
    let shared = SHARED.get_or_init(|| bank_with(accounts));
    shared.write(|tx| set_balance(tx, 1, 7)).unwrap();
    assert_eq!(balance(&shared.read(), 2), 100);
}

// rules: RI-86
// Broken, whoever copies from one database to another would be refused.
#[test]
fn a_write_within_a_write_of_another_database_is_none() {
    let (from, to) = (bank(), bank());
    from.write(|tx| {
        set_balance(tx, 1, 1)?;
        to.write(|other| set_balance(other, 1, balance(tx, 1)))
    })
    .unwrap();
    assert_eq!(balance(&to.read(), 1), 1);
}

// rules: RI-85
// Broken, one panic would lock everybody out, or a half-done write be read.
#[test]
fn after_a_panic_the_next_write_finds_what_was_published() {
    let panicking = |_: &mut Transaction<'_>| -> Result<()> { panic!("planned: in the write") };
    let in_update = |tx: &mut Transaction<'_>| {
        let planned = |_: relata::engine::Row<'_>| panic!("planned: in the update");
        tx.update_with("accounts", &all([]), planned).map(drop)
    };
    let in_predicate = |tx: &mut Transaction<'_>| {
        let planned = Arc::new(|_: &[relata::ValueRef<'_>]| panic!("planned: in the predicate"));
        tx.delete("accounts", &Expr::function("f", "panics", ["id"], planned))
            .map(drop)
    };
    let in_check = |tx: &mut Transaction<'_>| set_balance(tx, 1, 13);
    let thirteen = Expr::function(
        "f",
        "is not 13",
        ["balance"],
        Arc::new(|cells| {
            assert_ne!(cells[0].as_int(), Some(13), "planned: in the check");
            Some(true)
        }),
    );
    let accounts = TableDef::new("accounts").check(CheckDef::new("accounts_13", thirteen));
    let shared = bank_with(accounts);
    let before = shared.read();
    let print = before.fingerprint();

    let closures: [&Body; 4] = [&panicking, &in_update, &in_predicate, &in_check];
    for closure in closures {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            shared.write(|tx| {
                set_balance(tx, 2, 0)?;
                tx.insert("accounts", [("balance", Value::from(1))])?;
                closure(tx)
            })
        }));
        assert!(unwound.is_err());
        assert_eq!(shared.read().fingerprint(), print);
        shared.try_write(|_| Ok(())).unwrap();
        assert_eq!(shared.read().fingerprint(), print);
        shared.read().check_integrity().unwrap();
    }
    shared.write(|tx| set_balance(tx, 1, 5)).unwrap();
    assert_eq!((balance(&before, 1), balance(&shared.read(), 1)), (100, 5));
}

// rules: RI-85
// Broken, a thread that waits for its turn would wait for ever, or be poisoned, when the thread before it panics.
#[test]
fn a_panic_lets_the_next_in_line_go_on() {
    let shared = bank();
    let begun = Barrier::new(2);
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            shared.write(|tx| -> Result<()> {
                set_balance(tx, 1, 0)?;
                begun.wait();
                panic!("planned: in the first thread");
            })
        });
        begun.wait();
        shared
            .write_within(LONG, |tx| set_balance(tx, 2, balance(tx, 1) + 1))
            .unwrap();
        assert!(first.join().is_err());
    });
    assert_eq!(balance(&shared.read(), 2), 101);
}

// rules: BY-14, BY-15
// Broken, a fork of a shared database would write into it, or a reset would lose the sequence.
#[test]
fn a_fork_goes_its_own_way_and_a_reset_leads_back() {
    let shared = bank();
    let before = shared.read();
    let add = |tx: &mut Transaction<'_>| tx.insert("accounts", [("balance", Value::from(1))]);
    let mut fork = shared.fork();
    assert_eq!(fork.transaction(add).unwrap(), 11.into());
    assert_eq!(shared.read().fingerprint(), before.fingerprint());

    assert_eq!(shared.write(add).unwrap(), 11.into());
    shared.reset_to(&before).unwrap();
    assert_eq!(shared.read().fingerprint(), before.fingerprint());
    assert_eq!(shared.write(add).unwrap(), 11.into());
}

// Broken, a fork of a shared database would let through what the database itself refuses.
#[test]
fn a_fork_keeps_the_limit_of_its_origin() {
    let mut models = Models::new();
    models.define_with("Job", |job| {
        job.attribute(Attribute::new("name", DataType::Text))
    });
    let options = DatabaseOptions {
        limits: Limits {
            rows_changed_max: 1,
            ..Limits::default()
        },
        ..DatabaseOptions::default()
    };
    let shared = relata::SharedDatabase::new(models.sync_with(options).unwrap());
    let two = || [values! { name: "sweep" }, values! { name: "mop" }];
    assert!(shared.write(|tx| tx.create_many("Job", two())).is_err());
    assert!(shared.fork().create_many("Job", two()).is_err());
}

// Broken, a test that stops the clock of a shared database would see the system's time.
#[test]
fn the_clock_can_be_set() {
    let shared = bank();
    let noon = Timestamp::from_micros(1_000_000);
    shared.set_clock(Clock::Fixed(noon)).unwrap();
    assert_eq!(shared.write(|tx| Ok(tx.now())).unwrap(), noon);
}

// Broken, an owner could not get its database back, or would get one with a failed write in it.
#[test]
fn the_last_handle_gives_the_database_back() {
    let shared = bank();
    let other = shared.clone();
    let shared = shared.into_inner().unwrap_err();
    drop(other);
    shared.write(|tx| set_balance(tx, 1, 5)).unwrap();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        shared.write(|tx| -> Result<()> {
            set_balance(tx, 1, 6)?;
            panic!("planned: in the last write")
        })
    }));
    assert!(unwound.is_err());
    let mut db = shared.into_inner().unwrap();
    assert_eq!(balance(&db, 1), 5);
    db.transaction(|tx| set_balance(tx, 1, 7)).unwrap();
    assert_eq!(balance(&db, 1), 7);
}

// Broken, printing a handle would print what is in the database, or wait for a writer.
#[test]
fn a_handle_prints_no_value() {
    let shared = bank();
    shared
        .write(|_| {
            assert_eq!(format!("{shared:?}"), "SharedDatabase { .. }");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_handle_goes_to_any_thread() {
    fn goes_anywhere<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    goes_anywhere::<SharedDatabase>();
    goes_anywhere::<relata::SharedDatabase>();
}

// Broken, models would be shared in another way than tables.
#[test]
fn models_are_shared_as_tables_are() {
    let mut models = Models::new();
    models.define_with("Job", |job| {
        job.attribute(Attribute::new("name", DataType::Text))
    });
    let shared = relata::SharedDatabase::new(models.sync().unwrap());
    let create =
        |tx: &mut relata::Transaction<'_>, name: &str| tx.create("Job", values! { name: name });
    let sweep = shared.write(|tx| create(tx, "sweep")).unwrap();
    shared
        .write(|tx| {
            create(tx, "mop")?;
            assert_eq!(
                kind(shared.write(|_| Ok(()))),
                Some(TransactionKind::Reentrant)
            );
            assert_eq!(
                shared.read().find_all("Job")?.as_slice(),
                std::slice::from_ref(&sweep)
            );
            Ok(())
        })
        .unwrap();
    let before = shared.read();
    let mut fork = shared.fork();
    fork.destroy_where("Job", all([])).unwrap();
    let failed: Result<()> = shared.write(|tx| {
        tx.destroy(&sweep)?;
        Err(refusal())
    });
    assert_eq!(failed, Err(refusal()));
    assert_eq!(
        (fork.count("Job"), shared.read().count("Job")),
        (Ok(0), Ok(2))
    );
    shared.write(|tx| tx.destroy(&sweep)).unwrap();
    shared.reset_to(&before).unwrap();
    assert_eq!(shared.into_inner().unwrap().count("Job"), Ok(2));
}
