//! A table made over into another shape: columns, links, keys and indexes come and go.
//!
//! Row ids stay, and with them all edges, of this table and to it, the order of free slots, and the
//! contents of indexes: those hold row ids, hashes and values, none of which depends on where a column stands. Rows are
//! written anew only where columns or links come or go; everything else is shared with the table as it was.

use crate::storage::table_store::index::{SecondaryIndex, UniqueIndex};
use crate::storage::table_store::pairs::Pairs;
use crate::storage::table_store::{Collision, Keying, TableSpec, TableStore};
use crate::storage::{Postings, RowId, Rows};
use crate::value::Value;

/// A table's new shape, and for each of its parts the place of the same part before; none for a part that comes. The
/// primary key stays the first key.
#[derive(Debug)]
pub(crate) struct Remake<'a> {
    pub(crate) spec: &'a TableSpec,
    pub(crate) columns: Vec<Option<u32>>,
    pub(crate) links: Vec<Option<u32>>,
    pub(crate) keys: Vec<Option<usize>>,
    pub(crate) indexes: Vec<Option<usize>>,
}

impl TableStore {
    /// The table in its new shape, but for the keys and indexes that come: those are still empty. Where rows are written
    /// anew, in the order of `ids`, which are all rows there are, `fill` gives the values of columns that come. O(rows)
    /// then, otherwise O(1).
    ///
    /// # Errors
    /// What `fill` gives.
    pub(crate) fn remade<E>(
        &self,
        remake: &Remake<'_>,
        ids: &[RowId],
        fill: impl FnMut(u32) -> Result<Value, E>,
    ) -> Result<TableStore, E> {
        let pairs = self.pairs.and_then(|pairs| remake.pairs_after(pairs));
        if self.pairs.is_some() && pairs.is_none() {
            let mut before = self.clone();
            before.end_pairs(None);
            return before.remade(remake, ids, fill);
        }
        let rewritten = remake.rewrites_rows(self);
        let rows = match rewritten {
            true => self.rewritten(remake, ids, fill)?,
            false => self.rows.clone(),
        };
        let links = remake.links.iter();
        let children = links.map(|before| match before {
            Some(before) => self.children(*before).clone(),
            None => Postings::new(),
        });
        let specs = remake.spec.keys.iter().zip(&remake.keys);
        let keys = specs.map(|(spec, before)| match before {
            Some(before) => self.keys[*before].with_columns_of(spec),
            None => UniqueIndex::new(spec),
        });
        let specs = remake.spec.indexes.iter().zip(&remake.indexes);
        let indexes = specs.map(|(spec, before)| match before {
            Some(before) => self.indexes[*before].with_columns(&spec.columns),
            None => SecondaryIndex::new(spec),
        });
        let mut store = TableStore {
            rows,
            keying: self.keying,
            children: children.collect(),
            keys: keys.collect(),
            pairs,
            indexes: indexes.collect(),
        };
        if store.rows.len() == 0 {
            store.begin_pairs(remake.spec.pairs);
        }
        if rewritten {
            store.link_free_slots_as_in(self);
        }
        Ok(store)
    }

    /// Puts every row into the keys and indexes that came, in the order of `ids`; the first row that shares a key with an
    /// earlier one ends it.
    pub(crate) fn fill_new_indexes(
        &mut self,
        remake: &Remake<'_>,
        ids: &[RowId],
    ) -> Result<(), Collision> {
        let keys = self.keys.iter_mut().zip(&remake.keys).enumerate();
        for (key, (index, _)) in keys.filter(|(_, (_, before))| before.is_none()) {
            for &row in ids {
                if let Some(stored) = self.rows.get(row)
                    && let Some(other) = index.add(&self.rows, row, stored)
                {
                    return Err(Collision { key, row, other });
                }
            }
        }
        let indexes = self.indexes.iter_mut().zip(&remake.indexes);
        for (index, _) in indexes.filter(|(_, before)| before.is_none()) {
            for &row in ids {
                if let Some(stored) = self.rows.get(row) {
                    index.add(&self.rows, row, stored);
                }
            }
        }
        Ok(())
    }

    /// The rows in the new layout, under their ids.
    fn rewritten<E>(
        &self,
        remake: &Remake<'_>,
        ids: &[RowId],
        mut fill: impl FnMut(u32) -> Result<Value, E>,
    ) -> Result<Rows, E> {
        debug_assert_eq!(ids.len(), self.rows.len());
        let layout = self.rows.layout();
        let mut rows = Rows::new(&remake.spec.types, remake.spec.links);
        let mut values = Vec::with_capacity(remake.columns.len());
        let mut links = Vec::with_capacity(remake.links.len());
        for &id in ids {
            let row = self.rows.get(id).expect("the ids are those of all rows");
            values.clear();
            for (ordinal, before) in (0..).zip(&remake.columns) {
                values.push(match before {
                    Some(before) => row.value(layout, *before).to_value(),
                    None => fill(ordinal)?,
                });
            }
            links.clear();
            let parents = remake.links.iter();
            links.extend(parents.map(|before| row.link(layout, (*before)?)));
            rows.insert(id, &values, &links);
        }
        Ok(rows)
    }

    /// Gives rewritten rows the free slots of the table as it was, in the same order, and its end.
    fn link_free_slots_as_in(&mut self, before: &TableStore) {
        if let Keying::Indexed { free } = before.keying {
            let chain: Vec<RowId> =
                std::iter::successors(free, |&row| before.rows.free_next(row)).collect();
            let mut next = None;
            for &row in chain.iter().rev() {
                self.rows.link_free(row, next);
                next = Some(row);
            }
        }
        self.rows.set_end(before.rows.end());
    }
}

impl Remake<'_> {
    /// The pairs as they are in the new shape, if they are still some.
    fn pairs_after(&self, before: Pairs) -> Option<Pairs> {
        let spec = self.spec.pairs?;
        let key = self.keys[spec.key] == Some(before.spec.key);
        let link = self.links[spec.link as usize] == Some(before.spec.link);
        (key && link).then_some(before.under(spec))
    }

    /// Whether anything of a row moves, comes or goes.
    pub(crate) fn rewrites_rows(&self, before: &TableStore) -> bool {
        fn stay(parts: &[Option<u32>], count: usize) -> bool {
            parts.len() == count && (0..).zip(parts).all(|(at, before)| *before == Some(at))
        }
        let layout = before.rows.layout();
        let columns = layout.column_count() as usize;
        !stay(&self.columns, columns) || !stay(&self.links, layout.links())
    }
}
