//! What a delete would do: the rows that would go or change, and the constraints that are in the way.
//!
//! It is the delete itself, on a fork that is thrown away: the same work list, level by level, and the same judgement.
//! Only what becomes of a broken constraint differs: it is kept, and the work goes on as if it were none (see
//! `refusals`). So a plan is blocked if and only if the delete would fail, and otherwise names what it would change.
//!
//! Rows refer to each other by position, since the way from the row that was addressed may be as long as there are rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::engine::database::Database;
use crate::engine::name::TableName;
use crate::engine::referential::Cause;
use crate::engine::refusals::Refusal;
use crate::engine::snapshot::Snapshot;
use crate::engine::statement::Statement;
use crate::error::{ConstraintError, ConstraintKind, Cut, Operation, Result};
use crate::expr::Expr;
use crate::schema::TableId;
use crate::storage::{ImageId, RowId};
use crate::value::{Key, Value};

/// What a delete would do, and what is in its way. See [`Snapshot::plan_delete`].
///
/// It prints as a list, one line for each row and each broken constraint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeletePlan {
    /// The rows that would go or be written: those addressed, and those that actions reach. By table in order of definition
    /// and then by primary key. If the delete is blocked: as if nothing were in its way.
    pub rows: Vec<PlannedRow>,
    /// What is in the way: RESTRICT, not null, checks, unique keys, then references that would be left without a parent;
    /// of one sort, by table, constraint and row.
    pub blocked: Vec<Blocked>,
}

/// A row that a delete would take out or write into.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRow {
    /// Its table.
    pub table: String,
    /// Its primary key, as it is before.
    pub key: Key,
    /// What happens to it.
    pub effect: Effect,
    /// What makes it happen; none for a row that the delete addresses.
    pub cause: Option<PlanCause>,
}

/// What happens to a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It goes.
    Deleted,
    /// It stays, and these columns hold something else afterwards, in the table's order: null, a default, or what a
    /// cascade brings. None, if one action writes back what another took.
    Written(Vec<(String, Value)>),
}

/// The foreign key whose action reaches a row, and the row that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanCause {
    /// The name of the foreign key.
    pub foreign_key: String,
    /// The parent row, as a position in [`DeletePlan::rows`].
    pub parent: usize,
}

/// A constraint that a delete would break.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocked {
    /// The error that the delete would give if this were the first it met. Its chain is left out:
    /// [`DeletePlan::chain`] of the row gives it. For a deferred constraint the operation is the commit.
    pub error: ConstraintError,
    /// The row by which it breaks, as a position in [`DeletePlan::rows`]: the parent row whose children are in the way, or
    /// else the row that may not be written so.
    pub row: Option<usize>,
}

impl Snapshot {
    /// What deleting the rows for which a filter is true would take out and write, and what would forbid it. Nothing is
    /// changed. Deferred constraints are judged as at a commit right after.
    ///
    /// O(rows) to find the rows, and then as much as the delete costs; a page is copied for each that it would touch.
    ///
    /// ```
    /// use relata::engine::{Database, Effect};
    /// use relata::expr::col;
    /// use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
    /// use relata::value::{DataType, Value};
    ///
    /// let id = || ColumnDef::new("id", DataType::Int).primary_key();
    /// let author = ForeignKeyDef::new(["author_id"]).references("authors", ["id"]);
    /// let schema = Schema::builder()
    ///     .table(TableDef::new("authors").column(id()))
    ///     .table(
    ///         TableDef::new("posts")
    ///             .column(id())
    ///             .column(ColumnDef::new("author_id", DataType::Int))
    ///             .foreign_key(author.on_delete(Action::SetNull)),
    ///     )
    ///     .build()?;
    /// let mut db = Database::new(schema);
    /// db.insert("authors", [("id", Value::from(1))])?;
    /// db.insert("posts", [("id", Value::from(7)), ("author_id", Value::from(1))])?;
    ///
    /// let plan = db.plan_delete("authors", &col("id").eq(1))?;
    /// assert_eq!(plan.rows[0].effect, Effect::Deleted);
    /// assert_eq!(plan.rows[1].effect, Effect::Written(vec![("author_id".into(), Value::Null)]));
    /// assert_eq!(
    ///     plan.to_string(),
    ///     "1 deleted, 1 written, 0 in the way\n  \
    ///        delete authors (1)\n  \
    ///        write posts (7): (author_id) = (null), by posts_author_id_fkey from authors (1)\n"
    /// );
    /// # Ok::<(), relata::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// `UnknownTable`, what is wrong with the filter, or `Limit` if it would change more rows than a statement may.
    pub fn plan_delete(&self, table: impl TableName, filter: &Expr) -> Result<DeletePlan> {
        let table = table.table_id(self.schema())?;
        let (filter, now) = filter.bind_at(self.schema().table(table), || self.now())?;
        self.plan_delete_rows(table, &self.ids_where(table, &filter, now.as_slice())?)
    }

