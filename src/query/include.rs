//! What is wanted of an association, below each row of its source.

use crate::association::Alias;
use crate::association::owner::Owner;
use crate::association::registry::ModelEntry;
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::Expr;
use crate::query::Order;
use crate::query::criteria::{Criteria, add, criteria_methods};

/// The rows of an association, below each row of the model that declares it. A text is the association's key; or the name
/// of the model that it leads to, if it was declared without an alias, or with [`alias`](Include::alias).
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Include {
    /// Its key, or the name of the model that it leads to.
    pub(crate) association: String,
    /// What the association to the named model is called.
    pub(crate) alias: Option<Alias>,
    pub(crate) criteria: Criteria,
    pub(crate) required: Option<bool>,
    /// Which rows come below a source, instead of those that the keys lead to.
    pub(crate) on: Option<Expr>,
    /// Whether rows for which the filters are true come besides those that the keys lead to.
    pub(crate) or: bool,
    pub(crate) through_filters: Vec<Expr>,
    /// Junction rows that were softly deleted as well.
    pub(crate) through_with_deleted: bool,
    /// None for all.
    pub(crate) through_attributes: Option<Vec<String>>,
    /// Of an owner, what is said of single ones of its associations besides.
    pub(crate) members: Vec<Include>,
    /// Below the rows that it leads to, it is included again.
    pub(crate) recursion: Option<Recursion>,
}

/// How often an association of a model with itself is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recursion {
    /// None for as often as it leads to something new.
    pub(crate) depth_max: Option<usize>,
}

/// The rows of an association: all of them in primary-key order, until something else is said.
pub fn include(association: impl Into<String>) -> Include {
    Include {
        association: association.into(),
        alias: None,
        criteria: Criteria::default(),
        required: None,
        on: None,
        or: false,
        through_filters: Vec::new(),
        through_with_deleted: false,
        through_attributes: None,
        members: Vec::new(),
        recursion: None,
    }
}

