//! Guarded foreign keys: owners in one of several tables, one behaviour each.

use crate::engine::Database;
use crate::error::{ConstraintKind, ErrorKind, ProblemKind};
use crate::expr::{all, col};
use crate::schema::{
    Action, ColumnDef, Deferral, ForeignKeyDef, OwnerDef, Schema, SchemaBuilder, TableDef,
};
use crate::value::{DataType, Value};

const REFERENCE: ErrorKind = ErrorKind::Constraint(ConstraintKind::Reference);
const RESTRICT: ErrorKind = ErrorKind::Constraint(ConstraintKind::Restrict);
const CHECK: ErrorKind = ErrorKind::Constraint(ConstraintKind::Check);

fn owner(on_delete: Action, on_update: Action) -> OwnerDef {
    OwnerDef::new("type", ["owner"])
        .one_of("post", "posts", ["id"])
        .one_of("image", "images", ["id"])
        .on_delete(on_delete)
        .on_update(on_update)
}

fn declared(owner: OwnerDef) -> SchemaBuilder {
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    let table = |name: &str| TableDef::new(name).column(int("id").primary_key());
    Schema::builder()
        .table(
            table("comments")
                .column(ColumnDef::new("type", DataType::Text).default("image"))
                .column(int("owner").default(3))
                .column(int("rank").default(0))
                .owner(owner),
        )
        .table(table("posts"))
        .table(table("images"))
}

/// Posts and images 1 to 3, and on each of 1 and 2 of either a comment: 11, 12 on posts, 21, 22 on images.
fn filled(owner: OwnerDef) -> Database {
    let mut db = Database::new(declared(owner).build().unwrap());
    for table in ["posts", "images"] {
        db.insert_many(table, &["id"], (1_i64..=3).map(|id| [Value::from(id)]))
            .unwrap();
    }
    for (base, kind) in [(10, "post"), (20, "image")] {
        for id in 1..=2 {
            comment(&mut db, base + id, kind, id).unwrap();
        }
    }
    db.check_integrity().unwrap();
    db
}

fn comment(
    db: &mut Database,
    id: i64,
    kind: impl Into<Value>,
    owner: impl Into<Value>,
) -> Result<(), ErrorKind> {
    let row = [
        ("id", id.into()),
        ("type", kind.into()),
        ("owner", owner.into()),
    ];
    db.insert("comments", row)
        .map(drop)
        .map_err(|error| error.kind())
}

/// What a comment says of its owner.
fn owned(db: &Database, id: i64) -> (Option<String>, Option<i64>) {
    let row = db.get("comments", id).unwrap().unwrap();
    let kind = row.get("type").unwrap().as_str().map(str::to_owned);
    (kind, row.get("owner").unwrap().as_int())
}

fn post(id: i64) -> (Option<String>, Option<i64>) {
    (Some("post".to_owned()), Some(id))
}

fn image(id: i64) -> (Option<String>, Option<i64>) {
    (Some("image".to_owned()), Some(id))
}

// rules: BY-11, RI-1, RI-2
// Broken, a comment could stand on a post that only exists as an image, or be refused where it names no owner.
#[test]
fn an_owner_is_looked_for_where_the_type_says() {
    let mut db = filled(owner(Action::NoAction, Action::NoAction));
    db.insert("images", [("id", 9.into())]).unwrap();
    assert_eq!(comment(&mut db, 31, "post", 9), Err(REFERENCE));
    assert_eq!(comment(&mut db, 32, "image", 9), Ok(()));
    assert_eq!(comment(&mut db, 33, Value::Null, 77), Ok(()));
    assert_eq!(comment(&mut db, 34, "post", Value::Null), Ok(()));
    assert_eq!(comment(&mut db, 35, "video", 1), Err(CHECK));
    let error = db.insert(
        "comments",
        [
            ("id", 36.into()),
            ("type", "post".into()),
            ("owner", 9.into()),
        ],
    );
    let error = error.unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(details.constraint, "comments_owner_posts_fkey");
    assert_eq!(details.other.as_ref().unwrap().table, "posts");
    let under = |key: &str, owner: i64| db.children_of(key, owner).unwrap().len();
    assert_eq!(under("comments_owner_images_fkey", 9), 1);
    assert_eq!(under("comments_owner_posts_fkey", 1), 1);
    db.check_integrity().unwrap();
}

