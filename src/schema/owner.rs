//! An owner that is a row of one of several tables: what other tools call a polymorphic key, here with integrity.
//!
//! A row names its owner's table by a type and the row there by a key. That is nothing new to the engine: one foreign
//! key for each table, all over the same columns and each guarded by its type, and a check that the type is one of
//! them (beyond BY-11). A null in the type or in the key is a row without an owner.

use crate::expr::col;
use crate::schema::definition::strings;
use crate::schema::{Action, CheckDef, Deferral, ForeignKeyDef, TableDef};
use crate::value::Value;

/// An owner to be, for [`TableDef::owner`]. Like a foreign key it takes no action, unless declared otherwise.
///
/// ```
/// use relata::schema::{Action, ColumnDef, OwnerDef, TableDef};
/// use relata::value::DataType;
///
/// let comments = TableDef::new("comments")
///     .column(ColumnDef::new("id", DataType::Int).auto_increment().primary_key())
///     .column(ColumnDef::new("owner_type", DataType::Text))
///     .column(ColumnDef::new("owner_id", DataType::Int))
///     .owner(
///         OwnerDef::new("owner_type", ["owner_id"])
///             .one_of("post", "posts", ["id"])
///             .one_of("image", "images", ["id"])
///             .on_delete(Action::Cascade),
///     );
/// assert_eq!((comments.foreign_keys.len(), comments.checks.len()), (2, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnerDef {
    /// The column that says which of the tables the owner is in.
    pub type_column: String,
    /// The columns that say which row it is there.
    pub columns: Vec<String>,
    /// The tables that it may be in.
    pub kinds: Vec<OwnerKind>,
    /// What happens to rows whose owner is deleted.
    pub on_delete: Action,
    /// What happens to rows whose owner takes another key.
    pub on_update: Action,
    /// When a missing owner is held against a row.
    pub deferral: Deferral,
}

/// One of the tables that an owner may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnerKind {
    /// What the type column holds for it.
    pub value: Value,
    /// The table.
    pub table: String,
    /// The columns there, each at the position of its own in [`OwnerDef::columns`].
    pub columns: Vec<String>,
}

impl OwnerDef {
    /// An owner named by these columns, which is not yet in any table.
    pub fn new(
        type_column: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        OwnerDef {
            type_column: type_column.into(),
            columns: strings(columns),
            kinds: Vec::new(),
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
            deferral: Deferral::NotDeferrable,
        }
    }

    /// The name of the check that the type is one of the known ones.
    pub(crate) fn check_name(table: &str, type_column: &str) -> String {
        format!("{table}_{type_column}_check")
    }

    /// One more table that it may be in, and what the type column holds then.
    pub fn one_of(
        mut self,
        value: impl Into<Value>,
        table: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.kinds.push(OwnerKind {
            value: value.into(),
            table: table.into(),
            columns: strings(columns),
        });
        self
    }

    /// What happens to rows whose owner is deleted.
    pub fn on_delete(mut self, action: Action) -> Self {
        self.on_delete = action;
        self
    }

    /// What happens to rows whose owner takes another key.
    pub fn on_update(mut self, action: Action) -> Self {
        self.on_update = action;
        self
    }

    /// When a missing owner is held against a row.
    pub fn deferrable(mut self, deferral: Deferral) -> Self {
        self.deferral = deferral;
        self
    }
}

impl TableDef {
    /// An owner in one of several tables: one more foreign key for each of them, guarded by its type, and a check, named
    /// `<table>_<type column>_check`, that the type is one of theirs.
    pub fn owner(mut self, owner: OwnerDef) -> Self {
        let types = owner.kinds.iter().map(|kind| kind.value.clone());
        self.checks.push(CheckDef::new(
            OwnerDef::check_name(&self.name, &owner.type_column),
            col(owner.type_column.as_str()).is_in(types),
        ));
        for kind in owner.kinds {
            self.foreign_keys.push(
                ForeignKeyDef::new(owner.columns.iter())
                    .references(kind.table, kind.columns)
                    .guarded(owner.type_column.as_str(), kind.value)
                    .on_delete(owner.on_delete)
                    .on_update(owner.on_update)
                    .deferrable(owner.deferral),
            );
        }
        self
    }
}
