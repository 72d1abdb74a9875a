//! What does a request cost before it reads anything: resolving its names and planning it, by how much it asks for; and
//! what is left of that when it is prepared?
//!
//! The database is empty, so that running is setting up levels without rows. Of planning a prepared run does no more than
//! see whether the tables that decided have grown or shrunk far: by key none has decided, by parent one.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use relata::{Select, col, desc, include, param, select};

use crate::blog::{Keys, Size, loaded};

#[path = "shared/blog.rs"]
mod blog;

const EMPTY: Size = Size {
    authors: 0,
    posts: 0,
    comments: 0,
    tags: 0,
    tags_of_post: 0,
};

fn requests() -> [(&'static str, Select); 5] {
    let by_key = || select("Author").filter(col("id").eq(7));
    let posts = || {
        include("posts")
            .filter(col("score").gt(5))
            .order_by(desc("score"))
            .limit(3)
    };
    [
        ("by key", by_key()),
        ("by parent", select("Post").filter(col("author_id").eq(7))),
        ("three terms", {
            let terms = [col("score").gt(1), col("score").lt(9), col("text").eq("a")];
            select("Author").filter(relata::all(terms))
        }),
        ("two levels", by_key().include("posts")),
        (
            "four levels, ordered and cut",
            by_key().include(posts().include("comments").include("tags")),
        ),
    ]
}

fn planning(criterion: &mut Criterion) {
    let db = loaded(Keys::Dense, EMPTY).expect("the data of the bench is sound");
    let mut group = criterion.benchmark_group("planning");
    for (name, request) in requests() {
        group.bench_function(format!("prepare, {name}"), |bencher| {
            bencher.iter(|| black_box(&request).prepare(&db));
        });
        group.bench_function(format!("plan and run, {name}"), |bencher| {
            bencher.iter(|| Ok::<_, relata::Error>(black_box(&request).run(&db)?.len()));
        });
        let prepared = request.prepare(&db).expect("the request is sound");
        group.bench_function(format!("run prepared, {name}"), |bencher| {
            bencher.iter(|| Ok::<_, relata::Error>(black_box(&prepared).run(&db)?.len()));
        });
    }
    let given = select("Author").filter(col("id").eq(param("id")));
    let given = given.prepare(&db).expect("the request is sound");
    group.bench_function("run prepared, by a given key", |bencher| {
        bencher.iter(|| {
            let rows = black_box(&given).run_with(&db, [("id", 7.into())])?;
            Ok::<_, relata::Error>(rows.len())
        });
    });
    group.finish();
}

criterion_group!(benches, planning);
criterion_main!(benches);
