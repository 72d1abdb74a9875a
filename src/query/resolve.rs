//! From names to ids and ordinals, with every type checked.
//!
//! The tree becomes a list, each node before what it contains. A filter takes in the scope of its association, so that
//! nothing below knows scopes, and of columns and rows that are not its own `reach` sees to; whether an include is required
//! was decided before that, by the filters of the request and of the model's scopes alone (associations SC-7, SC-13).

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::association::link::{Association, AssociationKind, Conditions, Junction, Link};
use crate::association::owner::Owner;
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::error::{Error, Limit, RequestError, RequestKind, Result, excerpt};
use crate::expr::{Bound, Expr, Parameters, Scope, all, col};
use crate::query::attributes::Shown;
use crate::query::include_all::by_key;
use crate::query::node::{IncludeNode, JunctionNode, Node, OrderKey, StepNode, Tree};
use crate::query::parameters::Wanted;
use crate::query::reach::{self, Draft, Origin, Reach, Slot};
use crate::query::select::Criteria;
use crate::query::{DEPTH_MAX, Include, Order, Scopes, Select, Strategy, Version, keyset};
use crate::schema::{Schema, Table};
use crate::value::{DataType, Key, Value};

/// The most includes of one request, at all depths; a few associations lead to many where all are included.
const NODES_MAX: usize = 10_000;

/// A request by ids.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The root first, and every node before what it contains.
    pub(crate) nodes: Vec<Node>,
    pub(crate) wanted: Wanted,
    pub(crate) strategy: Strategy,
}

/// The request by ids, with every name and type checked.
///
/// # Errors
/// What [`Select::run`] says about requests.
pub(crate) fn resolve(request: &Select, version: Version<'_>) -> Result<Resolved> {
    check_schema(&request.model, version)?;
    let resolver = Resolver::of(version);
    let root = resolver.registry.by_name(&request.model)?;
    Ok(Resolved {
        nodes: resolver.nodes(root, &request.criteria, request.after.as_ref())?,
        wanted: Wanted::new(&root.name, resolver.parameters.into_inner())?,
        strategy: request.strategy,
    })
}

/// The nodes of a request whose root rows are those of an association. Whoever finds them looks at the scopes of the
/// association, so that its filters here are only those of the options and of the target's own scopes. Over a chain it is
/// the request that finds them, as an include does.
///
/// # Errors
/// What [`Select::run`] says about requests.
pub(crate) fn resolve_given(
    association: &Association,
    options: &Include,
    version: Version<'_>,
) -> Result<Resolved> {
    let source = version.registry.model(association.source);
    check_schema(&source.name, version)?;
    if options.on.is_some() || options.or {
        let detail = format!("`on` or `or` for {}, whose rows are given", association.key);
        return Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into());
    }
    let resolver = Resolver::of(version);
    let target = resolver.registry.model(association.target);
    let scoped = resolver.scoped(target, &options.criteria, false)?;
    let (mut root, draft) = match &association.link {
        Link::Chain(steps) => resolver.over_chain(association, steps, &scoped)?,
        Link::ToParent(_) | Link::ToChildren(_) | Link::Through(_) => {
            resolver.node(target, &scoped, &[])?
        }
    };
    root.junction = match &association.link {
        Link::Through(through) => Some(resolver.junction(through, (&[], None), options)?),
        Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => {
            check_no_junction(source, options)?;
            None
        }
    };
    if association.kind == AssociationKind::HasMany {
        // The listed attributes and the primary key (associations D10).
        resolver.show_key(target, &mut root.attributes);
    }
    Ok(Resolved {
        nodes: resolver.below(root, draft, scoped)?,
        wanted: Wanted::new(&target.name, resolver.parameters.into_inner())?,
        strategy: Strategy::Cheapest,
    })
}

/// Finds what is wrong with a read of a model by these criteria, without any rows.
///
/// # Errors
/// What [`Select::run`] says about requests, and `Unsupported` for parameters.
pub(crate) fn check_criteria(
    schema: &Schema,
    registry: &Registry,
    scopes: &Scopes,
    model: &ModelEntry,
    criteria: &Criteria,
) -> Result<()> {
    let resolver = Resolver {
        registry,
        schema,
        scopes: Some(scopes),
        parameters: RefCell::default(),
    };
    resolver.nodes(model, criteria, None)?;
    match resolver.parameters.into_inner().iter().next() {
        None => Ok(()),
        Some(parameter) => {
            let detail = format!("parameter {} in a scope", excerpt(&parameter.name));
            Err(RequestError::new(RequestKind::Unsupported, &*model.name, detail).into())
        }
    }
}

