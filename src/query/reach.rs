//! What filters and orders read besides the row that they are about: associated rows.
//!
//! Each of it becomes a node that no include asked for, below the node of the filter:
//!
//! 1. A question ([`related`](crate::expr::related)) becomes nodes of its own, the last of which is only counted.
//! 2. A column over a path (`company.name`) becomes nodes that are *joined*: one for each path, whatever the number of
//!    columns, so that all columns over one path are of the same row (associations EL-25). If the path is included, the
//!    node of the include is joined instead, filtered as it is: what a filter leaves of it is what is shown (beyond BY-19).
//! 3. Behind the name of a junction's model stand the columns of the junction rows that lead to a node
//!    (associations EL-34).
//!
//! A term sees the answers as cells behind those of its row: its [`Slot`]s. Where the children of a node are included
//! without an order of their own, they follow what the order of their parent says about them (associations EL-33).

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

use crate::association::link::Association;
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::error::{Error, RequestError, RequestKind, Result, excerpt};
use crate::expr::{self, Bound, Expr, Numbers, Question, Related};
use crate::query::node::{IncludeNode, OrderKey, Tree};
use crate::query::resolve::{Attributes, Resolver, too_deep};
use crate::query::shape::Side;
use crate::query::{DEPTH_MAX, Order, include};
use crate::value::DataType;

/// What the filter of a node reads besides its own columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// The terms that do; all have to be true, beside the node's filter.
    pub(crate) terms: Vec<Bound>,
    /// What the ordinals behind those of the node's columns mean, the first of which is `base`.
    pub(crate) slots: Vec<Slot>,
    pub(crate) base: u32,
}

impl Reach {
    /// What a term reads besides the columns of its row.
    pub(crate) fn slots_of(&self, term: &Bound) -> impl Iterator<Item = &Slot> {
        let slots = term
            .columns()
            .iter()
            .filter_map(|it| it.checked_sub(self.base));
        slots.map(|slot| &self.slots[slot as usize])
    }
}

/// What a cell behind those of a row is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Slot {
    /// The number of rows at the end of these nodes, each below the one before.
    Number {
        way: Vec<usize>,
        /// Whether an association to one leads to one row at most at the end, too: not where several numbers are compared.
        cut: bool,
    },
    /// A column of another row; null where there is none.
    Cell(At, u32),
}

/// Where a column is, seen from a row of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// In the row.
    Row,
    /// In the junction row that led to it.
    Junction,
    /// In a row of a node below it, or in the junction row that led there.
    Below { node: usize, side: Side },
}

impl At {
    /// The node below.
    pub(crate) fn node(self) -> Option<usize> {
        match self {
            At::Below { node, .. } => Some(node),
            At::Row | At::Junction => None,
        }
    }

    /// Writes another number for the node below.
    pub(crate) fn renumber(&mut self, place: impl Fn(usize) -> usize) {
        if let At::Below { node, .. } = self {
            *node = place(*node);
        }
    }
}

/// Why a node is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The request or a scope includes or counts it.
    Request,
    /// A column over a path is read in it.
    Joined,
    /// A question is about it, and nothing else.
    Asked,
}

/// The filter terms and the order of a node whose names are still to be resolved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) terms: Vec<Expr>,
    pub(crate) order: Vec<Order>,
}

