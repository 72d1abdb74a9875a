//! The functions that write an expression.
//!
//! Each appends to what its subject already holds, so a chain of any length costs what its parts cost.

use std::ops;
use std::sync::Arc;

use crate::expr::function::{CellsTest, Function};
use crate::expr::tree::Tree;
use crate::expr::{Comparison, Expr, Op};
use crate::value::Value;

/// A column by name. In a filter of a request also one of associated rows, by a path with dots such as `author.name`: see
/// [`Select::filter`](crate::query::Select::filter).
pub fn col(name: impl Into<Arc<str>>) -> Expr {
    Expr::leaf(Op::Column(name.into()))
}

/// A constant. Where an operand is asked for, the plain value does as well: `col("score").gt(10)`.
pub fn val(value: impl Into<Value>) -> Expr {
    Expr::leaf(Op::Value(value.into()))
}

/// A value that is given by name each time a prepared request is run. It has the type of the column, or whatever else it
/// is compared with.
///
/// ```
/// use relata::expr::{col, param};
///
/// assert_eq!(col("country").eq(param("country")).to_string(), "country = :country");
/// ```
pub fn param(name: impl Into<Arc<str>>) -> Expr {
    Expr::leaf(Op::Parameter(name.into()))
}

/// True when every term is. Of no terms: true.
pub fn all(terms: impl IntoIterator<Item = Expr>) -> Expr {
    let none = Expr::leaf(Op::And(0));
    terms.into_iter().fold(none, Expr::and)
}

/// True when at least one term is. Of no terms: false.
pub fn any(terms: impl IntoIterator<Item = Expr>) -> Expr {
    let none = Expr::leaf(Op::Or(0));
    terms.into_iter().fold(none, Expr::or)
}

/// True when the expression is false; unknown when it is unknown.
pub fn not(expr: impl Into<Expr>) -> Expr {
    expr.into().then(Op::Not)
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        val(value)
    }
}

impl ops::Not for Expr {
    type Output = Expr;

    fn not(self) -> Expr {
        not(self)
    }
}

impl Expr {
    /// A condition in Rust over the named columns, for what no expression says.
    ///
    /// `test` gets the cells in the order of `columns` and answers true, false or unknown. It has to answer from them
    /// alone, and the same each time. `text` stands for it wherever the expression is printed. Two such conditions are
    /// equal when their names, texts and columns are.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use relata::expr::Expr;
    ///
    /// let even = Expr::function("even", "score is even", ["score"], Arc::new(|cells| {
    ///     cells[0].as_int().map(|score| score % 2 == 0)
    /// }));
    /// assert_eq!(even.to_string(), "score is even");
    /// ```
    pub fn function(
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        columns: impl IntoIterator<Item = impl Into<Arc<str>>>,
        test: Arc<CellsTest>,
    ) -> Expr {
        let mut ops: Vec<Op> = columns.into_iter().map(|c| Op::Column(c.into())).collect();
        let function = Function::new(name.into(), text.into(), ops.len(), test);
        ops.push(Op::Function(Arc::new(function)));
        Expr { ops }
    }

