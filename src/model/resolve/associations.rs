//! The associations of each source: what they are called, what they collide with, what their targets have in common.

use std::fmt;

use crate::association::Declaration;
use crate::association::link::{AssociationKind, Conditions};
use crate::association::naming::accessors::Accessors;
use crate::association::naming::{multi_names, single_key};
use crate::error::{ProblemKind, excerpt};
use crate::expr::{Expr, Scope, all};
use crate::model::resolve::calls::Call;
use crate::model::resolve::draft::{self, Draft, Model};
use crate::model::resolve::keys::{Hop, Link};
use crate::model::resolve::owners;
use crate::schema::IndexDef;
use crate::value::{DataType, Value};

/// One association by positions.
#[derive(Debug)]
pub(super) struct Association {
    pub(super) key: String,
    pub(super) kind: AssociationKind,
    pub(super) source: usize,
    pub(super) target: usize,
    pub(super) link: Link,
    /// Attributes of the target and their values.
    pub(super) scope: Vec<(usize, Value)>,
    /// Conditions on the target besides, bound to the attributes by position.
    pub(super) conditions: Option<Conditions>,
    /// Attributes of the junction and their values; empty without one.
    pub(super) junction_scope: Vec<(usize, Value)>,
    /// Conditions on the junction besides.
    pub(super) junction_conditions: Option<Conditions>,
    /// The attributes by which children are found where no foreign key leads to them.
    pub(super) index: Option<Vec<usize>>,
    pub(super) accessors: Accessors,
    pub(super) hooks: bool,
    /// The position of the owner that it is one of, if it is.
    pub(super) owner: Option<usize>,
}

/// One owner by positions.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) key: String,
    pub(super) source: usize,
    pub(super) type_attribute: usize,
    pub(super) attributes: Vec<usize>,
    /// The positions of its associations among all.
    pub(super) members: Vec<usize>,
    pub(super) accessors: Accessors,
}

