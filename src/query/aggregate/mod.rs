//! Numbers about rows instead of rows: counts, sums, averages, least and greatest values, of all rows or by group.
//!
//! [`Select::aggregate`] and [`Select::group_by`] turn a request for rows into one for [`Groups`]:
//! its filters and required includes decide which rows count, as they decide for
//! [`count`](crate::query::Select::count). `grouped` is the request, `prepared` how it is run, `fold` the arithmetic, `groups`
//! the result. An aggregate of the rows of an association below each row is asked for with
//! [`related`](crate::expr::related), wherever a value of a row goes.
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
mod prepared;
mod groups;

pub use crate::expr::aggregate::{Aggregate, avg, count, count_rows, max, min, sum};

pub(crate) use self::fold::{Fold, Source};
pub use self::grouped::Grouped;
pub use self::groups::{Group, Groups};
pub use self::prepared::PreparedGroups;
