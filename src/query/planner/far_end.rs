//! Beginning at the far end: at rows that a root has to have below it.
//!
//! A root has to have what every required include on a way down asks for, what a question with more than none as answer is
//! about, and the joined row that a term compares with a value. Wherever a filter is given there, its rows can be found
//! first and the edges be gone up from them. What is found so is all roots that could be left, and others; they are judged
//! like any root. That is right only where no filter can fail, for rows are not looked at that otherwise would be.

use crate::engine::{AccessPath, Cost, Snapshot, Terms};
use crate::expr::{Bound, Comparison, Conjunct};
use crate::query::Strategy;
use crate::query::plan::{Access, FarEnd, FarTerm, Plan, Walk};
use crate::query::planner::estimate;
use crate::query::planner::root::SAMPLED_MIN;
use crate::query::reach::{At, Origin, Reach, Slot};
use crate::query::shape::Side;
use crate::schema::TableId;

/// A far end, and what it is expected to lead to.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) way: FarEnd,
    /// How many roots stand above.
    pub(super) roots: f64,
    /// What it costs to find them, without reading them.
    pub(super) cost: f64,
}

/// All far ends of a plan.
pub(super) fn all(plan: &Plan, snapshot: &Snapshot, strategy: Strategy) -> Vec<Found> {
    let near = matches!(strategy, Strategy::NearEnd | Strategy::Rules);
    if near || !plan.is_total || plan.nodes.len() == 1 {
        return Vec::new();
    }
    let needed = needed(plan);
    let ends = (1..plan.nodes.len()).filter(|&node| needed[node]);
    ends.filter_map(|node| end(plan, node, snapshot)).collect()
}

/// By node, whether a root has to have a row there.
fn needed(plan: &Plan) -> Vec<bool> {
    let mut needed = vec![false; plan.nodes.len()];
    needed[0] = true;
    for position in 1..plan.nodes.len() {
        let Some(include) = &plan.nodes[position].node.include else {
            continue;
        };
        // Of the includes of one owner a root has to have one.
        let asks = include.required && include.owner.is_none() && !include.counted;
        needed[position] = asks && needed[include.parent] && include.origin == Origin::Request;
    }
    let root = plan.root();
    let reach = &root.node.reach;
    let asked = root.asks.iter().flat_map(Bound::sure_conjuncts);
    for conjunct in asked.filter(|it| is_more_than_none(*it)) {
        if let Some(Slot::Number { way, .. }) = slot(reach, conjunct) {
            way.iter().for_each(|&node| needed[node] = true);
        }
    }
    for (node, _) in joined(plan) {
        let mut next = Some(node);
        while let Some(node) = next.filter(|it| *it != 0) {
            needed[node] = true;
            next = plan.nodes[node].node.include.as_ref().map(|it| it.parent);
        }
    }
    needed
}

/// The terms over joined rows that compare a column of one of them with a value, each with the node of that row.
fn joined(plan: &Plan) -> impl Iterator<Item = (usize, &Bound)> {
    let root = plan.root();
    let terms = root.joins.iter().flat_map(|join| &join.terms);
    terms.flat_map(move |(term, _)| {
        let compared = term.sure_conjuncts().filter(|it| it.rejects_null());
        compared.filter_map(move |it| match slot(&root.node.reach, it)? {
            Slot::Cell(At::Below { node, side }, _) if *side == Side::Target => Some((*node, term)),
            Slot::Cell(..) | Slot::Number { .. } | Slot::Aggregate { .. } => None,
        })
    })
}

fn slot<'r>(reach: &'r Reach, conjunct: Conjunct<'_>) -> Option<&'r Slot> {
    let slot = conjunct.ordinal()?.checked_sub(reach.base)?;
    reach.slots.get(slot as usize)
}

/// Whether it is true only for a number above zero.
fn is_more_than_none(conjunct: Conjunct<'_>) -> bool {
    let Conjunct::Compare { op, value, .. } = conjunct else {
        return false;
    };
    let Some(than) = value.as_int() else {
        return false;
    };
    match op {
        Comparison::Gt => than >= 0,
        Comparison::Ge | Comparison::Eq => than > 0,
        Comparison::Ne | Comparison::Lt | Comparison::Le => false,
    }
}

