//! A request for groups of rows.

use std::cell::RefCell;

use crate::association::registry::ModelEntry;
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::{Bound, Expr, Scope, all};
use crate::query::aggregate::fold::Fold;
use crate::query::aggregate::{Aggregate, Groups};
use crate::query::level::RowList;
use crate::query::node::OrderKey;
use crate::query::parameters::{Given, NOTHING, Wanted};
use crate::query::{Direction, Nulls, Order, Queryable, Select, Version};
use crate::query::{execute, planner, resolve};
use crate::schema::Schema;
use crate::value::{DataType, Value, ValueRef};

/// A read of groups of rows. See [`aggregate`](crate::query::aggregate).
#[derive(Clone, Debug)]
#[must_use]
pub struct Grouped {
    select: Select,
    by: Vec<String>,
    aggregates: Vec<(String, Aggregate)>,
    having: Vec<Expr>,
    order: Vec<Order>,
    limit: Option<usize>,
    offset: usize,
}

impl Select {
    /// Groups of the rows that have the same values of these attributes, instead of the rows; null is a value like any
    /// other. Without attributes, all rows are one group, and there is one even if there are no rows.
    ///
    /// Filters, scopes and required includes decide which rows count; optional includes, counts and attributes have no
    /// meaning here.
    pub fn group_by(self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Grouped {
        Grouped {
            select: self,
            by: attributes.into_iter().map(Into::into).collect(),
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
    /// With an aggregate of the rows of each group, under a name of its own.
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

    /// Ordered by what is grouped by or an aggregate, by its name, then by what later calls say, then by what is grouped by.
    /// Without a word, by what is grouped by, nulls last.
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
    /// As [`Select::run`]; `Type` for a sum or an average of what is no number; `OutOfRange` for a sum that is no int of 64
    /// bits; `Repeated` for two results of one name; `Unsupported` for an order, a limit, an offset or a place of the rows,
    /// which groups do not have, and for a group of nothing without aggregates.
    pub fn run(&self, on: &impl Queryable) -> Result<Groups> {
        let version = on.version();
        let resolved = resolve::resolve(&self.select, version)?;
        let bound = self.bind(version)?;
        let by_key = bound.folds.iter().any(Fold::minds_order);
        let plan = match by_key {
            true => planner::plan_passing_in_order(resolved, version),
            false => planner::plan_count(resolved, version),
        };
        let given = plan.wanted.given(NOTHING, version)?;
        let levels = execute::run(&plan, &given, version.snapshot)?;
        let mut groups = bound.groups(&levels[0].rows)?;
        self.cut(&mut groups);
        Ok(Groups {
            model: bound.model,
            names: bound.outputs.names,
            values: groups.into_iter().flatten().collect(),
        })
    }

    fn cut(&self, groups: &mut Vec<Vec<Value>>) {
        groups.drain(..self.offset.min(groups.len()));
        groups.truncate(self.limit.unwrap_or(usize::MAX));
    }

    fn bind(&self, version: Version<'_>) -> Result<BoundGroups> {
        let model = version.registry.by_name(&self.select.model)?;
        self.check(model)?;
        let by = self.by.iter();
        let by = by.map(|name| Ok(model.attribute(name)?.ordinal));
        let by: Vec<u32> = by.collect::<Result<_>>()?;
        let folds = self.aggregates.iter();
        let folds = folds.map(|(_, it)| fold(it, model, version.snapshot.schema()));
        let folds: Vec<Fold> = folds.collect::<Result<_>>()?;
        let outputs = self.outputs(model, version, &folds);
        Ok(BoundGroups {
            having: self.bind_having(&outputs, version)?,
            order: self.order_keys(&outputs)?,
            model: model.name.to_string(),
            by,
            folds,
            outputs,
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
        self.by.iter().map(String::as_str).chain(aggregates)
    }

    fn outputs(&self, model: &ModelEntry, version: Version<'_>, folds: &[Fold]) -> Outputs {
        let columns = &version.snapshot.schema().table(model.table).columns;
        let by = self.by.iter().filter_map(|name| model.find_attribute(name));
        let by = by.map(|attribute| columns[attribute.ordinal as usize].data_type);
        Outputs {
            model: model.name.to_string(),
            names: self.names().map(str::to_owned).collect(),
            types: by.chain(folds.iter().map(|fold| fold.to)).collect(),
        }
    }

    fn bind_having(&self, outputs: &Outputs, version: Version<'_>) -> Result<Option<Having>> {
        if self.having.is_empty() {
            return Ok(None);
        }
        let parameters = RefCell::default();
        let bound = all(self.having.iter().cloned()).bind_with(outputs, &parameters, None)?;
        // A group is not prepared for, and there is nothing that could be given but the time.
        let given =
            Wanted::new(&outputs.model, parameters.into_inner())?.given(NOTHING, version)?;
        Ok(Some(Having { bound, given }))
    }

    /// What to order groups by: the place of a value in the group, and then all that is grouped by.
    fn order_keys(&self, outputs: &Outputs) -> Result<Vec<OrderKey>> {
        let said = self.order.iter().map(|order| {
            let place = outputs.column(&order.attribute).ok_or_else(|| {
                let detail = format!("an order by {}, which is no result", order.attribute);
                RequestError::new(RequestKind::UnknownColumn, &*outputs.model, detail)
            })?;
            Ok(OrderKey::own(place.0, order.direction, order.nulls()))
        });
        said.collect()
    }
}

fn fold(aggregate: &Aggregate, model: &ModelEntry, schema: &Schema) -> Result<Fold> {
    let column = match &aggregate.attribute {
        None => None,
        Some(name) => {
            let ordinal = model.attribute(name)?.ordinal;
            let column = &schema.table(model.table).columns[ordinal as usize];
            Some((ordinal, column.data_type))
        }
    };
    let function = (aggregate.function, aggregate.distinct);
    Fold::new(function, column, aggregate.to_string(), &model.name)
}

/// A request for groups by ordinals, with every type checked.
struct BoundGroups {
    model: String,
    by: Vec<u32>,
    folds: Vec<Fold>,
    outputs: Outputs,
    having: Option<Having>,
    order: Vec<OrderKey>,
}

/// What has to be true of a group, with the time if it asks for that.
struct Having {
    bound: Bound,
    given: Given,
}

impl Having {
    fn keeps(&self, group: &[Value]) -> Result<bool> {
        let answer = self.bound.matches_with(group, &self.given);
        answer.map_err(|failed| self.bound.error(failed))
    }
}

/// The values of a group by name: what is grouped by, then the aggregates.
struct Outputs {
    model: String,
    names: Vec<String>,
    types: Vec<DataType>,
}

impl Scope for Outputs {
    fn subject(&self) -> &str {
        &self.model
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let mut places = (0..).zip(self.names.iter().zip(&self.types));
        let found = places.find(|(_, (found, _))| *found == name);
        found.map(|(place, (_, data_type))| (place, *data_type))
    }
}

impl BoundGroups {
    /// The values of each group, filtered and in order.
    fn groups(&self, rows: &RowList<'_>) -> Result<Vec<Vec<Value>>> {
        let value = |position: u32, ordinal| rows.value(position as usize, ordinal);
        let mut groups: Vec<Vec<Value>> = Vec::new();
        let sorted = self.sorted(rows);
        for members in self.runs(&sorted, rows) {
            let by = self.by.iter();
            let mut group: Vec<Value> = match members.first() {
                Some(&first) => by.map(|&it| value(first, it).to_value()).collect(),
                None => Vec::new(),
            };
            for fold in &self.folds {
                let cell = |&member: &u32| match fold.column {
                    Some(ordinal) => value(member, ordinal),
                    None => ValueRef::Null,
                };
                group.push(fold.of(&self.model, members.iter().map(cell))?);
            }
            let is_kept = match &self.having {
                Some(having) => having.keeps(&group)?,
                None => true,
            };
            if is_kept {
                groups.push(group);
            }
        }
        if !self.order.is_empty() {
            groups.sort_by(|a, b| {
                execute::first_difference(self.order.iter().map(|key| {
                    let place = key.ordinal as usize;
                    key.compare(a[place].as_ref(), b[place].as_ref())
                }))
            });
        }
        Ok(groups)
    }

    /// The positions of the rows, group after group; within a group as they stand.
    fn sorted(&self, rows: &RowList<'_>) -> Vec<u32> {
        let mut positions: Vec<u32> = (0..).take(rows.len()).collect();
        let ascending = |&ordinal| OrderKey::own(ordinal, Direction::Ascending, Nulls::Last);
        let by = self.by.iter().map(ascending);
        let by: Vec<OrderKey> = by.collect();
        if !by.is_empty() {
            positions.sort_by(|&a, &b| {
                execute::first_difference(by.iter().map(|key| {
                    let value = |position: u32| rows.value(position as usize, key.ordinal);
                    key.compare(value(a), value(b))
                }))
            });
        }
        positions
    }

    /// The rows of each group. Without anything to group by there is one.
    fn runs<'p>(&self, sorted: &'p [u32], rows: &RowList<'_>) -> impl Iterator<Item = &'p [u32]> {
        let value = |position: u32, ordinal| rows.value(position as usize, ordinal);
        let same = move |a: &u32, b: &u32| self.by.iter().all(|&it| value(*a, it) == value(*b, it));
        let whole = self.by.is_empty().then_some(sorted);
        let parts = match whole {
            Some(_) => &[],
            None => sorted,
        };
        whole.into_iter().chain(parts.chunk_by(same))
    }
}
