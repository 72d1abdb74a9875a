//! Scopes of models: requests that a model holds ready, and which of them a read uses.
//!
//! A [`Scope`] is what a request or an include may say, under a name or as the default of its model. Wherever rows of the
//! model are read, the default scope is said first, unless the read chooses otherwise ([`ScopeChoice`]); what the read says
//! itself is added to that:
//!
//! 1. Filters add up. Only where a request for the model itself (no include, no getter) has a filter that reads an
//!    attribute and nothing else, the terms of the *default* scope that read this attribute and nothing else give way
//!    (associations SC-14): the request speaks of it, so nothing is said for it. A scope that was asked for by name was
//!    asked for as well as the filter, and both hold.
//! 2. An order, a limit, an offset and attributes of the read replace those of its scopes.
//! 3. Includes of one association become one, with what both say (associations SC-15).
//!
//! Several scopes are added up in the order of their definitions, whatever the order in which they were asked for, so
//! that the result does not depend on the latter.

use std::borrow::Cow;

use crate::association::registry::{ModelEntry, ModelId};
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::{Expr, all};
use crate::query::criteria::Criteria;
use crate::query::{Include, Order};

/// What a model holds ready for requests, built like one.
///
/// ```
/// use relata::expr::col;
/// use relata::query::{Scope, desc};
///
/// let newest = Scope::new().filter(col("draft").eq(false)).order_by(desc("id")).limit(10);
/// assert_ne!(newest, Scope::new());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Scope {
    pub(crate) criteria: Criteria,
}

/// Which scopes of its model a read uses. An association's own scope always stays (associations SC-12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScopeChoice {
    /// The default scope, if the model has one.
    #[default]
    Default,
    /// None.
    None,
    /// These instead of the default scope.
    Named(Vec<String>),
}

/// The scopes of all models.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    /// By the id of the model.
    models: Vec<ModelScopes>,
}

/// The scopes of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ModelScopes {
    pub(crate) default: Option<Scope>,
    /// In the order of their definitions, each name once.
    pub(crate) named: Vec<(String, Scope)>,
}

impl Scope {
    /// A scope that says nothing yet.
    pub fn new() -> Self {
        Scope::default()
    }

    /// Only rows for which this is true. Of several filters, all have to be.
    pub fn filter(mut self, filter: impl Into<Expr>) -> Self {
        self.criteria.filters.push(filter.into());
        self
    }

    /// Ordered by this, then by what later calls say, then by primary key.
    pub fn order_by(mut self, order: impl Into<Order>) -> Self {
        self.criteria.order.push(order.into());
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, limit: usize) -> Self {
        self.criteria.limit = Some(limit);
        self
    }

    /// Without the first rows.
    pub fn offset(mut self, offset: usize) -> Self {
        self.criteria.offset = Some(offset);
        self
    }

    /// Only these attributes of each row, in this order.
    pub fn attributes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.criteria.attributes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// With the rows of an association below each row. One with a filter is required, unless it says otherwise
    /// (associations SC-13).
    pub fn include(mut self, include: impl Into<Include>) -> Self {
        self.criteria.include(include.into());
        self
    }
}

impl ScopeChoice {
    /// One more scope by name; from here on, the default scope counts only if it is unsaid.
    pub(crate) fn add(&mut self, name: String) {
        match self {
            ScopeChoice::Named(names) => names.push(name),
            ScopeChoice::Default | ScopeChoice::None => *self = ScopeChoice::Named(vec![name]),
        }
    }

    /// What a later word on the same read chooses: a choice goes before none, and names add up.
    pub(crate) fn merge(&mut self, later: ScopeChoice) {
        match (&mut *self, later) {
            (_, ScopeChoice::Default) => {}
            (ScopeChoice::Named(names), ScopeChoice::Named(later)) => names.extend(later),
            (_, later) => *self = later,
        }
    }
}

impl Scopes {
    /// The scopes of each model at the position of its id.
    pub(crate) fn new(models: Vec<ModelScopes>) -> Self {
        Scopes { models }
    }

    /// What a read of a model by these criteria asks for, its scopes included. `plain` for a request for the model
    /// itself, whose filters go before those of the default scope.
    ///
    /// # Errors
    /// `UnknownScope`.
    pub(crate) fn apply<'c>(
        &self,
        model: &ModelEntry,
        criteria: &'c Criteria,
        plain: bool,
    ) -> Result<Cow<'c, Criteria>> {
        let Some(mut scoped) = self.chosen(model, &criteria.scope)? else {
            return Ok(Cow::Borrowed(criteria));
        };
        if plain && criteria.scope == ScopeChoice::Default {
            give_way(&mut scoped.filters, &criteria.filters);
        }
        scoped.say_over(criteria);
        Ok(Cow::Owned(scoped))
    }

    /// What the chosen scopes of a model say together; none if there are none.
    ///
    /// # Errors
    /// `UnknownScope`.
    pub(crate) fn chosen(
        &self,
        model: &ModelEntry,
        choice: &ScopeChoice,
    ) -> Result<Option<Criteria>> {
        let scopes = self.models.get(model.id.index());
        match choice {
            ScopeChoice::None => Ok(None),
            ScopeChoice::Default => {
                let default = scopes.and_then(|scopes| scopes.default.as_ref());
                Ok(default.map(|scope| scope.criteria.clone()))
            }
            ScopeChoice::Named(names) => {
                let declared = scopes.map_or(&[][..], |scopes| &scopes.named);
                let known = |name: &String| declared.iter().any(|(found, _)| found == name);
                if let Some(name) = names.iter().find(|name| !known(name)) {
                    return Err(unknown(model, name));
                }
                let asked = declared.iter().filter(|(name, _)| names.contains(name));
                let mut all = Criteria::default();
                for (_, scope) in asked {
                    all.say_over(&scope.criteria);
                }
                Ok(Some(all))
            }
        }
    }

    /// The scopes of one model.
    pub(crate) fn of(&self, model: ModelId) -> Option<&ModelScopes> {
        self.models.get(model.index())
    }
}

/// Takes out the terms that read one attribute alone which a filter reads alone.
fn give_way(filters: &mut Vec<Expr>, said: &[Expr]) {
    let said: Vec<Expr> = said.iter().flat_map(Expr::terms).collect();
    let spoken_of: Vec<&str> = said.iter().filter_map(Expr::only_column).collect();
    if spoken_of.is_empty() {
        return;
    }
    let terms = filters.iter().flat_map(Expr::terms);
    let left: Vec<Expr> = terms
        .filter(|term| {
            term.only_column()
                .is_none_or(|name| !spoken_of.contains(&name))
        })
        .collect();
    *filters = match left.is_empty() {
        true => Vec::new(),
        false => vec![all(left)],
    };
}

fn unknown(model: &ModelEntry, name: &str) -> crate::error::Error {
    let detail = format!("no scope {name}");
    RequestError::new(RequestKind::UnknownScope, &*model.name, detail).into()
}
