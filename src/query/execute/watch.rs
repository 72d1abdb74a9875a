//! What is told while a plan is obeyed: nothing, or figures about each node.
//!
//! Whoever runs a request hears nothing: [`Unwatched`] has no size, what it is told is told to nobody, and the compiler
//! leaves it out. Whoever explains a run takes [`Notes`].

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::query::level::Level;

/// Listens to the work.
pub(super) trait Watch: Copy {
    /// From now on the work is for this node. Gives the node that it was for.
    fn turn_to(self, node: usize) -> usize;

    /// Keys, indexes or edges were looked up so often.
    fn probed(self, look_ups: usize);

    /// So many rows of tables were read.
    fn read(self, rows: usize);

    /// So many rows of a node pass what is asked of them.
    fn passed(self, node: usize, rows: usize);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unwatched;

impl Watch for Unwatched {
    #[inline]
    fn turn_to(self, node: usize) -> usize {
        node
    }

    #[inline]
    fn probed(self, _look_ups: usize) {}

    #[inline]
    fn read(self, _rows: usize) {}

    #[inline]
    fn passed(self, _node: usize, _rows: usize) {}
}

/// What a node cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// How many rows are part of it when everything is done; of a node that is not kept, how many passed.
    pub(crate) rows: usize,
    pub(crate) rows_read: usize,
    pub(crate) probes: usize,
    /// Without that of the nodes below it.
    pub(crate) time: Duration,
}

/// What a run cost.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) by_node: Vec<Figures>,
    /// The whole, with what is worked out.
    pub(crate) time: Duration,
}

/// Figures that are being taken.
#[derive(Debug)]
pub(super) struct Notes {
    begun: Instant,
    /// By node.
    figures: Vec<Cell<Figures>>,
    /// The node that the work is for, and since when.
    turn: Cell<(usize, Instant)>,
}

impl Notes {
    /// Nothing is done yet; the first work is for the root.
    pub(super) fn new(nodes: usize) -> Self {
        let begun = now();
        Notes {
            begun,
            figures: vec![Cell::default(); nodes],
            turn: Cell::new((0, begun)),
        }
    }

    /// The figures by node, once the levels are what they are.
    pub(super) fn by_node(&self, levels: &[Level<'_>]) -> Vec<Figures> {
        self.turn_to(0);
        let figures = self.figures.iter().zip(levels);
        let figures = figures.map(|(figures, level)| {
            let mut figures = figures.get();
            if let Some(&end) = level.offsets.last() {
                // Of a count there are numbers alone, of a recursive include the offsets are about the first depth.
                figures.rows = level.len().max(end as usize);
            }
            figures
        });
        figures.collect()
    }

    /// How long everything took until now.
    pub(super) fn time(&self) -> Duration {
        now().duration_since(self.begun)
    }

    fn note(&self, node: usize, change: impl FnOnce(&mut Figures)) {
        let mut figures = self.figures[node].get();
        change(&mut figures);
        self.figures[node].set(figures);
    }
}

impl Watch for &Notes {
    fn turn_to(self, node: usize) -> usize {
        let now = now();
        let (before, since) = self.turn.replace((node, now));
        self.note(before, |it| it.time += now.duration_since(since));
        before
    }

    fn probed(self, look_ups: usize) {
        self.note(self.turn.get().0, |it| it.probes += look_ups);
    }

    fn read(self, rows: usize) {
        self.note(self.turn.get().0, |it| it.rows_read += rows);
    }

    fn passed(self, node: usize, rows: usize) {
        self.note(node, |it| it.rows += rows);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "explaining a run is the one place where relata measures time"
)]
fn now() -> Instant {
    Instant::now()
}
