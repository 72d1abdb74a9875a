//! A blog, and requests of many shapes on it: what the test of plans counts and the bench of plans times.
//!
//! Both include this file, one from within the crate and one from outside: what it names of relata comes from whoever
//! includes it.

use std::collections::BTreeSet;

use super::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, Expr, HasMany, IndexDef, Models,
    Select, Value, asc, col, desc, include, related, select,
};

const SOUND: &str = "the data is sound";

/// How many rows there are: so many times a small blog.
#[derive(Clone, Copy)]
pub(super) struct Size(pub(super) i64);

impl Size {
    fn authors(self) -> i64 {
        400 * self.0
    }

    fn posts(self) -> i64 {
        4_000 * self.0
    }

    fn comments(self) -> i64 {
        9_000 * self.0
    }

    fn tags(self) -> i64 {
        60 * self.0
    }
}

fn int(name: &str) -> Attribute {
    Attribute::new(name, DataType::Int)
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// Authors with posts with comments, and tags of posts. A few authors wrote a third of all posts.
pub(super) fn blog(size: Size) -> Database {
    let mut models = Models::new();
    for name in ["Author", "Post", "Comment", "Tag"] {
        models.define_with(name, |model| {
            let model = model
                .timestamps(false)
                .attribute(text("text"))
                .attribute(text("kind"))
                .attribute(int("score"))
                .attribute(int("day"));
            match name {
                "Tag" => model.index(IndexDef::new(["text"])),
                "Post" => model
                    .index(IndexDef::new(["kind"]).hash())
                    .index(IndexDef::new(["score"]))
                    .index(IndexDef::new(["day", "score"]))
                    .index(IndexDef::new(["author_id", "score"])),
                "Comment" => model
                    .attribute(int("writer_id"))
                    .attribute(int("tag_id"))
                    .index(IndexDef::new(["tag_id", "score"]))
                    .index(IndexDef::new(["writer_id"]).hash())
                    .index(IndexDef::new(["writer_id", "score"]))
                    .index(IndexDef::new(["kind"]).hash())
                    .index(IndexDef::new(["score"])),
                _ => model
                    .index(IndexDef::new(["kind"]).hash())
                    .index(IndexDef::new(["score"]))
                    .index(IndexDef::new(["day", "score"])),
            }
        });
    }
    let many =
        |target: &str, alias: &str, key: &str| HasMany::new(target).alias(alias).foreign_key(key);
    let one =
        |target: &str, alias: &str, key: &str| BelongsTo::new(target).alias(alias).foreign_key(key);
    models
        .has_many("Author", many("Post", "posts", "author_id"))
        .belongs_to("Post", one("Author", "author", "author_id"))
        .has_many("Post", many("Comment", "comments", "post_id"))
        .belongs_to("Comment", one("Post", "post", "post_id"))
        .belongs_to(
            "Comment",
            one("Author", "writer", "writer_id").constraints(false),
        )
        .has_many(
            "Author",
            many("Comment", "written", "writer_id").constraints(false),
        )
        .has_many("Tag", many("Comment", "about", "tag_id").constraints(false))
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag").alias("tags").through("PostTag"),
        )
        .belongs_to_many(
            "Tag",
            BelongsToMany::new("Post").alias("posts").through("PostTag"),
        );
    let mut db = models.sync().expect(SOUND);
    let kind = |n: i64| match n % 100 {
        0 => "rare",
        1..10 => "seldom",
        10..40 => "often",
        _ => "usual",
    };
    let row = |n: i64| {
        let score = (n % 7 != 0).then_some(n * 7_919 % 1_000);
        [
            Value::from(n),
            format!("text {n}").into(),
            kind(n * 31).into(),
            score.into(),
            (n % 365).into(),
        ]
    };
    let under = |n: i64, parent: i64| {
        row(n)
            .into_iter()
            .chain([parent.into()])
            .collect::<Vec<_>>()
    };
    let author = |n: i64| match n % 3 {
        0 => n % 5 + 1,
        _ => n * 17 % size.authors() + 1,
    };
    let columns = ["id", "text", "kind", "score", "day"];
    let engine = db.engine_mut();
    engine
        .insert_many("Authors", &columns, (1..=size.authors()).map(row))
        .expect(SOUND);
    engine
        .insert_many("Tags", &columns, (1..=size.tags()).map(row))
        .expect(SOUND);
    let with = |key: &'static str| columns.into_iter().chain([key]).collect::<Vec<_>>();
    let posts = (1..=size.posts()).map(|n| under(n, author(n)));
    engine
        .insert_many("Posts", &with("author_id"), posts)
        .expect(SOUND);
    let comments = (1..=size.comments()).map(|n| {
        let mut comment = under(n, n * 7_919 % size.posts() + 1);
        comment.push((n * 31 % size.authors() + 1).into());
        comment.push((n * 17 % size.tags() + 1).into());
        comment
    });
    let mut columns_of_comments = with("post_id");
    columns_of_comments.extend(["writer_id", "tag_id"]);
    engine
        .insert_many("Comments", &columns_of_comments, comments)
        .expect(SOUND);
    let pairs = (1..=size.posts())
        .flat_map(|n| [(n, n % size.tags() + 1), (n, n * n % 59 % size.tags() + 1)]);
    let pairs: BTreeSet<(i64, i64)> = pairs.collect();
    let pairs = pairs
        .into_iter()
        .map(|(post, tag)| [Value::from(post), tag.into()]);
    engine
        .insert_many("PostTag", &["PostId", "TagId"], pairs)
        .expect(SOUND);
    db
}

