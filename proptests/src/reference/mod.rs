//! What the rules of spec/integrity.md say, in the plainest way there is: vectors, loops, and clones of everything.
//!
//! There is no index, no undo log and no pending set. A statement works on a copy of the state and the copy is taken
//! or thrown away; a savepoint is a copy; every judgement looks at every row. That a full look is the same as looking
//! at what was touched rests on one thing: before a statement every constraint holds, but for those that wait.
//!
//! One thing about the past is kept, which child row stands under which parent row: only so can be said which of two
//! rows that share a key for a while takes its children along.
//!
//! Nothing here knows relata but for [`Value`], which both sides hold. Values that are chosen by chance are not
//! modelled. `levels` has the actions, `judge` the end of a statement.

pub mod trace;
mod levels;
mod values;
mod judge;
mod upsert;
pub mod by_row;

use std::sync::Arc;

use relata::value::{Timestamp, Value};

use crate::operations::{Constraint, Filter, Statement, Term, Test};
use crate::reference::levels::{Change, Levels, Record};
use crate::reference::trace::Trace;
use crate::shape::{Comparison, DefaultShape, ReferenceShape, Shape, Timing, UniqueShape};

/// A database that is slow and right.
#[derive(Clone, Debug)]
pub struct Reference {
    shape: Arc<Shape>,
    state: State,
    transaction: Option<Open>,
    /// How often each action had children to deal with.
    pub fired: Fired,
}

/// Counts by event, delete first, and by rule: of all keys, then of those that are guarded, then of those to any row.
pub type Fired = [[u64; 5]; 6];

/// Everything that a rollback brings back.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The rows of each table, in order of insertion.
    pub tables: Vec<Vec<Row>>,
    /// The next number of each table.
    pub sequences: Vec<i64>,
    /// The time of the next transaction that asks.
    pub clock: i64,
    /// The time of this transaction, once it has asked.
    now: Option<i64>,
    /// Which references wait for commit, for now.
    deferred: Vec<bool>,
    /// Which unique keys do, by table.
    deferred_uniques: Vec<Vec<bool>>,
    /// For each foreign key, child rows and the parent rows that they stand under.
    owners: Vec<Vec<(u64, u64)>>,
    next_id: u64,
}

/// A row and who it is: actions follow rows, not values (RI-19).
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Who it is.
    pub id: u64,
    /// What it holds, hidden key included.
    pub values: Vec<Value>,
}

#[derive(Clone, Debug)]
struct Open {
    start: State,
    savepoints: Vec<State>,
}

/// What a statement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that it addressed.
    pub addressed: u64,
    /// Changes that actions made.
    pub by_actions: u64,
    /// The primary key of the row of an insert or upsert.
    pub key: Option<Vec<Value>>,
    /// Of those addressed, the rows that are new, different or gone.
    pub changed: u64,
    /// Whether an upsert met a row.
    pub met: bool,
    /// Of rows that may meet one: those that came.
    pub inserted: u64,
    /// Those that met one, which took their values.
    pub updated: u64,
    /// Those that were left out.
    pub skipped: u64,
}

/// Why a statement or a commit failed.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// Everything that is violated. One of it must be reported.
    pub violations: Vec<Violation>,
    /// The sequence of the table has no number left.
    pub sequence_ended: bool,
    /// Two rows met one.
    pub repeated: bool,
    /// Rows addressed and changed by actions until then.
    pub changes: u64,
}

/// A constraint that does not hold, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// What sort.
    pub sort: Sort,
    /// The table that owns the constraint.
    pub table: usize,
    /// The constraint's name; for NOT NULL, the column's.
    pub constraint: String,
    /// The values of its columns; for references the key that is missing or still referenced.
    pub values: Vec<Value>,
    /// The primary key of a row at fault.
    pub row: Vec<Value>,
}

/// The sorts of constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// NOT NULL.
    NotNull,
    /// CHECK.
    Check,
    /// UNIQUE or PRIMARY KEY.
    Unique,
    /// FOREIGN KEY.
    Reference,
    /// ON DELETE RESTRICT or ON UPDATE RESTRICT.
    Restrict,
}

/// The time of the first transaction that asks, and how much later the next one is.
pub const CLOCK_START: i64 = 1_000;
/// Microseconds between two transactions that ask.
pub const CLOCK_STEP: i64 = 10;

