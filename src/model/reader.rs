//! One version seen through the models: what reading and writing share.
//!
//! Names of models and attributes end here; below, everything is ids and ordinals. The models and the version must be
//! of one schema, and that is checked where a name comes in, so that no id is ever used with another schema's tables.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::association::attributes::Attributes;
use crate::association::registry::ModelEntry;
use crate::engine;
use crate::engine::{RowId, RowView};
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::{Bound, Expr, col};
use crate::model::Instance;
use crate::model::resolve::Resolved;
use crate::query::{ScopeChoice, Select, Version, select};
use crate::schema::Table;
use crate::value::{Key, Value};

/// A version and its models, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) snapshot: &'a engine::Snapshot,
    pub(crate) models: &'a Arc<Resolved>,
    /// Of the transaction that reads, if one does.
    pub(crate) time: Option<&'a engine::Time>,
}

impl<'a> Reader<'a> {
    /// The model of this name.
    pub(crate) fn model(self, name: &str) -> Result<&'a ModelEntry> {
        check_schema(self.snapshot, self.models, name)?;
        self.models.registry.by_name(name)
    }

    /// The model of an instance, which must be of these models.
    pub(crate) fn model_of(self, instance: &Instance) -> Result<&'a ModelEntry> {
        check_schema(self.snapshot, self.models, instance.model())?;
        check_origin(self.models, instance)?;
        Ok(self.models.registry.model(instance.model_id()))
    }

    /// The same for requests.
    pub(crate) fn version(self) -> Version<'a> {
        let version = Version::new(self.snapshot, &self.models.registry);
        let version = version.with_scopes(&self.models.scopes);
        match self.time {
            Some(time) => version.with_time(time),
            None => version,
        }
    }

    pub(crate) fn table(self, model: &ModelEntry) -> &'a Table {
        self.models.schema.table(model.table)
    }

    /// The row with this primary key.
    pub(crate) fn find(self, model: &ModelEntry, key: &Key) -> Result<Option<RowId>> {
        let columns = &self.table(model).primary_key().columns;
        check_key(self.table(model), &model.name, columns, key)?;
        Ok(self.snapshot.find(model.table, 0, key))
    }

    /// The row of an instance that was saved, if it is still there.
    pub(crate) fn row_of(self, instance: &Instance) -> Result<Option<RowId>> {
        let model = self.model_of(instance)?;
        Ok(self.snapshot.find(model.table, 0, instance.key()?))
    }

    pub(crate) fn view(self, model: &ModelEntry, row: RowId) -> RowView<'a> {
        self.snapshot.view(model.table, row)
    }

    pub(crate) fn instance(self, model: &ModelEntry, row: RowId) -> Instance {
        Instance::stored(self.models, model.id, self.view(model, row))
    }

    pub(crate) fn instances(self, model: &ModelEntry, rows: &[RowId]) -> Vec<Instance> {
        rows.iter().map(|&row| self.instance(model, row)).collect()
    }

    /// The rows for which a filter over attributes is true and that are not softly deleted, in primary-key order. Scopes of
    /// the model are not looked at.
    pub(crate) fn select(self, model: &ModelEntry, filter: &Expr) -> Result<Vec<RowId>> {
        let mut rows = self.passing(model, filter)?;
        rows.retain(|&row| !self.is_deleted(model, row));
        Ok(rows)
    }

    /// A filter over attributes, with the time if it asks for that.
    pub(crate) fn bind(self, model: &ModelEntry, filter: &Expr) -> Result<(Bound, Option<Value>)> {
        filter.bind_at(&self.attributes(model), || self.version().now())
    }

    /// As [`select`](Reader::select), of those that are softly deleted.
    pub(crate) fn select_deleted(self, model: &ModelEntry, filter: &Expr) -> Result<Vec<RowId>> {
        let mut rows = self.passing(model, filter)?;
        rows.retain(|&row| self.is_deleted(model, row));
        Ok(rows)
    }

    /// The rows for which a filter is true, softly deleted or not, in primary-key order.
    fn passing(self, model: &ModelEntry, filter: &Expr) -> Result<Vec<RowId>> {
        if reaches(model, filter) {
            let request = select(&*model.name).unscoped().with_deleted();
            return self.request(&request.filter(filter.clone()));
        }
        let (filter, now) = self.bind(model, filter)?;
        self.snapshot
            .ids_where(model.table, &filter, now.as_slice())
    }

    /// Whether a row was softly deleted.
    pub(crate) fn is_deleted(self, model: &ModelEntry, row: RowId) -> bool {
        let deleted_at = model.deleted_at;
        deleted_at.is_some_and(|ordinal| !self.view(model, row).value(ordinal).is_null())
    }

    /// Whether reads of a model find all its rows: it has no default scope, and rows are not softly deleted.
    pub(crate) fn finds_all(self, model: &ModelEntry) -> bool {
        let scopes = self.models.scopes.of(model.id);
        model.deleted_at.is_none() && scopes.is_none_or(|scopes| scopes.default.is_none())
    }

    /// The rows that a request finds at its root, in its order.
    pub(crate) fn request(self, request: &Select) -> Result<Vec<RowId>> {
        let version = self.version();
        let rows = request.run(&version)?;
        Ok(rows.iter().map(|record| record.view().id).collect())
    }

    /// What the default scope of a model and soft deletion leave of some of its rows, in their order. Its order and limit
    /// say nothing about single rows.
    pub(crate) fn found_by_default(self, model: &ModelEntry, rows: &mut Vec<RowId>) -> Result<()> {
        if rows.is_empty() || self.finds_all(model) {
            return Ok(());
        }
        let mut request = select(&*model.name).unscoped();
        let default = self.models.scopes.chosen(model, &ScopeChoice::Default)?;
        if let Some(default) = default {
            request.criteria.filters = default.filters;
            request.criteria.includes = default.includes;
        }
        if let [row] = rows[..] {
            request = self.filtered_by_key(model, row, request);
        }
        let found: BTreeSet<RowId> = self.request(&request)?.into_iter().collect();
        rows.retain(|row| found.contains(row));
        Ok(())
    }

    /// A request for one row at most, where the primary key has a name.
    fn filtered_by_key(self, model: &ModelEntry, row: RowId, mut request: Select) -> Select {
        let columns = &self.table(model).primary_key().columns;
        for (&ordinal, value) in columns.iter().zip(self.view(model, row).key().iter()) {
            if let Some(attribute) = model.attribute_of(ordinal) {
                request = request.filter(col(&*attribute.name).eq(value.clone()));
            }
        }
        request
    }

    /// What names mean in a filter over a model.
    pub(crate) fn attributes<'m>(self, model: &'m ModelEntry) -> Attributes<'m>
    where
        'a: 'm,
    {
        Attributes::new(model, self.table(model))
    }
}

