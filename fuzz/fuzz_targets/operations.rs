//! Bytes as decisions: a schema, operations on it, the same reference and the same comparisons as the state machine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relata_proptests::choices::Choices;
use relata_proptests::machine;

/// More would make one input slow, and find nothing that two inputs do not.
const OPERATIONS_MAX: usize = 60;

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = machine::explore(&mut Choices::from_bytes(bytes), OPERATIONS_MAX) {
        panic!("{difference}");
    }
});
