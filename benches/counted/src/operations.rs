//! The operations: each prepares its data, and then does its work some hundred times where it is counted.

use relata::engine::{Database, Transaction};
use relata::error;
use relata::query::{Column, Included, Strategy};
use relata::schema::{Action, TableId};
use relata::{Prepared, Record, Value, col, desc, include, param, select};

use crate::blog::{self, POSTS, TAGS};
use crate::forum::{self, Keys};
use crate::{Failure, measured};

/// An operation by name, how many times it is done, and what does it.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) times: u64,
    run: fn(u64) -> Result<(), Failure>,
}

/// A hub and the one with a hundred children that it is compared with.
pub(crate) const HUBS: [(&str, &str); 3] = [
    ("hub of 1,000,000: add", "hub of 100: add"),
    ("hub of 1,000,000: remove", "hub of 100: remove"),
    ("hub of 100,000: include ten", "hub of 100: include ten"),
];

pub(crate) const ALL: &[Operation] = &[
    operation("point lookup", 1_000, point_lookup),
    operation("request by key", 500, request_by_key),
    operation(
        "filter of all, per row",
        10 * forum::POSTS.unsigned_abs(),
        filter_of_all,
    ),
    operation(
        "count of a filter, per row",
        10 * forum::POSTS.unsigned_abs(),
        count_of_filter,
    ),
    operation(
        "best posts, per author",
        10 * forum::AUTHORS.unsigned_abs(),
        best_posts,
    ),
    operation(
        "best posts by an index, per author",
        10 * forum::AUTHORS.unsigned_abs(),
        best_posts_by_index,
    ),
    operation("children of a parent", 200, children),
    operation("children of a parent, uuids", 200, children_by_uuid),
    operation("pair lookup", 1_000, pair_lookup),
    operation("pair contained", 1_000, pair_contained),
    operation("tree of an author", 40, |times| tree(Keys::Ints, times)),
    operation("tree of an author, uuids", 40, |times| {
        tree(Keys::Uuids, times)
    }),
    operation("tree of all, per author", 40, |_| tree_of_all()),
    operation("request by parent", 500, request_by_parent),
    operation("plan a request by key", 200, |times| plan(by_key(), times)),
    operation("plan a request by parent", 200, |times| {
        plan(by_parent(), times)
    }),
    operation("insert a row", 500, insert),
    operation("insert a pair", 500, insert_pair),
    operation("bulk load, per row", 2_000, load),
    operation("update a plain column", 500, update_plain),
    operation("update a foreign key", 500, update_key),
    operation("delete a row", 500, delete),
    operation("cascade, per author", 100, cascade),
    operation("set null, per post", 1_000, set_null),
    operation("savepoint, 10 writes, back", 100, savepoint),
    operation("fork, 10 writes, drop", 100, fork),
    operation("hub of 100: add", 64, |times| hub_add(100, times)),
    operation("hub of 1,000,000: add", 64, |times| {
        hub_add(1_000_000, times)
    }),
    operation("hub of 100: remove", 64, |times| hub_remove(100, times)),
    operation("hub of 1,000,000: remove", 64, |times| {
        hub_remove(1_000_000, times)
    }),
    operation("hub of 100: include ten", 200, |times| {
        hub_include(100, times)
    }),
    operation("hub of 100,000: include ten", 200, |times| {
        hub_include(100_000, times)
    }),
];

const fn operation(
    name: &'static str,
    times: u64,
    run: fn(u64) -> Result<(), Failure>,
) -> Operation {
    Operation { name, times, run }
}

/// Runs an operation by name.
pub(crate) fn run(name: &str) -> Result<(), Failure> {
    let found = ALL.iter().find(|operation| operation.name == name);
    let operation = found.ok_or_else(|| format!("no operation {name}"))?;
    (operation.run)(operation.times)
}

/// Numbers that jump about, the same in every run.
fn scattered(times: u64, below: i64) -> impl Iterator<Item = i64> {
    (0..times).map(move |n| (n.cast_signed() * 7_919 + 13) % below)
}

fn point_lookup(times: u64) -> Result<(), Failure> {
    let db = blog::small()?;
    let posts = db.schema().table_id("posts")?;
    let score = db.schema().table(posts).column("score")?;
    measured(|| {
        let mut sum = 0;
        for id in scattered(times, POSTS) {
            let row = db.get(posts, id)?.ok_or("the post is gone")?;
            sum += row.get(score)?.as_int().unwrap_or(0);
        }
        std::hint::black_box(sum);
        Ok(())
    })
}

