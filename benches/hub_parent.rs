//! Does a parent with very many children cost more per child than one with few, and does adding one child, or reading some,
//! cost more the more there are?

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use relata::{col, desc, include, select};

use crate::blog::{Keys, Size, loaded, sum};

#[path = "shared/blog.rs"]
mod blog;

/// One author with so many posts.
fn hub(posts: i64) -> Size {
    Size {
        authors: 1,
        posts,
        comments: 0,
        tags: 1,
        tags_of_post: 0,
    }
}

fn hubs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hub");
    for posts in [10, 1_000, 100_000] {
        let mut db = loaded(Keys::Dense, hub(posts)).expect("the data of the bench is sound");
        let of = |what: &str| BenchmarkId::new(what, posts);
        let authors = || select("Author").filter(col("id").eq(1));
        let prepare = |request: relata::Select| request.prepare(&db).expect("the request is sound");
        let all = prepare(authors().include("posts"));
        let page = prepare(authors().include(include("posts").limit(10)));
        let number = prepare(authors().with_count("posts"));
        group.throughput(Throughput::Elements(posts.unsigned_abs()));
        group.bench_function(of("read all children"), |bencher| {
            bencher.iter(|| sum(&black_box(&all).run(&db)?, &["posts"]));
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(of("read ten children"), |bencher| {
            bencher.iter(|| sum(&black_box(&page).run(&db)?, &["posts"]));
        });
        let author = db.find("Author", 1).expect("the schema is the same");
        let author = author.expect("there is one author");
        for (what, last_first) in [("get the first ten", false), ("get the last ten", true)] {
            group.bench_function(of(what), |bencher| {
                bencher.iter(|| {
                    let posts = db.related_view(black_box(&author), "posts")?.limit(10);
                    let posts = match last_first {
                        true => posts.order_by(desc("id")),
                        false => posts,
                    };
                    posts.rows().map(|rows| rows.len())
                });
            });
        }
        group.bench_function(of("count the children"), |bencher| {
            bencher.iter(|| {
                let found = black_box(&number).run(&db)?;
                found
                    .first()
                    .map(|author| author.count("posts"))
                    .transpose()
            });
        });
        let mut tx = db.engine_mut().begin();
        group.bench_function(of("add a child and take it back"), |bencher| {
            bencher.iter(|| {
                let savepoint = tx.savepoint()?;
                tx.insert(
                    "Posts",
                    [("id", (posts + 1).into()), ("author_id", 1.into())],
                )?;
                tx.rollback_to(savepoint)?;
                tx.release(savepoint)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hubs);
criterion_main!(benches);
