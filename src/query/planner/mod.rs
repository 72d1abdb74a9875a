//! From what was asked for to how it is read.
//!
//! 1. Each node is drafted: an include walks edges if a foreign key carries the association, and looks up values otherwise
//!    (`walk`, `chain`); what is only counted is counted by its edges where each of them counts; what filters and orders
//!    reach is connected (`reach`).
//! 2. What is asked about the whole is decided: a count needs no order and no cut.
//! 3. `root` chooses how the root is found, among all ways that there are, by what each is expected to cost: the candidates
//!    of its filter, the order of an index (`in_order`), and `far_end`, what is below it. It knows when a limit lets it stop early.
//! 4. `estimate` says how many rows of each node are expected. By that `look_ups` chooses whether values are looked up one by
//!    one or matched in one pass, and `first_below` whether an index gives the few rows that a limit leaves below each row.
//!    `split` says from how many rows on the work of a node is split between threads.
//!
//! All ways give the same rows in the same order. A plan knows which counts it depends on; who keeps one has to see whether
//! they still hold ([`Plan::fits`]).

mod reach;
mod walk;
mod chain;
mod root;
mod in_order;
mod far_end;
mod estimate;
mod look_ups;
mod first_below;
mod split;

use std::collections::BTreeSet;

use crate::association::link::{Association, Link};
use crate::engine::AccessPath;
use crate::query::node::Node;
use crate::query::plan::{
    Access, Cut, FoundOrder, IdOrder, Keep, Plan, PlanNode, RowOrder, Split, Step,
};
use crate::query::reach::{Origin, Slot};
use crate::query::reason::Reason;
use crate::query::resolve::Resolved;
use crate::query::{Begin, Strategy, Version};
use crate::schema::{Schema, TableId};

/// How to answer a request.
pub(crate) fn plan(resolved: Resolved, version: Version<'_>) -> Plan {
    settled(draft(draft_root, resolved, version), version)
}

/// How to answer a request whose root rows are those of an association, given or found from given sources; of an association
/// to one, one of them under each source.
pub(crate) fn plan_given(
    resolved: Resolved,
    association: &Association,
    begin: Begin,
    version: Version<'_>,
) -> Plan {
    let mut draft = draft_given(resolved, association, begin, version);
    if association.is_single() {
        let root = &mut draft.plan.nodes[0];
        root.cut = root.cut.to_one();
    }
    settled(draft, version)
}

/// How to count what a request finds: only what decides about roots, in no order and not cut (associations EL-52,
/// EL-53).
pub(crate) fn plan_count(mut resolved: Resolved, version: Version<'_>) -> Plan {
    resolved.nodes = required_only(only_rows(resolved.nodes));
    settled(counting(draft(draft_root, resolved, version)), version)
}

/// How to read what [`plan_count`] counts for what is worked out of each row.
pub(crate) fn plan_values(resolved: Resolved, version: Version<'_>) -> Plan {
    settled(draft_values(resolved, version), version)
}

/// The same, in primary-key order.
pub(crate) fn plan_values_in_order(resolved: Resolved, version: Version<'_>) -> Plan {
    let mut draft = draft_values(resolved, version);
    draft.plan.nodes[0].order = RowOrder::Key;
    settled(draft, version)
}

/// As [`plan_count`], of given root rows.
pub(crate) fn plan_given_count(
    mut resolved: Resolved,
    association: &Association,
    begin: Begin,
    version: Version<'_>,
) -> Plan {
    resolved.nodes = required_only(only_rows(resolved.nodes));
    let draft = draft_given(resolved, association, begin, version);
    settled(counting(draft), version)
}

/// A plan whose root is still to be chosen.
struct Drafted {
    plan: Plan,
    strategy: Strategy,
    /// The table of the given sources from which its root is found, if it is found so.
    sources: Option<TableId>,
}

