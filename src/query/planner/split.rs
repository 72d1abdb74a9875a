//! Which work is split between threads, and from how many rows on.
//!
//! A plan does not know how many rows it will meet, and an estimate may be far off. So it says from how many rows on the
//! work of a node is split, and the executor, which has them, compares. Below that nothing else is asked: neither how many
//! threads there are, nor the pool that has them, which would start them.

use crate::query::Strategy;
use crate::query::plan::{Access, Lookup, PlanNode, RowOrder, Split, Step, Walk, Way};

// Measured by `benches/split_work.rs`, by the clock, on two cores that had nothing else to do. Waking the other thread takes
// some 30 µs, so that work of less than 100 µs gains nothing; with no core to spare, what is split takes up to a fifth longer.

/// From so many rows of a root on, testing or sorting them is split. With 15,000, testing a text gained 1.7 times and an
/// integer lost; with 50,000 both gained, with 500,000 up to 1.9 times. Sorts gained 1.1 to 1.2 times.
const ROOTS_MIN: usize = 20_000;

/// From so many rows on, those above and those below them together, an include is split whose rows are tested, sorted or looked
/// up. With 11,000 rows all gained 1.3 times, with 110,000 up to 1.5 times; with 3,300 some did.
const WORKED_MIN: f64 = 10_000.0;

/// The same of an include over a junction. With 400,000 rows it gained 1.1 times, and with no core to spare it took a fifth
/// more.
const CROSSED_MIN: f64 = 200_000.0;

/// The same of an include whose rows are only found over edges. With 11,000 rows, 60 µs, it lost; with 110,000 it gained 1.3
/// times.
const FOUND_MIN: f64 = 50_000.0;

/// How testing the rows of a root and sorting them is split. Where neither is done, nothing is: to find rows and to join what
/// was found cost about the same.
pub(super) fn of_root(root: &PlanNode, strategy: Strategy) -> Split {
    match &root.access {
        Access::Root(_) | Access::FarEnd(_) => as_asked(Split::From(ROOTS_MIN), strategy),
        Access::Given | Access::Direct { .. } | Access::On { .. } => Split::Never,
        Access::FirstBelow { .. } | Access::Through { .. } | Access::Chain { .. } => Split::Never,
    }
}

/// How the reading of an include is split of which so many rows are read below each row above.
pub(super) fn of_include(node: &PlanNode, below_each: f64, strategy: Strategy) -> Split {
    let can_be_split = match &node.access {
        Access::Direct { walk, .. } => is_by_row(walk),
        Access::Through { through, .. } => {
            is_by_row(&through.to_junction) && is_by_row(&through.to_target)
        }
        Access::Chain { steps, .. } => steps.iter().all(is_step_by_row),
        Access::On { .. } | Access::FirstBelow { .. } => true,
        Access::Root(_) | Access::FarEnd(_) | Access::Given => false,
    };
    let rows_min = match &node.access {
        Access::Through { .. } => CROSSED_MIN,
        _ if only_finds(node) => FOUND_MIN,
        _ => WORKED_MIN,
    };
    match can_be_split {
        true => as_asked(Split::From(above_min(rows_min, below_each)), strategy),
        false => Split::Never,
    }
}

fn as_asked(split: Split, strategy: Strategy) -> Split {
    match strategy {
        Strategy::Sequential => Split::Never,
        Strategy::Parallel => Split::Always,
        _ => split,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn above_min(rows_min: f64, below_each: f64) -> usize {
    (rows_min / (1.0 + below_each)).ceil() as usize
}

/// Whether rows are found over edges, and nothing else is done.
fn only_finds(node: &PlanNode) -> bool {
    let over_edges = match &node.access {
        Access::Direct { walk, .. } => !matches!(walk, Walk::ByValue(_)),
        _ => false,
    };
    let is_sorted = matches!(node.order, RowOrder::Columns(_));
    over_edges && node.node.filter.is_none() && !is_sorted
}

/// Whether each row costs what it costs alone. One pass over a table is one pass for each part.
fn is_by_row(walk: &Walk) -> bool {
    !matches!(walk, Walk::ByValue(join) if join.lookup == Lookup::Scan)
}

fn is_step_by_row(step: &Step) -> bool {
    match &step.way {
        Way::Direct(walk) => is_by_row(walk),
        Way::Through(it) => is_by_row(&it.to_junction) && is_by_row(&it.to_target),
    }
}
