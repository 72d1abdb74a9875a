//! Aggregates beside SQLite, on the same random rows: groups of rows, and numbers about associated rows for each row.
//!
//! A request is drawn together with its SQL: what relata asks over associations stands there as a join or as a correlated
//! sub-select. SQLite adds ints until they overflow and rounds averages on the way; the drawn values are such that neither
//! shows.

mod world;
mod terms;
mod groups;
mod paths;

pub use self::groups::draw_groups;
pub use self::paths::{Rows, draw_rows};
pub use self::terms::{Request, Text};
pub use self::world::Pair;
