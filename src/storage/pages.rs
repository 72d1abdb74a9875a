//! The pages of a table: a persistent array of pages of one of the two sizes.
//!
//! The size is chosen once, by the layout, and nothing beyond this file asks for it.

use std::ops::Range;

use crate::storage::layout::{NARROW_WORDS, PageClass, WIDE_WORDS};
use crate::storage::page::{Page, PageMut, PageRef};
use crate::storage::row_ref::RowRef;
use crate::storage::trie::{self, Block, Trie};

/// The pages of one table, by page index, with gaps.
#[derive(Clone, Debug)]
pub(crate) enum Pages {
    /// Pages for rows of at most 64 words.
    Narrow(Trie<Block<Page<NARROW_WORDS>>>),
    /// Pages for wider rows.
    Wide(Trie<Block<Page<WIDE_WORDS>>>),
}

/// Does the same with either size of page.
macro_rules! either {
    ($pages:expr, $trie:ident => $body:expr) => {
        match $pages {
            Pages::Narrow($trie) => $body,
            Pages::Wide($trie) => $body,
        }
    };
}

impl Pages {
    /// No pages yet, of this size.
    pub(crate) fn new(class: PageClass) -> Self {
        match class {
            PageClass::Narrow => Pages::Narrow(Trie::new()),
            PageClass::Wide => Pages::Wide(Trie::new()),
        }
    }

    /// A page.
    #[inline]
    pub(crate) fn get(&self, page: u32) -> Option<PageRef<'_>> {
        either!(self, trie => trie.block(page).map(Page::borrow))
    }

    /// The row at some words of a page, if it is live.
    #[inline]
    pub(crate) fn row_at(&self, page: u32, words: Range<usize>) -> Option<RowRef<'_>> {
        match self {
            Pages::Narrow(trie) => trie.block(page)?.borrow().row_at(words),
            Pages::Wide(trie) => wide(trie, page)?.row_at(words),
        }
    }

    /// The row at some words of a page that holds a live one: its words are not looked at.
    #[inline]
    pub(crate) fn live_row_at(&self, page: u32, words: Range<usize>) -> Option<RowRef<'_>> {
        match self {
            Pages::Narrow(trie) => trie.block(page)?.borrow().live_row_at(words),
            Pages::Wide(trie) => wide(trie, page)?.live_row_at(words),
        }
    }

    /// A page for writing, copied first if a clone shares it.
    #[inline]
    pub(crate) fn get_mut(&mut self, page: u32) -> Option<PageMut<'_>> {
        either!(self, trie => trie.block_mut(page).map(Page::borrow_mut))
    }

    /// A page for writing, made if it is missing.
    #[inline]
    pub(crate) fn get_or_create(&mut self, page: u32) -> PageMut<'_> {
        either!(self, trie => trie.block_or_insert_with(page, Page::new).borrow_mut())
    }

    /// Takes a page out; whether there was one.
    pub(crate) fn remove(&mut self, page: u32) -> bool {
        either!(self, trie => trie.remove(page))
    }

    /// The pages from an index on, ascending, with their indexes.
    pub(crate) fn iter_from(&self, page: u32) -> Iter<'_> {
        match self {
            Pages::Narrow(trie) => Iter::Narrow(trie.iter_from(page)),
            Pages::Wide(trie) => Iter::Wide(trie.iter_from(page)),
        }
    }

    /// How many pages there are.
    pub(crate) fn count(&self) -> u32 {
        either!(self, trie => trie.leaf_count())
    }

    /// How many pages writes had to copy since this value was made.
    pub(crate) fn copied(&self) -> u64 {
        either!(self, trie => trie.leaves_copied())
    }

    /// Bytes of one page with its count.
    pub(crate) fn page_bytes(&self) -> usize {
        size_of::<usize>()
            + match self {
                Pages::Narrow(_) => size_of::<Page<NARROW_WORDS>>(),
                Pages::Wide(_) => size_of::<Page<WIDE_WORDS>>(),
            }
    }

    #[cfg(test)]
    pub(crate) fn check_invariants(&self) {
        either!(self, trie => trie.check_invariants());
    }
}

/// A page for wide rows. Out of line, so that finding a row in a narrow page is not made to look alike.
#[cold]
#[inline(never)]
fn wide(trie: &Trie<Block<Page<WIDE_WORDS>>>, page: u32) -> Option<PageRef<'_>> {
    trie.block(page).map(Page::borrow)
}

/// Pages in ascending order of their indexes.
#[derive(Debug)]
pub(crate) enum Iter<'a> {
    /// Over pages for rows of at most 64 words.
    Narrow(trie::Iter<'a, Block<Page<NARROW_WORDS>>>),
    /// Over pages for wider rows.
    Wide(trie::Iter<'a, Block<Page<WIDE_WORDS>>>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (u32, PageRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Narrow(pages) => {
                let (at, page) = pages.next()?;
                Some((at, page.as_ref()?.borrow()))
            }
            Iter::Wide(pages) => {
                let (at, page) = pages.next()?;
                Some((at, page.as_ref()?.borrow()))
            }
        }
    }
}
