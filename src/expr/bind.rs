//! Names become ordinals, and every type is checked, before anything runs.
//!
//! 1. Compared values have one type, or both are numbers. Nothing is converted: numbers are compared exactly.
//! 2. LIKE takes texts.
//! 3. What `and`, `or` and `not` take, and the whole, is a boolean.
//! 4. A null literal has every type.
//! 5. A parameter has the type of what it is compared with, the same wherever it stands.

use std::cell::RefCell;
use std::sync::Arc;

use crate::error::{Error, Limit, RequestError, RequestKind, Result, Show, excerpt};
use crate::expr::compile::compile;
use crate::expr::display::Shown;
use crate::expr::parameter::Parameters;
use crate::expr::related::{NESTING_MAX, Question};
use crate::expr::tree::Tree;
use crate::expr::{Bound, Expr, Numbers, Op, Reach, Related};
use crate::value::{DataType, Value};

/// What the names in an expression can mean.
pub trait Scope {
    /// The table or model, for errors.
    fn subject(&self) -> &str;

    /// The ordinal by which a row's [`Cells`](crate::expr::Cells) give the column, and its type.
    fn column(&self, name: &str) -> Option<(u32, DataType)>;
}

/// The longest expression, in operations; a comparison of a column with a constant is three. Lists of constants count
/// as one.
const OPS_MAX: usize = 1_000_000;

impl Expr {
    /// The predicate over rows of this scope. O(operations), plus sorting the lists of constants.
    ///
    /// # Errors
    /// `UnknownColumn` for a name that the scope does not have, `Type` for operands that do not go together and for a
    /// whole that is no predicate, `Limit` beyond a million operations, `Unsupported` for a parameter and for a question
    /// about associated rows.
    pub fn bind(&self, scope: &(impl Scope + ?Sized)) -> Result<Bound> {
        let parameters = RefCell::default();
        let bound = self.bind_with(scope, &parameters, None)?;
        match parameters.into_inner().iter().next() {
            None => Ok(bound),
            Some(parameter) => {
                let name = excerpt(&parameter.name);
                let detail = format!("parameter {name} outside of a prepared request");
                Err(refusal(scope, RequestKind::Unsupported, detail))
            }
        }
    }

    /// As [`bind`](Expr::bind), with parameters, which are added to those known already, and with what it may reach: there
    /// the same parameters may be met.
    pub(crate) fn bind_with(
        &self,
        scope: &(impl Scope + ?Sized),
        parameters: &RefCell<Parameters>,
        reach: Option<&dyn Reach>,
    ) -> Result<Bound> {
        if self.ops.len() > OPS_MAX {
            return Err(refusal(
                scope,
                RequestKind::Limit(Limit::Expression),
                format!(
                    "an expression of {} operations, over the limit of {OPS_MAX}",
                    self.ops.len()
                ),
            ));
        }
        let tree = Tree::new(&self.ops);
        let Checked {
            ordinals,
            positions,
        } = Checker::new(&tree, scope, parameters, reach).check()?;
        let terms = compile(&tree, &ordinals, &positions);
        Ok(Bound::new(self.clone(), terms, ordinals))
    }
}

/// What a check finds.
#[derive(Default)]
struct Checked {
    /// One per column and those of each question, in their order.
    ordinals: Vec<u32>,
    /// One per parameter operation, in their order.
    positions: Vec<usize>,
}

/// The stack of operand types at one point of the list.
struct Checker<'a, S: ?Sized> {
    tree: &'a Tree<'a>,
    scope: &'a S,
    reach: Option<&'a dyn Reach>,
    parameters: &'a RefCell<Parameters>,
    operands: Vec<Operand>,
    checked: Checked,
}

#[derive(Clone, Copy)]
struct Operand {
    node: usize,
    /// None for null, which goes with every type, and for a parameter that has none yet.
    data_type: Option<DataType>,
    /// Of a parameter alone.
    position: Option<usize>,
}

impl<'a, S: Scope + ?Sized> Checker<'a, S> {
    fn new(
        tree: &'a Tree<'a>,
        scope: &'a S,
        parameters: &'a RefCell<Parameters>,
        reach: Option<&'a dyn Reach>,
    ) -> Self {
        Checker {
            tree,
            scope,
            reach,
            parameters,
            operands: Vec::new(),
            checked: Checked::default(),
        }
    }

