//! What declares an association, with every option, and what is refused.

use std::sync::{Arc, Mutex};

use relata::error::{ProblemKind, RequestError};
use relata::model::{AssociationKind, Verb};
use relata::schema::UniqueDef;
use relata::{
    Action, BelongsTo, BelongsToMany, DataType, Deferral, HasMany, HasOne, KeyAttribute, Models,
    Through, Uniqueness, Value, col, values,
};

use super::{
    association, attributes, constraint, int, keys, model, other_constraint, plain, problem,
    problems, synced, text,
};

/// Projects and users with every sort of association between them.
fn every_sort() -> Models {
    let mut models = plain("User Project");
    models
        .belongs_to("Project", BelongsTo::new("User").alias("owner"))
        .has_one("User", HasOne::new("Project").alias("Favourite"))
        .has_many(
            "User",
            HasMany::new("Project")
                .foreign_key("ownerId")
                .constraints(false),
        )
        .belongs_to_many(
            "User",
            BelongsToMany::new("User")
                .alias("friends")
                .through("Friendship"),
        );
    models
}

// rules: AS-1, AS-2
// Broken, an association cannot say by which columns it joins, or declaring one side gives the other side something.
#[test]
fn an_association_tells_all_about_itself() {
    let db = synced(&every_sort());
    let owner = association(&db, "Project", "owner");
    assert_eq!(
        (owner.kind(), owner.source().name(), owner.target().name()),
        (AssociationKind::BelongsTo, "Project", "User")
    );
    assert_eq!(
        (owner.foreign_key(), owner.target_key()),
        (vec!["ownerId"], vec!["id"])
    );
    assert!(owner.source_key().is_empty() && owner.other_key().is_empty());
    assert!(owner.is_single() && !owner.is_self() && owner.junction().is_none());

    let favourite = association(&db, "User", "Favourite");
    assert_eq!(favourite.kind(), AssociationKind::HasOne);
    assert_eq!(
        (favourite.foreign_key(), favourite.source_key()),
        (vec!["FavouriteId"], vec!["id"])
    );
    assert!(favourite.target_key().is_empty());

    let friends = association(&db, "User", "friends");
    assert_eq!(friends.kind(), AssociationKind::BelongsToMany);
    assert!(friends.is_self() && !friends.is_single());
    assert_eq!(friends.foreign_key(), ["UserId"]);
    assert_eq!(friends.other_key(), ["friendId"]);
    assert_eq!(
        (friends.source_key(), friends.target_key()),
        (vec!["id"], vec!["id"])
    );
    assert_eq!(
        friends.junction().map(|junction| junction.name()),
        Some("Friendship")
    );
    assert!(
        friends
            .accessors()
            .any(|(name, verb)| (name, verb) == ("addFriend", Verb::Add))
    );

    // The junction gained keys, and no association.
    assert_eq!(keys(&db, "Friendship"), "");
    assert_eq!(keys(&db, "Project"), "owner");
}

// rules: AS-3, AS-12
// Broken, a game has one team because the second association to teams replaced the first.
#[test]
fn several_associations_lead_to_one_target_in_their_order() {
    let mut models = plain("Team Game Post Comment");
    let team = |side: &str| {
        let key = format!("{side}TeamId");
        BelongsTo::new("Team").alias(side).foreign_key(key)
    };
    models
        .belongs_to("Game", team("home"))
        .belongs_to("Game", team("away"))
        .belongs_to("Game", "Team")
        .has_many("Post", "Comment")
        .has_one(
            "Post",
            HasOne::new("Comment")
                .alias("mainComment")
                .foreign_key("PostId"),
        );
    let mut db = synced(&models);
    assert_eq!(keys(&db, "Game"), "home away Team");
    assert_eq!(attributes(&db, "Game"), "id homeTeamId awayTeamId TeamId");
    let (a, b) = (
        db.create("Team", values! {}).unwrap(),
        db.create("Team", values! {}).unwrap(),
    );
    let game = db
        .create("Game", values! { homeTeamId: 1, awayTeamId: 2 })
        .unwrap();
    assert_eq!(db.related(&game, "home").unwrap().one().unwrap(), Some(a));
    assert_eq!(db.related(&game, "away").unwrap().one().unwrap(), Some(b));
    assert_eq!(db.related(&game, "Team").unwrap().one().unwrap(), None);
    // One key under two names is one column.
    assert_eq!(attributes(&db, "Comment"), "id PostId");
}

