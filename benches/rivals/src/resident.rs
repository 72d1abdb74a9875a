//! The memory that a contestant needs for its rows (W10).
//!
//! Counting allocations would miss SQLite's, and adding up pages would miss what an allocator rounds up. So a process of
//! its own loads one contestant and looks at how much larger its anonymous memory became. The data stays alive on both
//! sides of the load, and blocks of 128 KiB and more go back to the system when they are freed, so that neither what was
//! free before nor what the load needed in passing is counted as rows.

use std::env;
use std::fs;
use std::process::Command;

use crate::contestant::{Failure, OnDelete, Result};
use crate::data::Data;
use crate::run::contestant;

/// Bytes a row, asked of a child process.
pub(crate) fn ask(contestant: &str, authors: usize) -> Result<f64> {
    let output = Command::new(env::current_exe()?)
        .args([&authors.to_string(), "1", "--resident", contestant])
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .env("MALLOC_TRIM_THRESHOLD_", "131072")
        .output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::broken(format!(
            "{contestant} was not loaded: {told}"
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// Bytes a row, measured in this process, which must not have done anything else.
pub(crate) fn measure(name: &str, authors: usize) -> Result<f64> {
    let data = Data::<i64>::generate(authors);
    let contestant = contestant::<i64>(name)?;
    let mut contestant =
        contestant.ok_or_else(|| Failure::broken(format!("no contestant {name}")))?;
    let before = anonymous_bytes()?;
    contestant.load(&data, OnDelete::Cascade)?;
    let after = anonymous_bytes()?;
    Ok(after.saturating_sub(before) as f64 / data.row_count() as f64)
}

fn anonymous_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:")?.split_whitespace().next())
        .ok_or_else(|| Failure::broken("the system does not tell the anonymous memory"))?;
    Ok(kibibytes.parse::<u64>()? * 1_024)
}
