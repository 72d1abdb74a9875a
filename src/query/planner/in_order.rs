//! Whether an index, or the primary key backwards, gives rows in the order wanted.

use crate::engine::{AccessPath, IndexWalk, NullsApart, Range, Snapshot};
use crate::query::node::OrderKey;
use crate::query::plan::{FoundOrder, PlanNode, RowOrder, decisive_keys};
use crate::query::reach::At;
use crate::query::{Direction, Nulls};
use crate::schema::{IndexKind, Table};

/// Whether rows are wanted from the highest key to the lowest, and stand in the order of keys.
pub(super) fn is_key_backwards(node: &PlanNode, table: &Table, snapshot: &Snapshot) -> bool {
    let RowOrder::Columns(columns) = &node.order else {
        return false;
    };
    let &[only] = &table.primary_key().columns[..] else {
        return false;
    };
    let first = columns.first();
    first.is_some_and(|it| {
        it.at == At::Row && it.ordinal == only && it.direction == Direction::Descending
    }) && snapshot.ids_are_in_key_order(table.id)
}

/// How the rows of a path over an index come in the order wanted, if they can.
pub(super) fn walked(
    path: &AccessPath,
    root: &PlanNode,
    table: &Table,
) -> Option<(AccessPath, FoundOrder)> {
    let RowOrder::Columns(wanted) = &root.order else {
        return None;
    };
    let (index, values, range) = match path {
        AccessPath::Range {
            index,
            values,
            range,
        } => (*index, values, range.clone()),
        AccessPath::Index { index, values, .. } => (*index, values, Range::All),
        _ => return None,
    };
    if path.list().is_some() {
        return None;
    }
    let walk = walk(wanted, table, index, values.len(), range == Range::All)?;
    let path = AccessPath::Range {
        index,
        values: values.clone(),
        range,
    };
    Some((path, FoundOrder::Index(walk)))
}

/// How an index comes in an order behind so many of its columns that are fixed, with all values of the next one or with
/// some, of which null is none.
pub(super) fn walk(
    wanted: &[OrderKey],
    table: &Table,
    index: usize,
    fixed: usize,
    all: bool,
) -> Option<IndexWalk> {
    let declared = &table.indexes[index];
    if declared.kind != IndexKind::Ordered {
        return None;
    }
    let (fixed_columns, rest) = declared.columns.split_at(fixed);
    // What all rows have in common decides nothing, and behind the primary key nothing is left to decide.
    let key = &table.primary_key().columns;
    let wanted = decisive_keys(wanted, fixed_columns, key);
    if wanted.is_empty() || wanted.len() > rest.len() || wanted.iter().any(|it| it.at != At::Row) {
        return None;
    }
    let mut backwards = None;
    let mut nulls = NullsApart::No;
    for (place, (key, &column)) in wanted.iter().zip(rest).enumerate() {
        let falls = declared.descending[fixed + place];
        let reversed = falls != (key.direction == Direction::Descending);
        if key.ordinal != column || *backwards.get_or_insert(reversed) != reversed {
            return None;
        }
        let has_nulls = table.columns[column as usize].nullable && (place > 0 || all);
        // An index has nulls where the low values are.
        let nulls_first = key.direction == Direction::Ascending;
        match (has_nulls, nulls_first, key.nulls) {
            (false, ..) | (_, true, Nulls::First) | (_, false, Nulls::Last) => {}
            (true, true, Nulls::Last) if place == 0 => nulls = NullsApart::After,
            (true, false, Nulls::First) if place == 0 => nulls = NullsApart::Before,
            _ => return None,
        }
    }
    Some(IndexWalk {
        backwards: backwards.unwrap_or(false),
        nulls,
    })
}
