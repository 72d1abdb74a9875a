//! The rows of one node, flat: those under all rows of the parent node, one after the other.
//!
//! Invariants: `offsets` is empty until the level is read; then it begins with 0, ascends, ends with the number of rows, and has one more entry than the parent
//! node has rows (the root has one parent); the rows of parent `i` are `offsets[i]..offsets[i + 1]`. Junction rows, if
//! there are any, stand each at the position of the row that they lead to. A row under several parents stands here as
//! often. Of a level that is only counted the offsets are there and the rows are not. That of a recursive include holds the
//! rows of all depths, see `recursed`.

use std::ops::Range;

use crate::engine::{RowCells, RowId, RowView, Snapshot, TableReader, parallel};
use crate::error::{Error, Limit, RequestError, RequestKind, Result};
use crate::query::recursed::Recursed;
use crate::schema::TableId;
use crate::value::ValueRef;

/// The rows of a node.
#[derive(Clone, Debug)]
pub(crate) struct Level<'s> {
    pub(crate) rows: RowList<'s>,
    pub(crate) junction: Option<RowList<'s>>,
    pub(crate) offsets: Vec<u32>,
    /// Of a recursive include, which of its rows stand below which; the offsets are about those of the first depth.
    pub(crate) recursed: Option<Box<Recursed>>,
}

/// Rows of one table, in any order and as often as one likes.
#[derive(Clone, Debug)]
pub(crate) struct RowList<'s> {
    pub(crate) reader: TableReader<'s>,
    pub(crate) ids: Vec<RowId>,
    pub(crate) cells: Vec<RowCells<'s>>,
}

/// Rows of a list that stand together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowSlice<'l, 's> {
    pub(crate) reader: TableReader<'s>,
    pub(crate) ids: &'l [RowId],
    pub(crate) cells: &'l [RowCells<'s>],
}

impl<'s> Level<'s> {
    /// A level that is still to be read. Allocates nothing.
    pub(crate) fn unread(reader: TableReader<'s>) -> Self {
        Level {
            rows: RowList::new(reader),
            junction: None,
            offsets: Vec::new(),
            recursed: None,
        }
    }

    /// Lets go of the rows and keeps how many there were.
    pub(crate) fn keep_offsets(&mut self) {
        self.rows = RowList::new(self.rows.reader);
        self.junction = None;
    }

    pub(crate) fn is_read(&self) -> bool {
        !self.offsets.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many rows the parent node has.
    pub(crate) fn parents(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The positions of a parent's rows.
    #[inline]
    pub(crate) fn range(&self, parent: usize) -> Range<usize> {
        self.offsets[parent] as usize..self.offsets[parent + 1] as usize
    }

    /// The positions of each parent's rows.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.offsets
            .windows(2)
            .map(|pair| pair[0] as usize..pair[1] as usize)
    }

    /// Adds the rows of another level behind its own, under no parent.
    pub(crate) fn append(&mut self, other: Level<'s>) {
        self.rows.append(other.rows);
        if let (Some(junction), Some(others)) = (&mut self.junction, other.junction) {
            junction.append(others);
        }
    }

    /// Adds the rows of another level with their parents, which stand behind its own parents.
    pub(crate) fn append_batch(&mut self, other: Level<'s>) {
        debug_assert!(self.recursed.is_none() && other.recursed.is_none());
        if !self.is_read() {
            *self = other;
            return;
        }
        let before = self.offsets.last().copied().unwrap_or(0);
        let ends = other.offsets.iter().skip(1);
        self.offsets.extend(ends.map(|end| before + end));
        self.append(other);
    }

    /// Levels with their parents one behind the other.
    pub(crate) fn joined(parts: Vec<Level<'s>>, reader: TableReader<'s>) -> Self {
        let (rows, parents) = parts.iter().fold((0, 1), |(rows, parents), part| {
            (rows + part.len(), parents + part.parents())
        });
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| Level::unread(reader));
        all.rows.reserve(rows);
        all.offsets.reserve(parents);
        parts.for_each(|part| all.append_batch(part));
        all
    }

    /// Puts all rows under one parent.
    pub(crate) fn be_one_list(&mut self) {
        let end = self.offsets.last().copied().unwrap_or(0);
        self.offsets = vec![0, end];
    }

    /// Takes rows out.
    pub(crate) fn retain_rows(&mut self, keep: &[bool]) {
        debug_assert!(self.recursed.is_none(), "nothing above changes any more");
        self.rows.retain(keep);
        if let Some(junction) = &mut self.junction {
            junction.retain(keep);
        }
        retain_under_offsets(&mut self.offsets, keep);
    }

