//! A bound predicate, and its answer for a row.
//!
//! Truth is Kleene's: unknown `and` false is false, unknown `or` true is true, `not` unknown is unknown. See `compile`
//! for what the terms and steps are.
//!
//! Cells and truths have a stack each because a truth is one byte: `or` of two leaves took 36 ns when truths were cells
//! among others, and 24 ns so.

use std::mem;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::expr::function::Function;
use crate::expr::like::Pattern;
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
    source: Arc<Expr>,
    /// All have to be true.
    terms: Arc<[Term]>,
    /// Ascending.
    columns: Arc<[u32]>,
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

/// What a machine with two stacks does. All but the last take operands off and put the result on.
#[derive(Debug)]
pub(super) enum Step {
    // These give a cell.
    Load(u32),
    Constant(Value),
    /// The parameter at this position.
    Parameter(usize),
    /// Takes a truth.
    Lift,
    // These take cells, if anything, and give a truth.
    Truth(Option<bool>),
    Leaf(Leaf),
    Test(Test),
    Compare(Comparison),
    Between,
    Like,
    Function(Arc<Function>),
    // These take truths and give one.
    Not,
    And,
    Or,
    /// Goes on at step `to` if the truth on top is `settled`; leaves it there in any case.
    SkipIf {
        settled: bool,
        to: usize,
    },
}

/// Constants to look a value up in.
#[derive(Debug)]
pub(super) struct List {
    /// Ascending, without nulls and repeats.
    values: Box<[Value]>,
    has_null: bool,
}

impl Bound {
    pub(super) fn new(source: Expr, terms: Vec<Term>, mut columns: Vec<u32>) -> Self {
        columns.sort_unstable();
        columns.dedup();
        Bound {
            source: Arc::new(source),
            terms: terms.into(),
            columns: columns.into(),
        }
    }

    /// Whether the predicate is true for the row: neither false nor unknown.
    #[inline]
    pub fn matches(&self, cells: &(impl Cells + ?Sized)) -> bool {
        self.matches_with(cells, &[])
    }

    /// As [`matches`](Bound::matches), of a predicate with parameters: with a value for each.
    #[inline]
    pub(crate) fn matches_with(&self, cells: &(impl Cells + ?Sized), given: &[Value]) -> bool {
        self.terms
            .iter()
            .all(|term| term.answer(cells, given) == Some(true))
    }

    /// True, false or unknown (none).
    pub fn test(&self, cells: &(impl Cells + ?Sized)) -> Option<bool> {
        let mut whole = Some(true);
        for term in &*self.terms {
            match term.answer(cells, &[]) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => whole = None,
            }
        }
        whole
    }

    /// The ordinals that it reads, ascending, each once.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    pub(super) fn source(&self) -> &Expr {
        &self.source
    }

    pub(super) fn terms(&self) -> &[Term] {
        &self.terms
    }
}

impl Term {
    #[inline]
    fn answer(&self, cells: &(impl Cells + ?Sized), given: &[Value]) -> Option<bool> {
        match self {
            Term::Leaf(leaf) => leaf.answer(cells, given),
            Term::Steps(steps) => Machine::new(given).run(steps, cells),
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
    fn answer(&self, cells: &(impl Cells + ?Sized), given: &[Value]) -> Option<bool> {
        let answer = self.test.answer(cells.cell(self.ordinal), given);
        answer.map(|truth| truth != self.negated)
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
    fn answer(&self, cell: ValueRef<'_>, given: &[Value]) -> Option<bool> {
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
            Test::Like(pattern) => cell.as_text().map(|text| pattern.matches(text.as_bytes())),
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

/// The stacks, with a depth that costs no allocation, and the values of the parameters.
struct Machine<'a> {
    given: &'a [Value],
    cells: SmallVec<[ValueRef<'a>; 4]>,
    truths: SmallVec<[Option<bool>; 16]>,
}

impl<'a> Machine<'a> {
    fn new(given: &'a [Value]) -> Self {
        Machine {
            given,
            cells: SmallVec::new(),
            truths: SmallVec::new(),
        }
    }

    fn run(mut self, steps: &'a [Step], row: &'a (impl Cells + ?Sized)) -> Option<bool> {
        let mut at = 0;
        while let Some(step) = steps.get(at) {
            at += 1;
            match step {
                Step::Load(ordinal) => self.cells.push(row.cell(*ordinal)),
                Step::Leaf(leaf) => self.truths.push(leaf.answer(row, self.given)),
                Step::SkipIf { settled, to } => {
                    if self.truths.last() == Some(&Some(*settled)) {
                        at = *to;
                    }
                }
                step => self.reduce(step),
            }
        }
        self.truth()
    }

    /// A step that needs no row.
    #[inline]
    fn reduce(&mut self, step: &'a Step) {
        let truth = match step {
            Step::Load(_) | Step::Leaf(_) | Step::SkipIf { .. } => return,
            Step::Constant(value) => return self.cells.push(value.as_ref()),
            Step::Parameter(position) => return self.cells.push(self.given[*position].as_ref()),
            Step::Lift => {
                let cell = self.truth().map_or(ValueRef::Null, ValueRef::Bool);
                return self.cells.push(cell);
            }
            Step::Truth(truth) => *truth,
            Step::Test(test) => test.answer(self.cell(), self.given),
            Step::Compare(comparison) => {
                let (right, left) = (self.cell(), self.cell());
                compare(*comparison, left, right)
            }
            Step::Between => {
                let (high, low, subject) = (self.cell(), self.cell(), self.cell());
                between(subject, low, high)
            }
            Step::Like => {
                let (pattern, subject) = (self.cell(), self.cell());
                like(subject, pattern)
            }
            Step::Function(function) => self.call(function),
            Step::Not => self.truth().map(|truth| !truth),
            Step::And => and(self.truth(), self.truth()),
            Step::Or => or(self.truth(), self.truth()),
        };
        self.truths.push(truth);
    }

    fn call(&mut self, function: &Function) -> Option<bool> {
        let base = self.cells.len() - function.arity();
        let answer = function.test(&self.cells[base..]);
        self.cells.truncate(base);
        answer
    }

    #[inline]
    fn cell(&mut self) -> ValueRef<'a> {
        let cell = self.cells.pop();
        cell.expect("operands come before what takes them")
    }

    #[inline]
    fn truth(&mut self) -> Option<bool> {
        let truth = self.truths.pop();
        truth.expect("operands come before what takes them")
    }
}

#[inline]
fn compare(comparison: Comparison, left: ValueRef<'_>, right: ValueRef<'_>) -> Option<bool> {
    left.compare(right).map(|order| comparison.holds(order))
}

/// With one bound unknown it can still be false.
#[inline]
fn between(subject: ValueRef<'_>, low: ValueRef<'_>, high: ValueRef<'_>) -> Option<bool> {
    and(
        compare(Comparison::Ge, subject, low),
        compare(Comparison::Le, subject, high),
    )
}

/// A pattern out of a cell is taken apart for each row.
fn like(subject: ValueRef<'_>, pattern: ValueRef<'_>) -> Option<bool> {
    let (subject, pattern) = (subject.as_text()?, pattern.as_text()?);
    Some(Pattern::new(pattern.as_bytes()).matches(subject.as_bytes()))
}

#[inline]
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[inline]
fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
