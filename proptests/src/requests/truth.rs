//! What a filter says of a row, by the definitions: true, false or unknown.

use std::cmp::Ordering;

use relata::value::Value;

use crate::requests::request::{Comparison, Filter, Term};

/// None for unknown.
pub type Truth = Option<bool>;

impl Filter {
    /// Whether it is true of a row.
    pub fn is_true(&self, row: &[Value]) -> bool {
        self.truth(row) == Some(true)
    }

    /// What it says of a row.
    pub fn truth(&self, row: &[Value]) -> Truth {
        match self {
            Filter::All(parts) => worst(parts.iter().map(|part| part.truth(row))),
            Filter::Any(parts) => contrary(worst(parts.iter().map(|it| contrary(it.truth(row))))),
            Filter::Not(part) => contrary(part.truth(row)),
            Filter::Unknown(part) => Some(part.truth(row).is_none()),
            Filter::Same(a, b) => Some(a.truth(row)? == b.truth(row)?),
            Filter::Holds(column) => row[*column].as_bool(),
            Filter::Constant(truth) => *truth,
            Filter::Compare(comparison, a, b) => compare(*comparison, a.value(row), b.value(row)),
            Filter::Between(subject, low, high) => worst([
                compare(Comparison::AtMost, low.value(row), subject.value(row)),
                compare(Comparison::AtMost, subject.value(row), high.value(row)),
            ]),
            Filter::In(subject, values) => {
                let equal = |value| compare(Comparison::Equal, subject.value(row), value);
                contrary(worst(values.iter().map(equal).map(contrary)))
            }
            Filter::Like(text, pattern) => {
                let (text, pattern) = (text.value(row).as_str()?, pattern.value(row).as_str()?);
                let text: Vec<char> = text.chars().collect();
                let pattern: Vec<char> = pattern.chars().collect();
                Some(fits(&text, &pattern))
            }
            Filter::IsNull(term) => Some(term.value(row).is_null()),
        }
    }
}

impl Term {
    fn value<'v>(&'v self, row: &'v [Value]) -> &'v Value {
        match self {
            Term::Column(column) => &row[*column],
            Term::Constant(value) => value,
        }
    }
}

fn contrary(truth: Truth) -> Truth {
    truth.map(|truth| !truth)
}

/// False before unknown, unknown before true.
fn worst(truths: impl IntoIterator<Item = Truth>) -> Truth {
    let mut worst = Some(true);
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            None => worst = None,
            Some(true) => {}
        }
    }
    worst
}

fn compare(comparison: Comparison, a: &Value, b: &Value) -> Truth {
    if a.is_null() || b.is_null() {
        return None;
    }
    let order = a.cmp(b);
    Some(match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::Unequal => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::AtMost => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::AtLeast => order != Ordering::Less,
    })
}

/// `%` for any characters, `_` for one, `\` before one that stands for itself, as it does at the end.
fn fits(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| fits(&text[skipped..], rest)),
        ['_', rest @ ..] => !text.is_empty() && fits(&text[1..], rest),
        ['\\', character, rest @ ..] | [character, rest @ ..] => {
            text.first() == Some(character) && fits(&text[1..], rest)
        }
    }
}
