//! Counting by callgrind, and comparing with what was kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::operations::{ALL, HUBS, Operation};

/// How far a count may be from the one kept: hash seeds alone move some by two percent.
const TOLERANCE: f64 = 0.08;

/// How much dearer the larger hub may be.
const HUB_RATIO_MAX: f64 = 4.0;

/// Counts everything and compares; whether all is as expected. Counts that fell are shown, and are no failure.
pub(crate) fn compare() -> Result<bool, Failure> {
    let kept = kept()?;
    let counts = count_all()?;
    let mut sound = true;
    for (name, &now) in &counts {
        let before = kept.get(name).copied();
        let change = before.map_or(0.0, |before| now / before - 1.0);
        let verdict = match before {
            None => "NOT KEPT: run with --write",
            Some(_) if change > TOLERANCE => "MORE",
            Some(_) if change < -TOLERANCE => "fewer: run with --write",
            Some(_) => "",
        };
        sound &= before.is_some() && change <= TOLERANCE;
        println_row(name, now, change, verdict);
    }
    for (large, small) in HUBS {
        let ratio = counts[large] / counts[small];
        let within = ratio <= HUB_RATIO_MAX;
        sound &= within;
        let verdict = if within { "" } else { "TOO MUCH" };
        eprintln!("{large}: {ratio:.2} times that of 100 (at most {HUB_RATIO_MAX}) {verdict}");
    }
    Ok(sound)
}

fn println_row(name: &str, now: f64, change: f64, verdict: &str) {
    eprintln!("{name:<28}{now:>10.0}{:>+8.1} % {verdict}", change * 100.0);
}

/// Counts everything and keeps it.
pub(crate) fn write() -> Result<bool, Failure> {
    let lines = count_all()?
        .into_iter()
        .map(|(name, count)| format!("{count:.0}\t{name}\n"));
    std::fs::write(kept_path(), lines.collect::<String>())?;
    Ok(true)
}

fn kept_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt")
}

fn kept() -> Result<BTreeMap<String, f64>, Failure> {
    let text = std::fs::read_to_string(kept_path())?;
    text.lines()
        .map(|line| {
            let (count, name) = line
                .split_once('\t')
                .ok_or("a line is a count, a tab, a name")?;
            Ok((name.to_owned(), count.parse()?))
        })
        .collect()
}

fn count_all() -> Result<BTreeMap<String, f64>, Failure> {
    ALL.iter()
        .map(|operation| Ok((operation.name.to_owned(), count(operation)?)))
        .collect()
}

/// Instructions of an operation done once.
fn count(operation: &Operation) -> Result<f64, Failure> {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=*counted::measured*",
        ])
        .arg(std::env::current_exe()?)
        .arg(operation.name)
        .output()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let total = report
        .lines()
        .find_map(|line| line.split_once("Collected :"));
    let (_, total) = total.ok_or_else(|| format!("{}: no count in {report}", operation.name))?;
    if !output.status.success() {
        return Err(format!("{} fails: {report}", operation.name).into());
    }
    let total: f64 = total.trim().parse()?;
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    Ok(total / operation.times as f64)
}
