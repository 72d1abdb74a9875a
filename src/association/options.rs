//! What all declarations of an association have in common.

use crate::association::link::AssociationKind;
use crate::association::{
    Alias, BelongsTo, BelongsToMany, BelongsToOwner, HasMany, HasOne, KeyAttributes,
};
use crate::error::Result;
use crate::expr::Expr;
use crate::schema::{Action, Deferral};
use crate::value::Value;

/// One declared association, or with an owner one for each model of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Declaration {
    /// See [`BelongsTo`].
    BelongsTo(BelongsTo),
    /// See [`HasOne`].
    HasOne(HasOne),
    /// See [`HasMany`].
    HasMany(HasMany),
    /// See [`BelongsToMany`].
    BelongsToMany(BelongsToMany),
    /// See [`BelongsToOwner`].
    BelongsToOwner(BelongsToOwner),
}

/// The options that all declarations have. A scope is not among those that a [`BelongsTo`] can be given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// The name of the target model.
    pub(crate) target: String,
    pub(crate) alias: Option<Alias>,
    pub(crate) foreign_key: KeyAttributes,
    /// Whether the foreign key is enforced.
    pub(crate) constraints: bool,
    pub(crate) on_delete: Option<ActionName>,
    pub(crate) on_update: Option<ActionName>,
    pub(crate) deferral: Option<Deferral>,
    pub(crate) scope: Vec<(String, Value)>,
    /// Conditions on targets that no value can be written for.
    pub(crate) conditions: Vec<Expr>,
    /// Whether the source's hooks around association run (associations AS-14).
    pub(crate) hooks: bool,
}

/// An action, or the words of SQL for one in whatever case. Words that are no action are a problem of the declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionName {
    /// An action.
    Action(Action),
    /// Its name, to be read when the models are resolved.
    Text(String),
}

impl Options {
    /// The defaults: a target, and everything else as it follows from the models.
    pub(crate) fn new(target: impl Into<String>) -> Self {
        Options {
            target: target.into(),
            alias: None,
            foreign_key: KeyAttributes::default(),
            constraints: true,
            on_delete: None,
            on_update: None,
            deferral: None,
            scope: Vec::new(),
            conditions: Vec::new(),
            hooks: false,
        }
    }
}

impl Declaration {
    /// Of which kind the associations are that it comes to.
    pub(crate) fn kind(&self) -> AssociationKind {
        match self {
            Declaration::BelongsTo(_) | Declaration::BelongsToOwner(_) => {
                AssociationKind::BelongsTo
            }
            Declaration::HasOne(_) => AssociationKind::HasOne,
            Declaration::HasMany(_) => AssociationKind::HasMany,
            Declaration::BelongsToMany(_) => AssociationKind::BelongsToMany,
        }
    }

    /// What it has in common with the others.
    pub(crate) fn options(&self) -> &Options {
        match self {
            Declaration::BelongsTo(declared) => &declared.options,
            Declaration::HasOne(declared) => &declared.options,
            Declaration::HasMany(declared) => &declared.options,
            Declaration::BelongsToMany(declared) => &declared.options,
            Declaration::BelongsToOwner(declared) => &declared.options,
        }
    }

    /// The names of the models that it leads to: one, or those of an owner.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Declaration::BelongsToOwner(declared) => (None, declared.models.as_slice()),
            _ => (Some(self.options().target.as_str()), [].as_slice()),
        };
        let several = several.iter().map(|owner| owner.model.as_str());
        one.into_iter().chain(several)
    }
}

impl ActionName {
    /// The action.
    ///
    /// # Errors
    ///
    /// [`ProblemKind::Action`](crate::error::ProblemKind::Action) if the text names none (associations FK-9).
    pub(crate) fn action(&self) -> Result<Action> {
        match self {
            ActionName::Action(action) => Ok(*action),
            ActionName::Text(text) => text.parse(),
        }
    }
}