fn draft(
    draft_root: impl Fn(Node, &Schema) -> PlanNode,
    resolved: Resolved,
    version: Version<'_>,
) -> Drafted {
    let schema = version.snapshot.schema();
    let Resolved {
        nodes,
        wanted,
        strategy,
    } = resolved;
    let mut planned: Vec<PlanNode> = Vec::with_capacity(nodes.len());
    for mut node in nodes {
        let include = node.include.clone();
        let access = include.map(|include| {
            let source = planned[include.parent].node.table;
            walk::choose(&mut node, &include, source, version)
        });
        planned.push(match access {
            None => draft_root(node, schema),
            Some(access) => plan_node(node, access, schema),
        });
    }
    reach::connect(&mut planned);
    let is_total = planned.iter().all(|node| !can_fail(node));
    Drafted {
        plan: Plan {
            schema: schema.clone(),
            registry: version.registry.clone(),
            wanted,
            nodes: planned,
            counted: Vec::new(),
            is_total,
        },
        strategy,
        sources: None,
    }
}

fn draft_values(mut resolved: Resolved, version: Version<'_>) -> Drafted {
    resolved.nodes = required_only(resolved.nodes);
    counting(draft(draft_root, resolved, version))
}

fn draft_root(node: Node, schema: &Schema) -> PlanNode {
    plan_node(node, Access::Root(AccessPath::Scan), schema)
}

fn draft_given(
    resolved: Resolved,
    association: &Association,
    begin: Begin,
    version: Version<'_>,
) -> Drafted {
    let source = version.registry.model(association.source).table;
    let root = |mut node: Node, schema: &Schema| {
        let access = match (&association.link, begin) {
            (Link::Chain(_), _) => chain::choose(&mut node, association, None, version),
            (_, Begin::Source) => walk::from_given(association, source, version),
            (_, Begin::Targets) => Access::Given,
        };
        plan_node(node, access, schema)
    };
    let draft = draft(root, resolved, version);
    Drafted {
        sources: (begin == Begin::Source).then_some(source),
        ..draft
    }
}

fn counting(mut draft: Drafted) -> Drafted {
    // Which row of an association to one a condition is about is decided by order and cut.
    let joined = reach::joined(&draft.plan.nodes);
    for (position, node) in draft.plan.nodes.iter_mut().enumerate() {
        // Who is required is judged on what is right below.
        if let Some(include) = &mut node.node.include {
            include.recursion = None;
        }
        let implied = node.node.include.as_ref();
        let implied = implied.is_some_and(|include| include.origin != Origin::Request);
        if !implied && !joined.contains(&position) {
            node.order = RowOrder::Any;
            node.cut = Cut::default();
        }
    }
    draft
}

/// Chooses how the root is found and how values are looked up, and estimates what that leads to.
fn settled(draft: Drafted, version: Version<'_>) -> Plan {
    let Drafted {
        mut plan,
        strategy,
        sources,
    } = draft;
    let judged = if let Access::Root(_) = plan.root().access {
        root::choose(&mut plan, strategy, version)
    } else {
        plan.nodes[0].estimate = estimate::UNKNOWN;
        estimate::UNKNOWN
    };
    plan.nodes[0].split = split::of_root(plan.root(), strategy);
    estimate::estimate(&mut plan, (sources, judged), strategy, version);
    plan
}

