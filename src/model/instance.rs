//! A row seen by an application: attributes by name, in memory.
//!
//! An instance owns its values and outlives any borrow of the database. It remembers the key under which it is stored,
//! and for each attribute that was changed in memory what it was before, so that saving writes these and no others.
//!
//! - An instance without a stored key was built and never saved: nothing in the database is it.
//! - It never follows the database by itself; `reload` does that when asked (associations MX-5).

use std::fmt;
use std::sync::Arc;

use crate::association::owner::Owner;
use crate::association::registry::{AttributeEntry, ModelEntry, ModelId};
use crate::engine::RowView;
use crate::error::{RequestError, RequestKind, Result};
use crate::model::resolve::Resolved;
use crate::schema::Table;
use crate::value::{FromValue, Key, Value};

/// One row of a model, in memory. Made by a database: by `create`, `find`, `build` and the like.
#[derive(Clone)]
pub struct Instance {
    models: Arc<Resolved>,
    model: ModelId,
    /// By ordinal, a hidden column included.
    values: Box<[Value]>,
    /// The primary key in the database; none for an instance that was never saved.
    stored: Option<Key>,
    /// The columns that were changed in memory, in the order of the changes, each with its value before. For an
    /// instance that was never saved: the columns that were given.
    changed: Vec<(u32, Value)>,
    junction: Option<Box<Instance>>,
    /// What was created or loaded below it: positions of associations, each once, and their instances.
    below: Vec<(usize, Vec<Instance>)>,
}

/// What was written into the row of an instance. The instance follows once the write stands.
#[derive(Debug)]
pub(crate) enum Written {
    /// These cells; the row has them now.
    Cells(Vec<(u32, Value)>),
    /// All of it: the instance as it is after that.
    Whole(Box<Instance>),
}

impl Instance {
    /// The row as it is stored.
    pub(crate) fn stored(models: &Arc<Resolved>, model: ModelId, row: RowView<'_>) -> Self {
        Instance {
            models: models.clone(),
            model,
            values: row.values().into_boxed_slice(),
            stored: Some(row.key()),
            changed: Vec::new(),
            junction: None,
            below: Vec::new(),
        }
    }

    /// An instance of no row yet.
    pub(crate) fn built(models: &Arc<Resolved>, model: ModelId, given: Vec<(u32, Value)>) -> Self {
        let table = models.schema.table(models.registry.model(model).table);
        let mut instance = Instance {
            models: models.clone(),
            model,
            values: vec![Value::Null; table.columns.len()].into_boxed_slice(),
            stored: None,
            changed: Vec::new(),
            junction: None,
            below: Vec::new(),
        };
        for (ordinal, value) in given {
            instance.set_cell(ordinal, value);
        }
        instance
    }

    /// The value of an attribute.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownColumn`].
    pub fn get(&self, attribute: &str) -> Result<&Value> {
        Ok(self.cell(self.entry().attribute(attribute)?.ordinal))
    }

    /// The value of an attribute as a Rust type: `i64` and integers that it fits into, `f64`, `bool`, `&str`, `String`,
    /// and so on, and `Option` of these where it may be null.
    ///
    /// ```
    /// # use relata::{Attribute, DataType, Models, values};
    /// # let mut models = Models::new();
    /// # models.define_with("Item", |it| {
    /// #     it.attribute(Attribute::new("sku", DataType::Text)).attribute(Attribute::new("price", DataType::Int))
    /// # });
    /// # let mut db = models.sync()?;
    /// let item = db.create("Item", values! { sku: "tea" })?;
    /// assert_eq!(item.get_as::<&str>("sku")?, "tea");
    /// assert_eq!(item.get_as::<Option<i64>>("price")?, None);
    /// assert!(item.get_as::<i64>("price").is_err());
    /// # Ok::<(), relata::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownColumn`], and [`RequestKind::Type`] if the value is of another type, null, or too large for
    /// it.
    pub fn get_as<'v, T: FromValue<'v>>(&'v self, attribute: &str) -> Result<T> {
        let value = self.get(attribute)?;
        T::from_value(value.as_ref()).ok_or_else(|| {
            RequestError::not_readable(self.model(), attribute, value, T::EXPECTED).into()
        })
    }

    /// Changes an attribute in memory; `save` writes it.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownColumn`], and [`RequestKind::Type`] if the attribute does not admit the value.
    pub fn set(&mut self, attribute: &str, value: impl Into<Value>) -> Result<()> {
        let value = value.into();
        let models = self.models.clone();
        let model = models.registry.model(self.model);
        let attribute = model.attribute(attribute)?;
        check_type(model, models.schema.table(model.table), attribute, &value)?;
        self.set_cell(attribute.ordinal, value);
        Ok(())
    }

    /// The primary key under which it is stored. A key that was changed in memory counts once it is saved.
    ///
    /// # Errors
    ///
    /// [`RequestKind::Unsaved`] if it was never saved.
    pub fn key(&self) -> Result<&Key> {
        self.stored.as_ref().ok_or_else(|| {
            let detail = "this instance was never saved, and has no key to work with";
            RequestError::new(RequestKind::Unsaved, self.model(), detail).into()
        })
    }

