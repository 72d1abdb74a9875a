//! Where everything in a row stands.
//!
//! A row is words of 64 bits, in this order:
//! 1. the head: bit 63 of the first word says that the slot is live, the other bits which columns are null, 63 of them
//!    in the first word and 64 in each further one;
//! 2. the fields, in the order of the columns: one word for bool, int, float, timestamp and date, two for uuid, text,
//!    bytes and JSON;
//! 3. the links, 32 bits each and two to a word: the address of the parent row for each foreign key of the table, or
//!    none.
//!
//! A row never spans pages. A page has room for as many rows as fit into 256 words, or for one wider row. Nothing here depends on
//! a schema, only on value types.

use std::ops::Range;

use crate::storage::{RowId, WordCell};
use crate::value::DataType;

/// The most columns that a table may have: those that it declares, of which the schema refuses more, and a hidden key.
pub(crate) const COLUMNS_MAX: usize = 1_024 + 1;

/// The most links that a row may have. The schema refuses tables with more foreign keys.
pub(crate) const LINKS_MAX: usize = 1_024;

/// Words that a page holds at most, or those of one row if that is wider. Measured: about 2 KB is where copying a page for a
/// fork and finding one balance.
const PAGE_WORDS: usize = 256;

/// So many rows stand in a page at most, however few words they have. Three make a few rows cross pages.
const ROWS_PER_PAGE_MAX: usize = if cfg!(relata_tiny) { 3 } else { PAGE_WORDS };

/// The bit of the first head word that a live row has.
pub(crate) const LIVE: u64 = 1 << 63;

/// A link that leads nowhere. No row has this id.
const NO_LINK: u32 = u32::MAX;

/// The words of all rows of one table.
#[derive(Debug)]
pub(crate) struct RowLayout {
    fields: Box<[Field]>,
    /// Where the cells of text, bytes and JSON begin: those that may refer to a page's heap.
    varying: Box<[u16]>,
    links_offset: usize,
    links: usize,
    paging: Paging,
}

/// How one column stands in a row. Who reads many rows keeps a copy and looks it up once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    data_type: DataType,
    offset: u16,
    null_word: u16,
    null_mask: u64,
}

/// How row ids map to pages: small enough to stand in every table beside the pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    /// 2^63 / `rows_per_page`, rounded up.
    reciprocal: u64,
    rows_per_page: u32,
    row_words: u32,
}

impl RowLayout {
    /// The layout of rows with these columns and so many links.
    ///
    /// # Panics
    /// With more than [`COLUMNS_MAX`] columns or [`LINKS_MAX`] links: the schema let them through.
    pub(crate) fn new(types: &[DataType], links: usize) -> Self {
        assert!(
            types.len() <= COLUMNS_MAX && links <= LINKS_MAX,
            "a table is at most {COLUMNS_MAX} columns and {LINKS_MAX} foreign keys wide"
        );
        let mut fields = Vec::with_capacity(types.len());
        let mut next = head_words(types.len());
        for (ordinal, &data_type) in types.iter().enumerate() {
            fields.push(Field::new(data_type, ordinal, next));
            next += words_of(data_type);
        }
        let row_words = next + links.div_ceil(2);
        RowLayout {
            varying: fields
                .iter()
                .filter(|field| field.is_varying())
                .map(|field| field.offset)
                .collect(),
            fields: fields.into(),
            links_offset: next,
            links,
            paging: Paging::new(row_words),
        }
    }

    /// How many links a row has.
    #[inline]
    pub(crate) fn links(&self) -> usize {
        self.links
    }

    /// How many columns a row has.
    #[inline]
    pub(crate) fn column_count(&self) -> u32 {
        u32::try_from(self.fields.len()).expect("a row has at most COLUMNS_MAX columns")
    }

    /// Where a column stands.
    #[inline]
    pub(crate) fn field(&self, ordinal: u32) -> &Field {
        &self.fields[ordinal as usize]
    }

    /// Where every column stands, by ordinal.
    #[inline]
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many words a row has.
    #[inline]
    pub(crate) fn row_words(&self) -> usize {
        self.paging.row_words as usize
    }

    /// How row ids map to pages.
    #[inline]
    pub(crate) fn paging(&self) -> Paging {
        self.paging
    }

    /// Where the cells begin that may refer to a heap.
    #[inline]
    pub(crate) fn varying(&self) -> impl Iterator<Item = usize> + '_ {
        self.varying.iter().map(|&offset| usize::from(offset))
    }

    /// The words that say what a row is, before its cells.
    #[inline]
    pub(crate) fn head_words(&self) -> usize {
        head_words(self.fields.len())
    }

    /// The words of all links.
    #[inline]
    pub(crate) fn link_words(&self) -> Range<usize> {
        self.links_offset..self.row_words()
    }

    /// A link of a row.
    #[inline]
    pub(crate) fn link(&self, words: &[u64], link: u32) -> Option<RowId> {
        let (word, shift) = self.link_place(link);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a link is the 32 bits at its shift"
        )]
        let id = (words[word] >> shift) as u32;
        (id != NO_LINK).then_some(RowId(id))
    }

    /// Writes a link of a row.
    #[inline]
    pub(crate) fn set_link(&self, words: &mut [u64], link: u32, parent: Option<RowId>) {
        let (word, shift) = self.link_place(link);
        let id = u64::from(parent.map_or(NO_LINK, |row| row.0));
        words[word] = words[word] & !(u64::from(u32::MAX) << shift) | id << shift;
    }

    /// Writes all links of a row; those not given lead nowhere.
    #[inline]
    pub(crate) fn set_links(&self, words: &mut [u64], links: &[Option<RowId>]) {
        let id = |link: usize| {
            let parent = links.get(link).copied().flatten();
            u64::from(parent.map_or(NO_LINK, |row| row.0))
        };
        for (at, word) in words[self.link_words()].iter_mut().enumerate() {
            *word = id(2 * at) | id(2 * at + 1) << u32::BITS;
        }
    }

    /// Writes a cell that stands in one word.
    #[inline]
    pub(crate) fn set_word(&self, words: &mut [u64], cell: WordCell) {
        let field = self.field(cell.ordinal.into());
        debug_assert!(field.is_word(), "the cell has more words");
        words[field.offset()] = cell.word;
        match cell.is_null {
            true => field.set_null(words),
            false => field.clear_null(words),
        }
    }

    /// The word of a link and how far it is shifted there.
    #[inline]
    fn link_place(&self, link: u32) -> (usize, usize) {
        let link = link as usize;
        debug_assert!(link < self.links, "a row has {} links", self.links);
        (self.links_offset + link / 2, link % 2 * 32)
    }
}

