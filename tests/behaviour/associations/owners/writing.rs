//! Setting, creating and deleting owners, from either side.

use relata::association::{HasMany, HasOne};
use relata::error::{ConstraintKind, ErrorKind, RequestKind};
use relata::{Action, Answer, Value, include, select, tree, values};

use super::super::{constraint, synced};
use super::{
    CHECK, NOT_NULL, REFERENCE, commentable, comments, declared, filled, gallery, get, json,
    request, stored, title,
};

// rules: BY-11, FK-16, FK-25
// Broken: a comment stands on a post that is not there because an image of its number is, or on what is no model.
#[test]
fn the_type_says_where_the_owner_must_be() {
    let mut db = gallery();
    db.create("Image", values! { title: "i3" }).unwrap();
    let mut make = |of_type: &str, key: i64| {
        let values = values! { commentableType: of_type, commentableId: key };
        db.create("Comment", values)
            .map(drop)
            .map_err(|it| it.kind())
    };
    assert_eq!(make("Post", 3), Err(REFERENCE));
    assert_eq!(make("Image", 3), Ok(()));
    assert_eq!(make("Video", 1), Err(CHECK));
    let mut comment = get(&db, "Comment", 2);
    let refused = db.update(&mut comment, values! { commentableId: 9 });
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), REFERENCE);
    let details = error.as_constraint().unwrap();
    assert_eq!(details.other.as_ref().unwrap().table, "Images");
    db.check_integrity().unwrap();
}

// rules: BY-11, BT-6, BT-8, BT-13
// Broken: setting an owner writes the key and leaves the type, or a key is taken for whichever model.
#[test]
fn setting_an_owner_writes_type_and_key() {
    let mut db = gallery();
    let (post, image, video) = (
        get(&db, "Post", 2),
        get(&db, "Image", 2),
        get(&db, "Video", 1),
    );
    let mut comment = get(&db, "Comment", 1);
    comment.set("body", "pending").unwrap();
    let set = db
        .related(&mut comment, "commentable")
        .unwrap()
        .set(&image)
        .unwrap();
    assert_eq!(set, std::slice::from_ref(&image));
    assert_eq!(stored(&db, 1), "'Image' 2");
    assert_eq!(
        comment.get("commentableType").unwrap(),
        &Value::from("Image")
    );
    assert_eq!(
        get(&db, "Comment", 1).get("body").unwrap(),
        &Value::from("on p1")
    );
    // Through the association of a model: an instance, or a key of it.
    db.related(&comment, "Post").unwrap().set(2).unwrap();
    assert_eq!(stored(&db, 1), "'Post' 2");
    // The instance in memory is stale, and the database counts.
    assert_eq!(
        db.related(&comment, "commentable").unwrap().one().unwrap(),
        Some(post.clone())
    );
    // Of another type there is nothing to end.
    db.related(&comment, "Image").unwrap().set(()).unwrap();
    assert_eq!(stored(&db, 1), "'Post' 2");
    db.related(&comment, "commentable")
        .unwrap()
        .set(())
        .unwrap();
    assert_eq!(stored(&db, 1), "null null");
    db.related(&comment, "commentable")
        .unwrap()
        .set(())
        .unwrap();
    let answer = db.call(&comment, "setCommentable", &post).unwrap();
    assert_eq!(answer, Answer::One(Some(post)));
    db.related(&comment, "Post").unwrap().set(()).unwrap();
    assert_eq!(stored(&db, 1), "null null");

    let mut refused = |targets: relata::Targets<'_>| {
        let mut related = db.related(&comment, "commentable").unwrap();
        related.set(targets).unwrap_err().kind()
    };
    assert_eq!(refused((&video).into()), request(RequestKind::Type));
    assert_eq!(refused(1.into()), request(RequestKind::Unsupported));
    let mut related = db.related(&comment, "Post").unwrap();
    assert_eq!(related.set(9).unwrap_err().kind(), REFERENCE);
    assert_eq!(
        related.set(&image).unwrap_err().kind(),
        request(RequestKind::Type)
    );
    assert_eq!(stored(&db, 1), "null null");
}

