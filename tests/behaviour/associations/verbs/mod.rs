//! The verbs of associations, over a small office.

mod getters;
mod bulk_getters;
mod by_name;
mod every_argument;
mod writes;

use relata::error::{ErrorKind, RequestKind};
use relata::{
    BelongsTo, BelongsToMany, Database, HasMany, HasOne, Instance, Models, Result, Rows, Through,
    Value, values,
};

use crate::associations::{int, text};

/// Users have tasks, a desk and groups, with a role in each; a task has a user.
fn office() -> Models {
    let mut models = Models::new();
    models.define_with("User", |it| it.attribute(text("name")));
    models.define_with("Task", |it| {
        it.attribute(text("title")).attribute(int("rank"))
    });
    models.define_with("Desk", |it| it.attribute(text("room")));
    models.define_with("Group", |it| it.attribute(text("name")));
    models.define_with("Member", |it| {
        it.attribute(text("role")).attribute(int("since"))
    });
    models.has_many(
        "User",
        HasMany::new("Task").alias("tasks").foreign_key("userId"),
    );
    models.belongs_to(
        "Task",
        BelongsTo::new("User").alias("user").foreign_key("userId"),
    );
    models.has_one(
        "User",
        HasOne::new("Desk").alias("desk").foreign_key("userId"),
    );
    for (source, target, key) in [("User", "Group", "groups"), ("Group", "User", "members")] {
        models.belongs_to_many(
            source,
            BelongsToMany::new(target)
                .alias(key)
                .through(Through::new("Member")),
        );
    }
    models
}

/// Ada, Bob and Cy; tasks a to d, of which a, b and c are Ada's; two desks of Ada's; Ada in groups x (boss) and y, Bob in x.
fn filled() -> Result<(Database, [Instance; 3])> {
    let mut db = office().sync()?;
    let users = ["ada", "bob", "cy"].map(|name| db.create("User", values! { name: name }));
    let [ada, bob, cy] = users;
    let (ada, bob, cy) = (ada?, bob?, cy?);
    for (title, rank) in [("a", 3), ("b", 2), ("c", 1)] {
        db.related(&ada, "tasks")?
            .create(values! { title: title, rank: rank })?;
    }
    db.create("Task", values! { title: "d", rank: 0 })?;
    for room in ["north", "south"] {
        db.related(&ada, "desk")?.create(values! { room: room })?;
    }
    db.create_many("Group", ["x", "y", "z"].map(|name| values! { name: name }))?;
    db.related(&ada, "groups")?
        .add_with(1, values! { role: "boss", since: 7 })?;
    db.related(&ada, "groups")?.add(2)?;
    db.related(&bob, "groups")?
        .add_with(1, values! { role: "guest" })?;
    Ok((db, [ada, bob, cy]))
}

/// One attribute of each.
fn shown(instances: &[Instance], attribute: &str) -> String {
    let texts = instances.iter().map(|it| match it.get(attribute) {
        Ok(Value::Text(text)) => text.to_string(),
        Ok(other) => other.to_string(),
        Err(error) => panic!("{error}"),
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The names of what was loaded of the first row.
fn loaded(rows: &Rows<'_>) -> String {
    let first = rows.first().expect("there is a row");
    let names = first.attributes().map(|(name, _)| name);
    names.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_request<T: std::fmt::Debug>(result: Result<T>, kind: RequestKind, text: &str) {
    let error = result.expect_err("this is refused");
    assert_eq!(error.kind(), ErrorKind::Request(kind), "{error}");
    assert!(error.to_string().contains(text), "{error}");
}
