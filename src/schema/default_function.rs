//! A default that is made in Rust, with a text to show for it.

use std::fmt;
use std::sync::Arc;

use crate::value::Value;

/// Makes a value for each new row that gives none. What it does cannot be compared: two are equal if their texts are.
///
/// It is called while a statement runs and sees nothing of the database. What it keeps for itself, a counter for one, is
/// no part of the database: neither a rollback nor a fork knows of it.
#[derive(Clone)]
pub struct DefaultFunction {
    text: Arc<str>,
    make: Arc<dyn Fn() -> Value + Send + Sync>,
}

impl DefaultFunction {
    /// With a text that stands for it wherever the column is shown.
    pub fn new(
        text: impl Into<Arc<str>>,
        make: impl Fn() -> Value + Send + Sync + 'static,
    ) -> Self {
        DefaultFunction {
            text: text.into(),
            make: Arc::new(make),
        }
    }

    /// What stands for it wherever the column is shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One more value.
    pub(crate) fn make(&self) -> Value {
        (self.make)()
    }
}

impl PartialEq for DefaultFunction {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for DefaultFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DefaultFunction").field(&self.text).finish()
    }
}
