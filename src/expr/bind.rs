//! Names become ordinals, and every type is checked, before anything runs.
//!
//! 1. Compared values have one type, or both are numbers. Nothing is converted: numbers are compared exactly.
//! 2. LIKE takes texts.
//! 3. What `and`, `or` and `not` take is a boolean, and so is the whole of a predicate.
//! 4. Each argument of a function has the type that its place asks for.
//! 5. A null literal has every type.
//! 6. A parameter has the type of what it is compared with, or of its place in a function, the same wherever it stands.
//!
//! What can fail for a row is noted on the way, for those who ask at a moment when nothing may fail.

use std::cell::RefCell;
use std::sync::Arc;

use crate::error::{Error, Limit, RequestError, RequestKind, Result, Show, excerpt};
use crate::expr::builtin::{Builtin, Wanted, wider};
use crate::expr::compile::{compile, compile_value};
use crate::expr::display::Shown;
use crate::expr::eval::{Source, Total, Traits};
use crate::expr::parameter::Parameters;
use crate::expr::related::{NESTING_MAX, Question};
use crate::expr::tree::Tree;
use crate::expr::{Bound, BoundValue, Expr, Numbers, Op, Reach, Related};
use crate::value::{DataType, Timestamp, Value};

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
    /// `UnknownColumn` for a name that the scope does not have, `Type` for operands that do not go together, an argument
    /// that a function does not take and a whole that is no predicate, `Limit` beyond a million operations, `Unsupported`
    /// for a parameter, for a question about associated rows and for [`now`](crate::expr::now), which only a request or a statement has, and for functions of
    /// documents without the feature `json`.
    pub fn bind(&self, scope: &(impl Scope + ?Sized)) -> Result<Bound> {
        let parameters = RefCell::default();
        let bound = self.bind_with(scope, &parameters, None)?;
        refuse_parameters(&parameters.into_inner(), scope, None)?;
        Ok(bound)
    }

    /// An expression of any type over rows of this scope. O(operations).
    ///
    /// # Errors
    /// As [`bind`](Expr::bind).
    pub fn bind_value(&self, scope: &(impl Scope + ?Sized)) -> Result<BoundValue> {
        let parameters = RefCell::default();
        let bound = self.bind_value_with(scope, &parameters, None)?;
        refuse_parameters(&parameters.into_inner(), scope, None)?;
        Ok(bound)
    }

    /// As [`bind`](Expr::bind), of a predicate that has an answer for every row: one in which something can fail is
    /// `Unsupported`.
    pub(crate) fn bind_total(&self, scope: &(impl Scope + ?Sized)) -> Result<Total> {
        let bound = self.bind(scope)?;
        let tree = Tree::new(&self.ops);
        match Checker::new(&tree, scope, &RefCell::default(), None)
            .check()?
            .can_fail
        {
            None => Ok(Total::new(bound)),
            Some(node) => {
                let part = Shown { tree: &tree, node };
                let detail = format!("{} can fail for a row", excerpt(&part));
                Err(refusal(scope, RequestKind::Unsupported, detail))
            }
        }
    }

    /// As [`bind`](Expr::bind), for a statement, which has a time: that comes along as the one value to be given, if it is
    /// asked for.
    pub(crate) fn bind_at(
        &self,
        scope: &(impl Scope + ?Sized),
        now: impl FnOnce() -> Timestamp,
    ) -> Result<(Bound, Option<Value>)> {
        let parameters = RefCell::default();
        let bound = self.bind_with(scope, &parameters, None)?;
        let parameters: Parameters = parameters.into_inner();
        refuse_parameters(&parameters, scope, parameters.now())?;
        let now = parameters.now().map(|_| now().into());
        Ok((bound, now))
    }

    /// As [`bind`](Expr::bind), with parameters, which are added to those known already, and with what it may reach: there
    /// the same parameters may be met.
    pub(crate) fn bind_with(
        &self,
        scope: &(impl Scope + ?Sized),
        parameters: &RefCell<Parameters>,
        reach: Option<&dyn Reach>,
    ) -> Result<Bound> {
        self.check_length(scope)?;
        let tree = Tree::new(&self.ops);
        let checked = Checker::new(&tree, scope, parameters, reach).check_predicates()?;
        let terms = compile(&tree, &checked);
        let source = Source::new(self.clone(), scope.subject(), checked.traits());
        Ok(Bound::new(source, terms, checked.columns()))
    }

    /// As [`bind_value`](Expr::bind_value), with parameters and reach as [`bind_with`](Expr::bind_with).
    pub(crate) fn bind_value_with(
        &self,
        scope: &(impl Scope + ?Sized),
        parameters: &RefCell<Parameters>,
        reach: Option<&dyn Reach>,
    ) -> Result<BoundValue> {
        self.check_length(scope)?;
        let tree = Tree::new(&self.ops);
        let checked = Checker::new(&tree, scope, parameters, reach).check()?;
        let steps = compile_value(&tree, &checked);
        let source = Source::new(self.clone(), scope.subject(), checked.traits());
        let (columns, data_type) = (checked.columns(), checked.data_type);
        Ok(BoundValue::new(source, steps, columns, data_type))
    }

    fn check_length(&self, scope: &(impl Scope + ?Sized)) -> Result<()> {
        let found = self.ops.len();
        if found <= OPS_MAX {
            return Ok(());
        }
        let detail = format!("an expression of {found} operations, over the limit of {OPS_MAX}");
        let kind = RequestKind::Limit(Limit::Expression);
        Err(refusal(scope, kind, detail))
    }
}

