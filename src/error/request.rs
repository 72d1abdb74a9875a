//! A request that names something unknown, or asks what cannot be answered.

use std::fmt::{self, Write};

use crate::error::text::{Show, write_bounded};
use crate::error::{Failure, Limit};
use crate::value::Value;

/// What a request got wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// The sort of mistake.
    pub kind: RequestKind,
    /// The table or model that the request is about; empty where there is none.
    pub subject: String,
    /// What is wrong, with the names and values involved. Each value in it is cut at 64 bytes.
    pub detail: String,
    /// The detail without its values, if it has any.
    redacted: Option<Box<str>>,
}

/// The sorts of [`RequestError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// No table or model of that name.
    UnknownTable,
    /// No column or attribute of that name.
    UnknownColumn,
    /// No index, constraint or sequence of that name.
    UnknownConstraint,
    /// No association of that name, or none between those two.
    UnknownAssociation,
    /// No accessor of that name, such as `getTasks`.
    UnknownAccessor,
    /// No scope of that name.
    UnknownScope,
    /// The prepared request has no parameter of that name.
    UnknownParameter,
    /// A parameter of a prepared request was given no value.
    MissingParameter,
    /// A value or an expression of another type than its place asks for.
    Type,
    /// A key with too few or too many values.
    KeyLength,
    /// A row that the request needs is not there.
    NotFound,
    /// Something was asked of a result that the request did not load.
    NotLoaded,
    /// An instance that was never saved has no key to work with.
    Unsaved,
    /// A hook, a default or another closure of your own refused; see [`RequestError::refused`].
    Refused,
    /// One row addressed twice in a statement that may address it once.
    Repeated,
    /// The request was prepared for another schema.
    SchemaChanged,
    /// Changes that do not fit the state they are applied to.
    Conflict,
    /// Something relies on what was to be dropped; the detail names it.
    InUse,
    /// Nested or large beyond its limit.
    Limit(Limit),
    /// What is to be worked out has no value: an expression for a row, a sum, a number that grows; the detail says which part
    /// of it.
    Evaluation(Failure),
    /// Something that relata does not offer; the detail names it.
    Unsupported,
}

impl RequestKind {
    /// PostgreSQL's code.
    pub(crate) fn sqlstate(self) -> &'static str {
        match self {
            RequestKind::UnknownTable => "42P01",
            RequestKind::UnknownColumn => "42703",
            RequestKind::UnknownConstraint
            | RequestKind::UnknownAssociation
            | RequestKind::UnknownScope => "42704",
            RequestKind::UnknownParameter => "42P02",
            RequestKind::MissingParameter => "08P01",
            RequestKind::Type => "42804",
            RequestKind::KeyLength => "42601",
            RequestKind::UnknownAccessor => "42883",
            RequestKind::NotFound => "02000",
            RequestKind::NotLoaded | RequestKind::Unsaved | RequestKind::Refused => "22023",
            RequestKind::Repeated => "21000",
            RequestKind::SchemaChanged => "0A000",
            RequestKind::Conflict => "40001",
            RequestKind::InUse => "2BP01",
            RequestKind::Limit(limit) => limit.sqlstate(),
            RequestKind::Evaluation(failure) => failure.sqlstate(),
            RequestKind::Unsupported => "0A000",
        }
    }
}

impl RequestError {
    /// A mistake about a table or model. For closures of your own too: what one gives as its error is what the statement
    /// gives.
    pub fn new(kind: RequestKind, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        RequestError {
            kind,
            subject: subject.into(),
            detail: detail.into(),
            redacted: None,
        }
    }

    /// What a hook or another closure of your own gives to refuse: about a model or a table, and why.
    ///
    /// ```
    /// use relata::error::RequestError;
    ///
    /// let error: relata::Error = RequestError::refused("Task", "the list is closed").into();
    /// assert_eq!(error.to_string(), "Task: the list is closed");
    /// ```
    pub fn refused(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        RequestError::new(RequestKind::Refused, subject, detail)
    }

    /// A mistake whose detail holds values: `detail` is asked for a text with and one without them.
    pub(crate) fn with_values(
        kind: RequestKind,
        subject: impl Into<String>,
        detail: impl Fn(Show) -> String,
    ) -> Self {
        let redacted = Some(detail(Show::NoValues).into());
        RequestError {
            redacted,
            ..RequestError::new(kind, subject, detail(Show::Values))
        }
    }

    /// The same, found at a place that the subject alone does not tell.
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.detail = format!("{place}: {}", self.detail);
        self.redacted = self.redacted.map(|it| format!("{place}: {it}").into());
        self
    }

    /// An attribute whose value is not what the caller reads it as.
    #[cold]
    pub(crate) fn not_readable(
        model: &str,
        attribute: &str,
        value: &Value,
        expected: &str,
    ) -> Self {
        RequestError::with_values(RequestKind::Type, model, |show| {
            let found = show.value(value);
            format!("{attribute} is {found}, read as {expected}")
        })
    }

    /// The text, with values or without.
    pub(super) fn write(&self, show: Show, out: &mut dyn Write) -> fmt::Result {
        if !self.subject.is_empty() {
            write!(out, "{}: ", self.subject)?;
        }
        match (show, &self.redacted) {
            (Show::NoValues, Some(redacted)) => out.write_str(redacted),
            _ => out.write_str(&self.detail),
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bounded(f, |out| self.write(Show::Values, out))
    }
}
