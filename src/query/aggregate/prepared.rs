//! A request for groups that is resolved and planned, and its groups.

use std::cmp::Ordering;

use crate::error::Result;
use crate::expr::{Bound, BoundValue};
use crate::query::aggregate::{Fold, Groups, Source};
use crate::query::execute;
use crate::query::explain::{self, Explanation};
use crate::query::level::RowList;
use crate::query::node::OrderKey;
use crate::query::parameters::{Given, NOTHING};
use crate::query::planned::Planned;
use crate::query::{Direction, Nulls, Queryable, Version};
use crate::value::{Value, ValueRef};

/// A request for groups that is resolved and planned, for any version of the schema that it was prepared on. Its filters,
/// its expressions and what its groups have to be may hold parameters ([`param`](crate::expr::param)), whose values are
/// given each time, as for [`Prepared`](crate::query::Prepared).
///
/// ```
/// use relata::aggregate::count_rows;
/// use relata::{Attribute, DataType, Models, col, param, select, values};
///
/// let mut models = Models::new();
/// models.define_with("Post", |it| it.attribute(Attribute::new("author", DataType::Text)));
/// let mut db = models.sync()?;
/// for author in ["Ada", "Bob", "Ada"] {
///     db.create("Post", values! { author: author })?;
/// }
///
/// let busy = select("Post")
///     .group_by(["author"])
///     .aggregate("posts", count_rows())
///     .having(col("posts").ge(param("least")))
///     .prepare(&db)?;
/// assert_eq!(busy.run_with(&db, [("least", 1.into())])?.len(), 2);
/// assert_eq!(busy.run_with(&db, [("least", 2.into())])?.len(), 1);
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparedGroups {
    pub(super) planned: Planned,
    /// Of what is grouped by, then of the aggregates.
    pub(super) names: Vec<String>,
    pub(super) by: Vec<Source>,
    pub(super) folds: Vec<Fold>,
    /// What has to be true of a group.
    pub(super) having: Option<Bound>,
    pub(super) order: Vec<GroupOrder>,
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
}

/// What groups are ordered by.
#[derive(Clone, Debug)]
pub(super) enum GroupOrder {
    /// One of their values: the ordinal of the key is its place.
    Output(OrderKey),
    /// What is worked out of them.
    Worked(BoundValue, OrderKey),
}

impl PreparedGroups {
    /// As [`Grouped::run`](crate::query::aggregate::Grouped::run), without looking up names and planning.
    ///
    /// # Errors
    /// `SchemaChanged` if this is another schema than the one prepared for; `MissingParameter` if the request has
    /// parameters; `Limit`; `Evaluation`.
    pub fn run(&self, on: &impl Queryable) -> Result<Groups> {
        self.run_with(on, NOTHING)
    }

