//! An association with every name resolved: which models, which columns, in which table.
//!
//! Whoever reads or writes along an association starts here. There are three ways to go, one per [`Link`]; each step of
//! a way is a [`Hop`] between a child table and a parent table, walked over edges where a foreign key enforces it, and
//! by value where none does.
//!
//! 1. [`Link::ToParent`]: the source holds the key (`belongs_to`).
//! 2. [`Link::ToChildren`]: the target holds the key (`has_one`, `has_many`).
//! 3. [`Link::Through`]: a junction holds both keys (`belongs_to_many`); the source and the target are its parents.
//!
//! Columns are ordinals. The two lists of a hop are equally long; a column of one corresponds to the column at the same
//! position of the other.

use crate::association::naming::accessors::Accessor;
use crate::association::naming::accessors::Accessors;
use crate::association::registry::ModelId;
use crate::expr::{Expr, Total};
use crate::schema::{ForeignKeyId, Guard};
use crate::value::Value;

/// One association of a source model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Association {
    /// The name under which it is included and found on results. No other association of the source has it.
    pub(crate) key: Box<str>,
    /// What was declared.
    pub(crate) kind: AssociationKind,
    /// The model that declared it.
    pub(crate) source: ModelId,
    /// The model that it leads to. May be the source.
    pub(crate) target: ModelId,
    /// The way from source to target.
    pub(crate) link: Link,
    /// What targets have in common: columns of the target and their values. Where targets are softly deleted, that they are
    /// not; on an association to a parent, nothing else.
    pub(crate) scope: Vec<(u32, Value)>,
    /// What targets have in common besides, as something that reads them can ask and nothing that writes them can see to.
    pub(crate) conditions: Option<Conditions>,
    /// The names of its verbs.
    pub(crate) accessors: Accessors,
    /// Whether the source's hooks around association run.
    pub(crate) hooks: bool,
}

/// A predicate over targets or rows of a junction: by the names of attributes for requests, and bound for rows.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) expr: Expr,
    pub(crate) bound: Total,
}

/// By what was declared; that decides what it is bound to.
impl PartialEq for Conditions {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

/// Which of the four calls declared an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AssociationKind {
    /// The source holds the key of one target.
    BelongsTo,
    /// At most one target is meant to hold the key of the source.
    HasOne,
    /// Any number of targets hold the key of the source.
    HasMany,
    /// Rows of a junction hold the keys of both.
    BelongsToMany,
}

/// The way from a source to its targets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Link {
    /// The source is the child.
    ToParent(Hop),
    /// The target is the child.
    ToChildren(Hop),
    /// A junction is the child of both.
    Through(Junction),
}

/// The table between source and target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Junction {
    /// The model of the junction.
    pub(crate) model: ModelId,
    /// From the junction to the source.
    pub(crate) own: Hop,
    /// From the junction to the target.
    pub(crate) other: Hop,
    /// What the association's junction rows have in common: columns of the junction and their values.
    pub(crate) scope: Vec<(u32, Value)>,
    /// What they have in common besides, which nothing that inserts one can see to.
    pub(crate) conditions: Option<Conditions>,
    /// Whether linking a pair that the scope's rows link already inserts nothing.
    pub(crate) unique: bool,
}

/// One step between a child table and a parent table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    /// The foreign key that enforces it and links every child; its edges are the fastest way in both directions. None if
    /// nothing enforces it, and then a value may dangle, or if the key has no such edges.
    pub(crate) key: Option<ForeignKeyId>,
    /// What must be true of a child for it to refer to anything: that the owner in its columns is of this type. It is
    /// written with the columns. Only an enforced hop has one.
    pub(crate) guard: Option<Guard>,
    /// The columns that refer.
    pub(crate) child_columns: Vec<u32>,
    /// The columns that are referred to.
    pub(crate) parent_columns: Vec<u32>,
    /// Without a foreign key, the position of the child's index that finds children by value. Its columns are those of
    /// the association's scope, in their order and without those that the scope wants null, and then the child columns.
    /// None for a way that only leads to parents.
    pub(crate) index: Option<usize>,
}

impl Hop {
    /// The columns that say what a child refers to: those that refer, and that of its type.
    pub(crate) fn deciding_columns(&self) -> impl Iterator<Item = u32> + '_ {
        let guard = self.guard.iter().map(|guard| guard.column);
        self.child_columns.iter().copied().chain(guard)
    }
}

impl Junction {
    /// The same with rows that were softly deleted.
    pub(crate) fn with_deleted(&self, deleted_at: u32) -> Junction {
        let mut junction = self.clone();
        junction.scope.retain(|(ordinal, _)| *ordinal != deleted_at);
        junction
    }
}

impl Association {
    /// Whether it leads to one target at most.
    pub(crate) fn is_single(&self) -> bool {
        match self.kind {
            AssociationKind::BelongsTo | AssociationKind::HasOne => true,
            AssociationKind::HasMany | AssociationKind::BelongsToMany => false,
        }
    }

    /// The junction between source and target, if there is one.
    pub(crate) fn junction(&self) -> Option<&Junction> {
        match &self.link {
            Link::Through(junction) => Some(junction),
            Link::ToParent(_) | Link::ToChildren(_) => None,
        }
    }

    /// What must be true of the row that holds the key, for an association of an owner or as one.
    pub(crate) fn guard(&self) -> Option<&Guard> {
        match &self.link {
            Link::ToParent(hop) | Link::ToChildren(hop) => hop.guard.as_ref(),
            Link::Through(_) => None,
        }
    }

    /// The accessor of this name, such as `addTask`.
    pub(crate) fn accessor(&self, name: &str) -> Option<&Accessor> {
        self.accessors.find(name)
    }

    /// Whether it leads from a model to itself.
    pub(crate) fn is_self(&self) -> bool {
        self.source == self.target
    }
}
