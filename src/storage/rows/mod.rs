//! The rows of a table: words in copy-on-write pages, addressed by a dense [`RowId`].
//!
//! A clone shares every page. A write changes a page in place while no clone shares it and copies it once when one does.
//! Reading borrows. Values go in and come out as [`Value`] and [`ValueRef`]; nothing here keeps one.
//!
//! This type decides nothing about slots: which one a row takes, when a freed one is taken again and whether an empty
//! page stays is up to the table, which keeps the chain of free slots inside the dead slots.
//!
//! Invariants: `len` is the number of live slots; no slot at or past `end` is live. Undo lowers `end`; nothing else does.

use triomphe::Arc;

use crate::storage::layout::{Paging, RowLayout};
use crate::storage::page::{PageMut, PageRef};
use crate::storage::pages::{self, Pages};
use crate::storage::prefetch::is_large;
use crate::storage::row_ref::RowRef;
use crate::storage::{RowId, WordCell};
use crate::value::{DataType, Value};

/// The rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    layout: Arc<RowLayout>,
    /// The layout's, kept here so that finding a row does not go through the layout.
    paging: Paging,
    pages: Pages,
    len: u32,
    end: u32,
}

/// What stands in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Live,
    Dead,
    /// Nothing: its page does not exist.
    NoPage,
}

impl Rows {
    /// No rows, of these columns and so many links each.
    pub(crate) fn new(types: &[DataType], links: usize) -> Self {
        let layout = RowLayout::new(types, links);
        Rows {
            paging: layout.paging(),
            pages: Pages::new(layout.paging().page_words()),
            layout: Arc::new(layout),
            len: 0,
            end: 0,
        }
    }

    /// Where everything in a row stands.
    #[inline]
    pub(crate) fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// How many rows are live.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether rows may have to be waited for.
    #[inline]
    pub(crate) fn are_large(&self) -> bool {
        is_large(self.len() * self.paging.row_bytes())
    }

    /// One past the highest slot ever written.
    #[inline]
    pub(crate) fn end(&self) -> RowId {
        RowId(self.end)
    }

    /// Puts the end back to where it was. Every slot from there on is dead.
    pub(crate) fn set_end(&mut self, end: RowId) {
        debug_assert!(
            self.iter_from(end).next().is_none(),
            "a live row stands past the end"
        );
        self.end = end.0;
    }