fn children(times: u64) -> Result<(), Failure> {
    let db = blog::small()?;
    let key = db.schema().foreign_key_id("posts_author_id_fkey")?;
    measured(|| {
        for author in scattered(times, blog::AUTHORS) {
            for post in db.children_of(key, author)? {
                std::hint::black_box(post.get(3_u32)?);
            }
        }
        Ok(())
    })
}

fn children_by_uuid(times: u64) -> Result<(), Failure> {
    let db = forum::forum(Keys::Uuids)?;
    let db = db.engine();
    let key = db.schema().foreign_key_id("Posts_author_id_fkey")?;
    measured(|| {
        for author in scattered(times, forum::AUTHORS) {
            for post in db.children_of(key, Keys::Uuids.of(author))? {
                std::hint::black_box(post.get(2_u32)?);
            }
        }
        Ok(())
    })
}

/// A request for one row, prepared.
fn request_by_key(times: u64) -> Result<(), Failure> {
    let db = forum::forum(Keys::Ints)?;
    let request = select("Post")
        .filter(col("id").eq(param("id")))
        .prepare(&db)?;
    let score = request.column("score")?;
    measured(|| {
        for id in scattered(times, forum::POSTS) {
            let found = request.run_with(&db, [("id", id.into())])?;
            let post = found.first().ok_or("the post is gone")?;
            std::hint::black_box(post.at(score).as_int());
        }
        Ok(())
    })
}

/// A request that has to look at every row, and finds half of them.
fn filter_of_all(rows: u64) -> Result<(), Failure> {
    let (db, request) = upper_half()?;
    measured(|| {
        for _ in 0..rows / forum::POSTS.unsigned_abs() {
            std::hint::black_box(request.run(&db)?.len());
        }
        Ok(())
    })
}

/// The same rows, only counted.
fn count_of_filter(rows: u64) -> Result<(), Failure> {
    let (db, request) = upper_half()?;
    measured(|| {
        for _ in 0..rows / forum::POSTS.unsigned_abs() {
            std::hint::black_box(request.count(&db)?);
        }
        Ok(())
    })
}

fn upper_half() -> Result<(relata::Database, Prepared), Failure> {
    let db = forum::forum(Keys::Ints)?;
    let request = select("Post").filter(col("score").ge(forum::POSTS / 2));
    let request = request.prepare(&db)?;
    Ok((db, request))
}

/// All authors, each with the three best of the posts that pass a filter, and how many comments those have.
fn best_posts(authors: u64) -> Result<(), Failure> {
    read_best(&forum::forum(Keys::Ints)?, &best_of_each(), authors)
}

/// The same, the posts read from an index that has them in their order.
fn best_posts_by_index(authors: u64) -> Result<(), Failure> {
    let request = best_of_each().strategy(Strategy::InOrder);
    read_best(&forum::ranked_forum()?, &request, authors)
}

fn best_of_each() -> relata::Select {
    let best = include("posts")
        .filter(col("score").ge(forum::POSTS / 2))
        .required(false)
        .order_by(desc("score"))
        .limit(3)
        .with_count("comments");
    select("Author").include(best)
}

fn read_best(db: &relata::Database, request: &relata::Select, authors: u64) -> Result<(), Failure> {
    let request = request.prepare(db)?;
    let (posts, score) = (request.included("posts")?, request.column("posts.score")?);
    let comments = request.counted("posts.comments")?;
    measured(|| {
        for _ in 0..authors / forum::AUTHORS.unsigned_abs() {
            let found = request.run(db)?;
            for post in found.iter().flat_map(|author| author.under(posts)) {
                std::hint::black_box((post.at(score).as_int(), post.count_at(comments)));
            }
        }
        Ok(())
    })
}

/// A request for authors with all that is below them, and what it takes to read it.
struct Tree {
    request: Prepared,
    /// Key, text and score of the rows at each level.
    columns: [[Column; 3]; 4],
    posts: Included,
    comments: Included,
    tags: Included,
}