impl Field {
    fn new(data_type: DataType, ordinal: usize, offset: usize) -> Self {
        // The live bit takes the place of a null bit in front of all others.
        let bit = if ordinal < 63 { ordinal } else { ordinal + 1 };
        let narrow = |words: usize| u16::try_from(words).expect("a row is at most a page wide");
        Field {
            data_type,
            offset: narrow(offset),
            null_word: narrow(bit / 64),
            null_mask: 1 << (bit % 64),
        }
    }

    /// What the column admits.
    #[inline]
    pub(crate) fn data_type(self) -> DataType {
        self.data_type
    }

    /// The first word of the cell.
    #[inline]
    pub(crate) fn offset(self) -> usize {
        usize::from(self.offset)
    }

    /// All words of the cell.
    #[inline]
    pub(crate) fn words(self) -> Range<usize> {
        self.offset()..self.offset() + words_of(self.data_type)
    }

    /// Whether the column is of integers.
    #[inline]
    pub(crate) fn is_int(self) -> bool {
        self.data_type == DataType::Int
    }

    /// Whether the cell stands in one word, which says all of it but whether it is null.
    #[inline]
    pub(crate) fn is_word(self) -> bool {
        words_of(self.data_type) == 1
    }

    /// Whether the cell may refer to a heap.
    #[inline]
    pub(crate) fn is_varying(self) -> bool {
        matches!(
            self.data_type,
            DataType::Text | DataType::Bytes | DataType::Json
        )
    }

    /// Whether a row has null here.
    #[inline]
    pub(crate) fn is_null(self, words: &[u64]) -> bool {
        words[usize::from(self.null_word)] & self.null_mask != 0
    }

    /// Makes the cell of a row null. Its words become zero, so that a null cell never refers to a heap.
    #[inline]
    pub(crate) fn set_null(self, words: &mut [u64]) {
        words[usize::from(self.null_word)] |= self.null_mask;
        words[self.words()].fill(0);
    }

    /// Notes that the cell of a row is not null.
    #[inline]
    pub(crate) fn clear_null(self, words: &mut [u64]) {
        words[usize::from(self.null_word)] &= !self.null_mask;
    }
}

impl Paging {
    fn new(row_words: usize) -> Self {
        let rows_per_page = (PAGE_WORDS / row_words).clamp(1, ROWS_PER_PAGE_MAX);
        let small = |count: usize| u32::try_from(count).expect("a page has few words");
        Paging {
            reciprocal: (1_u64 << 63).div_ceil(rows_per_page as u64),
            rows_per_page: small(rows_per_page),
            row_words: small(row_words),
        }
    }

    /// How many rows stand in a page.
    #[inline]
    pub(crate) fn rows_per_page(self) -> u32 {
        self.rows_per_page
    }

    /// The page of a row and its slot there.
    ///
    /// Dividing by a constant of the table is one multiplication (Lemire, Kaser, Kurz: Faster remainder by direct
    /// computation, 2019). With 63 bits rather than 64 it holds for one row a page as well; the id stands one bit
    /// higher instead, so that the quotient is still the upper word.
    #[inline]
    pub(crate) fn place(self, row: RowId) -> (u32, u32) {
        let product = u128::from(u64::from(row.0) << 1) * u128::from(self.reciprocal);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the quotient is at most the id"
        )]
        let page = (product >> 64) as u32;
        (page, row.0 - page * self.rows_per_page)
    }

    /// The words of the rows of a page.
    #[inline]
    pub(crate) fn page_words(self) -> usize {
        self.rows_per_page as usize * self.row_words as usize
    }

    /// How many bytes the words of a row take.
    #[inline]
    pub(crate) fn row_bytes(self) -> usize {
        self.row_words as usize * size_of::<u64>()
    }

    /// The first row of a page.
    #[inline]
    pub(crate) fn first_row(self, page: u32) -> RowId {
        RowId(page * self.rows_per_page)
    }

    /// The words of a slot in its page.
    #[inline]
    pub(crate) fn slot_words(self, slot: u32) -> Range<usize> {
        let start = slot as usize * self.row_words as usize;
        start..start + self.row_words as usize
    }
}

/// Words for the live bit and the null bits.
fn head_words(columns: usize) -> usize {
    columns / 64 + 1
}

/// Words of a cell.
#[inline]
fn words_of(data_type: DataType) -> usize {
    match data_type {
        DataType::Bool | DataType::Int | DataType::Float | DataType::Timestamp | DataType::Date => {
            1
        }
        DataType::Text | DataType::Bytes | DataType::Uuid | DataType::Json => 2,
    }
}
