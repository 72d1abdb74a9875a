//! NOT NULL and CHECK: judged on the row as the statement leaves it, whoever wrote it.

use relata::engine::Database;
use relata::error::ConstraintKind;
use relata::expr::col;
use relata::schema::{Action, CheckDef, ForeignKeyDef, TableDef, UniqueDef};
use relata::value::{Key, Value};

use super::{accept, database, fill, id, int, refer, refuse, remap, rows, set, table, text};

/// `a (id)`, `b (id, a unique)` that follows it, and `c (id, near, far)`: near follows a, far follows b, a level later.
fn near_and_far(
    change: fn(TableDef) -> TableDef,
    near: fn(ForeignKeyDef) -> ForeignKeyDef,
) -> Database {
    let follow = |column: &str, parent: &str, parent_column: &str| {
        refer(column, parent, parent_column)
            .on_delete(Action::Cascade)
            .on_update(Action::Cascade)
    };
    let mut db = database([
        table("a", [id()]),
        table("b", [id(), int("a").unique()]).foreign_key(follow("a", "a", "id")),
        change(table("c", [id(), int("near").default(9), int("far")]))
            .foreign_key(near(follow("near", "a", "id")))
            .foreign_key(follow("far", "b", "a")),
    ]);
    fill(&mut db, "a", "1, 2, 9");
    fill(&mut db, "b", "1 1, 2 2, 9 9");
    db
}

fn same(table: TableDef) -> TableDef {
    table.check(CheckDef::new("same", col("near").eq(col("far"))))
}

// rules: D-3, RI-41, RI-15
// Broken, a row would be refused for what it was for a moment, between two levels of one statement.
#[test]
fn an_intermediate_row_breaks_no_check() {
    let mut db = near_and_far(same, |key| key);
    fill(&mut db, "c", "1 1 1, 2 2 2");
    let affected = accept(&mut db, |tx| tx.update_key("a", 1, set("id", 5)));
    // The row changes once in each of the two levels.
    assert_eq!((affected.rows, affected.by_actions), (1, 3));
    assert_eq!(rows(&db, "c"), "1 5 5, 2 2 2");
    // What is wrong at the end is refused, and told with the way that led there.
    fill(&mut db, "a", "7");
    let refused = refuse(&mut db, ConstraintKind::Check, |tx| {
        tx.update_key("b", 2, set("a", 7))
    });
    assert_eq!(refused.chain, ["c_far_fkey"]);
}

// rules: RI-41, D-3, RI-40
// Broken, a row that is gone at the end of the statement would be held against it.
#[test]
fn rows_that_are_gone_are_not_judged() {
    let given = |table: TableDef| {
        table
            .check(CheckDef::new("given", col("near").is_not_null()))
            .check(CheckDef::new("not_nine", col("near").ne(9)))
            .unique(UniqueDef::new(["near"]))
    };
    for (action, remains) in [(Action::SetNull, "given"), (Action::SetDefault, "not_nine")] {
        let mut db = match action {
            Action::SetNull => near_and_far(given, |key| key.on_delete(Action::SetNull)),
            _ => near_and_far(given, |key| key.on_delete(Action::SetDefault)),
        };
        // The next level deletes row 1; row 2 is the child of another b and stays.
        fill(&mut db, "c", "1 1 1, 2 2 9");
        let affected = accept(&mut db, |tx| tx.delete_key("a", 1));
        assert_eq!(affected.by_actions, 3);
        assert_eq!(rows(&db, "c"), "2 2 9");
        let refused = refuse(&mut db, ConstraintKind::Check, |tx| tx.delete_key("a", 2));
        assert_eq!(
            (&*refused.constraint, refused.row),
            (remains, Some(Key::from(2)))
        );
    }
}

// rules: RI-40, RI-60, RI-71
// Broken, an action could write what no statement may write.
#[test]
fn rows_written_by_actions_are_judged_as_any_others() {
    let mut db = database([
        table("parents", [id()]),
        table(
            "children",
            [int("parent").primary_key().default(9), int("weight")],
        )
        .check(CheckDef::new("low", col("parent").lt(100)))
        .foreign_key(
            refer("parent", "parents", "id")
                .on_update(Action::Cascade)
                .on_delete(Action::SetDefault),
        ),
    ]);
    fill(&mut db, "parents", "1, 2, 9");
    fill(&mut db, "children", "1 0, 2 0");
    let refused = refuse(&mut db, ConstraintKind::Check, |tx| {
        remap(tx, "parents", "id", |id| id + 98)
    });
    assert_eq!(refused.values, [Value::from(100)]);
    assert_eq!(refused.chain, ["children_parent_fkey"]);
    // Both children would take the one default.
    let refused = refuse(&mut db, ConstraintKind::Unique, |tx| {
        tx.delete("parents", &col("id").lt(9))
    });
    assert_eq!(refused.values, [Value::from(9)]);
    accept(&mut db, |tx| tx.delete_key("parents", 2));
    assert_eq!(rows(&db, "children"), "1 0, 9 0");
}

// rules: RI-45, RI-40
// Broken, a check would refuse what it cannot know, or look at one column of the row before the change.
#[test]
fn a_check_fails_only_when_it_is_false() {
    let ordered = CheckDef::new("ordered", col("low").le(col("high")));
    let mut db =
        database([table("ranges", [id(), int("low"), int("high"), text("note")]).check(ordered)]);
    fill(
        &mut db,
        "ranges",
        "1 1 2 a, 2 null 1 a, 3 5 null a, 4 null null null",
    );
    refuse(&mut db, ConstraintKind::Check, |tx| {
        tx.update_key("ranges", 1, set("low", 3))
    });
    refuse(&mut db, ConstraintKind::Check, |tx| {
        tx.update_key("ranges", 3, set("high", 4))
    });
    accept(&mut db, |tx| {
        tx.update_key("ranges", 1, [("low", 8.into()), ("high", 9.into())])?;
        tx.update_key("ranges", 2, set("low", 1))
    });
    assert_eq!(
        rows(&db, "ranges"),
        "1 8 9 a, 2 1 1 a, 3 5 null a, 4 null null null"
    );
}

// rules: RI-40, RI-22
// Broken, a column that must have a value could lose it by an update that a check of plain columns skips.
#[test]
fn not_null_is_judged_for_inserts_and_updates() {
    let mut db = database([table("notes", [id(), text("body").not_null(), int("rank")])]);
    fill(&mut db, "notes", "1 a 1, 2 b 2");
    for refused in [
        refuse(&mut db, ConstraintKind::NotNull, |tx| {
            tx.insert("notes", [("id", 3.into()), ("rank", 3.into())])
        }),
        refuse(&mut db, ConstraintKind::NotNull, |tx| {
            tx.update_key("notes", 2, set("body", Value::Null))
        }),
        refuse(&mut db, ConstraintKind::NotNull, |tx| {
            tx.update_key("notes", 2, [("rank", 4.into()), ("body", Value::Null)])
        }),
    ] {
        assert_eq!((&*refused.table, &*refused.columns[0]), ("notes", "body"));
    }
}
