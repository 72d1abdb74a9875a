//! Which index would spare a scan, of a table so large that it matters.
//!
//! The columns that a filter compares with values for equality come first, then one that it compares otherwise. Where the
//! table has an index that begins with one of them, the planner knew of it and chose the scan: nothing is wanted there.
//! Booleans and documents are left out, which an index does not tell apart well, or at all.

use crate::engine::Snapshot;
use crate::expr::{Bound, Comparison, Conjunct};
use crate::query::explain::MissingIndex;
use crate::query::plan::ValueJoin;
use crate::schema::{IndexKind, Table};
use crate::value::DataType;

/// A scan of no more rows than this wants no index.
const SCANNED_ROWS_MAX: usize = 1_000;

/// What would find the rows that a scan is tested for.
pub(super) fn for_filter(
    table: &Table,
    filter: Option<&Bound>,
    snapshot: &Snapshot,
) -> Option<MissingIndex> {
    let (mut equal, mut other) = (Vec::new(), None);
    for term in filter.into_iter().flat_map(Bound::conjuncts) {
        let (ordinal, equals) = match term {
            Conjunct::Compare { ordinal, op, value } => {
                let data_type = table.columns[ordinal as usize].data_type;
                if !data_type.admits(value) {
                    continue;
                }
                match op {
                    Comparison::Ne => continue,
                    Comparison::Eq => (ordinal, true),
                    _ => (ordinal, false),
                }
            }
            Conjunct::Parameter { ordinal, op, .. } => match op {
                Comparison::Ne => continue,
                Comparison::Eq => (ordinal, true),
                _ => (ordinal, false),
            },
            Conjunct::In { ordinal, .. } => (ordinal, true),
            Conjunct::Between { ordinal, .. } => (ordinal, false),
            Conjunct::IsNull { .. } | Conjunct::Other => continue,
        };
        if !is_worth_it(table, ordinal) {
            continue;
        }
        match equals {
            true if !equal.contains(&ordinal) => equal.push(ordinal),
            false if other.is_none() => other = Some(ordinal),
            _ => {}
        }
    }
    let other = other.filter(|it| !equal.contains(it));
    if serves(table, &equal, other) {
        return None;
    }
    equal.extend(other);
    wanted(table, &equal, snapshot)
}

/// What would find rows by the values that a scan matches.
pub(super) fn for_join(
    from: &Table,
    table: &Table,
    join: &ValueJoin,
    snapshot: &Snapshot,
) -> Option<MissingIndex> {
    // A value of another type may be equal, and is not found in an index.
    let one_type = join.from.iter().zip(&join.to).all(|(&from_ordinal, &to)| {
        let from = from.columns[from_ordinal as usize].data_type;
        from == table.columns[to as usize].data_type
    });
    one_type
        .then(|| wanted(table, &join.to, snapshot))
        .flatten()
}

fn wanted(table: &Table, columns: &[u32], snapshot: &Snapshot) -> Option<MissingIndex> {
    if columns.is_empty() || snapshot.row_count(table.id) <= SCANNED_ROWS_MAX {
        return None;
    }
    let name = |ordinal: &u32| table.columns[*ordinal as usize].name.to_string();
    let columns: Vec<String> = columns.iter().map(name).collect();
    Some(MissingIndex {
        name: format!("{}_{}_idx", table.name, columns.join("_")),
        table: table.name.to_string(),
        columns,
    })
}

fn is_worth_it(table: &Table, ordinal: u32) -> bool {
    let data_type = table.columns[ordinal as usize].data_type;
    !matches!(data_type, DataType::Bool | DataType::Json)
}

/// Whether the table has something to look such values up in.
fn serves(table: &Table, equal: &[u32], other: Option<u32>) -> bool {
    let whole = |columns: &[u32]| columns.iter().all(|it| equal.contains(it));
    let keys = table.keys.iter();
    let mut keys = keys.filter(|key| key.names_one_row());
    let mut indexes = table.indexes.iter();
    keys.any(|key| whole(&key.columns))
        || indexes.any(|index| match index.kind {
            IndexKind::Hash => whole(&index.columns),
            IndexKind::Ordered => {
                let first = index.columns[0];
                equal.contains(&first) || other == Some(first)
            }
        })
}