// rules: AS-4, AS-5, AS-6, D14
// Broken, a misspelt or repeated name makes an association that never finds anything, or hides another one.
#[test]
fn names_that_do_not_fit_are_refused_and_named() {
    let mut models = plain("User Task car person");
    models.define_with("Owner", |owner| owner.attribute(int("Tasks")));
    models
        .belongs_to("Task", "Usr")
        .has_many("Usr", "Task")
        .has_many("User", HasMany::new("Task").alias("work"))
        .belongs_to(
            "User",
            BelongsTo::new("Task").alias("work").constraints(false),
        )
        .has_many("User", HasMany::new("Task").foreign_key("a"))
        .has_many("User", HasMany::new("Task").foreign_key("b"))
        .has_many("Owner", "Task")
        .belongs_to("car", BelongsTo::new("person").foreign_key("person"));
    let found: Vec<String> = problems(&models).iter().map(ToString::to_string).collect();
    let parts = [
        "Task: Task.belongs_to(Usr) called with Usr, which is not a defined model",
        "Usr: Usr.has_many(Task): Usr is not a defined model",
        "You have used the alias work in two separate associations",
        "You have defined two associations with the same name \"Tasks\" on the model \"User\"",
        "Naming collision between attribute 'Tasks' and association 'Tasks' on model Owner",
        "Naming collision between attribute 'person' and association 'person' on model car",
    ];
    assert_eq!(found.len(), parts.len(), "{found:#?}");
    for part in parts {
        assert!(
            found.iter().any(|text| text.contains(part)),
            "{part}: {found:#?}"
        );
    }
    // The same key on different sources is fine.
    let mut apart = plain("User Task Team");
    apart
        .has_many("User", HasMany::new("Task").alias("work"))
        .has_many("Team", HasMany::new("Task").alias("work"));
    assert_eq!(problems_or_none(&apart), 0);
}

fn problems_or_none(models: &Models) -> usize {
    let error = models.sync().err();
    let problems = error.as_ref().and_then(|error| error.as_declaration());
    problems.map_or(0, |error| error.problems.len())
}

// rules: AS-6, AS-7, AS-8, AS-9
// Broken, problems of one sort come out one by one, each after the last was mended.
#[test]
fn every_problem_is_told_at_once() {
    let mut models = plain("User Task a b");
    models
        .define_with("Post", |post| {
            post.attribute(int("n").default("text")).attribute(int("n"))
        })
        .define_with("Pair", |pair| {
            pair.attribute(int("x").primary_key())
                .attribute(int("y").primary_key())
        });
    models
        .belongs_to("Task", BelongsTo::new("User").target_key("nam"))
        .has_one("User", HasOne::new("Task").source_key("x").alias("first"))
        .has_many("User", HasMany::new("Task").source_key("y").alias("others"))
        .belongs_to_many(
            "User",
            BelongsToMany::new("Task").through("ut").source_key("z"),
        )
        .belongs_to_many("Task", "User")
        .belongs_to_many("User", BelongsToMany::new("User").through("Friend"))
        .belongs_to("Task", "Pair")
        .belongs_to("Task", BelongsTo::new("Post").on_delete("vanish"))
        .has_many(
            "Post",
            HasMany::new("Task").foreign_key(["p", "q"]).alias("twice"),
        )
        .belongs_to("a", "b")
        .belongs_to("b", "a");
    let found = problems(&models);
    let kinds = |kind| found.iter().filter(|problem| problem.kind == kind).count();
    assert_eq!(kinds(ProblemKind::Association), 4 + 1 + 1 + 1, "{found:#?}");
    assert_eq!(kinds(ProblemKind::Duplicate), 1);
    assert_eq!(kinds(ProblemKind::Action), 1);
    assert_eq!(kinds(ProblemKind::Key), 1);
    assert_eq!(kinds(ProblemKind::Type), 1);
    assert_eq!(kinds(ProblemKind::Cycle), 1);
    let all: String = found.iter().map(|problem| format!("{problem}\n")).collect();
    for part in [
        "Unknown attribute \"nam\" passed as target_key, define this attribute on model \"User\" first",
        "Unknown attribute \"x\" passed as source_key",
        "Unknown attribute \"y\" passed as source_key",
        "Unknown attribute \"z\" passed as source_key",
        "Task.belongs_to_many(User) requires through",
        "User.belongs_to_many(User): an alias must be given",
        "Task.belongs_to(Pair): Pair has a composite primary key (x, y); name what to refer to",
        "the actions are NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT",
        "foreign_key has 2 attributes and refers to 1",
        "two attributes are named n",
        "Dependency Chain: as -> bs => as",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
}

// rules: AS-10, D13, PO-5
// Broken, pending tags, which the guide declares as has many through, cannot be had at all.
#[test]
fn many_through_a_junction_is_belongs_to_many() {
    // `HasMany` has no `through`, so what the guide's snippet says cannot be written; this says the same.
    let mut models = plain("Post");
    models
        .define_with("Tag", |tag| {
            tag.timestamps(false)
                .attribute(text("name"))
                .attribute(text("status"))
        })
        .define_with("ItemTag", |junction| {
            junction
                .timestamps(false)
                .attribute(int("id").primary_key().auto_increment())
                .attribute(text("taggable"))
        });
    let tagged = |name: &str| {
        let through = Through::new("ItemTag")
            .unique(Uniqueness::Off)
            .scope("taggable", "post");
        BelongsToMany::new("Tag")
            .alias(name)
            .through(through)
            .foreign_key("taggableId")
            .constraints(false)
    };
    models
        .belongs_to_many("Post", tagged("tags"))
        .belongs_to_many("Post", tagged("pendingTags").scope("status", "pending"));
    let mut db = synced(&models);
    let post = db.create("Post", values! {}).unwrap();
    db.related(&post, "tags")
        .unwrap()
        .create(values! { name: "a", status: "done" })
        .unwrap();
    db.related(&post, "pendingTags")
        .unwrap()
        .create(values! { name: "b" })
        .unwrap();
    assert_eq!(db.related(&post, "tags").unwrap().count(), Ok(2));
    let pending = db.related(&post, "pendingTags").unwrap().get().unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].get("name"), Ok(&Value::from("b")));
    let view = association(&db, "Post", "pendingTags");
    assert_eq!(view.scope(), [("status", &Value::from("pending"))]);
    assert_eq!(view.junction_scope(), [("taggable", &Value::from("post"))]);
    assert!(view.constraint().is_none());
}

