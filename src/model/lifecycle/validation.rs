//! The rules of a model, resolved, and what they find wrong with rows to be.
//!
//! A row to be is judged as it would stand: the cells that are to be written, over the row that is there or over the
//! constants that stand where nothing is given. What the database itself makes at the insert (keys, uuids, values of
//! closures) is not known yet, and no rule is judged on it.
//!
//! 1. A rule of an attribute is judged when the attribute is written: at an insert every attribute is.
//! 2. A rule of the model is judged when one of the attributes that it looks at is written. It is broken when it is false;
//!    unknown is no violation, as with a check.

use std::borrow::Cow;

use crate::association::registry::ModelEntry;
use crate::engine::RowView;
use crate::error::{Error, ValidationError, Violation};
use crate::expr::{Bound, Cells};
use crate::model::lifecycle::Rule;
use crate::schema::{DefaultValue, Table};
use crate::value::{Timestamp, Value, ValueRef};

/// The rules of one model, in the order of its attributes, and then its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    attributes: Vec<(u32, Rule)>,
    model: Vec<ModelRule>,
    /// Whether the time of the transaction decides about an attribute that is not given.
    pub(in crate::model) looks_at_now: bool,
}

/// One rule over several attributes of a row.
#[derive(Clone, Debug)]
struct ModelRule {
    name: String,
    bound: Bound,
}

/// A row as it would stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposed<'a> {
    pub(super) model: &'a ModelEntry,
    pub(super) table: &'a Table,
    /// What is to be written.
    pub(super) cells: &'a [(u32, Value)],
    /// The row that is there; none for one that is to be inserted.
    pub(super) there: Option<RowView<'a>>,
    /// The time of the transaction, where a rule looks at it.
    pub(super) now: Option<Timestamp>,
}

impl Rules {
    /// One more rule for an attribute.
    pub(in crate::model) fn add(&mut self, ordinal: u32, rule: Rule) {
        self.attributes.push((ordinal, rule));
    }

    /// One more rule over several attributes, under a name.
    pub(in crate::model) fn add_of_model(&mut self, name: &str, bound: Bound) {
        let name = name.to_owned();
        self.model.push(ModelRule { name, bound });
    }

    /// The attributes that rules look at.
    pub(in crate::model) fn columns(&self) -> impl Iterator<Item = u32> {
        let of_attributes = self.attributes.iter().map(|(ordinal, _)| *ordinal);
        let of_model = self.model.iter().flat_map(|rule| rule.bound.columns());
        of_attributes.chain(of_model.copied())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.model.is_empty()
    }

    /// What is wrong with a row; `position` says which of several it is.
    ///
    /// # Errors
    /// `Evaluation` for a rule that has no value for the row.
    pub(super) fn judge(
        &self,
        row: Proposed<'_>,
        position: Option<usize>,
        violations: &mut Vec<Violation>,
    ) -> Result<(), Error> {
        for (ordinal, rule) in &self.attributes {
            if let Some(value) = row.written(*ordinal)
                && !rule.admits(&value)
            {
                violations.push(Violation {
                    rule: rule.name().to_owned(),
                    attributes: row.names(&[*ordinal]),
                    values: vec![value.into_owned()],
                    message: rule.to_string(),
                    position,
                });
            }
        }
        for rule in &self.model {
            let columns = rule.bound.columns();
            if row.writes_any(columns) && rule.bound.test(&row)? == Some(false) {
                let values = columns.iter().map(|&ordinal| row.cell(ordinal).to_value());
                violations.push(Violation {
                    rule: rule.name.clone(),
                    attributes: row.names(columns),
                    values: values.collect(),
                    message: format!("violates {}", rule.name),
                    position,
                });
            }
        }
        Ok(())
    }
}

/// The error for what was found, if anything was.
pub(super) fn refusal(model: &ModelEntry, violations: Vec<Violation>) -> Result<(), Error> {
    match ValidationError::of(&model.name, violations) {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}

impl<'a> Proposed<'a> {
    /// The value that would be written into a column; none if nothing would, or if the database would make it.
    fn written(&self, ordinal: u32) -> Option<Cow<'a, Value>> {
        let default = &self.table.columns[ordinal as usize].default;
        match (self.given(ordinal), default) {
            (Some(Value::Null), DefaultValue::AutoIncrement) if self.there.is_none() => None,
            (Some(value), _) => Some(Cow::Borrowed(value)),
            _ if self.there.is_some() => None,
            (None, DefaultValue::None) => Some(Cow::Owned(Value::Null)),
            (None, DefaultValue::Value(value)) => Some(Cow::Borrowed(value)),
            (None, DefaultValue::Now) => Some(Cow::Owned(Value::Timestamp(self.now?))),
            (None, _) => None,
        }
    }

    fn writes_any(&self, columns: &[u32]) -> bool {
        let given = |column: &u32| self.given(*column).is_some();
        self.there.is_none() || columns.iter().any(given)
    }

    fn given(&self, ordinal: u32) -> Option<&'a Value> {
        let mut cells = self.cells.iter();
        cells.find_map(|(given, value)| (*given == ordinal).then_some(value))
    }

    fn names(&self, columns: &[u32]) -> Vec<String> {
        let attributes = columns.iter();
        let attributes = attributes.filter_map(|&ordinal| self.model.attribute_of(ordinal));
        attributes.map(|it| it.name.to_string()).collect()
    }
}

/// What is not known yet is null, and so unknown.
impl Cells for Proposed<'_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        if let Some(value) = self.given(ordinal) {
            return value.as_ref();
        }
        if let Some(row) = &self.there {
            return row.value(ordinal);
        }
        match (&self.table.columns[ordinal as usize].default, self.now) {
            (DefaultValue::Value(value), _) => value.as_ref(),
            (DefaultValue::Now, Some(now)) => ValueRef::Timestamp(now),
            _ => ValueRef::Null,
        }
    }
}
