//! Values that are given when an expression is run, not when it is written.
//!
//! A parameter has one type, which is that of what it stands beside: `bind` finds it, and only a value of that very type,
//! or null, ever takes its place. Several expressions may share their parameters: those of one request do. Bound, a
//! parameter is a position among the values given.
//!
//! `now()` is one of them, which nobody names: whoever runs the expression gives the time.

use std::sync::Arc;

#[cfg(test)]
use crate::expr::{Expr, Op};
use crate::value::DataType;
#[cfg(test)]
use crate::value::Value;

/// How the time is written.
pub(super) const NOW: &str = "now()";

/// The parameters of some expressions, each once, in the order in which they first appear.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    declared: Vec<Parameter>,
    /// Where the time stands, if it is asked for.
    now: Option<usize>,
}

/// A parameter, and the type that a value for it has to have: none as long as nothing says of which type it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: Arc<str>,
    pub(crate) data_type: Option<DataType>,
}

impl Parameters {
    pub(crate) fn len(&self) -> usize {
        self.declared.len()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Parameter> {
        self.declared.iter()
    }

    /// Where a parameter stands among the values.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let mut declared = self.declared.iter().enumerate();
        let found = declared.find(|(at, it)| self.now != Some(*at) && *it.name == *name);
        found.map(|(at, _)| at)
    }

    /// Where the time stands among the values, if it is asked for.
    pub(crate) fn now(&self) -> Option<usize> {
        self.now
    }

    /// Where the time stands, which may not have been asked for yet.
    pub(super) fn declare_now(&mut self) -> usize {
        *self.now.get_or_insert_with(|| {
            self.declared.push(Parameter {
                name: NOW.into(),
                data_type: Some(DataType::Timestamp),
            });
            self.declared.len() - 1
        })
    }

    /// The parameter at a position.
    pub(crate) fn at(&self, position: usize) -> &Parameter {
        &self.declared[position]
    }

    /// Where a parameter stands that may not have been met yet.
    pub(super) fn declare(&mut self, name: &Arc<str>) -> usize {
        self.position(name).unwrap_or_else(|| {
            self.declared.push(Parameter {
                name: name.clone(),
                data_type: None,
            });
            self.declared.len() - 1
        })
    }

    /// Notes a type where none is known yet; the type that is known then.
    pub(super) fn give_type(&mut self, position: usize, data_type: DataType) -> DataType {
        *self.declared[position].data_type.get_or_insert(data_type)
    }
}

#[cfg(test)]
impl Expr {
    /// The same with a parameter for each constant that a column is compared with.
    pub(crate) fn parametrized(&self, given: &mut Vec<(String, Value)>) -> Expr {
        let mut expr = self.clone();
        for at in 2..self.ops.len() {
            if let [Op::Column(_), Op::Value(value), Op::Compare(_)] = &self.ops[at - 2..=at] {
                let name = format!("p{}", given.len());
                given.push((name.clone(), value.clone()));
                expr.ops[at - 1] = Op::Parameter(name.into());
            }
        }
        expr
    }
}
