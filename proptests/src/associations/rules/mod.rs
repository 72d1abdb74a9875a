//! What the verbs do, by the rules of spec/associations.md (BT, HO, HM, BTM, SC, MX, TX) and spec/beyond.md (BY-10,
//! BY-12), over the naive tables of [`reference`](mod@crate::reference): vectors and loops, no index.
//!
//! A verb is a few statements, one for each table and kind: deletes, then updates, then inserts (BY-12). What was given
//! wrongly is found before any of them. Where several things are wrong, either may be told: a refusal is the list of all.
//!
//! `reading` says what is associated, `children` has the verbs of keys that targets hold, `pairs` those of junctions.

mod reading;
mod arguments;
mod parent;
mod children;
mod pairs;

use std::collections::BTreeMap;

use relata::value::Value;

use crate::associations::graph::Graph;
use crate::associations::layout::{DELETED_AT, Layout, Link, Way};
use crate::associations::steps::{Call, Named, Row, Source, Step, Verb};
use crate::reference::by_row::Cells;
use crate::reference::{self, Failure, Reference};
use crate::shape::Kind;

pub use self::reading::{Found, Tree};

/// A database of associated models that is slow and right.
#[derive(Debug)]
pub struct World {
    /// The graph.
    pub graph: Graph,
    /// What it means.
    pub layout: Layout,
    /// The rows.
    pub reference: Reference,
    /// Every row as it was when it was first seen.
    pub seen: BTreeMap<(usize, Vec<Value>), Vec<Value>>,
    in_transaction: bool,
}

/// What a step gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing worth comparing.
    Done,
    /// Rows, and for each its row of the junction.
    Rows(Vec<Found>),
    /// A number.
    Count(usize),
    /// Yes or no.
    Flag(bool),
    /// The step has no meaning here.
    Meaningless,
    /// The rules leave open what it gives, as long as it gives something.
    Open,
}

/// What may be told as the reason of a refusal: a word for the sort, and the table for a constraint.
pub type Complaint = String;

/// What a step gives, or everything that may be told as the reason why it does not.
pub type Verdict = Result<Answer, Vec<Complaint>>;

/// A source or target as the rows know it.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// A row.
    Row(reference::Row),
    /// An instance whose row is gone, as it was in memory.
    Gone(Vec<Value>),
    /// A key of no row.
    Key(Vec<Value>),
    /// An instance that was never saved.
    Unsaved(Cells),
}

impl World {
    /// Empty tables.
    pub fn new(graph: &Graph) -> Self {
        let layout = Layout::new(graph);
        World {
            reference: Reference::new(layout.shape.clone()),
            graph: graph.clone(),
            layout,
            seen: BTreeMap::new(),
            in_transaction: false,
        }
    }

