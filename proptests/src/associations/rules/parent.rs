//! The source holds the key of one target: BT.

use relata::value::Value;

use crate::associations::layout::Link;
use crate::associations::rules::arguments::Given;
use crate::associations::rules::{Answer, Found, Known, Verdict, World, full, request};
use crate::associations::steps::{Call, Verb};
use crate::reference::Row;

impl World {
    /// BT-6 to BT-9, BT-14.
    pub(super) fn change_parent(
        &mut self,
        link: &Link,
        (key, refers): (&[usize], &[usize]),
        source: &Row,
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
        self.point(link, key, source, held)?;
        let source = self.row(link.source, source.id).expect("it was written");
        Ok(Answer::Rows(self.got(link, &source.values)))
    }

    fn point(
        &mut self,
        link: &Link,
        key: &[usize],
        source: &Row,
        held: Vec<Value>,
    ) -> Result<(), Vec<String>> {
        let cells = key.iter().copied().zip(held).collect();
        self.update_rows(link.source, vec![(source.id, cells)])
    }
}