/// Requests of many shapes, each with what it asks for.
pub(super) fn shapes(size: Size) -> Vec<(&'static str, Select)> {
    let last = size.posts();
    let posts = |filter: Expr| select("Post").filter(filter);
    let kind = |kind: &str| col("kind").eq(kind);
    let all = || select("Post");
    let authors = || select("Author");
    let needs = |name: &str, filter: Expr| include(name).filter(filter).required(true);
    vec![
        ("posts by key", posts(col("id").eq(77))),
        (
            "posts by four keys",
            posts(col("id").is_in([5, 6, 7, last])),
        ),
        (
            "posts by most keys",
            posts(col("id").is_in(0..last / 40 * 39)),
        ),
        (
            "posts by a few last keys",
            posts(col("id").gt(last - last / 80)),
        ),
        ("posts by nearly all keys", posts(col("id").gt(10))),
        ("posts of an author of many", posts(col("author_id").eq(2))),
        ("posts of an author of few", posts(col("author_id").eq(44))),
        ("posts of a rare kind", posts(kind("rare"))),
        ("posts of the usual kind", posts(kind("usual"))),
        (
            "posts of a kind and a day",
            posts(kind("often").and(col("day").eq(7))),
        ),
        (
            "posts of a kind and an author",
            posts(kind("often").and(col("author_id").eq(3))),
        ),
        (
            "posts of a kind, the highest scores",
            posts(kind("usual").and(col("score").gt(990))),
        ),
        ("posts, some scores", posts(col("score").between(100, 110))),
        ("posts, most scores", posts(col("score").gt(50))),
        ("posts without a score", posts(col("score").is_null())),
        (
            "posts of a day, low scores",
            posts(col("day").eq(7).and(col("score").lt(300))),
        ),
        (
            "posts by a prefix without an index",
            posts(col("text").like("text 1%")),
        ),
        ("ten posts", all().limit(10)),
        ("ten last posts", all().order_by(desc("id")).limit(10)),
        ("ten posts by score", all().order_by("score").limit(10)),
        (
            "ten posts by score, from the top, behind twenty",
            all().order_by(desc("score")).limit(10).offset(20),
        ),
        (
            "ten posts by day and score",
            all().order_by(asc("day")).order_by("score").limit(10),
        ),
        (
            "ten posts of a rare kind by score",
            posts(kind("rare")).order_by("score").limit(10),
        ),
        (
            "ten posts of a kind by score",
            posts(kind("often")).order_by("score").limit(10),
        ),
        (
            "ten posts of the usual kind",
            posts(kind("usual")).limit(10),
        ),
        (
            "five posts by a pattern",
            posts(col("text").like("%9")).limit(5),
        ),
        (
            "authors with posts of a rare kind",
            authors().include(needs("posts", kind("rare"))),
        ),
        (
            "authors with posts of the usual kind",
            authors().include(needs("posts", kind("usual"))),
        ),
        (
            "one author with a certain post",
            authors()
                .include(needs("posts", col("text").eq("text 77")))
                .limit(1),
        ),
        (
            "five authors with posts of the usual kind",
            authors().include(needs("posts", kind("usual"))).limit(5),
        ),
        (
            "authors asked for a high score",
            authors().filter(related("posts").any(col("score").gt(997))),
        ),
        (
            "authors joined with a score",
            authors().filter(col("posts.score").eq(70)),
        ),
        (
            "authors of a rare kind with usual posts",
            authors()
                .filter(kind("rare"))
                .include(needs("posts", kind("usual"))),
        ),
        (
            "comments below one author's posts",
            select("Comment").filter(col("post.author.text").eq("text 44")),
        ),
        (
            "posts of a kind and one author",
            posts(kind("usual").and(col("author.text").eq("text 44"))),
        ),
        (
            "posts with one tag",
            all().include(needs("tags", col("text").eq("text 7"))),
        ),
        (
            "posts with authors of a rare kind",
            all().include(needs("author", kind("rare"))),
        ),
        (
            "five posts with rare comments",
            all()
                .include(needs("comments", kind("rare")))
                .order_by("id")
                .limit(5),
        ),
        (
            "comments with one post",
            select("Comment").include(needs("post", col("id").eq(9))),
        ),
        (
            "authors of a kind {posts {comments}}",
            authors()
                .filter(kind("seldom"))
                .include(include("posts").include("comments")),
        ),
        (
            "comments {writer by value}",
            select("Comment").include("writer"),
        ),
        (
            "rare comments {writer by value}",
            select("Comment").filter(kind("rare")).include("writer"),
        ),
        (
            "comments with writers of a rare kind",
            select("Comment")
                .filter(kind("seldom"))
                .include(needs("writer", kind("rare"))),
        ),
        ("authors {written by value}", authors().include("written")),
        (
            "authors {3 best written}",
            authors().include(include("written").order_by(desc("score")).limit(3)),
        ),
        (
            "authors {2 lowest written of the usual kind}",
            authors().include(
                include("written")
                    .filter(kind("usual"))
                    .order_by("score")
                    .limit(2),
            ),
        ),
        (
            "authors {2 lowest written of high score}",
            authors().include(
                include("written")
                    .filter(col("score").gt(900))
                    .order_by("score")
                    .limit(2),
            ),
        ),
        (
            "tags {3 best comments about them}",
            select("Tag").include(include("about").order_by(desc("score")).limit(3)),
        ),
        (
            "authors {3 best posts}",
            authors().include(include("posts").order_by(desc("score")).limit(3)),
        ),
        (
            "authors of a kind {written by value}",
            authors().filter(kind("seldom")).include("written"),
        ),
        (
            "posts of a day {comments {writer by value}}",
            posts(col("day").eq(7)).include(include("comments").include("writer")),
        ),
    ]
}
