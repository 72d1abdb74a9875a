//! What is asked of another engine, and what it answers.

use relata::value::Value;

use crate::differential::sql::Dialect;
use crate::reference::{Sort, Violation};
use crate::shape::Shape;

/// Another engine.
pub trait Rival {
    /// Whose SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// Starts over with empty tables.
    ///
    /// # Errors
    /// If a declaration is refused.
    fn create(&mut self, shape: &Shape) -> Result<(), String>;

    /// Runs a statement.
    ///
    /// # Errors
    /// If something fails that is no constraint.
    fn run(&mut self, shape: &Shape, sql: &str) -> Result<Reply, String>;

    /// All rows of a table.
    ///
    /// # Errors
    /// If they cannot be read.
    fn rows(&mut self, shape: &Shape, table: usize) -> Result<Vec<Vec<Value>>, String>;
}

/// What another engine answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done, with so many rows addressed.
    Done(u64),
    /// A constraint is violated.
    Refused(Refusal),
    /// Actions led to actions too often.
    TooDeep,
}

/// Why another engine refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The sort of constraint. RESTRICT may come as a reference.
    pub sort: Sort,
    /// Its name; for NOT NULL, the column's. None where the engine does not tell.
    pub constraint: Option<String>,
    /// The table that owns it, likewise.
    pub table: Option<usize>,
    /// What it said.
    pub message: String,
}

impl Refusal {
    /// Whether this is one of the violations.
    pub fn is_among(&self, shape: &Shape, violations: &[Violation]) -> bool {
        let is_key = |sort| matches!(sort, Sort::Reference | Sort::Restrict);
        violations.iter().any(|violation| {
            let same_sort =
                violation.sort == self.sort || is_key(violation.sort) && is_key(self.sort);
            let same_name = self
                .constraint
                .as_ref()
                .is_none_or(|name| *name == violation.constraint);
            let same_table = self
                .table
                .is_none_or(|table| shape.tables[table].name == shape.tables[violation.table].name);
            same_sort && same_name && same_table
        })
    }
}
