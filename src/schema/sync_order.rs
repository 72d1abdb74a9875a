//! In which order tables can be created one after the other, each after those that it refers to.
//!
//! The walk is depth first: tables in the order of their definitions, before each the tables that it refers to in the
//! order of the referring columns (associations SY-1). A table's reference to itself does not count (SY-3). The path is
//! kept on the heap, so a long chain of tables costs memory, never stack.

use std::vec::IntoIter;

use crate::error::{DeclarationError, Problem, ProblemKind, Result};
use crate::schema::{Schema, Table, TableId};

impl Schema {
    /// All tables, each after those that it refers to. Depends on the definitions alone. O(tables + foreign keys).
    ///
    /// # Errors
    ///
    /// [`ProblemKind::Cycle`] if tables refer to each other in a ring, with the way to the repeated table in
    /// [`Problem::chain`] (associations SY-4, SY-5).
    pub fn sync_order(&self) -> Result<Vec<TableId>> {
        let (order, cycle) = walk_schema(self);
        match cycle {
            None => Ok(order),
            Some(chain) => {
                let names = chain.iter().map(|&at| table_at(self, at).name.to_string());
                let problems = vec![cycle_problem(names.collect())];
                Err(DeclarationError { problems }.into())
            }
        }
    }

    /// All tables, each before those that it refers to: the reverse of the order in which they are created. Where
    /// tables refer to each other in a ring, the reference that closes it is left out of account, since dropping
    /// removes constraints first (associations SY-2, SY-7).
    pub fn drop_order(&self) -> Vec<TableId> {
        let (mut order, _) = walk_schema(self);
        order.reverse();
        order
    }
}

/// The ring that is met first among tables that are no schema, because something else is wrong with them: tables by
/// position, each with its name and, by `parents`, the other tables that it refers to.
pub(crate) fn find_cycle(names: &[&str], parents: impl Fn(usize) -> Vec<usize>) -> Option<Problem> {
    let (_, cycle) = walk(0..names.len(), names.len(), parents);
    Some(cycle_problem(
        cycle?.iter().map(|&at| names[at].to_owned()).collect(),
    ))
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
    table: usize,
    parents: IntoIter<usize>,
}

fn walk_schema(schema: &Schema) -> (Vec<TableId>, Option<Vec<usize>>) {
    let roots = schema.tables().iter().map(|table| table.id.index());
    let (order, cycle) = walk(roots, schema.tables_end(), |at| {
        parents(table_at(schema, at), schema)
    });
    let ids = order.into_iter().map(|at| table_at(schema, at).id);
    (ids.collect(), cycle)
}

/// The order, and the path to the first table that was met again on its own path.
fn walk(
    roots: impl Iterator<Item = usize>,
    end: usize,
    parents: impl Fn(usize) -> Vec<usize>,
) -> (Vec<usize>, Option<Vec<usize>>) {
    let mut progress = vec![Progress::Unseen; end];
    let mut order = Vec::with_capacity(end);
    let mut cycle = None;
    let mut path: Vec<Step> = Vec::new();
    // Puts a table at the end of the path, unless it was seen before.
    let enter = |table: usize, path: &mut Vec<Step>, progress: &mut [Progress]| {
        if progress[table] == Progress::Unseen {
            progress[table] = Progress::OnPath;
            let parents = parents(table).into_iter();
            path.push(Step { table, parents });
        }
    };
    for root in roots {
        enter(root, &mut path, &mut progress);
        while let Some(step) = path.last_mut() {
            match step.parents.next() {
                Some(parent) if progress[parent] == Progress::OnPath => {
                    cycle.get_or_insert_with(|| chain(&path, parent));
                }
                Some(parent) => enter(parent, &mut path, &mut progress),
                None => {
                    progress[step.table] = Progress::Emitted;
                    order.push(step.table);
                    path.pop();
                }
            }
        }
    }
    (order, cycle)
}

fn table_at(schema: &Schema, at: usize) -> &Table {
    schema.tables_by_id[at]
        .as_ref()
        .expect("the walk is among the tables of the schema")
}

/// The other tables that a table refers to, in the order of the first column of each reference.
fn parents(table: &Table, schema: &Schema) -> Vec<usize> {
    let foreign_keys = table.foreign_keys.iter();
    let mut parents: Vec<_> = foreign_keys
        .map(|&id| schema.foreign_key(id))
        .filter(|foreign_key| foreign_key.parent != table.id)
        .map(|foreign_key| (foreign_key.child_columns.iter().min(), foreign_key.parent))
        .collect();
    // Stable: references that start at one column stay in the order of their definitions.
    parents.sort_by_key(|&(column, _)| column);
    parents
        .into_iter()
        .map(|(_, parent)| parent.index())
        .collect()
}

fn chain(path: &[Step], repeated: usize) -> Vec<usize> {
    let tables = path.iter().map(|step| step.table);
    tables.chain([repeated]).collect()
}

fn cycle_problem(names: Vec<String>) -> Problem {
    let (repeated, path) = names
        .split_last()
        .expect("a chain ends in the repeated table");
    let detail = format!(
        "Cyclic dependency found. '{repeated}' is dependent of itself. Dependency Chain: {} => {repeated}",
        path.join(" -> ")
    );
    let mut problem = Problem::new(ProblemKind::Cycle, repeated.as_str(), detail);
    problem.chain = names;
    problem
}