// rules: AS-11, FK-2
// Broken, one definition of a key given twice carries the type of the first target to the second.
#[test]
fn declarations_are_not_changed_by_declaring() {
    let mut models = Models::new();
    models
        .define_with("Country", |country| {
            country.attribute(text("code").primary_key())
        })
        .define("City")
        .define("Place");
    let key = KeyAttribute::unnamed().not_null();
    let through = Through::new("Visit").timestamps(false);
    let visits = BelongsToMany::new("City").through(through.clone());
    models
        .belongs_to("Place", BelongsTo::new("Country").foreign_key(&key))
        .belongs_to("Place", BelongsTo::new("City").foreign_key(&key))
        .belongs_to_many("Country", visits.clone())
        .belongs_to_many(
            "City",
            BelongsToMany::new("Country").through(through.clone()),
        );
    let before = models.clone();
    let db = synced(&models);
    let place = model(&db, "Place");
    let types = ["CountryCode", "CityId"].map(|name| place.column(name).expect(name).data_type);
    assert_eq!(types, [DataType::Text, DataType::Int]);
    // Nothing that was given is another thing now, and it can all be resolved again.
    assert_eq!(models, before);
    assert_eq!(key, KeyAttribute::unnamed().not_null());
    assert_eq!(through, Through::new("Visit").timestamps(false));
    assert_eq!(visits, BelongsToMany::new("City").through(through));
    let (again, place) = (synced(&models), attributes(&db, "Place"));
    assert_eq!(
        (attributes(&again, "Place"), attributes(&again, "Visit")),
        (place, attributes(&db, "Visit"))
    );
}

// rules: AS-13
// Broken, a user's own attribute `hasTasks` is replaced by the question whether there are tasks.
#[test]
fn an_attribute_goes_before_an_accessor() {
    let mut models = plain("Task");
    models.define_with("User", |user| {
        user.timestamps(false)
            .attribute(relata::Attribute::new("hasTasks", DataType::Bool))
    });
    models.has_many("User", "Task");
    let mut db = synced(&models);
    let user = db.create("User", values! { hasTasks: true }).unwrap();
    assert_eq!(user.get("hasTasks"), Ok(&Value::from(true)));
    assert!(model(&db, "User").accessor("hasTasks").is_none());
    assert!(model(&db, "User").accessor("hasTask").is_some());
    assert_eq!(db.related(&user, "Tasks").unwrap().count(), Ok(0));
}

