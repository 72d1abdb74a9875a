//! One number for a whole state.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::engine::clock::Clock;
use crate::engine::snapshot::Snapshot;

impl Snapshot {
    /// A number over tables, columns, rows by primary key, sequences, a fixed or stepping clock, and the random state.
    ///
    /// Equal states have equal fingerprints, whatever their history, slots or hash seeds; different ones differ but for
    /// chance. For comparing states within one build of a program, not for storing. O(rows).
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for table in self.schema().tables() {
            table.name.hash(&mut hasher);
            for column in &table.columns {
                (&column.name, column.data_type, column.nullable).hash(&mut hasher);
            }
            self.row_count(table.id).hash(&mut hasher);
            for id in self.ids_in_key_order(table.id) {
                let row = self.view(table.id, id);
                for (ordinal, _) in (0_u32..).zip(&table.columns) {
                    row.value(ordinal).hash(&mut hasher);
                }
            }
        }
        self.state.sequences.hash(&mut hasher);
        self.state.random.hash(&mut hasher);
        match self.state.clock {
            // The system's time is nobody's state (beyond BY-15).
            Clock::System => 0_u8.hash(&mut hasher),
            Clock::Fixed(instant) => (1_u8, instant).hash(&mut hasher),
            Clock::Stepping { next, step_micros } => (2_u8, next, step_micros).hash(&mut hasher),
        }
        hasher.finish()
    }
}
