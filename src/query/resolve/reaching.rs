//! What names in the filters, values and orders of a node mean that are not attributes of its rows: nodes are added for what
//! they reach (see `reach`), or found among those of the includes.
//!
//! An expression that is worked out of a row has one value for it, and so reads columns over associations to one alone; a
//! filter may be true for one of many lines.
//!
//! Where the children of a node are included without an order of their own, they follow what the order of their parent says
//! about them (associations EL-33).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use crate::association::attributes::Attributes;
use crate::association::link::Association;
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::error::{Error, RequestError, RequestKind, Result, excerpt};
use crate::expr::aggregate::Aggregate;
use crate::expr::{self, Bound, BoundValue, Expr, Numbers, Question, Related, col};
use crate::query::aggregate::{Fold, Source};
use crate::query::attributes::computed_position;
use crate::query::criteria::Criteria;
use crate::query::node::{IncludeNode, Node, OrderKey, Tree};
use crate::query::reach::{Asked, At, Origin, Slot, Worked};
use crate::query::resolve::{Resolver, too_deep};
use crate::query::shape::Side;
use crate::query::{DEPTH_MAX, Order, include};
use crate::value::DataType;

/// Resolves what is left of the filters, values and orders of all nodes, those that it adds included.
///
/// # Errors
/// What [`Select::run`](crate::query::Select::run) says about requests.
pub(crate) fn connect(resolver: &Resolver<'_>, tree: &mut Tree) -> Result<()> {
    let tree = RefCell::new(tree);
    // By node: what is said about the order of its rows.
    let mut orders: Vec<Vec<Order>> = Vec::new();
    while orders.len() < tree.borrow().nodes.len() {
        let node = orders.len();
        let draft = mem::take(&mut tree.borrow_mut().drafts[node]);
        let orders_itself = !draft.order.is_empty();
        let order = order_of(&tree.borrow().nodes[node], draft.order, &orders);
        // Which of several rows an association to one leads to is for itself to say (associations D23).
        let own = match &tree.borrow().nodes[node].include {
            Some(include) if include.association.is_single() && !orders_itself => &[][..],
            _ => &order,
        };
        let reaching = |asker| Reaching::new(resolver, &tree, node, asker);
        let values = reaching(Asker::Value);
        draft
            .worked
            .iter()
            .try_for_each(|it| values.work_out(it).map(drop))?;
        let keys = own.iter().map(|it| reaching(Asker::Order).order_key(it));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let terms = draft
            .terms
            .iter()
            .map(|it| reaching(Asker::Filter).bind(it));
        let terms = terms.collect::<Result<Vec<_>>>()?;
        let connected = &mut tree.borrow_mut().nodes[node];
        (connected.order, connected.reach.terms) = (keys, terms);
        orders.push(order);
    }
    Ok(())
}

/// What is said about the order of a node's rows: by itself, or by the order of its parent.
fn order_of(node: &Node, said: Vec<Order>, orders: &[Vec<Order>]) -> Vec<Order> {
    match &node.include {
        Some(include) if include.counted => Vec::new(),
        Some(include) if said.is_empty() => followed(include, orders),
        _ => said,
    }
}

/// What the order of an include's parent says about it.
fn followed(include: &IncludeNode, orders: &[Vec<Order>]) -> Vec<Order> {
    if include.origin != Origin::Request {
        return Vec::new();
    }
    let below = |order: &Order| {
        let (first, rest) = order.by.as_column()?.split_once('.')?;
        (*first == *include.association.key).then(|| Order {
            by: col(rest),
            ..order.clone()
        })
    };
    orders[include.parent].iter().filter_map(below).collect()
}

/// The models on all paths that a read of a model by these criteria names: those whose default scopes it is read with.
pub(crate) fn models_reached<'m>(
    model: &'m ModelEntry,
    criteria: &Criteria,
    registry: &'m Registry,
) -> Vec<&'m ModelEntry> {
    let mut reached = Vec::new();
    let ordered = criteria.order.iter().map(|it| &it.by);
    let computed = criteria.computed.iter().map(|(_, it)| it);
    let named = criteria.filters.iter().chain(ordered).chain(computed);
    let named = named.flat_map(Expr::paths);
    let mut pending: Vec<(&ModelEntry, &str, Vec<&Expr>)> = named
        .map(|(path, filters)| (model, path, filters))
        .collect();
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

/// What the names in the expressions of one node mean.
struct Reaching<'r, 's, 't> {
    resolver: &'r Resolver<'s>,
    tree: &'r RefCell<&'t mut Tree>,
    node: usize,
    model: &'s ModelEntry,
    asker: Asker,
}

/// What an expression or a path stands in.
#[derive(Clone, Copy, PartialEq)]
enum Asker {
    Filter,
    Order,
    /// What has one value for each row.
    Value,
}

