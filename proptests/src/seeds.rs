//! Runs, one for each seed, shared among threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use crate::machine::Tally;

/// Each has every so manieth seed, so that what is done does not depend on which is faster.
const THREADS: u64 = 2;

/// Runs seeds from the first on, of which each does so much at most, until so much of what is counted is done. The seeds,
/// and what all of them met.
///
/// # Panics
/// If a run does.
pub fn run_until(
    done: &str,
    wanted: u64,
    run_length: usize,
    first: u64,
    run: impl Fn(u64) -> Tally + Sync,
) -> (Range<u64>, Tally) {
    // What one run does is done by one thread.
    let threads = THREADS.min(wanted.div_ceil(run_length as u64)).max(1);
    let share = |thread| {
        let mut tally = Tally::new();
        let mut seed = first + thread;
        loop {
            add(&mut tally, run(seed));
            if tally.get(done).copied().unwrap_or(0) * threads >= wanted {
                return (seed + 1, tally);
            }
            seed += threads;
        }
    };
    let shares = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || share(thread)))
            .collect();
        let joined = handles.into_iter().map(ScopedJoinHandle::join);
        joined.collect::<Result<Vec<_>, _>>()
    });
    let shares = shares.unwrap_or_else(|panic| resume_unwind(panic));
    let end = shares.iter().map(|share| share.0).max().unwrap_or(first);
    let mut tally = Tally::new();
    for (_, share) in shares {
        add(&mut tally, share);
    }
    (first..end, tally)
}

/// Adds one tally to another.
pub fn add(all: &mut BTreeMap<String, u64>, run: Tally) {
    for (what, number) in run {
        *all.entry(what).or_default() += number;
    }
}
