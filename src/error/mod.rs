//! Why an operation was refused, in names and values.
//!
//! One [`Error`], grouped by who can act: whoever wrote a declaration, whoever made a request, whoever gave the values
//! that a model's own rules refuse, whoever owns the data that breaks a constraint, whoever holds the transaction. Every error names its table; a constraint error also names
//! constraint, columns, values and the other row (integrity RI-71). No internal handle ever stands in one, and no cause
//! is a text to be parsed: [`Error::kind`] is for matching, [`Error::sqlstate`] for whoever speaks SQL.
//!
//! A commit judges a whole transaction and lists what it finds: [`Error::violations`].
//!
//! Messages are lower case without a full stop; values in them are cut at 64 bytes and the whole at 1 KiB.
//! [`Error::redacted`] leaves the values out.

mod limit;
mod failure;
mod text;
mod declaration;
mod request;
mod constraint;
mod transaction;
mod validation;

use std::fmt;

pub use self::constraint::{ConstraintError, ConstraintKind, Further, Operation, RowName};
pub use self::declaration::{DeclarationError, Problem, ProblemKind};
pub use self::failure::Failure;
pub use self::limit::Limit;
pub use self::request::{RequestError, RequestKind};
use self::text::write_bounded;
pub(crate) use self::text::{Cut, Show, excerpt};
pub use self::transaction::{TransactionError, TransactionKind};
pub use self::validation::{ValidationError, Violation};

/// The result of everything in relata that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation was refused. One pointer wide beside its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A schema, model or association cannot be as declared.
    Declaration(Box<DeclarationError>),
    /// A request names something that does not exist, or asks what cannot be answered.
    Request(Box<RequestError>),
    /// A model's own rules refuse what was to be written; nothing was.
    Validation(Box<ValidationError>),
    /// The data would break a constraint; the statement changed nothing.
    Constraint(Box<ConstraintError>),
    /// The transaction cannot do this now.
    Transaction(Box<TransactionError>),
}

/// The class of an [`Error`], for matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// See [`Error::Declaration`].
    Declaration,
    /// See [`Error::Request`].
    Request(RequestKind),
    /// See [`Error::Validation`].
    Validation,
    /// See [`Error::Constraint`].
    Constraint(ConstraintKind),
    /// See [`Error::Transaction`].
    Transaction(TransactionKind),
}