/// Resolves what is left of the filters and orders of all nodes, those that it adds included.
///
/// # Errors
/// What [`Select::run`](crate::query::Select::run) says about requests.
pub(crate) fn connect(resolver: &Resolver<'_>, tree: &mut Tree) -> Result<()> {
    // By node: what is said about the order of its rows.
    let mut orders: Vec<Vec<Order>> = Vec::new();
    while orders.len() < tree.nodes.len() {
        let node = orders.len();
        let draft = mem::take(&mut tree.drafts[node]);
        let orders_itself = !draft.order.is_empty();
        let order = match &tree.nodes[node].include {
            Some(include) if include.counted => Vec::new(),
            Some(include) if !orders_itself => followed(include, &orders),
            _ => draft.order,
        };
        // Which of several rows an association to one leads to is for itself to say (associations D23).
        let own = match &tree.nodes[node].include {
            Some(include) if include.association.is_single() && !orders_itself => &[][..],
            _ => &order,
        };
        let reaching = Reaching::new(resolver, tree, node);
        let keys = own.iter().map(|it| reaching.order_key(it));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let terms = draft.terms.iter().map(|it| reaching.bind(it));
        let terms = terms.collect::<Result<Vec<_>>>()?;
        let (base, slots) = (reaching.base, reaching.slots.into_inner());
        tree.nodes[node].order = keys;
        tree.nodes[node].reach = Reach { terms, slots, base };
        orders.push(order);
    }
    Ok(())
}

/// What the order of an include's parent says about it.
fn followed(include: &IncludeNode, orders: &[Vec<Order>]) -> Vec<Order> {
    if include.origin != Origin::Request {
        return Vec::new();
    }
    let below = |order: &Order| {
        let (first, rest) = order.attribute.split_once('.')?;
        (*first == *include.association.key).then(|| Order {
            attribute: rest.to_owned(),
            ..order.clone()
        })
    };
    orders[include.parent].iter().filter_map(below).collect()
}

/// The models on all paths that filters and an order over a model name: those whose default scopes they are read with.
pub(crate) fn models_reached<'m>(
    model: &'m ModelEntry,
    filters: &[Expr],
    order: &[Order],
    registry: &'m Registry,
) -> Vec<&'m ModelEntry> {
    let mut reached = Vec::new();
    let ordered = order.iter().filter_map(|it| it.attribute.rsplit_once('.'));
    let mut pending: Vec<(&ModelEntry, &str, Vec<&Expr>)> =
        ordered.map(|(path, _)| (model, path, Vec::new())).collect();
    let named = filters.iter().flat_map(Expr::paths);
    pending.extend(named.map(|(path, filters)| (model, path, filters)));
    while let Some((mut model, path, filters)) = pending.pop() {
        for element in path.split('.') {
            // What leads nowhere is found when it is resolved.
            let Ok(association) = model.association(element) else {
                break;
            };
            model = registry.model(association.target);
            reached.push(model);
        }
        for (path, filters) in filters.into_iter().flat_map(Expr::paths) {
            pending.push((model, path, filters));
        }
    }
    reached
}

/// What the names in the filter and the order of one node mean.
struct Reaching<'r, 's> {
    resolver: &'r Resolver<'s>,
    tree: RefCell<&'r mut Tree>,
    node: usize,
    model: &'s ModelEntry,
    base: u32,
    slots: RefCell<Vec<Slot>>,
}

/// Whether a path was found in a filter or in an order: their errors differ.
#[derive(Clone, Copy, PartialEq)]
enum Asker {
    Filter,
    Order,
}

impl<'r, 's> Reaching<'r, 's> {
    fn new(resolver: &'r Resolver<'s>, tree: &'r mut Tree, node: usize) -> Self {
        let model = resolver.registry.model(tree.nodes[node].model);
        let columns = resolver.schema.table(model.table).columns.len();
        Reaching {
            resolver,
            tree: RefCell::new(tree),
            node,
            model,
            base: u32::try_from(columns).expect("a table has few columns"),
            slots: RefCell::default(),
        }
    }

    fn bind(&self, term: &Expr) -> Result<Bound> {
        let names = Attributes::of(self.model, self.resolver.schema);
        term.bind_with(&names, &self.resolver.parameters, Some(self))
    }

    fn order_key(&self, order: &Order) -> Result<OrderKey> {
        let (at, ordinal) = match self.model.find_attribute(&order.attribute) {
            Some(attribute) => (At::Row, attribute.ordinal),
            None => self.locate(&order.attribute, Asker::Order)?,
        };
        let over_many = match at {
            At::Below { node, .. } => self.is_over_many(node),
            At::Row | At::Junction => false,
        };
        Ok(OrderKey {
            at,
            ordinal,
            direction: order.direction,
            nulls: order.nulls(),
            over_many,
        })
    }

