//! Changes of the schema, one behaviour each.

use super::blog;
use crate::engine::{Database, Snapshot};
use crate::error::{ConstraintKind, Error, ErrorKind, Operation, RequestKind, TransactionKind};
use crate::expr::{all, col};
use crate::schema::{
    Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, SchemaChange, TableDef,
    UniqueDef,
};
use crate::value::{DataType, Key, Value};

/// Two authors, three posts of the first, a comment on each. Posts and comments are indexed and have free slots.
fn filled() -> Database {
    let mut db = blog(Action::SetNull);
    for email in ["ada", "bob"] {
        let email = [("email", Value::from(email))];
        db.insert("authors", email).unwrap();
    }
    for (id, title) in [(11, "a"), (12, "b"), (13, "c"), (14, "d"), (15, "e")] {
        let post = [
            ("id", id.into()),
            ("title", Value::from(title)),
            ("author_id", 1.into()),
        ];
        db.insert("posts", post).unwrap();
        db.insert("comments", [("post_id", Value::from(id))])
            .unwrap();
    }
    for (from, to) in [(13, 10), (15, 9)] {
        let moved = [("post_id", Value::Null)];
        db.update("comments", &col("post_id").eq(from), moved)
            .unwrap();
        db.update_key("posts", from, [("id", Value::from(to))])
            .unwrap();
        let back = [("post_id", Value::from(to))];
        db.update("comments", &col("post_id").is_null(), back)
            .unwrap();
    }
    for id in [9, 12] {
        db.delete_key("posts", id).unwrap();
    }
    db.check_integrity().unwrap();
    db
}

fn int(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Int)
}

fn column_names(db: &Snapshot, table: &str) -> Vec<String> {
    let table = db.schema().table(db.schema().table_id(table).unwrap());
    let columns = table.columns.iter();
    columns.map(|column| column.name.to_string()).collect()
}

fn values(db: &Snapshot, table: &str, column: &str) -> Vec<Value> {
    let rows = db.rows(table).unwrap();
    rows.map(|row| row.get(column).unwrap().to_value())
        .collect()
}

/// Every sort of change, each on its own possible for the filled blog.
fn every_change() -> Vec<SchemaChange> {
    let tags = TableDef::new("tags")
        .column(int("id").primary_key().auto_increment())
        .column(int("post_id"))
        .foreign_key(ForeignKeyDef::new(["post_id"]).references("posts", ["id"]));
    let approver = ForeignKeyDef::new(["score"]).references("authors", ["id"]);
    vec![
        SchemaChange::add_table(tags),
        SchemaChange::drop_table("comments"),
        SchemaChange::add_column("posts", int("likes").not_null().default(3)),
        SchemaChange::add_column(
            "posts",
            ColumnDef::new("at", DataType::Timestamp).default_now(),
        ),
        SchemaChange::add_column(
            "posts",
            ColumnDef::new("mark", DataType::Uuid)
                .default_uuid()
                .unique(),
        ),
        SchemaChange::drop_column("comments", "body"),
        SchemaChange::set_not_null("posts", "author_id"),
        SchemaChange::drop_not_null("posts", "title"),
        SchemaChange::add_index(
            "posts",
            IndexDef::new(["title", "id"]).descending(["title"]),
        ),
        SchemaChange::add_index("posts", IndexDef::new(["author_id"]).hash()),
        SchemaChange::add_unique("posts", UniqueDef::new(["title"])),
        SchemaChange::drop_constraint("authors", "authors_email_key"),
        SchemaChange::add_check("posts", CheckDef::new("titled", col("title").ne(""))),
        SchemaChange::drop_constraint("posts", "posts_score_check"),
        SchemaChange::add_foreign_key("posts", approver.deferrable(Deferral::InitiallyDeferred)),
        SchemaChange::drop_constraint("comments", "comments_post_id_fkey"),
    ]
}