impl Tree {
    fn new(db: &relata::Database, authors: relata::Select) -> Result<Self, Failure> {
        let no_junction_rows: [&str; 0] = [];
        let posts = include("posts")
            .include("comments")
            .include(include("tags").through_attributes(no_junction_rows));
        let request = authors.include(posts).prepare(db)?;
        let columns = |under: &str| -> Result<[Column; 3], Failure> {
            let column = |name| request.column(&format!("{under}{name}"));
            Ok([column("id")?, column("text")?, column("score")?])
        };
        Ok(Tree {
            columns: [
                columns("")?,
                columns("posts.")?,
                columns("posts.comments.")?,
                columns("posts.tags.")?,
            ],
            posts: request.included("posts")?,
            comments: request.included("posts.comments")?,
            tags: request.included("posts.tags")?,
            request,
        })
    }

    fn read(&self, author: Record<'_>) {
        let [authors, posts, comments, tags] = &self.columns;
        read(author, authors);
        for post in author.under(self.posts) {
            read(post, posts);
            post.under(self.comments)
                .for_each(|comment| read(comment, comments));
            post.under(self.tags).for_each(|tag| read(tag, tags));
        }
    }
}

#[inline]
fn read(record: Record<'_>, [id, text, score]: &[Column; 3]) {
    std::hint::black_box(record.at(*id));
    std::hint::black_box(record.at(*text).as_str());
    std::hint::black_box(record.at(*score).as_int());
}

fn by_key() -> relata::Select {
    select("Author").filter(col("id").eq(param("given")))
}

/// By edges, beside which a scan is considered.
fn by_parent() -> relata::Select {
    select("Post").filter(col("author_id").eq(param("given")))
}

fn request_by_parent(times: u64) -> Result<(), Failure> {
    let db = forum::forum(Keys::Ints)?;
    let request = by_parent().prepare(&db)?;
    measured(|| {
        for given in scattered(times, forum::AUTHORS) {
            let rows = request.run_with(&db, [("given", given.into())])?;
            std::hint::black_box(rows.len());
        }
        Ok(())
    })
}

/// What it takes to resolve and plan a request, for its rows and for their number.
fn plan(request: relata::Select, times: u64) -> Result<(), Failure> {
    let db = forum::forum(Keys::Ints)?;
    measured(|| {
        for _ in 0..times {
            std::hint::black_box(request.prepare(&db)?);
        }
        Ok(())
    })
}

/// One root at a time, found by its key.
fn tree(keys: Keys, times: u64) -> Result<(), Failure> {
    let db = forum::forum(keys)?;
    let tree = Tree::new(&db, select("Author").filter(col("id").eq(param("id"))))?;
    measured(|| {
        for author in scattered(times, forum::AUTHORS) {
            let found = tree.request.run_with(&db, [("id", keys.of(author))])?;
            found.iter().for_each(|author| tree.read(author));
        }
        Ok(())
    })
}

/// All roots in one request.
fn tree_of_all() -> Result<(), Failure> {
    let db = forum::forum(Keys::Ints)?;
    let tree = Tree::new(&db, select("Author"))?;
    measured(|| {
        let found = tree.request.run(&db)?;
        found.iter().for_each(|author| tree.read(author));
        Ok(())
    })
}

fn pair_lookup(times: u64) -> Result<(), Failure> {
    let db = blog::small()?;
    let pairs = db.schema().table_id("post_tags")?;
    measured(|| {
        for post in scattered(times, POSTS) {
            std::hint::black_box(db.get(pairs, (post, post % TAGS))?.is_some());
        }
        Ok(())
    })
}

fn pair_contained(times: u64) -> Result<(), Failure> {
    let db = blog::small()?;
    let pairs = db.schema().table_id("post_tags")?;
    measured(|| {
        for post in scattered(times, POSTS) {
            std::hint::black_box(db.contains(pairs, (post, post % TAGS))?);
        }
        Ok(())
    })
}

/// In one transaction, which is undone when it is no longer counted.
fn in_transaction(
    db: &mut Database,
    work: impl FnOnce(&mut Transaction<'_>) -> error::Result<()>,
) -> Result<(), Failure> {
    let mut transaction = db.begin();
    measured(|| work(&mut transaction))?;
    Ok(())
}

fn insert(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        for id in (0..times).map(u64::cast_signed) {
            let [key, author, title, score] = blog::post(POSTS + id);
            let row = [
                ("id", key),
                ("author_id", author),
                ("title", title),
                ("score", score),
            ];
            tx.insert("posts", row)?;
        }
        Ok(())
    })
}

