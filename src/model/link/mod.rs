//! What is associated with an instance: get, set, add, remove, create, has, count.
//!
//! [`Related`] is a source and one of its associations. A verb goes through three stages:
//!
//! 1. `targets` says what it was given: rows, keys without a row, instances that were never saved;
//! 2. `walk` and, through a junction, `pair` find over one version what is associated now, along edges or by value;
//! 3. `belongs_to`, `has` or `belongs_to_many` decides what has to change and writes it, at most one statement per table
//!    and kind: deletes, then updates, then inserts (beyond BY-12). `around` runs hooks around that.
//!
//! Of an owner in one of several models, `owner` says first which of its associations is meant.
//!
//! A verb that reads without options stops after the second; with options, it is a request that begins at what was found
//! there, or at the source (`related_view`, and `related_each` for many sources at once). `call` finds a verb by the name of
//! its accessor.
//!
//! - Each verb is one savepoint, or one transaction where it is called on a database: all or nothing (associations TX-1).
//! - What is associated is what the database says, not what an instance holds in memory; only a key that was changed in
//!   memory and not saved counts for its own `belongs_to`.
//! - A row that is already as it should be is not written, nor is its time.

mod source;
mod targets;
mod walk;
mod pair;
mod view;
mod options;
mod related_view;
mod related_each;
mod call;
mod writing;
mod around;
pub(crate) mod belonging;
mod belongs_to;
mod has;
mod belongs_to_many;
pub(crate) mod owner;

use std::fmt;
use std::sync::Arc;

use crate::association::link::{Association, AssociationKind, Link};
use crate::association::naming::accessors::Verb;
use crate::association::owner::Owner;
use crate::association::registry::ModelEntry;
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::expr::Expr;
use crate::model::instance::Written;
use crate::model::link::around::Intent;
use crate::model::link::view::View;
use crate::model::link::writing::Writing;
use crate::model::reader::Reader;
use crate::model::write::assignments;
use crate::model::{Instance, Transaction, Values};

pub(super) use self::call::call_method;
pub use self::call::{Answer, Arguments};
pub use self::related_each::{EachRows, RelatedEach};
pub use self::related_view::RelatedView;
pub(in crate::model) use self::view::referring_rows;
pub(crate) use self::writing::{not_assignable, not_linkable};

pub use self::source::Source;
pub use self::targets::{Target, Targets, targets};

/// What is associated with an instance, for reading and writing. Made by
/// [`Database::related`](crate::Database::related) and [`Transaction::related`](crate::Transaction::related).
///
/// The verbs of an association to one (`belongs_to`, `has_one`) are `get`, `one`, `set` and `create`; those of an
/// association to many (`has_many`, `belongs_to_many`) are `get`, `set`, `add`, `remove`, `create`, `has` and `count`.
/// Those of a chain are the ones that read. Any other is refused as `Unsupported`.
///
/// An owner in one of several models (`belongs_to_owner`) is named like an association: `get` and `one` give the owner of
/// the source's own type, and `set` takes an instance of any of its models and writes type and key. It is created through
/// the association to its model. See [`BelongsToOwner`](crate::BelongsToOwner).
#[derive(Debug)]
pub struct Related<'a> {
    store: &'a mut (dyn Store + 'a),
    source: Source<'a>,
    association: Arc<Association>,
    /// Where it is an owner that was asked for: which of its associations is meant, each verb finds out.
    owner: Option<Arc<Owner>>,
    destroy_previous: bool,
}

/// What can be read and written through models.
pub(crate) trait Store: fmt::Debug {
    /// The version as it stands now.
    fn reader(&self) -> Reader<'_>;

