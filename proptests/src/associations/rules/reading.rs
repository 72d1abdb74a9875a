//! What is associated: by looking at every row.

use relata::value::Value;

use crate::associations::layout::{Link, Pairs, Way};
use crate::associations::rules::{
    Answer, Known, Verdict, World, full, has_cells, has_default_scope,
};
use crate::associations::steps::{Call, Verb};
use crate::reference::Row;

/// A row that was found, and the row of the junction that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it holds.
    pub values: Vec<Value>,
    /// What the row of the junction holds.
    pub through: Option<Vec<Value>>,
}

/// A row with what was included below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// What it holds.
    pub values: Vec<Value>,
    /// What the row of the junction holds.
    pub through: Option<Vec<Value>>,
    /// For each association of its model, the rows below.
    pub below: Vec<(String, Vec<Tree>)>,
}

impl World {
    /// What is associated with a row now, in primary-key order (BY-1), and what leads there.
    pub fn associated(&self, link: &Link, source: &[Value]) -> Vec<(Row, Option<Row>)> {
        match &link.way {
            Way::Parent { key, refers } => {
                let parents = self.parents_of(link, key, refers, source).into_iter();
                parents.map(|row| (row.clone(), None)).collect()
            }
            Way::Children { .. } => {
                let children = self.children_of(link, source).into_iter();
                children.map(|row| (row.clone(), None)).collect()
            }
            Way::Pairs(pairs) => {
                let pairs = self.pairs_of(link, pairs, source).into_iter();
                pairs
                    .map(|(row, pair)| (row.clone(), Some(pair.clone())))
                    .collect()
            }
        }
    }

    /// All rows of a model with their associated rows, two levels deep.
    pub fn trees(&self, table: usize, depth: usize) -> Vec<Tree> {
        let rows = self
            .reference
            .state()
            .in_key_order(&self.layout.shape, table);
        let model = self.graph.model(&self.layout.shape.tables[table].name);
        let scope = model.and_then(|model| model.default_scope.as_ref());
        let is_read = |row: &&Row| {
            let scope = scope.and_then(|(name, value)| Some((self.column(table, name)?, value)));
            !self.is_deleted(table, row)
                && scope.is_none_or(|(column, value)| row.values[column] == *value)
        };
        rows.into_iter()
            .filter(is_read)
            .map(|row| self.tree(table, row, None, depth))
            .collect()
    }

    fn tree(&self, table: usize, row: &Row, through: Option<Vec<Value>>, depth: usize) -> Tree {
        let mut below = Vec::new();
        for (association, link) in self.graph.associations.iter().zip(&self.layout.links) {
            if link.source != table || depth == 0 {
                continue;
            }
            let mut rows: Vec<Tree> = Vec::new();
            let associated = self.associated(link, &row.values).into_iter();
            for (target, pair) in associated.filter(|(row, _)| has_default_scope(&row.values, link))
            {
                // HO-4: the first. Through a junction in which pairs repeat, an include gives what the getter gives, one
                // row for each link; BTM-17 would have it give the target once, with one of its links.
                if self.is_single(link) && !rows.is_empty() {
                    continue;
                }
                let through = pair.map(|pair| self.shown(pair_table(link), &pair.values));
                rows.push(self.tree(link.target, &target, through, depth - 1));
            }
            below.push((association.alias.clone(), rows));
        }
        Tree {
            values: self.shown(table, &row.values),
            through,
            below,
        }
    }

    fn is_single(&self, link: &Link) -> bool {
        !matches!(
            link.way,
            Way::Pairs(_) | Way::Children { single: false, .. }
        )
    }

    /// The values that can be named.
    pub fn shown(&self, table: usize, values: &[Value]) -> Vec<Value> {
        values[..self.layout.shape.tables[table].visible()].to_vec()
    }

    pub(super) fn found(&self, table: usize, id: u64) -> Found {
        let row = self.row(table, id).expect("it is there");
        Found {
            values: self.shown(table, &row.values),
            through: None,
        }
    }

    /// BT-4, and D23 where several rows have the key.
    pub(super) fn parents_of(
        &self,
        link: &Link,
        key: &[usize],
        refers: &[usize],
        source: &[Value],
    ) -> Vec<&Row> {
        let Some(key) = full(source, key) else {
            return Vec::new();
        };
        let rows = self.rows(link.target).into_iter();
        rows.filter(|row| full(&row.values, refers).as_ref() == Some(&key))
            .filter(|row| has_cells(&row.values, &link.scope))
            .collect()
    }

