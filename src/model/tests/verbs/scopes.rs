//! What a scope keeps in and writes; polymorphic associations.

use super::{refused, related, request, stepping, text};
use crate::association::{BelongsTo, BelongsToMany, HasMany, HasOne, Through};
use crate::error::RequestKind;
use crate::expr::col;
use crate::model::{Database, Instance, Models, values};
use crate::value::Value;

/// Posts and images have comments over one unenforced key; a post has one main comment.
fn comments() -> (Database, Instance, Instance) {
    let mut models = Models::new();
    models.define_with("Post", |post| post.attribute(text("title")));
    models.define_with("Image", |image| image.attribute(text("title")));
    models.define_with("Comment", |comment| {
        comment
            .attribute(text("body"))
            .attribute(text("commentable"))
            .attribute(crate::model::Attribute::new(
                "isMain",
                crate::value::DataType::Bool,
            ))
    });
    for (model, value) in [("Post", "post"), ("Image", "image")] {
        models.has_many(
            model,
            HasMany::new("Comment")
                .alias("comments")
                .foreign_key("commentableId")
                .constraints(false)
                .scope("commentable", value),
        );
        models.belongs_to(
            "Comment",
            BelongsTo::new(model)
                .alias(value)
                .foreign_key("commentableId")
                .constraints(false),
        );
    }
    models.has_one(
        "Post",
        HasOne::new("Comment")
            .alias("mainComment")
            .foreign_key("commentableId")
            .constraints(false)
            .scope("commentable", "post")
            .scope("isMain", true),
    );
    let mut db = stepping(&models);
    let post = db.create("Post", values! { title: "p" }).unwrap();
    let image = db.create("Image", values! { title: "i" }).unwrap();
    for (source, body) in [(&post, "on post"), (&image, "on image")] {
        let values = values! { body: body, commentable: "?" };
        db.related(source, "comments")
            .unwrap()
            .create(values)
            .unwrap();
    }
    (db, post, image)
}

// rules: SC-1, PO-1, PO-2
// Broken: post 1 and image 1 share their comments.
#[test]
fn a_scope_is_written_and_filters() {
    let (mut db, post, image) = comments();
    assert_eq!(post.key().unwrap(), image.key().unwrap());
    assert_eq!(related(&mut db, &post, "comments", "body"), "on post");
    assert_eq!(related(&mut db, &image, "comments", "body"), "on image");
    assert_eq!(
        super::shown(&db.find_all("Comment").unwrap(), "commentable"),
        "post image"
    );
    let on_post = db.related(&post, "comments").unwrap();
    assert_eq!(on_post.count().unwrap(), 1);
    assert!(on_post.has(1).unwrap() && !on_post.has(2).unwrap());
    // A filter on the scope's column joins it and does not replace it.
    assert_eq!(
        on_post.get_where(col("commentable").eq("image")).unwrap(),
        []
    );
}

// rules: PO-3
// Broken: a comment of an image cannot be asked for its post at all.
#[test]
fn a_belongs_to_does_not_look_at_the_discriminator() {
    let (mut db, ..) = comments();
    let on_image = db.find("Comment", 2).unwrap().unwrap();
    assert_eq!(related(&mut db, &on_image, "image", "title"), "i");
    assert_eq!(related(&mut db, &on_image, "post", "title"), "p");
}

// rules: SC-9, HM-13, HM-14
// Broken: clearing the comments of a post clears those of an image with the same id, or their type.
#[test]
fn set_and_remove_stay_within_the_scope() {
    let (mut db, post, image) = comments();
    assert_eq!(
        db.related(&post, "comments")
            .unwrap()
            .remove([1, 2])
            .unwrap(),
        1
    );
    assert_eq!(related(&mut db, &image, "comments", "body"), "on image");
    db.related(&post, "comments").unwrap().set([1, 2]).unwrap();
    assert_eq!(
        related(&mut db, &post, "comments", "body"),
        "on post on image"
    );
    assert_eq!(
        super::shown(&db.find_all("Comment").unwrap(), "commentable"),
        "post post"
    );
    db.related(&post, "comments").unwrap().set(()).unwrap();
    assert_eq!(
        super::shown(&db.find_all("Comment").unwrap(), "commentable"),
        "post post"
    );
    assert_eq!(
        super::shown(&db.find_all("Comment").unwrap(), "commentableId"),
        "null null"
    );
    assert_eq!(related(&mut db, &image, "comments", "body"), "");
}

// rules: SC-8
// Broken: choosing another main comment takes the others off the post.
#[test]
fn only_the_target_in_scope_is_replaced() {
    let (mut db, post, _) = comments();
    let plain = db.find("Comment", 1).unwrap().unwrap();
    let main = db
        .related(&post, "mainComment")
        .unwrap()
        .create(values! { body: "main" })
        .unwrap();
    assert_eq!(related(&mut db, &post, "comments", "body"), "on post main");
    db.related(&post, "mainComment")
        .unwrap()
        .set(&plain)
        .unwrap();
    assert_eq!(related(&mut db, &post, "comments", "body"), "on post");
    assert_eq!(related(&mut db, &post, "mainComment", "body"), "on post");
    let former = db.find("Comment", main.key().unwrap()).unwrap().unwrap();
    assert_eq!(former.get("isMain").unwrap(), &Value::Bool(true));
    assert_eq!(former.get("commentableId").unwrap(), &Value::Null);
}

