//! A junction holds both keys.

use super::{company, project, refused, related, request, stepping, task, text, user, works};
use crate::association::{BelongsToMany, Through, Uniqueness};
use crate::error::{ConstraintKind, ErrorKind, RequestKind};
use crate::expr::col;
use crate::model::{Attribute, Database, Instance, Models, Targets, targets, values};
use crate::value::{DataType, Value};

fn setting() -> (Database, [Instance; 2], [Instance; 3]) {
    let mut db = company();
    let users = ["ada", "bob"].map(|name| user(&mut db, name));
    let projects = ["p", "q", "r"].map(|name| project(&mut db, name));
    (db, users, projects)
}

// rules: BTM-13, BTM-36, BY-1
// Broken: a project is read without the row that links it, or that row cannot be saved.
#[test]
fn targets_carry_their_row_of_the_junction() {
    let (mut db, [ada, bob], [p, q, _]) = setting();
    db.related(&ada, "projects")
        .unwrap()
        .add_with(&q, values! { status: "new" })
        .unwrap();
    db.related(&ada, "projects").unwrap().add(&p).unwrap();
    db.related(&bob, "projects").unwrap().add(&q).unwrap();
    let mut found = db.related(&ada, "projects").unwrap().get().unwrap();
    assert_eq!(super::shown(&found, "name"), "p q");
    let work = found[1].junction_mut().unwrap();
    assert_eq!(
        (work.model(), work.get("status").unwrap()),
        ("Work", &Value::from("new"))
    );
    work.set("status", "done").unwrap();
    db.save(work).unwrap();
    assert_eq!(works(&db), "1-1:null 1-2:'done' 2-2:null");
    assert_eq!(related(&mut db, &q, "workers", "name"), "ada bob");
    let filtered = db
        .related(&ada, "projects")
        .unwrap()
        .get_where(col("name").eq("q"))
        .unwrap();
    assert_eq!(super::shown(&filtered, "name"), "q");
}

// rules: BTM-19, BTM-22, BTM-31
// Broken: adding a linked project again inserts a second row, or wipes the attributes of the first.
#[test]
fn add_inserts_or_updates_given_attributes() {
    let (mut db, [ada, _], [p, q, _]) = setting();
    let mut projects = db.related(&ada, "projects").unwrap();
    let rows = projects
        .add_with(targets![&p, 2], values! { status: "new", hours: 3 })
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].get("ProjectId").unwrap(), &Value::Int(2));
    let before = db.fingerprint();
    assert_eq!(
        db.related(&ada, "projects").unwrap().add([&p, &q]).unwrap(),
        []
    );
    db.related(&ada, "projects")
        .unwrap()
        .add_with(&p, values! { status: "new" })
        .unwrap();
    assert_eq!(db.fingerprint(), before);
    db.related(&ada, "projects")
        .unwrap()
        .add_with(&p, values! { status: "old" })
        .unwrap();
    assert_eq!(works(&db), "1-1:'old' 1-2:'new'");
    let hours = db.find("Work", (1, 1)).unwrap().unwrap();
    assert_eq!(hours.get("hours").unwrap(), &Value::Int(3));
}

// rules: BTM-20, BTM-21, BTM-23
// Broken: attributes of one target are lost to those given for all, or a key among them links another project.
#[test]
fn attributes_of_a_target_go_first_and_keys_before_all() {
    let (mut db, [ada, bob], [p, q, _]) = setting();
    let given = [(&p, values! { status: "inactive" }), (&q, values! {})];
    let for_all = values! { status: "active", hours: 5, UserId: 2, ProjectId: 3 };
    db.related(&ada, "projects")
        .unwrap()
        .add_with(given, for_all)
        .unwrap();
    assert_eq!(works(&db), "1-1:'inactive' 1-2:'active'");
    assert_eq!(super::shown(&db.find_all("Work").unwrap(), "hours"), "5 5");
    let fetched = db.related(&ada, "projects").unwrap().get().unwrap();
    db.related(&bob, "projects")
        .unwrap()
        .add(&fetched[0])
        .unwrap();
    assert_eq!(works(&db), "1-1:'inactive' 1-2:'active' 2-1:null");
}