    /// Does a step: all of it or nothing (TX-1).
    ///
    /// # Errors
    /// What may be told.
    pub fn perform(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Begin => {
                self.reference.begin();
                self.in_transaction = true;
                Ok(Answer::Done)
            }
            Step::Commit => {
                self.in_transaction = false;
                match self.reference.commit() {
                    Ok(()) => Ok(Answer::Done),
                    Err(violations) => Err(self.complaints(&violations)),
                }
            }
            Step::Rollback => {
                self.in_transaction = false;
                self.reference.rollback();
                Ok(Answer::Done)
            }
            _ => self.atomically(|world| world.write(step)),
        }
    }

    /// Remembers rows that were not seen before.
    pub fn look(&mut self) {
        let shape = self.layout.shape.clone();
        for table in 0..shape.tables.len() {
            for row in &self.reference.state().tables[table] {
                let key = reference::key_of(&shape, table, row);
                let seen = self.seen.entry((table, key));
                seen.or_insert_with(|| row.values.clone());
            }
        }
    }

    /// The table of a model.
    pub fn table(&self, model: &str) -> Option<usize> {
        let mut tables = self.layout.shape.tables.iter();
        tables.position(|table| table.name == model)
    }

    /// The position of an association.
    pub fn association(&self, alias: &str) -> Option<usize> {
        let mut all = self.graph.associations.iter();
        all.position(|association| association.alias == alias)
    }

    /// In an open transaction a savepoint, otherwise a transaction.
    fn atomically(&mut self, body: impl FnOnce(&mut Self) -> Verdict) -> Verdict {
        match self.in_transaction {
            true => self.reference.savepoint(),
            false => self.reference.begin(),
        }
        let result = body(self);
        match (self.in_transaction, &result) {
            (true, Ok(_)) => self.reference.release(0),
            (true, Err(_)) => {
                self.reference.roll_back_to(0);
                self.reference.release(0);
            }
            (false, Err(_)) => self.reference.rollback(),
            (false, Ok(_)) => {
                if let Err(violations) = self.reference.commit() {
                    return Err(self.complaints(&violations));
                }
            }
        }
        result
    }

    fn write(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Create { model, values } => {
                let Some(table) = self.table(model) else {
                    return Ok(Answer::Meaningless);
                };
                let cells = self.cells(table, values)?;
                let id = self.insert(table, cells)?;
                Ok(Answer::Rows(vec![self.found(table, id)]))
            }
            Step::Update { row, values } => self.update(row, values),
            Step::Destroy { row, forced } => self.destroy(row, *forced),
            Step::Restore { row } => self.restore(row),
            Step::DestroyWhere {
                model,
                attribute,
                value,
            } => self.destroy_where(model, attribute, value),
            Step::Call(call) => self.call(call),
            Step::EditJunction {
                source,
                association,
                position,
                values,
            } => self.edit_junction(source, association, *position, values),
            Step::Begin | Step::Commit | Step::Rollback => Ok(Answer::Meaningless),
        }
    }

    // ---- Plain writes ----

    fn update(&mut self, row: &Row, values: &Named) -> Verdict {
        let Some(known) = self.known_row(row) else {
            return Ok(Answer::Meaningless);
        };
        let table = self.table(&row.model).expect("it is known");
        let cells = self.cells(table, values)?;
        let Known::Row(row) = known else {
            return Err(request("NotFound"));
        };
        self.update_rows(table, vec![(row.id, cells)])?;
        Ok(Answer::Done)
    }

    fn destroy(&mut self, row: &Row, forced: bool) -> Verdict {
        let Some(known) = self.known_row(row) else {
            return Ok(Answer::Meaningless);
        };
        let table = self.table(&row.model).expect("it is known");
        let Known::Row(row) = known else {
            return Ok(Answer::Count(0));
        };
        match forced {
            true => self.delete_rows(table, vec![row.id])?,
            false if self.is_deleted(table, &row) => return Ok(Answer::Count(0)),
            false => self.destroy_rows(table, vec![row.id])?,
        }
        Ok(Answer::Count(1))
    }

    fn restore(&mut self, row: &Row) -> Verdict {
        let Some(known) = self.known_row(row) else {
            return Ok(Answer::Meaningless);
        };
        let table = self.table(&row.model).expect("it is known");
        let Some(column) = self.column(table, DELETED_AT) else {
            return Err(request("Unsupported"));
        };
        let Known::Row(row) = known else {
            return Err(request("NotFound"));
        };
        self.update_rows(table, vec![(row.id, vec![(column, Value::Null)])])?;
        Ok(Answer::Done)
    }

    /// Whether a row was softly deleted.
    pub(super) fn is_deleted(&self, table: usize, row: &reference::Row) -> bool {
        let column = self.column(table, DELETED_AT);
        column.is_some_and(|column| !row.values[column].is_null())
    }

    /// PA-3: rows that are softly deleted stay, and no action is taken.
    pub(super) fn destroy_rows(
        &mut self,
        table: usize,
        ids: Vec<u64>,
    ) -> Result<(), Vec<Complaint>> {
        let Some(column) = self.column(table, DELETED_AT) else {
            return self.delete_rows(table, ids);
        };
        let rows = self.reference.state().tables[table].iter();
        let there = rows.filter(|row| ids.contains(&row.id) && !self.is_deleted(table, row));
        let mark = |row: &reference::Row| (row.id, vec![(column, Value::from(DELETED))]);
        let marks = there.map(mark).collect();
        self.update_rows(table, marks)
    }

    fn destroy_where(&mut self, model: &str, attribute: &str, value: &Value) -> Verdict {
        let Some((table, column)) = self
            .table(model)
            .and_then(|table| Some((table, self.column(table, attribute)?)))
        else {
            return Ok(Answer::Meaningless);
        };
        self.cells(table, &[(attribute.to_owned(), value.clone())])?;
        let rows = self.reference.state().tables[table].iter();
        let ids: Vec<u64> = rows
            .filter(|row| row.values[column] == *value && !value.is_null())
            .filter(|row| !self.is_deleted(table, row))
            .map(|row| row.id)
            .collect();
        let count = ids.len();
        self.destroy_rows(table, ids)?;
        Ok(Answer::Count(count))
    }

    fn edit_junction(
        &mut self,
        source: &Row,
        association: &str,
        position: usize,
        values: &Named,
    ) -> Verdict {
        let (Some(known), Some(association)) =
            (self.known_row(source), self.association(association))
        else {
            return Ok(Answer::Meaningless);
        };
        let link = self.layout.links[association].clone();
        let (Known::Row(row), Way::Pairs(pairs)) = (known, &link.way) else {
            return Ok(Answer::Meaningless);
        };
        if self.table(&source.model) != Some(link.source) {
            return Ok(Answer::Meaningless);
        }
        let mut targets = self.pairs_of(&link, pairs, &row.values);
        targets.retain(|(target, _)| has_default_scope(&target.values, &link));
        let Some((_, junction)) = targets.get(position) else {
            return Ok(Answer::Meaningless);
        };
        let id = junction.id;
        let cells = self.cells(pairs.junction, values)?;
        self.update_rows(pairs.junction, vec![(id, cells)])?;
        Ok(Answer::Done)
    }

    // ---- Verbs ----

    fn call(&mut self, call: &Call) -> Verdict {
        let Some(association) = self.association(&call.association) else {
            return Ok(Answer::Meaningless);
        };
        let link = self.layout.links[association].clone();
        let Some(source) = self.source(&call.source) else {
            return Ok(Answer::Meaningless);
        };
        let of = match &call.source {
            Source::Row(row) => &row.model,
            Source::Unsaved { model, .. } => model,
        };
        if self.table(of) != Some(link.source) {
            return Ok(Answer::Meaningless);
        }
        let Some(targets) = self.targets(&call.targets) else {
            return Ok(Answer::Meaningless);
        };
        let single = !matches!(
            link.way,
            Way::Pairs(_) | Way::Children { single: false, .. }
        );
        let offered = match call.verb {
            Verb::One => single,
            Verb::Has | Verb::Count | Verb::Add | Verb::Remove => !single,
            Verb::Get | Verb::Set | Verb::Create => true,
        };
        // MX-1, and attributes for a junction where there is none.
        let has_junction = matches!(link.way, Way::Pairs(_));
        if !offered || (!call.attributes.as_ref().is_none_or(Vec::is_empty) && !has_junction) {
            return Err(request("Unsupported"));
        }
        match call.verb {
            Verb::Get | Verb::One | Verb::Has | Verb::Count => {
                self.read(&link, &source, call, &targets)
            }
            Verb::Set | Verb::Add | Verb::Remove | Verb::Create => {
                let mut faults = self.faults(&link, &source, call, &targets);
                if !faults.is_empty() {
                    // A new target may be found wrong before the source is.
                    if let Verb::Create = call.verb {
                        let target = self.new_target(&link, &call.values, &[]);
                        faults.extend(target.err().unwrap_or(request("Unsaved")));
                    }
                    return Err(faults);
                }
                // BT-11: a belongs_to inserts a source that was never saved.
                if let (Way::Parent { key, refers }, Known::Unsaved(_)) = (&link.way, &source) {
                    return self.change_parent(&link, (key, refers), &source, call, &targets);
                }
                let known = source.clone();
                let Known::Row(source) = source else {
                    return Err(request("Unsaved"));
                };
                match &link.way {
                    Way::Parent { key, refers } => {
                        self.change_parent(&link, (key, refers), &known, call, &targets)
                    }
                    Way::Children { key, refers, .. } => {
                        self.change_children(&link, (key, refers), &source, call, &targets)
                    }
                    Way::Pairs(pairs) => self.change_pairs(&link, pairs, &source, call, &targets),
                }
            }
        }
    }

    /// A new target, with the scope over what is given (HO-12, HM-17, BTM-29).
    fn new_target(
        &mut self,
        link: &Link,
        values: &Named,
        forced: &[(usize, Value)],
    ) -> Result<reference::Row, Vec<Complaint>> {
        let mut cells = self.cells(link.target, values)?;
        for (column, value) in forced.iter().chain(&link.scope) {
            cells.retain(|(other, _)| other != column);
            cells.push((*column, value.clone()));
        }
        let id = self.insert(link.target, cells)?;
        Ok(self.row(link.target, id).expect("it was inserted").clone())
    }

    // ---- Statements ----

    fn insert(&mut self, table: usize, cells: Cells) -> Result<u64, Vec<Complaint>> {
        Ok(self.insert_rows(table, vec![cells])?[0])
    }

    fn insert_rows(&mut self, table: usize, rows: Vec<Cells>) -> Result<Vec<u64>, Vec<Complaint>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let result = self.reference.insert_rows(table, &rows);
        result.map_err(|failure| self.failed(&failure))
    }

    fn update_rows(&mut self, table: usize, rows: Vec<(u64, Cells)>) -> Result<(), Vec<Complaint>> {
        if rows.is_empty() {
            return Ok(());
        }
        let result = self.reference.update_rows(table, &rows);
        result.map_err(|failure| self.failed(&failure))
    }

    fn delete_rows(&mut self, table: usize, ids: Vec<u64>) -> Result<(), Vec<Complaint>> {
        if ids.is_empty() {
            return Ok(());
        }
        let result = self.reference.delete_rows(table, &ids);
        result.map_err(|failure| self.failed(&failure))
    }

    fn failed(&self, failure: &Failure) -> Vec<Complaint> {
        self.complaints(&failure.violations)
    }

    fn complaints(&self, violations: &[reference::Violation]) -> Vec<Complaint> {
        let told = violations.iter().map(|violation| {
            let table = &self.layout.shape.tables[violation.table].name;
            format!("{:?} {table}", violation.sort)
        });
        let mut told: Vec<Complaint> = told.collect();
        told.sort();
        told.dedup();
        told
    }

    // ---- Names ----

    /// Values by ordinal (FK-20: a value of another type is an error).
    fn cells(&self, table: usize, values: &[(String, Value)]) -> Result<Cells, Vec<Complaint>> {
        let mut cells = Cells::new();
        let mut faults = Vec::new();
        for (name, value) in values {
            let Some(column) = self.column(table, name) else {
                faults.push("UnknownColumn".to_owned());
                continue;
            };
            if !is_of(value, self.layout.shape.tables[table].columns[column].kind) {
                faults.push("Type".to_owned());
            }
            cells.push((column, value.clone()));
        }
        match faults.is_empty() {
            true => Ok(cells),
            false => Err(faults),
        }
    }

    fn column(&self, table: usize, name: &str) -> Option<usize> {
        let table = &self.layout.shape.tables[table];
        let mut columns = table.columns[..table.visible()].iter();
        columns.position(|column| column.name == name)
    }

    fn row(&self, table: usize, id: u64) -> Option<&reference::Row> {
        let mut rows = self.reference.state().tables[table].iter();
        rows.find(|row| row.id == id)
    }

    fn row_of_key(&self, table: usize, key: &[Value]) -> Option<&reference::Row> {
        let mut rows = self.reference.state().tables[table].iter();
        rows.find(|row| reference::key_of(&self.layout.shape, table, row) == key)
    }
}

