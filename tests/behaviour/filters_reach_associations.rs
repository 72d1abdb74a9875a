//! Filters that reach associated rows, wherever a filter goes: finds and writes by filter, scopes, getters, counts; with
//! scopes and soft deletion at the other end.

use relata::association::{BelongsTo, BelongsToMany, HasMany, Through};
use relata::error::{ProblemKind, RequestKind};
use relata::query::Scope;
use relata::schema::CheckDef;
use relata::{
    Attribute, DataType, Database, Error, ErrorKind, Expr, Instance, ModelDef, Models, all, col,
    desc, include, related, select, values,
};

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// Users with posts, posts with tags. A post is seen if it is no draft and was not deleted.
fn models() -> Models {
    let mut models = Models::new();
    models
        .define(
            ModelDef::new("User")
                .attribute(text("name"))
                .attribute(Attribute::new("quota", DataType::Int))
                .scope(
                    "read",
                    Scope::new().filter(related("posts").any(col("score").gt(5))),
                ),
        )
        .define(
            ModelDef::new("Post")
                .attribute(text("title"))
                .attribute(Attribute::new("score", DataType::Int))
                .attribute(Attribute::new("draft", DataType::Bool).default(false))
                .soft_delete()
                .default_scope(Scope::new().filter(col("draft").eq(false)).limit(1)),
        )
        .define(ModelDef::new("Tag").attribute(text("name")))
        .has_many(
            "User",
            HasMany::new("Post").alias("posts").foreign_key("userId"),
        )
        .belongs_to(
            "Post",
            BelongsTo::new("User").alias("author").foreign_key("userId"),
        )
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag")
                .alias("tags")
                .through(Through::new("PostTag")),
        );
    models
}

struct Blog {
    db: Database,
    ada: Instance,
    bob: Instance,
}

/// Ada wrote a (3) and b (9), and a draft c (7); Bob wrote d (6), which is deleted; Cy wrote nothing.
fn blog() -> Blog {
    let mut db = models().sync().unwrap();
    let mut user = |name: &str, quota: i64| {
        db.create("User", values! { name: name, quota: quota })
            .unwrap()
    };
    let (ada, bob) = (user("Ada", 1), user("Bob", 1));
    user("Cy", 0);
    for (author, title, score, draft) in [
        (&ada, "a", 3, false),
        (&ada, "b", 9, false),
        (&ada, "c", 7, true),
        (&bob, "d", 6, false),
    ] {
        let values = values! { title: title, score: score, draft: draft };
        let post = db.related(author, "posts").unwrap().create(values).unwrap();
        if title == "d" {
            db.destroy(&post).unwrap();
        }
    }
    Blog { db, ada, bob }
}

fn names(db: &Database, filter: Expr) -> String {
    let found = db.find_by("User", filter.clone()).unwrap();
    assert_eq!(db.count_by("User", filter.clone()).unwrap(), found.len());
    let request = select("User").filter(filter);
    assert_eq!(request.count(db).unwrap(), found.len());
    let names = found
        .iter()
        .map(|it| it.get("name").unwrap().as_str().unwrap().to_owned());
    names.collect::<Vec<_>>().join(" ")
}

fn kind(error: Error) -> RequestKind {
    match error.kind() {
        ErrorKind::Request(kind) => kind,
        kind => panic!("{kind:?}: {error}"),
    }
}

// rules: BY-6, PA-1, SC-11
// Broken: a draft or a deleted post answers a question, or the limit of the posts' scope cuts what is asked about.
#[test]
fn questions_are_about_what_reads_find() {
    let Blog { db, .. } = blog();
    assert_eq!(names(&db, related("posts").exists()), "Ada");
    assert_eq!(names(&db, related("posts").count().eq(2)), "Ada");
    assert_eq!(names(&db, related("posts").any(col("score").eq(7))), "");
    assert_eq!(
        names(&db, related("posts").all(col("score").gt(1))),
        "Ada Bob Cy"
    );
    assert_eq!(names(&db, related("posts").count().gt(col("quota"))), "Ada");
    assert_eq!(names(&db, col("posts.score").gt(5)), "Ada");
    assert_eq!(names(&db, col("posts.id").is_null()), "Bob Cy");
}

// rules: BY-6, SC-15
// Broken: a scope cannot ask, or two scopes that ask about each other's models resolve for ever.
#[test]
fn scopes_may_reach() {
    let Blog { db, .. } = blog();
    let read = select("User").scope("read").order_by(desc("posts.score"));
    assert_eq!(read.run(&db).unwrap().len(), 1);
    for (users, posts) in [
        (
            Scope::new().filter(related("posts").exists()),
            Scope::new().filter(col("author.name").ne("x")),
        ),
        (
            Scope::new().order_by("posts.title"),
            Scope::new().filter(related("tags").none(related("posts.author").exists())),
        ),
    ] {
        let mut models = Models::new();
        models
            .define(
                ModelDef::new("User")
                    .attribute(text("name"))
                    .default_scope(users),
            )
            .define(
                ModelDef::new("Post")
                    .attribute(text("title"))
                    .default_scope(posts),
            )
            .define(ModelDef::new("Tag"))
            .has_many(
                "User",
                HasMany::new("Post").alias("posts").foreign_key("userId"),
            )
            .belongs_to(
                "Post",
                BelongsTo::new("User").alias("author").foreign_key("userId"),
            )
            .belongs_to_many(
                "Post",
                BelongsToMany::new("Tag").alias("tags").through("PostTag"),
            )
            .belongs_to_many(
                "Tag",
                BelongsToMany::new("Post").alias("posts").through("PostTag"),
            );
        let error = models.sync().unwrap_err();
        let problems = &error.as_declaration().unwrap().problems;
        assert_eq!(problems.len(), 1, "{error}");
        assert_eq!(problems[0].kind, ProblemKind::Scope);
        assert!(error.to_string().contains("without end"), "{error}");
    }
}

