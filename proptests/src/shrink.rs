//! Makes a failing program small: drops what it does not need, for as long as it still fails.
//!
//! Greedy and blind. Halves of the operations first, then single ones, then parts of them, then parts of the schema.
//! Any failure will do; mostly it stays the same one.

use std::fmt;

use crate::machine::{self, Difference, Program};
use crate::operations::{Fault, Operation, Statement};

/// The smallest failing program that dropping finds, and its failure.
pub fn shrink(difference: Difference) -> Difference {
    shrink_with(difference, &mut |program| {
        machine::replay(program).map(|_| ())
    })
}

/// The same with another way to see whether a program fails.
pub fn shrink_with<'r>(difference: Difference, replay: &'r mut Replay<'r>) -> Difference {
    let mut search = Search {
        smallest: difference,
        replay,
    };
    loop {
        let size = size(&search.smallest.program);
        drop_operations(&mut search);
        simplify_operations(&mut search);
        drop_declarations(&mut search);
        if self::size(&search.smallest.program) >= size {
            return search.smallest;
        }
    }
}

/// Runs a program and says how it fails.
pub type Replay<'r> = dyn FnMut(&Program) -> Result<(), String> + 'r;

struct Search<'s> {
    smallest: Difference,
    replay: &'s mut Replay<'s>,
}

/// Takes a program if it still fails.
fn attempt(search: &mut Search<'_>, change: impl FnOnce(&mut Program)) -> bool {
    let mut program = search.smallest.program.clone();
    change(&mut program);
    match (search.replay)(&program) {
        Ok(()) => false,
        // A schema that may not be declared is no smaller case of anything.
        Err(message) if message.starts_with("declaration") => false,
        Err(message) => {
            search.smallest = Difference { message, program };
            true
        }
    }
}

fn size(program: &Program) -> usize {
    let operations: usize = program.operations.iter().map(operation_size).sum();
    let tables = program.shape.tables.iter();
    let declared =
        tables.map(|table| table.uniques.len() + table.checks.len() + table.indexes.len());
    operations + program.shape.references.len() + declared.sum::<usize>()
}

fn operation_size(operation: &Operation) -> usize {
    match operation {
        Operation::Run(statement, fault) => {
            let parts = match statement {
                Statement::Insert { cells, .. } | Statement::Upsert { cells, .. } => cells.len(),
                Statement::InsertMany { rows, .. } => 1 + rows.len(),
                Statement::Meet(upsert) => 1 + upsert.rows.len(),
                Statement::Update {
                    filter,
                    assignments,
                    ..
                } => filter.len() + assignments.len(),
                Statement::Delete { filter, .. } => filter.len(),
            };
            2 + parts + usize::from(*fault != Fault::None)
        }
        _ => 1,
    }
}

fn drop_operations(search: &mut Search<'_>) {
    let mut width = search.smallest.program.operations.len().div_ceil(2);
    while width > 0 {
        let mut end = search.smallest.program.operations.len();
        while end > 0 {
            let start = end.saturating_sub(width);
            attempt(search, |program| _ = program.operations.drain(start..end));
            end = start.min(search.smallest.program.operations.len());
        }
        width /= 2;
    }
}

fn simplify_operations(search: &mut Search<'_>) {
    for position in 0..search.smallest.program.operations.len() {
        attempt(search, |program| {
            if let Operation::Run(_, fault) = &mut program.operations[position] {
                *fault = Fault::None;
            }
        });
        for part in (0..12).rev() {
            attempt(search, |program| {
                if let Operation::Run(statement, _) = &mut program.operations[position] {
                    drop_part(statement, part);
                }
            });
        }
    }
}

fn drop_part(statement: &mut Statement, part: usize) {
    fn take<T>(list: &mut Vec<T>, part: usize) {
        if part < list.len() {
            list.remove(part);
        }
    }
    match statement {
        Statement::Insert { cells, .. } | Statement::Upsert { cells, .. } => take(cells, part),
        Statement::InsertMany { rows, .. } => take(rows, part),
        Statement::Meet(upsert) => take(&mut upsert.rows, part),
        Statement::Update {
            filter,
            assignments,
            ..
        } => match part % 2 {
            0 => take(filter, part / 2),
            _ => take(assignments, part / 2),
        },
        Statement::Delete { filter, .. } => take(filter, part),
    }
}

fn drop_declarations(search: &mut Search<'_>) {
    for position in (0..search.smallest.program.shape.references.len()).rev() {
        attempt(search, |program| {
            _ = program.shape.references.remove(position)
        });
    }
    for table in 0..search.smallest.program.shape.tables.len() {
        for position in (0..4).rev() {
            attempt(search, |program| {
                let table = &mut program.shape.tables[table];
                if position > 0 && position < table.uniques.len() {
                    table.uniques.remove(position);
                }
            });
            attempt(search, |program| {
                let table = &mut program.shape.tables[table];
                if position < table.checks.len() {
                    table.checks.remove(position);
                }
            });
            attempt(search, |program| {
                let table = &mut program.shape.tables[table];
                if position < table.indexes.len() {
                    table.indexes.remove(position);
                }
            });
        }
    }
}

/// One line for each declaration and operation, enough to write the case down by hand.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.message)?;
        let shape = &self.program.shape;
        for table in &shape.tables {
            writeln!(
                f,
                "table {}, auto increment {:?}",
                table.name, table.auto_increment
            )?;
            for (position, column) in table.columns.iter().enumerate() {
                writeln!(
                    f,
                    "    {position} {} {:?} nullable {} default {:?}",
                    column.name, column.kind, column.nullable, column.default
                )?;
            }
            for unique in &table.uniques {
                writeln!(f, "    {unique:?}")?;
            }
            for check in &table.checks {
                writeln!(f, "    {check:?}")?;
            }
            for index in &table.indexes {
                writeln!(f, "    {index:?}")?;
            }
        }
        for reference in &shape.references {
            writeln!(f, "{reference:?}")?;
        }
        writeln!(f, "rows_changed_max {:?}", shape.rows_changed_max)?;
        for operation in &self.program.operations {
            writeln!(f, "{operation:?}")?;
        }
        Ok(())
    }
}
