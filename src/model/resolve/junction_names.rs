//! What the two keys of a junction are called, and which attributes they hold.
//!
//! Two associations through one junction, each of which leads back to where the other starts, are a *pair*: one relation
//! declared from both sides (associations BTM-4). What one of them leaves open the other decides, in whatever order they
//! are declared. Two associations of a model with itself are a pair only if their own keys differ, since otherwise
//! each would lead from where the other leads from.

use crate::association::naming::keys::{belongs_to_many_other_key, belongs_to_many_own_key};
use crate::association::{KeyAttribute, KeyAttributes};
use crate::error::ProblemKind;
use crate::model::resolve::calls::{Call, JunctionCall};
use crate::model::resolve::draft::Draft;

/// The keys of a junction, as one association sees them. Each key is as long as the attributes that it holds.
#[derive(Debug)]
pub(super) struct JunctionNames {
    /// The attributes of the source that the own key holds.
    pub(super) source_key: Vec<String>,
    /// The attributes of the target that the other key holds.
    pub(super) target_key: Vec<String>,
    /// The key of the source; every attribute has a name.
    pub(super) own: Vec<KeyAttribute>,
    /// The key of the target; every attribute has a name.
    pub(super) other: Vec<KeyAttribute>,
}

/// The names for each call at its position; none for a call without a junction or with a problem.
pub(super) fn choose(calls: &[Call<'_>], draft: &mut Draft) -> Vec<Option<JunctionNames>> {
    let mut chosen: Vec<Option<JunctionNames>> = Vec::with_capacity(calls.len());
    for call in calls {
        let names = call.junction.and_then(|junction| {
            let partner = find_partner(calls, call, junction, draft);
            choose_names(call, junction, partner, draft)
        });
        chosen.push(names);
    }
    for position in 0..calls.len() {
        report_half_declared(calls, position, &chosen, draft);
    }
    chosen
}

/// The other side of the same relation; rather one that names its key.
fn find_partner<'a>(
    calls: &[Call<'a>],
    call: &Call<'_>,
    junction: JunctionCall<'_>,
    draft: &Draft,
) -> Option<JunctionCall<'a>> {
    let own = own_alone(call, junction, draft);
    let partners = calls.iter().filter_map(|found| {
        let other = found
            .junction
            .filter(|other| other.model == junction.model)?;
        let inverse = (found.source, found.target) == (call.target, call.source);
        let distinct = !call.is_self() || own_alone(found, other, draft) != own;
        (inverse && distinct).then_some(other)
    });
    let partners: Vec<JunctionCall<'_>> = partners.collect();
    let names_key = |found: &&JunctionCall<'_>| is_named(&found.declaration.options.foreign_key);
    let named = partners.iter().find(names_key);
    named.or(partners.first()).copied()
}

/// The names of a call's own key when nothing is known of the other side.
fn own_alone(call: &Call<'_>, junction: JunctionCall<'_>, draft: &Draft) -> Vec<String> {
    let declared = junction.declaration;
    let given = given_names(&declared.options.foreign_key);
    given.unwrap_or_else(|| {
        let key = stored(&[&declared.source_key], call.source, draft);
        default_own(call.source, &key.unwrap_or_default(), draft)
    })
}

fn choose_names(
    call: &Call<'_>,
    junction: JunctionCall<'_>,
    partner: Option<JunctionCall<'_>>,
    draft: &mut Draft,
) -> Option<JunctionNames> {
    let declared = junction.declaration;
    let partner = partner.map(|partner| partner.declaration);
    let none = Vec::new();
    let partner_source_key = partner.map_or(&none, |partner| &partner.source_key);
    let partner_target_key = partner.map_or(&none, |partner| &partner.target_key);
    let ends = [
        (
            call.source,
            "source_key",
            [&declared.source_key, partner_target_key],
        ),
        (
            call.target,
            "target_key",
            [&declared.target_key, partner_source_key],
        ),
    ];
    let [source_key, target_key] = ends.map(|(end, option, given)| {
        let key = stored(&given, end, draft);
        if key.is_none() {
            report_no_single_key(call, end, option, draft);
        }
        key
    });
    let (source_key, target_key) = (source_key?, target_key?);

    let partner_own = partner.and_then(|partner| given_names(&partner.options.foreign_key));
    let partner_other = partner.and_then(|partner| given_names(&partner.other_key));
    let partner_own = partner_own.filter(|names| names.len() == target_key.len());
    let partner_other = partner_other.filter(|names| names.len() == source_key.len());
    let own_default = partner_other.unwrap_or_else(|| default_own(call.source, &source_key, draft));
    let other_default = partner_own.unwrap_or_else(|| match partner {
        Some(_) => default_own(call.target, &target_key, draft),
        None => default_other(call, &target_key, draft),
    });
    let own = &declared.options.foreign_key;
    let own = named_key(call, "foreign_key", own, own_default, draft);
    let other = &declared.other_key;
    let other = named_key(call, "other_key", other, other_default, draft);
    let (own, other) = (own?, other?);
    if let Some(shared) = own
        .iter()
        .find(|key| other.iter().any(|o| o.name == key.name))
    {
        let name = shared.name.as_deref().unwrap_or_default();
        let detail = format!("{call}: {name} cannot be the key of both source and target");
        report(call, detail, draft);
        return None;
    }
    Some(JunctionNames {
        source_key,
        target_key,
        own,
        other,
    })
}

