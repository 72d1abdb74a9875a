//! Texts, bytes and JSON: cells of 16 bytes, and the place beside the rows for what does not fit into them.
//!
//! A cell is two words seen as 16 bytes in memory order. Its last byte says what the others are:
//! 1. 0 to 15: so many bytes stand inline, with zeros behind them.
//! 2. [`IN_BYTES`]: 16 to 256 bytes stand in the heap's `bytes`. The first word is their position, bytes 8 and 9 are
//!    their length.
//! 3. [`IN_BLOB`]: more than 256 bytes, or fewer when `bytes` are full, stand in a counted blob. The first word is its
//!    slot. Copying the heap with its page counts the blob and does not copy it.
//!
//! Invariants: each run of bytes and each blob has exactly one cell; `garbage` counts the bytes without a cell; free blob
//! slots are chained. The heap does not know its cells: its owner says when one goes, and lends them for compaction.

use triomphe::Arc;

use crate::storage::give_back_spare_room;

/// Two words that hold a text, or lead to it.
pub(crate) type Cell = [u64; 2];

/// The byte of a cell that says what the others are.
const TAG: usize = 15;
const INLINE_MAX: u8 = 15;
const IN_BYTES: u8 = 16;
const IN_BLOB: u8 = 17;

/// Longer texts are blobs.
const BLOB_OVER: usize = 256;

/// So many `bytes` a page has at most. With its words and blobs a page then stays under 32 KiB, and one of a row of a
/// thousand columns under 72 KiB: what the first write after a snapshot copies.
const PAGE_BYTES_MAX: usize = 24 * 1_024;

/// The first allocation for `bytes`: a page of six columns with one long text in ten rows needs no second one.
const FIRST_BYTES: usize = 256;

/// So much garbage is never worth a compaction.
pub(crate) const GARBAGE_SLACK: usize = if cfg!(relata_tiny) { 16 } else { 256 };

/// What long texts of some rows stand in.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    bytes: Vec<u8>,
    blobs: Vec<BlobSlot>,
    /// How many of `bytes` no cell refers to.
    garbage: usize,
    free_blob: Option<u32>,
    bytes_max: usize,
}

/// A blob, or the next free slot.
#[derive(Clone, Debug)]
enum BlobSlot {
    Blob(Arc<[u8]>),
    Free(Option<u32>),
}

impl BlobSlot {
    fn len(&self) -> usize {
        match self {
            BlobSlot::Blob(blob) => blob.len(),
            BlobSlot::Free(_) => 0,
        }
    }
}

/// How far a heap that only grows was filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeapMark {
    bytes: usize,
    blobs: usize,
}

impl Heap {
    /// An empty heap for the rows of a page.
    pub(crate) const fn for_page() -> Self {
        Heap::with_bytes_max(PAGE_BYTES_MAX)
    }

    /// An empty heap for any number of rows that is never copied.
    pub(crate) const fn unbounded() -> Self {
        Heap::with_bytes_max(usize::MAX)
    }

    const fn with_bytes_max(bytes_max: usize) -> Self {
        Heap {
            bytes: Vec::new(),
            blobs: Vec::new(),
            garbage: 0,
            free_blob: None,
            bytes_max,
        }
    }

    /// The bytes of a cell.
    #[inline]
    pub(crate) fn read<'a>(&'a self, cell: &'a Cell) -> &'a [u8] {
        let inline: &[u8; 16] = bytemuck::cast_ref(cell);
        let tag = inline[TAG];
        if tag <= INLINE_MAX {
            &inline[..usize::from(tag)]
        } else {
            self.read_outside(cell)
        }
    }

    fn read_outside(&self, cell: &Cell) -> &[u8] {
        let at = position(cell);
        if tag(cell) == IN_BYTES {
            return &self.bytes[at..at + length(cell)];
        }
        self.blob(at)
    }

    fn blob(&self, slot: usize) -> &Arc<[u8]> {
        match &self.blobs[slot] {
            BlobSlot::Blob(blob) => blob,
            BlobSlot::Free(_) => unreachable!("a cell refers to a blob until it is released"),
        }
    }

    /// Writes a cell that refers to nothing.
    #[inline]
    pub(crate) fn write(&mut self, cell: &mut Cell, text: &[u8]) {
        if text.len() <= usize::from(INLINE_MAX) {
            write_inline(cell, text);
        } else {
            self.write_outside(cell, text);
        }
    }

    fn write_outside(&mut self, cell: &mut Cell, text: &[u8]) {
        if text.len() <= BLOB_OVER && text.len() <= self.bytes_max - self.bytes.len() {
            self.write_bytes(cell, text);
        } else {
            self.write_blob(cell, text.into());
        }
    }