/// A filled blog in which each change of [`every_change`] is possible.
fn ready() -> Database {
    let mut db = filled();
    let set_null = "posts_author_id_fkey";
    db.change_schema(&SchemaChange::drop_constraint("posts", set_null))
        .unwrap();
    let key = ForeignKeyDef::new(["author_id"])
        .references("authors", ["id"])
        .on_delete(Action::Cascade);
    db.change_schema(&SchemaChange::add_foreign_key("posts", key))
        .unwrap();
    db.update("posts", &all([]), [("score", Value::from(2))])
        .unwrap();
    db
}

/// The database still works: rows of every table go, change and come.
fn use_tables(db: &mut Database) {
    let post = [
        ("title", "new".into()),
        ("author_id", 2.into()),
        ("score", Value::Null),
    ];
    let post = db.insert("posts", post).unwrap();
    db.update_key("posts", post, [("score", Value::from(2))])
        .unwrap();
    db.delete_key("posts", 11).unwrap();
    db.delete_key("authors", 1).unwrap();
    db.check_integrity().unwrap();
}

/// A change that has to be refused, and must leave nothing behind.
fn refused(db: &mut Database, change: &SchemaChange) -> Error {
    let before = db.fingerprint();
    let error = db.change_schema(change).unwrap_err();
    assert_eq!(db.fingerprint(), before, "{change:?} left something");
    db.check_integrity().unwrap();
    let mut fork = db.fork();
    fork.insert("posts", [("title", Value::from("new"))])
        .unwrap();
    fork.check_integrity().unwrap();
    error
}

fn request(kind: RequestKind) -> ErrorKind {
    ErrorKind::Request(kind)
}

// rules: RI-93
// Broken, a rolled back change would leave a trace in a database, a fork or a snapshot.
#[test]
fn every_change_can_be_undone_and_is_seen_here_alone() {
    for change in every_change() {
        let mut db = ready();
        let (before, held, mut fork) = (db.fingerprint(), db.snapshot(), db.fork());
        let mut tx = db.begin();
        tx.insert("authors", [("email", Value::from("cid"))])
            .unwrap();
        tx.delete_key("authors", 3).unwrap();
        let at_savepoint = tx.fingerprint();
        let savepoint = tx.savepoint().unwrap();
        for _ in 0..2 {
            tx.update("posts", &all([]), [("score", Value::from(1))])
                .unwrap();
            tx.change_schema(&change).unwrap();
            tx.check_structure().unwrap();
            tx.delete_key("posts", 11).unwrap();
            assert_ne!(tx.fingerprint(), at_savepoint);
            tx.rollback_to(savepoint).unwrap();
            assert_eq!(tx.fingerprint(), at_savepoint, "{change:?}");
            tx.check_structure().unwrap();
        }
        tx.change_schema(&change).unwrap();
        tx.rollback();
        assert_eq!(db.fingerprint(), before, "{change:?}");
        db.check_integrity().unwrap();

        fork.change_schema(&change).unwrap();
        assert_ne!(fork.fingerprint(), before, "{change:?}");
        fork.check_integrity().unwrap();
        assert_eq!((db.fingerprint(), held.fingerprint()), (before, before));
        use_tables(&mut fork);
        use_tables(&mut db);
        assert_eq!(held.fingerprint(), before);
        held.check_integrity().unwrap();
    }
}

