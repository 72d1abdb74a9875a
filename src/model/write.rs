//! Writing instances: create, update, save, destroy, restore.
//!
//! Each is one statement of the engine, and so atomic by itself, or with its hooks one savepoint; `lifecycle` sees to both,
//! and to validation. The time of a creation is a default of its columns;
//! the time of an update is written here, with every row that is written through its model, and only then: what changes
//! nothing writes nothing. What the caller gives for them stands.

use crate::association::registry::ModelEntry;
use crate::engine::{Affected, RowId};
use crate::error::{RequestError, RequestKind, Result, Show};
use crate::expr::Expr;
use crate::model::instance::{Written, check_type};
use crate::model::lifecycle::{Call, Going, Sort};
use crate::model::resolve::Resolved;
use crate::model::{Instance, Transaction, Values};
use crate::value::Value;

/// Values by the ordinals of columns.
pub(crate) type Assignments = Vec<(u32, Value)>;

/// The methods that write, for a type with `write(|transaction| ..)`.
macro_rules! write_methods {
    () => {
        /// Inserts an instance. Attributes that are not given take their defaults.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, `UnknownColumn`, `Type`; [`Error::Validation`](crate::Error::Validation) if the model's rules
        /// refuse the values; what a hook gives; a constraint error if the row may not stand. Nothing is changed then.
        pub fn create(&mut self, model: &str, values: impl Into<Values>) -> Result<Instance> {
            self.write(|transaction| transaction.create_one(model, values.into()))
        }

        /// Inserts instances as one statement, all or none; in the order of the values.
        ///
        /// # Errors
        ///
        /// As `create`.
        pub fn create_many<V: Into<Values>>(
            &mut self,
            model: &str,
            rows: impl IntoIterator<Item = V>,
        ) -> Result<Vec<Instance>> {
            let rows = rows.into_iter().map(Into::into);
            self.write(|transaction| transaction.create_all(model, rows))
        }

        /// Inserts an instance and what is below it: parents first, then the row itself, then those that refer to it, then
        /// rows of junctions. Keys come from the nesting, and scopes are kept, whatever is given for them. All or nothing
        /// (associations CR-1 to CR-17, beyond BY-12).
        ///
        /// Attributes for the row of a junction ride with its target, under the name of the junction's model. The instance
        /// has what was created below it: see [`Instance::one`] and [`Instance::many`].
        ///
        /// ```
        /// # use relata::{Attribute, DataType, HasMany, Models, tree};
        /// # let mut models = Models::new();
        /// # models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
        /// # models.define_with("Task", |task| task.attribute(Attribute::new("title", DataType::Text)));
        /// # models.has_many("User", HasMany::new("Task").alias("tasks"));
        /// # let mut db = models.sync()?;
        /// let ada = db.create_tree("User", tree! { name: "Ada", tasks: [{ title: "Note F" }, { title: "Note G" }] })?;
        /// assert_eq!(ada.many("tasks")?[1].get("UserId")?, ada.get("id")?);
        /// # Ok::<(), relata::Error>(())
        /// ```
        ///
        /// # Errors
        ///
        /// As `create`; `UnknownAssociation`; `Type` for a list under an association to one or a single row under one to
        /// many; `Unsaved` if a row has no value in the key that those below refer to it by; `Unsupported` for an include
        /// with more than names; `Limit` for trees nested too deep.
        pub fn create_tree(&mut self, model: &str, tree: impl Into<Tree>) -> Result<Instance> {
            self.write(|transaction| transaction.create_nested(model, tree.into()))
        }

        /// As [`create_tree`](Self::create_tree) for each of several trees, all or none; in their order.
        ///
        /// # Errors
        ///
        /// As `create_tree`.
        pub fn create_trees<T: Into<Tree>>(
            &mut self,
            model: &str,
            trees: impl IntoIterator<Item = T>,
        ) -> Result<Vec<Instance>> {
            let trees = trees.into_iter().map(Into::into);
            self.write(|transaction| transaction.create_all_nested(model, trees))
        }

        /// Writes values into the row of an instance, and what was written into the instance. Other changes in memory
        /// stay pending.
        ///
        /// # Errors
        ///
        /// `Unsaved`; `NotFound` if the row is gone; `UnknownColumn`, `Type`; `Validation`, what a hook gives; a constraint
        /// error if the row may not stand so. Row and instance are as before then.
        pub fn update(&mut self, instance: &mut Instance, values: impl Into<Values>) -> Result<()> {
            let written =
                self.write(|transaction| transaction.update_one(instance, values.into()))?;
            instance.follow(written);
            Ok(())
        }

        /// Writes what was changed in memory and nothing else; inserts an instance that was never saved.
        ///
        /// # Errors
        ///
        /// As `update` and `create`.
        pub fn save(&mut self, instance: &mut Instance) -> Result<()> {
            let written = self.write(|transaction| transaction.save_one(instance))?;
            instance.follow(written);
            Ok(())
        }

        /// Writes values into every row for which a filter over attributes is true.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, `UnknownColumn`, `Type`; `Validation`, what a hook gives; a constraint error if a row may not
        /// stand so. Nothing is changed then.
        pub fn update_where(
            &mut self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
            values: impl Into<Values>,
        ) -> Result<Affected> {
            let (filter, values): (Expr, Values) = (filter.into(), values.into());
            self.write(|transaction| transaction.update_selected(model, &filter, values))
        }

        /// Deletes the row of an instance, and what ON DELETE takes along. A row that is gone already is no error and
        /// counts none. Where the model deletes softly, the row stays and takes the time; nothing goes along.
        ///
        /// What goes along by a CASCADE of an association with `hooks(true)` is destroyed one by one, so that its own hooks
        /// run (associations HK-1); no such thing happens where several instances are destroyed by one call.
        ///
        /// # Errors
        ///
        /// `Unsaved`, what a hook gives, or a constraint error if a reference forbids it. Nothing is changed then.
        pub fn destroy(&mut self, instance: &Instance) -> Result<Affected> {
            let going = $crate::model::lifecycle::Going::AsDeclared;
            self.write(|transaction| transaction.destroy_one(instance, going))
        }

        /// Deletes the row of an instance even where its model deletes softly, and what ON DELETE takes along.
        ///
        /// # Errors
        ///
        /// As `destroy`.
        pub fn destroy_forced(&mut self, instance: &Instance) -> Result<Affected> {
            let going = $crate::model::lifecycle::Going::Forced;
            self.write(|transaction| transaction.destroy_one(instance, going))
        }

        /// Makes an instance that was softly deleted one that reads find. One that was not is left as it is.
        ///
        /// # Errors
        ///
        /// `Unsupported` if the model does not delete softly; `NotFound` if the row is gone; `Unsaved`.
        pub fn restore(&mut self, instance: &mut Instance) -> Result<()> {
            let written = self.write(|transaction| transaction.restore_one(instance))?;
            instance.follow(written);
            Ok(())
        }

        /// Makes every instance that was softly deleted, and for which a filter over attributes is true, one that reads
        /// find. The rows that were restored are counted.
        ///
        /// # Errors
        ///
        /// `Unsupported` if the model does not delete softly; `UnknownTable`, or what is wrong with the filter.
        pub fn restore_where(
            &mut self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
        ) -> Result<Affected> {
            let filter: Expr = filter.into();
            self.write(|transaction| transaction.restore_selected(model, &filter))
        }

        /// Deletes every row for which a filter over attributes is true, and what ON DELETE takes along.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, what is wrong with the filter, or a constraint error if a reference forbids it. Nothing is
        /// changed then.
        pub fn destroy_where(
            &mut self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
        ) -> Result<Affected> {
            let filter: Expr = filter.into();
            self.write(|transaction| transaction.destroy_selected(model, &filter))
        }

        /// An instance in memory alone, which `save` inserts.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, `UnknownColumn`, `Type`.
        pub fn build(&self, model: &str, values: impl Into<Values>) -> Result<Instance> {
            let reader = self.reader();
            let model = reader.model(model)?;
            let given = $crate::model::write::assignments(reader.models, model, values.into())?;
            Ok(Instance::built(reader.models, model.id, given))
        }

        /// Makes an instance what its row is now; changes in memory are lost.
        ///
        /// # Errors
        ///
        /// `Unsaved`; `NotFound` if the row is gone, and the instance is as before.
        pub fn reload(&self, instance: &mut Instance) -> Result<()> {
            let reader = self.reader();
            let model = reader.model_of(instance)?;
            let row = reader.row_of(instance)?;
            let row = row.ok_or_else(|| $crate::model::write::gone(instance))?;
            instance.refresh(reader.view(model, row));
            Ok(())
        }
    };
}

