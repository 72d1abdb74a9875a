//! What somebody wants a table to be, by name.
//!
//! Definitions are plain data. Nothing is checked until [`SchemaBuilder::build`](crate::schema::SchemaBuilder::build)
//! sees all of them, so they may be written in any order, changed, and refer to what is defined later.

use std::sync::Arc;

use crate::expr::Expr;
use crate::schema::{Action, DefaultFunction, DefaultValue, Deferral, IndexKind};
use crate::value::{DataType, Value, ValueRef};

/// A table to be.
///
/// ```
/// use relata::expr::col;
/// use relata::schema::{Action, CheckDef, ColumnDef, ForeignKeyDef, TableDef};
/// use relata::value::DataType;
///
/// let posts = TableDef::new("posts")
///     .column(ColumnDef::new("id", DataType::Int).auto_increment().primary_key())
///     .column(ColumnDef::new("author_id", DataType::Int))
///     .column(ColumnDef::new("slug", DataType::Text).not_null().unique())
///     .foreign_key(
///         ForeignKeyDef::new(["author_id"])
///             .references("authors", ["id"])
///             .on_delete(Action::SetNull),
///     )
///     .check(CheckDef::new("slug_given", col("slug").ne("")));
/// assert_eq!(posts.columns.len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableDef {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnDef>,
    /// The columns of its primary key, in order; none to take those that were marked one by one.
    pub primary_key: Option<Vec<String>>,
    /// The name of its primary key; none for `<table>_pkey`.
    pub primary_key_name: Option<String>,
    /// Its unique keys besides the primary key and those of columns that are unique by themselves.
    pub uniques: Vec<UniqueDef>,
    /// Its indexes.
    pub indexes: Vec<IndexDef>,
    /// What must not be false for its rows.
    pub checks: Vec<CheckDef>,
    /// The foreign keys that it is the child of.
    pub foreign_keys: Vec<ForeignKeyDef>,
}

/// A column to be. It admits null unless it is declared otherwise or is part of the primary key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ColumnDef {
    /// Its name.
    pub name: String,
    /// What it admits.
    pub data_type: DataType,
    /// Whether it also admits null.
    pub nullable: bool,
    /// What it holds where a row gives it no value.
    pub default: DefaultValue,
    /// Whether it is a unique key by itself.
    pub unique: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
}

/// A unique key to be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UniqueDef {
    /// Its name; none for `<table>_<column>_key`.
    pub name: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Whether any number of rows may have a null in the key.
    pub nulls_distinct: bool,
    /// When two rows with one key are held against them.
    pub deferral: Deferral,
    /// Which rows take part; all of them if none.
    pub filter: Option<Expr>,
}

/// An index to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexDef {
    /// Its name; none for `<table>_<column>_idx`.
    pub name: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// What it can answer.
    pub kind: IndexKind,
    /// Those of its columns that run from high to low.
    pub descending: Vec<String>,
}

/// A check to be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckDef {
    /// Its name.
    pub name: String,
    /// What must not be false for any row.
    pub expr: Expr,
}

/// A foreign key to be. It holds at the end of each statement and takes no action, unless declared otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKeyDef {
    /// Its name; none for `<table>_<column>_fkey`.
    pub name: Option<String>,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table that is referred to.
    pub parent: String,
    /// The columns that are referred to, each at the position of its child column.
    pub parent_columns: Vec<String>,
    /// What happens to children whose parent is deleted.
    pub on_delete: Action,
    /// Those of its columns that SET NULL or SET DEFAULT on delete writes to; none for all of them.
    pub on_delete_columns: Option<Vec<String>>,
    /// What happens to children whose parent takes another key.
    pub on_update: Action,
    /// When a missing parent is held against the child.
    pub deferral: Deferral,
    /// What must be true of a row for the key to say anything about it; none for all rows.
    pub guard: Option<GuardDef>,
    /// Whether the parent columns need not be a unique key.
    pub to_any_row: bool,
}

/// `column = value`, for the rows that a foreign key is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuardDef {
    /// A column of the child, none of the key's own.
    pub column: String,
    /// What it must hold.
    pub value: Value,
}

