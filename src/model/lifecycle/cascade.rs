//! Destroying an instance with what goes along with it, one by one, so that the hooks of each run (associations HK-1).
//!
//! It is asked for by `hooks(true)` on an association whose key is deleted by CASCADE, and happens where an instance is
//! destroyed, not where several are by one call, nor where the source is destroyed softly: then nothing goes along. Rows of
//! a junction go along with either end, and the other end stays.
//!
//! An instance's hooks before run, then it is the turn of what goes along with it, association by association and in the
//! order of keys; then its row is deleted, and its hooks after run. What goes along and has neither hooks nor anything
//! below that has is left to the engine. The way is a work list, as long as the ways down and not as deep as the data; an
//! instance that is met again on a ring is not destroyed twice. A row on the list that a hook has deleted, or given to
//! somebody else, is left alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::association::link::{Association, Hop, Link};
use crate::association::registry::{ModelEntry, ModelId};
use crate::engine::{Affected, RowId, RowView};
use crate::error::Result;
use crate::expr::{all, col};
use crate::model::lifecycle::HookEvent;
use crate::model::link;
use crate::model::reader::Reader;
use crate::model::{Instance, Transaction};
use crate::value::Key;

enum Step {
    /// It goes, if it still belongs to what it goes along with, where it goes along.
    Enter(ModelId, Key, Option<Arc<Via>>),
    /// What goes along with it is gone.
    Leave(Box<Instance>),
}

/// What instances go along by: the columns that say what they refer to, and what they held.
struct Via {
    columns: Vec<u32>,
    values: Key,
}

impl<'db> Transaction<'db> {
    /// Destroys rows for good, one by one, each with what goes along with it. Their own rows count as addressed, all others
    /// as changed by actions.
    pub(super) fn destroy_with_associated(
        &mut self,
        model: &'db ModelEntry,
        rows: &[RowId],
    ) -> Result<Affected> {
        let models = self.models();
        let mut changed = 0;
        let mut entered = BTreeSet::new();
        let reader = self.reader();
        let keys = rows.iter().rev().map(|&row| reader.view(model, row).key());
        let mut steps: Vec<Step> = keys.map(|key| Step::Enter(model.id, key, None)).collect();
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(id, key, via) => {
                    let model = models.registry.model(id);
                    let reader = self.reader();
                    let row = reader.find(model, &key)?.map(|row| reader.view(model, row));
                    let still = |row: &RowView<'_>| {
                        via.is_none_or(|via| row.values_of(&via.columns) == via.values)
                    };
                    if let Some(row) = row.filter(still)
                        && entered.insert((id, key))
                    {
                        let instance = Instance::stored(models, id, row);
                        self.enter(model, instance, &mut steps)?;
                    }
                }
                Step::Leave(mut instance) => {
                    let model = models.registry.model(instance.model_id());
                    let row = self.reader().row_of(&instance)?;
                    let engine = self.engine_mut();
                    let affected = engine.delete_rows(model.table, row.as_slice())?;
                    changed += affected.rows + affected.by_actions;
                    self.run_for(model, HookEvent::AfterDestroy, &mut instance, None)?;
                }
            }
        }
        let rows = changed.min(rows.len() as u64);
        Ok(Affected {
            rows,
            by_actions: changed - rows,
        })
    }

    /// Runs the hooks before an instance is destroyed, and puts what goes along before its own deletion.
    fn enter(
        &mut self,
        model: &'db ModelEntry,
        mut instance: Instance,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        self.run_for(model, HookEvent::BeforeDestroy, &mut instance, None)?;
        let lifecycle = self.lifecycle(model);
        let positions = lifecycle.map_or(&[][..], |it| &it.cascades);
        let mut along = Vec::new();
        for &position in positions {
            self.along(&instance, &model.associations()[position], &mut along)?;
        }
        steps.push(Step::Leave(Box::new(instance)));
        steps.extend(along.into_iter().rev());
        Ok(())
    }

    /// What goes along by one association, in the order of keys.
    fn along(
        &self,
        source: &Instance,
        association: &'db Association,
        along: &mut Vec<Step>,
    ) -> Result<()> {
        let Some((id, hop)) = holder(association) else {
            return Ok(());
        };
        let model = self.models().registry.model(id);
        if !self.destroys_one_by_one(model) {
            return Ok(());
        }
        let reader = self.reader();
        let Some(row) = reader.row_of(source)? else {
            return Ok(());
        };
        let above = reader.model_of(source)?;
        let values = reader.view(above, row).values_of(&hop.parent_columns);
        if hop.key.is_none() && !is_last(reader, above, hop, &values)? {
            return Ok(());
        }
        let mut rows = link::referring_rows(reader, source, association)?;
        let Some(&first) = rows.first() else {
            return Ok(());
        };
        reader.snapshot.sort_by_key(model.table, &mut rows);
        let columns: Vec<u32> = hop.deciding_columns().collect();
        let values = reader.view(model, first).values_of(&columns);
        let via = Arc::new(Via { columns, values });
        along.extend(rows.into_iter().map(|row| {
            let key = reader.view(model, row).key();
            Step::Enter(id, key, Some(via.clone()))
        }));
        Ok(())
    }

    /// Whether it makes a difference that its instances go one by one.
    fn destroys_one_by_one(&self, model: &ModelEntry) -> bool {
        self.lifecycle(model).is_some_and(|lifecycle| {
            let events = [HookEvent::BeforeDestroy, HookEvent::AfterDestroy];
            !lifecycle.cascades.is_empty() || lifecycle.hooks.has_any_of(&events)
        })
    }
}

/// Whether no other row has what is referred to: a key to any row takes nothing along before (beyond BY-18).
fn is_last(reader: Reader<'_>, model: &ModelEntry, hop: &Hop, values: &Key) -> Result<bool> {
    let columns = hop.parent_columns.iter().zip(values.iter());
    let same = columns.filter_map(|(&ordinal, value)| {
        let attribute = model.attribute_of(ordinal)?;
        Some(col(&*attribute.name).eq(value.clone()))
    });
    let filter = all(same).bind(&reader.attributes(model))?;
    let mut rows = reader.snapshot.rows_where(model.table, &filter, &[]);
    Ok(rows.nth(1).transpose()?.is_none())
}

/// The model whose rows refer to the source by an association, and how.
pub(in crate::model) fn holder(association: &Association) -> Option<(ModelId, &Hop)> {
    match &association.link {
        // The source holds the key, or the steps of a chain see to it: nothing goes along with it.
        Link::ToParent(_) | Link::Chain(_) => None,
        Link::ToChildren(hop) => Some((association.target, hop)),
        Link::Through(junction) => Some((junction.model, &junction.own)),
    }
}
