//! What is wanted of an association, below each row of its source.

use crate::association::owner::Owner;
use crate::association::registry::ModelEntry;
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::Expr;
use crate::query::select::{Criteria, add};
use crate::query::{Order, ScopeChoice};

/// The rows of an association, below each row of the model that declares it. A text is the association's key.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Include {
    pub(crate) association: String,
    pub(crate) criteria: Criteria,
    pub(crate) required: Option<bool>,
    pub(crate) through_filters: Vec<Expr>,
    /// Junction rows that were softly deleted as well.
    pub(crate) through_with_deleted: bool,
    /// None for all.
    pub(crate) through_attributes: Option<Vec<String>>,
    /// Of an owner, what is said of single ones of its associations besides.
    pub(crate) members: Vec<Include>,
}

/// The rows of an association: all of them in primary-key order, until something else is said.
pub fn include(association: impl Into<String>) -> Include {
    Include {
        association: association.into(),
        criteria: Criteria::default(),
        required: None,
        through_filters: Vec::new(),
        through_with_deleted: false,
        through_attributes: None,
        members: Vec::new(),
    }
}

impl Include {
    /// Only rows for which this is true. Of several filters, all have to be. Makes the include required, unless
    /// [`required`](Include::required) says otherwise.
    pub fn filter(mut self, filter: impl Into<Expr>) -> Self {
        self.criteria.filters.push(filter.into());
        self
    }

    /// Whether a source without any such row is left out. An include without a filter is not required by itself.
    pub fn required(mut self, required: bool) -> Self {
        self.required = Some(required);
        self
    }

    /// Ordered by this under each source, then by what later calls say, then by primary key.
    pub fn order_by(mut self, order: impl Into<Order>) -> Self {
        self.criteria.order.push(order.into());
        self
    }

    /// At most so many rows under each source. Never decides whether the source is left out.
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

    /// With the number of rows of an association below each of these rows, as
    /// [`Select::with_count`](crate::query::Select::with_count).
    pub fn with_count(mut self, association: impl Into<Include>) -> Self {
        self.criteria.count(association.into());
        self
    }

    /// With this scope of the target instead of its default scope; several add up. One with a filter makes
    /// the include required, unless [`required`](Include::required) says otherwise (associations SC-13).
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.criteria.scope.add(name.into());
        self
    }

    /// With these scopes of the target instead of its default scope, in whatever order.
    pub fn scopes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for name in names {
            self.criteria.scope.add(name.into());
        }
        self
    }

    /// Without the default scope of the target.
    pub fn unscoped(mut self) -> Self {
        self.criteria.scope = ScopeChoice::None;
        self
    }

    /// With rows that were softly deleted.
    pub fn with_deleted(mut self) -> Self {
        self.criteria.with_deleted = true;
        self
    }

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
    }

    /// Whether it names associations and says nothing else about them.
    pub(crate) fn is_bare(&self) -> bool {
        let Include {
            association: _,
            criteria,
            required,
            through_filters,
            through_with_deleted,
            through_attributes,
            members,
        } = self;
        criteria.is_bare()
            && required.is_none()
            && through_filters.is_empty()
            && !through_with_deleted
            && through_attributes.is_none()
            && members.is_empty()
    }

    /// What is said here that says nothing about a number of rows.
    pub(crate) fn what_no_count_has(&self) -> Option<&'static str> {
        let criteria = &self.criteria;
        let optional = |include: &Include| !include.is_required(&include.criteria.filters);
        let found = [
            (!criteria.order.is_empty(), "an order"),
            (criteria.limit.is_some(), "a limit"),
            (criteria.offset.is_some(), "an offset"),
            (criteria.attributes.is_some(), "attributes"),
            (self.through_attributes.is_some(), "junction attributes"),
            (self.required.is_some(), "required or not"),
            (!criteria.counts.is_empty(), "a count in it"),
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
        self.through_filters.extend(other.through_filters);
        self.through_with_deleted |= other.through_with_deleted;
        self.through_attributes = other.through_attributes.or(self.through_attributes.take());
        for member in other.members {
            add(&mut self.members, member);
        }
    }
}

impl<T: Into<String>> From<T> for Include {
    fn from(association: T) -> Self {
        include(association)
    }
}
