//! Reading a list of children: as ids, or as the slices that hold them.

use std::iter::FusedIterator;
use std::slice;

use crate::storage::RowId;

use super::large_list::{Child, Chunk, Mid};

/// The ids of one parent's children, ascending, as slices none of which is empty. A packed list is one slice.
#[derive(Clone, Debug)]
pub(crate) struct Chunks<'a, const C: usize> {
    mids: slice::Iter<'a, Child<Mid<C>>>,
    front: slice::Iter<'a, Child<Chunk<C>>>,
    back: slice::Iter<'a, Child<Chunk<C>>>,
    /// What comes after all nodes, until it is taken: the last chunk of a large list, or a packed list, which has no nodes.
    last: &'a [u32],
}

impl<'a, const C: usize> Chunks<'a, C> {
    #[inline]
    pub(super) fn of_slice(packed: &'a [u32]) -> Self {
        Chunks::of_nodes(&[], packed)
    }

    pub(super) fn of_nodes(mids: &'a [Child<Mid<C>>], last: &'a [u32]) -> Self {
        Chunks {
            mids: mids.iter(),
            front: [].iter(),
            back: [].iter(),
            last,
        }
    }

    /// The last slice, once.
    #[inline]
    fn take_last(&mut self) -> Option<&'a [u32]> {
        let last = std::mem::take(&mut self.last);
        (!last.is_empty()).then_some(last)
    }
}

impl<'a, const C: usize> Iterator for Chunks<'a, C> {
    type Item = &'a [u32];

    #[inline]
    fn next(&mut self) -> Option<&'a [u32]> {
        loop {
            if let Some(chunk) = self.front.next() {
                return Some(chunk.node.ids());
            }
            match self.mids.next() {
                Some(mid) => self.front = mid.node.iter(),
                None => {
                    let chunk = self.back.next().map(|chunk| chunk.node.ids());
                    return chunk.or_else(|| self.take_last());
                }
            }
        }
    }
}

impl<const C: usize> DoubleEndedIterator for Chunks<'_, C> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if let Some(slice) = self.take_last() {
            return Some(slice);
        }
        loop {
            if let Some(chunk) = self.back.next_back() {
                return Some(chunk.node.ids());
            }
            match self.mids.next_back() {
                Some(mid) => self.back = mid.node.iter(),
                None => return self.front.next_back().map(|chunk| chunk.node.ids()),
            }
        }
    }
}

impl<const C: usize> FusedIterator for Chunks<'_, C> {}

/// One parent's children, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Children<'a, const C: usize = { super::CHUNK }> {
    front: slice::Iter<'a, u32>,
    chunks: Chunks<'a, C>,
    back: slice::Iter<'a, u32>,
    /// How many there are in `chunks`.
    between: usize,
}

impl<'a, const C: usize> Children<'a, C> {
    #[inline]
    pub(super) fn new(mut chunks: Chunks<'a, C>, len: usize) -> Self {
        let last = chunks.take_last().unwrap_or_default();
        let between = len - last.len();
        // A packed list is read from its front, where nothing is asked but whether it has ended.
        let (front, back): (&[u32], &[u32]) = match between {
            0 => (last, &[]),
            _ => (&[], last),
        };
        Children {
            front: front.iter(),
            between,
            chunks,
            back: back.iter(),
        }
    }

    /// The first one of the next chunk.
    #[cold]
    fn next_behind(&mut self) -> Option<RowId> {
        self.front = self.chunks.next()?.iter();
        self.between -= self.front.len();
        self.front.next().map(|id| RowId(*id))
    }

    /// The last one of the chunk before.
    #[cold]
    fn next_back_before(&mut self) -> Option<RowId> {
        self.back = self.chunks.next_back()?.iter();
        self.between -= self.back.len();
        self.back.next_back().map(|id| RowId(*id))
    }
}

impl<const C: usize> Iterator for Children<'_, C> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        match self.front.next() {
            Some(id) => Some(RowId(*id)),
            None if self.between == 0 => self.back.next().map(|id| RowId(*id)),
            None => self.next_behind(),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.front.len() + self.between + self.back.len();
        (len, Some(len))
    }
}

impl<const C: usize> DoubleEndedIterator for Children<'_, C> {
    #[inline]
    fn next_back(&mut self) -> Option<RowId> {
        match self.back.next_back() {
            Some(id) => Some(RowId(*id)),
            None if self.between == 0 => self.front.next_back().map(|id| RowId(*id)),
            None => self.next_back_before(),
        }
    }
}

impl<const C: usize> ExactSizeIterator for Children<'_, C> {}

impl<const C: usize> FusedIterator for Children<'_, C> {}
