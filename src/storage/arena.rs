//! Images of rows as they were: what the undo log restores from.
//!
//! An image is an ordinary row whose long texts stand in the arena's heap. The arena only grows at its end and is cut
//! back there; pushing allocates nothing beyond the growth of three vectors, and blobs are counted, not copied. Images of
//! tables with different layouts stand in one arena, and whoever reads one knows its layout.

use crate::storage::give_back_spare_room;
use crate::storage::heap::{Heap, HeapMark, cell_at_mut};
use crate::storage::layout::RowLayout;
use crate::storage::row_ref::RowRef;

/// An append-only store of rows.
#[derive(Debug)]
pub(crate) struct RowArena {
    words: Vec<u64>,
    heap: Heap,
    images: Vec<Image>,
    /// Bytes of the blobs in the heap.
    blob_bytes: usize,
}

/// The position of an image in its arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ImageId(u32);

/// How far words and heap were filled before an image.
#[derive(Clone, Copy, Debug)]
struct Image {
    words: usize,
    heap: HeapMark,
}

impl RowArena {
    /// An empty arena.
    pub(crate) const fn new() -> Self {
        RowArena {
            words: Vec::new(),
            heap: Heap::unbounded(),
            images: Vec::new(),
            blob_bytes: 0,
        }
    }

    /// Copies a row.
    pub(crate) fn push(&mut self, layout: &RowLayout, row: RowRef<'_>) -> ImageId {
        let id = self.end();
        let start = self.words.len();
        let mark = self.heap.mark();
        self.images.push(Image {
            words: start,
            heap: mark,
        });
        self.words.extend_from_slice(row.words());
        let words = &mut self.words[start..];
        for offset in layout.varying() {
            self.heap.adopt(cell_at_mut(words, offset), row.heap());
        }
        self.blob_bytes += self.heap.blob_bytes_since(mark);
        id
    }

    /// An image, as the row that it was.
    #[inline]
    pub(crate) fn get(&self, id: ImageId, layout: &RowLayout) -> RowRef<'_> {
        let start = self.images[id.0 as usize].words;
        RowRef::new(&self.words[start..start + layout.row_words()], &self.heap)
    }

    /// How many images there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.images.len()
    }

    /// The id of the next image: a mark to truncate to.
    ///
    /// # Panics
    /// At 2^32 images: memory ends before.
    pub(crate) fn end(&self) -> ImageId {
        ImageId(u32::try_from(self.images.len()).expect("memory ends before the image ids do"))
    }

    /// Bytes of all images, blobs included, which other heaps may share.
    #[inline]
    pub(crate) fn size_bytes(&self) -> usize {
        self.words.len() * size_of::<u64>()
            + self.images.len() * size_of::<Image>()
            + self.heap.bytes_len()
            + self.blob_bytes
    }

    /// Forgets the image `end` and all later ones. Keeps the memory.
    pub(crate) fn truncate(&mut self, end: ImageId) {
        let Some(image) = self.images.get(end.0 as usize) else {
            return;
        };
        self.words.truncate(image.words);
        self.blob_bytes -= self.heap.blob_bytes_since(image.heap);
        self.heap.truncate(image.heap);
        self.images.truncate(end.0 as usize);
    }

    /// Gives back the room that only many images need.
    pub(crate) fn give_back_spare_room(&mut self) {
        give_back_spare_room(&mut self.words);
        give_back_spare_room(&mut self.images);
        self.heap.give_back_spare_room();
    }

    /// Forgets everything. Keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.truncate(ImageId(0));
    }
}

impl Default for RowArena {
    fn default() -> Self {
        RowArena::new()
    }
}

#[cfg(test)]
impl RowArena {
    /// Words, bytes and blobs that the arena holds.
    pub(crate) fn size(&self) -> (usize, usize, usize) {
        let (bytes, blobs) = self.heap.size();
        (self.words.len(), bytes, blobs)
    }
}