    fn check(mut self) -> Result<Checked> {
        for node in self.tree.nodes() {
            let op = self.tree.op(node);
            let base = self.operands.len() - op.arity();
            self.give_types(op, base)?;
            let operand = self.operand(node, op, base)?;
            self.operands.truncate(base);
            self.operands.push(operand);
        }
        self.give_type(0, DataType::Bool)?;
        for whole in &self.operands {
            self.check_predicate(whole)?;
        }
        Ok(self.checked)
    }

    fn operand(&mut self, node: usize, op: &Op, base: usize) -> Result<Operand> {
        let mut position = None;
        let data_type = match op {
            Op::Column(name) => Some(self.resolve(name)?),
            Op::Related(related) => Some(self.ask(related)?),
            Op::Parameter(name) => {
                let at = self.parameters.borrow_mut().declare(name);
                self.checked.positions.push(at);
                position = Some(at);
                self.parameters.borrow().at(at).data_type
            }
            op => self.result_type(op, &self.operands[base..])?,
        };
        Ok(Operand {
            node,
            data_type,
            position,
        })
    }

    /// Gives the operands of an operation that are parameters the type that it asks for, or that another operand has.
    fn give_types(&mut self, op: &Op, base: usize) -> Result<()> {
        let asked = match op {
            Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::Related(_) => None,
            Op::IsNull | Op::Function(_) => None,
            Op::Compare(_) | Op::Between => {
                self.operands[base..].iter().find_map(|it| it.data_type)
            }
            Op::In(values) => values.iter().find_map(Value::data_type),
            Op::Like => Some(DataType::Text),
            Op::Not | Op::And(_) | Op::Or(_) => Some(DataType::Bool),
        };
        let mut operands = base..self.operands.len();
        match (asked, op) {
            (Some(asked), _) => operands.try_for_each(|it| self.give_type(it, asked)),
            // What is asked of a parameter alone may be said of it elsewhere.
            (None, Op::IsNull | Op::Function(_)) => Ok(()),
            (None, _) => match operands.find_map(|it| self.operands[it].position) {
                Some(position) => Err(self.untyped(position)),
                None => Ok(()),
            },
        }
    }

    fn untyped(&self, position: usize) -> Error {
        let name = excerpt(&self.parameters.borrow().at(position).name).to_string();
        let detail = format!("nothing says of which type parameter {name} is");
        refusal(self.scope, RequestKind::Type, detail)
    }

    fn give_type(&mut self, operand: usize, asked: DataType) -> Result<()> {
        let Some(position) = self.operands[operand].position else {
            return Ok(());
        };
        let known = self.parameters.borrow_mut().give_type(position, asked);
        self.operands[operand].data_type = Some(known);
        if known == asked {
            return Ok(());
        }
        let name = excerpt(&self.parameters.borrow().at(position).name).to_string();
        let detail = format!("parameter {name} is {known} in one place and {asked} in another");
        Err(refusal(self.scope, RequestKind::Type, detail))
    }

    fn resolve(&mut self, name: &str) -> Result<DataType> {
        let found = match (self.scope.column(name), self.reach) {
            (None, Some(reach)) if name.contains('.') => Some(reach.column(name)?),
            (found, _) => found,
        };
        let Some((ordinal, data_type)) = found else {
            let detail = format!("no column {}", excerpt(&name));
            return Err(refusal(self.scope, RequestKind::UnknownColumn, detail));
        };
        self.checked.ordinals.push(ordinal);
        Ok(data_type)
    }

    fn ask(&mut self, related: &Arc<Related>) -> Result<DataType> {
        if related.is_too_deep() {
            let detail =
                format!("questions about associated rows nested deeper than {NESTING_MAX}");
            let kind = RequestKind::Limit(Limit::IncludeDepth);
            return Err(refusal(self.scope, kind, detail));
        }
        let Some(reach) = self.reach else {
            let path = excerpt(&related.path);
            let detail = format!("associated rows ({path}) outside of a request");
            return Err(refusal(self.scope, RequestKind::Unsupported, detail));
        };
        let Numbers { of_all, of_true } = reach.numbers(related)?;
        self.checked.ordinals.push(of_all);
        Ok(match &related.question {
            Question::Any => DataType::Bool,
            Question::All(_) => {
                self.checked.ordinals.push(of_true);
                DataType::Bool
            }
            Question::Count => DataType::Int,
        })
    }

