//! One table: its rows, how a key finds a row, and its indexes, always in step.
//!
//! A table is *dense* while its primary key is one integer and a row's slot is `key - base`: the key needs no index,
//! slots are never reused, a page without live rows is freed, and row order is key order. It becomes *indexed*, once,
//! when a key lies out of reach, when it grows sparse, or when a primary key is changed: rows keep their slots, the
//! key gets a hash index, and slots freed from then on are reused.
//!
//! Every write here keeps all indexes of the table in step with its rows and is undone by its opposite. Uniqueness is
//! noted, not enforced: two rows may share a key while a statement runs (integrity RI-42), and whoever runs the
//! statement judges the noted collisions at its end. A key that may wait for the end of the transaction also keeps the
//! rows that share theirs with another one, so that nobody has to note them.

mod edges;
mod index;
mod members;
mod pairs;
mod remake;

use std::cmp::Ordering;
use std::iter;

use smallvec::SmallVec;

use crate::storage::table_store::index::{SecondaryIndex, UniqueIndex};
use crate::storage::table_store::pairs::{Pairs, Put};
use crate::storage::{
    KeyColumns, OrderedIndex, Postings, RowId, RowLayout, RowRef, Rows, ShortKey, Slot, WordCell,
    Written,
};
use crate::value::{DataType, Value, ValueRef};

pub(crate) use self::members::Members;
pub(crate) use self::pairs::PairSpec;
pub(crate) use self::remake::Remake;

/// What a table is made of, in the terms of storage.
#[derive(Clone, Debug)]
pub(crate) struct TableSpec {
    /// Column types by ordinal.
    pub(crate) types: Vec<DataType>,
    /// How many foreign keys the table is the child of.
    pub(crate) links: usize,
    /// The unique keys; the first is the primary key.
    pub(crate) keys: Vec<KeySpec>,
    /// The key whose rows are found in lists of children, if there is one.
    pub(crate) pairs: Option<PairSpec>,
    /// The secondary indexes.
    pub(crate) indexes: Vec<IndexSpec>,
}

/// One unique key.
#[derive(Clone, Debug)]
pub(crate) struct KeySpec {
    pub(crate) columns: Vec<u32>,
    /// Whether a row with a null in the key collides with nothing.
    pub(crate) nulls_distinct: bool,
    /// Whether two rows may share a key after a statement, too.
    pub(crate) deferrable: bool,
    /// Which rows take part; all if none. The primary key has none.
    pub(crate) members: Option<Members>,
}

/// One secondary index.
#[derive(Clone, Debug)]
pub(crate) struct IndexSpec {
    pub(crate) columns: Vec<u32>,
    /// Which columns run downwards; empty for a hash index.
    pub(crate) descending: Vec<bool>,
    pub(crate) ordered: bool,
}

/// A table's rows and indexes.
#[derive(Clone, Debug)]
pub(crate) struct TableStore {
    rows: Rows,
    keying: Keying,
    /// For each link, the rows under each parent.
    children: Vec<Postings>,
    /// One for each unique key. The primary key's is empty while the table is dense.
    keys: Vec<UniqueIndex>,
    pairs: Option<Pairs>,
    indexes: Vec<SecondaryIndex>,
}

/// How slots are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keying {
    /// Slot = key - base.
    Dense { base: i64 },
    /// Any slot; the first free one is reused first.
    Indexed { free: Option<RowId> },
}

/// Two rows with one key, met while a statement runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collision {
    /// Which unique key.
    pub(crate) key: usize,
    /// The row that came.
    pub(crate) row: RowId,
    /// A row that was there.
    pub(crate) other: RowId,
}

/// Where a new row will stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In a slot that held nothing before, or a dense one.
    Fresh(RowId),
    /// In the first free slot.
    Reused(RowId),
    /// Nowhere: the table is dense and this row has the key.
    Taken(RowId),
    /// Nowhere until the table is indexed.
    OutOfReach,
    /// Nowhere: every row id was used.
    Full,
}