    /// Leaves the rows that pass a test, which looks at each once. After an error the level is of no use.
    pub(crate) fn retain_passing(
        &mut self,
        mut passes: impl FnMut(RowId, RowCells<'s>) -> Result<bool>,
    ) -> Result<()> {
        debug_assert!(self.recursed.is_none(), "nothing above changes any more");
        let (mut position, mut left) = (0, 0);
        for end in self.offsets.iter_mut().skip(1) {
            while position < *end as usize {
                self.rows.look_ahead(position);
                if passes(self.rows.ids[position], self.rows.cells[position])? {
                    self.rows.move_to(left, position);
                    if let Some(junction) = &mut self.junction {
                        junction.move_to(left, position);
                    }
                    left += 1;
                }
                position += 1;
            }
            *end = offset(left)?;
        }
        self.rows.truncate(left);
        if let Some(junction) = &mut self.junction {
            junction.truncate(left);
        }
        Ok(())
    }

    /// Takes parents out that have no rows.
    pub(crate) fn retain_parents(&mut self, keep: &[bool]) {
        debug_assert!((0..self.parents()).all(|it| keep[it] || self.range(it).is_empty()));
        // What goes is the end of a parent's rows; the first offset is no end.
        let mut position = 0;
        self.offsets.retain(|_| {
            position += 1;
            position == 1 || keep[position - 2]
        });
    }

    /// Puts rows where `positions` says: its first entry is the position of the row that comes first. Rows must stay
    /// under their parents. What it leaves out is gone, and the caller puts the offsets right.
    pub(crate) fn permute(&mut self, positions: &[u32]) {
        self.rows = self.rows.picked(positions);
        if let Some(junction) = &mut self.junction {
            *junction = junction.picked(positions);
        }
    }

    /// Counts no more than so many rows under each parent: the others are gone already.
    pub(crate) fn count_at_most(&mut self, rows_max: usize) {
        let (mut start, mut left) = (0, 0);
        for end in self.offsets.iter_mut().skip(1) {
            let rows = *end - start;
            left += u32::try_from(rows_max).map_or(rows, |rows_max| rows.min(rows_max));
            start = std::mem::replace(end, left);
        }
    }

    /// Puts the rows of each parent where `positions` puts the parent; the positions of the rows then. The rows themselves
    /// still have to be put there.
    pub(crate) fn permute_parents(&mut self, positions: &[u32]) -> Vec<u32> {
        let mut rows = Vec::with_capacity(self.len());
        let mut offsets = Vec::with_capacity(self.offsets.len());
        let mut end = 0;
        offsets.push(end);
        for &parent in positions {
            let (first, last) = (
                self.offsets[parent as usize],
                self.offsets[parent as usize + 1],
            );
            rows.extend(first..last);
            end += last - first;
            offsets.push(end);
        }
        self.offsets = offsets;
        rows
    }

    /// For each row, what is said of its parent.
    pub(crate) fn spread(&self, of_parents: &[bool]) -> Vec<bool> {
        let rows = self.offsets.last().map_or(0, |&end| end as usize);
        let mut of_rows = vec![false; rows];
        for (range, &keep) in self.ranges().zip(of_parents) {
            of_rows[range].fill(keep);
        }
        of_rows
    }
}

impl<'s> RowList<'s> {
    /// No rows. Allocates nothing.
    pub(crate) fn new(reader: TableReader<'s>) -> Self {
        RowList {
            reader,
            ids: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// Rows whose ids came out of the snapshot.
    pub(crate) fn read(
        snapshot: &'s Snapshot,
        table: TableId,
        ids: impl IntoIterator<Item = RowId>,
    ) -> Self {
        let reader = snapshot.reader(table);
        let ids: Vec<RowId> = ids.into_iter().collect();
        let cells = ids.iter().map(|&id| reader.live(id)).collect();
        RowList { reader, ids, cells }
    }

    /// All of them.
    #[inline]
    pub(crate) fn all(&self) -> RowSlice<'_, 's> {
        RowSlice {
            reader: self.reader,
            ids: &self.ids,
            cells: &self.cells,
        }
    }

    /// The same on all cores.
    pub(crate) fn read_wide(snapshot: &'s Snapshot, table: TableId, ids: Vec<RowId>) -> Self {
        let reader = snapshot.reader(table);
        let cells = parallel::map(&ids, true, |&id| reader.live(id));
        RowList { reader, ids, cells }
    }

    /// Adds rows that were found in the snapshot of the reader.
    pub(crate) fn extend(&mut self, rows: impl Iterator<Item = (RowId, RowCells<'s>)>) {
        rows.for_each(|(id, cells)| {
            self.ids.push(id);
            self.cells.push(cells);
        });
    }

    /// Lists one behind the other.
    pub(crate) fn joined(parts: Vec<RowList<'s>>, reader: TableReader<'s>) -> Self {
        let rows = parts.iter().map(RowList::len).sum();
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| RowList::new(reader));
        all.reserve(rows);
        parts.for_each(|part| all.append(part));
        all
    }

    /// Makes room for as many rows in all.
    fn reserve(&mut self, rows: usize) {
        self.ids.reserve(rows - self.ids.len());
        self.cells.reserve(rows - self.cells.len());
    }

    fn append(&mut self, mut other: RowList<'s>) {
        self.ids.append(&mut other.ids);
        self.cells.append(&mut other.cells);
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    #[inline]
    pub(crate) fn view(&self, position: usize) -> RowView<'s> {
        self.all().view(position)
    }

    /// A cell of the row at a position.
    pub(crate) fn value(&self, position: usize, ordinal: u32) -> ValueRef<'s> {
        self.reader.value(self.cells[position], ordinal)
    }

    /// Says that the row at a position is read next, and then those behind it.
    #[inline]
    pub(crate) fn look_ahead(&self, position: usize) {
        self.reader.look_ahead(&self.cells, position);
    }

    /// Each row as often as there is something under it.
    pub(crate) fn repeated(self, offsets: &[u32]) -> Self {
        let once = offsets.windows(2).all(|pair| pair[1] - pair[0] == 1);
        if once {
            return self;
        }
        let mut positions = Vec::with_capacity(self.len());
        for (position, pair) in (0_u32..).zip(offsets.windows(2)) {
            positions.extend((pair[0]..pair[1]).map(|_| position));
        }
        self.picked(&positions)
    }

    /// Puts the row at a position where another one stood.
    #[inline]
    fn move_to(&mut self, position: usize, from: usize) {
        self.ids[position] = self.ids[from];
        self.cells[position] = self.cells[from];
    }

    fn truncate(&mut self, rows: usize) {
        self.ids.truncate(rows);
        self.cells.truncate(rows);
    }

    fn retain(&mut self, keep: &[bool]) {
        retain_where(&mut self.ids, keep);
        retain_where(&mut self.cells, keep);
    }

    pub(crate) fn picked(&self, positions: &[u32]) -> Self {
        RowList {
            reader: self.reader,
            ids: positions.iter().map(|&it| self.ids[it as usize]).collect(),
            cells: positions
                .iter()
                .map(|&it| self.cells[it as usize])
                .collect(),
        }
    }
}

impl<'l, 's> RowSlice<'l, 's> {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    #[inline]
    pub(crate) fn view(&self, position: usize) -> RowView<'s> {
        self.reader.view(self.ids[position], self.cells[position])
    }

