//! A schema as SQL text, for PostgreSQL and for SQLite.
//!
//! The statements stand in the order in which they can be run: tables after those that they refer to, then what needs
//! them to be there. They say `IF NOT EXISTS`, as the guide does (associations SY-8); only the keys that close a ring
//! of tables, which PostgreSQL gets by `ALTER TABLE`, cannot say it. Every name is quoted.
//!
//! What each type is called, so that values keep their order as well as their meaning:
//!
//! | relata | PostgreSQL | SQLite, where every table is `STRICT` |
//! |---|---|---|
//! | bool | `boolean` | `INTEGER`, checked to be 0 or 1 |
//! | int | `bigint` | `INTEGER`; `INT` for a primary key that nobody counts up, which SQLite would |
//! | float | `double precision` | `REAL` |
//! | text | `text COLLATE "C"` | `TEXT` |
//! | bytes | `bytea` | `BLOB` |
//! | uuid | `uuid` | `TEXT`, in small letters with hyphens |
//! | timestamp | `timestamp with time zone` | `INTEGER`, microseconds since 1970 |
//! | date | `date` | `INTEGER`, days since 1970 |
//! | json | `jsonb` | `TEXT` |
//!
//! Some things a database cannot be told: a closure is none of SQL, and SQLite knows no deferrable unique key.
//! [`Schema::ddl`] refuses a schema with such things and names all of them; [`Schema::ddl_in_part`] says the rest and
//! tells what it left out. Other things are said and yet not quite the same there:
//!
//! - relata judges unique keys at the end of each statement. The others judge those that are not deferrable row by row.
//! - PostgreSQL compares an integer with a float as floats, and JSON numbers by value. SQLite has no NaN.
//! - A hash index over several columns is an ordinary one, and so is every one of SQLite's.
//! - SQLite enforces foreign keys under `PRAGMA foreign_keys = ON` alone.

mod dialect;
mod names;
mod table;
mod foreign_key;

use std::collections::BTreeSet;

use crate::error::{DeclarationError, Problem, ProblemKind, Result};
use crate::schema::{ForeignKey, Schema, Table, TableId};

/// Whose SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL's, of version 15 or later.
    PostgreSql,
    /// SQLite's, of version 3.37 or later.
    Sqlite,
}

/// What a database can be told of a schema, and what it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartialDdl {
    /// The statements, in the order in which they can be run.
    pub statements: Vec<String>,
    /// What none of them says, by table.
    pub left_out: Vec<Problem>,
}

/// What comes up while a schema is written.
#[derive(Debug, Default)]
struct Report {
    /// What the database would not have as it was meant.
    left_out: Vec<Problem>,
    /// What makes the statements themselves wrong.
    refused: Vec<Problem>,
}

impl Schema {
    /// The statements that make these tables, with all their keys, checks and indexes.
    ///
    /// ```
    /// use relata::ddl::Dialect;
    /// use relata::schema::{ColumnDef, Schema, TableDef};
    /// use relata::value::DataType;
    ///
    /// let id = ColumnDef::new("id", DataType::Int).auto_increment().primary_key();
    /// let schema = Schema::builder().table(TableDef::new("users").column(id)).build()?;
    /// assert_eq!(
    ///     schema.ddl(Dialect::Sqlite)?,
    ///     ["CREATE TABLE IF NOT EXISTS \"users\" (\n  \
    ///         \"id\" INTEGER NOT NULL CONSTRAINT \"users_pkey\" PRIMARY KEY AUTOINCREMENT\n) STRICT"]
    /// );
    /// # Ok::<(), relata::error::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`](crate::error::Error::Declaration) with everything that cannot be said, and with every
    /// name that this database cannot have, or has twice.
    pub fn ddl(&self, dialect: Dialect) -> Result<Vec<String>> {
        let (statements, report) = write(self, dialect);
        report.refuse_any()?;
        Ok(statements)
    }