    fn write_bytes(&mut self, cell: &mut Cell, text: &[u8]) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(FIRST_BYTES);
        }
        *cell = reference(IN_BYTES, self.bytes.len(), text.len());
        self.bytes.extend_from_slice(text);
    }

    fn write_blob(&mut self, cell: &mut Cell, blob: Arc<[u8]>) {
        let slot = match self.free_blob {
            Some(slot) => {
                let slot = slot as usize;
                let taken = std::mem::replace(&mut self.blobs[slot], BlobSlot::Blob(blob));
                let BlobSlot::Free(next) = taken else {
                    unreachable!("the chain of free slots leads to free slots only");
                };
                self.free_blob = next;
                slot
            }
            None => {
                self.blobs.push(BlobSlot::Blob(blob));
                self.blobs.len() - 1
            }
        };
        *cell = reference(IN_BLOB, slot, 0);
    }

    /// Makes a copy of a cell of another heap one of this heap. Blobs are counted, not copied.
    #[inline]
    pub(crate) fn adopt(&mut self, cell: &mut Cell, from: &Heap) {
        match tag(cell) {
            IN_BYTES => {
                let at = position(cell);
                self.write_outside(cell, &from.bytes[at..at + length(cell)]);
            }
            IN_BLOB => self.write_blob(cell, from.blob(position(cell)).clone()),
            _ => {}
        }
    }

    /// Lets go of what a cell refers to. The cell itself is left to be overwritten.
    #[inline]
    pub(crate) fn release(&mut self, cell: &Cell) {
        match tag(cell) {
            IN_BYTES => self.release_bytes(position(cell), length(cell)),
            IN_BLOB => self.release_blob(position(cell)),
            _ => {}
        }
    }

    fn release_bytes(&mut self, at: usize, length: usize) {
        // The last text can go for good, and rewriting one text again and again leaves no garbage.
        if at + length == self.bytes.len() {
            self.bytes.truncate(at);
        } else {
            self.garbage += length;
        }
    }

    fn release_blob(&mut self, slot: usize) {
        self.blobs[slot] = BlobSlot::Free(self.free_blob);
        self.free_blob = u32::try_from(slot).ok();
    }

    /// Whether there is more garbage than text, and enough of it to matter.
    #[inline]
    pub(crate) fn is_wasteful(&self) -> bool {
        self.garbage > GARBAGE_SLACK.max(self.bytes.len() - self.garbage)
    }

    /// Whether the cell of another heap holds the text of this one's.
    pub(crate) fn same_text(&self, cell: &Cell, other: &Cell, other_heap: &Heap) -> bool {
        let (text, other) = (self.read(cell), other_heap.read(other));
        // A blob that both share need not be looked through.
        std::ptr::eq(text, other) || text == other
    }

    /// Room that no text needs, in bytes. O(blobs).
    pub(crate) fn spare_bytes(&self) -> usize {
        let texts = FIRST_BYTES.max(self.bytes.len() - self.garbage);
        let slots = self.blobs.capacity() - self.blobs_used();
        self.bytes.capacity().saturating_sub(texts) + slots * size_of::<BlobSlot>()
    }

    fn blobs_used(&self) -> usize {
        let slots = self.blobs.iter();
        slots
            .filter(|slot| matches!(slot, BlobSlot::Blob(_)))
            .count()
    }

    /// Starts over with no texts, and gives out the heap as it was. The owner then passes it with every cell that it has
    /// to [`Heap::carry_over`].
    pub(crate) fn begin_compaction(&mut self) -> Heap {
        let room = FIRST_BYTES.max(self.bytes.len() - self.garbage);
        let next = Heap {
            bytes: Vec::with_capacity(room),
            blobs: Vec::with_capacity(self.blobs_used()),
            ..Heap::with_bytes_max(self.bytes_max)
        };
        std::mem::replace(self, next)
    }

    /// Brings the text of a cell over from the heap before the compaction.
    pub(crate) fn carry_over(&mut self, cell: &mut Cell, old: &mut Heap) {
        let at = position(cell);
        match tag(cell) {
            IN_BYTES => self.write_bytes(cell, &old.bytes[at..at + length(cell)]),
            IN_BLOB => {
                let blob = std::mem::replace(&mut old.blobs[at], BlobSlot::Free(None));
                if let BlobSlot::Blob(blob) = blob {
                    self.write_blob(cell, blob);
                }
            }
            _ => {}
        }
    }

    /// How far the heap is filled. Only for an owner that never releases a cell.
    #[inline]
    pub(crate) fn mark(&self) -> HeapMark {
        HeapMark {
            bytes: self.bytes.len(),
            blobs: self.blobs.len(),
        }
    }

    /// Bytes of the texts that are no blobs.
    #[inline]
    pub(crate) fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of the blobs since the mark.
    #[inline]
    pub(crate) fn blob_bytes_since(&self, mark: HeapMark) -> usize {
        let blobs = &self.blobs[mark.blobs..];
        blobs.iter().map(BlobSlot::len).sum()
    }

    /// Forgets everything written since the mark, and keeps the allocations.
    pub(crate) fn truncate(&mut self, mark: HeapMark) {
        debug_assert!(
            self.garbage == 0 && self.free_blob.is_none(),
            "a heap with marks only grows"
        );
        self.bytes.truncate(mark.bytes);
        self.blobs.truncate(mark.blobs);
    }

    /// Gives back the room that only much text needs.
    pub(crate) fn give_back_spare_room(&mut self) {
        give_back_spare_room(&mut self.bytes);
        give_back_spare_room(&mut self.blobs);
    }

    /// Bytes allocated, blobs included, even those that other heaps share.
    pub(crate) fn allocated_bytes(&self) -> usize {
        let blobs = self.blobs.iter().map(|slot| match slot {
            BlobSlot::Blob(blob) => size_of::<usize>() + blob.len(),
            BlobSlot::Free(_) => 0,
        });
        self.bytes.capacity() + self.blobs.capacity() * size_of::<BlobSlot>() + blobs.sum::<usize>()
    }
}

