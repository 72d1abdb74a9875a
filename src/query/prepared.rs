//! Running a request, at once or as often as one likes.

use std::borrow::Cow;

use crate::error::Result;
use crate::query::explain::{self, Explanation};
use crate::query::parameters::NOTHING;
use crate::query::plan::Plan;
use crate::query::planned::Planned;
use crate::query::resolve::Resolved;
use crate::query::{Column, Counted, Included, OwnedRows, Queryable, Rows, Select, Version};
use crate::query::{execute, planner, resolve};
use crate::value::Value;

/// A request that is resolved and planned, for any version of the schema that it was prepared on. What it finds is what
/// the version holds that it is run on. Where a version has so many or so few rows that another plan may be better, it is
/// planned once more, and that plan is kept as well.
///
/// Its filters may hold parameters ([`param`](crate::expr::param)), whose values are given each time. A parameter has the
/// type of what it is compared with, and takes no other: 1 is no float. Null is equal to nothing, as always.
///
/// ```
/// use relata::{Attribute, DataType, ModelDef, Models, col, param, select, values};
///
/// let mut models = Models::new();
/// models.define(ModelDef::new("Author").attribute(Attribute::new("country", DataType::Text)));
/// let mut db = models.sync()?;
/// db.create("Author", values! { country: "NO" })?;
///
/// let authors = select("Author").filter(col("country").eq(param("country"))).prepare(&db)?;
/// let country = authors.column("country")?;
/// for (given, count) in [("NO", 1), ("SE", 0)] {
///     let found = authors.run_with(&db, [("country", given.into())])?;
///     assert_eq!(found.len(), count);
///     assert!(found.iter().all(|author| author.at(country).as_str() == Some(given)));
/// }
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    rows: Planned,
    count: Planned,
}

