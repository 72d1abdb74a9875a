//! Rows of a node together with rows of nodes below it, as a join has them: flat, in positions.
//!
//! Each line is one row of the node with one row of each joined node, or none where there is none (a left join). The lines
//! of a row stand next to each other, in its order. This is the only place where rows of siblings multiply, and only those
//! about which one condition or one branch of an order speaks.

use crate::error::Result;
use crate::expr::Cells;
use crate::query::execute::aggregate::Answer;
use crate::query::level::{self, Level};
use crate::query::reach::{At, Reach, Slot};
use crate::query::shape::Side;
use crate::value::ValueRef;

/// The position of no row.
const NONE: u32 = u32::MAX;

pub(super) struct Lines {
    /// The node itself first.
    nodes: Vec<usize>,
    /// By node: which row of it, line by line.
    positions: Vec<Vec<u32>>,
}

impl Lines {
    /// The rows of a node alone.
    pub(super) fn of(node: usize, rows: usize) -> Self {
        Lines {
            nodes: vec![node],
            positions: vec![(0..).take(rows).collect()],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.positions[0].len()
    }

    /// Joins the rows of one more node, below one that is there; of an association to one, the first of them.
    ///
    /// # Errors
    /// `Limit` for too many lines.
    pub(super) fn join(
        &mut self,
        node: usize,
        parent: usize,
        level: &Level<'_>,
        single: bool,
    ) -> Result<()> {
        let mut lines: Vec<u32> = Vec::with_capacity(self.len());
        let mut positions = Vec::with_capacity(self.len());
        for line in (0..).take(self.len()) {
            let (start, end) = match self.position(parent, line as usize) {
                Some(parent) => (level.offsets[parent], level.offsets[parent + 1]),
                None => (0, 0),
            };
            let count = match single {
                true => (end - start).min(1) as usize,
                false => (end - start) as usize,
            };
            positions.extend((start..).take(count));
            if count == 0 {
                positions.push(NONE);
            }
            lines.extend(std::iter::repeat_n(line, count.max(1)));
            level::offset(lines.len())?;
        }
        for column in &mut self.positions {
            *column = lines.iter().map(|&line| column[line as usize]).collect();
        }
        self.nodes.push(node);
        self.positions.push(positions);
        Ok(())
    }

    /// Takes lines out.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        for column in &mut self.positions {
            let mut keep = keep.iter();
            column.retain(|_| keep.next().is_some_and(|keep| *keep));
        }
    }

    /// The row of a node in a line, if there is one.
    #[inline]
    pub(super) fn position(&self, node: usize, line: usize) -> Option<usize> {
        let column = self.nodes.iter().position(|it| *it == node)?;
        let position = self.positions[column][line];
        (position != NONE).then_some(position as usize)
    }

    /// Which of the rows of a node are in a line.
    pub(super) fn seen(&self, node: usize, rows: usize) -> Vec<bool> {
        let mut seen = vec![false; rows];
        for line in 0..self.len() {
            if let Some(position) = self.position(node, line) {
                seen[position] = true;
            }
        }
        seen
    }
}

/// A row as an expression sees it that reads more than the row.
pub(super) struct Sight<'e, 's> {
    pub(super) levels: &'e [Level<'s>],
    pub(super) node: usize,
    pub(super) reach: &'e Reach,
    /// By slot, for each row of the node.
    pub(super) answers: &'e [Answer],
    pub(super) position: usize,
    pub(super) line: Option<(&'e Lines, usize)>,
}

impl Cells for Sight<'_, '_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        let Some(slot) = ordinal.checked_sub(self.reach.base) else {
            let row = (self.node, Side::Target);
            return cell(self.levels, row, self.position, ordinal);
        };
        match &self.reach.slots[slot as usize] {
            Slot::Number { .. } | Slot::Aggregate { .. } => {
                self.answers[slot as usize].of(self.position)
            }
            Slot::Cell(at, ordinal) => {
                let place = match at {
                    At::Row | At::Worked => Some((self.node, Side::Target, self.position)),
                    At::Junction => Some((self.node, Side::Junction, self.position)),
                    At::Below { node, side } => self
                        .line
                        .and_then(|(joined, line)| joined.position(*node, line))
                        .map(|position| (*node, *side, position)),
                };
                place.map_or(ValueRef::Null, |(node, side, position)| {
                    cell(self.levels, (node, side), position, *ordinal)
                })
            }
        }
    }
}

/// A cell of a row of a node, or of the junction row that led to it.
#[inline]
pub(super) fn cell<'s>(
    levels: &[Level<'s>],
    (node, side): (usize, Side),
    position: usize,
    ordinal: u32,
) -> ValueRef<'s> {
    let level = &levels[node];
    let rows = match (side, &level.junction) {
        (Side::Target, _) => &level.rows,
        (Side::Junction, Some(junction)) => junction,
        // Whoever reads junction rows said so, and they were read.
        (Side::Junction, None) => return ValueRef::Null,
    };
    rows.reader.value(rows.cells[position], ordinal)
}
