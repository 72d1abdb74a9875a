//! From definitions by name to a schema.
//!
//! Two passes, because tables may refer to each other in any order: first each table by itself, then the foreign keys,
//! which need the columns and unique keys of their parents. Problems are gathered per table in both, and come out in
//! the order of the definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{DeclarationError, Problem, Result};
use crate::schema::draft::{self, Draft};
use crate::schema::reference::Reference;
use crate::schema::validate;
use crate::schema::{ForeignKey, ForeignKeyId, Schema, TableDef, TableId};

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
        let mut drafts: Vec<Draft<'_>> = self.tables.iter().enumerate().map(draft_table).collect();
        let by_name = name_tables(&mut drafts);
        let foreign_keys = resolve_foreign_keys(&mut drafts, &by_name);
        mark_plain_columns(&mut drafts, &foreign_keys);
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
        let foreign_keys = foreign_keys.into_iter().map(Arc::new).collect();
        Ok(Schema::assemble(tables, foreign_keys, by_name))
    }
}

impl Schema {
    /// A schema to be, without tables.
    pub fn builder() -> SchemaBuilder {
        SchemaBuilder::default()
    }
}

fn draft_table((position, definition): (usize, &TableDef)) -> Draft<'_> {
    Draft::new(definition, TableId(draft::ordinal(position)))
}

/// Which table has which name; the first one where several have it.
fn name_tables(drafts: &mut [Draft<'_>]) -> BTreeMap<Box<str>, TableId> {
    let mut by_name = BTreeMap::new();
    for draft in drafts {
        let name = &draft.table.name;
        if by_name.contains_key(name) {
            draft.report.add_duplicate("tables", name);
        } else {
            by_name.insert(name.clone(), draft.table.id);
        }
    }
    by_name
}

/// Which columns nothing looks at but their own row.
fn mark_plain_columns(drafts: &mut [Draft<'_>], foreign_keys: &[ForeignKey]) {
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
        table.plain = vec![true; table.columns.len()].into();
        for ordinal in used {
            table.plain[ordinal as usize] = false;
        }
    }
    for key in foreign_keys {
        for &ordinal in &key.child_columns {
            drafts[key.child.index()].table.plain[ordinal as usize] = false;
        }
        for &ordinal in &key.parent_columns {
            drafts[key.parent.index()].table.plain[ordinal as usize] = false;
        }
    }
}

/// All foreign keys, each entered with its child and its parent.
fn resolve_foreign_keys(
    drafts: &mut [Draft<'_>],
    by_name: &BTreeMap<Box<str>, TableId>,
) -> Vec<ForeignKey> {
    let mut foreign_keys = Vec::new();
    for child in 0..drafts.len() {
        for position in 0..drafts[child].definition.foreign_keys.len() {
            let id = ForeignKeyId(draft::ordinal(foreign_keys.len()));
            let mut reference = Reference::new(drafts, by_name, child, position);
            let resolved = reference.resolve(id);
            let mut problems = reference.report.problems;
            drafts[child].report.problems.append(&mut problems);
            if let Some(foreign_key) = resolved {
                drafts[child].table.foreign_keys.push(id);
                let parent = &mut drafts[foreign_key.parent.index()].table;
                parent.referenced_by.push(id);
                foreign_keys.push(foreign_key);
            }
        }
    }
    foreign_keys
}
