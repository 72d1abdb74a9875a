//! What junctions are keyed by (beyond BY-10).
//!
//! One junction may serve several associations: both sides of a relation, or relations that differ in the junction's
//! scope. They share its table, so they share one choice; its keys are those of all of them, in the order of the
//! associations. A choice over attributes that every row has is the primary key of a junction that declares none.

use crate::association::Uniqueness;
use crate::association::naming::keys::unique_name;
use crate::error::ProblemKind;
use crate::model::resolve::calls::{Call, JunctionCall};
use crate::model::resolve::draft::{Draft, PrimaryKey};
use crate::model::resolve::keys::Link;
use crate::schema::UniqueDef;

/// One association through a junction: the positions of its keys in the junction.
struct Use<'a> {
    junction: JunctionCall<'a>,
    call: String,
    keys: Vec<usize>,
}

/// Chooses for all junctions.
pub(super) fn choose(calls: &[Call<'_>], links: &[Option<Link>], draft: &mut Draft) {
    let uses: Vec<Use<'_>> = calls.iter().zip(links).filter_map(junction_use).collect();
    for model in 0..draft.models.len() {
        let of_model: Vec<&Use<'_>> = uses.iter().filter(|u| u.junction.model == model).collect();
        if !of_model.is_empty() {
            choose_for(model, &of_model, draft);
        }
    }
}

fn junction_use<'a>((call, link): (&Call<'a>, &Option<Link>)) -> Option<Use<'a>> {
    let link = link.as_ref()?;
    Some(Use {
        junction: call.junction?,
        call: call.to_string(),
        keys: link.hops().flat_map(|hop| hop.attributes.clone()).collect(),
    })
}

fn choose_for(model: usize, uses: &[&Use<'_>], draft: &mut Draft) {
    let scope = scope(model, uses, draft);
    let choice = choice(model, uses, draft).unwrap_or(match scope.is_empty() {
        true => Uniqueness::Pair,
        false => Uniqueness::PairAndScope,
    });
    let keys = distinct(uses.iter().flat_map(|found| found.keys.iter().copied()));
    let attributes = match &choice {
        Uniqueness::Off => None,
        Uniqueness::Pair => Some(keys),
        Uniqueness::PairAndScope => Some(distinct(keys.into_iter().chain(scope))),
        Uniqueness::Attributes(names) => find_all(model, names, draft),
    };
    let keyed_by_choice = matches!(choice, Uniqueness::Pair | Uniqueness::PairAndScope);
    draft.models[model].uniqueness = Some(choice);
    let Some(attributes) = attributes else {
        return;
    };
    let found = &mut draft.models[model];
    match found.primary_key {
        PrimaryKey::Junction(_) if keyed_by_choice => {
            found.primary_key = PrimaryKey::Junction(Some(attributes));
        }
        _ => {
            let names = uses.iter().map(|found| &found.junction.through.unique_name);
            let name = names.flatten().next();
            add_unique(model, &attributes, name.map(String::as_str), draft);
        }
    }
}

/// The positions of the attributes that the uses have in their scopes. Unknown ones are reported with the scope.
fn scope(model: usize, uses: &[&Use<'_>], draft: &Draft) -> Vec<usize> {
    let names = uses.iter().flat_map(|found| &found.junction.through.scope);
    distinct(names.filter_map(|(name, _)| draft.models[model].find(name)))
}

/// The first explicit choice; all others must be the same.
fn choice(model: usize, uses: &[&Use<'_>], draft: &mut Draft) -> Option<Uniqueness> {
    let explicit = |found: &&&Use<'_>| found.junction.through.unique.is_some();
    let mut choosing = uses.iter().filter(explicit);
    let first = choosing.next()?;
    for other in choosing {
        if other.junction.through.unique != first.junction.through.unique {
            let detail = format!(
                "{} and {} choose differently how often a pair may be linked",
                first.call, other.call
            );
            let name = draft.models[model].name.clone();
            draft.report(ProblemKind::Association, name, detail);
        }
    }
    first.junction.through.unique.clone()
}

fn find_all(model: usize, names: &[String], draft: &mut Draft) -> Option<Vec<usize>> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match draft.models[model].find(name) {
            Some(attribute) => found.push(attribute),
            None => {
                let detail = format!("it is to be unique by {name}, which it does not have");
                let model = draft.models[model].name.clone();
                draft.report(ProblemKind::Unknown, model, detail);
            }
        }
    }
    (found.len() == names.len()).then_some(found)
}

/// A unique key besides the primary key, unless one that is there already says as much.
fn add_unique(model: usize, attributes: &[usize], name: Option<&str>, draft: &mut Draft) {
    let found = &mut draft.models[model];
    let within = |key: &[usize]| !key.is_empty() && key.iter().all(|k| attributes.contains(k));
    if within(found.key()) || (name.is_none() && found.is_unique(attributes)) {
        return;
    }
    let names = attributes.iter().map(|&a| found.attributes[a].name.clone());
    let names: Vec<String> = names.collect();
    let generated = || unique_name(&found.table, &names);
    let name = name.map_or_else(generated, str::to_owned);
    found.uniques.push(UniqueDef::new(names).named(name));
}

fn distinct(positions: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut found = Vec::new();
    for position in positions {
        if !found.contains(&position) {
            found.push(position);
        }
    }
    found
}
