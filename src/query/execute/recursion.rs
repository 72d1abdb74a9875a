//! Follows a recursive include, depth by depth, until a depth has nothing new.
//!
//! Each depth is read as the include itself would be, below the rows of the depth before: filter, required includes,
//! order and cut hold under each of those. What is asked is only whether a row was met under this row of the parent node
//! before; the row of the parent node counts as met.
//!
//! Where each row is below one row alone, as children are, only the row at which they begin can be met again, and that is
//! a comparison. Elsewhere it is one look-up for each row found. So the whole costs O(rows + links) under each row of the
//! parent node, and takes as little of the stack for a hundred thousand depths as for one.

use std::collections::HashSet;

use crate::engine::RowId;
use crate::error::Result;
use crate::query::execute::Execution;
use crate::query::execute::watch::Watch;
use crate::query::level::{self, Level};
use crate::query::recursed::Recursing;

/// What was met under each row of the parent node, its source here.
enum Met {
    /// The sources themselves are all that can be met again.
    Sources(Vec<RowId>),
    /// Sources by position, each with each row met. Nothing is ever read from it in an order.
    Pairs(HashSet<(u32, RowId), ahash::RandomState>),
}

impl<'s, W: Watch> Execution<'_, 's, W> {
    /// Follows the rows of a node that is recursive and part of the result. Nothing above it changes any more.
    pub(super) fn follow(&mut self, node: usize) -> Result<()> {
        let include = self.plan.nodes[node].node.include.as_ref();
        let Some((include, recursion)) = include
            .filter(|include| !include.hidden)
            .and_then(|include| Some((include, include.recursion?)))
        else {
            return Ok(());
        };
        // Required includes were read for the rows of the first depth, and are read again for all.
        self.forget_below(node);
        let mut all = self.take(node);
        let mut met = self.met(node, include.parent);
        let mut sources: Vec<u32> = (0..)
            .zip(all.ranges())
            .flat_map(|(source, range)| range.map(move |_| source))
            .collect();
        let mut recursing = Recursing::new();
        recursing.push_depth(met.again(&sources, &all.rows.ids));
        while recursion
            .depth_max
            .is_none_or(|max| recursing.depth() < max)
        {
            let followed: Vec<u32> = recursing.followed().collect();
            if followed.is_empty() {
                break;
            }
            let level = self.read_depth(node, &all, &followed)?;
            recursing.follow(&level.offsets);
            let start = sources.len();
            for (&position, range) in followed.iter().zip(level.ranges()) {
                let source = sources[position as usize];
                sources.extend(range.map(|_| source));
            }
            level::offset(sources.len())?;
            recursing.push_depth(met.again(&sources[start..], &level.rows.ids));
            all.append(level);
        }
        all.recursed = Some(Box::new(recursing.end()));
        self.levels[node] = all;
        Ok(())
    }

    /// The rows below some of the rows found before: those that pass what is asked of them, ordered and cut.
    fn read_depth(&mut self, node: usize, all: &Level<'s>, followed: &[u32]) -> Result<Level<'s>> {
        let parents = all.rows.picked(followed);
        self.levels[node] = self.read_below(node, Some(&parents), usize::MAX)?;
        self.leave_required(node)?;
        self.finish(node)?;
        self.forget_below(node);
        Ok(self.take(node))
    }

    fn met(&self, node: usize, parent: usize) -> Met {
        let sources = self.levels[parent].rows.ids.iter().copied();
        match self.plan.nodes[node].access.leads_from_one_row() {
            true => Met::Sources(sources.collect()),
            false => Met::Pairs((0..).zip(sources).collect()),
        }
    }

    fn take(&mut self, node: usize) -> Level<'s> {
        let unread = Level::unread(self.levels[node].rows.reader);
        std::mem::replace(&mut self.levels[node], unread)
    }

    /// Lets go of what was read below a node.
    fn forget_below(&mut self, node: usize) {
        for &child in &self.plan.nodes[node].node.children {
            self.let_go(child);
        }
    }
}

impl Met {
    /// For rows found under their sources, whether they were met there before.
    fn again(&mut self, sources: &[u32], ids: &[RowId]) -> Vec<bool> {
        let found = sources.iter().copied().zip(ids.iter().copied());
        match self {
            Met::Sources(begin) => found
                .map(|(source, id)| begin[source as usize] == id)
                .collect(),
            Met::Pairs(met) => found.map(|it| !met.insert(it)).collect(),
        }
    }
}
