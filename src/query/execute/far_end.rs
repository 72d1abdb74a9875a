//! Finds rows of a root from rows below it.

use crate::engine::{RowId, Snapshot};
use crate::error::Result;
use crate::query::execute::access::look_ups;
use crate::query::execute::walk::Walker;
use crate::query::execute::watch::Watch;
use crate::query::level::RowList;
use crate::query::plan::FarEnd;
use crate::value::Value;

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
        let Some(filter) = &way.filter else {
            return true;
        };
        // Nothing in it can fail.
        let row = reader.view(id, reader.live(id));
        filter.matches_with(&row, given) == Ok(true)
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
