//! What a getter may ask for, besides which source and which association.
//!
//! They are the options of an include: a getter gives what including the association would give below its source.

use std::borrow::Cow;

use crate::association::link::{Association, Link};
use crate::error::{RequestKind, Result};
use crate::model::link::Place;
use crate::model::reader::Reader;
use crate::query::{Include, Rows, ScopeChoice};

/// The options, for a type with a field `options` of [`Include`].
macro_rules! option_methods {
    () => {
        /// Only targets for which a filter over their attributes is true. Of several filters, all have to be; the scope of
        /// the association always stays (associations SC-5).
        pub fn filter(mut self, filter: impl Into<$crate::expr::Expr>) -> Self {
            self.options = self.options.filter(filter);
            self
        }

        /// Only over rows of the junction for which a filter over their attributes is true (associations BTM-15).
        pub fn through_filter(mut self, filter: impl Into<$crate::expr::Expr>) -> Self {
            self.options = self.options.through_filter(filter);
            self
        }

        /// Ordered by this, then by what later calls say, then by primary key.
        pub fn order_by(mut self, order: impl Into<$crate::query::Order>) -> Self {
            self.options = self.options.order_by(order);
            self
        }

        /// At most so many targets of each source, counted after filters, required includes and order.
        pub fn limit(mut self, limit: usize) -> Self {
            self.options = self.options.limit(limit);
            self
        }

        /// Without the first targets of each source, counted after filters, required includes and order.
        pub fn offset(mut self, offset: usize) -> Self {
            self.options = self.options.offset(offset);
            self
        }

        /// Only these attributes of each target, in this order; those of a `has_many` are followed by the primary key
        /// (associations D10). For `rows`: an instance has all its attributes.
        pub fn attributes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.options = self.options.attributes(names);
            self
        }

        /// With an attribute that is worked out of each target, under a name of its own; see
        /// [`Select::with_attribute`](crate::query::Select::with_attribute). For `rows`, as `attributes`.
        pub fn with_attribute(
            mut self,
            name: impl Into<String>,
            expr: impl Into<$crate::expr::Expr>,
        ) -> Self {
            self.options = self.options.with_attribute(name, expr);
            self
        }

        /// Only these attributes of the junction row that comes with each target: the guide's `joinTableAttributes`. With
        /// none, no junction row comes (associations BTM-14).
        pub fn through_attributes(
            mut self,
            names: impl IntoIterator<Item = impl Into<String>>,
        ) -> Self {
            self.options = self.options.through_attributes(names);
            self
        }

        /// With this scope of the target's model instead of its default scope; several add up. The scope of the association
        /// always stays (associations SC-12).
        pub fn scope(mut self, name: impl Into<String>) -> Self {
            self.options = self.options.scope(name);
            self
        }

        /// Without the default scope of the target's model.
        pub fn unscoped(mut self) -> Self {
            self.options = self.options.unscoped();
            self
        }

        /// With targets that were softly deleted.
        pub fn with_deleted(mut self) -> Self {
            self.options = self.options.with_deleted();
            self
        }

        /// Over rows of the junction that were softly deleted as well (associations BTM-15).
        pub fn through_with_deleted(mut self) -> Self {
            self.options = self.options.through_with_deleted();
            self
        }

        /// With what is associated with each target, by an association of theirs (associations MX-7).
        pub fn include(mut self, include: impl Into<$crate::query::Include>) -> Self {
            self.options = self.options.include(include);
            self
        }
    };
}

pub(super) use option_methods;

/// Whether there are no options at all.
pub(super) fn are_none(options: &Include) -> bool {
    options.is_bare() && options.criteria.includes.is_empty()
}

/// The same for what looks at the rows that are there, whatever the default scope of their model (associations SC-11).
pub(super) fn without_default_scope(options: &Include) -> Include {
    let mut options = options.clone();
    if options.criteria.scope == ScopeChoice::Default {
        options.criteria.scope = ScopeChoice::None;
    }
    options
}

/// The association with the rows that were softly deleted where the options ask for them.
pub(super) fn widened<'a>(
    association: &'a Association,
    options: &Include,
    reader: Reader<'_>,
) -> Cow<'a, Association> {
    let registry = &reader.models.registry;
    let mut widened = Cow::Borrowed(association);
    let target = registry.model(association.target).deleted_at;
    if let Some(deleted_at) = target.filter(|_| options.criteria.with_deleted) {
        let scope = &mut widened.to_mut().scope;
        scope.retain(|(ordinal, _)| *ordinal != deleted_at);
    }
    if options.through_with_deleted
        && let Link::Through(junction) = &association.link
        && let Some(deleted_at) = registry.model(junction.model).deleted_at
    {
        widened.to_mut().link = Link::Through(junction.with_deleted(deleted_at));
    }
    widened
}

/// Refuses a recursion where instances are asked for: each would hold the next, as deep as the data.
pub(super) fn require_flat(rows: &Rows<'_>, place: Place<'_>) -> Result<()> {
    let Some(key) = rows.recursive() else {
        return Ok(());
    };
    let detail = format!("an instance holds no recursion of {key}; read that with `rows`");
    Err(place.refuse(RequestKind::Unsupported, detail))
}

/// Refuses parts of rows where instances are asked for: an instance has all its attributes.
pub(super) fn require_whole(options: &Include, place: Place<'_>) -> Result<()> {
    // As deep as includes may be nested.
    let mut all = vec![options];
    while let Some(options) = all.pop() {
        let listed = options.through_attributes.as_ref();
        let part_of_junction = listed.is_some_and(|names| !names.is_empty());
        if options.criteria.chooses_attributes() || part_of_junction {
            let detail = "an instance has all its attributes; read some of them with `rows`";
            return Err(place.refuse(RequestKind::Unsupported, detail));
        }
        all.extend(&options.criteria.includes);
    }
    Ok(())
}
