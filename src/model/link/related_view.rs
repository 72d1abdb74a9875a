//! The verbs that read, with their options.
//!
//! Without options, `get`, `count` and `has` go straight to the rows; with some, a request finds them from the source or has
//! them as candidates, which the query layer plans and runs.

use std::collections::BTreeSet;

use crate::association::link::Link;
use crate::association::naming::accessors::Verb;
use crate::engine::RowId;
use crate::error::{RequestKind, Result};
use crate::expr::Expr;
use crate::model::Instance;
use crate::model::link::options::{self, option_methods};
use crate::model::link::owner;
use crate::model::link::targets::{Found, Targets};
use crate::model::link::view::View;
use crate::model::loaded;
use crate::model::reader::Reader;
use crate::query::{Begin, Given, GivenRows, Include, Rows, include};

/// What is associated with an instance, for reading. Made by [`Database::related_view`](crate::Database::related_view)
/// and its like, and by [`Related::select`](crate::Related::select). The options add up until one of `get`, `one`, `rows`,
/// `count` and `has` reads.
///
/// ```
/// use relata::{Attribute, DataType, HasMany, Models, col, desc, values};
///
/// let mut models = Models::new();
/// models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
/// models.define_with("Task", |task| task.attribute(Attribute::new("title", DataType::Text)));
/// models.has_many("User", HasMany::new("Task").alias("tasks"));
/// let mut db = models.sync()?;
/// let ada = db.create("User", values! { name: "Ada" })?;
/// for title in ["a", "b", "c"] {
///     db.related(&ada, "tasks")?.create(values! { title: title })?;
/// }
///
/// let tasks = db.related_view(&ada, "tasks")?.filter(col("title").ne("b")).order_by(desc("title"));
/// let rows = tasks.rows()?;
/// let titles: Vec<_> = rows.iter().map(|task| task.get("title").map(|it| it.as_str())).collect::<Result<_, _>>()?;
/// assert_eq!(titles, [Some("c"), Some("a")]);
/// assert_eq!((tasks.count()?, tasks.has(2)?), (2, false));
/// # Ok::<(), relata::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RelatedView<'a> {
    view: View<'a>,
    options: Include,
    reject_empty: bool,
}

impl<'a> RelatedView<'a> {
    pub(crate) fn new(reader: Reader<'a>, source: &'a Instance, association: &str) -> Result<Self> {
        let association = owner::find(reader, source, association)?;
        Ok(RelatedView::of(View::of(reader, source, association)))
    }

    pub(super) fn of(view: View<'a>) -> Self {
        let options = include(&*view.association().key);
        RelatedView::with(view, options)
    }

    pub(super) fn with(view: View<'a>, options: Include) -> Self {
        RelatedView {
            view,
            options,
            reject_empty: false,
        }
    }

    option_methods!();

    /// To find nothing is the error `NotFound`, for `get`, `one` and `rows`: the guide's `rejectOnEmpty`.
    pub fn reject_empty(mut self) -> Self {
        self.reject_empty = true;
        self
    }

    /// The associated targets, in the order of their primary keys unless another was asked for; of an association to one,
    /// at most one. Those of a `belongs_to_many` carry their row of the junction, which can be changed and saved; those
    /// with includes carry what was included.
    ///
    /// # Errors
    ///
    /// What is wrong with the options; `Unsupported` for attributes, as an instance has all of them, and for a recursive
    /// include. One that was never saved has no targets.
    pub fn get(&self) -> Result<Vec<Instance>> {
        if self.is_plain() {
            let found = self.view.get()?;
            self.check_empty(found.is_empty())?;
            return Ok(found);
        }
        options::require_whole(&self.options, self.view.place())?;
        let rows = self.rows()?;
        options::require_flat(&rows, self.view.place())?;
        let reader = self.view.reader();
        Ok(rows
            .iter()
            .map(|row| loaded::instance(reader, row))
            .collect())
    }

    /// As [`get`](RelatedView::get), with one filter more.
    ///
    /// # Errors
    ///
    /// As `get`.
    pub fn get_where(&self, filter: impl Into<Expr>) -> Result<Vec<Instance>> {
        self.clone().filter(filter).get()
    }

    /// The target of an association to one.
    ///
    /// # Errors
    ///
    /// As [`get`](RelatedView::get), and `Unsupported` for an association to many.
    pub fn one(&self) -> Result<Option<Instance>> {
        if !self.view.association().is_single() {
            return Err(self.view.place().refuse_verb("one"));
        }
        Ok(self.get()?.pop())
    }

