//! The hot join path: what does an include tree cost, by depth, by fan-out, and by how its rows are keyed?
//!
//! Every tree is read through a prepared request, each score once. Per row, a deeper tree and a wider one should cost the
//! same; the request for one root shows what a request costs that finds little, and two threads what reading shares.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use relata::{Select, col, include, param, select};

use crate::blog::{Keys, Size, USUAL, loaded, sum};

#[path = "shared/blog.rs"]
mod blog;

/// A tree by its name, how it is asked for, the path to its leaves, and how many rows it has.
type Tree = (&'static str, Select, &'static [&'static str], i64);

fn by_depth() -> [Tree; 4] {
    let roots = USUAL.authors / 10;
    let some = || select("Author").filter(col("score").le(roots));
    let posts = || include("posts");
    [
        ("author", some(), &[], roots),
        (
            "author {posts}",
            some().include(posts()),
            &["posts"],
            11 * roots,
        ),
        (
            "author {posts {comments}}",
            some().include(posts().include("comments")),
            &["posts", "comments"],
            61 * roots,
        ),
        (
            "author {posts {tags}}",
            some().include(posts().include("tags")),
            &["posts", "tags"],
            41 * roots,
        ),
    ]
}

fn depth(criterion: &mut Criterion) {
    for (name, keys) in [("dense", Keys::Dense), ("uuid", Keys::Uuid)] {
        let db = loaded(keys, USUAL).expect("the data of the bench is sound");
        let mut group = criterion.benchmark_group(format!("include tree, {name} keys"));
        let one = select("Author")
            .filter(col("id").eq(keys.of(7)))
            .include(include("posts").include("comments"));
        let one: Tree = (
            "one author {posts {comments}}",
            one,
            &["posts", "comments"],
            61,
        );
        for (tree, request, path, rows) in by_depth().into_iter().chain([one]) {
            let prepared = request.prepare(&db).expect("the request is sound");
            group.throughput(Throughput::Elements(rows.unsigned_abs()));
            group.bench_function(tree, |bencher| {
                bencher.iter(|| sum(&black_box(&prepared).run(&db)?, path));
            });
        }
        group.finish();
    }
}

/// As many children in all, under few parents and under many.
fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("20,000 posts, under each author");
    for posts in [1, 5, 20, 100, 1_000] {
        let size = Size {
            authors: 20_000 / posts,
            posts,
            comments: 0,
            tags: 3,
            tags_of_post: 0,
        };
        let db = loaded(Keys::Dense, size).expect("the data of the bench is sound");
        let request = select("Author").include("posts");
        let prepared = request.prepare(&db).expect("the request is sound");
        let rows = size.authors + size.all_posts();
        group.throughput(Throughput::Elements(rows.unsigned_abs()));
        group.bench_function(BenchmarkId::from_parameter(posts), |bencher| {
            bencher.iter(|| sum(&black_box(&prepared).run(&db)?, &["posts"]));
        });
    }
    group.finish();
}

/// As many trees from one thread as from two, all on one snapshot: what a second core gains.
fn threads(criterion: &mut Criterion) {
    const TREES: i64 = 200;
    let db = loaded(Keys::Dense, USUAL).expect("the data of the bench is sound");
    let request = select("Author")
        .filter(col("id").eq(param("id")))
        .include(include("posts").include("comments"));
    let prepared = &request.prepare(&db).expect("the request is sound");
    let snapshot = &db.snapshot();
    let read = |authors: std::ops::Range<i64>| {
        for author in authors {
            let rows = prepared.run_with(snapshot, [("id", author.into())]);
            black_box(rows.map(|rows| sum(&rows, &["posts", "comments"]))).ok();
        }
    };
    let mut group = criterion.benchmark_group("200 include trees on one snapshot");
    group.throughput(Throughput::Elements(TREES.unsigned_abs()));
    for threads in [1, 2] {
        let part = TREES / threads;
        group.bench_function(BenchmarkId::new("threads", threads), |bencher| {
            bencher.iter(|| {
                std::thread::scope(|scope| {
                    for thread in 0..threads {
                        let authors = thread * part + 1..(thread + 1) * part + 1;
                        scope.spawn(move || read(authors));
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, depth, fan_out, threads);
criterion_main!(benches);
