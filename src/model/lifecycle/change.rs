//! The hooks around what a verb of an association changes.

use crate::association::link::Association;
use crate::association::registry::ModelEntry;
use crate::error::Result;
use crate::model::lifecycle::{Change, HookEvent, Lifecycle};
use crate::model::{Instance, Transaction};

impl Lifecycle {
    /// Whether there are hooks around changes of an association.
    pub(in crate::model) fn has_changes_of(&self, association: &Association) -> bool {
        let mut changes = self.hooks.changes.iter();
        changes.any(|hook| *hook.on.0 == *association.key)
    }

    /// The names of the associations that hooks are for.
    pub(in crate::model) fn changed_associations(&self) -> impl Iterator<Item = &str> {
        self.hooks.changes.iter().map(|hook| &*hook.on.0)
    }
}

impl<'db> Transaction<'db> {
    /// The model of the source, if hooks run around changes of this association.
    pub(in crate::model) fn with_change_hooks(
        &self,
        association: &Association,
    ) -> Option<&'db ModelEntry> {
        let source = self.models().registry.model(association.source);
        let lifecycle = self.lifecycle(source)?;
        (!self.manner.unhooked && lifecycle.has_changes_of(association)).then_some(source)
    }

    /// Runs the hooks before or after a change, if anything changes.
    pub(in crate::model) fn run_around_change(
        &mut self,
        event: HookEvent,
        source: &'db ModelEntry,
        change: Change<'_>,
    ) -> Result<()> {
        let lifecycle = self.lifecycle(source);
        let hooks = lifecycle.iter().flat_map(|it| &it.hooks.changes);
        let is_asked = |on: &(String, HookEvent)| *on.0 == *change.association && on.1 == event;
        for hook in hooks.filter(|hook| is_asked(&hook.on)) {
            self.run_hook(source, event, None, |context| (hook.run)(context, change))?;
        }
        Ok(())
    }

    /// Instances as their rows are now; those without a row stay as they are.
    pub(in crate::model) fn refreshed(
        &self,
        mut instances: Vec<Instance>,
    ) -> Result<Vec<Instance>> {
        let reader = self.reader();
        for instance in &mut instances {
            if let Some(row) = reader.row_of(instance)? {
                instance.refresh(reader.view(reader.model_of(instance)?, row));
            }
        }
        Ok(instances)
    }
}