    /// The associated targets as rows of a request, borrowed from what is read. Their junction row is
    /// [`Record::through`](crate::Record::through).
    ///
    /// # Errors
    ///
    /// What is wrong with the options, as for [`Select::run`](crate::Select::run).
    pub fn rows(&self) -> Result<Rows<'a>> {
        let rows = self
            .given()
            .run(self.candidates()?, self.view.reader().version())?;
        self.check_empty(rows.is_empty())?;
        Ok(rows)
    }

    /// How many targets are associated, whatever order, limit and offset say. Over a junction in which pairs may repeat, each
    /// row counts (associations BTM-17). O(1) without options where edges are counted.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one, or what is wrong with the options.
    pub fn count(&self) -> Result<usize> {
        self.view.place().require_many(Verb::Count)?;
        if self.is_plain() {
            return self.view.count();
        }
        let version = self.view.reader().version();
        Ok(self
            .given()
            .run_to_count(self.candidates()?, version)?
            .len())
    }

    /// As [`count`](RelatedView::count), with one filter more.
    ///
    /// # Errors
    ///
    /// As `count`.
    pub fn count_where(&self, filter: impl Into<Expr>) -> Result<usize> {
        self.clone().filter(filter).count()
    }

    /// Whether all given targets are associated and pass the filters, whatever order, limit, offset and the default scope of
    /// their model say; true if none is given.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one; `Type` or `KeyLength` for what can be no target; what is wrong with the
    /// options.
    pub fn has<'t>(&self, targets: impl Into<Targets<'t>>) -> Result<bool> {
        self.view.place().require_many(Verb::Has)?;
        if let Link::Chain(_) = self.view.association().link {
            return self.has_over_chain(&targets.into());
        }
        let (mut links, mut all) = (Vec::new(), true);
        // Every target is looked at, so that a wrong one is an error wherever it stands.
        for target in targets.into().iter() {
            let found = self.widened(|view| view.links_to(target))?;
            all &= !found.is_empty();
            links.extend(found);
        }
        if options::are_none(&self.options) {
            return Ok(all);
        }
        let asked: BTreeSet<RowId> = links.iter().map(|link| link.target).collect();
        let mut rows = GivenRows::new(Begin::Targets);
        rows.push_source(links.iter().map(|link| (link.target, link.junction)))?;
        let given = Given {
            association: self.view.association(),
            options: &options::without_default_scope(&self.options),
        };
        let rows = given.run_to_count(rows, self.view.reader().version())?;
        let left: BTreeSet<RowId> = rows.iter().map(|row| row.view().id).collect();
        Ok(all && asked == left)
    }

    /// The targets are found once, whatever the number of those that are asked for.
    fn has_over_chain(&self, targets: &Targets<'_>) -> Result<bool> {
        let given = Given {
            association: self.view.association(),
            options: &options::without_default_scope(&self.options),
        };
        let (reader, mut all) = (self.view.reader(), true);
        let rows = given.run_to_count(self.candidates()?, reader.version())?;
        let found: BTreeSet<RowId> = rows.iter().map(|row| row.view().id).collect();
        for target in targets.iter() {
            let target = target.find_with_deleted(reader, self.view.place(), self.view.target())?;
            all &= matches!(target, Found::Row(row) if found.contains(&row));
        }
        Ok(all)
    }

    /// Whether it is the associated rows as they are: no options, no default scope and no soft deletion of the
    /// target.
    fn is_plain(&self) -> bool {
        options::are_none(&self.options) && self.view.reader().finds_all(self.view.target())
    }

    /// Asks the view, with what was softly deleted where the options say so.
    fn widened<T>(&self, ask: impl FnOnce(View<'_>) -> T) -> T {
        let (reader, association) = (self.view.reader(), self.view.association());
        let association = options::widened(association, &self.options, reader);
        ask(View::of(reader, self.view.source(), &association))
    }

    fn given(&self) -> Given<'_> {
        Given {
            association: self.view.association(),
            options: &self.options,
        }
    }

    fn candidates(&self) -> Result<GivenRows> {
        let mut rows = GivenRows::new(Begin::of(self.view.association()));
        self.widened(|view| view.push_candidates(&mut rows))?;
        Ok(rows)
    }

    fn check_empty(&self, empty: bool) -> Result<()> {
        if !(empty && self.reject_empty) {
            return Ok(());
        }
        let detail = "nothing is associated";
        Err(self.view.place().refuse(RequestKind::NotFound, detail))
    }
}
