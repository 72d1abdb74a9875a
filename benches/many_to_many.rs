//! What does a way over a junction cost: with and without its attributes, filtered by them, counted only, and from the side
//! where each row has many pairs?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relata::{Rows, Select, col, include, select};

use crate::blog::{Keys, USUAL, loaded, sum};

#[path = "shared/blog.rs"]
mod blog;

const NOTHING: [&str; 0] = [];

fn ways() -> [(&'static str, Select, &'static str); 5] {
    let tags = || include("tags");
    [
        (
            "posts {tags}, with the pairs",
            select("Post").include(tags()),
            "tags",
        ),
        (
            "posts {tags}, without the pairs",
            select("Post").include(tags().through_attributes(NOTHING)),
            "tags",
        ),
        (
            "posts {tags}, half of the pairs",
            select("Post").include(tags().through_filter(col("weight").le(USUAL.all_posts() / 2))),
            "tags",
        ),
        (
            "tags {posts}, with the pairs",
            select("Tag").include("posts"),
            "posts",
        ),
        (
            "tags {posts}, without the pairs",
            select("Tag").include(include("posts").through_attributes(NOTHING)),
            "posts",
        ),
    ]
}

fn pairs(criterion: &mut Criterion) {
    let db = loaded(Keys::Dense, USUAL).expect("the data of the bench is sound");
    let mut group = criterion.benchmark_group("over a junction");
    let pairs = USUAL.all_posts() * USUAL.tags_of_post;
    group.throughput(Throughput::Elements(pairs.unsigned_abs()));
    for (name, request, path) in ways() {
        let prepared = request.prepare(&db).expect("the request is sound");
        group.bench_function(name, |bencher| {
            bencher.iter(|| sum(&black_box(&prepared).run(&db)?, &[path]));
        });
    }
    let counted = select("Post").with_count("tags");
    let counted = counted.prepare(&db).expect("the request is sound");
    group.bench_function("posts with the number of tags", |bencher| {
        bencher.iter(|| numbers(&black_box(&counted).run(&db)?));
    });
    group.finish();
}

fn numbers(rows: &Rows<'_>) -> relata::Result<usize> {
    rows.iter()
        .try_fold(0, |sum, post| Ok(sum + post.count("tags")?))
}

criterion_group!(benches, pairs);
criterion_main!(benches);
