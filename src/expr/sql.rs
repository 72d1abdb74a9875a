//! An expression in the words of some SQL: the structure is written here, names and constants by whoever speaks it.
//!
//! Operands that are no names and no constants are bracketed wherever two readings could differ; nothing depends on how
//! tightly another engine takes its operations to hold. Postfix form is turned into text from a stack, so that depth
//! costs heap alone; but the text is read by parsers that recurse, and so [`OPS_MAX`] bounds it.

use crate::expr::like::LikeRule;
use crate::expr::{Comparison, Expr, Op, sql_function};
use crate::value::{DataType, Value};

/// The longest expression that is written: twice as deep, and SQLite refuses to read it.
const OPS_MAX: usize = 1_000;

/// The languages whose functions are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    PostgreSql,
    Sqlite,
}

/// Names and constants as one SQL writes them. What it cannot say is refused with the reason.
pub(crate) trait Words {
    /// Whose functions are meant.
    fn language(&self) -> Language;

    /// A column, and its type.
    fn column(&self, name: &str) -> Result<(String, DataType), String>;

    /// A constant.
    fn value(&self, value: &Value) -> Result<String, String>;

    /// What fits a pattern, all wildcards and escapes as in [`Expr::like`].
    fn like(&self, subject: &str, pattern: &str) -> Result<String, String>;

    /// Whether constants and columns of this type are in the same order there.
    fn is_ordered_alike(&self, data_type: DataType) -> bool;
}

/// A part of the text, with what its surroundings have to know of it.
pub(super) struct Part {
    pub(super) text: String,
    tightness: Tightness,
    /// None for null.
    pub(super) data_type: Option<DataType>,
    /// Of a constant, what it is.
    pub(super) constant: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tightness {
    Or,
    And,
    Not,
    Test,
    Atom,
}

impl Expr {
    /// The text, or why there is none. The expression must have been bound before, which checks its types.
    pub(crate) fn to_sql(&self, words: &impl Words) -> Result<String, String> {
        if self.ops.len() > OPS_MAX {
            let found = self.ops.len();
            return Err(format!("{found} operations, more than {OPS_MAX}"));
        }
        let mut parts: Vec<Part> = Vec::new();
        for op in &self.ops {
            let operands = parts.split_off(parts.len() - op.arity());
            parts.push(write(op, operands, words)?);
        }
        let whole = parts.pop().expect("an expression leaves one value");
        Ok(whole.text)
    }
}

fn write(op: &Op, operands: Vec<Part>, words: &impl Words) -> Result<Part, String> {
    let operand = |at: usize| operands[at].within(Tightness::Atom);
    let text = match op {
        Op::Column(name) => {
            let (text, data_type) = words.column(name)?;
            return Ok(Part::new(text, Tightness::Atom).of(Some(data_type)));
        }
        Op::Value(value) => {
            let mut part = Part::new(words.value(value)?, Tightness::Atom).of(value.data_type());
            part.constant = Some(value.clone());
            return Ok(part);
        }
        Op::Parameter(name) => return Err(format!("parameter {name}")),
        Op::Now => return Err("the time at which it is run".to_owned()),
        Op::Call(builtin, _) => return sql_function::call(builtin, &operands, words),
        Op::Coalesce(_) => return sql_function::coalesce(&operands, words),
        Op::Compare(comparison) => {
            if !matches!(comparison, Comparison::Eq | Comparison::Ne) {
                check_order(&operands, words)?;
            }
            format!("{} {comparison} {}", operand(0), operand(1))
        }
        Op::Between => {
            check_order(&operands, words)?;
            format!("{} BETWEEN {} AND {}", operand(0), operand(1), operand(2))
        }
        Op::In(values) if values.is_empty() => return Ok(Part::new("FALSE", Tightness::Atom)),
        Op::In(values) => {
            let values = values.iter().map(|value| words.value(value));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            format!("{} IN ({})", operand(0), values.join(", "))
        }
        Op::Like(rule) => return like(*rule, &operands, words),
        Op::IsNull => format!("{} IS NULL", operand(0)),
        Op::Not => {
            let text = format!("NOT {}", operands[0].within(Tightness::Test));
            return Ok(Part::new(text, Tightness::Not));
        }
        Op::And(0) => return Ok(Part::new("TRUE", Tightness::Atom)),
        Op::Or(0) => return Ok(Part::new("FALSE", Tightness::Atom)),
        Op::And(_) => return Ok(joined(&operands, " AND ", Tightness::And)),
        Op::Or(_) => return Ok(joined(&operands, " OR ", Tightness::Or)),
        Op::Function(function) => {
            return Err(format!("a closure takes part in it: {}", function.text()));
        }
    };
    Ok(Part::new(text, Tightness::Test))
}

/// A pattern that is not known now could hold what the other engine reads differently.
fn like(rule: LikeRule, operands: &[Part], words: &impl Words) -> Result<Part, String> {
    if rule.ignores_case {
        return Err("ilike, which knows other letters there".to_owned());
    }
    let subject = operands[0].within(Tightness::Atom);
    let text = match &operands[1].constant {
        Some(Value::Text(pattern)) => words.like(&subject, &rule.in_plain(pattern))?,
        Some(Value::Null) => format!("{subject} = NULL"),
        _ => return Err("a pattern of like that is no constant".to_owned()),
    };
    Ok(Part::new(text, Tightness::Test))
}

fn check_order(operands: &[Part], words: &impl Words) -> Result<(), String> {
    let mut types = operands.iter().filter_map(|operand| operand.data_type);
    match types.find(|&data_type| !words.is_ordered_alike(data_type)) {
        None => Ok(()),
        Some(data_type) => Err(format!("{data_type} is in another order there")),
    }
}

fn joined(operands: &[Part], word: &str, tightness: Tightness) -> Part {
    let texts: Vec<String> = operands
        .iter()
        .map(|operand| operand.within(Tightness::Test))
        .collect();
    Part::new(texts.join(word), tightness)
}

impl Part {
    /// A predicate.
    pub(super) fn new(text: impl Into<String>, tightness: Tightness) -> Self {
        Part {
            text: text.into(),
            tightness,
            data_type: Some(DataType::Bool),
            constant: None,
        }
    }

    pub(super) fn of(mut self, data_type: Option<DataType>) -> Self {
        self.data_type = data_type;
        self
    }

    /// The text where something at least this tight is asked for.
    pub(super) fn within(&self, least: Tightness) -> String {
        match self.tightness >= least {
            true => self.text.clone(),
            false => format!("({})", self.text),
        }
    }
}
