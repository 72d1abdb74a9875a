//! Which declarations cannot stand, and how that is said (integrity RI-90).
//!
//! Every function here looks at one thing and adds to a [`Report`] what is wrong with it. None of them stops the build:
//! whoever declares a schema wants to see all its problems at once.

use crate::error::{Limit, Problem, ProblemKind};
use crate::schema::{Action, Column, ColumnDef, DefaultValue, Table, TableDef, UniqueDef};
use crate::value::DataType;

/// The most tables of a schema.
const TABLES_MAX: usize = 4_096;
/// The most columns of a table, a hidden one not counted.
const COLUMNS_MAX: usize = 1_024;
/// The most columns of a key or an index.
const KEY_COLUMNS_MAX: usize = 32;
/// The most unique keys, indexes, checks or foreign keys that one table declares, each sort by itself.
const CONSTRAINTS_MAX: usize = 1_024;

/// The longest default, in bytes: that of a value where a database sets no other limit.
const DEFAULT_BYTES_MAX: usize = 64 << 20;

/// The name of the hidden key of a table that declares none. No declared column may have it.
pub(super) const HIDDEN_COLUMN: &str = "(row)";

/// The problems of one table, in the order in which they were found.
#[derive(Debug)]
pub(super) struct Report {
    /// The table's name, or what stands for it.
    subject: String,
    /// What is wrong with it.
    pub(super) problems: Vec<Problem>,
}

impl Report {
    /// No problems yet.
    pub(super) fn new(table: &str) -> Self {
        let subject = match table.is_empty() {
            true => "table without a name",
            false => table,
        };
        Report {
            subject: subject.to_owned(),
            problems: Vec::new(),
        }
    }

    /// One more problem.
    pub(super) fn add(&mut self, kind: ProblemKind, detail: impl Into<String>) {
        self.problems
            .push(Problem::new(kind, self.subject.as_str(), detail));
    }

    /// Two things of one sort must not have one name.
    pub(super) fn add_duplicate(&mut self, sort: &str, name: &str) {
        self.add(
            ProblemKind::Duplicate,
            format!("two {sort} are named {name}"),
        );
    }

    fn check_limit(&mut self, limit: Limit, what: &str, found: usize) {
        let max = match limit {
            Limit::Tables => TABLES_MAX,
            Limit::Columns => COLUMNS_MAX,
            Limit::KeyColumns => KEY_COLUMNS_MAX,
            _ => CONSTRAINTS_MAX,
        };
        if found > max {
            self.add(
                ProblemKind::Limit(limit),
                format!("{found} {what}, more than {max}"),
            );
        }
    }
}

/// The number of tables.
pub(super) fn table_count(count: usize) -> Option<Problem> {
    let mut report = Report::new("schema");
    report.check_limit(Limit::Tables, "tables", count);
    report.problems.pop()
}

/// The name of a table, and how much it declares.
pub(super) fn table(definition: &TableDef, report: &mut Report) {
    if definition.name.is_empty() {
        report.add(ProblemKind::Unknown, "a table has an empty name");
    }
    report.check_limit(Limit::Columns, "columns", definition.columns.len());
    let column_uniques = definition.columns.iter().filter(|column| column.unique);
    let uniques = definition.uniques.len() + column_uniques.count();
    report.check_limit(Limit::Constraints, "unique keys", uniques);
    report.check_limit(Limit::Constraints, "indexes", definition.indexes.len());
    report.check_limit(Limit::Constraints, "checks", definition.checks.len());
    report.check_limit(
        Limit::Constraints,
        "foreign keys",
        definition.foreign_keys.len(),
    );
}

