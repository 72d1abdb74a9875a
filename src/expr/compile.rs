//! The checked operations become what evaluation runs.
//!
//! 1. The whole is a list of terms, all of which have to be true: the operands of a top-level `and`, or one.
//! 2. Constants move into the operation that uses them ([`Test`]); a test of a column becomes a [`Leaf`], which needs no
//!    stack; a term of one leaf is that leaf.
//! 3. What an operation takes is known beforehand, so cells and truths have a stack each. A boolean column in the place
//!    of a truth is the leaf `column = true`; a truth in the place of a cell is lifted onto the other stack.
//! 4. `not` goes into a leaf, and two in a row are none. The number or value that answers a question about associated rows
//!    is a cell like any other: whether there are any is a leaf over it.
//! 5. `and` and `or` join their operands two by two, so a thousand operands need one place on the stack, and after each
//!    one the rest is skipped once it cannot change the answer. `coalesce` goes on only from null, and ends in a step of
//!    its own, so that no constant at its end is taken for the whole.

use std::mem;
use std::sync::Arc;

use crate::expr::bind::Checked;
use crate::expr::eval::{Leaf, List, Term, Test};
use crate::expr::like::{LikeRule, Pattern};
use crate::expr::machine::{Call, Step};
use crate::expr::related::Question;
use crate::expr::tree::Tree;
use crate::expr::{Comparison, Op};
use crate::value::Value;

/// The terms of a predicate.
pub(super) fn compile(tree: &Tree<'_>, checked: &Checked) -> Vec<Term> {
    let mut compiler = Compiler::new(tree, checked, places(tree, Place::Term));
    tree.nodes().for_each(|node| compiler.visit(node));
    compiler.terms
}

/// The steps of an expression that gives a value.
pub(super) fn compile_value(tree: &Tree<'_>, checked: &Checked) -> Vec<Step> {
    let mut compiler = Compiler::new(tree, checked, places(tree, Place::Cell));
    tree.nodes().for_each(|node| compiler.visit(node));
    compiler.finished_steps()
}

/// What a node is to the one that takes it.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The top-level `and`: it is its terms, and no step of its own.
    Whole,
    /// A term of the whole.
    Term,
    /// An operand of what takes cells.
    Cell,
    /// The operand of `not`.
    Negated,
    /// An operand of the `and` or `or` at this node.
    Joined {
        parent: usize,
        first: bool,
        last: bool,
    },
    /// An operand of the `coalesce` at this node.
    Choice { parent: usize, last: bool },
}

/// The place of each node; `whole` is that of a whole that is no `and` of terms.
fn places(tree: &Tree<'_>, whole: Place) -> Vec<Place> {
    let mut places = vec![whole; tree.nodes().len()];
    for parent in tree.nodes() {
        for (from_last, operand) in tree.operands_backwards(parent).enumerate() {
            places[operand] = match tree.op(parent) {
                Op::And(_) if parent == tree.root() && whole == Place::Term => Place::Term,
                Op::And(count) | Op::Or(count) => Place::Joined {
                    parent,
                    first: from_last + 1 == *count,
                    last: from_last == 0,
                },
                Op::Not => Place::Negated,
                Op::Coalesce(_) => Place::Choice {
                    parent,
                    last: from_last == 0,
                },
                Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::Function(_) => Place::Cell,
                Op::Compare(_) | Op::Between | Op::In(_) | Op::Like(_) | Op::IsNull => Place::Cell,
                Op::Now | Op::Related(_) | Op::Call(..) => Place::Cell,
            };
        }
    }
    if let (Op::And(_), Place::Term) = (tree.op(tree.root()), whole) {
        places[tree.root()] = Place::Whole;
    }
    places
}

struct Compiler<'a> {
    tree: &'a Tree<'a>,
    ordinals: std::slice::Iter<'a, u32>,
    parameters: std::slice::Iter<'a, usize>,
    widened: std::slice::Iter<'a, bool>,
    places: Vec<Place>,
    /// The step after each `and` and `or`, and the last of each `coalesce`, by node: where a skip leads.
    ends: Vec<usize>,
    /// Those of the term under way. Until it ends, a skip holds a node instead of a step.
    steps: Vec<Step>,
    terms: Vec<Term>,
}