/// What stands for the time of a soft deletion.
pub const DELETED: &str = "deleted";

/// SC-11: whether a target is read by default.
fn has_default_scope(values: &[Value], link: &Link) -> bool {
    let scope = link.default_scope.iter();
    scope
        .into_iter()
        .all(|cell| has_cells(values, std::slice::from_ref(cell)))
}

fn request(kind: &str) -> Vec<Complaint> {
    vec![kind.to_owned()]
}

/// Whether a value may stand in a column of a kind.
fn is_of(value: &Value, kind: Kind) -> bool {
    match value {
        Value::Null => true,
        Value::Int(_) => kind == Kind::Int,
        _ => kind == Kind::Text,
    }
}

/// The values of some columns, if none of them is null (D24).
fn full(values: &[Value], columns: &[usize]) -> Option<Vec<Value>> {
    let key = part(values, columns);
    (!key.iter().any(Value::is_null)).then_some(key)
}

/// The values of some columns.
fn part(values: &[Value], columns: &[usize]) -> Vec<Value> {
    let columns = columns.iter();
    columns.map(|&column| values[column].clone()).collect()
}

/// Whether a row has these cells. A null that is asked for is found.
fn has_cells(values: &[Value], cells: &[(usize, Value)]) -> bool {
    cells
        .iter()
        .all(|(column, value)| values[*column] == *value)
}
