//! Hooks around writes, as declared, and what they are run with.
//!
//! A hook is a closure kept by its model. It runs within the call that it belongs to, between the transaction's own
//! statements and never inside one: what it writes is written by statements of its own, in the same savepoint. What it
//! gives as its error is what the call gives, and nothing of the call remains (associations HK-2).

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::error::{Error, RequestError, Result};
use crate::model::definition::ModelDef;
use crate::model::describe::Verb;
use crate::model::{Instance, Transaction};

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "each is documented at the method that declares such a hook"
)]
pub enum HookEvent {
    BeforeValidate,
    AfterValidate,
    BeforeCreate,
    AfterCreate,
    BeforeUpdate,
    AfterUpdate,
    BeforeDestroy,
    AfterDestroy,
    BeforeRestore,
    AfterRestore,
    BeforeBulkCreate,
    AfterBulkCreate,
    BeforeBulkUpdate,
    AfterBulkUpdate,
    BeforeBulkDestroy,
    AfterBulkDestroy,
    BeforeBulkRestore,
    AfterBulkRestore,
    BeforeChange,
    AfterChange,
}

/// What a hook runs with: the transaction of the call, which it dereferences to, and what the call is about.
///
/// ```
/// use relata::{Attribute, DataType, HasMany, Models, tree, values};
///
/// let mut models = Models::new();
/// models.define_with("Log", |log| log.attribute(Attribute::new("line", DataType::Text)));
/// models.define_with("List", |list| list.attribute(Attribute::new("name", DataType::Text)));
/// models.define_with("Task", |task| {
///     task.attribute(Attribute::new("title", DataType::Text)).after_create(|hook, task| {
///         let under = hook.parent().map_or("nothing", |list| list.model());
///         let line = format!("{} under {under}", task.get("title")?);
///         hook.create("Log", values! { line: line })?;
///         Ok(())
///     })
/// });
/// models.has_many("List", HasMany::new("Task").alias("tasks"));
/// let mut db = models.sync()?;
/// db.create_tree("List", tree! { name: "today", tasks: [{ title: "sweep" }] })?;
/// db.create("Task", values! { title: "rest" })?;
/// let lines = db.find_all("Log")?;
/// assert_eq!(lines[0].get("line")?.as_str(), Some("'sweep' under List"));
/// assert_eq!(lines[1].get("line")?.as_str(), Some("'rest' under nothing"));
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Debug)]
pub struct HookContext<'h, 'db> {
    pub(super) transaction: &'h mut Transaction<'db>,
    pub(super) model: &'h str,
    pub(super) event: HookEvent,
    pub(super) parent: Option<&'h Instance>,
}

/// A change of what is associated with an instance, about to be made or just made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Change<'h> {
    /// Whose associations change.
    pub source: &'h Instance,
    /// The name of the association.
    pub association: &'h str,
    /// What was called: `Set`, `Add`, `Remove` or `Create`.
    pub verb: Verb,
    /// The targets that become associated. Before `create` it is the one that is to be created, not saved yet.
    pub joining: &'h [Instance],
    /// The targets that no longer are.
    pub leaving: &'h [Instance],
}

/// All hooks of a model, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WriteHooks {
    pub(super) rows: Vec<Hook<&'static [HookEvent], RowHook>>,
    pub(super) bulk: Vec<Hook<HookEvent, BulkHook>>,
    /// Each with the name of an association.
    pub(super) changes: Vec<Hook<(String, HookEvent), ChangeHook>>,
}

/// For one instance.
pub(super) type RowHook =
    dyn Fn(&mut HookContext<'_, '_>, &mut Instance) -> Result<()> + Send + Sync;
/// For all instances of a call.
pub(super) type BulkHook =
    dyn Fn(&mut HookContext<'_, '_>, &mut [Instance]) -> Result<()> + Send + Sync;
/// For what is associated with an instance.
pub(super) type ChangeHook =
    dyn Fn(&mut HookContext<'_, '_>, Change<'_>) -> Result<()> + Send + Sync;

/// A closure, and when it runs.
pub(in crate::model) struct Hook<K, F: ?Sized> {
    pub(in crate::model) on: K,
    pub(in crate::model) run: Arc<F>,
}

impl<'h> HookContext<'h, '_> {
    /// The name of the model whose hook this is.
    pub fn model(&self) -> &'h str {
        self.model
    }

    /// When this is: for a hook that was given for several events.
    pub fn event(&self) -> HookEvent {
        self.event
    }

    /// The instance above: the one below which, or as whose associate, this one is created (associations CR-17). The
    /// instance above one that it belongs to is not saved yet, since that one is created first.
    pub fn parent(&self) -> Option<&'h Instance> {
        self.parent
    }

    /// An error to refuse with, about the model.
    pub fn refuse(&self, detail: impl Into<String>) -> Error {
        RequestError::refused(self.model, detail).into()
    }
}

