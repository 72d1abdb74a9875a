//! Each limit, at its figure and one beyond: the error that names it, and nothing changed.

use super::blog;
use crate::engine::{Database, Limits, Transaction};
use crate::error::{Error, Limit, RequestKind, Result, TransactionKind};
use crate::expr::{all, col};
use crate::schema::{
    Action, ColumnDef, ForeignKeyDef, IndexDef, Schema, SchemaBuilder, SchemaChange, TableDef,
    UniqueDef,
};
use crate::value::{DataType, Json, Value};

fn limited(on_delete: Action, limits: Limits) -> Database {
    let mut db = blog(on_delete);
    let mail = Value::from("ada");
    db.insert("authors", [("email", mail)]).unwrap();
    for title in ["a", "b", "c"] {
        let row = [("title", title.into()), ("author_id", 1.into())];
        db.insert("posts", row).unwrap();
    }
    db.set_limits(limits);
    db
}

/// Runs a statement that is to be refused by a limit, and asserts that it left nothing behind.
fn assert_refused<T: std::fmt::Debug>(
    db: &mut Database,
    limit: Limit,
    statement: impl Fn(&mut Transaction<'_>) -> Result<T>,
) -> Error {
    let mut tx = db.begin();
    tx.update_key("posts", 1, [("score", Value::from(7))])
        .unwrap();
    let before = (tx.fingerprint(), tx.changes());
    let error = statement(&mut tx).unwrap_err();
    assert_eq!(error.limit(), Some(limit), "{error}");
    assert_eq!((tx.fingerprint(), tx.changes()), before);
    tx.check_structure().unwrap();
    tx.update_key("posts", 2, [("score", Value::from(8))])
        .unwrap();
    tx.rollback();
    db.check_integrity().unwrap();
    error
}

// Broken, a test of somebody else's limits would find other defaults than it was told of.
#[test]
fn the_defaults_are_those_that_are_promised() {
    let limits = Limits {
        value_bytes_max: 64 * 1_024 * 1_024,
        rows_changed_max: 10_000_000,
        transaction_bytes_max: 8 * 1_024 * 1_024 * 1_024,
        savepoints_max: 1_024,
    };
    assert_eq!(Limits::default(), limits);
    assert_eq!(blog(Action::Cascade).limits(), limits);
}

// rules: BY-14
// Broken, a fork would take what its origin refuses.
#[test]
fn forks_have_the_same_limits() {
    let limits = Limits {
        rows_changed_max: 2,
        ..Limits::default()
    };
    let mut fork = limited(Action::Cascade, limits).fork();
    assert_eq!(fork.limits(), limits);
    assert_refused(&mut fork, Limit::RowsChanged, |tx| {
        tx.delete("posts", &all([]))
    });
}

// Broken, one row could hold a document that fills the memory, by whichever statement it comes.
#[test]
fn a_value_is_at_most_so_long() {
    let bytes = Schema::builder().table(
        TableDef::new("posts")
            .column(ColumnDef::new("id", DataType::Int).primary_key())
            .column(ColumnDef::new("score", DataType::Int))
            .column(ColumnDef::new("text", DataType::Text))
            .column(ColumnDef::new("bytes", DataType::Bytes))
            .column(ColumnDef::new("json", DataType::Json)),
    );
    let mut db = Database::new(bytes.build().unwrap());
    let max = 1_000;
    db.set_limits(Limits {
        value_bytes_max: max,
        ..Limits::default()
    });
    let none: [(&str, Value); 0] = [];
    for id in [1, 2] {
        let row = [("id", Value::from(id))].into_iter().chain(none.clone());
        db.insert("posts", row).unwrap();
    }
    let json =
        |length: usize| Json::from_canonical(format!("\"{}\"", "a".repeat(length - 2)).into());
    type Make<'a> = Box<dyn Fn(usize) -> Value + 'a>;
    let kinds: [(&str, Make<'_>); 3] = [
        ("text", Box::new(|length| "a".repeat(length).into())),
        (
            "bytes",
            Box::new(|length| Value::Bytes(vec![0; length].into())),
        ),
        ("json", Box::new(|length| Value::Json(json(length)))),
    ];
    for (column, make) in kinds {
        let row = |id: i64, length| [("id", Value::from(id)), (column, make(length))];
        db.update_key("posts", 1, [(column, make(max))]).unwrap();
        db.upsert("posts", row(3, max)).unwrap();
        db.upsert("posts", row(3, max)).unwrap();
        db.delete_key("posts", 3).unwrap();
        let over = assert_refused(&mut db, Limit::ValueBytes, |tx| {
            tx.update_key("posts", 1, [(column, make(max + 1))])
        });
        assert_eq!(
            over.to_string(),
            format!("posts: a value of column {column} has more than 1000 bytes")
        );
        let kind = over.as_request().unwrap().kind;
        assert_eq!(kind, RequestKind::Limit(Limit::ValueBytes));
        for id in [1, 3] {
            assert_refused(&mut db, Limit::ValueBytes, |tx| {
                tx.upsert("posts", row(id, max + 1))
            });
        }
        assert_refused(&mut db, Limit::ValueBytes, |tx| {
            let rows = [[3.into(), make(max)], [4.into(), make(max + 1)]];
            tx.insert_many("posts", &["id", column], rows)
        });
        assert_refused(&mut db, Limit::ValueBytes, |tx| {
            tx.update_with("posts", &col("id").eq(2), |_| {
                Ok(vec![(column, make(max + 1))])
            })
        });
    }
}

// Broken, changes of a database with other limits would bring in what this one refuses.
#[test]
fn a_value_that_changes_bring_has_the_same_limit() {
    let mut db = limited(Action::Cascade, Limits::default());
    let mut other = db.fork();
    let mut tx = other.begin();
    tx.update_key("posts", 1, [("title", Value::from("a".repeat(51)))])
        .unwrap();
    let changes = tx.commit_with_changes().unwrap();
    let limits = |value_bytes_max| Limits {
        value_bytes_max,
        ..Limits::default()
    };
    db.set_limits(limits(50));
    // The transaction around it writes posts itself, so the changes would be in conflict there.
    let before = db.fingerprint();
    assert_eq!(
        db.apply(&changes).unwrap_err().limit(),
        Some(Limit::ValueBytes)
    );
    assert_eq!(db.fingerprint(), before);
    db.set_limits(limits(51));
    db.apply(&changes).unwrap();
    assert_eq!(db.fingerprint(), other.fingerprint());
}

// rules: RI-20, RI-22
// Broken, one statement could cascade through the memory.
#[test]
fn a_statement_changes_at_most_so_many_rows() {
    for on_delete in [Action::Cascade, Action::SetNull] {
        for max in 0..4 {
            let limits = Limits {
                rows_changed_max: max,
                ..Limits::default()
            };
            let mut db = limited(on_delete, limits);
            db.set_limits(Limits {
                rows_changed_max: max.max(1),
                ..limits
            });
            assert_refused(&mut db, Limit::RowsChanged, |tx| {
                tx.delete_key("authors", 1)
            });
        }
        let limits = Limits {
            rows_changed_max: 4,
            ..Limits::default()
        };
        limited(on_delete, limits).delete_key("authors", 1).unwrap();
    }
    let limits = Limits {
        rows_changed_max: 2,
        ..Limits::default()
    };
    let mut db = limited(Action::Cascade, limits);
    let rows = |count: i32| (0..count).map(|_| [Value::from("t")]);
    assert_refused(&mut db, Limit::RowsChanged, |tx| {
        tx.insert_many("posts", &["title"], rows(3))
    });
    db.insert_many("posts", &["title"], rows(2)).unwrap();
}

// Broken, a transaction could keep the way back of any number of rows.
#[test]
fn the_way_back_takes_at_most_so_many_bytes() {
    let limits = |transaction_bytes_max| Limits {
        transaction_bytes_max,
        ..Limits::default()
    };
    let mut db = limited(Action::Cascade, Limits::default());
    let text = Value::from("a".repeat(10_000));
    db.update("posts", &all([]), [("title", text.clone())])
        .unwrap();
    let write =
        |tx: &mut Transaction<'_>| tx.update("posts", &all([]), [("title", Value::from("short"))]);
    // What two writes take: the first is the one that `assert_refused` does before.
    let mut tx = db.begin();
    tx.update_key("posts", 1, [("score", Value::from(7))])
        .unwrap();
    write(&mut tx).unwrap();
    let bytes = tx.way_back_bytes();
    assert!((40_000..42_000).contains(&bytes), "{bytes} bytes");
    tx.rollback();
    db.set_limits(limits(bytes - 1));
    let error = assert_refused(&mut db, Limit::TransactionBytes, write);
    assert_eq!(error.sqlstate(), "53400");
    db.set_limits(limits(bytes));
    let mut tx = db.begin();
    tx.update_key("posts", 1, [("score", Value::from(7))])
        .unwrap();
    write(&mut tx).unwrap();
    // A savepoint gives the bytes back.
    drop(tx);
    db.set_limits(limits(bytes / 2));
    let mut tx = db.begin();
    for _ in 0..3 {
        let savepoint = tx.savepoint().unwrap();
        tx.update_key("posts", 1, [("title", Value::from("short"))])
            .unwrap();
        tx.rollback_to(savepoint).unwrap();
        tx.release(savepoint).unwrap();
    }
}

// Broken, edges that a cascade links anew would be kept beyond the limit.
#[test]
fn the_edges_of_a_statement_count_too() {
    let mut db = limited(Action::Cascade, Limits::default());
    db.insert("authors", []).unwrap();
    let mut tx = db.begin();
    tx.update("posts", &all([]), [("author_id", Value::from(2))])
        .unwrap();
    let bytes = tx.way_back_bytes();
    tx.rollback();
    db.set_limits(Limits {
        transaction_bytes_max: bytes - 1,
        ..Limits::default()
    });
    let before = db.fingerprint();
    let refused = db.update("posts", &all([]), [("author_id", Value::from(2))]);
    assert_eq!(refused.unwrap_err().limit(), Some(Limit::TransactionBytes));
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
}

// rules: RI-84
// Broken, a loop that forgets to release its savepoints would be noticed by the memory alone.
#[test]
fn so_many_savepoints_are_open_at_once() {
    let limits = Limits {
        savepoints_max: 3,
        ..Limits::default()
    };
    let mut db = limited(Action::Cascade, limits);
    let error = assert_refused(&mut db, Limit::Savepoints, |tx| {
        tx.atomically(|tx| {
            tx.savepoint()?;
            tx.update_key("posts", 3, [("score", Value::from(9))])?;
            tx.savepoint()?;
            tx.savepoint()
        })
    });
    assert_eq!(
        error.to_string(),
        "a transaction has more than 3 savepoints open"
    );
    let mut tx = db.begin();
    let first = tx.savepoint().unwrap();
    for _ in 0..2 {
        tx.savepoint().unwrap();
    }
    assert!(tx.savepoint().is_err());
    tx.rollback_to(first).unwrap();
    tx.savepoint().unwrap();
    tx.release(first).unwrap();
    for _ in 0..3 {
        tx.savepoint().unwrap();
    }
    drop(tx);
    assert!(db.begin().savepoint().is_ok());
}

// Broken, a sequence would start over and meet its own keys.
#[test]
fn a_sequence_ends() {
    let mut db = limited(Action::Cascade, Limits::default());
    let row = |id: i64| [("id", Value::from(id)), ("title", "t".into())];
    db.insert("posts", row(i64::MAX - 1)).unwrap();
    let error = assert_refused(&mut db, Limit::Sequence, |tx| {
        tx.insert("posts", [("title", Value::from("t"))])
    });
    let Error::Transaction(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind, TransactionKind::Limit(Limit::Sequence));
}

// rules: RI-90
// Broken, a declaration would be larger than what rows and their heads are laid out for.
#[test]
fn declarations_have_limits_by_name() {
    let int = |number: usize| ColumnDef::new(format!("c{number}"), DataType::Int);
    let wide = || {
        (0..1_024).fold(TableDef::new("t"), |table, number| {
            table.column(int(number))
        })
    };
    let names = |count| (0..count).map(|number: usize| format!("c{number}"));
    type Declare = fn(TableDef, usize) -> TableDef;
    let sorts: [Declare; 3] = [
        |table, number| {
            table.unique(UniqueDef::new([format!("c{number}")]).named(format!("u{number}")))
        },
        |table, number| {
            table.index(IndexDef::new([format!("c{number}")]).named(format!("i{number}")))
        },
        |table, number| {
            let key = ForeignKeyDef::new([format!("c{number}")]).references("t", ["c0"]);
            table.foreign_key(key.named(format!("f{number}")))
        },
    ];
    let limit_of = |table: TableDef| {
        let built = Schema::builder().table(table).build();
        built.err().and_then(|error| error.limit())
    };
    assert_eq!(limit_of(wide()), None);
    assert_eq!(limit_of(wide().column(int(1_024))), Some(Limit::Columns));
    assert_eq!(limit_of(wide().primary_key(names(32))), None);
    assert_eq!(
        limit_of(wide().primary_key(names(33))),
        Some(Limit::KeyColumns)
    );
    assert_eq!(
        limit_of(wide().index(IndexDef::new(names(33)))),
        Some(Limit::KeyColumns)
    );
    for declare in sorts {
        let table = wide().primary_key(names(1));
        let full = (0..1_024).fold(table, declare);
        assert_eq!(limit_of(full.clone()), None);
        let over = declare(full.column(int(1_024)), 1_024);
        assert_eq!(limit_of(over), Some(Limit::Columns));
    }
    let constraints = (0..1_025).fold(wide().primary_key(names(1)), |table, number| {
        table.index(IndexDef::new(["c1"]).named(format!("i{number}")))
    });
    assert_eq!(limit_of(constraints), Some(Limit::Constraints));
}

// rules: RI-23
// Broken, SET DEFAULT would write a value that no statement may.
#[test]
fn a_default_is_no_longer_than_a_value_may_be() {
    let table = |length| {
        let text = ColumnDef::new("text", DataType::Text).default("a".repeat(length));
        Schema::builder().table(TableDef::new("t").column(text))
    };
    let max = Limits::default().value_bytes_max;
    assert!(table(max).build().is_ok());
    let refused = table(max + 1).build().unwrap_err();
    assert_eq!(refused.limit(), Some(Limit::ValueBytes));
}

// rules: RI-90
// Broken, a table as wide as it may be, and without a key of its own, would end the program of whoever makes it.
#[test]
fn the_widest_table_has_room_for_a_hidden_key() {
    let texts = (0..1_024).map(|number| ColumnDef::new(format!("c{number}"), DataType::Text));
    let wide = texts.fold(TableDef::new("wide"), TableDef::column);
    let mut db = Database::new(Schema::builder().table(wide).build().unwrap());
    db.insert("wide", [("c0", "first".into()), ("c1023", "last".into())])
        .unwrap();
    let row = db.rows("wide").unwrap().next().unwrap();
    assert_eq!(row.get("c1023").unwrap().as_str(), Some("last"));
    assert!(row.get("c1022").unwrap().is_null());
    db.check_integrity().unwrap();
}

/// A table with so many columns, of which the first refers to the table as often as is asked.
fn wide(columns: usize, foreign_keys: usize) -> TableDef {
    let columns = (0..columns).map(|number| ColumnDef::new(format!("c{number}"), DataType::Int));
    let table = columns.fold(TableDef::new("wide"), TableDef::column);
    (0..foreign_keys).fold(table.unique(UniqueDef::new(["c0"])), |table, number| {
        let key = ForeignKeyDef::new([format!("c{number}")]).references("wide", ["c0"]);
        table.foreign_key(key.named(format!("f{number}")))
    })
}

// rules: RI-90, RI-93
// Broken, tables and columns that come later would go over what a declaration may have.
#[test]
fn schema_changes_have_the_limits_of_declarations() {
    let table = |name: &str| TableDef::new(name).column(ColumnDef::new("c", DataType::Int));
    let named = (0..4_095).map(|number| table(&format!("t{number}")));
    let tables = named.chain([wide(1_023, 1_023)]);
    let schema = tables.fold(Schema::builder(), SchemaBuilder::table);
    let mut db = Database::new(schema.build().unwrap());
    let mut tx = db.begin();
    let column = |name: &str| SchemaChange::add_column("wide", ColumnDef::new(name, DataType::Int));
    let foreign_key = |name: &str| {
        let key = ForeignKeyDef::new(["last"]).references("wide", ["c0"]);
        SchemaChange::add_foreign_key("wide", key.named(name))
    };
    tx.change_schema(&column("last")).unwrap();
    tx.change_schema(&foreign_key("last_key")).unwrap();
    for (change, limit) in [
        (SchemaChange::add_table(table("more")), Limit::Tables),
        (column("more"), Limit::Columns),
        (foreign_key("one_more_key"), Limit::Constraints),
    ] {
        let before = tx.fingerprint();
        let error = tx.change_schema(&change).unwrap_err();
        assert_eq!(error.limit(), Some(limit), "{error}");
        assert_eq!(tx.fingerprint(), before);
    }
    tx.insert("wide", [("c0", 1.into()), ("last", 1.into())])
        .unwrap();
    tx.change_schema(&SchemaChange::drop_table("t0")).unwrap();
    let again = SchemaChange::add_table(table("t0"));
    tx.change_schema(&again).unwrap();
    tx.check_structure().unwrap();
}