// rules: BY-11, BT-10, BT-11
// Broken: an owner that was assigned in memory is not followed, or only half of it is saved.
#[test]
fn an_owner_may_be_assigned_and_saved_later() {
    let mut db = gallery();
    let (post, image) = (get(&db, "Post", 2), get(&db, "Image", 2));
    let mut comment = get(&db, "Comment", 1);
    db.related(&mut comment, "commentable")
        .unwrap()
        .assign(&image)
        .unwrap();
    assert_eq!(stored(&db, 1), "'Post' 1");
    assert_eq!(
        db.related(&comment, "commentable").unwrap().one().unwrap(),
        Some(image)
    );
    assert_eq!(db.related(&comment, "Post").unwrap().one().unwrap(), None);
    db.save(&mut comment).unwrap();
    assert_eq!(stored(&db, 1), "'Image' 2");
    db.related(&mut comment, "Post")
        .unwrap()
        .assign(())
        .unwrap();
    assert!(comment.changed().next().is_none());
    let mut made = db.build("Comment", values! { body: "new" }).unwrap();
    assert_eq!(
        db.related(&made, "commentable").unwrap().one().unwrap(),
        None
    );
    db.related(&mut made, "commentable")
        .unwrap()
        .set(&post)
        .unwrap();
    assert_eq!(stored(&db, 4), "'Post' 2");
}

// rules: BY-11, BT-14, CR-3
// Broken: an owner is created and the comment still says what it was before.
#[test]
fn an_owner_is_created_through_its_model() {
    let mut db = gallery();
    let comment = get(&db, "Comment", 1);
    let image = db
        .related(&comment, "Image")
        .unwrap()
        .create(values! { title: "i3" });
    assert_eq!(title(&image.unwrap()), "i3");
    assert_eq!(stored(&db, 1), "'Image' 3");
    let mut related = db.related(&comment, "commentable").unwrap();
    let error = related.create(values! { title: "x" }).unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::Unsupported));
    assert!(error.to_string().contains("one of Post, Image"), "{error}");
}

// rules: BY-11, HM-5, HM-6, HM-13
// Broken: a comment is taken over with its old type, or given up with it.
#[test]
fn the_other_side_writes_and_clears_type_and_key() {
    let mut db = gallery();
    let (post, image) = (get(&db, "Post", 1), get(&db, "Image", 1));
    let of_post = values! { body: "new", commentableType: "Image", commentableId: 7 };
    db.related(&post, "comments")
        .unwrap()
        .create(of_post)
        .unwrap();
    assert_eq!(stored(&db, 4), "'Post' 1");
    assert_eq!(
        (comments(&mut db, &post), comments(&mut db, &image)),
        (vec![1, 4], vec![2])
    );
    let mut on_post = db.related(&post, "comments").unwrap();
    assert_eq!(
        (on_post.count().unwrap(), on_post.has([1, 4]).unwrap()),
        (2, true)
    );
    assert!(!on_post.has(2).unwrap());
    on_post.add([2, 3]).unwrap();
    assert_eq!(stored(&db, 2), "'Post' 1");
    assert_eq!(
        (comments(&mut db, &post), comments(&mut db, &image)),
        (vec![1, 2, 3, 4], vec![])
    );
    // What is not its own it does not let go of.
    db.related(&image, "comments").unwrap().set([4]).unwrap();
    let mut on_post = db.related(&post, "comments").unwrap();
    assert_eq!(on_post.remove([1, 4]).unwrap(), 1);
    assert_eq!(
        [1, 2, 4].map(|it| stored(&db, it)),
        ["null null", "'Post' 1", "'Image' 1"]
    );
    db.related(&post, "comments").unwrap().set(()).unwrap();
    assert_eq!(stored(&db, 2), "null null");
    let shown = json(
        &db,
        select("Image")
            .attributes(["id"])
            .include(include("comments").attributes(["id"])),
    );
    assert_eq!(shown, "[{id:1,comments:[{id:4}]},{id:2,comments:[]}]");
    db.check_integrity().unwrap();
}

// rules: BY-11, HO-5, HO-6, HO-10
// Broken: the previous one keeps the type, or one with the same key of the other model is let go.
#[test]
fn has_one_as_owner_replaces_its_own_target_alone() {
    let mut models = declared(commentable());
    models.has_one(
        "Post",
        HasOne::new("Comment")
            .alias("pinned")
            .as_owner("commentable"),
    );
    let mut db = synced(&models);
    let post = db.create("Post", values! { title: "p" }).unwrap();
    let image = db.create("Image", values! { title: "i" }).unwrap();
    for on in [&post, &image] {
        db.related(on, "comments")
            .unwrap()
            .create(values! {})
            .unwrap();
    }
    let new = db.build("Comment", values! { body: "new" }).unwrap();
    db.related(&post, "pinned").unwrap().set(&new).unwrap();
    assert_eq!(
        [1, 2, 3].map(|it| stored(&db, it)),
        ["null null", "'Image' 1", "'Post' 1"]
    );
    db.related(&post, "pinned").unwrap().set(2).unwrap();
    assert_eq!([2, 3].map(|it| stored(&db, it)), ["'Post' 1", "null null"]);
    let error = db
        .related(&post, "pinned")
        .unwrap()
        .set(&image)
        .unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::Type));
}

