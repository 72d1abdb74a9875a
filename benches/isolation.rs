//! Does isolation cost more the larger the database is, and what does the first write after a snapshot pay?
//!
//! A fork and a snapshot share everything, and a write copies what somebody else still holds: the page, and the nodes
//! above it. So none of these should grow with the database but by the height of its trees.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use relata::engine::Database;
use relata::{Result, Value};

use crate::blog::{Keys, Size, loaded};

#[path = "shared/blog.rs"]
mod blog;

const WRITES: i64 = 10;

fn sized(authors: i64) -> Size {
    Size {
        authors,
        ..blog::USUAL
    }
}

/// Changes the scores of posts that stand far apart.
fn write(db: &mut Database, posts: i64, writes: i64) -> Result<()> {
    db.transaction(|tx| {
        for n in 0..writes {
            let id = n * 7_919 % posts + 1;
            tx.update_key("Posts", id, [("score", Value::from(n))])?;
        }
        Ok(())
    })
}

fn isolation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("isolation");
    for authors in [10, 100, 1_000, 10_000] {
        let size = sized(authors);
        let posts = size.all_posts();
        let mut db = loaded(Keys::Dense, size).expect("the data of the bench is sound");
        let db = db.engine_mut();
        let of = |what: &str| BenchmarkId::new(what, posts);
        group.bench_function(of("ten writes, nothing held"), |bencher| {
            bencher.iter(|| write(db, posts, WRITES));
        });
        group.bench_function(of("snapshot, ten writes"), |bencher| {
            let mut held = db.snapshot();
            bencher.iter(|| {
                held = db.snapshot();
                write(db, posts, WRITES)
            });
            drop(held);
        });
        group.bench_function(of("ten writes, an old snapshot held"), |bencher| {
            // What it shares with the present is copied in the first round; later rounds write in place.
            let held = db.snapshot();
            bencher.iter(|| write(db, posts, WRITES));
            drop(held);
        });
        group.bench_function(of("fork, ten writes, drop"), |bencher| {
            bencher.iter(|| write(&mut db.fork(), posts, WRITES));
        });
        group.bench_function(of("fork, drop"), |bencher| {
            bencher.iter(|| black_box(db.fork()));
        });
    }
    group.finish();
}

criterion_group!(benches, isolation);
criterion_main!(benches);
