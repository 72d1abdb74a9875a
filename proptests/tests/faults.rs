//! Statements that fail at their k-th step, for every k until they succeed, with memory counted.
//!
//! A binary of its own, for its allocator.

#[path = "../../tests/counting/mod.rs"]
mod counting;

use std::io::{Write, stderr};

use relata_proptests::faults::statements::all_cases;
use relata_proptests::faults::{self, Case, Tally};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Threads that share the list; each counts its own memory.
const THREADS: usize = 2;

/// Explores every statement and tells how often it was made to fail.
fn explore_all(is_shared: bool) -> Tally {
    let cases = all_cases();
    assert!(cases.len() >= 60, "{} statements", cases.len());
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let shares = (0..THREADS).map(|thread| {
            let share = cases.iter().skip(thread).step_by(THREADS);
            scope.spawn(move || explore(share, is_shared))
        });
        let shares: Vec<_> = shares.collect();
        for share in shares {
            let tally = share
                .join()
                .unwrap_or_else(|cause| std::panic::resume_unwind(cause));
            total.add(tally);
        }
    });
    let report = format!(
        "{} statements, shared: {is_shared}: {total:?}\n",
        cases.len()
    );
    stderr()
        .write_all(report.as_bytes())
        .expect("standard error is open");
    total
}

fn explore<'c>(cases: impl Iterator<Item = &'c Case>, is_shared: bool) -> Tally {
    let mut total = Tally::default();
    for case in cases {
        let tally = faults::explore(case, is_shared, counting::live_bytes);
        assert!(
            tally.failed + tally.refused > 0,
            "{}: nothing failed",
            case.name
        );
        total.add(tally);
    }
    total
}

// rules: RI-60, RI-83, RI-85, RI-95
// Broken, a statement that failed half way would leave rows, index entries, waiting references or memory behind.
#[test]
fn a_failed_statement_leaves_nothing_behind() {
    let tally = explore_all(false);
    assert!(tally.errors > 500 && tally.panics > 500, "{tally:?}");
    assert!(tally.limits > 1_000 && tally.refused > 10, "{tally:?}");
}

// rules: BY-13, RI-60
// Broken, the same while somebody holds a snapshot, so that every write copies its page; or the snapshot would move.
#[test]
fn nor_does_it_where_pages_are_shared() {
    explore_all(true);
}
