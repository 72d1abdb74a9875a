//! Filters and scopes over the rows of one model as one predicate.
//!
//! A filter takes in the scope of its association, so that nothing below knows scopes. Terms that a row does not answer by
//! itself are left to `reach`.

use std::borrow::Cow;

use crate::association::attributes::Attributes;
use crate::association::link::{Conditions, Junction};
use crate::association::registry::ModelEntry;
use crate::error::Result;
use crate::expr::{Bound, Expr, all, col};
use crate::query::Include;
use crate::query::attributes::Shown;
use crate::query::node::JunctionNode;
use crate::query::resolve::Resolver;
use crate::value::Value;

impl Resolver<'_> {
    pub(super) fn junction(
        &self,
        through: &Junction,
        (scope, conditions): (&[(u32, Value)], Option<&Conditions>),
        include: &Include,
    ) -> Result<JunctionNode> {
        let model = self.registry.model(through.model);
        let mut filters = Cow::Borrowed(&include.through_filters[..]);
        if let Some(conditions) = conditions {
            filters.to_mut().push(conditions.expr.clone());
        }
        Ok(JunctionNode {
            model: model.id,
            filter: self.filter(
                model,
                &seen(model, scope, include.through_with_deleted),
                &filters,
            )?,
            attributes: Shown::columns(model, include.through_attributes.as_deref())?,
            read: false,
        })
    }

    /// Scope and filters as one predicate; none if there are neither.
    pub(super) fn filter(
        &self,
        model: &ModelEntry,
        scope: &[(u32, Value)],
        filters: &[Expr],
    ) -> Result<Option<Bound>> {
        if scope.is_empty() && filters.is_empty() {
            return Ok(None);
        }
        let names = Attributes::of(model, self.schema);
        let scope = scope.iter().map(|(ordinal, value)| {
            let column = col(names.name(*ordinal));
            match value.is_null() {
                true => column.is_null(),
                false => column.eq(value.clone()),
            }
        });
        let filter = all(scope.chain(filters.iter().cloned()));
        filter.bind_with(&names, &self.parameters, None).map(Some)
    }
}

/// A scope over rows of a model, those that were softly deleted among them or not.
pub(super) fn seen<'s>(
    model: &ModelEntry,
    scope: &'s [(u32, Value)],
    with_deleted: bool,
) -> Cow<'s, [(u32, Value)]> {
    let Some(deleted_at) = model.deleted_at else {
        return Cow::Borrowed(scope);
    };
    let mut scope = scope.to_vec();
    scope.retain(|(ordinal, _)| *ordinal != deleted_at);
    if !with_deleted {
        scope.push((deleted_at, Value::Null));
    }
    Cow::Owned(scope)
}

/// The filters that a row answers by itself, and the terms of the others that it does not.
pub(super) fn split<'c>(model: &ModelEntry, filters: &'c [Expr]) -> (Cow<'c, [Expr]>, Vec<Expr>) {
    let reaches = |it: &Expr| it.reaches(|name| model.find_attribute(name).is_some());
    if !filters.iter().any(reaches) {
        return (Cow::Borrowed(filters), Vec::new());
    }
    let terms = filters.iter().flat_map(|filter| match reaches(filter) {
        true => filter.terms(),
        false => vec![filter.clone()],
    });
    let (reaching, own) = terms.partition(reaches);
    (Cow::Owned(own), reaching)
}
