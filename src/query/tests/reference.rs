//! What requests find, read off their definitions by loops over vectors.
//!
//! The reference knows the rows of each table as vectors, goes along an association by comparing columns, and asks each
//! row by itself whether everything required below it is there. A filter or an order over paths is read as a join says it:
//! every combination of rows is written out, and each of them is looked at. It shares the evaluation of a filter, with its
//! answers given, with the query and nothing else.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::association::link::{Association, Hop, Link};
use crate::association::registry::{ModelEntry, ModelId};
use crate::error::Result;
use crate::expr::aggregate::{Aggregate, AggregateFunction};
use crate::expr::{self, Expr, Numbers, Question, Related, Scope, all, col};
use crate::query::criteria::Criteria;
use crate::query::tests::fixture::World;
use crate::query::{Direction, Include, Nulls, Order, include};
use crate::value::{DataType, Value};

pub(super) type Row = Vec<Value>;

/// A row of a result with what is below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    pub(super) values: Vec<(String, Value)>,
    pub(super) through: Option<Vec<(String, Value)>>,
    pub(super) below: Vec<(String, Vec<Tree>)>,
    pub(super) counts: Vec<(String, usize)>,
}

pub(super) struct Expected {
    pub(super) shown: Vec<Tree>,
    pub(super) count: usize,
}

/// The rows of every table as vectors.
pub(super) struct Reference<'w> {
    world: &'w World,
    tables: Vec<Vec<Row>>,
    nothing: Criteria,
}

/// A row where a request looks at it: with what is asked of it and below it.
#[derive(Clone, Copy)]
struct Seat<'a> {
    model: &'a ModelEntry,
    criteria: &'a Criteria,
    row: &'a Row,
    /// The junction row that led here.
    pair: Option<&'a Row>,
    junction: Option<&'a ModelEntry>,
}

/// How a chain ends: which rows count in its last step, and whether one to one leads to one row at most.
#[derive(Clone, Copy)]
struct Ending<'a> {
    passes: &'a dyn Fn(&Row) -> bool,
    cuts: bool,
}

impl Seat<'_> {
    fn is(&self, other: &Seat<'_>) -> bool {
        let same = |a: Option<&Row>, b: Option<&Row>| match (a, b) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        std::ptr::eq(self.row, other.row) && same(self.pair, other.pair)
    }
}

/// One row, or none, at the end of each of some paths.
type Line<'a> = BTreeMap<String, Option<Seat<'a>>>;

/// What a filter reads besides its row.
enum Slot {
    /// Of the rows that a question is about; of those only for which it holds.
    Number(Related, bool),
    Column(Place),
}

/// A column at the end of a path; of the row itself where the path is empty.
#[derive(Clone)]
struct Place {
    path: String,
    in_junction: bool,
    ordinal: usize,
}

