//! Why two engines parted ways, out of the departures that spec/integrity.md lists in sections 0 and 11.
//!
//! Engines that order the same steps differently can only end differently where the order shows. The trace of the
//! reference tells where that is:
//!
//! 1. A row is *contested* if two things happen to it: the statement addresses it and a key acts on it, or two keys do,
//!    or one does for two events. An action counts by value, whenever in the statement the row had the key that went,
//!    since engines that go by value may catch it then.
//! 2. Two rows *collide* on a unique key if they had it at different times of the statement, or one had it only on the
//!    way.
//! 3. A row is *in the way* of a RESTRICT if it had the key that went, at any time.
//!
//! A row that is not contested has two images, before and after, whatever the order. So without 1 to 3, every order
//! gives the same rows and the same violations, and a difference stays without a name.

use std::collections::BTreeMap;

use relata::value::Value;

use crate::differential::departure::Departure;
use crate::differential::rival::Refusal;
use crate::differential::sql::Dialect;
use crate::reference::Sort;
use crate::reference::trace::{Event, Trace};
use crate::shape::{CheckShape, Operand, ReferenceShape, Rule, Shape};

/// What the other engine did that relata did not do.
#[derive(Clone, Debug)]
pub enum Difference {
    /// It refused for a reason that is none to relata.
    Refused(Refusal),
    /// It did what relata refused, for a reason of this sort.
    Done(Sort),
    /// Other rows stand in these tables.
    Rows(Vec<usize>),
    /// Another number of rows was addressed.
    Count,
    /// It gave up, because actions led to actions too often.
    TooDeep,
}

/// The departure that explains a difference, if there is one.
pub fn classify(
    shape: &Shape,
    dialect: Dialect,
    trace: &Trace,
    difference: &Difference,
) -> Option<Departure> {
    let way = Way::new(shape, trace);
    match difference {
        Difference::Refused(refusal) => match refusal.sort {
            Sort::Unique => way.refused_unique(refusal),
            Sort::NotNull | Sort::Check => way.refused_row(refusal),
            Sort::Reference | Sort::Restrict => way.refused_key(dialect),
        },
        Difference::Done(Sort::Restrict) => way.passed_restrict(dialect),
        Difference::Done(Sort::Reference)
            if dialect == Dialect::Sqlite && way.counts_own_reference_twice() =>
        {
            Some(Departure::OwnReferenceTwice)
        }
        Difference::TooDeep => way.is_caught().then_some(Departure::EndlessRing),
        Difference::Rows(tables) if !tables.iter().all(|&table| way.reaches(table)) => None,
        Difference::Done(_) | Difference::Rows(_) | Difference::Count => way.order(dialect),
    }
}

/// Whether SQLite miscounts references in a statement.
pub fn is_miscounted(shape: &Shape, trace: &Trace) -> bool {
    Way::new(shape, trace).counts_own_reference_twice()
}

/// Whether the order of steps can show in a statement at all.
pub fn order_can_show(shape: &Shape, trace: &Trace) -> bool {
    let way = Way::new(shape, trace);
    way.contested().next().is_some() || way.restricted() || way.collides()
}

/// What the reference saw, by row.
struct Way<'t> {
    shape: &'t Shape,
    trace: &'t Trace,
    images: BTreeMap<(usize, u64), Vec<&'t [Value]>>,
    touched: BTreeMap<(usize, u64), Touched>,
}

/// What happens to a row, if only to write what is there.
#[derive(Debug)]
struct Touched {
    addressed: bool,
    /// Events for which a key acts on it.
    actions: usize,
    /// Whether an action can catch it only because it has changed.
    caught: bool,
}

