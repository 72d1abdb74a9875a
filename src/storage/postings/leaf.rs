//! The lists of a few neighbouring parents, packed one after the other.
//!
//! Where each list ends stands in the trie itself, the ids in a block of their own: how many children a parent has is known
//! without touching the block, and reading a list touches nothing else of it. A block of pairs is twice as long: in its
//! second half stands the second value of each id of the first.

use std::iter;
use std::ops::Range;

use triomphe::Arc;

use super::children::Chunks;
use super::large_list::LargeList;
use super::{Edge, Sort};
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
    /// The packed ids, then room for more; of pairs, the same again with the second values.
    block: Option<Arc<[u32]>>,
    /// The lists that moved out, each with the place of its parent, in the order of places. Those parents have no packed ids.
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
    fn room(&self, sort: Sort) -> usize {
        let words = self.block.as_ref().map_or(0, |block| block.len());
        words / sort.words()
    }

    /// The block for writing, copied first if a clone shares it, and to one with this much room if it has less than is
    /// needed: the ids, and of pairs the second values.
    #[inline]
    fn block_mut(
        &mut self,
        sort: Sort,
        needed: usize,
        room: usize,
    ) -> (&mut [u32], Option<&mut [u32]>) {
        let present = self.room(sort);
        let is_unique = |block: &Arc<[u32]>| block.is_unique();
        if needed > present || !self.block.as_ref().is_some_and(is_unique) {
            let copied = match needed <= present {
                true => needed.max(self.packed_len() + COPY_ROOM),
                false => room,
            };
            self.move_to(sort, copied);
        }
        let block = self.block.as_mut().and_then(Arc::get_mut);
        let block = block.expect("a block that is unique, or was just made, has one owner");
        match sort {
            Sort::Ids => (block, None),
            Sort::Pairs => {
                let (ids, seconds) = block.split_at_mut(block.len() / 2);
                (ids, Some(seconds))
            }
        }
    }

    /// Moves what is packed to a block with room for so many ids.
    #[cold]
    #[inline(never)]
    fn move_to(&mut self, sort: Sort, room: usize) {
        let (len, before) = (self.packed_len(), self.room(sort));
        let mut moved: Arc<[u32]> = iter::repeat_n(0, room * sort.words()).collect();
        if let (Some(block), Some(moved)) = (&self.block, Arc::get_mut(&mut moved)) {
            for half in 0..sort.words() {
                moved[half * room..][..len].copy_from_slice(&block[half * before..][..len]);
            }
        }
        self.block = Some(moved);
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

    /// The second values of a packed list of pairs.
    #[inline]
    fn seconds(&self, which: usize) -> &[u32] {
        let range = self.range(which);
        match &self.block {
            Some(block) => &block[block.len() / 2..][range],
            None => &[],
        }
    }

    /// The ids in a packed list of pairs that stand beside a second value, ascending.
    #[inline]
    pub(super) fn with_second(&self, which: usize, second: u32) -> impl Iterator<Item = u32> {
        let pairs = self.packed(which).iter().zip(self.seconds(which));
        pairs
            .filter(move |&(_, other)| *other == second)
            .map(|(id, _)| *id)
    }

    /// The first id in a packed list of pairs that stands beside a second value.
    #[inline]
    pub(super) fn first_with_second(&self, which: usize, second: u32) -> Option<u32> {
        let position = self.seconds(which).iter().position(|it| *it == second)?;
        self.packed(which).get(position).copied()
    }

    /// Writes what stands beside an id in a packed list of pairs.
    pub(super) fn set_second(&mut self, which: usize, id: u32, second: u32) {
        let Ok(position) = self.packed(which).binary_search(&id) else {
            return;
        };
        let (at, len) = (self.range(which).start + position, self.packed_len());
        if let (_, Some(seconds)) = self.block_mut(Sort::Pairs, len, len) {
            seconds[at] = second;
        }
    }

    /// The large list of a parent. No more lists stand before it than parents: from the place of the parent backwards it is
    /// found at once where all before it are large, too.
    #[inline]
    fn large(&self, which: usize) -> Option<&LargeList<C, M>> {
        let lists = self.large.as_ref()?;
        let mut lists = lists[..lists.len().min(which + 1)].iter();
        let (_, list) = lists.rfind(|(place, _)| usize::from(*place) == which)?;
        Some(list)
    }

    #[inline]
    pub(super) fn large_mut(&mut self, which: usize) -> Option<&mut LargeList<C, M>> {
        let lists = unshare(self.large.as_mut()?);
        let up_to = lists.len().min(which + 1);
        let mut lists = lists[..up_to].iter_mut();
        let (_, list) = lists.rfind(|(place, _)| usize::from(*place) == which)?;
        Some(list)
    }

    #[inline]
    pub(super) fn is_large(&self, which: usize) -> bool {
        self.large(which).is_some()
    }

    /// Adds an id to a packed list, of pairs beside a second value; whether it was not there yet. The first one finds
    /// `first_room`.
    pub(super) fn insert_packed(
        &mut self,
        sort: Sort,
        which: usize,
        (id, second): (u32, u32),
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
        let (ids, seconds) = self.block_mut(sort, len + 1, room);
        ids.copy_within(at..len, at + 1);
        ids[at] = id;
        if let Some(seconds) = seconds {
            seconds.copy_within(at..len, at + 1);
            seconds[at] = second;
        }
        self.move_ends(which, 1);
        true
    }

    /// What the end of each list moves by when one grows: those before it stay, it and all after it move.
    const STEPS: [[i16; P]; P] = {
        let mut steps = [[0; P]; P];
        let mut which = 0;
        while which < P {
            let mut place = which;
            while place < P {
                steps[which][place] = 1;
                place += 1;
            }
            which += 1;
        }
        steps
    };

    /// Moves the ends of a packed list and of those after it. From a table, since so all ends change in a few instructions.
    #[inline]
    fn move_ends(&mut self, which: usize, by: i16) {
        for (end, step) in self.ends.iter_mut().zip(&Self::STEPS[which]) {
            *end = end.wrapping_add_signed(step * by);
        }
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

    /// Merges the children of sorted edges into packed lists without pairs, from the last one backwards, so that each id
    /// moves once.
    pub(super) fn insert_all_packed(&mut self, mut edges: &[Edge]) {
        let mut read = self.packed_len();
        let mut write = read + edges.len();
        self.block_mut(Sort::Ids, write, write);
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
    pub(super) fn remove_packed(&mut self, sort: Sort, which: usize, id: u32) {
        let Ok(position) = self.packed(which).binary_search(&id) else {
            return;
        };
        let (at, len) = (self.range(which).start + position, self.packed_len());
        let (ids, seconds) = self.block_mut(sort, len, len);
        ids.copy_within(at + 1..len, at);
        if let Some(seconds) = seconds {
            seconds.copy_within(at + 1..len, at);
        }
        self.move_ends(which, -1);
        self.give_memory_back(sort);
    }

    /// Moves a packed list out into a large one, which has no second values.
    pub(super) fn move_out(&mut self, sort: Sort, which: usize) {
        let list = LargeList::from_sorted(self.packed(which));
        let place = u8::try_from(which).expect("a leaf has fewer than 256 parents");
        let lists = unshare(self.large.get_or_insert_default());
        let at = lists.partition_point(|(other, _)| *other < place);
        lists.insert(at, (place, list));
        self.splice(sort, which, &[]);
        self.give_memory_back(sort);
    }

    /// Moves a large list, which has become short, back among the packed ones. The second values of pairs are to be written.
    pub(super) fn move_in(&mut self, sort: Sort, which: usize) {
        let Some(list) = self.large(which) else {
            return;
        };
        let ids: Vec<u32> = list.chunks().flatten().copied().collect();
        self.drop_large(which);
        self.splice(sort, which, &ids);
    }

    /// Takes out a parent's whole list, packed or large.
    pub(super) fn clear(&mut self, sort: Sort, which: usize) {
        if self.is_large(which) {
            self.drop_large(which);
        } else {
            self.splice(sort, which, &[]);
            self.give_memory_back(sort);
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
    fn splice(&mut self, sort: Sort, which: usize, ids: &[u32]) {
        let (range, len) = (self.range(which), self.packed_len());
        let (start, end) = (range.start, range.start + ids.len());
        let spliced = len - range.len() + ids.len();
        let (block, seconds) = self.block_mut(sort, spliced.max(len), spliced + COPY_ROOM);
        block.copy_within(range.end..len, end);
        block[start..end].copy_from_slice(ids);
        if let Some(seconds) = seconds {
            seconds.copy_within(range.end..len, end);
        }
        for place in &mut self.ends[which..] {
            let moved = usize::from(*place) - range.len() + ids.len();
            *place = u16::try_from(moved).expect("a leaf of packed lists counts in 16 bits");
        }
    }

    fn give_memory_back(&mut self, sort: Sort) {
        let len = self.packed_len();
        if len == 0 {
            self.block = None;
        } else if len * 4 < self.room(sort) {
            self.move_to(sort, len * 2);
        }
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self, sort: Sort, packed_max: usize) {
        assert!(self.ends.is_sorted());
        assert!(
            self.packed_len() <= self.room(sort),
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
        let places: Vec<_> = lists.map(|(place, _)| *place).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
        let count = places.len();
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
