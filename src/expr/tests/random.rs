//! Random predicates against a naive evaluator, which recurses and knows the definitions alone.

use proptest::arbitrary::any as arbitrary;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::{Posts, row};
use crate::expr::{Comparison, Conjunct, Expr, all, any, coalesce, col, val};
use crate::value::Value;

#[derive(Clone, Debug)]
enum Node {
    Truth(Option<bool>),
    Choice(Box<Node>, Box<Node>),
    Done,
    Late,
    Compare(Comparison, Operand, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Option<i64>>),
    Like(Option<String>),
    LikeAuthor,
    IsNull(Box<Node>),
    Same(Box<Node>, Box<Node>),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

#[derive(Clone, Debug)]
enum Operand {
    Id,
    Score,
    Constant(Value),
    Length,
    Sum(Box<Operand>, Box<Operand>),
    NullIf(Box<Operand>, Box<Operand>),
    Coalesce(Vec<Operand>),
}

impl Operand {
    fn expr(&self) -> Expr {
        match self {
            Operand::Id => col("id"),
            Operand::Score => col("score"),
            Operand::Constant(value) => val(value),
            Operand::Length => col("name").length(),
            Operand::Sum(a, b) => a.expr() + b.expr(),
            Operand::NullIf(a, b) => a.expr().nullif(b.expr()),
            Operand::Coalesce(operands) => coalesce(operands.iter().map(Operand::expr)),
        }
    }

    fn value(&self, row: &[Value]) -> Value {
        match self {
            Operand::Id => row[0].clone(),
            Operand::Score => row[1].clone(),
            Operand::Constant(value) => value.clone(),
            Operand::Length => match row[2].as_str() {
                Some(name) => i64::try_from(chars(name).len()).unwrap().into(),
                None => Value::Null,
            },
            // Small halves, which floats hold exactly; a float that is whole equals the integer.
            Operand::Sum(a, b) => {
                match (naive_number(&a.value(row)), naive_number(&b.value(row))) {
                    (Some(a), Some(b)) => (a + b).into(),
                    _ => Value::Null,
                }
            }
            Operand::NullIf(a, b) => {
                let (a, b) = (a.value(row), b.value(row));
                match naive_compare(Comparison::Eq, &a, &b) {
                    Some(true) => Value::Null,
                    _ => a,
                }
            }
            Operand::Coalesce(operands) => {
                let mut values = operands.iter().map(|it| it.value(row));
                values.find(|it| !it.is_null()).unwrap_or(Value::Null)
            }
        }
    }
}

impl Node {
    fn expr(&self) -> Expr {
        match self {
            Node::Truth(truth) => val(*truth),
            Node::Choice(a, b) => coalesce([a.expr(), b.expr()]),
            Node::Done => col("done"),
            Node::Late => col("late"),
            Node::Compare(op, a, b) => match op {
                Comparison::Eq => a.expr().eq(b.expr()),
                Comparison::Ne => a.expr().ne(b.expr()),
                Comparison::Lt => a.expr().lt(b.expr()),
                Comparison::Le => a.expr().le(b.expr()),
                Comparison::Gt => a.expr().gt(b.expr()),
                Comparison::Ge => a.expr().ge(b.expr()),
            },
            Node::Between(a, low, high) => a.expr().between(low.expr(), high.expr()),
            Node::In(a, values) => a.expr().is_in(values.clone()),
            Node::Like(pattern) => col("name").like(pattern.clone()),
            Node::LikeAuthor => col("name").like(col("author.name")),
            Node::IsNull(node) => node.expr().is_null(),
            Node::Same(a, b) => a.expr().eq(b.expr()),
            Node::Not(node) => node.expr().not(),
            Node::All(nodes) => all(nodes.iter().map(Node::expr)),
            Node::Any(nodes) => any(nodes.iter().map(Node::expr)),
        }
    }

