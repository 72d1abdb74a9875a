//! A request for groups of rows.

use std::cell::RefCell;

use crate::association::registry::ModelEntry;
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::aggregate::Aggregate;
use crate::expr::{Expr, Operand, Parameters, Scope, all};
use crate::query::aggregate::prepared::{GroupOrder, PreparedGroups};
use crate::query::aggregate::{Fold, Groups, Source};
use crate::query::node::OrderKey;
use crate::query::parameters::NOTHING;
use crate::query::planned::Planned;
use crate::query::reach::Worked;
use crate::query::{Order, Queryable, Select, Version};
use crate::query::{planner, resolve};
use crate::schema::Schema;
use crate::value::{DataType, Value};

/// A read of groups of rows. See [`aggregate`](crate::query::aggregate).
#[derive(Clone, Debug)]
#[must_use]
pub struct Grouped {
    select: Select,
    by: Vec<(String, Expr)>,
    aggregates: Vec<(String, Aggregate)>,
    having: Vec<Expr>,
    order: Vec<Order>,
    limit: Option<usize>,
    offset: usize,
}

impl Select {
    /// Groups of the rows that have the same values of these, instead of the rows; null is a value like any other. Without
    /// any, all rows are one group, and there is one even if there are no rows.
    ///
    /// A text is an attribute, one that the request works out ([`with_attribute`](Select::with_attribute)), or one at the end
    /// of a path of associations to one, such as `author.country`: null where there is no row. An expression is named by its
    /// text, or by [`Grouped::by`]. A path that leads to many rows is refused: group those, and look from there.
    ///
    /// Filters, scopes and required includes decide which rows count; optional includes and counts have no meaning here.
    ///
    /// ```
    /// use relata::aggregate::{avg, count_rows};
    /// use relata::{Attribute, BelongsTo, DataType, Models, col, select, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Author", |it| it.attribute(Attribute::new("country", DataType::Text)));
    /// models.define_with("Post", |it| it.attribute(Attribute::new("words", DataType::Int)));
    /// models.belongs_to("Post", BelongsTo::new("Author").alias("author"));
    /// let mut db = models.sync()?;
    /// for (country, words) in [("NO", 90), ("SE", 120), ("NO", 250)] {
    ///     let author = db.create("Author", values! { country: country })?;
    ///     let mut post = db.create("Post", values! { words: words })?;
    ///     db.related(&mut post, "author")?.set(&author)?;
    /// }
    ///
    /// let groups = select("Post")
    ///     .group_by(["author.country"])
    ///     .by("long", col("words").gt(100))
    ///     .aggregate("posts", count_rows())
    ///     .aggregate("hundreds", avg(col("words") / 100))
    ///     .having(col("author.country").eq("NO"))
    ///     .run(&db)?;
    /// assert_eq!(groups.names(), ["author.country", "long", "posts", "hundreds"]);
    /// let hundreds: Vec<f64> = groups.iter().map(|it| it.get_as("hundreds")).collect::<relata::Result<_>>()?;
    /// assert_eq!(hundreds, [0.0, 2.0]);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn group_by(self, of: impl IntoIterator<Item = impl Into<Operand>>) -> Grouped {
        let named = |operand: Operand| match operand.expr.as_column() {
            Some(name) => (name.to_owned(), operand.expr),
            None => (operand.expr.to_string(), operand.expr),
        };
        Grouped {
            select: self,
            by: of.into_iter().map(Into::into).map(named).collect(),
            aggregates: Vec::new(),
            having: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
        }
    }

    /// An aggregate of all rows, under a name: [`group_by`](Select::group_by) without attributes.
    pub fn aggregate(self, name: impl Into<String>, aggregate: Aggregate) -> Grouped {
        self.group_by([""; 0]).aggregate(name, aggregate)
    }

    /// One aggregate of all rows, at once.
    ///
    /// # Errors
    /// As [`Grouped::run`].
    pub fn calculate(&self, aggregate: Aggregate, on: &impl Queryable) -> Result<Value> {
        let groups = self.clone().aggregate("", aggregate).run(on)?;
        Ok(groups.values.into_iter().next().unwrap_or_default())
    }
}