impl<'db> Deref for HookContext<'_, 'db> {
    type Target = Transaction<'db>;

    fn deref(&self) -> &Transaction<'db> {
        self.transaction
    }
}

impl<'db> DerefMut for HookContext<'_, 'db> {
    fn deref_mut(&mut self) -> &mut Transaction<'db> {
        self.transaction
    }
}

/// A method for each sort of row hook.
macro_rules! row_hooks {
    ($($(#[$doc:meta])* $name:ident: [$($event:ident),*];)*) => {$(
        $(#[$doc])*
        pub fn $name(
            mut self,
            hook: impl Fn(&mut HookContext<'_, '_>, &mut Instance) -> Result<()> + Send + Sync + 'static,
        ) -> Self {
            self.hooks.rows.push(Hook {
                on: &[$(HookEvent::$event),*],
                run: Arc::new(hook),
            });
            self
        }
    )*};
}

/// A method for each sort of bulk hook.
macro_rules! bulk_hooks {
    ($($(#[$doc:meta])* $name:ident: $event:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(
            mut self,
            hook: impl Fn(&mut HookContext<'_, '_>, &mut [Instance]) -> Result<()> + Send + Sync + 'static,
        ) -> Self {
            self.hooks.bulk.push(Hook {
                on: HookEvent::$event,
                run: Arc::new(hook),
            });
            self
        }
    )*};
}

/// # Hooks around writes
///
/// Several hooks of one event run in the order in which they are given.
///
/// | call | hooks, in this order |
/// |---|---|
/// | `create`, `save` of a new instance | before_validate, after_validate, before_create, before_save, after_create, after_save |
/// | `update`, `save`, `increment` | before_validate, after_validate, before_update, before_save, after_update, after_save |
/// | `destroy`, `restore` | before_destroy, after_destroy; before_restore, after_restore |
/// | `create_many`, `update_where`, `destroy_where`, `restore_where`, `increment_where` | the bulk hooks; with [individual hooks](Transaction::with_individual_hooks) those of each instance as well, between them |
/// | `create_tree` | those of `create`, for each row by itself |
/// | `find_or_create`, `upsert` | those of what they come to: `create`, `update` or none |
/// | verbs of an association | those of the rows that they write: `create` for what they create, bulk hooks for the other rows of a target or a junction, `update` for the source of a `belongs_to` and the targets of a `has_one`; and around all the hooks of the change |
///
/// Validation stands between before_validate and after_validate, the write between before and after. A `before_save` is
/// a hook of both creation and update, and takes its turn among those of either. What a hook before a write sets in the
/// instance is written, and validated. Without anything to write there is no write, and no hook after it.
///
/// What a hook calls runs its own hooks in turn. So a hook that always writes its own model would never end: beyond 32
/// hooks within hooks the call is refused with [`Limit::HookDepth`](crate::error::Limit::HookDepth).
impl ModelDef {
    row_hooks! {
        /// Before an instance is validated that is to be created or updated.
        before_validate: [BeforeValidate];
        /// After an instance was found valid.
        after_validate: [AfterValidate];
        /// Before the row of an instance is inserted. What it sets is inserted, keys of an association included.
        ///
        /// ```
        /// use relata::{Attribute, DataType, Models, values};
        ///
        /// let mut models = Models::new();
        /// models.define_with("User", |user| {
        ///     user.attribute(Attribute::new("email", DataType::Text)).before_save(|_, user| {
        ///         let email = user.get("email")?.as_str().unwrap_or_default().to_lowercase();
        ///         user.set("email", email)
        ///     })
        /// });
        /// let mut db = models.sync()?;
        /// let ada = db.create("User", values! { email: "Ada@Example.org" })?;
        /// assert_eq!(ada.get("email")?.as_str(), Some("ada@example.org"));
        /// # Ok::<(), relata::Error>(())
        /// ```
        before_create: [BeforeCreate];
        /// After the row of an instance was inserted. What is below it in a tree is not there yet.
        after_create: [AfterCreate];
        /// Before the row of an instance is updated; the instance has its new values, and
        /// [`changed`](Instance::changed) says which.
        before_update: [BeforeUpdate];
        /// After the row of an instance was updated.
        after_update: [AfterUpdate];
        /// Before the row of an instance is inserted or updated.
        before_save: [BeforeCreate, BeforeUpdate];
        /// After the row of an instance was inserted or updated.
        after_save: [AfterCreate, AfterUpdate];
        /// Before an instance is destroyed, softly or not. The instance is what its row is.
        before_destroy: [BeforeDestroy];
        /// After an instance was destroyed.
        after_destroy: [AfterDestroy];
        /// Before an instance is restored.
        before_restore: [BeforeRestore];
        /// After an instance was restored.
        after_restore: [AfterRestore];
    }

    bulk_hooks! {
        /// Before several instances are created by one call.
        before_bulk_create: BeforeBulkCreate;
        /// After several instances were created by one call.
        after_bulk_create: AfterBulkCreate;
        /// Before several instances are updated by one call; they have their new values.
        before_bulk_update: BeforeBulkUpdate;
        /// After several instances were updated by one call.
        after_bulk_update: AfterBulkUpdate;
        /// Before several instances are destroyed by one call.
        before_bulk_destroy: BeforeBulkDestroy;
        /// After several instances were destroyed by one call.
        after_bulk_destroy: AfterBulkDestroy;
        /// Before several instances are restored by one call.
        before_bulk_restore: BeforeBulkRestore;
        /// After several instances were restored by one call.
        after_bulk_restore: AfterBulkRestore;
    }

    /// Before a verb of [`Related`](crate::Related) changes what is associated with an instance of this model by the named
    /// association: `set`, `add`, `remove` and `create`, of any kind of association. It runs for the source whose verb was
    /// called, if any target joins or leaves. It does not for keys that are written as attributes, nor in nested creation.
    ///
    /// ```
    /// use relata::{HasMany, Models, values};
    ///
    /// let mut models = Models::new();
    /// models.define("Task");
    /// models.define_with("List", |list| {
    ///     list.before_change("Tasks", |hook, change| {
    ///         let count = hook.related_view(change.source, "Tasks")?.count()?;
    ///         match count + change.joining.len() > 1 {
    ///             true => Err(hook.refuse("one thing at a time")),
    ///             false => Ok(()),
    ///         }
    ///     })
    /// });
    /// models.has_many("List", "Task");
    /// let mut db = models.sync()?;
    /// let list = db.create("List", values! {})?;
    /// db.related(&list, "Tasks")?.create(values! {})?;
    /// let error = db.related(&list, "Tasks")?.create(values! {}).unwrap_err();
    /// assert_eq!(error.to_string(), "List: one thing at a time");
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn before_change(
        self,
        association: impl Into<String>,
        hook: impl Fn(&mut HookContext<'_, '_>, Change<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_change(association.into(), HookEvent::BeforeChange, Arc::new(hook))
    }

    /// After a verb of [`Related`](crate::Related) changed what is associated; see
    /// [`before_change`](ModelDef::before_change). The targets are as they were left; one that was destroyed is as it was
    /// before.
    pub fn after_change(
        self,
        association: impl Into<String>,
        hook: impl Fn(&mut HookContext<'_, '_>, Change<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.on_change(association.into(), HookEvent::AfterChange, Arc::new(hook))
    }

    fn on_change(mut self, association: String, event: HookEvent, run: Arc<ChangeHook>) -> Self {
        let on = (association, event);
        self.hooks.changes.push(Hook { on, run });
        self
    }
}

impl<K: Clone, F: ?Sized> Clone for Hook<K, F> {
    fn clone(&self) -> Self {
        Hook {
            on: self.on.clone(),
            run: self.run.clone(),
        }
    }
}

/// What a closure does cannot be compared: two hooks are equal if they are the same one.
impl<K: PartialEq, F: ?Sized> PartialEq for Hook<K, F> {
    fn eq(&self, other: &Self) -> bool {
        self.on == other.on && Arc::ptr_eq(&self.run, &other.run)
    }
}

impl<K: fmt::Debug, F: ?Sized> fmt::Debug for Hook<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hook").field(&self.on).finish()
    }
}
