//! A row that is proposed: which row stands in its way.

use crate::engine::state::State;
use crate::engine::statement::Given;
use crate::expr;
use crate::schema::{DefaultValue, Table};
use crate::storage::RowId;
use crate::value::{Value, ValueRef};

/// The values that are given for a row, which is not complete yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proposed<'a> {
    pub(crate) table: &'a Table,
    pub(crate) given: &'a Given,
    pub(crate) values: &'a [Value],
}

impl Proposed<'_> {
    /// The row that has one of these unique keys of the proposed one; by the first such key if several rows do. The keys are
    /// positions in those of the table. A value that the database would have to make is looked up by nobody.
    pub(crate) fn conflict(
        &self,
        state: &State,
        keys: impl IntoIterator<Item = usize>,
    ) -> Option<RowId> {
        let store = state.table(self.table.id);
        keys.into_iter().find_map(|key| {
            let unique = &self.table.keys[key];
            let columns = unique.columns.iter();
            let wanted: Vec<ValueRef<'_>> = columns
                .map(|&ordinal| self.value(ordinal))
                .collect::<Option<_>>()?;
            let exempt = unique.nulls_distinct && wanted.iter().any(|value| value.is_null());
            let filter = unique.filter.as_ref();
            let takes_part = filter.is_none_or(|filter| filter.bound.matches(self));
            let is_looked_up = !exempt && takes_part;
            let found = is_looked_up.then(|| store.find(key, wanted.iter().copied()));
            found.flatten()
        })
    }

    /// The value that a column would have; none if the database would have to make it.
    fn value(&self, ordinal: u32) -> Option<ValueRef<'_>> {
        let default = &self.table.columns[ordinal as usize].default;
        let given = self.given.value(self.values, ordinal);
        match (given, default) {
            (Some(Value::Null), DefaultValue::AutoIncrement) => None,
            (Some(value), _) | (None, DefaultValue::Value(value)) => Some(value.as_ref()),
            (None, DefaultValue::None) => Some(ValueRef::Null),
            (None, _) => None,
        }
    }
}

/// For a filter, what is yet to be made is unknown.
impl expr::Cells for Proposed<'_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        self.value(ordinal).unwrap_or(ValueRef::Null)
    }
}