    /// The column at the end of a path.
    fn locate(&self, path: &str, asker: Asker) -> Result<(At, u32)> {
        let Some((path, name)) = path.rsplit_once('.') else {
            return Ok((At::Row, self.model.attribute(path)?.ordinal));
        };
        let (mut node, mut side) = (self.node, Side::Target);
        for element in path.split('.') {
            match (side, self.step(node, element)) {
                (Side::Target, Some(Step::To(association))) => {
                    node = self.joined(node, &association)?;
                }
                (Side::Target, Some(Step::Junction)) => {
                    side = Side::Junction;
                    self.read_junction(node);
                }
                _ => return Err(self.no_way(node, element, asker)),
            }
        }
        let model = match side {
            Side::Target => self.model_at(node),
            Side::Junction => self.junction_at(node).unwrap_or(self.model),
        };
        let ordinal = model.attribute(name)?.ordinal;
        let at = match (node == self.node, side) {
            (true, Side::Target) => At::Row,
            (true, Side::Junction) => At::Junction,
            (false, _) => At::Below { node, side },
        };
        Ok((at, ordinal))
    }

    /// Where an element of a path leads from a node.
    fn step(&self, node: usize, element: &str) -> Option<Step> {
        if let Ok(association) = self.model_at(node).association(element) {
            return Some(Step::To(association.clone()));
        }
        let junction = self.junction_at(node)?;
        (*junction.name == *element).then_some(Step::Junction)
    }

    fn no_way(&self, node: usize, element: &str, asker: Asker) -> Error {
        let model = self.model_at(node);
        if let Some(owner) = model.find_owner(element) {
            let names = model.member_names(owner);
            let detail = format!("{element} leads to rows of several models: name one of {names}");
            return RequestError::new(RequestKind::Type, &*model.name, detail).into();
        }
        let element = excerpt(&element);
        let detail = match asker {
            Asker::Filter => format!(
                "Association with alias \"{element}\" does not exist on {}",
                model.name
            ),
            Asker::Order => {
                format!("Unable to find a valid association for model, '{element}'")
            }
        };
        RequestError::new(RequestKind::UnknownAssociation, &*model.name, detail).into()
    }

    /// The node that is joined for an association below another: that of an include, if there is one.
    fn joined(&self, parent: usize, association: &Arc<Association>) -> Result<usize> {
        let found = {
            let tree = self.tree.borrow();
            let mut children = tree.nodes[parent].children.iter().copied();
            children.find(|&child| {
                let include = tree.nodes[child].include.as_ref();
                include.is_some_and(|it| {
                    *it.association.key == *association.key
                        && !it.counted
                        && it.origin != Origin::Asked
                })
            })
        };
        match found {
            Some(node) => Ok(node),
            None => self.imply(parent, association, None, Origin::Joined),
        }
    }

    /// A node of its own for an association below another, which shows nothing.
    fn imply(
        &self,
        parent: usize,
        association: &Association,
        filter: Option<Expr>,
        origin: Origin,
    ) -> Result<usize> {
        let mut tree = self.tree.borrow_mut();
        let depth = tree.depth(parent) + 1;
        let source = tree.nodes[parent].model;
        if depth > DEPTH_MAX {
            return Err(too_deep(self.resolver.registry.model(source)));
        }
        let mut wanted = include(&*association.key).attributes([] as [&str; 0]);
        wanted.criteria.filters.extend(filter);
        wanted.through_attributes = association.junction().map(|_| Vec::new());
        let target = self.resolver.registry.model(association.target);
        let scoped = self
            .resolver
            .scoped(target, &wanted.criteria, false)?
            .into_owned();
        let (mut node, mut draft) = self.resolver.include(source, parent, &wanted, &scoped)?;
        // What a scope says about pages says nothing about what is joined.
        (node.limit, node.offset) = (None, 0);
        if !association.is_single() {
            draft.order.clear();
        }
        if let Some(include) = &mut node.include {
            (include.origin, include.required) = (origin, false);
        }
        let position = tree.push(node, draft);
        self.resolver.grow(&mut tree, position, scoped)?;
        Ok(position)
    }

