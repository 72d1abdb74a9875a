//! Pairs: the rows of a unique key of two integers, of which the first leads to a parent. So most junctions have it.
//!
//! A row of such a key stands in its parent's list anyway. There the second integer stands beside it, and finds it: no
//! index has to hold the row, nothing is hashed, and the list is at hand when a row is put into it.
//!
//! Storage does not know whose rows the parents are. It sees that the first integer of each row so far is its parent's row
//! id and a base, as in a dense table, and so a key leads to a list. The first row for which that is not so ends it for
//! good: from then on the key has an index as any other.
//!
//! Invariants, while there are pairs: a live row whose parent's list is packed stands there beside the second integer of
//! its key, and not in the key's index; every other live row stands in the index. All rows with a parent have a short
//! key, whose first integer is the parent's row id and the base.

use crate::storage::table_store::{TableStore, slot_of};
use crate::storage::{Edge, Postings, RowId, ShortKey, Written, sort_edges};
use crate::value::{Value, ValueRef};

/// Which unique key of a table is one of pairs, and which of its links leads to the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PairSpec {
    /// Two integer columns, neither of which may be null, and the key neither deferrable nor with a filter.
    pub(crate) key: usize,
    /// Of a foreign key over the first column alone.
    pub(crate) link: u32,
}

/// A key of pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs {
    pub(super) spec: PairSpec,
    /// The first integer of a parent's children less the parent's row id; none before a row has a parent.
    base: Option<i64>,
}

/// What puts a row into a list of pairs, or its key into the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    key: Option<ShortKey>,
    parent: Option<RowId>,
}

/// What putting a pair where it belongs has met.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Put {
    /// Another row that has the key.
    pub(super) other: Option<RowId>,
    /// Whether its parent had no children.
    pub(super) is_first_child: bool,
}

impl Pairs {
    pub(super) fn new(spec: PairSpec) -> Self {
        Pairs { spec, base: None }
    }

    /// The parent in whose list the row with a key would stand, and what beside it.
    #[inline]
    fn place(self, key: ShortKey) -> Option<(RowId, u32)> {
        let (first, second) = key.pair()?;
        Some((slot_of(self.base?, first)?, second))
    }

    /// The same pairs, where key and link have other places.
    pub(super) fn under(self, spec: PairSpec) -> Self {
        Pairs { spec, ..self }
    }
}

impl TableStore {
    /// The link whose lists hold pairs, if one's do. A new row comes into such a list at once.
    #[inline]
    pub(crate) fn link_of_pairs(&self) -> Option<u32> {
        self.pairs.map(|pairs| pairs.spec.link)
    }

    #[inline]
    pub(crate) fn has_pairs(&self, link: u32) -> bool {
        self.link_of_pairs() == Some(link)
    }

    #[inline]
    pub(super) fn is_of_pairs(&self, key: usize) -> bool {
        self.pairs.is_some_and(|pairs| pairs.spec.key == key)
    }

    #[inline]
    fn lists(&self, pairs: Pairs) -> &Postings {
        &self.children[pairs.spec.link as usize]
    }

    #[inline]
    fn lists_mut(&mut self, pairs: Pairs) -> &mut Postings {
        &mut self.children[pairs.spec.link as usize]
    }

    // ---- Finding ----