/// Where the row with a primary key stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot {
    /// In this slot, if a row is live there.
    Slot(RowId),
    /// This row has it.
    Row(RowId),
    /// No row has it.
    Nowhere,
    /// The key has to be compared with those of rows.
    Unknown,
}

/// While a dense table has at most this many pages it is not asked whether it is sparse.
const SPARSE_PAGES_MIN: u32 = if cfg!(relata_tiny) { 4 } else { 64 };
/// A dense table with no more live rows than its pages hold divided by this is sparse.
const SPARSE_RATIO: u64 = if cfg!(relata_tiny) { 2 } else { 4 };
/// The first key of a dense table is rounded down to a multiple of this to give the base.
const BASE_STEP: i64 = 1 << 16;

impl TableStore {
    /// An empty table.
    pub(crate) fn new(spec: &TableSpec) -> Self {
        let dense = match &spec.keys[0].columns[..] {
            [only] => spec.types[*only as usize] == DataType::Int,
            _ => false,
        };
        let mut store = TableStore {
            rows: Rows::new(&spec.types, spec.links),
            keying: if dense {
                Keying::Dense { base: 0 }
            } else {
                Keying::Indexed { free: None }
            },
            children: vec![Postings::new(); spec.links],
            keys: spec.keys.iter().map(UniqueIndex::new).collect(),
            pairs: None,
            indexes: spec.indexes.iter().map(SecondaryIndex::new).collect(),
        };
        store.begin_pairs(spec.pairs);
        store
    }

    #[inline]
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    #[inline]
    pub(crate) fn layout(&self) -> &RowLayout {
        self.rows.layout()
    }

    /// Whether ascending row ids are ascending primary keys.
    pub(crate) fn is_dense(&self) -> bool {
        matches!(self.keying, Keying::Dense { .. })
    }

    // ---- Finding ----

    /// The row with this value of a unique key. While a statement runs there may be several: of a deferrable key it is the
    /// one with the lowest primary key, otherwise one of them.
    #[inline]
    pub(crate) fn find<'k>(
        &self,
        key: usize,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Option<RowId> {
        if key == 0
            && let Keying::Dense { base } = self.keying
        {
            let row = slot_of(base, values.clone().next()?.as_int()?)?;
            return self.rows.contains(row).then_some(row);
        }
        self.find_indexed(key, values)
    }

    fn find_indexed<'k>(
        &self,
        key: usize,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Option<RowId> {
        if self.keys[key].has_repeats() {
            return self.lowest(self.find_every(key, values));
        }
        if self.is_of_pairs(key)
            && let Some(short) = ShortKey::of(values.clone())
        {
            return self.find_short(key, short);
        }
        Some(self.keys[key].find(&self.rows, values)?.0)
    }

    /// Where the row with this primary key stands, as far as the integers in the key say it.
    //
    // Inlined: the kind of a key that is written where it is called is then known, and the compiler answers most of what is
    // asked about it.
    #[inline(always)]
    pub(crate) fn spot(&self, key: &[Value]) -> Spot {
        match (self.keying, key) {
            (Keying::Dense { base }, [only]) => match only.as_ref().as_int() {
                Some(key) => slot_of(base, key).map_or(Spot::Nowhere, Spot::Slot),
                None => Spot::Unknown,
            },
            (Keying::Dense { .. }, _) => Spot::Unknown,
            (Keying::Indexed { .. }, _) => match ShortKey::of(key.iter().map(Value::as_ref)) {
                Some(key) => self.spot_of_short(key),
                None => Spot::Unknown,
            },
        }
    }

    #[inline(never)]
    fn spot_of_short(&self, key: ShortKey) -> Spot {
        let index = &self.keys[0];
        if key.columns() != index.columns().ordinals().len() {
            return Spot::Unknown;
        }
        let found = match index.has_repeats() {
            true => self.lowest(index.find_every_short(key)),
            false => self.find_short(0, key),
        };
        found.map_or(Spot::Nowhere, Spot::Row)
    }

