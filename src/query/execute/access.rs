//! Reads the rows of a root.
//!
//! All of them at once, where all are read; else one after the other, in the order wanted, as long as somebody asks for
//! more ([`Roots`]).

use std::ops::Range;

use crate::engine::{AccessPath, RowCells, RowId, Snapshot, TableReader};
use crate::error::Result;
use crate::expr::Failed;
use crate::query::execute::arrange::{KeyOrder, by_columns};
use crate::query::execute::far_end;
use crate::query::execute::parts::{self, Tally};
use crate::query::execute::row_test::RowTest;
use crate::query::execute::watch::{Unwatched, Watch};
use crate::query::level::{Level, RowList};
use crate::query::node::{Node, OrderKey};
use crate::query::plan::{Access, FoundOrder, PlanNode, RowOrder, Split, decisive_keys};
use crate::value::Value;

/// The rows that the access path finds and the filter leaves: all of them, or the first so many.
pub(super) fn read<'s>(
    path: &AccessPath,
    planned: &PlanNode,
    given: &[Value],
    first: Option<usize>,
    snapshot: &'s Snapshot,
    watch: impl Watch,
) -> Result<Level<'s>> {
    watch.probed(path.look_ups());
    let root = &planned.node;
    let reader = snapshot.reader(root.table);
    let rows = match snapshot.find_by_path(root.table, path, given) {
        Some(found) if root.filter.is_none() => {
            let found = found.take(first.unwrap_or(usize::MAX));
            let rows = RowList::read(snapshot, root.table, found);
            watch.read(rows.len());
            rows
        }
        Some(found) => {
            let (mut list, mut failed) = (RowList::new(reader), None);
            let found = found.map(|id| (id, reader.live(id)));
            let found = found.inspect(|_| watch.read(1));
            let passing = passing(found, root, given, reader, &mut failed);
            list.extend(passing.take(first.unwrap_or(usize::MAX)));
            root.check(failed)?;
            list
        }
        None => {
            let slots = snapshot.slots_by_path(root.table, path, given);
            let splits = first.is_none() && root.filter.is_some();
            match splits && planned.split.parts(slots.len()) > 1 {
                true => scan_in_parts(slots, planned, given, snapshot, watch)?,
                false => scan(slots, root, given, first, snapshot, watch)?,
            }
        }
    };
    Ok(level(rows))
}

/// The rows in some slots that the filter leaves: all of them, or the first so many.
#[inline(never)]
fn scan<'s>(
    slots: Range<u32>,
    root: &Node,
    given: &[Value],
    first: Option<usize>,
    snapshot: &'s Snapshot,
    watch: impl Watch,
) -> Result<RowList<'s>> {
    let reader = snapshot.reader(root.table);
    let (mut list, mut failed) = (RowList::new(reader), None);
    let rows = snapshot.scan_slots(root.table, slots);
    let rows = rows.inspect(|_| watch.read(1));
    let passing = passing(rows, root, given, reader, &mut failed);
    list.extend(passing.take(first.unwrap_or(usize::MAX)));
    root.check(failed)?;
    Ok(list)
}

/// The same of all of them, on all cores.
#[inline(never)]
fn scan_in_parts<'s>(
    slots: Range<u32>,
    planned: &PlanNode,
    given: &[Value],
    snapshot: &'s Snapshot,
    watch: impl Watch,
) -> Result<RowList<'s>> {
    let root = &planned.node;
    let parts = in_parts(slots, planned.split, watch, |slots, tally| {
        scan(slots, root, given, None, snapshot, tally)
    })?;
    Ok(RowList::joined(parts, snapshot.reader(root.table)))
}

/// What `read` gives for each part of some slots, in their order.
///
/// # Errors
/// That of the first part that has one: that of the first row.
fn in_parts<R: Send>(
    slots: Range<u32>,
    split: Split,
    watch: impl Watch,
    read: impl Fn(Range<u32>, &Tally) -> Result<R> + Send + Sync,
) -> Result<Vec<R>> {
    let slot = |position: usize| {
        let behind = u32::try_from(position).expect("there are fewer slots than row ids");
        slots.start + behind
    };
    let parts = split.parts(slots.len());
    parts::read(slots.len(), parts, watch, |part, tally| {
        read(slot(part.start)..slot(part.end), tally)
    })
}

