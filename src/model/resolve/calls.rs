//! Which models each association is between, and which junction it goes through.

use std::fmt;

use crate::association::link::AssociationKind;
use crate::association::{
    Alias, BelongsToMany, BelongsToOwner, Declaration, Options, OwnerModel, Through,
};
use crate::error::ProblemKind;
use crate::model::registry::Models;
use crate::model::resolve::attributes;
use crate::model::resolve::draft::{Draft, PrimaryKey};
use crate::model::resolve::owners;

/// One declared association, with its models by position; of an owner, that to one of its models.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) source: usize,
    pub(super) target: usize,
    pub(super) declaration: &'a Declaration,
    /// The junction, if it goes through one.
    pub(super) junction: Option<JunctionCall<'a>>,
    /// The model of the owner that it leads to, if it is one of an owner.
    pub(super) owner: Option<OwnerCall<'a>>,
    source_name: &'a str,
}

/// What only an association through a junction has.
#[derive(Clone, Copy, Debug)]
pub(super) struct JunctionCall<'a> {
    /// The model of the junction.
    pub(super) model: usize,
    pub(super) declaration: &'a BelongsToMany,
    pub(super) through: &'a Through,
}

/// What only an association of an owner has.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnerCall<'a> {
    pub(super) declaration: &'a BelongsToOwner,
    pub(super) model: &'a OwnerModel,
}

impl<'a> Call<'a> {
    /// What all associations can say.
    pub(super) fn options(&self) -> &'a Options {
        self.declaration.options()
    }

    /// The name that was given to it.
    pub(super) fn alias(&self) -> Option<&'a Alias> {
        match self.owner {
            Some(owner) => owner.model.alias.as_ref(),
            None => self.options().alias.as_ref(),
        }
    }

    /// Whether an earlier call has the same options, and so told what is wrong with them: of an owner, that to its first
    /// model.
    pub(super) fn repeats_options(&self) -> bool {
        self.owner.is_some_and(|owner| {
            let first = owner.declaration.models.first();
            first.is_some_and(|first| !std::ptr::eq(first, owner.model))
        })
    }

    /// Whether it is made of a declaration.
    pub(super) fn declares(&self, declaration: &Declaration) -> bool {
        std::ptr::eq(self.declaration, declaration)
    }

    /// Whether it leads from a model to itself.
    pub(super) fn is_self(&self) -> bool {
        self.source == self.target
    }
}

/// As it was written: `Post.belongs_to(User)`.
impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = call_name(self.declaration);
        let target = &self.options().target;
        write!(f, "{}.{call}({target})", self.source_name)?;
        if let Some(owner) = self.owner {
            write!(f, ", one of {}", owner.model.model)?;
        }
        match self.alias() {
            None => Ok(()),
            Some(Alias::Text(text)) => write!(f, " as {text}"),
            Some(Alias::Forms(names)) => write!(f, " as {}/{}", names.singular, names.plural),
        }
    }
}

/// The name of the call that declares it.
fn call_name(declaration: &Declaration) -> &'static str {
    match declaration {
        Declaration::BelongsTo(_) => "belongs_to",
        Declaration::HasOne(_) => "has_one",
        Declaration::HasMany(_) => "has_many",
        Declaration::BelongsToMany(_) => "belongs_to_many",
        Declaration::BelongsToOwner(_) => "belongs_to_owner",
    }
}

/// The associations whose models exist, in the order of their declarations. Junctions that nobody defined are made.
pub(super) fn resolve<'a>(models: &'a Models, draft: &mut Draft) -> Vec<Call<'a>> {
    let mut calls = Vec::with_capacity(models.associations.len());
    for (source, declaration) in &models.associations {
        match declaration {
            Declaration::BelongsToOwner(owner) => {
                for model in owners::usable_models(source, owner, draft) {
                    let owner = OwnerCall {
                        declaration: owner,
                        model,
                    };
                    calls.extend(resolve_call(source, declaration, Some(owner), draft));
                }
            }
            _ => calls.extend(resolve_call(source, declaration, None, draft)),
        }
    }
    // A junction may be made by one call and asked for timestamps by a later one.
    for position in 0..calls.len() {
        calls[position].junction = resolve_junction(&calls, position, draft);
    }
    calls.retain(|call| {
        call.junction.is_some() || call.declaration.kind() != AssociationKind::BelongsToMany
    });
    calls
}

