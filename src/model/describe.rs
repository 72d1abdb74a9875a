//! Models and associations as data: what was declared, resolved, and under which names it is reached.
//!
//! Rust cannot grow methods at run time, so the accessors of the guide (`getTasks`, `addTask`) are names that can be
//! listed and looked up here, for dispatch by name (associations NM-4, MX-4).

use std::sync::Arc;

use crate::association::link::Association;
use crate::association::registry::{ModelEntry, Registry};

pub use crate::association::link::AssociationKind;
pub use crate::association::naming::accessors::Verb;

/// One model of a database.
#[derive(Clone, Copy, Debug)]
pub struct ModelView<'m> {
    registry: &'m Registry,
    entry: &'m ModelEntry,
}

/// One association of a model.
#[derive(Clone, Copy, Debug)]
pub struct AssociationView<'m> {
    registry: &'m Registry,
    association: &'m Arc<Association>,
}

impl<'m> ModelView<'m> {
    pub(super) fn new(registry: &'m Registry, entry: &'m ModelEntry) -> Self {
        ModelView { registry, entry }
    }

    /// The name that it was defined with.
    pub fn name(&self) -> &'m str {
        &self.entry.name
    }

    /// What one of it is called.
    pub fn singular(&self) -> &'m str {
        &self.entry.singular
    }

    /// What several of it are called.
    pub fn plural(&self) -> &'m str {
        &self.entry.plural
    }

    /// The names of its attributes, in the order of the columns.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = &'m str> + use<'m> {
        self.entry
            .attributes()
            .iter()
            .map(|attribute| &*attribute.name)
    }

    /// Its associations, in the order of their definitions (associations AS-3).
    pub fn associations(&self) -> impl ExactSizeIterator<Item = AssociationView<'m>> + use<'m> {
        let registry = self.registry;
        self.entry
            .associations()
            .iter()
            .map(move |association| AssociationView {
                registry,
                association,
            })
    }

    /// The association and the verb that an accessor such as `addTask` stands for. An attribute of that name goes before
    /// an accessor (associations AS-13).
    pub fn accessor(&self, name: &str) -> Option<(AssociationView<'m>, Verb)> {
        let (association, accessor) = self.entry.find_accessor(name)?;
        Some((
            AssociationView {
                registry: self.registry,
                association,
            },
            accessor.verb,
        ))
    }
}

impl<'m> AssociationView<'m> {
    /// The name under which it is included and found on results.
    pub fn key(&self) -> &'m str {
        &self.association.key
    }

    /// Which of the four calls declared it.
    pub fn kind(&self) -> AssociationKind {
        self.association.kind
    }

    /// The model that declared it.
    pub fn source(&self) -> ModelView<'m> {
        self.model(self.registry.model(self.association.source))
    }

    /// The model that it leads to.
    pub fn target(&self) -> ModelView<'m> {
        self.model(self.registry.model(self.association.target))
    }

    /// Whether it leads from a model to itself.
    pub fn is_self(&self) -> bool {
        self.association.is_self()
    }

    /// Whether it leads to one target at most.
    pub fn is_single(&self) -> bool {
        self.association.is_single()
    }

    /// The names of its accessors and the verbs that they stand for.
    pub fn accessors(&self) -> impl Iterator<Item = (&'m str, Verb)> + use<'m> {
        self.association
            .accessors
            .iter()
            .map(|accessor| (&*accessor.name, accessor.verb))
    }

    fn model(&self, entry: &'m ModelEntry) -> ModelView<'m> {
        ModelView {
            registry: self.registry,
            entry,
        }
    }
}
