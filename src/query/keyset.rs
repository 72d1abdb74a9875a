//! Going on behind a row instead of counting rows off (beyond BY-5).
//!
//! A place in the result is the values of a row that decide about its order: what the request orders by, then the columns of
//! the primary key. The rows behind it are a filter, and so the page after it is right whatever was inserted or deleted
//! meanwhile, the row itself among them.
//!
//! Whatever has one value for each row can be ordered by so: its columns, those of rows that associations to one lead to, and
//! what is worked out of it. Over an association to many a row has a place for each of its joined rows, of which a limit
//! takes no notice (associations EL-41): there is nothing to go on behind.

use crate::association::registry::{ModelEntry, Registry};
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::expr::{Expr, all, any, col, val};
use crate::query::criteria::Criteria;
use crate::query::node::OrderKey;
use crate::query::plan::{PlanNode, RowOrder};
use crate::query::reach::At;
use crate::query::{Direction, Nulls, Order};
use crate::value::{Key, Value};

/// The keys whose values are a place in an order: those of the order, then those of the primary key that are not among them.
fn keys(order: &RowOrder, primary_key: &[u32]) -> Vec<OrderKey> {
    let mut keys: Vec<OrderKey> = match order {
        RowOrder::Columns(columns) => columns.clone(),
        RowOrder::Reaching(order) => order.keys.clone(),
        RowOrder::Key | RowOrder::Any => Vec::new(),
    };
    for &ordinal in primary_key {
        let is_there = |key: &OrderKey| key.at == At::Row && key.ordinal == ordinal;
        if !keys.iter().any(is_there) {
            keys.push(OrderKey::own(ordinal, Direction::Ascending, Nulls::Last));
        }
    }
    keys
}

/// The keys of a place in the order of a node that is planned.
///
/// # Errors
/// `Unsupported` for an order over an association to many, or by a junction row that led here.
pub(super) fn keys_of(node: &PlanNode, model: &str, primary_key: &[u32]) -> Result<Vec<OrderKey>> {
    let keys = keys(&node.order, primary_key);
    let is_of_one = |key: &OrderKey| !key.over_many && key.at != At::Junction;
    match keys.iter().all(is_of_one) {
        true => Ok(keys),
        false => Err(no_place(model)),
    }
}

fn no_place(model: &str) -> Error {
    let detail = "the place of a row in an order over an association to many";
    RequestError::new(RequestKind::Unsupported, model, detail).into()
}

/// What is true for the rows behind a place in the order that the criteria say.
///
/// # Errors
/// `UnknownColumn` for an order by what is not there; `KeyLength` for another number of values than the order has keys;
/// `Unsupported` for an order over an association to many, and for a table without a primary key, whose rows are in an order
/// that no value tells.
pub(super) fn behind(
    (model, registry): (&ModelEntry, &Registry),
    criteria: &Criteria,
    primary_key: &[u32],
    place: &Key,
) -> Result<Expr> {
    let mut said = Vec::with_capacity(criteria.order.len());
    let mut exprs = Vec::new();
    for order in &criteria.order {
        let (ordinal, at) = match own_ordinal(model, criteria, order)? {
            Some(ordinal) => (ordinal, At::Row),
            None => {
                exprs.push(one_value((model, registry), criteria, order)?);
                (
                    u32::try_from(exprs.len() - 1).unwrap_or(u32::MAX),
                    At::Worked,
                )
            }
        };
        said.push(OrderKey {
            at,
            ..OrderKey::own(ordinal, order.direction, order.nulls())
        });
    }
    let keys = keys(&RowOrder::new(said, primary_key), primary_key);
    let mut by = Vec::with_capacity(keys.len());
    for key in &keys {
        by.push(match key.at {
            At::Worked => exprs[key.ordinal as usize].clone(),
            At::Row | At::Junction | At::Below { .. } => {
                let attribute = model.attribute_of(key.ordinal).ok_or_else(|| {
                    let detail = "going on behind a row without a primary key";
                    RequestError::new(RequestKind::Unsupported, &*model.name, detail)
                })?;
                col(&*attribute.name)
            }
        });
    }
    if place.len() != keys.len() {
        let names: Vec<String> = by.iter().map(Expr::to_string).collect();
        let (given, wanted) = (place.len(), names.join(", "));
        let detail = format!("a place of {given} values in an order by {wanted}");
        return Err(RequestError::new(RequestKind::KeyLength, &*model.name, detail).into());
    }
    // From the last key on: behind in this one, or equal and behind in those after it.
    let mut rest: Option<Expr> = None;
    for ((key, by), value) in keys.iter().zip(&by).zip(place.values()).rev() {
        let tied = rest.map(|rest| all([equal(by, value), rest]));
        rest = match (behind_in(key, by, value), tied) {
            (Some(behind), Some(tied)) => Some(any([behind, tied])),
            (one, other) => one.or(other),
        };
    }
    let rest = rest.unwrap_or_else(|| val(false));
    // What follows for the first key alone is said once more, for an index to begin there.
    Ok(match (&keys[..], &by[..]) {
        ([key, _, ..], [first, _, ..])
            if key.at == At::Row && key.nulls == Nulls::First && !place[0].is_null() =>
        {
            let not_before = match key.direction {
                Direction::Ascending => first.clone().ge(&place[0]),
                Direction::Descending => first.clone().le(&place[0]),
            };
            all([not_before, rest])
        }
        _ => rest,
    })
}

/// The column that an order is by, if it is one of the rows themselves.
fn own_ordinal(model: &ModelEntry, criteria: &Criteria, order: &Order) -> Result<Option<u32>> {
    match order.by.as_column() {
        Some(name) if computed(criteria, name).is_none() => model.own_ordinal(name),
        _ => Ok(None),
    }
}

/// What an order is by that is no column of the rows.
fn one_value(
    (mut model, registry): (&ModelEntry, &Registry),
    criteria: &Criteria,
    order: &Order,
) -> Result<Expr> {
    let Some(name) = order.by.as_column() else {
        return Ok(order.by.clone());
    };
    if let Some(expr) = computed(criteria, name) {
        return Ok(expr.clone());
    }
    let root = &model.name;
    let (path, _) = name.rsplit_once('.').unwrap_or_default();
    for element in path.split('.') {
        // What leads nowhere is found when it is resolved.
        let Ok(association) = model.association(element) else {
            break;
        };
        if !association.is_single() {
            return Err(no_place(root));
        }
        model = registry.model(association.target);
    }
    Ok(order.by.clone())
}

fn computed<'c>(criteria: &'c Criteria, name: &str) -> Option<&'c Expr> {
    let mut named = criteria.computed.iter();
    named.find(|(it, _)| it == name).map(|(_, expr)| expr)
}

fn equal(by: &Expr, value: &Value) -> Expr {
    match value.is_null() {
        true => by.clone().is_null(),
        false => by.clone().eq(value),
    }
}

/// What is true for the values behind one in the order of one key; none where nothing can be.
fn behind_in(key: &OrderKey, by: &Expr, value: &Value) -> Option<Expr> {
    if value.is_null() {
        return match key.nulls {
            Nulls::First => Some(by.clone().is_null().not()),
            Nulls::Last => None,
        };
    }
    let behind = match key.direction {
        Direction::Ascending => by.clone().gt(value),
        Direction::Descending => by.clone().lt(value),
    };
    Some(match key.nulls {
        Nulls::First => behind,
        Nulls::Last => any([behind, by.clone().is_null()]),
    })
}
