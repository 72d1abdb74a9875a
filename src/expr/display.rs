//! An expression as SQL-like text, with no more brackets than its meaning needs.
//!
//! The text of a node is a list of pieces; those that are nodes are replaced by their own pieces, from a stack, until
//! only text is left.

use std::fmt;

use crate::expr::builtin::Builtin;
use crate::expr::like::LikeRule;
use crate::expr::parameter::NOW;
use crate::expr::related::Related;
use crate::expr::tree::Tree;
use crate::expr::{Bound, Comparison, Expr, Op};
use crate::value::Value;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tree = Tree::new(&self.ops);
        let node = tree.root();
        let shown = Shown { tree: &tree, node };
        shown.fmt(f)
    }
}

/// With the names that it was bound with.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source().fmt(f)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word().trim_ascii())
    }
}

/// A node of an expression with all that belongs to it.
pub(super) struct Shown<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) node: usize,
}

/// How tightly a text holds together: it needs brackets where its place asks for more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    /// A text that somebody wrote: there is no telling.
    Foreign,
    Or,
    And,
    Not,
    Test,
    Sum,
    Product,
    /// Behind a minus.
    Sign,
    Atom,
}

enum Piece<'a> {
    Text(&'a str),
    Value(&'a Value),
    Character(char),
    Related(&'a Related),
    Node(usize, Tightness),
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = vec![Piece::Node(self.node, Tightness::Foreign)];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Value(value) => value.fmt(f)?,
                Piece::Character('\'') => f.write_str("''''")?,
                Piece::Character(character) => write!(f, "'{character}'")?,
                Piece::Related(related) => related.fmt(f)?,
                Piece::Node(node, least) => self.push_bracketed(node, least, &mut pieces),
            }
        }
        Ok(())
    }
}

/// Pieces are pushed last to first.
impl<'a> Shown<'a> {
    fn push_bracketed(&self, node: usize, least: Tightness, pieces: &mut Vec<Piece<'a>>) {
        if self.tree.op(node).tightness() >= least {
            return self.push(node, false, pieces);
        }
        pieces.push(Piece::Text(")"));
        self.push(node, false, pieces);
        pieces.push(Piece::Text("("));
    }

    /// `negated` is for the operations that have a word for it.
    fn push(&self, node: usize, negated: bool, pieces: &mut Vec<Piece<'a>>) {
        let word = |plain, contrary| if negated { contrary } else { plain };
        let (words, least): (&[&str], Tightness) = match self.tree.op(node) {
            Op::Column(name) => return pieces.push(Piece::Text(name)),
            Op::Value(value) => return pieces.push(Piece::Value(value)),
            Op::Parameter(name) => return pieces.extend([Piece::Text(name), Piece::Text(":")]),
            Op::Function(function) => return pieces.push(Piece::Text(function.text())),
            Op::Related(related) => return pieces.push(Piece::Related(related)),
            Op::Not => return self.push_not(node - 1, pieces),
            Op::Now => return pieces.push(Piece::Text(NOW)),
            Op::Call(builtin, _) => return self.push_call(node, builtin, pieces),
            Op::Coalesce(_) => return self.push_function(node, "coalesce", &[], pieces),
            Op::And(0) => return pieces.push(Piece::Text("true")),
            Op::Or(0) => return pieces.push(Piece::Text("false")),
            Op::And(_) => (&[" and "], Tightness::Not),
            Op::Or(_) => (&[" or "], Tightness::And),
            Op::Compare(comparison) => (&[comparison.word()], Tightness::Sum),
            Op::Between => (
                &[word(" between ", " not between "), " and "],
                Tightness::Sum,
            ),
            Op::Like(rule) => {
                push_escape(*rule, pieces);
                let words = match rule.ignores_case {
                    false => word(" like ", " not like "),
                    true => word(" ilike ", " not ilike "),
                };
                (&[words], Tightness::Sum)
            }
            Op::IsNull => {
                pieces.push(Piece::Text(word(" is null", " is not null")));
                (&[], Tightness::Sum)
            }
            Op::In(values) => {
                push_values(values, pieces);
                pieces.push(Piece::Text(word(" in (", " not in (")));
                (&[], Tightness::Sum)
            }
        };
        self.push_operands(node, words, least, pieces);
    }

    /// `not` inside its operand where that has a word for it, else before it.
    fn push_not(&self, operand: usize, pieces: &mut Vec<Piece<'a>>) {
        match self.tree.op(operand) {
            Op::Between | Op::In(_) | Op::Like(_) | Op::IsNull => self.push(operand, true, pieces),
            _ => {
                pieces.push(Piece::Node(operand, Tightness::Not));
                pieces.push(Piece::Text("not "));
            }
        }
    }

