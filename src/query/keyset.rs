//! Going on behind a row instead of counting rows off (beyond BY-5).
//!
//! A place in the result is the values of a row that decide about its order: the columns that the request orders by, then
//! those of the primary key. The rows behind it are a filter, and so the page after it is right whatever was inserted or
//! deleted meanwhile, the row itself among them.

use crate::association::registry::ModelEntry;
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::expr::{Expr, all, any, col, val};
use crate::query::node::OrderKey;
use crate::query::plan::{PlanNode, RowOrder};
use crate::query::{Direction, Nulls};
use crate::value::{Key, Value};

/// The columns whose values are a place in an order: each once, those of the primary key last.
pub(super) fn columns(order: &RowOrder, primary_key: &[u32]) -> Vec<OrderKey> {
    let mut columns: Vec<OrderKey> = match order {
        RowOrder::Columns(columns) => columns.clone(),
        RowOrder::Key | RowOrder::Any | RowOrder::Reaching(_) => Vec::new(),
    };
    for &ordinal in primary_key {
        if columns.iter().all(|key| key.ordinal != ordinal) {
            columns.push(OrderKey::own(ordinal, Direction::Ascending, Nulls::Last));
        }
    }
    columns
}

/// The columns of [`columns`], of a node that is planned.
///
/// # Errors
/// `Unsupported` for an order over associations.
pub(super) fn columns_of(node: &PlanNode, model: &str, primary_key: &[u32]) -> Result<Vec<u32>> {
    if let RowOrder::Reaching(_) = &node.order {
        return Err(no_place(model));
    }
    let columns = columns(&node.order, primary_key);
    Ok(columns.iter().map(|key| key.ordinal).collect())
}

/// The error for an order whose values do not stand in the row.
pub(super) fn no_place(model: &str) -> Error {
    let detail = "the place of a row in an order over associations";
    RequestError::new(RequestKind::Unsupported, model, detail).into()
}

/// What is true for the rows behind a place in an order.
///
/// # Errors
/// `KeyLength` for another number of values than the order has columns; `Unsupported` for a table without a primary key,
/// whose rows are in an order that no value tells.
pub(super) fn behind(
    model: &ModelEntry,
    order: &[OrderKey],
    primary_key: &[u32],
    place: &Key,
) -> Result<Expr> {
    let columns = columns(&RowOrder::new(order.to_vec(), primary_key), primary_key);
    let mut names = Vec::with_capacity(columns.len());
    for key in &columns {
        let attribute = model.attribute_of(key.ordinal).ok_or_else(|| {
            let detail = "going on behind a row without a primary key";
            RequestError::new(RequestKind::Unsupported, &*model.name, detail)
        })?;
        names.push(&*attribute.name);
    }
    if place.len() != columns.len() {
        let (given, wanted) = (place.len(), names.join(", "));
        let detail = format!("a place of {given} values in an order by {wanted}");
        return Err(RequestError::new(RequestKind::KeyLength, &*model.name, detail).into());
    }
    // From the last column on: behind in this one, or equal and behind in those after it.
    let mut rest: Option<Expr> = None;
    for ((key, name), value) in columns.iter().zip(names).zip(place.values()).rev() {
        let tied = rest.map(|rest| all([equal(name, value), rest]));
        rest = match (behind_in(key, name, value), tied) {
            (Some(behind), Some(tied)) => Some(any([behind, tied])),
            (one, other) => one.or(other),
        };
    }
    Ok(rest.unwrap_or_else(|| val(false)))
}

fn equal(name: &str, value: &Value) -> Expr {
    match value.is_null() {
        true => col(name).is_null(),
        false => col(name).eq(value),
    }
}

/// What is true for the values behind one in the order of one column; none where nothing can be.
fn behind_in(key: &OrderKey, name: &str, value: &Value) -> Option<Expr> {
    if value.is_null() {
        return match key.nulls {
            Nulls::First => Some(col(name).is_null().not()),
            Nulls::Last => None,
        };
    }
    let behind = match key.direction {
        Direction::Ascending => col(name).gt(value),
        Direction::Descending => col(name).lt(value),
    };
    Some(match key.nulls {
        Nulls::First => behind,
        Nulls::Last => any([behind, col(name).is_null()]),
    })
}
