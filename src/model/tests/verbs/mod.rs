//! Instances and the verbs of associations, over a small company.

mod instances;
mod belongs_to;
mod has_one;
mod has_many;
mod describe;
mod belongs_to_many;
mod scopes;
mod places;

use crate::association::{BelongsTo, BelongsToMany, HasMany, HasOne, Through};
use crate::engine::{Clock, DatabaseOptions};
use crate::error::{Error, ErrorKind, RequestKind};
use crate::model::{Attribute, Database, Instance, Models, values};
use crate::value::{Timestamp, Value};

use super::{int, text};

/// Users lead projects, have tasks and a desk, and work on projects; a badge must have a user.
fn company() -> Database {
    let mut models = Models::new();
    models.define_with("User", |user| {
        user.attribute(text("name"))
            .attribute(Attribute::new("email", crate::value::DataType::Text).unique())
    });
    models.define_with("Task", |task| task.attribute(text("title")));
    models.define_with("Desk", |desk| desk.attribute(text("room")));
    models.define_with("Badge", |badge| badge.attribute(int("UserId").not_null()));
    models.define_with("Project", |project| project.attribute(text("name")));
    models.define_with("Work", |work| {
        work.attribute(text("status")).attribute(int("hours"))
    });
    models.has_many("User", HasMany::new("Task").alias("tasks"));
    models.belongs_to(
        "Task",
        BelongsTo::new("User").alias("user").foreign_key("UserId"),
    );
    models.has_one(
        "User",
        HasOne::new("Desk").alias("desk").foreign_key("UserId"),
    );
    models.has_many("User", HasMany::new("Badge").alias("badges"));
    models.belongs_to(
        "Project",
        BelongsTo::new("User")
            .alias("leader")
            .target_key("email")
            .foreign_key("leaderEmail"),
    );
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Project")
            .alias("projects")
            .through(Through::new("Work")),
    );
    models.belongs_to_many(
        "Project",
        BelongsToMany::new("User")
            .alias("workers")
            .through(Through::new("Work")),
    );
    stepping(&models)
}

/// A database whose clock moves by a second with each transaction that asks for the time.
fn stepping(models: &Models) -> Database {
    let clock = Clock::Stepping {
        next: Timestamp::from_micros(0),
        step_micros: 1_000_000,
    };
    let options = DatabaseOptions {
        clock,
        seed: Some(7),
        ..DatabaseOptions::default()
    };
    models.sync_with(options).unwrap()
}

fn user(db: &mut Database, name: &str) -> Instance {
    db.create("User", values! { name: name, email: format!("{name}@x") })
        .unwrap()
}

fn task(db: &mut Database, title: &str) -> Instance {
    db.create("Task", values! { title: title }).unwrap()
}

fn project(db: &mut Database, name: &str) -> Instance {
    db.create("Project", values! { name: name }).unwrap()
}

/// One attribute of each, as text.
fn shown(instances: &[Instance], attribute: &str) -> String {
    let texts = instances
        .iter()
        .map(|instance| match instance.get(attribute).unwrap() {
            Value::Text(text) => text.to_string(),
            other => other.to_string(),
        });
    texts.collect::<Vec<_>>().join(" ")
}

/// The associated targets by one attribute.
fn related(db: &mut Database, source: &Instance, key: &str, attribute: &str) -> String {
    shown(&db.related(source, key).unwrap().get().unwrap(), attribute)
}

/// All rows of a junction `Work`, as `UserId-ProjectId:status`.
fn works(db: &Database) -> String {
    let works = db.find_all("Work").unwrap();
    let texts = works.iter().map(|work| {
        let get = |name| work.get(name).unwrap().to_string();
        format!("{}-{}:{}", get("UserId"), get("ProjectId"), get("status"))
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn request(kind: RequestKind) -> ErrorKind {
    ErrorKind::Request(kind)
}

/// What is refused, having changed nothing.
#[track_caller]
fn refused<T: std::fmt::Debug>(
    db: &mut Database,
    verb: impl FnOnce(&mut Database) -> Result<T, Error>,
) -> Error {
    let before = db.fingerprint();
    let error = verb(db).unwrap_err();
    assert_eq!(
        db.fingerprint(),
        before,
        "a refused verb changed something: {error}"
    );
    db.check_integrity().unwrap();
    error
}