/// An include that is still to be resolved.
struct Pending<'r> {
    /// The node that it hangs below.
    parent: usize,
    /// How deep it is itself: one below the root.
    depth: u32,
    include: Cow<'r, Include>,
    counted: bool,
    owner: Option<Arc<Owner>>,
}

/// The last one pushed is the next one resolved, with all that is below it.
fn push_includes<'r>(
    (parent, depth): (usize, u32),
    criteria: Cow<'r, Criteria>,
    pending: &mut Vec<Pending<'r>>,
) {
    let push = |counted| {
        move |include| Pending {
            parent,
            depth,
            include,
            counted,
            owner: None,
        }
    };
    match criteria {
        Cow::Borrowed(criteria) => {
            let counts = criteria.counts.iter().rev();
            pending.extend(counts.map(Cow::Borrowed).map(push(true)));
            let includes = criteria.includes.iter().rev();
            pending.extend(includes.map(Cow::Borrowed).map(push(false)));
        }
        Cow::Owned(criteria) => {
            let counts = criteria.counts.into_iter().rev();
            pending.extend(counts.map(Cow::Owned).map(push(true)));
            let includes = criteria.includes.into_iter().rev();
            pending.extend(includes.map(Cow::Owned).map(push(false)));
        }
    }
}

/// The includes of one owner are required together: a row needs something in one of them.
fn require_together(nodes: &mut [Node]) {
    for position in 0..nodes.len() {
        let children = std::mem::take(&mut nodes[position].children);
        let is_required = |&child: &usize| nodes[child].is_required();
        let of_one_owner = |&one: &usize, &other: &usize| {
            let includes = nodes[one]
                .include
                .as_ref()
                .zip(nodes[other].include.as_ref());
            includes.is_some_and(|(one, other)| one.is_of_one_owner(other))
        };
        let groups = children.chunk_by(of_one_owner);
        let required: Vec<usize> = groups
            .filter(|group| group.iter().any(is_required))
            .flatten()
            .copied()
            .collect();
        for child in required {
            if let Some(include) = &mut nodes[child].include {
                include.required = true;
            }
        }
        nodes[position].children = children;
    }
}

/// An include without attributes is hidden, unless something below it is shown or counted. A count is hidden with all
/// that is below it, and so is what no include asked for.
fn hide_what_shows_nothing(nodes: &mut [Node]) {
    for position in (1..nodes.len()).rev() {
        let shown = |child: &usize| {
            let include = nodes[*child].include.as_ref();
            include.is_some_and(|it| !it.hidden || it.shows_count())
        };
        let hidden = nodes[position].attributes.ordinals.is_empty()
            && !nodes[position].children.iter().any(shown);
        if let Some(include) = &mut nodes[position].include {
            include.hidden = hidden;
        }
    }
    let mut silent = vec![false; nodes.len()];
    for (position, node) in nodes.iter_mut().enumerate() {
        if let Some(include) = &mut node.include {
            let is_silent = include.counted || include.origin != Origin::Request;
            silent[position] = is_silent || silent[include.parent];
            include.hidden |= silent[position];
        }
    }
}

/// Refuses a version of another schema than that of its models, whose ids mean nothing there.
fn check_schema(subject: &str, version: Version<'_>) -> Result<()> {
    if Arc::ptr_eq(version.snapshot.schema(), version.registry.schema()) {
        return Ok(());
    }
    let detail = "the database no longer has the schema of its models";
    Err(RequestError::new(RequestKind::SchemaChanged, subject, detail).into())
}

pub(crate) struct Resolver<'s> {
    pub(crate) registry: &'s Registry,
    pub(crate) schema: &'s Schema,
    scopes: Option<&'s Scopes>,
    /// What the filters ask for so far.
    pub(crate) parameters: RefCell<Parameters>,
}

impl<'s> Resolver<'s> {
    fn of(version: Version<'s>) -> Self {
        Resolver {
            registry: version.registry,
            schema: version.snapshot.schema(),
            scopes: version.scopes,
            parameters: RefCell::default(),
        }
    }

