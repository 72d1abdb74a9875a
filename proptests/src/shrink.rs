//! Makes a failing program small: drops what it does not need, for as long as it still fails.
//!
//! Greedy and blind. Halves of the operations first, then single ones, then parts of them, then parts of the schema.
//! Any failure will do; mostly it stays the same one.

use std::fmt;

use crate::machine::{self, Difference, Program};
use crate::operations::{Fault, Operation, Statement};

/// The smallest failing program that dropping finds, and its failure.
pub fn shrink(difference: Difference) -> Difference {
    let mut smallest = difference;
    loop {
        let size = size(&smallest.program);
        drop_operations(&mut smallest);
        simplify_operations(&mut smallest);
        drop_declarations(&mut smallest);
        if self::size(&smallest.program) >= size {
            return smallest;
        }
    }
}

/// Takes a program if it still fails.
fn attempt(smallest: &mut Difference, change: impl FnOnce(&mut Program)) -> bool {
    let mut program = smallest.program.clone();
    change(&mut program);
    match machine::replay(&program) {
        Ok(_) => false,
        // A schema that may not be declared is no smaller case of anything.
        Err(message) if message.starts_with("declaration") => false,
        Err(message) => {
            *smallest = Difference { message, program };
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

fn drop_operations(smallest: &mut Difference) {
    let mut width = smallest.program.operations.len().div_ceil(2);
    while width > 0 {
        let mut end = smallest.program.operations.len();
        while end > 0 {
            let start = end.saturating_sub(width);
            attempt(smallest, |program| _ = program.operations.drain(start..end));
            end = start.min(smallest.program.operations.len());
        }
        width /= 2;
    }
}

fn simplify_operations(smallest: &mut Difference) {
    for position in 0..smallest.program.operations.len() {
        attempt(smallest, |program| {
            if let Operation::Run(_, fault) = &mut program.operations[position] {
                *fault = Fault::None;
            }
        });
        for part in (0..12).rev() {
            attempt(smallest, |program| {
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

fn drop_declarations(smallest: &mut Difference) {
    for position in (0..smallest.program.shape.references.len()).rev() {
        attempt(smallest, |program| {
            _ = program.shape.references.remove(position)
        });
    }
    for table in 0..smallest.program.shape.tables.len() {
        for position in (0..4).rev() {
            attempt(smallest, |program| {
                let table = &mut program.shape.tables[table];
                if position > 0 && position < table.uniques.len() {
                    table.uniques.remove(position);
                }
            });
            attempt(smallest, |program| {
                let table = &mut program.shape.tables[table];
                if position < table.checks.len() {
                    table.checks.remove(position);
                }
            });
            attempt(smallest, |program| {
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
