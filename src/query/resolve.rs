//! From names to ids and ordinals, with every type checked.
//!
//! The tree becomes a list, each node before what it contains. A filter takes in the scope of its association, so that
//! nothing below knows scopes; whether an include is required was decided before that, by the user's filters alone
//! (associations SC-7).

use std::cell::RefCell;
use std::sync::Arc;

use crate::association::link::{Association, Junction, Link};
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::error::{Error, Limit, RequestError, RequestKind, Result};
use crate::expr::{Bound, Expr, Parameters, Scope, all, col};
use crate::query::parameters::Wanted;
use crate::query::select::Criteria;
use crate::query::{DEPTH_MAX, Direction, Include, Nulls, Order, Select, Version};
use crate::schema::{Schema, Table, TableId};
use crate::value::{DataType, Value};

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
    pub(crate) junction: Option<JunctionNode>,
}

/// The junction rows that come with the rows of an include.
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
    check_schema(request, version)?;
    let resolver = Resolver {
        registry: version.registry,
        schema: version.snapshot.schema(),
        parameters: RefCell::default(),
    };
    let root = resolver.registry.by_name(&request.model)?;
    let mut nodes = vec![resolver.node(root, &request.criteria, &[])?];
    let mut pending: Vec<Pending<'_>> = Vec::new();
    push_includes(0, &request.criteria, &mut pending);
    while let Some(next) = pending.pop() {
        let (parent, include) = (next.parent, next.include);
        let node = resolver.include(nodes[parent].model, next)?;
        let position = nodes.len();
        nodes[parent].children.push(position);
        nodes.push(node);
        push_includes(position, &include.criteria, &mut pending);
    }
    hide_what_shows_nothing(&mut nodes);
    Ok(Resolved {
        wanted: Wanted::new(&root.name, resolver.parameters.into_inner())?,
        nodes,
    })
}

/// An include that is still to be resolved.
#[derive(Clone, Copy)]
struct Pending<'r> {
    parent: usize,
    include: &'r Include,
    counted: bool,
}

/// The last one pushed is the next one resolved, with all that is below it.
fn push_includes<'r>(parent: usize, criteria: &'r Criteria, pending: &mut Vec<Pending<'r>>) {
    let pending_as = |counted| {
        move |include| Pending {
            parent,
            include,
            counted,
        }
    };
    pending.extend(criteria.counts.iter().rev().map(pending_as(true)));
    pending.extend(criteria.includes.iter().rev().map(pending_as(false)));
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
fn check_schema(request: &Select, version: Version<'_>) -> Result<()> {
    if Arc::ptr_eq(version.snapshot.schema(), version.registry.schema()) {
        return Ok(());
    }
    let detail = "the database no longer has the schema of its models";
    Err(RequestError::new(RequestKind::SchemaChanged, &*request.model, detail).into())
}

struct Resolver<'s> {
    registry: &'s Registry,
    schema: &'s Schema,
    /// What the filters ask for so far.
    parameters: RefCell<Parameters>,
}

impl<'s> Resolver<'s> {
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
        })
    }

    fn include(&self, source: ModelId, pending: Pending<'_>) -> Result<Node> {
        let Pending {
            parent,
            include,
            counted,
        } = pending;
        let model = self.registry.model(source);
        let association = model.association(&include.association)?;
        if counted && let Some(what) = include.what_no_count_has() {
            let detail = format!("a count of {} with {what}", include.association);
            return Err(RequestError::new(RequestKind::Unsupported, &*model.name, detail).into());
        }
        let target = self.registry.model(association.target);
        let mut node = self.node(target, &include.criteria, &association.scope)?;
        node.include = Some(IncludeNode {
            parent,
            association: association.clone(),
            required: !counted && include.is_required(),
            hidden: false,
            counted,
            junction: match &association.link {
                Link::Through(through) => Some(self.junction(through, include)?),
                Link::ToParent(_) | Link::ToChildren(_) => {
                    check_no_junction(self.registry.model(source), include)?;
                    None
                }
            },
        });
        Ok(node)
    }

    fn junction(&self, through: &Junction, include: &Include) -> Result<JunctionNode> {
        let model = self.registry.model(through.model);
        Ok(JunctionNode {
            model: model.id,
            filter: self.filter(model, &through.scope, &include.through_filters)?,
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
    if include.through_filters.is_empty() && include.through_attributes.is_none() {
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