    /// The nodes of a read of a model, the root first: of its rows behind a place, if one is given.
    fn nodes(
        &self,
        root: &ModelEntry,
        criteria: &Criteria,
        after: Option<&Key>,
    ) -> Result<Vec<Node>> {
        let mut scoped = self.scoped(root, criteria, true)?;
        if let Some(place) = after {
            let order = own_order(root, &scoped.order)?;
            let primary_key = &self.schema.table(root.table).primary_key().columns;
            let behind = keyset::behind(root, &order, primary_key, place)?;
            scoped.to_mut().filters.push(behind);
        }
        let (root, draft) = self.node(root, &scoped, &[])?;
        self.below(root, draft, scoped)
    }

    /// A root, and all that is included below it.
    fn below(&self, root: Node, draft: Draft, scoped: Cow<'_, Criteria>) -> Result<Vec<Node>> {
        let mut tree = Tree::default();
        let root = tree.push(root, draft);
        self.grow_all(&mut tree, root, scoped)?;
        reach::connect(self, &mut tree)?;
        let mut nodes = tree.nodes;
        self.check_no_join_over_recursion(&nodes)?;
        require_together(&mut nodes);
        hide_what_shows_nothing(&mut nodes);
        Ok(nodes)
    }

    /// What scopes require below a node that was added for a filter or an order.
    pub(crate) fn grow(&self, tree: &mut Tree, node: usize, scoped: Criteria) -> Result<()> {
        self.grow_all(tree, node, Cow::Owned(scoped))
    }

    /// Adds what is included below a node, and below that.
    fn grow_all(&self, tree: &mut Tree, node: usize, scoped: Cow<'_, Criteria>) -> Result<()> {
        let mut pending = Vec::new();
        let model = self.registry.model(tree.nodes[node].model);
        let scoped = by_key(self.registry, model, scoped)?;
        push_includes((node, tree.depth(node) + 1), scoped, &mut pending);
        while let Some(Pending {
            parent,
            depth,
            include,
            counted,
            owner,
        }) = pending.pop()
        {
            let source = tree.nodes[parent].model;
            if depth > DEPTH_MAX {
                return Err(too_deep(self.registry.model(source)));
            }
            let source_model = self.registry.model(source);
            if let Some(found) = source_model.find_owner(&include.association) {
                if counted {
                    let what = ", an owner in one of several models";
                    return Err(self.no_count(source, &include, what));
                }
                let members = include.of_owner(source_model, found)?;
                pending.extend(members.into_iter().rev().map(|include| Pending {
                    parent,
                    depth,
                    include: Cow::Owned(include),
                    counted,
                    owner: Some(found.clone()),
                }));
                continue;
            }
            if counted {
                self.check_count(source, &include)?;
            } else {
                self.check_recursion(&tree.nodes, parent, &include)?;
            }
            let target = self.target(source, &include)?;
            let ((mut node, draft), below) = match include {
                Cow::Borrowed(include) => {
                    let scoped = self.scoped(target, &include.criteria, false)?;
                    (self.include(source, parent, include, &scoped)?, scoped)
                }
                Cow::Owned(include) => {
                    let scoped = self.scoped(target, &include.criteria, false)?.into_owned();
                    let node = self.include(source, parent, &include, &scoped)?;
                    (node, Cow::Owned(scoped))
                }
            };
            if let Some(include) = &mut node.include {
                include.owner = owner;
            }
            if !counted {
                self.check_owner(&tree.nodes, parent, &node)?;
            }
            let silent = tree.nodes[parent].is_silent(&tree.nodes);
            if silent && (counted || !node.is_required()) {
                // Only a scope says so, and it says nothing about a number.
                continue;
            }
            if counted {
                node.only_count();
            }
            if let (Some(include), Some(above)) = (&mut node.include, &tree.nodes[parent].include) {
                include.origin = above.origin;
            }
            if tree.nodes.len() >= NODES_MAX {
                return Err(too_many(self.registry.model(source)));
            }
            let below = by_key(self.registry, target, below)?;
            let position = tree.push(node, draft);
            push_includes((position, depth + 1), below, &mut pending);
        }
        Ok(())
    }