    /// HM-3, HO-4, SC-1, D24.
    pub(super) fn children_of(&self, link: &Link, source: &[Value]) -> Vec<&Row> {
        let Way::Children { key, refers, .. } = &link.way else {
            return Vec::new();
        };
        let Some(held) = full(source, refers) else {
            return Vec::new();
        };
        let rows = self.rows(link.target).into_iter();
        rows.filter(|row| full(&row.values, key).as_ref() == Some(&held))
            .filter(|row| has_cells(&row.values, &link.scope))
            .collect()
    }

    /// BTM-13: targets within the scope, by rows of the junction within its scope.
    pub(super) fn pairs_of(
        &self,
        link: &Link,
        pairs: &Pairs,
        source: &[Value],
    ) -> Vec<(&Row, &Row)> {
        let junction = self.rows_of(pairs, source);
        let mut found = Vec::new();
        for target in self.rows(link.target) {
            if !has_cells(&target.values, &link.scope) {
                continue;
            }
            let held = full(&target.values, &pairs.target);
            let leading = junction
                .iter()
                .filter(|row| held.is_some() && full(&row.values, &pairs.other) == held);
            found.extend(leading.map(|row| (target, *row)));
        }
        found
    }

    /// The junction's rows of a source within its scope, whether or not a target is there.
    pub(super) fn rows_of(&self, pairs: &Pairs, source: &[Value]) -> Vec<&Row> {
        let Some(held) = full(source, &pairs.source) else {
            return Vec::new();
        };
        let rows = self.rows(pairs.junction).into_iter();
        rows.filter(|row| full(&row.values, &pairs.own).as_ref() == Some(&held))
            .filter(|row| has_cells(&row.values, &pairs.scope))
            .collect()
    }

    pub(super) fn rows(&self, table: usize) -> Vec<&Row> {
        self.reference
            .state()
            .in_key_order(&self.layout.shape, table)
    }

    /// As `get` gives them.
    pub fn got(&self, link: &Link, source: &[Value]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        let associated = self.associated(link, source).into_iter();
        for (row, pair) in associated.filter(|(row, _)| has_default_scope(&row.values, link)) {
            found.push(Found {
                values: self.shown(link.target, &row.values),
                through: pair.map(|pair| self.shown(pair_table(link), &pair.values)),
            });
        }
        if self.is_single(link) {
            found.truncate(1);
        }
        found
    }

    pub(super) fn read(
        &self,
        link: &Link,
        source: &Known,
        call: &Call,
        targets: &[super::arguments::Given],
    ) -> Verdict {
        if let Verb::Has = call.verb {
            let faults = self.target_faults(link, targets, false);
            if !faults.is_empty() {
                return Err(faults);
            }
        }
        let filter = match &call.filter {
            None => None,
            Some(cell) => self.cells(link.target, std::slice::from_ref(cell))?.pop(),
        };
        let rows = match source {
            // HM-21: an instance that was never saved has none.
            Known::Unsaved(_) => Vec::new(),
            Known::Row(row) => self.associated(link, &row.values),
            Known::Gone(_) | Known::Key(_) => return Ok(Answer::Open),
        };
        let kept = |row: &&(Row, Option<Row>)| match &filter {
            None => true,
            Some((column, value)) => row.0.values[*column] == *value && !value.is_null(),
        };
        // SC-11: `has` does not look at the default scope.
        let is_read = |row: &&(Row, Option<Row>)| {
            call.verb == Verb::Has || has_default_scope(&row.0.values, link)
        };
        let rows: Vec<&(Row, Option<Row>)> = rows.iter().filter(is_read).filter(kept).collect();
        Ok(match call.verb {
            Verb::Count => Answer::Count(rows.len()),
            Verb::Has => Answer::Flag(targets.iter().all(|given| {
                let target = self.row_of(link, given);
                target.is_some_and(|target| rows.iter().any(|(row, _)| row.id == target.id))
            })),
            _ => {
                let mut found: Vec<Found> = Vec::new();
                for (row, pair) in rows {
                    let through = pair.as_ref();
                    found.push(Found {
                        values: self.shown(link.target, &row.values),
                        through: through.map(|pair| self.shown(pair_table(link), &pair.values)),
                    });
                }
                if self.is_single(link) {
                    found.truncate(1);
                }
                Answer::Rows(found)
            }
        })
    }
}

fn pair_table(link: &Link) -> usize {
    match &link.way {
        Way::Pairs(pairs) => pairs.junction,
        _ => link.target,
    }
}