impl Select {
    /// The rows, borrowed from what is read. In primary-key order unless another was asked for, at the root and below
    /// each row.
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn` or `UnknownAssociation` for names that the models do not have, `Type` for a filter
    /// that cannot be, `Unsupported` for something asked of a junction that is not there, `Limit` for includes nested
    /// deeper than 64 and for an include of more than 100,000,000 rows, `SchemaChanged` if the schema below the models was
    /// changed, `MissingParameter` for a request with parameters, `Evaluation` for a filter or a computed attribute that has no
    /// value for a row.
    pub fn run<'s>(&self, on: &'s impl Queryable) -> Result<Rows<'s>> {
        let version = on.version();
        let plan = planner::plan(resolve::resolve(self, version)?, version);
        let given = plan.wanted.given(NOTHING, version)?;
        let found = execute::run(&plan, &given, version.snapshot)?;
        Ok(Rows::new(Cow::Owned(plan), given, found, version.snapshot))
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
        let plan = self.plan_count(version)?;
        execute::count(
            &plan,
            &plan.wanted.given(NOTHING, version)?,
            version.snapshot,
        )
    }

    /// Whether there is a row, whatever limit, offset and optional includes say.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn exists(&self, on: &impl Queryable) -> Result<bool> {
        let version = on.version();
        let plan = self.plan_count(version)?;
        let given = plan.wanted.given(NOTHING, version)?;
        execute::exists(&plan, &given, version.snapshot)
    }

    /// How the request would be answered: a tree that prints itself as text. See [`explain`](crate::query::explain).
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn explain(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = on.version();
        let plan = planner::plan(resolve::resolve(self, version)?, version);
        Ok(explain::explain(&plan, version.snapshot))
    }

    /// How the rows would be counted, as [`count`](Select::count) does it: by the number that the table keeps or an index
    /// gives, or row by row.
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, col, select};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Post", |it| it.attribute(Attribute::new("score", DataType::Int)));
    /// let db = models.sync()?;
    ///
    /// let posts = select("Post").explain_count(&db)?.to_string();
    /// assert_eq!(posts, "count Post, about 0 rows\n  number of rows of Posts: 0 rows\n");
    /// let scored = select("Post").filter(col("score").gt(5)).explain_exists(&db)?.to_string();
    /// assert!(scored.ends_with("filter: score > 5\n  stop: after 1 row\n"));
    /// # Ok::<(), relata::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn explain_count(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = on.version();
        let plan = self.plan_count(version)?;
        Ok(explain::explain_count(&plan, version.snapshot))
    }

    /// How it would be found out whether there is a row, as [`exists`](Select::exists) does it.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn explain_exists(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = on.version();
        let plan = self.plan_count(version)?;
        Ok(explain::explain_exists(&plan, version.snapshot))
    }

    /// How the request was answered, now: it is run, and told is what each part of it found and cost.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn explain_analyze(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = on.version();
        let plan = planner::plan(resolve::resolve(self, version)?, version);
        let given = plan.wanted.given(NOTHING, version)?;
        explain::analyze(&plan, &given, version.snapshot)
    }

    /// Resolves and plans the request once, to run it often.
    ///
    /// # Errors
    /// As [`run`](Select::run).
    pub fn prepare(&self, on: &impl Queryable) -> Result<Prepared> {
        let version = on.version();
        let rows = resolve::resolve(self, version)?;
        let count = match &self.after {
            None => rows.clone(),
            Some(_) => self.resolve_whole(version)?,
        };
        Ok(Prepared {
            rows: Planned::new(rows, planner::plan, version),
            count: Planned::new(count, planner::plan_count, version),
        })
    }

    fn plan_count(&self, version: Version<'_>) -> Result<Plan> {
        Ok(planner::plan_count(self.resolve_whole(version)?, version))
    }

    /// What is counted: the rows whatever place they are to be behind.
    fn resolve_whole(&self, version: Version<'_>) -> Result<Resolved> {
        match &self.after {
            None => resolve::resolve(self, version),
            Some(_) => {
                let whole = Select {
                    after: None,
                    ..self.clone()
                };
                resolve::resolve(&whole, version)
            }
        }
    }
}

impl Prepared {
    /// As [`Select::run`], without looking up names and planning.
    ///
    /// # Errors
    /// `SchemaChanged` if this is another schema than the one prepared for; `MissingParameter` if the request has
    /// parameters; `Limit`; `Evaluation`.
    pub fn run<'s>(&'s self, on: &'s impl Queryable) -> Result<Rows<'s>> {
        self.run_with(on, NOTHING)
    }

    /// The rows, with a value for each parameter.
    ///
    /// # Errors
    /// As [`run`](Prepared::run); before anything runs, `UnknownParameter` for a name that the request does not have, and
    /// `Type` for a value that is not of the parameter's type.
    pub fn run_with<'s>(
        &'s self,
        on: &'s impl Queryable,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<Rows<'s>> {
        let version = self.rows.checked(on)?;
        let plan = self.rows.plan(version);
        let given = plan.wanted.given(parameters, version)?;
        let found = execute::run(&plan, &given, version.snapshot)?;
        Ok(Rows::new(plan, given, found, version.snapshot))
    }

    /// As [`Select::run_owned`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn run_owned(&self, on: &impl Queryable) -> Result<OwnedRows> {
        self.run_owned_with(on, NOTHING)
    }

    /// As [`Select::run_owned`], with a value for each parameter.
    ///
    /// # Errors
    /// As [`run_with`](Prepared::run_with).
    pub fn run_owned_with(
        &self,
        on: &impl Queryable,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<OwnedRows> {
        let rows = self.run_with(on, parameters)?;
        Ok(OwnedRows::new(on.version().snapshot, rows))
    }

    /// As [`Select::count`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn count(&self, on: &impl Queryable) -> Result<usize> {
        self.count_with(on, NOTHING)
    }

    /// As [`Select::count`], with a value for each parameter.
    ///
    /// # Errors
    /// As [`run_with`](Prepared::run_with).
    pub fn count_with(
        &self,
        on: &impl Queryable,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<usize> {
        let version = self.rows.checked(on)?;
        let plan = self.count.plan(version);
        let given = plan.wanted.given(parameters, version)?;
        execute::count(&plan, &given, version.snapshot)
    }

    /// As [`Select::exists`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn exists(&self, on: &impl Queryable) -> Result<bool> {
        self.exists_with(on, NOTHING)
    }

    /// As [`Select::exists`], with a value for each parameter.
    ///
    /// # Errors
    /// As [`run_with`](Prepared::run_with).
    pub fn exists_with(
        &self,
        on: &impl Queryable,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<bool> {
        let version = self.rows.checked(on)?;
        let plan = self.count.plan(version);
        let given = plan.wanted.given(parameters, version)?;
        execute::exists(&plan, &given, version.snapshot)
    }

    /// An attribute of the root's rows, or with a path such as `tasks.title` of those of an include, in all results of this
    /// request.
    ///
    /// # Errors
    /// As [`Rows::column`].
    pub fn column(&self, path: &str) -> Result<Column> {
        self.rows.first().column(path)
    }

    /// An include, by its association's key or with a path such as `tasks.comments`, in all results of this request.
    ///
    /// # Errors
    /// As [`Rows::included`].
    pub fn included(&self, path: &str) -> Result<Included> {
        self.rows.first().included(path)
    }

    /// A count, by its association's key or with a path such as `tasks.comments`, in all results of this request.
    ///
    /// # Errors
    /// `UnknownAssociation`, or `NotLoaded` for one that was not counted.
    pub fn counted(&self, path: &str) -> Result<Counted> {
        self.rows.first().counted(path)
    }

    /// As [`Select::explain`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn explain(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = self.rows.checked(on)?;
        let plan = self.rows.plan(version);
        Ok(explain::explain(&plan, version.snapshot))
    }

    /// As [`Select::explain_count`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn explain_count(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = self.rows.checked(on)?;
        let plan = self.count.plan(version);
        Ok(explain::explain_count(&plan, version.snapshot))
    }

    /// As [`Select::explain_exists`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn explain_exists(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = self.rows.checked(on)?;
        let plan = self.count.plan(version);
        Ok(explain::explain_exists(&plan, version.snapshot))
    }

    /// As [`Select::explain_analyze`].
    ///
    /// # Errors
    /// As [`run`](Prepared::run).
    pub fn explain_analyze(&self, on: &impl Queryable) -> Result<Explanation> {
        self.explain_analyze_with(on, NOTHING)
    }

    /// As [`Select::explain_analyze`], with a value for each parameter.
    ///
    /// # Errors
    /// As [`run_with`](Prepared::run_with).
    pub fn explain_analyze_with(
        &self,
        on: &impl Queryable,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<Explanation> {
        let version = self.rows.checked(on)?;
        let plan = self.rows.plan(version);
        let given = plan.wanted.given(parameters, version)?;
        explain::analyze(&plan, &given, version.snapshot)
    }
}
