//! Is the plan that the planner chooses the quickest, by time? `cargo bench --bench strategies` prints a table.
//!
//! Every request of `src/model/tests/shapes.rs`, where a test counts rows and look-ups, is run here by each plan that it can be
//! told to have, on a blog out of cache: the planner's choice, and in turn with it each other plan. A row says how long the
//! choice takes, which plan is the quickest and how long that takes, and how many times longer the choice is. Medians, on
//! one thread; a number behind `--` is how many times a small blog is loaded, another one how many samples a median is of, and a word is part of
//! the names of the requests wanted. Below the table stand both plans of what is much longer.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use relata::expr::Expr;
use relata::query::Strategy;
use relata::query::explain::{Explained, Explanation};
use relata::schema::IndexDef;
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, HasMany, Models, Prepared, Result,
    Select, Value, asc, col, desc, include, related, select,
};

use crate::shapes::{Size, blog, shapes};

#[path = "../src/model/tests/shapes.rs"]
mod shapes;

/// How many times a small blog is loaded: 540,000 rows and 200,000 pairs.
const TIMES: i64 = 25;
const SAMPLES: usize = 9;
/// How long a sample lasts at least.
const SAMPLE: Duration = Duration::from_micros(500);
/// What a choice should not exceed.
const RATIO_MAX: f64 = 1.3;

fn main() -> Result<()> {
    let given: Vec<usize> = std::env::args().filter_map(|it| it.parse().ok()).collect();
    let times = given.first().and_then(|it| i64::try_from(*it).ok());
    let samples = given.get(1).copied().unwrap_or(SAMPLES).max(1);
    let is_word = |it: &String| !it.starts_with('-') && it.parse::<usize>().is_err();
    let word = std::env::args().skip(1).find(is_word).unwrap_or_default();
    let size = Size(times.unwrap_or(TIMES));
    let db = blog(size);
    let mut out = std::io::stdout().lock();
    let mut write = |line: &str| writeln!(out, "{line}").expect("the table can be printed");
    write("request | choice, µs | quickest | µs | ratio\n---|---|---|---|---");
    let mut over = Vec::new();
    let wanted = shapes(size);
    for (name, request) in wanted.into_iter().filter(|(name, _)| name.contains(&*word)) {
        let choice = request.prepare(&db)?;
        let (mut time, mut quickest) = (f64::INFINITY, (f64::INFINITY, None));
        for (strategy, other) in others(&request, &choice, &db)? {
            let (one, forced) = in_turn(&choice, &other, samples, &db)?;
            time = time.min(one);
            if forced < quickest.0 {
                quickest = (forced, Some((strategy, other)));
            }
        }
        if time.is_infinite() {
            time = in_turn(&choice, &choice, samples, &db)?.0;
        }
        if time <= quickest.0 {
            quickest = (time, None);
        }
        let (best, other) = quickest;
        let ratio = time / best;
        let mark = if ratio > RATIO_MAX { " **" } else { "" };
        let strategy = other.as_ref().map(|(strategy, _)| strategy.to_string());
        let strategy = strategy.unwrap_or_else(|| "as chosen".to_owned());
        write(&format!(
            "{name} | {time:.1} | {strategy} | {best:.1} | {ratio:.2}{mark}"
        ));
        if let Some((_, other)) = other.filter(|_| ratio > RATIO_MAX) {
            let plans = (choice.explain(&db)?, other.explain(&db)?);
            over.push(format!(
                "\n{name}, as chosen\n{}{strategy}\n{}",
                plans.0, plans.1
            ));
        }
    }
    write(&format!("{} over {RATIO_MAX}", over.len()));
    over.iter().for_each(|plans| write(plans));
    Ok(())
}

/// The plans that a request can be told to have, besides the one that is chosen: each once.
fn others(request: &Select, choice: &Prepared, db: &Database) -> Result<Vec<(Strategy, Prepared)>> {
    let mut plans = vec![bare(choice.explain(db)?)];
    let mut others = Vec::new();
    for strategy in Strategy::ALL {
        let prepared = request.clone().strategy(strategy).prepare(db)?;
        let plan = bare(prepared.explain(db)?);
        if !plans.contains(&plan) {
            plans.push(plan);
            others.push((strategy, prepared));
        }
    }
    Ok(others)
}

/// What is done, without why and without what is expected.
fn bare(mut plan: Explanation) -> Explanation {
    fn forget(node: &mut Explained) {
        (node.reason, node.estimated_rows) = (None, 0);
        node.steps.iter_mut().for_each(|step| step.reason = None);
        node.below.iter_mut().for_each(forget);
    }
    forget(&mut plan.root);
    plan
}

/// How long each of two requests takes in the median, in microseconds, run in turn.
fn in_turn(one: &Prepared, other: &Prepared, samples: usize, db: &Database) -> Result<(f64, f64)> {
    let (mut times, mut other_times) = (Vec::new(), Vec::new());
    for _ in 0..samples {
        times.push(sample(one, db)?);
        other_times.push(sample(other, db)?);
    }
    Ok((median(times), median(other_times)))
}

fn sample(request: &Prepared, db: &Database) -> Result<f64> {
    let begun = Instant::now();
    let mut runs = 0.0;
    while begun.elapsed() < SAMPLE {
        black_box(black_box(request).run(db)?.len());
        runs += 1.0;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / runs)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