    /// Runs a closure that is undone whole if it fails.
    fn write_all(&mut self, body: &mut dyn FnMut(&mut Transaction<'_>) -> Result<()>)
    -> Result<()>;
}

/// Where an error happened: a model and one of its associations, as `User.tasks`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    source: &'a ModelEntry,
    association: &'a Association,
}

impl<'a> Related<'a> {
    pub(super) fn new(
        store: &'a mut (dyn Store + 'a),
        source: Source<'a>,
        association: &str,
    ) -> Result<Self> {
        let model = store.reader().model_of(source.instance())?;
        let (association, owner) = match model.find_owner(association) {
            Some(owner) => (&model.associations()[owner.members[0]], Some(owner.clone())),
            None => (model.association(association)?, None),
        };
        Ok(Related {
            association: association.clone(),
            owner,
            store,
            source,
            destroy_previous: false,
        })
    }

    /// From here on, targets of `has_one` and `has_many` that are no longer associated are destroyed instead of losing
    /// their key (associations D18). Without it, a key that may not be null forbids ending the association. All of them go by
    /// one statement (beyond BY-12), but those of a `has_one` one by one where associations with `hooks(true)` take others
    /// along with each.
    pub fn destroy_previous(mut self) -> Self {
        self.destroy_previous = true;
        self
    }

    // ---- Reading ----

