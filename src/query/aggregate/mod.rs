//! Numbers about rows instead of rows: counts, sums, averages, least and greatest values, of all rows or by group.
//!
//! [`Select::aggregate`] and [`Select::group_by`] turn a request for rows into one for [`Groups`]:
//! its filters and required includes decide which rows count, as they decide for
//! [`count`](crate::query::Select::count). `grouped` is the request, `fold` the arithmetic, `groups` the result.
//!
//! Aggregates are those of SQL: nulls are left out, except by [`count_rows`]; of no values the count is 0 and everything
//! else null. The order of the rows never shows: integers are summed exactly, floats in primary-key order.
//!
//! ```
//! use relata::aggregate::{count_rows, max};
//! use relata::{Attribute, DataType, Models, col, desc, select, values};
//!
//! let mut models = Models::new();
//! models.define_with("Post", |it| {
//!     it.attribute(Attribute::new("author", DataType::Text)).attribute(Attribute::new("score", DataType::Int))
//! });
//! let mut db = models.sync()?;
//! for (author, score) in [("Ada", 5), ("Bob", 7), ("Ada", 9)] {
//!     db.create("Post", values! { author: author, score: score })?;
//! }
//!
//! let authors = select("Post")
//!     .group_by(["author"])
//!     .aggregate("posts", count_rows())
//!     .aggregate("best", max("score"))
//!     .having(col("best").gt(6))
//!     .order_by(desc("posts"))
//!     .run(&db)?;
//! let best: Vec<(&str, i64)> = authors
//!     .iter()
//!     .map(|group| Ok((group.get_as("author")?, group.get_as("best")?)))
//!     .collect::<relata::Result<_>>()?;
//! assert_eq!(best, [("Ada", 9), ("Bob", 7)]);
//! assert_eq!(select("Post").calculate(max("score"), &db)?, 9.into());
//! # Ok::<(), relata::Error>(())
//! ```
//!
//! [`Select::aggregate`]: crate::query::Select::aggregate
//! [`Select::group_by`]: crate::query::Select::group_by

mod fold;
mod grouped;
mod groups;

use std::fmt;

pub use self::grouped::Grouped;
pub use self::groups::{Group, Groups};

/// One number, or value, about many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    function: Function,
    /// None for the rows themselves.
    attribute: Option<String>,
    distinct: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Count,
    Sum,
    Average,
    Least,
    Greatest,
}

/// How many rows there are: an int.
pub fn count_rows() -> Aggregate {
    Aggregate {
        function: Function::Count,
        attribute: None,
        distinct: false,
    }
}

/// How many rows have a value of an attribute: an int.
pub fn count(attribute: impl Into<String>) -> Aggregate {
    Aggregate::of(Function::Count, attribute)
}

/// The sum of an attribute: an int of ints, exact, and an error if it is out of range; a float of floats, added in
/// primary-key order. Null of no values.
pub fn sum(attribute: impl Into<String>) -> Aggregate {
    Aggregate::of(Function::Sum, attribute)
}

/// The average of an attribute: a float, of ints from their exact sum. Null of no values.
pub fn avg(attribute: impl Into<String>) -> Aggregate {
    Aggregate::of(Function::Average, attribute)
}

/// The least value of an attribute, of whatever type, in the order of its type. Null of no values.
pub fn min(attribute: impl Into<String>) -> Aggregate {
    Aggregate::of(Function::Least, attribute)
}

/// The greatest value of an attribute, of whatever type, in the order of its type. Null of no values.
pub fn max(attribute: impl Into<String>) -> Aggregate {
    Aggregate::of(Function::Greatest, attribute)
}

impl Aggregate {
    fn of(function: Function, attribute: impl Into<String>) -> Self {
        Aggregate {
            function,
            attribute: Some(attribute.into()),
            distinct: false,
        }
    }

    /// Over different values: each counts once, however many rows have it.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Function::Count => "count",
            Function::Sum => "sum",
            Function::Average => "avg",
            Function::Least => "min",
            Function::Greatest => "max",
        }
    }
}

/// As in SQL: `sum(distinct score)`.
impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distinct = if self.distinct { "distinct " } else { "" };
        let of = self.attribute.as_deref().unwrap_or("*");
        write!(f, "{}({distinct}{of})", self.function.name())
    }
}