    /// Refuses an association beside the owner that it is one of, where what is said of the two could differ.
    fn check_owner(&self, nodes: &[Node], parent: usize, node: &Node) -> Result<()> {
        let Some(include) = &node.include else {
            return Ok(());
        };
        let beside = nodes[parent]
            .children
            .iter()
            .filter_map(|&it| nodes[it].include.as_ref());
        let same = |other: &&IncludeNode| {
            !other.counted && Arc::ptr_eq(&other.association, &include.association)
        };
        let owner = |it: &IncludeNode| it.owner.clone();
        let Some(owner) = beside
            .filter(same)
            .find_map(|it| owner(include).or(owner(it)))
        else {
            return Ok(());
        };
        let key = &include.association.key;
        let detail = format!(
            "{key} is included with {}: say with `member` what is wanted of it",
            owner.key
        );
        let source = self.registry.model(nodes[parent].model);
        Err(RequestError::new(RequestKind::Repeated, &*source.name, detail).into())
    }

    fn show_key(&self, model: &ModelEntry, shown: &mut Shown) {
        for &ordinal in &self.schema.table(model.table).primary_key().columns {
            // A hidden key is no attribute.
            if model.attribute_of(ordinal).is_some() && !shown.ordinals.contains(&ordinal) {
                shown.ordinals.push(ordinal);
            }
        }
    }

