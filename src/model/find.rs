//! Reading instances: by key, by filter, and how many there are.
//!
//! The three places that can be read offer the same methods, from one macro, so that no trait has to be imported.

use crate::engine::{DeletePlan, RowId};
use crate::error::Result;
use crate::expr::Expr;
use crate::model::Instance;
use crate::model::reader::Reader;
use crate::value::Key;

/// The methods that read, for a type with a `reader()`.
macro_rules! read_methods {
    () => {
        /// The instance with this primary key, if there is one. O(1).
        ///
        /// # Errors
        ///
        /// `UnknownTable`; `KeyLength` or `Type` for what can be no key of the model.
        pub fn find(
            &self,
            model: &str,
            key: impl Into<$crate::value::Key>,
        ) -> Result<Option<Instance>> {
            self.reader().find_instance(model, &key.into())
        }

        /// The instances for which a filter over attributes is true, in primary-key order. O(rows), or as many as there
        /// are for the values that the filter gives of a unique key, a foreign key or an index.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, or what is wrong with the filter.
        pub fn find_by(
            &self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
        ) -> Result<Vec<Instance>> {
            self.reader().find_instances(model, &filter.into())
        }

        /// Every instance of a model, in primary-key order. O(rows).
        ///
        /// # Errors
        ///
        /// `UnknownTable`.
        pub fn find_all(&self, model: &str) -> Result<Vec<Instance>> {
            self.reader().all_instances(model)
        }

        /// How many instances of a model there are. O(1).
        ///
        /// # Errors
        ///
        /// `UnknownTable`.
        pub fn count(&self, model: &str) -> Result<usize> {
            self.reader().count(model)
        }

        /// For how many instances a filter over attributes is true. As `find_by`.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, or what is wrong with the filter.
        pub fn count_by(
            &self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
        ) -> Result<usize> {
            self.reader().count_by(model, &filter.into())
        }

        /// What destroying an instance would take out and write, and what would forbid it; nothing is changed. The plan is
        /// in tables and columns. A row that is gone already is no error and plans nothing.
        ///
        /// # Errors
        ///
        /// `Unsaved`, or `Limit` if it would change more rows than a statement may.
        pub fn plan_destroy(&self, instance: &Instance) -> Result<$crate::engine::DeletePlan> {
            self.reader().plan_destroy(instance)
        }

        /// What destroying the instances for which a filter over attributes is true would take out and write, and what
        /// would forbid it; nothing is changed. The plan is in tables and columns.
        ///
        /// # Errors
        ///
        /// `UnknownTable`, what is wrong with the filter, or `Limit` if it would change more rows than a statement may.
        pub fn plan_destroy_where(
            &self,
            model: &str,
            filter: impl Into<$crate::expr::Expr>,
        ) -> Result<$crate::engine::DeletePlan> {
            self.reader().plan_destroy_where(model, &filter.into())
        }

        /// A model as data: its attributes, associations and accessors.
        ///
        /// # Errors
        ///
        /// `UnknownTable`.
        pub fn describe(&self, name: &str) -> Result<$crate::model::ModelView<'_>> {
            let reader = self.reader();
            let entry = reader.model(name)?;
            Ok($crate::model::ModelView::new(
                &reader.models.registry,
                entry,
            ))
        }

        /// Every model as data, in the order of their definitions.
        pub fn describe_all(&self) -> impl ExactSizeIterator<Item = $crate::model::ModelView<'_>> {
            let registry = &self.reader().models.registry;
            registry
                .models()
                .iter()
                .map(|entry| $crate::model::ModelView::new(registry, entry))
        }

        /// The tables of the models.
        pub fn schema(&self) -> &Arc<$crate::schema::Schema> {
            self.reader().snapshot.schema()
        }

        /// One number for the whole state. See
        /// [`engine::Snapshot::fingerprint`](crate::engine::Snapshot::fingerprint).
        pub fn fingerprint(&self) -> u64 {
            self.reader().snapshot.fingerprint()
        }

        /// What is wrong with the state, recomputed from the rows. See
        /// [`engine::Snapshot::check_integrity`](crate::engine::Snapshot::check_integrity).
        ///
        /// # Errors
        ///
        /// The differences, at least one.
        pub fn check_integrity(&self) -> Result<(), Vec<String>> {
            self.reader().snapshot.check_integrity()
        }

        /// What the version is made of. O(pages).
        pub fn storage(&self) -> $crate::engine::StorageStats {
            self.reader().snapshot.storage()
        }
    };
}

pub(super) use read_methods;

impl Reader<'_> {
    pub(super) fn find_instance(self, model: &str, key: &Key) -> Result<Option<Instance>> {
        let model = self.model(model)?;
        let row = self.find(model, key)?;
        Ok(row.map(|row| self.instance(model, row)))
    }

    pub(super) fn find_instances(self, model: &str, filter: &Expr) -> Result<Vec<Instance>> {
        let model = self.model(model)?;
        Ok(self.instances(model, &self.select(model, filter)?))
    }

    pub(super) fn all_instances(self, model: &str) -> Result<Vec<Instance>> {
        let model = self.model(model)?;
        let rows: Vec<RowId> = self.snapshot.ids_in_key_order(model.table);
        Ok(self.instances(model, &rows))
    }

    pub(super) fn count(self, model: &str) -> Result<usize> {
        Ok(self.snapshot.row_count(self.model(model)?.table))
    }

    pub(super) fn plan_destroy(self, instance: &Instance) -> Result<DeletePlan> {
        let model = self.model_of(instance)?;
        let row = self.row_of(instance)?;
        self.snapshot.plan_delete_rows(model.table, row.as_slice())
    }

    pub(super) fn plan_destroy_where(self, model: &str, filter: &Expr) -> Result<DeletePlan> {
        let model = self.model(model)?;
        let rows = self.select(model, filter)?;
        self.snapshot.plan_delete_rows(model.table, &rows)
    }

    pub(super) fn count_by(self, model: &str, filter: &Expr) -> Result<usize> {
        let model = self.model(model)?;
        let filter = filter.bind(&self.attributes(model))?;
        Ok(self.snapshot.rows_where(model.table, &filter).count())
    }
}
