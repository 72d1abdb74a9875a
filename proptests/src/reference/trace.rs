//! What a statement does on its way: for whoever asks whether another order of the same steps could end elsewhere.
//!
//! RESTRICT is recorded and refuses nothing, so that the whole way is seen, also of a statement that fails.

use relata::value::Value;

use crate::reference::{State, Violation};
use crate::shape::Rule;

/// The way of one statement.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The rows before it.
    pub before: State,
    /// The rows after it, whether they may stand or not.
    pub after: State,
    /// The rows that it addressed, also those that it did not change.
    pub addressed: Vec<(usize, u64)>,
    /// What rows became.
    pub images: Vec<Image>,
    /// Keys of parents that changed or went.
    pub events: Vec<Event>,
    /// What is violated in the end, and what RESTRICT refuses on the way.
    pub violations: Vec<Violation>,
}

/// A row as it was for a while.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where.
    pub table: usize,
    /// Who.
    pub id: u64,
    /// What it held.
    pub values: Vec<Value>,
}

/// A parent's key that changed or went.
#[derive(Clone, Debug)]
pub struct Event {
    /// The foreign key for which it did.
    pub key: usize,
    /// The parent row.
    pub parent: u64,
    /// The key that went.
    pub old: Vec<Value>,
    /// Whether the row went with it.
    pub deleted: bool,
    /// What the foreign key does then.
    pub rule: Rule,
}