/// A level of rows of a root.
#[inline]
pub(super) fn level(rows: RowList<'_>) -> Level<'_> {
    let len = u32::try_from(rows.len()).expect("a table has fewer rows than there are row ids");
    Level {
        rows,
        junction: None,
        offsets: vec![0, len],
        recursed: None,
    }
}

/// Rows of a root that pass its filter, in the order in which its plan finds them.
pub(super) struct Roots<'p, 's, W> {
    in_order: InOrder<'p, 's, W>,
    rows: Box<dyn Iterator<Item = (RowId, RowCells<'s>)> + 's>,
    /// What was read already and belongs to the rows that come next.
    next: Option<(RowId, RowCells<'s>)>,
}

/// Takes rows of a node that pass its filter, as many as are wanted, from where they are found in the order wanted.
pub(super) struct InOrder<'p, 's, W> {
    test: Option<RowTest<'p, 's>>,
    snapshot: &'s Snapshot,
    reader: TableReader<'s>,
    /// Of an index: which keys it is walked by. Rows with the same ones are put in the order of their primary key.
    tied_by: Option<Vec<&'p OrderKey>>,
    watch: W,
}

impl<'p, 's, W: Watch> Roots<'p, 's, W> {
    pub(super) fn new(
        planned: &'p PlanNode,
        given: &'p [Value],
        snapshot: &'s Snapshot,
        watch: W,
    ) -> Result<Self> {
        if let Access::Root(path) = &planned.access {
            watch.probed(path.look_ups());
        }
        let reader = snapshot.reader(planned.node.table);
        let mut tied_by = None;
        let by_id = move |id: RowId| (id, reader.live(id));
        let rows: Box<dyn Iterator<Item = (RowId, RowCells<'s>)> + 's> =
            match (&planned.access, planned.found) {
                (Access::Root(path), FoundOrder::Index(walk)) => {
                    let fixed = path.fixed_columns(reader.table);
                    tied_by = Some(ties(planned, fixed, reader));
                    let found = snapshot.rows_by_index(planned.node.table, path, walk, given);
                    Box::new(found.map(by_id))
                }
                (Access::Root(path), FoundOrder::IdsBackwards) => {
                    Box::new(snapshot.rows_backwards(planned.node.table, path, given))
                }
                (Access::Root(path), FoundOrder::Ids) => {
                    match snapshot.find_by_path(planned.node.table, path, given) {
                        Some(found) => Box::new(found.map(by_id)),
                        None => Box::new(snapshot.scan_by_path(planned.node.table, path, given)),
                    }
                }
                (Access::FarEnd(way), _) => {
                    let found = far_end::find(way, given, snapshot, watch)?;
                    Box::new(found.into_iter().map(by_id))
                }
                _ => Box::new(std::iter::empty()),
            };
        Ok(Roots {
            in_order: InOrder {
                tied_by,
                ..InOrder::new(planned, given, snapshot, watch)
            },
            rows,
            next: None,
        })
    }

    /// So many of the next rows, or more: those that the order wanted does not tell from the last one come along. Fewer at
    /// the end only.
    pub(super) fn read(&mut self, rows: usize) -> Result<RowList<'s>> {
        let mut list = RowList::new(self.in_order.reader);
        let next = self.next.take();
        self.next = self.in_order.read(&mut self.rows, next, rows, &mut list)?;
        Ok(list)
    }
}

impl<'p, 's, W: Watch> InOrder<'p, 's, W> {
    /// For rows as they are found.
    fn new(planned: &'p PlanNode, given: &'p [Value], snapshot: &'s Snapshot, watch: W) -> Self {
        let reader = snapshot.reader(planned.node.table);
        let filter = planned.node.filter.as_ref();
        InOrder {
            test: filter.map(|filter| RowTest::new(reader, filter, given)),
            snapshot,
            reader,
            tied_by: None,
            watch,
        }
    }

    /// For rows of an index of which the first columns have one value each.
    pub(super) fn by_index(
        planned: &'p PlanNode,
        fixed: &[u32],
        given: &'p [Value],
        snapshot: &'s Snapshot,
        watch: W,
    ) -> Self {
        let in_order = InOrder::new(planned, given, snapshot, watch);
        InOrder {
            tied_by: Some(ties(planned, fixed, in_order.reader)),
            ..in_order
        }
    }

    /// Adds so many of the next rows to a list, or more: those that the order wanted does not tell from the last one come
    /// along. Fewer at the end only. `next` was read before; what was read and belongs to the rows after these comes back.
    pub(super) fn read(
        &self,
        rows: &mut impl Iterator<Item = (RowId, RowCells<'s>)>,
        next: Option<(RowId, RowCells<'s>)>,
        wanted: usize,
        list: &mut RowList<'s>,
    ) -> Result<Option<(RowId, RowCells<'s>)>> {
        let start = list.len();
        let mut tied = start;
        let read = rows.inspect(|_| self.watch.read(1));
        for (id, cells) in next.into_iter().chain(read) {
            let last = list.cells[start..].last().copied();
            let is_enough = list.len() - start >= wanted;
            // Whether it passes or not, none of those behind it comes along.
            if is_enough && !self.is_tied(last, cells) {
                sort_tied(list, tied, self.snapshot);
                return Ok(Some((id, cells)));
            }
            if let Some(test) = &self.test
                && !test.judge(id, cells)?
            {
                continue;
            }
            if !is_enough && !self.is_tied(last, cells) {
                sort_tied(list, tied, self.snapshot);
                tied = list.len();
            }
            list.extend(std::iter::once((id, cells)));
            if self.tied_by.is_none() && list.len() - start >= wanted {
                return Ok(None);
            }
        }
        if self.tied_by.is_some() {
            sort_tied(list, tied, self.snapshot);
        }
        Ok(None)
    }

    /// Whether the order wanted does not tell a row of an index from the last one, if there is one.
    fn is_tied(&self, last: Option<RowCells<'s>>, cells: RowCells<'s>) -> bool {
        self.tied_by.as_ref().zip(last).is_none_or(|(keys, last)| {
            by_columns(keys.iter().copied(), self.reader, last, cells).is_eq()
        })
    }
}

/// The keys of the order by which an index is walked, of which the first columns are fixed.
fn ties<'p>(planned: &'p PlanNode, fixed: &[u32], reader: TableReader<'_>) -> Vec<&'p OrderKey> {
    match &planned.order {
        RowOrder::Columns(keys) => decisive_keys(keys, fixed, &reader.table.primary_key().columns),
        RowOrder::Any | RowOrder::Key | RowOrder::Reaching(_) => Vec::new(),
    }
}

/// Puts the rows from a position on in the order of their primary key.
fn sort_tied(list: &mut RowList<'_>, from: usize, snapshot: &Snapshot) {
    if list.len() - from.min(list.len()) < 2 {
        return;
    }
    let reader = list.reader;
    let key = KeyOrder::of(reader, snapshot);
    let mut rows: Vec<_> = list
        .ids
        .drain(from..)
        .zip(list.cells.drain(from..))
        .collect();
    rows.sort_unstable_by(|a, b| key.compare_rows(reader, *a, *b));
    list.extend(rows.into_iter());
}

/// How many rows the access path finds and the filter leaves.
pub(super) fn count(
    path: &AccessPath,
    planned: &PlanNode,
    given: &[Value],
    snapshot: &Snapshot,
) -> Result<usize> {
    let root = &planned.node;
    if root.filter.is_none() {
        let counted = snapshot.count_by_path(root.table, path, given);
        return Ok(counted.unwrap_or_else(|| snapshot.row_count(root.table)));
    }
    let Some(found) = snapshot.find_by_path(root.table, path, given) else {
        let slots = snapshot.slots_by_path(root.table, path, given);
        let count = |slots| {
            let rows = snapshot.scan_slots(root.table, slots);
            count_passing(rows, root, given, snapshot)
        };
        return match planned.split.parts(slots.len()) {
            2.. => {
                let parts = in_parts(slots, planned.split, Unwatched, |slots, _| count(slots))?;
                Ok(parts.into_iter().sum())
            }
            _ => count(slots),
        };
    };
    let reader = snapshot.reader(root.table);
    let rows = found.map(|id| (id, reader.live(id)));
    count_passing(rows, root, given, snapshot)
}

fn count_passing<'s>(
    rows: impl Iterator<Item = (RowId, RowCells<'s>)>,
    root: &Node,
    given: &[Value],
    snapshot: &'s Snapshot,
) -> Result<usize> {
    let reader = snapshot.reader(root.table);
    let mut failed = None;
    let count = passing(rows, root, given, reader, &mut failed).count();
    root.check(failed)?;
    Ok(count)
}

/// The rows that the filter leaves. The first row for which it has no value is noted; what comes after that counts for
/// nothing.
fn passing<'f, 's>(
    rows: impl Iterator<Item = (RowId, RowCells<'s>)>,
    root: &'f Node,
    given: &'f [Value],
    reader: TableReader<'s>,
    failed: &mut Option<Failed>,
) -> impl Iterator<Item = (RowId, RowCells<'s>)> {
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
