//! Which association somebody means who names the model that it leads to (associations EL-4 to EL-7).
//!
//! A name is an association's key first. Where it is none, it may be a model's: then it means the association to that model
//! which was declared without an alias, and everything else has to be said with the alias. An alias is the key, or both
//! forms of it.

use std::sync::Arc;

use crate::association::Alias;
use crate::association::link::Association;
use crate::association::registry::{ModelEntry, Registry};
use crate::error::{Error, RequestError, RequestKind, Result};

impl Registry {
    /// The association of a source that a name means, and with an alias, one to the model of this name.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownAssociation`] for a name that means none or several, and [`RequestKind::UnknownTable`] for a
    /// model that is not there.
    pub(crate) fn included<'r>(
        &'r self,
        source: &'r ModelEntry,
        name: &str,
        alias: Option<&Alias>,
    ) -> Result<&'r Arc<Association>> {
        let target = match (alias, self.by_name(name)) {
            (None, _) if source.association_position(name).is_some() => {
                return source.association(name);
            }
            // It is no model either: what is missing is an association.
            (None, Err(_)) => return source.association(name),
            (_, target) => target?,
        };
        let associations = source.associations().iter();
        let all: Vec<_> = associations.filter(|it| it.target == target.id).collect();
        let named = |it: &&Arc<Association>| match alias {
            Some(alias) => has_alias(it, alias),
            None => is_unaliased(it, target),
        };
        let mut named = all.iter().copied().filter(named);
        match (named.next(), named.next()) {
            (Some(found), None) => Ok(found),
            _ => Err(not_meant(source, target, alias, &all)),
        }
    }
}

fn has_alias(association: &Association, alias: &Alias) -> bool {
    match association.is_single() {
        true => *association.key == *alias.single_key(),
        false => *association.key == *alias.names().plural,
    }
}

/// Whether its key is what it would be without an alias.
fn is_unaliased(association: &Association, target: &ModelEntry) -> bool {
    match association.is_single() {
        true => association.key == target.singular,
        false => association.key == target.plural,
    }
}

fn not_meant(
    source: &ModelEntry,
    target: &ModelEntry,
    alias: Option<&Alias>,
    all: &[&Arc<Association>],
) -> Error {
    let (source, target) = (&source.name, &target.name);
    let detail = match (all, alias) {
        ([], _) => format!("{target} is not associated to {source}!"),
        ([one], None) => format!(
            "{target} is associated to {source} using an alias. You must use the 'as' keyword to specify the alias \
             within your include statement: `alias(\"{}\")`",
            one.key
        ),
        ([one], Some(alias)) => format!(
            "{target} is associated to {source} using an alias. You've included an alias ({}), but it does not match the \
             alias(es) defined in your association ({})",
            alias.names().plural,
            one.key
        ),
        (several, _) => {
            let keys: Vec<&str> = several.iter().map(|it| &*it.key).collect();
            format!(
                "{target} is associated to {source} multiple times. To identify the correct association, you must use the \
                 'as' keyword to specify the alias of the association you want to include, which is one of {}",
                keys.join(", ")
            )
        }
    };
    RequestError::new(RequestKind::UnknownAssociation, &**source, detail).into()
}