// rules: BTM-24, FK-20, TX-1
// Broken: of a good and a bad target in one call, the good one is linked.
#[test]
fn what_cannot_be_linked_leaves_nothing_behind() {
    let (mut db, [ada, _], [p, q, _]) = setting();
    db.related(&ada, "projects").unwrap().add(&q).unwrap();
    let unsaved = db.build("Project", values! { name: "new" }).unwrap();
    let other = task(&mut db, "a");
    let unique = ErrorKind::Constraint(ConstraintKind::Unique);
    let cases: [(Targets<'_>, ErrorKind); 7] = [
        (
            targets![&p, 99],
            ErrorKind::Constraint(ConstraintKind::Reference),
        ),
        (targets![&p, &unsaved], request(RequestKind::Unsaved)),
        (targets![&p, Value::Null], request(RequestKind::Unsaved)),
        (targets![&p, &other], request(RequestKind::Type)),
        (targets![&p, "abc"], request(RequestKind::Type)),
        (targets![&p, 1], unique),
        (targets![&p, &q, 2], unique),
    ];
    for (targets, kind) in cases {
        let error = refused(&mut db, |db| {
            db.related(&ada, "projects")?.add(targets.clone())
        });
        assert_eq!(error.kind(), kind, "{error}");
        let error = refused(&mut db, |db| db.related(&ada, "projects")?.set(targets));
        assert_eq!(error.kind(), kind, "{error}");
    }
    let error = refused(&mut db, |db| {
        db.related(&ada, "projects")?
            .add_with(&p, values! { state: "x" })
    });
    assert_eq!(error.kind(), request(RequestKind::UnknownColumn));
    let new = db.build("User", values! {}).unwrap();
    let error = refused(&mut db, |db| db.related(&new, "projects")?.add(&p));
    assert_eq!(error.kind(), request(RequestKind::Unsaved));
    let before = db.fingerprint();
    assert_eq!(db.related(&ada, "projects").unwrap().add(()).unwrap(), []);
    assert_eq!(db.fingerprint(), before);
}

// rules: BTM-25, BTM-26, D9
// Broken: a project that stays is unlinked and linked again and loses its status, or one that leaves is destroyed.
#[test]
fn set_changes_only_what_differs() {
    let (mut db, [ada, bob], [p, q, r]) = setting();
    db.related(&bob, "projects").unwrap().add(&p).unwrap();
    db.related(&ada, "projects")
        .unwrap()
        .set_with([&p, &q], values! { status: "old" })
        .unwrap();
    let kept = db.find("Work", (1, 2)).unwrap();
    let now = db.related(&ada, "projects").unwrap().set([&r, &q]).unwrap();
    assert_eq!(super::shown(&now, "name"), "q r");
    assert_eq!(works(&db), "1-2:'old' 1-3:null 2-1:null");
    assert_eq!(db.find("Work", (1, 2)).unwrap(), kept);
    db.related(&ada, "projects")
        .unwrap()
        .set_with([2, 3], values! { status: "new" })
        .unwrap();
    assert_eq!(works(&db), "1-2:'new' 1-3:'new' 2-1:null");
    let before = db.fingerprint();
    db.related(&ada, "projects").unwrap().set([2, 3]).unwrap();
    assert_eq!(db.fingerprint(), before);
    assert_eq!(db.related(&ada, "projects").unwrap().set(()).unwrap(), []);
    assert_eq!(
        (works(&db).as_str(), db.count("Project").unwrap()),
        ("2-1:null", 3)
    );
}

// rules: BTM-28, BTM-18, BTM-17
// Broken: removing Ada from a project removes everybody.
#[test]
fn remove_has_and_count() {
    let (mut db, [ada, bob], [p, q, r]) = setting();
    for user in [&ada, &bob] {
        db.related(user, "projects").unwrap().set([&p, &q]).unwrap();
    }
    let projects = db.related(&ada, "projects").unwrap();
    assert!(projects.has(targets![&p, 2, 1]).unwrap() && projects.has(()).unwrap());
    assert!(!projects.has([&p, &r]).unwrap() && !projects.has(99).unwrap());
    assert_eq!(projects.count().unwrap(), 2);
    assert_eq!(projects.count_where(col("name").eq("q")).unwrap(), 1);
    assert_eq!(
        projects.one().unwrap_err().kind(),
        request(RequestKind::Unsupported)
    );
    assert_eq!(
        db.related(&ada, "projects")
            .unwrap()
            .remove(targets![&p, &r, 99, 1])
            .unwrap(),
        1
    );
    assert_eq!(works(&db), "1-2:null 2-1:null 2-2:null");
}

// rules: BTM-29, FK-26
// Broken: a project that could not be linked stays, or the destroyed user takes it along.
#[test]
fn create_inserts_and_links() {
    let (mut db, [ada, _], _) = setting();
    let mut projects = db.related(&ada, "projects").unwrap();
    let made = projects
        .create_with(values! { name: "new" }, values! { status: "hot" })
        .unwrap();
    assert_eq!(
        made.junction().unwrap().get("status").unwrap(),
        &Value::from("hot")
    );
    assert_eq!(db.related(&ada, "projects").unwrap().get().unwrap(), [made]);
    let error = refused(&mut db, |db| {
        db.related(&ada, "projects")?
            .create_with(values! { name: "x" }, values! { hours: "many" })
    });
    assert_eq!(error.kind(), request(RequestKind::Type));
    db.destroy(&ada).unwrap();
    assert_eq!((works(&db).as_str(), db.count("Project").unwrap()), ("", 4));
}

// rules: BTM-6, BTM-7
// Broken: a junction that holds names takes an id for a name.
#[test]
fn keys_are_primary_keys_whatever_the_junction_holds() {
    let mut models = Models::new();
    for name in ["User", "Group"] {
        models.define_with(name, |model| {
            model.attribute(Attribute::new("code", DataType::Text).field("c").unique())
        });
    }
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Group")
            .alias("groups")
            .through("Member")
            .source_key("code")
            .target_key("code"),
    );
    let mut db = stepping(&models);
    let ada = db.create("User", values! { code: "a" }).unwrap();
    let codes = [Some("g"), Some("h"), None];
    let groups = db
        .create_many("Group", codes.map(|code| values! { code: code }))
        .unwrap();
    db.related(&ada, "groups")
        .unwrap()
        .add(targets![1, &groups[1]])
        .unwrap();
    let member = &db.find_all("Member").unwrap()[1];
    assert_eq!(member.key().unwrap(), &("a", "h").into());
    assert!(
        db.related(&ada, "groups")
            .unwrap()
            .has(targets![&groups[0], 2])
            .unwrap()
    );
    assert_eq!(db.related(&ada, "groups").unwrap().remove(2).unwrap(), 1);
    assert_eq!(related(&mut db, &ada, "groups", "code"), "g");
    for (target, kind) in [(99, RequestKind::NotFound), (3, RequestKind::Unsaved)] {
        let error = refused(&mut db, |db| db.related(&ada, "groups")?.add(target));
        assert_eq!(error.kind(), request(kind), "{error}");
    }
}

