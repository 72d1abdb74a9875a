//! Reading a list of children: as ids, or as the slices that hold them.

use std::iter::FusedIterator;
use std::slice;

use crate::storage::RowId;

use super::large_list::{Child, Chunk, Mid};

/// The ids of one parent's children, ascending, as slices none of which is empty. A packed list is one slice.
#[derive(Clone, Debug)]
pub(crate) struct Chunks<'a, const C: usize> {
    /// The one slice of a packed list, until it is taken. Empty when it is taken or there is none.
    packed: &'a [u32],
    mids: slice::Iter<'a, Child<Mid<C>>>,
    front: slice::Iter<'a, Child<Chunk<C>>>,
    back: slice::Iter<'a, Child<Chunk<C>>>,
}

impl<'a, const C: usize> Chunks<'a, C> {
    #[inline]
    pub(super) fn of_slice(packed: &'a [u32]) -> Self {
        Chunks {
            packed,
            mids: [].iter(),
            front: [].iter(),
            back: [].iter(),
        }
    }

    pub(super) fn of_nodes(mids: &'a [Child<Mid<C>>]) -> Self {
        Chunks {
            mids: mids.iter(),
            ..Chunks::of_slice(&[])
        }
    }

    /// The packed list, once.
    #[inline]
    fn take_packed(&mut self) -> Option<&'a [u32]> {
        let packed = std::mem::take(&mut self.packed);
        (!packed.is_empty()).then_some(packed)
    }
}

impl<'a, const C: usize> Iterator for Chunks<'a, C> {
    type Item = &'a [u32];

    #[inline]
    fn next(&mut self) -> Option<&'a [u32]> {
        if let Some(packed) = self.take_packed() {
            return Some(packed);
        }
        loop {
            if let Some(chunk) = self.front.next() {
                return Some(chunk.node.ids());
            }
            match self.mids.next() {
                Some(mid) => self.front = mid.node.iter(),
                None => return self.back.next().map(|chunk| chunk.node.ids()),
            }
        }
    }
}

impl<const C: usize> DoubleEndedIterator for Chunks<'_, C> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if let Some(packed) = self.take_packed() {
            return Some(packed);
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
    len: usize,
}

impl<'a, const C: usize> Children<'a, C> {
    #[inline]
    pub(super) fn new(mut chunks: Chunks<'a, C>, len: usize) -> Self {
        Children {
            front: chunks.take_packed().unwrap_or_default().iter(),
            chunks,
            back: [].iter(),
            len,
        }
    }
}

impl<const C: usize> Iterator for Children<'_, C> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        loop {
            if let Some(id) = self.front.next() {
                return Some(RowId(*id));
            }
            match self.chunks.next() {
                Some(ids) => self.front = ids.iter(),
                None => return self.back.next().map(|id| RowId(*id)),
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl<const C: usize> DoubleEndedIterator for Children<'_, C> {
    #[inline]
    fn next_back(&mut self) -> Option<RowId> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        loop {
            if let Some(id) = self.back.next_back() {
                return Some(RowId(*id));
            }
            match self.chunks.next_back() {
                Some(ids) => self.back = ids.iter(),
                None => return self.front.next_back().map(|id| RowId(*id)),
            }
        }
    }
}

impl<const C: usize> ExactSizeIterator for Children<'_, C> {}

impl<const C: usize> FusedIterator for Children<'_, C> {}
