//! Keys that associations add: how settings are merged, what they refer to, and what they enforce.

use relata::error::{ConstraintKind, ErrorKind, ProblemKind, Result};
use relata::{
    Action, Attribute, BelongsTo, BelongsToMany, DataType, Database, Deferral, HasMany, HasOne,
    KeyAttribute, Models, Transaction, Value, values,
};

use super::{
    association, attributes, constraint, int, model, other_constraint, plain, problem, problems,
    synced, text,
};

/// Users and their tasks, with what one of the two sides says.
fn tasks_of(users: HasMany) -> Database {
    let mut models = plain("User Task");
    models.has_many("User", users);
    synced(&models)
}

/// Tries something, which must be refused, and change nothing.
fn refuse<T: std::fmt::Debug>(
    db: &mut Database,
    body: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
) -> relata::Error {
    let before = db.fingerprint();
    let refused = db.transaction(body);
    let error = refused.expect_err("it is refused");
    assert_eq!(db.fingerprint(), before, "{error}");
    db.check_integrity().expect("everything agrees");
    error
}

fn constraint_kind(error: &relata::Error) -> Option<ConstraintKind> {
    error.as_constraint().map(|error| error.kind)
}

/// The values of an attribute of all instances, by primary key.
fn column(db: &Database, model: &str, attribute: &str) -> Vec<Value> {
    let all = db.find_all(model).expect("the model is defined");
    let values = all.iter().map(|instance| instance.get(attribute).cloned());
    values.collect::<Result<_>>().expect("it has the attribute")
}

// rules: FK-1, FK-2, FK-3, D7
// Broken, declaring a key beforehand loses its default, its column, its type or that it may be null.
#[test]
fn what_the_holder_declares_of_a_key_stands() {
    let mut models = plain("User");
    models.define_with("Task", |task| {
        task.timestamps(false)
            .attribute(int("userKey").default(42).field("uid_col"))
    });
    let key = KeyAttribute::named("userKey").field("other").default(7);
    models
        .has_many("User", HasMany::new("Task").foreign_key(key))
        .define_with("Tag", |tag| {
            tag.timestamps(false).attribute(text("name").primary_key())
        })
        .define_with("Mark", |mark| mark.timestamps(false))
        .belongs_to("Mark", "Tag");
    let db = synced(&models);
    assert_eq!(attributes(&db, "Task"), "id userKey");
    let declared = model(&db, "Task").column("userKey").unwrap();
    assert_eq!(
        (&*declared.name, declared.default.constant()),
        ("uid_col", Value::Int(42))
    );
    assert_eq!(
        constraint(&db, "User", "Tasks"),
        "Tasks(uid_col) -> Users(id) delete SET NULL update CASCADE"
    );
    assert_eq!(
        model(&db, "Mark").column("TagName").unwrap().data_type,
        DataType::Text
    );
}

// rules: FK-4, FK-8, FK-10, D6
// Broken, which of two sides is declared first decides whether tasks go with their user.
#[test]
fn what_is_said_beats_what_follows_in_either_order() {
    let sides = |many_first: bool, users: HasMany, user: BelongsTo| {
        let mut models = plain("User Task");
        match many_first {
            true => models.has_many("User", users).belongs_to("Task", user),
            false => models.belongs_to("Task", user).has_many("User", users),
        };
        constraint(&synced(&models), "User", "Tasks")
    };
    let not_null = || BelongsTo::new("User").foreign_key(KeyAttribute::unnamed().not_null());
    for many_first in [true, false] {
        let text = |users, user| sides(many_first, users, user);
        let plain = text("Task".into(), "User".into());
        assert_eq!(
            plain,
            "Tasks(UserId) -> Users(id) delete SET NULL update CASCADE"
        );
        let cascade = text(
            HasMany::new("Task").on_delete(Action::Cascade),
            "User".into(),
        );
        assert_eq!(
            cascade,
            "Tasks(UserId) -> Users(id) delete CASCADE update CASCADE"
        );
        let required = text("Task".into(), not_null());
        assert_eq!(
            required,
            "Tasks(UserId) -> Users(id) delete CASCADE update CASCADE"
        );
        let kept = text(HasMany::new("Task").on_delete("no action"), not_null());
        assert_eq!(
            kept,
            "Tasks(UserId) -> Users(id) delete NO ACTION update CASCADE"
        );
    }
    // Of two that are said, the first stands.
    let both = |many_first| {
        let users = HasMany::new("Task").on_delete("CASCADE");
        sides(
            many_first,
            users,
            BelongsTo::new("User").on_delete("RESTRICT"),
        )
    };
    assert!(both(true).contains("delete CASCADE"));
    assert!(both(false).contains("delete RESTRICT"));
}

