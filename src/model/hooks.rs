//! Hooks around association, for whoever wants to know of associations or to refuse some (associations AS-14).
//!
//! Associations are data until [`Models::sync`] makes a database of them, and that is when they are made and when hooks
//! run: first, in the order of the declarations, those before association, while nothing is resolved; then, in the
//! same order, those after it, which see the association as it came out. A hook runs for the associations that its
//! model declares with `hooks(true)`, and for no others. It changes nothing: options are the caller's (associations
//! AS-11). What it gives as its error is what `sync` gives, and no database is made.

use std::sync::Arc;

use crate::error::Result;
use crate::model::Models;
use crate::model::describe::{AssociationKind, AssociationView, ModelView};
use crate::model::lifecycle::Hook;
use crate::model::resolve::Resolved;

/// An association that is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Associating<'m> {
    /// The name of the model that declares it.
    pub source: &'m str,
    /// The name of the model that it leads to.
    pub target: &'m str,
    /// Which of the four calls declares it.
    pub kind: AssociationKind,
}

/// The hooks of all models, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hooks {
    before: Vec<Hook<String, Before>>,
    after: Vec<Hook<String, After>>,
}

type Before = dyn Fn(Associating<'_>) -> Result<()> + Send + Sync;
type After = dyn Fn(AssociationView<'_>) -> Result<()> + Send + Sync;

impl Models {
    /// What to do before each association that `source` declares with `hooks(true)` is made.
    ///
    /// ```
    /// use relata::association::HasMany;
    /// use relata::error::RequestError;
    /// use relata::Models;
    ///
    /// let mut models = Models::new();
    /// models.define("User").define("Task");
    /// models.has_many("User", HasMany::new("Task").hooks(true));
    /// models.before_associate("User", |association| match association.target {
    ///     "Task" => Err(RequestError::refused("User", "no tasks").into()),
    ///     _ => Ok(()),
    /// });
    /// assert_eq!(models.sync().unwrap_err().to_string(), "User: no tasks");
    /// ```
    pub fn before_associate(
        &mut self,
        source: impl Into<String>,
        hook: impl Fn(Associating<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.before.push(Hook {
            on: source.into(),
            run: Arc::new(hook),
        });
        self
    }

    /// What to do after each association that `source` declares with `hooks(true)` is made.
    pub fn after_associate(
        &mut self,
        source: impl Into<String>,
        hook: impl Fn(AssociationView<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.after.push(Hook {
            on: source.into(),
            run: Arc::new(hook),
        });
        self
    }

    /// Runs the hooks before association, of all associations that ask for them.
    pub(super) fn run_before(&self) -> Result<()> {
        let all = self.associations.iter();
        for (source, declaration) in all.filter(|(_, declaration)| declaration.options().hooks) {
            for target in declaration.targets() {
                let association = Associating {
                    source,
                    target,
                    kind: declaration.kind(),
                };
                for hook in of(&self.hooks.before, source) {
                    (hook.run)(association)?;
                }
            }
        }
        Ok(())
    }

    /// Runs the hooks after association, of all associations that ask for them.
    pub(super) fn run_after(&self, resolved: &Resolved) -> Result<()> {
        let registry = &resolved.registry;
        for (position, (source, declaration)) in self.associations.iter().enumerate() {
            if !declaration.options().hooks {
                continue;
            }
            // Each declaration became an association of its source to each of its targets, in the order of the
            // declarations.
            let before = self.associations[..position].iter();
            let before = before.filter(|(other, _)| other == source);
            let first = before.map(|(_, other)| other.targets().count()).sum();
            let view = ModelView::new(registry, registry.by_name(source)?);
            let own = view.associations().skip(first);
            for association in own.take(declaration.targets().count()) {
                for hook in of(&self.hooks.after, source) {
                    (hook.run)(association)?;
                }
            }
        }
        Ok(())
    }
}

/// The hooks of a model, in the order in which they were given.
fn of<'h, F: ?Sized>(
    hooks: &'h [Hook<String, F>],
    source: &str,
) -> impl Iterator<Item = &'h Hook<String, F>> {
    hooks.iter().filter(move |hook| hook.on == source)
}
