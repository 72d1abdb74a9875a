//! Conditions of an include instead of the keys of its association, or besides them (associations EL-26).

use crate::association::attributes::Attributes;
use crate::association::link::{Association, Link};
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::expr::{Bound, Expr, Scope, all, col};
use crate::query::Include;
use crate::query::resolve::Resolver;
use crate::value::DataType;

impl Resolver<'_> {
    /// What an include says of the rows below a source, if not what the keys say. Filters that are said besides keys are
    /// taken out of `filters`.
    pub(super) fn on(
        &self,
        association: &Association,
        include: &Include,
        filters: &mut Vec<Expr>,
    ) -> Result<Option<Bound>> {
        let (source, target) = (
            self.registry.model(association.source),
            self.registry.model(association.target),
        );
        let pair = Pair {
            row: Attributes::of(target, self.schema),
            other: Attributes::of(source, self.schema),
        };
        let refusal = |over: &str| -> Error {
            let detail = format!("`on` or `or` for {}, over {over}", association.key);
            RequestError::new(RequestKind::Unsupported, &*source.name, detail).into()
        };
        let (own, other) = match &association.link {
            Link::ToParent(hop) => (&hop.parent_columns, &hop.child_columns),
            Link::ToChildren(hop) => (&hop.child_columns, &hop.parent_columns),
            Link::Through(_) => return Err(refusal("a junction")),
            Link::Chain(_) => return Err(refusal("a chain")),
        };
        let keys = own.iter().zip(other).map(|(&own, &other)| {
            let other = format!("{}.{}", source.name, pair.other.name(other));
            col(pair.row.name(own)).eq(col(other))
        });
        let mut on = include.on.clone().unwrap_or_else(|| all(keys));
        if include.or {
            // Those of the target's scopes come first, and hold for every row.
            let said = filters.len() - include.criteria.filters.len();
            on = on.or(all(filters.drain(said..)));
        }
        on.bind_with(&pair, &self.parameters, None).map(Some)
    }
}

/// The attributes of a row below another, and behind the name of its model those of the other.
struct Pair<'s> {
    row: Attributes<'s>,
    other: Attributes<'s>,
}

impl Scope for Pair<'_> {
    fn subject(&self) -> &str {
        self.row.subject()
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        self.row.column(name).or_else(|| {
            let name = name
                .strip_prefix(&*self.other.model.name)?
                .strip_prefix('.')?;
            let (ordinal, data_type) = self.other.column(name)?;
            let behind = u32::try_from(self.row.table.columns.len()).ok()?;
            Some((behind + ordinal, data_type))
        })
    }
}
