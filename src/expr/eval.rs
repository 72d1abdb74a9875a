//! A bound predicate, and its answer for a row. See `compile` for what the terms are, and `machine` for those that are
//! more than one test of one column.

use std::mem;
use std::sync::Arc;

use crate::error::{Error, RequestError, RequestKind, Result, Show};
use crate::expr::like::Pattern;
use crate::expr::machine::{Failed, Machine, Step, between, compare};
use crate::expr::{Comparison, Expr};
use crate::value::{Value, ValueRef};

/// A row as a predicate sees it.
pub trait Cells {
    /// The cell of an ordinal that the scope gave out.
    fn cell(&self, ordinal: u32) -> ValueRef<'_>;
}

/// A row as values in column order.
impl Cells for [Value] {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        self[ordinal as usize].as_ref()
    }
}

/// An expression whose names are ordinals and whose types fit. Cloning it counts pointers.
#[derive(Clone, Debug)]
pub struct Bound {
    /// For its text.
    source: Arc<Source>,
    /// All have to be true.
    terms: Arc<[Term]>,
    /// Ascending.
    columns: Arc<[u32]>,
}

/// What may happen when an expression is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits {
    /// It may have no value for a row.
    pub(super) can_fail: bool,
    /// It needs values for parameters, or the time.
    pub(super) has_parameters: bool,
}

/// A predicate that has an answer for every row: nothing in it can fail.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    bound: Bound,
}

/// A comparison of a column of integers with a number: whether it lies between two ends, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IntTest {
    ordinal: u32,
    low: i64,
    high: i64,
    within: bool,
}

/// One of the predicates that all have to be true.
#[derive(Debug)]
pub(super) enum Term {
    Leaf(Leaf),
    Steps(Box<[Step]>),
}

/// A column tested against constants.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) ordinal: u32,
    pub(super) negated: bool,
    pub(super) test: Test,
}

/// A question about one value.
#[derive(Debug)]
pub(super) enum Test {
    Compare(Comparison, Value),
    /// With the parameter at this position.
    Parameter(Comparison, usize),
    Between(Value, Value),
    In(List),
    Like(Pattern),
    IsNull,
}

/// Constants to look a value up in.
#[derive(Debug)]
pub(super) struct List {
    /// Ascending, without nulls and repeats.
    values: Box<[Value]>,
    has_null: bool,
}

/// What a bound expression came from, for its text and its errors.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) expr: Expr,
    /// The table or model.
    subject: Box<str>,
    traits: Traits,
}

impl Source {
    pub(super) fn new(expr: Expr, subject: &str, traits: Traits) -> Arc<Self> {
        let subject = subject.into();
        Arc::new(Source {
            expr,
            subject,
            traits,
        })
    }

    /// Names the part that has no value: `posts: division by zero in score / 0`.
    #[cold]
    pub(super) fn error(&self, failed: Failed) -> Error {
        let kind = RequestKind::Evaluation(failed.failure);
        let detail = |show| match show {
            Show::Values => format!("{} in {}", failed.failure, self.expr.part(failed.node)),
            Show::NoValues => format!("{} in (…)", failed.failure),
        };
        RequestError::with_values(kind, &*self.subject, detail).into()
    }
}

impl Bound {
    pub(super) fn new(source: Arc<Source>, terms: Vec<Term>, columns: Arc<[u32]>) -> Self {
        Bound {
            source,
            terms: terms.into(),
            columns,
        }
    }

    /// Whether there may be rows for which it has no value.
    pub(crate) fn can_fail(&self) -> bool {
        self.source.traits.can_fail
    }

    /// Whether it needs values for parameters, or the time.
    pub(crate) fn has_parameters(&self) -> bool {
        self.source.traits.has_parameters
    }

    /// Whether the predicate is true for the row: neither false nor unknown. Its terms are asked in the order written, up to
    /// the first that is not true, so that one term can keep rows from the next.
    ///
    /// # Errors
    /// `Evaluation` if a part of it has no value for the row.
    #[inline]
    pub fn matches(&self, cells: &(impl Cells + ?Sized)) -> Result<bool> {
        self.matches_with(cells, &[])
            .map_err(|failed| self.error(failed))
    }

