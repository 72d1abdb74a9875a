//! Writes a small corpus for the fuzz target: seeded runs as bytes, each of which meets something that those before it
//! did not.
//!
//! `cargo run -p relata-proptests --example fuzz_corpus`, after a change of how schemas or operations are drawn.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use relata_proptests::choices::Choices;
use relata_proptests::machine;

const SEEDS: u64 = 3_000;
const OPERATIONS: usize = 40;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/operations");
    fs::create_dir_all(&folder)?;
    let mut met = BTreeSet::new();
    for seed in 0..SEEDS {
        let mut choices = Choices::from_seed(seed);
        let Ok(tally) = machine::explore(&mut choices, OPERATIONS) else {
            continue;
        };
        // Once, and often.
        let kinds = tally.into_iter().filter(|(_, number)| *number > 0);
        let new = kinds.filter(|(what, number)| met.insert((what.clone(), *number > 5)));
        if new.count() > 0 {
            fs::write(folder.join(format!("seed_{seed}")), choices.taken())?;
        }
    }
    Ok(())
}