    /// The row with a short key of as many columns, where one row at most has it.
    #[inline]
    fn find_short(&self, key: usize, short: ShortKey) -> Option<RowId> {
        if self.is_of_pairs(key)
            && let Some(row) = self.find_listed(short)
        {
            return Some(row);
        }
        self.keys[key].find_short(short)
    }

    /// The row with a primary key of which [`TableStore::spot`] cannot say where it stands; none if the key has another
    /// number of columns. While a statement runs there may be several, as in [`TableStore::find`].
    pub(crate) fn find_compared(&self, key: &[Value]) -> Option<(RowId, RowRef<'_>)> {
        let index = &self.keys[0];
        if key.len() != index.columns().ordinals().len() || key.iter().any(Value::is_null) {
            return None;
        }
        let values = key.iter().map(Value::as_ref);
        if index.has_repeats() {
            let row = self.lowest(self.find_every(0, values))?;
            return Some((row, self.rows.get(row)?));
        }
        index.find(&self.rows, values)
    }

    /// Where the row with this value of a unique key stands if there is one, in a dense table that has rows: whether it does
    /// is for [`Rows::contains`] to say.
    #[inline]
    pub(crate) fn dense_slot(&self, key: usize, value: ValueRef<'_>) -> Option<RowId> {
        let Keying::Dense { base } = self.keying else {
            return None;
        };
        let slot = slot_of(base, value.as_int()?)?;
        (key == 0 && slot < self.rows.end()).then_some(slot)
    }

    /// The rows with this value of a unique key that is not that of a dense table, in no promised order.
    pub(crate) fn find_every<'k>(
        &self,
        key: usize,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Vec<RowId> {
        let mut rows = self.keys[key].find_every(&self.rows, values.clone());
        rows.extend(self.listed(key, values));
        rows
    }

    /// The row with the lowest primary key.
    pub(crate) fn lowest(&self, rows: impl IntoIterator<Item = RowId>) -> Option<RowId> {
        let rows = rows.into_iter();
        if self.is_dense() {
            return rows.min();
        }
        rows.min_by(|a, b| self.by_primary_key(*a, *b))
    }

    /// The rows with the lowest primary keys, at most so many, in their order. O(rows + n log n) for n of them.
    pub(crate) fn lowest_few(
        &self,
        rows: impl IntoIterator<Item = RowId>,
        rows_max: usize,
    ) -> Vec<RowId> {
        let mut rows: Vec<RowId> = rows.into_iter().collect();
        // Of rows that share a primary key for a while, the lowest row id comes first.
        let order = |a: &RowId, b: &RowId| match self.is_dense() {
            true => a.cmp(b),
            false => self.by_primary_key(*a, *b).then(a.cmp(b)),
        };
        if rows_max < rows.len() {
            rows.select_nth_unstable_by(rows_max, order);
            rows.truncate(rows_max);
        }
        rows.sort_unstable_by(order);
        rows
    }

    /// The order of two rows of a table that is not dense; a row that is not there comes last.
    fn by_primary_key(&self, a: RowId, b: RowId) -> Ordering {
        let columns = self.keys[0].columns();
        match (self.rows.get(a), self.rows.get(b)) {
            (Some(a), Some(b)) => {
                let (a, b) = (
                    columns.of_row(self.layout(), a),
                    columns.of_row(self.layout(), b),
                );
                a.cmp(b)
            }
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }

    /// The rows that share their value of a deferrable key with another row, ascending by row id.
    pub(crate) fn repeats(&self, key: usize) -> impl Iterator<Item = RowId> + '_ {
        self.keys[key].repeats()
    }

