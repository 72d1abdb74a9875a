//! Getters and includes of owners: each row has the owner of its own type.

use relata::association::{BelongsToOwner, HasMany};
use relata::error::RequestKind;
use relata::query::{Loaded, Scope};
use relata::{Database, Models, col, include, select, values};

use super::super::{problem, synced, text};
use super::{gallery, get, json, owner, request, title};

// rules: BY-11, PO-2
// Broken: image 1 is found for a comment on post 1, or a comment on nothing finds something.
#[test]
fn each_row_has_the_owner_of_its_own_type() {
    let mut db = gallery();
    let found = |db: &mut Database, key: &str| [1, 2, 3].map(|it| owner(db, it, key));
    assert_eq!(found(&mut db, "commentable"), ["p1", "i1", "none"]);
    assert_eq!(found(&mut db, "Post"), ["p1", "none", "none"]);
    assert_eq!(found(&mut db, "Image"), ["none", "i1", "none"]);
    let all = db.find_all("Comment").unwrap();
    let each = db.related_each(&all, "commentable").unwrap();
    let titles: Vec<_> = each
        .one()
        .unwrap()
        .iter()
        .map(|it| it.as_ref().map(title))
        .collect();
    assert_eq!(titles, [Some("p1".into()), Some("i1".into()), None]);
    let rows = each.filter(col("title").eq("i1")).rows().unwrap();
    let numbers: Vec<_> = rows.iter().map(|it| it.len()).collect();
    assert_eq!(numbers, [0, 1, 0]);
    for (comment, expected) in [(0, "p1"), (1, "i1")] {
        let answer = db.call(&all[comment], "getCommentable", ()).unwrap();
        assert_eq!(
            answer.into_one().as_ref().map(title).as_deref(),
            Some(expected)
        );
    }
    let snapshot = db.snapshot();
    let view = snapshot.related_view(&all[1], "commentable").unwrap();
    assert_eq!(view.filter(col("title").eq("p1")).one().unwrap(), None);
    for verb in ["add", "has"] {
        let mut related = db.related(&all[0], "commentable").unwrap();
        let refused = match verb {
            "add" => related.add(1).map(drop),
            _ => related.has(1).map(drop),
        };
        let kind = refused.unwrap_err().kind();
        assert_eq!(kind, request(RequestKind::Unsupported));
    }
}

// rules: BY-11, EL-10, EL-19, EL-20
// Broken: an include shows an owner of another type, shows it under each of its models, or drops rows of other types.
#[test]
fn an_include_of_an_owner_is_one_row_of_whatever_model() {
    let db = gallery();
    let comments = || select("Comment").attributes(["id"]);
    let owner = || include("commentable").attributes(["title"]);
    assert_eq!(
        json(&db, comments().include(owner())),
        "[{id:1,commentable:{title:p1}},{id:2,commentable:{title:i1}},{id:3,commentable:null}]"
    );
    let required = "[{id:1,commentable:{title:p1}},{id:2,commentable:{title:i1}}]";
    assert_eq!(
        json(&db, comments().include(owner().required(true))),
        required
    );
    let image = || owner().filter(col("title").eq("i1"));
    let filtered = "[{id:2,commentable:{title:i1}}]";
    assert_eq!(json(&db, comments().include(image())), filtered);
    assert_eq!(comments().include(image()).count(&db).unwrap(), 1);
    assert_eq!(
        comments()
            .include(owner().required(true))
            .count(&db)
            .unwrap(),
        2
    );
    let optional =
        "[{id:1,commentable:null},{id:2,commentable:{title:i1}},{id:3,commentable:null}]";
    assert_eq!(
        json(&db, comments().include(image().required(false))),
        optional
    );
    // Hidden, it only decides; and paging counts what is left.
    let hidden = image().attributes([] as [&str; 0]);
    assert_eq!(json(&db, comments().include(hidden).limit(1)), "[{id:2}]");
    let paged = comments().include(owner().required(true)).offset(1);
    assert_eq!(json(&db, paged), filtered);

    let rows = select("Comment").include("commentable").run(&db).unwrap();
    let found = |at: usize| {
        let owner = rows.get(at).unwrap().one("commentable").unwrap();
        owner.map(|it| (it.model().to_owned(), it.get("title").unwrap().to_value()))
    };
    assert_eq!(found(0), Some(("Post".to_owned(), "p1".into())));
    assert_eq!(found(1), Some(("Image".to_owned(), "i1".into())));
    assert_eq!(found(2), None);
    // Each model has its association as well, and its columns.
    let column = rows.column("Image.title").unwrap();
    let image = rows.get(1).unwrap().one("Image").unwrap().unwrap();
    assert_eq!(image.at(column).as_str(), Some("i1"));
    assert!(rows.get(1).unwrap().one("Post").unwrap().is_none());
    let error = rows.included("commentable").unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::Type));
    let error = rows
        .get(0)
        .unwrap()
        .many("commentable")
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::Type));
    // An association alone does not know what it does not lead to.
    let rows = select("Comment").include("Post").run(&db).unwrap();
    assert!(rows.get(0).unwrap().one("commentable").unwrap().is_some());
    let error = rows
        .get(1)
        .unwrap()
        .one("commentable")
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), request(RequestKind::NotLoaded));
}

