//! Random association graphs and random verbs on relata and on a naive reference of the rules, compared after each.
//!
//! `RELATA_VERBS=n` does more, `RELATA_SEED=n` begins elsewhere. A failure names the seed of its run:
//! `RELATA_SEED=that RELATA_VERBS=1` does this run alone.

use relata_proptests::associations::{machine, shrink};
use relata_proptests::choices::Choices;
use relata_proptests::machine::Tally;
use relata_proptests::seeds::Runs;

/// Each run is on a graph of its own.
const RUNS: Runs = Runs {
    counted: "verbs",
    wanted: 30_000,
    variable: "RELATA_VERBS",
    length: 80,
    seed: 20_261_124,
};

// rules: TX-1, TX-3, BY-10, BY-12
// Broken, a verb on some graph of associations leaves other rows, or gives others, than the rules say.
#[test]
fn verbs_do_what_the_reference_does() {
    let runs = RUNS.from_environment().expect("numbers");
    let tally = runs.run(|seed| {
        let run = machine::explore(&mut Choices::from_seed(seed), RUNS.length);
        run.map_err(|difference| shrink::shrink(*difference).to_string())
    });
    if runs.wanted >= RUNS.wanted {
        assert_wide(&tally);
    }
}

fn number(tally: &Tally, what: &str) -> u64 {
    tally.get(what).copied().unwrap_or(0)
}

/// A run that met too little says nothing.
fn assert_wide(tally: &Tally) {
    let (all, good) = (
        number(tally, "verbs"),
        number(tally, "verbs that succeeded"),
    );
    assert!(
        good * 100 >= all * 30 && good * 100 <= all * 80,
        "{good} of {all} succeeded"
    );
    let verbs = [
        "Get", "One", "Has", "Count", "Set", "Add", "Remove", "Create",
    ];
    let verbs = verbs.map(|verb| format!("verb {verb}"));
    let others = [
        "association: belongs_to",
        "association: has_one",
        "association: has_many",
        "association: belongs_to_many",
        "association: self",
        "association: scoped",
        "association: not enforced",
        "association: without alias",
        "association: default key",
        "target: scoped",
        "target: softly deleted",
        "junction: softly deleted",
        "junction: other key omitted",
        "association: other key",
        "association: two columns",
        "association: shared key",
        "junction: unique by default",
        "junction: unique Pair",
        "junction: unique PairAndScope",
        "junction: unique Attributes",
        "junction: unique Off",
        "junction: scoped",
        "source: row",
        "source: stale",
        "source: unsaved",
        "target: row",
        "target: stale",
        "target: key",
        "target: unknown",
        "target: unsaved",
        "target: repeated",
        "target: with attributes",
        "targets: mixture",
        "targets: none",
        "attributes for all",
        "destroying the previous",
        "Create, succeeded",
        "Update, succeeded",
        "Destroy, succeeded",
        "DestroyWhere, succeeded",
        "EditJunction, succeeded",
        "watched by hooks",
        "Commit",
        "Rollback",
        "refused: Unique",
        "refused: NotNull",
        "refused: Reference",
        "refused: Unsaved",
        "refused: NotFound",
        "refused: Unsupported",
        "refused: UnknownColumn",
        "refused: Type",
        "refused: KeyLength",
    ];
    for what in verbs.iter().map(String::as_str).chain(others) {
        assert!(
            number(tally, what) >= 100,
            "{what}: {}",
            number(tally, what)
        );
    }
    for what in [
        "refused: Restrict",
        "refused: Repeated",
        "Restore, succeeded",
    ] {
        assert!(number(tally, what) >= 20, "{what}: {}", number(tally, what));
    }
}