    /// By the definitions alone: equality is by disjunction, quantities by the worst operand.
    fn truth(&self, row: &[Value]) -> Option<bool> {
        match self {
            Node::Truth(truth) => *truth,
            Node::Choice(a, b) => a.truth(row).or_else(|| b.truth(row)),
            Node::Done => row[3].as_bool(),
            Node::Late => row[4].as_bool(),
            Node::Compare(op, a, b) => naive_compare(*op, &a.value(row), &b.value(row)),
            Node::Between(a, low, high) => naive_all(&[
                naive_compare(Comparison::Le, &low.value(row), &a.value(row)),
                naive_compare(Comparison::Le, &a.value(row), &high.value(row)),
            ]),
            Node::In(a, values) => {
                let equal =
                    |v: &Option<i64>| naive_compare(Comparison::Eq, &a.value(row), &(*v).into());
                let truths: Vec<_> = values.iter().map(equal).map(naive_not).collect();
                naive_not(naive_all(&truths))
            }
            Node::Like(pattern) => Some(naive_like(
                &chars(pattern.as_ref()?),
                &chars(row[2].as_str()?),
            )),
            Node::LikeAuthor => Some(naive_like(
                &chars(row[5].as_str()?),
                &chars(row[2].as_str()?),
            )),
            Node::IsNull(node) => Some(node.truth(row).is_none()),
            Node::Same(a, b) => Some(a.truth(row)? == b.truth(row)?),
            Node::Not(node) => naive_not(node.truth(row)),
            Node::All(nodes) => naive_all(&nodes.iter().map(|n| n.truth(row)).collect::<Vec<_>>()),
            Node::Any(nodes) => {
                let truths: Vec<_> = nodes.iter().map(|n| naive_not(n.truth(row))).collect();
                naive_not(naive_all(&truths))
            }
        }
    }
}

fn naive_not(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

fn naive_all(truths: &[Option<bool>]) -> Option<bool> {
    if truths.contains(&Some(false)) {
        return Some(false);
    }
    (!truths.contains(&None)).then_some(true)
}

/// The numbers of the test are small, so floats hold them exactly.
fn naive_compare(op: Comparison, a: &Value, b: &Value) -> Option<bool> {
    let (a, b) = (naive_number(a)?, naive_number(b)?);
    Some(match op {
        Comparison::Eq => a == b,
        Comparison::Ne => a != b,
        Comparison::Lt => a < b,
        Comparison::Le => a <= b,
        Comparison::Gt => a > b,
        Comparison::Ge => a >= b,
    })
}

fn naive_number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(v) => Some(f64::from(i32::try_from(*v).unwrap())),
        Value::Float(v) => Some(*v),
        _ => None,
    }
}

pub(super) fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

pub(super) fn naive_like(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        (['%', rest @ ..], _) => (0..=text.len()).any(|from| naive_like(rest, &text[from..])),
        (['_', pattern @ ..], [_, text @ ..]) => naive_like(pattern, text),
        (['\\', c, pattern @ ..], [d, text @ ..]) => c == d && naive_like(pattern, text),
        (['_', ..] | ['\\', _, ..], []) => false,
        ([c, pattern @ ..], [d, text @ ..]) => c == d && naive_like(pattern, text),
        (pattern, text) => pattern.is_empty() && text.is_empty(),
    }
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(vec![
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Lt,
        Comparison::Le,
        Comparison::Gt,
        Comparison::Ge,
    ])
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        3 => (0_i64..4).prop_map(Value::from),
        3 => (0_i32..8).prop_map(|halves| Value::from(f64::from(halves) / 2.0)),
    ]
}

fn any_operand() -> impl Strategy<Value = Operand> {
    let leaf = prop_oneof![
        2 => Just(Operand::Id),
        2 => Just(Operand::Score),
        3 => any_number().prop_map(Operand::Constant),
        1 => Just(Operand::Length),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            3 => inner.clone(),
            1 => (boxed(), boxed()).prop_map(|(a, b)| Operand::Sum(a, b)),
            1 => (boxed(), boxed()).prop_map(|(a, b)| Operand::NullIf(a, b)),
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Operand::Coalesce),
        ]
    })
}