impl Reference {
    /// Empty tables.
    pub fn new(shape: Arc<Shape>) -> Self {
        let state = State {
            tables: vec![Vec::new(); shape.tables.len()],
            sequences: vec![1; shape.tables.len()],
            clock: CLOCK_START,
            now: None,
            deferred: vec![false; shape.references.len()],
            deferred_uniques: uniques_that(&shape, |_| false),
            owners: vec![Vec::new(); shape.references.len()],
            next_id: 0,
        };
        Reference {
            shape,
            state,
            transaction: None,
            fired: Default::default(),
        }
    }

    /// The state now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Makes a state the current one, outside of transactions.
    pub fn reset_to(&mut self, state: &State) {
        self.state = state.clone();
        self.end();
    }

    // ---- Transactions ----

    /// Starts a transaction.
    pub fn begin(&mut self) {
        self.transaction = Some(Open {
            start: self.state.clone(),
            savepoints: Vec::new(),
        });
        self.state.now = None;
        self.state.deferred = self
            .shape
            .references
            .iter()
            .map(|reference| reference.timing == Timing::InitiallyDeferred)
            .collect();
        let deferred = |timing| timing == Timing::InitiallyDeferred;
        self.state.deferred_uniques = uniques_that(&self.shape, deferred);
    }

    /// Ends a transaction; it leaves nothing behind if a reference does not hold (RI-52).
    ///
    /// # Errors
    /// All references that do not hold.
    pub fn commit(&mut self) -> Result<(), Vec<Violation>> {
        let violations = self.unmet();
        if !violations.is_empty() {
            self.rollback();
            return Err(violations);
        }
        self.transaction = None;
        self.end();
        Ok(())
    }

    /// Ends a transaction as if it had not been.
    pub fn rollback(&mut self) {
        if let Some(open) = self.transaction.take() {
            self.state = open.start;
        }
        self.end();
    }

    /// What belongs to a transaction is no part of the state between two.
    fn end(&mut self) {
        self.state.now = None;
        self.state.deferred.fill(false);
        self.state.deferred_uniques = uniques_that(&self.shape, |_| false);
    }

    /// The unique keys and references that do not hold now, those that wait included.
    pub fn unmet(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (table, shape) in self.shape.tables.iter().enumerate() {
            for unique in &shape.uniques {
                judge::duplicates(&self.shape, &self.state, table, unique, &mut violations);
            }
        }
        for key in 0..self.shape.references.len() {
            violations.extend(judge::reference(&self.shape, &self.state, key));
        }
        violations
    }

    /// Copies the state.
    pub fn savepoint(&mut self) {
        if let Some(open) = &mut self.transaction {
            open.savepoints.push(self.state.clone());
        }
    }

    /// Goes back to a savepoint, which stays, unlike later ones (RI-54, RI-84).
    pub fn roll_back_to(&mut self, position: usize) {
        if let Some(open) = &mut self.transaction {
            open.savepoints.truncate(position + 1);
            self.state = open.savepoints[position].clone();
        }
    }

    /// Forgets a savepoint and later ones.
    pub fn release(&mut self, position: usize) {
        if let Some(open) = &mut self.transaction {
            open.savepoints.truncate(position);
        }
    }

    /// Lets constraints wait for commit. False if one of them cannot.
    pub fn defer(&mut self, constraints: &[Constraint]) -> bool {
        match self.deferrable(constraints) {
            Some(constraints) => {
                constraints
                    .iter()
                    .for_each(|&it| self.set_waiting(it, true));
                true
            }
            None => false,
        }
    }

    /// Judges constraints now and after each statement. None if one of them cannot wait anyway; if one does not hold,
    /// all wait as before (RI-55).
    pub fn make_immediate(&mut self, constraints: &[Constraint]) -> Option<Vec<Violation>> {
        let constraints = self.deferrable(constraints)?;
        let mut violations = Vec::new();
        for constraint in &constraints {
            match *constraint {
                Constraint::Reference(key) => {
                    violations.extend(judge::reference(&self.shape, &self.state, key));
                }
                Constraint::Unique(table, key) => {
                    let unique = &self.shape.tables[table].uniques[key];
                    judge::duplicates(&self.shape, &self.state, table, unique, &mut violations);
                }
            }
        }
        if violations.is_empty() {
            constraints
                .iter()
                .for_each(|&it| self.set_waiting(it, false));
        }
        Some(violations)
    }

    fn set_waiting(&mut self, constraint: Constraint, waits: bool) {
        match constraint {
            Constraint::Reference(key) => self.state.deferred[key] = waits,
            Constraint::Unique(table, key) => self.state.deferred_uniques[table][key] = waits,
        }
    }

