//! The two sorts of index of a table: over a unique key, and beside the keys.
//!
//! An index holds row ids; keys stand in the rows, which every call is given. A row is taken out of an index before its
//! key changes and put in afterwards.
//!
//! The index of a deferrable key also knows which rows share theirs: they are what a commit has to judge, and nothing
//! else must be kept in step with the rows. That of a key with a filter has only the rows that take part.

use crate::storage::key_hash::KeyHasher;
use crate::storage::table_store::{IndexSpec, KeySpec, Members};
use crate::storage::{
    KeyColumns, KeyIndex, MultiIndex, OrderedIndex, Postings, RowId, RowLayout, RowRef, Rows,
    ShortKey, Written,
};
use crate::value::{Value, ValueRef};

/// Finds the row of a key; while a statement runs, there may be several.
#[derive(Clone, Debug)]
pub(super) struct UniqueIndex {
    columns: KeyColumns,
    /// Whether a row with a null in the key stays out.
    nulls_distinct: bool,
    index: KeyIndex,
    /// The rows whose key another row has, too, as the children of [`ALL`]; none for a key that never waits.
    repeats: Option<Box<Postings>>,
    part: Option<Box<Part>>,
}

/// What an index needs that does not have every row.
#[derive(Clone, Debug)]
struct Part {
    members: Members,
    /// The columns of the key and those that decide about membership.
    watched: KeyColumns,
}

/// The parent under which the rows of a set stand.
const ALL: RowId = RowId(0);

/// Finds the rows of a value.
#[derive(Clone, Debug)]
pub(super) struct SecondaryIndex {
    columns: KeyColumns,
    index: AnyIndex,
}

#[derive(Clone, Debug)]
enum AnyIndex {
    Hash(KeyHasher, MultiIndex),
    Ordered(OrderedIndex),
}

impl UniqueIndex {
    pub(super) fn new(spec: &KeySpec) -> Self {
        UniqueIndex {
            columns: KeyColumns::new(&spec.columns),
            nulls_distinct: spec.nulls_distinct,
            index: KeyIndex::new(),
            repeats: spec.deferrable.then(|| Box::new(Postings::new())),
            part: spec.members.clone().map(|members| {
                let watched = members.columns_after(&spec.columns);
                Box::new(Part { members, watched })
            }),
        }
    }

    /// The columns of which a change concerns the index.
    pub(super) fn watched(&self) -> &KeyColumns {
        self.part
            .as_ref()
            .map_or(&self.columns, |part| &part.watched)
    }

    pub(super) fn columns(&self) -> &KeyColumns {
        &self.columns
    }

    /// The same rows under the same values, which now stand where the new shape says. O(1).
    pub(super) fn with_columns_of(&self, spec: &KeySpec) -> Self {
        let UniqueIndex { columns, part, .. } = UniqueIndex::new(spec);
        UniqueIndex {
            columns,
            part,
            ..self.clone()
        }
    }

    /// Whether rows share a key, where that may last.
    #[inline]
    pub(super) fn has_repeats(&self) -> bool {
        self.repeats.as_ref().is_some_and(|rows| !rows.is_empty())
    }