/// The cell at an offset of a row.
#[inline]
pub(crate) fn cell_at(words: &[u64], offset: usize) -> &Cell {
    words[offset..].first_chunk().expect("a cell is two words")
}

/// The cell at an offset of a row, for writing.
#[inline]
pub(crate) fn cell_at_mut(words: &mut [u64], offset: usize) -> &mut Cell {
    words[offset..]
        .first_chunk_mut()
        .expect("a cell is two words")
}

/// Whether the whole text stands in the cell.
#[inline]
pub(crate) fn is_inline(cell: &Cell) -> bool {
    tag(cell) <= INLINE_MAX
}

#[inline]
fn write_inline(cell: &mut Cell, text: &[u8]) {
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text);
    bytes[TAG] = u8::try_from(text.len()).expect("an inline text has at most 15 bytes");
    *cell = bytemuck::cast(bytes);
}

fn reference(tag: u8, position: usize, length: usize) -> Cell {
    let mut cell = [position as u64, 0];
    let bytes: &mut [u8; 16] = bytemuck::cast_mut(&mut cell);
    let length = u16::try_from(length).expect("longer texts are blobs");
    bytes[8..10].copy_from_slice(&length.to_ne_bytes());
    bytes[TAG] = tag;
    cell
}

#[inline]
fn tag(cell: &Cell) -> u8 {
    bytemuck::cast_ref::<Cell, [u8; 16]>(cell)[TAG]
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a position was a usize when it was written"
)]
fn position(cell: &Cell) -> usize {
    cell[0] as usize
}

fn length(cell: &Cell) -> usize {
    let bytes: &[u8; 16] = bytemuck::cast_ref(cell);
    usize::from(u16::from_ne_bytes([bytes[8], bytes[9]]))
}

#[cfg(test)]
impl Heap {
    /// Asserts what the header promises, given all cells that refer to this heap.
    pub(crate) fn check_invariants<'a>(&self, cells: impl Iterator<Item = &'a Cell>) {
        let mut runs = Vec::new();
        let mut blobs = std::collections::BTreeSet::new();
        for cell in cells {
            match tag(cell) {
                IN_BYTES => runs.push((position(cell), length(cell))),
                IN_BLOB => {
                    assert!(blobs.insert(position(cell)), "two cells share a blob slot");
                    assert!(self.blob(position(cell)).len() > usize::from(INLINE_MAX));
                }
                inline => {
                    let bytes: &[u8; 16] = bytemuck::cast_ref(cell);
                    assert!(
                        bytes[usize::from(inline)..TAG]
                            .iter()
                            .all(|byte| *byte == 0)
                    );
                }
            }
        }
        runs.sort_unstable();
        assert!(
            runs.windows(2)
                .all(|pair| pair[0].0 + pair[0].1 <= pair[1].0)
        );
        assert!(
            runs.iter()
                .all(|(_, length)| (16..=BLOB_OVER).contains(length))
        );
        assert!(
            runs.last()
                .is_none_or(|(at, length)| at + length <= self.bytes.len())
        );
        let used: usize = runs.iter().map(|(_, length)| length).sum();
        assert_eq!(
            used + self.garbage,
            self.bytes.len(),
            "garbage is miscounted"
        );
        assert!(!self.is_wasteful(), "garbage is not bounded");
        assert!(self.bytes.len() <= self.bytes_max);
        assert_eq!(blobs.len() + self.free_blobs(), self.blobs.len());
    }

    fn free_blobs(&self) -> usize {
        std::iter::successors(self.free_blob, |slot| match self.blobs[*slot as usize] {
            BlobSlot::Free(next) => next,
            BlobSlot::Blob(_) => panic!("the chain of free slots leads to a blob"),
        })
        .count()
    }

    /// Bytes and blobs that the heap holds, garbage included.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.bytes.len(), self.blobs.len() - self.free_blobs())
    }
}
