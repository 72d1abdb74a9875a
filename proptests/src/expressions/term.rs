//! A typed expression, and what it is in relata.

use relata::expr::{Expr, Scope, Unit, coalesce, col, concat, val};
use relata::value::{DataType, Value};

use crate::expressions::COLUMNS;

/// A row of values in the order of [`COLUMNS`].
pub type Row = [Value; COLUMNS.len()];

/// An expression as a tree.
#[derive(Clone, Debug)]
pub enum Term {
    /// The column at this position.
    Column(usize),
    /// A constant.
    Constant(Value),
    /// A function of operands that have its types.
    Call(Function, Vec<Term>),
}

/// The functions and operators.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is what it is called in relata")]
pub enum Function {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Negate,
    Abs,
    Round,
    Lower,
    Upper,
    Trim,
    Length,
    Substr,
    Replace,
    Concat,
    Coalesce,
    NullIf,
    Part(Unit),
    Truncate(Unit),
    Shift(Unit),
    Eq,
    Ne,
    Lt,
    Le,
    Between,
    In,
    Like(char),
    IsNull,
    Not,
    And,
    Or,
}

/// The names of the columns.
#[derive(Debug)]
pub struct Names;

impl Scope for Names {
    fn subject(&self) -> &str {
        "rows"
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let position = COLUMNS.iter().position(|(it, _)| *it == name)?;
        Some((u32::try_from(position).ok()?, COLUMNS[position].1))
    }
}

impl Term {
    /// The same in relata.
    ///
    /// # Panics
    /// If a function has fewer operands than it takes.
    pub fn expr(&self) -> Expr {
        match self {
            Term::Column(position) => col(COLUMNS[*position].0),
            Term::Constant(value) => val(value),
            Term::Call(function, operands) => {
                let mut exprs = operands.iter().map(Term::expr);
                let first = exprs.next().expect("every function has an operand");
                let others: Vec<Expr> = exprs.collect();
                function.over(first, &others, operands)
            }
        }
    }
}

impl Function {
    fn over(self, first: Expr, others: &[Expr], operands: &[Term]) -> Expr {
        let other = |at: usize| others[at].clone();
        let all = || std::iter::once(first.clone()).chain(others.iter().cloned());
        match self {
            Function::Add => first + other(0),
            Function::Subtract => first - other(0),
            Function::Multiply => first * other(0),
            Function::Divide => first / other(0),
            Function::Remainder => first % other(0),
            Function::Negate => -first,
            Function::Abs => first.abs(),
            Function::Round => first.round(),
            Function::Lower => first.lower(),
            Function::Upper => first.upper(),
            Function::Trim => first.trim(),
            Function::Length => first.length(),
            Function::Substr => first.substr_of(other(0), other(1)),
            Function::Replace => first.replace(other(0), other(1)),
            Function::Concat => concat(all()),
            Function::Coalesce => coalesce(all()),
            Function::NullIf => first.nullif(other(0)),
            Function::Part(unit) => match unit {
                Unit::Year => first.year(),
                Unit::Month => first.month(),
                Unit::Day => first.day(),
                Unit::Hour => first.hour(),
                Unit::Minute => first.minute(),
                _ => first.second(),
            },
            Function::Truncate(unit) => first.date_trunc(unit),
            Function::Shift(unit) => first.plus(other(0), unit),
            Function::Eq => first.eq(other(0)),
            Function::Ne => first.ne(other(0)),
            Function::Lt => first.lt(other(0)),
            Function::Le => first.le(other(0)),
            Function::Between => first.between(other(0), other(1)),
            Function::In => first.is_in(operands[1..].iter().map(|it| match it {
                Term::Constant(value) => value.clone(),
                _ => Value::Null,
            })),
            Function::Like(escape) => first.like_escape(other(0), escape),
            Function::IsNull => first.is_null(),
            Function::Not => first.not(),
            Function::And => first.and(other(0)),
            Function::Or => first.or(other(0)),
        }
    }
}
