//! A rule over one row.

use crate::error::{Error, ProblemKind, RequestKind, Result};
use crate::expr::{Bound, Cells, Expr, Scope};
use crate::schema::validate::Report;
use crate::schema::{CheckDef, Table};
use crate::value::DataType;

/// A predicate that must not be false for any row; unknown will do (integrity RI-45). It sees the complete row and
/// nothing else.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// Its name.
    pub name: Box<str>,
    /// The predicate as declared.
    pub expr: Expr,
    /// The columns that it looks at, ascending. A change of others cannot break it.
    pub columns: Vec<u32>,
    /// The predicate over rows in column order.
    pub(crate) bound: Bound,
}

impl Check {
    /// Whether a row breaks it.
    ///
    /// # Errors
    /// `Evaluation`, with the name of the check, if it has no value for the row.
    pub(crate) fn is_broken_by(&self, row: &(impl Cells + ?Sized)) -> Result<bool> {
        match self.bound.test(row) {
            Ok(answer) => Ok(answer == Some(false)),
            Err(Error::Request(error)) => Err(error.at(&format!("check {}", self.name)).into()),
            Err(error) => Err(error),
        }
    }
}

/// An expression over rows of a table names its columns; the ordinals are those of the table.
impl Scope for Table {
    fn subject(&self) -> &str {
        &self.name
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let ordinal = self.find_column(name)?;
        Some((ordinal, self.columns[ordinal as usize].data_type))
    }
}

/// The check with its names resolved; none if something is wrong with it.
pub(super) fn resolve(definition: &CheckDef, table: &Table, report: &mut Report) -> Option<Check> {
    match definition.expr.bind(table) {
        Ok(bound) => Some(Check {
            name: definition.name.as_str().into(),
            expr: definition.expr.clone(),
            columns: bound.columns().to_vec(),
            bound,
        }),
        Err(error) => {
            add_refusal(&format!("check {}", definition.name), &error, report);
            None
        }
    }
}

/// What is wrong with an expression, as a problem of the declaration that it stands in.
pub(super) fn add_refusal(what: &str, error: &Error, report: &mut Report) {
    let (kind, detail) = match error.as_request() {
        Some(request) => (problem_kind(request.kind), request.detail.clone()),
        None => (ProblemKind::Unsupported, error.to_string()),
    };
    report.add(kind, format!("{what}: {detail}"));
}

fn problem_kind(kind: RequestKind) -> ProblemKind {
    match kind {
        RequestKind::UnknownColumn => ProblemKind::Unknown,
        RequestKind::Type => ProblemKind::Type,
        RequestKind::Limit(limit) => ProblemKind::Limit(limit),
        _ => ProblemKind::Unsupported,
    }
}
