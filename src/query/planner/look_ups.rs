//! Whether equal values are found by a look-up for each row, or in one pass over the table that matches all rows at once.
//!
//! A look-up costs the same however large the table is, a pass costs the table however few the rows are that it is made
//! for. So it depends on how many rows are expected above, and on nothing where the root is one row: then nothing is counted.

use crate::engine::{Cost, Snapshot};
use crate::query::Strategy;
use crate::query::plan::{Access, Lookup, Walk, Way};
use crate::query::planner::estimate;
use crate::query::reason::{Contender, Reason};
use crate::schema::TableId;

/// What is known where look-ups are chosen.
pub(super) struct LookUps<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) strategy: Strategy,
    /// Whether it is done once: a recursive include would pass over the table at every depth.
    pub(super) once: bool,
    /// The tables of which the numbers of rows decided.
    pub(super) counted: Vec<TableId>,
}

impl LookUps<'_> {
    /// Decides about every walk by value of an access from so many rows; none if there is one at most, whatever the tables
    /// hold.
    pub(super) fn choose(
        &mut self,
        access: &mut Access,
        rows: Option<f64>,
        source: TableId,
        table: TableId,
    ) {
        match access {
            Access::Direct { walk, .. } => {
                self.walk(walk, rows, source, table);
            }
            Access::Through { through, .. } => {
                let junction = through.junction;
                let rows = self.walk(&mut through.to_junction, rows, source, junction);
                self.walk(&mut through.to_target, rows, junction, table);
            }
            Access::Chain { steps, .. } => {
                let (mut rows, mut from) = (rows, source);
                for step in steps {
                    rows = match &mut step.way {
                        Way::Direct(walk) => self.walk(walk, rows, from, step.table),
                        Way::Through(it) => {
                            let rows = self.walk(&mut it.to_junction, rows, from, it.junction);
                            self.walk(&mut it.to_target, rows, it.junction, step.table)
                        }
                    };
                    from = step.table;
                }
            }
            Access::Root(_) | Access::FarEnd(_) | Access::Given | Access::On { .. } => {}
            Access::FirstBelow { .. } => {}
        }
    }

    /// Decides about one walk; how many rows it leads to.
    fn walk(
        &mut self,
        walk: &mut Walk,
        rows: Option<f64>,
        from: TableId,
        to: TableId,
    ) -> Option<f64> {
        let found = rows.unwrap_or(1.0) * estimate::of_walk(walk, from, to, self.snapshot);
        if let Walk::ByValue(join) = walk
            && join.lookup != Lookup::Scan
        {
            let reason = self.reason(rows, found, to);
            if let Reason::Asked(Strategy::OnePass)
            | Reason::Cheaper {
                than: Contender::LookUps,
                ..
            } = reason
            {
                join.lookup = Lookup::Scan;
            }
            if let Reason::Cheaper { .. } = reason {
                self.counted.extend([from, to]);
            }
            join.reason = reason;
        }
        Some(found)
    }

    /// What is chosen, and why.
    fn reason(&self, rows: Option<f64>, found: f64, to: TableId) -> Reason {
        match (self.strategy, rows) {
            (Strategy::Rules, _) => Reason::ByRule,
            (Strategy::Probe | Strategy::OnePass, _) => Reason::Asked(self.strategy),
            (_, Some(rows)) if self.once => {
                let by_look_ups = rows * Cost::PROBE;
                // The rows above are put in order to be matched, and what is found under them.
                let by_pass = Cost::pass(self.snapshot.rows_of(to)) + (rows + found) * Cost::ENTRY;
                let (cost, than, other) = match by_pass < by_look_ups {
                    true => (by_pass, Contender::LookUps, by_look_ups),
                    false => (by_look_ups, Contender::OnePass, by_pass),
                };
                Reason::Cheaper { cost, than, other }
            }
            _ => Reason::OnlyWay,
        }
    }
}
