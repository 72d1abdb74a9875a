//! Stand-in until the real one is merged.

use std::sync::Arc;

use crate::association::registry::{ModelId, Registry};
use crate::schema::Schema;

/// What declarations come to.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The tables.
    pub(crate) schema: Arc<Schema>,
    /// The models and associations, in ids of that schema.
    pub(crate) registry: Arc<Registry>,
    /// What else there is to know of each model, at the position of its id.
    pub(crate) models: Arc<[ModelSettings]>,
}

/// What writing an instance of a model needs to know besides its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelSettings {
    /// The attributes that follow the clock, if it has them.
    pub(crate) timestamps: Option<Timestamps>,
    /// Whether names that are made up for it are in snake case.
    pub(crate) underscored: bool,
}

/// The columns that follow the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamps {
    /// Written once.
    pub(crate) created_at: u32,
    /// Written with every update through the model.
    pub(crate) updated_at: u32,
}

impl Resolved {
    /// The settings of a model.
    pub(crate) fn settings(&self, model: ModelId) -> ModelSettings {
        self.models[model.index()]
    }
}
