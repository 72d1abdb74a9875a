//! Inserts that meet rows.

use crate::engine::{Database, OnConflict, Upserted, Upserts};
use crate::error::{ConstraintKind, ErrorKind, RequestKind};
use crate::expr::{all, col};
use crate::schema::{
    Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef, UniqueDef,
};
use crate::value::{DataType, Key, Value};

/// Users with an email and a handle of their own, one of them in charge of each team, and posts that follow the handle.
fn community() -> Database {
    let schema = Schema::builder()
        .table(
            TableDef::new("users")
                .column(
                    ColumnDef::new("id", DataType::Int)
                        .primary_key()
                        .auto_increment(),
                )
                .column(ColumnDef::new("email", DataType::Text).unique())
                .column(ColumnDef::new("handle", DataType::Text))
                .column(
                    ColumnDef::new("visits", DataType::Int)
                        .not_null()
                        .default(1),
                )
                .column(ColumnDef::new("team", DataType::Int))
                .column(ColumnDef::new("in_charge", DataType::Bool).default(false))
                .unique(UniqueDef::new(["handle"]).named("handle"))
                .unique(
                    UniqueDef::new(["team"])
                        .named("charge")
                        .filter(col("in_charge")),
                )
                .check(CheckDef::new("visits_check", col("visits").gt(0))),
        )
        .table(
            TableDef::new("posts")
                .column(ColumnDef::new("id", DataType::Int).primary_key())
                .column(ColumnDef::new("handle", DataType::Text))
                .foreign_key(
                    ForeignKeyDef::new(["handle"])
                        .references("users", ["handle"])
                        .on_delete(Action::Cascade)
                        .on_update(Action::Cascade),
                ),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    for name in ["ada", "bob"] {
        let row = [("email", name.into()), ("handle", Value::from(name))];
        db.insert("users", row).unwrap();
    }
    db.insert("posts", [("id", 1.into()), ("handle", "ada".into())])
        .unwrap();
    db
}

const COLUMNS: [&str; 3] = ["email", "handle", "visits"];

fn user(email: &str, handle: &str, visits: i64) -> [Value; 3] {
    [email.into(), handle.into(), visits.into()]
}

fn named(row: [Value; 3]) -> impl Iterator<Item = (&'static str, Value)> {
    COLUMNS.into_iter().zip(row)
}

fn cells(db: &Database, id: i64) -> [Value; 3] {
    let row = db.get("users", id).unwrap().unwrap();
    COLUMNS.map(|name| row.get(name).unwrap().to_value())
}

fn by_email() -> OnConflict {
    OnConflict::update().by(["email"])
}

const UNIQUE: ErrorKind = ErrorKind::Constraint(ConstraintKind::Unique);
const REPEATED: ErrorKind = ErrorKind::Request(RequestKind::Repeated);

// rules: RI-62, RI-12, RI-73
// Broken, a second row would come for a known email, or the posts would stay with the handle that was given up.
#[test]
fn a_chosen_key_finds_the_row() {
    let mut db = community();
    let updated = db
        .insert_on_conflict("users", named(user("ada", "lovelace", 5)), &by_email())
        .unwrap();
    assert_eq!(updated, Upserted::Updated(Key::from(1)));
    assert_eq!(cells(&db, 1), user("ada", "lovelace", 5));
    let posts = db.filter("posts", &col("handle").eq("lovelace")).unwrap();
    assert_eq!(posts.len(), 1);
    let inserted = db.insert_on_conflict("users", named(user("eve", "eve", 1)), &by_email());
    assert_eq!(inserted.unwrap(), Upserted::Inserted(Key::from(3)));
    // Nothing was drawn for the row that was found.
    let rows = [
        user("ada", "ada", 6),
        user("bob", "bobby", 2),
        user("dan", "dan", 1),
    ];
    let upserts = db.insert_many_on_conflict("users", &COLUMNS, rows, &by_email());
    let expected = Upserts {
        inserted: 1,
        updated: 2,
        skipped: 0,
        by_actions: 1,
    };
    assert_eq!(upserts.unwrap(), expected);
    assert_eq!(cells(&db, 4), user("dan", "dan", 1));
    db.check_integrity().unwrap();
}

// rules: RI-62, RI-60
// Broken, the last of two rows for one user would silently win, or half of the statement would stay.
#[test]
fn one_row_is_addressed_once() {
    let mut db = community();
    let before = db.fingerprint();
    for email in ["ada", "new"] {
        let rows = [
            user("bob", "bob", 9),
            user(email, "x", 1),
            user(email, "y", 2),
        ];
        let error = db
            .insert_many_on_conflict("users", &COLUMNS, rows, &by_email())
            .unwrap_err();
        assert_eq!((error.kind(), error.sqlstate()), (REPEATED, "21000"));
        assert_eq!(db.fingerprint(), before);
    }
    // Left out, a second row is no matter.
    let rows = [
        user("new", "x", 1),
        user("new", "y", 2),
        user("ada", "z", 3),
    ];
    let upserts = db.insert_many_on_conflict("users", &COLUMNS, rows, &OnConflict::skip());
    let upserts = upserts.unwrap();
    assert_eq!(
        (upserts.inserted, upserts.updated, upserts.skipped),
        (1, 0, 2)
    );
    db.check_integrity().unwrap();
}

// rules: RI-62, RI-41
// Broken, a row that is left out would be refused for a check or a null, or an updated one would be judged as if it
// were new.
#[test]
fn what_is_judged() {
    let mut db = community();
    let skip = OnConflict::skip();
    let bad = || [("email", "ada".into()), ("visits", Value::Null)];
    let skipped = db.insert_on_conflict("users", bad(), &skip);
    assert_eq!(skipped.unwrap(), Upserted::Skipped);
    // By the handle, although the email is free.
    let row = named(user("free", "bob", -1));
    assert_eq!(
        db.insert_on_conflict("users", row, &skip).unwrap(),
        Upserted::Skipped
    );
    let by_email = OnConflict::skip().by(["email"]);
    let row = named(user("free", "bob", 1));
    assert_eq!(
        db.insert_on_conflict("users", row, &by_email)
            .unwrap_err()
            .kind(),
        UNIQUE
    );
    let row = named(user("free", "free", 0));
    let refused = db
        .insert_on_conflict("users", row, &skip)
        .unwrap_err()
        .kind();
    assert_eq!(refused, ErrorKind::Constraint(ConstraintKind::Check));
    let before = db.fingerprint();
    let refused = db
        .insert_on_conflict("users", bad(), &self::by_email())
        .unwrap_err();
    assert_eq!(
        refused.kind(),
        ErrorKind::Constraint(ConstraintKind::NotNull)
    );
    // A column that is not written is not missed.
    let row = [("email", Value::from("ada")), ("handle", "ada2".into())];
    db.insert_on_conflict("users", row, &self::by_email())
        .unwrap();
    assert_ne!(db.fingerprint(), before);
    let wrong = [("email", Value::from("ada")), ("visits", "many".into())];
    let refused = db
        .insert_on_conflict("users", wrong, &skip)
        .unwrap_err()
        .kind();
    assert_eq!(refused, ErrorKind::Request(RequestKind::Type));
    db.check_integrity().unwrap();
}

// rules: RI-62
// Broken, replacing a user would delete the old one and take the posts along, or leave old values behind.
#[test]
fn replace_updates_in_place() {
    let mut db = community();
    db.update(
        "users",
        &all([]),
        [("visits", 7.into()), ("team", 3.into())],
    )
    .unwrap();
    let replace = OnConflict::replace().by_key("handle");
    let row = || [("handle", Value::from("ada")), ("email", "new".into())];
    let replaced = db.insert_on_conflict("users", row(), &replace).unwrap();
    assert_eq!(replaced.key(), Some(&Key::from(1)));
    assert_eq!(cells(&db, 1), user("new", "ada", 1));
    assert!(
        db.get("users", 1)
            .unwrap()
            .unwrap()
            .get("team")
            .unwrap()
            .is_null()
    );
    assert_eq!(db.count("posts").unwrap(), 1);
    let only = OnConflict::update().by(["handle"]).only(["visits"]);
    let row = [
        ("handle", "bob".into()),
        ("email", "b".into()),
        ("visits", 9.into()),
    ];
    db.insert_on_conflict("users", row, &only).unwrap();
    assert_eq!(cells(&db, 2), user("bob", "bob", 9));
    db.check_integrity().unwrap();
}

// rules: RI-62, RI-42
// Broken, a key would be taken for free or not depending on the order of the rows, or on how the table is stored.
#[test]
fn unique_keys_are_judged_at_the_end() {
    for indexed in [false, true] {
        let mut db = community();
        if indexed {
            db.update_key("users", 2, [("id", 20.into())]).unwrap();
            db.update_key("users", 20, [("id", 2.into())]).unwrap();
        }
        // The second row takes the handle that the first one needs out of the way.
        let rows = [user("new", "ada", 1), user("ada", "other", 1)];
        db.insert_many_on_conflict("users", &COLUMNS, rows, &by_email())
            .unwrap();
        let columns = ["id", "email"];
        let by_email = OnConflict::update().by(["email"]).only(["id"]);
        let rows = |second: i64| [[Value::from(1), "x".into()], [second.into(), "ada".into()]];
        let refused = db.insert_many_on_conflict("users", &columns, rows(1), &by_email);
        assert_eq!(refused.unwrap_err().kind(), UNIQUE);
        db.insert_many_on_conflict("users", &columns, rows(50), &by_email)
            .unwrap();
        assert_eq!(cells(&db, 50)[0], Value::from("ada"));
        db.check_integrity().unwrap();
    }
}

// rules: RI-62
// Broken, a key with a filter would find a row that takes no part, or a null would find one.
#[test]
fn keys_with_a_filter_and_nulls_decide_for_rows_that_take_part() {
    let mut db = community();
    let row = |email: &'static str, in_charge: bool| {
        let team = ("team", Value::from(1));
        [
            ("email", email.into()),
            team,
            ("in_charge", in_charge.into()),
        ]
    };
    db.insert("users", row("c", false)).unwrap();
    db.insert("users", row("d", true)).unwrap();
    let charge = OnConflict::update().by_key("charge");
    let took_over = db
        .insert_on_conflict("users", row("e", true), &charge)
        .unwrap();
    assert_eq!(took_over, Upserted::Updated(Key::from(4)));
    let plain = db
        .insert_on_conflict("users", row("f", false), &charge)
        .unwrap();
    assert_eq!(plain, Upserted::Inserted(Key::from(5)));
    let skipped = db.insert_on_conflict("users", row("g", true), &OnConflict::skip());
    assert_eq!(skipped.unwrap(), Upserted::Skipped);
    let nobody = [("email", Value::Null), ("handle", "n".into())];
    let inserted = db.insert_on_conflict("users", nobody, &by_email()).unwrap();
    assert!(matches!(inserted, Upserted::Inserted(_)));
    db.check_integrity().unwrap();
}

