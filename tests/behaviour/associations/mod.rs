//! The rules of associations, through models: one file for each area.

mod names;
mod definitions;
mod eager_loading;
mod including;
mod keys;
mod sync;
mod nested_create;
mod keys_to_any_row;
mod scopes;
mod chains;
mod soft_delete;
mod polymorphic;
// What is expected of them is written as JSON.
#[cfg(feature = "json")]
mod owners;
mod verbs;

use relata::error::Problem;
use relata::model::{AssociationView, ModelView};
use relata::schema::{ForeignKey, Schema, Table};
use relata::{Attribute, DataType, Database, Models};

// ---- Models ----

fn int(name: &str) -> Attribute {
    Attribute::new(name, DataType::Int)
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// Models of these names with an id alone.
fn plain(names: &str) -> Models {
    let mut models = Models::new();
    for name in names.split_whitespace() {
        models.define_with(name, |model| model.timestamps(false));
    }
    models
}

fn synced(models: &Models) -> Database {
    let db = models.sync();
    db.expect("the models stand")
}

/// What is wrong with the models.
fn problems(models: &Models) -> Vec<Problem> {
    let error = models.sync().expect_err("something is wrong");
    let error = error.as_declaration().expect("with the declaration");
    error.problems.clone()
}

/// The only thing that is wrong with the models, as `kind: message`.
fn problem(models: &Models) -> String {
    let found = problems(models);
    assert_eq!(found.len(), 1, "{found:#?}");
    format!("{:?}: {}", found[0].kind, found[0])
}

// ---- What they came to, as text ----

fn model<'d>(db: &'d Database, name: &str) -> ModelView<'d> {
    db.describe(name).expect("the model is defined")
}

fn association<'d>(db: &'d Database, source: &str, key: &str) -> AssociationView<'d> {
    let mut all = model(db, source).associations();
    let found = all.find(|found| found.key() == key);
    found.unwrap_or_else(|| panic!("{source} has no association {key}"))
}

fn joined<'s>(names: impl IntoIterator<Item = &'s str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// The attributes of a model: `id title userId`.
fn attributes(db: &Database, name: &str) -> String {
    joined(model(db, name).attributes())
}

/// The keys of the associations of a model.
fn keys(db: &Database, name: &str) -> String {
    joined(model(db, name).associations().map(|found| found.key()))
}

/// The accessors of an association.
fn accessors(db: &Database, source: &str, key: &str) -> String {
    let association = association(db, source, key);
    joined(association.accessors().map(|(name, _)| name))
}

/// The foreign key of an association: `Tasks(userId) -> Users(id) delete SET NULL update CASCADE`.
fn constraint(db: &Database, source: &str, key: &str) -> String {
    let found = association(db, source, key).constraint();
    found.map_or_else(
        || "none".to_owned(),
        |found| foreign_key(db.schema(), found),
    )
}

/// The same of its other key.
fn other_constraint(db: &Database, source: &str, key: &str) -> String {
    let found = association(db, source, key).other_constraint();
    found.map_or_else(
        || "none".to_owned(),
        |found| foreign_key(db.schema(), found),
    )
}

fn foreign_key(schema: &Schema, key: &ForeignKey) -> String {
    let side = |table: &Table, columns: &[u32]| {
        let names = columns.iter().map(|&at| &*table.columns[at as usize].name);
        format!("{}({})", table.name, joined(names))
    };
    format!(
        "{} -> {} delete {} update {}",
        side(schema.table(key.child), &key.child_columns),
        side(schema.table(key.parent), &key.parent_columns),
        key.on_delete,
        key.on_update
    )
}
