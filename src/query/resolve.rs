//! From names to ids and ordinals, with every type checked.
//!
//! The tree becomes a list, each node before what it contains. A filter takes in the scope of its association, so that
//! nothing below knows scopes; whether an include is required was decided before that, by the filters of the request and
//! of the model's scopes alone (associations SC-7, SC-13).

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::association::link::{Association, AssociationKind, Conditions, Junction, Link};
use crate::association::owner::Owner;
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::error::{Error, Limit, RequestError, RequestKind, Result, excerpt};
use crate::expr::{Bound, Expr, Parameters, Scope, all, col};
use crate::query::parameters::Wanted;
use crate::query::select::Criteria;
use crate::query::{DEPTH_MAX, Direction, Include, Nulls, Order, Scopes, Select, Version, keyset};
use crate::schema::{Schema, Table, TableId};
use crate::value::{DataType, Key, Value};

/// A root, or an include below another node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) model: ModelId,
    pub(crate) table: TableId,
    /// What makes it an include; none at the root.
    pub(crate) include: Option<IncludeNode>,
    /// The includes right below, ascending.
    pub(crate) children: Vec<usize>,
    pub(crate) filter: Option<Bound>,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
    pub(crate) attributes: Shown,
    /// The junction rows that come with its rows, if they are found through a junction.
    pub(crate) junction: Option<JunctionNode>,
}

impl Node {
    /// Whether rows of the parent node without rows here are left out.
    pub(crate) fn is_required(&self) -> bool {
        self.include.as_ref().is_some_and(|it| it.required)
    }

    /// Of its rows only the number is wanted, whatever order, limit and offset a scope gave them.
    fn only_count(&mut self) {
        self.order.clear();
        (self.limit, self.offset) = (None, 0);
        if let Some(include) = &mut self.include {
            (include.counted, include.required) = (true, false);
        }
    }

    /// Whether it is a count, or something below one.
    fn is_under_count(&self, nodes: &[Node]) -> bool {
        let mut next = self.include.as_ref();
        while let Some(include) = next {
            if include.counted {
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
    /// It only decides about rows of the parent node and is no part of the result (associations EL-14).
    pub(crate) hidden: bool,
    /// Of its rows only the number is part of the result.
    pub(crate) counted: bool,
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
}

/// The junction rows that come with the rows of a node.
#[derive(Clone, Debug)]
pub(crate) struct JunctionNode {
    pub(crate) model: ModelId,
    pub(crate) filter: Option<Bound>,
    pub(crate) attributes: Shown,
}

/// Which attributes of a row are part of the result.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Their columns, in the order asked for.
    pub(crate) ordinals: Vec<u32>,
    pub(crate) all: bool,
}

/// A column to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderKey {
    pub(crate) ordinal: u32,
    pub(crate) direction: Direction,
    pub(crate) nulls: Nulls,
}

/// A request by ids.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The root first, and every node before what it contains.
    pub(crate) nodes: Vec<Node>,
    pub(crate) wanted: Wanted,
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
    })
}