    /// As [`plan_delete`](Snapshot::plan_delete), of the row with this primary key; no row is no error and plans nothing.
    /// As much as the delete costs.
    ///
    /// # Errors
    /// As [`plan_delete`](Snapshot::plan_delete), and `KeyLength`.
    pub fn plan_delete_key(
        &self,
        table: impl TableName,
        key: impl Into<Key>,
    ) -> Result<DeletePlan> {
        let table = table.table_id(self.schema())?;
        let row = self.find_key(table, key.into())?;
        self.plan_delete_rows(table, row.as_slice())
    }

    pub(crate) fn plan_delete_rows(&self, table: TableId, rows: &[RowId]) -> Result<DeletePlan> {
        let mut fork = Database::going_on_from(self.clone());
        let mut transaction = fork.begin();
        let mut statement = transaction.statement(Operation::Delete);
        rows.iter()
            .try_for_each(|&row| statement.delete(table, row))?;
        let refusals = statement.plan()?;
        Ok(Outline::new(&statement).plan(&statement, refusals))
    }
}

impl DeletePlan {
    /// Whether the delete would fail.
    pub fn is_blocked(&self) -> bool {
        !self.blocked.is_empty()
    }

    /// The rows that would go.
    pub fn deleted(&self) -> impl Iterator<Item = &PlannedRow> {
        let gone = |row: &&PlannedRow| row.effect == Effect::Deleted;
        self.rows.iter().filter(gone)
    }

    /// The rows that would stay and be written, with the columns and what they would hold.
    pub fn written(&self) -> impl Iterator<Item = (&PlannedRow, &[(String, Value)])> {
        self.rows.iter().filter_map(|row| match &row.effect {
            Effect::Deleted => None,
            Effect::Written(values) => Some((row, values.as_slice())),
        })
    }

    /// The foreign keys on the way from a row that the delete addresses to the row at a position; none for an addressed
    /// row.
    pub fn chain(&self, row: usize) -> Vec<&str> {
        let cause = |row: usize| self.rows.get(row)?.cause.as_ref();
        let mut names: Vec<_> = std::iter::successors(cause(row), |before| cause(before.parent))
            .map(|cause| &*cause.foreign_key)
            .collect();
        names.reverse();
        names
    }
}

// ---- From the history of a statement ----

/// The rows that a statement changed, by table and primary key.
struct Outline {
    rows: Vec<ChangedRow>,
    positions: BTreeMap<(TableId, RowId), usize>,
}

/// All that a statement did to one row.
struct ChangedRow {
    place: (TableId, RowId),
    key: Key,
    before: ImageId,
    gone: bool,
    /// Of the change that took it out, or else of the first.
    cause: Option<Cause>,
}

impl Outline {
    fn new(statement: &Statement<'_>) -> Self {
        let mut rows: Vec<ChangedRow> = Vec::new();
        let mut positions = BTreeMap::new();
        for change in statement.history() {
            let Some(before) = change.before else {
                continue;
            };
            let place = (change.table, change.row);
            let position = *positions.entry(place).or_insert_with(|| {
                rows.push(ChangedRow {
                    place,
                    key: key_before(statement, change.table, before),
                    before,
                    gone: false,
                    cause: change.cause,
                });
                rows.len() - 1
            });
            if change.gone {
                rows[position].gone = true;
                rows[position].cause = change.cause;
            }
        }
        rows.sort_by(|a, b| (a.place.0, &a.key).cmp(&(b.place.0, &b.key)));
        let positions = rows.iter().map(|row| row.place).zip(0..).collect();
        Outline { rows, positions }
    }

    fn plan(&self, statement: &Statement<'_>, refusals: Vec<Refusal>) -> DeletePlan {
        DeletePlan {
            rows: self
                .rows
                .iter()
                .map(|row| self.planned(statement, row))
                .collect(),
            blocked: self.blocked(statement, refusals),
        }
    }

