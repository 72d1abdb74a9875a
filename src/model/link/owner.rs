//! The owner of an instance: which of its associations is meant.
//!
//! An owner is read along the association that the source's type names. A source without an owner follows whichever, since
//! the guard of none is true for it, and so each of them leads nowhere.

use std::sync::Arc;

use crate::association::link::Association;
use crate::association::owner::Owner;
use crate::association::registry::ModelEntry;
use crate::error::{RequestError, RequestKind, Result};
use crate::model::Instance;
use crate::model::link::targets::Targets;
use crate::model::link::{Place, belongs_to};
use crate::model::reader::{Reader, check_origin};

/// The association of this key, or the one that the owner of this name is followed by.
pub(super) fn find<'m>(
    reader: Reader<'m>,
    source: &Instance,
    key: &str,
) -> Result<&'m Arc<Association>> {
    let model = reader.model_of(source)?;
    match model.find_owner(key) {
        Some(owner) => followed(reader, source, owner),
        None => model.association(key),
    }
}

/// The association that a source follows to its owner. A type that was changed in memory counts, saved or not.
pub(super) fn followed<'m>(
    reader: Reader<'m>,
    source: &Instance,
    owner: &Owner,
) -> Result<&'m Arc<Association>> {
    let model = reader.model_of(source)?;
    let of_type = belongs_to::current(reader, source, &[owner.type_column])?;
    let followed = model.member_of_type(owner, of_type[0].as_ref());
    Ok(followed.unwrap_or_else(|| first(model, owner)))
}

/// The association along which a source gets an owner: the one to the model of the target. Without a target, the one that
/// it follows now.
///
/// # Errors
/// `Type` for an instance of none of the models, `Unsupported` for a key, which does not say of which model it is.
pub(super) fn of_targets<'m>(
    reader: Reader<'m>,
    source: &Instance,
    owner: &Owner,
    targets: &Targets<'_>,
) -> Result<&'m Arc<Association>> {
    let followed = followed(reader, source, owner)?;
    let model = reader.model_of(source)?;
    let Some(target) = targets.at_most_one(Place::new(reader, followed))? else {
        return Ok(followed);
    };
    let Some(instance) = target.instance() else {
        let detail = format!(
            "a key does not say of which model it is: set it through one of {}",
            model.member_names(owner)
        );
        return Err(refuse(model, owner, RequestKind::Unsupported, detail));
    };
    check_origin(reader.models, instance)?;
    let mut members = model.members(owner);
    let member = members.find(|member| member.target == instance.model_id());
    member.ok_or_else(|| {
        let members = model.members(owner);
        let models = members.map(|it| &*reader.models.registry.model(it.target).name);
        let models = models.collect::<Vec<_>>().join(", ");
        let found = instance.model();
        let detail = format!("leads to one of {models}, and this is a {found}");
        refuse(model, owner, RequestKind::Type, detail)
    })
}

/// The refusal to create an owner of whatever model.
pub(in crate::model) fn no_model_to_create(
    model: &ModelEntry,
    owner: &Owner,
) -> crate::error::Error {
    let members = model.member_names(owner);
    let detail = format!("is created through the association to its model: one of {members}");
    refuse(model, owner, RequestKind::Unsupported, detail)
}

fn first<'m>(model: &'m ModelEntry, owner: &Owner) -> &'m Arc<Association> {
    &model.associations()[owner.members[0]]
}

fn refuse(
    model: &ModelEntry,
    owner: &Owner,
    kind: RequestKind,
    detail: String,
) -> crate::error::Error {
    let place = format!("{}.{}", model.name, owner.key);
    RequestError::new(kind, place, detail).into()
}