impl<'r, 's, 't> Reaching<'r, 's, 't> {
    fn new(
        resolver: &'r Resolver<'s>,
        tree: &'r RefCell<&'t mut Tree>,
        node: usize,
        asker: Asker,
    ) -> Self {
        let model = tree.borrow().nodes[node].model;
        Reaching {
            resolver,
            tree,
            node,
            model: resolver.registry.model(model),
            asker,
        }
    }

    fn bind(&self, term: &Expr) -> Result<Bound> {
        let names = Attributes::of(self.model, self.resolver.schema);
        term.bind_with(&names, &self.resolver.parameters, Some(self))
    }

    /// One more value that is worked out of each row, and its position.
    fn work_out(&self, expr: &Expr) -> Result<usize> {
        let values = Reaching {
            asker: Asker::Value,
            ..*self
        };
        let names = Attributes::of(self.model, self.resolver.schema);
        let value = expr.bind_value_with(&names, &self.resolver.parameters, Some(&values))?;
        let joined = self.ways_to(&value);
        let worked = &mut self.tree.borrow_mut().nodes[self.node].worked;
        worked.push(Worked { value, joined });
        Ok(worked.len() - 1)
    }

    /// The nodes below whose columns a value reads, with those on the way there.
    fn ways_to(&self, value: &BoundValue) -> Vec<usize> {
        let tree = self.tree.borrow();
        let mut ways = BTreeSet::new();
        for (_, slot) in tree.nodes[self.node].reach.slots_of(value.columns()) {
            let Slot::Cell(At::Below { node, .. }, _) = slot else {
                continue;
            };
            let mut node = *node;
            while node != self.node && ways.insert(node) {
                let include = tree.nodes[node].include.as_ref();
                node = include.map_or(self.node, |include| include.parent);
            }
        }
        ways.into_iter().collect()
    }

    fn order_key(&self, order: &Order) -> Result<OrderKey> {
        let (at, ordinal) = match order.by.as_column() {
            None => worked(self.work_out(&order.by)?),
            Some(name) => match (self.computed(name), self.model.find_attribute(name)) {
                (Some(position), _) => worked(position),
                (None, Some(attribute)) => (At::Row, attribute.ordinal),
                (None, None) => self.locate(name)?,
            },
        };
        let over_many = match at {
            At::Below { node, .. } => self.is_over_many(node),
            At::Row | At::Junction | At::Worked => false,
        };
        Ok(OrderKey {
            at,
            ordinal,
            direction: order.direction,
            nulls: order.nulls(),
            over_many,
        })
    }

    /// Which computed attribute of the node has a name.
    fn computed(&self, name: &str) -> Option<usize> {
        let tree = self.tree.borrow();
        let ordinal = tree.nodes[self.node].attributes.find_computed(name)?;
        computed_position(ordinal)
    }

