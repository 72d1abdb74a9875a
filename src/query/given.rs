//! A request whose root rows are found by somebody else: what is associated with some sources.
//!
//! Resolved, planned and executed like any other, with the given rows as the root's candidates: filters, required
//! includes, order, limit and offset work on them, under each source apart. Several sources are one request. Of a chain the
//! sources are given, and the request finds the rest.
//!
//! The options are those of an [`Include`]: what a getter gives is what including the association would give below its
//! source.

use std::borrow::Cow;

use crate::association::link::{Association, Link};
use crate::engine::RowId;
use crate::error::Result;
use crate::query::level::{self, Level, RowList};
use crate::query::parameters::NOTHING;
use crate::query::{Include, Rows, Version, execute, planner, resolve};

/// A request for the targets of an association.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'r> {
    pub(crate) association: &'r Association,
    pub(crate) options: &'r Include,
}

/// The rows of the root under each source, within the scopes of the association and in any order; of a chain each source's
/// own row instead.
#[derive(Clone, Debug)]
pub(crate) struct GivenRows {
    targets: Vec<RowId>,
    /// The junction row that leads to each target, where there is a junction.
    junction: Vec<RowId>,
    /// As those of a level.
    offsets: Vec<u32>,
}

impl GivenRows {
    /// No sources yet.
    pub(crate) fn new() -> Self {
        GivenRows {
            targets: Vec::new(),
            junction: Vec::new(),
            offsets: vec![0],
        }
    }

    /// One more source with its rows: each a target, and the junction row that leads to it.
    ///
    /// # Errors
    /// `Limit` for more rows than a result may have.
    pub(crate) fn push_source(
        &mut self,
        rows: impl IntoIterator<Item = (RowId, Option<RowId>)>,
    ) -> Result<()> {
        for (target, junction) in rows {
            self.targets.push(target);
            self.junction.extend(junction);
        }
        self.offsets.push(level::offset(self.targets.len())?);
        Ok(())
    }
}

impl<'r> Given<'r> {
    /// # Errors
    /// As [`Select::run`](crate::query::Select::run).
    pub(crate) fn run<'s>(self, rows: GivenRows, version: Version<'s>) -> Result<Rows<'s>> {
        let resolved = resolve::resolve_given(self.association, self.options, version)?;
        let single = self.association.is_single();
        let plan = planner::plan_given(resolved, self.association, single, version);
        let level = self.level(rows, version);
        let given = plan.wanted.given(NOTHING, version)?;
        let found = execute::run_given(&plan, &given, level, version.snapshot)?;
        Ok(Rows::new(Cow::Owned(plan), given, found, version.snapshot))
    }

    /// The rows that filters and required includes leave, in no order and not cut, with nothing of what is optional.
    ///
    /// # Errors
    /// As [`Select::run`](crate::query::Select::run).
    pub(crate) fn run_to_count<'s>(
        self,
        rows: GivenRows,
        version: Version<'s>,
    ) -> Result<Rows<'s>> {
        let resolved = resolve::resolve_given(self.association, self.options, version)?;
        let plan = planner::plan_given_count(resolved, self.association, version);
        let level = self.level(rows, version);
        let given = plan.wanted.given(NOTHING, version)?;
        let found = execute::run_given(&plan, &given, level, version.snapshot)?;
        Ok(Rows::new(Cow::Owned(plan), given, found, version.snapshot))
    }

    fn level<'s>(self, rows: GivenRows, version: Version<'s>) -> Level<'s> {
        let (snapshot, registry) = (version.snapshot, version.registry);
        let given = match self.association.link {
            Link::Chain(_) => self.association.source,
            Link::ToParent(_) | Link::ToChildren(_) | Link::Through(_) => self.association.target,
        };
        let given = registry.model(given).table;
        let junction = self.association.junction().map(|junction| {
            let table = registry.model(junction.model).table;
            debug_assert_eq!(rows.junction.len(), rows.targets.len());
            RowList::read(snapshot, table, rows.junction)
        });
        Level {
            rows: RowList::read(snapshot, given, rows.targets),
            junction,
            offsets: rows.offsets,
            recursed: None,
        }
    }
}
