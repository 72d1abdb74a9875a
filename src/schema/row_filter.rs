//! Which rows take part in a unique key.

use crate::error::ProblemKind;
use crate::expr::{Expr, Total};
use crate::schema::Table;
use crate::schema::check;
use crate::schema::validate::Report;

/// A predicate over one row: only rows for which it is true take part; false and unknown leave a row out. It is made of
/// expressions alone, and of those that cannot fail for a row, because an index is kept by it, also on the way back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RowFilter {
    /// The predicate as declared.
    pub expr: Expr,
    /// The columns that it looks at, ascending. A change of others moves no row in or out.
    pub columns: Vec<u32>,
    /// The predicate over rows in column order.
    pub(crate) bound: Total,
}

/// What was declared decides; the rest follows from it and the table.
impl PartialEq for RowFilter {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

/// The filter with its names resolved; none if something is wrong with it.
pub(super) fn resolve(
    what: &str,
    expr: &Expr,
    table: &Table,
    report: &mut Report,
) -> Option<RowFilter> {
    if expr.has_function() {
        let detail = format!("{what}: its filter has a closure in it");
        report.add(ProblemKind::Unsupported, detail);
        return None;
    }
    match expr.bind_total(table) {
        Ok(bound) => Some(RowFilter {
            expr: expr.clone(),
            columns: bound.columns().to_vec(),
            bound,
        }),
        Err(error) => {
            check::add_refusal(what, &error, report);
            None
        }
    }
}
