//! The cells that make a row associated: what every verb that links writes, and nested creation as well.

use crate::association::link::{Association, Hop, Junction};
use crate::model::write::Assignments;
use crate::value::{Key, Value};

/// What makes a target the source's: the source's key, and the association's scope (associations SC-1).
pub(crate) fn of_child(association: &Association, hop: &Hop, source: &Key) -> Assignments {
    let mut cells = of_key(hop, source);
    let scope = association.scope.iter();
    let besides = scope.filter(|(ordinal, _)| !hop.child_columns.contains(ordinal));
    cells.extend(besides.cloned());
    cells
}

/// What makes a row of the junction a link of these two: both keys, and the junction's scope (associations SC-4).
pub(crate) fn of_pair(junction: &Junction, source: &Key, target: &Key) -> Assignments {
    let mut cells = of_key(&junction.own, source);
    cells.extend(of_key(&junction.other, target));
    cells.extend(junction.scope.iter().cloned());
    cells
}

/// What makes a child refer to a parent with this key.
pub(crate) fn of_key(hop: &Hop, parent: &Key) -> Assignments {
    let columns = hop.child_columns.iter().copied();
    columns.zip(parent.iter().cloned()).collect()
}

/// Puts cells over others: those that are forced go before what was given.
pub(crate) fn force(given: &mut Assignments, forced: &[(u32, Value)]) {
    given.retain(|(ordinal, _)| forced.iter().all(|(column, _)| column != ordinal));
    given.extend_from_slice(forced);
}
