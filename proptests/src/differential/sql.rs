//! Schemas and statements as SQL text.

use relata::value::Value;

use crate::operations::{Filter, Statement, Term, Test};
use crate::shape::{
    CheckShape, Comparison, DefaultShape, Kind, Operand, ReferenceShape, Rule, Shape, TableShape,
    Timing, UniqueShape,
};

/// Whose SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

/// What creates the tables and keys.
///
/// SQLite works through keys from the last to the first, so it gets tables and keys in reverse order. PostgreSQL wants
/// parents first, so it gets keys after tables. Unique keys that nobody refers to are deferrable in PostgreSQL, which
/// makes it judge them after the statement; it allows no reference to such a key.
pub fn schema(shape: &Shape, dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => (0..shape.tables.len())
            .rev()
            .map(|table| create_table(shape, table, dialect))
            .collect(),
        Dialect::Postgres => {
            let tables = (0..shape.tables.len()).map(|table| create_table(shape, table, dialect));
            let keys = shape.references.iter().map(|reference| {
                let child = &shape.tables[reference.child].name;
                format!("ALTER TABLE {child} ADD {}", foreign_key(shape, reference))
            });
            tables.chain(keys).collect()
        }
    }
}

fn create_table(shape: &Shape, number: usize, dialect: Dialect) -> String {
    let table = &shape.tables[number];
    let mut parts: Vec<String> = table.columns[..table.visible()]
        .iter()
        .map(|column| {
            let kind = match (column.kind, dialect) {
                (Kind::Text, Dialect::Sqlite) => "TEXT",
                (Kind::Text, Dialect::Postgres) => "text COLLATE \"C\"",
                (_, Dialect::Sqlite) => "INT",
                (_, Dialect::Postgres) => "bigint",
            };
            let null = if column.nullable { "" } else { " NOT NULL" };
            let default = match &column.default {
                DefaultShape::Constant(value) => format!(" DEFAULT {value}"),
                DefaultShape::Null | DefaultShape::Now | DefaultShape::AutoIncrement => {
                    String::new()
                }
            };
            format!("{} {kind}{null}{default}", column.name)
        })
        .collect();
    let uniques = table.uniques.iter().enumerate();
    parts.extend(
        uniques
            .filter(|(position, _)| *position > 0 || !table.hidden_key)
            .map(|(position, unique)| {
                unique_key(shape, number, unique, position == 0)
                    + judged_late(shape, number, unique, dialect)
            }),
    );
    parts.extend(table.checks.iter().map(|check| check_text(table, check)));
    if dialect == Dialect::Sqlite {
        let keys = shape.references.iter().filter(|key| key.child == number);
        parts.extend(keys.rev().map(|key| foreign_key(shape, key)));
    }
    format!("CREATE TABLE {} ({})", table.name, parts.join(", "))
}

fn unique_key(shape: &Shape, table: usize, unique: &UniqueShape, primary: bool) -> String {
    let kind = match (primary, unique.nulls_distinct) {
        (true, _) => "PRIMARY KEY",
        (false, true) => "UNIQUE",
        (false, false) => "UNIQUE NULLS NOT DISTINCT",
    };
    let columns = names(&shape.tables[table], &unique.columns);
    format!("CONSTRAINT {} {kind} ({columns})", unique.name)
}

fn judged_late(
    shape: &Shape,
    table: usize,
    unique: &UniqueShape,
    dialect: Dialect,
) -> &'static str {
    let is_referred_to = shape.references.iter().any(|reference| {
        reference.parent == table
            && reference.parent_columns.len() == unique.columns.len()
            && reference
                .parent_columns
                .iter()
                .all(|column| unique.columns.contains(column))
    });
    match dialect == Dialect::Postgres && !is_referred_to {
        true => " DEFERRABLE INITIALLY IMMEDIATE",
        false => "",
    }
}

fn check_text(table: &TableShape, check: &CheckShape) -> String {
    let right = match &check.right {
        Operand::Column(column) => table.columns[*column].name.clone(),
        Operand::Constant(value) => value.to_string(),
    };
    let left = &table.columns[check.left].name;
    let comparison = comparison(check.comparison);
    format!(
        "CONSTRAINT {} CHECK ({left} {comparison} {right})",
        check.name
    )
}

