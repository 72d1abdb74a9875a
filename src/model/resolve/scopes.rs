//! The scopes of the models: each must be a request that could be run.
//!
//! A scope may include associations, and what it includes is read with the scopes of *its* model; what its filters and its
//! order reach is read with the default scopes there. Scopes that lead back to
//! themselves that way would never come to an end, and are refused; so resolving a request that uses scopes ends.

use std::collections::BTreeMap;

use crate::association::link::Association;
use crate::association::registry::{ModelEntry, Registry};
use crate::error::{DeclarationError, Problem, ProblemKind, Result};
use crate::model::registry::Models;
use crate::query::{Criteria, Include, IncludeAll, ModelScopes, Scope, ScopeChoice, Scopes};
use crate::query::{check_criteria, models_reached};
use crate::schema::Schema;

/// A scope: its model, and its name or none for the default.
type Place<'m> = (&'m str, Option<&'m str>);

/// The scopes of all models.
///
/// # Errors
///
/// Every scope that is named twice, names what is not there, or leads back to itself.
pub(super) fn resolve(models: &Models, schema: &Schema, registry: &Registry) -> Result<Scopes> {
    let mut problems = Vec::new();
    let mut all = vec![ModelScopes::default(); registry.models().len()];
    for definition in &models.definitions {
        let model = registry.by_name(&definition.name)?;
        let scopes = &mut all[model.id.index()];
        scopes.default.clone_from(&definition.default_scope);
        for (name, scope) in &definition.scopes {
            if scopes.named.iter().any(|(found, _)| found == name) {
                let detail = format!("two scopes are named {name}");
                problems.push(Problem::new(
                    ProblemKind::Duplicate,
                    &definition.name,
                    detail,
                ));
                continue;
            }
            scopes.named.push((name.clone(), scope.clone()));
        }
    }
    let scopes = Scopes::new(all);
    problems.extend(ring(&scopes, registry));
    // In a ring, resolving one of its scopes would only say so again.
    if problems.is_empty() {
        for model in registry.models() {
            problems.extend(unresolvable(model, &scopes, schema, registry));
        }
    }
    match problems.is_empty() {
        true => Ok(scopes),
        false => Err(DeclarationError { problems }.into()),
    }
}

fn scopes_of<'s>(
    model: &'s ModelEntry,
    scopes: &'s Scopes,
) -> impl Iterator<Item = (Option<&'s str>, &'s Scope)> {
    let found = scopes.of(model.id);
    let default = found.and_then(|found| found.default.as_ref());
    let named = found.into_iter().flat_map(|found| &found.named);
    let named = named.map(|(name, scope)| (Some(name.as_str()), scope));
    default.map(|scope| (None, scope)).into_iter().chain(named)
}

/// What is wrong with the scopes of a model, each read by itself.
fn unresolvable(
    model: &ModelEntry,
    scopes: &Scopes,
    schema: &Schema,
    registry: &Registry,
) -> Vec<Problem> {
    let problem = |(name, scope): (Option<&str>, &Scope)| {
        let mut criteria = scope.criteria.clone();
        criteria.scope = ScopeChoice::None;
        let error = check_criteria(schema, registry, scopes, model, &criteria).err()?;
        let detail = format!("{}: {error}", display(name));
        Some(Problem::new(ProblemKind::Scope, &*model.name, detail))
    };
    scopes_of(model, scopes).filter_map(problem).collect()
}

/// A scope that leads back to itself through what it includes.
fn ring(scopes: &Scopes, registry: &Registry) -> Option<Problem> {
    let mut edges: BTreeMap<Place<'_>, Vec<Place<'_>>> = BTreeMap::new();
    for model in registry.models() {
        for (name, scope) in scopes_of(model, scopes) {
            edges.insert((&model.name, name), used_by(model, scope, registry));
        }
    }
    // What leads only to what is done is done; in the end nothing is left but rings and what leads to them.
    loop {
        let before = edges.len();
        let places: Vec<Place<'_>> = edges.keys().copied().collect();
        for place in places {
            let left = edges[&place].iter().any(|next| edges.contains_key(next));
            if !left {
                edges.remove(&place);
            }
        }
        if edges.len() == before {
            break;
        }
    }
    let (model, name) = *edges.keys().next()?;
    let detail = format!("{} includes itself without end", display(name));
    Some(Problem::new(ProblemKind::Scope, model, detail))
}

