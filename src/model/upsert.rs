//! Writing what may be there already: find or create, find or build, insert or update.
//!
//! The row is looked up first, and what follows is a creation or an update like any other, with its validation and hooks.
//! Nobody writes in between, so nothing has to be tried twice.

use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::{Expr, all, col};
use crate::model::lifecycle::Sort;
use crate::model::reader::Reader;
use crate::model::write::{Assignments, assignments};
use crate::model::{Instance, Transaction, Values};
use crate::schema::UniqueKey;
use crate::value::{Key, Value};

/// The methods that write or find, for a type with `write(|transaction| ..)` and `reader()`.
macro_rules! upsert_methods {
    () => {
        /// The first instance, by primary key, with these values, or a new one with them and with `defaults`; whether it is
        /// new. Where both give an attribute, the new one has that of `defaults`. It is looked for as by
        /// [`find_by`](Self::find_by): what the default scope leaves out or was softly deleted is not found.
        ///
        /// ```
        /// # use relata::{Attribute, DataType, Models, values};
        /// # let mut models = Models::new();
        /// # let text = |name: &str| Attribute::new(name, DataType::Text);
        /// # models.define_with("User", |user| user.attribute(text("email").unique()).attribute(text("name")));
        /// # let mut db = models.sync()?;
        /// let email = values! { email: "ada@example.org" };
        /// let (ada, is_new) = db.find_or_create("User", email.clone(), values! { name: "Ada" })?;
        /// assert!(is_new);
        /// assert_eq!(db.find_or_create("User", email, values! { name: "?" })?, (ada, false));
        /// # Ok::<(), relata::Error>(())
        /// ```
        ///
        /// # Errors
        ///
        /// As [`create`](Self::create).
        pub fn find_or_create(
            &mut self,
            model: &str,
            values: impl Into<Values>,
            defaults: impl Into<Values>,
        ) -> Result<(Instance, bool)> {
            let (values, defaults) = (values.into(), defaults.into());
            self.write(|transaction| transaction.find_or_create_one(model, values, defaults))
        }

        /// As [`find_or_create`](Self::find_or_create), with a new instance in memory alone, which `save` inserts.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, `UnknownColumn`, `Type`.
        pub fn find_or_build(
            &self,
            model: &str,
            values: impl Into<Values>,
            defaults: impl Into<Values>,
        ) -> Result<(Instance, bool)> {
            let reader = self.reader();
            let entry = reader.model(model)?;
            let (values, defaults) = (values.into(), defaults.into());
            match reader.find_or_cells(entry, values, defaults)? {
                Ok(found) => Ok((found, false)),
                Err(cells) => Ok((Instance::built(reader.models, entry.id, cells), true)),
            }
        }

        /// Inserts an instance, or writes its values into the row that has its key; whether it is new.
        ///
        /// The first unique key of which `values` gives every attribute decides, the primary key before those that are
        /// declared; one that waits for commit or has a filter never does. Without one, the instance is inserted. A row that
        /// was softly deleted is found as well, and restored.
        ///
        /// ```
        /// # use relata::{Attribute, DataType, Models, values};
        /// # let mut models = Models::new();
        /// # let text = |name: &str| Attribute::new(name, DataType::Text);
        /// # models.define_with("User", |user| user.attribute(text("email").unique()).attribute(text("name")));
        /// # let mut db = models.sync()?;
        /// let (_, is_new) = db.upsert("User", values! { email: "ada@example.org", name: "Ada" })?;
        /// assert!(is_new);
        /// let (ada, is_new) = db.upsert("User", values! { email: "ada@example.org", name: "Ada L." })?;
        /// assert!(!is_new);
        /// assert_eq!((db.count("User")?, ada.get("name")?.as_str()), (1, Some("Ada L.")));
        /// # Ok::<(), relata::Error>(())
        /// ```
        ///
        /// # Errors
        ///
        /// As [`create`](Self::create) and [`update`](Self::update).
        pub fn upsert(
            &mut self,
            model: &str,
            values: impl Into<Values>,
        ) -> Result<(Instance, bool)> {
            self.write(|transaction| transaction.upsert_one(model, None, values.into()))
        }

        /// As [`upsert`](Self::upsert), where the unique key of these attributes decides, in whatever order they are.
        ///
        /// # Errors
        ///
        /// As `upsert`; `UnknownConstraint` if there is no such key, `KeyLength` if `values` does not give every attribute
        /// of it, `Unsupported` if it waits for commit.
        pub fn upsert_by<'n>(
            &mut self,
            model: &str,
            key: impl IntoIterator<Item = &'n str>,
            values: impl Into<Values>,
        ) -> Result<(Instance, bool)> {
            let key: Vec<&str> = key.into_iter().collect();
            self.write(|transaction| transaction.upsert_one(model, Some(&key), values.into()))
        }
    };
}

