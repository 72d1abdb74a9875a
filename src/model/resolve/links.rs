//! The registry: models and associations in ids and ordinals of the built schema.

use std::sync::Arc;

use crate::association::Uniqueness;
use crate::association::link::{self, AssociationKind, Junction};
use crate::association::owner::Owner;
use crate::association::registry::{AttributeEntry, ModelEntry, ModelId, Registry};
use crate::model::resolve::Drafted;
use crate::model::resolve::associations::Association;
use crate::model::resolve::chains::Chain;
use crate::model::resolve::draft::{self, Draft, Model};
use crate::model::resolve::keys::{Hop, Link};
use crate::schema::{ForeignKey, Schema, Table, TableId};
use crate::value::Value;

/// All models with their associations.
pub(super) fn registry(draft: &Draft, drafted: &Drafted, schema: &Arc<Schema>) -> Registry {
    let mut models: Vec<ModelEntry> = draft
        .models
        .iter()
        .zip(schema.tables())
        .map(entry)
        .collect();
    let resolved = drafted
        .associations
        .iter()
        .map(|it| Arc::new(resolve(it, draft, schema)));
    let resolved: Vec<Arc<link::Association>> = resolved.collect();
    // Where each association stands among those of its source, which stand in the order of their declarations
    // (associations AS-3).
    let mut positions = Vec::with_capacity(resolved.len());
    let mut chains = drafted.chains.iter().peekable();
    for position in 0..=resolved.len() {
        while let Some(chain) = chains.next_if(|chain| chain.after <= position) {
            models[chain.source].add_association(resolve_chain(chain, &resolved));
        }
        if let Some(association) = resolved.get(position) {
            let source = &mut models[association.source.index()];
            positions.push(source.associations().len());
            source.add_association(association.clone());
        }
    }
    for owner in &drafted.owners {
        models[owner.source].add_owner(Owner {
            key: owner.key.as_str().into(),
            type_column: draft::ordinal(owner.type_attribute),
            columns: draft::ordinals(&owner.attributes),
            members: owner.members.iter().map(|&it| positions[it]).collect(),
            accessors: owner.accessors.clone(),
        });
    }
    Registry::new(models, schema)
}

/// A chain has the scope and the conditions of its last step, which are about its targets.
fn resolve_chain(chain: &Chain, associations: &[Arc<link::Association>]) -> link::Association {
    let steps: Vec<_> = chain
        .steps
        .iter()
        .map(|&step| associations[step].clone())
        .collect();
    let last = steps.last();
    link::Association {
        key: chain.key.as_str().into(),
        kind: AssociationKind::Chain,
        source: model_id(chain.source),
        target: model_id(chain.target),
        scope: last.map_or_else(Vec::new, |last| last.scope.clone()),
        conditions: last.and_then(|last| last.conditions.clone()),
        link: link::Link::Chain(steps),
        accessors: chain.accessors.clone(),
        hooks: false,
    }
}

fn entry((model, table): (&Model, &Arc<Table>)) -> ModelEntry {
    let attributes = (0..).zip(&model.attributes);
    let attributes = attributes.map(|(ordinal, attribute)| AttributeEntry {
        name: attribute.name.as_str().into(),
        ordinal,
    });
    let id = ModelId(table.id.0);
    let name = model.name.as_str();
    let mut entry = ModelEntry::new(
        id,
        name,
        model.names.clone(),
        table.id,
        attributes.collect(),
    );
    entry.deleted_at = model.deleted_at.map(draft::ordinal);
    entry
}

/// A scope, and that its rows are not softly deleted where rows of their model can be. It is a scope like any other: a
/// condition when reading, and null is what a new row has anyway.
fn scope(scope: &[(usize, Value)], model: &Model) -> Vec<(u32, Value)> {
    let mut scope = ordinals_and_values(scope);
    let deleted_at = model.deleted_at.map(draft::ordinal);
    scope.extend(deleted_at.map(|ordinal| (ordinal, Value::Null)));
    scope
}

