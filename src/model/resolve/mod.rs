//! From declarations to a schema and a registry, in one pass that reports every problem.
//!
//! A [`Draft`] holds the models by position while associations complete them. The steps, each with what the next one
//! needs:
//!
//! 1. `attributes`: every model by itself: names, generated key, timestamps.
//! 2. `calls`: the models that each association names. Junctions that nobody defined are made here, and those that
//!    declare no primary key lose the generated one.
//! 3. `junction_names` and `owners`: what the keys of junctions and of owners are called, for which both sides of a
//!    relation must be known.
//! 4. `keys` and `owner_keys`: the keys of all associations become attributes and references, in the order of the associations. Settings
//!    are merged: what the holder declares comes first, then what associations give explicitly, in their order, and
//!    last what follows from the models. So nothing that follows may be decided before this step is through.
//! 5. `junction_keys`: what junctions are keyed by.
//! 6. `associations`: keys and scopes, collisions, and the indexes of what no foreign key enforces.
//! 7. `tables`: the schema, by `crate::schema`, which finds the problems of tables.
//! 8. `links`: the associations in ids of that schema.
//! 9. `scopes`: the scopes of the models, which must make sense over all that.
//! 10. `lifecycles`: their rules and hooks, likewise.
//!
//! A problem leaves out the part that it is about, and the pass goes on. Positions never move once step 2 is through:
//! the position of a model is its id and that of its table, the position of an attribute its column's ordinal.

mod draft;
mod attributes;
mod calls;
mod junction_names;
mod owners;
mod references;
mod keys;
mod owner_keys;
mod junction_keys;
mod associations;
mod tables;
mod links;
mod scopes;
mod lifecycles;

use std::sync::Arc;

use crate::association::registry::{ModelId, Registry};
use crate::error::{DeclarationError, Error, Problem, ProblemKind, Result};
use crate::model::lifecycle::Lifecycle;
use crate::model::registry::Models;
use crate::model::resolve::draft::Draft;
use crate::query::Scopes;
use crate::schema::{Schema, find_cycle};

/// What declarations come to.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The tables.
    pub(crate) schema: Arc<Schema>,
    /// The models and associations, in ids of that schema.
    pub(crate) registry: Arc<Registry>,
    /// What else there is to know of each model, at the position of its id.
    pub(crate) models: Arc<[ModelSettings]>,
    /// The scopes of the models.
    pub(crate) scopes: Scopes,
    /// What each model does besides writing, at the position of its id; none for a model that does nothing.
    lifecycles: Arc<[Option<Box<Lifecycle>>]>,
}

/// What writing an instance of a model needs to know besides its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelSettings {
    /// The attributes that follow the clock, if it has them.
    pub(crate) timestamps: Option<Timestamps>,
    /// Whether names that are made up for it are in snake case.
    pub(crate) underscored: bool,
}

/// The columns that follow the clock. Both are written when an instance is created; their columns default to the time
/// of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamps {
    /// Written once.
    pub(crate) created_at: u32,
    /// Written with every update through the model.
    pub(crate) updated_at: u32,
}

impl Resolved {
    /// The settings of a model.
    pub(crate) fn settings(&self, model: ModelId) -> ModelSettings {
        self.models[model.index()]
    }

    /// What a model does besides writing.
    #[inline]
    pub(crate) fn lifecycle(&self, model: ModelId) -> Option<&Lifecycle> {
        self.lifecycles[model.index()].as_deref()
    }
}

/// Resolves all declarations.
pub(super) fn resolve(models: &Models) -> Result<Resolved> {
    let mut draft = Draft::default();
    let (associations, owners) = draft_all(models, &mut draft);
    let schema = Arc::new(build(&mut draft, Rings::Refused)?);
    let registry = Arc::new(links::registry(&draft, &associations, &owners, &schema));
    Ok(Resolved {
        scopes: scopes::resolve(models, &schema, &registry)?,
        lifecycles: lifecycles::resolve(models, &schema, &registry)?.into(),
        registry,
        models: draft.models.iter().map(draft::Model::settings).collect(),
        schema,
    })
}

/// The schema of all declarations, whether or not its tables can be created one after the other.
pub(super) fn schema_with_rings(models: &Models) -> Result<Schema> {
    let mut draft = Draft::default();
    draft_all(models, &mut draft);
    build(&mut draft, Rings::Admitted)
}

/// Whether tables may refer to each other in a ring.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rings {
    Refused,
    Admitted,
}

/// Steps 1 to 6.
fn draft_all(
    models: &Models,
    draft: &mut Draft,
) -> (Vec<associations::Association>, Vec<associations::Owner>) {
    attributes::draft_models(models, draft);
    let calls = calls::resolve(models, draft);
    references::add_declared(draft);
    let names = junction_names::choose(&calls, draft);
    let owners = owners::choose(&calls, draft);
    let links = keys::add(&calls, &names, &owners, draft);
    owners::add_checks(&owners, draft);
    junction_keys::choose(&calls, &links, draft);
    let associations = associations::draft(&calls, links, &owners, draft);
    let owners = associations::draft_owners(&owners, &associations, draft);
    (associations, owners)
}

/// The schema, if neither the models nor the tables nor their order have a problem.
fn build(draft: &mut Draft, rings: Rings) -> Result<Schema> {
    let mut problems = std::mem::take(&mut draft.problems);
    let built = tables::build(draft).and_then(|schema| match rings {
        Rings::Refused => schema.sync_order().map(|_| schema),
        Rings::Admitted => Ok(schema),
    });
    match built {
        Ok(schema) if problems.is_empty() => return Ok(schema),
        Ok(_) => {}
        Err(Error::Declaration(error)) => {
            let is_cycle = |problem: &Problem| problem.kind == ProblemKind::Cycle;
            let told = error.problems.iter().any(is_cycle) || rings == Rings::Admitted;
            problems.extend(error.problems);
            if !told {
                problems.extend(cycle(draft));
            }
        }
        Err(other) => return Err(other),
    }
    Err(DeclarationError { problems }.into())
}

/// A ring among models whose tables have problems of their own, so that there is no schema to find it in.
fn cycle(draft: &Draft) -> Option<Problem> {
    let names: Vec<&str> = draft
        .models
        .iter()
        .map(|model| model.table.as_str())
        .collect();
    find_cycle(&names, |model| {
        let references = draft.models[model].references.iter();
        let mut parents: Vec<_> = references
            .filter(|reference| reference.parent != model)
            .map(|reference| (reference.attributes.iter().min(), reference.parent))
            .collect();
        parents.sort_by_key(|&(attribute, _)| attribute);
        parents.into_iter().map(|(_, parent)| parent).collect()
    })
}
