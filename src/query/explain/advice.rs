//! Which index would spare a scan, of a table so large that it matters.
//!
//! The columns that a filter compares with values for equality come first, then one that it compares otherwise. Where the
//! table has a key or an index that begins with one of them, the planner knew of it and chose the scan: nothing is wanted
//! there. Booleans and documents are left out, which an index does not tell apart well, or at all.

use crate::engine::Snapshot;
use crate::expr::{Bound, Comparison, Conjunct};
use crate::query::explain::MissingIndex;
use crate::query::plan::ValueJoin;
use crate::schema::Table;
use crate::value::DataType;

/// A scan of no more rows than this wants no index.
const SCANNED_ROWS_MAX: usize = 1_000;

/// What would find the rows that a filter leaves of a scan, by columns that no key and no index begins with.
pub(super) fn for_filter(
    table: &Table,
    filter: Option<&Bound>,
    no_index: &[u32],
    snapshot: &Snapshot,
) -> Option<MissingIndex> {
    let (mut equal, mut other) = (Vec::new(), Vec::new());
    for term in filter.into_iter().flat_map(Bound::conjuncts) {
        let (ordinal, equals) = match term {
            Conjunct::Compare { ordinal, op, .. } | Conjunct::Parameter { ordinal, op, .. } => {
                match op {
                    Comparison::Ne => continue,
                    _ => (ordinal, op == Comparison::Eq),
                }
            }
            Conjunct::In { ordinal, .. } | Conjunct::IsNull { ordinal } => (ordinal, true),
            Conjunct::Between { ordinal, .. } | Conjunct::Prefix { ordinal, .. } => {
                (ordinal, false)
            }
            Conjunct::Other => continue,
        };
        let data_type = table.columns[ordinal as usize].data_type;
        let is_worth_it = !matches!(data_type, DataType::Bool | DataType::Json);
        if is_worth_it && no_index.contains(&ordinal) && !equal.contains(&ordinal) {
            match equals {
                true => equal.push(ordinal),
                false => other.push(ordinal),
            }
        }
    }
    let other = other.into_iter().find(|it| !equal.contains(it));
    let columns: Vec<u32> = equal.into_iter().chain(other).collect();
    wanted(table, &columns, snapshot)
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