fn insert_pair(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        let insert = tx.prepare_insert("post_tags", &["post_id", "tag_id"])?;
        for post in (0..times).map(u64::cast_signed) {
            tx.insert_prepared(&insert, [post.into(), ((post + 1) % TAGS).into()])?;
        }
        Ok(())
    })
}

fn load(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        let rows = (0..times).map(|id| blog::post(POSTS + id.cast_signed()));
        tx.insert_many("posts", &["id", "author_id", "title", "score"], rows)?;
        Ok(())
    })
}

fn posts(tx: &Transaction<'_>) -> error::Result<(TableId, u32, u32)> {
    let posts = tx.schema().table_id("posts")?;
    let table = tx.schema().table(posts);
    Ok((posts, table.column("author_id")?, table.column("score")?))
}

fn update_plain(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        let (posts, _, score) = posts(tx)?;
        for id in scattered(times, POSTS) {
            tx.update_key(posts, id, [(score, (1_000 + id).into())])?;
        }
        Ok(())
    })
}

fn update_key(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        let (posts, author, _) = posts(tx)?;
        for id in scattered(times, POSTS) {
            tx.update_key(posts, id, [(author, ((id + 1) % blog::AUTHORS).into())])?;
        }
        Ok(())
    })
}

fn delete(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        for post in (0..times).map(u64::cast_signed) {
            tx.delete_key("post_tags", (post, post % TAGS))?;
        }
        Ok(())
    })
}

fn cascade(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        tx.delete("authors", &col("id").lt(times.cast_signed()))?;
        Ok(())
    })
}

/// The posts of half of the authors lose them.
fn set_null(_: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small_where(Action::SetNull)?, |tx| {
        tx.delete("authors", &col("id").lt(blog::AUTHORS / 2))?;
        Ok(())
    })
}

fn savepoint(times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::small()?, |tx| {
        let (posts, _, score) = posts(tx)?;
        for round in (0..times).map(u64::cast_signed) {
            let savepoint = tx.savepoint()?;
            for id in scattered(10, POSTS) {
                tx.update_key(posts, id, [(score, (1_000 + round).into())])?;
            }
            tx.rollback_to(savepoint)?;
            tx.release(savepoint)?;
        }
        Ok(())
    })
}

fn fork(times: u64) -> Result<(), Failure> {
    let db = blog::small()?;
    let posts = db.schema().table_id("posts")?;
    let score = db.schema().table(posts).column("score")?;
    measured(|| {
        for round in (0..times).map(u64::cast_signed) {
            let mut fork = db.fork();
            let mut tx = fork.begin();
            for id in scattered(10, POSTS) {
                tx.update_key(posts, id, [(score, (1_000 + round).into())])?;
            }
            tx.commit()?;
        }
        Ok(())
    })
}

/// New children come one by one under a parent that has many.
fn hub_add(children: i64, times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::hub(children)?, |tx| {
        for n in (0..times).map(u64::cast_signed) {
            tx.insert(
                "posts",
                [("id", (children + n).into()), ("author_id", 0.into())],
            )?;
        }
        Ok(())
    })
}

/// Children go one by one from under a parent that has many.
fn hub_remove(children: i64, times: u64) -> Result<(), Failure> {
    in_transaction(&mut blog::hub(children)?, |tx| {
        let (posts, author, _) = posts(tx)?;
        for n in scattered(times, children) {
            tx.update_key(posts, n, [(author, Value::Null)])?;
        }
        Ok(())
    })
}

/// A parent that has many is read with the first few of its children.
fn hub_include(children: i64, times: u64) -> Result<(), Failure> {
    let db = forum::hub(children)?;
    let author = select("Author").filter(col("id").eq(0));
    let request = author.include(include("posts").limit(10)).prepare(&db)?;
    let (posts, score) = (request.included("posts")?, request.column("posts.score")?);
    measured(|| {
        for _ in 0..times {
            let found = request.run(&db)?;
            for post in found.iter().flat_map(|author| author.under(posts)) {
                std::hint::black_box(post.at(score).as_int());
            }
        }
        Ok(())
    })
}
