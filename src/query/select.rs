//! What is wanted, from the root on.
//!
//! Requests are plain data and hold names; running one checks it. Includes nest at most
//! [`DEPTH_MAX`](crate::query::DEPTH_MAX) deep: what would be deeper is left out while the request is built, and
//! noted, so that cloning, printing and dropping a request never go deeper, and running it is an error.

use crate::expr::Expr;
use crate::query::criteria::{Criteria, criteria_methods};
use crate::query::{Include, Order, Strategy};
use crate::value::Key;

/// A read of one model, with what is included.
///
/// ```
/// use relata::expr::col;
/// use relata::query::{desc, include, select};
///
/// let request = select("User")
///     .filter(col("active").eq(true))
///     .order_by(desc("created_at"))
///     .limit(10)
///     .include("company")
///     .include(include("tasks").filter(col("done").eq(false)).required(false).limit(3));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Select {
    pub(crate) model: String,
    pub(crate) criteria: Criteria,
    /// The place behind which the rows are.
    pub(crate) after: Option<Key>,
    pub(crate) strategy: Strategy,
}

/// A read of a model: all its rows in primary-key order, until something else is said.
pub fn select(model: impl Into<String>) -> Select {
    Select {
        model: model.into(),
        criteria: Criteria::default(),
        after: None,
        strategy: Strategy::Cheapest,
    }
}

impl Select {
    /// Only rows for which this is true. Of several filters, all have to be.
    ///
    /// A filter may reach associated rows:
    ///
    /// - [`related`](crate::expr::related) asks about them: whether there are any, whether something is true for all of them,
    ///   how many there are, what a sum or another aggregate of them is. It changes nothing about what is shown.
    /// - `col("company.name")` is a column at the end of a path of associations, null where there is no row. Over an
    ///   association to many the filter has to be true for one of the rows, all columns over one path being of the same one;
    ///   if the path is included, only the rows for which it is true are shown, and an include's own filter comes first. So
    ///   it is with joins in SQL.
    /// - Behind the name of its model stand the columns of a junction: `col("tags.PostTag.weight")`.
    ///
    /// What is reached is read with the scopes of its model. Set at a time: O(rows that are led to), and of two associations
    /// to many that one term is about together, O(their product) under each row.
    pub fn filter(mut self, filter: impl Into<Expr>) -> Self {
        self.criteria.filters.push(filter.into());
        self
    }

    /// Ordered by this, then by what later calls say, then by primary key. It may be a column over a path, such as
    /// `company.name`, or `tags.PostTag.weight` of a junction, an attribute that is worked out, or an expression: see
    /// [`Order`].
    pub fn order_by(mut self, order: impl Into<Order>) -> Self {
        self.criteria.order.push(order.into());
        self
    }

    /// At most so many rows, counted after filters, required includes and order.
    pub fn limit(mut self, limit: usize) -> Self {
        self.criteria.limit = Some(limit);
        self
    }

    /// Without the first rows, counted after filters, required includes and order.
    pub fn offset(mut self, offset: usize) -> Self {
        self.criteria.offset = Some(offset);
        self
    }

    /// Only rows behind a place in the order of the request: the one that [`Record::cursor`](crate::query::Record::cursor)
    /// gives for the last row of a page, so that `limit` gives the next page. It is the values of what is ordered by and then
    /// of the primary key; without an order the primary key alone. In an order over an association to many no row has a
    /// place: that is `Unsupported`.
    ///
    /// Unlike an offset, it stays right when rows are inserted or deleted between two pages, the row itself included, and
    /// it does not count rows off (beyond BY-5). It says nothing about `count`, as a limit says nothing.
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, desc, select, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Post", |it| it.attribute(Attribute::new("score", DataType::Int)));
    /// let mut db = models.sync()?;
    /// for score in [5, 9, 5, 7] {
    ///     db.create("Post", values! { score: score })?;
    /// }
    ///
    /// let page = || select("Post").order_by(desc("score")).limit(2);
    /// let rows = page().run(&db)?;
    /// let place = rows.last().expect("a full page").cursor()?;
    /// let next = page().after(place).run(&db)?;
    /// let ids: Vec<i64> = next.iter().map(|post| post.get_as("id")).collect::<relata::Result<_>>()?;
    /// assert_eq!(ids, [1, 3]);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn after(mut self, place: impl Into<Key>) -> Self {
        self.after = Some(place.into());
        self
    }

    /// Only these attributes of each row, in this order.
    pub fn attributes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.criteria.attributes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// With the rows of an association below each row: by its key, or with more to say about them. The same
    /// association twice is one include with what both say.
    pub fn include(mut self, include: impl Into<Include>) -> Self {
        self.criteria.include(include.into());
        self
    }

    /// With this scope of the model instead of its default scope; several add up. A filter adds to a scope that is named
    /// here, whereas the default scope's terms over one attribute give way to a filter over that attribute.
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.criteria.scope.add(name.into());
        self
    }

    criteria_methods!();
}
