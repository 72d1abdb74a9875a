//! What the fuzzer keeps runs in every plain test, too.

use std::fs;
use std::path::Path;

use relata_proptests::choices::Choices;
use relata_proptests::machine::{self, Tally};

// Broken, an input that the fuzzer once found, or one that stands for a kind of run, shows a difference again.
#[test]
fn the_corpus_of_the_fuzzer_shows_no_difference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/operations");
    let mut tally = Tally::new();
    for file in fs::read_dir(folder).expect("there is a corpus") {
        let path = file.expect("the folder can be read").path();
        let bytes = fs::read(&path).expect("the file can be read");
        match machine::explore(&mut Choices::from_bytes(&bytes), usize::MAX) {
            Ok(run) => {
                for (what, number) in run {
                    *tally.entry(what).or_default() += number;
                }
            }
            Err(difference) => panic!("{}\n{difference}", path.display()),
        }
    }
    // Old bytes may mean little after a change of how operations are drawn: then the corpus is to be made again.
    for event in ["delete", "update"] {
        for rule in ["NoAction", "Restrict", "Cascade", "SetNull", "SetDefault"] {
            let what = format!("on {event} {rule}");
            assert!(tally.get(&what).is_some_and(|number| *number > 0), "{what}");
        }
    }
}
