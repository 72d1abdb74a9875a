//! A result with the snapshot that it is in.

use std::borrow::Cow;

use crate::engine::{RowId, Snapshot};
use crate::query::Rows;
use crate::query::level::{Level, RowList};
use crate::query::parameters::Given;
use crate::query::plan::Plan;
use crate::query::recursed::Recursed;
use crate::schema::TableId;
use crate::value::Value;

/// A result that keeps its snapshot, so that it can be held while the database is written (beyond BY-13).
#[derive(Clone, Debug)]
pub struct OwnedRows {
    snapshot: Snapshot,
    plan: Plan,
    given: Option<Given>,
    levels: Vec<OwnedLevel>,
    computed: Vec<Vec<Value>>,
}

/// A level by row ids alone.
#[derive(Clone, Debug)]
struct OwnedLevel {
    rows: OwnedList,
    junction: Option<OwnedList>,
    offsets: Vec<u32>,
    recursed: Option<Box<Recursed>>,
}

#[derive(Clone, Debug)]
struct OwnedList {
    table: TableId,
    ids: Vec<RowId>,
}

impl OwnedRows {
    pub(crate) fn new(snapshot: &Snapshot, rows: Rows<'_>) -> Self {
        let (plan, given, levels, computed) = rows.into_parts();
        OwnedRows {
            snapshot: snapshot.clone(),
            plan,
            given,
            levels: levels.into_iter().map(OwnedLevel::new).collect(),
            computed,
        }
    }

    /// The rows, borrowed. O(rows of all levels): ask once and keep what it gives.
    pub fn rows(&self) -> Rows<'_> {
        let levels = self.levels.iter().map(|it| it.read(&self.snapshot));
        let (plan, computed) = (Cow::Borrowed(&self.plan), Cow::Borrowed(&self.computed[..]));
        let given = self.given.clone();
        Rows::of_parts(plan, given, levels.collect(), computed, &self.snapshot)
    }

    /// How many rows the root has.
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, |level| level.rows.ids.len())
    }

    /// Whether the root has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The version that the rows are in.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl OwnedLevel {
    fn new(level: Level<'_>) -> Self {
        OwnedLevel {
            rows: OwnedList::new(level.rows),
            junction: level.junction.map(OwnedList::new),
            offsets: level.offsets,
            recursed: level.recursed,
        }
    }

    fn read<'s>(&self, snapshot: &'s Snapshot) -> Level<'s> {
        Level {
            rows: self.rows.read(snapshot),
            junction: self.junction.as_ref().map(|list| list.read(snapshot)),
            offsets: self.offsets.clone(),
            recursed: self.recursed.clone(),
        }
    }
}

impl OwnedList {
    fn new(rows: RowList<'_>) -> Self {
        OwnedList {
            table: rows.reader.table.id,
            ids: rows.ids,
        }
    }

    fn read<'s>(&self, snapshot: &'s Snapshot) -> RowList<'s> {
        RowList::read(snapshot, self.table, self.ids.clone())
    }
}
