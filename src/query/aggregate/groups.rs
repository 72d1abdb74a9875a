//! What a request for groups found.

use std::fmt;

use crate::error::{RequestError, RequestKind, Result};
use crate::value::{FromValue, Value};

/// Groups of rows, each with the values that it is a group of and its aggregates. Owns its values.
#[derive(Clone, PartialEq)]
pub struct Groups {
    /// The model of the rows, for errors.
    pub(super) model: String,
    pub(super) names: Vec<String>,
    /// One for each name, group after group.
    pub(super) values: Vec<Value>,
}

/// One group.
#[derive(Clone, Copy)]
pub struct Group<'g> {
    groups: &'g Groups,
    position: usize,
}

impl Groups {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.names.len().max(1)
    }

    /// Whether there are no groups.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the values: what is grouped by, then the aggregates.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The groups, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Group<'_>> {
        (0..self.len()).map(|position| Group {
            groups: self,
            position,
        })
    }

    /// The group at a position; none behind the last one.
    pub fn get(&self, position: usize) -> Option<Group<'_>> {
        (position < self.len()).then_some(Group {
            groups: self,
            position,
        })
    }

    /// The first group, if there is one.
    pub fn first(&self) -> Option<Group<'_>> {
        self.get(0)
    }
}

impl<'g> Group<'g> {
    /// What it is a group of, or an aggregate, by name.
    ///
    /// # Errors
    /// `UnknownColumn`.
    pub fn get(&self, name: &str) -> Result<&'g Value> {
        let position = self.groups.names.iter().position(|it| it == name);
        let position = position.ok_or_else(|| {
            let detail = format!("no {name} in a group");
            RequestError::new(RequestKind::UnknownColumn, &*self.groups.model, detail)
        })?;
        Ok(&self.values()[position])
    }

    /// The same as a Rust type, as [`Record::get_as`](crate::query::Record::get_as).
    ///
    /// # Errors
    /// `UnknownColumn`, and `Type` if the value is of another type, null, or too large for it.
    pub fn get_as<T: FromValue<'g>>(&self, name: &str) -> Result<T> {
        let value = self.get(name)?;
        T::from_value(value.as_ref()).ok_or_else(|| {
            RequestError::not_readable(&self.groups.model, name, value, T::EXPECTED).into()
        })
    }

    /// Its values, in the order of [`Groups::names`].
    pub fn values(&self) -> &'g [Value] {
        let width = self.groups.names.len();
        &self.groups.values[self.position * width..][..width]
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.groups.names.iter();
        f.debug_map().entries(names.zip(self.values())).finish()
    }
}
