//! A model, as declared.

use crate::association::Names;
use crate::expr::Expr;
use crate::model::attribute::Attribute;
use crate::model::lifecycle::WriteHooks;
use crate::query::Scope;
use crate::schema::{CheckDef, IndexDef, UniqueDef};

/// A model to be: what it is called, its attributes, and the rules of its table, all in attributes' names.
///
/// It gets an integer key `id` unless it declares a primary key, and timestamps unless it declines them.
///
/// ```
/// use relata::model::{Attribute, ModelDef};
/// use relata::schema::UniqueDef;
/// use relata::value::DataType;
///
/// let post = ModelDef::new("Post")
///     .attribute(Attribute::new("slug", DataType::Text).not_null())
///     .attribute(Attribute::new("lang", DataType::Text).default("en"))
///     .unique(UniqueDef::new(["slug", "lang"]))
///     .timestamps(false);
/// assert_ne!(post, ModelDef::new("Post"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDef {
    pub(super) name: String,
    pub(super) names: Option<Names>,
    pub(super) table_name: Option<String>,
    pub(super) freeze_table_name: bool,
    pub(super) underscored: bool,
    pub(super) timestamps: bool,
    pub(super) attributes: Vec<Attribute>,
    pub(super) uniques: Vec<UniqueDef>,
    pub(super) indexes: Vec<IndexDef>,
    pub(super) checks: Vec<CheckDef>,
    pub(super) default_scope: Option<Scope>,
    pub(super) scopes: Vec<(String, Scope)>,
    pub(super) soft_delete: bool,
    /// Each with its name.
    pub(super) rules: Vec<(String, Expr)>,
    pub(super) hooks: WriteHooks,
}

impl ModelDef {
    /// A model without attributes of its own.
    pub fn new(name: impl Into<String>) -> Self {
        ModelDef {
            name: name.into(),
            names: None,
            table_name: None,
            freeze_table_name: false,
            underscored: false,
            timestamps: true,
            attributes: Vec::new(),
            uniques: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            default_scope: None,
            scopes: Vec::new(),
            soft_delete: false,
            rules: Vec::new(),
            hooks: WriteHooks::default(),
        }
    }

    /// One more attribute.
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Both forms of its name in associations, where the English ones will not do. The table's name does not change
    /// (associations NM-2).
    pub fn names(mut self, singular: impl Into<String>, plural: impl Into<String>) -> Self {
        self.names = Some(Names::new(singular, plural));
        self
    }

    /// The name of its table, instead of the plural of its name.
    pub fn table_name(mut self, table: impl Into<String>) -> Self {
        self.table_name = Some(table.into());
        self
    }

    /// Its own name, as it is, for its table as well.
    pub fn freeze_table_name(mut self) -> Self {
        self.freeze_table_name = true;
        self
    }

    /// Whether names that are made up for it are in snake case: foreign keys that it holds, keys of junctions that
    /// refer to it, timestamps. Names that were given stay as they are.
    pub fn underscored(mut self, underscored: bool) -> Self {
        self.underscored = underscored;
        self
    }

    /// Whether it has `createdAt` and `updatedAt`, which follow the database's clock. On by default.
    pub fn timestamps(mut self, kept: bool) -> Self {
        self.timestamps = kept;
        self
    }

    /// One more unique key.
    pub fn unique(mut self, unique: UniqueDef) -> Self {
        self.uniques.push(unique);
        self
    }

    /// One more index.
    pub fn index(mut self, index: IndexDef) -> Self {
        self.indexes.push(index);
        self
    }

    /// One more check.
    pub fn check(mut self, check: CheckDef) -> Self {
        self.checks.push(check);
        self
    }

    /// That destroying an instance keeps its row and sets `deletedAt`, by the database's clock. Reads do not find such a row
    /// unless they say `with_deleted`; it can be restored, and it goes on satisfying foreign keys that refer to it. No
    /// action is taken when it is destroyed so (associations PA-1, PA-3, PA-7).
    pub fn soft_delete(mut self) -> Self {
        self.soft_delete = true;
        self
    }

    /// One more rule over the attributes of an instance, by a name that stands for it in errors. It is broken where it is
    /// false; where it is unknown, as with an attribute that has no value, it is not. It is judged before an instance is
    /// written through the model that has, or takes, a value in an attribute that it looks at; what the database makes
    /// itself (generated keys, uuids) is not known then, and not looked at. All broken rules are told together.
    ///
    /// Unlike a [`check`](ModelDef::check) it is no part of the table: the engine does not know it, and a call can leave it
    /// out ([`Transaction::without_validation`](crate::Transaction::without_validation)). For a condition in Rust see
    /// [`Expr::function`].
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, Rule, col, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Stay", |stay| {
    ///     stay.attribute(Attribute::new("from", DataType::Int))
    ///         .attribute(Attribute::new("to", DataType::Int))
    ///         .attribute(Attribute::new("guest", DataType::Text).validate(Rule::not_empty()))
    ///         .validate("leaving after arriving", col("from").lt(col("to")))
    /// });
    /// let error = models.sync()?.create("Stay", values! { from: 7, to: 3, guest: "" }).unwrap_err();
    /// let broken: Vec<_> = error.as_validation().unwrap().violations.iter().map(|it| &*it.rule).collect();
    /// assert_eq!(broken, ["not_empty", "leaving after arriving"]);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn validate(mut self, name: impl Into<String>, rule: impl Into<Expr>) -> Self {
        self.rules.push((name.into(), rule.into()));
        self
    }

    /// What every read of the model says besides, unless it chooses otherwise. The last call counts.
    ///
    /// ```
    /// use relata::expr::col;
    /// use relata::query::{Scope, select};
    /// use relata::{Attribute, DataType, Models, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Post", |post| {
    ///     post.attribute(Attribute::new("draft", DataType::Bool).not_null())
    ///         .default_scope(Scope::new().filter(col("draft").eq(false)))
    ///         .scope("drafts", Scope::new().filter(col("draft").eq(true)))
    /// });
    /// let mut db = models.sync()?;
    /// db.create_many("Post", [values! { draft: false }, values! { draft: true }])?;
    /// assert_eq!(select("Post").count(&db)?, 1);
    /// assert_eq!(select("Post").scope("drafts").count(&db)?, 1);
    /// assert_eq!(select("Post").unscoped().count(&db)?, 2);
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn default_scope(mut self, scope: Scope) -> Self {
        self.default_scope = Some(scope);
        self
    }

    /// One more scope that reads can ask for by name.
    pub fn scope(mut self, name: impl Into<String>, scope: Scope) -> Self {
        self.scopes.push((name.into(), scope));
        self
    }
}

impl From<&str> for ModelDef {
    fn from(name: &str) -> Self {
        ModelDef::new(name)
    }
}

impl From<String> for ModelDef {
    fn from(name: String) -> Self {
        ModelDef::new(name)
    }
}
