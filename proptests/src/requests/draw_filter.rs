//! Random filters on a model.

use relata::value::{DataType, Value};

use crate::choices::Choices;
use crate::requests::draw_values;
use crate::requests::request::{Comparison, Filter, Function, Term};
use crate::requests::world::Model;

/// A filter of a few terms; most often one that is true of a row.
pub fn filter(choices: &mut Choices, model: &Model, with_nan: bool) -> Filter {
    let mut draw = Draw {
        choices,
        model,
        with_nan,
    };
    let mut filter = draw.filter(2);
    for _ in 0..3 {
        if model.rows.iter().any(|row| filter.is_true(row)) {
            break;
        }
        filter = draw.filter(2);
    }
    filter
}

/// A constant that a column can be compared with.
pub fn constant(choices: &mut Choices, model: &Model, at: usize, with_nan: bool) -> Value {
    let mut draw = Draw {
        choices,
        model,
        with_nan,
    };
    draw.constant(at)
}

struct Draw<'c> {
    choices: &'c mut Choices,
    model: &'c Model,
    with_nan: bool,
}

impl Draw<'_> {
    fn filter(&mut self, depth: usize) -> Filter {
        if depth == 0 || self.choices.percent(55) {
            return self.term();
        }
        match self.choices.weighted(&[40, 30, 20, 6, 4]) {
            0 => Filter::All(self.filters(depth)),
            1 => Filter::Any(self.filters(depth)),
            2 => Filter::Not(Box::new(self.filter(depth - 1))),
            3 => Filter::Unknown(Box::new(self.filter(depth - 1))),
            _ => {
                let (a, b) = (self.filter(depth - 1), self.filter(depth - 1));
                Filter::Same(Box::new(a), Box::new(b))
            }
        }
    }

    fn filters(&mut self, depth: usize) -> Vec<Filter> {
        let number = [0, 1, 2, 2, 2, 3][self.choices.below(6)];
        (0..number).map(|_| self.filter(depth - 1)).collect()
    }

    fn term(&mut self) -> Filter {
        if self.choices.percent(3) {
            return Filter::Constant([None, Some(false), Some(true)][self.choices.below(3)]);
        }
        let at = self.choices.below(self.model.columns.len());
        let data_type = self.model.columns[at].data_type;
        if self.choices.percent(18) {
            return self.worked(at);
        }
        let column = Term::Column(at);
        match self.choices.weighted(&[48, 14, 14, 10, 14]) {
            0 => {
                let comparison = Comparison::ALL[self.choices.weighted(&[40, 12, 12, 12, 12, 12])];
                let other = self.operand(at);
                match self.choices.percent(10) {
                    true => Filter::Compare(comparison, other, column),
                    false => Filter::Compare(comparison, column, other),
                }
            }
            1 => {
                let (low, high) = (self.operand(at), self.operand(at));
                Filter::Between(column, low, high)
            }
            2 => {
                let number = self.choices.below(5);
                let values = (0..number).map(|_| self.constant(at)).collect();
                Filter::In(column, values)
            }
            3 => Filter::IsNull(column),
            _ => match data_type {
                DataType::Text => {
                    let pattern = match self.choices.percent(90) {
                        true => draw_values::pattern(self.choices),
                        false => Value::Null,
                    };
                    Filter::Like(column, Term::Constant(pattern))
                }
                DataType::Bool => Filter::Holds(at),
                _ => Filter::Compare(Comparison::Equal, column, self.operand(at)),
            },
        }
    }

    /// A comparison of what a function gives for a column.
    fn worked(&mut self, at: usize) -> Filter {
        let other = self.constant(at);
        let number = i64::try_from(self.choices.below(5)).unwrap_or(0);
        let place = self.choices.below(4);
        let (function, other) = match (self.type_of(at), self.choices.below(9)) {
            (DataType::Text | DataType::Bytes, 0) => (Function::Length, number.into()),
            (DataType::Text, 1) => (Function::Lower, other),
            (DataType::Text, 2) => (Function::Upper, other),
            (DataType::Text, 3) => (Function::Trim, other),
            (DataType::Text, 4) => (Function::Substr(1 + place, place), other),
            (DataType::Text, 5) => (Function::Replace("a", ["b", "", "aa"][place % 3]), other),
            (DataType::Text, 6) => (Function::Concat(["", "b", " "][place % 3]), other),
            (DataType::Int, 0..4) => (Function::Divide(number + 1), other),
            (DataType::Int, 4..7) => (Function::Remainder(number + 1), number.into()),
            (_, 7) => (Function::NullIf(self.own_constant(at)), other),
            _ => (Function::Coalesce(self.own_constant(at)), other),
        };
        let term = Term::Worked(function, at);
        match self.choices.below(8) {
            0 => Filter::IsNull(term),
            1 => Filter::In(term, vec![other, Value::Null]),
            place => Filter::Compare(Comparison::ALL[place - 2], term, Term::Constant(other)),
        }
    }

    /// A value of a column's own type, or null.
    fn own_constant(&mut self, at: usize) -> Value {
        let value = self.constant(at);
        match value.data_type() == Some(self.type_of(at)) {
            true => value,
            false => Value::Null,
        }
    }

    /// What a column can be compared with: now and then another column.
    fn operand(&mut self, at: usize) -> Term {
        if self.choices.percent(8) {
            let alike: Vec<usize> = (0..self.model.columns.len())
                .filter(|&other| go_together(self.type_of(at), self.type_of(other)))
                .collect();
            let other = self.choices.pick(&alike).copied();
            return Term::Column(other.unwrap_or(at));
        }
        Term::Constant(self.constant(at))
    }

    /// A value of a column's type, most often one that stands in it.
    fn constant(&mut self, at: usize) -> Value {
        let (data_type, rows) = (self.type_of(at), &self.model.rows);
        match self.choices.below(100) {
            0..=4 => Value::Null,
            5..=69 if !rows.is_empty() => {
                let row = self.choices.below(rows.len());
                rows[row][at].clone()
            }
            70..=75 if data_type == DataType::Int => {
                draw_values::value(self.choices, DataType::Float, self.with_nan)
            }
            70..=75 if data_type == DataType::Float => {
                draw_values::value(self.choices, DataType::Int, false)
            }
            76..=85 => draw_values::key(self.choices, data_type),
            _ => draw_values::value(self.choices, data_type, self.with_nan),
        }
    }

    fn type_of(&self, at: usize) -> DataType {
        self.model.columns[at].data_type
    }
}

fn go_together(a: DataType, b: DataType) -> bool {
    let is_number = |it| matches!(it, DataType::Int | DataType::Float);
    a == b || is_number(a) && is_number(b)
}
