//! The top-level terms of a predicate, for whoever looks for an index that answers some of them.

use crate::expr::eval::{Leaf, Term, Test};
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
        self.terms().iter().map(|term| match term {
            Term::Leaf(leaf) => leaf.conjunct(),
            Term::Steps(_) => Conjunct::Other,
        })
    }
}

impl Leaf {
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
            Test::IsNull => Conjunct::IsNull { ordinal },
            Test::Compare(..) | Test::Between(..) | Test::Like(_) => Conjunct::Other,
        }
    }
}
