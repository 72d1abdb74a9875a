//! The paths by which the rows of a filter may be found, and which of them costs least.
//!
//! Costs are rows and look-ups, never time: one unit is one row read in a scan. They are about what is read; sorting and
//! what a request reads besides is added by whoever knows of it.
//!
//! 1. A unique key that no two rows share and whose values the filter gives is the only candidate: nothing is cheaper than
//!    one row, and nothing has to be counted to know it.
//! 2. Else every key, foreign key and index that the filter says something of is one, and so are two that could agree, a
//!    range of the primary key, and a scan.
//!
//! [`Candidates::by_rule`] chooses without counting, as the same filter would be answered whatever the tables hold: an
//! edge or index with the most columns, an edge before an index, else a scan.

use std::fmt;

use smallvec::SmallVec;

use crate::engine::Snapshot;
use crate::engine::access::{AccessPath, Range, Sought, Terms};
use crate::schema::{ForeignKey, IndexKind, Schema, Table, TableId};
use crate::value::DataType;

/// A path, and what it is expected to lead to.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) path: AccessPath,
    /// How many terms of the filter it answers.
    pub(crate) answered: usize,
    /// How many rows it leads to.
    pub(crate) rows: f64,
    /// How many ids are compared before a row is read.
    entries: f64,
    /// What it costs to test one row, beyond reading it.
    test: f64,
}

/// All that were found for a filter, a scan last unless one row is named.
#[derive(Clone, Debug)]
pub(crate) struct Candidates {
    pub(crate) all: SmallVec<[Candidate; 4]>,
    /// By candidate: whether it leaves nothing of the filter to test.
    answers: SmallVec<[bool; 4]>,
}

/// What sort of path one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathKind {
    Key,
    Edges,
    Index,
    Range,
    KeyRange,
    Intersection,
    Scan,
}

/// Costs in rows of a scan. Rows and look-ups count nearly alike on purpose: how much dearer a row is that stands
/// anywhere depends on the machine and on what was read before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost;

impl Cost {
    /// A look-up by hash, or a descent into an index.
    pub(crate) const PROBE: f64 = 1.0;
    /// Finding where the rows of one value begin in an ordered index, to walk from there: a descent through keys that stand
    /// anywhere. It is done for each row above, so that it is weighed by time: with a second descent to where the rows end,
    /// it took as long as reading and ranking some 25 rows by their edges (`benches/strategies.rs`).
    pub(crate) const DESCENT: f64 = 32.0;
    /// A row that is read by its id.
    pub(crate) const FETCH: f64 = 1.25;
    /// An id that is compared with others, its row not read.
    pub(crate) const ENTRY: f64 = 0.125;
    /// An id that is found together with others, and neither compared nor read.
    const GATHERED: f64 = 0.0625;
    /// What a scan costs before its first row. Of a few rows the counts say little, and a plan should not change with each
    /// of them.
    pub(crate) const SCAN: f64 = 16.0;
    /// One comparison of rows that are sorted.
    const COMPARE: f64 = 0.125;

    /// Looking at every row of a table of so many.
    pub(crate) fn pass(rows: f64) -> f64 {
        Cost::SCAN + rows
    }

    /// Looking for the value of one row in lists of so many values together.
    fn in_lists(values: usize) -> f64 {
        as_rows(values.max(1)).log2() * Cost::COMPARE
    }

    /// Sorting some rows, of which the first `kept` are wanted.
    pub(crate) fn sort(rows: f64, kept: f64) -> f64 {
        rows * kept.min(rows).max(2.0).log2() * Cost::COMPARE
    }
}

impl Candidate {
    fn new(path: AccessPath, answered: usize, rows: f64) -> Self {
        Candidate {
            path,
            answered,
            rows,
            entries: 0.0,
            test: 0.0,
        }
    }

    /// A walk over so many rows of an index.
    pub(crate) fn of_index(path: AccessPath, rows: f64) -> Self {
        Candidate::new(path, 0, rows)
    }

    /// What it costs to find the rows and to read so many of them.
    pub(crate) fn cost_of(&self, rows_read: f64) -> f64 {
        let row = match self.path {
            AccessPath::Scan | AccessPath::KeyRange { .. } => 1.0,
            _ => Cost::FETCH,
        };
        let start = match self.path {
            AccessPath::Scan => Cost::SCAN,
            _ => as_rows(self.path.look_ups()) * Cost::PROBE + self.entries * Cost::ENTRY,
        };
        start + (row + self.test) * rows_read
    }

    /// What it costs to find the ids of rows that are not read: those of an index are gathered before the first is.
    pub(crate) fn cost_of_unread(&self, rows_read: f64) -> f64 {
        match self.path {
            AccessPath::Index { .. } => (self.rows - rows_read).max(0.0) * Cost::GATHERED,
            _ => 0.0,
        }
    }