    /// The named constraints, or all that can wait if none is named.
    fn deferrable(&self, named: &[Constraint]) -> Option<Vec<Constraint>> {
        let shape = &self.shape;
        let can_wait = |constraint: &Constraint| {
            let timing = match *constraint {
                Constraint::Reference(key) => shape.references[key].timing,
                Constraint::Unique(table, key) => shape.tables[table].uniques[key].timing,
            };
            timing != Timing::Immediate
        };
        if named.is_empty() {
            let references = (0..shape.references.len()).map(Constraint::Reference);
            let tables = shape.tables.iter().enumerate();
            let uniques = tables.flat_map(|(table, shape)| {
                (0..shape.uniques.len()).map(move |key| Constraint::Unique(table, key))
            });
            return Some(references.chain(uniques).filter(can_wait).collect());
        }
        named.iter().all(can_wait).then(|| named.to_vec())
    }

    // ---- Statements ----

    /// Runs a statement: all of it or nothing (RI-60). An open transaction goes on in both cases (RI-83).
    ///
    /// # Errors
    /// Everything that is violated.
    pub fn execute(&mut self, statement: &Statement) -> Result<Outcome, Failure> {
        let before = self.state.clone();
        let outcome = self.run(&before, |reference| reference.address(statement))?;
        let key = outcome.key.clone();
        Ok(Outcome {
            key: key.map(|key| self.key_now(statement, key, &before)),
            ..outcome
        })
    }

    /// Addresses rows and follows what comes of it.
    fn run(
        &mut self,
        before: &State,
        address: impl FnOnce(&mut Self) -> Result<(Outcome, Vec<Change>), Failure>,
    ) -> Result<Outcome, Failure> {
        let result = address(self).and_then(|(mut outcome, level)| {
            let idle = level.iter().filter(|change| !change.is_real()).count() as u64;
            outcome.changed = outcome.addressed - idle;
            let mut levels = Levels::new(&self.shape, before, &mut self.state, &mut self.fired);
            let settled = levels.settle(level);
            outcome.by_actions = levels.by_actions;
            let owners = levels.owners();
            let violations = match settled {
                Ok(()) => judge::state(&self.shape, &self.state),
                Err(violations) => violations,
            };
            if violations.is_empty() {
                self.state.owners = owners;
                return Ok(outcome);
            }
            Err(Failure {
                violations,
                changes: outcome.addressed + outcome.by_actions,
                ..Failure::default()
            })
        });
        if result.is_err() {
            self.state = before.clone();
        }
        result
    }

    /// What a statement would do on its way, RESTRICT or not. Nothing changes.
    pub fn trace(&self, statement: &Statement) -> Trace {
        let mut copy = self.clone();
        let (level, failed) = match copy.address(statement) {
            Ok((_, level)) => (level, Vec::new()),
            Err(failure) => (Vec::new(), failure.violations),
        };
        let addressed = level.iter().map(|change| (change.table, change.id));
        let addressed = addressed.collect();
        let mut levels = Levels::new(&self.shape, &self.state, &mut copy.state, &mut copy.fired);
        levels.record = Some(Record::default());
        let settled = levels.settle(level);
        let record = levels.record.take().unwrap_or_default();
        let mut violations = failed;
        violations.extend(settled.err().unwrap_or_default());
        violations.extend(record.refused);
        violations.extend(judge::state(&self.shape, &copy.state));
        Trace {
            before: self.state.clone(),
            after: copy.state,
            addressed,
            images: record.images,
            events: record.events,
            violations,
        }
    }

    /// The key of the row of an upsert, which an action that came back to it may have changed.
    fn key_now(&self, statement: &Statement, key: Vec<Value>, before: &State) -> Vec<Value> {
        let Statement::Upsert { table, .. } = statement else {
            return key;
        };
        let has_key = |row: &&Row| key_of(&self.shape, *table, row) == key;
        let Some(met) = before.tables[*table].iter().find(has_key) else {
            return key;
        };
        let mut rows = self.state.tables[*table].iter();
        let row = rows.find(|row| row.id == met.id);
        row.map_or(key, |row| key_of(&self.shape, *table, row))
    }

