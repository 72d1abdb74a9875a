//! The one place that reads a clock.

use std::time::{Duration, Instant};

/// What a closure gives, and how long it took.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this package is for"
)]
pub(crate) fn time<T>(body: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = body();
    (start.elapsed(), value)
}
