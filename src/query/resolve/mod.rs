//! From names to ids and ordinals, with every type checked.
//!
//! The tree becomes a list, each node before what it contains. A filter takes in the scope of its association, so that
//! nothing below knows scopes, and of columns and rows that are not its own `reach` sees to; whether an include is required
//! was decided before that, by the filters of the request and of the model's scopes alone (associations SC-7, SC-13).

mod filters;
mod chains;
mod on;
mod includes;
mod reaching;
mod refusals;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::association::link::{Association, AssociationKind, Link};
use crate::association::registry::{ModelEntry, Registry};
use crate::error::{RequestError, RequestKind, Result, excerpt};
use crate::expr::{Expr, Parameters};
use crate::query::attributes::Shown;
use crate::query::criteria::Criteria;
use crate::query::node::{Node, Tree};
use crate::query::parameters::Wanted;
use crate::query::reach::{Draft, Reach, Worked};
use crate::query::resolve::filters::{seen, split};
use crate::query::resolve::includes::{hide_what_shows_nothing, require_together};
use crate::query::resolve::refusals::check_no_junction;
use crate::query::{Begin, Include, Scopes, Select, Strategy, Version, keyset};
use crate::schema::Schema;
use crate::value::{Key, Value};

pub(crate) use self::reaching::models_reached;
pub(crate) use self::refusals::too_deep;

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
    begin: Begin,
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
    let (mut root, draft) = match (&association.link, begin) {
        (Link::Chain(steps), _) => resolver.over_chain(association, steps, &scoped)?,
        (_, Begin::Source) => resolver.targets(association, &scoped)?,
        (_, Begin::Targets) => resolver.node(target, &scoped, &[])?,
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

/// A request whose rows are read for what these expressions give of each of them, and not shown. What `then` makes of the
/// values and of the parameters so far comes with it; it may ask for more parameters.
///
/// # Errors
/// What [`Select::run`] says about requests, and those of `then`.
pub(crate) fn resolve_values<T>(
    request: &Select,
    values: Vec<Expr>,
    version: Version<'_>,
    then: impl FnOnce(&[Worked], &RefCell<Parameters>) -> Result<T>,
) -> Result<(Resolved, T)> {
    check_schema(&request.model, version)?;
    let resolver = Resolver::of(version);
    let root = resolver.registry.by_name(&request.model)?;
    let mut scoped = resolver.scoped(root, &request.criteria, true)?;
    if !scoped.computed.is_empty() {
        scoped.to_mut().computed.clear();
    }
    let (node, mut draft) = resolver.node(root, &scoped, &[])?;
    draft.worked = values;
    let nodes = resolver.below(node, draft, scoped)?;
    let made = then(&nodes[0].worked, &resolver.parameters)?;
    let wanted = Wanted::new(&root.name, resolver.parameters.into_inner())?;
    Ok((
        Resolved {
            nodes,
            wanted,
            strategy: request.strategy,
        },
        made,
    ))
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
    /// What the expressions ask for so far.
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
            let primary_key = &self.schema.table(root.table).primary_key().columns;
            let behind = keyset::behind((root, self.registry), &scoped, primary_key, place)?;
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
        reaching::connect(self, &mut tree)?;
        let mut nodes = tree.nodes;
        self.check_no_join_over_recursion(&nodes)?;
        require_together(&mut nodes);
        hide_what_shows_nothing(&mut nodes);
        Ok(nodes)
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

    fn show_key(&self, model: &ModelEntry, shown: &mut Shown) {
        for &ordinal in &self.schema.table(model.table).primary_key().columns {
            // A hidden key is no attribute.
            if model.attribute_of(ordinal).is_some() && !shown.ordinals.contains(&ordinal) {
                shown.ordinals.push(ordinal);
            }
        }
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
            reach: Reach::new(self.schema.table(model.table).columns.len()),
            order: Vec::new(),
            limit: criteria.limit,
            offset: criteria.offset.unwrap_or(0),
            attributes: Shown::of(model, criteria)?,
            worked: Vec::new(),
            junction: None,
            steps: Vec::new(),
        };
        let draft = Draft {
            terms: reaching,
            worked: criteria.computed.iter().map(|(_, it)| it.clone()).collect(),
            order: criteria.order.clone(),
        };
        Ok((node, draft))
    }
}