fn foreign_key(shape: &Shape, reference: &ReferenceShape) -> String {
    let (child, parent) = (
        &shape.tables[reference.child],
        &shape.tables[reference.parent],
    );
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}{}",
        reference.name,
        names(child, &reference.child_columns),
        parent.name,
        names(parent, &reference.parent_columns),
        rule(reference.on_delete),
        rule(reference.on_update),
        match reference.timing {
            Timing::Immediate => "",
            Timing::InitiallyImmediate => " DEFERRABLE INITIALLY IMMEDIATE",
            Timing::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
        }
    )
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::NoAction => "NO ACTION",
        Rule::Restrict => "RESTRICT",
        Rule::Cascade => "CASCADE",
        Rule::SetNull => "SET NULL",
        Rule::SetDefault => "SET DEFAULT",
    }
}

/// Every engine has its own words and rules for rows that meet others.
pub(super) const NO_MEETING: &str = "the differentials draw no statement that may meet rows";

/// A statement. An upsert is no part of what engines agree on, and is said as an insert.
///
/// # Panics
/// For statements that may meet rows: none is drawn here.
pub fn statement(shape: &Shape, statement: &Statement) -> String {
    match statement {
        Statement::Insert { table, cells } | Statement::Upsert { table, cells } => {
            let table = &shape.tables[*table];
            if cells.is_empty() {
                return format!("INSERT INTO {} DEFAULT VALUES", table.name);
            }
            let columns: Vec<usize> = cells.iter().map(|cell| cell.0).collect();
            let values = cells.iter().map(|cell| &cell.1);
            let (columns, values) = (names(table, &columns), literals(values));
            format!("INSERT INTO {} ({columns}) VALUES ({values})", table.name)
        }
        Statement::Meet(_) => unreachable!("{NO_MEETING}"),
        Statement::InsertMany {
            table,
            columns,
            rows,
        } => {
            let table = &shape.tables[*table];
            let rows: Vec<String> = rows
                .iter()
                .map(|row| format!("({})", literals(row.iter())))
                .collect();
            let columns = names(table, columns);
            format!(
                "INSERT INTO {} ({columns}) VALUES {}",
                table.name,
                rows.join(", ")
            )
        }
        Statement::Update {
            table,
            filter,
            assignments,
        } => {
            let table = &shape.tables[*table];
            let assignments: Vec<String> = assignments
                .iter()
                .map(|(column, term)| {
                    format!(
                        "{} = {}",
                        table.columns[*column].name,
                        term_text(table, term)
                    )
                })
                .collect();
            format!(
                "UPDATE {} SET {}{}",
                table.name,
                assignments.join(", "),
                filter_text(table, filter)
            )
        }
        Statement::Delete { table, filter } => {
            let table = &shape.tables[*table];
            format!("DELETE FROM {}{}", table.name, filter_text(table, filter))
        }
    }
}

/// What reads the visible columns of a table.
pub fn rows(table: &TableShape) -> String {
    let columns: Vec<usize> = (0..table.visible()).collect();
    format!("SELECT {} FROM {}", names(table, &columns), table.name)
}

fn filter_text(table: &TableShape, filter: &Filter) -> String {
    if filter.is_empty() {
        return String::new();
    }
    let tests: Vec<String> = filter
        .iter()
        .map(|(column, test)| {
            let column = &table.columns[*column].name;
            match test {
                Test::Compare(by, value) => {
                    format!("{column} {} {value}", comparison(*by))
                }
                Test::IsNull => format!("{column} IS NULL"),
                Test::OneOf(values) => format!("{column} IN ({})", literals(values.iter())),
            }
        })
        .collect();
    format!(" WHERE {}", tests.join(" AND "))
}

fn term_text(table: &TableShape, term: &Term) -> String {
    let name = |column: usize| &table.columns[column].name;
    match term {
        Term::Constant(value) => value.to_string(),
        Term::Column(column) => name(*column).clone(),
        Term::Successor(column) => format!("{} + 1", name(*column)),
        Term::Swap(column, a, b) => {
            let column = name(*column);
            format!("CASE {column} WHEN {a} THEN {b} WHEN {b} THEN {a} ELSE {column} END")
        }
    }
}

fn comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::Unequal => "<>",
        Comparison::Less => "<",
        Comparison::AtLeast => ">=",
    }
}

fn names(table: &TableShape, columns: &[usize]) -> String {
    let names: Vec<&str> = columns
        .iter()
        .map(|&column| &*table.columns[column].name)
        .collect();
    names.join(", ")
}

fn literals<'v>(values: impl Iterator<Item = &'v Value>) -> String {
    let literals: Vec<String> = values.map(Value::to_string).collect();
    literals.join(", ")
}
