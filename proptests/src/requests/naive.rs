//! The answer to a request, by looking at every row: from the rules, with vectors, loops and recursion.
//!
//! It knows nothing of how relata reads: of it, only [`Value`] is used. A request is [settled](crate::requests::settle)
//! first. Besides the tree it gives the numbers of the rows, which is what another engine is asked for.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Write;

use relata::value::Value;

use crate::requests::request::{Body, Filter, Include, Order, Request};
use crate::requests::tree::{Below, Tree};
use crate::requests::world::{Association, Junction, Key, Model, Row, Sort, World};

/// What a request must give.
#[derive(Debug)]
pub struct Answer {
    /// Its rows, in order.
    pub trees: Vec<Tree>,
    /// The same by the numbers of rows: `(7:2[(1)(3)]#4)` is row 7, by row 2 of the junction, with two rows below and
    /// four counted.
    pub numbers: String,
    /// How many roots there are, whatever limit and offset say.
    pub count: usize,
}

/// How many rows may be looked at for one request.
const LOOKS_MAX: usize = 400_000;

/// How many rows an answer may have, at all levels.
const ROWS_MAX: usize = 1_500;

/// Rows of a model by their numbers, with that of the junction's row that led there.
type Found = (usize, Option<usize>);

struct Naive<'w> {
    world: &'w World,
    looks_left: Cell<usize>,
    rows_left: Cell<usize>,
}

/// What a settled request must give; none if that is too much.
pub fn answer(world: &World, request: &Request) -> Option<Answer> {
    let naive = Naive {
        world,
        looks_left: Cell::new(LOOKS_MAX),
        rows_left: Cell::new(ROWS_MAX),
    };
    let model = &world.models[request.model];
    let numbers = 0..model.rows.len();
    let mut found: Vec<Found> = numbers
        .filter(|&number| naive.qualifies(model, &request.body, &model.rows[number]))
        .map(|number| (number, None))
        .collect();
    let count = found.len();
    // BY-4: paging comes after filters, what is required, and the order.
    naive.sort(model, None, &request.body.order, &mut found);
    let found = cut(found, &request.body);
    let mut numbers = String::new();
    let trees = naive.trees(model, None, &request.body, &found, &mut numbers);
    (naive.looks_left.get() > 0 && naive.rows_left.get() > 0).then_some(Answer {
        trees,
        numbers,
        count,
    })
}

