//! The rows of a junction between a source and its targets, over one version.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::association::link::{Hop, Junction};
use crate::engine::{RowId, RowView, Snapshot};
use crate::model::link::walk::{self, Parent, in_scope};
use crate::schema::TableId;
use crate::value::Value;

/// A target, and the row of a junction that leads to it where there is a junction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) target: RowId,
    pub(super) junction: Option<RowId>,
}

impl Linked {
    /// A target that no junction leads to.
    pub(super) fn direct(target: RowId) -> Self {
        Linked {
            target,
            junction: None,
        }
    }
}

/// The two tables of a way through a junction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables {
    pub(super) junction: TableId,
    pub(super) target: TableId,
}

/// The junction rows of a source within the junction's scope whose target is there and within the association's, in no
/// order.
pub(super) fn pairs(
    snapshot: &Snapshot,
    junction: &Junction,
    tables: Tables,
    scope: &[(u32, Value)],
    own: &Parent,
) -> Vec<Linked> {
    let rows = rows(snapshot, junction, tables.junction, own);
    let inside = |target: &RowId| {
        scope.is_empty() || in_scope(&snapshot.view(tables.target, *target), scope)
    };
    let mut pairs = Vec::with_capacity(rows.len());
    for junction_row in rows {
        let view = snapshot.view(tables.junction, junction_row);
        let targets = walk::parents(snapshot, &junction.other, &view, tables.target);
        let pair = |target| Linked {
            target,
            junction: Some(junction_row),
        };
        pairs.extend(targets.into_iter().filter(inside).map(pair));
    }
    pairs
}

/// The rows of a junction under a source within the junction's scope, whether or not a target is there, in no order.
pub(super) fn rows(
    snapshot: &Snapshot,
    junction: &Junction,
    table: TableId,
    own: &Parent,
) -> Vec<RowId> {
    let mut rows = walk::children(snapshot, &junction.own, table, &junction.scope, own);
    if junction.conditions.is_some() {
        rows.retain(|&row| meets_conditions(&snapshot.view(table, row), junction));
    }
    rows
}

/// Whether a row of a junction meets what its scope asks for besides values.
fn meets_conditions(row: &RowView<'_>, junction: &Junction) -> bool {
    let conditions = junction.conditions.as_ref();
    conditions.is_none_or(|conditions| conditions.bound.matches(row))
}

/// Puts pairs in the order of the targets' keys, and those of one target in the order of their own (beyond BY-1).
pub(super) fn sort(snapshot: &Snapshot, tables: Tables, pairs: &mut [Linked]) {
    if snapshot.ids_are_in_key_order(tables.target) {
        pairs.sort_unstable_by_key(|pair| pair.target);
    } else {
        let mut targets: Vec<_> = pairs.iter().map(|pair| pair.target).collect();
        snapshot.sort_by_key(tables.target, &mut targets);
        let ranks: BTreeMap<RowId, usize> = targets.into_iter().zip(0..).collect();
        pairs.sort_unstable_by_key(|pair| ranks[&pair.target]);
    }
    for repeated in pairs.chunk_by_mut(|a, b| a.target == b.target) {
        if repeated.len() < 2 {
            continue;
        }
        let mut rows: Vec<_> = repeated.iter().filter_map(|pair| pair.junction).collect();
        snapshot.sort_by_key(tables.junction, &mut rows);
        for (pair, row) in repeated.iter_mut().zip(rows) {
            pair.junction = Some(row);
        }
    }
}

