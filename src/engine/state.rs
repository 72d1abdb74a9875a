//! One version of everything: schema, rows, edges, sequences, clock and randomness.
//!
//! Cloning shares every node. Whatever is in here is copied by a fork and restored by a rollback.

use std::sync::Arc;

use crate::engine::clock::Clock;
use crate::engine::constraint::StoredRow;
use crate::schema::{ForeignKey, ForeignKeyId, IndexKind, RowFilter, Schema, Table, TableId};
use crate::storage::unshare;
use crate::storage::{
    IndexSpec, KeySpec, Members, OrderedIndex, PairSpec, Postings, RowId, TableSpec, TableStore,
};
use crate::value::{DataType, Key, ValueRef};

/// The database as one value.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) schema: Arc<Schema>,
    /// By table id; under the id of a dropped table, an empty one.
    pub(crate) tables: Vec<triomphe::Arc<TableStore>>,
    /// By foreign key id, the key values that no parent has, with the children that carry them: empty while nothing deferred
    /// is pending.
    pub(crate) unmatched: Vec<triomphe::Arc<OrderedIndex>>,
    /// The next generated key of each table, by table id.
    pub(crate) sequences: Vec<i64>,
    pub(crate) clock: Clock,
    /// The seed of the next random value.
    pub(crate) random: u64,
}

impl State {
    /// Empty tables for a schema.
    pub(crate) fn new(schema: Arc<Schema>, clock: Clock, random: u64) -> Self {
        let nothing = State {
            schema: Arc::default(),
            tables: Vec::new(),
            unmatched: Vec::new(),
            sequences: Vec::new(),
            clock,
            random,
        };
        nothing.with_schema(schema)
    }

    /// The same tables and edges under a schema that follows from this one's: empty ones for what came, nothing for what
    /// went. Who changes the schema has yet to give the others their new shape. O(tables).
    pub(crate) fn with_schema(&self, schema: Arc<Schema>) -> Self {
        let mut next = State {
            tables: Vec::with_capacity(schema.tables_end()),
            unmatched: Vec::with_capacity(schema.foreign_keys_end()),
            sequences: Vec::with_capacity(schema.tables_end()),
            schema,
            clock: self.clock,
            random: self.random,
        };
        for id in (0..).map(TableId).take(next.schema.tables_end()) {
            let table = next.schema.find_table(id);
            let kept = table.and_then(|_| self.schema.find_table(id));
            next.sequences.push(match kept {
                Some(_) => self.sequences[id.index()],
                None => FIRST_IN_SEQUENCE,
            });
            next.tables.push(match (kept, table) {
                (Some(_), _) => self.tables[id.index()].clone(),
                (None, Some(table)) => {
                    triomphe::Arc::new(TableStore::new(&spec(&next.schema, table)))
                }
                (None, None) => triomphe::Arc::new(TableStore::new(&no_table())),
            });
        }
        for id in (0..).map(ForeignKeyId).take(next.schema.foreign_keys_end()) {
            let key = next.schema.find_foreign_key(id);
            let kept = key.and_then(|_| self.schema.find_foreign_key(id));
            next.unmatched.push(match kept {
                Some(_) => self.unmatched[id.index()].clone(),
                None => {
                    let columns = key.map_or(0, |key| key.child_columns.len());
                    triomphe::Arc::new(OrderedIndex::new(&vec![false; columns]))
                }
            });
        }
        next
    }

    #[inline]
    pub(crate) fn table(&self, id: TableId) -> &TableStore {
        &self.tables[id.index()]
    }

    /// Asks for the memory of a live row that is written soon.
    #[inline]
    pub(crate) fn prefetch(&self, table: TableId, row: RowId) {
        self.table(table).rows().prefetch(row);
    }

    /// The store of a table, for writing: copies its handles if a snapshot shares them.
    #[inline]
    pub(crate) fn table_mut(&mut self, id: TableId) -> &mut TableStore {
        unshare(&mut self.tables[id.index()])
    }

