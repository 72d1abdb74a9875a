//! Links between models: what an association is called, which key carries it, and which two tables it joins.
//!
//! An association is declared by a source model and leads to a target model. This layer stands on the schema and knows
//! no rows: it turns declarations into names, keys and columns, and the layers above act on them.
//!
//! Two families of types, as in the schema. A *declaration* ([`BelongsTo`], [`HasOne`], [`HasMany`], [`BelongsToMany`])
//! says by name what somebody wants; it is plain data and may be wrong. A `link::Association` in a
//! `registry::Registry` is what resolving the models makes of it: ids and ordinals.
//!
//! The rules come from the guide of Sequelize v4; where its versions differ, a decision is taken once and written at
//! the function that carries it. Everything that is derived from a name goes through `naming`, and everything that is
//! derived from English through `inflection`, so that a caller who dislikes a result can give the name instead.

pub(crate) mod inflection;
pub(crate) mod naming;
mod options;
mod key_attribute;
mod belongs_to;
mod has;
mod belongs_to_many;
pub(crate) mod link;
pub(crate) mod registry;

pub use self::belongs_to::BelongsTo;
pub use self::belongs_to_many::{BelongsToMany, Through, Uniqueness};
pub use self::has::{HasMany, HasOne};
pub use self::key_attribute::{KeyAttribute, KeyAttributes};
pub use self::naming::{Alias, Names};
pub use self::options::ActionName;

pub(crate) use self::options::{Declaration, Options};
