//! An allocator that counts, per thread, so that tests beside one another do not disturb each other.
#![expect(
    unsafe_code,
    reason = "a global allocator that counts cannot be written without it"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

pub(crate) struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes allocated less bytes freed.
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

/// How often this thread has asked for memory.
#[allow(dead_code, reason = "not every test that includes this file asks")]
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

/// The bytes that this thread allocated less those that it freed.
pub(crate) fn live_bytes() -> i64 {
    LIVE.with(Cell::get)
}

/// Notes a call that asks for memory, and by how many bytes the total changes.
fn count(grown: usize, shrunk: usize) {
    // A thread that is being torn down has no counters any more.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + u64::from(grown > 0)));
    let change = i64::try_from(grown).unwrap_or(0) - i64::try_from(shrunk).unwrap_or(0);
    let _ = LIVE.try_with(|live| live.set(live.get() + change));
}

// SAFETY: every call is passed on to the system's allocator unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the pointer came from `System.alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the pointer came from `System.alloc` with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
