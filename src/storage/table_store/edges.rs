//! A table's edges: which of its rows stand under which row of a parent table.
//!
//! For each foreign key the link in a row names the row's parent, and the parent's list names the row. Both are an index
//! of the key's columns, kept by the engine: storage does not know whose rows the parents are, nor whether they are live.

use crate::storage::table_store::TableStore;
use crate::storage::{Edge, Postings, RowId, at_once};

impl TableStore {
    /// The rows under each parent, for one of the table's links.
    #[inline]
    pub(crate) fn children(&self, link: u32) -> &Postings {
        &self.children[link as usize]
    }

    /// Puts a row without a parent under one.
    pub(crate) fn link(&mut self, row: RowId, link: u32, parent: RowId) {
        if self.has_pairs(link) {
            self.move_pair(row, link, Some(parent));
        } else {
            self.rows.set_link(row, link, Some(parent));
            self.children[link as usize].insert(parent, row);
        }
    }

    /// Takes a row from under its parent.
    pub(crate) fn unlink(&mut self, row: RowId, link: u32) {
        if self.has_pairs(link) {
            self.move_pair(row, link, None);
        } else if let Some(parent) = self.parent(row, link) {
            self.rows.set_link(row, link, None);
            self.children[link as usize].remove(parent, row);
        }
    }

    /// Takes the link out of a row, which may stay in the list of its parent until that is swept, or has yet to come into it.
    pub(crate) fn clear_link(&mut self, row: RowId, link: u32) {
        if self.has_pairs(link) {
            self.move_pair(row, link, None);
        } else {
            self.rows.set_link(row, link, None);
        }
    }

    /// Puts rows that have these links into the lists of their parents. The edges are sorted.
    pub(crate) fn list_all(&mut self, link: u32, edges: &[Edge]) {
        self.children[link as usize].insert_sorted(edges);
    }

    /// Empties the list of a parent.
    pub(crate) fn clear_children(&mut self, link: u32, parent: RowId) {
        self.children[link as usize].clear(parent);
    }

    /// Takes the rows from a parent's list whose link names it no more.
    pub(crate) fn sweep_children(&mut self, link: u32, parent: RowId) {
        // Pairs left the list when they lost their link.
        if self.has_pairs(link) {
            return;
        }
        let listed: Vec<RowId> = self.children(link).children(parent).collect();
        self.clear_children(link, parent);
        for (position, &row) in listed.iter().enumerate() {
            let ahead = at_once(&listed, position).iter();
            ahead.for_each(|&row| self.rows.prefetch(row));
            if self.parent(row, link) == Some(parent) {
                self.children[link as usize].insert(parent, row);
            }
        }
    }

    /// Puts a row into the lists of the parents that its links name, but for pairs.
    pub(super) fn list(&mut self, row: RowId) {
        for link in 0..self.link_count() {
            if !self.has_pairs(link)
                && let Some(parent) = self.parent(row, link)
            {
                self.children[link as usize].insert(parent, row);
            }
        }
    }

    /// Takes a row out of the lists of the parents that its links name, but for one link. The links stay in the row.
    pub(super) fn unlist(&mut self, row: RowId, except: Option<u32>) {
        for link in 0..self.link_count() {
            if except != Some(link)
                && let Some(parent) = self.parent(row, link)
            {
                match self.has_pairs(link) {
                    true => self.unlist_pair(row, parent),
                    false => {
                        self.children[link as usize].remove(parent, row);
                    }
                }
            }
        }
    }

    pub(super) fn parent(&self, row: RowId, link: u32) -> Option<RowId> {
        self.rows.get(row)?.link(self.layout(), link)
    }

    fn link_count(&self) -> u32 {
        u32::try_from(self.children.len()).expect("a row has no more links than its layout allows")
    }
}
