//! What the declaration of an owner comes to, and what is wrong with one.

use relata::association::{BelongsTo, BelongsToOwner, HasMany, HasOne, KeyAttribute, OwnerModel};
use relata::{Action, Attribute, DataType, ModelDef, Models, Value, values};

use super::super::{
    accessors, association, attributes, constraint, keys, model, problem, problems, synced, text,
};
use super::{CHECK, commentable, declared};

// rules: BY-11, NM-3, FK-8
// Broken: the type is not checked, an owner's key is enforced for one model alone, or names are not those of the owner.
#[test]
fn an_owner_is_a_type_a_key_and_an_association_for_each_model() {
    let db = synced(&declared(commentable()));
    let own = "id body commentableType commentableId";
    assert_eq!(attributes(&db, "Comment"), own);
    assert_eq!(keys(&db, "Comment"), "Post Image");
    for (key, table) in [("Post", "Posts"), ("Image", "Images")] {
        let expected =
            format!("Comments(commentableId) -> {table}(id) delete SET NULL update CASCADE");
        assert_eq!(constraint(&db, "Comment", key), expected);
        assert_eq!(constraint(&db, key, "comments"), expected);
        assert_eq!(
            association(&db, "Comment", key).owner(),
            Some("commentable")
        );
        let comments = association(&db, key, "comments");
        let (of_type, value) = comments.scope()[0];
        assert_eq!((of_type, value), ("commentableType", &Value::from(key)));
    }
    let comment = model(&db, "Comment");
    let owner = comment.owners().next().unwrap();
    assert_eq!(owner.key(), "commentable");
    assert_eq!(owner.type_attribute(), "commentableType");
    assert_eq!(owner.foreign_key(), ["commentableId"]);
    let names: Vec<_> = owner.accessors().map(|(name, _)| name).collect();
    assert_eq!(names, ["getCommentable", "setCommentable"]);
    assert_eq!(
        accessors(&db, "Comment", "Post"),
        "getPost setPost createPost"
    );
    let table = comment.table();
    assert_eq!(&*table.checks[0].name, "Comments_commentableType_check");
}

// rules: BY-11, NM-14, NM-15, BT-3
// Broken: what is said about type, key, value or alias is not what is used.
#[test]
fn everything_about_an_owner_can_be_named() {
    let mut models = Models::new();
    models.define_with("post", |it| it.attribute(text("slug").unique()));
    models.define_with("image", |it| it.attribute(text("slug").unique()));
    models.define_with("comment", |it| it.underscored(true));
    models.define_with("like", |it| it.underscored(true).timestamps(false));
    let post = OwnerModel::new("post")
        .value(1)
        .alias("article")
        .target_key("slug");
    let image = OwnerModel::new("image").value(2).target_key("slug");
    models.belongs_to_owner(
        "comment",
        BelongsToOwner::new("subject")
            .one_of(post)
            .one_of(image)
            .type_attribute(KeyAttribute::named("kind").field("kind_code"))
            .foreign_key("subject_slug")
            .on_delete("cascade")
            .on_update(Action::Restrict),
    );
    models.belongs_to_owner("like", BelongsToOwner::new("likeable").one_of("post"));
    models.has_one(
        "post",
        HasOne::new("comment").alias("first").as_owner("subject"),
    );
    let mut db = synced(&models);
    assert_eq!(keys(&db, "comment"), "article image");
    assert_eq!(attributes(&db, "like"), "id likeable_type likeable_id");
    assert_eq!(
        constraint(&db, "comment", "article"),
        "comments(subject_slug) -> posts(slug) delete CASCADE update RESTRICT"
    );
    let comment = model(&db, "comment");
    assert_eq!(comment.column("kind").unwrap().data_type, DataType::Int);
    assert_eq!(&*comment.column("kind").unwrap().name, "kind_code");
    let post = db.create("post", values! { slug: "a" }).unwrap();
    let made = db
        .related(&post, "first")
        .unwrap()
        .create(values! {})
        .unwrap();
    assert_eq!(made.get("kind").unwrap(), &Value::Int(1));
    assert_eq!(made.get("subject_slug").unwrap(), &Value::from("a"));
    assert_eq!(
        db.related(&made, "subject").unwrap().one().unwrap(),
        Some(post)
    );
    let error = db.create("comment", values! { kind: 3, subject_slug: "a" });
    assert_eq!(error.unwrap_err().kind(), CHECK);
}

