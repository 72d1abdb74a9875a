//! What relata reads through foreign keys: children and include trees.
//!
//! The engine's interface does not lead from a parent to its children; a filter would be a scan of all posts for each
//! author, which is not what these workloads ask. So nothing is offered here, and the table shows a dash.

use relata::engine::Snapshot;

use crate::contestant::relata::RelataKey;
use crate::contestant::{Failure, Result, Roots, Tally};

/// W3.
pub(super) fn children<K: RelataKey>(_snapshot: &Snapshot, _authors: &[K]) -> Result<Tally> {
    Err(Failure::NotOffered)
}

/// W4 and W4b.
pub(super) fn tree<K: RelataKey>(_snapshot: &Snapshot, _roots: Roots) -> Result<Tally> {
    Err(Failure::NotOffered)
}

/// W4c.
pub(super) fn trees<K: RelataKey>(_snapshot: &Snapshot, _authors: &[K]) -> Result<Tally> {
    Err(Failure::NotOffered)
}

/// W5.
pub(super) fn best_posts<K: RelataKey>(_snapshot: &Snapshot, _countries: &[i64]) -> Result<Tally> {
    Err(Failure::NotOffered)
}