// rules: FK-5, FK-9, FK-14
// Broken, a key of another type, to no table, or with a misspelt action is found when the first row is written.
#[test]
fn a_key_that_cannot_work_is_refused() {
    let mut types = plain("User Task");
    let key = KeyAttribute::unnamed().data_type(DataType::Text);
    types.belongs_to("Task", BelongsTo::new("User").foreign_key(key.clone()));
    assert_eq!(problems(&types)[0].kind, ProblemKind::Type);
    // Without a constraint it could never find anything either.
    let mut open = plain("User Task");
    open.belongs_to(
        "Task",
        BelongsTo::new("User").foreign_key(key).constraints(false),
    );
    assert_eq!(
        problem(&open),
        "Type: Task: Task.belongs_to(User): attribute UserId is text, but refers to id, which is int"
    );
    let mut nowhere = Models::new();
    nowhere.define_with("Task", |task| {
        task.attribute(int("a").references("nobody", "id"))
    });
    assert_eq!(
        problem(&nowhere),
        "Unknown: Task: attribute a references nobody, which is neither a model nor a table"
    );
    for action in ["vanish", "", "SETNULL"] {
        let mut models = plain("User Task");
        models.belongs_to("Task", BelongsTo::new("User").on_update(action));
        let found = problem(&models);
        assert!(
            found.contains("NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT"),
            "{found}"
        );
    }
    for action in [
        "Restrict",
        "cascade",
        "No Action",
        "SET DEFAULT",
        "set null",
    ] {
        tasks_of(HasMany::new("Task").on_delete(action).on_update(action));
    }
    // An action that could never succeed.
    let mut never = plain("User Task");
    let key = KeyAttribute::unnamed().not_null();
    never.belongs_to(
        "Task",
        BelongsTo::new("User")
            .foreign_key(key)
            .on_delete("SET NULL"),
    );
    assert_eq!(problems(&never)[0].kind, ProblemKind::Action);
}

// rules: FK-7, FK-15, D19, D20
// Broken, a comment on an image is refused for want of a post, or a key without constraints is one after all.
#[test]
fn without_constraints_a_key_is_a_value() {
    let comments = |kind: &str| {
        let many = HasMany::new("Comment")
            .foreign_key("ownerId")
            .scope("kind", kind);
        many.constraints(false).on_delete("CASCADE")
    };
    let mut models = plain("Post Image");
    models.define_with("Comment", |comment| {
        comment.timestamps(false).attribute(text("kind"))
    });
    models
        .has_many("Post", comments("post"))
        .has_many("Image", comments("image"));
    let mut db = synced(&models);
    assert_eq!(constraint(&db, "Post", "Comments"), "none");
    let post = db.create("Post", values! {}).unwrap();
    db.create("Comment", values! { kind: "image", ownerId: 99 })
        .unwrap();
    db.related(&post, "Comments")
        .unwrap()
        .create(values! {})
        .unwrap();
    db.destroy(&post).unwrap();
    assert_eq!(
        column(&db, "Comment", "ownerId"),
        [Value::Int(99), Value::Int(1)]
    );

    let mut both = plain("post image comment");
    both.has_many("post", HasMany::new("comment").foreign_key("ownerId"))
        .has_many("image", HasMany::new("comment").foreign_key("ownerId"));
    let found = problem(&both);
    assert!(found.starts_with(
        "Association: comment: image.has_many(comment): foreign key (ownerId) cannot reference"
    ));
    // All but one without constraints will do.
    let mut one = plain("post image comment");
    one.has_many("post", HasMany::new("comment").foreign_key("ownerId"))
        .has_many(
            "image",
            HasMany::new("comment")
                .foreign_key("ownerId")
                .constraints(false),
        );
    let db = synced(&one);
    assert_eq!(constraint(&db, "image", "comments"), "none");
    assert!(constraint(&db, "post", "comments").starts_with("comments(ownerId) -> posts(id)"));
}

