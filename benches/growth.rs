//! What grows with the size of a table, and how? `cargo bench --bench growth` prints a table from 1,000 rows to 1,000,000.
//!
//! Beside each operation stands what it is meant to cost, and by how much a table ten times as large makes it slower: about
//! 1 for O(1) and O(log n), about 10 for O(n). Between tables that fit into a cache and tables that do not, everything that
//! reads a row grows besides, whatever its class. Medians, on one thread.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use relata::{Database, Result, Value, col, desc, include, param, select};

use crate::blog::{Keys, Size, loaded};

#[path = "shared/blog.rs"]
mod blog;

/// Posts, ten under each author.
const ROWS: [i64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// How many samples a median is of, and how long each lasts at least.
const SAMPLES: usize = 9;
const SAMPLE: Duration = Duration::from_millis(2);

/// An operation, and how often each call of it does it.
type Operation<'a> = (
    &'static str,
    &'static str,
    Box<dyn FnMut() -> Result<()> + 'a>,
);

fn main() -> Result<()> {
    let mut table: Vec<(&str, &str, Vec<f64>)> = Vec::new();
    for rows in ROWS {
        let size = Size {
            authors: rows / 10,
            posts: 10,
            comments: 0,
            tags: 100,
            tags_of_post: 1,
        };
        let mut db = loaded(Keys::Dense, size)?;
        for (position, (name, meant, nanoseconds)) in
            measured(&mut db, rows)?.into_iter().enumerate()
        {
            if table.len() == position {
                table.push((name, meant, Vec::new()));
            }
            table[position].2.push(nanoseconds);
        }
        let (elapsed, ()) = timed(|| drop(db));
        let name = "drop the database";
        match table.last_mut() {
            Some((last, _, figures)) if *last == name => figures.push(elapsed),
            _ => table.push((name, "O(n), per page", vec![elapsed])),
        }
    }
    print(&table);
    Ok(())
}

