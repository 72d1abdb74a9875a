//! Models and associations as data: what was declared, resolved, and under which names it is reached.
//!
//! Rust cannot grow methods at run time, so the accessors of the guide (`getTasks`, `addTask`) are names that can be
//! listed and looked up here, for dispatch by name (associations NM-4, MX-4).

use std::sync::Arc;

use crate::association::link::{Association, Hop, Link};
use crate::association::owner::Owner;
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::schema::{Column, ForeignKey, Table};
use crate::value::Value;

pub use crate::association::link::AssociationKind;
pub use crate::association::naming::accessors::Verb;

/// One model of a database.
#[derive(Clone, Copy, Debug)]
pub struct ModelView<'m> {
    registry: &'m Registry,
    entry: &'m ModelEntry,
}

/// One owner of a model, which is an instance of one of several models.
#[derive(Clone, Copy, Debug)]
pub struct OwnerView<'m> {
    model: ModelView<'m>,
    owner: &'m Arc<Owner>,
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

    fn name_of(&self, ordinal: u32) -> &'m str {
        let attribute = self.entry.attribute_of(ordinal);
        attribute.map_or("", |attribute| &attribute.name)
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

    /// Its table.
    pub fn table(&self) -> &'m Table {
        self.registry.schema().table(self.entry.table)
    }

    /// The column of an attribute, if it has one of this name.
    pub fn column(&self, attribute: &str) -> Option<&'m Column> {
        let ordinal = self.entry.find_attribute(attribute)?.ordinal;
        self.table().columns.get(ordinal as usize)
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

    /// Its owners in one of several models, in the order of their definitions (beyond BY-11).
    ///
    /// ```
    /// use relata::{BelongsToOwner, Models};
    ///
    /// let mut models = Models::new();
    /// models.define("Post").define("Image").define("Comment");
    /// models.belongs_to_owner("Comment", BelongsToOwner::new("item").one_of("Post").one_of("Image"));
    /// let db = models.sync()?;
    /// let comment = db.describe("Comment")?;
    /// let item = comment.owners().next().expect("one was declared");
    /// assert_eq!((item.type_attribute(), item.foreign_key()), ("itemType", vec!["itemId"]));
    /// let models: Vec<_> = item.models().map(|(of_type, it)| format!("{of_type}: {}", it.key())).collect();
    /// assert_eq!(models, ["'Post': Post", "'Image': Image"]);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn owners(&self) -> impl ExactSizeIterator<Item = OwnerView<'m>> + use<'m> {
        let model = *self;
        let owners = self.entry.owners().iter();
        owners.map(move |owner| OwnerView { model, owner })
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

impl<'m> OwnerView<'m> {
    /// The name under which it is included and found on results.
    pub fn key(&self) -> &'m str {
        &self.owner.key
    }

    /// The attribute that says of which model it is.
    pub fn type_attribute(&self) -> &'m str {
        self.model.name_of(self.owner.type_column)
    }

    /// The attributes that say which instance it is.
    pub fn foreign_key(&self) -> Vec<&'m str> {
        let columns = self.owner.columns.iter();
        columns.map(|&it| self.model.name_of(it)).collect()
    }

    /// What the type attribute holds for each model, and the association that leads to owners of it alone.
    pub fn models(&self) -> impl Iterator<Item = (&'m Value, AssociationView<'m>)> + use<'m> {
        let ModelView { registry, entry } = self.model;
        entry.members(self.owner).filter_map(move |association| {
            let guard = association.guard()?;
            let view = AssociationView {
                registry,
                association,
            };
            Some((&guard.value, view))
        })
    }

    /// The names of its accessors and the verbs that they stand for.
    pub fn accessors(&self) -> impl Iterator<Item = (&'m str, Verb)> + use<'m> {
        let accessors = self.owner.accessors.iter();
        accessors.map(|accessor| (&*accessor.name, accessor.verb))
    }
}