    /// As [`matches`](Bound::matches), of a predicate with parameters: with a value for each. What [`error`](Bound::error)
    /// makes of a failure is for whoever stops at it.
    #[inline]
    pub(crate) fn matches_with(
        &self,
        cells: &(impl Cells + ?Sized),
        given: &[Value],
    ) -> Result<bool, Failed> {
        for term in &*self.terms {
            if term.answer(cells, given)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The predicate as a test of one column, if that is what it is: a comparison with a number. Of a column of another type
    /// than integers it says nothing.
    pub(crate) fn int_test(&self, given: &[Value]) -> Option<IntTest> {
        match &*self.terms {
            [Term::Leaf(leaf)] => leaf.int_test(given),
            _ => None,
        }
    }

    /// True, false or unknown (none). The first term that is false settles it.
    ///
    /// # Errors
    /// `Evaluation` if a part of it has no value for the row.
    pub fn test(&self, cells: &(impl Cells + ?Sized)) -> Result<Option<bool>> {
        let mut whole = Some(true);
        for term in &*self.terms {
            let answer = term.answer(cells, &[]);
            match answer.map_err(|failed| self.error(failed))? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => whole = None,
            }
        }
        Ok(whole)
    }

    /// The ordinals that it reads, ascending, each once.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// The error of a failure in it.
    pub(crate) fn error(&self, failed: Failed) -> Error {
        self.source.error(failed)
    }

    pub(super) fn source(&self) -> &Expr {
        &self.source.expr
    }

    pub(super) fn terms(&self) -> &[Term] {
        &self.terms
    }
}

impl Total {
    pub(super) fn new(bound: Bound) -> Self {
        Total { bound }
    }

    /// Whether the predicate is true for the row: neither false nor unknown.
    #[inline]
    pub(crate) fn matches(&self, cells: &(impl Cells + ?Sized)) -> bool {
        let answer = self.bound.matches_with(cells, &[]);
        debug_assert!(answer.is_ok(), "nothing in it can fail");
        answer == Ok(true)
    }

    /// The ordinals that it reads, ascending, each once.
    pub(crate) fn columns(&self) -> &[u32] {
        self.bound.columns()
    }
}

impl Term {
    #[inline]
    fn answer(
        &self,
        cells: &(impl Cells + ?Sized),
        given: &[Value],
    ) -> Result<Option<bool>, Failed> {
        match self {
            Term::Leaf(leaf) => Ok(leaf.answer(cells, given)),
            Term::Steps(steps) => Machine::new(given).truth_of(steps, cells),
        }
    }
}

impl Leaf {
    pub(super) fn new(ordinal: u32, test: Test) -> Self {
        Leaf {
            ordinal,
            negated: false,
            test,
        }
    }

    /// Turns it into its contrary. The contrary of a comparison is another comparison, because the order is total.
    pub(super) fn negate(&mut self) {
        match &mut self.test {
            Test::Compare(comparison, value) => {
                self.test = Test::compare(comparison.inverted(), mem::take(value));
            }
            Test::Parameter(comparison, _) => *comparison = comparison.inverted(),
            Test::Between(..) | Test::In(_) | Test::Like(_) | Test::IsNull => {
                self.negated = !self.negated;
            }
        }
    }

    #[inline]
    pub(super) fn answer(&self, cells: &(impl Cells + ?Sized), given: &[Value]) -> Option<bool> {
        let answer = self.test.answer(cells.cell(self.ordinal), given);
        answer.map(|truth| truth != self.negated)
    }

