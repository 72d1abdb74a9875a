//! Aggregates: one number, or value, about many rows.
//!
//! Here they are plain data: what is worked out, of which attribute or expression of each row. Which rows those are is said by
//! the request: all that it finds, those of a group, or those at the end of a path of associations
//! ([`RelatedRows::aggregate`](crate::expr::RelatedRows::aggregate)).

use std::fmt;

use crate::expr::{Expr, Op, col};

/// One number, or value, about many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    pub(crate) function: AggregateFunction,
    /// None for the rows themselves.
    pub(crate) of: Option<Expr>,
    pub(crate) distinct: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateFunction {
    Count,
    Sum,
    Average,
    Least,
    Greatest,
}

/// An attribute, or an expression over the attributes of a row. A text is the name of an attribute, or a path to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    pub(crate) expr: Expr,
}

/// How many rows there are: an int.
pub fn count_rows() -> Aggregate {
    Aggregate {
        function: AggregateFunction::Count,
        of: None,
        distinct: false,
    }
}

/// How many rows have a value of an attribute or expression: an int.
pub fn count(of: impl Into<Operand>) -> Aggregate {
    Aggregate::of(AggregateFunction::Count, of)
}

/// The sum of an attribute or expression: an int of ints, exact, and an error if it is out of range; a float of floats,
/// added in primary-key order. Null of no values.
pub fn sum(of: impl Into<Operand>) -> Aggregate {
    Aggregate::of(AggregateFunction::Sum, of)
}

/// The average of an attribute or expression: a float, of ints from their exact sum. Null of no values.
pub fn avg(of: impl Into<Operand>) -> Aggregate {
    Aggregate::of(AggregateFunction::Average, of)
}

/// The least value of an attribute or expression, of whatever type, in the order of its type. Null of no values.
pub fn min(of: impl Into<Operand>) -> Aggregate {
    Aggregate::of(AggregateFunction::Least, of)
}

/// The greatest value of an attribute or expression, of whatever type, in the order of its type. Null of no values.
pub fn max(of: impl Into<Operand>) -> Aggregate {
    Aggregate::of(AggregateFunction::Greatest, of)
}

impl Aggregate {
    fn of(function: AggregateFunction, of: impl Into<Operand>) -> Self {
        Aggregate {
            function,
            of: Some(of.into().expr),
            distinct: false,
        }
    }

    /// Over different values: each counts once, however many rows have it.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// Whether it is the number of rows, whatever they hold.
    pub(super) fn is_of_rows(&self) -> bool {
        self.of.is_none() && !self.distinct
    }
}

impl AggregateFunction {
    fn name(self) -> &'static str {
        match self {
            AggregateFunction::Count => "count",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Average => "avg",
            AggregateFunction::Least => "min",
            AggregateFunction::Greatest => "max",
        }
    }
}

/// As in SQL: `sum(distinct score)`.
impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distinct = if self.distinct { "distinct " } else { "" };
        write!(f, "{}({distinct}", self.function.name())?;
        match &self.of {
            Some(expr) => write!(f, "{expr})"),
            None => f.write_str("*)"),
        }
    }
}

impl<T: Into<String>> From<T> for Operand {
    fn from(attribute: T) -> Self {
        let name: String = attribute.into();
        Operand { expr: col(name) }
    }
}

impl From<Expr> for Operand {
    fn from(expr: Expr) -> Self {
        Operand { expr }
    }
}

impl Expr {
    /// The name, if it is a column and nothing else.
    pub(crate) fn as_column(&self) -> Option<&str> {
        match self.ops.as_slice() {
            [Op::Column(name)] => Some(name),
            _ => None,
        }
    }
}
