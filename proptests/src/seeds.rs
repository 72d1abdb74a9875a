//! Random runs, one for each seed, shared among threads.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use crate::environment::{report, variable};
use crate::machine::Tally;

/// Each has every so manieth seed, so that what is done does not depend on which is faster.
const THREADS: u64 = 2;

/// Runs from seed to seed, until so much is done.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    /// What is counted, by its name in the tallies.
    pub counted: &'static str,
    /// How much of it is wanted.
    pub wanted: u64,
    /// The variable of the environment that says so.
    pub variable: &'static str,
    /// How much one run does at most.
    pub length: usize,
    /// The first seed, if `RELATA_SEED` says nothing else.
    pub seed: u64,
}

impl Runs {
    /// As the environment wants them.
    ///
    /// # Errors
    /// If a variable holds something else than a number.
    pub fn from_environment(self) -> Result<Self, String> {
        Ok(Runs {
            wanted: variable(self.variable, self.wanted)?,
            seed: variable("RELATA_SEED", self.seed)?,
            ..self
        })
    }

    /// What all runs met, which is told as well.
    ///
    /// # Panics
    /// If a run gives an error, with the way to do it alone.
    pub fn run(&self, run: impl Fn(u64) -> Result<Tally, String> + Sync) -> Tally {
        // What one run does is done by one thread.
        let threads = THREADS.min(self.wanted.div_ceil(self.length as u64)).max(1);
        let share = |thread| self.share(thread, threads, &run);
        let shares = thread::scope(|scope| {
            let handles: Vec<_> = (0..threads)
                .map(|thread| scope.spawn(move || share(thread)))
                .collect();
            let joined = handles.into_iter().map(ScopedJoinHandle::join);
            joined.collect::<Result<Vec<_>, _>>()
        });
        let shares = shares.unwrap_or_else(|panic| resume_unwind(panic));
        let end = shares.iter().map(|share| share.0).max();
        let mut tally = Tally::new();
        for (_, share) in shares {
            add(&mut tally, share);
        }
        report(self.seed..end.unwrap_or(self.seed), &tally);
        tally
    }

    /// What one of so many threads does, and the seed after its last.
    fn share(
        &self,
        thread: u64,
        threads: u64,
        run: impl Fn(u64) -> Result<Tally, String>,
    ) -> (u64, Tally) {
        let mut tally = Tally::new();
        let mut seed = self.seed + thread;
        loop {
            match run(seed) {
                Ok(run) => add(&mut tally, run),
                Err(failure) => panic!("RELATA_SEED={seed} {}=1\n{failure}", self.variable),
            }
            if tally.get(self.counted).copied().unwrap_or(0) * threads >= self.wanted {
                return (seed + 1, tally);
            }
            seed += threads;
        }
    }
}

/// Adds one tally to another.
fn add(all: &mut Tally, run: Tally) {
    for (what, number) in run {
        *all.entry(what).or_default() += number;
    }
}
