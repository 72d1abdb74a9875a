//! Expressions over one row: predicates, and values worked out of its cells.
//!
//! An [`Expr`] is written with functions ([`col`], [`val`], [`param`], [`all`], [`any`], [`not`], and those that give a
//! value, see below) and holds names. [`Expr::bind`] turns names into ordinals and checks every type, before anything runs;
//! the [`Bound`] that it gives answers true, false or unknown for a row, and shows its top-level terms to whoever plans a
//! read. [`Expr::bind_value`] does the same for an expression of any type, whose [`BoundValue`] gives a value for a row.
//!
//! # Functions
//!
//! | what | takes | gives |
//! |---|---|---|
//! | `+` `-` `*` `/` | numbers | int of two ints, `/` cut towards zero; else float |
//! | `%` | ints | int, with the sign of the left one |
//! | unary `-`, [`abs`](Expr::abs), [`round`](Expr::round), [`floor`](Expr::floor), [`ceil`](Expr::ceil) | a number | the same type; a half is rounded to the even neighbour |
//! | [`lower`](Expr::lower), [`upper`](Expr::upper), [`trim`](Expr::trim), [`substr`](Expr::substr), [`replace`](Expr::replace), [`concat`](fn@concat) | texts | text |
//! | [`length`](Expr::length) | text or bytes | int: characters, or bytes |
//! | [`coalesce`], [`nullif`](Expr::nullif) | what can be compared | its type; float for both sorts of number |
//! | [`now`] | | timestamp |
//! | [`date_trunc`](Expr::date_trunc), [`plus`](Expr::plus), [`minus`](Expr::minus) | timestamp or date | the same type |
//! | [`year`](Expr::year) .. [`second`](Expr::second) | timestamp; up to the day also date | int |
//! | [`json_get`](Expr::json_get), [`json_value`](Expr::json_value), [`json_exists`](Expr::json_exists), [`json_array_length`](Expr::json_array_length), [`json_contains`](Expr::json_contains) | json | json, the type asked for, bool, int, bool |
//!
//! Null gives null, but for [`concat`](fn@concat), which leaves it out, [`coalesce`] and [`nullif`](Expr::nullif).
//!
//! A function can fail for a row, as in PostgreSQL: a number that does not fit, a division by zero, an instant beyond what
//! there is, a negative length. That is an error of kind `Evaluation`, and what it stood in did nothing. Operands are worked
//! out from left to right, and no further than needed: `x <> 0 and 10 / x > 1` never fails, nor does `coalesce` in what it
//! does not come to. Between rows nothing is promised: which ones are looked at depends on how they are found.
//!
//! Invariants:
//! 1. An expression is postfix: operands first, then the operation, which knows how many it takes. So building,
//!    printing, binding, evaluating and dropping are loops, and depth costs heap, never stack.
//! 2. Each list of operations leaves exactly one value. Only the functions of `build` make one.
//! 3. `and` of `and` is one `and`, and likewise `or`; neither is ever over one operand.
//! 4. `not in`, `not like`, `not between` and `is not null` are the operation followed by `not`: in three-valued logic
//!    they are the same, and there is one thing less to know.
//!
//! Questions about associated rows ([`related`]) and columns over a path of associations are for requests: their filters,
//! orders, groups and computed attributes, where a row comes with the answers. Parameters ([`param`]) are given when a prepared request is run; only there may an expression have any.
//!
//! An expression cannot see more than its row, and the one value that it converts is an integer beside a float in
//! arithmetic and `coalesce`.

mod build;
mod function;
mod builtin;
mod tree;
mod display;
mod bind;
mod compile;
mod eval;
mod computed;
mod machine;
mod like;
mod number;
mod text;
mod time;
mod document;
mod conjuncts;
mod parameter;
pub(crate) mod aggregate;
mod related;
mod sql;
mod sql_function;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::Failure;
use crate::expr::builtin::Builtin;
use crate::expr::function::Function;
use crate::expr::like::LikeRule;
use crate::value::Value;

