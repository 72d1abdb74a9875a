//! From the state under one schema to the state under the next.
//!
//! The next state is made beside the present one, which nobody changes: a refusal, an error or a panic in a check just
//! drops it. What one table needs is read off its two declarations; everything that they have in common is shared. Rows
//! are written anew only where their layout changes, and keep their ids, so that edges and links of other tables stay
//! right.
//!
//! Existing rows are judged in primary-key order by the rules for new ones: not null, checks, unique keys, references,
//! each as it will be from now on (integrity RI-92).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::constraint;
use crate::engine::mutation::Writer;
use crate::engine::snapshot::Snapshot;
use crate::engine::state::{self, FIRST_IN_SEQUENCE, State};
use crate::engine::undo::UndoLog;
use crate::error::{Operation, Result};
use crate::schema::{ForeignKeyId, Schema, Table, TableId};
use crate::storage::{Collision, Remake, RowId, TableSpec};
use crate::value::Timestamp;

/// The state under a schema in which one table is not declared as it was. `now` is the transaction's time, if a default
/// reads it.
///
/// # Errors
/// The first constraint that the rows would break.
pub(crate) fn carry_over(
    before: &Snapshot,
    schema: Arc<Schema>,
    changed: TableId,
    now: &mut Option<Timestamp>,
) -> Result<State> {
    let mut next = before.state.with_schema(schema.clone());
    // The parent of a key to any row may have got an index, by which its children look for their values.
    let indexed = schema.tables().iter().map(|table| table.id);
    let indexed =
        indexed.filter(|&id| id != changed && came_by_an_index(before.schema(), &schema, id));
    // And the children of one may have got links, since its columns have become a unique key.
    let keys = schema.foreign_keys().iter();
    let linked = keys.filter(|key| is_linked_anew(before.schema(), &schema, key.id));
    let linked: BTreeSet<TableId> = linked.map(|key| key.child).collect();
    let linked = linked.into_iter().filter(|&id| id != changed);
    for id in indexed.chain([changed]).chain(linked) {
        let declared = (before.schema().find_table(id), schema.find_table(id));
        if let (Some(old), Some(new)) = declared {
            Work::new(before, old, new, &schema).run(&mut next, &schema, now)?;
        }
    }
    Ok(next)
}

fn came_by_an_index(old: &Schema, new: &Schema, table: TableId) -> bool {
    match (old.find_table(table), new.find_table(table)) {
        (Some(old), Some(new)) => old.indexes.len() < new.indexes.len(),
        _ => false,
    }
}

/// Whether a foreign key has links that it did not have.
fn is_linked_anew(old: &Schema, new: &Schema, key: ForeignKeyId) -> bool {
    let now = new.foreign_key(key);
    match old.find_foreign_key(key) {
        None => true,
        Some(before) => before.is_to_any_row() && !now.is_to_any_row(),
    }
}

/// What one table needs.
struct Work<'a> {
    before: &'a Snapshot,
    old: &'a Table,
    new: &'a Table,
    spec: TableSpec,
    /// The foreign keys that came, or that now have links.
    foreign_keys: Vec<ForeignKeyId>,
}

impl<'a> Work<'a> {
    fn new(before: &'a Snapshot, old: &'a Table, new: &'a Table, schema: &Schema) -> Self {
        let came = new.foreign_keys.iter();
        let came = came.filter(|&&id| is_linked_anew(before.schema(), schema, id));
        Work {
            before,
            old,
            new,
            spec: state::spec(schema, new),
            foreign_keys: came.copied().collect(),
        }
    }

    fn run(&self, next: &mut State, schema: &Schema, now: &mut Option<Timestamp>) -> Result<()> {
        let remake = remake(self.old, self.new, &self.spec);
        let ids = match self.looks_at_rows(&remake) {
            true => self.before.ids_in_key_order(self.old.id),
            false => Vec::new(),
        };
        if self.old.auto_increment.is_some() && self.new.auto_increment.is_none() {
            next.sequences[self.new.id.index()] = FIRST_IN_SEQUENCE;
        }
        // What is written here is undone by dropping the next state.
        let mut unused = UndoLog::default();
        let mut writer = Writer {
            state: next,
            undo: &mut unused,
            schema,
            sequence_logged: None,
        };
        self.make_over(&mut writer, &remake, &ids, now)?;
        self.link_children(&mut writer, &ids)
    }