impl Grouped {
    /// Of rows that also have the same value of this, under a name of its own. It stands behind what is grouped by already.
    pub fn by(mut self, name: impl Into<String>, of: impl Into<Operand>) -> Self {
        self.by.push((name.into(), of.into().expr));
        self
    }

    /// With an aggregate of the rows of each group, under a name of its own: of an attribute, a path to one over associations
    /// to one, or an expression.
    pub fn aggregate(mut self, name: impl Into<String>, aggregate: Aggregate) -> Self {
        self.aggregates.push((name.into(), aggregate));
        self
    }

    /// Only groups for which this is true: a filter over what is grouped by and over the aggregates, by their names.
    /// Of several, all have to be.
    pub fn having(mut self, filter: impl Into<Expr>) -> Self {
        self.having.push(filter.into());
        self
    }

    /// Ordered by what is grouped by or an aggregate, by its name, or by an expression over those, then by what later calls
    /// say, then by what is grouped by. Without a word, by what is grouped by, nulls last.
    pub fn order_by(mut self, order: impl Into<Order>) -> Self {
        self.order.push(order.into());
        self
    }

    /// At most so many groups.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Without the first groups.
    pub fn offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// The groups. O(rows log rows) to group, and O(rows) for each aggregate.
    ///
    /// # Errors
    /// As [`Select::run`]; `Type` for a sum or an average of what is no number; `Evaluation` for a sum that is no int of 64
    /// bits and for an expression that has no value; `Repeated` for two results of one name; `Unsupported` for an order, a
    /// limit, an offset or a place of the rows, which groups do not have, for a group of nothing without aggregates, and for a
    /// path that leads to many rows.
    pub fn run(&self, on: &impl Queryable) -> Result<Groups> {
        let version = on.version();
        self.prepared(version)?.run_on(version, NOTHING)
    }

    /// Resolves and plans the request once, to run it often.
    ///
    /// # Errors
    /// As [`run`](Grouped::run).
    pub fn prepare(&self, on: &impl Queryable) -> Result<PreparedGroups> {
        self.prepared(on.version())
    }

    fn prepared(&self, version: Version<'_>) -> Result<PreparedGroups> {
        let model = version.registry.by_name(&self.select.model)?;
        self.check(model)?;
        let mut values = Values {
            request: self,
            model,
            schema: version.snapshot.schema(),
            worked: Vec::new(),
        };
        let by = self.by.iter().map(|(_, expr)| values.source(expr));
        let by: Vec<Source> = by.collect::<Result<_>>()?;
        let of = self.aggregates.iter();
        let of = of.map(|(_, it)| it.of.as_ref().map(|expr| values.source(expr)).transpose());
        let of: Vec<Option<Source>> = of.collect::<Result<_>>()?;
        let worked = std::mem::take(&mut values.worked);
        let bind = |worked: &[Worked], parameters: &RefCell<Parameters>| {
            let folds = self
                .aggregates
                .iter()
                .zip(&of)
                .map(|((_, aggregate), &source)| {
                    let data_type = source.and_then(|it| values.data_type(it, worked));
                    Fold::new(aggregate, source, data_type, &model.name)
                });
            let folds: Vec<Fold> = folds.collect::<Result<_>>()?;
            let types = by.iter().map(|&it| values.data_type(it, worked));
            let outputs = Outputs {
                model: &model.name,
                names: self.names().collect(),
                // Of a value that can only be null any type does.
                types: types
                    .map(|it| it.unwrap_or(DataType::Int))
                    .chain(folds.iter().map(|fold| fold.to))
                    .collect(),
            };
            let having = (!self.having.is_empty())
                .then(|| all(self.having.iter().cloned()).bind_with(&outputs, parameters, None))
                .transpose()?;
            Ok((folds, having, self.orders(&outputs, parameters)?))
        };
        let bound = resolve::resolve_values(&self.select, worked, version, bind)?;
        let (resolved, (folds, having, order)) = bound;
        let planner = match folds.iter().any(Fold::minds_order) {
            true => planner::plan_values_in_order,
            false => planner::plan_values,
        };
        Ok(PreparedGroups {
            planned: Planned::new(resolved, planner, version),
            names: self.names().map(str::to_owned).collect(),
            by,
            folds,
            having,
            order,
            limit: self.limit,
            offset: self.offset,
        })
    }

