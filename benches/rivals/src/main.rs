//! relata beside hand-written structs and SQLite: the same data, the same work, the same answers.
//!
//! `cargo run --release -p rivals -- 10000 5` prints medians of five rounds over 10,000 authors, with ratios to `hand`
//! and `sqlite` and the targets that they are held to. 200 authors are a data set that fits into the cache. Only ratios
//! within one run mean something.
//!
//! `run` has the rounds, `workload` the names and targets, `contestant` what is asked and who answers.

mod arguments;
mod data;
mod digest;
mod requests;
mod timing;
mod workload;
mod contestant;
mod measurements;
mod run;
mod resident;
mod report;

use std::process::ExitCode;

use crate::arguments::{Arguments, USAGE};
use crate::contestant::{Failure, Result};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match answer(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn answer(arguments: &Arguments) -> Result<()> {
    if let Some(contestant) = arguments.resident {
        let bytes = resident::measure(contestant, arguments.authors)?;
        report::print(&format!("{bytes}\n"));
        return Ok(());
    }
    let measurements = run::run(arguments)?;
    report::print(&report::table(arguments, &measurements));
    if let Some(path) = &arguments.json {
        let written = std::fs::write(path, report::json(&measurements));
        written.map_err(|error| Failure::broken(format!("{path}: {error}")))?;
    }
    Ok(())
}
