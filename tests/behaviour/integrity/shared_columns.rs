//! Keys that share columns: acting through one changes the value that the other sees.

use relata::engine::Database;
use relata::error::ConstraintKind;
use relata::schema::{Action, ForeignKeyDef, UniqueDef};

use super::{accept, database, fill, id, insert, int, refer, refuse, rows, set, table};

/// Tenants; `users` and `groups` (id, tenant, number) of them; `members (id, tenant, user, grp)` of both, in one tenant.
fn tenants(
    user: fn(ForeignKeyDef) -> ForeignKeyDef,
    group: fn(ForeignKeyDef) -> ForeignKeyDef,
) -> Database {
    let owned = |name: &str| {
        table(name, [id(), int("tenant"), int("number")])
            .unique(UniqueDef::new(["tenant", "number"]))
            .foreign_key(refer("tenant", "tenants", "id").on_update(Action::Cascade))
    };
    let mut db = database([
        table("tenants", [id()]),
        owned("users"),
        owned("groups"),
        table("members", [id(), int("tenant"), int("user"), int("grp")])
            .foreign_key(user(
                refer("tenant user", "users", "tenant number").named("user"),
            ))
            .foreign_key(group(
                refer("tenant grp", "groups", "tenant number").named("group"),
            )),
    ]);
    fill(&mut db, "tenants", "1, 2");
    fill(&mut db, "users", "1 1 5");
    fill(&mut db, "groups", "1 1 6");
    fill(&mut db, "members", "1 1 5 6");
    db
}

// rules: RI-35, RI-22
// Broken, the shared column would keep its value, or the other key would go on holding a row that it no longer says anything of.
#[test]
fn set_null_through_one_key_exempts_the_row_from_the_other() {
    let mut db = tenants(|user| user.on_delete(Action::SetNull), |group| group);
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete_key("groups", 1)
    });
    accept(&mut db, |tx| tx.delete_key("users", 1));
    assert_eq!(rows(&db, "members"), "1 null null 6");
    accept(&mut db, |tx| tx.delete_key("groups", 1));
    assert_eq!(rows(&db, "members"), "1 null null 6");
}

// rules: RI-35, RI-11
// Broken, a row that one key takes along would stand without a parent of the other.
#[test]
fn a_cascade_through_one_key_may_not_break_the_other() {
    let mut db = tenants(|user| user.on_update(Action::Cascade), |group| group);
    let refused = refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.update_key("users", 1, set("tenant", 2))
    });
    assert_eq!(refused.constraint, "group");
    assert_eq!(refused.chain, ["user"]);
    // There is such a group in the other tenant: the row now belongs to that one.
    accept(&mut db, |tx| insert(tx, "groups", "2 2 6"));
    accept(&mut db, |tx| tx.update_key("users", 1, set("tenant", 2)));
    assert_eq!(rows(&db, "members"), "1 2 5 6");
    accept(&mut db, |tx| tx.delete_key("groups", 1));
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete_key("groups", 2)
    });
}

// rules: RI-35, RI-17, RI-73
// Broken, the second of two parents that change in step would no longer find the row, or change it once more.
#[test]
fn a_row_follows_two_parents_in_step_once() {
    let cascade = |key: ForeignKeyDef| key.on_update(Action::Cascade);
    let mut db = tenants(cascade, cascade);
    let affected = accept(&mut db, |tx| tx.update_key("tenants", 1, set("id", 3)));
    assert_eq!((affected.rows, affected.by_actions), (1, 3));
    assert_eq!(rows(&db, "members"), "1 3 5 6");
}
