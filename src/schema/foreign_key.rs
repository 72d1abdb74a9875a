//! A foreign key, and what it does when a parent goes or changes.

use std::fmt;
use std::str::FromStr;

use crate::error::{DeclarationError, Error, ProblemKind};
use crate::schema::TableId;

/// Which foreign key: its position in the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignKeyId(pub(crate) u32);

impl ForeignKeyId {
    /// The position in [`Schema::foreign_keys`](crate::schema::Schema::foreign_keys).
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Columns of a child table whose values are a key of a row of the parent table.
///
/// The engine keeps a link from each child row to its parent row and back, so the child columns need no index of their
/// own (integrity RI-8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// Its position in the schema.
    pub id: ForeignKeyId,
    /// Its name; `<table>_<column>_fkey` where none was given. No other constraint of the child has it.
    pub name: Box<str>,
    /// The table that refers.
    pub child: TableId,
    /// The columns that refer, as declared.
    pub child_columns: Vec<u32>,
    /// The table that is referred to. May be the child itself.
    pub parent: TableId,
    /// The columns that are referred to, each at the position of its child column (integrity RI-5).
    pub parent_columns: Vec<u32>,
    /// The unique key that the parent columns are, as a position in the parent's keys. Its columns may stand in
    /// another order.
    pub parent_key: usize,
    /// The child columns in the order of the parent's unique key: a child's values in this order are what to look up
    /// there.
    pub key_order: Vec<u32>,
    /// What happens to children whose parent is deleted.
    pub on_delete: Action,
    /// The child columns that SET NULL or SET DEFAULT on delete writes to: all of them, unless it was declared otherwise.
    pub on_delete_columns: Vec<u32>,
    /// What happens to children whose parent takes another key.
    pub on_update: Action,
    /// When a missing parent is held against the child.
    pub deferral: Deferral,
    /// Its position among the foreign keys of the child.
    pub link: u32,
}

/// What happens to children when their parent is deleted or takes another key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Action {
    /// The statement fails if children are left without a parent at its end, or at the end of the transaction if the
    /// key is deferred.
    #[default]
    NoAction,
    /// The statement fails if it leaves children without a parent, even if the key is deferred.
    Restrict,
    /// Children go, or take the new key.
    Cascade,
    /// The columns of the key become null.
    SetNull,
    /// The columns of the key take their constant defaults, null where there is none.
    SetDefault,
}

/// When a missing parent is held against the child, or a duplicate key against its rows (integrity RI-50).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deferral {
    /// At the end of each statement, always.
    #[default]
    NotDeferrable,
    /// At the end of each statement, unless the transaction defers the key.
    InitiallyImmediate,
    /// At the end of the transaction, unless the transaction makes the key immediate.
    InitiallyDeferred,
}

impl Action {
    /// All of them, in the order of their declaration.
    pub(super) const ALL: [Action; 5] = [
        Action::NoAction,
        Action::Restrict,
        Action::Cascade,
        Action::SetNull,
        Action::SetDefault,
    ];

    /// The words of SQL: `NO ACTION`, `SET NULL`, ...
    pub fn name(self) -> &'static str {
        match self {
            Action::NoAction => "NO ACTION",
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
            Action::SetDefault => "SET DEFAULT",
        }
    }
}

impl Deferral {
    /// Whether a transaction may choose when the key is judged.
    pub fn is_deferrable(self) -> bool {
        self != Deferral::NotDeferrable
    }

    /// Whether a transaction starts with the key deferred.
    pub fn is_initially_deferred(self) -> bool {
        self == Deferral::InitiallyDeferred
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads the words of SQL, in whatever case (associations FK-9).
impl FromStr for Action {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Action::ALL
            .into_iter()
            .find(|action| action.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                let expected = Action::ALL.map(Action::name).join(", ");
                let detail = format!("no such action; the actions are {expected}");
                DeclarationError::one(ProblemKind::Action, text, detail).into()
            })
    }
}

impl fmt::Display for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Deferral::NotDeferrable => "NOT DEFERRABLE",
            Deferral::InitiallyImmediate => "DEFERRABLE INITIALLY IMMEDIATE",
            Deferral::InitiallyDeferred => "DEFERRABLE INITIALLY DEFERRED",
        })
    }
}
