//! The lists of a few neighbouring parents, packed one after the other.

use std::ops::Range;

use super::Edge;
use super::children::Chunks;
use super::large_list::LargeList;

/// Ids that the copy of a leaf has room for beyond its own: what was copied for a write is about to grow.
const COPY_ROOM: usize = 4;

/// Ids up to which a leaf grows fourfold. A load that deals children to parents in any order makes all leaves early and
/// then grows each, and these are the steps that cost it allocations.
const SMALL: usize = 48;

/// The children of `P` parents.
#[derive(Debug)]
pub(super) struct Leaf<const P: usize, const C: usize, const M: usize> {
    /// Where each parent's ids end; they begin where those of the parent before it end.
    ends: [u16; P],
    ids: Vec<u32>,
    /// The lists that moved out, each with the place of its parent. Those parents have no packed ids.
    large: Vec<(u8, LargeList<C, M>)>,
}

impl<const P: usize, const C: usize, const M: usize> Leaf<P, C, M> {
    pub(super) fn with_room(room: usize) -> Self {
        Leaf {
            ends: [0; P],
            ids: Vec::with_capacity(room),
            large: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.large.is_empty()
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
        let start = if which == 0 { 0 } else { self.ends[which - 1] };
        usize::from(start)..usize::from(self.ends[which])
    }

    #[inline]
    fn packed(&self, which: usize) -> &[u32] {
        &self.ids[self.range(which)]
    }

    #[inline]
    fn large(&self, which: usize) -> Option<&LargeList<C, M>> {
        self.large
            .iter()
            .find(|(place, _)| usize::from(*place) == which)
            .map(|(_, list)| list)
    }

    #[inline]
    pub(super) fn large_mut(&mut self, which: usize) -> Option<&mut LargeList<C, M>> {
        self.large
            .iter_mut()
            .find(|(place, _)| usize::from(*place) == which)
            .map(|(_, list)| list)
    }

    /// Adds an id to a packed list; whether it was not there yet.
    pub(super) fn insert_packed(&mut self, which: usize, id: u32) -> bool {
        let packed = self.packed(which);
        // Rows mostly come in the order of their ids.
        let position = match packed.last() {
            Some(&last) if last >= id => match packed.binary_search(&id) {
                Ok(_) => return false,
                Err(position) => position,
            },
            _ => packed.len(),
        };
        if self.ids.len() == self.ids.capacity() {
            let len = self.ids.len();
            let factor = if len < SMALL { 4 } else { 2 };
            self.ids.reserve_exact((len * factor - len).max(COPY_ROOM));
        }
        self.ids.insert(self.range(which).start + position, id);
        for (place, end) in self.ends.iter_mut().enumerate() {
            *end += u16::from(place >= which);
        }
        true
    }

    /// Whether no list is large, nor becomes so by these edges, which are sorted.
    pub(super) fn stays_packed(&self, edges: &[Edge], packed_max: usize) -> bool {
        self.large.is_empty()
            && edges
                .chunk_by(|a, b| a.parent() == b.parent())
                .all(|of_one| {
                    let which = of_one[0].parent().index() % P;
                    self.range(which).len() + of_one.len() <= packed_max
                })
    }

    /// Merges the children of sorted edges into packed lists, from the last one backwards, so that each id moves once.
    pub(super) fn insert_all_packed(&mut self, mut edges: &[Edge]) {
        let (mut read, mut write) = (self.ids.len(), self.ids.len() + edges.len());
        self.ids.reserve_exact(edges.len());
        self.ids.resize(write, 0);
        for which in (0..P).rev() {
            if edges.is_empty() {
                return;
            }
            let start = self.range(which).start;
            self.ends[which] = u16::try_from(write).expect("a leaf counts in 16 bits");
            while let Some((last, rest)) = edges.split_last()
                && last.parent().index() % P == which
            {
                let id = last.child().0;
                while read > start && self.ids[read - 1] > id {
                    (read, write) = (read - 1, write - 1);
                    self.ids[write] = self.ids[read];
                }
                write -= 1;
                self.ids[write] = id;
                edges = rest;
            }
            let left = read - start;
            self.ids.copy_within(start..read, write - left);
            (read, write) = (start, write - left);
        }
    }

    /// Takes an id out of a packed list.
    pub(super) fn remove_packed(&mut self, which: usize, id: u32) {
        let Ok(position) = self.packed(which).binary_search(&id) else {
            return;
        };
        self.ids.remove(self.range(which).start + position);
        for (place, end) in self.ends.iter_mut().enumerate() {
            *end -= u16::from(place >= which);
        }
        self.give_memory_back();
    }

    /// Moves a packed list out into a large one.
    pub(super) fn move_out(&mut self, which: usize) {
        let list = LargeList::from_sorted(self.packed(which));
        let place = u8::try_from(which).expect("a leaf has fewer than 256 parents");
        self.large.push((place, list));
        self.splice(which, &[]);
        self.give_memory_back();
    }

    /// Moves a large list, which has become short, back among the packed ones.
    pub(super) fn move_in(&mut self, which: usize) {
        let Some(at) = self
            .large
            .iter()
            .position(|(place, _)| usize::from(*place) == which)
        else {
            return;
        };
        let (_, list) = self.large.swap_remove(at);
        let ids: Vec<u32> = list.chunks().flatten().copied().collect();
        self.splice(which, &ids);
    }

    /// Takes out a parent's whole list, packed or large.
    pub(super) fn clear(&mut self, which: usize) {
        self.large.retain(|(place, _)| usize::from(*place) != which);
        self.splice(which, &[]);
        self.give_memory_back();
    }

    /// Replaces a packed list.
    fn splice(&mut self, which: usize, ids: &[u32]) {
        let range = self.range(which);
        let (before, after) = (range.len(), ids.len());
        self.ids.splice(range, ids.iter().copied());
        for end in &mut self.ends[which..] {
            let moved = usize::from(*end) - before + after;
            *end = u16::try_from(moved).expect("a leaf of packed lists counts in 16 bits");
        }
    }

    fn give_memory_back(&mut self) {
        if self.ids.len() * 4 < self.ids.capacity() {
            self.ids.shrink_to(self.ids.len() * 2);
        }
    }

    #[cfg(test)]
    pub(super) fn packed_len(&self) -> usize {
        self.ids.len()
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self, packed_max: usize) {
        assert!(self.ends.is_sorted());
        assert_eq!(usize::from(self.ends[P - 1]), self.ids.len());
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
        let mut places: Vec<_> = self.large.iter().map(|(place, _)| *place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), self.large.len());
    }
}

impl<const P: usize, const C: usize, const M: usize> Clone for Leaf<P, C, M> {
    fn clone(&self) -> Self {
        let mut ids = Vec::with_capacity(self.ids.len() + COPY_ROOM);
        ids.extend_from_slice(&self.ids);
        Leaf {
            ends: self.ends,
            ids,
            large: self.large.clone(),
        }
    }
}