impl Naive<'_> {
    /// Whether a row is seen, passes the filters, and has everything that is required below it (EL-21 to EL-24, BY-7).
    fn qualifies(&self, model: &Model, body: &Body, row: &Row) -> bool {
        self.look();
        is_seen(model, body.with_deleted, row)
            && body.filters.iter().all(|filter| filter.is_true(row))
            && body.includes.iter().all(|include| {
                include.required != Some(true) || !self.below(include, row).is_empty()
            })
    }

    /// The targets below a row that qualify: not ordered, not cut (BY-3: limits never decide who qualifies).
    fn below(&self, include: &Include, row: &Row) -> Vec<Found> {
        let association = &self.world.associations[include.association];
        let target = &self.world.models[association.target];
        let mut found = self.associated(association, include, row);
        found.retain(|&(number, _)| {
            let row = &target.rows[number];
            in_scope(association, row) && self.qualifies(target, &include.body, row)
        });
        found
    }

    fn associated(&self, association: &Association, include: &Include, row: &Row) -> Vec<Found> {
        if self.looks_left.get() == 0 {
            return Vec::new();
        }
        let key = &association.key;
        match &association.sort {
            Sort::BelongsTo => {
                let found = self.rows(association.target, |it| joined(key, row, it));
                found.map(|number| (number, None)).collect()
            }
            Sort::HasOne | Sort::HasMany => {
                let found = self.rows(association.target, |it| joined(key, it, row));
                found.map(|number| (number, None)).collect()
            }
            Sort::BelongsToMany(junction) => self.linked(association, junction, include, row),
        }
    }

    /// EL-28, SC-4: by rows of the junction that are seen, within its scope, and pass the filters on it. One for each
    /// link: where pairs repeat, BTM-17 would have an include give the target once; relata gives what the getter gives.
    fn linked(
        &self,
        association: &Association,
        junction: &Junction,
        include: &Include,
        row: &Row,
    ) -> Vec<Found> {
        let model = &self.world.models[junction.model];
        let mut found = Vec::new();
        let links = self.rows(junction.model, |link| {
            joined(&association.key, link, row)
                && is_seen(model, include.through_with_deleted, link)
                && has_cells(link, &junction.scope)
                && include.through_filters.iter().all(|it| it.is_true(link))
        });
        for link in links {
            let cells = &model.rows[link];
            let targets = self.rows(association.target, |it| joined(&junction.other, cells, it));
            found.extend(targets.map(|number| (number, Some(link))));
        }
        found
    }

    fn rows(&self, model: usize, is: impl Fn(&Row) -> bool) -> impl Iterator<Item = usize> {
        let rows = self.world.models[model].rows.iter().enumerate();
        rows.filter(move |(_, row)| {
            self.look();
            is(row)
        })
        .map(|(number, _)| number)
    }

    fn trees(
        &self,
        model: &Model,
        junction: Option<(&Model, Option<&[usize]>)>,
        body: &Body,
        found: &[Found],
        numbers: &mut String,
    ) -> Vec<Tree> {
        let mut trees = Vec::new();
        for &(number, link) in found {
            if self.rows_left.get() == 0 {
                break;
            }
            self.rows_left.set(self.rows_left.get() - 1);
            let row = &model.rows[number];
            _ = write!(numbers, "({number}");
            if let Some(link) = link {
                _ = write!(numbers, ":{link}");
            }
            let through = junction.zip(link).map(|((junction, shown), link)| {
                let values = values(junction, shown, &junction.rows[link]);
                (junction.name.clone(), values)
            });
            let mut below = Vec::new();
            for include in body.includes.iter().filter(|it| it.body.is_shown()) {
                let alias = &self.world.associations[include.association].alias;
                below.push((alias.clone(), self.include(include, row, numbers)));
            }
            let mut counts = Vec::new();
            for counted in &body.counts {
                let association = &self.world.associations[counted.association];
                let count = self.below(counted, row).len();
                let count = if association.is_single() {
                    count.min(1)
                } else {
                    count
                };
                _ = write!(numbers, "#{count}");
                counts.push((association.alias.clone(), count));
            }
            numbers.push(')');
            trees.push(Tree {
                values: values(model, body.attributes.as_deref(), row),
                // EL-15: none of its columns, no row of the junction.
                through: through.filter(|(_, values)| !values.is_empty()),
                below,
                counts,
            });
        }
        trees
    }

    fn include(&self, include: &Include, row: &Row, numbers: &mut String) -> Below {
        let association = &self.world.associations[include.association];
        let target = &self.world.models[association.target];
        let junction = association.junction();
        let junction = junction.map(|junction| &self.world.models[junction.model]);
        let mut found = self.below(include, row);
        self.sort(target, junction, &include.body.order, &mut found);
        if association.is_single() {
            // D23: one, the first.
            found.truncate(1);
        }
        let found = cut(found, &include.body);
        numbers.push('[');
        let junction = junction.map(|it| (it, include.through_attributes.as_deref()));
        let mut trees = self.trees(target, junction, &include.body, &found, numbers);
        numbers.push(']');
        match association.is_single() {
            true => Below::One(trees.pop().map(Box::new)),
            false => Below::Many(trees),
        }
    }

    /// BY-1, BY-2: by what is said, then by primary key, then by that of the junction.
    fn sort(&self, model: &Model, junction: Option<&Model>, order: &[Order], found: &mut [Found]) {
        found.sort_by(|&(a, a_link), &(b, b_link)| {
            let said = order.iter().map(|order| {
                let column = order.column;
                by(order, &model.rows[a][column], &model.rows[b][column])
            });
            said.fold(Ordering::Equal, Ordering::then)
                .then_with(|| by_key(model, a, b))
                .then_with(|| match (junction, a_link, b_link) {
                    (Some(junction), Some(a), Some(b)) => by_key(junction, a, b),
                    _ => Ordering::Equal,
                })
        });
    }

    fn look(&self) {
        self.looks_left.set(self.looks_left.get().saturating_sub(1));
    }
}

/// PA-1.
fn is_seen(model: &Model, with_deleted: bool, row: &Row) -> bool {
    with_deleted
        || model
            .deleted_at()
            .is_none_or(|column| row[column].is_null())
}

/// SC-1, SC-2, SC-6.
fn in_scope(association: &Association, row: &Row) -> bool {
    let condition: Option<&Filter> = association.condition.as_ref();
    has_cells(row, &association.scope) && condition.is_none_or(|it| it.is_true(row))
}

fn has_cells(row: &Row, cells: &[(usize, Value)]) -> bool {
    cells.iter().all(|(column, value)| row[*column] == *value)
}

/// EL-30: a null is equal to nothing.
fn joined(key: &Key, child: &Row, parent: &Row) -> bool {
    let mut pairs = key.columns.iter().zip(&key.refers);
    pairs.all(|(&own, &other)| !child[own].is_null() && child[own] == parent[other])
}

/// EL-31, EL-32.
fn by(order: &Order, a: &Value, b: &Value) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if order.nulls_first() => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if order.nulls_first() => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if order.descending => b.cmp(a),
        (false, false) => a.cmp(b),
    }
}

/// BY-1: rows without a key are ordered by when they were inserted.
fn by_key(model: &Model, a: usize, b: usize) -> Ordering {
    if model.key.is_empty() {
        return a.cmp(&b);
    }
    let key = |row: usize| {
        model
            .key
            .iter()
            .map(move |&column| &model.rows[row][column])
    };
    key(a).cmp(key(b))
}

/// BY-3.
fn cut(found: Vec<Found>, body: &Body) -> Vec<Found> {
    let found = found.into_iter().skip(body.offset.unwrap_or(0));
    found.take(body.limit.unwrap_or(usize::MAX)).collect()
}

/// EL-13.
fn values(model: &Model, shown: Option<&[usize]>, row: &Row) -> Vec<(String, Value)> {
    let all: Vec<usize> = (0..model.columns.len()).collect();
    let shown = shown.unwrap_or(&all).iter();
    shown
        .map(|&column| (model.columns[column].name.clone(), row[column].clone()))
        .collect()
}
