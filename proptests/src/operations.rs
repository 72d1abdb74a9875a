//! Random operations: statements, transactions, savepoints, snapshots, forks, and faults on purpose.
//!
//! An operation holds its values, so a list of them runs without the choices that made it, and still runs when some
//! are dropped: one that has no meaning where it stands does nothing. Values are drawn as section 11 of the rules
//! proposes: few of them, mostly those of parents that exist; swaps, shifts, self-assignment, column to column.

use relata::value::Value;

use crate::choices::Choices;
use crate::reference::{Row, State};
use crate::shape::{Comparison, DefaultShape, Kind, Shape};

/// One step of a run.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A statement, in the open transaction or as one of its own.
    Run(Statement, Fault),
    /// Starts a transaction.
    Begin,
    /// Ends it.
    Commit,
    /// Undoes it.
    Rollback,
    /// Undoes it by a panic that unwinds out of it.
    Unwind,
    /// Marks a point.
    Savepoint,
    /// Goes back to an open savepoint, counted modulo their number.
    RollbackTo(usize),
    /// Forgets one.
    Release(usize),
    /// Goes back to one that was forgotten.
    StaleSavepoint,
    /// Lets constraints wait, all that can if none is named.
    Defer(Vec<Constraint>),
    /// Judges them now.
    MakeImmediate(Vec<Constraint>),
    /// Keeps a snapshot, within a transaction also of what is not committed.
    Hold,
    /// Drops a snapshot.
    LetGo(usize),
    /// Makes a second database of the current one.
    Fork,
    /// Goes on with another database.
    Switch(usize),
    /// Goes back to a snapshot that was kept.
    ResetTo(usize),
    /// Applies the inverse of the last committed changes, or of that again.
    Undo,
}

/// A constraint that can be told when it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// A foreign key.
    Reference(usize),
    /// A table and a unique key of it.
    Unique(usize, usize),
}

/// A statement. Columns are ordinals.
#[derive(Clone, Debug)]
pub enum Statement {
    /// One row.
    Insert {
        /// Where.
        table: usize,
        /// The cells that are given.
        cells: Vec<(usize, Value)>,
    },
    /// Several rows.
    InsertMany {
        /// Where.
        table: usize,
        /// The columns that are given.
        columns: Vec<usize>,
        /// Their values.
        rows: Vec<Vec<Value>>,
    },
    /// One row, inserted or updated.
    Upsert {
        /// Where.
        table: usize,
        /// The cells that are given.
        cells: Vec<(usize, Value)>,
    },
    /// Several rows, each of which may meet one.
    Meet(Upsert),
    /// The rows that a filter selects.
    Update {
        /// Where.
        table: usize,
        /// Which.
        filter: Filter,
        /// What they get.
        assignments: Vec<(usize, Term)>,
    },
    /// The rows that a filter selects.
    Delete {
        /// Where.
        table: usize,
        /// Which.
        filter: Filter,
    },
}

/// Rows that come, and what is done when one meets a row.
#[derive(Clone, Debug)]
pub struct Upsert {
    /// Where.
    pub table: usize,
    /// The columns that are given.
    pub columns: Vec<usize>,
    /// Their values.
    pub rows: Vec<Vec<Value>>,
    /// The unique key by which rows meet; any if none.
    pub key: Option<usize>,
    /// What is done then.
    pub encounter: Encounter,
}

/// What is done with a row that is there already.
#[derive(Clone, Debug)]
pub enum Encounter {
    /// Nothing: the new row is left out.
    Skip,
    /// It takes what is given.
    Update,
    /// It takes everything but its keys.
    Replace,
    /// It takes these columns.
    Only(Vec<usize>),
}

/// Tests of columns, all of which must be true.
pub type Filter = Vec<(usize, Test)>;

/// A test of one column.
#[derive(Clone, Debug)]
pub enum Test {
    /// Against a constant.
    Compare(Comparison, Value),
    /// For null.
    IsNull,
    /// Against several constants.
    OneOf(Vec<Value>),
}