impl<'a> Compiler<'a> {
    fn new(tree: &'a Tree<'a>, checked: &'a Checked, places: Vec<Place>) -> Self {
        Compiler {
            tree,
            ordinals: checked.ordinals.iter(),
            parameters: checked.positions.iter(),
            widened: checked.widened.iter(),
            places,
            ends: vec![0; tree.nodes().len()],
            steps: Vec::new(),
            terms: Vec::new(),
        }
    }

    fn visit(&mut self, node: usize) {
        let place = self.places[node];
        if place == Place::Whole {
            return;
        }
        self.operation(node);
        match place {
            Place::Cell | Place::Choice { .. } => self.settle_cell(node),
            _ => self.settle_truth(node),
        }
        match place {
            Place::Whole | Place::Cell | Place::Negated | Place::Choice { last: true, .. } => {}
            Place::Choice { parent, .. } => self.steps.push(Step::SkipIfValue { to: parent }),
            Place::Term => self.end_term(),
            Place::Joined {
                parent,
                first,
                last,
            } => self.end_operand(parent, first, last),
        }
    }

    fn operation(&mut self, node: usize) {
        match self.tree.op(node) {
            Op::Column(_) => {
                let ordinal = self.ordinal();
                self.steps.push(Step::Load(ordinal));
            }
            Op::Related(related) => {
                let ordinal = self.ordinal();
                self.steps.push(Step::Load(ordinal));
                match related.question {
                    Question::Any => self.test(Test::Compare(Comparison::Gt, Value::Int(0))),
                    Question::All(_) => {
                        let of_true = self.ordinal();
                        self.steps.push(Step::Load(of_true));
                        self.steps.push(Step::Compare(Comparison::Eq));
                    }
                    Question::Count | Question::Aggregate(_) => {}
                }
            }
            Op::Value(value) => self.steps.push(Step::Constant(value.clone())),
            Op::Parameter(_) | Op::Now => {
                let position = self
                    .parameters
                    .next()
                    .expect("every parameter was given a position");
                self.steps.push(Step::Parameter(*position));
            }
            Op::Compare(comparison) => self.compare(*comparison),
            Op::Between => self.between(),
            Op::In(values) => self.test(Test::In(List::new(values))),
            Op::Like(rule) => self.like(*rule),
            Op::IsNull => self.test(Test::IsNull),
            Op::Not => self.not(),
            Op::And(0) => self.steps.push(Step::Truth(Some(true))),
            Op::Or(0) => self.steps.push(Step::Truth(Some(false))),
            Op::And(_) | Op::Or(_) => self.ends[node] = self.steps.len(),
            Op::Coalesce(_) => {
                self.ends[node] = self.steps.len();
                let as_float = self.widened.next().is_some_and(|it| *it);
                self.steps.push(Step::Coalesced { as_float });
            }
            Op::Call(builtin, arity) => self.steps.push(Step::Call(Box::new(Call {
                builtin: builtin.clone(),
                arity: *arity,
                node: u32::try_from(node).unwrap_or(u32::MAX),
            }))),
            Op::Function(function) => self.steps.push(Step::Function(Arc::clone(function))),
        }
    }

    fn ordinal(&mut self) -> u32 {
        let ordinal = self.ordinals.next();
        *ordinal.expect("every column and question was given an ordinal")
    }

    fn compare(&mut self, comparison: Comparison) {
        match self.steps.as_slice() {
            [.., Step::Constant(_), Step::Load(ordinal)] => {
                let ordinal = *ordinal;
                self.steps.pop();
                if let Some(value) = self.pop_constant() {
                    self.steps.push(Step::Load(ordinal));
                    self.test(Test::compare(comparison.mirrored(), value));
                }
            }
            [.., Step::Load(_), Step::Parameter(position)] => {
                let test = Test::Parameter(comparison, *position);
                self.steps.pop();
                self.test(test);
            }
            [.., Step::Parameter(position), Step::Load(ordinal)] => {
                let test = Test::Parameter(comparison.mirrored(), *position);
                let load = Step::Load(*ordinal);
                self.steps.truncate(self.steps.len() - 2);
                self.steps.push(load);
                self.test(test);
            }
            _ => match self.pop_constant() {
                Some(value) => self.test(Test::compare(comparison, value)),
                None => self.steps.push(Step::Compare(comparison)),
            },
        }
    }