// rules: RI-92
// Broken, rows that were there would not have the default, or the row order or ids would be others.
#[test]
fn a_new_column_is_filled_in_key_order() {
    let mut db = filled();
    let number = int("number").auto_increment();
    let tag = ColumnDef::new("tag", DataType::Text).default("none");
    db.change_schema(&SchemaChange::add_column("posts", tag))
        .unwrap();
    assert_eq!(values(&db, "posts", "tag"), vec![Value::from("none"); 3]);
    assert_eq!(
        refused(&mut db, &SchemaChange::add_column("posts", number.clone())).kind(),
        ErrorKind::Declaration
    );
    let pairs = TableDef::new("pairs").column(int("a")).column(int("b"));
    db.change_schema(&SchemaChange::add_table(pairs.primary_key(["b", "a"])))
        .unwrap();
    let row = |a: i64, b: i64| [Value::from(a), Value::from(b)];
    db.insert_many("pairs", &["a", "b"], [row(1, 9), row(2, 3), row(3, 5)])
        .unwrap();
    db.change_schema(&SchemaChange::add_column("pairs", number))
        .unwrap();
    assert_eq!(values(&db, "pairs", "number"), [1, 2, 3].map(Value::from));
    db.insert("pairs", [("a", 0.into()), ("b", 0.into())])
        .unwrap();
    assert_eq!(
        values(&db, "pairs", "number"),
        [4, 1, 2, 3].map(Value::from)
    );
    db.check_integrity().unwrap();
}

// rules: RI-92
// Broken, an invalid row would stand under the new constraint, or the refusal would name another row.
#[test]
fn rows_that_break_what_comes_are_named() {
    let mut db = filled();
    db.insert("posts", [("title", Value::from("c"))]).unwrap();
    db.insert("authors", []).unwrap();
    let cases = [
        (
            SchemaChange::set_not_null("authors", "email"),
            (ConstraintKind::NotNull, "authors_email_not_null", 3),
        ),
        (
            SchemaChange::add_column("posts", int("likes").not_null()),
            (ConstraintKind::NotNull, "posts_likes_not_null", 10),
        ),
        (
            SchemaChange::add_check("posts", CheckDef::new("early", col("id").lt(14))),
            (ConstraintKind::Check, "early", 14),
        ),
        (
            SchemaChange::add_unique("posts", UniqueDef::new(["title"])),
            (ConstraintKind::Unique, "posts_title_key", 16),
        ),
        (
            SchemaChange::add_column("posts", int("likes").default(1).unique()),
            (ConstraintKind::Unique, "posts_likes_key", 11),
        ),
        (
            SchemaChange::add_foreign_key(
                "posts",
                ForeignKeyDef::new(["score"])
                    .references("authors", ["id"])
                    .deferrable(Deferral::InitiallyDeferred),
            ),
            (ConstraintKind::Reference, "posts_score_fkey", 10),
        ),
    ];
    for (change, (kind, constraint, row)) in cases {
        let error = refused(&mut db, &change);
        let error = error.as_constraint().unwrap();
        let found = (error.kind, &*error.constraint, error.row.clone().unwrap());
        assert_eq!(found, (kind, constraint, Key::from(row)));
        assert_eq!(error.operation, Operation::SchemaChange);
    }
    let unique = SchemaChange::add_unique("posts", UniqueDef::new(["title"]));
    assert_eq!(
        refused(&mut db, &unique).to_string(),
        "schema change violates unique key posts_title_key of posts: (title) = ('c') already exists in row (10), \
         at row (16)"
    );
}