impl<'w> Reference<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        let tables = world.db.schema().tables().iter().map(|table| {
            let rows = world.db.rows(&table.name).unwrap();
            rows.map(|row| row.columns().map(|(_, value)| value.to_value()).collect())
                .collect()
        });
        Reference {
            world,
            tables: tables.collect(),
            nothing: Criteria::default(),
        }
    }

    pub(super) fn roots(&self, model: &ModelEntry, criteria: &Criteria) -> Expected {
        let seats = self.tables[model.table.index()].iter().map(|row| Seat {
            model,
            criteria,
            row,
            pair: None,
            junction: None,
        });
        let seats: Vec<Seat<'_>> = seats.filter(|it| self.qualifies(*it)).collect();
        let count = seats.len();
        let seats = self.arranged(seats, &criteria.order, criteria, &[], false);
        Expected {
            shown: seats
                .into_iter()
                .map(|seat| self.tree(seat, &criteria.order, &[]))
                .collect(),
            count,
        }
    }

    /// Whether a row passes its filter and has everything that is required below it.
    fn qualifies(&self, seat: Seat<'_>) -> bool {
        self.passes(seat)
            && seat.criteria.includes.iter().all(|include| {
                let required = include
                    .required
                    .unwrap_or(!include.criteria.filters.is_empty());
                !required || !self.below(seat, include, true).is_empty()
            })
    }

    fn passes(&self, seat: Seat<'_>) -> bool {
        !self.surviving(seat).is_empty()
    }

    /// The lines of a row for which its filter is true.
    fn surviving<'a>(&'a self, seat: Seat<'a>) -> Vec<Line<'a>> {
        let filter = all(seat.criteria.filters.iter().cloned());
        self.true_lines(seat, &filter)
    }

    fn true_lines<'a>(&'a self, seat: Seat<'a>, filter: &Expr) -> Vec<Line<'a>> {
        let names = Names::new(self.world, seat.model, seat.junction);
        let bound = filter
            .bind_with(&names, &RefCell::default(), Some(&names))
            .unwrap();
        let slots = names.slots.into_inner();
        let paths = slots.iter().filter_map(|slot| match slot {
            Slot::Column(place) => Some(place.path.clone()),
            Slot::Number(..) => None,
        });
        let numbers: Vec<Value> = slots
            .iter()
            .map(|slot| match slot {
                Slot::Number(related, true_only) => self.answer(seat, related, *true_only),
                Slot::Column(_) => Value::Null,
            })
            .collect();
        let mut lines = self.lines(seat, paths.collect(), None);
        lines.retain(|line| {
            let values = slots.iter().zip(&numbers).map(|(slot, number)| match slot {
                Slot::Number(..) => number.clone(),
                Slot::Column(place) => value_at(seat, place, line),
            });
            let cells: Row = seat.row.iter().cloned().chain(values).collect();
            bound.matches(&cells[..]).unwrap()
        });
        lines
    }

    /// The number of rows that answers a question, or what it says about them.
    fn answer(&self, seat: Seat<'_>, related: &Related, true_only: bool) -> Value {
        let rows = self.asked(seat, related, true_only);
        match &related.question {
            Question::Aggregate(aggregate) => aggregated(aggregate, &rows),
            Question::Any | Question::All(_) | Question::Count => {
                Value::from(i64::try_from(rows.len()).unwrap())
            }
        }
    }

    fn asked<'a>(&'a self, seat: Seat<'a>, related: &Related, true_only: bool) -> Vec<Seat<'a>> {
        let bare = Seat {
            criteria: &self.nothing,
            ..seat
        };
        let mut ends = vec![bare];
        let keys: Vec<&str> = related.path.split('.').collect();
        for (position, key) in keys.iter().enumerate() {
            let mut next = Vec::new();
            for seat in &ends {
                let last = position + 1 == keys.len();
                let cuts = !last || related.question.gives_cell();
                let mut asked = include(*key);
                if last {
                    asked.criteria.filters.extend(related.filter.clone());
                }
                let rows = self.below(*seat, &asked, cuts).into_iter();
                let rows = rows.map(|it| Seat {
                    criteria: &self.nothing,
                    ..it
                });
                let mut rows = self.arranged(rows.collect(), &[], &self.nothing, &[], false);
                if let (true, true, Question::All(condition)) = (last, true_only, &related.question)
                {
                    rows.retain(|it| !self.true_lines(*it, condition).is_empty());
                }
                if seat.model.association(key).unwrap().is_single() && cuts {
                    rows.truncate(1);
                }
                next.extend(rows);
            }
            ends = next;
        }
        ends
    }

    /// Every combination of one row for each path. Below the row itself, what is narrowed by nobody or by some lines.
    fn lines<'a>(
        &'a self,
        seat: Seat<'a>,
        paths: BTreeSet<String>,
        narrowed: Option<&[Vec<Line<'a>>]>,
    ) -> Vec<Line<'a>> {
        let mut closed = BTreeSet::new();
        for path in paths.iter().filter(|path| !path.is_empty()) {
            let ends = path
                .match_indices('.')
                .map(|(at, _)| at)
                .chain([path.len()]);
            closed.extend(ends.map(|end| path[..end].to_owned()));
        }
        let mut lines = vec![Line::new()];
        for path in closed {
            let (parent, key) = match path.rsplit_once('.') {
                Some((parent, key)) => (Some(parent), key),
                None => (None, &*path),
            };
            let mut next = Vec::new();
            for line in lines {
                let below = match parent.map_or(Some(seat), |parent| line[parent]) {
                    None => Vec::new(),
                    Some(above) => {
                        let own = match parent {
                            Some(_) => vec![self.surviving(above)],
                            None => Vec::new(),
                        };
                        self.joined_below(above, key, &own)
                    }
                };
                let mut extended: Vec<Line<'a>> = below
                    .into_iter()
                    .map(|it| {
                        let mut line = line.clone();
                        line.insert(path.clone(), Some(it));
                        line
                    })
                    .collect();
                extended.retain(|line| {
                    let sets = narrowed.unwrap_or_default().iter();
                    let mut sets = sets.filter(|set| has_path(set, &path));
                    sets.all(|set| set.iter().any(|kept| agree(kept, line, &path)))
                });
                if extended.is_empty() {
                    let mut line = line;
                    line.insert(path.clone(), None);
                    extended.push(line);
                }
                next.extend(extended);
            }
            lines = next;
        }
        lines
    }

    /// What is joined below a row: as it is included, if it is; of an association to one, the row that is shown.
    fn joined_below<'a>(
        &'a self,
        seat: Seat<'a>,
        key: &str,
        narrowed: &[Vec<Line<'a>>],
    ) -> Vec<Seat<'a>> {
        let includes = &seat.criteria.includes;
        let below = match includes.iter().find(|it| it.association == key) {
            Some(include) => {
                let below = self.below(seat, include, true);
                (below, &include.criteria)
            }
            None => {
                let below = self.below(seat, &include(key), true).into_iter();
                let below = below.map(|it| Seat {
                    criteria: &self.nothing,
                    ..it
                });
                (below.collect(), &self.nothing)
            }
        };
        let (mut below, criteria) = below;
        below.retain(|it| is_kept(narrowed, key, it));
        if seat.model.association(key).unwrap().is_single() {
            let keys: Vec<Order> = criteria
                .order
                .iter()
                .filter(|order| {
                    !self.is_over_many(seat.model.association(key).unwrap().target, order)
                })
                .cloned()
                .collect();
            below = self.sorted(below, &keys, &[]);
            below.truncate(1);
        }
        below
    }

    /// The targets below a row that qualify, each with its junction row: not ordered, not cut. `cuts` is about the last
    /// step of a chain, if it is one to one.
    fn below<'a>(&'a self, seat: Seat<'a>, include: &Include, cuts: bool) -> Vec<Seat<'a>> {
        // That of the request where it is one of them, so that it lives as long.
        let mut includes = seat.criteria.includes.iter();
        let criteria = includes.find(|it| std::ptr::eq(*it, include));
        let criteria = criteria.map_or(&self.nothing, |it| &it.criteria);
        let row = seat.row;
        let association = seat.model.association(&include.association).unwrap();
        let target = self.model(association.target);
        let passes = |it: &Row| self.own_terms_pass(target, &include.criteria.filters, it);
        let ending = Ending {
            passes: &passes,
            cuts,
        };
        let pairs = self.linked(association, row, &include.through_filters, ending);
        let junction = association.junction().map(|it| self.model(it.model));
        let qualified = pairs.into_iter().filter(|(row, pair)| {
            let seat = Seat {
                model: target,
                criteria: &include.criteria,
                row,
                pair: *pair,
                junction,
            };
            in_scope(&association.scope, row) && self.qualifies(seat)
        });
        qualified
            .map(|(row, pair)| Seat {
                model: target,
                criteria,
                row,
                pair,
                junction,
            })
            .collect()
    }

    /// The targets that an association leads to from a row, each with its junction row; those of a chain each once. Of
    /// several rows below a step to one the lowest key of those that pass counts.
    fn linked(
        &self,
        association: &Association,
        row: &Row,
        through_filters: &[Expr],
        ending: Ending<'_>,
    ) -> Vec<(&Row, Option<&Row>)> {
        let target = self.model(association.target);
        let targets = &self.tables[target.table.index()];
        match &association.link {
            Link::Chain(steps) => {
                let mut rows: Vec<Row> = vec![row.clone()];
                for (position, step) in steps.iter().enumerate() {
                    let (last, model) = (position + 1 == steps.len(), self.model(step.target));
                    let mut next: Vec<Row> = Vec::new();
                    for row in &rows {
                        let mut found = self.linked(step, row, &[], ending);
                        found.retain(|(it, _)| {
                            in_scope(&step.scope, it) && (!last || (ending.passes)(it))
                        });
                        found.sort_by_key(|(it, _)| self.key(model, it));
                        if step.is_single() && (!last || ending.cuts) {
                            found.truncate(1);
                        }
                        next.extend(found.into_iter().map(|(it, _)| it.clone()));
                    }
                    next.sort();
                    next.dedup();
                    rows = next;
                }
                let found = targets.iter().filter(|it| rows.contains(it));
                found.map(|it| (it, None)).collect()
            }
            Link::ToParent(hop) => {
                let targets = targets.iter().filter(|it| joined(hop, row, it));
                targets.map(|it| (it, None)).collect()
            }
            Link::ToChildren(hop) => {
                let targets = targets.iter().filter(|it| joined(hop, it, row));
                targets.map(|it| (it, None)).collect()
            }
            Link::Through(through) => {
                let junction = self.model(through.model);
                let pairs = self.tables[junction.table.index()].iter();
                let pairs = pairs.filter(|pair| {
                    joined(&through.own, pair, row)
                        && in_scope(&through.scope, pair)
                        && self.junction_passes(junction, through_filters, pair)
                });
                pairs
                    .flat_map(|pair| {
                        let targets = targets.iter();
                        let targets = targets.filter(|it| joined(&through.other, pair, it));
                        targets.map(move |it| (it, Some(pair)))
                    })
                    .collect()
            }
        }
    }

    /// Whether the terms are true that are about the row alone.
    fn own_terms_pass(&self, model: &ModelEntry, filters: &[Expr], row: &Row) -> bool {
        let reaches = |it: &Expr| it.reaches(|name| model.find_attribute(name).is_some());
        let terms = filters.iter().flat_map(Expr::terms);
        let own: Vec<Expr> = terms.filter(|it| !reaches(it)).collect();
        self.junction_passes(model, &own, row)
    }

    fn junction_passes(&self, model: &ModelEntry, filters: &[Expr], row: &Row) -> bool {
        let names = Names::new(self.world, model, None);
        filters
            .iter()
            .all(|it| it.bind(&names).unwrap().matches(&row[..]).unwrap())
    }

    /// `narrowed` are lines from this row on of which what is shown below has to be a part.
    fn tree<'a>(&'a self, seat: Seat<'a>, orders: &[Order], narrowed: &[Vec<Line<'a>>]) -> Tree {
        let criteria = seat.criteria;
        let mut narrowed = narrowed.to_vec();
        narrowed.push(self.surviving(seat));
        let includes = criteria.includes.iter().filter(|it| shows(it));
        Tree {
            values: values(seat.model, criteria.attributes.as_deref(), seat.row),
            through: None,
            below: includes
                .map(|it| {
                    let trees = self.trees_below(seat, it, orders, &narrowed);
                    (it.association.clone(), trees)
                })
                .collect(),
            counts: criteria
                .counts
                .iter()
                .map(|it| (it.association.clone(), self.count_below(seat, it)))
                .collect(),
        }
    }

    fn trees_below<'a>(
        &'a self,
        seat: Seat<'a>,
        include: &'a Include,
        orders: &[Order],
        narrowed: &[Vec<Line<'a>>],
    ) -> Vec<Tree> {
        let key = &*include.association;
        let association = seat.model.association(key).unwrap();
        let criteria = &include.criteria;
        let orders: Vec<Order> = match criteria.order.is_empty() {
            false => criteria.order.clone(),
            true => orders
                .iter()
                .filter_map(|order| below_of(order, key))
                .collect(),
        };
        let mut seats = self.below(seat, include, true);
        seats.retain(|it| is_kept(narrowed, key, it));
        let narrowed_below = |seat: &Seat<'a>| -> Vec<Vec<Line<'a>>> {
            let sets = narrowed.iter().filter(|set| has_path(set, key));
            sets.map(|set| lines_below(set, key, seat)).collect()
        };
        let single = association.is_single();
        let own: &[Order] = match single && criteria.order.is_empty() {
            true => &[],
            false => &orders,
        };
        let with: Vec<_> = seats.iter().map(|it| (*it, narrowed_below(it))).collect();
        let seats = self.arranged(seats, own, criteria, &with, single);
        let trees = seats.into_iter().map(|it| {
            let mut tree = self.tree(it, &orders, &narrowed_below(&it));
            tree.through = it.junction.zip(it.pair).map(|(junction, pair)| {
                values(junction, include.through_attributes.as_deref(), pair)
            });
            tree
        });
        trees.collect()
    }

    fn count_below(&self, seat: Seat<'_>, counted: &Include) -> usize {
        let count = self.below(seat, counted, true).len();
        let association = seat.model.association(&counted.association).unwrap();
        match association.is_single() {
            true => count.min(1),
            false => count,
        }
    }

    /// In order and cut: what a limit takes is decided by the keys that no association to many leads to.
    fn arranged<'a>(
        &'a self,
        seats: Vec<Seat<'a>>,
        orders: &[Order],
        criteria: &Criteria,
        narrowed: &[(Seat<'a>, Vec<Vec<Line<'a>>>)],
        single: bool,
    ) -> Vec<Seat<'a>> {
        let Some(model) = seats.first().map(|it| it.model.id) else {
            return seats;
        };
        let taking: Vec<Order> = orders
            .iter()
            .filter(|order| !self.is_over_many(model, order))
            .cloned()
            .collect();
        let mut seats = self.sorted(seats, &taking, narrowed);
        if single {
            seats.truncate(1);
        }
        let seats = cut(seats, criteria);
        match taking.len() == orders.len() {
            true => seats,
            false => self.sorted(seats, orders, narrowed),
        }
    }

    /// By the first of their lines, then by primary key, then by that of the junction row.
    fn sorted<'a>(
        &'a self,
        seats: Vec<Seat<'a>>,
        orders: &[Order],
        narrowed: &[(Seat<'a>, Vec<Vec<Line<'a>>>)],
    ) -> Vec<Seat<'a>> {
        let mut keyed: Vec<(Vec<Value>, Seat<'a>)> = seats
            .into_iter()
            .map(|seat| {
                let inherited = narrowed.iter().find(|(it, _)| it.is(&seat));
                let mut sets = inherited.map_or_else(Vec::new, |(_, sets)| sets.clone());
                sets.push(self.surviving(seat));
                (self.first_line(seat, orders, &sets), seat)
            })
            .collect();
        keyed.sort_by(|(a_keys, a), (b_keys, b)| {
            compare(orders, a_keys, b_keys)
                .then_with(|| self.key(a.model, a.row).cmp(&self.key(b.model, b.row)))
                .then_with(|| match (a.junction, a.pair, b.pair) {
                    (Some(junction), Some(a), Some(b)) => {
                        self.key(junction, a).cmp(&self.key(junction, b))
                    }
                    _ => Ordering::Equal,
                })
        });
        keyed.into_iter().map(|(_, seat)| seat).collect()
    }

    /// The keys of the first of the lines of a row.
    fn first_line<'a>(
        &'a self,
        seat: Seat<'a>,
        orders: &[Order],
        narrowed: &[Vec<Line<'a>>],
    ) -> Vec<Value> {
        let names = Names::new(self.world, seat.model, seat.junction);
        let places: Vec<Place> = orders
            .iter()
            .map(|it| names.place(it.by.as_column().unwrap()))
            .collect();
        let paths = places.iter().map(|it| it.path.clone()).collect();
        let lines = self.lines(seat, paths, Some(narrowed)).into_iter();
        let keys = lines.map(|line| -> Vec<Value> {
            places.iter().map(|it| value_at(seat, it, &line)).collect()
        });
        keys.min_by(|a, b| compare(orders, a, b)).unwrap()
    }

    fn is_over_many(&self, model: ModelId, order: &Order) -> bool {
        let mut model = self.model(model);
        let elements: Vec<&str> = order.by.as_column().unwrap().split('.').collect();
        for element in &elements[..elements.len() - 1] {
            let Ok(association) = model.association(element) else {
                return false;
            };
            if !association.is_single() {
                return true;
            }
            model = self.model(association.target);
        }
        false
    }

    fn key(&self, model: &ModelEntry, row: &Row) -> Vec<Value> {
        let table = self.world.db.schema().table(model.table);
        let columns = table.primary_key().columns.iter();
        columns.map(|&it| row[it as usize].clone()).collect()
    }

    fn model(&self, id: ModelId) -> &'w ModelEntry {
        self.world.registry.model(id)
    }
}

