//! The pages of a table: a persistent array of pages of one size.

use std::ops::Range;

use crate::storage::page::{Page, PageHead, PageMut, PageRef, new_page, unshare_page};
use crate::storage::row_ref::RowRef;
use crate::storage::trie::{self, Block, Trie};

/// The pages of one table, by page index, with gaps.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    trie: Trie<Block<Page>>,
    /// Words of a page.
    words: usize,
}

impl Pages {
    /// No pages yet, of so many words each.
    pub(crate) fn new(words: usize) -> Self {
        Pages {
            trie: Trie::new(),
            words,
        }
    }

    /// A page.
    #[inline]
    pub(crate) fn get(&self, page: u32) -> Option<PageRef<'_>> {
        self.trie.get(page)?.as_deref().map(PageRef::of)
    }

    /// The row at some words of a page, if it is live.
    #[inline]
    pub(crate) fn row_at(&self, page: u32, words: Range<usize>) -> Option<RowRef<'_>> {
        self.get(page)?.row_at(words)
    }

    /// The row at some words of a page that holds a live one: its words are not looked at.
    #[inline]
    pub(crate) fn live_row_at(&self, page: u32, words: Range<usize>) -> Option<RowRef<'_>> {
        self.get(page)?.live_row_at(words)
    }

    /// A page for writing, copied first if a clone shares it.
    #[inline]
    pub(crate) fn get_mut(&mut self, page: u32) -> Option<PageMut<'_>> {
        let page = self.trie.get_mut(page)?.as_mut()?;
        Some(PageMut::of(unshare_page(page)))
    }

    /// A page for writing, made if it is missing.
    #[inline]
    pub(crate) fn get_or_create(&mut self, page: u32) -> PageMut<'_> {
        let words = self.words;
        let page = self.trie.get_or_insert_with(page, || Some(new_page(words)));
        let page = page.as_mut().expect("a leaf that is no gap has its page");
        PageMut::of(unshare_page(page))
    }

    /// Takes a page out; whether there was one.
    pub(crate) fn remove(&mut self, page: u32) -> bool {
        self.trie.remove(page)
    }

    /// The pages from an index on, ascending, with their indexes.
    pub(crate) fn iter_from(&self, page: u32) -> Iter<'_> {
        Iter {
            pages: self.trie.iter_from(page),
        }
    }

    /// How many pages there are.
    pub(crate) fn count(&self) -> u32 {
        self.trie.leaf_count()
    }

    /// How many pages writes had to copy since this value was made.
    pub(crate) fn copied(&self) -> u64 {
        self.trie.leaves_copied()
    }

    /// Bytes of one page with its count.
    pub(crate) fn page_bytes(&self) -> usize {
        size_of::<usize>() + size_of::<PageHead>() + self.words * size_of::<u64>()
    }

    #[cfg(test)]
    pub(crate) fn check_invariants(&self) {
        self.trie.check_invariants();
    }
}

/// Pages in ascending order of their indexes.
#[derive(Debug)]
pub(crate) struct Iter<'a> {
    pages: trie::Iter<'a, Block<Page>>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (u32, PageRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (at, page) = self.pages.next()?;
        Some((at, PageRef::of(page.as_deref()?)))
    }
}
