//! Reads the rows of a root.

use crate::engine::{AccessPath, RowCells, RowId, Snapshot};
use crate::error::Result;
use crate::expr::Failed;
use crate::query::execute::row_test::RowTest;
use crate::query::execute::watch::Watch;
use crate::query::level::{Level, RowList};
use crate::query::node::Node;
use crate::value::Value;

/// The rows that the access path finds and the filter leaves.
pub(super) fn read<'s>(
    path: &AccessPath,
    root: &Node,
    given: &[Value],
    snapshot: &'s Snapshot,
    watch: impl Watch,
) -> Result<Level<'s>> {
    let found = snapshot.find_by_path(root.table, path, given);
    watch.probed(usize::from(found.is_some()));
    let rows = match found {
        Some(found) if root.filter.is_none() => {
            watch.read(found.len());
            RowList::read(snapshot, root.table, found)
        }
        found => {
            let reader = snapshot.reader(root.table);
            let (mut list, mut failed) = (RowList::new(reader), None);
            match found {
                Some(found) => list.extend(passing(
                    found
                        .map(|id| (id, reader.live(id)))
                        .inspect(|_| watch.read(1)),
                    root,
                    given,
                    snapshot,
                    &mut failed,
                )),
                None => {
                    let rows = reader.scan().inspect(|_| watch.read(1));
                    list.extend(passing(rows, root, given, snapshot, &mut failed));
                }
            }
            root.check(failed)?;
            list
        }
    };
    let len = u32::try_from(rows.len()).expect("a table has fewer rows than there are row ids");
    Ok(Level {
        rows,
        junction: None,
        offsets: vec![0, len],
        recursed: None,
    })
}

/// How many rows the access path finds and the filter leaves.
pub(super) fn count(
    path: &AccessPath,
    root: &Node,
    given: &[Value],
    snapshot: &Snapshot,
) -> Result<usize> {
    let reader = snapshot.reader(root.table);
    let mut failed = None;
    let count = match (snapshot.find_by_path(root.table, path, given), &root.filter) {
        (Some(found), None) => found.len(),
        (Some(found), Some(_)) => {
            let read = found.map(|id| (id, reader.live(id)));
            passing(read, root, given, snapshot, &mut failed).count()
        }
        (None, None) => snapshot.row_count(root.table),
        (None, Some(_)) => passing(reader.scan(), root, given, snapshot, &mut failed).count(),
    };
    root.check(failed)?;
    Ok(count)
}

/// The rows that the filter leaves. The first row for which it has no value is noted; what comes after that counts for
/// nothing.
fn passing<'f, 's>(
    rows: impl Iterator<Item = (RowId, RowCells<'s>)>,
    root: &'f Node,
    given: &'f [Value],
    snapshot: &'s Snapshot,
    failed: &mut Option<Failed>,
) -> impl Iterator<Item = (RowId, RowCells<'s>)> {
    let reader = snapshot.reader(root.table);
    let filter = root.filter.as_ref();
    let test = filter.map(|filter| RowTest::new(reader, filter, given));
    rows.filter(move |&(id, cells)| {
        test.as_ref().is_none_or(|test| {
            test.passes(id, cells).unwrap_or_else(|failure| {
                failed.get_or_insert(failure);
                false
            })
        })
    })
}

impl Node {
    /// The error of the first row for which the filter has no value.
    fn check(&self, failed: Option<Failed>) -> Result<()> {
        match (failed, &self.filter) {
            (Some(failed), Some(filter)) => Err(filter.error(failed)),
            _ => Ok(()),
        }
    }
}
