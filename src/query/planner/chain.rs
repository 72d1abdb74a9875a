//! How the rows of a chain are found: the way of each step as that of an include of it.

use crate::association::link::Association;
use crate::query::Version;
use crate::query::node::Node;
use crate::query::plan::{Access, IdOrder, Step, Way};
use crate::query::planner::walk;

/// From rows of the source's table, or from given ones, along each step of the association. The filter of the node is
/// tested by the last step, before repeats are removed.
pub(super) fn choose(
    node: &mut Node,
    association: &Association,
    parent: Option<usize>,
    version: Version<'_>,
) -> Access {
    let registry = version.registry;
    let mut from = registry.model(association.source).table;
    let mut steps = Vec::with_capacity(node.steps.len());
    let tested = std::mem::take(&mut node.steps);
    for (association, tested) in association.steps().iter().zip(tested) {
        let table = registry.model(association.target).table;
        let way = walk::way(association, from, tested.junction, false, version);
        steps.push(Step {
            association: association.clone(),
            table,
            one: tested.one && !leads_to_one(&way),
            way,
            filter: tested.filter,
        });
        from = table;
    }
    if let Some(last) = steps.last_mut() {
        last.filter = node.filter.take();
    }
    Access::Chain { parent, steps }
}

fn leads_to_one(way: &Way) -> bool {
    match way {
        Way::Direct(walk) => walk.id_order() == IdOrder::One,
        Way::Through(_) => false,
    }
}
