//! What a key is declared to be: its two rules, what it may refer to, the key of a junction.

use relata::error::{ConstraintKind, ProblemKind};
use relata::schema::{Action, Schema, UniqueDef};

use super::{
    ACTIONS, accept, database, family, fill, id, int, refer, refuse, rows, set, table, text,
};

// rules: RI-10, RI-21, RI-22
// Broken, a delete would do what the key says of updates, or the other way round.
#[test]
fn each_key_has_a_rule_for_deletes_and_one_for_updates() {
    for on_delete in ACTIONS {
        for on_update in ACTIONS {
            let mut db = family(on_delete, on_update);
            fill(&mut db, "parents", "1, 9");
            fill(&mut db, "children", "1 1");
            let mut gone = db.fork();
            let outcomes = [
                (&mut gone, on_delete, "", "9"),
                (&mut db, on_update, "1 2", "2, 9"),
            ];
            for (db, action, cascaded, parents) in outcomes {
                let deletes = cascaded.is_empty();
                let statement = |tx: &mut relata::engine::Transaction<'_>| match deletes {
                    true => tx.delete_key("parents", 1),
                    false => tx.update_key("parents", 1, set("id", 2)),
                };
                let children = match action {
                    Action::NoAction => {
                        refuse(db, ConstraintKind::Reference, statement);
                        continue;
                    }
                    Action::Restrict => {
                        refuse(db, ConstraintKind::Restrict, statement);
                        continue;
                    }
                    Action::Cascade => cascaded,
                    Action::SetNull => "1 null",
                    Action::SetDefault => "1 9",
                };
                accept(db, statement);
                assert_eq!(rows(db, "children"), children, "{on_delete} {on_update}");
                assert_eq!(rows(db, "parents"), parents, "{on_delete} {on_update}");
            }
        }
    }
}

// rules: RI-10, RI-50
// Broken, a key that says nothing would act on its children, or wait for the commit.
#[test]
fn a_key_that_says_nothing_takes_no_action_and_does_not_wait() {
    let mut db = database([
        table("parents", [id()]),
        table("children", [id(), int("parent")]).foreign_key(refer("parent", "parents", "id")),
    ]);
    fill(&mut db, "parents", "1");
    fill(&mut db, "children", "1 1");
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete_key("parents", 1)
    });
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.update_key("parents", 1, set("id", 2))
    });
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.insert("children", [("id", 2.into()), ("parent", 7.into())])
    });
}

// rules: RI-90
// Broken, a key could be declared that no row can meet, or that leads to several rows.
#[test]
fn a_key_refers_to_exactly_one_unique_key() {
    let problem = |columns: &str, parent: &str, parent_columns: &str| {
        let parents = table("parents", [id(), int("a"), int("b"), text("name")])
            .unique(UniqueDef::new(["a", "b"]));
        let key = refer(columns, parent, parent_columns);
        let children = table("children", [id(), int("x"), int("y")]).foreign_key(key);
        let built = Schema::builder().table(parents).table(children).build();
        built
            .err()
            .map(|error| error.as_declaration().unwrap().problems[0].kind)
    };
    // The order of the unique key does not matter, and positions correspond.
    assert_eq!(problem("x y", "parents", "a b"), None);
    assert_eq!(problem("x y", "parents", "b a"), None);
    let wrong = [
        ("x", "nobody", "id", ProblemKind::Unknown),
        ("z", "parents", "id", ProblemKind::Unknown),
        ("x", "parents", "z", ProblemKind::Unknown),
        ("x", "parents", "a b", ProblemKind::Key),
        ("x x", "parents", "a b", ProblemKind::Key),
        ("x y", "parents", "a a", ProblemKind::Key),
        ("x", "parents", "name", ProblemKind::Type),
        ("x", "parents", "a", ProblemKind::NotUnique),
        ("x y", "parents", "id a", ProblemKind::NotUnique),
    ];
    for (columns, parent, parent_columns, kind) in wrong {
        let found = problem(columns, parent, parent_columns);
        assert_eq!(
            found,
            Some(kind),
            "({columns}) to {parent} ({parent_columns})"
        );
    }
}

// rules: RI-44, RI-43
// Broken, a pair would be refused because of its mirror image, a pair could come twice, or a side could be missing.
#[test]
fn a_junction_is_keyed_by_its_ordered_pair() {
    let side = |column: &str, action| refer(column, "people", "id").on_delete(action);
    let mut db = database([
        table("people", [id()]),
        table(
            "follows",
            [
                int("follower").primary_key(),
                int("followed").primary_key().default(9),
            ],
        )
        .foreign_key(side("follower", Action::Cascade))
        .foreign_key(side("followed", Action::SetDefault)),
    ]);
    fill(&mut db, "people", "1, 2, 9");
    fill(&mut db, "follows", "1 2, 2 1");
    let pair = |a: Option<i64>, b: Option<i64>| [("follower", a.into()), ("followed", b.into())];
    let twice = refuse(&mut db, ConstraintKind::Unique, |tx| {
        tx.insert("follows", pair(Some(1), Some(2)))
    });
    assert_eq!(twice.columns, ["follower", "followed"]);
    for (a, b, column) in [
        (None, Some(1), "follower"),
        (Some(1), None, "followed"),
        (None, None, "follower"),
    ] {
        let missing = refuse(&mut db, ConstraintKind::NotNull, |tx| {
            tx.insert("follows", pair(a, b))
        });
        assert_eq!(missing.columns, [column]);
    }
    // Each side has its own rule.
    accept(&mut db, |tx| tx.delete_key("people", 1));
    assert_eq!(rows(&db, "follows"), "2 9");
}
