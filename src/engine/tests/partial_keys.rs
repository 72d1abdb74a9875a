//! Unique keys that only some rows take part in.

use std::sync::Arc;

use crate::engine::Database;
use crate::error::{ConstraintKind, ErrorKind, ProblemKind};
use crate::expr::{Expr, all, col};
use crate::schema::{
    ColumnDef, Deferral, ForeignKeyDef, Schema, SchemaBuilder, TableDef, UniqueDef,
};
use crate::value::{DataType, Key, Value};

/// One default address for each user, and any number of others; one place for each level of those that count.
fn addresses(unique: UniqueDef) -> SchemaBuilder {
    Schema::builder().table(
        TableDef::new("addresses")
            .column(
                ColumnDef::new("id", DataType::Int)
                    .primary_key()
                    .auto_increment(),
            )
            .column(ColumnDef::new("user_id", DataType::Int))
            .column(ColumnDef::new("is_default", DataType::Bool))
            .column(ColumnDef::new("level", DataType::Int).default(0))
            .unique(unique),
    )
}

fn by_user() -> UniqueDef {
    UniqueDef::new(["user_id"])
        .named("one_default")
        .filter(col("is_default").and(col("level").ge(0)))
}

fn filled() -> Database {
    let mut db = Database::new(addresses(by_user()).build().unwrap());
    // The third and fourth take no part: false, and unknown.
    for (user, is_default) in [
        (1, Value::from(true)),
        (2, Value::from(true)),
        (1, Value::from(false)),
        (1, Value::Null),
    ] {
        let row = [("user_id", Value::from(user)), ("is_default", is_default)];
        db.insert("addresses", row).unwrap();
    }
    db.check_integrity().unwrap();
    db
}

const UNIQUE: ErrorKind = ErrorKind::Constraint(ConstraintKind::Unique);

fn everything() -> Expr {
    all([])
}

// rules: RI-42, RI-43, RI-71
// Broken, a second default address would pass, or a plain one would collide with the default.
#[test]
fn only_rows_that_take_part_collide() {
    let mut db = filled();
    let before = db.fingerprint();
    let row = [("user_id", 1.into()), ("is_default", true.into())];
    let error = db.insert("addresses", row).unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(
        (
            details.kind,
            details.constraint.as_str(),
            &details.values[..]
        ),
        (ConstraintKind::Unique, "one_default", &[Value::from(1)][..])
    );
    let other = details.other.as_ref().and_then(|other| other.key.clone());
    assert_eq!(other, Some(Key::from(1)));
    assert_eq!(db.fingerprint(), before);
    // A null in the key keeps a row out of any unique key.
    for _ in 0..2 {
        db.insert("addresses", [("is_default", true.into())])
            .unwrap();
    }
    db.check_integrity().unwrap();
}

// rules: RI-41, RI-42
// Broken, a row that became the default would not collide, or one that ceased to be it would still stand in the way.
#[test]
fn updates_move_rows_in_and_out() {
    let mut db = filled();
    let set = |value: bool| [("is_default", Value::from(value))];
    assert_eq!(
        db.update_key("addresses", 3, set(true)).unwrap_err().kind(),
        UNIQUE
    );
    let mut tx = db.begin();
    let savepoint = tx.savepoint().unwrap();
    tx.update_key("addresses", 1, set(false)).unwrap();
    tx.update_key("addresses", 3, set(true)).unwrap();
    tx.check_structure().unwrap();
    tx.rollback_to(savepoint).unwrap();
    tx.check_structure().unwrap();
    // A column that only the filter looks at.
    tx.update_key("addresses", 1, [("level", (-1).into())])
        .unwrap();
    tx.update_key("addresses", 4, set(true)).unwrap();
    let level = tx.update_key("addresses", 1, [("level", 0.into())]);
    assert_eq!(level.unwrap_err().kind(), UNIQUE);
    tx.check_structure().unwrap();
    tx.delete_key("addresses", 4).unwrap();
    tx.update_key("addresses", 1, [("level", 0.into())])
        .unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
    // One statement may exchange who is the default.
    db.update_with("addresses", &col("user_id").eq(1), |row| {
        let was = row.get("is_default")?.as_bool().unwrap_or(false);
        Ok(vec![("is_default", (!was).into())])
    })
    .unwrap();
    assert_eq!(
        db.update("addresses", &everything(), set(true))
            .unwrap_err()
            .kind(),
        UNIQUE
    );
    db.check_integrity().unwrap();
}

// rules: RI-90
// Broken, a key could be declared that no PostgreSQL has, or a reference to a row that takes no part would be lost.
#[test]
fn what_no_partial_key_can_be() {
    let refused = |schema: SchemaBuilder| {
        let error = schema.build().unwrap_err();
        let problems = &error.as_declaration().unwrap().problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].kind
    };
    let child = TableDef::new("parcels")
        .column(ColumnDef::new("user_id", DataType::Int))
        .foreign_key(ForeignKeyDef::new(["user_id"]).references("addresses", ["user_id"]));
    assert_eq!(
        refused(addresses(by_user()).table(child)),
        ProblemKind::NotUnique
    );
    let waiting = by_user().deferrable(Deferral::InitiallyDeferred);
    assert_eq!(refused(addresses(waiting)), ProblemKind::Unsupported);
    let closure = Expr::function("f", "f", ["level"], Arc::new(|_| Some(true)));
    assert_eq!(
        refused(addresses(by_user().filter(closure))),
        ProblemKind::Unsupported
    );
    assert_eq!(
        refused(addresses(by_user().filter(col("nothing")))),
        ProblemKind::Unknown
    );
    assert_eq!(
        refused(addresses(by_user().filter(col("level")))),
        ProblemKind::Type
    );
    // Two unnamed ones over the same columns are two keys.
    let unnamed = UniqueDef::new(["user_id"]).filter(col("is_default"));
    let schema = addresses(unnamed).build().unwrap();
    assert_eq!(schema.tables()[0].keys.len(), 2);
}