    /// The rows that have this row's value of a unique key, itself included; none if a null keeps it out, or if the key is
    /// that of a dense table.
    pub(crate) fn with_key_of(&self, key: usize, row: RowId) -> Vec<RowId> {
        if key == 0 && self.is_dense() {
            return Vec::new();
        }
        let mut rows = self.keys[key].with_key_of(&self.rows, row);
        if self.is_of_pairs(key)
            && let Some(stored) = self.rows.get(row)
        {
            rows.extend(self.listed(key, self.keys[key].columns().of_row(self.layout(), stored)));
        }
        rows
    }

    /// The rows with this value of a secondary index, ascending by row id.
    pub(crate) fn find_all<'k>(
        &self,
        index: usize,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Vec<RowId> {
        self.indexes[index].find_all(&self.rows, values)
    }

    /// One of the rows with this value of a secondary index: that with the lowest row id.
    pub(crate) fn find_any<'k>(
        &self,
        index: usize,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
    ) -> Option<RowId> {
        self.indexes[index].find_any(&self.rows, values)
    }

    /// How many rows have this value of a secondary index, as far as `rows_max` where it has to count them one by one.
    pub(crate) fn count_all<'k>(
        &self,
        index: usize,
        values: impl Iterator<Item = ValueRef<'k>> + Clone,
        rows_max: usize,
    ) -> usize {
        self.indexes[index].count_all(&self.rows, values, rows_max)
    }

    /// How many different values a secondary index has, if it knows.
    pub(crate) fn value_count(&self, index: usize) -> Option<usize> {
        self.indexes[index].value_count()
    }

    /// A secondary index, if it is ordered.
    pub(crate) fn ordered(&self, index: usize) -> Option<&OrderedIndex> {
        self.indexes[index].ordered()
    }

    /// Where the rows stand whose keys lie between two numbers, both included, if the table is dense: from one slot to
    /// before another one.
    pub(crate) fn dense_slots(&self, low: i64, high: i64) -> Option<(RowId, RowId)> {
        let Keying::Dense { base } = self.keying else {
            return None;
        };
        let end = i64::from(self.rows.end().0);
        let slot = |key: i64| {
            let slot = key.saturating_sub(base).clamp(0, end);
            RowId(u32::try_from(slot).expect("it is no larger than a slot"))
        };
        let after = high.checked_add(1).map_or(self.rows.end(), slot);
        Some((slot(low).min(after), after))
    }

    // ---- Slots ----

    /// Where a row with these values would stand.
    pub(crate) fn place(&self, values: &[Value]) -> Place {
        match self.keying {
            Keying::Indexed { free: Some(row) } => Place::Reused(row),
            Keying::Indexed { free: None } => {
                let end = self.rows.end();
                if end == ROW_ID_END {
                    Place::Full
                } else {
                    Place::Fresh(end)
                }
            }
            Keying::Dense { base } => self.place_dense(base, self.dense_key(values)),
        }
    }

    fn place_dense(&self, base: i64, key: Option<i64>) -> Place {
        let Some(key) = key else {
            return Place::OutOfReach;
        };
        let base = if self.rows.end() == RowId(0) {
            first_base(key)
        } else {
            base
        };
        let Some(row) = slot_of(base, key) else {
            return Place::OutOfReach;
        };
        match self.rows.slot(row) {
            Slot::Live => Place::Taken(row),
            Slot::Dead => Place::Fresh(row),
            Slot::NoPage if self.is_sparse() => Place::OutOfReach,
            Slot::NoPage => Place::Fresh(row),
        }
    }

    fn dense_key(&self, values: &[Value]) -> Option<i64> {
        self.keys[0]
            .columns()
            .of_values(values)
            .next()
            .and_then(ValueRef::as_int)
    }

    fn is_sparse(&self) -> bool {
        let pages = self.rows.page_count();
        let room = u64::from(pages) * u64::from(self.rows.rows_per_page());
        pages > SPARSE_PAGES_MIN && (self.rows.len() as u64) * SPARSE_RATIO <= room
    }

    /// The base while the table is dense, for [`TableStore::become_dense_again`].
    pub(crate) fn dense_base(&self) -> Option<i64> {
        match self.keying {
            Keying::Dense { base } => Some(base),
            Keying::Indexed { .. } => None,
        }
    }

    /// Gives the primary key an index of its own. O(rows). Slots that are dead already stay unused.
    pub(crate) fn become_indexed(&mut self) {
        self.keys[0].fill(&self.rows, None);
        self.keying = Keying::Indexed { free: None };
    }

    /// Undoes [`TableStore::become_indexed`].
    pub(crate) fn become_dense_again(&mut self, base: i64) {
        self.keys[0].clear();
        self.keying = Keying::Dense { base };
    }

    /// Gives a dead slot back for reuse; only an indexed table takes it. Not before the statement that freed it ends.
    pub(crate) fn release(&mut self, row: RowId) -> bool {
        let Keying::Indexed { free } = &mut self.keying else {
            return false;
        };
        self.rows.link_free(row, *free);
        *free = Some(row);
        true
    }

    /// Undoes [`TableStore::release`] of the slot released last.
    pub(crate) fn take_released(&mut self, row: RowId) {
        let Keying::Indexed { free } = &mut self.keying else {
            return;
        };
        debug_assert_eq!(*free, Some(row), "slots are taken back in reverse order");
        *free = self.rows.free_next(row);
    }

    // ---- Writing ----

    /// Writes a new row where [`TableStore::place`] said, with these links, and notes the keys that it shares. Its parents
    /// get it into their lists at once, or `later` by [`TableStore::list_all`], but lists of pairs at once. Whether it is the
    /// first in one of them.
    pub(crate) fn insert(
        &mut self,
        place: Place,
        values: &[Value],
        links: &[Option<RowId>],
        later: bool,
        collisions: &mut Vec<Collision>,
    ) -> bool {
        let row = match place {
            Place::Reused(row) => {
                self.take_released(row);
                row
            }
            Place::Fresh(row) | Place::Taken(row) => row,
            Place::OutOfReach | Place::Full => self.rows.end(),
        };
        if let Keying::Dense { base } = &mut self.keying
            && self.rows.end() == RowId(0)
            && let Some(key) = self.keys[0]
                .columns()
                .of_values(values)
                .next()
                .and_then(ValueRef::as_int)
        {
            *base = first_base(key);
        }
        self.rows.insert(row, values, links);
        let mut is_first_child = false;
        if !later {
            for (link, parent) in (0..).zip(links) {
                if let Some(parent) = *parent
                    && !self.has_pairs(link)
                {
                    let written = self.children[link as usize].insert(parent, row);
                    is_first_child |= written == Written::First;
                }
            }
        }
        for key in self.implicit_keys()..self.keys.len() {
            let other = match self.is_of_pairs(key) {
                true => {
                    let pair = self.pair_of_values(values, links);
                    let put = pair.map_or_else(Put::default, |pair| self.put_pair(row, pair));
                    is_first_child |= put.is_first_child;
                    put.other
                }
                false => self.keys[key].add_new(&self.rows, row, values),
            };
            if let Some(other) = other {
                collisions.push(Collision { key, row, other });
            }
        }
        for index in &mut self.indexes {
            index.add_new(&self.rows, row, values);
        }
        is_first_child
    }

    /// Undoes [`TableStore::insert`]: the row goes and its slot is as it was. A dense table keeps its end, and with it its
    /// base: rows that a later undo brings back stand in slots counted from it.
    pub(crate) fn uninsert(&mut self, row: RowId, reused: bool) {
        self.remove(row, None);
        if reused {
            self.release(row);
        } else if !self.is_dense() && row.0 + 1 == self.rows.end().0 {
            self.rows.set_end(row);
        }
    }

    /// Writes those cells of a row whose columns are among the changed ones. The caller has made the table indexed if
    /// these touch its primary key.
    pub(crate) fn update(
        &mut self,
        row: RowId,
        cells: &[(u32, Value)],
        changed: &[u32],
        collisions: &mut Vec<Collision>,
    ) {
        let touches = |columns: &KeyColumns| {
            columns
                .ordinals()
                .iter()
                .any(|ordinal| changed.contains(ordinal))
        };
        let indexed = self.any_index_has(touches);
        if indexed {
            self.take_from_indexes(row, touches);
        }
        self.update_plain(row, cells, changed);
        if indexed {
            self.add_to_indexes(row, touches, collisions);
        }
    }

    /// As [`TableStore::update`], where no key and no index has a column that changes.
    pub(crate) fn update_plain(&mut self, row: RowId, cells: &[(u32, Value)], changed: &[u32]) {
        let all_change = changed.len() == cells.len();
        let changes = cells
            .iter()
            .filter(|(ordinal, _)| all_change || changed.contains(ordinal));
        self.rows
            .set_all(row, changes.map(|(ordinal, value)| (*ordinal, value)));
    }

    /// As [`TableStore::update_plain`], of one cell that changes.
    #[inline]
    pub(crate) fn update_plain_cell(&mut self, row: RowId, ordinal: u32, value: &Value) {
        self.rows.set_all(row, iter::once((ordinal, value)));
    }

    /// Takes a row out, and from the lists of its parents, but for one link: the list of that parent goes as a whole. Its
    /// slot stays unused until it is released.
    pub(crate) fn remove(&mut self, row: RowId, cleared: Option<u32>) {
        self.take_from_indexes(row, |_| true);
        self.unlist(row, cleared);
        if self.is_dense() {
            self.rows.remove_and_free_page(row);
        } else {
            self.rows.remove(row);
        }
    }

    /// Writes a row as it was: undoes an update, or a removal before its slot was released. Whether its page may be worth
    /// tidying.
    pub(crate) fn restore(&mut self, row: RowId, image: RowRef<'_>) -> bool {
        let mut ignored = Vec::new();
        match self.rows.get(row) {
            None => {
                let moved_texts = self.rows.restore(row, image);
                self.list(row);
                self.add_to_indexes(row, |_| true, &mut ignored);
                moved_texts
            }
            Some(current) => {
                let layout = self.rows.layout();
                let changed: SmallVec<[u32; 8]> = (0..layout.column_count())
                    .filter(|&ordinal| !current.same_value(layout, ordinal, image))
                    .collect();
                let touches = |columns: &KeyColumns| {
                    columns
                        .ordinals()
                        .iter()
                        .any(|ordinal| changed.contains(ordinal))
                };
                self.take_from_indexes(row, touches);
                let moved_texts = self.rows.restore(row, image);
                self.add_to_indexes(row, touches, &mut ignored);
                moved_texts
            }
        }
    }

    /// Undoes [`TableStore::update_plain`] of one cell that stands in one word.
    #[inline]
    pub(crate) fn restore_word(&mut self, row: RowId, cell: WordCell) {
        self.rows.set_word(row, cell);
    }

    /// Undoes [`TableStore::update_plain`]. Whether the page of the row may be worth tidying.
    pub(crate) fn restore_plain(&mut self, row: RowId, image: RowRef<'_>) -> bool {
        self.rows.restore(row, image)
    }

    /// The page of a row, if texts may have left room there that undo should give back.
    pub(crate) fn page_to_tidy(&self, row: RowId) -> Option<u32> {
        let has_texts = self.layout().varying().next().is_some();
        (has_texts && self.rows.has_page(row)).then(|| self.rows.page_of(row))
    }

    /// Gives back what the page of a row holds and does not need.
    pub(crate) fn tidy_page(&mut self, row: RowId) {
        self.rows.tidy_page(row);
    }

    /// How many keys have no index, at the front.
    #[inline]
    fn implicit_keys(&self) -> usize {
        usize::from(self.is_dense())
    }

    fn any_index_has(&self, touches: impl Fn(&KeyColumns) -> bool) -> bool {
        self.keys.iter().any(|key| touches(key.watched()))
            || self.indexes.iter().any(|index| touches(index.columns()))
    }

    fn add_to_indexes(
        &mut self,
        row: RowId,
        touches: impl Fn(&KeyColumns) -> bool,
        collisions: &mut Vec<Collision>,
    ) {
        let implicit = self.implicit_keys();
        if self.keys.len() == implicit && self.indexes.is_empty() {
            return;
        }
        for key in implicit..self.keys.len() {
            if !touches(self.keys[key].watched()) {
                continue;
            }
            let other = match self.is_of_pairs(key) {
                true => {
                    let pair = self.pair_of(row);
                    pair.and_then(|pair| self.put_pair(row, pair).other)
                }
                false => self.rows.get(row).and_then(|stored| {
                    let index = &mut self.keys[key];
                    index.add(&self.rows, row, stored)
                }),
            };
            if let Some(other) = other {
                collisions.push(Collision { key, row, other });
            }
        }
        let Some(stored) = self.rows.get(row) else {
            return;
        };
        for index in self
            .indexes
            .iter_mut()
            .filter(|index| touches(index.columns()))
        {
            index.add(&self.rows, row, stored);
        }
    }

    fn take_from_indexes(&mut self, row: RowId, touches: impl Fn(&KeyColumns) -> bool) {
        for key in self.implicit_keys()..self.keys.len() {
            if !touches(self.keys[key].watched()) {
                continue;
            }
            match self.is_of_pairs(key) {
                true => self.take_pair(row),
                false => self.keys[key].take(&self.rows, row),
            }
        }
        for index in self
            .indexes
            .iter_mut()
            .filter(|index| touches(index.columns()))
        {
            index.take(&self.rows, row);
        }
    }

    // ---- Checking ----

    /// Compares every index with the rows by brute force; the first difference in words.
    pub(crate) fn check_indexes(&self) -> Result<(), String> {
        for (position, index) in self.keys.iter().enumerate() {
            let checked = match self.pairs {
                _ if position == 0 && self.is_dense() => self.check_dense(index.columns()),
                Some(pairs) if pairs.spec.key == position => self.check_pairs(pairs),
                _ => index.check(&self.rows),
            };
            checked.map_err(|fault| format!("unique key {position} {fault}"))?;
        }
        for (position, index) in self.indexes.iter().enumerate() {
            index
                .check(&self.rows)
                .map_err(|fault| format!("index {position} {fault}"))?;
        }
        Ok(())
    }

    fn check_dense(&self, columns: &KeyColumns) -> Result<(), String> {
        let Keying::Dense { base } = self.keying else {
            return Ok(());
        };
        for (id, row) in self.rows.iter() {
            let key = columns
                .of_row(self.layout(), row)
                .next()
                .and_then(ValueRef::as_int);
            if key.and_then(|key| slot_of(base, key)) != Some(id) {
                return Err(format!("dense row {} has the key {key:?}", id.0));
            }
        }
        Ok(())
    }
}

/// No row has this id; links use it for "no parent".
const ROW_ID_END: RowId = RowId(u32::MAX);

/// The slot of a key, if the id space reaches it.
#[inline]
fn slot_of(base: i64, key: i64) -> Option<RowId> {
    let offset = u32::try_from(key.checked_sub(base)?).ok()?;
    (offset < ROW_ID_END.0).then_some(RowId(offset))
}

/// The base of a dense table whose first key is `key`: low enough for smaller keys near it.
fn first_base(key: i64) -> i64 {
    key.div_euclid(BASE_STEP).saturating_mul(BASE_STEP)
}

#[cfg(test)]
mod tests;
