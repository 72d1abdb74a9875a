//! An owner with every name resolved: several associations of a source under one name, of which each row follows at most
//! one, as its type says.
//!
//! The associations are ordinary ones to a parent, whose hops are guarded by the type. So whoever walks one of them finds
//! owners of its model alone, and whoever wants the owner of whatever model asks the type, or all of them.

use crate::association::naming::accessors::Accessors;

/// One owner of a source model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Owner {
    /// The name under which it is included and found on results. No association and no other owner of the source has it.
    pub(crate) key: Box<str>,
    /// The column that says of which model it is.
    pub(crate) type_column: u32,
    /// The columns that say which row it is.
    pub(crate) columns: Vec<u32>,
    /// The positions of its associations among those of the source: one for each model, in their order; at least one.
    pub(crate) members: Vec<usize>,
    /// The names of its verbs.
    pub(crate) accessors: Accessors,
}