fn any_node() -> impl Strategy<Value = Node> {
    let id = || prop::option::weighted(0.9, 0_i64..14);
    let leaf = prop_oneof![
        1 => arbitrary::<Option<bool>>().prop_map(Node::Truth),
        1 => Just(Node::Done),
        1 => Just(Node::Late),
        3 => (any_comparison(), any_operand(), any_operand()).prop_map(|(op, a, b)| Node::Compare(op, a, b)),
        1 => (any_operand(), any_operand(), any_operand()).prop_map(|(a, b, c)| Node::Between(a, b, c)),
        1 => (any_operand(), prop::collection::vec(id(), 0..14)).prop_map(|(a, list)| Node::In(a, list)),
        1 => prop::option::weighted(0.9, r"[ab%_é\\]{0,4}").prop_map(Node::Like),
        1 => Just(Node::LikeAuthor),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            1 => boxed().prop_map(Node::IsNull),
            1 => (boxed(), boxed()).prop_map(|(a, b)| Node::Same(a, b)),
            1 => (boxed(), boxed()).prop_map(|(a, b)| Node::Choice(a, b)),
            2 => boxed().prop_map(Node::Not),
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Node::All),
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Node::Any),
        ]
    })
}

fn any_row() -> impl Strategy<Value = Vec<Value>> {
    let id = prop::option::weighted(0.8, 0_i64..4);
    let score = prop::option::weighted(0.8, (0_i32..8).prop_map(|halves| f64::from(halves) / 2.0));
    let name = || prop::option::weighted(0.8, r"[ab%é\\]{0,4}");
    (id, score, name(), arbitrary::<[Option<bool>; 2]>(), name()).prop_map(
        |(id, score, name, [done, late], author)| {
            row([
                id.into(),
                score.into(),
                name.into(),
                done.into(),
                late.into(),
                author.into(),
            ])
        },
    )
}

/// What the planner is told about a term, read the way an index would answer it.
fn holds(conjunct: Conjunct<'_>, row: &[Value]) -> bool {
    let cell = |ordinal: u32| &row[usize::try_from(ordinal).unwrap()];
    match conjunct {
        Conjunct::Compare { ordinal, op, value } => {
            !cell(ordinal).is_null() && op.holds(cell(ordinal).cmp(value))
        }
        Conjunct::In { ordinal, values } => values.contains(cell(ordinal)),
        Conjunct::Between { ordinal, low, high } => low <= cell(ordinal) && cell(ordinal) <= high,
        Conjunct::Parameter { .. } => false,
        Conjunct::Prefix { ordinal, text, .. } => cell(ordinal)
            .as_str()
            .is_some_and(|it| it.starts_with(text)),
        Conjunct::IsNull { ordinal } => cell(ordinal).is_null(),
        Conjunct::Other => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn answers_are_those_of_a_naive_evaluator(
        node in any_node(),
        rows in prop::collection::vec(any_row(), 8),
    ) {
        let expr = node.expr();
        let bound = expr.bind(&Posts).unwrap();
        for row in &rows {
            let expected = node.truth(row);
            prop_assert_eq!(bound.test(row.as_slice()).unwrap(), expected, "{} on {:?}", expr, row);
            prop_assert_eq!(bound.matches(row.as_slice()), Ok(expected == Some(true)));
            let told = bound.conjuncts().all(|conjunct| holds(conjunct, row));
            let complete = bound.conjuncts().all(|conjunct| match conjunct {
                Conjunct::Prefix { whole, .. } => whole,
                conjunct => conjunct != Conjunct::Other,
            });
            prop_assert!(told || expected != Some(true), "a term lost {row:?}");
            prop_assert!(!(told && complete) || expected == Some(true), "a term added {row:?}");
        }
    }
}