    /// Gives the table its new shape, and judges its rows and keys.
    fn make_over(
        &self,
        writer: &mut Writer<'_>,
        remake: &Remake<'_>,
        ids: &[RowId],
        now: &mut Option<Timestamp>,
    ) -> Result<()> {
        let id = self.new.id;
        let mut store = self.before.state.table(id).remade(remake, ids, |ordinal| {
            let column = &self.new.columns[ordinal as usize];
            let value = writer.default_value(id, &column.default, now);
            writer.undo.clear();
            value
        })?;
        let filled = store.fill_new_indexes(remake, ids);
        writer.state.tables[id.index()] = triomphe::Arc::new(store);
        if self.judges_rows() {
            self.judge_rows(writer.state, ids)?;
        }
        filled.map_err(|collision| {
            let Collision { key, row, other } = collision;
            let state = &*writer.state;
            let operation = Operation::SchemaChange;
            constraint::duplicate_of_stored(state, id, key, (row, other), operation)
                .expect("a row that was put into an index is live")
                .into()
        })
    }

    fn judge_rows(&self, state: &State, ids: &[RowId]) -> Result<()> {
        ids.iter().try_for_each(|&row| {
            let operation = Operation::SchemaChange;
            constraint::judge_stored_row(self.new, state, row, operation, |it| Err(it.into()))
        })
    }

    /// Finds the parents of all rows for the foreign keys that came. Rows are validated whether the key is deferred or not.
    fn link_children(&self, writer: &mut Writer<'_>, ids: &[RowId]) -> Result<()> {
        for &id in &self.foreign_keys {
            let key = writer.schema.foreign_key(id);
            for &child in ids {
                match constraint::parent_of(writer.state, key, child) {
                    constraint::Parent::Settled => {}
                    constraint::Parent::Found(parent) => writer.link_for_good(key, child, parent),
                    constraint::Parent::Missing => {
                        let operation = Operation::SchemaChange;
                        return Err(
                            constraint::no_parent(writer.state, id, child, operation).into()
                        );
                    }
                }
            }
        }
        Ok(())
    }

    fn looks_at_rows(&self, remake: &Remake<'_>) -> bool {
        let fills = remake.keys.contains(&None) || remake.indexes.contains(&None);
        fills
            || self.judges_rows()
            || !self.foreign_keys.is_empty()
            || remake.rewrites_rows(self.before.state.table(self.old.id))
    }

    /// Whether rows that could stand before may not be able to any more: a column must have a value that need not have had
    /// one, or a check came.
    fn judges_rows(&self) -> bool {
        let had_value = |name: &str| {
            let ordinal = self.old.find_column(name);
            ordinal.is_some_and(|ordinal| !self.old.columns[ordinal as usize].nullable)
        };
        let visible = self.new.columns.iter().filter(|column| !column.hidden);
        let mut required = visible.filter(|column| !column.nullable);
        let mut checks = self.new.checks.iter();
        required.any(|column| !had_value(&column.name))
            || checks.any(|check| !self.old.checks.iter().any(|it| it.name == check.name))
    }
}

/// What of a table stays: columns, keys and indexes by name, links by key.
fn remake<'a>(old: &Table, new: &Table, spec: &'a TableSpec) -> Remake<'a> {
    let columns = new.columns.iter().map(|column| match column.hidden {
        true => position(&old.columns, |it| it.hidden),
        false => old.find_column(&column.name),
    });
    let links = new.foreign_keys.iter();
    let links = links.map(|id| position(&old.foreign_keys, |it| it == id));
    let keys = new.keys.iter();
    let keys = keys.map(|key| old.keys.iter().position(|it| it.name == key.name));
    let indexes = new.indexes.iter();
    let indexes = indexes.map(|index| old.indexes.iter().position(|it| it.name == index.name));
    Remake {
        spec,
        columns: columns.collect(),
        links: links.collect(),
        keys: keys.collect(),
        indexes: indexes.collect(),
    }
}

/// Where the first such item is, as an ordinal.
fn position<T>(items: &[T], is_meant: impl Fn(&T) -> bool) -> Option<u32> {
    (0..)
        .zip(items)
        .find(|(_, item)| is_meant(item))
        .map(|(position, _)| position)
}
