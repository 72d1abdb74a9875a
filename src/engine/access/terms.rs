//! What a filter says of single columns, as far as a key or an index can answer it.
//!
//! A value is looked up in a column of its own type. An integer is one in a column of floats if there is a float that is equal
//! to it; other values of another type may be equal to some in the column, but a hash does not find those.
//!
//! Only terms are used that stand before the first one that may fail for a row, so that whether a request fails does not
//! depend on how its rows are found.

use smallvec::SmallVec;

use crate::engine::access::{Limit, Range, Sought};
use crate::expr::{Bound, Comparison, Conjunct};
use crate::schema::Table;
use crate::value::{DataType, Value};

/// The terms of a filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms<'f> {
    said: SmallVec<[Said<'f>; 4]>,
    /// How many terms the filter has, of whatever sort.
    count: usize,
    /// Whether there is a filter.
    pub(super) any: bool,
}

/// A term about one column.
#[derive(Clone, Copy, Debug)]
struct Said<'f> {
    ordinal: u32,
    conjunct: Conjunct<'f>,
}

/// A range of one column, and how many terms it answers.
pub(crate) struct Ranged {
    pub(crate) range: Range,
    pub(crate) answered: usize,
}

impl<'f> Terms<'f> {
    /// Those of a filter over rows of one table.
    pub(crate) fn of(filter: Option<&'f Bound>) -> Self {
        let Some(filter) = filter else {
            return Terms::default();
        };
        let mut terms = Terms {
            any: true,
            count: filter.conjuncts().count(),
            ..Terms::default()
        };
        terms.add(filter, Some);
        terms
    }

    /// Adds terms of a filter over more than one row that say something of one: `place` gives the column of that row at an
    /// ordinal. They are not among those that can all be answered.
    pub(crate) fn add(&mut self, filter: &'f Bound, place: impl Fn(u32) -> Option<u32>) {
        for conjunct in filter.sure_conjuncts() {
            let Some(ordinal) = conjunct.ordinal().and_then(&place) else {
                continue;
            };
            self.said.push(Said { ordinal, conjunct });
        }
    }

    /// Whether so many terms are all of them.
    pub(crate) fn are_all(&self, answered: usize) -> bool {
        self.any && answered == self.count
    }

    /// Whether nothing is said that a key or an index could answer.
    pub(crate) fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// How many values there are in lists.
    pub(super) fn listed(&self) -> usize {
        let lists = self.said.iter().map(|it| match it.conjunct {
            Conjunct::In { values, .. } => values.len(),
            _ => 0,
        });
        lists.sum()
    }

    /// The columns of which a value or a range is given, each once.
    pub(crate) fn columns(&self) -> Vec<u32> {
        let mut columns: Vec<u32> = Vec::new();
        for said in &self.said {
            if !columns.contains(&said.ordinal) {
                columns.push(said.ordinal);
            }
        }
        columns
    }

    /// The values of the first columns of a key, as far as they are given; a list at one place at most, and null only where
    /// it is looked up.
    pub(super) fn first_of(&self, table: &Table, columns: &[u32], nulls: bool) -> Vec<Sought> {
        let mut lists = 0;
        let value_of = |column: &u32| {
            let sought = self.equal(table, *column)?;
            lists += usize::from(matches!(sought, Sought::OneOf(_)));
            let usable = lists < 2 && (nulls || sought != Sought::Null);
            usable.then_some(sought)
        };
        columns.iter().map_while(value_of).collect()
    }

    /// What a column is equal to: one value before several.
    pub(super) fn equal(&self, table: &Table, column: u32) -> Option<Sought> {
        let data_type = table.columns[column as usize].data_type;
        let of_column = || self.said.iter().filter(|it| it.ordinal == column);
        let one = of_column().find_map(|it| match it.conjunct {
            Conjunct::Compare {
                op: Comparison::Eq,
                value,
                ..
            } => of_type(data_type, value).map(Sought::Constant),
            // It has the type of its column.
            Conjunct::Parameter {
                op: Comparison::Eq,
                position,
                ..
            } => Some(Sought::Parameter(position)),
            Conjunct::IsNull { .. } => Some(Sought::Null),
            _ => None,
        });
        one.or_else(|| {
            of_column().find_map(|it| match it.conjunct {
                Conjunct::In { values, .. } => {
                    let values = values.iter().map(|value| of_type(data_type, value));
                    values.collect::<Option<_>>().map(Sought::OneOf)
                }
                _ => None,
            })
        })
    }

    /// The range in which a column lies.
    pub(crate) fn range(&self, table: &Table, column: u32) -> Option<Ranged> {
        let data_type = table.columns[column as usize].data_type;
        let of_column = || self.said.iter().filter(|it| it.ordinal == column);
        let constant = |value: &Value| of_type(data_type, value).map(Sought::Constant);
        let whole = of_column().find_map(|it| match it.conjunct {
            Conjunct::Between { low, high, .. } => {
                let limit = |value| {
                    Some(Limit {
                        sought: constant(value)?,
                        included: true,
                    })
                };
                Some(Ranged {
                    range: Range::Between {
                        low: Some(limit(low)?),
                        high: Some(limit(high)?),
                    },
                    answered: 1,
                })
            }
            Conjunct::Prefix { text, whole, .. } => Some(Ranged {
                range: Range::Prefix(text.to_owned()),
                answered: usize::from(whole),
            }),
            _ => None,
        });
        if whole.is_some() {
            return whole;
        }
        let limit = |wanted: [Comparison; 2]| {
            of_column().find_map(|it| {
                let (op, sought) = match it.conjunct {
                    Conjunct::Compare { op, value, .. } => (op, constant(value)?),
                    Conjunct::Parameter { op, position, .. } => (op, Sought::Parameter(position)),
                    _ => return None,
                };
                wanted.contains(&op).then_some(Limit {
                    sought,
                    included: matches!(op, Comparison::Ge | Comparison::Le),
                })
            })
        };
        let low = limit([Comparison::Gt, Comparison::Ge]);
        let high = limit([Comparison::Lt, Comparison::Le]);
        let answered = usize::from(low.is_some()) + usize::from(high.is_some());
        (answered > 0).then_some(Ranged {
            range: Range::Between { low, high },
            answered,
        })
    }
}

/// A constant as the column would hold it; none if it could not.
fn of_type(data_type: DataType, value: &Value) -> Option<Value> {
    /// Up to here each integer is a float.
    const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
    match (data_type, value) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "such an integer is a float exactly"
        )]
        (DataType::Float, Value::Int(int)) if int.unsigned_abs() <= EXACT_MAX => {
            Some(Value::Float(*int as f64))
        }
        _ => data_type.admits(value).then(|| value.clone()),
    }
}
