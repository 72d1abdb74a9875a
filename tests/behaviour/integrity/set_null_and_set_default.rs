//! SET NULL and SET DEFAULT: which columns they write, and what may not come of it.

use relata::engine::Database;
use relata::error::ConstraintKind;
use relata::expr::col;
use relata::schema::{Action, CheckDef, Deferral, UniqueDef};
use relata::value::{Key, Value};

use super::{
    accept, database, every_row, family, fill, id, insert, int, refer, refuse, remap, rows, set,
    table, text,
};

// rules: RI-22
// Broken, half of a composite key would stay, or a column beside the key would be lost.
#[test]
fn set_null_writes_all_columns_of_the_key_and_no_other() {
    for deletes in [true, false] {
        let key = refer("x y z", "parents", "a b c")
            .on_delete(Action::SetNull)
            .on_update(Action::SetNull);
        let mut db = database([
            table("parents", [id(), int("a"), int("b"), int("c")])
                .unique(UniqueDef::new(["a", "b", "c"])),
            table(
                "children",
                [
                    id(),
                    int("x"),
                    text("note"),
                    int("y"),
                    int("z"),
                    int("last"),
                ],
            )
            .foreign_key(key),
        ]);
        fill(&mut db, "parents", "1 1 2 3, 2 1 2 4");
        fill(&mut db, "children", "1 1 a 2 3 5, 2 1 b 2 4 6");
        let affected = accept(&mut db, |tx| match deletes {
            true => tx.delete_key("parents", 1),
            false => tx.update_key("parents", 1, set("c", 9)),
        });
        assert_eq!(affected.by_actions, 1);
        assert_eq!(rows(&db, "children"), "1 null a null null 5, 2 1 b 2 4 6");
    }
}

// rules: RI-22, RI-40, RI-71
// Broken, a row would break its own check, or strand its own children, because an action and not a statement changed it.
#[test]
fn set_null_may_not_break_what_else_holds() {
    let key = || refer("parent", "parents", "id").on_delete(Action::SetNull);
    let given = CheckDef::new("given", col("parent").is_not_null());
    let mut db = database([
        table("parents", [id()]),
        table("children", [id(), int("parent")])
            .foreign_key(key())
            .check(given),
    ]);
    fill(&mut db, "parents", "1, 2");
    fill(&mut db, "children", "1 2, 2 1, 3 1");
    let refused = refuse(&mut db, ConstraintKind::Check, |tx| {
        tx.delete_key("parents", 1)
    });
    assert_eq!(refused.row, Some(Key::from(2)));
    assert_eq!(refused.chain, ["children_parent_fkey"]);

    for (action, kind) in [
        (Action::NoAction, ConstraintKind::Reference),
        (Action::Restrict, ConstraintKind::Restrict),
    ] {
        let mut db = database([
            table("parents", [id()]),
            table("children", [id(), int("parent").unique()]).foreign_key(key()),
            table("grandchildren", [id(), int("child")])
                .foreign_key(refer("child", "children", "parent").on_update(action)),
        ]);
        fill(&mut db, "parents", "1");
        fill(&mut db, "children", "1 1");
        fill(&mut db, "grandchildren", "1 1");
        let refused = refuse(&mut db, kind, |tx| tx.delete_key("parents", 1));
        assert_eq!(refused.constraint, "grandchildren_child_fkey");
    }
}

// rules: RI-23
// Broken, children would be left on a default that no parent has.
#[test]
fn a_default_must_have_a_parent() {
    let filled = |parents: &str, children: &str| -> Database {
        let mut db = family(Action::SetDefault, Action::SetDefault);
        fill(&mut db, "parents", parents);
        fill(&mut db, "children", children);
        db
    };
    // There is none.
    let mut db = filled("1", "1 1");
    let refused = refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete_key("parents", 1)
    });
    assert_eq!(refused.values, [Value::from(9)]);
    // It goes in the same statement, by deletion or by another name.
    let mut db = filled("1, 9", "1 1");
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete("parents", &every_row())
    });
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        remap(tx, "parents", "id", |id| id + 10)
    });
    // The row already holds the default that vanishes.
    let mut db = filled("1, 9", "1 9");
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete_key("parents", 9)
    });
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.update_key("parents", 9, set("id", 8))
    });
    // It comes in the same statement.
    let mut db = filled("1, 5", "1 1, 2 5");
    accept(&mut db, |tx| {
        remap(tx, "parents", "id", |id| if id == 5 { 9 } else { 2 })
    });
    assert_eq!(rows(&db, "children"), "1 9, 2 9");
}

// rules: RI-23, RI-2
// Broken, a default with a null would be looked up, or a column without a default would keep its value.
#[test]
fn a_column_without_a_default_becomes_null() {
    let key = refer("x y", "parents", "a b").on_delete(Action::SetDefault);
    let mut db = database([
        table("parents", [id(), int("a"), int("b")]).unique(UniqueDef::new(["a", "b"])),
        table("children", [id(), int("x").default(7), int("y")]).foreign_key(key),
    ]);
    fill(&mut db, "parents", "1 1 1");
    fill(&mut db, "children", "1 1 1");
    accept(&mut db, |tx| tx.delete_key("parents", 1));
    assert_eq!(rows(&db, "children"), "1 7 null");
}

// rules: D-6, RI-23, RI-51
// Broken, a default without a parent would be refused before the commit, or never.
#[test]
fn a_deferred_default_waits_for_its_parent_until_commit() {
    let key = refer("parent", "parents", "id")
        .on_delete(Action::SetDefault)
        .deferrable(Deferral::InitiallyDeferred);
    let mut db = database([
        table("parents", [id()]),
        table("children", [id(), int("parent").default(9)]).foreign_key(key),
    ]);
    fill(&mut db, "parents", "1, 2");
    fill(&mut db, "children", "1 1, 2 2");
    let before = db.fingerprint();
    let mut tx = db.begin();
    tx.delete_key("parents", 1).unwrap();
    assert_eq!(rows(&tx, "children"), "1 9, 2 2");
    assert!(tx.commit().is_err());
    assert_eq!(db.fingerprint(), before);
    accept(&mut db, |tx| {
        tx.delete_key("parents", 1)?;
        insert(tx, "parents", "9")?;
        // The row already holds the default that vanishes, and then comes back.
        tx.delete_key("parents", 9)?;
        insert(tx, "parents", "9")
    });
    assert_eq!(rows(&db, "children"), "1 9, 2 2");
}
