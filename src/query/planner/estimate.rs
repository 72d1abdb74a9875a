//! How many rows of each node are expected; what depends on that is chosen here (`look_ups`,
//! `first_below`).

use crate::engine::{Snapshot, as_rows};
use crate::query::plan::{Access, Cut, IdOrder, Lookup, Plan, PlanNode, Walk, Way, magnitude};
use crate::query::planner::first_below::FirstRows;
use crate::query::planner::look_ups::LookUps;
use crate::query::planner::split;
use crate::query::reach::Origin;
use crate::query::{Strategy, Version};
use crate::schema::TableId;

/// What is led to where nothing says more.
pub(super) const UNKNOWN: f64 = 1.0;

/// Says how many rows are left of each node but the root, how finding them is split, and chooses how values are looked up and
/// where first rows are; so many roots are judged by what is below them, which may be found from given sources of a table.
pub(super) fn estimate(
    plan: &mut Plan,
    (sources, judged): (Option<TableId>, f64),
    strategy: Strategy,
    version: Version<'_>,
) {
    let snapshot = version.snapshot;
    let one_root = plan.root().access.id_order() == IdOrder::One;
    // By node, how many rows there are before they are judged by what is below them, and cut.
    let mut before = Vec::with_capacity(plan.nodes.len());
    before.push(judged);
    let first_rows = FirstRows::new(plan, sources, strategy, snapshot);
    if let (Some(source), Some(first_rows)) = (sources, &first_rows) {
        let root = &mut plan.nodes[0];
        let below_each = fan_out(root, source, snapshot);
        first_rows.choose(0, root, source, (UNKNOWN, below_each));
    }
    for position in 1..plan.nodes.len() {
        let (above, rest) = plan.nodes.split_at_mut(position);
        let node = &mut rest[0];
        let Some(include) = &node.node.include else {
            continue;
        };
        let parent = &above[include.parent];
        let judges = include.required || include.origin != Origin::Request;
        let read_below = match judges {
            true => before[include.parent],
            false => parent.estimate,
        };
        let fan_out = fan_out(node, parent.node.table, snapshot);
        let mut look_ups = LookUps {
            snapshot,
            strategy,
            once: include.recursion.is_none(),
            counted: Vec::new(),
        };
        let at_most_one = one_root && include.parent == 0;
        let rows = (!at_most_one).then_some(read_below);
        look_ups.choose(&mut node.access, rows, parent.node.table, node.node.table);
        let share = node.node.filter.as_ref();
        let share = share.map_or(1.0, |it| snapshot.share(node.node.table, it, false));
        before.push(read_below * fan_out * share);
        node.estimate = cut(parent.estimate * fan_out * share, parent.estimate, node.cut);
        let mut counted = look_ups.counted;
        let source = parent.node.table;
        let rows = (read_below, fan_out);
        let by_numbers = |it: &FirstRows<'_>| it.choose(position, node, source, rows);
        if first_rows.as_ref().is_some_and(by_numbers) {
            counted.extend([source, node.node.table]);
        }
        let share = if node.node.filter.is_some() {
            share
        } else {
            1.0
        };
        let wanted = node.stop(snapshot).map(|stop| as_rows(stop.rows) / share);
        let read = wanted.map_or(fan_out, |wanted| fan_out.min(wanted));
        node.split = split::of_include(node, read, strategy);
        if !counted.is_empty() {
            note(plan, position, counted, snapshot);
        }
    }
}

/// Notes that the numbers of rows of some tables decided about a node, and with them those of all above it.
fn note(plan: &mut Plan, node: usize, counted: Vec<TableId>, snapshot: &Snapshot) {
    let way_up = std::iter::successors(Some(node), |&it| {
        Some(plan.nodes[it].node.include.as_ref()?.parent)
    });
    let above: Vec<TableId> = way_up.map(|it| plan.nodes[it].node.table).collect();
    for table in above.into_iter().chain(counted) {
        count(plan, table, snapshot);
    }
}

/// How many rows of a node stand below one row of its parent node, before they are tested.
pub(super) fn fan_out(node: &PlanNode, source: TableId, snapshot: &Snapshot) -> f64 {
    let table = node.node.table;
    match &node.access {
        Access::Direct { walk, .. } => of_walk(walk, source, table, snapshot),
        Access::Through { through, .. } => {
            of_walk(&through.to_junction, source, through.junction, snapshot)
                * of_walk(&through.to_target, through.junction, table, snapshot)
        }
        Access::On { .. } => snapshot.rows_of(table),
        Access::Chain { steps, .. } => {
            let mut from = source;
            let mut rows = 1.0;
            for step in steps {
                rows *= match &step.way {
                    Way::Direct(walk) => of_walk(walk, from, step.table, snapshot),
                    Way::Through(it) => {
                        of_walk(&it.to_junction, from, it.junction, snapshot)
                            * of_walk(&it.to_target, it.junction, step.table, snapshot)
                    }
                };
                from = step.table;
            }
            rows.min(snapshot.rows_of(table))
        }
        Access::Root(_) | Access::FarEnd(_) | Access::Given => UNKNOWN,
        // Chosen when that is known already.
        Access::FirstBelow { .. } => UNKNOWN,
    }
}

/// How many rows a walk leads to from one row.
pub(super) fn of_walk(walk: &Walk, from: TableId, to: TableId, snapshot: &Snapshot) -> f64 {
    match walk {
        Walk::ToParent(_) => 1.0,
        Walk::ToChildren(key) => {
            let edges = snapshot.edges(snapshot.schema().foreign_key(*key));
            as_rows(edges.len()) / snapshot.rows_of(from).max(1.0)
        }
        Walk::ByValue(join) => match &join.lookup {
            Lookup::Key { .. } => 1.0,
            Lookup::Index { index, probe, .. } => {
                let columns = &snapshot.schema().table(to).indexes[*index].columns;
                snapshot.mean_with(to, *index, &columns[..probe.len()])
            }
            Lookup::Scan => {
                let rows = snapshot.rows_of(to);
                rows / snapshot.rows_of(from).max(1.0)
            }
        },
    }
}

/// The rows that offset and limit leave under so many parents.
pub(super) fn cut(rows: f64, parents: f64, cut: Cut) -> f64 {
    let under_each = rows / parents.max(1.0) - as_rows(cut.offset);
    let under_each = under_each.max(0.0);
    let limit = cut.limit.map_or(f64::INFINITY, as_rows);
    match cut == Cut::default() {
        true => rows,
        false => under_each.min(limit) * parents,
    }
}

/// Notes that the number of rows of a table decided about something.
pub(super) fn count(plan: &mut Plan, table: TableId, snapshot: &Snapshot) {
    if plan.counted.iter().all(|(counted, _)| *counted != table) {
        let rows = magnitude(snapshot.row_count(table));
        plan.counted.push((table, rows));
    }
}