// rules: RI-91, FK-27
// Broken, a key would be left pointing at nothing.
#[test]
fn what_is_relied_on_cannot_go() {
    let mut db = filled();
    let title = SchemaChange::add_index("posts", IndexDef::new(["title"]));
    db.change_schema(&title).unwrap();
    let email = ForeignKeyDef::new(["title"]).references("authors", ["email"]);
    let mut linked = db.fork();
    linked
        .update("posts", &all([]), [("title", Value::from("ada"))])
        .unwrap();
    linked
        .change_schema(&SchemaChange::add_foreign_key("posts", email))
        .unwrap();
    let cases = [
        (
            SchemaChange::drop_table("posts"),
            "posts: the table is used by foreign key comments_post_id_fkey of comments",
        ),
        (
            SchemaChange::drop_column("posts", "id"),
            "posts: column id is used by primary key posts_pkey, foreign key comments_post_id_fkey of comments",
        ),
        (
            SchemaChange::drop_column("posts", "title"),
            "posts: column title is used by index posts_title_idx, foreign key posts_title_fkey of posts",
        ),
        (
            SchemaChange::drop_column("posts", "score"),
            "posts: column score is used by check posts_score_check",
        ),
        (
            SchemaChange::drop_column("authors", "email"),
            "authors: column email is used by unique key authors_email_key, foreign key posts_title_fkey of posts",
        ),
        (
            SchemaChange::drop_constraint("authors", "authors_email_key"),
            "authors: unique key authors_email_key is used by foreign key posts_title_fkey of posts",
        ),
    ];
    for (change, message) in cases {
        let before = linked.fingerprint();
        let error = linked.change_schema(&change).unwrap_err();
        assert_eq!(error.kind(), request(RequestKind::InUse));
        assert_eq!((&*error.to_string(), error.sqlstate()), (message, "2BP01"));
        assert_eq!(linked.fingerprint(), before);
    }
    for name in ["posts_title_fkey", "comments_post_id_fkey"] {
        let table = name.split('_').next().unwrap();
        linked
            .change_schema(&SchemaChange::drop_constraint(table, name))
            .unwrap();
    }
    let drops = [
        SchemaChange::drop_constraint("authors", "authors_email_key"),
        SchemaChange::drop_column("authors", "email"),
        SchemaChange::drop_index("posts", "posts_title_idx"),
        SchemaChange::drop_column("posts", "title"),
        SchemaChange::drop_table("posts"),
    ];
    for drop in drops {
        linked.change_schema(&drop).unwrap();
        linked.check_integrity().unwrap();
    }
    assert_eq!(
        column_names(&linked, "authors"),
        ["id", "created_at", "token"]
    );
    assert_eq!(linked.count("comments").unwrap(), 3);
}

#[test]
fn a_table_that_refers_to_itself_can_go() {
    let mut db = filled();
    db.update("comments", &all([]), [("parent_id", Value::from(1))])
        .unwrap();
    db.change_schema(&SchemaChange::drop_table("comments"))
        .unwrap();
    assert_eq!(
        db.count("comments").unwrap_err().kind(),
        request(RequestKind::UnknownTable)
    );
    db.check_integrity().unwrap();
    db.delete_key("posts", 10).unwrap();
}

// rules: RI-90
// Broken, a schema could be reached by changes that cannot be declared at once.
#[test]
fn a_change_is_checked_as_a_declaration_is() {
    let mut db = filled();
    let declared = [
        SchemaChange::add_table(TableDef::new("posts")),
        SchemaChange::add_column("posts", int("title")),
        SchemaChange::add_column("posts", int("likes").default("many")),
        SchemaChange::add_index("posts", IndexDef::new(["nothing"])),
        SchemaChange::add_index("posts", IndexDef::new(["score"]).named("posts_pkey")),
        SchemaChange::add_check("posts", CheckDef::new("odd", col("nothing").eq(1))),
        SchemaChange::add_foreign_key(
            "posts",
            ForeignKeyDef::new(["title"]).references("authors", ["id"]),
        ),
        SchemaChange::add_foreign_key(
            "comments",
            ForeignKeyDef::new(["post_id"]).references("posts", ["score"]),
        ),
        // The key of posts sets the column to null when an author goes.
        SchemaChange::set_not_null("posts", "author_id"),
    ];
    for change in declared {
        let kind = refused(&mut db, &change).kind();
        assert_eq!(kind, ErrorKind::Declaration, "{change:?}");
    }
    let requested = [
        (
            SchemaChange::drop_table("nothing"),
            RequestKind::UnknownTable,
        ),
        (
            SchemaChange::add_column("nothing", int("a")),
            RequestKind::UnknownTable,
        ),
        (
            SchemaChange::drop_column("posts", "nothing"),
            RequestKind::UnknownColumn,
        ),
        (
            SchemaChange::drop_index("posts", "posts_pkey"),
            RequestKind::UnknownConstraint,
        ),
        (
            SchemaChange::drop_constraint("posts", "comments_post_id_fkey"),
            RequestKind::UnknownConstraint,
        ),
        (
            SchemaChange::drop_constraint("posts", "posts_pkey"),
            RequestKind::Unsupported,
        ),
        (
            SchemaChange::add_column("posts", int("other").primary_key()),
            RequestKind::Unsupported,
        ),
        (
            SchemaChange::drop_not_null("posts", "id"),
            RequestKind::Unsupported,
        ),
    ];
    for (change, kind) in requested {
        assert_eq!(
            refused(&mut db, &change).kind(),
            request(kind),
            "{change:?}"
        );
    }
}

