//! All models with every name resolved, and how they are found.
//!
//! A registry belongs to one schema: its tables, columns and foreign keys are ids and ordinals of that schema. Below it
//! nothing handles names of models, attributes or associations.
//!
//! - A model is over one table, and no two models are over the same table.
//! - Attributes stand in the order of the columns. A column that was renamed by `field` has two names: requests use the
//!   attribute's. A hidden column is no attribute.
//! - Associations stand in the order of their definitions (associations AS-3). Those of an owner are among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::association::link::Association;
use crate::association::naming::Names;
use crate::association::naming::accessors::Accessor;
use crate::association::owner::Owner;
use crate::error::{RequestError, RequestKind, Result};
use crate::schema::{Schema, TableId};
use crate::value::ValueRef;

/// Which model: its position in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ModelId(pub(crate) u32);

impl ModelId {
    /// The position in [`Registry::models`].
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All models of a database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    /// What the ids and ordinals are of.
    schema: Arc<Schema>,
    models: Vec<ModelEntry>,
    by_name: BTreeMap<Box<str>, ModelId>,
}

/// One model.
#[derive(Clone, Debug)]
pub(crate) struct ModelEntry {
    /// Its position in the registry.
    pub(crate) id: ModelId,
    /// The name that it was defined with.
    pub(crate) name: Box<str>,
    /// What one of it is called.
    pub(crate) singular: Box<str>,
    /// What several of it are called.
    pub(crate) plural: Box<str>,
    /// Its table.
    pub(crate) table: TableId,
    /// The column that holds when a row was softly deleted, if rows of the model are.
    pub(crate) deleted_at: Option<u32>,
    attributes: Vec<AttributeEntry>,
    // The positions of the attributes, sorted by name.
    by_name: Box<[u32]>,
    associations: Vec<Arc<Association>>,
    owners: Vec<Arc<Owner>>,
}

/// One attribute: the model's name for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributeEntry {
    /// Its name.
    pub(crate) name: Box<str>,
    /// The column.
    pub(crate) ordinal: u32,
}

impl Registry {
    /// The models at their own positions: the id of each must be its position.
    pub(crate) fn new(models: Vec<ModelEntry>, schema: &Arc<Schema>) -> Registry {
        debug_assert!(
            (0..)
                .zip(&models)
                .all(|(id, model)| model.id == ModelId(id))
        );
        let by_name = models.iter().map(|m| (m.name.clone(), m.id)).collect();
        Registry {
            schema: schema.clone(),
            models,
            by_name,
        }
    }

    /// The schema that the models are over.
    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The model of this id. O(1).
    #[inline]
    pub(crate) fn model(&self, id: ModelId) -> &ModelEntry {
        &self.models[id.index()]
    }

    /// All models, in the order of their definitions; the position of a model is its id.
    pub(crate) fn models(&self) -> &[ModelEntry] {
        &self.models
    }