    /// The groups, with a value for each parameter.
    ///
    /// # Errors
    /// As [`run`](PreparedGroups::run); before anything runs, `UnknownParameter` for a name that the request does not have,
    /// and `Type` for a value that is not of the parameter's type.
    pub fn run_with(
        &self,
        on: &impl Queryable,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<Groups> {
        self.run_on(self.planned.checked(on)?, parameters)
    }

    /// How the rows that are grouped would be found.
    ///
    /// # Errors
    /// As [`run`](PreparedGroups::run).
    pub fn explain(&self, on: &impl Queryable) -> Result<Explanation> {
        let version = self.planned.checked(on)?;
        let plan = self.planned.plan(version);
        Ok(explain::explain(&plan, version.snapshot))
    }

    pub(super) fn run_on(
        &self,
        version: Version<'_>,
        parameters: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<Groups> {
        let plan = self.planned.plan(version);
        let given = plan.wanted.given(parameters, version)?;
        let (list, worked) = execute::run_values(&plan, &given, version.snapshot)?;
        let width = plan.root().node.worked.len();
        let rows = Rows {
            list,
            worked,
            width,
        };
        let mut groups = self.groups(&rows, &given)?;
        groups.drain(..self.offset.min(groups.len()));
        groups.truncate(self.limit.unwrap_or(usize::MAX));
        Ok(Groups {
            model: plan.model(plan.root()).name.to_string(),
            names: self.names.clone(),
            values: groups.into_iter().flatten().collect(),
        })
    }

    /// The values of each group, filtered and in order.
    fn groups(&self, rows: &Rows<'_>, given: &Given) -> Result<Vec<Vec<Value>>> {
        let mut groups: Vec<Vec<Value>> = Vec::new();
        let sorted = self.sorted(rows);
        for members in self.runs(&sorted, rows) {
            let by = self.by.iter();
            let mut group: Vec<Value> = match members.first() {
                Some(&first) => by.map(|&it| rows.value(first, it).to_value()).collect(),
                None => Vec::new(),
            };
            for fold in &self.folds {
                let cell = |&member: &u32| match fold.source {
                    Some(source) => rows.value(member, source),
                    None => ValueRef::Null,
                };
                group.push(fold.of(members.iter().map(cell))?);
            }
            if self.is_kept(&group, given)? {
                groups.push(group);
            }
        }
        self.order(groups, given)
    }

    fn is_kept(&self, group: &[Value], given: &Given) -> Result<bool> {
        match &self.having {
            None => Ok(true),
            Some(having) => {
                let answer = having.matches_with(group, given);
                answer.map_err(|failed| having.error(failed))
            }
        }
    }

    fn order(&self, groups: Vec<Vec<Value>>, given: &Given) -> Result<Vec<Vec<Value>>> {
        if self.order.is_empty() {
            return Ok(groups);
        }
        let placed = groups.into_iter().map(|group| {
            let keys = self.order.iter().map(|order| match order {
                GroupOrder::Output(key) => Ok(group[key.ordinal as usize].clone()),
                GroupOrder::Worked(value, _) => {
                    let found = value.value_with(&group[..], given);
                    found.map_err(|failed| value.error(failed))
                }
            });
            Ok((keys.collect::<Result<Vec<Value>>>()?, group))
        });
        let mut placed: Vec<(Vec<Value>, Vec<Value>)> = placed.collect::<Result<_>>()?;
        placed.sort_by(|(a, _), (b, _)| {
            let orders = self.order.iter().zip(a.iter().zip(b));
            execute::first_difference(orders.map(|(order, (a, b))| order.compare(a, b)))
        });
        Ok(placed.into_iter().map(|(_, group)| group).collect())
    }

    /// The positions of the rows, group after group; within a group as they stand.
    fn sorted(&self, rows: &Rows<'_>) -> Vec<u32> {
        let mut positions: Vec<u32> = (0..).take(rows.list.len()).collect();
        let ascending = OrderKey::own(0, Direction::Ascending, Nulls::Last);
        if !self.by.is_empty() {
            positions.sort_by(|&a, &b| {
                execute::first_difference(
                    self.by.iter().map(|&source| {
                        ascending.compare(rows.value(a, source), rows.value(b, source))
                    }),
                )
            });
        }
        positions
    }

    /// The rows of each group. Without anything to group by there is one.
    fn runs<'p>(&self, sorted: &'p [u32], rows: &Rows<'_>) -> impl Iterator<Item = &'p [u32]> {
        let same = move |a: &u32, b: &u32| {
            let mut by = self.by.iter();
            by.all(|&it| rows.value(*a, it) == rows.value(*b, it))
        };
        let whole = self.by.is_empty().then_some(sorted);
        let parts = match whole {
            Some(_) => &[],
            None => sorted,
        };
        whole.into_iter().chain(parts.chunk_by(same))
    }
}

impl GroupOrder {
    fn compare(&self, a: &Value, b: &Value) -> Ordering {
        match self {
            GroupOrder::Output(key) | GroupOrder::Worked(_, key) => {
                key.compare(a.as_ref(), b.as_ref())
            }
        }
    }
}

/// The rows that are grouped, with what is worked out of each.
struct Rows<'s> {
    list: RowList<'s>,
    worked: Vec<Value>,
    width: usize,
}

impl Rows<'_> {
    #[inline]
    fn value(&self, position: u32, source: Source) -> ValueRef<'_> {
        match source {
            Source::Column(ordinal) => self.list.value(position as usize, ordinal),
            Source::Worked(place) => self.worked[position as usize * self.width + place].as_ref(),
        }
    }
}
