//! The functions that write an expression.
//!
//! Each appends to what its subject already holds, so a chain of any length costs what its parts cost.

use std::ops;
use std::sync::Arc;

use crate::expr::builtin::Builtin;
use crate::expr::document::{JsonPath, JsonStep};
use crate::expr::function::{CellsTest, Function};
use crate::expr::like::LikeRule;
use crate::expr::time::Unit;
use crate::expr::tree::Tree;
use crate::expr::{Comparison, Expr, Op};
use crate::value::{DataType, Value};

/// A column by name, or by a path with dots such as `author.name`.
pub fn col(name: impl Into<Arc<str>>) -> Expr {
    Expr::leaf(Op::Column(name.into()))
}

/// A constant. Where an operand is asked for, the plain value does as well: `col("score").gt(10)`.
pub fn val(value: impl Into<Value>) -> Expr {
    Expr::leaf(Op::Value(value.into()))
}

/// A value that is given by name each time a prepared request is run. It has the type of the column, or whatever else it
/// is compared with.
///
/// ```
/// use relata::expr::{col, param};
///
/// assert_eq!(col("country").eq(param("country")).to_string(), "country = :country");
/// ```
pub fn param(name: impl Into<Arc<str>>) -> Expr {
    Expr::leaf(Op::Parameter(name.into()))
}

/// True when every term is. Of no terms: true.
pub fn all(terms: impl IntoIterator<Item = Expr>) -> Expr {
    let none = Expr::leaf(Op::And(0));
    terms.into_iter().fold(none, Expr::and)
}

/// True when at least one term is. Of no terms: false.
pub fn any(terms: impl IntoIterator<Item = Expr>) -> Expr {
    let none = Expr::leaf(Op::Or(0));
    terms.into_iter().fold(none, Expr::or)
}

/// The time at which the request or statement is run: the transaction's, by the database's clock, the same for every row.
/// A read outside of a transaction has the time that a transaction would have now, and does not move a stepping clock. What
/// holds at any time, such as a check, cannot have it.
///
/// ```
/// use relata::expr::{col, now, Unit};
///
/// let recent = col("posted").gt(now().minus(7, Unit::Day));
/// assert_eq!(recent.to_string(), "posted > date_add(now(), -7, 'day')");
/// ```
pub fn now() -> Expr {
    Expr::leaf(Op::Now)
}

/// The first that is not null; those after it are not looked at. Null if all are, and of none.
pub fn coalesce(exprs: impl IntoIterator<Item = impl Into<Expr>>) -> Expr {
    let (ops, count) = operands(exprs);
    match count {
        0 => val(Value::Null),
        1 => Expr { ops },
        _ => Expr { ops }.then(Op::Coalesce(count)),
    }
}

/// Texts one after the other. Null is nothing among them, so that the whole is never null.
pub fn concat(texts: impl IntoIterator<Item = impl Into<Expr>>) -> Expr {
    let (ops, count) = operands(texts);
    Expr { ops }.then(Op::Call(Builtin::Concat, count))
}

/// Several operands, and how many.
fn operands(exprs: impl IntoIterator<Item = impl Into<Expr>>) -> (Vec<Op>, usize) {
    let (mut ops, mut count) = (Vec::new(), 0);
    for expr in exprs {
        ops.append(&mut expr.into().ops);
        count += 1;
    }
    (ops, count)
}

/// True when the expression is false; unknown when it is unknown.
pub fn not(expr: impl Into<Expr>) -> Expr {
    expr.into().then(Op::Not)
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        val(value)
    }
}

impl ops::Not for Expr {
    type Output = Expr;

    fn not(self) -> Expr {
        not(self)
    }
}

macro_rules! arithmetic {
    ($($operator:ident, $method:ident => $builtin:ident;)*) => {$(
        impl<T: Into<Expr>> ops::$operator<T> for Expr {
            type Output = Expr;

            fn $method(self, other: T) -> Expr {
                self.with(other).then(Op::Call(Builtin::$builtin, 2))
            }
        }
    )*};
}

arithmetic! {
    Add, add => Add;
    Sub, sub => Subtract;
    Mul, mul => Multiply;
    Div, div => Divide;
    Rem, rem => Remainder;
}

impl ops::Neg for Expr {
    type Output = Expr;

    fn neg(self) -> Expr {
        match self.ops.as_slice() {
            // Read back, `-1` is one constant.
            [Op::Value(Value::Int(number))] if *number > 0 => val(-number),
            _ => self.call(Builtin::Negate),
        }
    }
}