// rules: FK-7
// Broken: without constraints, a comment on a post that is gone cannot be written or read.
#[test]
fn unenforced_keys_may_dangle() {
    let (mut db, post, _) = comments();
    db.destroy(&post).unwrap();
    let left = db.find("Comment", 1).unwrap().unwrap();
    assert_eq!(left.get("commentableId").unwrap(), &Value::Int(1));
    assert_eq!(related(&mut db, &left, "post", "title"), "");
    assert_eq!(related(&mut db, &post, "comments", "body"), "on post");
    assert_eq!(db.related(&left, "post").unwrap().set(77).unwrap(), []);
    let error = refused(&mut db, |db| {
        db.related(&post, "comments")?.create(values! {})
    });
    assert_eq!(error.kind(), request(RequestKind::NotFound));
}

/// Posts and images have tags over one junction that names the type; some tags are pending.
fn tags() -> (Database, Instance, Instance) {
    let mut models = Models::new();
    models.define_with("Post", |post| post.attribute(text("title")));
    models.define_with("Image", |image| image.attribute(text("title")));
    models.define_with("Tag", |tag| {
        tag.attribute(text("name")).attribute(text("status"))
    });
    models.define_with("ItemTag", |item| {
        item.attribute(text("taggable")).attribute(text("note"))
    });
    for (model, value) in [("Post", "post"), ("Image", "image")] {
        let tags = BelongsToMany::new("Tag")
            .through(Through::new("ItemTag").scope("taggable", value))
            .foreign_key("taggableId")
            .other_key("tagId")
            .constraints(false);
        models.belongs_to_many(model, tags.clone().alias("tags"));
        models.belongs_to_many(model, tags.alias("pendingTags").scope("status", "pending"));
    }
    let mut db = stepping(&models);
    let post = db.create("Post", values! { title: "p" }).unwrap();
    let image = db.create("Image", values! { title: "i" }).unwrap();
    for name in ["x", "y", "z"] {
        db.create("Tag", values! { name: name, status: "done" })
            .unwrap();
    }
    (db, post, image)
}

fn item_tags(db: &Database) -> String {
    let rows = db.find_all("ItemTag").unwrap();
    let texts = rows.iter().map(|row| {
        let get = |name| row.get(name).unwrap().to_string();
        format!("{}{}-{}", get("taggable"), get("taggableId"), get("tagId"))
    });
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    texts.join(" ")
}

// rules: PO-4, SC-4, D15, BTM-27
// Broken: tags set on a post replace those of an image with the same id.
#[test]
fn a_junction_scope_is_written_and_kept_apart() {
    let (mut db, post, image) = tags();
    db.related(&image, "tags").unwrap().add([1, 2]).unwrap();
    let forged = values! { taggable: "image", note: "n" };
    db.related(&post, "tags")
        .unwrap()
        .set_with([1, 3], forged)
        .unwrap();
    assert_eq!(item_tags(&db), "'image'1-1 'image'1-2 'post'1-1 'post'1-3");
    let on_post = db.related(&post, "tags").unwrap();
    assert_eq!(on_post.count().unwrap(), 2);
    assert!(on_post.has([1, 3]).unwrap() && !on_post.has(2).unwrap());
    assert_eq!(
        db.related(&post, "tags").unwrap().remove([1, 2]).unwrap(),
        1
    );
    assert_eq!(item_tags(&db), "'image'1-1 'image'1-2 'post'1-3");
    db.related(&post, "tags").unwrap().set(()).unwrap();
    assert_eq!(item_tags(&db), "'image'1-1 'image'1-2");
}

// rules: PO-5, SC-2, SC-3, D16
// Broken: setting the pending tags of a post takes its other tags away, or makes a tag pending that was only added.
#[test]
fn a_target_scope_is_written_by_create_alone() {
    let (mut db, post, _) = tags();
    db.related(&post, "tags").unwrap().add(1).unwrap();
    let values = values! { name: "new", status: "?" };
    let made = db
        .related(&post, "pendingTags")
        .unwrap()
        .create(values)
        .unwrap();
    assert_eq!(made.get("status").unwrap(), &Value::from("pending"));
    assert_eq!(related(&mut db, &post, "pendingTags", "name"), "new");
    assert_eq!(related(&mut db, &post, "tags", "name"), "x new");
    // An existing tag outside the scope is linked, but is none of these.
    db.related(&post, "pendingTags").unwrap().add(2).unwrap();
    let pending = db.related(&post, "pendingTags").unwrap();
    assert!(!pending.has(2).unwrap() && pending.has(4).unwrap());
    assert_eq!(pending.count().unwrap(), 1);
    assert_eq!(
        db.related(&post, "pendingTags")
            .unwrap()
            .remove([2, 4])
            .unwrap(),
        1
    );
    assert_eq!(related(&mut db, &post, "tags", "name"), "x y");
    db.related(&post, "pendingTags")
        .unwrap()
        .set([2, 3])
        .unwrap();
    assert_eq!(related(&mut db, &post, "tags", "name"), "x y z");
    db.related(&post, "pendingTags").unwrap().set(()).unwrap();
    assert_eq!(related(&mut db, &post, "tags", "name"), "x y z");
}