    /// The same for reading, with options: filters, order, limit, includes and so on.
    ///
    /// # Errors
    ///
    /// None for an instance of this database.
    pub fn select(self) -> Result<RelatedView<'a>> {
        let store: &'a (dyn Store + 'a) = self.store;
        let key = match &self.owner {
            Some(owner) => &owner.key,
            None => &self.association.key,
        };
        RelatedView::new(store.reader(), self.source.into_instance(), key)
    }

    /// The associated targets, in the order of their primary keys; of an association to one, at most one. Those of a
    /// `belongs_to_many` carry their row of the junction.
    ///
    /// # Errors
    ///
    /// None for an instance of this database; one that was never saved has no targets.
    pub fn get(&self) -> Result<Vec<Instance>> {
        self.with_view(|view| view.get())
    }

    /// The associated targets for which a filter over their attributes is true.
    ///
    /// # Errors
    ///
    /// What is wrong with the filter.
    pub fn get_where(&self, filter: impl Into<Expr>) -> Result<Vec<Instance>> {
        self.with_view(|view| view.get_where(filter))
    }

    /// The target of an association to one.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to many.
    pub fn one(&self) -> Result<Option<Instance>> {
        self.with_view(|view| view.one())
    }

    /// Whether all given targets are associated; true if none is given.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one; `Type` or `KeyLength` for what can be no target.
    pub fn has<'t>(&self, targets: impl Into<Targets<'t>>) -> Result<bool> {
        self.with_view(|view| view.has(targets))
    }

    /// How many targets are associated. Over a junction in which pairs may repeat, each row counts.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one.
    pub fn count(&self) -> Result<usize> {
        self.with_view(|view| view.count())
    }

    /// For how many associated targets a filter over their attributes is true.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one, or what is wrong with the filter.
    pub fn count_where(&self, filter: impl Into<Expr>) -> Result<usize> {
        self.with_view(|view| view.count_where(filter))
    }

    // ---- Writing ----

    /// Makes the given targets the associated ones, and no others; gives those that are associated then (associations
    /// D9).
    ///
    /// - `belongs_to`: the key takes the target's, or the given key as it is, or null.
    /// - `has_one`: the one before loses its key. An instance that was never saved is inserted, and given back saved.
    /// - `has_many`: targets that are not listed lose their key; those of other sources are taken over. Unknown keys
    ///   are ignored.
    /// - `belongs_to_many`: rows of the junction come and go; those of targets that stay keep their attributes.
    ///
    /// # Errors
    ///
    /// `Unsaved` for a source that was never saved, unless it belongs to the target and was given as `&mut`: then it is
    /// inserted (associations BT-11). `Unsaved` for a target other than that of `has_one` that was never saved; `NotFound`
    /// if the source's row is gone; `Type` or `KeyLength` for what can be no target; a constraint error, as for a key without a
    /// row or for one that may not be null. Nothing is changed then.
    pub fn set<'t>(&mut self, targets: impl Into<Targets<'t>>) -> Result<Vec<Instance>> {
        self.set_with(targets, Values::new())
    }

    /// As [`set`](Related::set), with attributes for the rows of the junction: new ones get them, and those that stay
    /// are updated by them.
    ///
    /// # Errors
    ///
    /// As `set`, and `Unsupported` for an association without a junction.
    pub fn set_with<'t>(
        &mut self,
        targets: impl Into<Targets<'t>>,
        through: impl Into<Values>,
    ) -> Result<Vec<Instance>> {
        let (targets, through) = (targets.into(), through.into());
        self.turn_to(&targets)?;
        let association = self.association.clone();
        let intent = Intent::Set(&targets, |now: &Vec<Instance>| now);
        match &association.link {
            Link::ToParent(hop) => {
                self.refuse_through(&targets, &through)?;
                let intent = Intent::Set(&targets, |(now, _): &(Vec<Instance>, Written)| now);
                self.write_source(intent, |writing| belongs_to::set(writing, hop, &targets))
            }
            Link::ToChildren(hop) => {
                self.refuse_through(&targets, &through)?;
                self.write(intent, |writing| has::set(writing, hop, &targets))
            }
            Link::Through(junction) => self.write(intent, |writing| {
                belongs_to_many::set(writing, junction, &targets, &through)
            }),
            Link::Chain(_) => Err(self.place().refuse_writing()),
        }
    }

    /// Changes the key of a `belongs_to` in the memory of its source, which must be given as `&mut`; `save` writes it. The
    /// guide's `set` with `save: false` (associations BT-10).
    ///
    /// # Errors
    ///
    /// `Unsupported` for another association, and for a source that was not given to be changed; as [`set`](Related::set)
    /// for what can be no target. Whether there is a row with the key is for `save` to find out.
    pub fn assign<'t>(&mut self, targets: impl Into<Targets<'t>>) -> Result<()> {
        let targets = targets.into();
        self.turn_to(&targets)?;
        let association = self.association.clone();
        let Link::ToParent(hop) = &association.link else {
            return Err(self.place().refuse_verb("assign"));
        };
        self.refuse_through(&targets, &Values::new())?;
        if !self.source.follows() {
            let detail = "assign changes its source: give that as `&mut`";
            return Err(self.place().refuse(RequestKind::Unsupported, detail));
        }
        let view = View::of(self.store.reader(), self.source.instance(), &association);
        let key = belongs_to::key_of(view, hop, &targets)?;
        let cells = belongs_to::cells_of(view, hop, &key)?;
        self.source.assign(cells);
        Ok(())
    }

    /// Associates further targets and takes them over from other sources where a target has one source. Targets that
    /// are associated already are left as they are. Gives the rows of the junction that were inserted (associations
    /// BTM-31).
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one; otherwise as [`set`](Related::set).
    pub fn add<'t>(&mut self, targets: impl Into<Targets<'t>>) -> Result<Vec<Instance>> {
        self.add_with(targets, Values::new())
    }

    /// As [`add`](Related::add), with attributes for the rows of the junction; a row that is there already is updated by
    /// them. Those that a target brings itself go before (associations BTM-20).
    ///
    /// # Errors
    ///
    /// As `add`, and `Unsupported` for an association without a junction.
    pub fn add_with<'t>(
        &mut self,
        targets: impl Into<Targets<'t>>,
        through: impl Into<Values>,
    ) -> Result<Vec<Instance>> {
        let (targets, through) = (targets.into(), through.into());
        let association = self.association.clone();
        self.require_many(Verb::Add)?;
        let intent = Intent::Add(&targets);
        match &association.link {
            Link::ToParent(_) => Ok(Vec::new()),
            Link::Chain(_) => Err(self.place().refuse_writing()),
            Link::ToChildren(hop) => {
                self.refuse_through(&targets, &through)?;
                self.write(intent, |writing| has::add(writing, hop, &targets))
            }
            Link::Through(junction) => self.write(intent, |writing| {
                belongs_to_many::add(writing, junction, &targets, &through)
            }),
        }
    }

    /// Ends the association with targets, which stay; gives how many links went. Targets that are not associated are
    /// left alone.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one; otherwise as [`set`](Related::set).
    pub fn remove<'t>(&mut self, targets: impl Into<Targets<'t>>) -> Result<usize> {
        let targets = targets.into();
        let association = self.association.clone();
        self.require_many(Verb::Remove)?;
        if let Link::Chain(_) = association.link {
            return Err(self.place().refuse_writing());
        }
        self.write(Intent::Remove(&targets), |writing| {
            match &association.link {
                Link::ToParent(_) | Link::Chain(_) => Ok(0),
                Link::ToChildren(hop) => has::remove(writing, hop, &targets),
                Link::Through(junction) => belongs_to_many::remove(writing, junction, &targets),
            }
        })
    }

    /// Inserts a target and associates it. Key and scope go before what is given for them. A `has_one` does not end the
    /// association with another target (associations HO-12); `belongs_to` then has the new one.
    ///
    /// # Errors
    ///
    /// As for creating the target, and as [`set`](Related::set).
    pub fn create(&mut self, values: impl Into<Values>) -> Result<Instance> {
        self.create_with(values, Values::new())
    }

    /// As [`create`](Related::create), with attributes for the row of the junction.
    ///
    /// # Errors
    ///
    /// As `create`, and `Unsupported` for an association without a junction.
    pub fn create_with(
        &mut self,
        values: impl Into<Values>,
        through: impl Into<Values>,
    ) -> Result<Instance> {
        let (values, through) = (values.into(), through.into());
        if let Some(owner) = &self.owner {
            let model = self.store.reader().model_of(self.source.instance())?;
            return Err(owner::no_model_to_create(model, owner));
        }
        let association = self.association.clone();
        let built = self.built(&values)?;
        match &association.link {
            Link::ToParent(hop) => {
                self.refuse_through(&Targets::default(), &through)?;
                let intent = Intent::Create(built, |(created, _): &(Instance, Written)| created);
                self.write_source(intent, |writing| belongs_to::create(writing, hop, values))
            }
            Link::ToChildren(hop) => {
                self.refuse_through(&Targets::default(), &through)?;
                let intent = Intent::Create(built, |created: &Instance| created);
                self.write(intent, |writing| has::create(writing, hop, values))
            }
            Link::Through(junction) => {
                let intent = Intent::Create(built, |created: &Instance| created);
                self.write(intent, |writing| {
                    belongs_to_many::create(writing, junction, values, through)
                })
            }
            Link::Chain(_) => Err(self.place().refuse_writing()),
        }
    }

    fn with_view<T>(&self, read: impl FnOnce(RelatedView<'_>) -> Result<T>) -> Result<T> {
        let (reader, source) = (self.store.reader(), self.source.instance());
        let association = match &self.owner {
            Some(owner) => owner::followed(reader, source, owner)?,
            None => &self.association,
        };
        read(RelatedView::of(View::of(reader, source, association)))
    }

    /// Chooses the association of an owner that a verb is for.
    fn turn_to(&mut self, targets: &Targets<'_>) -> Result<()> {
        if let Some(owner) = &self.owner {
            let (reader, source) = (self.store.reader(), self.source.instance());
            self.association = owner::of_targets(reader, source, owner, targets)?.clone();
        }
        Ok(())
    }

    /// What is to be created, for hooks around the change, if there are any.
    fn built(&self, values: &Values) -> Result<Option<Instance>> {
        let reader = self.store.reader();
        let registry = &reader.models.registry;
        let source = registry.model(self.association.source);
        let lifecycle = reader.models.lifecycle(source.id);
        if !lifecycle.is_some_and(|it| it.has_changes_of(&self.association)) {
            return Ok(None);
        }
        let target = registry.model(self.association.target);
        let cells = assignments(reader.models, target, values.clone())?;
        Ok(Some(Instance::built(reader.models, target.id, cells)))
    }

    fn place(&self) -> Place<'_> {
        Place::new(self.store.reader(), &self.association)
    }

    fn require_many(&self, verb: Verb) -> Result<()> {
        self.place().require_many(verb)
    }

    /// Attributes of a junction mean nothing where there is none.
    fn refuse_through(&self, targets: &Targets<'_>, through: &Values) -> Result<()> {
        if through.is_empty() && targets.iter().all(|target| target.through().is_empty()) {
            return Ok(());
        }
        let detail = "has no junction that could take attributes";
        Err(self.place().refuse(RequestKind::Unsupported, detail))
    }

    /// Runs a verb with the hooks around what it changes, all or nothing.
    fn write<T>(
        &mut self,
        intent: Intent<'_, '_, T>,
        body: impl FnOnce(&mut Writing<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let (source, association) = (self.source.instance(), &*self.association);
        let (source_follows, destroy_previous) = (self.source.follows(), self.destroy_previous);
        run(self.store, |transaction| {
            let writing = &mut Writing {
                transaction,
                association,
                source,
                source_follows,
                destroy_previous,
            };
            around::run(writing, intent, body)
        })
    }

    /// As `write`, where the source's own row is written: the instance follows, if it was given to be changed.
    fn write_source<T>(
        &mut self,
        intent: Intent<'_, '_, (T, Written)>,
        body: impl FnOnce(&mut Writing<'_, '_>) -> Result<(T, Written)>,
    ) -> Result<T> {
        let (value, written) = self.write(intent, body)?;
        self.source.follow(written);
        Ok(value)
    }
}

