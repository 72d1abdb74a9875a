//! Works out what a list of steps gives for a row, on two stacks.
//!
//! Cells and truths have a stack each because a truth is one byte: `or` of two leaves took 36 ns when truths were cells
//! among others, and 24 ns so.
//!
//! Truth is Kleene's: unknown `and` false is false, unknown `or` true is true, `not` unknown is unknown.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::expr::builtin::Builtin;
use crate::expr::document::{self, Scalar};
use crate::expr::eval::{Leaf, Test};
use crate::expr::function::Function;
use crate::expr::like::{LikeRule, Pattern};
use crate::expr::{Cells, Comparison, Failure, number, text, time};
use crate::value::{DataType, TextRef, Value, ValueRef};

/// What a machine with two stacks does. All but the skips take operands off and put the result on.
#[derive(Debug)]
pub(super) enum Step {
    // These give a cell.
    Load(u32),
    Constant(Value),
    /// The parameter at this position.
    Parameter(usize),
    /// Takes a truth.
    Lift,
    Call(Box<Call>),
    /// Ends a `coalesce`, whose value is on top: it is null, or one was found.
    Coalesced {
        as_float: bool,
    },
    // These take cells, if anything, and give a truth.
    Truth(Option<bool>),
    Leaf(Leaf),
    Test(Test),
    Compare(Comparison),
    Between,
    Like(LikeRule),
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
    /// Goes on at step `to` if there is a value on top, and else takes the null off.
    SkipIfValue {
        to: usize,
    },
}

/// A builtin with as many operands as it was written with.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) builtin: Builtin,
    pub(super) arity: usize,
    /// Which part of the expression it is, to tell where it fails.
    pub(super) node: u32,
}

/// A part of an expression that has no value for a row. Small, because every answer could be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(super) failure: Failure,
    pub(super) node: u32,
}

/// A cell on the stack: one of the row or of the expression, or a text that a function made.
#[derive(Debug)]
pub(super) enum Cell<'a> {
    Borrowed(ValueRef<'a>),
    Made(String),
}

impl Cell<'_> {
    pub(super) const NULL: Self = Cell::Borrowed(ValueRef::Null);

    #[inline]
    pub(super) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Cell::Borrowed(value) => *value,
            Cell::Made(text) => ValueRef::Text(TextRef::from(&**text)),
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Cell::Borrowed(value) => value.to_value(),
            Cell::Made(text) => text.into(),
        }
    }
}