    /// Refuses a recursion that cannot be, and a second word on what is below the rows of one.
    fn check_recursion(&self, nodes: &[Node], parent: usize, include: &Include) -> Result<()> {
        let source = self.registry.model(nodes[parent].model);
        let key = &include.association;
        let above = nodes[parent].include.as_ref();
        let again = above.is_some_and(|it| it.recursion.is_some() && *it.association.key == **key);
        let refuse =
            |detail| Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into());
        if again {
            return refuse(format!(
                "{key} included in its own recursion, which includes it"
            ));
        }
        let Some(recursion) = include.recursion else {
            return Ok(());
        };
        let association = source.association(key)?;
        if !association.is_self() {
            let target = &self.registry.model(association.target).name;
            return refuse(format!(
                "a recursion of {key}, which leads from {} to {target}",
                source.name
            ));
        }
        if recursion.depth_max == Some(0) {
            return refuse(format!("a recursion of {key} to depth 0"));
        }
        if nodes[parent].is_silent(nodes) && include.required == Some(true) {
            return refuse(format!("a recursion of {key} in a count"));
        }
        Ok(())
    }

    /// Refuses to look at rows of a recursive include together with others: what is left of them would be said of one depth.
    fn check_no_join_over_recursion(&self, nodes: &[Node]) -> Result<()> {
        for (top, node) in nodes.iter().enumerate() {
            let of_slots = node.reach.slots.iter().filter_map(|slot| match slot {
                Slot::Cell(at, _) => at.node(),
                Slot::Number { .. } => None,
            });
            let of_order = node.order.iter().filter_map(|key| key.at.node());
            for mut joined in of_slots.chain(of_order) {
                while let Some(include) = &nodes[joined].include {
                    if include.recursion.is_some() {
                        let detail = format!(
                            "a filter or an order over associations beside a recursion of {}: ask with `related`",
                            include.association.key
                        );
                        let model = &*self.registry.model(include.association.source).name;
                        let kind = RequestKind::Unsupported;
                        return Err(RequestError::new(kind, model, detail).into());
                    }
                    if joined == top {
                        break;
                    }
                    joined = include.parent;
                }
            }
        }
        Ok(())
    }

    /// Refuses what says nothing about a number of rows.
    fn check_count(&self, source: ModelId, counted: &Include) -> Result<()> {
        let Some(what) = counted.what_no_count_has() else {
            return Ok(());
        };
        Err(self.no_count(source, counted, &format!("with {what}")))
    }

    fn no_count(&self, source: ModelId, counted: &Include, what: &str) -> Error {
        let detail = format!("a count of {} {what}", counted.association);
        let source = self.registry.model(source);
        RequestError::new(RequestKind::Unsupported, &*source.name, detail).into()
    }

    /// What is asked for of a model, its scopes included.
    pub(crate) fn scoped<'c>(
        &self,
        model: &ModelEntry,
        criteria: &'c Criteria,
        plain: bool,
    ) -> Result<Cow<'c, Criteria>> {
        match self.scopes {
            Some(scopes) => scopes.apply(model, criteria, plain),
            None => Scopes::default().apply(model, criteria, plain),
        }
    }

    /// The model that an include leads to.
    fn target(&self, source: ModelId, include: &Include) -> Result<&'s ModelEntry> {
        let source = self.registry.model(source);
        let association = source.association(&include.association)?;
        Ok(self.registry.model(association.target))
    }

    /// A node of a model, not yet below another.
    fn node(
        &self,
        model: &ModelEntry,
        criteria: &Criteria,
        scope: &[(u32, Value)],
    ) -> Result<(Node, Draft)> {
        if criteria.too_deep {
            return Err(too_deep(model));
        }
        if let Some(refused) = criteria.refused {
            let detail = refused.to_owned();
            return Err(RequestError::new(RequestKind::Unsupported, &*model.name, detail).into());
        }
        let scope = &seen(model, scope, criteria.with_deleted);
        let (own, reaching) = split(model, &criteria.filters);
        let node = Node {
            model: model.id,
            table: model.table,
            include: None,
            children: Vec::new(),
            filter: self.filter(model, scope, &own)?,
            reach: Reach::default(),
            order: Vec::new(),
            limit: criteria.limit,
            offset: criteria.offset.unwrap_or(0),
            attributes: self.shown(model, criteria)?,
            junction: None,
            steps: Vec::new(),
        };
        let draft = Draft {
            terms: reaching,
            order: criteria.order.clone(),
        };
        Ok((node, draft))
    }

    pub(crate) fn include(
        &self,
        source: ModelId,
        parent: usize,
        include: &Include,
        criteria: &Criteria,
    ) -> Result<(Node, Draft)> {
        let association = self
            .registry
            .model(source)
            .association(&include.association)?;
        if let Some(member) = include.members.first() {
            let detail = format!(
                "{} is no owner that could have a member {}",
                include.association, member.association
            );
            let source = self.registry.model(source);
            return Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into());
        }
        let mut conditioned = Cow::Borrowed(criteria);
        let on = match include.on.is_some() || include.or {
            true => self.on(association, include, &mut conditioned.to_mut().filters)?,
            false => None,
        };
        let (mut node, draft) = match &association.link {
            Link::Chain(steps) => self.over_chain(association, steps, &conditioned)?,
            Link::ToParent(_) | Link::ToChildren(_) | Link::Through(_) => {
                self.targets(association, &conditioned)?
            }
        };
        node.junction = match &association.link {
            Link::Through(through) => {
                let scope = (&through.scope[..], through.conditions.as_ref());
                Some(self.junction(through, scope, include)?)
            }
            Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => {
                check_no_junction(self.registry.model(source), include)?;
                None
            }
        };
        node.include = Some(IncludeNode {
            parent,
            association: association.clone(),
            required: include.is_required(&criteria.filters),
            on,
            hidden: false,
            counted: false,
            origin: Origin::Request,
            whole: include.is_whole(),
            recursion: include.recursion,
            owner: None,
        });
        Ok((node, draft))
    }

    /// What an include says of the rows below a source, if not what the keys say. Filters that are said besides keys are
    /// taken out of `filters`.
    fn on(
        &self,
        association: &Association,
        include: &Include,
        filters: &mut Vec<Expr>,
    ) -> Result<Option<Bound>> {
        let (source, target) = (
            self.registry.model(association.source),
            self.registry.model(association.target),
        );
        let pair = Pair {
            row: Attributes::of(target, self.schema),
            other: Attributes::of(source, self.schema),
        };
        let refusal = |over: &str| -> Error {
            let detail = format!("`on` or `or` for {}, over {over}", association.key);
            RequestError::new(RequestKind::Unsupported, &*source.name, detail).into()
        };
        let (own, other) = match &association.link {
            Link::ToParent(hop) => (&hop.parent_columns, &hop.child_columns),
            Link::ToChildren(hop) => (&hop.child_columns, &hop.parent_columns),
            Link::Through(_) => return Err(refusal("a junction")),
            Link::Chain(_) => return Err(refusal("a chain")),
        };
        let keys = own.iter().zip(other).map(|(&own, &other)| {
            let other = format!("{}.{}", source.name, pair.other.name(other));
            col(pair.row.name(own)).eq(col(other))
        });
        let mut on = include.on.clone().unwrap_or_else(|| all(keys));
        if include.or {
            // Those of the target's scopes come first, and hold for every row.
            let said = filters.len() - include.criteria.filters.len();
            on = on.or(all(filters.drain(said..)));
        }
        on.bind_with(&pair, &self.parameters, None).map(Some)
    }

    /// A node of the targets of an association, within its scope and conditions.
    fn targets(&self, association: &Association, criteria: &Criteria) -> Result<(Node, Draft)> {
        let target = self.registry.model(association.target);
        let mut conditioned = Cow::Borrowed(criteria);
        if let Some(conditions) = &association.conditions {
            conditioned.to_mut().filters.push(conditions.expr.clone());
        }
        self.node(target, &conditioned, &association.scope)
    }

    /// The same for a chain, with what is tested on the way: on each step its scope, and what the default scope of its model
    /// filters by, as an include of it would.
    fn over_chain(
        &self,
        association: &Association,
        steps: &[Arc<Association>],
        criteria: &Criteria,
    ) -> Result<(Node, Draft)> {
        let (mut node, draft) = self.targets(association, criteria)?;
        for (position, step) in steps.iter().enumerate() {
            let last = position + 1 == steps.len();
            node.steps.push(StepNode {
                filter: if last {
                    None
                } else {
                    self.step(association, step)?
                },
                junction: match &step.link {
                    Link::Through(through) => {
                        let model = self.registry.model(through.model);
                        let conditions = through.conditions.iter().map(|it| it.expr.clone());
                        let conditions: Vec<Expr> = conditions.collect();
                        self.filter(model, &through.scope, &conditions)?
                    }
                    Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => None,
                },
            });
        }
        Ok((node, draft))
    }

    /// What rows on the way of a chain are tested for.
    fn step(&self, chain: &Association, step: &Association) -> Result<Option<Bound>> {
        let model = self.registry.model(step.target);
        let said = Criteria::default();
        let scoped = self.scoped(model, &said, false)?;
        let refuse = |what: String| {
            let source = &*self.registry.model(chain.source).name;
            let detail = format!("{} goes over {}, {what}", chain.key, model.name);
            Err(RequestError::new(RequestKind::Unsupported, source, detail).into())
        };
        if !split(model, &scoped.filters).1.is_empty() {
            return refuse("whose default scope filters by associated rows".to_owned());
        }
        for include in &scoped.includes {
            let below =
                self.scoped(self.target(step.target, include)?, &include.criteria, false)?;
            if include.is_required(&below.filters) {
                let key = &include.association;
                return refuse(format!("whose default scope requires {key}"));
            }
        }
        let conditions = step.conditions.iter().map(|it| it.expr.clone());
        let filters: Vec<Expr> = scoped.filters.iter().cloned().chain(conditions).collect();
        self.filter(model, &seen(model, &step.scope, false), &filters)
    }

    fn junction(
        &self,
        through: &Junction,
        (scope, conditions): (&[(u32, Value)], Option<&Conditions>),
        include: &Include,
    ) -> Result<JunctionNode> {
        let model = self.registry.model(through.model);
        let mut filters = Cow::Borrowed(&include.through_filters[..]);
        if let Some(conditions) = conditions {
            filters.to_mut().push(conditions.expr.clone());
        }
        Ok(JunctionNode {
            model: model.id,
            filter: self.filter(
                model,
                &seen(model, scope, include.through_with_deleted),
                &filters,
            )?,
            attributes: Shown::columns(model, include.through_attributes.as_deref())?,
            read: false,
        })
    }

    fn shown(&self, model: &ModelEntry, criteria: &Criteria) -> Result<Shown> {
        let names = Attributes::of(model, self.schema);
        Shown::of(model, criteria, &names, &self.parameters)
    }

    /// Scope and filters as one predicate; none if there are neither.
    fn filter(
        &self,
        model: &ModelEntry,
        scope: &[(u32, Value)],
        filters: &[Expr],
    ) -> Result<Option<Bound>> {
        if scope.is_empty() && filters.is_empty() {
            return Ok(None);
        }
        let names = Attributes::of(model, self.schema);
        let scope = scope.iter().map(|(ordinal, value)| {
            let column = col(names.name(*ordinal));
            match value.is_null() {
                true => column.is_null(),
                false => column.eq(value.clone()),
            }
        });
        let filter = all(scope.chain(filters.iter().cloned()));
        filter.bind_with(&names, &self.parameters, None).map(Some)
    }
}