    /// The rows with a value of a key that stand in a packed list of pairs, ascending.
    #[inline]
    pub(super) fn listed<'k>(
        &self,
        key: usize,
        values: impl Iterator<Item = ValueRef<'k>>,
    ) -> impl Iterator<Item = RowId> {
        let pairs = self.pairs.filter(|pairs| pairs.spec.key == key);
        let list = pairs.and_then(|pairs| {
            let (parent, second) = pairs.place(ShortKey::of(values)?)?;
            Some(self.lists(pairs).with_second(parent, second))
        });
        list.into_iter().flatten()
    }

    /// The first of the rows that [`TableStore::listed`] gives, for a short key of pairs.
    #[inline]
    pub(super) fn find_listed(&self, key: ShortKey) -> Option<RowId> {
        let pairs = self.pairs?;
        let (parent, second) = pairs.place(key)?;
        self.lists(pairs).first_with_second(parent, second)
    }

    // ---- Writing ----

    /// The pair of a new row with these values and links.
    #[inline]
    pub(super) fn pair_of_values(&self, values: &[Value], links: &[Option<RowId>]) -> Option<Pair> {
        let PairSpec { key, link } = self.pairs?.spec;
        Some(Pair {
            key: ShortKey::of(self.keys[key].columns().of_values(values)),
            parent: links.get(link as usize).copied().flatten(),
        })
    }

    /// The pair of a live row.
    pub(super) fn pair_of(&self, row: RowId) -> Option<Pair> {
        let PairSpec { key, link } = self.pairs?.spec;
        let stored = self.rows.get(row)?;
        let columns = self.keys[key].columns();
        Some(Pair {
            key: ShortKey::of(columns.of_row(self.layout(), stored)),
            parent: stored.link(self.layout(), link),
        })
    }

    /// Puts a row into the list of its parent, and its key where it is found, which it was taken from before. Pairs end here
    /// if the row is none.
    pub(super) fn put_pair(&mut self, row: RowId, pair: Pair) -> Put {
        let Some(pairs) = self.pairs else {
            return Put::default();
        };
        let Pair { key, parent } = pair;
        let Some(parent) = parent else {
            let listed = key.and_then(|key| self.find_listed(key));
            let indexed = self.add_to_index(pairs, row);
            return Put {
                other: listed.or(indexed),
                is_first_child: false,
            };
        };
        let (written, other) = match self.fitting(pairs, key, parent) {
            Some((key, second)) => self.put_fitting(pairs, row, parent, (key, second)),
            None => {
                self.end_pairs(Some(row));
                let written = self.lists_mut(pairs).insert(parent, row);
                (written, self.add_to_index(pairs, row))
            }
        };
        Put {
            other,
            is_first_child: written == Written::First,
        }
    }

    /// Puts a row that can stand in the list of its parent there, beside the second integer of its key, or its key into the
    /// index where the list is large; another row that has the key.
    #[inline]
    fn put_fitting(
        &mut self,
        pairs: Pairs,
        row: RowId,
        parent: RowId,
        (key, second): (ShortKey, u32),
    ) -> (Written, Option<RowId>) {
        let (written, listed) = self.lists_mut(pairs).insert_pair(parent, row, second);
        let other = match written {
            Written::Nothing | Written::First | Written::Packed => {
                listed.or_else(|| self.keys[pairs.spec.key].find_short(key))
            }
            Written::Large => self.add_to_index(pairs, row),
            Written::Moved => {
                let listed: Vec<RowId> = self.lists(pairs).children(parent).collect();
                for other in listed.into_iter().filter(|&other| other != row) {
                    self.add_to_index(pairs, other);
                }
                self.add_to_index(pairs, row)
            }
        };
        (written, other)
    }

    /// A key and its second integer, if the row with this parent can stand in its list. The first such row sets the base.
    #[inline]
    fn fitting(
        &mut self,
        pairs: Pairs,
        key: Option<ShortKey>,
        parent: RowId,
    ) -> Option<(ShortKey, u32)> {
        let key = key?;
        let (first, second) = key.pair()?;
        let base = Some(first - i64::from(parent.0));
        if pairs.base != base && self.lists(pairs).is_empty() {
            self.pairs = Some(Pairs { base, ..pairs });
            return Some((key, second));
        }
        (pairs.base == base).then_some((key, second))
    }

    /// Takes the key of a row away, which stays in the list of its parent.
    pub(super) fn take_pair(&mut self, row: RowId) {
        let Some(pairs) = self.pairs else { return };
        let index = &self.keys[pairs.spec.key];
        if index.is_empty() {
            return;
        }
        let parent = self.parent(row, pairs.spec.link);
        if parent.is_none_or(|parent| self.lists(pairs).is_large(parent)) {
            self.keys[pairs.spec.key].take(&self.rows, row);
        }
    }

    /// Takes a row from under its parent, or puts it under one.
    pub(super) fn move_pair(&mut self, row: RowId, link: u32, parent: Option<RowId>) {
        self.take_pair(row);
        if let Some(parent) = self.parent(row, link) {
            self.unlist_pair(row, parent);
        }
        self.rows.set_link(row, link, parent);
        if let Some(pair) = self.pair_of(row) {
            self.put_pair(row, pair);
        }
    }

    /// Takes a row, whose key was taken away, out of the list of its parent.
    pub(super) fn unlist_pair(&mut self, row: RowId, parent: RowId) {
        let Some(pairs) = self.pairs else { return };
        if self.lists_mut(pairs).remove(parent, row) != Written::Moved {
            return;
        }
        let listed: Vec<RowId> = self.lists(pairs).children(parent).collect();
        for other in listed {
            self.keys[pairs.spec.key].take(&self.rows, other);
            if let Some((_, second)) = self.pair_of(other).and_then(|pair| pair.key?.pair()) {
                self.lists_mut(pairs).set_second(parent, other, second);
            }
        }
    }

    fn add_to_index(&mut self, pairs: Pairs, row: RowId) -> Option<RowId> {
        let stored = self.rows.get(row)?;
        self.keys[pairs.spec.key].add(&self.rows, row, stored)
    }

    /// Begins with pairs, in a table without rows.
    pub(super) fn begin_pairs(&mut self, spec: Option<PairSpec>) {
        if let Some(spec) = spec {
            self.children[spec.link as usize] = Postings::of_pairs();
        }
        self.pairs = spec.map(Pairs::new);
    }

    /// Gives the key an index of all rows but one, and lists without second integers. O(rows).
    pub(super) fn end_pairs(&mut self, except: Option<RowId>) {
        let Some(Pairs { spec, .. }) = self.pairs.take() else {
            return;
        };
        self.keys[spec.key].fill(&self.rows, except);
        let others = self.rows.iter().filter(|(id, _)| Some(*id) != except);
        let parents = others.map(|(id, row)| (row.link(self.rows.layout(), spec.link), id));
        let edges = parents.filter_map(|(parent, row)| Some(Edge::new(parent?, row)));
        let mut edges: Vec<Edge> = edges.collect();
        sort_edges(&mut edges);
        let mut lists = Postings::new();
        lists.insert_sorted(&edges);
        self.children[spec.link as usize] = lists;
    }

    // ---- Checking ----

    /// Compares lists and index with the rows by brute force; the first difference in words.
    pub(super) fn check_pairs(&self, pairs: Pairs) -> Result<(), String> {
        let index = &self.keys[pairs.spec.key];
        let mut in_index = 0;
        for (id, row) in self.rows.iter() {
            let parent = row.link(self.layout(), pairs.spec.link);
            let packed = parent.filter(|&parent| !self.lists(pairs).is_large(parent));
            let key = index.columns().of_row(self.layout(), row);
            let found = match packed {
                Some(parent) => {
                    let key = ShortKey::of(key).and_then(ShortKey::pair);
                    key.is_some_and(|(first, second)| {
                        pairs.base == Some(first - i64::from(parent.0))
                            && self
                                .lists(pairs)
                                .with_second(parent, second)
                                .any(|it| it == id)
                    })
                }
                None => {
                    in_index += 1;
                    index.find_every(&self.rows, key).contains(&id)
                }
            };
            if !found {
                return Err(format!("does not find row {} under {parent:?}", id.0));
            }
        }
        match index.len() {
            len if len == in_index => Ok(()),
            len => Err(format!(
                "has {len} entries for {in_index} rows without a list"
            )),
        }
    }
}

#[cfg(test)]
mod tests;
