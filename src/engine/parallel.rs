//! Work on all cores, with the same result in the same order as on one.
//!
//! Whose cores: those of the rayon pool that the caller is in, else of the global one. So who wants another number of
//! threads, or one, calls from a pool of his own (`ThreadPool::install`) or sets `RAYON_NUM_THREADS`; and without the
//! `parallel` feature everything is done by the thread that asks. The pool is not so much as looked at, which would start its
//! threads, before there is work that is worth it.

use std::cmp::Ordering;
use std::ops::Range;

/// How many threads share the work.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    1
}

/// What `work` gives for each item, in the order of the items; on all cores if the work is `wide`.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    wide: bool,
    work: impl Fn(&T) -> R + Send + Sync,
) -> Vec<R> {
    #[cfg(feature = "parallel")]
    if wide {
        use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
        return items.par_iter().map(work).collect();
    }
    let _ = wide;
    items.iter().map(work).collect()
}

/// What `work` gives for each of these positions, in their order, on all cores.
pub(crate) fn each<R: Send>(
    positions: Range<u32>,
    work: impl Fn(u32) -> R + Send + Sync,
) -> Vec<R> {
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        positions.into_par_iter().map(work).collect()
    }
    #[cfg(not(feature = "parallel"))]
    positions.map(work).collect()
}

/// Sorts on all cores. Equal items come in any order.
pub(crate) fn sort_unstable_by<T: Send>(
    items: &mut [T],
    compare: impl Fn(&T, &T) -> Ordering + Sync,
) {
    #[cfg(feature = "parallel")]
    {
        use rayon::slice::ParallelSliceMut;
        items.par_sort_unstable_by(compare);
    }
    #[cfg(not(feature = "parallel"))]
    items.sort_unstable_by(compare);
}

/// What `work` gives for each of so many parts of the first `len` positions, in their order, on all cores.
pub(crate) fn in_parts<R: Send>(
    len: usize,
    parts: usize,
    work: impl Fn(Range<usize>) -> R + Send + Sync,
) -> Vec<R> {
    let begin = |part: usize| len / parts * part + (len % parts).min(part);
    let ranges: Vec<Range<usize>> = (0..parts).map(|it| begin(it)..begin(it + 1)).collect();
    map(&ranges, true, |range| work(range.clone()))
}
