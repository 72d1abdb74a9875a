//! Finds rows of a root from rows below it.

use crate::engine::{RowId, RowView, Snapshot};
use crate::error::Result;
use crate::expr::Cells;
use crate::query::execute::access::look_ups;
use crate::query::execute::walk::Walker;
use crate::query::execute::watch::Watch;
use crate::query::level::RowList;
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
    watch.probed(look_ups(&way.path));
    let reader = snapshot.reader(way.table);
    let mut rows = RowList::new(reader);
    let passes = |id: RowId| {
        watch.read(1);
        if way.filter.is_none() && way.terms.is_empty() {
            return true;
        }
        // Nothing in these can fail.
        let row = reader.view(id, reader.live(id));
        let mut filters = way.filter.iter();
        filters.all(|it| it.matches_with(&row, given) == Ok(true))
            && way.terms.iter().all(|far| {
                let columns = &far.columns;
                far.term.matches_with(&FarRow { row, columns }, given) == Ok(true)
            })
    };
    match snapshot.find_by_path(way.table, &way.path, given) {
        Some(found) => rows.extend(
            found
                .filter(|id| passes(*id))
                .map(|id| (id, reader.live(id))),
        ),
        None => {
            let scanned = snapshot.scan_by_path(way.table, &way.path, given);
            rows.extend(scanned.filter(|(id, _)| passes(*id)));
        }
    }
    let mut ids = std::mem::take(&mut rows.ids);
    let mut from = way.table;
    for (position, (step, table)) in way.climb.iter().enumerate() {
        // Those found first were read already.
        if position > 0 {
            watch.read(ids.len());
        }
        let below = RowList::read(snapshot, from, ids);
        let walker = Walker {
            table: *table,
            given,
            snapshot,
            watch,
        };
        ids = walker.find(step, &below)?.ids;
        ids.sort_unstable();
        ids.dedup();
        from = *table;
    }
    Ok(ids)
}