// rules: FK-11, FK-26
// Broken, deleting a task is refused because users may not be deleted while they have tasks, or takes the user along.
#[test]
fn each_side_of_a_junction_governs_its_own_key() {
    let mut models = plain("User Task");
    models
        .belongs_to_many(
            "User",
            BelongsToMany::new("Task")
                .through("ut")
                .on_delete("RESTRICT"),
        )
        .belongs_to_many(
            "Task",
            BelongsToMany::new("User")
                .through("ut")
                .on_delete("CASCADE"),
        );
    let mut db = synced(&models);
    assert_eq!(
        constraint(&db, "User", "Tasks"),
        "ut(UserId) -> Users(id) delete RESTRICT update CASCADE"
    );
    assert_eq!(
        other_constraint(&db, "User", "Tasks"),
        "ut(TaskId) -> Tasks(id) delete CASCADE update CASCADE"
    );
    let user = db.create("User", values! {}).unwrap();
    let task = db
        .related(&user, "Tasks")
        .unwrap()
        .create(values! {})
        .unwrap();
    let error = refuse(&mut db, |tx| tx.destroy(&user));
    assert_eq!(constraint_kind(&error), Some(ConstraintKind::Restrict));
    db.destroy(&task).unwrap();
    assert_eq!((db.count("ut"), db.count("User")), (Ok(0), Ok(1)));
}

// rules: FK-12, FK-13
// Broken, a bare reference is no constraint, or acts on its own when its parent goes.
#[test]
fn an_attribute_may_refer_without_an_association() {
    let mut models = Models::new();
    models
        .define_with("Series", |series| {
            series
                .timestamps(false)
                .attribute(int("trainer_id").references("Trainer", "id"))
        })
        .define_with("Trainer", |trainer| trainer.timestamps(false))
        .define_with("Video", |video| {
            // By the name of the table and of the column, as well.
            video
                .timestamps(false)
                .attribute(
                    int("series_id")
                        .references("Series", "id")
                        .on_delete("CASCADE"),
                )
                .attribute(int("free").references_nothing())
        });
    models
        .has_many("Trainer", "Series")
        .belongs_to("Video", BelongsTo::new("Trainer").foreign_key("free"));
    let mut db = synced(&models);
    // A generated name does not happen to be the declared one.
    assert_eq!(attributes(&db, "Series"), "id trainer_id TrainerId");
    assert_eq!(constraint(&db, "Video", "Trainer"), "none");
    let trainer = db.create("Trainer", values! {}).unwrap();
    db.create("Series", values! { trainer_id: 1 }).unwrap();
    db.create("Video", values! { series_id: 1, free: 99 })
        .unwrap();
    let error = refuse(&mut db, |tx| tx.destroy(&trainer));
    assert_eq!(
        error.as_constraint().map(|error| &*error.constraint),
        Some("Series_trainer_id_fkey")
    );
    let series = db.find("Series", 1).unwrap().unwrap();
    db.destroy(&series).unwrap();
    assert_eq!(db.count("Video"), Ok(0));
    // Given as the key of an association, the declared one is used.
    let mut named = Models::new();
    named
        .define("Trainer")
        .define_with("Series", |series| {
            series
                .timestamps(false)
                .attribute(int("trainer_id").references("Trainers", "id"))
        })
        .has_many("Trainer", HasMany::new("Series").foreign_key("trainer_id"));
    let db = synced(&named);
    assert_eq!(attributes(&db, "Series"), "id trainer_id");
    assert_eq!(
        constraint(&db, "Trainer", "Series"),
        "Series(trainer_id) -> Trainers(id) delete SET NULL update CASCADE"
    );
}

