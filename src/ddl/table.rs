//! A table with its columns, keys and checks, and the indexes that are statements of their own.

use crate::ddl::dialect::Speaker;
use crate::ddl::names::is_hidden;
use crate::ddl::{Dialect, Report, foreign_key};
use crate::schema::{Column, ForeignKey, Index, IndexKind, Schema, Table, UniqueKey};
use crate::value::DataType;

/// `CREATE TABLE`, without the foreign keys that come later.
pub(super) fn create(
    schema: &Schema,
    table: &Table,
    is_later: impl Fn(&ForeignKey) -> bool,
    dialect: Dialect,
    report: &mut Report,
) -> String {
    let columns = (0..).zip(&table.columns);
    let visible = columns.filter(|(_, column)| !column.hidden);
    let mut parts: Vec<String> = visible
        .map(|(ordinal, column)| column_text(table, ordinal, column, dialect, report))
        .collect();
    for (position, key) in table.keys.iter().enumerate() {
        let inline = position == 0 && counts_in_sqlite(table, dialect);
        if !inline && key.filter.is_none() && !is_hidden(table, &key.columns) {
            parts.push(key_text(table, key, position == 0, dialect, report));
        }
    }
    parts.extend(checks(table, dialect, report));
    let keys = table.foreign_keys.iter().map(|&id| schema.foreign_key(id));
    for key in keys.filter(|key| !is_later(key)) {
        parts.extend(foreign_key::constraint(schema, key, dialect, report));
    }
    let strict = match dialect {
        Dialect::PostgreSql => "",
        Dialect::Sqlite => " STRICT",
    };
    let name = dialect.quoted(&table.name);
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (\n  {}\n){strict}",
        parts.join(",\n  ")
    )
}

/// `CREATE INDEX` for each index, and `CREATE UNIQUE INDEX` for each unique key that leaves rows out.
pub(super) fn indexes(table: &Table, dialect: Dialect, report: &mut Report) -> Vec<String> {
    let mut statements = Vec::new();
    for key in &table.keys {
        let Some(filter) = &key.filter else {
            continue;
        };
        match filter.expr.to_sql(&Speaker { dialect, table }) {
            Ok(filter) => {
                let nulls = nulls(table, key, dialect, report);
                statements.push(format!(
                    "CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({}){nulls} WHERE {filter}",
                    dialect.quoted(&key.name),
                    dialect.quoted(&table.name),
                    dialect.columns(table, &key.columns),
                ));
            }
            Err(reason) => {
                report.leave_out(
                    table,
                    format!("unique key {}: its filter has {reason}", key.name),
                );
            }
        }
    }
    statements.extend(
        table
            .indexes
            .iter()
            .map(|index| index_text(table, index, dialect)),
    );
    statements
}

fn index_text(table: &Table, index: &Index, dialect: Dialect) -> String {
    // PostgreSQL's hash indexes are over one column.
    let by_hash = index.kind == IndexKind::Hash && index.columns.len() == 1;
    let using = match by_hash && dialect == Dialect::PostgreSql {
        true => " USING hash",
        false => "",
    };
    let columns = index.columns.iter().zip(&index.descending);
    let columns = columns.map(|(&at, &descending)| {
        let name = dialect.quoted(&table.columns[at as usize].name);
        let direction = if descending { " DESC" } else { "" };
        format!("{name}{direction}")
    });
    format!(
        "CREATE INDEX IF NOT EXISTS {} ON {}{using} ({})",
        dialect.quoted(&index.name),
        dialect.quoted(&table.name),
        columns.collect::<Vec<_>>().join(", "),
    )
}

