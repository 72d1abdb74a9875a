//! Values that the database makes: generated keys, times, random uuids.
//!
//! Their sources are part of the state, so a rollback gives them back and a fork goes on from the same place
//! (beyond BY-14, BY-15). A key that is given in an insert moves the sequence past itself, so that a generated key
//! does not meet it; one that an update writes moves nothing, as in PostgreSQL. A closure's value comes from outside: what
//! the closure keeps is no part of the state.

use crate::engine::mutation::Writer;
use crate::error::{Limit, Result, TransactionError, TransactionKind};
use crate::schema::{DefaultValue, TableId};
use crate::value::{Timestamp, Uuid, Value};

impl Writer<'_> {
    /// The value of a column for which a row gives none. `now` is read once per transaction and kept there.
    pub(crate) fn default_value(
        &mut self,
        table: TableId,
        default: &DefaultValue,
        now: &mut Option<Timestamp>,
    ) -> Result<Value> {
        Ok(match default {
            DefaultValue::None => Value::Null,
            DefaultValue::Value(value) => value.clone(),
            DefaultValue::Now => Value::Timestamp(self.now(now)),
            DefaultValue::RandomUuid => Value::Uuid(self.random_uuid()),
            DefaultValue::With(function) => function.make(),
            DefaultValue::AutoIncrement => Value::Int(self.next_in_sequence(table)?),
        })
    }

    /// The transaction's time.
    pub(crate) fn now(&mut self, now: &mut Option<Timestamp>) -> Timestamp {
        *now.get_or_insert_with(|| {
            let (instant, clock) = self.state.clock.tick();
            self.set_clock(clock);
            instant
        })
    }

    /// Moves a sequence past a key that was given.
    pub(crate) fn note_key(&mut self, table: TableId, key: i64) {
        if key >= self.state.sequences[table.index()] {
            // A sequence at its end stays there: the next generated key is refused.
            self.set_sequence(table, key.saturating_add(1));
        }
    }

    fn next_in_sequence(&mut self, table: TableId) -> Result<i64> {
        let next = self.state.sequences[table.index()];
        let Some(after) = next.checked_add(1) else {
            let detail = format!(
                "the sequence of {} has no number after {next}",
                self.schema.table(table).name
            );
            return Err(
                TransactionError::new(TransactionKind::Limit(Limit::Sequence), detail).into(),
            );
        };
        self.set_sequence(table, after);
        Ok(next)
    }

    fn random_uuid(&mut self) -> Uuid {
        let mut random = fastrand::Rng::with_seed(self.state.random);
        let bits = random.u128(..);
        self.set_random(random.get_seed());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}
