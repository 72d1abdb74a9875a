//! Why a plan is as it is: what was chosen, and against what, in numbers.

use std::fmt;

use crate::engine::PathKind;
use crate::query::Strategy;

/// Why the rows of a node are found as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reason {
    /// There is no other way.
    OnlyWay,
    /// A key names one row: nothing is cheaper.
    OneRow,
    /// It is expected to cost less than the next best way; in rows of a scan.
    Cheaper {
        cost: f64,
        than: Contender,
        other: f64,
    },
    /// Somebody asked for it.
    Asked(Strategy),
    /// Nothing was counted.
    ByRule,
}

/// What a choice is among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Of a root, by its filter.
    Path(PathKind),
    /// In the order of an index, or of the key backwards.
    InOrder,
    /// Of a root, from below.
    FarEnd,
    /// By value, one look-up for each row.
    LookUps,
    /// By value, all rows at once.
    OnePass,
    /// All rows below each row, of which a limit leaves the first.
    AllSorted,
    /// The first children below each row, whose ids are in this order.
    FirstChildren,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::OnlyWay => f.write_str("the only way"),
            Reason::OneRow => f.write_str("a key names one row"),
            Reason::Cheaper { cost, than, other } => {
                write!(f, "cost {cost:.0}, against {other:.0} for {than}")
            }
            Reason::Asked(strategy) => write!(f, "asked for: {strategy}"),
            Reason::ByRule => f.write_str("by rule"),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contender::Path(kind) => kind.fmt(f),
            Contender::InOrder => f.write_str("an index in this order"),
            Contender::FarEnd => f.write_str("the far end"),
            Contender::LookUps => f.write_str("look-ups"),
            Contender::OnePass => f.write_str("one pass"),
            Contender::AllSorted => f.write_str("all of them, sorted"),
            Contender::FirstChildren => f.write_str("the first children"),
        }
    }
}
