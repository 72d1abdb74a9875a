//! One step of a run, as data that holds everything: it runs without the choices that made it, and where other steps
//! were dropped. A step that has no meaning where it stands does nothing.

use relata::value::Value;

/// Values by attribute.
pub type Named = Vec<(String, Value)>;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Starts a transaction.
    Begin,
    /// Ends it.
    Commit,
    /// Undoes it.
    Rollback,
    /// Inserts a row.
    Create {
        /// Of which model.
        model: String,
        /// Its attributes.
        values: Named,
    },
    /// Writes into a row, known as it is or as it was first seen.
    Update {
        /// Which.
        row: Row,
        /// Its new attributes.
        values: Named,
    },
    /// Deletes a row.
    Destroy {
        /// Which.
        row: Row,
        /// Even where rows are softly deleted.
        forced: bool,
    },
    /// Makes a softly deleted row one that is read.
    Restore {
        /// Which.
        row: Row,
    },
    /// Deletes every row that has a value.
    DestroyWhere {
        /// Of which model.
        model: String,
        /// Where to look.
        attribute: String,
        /// What for.
        value: Value,
    },
    /// Follows an association.
    Call(Call),
    /// Reads targets through a junction, changes the junction row of one of them and saves it.
    EditJunction {
        /// Whose targets.
        source: Row,
        /// Which targets.
        association: String,
        /// The position of the target.
        position: usize,
        /// New attributes of its junction row.
        values: Named,
    },
}

/// A verb on an association.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Whose.
    pub source: Source,
    /// Which.
    pub association: String,
    /// What.
    pub verb: Verb,
    /// With what.
    pub targets: Vec<Target>,
    /// Values of the target that `create` makes.
    pub values: Named,
    /// What targets must have to be got or counted.
    pub filter: Option<(String, Value)>,
    /// Attributes for the rows of the junction.
    pub attributes: Option<Named>,
    /// Whether targets are destroyed rather than let go.
    pub destroy_previous: bool,
}

/// The verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// All targets.
    Get,
    /// The only target.
    One,
    /// Whether all of these are targets.
    Has,
    /// How many targets there are.
    Count,
    /// These are the targets.
    Set,
    /// These are, too.
    Add,
    /// These are not.
    Remove,
    /// A new one is, too.
    Create,
}

/// An instance: of a row as it is, or as it was when it was first seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its model.
    pub model: String,
    /// Its primary key.
    pub key: Vec<Value>,
    /// Whether it was read long ago. One whose row is gone was read then anyway.
    pub stale: bool,
}

/// Whose association.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Of a row.
    Row(Row),
    /// Of an instance that was never saved.
    Unsaved {
        /// Of which model.
        model: String,
        /// Its attributes.
        values: Named,
    },
}

/// A target, and what it brings for its own row of the junction.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What stands for it.
    pub name: Name,
    /// Attributes of the junction.
    pub through: Named,
}

/// What stands for a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    /// An instance.
    Row(Row),
    /// A key.
    Key(Vec<Value>),
    /// An instance that was never saved.
    Unsaved {
        /// Of which model.
        model: String,
        /// Its attributes.
        values: Named,
    },
}
