//! What happens to an instance on its way into the database: validation, hooks, and the statement between them.
//!
//! Every write of a row through the models comes through here, whichever verb it belongs to; the engine below knows
//! nothing of it. A model that declares no rules and no hooks has no [`Lifecycle`], and its writes go straight on.
//!
//! 1. `rule` and `hook` are the declarations, `validation` the rules resolved.
//! 2. `create`, `update` and `destroy` are the ways of a row, or of several by one call. Each validates before it writes and
//!    runs hooks around one statement: those of the call as a whole, and those of each instance where the call is about
//!    instances ([`Call`]).
//! 3. `cascade` destroys what goes along with an instance one by one, where an association asks for it.
//! 4. `change` are the hooks around what a verb of an association does.
//! 5. `manner` is how the calls within a closure differ from what is usual.
//!
//! - A call that runs hooks is one savepoint: with an error or a panic, nothing of it remains (associations HK-2).
//! - Between hooks no row id is kept: a hook may delete the row, and its id may come to name another one.
//! - A hook runs as usual, whatever the call that it belongs to was told to leave out.

mod rule;
mod hook;
mod manner;
mod validation;
mod create;
mod update;
mod destroy;
mod cascade;
mod change;

use crate::association::registry::ModelEntry;
use crate::error::{Limit, RequestError, RequestKind, Result};
use crate::model::lifecycle::validation::Proposed;
use crate::model::{Instance, Transaction};

pub(in crate::model) use self::cascade::holder;
pub(in crate::model) use self::create::Created;
pub(in crate::model) use self::destroy::Going;
pub use self::hook::{Change, HookContext, HookEvent};
pub(in crate::model) use self::hook::{Hook, WriteHooks};
pub(in crate::model) use self::manner::Manner;
pub use self::rule::Rule;
pub(in crate::model) use self::update::Sort;
pub(in crate::model) use self::validation::Rules;

/// Hooks that run within hooks: each takes several frames of the stack, closures of whoever uses it among them.
const HOOK_DEPTH_MAX: u32 = 32;

/// What a model does besides writing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    pub(in crate::model) rules: Rules,
    pub(in crate::model) hooks: WriteHooks,
    /// The positions of the associations along which instances are destroyed one by one (associations HK-1).
    pub(in crate::model) cascades: Vec<usize>,
}

/// What sort of call writes rows.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Call<'c> {
    /// It is about several instances as a whole.
    bulk: bool,
    /// It is about each instance.
    each: bool,
    /// The instance above those that are created.
    parent: Option<&'c Instance>,
}

impl<'c> Call<'c> {
    /// About one instance.
    pub(in crate::model) const ONE: Call<'static> = Call {
        bulk: false,
        each: true,
        parent: None,
    };

    /// About several as a whole.
    pub(in crate::model) const MANY: Call<'static> = Call {
        bulk: true,
        each: false,
        parent: None,
    };

    /// About one below another.
    pub(in crate::model) fn below(parent: &'c Instance) -> Self {
        Call {
            parent: Some(parent),
            ..Call::ONE
        }
    }

    /// The place of an instance among those of the call, for whoever cannot know which one is meant.
    fn place(self, position: usize) -> Option<usize> {
        self.bulk.then_some(position)
    }
}

impl Lifecycle {
    /// Whether there is anything in it.
    pub(in crate::model) fn is_empty(&self) -> bool {
        self.rules.is_empty() && !self.hooks.any() && self.cascades.is_empty()
    }

    /// What is wrong with an instance as it is in memory.
    pub(in crate::model) fn judge(&self, instance: &Instance) -> Result<()> {
        let models = instance.models();
        let model = models.registry.model(instance.model_id());
        let cells = match instance.is_saved() {
            true => (0..).zip(instance.values().iter().cloned()).collect(),
            false => instance.pending(),
        };
        let row = Proposed {
            model,
            table: models.schema.table(model.table),
            cells: &cells,
            there: None,
            now: None,
        };
        let mut violations = Vec::new();
        self.rules.judge(row, None, &mut violations)?;
        validation::refusal(model, violations)
    }
}

