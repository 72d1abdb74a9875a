//! Shapes and operations in relata's own words.

use std::cell::Cell;
use std::panic;
use std::sync::Arc;

use relata::engine::{
    Affected, Clock, DatabaseOptions, Limits, OnConflict, Row, Transaction, Upserts,
};
use relata::error::{RequestError, Result};
use relata::expr::{Expr, all, col};
use relata::schema::{
    Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, TableDef, UniqueDef,
};
use relata::value::{DataType, Key, Timestamp, Value, ValueRef};

use crate::operations::{Encounter, Fault, Filter, Statement, Term, Test};
use crate::reference::{CLOCK_START, CLOCK_STEP};
use crate::shape::{
    CheckShape, Comparison, DefaultShape, Kind, Operand, ReferenceShape, Rule, Shape, TableShape,
    Timing,
};

/// What is thrown on purpose. It passes the panic hook by.
#[derive(Debug)]
pub struct Deliberate;

thread_local! {
    /// How many calls of a check or a filter go well before one panics.
    static FUSE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Lets the k-th call of a check or filter panic, or none.
pub fn arm(call: Option<usize>) {
    FUSE.set(call);
}

fn burn() {
    if let Some(left) = FUSE.get() {
        FUSE.set((left > 1).then_some(left - 1));
        if left <= 1 {
            panic::resume_unwind(Box::new(Deliberate));
        }
    }
}

/// What a database of this shape starts with.
pub fn options(shape: &Shape) -> DatabaseOptions {
    let limits = Limits::default();
    DatabaseOptions {
        clock: Clock::Stepping {
            next: Timestamp::from_micros(CLOCK_START),
            step_micros: CLOCK_STEP,
        },
        seed: Some(7),
        limits: Limits {
            rows_changed_max: shape.rows_changed_max.unwrap_or(limits.rows_changed_max),
            ..limits
        },
    }
}

/// The schema.
///
/// # Errors
/// If it may not be declared.
pub fn schema(shape: &Shape) -> Result<Schema> {
    let mut builder = Schema::builder();
    for (number, table) in shape.tables.iter().enumerate() {
        let references = shape.references.iter().filter(|key| key.child == number);
        builder = builder.table(table_definition(shape, table, references));
    }
    builder.build()
}

fn table_definition<'s>(
    shape: &Shape,
    table: &TableShape,
    references: impl Iterator<Item = &'s ReferenceShape>,
) -> TableDef {
    let names = |columns: &[usize]| -> Vec<String> {
        columns
            .iter()
            .map(|&column| table.columns[column].name.clone())
            .collect()
    };
    let mut definition = TableDef::new(&table.name);
    for column in &table.columns[..table.visible()] {
        let mut column_definition = ColumnDef::new(&column.name, data_type(column.kind));
        if !column.nullable {
            column_definition = column_definition.not_null();
        }
        definition = definition.column(match &column.default {
            DefaultShape::Null => column_definition,
            DefaultShape::Constant(value) => column_definition.default(value),
            DefaultShape::Now => column_definition.default_now(),
            DefaultShape::AutoIncrement => column_definition.auto_increment(),
        });
    }
    if !table.hidden_key {
        definition = definition.primary_key(names(table.primary()));
    }
    for unique in &table.uniques[1..] {
        let plain = UniqueDef::new(names(&unique.columns)).named(&unique.name);
        let plain = plain.deferrable(deferral(unique.timing));
        let plain = match unique.nulls_distinct {
            true => plain,
            false => plain.nulls_not_distinct(),
        };
        definition = definition.unique(match &unique.part {
            None => plain,
            Some(part) => {
                let column = col(table.columns[part.column].name.as_str());
                plain.filter(compare(column, part.comparison, &part.value))
            }
        });
    }
    for index in &table.indexes {
        let ordered = IndexDef::new(names(&index.columns)).named(&index.name);
        definition = definition.index(if index.hash { ordered.hash() } else { ordered });
    }
    for check in &table.checks {
        definition = definition.check(CheckDef::new(&check.name, check_expr(table, check)));
    }
    for reference in references {
        let parent = &shape.tables[reference.parent];
        let above = reference
            .parent_columns
            .iter()
            .map(|&column| &parent.columns[column].name);
        let mut key = ForeignKeyDef::new(names(&reference.child_columns))
            .references(&parent.name, above)
            .named(&reference.name)
            .on_delete(action(reference.on_delete))
            .on_update(action(reference.on_update))
            .deferrable(deferral(reference.timing));
        if let Some((column, value)) = &reference.guard {
            key = key.guarded(&table.columns[*column].name, value);
        }
        if reference.any_row {
            key = key.to_any_row();
        }
        if let Some(columns) = &reference.on_delete_columns {
            key = key.on_delete_columns(names(columns));
        }
        definition = definition.foreign_key(key);
    }
    definition
}

