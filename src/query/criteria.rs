//! What a root and an include have in common: which rows, in which order, with what of them and below them.
//!
//! [`Select`](crate::query::Select) and [`Include`] hold it and are built by the same words; those that say the same of both
//! are written here.

use crate::expr::Expr;
use crate::query::attributes::add_computed;
use crate::query::{DEPTH_MAX, Include, IncludeAll, Order, ScopeChoice};

/// Which rows, in which order, with what of them and below them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Criteria {
    /// All have to be true.
    pub(crate) filters: Vec<Expr>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: Option<usize>,
    /// None for all.
    pub(crate) attributes: Option<Vec<String>>,
    /// Left out of those.
    pub(crate) excluded: Vec<String>,
    /// Worked out, by name. No two of one name.
    pub(crate) computed: Vec<(String, Expr)>,
    /// No two of one association.
    pub(crate) includes: Vec<Include>,
    /// What stands for all associations that are not among the includes.
    pub(crate) alls: Vec<IncludeAll>,
    /// What is only counted below each row. No two of one association.
    pub(crate) counts: Vec<Include>,
    pub(crate) scope: ScopeChoice,
    /// Rows that were softly deleted as well.
    pub(crate) with_deleted: bool,
    /// What was asked for that nobody offers.
    pub(crate) refused: Option<&'static str>,
    /// How many levels of includes there are below.
    depth: u32,
    /// An include that would have been nested too deep was left out.
    pub(crate) too_deep: bool,
}

/// What is said of rows alike at a root and in an include, for a type with a field `criteria` of [`Criteria`].
macro_rules! criteria_methods {
    () => {
        /// Without these attributes of each row. What [`attributes`](Self::attributes) lists is listed before, and what
        /// [`with_attribute`](Self::with_attribute) adds comes after.
        pub fn without_attributes(
            mut self,
            names: impl IntoIterator<Item = impl Into<String>>,
        ) -> Self {
            self.criteria
                .excluded
                .extend(names.into_iter().map(Into::into));
            self
        }

        /// With an attribute that is worked out of each row, after those that are columns, under a name of its own: one of two
        /// with the same name counts, the later one. It stands among the attributes of a record, in JSON and in joined rows, and
        /// is worked out once for each row of the result, whatever was cut. An order may be by its name, and then it is worked
        /// out for the rows that are ordered as well; no filter sees it.
        ///
        /// An attribute of the model may be given another name so, or its own where it is not shown otherwise.
        ///
        /// It may reach associated rows without loading them: `related("posts").count()`, `related("posts").sum("likes")` and
        /// the other questions of [`related`](crate::expr::related); and columns over associations to one, `col("company.name")`,
        /// null where there is no row. Set at a time: O(rows that are led to). A column over an association to many is refused as
        /// `Unsupported`.
        ///
        /// ```
        /// use relata::{Attribute, DataType, ModelDef, Models, Value, col, select, values};
        ///
        /// let mut models = Models::new();
        /// models.define(
        ///     ModelDef::new("Sale")
        ///         .attribute(Attribute::new("price", DataType::Int))
        ///         .attribute(Attribute::new("amount", DataType::Int))
        ///         .timestamps(false),
        /// );
        /// let mut db = models.sync()?;
        /// db.create("Sale", values! { price: 7, amount: 3 })?;
        ///
        /// let sales = select("Sale").without_attributes(["id"]).with_attribute("total", col("price") * col("amount"));
        /// let rows = sales.run(&db)?;
        /// let sale = rows.first().expect("there is one");
        /// assert_eq!(sale.get_as::<i64>("total")?, 21);
        /// assert_eq!(sale.attributes().map(|(name, _)| name).collect::<Vec<_>>(), ["price", "amount", "total"]);
        /// # Ok::<(), relata::Error>(())
        /// ```
        pub fn with_attribute(
            mut self,
            name: impl Into<String>,
            expr: impl Into<$crate::expr::Expr>,
        ) -> Self {
            $crate::query::attributes::add_computed(
                &mut self.criteria.computed,
                name.into(),
                expr.into(),
            );
            self
        }

        /// With the rows of all associations, or those of some kinds, below each row. What is said of an association by itself
        /// goes before that.
        ///
        /// ```
        /// use relata::query::{IncludeKind, include_all, select};
        ///
        /// let request = select("User").include_all(include_all().only([IncludeKind::HasMany]).each(|it| it.limit(3)));
        /// ```
        pub fn include_all(mut self, all: $crate::query::IncludeAll) -> Self {
            self.criteria.include_all(all);
            self
        }

        /// `sub_query(false)`, which makes a limit count joined rows, is refused as `Unsupported` when the request is run: a
        /// limit counts rows of the root.
        pub fn sub_query(mut self, sub_query: bool) -> Self {
            let what = "`sub_query(false)`, a limit on joined rows";
            self.criteria.refuse_if(!sub_query, what);
            self
        }

        /// With the number of rows of an association below each row, read by [`Record::count`](crate::query::Record::count):
        /// of those that pass filters, junction filters and required includes, if it has any. The rows are not loaded; without
        /// such conditions and over a foreign key they are not looked at either. The same association twice is one count with
        /// what both say. A row with none is part of the result, with 0.
        ///
        /// An order, a limit, attributes or an optional include say nothing about a number: with one of them the request is
        /// refused as `Unsupported`.
        ///
        /// ```
        /// use relata::expr::col;
        /// use relata::query::{include, select};
        ///
        /// let request = select("Post")
        ///     .with_count("comments")
        ///     .with_count(include("tags").filter(col("color").eq("red")));
        /// ```
        pub fn with_count(mut self, association: impl Into<$crate::query::Include>) -> Self {
            self.criteria.count(association.into());
            self
        }

        /// With these scopes of the model instead of its default scope, in whatever order.
        pub fn scopes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
            for name in names {
                self.criteria.scope.add(name.into());
            }
            self
        }

        /// Without the default scope of the model.
        pub fn unscoped(mut self) -> Self {
            self.criteria.scope = $crate::query::ScopeChoice::None;
            self
        }

        /// With rows that were softly deleted.
        pub fn with_deleted(mut self) -> Self {
            self.criteria.with_deleted = true;
            self
        }
    };
}

