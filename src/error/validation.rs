//! Values that a model's own rules refuse: every violation at once.
//!
//! A constraint belongs to the table and is judged by the engine, at the end of a statement; a rule belongs to the model
//! and is judged before anything is written, so that whoever filled in a form learns of everything that is wrong with it.

use std::fmt::{self, Write};

use crate::error::text::{Cut, Show, write_bounded};
use crate::value::Value;

/// The violations that are listed; those after them are counted.
const LISTED_MAX: usize = 100;

/// What was wrong with the values that were to be written through a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationError {
    /// The model.
    pub model: String,
    /// What is wrong, at least one thing and at most 100: instance by instance, each in the order of its attributes, and
    /// then by the rules of the model.
    pub violations: Vec<Violation>,
    /// How many come after those.
    pub unlisted: usize,
}

/// One rule that does not hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    /// The name of the rule: that of a built-in one, such as `not_empty`, or the one that was given.
    pub rule: String,
    /// The attributes that it looks at.
    pub attributes: Vec<String>,
    /// Their values, one for each.
    pub values: Vec<Value>,
    /// What the rule asks for, such as `must not be empty`. No values stand in it.
    pub message: String,
    /// Which of several instances it is that were to be written together, counted from 0.
    pub position: Option<usize>,
}

impl ValidationError {
    /// What is wrong with instances of a model: none if nothing is.
    pub(crate) fn of(model: &str, mut violations: Vec<Violation>) -> Option<Self> {
        let unlisted = violations.len().saturating_sub(LISTED_MAX);
        violations.truncate(LISTED_MAX);
        (!violations.is_empty()).then(|| ValidationError {
            model: model.to_owned(),
            violations,
            unlisted,
        })
    }

    /// What is wrong with one attribute, by itself or together with others.
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, Rule, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("User", |user| {
    ///     user.attribute(Attribute::new("name", DataType::Text).validate(Rule::not_empty()))
    ///         .attribute(Attribute::new("age", DataType::Int).validate(Rule::min(0)))
    /// });
    /// let error = models.sync()?.create("User", values! { name: " ", age: -1 }).unwrap_err();
    /// assert_eq!(error.to_string(), "User is not valid: name = ' ' must not be empty; age = -1 must be at least 0");
    /// let of_age: Vec<_> = error.as_validation().unwrap().of_attribute("age").collect();
    /// assert_eq!((of_age.len(), &*of_age[0].rule), (1, "min"));
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn of_attribute(&self, name: &str) -> impl Iterator<Item = &Violation> {
        let violations = self.violations.iter();
        violations.filter(move |it| it.attributes.iter().any(|attribute| attribute == name))
    }

    /// The text, with values or without:
    /// `User is not valid: name = '' must not be empty; age = -1 must be at least 0`.
    pub(super) fn write(&self, show: Show, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{} is not valid: ", self.model)?;
        let all = self.violations.len() + self.unlisted;
        if self.unlisted > 0 {
            write!(out, "{all} violations: ")?;
        }
        for (position, violation) in self.violations.iter().enumerate() {
            out.write_str(if position > 0 { "; " } else { "" })?;
            violation.write(show, out)?;
        }
        Ok(())
    }
}

impl Violation {
    fn write(&self, show: Show, out: &mut dyn Write) -> fmt::Result {
        if let Some(position) = self.position {
            write!(out, "at {position}: ")?;
        }
        match (&self.attributes[..], &self.values[..]) {
            ([attribute], [value]) => write!(out, "{attribute} = {}", show.value(value))?,
            _ => {
                let attributes = self.attributes.join(", ");
                write!(out, "({attributes}) = {}", show.list(&self.values))?;
            }
        }
        write!(out, " {}", self.message)
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bounded(f, |out| self.write(Show::Values, out))
    }
}

/// Every field; values are cut as in the text.
impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Violation")
            .field("rule", &self.rule)
            .field("attributes", &self.attributes)
            .field("values", &Cut(&self.values))
            .field("message", &self.message)
            .field("position", &self.position)
            .finish()
    }
}