fn check_expr(table: &TableShape, check: &CheckShape) -> Expr {
    let left = &table.columns[check.left].name;
    if !check.closure {
        let right: Expr = match &check.right {
            Operand::Column(column) => col(table.columns[*column].name.as_str()),
            Operand::Constant(value) => value.into(),
        };
        return compare(col(left.as_str()), check.comparison, right);
    }
    let comparison = check.comparison;
    let mut columns = vec![left.clone()];
    let constant = match &check.right {
        Operand::Column(column) => {
            columns.push(table.columns[*column].name.clone());
            None
        }
        Operand::Constant(value) => Some(value.clone()),
    };
    let test = move |cells: &[ValueRef<'_>]| {
        burn();
        let (left, right) = (
            cells[0],
            constant.as_ref().map_or_else(|| cells[1], Value::as_ref),
        );
        if left.is_null() || right.is_null() {
            return None;
        }
        let order = left.total_cmp(right);
        Some(match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtLeast => order.is_ge(),
        })
    };
    Expr::function(check.name.as_str(), "a closure", columns, Arc::new(test))
}

fn compare(left: Expr, comparison: Comparison, right: impl Into<Expr>) -> Expr {
    match comparison {
        Comparison::Equal => left.eq(right),
        Comparison::Unequal => left.ne(right),
        Comparison::Less => left.lt(right),
        Comparison::AtLeast => left.ge(right),
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Int => DataType::Int,
        Kind::Text => DataType::Text,
        Kind::Uuid => DataType::Uuid,
        Kind::Float => DataType::Float,
        Kind::Bytes => DataType::Bytes,
        Kind::Time => DataType::Timestamp,
    }
}

fn action(rule: Rule) -> Action {
    match rule {
        Rule::NoAction => Action::NoAction,
        Rule::Restrict => Action::Restrict,
        Rule::Cascade => Action::Cascade,
        Rule::SetNull => Action::SetNull,
        Rule::SetDefault => Action::SetDefault,
    }
}

fn deferral(timing: Timing) -> Deferral {
    match timing {
        Timing::Immediate => Deferral::NotDeferrable,
        Timing::InitiallyImmediate => Deferral::InitiallyImmediate,
        Timing::InitiallyDeferred => Deferral::InitiallyDeferred,
    }
}

/// A filter as an expression.
pub fn filter(table: &TableShape, filter: &Filter) -> Expr {
    all(filter.iter().map(|(column, test)| {
        let column = col(table.columns[*column].name.as_str());
        match test {
            Test::Compare(comparison, value) => compare(column, *comparison, value),
            Test::IsNull => column.is_null(),
            Test::OneOf(values) => column.is_in(values),
        }
    }))
}

/// A filter that panics when the fuse has burnt down.
fn fused(table: &TableShape, tests: &Filter) -> Expr {
    let burning = |_: &[ValueRef<'_>]| {
        burn();
        Some(true)
    };
    let columns = [table.columns[0].name.clone()];
    Expr::function("fuse", "fuse", columns, Arc::new(burning)).and(filter(table, tests))
}

/// What a statement gave.
#[derive(Debug)]
pub enum Answer {
    /// The key of a row.
    Key(Key),
    /// Counts.
    Affected(Affected),
    /// Counts of rows that may meet one.
    Upserts(Upserts),
}

/// Runs a statement with a fault at one call of a closure. Panics on purpose come out as panics.
///
/// # Errors
/// What relata says.
pub fn run(
    shape: &Shape,
    transaction: &mut Transaction<'_>,
    statement: &Statement,
    (fault, failing_call): (Fault, usize),
) -> Result<Answer> {
    match statement {
        Statement::Insert { table, cells } => {
            let table = &shape.tables[*table];
            let key = match cells.len() % 2 {
                0 => transaction.insert(&table.name, named(table, cells)),
                _ => insert_prepared(transaction, table, cells),
            };
            key.map(Answer::Key)
        }
        Statement::Upsert { table, cells } => {
            let table = &shape.tables[*table];
            transaction
                .upsert(&table.name, named(table, cells))
                .map(Answer::Key)
        }
        Statement::InsertMany {
            table,
            columns,
            rows,
        } => {
            let table = &shape.tables[*table];
            let names: Vec<&str> = columns.iter().map(|&c| &*table.columns[c].name).collect();
            let rows = (1..).zip(rows).map(|(call, row)| {
                if fault == Fault::Panic && call == failing_call {
                    panic::resume_unwind(Box::new(Deliberate));
                }
                row.clone()
            });
            let affected = transaction.insert_many(&table.name, &names, rows);
            affected.map(Answer::Affected)
        }
        Statement::Meet(upsert) => {
            let table = &shape.tables[upsert.table];
            let names = |columns: &[usize]| -> Vec<&str> {
                columns.iter().map(|&c| &*table.columns[c].name).collect()
            };
            let rows = (1..).zip(&upsert.rows).map(|(call, row)| {
                if fault == Fault::Panic && call == failing_call {
                    panic::resume_unwind(Box::new(Deliberate));
                }
                row.iter().cloned()
            });
            let encounter = match &upsert.encounter {
                Encounter::Skip => OnConflict::skip(),
                Encounter::Update => OnConflict::update(),
                Encounter::Replace => OnConflict::replace(),
                Encounter::Only(columns) => OnConflict::update().only(names(columns)),
            };
            let on_conflict = match upsert.key {
                None => encounter,
                Some(key) => encounter.by_key(&table.uniques[key].name),
            };
            let columns = names(&upsert.columns);
            let upserts =
                transaction.insert_many_on_conflict(&table.name, &columns, rows, &on_conflict);
            upserts.map(Answer::Upserts)
        }
        Statement::Update {
            table,
            filter: tests,
            assignments,
        } => {
            let table = &shape.tables[*table];
            let chosen = chosen(table, tests, fault);
            update(
                shape,
                transaction,
                table,
                tests,
                &chosen,
                assignments,
                (fault, failing_call),
            )
            .map(Answer::Affected)
        }
        Statement::Delete {
            table,
            filter: tests,
        } => {
            let table = &shape.tables[*table];
            let affected = match primary_key(table, tests) {
                Some(key) if fault == Fault::None => transaction.delete_key(&table.name, key),
                _ => transaction.delete(&table.name, &chosen(table, tests, fault)),
            };
            affected.map(Answer::Affected)
        }
    }
}