/// How to begin at a node, if something is said of it and edges lead up.
fn end(plan: &Plan, node: usize, snapshot: &Snapshot) -> Option<Found> {
    let planned = &plan.nodes[node];
    let table = planned.node.table;
    let filter = planned.node.filter.as_ref();
    let far_terms = far_terms(plan, node);
    let climb = climb(plan, node)?;
    let candidate = {
        let mut terms = Terms::of(filter);
        for far in &far_terms {
            terms.add(&far.term, |ordinal| {
                let read = far.columns.iter().find(|(from, _)| *from == ordinal);
                read.map(|(_, column)| *column)
            });
        }
        snapshot.candidates(table, &terms).cheapest().0
    };
    let scans = candidate.path == AccessPath::Scan;
    if scans && filter.is_none() && far_terms.is_empty() {
        // Nothing is said that could be tested here.
        return None;
    }
    let mut rows = candidate.rows;
    if scans {
        let tested = far_terms
            .iter()
            .map(|it| snapshot.share(table, &it.term, false));
        rows *= tested.product::<f64>();
        if let Some(filter) = filter {
            rows *= snapshot.share(table, filter, candidate.rows >= SAMPLED_MIN);
        }
    }
    let mut cost = candidate.cost();
    let mut from = table;
    for (walk, to) in &climb {
        rows *= estimate::of_walk(walk, from, *to, snapshot);
        rows = rows.min(snapshot.rows_of(*to));
        cost += rows * Cost::ENTRY;
        from = *to;
        if *to != plan.root().node.table {
            cost += rows * Cost::FETCH;
        }
    }
    let way = FarEnd {
        node,
        table,
        path: candidate.path,
        filter: filter.cloned(),
        terms: far_terms,
        climb,
    };
    Some(Found {
        way,
        roots: rows,
        cost,
    })
}

/// The terms of the root's filter that are about rows of one node and nothing else.
fn far_terms(plan: &Plan, node: usize) -> Vec<FarTerm> {
    let reach = &plan.root().node.reach;
    let column = |ordinal: u32| {
        let slot = reach.slots.get(ordinal.checked_sub(reach.base)? as usize);
        match slot? {
            Slot::Cell(At::Below { node: at, side }, column)
                if *at == node && *side == Side::Target =>
            {
                Some((ordinal, *column))
            }
            Slot::Cell(..) | Slot::Number { .. } | Slot::Aggregate { .. } => None,
        }
    };
    let terms = joined(plan).filter(|(at, _)| *at == node);
    let terms = terms.filter_map(|(_, term)| {
        let columns = term.columns().iter().map(|&it| column(it));
        Some(FarTerm {
            term: term.clone(),
            columns: columns.collect::<Option<_>>()?,
        })
    });
    terms.collect()
}

/// From a node up to the root, over the edges that lead down; none where something else does.
fn climb(plan: &Plan, mut node: usize) -> Option<Vec<(Walk, TableId)>> {
    let mut climb = Vec::new();
    while let Some(include) = &plan.nodes[node].node.include {
        if include.on.is_some() {
            return None;
        }
        let above = plan.nodes[include.parent].node.table;
        match &plan.nodes[node].access {
            Access::Direct { walk, .. } => climb.push((back(walk)?, above)),
            Access::Through { through, .. } => {
                climb.push((back(&through.to_target)?, through.junction));
                climb.push((back(&through.to_junction)?, above));
            }
            Access::Root(_) | Access::FarEnd(_) | Access::Given => return None,
            Access::On { .. } | Access::Chain { .. } | Access::FirstBelow { .. } => return None,
        }
        node = include.parent;
    }
    Some(climb)
}

/// The same edges the other way.
fn back(walk: &Walk) -> Option<Walk> {
    match walk {
        Walk::ToParent(key) => Some(Walk::ToChildren(*key)),
        Walk::ToChildren(key) => Some(Walk::ToParent(*key)),
        Walk::ByValue(_) => None,
    }
}
