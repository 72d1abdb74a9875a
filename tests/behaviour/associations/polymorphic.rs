//! The guide's polymorphic pattern: one key for rows of several models, told apart by a discriminator that scopes write.

use relata::association::{BelongsTo, BelongsToMany, HasMany, Through, Uniqueness};
use relata::{
    Attribute, DataType, Database, Instance, Models, Value, col, include, select, values,
};

use super::text;

/// Posts and images with comments and tags, as in the guide.
fn gallery() -> (Database, Instance, Instance) {
    let mut models = Models::new();
    for name in ["Post", "Image"] {
        models.define_with(name, |it| it.attribute(text("title")));
    }
    models.define_with("Comment", |it| {
        it.attribute(text("body"))
            .attribute(text("commentable"))
            .attribute(Attribute::new("commentable_id", DataType::Int))
    });
    models.define_with("Tag", |it| {
        it.attribute(text("name")).attribute(text("status"))
    });
    models.define_with("ItemTag", |it| {
        it.attribute(
            Attribute::new("id", DataType::Int)
                .auto_increment()
                .primary_key(),
        )
        .attribute(text("taggable").not_null())
    });
    for (model, value) in [("Post", "post"), ("Image", "image")] {
        let comments = HasMany::new("Comment")
            .alias("comments")
            .foreign_key("commentable_id")
            .constraints(false)
            .scope("commentable", value);
        models.has_many(model, comments);
        let owner = BelongsTo::new(model)
            .alias(value)
            .foreign_key("commentable_id")
            .constraints(false);
        models.belongs_to("Comment", owner);
        let once = ["tag_id", "taggable", "taggable_id"].map(str::to_owned);
        let through = Through::new("ItemTag")
            .unique(Uniqueness::Attributes(once.to_vec()))
            .scope("taggable", value);
        let tags = BelongsToMany::new("Tag")
            .through(through)
            .foreign_key("taggable_id")
            .other_key("tag_id")
            .constraints(false);
        models.belongs_to_many(model, tags.clone().alias("tags"));
        models.belongs_to_many(model, tags.alias("pendingTags").scope("status", "pending"));
    }
    let mut db = models.sync().unwrap();
    let post = db.create("Post", values! { title: "p" }).unwrap();
    let image = db.create("Image", values! { title: "i" }).unwrap();
    assert_eq!(post.key().unwrap(), image.key().unwrap());
    (db, post, image)
}

fn comment(db: &mut Database, on: &Instance, body: &str) -> Instance {
    let values = values! { body: body, commentable: "?", commentable_id: 77 };
    db.related(on, "comments").unwrap().create(values).unwrap()
}

fn related(db: &mut Database, source: &Instance, key: &str, attribute: &str) -> String {
    let found = db.related(source, key).unwrap().get().unwrap();
    let texts = found
        .iter()
        .map(|it| it.get(attribute).unwrap().to_string());
    texts.collect::<Vec<_>>().join(" ").replace('\'', "")
}

/// The guide's `getItem`: the accessor is made of the discriminator.
fn item(db: &mut Database, comment: &Instance) -> Instance {
    let kind = comment
        .get("commentable")
        .unwrap()
        .to_string()
        .replace('\'', "");
    let (first, rest) = kind.split_at(1);
    let accessor = format!("get{}{rest}", first.to_uppercase());
    let view = db.describe("Comment").unwrap();
    let (association, _) = view.accessor(&accessor).unwrap();
    let key = association.key().to_owned();
    let found = db.related(comment, &key).unwrap().one().unwrap();
    found.expect("the comment has an item")
}

// rules: PO-1, PO-2, SC-1
// Broken: post 1 shows the comments of image 1, or a comment on an image finds a post.
#[test]
fn each_comment_has_the_item_of_its_own_type() {
    let (mut db, post, image) = gallery();
    let on_post = comment(&mut db, &post, "on post");
    let on_image = comment(&mut db, &image, "on image");
    let comments = db.schema().table(db.schema().table_id("Comments").unwrap());
    assert!(comments.foreign_keys.is_empty());
    assert_eq!(on_image.get("commentable").unwrap(), &Value::from("image"));
    assert_eq!(on_image.get("commentable_id").unwrap(), &Value::Int(1));
    assert_eq!(item(&mut db, &on_post), post);
    assert_eq!(item(&mut db, &on_image), image);
    assert_eq!(related(&mut db, &post, "comments", "body"), "on post");
    for model in ["Post", "Image"] {
        let rows = select(model).include("comments").run(&db).unwrap();
        assert_eq!(rows.first().unwrap().many("comments").unwrap().count(), 1);
    }
}

// rules: PO-3
// Broken: an alias looks at the discriminator although nobody told it to.
#[test]
fn aliases_do_not_look_at_the_discriminator() {
    let (mut db, _, image) = gallery();
    let on_image = comment(&mut db, &image, "on image");
    assert_eq!(related(&mut db, &on_image, "post", "title"), "p");
    let request = select("Comment").include("post").include("image");
    let rows = request.run(&db).unwrap();
    let found = rows.first().unwrap();
    for (key, title) in [("post", "p"), ("image", "i")] {
        let owner = found.one(key).unwrap().unwrap();
        assert_eq!(owner.get("title").unwrap(), Value::from(title).as_ref());
    }
}

// rules: PO-4, SC-4
// Broken: a tag cannot be on a post and on an image with the same id, or tagging the one untags the other.
#[test]
fn one_tag_may_be_on_items_of_several_types() {
    let (mut db, post, image) = gallery();
    for name in ["x", "y"] {
        db.create("Tag", values! { name: name }).unwrap();
    }
    for source in [&post, &image] {
        db.related(source, "tags").unwrap().add([1, 2]).unwrap();
    }
    assert_eq!(db.count("ItemTag").unwrap(), 4);
    db.related(&post, "tags").unwrap().set([2]).unwrap();
    assert_eq!(related(&mut db, &post, "tags", "name"), "y");
    assert_eq!(related(&mut db, &image, "tags", "name"), "x y");
    db.related(&post, "tags").unwrap().set(()).unwrap();
    assert_eq!(related(&mut db, &image, "tags", "name"), "x y");
    let of_image = col("taggable").eq("image");
    assert_eq!(db.count_by("ItemTag", of_image).unwrap(), 2);
    db.check_integrity().unwrap();
}

// rules: PO-5, SC-2, SC-5
// Broken: pending tags show tags that are done, or tags of an image.
#[test]
fn scopes_on_both_sides_hold_together() {
    let (mut db, post, image) = gallery();
    let done = db
        .create("Tag", values! { name: "done", status: "done" })
        .unwrap();
    db.related(&post, "tags").unwrap().add(&done).unwrap();
    let mut pending = db.related(&post, "pendingTags").unwrap();
    let made = pending
        .create(values! { name: "new", status: "?" })
        .unwrap();
    assert_eq!(made.get("status").unwrap(), &Value::from("pending"));
    let link = made.junction().unwrap();
    assert_eq!(link.get("taggable").unwrap(), &Value::from("post"));
    let filtered = pending.get_where(col("status").eq("done")).unwrap();
    assert_eq!(filtered, []);
    assert_eq!(related(&mut db, &post, "pendingTags", "name"), "new");
    assert_eq!(related(&mut db, &post, "tags", "name"), "done new");
    assert_eq!(related(&mut db, &image, "pendingTags", "name"), "");
    // A scope leaves posts without such tags in the result.
    let request = select("Image").include(include("pendingTags"));
    let rows = request.run(&db).unwrap();
    assert_eq!(
        rows.first().unwrap().many("pendingTags").unwrap().count(),
        0
    );
}
