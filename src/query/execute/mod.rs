//! Obeys a plan, level by level.
//!
//! 1. The root's rows are found, tested and ordered. Where the plan says when to stop, they are read in batches, each of
//!    which goes through the next two steps, until so many are left.
//! 2. What its filter asks of rows below it is counted, and rows are taken out for which the answer is no.
//! 3. The required includes are read, and with each of them the rows of its parent node that have nothing there are
//!    taken out; so on down, before anything is cut. That is the semi-join (beyond BY-7), and what decides about a parent
//!    is the filter alone (BY-3). What a required include found stays: it is read once.
//! 4. Where the filter or the order reads columns of rows below, those are read, included or not, and looked at together
//!    with the rows.
//! 5. Then a node is cut, its computed attributes are worked out, and last the optional includes are read, and counted what
//!    is only counted, under the rows that are left. A recursive include is followed once nothing above it changes any more.
//!
//! The work of one step may be split between threads where it is for many rows (`parts`); the steps follow one another.
//!
//! Taking rows out of a node takes out what is already below them. The recursion is as deep as the includes of the
//! request, which are limited. Everything is allocated per level.

mod access;
mod far_end;
mod batches;
mod arrange;
mod row_test;
mod lines;
mod reach;
mod worked;
mod aggregate;
mod walk;
mod first_below;
mod chain;
mod parts;
mod below;
mod recursion;
mod watch;

use std::cmp::Ordering;

use crate::engine::{RowId, Snapshot};
use crate::error::Result;
use crate::expr::Bound;
use crate::query::counting::Counting;
use crate::query::execute::below::Below;
use crate::query::execute::row_test::RowTest;
use crate::query::execute::watch::{Notes, Unwatched, Watch};
use crate::query::level::{Level, RowList};
use crate::query::node::{JunctionNode, OrderKey};
use crate::query::plan::{Access, Cut, FoundOrder, Keep, Plan, RowOrder, Stop};
use crate::query::reach::Origin;
use crate::value::Value;

pub(crate) use self::watch::{Figures, Watched};

/// What a request found.
#[derive(Debug)]
pub(crate) struct Found<'s> {
    /// One per node.
    pub(crate) levels: Vec<Level<'s>>,
    /// By node, the values of computed attributes, row after row; nothing at all if there are none.
    pub(crate) computed: Vec<Vec<Value>>,
}

pub(crate) fn run<'s>(plan: &Plan, given: &[Value], snapshot: &'s Snapshot) -> Result<Found<'s>> {
    let mut execution = Execution::new(plan, given, snapshot, Unwatched);
    execution.read_all()?;
    Ok(execution.into_found())
}

/// Does what running a plan does, for what it costs.
pub(crate) fn watch(plan: &Plan, given: &[Value], snapshot: &Snapshot) -> Result<Watched> {
    let notes = Notes::new(plan.nodes.len());
    let mut execution = Execution::new(plan, given, snapshot, &notes);
    execution.read_all()?;
    let by_node = notes.by_node(&execution.levels);
    Ok(Watched {
        by_node,
        time: notes.time(),
    })
}

/// As [`run`], of a plan whose root rows are given.
pub(crate) fn run_given<'s>(
    plan: &Plan,
    given: &[Value],
    root_rows: Level<'s>,
    snapshot: &'s Snapshot,
) -> Result<Found<'s>> {
    let mut execution = Execution::new(plan, given, snapshot, Unwatched);
    execution.root_rows = Some(root_rows);
    execution.read_all()?;
    Ok(execution.into_found())
}

/// The rows of the root, and all that it works out of them, row after row.
pub(crate) fn run_values<'s>(
    plan: &Plan,
    given: &[Value],
    snapshot: &'s Snapshot,
) -> Result<(RowList<'s>, Vec<Value>)> {
    let mut execution = Execution::new(plan, given, snapshot, Unwatched);
    execution.read_all()?;
    let worked = plan.root().node.worked.len();
    let values = execution.work_out(0, 0..worked)?;
    Ok((execution.levels.swap_remove(0).rows, values))
}

/// What keys of its order compare of one row of the root.
pub(crate) fn place_of(
    row: RowId,
    keys: &[OrderKey],
    plan: &Plan,
    given: &[Value],
    snapshot: &Snapshot,
) -> Result<Vec<Value>> {
    let mut execution = Execution::new(plan, given, snapshot, Unwatched);
    let root = plan.root();
    let RowOrder::Reaching(order) = &root.order else {
        return Ok(Vec::new());
    };
    execution.levels[0] = Level {
        rows: RowList::read(snapshot, root.node.table, [row]),
        junction: None,
        offsets: vec![0, 1],
        recursed: None,
    };
    let worked = execution.worked_keys(0, keys)?;
    let values = execution.key_values(0, order, keys, &worked)?;
    Ok(values.into_iter().map(|value| value.to_value()).collect())
}

