//! Writing to a counted node: in place while nobody shares it, to a copy once somebody does.
//!
//! The same as `Arc::make_mut`, split so that the common case is two comparisons at the place of the call: a write goes
//! through some twenty nodes, and the calls were a tenth of the instructions of an insert.

use triomphe::Arc;

/// The node, no longer shared.
#[inline]
pub(crate) fn unshare<T: Clone>(node: &mut Arc<T>) -> &mut T {
    unshare_by(node, |node| Arc::new(T::clone(node)))
}

/// As [`unshare`], of a node that is copied in a way of its own.
#[inline]
pub(crate) fn unshare_by<T: ?Sized>(node: &mut Arc<T>, copy: impl FnOnce(&T) -> Arc<T>) -> &mut T {
    if !node.is_unique() {
        replace(node, copy);
    }
    Arc::get_mut(node).expect("a node that is unique, or was just copied, has one owner")
}

#[cold]
#[inline(never)]
fn replace<T: ?Sized>(node: &mut Arc<T>, copy: impl FnOnce(&T) -> Arc<T>) {
    *node = copy(node);
}