    /// The model of this name. O(log n).
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownTable`] if there is none.
    pub(crate) fn by_name(&self, name: &str) -> Result<&ModelEntry> {
        let found = self.by_name.get(name).map(|&id| self.model(id));
        found.ok_or_else(|| {
            RequestError::new(RequestKind::UnknownTable, name, "no model of this name").into()
        })
    }
}

impl ModelEntry {
    /// A model with these attributes and, so far, no associations.
    pub(crate) fn new(
        id: ModelId,
        name: impl Into<Box<str>>,
        names: Names,
        table: TableId,
        attributes: Vec<AttributeEntry>,
    ) -> ModelEntry {
        let mut by_name: Box<[u32]> = (0..).zip(&attributes).map(|(i, _)| i).collect();
        by_name.sort_by_key(|&position| &attributes[position as usize].name);
        ModelEntry {
            id,
            name: name.into(),
            singular: names.singular.into(),
            plural: names.plural.into(),
            table,
            deleted_at: None,
            attributes,
            by_name,
            associations: Vec::new(),
            owners: Vec::new(),
        }
    }

    /// One more association, after those before it.
    pub(crate) fn add_association(&mut self, association: impl Into<Arc<Association>>) {
        self.associations.push(association.into());
    }

    /// One more owner, whose associations were added.
    pub(crate) fn add_owner(&mut self, owner: Owner) {
        debug_assert!(owner.members.iter().all(|&it| it < self.associations.len()));
        self.owners.push(Arc::new(owner));
    }

    /// The attributes, in the order of the columns.
    pub(crate) fn attributes(&self) -> &[AttributeEntry] {
        &self.attributes
    }

    /// The attribute of this name, if there is one. O(log n).
    pub(crate) fn find_attribute(&self, name: &str) -> Option<&AttributeEntry> {
        let named = |&position: &u32| (*self.attributes[position as usize].name).cmp(name);
        let found = self.by_name.binary_search_by(named).ok()?;
        Some(&self.attributes[self.by_name[found] as usize])
    }

    /// The column that a name means in an expression over rows of the model; none for a path, which leads to other rows.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownColumn`] if it is neither.
    pub(crate) fn own_ordinal(&self, name: &str) -> Result<Option<u32>> {
        match self.find_attribute(name) {
            None if name.contains('.') => Ok(None),
            _ => Ok(Some(self.attribute(name)?.ordinal)),
        }
    }

    /// The attribute of this name. O(log n).
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownColumn`] if there is none.
    pub(crate) fn attribute(&self, name: &str) -> Result<&AttributeEntry> {
        self.find_attribute(name).ok_or_else(|| {
            let detail = format!("no attribute {name}");
            RequestError::new(RequestKind::UnknownColumn, &*self.name, detail).into()
        })
    }

    /// The model's name for a column, unless the column is hidden. O(1).
    pub(crate) fn attribute_of(&self, ordinal: u32) -> Option<&AttributeEntry> {
        // Only the last column of a table can be hidden, so an attribute's position is its column's.
        let attribute = self.attributes.get(ordinal as usize);
        debug_assert!(attribute.is_none_or(|attribute| attribute.ordinal == ordinal));
        attribute
    }

    /// The associations, in the order of their definitions.
    pub(crate) fn associations(&self) -> &[Arc<Association>] {
        &self.associations
    }

    /// The association of this key, in exactly this case.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownAssociation`] if there is none.
    pub(crate) fn association(&self, key: &str) -> Result<&Arc<Association>> {
        let found = self.association_position(key);
        found.map(|at| &self.associations[at]).ok_or_else(|| {
            let detail = format!(
                "Association with alias \"{key}\" does not exist on {}",
                self.name
            );
            RequestError::new(RequestKind::UnknownAssociation, &*self.name, detail).into()
        })
    }

    /// Where the association of this key stands in [`associations`](ModelEntry::associations), if there is one.
    pub(crate) fn association_position(&self, key: &str) -> Option<usize> {
        self.associations
            .iter()
            .position(|found| *found.key == *key)
    }

    /// The owners in one of several models, in the order of their definitions.
    pub(crate) fn owners(&self) -> &[Arc<Owner>] {
        &self.owners
    }

    /// The owner of this name, if there is one.
    pub(crate) fn find_owner(&self, key: &str) -> Option<&Arc<Owner>> {
        self.owners.iter().find(|owner| *owner.key == *key)
    }

    /// The owner that an association is one of, if it is.
    pub(crate) fn owner_of(&self, association: &str) -> Option<&Arc<Owner>> {
        let position = self.association_position(association)?;
        let mut owners = self.owners.iter();
        owners.find(|owner| owner.members.contains(&position))
    }

    /// The associations of an owner, one for each of its models.
    pub(crate) fn members<'m>(
        &'m self,
        owner: &Owner,
    ) -> impl Iterator<Item = &'m Arc<Association>> {
        owner.members.iter().map(|&it| &self.associations[it])
    }

    /// The keys of the associations of an owner, as messages list them.
    pub(crate) fn member_names(&self, owner: &Owner) -> String {
        let names = self.members(owner).map(|member| &*member.key);
        names.collect::<Vec<_>>().join(", ")
    }

    /// The association of an owner that is followed by a row with this type; none for a row without an owner.
    pub(crate) fn member_of_type(
        &self,
        owner: &Owner,
        of_type: ValueRef<'_>,
    ) -> Option<&Arc<Association>> {
        let mut members = self.members(owner);
        members.find(|member| {
            let guard = member.guard();
            guard.is_some_and(|guard| guard.value.as_ref() == of_type)
        })
    }

    /// The accessor of an owner of this name, such as `getCommentable`, and the owner.
    pub(crate) fn find_owner_accessor(&self, name: &str) -> Option<(&Arc<Owner>, &Accessor)> {
        if self.find_attribute(name).is_some() {
            return None;
        }
        let mut owners = self.owners.iter();
        owners.find_map(|owner| Some((owner, owner.accessors.find(name)?)))
    }

    /// The accessor of this name, such as `getTasks`, and its association. An attribute of the same name goes first,
    /// and where two associations offer one name, the one defined first (associations AS-13, MX-4).
    pub(crate) fn find_accessor(&self, name: &str) -> Option<(&Arc<Association>, &Accessor)> {
        if self.find_attribute(name).is_some() {
            return None;
        }
        self.associations
            .iter()
            .find_map(|association| Some((association, association.accessor(name)?)))
    }
}