/// How many rows the root has, of a plan that only counts.
pub(crate) fn count(plan: &Plan, given: &[Value], snapshot: &Snapshot) -> Result<usize> {
    let root = plan.root();
    match &root.access {
        Access::Root(path) if plan.nodes.len() == 1 => access::count(path, root, given, snapshot),
        _ => {
            let found = run(plan, given, snapshot)?;
            Ok(found.levels.first().map_or(0, Level::len))
        }
    }
}

/// Whether the root has a row, of a plan that only counts.
pub(crate) fn exists(plan: &Plan, given: &[Value], snapshot: &Snapshot) -> Result<bool> {
    if plan.asking() != Counting::First {
        return Ok(count(plan, given, snapshot)? > 0);
    }
    let mut execution = Execution::new(plan, given, snapshot, Unwatched);
    execution.stop = Some(Stop {
        rows: 1,
        in_batches: plan.nodes.len() > 1,
    });
    execution.read_root()?;
    Ok(execution.levels[0].len() > 0)
}

struct Execution<'p, 's, W> {
    plan: &'p Plan,
    /// The values of the parameters.
    given: &'p [Value],
    snapshot: &'s Snapshot,
    /// By node.
    levels: Vec<Level<'s>>,
    /// By node, if there are any computed attributes.
    computed: Vec<Vec<Value>>,
    /// The rows of the root, or the sources from which they are found, where the plan says that they are given.
    root_rows: Option<Level<'s>>,
    /// When no more roots are read.
    stop: Option<Stop>,
    watch: W,
}

const GIVEN: &str = "whoever runs such a plan gives the rows that it begins with";

impl<'p, 's, W: Watch> Execution<'p, 's, W> {
    fn new(plan: &'p Plan, given: &'p [Value], snapshot: &'s Snapshot, watch: W) -> Self {
        let nodes = plan.nodes.iter();
        let levels = nodes.map(|it| Level::unread(snapshot.reader(it.node.table)));
        Execution {
            plan,
            given,
            snapshot,
            levels: levels.collect(),
            computed: Vec::new(),
            root_rows: None,
            stop: plan.root().stop(snapshot),
            watch,
        }
    }

    fn read_all(&mut self) -> Result<()> {
        for node in 0..self.plan.nodes.len() {
            if self.origin(node) != Origin::Request {
                // Whoever it is there for was finished before it.
                self.let_go(node);
                continue;
            }
            self.watch.turn_to(node);
            if node == 0 {
                self.read_root()?;
            } else if !self.levels[node].is_read() {
                self.read_first(node, arrange::rows_max(self.plan, node))?;
            }
            self.finish(node)?;
            self.follow(node)?;
            self.compute(node)?;
            self.leave_shown(node);
        }
        Ok(())
    }