    /// A live row.
    #[inline]
    pub(crate) fn get(&self, row: RowId) -> Option<RowRef<'_>> {
        #[cfg(test)]
        counted::count_one();
        let (page, slot) = self.paging.place(row);
        self.pages.row_at(page, self.paging.slot_words(slot))
    }

    /// A row that is known to be live, without touching it: many can be on their way from memory at once when they are
    /// read later. Of a row that is not live the cells mean nothing.
    #[inline]
    pub(crate) fn get_live(&self, row: RowId) -> Option<RowRef<'_>> {
        #[cfg(test)]
        counted::count_one();
        debug_assert!(self.contains(row), "the row is not live");
        let (page, slot) = self.paging.place(row);
        self.pages.live_row_at(page, self.paging.slot_words(slot))
    }

    /// Asks for the memory of a live row, which is to be written soon, and does not wait for it. Nothing if the rows are at hand
    /// anyway.
    #[inline]
    pub(crate) fn prefetch(&self, row: RowId) {
        if self.are_large() {
            let (page, slot) = self.paging.place(row);
            let row = self.pages.live_row_at(page, self.paging.slot_words(slot));
            row.into_iter().for_each(RowRef::prefetch);
        }
    }

    /// Whether a row is live. A full page answers for all its rows with one word, so that looking up parents in any order
    /// touches a line of memory a page rather than one a row.
    #[inline]
    pub(crate) fn contains(&self, row: RowId) -> bool {
        let (page, slot) = self.paging.place(row);
        self.pages.get(page).is_some_and(|page| {
            page.live() == self.paging.rows_per_page()
                || page.row_at(self.paging.slot_words(slot)).is_some()
        })
    }

    /// What stands in a slot. One descent.
    #[inline]
    pub(crate) fn slot(&self, row: RowId) -> Slot {
        let (page, slot) = self.paging.place(row);
        match self.pages.get(page) {
            None => Slot::NoPage,
            Some(page) if page.row_at(self.paging.slot_words(slot)).is_some() => Slot::Live,
            Some(_) => Slot::Dead,
        }
    }

    /// All live rows, ascending.
    pub(crate) fn iter(&self) -> Iter<'_> {
        self.iter_from(RowId(0))
    }

    /// The live rows from an id on, ascending.
    pub(crate) fn iter_from(&self, start: RowId) -> Iter<'_> {
        let (page, slot) = self.paging.place(start);
        Iter {
            pages: self.pages.iter_from(page),
            paging: self.paging,
            page: None,
            first_row: start,
            slot: 0,
            start: (page, slot),
        }
    }

    /// Writes a new row into a dead slot, with these links; those not given lead nowhere. There is a value of the column's
    /// type, or null, for every column.
    pub(crate) fn insert(&mut self, row: RowId, values: &[Value], links: &[Option<RowId>]) {
        let (page, slot) = self.paging.place(row);
        let page = &mut self.pages.get_or_create(page);
        page.insert(&self.layout, slot, values, links);
        self.len += 1;
        self.raise_end(row);
    }

    /// Changes cells of a live row, by ordinal.
    #[inline]
    pub(crate) fn set_all<'v>(
        &mut self,
        row: RowId,
        cells: impl Iterator<Item = (u32, &'v Value)>,
    ) {
        let (mut page, slot, layout) = self.live_page(row);
        for (ordinal, value) in cells {
            page.set(layout, slot, *layout.field(ordinal), value);
        }
    }

    /// Writes a cell of a live row that stands in one word.
    #[inline]
    pub(crate) fn set_word(&mut self, row: RowId, cell: WordCell) {
        let (mut page, slot, layout) = self.live_page(row);
        page.set_word(layout, slot, cell);
    }

    /// Changes a link of a live row.
    #[inline]
    pub(crate) fn set_link(&mut self, row: RowId, link: u32, parent: Option<RowId>) {
        let (mut page, slot, layout) = self.live_page(row);
        page.set_link(layout, slot, link, parent);
    }

    /// Writes a whole row, links included, from an image of this layout. The slot may be live or dead. Whether the page may
    /// be worth tidying.
    pub(crate) fn restore(&mut self, row: RowId, image: RowRef<'_>) -> bool {
        let (page, slot) = self.paging.place(row);
        let page = &mut self.pages.get_or_create(page);
        let restored = page.restore(&self.layout, slot, image);
        self.len += u32::from(restored.was_dead);
        self.raise_end(row);
        restored.moved_texts
    }

    /// Gives back what the page of a row holds and does not need.
    pub(crate) fn tidy_page(&mut self, row: RowId) {
        let (page, _) = self.paging.place(row);
        if let Some(mut page) = self.pages.get_mut(page) {
            page.tidy(&self.layout);
        }
    }

    /// The page that a row stands in, or would.
    #[inline]
    pub(crate) fn page_of(&self, row: RowId) -> u32 {
        self.paging.place(row).0
    }

    /// Makes a live row's slot dead. Its page stays, so that the slot can be linked to the free ones.
    pub(crate) fn remove(&mut self, row: RowId) {
        let (mut page, slot, layout) = self.live_page(row);
        page.remove(layout, slot);
        self.len -= 1;
    }

    /// Makes a live row's slot dead, and frees its page if it was the last one there. For tables that never link free
    /// slots.
    pub(crate) fn remove_and_free_page(&mut self, row: RowId) {
        let (page, _) = self.paging.place(row);
        // The last row goes with its page, and a page that a clone shares is not copied for that.
        if self.contains(row) && self.pages.get(page).is_some_and(|page| page.live() == 1) {
            self.pages.remove(page);
            self.len -= 1;
        } else {
            self.remove(row);
        }
    }

    /// Puts a dead slot in front of the chain of free slots that begins with `next`. Makes the page if it is missing.
    pub(crate) fn link_free(&mut self, row: RowId, next: Option<RowId>) {
        let (page, slot) = self.paging.place(row);
        let page = &mut self.pages.get_or_create(page);
        page.link_free(&self.layout, slot, next);
        self.raise_end(row);
    }

    /// The free slot after this one, which is in the chain of free slots; none at its end.
    pub(crate) fn free_next(&self, row: RowId) -> Option<RowId> {
        let (page, slot) = self.paging.place(row);
        let next = self.pages.get(page)?.free_next(&self.layout, slot);
        debug_assert!(next.is_some(), "the slot is not in the chain of free slots");
        next?
    }

    /// Whether the page of a slot exists.
    #[inline]
    pub(crate) fn has_page(&self, row: RowId) -> bool {
        let (page, _) = self.paging.place(row);
        self.pages.get(page).is_some()
    }

    /// How many rows stand in a page.
    #[inline]
    pub(crate) fn rows_per_page(&self) -> u32 {
        self.paging.rows_per_page()
    }

    /// How many pages there are.
    pub(crate) fn page_count(&self) -> u32 {
        self.pages.count()
    }

    /// How many pages writes had to copy since this value was made.
    pub(crate) fn pages_copied(&self) -> u64 {
        self.pages.copied()
    }

    /// Bytes in pages, heaps and blobs, as if no clone shared any. The nodes above the pages, under one percent, are
    /// not counted. O(pages).
    pub(crate) fn allocated_bytes(&self) -> usize {
        let pages = self.pages.iter_from(0);
        pages
            .map(|(_, page)| self.pages.page_bytes() + page.heap().allocated_bytes())
            .sum()
    }

    /// The page of a live row for writing, the row's slot, and the layout.
    #[inline]
    fn live_page(&mut self, row: RowId) -> (PageMut<'_>, u32, &RowLayout) {
        let (page, slot) = self.paging.place(row);
        let page = self.pages.get_mut(page).expect("a live row has a page");
        (page, slot, &self.layout)
    }

    fn raise_end(&mut self, row: RowId) {
        debug_assert!(row.0 != u32::MAX, "the last id means none");
        self.end = self.end.max(row.0 + 1);
    }
}

