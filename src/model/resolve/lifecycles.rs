//! The rules and hooks of the models: each must be about attributes and associations that are there.

use crate::association::attributes::Attributes;
use crate::association::link::Association;
use crate::association::registry::{ModelEntry, Registry};
use crate::error::{DeclarationError, Error, ErrorKind, Problem, ProblemKind, RequestKind, Result};
use crate::model::definition::ModelDef;
use crate::model::lifecycle::{Lifecycle, holder};
use crate::model::registry::Models;
use crate::schema::{Action, DefaultValue, Schema};

/// What each model does besides writing, by its id.
///
/// # Errors
///
/// Every rule that can never be judged, and every hook for an association that is not there.
pub(super) fn resolve(
    models: &Models,
    schema: &Schema,
    registry: &Registry,
) -> Result<Vec<Option<Box<Lifecycle>>>> {
    let mut problems = Vec::new();
    let mut all = vec![Lifecycle::default(); registry.models().len()];
    for definition in &models.definitions {
        let model = registry.by_name(&definition.name)?;
        all[model.id.index()] = lifecycle(definition, model, schema, &mut problems)?;
    }
    for (model, lifecycle) in registry.models().iter().zip(&mut all) {
        let associations = model.associations().iter().enumerate();
        let asked = associations.filter(|(_, it)| it.hooks && cascades(it, model, registry));
        lifecycle.cascades = asked.map(|(position, _)| position).collect();
    }
    if !problems.is_empty() {
        return Err(DeclarationError { problems }.into());
    }
    let all = all.into_iter();
    Ok(all
        .map(|it| (!it.is_empty()).then(|| Box::new(it)))
        .collect())
}

fn lifecycle(
    definition: &ModelDef,
    model: &ModelEntry,
    schema: &Schema,
    problems: &mut Vec<Problem>,
) -> Result<Lifecycle> {
    let table = schema.table(model.table);
    let mut report = |kind, detail| problems.push(Problem::new(kind, &*model.name, detail));
    let mut lifecycle = Lifecycle {
        hooks: definition.hooks.clone(),
        ..Lifecycle::default()
    };
    for attribute in &definition.attributes {
        let ordinal = model.attribute(&attribute.name)?.ordinal;
        for rule in &attribute.rules {
            if let Some(problem) = rule.problem(table.columns[ordinal as usize].data_type) {
                report(ProblemKind::Type, format!("{}: {problem}", attribute.name));
            }
            lifecycle.rules.add(ordinal, rule.clone());
        }
    }
    for (name, rule) in &definition.rules {
        match rule.bind(&Attributes::new(model, table)) {
            Ok(bound) => lifecycle.rules.add_of_model(name, bound),
            Err(error) => report(kind_of(&error), format!("rule {name}: {error}")),
        }
    }
    let is_now = |ordinal: u32| {
        let column = &table.columns[ordinal as usize];
        matches!(column.default, DefaultValue::Now)
    };
    let looks_at_now = lifecycle.rules.columns().any(is_now);
    lifecycle.rules.looks_at_now = looks_at_now;
    for name in lifecycle.changed_associations() {
        if let Some(owner) = model.find_owner(name) {
            let members = owner
                .members
                .iter()
                .map(|&at| &*model.associations()[at].key);
            let members = members.collect::<Vec<_>>().join(", ");
            let detail = format!("a hook is for the owner {name}; have one for each of {members}");
            report(ProblemKind::Unsupported, detail);
        } else if model.association_position(name).is_none() {
            let detail = format!("a hook is for the association {name}, which is not there");
            report(ProblemKind::Unknown, detail);
        }
    }
    Ok(lifecycle)
}

/// What sort of problem it is that a rule cannot be judged.
fn kind_of(error: &Error) -> ProblemKind {
    match error.kind() {
        ErrorKind::Request(RequestKind::UnknownColumn) => ProblemKind::Unknown,
        ErrorKind::Request(RequestKind::Type) => ProblemKind::Type,
        ErrorKind::Request(RequestKind::Limit(limit)) => ProblemKind::Limit(limit),
        _ => ProblemKind::Unsupported,
    }
}

/// Whether deleting a source deletes what refers to it by an association.
fn cascades(association: &Association, source: &ModelEntry, registry: &Registry) -> bool {
    let Some((holder, hop)) = holder(association) else {
        return false;
    };
    let schema = registry.schema();
    let table = schema.table(registry.model(holder).table);
    let mut keys = table.foreign_keys.iter().map(|&id| schema.foreign_key(id));
    keys.any(|key| {
        key.on_delete == Action::Cascade
            && key.parent == source.table
            && key.child_columns == hop.child_columns
            && key.parent_columns == hop.parent_columns
    })
}