/// What the names in a filter over a model mean.
pub(super) struct Names<'w> {
    world: &'w World,
    model: &'w ModelEntry,
    /// That of the rows that lead here.
    junction: Option<&'w ModelEntry>,
    slots: RefCell<Vec<Slot>>,
}

impl<'w> Names<'w> {
    pub(super) fn new(
        world: &'w World,
        model: &'w ModelEntry,
        junction: Option<&'w ModelEntry>,
    ) -> Self {
        Names {
            world,
            model,
            junction,
            slots: RefCell::default(),
        }
    }

    fn place(&self, name: &str) -> Place {
        self.place_and_type(name).0
    }

    fn place_and_type(&self, name: &str) -> (Place, DataType) {
        let (mut model, mut junction) = (self.model, self.junction);
        let mut path: Vec<&str> = Vec::new();
        let mut in_junction = false;
        let elements: Vec<&str> = name.split('.').collect();
        let (name, elements) = elements.split_last().unwrap();
        for element in elements {
            match model.association(element) {
                Ok(association) => {
                    path.push(element);
                    model = self.world.registry.model(association.target);
                    let through = association.junction();
                    junction = through.map(|it| self.world.registry.model(it.model));
                }
                Err(_) => {
                    in_junction = true;
                    model = junction.unwrap();
                }
            }
        }
        let (ordinal, data_type) = Names::new(self.world, model, None).column(name).unwrap();
        let place = Place {
            path: path.join("."),
            in_junction,
            ordinal: ordinal as usize,
        };
        (place, data_type)
    }

