//! The hot join path: what does an include tree cost, by depth, by fan-out, and by how its key is found?
//!
//! Authors with posts with comments, and posts with tags through a junction, read through prepared requests. Beside each
//! tree stands the point look-up of one root, so that the share of the join is seen.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relata::value::Uuid;
use relata::{
    Attribute, BelongsToMany, DataType, Database, HasMany, Models, Record, Result, Rows, Select,
    Value, col, include, select,
};

const AUTHORS: i64 = 1_000;
const POSTS: i64 = 10 * AUTHORS;
const COMMENTS: i64 = 5 * POSTS;
const TAGS: i64 = AUTHORS / 10;

/// How rows are keyed: integers make dense tables, uuids make indexed ones.
#[derive(Clone, Copy)]
enum Keys {
    Dense,
    Uuid,
}

impl Keys {
    fn of(self, number: i64) -> Value {
        match self {
            Keys::Dense => number.into(),
            // Spread over the whole range, as random ones are.
            Keys::Uuid => {
                Uuid::from_u64_pair(number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15), 7)
                    .into()
            }
        }
    }

    fn attribute(self) -> Attribute {
        let data_type = match self {
            Keys::Dense => DataType::Int,
            Keys::Uuid => DataType::Uuid,
        };
        Attribute::new("id", data_type).primary_key()
    }
}

/// The parent of a child, dealt in shuffled order.
fn dealt(number: i64, parents: i64) -> i64 {
    number * 7_919 % parents + 1
}

fn loaded(keys: Keys) -> Result<Database> {
    let mut models = Models::new();
    for name in ["Author", "Post", "Comment", "Tag"] {
        models.define_with(name, |model| {
            model
                .timestamps(false)
                .attribute(keys.attribute())
                .attribute(Attribute::new("text", DataType::Text))
                .attribute(Attribute::new("score", DataType::Int))
        });
    }
    models
        .has_many(
            "Author",
            HasMany::new("Post").alias("posts").foreign_key("author_id"),
        )
        .has_many(
            "Post",
            HasMany::new("Comment")
                .alias("comments")
                .foreign_key("post_id"),
        )
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag").alias("tags").through("PostTag"),
        );
    let mut db = models.sync()?;
    let text = |number: i64| Value::from(format!("text {number}"));
    let engine = db.engine_mut();
    let row = |n: i64| [keys.of(n), text(n), n.into()];
    engine.insert_many("Authors", &["id", "text", "score"], (1..=AUTHORS).map(row))?;
    engine.insert_many("Tags", &["id", "text", "score"], (1..=TAGS).map(row))?;
    let child =
        |parents: i64| move |n: i64| [keys.of(n), text(n), n.into(), keys.of(dealt(n, parents))];
    engine.insert_many(
        "Posts",
        &["id", "text", "score", "author_id"],
        (1..=POSTS).map(child(AUTHORS)),
    )?;
    engine.insert_many(
        "Comments",
        &["id", "text", "score", "post_id"],
        (1..=COMMENTS).map(child(POSTS)),
    )?;
    let time = || Value::from(relata::Timestamp::from_micros(0));
    let pairs = (0..3 * POSTS).map(|n| {
        [
            keys.of(n / 3 + 1),
            keys.of((n / 3 + n % 3 * 31) % TAGS + 1),
            time(),
            time(),
        ]
    });
    engine.insert_many(
        "PostTag",
        &["PostId", "TagId", "createdAt", "updatedAt"],
        pairs,
    )?;
    Ok(db)
}

/// Reads every score of a tree once.
fn sum(rows: &Rows<'_>, path: &[&str]) -> Result<i64> {
    fn below(record: Record<'_>, path: &[&str]) -> Result<i64> {
        let own = record.get("score")?.as_int().unwrap_or(0);
        let Some((first, rest)) = path.split_first() else {
            return Ok(own);
        };
        record
            .many(first)?
            .try_fold(own, |sum, child| Ok(sum + below(child, rest)?))
    }
    rows.iter()
        .try_fold(0, |sum, root| Ok(sum + below(root, path)?))
}

fn trees() -> Vec<(&'static str, Select, Vec<&'static str>, i64)> {
    let tenth = AUTHORS / 10;
    let some = || select("Author").filter(col("score").le(tenth));
    let posts = || include("posts");
    vec![
        ("author", some(), vec![], tenth),
        (
            "author {posts}",
            some().include(posts()),
            vec!["posts"],
            11 * tenth,
        ),
        (
            "author {posts {comments}}",
            some().include(posts().include("comments")),
            vec!["posts", "comments"],
            61 * tenth,
        ),
        (
            "author {posts {tags}}",
            some().include(posts().include("tags")),
            vec!["posts", "tags"],
            41 * tenth,
        ),
        (
            "author {3 best posts}",
            some().include(posts().order_by(relata::desc("score")).limit(3)),
            vec!["posts"],
            4 * tenth,
        ),
    ]
}

fn include_trees(criterion: &mut Criterion) {
    for (name, keys) in [("dense", Keys::Dense), ("uuid", Keys::Uuid)] {
        let db = loaded(keys).expect("the data of the bench is sound");
        let mut group = criterion.benchmark_group(format!("include tree, {name} keys"));
        for (tree, request, path, rows) in trees() {
            let prepared = request.prepare(&db).expect("the request is sound");
            group.throughput(Throughput::Elements(rows.unsigned_abs()));
            group.bench_function(tree, |bencher| {
                bencher.iter(|| sum(&black_box(&prepared).run(&db)?, &path));
            });
        }
        let one = select("Author")
            .filter(col("id").eq(keys.of(7)))
            .include(include("posts").include("comments"));
        let prepared = one.prepare(&db).expect("the request is sound");
        group.throughput(Throughput::Elements(61));
        group.bench_function("one author {posts {comments}}", |bencher| {
            bencher.iter(|| sum(&black_box(&prepared).run(&db)?, &["posts", "comments"]));
        });
        group.finish();
    }
}

criterion_group!(benches, include_trees);
criterion_main!(benches);
