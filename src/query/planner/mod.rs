//! From what was asked for to how it is read.
//!
//! The rules are simple, and the same whatever the tables hold: a root is read as [`AccessPath::choose`] says for its
//! filter; an include walks edges if a foreign key carries the association, and looks up values otherwise; what is only
//! counted is counted by its edges where each of them counts. So a plan does not grow old: it is as good for every version
//! of its schema, and nothing is ever planned again. Whoever adds costs has to see to that.

mod reach;
mod walk;
mod chain;

use std::collections::BTreeSet;

use crate::association::link::{Association, Link};
use crate::engine::AccessPath;
use crate::query::Version;
use crate::query::node::Node;
use crate::query::plan::{Access, Cut, IdOrder, Keep, Plan, PlanNode, RowOrder};
use crate::query::reach::Origin;
use crate::query::resolve::Resolved;
use crate::schema::Schema;

/// How to answer a request.
pub(crate) fn plan(resolved: Resolved, version: Version<'_>) -> Plan {
    plan_from(plan_root, resolved, version)
}

/// How to answer a request whose root rows are those of an association, given or, of a chain, found from the given sources;
/// of an association to one, one of them under each source.
pub(crate) fn plan_given(
    resolved: Resolved,
    association: &Association,
    single: bool,
    version: Version<'_>,
) -> Plan {
    let root = |mut node: Node, schema: &Schema| {
        let access = match association.link {
            Link::Chain(_) => chain::choose(&mut node, association, None, version),
            Link::ToParent(_) | Link::ToChildren(_) | Link::Through(_) => Access::Given,
        };
        let mut root = plan_node(node, access, schema);
        if single {
            root.cut = root.cut.to_one();
        }
        root
    };
    plan_from(root, resolved, version)
}

fn plan_from(
    plan_root: impl Fn(Node, &Schema) -> PlanNode,
    resolved: Resolved,
    version: Version<'_>,
) -> Plan {
    let schema = version.snapshot.schema();
    let Resolved { nodes, wanted } = resolved;
    let mut planned: Vec<PlanNode> = Vec::with_capacity(nodes.len());
    for mut node in nodes {
        let include = node.include.clone();
        let access = include.map(|include| {
            let source = planned[include.parent].node.table;
            walk::choose(&mut node, &include, source, version)
        });
        planned.push(match access {
            None => plan_root(node, schema),
            Some(access) => plan_node(node, access, schema),
        });
    }
    reach::connect(&mut planned);
    Plan {
        schema: schema.clone(),
        registry: version.registry.clone(),
        wanted,
        nodes: planned,
    }
}

/// How to count what a request finds: only what decides about roots, in no order and not cut (associations EL-52,
/// EL-53).
pub(crate) fn plan_count(mut resolved: Resolved, version: Version<'_>) -> Plan {
    resolved.nodes = required_only(only_rows(resolved.nodes));
    counting(plan(resolved, version))
}

/// How to read what [`plan_count`] counts for what is worked out of each row, in primary-key order or in none.
pub(crate) fn plan_values(mut resolved: Resolved, in_order: bool, version: Version<'_>) -> Plan {
    resolved.nodes = required_only(resolved.nodes);
    let mut plan = counting(plan(resolved, version));
    if in_order {
        plan.nodes[0].order = RowOrder::Key;
    }
    plan
}

/// As [`plan_count`], of given root rows.
pub(crate) fn plan_given_count(
    mut resolved: Resolved,
    association: &Association,
    version: Version<'_>,
) -> Plan {
    resolved.nodes = required_only(only_rows(resolved.nodes));
    counting(plan_given(resolved, association, false, version))
}

fn counting(mut plan: Plan) -> Plan {
    // Which row of an association to one a condition is about is decided by order and cut.
    let joined = reach::joined(&plan.nodes);
    for (position, node) in plan.nodes.iter_mut().enumerate() {
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
    plan
}

fn plan_root(mut node: Node, schema: &Schema) -> PlanNode {
    let choice = AccessPath::choose(schema, schema.table(node.table), node.filter.as_ref());
    if choice.answers_filter {
        node.filter = None;
    }
    plan_node(node, Access::Root(choice.path), schema)
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