/// Refuses parameters where nobody gives them, but for the one at `given`.
fn refuse_parameters(
    parameters: &Parameters,
    scope: &(impl Scope + ?Sized),
    given: Option<usize>,
) -> Result<()> {
    let mut named = parameters.iter().enumerate();
    let detail = match named.find(|(at, _)| Some(*at) != given) {
        None => return Ok(()),
        Some((at, _)) if parameters.now() == Some(at) => {
            "now() outside of a request or a statement".to_owned()
        }
        Some((_, parameter)) => {
            let name = excerpt(&parameter.name);
            format!("parameter {name} outside of a prepared request")
        }
    };
    Err(refusal(scope, RequestKind::Unsupported, detail))
}

/// What a check finds.
#[derive(Default)]
pub(super) struct Checked {
    /// One per column and those of each question, in their order.
    pub(super) ordinals: Vec<u32>,
    /// One per parameter operation and time, in their order.
    pub(super) positions: Vec<usize>,
    /// For each `coalesce`, in their order, whether its integers become floats.
    pub(super) widened: Vec<bool>,
    /// The first operation that can fail.
    can_fail: Option<usize>,
    /// Of the whole; none if it is null.
    data_type: Option<DataType>,
}

impl Checked {
    fn traits(&self) -> Traits {
        Traits {
            can_fail: self.can_fail.is_some(),
            has_parameters: !self.positions.is_empty(),
        }
    }

    /// The ordinals ascending, each once.
    fn columns(&self) -> Arc<[u32]> {
        let mut columns = self.ordinals.clone();
        columns.sort_unstable();
        columns.dedup();
        columns.into()
    }
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

    /// Checks an expression whose whole is a boolean.
    fn check_predicates(mut self) -> Result<Checked> {
        self.check_operations()?;
        self.give_type(0, DataType::Bool)?;
        for whole in &self.operands {
            self.check_predicate(whole)?;
        }
        Ok(self.checked)
    }

    /// Checks an expression of any type.
    fn check(mut self) -> Result<Checked> {
        self.check_operations()?;
        self.checked.data_type = self.operands.first().and_then(|whole| whole.data_type);
        Ok(self.checked)
    }