// rules: RI-93
// Broken, a reference that waits for commit would be lost or judged against another table.
#[test]
fn pending_references_hold_their_tables() {
    let mut db = filled();
    db.change_schema(&SchemaChange::drop_constraint(
        "comments",
        "comments_post_id_fkey",
    ))
    .unwrap();
    let key = ForeignKeyDef::new(["post_id"])
        .references("posts", ["id"])
        .deferrable(Deferral::InitiallyDeferred)
        .named("late");
    let mut tx = db.begin();
    tx.change_schema(&SchemaChange::add_foreign_key("comments", key))
        .unwrap();
    tx.insert("comments", [("post_id", Value::from(99))])
        .unwrap();
    let before = tx.fingerprint();
    for table in ["comments", "posts"] {
        let change = SchemaChange::add_column(table, int("more"));
        let error = tx.change_schema(&change).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Transaction(TransactionKind::Pending)
        );
        assert_eq!(
            error.to_string(),
            format!(
                "table {table} cannot change while references of comments by foreign key late are unmet"
            )
        );
        assert_eq!(tx.fingerprint(), before);
    }
    // A table that the key does not touch may change, and the reference still waits.
    tx.change_schema(&SchemaChange::add_column("authors", int("more")))
        .unwrap();
    tx.check_deferred().unwrap_err();
    tx.insert("posts", [("id", 99.into()), ("title", "late".into())])
        .unwrap();
    tx.change_schema(&SchemaChange::add_column("posts", int("more")))
        .unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

