//! A condition written in Rust, with a name and a text to show for it.

use std::fmt;
use std::sync::Arc;

use crate::value::ValueRef;

/// Answers true, false or unknown from the cells it asked for, in the order it asked.
pub type CellsTest = dyn Fn(&[ValueRef<'_>]) -> Option<bool> + Send + Sync;

/// A closure that takes part in an expression.
pub(super) struct Function {
    name: Arc<str>,
    text: Arc<str>,
    arity: usize,
    test: Arc<CellsTest>,
}

impl Function {
    pub(super) fn new(name: Arc<str>, text: Arc<str>, arity: usize, test: Arc<CellsTest>) -> Self {
        Function {
            name,
            text,
            arity,
            test,
        }
    }

    /// What is printed for it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How many cells it takes.
    pub(super) fn arity(&self) -> usize {
        self.arity
    }

    pub(super) fn test(&self, cells: &[ValueRef<'_>]) -> Option<bool> {
        (self.test)(cells)
    }
}

/// What a closure does cannot be compared; what stands for it can.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.text, self.arity) == (&other.name, &other.text, other.arity)
    }
}

impl Eq for Function {}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .field("text", &self.text)
            .field("arity", &self.arity)
            .finish_non_exhaustive()
    }
}
