//! What declared models come to: tables, keys and associations, and what is refused.
//!
//! A schema is compared as text: the columns of a table by name, and its foreign keys as
//! `authorId -> Users(id) delete SET NULL update CASCADE`.

use std::sync::Arc;

use crate::association::link::{Association, Hop, Junction, Link};
use crate::error::Problem;
use crate::model::resolve::Resolved;
use crate::model::{Attribute, Models};
use crate::schema::{ForeignKey, Schema, Table};
use crate::value::DataType;

mod tables;
mod keys;
mod junctions;
mod associations;
mod refusals;
mod random;
mod good_plans;
mod verbs;

fn int(name: &str) -> Attribute {
    Attribute::new(name, DataType::Int)
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// Models of these names without timestamps or attributes of their own.
fn models(names: &[&str]) -> Models {
    let mut models = Models::new();
    for name in names {
        models.define_with(*name, |model| model.timestamps(false));
    }
    models
}

fn resolved(models: &Models) -> Resolved {
    models.resolve().unwrap()
}

fn problems(models: &Models) -> Vec<Problem> {
    let error = models.schema().unwrap_err();
    error.as_declaration().unwrap().problems.clone()
}

/// The only problem, as `kind: message`.
fn problem(models: &Models) -> String {
    let found = problems(models);
    assert_eq!(found.len(), 1, "{found:#?}");
    format!("{:?}: {}", found[0].kind, found[0])
}

fn table<'a>(schema: &'a Schema, name: &str) -> &'a Table {
    schema.table(schema.table_id(name).unwrap())
}

fn columns(schema: &Schema, name: &str) -> String {
    let table = table(schema, name);
    let all: Vec<u32> = (0..).zip(&table.columns).map(|(i, _)| i).collect();
    column_names(table, &all, " ")
}

fn column_names(table: &Table, ordinals: &[u32], separator: &str) -> String {
    let names = ordinals
        .iter()
        .map(|&ordinal| &*table.columns[ordinal as usize].name);
    names.collect::<Vec<_>>().join(separator)
}

/// The foreign keys of a table, one a line.
fn foreign_keys(schema: &Schema, name: &str) -> String {
    let keys = table(schema, name).foreign_keys.iter();
    let lines = keys.map(|&id| foreign_key_text(schema, schema.foreign_key(id)));
    lines.collect::<Vec<_>>().join("\n")
}

fn foreign_key_text(schema: &Schema, key: &ForeignKey) -> String {
    let parent = schema.table(key.parent);
    format!(
        "{} -> {}({}) delete {} update {}",
        column_names(schema.table(key.child), &key.child_columns, ","),
        parent.name,
        column_names(parent, &key.parent_columns, ","),
        key.on_delete,
        key.on_update
    )
}

/// The unique keys of a table, its primary key first, as `name(columns)`.
fn unique_keys(schema: &Schema, name: &str) -> String {
    let table = table(schema, name);
    let keys = table.keys.iter();
    let texts = keys.map(|key| format!("{}({})", key.name, column_names(table, &key.columns, ",")));
    texts.collect::<Vec<_>>().join(" ")
}

fn association(resolved: &Resolved, model: &str, key: &str) -> Arc<Association> {
    let model = resolved.registry.by_name(model).unwrap();
    model.association(key).unwrap().clone()
}

fn association_keys(resolved: &Resolved, model: &str) -> String {
    let model = resolved.registry.by_name(model).unwrap();
    let keys = model.associations().iter().map(|found| &*found.key);
    keys.collect::<Vec<_>>().join(" ")
}

/// The only hop of an association without a junction.
fn hop(association: &Association) -> &Hop {
    match &association.link {
        Link::ToParent(hop) | Link::ToChildren(hop) => hop,
        Link::Through(_) | Link::Chain(_) => panic!("{} goes through a junction", association.key),
    }
}

fn junction(association: &Association) -> &Junction {
    match &association.link {
        Link::Through(junction) => junction,
        Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => {
            panic!("{} has no junction", association.key)
        }
    }
}