    /// Refuses what says nothing about groups.
    fn check(&self, model: &ModelEntry) -> Result<()> {
        let refusal =
            |kind, detail: String| Err(RequestError::new(kind, &*model.name, detail).into());
        let criteria = &self.select.criteria;
        let meaningless = [
            (!criteria.order.is_empty(), "an order"),
            (criteria.limit.is_some(), "a limit"),
            (criteria.offset.is_some(), "an offset"),
            (self.select.after.is_some(), "a place"),
        ];
        if let Some((_, what)) = meaningless.iter().find(|(said, _)| *said) {
            let detail = format!("{what} of the rows, said before they are grouped");
            return refusal(RequestKind::Unsupported, detail);
        }
        if self.by.is_empty() && self.aggregates.is_empty() {
            let detail = "a group of all rows without an aggregate";
            return refusal(RequestKind::Unsupported, detail.to_owned());
        }
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                let detail = format!("two results named {}", pair[0]);
                refusal(RequestKind::Repeated, detail)
            }
            None => Ok(()),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let aggregates = self.aggregates.iter().map(|(name, _)| name.as_str());
        self.by
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(aggregates)
    }

    /// What to order groups by, before what is grouped by.
    fn orders(
        &self,
        outputs: &Outputs<'_>,
        parameters: &RefCell<Parameters>,
    ) -> Result<Vec<GroupOrder>> {
        let said = self.order.iter().map(|order| {
            let key = |ordinal| OrderKey::own(ordinal, order.direction, order.nulls());
            let Some(name) = order.by.as_column() else {
                let value = order.by.bind_value_with(outputs, parameters, None)?;
                return Ok(GroupOrder::Worked(value, key(0)));
            };
            let place = outputs.column(name).ok_or_else(|| {
                let detail = format!("an order by {name}, which is no result");
                RequestError::new(RequestKind::UnknownColumn, outputs.model, detail)
            })?;
            Ok(GroupOrder::Output(key(place.0)))
        });
        said.collect()
    }
}

/// Collects what has to be worked out of the rows.
struct Values<'r> {
    request: &'r Grouped,
    model: &'r ModelEntry,
    schema: &'r Schema,
    worked: Vec<Expr>,
}

impl Values<'_> {
    /// Where a value of a row is found: an attribute by name, one that the request works out, or what else it is.
    fn source(&mut self, expr: &Expr) -> Result<Source> {
        let computed = &self.request.select.criteria.computed;
        let expr = match expr.as_column() {
            None => expr,
            Some(name) => match computed.iter().find(|(it, _)| it == name) {
                Some((_, computed)) => computed,
                None => match self.model.own_ordinal(name)? {
                    Some(ordinal) => return Ok(Source::Column(ordinal)),
                    None => expr,
                },
            },
        };
        self.worked.push(expr.clone());
        Ok(Source::Worked(self.worked.len() - 1))
    }

    fn data_type(&self, source: Source, worked: &[Worked]) -> Option<DataType> {
        match source {
            Source::Column(ordinal) => {
                let columns = &self.schema.table(self.model.table).columns;
                Some(columns[ordinal as usize].data_type)
            }
            Source::Worked(position) => worked[position].value.data_type(),
        }
    }
}

/// The values of a group by name: what is grouped by, then the aggregates.
struct Outputs<'r> {
    model: &'r str,
    names: Vec<&'r str>,
    types: Vec<DataType>,
}

impl Scope for Outputs<'_> {
    fn subject(&self) -> &str {
        self.model
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let mut places = (0..).zip(self.names.iter().zip(&self.types));
        let found = places.find(|(_, (found, _))| **found == name);
        found.map(|(place, (_, data_type))| (place, *data_type))
    }
}
