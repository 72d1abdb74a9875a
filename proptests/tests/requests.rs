//! Random requests on random worlds: against loops over vectors, against SQLite, taken apart by predicates, with and
//! without indexes, page by page, and in every way that a request can be answered.
//!
//! `RELATA_REQUESTS=n` does more of each, `RELATA_SEED=n` begins elsewhere. A failure names the seed of its world:
//! `RELATA_SEED=that RELATA_REQUESTS=1` does this world alone.

use relata::query::Strategy;
use relata_proptests::environment::report;
use relata_proptests::machine::Tally;
use relata_proptests::requests::campaign::{Campaign, REQUESTS};
use relata_proptests::requests::dresses::Dresses;
use relata_proptests::requests::loops::Loops;
use relata_proptests::requests::pages::Pages;
use relata_proptests::requests::parts::Parts;
use relata_proptests::requests::plans::Plans;
use relata_proptests::requests::proof::Proof;
use relata_proptests::requests::rival::{Engine, Rival};
use rusqlite::Connection;

const CAMPAIGN: Campaign = Campaign {
    requests: 10_000,
    seed: 20_261_129,
};

struct Sqlite {
    connection: Connection,
    /// A fault: what is asked for otherwise than it should be.
    planted: (&'static str, &'static str),
}

impl Sqlite {
    fn new(planted: (&'static str, &'static str)) -> Self {
        let connection = Connection::open_in_memory().expect("memory is there");
        Sqlite {
            connection,
            planted,
        }
    }
}

impl Engine for Sqlite {
    fn load(&mut self, statements: &[String]) -> Result<(), String> {
        *self = Sqlite::new(self.planted);
        let batch = statements.join(";\n") + "; PRAGMA case_sensitive_like = ON";
        let loaded = self.connection.execute_batch(&batch);
        loaded.map_err(|error| format!("{error}: {batch}"))
    }

    fn text(&mut self, query: &str) -> Result<String, String> {
        let (right, wrong) = self.planted;
        let query = &query.replace(right, wrong);
        let text = self.connection.query_row(query, [], |row| {
            let value = row.get_ref(0)?;
            Ok(match value.as_str() {
                Ok(text) => text.to_owned(),
                Err(_) => value.as_i64()?.to_string(),
            })
        });
        text.map_err(|error| format!("{error}: {query}"))
    }
}

fn run(campaign: &Campaign, proof: &mut dyn Proof) -> Tally {
    let campaign = campaign.from_environment().expect("numbers");
    let tally = match campaign.run(proof) {
        Ok(tally) => tally,
        Err(failure) => panic!("{failure}"),
    };
    let worlds = number(&tally, "worlds");
    report(campaign.seed..campaign.seed.wrapping_add(worlds), &tally);
    if campaign.requests >= CAMPAIGN.requests {
        assert_wide(&tally);
    }
    tally
}

/// A fifth of the others, where a request is run many times: once for each page, or in each way.
const REPEATED: Campaign = Campaign {
    requests: CAMPAIGN.requests / 5,
    ..CAMPAIGN
};

fn number(tally: &Tally, what: &str) -> u64 {
    tally.get(what).copied().unwrap_or(0)
}

/// A run that met too little says nothing.
fn assert_wide(tally: &Tally) {
    let all = number(tally, REQUESTS);
    let with_rows = number(tally, "answers with rows");
    assert!(with_rows * 5 > all * 2, "{with_rows} of {all} have rows");
    let others = tally.iter().filter(|(what, _)| {
        let reasons = ["SQLite", "answers too large"];
        reasons.iter().any(|reason| what.starts_with(reason))
    });
    let others: u64 = others.map(|(_, number)| number).sum();
    assert!(others * 20 < all, "{others} of {all} were not compared");
    for what in OFTEN {
        let times = number(tally, what);
        assert!(times * 1_000 >= all, "{what}: {times} of {all}");
    }
}

