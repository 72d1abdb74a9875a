//! The top-level terms of a predicate, for whoever looks for an index that answers some of them.

use crate::expr::eval::{Leaf, Term, Test};
use crate::expr::like::Pattern;
use crate::expr::{Bound, Comparison};
use crate::value::Value;

/// A term that has to be true. No constant in it is null: with null no row is found, whereas an index may hold nulls.
///
/// A constant may be an integer where the column is float, or the other way round; by value they compare exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conjunct<'a> {
    /// The column compares so with a constant. A boolean column alone is `= true`.
    Compare {
        /// The column.
        ordinal: u32,
        /// How.
        op: Comparison,
        /// With what.
        value: &'a Value,
    },
    /// The column compares so with a parameter, which may be given as null.
    Parameter {
        /// The column.
        ordinal: u32,
        /// How.
        op: Comparison,
        /// Its position among the values given.
        position: usize,
    },
    /// The column equals one of some constants: ascending, each once, possibly none.
    In {
        /// The column.
        ordinal: u32,
        /// Which.
        values: &'a [Value],
    },
    /// The column is between two constants, both included. `high` may be below `low`.
    Between {
        /// The column.
        ordinal: u32,
        /// From here.
        low: &'a Value,
        /// To here.
        high: &'a Value,
    },
    /// The column is a text that begins with this one, which is not empty.
    Prefix {
        /// The column.
        ordinal: u32,
        /// How it begins.
        text: &'a str,
        /// Whether nothing else is asked of it.
        whole: bool,
    },
    /// The column is null.
    IsNull {
        /// The column.
        ordinal: u32,
    },
    /// Anything else.
    Other,
}

impl Bound {
    /// The terms of the top-level `and`, in the order written; all have to be true. None when the whole is an empty
    /// `all`.
    pub fn conjuncts(&self) -> impl Iterator<Item = Conjunct<'_>> {
        self.terms().iter().map(Term::conjunct)
    }
}

impl Bound {
    /// The terms that may be answered before the others are asked: those before the first that may have no value for a
    /// row, so that whether one fails does not depend on how rows are found.
    pub(crate) fn sure_conjuncts(&self) -> impl Iterator<Item = Conjunct<'_>> {
        let can_fail = self.can_fail();
        let is_sure = move |term: &&Term| !can_fail || matches!(term, Term::Leaf(_));
        self.terms().iter().take_while(is_sure).map(Term::conjunct)
    }
}

impl Conjunct<'_> {
    /// The column that it is about.
    pub(crate) fn ordinal(self) -> Option<u32> {
        match self {
            Conjunct::Compare { ordinal, .. }
            | Conjunct::Parameter { ordinal, .. }
            | Conjunct::In { ordinal, .. }
            | Conjunct::Between { ordinal, .. }
            | Conjunct::Prefix { ordinal, .. }
            | Conjunct::IsNull { ordinal } => Some(ordinal),
            Conjunct::Other => None,
        }
    }

    /// Whether it is true for no row of which the column is null.
    pub(crate) fn rejects_null(self) -> bool {
        !matches!(self, Conjunct::IsNull { .. } | Conjunct::Other)
    }
}

impl Term {
    fn conjunct(&self) -> Conjunct<'_> {
        match self {
            Term::Leaf(leaf) => leaf.conjunct(),
            Term::Steps(_) => Conjunct::Other,
        }
    }
}

impl Leaf {
    fn prefix(ordinal: u32, pattern: &Pattern) -> Conjunct<'_> {
        match pattern.beginning() {
            None => Conjunct::Other,
            Some((text, whole)) => Conjunct::Prefix {
                ordinal,
                text,
                whole,
            },
        }
    }

    fn conjunct(&self) -> Conjunct<'_> {
        let ordinal = self.ordinal;
        if self.negated {
            return Conjunct::Other;
        }
        match &self.test {
            Test::Compare(op, value) if !value.is_null() => Conjunct::Compare {
                ordinal,
                op: *op,
                value,
            },
            Test::Parameter(op, position) => Conjunct::Parameter {
                ordinal,
                op: *op,
                position: *position,
            },
            Test::Between(low, high) if !low.is_null() && !high.is_null() => {
                Conjunct::Between { ordinal, low, high }
            }
            Test::In(list) => Conjunct::In {
                ordinal,
                values: list.values(),
            },
            Test::Like(pattern) => Self::prefix(ordinal, pattern),
            Test::IsNull => Conjunct::IsNull { ordinal },
            Test::Compare(..) | Test::Between(..) => Conjunct::Other,
        }
    }
}