/// The stacks, with a depth that costs no allocation, and the values of the parameters.
pub(super) struct Machine<'a> {
    given: &'a [Value],
    cells: SmallVec<[Cell<'a>; 4]>,
    truths: SmallVec<[Option<bool>; 16]>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(given: &'a [Value]) -> Self {
        Machine {
            given,
            cells: SmallVec::new(),
            truths: SmallVec::new(),
        }
    }

    /// The truth that the steps leave.
    pub(super) fn truth_of(
        mut self,
        steps: &'a [Step],
        row: &'a (impl Cells + ?Sized),
    ) -> Result<Option<bool>, Failed> {
        self.run(steps, row)?;
        Ok(self.truth())
    }

    /// The cell that the steps leave.
    pub(super) fn cell_of(
        mut self,
        steps: &'a [Step],
        row: &'a (impl Cells + ?Sized),
    ) -> Result<Cell<'a>, Failed> {
        self.run(steps, row)?;
        Ok(self.cell())
    }

    fn run(&mut self, steps: &'a [Step], row: &'a (impl Cells + ?Sized)) -> Result<(), Failed> {
        let mut at = 0;
        while let Some(step) = steps.get(at) {
            at += 1;
            match step {
                Step::Load(ordinal) => self.push(row.cell(*ordinal)),
                Step::Leaf(leaf) => self.truths.push(leaf.answer(row, self.given)),
                Step::SkipIf { settled, to } => {
                    if self.truths.last() == Some(&Some(*settled)) {
                        at = *to;
                    }
                }
                Step::SkipIfValue { to } => match self.cells.last() {
                    Some(cell) if !cell.as_ref().is_null() => at = *to,
                    _ => _ = self.cells.pop(),
                },
                Step::Call(call) => self.call(call)?,
                step => self.reduce(step),
            }
        }
        Ok(())
    }

    /// A step that needs no row and cannot fail.
    #[inline]
    fn reduce(&mut self, step: &'a Step) {
        let truth = match step {
            Step::Load(_) | Step::Leaf(_) | Step::Call(_) => return,
            Step::SkipIf { .. } | Step::SkipIfValue { .. } => return,
            Step::Constant(value) => return self.push(value.as_ref()),
            Step::Parameter(position) => return self.push(self.given[*position].as_ref()),
            Step::Lift => {
                let cell = self.truth().map_or(ValueRef::Null, ValueRef::Bool);
                return self.push(cell);
            }
            Step::Coalesced { as_float } => return self.coalesced(*as_float),
            Step::Truth(truth) => *truth,
            Step::Test(test) => test.answer(self.cell().as_ref(), self.given),
            Step::Compare(comparison) => {
                let (right, left) = (self.cell(), self.cell());
                compare(*comparison, left.as_ref(), right.as_ref())
            }
            Step::Between => {
                let (high, low, subject) = (self.cell(), self.cell(), self.cell());
                between(subject.as_ref(), low.as_ref(), high.as_ref())
            }
            Step::Like(rule) => {
                let (pattern, subject) = (self.cell(), self.cell());
                like(*rule, subject.as_ref(), pattern.as_ref())
            }
            Step::Function(function) => self.ask(function),
            Step::Not => self.truth().map(|truth| !truth),
            Step::And => and(self.truth(), self.truth()),
            Step::Or => or(self.truth(), self.truth()),
        };
        self.truths.push(truth);
    }

    fn ask(&mut self, function: &Function) -> Option<bool> {
        let operands = self.cells.drain(self.cells.len() - function.arity()..);
        let operands: SmallVec<[Cell<'a>; 4]> = operands.collect();
        let cells: SmallVec<[ValueRef<'_>; 4]> = operands.iter().map(Cell::as_ref).collect();
        function.test(&cells)
    }

    #[inline(never)]
    fn call(&mut self, call: &Call) -> Result<(), Failed> {
        let base = self.cells.len() - call.arity;
        let operands = &mut self.cells[base..];
        let result = apply(&call.builtin, operands).map_err(|failure| Failed {
            failure,
            node: call.node,
        })?;
        self.cells.truncate(base);
        self.cells.push(result);
        Ok(())
    }

    fn coalesced(&mut self, as_float: bool) {
        let cell = self.cell();
        let float = as_float.then(|| number::as_float(cell.as_ref())).flatten();
        self.cells.push(match float {
            Some(float) => Cell::Borrowed(ValueRef::Float(float)),
            None => cell,
        });
    }

    #[inline]
    fn push(&mut self, value: ValueRef<'a>) {
        self.cells.push(Cell::Borrowed(value));
    }

    #[inline]
    fn cell(&mut self) -> Cell<'a> {
        let cell = self.cells.pop();
        cell.expect("operands come before what takes them")
    }

    #[inline]
    fn truth(&mut self) -> Option<bool> {
        let truth = self.truths.pop();
        truth.expect("operands come before what takes them")
    }
}

