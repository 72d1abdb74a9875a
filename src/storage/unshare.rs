//! Writing to a counted node: in place while nobody shares it, to a copy once somebody does.
//!
//! The same as `Arc::make_mut`, split so that the common case is two comparisons at the place of the call: a write goes
//! through some twenty nodes, and the calls were a tenth of the instructions of an insert.

use triomphe::Arc;

/// The node, no longer shared.
#[inline]
pub(crate) fn unshare<T: Clone>(node: &mut Arc<T>) -> &mut T {
    if !node.is_unique() {
        copy(node);
    }
    Arc::get_mut(node).expect("a node that is unique, or was just copied, has one owner")
}

#[cold]
#[inline(never)]
fn copy<T: Clone>(node: &mut Arc<T>) {
    *node = Arc::new(T::clone(node));
}