// rules: FK-16, FK-20
// Broken, half of a bulk insert stands, or a key of the wrong type is stored as null.
#[test]
fn a_key_without_its_row_changes_nothing() {
    let mut db = tasks_of("Task".into());
    db.create("User", values! {}).unwrap();
    let kept = db.create("Task", values! { UserId: 1 }).unwrap();
    let error = refuse(&mut db, |tx| {
        tx.create_many("Task", [values! { UserId: 1 }, values! { UserId: 9 }])
    });
    let details = error.as_constraint().unwrap();
    assert_eq!(
        (&*details.table, &*details.constraint),
        ("Tasks", "Tasks_UserId_fkey")
    );
    assert_eq!(
        (details.kind, &details.values),
        (ConstraintKind::Reference, &vec![Value::Int(9)])
    );
    refuse(&mut db, |tx| {
        tx.update_where("Task", relata::val(true), values! { UserId: 9 })
    });
    let mut stale = kept.clone();
    let error = refuse(&mut db, |tx| {
        tx.update(&mut stale, values! { UserId: "abc" })
    });
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
    // Null always passes.
    db.create("Task", values! { UserId: Value::Null }).unwrap();
}

// rules: FK-17, FK-18
// Broken, a row cannot refer to itself or to one that comes with it, or a deferred key is judged too early.
#[test]
fn keys_are_judged_at_the_end_of_the_statement_or_of_the_transaction() {
    let mut models = plain("Person");
    models.define_with("Pet", |pet| pet.timestamps(false));
    models
        .belongs_to(
            "Person",
            BelongsTo::new("Person").alias("boss").on_delete("CASCADE"),
        )
        .belongs_to(
            "Pet",
            BelongsTo::new("Person").deferrable(Deferral::InitiallyDeferred),
        );
    let mut db = synced(&models);
    db.create("Person", values! { id: 1, bossId: 1 }).unwrap();
    db.create_many(
        "Person",
        [values! { id: 2, bossId: 3 }, values! { id: 3, bossId: 2 }],
    )
    .unwrap();
    db.transaction(|tx| {
        tx.create("Pet", values! { PersonId: 7 })?;
        tx.create("Person", values! { id: 7 })
    })
    .unwrap();
    let error = refuse(&mut db, |tx| tx.create("Pet", values! { PersonId: 8 }));
    assert_eq!(constraint_kind(&error), Some(ConstraintKind::Reference));
    // A row that refers to itself, and two that refer to each other, go.
    for id in [1, 2] {
        let person = db.find("Person", id).unwrap().unwrap();
        db.destroy(&person).unwrap();
    }
    assert_eq!(db.count("Person"), Ok(1));
}

// rules: FK-21, FK-22, FK-24
// Broken, a task keeps the key of a user who is gone, or more of it changes than its key.
#[test]
fn children_follow_what_their_key_says() {
    let after_delete = |action: &str| {
        let key = KeyAttribute::unnamed().default(2);
        let mut models = plain("User");
        models.define_with("Task", |task| {
            task.timestamps(false).attribute(text("title"))
        });
        models.has_many(
            "User",
            HasMany::new("Task").foreign_key(key).on_delete(action),
        );
        let mut db = synced(&models);
        db.create_many("User", [values! {}, values! {}]).unwrap();
        db.create("Task", values! { title: "a", UserId: 1 })
            .unwrap();
        let user = db.find("User", 1).unwrap().unwrap();
        db.destroy(&user).unwrap();
        if let Some(task) = db.find("Task", 1).unwrap() {
            assert_eq!(task.get("title"), Ok(&Value::from("a")));
        }
        (column(&db, "Task", "UserId"), db)
    };
    assert_eq!(after_delete("SET NULL").0, [Value::Null]);
    assert_eq!(after_delete("CASCADE").0, []);
    let (values, mut db) = after_delete("SET DEFAULT");
    assert_eq!(values, [Value::Int(2)]);
    // The default itself is going.
    let user = db.find("User", 2).unwrap().unwrap();
    let error = refuse(&mut db, |tx| tx.destroy(&user));
    assert_eq!(constraint_kind(&error), Some(ConstraintKind::Reference));

    // Updates of the key follow, through keys other than the primary key and into junctions too.
    let mut models = Models::new();
    models
        .define_with("User", |user| {
            user.timestamps(false).attribute(text("email").unique())
        })
        .define_with("Task", |task| task.timestamps(false))
        .has_one("User", HasOne::new("Task").source_key("email"))
        .belongs_to_many(
            "User",
            BelongsToMany::new("Task").alias("shared").through("ut"),
        );
    let mut db = synced(&models);
    let mut user = db.create("User", values! { email: "a" }).unwrap();
    db.create("Task", values! { UserId: "a" }).unwrap();
    db.related(&user, "shared")
        .unwrap()
        .create(values! {})
        .unwrap();
    db.update(&mut user, values! { email: "b" }).unwrap();
    assert_eq!(
        column(&db, "Task", "UserId"),
        [Value::from("b"), Value::Null]
    );
    db.engine_mut()
        .update_key("Users", 1, [("id", Value::Int(5))])
        .unwrap();
    assert_eq!(column(&db, "ut", "UserId"), [Value::Int(5)]);
    db.check_integrity().unwrap();
}