/// The attributes of a model, for its filters.
pub(crate) struct Attributes<'s> {
    pub(crate) model: &'s ModelEntry,
    pub(crate) table: &'s Table,
}

impl<'s> Attributes<'s> {
    pub(super) fn of(model: &'s ModelEntry, schema: &'s Schema) -> Self {
        Attributes {
            model,
            table: schema.table(model.table),
        }
    }

    fn name(&self, ordinal: u32) -> &str {
        let attribute = self.model.attribute_of(ordinal);
        attribute.map_or("", |attribute| &attribute.name)
    }
}

impl Scope for Attributes<'_> {
    fn subject(&self) -> &str {
        &self.model.name
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let ordinal = self.model.find_attribute(name)?.ordinal;
        Some((ordinal, self.table.columns[ordinal as usize].data_type))
    }
}

/// The attributes of a row below another, and behind the name of its model those of the other.
struct Pair<'s> {
    row: Attributes<'s>,
    other: Attributes<'s>,
}

impl Scope for Pair<'_> {
    fn subject(&self) -> &str {
        self.row.subject()
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        self.row.column(name).or_else(|| {
            let name = name
                .strip_prefix(&*self.other.model.name)?
                .strip_prefix('.')?;
            let (ordinal, data_type) = self.other.column(name)?;
            let behind = u32::try_from(self.row.table.columns.len()).ok()?;
            Some((behind + ordinal, data_type))
        })
    }
}