    fn push(&self, slot: Slot) -> u32 {
        let mut slots = self.slots.borrow_mut();
        let table = self.world.db.schema().table(self.model.table);
        slots.push(slot);
        u32::try_from(table.columns.len() + slots.len() - 1).unwrap()
    }
}

impl Scope for Names<'_> {
    fn subject(&self) -> &str {
        &self.model.name
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let ordinal = self.model.find_attribute(name)?.ordinal;
        let table = self.world.db.schema().table(self.model.table);
        Some((ordinal, table.columns[ordinal as usize].data_type))
    }
}

impl expr::Reach for Names<'_> {
    fn column(&self, path: &str) -> Result<(u32, DataType)> {
        let (place, data_type) = self.place_and_type(path);
        Ok((self.push(Slot::Column(place)), data_type))
    }

    fn numbers(&self, related: &Related) -> Result<Numbers> {
        let number = |true_only| self.push(Slot::Number(related.clone(), true_only));
        let of_all = number(false);
        let of_true = match &related.question {
            Question::Any | Question::Count | Question::Aggregate(_) => of_all,
            Question::All(_) => number(true),
        };
        Ok(Numbers { of_all, of_true })
    }

    fn aggregate(&self, related: &Related, aggregate: &Aggregate) -> Result<(u32, DataType)> {
        let end = format!("{}.{}", related.path, column_of(aggregate));
        let data_type = match aggregate.function {
            AggregateFunction::Least | AggregateFunction::Greatest => self.place_and_type(&end).1,
            AggregateFunction::Count | AggregateFunction::Sum => DataType::Int,
            AggregateFunction::Average => DataType::Float,
        };
        Ok((self.push(Slot::Number(related.clone(), false)), data_type))
    }
}