impl Error {
    /// The class, for matching.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Declaration(_) => ErrorKind::Declaration,
            Error::Request(error) => ErrorKind::Request(error.kind),
            Error::Validation(_) => ErrorKind::Validation,
            Error::Constraint(error) => ErrorKind::Constraint(error.kind),
            Error::Transaction(error) => ErrorKind::Transaction(error.kind),
        }
    }

    /// The five characters that PostgreSQL gives for this class of error.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            Error::Declaration(error) => error.sqlstate(),
            Error::Request(error) => error.kind.sqlstate(),
            Error::Validation(_) => "22023",
            Error::Constraint(error) => error.kind.sqlstate(),
            Error::Transaction(error) => error.kind.sqlstate(),
        }
    }

    /// The limit that was reached, if that is why: of a declaration, the first one.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Error::Declaration(error) => error.problems.iter().find_map(|it| match it.kind {
                ProblemKind::Limit(limit) => Some(limit),
                _ => None,
            }),
            Error::Request(error) => match error.kind {
                RequestKind::Limit(limit) => Some(limit),
                _ => None,
            },
            Error::Transaction(error) => match error.kind {
                TransactionKind::Limit(limit) => Some(limit),
                _ => None,
            },
            Error::Validation(_) | Error::Constraint(_) => None,
        }
    }

    /// The text with every name and without any value: for a log that must not hold data. What closures of your own say
    /// is shown as they say it.
    ///
    /// ```
    /// # use relata::engine::Database;
    /// # use relata::schema::{ColumnDef, Schema, TableDef};
    /// # use relata::value::{DataType, Value};
    /// # let email = ColumnDef::new("email", DataType::Text).primary_key();
    /// # let mut db = Database::new(Schema::builder().table(TableDef::new("users").column(email)).build()?);
    /// db.insert("users", [("email", Value::from("ada@example.org"))])?;
    /// let error = db.insert("users", [("email", Value::from("ada@example.org"))]).unwrap_err();
    /// assert_eq!(
    ///     error.redacted().to_string(),
    ///     "insert violates unique key users_pkey of users: (email) = (…) already exists in row (…), at row (…)"
    /// );
    /// # Ok::<(), relata::error::Error>(())
    /// ```
    pub fn redacted(&self) -> Redacted<'_> {
        Redacted { error: self }
    }

    /// The details, if a constraint was broken.
    pub fn as_constraint(&self) -> Option<&ConstraintError> {
        match self {
            Error::Constraint(error) => Some(error),
            _ => None,
        }
    }

    /// Each constraint that was found broken, the one that the text begins with first: a commit may tell of several, a
    /// statement tells of one, and any other error of none.
    ///
    /// ```
    /// # use relata::engine::Database;
    /// # use relata::schema::{ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef};
    /// # use relata::value::{DataType, Value};
    /// # let number = |name| ColumnDef::new(name, DataType::Int);
    /// # let key = ForeignKeyDef::new(["above"]).references("nodes", ["id"]).deferrable(Deferral::InitiallyDeferred);
    /// # let nodes = TableDef::new("nodes").column(number("id").primary_key()).column(number("above")).foreign_key(key);
    /// # let mut db = Database::new(Schema::builder().table(nodes).build()?);
    /// let mut tx = db.begin();
    /// tx.insert_many("nodes", &["id", "above"], [[Value::from(1), 7.into()], [2.into(), 8.into()]])?;
    /// let error = tx.commit().unwrap_err();
    /// let rows: Vec<_> = error.violations().map(|it| it.row.as_ref().unwrap().to_string()).collect();
    /// assert_eq!(rows, ["1", "2"]);
    /// # Ok::<(), relata::error::Error>(())
    /// ```
    pub fn violations(&self) -> impl Iterator<Item = &ConstraintError> {
        self.as_constraint()
            .into_iter()
            .flat_map(ConstraintError::violations)
    }

    /// The details, if a declaration is wrong.
    pub fn as_declaration(&self) -> Option<&DeclarationError> {
        match self {
            Error::Declaration(error) => Some(error),
            _ => None,
        }
    }

    /// The details, if a request is wrong.
    pub fn as_request(&self) -> Option<&RequestError> {
        match self {
            Error::Request(error) => Some(error),
            _ => None,
        }
    }

    /// The details, if a model's own rules refused something.
    pub fn as_validation(&self) -> Option<&ValidationError> {
        match self {
            Error::Validation(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Declaration(error) => error.fmt(f),
            Error::Request(error) => error.fmt(f),
            Error::Validation(error) => error.fmt(f),
            Error::Constraint(error) => error.fmt(f),
            Error::Transaction(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// An error without values: see [`Error::redacted`].
#[derive(Clone, Copy)]
pub struct Redacted<'a> {
    error: &'a Error,
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bounded(f, |out| match self.error {
            Error::Declaration(error) => error.write(out),
            Error::Request(error) => error.write(Show::NoValues, out),
            Error::Validation(error) => error.write(Show::NoValues, out),
            Error::Constraint(error) => error.write(Show::NoValues, out),
            Error::Transaction(error) => error.write(out),
        })
    }
}

/// The text too: the fields hold values.
impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! from_group {
    ($($group:ident($details:ty)),* $(,)?) => {$(
        impl From<$details> for Error {
            fn from(details: $details) -> Self {
                Error::$group(Box::new(details))
            }
        }
    )*};
}

from_group! {
    Declaration(DeclarationError),
    Request(RequestError),
    Validation(ValidationError),
    Constraint(ConstraintError),
    Transaction(TransactionError),
}

#[cfg(test)]
mod tests;
