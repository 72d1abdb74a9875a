//! Arithmetic, as PostgreSQL has it for `bigint` and `double precision`.
//!
//! Two integers give an integer, cut towards zero where they are divided; with a float the other operand becomes one. What
//! does not fit is a [`Failure`]: an integer beyond 64 bits, a float that becomes infinite or zero of operands that are
//! neither, and everything divided by zero.

use crate::expr::Failure;
use crate::expr::builtin::Builtin;
use crate::value::{ValueRef, canonical_float};

/// Of two numbers; null of null.
pub(super) fn binary(
    operation: &Builtin,
    left: ValueRef<'_>,
    right: ValueRef<'_>,
) -> Result<ValueRef<'static>, Failure> {
    match (left, right) {
        (ValueRef::Int(left), ValueRef::Int(right)) => {
            integers(operation, left, right).map(ValueRef::Int)
        }
        _ => match (as_float(left), as_float(right)) {
            (Some(left), Some(right)) => floats(operation, left, right).map(ValueRef::Float),
            _ => Ok(ValueRef::Null),
        },
    }
}

/// Of one number; null of null.
pub(super) fn unary(
    operation: &Builtin,
    operand: ValueRef<'_>,
) -> Result<ValueRef<'static>, Failure> {
    Ok(match operand {
        ValueRef::Int(number) => {
            let result = match operation {
                Builtin::Negate => number.checked_neg(),
                Builtin::Abs => number.checked_abs(),
                _ => Some(number),
            };
            ValueRef::Int(result.ok_or(Failure::NumberOutOfRange)?)
        }
        ValueRef::Float(number) => ValueRef::Float(canonical_float(match operation {
            Builtin::Negate => -number,
            Builtin::Abs => number.abs(),
            Builtin::Round => number.round_ties_even(),
            Builtin::Floor => number.floor(),
            Builtin::Ceil => number.ceil(),
            _ => number,
        })),
        _ => ValueRef::Null,
    })
}

/// A number as a float: the nearest, where an integer has none of its own.
#[expect(
    clippy::cast_precision_loss,
    reason = "an integer beside a float is read as the nearest float, as in PostgreSQL"
)]
pub(super) fn as_float(number: ValueRef<'_>) -> Option<f64> {
    match number {
        ValueRef::Int(number) => Some(number as f64),
        ValueRef::Float(number) => Some(number),
        _ => None,
    }
}

fn integers(operation: &Builtin, left: i64, right: i64) -> Result<i64, Failure> {
    let result = match operation {
        Builtin::Add => left.checked_add(right),
        Builtin::Subtract => left.checked_sub(right),
        Builtin::Multiply => left.checked_mul(right),
        _ if right == 0 => return Err(Failure::DivisionByZero),
        Builtin::Divide => left.checked_div(right),
        // The least integer by -1 leaves nothing over.
        _ => Some(left.wrapping_rem(right)),
    };
    result.ok_or(Failure::NumberOutOfRange)
}

fn floats(operation: &Builtin, left: f64, right: f64) -> Result<f64, Failure> {
    let (result, may_be_zero) = match operation {
        Builtin::Add => (left + right, true),
        Builtin::Subtract => (left - right, true),
        Builtin::Multiply => (left * right, left == 0.0 || right == 0.0),
        _ if right == 0.0 && !left.is_nan() => return Err(Failure::DivisionByZero),
        _ => (left / right, left == 0.0 || right.is_infinite()),
    };
    let overflown = result.is_infinite() && !left.is_infinite() && !right.is_infinite();
    let vanished = result == 0.0 && !may_be_zero;
    match overflown || vanished {
        true => Err(Failure::NumberOutOfRange),
        false => Ok(canonical_float(result)),
    }
}