fn column_text(
    table: &Table,
    ordinal: u32,
    column: &Column,
    dialect: Dialect,
    report: &mut Report,
) -> String {
    let name = dialect.quoted(&column.name);
    let mut text = format!("{name} {}", type_text(table, ordinal, column, dialect));
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if table.auto_increment == Some(ordinal) {
        text.push_str(&counting(table, column, dialect, report));
    }
    match dialect.default(&column.default) {
        Ok(None) => {}
        Ok(Some(default)) => text.push_str(&format!(" DEFAULT {default}")),
        Err(reason) => {
            report.leave_out(
                table,
                format!("default of column {}: {reason}", column.name),
            );
        }
    }
    if dialect == Dialect::Sqlite && column.data_type == DataType::Bool {
        text.push_str(&format!(" CHECK ({name} IN (0, 1))"));
    }
    text
}

fn type_text(table: &Table, ordinal: u32, column: &Column, dialect: Dialect) -> &'static str {
    // SQLite counts up a primary key that is an `INTEGER`, asked or not.
    let is_key = table.primary_key().columns == [ordinal];
    match is_key && dialect == Dialect::Sqlite && !counts_in_sqlite(table, dialect) {
        true if dialect.type_name(column.data_type) == "INTEGER" => "INT",
        _ => dialect.type_name(column.data_type),
    }
}

/// What makes a column take the next number, if anything does.
fn counting(table: &Table, column: &Column, dialect: Dialect, report: &mut Report) -> String {
    if dialect == Dialect::PostgreSql {
        return " GENERATED BY DEFAULT AS IDENTITY".to_owned();
    }
    if counts_in_sqlite(table, dialect) {
        let key = dialect.quoted(&table.primary_key().name);
        return format!(" CONSTRAINT {key} PRIMARY KEY AUTOINCREMENT");
    }
    let name = &column.name;
    let detail = format!("column {name}: SQLite counts up nothing but a primary key of one column");
    report.leave_out(table, detail);
    String::new()
}

/// Whether the primary key is the column that SQLite counts up, which it has to be told with the column.
fn counts_in_sqlite(table: &Table, dialect: Dialect) -> bool {
    let counted = table
        .auto_increment
        .filter(|&at| !table.columns[at as usize].hidden);
    let is_key = counted.is_some_and(|at| table.primary_key().columns == [at]);
    dialect == Dialect::Sqlite && is_key
}

fn key_text(
    table: &Table,
    key: &UniqueKey,
    primary: bool,
    dialect: Dialect,
    report: &mut Report,
) -> String {
    let kind = match primary {
        true => "PRIMARY KEY".to_owned(),
        false => format!("UNIQUE{}", nulls(table, key, dialect, report)),
    };
    let mut deferral = String::new();
    if key.deferral.is_deferrable() {
        match dialect {
            Dialect::PostgreSql => deferral = format!(" {}", key.deferral),
            Dialect::Sqlite => {
                report.leave_out(table, format!("unique key {}: it is deferrable", key.name));
            }
        }
    }
    format!(
        "CONSTRAINT {} {kind} ({}){deferral}",
        dialect.quoted(&key.name),
        dialect.columns(table, &key.columns),
    )
}

/// What says that null equals null, where that makes a difference.
fn nulls(table: &Table, key: &UniqueKey, dialect: Dialect, report: &mut Report) -> &'static str {
    let mut columns = key.columns.iter().map(|&at| &table.columns[at as usize]);
    if key.nulls_distinct || !columns.any(|column| column.nullable) {
        return "";
    }
    match dialect {
        Dialect::PostgreSql => " NULLS NOT DISTINCT",
        Dialect::Sqlite => {
            report.leave_out(
                table,
                format!("unique key {}: its nulls are not distinct", key.name),
            );
            ""
        }
    }
}

fn checks(table: &Table, dialect: Dialect, report: &mut Report) -> Vec<String> {
    let mut texts = Vec::new();
    for check in &table.checks {
        let name = dialect.quoted(&check.name);
        match check.expr.to_sql(&Speaker { dialect, table }) {
            Ok(text) => texts.push(format!("CONSTRAINT {name} CHECK ({text})")),
            Err(reason) => report.leave_out(table, format!("check {}: {reason}", check.name)),
        }
    }
    texts
}