    fn check_operations(&mut self) -> Result<()> {
        for node in self.tree.nodes() {
            let op = self.tree.op(node);
            let base = self.operands.len() - op.arity();
            self.give_types(op, base)?;
            let operand = self.operand(node, op, base)?;
            if self.can_fail(op, base) {
                self.checked.can_fail.get_or_insert(node);
            }
            self.operands.truncate(base);
            self.operands.push(operand);
        }
        Ok(())
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
            Op::Now => {
                let at = self.parameters.borrow_mut().declare_now();
                self.checked.positions.push(at);
                Some(DataType::Timestamp)
            }
            Op::Coalesce(_) => {
                let types = self.check_arguments("coalesce", |_| Wanted::Comparable, base)?;
                let data_type = wider(&types);
                let is_int = |it: &Option<DataType>| *it == Some(DataType::Int);
                let widened = data_type == Some(DataType::Float) && types.iter().any(is_int);
                self.checked.widened.push(widened);
                data_type
            }
            Op::Call(builtin, _) => {
                self.check_offered(builtin)?;
                let wanted = |position| builtin.wanted(position);
                builtin.gives(&self.check_arguments(builtin.name(), wanted, base)?)
            }
            op => self.result_type(op, &self.operands[base..])?,
        };
        Ok(Operand {
            node,
            data_type,
            position,
        })
    }

    /// The types of arguments that are what their places ask for.
    fn check_arguments(
        &self,
        name: &str,
        wanted: impl Fn(usize) -> Wanted,
        base: usize,
    ) -> Result<Vec<Option<DataType>>> {
        let arguments = &self.operands[base..];
        let types: Vec<_> = arguments.iter().map(|it| it.data_type).collect();
        let first = types.iter().flatten().next();
        for (position, argument) in arguments.iter().enumerate() {
            let Some(found) = argument.data_type else {
                continue;
            };
            let expected = match (wanted(position), first) {
                (Wanted::Comparable, Some(first)) if !go_together(Some(*first), Some(found)) => {
                    first.name()
                }
                (wanted, _) if !wanted.admits(found) => wanted.name(),
                _ => continue,
            };
            return Err(self.mistyped(|show| {
                let found = self.describe(argument, show);
                let position = position + 1;
                format!("argument {position} of {name} has to be {expected}, not {found}")
            }));
        }
        Ok(types)
    }

    fn check_offered(&self, builtin: &Builtin) -> Result<()> {
        let name = builtin.name();
        let detail = if builtin.is_of_documents() && !cfg!(feature = "json") {
            format!("{name} without the feature json")
        } else if let (Builtin::JsonValue(_, data_type), false) = (builtin, builtin.is_offered()) {
            format!("{name} that gives {data_type}")
        } else {
            return Ok(());
        };
        Err(refusal(self.scope, RequestKind::Unsupported, detail))
    }

    /// Whether an operation can fail for some row.
    fn can_fail(&self, op: &Op, base: usize) -> bool {
        let Op::Call(builtin, _) = op else {
            return false;
        };
        let operands = &self.operands[base..];
        let is_int = |it: &Operand| it.data_type == Some(DataType::Int);
        let constant = |at: usize| match operands.get(at).map(|it| self.tree.op(it.node)) {
            Some(Op::Value(value)) => Some(value),
            _ => None,
        };
        let number = |at: usize| constant(at).and_then(Value::as_int);
        match builtin {
            Builtin::Divide => {
                !operands.iter().all(is_int) || matches!(number(1), None | Some(0 | -1))
            }
            Builtin::Remainder => matches!(number(1), None | Some(0)),
            Builtin::Substr => match (operands.len(), number(2)) {
                (2, _) => false,
                (_, count) => count.is_none_or(|count| count < 0),
            },
            Builtin::Negate | Builtin::Abs => operands.iter().any(is_int),
            Builtin::Add | Builtin::Subtract | Builtin::Multiply => true,
            Builtin::Replace | Builtin::Concat => true,
            Builtin::Truncate(_) | Builtin::Shift(_) | Builtin::JsonArrayLength => true,
            Builtin::Round | Builtin::Floor | Builtin::Ceil => false,
            Builtin::Lower | Builtin::Upper | Builtin::Trim | Builtin::Length => false,
            Builtin::NullIf | Builtin::Part(_) => false,
            Builtin::JsonGet(_) | Builtin::JsonValue(..) => false,
            Builtin::JsonExists(_) | Builtin::JsonContains => false,
        }
    }

    /// Gives the operands of an operation that are parameters the type that it asks for, or that another operand has.
    fn give_types(&mut self, op: &Op, base: usize) -> Result<()> {
        let known = self.operands[base..].iter().find_map(|it| it.data_type);
        for operand in base..self.operands.len() {
            let Some(position) = self.operands[operand].position else {
                continue;
            };
            let asked = match op {
                // What is asked of a parameter alone may be said of it elsewhere.
                Op::IsNull | Op::Function(_) => continue,
                Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::Now | Op::Related(_) => None,
                Op::Compare(_) | Op::Between | Op::Coalesce(_) => known,
                Op::In(values) => values.iter().find_map(Value::data_type),
                Op::Like(_) => Some(DataType::Text),
                Op::Not | Op::And(_) | Op::Or(_) => Some(DataType::Bool),
                Op::Call(builtin, _) => match builtin.wanted(operand - base) {
                    Wanted::Exactly(asked) => Some(asked),
                    Wanted::Number | Wanted::Comparable => known,
                    Wanted::Sized | Wanted::Time(_) => self.operands[operand].data_type,
                },
            };
            match asked {
                Some(asked) => self.give_type(operand, asked)?,
                None => return Err(self.untyped(position)),
            }
        }
        Ok(())
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
        if let Question::Aggregate(aggregate) = &related.question {
            let (ordinal, data_type) = reach.aggregate(related, aggregate)?;
            self.checked.ordinals.push(ordinal);
            return Ok(data_type);
        }
        let Numbers { of_all, of_true } = reach.numbers(related)?;
        self.checked.ordinals.push(of_all);
        Ok(match &related.question {
            Question::Any => DataType::Bool,
            Question::All(_) => {
                self.checked.ordinals.push(of_true);
                DataType::Bool
            }
            Question::Count | Question::Aggregate(_) => DataType::Int,
        })
    }

    /// The type that an operation gives, once its operands are found to go together.
    fn result_type(&self, op: &Op, operands: &[Operand]) -> Result<Option<DataType>> {
        match op {
            Op::Column(_) | Op::Parameter(_) | Op::IsNull | Op::Function(_) => {}
            Op::Now | Op::Related(_) | Op::Call(..) | Op::Coalesce(_) => {}
            Op::Value(value) => return Ok(value.data_type()),
            Op::Compare(_) | Op::Between => self.check_comparable(operands)?,
            Op::In(values) => {
                for subject in operands {
                    self.check_list(subject, values)?;
                }
            }
            Op::Like(_) => operands.iter().try_for_each(|o| self.check_text(o))?,
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
