//! How many rows a path is expected to lead to.
//!
//! What the storage counts anyway is asked in O(1): the rows of a table, those under a parent, those of one value of a hash
//! index and how many values there are. An ordered index is walked as far as [`COUNTED_MAX`]; where that is not far enough,
//! and for conditions that nothing counts, a few rows of the table are looked at, at fixed places, so that the same data
//! gives the same plan. Of parameters a typical value is assumed.

use crate::engine::Snapshot;
use crate::engine::access::candidates::as_rows;
use crate::engine::access::{AccessPath, Limit, Range, Sought};
use crate::engine::read::{RowView, TableReader};
use crate::expr::{Bound, Comparison, Conjunct};
use crate::schema::{ForeignKey, Table, TableId};
use crate::storage::RowId;
use crate::value::{Value, ValueRef};

/// How far an index is walked to count.
const COUNTED_MAX: usize = 128;
/// How many rows are looked at for a condition that nothing counts.
const SAMPLED: u32 = 32;
/// Of how many values of a list, or of how many rows, the mean is taken.
const AVERAGED: usize = 8;

/// The share of rows for which a comparison with an unknown value is true.
const EQUAL: f64 = 0.1;
const ONE_SIDED: f64 = 1.0 / 3.0;
const TWO_SIDED: f64 = 0.125;

impl Snapshot {
    /// The share of the rows of a table for which a filter is true: a guess from its form, or if it is worth it, from a few
    /// rows.
    pub(crate) fn share(&self, table: TableId, filter: &Bound, sampled: bool) -> f64 {
        if !sampled || filter.has_parameters() {
            return filter.conjuncts().map(guess).product();
        }
        self.sampled_share(table, |row| filter.matches_with(row, &[]) == Ok(true))
    }

    /// How many children are expected under the parents with these values.
    pub(super) fn expected_children(&self, key: &ForeignKey, values: &[Sought]) -> f64 {
        let children = self.state.children(key);
        let mean = as_rows(children.len()) / self.rows_of(key.parent).max(1.0);
        self.expected_of(values, mean, |values| {
            let values = values.iter().copied();
            match self.state.find_parent(key, values) {
                Some(parent) => as_rows(children.count(parent)),
                None => 0.0,
            }
        })
    }

    /// How many rows are expected to have these values of the first columns of an index.
    pub(super) fn expected_with(&self, table: &Table, index: usize, values: &[Sought]) -> f64 {
        let store = self.state.table(table.id);
        let columns = &table.indexes[index].columns[..values.len()];
        let has_parameter = values.iter().any(|it| matches!(it, Sought::Parameter(_)));
        if has_parameter {
            return self.mean_with(table.id, index, columns);
        }
        self.expected_of(values, 1.0, |values| {
            let counted = store.count_all(index, values.iter().copied(), COUNTED_MAX);
            if counted < COUNTED_MAX || store.ordered(index).is_none() {
                return as_rows(counted);
            }
            let share = self.sampled_share(table.id, |row| {
                let mut pairs = columns.iter().zip(values);
                pairs.all(|(&ordinal, &value)| row.value(ordinal) == value)
            });
            (share * self.rows_of(table.id)).max(as_rows(counted))
        })
    }

    /// How many rows are expected in a range of an index.
    pub(super) fn expected_in_range(
        &self,
        table: &Table,
        index: usize,
        values: &[Sought],
        range: &Range,
    ) -> f64 {
        let path = AccessPath::Range {
            index,
            values: values.to_vec(),
            range: range.clone(),
        };
        if let Range::All = range
            && values.is_empty()
        {
            return self.rows_of(table.id);
        }
        let is_open = |limit: &Option<Limit>| {
            let sought = limit.as_ref().map(|it| &it.sought);
            matches!(sought, Some(Sought::Parameter(_)))
        };
        let has_parameter = values.iter().any(|it| matches!(it, Sought::Parameter(_)))
            || matches!(range, Range::Between { low, high } if is_open(low) || is_open(high));
        if has_parameter {
            let all = match values.is_empty() {
                true => self.rows_of(table.id),
                false => self.expected_with(table, index, values),
            };
            return all * range.guess();
        }
        let counted = self.range(table.id, &path, &[]);
        let counted = counted.map_or(0, |rows| rows.take(COUNTED_MAX).count());
        if counted < COUNTED_MAX {
            return as_rows(counted);
        }
        let columns = &table.indexes[index].columns;
        let share = self.sampled_share(table.id, |row| {
            let mut pairs = columns.iter().zip(values);
            let equal = pairs.all(|(&ordinal, sought)| match sought {
                Sought::Constant(value) => row.value(ordinal) == value.as_ref(),
                _ => row.value(ordinal).is_null(),
            });
            equal && range.holds(row.value(columns[values.len()]))
        });
        (share * self.rows_of(table.id)).max(as_rows(counted))
    }

    /// How many rows are expected in a range of the key of a dense table.
    pub(super) fn expected_in_key_range(&self, table: TableId, path: &AccessPath) -> f64 {
        let AccessPath::KeyRange { low, high } = path else {
            return self.rows_of(table);
        };
        let constant = |limit: &Option<Limit>| {
            let sought = limit.as_ref().map(|it| &it.sought);
            !matches!(sought, Some(Sought::Parameter(_)))
        };
        let rows = self.rows_of(table);
        if !constant(low) || !constant(high) {
            let range = Range::Between {
                low: low.clone(),
                high: high.clone(),
            };
            return rows * range.guess();
        }
        let Some((start, end)) = self.key_range(table, path, &[]) else {
            return rows;
        };
        // As if the rows stood evenly in their slots.
        let whole = self.state.table(table).dense_slots(i64::MIN, i64::MAX);
        let first = self.state.table(table).rows().iter().next();
        let (first, last) = (first.map_or(0, |it| it.0.0), whole.map_or(0, |it| it.1.0));
        let slots = |from: u32, to: u32| f64::from(to.saturating_sub(from));
        rows * slots(start.0.max(first), end.0) / slots(first, last).max(1.0)
    }

