//! In which order tables can be created one after the other, each after those that it refers to.
//!
//! The walk is depth first: tables in the order of their definitions, before each the tables that it refers to in the
//! order of the referring columns (associations SY-1). A table's reference to itself does not count (SY-3). The path is
//! kept on the heap, so a long chain of tables costs memory, never stack.

use std::vec::IntoIter;

use crate::error::{DeclarationError, Problem, ProblemKind, Result};
use crate::schema::{Schema, TableId};

impl Schema {
    /// All tables, each after those that it refers to. Depends on the definitions alone. O(tables + foreign keys).
    ///
    /// # Errors
    ///
    /// [`ProblemKind::Cycle`] if tables refer to each other in a ring, with the way to the repeated table in
    /// [`Problem::chain`] (associations SY-4, SY-5).
    pub fn sync_order(&self) -> Result<Vec<TableId>> {
        let (order, cycle) = walk(self);
        match cycle {
            None => Ok(order),
            Some(chain) => Err(cycle_error(self, &chain).into()),
        }
    }

    /// All tables, each before those that it refers to: the reverse of the order in which they are created. Where
    /// tables refer to each other in a ring, the reference that closes it is left out of account, since dropping
    /// removes constraints first (associations SY-2, SY-7).
    pub fn drop_order(&self) -> Vec<TableId> {
        let (mut order, _) = walk(self);
        order.reverse();
        order
    }
}

/// How far the walk is with a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Unseen,
    OnPath,
    Emitted,
}

/// A table on the path, and the tables it refers to that were not looked at yet.
struct Step {
    table: TableId,
    parents: IntoIter<TableId>,
}

/// The order, and the path to the first table that was met again on its own path.
fn walk(schema: &Schema) -> (Vec<TableId>, Option<Vec<TableId>>) {
    let mut progress = vec![Progress::Unseen; schema.tables_end()];
    let mut order = Vec::with_capacity(schema.tables().len());
    let mut cycle = None;
    let mut path: Vec<Step> = Vec::new();
    for root in schema.tables() {
        enter(schema, root.id, &mut path, &mut progress);
        while let Some(step) = path.last_mut() {
            match step.parents.next() {
                Some(parent) if progress[parent.index()] == Progress::OnPath => {
                    cycle.get_or_insert_with(|| chain(&path, parent));
                }
                Some(parent) => enter(schema, parent, &mut path, &mut progress),
                None => {
                    progress[step.table.index()] = Progress::Emitted;
                    order.push(step.table);
                    path.pop();
                }
            }
        }
    }
    (order, cycle)
}

/// Puts a table at the end of the path, unless it was seen before.
fn enter(schema: &Schema, table: TableId, path: &mut Vec<Step>, progress: &mut [Progress]) {
    if progress[table.index()] == Progress::Unseen {
        progress[table.index()] = Progress::OnPath;
        path.push(Step {
            table,
            parents: parents(schema, table).into_iter(),
        });
    }
}

/// The other tables that a table refers to, in the order of the first column of each reference.
fn parents(schema: &Schema, table: TableId) -> Vec<TableId> {
    let foreign_keys = schema.table(table).foreign_keys.iter();
    let mut parents: Vec<_> = foreign_keys
        .map(|&id| schema.foreign_key(id))
        .filter(|foreign_key| foreign_key.parent != table)
        .map(|foreign_key| (foreign_key.child_columns.iter().min(), foreign_key.parent))
        .collect();
    // Stable: references that start at one column stay in the order of their definitions.
    parents.sort_by_key(|&(column, _)| column);
    parents.into_iter().map(|(_, parent)| parent).collect()
}

fn chain(path: &[Step], repeated: TableId) -> Vec<TableId> {
    let tables = path.iter().map(|step| step.table);
    tables.chain([repeated]).collect()
}

fn cycle_error(schema: &Schema, chain: &[TableId]) -> DeclarationError {
    let names: Vec<String> = chain
        .iter()
        .map(|&table| schema.table(table).name.to_string())
        .collect();
    let (repeated, path) = names
        .split_last()
        .expect("a chain ends in the repeated table");
    let detail = format!(
        "Cyclic dependency found. '{repeated}' is dependent of itself. Dependency Chain: {} => {repeated}",
        path.join(" -> ")
    );
    let mut problem = Problem::new(ProblemKind::Cycle, repeated.as_str(), detail);
    problem.chain = names;
    DeclarationError {
        problems: vec![problem],
    }
}
