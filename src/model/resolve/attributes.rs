//! Every model by itself: what it is called, and its attributes before any association.

use crate::association::{ActionName, Names};
use crate::error::ProblemKind;
use crate::model::attribute::{Attribute, Reference};
use crate::model::definition::ModelDef;
use crate::model::registry::Models;
use crate::model::resolve::draft::{self, DeclaredReference, Draft, Model, PrimaryKey};
use crate::schema::{Action, DefaultValue};
use crate::value::DataType;

/// The name of a generated key.
const ID: &str = "id";

/// All defined models, in the order of their definitions.
pub(super) fn draft_models(models: &Models, draft: &mut Draft) {
    for definition in &models.definitions {
        let model = draft_model(definition, draft);
        add_model(model, draft);
    }
}

/// A model that nobody defined, for a junction: a table of exactly this name (associations NM-18, SY-10).
pub(super) fn draft_junction(name: &str, timestamps: bool, draft: &mut Draft) -> usize {
    let mut model = Model::new(name, Names::of_model(name), name);
    model.primary_key = PrimaryKey::Junction(None);
    if timestamps {
        add_timestamps(&mut model, draft);
    }
    add_model(model, draft)
}

fn add_model(model: Model, draft: &mut Draft) -> usize {
    let position = draft.models.len();
    if draft.by_name.contains_key(&model.name) {
        let detail = "two models have this name";
        draft.report(ProblemKind::Duplicate, &model.name, detail);
    } else {
        draft.by_name.insert(model.name.clone(), position);
    }
    draft.models.push(model);
    position
}

fn draft_model(definition: &ModelDef, draft: &mut Draft) -> Model {
    let name = definition.name.as_str();
    let forms = Names::of_model(name);
    let table = match &definition.table_name {
        Some(table) => table,
        None if definition.freeze_table_name => name,
        None => &forms.plural,
    };
    let names = definition.names.clone().unwrap_or_else(|| forms.clone());
    let mut model = Model::new(name, names, table);
    model.underscored = definition.underscored;
    model.uniques.clone_from(&definition.uniques);
    model.indexes.clone_from(&definition.indexes);
    model.checks.clone_from(&definition.checks);
    add_attributes(definition, &mut model, draft);
    if definition.timestamps {
        add_timestamps(&mut model, draft);
    }
    if definition.soft_delete {
        draft_deleted_at(&mut model, draft);
    }
    model
}

/// That instances of a model are softly deleted, if they are not already.
pub(super) fn add_deleted_at(position: usize, draft: &mut Draft) {
    if draft.models[position].deleted_at.is_none() {
        let empty = Model::new("", Names::of_model(""), "");
        let mut model = std::mem::replace(&mut draft.models[position], empty);
        draft_deleted_at(&mut model, draft);
        draft.models[position] = model;
    }
}

fn draft_deleted_at(model: &mut Model, draft: &mut Draft) {
    let name = match model.underscored {
        true => "deleted_at",
        false => "deletedAt",
    };
    let declared = model.find(name).is_some();
    let position = add_timestamp(name, model, draft);
    let attribute = &mut model.attributes[position];
    if !declared {
        attribute.nullable = None;
        attribute.default = None;
    } else if attribute.nullable == Some(false) || attribute.default.is_some() {
        let detail = format!("attribute {name} must be null until an instance is destroyed");
        draft.report(ProblemKind::Type, &model.name, detail);
    }
    model.deleted_at = Some(position);
}

/// The declared attributes, after a generated key if none of them is one.
fn add_attributes(definition: &ModelDef, model: &mut Model, draft: &mut Draft) {
    let generated = !definition.attributes.iter().any(|found| found.primary_key);
    if generated {
        model.primary_key = PrimaryKey::Generated;
        model.attributes.push(generated_key());
        if definition.attributes.iter().any(|found| found.name == ID) {
            let detail = "an attribute id is declared, but not as the primary key";
            draft.report(ProblemKind::Key, &model.name, detail);
        }
    }
    let mut marked = Vec::new();
    for attribute in &definition.attributes {
        match model.find(&attribute.name) {
            None => {
                if attribute.primary_key {
                    marked.push(model.attributes.len());
                }
                add_attribute(attribute, model, draft);
            }
            Some(0) if generated => {}
            Some(_) => {
                let detail = format!("two attributes are named {}", attribute.name);
                draft.report(ProblemKind::Duplicate, &model.name, detail);
            }
        }
    }
    if !generated {
        model.primary_key = PrimaryKey::Declared(marked);
    }
}

fn generated_key() -> draft::Attribute {
    draft::Attribute {
        declared_type: Some(DataType::Int),
        default: Some(DefaultValue::AutoIncrement),
        ..draft::Attribute::new(ID)
    }
}

fn add_attribute(attribute: &Attribute, model: &mut Model, draft: &mut Draft) {
    if let Reference::To(reference) = &attribute.reference {
        let what = format!("attribute {}", attribute.name);
        model.declared_references.push(DeclaredReference {
            attribute: model.attributes.len(),
            parent: reference.parent.clone(),
            key: reference.key.clone(),
            on_delete: action(reference.on_delete.as_ref(), &model.name, &what, draft),
            on_update: action(reference.on_update.as_ref(), &model.name, &what, draft),
            deferral: reference.deferral,
            to_any_row: reference.to_any_row,
        });
    }
    model.attributes.push(draft::Attribute {
        field: attribute.field.clone(),
        declared_type: Some(attribute.data_type),
        nullable: attribute.nullable,
        default: attribute.default.clone(),
        unique: attribute.unique,
        refuses_references: attribute.reference == Reference::Refused,
        ..draft::Attribute::new(&attribute.name)
    });
}

fn add_timestamps(model: &mut Model, draft: &mut Draft) {
    let names = match model.underscored {
        true => ["created_at", "updated_at"],
        false => ["createdAt", "updatedAt"],
    };
    let [created_at, updated_at] = names.map(|name| add_timestamp(name, model, draft));
    model.timestamps = Some((created_at, updated_at));
}

/// A declared attribute of the name is used as it is, if it can hold a time.
fn add_timestamp(name: &str, model: &mut Model, draft: &mut Draft) -> usize {
    if let Some(declared) = model.find(name) {
        let found = model.attributes[declared].data_type();
        if found != DataType::Timestamp {
            let detail = format!("attribute {name} is {found}, but follows the clock");
            draft.report(ProblemKind::Type, &model.name, detail);
        }
        return declared;
    }
    model.attributes.push(draft::Attribute {
        declared_type: Some(DataType::Timestamp),
        nullable: Some(false),
        default: Some(DefaultValue::Now),
        ..draft::Attribute::new(name)
    });
    model.attributes.len() - 1
}

/// The action that a declaration names, if it names one that exists.
pub(super) fn action(
    name: Option<&ActionName>,
    model: &str,
    what: &str,
    draft: &mut Draft,
) -> Option<Action> {
    match name?.action() {
        Ok(action) => Some(action),
        Err(error) => {
            draft.report(ProblemKind::Action, model, format!("{what}: {error}"));
            None
        }
    }
}