fn resolve_call<'a>(
    source_name: &'a str,
    declaration: &'a Declaration,
    owner: Option<OwnerCall<'a>>,
    draft: &mut Draft,
) -> Option<Call<'a>> {
    let source = draft.by_name.get(source_name).copied();
    let target_name = owner.map_or(&declaration.options().target, |owner| &owner.model.model);
    let target = draft.by_name.get(target_name).copied();
    let call = Call {
        source: source.unwrap_or_default(),
        target: target.unwrap_or_default(),
        declaration,
        junction: None,
        owner,
        source_name,
    };
    if source.is_none() {
        let detail = format!("{call}: {source_name} is not a defined model");
        draft.report(ProblemKind::Unknown, source_name, detail);
    }
    if target.is_none() {
        let detail = format!("{call} called with {target_name}, which is not a defined model");
        draft.report(ProblemKind::Unknown, source_name, detail);
    }
    source.and(target)?;
    Some(call)
}

/// The junction of a call, which must be named; and between a model and itself the call must have a name as well.
fn resolve_junction<'a>(
    calls: &[Call<'a>],
    position: usize,
    draft: &mut Draft,
) -> Option<JunctionCall<'a>> {
    let call = &calls[position];
    let Declaration::BelongsToMany(declaration) = call.declaration else {
        return None;
    };
    let mut refuse = |detail: String| {
        draft.report(ProblemKind::Association, call.source_name, detail);
        None
    };
    let Some(through) = &declaration.through else {
        return refuse(format!(
            "{call} requires through, either a model or the name of a junction to make"
        ));
    };
    if call.is_self() && call.alias().is_none() {
        return refuse(format!(
            "{call}: an alias must be given for a many-to-many association of a model with itself"
        ));
    }
    let model = match draft.by_name.get(&through.model) {
        Some(&model) => model,
        None => {
            let timestamps = wants_timestamps(calls, &through.model);
            attributes::draft_junction(&through.model, timestamps, draft)
        }
    };
    if model == call.source || model == call.target {
        let detail = format!("{call} goes through {}, one of its own ends", through.model);
        draft.report(ProblemKind::Association, call.source_name, detail);
        return None;
    }
    drop_generated_key(model, draft);
    if through.soft_delete {
        attributes::add_deleted_at(model, draft);
    }
    Some(JunctionCall {
        model,
        declaration,
        through,
    })
}

/// Whether a junction that is made has timestamps: what the first association says that says something.
fn wants_timestamps(calls: &[Call<'_>], junction: &str) -> bool {
    let throughs = calls.iter().filter_map(|call| match call.declaration {
        Declaration::BelongsToMany(declared) => declared.through.as_ref(),
        Declaration::BelongsTo(_)
        | Declaration::BelongsToOwner(_)
        | Declaration::HasOne(_)
        | Declaration::HasMany(_) => None,
    });
    let said = throughs.filter(|through| through.model == junction);
    said.filter_map(|through| through.timestamps)
        .next()
        .unwrap_or(true)
}

/// A junction that declares no primary key is keyed by what it links (associations BTM-8).
fn drop_generated_key(model: usize, draft: &mut Draft) {
    let model = &mut draft.models[model];
    if model.primary_key != PrimaryKey::Generated {
        return;
    }
    model.primary_key = PrimaryKey::Junction(None);
    model.attributes.remove(0);
    for reference in &mut model.declared_references {
        reference.attribute -= 1;
    }
    if let Some((created_at, updated_at)) = &mut model.timestamps {
        *created_at -= 1;
        *updated_at -= 1;
    }
    if let Some(deleted_at) = &mut model.deleted_at {
        *deleted_at -= 1;
    }
}