impl TableDef {
    /// A table without columns.
    pub fn new(name: impl Into<String>) -> Self {
        TableDef {
            name: name.into(),
            columns: Vec::new(),
            primary_key: None,
            primary_key_name: None,
            uniques: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    /// One more column.
    pub fn column(mut self, column: ColumnDef) -> Self {
        self.columns.push(column);
        self
    }

    /// The columns of the primary key, which none of them may then be marked as by itself. The last call counts.
    pub fn primary_key(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.primary_key = Some(strings(columns));
        self
    }

    /// The name of the primary key, wherever its columns are declared.
    pub fn primary_key_named(mut self, name: impl Into<String>) -> Self {
        self.primary_key_name = Some(name.into());
        self
    }

    /// One more unique key.
    pub fn unique(mut self, unique: UniqueDef) -> Self {
        self.uniques.push(unique);
        self
    }

    /// One more index.
    pub fn index(mut self, index: IndexDef) -> Self {
        self.indexes.push(index);
        self
    }

    /// One more check.
    pub fn check(mut self, check: CheckDef) -> Self {
        self.checks.push(check);
        self
    }

    /// One more foreign key, with this table as the child.
    pub fn foreign_key(mut self, foreign_key: ForeignKeyDef) -> Self {
        self.foreign_keys.push(foreign_key);
        self
    }
}

impl ColumnDef {
    /// A column that admits null and has no default.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        ColumnDef {
            name: name.into(),
            data_type,
            nullable: true,
            default: DefaultValue::None,
            unique: false,
            primary_key: false,
        }
    }

    /// Every row must have a value here.
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// A constant for rows that give no value. Null is no default.
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.default = match value.is_null() {
            true => DefaultValue::None,
            false => DefaultValue::Value(value),
        };
        self
    }

    /// The time of the transaction for rows that give no value.
    pub fn default_now(mut self) -> Self {
        self.default = DefaultValue::Now;
        self
    }

    /// A random uuid for rows that give no value.
    pub fn default_uuid(mut self) -> Self {
        self.default = DefaultValue::RandomUuid;
        self
    }

    /// What a closure makes for each new row that gives no value; `text` stands for it wherever the column is shown. See
    /// [`DefaultFunction`]. SET DEFAULT writes null: it wants a constant.
    pub fn default_with(
        mut self,
        text: impl Into<Arc<str>>,
        make: impl Fn() -> Value + Send + Sync + 'static,
    ) -> Self {
        self.default = DefaultValue::With(DefaultFunction::new(text, make));
        self
    }

    /// The next number of the table's sequence for rows that give no value or a null. One column of a table can have it.
    ///
    /// A number that an insert gives moves the sequence past itself. One that an update writes does not, as in
    /// PostgreSQL: the sequence may come to a number that is taken, and the insert is refused, as is each one after it
    /// until the sequence is moved ([`set_sequence`](crate::engine::Transaction::set_sequence)). A refused insert
    /// takes no number.
    pub fn auto_increment(mut self) -> Self {
        self.default = DefaultValue::AutoIncrement;
        self
    }

    /// A unique key of this column alone.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// A part of the primary key. Several columns marked so are one key, in the order of the columns.
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }
}

impl UniqueDef {
    /// A unique key of these columns.
    pub fn new(columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        UniqueDef {
            name: None,
            columns: strings(columns),
            nulls_distinct: true,
            deferral: Deferral::NotDeferrable,
            filter: None,
        }
    }

    /// Under this name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With null equal to null, so that a null in the key does not exempt a row from it.
    pub fn nulls_not_distinct(mut self) -> Self {
        self.nulls_distinct = false;
        self
    }

    /// When two rows with one key are held against them: at the end of the statement, or, deferred, at that of the
    /// transaction. Unlike in PostgreSQL a foreign key may refer to a deferrable key (integrity RI-90).
    pub fn deferrable(mut self, deferral: Deferral) -> Self {
        self.deferral = deferral;
        self
    }

    /// With only those rows in it for which this is true: PostgreSQL's `CREATE UNIQUE INDEX ... WHERE`. No foreign key
    /// can refer to such a key, it cannot be deferrable, and nothing can take part in the filter that could fail for a row: no
    /// closure, and no function with a failure of its own. The last call counts.
    pub fn filter(mut self, filter: impl Into<Expr>) -> Self {
        self.filter = Some(filter.into());
        self
    }
}