    fn read_junction(&self, node: usize) {
        if let Some(junction) = &mut self.tree.borrow_mut().nodes[node].junction {
            junction.read = true;
        }
    }

    fn is_over_many(&self, mut node: usize) -> bool {
        let tree = self.tree.borrow();
        while node != self.node {
            let Some(include) = &tree.nodes[node].include else {
                return false;
            };
            if !include.association.is_single() {
                return true;
            }
            node = include.parent;
        }
        false
    }

    fn slot(&self, slot: Slot) -> u32 {
        let mut slots = self.slots.borrow_mut();
        let known = slots.iter().position(|it| *it == slot);
        let position = known.unwrap_or_else(|| {
            slots.push(slot);
            slots.len() - 1
        });
        self.base + u32::try_from(position).expect("an expression has fewer operations")
    }

    fn model_at(&self, node: usize) -> &'s ModelEntry {
        let model: ModelId = self.tree.borrow().nodes[node].model;
        self.resolver.registry.model(model)
    }

    /// The model of the junction rows that lead to a node.
    fn junction_at(&self, node: usize) -> Option<&'s ModelEntry> {
        let junction = self.tree.borrow().nodes[node].junction.as_ref()?.model;
        Some(self.resolver.registry.model(junction))
    }
}

/// Where an element of a path leads.
enum Step {
    /// To the rows of an association.
    To(Arc<Association>),
    /// To the junction rows that led here.
    Junction,
}

impl expr::Reach for Reaching<'_, '_> {
    fn column(&self, path: &str) -> Result<(u32, DataType)> {
        let (at, ordinal) = self.locate(path, Asker::Filter)?;
        let model = match at {
            At::Row => self.model,
            At::Junction => self.junction_at(self.node).unwrap_or(self.model),
            At::Below { node, side } => match side {
                Side::Target => self.model_at(node),
                Side::Junction => self.junction_at(node).unwrap_or(self.model),
            },
        };
        let table = self.resolver.schema.table(model.table);
        let data_type = table.columns[ordinal as usize].data_type;
        Ok((self.slot(Slot::Cell(at, ordinal)), data_type))
    }

    fn numbers(&self, related: &Related) -> Result<Numbers> {
        let filter = related.filter.clone();
        let of_all = self.number(related, filter.clone())?;
        let of_true = match &related.question {
            Question::Any | Question::Count => of_all,
            Question::All(condition) => {
                let condition = condition.clone();
                let filter = match filter {
                    Some(filter) => filter.and(condition),
                    None => condition,
                };
                self.number(related, Some(filter))?
            }
        };
        Ok(Numbers { of_all, of_true })
    }
}

impl Reaching<'_, '_> {
    /// A number of its own: of the rows at the end of a path for which a filter is true.
    fn number(&self, related: &Related, mut filter: Option<Expr>) -> Result<u32> {
        let mut node = self.node;
        let mut way = Vec::new();
        let mut elements = related.path.split('.').peekable();
        while let Some(element) = elements.next() {
            let Some(Step::To(association)) = self.step(node, element) else {
                return Err(self.no_way(node, element, Asker::Filter));
            };
            let is_last = elements.peek().is_none();
            let filter = if is_last { filter.take() } else { None };
            node = self.imply(node, &association, filter, Origin::Asked)?;
            if is_last {
                self.tree.borrow_mut().nodes[node].only_count();
            }
            way.push(node);
        }
        Ok(self.slot(Slot::Number {
            way,
            cut: !matches!(related.question, Question::All(_)),
        }))
    }
}