    /// Changes the rows that the statement addresses: level 0 (RI-15).
    fn address(&mut self, statement: &Statement) -> Result<(Outcome, Vec<Change>), Failure> {
        let mut outcome = Outcome::default();
        let mut level = Vec::new();
        match statement {
            Statement::Insert { table, cells } => {
                outcome.key = Some(self.insert(*table, cells)?);
                outcome.addressed = 1;
            }
            Statement::InsertMany {
                table,
                columns,
                rows,
            } => {
                for row in rows {
                    let cells: Vec<_> = columns.iter().copied().zip(row.iter().cloned()).collect();
                    self.insert(*table, &cells)?;
                }
                outcome.addressed = rows.len() as u64;
            }
            Statement::Upsert { table, cells } => {
                outcome.addressed = 1;
                outcome.key = Some(match self.find(*table, cells) {
                    Some(row) => {
                        let primary = self.shape.tables[*table].primary();
                        let others = cells.iter().filter(|(column, _)| !primary.contains(column));
                        let assignments: Vec<_> = others
                            .map(|(column, value)| (*column, Term::Constant(value.clone())))
                            .collect();
                        outcome.met = true;
                        level.push(self.update(*table, row, &assignments));
                        key_of(&self.shape, *table, &self.state.tables[*table][row])
                    }
                    None => self.insert(*table, cells)?,
                });
            }
            Statement::Meet(upsert) => return self.upsert(upsert),
            Statement::Update {
                table,
                filter,
                assignments,
            } => {
                for row in self.selected(*table, filter) {
                    level.push(self.update(*table, row, assignments));
                }
                outcome.addressed = level.len() as u64;
            }
            Statement::Delete { table, filter } => {
                let rows = self.selected(*table, filter);
                for row in rows.into_iter().rev() {
                    let gone = self.state.tables[*table].remove(row);
                    level.push(Change::delete(*table, gone));
                }
                outcome.addressed = level.len() as u64;
            }
        }
        Ok((outcome, level))
    }

    fn insert(&mut self, table: usize, cells: &[(usize, Value)]) -> Result<Vec<Value>, Failure> {
        let shape = self.shape.clone();
        let mut values = Vec::new();
        for column in 0..shape.tables[table].columns.len() {
            values.push(self.filled(table, column, cells)?);
        }
        note_number(&shape, &mut self.state, table, &values);
        let row = Row {
            id: self.state.next_id,
            values,
        };
        self.state.next_id += 1;
        let key = key_of(&shape, table, &row);
        self.state.tables[table].push(row);
        Ok(key)
    }

    /// What a column gets: the cell that is given, or else the default.
    fn filled(
        &mut self,
        table: usize,
        column: usize,
        cells: &[(usize, Value)],
    ) -> Result<Value, Failure> {
        let shape = self.shape.clone();
        let given = cells.iter().find(|(other, _)| *other == column);
        // The rules leave it open what a null is for a sequence; relata takes it for no value.
        let generated = shape.tables[table].auto_increment == Some(column);
        let given = given.filter(|(_, value)| !(generated && value.is_null()));
        Ok(
            match (given, &shape.tables[table].columns[column].default) {
                (Some((_, value)), _) => value.clone(),
                (None, DefaultShape::Null) => Value::Null,
                (None, DefaultShape::Constant(value)) => value.clone(),
                (None, DefaultShape::Now) => self.now(),
                (None, DefaultShape::AutoIncrement) => self.next_number(table)?,
            },
        )
    }

    /// All assignments read the old row (RI-61).
    fn update(&mut self, table: usize, row: usize, assignments: &[(usize, Term)]) -> Change {
        let shape = self.shape.clone();
        let row = &mut self.state.tables[table][row];
        let (id, old) = (row.id, row.values.clone());
        for (column, term) in assignments {
            row.values[*column] = term.value(&shape, &old);
        }
        Change {
            table,
            id,
            old,
            new: Some(row.values.clone()),
        }
    }

    /// The row that has the primary key that these cells give, if they give all of it.
    fn find(&self, table: usize, cells: &[(usize, Value)]) -> Option<usize> {
        let mut key = Vec::new();
        for primary in self.shape.tables[table].primary() {
            let (_, value) = cells.iter().find(|(column, _)| column == primary)?;
            key.push(value.clone());
        }
        let rows = &self.state.tables[table];
        rows.iter()
            .position(|row| key_of(&self.shape, table, row) == key)
    }

    /// The rows that a filter selects, by position.
    pub fn selected(&self, table: usize, filter: &Filter) -> Vec<usize> {
        let rows = self.state.tables[table].iter().enumerate();
        rows.filter(|(_, row)| matches(filter, &row.values))
            .map(|(position, _)| position)
            .collect()
    }