    /// What it costs to find and read all its rows.
    pub(crate) fn cost(&self) -> f64 {
        self.cost_of(self.rows)
    }
}

impl Candidates {
    /// The candidate that costs least by itself, the first of several, and whether it leaves nothing of the filter to test.
    pub(crate) fn cheapest(self) -> (Candidate, bool) {
        let costs = self.all.iter().map(Candidate::cost);
        let least = costs.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let least = least.map_or(0, |(position, _)| position);
        let answers = self.answers[least];
        let found = self.all.into_iter().nth(least);
        (found.expect("a scan is always there"), answers)
    }

    /// Whether one leaves nothing of the filter to test.
    pub(crate) fn answers_filter(&self, candidate: usize) -> bool {
        self.answers[candidate]
    }

    /// The candidate that is chosen without looking at numbers.
    pub(crate) fn by_rule(&self) -> usize {
        let plain = |candidate: &Candidate| match &candidate.path {
            AccessPath::Key { .. } => candidate.path.list().is_none(),
            AccessPath::Children { values, .. } | AccessPath::Index { values, .. } => {
                let equal = |it: &Sought| matches!(it, Sought::Constant(_) | Sought::Parameter(_));
                values.iter().all(equal)
            }
            AccessPath::Scan => true,
            AccessPath::Range { .. } | AccessPath::KeyRange { .. } => false,
            AccessPath::Intersection(_) => false,
        };
        let places = self.all.iter().enumerate().filter(|(_, it)| plain(it));
        // The last one of several is the largest: from the end.
        let rank = |(_, candidate): &(usize, &Candidate)| match candidate.path {
            AccessPath::Key { .. } => usize::MAX,
            _ => candidate.path.values().len(),
        };
        places.rev().max_by_key(rank).map_or(0, |(place, _)| place)
    }

    fn push(&mut self, candidate: Candidate, terms: &Terms<'_>) {
        self.answers.push(terms.are_all(candidate.answered));
        self.all.push(candidate);
    }
}

impl Snapshot {
    /// By which paths the rows may be found for which these terms are true.
    pub(crate) fn candidates(&self, table: TableId, terms: &Terms<'_>) -> Candidates {
        let schema = &self.state.schema;
        let declared = schema.table(table);
        let mut found = Candidates {
            all: SmallVec::new(),
            answers: SmallVec::new(),
        };
        if !terms.is_empty() {
            self.by_keys(declared, terms, &mut found);
            if found.all.last().is_some_and(|it| it.path.names_one_row()) {
                return found;
            }
            self.by_edges(schema, declared, terms, &mut found);
            self.by_indexes(declared, terms, &mut found);
            self.by_key_range(declared, terms, &mut found);
            self.by_two(declared, terms, &mut found);
        }
        let rows = self.rows_of(table);
        let scan = Candidate {
            test: Cost::in_lists(terms.listed()),
            ..Candidate::new(AccessPath::Scan, 0, rows)
        };
        found.push(scan, terms);
        found
    }

    /// How many rows a table has, as an estimate.
    pub(crate) fn rows_of(&self, table: TableId) -> f64 {
        as_rows(self.row_count(table))
    }

    /// Ends with the first that names one row, if there is one.
    fn by_keys(&self, table: &Table, terms: &Terms<'_>, found: &mut Candidates) {
        for (key, unique) in table.keys.iter().enumerate() {
            let values = terms.first_of(table, &unique.columns, false);
            if values.len() < unique.columns.len() || !unique.names_one_row() {
                continue;
            }
            let answered = values.len();
            let path = AccessPath::Key { key, values };
            match path.list().map(<[_]>::len) {
                None => {
                    found.all.clear();
                    found.answers.clear();
                    found.push(Candidate::new(path, answered, 1.0), terms);
                    return;
                }
                Some(several) => {
                    let rows = as_rows(several).min(self.rows_of(table.id));
                    found.push(Candidate::new(path, answered, rows), terms);
                }
            }
        }
    }

    fn by_edges(&self, schema: &Schema, table: &Table, terms: &Terms<'_>, found: &mut Candidates) {
        for &id in &table.foreign_keys {
            let key = schema.foreign_key(id);
            let values = terms.first_of(table, &key.key_order, false);
            if values.len() < key.key_order.len() || !finds_every_child(schema, key) {
                continue;
            }
            let answered = values.len();
            let rows = self.expected_children(key, &values);
            let path = AccessPath::Children { key: id, values };
            found.push(Candidate::new(path, answered, rows), terms);
        }
    }