pub use self::aggregate::Operand;
pub use self::bind::Scope;
pub use self::build::{all, any, coalesce, col, concat, not, now, param, val};
pub use self::computed::BoundValue;
pub use self::conjuncts::Conjunct;
pub use self::document::JsonStep;
pub use self::eval::{Bound, Cells};
pub(crate) use self::eval::{IntTest, Total};
pub use self::function::CellsTest;
pub(crate) use self::machine::Failed;
pub(crate) use self::parameter::Parameters;
pub use self::related::{RelatedRows, related};
pub use self::time::Unit;

pub(crate) use self::related::{Numbers, Question, Reach, Related};

pub(crate) use self::sql::{Language, Words};

/// A predicate, a value or a part of one, over the columns of a row; names are not looked up yet.
///
/// ```
/// use relata::expr::{col, Expr};
///
/// let filter: Expr = col("score").gt(10).and(col("name").like("a%").or(col("name").is_null()));
/// assert_eq!(filter.to_string(), "score > 10 and (name like 'a%' or name is null)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    ops: Vec<Op>,
}

/// One operation of the postfix form. It takes its operands from those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Op {
    /// A name, or a path with dots; what it means is for the scope to say.
    Column(Arc<str>),
    Value(Value),
    /// A name whose value is given later.
    Parameter(Arc<str>),
    /// The time at which the whole is run, the same for each row.
    Now,
    Compare(Comparison),
    /// Subject, low, high.
    Between,
    /// The constants stand here and not among the operands: a list of a million keys is one operation.
    In(Arc<[Value]>),
    /// Subject, pattern.
    Like(LikeRule),
    IsNull,
    Not,
    And(usize),
    Or(usize),
    /// With as many operands as it was written with.
    Call(Builtin, usize),
    /// The first operand that is a value.
    Coalesce(usize),
    /// Its operands are the cells it asked for.
    Function(Arc<Function>),
    /// A question about associated rows.
    Related(Arc<Related>),
}

impl Op {
    /// How many operands it takes.
    fn arity(&self) -> usize {
        match self {
            Op::Column(_) | Op::Value(_) | Op::Parameter(_) => 0,
            Op::Now | Op::Related(_) => 0,
            Op::In(_) | Op::IsNull | Op::Not => 1,
            Op::Compare(_) | Op::Like(_) => 2,
            Op::Between => 3,
            Op::And(count) | Op::Or(count) | Op::Coalesce(count) => *count,
            Op::Call(_, count) => *count,
            Op::Function(function) => function.arity(),
        }
    }
}

/// The six comparisons. By the total order of values, so that exactly one of `<`, `=` and `>` holds between two values
/// that are not null, NaN included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Comparison {
    /// Whether it holds between two values of this order.
    #[inline]
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Eq => order.is_eq(),
            Comparison::Ne => order.is_ne(),
            Comparison::Lt => order.is_lt(),
            Comparison::Le => order.is_le(),
            Comparison::Gt => order.is_gt(),
            Comparison::Ge => order.is_ge(),
        }
    }

    /// What holds exactly when this does not.
    fn inverted(self) -> Self {
        match self {
            Comparison::Eq => Comparison::Ne,
            Comparison::Ne => Comparison::Eq,
            Comparison::Lt => Comparison::Ge,
            Comparison::Le => Comparison::Gt,
            Comparison::Gt => Comparison::Le,
            Comparison::Ge => Comparison::Lt,
        }
    }

    /// What says the same with the sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Comparison::Eq | Comparison::Ne => self,
            Comparison::Lt => Comparison::Gt,
            Comparison::Le => Comparison::Ge,
            Comparison::Gt => Comparison::Lt,
            Comparison::Ge => Comparison::Le,
        }
    }
}

#[cfg(test)]
mod tests;