impl Include {
    /// What the association is called that leads to the named model: `include("Task").alias("openTasks")`, which is the same
    /// as `include("openTasks")`; or both forms of it, `("openTask", "openTasks")`.
    pub fn alias(mut self, alias: impl Into<Alias>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Only rows for which this is true. Of several filters, all have to be. Makes the include required, unless
    /// [`required`](Include::required) says otherwise. It may reach associated rows, as
    /// [`Select::filter`](crate::query::Select::filter), and the junction row that leads to each row by the name of its
    /// model: `col("PostTag.weight")`.
    pub fn filter(mut self, filter: impl Into<Expr>) -> Self {
        self.criteria.filters.push(filter.into());
        self
    }

    /// Whether a source without any such row is left out. An include without a filter is not required by itself.
    pub fn required(mut self, required: bool) -> Self {
        self.required = Some(required);
        self
    }

    /// Ordered by this under each source, then by what later calls say, then by primary key. Without a word about it the
    /// rows follow what the order above says about this association ([`Order`]), and else come by primary key.
    pub fn order_by(mut self, order: impl Into<Order>) -> Self {
        self.criteria.order.push(order.into());
        self
    }

    /// At most so many rows under each source. Never decides whether the source is left out. Of children that stand in the
    /// order wanted, as those of a table with ascending integer keys do, no others are read; `explain` tells it as `stop`.
    pub fn limit(mut self, limit: usize) -> Self {
        self.criteria.limit = Some(limit);
        self
    }

    /// Without the first rows under each source. Never decides whether the source is left out.
    pub fn offset(mut self, offset: usize) -> Self {
        self.criteria.offset = Some(offset);
        self
    }

    /// Only these attributes of each row, in this order. With none, and nothing included below, the rows decide which
    /// sources are left out but are not part of the result.
    pub fn attributes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.criteria.attributes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Only these attributes of the junction row that comes with each row; with none, no junction row comes.
    pub fn through_attributes(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.through_attributes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Only over junction rows for which this is true. Does not make the include required.
    pub fn through_filter(mut self, filter: impl Into<Expr>) -> Self {
        self.through_filters.push(filter.into());
        self
    }

    /// Over junction rows that were softly deleted as well.
    pub fn through_with_deleted(mut self) -> Self {
        self.through_with_deleted = true;
        self
    }

    /// Which rows come below a source, instead of those that the keys of the association lead to; what else the association
    /// says of its rows still holds. The columns of the source stand behind the name of its model. Not for associations
    /// over a junction. O(sources × rows of the target).
    ///
    /// ```
    /// use relata::query::{include, select};
    /// use relata::expr::col;
    ///
    /// let cheaper = include("offers").on(col("price").lt(col("Product.price")));
    /// let request = select("Product").include(cheaper);
    /// ```
    pub fn on(mut self, on: impl Into<Expr>) -> Self {
        self.on = Some(on.into());
        self
    }

    /// Rows for which the filters are true as well as those that the keys lead to, below every source. As
    /// [`on`](Include::on).
    pub fn or(mut self, or: bool) -> Self {
        self.or = or;
        self
    }

    /// With the rows of an association below each of these rows. The same association twice is one include with what
    /// both say.
    pub fn include(mut self, include: impl Into<Include>) -> Self {
        self.criteria.include(include.into());
        self
    }

    /// Of an owner in one of several models, what is wanted besides of those of one model: an include of the association to
    /// that model. Whether the owner is required is said for all of them together.
    ///
    /// ```
    /// use relata::query::{include, select};
    ///
    /// let commentable = include("commentable").member(include("Post").include("author"));
    /// let request = select("Comment").include(commentable);
    /// ```
    pub fn member(mut self, member: impl Into<Include>) -> Self {
        let member = member.into();
        if self.criteria.reaches(&member) {
            add(&mut self.members, member);
        }
        self
    }

    /// With the same include below each row that it leads to, and so on, until that leads to nothing new: for an association
    /// of a model with itself, such as the children of a category.
    ///
    /// Under each row that it begins at, a row stands as itself once: where it is found first, depth by depth and in order,
    /// the row that it begins at included. Found again, it is a *reference*
    /// ([`Record::is_reference`](crate::query::Record::is_reference)), below which nothing is loaded. So rings end, and under
    /// each beginning there are at most as many rows as the table has rows and links between them.
    ///
    /// Filter, order, limit and offset hold below each row, at every depth: what they leave out is not followed. Whether
    /// the include is [`required`](Include::required) is judged on what is right below the row that it begins at; other
    /// includes in it, required ones among them, hold for every row that is no reference.
    ///
    /// The rows are read like any others, by [`many`](crate::query::Record::many) or [`one`](crate::query::Record::one) at
    /// every depth, or as a walk by [`Rows::depth_first`](crate::query::Rows::depth_first), however deep they are. Nested
    /// JSON goes to a depth of 1,000.
    ///
    /// Running it costs O(rows + links) under each row that it begins at. Refused as `Unsupported` for an association
    /// between two models, for a count, and where the same association is included again in it.
    ///
    /// ```
    /// use relata::{Attribute, DataType, HasMany, Models, col, include, select, tree};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Folder", |it| it.attribute(Attribute::new("name", DataType::Text)));
    /// models.has_many("Folder", HasMany::new("Folder").alias("folders").foreign_key("parentId"));
    /// let mut db = models.sync()?;
    /// let query = tree! { name: "query", folders: [{ name: "planner" }, { name: "execute" }] };
    /// db.create_tree("Folder", tree! { name: "src" }.with("folders", [query]))?;
    ///
    /// let request = select("Folder").filter(col("parentId").is_null());
    /// let rows = request.include(include("folders").order_by("name").recursive()).run(&db)?;
    /// let mut text = String::new();
    /// for visit in rows.depth_first() {
    ///     text += &format!("{}{}\n", "  ".repeat(visit.depth), visit.record.get_as::<&str>("name")?);
    /// }
    /// assert_eq!(text, "src\n  query\n    execute\n    planner\n");
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn recursive(mut self) -> Self {
        self.recursion = Some(Recursion { depth_max: None });
        self
    }

    /// As [`recursive`](Include::recursive), to this depth at most: 1 is what the include finds without it. What is below
    /// the rows at that depth is not loaded.
    pub fn recursive_to(mut self, depth: usize) -> Self {
        let depth_max = Some(depth);
        self.recursion = Some(Recursion { depth_max });
        self
    }

    /// Accepted, and means nothing: every include is read by itself, whatever its association, and may be ordered and
    /// cut under each source.
    pub fn separate(self, _separate: bool) -> Self {
        self
    }

    /// A right join, which keeps rows without a source, is refused as `Unsupported` when the request is run.
    pub fn right(mut self, right: bool) -> Self {
        self.criteria.refuse_if(right, "`right`, a right join");
        self
    }

    /// `duplicating(false)`, which makes a limit count joined rows, is refused as `Unsupported` when the request is run: a
    /// limit counts rows of the root.
    pub fn duplicating(mut self, duplicating: bool) -> Self {
        let what = "`duplicating(false)`, a limit on joined rows";
        self.criteria.refuse_if(!duplicating, what);
        self
    }

    /// With this scope of the target instead of its default scope; several add up. One with a filter makes
    /// the include required, unless [`required`](Include::required) says otherwise (associations SC-13).
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.criteria.scope.add(name.into());
        self
    }

    criteria_methods!();

    /// Whether a source without any such row is left out, where the target's scopes and the include together filter so
    /// (associations EL-19, EL-28, SC-13).
    pub(crate) fn is_required(&self, filters: &[Expr]) -> bool {
        self.required.unwrap_or(!filters.is_empty())
    }

    /// Whether it leaves no row out by itself; what is required below it may.
    pub(crate) fn is_whole(&self) -> bool {
        self.criteria.filters.is_empty()
            && self.criteria.limit.is_none()
            && self.criteria.offset.is_none()
            && self.through_filters.is_empty()
            && self.on.is_none()
    }

    /// Whether it names associations and says nothing else about them.
    pub(crate) fn is_bare(&self) -> bool {
        let Include {
            association: _,
            alias: _,
            criteria,
            required,
            on,
            or,
            through_filters,
            through_with_deleted,
            through_attributes,
            members,
            recursion,
        } = self;
        criteria.is_bare()
            && required.is_none()
            && on.is_none()
            && !or
            && through_filters.is_empty()
            && !through_with_deleted
            && through_attributes.is_none()
            && members.is_empty()
            && recursion.is_none()
    }

    /// What is said here that says nothing about a number of rows.
    pub(crate) fn what_no_count_has(&self) -> Option<&'static str> {
        let criteria = &self.criteria;
        let optional = |include: &Include| !include.is_required(&include.criteria.filters);
        let found = [
            (!criteria.order.is_empty(), "an order"),
            (criteria.limit.is_some(), "a limit"),
            (criteria.offset.is_some(), "an offset"),
            (criteria.chooses_attributes(), "attributes"),
            (self.through_attributes.is_some(), "junction attributes"),
            (self.required.is_some(), "required or not"),
            (!criteria.counts.is_empty(), "a count in it"),
            (self.recursion.is_some(), "a recursion"),
            (
                criteria.includes.iter().any(optional),
                "an include that is not required",
            ),
        ];
        found
            .into_iter()
            .find(|(said, _)| *said)
            .map(|(_, what)| what)
    }

