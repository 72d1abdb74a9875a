//! The arithmetic of aggregates.

use crate::error::{RequestError, RequestKind, Result, Show};
use crate::query::aggregate::Function;
use crate::value::{DataType, Value, ValueRef};

/// An aggregate whose attribute is a column of a type that it can be of.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    function: Function,
    /// None for the rows themselves.
    pub(super) column: Option<u32>,
    distinct: bool,
    /// The type of the values, and of what comes out.
    from: DataType,
    pub(super) to: DataType,
    /// Its text, for errors.
    shown: String,
}

impl Fold {
    /// # Errors
    /// `Type` for a sum or average of something that is no number, and for different rows, which all rows are.
    pub(super) fn new(
        (function, distinct): (Function, bool),
        column: Option<(u32, DataType)>,
        shown: String,
        model: &str,
    ) -> Result<Self> {
        let refusal =
            |detail: String| Err(RequestError::new(RequestKind::Type, model, detail).into());
        let from = column.map_or(DataType::Int, |(_, data_type)| data_type);
        if distinct && column.is_none() {
            return refusal(format!("{shown}: no row is twice in a table"));
        }
        let to = match (function, from) {
            (Function::Count, _) => DataType::Int,
            (Function::Least | Function::Greatest, from) => from,
            (Function::Sum, DataType::Int) => DataType::Int,
            (Function::Sum, DataType::Float)
            | (Function::Average, DataType::Int | DataType::Float) => DataType::Float,
            (Function::Sum | Function::Average, _) => {
                return refusal(format!("{shown} of {from} values: it takes int or float"));
            }
        };
        Ok(Fold {
            function,
            column: column.map(|(ordinal, _)| ordinal),
            distinct,
            from,
            to,
            shown,
        })
    }

    /// Whether the order of the values can show in the result: floats are not added alike in every order.
    pub(super) fn minds_order(&self) -> bool {
        let adds = matches!(self.function, Function::Sum | Function::Average);
        adds && self.from == DataType::Float && !self.distinct
    }

    /// The aggregate of these values, one per row, nulls among them.
    ///
    /// # Errors
    /// `OutOfRange` for a sum that is no int of 64 bits.
    pub(super) fn of<'v>(
        &self,
        model: &str,
        rows: impl ExactSizeIterator<Item = ValueRef<'v>>,
    ) -> Result<Value> {
        if self.column.is_none() {
            return Ok(number(rows.len()));
        }
        let present = rows.filter(|value| !value.is_null());
        if !self.distinct {
            return self.of_present(model, present);
        }
        let mut values: Vec<ValueRef<'v>> = present.collect();
        values.sort_unstable_by(|a, b| a.total_cmp(*b));
        values.dedup();
        self.of_present(model, values.into_iter())
    }

    fn of_present<'v>(
        &self,
        model: &str,
        values: impl Iterator<Item = ValueRef<'v>>,
    ) -> Result<Value> {
        let owned = |value: Option<ValueRef<'_>>| value.map_or(Value::Null, |it| it.to_value());
        match self.function {
            Function::Count => Ok(number(values.count())),
            Function::Least => Ok(owned(values.min_by(|a, b| a.total_cmp(*b)))),
            Function::Greatest => Ok(owned(values.max_by(|a, b| a.total_cmp(*b)))),
            Function::Sum | Function::Average => match self.from {
                DataType::Float => Ok(self.of_floats(values.filter_map(ValueRef::as_float))),
                _ => self.of_ints(model, values.filter_map(ValueRef::as_int)),
            },
        }
    }

    /// No sum of 64-bit integers that fit into memory is out of the range of 128 bits.
    fn of_ints(&self, model: &str, values: impl Iterator<Item = i64>) -> Result<Value> {
        let (mut sum, mut count) = (0_i128, 0_i64);
        for value in values {
            sum += i128::from(value);
            count += 1;
        }
        if count == 0 {
            return Ok(Value::Null);
        }
        if self.function == Function::Average {
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
            RequestError::with_values(RequestKind::OutOfRange, model, detail).into()
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
            (_, Function::Average) => Value::from(sum / f64::from(count)),
            _ => Value::from(sum),
        }
    }
}

fn number(rows: usize) -> Value {
    Value::Int(i64::try_from(rows).unwrap_or(i64::MAX))
}
