//! The keys of owners: one type attribute and one key for all models of an owner, and a foreign key for each of them,
//! which the type guards.
//!
//! Such a key is always enforced and refers to a unique key, so that whoever walks it does so over edges, and never asks
//! the type.

use crate::association::OwnerModel;
use crate::error::{ProblemKind, excerpt};
use crate::model::resolve::calls::Call;
use crate::model::resolve::draft::{Draft, Guard};
use crate::model::resolve::keys::{Actions, Hop, Side, add_attribute, add_key, parent_key};
use crate::model::resolve::owners::Owner;

/// The key of an owner, seen from the one that has it.
pub(super) fn add_of_owner(
    call: &Call<'_>,
    owners: &[Owner<'_>],
    actions: Actions,
    draft: &mut Draft,
) -> Option<Hop> {
    let member = call.owner?;
    let owner = owners.iter().find(|it| it.is_of(member.declaration))?;
    let given = &member.model.target_key;
    let key = parent_key(call, call.target, given, "target_key", draft)?;
    if let Some((kind, detail)) = problem(owner, member.model, call.target, &key, draft) {
        let source = draft.models[call.source].name.clone();
        draft.report(kind, source, format!("{call}: {detail}"));
        return None;
    }
    let ends = (call.source, call.target);
    add(call, owner, member.model, ends, key, actions, draft)
}

/// The same key, seen from one of the models of the owner. What is wrong with the owner is not told again.
pub(super) fn add_as_owner(
    call: &Call<'_>,
    (name, source_key): (&str, &[String]),
    owners: &[Owner<'_>],
    actions: Actions,
    draft: &mut Draft,
) -> Option<Hop> {
    let target = &call.options().target;
    let mut refuse = |kind, detail: String| {
        let source = draft.models[call.source].name.clone();
        draft.report(kind, source, format!("{call} as owner {name}: {detail}"));
        None
    };
    if !call.options().foreign_key.0.is_empty() || !source_key.is_empty() {
        let detail = "the key is that of the owner, and is not given here";
        return refuse(ProblemKind::Association, detail.to_owned());
    }
    let mut named = owners.iter();
    let named = named.find(|it| it.source == call.target && it.declaration.name() == name);
    let Some(owner) = named else {
        let detail = format!("{target} declares no owner of this name with belongs_to_owner");
        return refuse(ProblemKind::Unknown, detail);
    };
    let Some(model) = owner.model(call.source, draft) else {
        let source = &draft.models[call.source].name;
        let detail = format!("{source} is none of the models that {target} names for it");
        let detail = format!("{call} as owner {name}: {detail}");
        draft.report(ProblemKind::Association, source.clone(), detail);
        return None;
    };
    let key = found_key(call.source, &model.target_key, draft)?;
    if problem(owner, model, call.source, &key, draft).is_some() {
        return None;
    }
    let ends = (call.target, call.source);
    add(call, owner, model, ends, key, actions, draft)
}

fn add(
    call: &Call<'_>,
    owner: &Owner<'_>,
    model: &OwnerModel,
    ends: (usize, usize),
    parent_key: Vec<usize>,
    actions: Actions,
    draft: &mut Draft,
) -> Option<Hop> {
    let holder = &mut draft.models[ends.0].attributes;
    let guard = Guard {
        attribute: add_attribute(&owner.type_attribute, holder),
        value: model.type_value(),
    };
    let side = (Side::Only, actions);
    Some(add_key(
        call,
        ends,
        &owner.key,
        parent_key,
        side,
        Some(guard),
        draft,
    ))
}

/// Why rows of a model cannot be owners.
fn problem(
    owner: &Owner<'_>,
    model: &OwnerModel,
    parent: usize,
    key: &[usize],
    draft: &Draft,
) -> Option<(ProblemKind, String)> {
    let (holder, name) = (&draft.models[owner.source], &model.model);
    let (given, found) = (owner.key.len(), key.len());
    if given != found {
        let detail = format!("the key has {given} attributes, and that of {name} {found}");
        return Some((ProblemKind::Key, detail));
    }
    if !draft.models[parent].is_unique(key) {
        let key = draft.attribute_names(parent, key);
        let detail = format!("an owner is found by a unique key, and ({key}) of {name} is none");
        return Some((ProblemKind::NotUnique, detail));
    }
    let attributes = owner.key.iter().chain([&owner.type_attribute]);
    for named in attributes.filter_map(|it| it.name.as_deref()) {
        let declared = holder.find(named).map(|it| &holder.attributes[it]);
        if declared.is_some_and(|it| it.refuses_references) {
            let detail = format!("attribute {named} is declared to refer to nothing");
            return Some((ProblemKind::Association, detail));
        }
    }
    let value = model.type_value();
    let data_type = owner.data_type(holder)?;
    if value.is_null() || !data_type.admits(&value) {
        let (named, value) = (owner.type_attribute.name.as_deref()?, excerpt(&value));
        let detail = format!("attribute {named} is {data_type}, and so never {value}");
        return Some((ProblemKind::Type, detail));
    }
    None
}

/// The attributes that a key refers to, if that is known; the other side tells why it is not.
fn found_key(parent: usize, given: &[String], draft: &Draft) -> Option<Vec<usize>> {
    let model = &draft.models[parent];
    match given {
        [] => Some(vec![model.single_key()?]),
        _ => given.iter().map(|name| model.find(name)).collect(),
    }
}
