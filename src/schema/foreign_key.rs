//! A foreign key, and what it does when a parent goes or changes.

use std::fmt;
use std::str::FromStr;

use crate::error::{DeclarationError, Error, ProblemKind};
use crate::schema::TableId;
use crate::value::{Value, ValueRef};

/// Which foreign key. Ascending in the order of creation, and never reused in the schemas that follow from each other by
/// changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignKeyId(pub(crate) u32);

impl ForeignKeyId {
    /// A number for lists with a place for each id. While no key was dropped it is the position in
    /// [`Schema::foreign_keys`](crate::schema::Schema::foreign_keys).
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Columns of a child table whose values are a key of a row of the parent table.
///
/// The engine keeps a link from each child row to its parent row and back, so the child columns need no index of their
/// own (integrity RI-8). A key to any row has no links, since a child has no one parent: both its ends have an index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// What names it in its schema.
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
    /// another order. None for a key to any row.
    pub parent_key: Option<usize>,
    /// The child columns in the order of the parent's unique key: a child's values in this order are what to look up
    /// there. For a key to any row, the child columns as declared.
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
    /// What must be true of a row for it to refer to anything; none if every row with a complete key does.
    pub guard: Option<Guard>,
}

/// `column = value` in a child row. Where it is not true, for a null too, the key says nothing about the row (beyond
/// BY-11).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guard {
    /// A column of the child, none of the key's own.
    pub column: u32,
    /// What it must hold. Never null.
    pub value: Value,
}

impl ForeignKey {
    /// Whether a row with these cells, by ordinal, refers to a parent: no column of the key is null (integrity RI-2), and
    /// the guard is true. A row that does not is exempt: it has no edge, waits for no parent and is matched by no action.
    ///
    /// The one place that decides this.
    #[inline]
    pub(crate) fn is_complete<'v>(&self, cell: impl Fn(u32) -> ValueRef<'v>) -> bool {
        let guarded = |guard: &Guard| cell(guard.column) == guard.value.as_ref();
        self.guard.as_ref().is_none_or(guarded)
            && !self
                .child_columns
                .iter()
                .any(|&ordinal| cell(ordinal).is_null())
    }

    /// Whether the parent columns are no unique key, so that any number of parents may hold a child (beyond BY-18).
    #[inline]
    pub fn is_to_any_row(&self) -> bool {
        self.parent_key.is_none()
    }

    /// Whether each row with these child columns has an edge to the row with its parent columns, so that walking edges
    /// finds what looking up values would. A guarded key links the rows under its guard alone, a key to any row none.
    pub(crate) fn links_every_child(&self) -> bool {
        self.guard.is_none() && !self.is_to_any_row()
    }

    /// The columns that SET NULL and SET DEFAULT write to when the parent is gone, or has another key.
    pub(crate) fn columns_let_go(&self, gone: bool) -> impl Iterator<Item = u32> + '_ {
        let on_delete = gone.then_some(&self.on_delete_columns);
        let on_update = (!gone).then(|| self.deciding_columns());
        let on_delete = on_delete.into_iter().flatten().copied();
        on_delete.chain(on_update.into_iter().flatten())
    }

    /// The columns that say what a row refers to: those of the key, then that of the guard. A change of any of them is a
    /// change of the key, and SET NULL and SET DEFAULT write all of them.
    #[inline]
    pub(crate) fn deciding_columns(&self) -> impl Iterator<Item = u32> + '_ {
        let guard = self.guard.iter().map(|guard| guard.column);
        self.child_columns.iter().copied().chain(guard)
    }
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
