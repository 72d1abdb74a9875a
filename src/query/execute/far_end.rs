//! Finds rows of a root from rows below it.

use crate::engine::{RowCells, RowId, RowView, Snapshot};
use crate::error::Result;
use crate::expr::Cells;
use crate::query::execute::walk::Walker;
use crate::query::execute::watch::Watch;
use crate::query::level::{INCLUDED_ROWS_MAX, RowList};
use crate::query::plan::FarEnd;
use crate::value::{Value, ValueRef};

/// A row as a term sees it that reads its columns under other ordinals.
struct FarRow<'a> {
    row: RowView<'a>,
    columns: &'a [(u32, u32)],
}

impl Cells for FarRow<'_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        let read = self.columns.iter().find(|(from, _)| *from == ordinal);
        read.map_or(ValueRef::Null, |(_, column)| self.row.value(*column))
    }
}

/// The ids of the roots above what is found at the far end, ascending, each once.
pub(super) fn find(
    way: &FarEnd,
    given: &[Value],
    snapshot: &Snapshot,
    watch: impl Watch,
) -> Result<Vec<RowId>> {
    watch.probed(way.path.look_ups());
    let reader = snapshot.reader(way.table);
    let passes = |&(id, cells): &(RowId, RowCells<'_>)| {
        watch.read(1);
        if way.filter.is_none() && way.terms.is_empty() {
            return true;
        }
        // Nothing in these can fail.
        let row = reader.view(id, cells);
        let mut filters = way.filter.iter();
        filters.all(|it| it.matches_with(&row, given) == Ok(true))
            && way.terms.iter().all(|far| {
                let columns = &far.columns;
                far.term.matches_with(&FarRow { row, columns }, given) == Ok(true)
            })
    };
    let mut below = RowList::new(reader);
    match snapshot.find_by_path(way.table, &way.path, given) {
        Some(found) => {
            let found = found.map(|id| (id, reader.live(id)));
            below.extend(found.filter(passes));
        }
        None => {
            let scanned = snapshot.scan_by_path(way.table, &way.path, given);
            below.extend(scanned.filter(passes));
        }
    }
    let mut climb = way.climb.iter().peekable();
    while let Some((step, table)) = climb.next() {
        let walker = Walker {
            table: *table,
            given,
            snapshot,
            rows_max: INCLUDED_ROWS_MAX,
            watch,
        };
        let mut ids = walker.find(step, below.all())?.ids;
        ids.sort_unstable();
        ids.dedup();
        if climb.peek().is_none() {
            return Ok(ids);
        }
        watch.read(ids.len());
        below = RowList::read(snapshot, *table, ids);
    }
    Ok(below.ids)
}
