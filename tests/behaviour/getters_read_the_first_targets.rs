//! A getter with a limit reads the first targets below its source, forwards or backwards by key or in the order of an index:
//! the same that are left of all of them.

use std::cmp::Reverse;

use relata::schema::IndexDef;
use relata::{
    Attribute, DataType, Database, HasMany, HasOne, Instance, Models, Result, Value, asc, col,
    desc, values,
};

/// What the test knows of a post.
#[derive(Clone)]
struct Post {
    id: i64,
    author: i64,
    score: i64,
    kind: &'static str,
    deleted: bool,
}

const AUTHORS: i64 = 3;

fn models() -> Models {
    let mut models = Models::new();
    models.define_with("Author", |author| author.timestamps(false));
    models.define_with("Post", |post| {
        post.soft_delete()
            .attribute(Attribute::new("score", DataType::Int))
            .attribute(Attribute::new("kind", DataType::Text))
            .index(IndexDef::new(["authorId", "score"]))
    });
    let posts = |alias: &str| HasMany::new("Post").alias(alias).foreign_key("authorId");
    models
        .has_many("Author", posts("posts"))
        .has_many("Author", posts("notes").scope("kind", "note"))
        .has_many("Author", posts("good").scope_where(col("score").gt(4)))
        .has_one(
            "Author",
            HasOne::new("Post").alias("post").foreign_key("authorId"),
        );
    models
}

/// One author with most of the posts, one with few and one with none.
fn loaded() -> Result<(Database, Vec<Post>)> {
    let mut db = models().sync()?;
    for id in 1..=AUTHORS {
        db.create("Author", values! { id: id })?;
    }
    let mut posts = Vec::new();
    for id in 1..=60 {
        let post = Post {
            id,
            author: if id % 10 == 0 { 2 } else { 1 },
            score: id * 7 % 11,
            kind: if id % 3 == 0 { "note" } else { "poem" },
            deleted: id % 8 == 0,
        };
        let (author, score, kind) = (post.author, post.score, post.kind);
        let values = values! { id: id, authorId: author, score: score, kind: kind };
        let created = db.create("Post", values)?;
        if post.deleted {
            db.destroy(&created)?;
        }
        posts.push(post);
    }
    Ok((db, posts))
}

#[derive(Clone, Copy, Debug)]
enum By {
    Nothing,
    Key,
    KeyBackwards,
    Score,
    ScoreBackwards,
}

/// The ids below an author that a naive reader finds.
fn expected(
    posts: &[Post],
    (author, association): (i64, &str),
    (by, least): (By, Option<i64>),
    (offset, limit): (usize, usize),
) -> Vec<i64> {
    let mut found: Vec<&Post> = posts
        .iter()
        .filter(|post| post.author == author && !post.deleted)
        .filter(|post| match association {
            "notes" => post.kind == "note",
            "good" => post.score > 4,
            _ => true,
        })
        .filter(|post| least.is_none_or(|least| post.score >= least))
        .collect();
    found.sort_by_key(|post| post.id);
    match by {
        By::Nothing | By::Key => {}
        By::KeyBackwards => found.reverse(),
        By::Score => found.sort_by_key(|post| post.score),
        By::ScoreBackwards => found.sort_by_key(|post| Reverse(post.score)),
    }
    let limit = if association == "post" {
        limit.min(1)
    } else {
        limit
    };
    let cut = found.iter().skip(offset).take(limit);
    cut.map(|post| post.id).collect()
}

fn id(post: &Instance) -> Result<i64> {
    Ok(post.get("id")?.as_ref().as_int().unwrap_or(0))
}

fn agree(db: &Database, posts: &[Post]) -> Result<()> {
    let authors: Vec<Instance> = (1..=AUTHORS)
        .map(|id| Ok(db.find("Author", id)?.expect("every author stays")))
        .collect::<Result<_>>()?;
    let unsaved = db.build("Author", values! {})?;
    let sources = [&authors[1], &unsaved, &authors[0], &authors[2], &authors[0]];
    for association in ["posts", "notes", "good", "post"] {
        for by in [
            By::Nothing,
            By::Key,
            By::KeyBackwards,
            By::Score,
            By::ScoreBackwards,
        ] {
            for least in [None, Some(0), Some(9), Some(99)] {
                for (offset, limit) in [(0, 0), (0, 1), (0, 3), (2, 4), (50, 9), (0, 1_000)] {
                    if association == "post" && offset > 0 {
                        continue;
                    }
                    let what = (by, least);
                    let expected =
                        |author: i64| expected(posts, (author, association), what, (offset, limit));
                    macro_rules! asked {
                        ($view:expr) => {{
                            let view = $view.limit(limit).offset(offset);
                            let view = match least {
                                Some(least) => view.filter(col("score").ge(least)),
                                None => view,
                            };
                            match by {
                                By::Nothing => view,
                                By::Key => view.order_by("id"),
                                By::KeyBackwards => view.order_by(desc("id")),
                                By::Score => view.order_by(asc("score")),
                                By::ScoreBackwards => view.order_by(desc("score")),
                            }
                        }};
                    }
                    let told = format!("{association} {by:?} {least:?} {limit} after {offset}");
                    for (author, number) in authors.iter().zip(1..) {
                        let found = asked!(db.related_view(author, association)?).get()?;
                        let found: Vec<i64> = found.iter().map(id).collect::<Result<_>>()?;
                        assert_eq!(found, expected(number), "{told} of {number}");
                    }
                    let each = asked!(db.related_each(sources, association)?).get()?;
                    for (found, author) in each.iter().zip([2, 0, 1, 3, 1]) {
                        let found: Vec<i64> = found.iter().map(id).collect::<Result<_>>()?;
                        assert_eq!(found, expected(author), "{told} of each, {author}");
                    }
                }
            }
        }
    }
    Ok(())
}

// rules: HM-3, HM-18, SC-5, D23
// Broken: of the many targets of a source the first few are others than those that a limit leaves of all, be it that rows do
// not stand in the order of keys, that a scope or a filter leaves some out, or that the order is another one.
#[test]
fn the_first_targets_are_those_that_are_left_of_all() -> Result<()> {
    let (mut db, mut posts) = loaded()?;
    agree(&db, &posts)?;
    // The first post becomes the last one, and a last one comes first.
    for (from, to) in [(1, 900), (59, 0)] {
        let moved = [("id", Value::from(to))];
        db.engine_mut().update_key("Posts", from, moved)?;
        for post in posts.iter_mut().filter(|post| post.id == from) {
            post.id = to;
        }
    }
    agree(&db, &posts)
}

// rules: HM-21
// Broken: a source that is gone has targets, or to ask for them is an error.
#[test]
fn a_source_that_is_gone_has_none() -> Result<()> {
    let (mut db, _) = loaded()?;
    let author = db.find("Author", 3)?.expect("it has no posts and can go");
    let held = author.clone();
    db.destroy_where("Author", col("id").eq(3))?;
    let few = db.related_view(&held, "posts")?.limit(2);
    assert_eq!((few.get()?.len(), few.count()?), (0, 0));
    Ok(())
}
