//! A bound expression of any type, and its value for a row.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::expr::Cells;
use crate::expr::eval::Source;
use crate::expr::machine::{Failed, Machine, Step};
use crate::value::{DataType, Value};

/// An expression whose names are ordinals and whose types fit, and which gives a value. Cloning it counts pointers.
///
/// ```
/// use relata::expr::{col, Scope};
/// use relata::value::{DataType, Value};
///
/// struct Sales;
///
/// impl Scope for Sales {
///     fn subject(&self) -> &str {
///         "sales"
///     }
///
///     fn column(&self, name: &str) -> Option<(u32, DataType)> {
///         ["price", "amount"].iter().position(|it| *it == name).map(|at| (at as u32, DataType::Int))
///     }
/// }
///
/// let total = (col("price") * col("amount")).bind_value(&Sales)?;
/// assert_eq!(total.data_type(), Some(DataType::Int));
/// let row: [Value; 2] = [7.into(), 3.into()];
/// assert_eq!(total.value(&row[..])?, Value::from(21));
/// let row: [Value; 2] = [i64::MAX.into(), 3.into()];
/// let error = total.value(&row[..]).unwrap_err();
/// assert_eq!(error.to_string(), "sales: number out of range in price * amount");
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BoundValue {
    source: Arc<Source>,
    steps: Arc<[Step]>,
    /// Ascending.
    columns: Arc<[u32]>,
    data_type: Option<DataType>,
}

impl BoundValue {
    pub(super) fn new(
        source: Arc<Source>,
        steps: Vec<Step>,
        columns: Arc<[u32]>,
        data_type: Option<DataType>,
    ) -> Self {
        BoundValue {
            source,
            steps: steps.into(),
            columns,
            data_type,
        }
    }

    /// The type of its values; none if only null can come of it.
    pub fn data_type(&self) -> Option<DataType> {
        self.data_type
    }

    /// Its value for a row.
    ///
    /// # Errors
    /// `Evaluation` if a part of it has no value for the row.
    pub fn value(&self, cells: &(impl Cells + ?Sized)) -> Result<Value> {
        self.value_with(cells, &[])
            .map_err(|failed| self.source.error(failed))
    }

    /// As [`value`](BoundValue::value), of an expression with parameters.
    pub(crate) fn value_with(
        &self,
        cells: &(impl Cells + ?Sized),
        given: &[Value],
    ) -> Result<Value, Failed> {
        let cell = Machine::new(given).cell_of(&self.steps, cells)?;
        Ok(cell.into_value())
    }

    /// The ordinals that it reads, ascending, each once.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }
}

/// With the names that it was bound with.
impl fmt::Display for BoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.expr.fmt(f)
    }
}
