//! What a run is told by the environment, and what it tells.

use std::collections::BTreeMap;
use std::env;
use std::io::{Write, stderr};
use std::ops::Range;
use std::str::FromStr;

/// The number that a variable of the environment holds, or the default where it is not set.
///
/// # Errors
/// If it holds something else.
pub fn variable<T: FromStr>(name: &str, default: T) -> Result<T, String> {
    match env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name}: {text}")),
        Err(_) => Ok(default),
    }
}

/// Tells something on standard error.
///
/// # Panics
/// If standard error is closed.
pub fn say(text: &str) {
    stderr()
        .write_all(text.as_bytes())
        .expect("standard error is open");
}

/// Tells which seeds ran, and how often each thing was met.
pub fn report(seeds: Range<u64>, tally: &BTreeMap<String, u64>) {
    let mut report = format!("seeds {} to {}\n", seeds.start, seeds.end - 1);
    for (what, number) in tally {
        report += &format!("{number:>9} {what}\n");
    }
    say(&report);
}
