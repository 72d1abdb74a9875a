//! How many instructions does each core operation take, and does a hub of a million children cost more than one of a
//! hundred?
//!
//! Counts do not depend on how busy the machine is, so they can be kept and compared: `counts.txt` beside this package
//! holds what is expected. Everything is counted by callgrind, inside [`measured`] alone. Without arguments this program
//! counts itself: it runs once under valgrind for each operation, and exits with 1 if a count is off by more than the
//! tolerance or if a hub grows dearer than allowed. `--write` keeps the new counts. With the name of an operation it
//! only runs it.
//!
//! The seeds of hashing change with every process, and with them how deep a look-up goes; the tolerance covers that.

mod blog;
mod count;
mod forum;
mod operations;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => count::compare(),
        ["--write"] => count::write(),
        [operation] => operations::run(operation).map(|()| true),
        _ => Err("usage: counted [--write | OPERATION]".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("counted: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Where instructions are counted.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

/// What went wrong, in words.
type Failure = Box<dyn std::error::Error>;
