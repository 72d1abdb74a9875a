//! All models of a database and the associations between them, as declared.

use std::sync::Arc;

use crate::association::{
    BelongsTo, BelongsToMany, BelongsToOwner, Chain, Declaration, HasMany, HasOne,
};
use crate::ddl::Dialect;
use crate::error::Result;
use crate::model::definition::ModelDef;
use crate::model::hooks::Hooks;
use crate::model::resolve::{self, Resolved};
use crate::schema::{Schema, TableId};

/// Collects models and associations.
///
/// Nothing is looked at until the models are resolved, so everything may be declared in any order, and a declaration
/// may speak of a model that is defined later. Only the order among models and among associations shows: in the order
/// of tables and of keys that associations add.
///
/// ```
/// use relata::association::{BelongsTo, BelongsToMany, HasMany};
/// use relata::model::{Attribute, Models};
/// use relata::value::DataType;
///
/// let mut models = Models::new();
/// models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
/// models.define_with("Post", |post| post.attribute(Attribute::new("title", DataType::Text)));
/// models.define("Tag");
/// models.has_many("User", "Post");
/// models.belongs_to("Post", BelongsTo::new("User").alias("author").foreign_key("UserId"));
/// models.belongs_to_many("Post", BelongsToMany::new("Tag").through("PostTag"));
///
/// let schema = models.schema()?;
/// let posts = schema.table(schema.table_id("Posts")?);
/// let columns: Vec<&str> = posts.columns.iter().map(|column| &*column.name).collect();
/// assert_eq!(columns, ["id", "title", "createdAt", "updatedAt", "UserId"]);
/// # Ok::<(), relata::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Models {
    pub(super) definitions: Vec<ModelDef>,
    /// Each with the name of its source.
    pub(super) associations: Vec<(String, Declaration)>,
    pub(super) chains: Vec<DeclaredChain>,
    pub(super) hooks: Hooks,
}

/// A chain, and where it was declared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DeclaredChain {
    pub(super) source: String,
    pub(super) chain: Chain,
    /// How many associations were declared before it.
    pub(super) after: usize,
}

impl Models {
    /// No models.
    pub fn new() -> Self {
        Models::default()
    }

    /// One more model: its definition, or its name if it has no attributes of its own.
    pub fn define(&mut self, definition: impl Into<ModelDef>) -> &mut Self {
        self.definitions.push(definition.into());
        self
    }

    /// One more model of this name, as `describe` completes it.
    pub fn define_with(
        &mut self,
        name: impl Into<String>,
        describe: impl FnOnce(ModelDef) -> ModelDef,
    ) -> &mut Self {
        self.define(describe(ModelDef::new(name)))
    }

    /// Each instance of `source` belongs to one target, whose key it holds.
    pub fn belongs_to(
        &mut self,
        source: impl Into<String>,
        association: impl Into<BelongsTo>,
    ) -> &mut Self {
        self.associate(source, Declaration::BelongsTo(association.into()))
    }

    /// Each instance of `source` has at most one target, which holds its key.
    pub fn has_one(
        &mut self,
        source: impl Into<String>,
        association: impl Into<HasOne>,
    ) -> &mut Self {
        self.associate(source, Declaration::HasOne(association.into()))
    }

    /// Each instance of `source` has any number of targets, which hold its key.
    pub fn has_many(
        &mut self,
        source: impl Into<String>,
        association: impl Into<HasMany>,
    ) -> &mut Self {
        self.associate(source, Declaration::HasMany(association.into()))
    }

    /// Each instance of `source` is linked with any number of targets through a junction. A bare name is refused when
    /// the models are resolved: the junction has to be named (associations AS-8).
    pub fn belongs_to_many(
        &mut self,
        source: impl Into<String>,
        association: impl Into<BelongsToMany>,
    ) -> &mut Self {
        self.associate(source, Declaration::BelongsToMany(association.into()))
    }

    /// Each instance of `source` belongs to one owner, which is an instance of one of several models; see
    /// [`BelongsToOwner`] (beyond BY-11).
    pub fn belongs_to_owner(
        &mut self,
        source: impl Into<String>,
        association: BelongsToOwner,
    ) -> &mut Self {
        self.associate(source, Declaration::BelongsToOwner(association))
    }

    /// Each instance of `source` has what a path of associations leads to, for reading (beyond BY-8). See [`Chain`].
    ///
    /// Refused when the models are resolved: a path without a step or of more than 64, a step that is no association of
    /// the model reached, chains that are steps of each other in a ring, a name that is taken.
    pub fn chain(&mut self, source: impl Into<String>, chain: impl Into<Chain>) -> &mut Self {
        self.chains.push(DeclaredChain {
            source: source.into(),
            chain: chain.into(),
            after: self.associations.len(),
        });
        self
    }

    /// The schema that the models declare.
    ///
    /// # Errors
    ///
    /// [`Error::Declaration`](crate::error::Error::Declaration) with every problem of every model, association and
    /// table, tables in a ring included.
    pub fn schema(&self) -> Result<Arc<Schema>> {
        Ok(self.resolve()?.schema)
    }

    /// The names of the tables, each after those that it refers to: the order in which to create them (associations
    /// SY-1).
    ///
    /// # Errors
    ///
    /// As [`schema`](Models::schema). Tables in a ring have no such order: the problem of kind
    /// [`Cycle`](crate::error::ProblemKind::Cycle) has the way round in its
    /// [`chain`](crate::error::Problem::chain).
    pub fn create_order(&self) -> Result<Vec<String>> {
        let schema = self.schema()?;
        Ok(names(&schema, schema.sync_order()?))
    }

    /// The names of the tables, each before those that it refers to: the order in which to drop them (associations
    /// SY-2). Tables in a ring have one too, since dropping removes constraints first (associations SY-7).
    ///
    /// # Errors
    ///
    /// As [`schema`](Models::schema), rings aside.
    pub fn drop_order(&self) -> Result<Vec<String>> {
        let schema = resolve::schema_with_rings(self)?;
        let order = schema.drop_order();
        Ok(names(&schema, order))
    }

    /// The statements that make the tables of the models in another database: see [`Schema::ddl`], and for models with
    /// something that cannot be said there [`Schema::ddl_in_part`].
    ///
    /// # Errors
    ///
    /// As [`schema`](Models::schema), and as [`Schema::ddl`].
    pub fn ddl(&self, dialect: Dialect) -> Result<Vec<String>> {
        self.schema()?.ddl(dialect)
    }

    /// The models with every name resolved. Declarations are only read, so that they can be resolved again.
    ///
    /// # Errors
    ///
    /// As [`schema`](Models::schema).
    pub(crate) fn resolve(&self) -> Result<Resolved> {
        resolve::resolve(self)
    }

    fn associate(&mut self, source: impl Into<String>, declaration: Declaration) -> &mut Self {
        self.associations.push((source.into(), declaration));
        self
    }
}

fn names(schema: &Schema, tables: Vec<TableId>) -> Vec<String> {
    let names = tables
        .into_iter()
        .map(|id| schema.table(id).name.to_string());
    names.collect()
}