impl<'m> AssociationView<'m> {
    /// The name under which it is included and found on results.
    pub fn key(&self) -> &'m str {
        &self.association.key
    }

    /// Which of the five calls declared it.
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

    /// The attributes of its key: of the source for `belongs_to`, of the target for `has_one` and `has_many`, and for
    /// `belongs_to_many` those of the junction that lead to the source; none for a chain.
    pub fn foreign_key(&self) -> Vec<&'m str> {
        self.own().map_or_else(Vec::new, |(holder, hop)| {
            self.attributes(holder, &hop.child_columns)
        })
    }

    /// For `belongs_to_many`, the attributes of the junction that lead to the target; otherwise none.
    pub fn other_key(&self) -> Vec<&'m str> {
        self.other().map_or_else(Vec::new, |(holder, hop)| {
            self.attributes(holder, &hop.child_columns)
        })
    }

    /// The attributes of the source that a key somewhere else holds; none for `belongs_to`.
    pub fn source_key(&self) -> Vec<&'m str> {
        match &self.association.link {
            Link::ToParent(_) | Link::Chain(_) => Vec::new(),
            Link::ToChildren(hop) => self.attributes(self.association.source, &hop.parent_columns),
            Link::Through(junction) => {
                self.attributes(self.association.source, &junction.own.parent_columns)
            }
        }
    }

    /// The attributes of the target that a key somewhere else holds; none for `has_one` and `has_many`.
    pub fn target_key(&self) -> Vec<&'m str> {
        match &self.association.link {
            Link::ToParent(hop) => self.attributes(self.association.target, &hop.parent_columns),
            Link::ToChildren(_) | Link::Chain(_) => Vec::new(),
            Link::Through(junction) => {
                self.attributes(self.association.target, &junction.other.parent_columns)
            }
        }
    }

    /// For `belongs_to_many`, the model between source and target.
    pub fn junction(&self) -> Option<ModelView<'m>> {
        let (holder, _) = self.other()?;
        Some(self.model(self.registry.model(holder)))
    }

    /// What enforces its [`foreign_key`](AssociationView::foreign_key): the action for deletes and updates, and when it
    /// is judged; none without constraints.
    pub fn constraint(&self) -> Option<&'m ForeignKey> {
        let parent = match self.association.kind {
            AssociationKind::BelongsTo => self.association.target,
            _ => self.association.source,
        };
        self.constraint_of(self.own()?, parent)
    }

    /// The same for its [`other_key`](AssociationView::other_key).
    pub fn other_constraint(&self) -> Option<&'m ForeignKey> {
        self.constraint_of(self.other()?, self.association.target)
    }

    /// What its targets have in common, by attribute; of targets that have the source as their owner, its type as well.
    pub fn scope(&self) -> Vec<(&'m str, &'m Value)> {
        let association: &'m Association = self.association;
        let mut scope = self.scope_of(association.target, &association.scope);
        if let (Link::ToChildren(_), Some(guard)) = (&association.link, association.guard()) {
            let names = self.attributes(association.target, &[guard.column]);
            scope.extend(names.into_iter().map(|name| (name, &guard.value)));
        }
        scope
    }

    /// The name of the owner that it is one of, if it is one of several that lead to an owner.
    pub fn owner(&self) -> Option<&'m str> {
        let source = self.registry.model(self.association.source);
        let owner = source.owner_of(&self.association.key)?;
        Some(&owner.key)
    }

    /// What its rows of the junction have in common, by attribute.
    pub fn junction_scope(&self) -> Vec<(&'m str, &'m Value)> {
        match &self.association.link {
            Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => Vec::new(),
            Link::Through(junction) => self.scope_of(junction.model, &junction.scope),
        }
    }

    /// The associations that a chain is over, those of chains in it written out; none for another association.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = AssociationView<'m>> + use<'m> {
        let registry = self.registry;
        let association: &'m Association = self.association;
        let steps = association.steps().iter();
        steps.map(move |association| AssociationView {
            registry,
            association,
        })
    }

    /// Whether it was declared to run the hooks of its source (associations AS-14).
    pub fn runs_hooks(&self) -> bool {
        self.association.hooks
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

    /// The step by its foreign key, and the model that holds that; none for a chain.
    fn own(&self) -> Option<(ModelId, &'m Hop)> {
        let association: &'m Association = self.association;
        match &association.link {
            Link::ToParent(hop) => Some((association.source, hop)),
            Link::ToChildren(hop) => Some((association.target, hop)),
            Link::Through(junction) => Some((junction.model, &junction.own)),
            Link::Chain(_) => None,
        }
    }

    /// The step by its other key, and the model that holds that.
    fn other(&self) -> Option<(ModelId, &'m Hop)> {
        let association: &'m Association = self.association;
        match &association.link {
            Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => None,
            Link::Through(junction) => Some((junction.model, &junction.other)),
        }
    }

    fn constraint_of(
        &self,
        (holder, hop): (ModelId, &Hop),
        parent: ModelId,
    ) -> Option<&'m ForeignKey> {
        let schema = self.registry.schema();
        let parent = self.registry.model(parent).table;
        let keys = schema
            .table(self.registry.model(holder).table)
            .foreign_keys
            .iter();
        let mut keys = keys.map(|&id| schema.foreign_key(id));
        keys.find(|key| {
            key.parent == parent
                && key.guard == hop.guard
                && key.child_columns == hop.child_columns
                && key.parent_columns == hop.parent_columns
        })
    }

    fn scope_of(&self, model: ModelId, scope: &'m [(u32, Value)]) -> Vec<(&'m str, &'m Value)> {
        let named = scope.iter().flat_map(|(ordinal, value)| {
            let names = self.attributes(model, std::slice::from_ref(ordinal));
            names.into_iter().map(move |name| (name, value))
        });
        named.collect()
    }

    fn attributes(&self, model: ModelId, ordinals: &[u32]) -> Vec<&'m str> {
        let model = self.registry.model(model);
        let attributes = ordinals
            .iter()
            .filter_map(|&ordinal| model.attribute_of(ordinal));
        attributes.map(|attribute| &*attribute.name).collect()
    }
}
