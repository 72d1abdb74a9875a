//! The nodes of a request: its root and includes by ids, in one list.
//!
//! Each stands before what it contains, and an include names the node that it hangs below. `resolve` makes them, `reach` adds
//! those that no include asked for, and the planner and the executor work on the same list.

use std::sync::Arc;

use crate::association::link::Association;
use crate::association::owner::Owner;
use crate::association::registry::ModelId;
use crate::expr::Bound;
use crate::query::attributes::Shown;
use crate::query::include::Recursion;
use crate::query::reach::{Asked, At, Draft, Origin, Reach, Slot, Worked};
use crate::query::{Direction, Nulls};
use crate::schema::TableId;

/// A root, or an include below another node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) model: ModelId,
    pub(crate) table: TableId,
    /// What makes it an include; none at the root.
    pub(crate) include: Option<IncludeNode>,
    /// The includes right below, ascending.
    pub(crate) children: Vec<usize>,
    /// What its rows are tested for by themselves.
    pub(crate) filter: Option<Bound>,
    /// What they are tested for besides.
    pub(crate) reach: Reach,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
    pub(crate) attributes: Shown,
    /// Values worked out of its rows: those of computed attributes first, then those that its order, an aggregate of its
    /// rows or groups of them ask for.
    pub(crate) worked: Vec<Worked>,
    /// The junction rows that come with its rows, if they are found through a junction.
    pub(crate) junction: Option<JunctionNode>,
    /// What rows are tested for on the way, if they are found over a chain: one entry for each step.
    pub(crate) steps: Vec<StepNode>,
}

impl Node {
    /// Whether rows of the parent node without rows here are left out.
    pub(crate) fn is_required(&self) -> bool {
        self.include.as_ref().is_some_and(|it| it.required)
    }

    /// Whether it is a recursive include of this association.
    pub(crate) fn recurses_by(&self, key: &str) -> bool {
        let include = self.include.as_ref();
        include
            .is_some_and(|it| it.recursion.is_some() && *it.association.key == *key && !it.hidden)
    }

    /// Whether it leads to one row at most.
    pub(crate) fn is_single(&self) -> bool {
        let include = self.include.as_ref();
        include.is_some_and(|include| include.association.is_single())
    }

    /// Nodes below that its filter, its order and what it works out read, without those on the way there.
    pub(crate) fn reached(&self) -> Vec<usize> {
        let of_terms = self.reach.terms.iter().map(Bound::columns);
        let of_worked = self.worked.iter().map(|worked| worked.value.columns());
        let slots = of_terms
            .chain(of_worked)
            .flat_map(|columns| self.reach.slots_of(columns));
        let of_slots = slots.flat_map(|(_, slot)| match slot {
            Slot::Number { way, .. } | Slot::Aggregate { way, .. } => way.clone(),
            Slot::Cell(at, _) => at.node().into_iter().collect(),
        });
        of_slots
            .chain(self.order.iter().filter_map(|key| key.at.node()))
            .collect()
    }

    /// Writes other numbers for the nodes that it reads. What nobody reads any more is left as it is.
    pub(crate) fn renumber(&mut self, place: impl Fn(usize) -> usize) {
        for slot in &mut self.reach.slots {
            match slot {
                Slot::Number { way, .. } | Slot::Aggregate { way, .. } => {
                    way.iter_mut().for_each(|node| *node = place(*node));
                }
                Slot::Cell(at, _) => at.renumber(&place),
            }
        }
        for worked in &mut self.worked {
            let joined = worked.joined.iter_mut();
            joined.for_each(|node| *node = place(*node));
        }
        for key in &mut self.order {
            key.at.renumber(&place);
        }
    }

    /// Forgets what is worked out of its rows, unless its order or an aggregate asks for that: they are no part of a result.
    pub(crate) fn forget_attributes(&mut self) {
        self.attributes.without_computed();
        let include = self.include.as_ref();
        let asked = include.is_some_and(|it| it.aggregated)
            || self.order.iter().any(|key| key.at == At::Worked);
        if !asked {
            self.worked.clear();
        }
    }

    /// Of its rows only the number is wanted, whatever order, limit and offset a scope gave them.
    pub(crate) fn only_count(&mut self) {
        self.order.clear();
        (self.limit, self.offset) = (None, 0);
        if let Some(include) = &mut self.include {
            (include.counted, include.required) = (true, false);
        }
    }

