//! Random operations on relata and on the reference, compared after each.
//!
//! `RELATA_OPERATIONS=n` does more, `RELATA_SEED=n` begins elsewhere. A failure names the seed of its run:
//! `RELATA_SEED=that RELATA_OPERATIONS=1` does this run alone.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use relata_proptests::choices::Choices;
use relata_proptests::environment::{report, variable};
use relata_proptests::machine::{self, Tally};
use relata_proptests::shrink;

/// Operations of one run, on one schema.
const RUN_LENGTH: usize = 80;
const OPERATIONS: u64 = 300_000;
/// Threads, each with every so manieth seed, so that what is done does not depend on which is faster.
const THREADS: u64 = 2;
const SEED: u64 = 20_261_124;

// rules: RI-17, RI-19, RI-60, RI-95
// Broken, relata and the reference part ways within some thousand operations.
#[test]
fn relata_does_what_the_reference_does() {
    let operations = variable("RELATA_OPERATIONS", OPERATIONS).expect("a number");
    let first = variable("RELATA_SEED", SEED).expect("a number");
    // What one run does is done by one thread.
    let threads = THREADS.min(operations.div_ceil(RUN_LENGTH as u64));
    let halves = thread::scope(|scope| {
        let spawn = |number| scope.spawn(move || explore(first + number, threads, operations));
        let handles: Vec<_> = (0..threads).map(spawn).collect();
        let joined = handles.into_iter().map(ScopedJoinHandle::join);
        joined.collect::<Result<Vec<_>, _>>()
    });
    let halves = halves.unwrap_or_else(|panic| resume_unwind(panic));
    let end = halves.iter().map(|half| half.0).max().unwrap_or(first);
    let mut tally = Tally::new();
    for (_, half) in halves {
        add(&mut tally, half);
    }
    report(first..end, &tally);
    if operations >= OPERATIONS {
        assert_wide(&tally);
    }
}

/// One thread's share of so many operations, by the seeds at a distance of so many threads from the first; and the seed
/// after the last.
fn explore(first: u64, threads: u64, operations: u64) -> (u64, Tally) {
    let mut tally = Tally::new();
    let mut seed = first;
    loop {
        match machine::explore(&mut Choices::from_seed(seed), RUN_LENGTH) {
            Ok(run) => add(&mut tally, run),
            Err(difference) => {
                let shrunk = shrink::shrink(*difference);
                panic!("RELATA_SEED={seed} RELATA_OPERATIONS=1\n{shrunk}");
            }
        }
        if done(&tally) * threads >= operations {
            return (seed + 1, tally);
        }
        seed += threads;
    }
}

fn add(tally: &mut Tally, run: Tally) {
    for (what, number) in run {
        *tally.entry(what).or_default() += number;
    }
}

fn done(tally: &Tally) -> u64 {
    tally.get("operations").copied().unwrap_or(0)
}

/// A run that met too little says nothing.
fn assert_wide(tally: &Tally) {
    let number = |what: &str| tally.get(what).copied().unwrap_or(0);
    let (all, good) = (number("statements"), number("statements that succeeded"));
    assert!(all * 2 >= done(tally), "{all} statements are few");
    assert!(
        good * 100 >= all * 30 && good * 100 <= all * 70,
        "{good} of {all} succeeded"
    );
    for event in ["delete", "update"] {
        for rule in ["NoAction", "Restrict", "Cascade", "SetNull", "SetDefault"] {
            let what = format!("on {event} {rule}");
            assert!(number(&what) >= 100, "{what}: {}", number(&what));
            for sort in ["guarded", "to any row"] {
                let what = format!("on {event}, {sort}, {rule}");
                assert!(number(&what) >= 5, "{what}: {}", number(&what));
            }
        }
    }
    for what in [
        "closures that failed",
        "closures that panicked",
        "commits",
        "forgotten savepoints",
        "forks",
        "operations over duplicates that wait",
        "refused: Check",
        "refused: NotNull",
        "refused: Reference",
        "refused: Restrict",
        "refused: Unique",
        "refused: commit",
        "refused: incomplete snapshot",
        "refused: limit",
        "refused: met twice",
        "refused: sequence",
        "refused: switch to immediate",
        "resets",
        "rollbacks",
        "rollbacks to a savepoint",
        "snapshots held",
        "snapshots held in a transaction",
        "transactions left by a panic",
        "undone commits",
        "upserts that left a row out",
        "upserts that met a row",
    ] {
        assert!(number(what) >= 10, "{what}: {}", number(what));
    }
}
