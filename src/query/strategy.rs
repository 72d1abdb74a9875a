//! Saying how a request is to be answered, against what the planner would choose: for tests, which show that every way
//! gives the same rows in the same order, and for measuring one against another.

use std::fmt;

use crate::query::Select;

/// How a request is to be answered where that is possible. Where it is not, the planner chooses as if nothing had been said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// As costs say.
    #[default]
    Cheapest,
    /// By the filter of the root alone and without looking at any count: a unique key, else the edges or the index with the
    /// most columns, else a scan; everything is sorted, and nothing stops early.
    Rules,
    /// The root by a scan.
    Scan,
    /// The root by a key.
    Key,
    /// The root by the edges under a parent.
    Edges,
    /// The root by equal values of an index.
    Index,
    /// The root by a range of an index.
    Range,
    /// The root by a range of its primary key.
    KeyRange,
    /// The root by what two ways agree about.
    Intersection,
    /// The root in the order of an index, or of its key backwards; and the first rows below each row in that of an index, or of
    /// their keys.
    InOrder,
    /// The root sorted, and all of it, whatever the limit; and all rows below each row.
    Sort,
    /// The root from the rows that a required include or a filter over a path ends at.
    FarEnd,
    /// The root never so.
    NearEnd,
    /// What is found by value by a look-up for each row, if a key or an index is there.
    Probe,
    /// What is found by value in one pass over its table.
    OnePass,
    /// All by the thread that asks, however much there is.
    Sequential,
    /// In parts on all cores where that is possible, however little there is.
    Parallel,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Strategy; 17] = [
        Strategy::Cheapest,
        Strategy::Rules,
        Strategy::Scan,
        Strategy::Key,
        Strategy::Edges,
        Strategy::Index,
        Strategy::Range,
        Strategy::KeyRange,
        Strategy::Intersection,
        Strategy::InOrder,
        Strategy::Sort,
        Strategy::FarEnd,
        Strategy::NearEnd,
        Strategy::Probe,
        Strategy::OnePass,
        Strategy::Sequential,
        Strategy::Parallel,
    ];
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strategy::Cheapest => "cheapest",
            Strategy::Rules => "rules",
            Strategy::Scan => "scan",
            Strategy::Key => "key",
            Strategy::Edges => "edges",
            Strategy::Index => "index",
            Strategy::Range => "range",
            Strategy::KeyRange => "key range",
            Strategy::Intersection => "intersection",
            Strategy::InOrder => "in order",
            Strategy::Sort => "sort",
            Strategy::FarEnd => "far end",
            Strategy::NearEnd => "near end",
            Strategy::Probe => "probe",
            Strategy::OnePass => "one pass",
            Strategy::Sequential => "sequential",
            Strategy::Parallel => "parallel",
        })
    }
}

impl Select {
    /// Answered in this way where that is possible: the same rows in the same order, at another cost. For tests and
    /// measurements; nothing else is better off than with what the planner chooses.
    #[doc(hidden)]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }
}
