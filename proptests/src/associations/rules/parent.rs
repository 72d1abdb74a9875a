//! The source holds the key of one target: BT.

use relata::value::Value;

use crate::associations::layout::Link;
use crate::associations::rules::arguments::Given;
use crate::associations::rules::{Answer, Complaint, Found, Known, Verdict, World, full, request};
use crate::associations::steps::{Call, Verb};
use crate::reference::by_row::Cells;

impl World {
    /// BT-6 to BT-9, BT-14.
    pub(super) fn change_parent(
        &mut self,
        link: &Link,
        (key, refers): (&[usize], &[usize]),
        source: &Known,
        call: &Call,
        targets: &[Given],
    ) -> Verdict {
        if let Verb::Create = call.verb {
            let target = self.new_target(link, &call.values, &[])?;
            let Some(held) = full(&target.values, refers) else {
                return Err(request("Unsaved"));
            };
            self.point(link, key, source, held)?;
            // A column of the source's key may be what the target was made from, in a self association.
            let row = self.row(link.target, target.id);
            let values = row.map_or(target.values.clone(), |row| row.values.clone());
            return Ok(Answer::Rows(vec![Found {
                values: self.shown(link.target, &values),
                through: None,
            }]));
        }
        let held = match targets.first() {
            None => vec![Value::Null; key.len()],
            Some(target) => match &target.known {
                Known::Key(values) => values.clone(),
                _ => match self.held_of(link, target, refers) {
                    Some(values) => values,
                    None => return Err(request("Unsaved")),
                },
            },
        };
        let source = self.point(link, key, source, held)?;
        let source = self.row(link.source, source).expect("it was written");
        Ok(Answer::Rows(self.got(link, &source.values)))
    }

    /// Writes the key and nothing else (BT-6), or a whole row that was not there (BT-11). Gives the row.
    fn point(
        &mut self,
        link: &Link,
        key: &[usize],
        source: &Known,
        held: Vec<Value>,
    ) -> Result<u64, Vec<Complaint>> {
        let own: Cells = key.iter().copied().zip(held).collect();
        match source {
            Known::Row(row) => {
                self.update_rows(link.source, vec![(row.id, own)])?;
                Ok(row.id)
            }
            Known::Unsaved(cells) => {
                let mut cells = cells.clone();
                cells.retain(|(column, _)| !key.contains(column));
                cells.extend(own);
                self.insert(link.source, cells)
            }
            Known::Gone(_) | Known::Key(_) => Err(request("NotFound")),
        }
    }
}