#[test]
fn modes_follow_their_keys() {
    let mut db = filled();
    let key = |name: &str, deferral| {
        let key = ForeignKeyDef::new(["parent_id"]).references("comments", ["id"]);
        let key = key.named(name).deferrable(deferral);
        SchemaChange::add_foreign_key("comments", key)
    };
    db.change_schema(&key("first", Deferral::InitiallyImmediate))
        .unwrap();
    let mut tx = db.begin();
    tx.defer_constraints(&["first"]).unwrap();
    let savepoint = tx.savepoint().unwrap();
    // The links of the keys after it move up.
    tx.change_schema(&SchemaChange::drop_constraint(
        "comments",
        "comments_post_id_fkey",
    ))
    .unwrap();
    tx.change_schema(&SchemaChange::drop_constraint(
        "comments",
        "comments_parent_id_fkey",
    ))
    .unwrap();
    tx.change_schema(&key("second", Deferral::InitiallyDeferred))
        .unwrap();
    tx.insert("comments", [("parent_id", Value::from(99))])
        .unwrap();
    let error = tx.set_constraints_immediate(&["first"]).unwrap_err();
    assert_eq!(error.as_constraint().unwrap().constraint, "first");
    let error = tx.set_constraints_immediate(&["second"]).unwrap_err();
    assert_eq!(error.as_constraint().unwrap().constraint, "second");
    tx.rollback_to(savepoint).unwrap();
    let error = tx
        .insert("comments", [("parent_id", Value::from(99))])
        .unwrap_err();
    let broken = &error.as_constraint().unwrap().constraint;
    assert_eq!(broken, "comments_parent_id_fkey");
    tx.set_constraints_immediate(&["first"]).unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

#[test]
fn an_id_never_means_something_else() {
    let mut db = filled();
    let schema = db.schema().clone();
    let (comments, posts) = (
        schema.table_id("comments").unwrap(),
        schema.table_id("posts").unwrap(),
    );
    let key = schema.foreign_key_id("posts_author_id_fkey").unwrap();
    db.change_schema(&SchemaChange::drop_table("comments"))
        .unwrap();
    let tags = TableDef::new("tags").column(int("post_id"));
    let tags = tags.foreign_key(ForeignKeyDef::new(["post_id"]).references("posts", ["id"]));
    db.change_schema(&SchemaChange::add_table(tags)).unwrap();
    let changed = request(RequestKind::SchemaChanged);
    assert_eq!(db.count(comments).unwrap_err().kind(), changed);
    assert_eq!(db.count(posts).unwrap(), 3);
    assert_eq!(db.children_of(key, 1).unwrap().len(), 3);
    for key in &schema.table(comments).foreign_keys {
        assert_eq!(db.children_of(*key, 10).unwrap_err().kind(), changed);
    }
    let names = db.schema().tables().iter().map(|table| &*table.name);
    assert_eq!(names.collect::<Vec<_>>(), ["posts", "authors", "tags"]);
    // A database of its own, empty, over a schema in which a table was dropped.
    let mut empty = Database::new(db.schema().clone());
    empty
        .insert("posts", [("title", Value::from("a"))])
        .unwrap();
    empty.check_integrity().unwrap();
    assert!(empty.schema().sync_order().is_ok());
}

// rules: BY-16
// Broken, changes would be applied to columns that they were not made of.
#[test]
fn changes_do_not_lead_across_schemas() {
    let mut db = filled();
    let mut tx = db.begin();
    tx.delete_key("posts", 11).unwrap();
    let changes = tx.commit_with_changes().unwrap();
    let undo = changes.invert();
    let kinds = request(RequestKind::SchemaChanged);
    let other_shapes = [
        vec![SchemaChange::add_column("posts", int("likes"))],
        vec![
            SchemaChange::drop_constraint("posts", "posts_score_check"),
            SchemaChange::drop_column("posts", "score"),
            SchemaChange::add_column("posts", int("likes")),
        ],
        vec![SchemaChange::drop_table("comments")],
    ];
    for shape in &other_shapes {
        let mut fork = db.fork();
        for change in shape {
            fork.change_schema(change).unwrap();
        }
        let before = fork.fingerprint();
        assert_eq!(fork.apply(&undo).unwrap_err().kind(), kinds);
        assert_eq!(fork.fingerprint(), before);
    }
    // What does not change the columns does not matter.
    db.change_schema(&SchemaChange::add_index("posts", IndexDef::new(["title"])))
        .unwrap();
    db.apply(&undo).unwrap();
    db.check_integrity().unwrap();

    let before = db.fingerprint();
    let mut tx = db.begin();
    tx.delete_key("posts", 11).unwrap();
    let savepoint = tx.savepoint().unwrap();
    tx.change_schema(&other_shapes[0][0]).unwrap();
    let error = tx.changes().unwrap_err();
    assert_eq!(
        error.to_string(),
        "posts: changes of rows do not lead across a change of this table's schema"
    );
    tx.rollback_to(savepoint).unwrap();
    assert!(!tx.changes().unwrap().is_empty());
    tx.change_schema(&other_shapes[0][0]).unwrap();
    assert_eq!(tx.commit_with_changes().unwrap_err().kind(), kinds);
    assert_eq!(db.fingerprint(), before);
}

#[test]
fn a_change_that_writes_no_row_copies_no_page() {
    let mut db = ready();
    let rewriting = |change: &SchemaChange| {
        matches!(
            change,
            SchemaChange::AddColumn { .. }
                | SchemaChange::DropColumn { .. }
                | SchemaChange::AddForeignKey { .. }
        ) || *change == SchemaChange::drop_constraint("comments", "comments_post_id_fkey")
    };
    let held = db.snapshot();
    for change in every_change().iter().filter(|it| !rewriting(it)) {
        db.reset_to(&held).unwrap();
        let pages = db.storage().pages_copied;
        db.change_schema(change).unwrap();
        assert_eq!(db.storage().pages_copied, pages, "{change:?}");
    }
}

#[test]
fn a_panic_in_a_check_changes_nothing() {
    let mut db = filled();
    let before = db.fingerprint();
    let check = CheckDef::new(
        "fussy",
        crate::expr::Expr::function("fussy", "fussy", ["id"], std::sync::Arc::new(|_| panic!())),
    );
    let change = SchemaChange::add_check("posts", check);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        db.change_schema(&change).unwrap();
    }));
    assert!(caught.is_err());
    assert_eq!(db.fingerprint(), before);
    use_tables(&mut db);
}

