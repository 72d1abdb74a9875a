//! What a commit that fails tells of: everything that is broken, in an order that only the present state decides.

use relata::engine::{Database, Transaction};
use relata::error::{ConstraintKind, Error, Operation};
use relata::schema::{Deferral, UniqueDef};
use relata::value::Value;

use super::{broken, database, fill, id, insert, int, refer, set, table};

/// `parents (id)`, `children (id, parent, code)` and `toys (id, child)`, where keys and code wait for commit.
fn waiting() -> Database {
    let waits = Deferral::InitiallyDeferred;
    let code = UniqueDef::new(["code"]).named("code").deferrable(waits);
    let parent = refer("parent", "parents", "id").deferrable(waits);
    let child = refer("child", "children", "id").deferrable(waits);
    let mut db = database([
        table("parents", [id()]),
        table("children", [id(), int("parent"), int("code")])
            .foreign_key(parent.named("parent"))
            .unique(code),
        table("toys", [id(), int("child")]).foreign_key(child.named("child")),
    ]);
    fill(&mut db, "parents", "1, 2");
    db
}

/// Breaks every constraint, some twice, and the last ones first.
fn break_all(tx: &mut Transaction<'_>) {
    insert(tx, "toys", "2 9, 1 8, 3 null").unwrap();
    insert(tx, "children", "4 1 20, 7 7 10, 6 2 20, 5 1 20").unwrap();
    insert(tx, "children", "3 7 10, 2 1 30, 1 6 null").unwrap();
}

const ALL: [&str; 8] = [
    "code at 7: 10",
    "code at 5: 20",
    "code at 6: 20",
    "parent at 1: 6",
    "parent at 3: 7",
    "parent at 7: 7",
    "child at 1: 8",
    "child at 2: 9",
];

/// Constraint, row and value of each.
fn listed(error: &Error) -> Vec<String> {
    let violations = error.violations();
    violations
        .map(|it| {
            let row = it.row.as_ref().unwrap();
            format!("{} at {row}: {}", it.constraint, it.values[0])
        })
        .collect()
}

// rules: RI-52, RI-70, RI-71
// Broken, whoever repairs a transaction would learn of one fault at a time, each by another failed commit.
#[test]
fn everything_that_is_broken_is_listed() {
    let mut db = waiting();
    let mut tx = db.begin();
    break_all(&mut tx);
    assert_eq!(listed(&tx.check_deferred().unwrap_err()), ALL);
    let error = tx.commit().unwrap_err();
    assert_eq!(listed(&error), ALL);
    let first = broken(&error, ConstraintKind::Unique);
    assert_eq!(first.violations_count(), ALL.len());
    let other = |at: usize| first.violations().nth(at).unwrap().other.clone().unwrap();
    assert_eq!(
        (other(0).key, other(2).key),
        (Some(3.into()), Some(4.into()))
    );
    assert_eq!(
        (other(3).table, other(6).table),
        ("parents".into(), "children".into())
    );
    assert!(
        first
            .violations()
            .all(|it| it.operation == Operation::Commit)
    );
    assert!(
        first
            .further
            .listed
            .iter()
            .all(|it| it.further == Default::default())
    );
    db.check_integrity().unwrap();
    assert_eq!(db.count("toys").unwrap(), 0);
}

// rules: RI-72, RI-52
// Broken, two ways to one state would fail with different errors, and a test that compares them would flicker.
#[test]
fn the_list_does_not_tell_how_it_came_about() {
    let mut db = waiting();
    let mut tx = db.begin();
    insert(&mut tx, "children", "1 6 null, 2 1 30, 3 7 10").unwrap();
    insert(&mut tx, "children", "5 1 10, 6 2 10, 7 7 10, 4 1 10").unwrap();
    for row in [6, 4, 5] {
        tx.update_key("children", row, set("code", 20)).unwrap();
    }
    insert(&mut tx, "toys", "1 8, 2 9").unwrap();
    assert_eq!(listed(&tx.commit().unwrap_err()), ALL);
}

// rules: RI-55, RI-52
// Broken, a switch would list what goes on waiting, or leave out what it would have to judge.
#[test]
fn a_switch_lists_what_it_judges() {
    let mut db = waiting();
    let mut tx = db.begin();
    break_all(&mut tx);
    let mut of = |names: &[&str]| listed(&tx.set_constraints_immediate(names).unwrap_err());
    assert_eq!(of(&["parent"]), ALL[3..6]);
    assert_eq!(
        of(&["child", "code", "child"]),
        [&ALL[..3], &ALL[6..]].concat()
    );
    assert_eq!(of(&[]), ALL);
    drop(tx);
    // A single statement is a transaction, and tells no less.
    let rows = [
        [Value::from(1), 7.into(), 1.into()],
        [2.into(), 8.into(), 1.into()],
    ];
    let error = db.insert_many("children", &["id", "parent", "code"], rows);
    let error = error.unwrap_err();
    assert_eq!(
        listed(&error),
        ["code at 2: 1", "parent at 1: 7", "parent at 2: 8"]
    );
}

// rules: RI-52, RI-71
// Broken, a bulk load that went wrong would fill the memory and the log with an error for each of its rows.
#[test]
fn a_list_has_at_most_a_hundred_and_tells_how_many_more() {
    let mut db = waiting();
    let mut tx = db.begin();
    let rows = (0..1_000_i64).rev();
    let rows = rows.map(|row| [row.into(), Value::from(3 + row), Value::from(row % 60)]);
    tx.insert_many("children", &["id", "parent", "code"], rows)
        .unwrap();
    let error = tx.commit().unwrap_err();
    let first = broken(&error, ConstraintKind::Unique);
    assert_eq!(first.violations().count(), 100);
    assert_eq!(first.violations_count(), (1_000 - 60) + 1_000);
    assert_eq!(first.further.unlisted, 1_840);
    let sixteen = (1..=16).map(|round| format!("code at {}: 0", round * 60));
    assert_eq!(listed(&error)[..16], sixteen.collect::<Vec<_>>());
    let text = error.to_string();
    assert!(
        text.len() <= 1_024 && text.contains("; and 1939 more: "),
        "{text}"
    );
}
