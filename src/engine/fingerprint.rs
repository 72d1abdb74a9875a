//! One number for a whole state.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::engine::clock::Clock;
use crate::engine::snapshot::Snapshot;
use crate::schema::{DefaultValue, ForeignKey, Schema, Table};

impl Snapshot {
    /// A number over the schema, rows by primary key, sequences, a fixed or stepping clock, and the random state.
    ///
    /// Equal states have equal fingerprints, whatever their history, ids, slots or hash seeds; different ones differ but
    /// for chance. For comparing states within one build of a program, not for storing. O(rows).
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for table in self.schema().tables() {
            hash_table(self.schema(), table, &mut hasher);
            self.row_count(table.id).hash(&mut hasher);
            for id in self.ids_in_key_order(table.id) {
                let row = self.view(table.id, id);
                for (ordinal, _) in (0_u32..).zip(&table.columns) {
                    row.value(ordinal).hash(&mut hasher);
                }
            }
            self.state.sequences[table.id.index()].hash(&mut hasher);
        }
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

/// Everything that is declared of a table. An expression is what it prints.
fn hash_table(schema: &Schema, table: &Table, hasher: &mut DefaultHasher) {
    table.name.hash(hasher);
    for column in &table.columns {
        (&column.name, column.data_type, column.nullable).hash(hasher);
        hash_default(&column.default, hasher);
    }
    for key in &table.keys {
        (&key.name, &key.columns, key.nulls_distinct, key.deferral).hash(hasher);
        let filter = key.filter.as_ref();
        filter.map(|filter| filter.expr.to_string()).hash(hasher);
    }
    for index in &table.indexes {
        (&index.name, &index.columns, index.kind, &index.descending).hash(hasher);
    }
    for check in &table.checks {
        (&check.name, check.expr.to_string()).hash(hasher);
    }
    for &id in &table.foreign_keys {
        hash_foreign_key(schema, schema.foreign_key(id), hasher);
    }
}

fn hash_default(default: &DefaultValue, hasher: &mut DefaultHasher) {
    std::mem::discriminant(default).hash(hasher);
    match default {
        DefaultValue::Value(value) => value.as_ref().hash(hasher),
        DefaultValue::With(function) => function.text().hash(hasher),
        DefaultValue::None
        | DefaultValue::Now
        | DefaultValue::RandomUuid
        | DefaultValue::AutoIncrement => {}
    }
}

fn hash_foreign_key(schema: &Schema, key: &ForeignKey, hasher: &mut DefaultHasher) {
    let parent = &schema.table(key.parent).name;
    (&key.name, &key.child_columns, parent, &key.parent_columns).hash(hasher);
    (key.on_delete, key.on_update, key.deferral).hash(hasher);
    (key.is_to_any_row(), &key.on_delete_columns).hash(hasher);
    if let Some(guard) = &key.guard {
        (guard.column, guard.value.as_ref()).hash(hasher);
    }
}
