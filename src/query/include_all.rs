//! Includes of all associations of a model at once, and the names that includes go by.
//!
//! Before the includes of a node are resolved, they are written by the keys of associations: [`by_key`] finds those that
//! are named by the model that they lead to, merges those that turn out to be of one association, and writes out what
//! stands for all.

use std::borrow::Cow;
use std::mem;

use crate::association::link::{Association, AssociationKind};
use crate::association::registry::{ModelEntry, ModelId, Registry};
use crate::error::Result;
use crate::query::criteria::Criteria;
use crate::query::{Include, include};

/// All associations of a model, or those of some kinds, to be included at once.
///
/// ```
/// use relata::query::{IncludeKind, include_all, select};
///
/// let with_parents = select("Task").include_all(include_all().only([IncludeKind::BelongsTo]));
/// let with_everything = select("User").include_all(include_all().nested());
/// let ids = select("User").include_all(include_all().each(|it| it.attributes(["id"])));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct IncludeAll {
    /// None for all.
    kinds: Option<Vec<IncludeKind>>,
    nested: bool,
    options: Include,
    /// The models on the way here.
    above: Vec<ModelId>,
}

/// Which associations [`include_all`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IncludeKind {
    /// Those of `belongs_to`.
    BelongsTo,
    /// Those of `has_one`.
    HasOne,
    /// Those of `has_many`.
    HasMany,
    /// Those of `belongs_to_many`.
    BelongsToMany,
    /// Those of `belongs_to` and `has_one`, which lead to one row.
    One,
    /// Those of `has_one` and `has_many`, whose targets hold the key.
    Has,
    /// Those of `has_many`.
    Many,
    /// All.
    All,
}

/// Every association of a model, each with nothing to say about it yet.
pub fn include_all() -> IncludeAll {
    IncludeAll {
        kinds: None,
        nested: false,
        options: include(""),
        above: Vec::new(),
    }
}

impl IncludeAll {
    /// Only associations of these kinds.
    pub fn only(mut self, kinds: impl IntoIterator<Item = IncludeKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// With the same below each of them, and so on: never back to a model that is on the way. An association of a model
    /// with itself is included once.
    pub fn nested(mut self) -> Self {
        self.nested = true;
        self
    }

    /// Each of them with what is said of an include here.
    pub fn each(mut self, options: impl FnOnce(Include) -> Include) -> Self {
        self.options = options(self.options);
        self
    }

    pub(crate) fn options(&self) -> &Include {
        &self.options
    }

    /// The associations of a model that it takes.
    pub(crate) fn taken<'m>(
        &self,
        model: &'m ModelEntry,
    ) -> impl Iterator<Item = &'m Association> + use<'m, '_> {
        let associations = model.associations().iter().map(|it| &**it);
        associations.filter(|it| {
            let kinds = self.kinds.as_ref();
            kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind.takes(it.kind)))
                && !(self.nested && self.above.contains(&it.target))
        })
    }

    /// The same below an association of a model, if it goes on there.
    pub(crate) fn below(&self, model: ModelId) -> Option<IncludeAll> {
        self.nested.then(|| {
            let mut below = self.clone();
            below.above.push(model);
            below
        })
    }

    fn include(&self, model: ModelId, association: &Association) -> Include {
        let mut include = self.options.clone();
        include.association = association.key.to_string();
        include.criteria.alls.extend(self.below(model));
        if association.junction().is_none() {
            include.through_filters.clear();
            include.through_attributes = None;
            include.through_with_deleted = false;
        }
        include
    }
}

impl IncludeKind {
    fn takes(self, kind: AssociationKind) -> bool {
        use AssociationKind::{BelongsTo, BelongsToMany, HasMany, HasOne};
        match self {
            IncludeKind::BelongsTo => kind == BelongsTo,
            IncludeKind::HasOne => kind == HasOne,
            IncludeKind::HasMany | IncludeKind::Many => kind == HasMany,
            IncludeKind::BelongsToMany => kind == BelongsToMany,
            IncludeKind::One => matches!(kind, BelongsTo | HasOne),
            IncludeKind::Has => matches!(kind, HasOne | HasMany),
            IncludeKind::All => true,
        }
    }
}

/// What is wanted below rows of a model, each include and count by the key of its association and each association once.
///
/// # Errors
/// `UnknownAssociation` or `UnknownTable` for a name that means no association.
pub(crate) fn by_key<'c>(
    registry: &Registry,
    model: &ModelEntry,
    criteria: Cow<'c, Criteria>,
) -> Result<Cow<'c, Criteria>> {
    let is_key = |include: &Include| {
        let name = &include.association;
        include.alias.is_none()
            && (model.association_position(name).is_some() || model.find_owner(name).is_some())
    };
    let mut named = criteria.includes.iter().chain(&criteria.counts);
    if criteria.alls.is_empty() && named.all(is_key) {
        return Ok(criteria);
    }
    let mut criteria = criteria.into_owned();
    let keyed = |mut include: Include| -> Result<Include> {
        if !is_key(&include) {
            let alias = include.alias.take();
            let found = registry.included(model, &include.association, alias.as_ref())?;
            include.association = found.key.to_string();
        }
        Ok(include)
    };
    for include in mem::take(&mut criteria.includes) {
        criteria.include(keyed(include)?);
    }
    for counted in mem::take(&mut criteria.counts) {
        criteria.count(keyed(counted)?);
    }
    for all in mem::take(&mut criteria.alls) {
        for association in all.taken(model) {
            let owner = model.owner_of(&association.key).map(|owner| &*owner.key);
            let said = |it: &Include| {
                *it.association == *association.key || Some(&*it.association) == owner
            };
            if !criteria.includes.iter().any(said) {
                criteria.include(all.include(model.id, association));
            }
        }
    }
    Ok(Cow::Owned(criteria))
}
