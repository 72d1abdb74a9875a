//! A constraint that the statement would have left broken (integrity RI-71).

use std::fmt;

use crate::value::{Key, Value};

/// Which constraint, which row, which values, which other row.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// A row, or the place where one is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// `insert violates unique key users_email_key of users: (email) = ('a') already exists in row (3), at row (7)`.
impl fmt::Display for ConstraintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (constraint, table, values) = (&self.constraint, &self.table, Cut(&self.values));
        let columns = self.columns.join(", ");
        let other = self.other.as_ref();
        let other_table = other.map_or("", |other| &*other.table);
        write!(f, "{} violates ", self.operation)?;
        match self.kind {
            ConstraintKind::NotNull => {
                write!(f, "not null of {table}: column {columns} has no value")?
            }
            ConstraintKind::Check => {
                write!(f, "check {constraint} of {table}: ({columns}) = {values}")?
            }
            ConstraintKind::Unique => {
                write!(
                    f,
                    "unique key {constraint} of {table}: ({columns}) = {values} already exists"
                )?;
                if let Some(key) = other.and_then(|other| other.key.as_ref()) {
                    write!(f, " in row {}", Cut(key))?;
                }
            }
            ConstraintKind::Reference => write!(
                f,
                "foreign key {constraint} of {table}: ({columns}) = {values} has no row in {other_table}"
            )?,
            ConstraintKind::Restrict => write!(
                f,
                "foreign key {constraint} of {table}: ({columns}) = {values} still refers to {other_table}"
            )?,
        }
        if let Some(row) = &self.row {
            write!(f, ", at row {}", Cut(row))?;
        }
        if !self.chain.is_empty() {
            write!(f, ", by way of {}", self.chain.join(" -> "))?;
        }
        Ok(())
    }
}

/// Values as `(1, 'a')`, each cut at 64 bytes so that an error never carries a document.
pub(crate) struct Cut<'a>(pub(crate) &'a [Value]);

/// The longest value in a message, in bytes.
const VALUE_BYTES_MAX: usize = 64;

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (position, value) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            let text = value.to_string();
            let end = text.floor_char_boundary(VALUE_BYTES_MAX);
            f.write_str(&text[..end])?;
            if end < text.len() {
                f.write_str("...")?;
            }
        }
        f.write_str(")")
    }
}
