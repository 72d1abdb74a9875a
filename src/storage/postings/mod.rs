//! For each parent row, the sorted set of its child rows.
//!
//! Neighbouring parents share a leaf of a [`Trie`], in whose block the ids of all their children stand packed one list after
//! the other: reading a list is a slice of the block, and copying one after a snapshot copies a few hundred bytes. A
//! list that outgrows the leaf moves out into a [`LargeList`], so that adding the millionth child to a parent copies one
//! of its chunks rather than a million ids, and moves back when it has shrunk to half.
//!
//! In lists of *pairs* a second value stands beside each child, by which it is found among those of its parent: what a
//! junction asks. Large lists have none; who keeps pairs finds those of a large list elsewhere, and is told when a list
//! moves.
//!
//! Invariants: a parent's children ascend and none is in twice; a list is packed up to `PACKED` ids and large from half
//! of that on; a leaf without ids is no leaf of the trie; `len` counts all ids and `packed_len` those in leaves.
//!
//! Neither end is checked to be a live row: whoever deletes a row takes its edges out.

mod children;
mod large_list;
mod leaf;
mod sorting;

use std::fmt;

use crate::storage::RowId;
use crate::storage::prefetch::prefetch;
use crate::storage::trie::{Leaf as _, Trie};

pub(crate) use self::children::{Children, Chunks};
use self::leaf::Leaf;
pub(crate) use self::sorting::sort_edges;

/// Neighbouring parents in a leaf. 16 rather than 8: over 500,000 ids it measured half the allocations, a tenth fewer bytes
/// and no slower a read, insert, removal or fork at 3 and at 10 children a parent; 32 was no faster than 16.
pub(crate) const PARENTS: usize = if cfg!(relata_tiny) { 2 } else { 16 };
/// Ids of the longest packed list.
pub(crate) const PACKED: usize = if cfg!(relata_tiny) { 4 } else { 128 };
/// Ids in a chunk of a large list.
pub(crate) const CHUNK: usize = if cfg!(relata_tiny) { 4 } else { 256 };
/// Chunks in a node of a large list.
pub(crate) const MID: usize = if cfg!(relata_tiny) { 4 } else { 64 };

/// A child to be put under a parent. Edges sort by parent, then by child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge(u64);

impl Edge {
    #[inline]
    pub(crate) fn new(parent: RowId, child: RowId) -> Self {
        Edge(u64::from(parent.0) << u32::BITS | u64::from(child.0))
    }

    #[inline]
    pub(crate) fn parent(self) -> RowId {
        RowId((self.0 >> u32::BITS) as u32)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "an id is one half")]
    pub(crate) fn child(self) -> RowId {
        RowId(self.0 as u32)
    }
}

/// Ids that a new block has room for at least. From 12 on, blocks of three pairs a parent were full after a load, and each of
/// them moved for the first pair that came then: a fifth of W9a of `benches/rivals`.
const ROOM_MIN: usize = 16;

/// Parent rows to sets of child rows. The parameters are `PARENTS`, `PACKED`, `CHUNK` and `MID`.
pub(crate) struct Postings<
    const P: usize = PARENTS,
    const L: usize = PACKED,
    const C: usize = CHUNK,
    const M: usize = MID,
> {
    leaves: Trie<Leaf<P, C, M>>,
    sort: Sort,
    len: usize,
    packed_len: usize,
}

/// What stands in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Ids,
    Pairs,
}

impl Sort {
    /// Words for each child.
    #[inline]
    fn words(self) -> usize {
        match self {
            Sort::Ids => 1,
            Sort::Pairs => 2,
        }
    }
}

/// What a write did to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing: the child was there already, or was not there.
    Nothing,
    /// The parent had no children and has one.
    First,
    /// The list is packed, as it was before.
    Packed,
    /// The list is large, as it was before.
    Large,
    /// The list has moved out and is large, or has moved in and is packed.
    Moved,
}