    /// As much as can be said, and what cannot. Every key that others refer to is said, if need be with less than it
    /// asks for.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`](crate::error::Error::Declaration) with every name that this database cannot have, or has
    /// twice.
    pub fn ddl_in_part(&self, dialect: Dialect) -> Result<PartialDdl> {
        let (statements, mut report) = write(self, dialect);
        let left_out = std::mem::take(&mut report.left_out);
        report.refuse_any()?;
        Ok(PartialDdl {
            statements,
            left_out,
        })
    }

    /// The statements that drop these tables, those that refer first. Tables in a ring are dropped too (associations
    /// SY-7): PostgreSQL gives up the keys that close it before, and SQLite is told not to look at keys meanwhile, which
    /// it takes no notice of within a transaction.
    pub fn drop_ddl(&self, dialect: Dialect) -> Vec<String> {
        let closing = closing_keys(self);
        let mut statements = Vec::new();
        match dialect {
            Dialect::PostgreSql => statements.extend(closing.iter().map(|key| {
                let table = dialect.quoted(&self.table(key.child).name);
                let name = dialect.quoted(&key.name);
                format!("ALTER TABLE IF EXISTS {table} DROP CONSTRAINT IF EXISTS {name}")
            })),
            Dialect::Sqlite if closing.is_empty() => {}
            Dialect::Sqlite => statements.push("PRAGMA foreign_keys = OFF".to_owned()),
        }
        let tables = self.drop_order().into_iter();
        statements.extend(tables.map(|id| {
            let table = dialect.quoted(&self.table(id).name);
            format!("DROP TABLE IF EXISTS {table}")
        }));
        if dialect == Dialect::Sqlite && !closing.is_empty() {
            statements.push("PRAGMA foreign_keys = ON".to_owned());
        }
        statements
    }
}

impl Report {
    fn leave_out(&mut self, table: &Table, detail: impl Into<String>) {
        let problem = Problem::new(ProblemKind::Unsupported, &*table.name, detail);
        self.left_out.push(problem);
    }

    fn refuse(&mut self, kind: ProblemKind, table: &Table, detail: impl Into<String>) {
        self.refused.push(Problem::new(kind, &*table.name, detail));
    }

    fn refuse_any(mut self) -> Result<()> {
        let mut problems = self.refused;
        problems.append(&mut self.left_out);
        match problems.is_empty() {
            true => Ok(()),
            false => Err(DeclarationError { problems }.into()),
        }
    }
}

fn write(schema: &Schema, dialect: Dialect) -> (Vec<String>, Report) {
    let mut report = Report::default();
    names::check(schema, dialect, &mut report);
    // SQLite takes references to tables that are not there yet.
    let later = match dialect {
        Dialect::PostgreSql => closing_keys(schema),
        Dialect::Sqlite => Vec::new(),
    };
    let mut statements = Vec::new();
    let mut indexes = Vec::new();
    for id in creating_order(schema) {
        let table = schema.table(id);
        let is_later = |key: &ForeignKey| later.iter().any(|found| found.id == key.id);
        statements.push(table::create(schema, table, is_later, dialect, &mut report));
        indexes.extend(table::indexes(table, dialect, &mut report));
    }
    for key in later {
        if let Some(text) = foreign_key::constraint(schema, key, dialect, &mut report) {
            let child = dialect.quoted(&schema.table(key.child).name);
            statements.push(format!("ALTER TABLE {child} ADD {text}"));
        }
    }
    statements.append(&mut indexes);
    (statements, report)
}

/// All tables, each after those that it refers to; but for the keys that close a ring.
fn creating_order(schema: &Schema) -> Vec<TableId> {
    let mut order = schema.drop_order();
    order.reverse();
    order
}

/// The keys whose parent is created after their child.
fn closing_keys(schema: &Schema) -> Vec<&ForeignKey> {
    let mut created = BTreeSet::new();
    let mut closing = Vec::new();
    for id in creating_order(schema) {
        created.insert(id);
        let keys = schema.table(id).foreign_keys.iter();
        let keys = keys.map(|&key| schema.foreign_key(key));
        closing.extend(keys.filter(|key| !created.contains(&key.parent)));
    }
    closing
}