impl WriteHooks {
    /// Whether there are any.
    fn any(&self) -> bool {
        self.around_rows() || !self.changes.is_empty()
    }

    /// Whether there are any around the writing of rows.
    fn around_rows(&self) -> bool {
        !self.rows.is_empty() || !self.bulk.is_empty()
    }

    /// Whether an instance has any of one of these events.
    fn has_any_of(&self, events: &[HookEvent]) -> bool {
        let mut all = self.rows.iter().flat_map(|hook| hook.on);
        all.any(|event| events.contains(event))
    }
}

impl<'db> Transaction<'db> {
    /// What there is to do besides writing, if anything. O(1).
    pub(in crate::model) fn lifecycle(&self, model: &ModelEntry) -> Option<&'db Lifecycle> {
        self.models().lifecycle(model.id)
    }

    /// The same where rows are written with hooks around.
    fn hooked(&self, model: &ModelEntry) -> Option<&'db Lifecycle> {
        let lifecycle = self.lifecycle(model)?;
        (lifecycle.hooks.around_rows() && !self.manner.unhooked).then_some(lifecycle)
    }

    /// Runs the hooks of an event for one instance.
    fn run_for(
        &mut self,
        model: &'db ModelEntry,
        event: HookEvent,
        instance: &mut Instance,
        parent: Option<&Instance>,
    ) -> Result<()> {
        let lifecycle = self.lifecycle(model);
        let hooks = lifecycle.iter().flat_map(|it| &it.hooks.rows);
        for hook in hooks.filter(|hook| hook.on.contains(&event)) {
            self.run_hook(model, event, parent, |context| {
                (hook.run)(context, instance)
            })?;
            if !instance.is_of(self.models(), model.id) {
                let detail = "a hook put an instance of another model in place of its own";
                let kind = RequestKind::Unsupported;
                return Err(RequestError::new(kind, &*model.name, detail).into());
            }
        }
        Ok(())
    }

    /// Runs the hooks of an event for each of some instances, if the call is about each.
    fn run_for_each(
        &mut self,
        model: &'db ModelEntry,
        event: HookEvent,
        instances: &mut [Instance],
        call: Call<'_>,
    ) -> Result<()> {
        if !(call.each || self.manner.individual) {
            return Ok(());
        }
        let mut instances = instances.iter_mut();
        instances.try_for_each(|instance| self.run_for(model, event, instance, call.parent))
    }

    /// Runs the hooks of an event for some instances as a whole, if the call is about several.
    fn run_for_all(
        &mut self,
        model: &'db ModelEntry,
        event: HookEvent,
        instances: &mut [Instance],
        call: Call<'_>,
    ) -> Result<()> {
        if !call.bulk {
            return Ok(());
        }
        let lifecycle = self.lifecycle(model);
        let hooks = lifecycle.iter().flat_map(|it| &it.hooks.bulk);
        for hook in hooks.filter(|hook| hook.on == event) {
            self.run_hook(model, event, None, |context| (hook.run)(context, instances))?;
            if !instances.iter().all(|it| it.is_of(self.models(), model.id)) {
                let detail = "a hook put an instance of another model in place of its own";
                let kind = RequestKind::Unsupported;
                return Err(RequestError::new(kind, &*model.name, detail).into());
            }
        }
        Ok(())
    }

    /// Runs one hook, as one that may write as usual.
    fn run_hook(
        &mut self,
        model: &ModelEntry,
        event: HookEvent,
        parent: Option<&Instance>,
        hook: impl FnOnce(&mut HookContext<'_, 'db>) -> Result<()>,
    ) -> Result<()> {
        let depth = self.manner.depth + 1;
        if depth > HOOK_DEPTH_MAX {
            let detail = format!("hooks within hooks, over the limit of {HOOK_DEPTH_MAX}");
            let kind = RequestKind::Limit(Limit::HookDepth);
            return Err(RequestError::new(kind, &*model.name, detail).into());
        }
        self.in_manner(Manner::of_hook(depth), |transaction| {
            hook(&mut HookContext {
                transaction,
                model: &model.name,
                event,
                parent,
            })
        })
    }
}