    /// The column at the end of a path.
    fn locate(&self, path: &str) -> Result<(At, u32)> {
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
                _ => return Err(self.no_way(node, element)),
            }
        }
        let model = match side {
            Side::Target => self.model_at(node),
            Side::Junction => self.junction_at(node).unwrap_or(self.model),
        };
        if self.asker == Asker::Order && side == Side::Target && self.is_computed_at(node, name) {
            let detail = format!("an order by {path}.{name}, which is worked out below");
            return Err(RequestError::new(RequestKind::Unsupported, &*model.name, detail).into());
        }
        let ordinal = model.attribute(name)?.ordinal;
        let at = match (node == self.node, side) {
            (true, Side::Target) => At::Row,
            (true, Side::Junction) => At::Junction,
            (false, _) => At::Below { node, side },
        };
        if let (Asker::Value, At::Below { node, .. }) = (self.asker, at)
            && self.is_over_many(node)
        {
            let detail = format!(
                "{path}.{name}, which many rows have, as a value of one: ask with `related`"
            );
            let kind = RequestKind::Unsupported;
            return Err(RequestError::new(kind, &*self.model.name, detail).into());
        }
        Ok((at, ordinal))
    }

    /// Whether an include works out an attribute of this name.
    fn is_computed_at(&self, node: usize, name: &str) -> bool {
        let tree = self.tree.borrow();
        tree.nodes[node].attributes.find_computed(name).is_some()
    }

    /// Where an element of a path leads from a node.
    fn step(&self, node: usize, element: &str) -> Option<Step> {
        if let Ok(association) = self.model_at(node).association(element) {
            return Some(Step::To(association.clone()));
        }
        let junction = self.junction_at(node)?;
        (*junction.name == *element).then_some(Step::Junction)
    }

    fn no_way(&self, node: usize, element: &str) -> Error {
        let model = self.model_at(node);
        if let Some(owner) = model.find_owner(element) {
            let names = model.member_names(owner);
            let detail = format!("{element} leads to rows of several models: name one of {names}");
            return RequestError::new(RequestKind::Type, &*model.name, detail).into();
        }
        let element = excerpt(&element);
        let detail = match self.asker {
            Asker::Filter | Asker::Value => format!(
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

    /// The ordinal of what is read, which may be read already.
    fn slot(&self, slot: Slot) -> u32 {
        let reach = &mut self.tree.borrow_mut().nodes[self.node].reach;
        let same = |known: &Slot| match (known, &slot) {
            (Slot::Cell(at, ordinal), Slot::Cell(other, another)) => {
                (at, ordinal) == (other, another)
            }
            _ => false,
        };
        let known = reach.slots.iter().position(same);
        let position = known.unwrap_or_else(|| {
            reach.slots.push(slot);
            reach.slots.len() - 1
        });
        reach.base + u32::try_from(position).expect("an expression has fewer operations")
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

fn worked(position: usize) -> (At, u32) {
    let position = u32::try_from(position).expect("a request works out fewer values");
    (At::Worked, position)
}

impl expr::Reach for Reaching<'_, '_, '_> {
    fn column(&self, path: &str) -> Result<(u32, DataType)> {
        let (at, ordinal) = self.locate(path)?;
        let model = match at {
            At::Row | At::Worked => self.model,
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
            Question::Any | Question::Count | Question::Aggregate(_) => of_all,
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

    fn aggregate(&self, related: &Related, aggregate: &Aggregate) -> Result<(u32, DataType)> {
        let way = self.aggregated(related)?;
        let last = *way.last().unwrap_or(&self.node);
        let fold = Reaching::new(self.resolver, self.tree, last, Asker::Value).fold(aggregate)?;
        if fold.minds_order() {
            for &node in &way {
                if let Some(include) = &mut self.tree.borrow_mut().nodes[node].include {
                    include.unordered = false;
                }
            }
        }
        let data_type = fold.to;
        Ok((self.slot(Slot::Aggregate { way, fold }), data_type))
    }
}

impl Reaching<'_, '_, '_> {
    /// A number of its own: of the rows at the end of a path for which a filter is true.
    fn number(&self, related: &Related, filter: Option<Expr>) -> Result<u32> {
        let way = self.way(&related.path, filter)?;
        if let Some(&last) = way.last() {
            let mut tree = self.tree.borrow_mut();
            tree.nodes[last].only_count();
            if !related.question.gives_cell() {
                tree.nodes[last].count_each();
            }
        }
        Ok(self.slot(Slot::Number {
            way,
            cut: !matches!(related.question, Question::All(_)),
        }))
    }

    /// The nodes to the rows that aggregates are of: those of another aggregate of the same rows, if there is one.
    fn aggregated(&self, related: &Related) -> Result<Vec<usize>> {
        let same = |asked: &&Asked| {
            (asked.node, &asked.path, &asked.filter) == (self.node, &related.path, &related.filter)
        };
        let known = {
            let tree = self.tree.borrow();
            tree.asked.iter().find(same).map(|asked| asked.way.clone())
        };
        if let Some(way) = known {
            return Ok(way);
        }
        let way = self.way(&related.path, related.filter.clone())?;
        let mut tree = self.tree.borrow_mut();
        for &node in &way {
            if let Some(include) = &mut tree.nodes[node].include {
                include.aggregated = Some(&node) == way.last();
                include.unordered = !include.association.is_single();
            }
        }
        tree.asked.push(Asked {
            node: self.node,
            path: related.path.clone(),
            filter: related.filter.clone(),
            way: way.clone(),
        });
        Ok(way)
    }

    /// Nodes of their own for a path, the last one with a filter.
    fn way(&self, path: &str, mut filter: Option<Expr>) -> Result<Vec<usize>> {
        let mut node = self.node;
        let mut way = Vec::new();
        let mut elements = path.split('.').peekable();
        while let Some(element) = elements.next() {
            let Some(Step::To(association)) = self.step(node, element) else {
                return Err(self.no_way(node, element));
            };
            let filter = if elements.peek().is_none() {
                filter.take()
            } else {
                None
            };
            node = self.imply(node, &association, filter, Origin::Asked)?;
            way.push(node);
        }
        Ok(way)
    }

    /// An aggregate of the rows of the node.
    fn fold(&self, aggregate: &Aggregate) -> Result<Fold> {
        let of = aggregate.of.as_ref();
        let own = match of.and_then(Expr::as_column) {
            Some(name) => self.model.own_ordinal(name)?,
            None => None,
        };
        let (source, data_type) = match (of, own) {
            (None, _) => (None, None),
            (Some(_), Some(ordinal)) => {
                let table = self.resolver.schema.table(self.model.table);
                let data_type = table.columns[ordinal as usize].data_type;
                (Some(Source::Column(ordinal)), Some(data_type))
            }
            (Some(expr), None) => {
                let position = self.work_out(expr)?;
                let worked = &self.tree.borrow().nodes[self.node].worked[position];
                (Some(Source::Worked(position)), worked.value.data_type())
            }
        };
        Fold::new(aggregate, source, data_type, &self.model.name)
    }
}