/// Whether a filter reads more than the attributes of its row.
pub(crate) fn reaches(model: &ModelEntry, filter: &Expr) -> bool {
    filter.reaches(|name| model.find_attribute(name).is_some())
}

/// Whether the ids of the models mean something in a version.
pub(crate) fn has_schema_of(snapshot: &engine::Snapshot, models: &Resolved) -> bool {
    Arc::ptr_eq(snapshot.schema(), &models.schema)
}

/// Refuses a version of another schema, which the engine's own database can bring in.
pub(crate) fn check_schema(
    snapshot: &engine::Snapshot,
    models: &Resolved,
    subject: &str,
) -> Result<()> {
    if has_schema_of(snapshot, models) {
        return Ok(());
    }
    let detail = "the database no longer has the schema of its models";
    Err(RequestError::new(RequestKind::SchemaChanged, subject, detail).into())
}

/// Refuses an instance of another set of models, whose ids mean nothing here.
pub(crate) fn check_origin(models: &Arc<Resolved>, instance: &Instance) -> Result<()> {
    if Arc::ptr_eq(models, instance.models()) {
        return Ok(());
    }
    let detail = "the instance is of a database with other models";
    Err(RequestError::new(RequestKind::SchemaChanged, instance.model(), detail).into())
}

/// Refuses values that could never be in these columns: too few, too many, or of another type (associations FK-20).
pub(crate) fn check_key(
    table: &Table,
    subject: &dyn fmt::Display,
    columns: &[u32],
    values: &[Value],
) -> Result<()> {
    if values.len() != columns.len() {
        let detail = format!(
            "the key has {} attributes, not {}",
            columns.len(),
            values.len()
        );
        return Err(RequestError::new(RequestKind::KeyLength, subject.to_string(), detail).into());
    }
    for (&ordinal, value) in columns.iter().zip(values) {
        let column = &table.columns[ordinal as usize];
        if !column.data_type.admits(value) {
            let found = value.data_type().map_or("null", |found| found.name());
            let detail = format!(
                "a key of {} is of type {}, not {found}",
                table.name, column.data_type
            );
            return Err(RequestError::new(RequestKind::Type, subject.to_string(), detail).into());
        }
    }
    Ok(())
}