// rules: AS-14
// Broken, a hook runs for associations that did not ask for it, or misses one that did.
#[test]
fn hooks_run_around_associations_that_ask_for_them() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut models = plain("User Task Team");
    let (before, after) = (told.clone(), told.clone());
    models
        .before_associate("User", move |found| {
            let line = format!("before {} {} {:?}", found.source, found.target, found.kind);
            before.lock().unwrap().push(line);
            Ok(())
        })
        .after_associate("User", move |found| {
            let line = format!("after {} by {}", found.key(), found.foreign_key().join(" "));
            after.lock().unwrap().push(line);
            Ok(())
        })
        .has_many("User", "Task")
        .has_many("User", HasMany::new("Task").alias("jobs").hooks(true))
        .has_many("Team", HasMany::new("Task").hooks(true))
        .belongs_to("User", BelongsTo::new("Team").hooks(true));
    let db = synced(&models);
    assert!(association(&db, "User", "jobs").runs_hooks());
    assert!(!association(&db, "User", "Tasks").runs_hooks());
    let lines = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(
        lines,
        [
            "before User Task HasMany",
            "before User Team BelongsTo",
            "after jobs by UserId",
            "after Team by TeamId"
        ]
    );
    // Looking at the schema makes no associations.
    models.schema().unwrap();
    assert!(told.lock().unwrap().is_empty());
    // A hook may refuse.
    models.before_associate("User", |found| match found.target {
        "Team" => Err(RequestError::refused("User", "no teams").into()),
        _ => Ok(()),
    });
    assert_eq!(
        models.sync().err().map(|error| error.to_string()),
        Some("User: no teams".into())
    );
}

// rules: AS-15, SY-9
// Broken, the key that an association added cannot be read, filtered or written as other attributes can.
#[test]
fn an_added_key_is_an_attribute_like_others() {
    let mut models = Models::new();
    models
        .define("User")
        .define_with("Task", |task| task.attribute(text("title")));
    models.has_many("User", "Task").belongs_to("Task", "User");
    let mut db = synced(&models);
    assert_eq!(
        attributes(&db, "Task"),
        "id title createdAt updatedAt UserId"
    );
    db.create("User", values! {}).unwrap();
    let mut task = db
        .create("Task", values! { title: "a", UserId: 1 })
        .unwrap();
    assert_eq!(
        db.find_by("Task", col("UserId").eq(1)),
        Ok(vec![task.clone()])
    );
    db.update(&mut task, values! { UserId: Value::Null })
        .unwrap();
    assert_eq!(task.get("UserId"), Ok(&Value::Null));
    assert_eq!(db.count_by("Task", col("UserId").is_null()), Ok(1));
}

// rules: FK-3, FK-8, FK-9, FK-17
// Broken, an option of the guide is accepted and has no effect.
#[test]
fn a_key_takes_every_option() {
    let mut models = plain("User");
    models.define_with("Task", |task| task.timestamps(false));
    let key = KeyAttribute::named("ownerId")
        .not_null()
        .field("owner_id")
        .default(1)
        .unique();
    models
        .belongs_to(
            "Task",
            BelongsTo::new("User")
                .alias("owner")
                .foreign_key(key)
                .on_delete("restrict")
                .on_update(Action::SetDefault)
                .deferrable(Deferral::InitiallyDeferred),
        )
        .belongs_to(
            "Task",
            BelongsTo::new("User")
                .alias("helper")
                .foreign_key(KeyAttribute::unnamed().field("h")),
        )
        .belongs_to(
            "Task",
            BelongsTo::new("User").alias("ghost").constraints(false),
        );
    let db = synced(&models);
    assert_eq!(attributes(&db, "Task"), "id ownerId helperId ghostId");
    let owner = model(&db, "Task").column("ownerId").unwrap();
    assert_eq!((&*owner.name, owner.nullable), ("owner_id", false));
    assert_eq!(owner.default.constant(), Value::Int(1));
    assert!(
        model(&db, "Task")
            .table()
            .keys
            .iter()
            .any(|key| key.columns == [1])
    );
    assert_eq!(
        constraint(&db, "Task", "owner"),
        "Tasks(owner_id) -> Users(id) delete RESTRICT update SET DEFAULT"
    );
    let deferral = association(&db, "Task", "owner")
        .constraint()
        .unwrap()
        .deferral;
    assert_eq!(deferral, Deferral::InitiallyDeferred);
    assert_eq!(
        constraint(&db, "Task", "helper"),
        "Tasks(h) -> Users(id) delete SET NULL update CASCADE"
    );
    assert_eq!(constraint(&db, "Task", "ghost"), "none");
}

