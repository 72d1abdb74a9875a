//! The keys of associations: attributes of whoever holds them, and foreign keys to what they refer to.

use crate::association::naming::keys::{Casing, belongs_to_key, has_many_key, has_one_key};
use crate::association::{
    ActionName, BelongsTo, Declaration, HasMany, HasOne, KeyAttribute, KeyAttributes,
};
use crate::error::ProblemKind;
use crate::model::resolve::attributes;
use crate::model::resolve::calls::{Call, JunctionCall};
use crate::model::resolve::draft::{Attribute, Choice, Defaults, Draft, Guard, Model, Reference};
use crate::model::resolve::junction_names::{JunctionNames, named_key, report_no_single_key};
use crate::model::resolve::owner_keys;
use crate::model::resolve::owners::Owner;
use crate::model::resolve::references;
use crate::schema::Action;

/// The way of an association, by positions.
#[derive(Debug)]
pub(super) enum Link {
    ToParent(Hop),
    ToChildren(Hop),
    Through { own: Hop, other: Hop },
}

/// One step between the holder of a key and what the key refers to.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) child: usize,
    pub(super) attributes: Vec<usize>,
    pub(super) parent: usize,
    pub(super) parent_attributes: Vec<usize>,
    pub(super) guard: Option<Guard>,
}

/// The explicit actions of one association.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    on_delete: Option<Action>,
    on_update: Option<Action>,
}

/// Whose key it is, seen from the association that adds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The only one of the association.
    Only,
    /// In a junction, that of the source.
    Own,
    /// In a junction, that of the target.
    Other,
}

impl Link {
    /// Its steps.
    pub(super) fn hops(&self) -> impl Iterator<Item = &Hop> {
        let (first, second) = match self {
            Link::ToParent(hop) | Link::ToChildren(hop) => (hop, None),
            Link::Through { own, other } => (own, Some(other)),
        };
        std::iter::once(first).chain(second)
    }
}

