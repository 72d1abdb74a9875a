//! The lists of a few neighbouring parents, packed one after the other.
//!
//! Where each list ends stands in the trie itself, the ids in a block of their own: how many children a parent has is known
//! without touching the block, and reading a list touches nothing else of it.

use std::ops::Range;

use triomphe::Arc;

use super::Edge;
use super::children::Chunks;
use super::large_list::LargeList;
use crate::storage::trie;
use crate::storage::unshare;

/// Ids that the copy of a block has room for beyond its own: what was copied for a write is about to grow.
const COPY_ROOM: usize = 4;

/// Ids up to which a leaf grows fourfold. A load that deals children to parents in any order makes all leaves early and
/// then grows each, and these are the steps that cost it allocations.
const SMALL: usize = 48;

/// The children of `P` parents.
#[derive(Clone, Debug)]
pub(super) struct Leaf<const P: usize, const C: usize, const M: usize> {
    /// Where each parent's ids end; they begin where those of the parent before it end.
    ends: [u16; P],
    /// The packed ids, then room for more.
    block: Option<Arc<[u32]>>,
    /// The lists that moved out, each with the place of its parent. Those parents have no packed ids.
    large: Option<Arc<LargeLists<C, M>>>,
}

type LargeLists<const C: usize, const M: usize> = Vec<(u8, LargeList<C, M>)>;

impl<const P: usize, const C: usize, const M: usize> trie::Leaf for Leaf<P, C, M> {
    const GAP: Self = Leaf {
        ends: [0; P],
        block: None,
        large: None,
    };

    #[inline]
    fn is_gap(&self) -> bool {
        self.packed_len() == 0 && self.large.is_none()
    }

    #[inline]
    fn is_shared(&self) -> bool {
        self.block.is_shared() || self.large.is_shared()
    }
}

impl<const P: usize, const C: usize, const M: usize> Leaf<P, C, M> {
    /// How many ids are packed.
    #[inline]
    pub(super) fn packed_len(&self) -> usize {
        usize::from(self.ends[P - 1])
    }

    /// How many ids fit into the block.
    #[inline]
    fn room(&self) -> usize {
        self.block.as_ref().map_or(0, |block| block.len())
    }

    #[inline]
    fn ids(&self) -> &[u32] {
        self.block
            .as_ref()
            .map_or(&[], |block| &block[..self.packed_len()])
    }

    /// The block for writing, copied first if a clone shares it, and to one with this much room if it has less than is
    /// needed.
    #[inline]
    fn block_mut(&mut self, needed: usize, room: usize) -> &mut [u32] {
        let fits = |block: &Arc<[u32]>| needed <= block.len() && block.is_unique();
        if !self.block.as_ref().is_some_and(fits) {
            let copied = match needed <= self.room() {
                true => needed.max(self.packed_len() + COPY_ROOM),
                false => room,
            };
            self.move_to(copied);
        }
        let block = self.block.as_mut().and_then(Arc::get_mut);
        block.expect("a block that is unique, or was just made, has one owner")
    }

    /// Moves the ids to a block with room for so many.
    #[cold]
    #[inline(never)]
    fn move_to(&mut self, room: usize) {
        let ids = self.ids();
        let moved = (0..room).map(|at| ids.get(at).copied().unwrap_or(0));
        self.block = Some(moved.collect());
    }

    #[inline]
    pub(super) fn count(&self, which: usize) -> usize {
        match self.large(which) {
            Some(list) => list.len(),
            None => self.range(which).len(),
        }
    }

    pub(super) fn contains(&self, which: usize, id: u32) -> bool {
        match self.large(which) {
            Some(list) => list.contains(id),
            None => self.packed(which).binary_search(&id).is_ok(),
        }
    }

