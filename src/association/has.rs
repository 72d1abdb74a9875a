//! The target holds the key of the source: one target, or many.

use crate::association::options::{Options, common_options, scope_option};

/// Declares that each source has at most one target, which holds its key.
///
/// The key is named after the alias or the source and the source's primary key. Nothing keeps a second target from
/// holding the same key (associations HO-13).
#[derive(Clone, Debug, PartialEq)]
pub struct HasOne {
    pub(crate) options: Options,
    pub(crate) source_key: Vec<String>,
    pub(crate) owner: Option<String>,
}

/// Declares that each source has any number of targets, which hold its key.
///
/// The key is named after the source and its primary key, whatever the alias: `projectId`.
///
/// ```
/// use relata::association::HasMany;
///
/// let comments = HasMany::new("Comment")
///     .foreign_key("commentableId")
///     .constraints(false)
///     .scope("commentable", "post");
/// assert_ne!(comments, HasMany::from("Comment"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HasMany {
    pub(crate) options: Options,
    pub(crate) source_key: Vec<String>,
    pub(crate) owner: Option<String>,
}

macro_rules! has {
    ($declaration:ident) => {
        impl $declaration {
            /// With everything as it follows from the models.
            pub fn new(target: impl Into<String>) -> Self {
                $declaration {
                    options: Options::new(target),
                    source_key: Vec::new(),
                    owner: None,
                }
            }

            /// The attribute of the source that the key holds, instead of its primary key.
            pub fn source_key(self, attribute: impl Into<String>) -> Self {
                self.source_keys([attribute])
            }

            /// The attributes of the source that a key of several attributes holds.
            pub fn source_keys(
                mut self,
                attributes: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                self.source_key = attributes.into_iter().map(Into::into).collect();
                self
            }

            /// That targets have the source as their owner of this name, which the target declares with
            /// [`belongs_to_owner`](crate::Models::belongs_to_owner). Key and type follow from there and are not given
            /// here: targets are those of the source's own model, and both are written when a target is created, added or
            /// taken away (beyond BY-11).
            ///
            /// ```
            /// use relata::association::{BelongsToOwner, HasMany};
            /// use relata::{Models, values};
            ///
            /// let mut models = Models::new();
            /// models.define("Post").define("Image").define("Comment");
            /// models.belongs_to_owner("Comment", BelongsToOwner::new("item").one_of("Post").one_of("Image"));
            /// models.has_many("Post", HasMany::new("Comment").alias("comments").as_owner("item"));
            /// let mut db = models.sync()?;
            /// let post = db.create("Post", values! {})?;
            /// let comment = db.related(&post, "comments")?.create(values! {})?;
            /// assert_eq!(comment.get("itemType")?, &"Post".into());
            /// # Ok::<(), relata::Error>(())
            /// ```
            pub fn as_owner(mut self, name: impl Into<String>) -> Self {
                self.owner = Some(name.into());
                self
            }
        }
    };
}

has!(HasOne);
common_options!(HasOne);
scope_option!(HasOne);

has!(HasMany);
common_options!(HasMany);
scope_option!(HasMany);