    /// The type that an operation gives, once its operands are found to go together.
    fn result_type(&self, op: &Op, operands: &[Operand]) -> Result<Option<DataType>> {
        match op {
            Op::Column(_) | Op::Parameter(_) | Op::Related(_) | Op::IsNull | Op::Function(_) => {}
            Op::Value(value) => return Ok(value.data_type()),
            Op::Compare(_) | Op::Between => self.check_comparable(operands)?,
            Op::In(values) => {
                for subject in operands {
                    self.check_list(subject, values)?;
                }
            }
            Op::Like => operands.iter().try_for_each(|o| self.check_text(o))?,
            Op::Not | Op::And(_) | Op::Or(_) => {
                operands.iter().try_for_each(|o| self.check_predicate(o))?;
            }
        }
        Ok(Some(DataType::Bool))
    }

    fn check_comparable(&self, operands: &[Operand]) -> Result<()> {
        let [subject, others @ ..] = operands else {
            return Ok(());
        };
        for other in others {
            if !go_together(subject.data_type, other.data_type) {
                return Err(self.incomparable(subject, |show| self.describe(other, show)));
            }
        }
        Ok(())
    }

    fn check_list(&self, subject: &Operand, values: &[Value]) -> Result<()> {
        let odd = |value: &&Value| !go_together(subject.data_type, value.data_type());
        match values.iter().find(odd) {
            Some(value) => Err(self.incomparable(subject, |show| describe_value(value, show))),
            None => Ok(()),
        }
    }

    fn incomparable(&self, subject: &Operand, other: impl Fn(Show) -> String) -> Error {
        self.mistyped(|show| {
            let subject = self.describe(subject, show);
            format!("{subject} cannot be compared with {}", other(show))
        })
    }

    fn check_text(&self, operand: &Operand) -> Result<()> {
        match operand.data_type {
            None | Some(DataType::Text) => Ok(()),
            Some(_) => Err(self.mistyped(|show| {
                let operand = self.describe(operand, show);
                format!("{operand} is not text, as like needs")
            })),
        }
    }

    fn check_predicate(&self, operand: &Operand) -> Result<()> {
        match operand.data_type {
            None | Some(DataType::Bool) => Ok(()),
            Some(_) => Err(self.mistyped(|show| {
                let operand = self.describe(operand, show);
                format!("{operand} is not a predicate")
            })),
        }
    }

    fn mistyped(&self, detail: impl Fn(Show) -> String) -> Error {
        RequestError::with_values(RequestKind::Type, self.scope.subject(), detail).into()
    }

    /// `column score (int)`, `'a' (text)`, or the expression itself.
    fn describe(&self, operand: &Operand, show: Show) -> String {
        let type_name = operand.data_type.map_or("null", DataType::name);
        match self.tree.op(operand.node) {
            Op::Column(name) => format!("column {} ({type_name})", excerpt(name)),
            Op::Value(value) => describe_value(value, show),
            Op::Parameter(name) => format!("parameter {} ({type_name})", excerpt(name)),
            _ if show == Show::NoValues => format!("(…) ({type_name})"),
            _ => {
                let shown = Shown {
                    tree: self.tree,
                    node: operand.node,
                };
                format!("({}) ({type_name})", excerpt(&shown))
            }
        }
    }
}

fn go_together(a: Option<DataType>, b: Option<DataType>) -> bool {
    let is_number = |data_type| matches!(data_type, DataType::Int | DataType::Float);
    match (a, b) {
        (Some(a), Some(b)) => a == b || is_number(a) && is_number(b),
        _ => true,
    }
}

fn describe_value(value: &Value, show: Show) -> String {
    let type_name = value.data_type().map_or("null", DataType::name);
    format!("{} ({type_name})", show.value(value))
}

fn refusal(scope: &(impl Scope + ?Sized), kind: RequestKind, detail: String) -> Error {
    RequestError::new(kind, scope.subject(), detail).into()
}
