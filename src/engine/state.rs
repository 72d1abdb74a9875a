//! One version of everything: schema, rows, edges, sequences, clock and randomness.
//!
//! Cloning shares every node. Whatever is in here is copied by a fork and restored by a rollback.

use std::sync::Arc;

use crate::engine::clock::Clock;
use crate::engine::constraint::StoredRow;
use crate::schema::{ForeignKeyId, IndexKind, RowFilter, Schema, Table, TableId};
use crate::storage::unshare;
use crate::storage::{EdgeStore, IndexSpec, KeySpec, Members, RowId, TableSpec, TableStore};
use crate::value::Key;

/// The database as one value.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) schema: Arc<Schema>,
    /// By table id.
    pub(crate) tables: Vec<triomphe::Arc<TableStore>>,
    /// By foreign key id.
    pub(crate) edges: Vec<triomphe::Arc<EdgeStore>>,
    /// The next generated key of each table, by table id.
    pub(crate) sequences: Vec<i64>,
    pub(crate) clock: Clock,
    /// The seed of the next random value.
    pub(crate) random: u64,
}

impl State {
    /// Empty tables for a schema.
    pub(crate) fn new(schema: Arc<Schema>, clock: Clock, random: u64) -> Self {
        State {
            tables: schema
                .tables()
                .iter()
                .map(|table| triomphe::Arc::new(TableStore::new(&spec(table))))
                .collect(),
            edges: schema
                .foreign_keys()
                .iter()
                .map(|key| triomphe::Arc::new(EdgeStore::new(key.child_columns.len())))
                .collect(),
            sequences: vec![1; schema.tables().len()],
            schema,
            clock,
            random,
        }
    }

    #[inline]
    pub(crate) fn table(&self, id: TableId) -> &TableStore {
        &self.tables[id.index()]
    }

    /// The store of a table, for writing: copies its handles if a snapshot shares them.
    #[inline]
    pub(crate) fn table_mut(&mut self, id: TableId) -> &mut TableStore {
        unshare(&mut self.tables[id.index()])
    }

    #[inline]
    pub(crate) fn edge(&self, id: ForeignKeyId) -> &EdgeStore {
        &self.edges[id.index()]
    }

    #[inline]
    pub(crate) fn edge_mut(&mut self, id: ForeignKeyId) -> &mut EdgeStore {
        unshare(&mut self.edges[id.index()])
    }

    /// The primary key of a row, if it is live.
    pub(crate) fn key_of(&self, table: TableId, row: RowId) -> Option<Key> {
        let store = self.table(table);
        let row = store.rows().get(row)?;
        let columns = &self.schema.table(table).primary_key().columns;
        Some(
            columns
                .iter()
                .map(|&ordinal| row.value(store.layout(), ordinal).to_value())
                .collect(),
        )
    }
}

fn members(filter: &RowFilter) -> Members {
    let bound = filter.bound.clone();
    Members::new(&filter.columns, move |layout, row| {
        bound.matches(&StoredRow { layout, row })
    })
}

fn spec(table: &Table) -> TableSpec {
    TableSpec {
        types: table
            .columns
            .iter()
            .map(|column| column.data_type)
            .collect(),
        links: table.foreign_keys.len(),
        keys: table
            .keys
            .iter()
            .map(|key| KeySpec {
                columns: key.columns.clone(),
                nulls_distinct: key.nulls_distinct,
                deferrable: key.deferral.is_deferrable(),
                members: key.filter.as_ref().map(members),
            })
            .collect(),
        indexes: table
            .indexes
            .iter()
            .map(|index| IndexSpec {
                columns: index.columns.clone(),
                descending: index.descending.clone(),
                ordered: index.kind == IndexKind::Ordered,
            })
            .collect(),
    }
}
