//! Owners in one of several models: the polymorphic pattern over a closed set of models, with integrity.

mod definition;
mod reading;
mod writing;
mod naive;

use relata::association::{BelongsToOwner, HasMany};
use relata::error::{ConstraintKind, ErrorKind, RequestKind};
use relata::{Database, Instance, Models, values};

use super::{synced, text};

const REFERENCE: ErrorKind = ErrorKind::Constraint(ConstraintKind::Reference);
const CHECK: ErrorKind = ErrorKind::Constraint(ConstraintKind::Check);
const NOT_NULL: ErrorKind = ErrorKind::Constraint(ConstraintKind::NotNull);

fn request(kind: RequestKind) -> ErrorKind {
    ErrorKind::Request(kind)
}

fn commentable() -> BelongsToOwner {
    BelongsToOwner::new("commentable")
        .one_of("Post")
        .one_of("Image")
}

/// Posts and images, on either of which comments may stand, declared as given.
fn declared(owner: BelongsToOwner) -> Models {
    let mut models = Models::new();
    for name in ["Post", "Image", "Video"] {
        models.define_with(name, |it| it.timestamps(false).attribute(text("title")));
    }
    models.define_with("Comment", |it| it.timestamps(false).attribute(text("body")));
    models.belongs_to_owner("Comment", owner);
    for name in ["Post", "Image"] {
        let comments = HasMany::new("Comment").alias("comments");
        models.has_many(name, comments.as_owner("commentable"));
    }
    models
}

/// Two posts and two images of the same keys; comment 1 on post 1, comment 2 on image 1, comment 3 on nothing.
fn filled(owner: BelongsToOwner) -> Database {
    let mut db = synced(&declared(owner));
    for (name, title) in [("Post", "p"), ("Image", "i"), ("Video", "v")] {
        for at in 1..=2 {
            db.create(name, values! { title: format!("{title}{at}") })
                .unwrap();
        }
    }
    for (body, owner) in [
        ("on p1", Some("Post")),
        ("on i1", Some("Image")),
        ("on nothing", None),
    ] {
        let key = owner.map(|_| 1_i64);
        let values = values! { body: body, commentableType: owner, commentableId: key };
        let created = db.create("Comment", values);
        created.unwrap();
    }
    db
}

fn gallery() -> Database {
    filled(commentable())
}

fn get(db: &Database, model: &str, key: i64) -> Instance {
    db.find(model, key).unwrap().expect("it is there")
}

/// What a comment says of its owner, as it is stored: `'Post' 1`.
fn stored(db: &Database, comment: i64) -> String {
    let found = get(db, "Comment", comment);
    let [of_type, key] = ["commentableType", "commentableId"].map(|it| found.get(it).unwrap());
    format!("{of_type} {key}")
}

/// The title of what an association or owner of a comment leads to.
fn owner(db: &mut Database, comment: i64, key: &str) -> String {
    let comment = get(db, "Comment", comment);
    let found = db.related(&comment, key).unwrap().one().unwrap();
    found.map_or_else(
        || "none".to_owned(),
        |it| it.get("title").unwrap().as_str().unwrap().to_owned(),
    )
}

/// The keys of the comments on something.
fn comments(db: &mut Database, on: &Instance) -> Vec<i64> {
    let found = db.related(on, "comments").unwrap().get().unwrap();
    let keys = found.iter().map(|it| it.get("id").unwrap().as_int());
    keys.map(Option::unwrap).collect()
}

fn json(db: &Database, request: relata::Select) -> String {
    request.run(db).unwrap().to_json().unwrap().replace('"', "")
}

fn title(it: &Instance) -> String {
    it.get("title").unwrap().as_str().unwrap().to_owned()
}
