//! SET NULL and SET DEFAULT on some columns of a key.

use crate::engine::Database;
use crate::error::{ConstraintKind, ErrorKind, ProblemKind};
use crate::schema::{Action, ColumnDef, Deferral, ForeignKeyDef, Schema, SchemaBuilder, TableDef};
use crate::value::{DataType, Value};

/// Users and tasks of tenants. Each task has an assignee and a reviewer of its own tenant, and the tenant is never null.
fn tenants(assignee: ForeignKeyDef) -> SchemaBuilder {
    let user_key =
        |column: &str| ForeignKeyDef::new(["tenant", column]).references("users", ["tenant", "id"]);
    let reviewer = user_key("reviewer")
        .on_delete(Action::SetNull)
        .on_delete_columns(["reviewer"])
        .on_update(Action::Cascade);
    Schema::builder()
        .table(
            TableDef::new("users")
                .column(ColumnDef::new("tenant", DataType::Int))
                .column(ColumnDef::new("id", DataType::Int))
                .primary_key(["tenant", "id"]),
        )
        .table(
            TableDef::new("tasks")
                .column(ColumnDef::new("id", DataType::Int).primary_key())
                .column(ColumnDef::new("tenant", DataType::Int).not_null())
                .column(ColumnDef::new("assignee", DataType::Int).default(1))
                .column(ColumnDef::new("reviewer", DataType::Int))
                .foreign_key(assignee)
                .foreign_key(reviewer),
        )
}

fn assignee(on_delete: Action) -> ForeignKeyDef {
    ForeignKeyDef::new(["tenant", "assignee"])
        .references("users", ["tenant", "id"])
        .named("assignee")
        .on_delete(on_delete)
        .on_delete_columns(["assignee"])
        .on_update(Action::Cascade)
}

/// Users 1 to 3 of tenant 7; one task of users 2 and 3.
fn filled(assignee: ForeignKeyDef) -> Database {
    let mut db = Database::new(tenants(assignee).build().unwrap());
    for id in 1..=3 {
        let user = [("tenant", Value::from(7)), ("id", Value::from(id))];
        db.insert("users", user).unwrap();
    }
    task(&mut db, 1, 2, 3).unwrap();
    db
}

fn task(db: &mut Database, id: i64, assignee: i64, reviewer: i64) -> crate::error::Result<()> {
    let columns = [
        ("id", Value::from(id)),
        ("tenant", Value::from(7)),
        ("assignee", Value::from(assignee)),
        ("reviewer", Value::from(reviewer)),
    ];
    db.insert("tasks", columns).map(drop)
}

fn user(id: i64) -> Vec<Value> {
    vec![7.into(), id.into()]
}

fn first_task(db: &Database) -> [Value; 3] {
    let row = db.get("tasks", 1).unwrap().unwrap();
    ["tenant", "assignee", "reviewer"].map(|name| row.get(name).unwrap().to_value())
}

// rules: RI-24, RI-35, RI-2
// Broken, a task would lose its tenant and with it its reviewer, or the delete would be refused.
#[test]
fn set_null_leaves_the_shared_column_alone() {
    let mut db = filled(assignee(Action::SetNull));
    db.delete("users", &crate::expr::col("id").eq(2)).unwrap();
    assert_eq!(first_task(&db), [7.into(), Value::Null, 3.into()]);
    db.check_integrity().unwrap();
    assert_eq!(db.children_of("assignee", user(1)).unwrap().len(), 0);
    // Both go in one statement, each letting go of its own column.
    db.delete("users", &crate::expr::col("id").gt(1)).unwrap();
    assert_eq!(first_task(&db), [7.into(), Value::Null, Value::Null]);
    db.check_integrity().unwrap();
}

// rules: RI-24, RI-23
// Broken, the task would not go over to the default user of its tenant, or go to one that is not there.
#[test]
fn set_default_writes_the_chosen_column() {
    let mut db = filled(assignee(Action::SetDefault));
    db.delete_key("users", user(2)).unwrap();
    assert_eq!(first_task(&db), [7.into(), 1.into(), 3.into()]);
    assert_eq!(db.children_of("assignee", user(1)).unwrap().len(), 1);
    let before = db.fingerprint();
    let error = db.delete_key("users", user(1)).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Constraint(ConstraintKind::Reference)
    );
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
}

// rules: RI-24, RI-51
// Broken, the chosen columns would also be those of an update, which writes all of them.
#[test]
fn an_update_writes_all_columns() {
    let mut db = filled(
        assignee(Action::SetNull)
            .on_update(Action::Cascade)
            .deferrable(Deferral::InitiallyDeferred),
    );
    db.update("users", &crate::expr::all([]), [("tenant", 8.into())])
        .unwrap();
    assert_eq!(first_task(&db), [8.into(), 2.into(), 3.into()]);
    db.check_integrity().unwrap();
}

// rules: RI-24, RI-22, RI-90
// Broken, an action that can never succeed, or that writes to a column of no key, could be declared.
#[test]
fn chosen_columns_are_looked_at_when_declared() {
    let refused = |assignee: ForeignKeyDef| {
        let error = tenants(assignee).build().unwrap_err();
        let problems = &error.as_declaration().unwrap().problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].kind
    };
    let with = |action: Action, columns: &[&str]| {
        assignee(action).on_delete_columns(columns.iter().copied())
    };
    assert_eq!(
        refused(with(Action::Cascade, &["assignee"])),
        ProblemKind::Action
    );
    assert_eq!(
        refused(with(Action::SetNull, &["tenant"])),
        ProblemKind::Action
    );
    assert_eq!(
        refused(with(Action::SetNull, &["reviewer"])),
        ProblemKind::Key
    );
    assert_eq!(
        refused(with(Action::SetNull, &["nothing"])),
        ProblemKind::Unknown
    );
    assert_eq!(refused(with(Action::SetNull, &[])), ProblemKind::Key);
}