    fn by_indexes(&self, table: &Table, terms: &Terms<'_>, found: &mut Candidates) {
        for (index, declared) in table.indexes.iter().enumerate() {
            let values = terms.first_of(table, &declared.columns, true);
            let whole = values.len() == declared.columns.len();
            let is_ordered = declared.kind == IndexKind::Ordered;
            let next = declared.columns.get(values.len());
            let has_list = values.iter().any(|it| matches!(it, Sought::OneOf(_)));
            if is_ordered
                && !has_list
                && let Some(ranged) = next.and_then(|&it| terms.range(table, it))
            {
                let answered = values.len() + ranged.answered;
                let range = ranged.range;
                let rows = self.expected_in_range(table, index, &values, &range);
                let path = AccessPath::Range {
                    index,
                    values,
                    range,
                };
                found.push(Candidate::new(path, answered, rows), terms);
            } else if whole || (is_ordered && !values.is_empty()) {
                let answered = values.len();
                let rows = self.expected_with(table, index, &values);
                let path = AccessPath::Index {
                    index,
                    values,
                    whole,
                };
                found.push(Candidate::new(path, answered, rows), terms);
            }
        }
    }

    /// A range of the key of a dense table, whose rows stand in its order.
    fn by_key_range(&self, table: &Table, terms: &Terms<'_>, found: &mut Candidates) {
        let &[only] = &table.primary_key().columns[..] else {
            return;
        };
        let is_int = table.columns[only as usize].data_type == DataType::Int;
        if !is_int || !self.ids_are_in_key_order(table.id) {
            return;
        }
        if let Some(ranged) = terms.range(table, only)
            && let Range::Between { low, high } = ranged.range
        {
            let path = AccessPath::KeyRange { low, high };
            let rows = self.expected_in_key_range(table.id, &path);
            found.push(Candidate::new(path, 0, rows), terms);
        }
    }

    /// The rows that the two most selective ways agree about, where each alone leads to many.
    fn by_two(&self, table: &Table, terms: &Terms<'_>, found: &mut Candidates) {
        /// Fewer rows than this are sooner read than compared.
        const ROWS_MIN: f64 = 16.0;
        let usable = |it: &&Candidate| {
            let sort = matches!(
                it.path,
                AccessPath::Children { .. } | AccessPath::Index { .. } | AccessPath::Range { .. }
            );
            sort && it.rows >= ROWS_MIN && it.path.list().is_none()
        };
        let mut several: Vec<&Candidate> = found.all.iter().filter(usable).collect();
        several.sort_by(|a, b| a.rows.total_cmp(&b.rows));
        let Some((&first, rest)) = several.split_first() else {
            return;
        };
        let schema = &self.state.schema;
        let columns = first.columns(schema, table);
        let is_apart = |other: &&&Candidate| {
            let others = other.columns(schema, table);
            others.iter().all(|it| !columns.contains(it))
        };
        let Some(&second) = rest.iter().find(is_apart) else {
            return;
        };
        let all = self.rows_of(table.id).max(1.0);
        let both = Candidate {
            entries: first.rows + second.rows,
            ..Candidate::new(
                AccessPath::Intersection(vec![first.path.clone(), second.path.clone()]),
                first.answered + second.answered,
                first.rows * second.rows / all,
            )
        };
        found.push(both, terms);
    }
}

impl Candidate {
    /// What it says something of.
    fn columns<'t>(&self, schema: &'t Schema, table: &'t Table) -> &'t [u32] {
        match &self.path {
            AccessPath::Children { key, .. } => &schema.foreign_key(*key).key_order,
            AccessPath::Index { index, values, .. } => {
                &table.indexes[*index].columns[..values.len()]
            }
            AccessPath::Range { index, values, .. } => {
                &table.indexes[*index].columns[..=values.len()]
            }
            AccessPath::Key { key, .. } => &table.keys[*key].columns,
            AccessPath::KeyRange { .. } | AccessPath::Intersection(_) | AccessPath::Scan => &[],
        }
    }
}

impl AccessPath {
    pub(crate) fn kind(&self) -> PathKind {
        match self {
            AccessPath::Key { .. } => PathKind::Key,
            AccessPath::Children { .. } => PathKind::Edges,
            AccessPath::Index { .. } => PathKind::Index,
            AccessPath::Range { .. } => PathKind::Range,
            AccessPath::KeyRange { .. } => PathKind::KeyRange,
            AccessPath::Intersection(_) => PathKind::Intersection,
            AccessPath::Scan => PathKind::Scan,
        }
    }
}

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathKind::Key => "a key",
            PathKind::Edges => "edges",
            PathKind::Index => "an index",
            PathKind::Range => "a range of an index",
            PathKind::KeyRange => "a range of keys",
            PathKind::Intersection => "two ways that agree",
            PathKind::Scan => "a scan",
        })
    }
}

/// Whether the rows with some values of a foreign key are those under the one parent row that has them.
pub(crate) fn finds_every_child(schema: &Schema, key: &ForeignKey) -> bool {
    let keys = &schema.table(key.parent).keys;
    key.links_every_child() && key.parent_key.is_some_and(|it| keys[it].names_one_row())
}

/// A number of rows as an estimate.
#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate is none the worse for it"
)]
pub(crate) fn as_rows(count: usize) -> f64 {
    count as f64
}
