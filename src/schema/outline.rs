//! Definitions together with the ids of what they define: what a schema is built from, and what it goes back to.
//!
//! Going there and back gives an equal schema. So a change of a schema is a change of its outline, and the rules of
//! declaration are checked in one place whether tables are declared at once or step by step.

use crate::schema::{
    CheckDef, ColumnDef, ForeignKey, ForeignKeyDef, ForeignKeyId, GuardDef, IndexDef, Schema,
    Table, TableDef, TableId, UniqueDef, draft,
};

/// The definitions of all tables, ascending by id.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    pub(super) tables: Vec<TableOutline>,
    /// The id of the next table.
    pub(super) tables_end: u32,
    /// The id of the next foreign key.
    pub(super) foreign_keys_end: u32,
}

/// The definition of one table.
#[derive(Clone, Debug)]
pub(super) struct TableOutline {
    pub(super) id: TableId,
    pub(super) definition: TableDef,
    /// The ids of its foreign keys, ascending, in the order of their definitions.
    pub(super) foreign_keys: Vec<ForeignKeyId>,
}

impl Outline {
    /// No tables yet.
    pub(super) fn new() -> Self {
        Outline {
            tables: Vec::new(),
            tables_end: 0,
            foreign_keys_end: 0,
        }
    }

    /// One more table, under ids that nothing had.
    pub(super) fn add_table(&mut self, definition: TableDef) -> TableId {
        let id = TableId(self.tables_end);
        self.tables_end += 1;
        let start = self.foreign_keys_end;
        self.foreign_keys_end += draft::ordinal(definition.foreign_keys.len());
        self.tables.push(TableOutline {
            id,
            definition,
            foreign_keys: (start..self.foreign_keys_end).map(ForeignKeyId).collect(),
        });
        id
    }
}

impl Schema {
    /// The definitions that this schema could have been built from.
    pub(super) fn outline(&self) -> Outline {
        let table = |table: &Table| TableOutline {
            id: table.id,
            definition: self.definition(table),
            foreign_keys: table.foreign_keys.clone(),
        };
        Outline {
            tables: self.tables.iter().map(|it| table(it)).collect(),
            tables_end: draft::ordinal(self.tables_end()),
            foreign_keys_end: draft::ordinal(self.foreign_keys_end()),
        }
    }

    /// A table by name, with everything that was made up for it spelled out, and without its hidden column.
    fn definition(&self, table: &Table) -> TableDef {
        let primary_key = table.primary_key();
        let hidden = table.columns.last().is_some_and(|column| column.hidden);
        let foreign_keys = table.foreign_keys.iter();
        TableDef {
            name: table.name.to_string(),
            columns: columns(table),
            primary_key: (!hidden).then(|| names(table, &primary_key.columns)),
            primary_key_name: Some(primary_key.name.to_string()),
            uniques: uniques(table),
            indexes: indexes(table),
            checks: checks(table),
            foreign_keys: foreign_keys
                .map(|&id| self.foreign_key_definition(self.foreign_key(id)))
                .collect(),
        }
    }

    fn foreign_key_definition(&self, key: &ForeignKey) -> ForeignKeyDef {
        let (child, parent) = (self.table(key.child), self.table(key.parent));
        ForeignKeyDef {
            name: Some(key.name.to_string()),
            columns: names(child, &key.child_columns),
            parent: parent.name.to_string(),
            parent_columns: names(parent, &key.parent_columns),
            on_delete: key.on_delete,
            on_delete_columns: chosen_columns(child, key),
            on_update: key.on_update,
            deferral: key.deferral,
            guard: key.guard.as_ref().map(|guard| GuardDef {
                column: child.columns[guard.column as usize].name.to_string(),
                value: guard.value.clone(),
            }),
            to_any_row: key.is_to_any_row(),
        }
    }
}

/// The columns that were chosen for a delete of the parent; none if all let go.
fn chosen_columns(child: &Table, key: &ForeignKey) -> Option<Vec<String>> {
    let chosen = &key.on_delete_columns;
    let all = key.deciding_columns().eq(chosen.iter().copied());
    (!all).then(|| names(child, chosen))
}

fn columns(table: &Table) -> Vec<ColumnDef> {
    let visible = table.columns.iter().filter(|column| !column.hidden);
    visible
        .map(|column| ColumnDef {
            name: column.name.to_string(),
            data_type: column.data_type,
            nullable: column.nullable,
            default: column.default.clone(),
            // Keys are spelled out beside the columns.
            unique: false,
            primary_key: false,
        })
        .collect()
}

fn uniques(table: &Table) -> Vec<UniqueDef> {
    let besides_primary = table.keys.iter().skip(1);
    besides_primary
        .map(|key| UniqueDef {
            name: Some(key.name.to_string()),
            columns: names(table, &key.columns),
            nulls_distinct: key.nulls_distinct,
            deferral: key.deferral,
            filter: key.filter.as_ref().map(|filter| filter.expr.clone()),
        })
        .collect()
}

fn indexes(table: &Table) -> Vec<IndexDef> {
    let indexes = table.indexes.iter();
    indexes
        .map(|index| IndexDef {
            name: Some(index.name.to_string()),
            columns: names(table, &index.columns),
            kind: index.kind,
            descending: names(table, descending(&index.columns, &index.descending)),
        })
        .collect()
}

fn checks(table: &Table) -> Vec<CheckDef> {
    let checks = table.checks.iter();
    checks
        .map(|check| CheckDef {
            name: check.name.to_string(),
            expr: check.expr.clone(),
        })
        .collect()
}

/// The columns that run from high to low.
fn descending<'a>(columns: &'a [u32], descending: &'a [bool]) -> impl Iterator<Item = &'a u32> {
    let pairs = columns.iter().zip(descending);
    pairs.filter(|(_, descends)| **descends).map(|(it, _)| it)
}

fn names<'a>(table: &Table, ordinals: impl IntoIterator<Item = &'a u32>) -> Vec<String> {
    let ordinals = ordinals.into_iter();
    ordinals
        .map(|&ordinal| table.columns[ordinal as usize].name.to_string())
        .collect()
}