    /// `=`. Unknown when a side is null, as with every comparison.
    pub fn eq(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Eq, other)
    }

    /// `<>`
    pub fn ne(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Ne, other)
    }

    /// `<`
    pub fn lt(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Lt, other)
    }

    /// `<=`
    pub fn le(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Le, other)
    }

    /// `>`
    pub fn gt(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Gt, other)
    }

    /// `>=`
    pub fn ge(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Ge, other)
    }

    /// From `low` to `high`, both included: `low <= self and self <= high`.
    pub fn between(self, low: impl Into<Expr>, high: impl Into<Expr>) -> Expr {
        self.with(low).with(high).then(Op::Between)
    }

    /// Equal to one of the constants. Without a match, a null among them makes the answer unknown. Nothing, not even
    /// null, is in an empty list: that is false.
    pub fn is_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Expr {
        let values = values.into_iter().map(Into::into).collect();
        self.then(Op::In(values))
    }

    /// The contrary of [`is_in`](Expr::is_in).
    pub fn not_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Expr {
        not(self.is_in(values))
    }

    /// Text that fits a pattern as a whole: `%` stands for any characters, `_` for exactly one, and `\` takes the
    /// next character as it is. A `\` at the end stands for itself. Case matters.
    pub fn like(self, pattern: impl Into<Expr>) -> Expr {
        self.with(pattern).then(Op::Like)
    }

    /// The contrary of [`like`](Expr::like).
    pub fn not_like(self, pattern: impl Into<Expr>) -> Expr {
        not(self.like(pattern))
    }

    /// Whether there is no value. Never unknown.
    pub fn is_null(self) -> Expr {
        self.then(Op::IsNull)
    }

    /// Whether there is a value. Never unknown.
    pub fn is_not_null(self) -> Expr {
        not(self.is_null())
    }

    /// True when both are; false as soon as one is. O(length of `other`).
    pub fn and(self, other: impl Into<Expr>) -> Expr {
        self.join(other.into(), Op::And, |op| match op {
            Op::And(count) => Some(*count),
            _ => None,
        })
    }

    /// False when both are; true as soon as one is. O(length of `other`).
    pub fn or(self, other: impl Into<Expr>) -> Expr {
        self.join(other.into(), Op::Or, |op| match op {
            Op::Or(count) => Some(*count),
            _ => None,
        })
    }

    /// True when this is false; unknown when it is unknown. `!expr` is the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is implemented, and callers should not have to import it"
    )]
    pub fn not(self) -> Expr {
        not(self)
    }

    /// The same over other names; `rename` gives none for a name that stays.
    pub(crate) fn rename_columns<'a>(&self, rename: impl Fn(&str) -> Option<&'a str>) -> Expr {
        let ops = self.ops.iter().map(|op| match op {
            Op::Column(name) => Op::Column(rename(name).map_or_else(|| name.clone(), Arc::from)),
            other => other.clone(),
        });
        Expr { ops: ops.collect() }
    }

    /// The terms of the top-level `and`; itself, if it is none.
    pub(crate) fn terms(&self) -> Vec<Expr> {
        let tree = Tree::new(&self.ops);
        let part = |node: usize| Expr {
            ops: tree.part(node).to_vec(),
        };
        match tree.op(tree.root()) {
            Op::And(_) => {
                let mut terms: Vec<Expr> = tree.operands_backwards(tree.root()).map(part).collect();
                terms.reverse();
                terms
            }
            _ => vec![self.clone()],
        }
    }

    /// The name that it reads, if that is one alone and all that it reads.
    pub(crate) fn only_column(&self) -> Option<&str> {
        let mut names = self.ops.iter().filter_map(|op| match op {
            Op::Column(name) => Some(&**name),
            _ => None,
        });
        if self.ops.iter().any(|op| matches!(op, Op::Related(_))) {
            return None;
        }
        let first = names.next()?;
        names.all(|name| name == first).then_some(first)
    }

    /// Whether a closure takes part in it.
    pub(crate) fn has_function(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Function(_)))
    }

    pub(super) fn leaf(op: Op) -> Expr {
        Expr { ops: vec![op] }
    }

    fn compare(self, comparison: Comparison, other: impl Into<Expr>) -> Expr {
        self.with(other).then(Op::Compare(comparison))
    }

    /// One more operand.
    fn with(mut self, operand: impl Into<Expr>) -> Expr {
        self.ops.append(&mut operand.into().ops);
        self
    }

    /// The operation over the operands so far.
    fn then(mut self, op: Op) -> Expr {
        self.ops.push(op);
        self
    }

    /// Both under one connective, which a side that ends in it already brings along. `count_of` tells its operands.
    fn join(
        mut self,
        mut other: Expr,
        connective: fn(usize) -> Op,
        count_of: fn(&Op) -> Option<usize>,
    ) -> Expr {
        let unwrapped = |expr: &mut Expr| match expr.ops.last().and_then(count_of) {
            Some(count) => {
                expr.ops.pop();
                count
            }
            None => 1,
        };
        let count = unwrapped(&mut self) + unwrapped(&mut other);
        self.ops.append(&mut other.ops);
        if count != 1 {
            self.ops.push(connective(count));
        }
        self
    }
}