    /// How many rows a value of the first columns of an index has, in the mean.
    pub(crate) fn mean_with(&self, table: TableId, index: usize, columns: &[u32]) -> f64 {
        let store = self.state.table(table);
        let rows = self.rows_of(table);
        if let Some(values) = store.value_count(index) {
            return rows / as_rows(values.max(1));
        }
        let (mut looked_at, mut values) = (0.0, 0.0);
        for row in self.sample(table, u32::try_from(AVERAGED).unwrap_or(u32::MAX)) {
            let key = columns.iter().map(|&ordinal| row.value(ordinal));
            let same = store.count_all(index, key, COUNTED_MAX);
            looked_at += 1.0;
            values += 1.0 / as_rows(same.max(1));
        }
        if values > 0.0 {
            looked_at / values
        } else {
            1.0
        }
    }

    /// The sum over the values of a list, or what is expected of one.
    fn expected_of(
        &self,
        values: &[Sought],
        unknown: f64,
        expected: impl Fn(&[ValueRef<'_>]) -> f64,
    ) -> f64 {
        let with = |one: Option<&Value>| {
            let value = |sought: &'_ Sought| -> Option<Value> {
                match sought {
                    Sought::Constant(value) => Some(value.clone()),
                    Sought::Null => Some(Value::Null),
                    Sought::OneOf(_) => one.cloned(),
                    Sought::Parameter(_) => None,
                }
            };
            let values: Option<Vec<Value>> = values.iter().map(value).collect();
            values.map_or(unknown, |values| {
                let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
                expected(&values)
            })
        };
        let list = values.iter().find_map(|it| match it {
            Sought::OneOf(list) => Some(list),
            Sought::Constant(_) | Sought::Null | Sought::Parameter(_) => None,
        });
        let Some(list) = list else {
            return with(None);
        };
        let step = list.len().div_ceil(AVERAGED).max(1);
        let sum: f64 = list.iter().step_by(step).map(|one| with(Some(one))).sum();
        sum * as_rows(list.len()) / as_rows(list.len().div_ceil(step).max(1))
    }

    /// The share of a few rows for which something is true; never none and never all.
    fn sampled_share(&self, table: TableId, mut holds: impl FnMut(&RowView<'_>) -> bool) -> f64 {
        let (mut looked_at, mut true_for) = (0.0, 0.0);
        for row in self.sample(table, SAMPLED) {
            looked_at += 1.0;
            true_for += if holds(&row) { 1.0 } else { 0.0 };
        }
        (true_for + 0.5) / (looked_at + 1.0)
    }

    /// Some rows of a table, from all over it.
    fn sample(&self, table: TableId, count: u32) -> impl Iterator<Item = RowView<'_>> {
        let reader: TableReader<'_> = self.reader(table);
        let rows = self.state.table(table).rows();
        let end = u64::from(rows.end().0);
        // By the golden ratio: evenly, and in step with nothing that repeats in the data.
        let starts =
            (0..count).map(move |it| (u64::from(it.wrapping_mul(0x9E37_79B9)) * end) >> 32);
        starts.filter_map(move |start| {
            let start = RowId(u32::try_from(start).ok()?);
            let (id, cells) = rows.iter_from(start).next()?;
            Some(reader.view(id, cells))
        })
    }
}

impl Range {
    /// The share of rows that it is true for, for all that is known.
    fn guess(&self) -> f64 {
        match self {
            Range::All => 1.0,
            Range::Prefix(_) => TWO_SIDED,
            Range::Between { low, high } => match (low, high) {
                (Some(_), Some(_)) => TWO_SIDED,
                (None, None) => 1.0,
                _ => ONE_SIDED,
            },
        }
    }

    /// Whether a value lies in it; false where it has parameters.
    fn holds(&self, value: ValueRef<'_>) -> bool {
        if value.is_null() {
            return matches!(self, Range::All);
        }
        let beyond = |limit: &Option<Limit>, wanted: Comparison| match limit {
            None => true,
            Some(limit) => match &limit.sought {
                Sought::Constant(bound) => {
                    let order = value.total_cmp(bound.as_ref());
                    wanted.holds(order) || (limit.included && order.is_eq())
                }
                _ => false,
            },
        };
        match self {
            Range::All => true,
            Range::Prefix(text) => value
                .as_str()
                .is_some_and(|value| value.starts_with(&**text)),
            Range::Between { low, high } => {
                beyond(low, Comparison::Gt) && beyond(high, Comparison::Lt)
            }
        }
    }
}

/// The share of rows that a term is true for, for all that is known.
fn guess(conjunct: Conjunct<'_>) -> f64 {
    match conjunct {
        Conjunct::Compare { op, .. } | Conjunct::Parameter { op, .. } => match op {
            Comparison::Eq => EQUAL,
            Comparison::Ne => 1.0 - EQUAL,
            Comparison::Lt | Comparison::Le | Comparison::Gt | Comparison::Ge => ONE_SIDED,
        },
        Conjunct::In { values, .. } => (EQUAL * as_rows(values.len())).min(0.5),
        Conjunct::Between { .. } | Conjunct::Prefix { .. } => TWO_SIDED,
        Conjunct::IsNull { .. } => EQUAL,
        Conjunct::Other => ONE_SIDED,
    }
}
