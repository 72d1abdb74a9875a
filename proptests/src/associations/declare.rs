//! relata's declarations from a graph.

use relata::association::{
    BelongsTo, BelongsToMany, HasMany, HasOne, KeyAttribute, KeyAttributes, Through, Uniqueness,
};
use relata::query::Scope;
use relata::{Action, Attribute, DataType, Deferral, ModelDef, Models, Value, col};

use crate::associations::graph::{
    self, Association, Graph, Junction, Key, Model, PrimaryKey, Sort, Unique,
};
use crate::associations::watch::watch;
use crate::shape::{Kind, Rule, Timing};

/// The declarations of a graph.
pub fn models(graph: &Graph) -> Models {
    let mut models = Models::new();
    for model in &graph.models {
        let definition = definition(model);
        models.define(match graph.watched {
            true => watch(definition, &model.name, graph),
            false => definition,
        });
    }
    for association in &graph.associations {
        associate(&mut models, association);
    }
    models
}

fn definition(model: &Model) -> ModelDef {
    let mut definition = ModelDef::new(&model.name)
        .freeze_table_name()
        .timestamps(false);
    for (name, kind) in model.key_columns() {
        let attribute = Attribute::new(name, data_type(kind)).primary_key();
        definition = definition.attribute(match model.key {
            PrimaryKey::Numbered => attribute.auto_increment(),
            _ => attribute,
        });
    }
    let attributes = model.attributes.iter().map(attribute);
    let mut definition = attributes.fold(definition, ModelDef::attribute);
    if let Some((name, value)) = &model.default_scope {
        let filter = match value {
            Value::Null => col(name.as_str()).is_null(),
            value => col(name.as_str()).eq(value.clone()),
        };
        definition = definition.default_scope(Scope::new().filter(filter));
    }
    match model.soft_delete {
        true => definition.soft_delete(),
        false => definition,
    }
}

fn attribute(declared: &graph::Attribute) -> Attribute {
    let mut attribute = Attribute::new(&declared.name, data_type(declared.kind));
    attribute = match declared.nullable {
        Some(true) => attribute.nullable(),
        Some(false) => attribute.not_null(),
        None => attribute,
    };
    if declared.unique {
        attribute = attribute.unique();
    }
    match &declared.default {
        Some(value) => attribute.default(value.clone()),
        None => attribute,
    }
}

/// The options that all four have.
macro_rules! with_options {
    ($declaration:expr, $association:expr) => {{
        let association: &Association = $association;
        let mut declaration = $declaration.constraints(association.constraints);
        if association.aliased {
            declaration = declaration.alias(association.alias.as_str());
        }
        if says_key(&association.key) {
            declaration = declaration.foreign_key(key(&association.key));
        }
        if let Some(rule) = association.on_delete {
            declaration = declaration.on_delete(action(rule));
        }
        if let Some(rule) = association.on_update {
            declaration = declaration.on_update(action(rule));
        }
        match association.timing {
            Timing::Immediate => declaration,
            Timing::InitiallyImmediate => declaration.deferrable(Deferral::InitiallyImmediate),
            Timing::InitiallyDeferred => declaration.deferrable(Deferral::InitiallyDeferred),
        }
    }};
}

fn associate(models: &mut Models, association: &Association) {
    let source = association.source.as_str();
    let target = association.target.as_str();
    let refers = &association.key.refers;
    match &association.sort {
        Sort::BelongsTo => {
            let mut declaration = with_options!(BelongsTo::new(target), association);
            if !refers.is_empty() {
                declaration = declaration.target_keys(refers);
            }
            models.belongs_to(source, declaration);
        }
        Sort::HasOne => {
            let mut declaration = with_options!(HasOne::new(target), association);
            if !refers.is_empty() {
                declaration = declaration.source_keys(refers);
            }
            for (name, value) in &association.scope {
                declaration = declaration.scope(name, value.clone());
            }
            models.has_one(source, declaration);
        }
        Sort::HasMany => {
            let mut declaration = with_options!(HasMany::new(target), association);
            if !refers.is_empty() {
                declaration = declaration.source_keys(refers);
            }
            for (name, value) in &association.scope {
                declaration = declaration.scope(name, value.clone());
            }
            models.has_many(source, declaration);
        }
        Sort::BelongsToMany(junction) => {
            let mut declaration =
                with_options!(BelongsToMany::new(target), association).through(through(junction));
            if says_key(&junction.other) {
                declaration = declaration.other_key(key(&junction.other));
            }
            if !refers.is_empty() {
                declaration = declaration.source_keys(refers);
            }
            if !junction.other.refers.is_empty() {
                declaration = declaration.target_keys(&junction.other.refers);
            }
            for (name, value) in &association.scope {
                declaration = declaration.scope(name, value.clone());
            }
            models.belongs_to_many(source, declaration);
        }
    }
}

fn through(junction: &Junction) -> Through {
    let mut through = Through::new(&junction.through).timestamps(false);
    through = match &junction.unique {
        None => through,
        Some(Unique::Pair) => through.unique(Uniqueness::Pair),
        Some(Unique::PairAndScope) => through.unique(Uniqueness::PairAndScope),
        Some(Unique::Attributes(names)) => through.unique(Uniqueness::Attributes(names.clone())),
        Some(Unique::Off) => through.unique(Uniqueness::Off),
    };
    for (name, value) in &junction.scope {
        through = through.scope(name, value.clone());
    }
    match junction.soft_delete {
        true => through.soft_delete(),
        false => through,
    }
}

/// Whether anything is said of a key.
fn says_key(key: &Key) -> bool {
    key.named || key.nullable.is_some() || key.default.is_some() || key.unique
}

fn key(key: &Key) -> KeyAttributes {
    let attributes: Vec<KeyAttribute> = key
        .names
        .iter()
        .map(|name| {
            let mut attribute = match key.named {
                true => KeyAttribute::named(name),
                false => KeyAttribute::unnamed(),
            };
            attribute = match key.nullable {
                Some(true) => attribute.nullable(),
                Some(false) => attribute.not_null(),
                None => attribute,
            };
            if key.unique {
                attribute = attribute.unique();
            }
            match &key.default {
                Some(value) => attribute.default(value.clone()),
                None => attribute,
            }
        })
        .collect();
    match <[KeyAttribute; 2]>::try_from(attributes) {
        Ok(two) => two.into(),
        Err(mut one) => one.remove(0).into(),
    }
}

fn action(rule: Rule) -> Action {
    match rule {
        Rule::NoAction => Action::NoAction,
        Rule::Restrict => Action::Restrict,
        Rule::Cascade => Action::Cascade,
        Rule::SetNull => Action::SetNull,
        Rule::SetDefault => Action::SetDefault,
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Int => DataType::Int,
        _ => DataType::Text,
    }
}
