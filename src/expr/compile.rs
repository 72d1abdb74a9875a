//! The checked operations become what evaluation runs.
//!
//! 1. The whole is a list of terms, all of which have to be true: the operands of a top-level `and`, or one.
//! 2. Constants move into the operation that uses them ([`Test`]); a test of a column becomes a [`Leaf`], which needs no
//!    stack; a term of one leaf is that leaf.
//! 3. What an operation takes is known beforehand, so cells and truths have a stack each. A boolean column in the place
//!    of a truth is the leaf `column = true`; a truth in the place of a cell is lifted onto the other stack.
//! 4. `not` goes into a leaf, and two in a row are none. The number that answers a question about associated rows is a cell
//!    like any other: whether there are any is a leaf over it.
//! 5. `and` and `or` join their operands two by two, so a thousand operands need one place on the stack, and after each
//!    one the rest is skipped once it cannot change the answer.

use std::mem;
use std::sync::Arc;

use crate::expr::eval::{Leaf, List, Step, Term, Test};
use crate::expr::like::Pattern;
use crate::expr::related::Question;
use crate::expr::tree::Tree;
use crate::expr::{Comparison, Op};
use crate::value::Value;

/// The terms of the whole. `ordinals` has one entry per column and those of each question, in their order, and `parameters` likewise the
/// positions of the parameters.
pub(super) fn compile(tree: &Tree<'_>, ordinals: &[u32], parameters: &[usize]) -> Vec<Term> {
    let mut compiler = Compiler {
        tree,
        ordinals: ordinals.iter(),
        parameters: parameters.iter(),
        places: places(tree),
        ends: vec![0; tree.nodes().len()],
        steps: Vec::new(),
        terms: Vec::new(),
    };
    tree.nodes().for_each(|node| compiler.visit(node));
    compiler.terms
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
}

fn places(tree: &Tree<'_>) -> Vec<Place> {
    let mut places = vec![Place::Term; tree.nodes().len()];
    for parent in tree.nodes() {
        for (from_last, operand) in tree.operands_backwards(parent).enumerate() {
            places[operand] = match tree.op(parent) {
                Op::And(_) if parent == tree.root() => Place::Term,
                Op::And(count) | Op::Or(count) => Place::Joined {
                    parent,
                    first: from_last + 1 == *count,
                    last: from_last == 0,
                },
                Op::Not => Place::Negated,
                Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::Related(_) => Place::Cell,
                Op::Function(_) => Place::Cell,
                Op::Compare(_) | Op::Between | Op::In(_) | Op::Like | Op::IsNull => Place::Cell,
            };
        }
    }
    if let Op::And(_) = tree.op(tree.root()) {
        places[tree.root()] = Place::Whole;
    }
    places
}

struct Compiler<'a> {
    tree: &'a Tree<'a>,
    ordinals: std::slice::Iter<'a, u32>,
    parameters: std::slice::Iter<'a, usize>,
    places: Vec<Place>,
    /// The step after each `and` and `or`, by node: where a skip leads.
    ends: Vec<usize>,
    /// Those of the term under way. Until it ends, a skip holds a node instead of a step.
    steps: Vec<Step>,
    terms: Vec<Term>,
}

impl Compiler<'_> {
    fn visit(&mut self, node: usize) {
        let place = self.places[node];
        if place == Place::Whole {
            return;
        }
        self.operation(node);
        if place == Place::Cell {
            return self.settle_cell(node);
        }
        self.settle_truth();
        match place {
            Place::Whole | Place::Cell | Place::Negated => {}
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
                    Question::Count => {}
                }
            }
            Op::Value(value) => self.steps.push(Step::Constant(value.clone())),
            Op::Parameter(_) => {
                let position = self
                    .parameters
                    .next()
                    .expect("every parameter was given a position");
                self.steps.push(Step::Parameter(*position));
            }
            Op::Compare(comparison) => self.compare(*comparison),
            Op::Between => self.between(),
            Op::In(values) => self.test(Test::In(List::new(values))),
            Op::Like => self.like(),
            Op::IsNull => self.test(Test::IsNull),
            Op::Not => self.not(),
            Op::And(0) => self.steps.push(Step::Truth(Some(true))),
            Op::Or(0) => self.steps.push(Step::Truth(Some(false))),
            Op::And(_) | Op::Or(_) => self.ends[node] = self.steps.len(),
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

    fn like(&mut self) {
        match self.steps.last() {
            Some(Step::Constant(Value::Text(pattern))) => {
                let pattern = Pattern::new(pattern.as_bytes());
                self.steps.pop();
                self.test(Test::Like(pattern));
            }
            _ => self.steps.push(Step::Like),
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

    /// A column, parameter or constant in the place of a truth becomes one.
    fn settle_truth(&mut self) {
        if let Some(Step::Load(_)) = self.steps.last() {
            self.test(Test::compare(Comparison::Eq, Value::Bool(true)));
        } else if let Some(value) = self.pop_constant() {
            self.steps.push(Step::Truth(value.as_bool()));
        } else if let Some(Step::Parameter(_)) = self.steps.last() {
            self.test(Test::compare(Comparison::Eq, Value::Bool(true)));
        }
    }

    /// A truth in the place of a cell becomes one.
    fn settle_cell(&mut self, node: usize) {
        let is_cell = match self.tree.op(node) {
            Op::Column(_) | Op::Value(_) | Op::Parameter(_) => true,
            Op::Related(related) => related.question == Question::Count,
            _ => false,
        };
        if !is_cell {
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
        let mut steps = mem::take(&mut self.steps);
        if let [Step::Leaf(_)] = steps.as_slice()
            && let Some(Step::Leaf(leaf)) = steps.pop()
        {
            return self.terms.push(Term::Leaf(leaf));
        }
        for step in &mut steps {
            if let Step::SkipIf { to, .. } = step {
                *to = self.ends[*to];
            }
        }
        self.terms.push(Term::Steps(steps.into()));
    }
}
