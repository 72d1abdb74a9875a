//! From definitions by name to a schema.
//!
//! Two passes, because tables may refer to each other in any order: first each table by itself, then the foreign keys,
//! which need the columns and unique keys of their parents. Problems are gathered per table in both, and come out in
//! the order of the definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{DeclarationError, Problem, Result};
use crate::schema::draft::Draft;
use crate::schema::outline::{Outline, TableOutline};
use crate::schema::reference::Reference;
use crate::schema::validate;
use crate::schema::{ForeignKey, ForeignKeyId, Reach, Schema, TableDef, TableId};

/// Gathers definitions of tables and makes a [`Schema`] of them.
#[derive(Clone, Debug, Default)]
pub struct SchemaBuilder {
    tables: Vec<TableDef>,
}

impl SchemaBuilder {
    /// One more table.
    pub fn table(mut self, table: TableDef) -> Self {
        self.tables.push(table);
        self
    }

    /// The schema. Tables and foreign keys get their ids in the order of their definitions.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`](crate::error::Error::Declaration) with every problem of every table: names that are
    /// empty, unknown or used twice, keys that cannot be keys, types that differ, actions that could never succeed,
    /// sizes over a limit.
    pub fn build(self) -> Result<Schema> {
        let mut outline = Outline::new();
        for table in self.tables {
            outline.add_table(table);
        }
        outline.build()
    }
}

impl Outline {
    /// The schema of these definitions.
    pub(super) fn build(&self) -> Result<Schema> {
        let mut drafts: Vec<Draft<'_>> = self.tables.iter().map(draft_table).collect();
        let positions = name_tables(&mut drafts);
        let foreign_keys = resolve_foreign_keys(self, &mut drafts, &positions);
        mark_reaches(&mut drafts, &foreign_keys);
        let count = validate::table_count(drafts.len());
        let (tables, reports): (Vec<_>, Vec<_>) = drafts
            .into_iter()
            .map(|draft| (Arc::new(draft.table), draft.report.problems))
            .unzip();
        let problems: Vec<Problem> = count
            .into_iter()
            .chain(reports.into_iter().flatten())
            .collect();
        if !problems.is_empty() {
            return Err(DeclarationError { problems }.into());
        }
        let by_name = positions.into_iter();
        let by_name = by_name.map(|(name, at)| (name, tables[at].id)).collect();
        let ends = (self.tables_end, self.foreign_keys_end);
        Ok(Schema::assemble(tables, foreign_keys, by_name, ends))
    }
}

impl Schema {
    /// A schema to be, without tables.
    pub fn builder() -> SchemaBuilder {
        SchemaBuilder::default()
    }
}

fn draft_table(table: &TableOutline) -> Draft<'_> {
    Draft::new(&table.definition, table.id)
}

/// At which position the table of each name is; the first one where several have it.
fn name_tables(drafts: &mut [Draft<'_>]) -> BTreeMap<Box<str>, usize> {
    let mut positions = BTreeMap::new();
    for (position, draft) in drafts.iter_mut().enumerate() {
        let name = &draft.table.name;
        if positions.contains_key(name) {
            draft.report.add_duplicate("tables", name);
        } else {
            positions.insert(name.clone(), position);
        }
    }
    positions
}

/// Says of each column who looks at it besides its own row.
fn mark_reaches(drafts: &mut [Draft<'_>], foreign_keys: &[Arc<ForeignKey>]) {
    for Draft { table, .. } in drafts.iter_mut() {
        let keys = table.keys.iter().map(|key| &key.columns);
        let indexes = table.indexes.iter().map(|index| &index.columns);
        let filters = table.keys.iter().filter_map(|key| key.filter.as_ref());
        let filters = filters.map(|filter| &filter.columns);
        let used: Vec<u32> = keys
            .chain(indexes)
            .chain(filters)
            .flatten()
            .copied()
            .collect();
        // A hidden key column came after the columns were counted.
        table.reaches = vec![Reach::Row; table.columns.len()].into();
        for ordinal in used {
            table.reaches[ordinal as usize] = Reach::Table;
        }
    }
    for key in foreign_keys {
        let child = position_of(drafts, key.child);
        for ordinal in key.deciding_columns() {
            let reach = &mut drafts[child].table.reaches[ordinal as usize];
            *reach = Reach::Table.max(*reach);
        }
        let parent = position_of(drafts, key.parent);
        for &ordinal in &key.parent_columns {
            drafts[parent].table.reaches[ordinal as usize] = Reach::Children;
        }
    }
}

/// The drafts ascend by id.
fn position_of(drafts: &[Draft<'_>], id: TableId) -> usize {
    drafts.partition_point(|draft| draft.table.id < id)
}

/// All foreign keys in the order of their creation, each entered with its child and its parent.
fn resolve_foreign_keys(
    outline: &Outline,
    drafts: &mut [Draft<'_>],
    positions: &BTreeMap<Box<str>, usize>,
) -> Vec<Arc<ForeignKey>> {
    let mut foreign_keys = Vec::new();
    for (id, child, position) in in_creation_order(outline) {
        let mut reference = Reference::new(drafts, positions, child, position);
        let resolved = reference.resolve(id);
        let mut problems = reference.report.problems;
        drafts[child].report.problems.append(&mut problems);
        if let Some(foreign_key) = resolved {
            let parent = position_of(drafts, foreign_key.parent);
            drafts[child].table.foreign_keys.push(id);
            drafts[parent].table.referenced_by.push(id);
            if foreign_key.is_to_any_row() {
                drafts[child].ensure_index(&foreign_key.child_columns);
                drafts[parent].ensure_index(&foreign_key.parent_columns);
            }
            foreign_keys.push(Arc::new(foreign_key));
        }
    }
    foreign_keys
}

/// The id of each foreign key, the position of its child, and its own there.
fn in_creation_order(outline: &Outline) -> Vec<(ForeignKeyId, usize, usize)> {
    let mut keys = Vec::new();
    for (child, table) in outline.tables.iter().enumerate() {
        let ids = table.foreign_keys.iter().enumerate();
        keys.extend(ids.map(|(position, &id)| (id, child, position)));
    }
    keys.sort_unstable_by_key(|&(id, ..)| id);
    keys
}