// rules: RI-91
// Broken, clearing a table would leave references to rows that went, or run actions.
#[test]
fn tables_are_cleared_together_with_those_that_refer_to_them() {
    let mut db = filled();
    let before = db.fingerprint();
    let error = db.truncate(["posts"]).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Constraint(ConstraintKind::Restrict)
    );
    let broken = error.as_constraint().unwrap();
    assert_eq!(
        (&*broken.constraint, broken.row.clone().unwrap()),
        ("comments_post_id_fkey", Key::from(1))
    );
    assert_eq!(db.fingerprint(), before);

    let mut tx = db.begin();
    let cleared = tx.truncate(["posts", "comments", "posts"]).unwrap();
    assert_eq!((cleared.rows, cleared.by_actions), (6, 0));
    tx.check_structure().unwrap();
    let changes = tx.changes().unwrap();
    assert_eq!(changes.rows.len(), 6);
    tx.rollback();
    assert_eq!(db.fingerprint(), before);

    db.truncate(["comments"]).unwrap();
    db.truncate(["posts"]).unwrap();
    db.check_integrity().unwrap();
    let post = db
        .insert("posts", [("title", Value::from("next"))])
        .unwrap();
    assert_eq!(post, Key::from(16), "the sequence went on");
    assert_eq!(
        db.truncate(["nothing"]).unwrap_err().kind(),
        request(RequestKind::UnknownTable)
    );
    assert_eq!(db.truncate([""; 0]).unwrap().rows, 0);
}

#[test]
fn a_schema_can_begin_with_nothing() {
    let mut db = Database::new(Schema::builder().build().unwrap());
    let list = TableDef::new("list").column(int("value"));
    db.change_schema(&SchemaChange::add_table(list)).unwrap();
    db.insert("list", [("value", 7.into())]).unwrap();
    // The hidden key stays the last column.
    db.change_schema(&SchemaChange::add_column("list", int("more").default(1)))
        .unwrap();
    db.insert("list", [("value", 8.into())]).unwrap();
    assert_eq!(column_names(&db, "list"), ["value", "more", "(row)"]);
    assert_eq!(values(&db, "list", "value"), [7, 8].map(Value::from));
    db.change_schema(&SchemaChange::drop_column("list", "value"))
        .unwrap();
    db.change_schema(&SchemaChange::drop_column("list", "more"))
        .unwrap();
    db.insert("list", []).unwrap();
    assert_eq!(db.count("list").unwrap(), 3);
    db.check_integrity().unwrap();
}