    /// The name of its model.
    pub fn model(&self) -> &str {
        &self.entry().name
    }

    /// The row of the junction that linked it with the source from which it was read (associations BTM-13). It can be
    /// changed and saved like any instance.
    pub fn junction(&self) -> Option<&Instance> {
        self.junction.as_deref()
    }

    /// As [`junction`](Instance::junction), to be changed.
    pub fn junction_mut(&mut self) -> Option<&mut Instance> {
        self.junction.as_deref_mut()
    }

    /// The instance of an association to one that came with it, if there is one; of an owner, whichever model it is of. It is as it was then: saving this instance
    /// does not save it, and it does not follow the database (associations CR-15, MX-5).
    ///
    /// # Errors
    ///
    /// `UnknownAssociation`; `NotLoaded` if it did not come with the instance; `Type` if it leads to many.
    pub fn one(&self, association: &str) -> Result<Option<&Instance>> {
        Ok(self.below(association, true)?.first())
    }

    /// The instances of an association to many that came with it, in their order. See [`one`](Instance::one).
    ///
    /// # Errors
    ///
    /// `UnknownAssociation`; `NotLoaded` if they did not come with the instance; `Type` if it leads to one at most.
    pub fn many(&self, association: &str) -> Result<&[Instance]> {
        self.below(association, false)
    }

    /// As [`one`](Instance::one), to be changed and saved.
    ///
    /// # Errors
    ///
    /// As `one`.
    pub fn one_mut(&mut self, association: &str) -> Result<Option<&mut Instance>> {
        Ok(self.below_mut(association, true)?.first_mut())
    }

    /// As [`many`](Instance::many), to be changed and saved.
    ///
    /// # Errors
    ///
    /// As `many`.
    pub fn many_mut(&mut self, association: &str) -> Result<&mut [Instance]> {
        self.below_mut(association, false)
    }

    /// Whether it was saved or read, and so stands for a row.
    pub fn is_saved(&self) -> bool {
        self.stored.is_some()
    }

    /// Whether the rules of its model admit its values as they are in memory, saved or not. Of an instance that was never
    /// saved, those that were given; where a default would stand, the default.
    ///
    /// # Errors
    ///
    /// [`Error::Validation`](crate::Error::Validation), with everything that is wrong.
    pub fn validate(&self) -> Result<()> {
        let models = &self.models;
        match models.lifecycle(self.model) {
            Some(lifecycle) => lifecycle.judge(self),
            None => Ok(()),
        }
    }

    /// The attributes that were changed in memory and not saved, in the order of the changes.
    pub fn changed(&self) -> impl ExactSizeIterator<Item = &str> {
        let model = self.entry();
        self.changed
            .iter()
            .map(move |&(ordinal, _)| name_of(model, ordinal))
    }

