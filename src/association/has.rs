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
}

macro_rules! has {
    ($declaration:ident) => {
        impl $declaration {
            /// With everything as it follows from the models.
            pub fn new(target: impl Into<String>) -> Self {
                $declaration {
                    options: Options::new(target),
                    source_key: Vec::new(),
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
        }
    };
}

has!(HasOne);
common_options!(HasOne);
scope_option!(HasOne);

has!(HasMany);
common_options!(HasMany);
scope_option!(HasMany);
