//! How a root's table is read: by primary key, another unique key, an index, or all of it.

use crate::expr::{Bound, Comparison, Conjunct};
use crate::query::plan::AccessPath;
use crate::schema::{IndexKind, Table};
use crate::value::Value;

/// An access path, and whether it leaves nothing of the filter to test.
pub(super) struct Choice {
    pub(super) path: AccessPath,
    pub(super) answers_filter: bool,
}

/// The first unique key, else the index with the most columns, whose values the filter gives.
pub(super) fn choose(table: &Table, filter: Option<&Bound>) -> Choice {
    let equalities = Equalities::of(table, filter);
    let path = by_key(table, &equalities).or_else(|| by_index(table, &equalities));
    let used = path.as_ref().map_or(0, |path| match path {
        AccessPath::Key { values, .. } | AccessPath::Index { values, .. } => values.len(),
        AccessPath::Scan => 0,
    });
    Choice {
        path: path.unwrap_or(AccessPath::Scan),
        // Each value used is a term of its own, so that as many values as terms are all of them.
        answers_filter: filter.is_some() && used == equalities.terms,
    }
}

fn by_key(table: &Table, equalities: &Equalities<'_>) -> Option<AccessPath> {
    table.keys.iter().enumerate().find_map(|(key, unique)| {
        let values = equalities.first_of(&unique.columns);
        let whole = values.len() == unique.columns.len();
        (whole && unique.names_one_row()).then_some(AccessPath::Key { key, values })
    })
}

fn by_index(table: &Table, equalities: &Equalities<'_>) -> Option<AccessPath> {
    let mut best: Option<(usize, Vec<Value>)> = None;
    for (index, candidate) in table.indexes.iter().enumerate() {
        let values = equalities.first_of(&candidate.columns);
        let usable = match candidate.kind {
            IndexKind::Ordered => !values.is_empty(),
            IndexKind::Hash => values.len() == candidate.columns.len(),
        };
        let better = |(_, found): &(usize, Vec<Value>)| values.len() > found.len();
        if usable && best.as_ref().is_none_or(better) {
            best = Some((index, values));
        }
    }
    best.map(|(index, values)| AccessPath::Index {
        whole: values.len() == table.indexes[index].columns.len(),
        index,
        values,
    })
}

/// The terms of a filter that say what a column equals.
struct Equalities<'a> {
    found: Vec<(u32, &'a Value)>,
    /// How many terms the filter has, of whatever sort.
    terms: usize,
}

impl<'a> Equalities<'a> {
    /// A constant of another type than its column may be equal to a value there, but is not found in an index.
    fn of(table: &Table, filter: Option<&'a Bound>) -> Self {
        let terms = filter.into_iter().flat_map(Bound::conjuncts);
        let equality = |term| match term {
            Conjunct::Compare {
                ordinal,
                op: Comparison::Eq,
                value,
            } if table.columns[ordinal as usize].data_type.admits(value) => Some((ordinal, value)),
            _ => None,
        };
        Equalities {
            found: terms.filter_map(equality).collect(),
            terms: filter.map_or(0, |filter| filter.conjuncts().count()),
        }
    }

    /// The values of the first columns of a key, as far as they are given.
    fn first_of(&self, columns: &[u32]) -> Vec<Value> {
        let value_of = |column: &u32| {
            let given = self.found.iter().find(|(ordinal, _)| ordinal == column);
            given.map(|(_, value)| (*value).clone())
        };
        columns.iter().map_while(value_of).collect()
    }
}