// rules: BY-11, MX-7
// Broken: what is said of posts is asked of images, or two includes of one association differ.
#[test]
fn an_include_may_say_more_of_one_model() {
    let mut db = gallery();
    let post = get(&db, "Post", 1);
    db.related(&post, "comments").unwrap().add(3).unwrap();
    let comments = || select("Comment").attributes(["id"]);
    let of_post = include("Post").include(include("comments").attributes(["id"]));
    let owner = include("commentable").attributes(["title"]).member(of_post);
    assert_eq!(
        json(&db, comments().include(owner).filter(col("id").lt(3))),
        "[{id:1,commentable:{title:p1,comments:[{id:1},{id:3}]}},{id:2,commentable:{title:i1}}]"
    );
    // A filter on one model leaves the others.
    let other = include("Post").filter(col("title").eq("p2"));
    let owner = include("commentable").attributes(["title"]).member(other);
    assert_eq!(
        json(&db, comments().include(owner)),
        "[{id:2,commentable:{title:i1}}]"
    );
    let refused = |request: relata::Select| request.run(&db).map(drop).unwrap_err().kind();
    let twice = comments().include("commentable").include("Post");
    assert_eq!(refused(twice), request(RequestKind::Repeated));
    let twice = comments().include("Post").include("commentable");
    assert_eq!(refused(twice), request(RequestKind::Repeated));
    let unknown = include("commentable").member("Video");
    assert_eq!(
        refused(comments().include(unknown)),
        request(RequestKind::UnknownAssociation)
    );
    let required = include("commentable").member(include("Post").required(true));
    assert_eq!(
        refused(comments().include(required)),
        request(RequestKind::Unsupported)
    );
    let none = include("Post").member("Image");
    assert_eq!(
        refused(comments().include(none)),
        request(RequestKind::Unsupported)
    );
    let counted = comments().with_count("commentable");
    assert_eq!(refused(counted), request(RequestKind::Unsupported));
    let unknown = include("commentable").filter(col("size").eq(1));
    assert_eq!(
        refused(comments().include(unknown)),
        request(RequestKind::UnknownColumn)
    );
    assert_eq!(
        json(
            &db,
            select("Post")
                .attributes(["id"])
                .with_count("comments")
                .limit(1)
        ),
        "[{id:1,_count:{comments:2}}]"
    );
}

