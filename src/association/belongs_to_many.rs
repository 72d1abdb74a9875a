//! Rows of a junction hold the keys of source and target.

use crate::association::KeyAttributes;
use crate::association::options::{Options, common_options, scope_option};
use crate::expr::{Expr, col};
use crate::value::Value;

/// Declares that each source is linked with any number of targets, by rows of a junction.
///
/// The junction has to be named. Its two keys are named after the two models and the attributes that they hold. The same
/// relation declared from the other side takes the names that are given here.
///
/// ```
/// use relata::association::{BelongsToMany, Through, Uniqueness};
///
/// let projects = BelongsToMany::new("Project").through("UserProject");
/// let tags = BelongsToMany::new("Tag")
///     .through(Through::new("ItemTag").unique(Uniqueness::Off).scope("taggable", "post"))
///     .foreign_key("taggableId")
///     .constraints(false);
/// assert_ne!(projects, tags);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BelongsToMany {
    pub(crate) options: Options,
    pub(crate) through: Option<Through>,
    pub(crate) other_key: KeyAttributes,
    pub(crate) source_key: Vec<String>,
    pub(crate) target_key: Vec<String>,
}

/// The junction of a [`BelongsToMany`].
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    pub(crate) model: String,
    pub(crate) unique: Option<Uniqueness>,
    pub(crate) unique_name: Option<String>,
    pub(crate) scope: Vec<(String, Value)>,
    /// Conditions on rows of the junction that no value can be written for.
    pub(crate) conditions: Vec<Expr>,
    pub(crate) timestamps: Option<bool>,
    pub(crate) soft_delete: bool,
}

/// How often a source and a target may be linked.
///
/// A junction that declares no primary key is keyed by this choice, or by nothing that has a name where the choice does
/// not cover every row. A junction with a primary key of its own gets a unique key besides (associations BTM-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// Once.
    Pair,
    /// Once for each value of the junction's scope. The default if any association through the junction has a scope
    /// there.
    PairAndScope,
    /// Once for each value of these attributes of the junction.
    Attributes(Vec<String>),
    /// Any number of times.
    Off,
}

impl BelongsToMany {
    /// With everything as it follows from the models; only [`through`](BelongsToMany::through) is still missing.
    pub fn new(target: impl Into<String>) -> Self {
        BelongsToMany {
            options: Options::new(target),
            through: None,
            other_key: KeyAttributes::default(),
            source_key: Vec::new(),
            target_key: Vec::new(),
        }
    }

    /// The junction: the name of a model, or of one that is made for the purpose; or a [`Through`].
    pub fn through(mut self, through: impl Into<Through>) -> Self {
        self.through = Some(through.into());
        self
    }

    /// The junction's key of the target, as [`foreign_key`](BelongsToMany::foreign_key) is that of the source.
    pub fn other_key(mut self, attributes: impl Into<KeyAttributes>) -> Self {
        self.other_key = attributes.into();
        self
    }

    /// The attribute of the source that the junction holds, instead of its primary key.
    pub fn source_key(self, attribute: impl Into<String>) -> Self {
        self.source_keys([attribute])
    }

    /// The attributes of the source that a key of several attributes holds.
    pub fn source_keys(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.source_key = attributes.into_iter().map(Into::into).collect();
        self
    }

    /// The attribute of the target that the junction holds, instead of its primary key.
    pub fn target_key(self, attribute: impl Into<String>) -> Self {
        self.target_keys([attribute])
    }

    /// The attributes of the target that a key of several attributes holds.
    pub fn target_keys(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.target_key = attributes.into_iter().map(Into::into).collect();
        self
    }
}

common_options!(BelongsToMany);
scope_option!(BelongsToMany);

impl Through {
    /// The junction of this name: a model, or a table that is made with a model over it, both of exactly this name
    /// (associations NM-18).
    pub fn new(model: impl Into<String>) -> Self {
        Through {
            model: model.into(),
            unique: None,
            unique_name: None,
            scope: Vec::new(),
            conditions: Vec::new(),
            timestamps: None,
            soft_delete: false,
        }
    }

    /// How often a source and a target may be linked. One declaration says it for all associations through the
    /// junction.
    pub fn unique(mut self, unique: Uniqueness) -> Self {
        self.unique = Some(unique);
        self
    }

    /// The name of the unique key that a junction with a primary key of its own gets.
    pub fn unique_named(mut self, name: impl Into<String>) -> Self {
        self.unique_name = Some(name.into());
        self
    }

    /// One more attribute and value that all rows of the junction have which belong to this association: a condition
    /// when reading, and written with each row (associations SC-2, SC-4).
    pub fn scope(mut self, attribute: impl Into<String>, value: impl Into<Value>) -> Self {
        self.scope.push((attribute.into(), value.into()));
        self
    }

    /// One more condition that all rows of the junction meet which belong to this association. No value can be written for
    /// it, so that a row that would have to be inserted is refused; rows that meet it are read, updated and deleted
    /// (associations SC-2, SC-6).
    ///
    /// ```
    /// use relata::association::{BelongsToMany, Through};
    /// use relata::{Attribute, DataType, Models, col, values};
    ///
    /// let mut models = Models::new();
    /// models.define("User").define("Group");
    /// models.define_with("Member", |it| it.attribute(Attribute::new("rank", DataType::Int).default(0)));
    /// let groups = BelongsToMany::new("Group").alias("groups").through("Member");
    /// models.belongs_to_many("User", groups.clone());
    /// let led = Through::new("Member").scope_where(col("rank").gt(5));
    /// models.belongs_to_many("User", groups.alias("led").through(led));
    /// let mut db = models.sync()?;
    /// let (user, group) = (db.create("User", values! {})?, db.create("Group", values! {})?);
    /// db.related(&user, "groups")?.add_with(&group, values! { rank: 7 })?;
    /// assert_eq!(db.related(&user, "led")?.count()?, 1);
    /// assert!(db.related(&user, "led")?.create(values! {}).is_err());
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn scope_where(mut self, condition: impl Into<Expr>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// One more condition as of [`scope_where`](Through::scope_where): that an attribute has one of some values.
    pub fn scope_in(
        self,
        attribute: impl AsRef<str>,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        self.scope_where(col(attribute.as_ref()).is_in(values))
    }

    /// Whether a model that is made for the purpose has timestamps, which it does by default (associations SY-10). A
    /// defined model says it for itself.
    pub fn timestamps(mut self, kept: bool) -> Self {
        self.timestamps = Some(kept);
        self
    }

    /// That rows of the junction are softly deleted: what ends a link keeps the row, and linking the pair again restores it
    /// (associations BTM-33, PA-6).
    pub fn soft_delete(mut self) -> Self {
        self.soft_delete = true;
        self
    }
}

impl From<&str> for Through {
    fn from(model: &str) -> Self {
        Through::new(model)
    }
}

impl From<String> for Through {
    fn from(model: String) -> Self {
        Through::new(model)
    }
}
