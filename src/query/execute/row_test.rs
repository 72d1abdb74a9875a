//! A filter made ready for many rows of one table.
//!
//! What most filters are, one comparison of a column of integers with a number, is asked of the words of a row, without
//! making it something that can answer for all its cells: counting the rows of a table that pass one then takes a third
//! fewer instructions (count of a filter of `benches/counted`).

use crate::engine::{Field, RowCells, RowId, TableReader};
use crate::error;
use crate::expr::{Bound, Failed, IntTest};
use crate::value::Value;

/// What rows are asked.
#[derive(Clone, Copy)]
pub(super) struct RowTest<'f, 's> {
    reader: TableReader<'s>,
    filter: &'f Bound,
    /// The values of the parameters.
    given: &'f [Value],
    int: Option<(&'s Field, IntTest)>,
}

impl<'f, 's> RowTest<'f, 's> {
    pub(super) fn new(reader: TableReader<'s>, filter: &'f Bound, given: &'f [Value]) -> Self {
        let int = filter.int_test(given).and_then(|test| {
            let field = reader.find_field(test.ordinal())?;
            field.is_int().then_some((field, test))
        });
        RowTest {
            reader,
            filter,
            given,
            int,
        }
    }

    /// Whether the filter is true for a row.
    #[inline(always)]
    pub(super) fn passes(&self, id: RowId, cells: RowCells<'s>) -> Result<bool, Failed> {
        match &self.int {
            // Null is unknown.
            Some((field, test)) => Ok(cells.read_int(field).is_some_and(|it| test.holds(it))),
            None => self.asked(id, cells),
        }
    }

    /// The same, with the error of the filter for a row for which it has no value.
    #[inline]
    pub(super) fn judge(&self, id: RowId, cells: RowCells<'s>) -> error::Result<bool> {
        let answer = self.passes(id, cells);
        answer.map_err(|failed| self.filter.error(failed))
    }

    #[inline(never)]
    fn asked(&self, id: RowId, cells: RowCells<'s>) -> Result<bool, Failed> {
        let row = self.reader.view(id, cells);
        self.filter.matches_with(&row, self.given)
    }
}