// rules: BTM-32, BTM-17, BTM-24, BY-10
// Broken: the second visit of a city is taken for the first.
#[test]
fn pairs_may_repeat_where_that_was_chosen() {
    let mut models = Models::new();
    models.define_with("City", |city| city.attribute(text("name")));
    models.define_with("Person", |person| person.attribute(text("name")));
    models.define_with("Visit", |visit| visit.attribute(text("when")));
    models.belongs_to_many(
        "Person",
        BelongsToMany::new("City")
            .alias("cities")
            .through(Through::new("Visit").unique(Uniqueness::Off)),
    );
    let mut db = stepping(&models);
    let ada = db.create("Person", values! { name: "ada" }).unwrap();
    let cities = db
        .create_many("City", ["x", "y"].map(|name| values! { name: name }))
        .unwrap();
    for when in ["may", "june"] {
        db.related(&ada, "cities")
            .unwrap()
            .add_with(1, values! { when: when })
            .unwrap();
    }
    db.related(&ada, "cities").unwrap().add([2, 2]).unwrap();
    // How many rows are to stay, a list with one of them twice does not say.
    for targets in [[1, 1], [2, 2]] {
        let error = refused(&mut db, |db| db.related(&ada, "cities")?.set(targets));
        assert_eq!(error.kind(), request(RequestKind::Repeated), "{error}");
    }
    let visits = db.related(&ada, "cities").unwrap();
    assert_eq!(visits.count().unwrap(), 4);
    assert!(visits.has([&cities[0], &cities[0]]).unwrap());
    let found = visits.get().unwrap();
    assert_eq!(super::shown(&found, "name"), "x x y y");
    let visits: Vec<_> = found
        .iter()
        .map(|city| city.junction().unwrap().clone())
        .collect();
    assert_eq!(super::shown(&visits, "when"), "may june null null");
    db.related(&ada, "cities")
        .unwrap()
        .set([&cities[0]])
        .unwrap();
    assert_eq!(related(&mut db, &ada, "cities", "name"), "x x");
    assert_eq!(db.related(&ada, "cities").unwrap().remove(1).unwrap(), 2);
}