    /// The children under each parent.
    #[inline]
    pub(crate) fn children(&self, key: &ForeignKey) -> &Postings {
        self.table(key.child).children(key.link)
    }

    /// The values of a foreign key that no parent has, and the children that carry them.
    #[inline]
    pub(crate) fn unmatched(&self, id: ForeignKeyId) -> &OrderedIndex {
        &self.unmatched[id.index()]
    }

    /// Whether several rows may have the value of a key that children refer to: while a deferrable key waits.
    pub(crate) fn parents_may_repeat(&self, key: &ForeignKey) -> bool {
        let keys = &self.schema.table(key.parent).keys;
        key.parent_key
            .is_some_and(|unique| !keys[unique].names_one_row())
    }

    /// The row that has a child's key, given in [`ForeignKey::key_order`]; one of the rows, for a key to any row.
    #[inline]
    pub(crate) fn find_parent<'k>(
        &self,
        key: &ForeignKey,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Option<RowId> {
        match key.parent_key {
            Some(unique) => self.table(key.parent).find(unique, values),
            None => {
                let index = self
                    .schema
                    .table(key.parent)
                    .index_over(&key.parent_columns);
                let index = index.expect("a schema gives both ends of a key to any row an index");
                self.table(key.parent).find_any(index, values)
            }
        }
    }

    /// The rows that refer to a value through a key to any row, ascending by row id.
    pub(crate) fn children_by_value<'k>(
        &self,
        key: &ForeignKey,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Vec<RowId> {
        let index = self.schema.table(key.child).index_over(&key.child_columns);
        let index = index.expect("a schema gives both ends of a key to any row an index");
        let store = self.table(key.child);
        let mut rows = store.find_all(index, values);
        rows.retain(|&row| {
            let row = store.rows().get(row);
            row.is_some_and(|row| key.is_complete(|it| row.value(store.layout(), it)))
        });
        rows
    }

    /// The primary key of a row, if it is live.
    pub(crate) fn key_of(&self, table: TableId, row: RowId) -> Option<Key> {
        let store = self.table(table);
        let row = store.rows().get(row)?;
        let columns = &self.schema.table(table).primary_key().columns;
        Some(row.key(store.layout(), columns))
    }
}

fn members(filter: &RowFilter) -> Members {
    let bound = filter.bound.clone();
    Members::new(&filter.columns, move |layout, row| {
        bound.matches(&StoredRow { layout, row })
    })
}

/// The first number that a table's sequence gives.
pub(crate) const FIRST_IN_SEQUENCE: i64 = 1;

/// What stands at the id of a dropped table.
fn no_table() -> TableSpec {
    TableSpec {
        types: vec![DataType::Int],
        links: 0,
        keys: vec![KeySpec {
            columns: vec![0],
            nulls_distinct: true,
            deferrable: false,
            members: None,
        }],
        pairs: None,
        indexes: Vec::new(),
    }
}

/// A table in the terms of storage.
pub(crate) fn spec(schema: &Schema, table: &Table) -> TableSpec {
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
        pairs: pairs(schema, table),
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

/// The first unique key whose rows are found in the lists of a foreign key over its first column.
fn pairs(schema: &Schema, table: &Table) -> Option<PairSpec> {
    let is_int = |&ordinal: &u32| {
        let column = &table.columns[ordinal as usize];
        column.data_type == DataType::Int && !column.nullable
    };
    table.keys.iter().enumerate().find_map(|(at, key)| {
        let [first, second] = key.columns[..] else {
            return None;
        };
        let whole = key.filter.is_none() && !key.deferral.is_deferrable();
        if !whole || ![first, second].iter().all(is_int) {
            return None;
        }
        let mut links = table.foreign_keys.iter().map(|&id| schema.foreign_key(id));
        let leads = |it: &&ForeignKey| it.child_columns[..] == [first] && !it.is_to_any_row();
        let link = links.find(leads)?.link;
        Some(PairSpec { key: at, link })
    })
}