// rules: BY-11, RI-20
// Broken, comments of an image would go with the post of the same number.
#[test]
fn cascade_takes_comments_of_the_deleted_kind_alone() {
    let mut db = filled(owner(Action::Cascade, Action::NoAction));
    assert_eq!(db.delete_key("posts", 1).unwrap().by_actions, 1);
    assert!(db.get("comments", 11).unwrap().is_none());
    assert_eq!((owned(&db, 12), owned(&db, 21)), (post(2), image(1)));
    db.check_integrity().unwrap();
}

// rules: BY-11, RI-22
// Broken, a comment would keep the type of an owner that it no longer has.
#[test]
fn set_null_clears_type_and_id() {
    let mut db = filled(owner(Action::SetNull, Action::SetNull));
    db.delete_key("posts", 1).unwrap();
    db.update_key("images", 2, [("id", 8.into())]).unwrap();
    assert_eq!(owned(&db, 11), (None, None));
    assert_eq!(owned(&db, 22), (None, None));
    assert_eq!((owned(&db, 12), owned(&db, 21)), (post(2), image(1)));
    db.check_integrity().unwrap();
}

// rules: BY-11, RI-23
// Broken, the default id would be looked for among the old kind, or not at all.
#[test]
fn set_default_gives_the_default_owner_of_the_default_type() {
    let mut db = filled(owner(Action::SetDefault, Action::NoAction));
    db.delete_key("posts", 1).unwrap();
    assert_eq!(owned(&db, 11), image(3));
    let children = db.children_of("comments_owner_images_fkey", 3).unwrap();
    assert_eq!(children.len(), 1);
    db.check_integrity().unwrap();
    // The default owner goes: its comments are given to the one that went.
    let error = db.delete_key("images", 3).unwrap_err();
    assert_eq!(error.kind(), REFERENCE);
    db.check_integrity().unwrap();
}

// rules: BY-11, RI-11, RI-13
// Broken, an image's comment would keep a post from going, or a post's comment would not.
#[test]
fn only_comments_of_its_kind_hold_an_owner() {
    for (action, refusal) in [(Action::NoAction, REFERENCE), (Action::Restrict, RESTRICT)] {
        let mut db = filled(owner(action, action));
        db.delete_key("comments", 11).unwrap();
        db.delete_key("posts", 1).unwrap();
        db.update_key("posts", 3, [("id", 7.into())]).unwrap();
        let refused = db.delete_key("posts", 2).unwrap_err();
        assert_eq!(refused.kind(), refusal);
        let refused = db.update_key("images", 1, [("id", 7.into())]);
        assert_eq!(refused.unwrap_err().kind(), refusal);
        db.check_integrity().unwrap();
    }
}

// rules: BY-11, RI-21, RI-19
// Broken, a renumbered post would leave its comments behind, or take those of an image along.
#[test]
fn cascade_on_update_writes_the_id_alone() {
    let mut db = filled(owner(Action::NoAction, Action::Cascade));
    db.update_with("posts", &all([]), |row| {
        Ok(vec![(
            "id",
            Value::from(4 - row.get("id")?.as_int().unwrap()),
        )])
    })
    .unwrap();
    assert_eq!((owned(&db, 11), owned(&db, 12)), (post(3), post(2)));
    assert_eq!((owned(&db, 21), owned(&db, 22)), (image(1), image(2)));
    db.check_integrity().unwrap();
}

// rules: BY-11, RI-3, RI-12
// Broken, a comment given to an image would still go with the post that it stood on.
#[test]
fn a_change_of_the_type_is_a_change_of_the_key() {
    let mut db = filled(owner(Action::Cascade, Action::NoAction));
    db.delete_key("images", 1).unwrap();
    let to_image = [("type", Value::from("image"))];
    let error = db.update_key("comments", 11, to_image.clone());
    assert_eq!(error.unwrap_err().kind(), REFERENCE);
    assert_eq!(owned(&db, 11), post(1));
    db.update_key("comments", 12, to_image).unwrap();
    db.delete_key("posts", 2).unwrap();
    assert_eq!(owned(&db, 12), image(2));
    db.check_integrity().unwrap();
    // Out of any kind, and back in.
    db.update_key("comments", 12, [("type", Value::Null)])
        .unwrap();
    db.update_key(
        "comments",
        12,
        [("type", "image".into()), ("rank", 1.into())],
    )
    .unwrap();
    assert_eq!(db.delete_key("images", 2).unwrap().by_actions, 2);
    db.check_integrity().unwrap();
}

