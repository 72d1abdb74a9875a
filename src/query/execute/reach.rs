//! Tests and sorts the rows of a node by what stands below them.
//!
//! Set at a time, as everything here: what a term or a key reads is read under all rows of the node at once. What a
//! condition leaves of joined rows is what is shown of them where they are included (associations EL-25, beyond BY-19);
//! and a row comes where the first of its joined rows would (associations EL-33).

use std::cmp::Ordering;

use crate::error::Result;
use crate::expr::Bound;
use crate::query::execute::aggregate::Answer;
use crate::query::execute::arrange::KeyOrder;
use crate::query::execute::lines::{Lines, Sight, cell};
use crate::query::execute::watch::Watch;
use crate::query::execute::{Execution, first_difference};
use crate::query::level::Level;
use crate::query::node::OrderKey;
use crate::query::plan::{Join, ReachingOrder};
use crate::query::reach::{At, Origin};
use crate::query::shape::Side;
use crate::value::{Value, ValueRef};

impl<'s, W: Watch> Execution<'_, 's, W> {
    /// Leaves the rows of a node for which a term is true that reads no joined rows.
    pub(super) fn ask(&mut self, node: usize, term: &Bound) -> Result<()> {
        let answers = self.answers(node, [term.columns()])?;
        let keep = self.levels[node].len();
        let keep = (0..keep).map(|position| self.holds(node, term, &answers, position, None));
        let keep: Vec<bool> = keep.collect::<Result<_>>()?;
        self.retain(node, &keep);
        Ok(())
    }

    /// Leaves the rows of a node, and of those joined with it, that are in a line for which the terms are true.
    pub(super) fn join(&mut self, node: usize, join: &Join) -> Result<()> {
        for &below in &join.nodes {
            self.read_joined(below)?;
        }
        let asking = join.terms.iter().map(|(term, _)| term.columns());
        let answers = self.answers(node, asking)?;
        let mut joined = Lines::of(node, self.levels[node].len());
        for (&below, nodes) in join.nodes.iter().zip(1..) {
            self.add(&mut joined, node, below)?;
            for (term, _) in join.terms.iter().filter(|(_, ready)| *ready == nodes) {
                let lines = 0..joined.len();
                let keep = lines.map(|line| {
                    let position = joined.position(node, line).unwrap_or(0);
                    self.holds(node, term, &answers, position, Some((&joined, line)))
                });
                let keep: Vec<bool> = keep.collect::<Result<_>>()?;
                joined.retain(&keep);
            }
        }
        // From below, so that no position has moved when it is looked at.
        for &joint in join.nodes.iter().rev().chain([&node]) {
            let seen = joined.seen(joint, self.levels[joint].len());
            self.retain(joint, &seen);
        }
        Ok(())
    }

    /// Puts the rows under each parent in order.
    pub(super) fn sort(
        &mut self,
        node: usize,
        order: &ReachingOrder,
        keys: &[OrderKey],
    ) -> Result<()> {
        let worked = self.worked_keys(node, keys)?;
        let values = self.key_values(node, order, keys, &worked)?;
        let level = &self.levels[node];
        let row_key = KeyOrder::of(level.rows.reader, self.snapshot);
        let junction = level.junction.as_ref();
        let junction = junction.map(|rows| (rows, KeyOrder::of(rows.reader, self.snapshot)));
        let values_of = |row: usize| &values[row * keys.len()..(row + 1) * keys.len()];
        let compare = |a: &u32, b: &u32| {
            let (a, b) = (*a as usize, *b as usize);
            compare_by(keys, values_of(a), values_of(b))
                .then_with(|| row_key.compare(&level.rows, a, b))
                .then_with(|| match &junction {
                    Some((rows, key)) => key.compare(rows, a, b),
                    None => Ordering::Equal,
                })
        };
        let mut positions: Vec<u32> = (0..).take(level.len()).collect();
        for range in level.ranges() {
            positions[range].sort_unstable_by(compare);
        }
        self.permute(node, &positions);
        Ok(())
    }

    /// Of the rows of a node, the values of the keys that are worked out, row after row.
    pub(super) fn worked_keys(&mut self, node: usize, keys: &[OrderKey]) -> Result<Vec<Value>> {
        let worked = keys.iter().filter(|key| key.at == At::Worked);
        self.work_out(node, worked.map(|key| key.ordinal as usize))
    }

    /// Of the rows of a node, what keys compare, row after row.
    pub(super) fn key_values<'v>(
        &mut self,
        node: usize,
        order: &ReachingOrder,
        keys: &[OrderKey],
        worked: &'v [Value],
    ) -> Result<Vec<ValueRef<'v>>>
    where
        's: 'v,
    {
        let mut values = vec![ValueRef::Null; self.levels[node].len() * keys.len()];
        self.fill_own(node, keys, &mut values);
        let places = keys.iter().zip(0..).filter(|(key, _)| key.at == At::Worked);
        let places: Vec<usize> = places.map(|(_, place)| place).collect();
        if !places.is_empty() {
            for (row, worked) in worked.chunks_exact(places.len()).enumerate() {
                for (place, value) in places.iter().zip(worked) {
                    values[row * keys.len() + place] = value.as_ref();
                }
            }
        }
        for branch in &order.branches {
            self.fill_first(node, branch, keys, &mut values)?;
        }
        Ok(values)
    }

    /// Reads what is joined, if it is not read yet. What is there for that alone is not cut by anybody else.
    pub(super) fn read_joined(&mut self, node: usize) -> Result<()> {
        if !self.levels[node].is_read() {
            self.read_required(node)?;
            if self.origin(node) != Origin::Request {
                self.cut(node);
            }
        }
        Ok(())
    }

    /// Joins the rows of a node below another with what is joined so far.
    pub(super) fn add(&self, joined: &mut Lines, top: usize, node: usize) -> Result<()> {
        let include = self.plan.nodes[node].node.include.as_ref();
        let (parent, single) = include.map_or((top, true), |include| {
            (include.parent, include.association.is_single())
        });
        joined.join(node, parent, &self.levels[node], single)
    }

    fn holds(
        &self,
        node: usize,
        term: &Bound,
        answers: &[Answer],
        position: usize,
        line: Option<(&Lines, usize)>,
    ) -> Result<bool> {
        let sight = Sight {
            levels: &self.levels,
            node,
            reach: &self.plan.nodes[node].node.reach,
            answers,
            position,
            line,
        };
        let answer = term.matches_with(&sight, self.given);
        answer.map_err(|failed| term.error(failed))
    }

    /// The values of the keys that stand in the rows themselves.
    fn fill_own<'v>(&self, node: usize, keys: &[OrderKey], values: &mut [ValueRef<'v>])
    where
        's: 'v,
    {
        for (place, key) in keys.iter().enumerate() {
            let side = match key.at {
                At::Row => Side::Target,
                At::Junction => Side::Junction,
                At::Below { .. } | At::Worked => continue,
            };
            for row in 0..self.levels[node].len() {
                let value = cell(&self.levels, (node, side), row, key.ordinal);
                values[row * keys.len() + place] = value;
            }
        }
    }

    /// The values of the keys that stand in a branch, of the joined rows that come first.
    fn fill_first<'v>(
        &mut self,
        node: usize,
        branch: &[usize],
        keys: &[OrderKey],
        values: &mut [ValueRef<'v>],
    ) -> Result<()>
    where
        's: 'v,
    {
        let below = |key: &OrderKey| match key.at {
            At::Below { node, side } if branch.contains(&node) => Some((node, side)),
            At::Below { .. } | At::Row | At::Junction | At::Worked => None,
        };
        let (places, keys_below): (Vec<usize>, Vec<OrderKey>) = keys
            .iter()
            .enumerate()
            .filter(|(_, key)| below(key).is_some())
            .map(|(place, key)| (place, *key))
            .unzip();
        if places.is_empty() {
            return Ok(());
        }
        for &joint in branch {
            self.read_joined(joint)?;
        }
        let mut joined = Lines::of(node, self.levels[node].len());
        for &joint in branch {
            self.add(&mut joined, node, joint)?;
        }
        let value = |key: &OrderKey, line: usize| {
            let found = below(key).and_then(|(node, side)| {
                let position = joined.position(node, line)?;
                Some(cell(&self.levels, (node, side), position, key.ordinal))
            });
            found.unwrap_or(ValueRef::Null)
        };
        let mut last = None;
        for line in 0..joined.len() {
            let row = joined.position(node, line);
            let found: Vec<ValueRef<'s>> = keys_below.iter().map(|key| value(key, line)).collect();
            let Some(row) = row else { continue };
            let base = row * keys.len();
            let best: Vec<ValueRef<'v>> = places.iter().map(|it| values[base + it]).collect();
            let is_first = last != Some(row);
            if is_first || compare_by(&keys_below, &found, &best).is_lt() {
                for (place, value) in places.iter().zip(found) {
                    values[base + place] = value;
                }
            }
            last = Some(row);
        }
        Ok(())
    }

    /// Puts rows of a node where `positions` says, with all that is below them.
    fn permute(&mut self, node: usize, positions: &[u32]) {
        if positions.is_sorted() {
            return;
        }
        self.levels[node].permute(positions);
        for &child in &self.plan.nodes[node].node.children {
            if self.levels[child].is_read() {
                let below = self.levels[child].permute_parents(positions);
                self.permute(child, &below);
            }
        }
    }

    /// Forgets a node that nobody looks at any more, and what is below it.
    pub(super) fn let_go(&mut self, node: usize) {
        self.levels[node] = Level::unread(self.levels[node].rows.reader);
        for &child in &self.plan.nodes[node].node.children {
            self.let_go(child);
        }
    }

    pub(super) fn origin(&self, node: usize) -> Origin {
        let include = self.plan.nodes[node].node.include.as_ref();
        include.map_or(Origin::Request, |include| include.origin)
    }
}

fn compare_by(keys: &[OrderKey], a: &[ValueRef<'_>], b: &[ValueRef<'_>]) -> Ordering {
    let orders = keys.iter().zip(a.iter().zip(b));
    first_difference(orders.map(|(key, (a, b))| key.compare(*a, *b)))
}
