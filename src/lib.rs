//! An in-memory relational engine whose whole database is a value.
//!
//! relata has associations, scopes, ON DELETE and ON UPDATE actions and include trees as people know them from Sequelize
//! and other ORMs. The engine enforces them, over persistent tables: a snapshot and a fork are O(1), a rollback and an
//! undo cost what was changed.
//!
//! The [`guide`] teaches it: concepts first, then tasks.
//!
//! # The parts
//!
//! | you want to | look at |
//! |---|---|
//! | declare models and how they are associated | [`Models`], [`ModelDef`], [`Attribute`], [`BelongsTo`], [`HasOne`], [`HasMany`], [`BelongsToMany`] |
//! | write and read instances | [`Database`], [`Instance`], [`values!`] |
//! | create a row and what is associated with it | [`tree!`], [`Database::create_tree`] |
//! | find or create, insert or update, count up and down | [`Database::find_or_create`], [`Database::upsert`], [`Database::increment`] |
//! | validate, and run code around writes | [`Rule`], [`Attribute::validate`], [`ModelDef::validate`], [hooks](ModelDef#hooks-around-writes) |
//! | follow an association | [`Database::related`]; for reading [`Database::related_view`], for many sources [`Database::related_each`], by an accessor's name [`Database::call`] |
//! | read trees of rows | [`select`], [`include`](fn@include), [`Rows`] |
//! | filter | [`col`], [`Expr`] |
//! | count, sum and group | [`aggregate`] |
//! | see what a delete would take along, or what forbids it | [`Database::plan_destroy`], [`DeletePlan`] |
//! | keep, fork, undo | [`Database::snapshot`], [`Database::fork`], [`Changes`] |
//! | share between threads | [`SharedDatabase`] |
//! | look at the data, or give the schema to another database | [`Database::dump`], [`Models::ddl`] |
//! | work with tables and without models | [`engine::Database`], [`schema`] |
//! | know why something was refused | [`Error`] |
//!
//! # The database is a value
//!
//! A [`Database`] is owned: writing takes `&mut self`, and what nobody shares is changed in place. A [`Snapshot`] never
//! changes; cloning it is one counted pointer, and it may go to another thread. A fork is a database of its own that
//! shares every page until one of the two writes.
//!
//! Every write is a statement, and a statement is atomic: if any row, action, check or closure fails, nothing changed.
//! Statements of one transaction stand or fall together; dropping a transaction undoes it.
//!
//! # Order is a promise
//!
//! Where no order is asked for, rows come in primary-key order, at the root and under every include. Order depends on
//! the data alone, never on a hash, on history or on threads.
//!
//! # A first look
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![warn(clippy::unwrap_used)]

pub mod value;
pub mod error;
pub mod expr;
pub mod schema;
pub mod ddl;
mod storage;
pub mod engine;
pub mod association;
pub mod query;
pub mod model;

#[doc = include_str!("guide.md")]
pub mod guide {}

pub use crate::association::{
    BelongsTo, BelongsToMany, BelongsToOwner, HasMany, HasOne, KeyAttribute, OwnerModel, Through,
    Uniqueness,
};
pub use crate::engine::{
    Affected, Changes, Clock, DatabaseOptions, DeletePlan, Limits, RowChange, Savepoint,
};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::expr::{Expr, all, any, col, not, param, val};
pub use crate::model::{
    Answer, Arguments, Attribute, Change, Database, EachRows, HookContext, HookEvent, Instance,
    ModelDef, Models, Related, RelatedEach, RelatedView, Rule, SharedDatabase, Snapshot, Source,
    Target, Targets, Transaction, Tree, Values,
};
pub use crate::query::{
    OwnedRows, Prepared, Record, Rows, Select, aggregate, asc, desc, include, select,
};
pub use crate::schema::{Action, Deferral};
pub use crate::value::{DataType, Date, FromValue, Json, Key, Timestamp, Uuid, Value, ValueRef};