    /// The rows that share a key, where that may last, ascending.
    pub(super) fn repeats(&self) -> impl Iterator<Item = RowId> + '_ {
        self.repeats.iter().flat_map(|rows| rows.children(ALL))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// Puts in every row, or every one but one, of a key that no two rows share. While a statement runs a null may keep a row
    /// out of a key whose columns admit none.
    pub(super) fn fill(&mut self, rows: &Rows, except: Option<RowId>) {
        self.index = KeyIndex::new();
        for (id, row) in rows.iter().filter(|(id, _)| Some(*id) != except) {
            if self.admits(rows.layout(), row) {
                let key = self.columns.of_row(rows.layout(), row);
                self.index.insert(key, id, |_| false);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.index = KeyIndex::new();
    }

    /// Puts a row in; another row that has its key.
    pub(super) fn add(&mut self, rows: &Rows, id: RowId, row: RowRef<'_>) -> Option<RowId> {
        if !self.admits(rows.layout(), row) {
            return None;
        }
        let key = self.columns.of_row(rows.layout(), row);
        let has_key = |other| has_key(&self.columns, rows, other, key.clone());
        let other = self.index.insert(key.clone(), id, has_key);
        note_repeat(&mut self.repeats, id, other);
        other
    }

    /// As [`UniqueIndex::add`], of a row that was just written with these values: they are at hand.
    pub(super) fn add_new(&mut self, rows: &Rows, id: RowId, values: &[Value]) -> Option<RowId> {
        if self.part.is_some() {
            return self.add(rows, id, rows.get(id)?);
        }
        let key = self.columns.of_values(values);
        if self.nulls_distinct && key.clone().any(ValueRef::is_null) {
            return None;
        }
        let has_key = |other| has_key(&self.columns, rows, other, key.clone());
        let other = self.index.insert(key.clone(), id, has_key);
        note_repeat(&mut self.repeats, id, other);
        other
    }

    /// Takes a row out.
    pub(super) fn take(&mut self, rows: &Rows, id: RowId) {
        let Some(row) = self.member(rows, id) else {
            return;
        };
        let key = self.columns.of_row(rows.layout(), row);
        self.index.remove(key.clone(), id);
        if let Some(repeats) = &mut self.repeats
            && repeats.remove(ALL, id) != Written::Nothing
        {
            // Of two rows the other one has its key for itself now.
            let has_key = |other| has_key(&self.columns, rows, other, key.clone());
            if let [last] = self.index.find_every(key.clone(), has_key)[..] {
                repeats.remove(ALL, last);
            }
        }
    }

    /// The row with the smallest id among those with these values.
    #[inline]
    pub(super) fn find<'r, 'k>(
        &self,
        rows: &'r Rows,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Option<(RowId, RowRef<'r>)> {
        let mut compared = None;
        let id = self.index.find(values.clone(), |id| {
            let row = rows
                .get(id)
                .filter(|row| self.columns.matches(rows.layout(), *row, values.clone()));
            compared = row.or(compared);
            row.is_some()
        })?;
        Some((id, compared.or_else(|| rows.get_live(id))?))
    }

    /// The row with the smallest id among those with a short key of as many columns. No row is looked at.
    #[inline]
    pub(super) fn find_short(&self, key: ShortKey) -> Option<RowId> {
        if self.is_empty() {
            return None;
        }
        self.index.find_short(key)
    }

    /// Every row with a short key of as many columns, in no promised order.
    pub(super) fn find_every_short(&self, key: ShortKey) -> impl Iterator<Item = RowId> + '_ {
        self.index.find_every_short(key)
    }

    /// Every row with these values.
    pub(super) fn find_every<'k>(
        &self,
        rows: &Rows,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Vec<RowId> {
        self.index.find_every(values.clone(), |id| {
            has_key(&self.columns, rows, id, values.clone())
        })
    }

    /// The rows that have a row's key, itself included; none if a null keeps it out.
    pub(super) fn with_key_of(&self, rows: &Rows, id: RowId) -> Vec<RowId> {
        let Some(row) = self.member(rows, id) else {
            return Vec::new();
        };
        self.find_every(rows, self.columns.of_row(rows.layout(), row))
    }

    /// Compares the index with the rows by brute force.
    pub(super) fn check(&self, rows: &Rows) -> Result<(), String> {
        let members = rows
            .iter()
            .filter(|(id, _)| self.member(rows, *id).is_some())
            .count();
        if self.index.len() != members {
            return Err(format!(
                "has {} entries for {members} rows",
                self.index.len()
            ));
        }
        let lost = rows.iter().find(|&(id, _)| {
            self.member(rows, id).is_some() && !self.with_key_of(rows, id).contains(&id)
        });
        if let Some((id, _)) = lost {
            return Err(format!("does not find row {}", id.0));
        }
        self.check_repeats(rows)
    }

    fn check_repeats(&self, rows: &Rows) -> Result<(), String> {
        let Some(repeats) = &self.repeats else {
            return Ok(());
        };
        let shares = |id: &RowId| self.with_key_of(rows, *id).len() > 1;
        let expected = rows.iter().map(|(id, _)| id).filter(shares);
        if repeats.children(ALL).eq(expected) {
            Ok(())
        } else {
            Err(format!("misjudges which rows share a key: {repeats:?}"))
        }
    }

    /// A row, if it is live, takes part, and no null keeps it out.
    fn member<'r>(&self, rows: &'r Rows, id: RowId) -> Option<RowRef<'r>> {
        let row = rows.get(id)?;
        self.admits(rows.layout(), row).then_some(row)
    }

    /// Whether a row takes part, and no null keeps it out.
    #[inline]
    fn admits(&self, layout: &RowLayout, row: RowRef<'_>) -> bool {
        let part = self.part.as_ref();
        part.is_none_or(|part| part.members.admit(layout, row))
            && !(self.nulls_distinct && self.columns.any_null(layout, row))
    }
}

impl SecondaryIndex {
    pub(super) fn new(spec: &IndexSpec) -> Self {
        let index = if spec.ordered {
            AnyIndex::Ordered(OrderedIndex::new(&spec.descending))
        } else {
            AnyIndex::Hash(KeyHasher::new(), MultiIndex::new())
        };
        SecondaryIndex {
            columns: KeyColumns::new(&spec.columns),
            index,
        }
    }

    pub(super) fn columns(&self) -> &KeyColumns {
        &self.columns
    }

    /// The same rows under the same values, which now stand in these columns. O(1).
    pub(super) fn with_columns(&self, columns: &[u32]) -> Self {
        SecondaryIndex {
            columns: KeyColumns::new(columns),
            ..self.clone()
        }
    }

