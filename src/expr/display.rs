//! An expression as SQL-like text, with no more brackets than its meaning needs.
//!
//! The text of a node is a list of pieces; those that are nodes are replaced by their own pieces, from a stack, until
//! only text is left.

use std::fmt;

use crate::expr::related::{Question, Related};
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
    Atom,
}

enum Piece<'a> {
    Text(&'a str),
    Value(&'a Value),
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
            Op::And(0) => return pieces.push(Piece::Text("true")),
            Op::Or(0) => return pieces.push(Piece::Text("false")),
            Op::And(_) => (&[" and "], Tightness::Not),
            Op::Or(_) => (&[" or "], Tightness::And),
            Op::Compare(comparison) => (&[comparison.word()], Tightness::Atom),
            Op::Between => (
                &[word(" between ", " not between "), " and "],
                Tightness::Atom,
            ),
            Op::Like => (&[word(" like ", " not like ")], Tightness::Atom),
            Op::IsNull => {
                pieces.push(Piece::Text(word(" is null", " is not null")));
                (&[], Tightness::Atom)
            }
            Op::In(values) => {
                push_values(values, pieces);
                pieces.push(Piece::Text(word(" in (", " not in (")));
                (&[], Tightness::Atom)
            }
        };
        self.push_operands(node, words, least, pieces);
    }

    /// `not` inside its operand where that has a word for it, else before it.
    fn push_not(&self, operand: usize, pieces: &mut Vec<Piece<'a>>) {
        match self.tree.op(operand) {
            Op::Between | Op::In(_) | Op::Like | Op::IsNull => self.push(operand, true, pieces),
            _ => {
                pieces.push(Piece::Node(operand, Tightness::Not));
                pieces.push(Piece::Text("not "));
            }
        }
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
            Op::Column(_) | Op::Value(_) | Op::Parameter(_) | Op::And(0) | Op::Or(0) => {
                Tightness::Atom
            }
            Op::Compare(_) | Op::Between | Op::In(_) | Op::Like => Tightness::Test,
            Op::Related(related) if related.question == Question::Count => Tightness::Atom,
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
