//! The statements, by what they write and what follows.
//!
//! Another statement is another [`Case`] in one of these files.

mod inserts;
mod updates;
mod deletes;
mod closures;
mod groups;

use relata::engine::{Database, Row, Transaction};
use relata::error::Result;
use relata::expr::{Expr, all};
use relata::value::Value;

use crate::faults::world::BY_ACTION;
use crate::faults::{Case, Faults};

/// All of them.
pub fn all_cases() -> Vec<Case> {
    let mut cases = inserts::cases();
    cases.extend(updates::cases());
    cases.extend(deletes::cases());
    cases.extend(closures::cases());
    cases.extend(groups::cases());
    cases
}

/// A statement that needs no rows of its own.
macro_rules! case {
    ($name:literal, $statement:expr) => {
        Case {
            name: $name,
            prepare: |_| Box::new($statement),
        }
    };
}

use case;

fn everything() -> Expr {
    all([])
}

fn texts<const N: usize>(texts: [&str; N]) -> [Value; N] {
    texts.map(Value::from)
}

fn int_of(row: Row<'_>, column: &str) -> Result<i64> {
    Ok(row.get(column)?.as_int().unwrap_or_default())
}

/// Writes what a closure makes of each row; each call is a step.
fn update_each<'v>(
    tx: &mut Transaction<'_>,
    faults: &Faults,
    table: &str,
    filter: &Expr,
    change: impl Fn(Row<'_>) -> Result<Vec<(&'v str, Value)>>,
) -> Result<()> {
    tx.update_with(table, filter, |row| {
        faults.step()?;
        change(row)
    })
    .map(drop)
}

/// Leaves the groups with children of one action alone.
fn alone(db: &mut Database, table: &str) {
    for (other, _) in BY_ACTION.iter().filter(|(other, _)| *other != table) {
        db.delete(*other, &everything())
            .expect("nothing refers to it");
    }
    db.delete("waiting", &everything())
        .expect("nothing refers to it");
}
