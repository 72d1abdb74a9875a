//! Work on all cores, with the same result in the same order as on one.

/// From so many rows on, work over all of them is spread. Starting threads costs some 20 µs, checking a row about 1 µs.
pub(crate) const ROWS_MIN: usize = 2_000;

/// What `work` gives for each item, in the order of the items; on all cores if the work is `wide` and the `parallel`
/// feature is on.
pub(crate) fn flat_map<T: Sync, R: Send>(
    items: &[T],
    wide: bool,
    work: impl Fn(&T) -> Vec<R> + Send + Sync,
) -> Vec<R> {
    #[cfg(feature = "parallel")]
    if wide {
        use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
        return items.par_iter().flat_map_iter(work).collect();
    }
    let _ = wide;
    items.iter().flat_map(work).collect()
}
