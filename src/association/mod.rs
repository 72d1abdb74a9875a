//! Links between models: what an association is called, which key carries it, and which two tables it joins.
//!
//! An association is declared by a source model and leads to a target model. This layer stands on the schema and knows
//! no rows: it turns declarations into names, keys and columns, and the layers above act on them.
//!
//! The rules come from the guide of Sequelize v4; where its versions differ, a decision is taken once and written at
//! the function that carries it. Everything that is derived from a name goes through [`naming`], and everything that is
//! derived from English through [`inflection`], so that a caller who dislikes a result can give the name instead.

pub(crate) mod inflection;
pub(crate) mod naming;
pub(crate) mod link;
pub(crate) mod registry;