fn resolve(association: &Association, draft: &Draft, schema: &Schema) -> link::Association {
    link::Association {
        key: association.key.as_str().into(),
        kind: association.kind,
        source: model_id(association.source),
        target: model_id(association.target),
        link: resolve_link(association, draft, schema),
        scope: scope(&association.scope, &draft.models[association.target]),
        conditions: association.conditions.clone(),
        accessors: association.accessors.clone(),
        hooks: association.hooks,
    }
}

fn resolve_link(association: &Association, draft: &Draft, schema: &Schema) -> link::Link {
    let index = association.index.as_deref();
    match &association.link {
        Link::ToParent(hop) => link::Link::ToParent(resolve_hop(hop, None, schema)),
        Link::ToChildren(hop) => link::Link::ToChildren(resolve_hop(hop, index, schema)),
        Link::Through { own, other } => {
            let scope = scope(&association.junction_scope, &draft.models[own.child]);
            link::Link::Through(Junction {
                model: model_id(own.child),
                own: resolve_hop(own, index, schema),
                other: resolve_hop(other, None, schema),
                unique: is_unique(own, other, &scope, draft, schema),
                conditions: association.junction_conditions.clone(),
                scope,
            })
        }
    }
}

fn resolve_hop(hop: &Hop, index: Option<&[usize]>, schema: &Schema) -> link::Hop {
    let child = schema.table(table_id(hop.child));
    let child_columns = draft::ordinals(&hop.attributes);
    let parent_columns = draft::ordinals(&hop.parent_attributes);
    let is_under = |key: &ForeignKey| match (&key.guard, &hop.guard) {
        (None, None) => true,
        (Some(key), Some(hop)) => {
            key.column == draft::ordinal(hop.attribute) && key.value == hop.value
        }
        _ => false,
    };
    let mut keys = child.foreign_keys.iter().map(|&id| schema.foreign_key(id));
    let key = keys.find(|key| {
        !key.is_to_any_row()
            && is_under(key)
            && key.parent == table_id(hop.parent)
            && key.child_columns == child_columns
            && key.parent_columns == parent_columns
    });
    let columns = index.map(draft::ordinals);
    let index = columns.and_then(|columns| {
        let mut indexes = child.indexes.iter();
        indexes.position(|index| index.columns == columns)
    });
    link::Hop {
        key: key.map(|key| key.id),
        guard: key.and_then(|key| key.guard.clone()),
        child_columns,
        parent_columns,
        index,
    }
}

/// Whether linking a pair again inserts nothing. It does so under any choice of uniqueness but off, and under that where
/// the primary key leaves no room for a second row (beyond BY-10, associations BTM-10).
fn is_unique(
    own: &Hop,
    other: &Hop,
    scope: &[(u32, Value)],
    draft: &Draft,
    schema: &Schema,
) -> bool {
    if draft.models[own.child].uniqueness != Some(Uniqueness::Off) {
        return true;
    }
    let pair = [
        draft::ordinals(&own.attributes),
        draft::ordinals(&other.attributes),
    ]
    .concat();
    let held = |column: &u32| pair.contains(column) || scope.iter().any(|(s, _)| s == column);
    let key = schema.table(table_id(own.child)).primary_key();
    key.columns.iter().all(held)
}

fn ordinals_and_values(scope: &[(usize, Value)]) -> Vec<(u32, Value)> {
    let pairs = scope.iter();
    pairs
        .map(|(attribute, value)| (draft::ordinal(*attribute), value.clone()))
        .collect()
}

/// The position of a model is its id.
fn model_id(position: usize) -> ModelId {
    ModelId(draft::ordinal(position))
}

/// The position of a model is the id of its table.
fn table_id(position: usize) -> TableId {
    TableId(draft::ordinal(position))
}