    #[inline]
    pub(super) fn chunks(&self, which: usize) -> Chunks<'_, C> {
        match self.large(which) {
            Some(list) => list.chunks(),
            None => Chunks::of_slice(self.packed(which)),
        }
    }

    #[inline]
    fn range(&self, which: usize) -> Range<usize> {
        start(&self.ends, which)..usize::from(self.ends[which])
    }

    #[inline]
    fn packed(&self, which: usize) -> &[u32] {
        let range = self.range(which);
        match &self.block {
            Some(block) => &block[range],
            None => &[],
        }
    }

    #[inline]
    fn large(&self, which: usize) -> Option<&LargeList<C, M>> {
        let lists = self.large.as_ref()?;
        let (_, list) = lists
            .iter()
            .find(|(place, _)| usize::from(*place) == which)?;
        Some(list)
    }

    #[inline]
    pub(super) fn large_mut(&mut self, which: usize) -> Option<&mut LargeList<C, M>> {
        let lists = unshare(self.large.as_mut()?);
        let (_, list) = lists
            .iter_mut()
            .find(|(place, _)| usize::from(*place) == which)?;
        Some(list)
    }

    fn is_large(&self, which: usize) -> bool {
        self.large(which).is_some()
    }

    /// Adds an id to a packed list; whether it was not there yet. The first one finds `first_room`.
    pub(super) fn insert_packed(
        &mut self,
        which: usize,
        id: u32,
        first_room: impl FnOnce() -> usize,
    ) -> bool {
        let packed = self.packed(which);
        // Rows mostly come in the order of their ids.
        let position = match packed.last() {
            Some(&last) if last >= id => match packed.binary_search(&id) {
                Ok(_) => return false,
                Err(position) => position,
            },
            _ => packed.len(),
        };
        let (at, len) = (self.range(which).start + position, self.packed_len());
        let room = match len {
            0 => first_room(),
            _ if len < SMALL => (len * 4).max(len + COPY_ROOM),
            _ => len * 2,
        };
        let block = self.block_mut(len + 1, room);
        block.copy_within(at..len, at + 1);
        block[at] = id;
        for (place, end) in self.ends.iter_mut().enumerate() {
            *end += u16::from(place >= which);
        }
        true
    }

    /// Whether no list is large, nor becomes so by these edges, which are sorted.
    pub(super) fn stays_packed(&self, edges: &[Edge], packed_max: usize) -> bool {
        self.large.is_none()
            && edges
                .chunk_by(|a, b| a.parent() == b.parent())
                .all(|of_one| {
                    let which = of_one[0].parent().index() % P;
                    self.range(which).len() + of_one.len() <= packed_max
                })
    }

    /// Merges the children of sorted edges into packed lists, from the last one backwards, so that each id moves once.
    pub(super) fn insert_all_packed(&mut self, mut edges: &[Edge]) {
        let mut read = self.packed_len();
        let mut write = read + edges.len();
        self.block_mut(write, write);
        let Leaf { ends, block, .. } = self;
        let block = block.as_mut().and_then(Arc::get_mut);
        let block = block.expect("it was just made ready for writing");
        for which in (0..P).rev() {
            if edges.is_empty() {
                return;
            }
            let start = start(ends, which);
            ends[which] = u16::try_from(write).expect("a leaf counts in 16 bits");
            while let Some((last, rest)) = edges.split_last()
                && last.parent().index() % P == which
            {
                let id = last.child().0;
                while read > start && block[read - 1] > id {
                    (read, write) = (read - 1, write - 1);
                    block[write] = block[read];
                }
                write -= 1;
                block[write] = id;
                edges = rest;
            }
            let left = read - start;
            block.copy_within(start..read, write - left);
            (read, write) = (start, write - left);
        }
    }

    /// Takes an id out of a packed list.
    pub(super) fn remove_packed(&mut self, which: usize, id: u32) {
        let Ok(position) = self.packed(which).binary_search(&id) else {
            return;
        };
        let (at, len) = (self.range(which).start + position, self.packed_len());
        self.block_mut(len, len).copy_within(at + 1..len, at);
        for (place, end) in self.ends.iter_mut().enumerate() {
            *end -= u16::from(place >= which);
        }
        self.give_memory_back();
    }

    /// Moves a packed list out into a large one.
    pub(super) fn move_out(&mut self, which: usize) {
        let list = LargeList::from_sorted(self.packed(which));
        let place = u8::try_from(which).expect("a leaf has fewer than 256 parents");
        unshare(self.large.get_or_insert_default()).push((place, list));
        self.splice(which, &[]);
        self.give_memory_back();
    }

    /// Moves a large list, which has become short, back among the packed ones.
    pub(super) fn move_in(&mut self, which: usize) {
        let Some(list) = self.large(which) else {
            return;
        };
        let ids: Vec<u32> = list.chunks().flatten().copied().collect();
        self.drop_large(which);
        self.splice(which, &ids);
    }

    /// Takes out a parent's whole list, packed or large.
    pub(super) fn clear(&mut self, which: usize) {
        if self.is_large(which) {
            self.drop_large(which);
        } else {
            self.splice(which, &[]);
            self.give_memory_back();
        }
    }

    fn drop_large(&mut self, which: usize) {
        if let Some(lists) = &mut self.large {
            let lists = unshare(lists);
            lists.retain(|(place, _)| usize::from(*place) != which);
            if lists.is_empty() {
                self.large = None;
            }
        }
    }

    /// Replaces a packed list.
    fn splice(&mut self, which: usize, ids: &[u32]) {
        let (range, len) = (self.range(which), self.packed_len());
        let (start, end) = (range.start, range.start + ids.len());
        let spliced = len - range.len() + ids.len();
        let block = self.block_mut(spliced.max(len), spliced + COPY_ROOM);
        block.copy_within(range.end..len, end);
        block[start..end].copy_from_slice(ids);
        for place in &mut self.ends[which..] {
            let moved = usize::from(*place) - range.len() + ids.len();
            *place = u16::try_from(moved).expect("a leaf of packed lists counts in 16 bits");
        }
    }

    fn give_memory_back(&mut self) {
        let len = self.packed_len();
        if len == 0 {
            self.block = None;
        } else if len * 4 < self.room() {
            self.move_to(len * 2);
        }
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self, packed_max: usize) {
        assert!(self.ends.is_sorted());
        assert!(
            self.packed_len() <= self.room(),
            "ids stand beyond their block"
        );
        for which in 0..P {
            let ids = self.packed(which);
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(ids.len() <= packed_max, "a packed list is too long");
            if let Some(list) = self.large(which) {
                list.check_invariants();
                assert!(ids.is_empty(), "a parent has two lists");
                assert!(list.len() >= packed_max / 2, "a large list is too short");
            }
        }
        let lists = self.large.iter().flat_map(|lists| lists.iter());
        let mut places: Vec<_> = lists.map(|(place, _)| *place).collect();
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), count);
        assert_eq!(
            self.large.is_some(),
            count > 0,
            "no list is large, and yet there is room for some"
        );
    }
}

/// Where the ids of a parent start.
#[inline]
fn start(ends: &[u16], which: usize) -> usize {
    usize::from(if which == 0 { 0 } else { ends[which - 1] })
}