/// What a column gets, read from the row as it was.
#[derive(Clone, Debug)]
pub enum Term {
    /// A constant.
    Constant(Value),
    /// The value of a column, perhaps itself.
    Column(usize),
    /// The value after that of a column.
    Successor(usize),
    /// The value of a column with two values exchanged: `CASE`.
    Swap(usize, Value, Value),
}

/// What goes wrong on purpose while a statement runs: at the first call, then at the second, and so on, until it goes
/// well because there is no such call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The closure of an update gives an error.
    Error,
    /// The closure of an update, or the iterator of rows of an insert, panics.
    Panic,
    /// A check panics.
    CheckPanic,
    /// A filter panics.
    FilterPanic,
}

/// Where an operation will stand.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// In a transaction.
    pub in_transaction: bool,
    /// Open savepoints.
    pub savepoints: usize,
    /// Snapshots that are kept.
    pub held: usize,
    /// Databases.
    pub worlds: usize,
}

/// Draws one operation.
pub fn draw(shape: &Shape, state: &State, place: Place, choices: &mut Choices) -> Operation {
    let control = choices.below(100);
    if place.in_transaction {
        match control {
            0..=4 => return Operation::Commit,
            5 | 6 => return Operation::Rollback,
            7 => return Operation::Unwind,
            8..=12 => return Operation::Savepoint,
            13..=15 if place.savepoints > 0 => return Operation::RollbackTo(choices.below(8)),
            16 if place.savepoints > 0 => return Operation::Release(choices.below(8)),
            17 => return Operation::StaleSavepoint,
            18 | 19 => return Operation::Defer(draw_constraints(shape, choices)),
            20 | 21 => return Operation::MakeImmediate(draw_constraints(shape, choices)),
            22 => return Operation::Hold,
            _ => {}
        }
    } else {
        match control {
            0..=9 => return Operation::Begin,
            10..=12 => return Operation::Hold,
            13 => return Operation::Fork,
            14 | 15 if place.worlds > 1 => return Operation::Switch(choices.below(8)),
            16 if place.held > 0 => return Operation::ResetTo(choices.below(8)),
            17 if place.held > 2 => return Operation::LetGo(choices.below(8)),
            18 | 19 => return Operation::Undo,
            _ => {}
        }
    }
    let statement = draw_statement(shape, state, choices);
    let fault = draw_fault(&statement, choices);
    Operation::Run(statement, fault)
}

fn draw_constraints(shape: &Shape, choices: &mut Choices) -> Vec<Constraint> {
    if shape.references.is_empty() || choices.percent(60) {
        return Vec::new();
    }
    if shape.enriched && choices.percent(40) {
        let table = choices.below(shape.tables.len());
        let key = choices.below(shape.tables[table].uniques.len());
        return vec![Constraint::Unique(table, key)];
    }
    vec![Constraint::Reference(choices.below(shape.references.len()))]
}

fn draw_fault(statement: &Statement, choices: &mut Choices) -> Fault {
    if !choices.percent(12) {
        return Fault::None;
    }
    match (choices.below(4), statement) {
        (0, Statement::Update { .. }) => Fault::Error,
        (1, Statement::Update { .. } | Statement::InsertMany { .. } | Statement::Meet(_)) => {
            Fault::Panic
        }
        (2, Statement::Update { .. } | Statement::Delete { .. }) => Fault::FilterPanic,
        _ => Fault::CheckPanic,
    }
}

/// Draws one statement.
pub fn draw_statement(shape: &Shape, state: &State, choices: &mut Choices) -> Statement {
    Draw {
        shape,
        state,
        choices,
    }
    .statement()
}

/// What a statement is drawn from.
struct Draw<'d> {
    shape: &'d Shape,
    state: &'d State,
    choices: &'d mut Choices,
}