// rules: BTM-9, BTM-25
// Broken: a junction row with a key of its own gets another one although its pair stays.
#[test]
fn a_junction_with_its_own_key_keeps_it() {
    let mut models = Models::new();
    models.define_with("User", |user| user.attribute(text("name")));
    models.define_with("Tag", |tag| tag.attribute(text("name")));
    models.define_with("UserTag", |user_tag| {
        user_tag
            .attribute(super::int("id").primary_key().auto_increment())
            .attribute(super::int("weight"))
    });
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Tag").alias("tags").through("UserTag"),
    );
    let mut db = stepping(&models);
    let ada = db.create("User", values! { name: "ada" }).unwrap();
    db.create_many("Tag", ["x", "y", "z"].map(|name| values! { name: name }))
        .unwrap();
    db.related(&ada, "tags").unwrap().set([1, 2]).unwrap();
    db.related(&ada, "tags")
        .unwrap()
        .set_with([2, 3], values! { weight: 1 })
        .unwrap();
    let rows = db.find_all("UserTag").unwrap();
    assert_eq!(super::shown(&rows, "id"), "2 3");
    assert_eq!(super::shown(&rows, "TagId"), "2 3");
    assert!(db.related(&ada, "tags").unwrap().has([2, 3]).unwrap());
}

// rules: BTM-36
// Broken: whom Ada follows and who follows Ada are the same list.
#[test]
fn followers_and_following_are_two_sides_of_one_table() {
    let mut models = Models::new();
    models.define_with("Person", |person| person.attribute(text("name")));
    for (alias, own, other) in [("following", "fan", "star"), ("followers", "star", "fan")] {
        models.belongs_to_many(
            "Person",
            BelongsToMany::new("Person")
                .alias(alias)
                .through("Follow")
                .foreign_key(own)
                .other_key(other),
        );
    }
    let mut db = stepping(&models);
    let people = ["ada", "bob", "cy"].map(|name| values! { name: name });
    let people = db.create_many("Person", people).unwrap();
    db.related(&people[0], "following")
        .unwrap()
        .set(&people[1..])
        .unwrap();
    db.related(&people[0], "followers")
        .unwrap()
        .set(&people[2])
        .unwrap();
    assert_eq!(related(&mut db, &people[0], "following", "name"), "bob cy");
    assert_eq!(related(&mut db, &people[0], "followers", "name"), "cy");
    assert_eq!(related(&mut db, &people[2], "following", "name"), "ada");
}

// rules: BY-10, BTM-22, BTM-28
// Broken: adding a member again inserts a second row, or a member in two roles leaves in one of them only.
#[test]
fn add_is_idempotent_under_uniqueness_by_other_attributes() {
    let mut models = Models::new();
    models.define_with("User", |user| user.attribute(text("name")));
    models.define_with("Team", |team| team.attribute(text("name")));
    models.define_with("Member", |member| member.attribute(text("role")));
    let by = ["TeamId", "role"].map(str::to_owned).to_vec();
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Team")
            .alias("teams")
            .through(Through::new("Member").unique(Uniqueness::Attributes(by))),
    );
    let mut db = stepping(&models);
    let users = ["ada", "bob"].map(|name| values! { name: name });
    let users = db.create_many("User", users).unwrap();
    db.create("Team", values! { name: "t" }).unwrap();
    let role = |role| values! { role: role };
    let add = |db: &mut Database, user, values| db.related(user, "teams")?.add_with(1, values);
    add(&mut db, &users[0], role("lead")).unwrap();
    let member = values! { UserId: 1, TeamId: 1, role: "cook" };
    db.create("Member", member).unwrap();
    let before = db.fingerprint();
    assert_eq!(add(&mut db, &users[0], values! {}).unwrap(), []);
    assert_eq!(db.fingerprint(), before);
    let error = refused(&mut db, |db| add(db, &users[1], role("cook")));
    assert_eq!(error.kind(), ErrorKind::Constraint(ConstraintKind::Unique));
    assert_eq!(
        db.related(&users[0], "teams").unwrap().remove(1).unwrap(),
        2
    );
}