// rules: BY-11, BY-18, RI-92
// A guarded key or one to any row that came later would forget its guard, or look for values without an index.
#[test]
fn guarded_keys_and_keys_to_any_row_come_and_go() {
    let mut db = Database::new(
        Schema::builder()
            .table(
                TableDef::new("places")
                    .column(ColumnDef::new("id", DataType::Int).primary_key())
                    .column(ColumnDef::new("country", DataType::Text)),
            )
            .table(
                TableDef::new("notes")
                    .column(ColumnDef::new("id", DataType::Int).primary_key())
                    .column(ColumnDef::new("about", DataType::Text))
                    .column(ColumnDef::new("about_id", DataType::Int))
                    .column(ColumnDef::new("country", DataType::Text)),
            )
            .build()
            .unwrap(),
    );
    let place = [("id", 1.into()), ("country", "it".into())];
    db.insert("places", place).unwrap();
    let note = |id: i64, about: &str, about_id: i64, country: &str| {
        [
            ("id", id.into()),
            ("about", about.into()),
            ("about_id", about_id.into()),
            ("country", country.into()),
        ]
    };
    db.insert("notes", note(1, "place", 1, "it")).unwrap();
    db.insert("notes", note(2, "other", 7, "it")).unwrap();
    let guarded = ForeignKeyDef::new(["about_id"])
        .references("places", ["id"])
        .named("of_place")
        .guarded("about", "place")
        .on_delete(Action::SetNull);
    let any_row = ForeignKeyDef::new(["country"])
        .references("places", ["country"])
        .named("in_country")
        .to_any_row();
    for key in [guarded, any_row] {
        db.change_schema(&SchemaChange::add_foreign_key("notes", key))
            .unwrap();
        db.check_integrity().unwrap();
    }
    let unknown = db.insert("notes", note(3, "place", 7, "it")).unwrap_err();
    assert_eq!(unknown.as_constraint().unwrap().constraint, "of_place");
    let unknown = db.insert("notes", note(3, "other", 7, "fr")).unwrap_err();
    assert_eq!(unknown.as_constraint().unwrap().constraint, "in_country");
    let in_use = db.change_schema(&SchemaChange::drop_column("notes", "about"));
    assert!(in_use.unwrap_err().to_string().contains("of_place"));
    for name in ["of_place", "in_country"] {
        db.change_schema(&SchemaChange::drop_constraint("notes", name))
            .unwrap();
        db.check_integrity().unwrap();
    }
    db.insert("notes", note(3, "place", 7, "fr")).unwrap();
}

// rules: FK-27
// Broken, a table that others refer to could not be dropped in one step, or their rows would go or keep a dead key.
#[test]
fn a_cascade_drops_the_keys_that_refer_to_the_table() {
    let mut db = filled();
    let comments = values(&db, "comments", "post_id");
    let before = db.fingerprint();
    let mut tx = db.begin();
    let savepoint = tx.savepoint().unwrap();
    let cascade = SchemaChange::drop_table_cascade("posts");
    tx.change_schema(&cascade).unwrap();
    assert!(tx.schema().table_id("posts").is_err());
    assert!(tx.schema().foreign_key_id("comments_post_id_fkey").is_err());
    tx.insert("comments", [("post_id", 77.into())]).unwrap();
    tx.rollback_to(savepoint).unwrap();
    assert_eq!(tx.fingerprint(), before);
    tx.change_schema(&cascade).unwrap();
    tx.commit().unwrap();
    assert_eq!(values(&db, "comments", "post_id"), comments);
    db.check_integrity().unwrap();
    let error = db.change_schema(&cascade).unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::UnknownTable));
}

// rules: FK-27, RI-92
// Broken, a cascade that is refused halfway would leave the keys dropped that it met first.
#[test]
fn a_cascade_is_all_or_nothing() {
    let key = |table: &str, column: &str| {
        let key = ForeignKeyDef::new([column]).references(table, ["id"]);
        key.deferrable(Deferral::InitiallyDeferred)
    };
    let parents = TableDef::new("parents").column(int("id").primary_key());
    let child = |name: &str| {
        TableDef::new(name)
            .column(int("parent"))
            .foreign_key(key("parents", "parent"))
    };
    let schema = Schema::builder()
        .table(parents)
        .table(child("first"))
        .table(child("second"));
    let mut db = Database::new(schema.build().unwrap());
    let mut tx = db.begin();
    tx.insert("second", [("parent", 5.into())]).unwrap();
    let before = tx.fingerprint();
    let error = tx
        .change_schema(&SchemaChange::drop_table_cascade("parents"))
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Transaction(TransactionKind::Pending)
    );
    assert_eq!(tx.fingerprint(), before);
    assert_eq!(tx.schema().foreign_keys().len(), 2);
}