/// Reads first, then writes, all of which leave the rows as they were.
fn measured(db: &mut Database, rows: i64) -> Result<Vec<(&'static str, &'static str, f64)>> {
    let mut figures = Vec::new();
    let mut add = |(name, meant, mut operation): Operation<'_>| {
        figures.push((name, meant, median(&mut *operation)?));
        Ok::<_, relata::Error>(())
    };
    // Keys that stand far apart.
    let next = |key: &mut i64| {
        *key = (*key + 7_919) % rows;
        Value::from(*key + 1)
    };
    {
        let db = &*db;
        let engine = db.engine();
        let posts_of = select("Author")
            .filter(col("id").eq(param("id")))
            .include("posts");
        let posts_of = posts_of.prepare(db)?;
        let numbered =
            select("Author").with_count(include("posts").filter(col("score").gt(param("score"))));
        let numbered = numbered.filter(col("id").eq(param("id"))).prepare(db)?;
        let first = select("Post").limit(10).prepare(db)?;
        let best = select("Post")
            .order_by(desc("score"))
            .limit(10)
            .prepare(db)?;
        let some = select("Post")
            .filter(col("score").gt(rows - 10))
            .prepare(db)?;
        let authors = rows / 10;
        let mut author = 0;
        let mut next_author = move || {
            author = (author + 7_919) % authors;
            Value::from(author + 1)
        };
        let mut next_author_too = next_author;
        let mut post = 0;
        add((
            "find by key",
            "O(1)",
            Box::new(|| {
                black_box(engine.get("Posts", next(&mut post))?);
                Ok(())
            }),
        ))?;
        add((
            "include tree of one author",
            "O(its rows)",
            Box::new(|| {
                black_box(posts_of.run_with(db, [("id", next_author())])?.len());
                Ok(())
            }),
        ))?;
        add((
            "number of posts of one author",
            "O(its rows)",
            Box::new(|| {
                let given = [("id", next_author_too()), ("score", 5.into())];
                black_box(numbered.run_with(db, given)?.len());
                Ok(())
            }),
        ))?;
        add((
            "count a table",
            "O(1)",
            Box::new(|| {
                black_box(db.count("Post")?);
                Ok(())
            }),
        ))?;
        add((
            "first ten by key",
            "O(1)",
            Box::new(|| {
                black_box(first.run(db)?.len());
                Ok(())
            }),
        ))?;
        add((
            "best ten without an index",
            "O(n)",
            Box::new(|| {
                black_box(best.run(db)?.len());
                Ok(())
            }),
        ))?;
        add((
            "filter without an index",
            "O(n)",
            Box::new(|| {
                black_box(some.run(db)?.len());
                Ok(())
            }),
        ))?;
        add((
            "snapshot, drop",
            "O(1)",
            Box::new(|| {
                black_box(db.snapshot());
                Ok(())
            }),
        ))?;
        let mut post = 0;
        add((
            "fork, one write, drop",
            "O(log n)",
            Box::new(|| {
                let mut fork = db.fork();
                let key = next(&mut post);
                fork.engine_mut()
                    .update_key("Posts", key, [("score", Value::from(1))])?;
                Ok(())
            }),
        ))?;
    }
    let engine = db.engine_mut();
    let mut post = 0;
    add((
        "update a row",
        "O(1)",
        Box::new(|| {
            let key = next(&mut post);
            engine.update_key("Posts", key, [("score", Value::from(1))])?;
            Ok(())
        }),
    ))?;
    let engine = db.engine_mut();
    let mut post = 0;
    add((
        "insert a row and take it back",
        "O(1)",
        Box::new(|| {
            let mut tx = engine.begin();
            let author = (post / 10) + 1;
            next(&mut post);
            tx.insert(
                "Posts",
                [
                    ("id", (rows + 1).into()),
                    ("text", Value::from("new")),
                    ("author_id", author.into()),
                ],
            )?;
            tx.rollback();
            Ok(())
        }),
    ))?;
    let engine = db.engine_mut();
    let mut author = 0;
    add((
        "delete an author with ten posts, take it back",
        "O(its rows)",
        Box::new(|| {
            let mut tx = engine.begin();
            author = (author + 7_919) % (rows / 10);
            tx.delete_key("Authors", author + 1)?;
            tx.rollback();
            Ok(())
        }),
    ))?;
    Ok(figures)
}

/// Nanoseconds.
fn timed<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let begin = Instant::now();
    let done = what();
    (begin.elapsed().as_nanos() as f64, done)
}

/// Nanoseconds a call, after a first sample that does not count.
fn median(operation: &mut dyn FnMut() -> Result<()>) -> Result<f64> {
    let mut samples = Vec::with_capacity(SAMPLES);
    for sample in 0..=SAMPLES {
        let begin = Instant::now();
        let mut calls = 0;
        while begin.elapsed() < SAMPLE {
            for _ in 0..8 {
                operation()?;
            }
            calls += 8;
        }
        if sample > 0 {
            samples.push(begin.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    samples.sort_by(f64::total_cmp);
    Ok(samples[SAMPLES / 2])
}

fn print(table: &[(&str, &str, Vec<f64>)]) {
    let mut text = format!("{:46} {:15}", "rows", "meant to be");
    for rows in ROWS {
        text += &format!("{rows:>11}");
    }
    text += "   a tenfold\n";
    for (name, meant, figures) in table {
        text += &format!("{name:46} {meant:15}");
        for &nanoseconds in figures {
            text += &format!("{:>11}", shown(nanoseconds));
        }
        let (first, last) = (figures[0], figures[figures.len() - 1]);
        let tenfold = (last / first).powf(1.0 / (figures.len() - 1) as f64);
        text += &format!("   x {tenfold:.1}\n");
    }
    // Who closed the pipe does not want to read it.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        it if it < 1e3 => format!("{it:.0} ns"),
        it if it < 1e6 => format!("{:.1} us", it / 1e3),
        it => format!("{:.1} ms", it / 1e6),
    }
}