    /// The includes that one of an owner comes to: one of each of its associations, in their order.
    ///
    /// # Errors
    /// `UnknownAssociation` for a member that the owner does not have, `Unsupported` for one that is required or not.
    pub(crate) fn of_owner(&self, source: &ModelEntry, owner: &Owner) -> Result<Vec<Include>> {
        let refuse = |kind, detail: String| {
            let subject = format!("{}.{}", source.name, owner.key);
            Err(RequestError::new(kind, subject, detail).into())
        };
        let all = std::iter::once(self).chain(&self.members);
        if all.into_iter().any(|said| said.recursion.is_some()) {
            return refuse(
                RequestKind::Unsupported,
                "a recursion of an owner".to_owned(),
            );
        }
        for said in &self.members {
            let name = &said.association;
            if source.members(owner).all(|member| *member.key != **name) {
                let names = source.member_names(owner);
                let detail = format!("{name} is none of its associations, which are {names}");
                return refuse(RequestKind::UnknownAssociation, detail);
            }
            if said.required.is_some() {
                let detail =
                    format!("{name} cannot be required or not by itself: say it of the owner");
                return refuse(RequestKind::Unsupported, detail);
            }
        }
        let member = |key: &str| {
            let mut member = Include {
                association: key.to_owned(),
                alias: None,
                members: Vec::new(),
                ..self.clone()
            };
            let said = self.members.iter().find(|said| said.association == key);
            if let Some(said) = said {
                member.merge(said.clone());
            }
            member
        };
        Ok(source.members(owner).map(|it| member(&it.key)).collect())
    }

    /// Takes on what another include of the same association says.
    pub(crate) fn merge(&mut self, other: Include) {
        self.criteria.merge(other.criteria);
        self.required = other.required.or(self.required);
        self.on = other.on.or(self.on.take());
        self.or |= other.or;
        self.through_filters.extend(other.through_filters);
        self.through_with_deleted |= other.through_with_deleted;
        self.through_attributes = other.through_attributes.or(self.through_attributes.take());
        for member in other.members {
            add(&mut self.members, member);
        }
        self.recursion = other.recursion.or(self.recursion);
    }
}

impl<T: Into<String>> From<T> for Include {
    fn from(association: T) -> Self {
        include(association)
    }
}