    fn now(&mut self) -> Value {
        let now = self.state.now.unwrap_or_else(|| {
            self.state.clock += CLOCK_STEP;
            self.state.clock - CLOCK_STEP
        });
        self.state.now = Some(now);
        Value::Timestamp(Timestamp::from_micros(now))
    }

    fn next_number(&mut self, table: usize) -> Result<Value, Failure> {
        let number = self.state.sequences[table];
        let Some(next) = number.checked_add(1) else {
            // Rows before this one may be refused first.
            return Err(Failure {
                violations: judge::rows(&self.shape, &self.state),
                sequence_ended: true,
                ..Failure::default()
            });
        };
        self.state.sequences[table] = next;
        Ok(Value::Int(number))
    }
}

impl State {
    /// The rows of a table in primary-key order.
    pub fn in_key_order(&self, shape: &Shape, table: usize) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.tables[table].iter().collect();
        rows.sort_by_key(|row| key_of(shape, table, row));
        rows
    }
}

impl Term {
    /// What is assigned to a row that was like this.
    fn value(&self, shape: &Shape, old: &[Value]) -> Value {
        match self {
            Term::Constant(value) => value.clone(),
            Term::Column(column) => old[*column].clone(),
            Term::Successor(column) => shape.successor(&old[*column]),
            Term::Swap(column, a, b) if old[*column] == *a => b.clone(),
            Term::Swap(column, a, b) if old[*column] == *b => a.clone(),
            Term::Swap(column, ..) => old[*column].clone(),
        }
    }
}

/// The primary key of a row.
pub fn key_of(shape: &Shape, table: usize, row: &Row) -> Vec<Value> {
    project(&row.values, shape.tables[table].primary())
}

/// Whether a filter is true for a row; unknown is not.
fn matches(filter: &Filter, values: &[Value]) -> bool {
    filter.iter().all(|(column, test)| match test {
        Test::Compare(comparison, value) => {
            compare(&values[*column], *comparison, value) == Some(true)
        }
        Test::IsNull => values[*column].is_null(),
        Test::OneOf(list) => !values[*column].is_null() && list.contains(&values[*column]),
    })
}

/// Whether a row with these values takes part in a unique key.
fn takes_part(unique: &UniqueShape, values: &[Value]) -> bool {
    let part = unique.part.as_ref();
    part.is_none_or(|part| {
        compare(&values[part.column], part.comparison, &part.value) == Some(true)
    })
}

/// For each unique key of each table, whether its timing is such.
fn uniques_that(shape: &Shape, such: impl Fn(Timing) -> bool) -> Vec<Vec<bool>> {
    let tables = shape.tables.iter();
    tables
        .map(|table| {
            table
                .uniques
                .iter()
                .map(|unique| such(unique.timing))
                .collect()
        })
        .collect()
}

/// Unknown if a side is null.
fn compare(left: &Value, comparison: Comparison, right: &Value) -> Option<bool> {
    if left.is_null() || right.is_null() {
        return None;
    }
    Some(match comparison {
        Comparison::Equal => left == right,
        Comparison::Unequal => left != right,
        Comparison::Less => left < right,
        Comparison::AtLeast => left >= right,
    })
}

fn project(values: &[Value], columns: &[usize]) -> Vec<Value> {
    columns
        .iter()
        .map(|&column| values[column].clone())
        .collect()
}

/// The key that a child row holds, if no part of it is null (RI-2) and its guard is true (BY-11).
fn child_key(reference: &ReferenceShape, values: &[Value]) -> Option<Vec<Value>> {
    if let Some((column, wanted)) = &reference.guard
        && values[*column] != *wanted
    {
        return None;
    }
    let key = project(values, &reference.child_columns);
    (!key.iter().any(Value::is_null)).then_some(key)
}

/// The key that a parent row offers, if no part of it is null (RI-4).
fn parent_key(reference: &ReferenceShape, values: &[Value]) -> Option<Vec<Value>> {
    let key = project(values, &reference.parent_columns);
    (!key.iter().any(Value::is_null)).then_some(key)
}

/// A number that an insert gave is not generated after it. One that an update gave may be.
fn note_number(shape: &Shape, state: &mut State, table: usize, values: &[Value]) {
    let column = shape.tables[table].auto_increment;
    if let Some(Value::Int(number)) = column.map(|column| &values[column]) {
        let next = &mut state.sequences[table];
        *next = (*next).max(number.saturating_add(1));
    }
}