impl<const P: usize, const L: usize, const C: usize, const M: usize> Postings<P, L, C, M> {
    const CHECKED: () = {
        assert!(P * (L + 1) <= u16::MAX as usize, "a leaf counts in 16 bits");
        assert!(P <= u8::MAX as usize && L >= 2 && C >= 2 && M >= 2);
    };

    /// No parent has children. Allocates nothing.
    pub(crate) const fn new() -> Self {
        Self::of(Sort::Ids)
    }

    /// As [`Postings::new`], with second values.
    pub(crate) const fn of_pairs() -> Self {
        Self::of(Sort::Pairs)
    }

    const fn of(sort: Sort) -> Self {
        let () = Self::CHECKED;
        Postings {
            leaves: Trie::new(),
            sort,
            len: 0,
            packed_len: 0,
        }
    }

    /// How many children all parents have.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether no parent has children.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many leaves writes had to copy because a clone shared them.
    #[cfg(test)]
    pub(crate) fn leaves_copied(&self) -> u64 {
        self.leaves.leaves_copied()
    }

    /// How many children a parent has. Costs one descent.
    #[inline]
    pub(crate) fn count(&self, parent: RowId) -> usize {
        let (at, which) = place::<P>(parent);
        self.leaves.get(at).map_or(0, |leaf| leaf.count(which))
    }

    /// Whether the parent has this child.
    #[inline]
    pub(crate) fn contains(&self, parent: RowId, child: RowId) -> bool {
        let (at, which) = place::<P>(parent);
        self.leaves
            .get(at)
            .is_some_and(|leaf| leaf.contains(which, child.0))
    }

    /// The parent's child with the smallest id.
    #[inline]
    pub(crate) fn first(&self, parent: RowId) -> Option<RowId> {
        self.chunks(parent)
            .next()
            .and_then(|ids| ids.first())
            .map(|id| RowId(*id))
    }

