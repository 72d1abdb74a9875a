//! A request that names something unknown, or asks what cannot be answered.

use std::fmt;

/// What a request got wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// The sort of mistake.
    pub kind: RequestKind,
    /// The table or model that the request is about; empty where there is none.
    pub subject: String,
    /// What is wrong, with the names and values involved.
    pub detail: String,
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
    /// No scope of that name.
    UnknownScope,
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
    /// A model's own validation refused the values.
    Validation,
    /// One row addressed twice in a statement that may address it once.
    Repeated,
    /// The request was prepared for another schema.
    SchemaChanged,
    /// Changes that do not fit the state they are applied to.
    Conflict,
    /// Something relies on what was to be dropped; the detail names it.
    InUse,
    /// Nested or large beyond its limit.
    Limit,
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
            RequestKind::Type => "42804",
            RequestKind::KeyLength => "42601",
            RequestKind::NotFound => "02000",
            RequestKind::NotLoaded | RequestKind::Unsaved | RequestKind::Validation => "22023",
            RequestKind::Repeated => "21000",
            RequestKind::SchemaChanged => "0A000",
            RequestKind::Conflict => "40001",
            RequestKind::InUse => "2BP01",
            RequestKind::Limit => "54001",
            RequestKind::Unsupported => "0A000",
        }
    }
}

impl RequestError {
    /// A mistake about a table or model.
    pub(crate) fn new(
        kind: RequestKind,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        RequestError {
            kind,
            subject: subject.into(),
            detail: detail.into(),
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.subject.is_empty() {
            return f.write_str(&self.detail);
        }
        write!(f, "{}: {}", self.subject, self.detail)
    }
}