/// All associations, in the order of their declarations, and the indexes that they need.
pub(super) fn draft(
    calls: &[Call<'_>],
    links: Vec<Option<Link>>,
    owners: &[owners::Owner<'_>],
    draft: &mut Draft,
) -> Vec<Association> {
    let mut associations: Vec<Association> = Vec::with_capacity(calls.len());
    for (call, link) in calls.iter().zip(links) {
        let Some(link) = link else {
            continue;
        };
        link.hops().for_each(|hop| check_hop(call, hop, draft));
        let (key, accessors) = names(call, draft);
        let taken = |found: &Association| found.source == call.source && found.key == key;
        if associations.iter().any(taken) {
            report_duplicate(call, &key, draft);
            continue;
        }
        check_collision(call, call.source, &key, draft);
        let mut association = Association {
            key,
            kind: call.declaration.kind(),
            source: call.source,
            target: call.target,
            link,
            scope: scope(call, call.target, &call.options().scope, draft),
            conditions: conditions(call, call.target, &call.options().conditions, draft),
            junction_scope: call.junction.map_or_else(Vec::new, |junction| {
                scope(call, junction.model, &junction.through.scope, draft)
            }),
            junction_conditions: call.junction.and_then(|junction| {
                conditions(call, junction.model, &junction.through.conditions, draft)
            }),
            index: None,
            accessors,
            hooks: call.options().hooks,
            owner: call.owner.and_then(|member| {
                let mut owners = owners.iter();
                owners.position(|owner| owner.is_of(member.declaration))
            }),
        };
        association.index = add_indexes(&association, draft);
        associations.push(association);
    }
    associations
}

/// All owners, in the order of their declarations. Their names are looked at like those of associations.
pub(super) fn draft_owners(
    owners: &[owners::Owner<'_>],
    associations: &[Association],
    draft: &mut Draft,
) -> Vec<Owner> {
    let mut drafted: Vec<Owner> = Vec::with_capacity(owners.len());
    for (position, owner) in owners.iter().enumerate() {
        let key = owner.declaration.name();
        let of_it = (0..).zip(associations);
        let members = of_it.filter(|(_, it)| it.owner == Some(position));
        let members: Vec<usize> = members.map(|(member, _)| member).collect();
        // An owner of no association is one with a problem.
        let Some(Link::ToParent(hop)) = members.first().map(|&it| &associations[it].link) else {
            continue;
        };
        let source = owner.source;
        let associated = |it: &Association| it.source == source && it.key == key;
        let owned = |it: &Owner| it.source == source && it.key == key;
        if associations.iter().any(associated) || drafted.iter().any(owned) {
            let model = draft.models[source].name.clone();
            let detail = format!("{owner}: two associations of {model} are named {key}");
            draft.report(ProblemKind::Association, model, detail);
            continue;
        }
        check_collision(owner, source, key, draft);
        let Some(type_attribute) = owner.find_type_attribute(&draft.models[source]) else {
            continue;
        };
        drafted.push(Owner {
            key: key.to_owned(),
            source,
            type_attribute,
            attributes: hop.attributes.clone(),
            members,
            accessors: Accessors::owner(key),
        });
    }
    drafted
}

/// What a key refers to must be of its type. Foreign keys are looked at by the schema.
fn check_hop(call: &Call<'_>, hop: &Hop, draft: &mut Draft) {
    if draft.is_enforced(hop) {
        return;
    }
    if let Some(detail) = type_mismatch(call, hop, draft) {
        let source = draft.models[call.source].name.clone();
        draft.report(ProblemKind::Type, source, detail);
    }
}

/// A key attribute of another type than what it refers to, which it could never equal.
fn type_mismatch(call: &Call<'_>, hop: &Hop, draft: &Draft) -> Option<String> {
    let child = &draft.models[hop.child].attributes;
    let parent = &draft.models[hop.parent].attributes;
    let pairs = hop.attributes.iter().zip(&hop.parent_attributes);
    let mut pairs = pairs.map(|(&from, &to)| (&child[from], &parent[to]));
    let (from, to) = pairs.find(|(from, to)| from.data_type() != to.data_type())?;
    Some(format!(
        "{call}: attribute {} is {}, but refers to {}, which is {}",
        from.name,
        from.data_type(),
        to.name,
        to.data_type()
    ))
}

/// The key and the accessors.
fn names(call: &Call<'_>, draft: &Draft) -> (String, Accessors) {
    let target = &draft.models[call.target].names;
    match call.declaration {
        Declaration::BelongsTo(_) | Declaration::BelongsToOwner(_) | Declaration::HasOne(_) => {
            let key = single_key(call.alias(), target);
            let accessors = Accessors::single(&key);
            (key, accessors)
        }
        Declaration::HasMany(_) | Declaration::BelongsToMany(_) => {
            let names = multi_names(call.alias(), target);
            let accessors = Accessors::multi(&names);
            (names.plural, accessors)
        }
    }
}

fn report_duplicate(call: &Call<'_>, key: &str, draft: &mut Draft) {
    let source = draft.models[call.source].name.clone();
    let detail = match call.alias() {
        Some(_) => format!(
            "{call}: You have used the alias {key} in two separate associations. \
             Aliased associations must have unique aliases"
        ),
        None => format!(
            "{call}: You have defined two associations with the same name \"{key}\" on the model \
             \"{source}\". Use another alias"
        ),
    };
    draft.report(ProblemKind::Association, source, detail);
}

fn check_collision(what: &dyn fmt::Display, source: usize, key: &str, draft: &mut Draft) {
    let source = &draft.models[source];
    if source.find(key).is_none() {
        return;
    }
    let source = source.name.clone();
    let detail = format!(
        "{what}: Naming collision between attribute '{key}' and association '{key}' on model \
         {source}. To remedy this, change either the foreign key or the alias"
    );
    draft.report(ProblemKind::Association, source, detail);
}

/// The conditions of a scope as one.
fn conditions(
    call: &Call<'_>,
    model: usize,
    declared: &[Expr],
    draft: &mut Draft,
) -> Option<Conditions> {
    if declared.is_empty() {
        return None;
    }
    let expr = all(declared.iter().cloned());
    match expr.bind_total(&draft.models[model]) {
        Ok(bound) => Some(Conditions { expr, bound }),
        Err(error) => {
            let source = draft.models[call.source].name.clone();
            draft.report(
                ProblemKind::Scope,
                source,
                format!("{call}: scope: {error}"),
            );
            None
        }
    }
}

/// What names mean in a condition: attributes, by position.
impl Scope for Model {
    fn subject(&self) -> &str {
        &self.name
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let position = self.find(name)?;
        let data_type = self.attributes[position].data_type();
        Some((draft::ordinal(position), data_type))
    }
}

/// The attributes of a scope by position. A later value for an attribute replaces an earlier one.
fn scope(
    call: &Call<'_>,
    model: usize,
    declared: &[(String, Value)],
    draft: &mut Draft,
) -> Vec<(usize, Value)> {
    let mut scope: Vec<(usize, Value)> = Vec::with_capacity(declared.len());
    for (name, value) in declared {
        let Some(attribute) = scope_attribute(call, model, name, value, draft) else {
            continue;
        };
        match scope.iter_mut().find(|(found, _)| *found == attribute) {
            Some((_, earlier)) => *earlier = value.clone(),
            None => scope.push((attribute, value.clone())),
        }
    }
    scope
}

fn scope_attribute(
    call: &Call<'_>,
    model: usize,
    name: &str,
    value: &Value,
    draft: &mut Draft,
) -> Option<usize> {
    let model = &draft.models[model];
    let (kind, detail) = match model.find(name) {
        None => (
            ProblemKind::Unknown,
            format!(
                "{call}: scope by attribute {name}, which {} does not have",
                model.name
            ),
        ),
        Some(attribute) => {
            let data_type = model.attributes[attribute].data_type();
            if data_type.admits(value) {
                return Some(attribute);
            }
            let value = excerpt(value);
            let detail = format!("{call}: scope by {name} = {value}, but {name} is {data_type}");
            (ProblemKind::Type, detail)
        }
    };
    let source = draft.models[call.source].name.clone();
    draft.report(kind, source, detail);
    None
}

/// The indexes that an association needs where it is walked by value. The one that finds children is given back.
fn add_indexes(association: &Association, draft: &mut Draft) -> Option<Vec<usize>> {
    for hop in association.link.hops() {
        add_parent_index(hop, draft);
    }
    add_child_index(association, draft)
}

/// Parents that are not found by a unique key are found by value.
fn add_parent_index(hop: &Hop, draft: &mut Draft) {
    if !draft.models[hop.parent].is_unique(&hop.parent_attributes) {
        add_index(hop.parent, &hop.parent_attributes, draft);
    }
}

/// Children that no edge leads to are found by value. Associations with the same attributes share an index.
fn add_child_index(association: &Association, draft: &mut Draft) -> Option<Vec<usize>> {
    let (hop, scope) = match &association.link {
        Link::ToParent(_) => return None,
        Link::ToChildren(hop) => (hop, &association.scope),
        Link::Through { own, .. } => (own, &association.junction_scope),
    };
    if draft.is_walked_by_edges(hop) {
        return None;
    }
    let held = scope
        .iter()
        .filter(|(attribute, value)| !value.is_null() && !hop.attributes.contains(attribute));
    let attributes: Vec<usize> = held
        .map(|(attribute, _)| *attribute)
        .chain(hop.attributes.iter().copied())
        .collect();
    add_index(hop.child, &attributes, draft);
    Some(attributes)
}

fn add_index(model: usize, attributes: &[usize], draft: &mut Draft) {
    let model = &mut draft.models[model];
    let names = attributes.iter().map(|&a| model.attributes[a].name.clone());
    let names: Vec<String> = names.collect();
    if !model.indexes.iter().any(|index| index.columns == names) {
        model.indexes.push(IndexDef::new(names).hash());
    }
}
