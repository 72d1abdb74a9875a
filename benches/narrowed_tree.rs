//! What does it cost to leave rows of a tree out: by a filter at each level, by a limit, and by what must be there below?
//!
//! The whole tree stands beside the narrowed ones: a filter should cost less than the rows that it takes out. One post is
//! looked for from either end: as authors that must have it, which reads all posts, and as the post with its author.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use relata::{Select, col, desc, include, select};

use crate::blog::{Keys, USUAL, loaded, sum};

#[path = "shared/blog.rs"]
mod blog;

fn narrowed() -> [(&'static str, Select, &'static [&'static str]); 9] {
    let authors = || select("Author");
    let few = || col("score").le(USUAL.authors / 10);
    let half = || col("score").le(USUAL.all_posts() / 2);
    let posts = || include("posts");
    [
        ("whole", authors().include(posts()), &["posts"]),
        (
            "roots: a tenth",
            authors().filter(few()).include(posts()),
            &["posts"],
        ),
        (
            "posts: half, authors all",
            authors().include(posts().filter(half()).required(false)),
            &["posts"],
        ),
        (
            "posts: half, authors with one",
            authors().include(posts().filter(half())),
            &["posts"],
        ),
        (
            "posts: the first three",
            authors().include(posts().limit(3)),
            &["posts"],
        ),
        (
            "posts: the best three",
            authors().include(posts().order_by(desc("score")).limit(3)),
            &["posts"],
        ),
        (
            "roots: the best ten",
            authors().order_by(desc("score")).limit(10).include(posts()),
            &["posts"],
        ),
        (
            "one post, from its author",
            authors().include(posts().filter(col("id").eq(77))),
            &["posts"],
        ),
        (
            "one post, from the post",
            select("Post")
                .filter(col("id").eq(77))
                .include(include("author").required(true)),
            &[],
        ),
    ]
}

fn narrowed_trees(criterion: &mut Criterion) {
    let db = loaded(Keys::Dense, USUAL).expect("the data of the bench is sound");
    let mut group = criterion.benchmark_group("narrowed tree");
    for (name, request, path) in narrowed() {
        let prepared = request.prepare(&db).expect("the request is sound");
        group.bench_function(name, |bencher| {
            bencher.iter(|| sum(&black_box(&prepared).run(&db)?, path));
        });
    }
    group.finish();
}

criterion_group!(benches, narrowed_trees);
criterion_main!(benches);