impl IndexDef {
    /// An ordered index of these columns, each from low to high.
    pub fn new(columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        IndexDef {
            name: None,
            columns: strings(columns),
            kind: IndexKind::Ordered,
            descending: Vec::new(),
        }
    }

    /// Under this name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// By hash: for equality of all columns alone.
    pub fn hash(mut self) -> Self {
        self.kind = IndexKind::Hash;
        self
    }

    /// By order: for equality, ranges and sorting.
    pub fn ordered(mut self) -> Self {
        self.kind = IndexKind::Ordered;
        self
    }

    /// With these of its columns from high to low. The last call counts.
    pub fn descending(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.descending = strings(columns);
        self
    }
}

impl CheckDef {
    /// A check of this name.
    pub fn new(name: impl Into<String>, expr: impl Into<Expr>) -> Self {
        CheckDef {
            name: name.into(),
            expr: expr.into(),
        }
    }

    /// A check in Rust over the named columns, for what no expression says: true, false or unknown from their cells, in
    /// this order. It has to answer from them alone, and the same each time; `text` stands for it wherever the check is
    /// shown. If it panics, the statement under way is undone. Two such checks are equal when their names, texts and
    /// columns are.
    ///
    /// ```
    /// use relata::schema::CheckDef;
    ///
    /// let even = CheckDef::closure("even", "score % 2 = 0", ["score"], |cells| {
    ///     cells[0].as_int().map(|score| score % 2 == 0)
    /// });
    /// assert_eq!(even.expr.to_string(), "score % 2 = 0");
    /// ```
    pub fn closure(
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        columns: impl IntoIterator<Item = impl Into<Arc<str>>>,
        test: impl Fn(&[ValueRef<'_>]) -> Option<bool> + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        let expr = Expr::function(name.as_str(), text, columns, Arc::new(test));
        CheckDef { name, expr }
    }
}

impl ForeignKeyDef {
    /// A foreign key of these columns, which does not yet refer to anything.
    pub fn new(columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        ForeignKeyDef {
            name: None,
            columns: strings(columns),
            parent: String::new(),
            parent_columns: Vec::new(),
            on_delete: Action::NoAction,
            on_delete_columns: None,
            on_update: Action::NoAction,
            deferral: Deferral::NotDeferrable,
            guard: None,
            to_any_row: false,
        }
    }

    /// What it refers to: a table, and for each column of the key the column there that it must be found in.
    pub fn references(
        mut self,
        parent: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.parent = parent.into();
        self.parent_columns = strings(columns);
        self
    }

    /// Under this name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What happens to children whose parent is deleted.
    pub fn on_delete(mut self, action: Action) -> Self {
        self.on_delete = action;
        self
    }

    /// Only these of its columns take part in SET NULL or SET DEFAULT when the parent is deleted; the others stay as they
    /// are. With a column that keys share, such as a tenant's, nothing else lets go of one parent without letting go of
    /// the other (integrity RI-24). The last call counts.
    pub fn on_delete_columns(
        mut self,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.on_delete_columns = Some(strings(columns));
        self
    }

    /// What happens to children whose parent takes another key.
    pub fn on_update(mut self, action: Action) -> Self {
        self.on_update = action;
        self
    }

    /// When a missing parent is held against the child.
    pub fn deferrable(mut self, deferral: Deferral) -> Self {
        self.deferral = deferral;
        self
    }

    /// Only for rows in which a column has this value; others are exempt, as with a null in the key. SET NULL and SET
    /// DEFAULT then write that column too, so that the row lets go of its parent altogether.
    pub fn guarded(mut self, column: impl Into<String>, value: impl Into<Value>) -> Self {
        self.guard = Some(GuardDef {
            column: column.into(),
            value: value.into(),
        });
        self
    }

    /// To columns that need not be a unique key: the key holds while any row has the value. Its actions are taken for a
    /// value when a statement leaves no row with it; an update cascades only if all rows that gave the value up took the
    /// same new one. Where the columns are a unique key after all, this says nothing.
    pub fn to_any_row(mut self) -> Self {
        self.to_any_row = true;
        self
    }
}

pub(super) fn strings(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}
