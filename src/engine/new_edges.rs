//! Edges of new rows that are put in place together, in the order of the parents.
//!
//! That passes each leaf of the parents' lists once, where rows that come in any order find most leaves out of the cache
//! and let each grow many times. The statement that inserts the rows keeps the edges until its end; nothing reads edges
//! before, since it does nothing but insert. If it fails they are forgotten: taking a row out takes out what edges it has.
//!
//! Until its edge is in place a row's link may name a slot of a dense table that holds no row: only then is each parent
//! looked up, once for all its children.

use crate::storage::{Edge, clear_and_give_back};

/// What a statement that writes new rows does to those that may be their parents, and when it puts them there.
#[derive(Debug)]
pub(crate) enum Parents<'e> {
    /// They may change yet: every complete key is queued.
    MayChange,
    /// They stay: a parent that is there gets its child at once, every other complete key is queued.
    Stay,
    /// They stay, and many rows come: their edges are collected, but those of pairs, whose lists say which keys are taken.
    StayForMany(&'e mut NewEdges),
}

/// Edges of new rows of one table.
#[derive(Debug, Default)]
pub(crate) struct NewEdges {
    /// By position of the key in the table.
    by_link: Vec<Vec<Edge>>,
    len: usize,
}

impl NewEdges {
    /// So many are put in place without waiting for more: they take a few bytes beside the rows.
    pub(crate) const MAX: usize = if cfg!(relata_tiny) { 5 } else { 1 << 20 };

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Keeps an edge of the key at this position.
    pub(crate) fn push(&mut self, link: u32, edge: Edge) {
        let link = link as usize;
        if self.by_link.len() <= link {
            self.by_link.resize_with(link + 1, Vec::new);
        }
        self.by_link[link].push(edge);
        self.len += 1;
    }

    /// The edges of each key.
    pub(crate) fn by_link(&mut self) -> &mut [Vec<Edge>] {
        &mut self.by_link
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.by_link.iter_mut().for_each(clear_and_give_back);
    }
}