pub(super) use upsert_methods;

impl Transaction<'_> {
    pub(super) fn find_or_create_one(
        &mut self,
        model: &str,
        values: Values,
        defaults: Values,
    ) -> Result<(Instance, bool)> {
        let model = self.model(model)?;
        match self.reader().find_or_cells(model, values, defaults)? {
            Ok(found) => Ok((found, false)),
            Err(cells) => Ok((self.create_row(model, cells, None)?, true)),
        }
    }

    pub(super) fn upsert_one(
        &mut self,
        model: &str,
        key: Option<&[&str]>,
        values: Values,
    ) -> Result<(Instance, bool)> {
        let model = self.model(model)?;
        let mut cells = assignments(self.models(), model, values)?;
        let reader = self.reader();
        let row = match key {
            Some(key) => reader.find_by_key(model, key, &cells)?,
            None => reader.find_by_any_key(model, &cells),
        };
        let Some(row) = row else {
            return Ok((self.create_row(model, cells, None)?, true));
        };
        if let Some(deleted_at) = model.deleted_at
            && reader.is_deleted(model, row)
            && cells.iter().all(|&(given, _)| given != deleted_at)
        {
            cells.push((deleted_at, Value::Null));
        }
        let mut instance = reader.instance(model, row);
        let written = self.write_one(model, &instance, cells, Sort::Update)?;
        instance.follow(written);
        Ok((instance, false))
    }
}

impl Reader<'_> {
    /// The first instance with these values, or the cells of one to be.
    pub(super) fn find_or_cells(
        self,
        model: &ModelEntry,
        values: Values,
        mut defaults: Values,
    ) -> Result<Result<Instance, Assignments>> {
        // What is wrong with a name or a type is told as for a creation.
        assignments(self.models, model, values.clone())?;
        let is = |(name, value): (&str, &Value)| match value {
            Value::Null => col(name).is_null(),
            value => col(name).eq(value.clone()),
        };
        let filter: Expr = all(values.iter().map(is));
        if let Some(&row) = self.find_rows(model, &filter)?.first() {
            return Ok(Ok(self.instance(model, row)));
        }
        for (name, value) in values {
            if defaults.get(&name).is_none() {
                defaults.push(name, value);
            }
        }
        Ok(Err(assignments(self.models, model, defaults)?))
    }

    /// The row that has a unique key of which every column is given, by the first such key.
    fn find_by_any_key(self, model: &ModelEntry, cells: &Assignments) -> Option<RowId> {
        let keys = &self.table(model).keys;
        let decides = |key: &UniqueKey| key.filter.is_none() && !key.deferral.is_deferrable();
        let mut given = keys.iter().enumerate().filter(|(_, key)| decides(key));
        let (position, key) = given.find_map(|(at, key)| Some((at, given_key(key, cells)?)))?;
        self.snapshot.find(model.table, position, &key)
    }

    /// The row that has the unique key of these attributes.
    fn find_by_key(
        self,
        model: &ModelEntry,
        names: &[&str],
        cells: &Assignments,
    ) -> Result<Option<RowId>> {
        let refuse =
            |kind, detail: String| Err(RequestError::new(kind, &*model.name, detail).into());
        let attributes = names.iter().map(|name| Ok(model.attribute(name)?.ordinal));
        let columns: Vec<u32> = attributes.collect::<Result<_>>()?;
        let names = names.join(", ");
        let is_it = |key: &&UniqueKey| {
            let all = key.columns.iter().all(|column| columns.contains(column));
            all && key.columns.len() == columns.len() && key.filter.is_none()
        };
        let keys = &self.table(model).keys;
        let Some((position, key)) = keys.iter().enumerate().find(|(_, key)| is_it(key)) else {
            let detail = format!("no unique key of ({names})");
            return refuse(RequestKind::UnknownConstraint, detail);
        };
        if key.deferral.is_deferrable() {
            let detail = format!("the unique key of ({names}) waits for commit and cannot decide");
            return refuse(RequestKind::Unsupported, detail);
        }
        let Some(key) = given_key(key, cells) else {
            let detail = format!("no value is given for some of ({names})");
            return refuse(RequestKind::KeyLength, detail);
        };
        Ok(self.snapshot.find(model.table, position, &key))
    }
}

/// The values that are given for a key; none if one is not given.
fn given_key(key: &UniqueKey, cells: &Assignments) -> Option<Key> {
    let given = |column: &u32| {
        let mut cells = cells.iter();
        cells.find_map(|(given, value)| (given == column).then(|| value.clone()))
    };
    key.columns
        .iter()
        .map(given)
        .collect::<Option<Vec<Value>>>()
        .map(Key::from)
}
