//! Random statements on relata and on PostgreSQL, every key initially deferred, compared after each; every difference
//! has a name.
//!
//! Only where `RELATA_PG` says how to connect, as in `host=/tmp port=5433 user=postgres dbname=postgres`, to a server
//! that trusts the connection. `RELATA_STATEMENTS=n` does more, `RELATA_SEED=n` begins elsewhere. A failure names the
//! seed of its schema: `RELATA_SEED=that RELATA_STATEMENTS=1` does this schema alone.

use std::env;

use relata_proptests::differential::campaign::{self, Campaign, Wanted};
use relata_proptests::differential::departure::Departure;
use relata_proptests::differential::duel;
use relata_proptests::differential::postgres::Postgres;
use relata_proptests::differential::ring;
use relata_proptests::environment::say;

const CAMPAIGN: Campaign = Campaign {
    statements: 20_000,
    seed: 20_261_124,
    run_length: 200,
};

/// No statement is refused for a reference, since all of them wait for commit.
const WANTED: Wanted = Wanted {
    schemas: 100,
    often: &[
        "commits",
        "refused: Check",
        "refused: NotNull",
        "refused: Restrict",
        "refused: Unique",
        "refused: commit",
        "rollbacks",
    ],
    departures: &[
        Departure::OrderOfKeys,
        Departure::UniqueByRow,
        Departure::VanishedDefault,
        Departure::AbortedTransaction,
    ],
    departures_min: 10,
    differing_max: 100,
};

// rules: D-1, RI-11, RI-19, RI-50
// Broken, relata says yes where PostgreSQL says no, or leaves other rows, and no departure says why.
#[test]
fn relata_and_postgres_differ_only_by_name() {
    let Some(mut postgres) = server() else {
        return;
    };
    let campaign = CAMPAIGN.from_environment().expect("numbers");
    let version = postgres.version().expect("it tells its version");
    let tally = match campaign.run(&mut postgres) {
        Ok(tally) => tally,
        Err(difference) => panic!("{difference}"),
    };
    let table = campaign::report(&tally);
    say(&format!(
        "PostgreSQL {version}, RELATA_SEED={}\n{table}",
        campaign.seed
    ));
    if campaign.statements >= CAMPAIGN.statements {
        assert_eq!(WANTED.lacks(&tally), Vec::<String>::new());
    }
    the_ring_settles(&mut postgres);
}

/// RI-19: PostgreSQL goes round in it until it is told to stop. Here, since tests run side by side and the server has
/// one schema for all.
fn the_ring_settles(postgres: &mut Postgres) {
    let tally = duel::replay(postgres, &ring::program()).expect("it has a name");
    let name = Departure::EndlessRing.to_string();
    assert_eq!(tally.get(&name), Some(&1), "{tally:?}");
}

fn server() -> Option<Postgres> {
    let Ok(parameters) = env::var("RELATA_PG") else {
        say("skipped: RELATA_PG does not say where PostgreSQL is\n");
        return None;
    };
    Some(Postgres::connect(&parameters).expect("PostgreSQL is there"))
}