    /// Puts a row in.
    pub(super) fn add(&mut self, rows: &Rows, id: RowId, row: RowRef<'_>) {
        let columns = &self.columns;
        let key = columns.of_row(rows.layout(), row);
        self.index.insert(columns, rows, id, key);
    }

    /// Puts a row in that was just written with these values.
    pub(super) fn add_new(&mut self, rows: &Rows, id: RowId, values: &[Value]) {
        let columns = &self.columns;
        let key = columns.of_values(values);
        self.index.insert(columns, rows, id, key);
    }

    /// Takes a row out.
    pub(super) fn take(&mut self, rows: &Rows, id: RowId) {
        let Some(row) = rows.get(id) else { return };
        let (columns, layout) = (&self.columns, rows.layout());
        match &mut self.index {
            AnyIndex::Ordered(index) => index.remove(columns.of_row(layout, row), id),
            AnyIndex::Hash(hasher, index) => {
                index.remove(columns.hash_row(hasher, layout, row), id)
            }
        };
    }

    /// The rows with these values, ascending by row id.
    pub(super) fn find_all<'k>(
        &self,
        rows: &Rows,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Vec<RowId> {
        match &self.index {
            AnyIndex::Ordered(index) => index.find_all(values).collect(),
            AnyIndex::Hash(hasher, index) => {
                let found = index.find(hasher.hash(values.clone()), |row| {
                    has_key(&self.columns, rows, row, values.clone())
                });
                found.map(Iterator::collect).unwrap_or_default()
            }
        }
    }

    /// How many rows have these values, as far as `rows_max` if they have to be counted one by one.
    pub(super) fn count_all<'k>(
        &self,
        rows: &Rows,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
        rows_max: usize,
    ) -> usize {
        match &self.index {
            AnyIndex::Ordered(index) => index.find_all(values).take(rows_max).count(),
            AnyIndex::Hash(hasher, index) => index.count(hasher.hash(values.clone()), |row| {
                has_key(&self.columns, rows, row, values.clone())
            }),
        }
    }

    /// How many different values there are, if the index knows.
    pub(super) fn value_count(&self) -> Option<usize> {
        match &self.index {
            AnyIndex::Ordered(_) => None,
            AnyIndex::Hash(_, index) => Some(index.group_count()),
        }
    }

    /// The rows in order, if the index is ordered.
    pub(super) fn ordered(&self) -> Option<&OrderedIndex> {
        match &self.index {
            AnyIndex::Ordered(index) => Some(index),
            AnyIndex::Hash(..) => None,
        }
    }

    /// The first of the rows with these values.
    pub(super) fn find_any<'k>(
        &self,
        rows: &Rows,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Option<RowId> {
        match &self.index {
            AnyIndex::Ordered(index) => index.find_all(values).next(),
            AnyIndex::Hash(hasher, index) => index
                .find(hasher.hash(values.clone()), |row| {
                    has_key(&self.columns, rows, row, values.clone())
                })?
                .next(),
        }
    }

    /// Compares the index with the rows by brute force.
    pub(super) fn check(&self, rows: &Rows) -> Result<(), String> {
        let entries = match &self.index {
            AnyIndex::Hash(_, index) => index.len(),
            AnyIndex::Ordered(index) => index.len(),
        };
        if entries != rows.len() {
            return Err(format!("has {entries} entries for {} rows", rows.len()));
        }
        let (columns, layout) = (&self.columns, rows.layout());
        let lost = rows.iter().find(|&(id, row)| match &self.index {
            AnyIndex::Ordered(index) => !index.contains(columns.of_row(layout, row), id),
            AnyIndex::Hash(hasher, index) => {
                !index.contains(columns.hash_row(hasher, layout, row), id)
            }
        });
        lost.map_or(Ok(()), |(id, _)| Err(format!("does not find row {}", id.0)))
    }
}

/// Remembers that two rows share a key, where that may last.
fn note_repeat(repeats: &mut Option<Box<Postings>>, id: RowId, other: Option<RowId>) {
    if let (Some(repeats), Some(other)) = (repeats, other) {
        repeats.insert(ALL, id);
        repeats.insert(ALL, other);
    }
}

impl AnyIndex {
    fn insert<'k>(
        &mut self,
        columns: &KeyColumns,
        rows: &Rows,
        id: RowId,
        key: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) {
        match self {
            AnyIndex::Ordered(index) => index.insert(key, id),
            AnyIndex::Hash(hasher, index) => index.insert(hasher.hash(key.clone()), id, |other| {
                has_key(columns, rows, other, key.clone())
            }),
        };
    }
}

#[inline]
fn has_key<'k>(
    columns: &KeyColumns,
    rows: &Rows,
    id: RowId,
    values: impl IntoIterator<Item = ValueRef<'k>>,
) -> bool {
    rows.get(id)
        .is_some_and(|row| columns.matches(rows.layout(), row, values))
}