// rules: BY-6
// Broken: a write by filter takes rows for which the filter is not true, or takes none.
#[test]
fn writes_by_filter_may_ask() {
    let Blog { mut db, ada, .. } = blog();
    let prolific = || related("posts").count().ge(2);
    let plan = db.plan_destroy_where("User", prolific()).unwrap();
    let written = db
        .update_where("User", prolific(), values! { quota: 9 })
        .unwrap();
    assert_eq!(written.rows, 1);
    assert_eq!(names(&db, col("quota").eq(9)), "Ada");
    let popular = db
        .update_where("Post", col("author.quota").eq(9), values! { score: 0 })
        .unwrap();
    assert_eq!(popular.rows, 3);
    // Not those of a default scope alone, as in every write by filter.
    assert_eq!(
        names(&db, related("posts").all(col("score").eq(0))),
        "Ada Bob Cy"
    );
    assert_eq!(db.destroy_where("User", prolific()).unwrap().rows, 1);
    assert_eq!(names(&db, all([])), "Bob Cy");
    assert!(!plan.is_blocked());
    // What was softly deleted is found by what is restored.
    let of_bob = || col("author.name").eq("Bob");
    assert_eq!(db.count_by("Post", of_bob()).unwrap(), 0);
    assert_eq!(db.restore_where("Post", of_bob()).unwrap().rows, 1);
    assert_eq!(db.count_by("Post", of_bob()).unwrap(), 1);
    drop(ada);
    db.check_integrity().unwrap();
}

// rules: BY-6, BTM-13
// Broken: the filter of a getter knows only the columns of its targets, or not the row of the junction.
#[test]
fn getters_may_ask() {
    let Blog { mut db, ada, bob } = blog();
    let posts = db.find_by("Post", col("title").eq("b")).unwrap();
    for name in ["red", "blue"] {
        let tag = values! { name: name };
        db.related(&posts[0], "tags").unwrap().create(tag).unwrap();
    }
    let view = |source, filter: Expr| {
        let view = db
            .related_view(source, "posts")
            .unwrap()
            .unscoped()
            .filter(filter);
        assert_eq!(view.count().unwrap(), view.get().unwrap().len());
        view.count().unwrap()
    };
    assert_eq!(view(&ada, related("tags").exists()), 1);
    assert_eq!(view(&ada, related("tags").none(all([]))), 2);
    assert_eq!(view(&ada, col("author.name").eq("Ada")), 3);
    assert_eq!(view(&bob, col("author.name").eq("Bob")), 0);
    let tags = db.related_view(&posts[0], "tags").unwrap();
    let linked = tags.filter(col("PostTag.createdAt").is_not_null());
    let linked = linked.order_by(desc("PostTag.TagId")).get().unwrap();
    let names = linked.iter().map(|it| it.get("name").unwrap().clone());
    assert_eq!(names.collect::<Vec<_>>(), ["blue".into(), "red".into()]);
}

// rules: BY-6
// Broken: something that sees one row alone takes a question and answers it somehow.
#[test]
fn where_there_is_one_row_nothing_can_be_asked() {
    let Blog { db, .. } = blog();
    let question = || related("posts").exists();
    let error = db
        .snapshot()
        .engine()
        .filter("Users", &question())
        .unwrap_err();
    assert_eq!(kind(error), RequestKind::Unsupported);
    let mut models = models();
    models.define_with("Note", |it| it.check(CheckDef::new("asks", question())));
    let error = models.sync().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("associated rows (posts) outside of a request"),
        "{error}"
    );
}

// rules: BY-6
// Broken: an include with a question is not required, or a count under it is of other rows.
#[test]
fn a_question_in_an_include_is_a_filter() {
    let Blog { db, .. } = blog();
    let posts = || {
        include("posts")
            .unscoped()
            .filter(related("tags").none(all([])))
    };
    let rows = select("User").include(posts()).run(&db).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows.first().unwrap().many("posts").unwrap().len(), 3);
    let rows = select("User").include(posts().required(false)).run(&db);
    assert_eq!(rows.unwrap().len(), 3);
    let counted = select("User").with_count(posts()).run(&db).unwrap();
    let counts = counted.iter().map(|user| user.count("posts").unwrap());
    assert_eq!(counts.collect::<Vec<_>>(), [3, 0, 0]);
}
