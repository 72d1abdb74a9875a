//! Reads the rows of a root.

use crate::engine::{RowCells, RowId, Snapshot};
use crate::query::level::{Level, RowList};
use crate::query::plan::AccessPath;
use crate::query::resolve::Node;

/// The rows that the access path finds and the filter leaves.
pub(super) fn read<'s>(path: &AccessPath, root: &Node, snapshot: &'s Snapshot) -> Level<'s> {
    let (ids, cells): (Vec<_>, Vec<_>) = rows(path, root, snapshot).unzip();
    let len = u32::try_from(ids.len()).expect("a table has fewer rows than there are row ids");
    let reader = snapshot.reader(root.table);
    Level {
        rows: RowList { reader, ids, cells },
        junction: None,
        offsets: vec![0, len],
    }
}

/// The rows that the access path finds and the filter leaves, one by one.
pub(super) fn rows<'s>(
    path: &AccessPath,
    root: &Node,
    snapshot: &'s Snapshot,
) -> impl Iterator<Item = (RowId, RowCells<'s>)> {
    let reader = snapshot.reader(root.table);
    let found = match path {
        AccessPath::Key { key, values } => {
            let row = snapshot.find(root.table, *key, values);
            Some(row.into_iter().collect())
        }
        AccessPath::Index { index, values, .. } => {
            Some(snapshot.find_all(root.table, *index, values))
        }
        AccessPath::Scan => None,
    };
    let scan = found.is_none().then(|| reader.scan());
    let found: Vec<RowId> = found.unwrap_or_default();
    let read = move |id| Some((id, reader.cells(id)?));
    let all = found.into_iter().filter_map(read);
    let filter = root.filter.as_ref();
    all.chain(scan.into_iter().flatten())
        .filter(move |&(id, cells)| {
            filter.is_none_or(|filter| filter.matches(&reader.view(id, cells)))
        })
}