// rules: BY-11, CR-4, CR-6, CR-7
// Broken: nested rows get the key without the type, or a row gets two owners.
#[test]
fn nested_creation_goes_both_ways() {
    let mut db = gallery();
    let made = db
        .create_tree("Comment", tree! { body: "x", Image: { title: "i3" } })
        .unwrap();
    assert_eq!(stored(&db, 4), "'Image' 3");
    assert_eq!(
        made.one("commentable").unwrap().map(title),
        Some("i3".to_owned())
    );
    let post = tree! { title: "p3", comments: [{ body: "y", commentableType: "Image" }] };
    db.create_tree("Post", post).unwrap();
    assert_eq!(stored(&db, 5), "'Post' 3");
    let only = tree! { body: "z", Post: { title: "p4" } }.including(["commentable"]);
    db.create_tree("Comment", only).unwrap();
    assert_eq!(stored(&db, 6), "'Post' 4");
    let none = db
        .create_tree("Comment", tree! { commentable: Value::Null })
        .unwrap();
    let error = none.one("commentable").map(drop).unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::NotLoaded));
    let before = db.fingerprint();
    let mut refused = |tree| {
        db.create_tree("Comment", tree)
            .map(drop)
            .unwrap_err()
            .kind()
    };
    let two = tree! { Post: { title: "a" }, Image: { title: "b" } };
    assert_eq!(refused(two), request(RequestKind::Repeated));
    let unnamed = tree! { commentable: { title: "a" } };
    assert_eq!(refused(unnamed), request(RequestKind::Unsupported));
    assert_eq!(db.fingerprint(), before);
}

// rules: BY-11, FK-21, FK-22, FK-23
// Broken: comments of image 1 go with post 1, or keep the type of an owner that is gone.
#[test]
fn deleting_an_owner_runs_the_declared_action() {
    let mut db = gallery();
    db.destroy(&get(&db, "Post", 1)).unwrap();
    assert_eq!([1, 2].map(|it| stored(&db, it)), ["null null", "'Image' 1"]);
    let mut image = get(&db, "Image", 1);
    db.update(&mut image, values! { id: 8 }).unwrap();
    assert_eq!(stored(&db, 2), "'Image' 8");
    db.check_integrity().unwrap();

    let mut db = filled(commentable().on_delete(Action::Cascade));
    let gone = db.destroy(&get(&db, "Post", 1)).unwrap();
    assert_eq!((gone.by_actions, db.count("Comment").unwrap()), (1, 2));
    let mut db = filled(commentable().on_delete(Action::Restrict));
    let error = db.destroy(&get(&db, "Image", 1)).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Constraint(ConstraintKind::Restrict)
    );
    db.destroy(&get(&db, "Image", 2)).unwrap();
}

// rules: BY-11, FK-8, FK-10, D18
// Broken: a comment that must have an owner outlives it, or an action of one side is that of both.
#[test]
fn an_owner_may_be_required_and_each_model_have_its_own_action() {
    let mut models = declared(commentable().not_null());
    models.has_many(
        "Post",
        HasMany::new("Comment")
            .as_owner("commentable")
            .on_delete(Action::Restrict),
    );
    let mut db = synced(&models);
    assert!(constraint(&db, "Comment", "Post").ends_with("delete RESTRICT update CASCADE"));
    assert!(constraint(&db, "Comment", "Image").ends_with("delete CASCADE update CASCADE"));
    let error = db
        .create("Comment", values! { commentableId: 1 })
        .unwrap_err();
    assert_eq!(error.kind(), NOT_NULL);
    let image = db.create("Image", values! { title: "i" }).unwrap();
    db.related(&image, "comments")
        .unwrap()
        .create(values! {})
        .unwrap();
    let error = db
        .related(&image, "comments")
        .unwrap()
        .remove(1)
        .unwrap_err();
    assert_eq!(error.kind(), NOT_NULL);
    let mut related = db.related(&image, "comments").unwrap().destroy_previous();
    related.set(()).unwrap();
    assert_eq!(db.count("Comment").unwrap(), 0);
}

// rules: BY-11, AS-14
// Broken: the hooks of a source are not told of each model, or are given another association.
#[test]
fn hooks_are_run_for_each_model() {
    use std::sync::{Arc, Mutex};
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut models = declared(commentable().hooks(true));
    models.has_many(
        "Comment",
        HasMany::new("Video").foreign_key("c").hooks(true),
    );
    let (before, after) = (seen.clone(), seen.clone());
    models.before_associate("Comment", move |it| {
        before.lock().unwrap().push(format!("before {}", it.target));
        Ok(())
    });
    models.after_associate("Comment", move |it| {
        after.lock().unwrap().push(format!("after {}", it.key()));
        Ok(())
    });
    synced(&models);
    let expected = [
        "before Post",
        "before Image",
        "before Video",
        "after Post",
        "after Image",
        "after Videos",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}