// rules: BY-11, AS-5, AS-6
// Broken: an owner that nobody could tell apart or reach is found out by the first row.
#[test]
fn a_definition_that_cannot_stand_names_what_is_wrong() {
    let refused = |owner: BelongsToOwner| problem(&declared(owner));
    let found = refused(commentable().one_of("Post"));
    assert!(
        found.contains("Comment.belongs_to_owner(commentable)"),
        "{found}"
    );
    assert!(found.contains("Post is one of its models twice"), "{found}");
    let found = refused(commentable().one_of(OwnerModel::new("Video").value("Post")));
    assert!(
        found.contains("Post and Video have the type 'Post' both"),
        "{found}"
    );
    let found = refused(commentable().one_of("Song"));
    assert!(
        found.contains("Song, which is not a defined model"),
        "{found}"
    );
    let found = refused(commentable().one_of(OwnerModel::new("Video").value(7)));
    assert!(
        found.contains("commentableType is text, and so never 7"),
        "{found}"
    );
    let found = refused(commentable().one_of(OwnerModel::new("Video").value(Value::Null)));
    assert!(
        found.contains("commentableType is text, and so never null"),
        "{found}"
    );
    let found = refused(commentable().one_of(OwnerModel::new("Video").target_key("title")));
    assert!(found.contains("(title) of Video is none"), "{found}");
    let found = refused(commentable().one_of(OwnerModel::new("Video").target_key("gone")));
    assert!(
        found.contains("Unknown attribute \"gone\" passed as target_key"),
        "{found}"
    );
    let found = refused(commentable().type_attribute("commentable"));
    assert!(
        found.contains("Naming collision between attribute 'commentable'"),
        "{found}"
    );
    let found = refused(commentable().on_delete("forget"));
    assert!(found.contains("no such action"), "{found}");
    let never_null = declared(commentable().not_null().on_delete(Action::SetNull));
    let found = problems(&never_null);
    for it in found.iter().map(|it| it.to_string()) {
        assert!(it.contains("on delete SET NULL can never succeed"), "{it}");
    }
    let pair = [KeyAttribute::named("a"), KeyAttribute::named("b")];
    let found = refused(commentable().foreign_key(pair));
    assert!(
        found.contains("foreign_key has 2 attributes and refers to 1"),
        "{found}"
    );

    let mut models = declared(commentable());
    models.belongs_to("Comment", BelongsTo::new("Post").foreign_key("postId"));
    assert!(problem(&models).contains("two associations with the same name \"Post\""));
    let mut models = declared(commentable());
    models.belongs_to(
        "Comment",
        BelongsTo::new("Video")
            .alias("commentable")
            .foreign_key("v"),
    );
    assert!(problem(&models).contains("two associations of Comment are named commentable"));
    let mut models = declared(commentable());
    models.belongs_to(
        "Comment",
        BelongsTo::new("Video").foreign_key("commentableId"),
    );
    assert!(problem(&models).contains("foreign key (commentableId) cannot reference Video(id)"));
    let mut models = declared(commentable());
    models.has_many("Video", HasMany::new("Comment").as_owner("commentable"));
    assert!(problem(&models).contains("Video is none of the models that Comment names for it"));
    let mut models = declared(commentable());
    models.has_many("Video", HasMany::new("Comment").as_owner("item"));
    assert!(problem(&models).contains("Comment declares no owner of this name"));
    let mut models = declared(commentable());
    let twice = HasMany::new("Comment").alias("others").foreign_key("x");
    models.has_many("Post", twice.as_owner("commentable"));
    assert!(problem(&models).contains("the key is that of the owner"));
    let mut models = declared(commentable());
    models.belongs_to_owner("Comment", BelongsToOwner::new("nobody"));
    assert!(problem(&models).contains("is given none of its models"));
}

// rules: BY-11, FK-5, BY-20
// Broken: keys of two types would share a column, or one of several attributes would be cut to its first.
#[test]
fn keys_of_other_types_are_refused_with_their_names() {
    let mut models = declared(commentable());
    let uuid = Attribute::new("id", DataType::Uuid).primary_key();
    models.define_with("Song", |it| it.attribute(uuid));
    models.belongs_to_owner(
        "Comment",
        BelongsToOwner::new("track").one_of("Post").one_of("Song"),
    );
    let problems = models.sync().unwrap_err();
    let found = problems.to_string();
    assert!(
        found.contains("trackId") && found.contains("uuid"),
        "{found}"
    );

    let mut models = declared(commentable());
    let pair = |it: ModelDef| {
        let part = |name| Attribute::new(name, DataType::Int).primary_key();
        it.attribute(part("disc")).attribute(part("track"))
    };
    models.define_with("Song", pair);
    models.belongs_to_owner("Comment", BelongsToOwner::new("tune").one_of("Song"));
    let found = problem(&models);
    assert!(
        found.contains("composite primary key (disc, track)"),
        "{found}"
    );
    let mut models = Models::new();
    models.define_with("Song", pair).define("Comment");
    let song = OwnerModel::new("Song").target_keys(["disc", "track"]);
    models.belongs_to_owner("Comment", BelongsToOwner::new("tune").one_of(song));
    models.has_many("Song", HasMany::new("Comment").as_owner("tune"));
    let mut db = synced(&models);
    let song = db.create("Song", values! { disc: 1, track: 2 }).unwrap();
    let made = db
        .related(&song, "Comments")
        .unwrap()
        .create(values! {})
        .unwrap();
    assert_eq!(made.get("tuneTrack").unwrap(), &Value::Int(2));
    assert_eq!(
        db.related(&made, "tune").unwrap().one().unwrap(),
        Some(song)
    );
}