/// [`Store::write_all`] with a value to give back.
fn run<T>(
    store: &mut dyn Store,
    body: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
) -> Result<T> {
    let (mut body, mut value) = (Some(body), None);
    store.write_all(&mut |transaction| {
        let body = body.take().expect("a store runs what it is given once");
        value = Some(body(transaction)?);
        Ok(())
    })?;
    Ok(value.expect("a store that succeeds has run what it was given"))
}

impl<'a> Place<'a> {
    pub(super) fn new(reader: Reader<'a>, association: &'a Association) -> Self {
        Place {
            source: reader.models.registry.model(association.source),
            association,
        }
    }

    fn refuse(self, kind: RequestKind, detail: impl Into<String>) -> Error {
        RequestError::new(kind, self.to_string(), detail).into()
    }

    fn unsaved(self, which: &str) -> Error {
        let detail = format!("the {which} was never saved, and has no key to be referred to by");
        self.refuse(RequestKind::Unsaved, detail)
    }

    /// Refuses a verb that associations to one do not have (associations MX-1).
    fn require_many(self, verb: Verb) -> Result<()> {
        match self.association.is_single() {
            false => Ok(()),
            true => Err(self.refuse_verb(verb.as_str())),
        }
    }

    /// Refuses to write through a chain (beyond BY-8).
    pub(super) fn refuse_writing(self) -> Error {
        let steps: Vec<&str> = self
            .association
            .steps()
            .iter()
            .map(|step| &*step.key)
            .collect();
        let detail = format!(
            "a chain over {} is read-only: write through its steps",
            steps.join(", ")
        );
        self.refuse(RequestKind::Unsupported, detail)
    }

    fn refuse_verb(self, verb: &str) -> Error {
        let kind = match self.association.kind {
            AssociationKind::BelongsTo => "belongs_to",
            AssociationKind::HasOne => "has_one",
            AssociationKind::HasMany => "has_many",
            AssociationKind::BelongsToMany => "belongs_to_many",
            AssociationKind::Chain => "chain",
        };
        self.refuse(
            RequestKind::Unsupported,
            format!("a {kind} has no verb {verb}"),
        )
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.source.name, self.association.key)
    }
}