/// Adds the keys of all associations, in their order, and gives the way of each call at its position; none for a call
/// with a problem.
pub(super) fn add(
    calls: &[Call<'_>],
    names: &[Option<JunctionNames>],
    owners: &[Owner<'_>],
    draft: &mut Draft,
) -> Vec<Option<Link>> {
    let mut links = Vec::with_capacity(calls.len());
    for (call, names) in calls.iter().zip(names) {
        links.push(add_call(call, names.as_ref(), owners, draft));
    }
    links
}

fn add_call(
    call: &Call<'_>,
    names: Option<&JunctionNames>,
    owners: &[Owner<'_>],
    draft: &mut Draft,
) -> Option<Link> {
    let actions = actions(call, draft);
    match call.declaration {
        Declaration::BelongsTo(declared) => {
            add_belongs_to(call, declared, actions, draft).map(Link::ToParent)
        }
        Declaration::BelongsToOwner(_) => {
            owner_keys::add_of_owner(call, owners, actions, draft).map(Link::ToParent)
        }
        Declaration::HasOne(HasOne {
            owner: Some(owner),
            source_key,
            ..
        })
        | Declaration::HasMany(HasMany {
            owner: Some(owner),
            source_key,
            ..
        }) => owner_keys::add_as_owner(call, (owner, source_key), owners, actions, draft)
            .map(Link::ToChildren),
        Declaration::HasOne(declared) => {
            let name = |source: &Model, part: &str, casing| {
                has_one_key(call.alias(), &source.name, part, casing)
            };
            add_has(call, &declared.source_key, name, actions, draft).map(Link::ToChildren)
        }
        Declaration::HasMany(declared) => {
            let name = |source: &Model, part: &str, casing| {
                has_many_key(&source.names.singular, part, casing)
            };
            add_has(call, &declared.source_key, name, actions, draft).map(Link::ToChildren)
        }
        Declaration::BelongsToMany(_) => add_through(call, call.junction?, names?, actions, draft),
    }
}

fn add_belongs_to(
    call: &Call<'_>,
    declared: &BelongsTo,
    actions: Actions,
    draft: &mut Draft,
) -> Option<Hop> {
    let parent_key = parent_key(call, call.target, &declared.target_key, "target_key", draft)?;
    let casing = draft.models[call.source].casing();
    let singular = &draft.models[call.target].names.singular;
    let parts = key_parts(call.target, &parent_key, draft);
    let default = |part: &String| belongs_to_key(call.alias(), singular, part, casing);
    let defaults = parts.iter().map(default).collect();
    let given = &declared.options.foreign_key;
    let ends = (call.source, call.target);
    add_named(call, ends, given, defaults, parent_key, actions, draft)
}

fn add_has(
    call: &Call<'_>,
    source_key: &[String],
    name: impl Fn(&Model, &str, Casing) -> String,
    actions: Actions,
    draft: &mut Draft,
) -> Option<Hop> {
    let parent_key = parent_key(call, call.source, source_key, "source_key", draft)?;
    let casing = draft.models[call.target].casing();
    let source = &draft.models[call.source];
    let parts = key_parts(call.source, &parent_key, draft);
    let defaults = parts
        .iter()
        .map(|part| name(source, part, casing))
        .collect();
    let given = &call.options().foreign_key;
    let ends = (call.target, call.source);
    add_named(call, ends, given, defaults, parent_key, actions, draft)
}

fn add_through(
    call: &Call<'_>,
    junction: JunctionCall<'_>,
    names: &JunctionNames,
    actions: Actions,
    draft: &mut Draft,
) -> Option<Link> {
    let source_key = parent_key(call, call.source, &names.source_key, "source_key", draft);
    let target_key = parent_key(call, call.target, &names.target_key, "target_key", draft);
    let (source_key, target_key) = (source_key?, target_key?);
    let own = (junction.model, call.source);
    let own = add_key(
        call,
        own,
        &names.own,
        source_key,
        (Side::Own, actions),
        None,
        draft,
    );
    let other = (junction.model, call.target);
    let other = add_key(
        call,
        other,
        &names.other,
        target_key,
        (Side::Other, actions),
        None,
        draft,
    );
    Some(Link::Through { own, other })
}

/// The attributes that a key refers to: those that are given, which must exist, or a primary key of one attribute.
pub(super) fn parent_key(
    call: &Call<'_>,
    parent: usize,
    given: &[String],
    option: &str,
    draft: &mut Draft,
) -> Option<Vec<usize>> {
    if given.is_empty() {
        let key = draft.models[parent].single_key();
        if key.is_none() {
            report_no_single_key(call, parent, option, draft);
        }
        return Some(vec![key?]);
    }
    let mut key = Vec::with_capacity(given.len());
    for name in given {
        let model = &draft.models[parent];
        if let Some(found) = model.find(name) {
            key.push(found);
            continue;
        }
        let detail = format!(
            "{call}: Unknown attribute \"{name}\" passed as {option}, define this attribute on model \"{}\" first",
            model.name
        );
        let source = draft.models[call.source].name.clone();
        draft.report(ProblemKind::Association, source, detail);
    }
    (key.len() == given.len()).then_some(key)
}

/// The names that end those of the key's attributes. A single attribute is called after the primary key of its parent
/// even when it holds another attribute (associations D4), if that has a primary key of one attribute.
fn key_parts(parent: usize, parent_key: &[usize], draft: &Draft) -> Vec<String> {
    let model = &draft.models[parent];
    let name = |attribute: usize| model.attributes[attribute].name.clone();
    match (parent_key, model.single_key()) {
        ([_], Some(primary)) => vec![name(primary)],
        _ => parent_key
            .iter()
            .map(|&attribute| name(attribute))
            .collect(),
    }
}

fn add_named(
    call: &Call<'_>,
    ends: (usize, usize),
    given: &KeyAttributes,
    defaults: Vec<String>,
    parent_key: Vec<usize>,
    actions: Actions,
    draft: &mut Draft,
) -> Option<Hop> {
    let key = named_key(call, "foreign_key", given, defaults, draft)?;
    Some(add_key(
        call,
        ends,
        &key,
        parent_key,
        (Side::Only, actions),
        None,
        draft,
    ))
}

/// The attributes of a key in its holder, and a foreign key unless it is not to be enforced.
pub(super) fn add_key(
    call: &Call<'_>,
    (child, parent): (usize, usize),
    key: &[KeyAttribute],
    parent_attributes: Vec<usize>,
    (side, actions): (Side, Actions),
    guard: Option<Guard>,
    draft: &mut Draft,
) -> Hop {
    let mut attributes = Vec::with_capacity(key.len());
    for (attribute, &refers_to) in key.iter().zip(&parent_attributes) {
        let data_type = draft.models[parent].attributes[refers_to].data_type();
        let holder = &mut draft.models[child].attributes;
        let position = add_attribute(attribute, holder);
        holder[position].inferred_type.get_or_insert(data_type);
        holder[position].links |= side != Side::Only;
        attributes.push(position);
    }
    let holder = &draft.models[child].attributes;
    let refused = attributes
        .iter()
        .any(|&position| holder[position].refuses_references);
    if call.options().constraints && !refused {
        let reference = Reference {
            attributes: attributes.clone(),
            parent,
            parent_attributes: parent_attributes.clone(),
            guard: guard.clone(),
            on_delete: choice(side, actions.on_delete),
            on_update: choice(side, actions.on_update),
            deferral: call.options().deferral,
            defaults: match side {
                Side::Only => Defaults::ByNullability,
                Side::Own | Side::Other => Defaults::Junction,
            },
            // What it refers to was named by the declaration, or is a primary key (associations D22).
            to_any_row: true,
            declared_by: call.to_string(),
        };
        references::add(child, reference, draft);
    }
    Hop {
        child,
        attributes,
        parent,
        parent_attributes,
        guard,
    }
}

/// The position of the attribute with what the association says of it. What was said before stands (associations FK-1,
/// FK-4).
pub(super) fn add_attribute(key: &KeyAttribute, attributes: &mut Vec<Attribute>) -> usize {
    let name = key.name.as_deref().unwrap_or_default();
    let found = attributes
        .iter()
        .position(|attribute| attribute.name == name);
    let position = found.unwrap_or_else(|| {
        attributes.push(Attribute::new(name));
        attributes.len() - 1
    });
    let attribute = &mut attributes[position];
    attribute.declared_type = attribute.declared_type.or(key.data_type);
    attribute.nullable = attribute.nullable.or(key.nullable);
    attribute.unique |= key.unique;
    if attribute.default.is_none() {
        attribute.default.clone_from(&key.default);
    }
    if attribute.field.is_none() {
        attribute.field.clone_from(&key.field);
    }
    position
}

fn actions(call: &Call<'_>, draft: &mut Draft) -> Actions {
    if call.repeats_options() {
        let action = |name: Option<&ActionName>| name.and_then(|name| name.action().ok());
        return Actions {
            on_delete: action(call.options().on_delete.as_ref()),
            on_update: action(call.options().on_update.as_ref()),
        };
    }
    let source = draft.models[call.source].name.clone();
    let what = call.to_string();
    let options = call.options();
    Actions {
        on_delete: attributes::action(options.on_delete.as_ref(), &source, &what, draft),
        on_update: attributes::action(options.on_update.as_ref(), &source, &what, draft),
    }
}

fn choice(side: Side, action: Option<Action>) -> Choice {
    match side {
        Side::Only | Side::Own => Choice::own(action),
        Side::Other => Choice::other(action),
    }
}