    /// Something is asked about each of its rows, also where an association to one leads to several.
    pub(crate) fn count_each(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.one = false;
        }
    }

    /// Whether none of its rows are part of the result, nor any below them: it is a count or implied, or below such a
    /// node.
    pub(super) fn is_silent(&self, nodes: &[Node]) -> bool {
        let mut next = self.include.as_ref();
        while let Some(include) = next {
            if include.counted || include.origin != Origin::Request {
                return true;
            }
            next = nodes[include.parent].include.as_ref();
        }
        false
    }
}

/// How a node hangs below another.
#[derive(Clone, Debug)]
pub(crate) struct IncludeNode {
    /// The node that it hangs below.
    pub(crate) parent: usize,
    pub(crate) association: Arc<Association>,
    /// Whether a row of the parent node without rows here is left out.
    pub(crate) required: bool,
    /// What is true for a row below a row of the parent node, instead of the keys of the association: columns of the row,
    /// and behind them those of the other one.
    pub(crate) on: Option<Bound>,
    /// It only decides about rows of the parent node and is no part of the result (associations EL-14).
    pub(crate) hidden: bool,
    /// Of its rows only the number is wanted.
    pub(crate) counted: bool,
    /// Of its rows only aggregates are wanted.
    pub(crate) aggregated: bool,
    /// The order of its rows shows nowhere.
    pub(crate) unordered: bool,
    /// It hangs below itself as well.
    pub(crate) recursion: Option<Recursion>,
    pub(crate) origin: Origin,
    /// Neither a filter nor a limit or offset of the request leaves rows out.
    pub(crate) whole: bool,
    /// The owner that was included, if the association is one of it. Those of one owner stand beside each other, and are
    /// required or not together: of a row that has something in one of them, nothing is asked in the others.
    pub(crate) owner: Option<Arc<Owner>>,
}

impl IncludeNode {
    /// Whether both are below one row for the sake of one owner.
    pub(crate) fn is_of_one_owner(&self, other: &IncludeNode) -> bool {
        match (&self.owner, &other.owner) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// The name under which it is found on results.
    pub(crate) fn name(&self) -> &str {
        match &self.owner {
            Some(owner) => &owner.key,
            None => &self.association.key,
        }
    }

    /// Whether the number of its rows is part of the result.
    pub(crate) fn shows_count(&self) -> bool {
        self.counted && self.origin == Origin::Request
    }
}

/// The junction rows that come with the rows of a node.
#[derive(Clone, Debug)]
pub(crate) struct JunctionNode {
    pub(crate) model: ModelId,
    pub(crate) filter: Option<Bound>,
    pub(crate) attributes: Shown,
    /// Whether a filter or an order reads them.
    pub(crate) read: bool,
}

impl JunctionNode {
    /// Whether they are part of the result.
    pub(crate) fn is_shown(&self) -> bool {
        !self.attributes.ordinals.is_empty()
    }
}

/// What is tested in one step of a chain. The filter of the last is that of the node.
#[derive(Clone, Debug, Default)]
pub(crate) struct StepNode {
    pub(crate) filter: Option<Bound>,
    pub(crate) junction: Option<Bound>,
    /// Of several rows below one only one counts.
    pub(crate) one: bool,
}

/// A column or a value to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderKey {
    pub(crate) at: At,
    /// Of a value that is worked out, its position among those of the node.
    pub(crate) ordinal: u32,
    pub(crate) direction: Direction,
    pub(crate) nulls: Nulls,
    /// Whether an association to many leads there.
    pub(crate) over_many: bool,
}

impl OrderKey {
    /// A column of the rows that are ordered.
    pub(crate) fn own(ordinal: u32, direction: Direction, nulls: Nulls) -> Self {
        OrderKey {
            at: At::Row,
            ordinal,
            direction,
            nulls,
            over_many: false,
        }
    }
}

/// Nodes that are being resolved, each with what is left of its filter and its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) drafts: Vec<Draft>,
    /// The ways of aggregates so far.
    pub(crate) asked: Vec<Asked>,
}

impl Tree {
    /// One more node, below its parent if it is an include; where it stands.
    pub(crate) fn push(&mut self, node: Node, draft: Draft) -> usize {
        let position = self.nodes.len();
        if let Some(include) = &node.include {
            self.nodes[include.parent].children.push(position);
        }
        self.nodes.push(node);
        self.drafts.push(draft);
        position
    }

    /// How many nodes stand above one.
    pub(crate) fn depth(&self, node: usize) -> u32 {
        let above = |node: &usize| Some(self.nodes[*node].include.as_ref()?.parent);
        let count = std::iter::successors(Some(node), above).skip(1).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