impl From<Action> for ActionName {
    fn from(action: Action) -> Self {
        ActionName::Action(action)
    }
}

impl From<&str> for ActionName {
    fn from(text: &str) -> Self {
        ActionName::Text(text.to_owned())
    }
}

/// The methods that set the common options, and a declaration from the name of a target.
macro_rules! common_options {
    ($declaration:ident) => {
        impl $declaration {
            /// Under this name instead of the target's. A text is the singular of an association to one and the plural
            /// of an association to many; a pair is both (associations NM-5, NM-6).
            pub fn alias(mut self, alias: impl Into<$crate::association::Alias>) -> Self {
                self.options.alias = Some(alias.into());
                self
            }

            /// The foreign key: a name, an attribute with settings, or an array of either for a key of several
            /// attributes. The last call counts.
            pub fn foreign_key(
                mut self,
                attributes: impl Into<$crate::association::KeyAttributes>,
            ) -> Self {
                self.options.foreign_key = attributes.into();
                self
            }

            /// Whether the foreign key is enforced, which it is by default. If not, its values may dangle, no action
            /// is taken, and the order of the tables does not depend on it (associations FK-7).
            pub fn constraints(mut self, enforced: bool) -> Self {
                self.options.constraints = enforced;
                self
            }

            /// What happens to the holder of the key when the row that it refers to is deleted.
            pub fn on_delete(mut self, action: impl Into<$crate::association::ActionName>) -> Self {
                self.options.on_delete = Some(action.into());
                self
            }

            /// What happens to the holder of the key when the row that it refers to takes another key.
            pub fn on_update(mut self, action: impl Into<$crate::association::ActionName>) -> Self {
                self.options.on_update = Some(action.into());
                self
            }

            /// When a missing row is held against the key.
            pub fn deferrable(mut self, deferral: $crate::schema::Deferral) -> Self {
                self.options.deferral = Some(deferral);
                self
            }

            /// Whether the source's hooks around association run, which they do not by default
            /// (associations AS-14): see [`Models::before_associate`](crate::Models::before_associate). And whether
            /// what ON DELETE CASCADE takes along with an instance that is destroyed goes one by one, with its hooks
            /// (associations HK-1): see [`Database::destroy`](crate::Database::destroy).
            pub fn hooks(mut self, run: bool) -> Self {
                self.options.hooks = run;
                self
            }
        }

        impl From<&str> for $declaration {
            fn from(target: &str) -> Self {
                $declaration::new(target)
            }
        }

        impl From<String> for $declaration {
            fn from(target: String) -> Self {
                $declaration::new(target)
            }
        }
    };
}

/// The method that sets a scope, for declarations that lead away from the key.
macro_rules! scope_option {
    ($declaration:ident) => {
        impl $declaration {
            /// One more attribute and value that all targets have: a condition when reading, and written when a target
            /// is created or added (associations SC-1, SC-2).
            pub fn scope(
                mut self,
                attribute: impl Into<String>,
                value: impl Into<$crate::value::Value>,
            ) -> Self {
                self.options.scope.push((attribute.into(), value.into()));
                self
            }

            /// One more condition that all targets meet, when reading. No value can be written for it, so that whatever
            /// would have to make a target meet it is refused: creating one, or adding one that is not associated. A
            /// `belongs_to_many` may add targets, of which it reads those that meet the condition (associations SC-6,
            /// SC-3).
            pub fn scope_where(mut self, condition: impl Into<$crate::expr::Expr>) -> Self {
                self.options.conditions.push(condition.into());
                self
            }

            /// One more condition as of [`scope_where`](Self::scope_where): that an attribute has one of some values.
            pub fn scope_in(
                self,
                attribute: impl AsRef<str>,
                values: impl IntoIterator<Item = impl Into<$crate::value::Value>>,
            ) -> Self {
                self.scope_where($crate::expr::col(attribute.as_ref()).is_in(values))
            }
        }
    };
}

pub(super) use common_options;
pub(super) use scope_option;