    /// The parent's children, ascending.
    #[inline]
    pub(crate) fn children(&self, parent: RowId) -> Children<'_, C> {
        let (at, which) = place::<P>(parent);
        match self.leaves.get(at) {
            Some(leaf) => Children::new(leaf.chunks(which), leaf.count(which)),
            None => Children::new(Chunks::of_slice(&[]), 0),
        }
    }

    /// The ids of the parent's children, ascending, as slices none of which is empty.
    #[inline]
    pub(crate) fn chunks(&self, parent: RowId) -> Chunks<'_, C> {
        let (at, which) = place::<P>(parent);
        match self.leaves.get(at) {
            Some(leaf) => leaf.chunks(which),
            None => Chunks::of_slice(&[]),
        }
    }

    /// Asks for the memory of the parent's first ids, which are to be read soon, and does not wait for it.
    #[inline]
    pub(crate) fn prefetch(&self, parent: RowId) {
        if let Some(ids) = self.chunks(parent).next() {
            prefetch(ids, 0);
        }
    }

    /// The parents that have children, ascending.
    #[cfg(test)]
    pub(crate) fn parents(&self) -> impl Iterator<Item = RowId> + '_ {
        self.leaves.iter().flat_map(|(at, leaf)| {
            (0..P)
                .filter(|which| leaf.count(*which) > 0)
                .map(move |which| parent_at::<P>(at, which))
        })
    }

    /// Adds a child.
    pub(crate) fn insert(&mut self, parent: RowId, child: RowId) -> Written {
        self.write(parent, (child.0, 0), |_, _| ()).0
    }

    /// Adds a child beside a second value to a list of pairs, or if it is there writes that beside it; and another child of a
    /// packed list that stood beside the same one. It says of a list that stays as it was whether it is packed or large.
    pub(crate) fn insert_pair(
        &mut self,
        parent: RowId,
        child: RowId,
        second: u32,
    ) -> (Written, Option<RowId>) {
        debug_assert_eq!(self.sort, Sort::Pairs);
        let (written, other) = self.write(parent, (child.0, second), |leaf, which| {
            leaf.first_with_second(which, second).map(RowId)
        });
        let other = match other {
            Some(first) if first == child => {
                let mut beside = self.with_second(parent, second);
                beside.find(|&other| other != child)
            }
            other => other,
        };
        let written = match written {
            Written::Nothing if self.is_large(parent) => Written::Large,
            Written::Nothing => {
                self.set_second(parent, child, second);
                Written::Packed
            }
            written => written,
        };
        (written, other)
    }

    /// Adds a child, and tells what `looked` saw in a packed list just before.
    #[inline]
    fn write<T: Default>(
        &mut self,
        parent: RowId,
        child: (u32, u32),
        looked: impl FnOnce(&Leaf<P, C, M>, usize) -> T,
    ) -> (Written, T) {
        let (at, which) = place::<P>(parent);
        let (sort, packed_len, leaf_count) = (self.sort, self.packed_len, self.leaves.leaf_count());
        let leaf = self.leaves.get_or_insert_with(at, || Leaf::GAP);
        if let Some(list) = leaf.large_mut(which) {
            let added = list.insert(child.0);
            self.len += usize::from(added);
            let written = match added {
                true => Written::Large,
                false => Written::Nothing,
            };
            return (written, T::default());
        }
        let seen = looked(leaf, which);
        let first_room = || Self::room_beside(packed_len, leaf_count);
        if !leaf.insert_packed(sort, which, child, first_room) {
            return (Written::Nothing, seen);
        }
        self.len += 1;
        self.packed_len += 1;
        match leaf.count(which) {
            1 => return (Written::First, seen),
            count if count <= L => return (Written::Packed, seen),
            _ => {}
        }
        self.packed_len -= leaf.count(which);
        leaf.move_out(sort, which);
        (Written::Moved, seen)
    }

    /// Writes what stands beside a child, if its parent's list of pairs is packed.
    pub(crate) fn set_second(&mut self, parent: RowId, child: RowId, second: u32) {
        debug_assert_eq!(self.sort, Sort::Pairs);
        let (at, which) = place::<P>(parent);
        if let Some(leaf) = self.leaves.get_mut(at) {
            leaf.set_second(which, child.0, second);
        }
    }

    /// The children of a parent beside a second value, ascending: those of a packed list of pairs.
    #[inline]
    pub(crate) fn with_second(
        &self,
        parent: RowId,
        second: u32,
    ) -> impl Iterator<Item = RowId> + '_ {
        debug_assert_eq!(self.sort, Sort::Pairs);
        let (at, which) = place::<P>(parent);
        let leaf = self.leaves.get(at).into_iter();
        leaf.flat_map(move |leaf| leaf.with_second(which, second))
            .map(RowId)
    }

    /// The first of the children that [`Postings::with_second`] gives.
    //
    // Beside it for speed: through that iterator the look-up of a pair takes 1.7 times the instructions.
    #[inline]
    pub(crate) fn first_with_second(&self, parent: RowId, second: u32) -> Option<RowId> {
        debug_assert_eq!(self.sort, Sort::Pairs);
        let (at, which) = place::<P>(parent);
        let leaf = self.leaves.get(at)?;
        leaf.first_with_second(which, second).map(RowId)
    }

    /// Whether a parent's list is large.
    pub(crate) fn is_large(&self, parent: RowId) -> bool {
        let (at, which) = place::<P>(parent);
        self.leaves.get(at).is_some_and(|leaf| leaf.is_large(which))
    }

    /// Adds children that are not there yet, in the order of parents and of the children of each, to lists without second
    /// values. What a leaf gets is put in place at once.
    pub(crate) fn insert_sorted(&mut self, mut edges: &[Edge]) {
        debug_assert!(edges.is_sorted() && self.sort == Sort::Ids);
        while let Some(first) = edges.first() {
            let (at, _) = place::<P>(first.parent());
            let beyond = |edge: &Edge| place::<P>(edge.parent()).0 != at;
            let of_leaf = edges.iter().position(beyond).unwrap_or(edges.len());
            let (inserted, rest) = edges.split_at(of_leaf);
            edges = rest;
            let gap = Leaf::GAP;
            let leaf = self.leaves.get(at).unwrap_or(&gap);
            if leaf.stays_packed(inserted, L) {
                let leaf = self.leaves.get_or_insert_with(at, || gap);
                leaf.insert_all_packed(inserted);
                self.len += inserted.len();
                self.packed_len += inserted.len();
            } else {
                for edge in inserted {
                    self.insert(edge.parent(), edge.child());
                }
            }
        }
    }

    /// Takes a child out. One that is not there copies nothing.
    pub(crate) fn remove(&mut self, parent: RowId, child: RowId) -> Written {
        if !self.contains(parent, child) {
            return Written::Nothing;
        }
        let (at, which) = place::<P>(parent);
        let Some(leaf) = self.leaves.get_mut(at) else {
            return Written::Nothing;
        };
        self.len -= 1;
        let mut written = Written::Packed;
        if let Some(list) = leaf.large_mut(which) {
            list.remove(child.0);
            written = Written::Large;
            if list.len() < L / 2 {
                leaf.move_in(self.sort, which);
                self.packed_len += leaf.count(which);
                written = Written::Moved;
            }
        } else {
            leaf.remove_packed(self.sort, which, child.0);
            self.packed_len -= 1;
        }
        if leaf.is_gap() {
            self.leaves.close(at);
        }
        written
    }

    /// Takes out all children of a parent at once.
    pub(crate) fn clear(&mut self, parent: RowId) {
        let children = self.count(parent);
        if children == 0 {
            return;
        }
        let (at, which) = place::<P>(parent);
        let Some(leaf) = self.leaves.get_mut(at) else {
            return;
        };
        self.len -= children;
        if leaf.large_mut(which).is_none() {
            self.packed_len -= children;
        }
        leaf.clear(self.sort, which);
        if leaf.is_gap() {
            self.leaves.close(at);
        }
    }

    /// The ids that the block of a leaf beside so many others starts with room for: a little over their mean. That reserves
    /// about an eighth more than is used, and saves a load in the order of parents all but one allocation per leaf.
    fn room_beside(packed_len: usize, leaf_count: u32) -> usize {
        let mean = packed_len / (leaf_count as usize).max(1);
        (mean + mean / 8).max(ROOM_MIN)
    }
}

