//! From how many rows on does it pay to split the work of a request between threads? `cargo bench --bench split_work`
//! prints a table, from 30 authors to 10,000 with 50 comments each.
//!
//! Each request is run by one thread and in parts on all cores, in turns; beside the time by one thread stands how many times
//! faster it is in parts, by the fastest sample of each: parts need all cores at once, and what else a machine does takes some
//! away. What is found is not looked at but where the last row says so: looking at results is up to whoever asks.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use relata::query::Strategy;
use relata::{Database, Prepared, Result, Select, col, desc, include, select};

use crate::blog::{Keys, Size, loaded, sum};

#[path = "shared/blog.rs"]
mod blog;

const AUTHORS: [i64; 5] = [30, 100, 300, 1_000, 10_000];

/// How many pairs of samples the fastest are of, and how long each sample lasts at least.
const SAMPLES: usize = 60;
const SAMPLE: Duration = Duration::from_millis(3);

/// What is asked, and what of it is taken.
type Question = (&'static str, Select, Taken);

#[derive(Clone, Copy)]
enum Taken {
    /// The rows are found.
    Rows,
    Number,
    /// The rows are found and looked at.
    Sum,
}

fn questions() -> Vec<Question> {
    let authors = || select("Author");
    let comments = || select("Comment");
    let rows = |name, request: Select| (name, request, Taken::Rows);
    let score = || col("score").gt(10);
    let text = || col("text").like("%7%");
    vec![
        rows("comments", comments()),
        rows("comments, score", comments().filter(score())),
        rows("comments, text", comments().filter(text())),
        (
            "count of comments, score",
            comments().filter(score()),
            Taken::Number,
        ),
        (
            "count of comments, text",
            comments().filter(text()),
            Taken::Number,
        ),
        rows("comments by text", comments().order_by("text")),
        rows("comments by -score", comments().order_by(desc("score"))),
        rows("author {posts}", authors().include("posts")),
        rows(
            "author {posts, text}",
            authors().include(include("posts").filter(text())),
        ),
        rows(
            "author {posts by text}",
            authors().include(include("posts").order_by("text")),
        ),
        rows(
            "author {posts, 3 best}",
            authors().include(include("posts").order_by(desc("score")).limit(3)),
        ),
        rows(
            "author {posts {comments}}",
            authors().include(include("posts").include("comments")),
        ),
        rows(
            "author {posts {tags}}",
            authors().include(include("posts").include("tags")),
        ),
        rows(
            "author {posts {comments, text}}",
            authors().include(include("posts").include(include("comments").filter(text()))),
        ),
        rows("post {author}", select("Post").include("author")),
        (
            "author {posts {comments}}, read",
            authors().include(include("posts").include("comments")),
            Taken::Sum,
        ),
    ]
}

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = "the table is printed";
    write!(out, "{:34}", "authors").expect(written);
    for authors in AUTHORS {
        write!(out, "{authors:>18}").expect(written);
    }
    let mut lines: Vec<String> = questions()
        .iter()
        .map(|(name, ..)| format!("{name:34}"))
        .collect();
    for authors in AUTHORS {
        let size = Size {
            authors,
            posts: 10,
            comments: 5,
            tags: authors.div_euclid(10).max(10),
            tags_of_post: 3,
        };
        let db = loaded(Keys::Dense, size)?;
        for ((_, request, taken), line) in questions().into_iter().zip(&mut lines) {
            let (one, times) = measured(&db, request, taken)?;
            line.push_str(&format!("{:>10} {times:>5.2} x", shown(one)));
        }
    }
    for line in lines {
        write!(out, "\n{line}").expect(written);
    }
    writeln!(out).expect(written);
    Ok(())
}

/// How long a request takes one thread, and how many times faster it is in parts.
fn measured(db: &Database, request: Select, taken: Taken) -> Result<(Duration, f64)> {
    let prepared = |strategy| request.clone().strategy(strategy).prepare(db);
    let ways = [
        prepared(Strategy::Sequential)?,
        prepared(Strategy::Parallel)?,
    ];
    let begun = Instant::now();
    answer(db, &ways[0], taken)?;
    let times = SAMPLE.as_nanos() / begun.elapsed().as_nanos().max(1) + 1;
    let mut samples: Vec<[Duration; 2]> = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let mut sample = [Duration::ZERO; 2];
        for (way, elapsed) in ways.iter().zip(&mut sample) {
            let begun = Instant::now();
            for _ in 0..times {
                answer(db, way, taken)?;
            }
            *elapsed = begun.elapsed();
        }
        samples.push(sample);
    }
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    let fastest = |way: usize| samples.iter().map(|it| it[way]).min().unwrap_or_default();
    let [one, parts] = [fastest(0), fastest(1)].map(|it| it.as_secs_f64());
    Ok((Duration::from_secs_f64(one / f64::from(times)), one / parts))
}

fn answer(db: &Database, request: &Prepared, taken: Taken) -> Result<()> {
    match taken {
        Taken::Number => drop(black_box(request.count(db)?)),
        Taken::Rows => drop(black_box(request.run(db)?)),
        Taken::Sum => drop(black_box(sum(&request.run(db)?, &["posts", "comments"])?)),
    }
    Ok(())
}

fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros < 1_000.0 {
        true => format!("{micros:.0} µs"),
        false => format!("{:.1} ms", micros / 1e3),
    }
}