    pub(crate) fn part(&self, positions: Range<usize>) -> RowSlice<'l, 's> {
        RowSlice {
            reader: self.reader,
            ids: &self.ids[positions.clone()],
            cells: &self.cells[positions],
        }
    }
}

/// The most rows that one include may have under all of its parents. Rows multiply from include to include, and a few of
/// them lead around in a ring quickly; this is where that is refused, at some gigabytes.
pub(crate) const INCLUDED_ROWS_MAX: u32 = if cfg!(test) { 10_000 } else { 100_000_000 };

/// An offset after so many rows of an include.
///
/// # Errors
/// `Limit` where there are too many.
#[inline]
pub(crate) fn offset(rows: usize) -> Result<u32> {
    offset_within(rows, INCLUDED_ROWS_MAX)
}

/// The same of a part of an include that may have so many.
///
/// # Errors
/// `Limit` where there are too many.
#[inline]
pub(crate) fn offset_within(rows: usize, rows_max: u32) -> Result<u32> {
    match u32::try_from(rows) {
        Ok(offset) if offset <= rows_max => Ok(offset),
        _ => Err(too_many()),
    }
}

#[cold]
fn too_many() -> Error {
    let detail = format!("an include of more than {INCLUDED_ROWS_MAX} rows");
    RequestError::new(RequestKind::Limit(Limit::IncludedRows), "", detail).into()
}

fn retain_under_offsets(offsets: &mut [u32], keep: &[bool]) {
    let (mut start, mut kept) = (0, 0);
    for end in offsets.iter_mut().skip(1) {
        let range = start as usize..*end as usize;
        for &keep in &keep[range] {
            kept += u32::from(keep);
        }
        start = std::mem::replace(end, kept);
    }
}

fn retain_where<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    list.retain(|_| keep.next().is_some_and(|keep| *keep));
}