pub(super) use write_methods;

impl Transaction<'_> {
    pub(super) fn create_one(&mut self, model: &str, values: Values) -> Result<Instance> {
        let model = self.model(model)?;
        let cells = assignments(self.models(), model, values)?;
        self.create_row(model, cells, None)
    }

    pub(super) fn create_all(
        &mut self,
        model: &str,
        rows: impl Iterator<Item = Values>,
    ) -> Result<Vec<Instance>> {
        let model = self.model(model)?;
        let models = self.models();
        let rows: Vec<_> = rows
            .map(|values| assignments(models, model, values))
            .collect::<Result<_>>()?;
        let created = self.create_rows(model, rows)?;
        Ok(created.into_instances(self.reader(), model))
    }

    pub(super) fn update_one(&mut self, instance: &Instance, values: Values) -> Result<Written> {
        let model = self.model_of(instance)?;
        let cells = assignments(self.models(), model, values)?;
        self.write_cells(model, instance, cells)
    }

    pub(super) fn save_one(&mut self, instance: &Instance) -> Result<Written> {
        let model = self.model_of(instance)?;
        match instance.is_saved() {
            true => self.write_cells(model, instance, instance.pending()),
            false => self.insert_built(model, instance.pending()),
        }
    }

    pub(super) fn update_selected(
        &mut self,
        model: &str,
        filter: &Expr,
        values: Values,
    ) -> Result<Affected> {
        let model = self.model(model)?;
        let cells = assignments(self.models(), model, values)?;
        let rows = self.reader().select(model, filter)?;
        self.write_rows(model, with_each(rows, &cells), Call::MANY, Sort::Update)
    }

    pub(super) fn destroy_one(&mut self, instance: &Instance, going: Going) -> Result<Affected> {
        let model = self.model_of(instance)?;
        let row = self.reader().row_of(instance)?;
        self.destroy_each(model, row.as_slice(), going)
    }

    pub(super) fn restore_one(&mut self, instance: &Instance) -> Result<Written> {
        let model = self.model_of(instance)?;
        let cells = vec![(deleted_at(model)?, Value::Null)];
        let row = self.reader().row_of(instance)?;
        match row.is_some_and(|row| !self.reader().is_deleted(model, row)) {
            true => Ok(Written::Cells(cells)),
            false => self.write_one(model, instance, cells, Sort::Restore),
        }
    }

    pub(super) fn restore_selected(&mut self, model: &str, filter: &Expr) -> Result<Affected> {
        let model = self.model(model)?;
        let cells = vec![(deleted_at(model)?, Value::Null)];
        let rows = self.reader().select_deleted(model, filter)?;
        self.write_rows(model, with_each(rows, &cells), Call::MANY, Sort::Restore)
    }

    pub(super) fn destroy_selected(&mut self, model: &str, filter: &Expr) -> Result<Affected> {
        let model = self.model(model)?;
        let rows = self.reader().select(model, filter)?;
        self.destroy_rows(model, &rows, Call::MANY, Going::AsDeclared)
    }
}