    fn push_call(&self, node: usize, builtin: &'a Builtin, pieces: &mut Vec<Piece<'a>>) {
        let (sign, tightness) = match builtin {
            Builtin::Add => (" + ", Tightness::Sum),
            Builtin::Subtract => (" - ", Tightness::Sum),
            Builtin::Multiply => (" * ", Tightness::Product),
            Builtin::Divide => (" / ", Tightness::Product),
            Builtin::Remainder => (" % ", Tightness::Product),
            Builtin::Negate => {
                pieces.push(Piece::Node(node - 1, Tightness::Atom));
                return pieces.push(Piece::Text("-"));
            }
            Builtin::Truncate(unit) | Builtin::Shift(unit) => {
                let last = ["'", unit.name(), ", '"];
                return self.push_function(node, builtin.name(), &last, pieces);
            }
            Builtin::JsonGet(path) | Builtin::JsonExists(path) => {
                let last = [path.text(), ", "];
                return self.push_function(node, builtin.name(), &last, pieces);
            }
            Builtin::JsonValue(path, data_type) => {
                let last = [data_type.name(), ", ", path.text(), ", "];
                return self.push_function(node, builtin.name(), &last, pieces);
            }
            _ => return self.push_function(node, builtin.name(), &[], pieces),
        };
        // What stands to the right binds before: `a - (b - c)`.
        let mut least = if tightness == Tightness::Sum {
            Tightness::Product
        } else {
            Tightness::Sign
        };
        for operand in self.tree.operands_backwards(node) {
            pieces.push(Piece::Node(operand, least));
            if least != tightness {
                pieces.push(Piece::Text(sign));
            }
            least = tightness;
        }
    }

    /// A name with its arguments; `last` are the pieces after them, last to first.
    fn push_function(
        &self,
        node: usize,
        name: &'a str,
        last: &[&'a str],
        pieces: &mut Vec<Piece<'a>>,
    ) {
        pieces.push(Piece::Text(")"));
        pieces.extend(last.iter().map(|text| Piece::Text(text)));
        self.push_operands(node, &[", "], Tightness::Or, pieces);
        pieces.push(Piece::Text("("));
        pieces.push(Piece::Text(name));
    }

    /// The operands with words between them; the last word goes on for as long as there are operands.
    fn push_operands(
        &self,
        node: usize,
        words: &[&'a str],
        least: Tightness,
        pieces: &mut Vec<Piece<'a>>,
    ) {
        let mut position = self.tree.op(node).arity();
        for operand in self.tree.operands_backwards(node) {
            pieces.push(Piece::Node(operand, least));
            position -= 1;
            if position > 0 {
                let word = words.get(position - 1).or(words.last());
                pieces.extend(word.map(|word| Piece::Text(word)));
            }
        }
    }
}

/// The escape character, where it is another than the usual one.
fn push_escape(rule: LikeRule, pieces: &mut Vec<Piece<'_>>) {
    match rule.escape {
        escape if escape == LikeRule::PLAIN.escape => {}
        Some(escape) => pieces.extend([Piece::Character(escape), Piece::Text(" escape ")]),
        None => pieces.push(Piece::Text(" escape ''")),
    }
}

fn push_values<'a>(values: &'a [Value], pieces: &mut Vec<Piece<'a>>) {
    pieces.push(Piece::Text(")"));
    for (position, value) in values.iter().enumerate().rev() {
        pieces.push(Piece::Value(value));
        if position > 0 {
            pieces.push(Piece::Text(", "));
        }
    }
}

impl Op {
    fn tightness(&self) -> Tightness {
        match self {
            // Its minus is no sign before something else.
            Op::Value(Value::Int(number)) if *number < 0 => Tightness::Sign,
            Op::Value(Value::Float(number)) if *number < 0.0 => Tightness::Sign,
            Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::Now => Tightness::Atom,
            Op::And(0) | Op::Or(0) | Op::Coalesce(_) => Tightness::Atom,
            Op::Call(Builtin::Add | Builtin::Subtract, _) => Tightness::Sum,
            Op::Call(Builtin::Multiply | Builtin::Divide | Builtin::Remainder, _) => {
                Tightness::Product
            }
            Op::Call(Builtin::Negate, _) => Tightness::Sign,
            Op::Call(..) => Tightness::Atom,
            Op::Compare(_) | Op::Between | Op::In(_) | Op::Like(_) => Tightness::Test,
            Op::Related(related) if related.question.gives_cell() => Tightness::Atom,
            Op::IsNull | Op::Related(_) => Tightness::Test,
            Op::Not => Tightness::Not,
            Op::And(_) => Tightness::And,
            Op::Or(_) => Tightness::Or,
            Op::Function(_) => Tightness::Foreign,
        }
    }
}

impl Comparison {
    /// The sign with the spaces around it.
    fn word(self) -> &'static str {
        match self {
            Comparison::Eq => " = ",
            Comparison::Ne => " <> ",
            Comparison::Lt => " < ",
            Comparison::Le => " <= ",
            Comparison::Gt => " > ",
            Comparison::Ge => " >= ",
        }
    }
}