/// What has to be met in one of a thousand requests.
const OFTEN: [&str; 70] = [
    "depth 0",
    "depth 1",
    "depth 2",
    "depth 3",
    "depth 4",
    "several includes",
    "filters",
    "filter: all",
    "filter: any",
    "filter: not",
    "filter: unknown",
    "filter: same",
    "filter: holds",
    "filter: compare",
    "filter: between",
    "filter: in",
    "filter: like",
    "filter: is null",
    "filter: path",
    "filter: path to many",
    "filter: path to many, included",
    "filter: related exists",
    "filter: related any",
    "filter: related none",
    "filter: related all",
    "filter: related count",
    "function: length",
    "function: lower",
    "function: upper",
    "function: trim",
    "function: substr",
    "function: replace",
    "function: concat",
    "function: coalesce",
    "function: nullif",
    "function: divide",
    "function: remainder",
    "order",
    "order: path",
    "attributes",
    "counts",
    "with deleted",
    "scope: named",
    "scope: none",
    "include: belongs_to",
    "include: has_one",
    "include: has_many",
    "include: belongs_to_many",
    "include: chain",
    "include: owner",
    "include: side of an owner",
    "include: self",
    "include: not enforced",
    "include: scoped",
    "include: two columns",
    "include: not shown",
    "include: filter",
    "include: limit",
    "include: offset",
    "include: order",
    "include: attributes",
    "include: counts",
    "include: with deleted",
    "include: scope",
    "required: unsaid",
    "required: yes",
    "required: no",
    "through: filter",
    "through: attributes",
    "through: with deleted",
];

// rules: BY-1, BY-2, BY-3, BY-4
// Broken, a request on some world finds other rows than loops over vectors, or the same in another order or shape.
#[test]
fn requests_find_what_loops_find() {
    let tally = run(&CAMPAIGN, &mut Loops::default());
    // SQLite is asked for none of them.
    let recursive = number(&tally, "include: recursive");
    let all = number(&tally, REQUESTS);
    assert!(all < CAMPAIGN.requests || recursive * 1_000 >= all);
}

// rules: EL-32, EL-38, EL-39, BY-7
// Broken, SQLite finds other rows on the same data, or the same in another order, and nothing says why.
#[test]
fn requests_find_what_sqlite_finds() {
    run(&CAMPAIGN, &mut Rival::new(Sqlite::new(("", ""))));
}

// rules: EL-19, EL-21, EL-29
// Broken, rows are lost or come twice when a request is taken apart by a predicate.
#[test]
fn the_parts_of_a_request_are_the_whole() {
    run(&CAMPAIGN, &mut Parts::default());
}

// rules: BY-1, EL-30, EL-37
// Broken, an index or an enforced key changes what a request finds, or in which order.
#[test]
fn indexes_change_no_answer() {
    run(&CAMPAIGN, &mut Dresses::default());
}

// rules: BY-5
// Broken, a page misses a row behind the one before, or has one twice.
#[test]
fn pages_are_the_whole() {
    run(&REPEATED, &mut Pages::default());
}

// rules: BY-1, BY-2, BY-7
// Broken, rows found in another way are others, or come in another order.
#[test]
fn any_two_plans_agree() {
    let mut plans = Plans::default();
    let tally = run(&REPEATED, &mut plans);
    // A run of few requests, which replays a failure, meets few of them.
    if number(&tally, "requests") < REPEATED.requests {
        return;
    }
    for strategy in Strategy::ALL
        .into_iter()
        .filter(|it| !TOO_RARE.contains(it))
    {
        let times = plans.possible.get(&strategy.to_string());
        assert!(times.is_some(), "{strategy} is never a way");
    }
    assert!(plans.stopping_below > 0, "all is read below each row");
}

/// What nobody has to ask for, and what worlds of so few rows hardly leave to be chosen otherwise.
const TOO_RARE: [Strategy; 4] = [
    Strategy::Cheapest,
    Strategy::Intersection,
    Strategy::Probe,
    Strategy::Sequential,
];

/// What SQLite is asked wrongly, in place of what.
const PLANTED: [(&str, &str); 12] = [
    (" EXISTS (", " NOT EXISTS ("),
    (" NULLS FIRST", " NULLS LAST"),
    (" NULLS LAST", " NULLS FIRST"),
    (" DESC", ""),
    (" OR ", " AND "),
    (" <= ", " < "),
    (" BETWEEN ", " NOT BETWEEN "),
    (" LIKE ", " NOT LIKE "),
    (" IS NULL", " IS NOT NULL"),
    (" LIMIT 2 ", " LIMIT 3 "),
    (" OFFSET 1", " OFFSET 2"),
    ("place <=", "place <"),
];

// Broken, a fault in what is compared goes unnoticed.
#[test]
fn a_planted_fault_is_found() {
    for planted in PLANTED {
        let campaign = Campaign {
            requests: 5_000,
            ..CAMPAIGN
        };
        let mut proof = Rival::new(Sqlite::new(planted));
        let found = campaign.first_failure(&mut proof);
        let message = found.err().map(|failure| failure.message);
        let message = message.unwrap_or_else(|| panic!("{planted:?} is not found"));
        assert!(message.starts_with("SELECT "), "{planted:?}: {message}");
    }
}
