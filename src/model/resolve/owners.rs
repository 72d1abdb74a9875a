//! What the attributes of owners are called, and what they must hold.
//!
//! An owner is declared once and looked at from several associations: one to each of its models, and those of the models
//! that have it from the other side. All of them are over one type attribute and one key, which are named here.

use std::fmt;

use crate::association::naming::keys::{Casing, belongs_to_key};
use crate::association::{Alias, BelongsToOwner, Declaration, KeyAttribute, OwnerModel};
use crate::error::{ProblemKind, excerpt};
use crate::expr::col;
use crate::model::resolve::calls::Call;
use crate::model::resolve::draft::{Draft, Model};
use crate::model::resolve::junction_names::named_key;
use crate::schema::{CheckDef, OwnerDef};
use crate::value::DataType;

/// One declared owner.
#[derive(Debug)]
pub(super) struct Owner<'a> {
    /// The model that has it.
    pub(super) source: usize,
    pub(super) declaration: &'a BelongsToOwner,
    /// The name of that model.
    source_name: String,
    /// The attribute that says of which model it is; it has a name and a type.
    pub(super) type_attribute: KeyAttribute,
    /// The attributes that say which instance it is; each has a name.
    pub(super) key: Vec<KeyAttribute>,
}

/// The models of an owner, without those of which nobody could say whether they are meant: a model twice, or one with the
/// type of another.
pub(super) fn usable_models<'a>(
    source: &str,
    declaration: &'a BelongsToOwner,
    draft: &mut Draft,
) -> Vec<&'a OwnerModel> {
    let what = format!("{source}.belongs_to_owner({})", declaration.name());
    let mut usable: Vec<&OwnerModel> = Vec::with_capacity(declaration.models.len());
    for model in &declaration.models {
        let (name, value) = (&model.model, model.type_value());
        let same_model = usable.iter().find(|it| it.model == *name);
        let same_type = usable.iter().find(|it| it.type_value() == value);
        let detail = match (same_model, same_type) {
            (None, None) => {
                usable.push(model);
                continue;
            }
            (Some(_), _) => format!("{what}: {name} is one of its models twice"),
            (None, Some(found)) => {
                let (other, value) = (&found.model, excerpt(&value));
                format!("{what}: {other} and {name} have the type {value} both")
            }
        };
        draft.report(ProblemKind::Duplicate, source, detail);
    }
    if usable.is_empty() {
        let detail = format!("{what} is given none of its models");
        draft.report(ProblemKind::Association, source, detail);
    }
    usable
}

/// The owners whose attributes have names, in the order of their declarations.
pub(super) fn choose<'a>(calls: &[Call<'a>], draft: &mut Draft) -> Vec<Owner<'a>> {
    let mut owners: Vec<Owner<'a>> = Vec::new();
    for call in calls {
        let Declaration::BelongsToOwner(declaration) = call.declaration else {
            continue;
        };
        if owners.iter().any(|owner| owner.is_of(declaration)) {
            continue;
        }
        owners.extend(choose_names(call, declaration, draft));
    }
    owners
}

/// That the type of each owner is one of its models'.
pub(super) fn add_checks(owners: &[Owner<'_>], draft: &mut Draft) {
    for owner in owners {
        let model = &mut draft.models[owner.source];
        let Some(position) = owner.find_type_attribute(model) else {
            continue;
        };
        let attribute = &model.attributes[position];
        // What the attribute cannot hold is told with the key.
        let data_type = attribute.data_type();
        let types = owner.declaration.models.iter().map(OwnerModel::type_value);
        let types = types.filter(|value| !value.is_null() && data_type.admits(value));
        model.checks.push(CheckDef::new(
            OwnerDef::check_name(&model.table, attribute.column()),
            col(attribute.name.as_str()).is_in(types),
        ));
    }
}

impl Owner<'_> {
    pub(super) fn is_of(&self, declaration: &BelongsToOwner) -> bool {
        std::ptr::eq(self.declaration, declaration)
    }

    /// The model of it at a position of the models.
    pub(super) fn model(&self, position: usize, draft: &Draft) -> Option<&OwnerModel> {
        let mut models = self.declaration.models.iter();
        models.find(|found| draft.by_name.get(&found.model) == Some(&position))
    }

    pub(super) fn find_type_attribute(&self, source: &Model) -> Option<usize> {
        source.find(self.type_attribute.name.as_deref()?)
    }

    /// The type of the type attribute: what the source declares, or what follows from the first model.
    pub(super) fn data_type(&self, source: &Model) -> Option<DataType> {
        let declared = self.find_type_attribute(source);
        let declared = declared.map(|position| source.attributes[position].data_type());
        declared.or(self.type_attribute.data_type)
    }
}

/// As it was written: `Comment.belongs_to_owner(commentable)`.
impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.declaration.name();
        write!(f, "{}.belongs_to_owner({name})", self.source_name)
    }
}

fn choose_names<'a>(
    call: &Call<'_>,
    declaration: &'a BelongsToOwner,
    draft: &mut Draft,
) -> Option<Owner<'a>> {
    let casing = draft.models[call.source].casing();
    let name = |part: &str| generated(declaration, part, casing);
    let first = declaration.models.first()?;
    let parts = key_parts(first, draft);
    let defaults: Vec<String> = parts.iter().map(|part| name(part)).collect();
    let given = &declaration.options.foreign_key;
    // A key that is told to be too long or too short is no reason to say of the other side that there is none.
    let named = named_key(call, "foreign_key", given, defaults.clone(), draft);
    let defaults = defaults.into_iter().map(KeyAttribute::named);
    let mut key = named.unwrap_or_else(|| defaults.collect());
    let mut type_attribute = declaration.type_attribute.clone();
    type_attribute.name.get_or_insert_with(|| name("type"));
    if !declaration.nullable {
        for attribute in key.iter_mut().chain([&mut type_attribute]) {
            attribute.nullable.get_or_insert(false);
        }
    }
    let of_value = first.type_value().data_type().unwrap_or(DataType::Text);
    type_attribute.data_type.get_or_insert(of_value);
    Some(Owner {
        source: call.source,
        declaration,
        source_name: draft.models[call.source].name.clone(),
        type_attribute,
        key,
    })
}

/// `commentable` and `type` to `commentableType`.
fn generated(declaration: &BelongsToOwner, part: &str, casing: Casing) -> String {
    let alias = Alias::Text(declaration.name().to_owned());
    belongs_to_key(Some(&alias), "", part, casing)
}

/// The names that end those of the key's attributes, as for any key (associations D4).
fn key_parts(first: &OwnerModel, draft: &Draft) -> Vec<String> {
    let model = draft.by_name.get(&first.model);
    let model = model.map(|&position| &draft.models[position]);
    let primary = model.and_then(|model| Some(model.attributes[model.single_key()?].name.clone()));
    match (primary, &first.target_key[..]) {
        (Some(primary), [] | [_]) => vec![primary],
        (_, given) => given.to_vec(),
    }
}
