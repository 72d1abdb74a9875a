//! Answers what expressions ask about the rows below those of a node: how many there are, and aggregates of them.
//!
//! Set at a time: the rows at the end of a way are read under all rows of the node at once, and lie there one after the other,
//! so that those of each row are a range. Aggregates of the same rows are worked out of one reading. Nothing on the way is
//! needed after that, and none of it is part of a result.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::query::aggregate::{Fold, Source};
use crate::query::execute::Execution;
use crate::query::execute::walk::composed;
use crate::query::execute::watch::Watch;
use crate::query::reach::Slot;
use crate::value::{Value, ValueRef};

/// What a slot holds for each row of a node.
pub(super) enum Answer {
    /// Nobody asked.
    Unasked,
    Numbers(Vec<u32>),
    Values(Vec<Value>),
}

impl Answer {
    /// For the row at a position.
    #[inline]
    pub(super) fn of(&self, position: usize) -> ValueRef<'_> {
        match self {
            Answer::Unasked => ValueRef::Null,
            Answer::Numbers(numbers) => ValueRef::Int(numbers[position].into()),
            Answer::Values(values) => values[position].as_ref(),
        }
    }
}

impl<W: Watch> Execution<'_, '_, W> {
    /// By slot of a node, what expressions ask for that read these ordinals each.
    pub(super) fn answers<'t>(
        &mut self,
        node: usize,
        asking: impl IntoIterator<Item = &'t [u32]>,
    ) -> Result<Vec<Answer>> {
        let plan = self.plan;
        let reach = &plan.nodes[node].node.reach;
        let mut asked = BTreeSet::new();
        for ordinals in asking {
            asked.extend(reach.slots_of(ordinals).map(|(slot, _)| slot));
        }
        let mut answers: Vec<Answer> = reach.slots.iter().map(|_| Answer::Unasked).collect();
        for &slot in &asked {
            match &reach.slots[slot] {
                Slot::Number { way, cut } => {
                    let ends = self.read_way(way, *cut)?;
                    self.let_go(way[0]);
                    let numbers = ends.windows(2).map(|pair| pair[1] - pair[0]);
                    answers[slot] = Answer::Numbers(numbers.collect());
                }
                Slot::Aggregate { way, .. } if matches!(answers[slot], Answer::Unasked) => {
                    let ends = self.read_way(way, true)?;
                    for &other in &asked {
                        if let Slot::Aggregate { way: same, fold } = &reach.slots[other]
                            && same == way
                        {
                            let values = self.fold(way[way.len() - 1], fold, &ends)?;
                            answers[other] = Answer::Values(values);
                        }
                    }
                    self.let_go(way[0]);
                }
                Slot::Aggregate { .. } | Slot::Cell(..) => {}
            }
        }
        Ok(answers)
    }

    /// Reads the nodes of a way, each below the one before; where the rows at its end begin and end under each row where it
    /// begins.
    fn read_way(&mut self, way: &[usize], cut: bool) -> Result<Vec<u32>> {
        for &node in way {
            self.read_required(node)?;
            if cut || Some(&node) != way.last() {
                self.cut(node);
            }
        }
        let mut ends: Option<Vec<u32>> = None;
        for &node in way.iter().rev() {
            let offsets = &self.levels[node].offsets;
            ends = Some(match ends {
                None => offsets.clone(),
                Some(ends) => composed(offsets, &ends),
            });
        }
        Ok(ends.unwrap_or_default())
    }

    /// An aggregate of the rows of a node that stand under each row where their way begins.
    fn fold(&mut self, node: usize, fold: &Fold, ends: &[u32]) -> Result<Vec<Value>> {
        let worked = match fold.source {
            Some(Source::Worked(position)) => self.work_out(node, [position])?,
            Some(Source::Column(_)) | None => Vec::new(),
        };
        let rows = &self.levels[node].rows;
        let value = |position: usize| match fold.source {
            None => ValueRef::Null,
            Some(Source::Column(ordinal)) => {
                rows.look_ahead(position);
                rows.value(position, ordinal)
            }
            Some(Source::Worked(_)) => worked[position].as_ref(),
        };
        let ranges = ends
            .windows(2)
            .map(|pair| pair[0] as usize..pair[1] as usize);
        ranges.map(|range| fold.of(range.map(value))).collect()
    }
}