impl<'t> Way<'t> {
    fn new(shape: &'t Shape, trace: &'t Trace) -> Self {
        let mut images: BTreeMap<(usize, u64), Vec<&[Value]>> = BTreeMap::new();
        let mut add = |row: (usize, u64), values: &'t [Value]| {
            let seen = images.entry(row).or_default();
            if seen.last() != Some(&values) {
                seen.push(values);
            }
        };
        for (table, rows) in trace.before.tables.iter().enumerate() {
            rows.iter()
                .for_each(|row| add((table, row.id), &row.values));
        }
        for image in &trace.images {
            add((image.table, image.id), &image.values);
        }
        for (table, rows) in trace.after.tables.iter().enumerate() {
            rows.iter()
                .for_each(|row| add((table, row.id), &row.values));
        }
        let mut way = Way {
            shape,
            trace,
            images,
            touched: BTreeMap::new(),
        };
        way.touched = way.find_touched();
        way
    }

    fn find_touched(&self) -> BTreeMap<(usize, u64), Touched> {
        let mut touched = BTreeMap::new();
        for (&(table, row), images) in &self.images {
            let addressed = self.trace.addressed.contains(&(table, row));
            let (mut actions, mut caught) = (0, false);
            for event in &self.trace.events {
                let reference = &self.shape.references[event.key];
                let acts = !matches!(event.rule, Rule::NoAction | Rule::Restrict);
                // A row that is gone is not acted on for its own sake.
                let itself = event.deleted && (reference.parent, event.parent) == (table, row);
                if acts && !itself && reference.child == table {
                    let first = images
                        .iter()
                        .position(|image| holds(reference, image, event));
                    actions += usize::from(first.is_some());
                    caught |= first.is_some_and(|position| position > 0);
                }
            }
            if actions > 0 || addressed {
                touched.insert(
                    (table, row),
                    Touched {
                        addressed,
                        actions,
                        caught,
                    },
                );
            }
        }
        touched
    }

    fn contested(&self) -> impl Iterator<Item = (usize, &Touched)> {
        let touched = self.touched.iter();
        touched
            .filter(|(_, touched)| touched.actions + usize::from(touched.addressed) > 1)
            .map(|(&(table, _), touched)| (table, touched))
    }

    /// D-5: two rows have one key, at different times or on the way. D-2: a row may have been what it never was here.
    fn refused_unique(&self, refusal: &Refusal) -> Option<Departure> {
        let table = refusal.table?;
        let uniques = &self.shape.tables[table].uniques;
        let unique = uniques
            .iter()
            .find(|unique| refusal.constraint.as_ref() == Some(&unique.name))?;
        if self.collide_on(table, &unique.columns, unique.nulls_distinct) {
            return Some(Departure::UniqueByRow);
        }
        self.reaches(table).then_some(Departure::OrderOfKeys)
    }

    fn collides(&self) -> bool {
        self.shape.tables.iter().enumerate().any(|(number, table)| {
            let mut uniques = table.uniques.iter();
            uniques.any(|unique| self.collide_on(number, &unique.columns, unique.nulls_distinct))
        })
    }

    fn collide_on(&self, table: usize, columns: &[usize], nulls_distinct: bool) -> bool {
        let mut holders: Vec<(u64, Vec<&Value>)> = Vec::new();
        for (&(_, row), images) in self.images.range((table, 0)..=(table, u64::MAX)) {
            for image in images {
                let key: Vec<&Value> = columns.iter().map(|&column| &image[column]).collect();
                if !nulls_distinct || !key.iter().any(|value| value.is_null()) {
                    holders.push((row, key));
                }
            }
        }
        holders.iter().enumerate().any(|(position, (row, key))| {
            holders[..position]
                .iter()
                .any(|(other, held)| other != row && held == key)
        })
    }

    /// D-3: only a contested row is anything else on the way.
    fn refused_row(&self, refusal: &Refusal) -> Option<Departure> {
        let table = refusal.table?;
        let name = refusal.constraint.as_ref()?;
        let mut checks = self.shape.tables[table].checks.iter();
        let columns = match checks.find(|check| check.name == *name) {
            Some(check) if refusal.sort == Sort::Check => columns_of(check),
            _ => {
                let mut columns = self.shape.tables[table].columns.iter();
                vec![columns.position(|column| column.name == *name)?]
            }
        };
        match self.written_on_the_way(table, &columns) {
            true => Some(Departure::RowsOnTheWay),
            false => self.reaches(table).then_some(Departure::OrderOfKeys),
        }
    }

    /// Whether something that happens to a contested row of the table may write one of the columns.
    fn written_on_the_way(&self, table: usize, columns: &[usize]) -> bool {
        self.contested().any(|(contested, touched)| {
            contested == table
                && (touched.addressed
                    || self.trace.events.iter().any(|event| {
                        let reference = &self.shape.references[event.key];
                        let mut written = reference.child_columns.iter();
                        reference.child == table && written.any(|column| columns.contains(column))
                    }))
        })
    }

    fn refused_key(&self, dialect: Dialect) -> Option<Departure> {
        if dialect == Dialect::Postgres && self.default_vanished() {
            return Some(Departure::VanishedDefault);
        }
        if dialect == Dialect::Sqlite && self.counts_own_reference_twice() {
            return Some(Departure::OwnReferenceTwice);
        }
        if self.restricted() {
            return Some(by_row(dialect, Departure::RestrictByRow));
        }
        self.order(dialect)
    }

    /// RI-13: the children that stood in the way may have moved or gone before, row by row or by another path.
    fn passed_restrict(&self, dialect: Dialect) -> Option<Departure> {
        match self.restricted() {
            true => Some(by_row(dialect, Departure::RestrictByRow)),
            false => self.order(dialect),
        }
    }

    /// Whether a row that something happens to had, at any time, a key that RESTRICT guards.
    fn restricted(&self) -> bool {
        self.trace.events.iter().any(|event| {
            let reference = &self.shape.references[event.key];
            let children = (reference.child, 0)..=(reference.child, u64::MAX);
            event.rule == Rule::Restrict
                && self.images.range(children).any(|(row, images)| {
                    self.touched.contains_key(row)
                        && images.iter().any(|image| holds(reference, image, event))
                })
        })
    }

    /// Whether a row that something happens to has its own reference as its key, now or at another time.
    fn counts_own_reference_twice(&self) -> bool {
        let mut keys = self.shape.references.iter();
        keys.any(|reference| {
            let table = reference.child;
            let rows = self.images.range((table, 0)..=(table, u64::MAX));
            reference.parent == table
                && reference.on_update == Rule::NoAction
                && rows
                    .filter(|(row, _)| self.touched.contains_key(row))
                    .any(|(_, images)| {
                        let mut keys = images.iter().map(|image| key_above(reference, image));
                        keys.any(|key| images.iter().any(|image| has_key(reference, image, &key)))
                    })
        })
    }

    /// D-6: a child whose default is the very key that went.
    fn default_vanished(&self) -> bool {
        self.trace.events.iter().any(|event| {
            let reference = &self.shape.references[event.key];
            let table = &self.shape.tables[reference.child];
            let columns = reference.child_columns.iter();
            event.rule == Rule::SetDefault
                && columns
                    .map(|&column| table.constant_default(column))
                    .eq(event.old.iter().cloned())
        })
    }

    fn order(&self, dialect: Dialect) -> Option<Departure> {
        if self.contested().any(|(_, touched)| touched.actions > 1) {
            return Some(Departure::OrderOfKeys);
        }
        match dialect {
            Dialect::Sqlite => self.contested().next().map(|_| Departure::StatementByRow),
            Dialect::Postgres => self.is_caught().then_some(Departure::CaughtByValue),
        }
    }

    fn is_caught(&self) -> bool {
        self.contested().any(|(_, touched)| touched.caught)
    }

    /// Whether a contested row is in the table, or actions may lead there from one.
    fn reaches(&self, table: usize) -> bool {
        let mut reached: Vec<usize> = self.contested().map(|(table, _)| table).collect();
        let mut position = 0;
        while let Some(&parent) = reached.get(position) {
            position += 1;
            for reference in &self.shape.references {
                let acts = [reference.on_delete, reference.on_update]
                    .iter()
                    .any(|rule| !matches!(rule, Rule::NoAction | Rule::Restrict));
                if acts && reference.parent == parent && !reached.contains(&reference.child) {
                    reached.push(reference.child);
                }
            }
        }
        reached.contains(&table)
    }
}

fn by_row(dialect: Dialect, departure: Departure) -> Departure {
    match dialect {
        Dialect::Sqlite => departure,
        Dialect::Postgres => Departure::OrderOfKeys,
    }
}

fn columns_of(check: &CheckShape) -> Vec<usize> {
    match check.right {
        Operand::Column(column) => vec![check.left, column],
        Operand::Constant(_) => vec![check.left],
    }
}

/// Whether a row has the key that went, with no part null.
fn holds(reference: &ReferenceShape, image: &[Value], event: &Event) -> bool {
    has_key(reference, image, &event.old.iter().collect::<Vec<_>>())
}

fn has_key(reference: &ReferenceShape, image: &[Value], key: &[&Value]) -> bool {
    let mut columns = reference.child_columns.iter().zip(key);
    columns.all(|(&column, &value)| !value.is_null() && image[column] == *value)
}

/// The key that others may refer to.
fn key_above<'v>(reference: &ReferenceShape, image: &'v [Value]) -> Vec<&'v Value> {
    let columns = reference.parent_columns.iter();
    columns.map(|&column| &image[column]).collect()
}
