//! Reads the rows of an include, under all rows of its parent node at once.
//!
//! Over edges, a step is reading a link in the row or a list of ids: no key is compared or hashed. By value, a step is a
//! look-up per row, or one pass over the table against the sorted values of all rows.

use smallvec::SmallVec;

use crate::engine::{RowId, Snapshot, TableReader};
use crate::error::Result;
use crate::query::execute::{first_difference, tested};
use crate::query::level::{self, Level, RowList};
use crate::query::plan::{Crossing, Lookup, Probe, ValueJoin, Walk};
use crate::schema::{ForeignKeyId, TableId};
use crate::value::Value;

/// Ids under each of some rows, with the offsets of a [`Level`].
struct Found {
    ids: Vec<RowId>,
    offsets: Vec<u32>,
}

/// The rows of a table straight below the given ones.
pub(super) fn direct<'s>(
    walk: &Walk,
    parents: &RowList<'s>,
    table: TableId,
    snapshot: &'s Snapshot,
) -> Result<Level<'s>> {
    let found = find(walk, parents, table, snapshot)?;
    Ok(Level {
        rows: RowList::read(snapshot, table, found.ids),
        junction: None,
        offsets: found.offsets,
    })
}

/// The rows of a table below the given ones, each with the junction row that leads to it.
pub(super) fn through<'s>(
    crossing: &Crossing,
    parents: &RowList<'s>,
    table: TableId,
    snapshot: &'s Snapshot,
) -> Result<Level<'s>> {
    let mut junction = direct(&crossing.to_junction, parents, crossing.junction, snapshot)?;
    if let Some(filter) = &crossing.filter {
        let keep = tested(&junction.rows, filter);
        junction.retain_rows(&keep);
    }
    let found = find(&crossing.to_target, &junction.rows, table, snapshot)?;
    let ends = junction.offsets.iter();
    let offsets = ends.map(|&end| found.offsets[end as usize]).collect();
    let junction = match crossing.shown {
        true => Some(junction.rows.repeated(&found.offsets)),
        false => None,
    };
    Ok(Level {
        rows: RowList::read(snapshot, table, found.ids),
        junction,
        offsets,
    })
}

/// The ids of the rows of a table below each of the given rows.
fn find(walk: &Walk, parents: &RowList<'_>, table: TableId, snapshot: &Snapshot) -> Result<Found> {
    match walk {
        Walk::ToParent(key) => to_parent(*key, parents, snapshot),
        Walk::ToChildren(key) => to_children(*key, parents, snapshot),
        Walk::ByValue(join) => match &join.lookup {
            Lookup::Key { key, probe } => look_up(parents, probe, |values, ids| {
                ids.extend(snapshot.find(table, *key, values));
            }),
            Lookup::Index { index, probe, .. } => look_up(parents, probe, |values, ids| {
                ids.append(&mut snapshot.find_all(table, *index, values));
            }),
            Lookup::Scan => scan(join, parents, snapshot.reader(table)),
        },
    }
}

fn to_parent(key: ForeignKeyId, rows: &RowList<'_>, snapshot: &Snapshot) -> Result<Found> {
    let key = snapshot.schema().foreign_key(key);
    let mut found = Found::with_capacity(rows.len(), rows.len());
    for &cells in &rows.cells {
        found.ids.extend(rows.reader.parent(cells, key));
        found.end_row()?;
    }
    Ok(found)
}

fn to_children(key: ForeignKeyId, rows: &RowList<'_>, snapshot: &Snapshot) -> Result<Found> {
    let key = snapshot.schema().foreign_key(key);
    let mut found = Found::with_capacity(rows.len(), rows.len());
    let edges = snapshot.edges(key);
    for &id in &rows.ids {
        edges.append_children(id, &mut found.ids);
        found.end_row()?;
    }
    Ok(found)
}

/// One look-up per row; none where a column is null (associations EL-30).
fn look_up(
    rows: &RowList<'_>,
    probe: &[Probe],
    mut find: impl FnMut(&[Value], &mut Vec<RowId>),
) -> Result<Found> {
    let mut found = Found::with_capacity(rows.len(), 0);
    for &cells in &rows.cells {
        let value = |probe: &Probe| match probe {
            Probe::Column(ordinal) => {
                let value = rows.reader.value(cells, *ordinal);
                (!value.is_null()).then(|| value.to_value())
            }
            Probe::Constant(value) => Some(value.clone()),
        };
        let values: Option<SmallVec<[Value; 2]>> = probe.iter().map(value).collect();
        if let Some(values) = values {
            find(&values, &mut found.ids);
        }
        found.end_row()?;
    }
    Ok(found)
}

/// One pass over the table; the given rows are sorted by value first, to be found.
fn scan(join: &ValueJoin, rows: &RowList<'_>, table: TableReader<'_>) -> Result<Found> {
    let has_null = |position: &u32| {
        let cells = rows.cells[*position as usize];
        join.from
            .iter()
            .any(|&it| rows.reader.value(cells, it).is_null())
    };
    let compare_given = |a: u32, b: u32| {
        let (a, b) = (rows.cells[a as usize], rows.cells[b as usize]);
        let orders = join.from.iter().map(|&ordinal| {
            rows.reader
                .value(a, ordinal)
                .total_cmp(rows.reader.value(b, ordinal))
        });
        first_difference(orders)
    };
    let mut given: Vec<u32> = (0_u32..)
        .take(rows.len())
        .filter(|it| !has_null(it))
        .collect();
    given.sort_unstable_by(|&a, &b| compare_given(a, b));
    let mut pairs: Vec<(u32, RowId)> = Vec::new();
    for (id, cells) in table.scan() {
        let compare = |&position: &u32| {
            let other = rows.cells[position as usize];
            let orders = join.from.iter().zip(&join.to).map(|(&from, &to)| {
                rows.reader
                    .value(other, from)
                    .total_cmp(table.value(cells, to))
            });
            first_difference(orders)
        };
        let start = given.partition_point(|it| compare(it).is_lt());
        let equal = given[start..].iter().take_while(|it| compare(it).is_eq());
        pairs.extend(equal.map(|&position| (position, id)));
    }
    pairs.sort_unstable();
    found_from_pairs(&pairs, rows.len())
}

/// `pairs` ascend.
fn found_from_pairs(pairs: &[(u32, RowId)], rows: usize) -> Result<Found> {
    let mut found = Found::with_capacity(rows, pairs.len());
    let mut pairs = pairs.iter().peekable();
    for row in (0_u32..).take(rows) {
        while let Some((_, id)) = pairs.next_if(|(position, _)| *position == row) {
            found.ids.push(*id);
        }
        found.end_row()?;
    }
    Ok(found)
}

impl Found {
    fn with_capacity(rows: usize, ids: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Found {
            ids: Vec::with_capacity(ids),
            offsets,
        }
    }

    /// What was found since the last call stands under the next row.
    #[inline]
    fn end_row(&mut self) -> Result<()> {
        self.offsets.push(level::offset(self.ids.len())?);
        Ok(())
    }
}