// rules: RI-62, RI-50
// Broken, a key that two rows may share would decide between them.
#[test]
fn what_cannot_decide_is_refused() {
    let mut db = community();
    let on = |db: &mut Database, on_conflict: OnConflict| {
        let row = [("email", Value::from("ada"))];
        db.insert_on_conflict("users", row, &on_conflict)
            .unwrap_err()
            .kind()
    };
    let unknown = ErrorKind::Request(RequestKind::UnknownConstraint);
    for none in [
        OnConflict::skip().by(["visits"]),
        OnConflict::update().by(["team"]),
        OnConflict::update().by(["email", "handle"]),
        OnConflict::replace().by_key("nothing"),
    ] {
        assert_eq!(on(&mut db, none), unknown);
    }
    let column = OnConflict::update().by(["nothing"]);
    assert_eq!(
        on(&mut db, column),
        ErrorKind::Request(RequestKind::UnknownColumn)
    );
    let twice = OnConflict::update().only(["visits", "visits"]);
    assert_eq!(on(&mut db, twice), REPEATED);
    let waiting = TableDef::new("waiting")
        .column(ColumnDef::new("a", DataType::Int))
        .unique(UniqueDef::new(["a"]).deferrable(Deferral::InitiallyImmediate));
    let mut db = Database::new(Schema::builder().table(waiting).build().unwrap());
    for refused in [OnConflict::skip(), OnConflict::update().by(["a"])] {
        let error = db
            .insert_on_conflict("waiting", [("a", 1.into())], &refused)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
    }
    // A hidden key is nobody's to give.
    db.upsert("waiting", [("a", 1.into())]).unwrap();
    assert_eq!(db.count("waiting").unwrap(), 1);
}

// rules: RI-85, RI-60
// Broken, a panic in the iterator of rows would leave the rows before it.
#[test]
fn a_panic_between_rows_undoes_the_statement() {
    let mut db = community();
    let before = db.fingerprint();
    let mut tx = db.begin();
    let rows = (0..3).map(|position| match position {
        2 => panic!("in the user's iterator"),
        1 => user("ada", "x", 1),
        _ => user("new", "y", 1),
    });
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tx.insert_many_on_conflict("users", &COLUMNS, rows, &by_email())
    }));
    assert!(ran.is_err());
    assert_eq!(tx.fingerprint(), before);
    tx.check_structure().unwrap();
    tx.upsert("users", [("id", 1.into()), ("visits", 3.into())])
        .unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}
