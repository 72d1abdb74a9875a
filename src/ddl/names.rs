//! Names that a database cannot have, or cannot have twice.
//!
//! relata takes any name that is not empty, tells letter case apart, and lets every table have names of its own for its
//! keys and indexes. Here tables and indexes share one room.

use std::collections::BTreeMap;

use crate::ddl::{Dialect, Report};
use crate::error::ProblemKind;
use crate::schema::{Schema, Table};

/// PostgreSQL cuts longer names, in bytes.
const POSTGRES_NAME_MAX: usize = 63;
/// Columns that every table of PostgreSQL has already.
const POSTGRES_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Reports all of them.
pub(super) fn check(schema: &Schema, dialect: Dialect, report: &mut Report) {
    let mut relations: BTreeMap<String, &str> = BTreeMap::new();
    for table in schema.tables() {
        let keys = table
            .keys
            .iter()
            .filter(|key| !is_hidden(table, &key.columns));
        let foreign_keys = table
            .foreign_keys
            .iter()
            .map(|&id| &*schema.foreign_key(id).name);
        let checks = table.checks.iter().map(|check| &*check.name);
        let columns = table.columns.iter().filter(|column| !column.hidden);
        check_columns(table, dialect, report);
        let relation_names = keys
            .clone()
            // SQLite gives the indexes of its constraints names of its own.
            .filter(|key| dialect == Dialect::PostgreSql || key.filter.is_some())
            .map(|key| &*key.name)
            .chain(table.indexes.iter().map(|index| &*index.name));
        for name in std::iter::once(&*table.name).chain(relation_names) {
            match relations.get(&folded(name, dialect)) {
                None => _ = relations.insert(folded(name, dialect), &table.name),
                Some(other) => {
                    let detail = format!("{} knows {name} of {other} already", dialect.name());
                    report.refuse(ProblemKind::Duplicate, table, detail);
                }
            }
            if dialect == Dialect::Sqlite && folded(name, dialect).starts_with("sqlite_") {
                let detail = format!("SQLite keeps names such as {name} for itself");
                report.refuse(ProblemKind::Unsupported, table, detail);
            }
        }
        let all = std::iter::once(&*table.name)
            .chain(keys.map(|key| &*key.name))
            .chain(table.indexes.iter().map(|index| &*index.name))
            .chain(foreign_keys)
            .chain(checks)
            .chain(columns.map(|column| &*column.name));
        for name in all {
            check_name(name, table, dialect, report);
        }
    }
}

/// Whether a key is that of a table that declared none.
pub(super) fn is_hidden(table: &Table, columns: &[u32]) -> bool {
    columns.iter().any(|&at| table.columns[at as usize].hidden)
}

fn check_columns(table: &Table, dialect: Dialect, report: &mut Report) {
    let visible = table.columns.iter().filter(|column| !column.hidden);
    let mut seen = BTreeMap::new();
    for column in visible.clone() {
        if let Some(other) = seen.insert(folded(&column.name, dialect), &column.name) {
            let detail = format!(
                "{} does not tell columns {other} and {} apart",
                dialect.name(),
                column.name
            );
            report.refuse(ProblemKind::Duplicate, table, detail);
        }
        if dialect == Dialect::PostgreSql && POSTGRES_COLUMNS.contains(&&*column.name) {
            let detail = format!("PostgreSQL has a column {} of its own", column.name);
            report.refuse(ProblemKind::Duplicate, table, detail);
        }
    }
    if dialect == Dialect::Sqlite && visible.count() == 0 {
        let detail = "SQLite has no tables without columns";
        report.refuse(ProblemKind::Unsupported, table, detail);
    }
}

fn check_name(name: &str, table: &Table, dialect: Dialect, report: &mut Report) {
    if name.contains('\0') {
        let detail = format!(
            "{} has no names with a zero in it: {name:?}",
            dialect.name()
        );
        report.refuse(ProblemKind::Unsupported, table, detail);
    }
    if dialect == Dialect::PostgreSql && name.len() > POSTGRES_NAME_MAX {
        let found = name.len();
        let detail = format!(
            "PostgreSQL would cut the name {name}, which has {found} bytes and not at most {POSTGRES_NAME_MAX}"
        );
        report.refuse(ProblemKind::Unsupported, table, detail);
    }
}

/// Names that are one name there are equal here.
fn folded(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::PostgreSql => name.to_owned(),
        Dialect::Sqlite => name.to_ascii_lowercase(),
    }
}