impl Draw<'_> {
    fn statement(&mut self) -> Statement {
        let table = self.table();
        let rows = self.state.tables[table].len();
        let weights = match rows {
            0 => [60, 25, 10, 2, 2],
            1..=4 => [32, 16, 10, 32, 10],
            5..=16 => [14, 6, 8, 48, 24],
            _ => [4, 2, 4, 30, 60],
        };
        match self.choices.weighted(&weights) {
            0 => Statement::Insert {
                table,
                cells: self.cells(table, false),
            },
            1 => self.insert_many(table),
            2 if self.shape.enriched && self.choices.percent(60) => self.meet(table),
            2 => Statement::Upsert {
                table,
                cells: self.cells(table, true),
            },
            3 => Statement::Update {
                table,
                filter: self.filter(table),
                assignments: self.assignments(table),
            },
            _ => Statement::Delete {
                table,
                filter: self.filter(table),
            },
        }
    }

    /// Mostly one that a foreign key has to do with.
    fn table(&mut self) -> usize {
        let shape = self.shape;
        match self.choices.pick(&shape.references) {
            Some(reference) if self.choices.percent(80) => match self.choices.percent(50) {
                true => reference.parent,
                false => reference.child,
            },
            _ => self.choices.below(shape.tables.len()),
        }
    }

    fn insert_many(&mut self, table: usize) -> Statement {
        let columns = self.given_columns(table);
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for _ in 0..1 + self.choices.below(5) {
            let row = self.fresh_row(table, &rows.clone());
            rows.push(row);
        }
        let rows = rows
            .iter()
            .map(|row| columns.iter().map(|&column| row[column].clone()).collect())
            .collect();
        Statement::InsertMany {
            table,
            columns,
            rows,
        }
    }

    /// Rows that may well meet one.
    fn meet(&mut self, table: usize) -> Statement {
        let shape = &self.shape.tables[table];
        let deciding: Vec<usize> = (0..shape.uniques.len())
            .filter(|&key| shape.can_decide(key))
            .collect();
        let any = deciding.len() == shape.uniques.len() && self.choices.percent(15);
        let key = *self.choices.pick(&deciding).unwrap_or(&0);
        let encounter = match self.choices.below(8) {
            _ if any => Encounter::Skip,
            0 | 1 => Encounter::Skip,
            2..=4 => Encounter::Update,
            5 | 6 => Encounter::Replace,
            _ => Encounter::Only(vec![self.choices.below(shape.visible())]),
        };
        let mut columns = self.given_columns(table);
        for &column in &shape.uniques[key].columns {
            if column < shape.visible() && !columns.contains(&column) && self.choices.percent(80) {
                columns.push(column);
            }
        }
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for _ in 0..1 + self.choices.below(4) {
            let mut row = self.fresh_row(table, &rows.clone());
            let stored = self.choices.pick(&self.state.tables[table]);
            if let Some(stored) = stored.filter(|_| self.choices.percent(55)) {
                for &column in &shape.uniques[key].columns {
                    row[column] = stored.values[column].clone();
                }
            }
            rows.push(row);
        }
        let given = |row: &Vec<Value>| columns.iter().map(|&it| row[it].clone()).collect();
        Statement::Meet(Upsert {
            table,
            rows: rows.iter().map(given).collect(),
            columns,
            key: (!any).then_some(key),
            encounter,
        })
    }

    fn cells(&mut self, table: usize, upsert: bool) -> Vec<(usize, Value)> {
        let mut columns = self.given_columns(table);
        let primary = self.shape.tables[table].primary();
        let mut row = self.fresh_row(table, &[]);
        if upsert && !self.shape.tables[table].hidden_key && self.choices.percent(70) {
            columns.extend(
                primary
                    .iter()
                    .filter(|column| !columns.contains(column))
                    .collect::<Vec<_>>(),
            );
            let existing = self.choices.pick(&self.state.tables[table]);
            if let Some(existing) = existing.filter(|_| self.choices.percent(60)) {
                for &column in primary {
                    row[column] = existing.values[column].clone();
                }
            }
        }
        columns
            .into_iter()
            .map(|column| (column, row[column].clone()))
            .collect()
    }

    /// The columns that a statement names: those without a default nearly always, others often.
    fn given_columns(&mut self, table: usize) -> Vec<usize> {
        let table = &self.shape.tables[table];
        let mut columns = Vec::new();
        for column in 0..table.visible() {
            let left_out = match &table.columns[column].default {
                DefaultShape::AutoIncrement | DefaultShape::Now => 70,
                DefaultShape::Constant(_) => 30,
                DefaultShape::Null if table.columns[column].nullable => 12,
                DefaultShape::Null => 1,
            };
            if !self.choices.percent(left_out) {
                columns.push(column);
            }
        }
        columns
    }

    /// A row that may well stand: other keys than `besides` and the rows of the table, after a few attempts.
    fn fresh_row(&mut self, table: usize, besides: &[Vec<Value>]) -> Vec<Value> {
        let mut row = self.row(table);
        for _ in 0..4 {
            let taken = self.shape.tables[table].uniques.iter().any(|unique| {
                let same = |other: &[Value]| unique.columns.iter().all(|&c| other[c] == row[c]);
                let stored = &self.state.tables[table];
                besides.iter().any(|other| same(other))
                    || stored.iter().any(|other| same(&other.values))
            });
            if !taken || self.choices.percent(15) {
                break;
            }
            row = self.row(table);
        }
        row
    }

    /// A row, hidden column included, with the keys of parents that exist where there are some.
    fn row(&mut self, table: usize) -> Vec<Value> {
        let columns = self.shape.tables[table].columns.len();
        let mut row: Vec<Value> = (0..columns)
            .map(|column| self.value(table, column))
            .collect();
        let mut fixed: Vec<usize> = Vec::new();
        for reference in &self.shape.references {
            if reference.child != table || !self.choices.percent(88) {
                continue;
            }
            // Keys that share columns can only both be met by parents that agree with what is there already.
            let parents: Vec<&Row> = self.state.tables[reference.parent]
                .iter()
                .filter(|parent| {
                    let mut pairs = reference
                        .child_columns
                        .iter()
                        .zip(&reference.parent_columns);
                    pairs.all(|(child, &above)| {
                        !fixed.contains(child) || parent.values[above] == row[*child]
                    })
                })
                .collect();
            if let Some(parent) = self.choices.pick(&parents) {
                for (&child, &above) in reference
                    .child_columns
                    .iter()
                    .zip(&reference.parent_columns)
                {
                    row[child] = parent.values[above].clone();
                }
            } else if let Some(&child) = reference
                .child_columns
                .iter()
                .find(|&&child| self.shape.tables[table].columns[child].nullable)
            {
                row[child] = Value::Null;
            }
            if let Some((column, value)) = &reference.guard
                && !fixed.contains(column)
                && self.choices.percent(70)
            {
                row[*column] = value.clone();
                fixed.push(*column);
            }
            fixed.extend(&reference.child_columns);
        }
        row
    }

    fn value(&mut self, table: usize, column: usize) -> Value {
        let column = &self.shape.tables[table].columns[column];
        if column.nullable && self.choices.percent(12) || self.choices.percent(1) {
            return Value::Null;
        }
        self.place(column.kind)
    }

    fn place(&mut self, kind: Kind) -> Value {
        self.shape
            .value(kind, self.choices.below(self.shape.spread))
    }

    /// A value for a column: of a parent's key if it refers to one.
    fn referring_value(&mut self, table: usize, column: usize) -> Value {
        let mut candidates = Vec::new();
        for reference in self
            .shape
            .references
            .iter()
            .filter(|reference| reference.child == table)
        {
            if let Some(position) = reference.child_columns.iter().position(|&c| c == column) {
                let above = reference.parent_columns[position];
                let parents = self.state.tables[reference.parent].iter();
                candidates.extend(parents.map(|parent| parent.values[above].clone()));
            }
            let guard = reference.guard.iter();
            candidates.extend(guard.filter(|(c, _)| *c == column).map(|(_, v)| v.clone()));
        }
        if self.choices.percent(85)
            && let Some(value) = self.choices.pick(&candidates)
        {
            return value.clone();
        }
        self.value(table, column)
    }

    fn filter(&mut self, table: usize) -> Filter {
        let rows = &self.state.tables[table];
        let visible = self.shape.tables[table].visible();
        match self.choices.below(10) {
            0..=5 => {
                let Some(row) = self.choices.pick(rows) else {
                    return Vec::new();
                };
                let primary = self.shape.tables[table].primary().iter();
                let tests = primary.filter(|&&column| column < visible).map(|&column| {
                    let value = row.values[column].clone();
                    (column, Test::Compare(Comparison::Equal, value))
                });
                tests.collect()
            }
            6 => Vec::new(),
            7 => {
                let column = self.choices.below(visible);
                let kind = self.shape.tables[table].columns[column].kind;
                let list = (0..1 + self.choices.below(3))
                    .map(|_| self.place(kind))
                    .collect();
                vec![(column, Test::OneOf(list))]
            }
            _ => (0..1 + self.choices.below(2))
                .map(|_| self.test(table))
                .collect(),
        }
    }

    fn test(&mut self, table: usize) -> (usize, Test) {
        let column = self.choices.below(self.shape.tables[table].visible());
        let value = self.place(self.shape.tables[table].columns[column].kind);
        let test = match self.choices.below(8) {
            0..=2 => Test::Compare(Comparison::Equal, value),
            3 => Test::Compare(Comparison::Unequal, value),
            4 => Test::Compare(Comparison::Less, value),
            5 => Test::Compare(Comparison::AtLeast, value),
            6 => Test::OneOf(vec![value]),
            _ => Test::IsNull,
        };
        (column, test)
    }

    fn assignments(&mut self, table: usize) -> Vec<(usize, Term)> {
        let shape = self.shape;
        let mut columns: Vec<usize> = Vec::new();
        // Keys that others refer to, and keys that refer: that is where something happens.
        for reference in &shape.references {
            if reference.parent == table && self.choices.percent(35) {
                columns.extend(&reference.parent_columns);
            }
            if reference.child == table && self.choices.percent(20) {
                columns.extend(&reference.child_columns);
            }
            if reference.child == table && self.choices.percent(15) {
                columns.extend(reference.guard.iter().map(|(column, _)| *column));
            }
        }
        if columns.is_empty() || self.choices.percent(10) {
            columns.push(self.choices.below(shape.tables[table].visible()));
        }
        columns.sort_unstable();
        columns.dedup();
        if columns.len() > 1 && self.choices.percent(40) {
            let only = *self.choices.pick(&columns).unwrap_or(&columns[0]);
            columns = vec![only];
        }
        columns
            .into_iter()
            .map(|column| (column, self.term(table, column)))
            .collect()
    }

    fn term(&mut self, table: usize, column: usize) -> Term {
        let columns = &self.shape.tables[table].columns;
        let kind = columns[column].kind;
        let alike: Vec<usize> = (0..self.shape.tables[table].visible())
            .filter(|&other| columns[other].kind == kind)
            .collect();
        match self.choices.below(20) {
            0..=8 => Term::Constant(self.referring_value(table, column)),
            9 | 10 => Term::Constant(self.value(table, column)),
            11 => Term::Column(column),
            12 | 13 => Term::Column(*self.choices.pick(&alike).unwrap_or(&column)),
            14..=16 => Term::Successor(column),
            _ => Term::Swap(column, self.place(kind), self.place(kind)),
        }
    }
}
