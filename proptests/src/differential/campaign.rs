//! Many runs, from one seed on, and whether they met enough to say anything.

use std::fmt::Write;

use crate::choices::Choices;
use crate::differential::departure::Departure;
use crate::differential::duel;
use crate::differential::rival::Rival;
use crate::differential::session::DIFFERED;
use crate::environment::variable;
use crate::machine::{Difference, Tally};

/// How much is done, from where.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Statements in all.
    pub statements: u64,
    /// The seed of the first schema; the next one has the next.
    pub seed: u64,
    /// Statements on one schema.
    pub run_length: usize,
}

/// What a campaign must have met to count.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Schemas.
    pub schemas: u64,
    /// What must have happened a hundred times.
    pub often: &'static [&'static str],
    /// How the engines must have been seen to differ.
    pub departures: &'static [Departure],
    /// How often each of these.
    pub departures_min: u64,
    /// Of ten thousand statements, how many may differ.
    pub differing_max: u64,
}

/// What each part of must have happened, for a campaign to be wide.
const OFTEN: u64 = 100;

impl Campaign {
    /// With `RELATA_STATEMENTS` and `RELATA_SEED` instead of the defaults.
    ///
    /// # Errors
    /// If one of them is no number.
    pub fn from_environment(self) -> Result<Self, String> {
        Ok(Campaign {
            statements: variable("RELATA_STATEMENTS", self.statements)?,
            seed: variable("RELATA_SEED", self.seed)?,
            run_length: self.run_length,
        })
    }

    /// Runs until there are enough statements.
    ///
    /// # Errors
    /// The first difference without a name, made small, and the seed of its schema.
    pub fn run(&self, rival: &mut dyn Rival) -> Result<Tally, String> {
        self.first_difference(rival).map_err(|(seed, difference)| {
            let failure = duel::shrink(*difference, rival);
            format!("RELATA_SEED={seed} RELATA_STATEMENTS=1\n{failure}")
        })
    }

    /// The same, with the difference as it was met.
    ///
    /// # Errors
    /// The first difference without a name, and the seed of its schema.
    pub fn first_difference(&self, rival: &mut dyn Rival) -> Result<Tally, (u64, Box<Difference>)> {
        let mut tally = Tally::new();
        let mut seed = self.seed;
        while number(&tally, "statements") < self.statements {
            let run = duel::explore(rival, &mut Choices::from_seed(seed), self.run_length);
            for (what, number) in run.map_err(|difference| (seed, difference))? {
                *tally.entry(what).or_default() += number;
            }
            seed = seed.wrapping_add(1);
        }
        tally.insert("schemas".to_owned(), seed.wrapping_sub(self.seed));
        Ok(tally)
    }
}

/// A table of what happened, and of departures also what did not.
pub fn report(tally: &Tally) -> String {
    let statements = number(tally, "statements").max(1);
    let mut rows = tally.clone();
    rows.retain(|_, number| *number > 0);
    for departure in Departure::ALL {
        rows.entry(departure.to_string()).or_default();
    }
    let mut text = String::new();
    for (what, number) in rows {
        let share = number * 10_000 / statements;
        _ = writeln!(
            text,
            "{number:>9} {:>4}.{:02} %  {what}",
            share / 100,
            share % 100
        );
    }
    text
}

impl Wanted {
    /// What a campaign met too seldom, or too often.
    pub fn lacks(&self, tally: &Tally) -> Vec<String> {
        let mut lacks = Vec::new();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                lacks.push(what);
            }
        };
        let statements = number(tally, "statements");
        let succeeded = number(tally, "statements that succeeded");
        let percent = succeeded * 100 / statements.max(1);
        let differing = number(tally, DIFFERED);
        let schemas = number(tally, "schemas");
        expect(schemas >= self.schemas, format!("{schemas} schemas"));
        expect(
            (30..=70).contains(&percent),
            format!("{percent} % of the statements succeeded"),
        );
        expect(
            differing * 10_000 <= self.differing_max * statements,
            format!("{differing} of {statements} statements differed"),
        );
        let actions = ["delete", "update"].into_iter().flat_map(|event| {
            ["NoAction", "Restrict", "Cascade", "SetNull", "SetDefault"]
                .map(|rule| format!("on {event} {rule}"))
        });
        for what in actions.chain(self.often.iter().map(|what| (*what).to_owned())) {
            let times = number(tally, &what);
            expect(times >= OFTEN, format!("{times} times {what}"));
        }
        for departure in self.departures {
            let what = departure.to_string();
            let times = number(tally, &what);
            expect(
                times >= self.departures_min,
                format!("{times} times {what}"),
            );
        }
        lacks
    }
}

fn number(tally: &Tally, what: &str) -> u64 {
    tally.get(what).copied().unwrap_or(0)
}
