//! The arithmetic of aggregates.

use crate::error::{Failure, RequestError, RequestKind, Result, Show};
use crate::expr::aggregate::{Aggregate, AggregateFunction};
use crate::value::{DataType, Value, ValueRef};

/// An aggregate of something whose type it can be of.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    function: AggregateFunction,
    /// Where its values are found in the rows; none for the rows themselves.
    pub(crate) source: Option<Source>,
    distinct: bool,
    /// The type of the values, and of what comes out.
    from: DataType,
    pub(crate) to: DataType,
    /// Its model and its text, for errors.
    model: Box<str>,
    shown: Box<str>,
}

/// Where a value of a row is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// In a column.
    Column(u32),
    /// Among those that its node works out, at this position.
    Worked(usize),
}

impl Fold {
    /// # Errors
    /// `Type` for a sum or average of something that is no number, and for different rows, which all rows are.
    pub(crate) fn new(
        aggregate: &Aggregate,
        source: Option<Source>,
        from: Option<DataType>,
        model: &str,
    ) -> Result<Self> {
        let refusal =
            |detail: String| Err(RequestError::new(RequestKind::Type, model, detail).into());
        // Of nothing but nulls everything is null, whatever they might have been.
        let from = from.unwrap_or(DataType::Int);
        if aggregate.distinct && source.is_none() {
            return refusal(format!("{aggregate}: no row is twice in a table"));
        }
        let to = match (aggregate.function, from) {
            (AggregateFunction::Count, _) => DataType::Int,
            (AggregateFunction::Least | AggregateFunction::Greatest, from) => from,
            (AggregateFunction::Sum, DataType::Int) => DataType::Int,
            (AggregateFunction::Sum, DataType::Float)
            | (AggregateFunction::Average, DataType::Int | DataType::Float) => DataType::Float,
            (AggregateFunction::Sum | AggregateFunction::Average, _) => {
                return refusal(format!(
                    "{aggregate} of {from} values: it takes int or float"
                ));
            }
        };
        Ok(Fold {
            function: aggregate.function,
            source,
            distinct: aggregate.distinct,
            from,
            to,
            model: model.into(),
            shown: aggregate.to_string().into(),
        })
    }

    /// Whether the order of the values can show in the result: floats are not added alike in every order.
    pub(crate) fn minds_order(&self) -> bool {
        let adds = matches!(
            self.function,
            AggregateFunction::Sum | AggregateFunction::Average
        );
        adds && self.from == DataType::Float && !self.distinct
    }

    /// The aggregate of these values, one per row, nulls among them.
    ///
    /// # Errors
    /// `Evaluation` for a sum that is no int of 64 bits.
    pub(crate) fn of<'v>(
        &self,
        rows: impl ExactSizeIterator<Item = ValueRef<'v>>,
    ) -> Result<Value> {
        if self.source.is_none() {
            return Ok(number(rows.len()));
        }
        let present = rows.filter(|value| !value.is_null());
        if !self.distinct {
            return self.of_present(present);
        }
        let mut values: Vec<ValueRef<'v>> = present.collect();
        values.sort_unstable_by(|a, b| a.total_cmp(*b));
        values.dedup();
        self.of_present(values.into_iter())
    }

    fn of_present<'v>(&self, values: impl Iterator<Item = ValueRef<'v>>) -> Result<Value> {
        let owned = |value: Option<ValueRef<'_>>| value.map_or(Value::Null, |it| it.to_value());
        match self.function {
            AggregateFunction::Count => Ok(number(values.count())),
            AggregateFunction::Least => Ok(owned(values.min_by(|a, b| a.total_cmp(*b)))),
            AggregateFunction::Greatest => Ok(owned(values.max_by(|a, b| a.total_cmp(*b)))),
            AggregateFunction::Sum | AggregateFunction::Average => match self.from {
                DataType::Float => Ok(self.of_floats(values.filter_map(ValueRef::as_float))),
                _ => self.of_ints(values.filter_map(ValueRef::as_int)),
            },
        }
    }

    /// No sum of 64-bit integers that fit into memory is out of the range of 128 bits.
    fn of_ints(&self, values: impl Iterator<Item = i64>) -> Result<Value> {
        let (mut sum, mut count) = (0_i128, 0_i64);
        for value in values {
            sum += i128::from(value);
            count += 1;
        }
        if count == 0 {
            return Ok(Value::Null);
        }
        if self.function == AggregateFunction::Average {
            #[expect(
                clippy::cast_precision_loss,
                reason = "an average is rounded to a float"
            )]
            return Ok(Value::from(sum as f64 / count as f64));
        }
        i64::try_from(sum).map(Value::Int).map_err(|_| {
            let detail = |show| match show {
                Show::Values => format!("{} is {sum}, which is no int of 64 bits", self.shown),
                Show::NoValues => format!("{} is no int of 64 bits", self.shown),
            };
            let kind = RequestKind::Evaluation(Failure::NumberOutOfRange);
            RequestError::with_values(kind, &*self.model, detail).into()
        })
    }

    fn of_floats(&self, values: impl Iterator<Item = f64>) -> Value {
        let (mut sum, mut count) = (0.0, 0_u32);
        for value in values {
            sum += value;
            count += 1;
        }
        match (count, self.function) {
            (0, _) => Value::Null,
            (_, AggregateFunction::Average) => Value::from(sum / f64::from(count)),
            _ => Value::from(sum),
        }
    }
}

fn number(rows: usize) -> Value {
    Value::Int(i64::try_from(rows).unwrap_or(i64::MAX))
}