// rules: BY-11, SC-13
// Broken: a scope that comes back to itself through an owner is read without end.
#[test]
fn scopes_include_owners_and_may_not_lead_back() {
    let mut models = Models::new();
    models.define_with("Post", |it| it.attribute(text("title")));
    let with_owner = Scope::new().include("item");
    models.define_with("Comment", |it| {
        it.timestamps(false).scope("full", with_owner.clone())
    });
    models.belongs_to_owner("Comment", BelongsToOwner::new("item").one_of("Post"));
    models.has_many("Post", HasMany::new("Comment").as_owner("item"));
    let mut db = synced(&models);
    let post = db.create("Post", values! { title: "p" }).unwrap();
    db.related(&post, "Comments")
        .unwrap()
        .create(values! {})
        .unwrap();
    let rows = select("Comment").scope("full").run(&db).unwrap();
    assert!(rows.first().unwrap().one("item").unwrap().is_some());

    let mut models = Models::new();
    let with_comments = Scope::new().include("Comments");
    models.define_with("Post", |it| it.default_scope(with_comments));
    models.define_with("Comment", |it| it.default_scope(with_owner));
    models.belongs_to_owner("Comment", BelongsToOwner::new("item").one_of("Post"));
    models.has_many("Post", HasMany::new("Comment").as_owner("item"));
    assert!(problem(&models).contains("includes itself without end"));
}

// rules: BY-11, PA-1, PA-3, PA-7
// Broken: a softly deleted owner is shown, or its comments lose it.
#[test]
fn an_owner_that_was_softly_deleted_is_not_found_and_comes_back() {
    let mut models = Models::new();
    models.define_with("Post", |it| it.attribute(text("title")).soft_delete());
    models.define("Comment");
    models.belongs_to_owner("Comment", BelongsToOwner::new("item").one_of("Post"));
    let mut db = synced(&models);
    let mut post = db.create("Post", values! { title: "p" }).unwrap();
    let values = values! { itemType: "Post", itemId: 1 };
    let comment = db.create("Comment", values).unwrap();
    db.destroy(&post).unwrap();
    db.reload(&mut post).unwrap();
    assert_eq!(db.related(&comment, "item").unwrap().one().unwrap(), None);
    let view = db.related_view(&comment, "item").unwrap();
    assert!(view.with_deleted().one().unwrap().is_some());
    db.restore(&mut post).unwrap();
    assert_eq!(
        db.related(&comment, "item").unwrap().one().unwrap(),
        Some(post)
    );
}

// rules: BY-11, EL-16
// Broken: joined rows or a walk show an owner of another type, or a part of the owner passes for all of it.
#[test]
fn joined_rows_and_walks_have_the_owner_of_the_right_type() {
    let db = gallery();
    let owner = include("commentable").attributes(["title"]);
    let comments = || select("Comment").attributes(["id"]);
    let rows = comments().include(owner).run(&db).unwrap();
    let joined = rows.joined();
    assert_eq!(joined.names(), ["id", "Post.title", "Image.title"]);
    let texts = joined.iter().map(|row| format!("{row:?}").replace('"', ""));
    let expected = [
        "{id: Int(1), Post.title: Text(p1), Image.title: Null}",
        "{id: Int(2), Post.title: Null, Image.title: Text(i1)}",
        "{id: Int(3), Post.title: Null, Image.title: Null}",
    ];
    assert_eq!(texts.collect::<Vec<_>>(), expected);
    let walk = rows
        .depth_first()
        .map(|it| (it.association, it.record.model()));
    let (none, owner) = (None, Some("commentable"));
    let (comment, post, image) = ("Comment", "Post", "Image");
    let expected = [
        (none, comment),
        (owner, post),
        (none, comment),
        (owner, image),
        (none, comment),
    ];
    assert_eq!(walk.collect::<Vec<_>>(), expected);

    let loaded = |request: relata::Select| {
        let rows = request.run(&db).unwrap();
        rows.first()
            .expect("a comment")
            .loaded("commentable")
            .unwrap()
    };
    assert_eq!(loaded(comments()), Loaded::Not);
    assert_eq!(loaded(comments().include("commentable")), Loaded::Whole);
    assert_eq!(loaded(comments().include("Post")), Loaded::Part);
}