/// The scopes that reading by a scope uses for what it includes. What is not there is found when the scope is resolved.
fn used_by<'m>(model: &'m ModelEntry, scope: &'m Scope, registry: &'m Registry) -> Vec<Place<'m>> {
    let mut used = Vec::new();
    let reached = |model, criteria: &Criteria| {
        let models = models_reached(model, criteria, registry);
        models
            .into_iter()
            .map(|model| (&*model.name, None))
            .collect::<Vec<Place<'m>>>()
    };
    used.extend(reached(model, &scope.criteria));
    let mut pending: Vec<_> = scope
        .criteria
        .includes
        .iter()
        .map(|it| (model, it))
        .collect();
    while let Some((source, include)) = pending.pop() {
        for (target, said) in led_to(source, include, registry) {
            let chosen = &include.criteria.scope;
            let besides = said.map_or(&ScopeChoice::Default, |said| &said.criteria.scope);
            let named = |choice: &'m ScopeChoice| match choice {
                ScopeChoice::Named(names) => &names[..],
                ScopeChoice::Default | ScopeChoice::None => &[],
            };
            // What is said of one model of an owner goes before what is said of all, and names add up.
            let of_all = match besides {
                ScopeChoice::None => &[],
                ScopeChoice::Default | ScopeChoice::Named(_) => named(chosen),
            };
            let names = of_all.iter().chain(named(besides));
            used.extend(names.map(|name| (&*target.name, Some(name.as_str()))));
            if (chosen, besides) == (&ScopeChoice::Default, &ScopeChoice::Default) {
                used.push((&*target.name, None));
            }
            let includes = [Some(include), said].into_iter().flatten();
            used.extend(
                includes
                    .clone()
                    .flat_map(|it| reached(target, &it.criteria)),
            );
            for all in includes.clone().flat_map(|it| &it.criteria.alls) {
                let (options, scope) = (all.options(), &all.options().criteria.scope);
                for model in models_of_all(all, target, registry) {
                    used.extend(chosen_names(scope).map(|name| (&*model.name, name)));
                    used.extend(reached(model, &options.criteria));
                    pending.extend(options.criteria.includes.iter().map(|it| (model, it)));
                }
            }
            let below = includes.flat_map(|it| &it.criteria.includes);
            pending.extend(below.map(|it| (target, it)));
        }
    }
    used
}

/// The names of the scopes that a choice uses; none for the default scope.
fn chosen_names(choice: &ScopeChoice) -> impl Iterator<Item = Option<&str>> {
    let (default, names) = match choice {
        ScopeChoice::Default => (Some(None), &[][..]),
        ScopeChoice::None => (None, &[][..]),
        ScopeChoice::Named(names) => (None, &names[..]),
    };
    default
        .into_iter()
        .chain(names.iter().map(|name| Some(name.as_str())))
}

/// The models that an include of all associations leads to, at any depth.
fn models_of_all<'m>(
    all: &IncludeAll,
    model: &'m ModelEntry,
    registry: &'m Registry,
) -> Vec<&'m ModelEntry> {
    let mut found: Vec<&ModelEntry> = Vec::new();
    let mut pending = vec![(model, all.clone())];
    while let Some((model, all)) = pending.pop() {
        for association in all.taken(model) {
            let target = registry.model(association.target);
            if found.iter().all(|it| it.id != target.id) {
                found.push(target);
                pending.extend(all.below(model.id).map(|below| (target, below)));
            }
        }
    }
    found
}

/// The models that an include leads to, each with what is said of it alone: several of an owner.
fn led_to<'m>(
    source: &'m ModelEntry,
    include: &'m Include,
    registry: &'m Registry,
) -> Vec<(&'m ModelEntry, Option<&'m Include>)> {
    let target = |association: &Association| registry.model(association.target);
    let Some(owner) = source.find_owner(&include.association) else {
        let (name, alias) = (&include.association, include.alias.as_ref());
        return registry
            .included(source, name, alias)
            .into_iter()
            .map(|it| (target(it), None))
            .collect();
    };
    let said = |key: &str| include.members.iter().find(|it| it.association == key);
    let members = source.members(owner);
    members.map(|it| (target(it), said(&it.key))).collect()
}

fn display(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("scope {name}"),
        None => "default scope".to_owned(),
    }
}