    fn into_found(self) -> Found<'s> {
        Found {
            levels: self.levels,
            computed: self.computed,
        }
    }

    /// Leaves the rows of a node that are part of the result, in their order.
    fn finish(&mut self, node: usize) -> Result<()> {
        let planned = &self.plan.nodes[node];
        self.cut(node);
        if let RowOrder::Reaching(order) = &planned.order
            && (order.keys != order.taking || planned.cut == Cut::default())
        {
            self.sort(node, order, &order.keys)?;
        }
        Ok(())
    }

    /// Leaves what is part of the result of a node of which nothing is read any more.
    fn leave_shown(&mut self, node: usize) {
        let planned = &self.plan.nodes[node];
        if planned.keep != Keep::Rows {
            self.levels[node].keep_offsets();
        }
        if !planned
            .node
            .junction
            .as_ref()
            .is_some_and(JunctionNode::is_shown)
        {
            self.levels[node].junction = None;
        }
    }

    /// Reads a node, its required includes and what else decides about it, and leaves only rows that pass, with something in
    /// each required include, and of the includes of one owner in one of them; before a limit, in the order that decides
    /// what it takes.
    fn read_required(&mut self, node: usize) -> Result<()> {
        self.read_first(node, usize::MAX)
    }

    /// The same of the first `rows_max` rows under each parent at least.
    fn read_first(&mut self, node: usize, rows_max: usize) -> Result<()> {
        let before = self.watch.turn_to(node);
        self.levels[node] = self.read(node, rows_max)?;
        self.leave_required(node)?;
        self.watch.turn_to(before);
        Ok(())
    }

    /// Reads the required includes below the rows of a node, and leaves those that have something in each.
    fn leave_required(&mut self, node: usize) -> Result<()> {
        let plan = self.plan;
        let planned = &plan.nodes[node];
        for term in &planned.asks {
            self.ask(node, term)?;
        }
        for group in plan.by_owner(&planned.node.children) {
            if !plan.nodes[group[0]].is_required() {
                continue;
            }
            let mut matched = vec![false; self.levels[node].len()];
            for &child in group {
                self.read_required(child)?;
                for (matched, range) in matched.iter_mut().zip(self.levels[child].ranges()) {
                    *matched |= !range.is_empty();
                }
            }
            self.retain(node, &matched);
        }
        for join in &planned.joins {
            self.join(node, join)?;
        }
        if let RowOrder::Reaching(order) = &planned.order
            && planned.cut != Cut::default()
        {
            self.sort(node, order, &order.taking)?;
        }
        let level = &self.levels[node];
        let rows = level.offsets.last().map_or(0, |&end| end as usize);
        self.watch.passed(node, rows);
        Ok(())
    }

    /// The rows of a node under the rows of its parent node, tested and ordered; under each the first `rows_max` at least.
    fn read(&mut self, node: usize, rows_max: usize) -> Result<Level<'s>> {
        let mut level = self.read_below(node, None, rows_max)?;
        // Nothing that is part of the result is below a reference.
        let parent = self.plan.nodes[node].node.include.as_ref();
        let parent = parent.filter(|it| it.origin == Origin::Request);
        let recursed = parent.and_then(|it| self.levels[it.parent].recursed.as_deref());
        if let Some(recursed) = recursed {
            let keep = level.spread(&recursed.stand_themselves());
            level.retain_rows(&keep);
        }
        Ok(level)
    }

    /// The same under these rows of the table of its parent node.
    fn read_below(
        &mut self,
        node: usize,
        rows: Option<&RowList<'s>>,
        rows_max: usize,
    ) -> Result<Level<'s>> {
        let planned = &self.plan.nodes[node];
        let snapshot = self.snapshot;
        let below = Below {
            planned,
            given: self.given,
            snapshot,
            rows_max,
        };
        let mut level = match &planned.access {
            Access::Direct {
                parent: Some(parent),
                ..
            }
            | Access::FirstBelow {
                parent: Some(parent),
                ..
            }
            | Access::Chain {
                parent: Some(parent),
                ..
            }
            | Access::On { parent, .. }
            | Access::Through { parent, .. } => {
                let above = rows.unwrap_or(&self.levels[*parent].rows);
                return below.read(above.all(), self.watch);
            }
            Access::Direct { parent: None, .. }
            | Access::FirstBelow { parent: None, .. }
            | Access::Chain { parent: None, .. } => {
                // Each source is one row, or none where it was never saved or is gone.
                let sources = self.root_rows.take().expect(GIVEN);
                let level = below.read(sources.rows.all(), self.watch)?;
                let offsets = walk::composed(&sources.offsets, &level.offsets);
                return Ok(Level { offsets, ..level });
            }
            Access::Root(path) if planned.found == FoundOrder::Ids => access::read(
                path,
                planned,
                self.given,
                self.first(),
                snapshot,
                self.watch,
            )?,
            Access::Root(_) | Access::FarEnd(_) => {
                let mut roots = access::Roots::new(planned, self.given, snapshot, self.watch)?;
                access::level(roots.read(self.first().unwrap_or(usize::MAX))?)
            }
            Access::Given => {
                let rows = self.root_rows.take();
                let rows = rows.expect(GIVEN);
                through_junction(rows, planned.node.junction.as_ref(), self.given)?
            }
        };
        let tested = matches!(planned.access, Access::Root(_) | Access::FarEnd(_));
        if !tested && let Some(filter) = &planned.node.filter {
            leave_passing(&mut level, filter, self.given)?;
        }
        arrange::arrange(&mut level, planned, rows_max, snapshot);
        Ok(level)
    }

    /// How many roots are read, if all of them stay.
    fn first(&self) -> Option<usize> {
        let stop = self.stop.filter(|stop| !stop.in_batches);
        stop.map(|stop| stop.rows)
    }

    /// Leaves the rows that offset and limit leave under each parent.
    fn cut(&mut self, node: usize) {
        let cut = self.plan.nodes[node].cut;
        let level = &self.levels[node];
        if cut == Cut::default() || level.ranges().all(|range| cut.is_idle_for(range.len())) {
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
    if !junction.is_shown() && !junction.read {
        rows.junction = None;
    }
    Ok(rows)
}

/// Leaves the rows for which the filter is true.
fn leave_passing(level: &mut Level<'_>, filter: &Bound, given: &[Value]) -> Result<()> {
    let test = RowTest::new(level.rows.reader, filter, given);
    level.retain_passing(|id, cells| test.judge(id, cells))
}

/// For each row, whether the filter is true.
fn tested(rows: &RowList<'_>, filter: &Bound, given: &[Value]) -> Result<Vec<bool>> {
    let test = RowTest::new(rows.reader, filter, given);
    (0..rows.len())
        .map(|position| {
            rows.look_ahead(position);
            test.judge(rows.ids[position], rows.cells[position])
        })
        .collect()
}

/// The first of several comparisons that is none of equals.
pub(crate) fn first_difference(orders: impl Iterator<Item = Ordering>) -> Ordering {
    let mut orders = orders.filter(|order| order.is_ne());
    orders.next().unwrap_or(Ordering::Equal)
}
