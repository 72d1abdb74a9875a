//! What an insert does with a row whose unique key another row has.
//!
//! [`OnConflict`] says it in names; resolved against a table it is the keys that decide and the columns that are written.
//! As in PostgreSQL a deferrable key cannot decide, since two rows may have one value of it.

use crate::error::{RequestError, RequestKind, Result};
use crate::schema::{Table, UniqueKey};

/// What an insert does with a row whose unique key another row has.
///
/// ```
/// use relata::engine::{Database, OnConflict, Upserted};
/// use relata::schema::{ColumnDef, Schema, TableDef};
/// use relata::value::{DataType, Value};
///
/// let users = TableDef::new("users")
///     .column(ColumnDef::new("id", DataType::Int).primary_key().auto_increment())
///     .column(ColumnDef::new("email", DataType::Text).unique())
///     .column(ColumnDef::new("name", DataType::Text));
/// let mut db = Database::new(Schema::builder().table(users).build()?);
/// let ada = |name: &str| [("email", Value::from("ada@example.org")), ("name", name.into())];
///
/// let by_email = OnConflict::update().by(["email"]);
/// assert_eq!(db.insert_on_conflict("users", ada("Ada"), &by_email)?, Upserted::Inserted(1.into()));
/// assert_eq!(db.insert_on_conflict("users", ada("Ada L."), &by_email)?, Upserted::Updated(1.into()));
/// assert_eq!(db.insert_on_conflict("users", ada("?"), &OnConflict::skip())?, Upserted::Skipped);
/// # Ok::<(), relata::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnConflict {
    target: Target,
    action: ConflictAction,
}

/// Which unique keys decide.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Any,
    PrimaryKey,
    Columns(Vec<String>),
    Named(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ConflictAction {
    Skip,
    /// The columns that are given.
    Update,
    Only(Vec<String>),
    /// Every column.
    Replace,
}

impl OnConflict {
    /// The row is left out, and not judged at all. Any unique key of the table decides, unless one is chosen.
    pub fn skip() -> Self {
        OnConflict {
            target: Target::Any,
            action: ConflictAction::Skip,
        }
    }

    /// The row that is there takes the values that are given, but for those of the key that decided and those of the
    /// primary key. The primary key decides, unless another key is chosen.
    pub fn update() -> Self {
        OnConflict {
            target: Target::PrimaryKey,
            action: ConflictAction::Update,
        }
    }

    /// As [`OnConflict::update`], and columns that are not given take their defaults. The row stays the same row: nothing
    /// is deleted, and no delete rule fires.
    pub fn replace() -> Self {
        OnConflict {
            target: Target::PrimaryKey,
            action: ConflictAction::Replace,
        }
    }

    /// The unique key of these columns decides, in whatever order they are. It must have every row: one with a filter is
    /// chosen by its name.
    pub fn by(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.target = Target::Columns(columns.into_iter().map(Into::into).collect());
        self
    }

    /// The unique key of this name decides.
    pub fn by_key(mut self, name: impl Into<String>) -> Self {
        self.target = Target::Named(name.into());
        self
    }

    /// The row that is there takes these columns alone, of whatever key; those that are not given take their defaults.
    pub fn only(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.action = ConflictAction::Only(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Against a table, for rows that give values for some columns.
    pub(super) fn resolve(&self, table: &Table, given: &[u32]) -> Result<Resolved> {
        let keys = self.keys(table)?;
        refuse_deferrable(table, keys.iter().copied())?;
        let decides = |ordinal: &u32| {
            let mut keys = keys.iter().chain(&[0]);
            keys.any(|&key| table.keys[key].columns.contains(ordinal))
        };
        let visible = (0_u32..).zip(&table.columns);
        let visible = visible.filter(|(_, column)| !column.hidden);
        let written = match &self.action {
            ConflictAction::Skip => None,
            ConflictAction::Update => {
                let others = given.iter().copied().filter(|it| !decides(it));
                Some(others.collect())
            }
            ConflictAction::Replace => {
                let all = visible.map(|(ordinal, _)| ordinal);
                Some(all.filter(|it| !decides(it)).collect())
            }
            ConflictAction::Only(names) => Some(ordinals(table, names)?),
        };
        Ok(Resolved { keys, written })
    }

    fn keys(&self, table: &Table) -> Result<Vec<usize>> {
        let (found, what) = match &self.target {
            Target::Any => return Ok((0..table.keys.len()).collect()),
            Target::PrimaryKey => return Ok(vec![0]),
            Target::Columns(names) => {
                let columns = ordinals(table, names)?;
                let is_it = |key: &UniqueKey| {
                    key.filter.is_none()
                        && key.columns.len() == columns.len()
                        && key.columns.iter().all(|column| columns.contains(column))
                };
                let found = table.keys.iter().position(is_it);
                (found, format!("over ({})", names.join(", ")))
            }
            Target::Named(name) => {
                let found = table.keys.iter().position(|key| *key.name == **name);
                (found, format!("named {name}"))
            }
        };
        let Some(found) = found else {
            let detail = format!("no unique key {what} decides a conflict");
            return Err(refusal(RequestKind::UnknownConstraint, table, detail));
        };
        Ok(vec![found])
    }
}

/// Of these unique keys, none is deferrable: such a key decides no conflict.
pub(super) fn refuse_deferrable(
    table: &Table,
    keys: impl IntoIterator<Item = usize>,
) -> Result<()> {
    let mut keys = keys.into_iter().map(|key| &table.keys[key]);
    let Some(key) = keys.find(|key| key.deferral.is_deferrable()) else {
        return Ok(());
    };
    let detail = format!(
        "unique key {} is deferrable and cannot decide a conflict",
        key.name
    );
    Err(refusal(RequestKind::Unsupported, table, detail))
}

/// What is done, in positions and ordinals.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The keys that decide, as positions in those of the table, in creation order.
    pub(super) keys: Vec<usize>,
    /// The columns that the row that is there takes; none if the new row is left out.
    pub(super) written: Option<Vec<u32>>,
}

fn ordinals(table: &Table, names: &[String]) -> Result<Vec<u32>> {
    let mut ordinals = Vec::with_capacity(names.len());
    for name in names {
        let ordinal = table.column(name)?;
        if ordinals.contains(&ordinal) {
            let detail = format!("column {name} is named twice");
            return Err(refusal(RequestKind::Repeated, table, detail));
        }
        ordinals.push(ordinal);
    }
    Ok(ordinals)
}

fn refusal(kind: RequestKind, table: &Table, detail: String) -> crate::error::Error {
    RequestError::new(kind, &*table.name, detail).into()
}
