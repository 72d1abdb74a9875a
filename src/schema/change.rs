//! One change of a schema, by name.
//!
//! Plain data, as definitions are: nothing is checked until it is applied to a schema, so it can be written down, shown,
//! and applied to one fork after the other.

use crate::schema::{CheckDef, ColumnDef, ForeignKeyDef, IndexDef, TableDef, UniqueDef};

/// One change of a schema.
///
/// ```
/// use relata::engine::Database;
/// use relata::schema::{ColumnDef, Schema, SchemaChange, TableDef};
/// use relata::value::{DataType, Value};
///
/// let schema = Schema::builder()
///     .table(TableDef::new("posts").column(ColumnDef::new("id", DataType::Int).primary_key()))
///     .build()?;
/// let mut db = Database::new(schema);
/// db.insert("posts", [("id", Value::from(1))])?;
///
/// let score = ColumnDef::new("score", DataType::Int).not_null().default(10);
/// db.change_schema(&SchemaChange::add_column("posts", score))?;
/// let post = db.get("posts", 1)?.expect("the row was inserted");
/// assert_eq!(post.get("score")?.as_int(), Some(10));
/// # Ok::<(), relata::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SchemaChange {
    /// A table comes, without rows. It may refer to tables that are there, and to itself.
    AddTable(TableDef),
    /// A table goes, with its rows. Not while another table refers to it.
    DropTable {
        /// The table.
        table: String,
    },
    /// A table goes, with its rows and with the foreign keys of other tables that refer to it; their rows stay as they are.
    DropTableCascade {
        /// The table.
        table: String,
    },
    /// A column comes, as the last one; rows that are there take its default.
    AddColumn {
        /// Its table.
        table: String,
        /// The column. It cannot be part of the primary key.
        column: ColumnDef,
    },
    /// A column goes. Not while a key, an index or a check uses it.
    DropColumn {
        /// Its table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column must have a value in every row from now on.
    SetNotNull {
        /// Its table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column need not have a value any more. Not in a primary key.
    DropNotNull {
        /// Its table.
        table: String,
        /// The column.
        column: String,
    },
    /// An index comes.
    AddIndex {
        /// Its table.
        table: String,
        /// The index.
        index: IndexDef,
    },
    /// An index goes.
    DropIndex {
        /// Its table.
        table: String,
        /// Its name.
        index: String,
    },
    /// A unique key comes.
    AddUnique {
        /// Its table.
        table: String,
        /// The key.
        unique: UniqueDef,
    },
    /// A check comes.
    AddCheck {
        /// Its table.
        table: String,
        /// The check.
        check: CheckDef,
    },
    /// A foreign key comes.
    AddForeignKey {
        /// The table that refers.
        table: String,
        /// The key.
        foreign_key: ForeignKeyDef,
    },
    /// A unique key, a check or a foreign key goes. Not a unique key that a foreign key relies on, nor a primary key.
    DropConstraint {
        /// Its table: for a foreign key, the one that refers.
        table: String,
        /// Its name.
        constraint: String,
    },
}

impl SchemaChange {
    /// See [`SchemaChange::AddTable`].
    pub fn add_table(table: TableDef) -> Self {
        SchemaChange::AddTable(table)
    }

    /// See [`SchemaChange::DropTable`].
    pub fn drop_table(table: impl Into<String>) -> Self {
        SchemaChange::DropTable {
            table: table.into(),
        }
    }

    /// See [`SchemaChange::DropTableCascade`].
    pub fn drop_table_cascade(table: impl Into<String>) -> Self {
        SchemaChange::DropTableCascade {
            table: table.into(),
        }
    }

    /// See [`SchemaChange::AddColumn`].
    pub fn add_column(table: impl Into<String>, column: ColumnDef) -> Self {
        SchemaChange::AddColumn {
            table: table.into(),
            column,
        }
    }

    /// See [`SchemaChange::DropColumn`].
    pub fn drop_column(table: impl Into<String>, column: impl Into<String>) -> Self {
        SchemaChange::DropColumn {
            table: table.into(),
            column: column.into(),
        }
    }

    /// See [`SchemaChange::SetNotNull`].
    pub fn set_not_null(table: impl Into<String>, column: impl Into<String>) -> Self {
        SchemaChange::SetNotNull {
            table: table.into(),
            column: column.into(),
        }
    }

    /// See [`SchemaChange::DropNotNull`].
    pub fn drop_not_null(table: impl Into<String>, column: impl Into<String>) -> Self {
        SchemaChange::DropNotNull {
            table: table.into(),
            column: column.into(),
        }
    }

    /// See [`SchemaChange::AddIndex`].
    pub fn add_index(table: impl Into<String>, index: IndexDef) -> Self {
        SchemaChange::AddIndex {
            table: table.into(),
            index,
        }
    }

    /// See [`SchemaChange::DropIndex`].
    pub fn drop_index(table: impl Into<String>, index: impl Into<String>) -> Self {
        SchemaChange::DropIndex {
            table: table.into(),
            index: index.into(),
        }
    }

    /// See [`SchemaChange::AddUnique`].
    pub fn add_unique(table: impl Into<String>, unique: UniqueDef) -> Self {
        SchemaChange::AddUnique {
            table: table.into(),
            unique,
        }
    }

    /// See [`SchemaChange::AddCheck`].
    pub fn add_check(table: impl Into<String>, check: CheckDef) -> Self {
        SchemaChange::AddCheck {
            table: table.into(),
            check,
        }
    }

    /// See [`SchemaChange::AddForeignKey`].
    pub fn add_foreign_key(table: impl Into<String>, foreign_key: ForeignKeyDef) -> Self {
        SchemaChange::AddForeignKey {
            table: table.into(),
            foreign_key,
        }
    }

    /// See [`SchemaChange::DropConstraint`].
    pub fn drop_constraint(table: impl Into<String>, constraint: impl Into<String>) -> Self {
        SchemaChange::DropConstraint {
            table: table.into(),
            constraint: constraint.into(),
        }
    }
}