#[cfg(test)]
impl Registry {
    /// Every table as a model of its own name with its columns as attributes, without associations.
    pub(crate) fn from_schema(schema: &Arc<Schema>) -> Registry {
        let models = (0..).map(ModelId).zip(schema.tables());
        let models = models.map(|(id, table)| plain_model(id, table)).collect();
        Registry::new(models, schema)
    }
}

#[cfg(test)]
fn plain_model(id: ModelId, table: &crate::schema::Table) -> ModelEntry {
    let columns = (0..).zip(&table.columns);
    let visible = columns.filter(|(_, column)| !column.hidden);
    let attributes = visible.map(|(ordinal, column)| AttributeEntry {
        name: column.name.clone(),
        ordinal,
    });
    let names = Names::of_model(&table.name);
    ModelEntry::new(
        id,
        table.name.clone(),
        names,
        table.id,
        attributes.collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::schema::{ColumnDef, Schema, TableDef};
    use crate::value::DataType;

    fn registry() -> Registry {
        let users = TableDef::new("users")
            .column(ColumnDef::new("zip", DataType::Text))
            .column(ColumnDef::new("id", DataType::Int).primary_key());
        let logs = TableDef::new("logs").column(ColumnDef::new("line", DataType::Text));
        let schema = Schema::builder().table(users).table(logs).build().unwrap();
        Registry::from_schema(&schema.into())
    }

    #[test]
    fn a_plain_table_is_a_model_of_its_own_name() {
        let registry = registry();
        let users = registry.by_name("users").unwrap();
        assert_eq!((&*users.singular, &*users.plural), ("user", "users"));
        assert_eq!(users.attribute("id").unwrap().ordinal, 1);
        assert_eq!(&*users.attribute_of(0).unwrap().name, "zip");
        assert!(users.associations().is_empty());
        let logs = registry.by_name("logs").unwrap();
        assert_eq!((&*logs.name, logs.id), ("logs", ModelId(1)));
        // The hidden key of a table without a primary key has no name.
        assert_eq!(logs.attributes().len(), 1);
        assert_eq!(logs.attribute_of(1), None);
    }

    // rules: EL-3
    // Broken: asking for the tasks of a model without associations says that a column is unknown.
    #[test]
    fn what_is_not_there_is_named() {
        let registry = registry();
        let error = registry.by_name("user").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::UnknownTable));
        let users = registry.by_name("users").unwrap();
        let error = users.attribute("name").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::UnknownColumn));
        let error = users.association("tasks").unwrap_err();
        let kind = RequestKind::UnknownAssociation;
        assert_eq!(error.kind(), ErrorKind::Request(kind));
        assert!(
            error
                .to_string()
                .ends_with("Association with alias \"tasks\" does not exist on users")
        );
    }
}
