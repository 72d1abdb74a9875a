//! Links between models: what an association is called, which key carries it, and which two tables it joins.
//!
//! An association is declared by a source model and leads to a target model. This layer stands on the schema and knows
//! no rows: it turns declarations into names, keys and columns, and the layers above act on them.
//!
//! Two families of types, as in the schema. A *declaration* ([`BelongsTo`], [`HasOne`], [`HasMany`], [`BelongsToMany`],
//! [`BelongsToOwner`], [`Chain`])
//! says by name what somebody wants; it is plain data and may be wrong. A `link::Association` in a
//! `registry::Registry` is what resolving the models makes of it: ids and ordinals.
//!
//! The rules come from the guide of Sequelize v4; where its versions differ, a decision is taken once and written at
//! the function that carries it. Everything that is derived from a name goes through `naming`, and everything that is
//! derived from English through `inflection`, so that a caller who dislikes a result can give the name instead.
//!
//! # What is called what
//!
//! For those who come from elsewhere; `examples/guide_tour.rs` goes through the guide of Sequelize section by section.
//!
//! | Sequelize | relata | ActiveRecord | SeaORM |
//! |---|---|---|---|
//! | `Task.belongsTo(User)` | `models.belongs_to("Task", "User")` | `belongs_to :user` | `#[sea_orm(belongs_to)]` |
//! | `User.hasOne(Desk)` | `models.has_one("User", "Desk")` | `has_one :desk` | `has_one` |
//! | `User.hasMany(Task)` | `models.has_many("User", "Task")` | `has_many :tasks` | `has_many` |
//! | `User.belongsToMany(Tag, { through })` | `models.belongs_to_many("User", BelongsToMany::new("Tag").through(..))` | `has_many through:`, `has_and_belongs_to_many` | `has_many` with `via` |
//! | none | `models.chain("Country", ["users", "posts"])` | `has_many :posts, through: :users` | `Linked` |
//! | the polymorphic pattern | `models.belongs_to_owner("Comment", BelongsToOwner::new("commentable").one_of("Post")..)`, and `as_owner` on the other side | `belongs_to :commentable, polymorphic: true`, `has_many :comments, as: :commentable` | none |
//! | `as`, `foreignKey`, `otherKey` | `alias`, `foreign_key`, `other_key` | name of the association, `foreign_key:` | `from`, `to` |
//! | `scope`, `through.scope` | `scope`, [`Through::scope`] | a lambda | a condition on the relation |
//! | `sequelize.sync()` | [`Models::sync`](crate::Models::sync) | migrations | migrations |
//! | `user.getTasks({ where })` | `db.related(&user, "tasks")?.get_where(..)` | `user.tasks.where(..)` | `user.find_related(Task).filter(..)` |
//! | `user.setTasks([..])` | `db.related(&user, "tasks")?.set(..)` | `user.tasks = [..]` | by hand |
//! | `user.addTask(task, { through })` | `.add(&task)`, `.add_with(&task, values! {..})` | `user.tasks << task` | insert into the junction |
//! | `user.removeTask(task)` | `.remove(&task)` | `user.tasks.delete(task)` | delete from the junction |
//! | `user.createTask({..})` | `.create(values! {..})` | `user.tasks.create(..)` | insert with the key |
//! | `user.hasTask(task)`, `countTasks()` | `.has(&task)`, `.count()` | `include?`, `count` | `count` |
//! | `user['get' + name]()` | [`Database::call`](crate::Database::call) | `user.send(name)` | none |
//! | `User.findAll({ include })` | `select("User").include(..)` | `User.includes(..)` | `find_with_related`, loaders |
//! | none | `include("children").recursive()` | gems, recursive SQL | by hand |
//! | `create({..}, { include })` | [`Database::create_tree`](crate::Database::create_tree) | nested attributes | nested `ActiveModel` |
//! | `findOrCreate`, `findOrBuild` | [`find_or_create`](crate::Database::find_or_create), [`find_or_build`](crate::Database::find_or_build) | `find_or_create_by`, `find_or_initialize_by` | by hand |
//! | `upsert` | [`upsert`](crate::Database::upsert), [`upsert_by`](crate::Database::upsert_by) | `upsert` | `on_conflict` |
//! | `increment({ by })`, `decrement` | [`increment`](crate::Database::increment), [`increment_where`](crate::Database::increment_where) and their like | `increment!`, `update_counters` | an expression |
//! | `validate: { notEmpty, len, .. }` | [`Attribute::validate`](crate::Attribute::validate), [`ModelDef::validate`](crate::ModelDef::validate) | `validates` | by hand |
//! | `beforeCreate`, `afterDestroy`, .. | [`ModelDef::before_create`](crate::ModelDef::before_create), `after_destroy`, .. | `before_create`, `after_destroy`, .. | `ActiveModelBehavior` |
//! | `individualHooks: true` | [`with_individual_hooks`](crate::Transaction::with_individual_hooks) | `destroy_all` | one by one |
//! | `hooks: false`, `validate: false` | [`without_hooks`](crate::Transaction::without_hooks), [`without_validation`](crate::Transaction::without_validation) | `delete`, `save(validate: false)` | `insert_many` |
//! | none | [`ModelDef::before_change`](crate::ModelDef::before_change), [`after_change`](crate::ModelDef::after_change) | `before_add:`, `after_remove:` | none |
//! | `onDelete: 'cascade', hooks: true` | `.on_delete("CASCADE").hooks(true)` | `dependent: :destroy` | by hand |
//! | `paranoid`, `restore` | [`ModelDef::soft_delete`](crate::ModelDef::soft_delete), [`restore`](crate::Database::restore), [`restore_where`](crate::Database::restore_where) | a gem | by hand |

pub(crate) mod inflection;
pub(crate) mod naming;
mod options;
mod key_attribute;
mod belongs_to;
mod has;
mod belongs_to_many;
pub(crate) mod chain;
mod belongs_to_owner;
pub(crate) mod link;
pub(crate) mod owner;
pub(crate) mod registry;
pub(crate) mod attributes;
mod lookup;

pub use self::belongs_to::BelongsTo;
pub use self::belongs_to_many::{BelongsToMany, Through, Uniqueness};
pub use self::belongs_to_owner::{BelongsToOwner, OwnerModel};
pub use self::chain::Chain;
pub use self::has::{HasMany, HasOne};
pub use self::key_attribute::{KeyAttribute, KeyAttributes};
pub use self::naming::{Alias, Names};
pub use self::options::ActionName;

pub(crate) use self::options::{Declaration, Options};
