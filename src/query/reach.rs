//! What filters, orders and computed attributes read besides the row that they are about: associated rows.
//!
//! Each of it becomes a node that no include asked for, below the node of whoever reads it, by `resolve`:
//!
//! 1. A question ([`related`](crate::expr::related)) becomes nodes of its own, the last of which is only counted, or read for
//!    aggregates. Aggregates of the same rows share their nodes.
//! 2. A column over a path (`company.name`) becomes nodes that are *joined*: one for each path, whatever the number of
//!    columns, so that all columns over one path are of the same row (associations EL-25). If the path is included, the
//!    node of the include is joined instead, filtered as it is: what a filter leaves of it is what is shown (beyond BY-19).
//! 3. Behind the name of a junction's model stand the columns of the junction rows that lead to a node
//!    (associations EL-34).
//!
//! An expression sees the answers as cells behind those of its row: the [`Slot`]s of the node.

use std::sync::Arc;

use crate::expr::{Bound, BoundValue, Expr};
use crate::query::Order;
use crate::query::aggregate::Fold;
use crate::query::shape::Side;

/// What the expressions of a node read besides its own columns.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// The terms of the filter that do; all have to be true, beside the node's filter.
    pub(crate) terms: Vec<Bound>,
    /// What the ordinals behind those of the node's columns mean, the first of which is `base`.
    pub(crate) slots: Vec<Slot>,
    pub(crate) base: u32,
}

impl Reach {
    /// Nothing yet, of rows with so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        Reach {
            terms: Vec::new(),
            slots: Vec::new(),
            base: u32::try_from(columns).expect("a table has few columns"),
        }
    }

    /// What an expression that reads these ordinals reads besides the columns of its row, with its position.
    pub(crate) fn slots_of<'r>(
        &'r self,
        ordinals: &'r [u32],
    ) -> impl Iterator<Item = (usize, &'r Slot)> {
        let slots = ordinals.iter().filter_map(|it| it.checked_sub(self.base));
        slots.map(|slot| (slot as usize, &self.slots[slot as usize]))
    }
}

/// A value worked out of a row, and of rows that associations to one lead to from there.
#[derive(Clone, Debug)]
pub(crate) struct Worked {
    pub(crate) value: BoundValue,
    /// The nodes of those, with what is on the way there, ascending.
    pub(crate) joined: Vec<usize>,
}

/// Nodes whose last one is read for aggregates.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The node below which they begin.
    pub(crate) node: usize,
    pub(crate) path: Arc<str>,
    pub(crate) filter: Option<Expr>,
    pub(crate) way: Vec<usize>,
}

/// What a cell behind those of a row is.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// The number of rows at the end of these nodes, each below the one before.
    Number {
        way: Vec<usize>,
        /// Whether an association to one leads to one row at most at the end, too: not where several numbers are compared.
        cut: bool,
    },
    /// An aggregate of the rows at the end of these nodes.
    Aggregate { way: Vec<usize>, fold: Fold },
    /// A column of another row; null where there is none.
    Cell(At, u32),
}

/// Where a column is, seen from a row of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// In the row.
    Row,
    /// In the junction row that led to it.
    Junction,
    /// In a row of a node below it, or in the junction row that led there.
    Below { node: usize, side: Side },
    /// Among the values that are worked out of it.
    Worked,
}

impl At {
    /// The node below.
    pub(crate) fn node(self) -> Option<usize> {
        match self {
            At::Below { node, .. } => Some(node),
            At::Row | At::Junction | At::Worked => None,
        }
    }

    /// Writes another number for the node below.
    pub(crate) fn renumber(&mut self, place: impl Fn(usize) -> usize) {
        if let At::Below { node, .. } = self {
            *node = place(*node);
        }
    }
}

/// Why a node is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The request or a scope includes or counts it.
    Request,
    /// A column over a path is read in it.
    Joined,
    /// A question is about it, and nothing else.
    Asked,
}

/// What a node filters by, works out and orders by, whose names are still to be resolved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) terms: Vec<Expr>,
    pub(crate) worked: Vec<Expr>,
    pub(crate) order: Vec<Order>,
}
