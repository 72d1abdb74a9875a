//! The targets hold the key of the source: HO and HM.

use relata::value::Value;

use crate::associations::layout::{Link, Way};
use crate::associations::rules::arguments::Given;
use crate::associations::rules::{
    Answer, Complaint, Known, Verdict, World, full, has_cells, request,
};
use crate::associations::steps::{Call, Verb};
use crate::reference::Row;
use crate::reference::by_row::Cells;

impl World {
    pub(super) fn change_children(
        &mut self,
        link: &Link,
        (key, refers): (&[usize], &[usize]),
        source: &Row,
        call: &Call,
        targets: &[Given],
    ) -> Verdict {
        // HM-21: a source without a value in the key cannot be held, nor let go.
        let Some(held) = full(&source.values, refers) else {
            return Err(request("Unsaved"));
        };
        let own: Cells = key.iter().copied().zip(held).collect();
        let current = self.children_of(link, &source.values);
        let current: Vec<Row> = current.into_iter().cloned().collect();
        match (call.verb, &link.way) {
            (Verb::Create, _) => {
                let row = self.new_target(link, &call.values, &own)?;
                return Ok(Answer::Rows(vec![self.found(link.target, row.id)]));
            }
            (Verb::Remove, _) => {
                let listed = self.listed(link, targets);
                let gone: Vec<u64> = current
                    .iter()
                    .map(|row| row.id)
                    .filter(|id| listed.iter().any(|row| row.id == *id))
                    .collect();
                let count = gone.len();
                self.exchange(link, key, &own, &gone, &[], call.destroy_previous)?;
                return Ok(Answer::Count(count));
            }
            (Verb::Add, _) => {
                let listed = self.listed(link, targets);
                self.exchange(link, key, &own, &[], &listed, false)?;
                return Ok(Answer::Rows(Vec::new()));
            }
            _ => {}
        }
        let is_single = matches!(link.way, Way::Children { single: true, .. });
        let unsaved = targets.iter().find_map(|target| match &target.known {
            Known::Unsaved(cells) if is_single => Some(cells.clone()),
            _ => None,
        });
        let listed = self.listed(link, targets);
        let gone: Vec<u64> = current
            .iter()
            .map(|row| row.id)
            .filter(|id| !listed.iter().any(|row| row.id == *id))
            .collect();
        self.exchange(link, key, &own, &gone, &listed, call.destroy_previous)?;
        if let Some(mut cells) = unsaved {
            for (column, value) in own.iter().chain(&link.scope) {
                cells.retain(|(other, _)| other != column);
                cells.push((*column, value.clone()));
            }
            self.insert(link.target, cells)?;
        }
        let source = self.row(link.source, source.id).cloned();
        let now = source.map(|source| self.got(link, &source.values));
        // What goes may take the source along.
        Ok(now.map_or(Answer::Open, Answer::Rows))
    }

    /// The rows among the targets, each once. Keys of no row are passed over (HM-7, HM-11).
    fn listed(&self, link: &Link, targets: &[Given]) -> Vec<Row> {
        let mut listed: Vec<Row> = Vec::new();
        for row in targets
            .iter()
            .filter_map(|target| self.row_of(link, target))
        {
            if !listed.iter().any(|other| other.id == row.id) {
                listed.push(row);
            }
        }
        listed
    }

    /// HM-9, HM-5, D18: rows that go lose the key or are destroyed; rows that come get it and the scope's values, unless
    /// they have them.
    fn exchange(
        &mut self,
        link: &Link,
        key: &[usize],
        own: &Cells,
        gone: &[u64],
        listed: &[Row],
        destroy: bool,
    ) -> Result<(), Vec<Complaint>> {
        let mut updates: Vec<(u64, Cells)> = Vec::new();
        if destroy {
            self.destroy_rows(link.target, gone.to_vec())?;
            // What is destroyed must not take along what is to be associated.
            if listed
                .iter()
                .any(|row| self.row(link.target, row.id).is_none())
            {
                return Err(request("NotFound"));
            }
        } else {
            let nothing: Cells = key.iter().map(|&column| (column, Value::Null)).collect();
            updates.extend(gone.iter().map(|&id| (id, nothing.clone())));
        }
        let wanted = [own.clone(), link.scope.clone()].concat();
        for row in listed {
            if !has_cells(&row.values, &wanted) {
                updates.push((row.id, wanted.clone()));
            }
        }
        self.update_rows(link.target, updates)
    }
}
