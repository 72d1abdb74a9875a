//! The source holds the key of one target.

use crate::association::options::{Options, common_options};

/// Declares that each source belongs to one target, whose key it holds.
///
/// The key is named after the alias or the target and the target's primary key: `companyId`.
///
/// ```
/// use relata::association::BelongsTo;
/// use relata::schema::Action;
///
/// let employer = BelongsTo::new("Company")
///     .alias("employer")
///     .target_key("name")
///     .on_delete(Action::Restrict);
/// assert_ne!(employer, BelongsTo::from("Company"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BelongsTo {
    pub(crate) options: Options,
    pub(crate) target_key: Vec<String>,
}

impl BelongsTo {
    /// With everything as it follows from the models.
    pub fn new(target: impl Into<String>) -> Self {
        BelongsTo {
            options: Options::new(target),
            target_key: Vec::new(),
        }
    }

    /// The attribute of the target that the key holds, instead of its primary key.
    pub fn target_key(self, attribute: impl Into<String>) -> Self {
        self.target_keys([attribute])
    }

    /// The attributes of the target that a key of several attributes holds.
    pub fn target_keys(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.target_key = attributes.into_iter().map(Into::into).collect();
        self
    }
}

common_options!(BelongsTo);
