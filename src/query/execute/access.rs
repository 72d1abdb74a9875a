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
    let (mut one, mut some, mut all) = (None, Vec::new(), None);
    match path {
        AccessPath::Key { key, values } => one = snapshot.find(root.table, *key, values),
        AccessPath::Index { index, values, .. } => {
            some = snapshot.find_all(root.table, *index, values);
        }
        AccessPath::Scan => all = Some(reader.scan()),
    }
    let found = one.into_iter().chain(some);
    let read = found.map(move |id| (id, reader.live(id)));
    let filter = root.filter.as_ref();
    read.chain(all.into_iter().flatten())
        .filter(move |&(id, cells)| {
            filter.is_none_or(|filter| filter.matches(&reader.view(id, cells)))
        })
}