impl Expr {
    /// A condition in Rust over the named columns, for what no expression says.
    ///
    /// `test` gets the cells in the order of `columns` and answers true, false or unknown. It has to answer from them
    /// alone, and the same each time. `text` stands for it wherever the expression is printed. Two such conditions are
    /// equal when their names, texts and columns are.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use relata::expr::Expr;
    ///
    /// let even = Expr::function("even", "score is even", ["score"], Arc::new(|cells| {
    ///     cells[0].as_int().map(|score| score % 2 == 0)
    /// }));
    /// assert_eq!(even.to_string(), "score is even");
    /// ```
    pub fn function(
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        columns: impl IntoIterator<Item = impl Into<Arc<str>>>,
        test: Arc<CellsTest>,
    ) -> Expr {
        let mut ops: Vec<Op> = columns.into_iter().map(|c| Op::Column(c.into())).collect();
        let function = Function::new(name.into(), text.into(), ops.len(), test);
        ops.push(Op::Function(Arc::new(function)));
        Expr { ops }
    }

    /// `=`. Unknown when a side is null, as with every comparison.
    pub fn eq(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Eq, other)
    }

    /// `<>`
    pub fn ne(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Ne, other)
    }

    /// `<`
    pub fn lt(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Lt, other)
    }

    /// `<=`
    pub fn le(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Le, other)
    }

    /// `>`
    pub fn gt(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Gt, other)
    }

    /// `>=`
    pub fn ge(self, other: impl Into<Expr>) -> Expr {
        self.compare(Comparison::Ge, other)
    }

    /// From `low` to `high`, both included: `low <= self and self <= high`.
    pub fn between(self, low: impl Into<Expr>, high: impl Into<Expr>) -> Expr {
        self.with(low).with(high).then(Op::Between)
    }

    /// Equal to one of the constants. Without a match, a null among them makes the answer unknown. Nothing, not even
    /// null, is in an empty list: that is false.
    pub fn is_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Expr {
        let values = values.into_iter().map(Into::into).collect();
        self.then(Op::In(values))
    }

    /// The contrary of [`is_in`](Expr::is_in).
    pub fn not_in(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Expr {
        not(self.is_in(values))
    }

    /// Text that fits a pattern as a whole: `%` stands for any characters, `_` for exactly one, and `\` takes the
    /// next character as it is. A `\` at the end stands for itself. Case matters.
    pub fn like(self, pattern: impl Into<Expr>) -> Expr {
        self.with(pattern).then(Op::Like(LikeRule::PLAIN))
    }

    /// As [`like`](Expr::like), with another escape character, or with none.
    ///
    /// ```
    /// use relata::expr::col;
    ///
    /// let off = col("label").like_escape("%10!%%", '!');
    /// assert_eq!(off.to_string(), "label like '%10!%%' escape '!'");
    /// ```
    pub fn like_escape(self, pattern: impl Into<Expr>, escape: impl Into<Option<char>>) -> Expr {
        let rule = LikeRule {
            escape: escape.into(),
            ..LikeRule::PLAIN
        };
        self.with(pattern).then(Op::Like(rule))
    }

    /// As [`like`](Expr::like), whatever the case of letters on both sides.
    pub fn ilike(self, pattern: impl Into<Expr>) -> Expr {
        let rule = LikeRule {
            ignores_case: true,
            ..LikeRule::PLAIN
        };
        self.with(pattern).then(Op::Like(rule))
    }

    /// The contrary of [`like`](Expr::like).
    pub fn not_like(self, pattern: impl Into<Expr>) -> Expr {
        not(self.like(pattern))
    }

    /// Whether there is no value. Never unknown.
    pub fn is_null(self) -> Expr {
        self.then(Op::IsNull)
    }

    /// Whether there is a value. Never unknown.
    pub fn is_not_null(self) -> Expr {
        not(self.is_null())
    }

    /// True when both are; false as soon as one is. O(length of `other`).
    pub fn and(self, other: impl Into<Expr>) -> Expr {
        self.join(other.into(), Op::And, |op| match op {
            Op::And(count) => Some(*count),
            _ => None,
        })
    }

    /// False when both are; true as soon as one is. O(length of `other`).
    pub fn or(self, other: impl Into<Expr>) -> Expr {
        self.join(other.into(), Op::Or, |op| match op {
            Op::Or(count) => Some(*count),
            _ => None,
        })
    }

    /// True when this is false; unknown when it is unknown. `!expr` is the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is implemented, and callers should not have to import it"
    )]
    pub fn not(self) -> Expr {
        not(self)
    }

    /// A number without its sign.
    pub fn abs(self) -> Expr {
        self.call(Builtin::Abs)
    }

    /// The nearest whole number, of the same type; of two as near, the even one. As PostgreSQL rounds `double precision`.
    pub fn round(self) -> Expr {
        self.call(Builtin::Round)
    }

    /// The greatest whole number that is not above it, of the same type.
    pub fn floor(self) -> Expr {
        self.call(Builtin::Floor)
    }

    /// The least whole number that is not below it, of the same type.
    pub fn ceil(self) -> Expr {
        self.call(Builtin::Ceil)
    }

    /// A text in small letters, by the rules of Unicode that hold in every language.
    pub fn lower(self) -> Expr {
        self.call(Builtin::Lower)
    }

    /// A text in capital letters, by the rules of Unicode that hold in every language.
    pub fn upper(self) -> Expr {
        self.call(Builtin::Upper)
    }

    /// A text without the spaces at its ends; other white space stays, as in SQL.
    pub fn trim(self) -> Expr {
        self.call(Builtin::Trim)
    }

    /// How many characters a text has, or how many bytes.
    pub fn length(self) -> Expr {
        self.call(Builtin::Length)
    }

    /// The rest of a text from a character on, which are counted from 1.
    ///
    /// ```
    /// # use relata::expr::col;
    /// assert_eq!(col("code").substr(3).to_string(), "substr(code, 3)");
    /// ```
    pub fn substr(self, from: impl Into<Expr>) -> Expr {
        self.with(from).then(Op::Call(Builtin::Substr, 2))
    }

    /// So many characters of a text, from one on. Those before the first count and are nothing, as in PostgreSQL: two from 0
    /// is the first one. Less than no characters is a failure.
    pub fn substr_of(self, from: impl Into<Expr>, count: impl Into<Expr>) -> Expr {
        let operands = self.with(from).with(count);
        operands.then(Op::Call(Builtin::Substr, 3))
    }

    /// A text with `to` wherever `from` stands in it. An empty `from` stands nowhere.
    pub fn replace(self, from: impl Into<Expr>, to: impl Into<Expr>) -> Expr {
        let operands = self.with(from).with(to);
        operands.then(Op::Call(Builtin::Replace, 3))
    }

    /// Itself, or null if it equals the other.
    pub fn nullif(self, other: impl Into<Expr>) -> Expr {
        self.with(other).then(Op::Call(Builtin::NullIf, 2))
    }

    /// The beginning of the year, month, .. that an instant or a day is in, in UTC.
    pub fn date_trunc(self, unit: Unit) -> Expr {
        self.call(Builtin::Truncate(unit))
    }

    /// An instant or a day so much later. A month later than the 31st is the last day of a shorter month. A day has no
    /// hours to add.
    ///
    /// ```
    /// use relata::expr::{col, Unit};
    ///
    /// let due = col("sent").plus(col("days"), Unit::Day);
    /// assert_eq!(due.to_string(), "date_add(sent, days, 'day')");
    /// ```
    pub fn plus(self, amount: impl Into<Expr>, unit: Unit) -> Expr {
        self.with(amount).then(Op::Call(Builtin::Shift(unit), 2))
    }

    /// An instant or a day so much earlier: as [`plus`](Expr::plus) with the amount the other way round.
    pub fn minus(self, amount: impl Into<Expr>, unit: Unit) -> Expr {
        self.plus(-amount.into(), unit)
    }

    /// The year of an instant in UTC, or of a day.
    pub fn year(self) -> Expr {
        self.call(Builtin::Part(Unit::Year))
    }

    /// The month of an instant in UTC, or of a day: 1 to 12.
    pub fn month(self) -> Expr {
        self.call(Builtin::Part(Unit::Month))
    }

    /// The day of the month of an instant in UTC, or of a day: 1 to 31.
    pub fn day(self) -> Expr {
        self.call(Builtin::Part(Unit::Day))
    }

    /// The hour of an instant in UTC: 0 to 23.
    pub fn hour(self) -> Expr {
        self.call(Builtin::Part(Unit::Hour))
    }

    /// The minute of an instant: 0 to 59.
    pub fn minute(self) -> Expr {
        self.call(Builtin::Part(Unit::Minute))
    }

    /// The whole second of an instant: 0 to 59.
    pub fn second(self) -> Expr {
        self.call(Builtin::Part(Unit::Second))
    }

    /// What stands in a JSON document: null if nothing does, and JSON's own null if that does.
    ///
    /// ```
    /// use relata::expr::{col, JsonStep};
    ///
    /// let author = col("meta").json_get(["author"]);
    /// assert_eq!(author.to_string(), "json_get(meta, '$.\"author\"')");
    /// let first = col("meta").json_get([JsonStep::from("tags"), 0.into()]);
    /// assert_eq!(first.to_string(), "json_get(meta, '$.\"tags\"[0]')");
    /// ```
    pub fn json_get(self, path: impl IntoIterator<Item = impl Into<JsonStep>>) -> Expr {
        self.call(Builtin::JsonGet(JsonPath::new(path)))
    }

    /// What stands in a JSON document, as a value of a type: a string as text, a number as float or, if it is a whole one
    /// that fits, as int, `true` and `false` as bool. Null if nothing stands there, or something else.
    ///
    /// ```
    /// use relata::expr::col;
    /// use relata::value::DataType;
    ///
    /// let adult = col("meta").json_value(["age"], DataType::Int).ge(18);
    /// assert_eq!(adult.to_string(), "json_value(meta, '$.\"age\"', int) >= 18");
    /// ```
    pub fn json_value(
        self,
        path: impl IntoIterator<Item = impl Into<JsonStep>>,
        data_type: DataType,
    ) -> Expr {
        self.call(Builtin::JsonValue(JsonPath::new(path), data_type))
    }

    /// Whether something stands there in a JSON document, be it JSON's null.
    pub fn json_exists(self, path: impl IntoIterator<Item = impl Into<JsonStep>>) -> Expr {
        self.call(Builtin::JsonExists(JsonPath::new(path)))
    }

    /// How many elements a JSON array has. A failure for a document that is none, as in PostgreSQL.
    pub fn json_array_length(self) -> Expr {
        self.call(Builtin::JsonArrayLength)
    }

    /// Whether a JSON document holds another, as PostgreSQL's `@>`: each member of an object is there with what its value
    /// holds, each element of an array is held by some element, and an array holds a scalar that is one of its elements.
    /// Scalars are equal when they are written alike: 1.0 is not 1.
    pub fn json_contains(self, other: impl Into<Expr>) -> Expr {
        self.with(other).then(Op::Call(Builtin::JsonContains, 2))
    }

    /// The same over other names; `rename` gives none for a name that stays.
    pub(crate) fn rename_columns<'a>(&self, rename: impl Fn(&str) -> Option<&'a str>) -> Expr {
        let ops = self.ops.iter().map(|op| match op {
            Op::Column(name) => Op::Column(rename(name).map_or_else(|| name.clone(), Arc::from)),
            other => other.clone(),
        });
        Expr { ops: ops.collect() }
    }

    /// The terms of the top-level `and`; itself, if it is none.
    pub(crate) fn terms(&self) -> Vec<Expr> {
        let tree = Tree::new(&self.ops);
        let part = |node: usize| Expr {
            ops: tree.part(node).to_vec(),
        };
        match tree.op(tree.root()) {
            Op::And(_) => {
                let mut terms: Vec<Expr> = tree.operands_backwards(tree.root()).map(part).collect();
                terms.reverse();
                terms
            }
            _ => vec![self.clone()],
        }
    }

    /// The name that it reads, if that is one alone.
    pub(crate) fn only_column(&self) -> Option<&str> {
        let mut names = self.ops.iter().filter_map(|op| match op {
            Op::Column(name) => Some(&**name),
            _ => None,
        });
        let first = names.next()?;
        names.all(|name| name == first).then_some(first)
    }

    /// The part that ends in an operation.
    pub(super) fn part(&self, node: u32) -> Expr {
        let tree = Tree::new(&self.ops);
        let node = usize::try_from(node).map_or(tree.root(), |node| node.min(tree.root()));
        Expr {
            ops: tree.part(node).to_vec(),
        }
    }

    /// Whether a closure takes part in it.
    pub(crate) fn has_function(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Function(_)))
    }

    fn leaf(op: Op) -> Expr {
        Expr { ops: vec![op] }
    }

    fn compare(self, comparison: Comparison, other: impl Into<Expr>) -> Expr {
        self.with(other).then(Op::Compare(comparison))
    }

    fn call(self, builtin: Builtin) -> Expr {
        self.then(Op::Call(builtin, 1))
    }

    /// One more operand.
    fn with(mut self, operand: impl Into<Expr>) -> Expr {
        self.ops.append(&mut operand.into().ops);
        self
    }

    /// The operation over the operands so far.
    fn then(mut self, op: Op) -> Expr {
        self.ops.push(op);
        self
    }

    /// Both under one connective, which a side that ends in it already brings along. `count_of` tells its operands.
    fn join(
        mut self,
        mut other: Expr,
        connective: fn(usize) -> Op,
        count_of: fn(&Op) -> Option<usize>,
    ) -> Expr {
        let unwrapped = |expr: &mut Expr| match expr.ops.last().and_then(count_of) {
            Some(count) => {
                expr.ops.pop();
                count
            }
            None => 1,
        };
        let count = unwrapped(&mut self) + unwrapped(&mut other);
        self.ops.append(&mut other.ops);
        if count != 1 {
            self.ops.push(connective(count));
        }
        self
    }
}