pub(super) use criteria_methods;

impl Criteria {
    /// One more include, merged with the one of the same association if there is one (associations EL-8).
    pub(crate) fn include(&mut self, include: Include) {
        if self.reaches(&include) {
            add(&mut self.includes, include);
        }
    }

    /// One more count, likewise. It is no include: there may be one of the same association beside it.
    pub(crate) fn count(&mut self, counted: Include) {
        if self.reaches(&counted) {
            add(&mut self.counts, counted);
        }
    }

    /// With all associations but those that are included by themselves.
    pub(crate) fn include_all(&mut self, all: IncludeAll) {
        if self.reaches(all.options()) {
            self.alls.push(all);
        }
    }

    /// Notes something that nobody offers, to be told when the request is run.
    pub(crate) fn refuse_if(&mut self, asked: bool, what: &'static str) {
        if asked {
            self.refused = Some(what);
        }
    }

    /// Whether an include below would not be too deep.
    pub(super) fn reaches(&mut self, include: &Include) -> bool {
        let within = include.criteria.depth < DEPTH_MAX;
        match within {
            true => self.depth = self.depth.max(include.criteria.depth + 1),
            false => self.too_deep = true,
        }
        within
    }

    /// Whether it says which attributes of a row are wanted.
    pub(crate) fn chooses_attributes(&self) -> bool {
        self.attributes.is_some() || !self.excluded.is_empty() || !self.computed.is_empty()
    }

    /// Whether nothing is said but what is included.
    pub(crate) fn is_bare(&self) -> bool {
        let Criteria {
            filters,
            order,
            limit,
            offset,
            attributes: _,
            excluded: _,
            computed: _,
            includes: _,
            alls,
            counts,
            scope,
            with_deleted,
            refused,
            depth: _,
            too_deep: _,
        } = self;
        filters.is_empty()
            && order.is_empty()
            && limit.is_none()
            && offset.is_none()
            && !self.chooses_attributes()
            && counts.is_empty()
            && alls.is_empty()
            && refused.is_none()
            && *scope == ScopeChoice::Default
            && !with_deleted
    }

    /// Says more over what a scope says: as [`merge`](Criteria::merge), but an order replaces that of the scope.
    pub(crate) fn say_over(&mut self, said: &Criteria) {
        if !said.order.is_empty() {
            self.order.clear();
        }
        self.merge(said.clone());
    }

    /// Filters add up; of the rest, what is said later goes first, or follows where it is a list of includes or orders.
    pub(crate) fn merge(&mut self, other: Criteria) {
        self.filters.extend(other.filters);
        self.order.extend(other.order);
        self.limit = other.limit.or(self.limit);
        self.offset = other.offset.or(self.offset);
        self.attributes = other.attributes.or(self.attributes.take());
        self.excluded.extend(other.excluded);
        for (name, expr) in other.computed {
            add_computed(&mut self.computed, name, expr);
        }
        self.scope.merge(other.scope);
        self.with_deleted |= other.with_deleted;
        self.too_deep |= other.too_deep;
        self.refused = other.refused.or(self.refused);
        self.alls.extend(other.alls);
        for include in other.includes {
            self.include(include);
        }
        for counted in other.counts {
            self.count(counted);
        }
    }
}

/// One more include, merged with the one of the same association if there is one.
pub(super) fn add(includes: &mut Vec<Include>, include: Include) {
    let same = |found: &&mut Include| {
        found.association == include.association && found.alias == include.alias
    };
    match includes.iter_mut().find(same) {
        Some(found) => found.merge(include),
        None => includes.push(include),
    }
}