fn chosen(table: &TableShape, tests: &Filter, fault: Fault) -> Expr {
    match fault {
        Fault::FilterPanic => fused(table, tests),
        _ => filter(table, tests),
    }
}

/// By key, by values or by a closure, as the assignments allow.
fn update(
    shape: &Shape,
    transaction: &mut Transaction<'_>,
    table: &TableShape,
    tests: &Filter,
    filter: &Expr,
    assignments: &[(usize, Term)],
    (fault, failing_call): (Fault, usize),
) -> Result<Affected> {
    let constants: Option<Vec<(usize, Value)>> = assignments
        .iter()
        .map(|(column, term)| match term {
            Term::Constant(value) => Some((*column, value.clone())),
            Term::Column(_) | Term::Successor(_) | Term::Swap(..) => None,
        })
        .collect();
    let by_closure = matches!(fault, Fault::Error | Fault::Panic);
    match (constants, primary_key(table, tests)) {
        (Some(cells), Some(key)) if fault == Fault::None => {
            transaction.update_key(&table.name, key, named(table, &cells))
        }
        (Some(cells), _) if !by_closure => {
            transaction.update(&table.name, filter, named(table, &cells))
        }
        _ => {
            let mut call = 0;
            transaction.update_with(&table.name, filter, |row| {
                call += 1;
                if fault == Fault::Panic && call == failing_call {
                    panic::resume_unwind(Box::new(Deliberate));
                }
                if fault == Fault::Error && call == failing_call {
                    return Err(refusal());
                }
                let assigned = assignments.iter();
                assigned
                    .map(|(column, term)| assign(shape, table, row, *column, term))
                    .collect()
            })
        }
    }
}

fn assign<'t>(
    shape: &Shape,
    table: &'t TableShape,
    row: Row<'_>,
    column: usize,
    term: &Term,
) -> Result<(&'t str, Value)> {
    let old = |column: usize| {
        row.get(&table.columns[column].name)
            .map(|value| value.to_value())
    };
    let value = match term {
        Term::Constant(value) => value.clone(),
        Term::Column(from) => old(*from)?,
        Term::Successor(from) => shape.successor(&old(*from)?),
        Term::Swap(from, a, b) => match old(*from)? {
            value if value == *a => b.clone(),
            value if value == *b => a.clone(),
            value => value,
        },
    };
    Ok((&table.columns[column].name, value))
}

/// What a closure gives that fails on purpose.
pub fn refusal() -> relata::error::Error {
    RequestError::refused("", "on purpose").into()
}

/// The primary key that a filter asks for, if it asks for nothing else.
fn primary_key(table: &TableShape, filter: &Filter) -> Option<Key> {
    let primary = table.primary();
    if table.hidden_key || filter.len() != primary.len() {
        return None;
    }
    let values = primary.iter().map(|wanted| {
        filter.iter().find_map(|(column, test)| match test {
            Test::Compare(Comparison::Equal, value) if column == wanted => Some(value.clone()),
            _ => None,
        })
    });
    values.collect()
}

/// The other way to insert a row.
fn insert_prepared(
    transaction: &mut Transaction<'_>,
    table: &TableShape,
    cells: &[(usize, Value)],
) -> Result<Key> {
    let names = cells
        .iter()
        .map(|(column, _)| &*table.columns[*column].name);
    let insert = transaction.prepare_insert(&table.name, &names.collect::<Vec<_>>())?;
    let values: Vec<Value> = cells.iter().map(|(_, value)| value.clone()).collect();
    Ok(transaction.insert_prepared(&insert, values)?.key())
}

fn named<'t>(table: &'t TableShape, cells: &[(usize, Value)]) -> Vec<(&'t str, Value)> {
    let cells = cells.iter();
    cells
        .map(|(column, value)| (&*table.columns[*column].name, value.clone()))
        .collect()
}
