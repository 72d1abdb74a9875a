//! A request whose root rows begin at rows that somebody else found: what is associated with some sources.
//!
//! Resolved, planned and executed like any other: filters, required includes, order, limit and offset work on what is below
//! each source apart. Several sources are one request. Where the way is over the edges of a parent or a chain, the sources
//! are given and the request finds the rest, as an include of the association would; else the root's candidates are given.
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

/// What a request begins at, of each source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Its own row, if it has one.
    Source,
    /// Its targets, within the scopes of the association and in any order.
    Targets,
}

impl Begin {
    /// What is asked for to find all that is associated.
    pub(crate) fn of(association: &Association) -> Self {
        match &association.link {
            Link::Chain(_) => Begin::Source,
            Link::ToChildren(hop) if hop.key.is_some() => Begin::Source,
            Link::ToParent(_) | Link::ToChildren(_) | Link::Through(_) => Begin::Targets,
        }
    }
}

/// The rows at which a request begins, under each source.
#[derive(Clone, Debug)]
pub(crate) struct GivenRows {
    begin: Begin,
    rows: Vec<RowId>,
    /// The junction row that leads to each target, where there is a junction.
    junction: Vec<RowId>,
    /// As those of a level.
    offsets: Vec<u32>,
}

impl GivenRows {
    /// No sources yet.
    pub(crate) fn new(begin: Begin) -> Self {
        GivenRows {
            begin,
            rows: Vec::new(),
            junction: Vec::new(),
            offsets: vec![0],
        }
    }

    pub(crate) fn begin(&self) -> Begin {
        self.begin
    }

    /// One more source with its rows: each its own or a target, the latter with the junction row that leads to it.
    ///
    /// # Errors
    /// `Limit` for more rows than a result may have.
    pub(crate) fn push_source(
        &mut self,
        rows: impl IntoIterator<Item = (RowId, Option<RowId>)>,
    ) -> Result<()> {
        for (row, junction) in rows {
            self.rows.push(row);
            self.junction.extend(junction);
        }
        self.offsets.push(level::offset(self.rows.len())?);
        Ok(())
    }
}

impl<'r> Given<'r> {
    /// # Errors
    /// As [`Select::run`](crate::query::Select::run).
    pub(crate) fn run<'s>(self, rows: GivenRows, version: Version<'s>) -> Result<Rows<'s>> {
        let begin = rows.begin;
        let resolved = resolve::resolve_given(self.association, begin, self.options, version)?;
        let plan = planner::plan_given(resolved, self.association, begin, version);
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
        let begin = rows.begin;
        let resolved = resolve::resolve_given(self.association, begin, self.options, version)?;
        let plan = planner::plan_given_count(resolved, self.association, begin, version);
        let level = self.level(rows, version);
        let given = plan.wanted.given(NOTHING, version)?;
        let found = execute::run_given(&plan, &given, level, version.snapshot)?;
        Ok(Rows::new(Cow::Owned(plan), given, found, version.snapshot))
    }

    fn level<'s>(self, rows: GivenRows, version: Version<'s>) -> Level<'s> {
        let (snapshot, registry) = (version.snapshot, version.registry);
        let given = match rows.begin {
            Begin::Source => self.association.source,
            Begin::Targets => self.association.target,
        };
        let given = registry.model(given).table;
        let junction = self.association.junction().map(|junction| {
            let table = registry.model(junction.model).table;
            debug_assert_eq!(rows.junction.len(), rows.rows.len());
            RowList::read(snapshot, table, rows.junction)
        });
        Level {
            rows: RowList::read(snapshot, given, rows.rows),
            junction,
            offsets: rows.offsets,
            recursed: None,
        }
    }
}