    fn planned(&self, statement: &Statement<'_>, row: &ChangedRow) -> PlannedRow {
        let schema = &statement.state().schema;
        let cause = row.cause.and_then(|cause| {
            let parent = &statement.history()[cause.change as usize];
            Some(PlanCause {
                foreign_key: schema.foreign_key(cause.key).name.to_string(),
                parent: *self.positions.get(&(parent.table, parent.row))?,
            })
        });
        PlannedRow {
            table: schema.table(row.place.0).name.to_string(),
            key: row.key.clone(),
            effect: match row.gone {
                true => Effect::Deleted,
                false => Effect::Written(values_written(statement, row)),
            },
            cause,
        }
    }

    /// Each broken constraint once: a child that RESTRICT protects is left without a parent at the end as well, and a row
    /// that changed twice is judged twice.
    fn blocked(&self, statement: &Statement<'_>, mut refusals: Vec<Refusal>) -> Vec<Blocked> {
        let tables = statement.state().schema.tables();
        let order: BTreeMap<&str, usize> =
            tables.iter().map(|table| &*table.name).zip(0..).collect();
        refusals.sort_by_cached_key(|Refusal { error, .. }| {
            let table = order.get(&*error.table).copied();
            (
                sort_of(error),
                table,
                error.constraint.clone(),
                error.row.clone(),
            )
        });
        let mut met = BTreeSet::new();
        refusals.retain(|Refusal { error, .. }| {
            let which = match error.kind {
                ConstraintKind::Unique => Some(Key::from(error.values.clone())),
                _ => error.row.clone(),
            };
            met.insert((error.table.clone(), error.constraint.clone(), which))
        });
        let blocked = |refusal: Refusal| Blocked {
            row: self.positions.get(&refusal.row).copied(),
            error: refusal.error,
        };
        refusals.into_iter().map(blocked).collect()
    }
}

/// The order in which sorts of broken constraints are listed.
fn sort_of(error: &ConstraintError) -> u8 {
    match error.kind {
        ConstraintKind::Restrict => 0,
        ConstraintKind::NotNull => 1,
        ConstraintKind::Check => 2,
        ConstraintKind::Unique => 3,
        ConstraintKind::Reference => 4,
    }
}

fn key_before(statement: &Statement<'_>, table: TableId, before: ImageId) -> Key {
    let layout = statement.state().table(table).layout();
    let image = statement.undo().images.get(before, layout);
    image.key(
        layout,
        &statement.state().schema.table(table).primary_key().columns,
    )
}

fn values_written(statement: &Statement<'_>, row: &ChangedRow) -> Vec<(String, Value)> {
    let (table, id) = row.place;
    let store = statement.state().table(table);
    let layout = store.layout();
    let before = statement.undo().images.get(row.before, layout);
    let Some(after) = store.rows().get(id) else {
        return Vec::new();
    };
    let columns = &statement.state().schema.table(table).columns;
    (0_u32..)
        .zip(columns)
        .filter(|&(ordinal, _)| !before.same_value(layout, ordinal, after))
        .map(|(ordinal, column)| {
            let value = after.value(layout, ordinal).to_value();
            (column.name.to_string(), value)
        })
        .collect()
}

// ---- As text ----

impl fmt::Display for DeletePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deleted = self.deleted().count();
        let (written, blocked) = (self.rows.len() - deleted, self.blocked.len());
        writeln!(
            f,
            "{deleted} deleted, {written} written, {blocked} in the way"
        )?;
        for row in &self.rows {
            match &row.effect {
                Effect::Deleted => write!(f, "  delete {}", Name(row))?,
                Effect::Written(cells) => {
                    let (names, values): (Vec<_>, Vec<_>) = cells.iter().cloned().unzip();
                    let (names, values) = (names.join(", "), Cut(&values));
                    write!(f, "  write {}: ({names}) = {values}", Name(row))?;
                }
            }
            if let Some(cause) = &row.cause {
                write!(f, ", by {}", cause.foreign_key)?;
                self.name_row(f, " from ", Some(cause.parent))?;
            }
            writeln!(f)?;
        }
        for Blocked { error, row } in &self.blocked {
            write!(f, "  {error}")?;
            self.name_row(f, ", because of ", *row)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl DeletePlan {
    fn name_row(&self, f: &mut fmt::Formatter<'_>, how: &str, row: Option<usize>) -> fmt::Result {
        match row.and_then(|row| self.rows.get(row)) {
            None => Ok(()),
            Some(row) => write!(f, "{how}{}", Name(row)),
        }
    }
}

/// A row by table and key.
struct Name<'a>(&'a PlannedRow);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.table, Cut(&self.0.key))
    }
}