/// The attributes that a key holds: the first that are given, or the primary key if that is a single attribute.
fn stored(given: &[&Vec<String>], model: usize, draft: &Draft) -> Option<Vec<String>> {
    let model = &draft.models[model];
    if let Some(&given) = given.iter().find(|given| !given.is_empty()) {
        return Some(given.clone());
    }
    let key = model.single_key()?;
    Some(vec![model.attributes[key].name.clone()])
}

fn default_own(end: usize, stored: &[String], draft: &Draft) -> Vec<String> {
    let model = &draft.models[end];
    let name = |key: &String| belongs_to_many_own_key(&model.names.singular, key, model.casing());
    stored.iter().map(name).collect()
}

fn default_other(call: &Call<'_>, stored: &[String], draft: &Draft) -> Vec<String> {
    let target = &draft.models[call.target];
    let self_alias = call.alias().filter(|_| call.is_self());
    let singular = &target.names.singular;
    let name = |key: &String| belongs_to_many_other_key(self_alias, singular, key, target.casing());
    stored.iter().map(name).collect()
}

/// The given key, with the default name for each attribute that was given none. It must be as long as what it holds,
/// which the default names are.
pub(super) fn named_key(
    call: &Call<'_>,
    option: &str,
    given: &KeyAttributes,
    defaults: Vec<String>,
    draft: &mut Draft,
) -> Option<Vec<KeyAttribute>> {
    let length = defaults.len();
    if given.0.is_empty() {
        return Some(defaults.into_iter().map(KeyAttribute::named).collect());
    }
    if given.0.len() != length {
        let found = given.0.len();
        let detail = format!("{call}: {option} has {found} attributes and refers to {length}");
        let source = draft.models[call.source].name.clone();
        draft.report(ProblemKind::Key, source, detail);
        return None;
    }
    let named = given
        .0
        .iter()
        .zip(defaults)
        .map(|(key, default)| KeyAttribute {
            name: key.name.clone().or(Some(default)),
            ..key.clone()
        });
    Some(named.collect())
}

/// The names of a key, if it names all its attributes.
fn given_names(key: &KeyAttributes) -> Option<Vec<String>> {
    match is_named(key) {
        true => key
            .0
            .iter()
            .map(|attribute| attribute.name.clone())
            .collect(),
        false => None,
    }
}

fn is_named(key: &KeyAttributes) -> bool {
    !key.0.is_empty() && key.0.iter().all(|attribute| attribute.name.is_some())
}

/// A key to a model that is not keyed by a single attribute must say what it refers to (beyond BY-20).
pub(super) fn report_no_single_key(
    call: &Call<'_>,
    parent: usize,
    option: &str,
    draft: &mut Draft,
) {
    let model = &draft.models[parent];
    let key = match model.key() {
        [] => "no primary key with a name".to_owned(),
        key => format!(
            "a composite primary key ({})",
            draft.attribute_names(parent, key)
        ),
    };
    let detail = format!(
        "{call}: {} has {key}; name what to refer to with {option}",
        model.name
    );
    report(call, detail, draft);
}

/// Two sides of a relation of a model with itself that leave open which key is whose. Each would get a key of its own
/// that the other side never fills.
fn report_half_declared(
    calls: &[Call<'_>],
    position: usize,
    chosen: &[Option<JunctionNames>],
    draft: &mut Draft,
) {
    let leaves_open = |call: &Call<'_>| {
        let other_key = call
            .junction
            .map(|junction| &junction.declaration.other_key);
        call.is_self() && other_key.is_some_and(|key| !is_named(key))
    };
    let call = &calls[position];
    let Some(names) = chosen[position].as_ref().filter(|_| leaves_open(call)) else {
        return;
    };
    let twin = calls[..position]
        .iter()
        .zip(chosen)
        .find(|(found, theirs)| {
            let same_junction = found.junction.map(|j| j.model) == call.junction.map(|j| j.model);
            let differs = theirs
                .as_ref()
                .is_some_and(|theirs| theirs.own == names.own && theirs.other != names.other);
            leaves_open(found) && found.source == call.source && same_junction && differs
        });
    if let Some((twin, _)) = twin {
        let own = names.own.iter().filter_map(|key| key.name.as_deref());
        let own = own.collect::<Vec<_>>().join(", ");
        let detail = format!(
            "{call} and {twin} go through one junction by the same foreign key {own}; give each its own"
        );
        report(call, detail, draft);
    }
}

fn report(call: &Call<'_>, detail: String, draft: &mut Draft) {
    let source = draft.models[call.source].name.clone();
    draft.report(ProblemKind::Association, source, detail);
}
