//! Obeys a plan, level by level.
//!
//! 1. The root's rows are found, tested and ordered.
//! 2. The required includes are read, and with each of them the rows of its parent node that have nothing there are
//!    taken out; so on down, before anything is cut. That is the semi-join (beyond BY-7), and what decides about a parent
//!    is the filter alone (BY-3). What a required include found stays: it is read once.
//! 3. Then a node is cut, and last the optional includes are read, and counted what is only counted, under the rows that
//!    are left.
//!
//! Taking rows out of a node takes out what is already below them. The recursion is as deep as the includes of the
//! request, which are limited. Everything is allocated per level.

mod access;
mod arrange;
mod walk;

use std::cmp::Ordering;

use crate::engine::Snapshot;
use crate::error::Result;
use crate::expr::Bound;
use crate::query::execute::walk::Walker;
use crate::query::level::{Level, RowList};
use crate::query::plan::{Access, Keep, Plan};
use crate::query::resolve::JunctionNode;
use crate::value::Value;

/// One level per node.
pub(crate) fn run<'s>(
    plan: &Plan,
    given: &[Value],
    snapshot: &'s Snapshot,
) -> Result<Vec<Level<'s>>> {
    let mut execution = Execution::new(plan, given, snapshot);
    execution.read_all()?;
    Ok(execution.levels)
}

/// As [`run`], of a plan whose root rows are given.
pub(crate) fn run_given<'s>(
    plan: &Plan,
    given: &[Value],
    root_rows: Level<'s>,
    snapshot: &'s Snapshot,
) -> Result<Vec<Level<'s>>> {
    let mut execution = Execution::new(plan, given, snapshot);
    execution.root_rows = Some(root_rows);
    execution.read_all()?;
    Ok(execution.levels)
}

/// How many rows the root has, of a plan that only counts.
pub(crate) fn count(plan: &Plan, given: &[Value], snapshot: &Snapshot) -> Result<usize> {
    let root = plan.root();
    if plan.nodes.len() > 1 {
        return Ok(run(plan, given, snapshot)?.first().map_or(0, Level::len));
    }
    match &root.access {
        Access::Root(path) => access::count(path, &root.node, given, snapshot),
        Access::Given | Access::Direct { .. } | Access::Through { .. } => Ok(0),
    }
}

struct Execution<'p, 's> {
    plan: &'p Plan,
    /// The values of the parameters.
    given: &'p [Value],
    snapshot: &'s Snapshot,
    /// By node.
    levels: Vec<Level<'s>>,
    /// The rows of the root, where the plan says that they are given.
    root_rows: Option<Level<'s>>,
}

impl<'p, 's> Execution<'p, 's> {
    fn new(plan: &'p Plan, given: &'p [Value], snapshot: &'s Snapshot) -> Self {
        let nodes = plan.nodes.iter();
        let levels = nodes.map(|it| Level::unread(snapshot.reader(it.node.table)));
        Execution {
            plan,
            given,
            snapshot,
            levels: levels.collect(),
            root_rows: None,
        }
    }

    fn read_all(&mut self) -> Result<()> {
        self.read_required(0)?;
        self.cut(0);
        for node in 1..self.plan.nodes.len() {
            if !self.levels[node].is_read() {
                self.read_required(node)?;
                self.cut(node);
                if self.plan.nodes[node].keep != Keep::Rows {
                    self.levels[node].keep_offsets();
                }
            }
        }
        Ok(())
    }

    /// Reads a node and its required includes, and leaves only rows that have something in each of those; of the includes
    /// of one owner, in one of them.
    fn read_required(&mut self, node: usize) -> Result<()> {
        self.levels[node] = self.read(node)?;
        let plan = self.plan;
        for group in plan.by_owner(&plan.nodes[node].node.children) {
            if !plan.nodes[group[0]].is_required() {
                continue;
            }
            let mut matched = vec![false; self.levels[node].len()];
            for &child in group {
                self.read_required(child)?;
                for (matched, range) in matched.iter_mut().zip(self.levels[child].ranges()) {
                    *matched |= !range.is_empty();
                }
                self.cut(child);
            }
            self.retain(node, &matched);
        }
        Ok(())
    }

