//! Works out values of the rows of a node: its computed attributes, what it is ordered by, what is aggregated of it.
//!
//! A value may read rows that associations to one lead to: at most one of each stands in a line with its row, so that there
//! are as many lines as rows.

use crate::error::Result;
use crate::expr::Cells;
use crate::query::execute::Execution;
use crate::query::execute::lines::{Lines, Sight};
use crate::query::execute::watch::Watch;
use crate::query::plan::Keep;
use crate::query::reach::Worked;
use crate::value::Value;

impl<W: Watch> Execution<'_, '_, W> {
    /// Works out the computed attributes of a node whose rows are those of the result.
    ///
    /// # Errors
    /// `Evaluation` for the first row for which one has no value.
    pub(super) fn compute(&mut self, node: usize) -> Result<()> {
        let planned = &self.plan.nodes[node];
        let computed = planned.node.attributes.computed.len();
        if computed > 0 && planned.keep == Keep::Rows {
            let values = self.work_out(node, 0..computed)?;
            self.computed.resize(self.plan.nodes.len(), Vec::new());
            self.computed[node] = values;
        }
        Ok(())
    }

    /// Some of the values that a node works out, row after row.
    ///
    /// # Errors
    /// `Evaluation` for the first row for which one has no value.
    pub(super) fn work_out(
        &mut self,
        node: usize,
        positions: impl IntoIterator<Item = usize>,
    ) -> Result<Vec<Value>> {
        let planned = &self.plan.nodes[node].node;
        let worked = positions.into_iter().map(|it| &planned.worked[it]);
        let worked: Vec<&Worked> = worked.collect();
        let mut values = Vec::with_capacity(worked.len() * self.levels[node].len());
        if planned.reach.slots.is_empty() {
            let rows = &self.levels[node].rows;
            for position in 0..rows.len() {
                rows.look_ahead(position);
                self.push_values(&worked, &rows.view(position), &mut values)?;
            }
            return Ok(values);
        }
        let mut joined: Vec<usize> = worked.iter().flat_map(|it| it.joined.clone()).collect();
        joined.sort_unstable();
        joined.dedup();
        for &below in &joined {
            self.read_joined(below)?;
        }
        let answers = self.answers(node, worked.iter().map(|it| it.value.columns()))?;
        let mut lines = Lines::of(node, self.levels[node].len());
        for &below in &joined {
            self.add(&mut lines, node, below)?;
        }
        for position in 0..lines.len() {
            let sight = Sight {
                levels: &self.levels,
                node,
                reach: &planned.reach,
                answers: &answers,
                position,
                line: Some((&lines, position)),
            };
            self.push_values(&worked, &sight, &mut values)?;
        }
        Ok(values)
    }

    fn push_values(
        &self,
        worked: &[&Worked],
        cells: &impl Cells,
        values: &mut Vec<Value>,
    ) -> Result<()> {
        for Worked { value, .. } in worked {
            let found = value.value_with(cells, self.given);
            values.push(found.map_err(|failed| value.error(failed))?);
        }
        Ok(())
    }
}