// rules: BY-20, FK-6
// Broken, a key to a model with two key attributes refers to the first of them and finds rows of other pairs.
#[test]
fn a_key_of_several_attributes_is_given_as_lists() {
    let mut models = Models::new();
    models
        .define_with("Seat", |seat| {
            seat.timestamps(false)
                .attribute(text("row").primary_key())
                .attribute(int("number").primary_key())
        })
        .define_with("Ticket", |ticket| ticket.timestamps(false))
        .define_with("Stub", |stub| stub.timestamps(false));
    models
        .belongs_to(
            "Ticket",
            BelongsTo::new("Seat")
                .target_keys(["row", "number"])
                .foreign_key([
                    KeyAttribute::named("seatRow").not_null(),
                    KeyAttribute::unnamed(),
                ]),
        )
        .has_many(
            "Seat",
            HasMany::new("Stub")
                .source_keys(["row", "number"])
                .foreign_key(["r", "n"]),
        );
    let mut db = synced(&models);
    assert_eq!(attributes(&db, "Ticket"), "id seatRow SeatNumber");
    assert_eq!(attributes(&db, "Stub"), "id r n");
    assert_eq!(
        constraint(&db, "Seat", "Stubs"),
        "Stubs(r n) -> Seats(row number) delete SET NULL update CASCADE"
    );
    for (row, number) in [("a", 1), ("a", 2)] {
        db.create("Seat", values! { row: row, number: number })
            .unwrap();
    }
    let ticket = db
        .create("Ticket", values! { seatRow: "a", SeatNumber: 2 })
        .unwrap();
    let seat = db.related(&ticket, "Seat").unwrap().one().unwrap().unwrap();
    assert_eq!(seat.get("number"), Ok(&Value::Int(2)));
    let mut bare = Models::new();
    bare.define_with("Pair", |pair| {
        pair.attribute(int("x").primary_key())
            .attribute(int("y").primary_key())
    })
    .define("Task")
    .belongs_to("Task", "Pair");
    assert_eq!(
        problem(&bare),
        "Association: Task: Task.belongs_to(Pair): Pair has a composite primary key (x, y); name what to refer to \
         with target_key"
    );
}

// rules: BY-10, FK-11, SY-10
// Broken, a junction forgets who may be linked how often, or which side's action governs which key.
#[test]
fn a_junction_takes_every_option() {
    let with = |through: Through, declared: bool| {
        let mut models = plain("User Task");
        if declared {
            models.define_with("ut", |junction| {
                junction
                    .table_name("ut")
                    .timestamps(false)
                    .attribute(text("role"))
                    .unique(UniqueDef::new(["role"]).named("one_role"))
            });
        }
        let user = BelongsToMany::new("Task")
            .through(through.clone())
            .on_delete("RESTRICT");
        let user = user
            .foreign_key("uid")
            .other_key(KeyAttribute::named("tid").field("t"));
        models
            .belongs_to_many("User", user)
            .belongs_to_many("Task", BelongsToMany::new("User").through(through));
        synced(&models)
    };
    let named = |db: &relata::Database| {
        let table = model(db, "ut").table();
        let keys = table.keys.iter().map(|key| {
            let columns = key
                .columns
                .iter()
                .map(|&at| &*table.columns[at as usize].name);
            format!("{}({})", key.name, super::joined(columns))
        });
        keys.collect::<Vec<_>>().join(" ")
    };
    let made = with(Through::new("ut"), false);
    assert_eq!(attributes(&made, "ut"), "createdAt updatedAt uid tid");
    assert_eq!(named(&made), "ut_pkey(uid t)");
    assert_eq!(
        constraint(&made, "User", "Tasks"),
        "ut(uid) -> Users(id) delete RESTRICT update CASCADE"
    );
    assert_eq!(
        other_constraint(&made, "User", "Tasks"),
        "ut(t) -> Tasks(id) delete RESTRICT update CASCADE"
    );
    assert_eq!(
        constraint(&made, "Task", "Users"),
        other_constraint(&made, "User", "Tasks")
    );
    let bare = with(Through::new("ut").timestamps(false), false);
    assert_eq!(attributes(&bare, "ut"), "uid tid");
    let off = with(Through::new("ut").unique(Uniqueness::Off), true);
    assert_eq!(named(&off), "ut_pkey((row)) one_role(role)");
    let by_role = Uniqueness::Attributes(vec!["uid".into(), "role".into()]);
    let by_role = with(
        Through::new("ut").unique(by_role).unique_named("one_each"),
        true,
    );
    assert_eq!(
        named(&by_role),
        "ut_pkey((row)) one_role(role) one_each(uid role)"
    );
    let scoped = with(Through::new("ut").scope("role", "lead"), true);
    assert_eq!(named(&scoped), "ut_pkey(uid t role) one_role(role)");
}
