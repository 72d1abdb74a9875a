//! What is read besides the rows of a node, and looked at together with them.
//!
//! 1. Terms over numbers and aggregates alone are tested first, one after the other: a number costs little, and each term leaves fewer
//!    rows to the next one.
//! 2. The other terms are tested over joined rows. Terms that share a node are of the same row of it and so belong to one
//!    [`Join`]; terms that share none never multiply each other's rows.
//! 3. The keys of an order are split in the same way: what comes first of one branch does not depend on another.

use std::collections::BTreeSet;

use crate::expr::Bound;
use crate::query::node::OrderKey;
use crate::query::plan::{Join, PlanNode, RowOrder};
use crate::query::reach::{At, Slot};

/// Plans what the nodes reach; all of them are there.
pub(super) fn connect(nodes: &mut [PlanNode]) {
    for node in 0..nodes.len() {
        let (asks, joins) = terms(nodes, node);
        let branches = match &nodes[node].order {
            RowOrder::Reaching(order) => branches(nodes, node, &order.keys),
            RowOrder::Any | RowOrder::Key | RowOrder::Columns(_) => Vec::new(),
        };
        let planned = &mut nodes[node];
        (planned.asks, planned.joins) = (asks, joins);
        if let RowOrder::Reaching(order) = &mut planned.order {
            order.branches = branches;
        }
    }
}

/// Every node that is joined with one above it.
pub(super) fn joined(nodes: &[PlanNode]) -> BTreeSet<usize> {
    let of_node = |node: &PlanNode| {
        let of_order = match &node.order {
            RowOrder::Reaching(order) => order.branches.concat(),
            RowOrder::Any | RowOrder::Key | RowOrder::Columns(_) => Vec::new(),
        };
        let of_filter = node.joins.iter().flat_map(|join| join.nodes.clone());
        let of_values = node.node.worked.iter().flat_map(|it| it.joined.clone());
        let joined = of_filter.chain(of_order).chain(of_values);
        joined.collect::<Vec<_>>()
    };
    nodes.iter().flat_map(of_node).collect()
}

fn terms(nodes: &[PlanNode], node: usize) -> (Vec<Bound>, Vec<Join>) {
    let reach = &nodes[node].node.reach;
    let mut asks = Vec::new();
    let mut joining: Vec<(BTreeSet<usize>, &Bound)> = Vec::new();
    for term in &reach.terms {
        let slots = reach.slots_of(term.columns());
        let places = slots.filter_map(|(_, slot)| match slot {
            Slot::Cell(at, _) => Some(*at),
            Slot::Number { .. } | Slot::Aggregate { .. } => None,
        });
        let below = way_to(nodes, node, places);
        match below.is_empty() {
            true => asks.push(term.clone()),
            false => joining.push((below, term)),
        }
    }
    let groups = groups(joining.iter().map(|(below, _)| below.clone()));
    let join = |group: BTreeSet<usize>| {
        let nodes: Vec<usize> = group.into_iter().collect();
        let place = |node: &usize| nodes.partition_point(|it| it <= node);
        let terms = joining.iter().filter_map(|(below, term)| {
            let last = below.last().filter(|last| nodes.contains(last))?;
            Some(((*term).clone(), place(last)))
        });
        Join {
            terms: terms.collect(),
            nodes: nodes.clone(),
        }
    };
    let joins = groups.into_iter().map(join).collect();
    (asks, joins)
}

fn branches(nodes: &[PlanNode], node: usize, keys: &[OrderKey]) -> Vec<Vec<usize>> {
    let ways = keys.iter().map(|key| way_to(nodes, node, [key.at]));
    let groups = groups(ways.filter(|way| !way.is_empty()));
    let branches = groups.into_iter().map(|group| group.into_iter().collect());
    branches.collect()
}

/// The nodes on the way from one to some places.
fn way_to(
    nodes: &[PlanNode],
    from: usize,
    places: impl IntoIterator<Item = At>,
) -> BTreeSet<usize> {
    let mut way = BTreeSet::new();
    for place in places {
        let At::Below { mut node, .. } = place else {
            continue;
        };
        while node != from && way.insert(node) {
            let include = nodes[node].node.include.as_ref();
            node = include.map_or(from, |include| include.parent);
        }
    }
    way
}

/// Those that have something in common become one.
fn groups(sets: impl Iterator<Item = BTreeSet<usize>>) -> Vec<BTreeSet<usize>> {
    let mut groups: Vec<BTreeSet<usize>> = Vec::new();
    for mut set in sets {
        groups.retain(|group| {
            let apart = group.is_disjoint(&set);
            if !apart {
                set.extend(group);
            }
            apart
        });
        groups.push(set);
    }
    groups.sort_unstable();
    groups
}