/// How many rows [`pairs`] would give. O(1) where both keys are enforced, none may be null, and there is no scope.
pub(super) fn count(
    snapshot: &Snapshot,
    junction: &Junction,
    tables: Tables,
    scope: &[(u32, Value)],
    own: &Parent,
) -> usize {
    let columns = &snapshot.schema().table(tables.junction).columns;
    let other = &junction.other;
    let always_there = other
        .key
        .is_some_and(|key| !snapshot.schema().foreign_key(key).deferral.is_deferrable())
        && other
            .child_columns
            .iter()
            .all(|&ordinal| !columns[ordinal as usize].nullable);
    if always_there && scope.is_empty() && junction.conditions.is_none() {
        return walk::child_count(
            snapshot,
            &junction.own,
            tables.junction,
            &junction.scope,
            own,
        );
    }
    pairs(snapshot, junction, tables, scope, own).len()
}

/// A source and a target, with what a junction holds of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'p> {
    pub(super) junction: &'p Junction,
    pub(super) own: &'p Parent,
    pub(super) other: &'p Parent,
}

impl<'p> Ends<'p> {
    /// The rows of the junction that link the two within its scope: more than one only where pairs may repeat.
    pub(super) fn rows(&self, snapshot: &Snapshot, table: TableId) -> SmallVec<[RowId; 1]> {
        let Ends {
            junction,
            own,
            other,
        } = *self;
        if own
            .values
            .iter()
            .chain(other.values.iter())
            .any(Value::is_null)
        {
            return SmallVec::new();
        }
        // A unique key whose values are all known leaves one row to look at.
        let keys = (0..).zip(&snapshot.schema().table(table).keys);
        for (position, key) in keys.filter(|(_, key)| key.names_one_row()) {
            let values = key
                .columns
                .iter()
                .map(|&ordinal| self.value(ordinal).cloned());
            if let Some(values) = values.collect::<Option<SmallVec<[Value; 3]>>>()
                && !values.iter().any(Value::is_null)
            {
                let row = snapshot.find(table, position, &values);
                let links = |row: &RowId| self.are_linked_by(&snapshot.view(table, *row));
                return row.filter(links).into_iter().collect();
            }
        }
        let (hop, end) = self.shorter_way(snapshot);
        let rows = walk::children(snapshot, hop, table, &junction.scope, end);
        let rows = rows.into_iter();
        rows.filter(|&row| self.are_linked_by(&snapshot.view(table, row)))
            .collect()
    }

    fn are_linked_by(&self, row: &RowView<'_>) -> bool {
        let holds = |hop: &Hop, end: &Parent| {
            let mut cells = hop.child_columns.iter().zip(end.values.iter());
            cells.all(|(&ordinal, value)| row.value(ordinal).total_cmp(value.as_ref()).is_eq())
        };
        holds(&self.junction.own, self.own)
            && holds(&self.junction.other, self.other)
            && in_scope(row, &self.junction.scope)
            && meets_conditions(row, self.junction)
    }

    /// The value that a row linking the two has in a column, if that follows from them.
    fn value(&self, ordinal: u32) -> Option<&'p Value> {
        let Ends {
            junction,
            own,
            other,
        } = *self;
        let held = |hop: &Hop, end: &'p Parent| {
            let position = hop
                .child_columns
                .iter()
                .position(|&column| column == ordinal)?;
            Some(&end.values[position])
        };
        let scope = || {
            let mut scope = junction.scope.iter();
            scope.find_map(|(column, value)| (*column == ordinal).then_some(value))
        };
        held(&junction.own, own)
            .or_else(|| held(&junction.other, other))
            .or_else(scope)
    }

    /// Of the two ends, the one under which fewer rows stand, where that is known.
    fn shorter_way(&self, snapshot: &Snapshot) -> (&'p Hop, &'p Parent) {
        let Ends {
            junction,
            own,
            other,
        } = *self;
        let count = |hop: &Hop, end: &Parent| {
            let key = snapshot.schema().foreign_key(hop.key?);
            Some(snapshot.child_count(key, end.row?))
        };
        match (count(&junction.own, own), count(&junction.other, other)) {
            (Some(of_own), Some(of_other)) if of_other < of_own => (&junction.other, other),
            _ => (&junction.own, own),
        }
    }
}