/// A scope over rows of a model, those that were softly deleted among them or not.
fn seen<'s>(
    model: &ModelEntry,
    scope: &'s [(u32, Value)],
    with_deleted: bool,
) -> Cow<'s, [(u32, Value)]> {
    let Some(deleted_at) = model.deleted_at else {
        return Cow::Borrowed(scope);
    };
    let mut scope = scope.to_vec();
    scope.retain(|(ordinal, _)| *ordinal != deleted_at);
    if !with_deleted {
        scope.push((deleted_at, Value::Null));
    }
    Cow::Owned(scope)
}

/// An order by attributes of the rows alone, which has places to go on behind.
fn own_order(model: &ModelEntry, order: &[Order]) -> Result<Vec<OrderKey>> {
    let key = |order: &Order| match model.find_attribute(&order.attribute) {
        None if order.attribute.contains('.') => Err(keyset::no_place(&model.name)),
        _ => Ok(OrderKey::own(
            model.attribute(&order.attribute)?.ordinal,
            order.direction,
            order.nulls(),
        )),
    };
    order.iter().map(key).collect()
}

/// The filters that a row answers by itself, and the terms of the others that it does not.
fn split<'c>(model: &ModelEntry, filters: &'c [Expr]) -> (Cow<'c, [Expr]>, Vec<Expr>) {
    let reaches = |it: &Expr| it.reaches(|name| model.find_attribute(name).is_some());
    if !filters.iter().any(reaches) {
        return (Cow::Borrowed(filters), Vec::new());
    }
    let terms = filters.iter().flat_map(|filter| match reaches(filter) {
        true => filter.terms(),
        false => vec![filter.clone()],
    });
    let (reaching, own) = terms.partition(reaches);
    (Cow::Owned(own), reaching)
}

fn check_no_junction(source: &ModelEntry, include: &Include) -> Result<()> {
    if include.through_filters.is_empty()
        && include.through_attributes.is_none()
        && !include.through_with_deleted
    {
        return Ok(());
    }
    let detail = format!("{} goes through no junction", include.association);
    Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into())
}

fn too_many(model: &ModelEntry) -> Error {
    let detail = format!("more than {NODES_MAX} includes");
    let kind = RequestKind::Limit(Limit::IncludeDepth);
    RequestError::new(kind, &*model.name, detail).into()
}

pub(crate) fn too_deep(model: &ModelEntry) -> Error {
    let detail = format!("includes nested deeper than {DEPTH_MAX}");
    RequestError::new(
        RequestKind::Limit(Limit::IncludeDepth),
        &*model.name,
        detail,
    )
    .into()
}
