//! What a rollback leaves to tidy: pages whose texts came and went.
//!
//! Texts that are undone leave garbage and room in the heap of their page. While writes go on that is bounded and worth
//! it; a rollback is to leave as much memory as there was. A page is tidied once, after all of its rows are as they
//! were: tidying moves all of its texts together.

use smallvec::SmallVec;

use crate::engine::state::State;
use crate::schema::TableId;
use crate::storage::RowId;

/// So many pages are noted before they are tidied: a rollback in random order meets its pages again and again.
const PAGES_MAX: usize = 16_384;

/// The pages that a rollback has written.
#[derive(Debug, Default)]
pub(crate) struct Tidying {
    /// Each by a row in it.
    rows: SmallVec<[(TableId, RowId); 8]>,
    /// The page noted last: most rows stand in the page of the one before.
    last: Option<(TableId, u32)>,
}

impl Tidying {
    /// Notes that a row was written.
    pub(crate) fn note(&mut self, state: &State, table: TableId, row: RowId) {
        let page = state.table(table).page_to_tidy(row);
        let Some(page) = page.map(|page| (table, page)) else {
            return;
        };
        if self.last != Some(page) {
            self.last = Some(page);
            self.rows.push((table, row));
        }
    }

    /// Whether what was noted should be tidied before more is.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= PAGES_MAX
    }

    /// A row of each page that was noted, which are forgotten.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = (TableId, RowId)> {
        self.last = None;
        self.rows.drain(..)
    }
}