/// What a builtin gives for its operands, which have its types.
fn apply<'a>(builtin: &Builtin, operands: &mut [Cell<'a>]) -> Result<Cell<'a>, Failure> {
    let is_null = operands.iter().any(|it| it.as_ref().is_null());
    if is_null && !matches!(builtin, Builtin::Concat | Builtin::NullIf) {
        return Ok(Cell::NULL);
    }
    if let Builtin::Concat = builtin {
        return text::concat(operands);
    }
    let Some((subject, others)) = operands.split_first_mut() else {
        return Ok(Cell::NULL);
    };
    let subject = std::mem::replace(subject, Cell::NULL);
    let other = |at: usize| others.get(at).map_or(ValueRef::Null, Cell::as_ref);
    let int = |at: usize| other(at).as_int().unwrap_or_default();
    let str = |at: usize| other(at).as_str().unwrap_or_default();
    Ok(Cell::Borrowed(match builtin {
        Builtin::Lower => return Ok(text::lower(subject)),
        Builtin::Upper => return Ok(text::upper(subject)),
        Builtin::Trim => return Ok(text::trim(subject)),
        Builtin::Substr => return text::substr(subject, int(0), other(1).as_int()),
        Builtin::Replace => return text::replace(subject, str(0), str(1)),
        Builtin::NullIf => {
            let order = subject.as_ref().compare(other(0));
            return Ok(if order.is_some_and(|it| it.is_eq()) {
                Cell::NULL
            } else {
                subject
            });
        }
        Builtin::JsonGet(_) | Builtin::JsonValue(..) => return Ok(inside(builtin, subject)),
        Builtin::Concat => ValueRef::Null,
        Builtin::Add
        | Builtin::Subtract
        | Builtin::Multiply
        | Builtin::Divide
        | Builtin::Remainder => number::binary(builtin, subject.as_ref(), other(0))?,
        Builtin::Negate | Builtin::Abs | Builtin::Round | Builtin::Floor | Builtin::Ceil => {
            number::unary(builtin, subject.as_ref())?
        }
        Builtin::Length => integer(text::length(subject.as_ref())),
        Builtin::Part(unit) => integer(time::part(*unit, subject.as_ref())),
        Builtin::Truncate(unit) => time::truncate(*unit, subject.as_ref())?,
        Builtin::Shift(unit) => time::add(subject.as_ref(), int(0), *unit)?,
        Builtin::JsonExists(path) => match document(subject.as_ref()) {
            Some(document) => ValueRef::Bool(path.find(document).is_some()),
            None => ValueRef::Null,
        },
        Builtin::JsonArrayLength => {
            let length = document(subject.as_ref()).and_then(document::array_length);
            let length = length.ok_or(Failure::NotAnArray)?;
            integer(i64::try_from(length).ok())
        }
        Builtin::JsonContains => match (document(subject.as_ref()), document(other(0))) {
            (Some(document), Some(other)) => ValueRef::Bool(document::contains(document, other)),
            _ => ValueRef::Null,
        },
    }))
}

/// A part of a document. No function makes one, so it is borrowed.
fn inside<'a>(builtin: &Builtin, subject: Cell<'a>) -> Cell<'a> {
    let Cell::Borrowed(ValueRef::Json(text)) = subject else {
        return Cell::NULL;
    };
    match builtin {
        Builtin::JsonGet(path) => match path.find(text.as_str()) {
            Some(found) => Cell::Borrowed(ValueRef::Json(TextRef::from(found))),
            None => Cell::NULL,
        },
        Builtin::JsonValue(path, data_type) => scalar(path.find(text.as_str()), *data_type),
        _ => Cell::NULL,
    }
}

fn scalar(found: Option<&str>, data_type: DataType) -> Cell<'_> {
    let scalar = found.and_then(|found| document::scalar(found, data_type));
    Cell::Borrowed(match scalar {
        None => ValueRef::Null,
        Some(Scalar::Bool(value)) => ValueRef::Bool(value),
        Some(Scalar::Int(value)) => ValueRef::Int(value),
        Some(Scalar::Float(value)) => ValueRef::Float(value),
        Some(Scalar::Text(text)) => match text {
            std::borrow::Cow::Borrowed(text) => ValueRef::Text(TextRef::from(text)),
            std::borrow::Cow::Owned(text) => return Cell::Made(text),
        },
    })
}

fn document(cell: ValueRef<'_>) -> Option<&str> {
    match cell {
        ValueRef::Json(text) => Some(text.as_str()),
        _ => None,
    }
}

fn integer(number: Option<i64>) -> ValueRef<'static> {
    number.map_or(ValueRef::Null, ValueRef::Int)
}

#[inline]
pub(super) fn compare(
    comparison: Comparison,
    left: ValueRef<'_>,
    right: ValueRef<'_>,
) -> Option<bool> {
    left.compare(right).map(|order| comparison.holds(order))
}

/// With one bound unknown it can still be false.
#[inline]
pub(super) fn between(
    subject: ValueRef<'_>,
    low: ValueRef<'_>,
    high: ValueRef<'_>,
) -> Option<bool> {
    and(
        compare(Comparison::Ge, subject, low),
        compare(Comparison::Le, subject, high),
    )
}

/// A pattern out of a cell is taken apart for each row.
fn like(rule: LikeRule, subject: ValueRef<'_>, pattern: ValueRef<'_>) -> Option<bool> {
    let (subject, pattern) = (subject.as_text()?, pattern.as_text()?);
    Some(Pattern::new(pattern.as_str(), rule).matches(subject))
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
