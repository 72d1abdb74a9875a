//! The cells that make a row associated: what every verb that links writes, and nested creation as well.

use crate::association::link::{Association, Hop, Junction};
use crate::model::write::Assignments;
use crate::value::{Key, Value};

/// What makes a target the source's: the source's key, and the association's scope (associations SC-1).
pub(crate) fn of_child(association: &Association, hop: &Hop, source: &Key) -> Assignments {
    let mut cells = of_key(hop, source);
    let forced = cells.len();
    for (ordinal, value) in &association.scope {
        if cells[..forced].iter().all(|(column, _)| column != ordinal) {
            cells.push((*ordinal, value.clone()));
        }
    }
    cells
}

/// What makes a row of the junction a link of these two: both keys, and the junction's scope (associations SC-4).
pub(crate) fn of_pair(junction: &Junction, source: &Key, target: &Key) -> Assignments {
    let mut cells = of_key(&junction.own, source);
    cells.extend(of_key(&junction.other, target));
    cells.extend(junction.scope.iter().cloned());
    cells
}

/// What makes a child refer to a parent with this key: the key, and the type where the parent is an owner. Without a key
/// there is no type either.
pub(crate) fn of_key(hop: &Hop, parent: &Key) -> Assignments {
    let columns = hop.child_columns.iter().copied();
    let mut cells: Assignments = columns.zip(parent.iter().cloned()).collect();
    if let Some(guard) = &hop.guard {
        let of_type = match parent.iter().any(Value::is_null) {
            true => Value::Null,
            false => guard.value.clone(),
        };
        cells.push((guard.column, of_type));
    }
    cells
}

/// What makes a child refer to nothing.
pub(crate) fn of_none(hop: &Hop) -> Assignments {
    of_key(
        hop,
        &hop.child_columns.iter().map(|_| Value::Null).collect(),
    )
}

/// Puts cells over others: those that are forced go before what was given.
pub(crate) fn force(given: &mut Assignments, forced: &[(u32, Value)]) {
    given.retain(|(ordinal, _)| forced.iter().all(|(column, _)| column != ordinal));
    given.extend_from_slice(forced);
}
