//! The instance whose associations are read and written.

use crate::model::Instance;
use crate::model::instance::Written;
use crate::model::write::Assignments;

/// The source of an association: `&instance`, or `&mut instance` where a `belongs_to` that is set shall show in the
/// instance as well.
#[derive(Debug)]
pub struct Source<'a>(Access<'a>);

#[derive(Debug)]
enum Access<'a> {
    Shared(&'a Instance),
    Exclusive(&'a mut Instance),
}

impl<'a> Source<'a> {
    /// The instance, for as long as it was given.
    pub(super) fn into_instance(self) -> &'a Instance {
        match self.0 {
            Access::Shared(instance) => instance,
            Access::Exclusive(instance) => instance,
        }
    }

    /// Changes cells in memory, if the instance may be changed.
    pub(super) fn assign(&mut self, cells: Assignments) {
        if let Access::Exclusive(instance) = &mut self.0 {
            for (ordinal, value) in cells {
                instance.set_cell(ordinal, value);
            }
        }
    }

    pub(super) fn instance(&self) -> &Instance {
        match &self.0 {
            Access::Shared(instance) => instance,
            Access::Exclusive(instance) => instance,
        }
    }

    /// Whether the instance may be changed.
    pub(super) fn follows(&self) -> bool {
        matches!(self.0, Access::Exclusive(_))
    }

    /// Takes over what was written, if the instance may be changed.
    pub(super) fn follow(&mut self, written: Written) {
        if let Access::Exclusive(instance) = &mut self.0 {
            instance.follow(written);
        }
    }
}

impl<'a> From<&'a Instance> for Source<'a> {
    fn from(instance: &'a Instance) -> Self {
        Source(Access::Shared(instance))
    }
}

impl<'a> From<&'a mut Instance> for Source<'a> {
    fn from(instance: &'a mut Instance) -> Self {
        Source(Access::Exclusive(instance))
    }
}