    /// Names and values of all attributes, in the order of the model.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        let attributes = self.entry().attributes().iter();
        attributes.map(|attribute| (&*attribute.name, self.cell(attribute.ordinal)))
    }

    // ---- For those who read and write rows ----

    pub(crate) fn models(&self) -> &Arc<Resolved> {
        &self.models
    }

    pub(crate) fn model_id(&self) -> ModelId {
        self.model
    }

    /// Whether it is of this model of these models.
    pub(crate) fn is_of(&self, models: &Arc<Resolved>, model: ModelId) -> bool {
        Arc::ptr_eq(&self.models, models) && self.model == model
    }

    /// Every value, that of a hidden column included.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(crate) fn cell(&self, ordinal: u32) -> &Value {
        &self.values[ordinal as usize]
    }

    pub(crate) fn cells(&self, ordinals: &[u32]) -> Key {
        ordinals
            .iter()
            .map(|&ordinal| self.cell(ordinal).clone())
            .collect()
    }

    pub(crate) fn is_changed(&self, ordinal: u32) -> bool {
        self.changed.iter().any(|&(changed, _)| changed == ordinal)
    }

    /// What saving would write.
    pub(crate) fn pending(&self) -> Vec<(u32, Value)> {
        let changed = self.changed.iter();
        changed
            .map(|&(ordinal, _)| (ordinal, self.cell(ordinal).clone()))
            .collect()
    }

    /// Takes over what was written.
    pub(crate) fn follow(&mut self, written: Written) {
        match written {
            Written::Cells(cells) => self.accept(&cells),
            Written::Whole(saved) => *self = *saved,
        }
    }

    /// Takes note that these cells are stored; other changes stay pending.
    pub(crate) fn accept(&mut self, cells: &[(u32, Value)]) {
        for (ordinal, value) in cells {
            self.values[*ordinal as usize] = value.clone();
            self.changed.retain(|(changed, _)| changed != ordinal);
        }
        if let Some(key) = &self.stored {
            let table = self.models.schema.table(self.entry().table);
            let mut columns = table.primary_key().columns.iter();
            if columns.any(|column| cells.iter().any(|(ordinal, _)| ordinal == column)) {
                let columns = table.primary_key().columns.iter().zip(key.values());
                let written = |column: &u32| cells.iter().find(|(ordinal, _)| ordinal == column);
                let key = columns.map(|(column, before)| match written(column) {
                    Some((_, value)) => value.clone(),
                    None => before.clone(),
                });
                self.stored = Some(key.collect());
            }
        }
    }

    /// Becomes the row as it is stored. What it was linked by stays; what came below it is no longer known to be so.
    pub(crate) fn refresh(&mut self, row: RowView<'_>) {
        self.below.clear();
        self.values = row.values().into_boxed_slice();
        self.stored = Some(row.key());
        self.changed.clear();
    }

    pub(crate) fn with_junction(mut self, junction: Instance) -> Self {
        self.junction = Some(Box::new(junction));
        self
    }

    /// Takes what came below it along associations of these positions.
    pub(crate) fn with_below(mut self, below: Vec<(usize, Vec<Instance>)>) -> Self {
        self.below = below;
        self
    }

    fn below(&self, association: &str, single: bool) -> Result<&[Instance]> {
        Ok(&self.below[self.find_below(association, single)?].1)
    }

    fn below_mut(&mut self, association: &str, single: bool) -> Result<&mut [Instance]> {
        let found = self.find_below(association, single)?;
        Ok(&mut self.below[found].1)
    }

    fn find_below(&self, name: &str, single: bool) -> Result<usize> {
        let model = self.entry();
        if let Some(owner) = model.find_owner(name)
            && single
        {
            return self.find_owner_below(model, owner);
        }
        let association = model.association(name)?;
        let refuse =
            |kind, detail: String| Err(RequestError::new(kind, &*model.name, detail).into());
        if association.is_single() != single {
            let leads = if single {
                "many instances"
            } else {
                "one instance"
            };
            return refuse(
                RequestKind::Type,
                format!("association {name} leads to {leads}"),
            );
        }
        let position = model.association_position(name);
        match self.below.iter().position(|&(at, _)| Some(at) == position) {
            Some(found) => Ok(found),
            None => refuse(
                RequestKind::NotLoaded,
                format!("association {name} did not come with the instance"),
            ),
        }
    }

    /// The association of the owner that has something. Without one, all of them must have come.
    fn find_owner_below(&self, model: &ModelEntry, owner: &Owner) -> Result<usize> {
        let below = self.below.iter().enumerate();
        let mut members = below.filter(|(_, (at, _))| owner.members.contains(at));
        let first = members.clone().map(|(found, _)| found).next();
        let came = members.clone().count();
        let found = members.find(|(_, (_, instances))| !instances.is_empty());
        let empty = first.filter(|_| came == owner.members.len());
        found.map(|(found, _)| found).or(empty).ok_or_else(|| {
            let detail = format!("owner {} did not come with the instance", owner.key);
            RequestError::new(RequestKind::NotLoaded, &*model.name, detail).into()
        })
    }

    pub(crate) fn set_cell(&mut self, ordinal: u32, value: Value) {
        let before = std::mem::replace(&mut self.values[ordinal as usize], value);
        let value = &self.values[ordinal as usize];
        let noted = self
            .changed
            .iter()
            .position(|&(changed, _)| changed == ordinal);
        match noted {
            None if self.stored.is_none() || before != *value => {
                self.changed.push((ordinal, before))
            }
            Some(position) if self.stored.is_some() && self.changed[position].1 == *value => {
                self.changed.remove(position);
            }
            Some(_) | None => {}
        }
    }

    fn entry(&self) -> &ModelEntry {
        self.models.registry.model(self.model)
    }
}

/// Refuses a value that an attribute could never hold.
pub(crate) fn check_type(
    model: &ModelEntry,
    table: &Table,
    attribute: &AttributeEntry,
    value: &Value,
) -> Result<()> {
    let expected = table.columns[attribute.ordinal as usize].data_type;
    if expected.admits(value) {
        return Ok(());
    }
    let found = value.data_type().map_or("null", |found| found.name());
    let detail = format!(
        "attribute {} is of type {expected}, not {found}",
        attribute.name
    );
    Err(RequestError::new(RequestKind::Type, &*model.name, detail).into())
}

fn name_of(model: &ModelEntry, ordinal: u32) -> &str {
    model
        .attribute_of(ordinal)
        .map_or("", |attribute| &attribute.name)
}

/// Instances are equal when they are of one model and hold the same in memory; what is pending does not count apart, nor
/// does what came below them.
impl PartialEq for Instance {
    fn eq(&self, other: &Self) -> bool {
        self.model() == other.model()
            && self.stored == other.stored
            && self.values == other.values
            && self.junction == other.junction
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `User { id: 1, name: 'Ada' }`, and the row of the junction after a `via`.
impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At most one junction row stands in an instance, and none in that.
        write!(f, "{} {{", self.model())?;
        for (position, (name, value)) in self.attributes().enumerate() {
            let separator = if position == 0 { " " } else { ", " };
            write!(f, "{separator}{name}: {value}")?;
        }
        f.write_str(" }")?;
        match &self.junction {
            Some(junction) => write!(f, " via {junction}"),
            None => Ok(()),
        }
    }
}
