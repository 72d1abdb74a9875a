//! The source holds the key of one target in one of several models, and says in which.
//!
//! What other tools call a polymorphic association, over a closed set of models and with integrity: the type is one of
//! theirs, and the row is there. It comes to one association for each model, each over a foreign key of its own that is
//! guarded by the type, and one name for all of them (beyond BY-11).

use crate::association::options::Options;
use crate::association::{ActionName, Alias, KeyAttribute, KeyAttributes};
use crate::schema::Deferral;
use crate::value::Value;

/// Declares that each source belongs to one owner, which is an instance of one of several models.
///
/// A type attribute, `<name>Type`, holds of which model the owner is, and a key, `<name>Id`, which instance it is. The
/// owner of a row is read, included and set under the name given here; under the name of each model (or its alias in
/// [`OwnerModel`]) stands a `belongs_to` that leads to owners of that model alone. The other side is a
/// [`HasMany`](crate::HasMany) or [`HasOne`](crate::association::HasOne) with
/// [`as_owner`](crate::HasMany::as_owner).
///
/// A row without an owner has null in both attributes. Without an action of its own, deleting an owner leaves its rows
/// without one, or deletes them where [`not_null`](BelongsToOwner::not_null) allows no such rows.
///
/// ```
/// use relata::association::BelongsToOwner;
/// use relata::{Attribute, DataType, HasMany, Models, include, select, values};
///
/// let mut models = Models::new();
/// for name in ["Post", "Image"] {
///     models.define_with(name, |it| it.attribute(Attribute::new("title", DataType::Text)).timestamps(false));
///     models.has_many(name, HasMany::new("Comment").alias("comments").as_owner("commentable"));
/// }
/// models.define_with("Comment", |it| it.attribute(Attribute::new("body", DataType::Text)).timestamps(false));
/// models.belongs_to_owner("Comment", BelongsToOwner::new("commentable").one_of("Post").one_of("Image"));
/// let mut db = models.sync()?;
///
/// let image = db.create("Image", values! { title: "Sunset" })?;
/// let comment = db.related(&image, "comments")?.create(values! { body: "Nice" })?;
/// assert_eq!(comment.get("commentableType")?, &"Image".into());
/// assert_eq!(db.related(&comment, "commentable")?.one()?, Some(image));
/// assert_eq!(db.related(&comment, "Post")?.one()?, None);
///
/// let comments = select("Comment").attributes(["body"]).include(include("commentable").attributes(["title"]));
/// let json = comments.run(&db)?.to_json()?;
/// assert_eq!(json, r#"[{"body":"Nice","commentable":{"title":"Sunset"}}]"#);
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BelongsToOwner {
    /// Those of each of its associations. The name stands for a target, and the alias is unused.
    pub(crate) options: Options,
    pub(crate) models: Vec<OwnerModel>,
    pub(crate) type_attribute: KeyAttribute,
    pub(crate) nullable: bool,
}

/// One of the models of a [`BelongsToOwner`]. A text is the model's name.
///
/// ```
/// use relata::association::{BelongsToOwner, OwnerModel};
///
/// let post = OwnerModel::new("Post").value("post").alias("post").target_key("slug");
/// let commentable = BelongsToOwner::new("commentable").one_of(post).one_of("Image");
/// assert_ne!(commentable, BelongsToOwner::new("commentable"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerModel {
    pub(crate) model: String,
    pub(crate) value: Option<Value>,
    pub(crate) alias: Option<Alias>,
    pub(crate) target_key: Vec<String>,
}

impl BelongsToOwner {
    /// An owner of this name, which is not yet of any model.
    pub fn new(name: impl Into<String>) -> Self {
        BelongsToOwner {
            options: Options::new(name),
            models: Vec::new(),
            type_attribute: KeyAttribute::unnamed(),
            nullable: true,
        }
    }

    /// One more model that an owner may be of. Names of models that nobody defined, a model twice and a type value twice
    /// are problems of the declaration.
    pub fn one_of(mut self, model: impl Into<OwnerModel>) -> Self {
        self.models.push(model.into());
        self
    }

    /// The attribute that holds of which model the owner is: a name, or an attribute with settings. Otherwise it is a
    /// text named after the owner, `<name>Type`.
    pub fn type_attribute(mut self, attribute: impl Into<KeyAttribute>) -> Self {
        self.type_attribute = attribute.into();
        self
    }

    /// The attributes that hold which instance the owner is, as the foreign key of any association. Otherwise it is one
    /// named after the owner and the key of its first model, `<name>Id`.
    pub fn foreign_key(mut self, attributes: impl Into<KeyAttributes>) -> Self {
        self.options.foreign_key = attributes.into();
        self
    }

    /// Every row must have an owner. Then rows go with their owner, unless another action is given.
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// What happens to rows whose owner is deleted. SET NULL clears type and key.
    pub fn on_delete(mut self, action: impl Into<ActionName>) -> Self {
        self.options.on_delete = Some(action.into());
        self
    }

    /// What happens to rows whose owner takes another key.
    pub fn on_update(mut self, action: impl Into<ActionName>) -> Self {
        self.options.on_update = Some(action.into());
        self
    }

    /// When a missing owner is held against a row.
    pub fn deferrable(mut self, deferral: Deferral) -> Self {
        self.options.deferral = Some(deferral);
        self
    }

    /// Whether the source's hooks around association run, once for each model, which they do not by default
    /// (associations AS-14): see [`Models::before_associate`](crate::Models::before_associate).
    pub fn hooks(mut self, run: bool) -> Self {
        self.options.hooks = run;
        self
    }

    /// What the owner of a row is read, included and set under.
    pub(crate) fn name(&self) -> &str {
        &self.options.target
    }
}

impl OwnerModel {
    /// The model of this name, under which it is told from the others and its association is found.
    pub fn new(model: impl Into<String>) -> Self {
        OwnerModel {
            model: model.into(),
            value: None,
            alias: None,
            target_key: Vec::new(),
        }
    }

    /// What the type attribute holds for it, instead of the model's name.
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The name of the association that leads to owners of this model alone, instead of the model's.
    pub fn alias(mut self, alias: impl Into<Alias>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// The attribute that the key holds, instead of the primary key. It must be unique.
    pub fn target_key(self, attribute: impl Into<String>) -> Self {
        self.target_keys([attribute])
    }

    /// The attributes that a key of several attributes holds. They must be unique together.
    pub fn target_keys(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.target_key = attributes.into_iter().map(Into::into).collect();
        self
    }

    /// What the type attribute holds for it.
    pub(crate) fn type_value(&self) -> Value {
        let named = || Value::from(self.model.as_str());
        self.value.clone().unwrap_or_else(named)
    }
}

impl<M: Into<String>> From<M> for OwnerModel {
    fn from(model: M) -> Self {
        OwnerModel::new(model)
    }
}