    fn int_test(&self, given: &[Value]) -> Option<IntTest> {
        let (comparison, value) = match &self.test {
            Test::Compare(comparison, value) => (*comparison, value),
            Test::Parameter(comparison, position) => (*comparison, &given[*position]),
            Test::Between(..) | Test::In(_) | Test::Like(_) | Test::IsNull => return None,
        };
        let Value::Int(value) = *value else {
            return None;
        };
        let comparison = match self.negated {
            true => comparison.inverted(),
            false => comparison,
        };
        Some(IntTest::new(self.ordinal, comparison, value))
    }
}

impl IntTest {
    fn new(ordinal: u32, comparison: Comparison, value: i64) -> Self {
        let (low, high) = match comparison {
            Comparison::Eq | Comparison::Ne => (Some(value), Some(value)),
            Comparison::Lt => (Some(i64::MIN), value.checked_sub(1)),
            Comparison::Le => (Some(i64::MIN), Some(value)),
            Comparison::Gt => (value.checked_add(1), Some(i64::MAX)),
            Comparison::Ge => (Some(value), Some(i64::MAX)),
        };
        // Nothing is beyond the ends.
        let (low, high) = low.zip(high).unwrap_or((i64::MAX, i64::MIN));
        IntTest {
            ordinal,
            low,
            high,
            within: comparison != Comparison::Ne,
        }
    }

    /// Of which column.
    pub(crate) fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Whether it holds for a number.
    #[inline]
    pub(crate) fn holds(&self, int: i64) -> bool {
        (self.low <= int && int <= self.high) == self.within
    }
}

impl Test {
    /// A boolean is not one value when it is the other: said with `=`, for which there may be an index.
    pub(super) fn compare(comparison: Comparison, value: Value) -> Self {
        match (comparison, value) {
            (Comparison::Ne, Value::Bool(value)) => Test::Compare(Comparison::Eq, (!value).into()),
            (comparison, value) => Test::Compare(comparison, value),
        }
    }

    #[inline]
    pub(super) fn answer(&self, cell: ValueRef<'_>, given: &[Value]) -> Option<bool> {
        // Integers are what most filters are about, and worth a way of their own: a third of a filter over many rows.
        let constant = match self {
            Test::Compare(comparison, value) => Some((*comparison, value)),
            Test::Parameter(comparison, position) => Some((*comparison, &given[*position])),
            Test::Between(..) | Test::In(_) | Test::Like(_) | Test::IsNull => None,
        };
        match (constant, cell) {
            (Some((comparison, Value::Int(value))), ValueRef::Int(cell)) => {
                Some(comparison.holds(cell.cmp(value)))
            }
            _ => self.answer_any(cell, given),
        }
    }

    #[inline(never)]
    fn answer_any(&self, cell: ValueRef<'_>, given: &[Value]) -> Option<bool> {
        match self {
            Test::Compare(comparison, value) => compare(*comparison, cell, value.as_ref()),
            Test::Parameter(comparison, position) => {
                compare(*comparison, cell, given[*position].as_ref())
            }
            Test::Between(low, high) => between(cell, low.as_ref(), high.as_ref()),
            Test::In(list) => list.contains(cell),
            Test::Like(pattern) => cell.as_text().map(|text| pattern.matches(text)),
            Test::IsNull => Some(cell.is_null()),
        }
    }
}

/// Up to this many constants are compared one by one.
const LINEAR_MAX: usize = 8;

impl List {
    pub(super) fn new(values: &[Value]) -> Self {
        let mut present: Vec<Value> = values.iter().filter(|v| !v.is_null()).cloned().collect();
        let has_null = present.len() < values.len();
        present.sort_unstable();
        present.dedup();
        List {
            values: present.into(),
            has_null,
        }
    }

    /// Ascending, without nulls and repeats.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    fn contains(&self, cell: ValueRef<'_>) -> Option<bool> {
        if self.values.is_empty() && !self.has_null {
            return Some(false);
        }
        if cell.is_null() {
            return None;
        }
        let found = if self.values.len() <= LINEAR_MAX {
            self.values.iter().any(|value| value.as_ref() == cell)
        } else {
            self.values
                .binary_search_by(|value| value.as_ref().total_cmp(cell))
                .is_ok()
        };
        match found {
            true => Some(true),
            false if self.has_null => None,
            false => Some(false),
        }
    }
}