fn column_of(aggregate: &Aggregate) -> &str {
    aggregate.of.as_ref().and_then(Expr::as_column).unwrap()
}

/// An aggregate of a column of rows, without a float among them.
fn aggregated(aggregate: &Aggregate, rows: &[Seat<'_>]) -> Value {
    let values = rows.iter().map(|seat| {
        let ordinal = seat.model.attribute(column_of(aggregate)).unwrap().ordinal;
        seat.row[ordinal as usize].clone()
    });
    let mut values: Vec<Value> = values.filter(|value| !value.is_null()).collect();
    values.sort();
    if aggregate.distinct {
        values.dedup();
    }
    let sum = || -> i64 { values.iter().filter_map(Value::as_int).sum() };
    let count = i64::try_from(values.len()).unwrap();
    match (aggregate.function, count) {
        (AggregateFunction::Count, _) => count.into(),
        (_, 0) => Value::Null,
        (AggregateFunction::Least, _) => values[0].clone(),
        (AggregateFunction::Greatest, _) => values[values.len() - 1].clone(),
        (AggregateFunction::Sum, _) => sum().into(),
        #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
        (AggregateFunction::Average, _) => (sum() as f64 / count as f64).into(),
    }
}

fn value_at(seat: Seat<'_>, place: &Place, line: &Line<'_>) -> Value {
    let seat = match place.path.is_empty() {
        true => Some(seat),
        false => line[&place.path],
    };
    let row = seat.and_then(|seat| match place.in_junction {
        true => seat.pair,
        false => Some(seat.row),
    });
    row.map_or(Value::Null, |row| row[place.ordinal].clone())
}

fn has_path(lines: &[Line<'_>], path: &str) -> bool {
    lines.first().is_some_and(|line| line.contains_key(path))
}

/// Whether two lines have the same rows on the way to a path.
fn agree(a: &Line<'_>, b: &Line<'_>, path: &str) -> bool {
    let ends = path
        .match_indices('.')
        .map(|(at, _)| at)
        .chain([path.len()]);
    ends.map(|end| &path[..end])
        .all(|path| match (a[path], b[path]) {
            (Some(a), Some(b)) => a.is(&b),
            (a, b) => a.is_none() && b.is_none(),
        })
}

fn is_kept(narrowed: &[Vec<Line<'_>>], key: &str, seat: &Seat<'_>) -> bool {
    let mut sets = narrowed.iter().filter(|set| has_path(set, key));
    sets.all(|set| {
        set.iter()
            .any(|line| line[key].is_some_and(|it| it.is(seat)))
    })
}

/// What lines say from one of their rows on.
fn lines_below<'a>(lines: &[Line<'a>], key: &str, seat: &Seat<'a>) -> Vec<Line<'a>> {
    let of_row = lines
        .iter()
        .filter(|line| line[key].is_some_and(|it| it.is(seat)));
    let below = of_row.map(|line| {
        let below = line.iter().filter_map(|(path, it)| {
            let path = path.strip_prefix(key)?.strip_prefix('.')?;
            Some((path.to_owned(), *it))
        });
        below.collect()
    });
    below.collect()
}

/// What an order of a row says about those of an include below it.
fn below_of(order: &Order, key: &str) -> Option<Order> {
    let (first, rest) = order.by.as_column()?.split_once('.')?;
    (first == key).then(|| Order {
        by: col(rest),
        ..order.clone()
    })
}

fn compare(orders: &[Order], a: &[Value], b: &[Value]) -> Ordering {
    let mut order = Ordering::Equal;
    for (by, (a, b)) in orders.iter().zip(a.iter().zip(b)) {
        let nulls_first = match (by.nulls, by.direction) {
            (Some(nulls), _) => nulls == Nulls::First,
            (None, direction) => direction == Direction::Descending,
        };
        order = order.then(match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if nulls_first => Ordering::Less,
            (false, true) if !nulls_first => Ordering::Less,
            (true, false) | (false, true) => Ordering::Greater,
            (false, false) if by.direction == Direction::Descending => b.cmp(a),
            (false, false) => a.cmp(b),
        });
    }
    order
}

fn joined(hop: &Hop, child: &Row, parent: &Row) -> bool {
    let pairs = hop.child_columns.iter().zip(&hop.parent_columns);
    let mut pairs = pairs.map(|(&a, &b)| (&child[a as usize], &parent[b as usize]));
    pairs.all(|(a, b)| !a.is_null() && a == b)
}

fn in_scope(scope: &[(u32, Value)], row: &Row) -> bool {
    scope
        .iter()
        .all(|(ordinal, value)| row[*ordinal as usize] == *value)
}

fn cut<T>(rows: Vec<T>, criteria: &Criteria) -> Vec<T> {
    let rows = rows.into_iter().skip(criteria.offset.unwrap_or(0));
    rows.take(criteria.limit.unwrap_or(usize::MAX)).collect()
}

fn shows(include: &Include) -> bool {
    include
        .criteria
        .attributes
        .as_ref()
        .is_none_or(|it| !it.is_empty())
        || include.criteria.includes.iter().any(shows)
        || !include.criteria.counts.is_empty()
}

fn values(model: &ModelEntry, names: Option<&[String]>, row: &Row) -> Vec<(String, Value)> {
    let all = names_of(model);
    let names = names.unwrap_or(&all).iter();
    names
        .map(|name| {
            let ordinal = model.attribute(name).unwrap().ordinal as usize;
            (name.clone(), row[ordinal].clone())
        })
        .collect()
}

pub(super) fn names_of(model: &ModelEntry) -> Vec<String> {
    let names = model.attributes().iter();
    names.map(|attribute| attribute.name.to_string()).collect()
}
