//! From what was asked for to how it is read.
//!
//! The rules are simple, and the same whatever the tables hold: a root is read as [`AccessPath::choose`] says for its
//! filter; an include walks edges if a foreign key carries the association, and looks up values otherwise; what is only
//! counted is counted by its edges where each of them counts. So a plan does not grow old: it is as good for every version
//! of its schema, and nothing is ever planned again. Whoever adds costs has to see to that.

mod walk;

use crate::engine::AccessPath;
use crate::query::Version;
use crate::query::plan::{Access, Cut, IdOrder, Keep, Plan, PlanNode, RowOrder};
use crate::query::resolve::{Node, Resolved};
use crate::schema::Schema;

/// How to answer a request.
pub(crate) fn plan(resolved: Resolved, version: Version<'_>) -> Plan {
    plan_from(plan_root, resolved, version)
}

/// How to answer a request whose root rows are given; of an association to one, one of them under each source.
pub(crate) fn plan_given(resolved: Resolved, single: bool, version: Version<'_>) -> Plan {
    let root = |node, schema: &Schema| {
        let mut root = plan_node(node, Access::Given, schema);
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
        wanted,
        nodes: planned,
    }
}

/// How to count what a request finds: only what decides about roots, in no order and not cut (associations EL-52,
/// EL-53).
pub(crate) fn plan_count(mut resolved: Resolved, version: Version<'_>) -> Plan {
    resolved.nodes = required_only(resolved.nodes);
    counting(plan(resolved, version))
}

/// How to read what [`plan_count`] counts, in primary-key order.
pub(crate) fn plan_passing_in_order(resolved: Resolved, version: Version<'_>) -> Plan {
    let mut plan = plan_count(resolved, version);
    plan.nodes[0].order = RowOrder::Key;
    plan
}

/// As [`plan_count`], of given root rows.
pub(crate) fn plan_given_count(mut resolved: Resolved, version: Version<'_>) -> Plan {
    resolved.nodes = required_only(resolved.nodes);
    counting(plan_given(resolved, false, version))
}

fn counting(mut plan: Plan) -> Plan {
    for node in &mut plan.nodes {
        node.order = RowOrder::Any;
        node.cut = Cut::default();
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
    let order = match keep {
        Keep::Rows => RowOrder::new(std::mem::take(&mut node.order), primary_key),
        Keep::Passing | Keep::Number => RowOrder::Any,
    };
    let cut = cut(&node, access.id_order());
    PlanNode {
        node,
        access,
        order,
        cut,
        keep,
    }
}

fn keep(node: &Node) -> Keep {
    match &node.include {
        Some(include) if include.counted => {
            match node.filter.is_none() && node.children.is_empty() {
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
