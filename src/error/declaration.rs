//! A declaration that cannot stand: every problem of it at once.

use std::fmt::{self, Write};

use crate::error::Limit;
use crate::error::text::write_bounded;

/// All problems of a schema, of a set of models, or of one association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclarationError {
    /// The problems, in the order of the declarations; at least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort of thing.
    pub kind: ProblemKind,
    /// The table or model that declares it.
    pub subject: String,
    /// What is wrong, with the names involved.
    pub detail: String,
    /// For [`ProblemKind::Cycle`]: the tables on the way, the repeated one last. Empty otherwise.
    pub chain: Vec<String>,
}

/// The sorts of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Two things of one sort have one name.
    Duplicate,
    /// A name that nothing has: a table, a column, a model.
    Unknown,
    /// Two columns that must have one type have two, or a value has another type than its column.
    Type,
    /// A key that cannot be a key: no columns, a column twice, too few or too many columns.
    Key,
    /// A foreign key whose referenced columns are no unique key.
    NotUnique,
    /// Tables that can only be created before each other.
    Cycle,
    /// An action that can never succeed, such as SET NULL on a column that is never null.
    Action,
    /// An association that cannot be as declared.
    Association,
    /// A scope that cannot be read with.
    Scope,
    /// A size over its limit.
    Limit(Limit),
    /// Something that relata does not offer.
    Unsupported,
}

impl DeclarationError {
    /// An error with one problem.
    pub(crate) fn one(
        kind: ProblemKind,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        DeclarationError {
            problems: vec![Problem::new(kind, subject, detail)],
        }
    }

    /// The text: all problems. The constants in it are those of the declaration, and no data.
    pub(super) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                out.write_str("; ")?;
            }
            write!(out, "{problem}")?;
        }
        Ok(())
    }

    /// PostgreSQL's code for the first problem.
    pub(crate) fn sqlstate(&self) -> &'static str {
        let first = self.problems.first();
        first.map_or("42P16", |problem| problem.kind.sqlstate())
    }
}

impl ProblemKind {
    /// PostgreSQL's code.
    pub(crate) fn sqlstate(self) -> &'static str {
        match self {
            ProblemKind::Duplicate => "42710",
            ProblemKind::Unknown => "42704",
            ProblemKind::Type => "42804",
            ProblemKind::NotUnique | ProblemKind::Key => "42830",
            ProblemKind::Limit(limit) => limit.sqlstate(),
            ProblemKind::Unsupported => "0A000",
            ProblemKind::Cycle
            | ProblemKind::Action
            | ProblemKind::Association
            | ProblemKind::Scope => "42P16",
        }
    }
}

impl Problem {
    /// A problem without a chain.
    pub(crate) fn new(
        kind: ProblemKind,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Problem {
            kind,
            subject: subject.into(),
            detail: detail.into(),
            chain: Vec::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            // The whole sentence is the guide's own, so no subject stands before it (associations SY-4).
            ProblemKind::Cycle => f.write_str(&self.detail),
            _ => write!(f, "{}: {}", self.subject, self.detail),
        }
    }
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bounded(f, |out| self.write(out))
    }
}
