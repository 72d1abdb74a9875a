//! What a filter says of a row, by the definitions: true, false or unknown.

use std::borrow::Cow;
use std::cmp::Ordering;

use relata::value::Value;

use crate::requests::request::{Comparison, Filter, Function, Related, Term};

/// None for unknown.
pub type Truth = Option<bool>;

/// What a filter sees: a row, and what is associated with it.
pub trait Sight {
    /// A cell of the row.
    fn cell(&self, at: usize) -> &Value;

    /// A cell of the row at the end of a path.
    fn cell_over(&self, path: &[usize], at: usize) -> Value;

    /// The answer to a question about associated rows.
    fn answer(&self, related: &Related) -> bool;
}

/// A row by itself.
#[derive(Debug)]
pub struct Alone<'r>(pub &'r [Value]);

const ALONE: &str = "a filter over a row by itself reaches no other";

impl Sight for Alone<'_> {
    fn cell(&self, at: usize) -> &Value {
        &self.0[at]
    }

    fn cell_over(&self, _path: &[usize], _at: usize) -> Value {
        unreachable!("{ALONE}")
    }

    fn answer(&self, _related: &Related) -> bool {
        unreachable!("{ALONE}")
    }
}

impl Filter {
    /// Whether it is true of a row by itself.
    pub fn is_true(&self, row: &[Value]) -> bool {
        self.holds(&Alone(row))
    }

    /// Whether it is true.
    pub fn holds(&self, row: &impl Sight) -> bool {
        self.truth(row) == Some(true)
    }

    /// What it says of a row.
    fn truth(&self, row: &impl Sight) -> Truth {
        match self {
            Filter::All(parts) => worst(parts.iter().map(|part| part.truth(row))),
            Filter::Any(parts) => contrary(worst(parts.iter().map(|it| contrary(it.truth(row))))),
            Filter::Not(part) => contrary(part.truth(row)),
            Filter::Unknown(part) => Some(part.truth(row).is_none()),
            Filter::Same(a, b) => Some(a.truth(row)? == b.truth(row)?),
            Filter::Holds(column) => row.cell(*column).as_bool(),
            Filter::Constant(truth) => *truth,
            Filter::Compare(comparison, a, b) => compare(*comparison, &a.value(row), &b.value(row)),
            Filter::Between(subject, low, high) => worst([
                compare(Comparison::AtMost, &low.value(row), &subject.value(row)),
                compare(Comparison::AtMost, &subject.value(row), &high.value(row)),
            ]),
            Filter::In(subject, values) => {
                let subject = subject.value(row);
                let equal = |value| compare(Comparison::Equal, &subject, value);
                contrary(worst(values.iter().map(equal).map(contrary)))
            }
            Filter::Like(text, pattern) => {
                let (text, pattern) = (text.value(row), pattern.value(row));
                let text: Vec<char> = text.as_str()?.chars().collect();
                let pattern: Vec<char> = pattern.as_str()?.chars().collect();
                Some(fits(&text, &pattern))
            }
            Filter::IsNull(term) => Some(term.value(row).is_null()),
            Filter::Related(related) => Some(row.answer(related)),
        }
    }
}

impl Term {
    fn value<'v>(&'v self, row: &'v impl Sight) -> Cow<'v, Value> {
        match self {
            Term::Column(at) => Cow::Borrowed(row.cell(*at)),
            Term::Path(path, at) => Cow::Owned(row.cell_over(path, *at)),
            Term::Constant(value) => Cow::Borrowed(value),
            Term::Worked(function, at) => Cow::Owned(function.of(row.cell(*at))),
        }
    }
}

impl Function {
    /// What it gives, by the definitions: null for null, unless it says something about null.
    fn of(&self, value: &Value) -> Value {
        let text = value.as_str();
        let of_text =
            |make: &dyn Fn(&str) -> String| text.map_or(Value::Null, |it| make(it).into());
        let of_int = |make: &dyn Fn(i64) -> i64| value.as_int().map(make).into();
        match self {
            Function::Length => match value {
                Value::Bytes(bytes) => i64::try_from(bytes.len()).ok().into(),
                _ => text
                    .and_then(|it| i64::try_from(it.chars().count()).ok())
                    .into(),
            },
            Function::Lower => of_text(&str::to_lowercase),
            Function::Upper => of_text(&str::to_uppercase),
            Function::Trim => of_text(&|it| it.trim_matches(' ').to_owned()),
            Function::Substr(from, count) => {
                of_text(&|it| it.chars().skip(from - 1).take(*count).collect())
            }
            Function::Replace(from, to) => of_text(&|it| it.replace(from, to)),
            Function::Concat(end) => (text.unwrap_or_default().to_owned() + end).into(),
            Function::Coalesce(other) if value.is_null() => other.clone(),
            Function::NullIf(other) if value == other => Value::Null,
            Function::Coalesce(_) | Function::NullIf(_) => value.clone(),
            Function::Divide(by) => of_int(&|it| it / by),
            Function::Remainder(by) => of_int(&|it| it % by),
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

pub(super) fn compare(comparison: Comparison, a: &Value, b: &Value) -> Truth {
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