// rules: FK-23, FK-25
// Broken, a delete that is refused deep down leaves what it deleted on the way deleted.
#[test]
fn what_is_restricted_undoes_the_whole_statement() {
    let mut models = plain("A B C");
    models
        .has_many("A", HasMany::new("B").on_delete("CASCADE"))
        .has_many(
            "B",
            HasMany::new("C")
                .on_delete("RESTRICT")
                .on_update("RESTRICT"),
        );
    let mut db = synced(&models);
    let a = db.create("A", values! {}).unwrap();
    db.create("B", values! { AId: 1 }).unwrap();
    db.create("C", values! { BId: 1 }).unwrap();
    let error = refuse(&mut db, |tx| tx.destroy(&a));
    assert_eq!(constraint_kind(&error), Some(ConstraintKind::Restrict));
    assert_eq!(
        (db.count("A"), db.count("B"), db.count("C")),
        (Ok(1), Ok(1), Ok(1))
    );
    let before = db.engine().fingerprint();
    db.engine_mut()
        .update_key("Bs", 1, [("id", Value::Int(2))])
        .unwrap_err();
    assert_eq!(db.engine().fingerprint(), before);
    // What does not touch the key is free, and so is a parent that goes together with its children.
    let mut b = db.find("B", 1).unwrap().unwrap();
    db.update(&mut b, values! { AId: Value::Null }).unwrap();
    let mut family = plain("Person");
    family.belongs_to(
        "Person",
        BelongsTo::new("Person").alias("boss").on_delete("RESTRICT"),
    );
    let mut db = synced(&family);
    db.create_many("Person", [values! { bossId: 1 }, values! { bossId: 1 }])
        .unwrap();
    db.destroy_where("Person", relata::val(true)).unwrap();
    assert_eq!(db.count("Person"), Ok(0));
}

// rules: FK-2, D22
// Broken, a key that refers to another attribute than the primary key finds nothing.
#[test]
fn a_key_may_hold_another_attribute() {
    let mut models = Models::new();
    models
        .define_with("Country", |country| {
            country
                .timestamps(false)
                .attribute(Attribute::new("isoCode", DataType::Text).unique())
        })
        .define_with("City", |city| {
            city.timestamps(false).attribute(text("countryCode"))
        });
    models
        .has_many(
            "Country",
            HasMany::new("City")
                .foreign_key("countryCode")
                .source_key("isoCode"),
        )
        .belongs_to(
            "City",
            BelongsTo::new("Country")
                .foreign_key("countryCode")
                .target_key("isoCode"),
        );
    let mut db = synced(&models);
    let country = db.create("Country", values! { isoCode: "nl" }).unwrap();
    let city = db.create("City", values! { countryCode: "nl" }).unwrap();
    assert_eq!(
        db.related(&country, "Cities").unwrap().get(),
        Ok(vec![city.clone()])
    );
    assert_eq!(
        db.related(&city, "Country").unwrap().one(),
        Ok(Some(country))
    );
    assert_eq!(
        association(&db, "City", "Country").target_key(),
        ["isoCode"]
    );
}