impl<'db> Transaction<'db> {
    /// Inserts the row of an instance that was never saved.
    pub(crate) fn insert_built(
        &mut self,
        model: &'db ModelEntry,
        cells: Assignments,
    ) -> Result<Written> {
        let created = self.create_row(model, cells, None)?;
        Ok(Written::Whole(Box::new(created)))
    }
}

/// The same cells for each row, with room for the time of the update.
fn with_each(rows: Vec<RowId>, cells: &Assignments) -> Vec<(RowId, Assignments)> {
    let with = |row| {
        let mut own = Assignments::with_capacity(cells.len() + 1);
        own.extend_from_slice(cells);
        (row, own)
    };
    rows.into_iter().map(with).collect()
}

/// The column that holds when an instance was destroyed.
fn deleted_at(model: &ModelEntry) -> Result<u32> {
    model.deleted_at.ok_or_else(|| {
        let detail = "instances are not softly deleted, and so cannot be restored";
        RequestError::new(RequestKind::Unsupported, &*model.name, detail).into()
    })
}

/// Names to ordinals, with types checked; an attribute given twice is refused.
pub(crate) fn assignments(
    models: &Resolved,
    model: &ModelEntry,
    values: Values,
) -> Result<Assignments> {
    let table = models.schema.table(model.table);
    let mut cells = Assignments::with_capacity(values.iter().len() + 1);
    for (name, value) in values {
        let attribute = model.attribute(&name)?;
        if cells.iter().any(|&(given, _)| given == attribute.ordinal) {
            let detail = format!("attribute {name} is given twice");
            return Err(RequestError::new(RequestKind::Repeated, &*model.name, detail).into());
        }
        check_type(model, table, attribute, &value)?;
        cells.push((attribute.ordinal, value));
    }
    Ok(cells)
}

/// The error for an instance whose row is no longer there.
pub(crate) fn gone(instance: &Instance) -> crate::error::Error {
    let key = instance.key().ok();
    let detail = |show: Show| {
        let key = key.map_or_else(String::new, |key| format!(" {}", show.key(key)));
        format!("there is no row{key} any more")
    };
    RequestError::with_values(RequestKind::NotFound, instance.model(), detail).into()
}