/// The name of a column, and whether its default can stand in it.
pub(super) fn column(definition: &ColumnDef, report: &mut Report) {
    let name = definition.name.as_str();
    if name.is_empty() {
        report.add(ProblemKind::Unknown, "a column has an empty name");
    }
    if name == HIDDEN_COLUMN {
        let detail = format!("column name {HIDDEN_COLUMN} is that of hidden keys");
        report.add(ProblemKind::Duplicate, detail);
    }
    let (what, data_type) = match &definition.default {
        // What a closure makes is looked at when it has made it.
        DefaultValue::None | DefaultValue::With(_) => return,
        DefaultValue::Value(value) => ("default", value.data_type()),
        DefaultValue::Now => ("default of the current time", Some(DataType::Timestamp)),
        DefaultValue::RandomUuid => ("default of a random uuid", Some(DataType::Uuid)),
        DefaultValue::AutoIncrement => ("auto increment", Some(DataType::Int)),
    };
    if definition.default.constant().as_ref().size_bytes() > DEFAULT_BYTES_MAX {
        report.add(
            ProblemKind::Limit(Limit::ValueBytes),
            format!("the default of column {name} has more than {DEFAULT_BYTES_MAX} bytes"),
        );
    }
    // A null constant has no type and fits everywhere.
    if let Some(data_type) = data_type.filter(|&found| found != definition.data_type) {
        report.add(
            ProblemKind::Type,
            format!(
                "column {name} is {}, its {what} is {data_type}",
                definition.data_type
            ),
        );
    }
}

/// Whether columns can be a key: at least one, none twice, not too many.
pub(super) fn key(constraint: &str, columns: &[String], report: &mut Report) -> bool {
    let before = report.problems.len();
    if columns.is_empty() {
        report.add(ProblemKind::Key, format!("{constraint} has no columns"));
    }
    for (position, name) in columns.iter().enumerate() {
        if columns[..position].contains(name) {
            report.add(
                ProblemKind::Key,
                format!("{constraint} has column {name} twice"),
            );
        }
    }
    let what = format!("columns in {constraint}");
    report.check_limit(Limit::KeyColumns, &what, columns.len());
    report.problems.len() == before
}

/// A key that leaves rows out is an index in PostgreSQL, and those cannot wait.
pub(super) fn unique(constraint: &str, definition: &UniqueDef, report: &mut Report) {
    if definition.filter.is_some() && definition.deferral.is_deferrable() {
        let detail = format!("{constraint} has a filter and cannot be deferrable");
        report.add(ProblemKind::Unsupported, detail);
    }
}

/// Whether an action can ever succeed on the columns of a foreign key.
///
/// SET NULL cannot where a column is never null (integrity RI-22). SET DEFAULT cannot where it would write null to such
/// a column, which it does without a constant default (integrity RI-23).
pub(super) fn action<'a>(
    constraint: &str,
    event: &str,
    action: Action,
    columns: impl Iterator<Item = &'a Column>,
    report: &mut Report,
) {
    for column in columns.filter(|column| !column.nullable) {
        let reason = match action {
            Action::NoAction | Action::Restrict | Action::Cascade => return,
            Action::SetNull => "is never null",
            Action::SetDefault if column.default.constant().is_null() => {
                "is never null and has no constant default"
            }
            Action::SetDefault => continue,
        };
        report.add(
            ProblemKind::Action,
            format!(
                "{constraint}: {event} {action} can never succeed, column {} {reason}",
                column.name
            ),
        );
    }
}

/// Whether each column of a foreign key has the type of the column that it refers to (associations FK-5).
pub(super) fn key_types(
    constraint: &str,
    (child, child_columns): (&Table, &[u32]),
    (parent, parent_columns): (&Table, &[u32]),
    report: &mut Report,
) {
    for (&from, &to) in child_columns.iter().zip(parent_columns) {
        let from = &child.columns[from as usize];
        let to = &parent.columns[to as usize];
        if from.data_type != to.data_type {
            report.add(
                ProblemKind::Type,
                format!(
                    "{constraint}: column {} is {}, but {} of {} is {}",
                    from.name, from.data_type, to.name, parent.name, to.data_type
                ),
            );
        }
    }
}
