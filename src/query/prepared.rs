//! Running a request, at once or as often as one likes.

use std::borrow::Cow;

use crate::error::Result;
use crate::query::plan::Plan;
use crate::query::{OwnedRows, Queryable, Rows, Select, Version};
use crate::query::{execute, explain, planner, resolve};

/// A request that is resolved and planned, for any version of the schema that it was prepared on. What it finds is what
/// the version holds that it is run on.
#[derive(Clone, Debug)]
pub struct Prepared {
    plan: Plan,
    count: Plan,
}

impl Select {
    /// The rows, borrowed from what is read. In primary-key order unless another was asked for, at the root and below
    /// each row.
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn` or `UnknownAssociation` for names that the models do not have, `Type` for a filter
    /// that cannot be, `Unsupported` for something asked of a junction that is not there, `Limit` for includes nested
    /// deeper than 64 and for an include of more than 100,000,000 rows, `SchemaChanged` if the schema below the models was
    /// changed.
    pub fn run<'s>(&self, on: &'s impl Queryable) -> Result<Rows<'s>> {
        let version = on.version();
        let plan = planner::plan(resolve::resolve(self, version)?, version);
        let levels = execute::run(&plan, version.snapshot)?;
        Ok(Rows::new(Cow::Owned(plan), levels))
    }

    /// The rows, with the snapshot that they are in: for holding results while the database is written.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn run_owned(&self, on: &impl Queryable) -> Result<OwnedRows> {
        Ok(OwnedRows::new(on.version().snapshot, self.run(on)?))
    }

    /// How many rows there are, whatever limit, offset and optional includes say.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn count(&self, on: &impl Queryable) -> Result<usize> {
        let version = on.version();
        let plan = planner::plan_count(resolve::resolve(self, version)?, version);
        execute::count(&plan, version.snapshot)
    }

    /// Whether there is a row, whatever limit, offset and optional includes say.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn exists(&self, on: &impl Queryable) -> Result<bool> {
        Ok(self.count(on)? > 0)
    }

    /// How the request would be answered, as text.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn explain(&self, on: &impl Queryable) -> Result<String> {
        self.prepare(on)?.explain(on)
    }

    /// Resolves and plans the request once, to run it often.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn prepare(&self, on: &impl Queryable) -> Result<Prepared> {
        let version = on.version();
        let nodes = resolve::resolve(self, version)?;
        Ok(Prepared {
            count: planner::plan_count(nodes.clone(), version),
            plan: planner::plan(nodes, version),
        })
    }
}

impl Prepared {
    /// As [`Select::run`], without looking up names and planning.
    ///
    /// # Errors
    /// `SchemaChanged` if this is another schema than the one prepared for; `Limit`.
    pub fn run<'s>(&'s self, on: &'s impl Queryable) -> Result<Rows<'s>> {
        let version = self.checked(on)?;
        let levels = execute::run(&self.plan, version.snapshot)?;
        Ok(Rows::new(Cow::Borrowed(&self.plan), levels))
    }

    /// As [`Select::run_owned`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn run_owned(&self, on: &impl Queryable) -> Result<OwnedRows> {
        Ok(OwnedRows::new(on.version().snapshot, self.run(on)?))
    }

    /// As [`Select::count`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn count(&self, on: &impl Queryable) -> Result<usize> {
        execute::count(&self.count, self.checked(on)?.snapshot)
    }

    /// As [`Select::exists`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn exists(&self, on: &impl Queryable) -> Result<bool> {
        Ok(self.count(on)? > 0)
    }

    /// As [`Select::explain`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn explain(&self, on: &impl Queryable) -> Result<String> {
        Ok(explain::explain(&self.plan, self.checked(on)?.snapshot))
    }

    fn checked<'s>(&self, on: &'s impl Queryable) -> Result<Version<'s>> {
        let version = on.version();
        self.plan.check_schema(version)?;
        Ok(version)
    }
}
