//! How many rows of each node are expected, and how values are looked up where that depends on it.

use crate::engine::{Snapshot, as_rows};
use crate::query::plan::{Access, Cut, Lookup, Plan, PlanNode, Walk, Way, magnitude};
use crate::query::planner::split;
use crate::query::{Strategy, Version};
use crate::schema::TableId;

/// What is led to where nothing says more.
pub(super) const UNKNOWN: f64 = 1.0;

/// Says how many rows are left of each node but the root and how finding them is split, and forces what a strategy says about
/// look-ups.
pub(super) fn estimate(plan: &mut Plan, strategy: Strategy, version: Version<'_>) {
    let snapshot = version.snapshot;
    for position in 0..plan.nodes.len() {
        let (above, rest) = plan.nodes.split_at_mut(position);
        let node = &mut rest[0];
        if let Some(walk) = by_value_mut(&mut node.access) {
            force(walk, strategy);
        }
        let Some(include) = &node.node.include else {
            continue;
        };
        let above = &above[include.parent];
        let parents = above.estimate;
        let fan_out = fan_out(node, above.node.table, snapshot);
        node.split = split::of_include(node, fan_out, strategy);
        let found = parents * fan_out;
        let share = node.node.filter.as_ref();
        let share = share.map_or(1.0, |it| snapshot.share(node.node.table, it, false));
        node.estimate = cut(found * share, parents, node.cut);
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

fn by_value_mut(access: &mut Access) -> Option<&mut Walk> {
    match access {
        Access::Direct { walk, .. } => Some(walk),
        _ => None,
    }
}

/// A pass instead of look-ups gives the same rows.
fn force(walk: &mut Walk, strategy: Strategy) {
    if let (Walk::ByValue(join), Strategy::OnePass) = (walk, strategy) {
        join.lookup = Lookup::Scan;
    }
}