// rules: BY-11, RI-50, RI-53, RI-54
// Broken, a comment that gave up its missing owner would still fail the commit, or a savepoint would forget it.
#[test]
fn what_waits_for_commit_is_forgotten_when_the_guard_is_no_longer_true() {
    let mut db =
        filled(owner(Action::NoAction, Action::NoAction).deferrable(Deferral::InitiallyDeferred));
    let before = db.fingerprint();
    let mut tx = db.begin();
    let row = [
        ("id", 41.into()),
        ("type", "post".into()),
        ("owner", 50.into()),
    ];
    tx.insert("comments", row).unwrap();
    tx.delete_key("posts", 1).unwrap();
    let savepoint = tx.savepoint().unwrap();
    let pending = |tx: &crate::engine::Transaction<'_>| {
        let error = tx.check_deferred().unwrap_err();
        error.as_constraint().unwrap().row.clone().unwrap()[0].clone()
    };
    assert_eq!(pending(&tx), Value::from(11));
    tx.update_key("comments", 11, [("type", Value::Null)])
        .unwrap();
    assert_eq!(pending(&tx), Value::from(41));
    tx.update_key("comments", 41, [("type", "image".into())])
        .unwrap();
    tx.check_structure().unwrap();
    tx.rollback_to(savepoint).unwrap();
    tx.check_structure().unwrap();
    assert_eq!(pending(&tx), Value::from(11));
    tx.update(
        "comments",
        &col("id").is_in([11, 41]),
        [("type", Value::Null)],
    )
    .unwrap();
    let changes = tx.commit_with_changes().unwrap();
    db.check_integrity().unwrap();
    db.apply(&changes.invert()).unwrap();
    db.check_integrity().unwrap();
    assert_eq!(db.fingerprint(), before);
}

// rules: BY-11, RI-13, RI-17, RI-35
// Broken, a row that let go of its guard in the same statement would still hold its parent.
#[test]
fn a_row_that_let_go_in_the_statement_holds_nobody() {
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    let table = TableDef::new("tasks")
        .column(int("id").primary_key())
        .column(int("above"))
        .column(ColumnDef::new("bound", DataType::Bool))
        .foreign_key(
            ForeignKeyDef::new(["above"])
                .references("tasks", ["id"])
                .guarded("bound", true)
                .on_update(Action::Restrict),
        );
    let mut db = Database::new(Schema::builder().table(table).build().unwrap());
    let columns = ["id", "above", "bound"];
    let row = |id: i64, above: i64| [id.into(), above.into(), Value::from(true)];
    db.insert_many("tasks", &columns, [row(1, 1), row(2, 1)])
        .unwrap();
    let renumber = |db: &mut Database, bound: bool| {
        db.update_with("tasks", &all([]), |row| {
            let id = row.get("id")?.as_int().unwrap();
            Ok(vec![("id", Value::from(id + 5)), ("bound", bound.into())])
        })
        .map_err(|error| error.kind())
    };
    assert_eq!(renumber(&mut db, true), Err(RESTRICT));
    assert!(renumber(&mut db, false).is_ok());
    db.check_integrity().unwrap();
    assert!(
        db.update("tasks", &all([]), [("bound", true.into())])
            .is_err()
    );
    db.check_integrity().unwrap();
}

// rules: RI-90, RI-22, BY-11
// Broken, a guard that can never be true, or an action that can never succeed, would be found out by the first row.
#[test]
fn a_guard_is_checked_when_it_is_declared() {
    let problems = |key: ForeignKeyDef| {
        let int = |name: &str| ColumnDef::new(name, DataType::Int);
        let table = TableDef::new("t")
            .column(int("id").primary_key())
            .column(int("above"))
            .column(ColumnDef::new("kind", DataType::Text).not_null())
            .foreign_key(key.references("t", ["id"]));
        let error = Schema::builder().table(table).build().unwrap_err();
        let problems = &error.as_declaration().unwrap().problems;
        let kinds: Vec<_> = problems.iter().map(|problem| problem.kind).collect();
        kinds
    };
    let key = || ForeignKeyDef::new(["above"]);
    assert_eq!(problems(key().guarded("gone", "a")), [ProblemKind::Unknown]);
    assert_eq!(problems(key().guarded("above", 1)), [ProblemKind::Key]);
    assert_eq!(problems(key().guarded("kind", 1)), [ProblemKind::Type]);
    assert_eq!(
        problems(key().guarded("kind", Value::Null)),
        [ProblemKind::Type]
    );
    let set_null = key().guarded("kind", "a").on_delete(Action::SetNull);
    assert_eq!(problems(set_null), [ProblemKind::Action]);
}
