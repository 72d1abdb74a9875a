//! From what was asked for to how it is read.
//!
//! The rules are simple, and the same whatever the tables hold: a root is read by primary key, another unique key or an
//! index if its filter gives their values, and scanned otherwise; an include walks edges if a foreign key carries the
//! association, and looks up values otherwise. Whoever adds costs finds the choices in `access` and `walk`.

mod access;
mod walk;

use crate::query::Version;
use crate::query::plan::{Access, Cut, IdOrder, Plan, PlanNode, RowOrder};
use crate::query::resolve::Node;
use crate::schema::Schema;

/// How to answer a request.
pub(crate) fn plan(nodes: Vec<Node>, version: Version<'_>) -> Plan {
    plan_from(plan_root, nodes, version)
}

/// How to answer a request whose root rows are given; of an association to one, one of them under each source.
pub(crate) fn plan_given(nodes: Vec<Node>, single: bool, version: Version<'_>) -> Plan {
    let root = |node, schema: &Schema| {
        let mut root = plan_node(node, Access::Given, schema);
        if single {
            root.cut = root.cut.to_one();
        }
        root
    };
    plan_from(root, nodes, version)
}

fn plan_from(
    plan_root: impl Fn(Node, &Schema) -> PlanNode,
    nodes: Vec<Node>,
    version: Version<'_>,
) -> Plan {
    let schema = version.snapshot.schema();
    let mut planned: Vec<PlanNode> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let access = node.include.as_ref().map(|include| {
            let source = planned[include.parent].node.table;
            walk::choose(&node, include, source, version)
        });
        planned.push(match access {
            None => plan_root(node, schema),
            Some(access) => plan_node(node, access, schema),
        });
    }
    Plan {
        schema: schema.clone(),
        registry: version.registry.clone(),
        nodes: planned,
    }
}

/// How to count what a request finds: only what decides about roots, in no order and not cut (associations EL-52,
/// EL-53).
pub(crate) fn plan_count(nodes: Vec<Node>, version: Version<'_>) -> Plan {
    counting(plan(required_only(nodes), version))
}

/// As [`plan_count`], of given root rows.
pub(crate) fn plan_given_count(nodes: Vec<Node>, version: Version<'_>) -> Plan {
    counting(plan_given(required_only(nodes), false, version))
}

fn counting(mut plan: Plan) -> Plan {
    for node in &mut plan.nodes {
        node.order = RowOrder::Any;
        node.cut = Cut::default();
    }
    plan
}

fn plan_root(mut node: Node, schema: &Schema) -> PlanNode {
    let choice = access::choose(schema.table(node.table), node.filter.as_ref());
    if choice.answers_filter {
        node.filter = None;
    }
    plan_node(node, Access::Root(choice.path), schema)
}

fn plan_node(mut node: Node, access: Access, schema: &Schema) -> PlanNode {
    let primary_key = &schema.table(node.table).primary_key().columns;
    let order = RowOrder::new(std::mem::take(&mut node.order), primary_key);
    let cut = cut(&node, access.id_order());
    PlanNode {
        node,
        access,
        order,
        cut,
    }
}

fn cut(node: &Node, found: IdOrder) -> Cut {
    let asked = Cut {
        offset: node.offset,
        limit: node.limit,
    };
    let include = node.include.as_ref();
    let single = include.is_some_and(|include| include.association.is_single());
    let cut = if single { asked.to_one() } else { asked };
    match found {
        IdOrder::One if cut.is_idle_for(1) => Cut::default(),
        _ => cut,
    }
}

/// The root and the includes that are required all the way up to it.
fn required_only(nodes: Vec<Node>) -> Vec<Node> {
    // Where each node went, if it was kept.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(nodes.len());
    let mut kept: Vec<Node> = Vec::new();
    for mut node in nodes {
        let parent = match &node.include {
            Some(include) if include.required => places[include.parent],
            Some(_) => None,
            None => Some(0),
        };
        places.push(parent.map(|_| kept.len()));
        let Some(parent) = parent else { continue };
        node.children.clear();
        if let Some(include) = &mut node.include {
            include.parent = parent;
            let position = kept.len();
            kept[parent].children.push(position);
        }
        kept.push(node);
    }
    kept
}