    fn between(&mut self) {
        if let [.., Step::Constant(_), Step::Constant(_)] = self.steps.as_slice()
            && let (Some(high), Some(low)) = (self.pop_constant(), self.pop_constant())
        {
            return self.test(Test::Between(low, high));
        }
        self.steps.push(Step::Between);
    }

    fn like(&mut self, rule: LikeRule) {
        match self.steps.last() {
            Some(Step::Constant(Value::Text(pattern))) => {
                let pattern = Pattern::new(pattern, rule);
                self.steps.pop();
                self.test(Test::Like(pattern));
            }
            _ => self.steps.push(Step::Like(rule)),
        }
    }

    fn not(&mut self) {
        match self.steps.last_mut() {
            Some(Step::Leaf(leaf)) => leaf.negate(),
            Some(Step::Not) => {
                self.steps.pop();
            }
            _ => self.steps.push(Step::Not),
        }
    }

    /// A test of what the steps so far give.
    fn test(&mut self, test: Test) {
        match self.steps.last_mut() {
            Some(last @ Step::Load(_)) => {
                if let Step::Load(ordinal) = *last {
                    *last = Step::Leaf(Leaf::new(ordinal, test));
                }
            }
            _ => self.steps.push(Step::Test(test)),
        }
    }

    /// The constant that the steps so far end in.
    fn pop_constant(&mut self) -> Option<Value> {
        match self.steps.pop_if(|step| matches!(step, Step::Constant(_))) {
            Some(Step::Constant(value)) => Some(value),
            _ => None,
        }
    }

    /// A cell in the place of a truth becomes one.
    fn settle_truth(&mut self, node: usize) {
        if !gives_cell(self.tree.op(node)) {
            return;
        }
        match self.pop_constant() {
            Some(value) => self.steps.push(Step::Truth(value.as_bool())),
            None => self.test(Test::compare(Comparison::Eq, Value::Bool(true))),
        }
    }

    /// A truth in the place of a cell becomes one.
    fn settle_cell(&mut self, node: usize) {
        if !gives_cell(self.tree.op(node)) {
            self.steps.push(Step::Lift);
        }
    }

    fn end_operand(&mut self, parent: usize, first: bool, last: bool) {
        let is_and = matches!(self.tree.op(parent), Op::And(_));
        if !first {
            self.steps.push(if is_and { Step::And } else { Step::Or });
        }
        if !last {
            self.steps.push(Step::SkipIf {
                settled: !is_and,
                to: parent,
            });
        }
    }

    fn end_term(&mut self) {
        let mut steps = self.finished_steps();
        let leaf = match steps.as_slice() {
            [Step::Leaf(_)] => steps.pop(),
            _ => None,
        };
        self.terms.push(match leaf {
            Some(Step::Leaf(leaf)) => Term::Leaf(leaf),
            _ => Term::Steps(steps.into()),
        });
    }

    /// The steps so far, with the skips leading to steps.
    fn finished_steps(&mut self) -> Vec<Step> {
        let mut steps = mem::take(&mut self.steps);
        for step in &mut steps {
            if let Step::SkipIf { to, .. } | Step::SkipIfValue { to } = step {
                *to = self.ends[*to];
            }
        }
        steps
    }
}

/// Whether an operation leaves a cell; the others leave a truth.
fn gives_cell(op: &Op) -> bool {
    match op {
        Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::Now => true,
        Op::Call(..) | Op::Coalesce(_) => true,
        Op::Related(related) => related.question.gives_cell(),
        Op::Compare(_) | Op::Between | Op::In(_) | Op::Like(_) | Op::IsNull => false,
        Op::Not | Op::And(_) | Op::Or(_) | Op::Function(_) => false,
    }
}
