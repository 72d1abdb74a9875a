//! Persistent structures, cloned in O(1): what tables and indexes are made of.
//!
//! Storage knows value types and row ids, never a schema. Every structure here is a value: a clone shares all nodes,
//! and a write changes a node in place while nobody shares it and copies it once when somebody does. Each type offers
//! `check_invariants()` for the tests, and each is tested against a plain standard collection.
//!
//! Node sizes are const parameters. Their defaults are measured; `--cfg relata_tiny` makes all of them tiny, so that
//! splits and merges happen with ten rows.

mod unshare;
mod spare_room;
mod prefetch;
mod row_id;
mod trie;
mod layout;
mod heap;
mod word_cell;
mod row_ref;
mod page;
mod pages;
mod rows;
mod arena;
mod short_key;
mod key_hash;
mod key_columns;
mod hash_index;
mod key_index;
mod postings;
mod key_bytes;
mod ordered_index;
mod multi_index;
mod table_store;

pub(crate) use self::arena::{ImageId, RowArena};
pub(crate) use self::hash_index::HashIndex;
#[cfg(test)]
pub(crate) use self::hash_index::{HashPart, entries_passed};
pub(crate) use self::key_columns::KeyColumns;
#[cfg(test)]
pub(crate) use self::key_hash::{KeyHasher, hashes_counted};
pub(crate) use self::key_index::KeyIndex;
pub(crate) use self::layout::{Field, RowLayout};
pub(crate) use self::multi_index::MultiIndex;
pub(crate) use self::ordered_index::{OrderedIndex, RowsInOrder, Span, Stretch};
pub(crate) use self::postings::{Children, Edge, Postings, Written, sort_edges};
pub(crate) use self::prefetch::{AT_ONCE, at_once, is_large};
pub(crate) use self::row_id::RowId;
pub(crate) use self::row_ref::RowRef;
#[cfg(test)]
pub(crate) use self::rows::rows_read;
pub(crate) use self::rows::{Rows, Slot};
pub(crate) use self::short_key::ShortKey;
pub(crate) use self::spare_room::{clear_and_give_back, give_back_spare_room};
pub(crate) use self::table_store::{
    Collision, IndexSpec, KeySpec, Members, PairSpec, Place, Remake, Spot, TableSpec, TableStore,
};
pub(crate) use self::unshare::{unshare, unshare_by};
pub(crate) use self::word_cell::WordCell;
