//! Reading instances: by key, by filter, and how many there are.
//!
//! All of them read with the default scope of the model, and find nothing that was softly deleted.
//!
//! The three places that can be read offer the same methods, from one macro, so that no trait has to be imported.

use crate::association::registry::ModelEntry;
use crate::engine::{DeletePlan, RowId};
use crate::error::Result;
use crate::expr::Expr;
use crate::model::Instance;
use crate::model::reader::{Reader, has_schema_of, reaches};
use crate::query::{Select, select};
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

        /// What is associated with an instance under a name, for reading.
        ///
        /// # Errors
        ///
        /// `UnknownAssociation`.
        pub fn related_view<'a>(
            &'a self,
            source: &'a Instance,
            association: &str,
        ) -> Result<$crate::model::RelatedView<'a>> {
            $crate::model::RelatedView::new(self.reader(), source, association)
        }

        /// What is associated with each of some instances of one model, for reading: one request, whatever their number.
        ///
        /// # Errors
        ///
        /// `UnknownAssociation`; `Type` for instances of several models.
        pub fn related_each<'a>(
            &'a self,
            sources: impl IntoIterator<Item = &'a Instance>,
            association: &str,
        ) -> Result<$crate::model::RelatedEach<'a>> {
            let sources = sources.into_iter().collect();
            $crate::model::RelatedEach::new(self.reader(), sources, association)
        }

        /// The instances of the rows that a request finds at its root, in its order: for what the other finders cannot say,
        /// such as scopes, soft deletion and order. What it includes decides about them and is not part of them.
        ///
        /// # Errors
        ///
        /// As [`Select::run`]($crate::query::Select::run).
        pub fn find_selected(&self, request: &$crate::query::Select) -> Result<Vec<Instance>> {
            self.reader().requested_instances(request)
        }

        /// How many instances of a model there are. O(1) where reads find all rows.
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

        /// Every model as text: aligned, in primary-key order, the same for the same rows. For assertions and debugging.
        /// O(cells). See [`engine::Snapshot::dump`](crate::engine::Snapshot::dump).
        pub fn dump(&self) -> String {
            self.reader().dump_all()
        }

        /// One model as text. O(cells).
        ///
        /// # Errors
        ///
        /// `UnknownTable`.
        pub fn dump_of(&self, model: &str) -> Result<String> {
            let reader = self.reader();
            Ok(reader.dump(reader.model(model)?))
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
        let mut rows: Vec<RowId> = self.find(model, key)?.into_iter().collect();
        self.found_by_default(model, &mut rows)?;
        Ok(rows.first().map(|&row| self.instance(model, row)))
    }

    pub(super) fn find_instances(self, model: &str, filter: &Expr) -> Result<Vec<Instance>> {
        let model = self.model(model)?;
        Ok(self.instances(model, &self.find_rows(model, filter)?))
    }

    /// The rows for which a filter over attributes is true and that reads find, in primary-key order.
    pub(super) fn find_rows(self, model: &ModelEntry, filter: &Expr) -> Result<Vec<RowId>> {
        match self.finds_all(model) {
            true => self.select(model, filter),
            false => self.request(&select(&*model.name).filter(filter.clone())),
        }
    }

    pub(super) fn all_instances(self, model: &str) -> Result<Vec<Instance>> {
        let model = self.model(model)?;
        let rows: Vec<RowId> = match self.finds_all(model) {
            true => self.snapshot.ids_in_key_order(model.table),
            false => self.request(&select(&*model.name))?,
        };
        Ok(self.instances(model, &rows))
    }

    pub(super) fn requested_instances(self, request: &Select) -> Result<Vec<Instance>> {
        let model = self.model(&request.model)?;
        Ok(self.instances(model, &self.request(request)?))
    }

    pub(super) fn count(self, model: &str) -> Result<usize> {
        let model = self.model(model)?;
        match self.finds_all(model) {
            true => Ok(self.snapshot.row_count(model.table)),
            false => select(&*model.name).count(&self.version()),
        }
    }

    pub(super) fn dump_all(self) -> String {
        if !has_schema_of(self.snapshot, self.models) {
            // The tables are no longer those of the models, and can still be shown.
            return self.snapshot.dump();
        }
        let models = self.models.registry.models().iter();
        let texts = models.map(|model| self.dump(model));
        texts.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn dump(self, model: &ModelEntry) -> String {
        let attributes = model.attributes().iter();
        let headings: Vec<_> = attributes.map(|it| (&*it.name, it.ordinal)).collect();
        self.snapshot.dump_as(model.table, &model.name, &headings)
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
        if !self.finds_all(model) || reaches(model, filter) {
            let request = select(&*model.name).filter(filter.clone());
            return request.count(&self.version());
        }
        let (filter, now) = self.bind(model, filter)?;
        self.snapshot
            .count_where(model.table, &filter, now.as_slice())
    }
}
