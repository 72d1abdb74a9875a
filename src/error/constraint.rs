//! A constraint that the statement would have left broken (integrity RI-71), and what else is broken where a whole
//! transaction is judged (RI-52).

use std::fmt::{self, Write};

use crate::error::text::{Cut, Show, write_bounded};
use crate::value::{Key, Value};

/// Which constraint, which row, which values, which other row.
#[derive(Clone, PartialEq, Eq)]
pub struct ConstraintError {
    /// What sort of constraint.
    pub kind: ConstraintKind,
    /// Its name.
    pub constraint: String,
    /// The table that owns it: for a reference, the child.
    pub table: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The values that break it, one for each column: the duplicate key, or the missing or still referenced key.
    pub values: Vec<Value>,
    /// What was being done.
    pub operation: Operation,
    /// The primary key of the first row at fault: for a reference, the child's. None where the row never had one.
    pub row: Option<Key>,
    /// The other row or table: who holds the duplicate key, or the parent side of a reference.
    pub other: Option<RowName>,
    /// For rows reached through actions: the foreign keys on the way from the row that was addressed.
    pub chain: Vec<String>,
    /// What else is broken, where all that waited is judged at once: none for a statement, which ends at the first.
    pub further: Further,
}

/// The broken constraints after the first one, in the order in which they are reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Further {
    /// The first of them: with the one before them at most 100. Each is whole but for having nothing further itself.
    pub listed: Vec<ConstraintError>,
    /// How many come after those.
    pub unlisted: usize,
}

/// A row, or the place where one is missing.
#[derive(Clone, PartialEq, Eq)]
pub struct RowName {
    /// Its table.
    pub table: String,
    /// The columns of `key`.
    pub columns: Vec<String>,
    /// Its key; none where no row is meant.
    pub key: Option<Key>,
}

/// The sorts of constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// A column that must have a value has none.
    NotNull,
    /// A check is false for the row.
    Check,
    /// Another row has the key: a primary key or a unique key.
    Unique,
    /// A child has no parent.
    Reference,
    /// A parent may not go or change while children have its key.
    Restrict,
}

/// What was being done when a constraint was found broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Rows came.
    Insert,
    /// Rows changed.
    Update,
    /// Rows went.
    Delete,
    /// A transaction ended with deferred constraints unmet.
    Commit,
    /// A deferred constraint was switched to immediate, or asked for early.
    SetImmediate,
    /// A set of changes was applied.
    Apply,
    /// The schema changed.
    SchemaChange,
}

impl ConstraintKind {
    /// PostgreSQL's code.
    pub(crate) fn sqlstate(self) -> &'static str {
        match self {
            ConstraintKind::NotNull => "23502",
            ConstraintKind::Check => "23514",
            ConstraintKind::Unique => "23505",
            ConstraintKind::Reference | ConstraintKind::Restrict => "23503",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Delete => "delete",
            Operation::Commit => "commit",
            Operation::SetImmediate => "constraint check",
            Operation::Apply => "applying changes",
            Operation::SchemaChange => "schema change",
        })
    }
}

impl ConstraintError {
    /// Each broken constraint that is told of: this one, then the further ones that are listed. A statement has one; a
    /// commit may have several.
    pub fn violations(&self) -> impl Iterator<Item = &ConstraintError> {
        std::iter::once(self).chain(&self.further.listed)
    }

    /// How many there are, those that are not listed included.
    pub fn violations_count(&self) -> usize {
        1 + self.further.listed.len() + self.further.unlisted
    }

    /// The text, with values or without:
    /// `insert violates unique key users_email_key of users: (email) = ('a') already exists in row (3), at row (7)`.
    ///
    /// Where more is broken the number comes next, so that what the text has no room for is missing and not unknown:
    /// `.., at row (7); and 2 more: foreign key a_b_fkey of a: (b) = (3) has no row in b, at row (1); ..`.
    pub(super) fn write(&self, show: Show, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{} violates ", self.operation)?;
        self.write_one(show, out)?;
        let more = self.violations_count() - 1;
        if more > 0 {
            write!(out, "; and {more} more: ")?;
        }
        for (position, further) in self.further.listed.iter().enumerate() {
            out.write_str(if position > 0 { "; " } else { "" })?;
            further.write_one(show, out)?;
        }
        Ok(())
    }

    fn write_one(&self, show: Show, out: &mut dyn Write) -> fmt::Result {
        let (constraint, table) = (&self.constraint, &self.table);
        let (columns, values) = (self.columns.join(", "), show.list(&self.values));
        let other = self.other.as_ref();
        let other_table = other.map_or("", |other| &*other.table);
        match self.kind {
            ConstraintKind::NotNull => {
                write!(out, "not null of {table}: column {columns} has no value")?
            }
            ConstraintKind::Check => {
                write!(out, "check {constraint} of {table}: ({columns}) = {values}")?
            }
            ConstraintKind::Unique => {
                write!(
                    out,
                    "unique key {constraint} of {table}: ({columns}) = {values} already exists"
                )?;
                if let Some(key) = other.and_then(|other| other.key.as_ref()) {
                    write!(out, " in row {}", show.list(key))?;
                }
            }
            ConstraintKind::Reference => write!(
                out,
                "foreign key {constraint} of {table}: ({columns}) = {values} has no row in {other_table}"
            )?,
            ConstraintKind::Restrict => write!(
                out,
                "foreign key {constraint} of {table}: ({columns}) = {values} still refers to {other_table}"
            )?,
        }
        if let Some(row) = &self.row {
            write!(out, ", at row {}", show.list(row))?;
        }
        if !self.chain.is_empty() {
            write!(out, ", by way of {}", self.chain.join(" -> "))?;
        }
        Ok(())
    }
}

impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bounded(f, |out| self.write(Show::Values, out))
    }
}

/// Every field; values are cut as in the text, and further violations counted.
impl fmt::Debug for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConstraintError")
            .field("kind", &self.kind)
            .field("constraint", &self.constraint)
            .field("table", &self.table)
            .field("columns", &self.columns)
            .field("values", &Cut(&self.values))
            .field("operation", &self.operation)
            .field("row", &self.row.as_deref().map(Cut))
            .field("other", &self.other)
            .field("chain", &self.chain)
            .field("further", &(self.violations_count() - 1))
            .finish()
    }
}

impl fmt::Debug for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowName")
            .field("table", &self.table)
            .field("columns", &self.columns)
            .field("key", &self.key.as_deref().map(Cut))
            .finish()
    }
}
