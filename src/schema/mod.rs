//! The declared shape of a database: which tables, columns, keys and rules there are.
//!
//! Two families of types. A *definition* ([`TableDef`] and its parts) says by name what somebody wants; it is plain
//! data, in any order, and may be wrong. A [`Schema`] is what [`SchemaBuilder::build`] makes of definitions: every name
//! resolved to an id or an ordinal, every rule of declaration checked (integrity RI-90). Below this room nothing
//! handles names.
//!
//! - A schema never changes once built; it is shared by counting, in databases, snapshots and forks. A [`SchemaChange`]
//!   makes another one of it.
//! - The id of a table or foreign key is never that of another one: a change keeps the ids of what stays, gives new ones
//!   to what comes, and leaves those of what goes unused. So ascending ids are the order of creation.
//! - Every table has a primary key, `keys[0]`. A table that declares none gets a hidden, rising integer column.
//! - Tables may refer to each other in rings. Only [`Schema::sync_order`] refuses those, because a ring has no order
//!   in which its tables could be created one after the other.
//! - There is nothing here about rows: a schema says what is allowed, the engine sees to it.

mod definition;
mod owner;
mod table;
mod column;
mod default_function;
mod key;
mod index;
mod foreign_key;
mod check;
mod row_filter;
mod builder;
mod draft;
mod constraint_names;
mod reference;
mod validate;
mod sync_order;
mod mermaid;
mod outline;
mod change;
mod successor;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{RequestError, RequestKind, Result};

pub use self::builder::SchemaBuilder;
pub use self::change::SchemaChange;
pub use self::check::Check;
pub use self::column::{Column, DefaultValue};
pub use self::default_function::DefaultFunction;
pub use self::definition::{
    CheckDef, ColumnDef, ForeignKeyDef, GuardDef, IndexDef, TableDef, UniqueDef,
};
pub use self::foreign_key::{Action, Deferral, ForeignKey, ForeignKeyId, Guard};
pub use self::index::{Index, IndexKind};
pub use self::key::UniqueKey;
pub use self::owner::{OwnerDef, OwnerKind};
pub use self::row_filter::RowFilter;
pub(crate) use self::table::Reach;
pub use self::table::{Table, TableId};

pub(crate) use self::sync_order::find_cycle;

/// All tables and foreign keys of a database, with every name resolved.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    tables: Vec<Arc<Table>>,
    foreign_keys: Vec<Arc<ForeignKey>>,
    // The same by id; nothing under the id of what was dropped.
    tables_by_id: Vec<Option<Arc<Table>>>,
    foreign_keys_by_id: Vec<Option<Arc<ForeignKey>>>,
    // Ordered rather than hashed, so that what a schema prints depends on the schema alone.
    by_name: BTreeMap<Box<str>, TableId>,
    /// The unique keys that a transaction may let wait, as table and position in its keys, in creation order.
    deferrable_keys: Vec<(TableId, usize)>,
}

impl Schema {
    /// What was built, with what is looked up in it.
    fn assemble(
        tables: Vec<Arc<Table>>,
        foreign_keys: Vec<Arc<ForeignKey>>,
        by_name: BTreeMap<Box<str>, TableId>,
        (tables_end, foreign_keys_end): (u32, u32),
    ) -> Self {
        let keys = |table: &Arc<Table>| {
            let (id, count) = (table.id, table.keys.len());
            (0..count).map(move |key| (id, key))
        };
        let mut deferrable_keys: Vec<_> = tables.iter().flat_map(keys).collect();
        let tables_by_id = by_id(&tables, tables_end, |table| table.id.index());
        deferrable_keys.retain(|&(table, key)| {
            let table = tables_by_id[table.index()].as_ref();
            table.is_some_and(|table| table.keys[key].deferral.is_deferrable())
        });
        Schema {
            foreign_keys_by_id: by_id(&foreign_keys, foreign_keys_end, |key| key.id.index()),
            tables_by_id,
            tables,
            foreign_keys,
            by_name,
            deferrable_keys,
        }
    }

    /// The unique keys that a transaction may let wait, as table and position in its keys, in creation order.
    pub(crate) fn deferrable_keys(&self) -> &[(TableId, usize)] {
        &self.deferrable_keys
    }

    /// The table of this id. O(1).
    ///
    /// # Panics
    ///
    /// If the id is of another schema and means nothing in this one.
    #[inline]
    pub fn table(&self, id: TableId) -> &Table {
        self.find_table(id).expect("a table id is of this schema")
    }

    /// The table of this id, unless it is of another schema or was dropped. O(1).
    #[inline]
    pub fn find_table(&self, id: TableId) -> Option<&Table> {
        self.tables_by_id.get(id.index())?.as_deref()
    }

    /// The table of this id, which is of this schema, for keeping. O(1).
    pub(crate) fn shared_table(&self, id: TableId) -> &Arc<Table> {
        let table = self.tables_by_id[id.index()].as_ref();
        table.expect("a table id is of this schema")
    }

    /// All tables, in the order of their creation.
    pub fn tables(&self) -> &[Arc<Table>] {
        &self.tables
    }

    /// The id of the table of this name. O(log n).
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownTable`] if there is none.
    pub fn table_id(&self, name: &str) -> Result<TableId> {
        self.by_name.get(name).copied().ok_or_else(|| {
            RequestError::new(RequestKind::UnknownTable, name, "no table of this name").into()
        })
    }

    /// The foreign key of this id. O(1).
    ///
    /// # Panics
    ///
    /// If the id is of another schema and means nothing in this one.
    #[inline]
    pub fn foreign_key(&self, id: ForeignKeyId) -> &ForeignKey {
        self.find_foreign_key(id)
            .expect("a foreign key id is of this schema")
    }

    /// The foreign key of this id, unless it is of another schema or was dropped. O(1).
    #[inline]
    pub fn find_foreign_key(&self, id: ForeignKeyId) -> Option<&ForeignKey> {
        self.foreign_keys_by_id.get(id.index())?.as_deref()
    }

    /// The id of the foreign key of this name. Where tables share a name, the first of them is meant. O(keys).
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownConstraint`] if there is none.
    pub fn foreign_key_id(&self, name: &str) -> Result<ForeignKeyId> {
        let found = self.foreign_keys.iter().find(|key| *key.name == *name);
        found.map(|key| key.id).ok_or_else(|| {
            RequestError::new(
                RequestKind::UnknownConstraint,
                name,
                "no foreign key of this name",
            )
            .into()
        })
    }

    /// All foreign keys, in the order of their creation: those declared together, table by table in the order of their
    /// definitions.
    pub fn foreign_keys(&self) -> &[Arc<ForeignKey>] {
        &self.foreign_keys
    }

    /// One past the highest table id ever given out, dropped tables included: for lists with a place for each id.
    pub(crate) fn tables_end(&self) -> usize {
        self.tables_by_id.len()
    }

    /// The same for foreign keys.
    pub(crate) fn foreign_keys_end(&self) -> usize {
        self.foreign_keys_by_id.len()
    }
}

/// A list with a place for each id.
fn by_id<T>(items: &[Arc<T>], end: u32, id: impl Fn(&T) -> usize) -> Vec<Option<Arc<T>>> {
    let mut places = vec![None; end as usize];
    for item in items {
        places[id(item)] = Some(item.clone());
    }
    places
}

#[cfg(test)]
mod tests;
