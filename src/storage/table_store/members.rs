//! Which rows a unique key has, where it does not have all of them.
//!
//! Storage knows no expressions: whoever makes a table hands the question over as a closure. It is asked of a row before
//! and after each change of a column that it looks at, also while changes are undone, and so must neither fail nor
//! change its mind.

use std::fmt;
use std::sync::Arc;

use crate::storage::{KeyColumns, RowLayout, RowRef};

/// A question about a row.
type RowTest = dyn Fn(&RowLayout, RowRef<'_>) -> bool + Send + Sync;

/// Which rows take part in a unique key.
#[derive(Clone)]
pub(crate) struct Members {
    /// The columns that decide.
    columns: Vec<u32>,
    test: Arc<RowTest>,
}

impl Members {
    /// The rows for which `test` is true, which looks at no more than these columns.
    pub(crate) fn new(
        columns: &[u32],
        test: impl Fn(&RowLayout, RowRef<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Members {
            columns: columns.to_vec(),
            test: Arc::new(test),
        }
    }

    /// The columns that decide, after those of the key.
    pub(super) fn columns_after(&self, key: &[u32]) -> KeyColumns {
        let mut columns = key.to_vec();
        columns.extend(&self.columns);
        KeyColumns::new(&columns)
    }

    pub(super) fn admit(&self, layout: &RowLayout, row: RowRef<'_>) -> bool {
        (self.test)(layout, row)
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}