/// The nodes of a request whose root rows are those of an association. Whoever finds them looks at the scopes of the
/// association, so that its filters here are only those of the options and of the target's own scopes.
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
    let resolver = Resolver::of(version);
    let target = resolver.registry.model(association.target);
    let scoped = resolver.scoped(target, &options.criteria, false)?;
    let mut root = resolver.node(target, &scoped, &[])?;
    root.junction = match &association.link {
        Link::Through(through) => Some(resolver.junction(through, (&[], None), options)?),
        Link::ToParent(_) | Link::ToChildren(_) => {
            check_no_junction(source, options)?;
            None
        }
    };
    if association.kind == AssociationKind::HasMany {
        // The listed attributes and the primary key (associations D10).
        resolver.show_key(target, &mut root.attributes);
    }
    Ok(Resolved {
        nodes: resolver.below(root, scoped)?,
        wanted: Wanted::new(&target.name, resolver.parameters.into_inner())?,
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
/// that is below it.
fn hide_what_shows_nothing(nodes: &mut [Node]) {
    for position in (1..nodes.len()).rev() {
        let shown = |child: &usize| {
            let include = nodes[*child].include.as_ref();
            include.is_some_and(|it| !it.hidden || it.counted)
        };
        let hidden = nodes[position].attributes.ordinals.is_empty()
            && !nodes[position].children.iter().any(shown);
        if let Some(include) = &mut nodes[position].include {
            include.hidden = hidden;
        }
    }
    let mut under_count = vec![false; nodes.len()];
    for (position, node) in nodes.iter_mut().enumerate() {
        if let Some(include) = &mut node.include {
            under_count[position] = include.counted || under_count[include.parent];
            include.hidden |= under_count[position];
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

struct Resolver<'s> {
    registry: &'s Registry,
    schema: &'s Schema,
    scopes: Option<&'s Scopes>,
    /// What the filters ask for so far.
    parameters: RefCell<Parameters>,
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
            let order = order_keys(root, &scoped.order)?;
            let primary_key = &self.schema.table(root.table).primary_key().columns;
            let behind = keyset::behind(root, &order, primary_key, place)?;
            scoped.to_mut().filters.push(behind);
        }
        self.below(self.node(root, &scoped, &[])?, scoped)
    }

    /// A root, and all that is included below it.
    fn below(&self, root: Node, scoped: Cow<'_, Criteria>) -> Result<Vec<Node>> {
        let mut nodes = vec![root];
        let mut pending = Vec::new();
        push_includes((0, 1), scoped, &mut pending);
        while let Some(Pending {
            parent,
            depth,
            include,
            counted,
            owner,
        }) = pending.pop()
        {
            let source = nodes[parent].model;
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
            }
            let target = self.target(source, &include)?;
            let position = nodes.len();
            let (mut node, below) = match include {
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
            self.check_owner(&nodes, parent, &node)?;
            if counted {
                node.only_count();
            } else if nodes[parent].is_under_count(&nodes) && !node.is_required() {
                // Only a scope says so, and it says nothing about a number.
                continue;
            }
            nodes[parent].children.push(position);
            nodes.push(node);
            push_includes((position, depth + 1), below, &mut pending);
        }
        require_together(&mut nodes);
        hide_what_shows_nothing(&mut nodes);
        Ok(nodes)
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
    fn scoped<'c>(
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
    ) -> Result<Node> {
        if criteria.too_deep {
            return Err(too_deep(model));
        }
        let scope = &seen(model, scope, criteria.with_deleted);
        Ok(Node {
            model: model.id,
            table: model.table,
            include: None,
            children: Vec::new(),
            filter: self.filter(model, scope, &criteria.filters)?,
            order: order_keys(model, &criteria.order)?,
            limit: criteria.limit,
            offset: criteria.offset.unwrap_or(0),
            attributes: shown(model, criteria.attributes.as_deref())?,
            junction: None,
        })
    }

    fn include(
        &self,
        source: ModelId,
        parent: usize,
        include: &Include,
        criteria: &Criteria,
    ) -> Result<Node> {
        let association = self
            .registry
            .model(source)
            .association(&include.association)?;
        let target = self.registry.model(association.target);
        if let Some(member) = include.members.first() {
            let detail = format!(
                "{} is no owner that could have a member {}",
                include.association, member.association
            );
            let source = self.registry.model(source);
            return Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into());
        }
        let mut conditioned = Cow::Borrowed(criteria);
        if let Some(conditions) = &association.conditions {
            conditioned.to_mut().filters.push(conditions.expr.clone());
        }
        let mut node = self.node(target, &conditioned, &association.scope)?;
        node.junction = match &association.link {
            Link::Through(through) => {
                let scope = (&through.scope[..], through.conditions.as_ref());
                Some(self.junction(through, scope, include)?)
            }
            Link::ToParent(_) | Link::ToChildren(_) => {
                check_no_junction(self.registry.model(source), include)?;
                None
            }
        };
        node.include = Some(IncludeNode {
            parent,
            association: association.clone(),
            required: include.is_required(&criteria.filters),
            hidden: false,
            counted: false,
            whole: include.is_whole(),
            owner: None,
        });
        Ok(node)
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
            attributes: shown(model, include.through_attributes.as_deref())?,
        })
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
        let names = Attributes {
            model,
            table: self.schema.table(model.table),
        };
        let scope = scope.iter().map(|(ordinal, value)| {
            let column = col(names.name(*ordinal));
            match value.is_null() {
                true => column.is_null(),
                false => column.eq(value.clone()),
            }
        });
        let filter = all(scope.chain(filters.iter().cloned()));
        filter
            .bind_with(&names, &mut self.parameters.borrow_mut())
            .map(Some)
    }
}

/// The attributes of a model, for its filters.
struct Attributes<'s> {
    model: &'s ModelEntry,
    table: &'s Table,
}

impl Attributes<'_> {
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

fn order_keys(model: &ModelEntry, order: &[Order]) -> Result<Vec<OrderKey>> {
    let key = |order: &Order| {
        Ok(OrderKey {
            ordinal: model.attribute(&order.attribute)?.ordinal,
            direction: order.direction,
            nulls: order.nulls(),
        })
    };
    order.iter().map(key).collect()
}

fn shown(model: &ModelEntry, names: Option<&[String]>) -> Result<Shown> {
    let Some(names) = names else {
        let attributes = model.attributes().iter();
        return Ok(Shown {
            ordinals: attributes.map(|attribute| attribute.ordinal).collect(),
            all: true,
        });
    };
    let mut ordinals = Vec::with_capacity(names.len());
    for name in names {
        let ordinal = model.attribute(name)?.ordinal;
        if !ordinals.contains(&ordinal) {
            ordinals.push(ordinal);
        }
    }
    Ok(Shown {
        ordinals,
        all: false,
    })
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

fn too_deep(model: &ModelEntry) -> Error {
    let detail = format!("includes nested deeper than {DEPTH_MAX}");
    RequestError::new(
        RequestKind::Limit(Limit::IncludeDepth),
        &*model.name,
        detail,
    )
    .into()
}
