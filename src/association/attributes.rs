//! What names mean in an expression over the rows of one model: its attributes.

use crate::association::registry::ModelEntry;
use crate::expr::Scope;
use crate::schema::{Schema, Table};
use crate::value::DataType;

/// The names of a model's attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'m> {
    pub(crate) model: &'m ModelEntry,
    pub(crate) table: &'m Table,
}

impl<'m> Attributes<'m> {
    pub(crate) fn of(model: &'m ModelEntry, schema: &'m Schema) -> Self {
        Attributes::new(model, schema.table(model.table))
    }

    /// Of a model with its table.
    pub(crate) fn new(model: &'m ModelEntry, table: &'m Table) -> Self {
        Attributes { model, table }
    }

    /// The attribute that a column is; nothing for one that is none.
    pub(crate) fn name(&self, ordinal: u32) -> &'m str {
        let attribute = self.model.attribute_of(ordinal);
        attribute.map_or("", |attribute| &attribute.name)
    }
}

impl Scope for Attributes<'_> {
    fn subject(&self) -> &str {
        &self.model.name
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let ordinal = self.model.find_attribute(name)?.ordinal;
        Some((ordinal, self.table.columns[ordinal as usize].data_type))
    }
}
