//! Any number of targets hold the key.

use super::{company, project, refused, related, request, stepping, task, text, user};
use crate::association::{BelongsTo, HasMany};
use crate::error::{ConstraintKind, ErrorKind, RequestKind};
use crate::expr::col;
use crate::model::{Attribute, Database, Instance, Models, Targets, targets, values};
use crate::value::{DataType, Value};

fn setting() -> (Database, [Instance; 2], [Instance; 4]) {
    let mut db = company();
    let users = ["ada", "bob"].map(|name| user(&mut db, name));
    let tasks = ["a", "b", "c", "d"].map(|title| task(&mut db, title));
    (db, users, tasks)
}

fn tasks(db: &mut Database, source: &Instance) -> String {
    related(db, source, "tasks", "title")
}

// rules: HM-3, HM-4, HM-12
// Broken: of rows and keys in one list only one sort is taken, or the result of `set` is not what is now associated.
#[test]
fn set_takes_rows_keys_and_mixtures() {
    let (mut db, [ada, _], [a, b, c, _]) = setting();
    let all = [a.clone(), b.clone(), c.clone()];
    let cases: [(Targets<'_>, &str); 9] = [
        ((&a).into(), "a"),
        (2.into(), "b"),
        ((&all[..]).into(), "a b c"),
        ([&c, &a].into(), "a c"),
        (vec![3, 1].into(), "a c"),
        (targets![&c, 1, b.key().unwrap()], "a b c"),
        (targets![4, 4, 4], "d"),
        (Some(&a).into(), "a"),
        (().into(), ""),
    ];
    for (targets, expected) in cases {
        let now = db.related(&ada, "tasks").unwrap().set(targets).unwrap();
        assert_eq!(super::shown(&now, "title"), expected);
        assert_eq!(tasks(&mut db, &ada), expected);
        assert_eq!(db.related(&ada, "tasks").unwrap().get().unwrap(), now);
    }
    assert_eq!(db.count("Task").unwrap(), 4);
}

// rules: HM-9, HM-10, HM-11
// Broken: a task that stays is written again, one that leaves is deleted, or an unknown key spoils the rest.
#[test]
fn set_writes_the_difference() {
    let (mut db, [ada, _], [a, b, c, _]) = setting();
    db.related(&ada, "tasks").unwrap().set([&a, &b]).unwrap();
    let kept = db.find("Task", 2).unwrap();
    db.related(&ada, "tasks")
        .unwrap()
        .set(targets![&b, &c, 99])
        .unwrap();
    assert_eq!(tasks(&mut db, &ada), "b c");
    assert_eq!(db.find("Task", 2).unwrap(), kept);
    let left = db.find("Task", 1).unwrap().unwrap();
    assert_eq!(left.get("UserId").unwrap(), &Value::Null);
    assert_eq!(left.get("title").unwrap(), &Value::from("a"));
    let before = db.fingerprint();
    db.related(&ada, "tasks").unwrap().set([3, 2]).unwrap();
    assert_eq!(db.fingerprint(), before);
}

// rules: HM-5, HM-6
// Broken: adding a task saves its pending title, or a task that Bob had is still his.
#[test]
fn add_steals_and_writes_the_key_alone() {
    let (mut db, [ada, bob], [mut a, ..]) = setting();
    db.related(&bob, "tasks").unwrap().add(1).unwrap();
    a.set("title", "pending").unwrap();
    assert_eq!(db.related(&ada, "tasks").unwrap().add(&a).unwrap(), []);
    assert_eq!(
        (tasks(&mut db, &ada), tasks(&mut db, &bob)),
        ("a".into(), "".into())
    );
    let before = db.fingerprint();
    db.related(&ada, "tasks").unwrap().add(&a).unwrap();
    assert_eq!(db.fingerprint(), before);
}

// rules: HM-7, HM-21, FK-20
// Broken: a task that was never saved, a project or a text is silently taken for no task.
#[test]
fn what_cannot_be_added_is_ignored_or_refused() {
    let (mut db, [ada, _], [a, ..]) = setting();
    let before = db.fingerprint();
    db.related(&ada, "tasks")
        .unwrap()
        .add(targets![99])
        .unwrap();
    db.related(&ada, "tasks").unwrap().add(()).unwrap();
    assert_eq!(db.fingerprint(), before);
    let unsaved = db.build("Task", values! { title: "new" }).unwrap();
    let other = project(&mut db, "p");
    let cases = [
        (targets![&a, &unsaved], RequestKind::Unsaved),
        (targets![&a, &other], RequestKind::Type),
        (targets![&a, "abc"], RequestKind::Type),
        (
            targets![(&a, values! { status: "x" })],
            RequestKind::Unsupported,
        ),
    ];
    for (targets, kind) in cases {
        for verb in ["add", "set", "remove"] {
            let error = refused(&mut db, |db| {
                let mut related = db.related(&ada, "tasks")?;
                let targets = targets.clone();
                match verb {
                    "add" => related.add(targets).map(drop),
                    "set" => related.set(targets).map(drop),
                    _ if kind == RequestKind::Unsupported => related.add(targets).map(drop),
                    _ => related.remove(targets).map(drop),
                }
            });
            assert_eq!(error.kind(), request(kind), "{verb}: {error}");
            assert!(error.to_string().starts_with("User.tasks: "), "{error}");
        }
    }
}

// rules: HM-21, D24
// Broken: a user that was never saved has every task that nobody has.
#[test]
fn an_unsaved_source_has_nothing_and_takes_nothing() {
    let (mut db, _, [a, ..]) = setting();
    let new = db.build("User", values! { name: "new" }).unwrap();
    let none = db.related(&new, "tasks").unwrap();
    assert_eq!(none.get().unwrap(), []);
    assert_eq!((none.count().unwrap(), none.has(&a).unwrap()), (0, false));
    for error in [
        refused(&mut db, |db| db.related(&new, "tasks")?.add(&a)),
        refused(&mut db, |db| db.related(&new, "tasks")?.set(&a)),
        refused(&mut db, |db| db.related(&new, "tasks")?.create(values! {})),
    ] {
        assert_eq!(error.kind(), request(RequestKind::Unsaved));
        assert!(
            error
                .to_string()
                .starts_with("User.tasks: the source was never saved"),
            "{error}"
        );
    }
}

// rules: HM-13
// Broken: removing Bob's task from Ada takes it from Bob.
#[test]
fn remove_touches_only_tasks_of_this_source() {
    let (mut db, [ada, bob], [a, b, c, _]) = setting();
    db.related(&ada, "tasks").unwrap().set([&a, &b]).unwrap();
    db.related(&bob, "tasks").unwrap().set(&c).unwrap();
    assert_eq!(
        db.related(&ada, "tasks")
            .unwrap()
            .remove(targets![&a, &c, 99, 1])
            .unwrap(),
        1
    );
    assert_eq!(
        (tasks(&mut db, &ada), tasks(&mut db, &bob)),
        ("b".into(), "c".into())
    );
    let before = db.fingerprint();
    assert_eq!(db.related(&ada, "tasks").unwrap().remove(()).unwrap(), 0);
    assert_eq!(db.fingerprint(), before);
}

// rules: HM-15, HM-16
// Broken: `has` is true if only some are associated, or counts a task twice.
#[test]
fn has_and_count_speak_of_what_is_associated() {
    let (mut db, [ada, _], [a, b, c, _]) = setting();
    db.related(&ada, "tasks").unwrap().set([&a, &b]).unwrap();
    let related = db.related(&ada, "tasks").unwrap();
    assert!(related.has(&a).unwrap() && related.has(targets![1, &b, 1]).unwrap());
    assert!(related.has(()).unwrap());
    assert!(!related.has([&a, &c]).unwrap() && !related.has(99).unwrap());
    assert_eq!(
        related.has("abc").unwrap_err().kind(),
        request(RequestKind::Type)
    );
    assert_eq!(related.count().unwrap(), 2);
    assert_eq!(related.count_where(col("title").gt("a")).unwrap(), 1);
    assert_eq!(
        related.one().unwrap_err().kind(),
        request(RequestKind::Unsupported)
    );
    let snapshot = db.snapshot();
    db.related(&ada, "tasks").unwrap().set(()).unwrap();
    assert_eq!(snapshot.related(&ada, "tasks").unwrap().count().unwrap(), 2);
}

// rules: HM-17
// Broken: a key that the caller gives goes before the source's.
#[test]
fn create_forces_the_key() {
    let (mut db, [ada, _], _) = setting();
    let made = db
        .related(&ada, "tasks")
        .unwrap()
        .create(values! { title: "x", UserId: 2 })
        .unwrap();
    assert_eq!(made.get("UserId").unwrap(), &Value::Int(1));
    assert_eq!(db.find("Task", 5).unwrap(), Some(made));
    let error = refused(&mut db, |db| {
        db.related(&ada, "tasks")?.create(values! { titel: "x" })
    });
    assert_eq!(error.kind(), request(RequestKind::UnknownColumn));
    let error = refused(&mut db, |db| {
        db.related(&ada, "tasks")?
            .create_with(values! { title: "x" }, values! { status: "y" })
    });
    assert_eq!(error.kind(), request(RequestKind::Unsupported));
}

// rules: D18
// Broken: taking a badge away deletes it although nobody asked for that, or fails after half the work.
#[test]
fn badges_need_a_user() {
    let (mut db, [ada, bob], _) = setting();
    for _ in 0..3 {
        db.related(&ada, "badges")
            .unwrap()
            .create(values! {})
            .unwrap();
    }
    for verb in ["set", "remove"] {
        let error = refused(&mut db, |db| {
            let mut badges = db.related(&ada, "badges")?;
            match verb {
                "set" => badges.set([2]).map(drop),
                _ => badges.remove(1).map(drop),
            }
        });
        assert_eq!(error.kind(), ErrorKind::Constraint(ConstraintKind::NotNull));
    }
    // Taking over needs no null.
    db.related(&bob, "badges").unwrap().add(3).unwrap();
    db.related(&ada, "badges")
        .unwrap()
        .destroy_previous()
        .set([2])
        .unwrap();
    assert_eq!(
        super::shown(&db.find_all("Badge").unwrap(), "UserId"),
        "1 2"
    );
}

// rules: HM-2, HM-20
// Broken: cities are looked for under the country's id, or the two sides disagree.
#[test]
fn cities_hold_the_code_of_their_country() {
    let mut models = Models::new();
    models.define_with("Country", |country| {
        country.attribute(Attribute::new("isoCode", DataType::Text).unique())
    });
    models.define_with("City", |city| city.attribute(text("name")));
    models.has_many(
        "Country",
        HasMany::new("City")
            .alias("cities")
            .foreign_key("countryCode")
            .source_key("isoCode"),
    );
    models.belongs_to(
        "City",
        BelongsTo::new("Country")
            .alias("country")
            .foreign_key("countryCode")
            .target_key("isoCode"),
    );
    let mut db = stepping(&models);
    let france = db.create("Country", values! { isoCode: "fr" }).unwrap();
    let paris = db
        .related(&france, "cities")
        .unwrap()
        .create(values! { name: "Paris" })
        .unwrap();
    assert_eq!(paris.get("countryCode").unwrap(), &Value::from("fr"));
    assert_eq!(related(&mut db, &paris, "country", "isoCode"), "fr");
    db.related(&paris, "country").unwrap().set(()).unwrap();
    assert_eq!(related(&mut db, &france, "cities", "name"), "");
}

// rules: HM-19
// Broken: a person's children and a child's parent come from different columns.
#[test]
fn a_tree_is_consistent_from_both_sides() {
    let mut models = Models::new();
    models.define_with("Person", |person| person.attribute(text("name")));
    models.has_many(
        "Person",
        HasMany::new("Person")
            .alias("children")
            .foreign_key("parentId"),
    );
    models.belongs_to(
        "Person",
        BelongsTo::new("Person")
            .alias("parent")
            .foreign_key("parentId"),
    );
    let mut db = stepping(&models);
    let people = ["eve", "kim", "lee"].map(|name| values! { name: name });
    let people = db.create_many("Person", people).unwrap();
    db.related(&people[0], "children")
        .unwrap()
        .set(&people[1..])
        .unwrap();
    assert_eq!(related(&mut db, &people[2], "parent", "name"), "eve");
    db.related(&people[1], "parent")
        .unwrap()
        .set(&people[2])
        .unwrap();
    assert_eq!(related(&mut db, &people[0], "children", "name"), "lee");
    assert_eq!(related(&mut db, &people[2], "children", "name"), "kim");
}

// rules: D18, TX-1
// Broken: a child that goes along with its destroyed parent is said to be associated.
#[test]
fn destroying_the_previous_must_not_take_the_new_along() {
    let mut models = Models::new();
    models.define_with("Person", |person| person.attribute(text("name")));
    models.has_many(
        "Person",
        HasMany::new("Person")
            .alias("children")
            .foreign_key("parentId")
            .on_delete("cascade"),
    );
    let mut db = stepping(&models);
    let eve = db.create("Person", values! { name: "eve" }).unwrap();
    let kim = db
        .related(&eve, "children")
        .unwrap()
        .create(values! { name: "kim" })
        .unwrap();
    let lee = db
        .related(&kim, "children")
        .unwrap()
        .create(values! { name: "lee" })
        .unwrap();
    let error = refused(&mut db, |db| {
        db.related(&eve, "children")?.destroy_previous().set([&lee])
    });
    assert_eq!(error.kind(), request(RequestKind::NotFound));
    db.related(&eve, "children")
        .unwrap()
        .destroy_previous()
        .set(())
        .unwrap();
    assert_eq!(super::shown(&db.find_all("Person").unwrap(), "name"), "eve");
}
