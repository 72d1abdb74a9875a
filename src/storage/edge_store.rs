//! One foreign key's edges: which child rows stand under which parent row, and which have no parent.
//!
//! Edges are an index of the child's key columns. The other direction, from a child to its parent, is a link in the
//! child's own row. At the end of each statement every child with a complete key is either under the row that holds it
//! or in the *unmatched* map, which is empty while nothing deferred is pending.

use crate::storage::{OrderedIndex, Postings, RowId};
use crate::value::ValueRef;

/// The edges of one foreign key.
#[derive(Clone, Debug)]
pub(crate) struct EdgeStore {
    children: Postings,
    unmatched: OrderedIndex,
}

impl EdgeStore {
    /// No edges, for a key of so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        EdgeStore {
            children: Postings::new(),
            unmatched: OrderedIndex::new(&vec![false; columns]),
        }
    }

    /// The children under each parent.
    #[inline]
    pub(crate) fn children(&self) -> &Postings {
        &self.children
    }

    pub(crate) fn children_mut(&mut self) -> &mut Postings {
        &mut self.children
    }

    /// Key values without a parent, and the children that carry them.
    pub(crate) fn unmatched(&self) -> &OrderedIndex {
        &self.unmatched
    }

    pub(crate) fn add_unmatched<'k>(
        &mut self,
        key: impl Iterator<Item = ValueRef<'k>>,
        child: RowId,
    ) {
        self.unmatched.insert(key, child);
    }

    pub(crate) fn remove_unmatched<'k>(
        &mut self,
        key: impl Iterator<Item = ValueRef<'k>>,
        child: RowId,
    ) {
        self.unmatched.remove(key, child);
    }
}
