//! The rows of a recursive include: one level of the result, whatever the depth of the data.
//!
//! The rows stand in the order in which they were found: first those right below each row of the parent node, which are
//! what the offsets of the level are about; then, depth by depth, those below each row of the depth before. So the rows
//! below one row stand together, the rows below a row that stands earlier stand earlier, and one more list of offsets says
//! where those of each row begin. Nothing here nests, and a walk down is a walk on.
//!
//! Under each row of the parent node, a row of the table stands once as itself, where it was found first; wherever else it
//! was found there is a *reference* to it, with nothing below. So there are at most as many rows as the table has rows and
//! links between them (beyond BY-9).

use std::ops::Range;

/// What the level of a recursive include knows besides its rows.
#[derive(Clone, Debug)]
pub(crate) struct Recursed {
    /// One entry more than there are rows: the rows below row `i` are `below[i]..below[i + 1]`.
    below: Vec<u32>,
    references: Vec<bool>,
    /// How many rows, the first ones, were followed further; behind them stand those at the greatest depth asked for.
    followed: usize,
    /// How many depths have rows.
    depth: usize,
}

/// Makes one while its rows are found.
#[derive(Debug)]
pub(crate) struct Recursing {
    recursed: Recursed,
    /// The rows of the depth found last.
    last: Range<usize>,
}

impl Recursing {
    /// Nothing found yet.
    pub(crate) fn new() -> Self {
        Recursing {
            recursed: Recursed {
                below: Vec::new(),
                references: Vec::new(),
                followed: 0,
                depth: 0,
            },
            last: 0..0,
        }
    }

    /// One more depth: for each of its rows, whether it is a reference.
    pub(crate) fn push_depth(&mut self, references: Vec<bool>) {
        let start = self.recursed.references.len();
        self.recursed.references.extend(references);
        self.last = start..self.recursed.references.len();
        self.recursed.depth += usize::from(!self.last.is_empty());
    }

    /// The rows of the depth found last that are followed.
    pub(crate) fn followed(&self) -> impl Iterator<Item = u32> {
        let references = &self.recursed.references;
        let themselves = self.last.clone().filter(|&position| !references[position]);
        themselves.map(offset)
    }

    /// Says where the rows below those of the depth found last begin, by the offsets of those that are followed. They are
    /// the next depth.
    pub(crate) fn follow(&mut self, offsets: &[u32]) {
        let start = self.last.end;
        let mut at = 0;
        for position in self.last.clone() {
            self.recursed.below.push(offset(start) + offsets[at]);
            at += usize::from(!self.recursed.references[position]);
        }
    }

    pub(crate) fn depth(&self) -> usize {
        self.recursed.depth
    }

    /// Nothing more was found, or is asked for.
    pub(crate) fn end(mut self) -> Recursed {
        let rows = self.recursed.references.len();
        let more = self.followed().next().is_some();
        self.recursed.followed = if more { self.last.start } else { rows };
        self.recursed.below.resize(rows + 1, offset(rows));
        self.recursed
    }
}

/// Whoever finds the rows has made sure that there are not too many.
fn offset(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

impl Recursed {
    /// The rows right below a row.
    #[inline]
    pub(crate) fn range(&self, position: usize) -> Range<usize> {
        self.below[position] as usize..self.below[position + 1] as usize
    }

    #[inline]
    pub(crate) fn is_reference(&self, position: usize) -> bool {
        self.references[position]
    }

    /// For each row, whether it is no reference.
    pub(crate) fn stand_themselves(&self) -> Vec<bool> {
        self.references.iter().map(|it| !it).collect()
    }

    /// Whether what is below a row was looked for.
    #[inline]
    pub(crate) fn is_followed(&self, position: usize) -> bool {
        position < self.followed && !self.references[position]
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}
