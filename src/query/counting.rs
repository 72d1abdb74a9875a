//! How the number of rows of a request comes about, and whether it has any: obeyed by who counts, and told by who explains.

use crate::engine::AccessPath;
use crate::query::plan::{Access, Plan};

/// How rows of a root are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    /// The table has as many rows.
    OfTable,
    /// As many are found; none of them is read.
    Found,
    /// Each row is read and judged.
    Judged,
    /// Rows are read until one is left.
    First,
}

impl Plan {
    /// How the roots are counted, of a plan that only counts.
    pub(crate) fn counting(&self) -> Counting {
        let root = self.root();
        match &root.access {
            Access::Root(path) if self.nodes.len() == 1 && root.node.filter.is_none() => match path
            {
                AccessPath::Scan | AccessPath::KeyRange { .. } => Counting::OfTable,
                _ => Counting::Found,
            },
            _ => Counting::Judged,
        }
    }

    /// How it is known whether there is one. The first one settles it, where no filter can fail.
    pub(crate) fn asking(&self) -> Counting {
        match self.counting() {
            Counting::Judged if self.is_total => Counting::First,
            counting => counting,
        }
    }
}