    /// The rows of a node under the rows of its parent node, tested and ordered.
    fn read(&mut self, node: usize) -> Result<Level<'s>> {
        let planned = &self.plan.nodes[node];
        let (table, snapshot) = (planned.node.table, self.snapshot);
        let parents = |parent: &usize| &self.levels[*parent].rows;
        let walker = Walker {
            table,
            given: self.given,
            snapshot,
        };
        let mut level = match &planned.access {
            Access::Root(path) => access::read(path, &planned.node, self.given, snapshot)?,
            Access::Given => {
                let rows = self.root_rows.take();
                let rows = rows.expect("whoever runs such a plan gives the rows of its root");
                through_junction(rows, planned.node.junction.as_ref(), self.given)?
            }
            Access::Direct { parent, walk } => match planned.keep {
                Keep::Rows | Keep::Passing => walker.direct(walk, parents(parent))?,
                Keep::Number => return walker.number_direct(walk, parents(parent)),
            },
            Access::Through { parent, through } => match planned.keep {
                Keep::Rows | Keep::Passing => walker.through(through, parents(parent))?,
                Keep::Number => return walker.number_through(through, parents(parent)),
            },
        };
        // The rows of a root are tested as they are read.
        if !matches!(planned.access, Access::Root(_))
            && let Some(filter) = &planned.node.filter
        {
            let keep = tested(&level.rows, filter, self.given)?;
            level.retain_rows(&keep);
        }
        arrange::arrange(&mut level, planned, self.snapshot);
        Ok(level)
    }

    /// Leaves the rows that offset and limit leave under each parent.
    fn cut(&mut self, node: usize) {
        let cut = self.plan.nodes[node].cut;
        let level = &self.levels[node];
        if level.ranges().all(|range| cut.is_idle_for(range.len())) {
            return;
        }
        let mut keep = Vec::with_capacity(level.len());
        for range in level.ranges() {
            keep.extend((0..range.len()).map(|position| cut.keeps(position)));
        }
        self.retain(node, &keep);
    }

    /// Takes rows out of a node, with all that is below them.
    fn retain(&mut self, node: usize, keep: &[bool]) {
        if keep.iter().all(|keep| *keep) {
            return;
        }
        for &child in &self.plan.nodes[node].node.children {
            if self.levels[child].is_read() {
                let keep_below = self.levels[child].spread(keep);
                self.retain(child, &keep_below);
                self.levels[child].retain_parents(keep);
            }
        }
        self.levels[node].retain_rows(keep);
    }
}

/// Leaves the given rows whose junction rows pass the filter on those; without them where they are not asked for.
fn through_junction<'s>(
    mut rows: Level<'s>,
    junction: Option<&JunctionNode>,
    given: &[Value],
) -> Result<Level<'s>> {
    let Some(junction) = junction else {
        return Ok(rows);
    };
    if let (Some(filter), Some(list)) = (&junction.filter, &rows.junction) {
        let keep = tested(list, filter, given)?;
        rows.retain_rows(&keep);
    }
    if junction.attributes.ordinals.is_empty() {
        rows.junction = None;
    }
    Ok(rows)
}

/// For each row, whether the filter is true.
fn tested(rows: &RowList<'_>, filter: &Bound, given: &[Value]) -> Result<Vec<bool>> {
    (0..rows.len())
        .map(|position| {
            rows.look_ahead(position);
            let answer = filter.matches_with(&rows.view(position), given);
            answer.map_err(|failed| filter.error(failed))
        })
        .collect()
}

/// The first of several comparisons that is none of equals.
fn first_difference(orders: impl Iterator<Item = Ordering>) -> Ordering {
    let mut orders = orders.filter(|order| order.is_ne());
    orders.next().unwrap_or(Ordering::Equal)
}