/// Live rows in ascending order of their ids.
#[derive(Debug)]
pub(crate) struct Iter<'a> {
    pages: pages::Iter<'a>,
    paging: Paging,
    /// The page at hand, its first row, and the slot to look at next.
    page: Option<PageRef<'a>>,
    first_row: RowId,
    slot: u32,
    /// The page and slot to begin with.
    start: (u32, u32),
}

impl<'a> Iter<'a> {
    /// Goes on to the next page, if there is one.
    #[inline]
    fn turn_page(&mut self) -> Option<PageRef<'a>> {
        let (index, page) = self.pages.next()?;
        self.page = Some(page);
        self.first_row = self.paging.first_row(index);
        self.slot = if index == self.start.0 {
            self.start.1
        } else {
            0
        };
        Some(page)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (RowId, RowRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        #[cfg(test)]
        counted::count_one();
        loop {
            if let Some(page) = self.page {
                while self.slot < self.paging.rows_per_page() {
                    let slot = self.slot;
                    self.slot += 1;
                    if let Some(row) = page.row_at(self.paging.slot_words(slot)) {
                        return Some((RowId(self.first_row.0 + slot), row));
                    }
                }
            }
            self.turn_page()?;
        }
    }

    // Whoever goes through all rows at once need not look up at each where the walk stands.
    #[inline]
    fn fold<B, F>(mut self, init: B, mut with: F) -> B
    where
        F: FnMut(B, Self::Item) -> B,
    {
        let mut folded = init;
        let mut page = self.page.or_else(|| self.turn_page());
        while let Some(of_page) = page {
            for slot in self.slot..self.paging.rows_per_page() {
                if let Some(row) = of_page.row_at(self.paging.slot_words(slot)) {
                    #[cfg(test)]
                    counted::count_one();
                    folded = with(folded, (RowId(self.first_row.0 + slot), row));
                }
            }
            page = self.turn_page();
        }
        #[cfg(test)]
        counted::count_one();
        folded
    }
}

#[cfg(test)]
impl Rows {
    /// Asserts what the headers of storage's row files promise, by a full walk.
    pub(crate) fn check_invariants(&self) {
        self.pages.check_invariants();
        let mut len = 0;
        for (_, page) in self.pages.iter_from(0) {
            page.check_invariants(&self.layout);
            len += page.live();
        }
        assert_eq!(len, self.len);
        assert!(self.iter().all(|(row, _)| row < self.end()));
    }
}

#[cfg(test)]
pub(crate) use self::counted::rows_read;

/// Counts the rows that are looked at, so that a test can show that a statement scans no table.
#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static ROWS: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count_one() {
        ROWS.set(ROWS.get() + 1);
    }

    /// How many rows this thread has asked for, one by one or in a scan.
    pub(crate) fn rows_read() -> u64 {
        ROWS.get()
    }
}

#[cfg(test)]
mod tests;