/// The leaf of a parent, and its place in it.
#[inline]
fn place<const P: usize>(parent: RowId) -> (u32, usize) {
    let leaf = parent.index() / P;
    let at = u32::try_from(leaf).expect("the quotient of an id is no larger than the id");
    (at, parent.index() % P)
}

/// The parent that has a place in a leaf.
#[cfg(test)]
fn parent_at<const P: usize>(at: u32, which: usize) -> RowId {
    let parent = at as usize * P + which;
    RowId(u32::try_from(parent).expect("the parent of a stored list is an id"))
}

impl<const P: usize, const L: usize, const C: usize, const M: usize> Clone
    for Postings<P, L, C, M>
{
    fn clone(&self) -> Self {
        Postings {
            leaves: self.leaves.clone(),
            sort: self.sort,
            len: self.len,
            packed_len: self.packed_len,
        }
    }
}

impl<const P: usize, const L: usize, const C: usize, const M: usize> Default
    for Postings<P, L, C, M>
{
    fn default() -> Self {
        Postings::new()
    }
}

impl<const P: usize, const L: usize, const C: usize, const M: usize> fmt::Debug
    for Postings<P, L, C, M>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postings")
            .field("len", &self.len)
            .field("leaves", &self.leaves.leaf_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl<const P: usize, const L: usize, const C: usize, const M: usize> Postings<P, L, C, M> {
    /// Asserts what the header promises, by a full walk.
    pub(crate) fn check_invariants(&self) {
        self.leaves.check_invariants();
        let (mut len, mut packed_len) = (0, 0);
        for (at, leaf) in self.leaves.iter() {
            leaf.check_invariants(self.sort, L);
            assert!(!leaf.is_gap(), "the empty leaf {at} stayed");
            len += (0..P).map(|which| leaf.count(which)).sum::<usize>();
            packed_len += leaf.packed_len();
        }
        assert_eq!((len, packed_len), (self.len, self.packed_len));
    }
}

#[cfg(test)]
mod tests;