/// Whether what decides about the rows of a node can fail for one: a filter, or an aggregate that one asks for.
fn can_fail(node: &PlanNode) -> bool {
    let is_aggregate = |slot: &Slot| matches!(slot, Slot::Aggregate { .. });
    if node.node.reach.slots.iter().any(is_aggregate) {
        return true;
    }
    let of_access = match &node.access {
        Access::On { condition, .. } => Some(condition),
        Access::Through { through, .. } => through.filter.as_ref(),
        Access::Root(_) | Access::FarEnd(_) | Access::Given => None,
        Access::Direct { .. } | Access::Chain { .. } | Access::FirstBelow { .. } => None,
    };
    let steps: &[Step] = match &node.access {
        Access::Chain { steps, .. } => steps,
        _ => &[],
    };
    let of_steps = steps.iter();
    let of_steps = of_steps.flat_map(|it| it.filter.iter().chain(it.way.filter()));
    let junction = node.node.junction.as_ref();
    let of_joins = node.joins.iter().flat_map(|join| &join.terms);
    (node.node.filter.iter())
        .chain(of_access)
        .chain(of_steps)
        .chain(junction.and_then(|it| it.filter.as_ref()))
        .chain(&node.asks)
        .chain(of_joins.map(|(term, _)| term))
        .any(|it| it.can_fail())
}

fn plan_node(mut node: Node, access: Access, schema: &Schema) -> PlanNode {
    let primary_key = &schema.table(node.table).primary_key().columns;
    let keep = keep(&node);
    let order = std::mem::take(&mut node.order);
    let unordered = node.include.as_ref().is_some_and(|it| it.unordered);
    let order = match keep {
        Keep::Rows if !unordered => RowOrder::new(order, primary_key),
        Keep::Rows | Keep::Passing | Keep::Number => RowOrder::Any,
    };
    let cut = cut(&node, access.id_order());
    PlanNode {
        node,
        access,
        asks: Vec::new(),
        joins: Vec::new(),
        order,
        cut,
        keep,
        found: FoundOrder::Ids,
        stop: None,
        split: Split::Never,
        estimate: 0.0,
        no_index: Vec::new(),
        reason: Reason::OnlyWay,
    }
}

fn keep(node: &Node) -> Keep {
    match &node.include {
        Some(include) if include.counted => {
            let asked = node.filter.is_some() || !node.reach.terms.is_empty();
            match !asked && node.children.is_empty() {
                true => Keep::Number,
                false => Keep::Passing,
            }
        }
        _ => Keep::Rows,
    }
}

fn cut(node: &Node, found: IdOrder) -> Cut {
    let asked = Cut {
        offset: node.offset,
        limit: node.limit,
    };
    let cut = if node.is_single() {
        asked.to_one()
    } else {
        asked
    };
    match found {
        IdOrder::One if cut.is_idle_for(1) => Cut::default(),
        _ => cut,
    }
}

/// Of the root its rows alone, without an order and without what is worked out of them.
fn only_rows(mut nodes: Vec<Node>) -> Vec<Node> {
    if let Some(root) = nodes.first_mut() {
        root.order.clear();
        root.forget_attributes();
    }
    nodes
}

/// What decides about the root: it, the includes that are required all the way up to it, and what the filters of those
/// reach.
fn required_only(nodes: Vec<Node>) -> Vec<Node> {
    // Where each node went, if it was kept.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(nodes.len());
    let parents: Vec<_> = nodes
        .iter()
        .map(|it| it.include.as_ref().map(|it| it.parent))
        .collect();
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    let mut kept: Vec<Node> = Vec::new();
    for (position, mut node) in nodes.into_iter().enumerate() {
        let parent = match &node.include {
            Some(include) if include.required || reached.contains(&position) => {
                places[include.parent]
            }
            Some(_) => None,
            None => Some(0),
        };
        places.push(parent.map(|_| kept.len()));
        let Some(parent) = parent else { continue };
        if !node.is_single() {
            node.order.clear();
        }
        if position > 0 {
            node.forget_attributes();
        }
        for below in node.reached() {
            let way = std::iter::successors(Some(below), |&it| parents[it]);
            reached.extend(way.take_while(|&it| it != position));
        }
        node.children.clear();
        if let Some(include) = &mut node.include {
            include.parent = parent;
            let position = kept.len();
            kept[parent].children.push(position);
        }
        kept.push(node);
    }
    for node in &mut kept {
        // What was not kept nobody reads any more.
        node.renumber(|node| places[node].unwrap_or(node));
    }
    kept
}
