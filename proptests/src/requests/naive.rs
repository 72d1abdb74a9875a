//! The answer to a request, by looking at every row: from the rules, with vectors, loops and recursion.
//!
//! It knows nothing of how relata reads: of it, only [`Value`] is used. A request is [settled](crate::requests::settle)
//! first. Besides the tree it gives the numbers of the rows, which is what another engine is asked for.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write;

use relata::value::Value;

use crate::requests::request::{
    Body, Filter, Include, Order, Recursion, Related, RelatedQuestion, Request,
};
use crate::requests::settle;
use crate::requests::tree::{Below, Tree};
use crate::requests::truth::{Sight, compare};
use crate::requests::world::{Association, Chain, Junction, Key, Model, Row, Sort, World};

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
    naive.sort(model, None, &request.body, &mut found);
    let found = cut(found, &request.body);
    let mut numbers = String::new();
    let trees = naive.trees(model, None, &request.body, &found, &mut numbers);
    (naive.looks_left.get() > 0 && naive.rows_left.get() > 0).then_some(Answer {
        trees,
        numbers,
        count,
    })
}

impl<'w> Naive<'w> {
    /// Whether a row is seen, passes the filters, and has everything that is required below it (EL-21 to EL-24, BY-7).
    fn qualifies(&self, model: &Model, body: &Body, row: &Row) -> bool {
        self.look();
        is_seen(model, body.with_deleted, row)
            && body
                .filters
                .iter()
                .all(|filter| self.passes(body, filter, row))
            && body.includes.iter().all(|include| {
                include.required != Some(true) || !self.below(include, row).is_empty()
            })
            && body.owners.iter().all(|owner| {
                // BY-11: an owner of one of the models is an owner.
                let mut members = owner.members.iter();
                !owner.required || members.any(|member| !self.below(member, row).is_empty())
            })
    }

    /// Whether a filter is true of a row; of one that reads columns over an association to many: of the row beside one of
    /// those below it, or beside none if there is none (BY-19, EL-25).
    fn passes(&self, body: &Body, filter: &Filter, row: &Row) -> bool {
        let Some(step) = self.world.to_many(filter) else {
            return filter.holds(&self.seat(body, row));
        };
        let target = &self.world.models[self.world.associations[step].target];
        let include = self.included(body, step);
        let below = self.below(&include, row);
        let beside = |found: Option<&Found>| {
            let below = found.map(|&(number, _)| &target.rows[number]);
            filter.holds(&self.seat(body, row).standing_by(step, below))
        };
        match below.is_empty() {
            true => beside(None),
            false => below.iter().any(|found| beside(Some(found))),
        }
    }

    fn seat<'a>(&'a self, body: &'a Body, row: &'a Row) -> Seat<'a, 'w> {
        Seat {
            naive: self,
            body,
            row,
            beside: None,
        }
    }

    /// What a request includes of an association; all of it that anybody sees if it does not.
    fn included<'a>(&self, body: &'a Body, step: usize) -> Cow<'a, Include> {
        let mut includes = body.includes_and_members();
        match includes.find(|include| include.association == step) {
            Some(include) => Cow::Borrowed(include),
            None => Cow::Owned(settle::bare(self.world, step)),
        }
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
                let guard = self.world.guard(include.association);
                if guard.is_some_and(|(column, value)| row[column] != *value) {
                    return Vec::new();
                }
                let found = self.rows(association.target, |it| joined(key, row, it));
                found.map(|number| (number, None)).collect()
            }
            Sort::HasOne | Sort::HasMany => {
                let found = self.rows(association.target, |it| joined(key, it, row));
                found.map(|number| (number, None)).collect()
            }
            Sort::BelongsToMany(junction) => self.linked(association, junction, include, row),
            Sort::Chain(chain) => self.chained(chain, include, row),
        }
    }

    /// BY-8: what the steps lead to one below the other, each row once. Which of several rows a step to one leads to is said
    /// by its scopes and, of the last step, by what is tested of the row itself: the lowest primary key of those.
    fn chained(&self, chain: &Chain, include: &Include, row: &Row) -> Vec<Found> {
        let (last, way) = chain.steps.split_last().expect("a chain has steps");
        let mut rows = vec![row];
        for &step in way {
            let found = self.stepped(&settle::bare(self.world, step), rows);
            let target = &self.world.models[self.world.associations[step].target];
            rows = found
                .into_iter()
                .map(|number| &target.rows[number])
                .collect();
        }
        let terms = include.body.filters.iter().flat_map(Filter::terms);
        let own = terms.filter(|term| !term.reaches()).cloned().collect();
        let tested = Include {
            association: *last,
            body: Body {
                filters: own,
                with_deleted: include.body.with_deleted,
                ..Body::default()
            },
            ..settle::bare(self.world, *last)
        };
        let found = self.stepped(&tested, rows);
        found.into_iter().map(|number| (number, None)).collect()
    }

    /// The rows of one step below some rows, each once and ascending.
    fn stepped(&self, include: &Include, rows: Vec<&Row>) -> Vec<usize> {
        let association = &self.world.associations[include.association];
        let target = &self.world.models[association.target];
        let mut numbers = BTreeSet::new();
        for row in rows {
            let mut found = self.below(include, row);
            found.sort_by(|(a, _), (b, _)| by_key(target, *a, *b));
            if association.is_single() {
                found.truncate(1);
            }
            numbers.extend(found.into_iter().map(|(number, _)| number));
        }
        numbers.into_iter().collect()
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
        for &found in found {
            if self.rows_left.get() == 0 {
                break;
            }
            trees.push(self.tree(model, junction, body, found, numbers));
        }
        trees
    }

    fn tree(
        &self,
        model: &Model,
        junction: Option<(&Model, Option<&[usize]>)>,
        body: &Body,
        (number, link): Found,
        numbers: &mut String,
    ) -> Tree {
        let mut tree = self.leaf(model, junction, body, (number, link), numbers);
        for include in body.includes.iter().filter(|it| it.body.is_shown()) {
            let alias = &self.world.associations[include.association].alias;
            let shown = self.include(body, include, (model, number), numbers);
            tree.below.push((alias.clone(), shown));
        }
        let row = &model.rows[number];
        for owner in &body.owners {
            let alias = &self.world.owners[owner.owner].alias;
            numbers.push('[');
            let mut trees = Vec::new();
            for member in &owner.members {
                let (found, target) = self.shown(body, member, row);
                trees.extend(self.trees(target, None, &member.body, &found, numbers));
            }
            numbers.push(']');
            tree.below
                .push((alias.clone(), Below::One(trees.pop().map(Box::new))));
        }
        for counted in &body.counts {
            let association = &self.world.associations[counted.association];
            let count = self.below(counted, row).len();
            let count = if association.is_single() {
                count.min(1)
            } else {
                count
            };
            _ = write!(numbers, "#{count}");
            tree.counts.push((association.alias.clone(), count));
        }
        numbers.push(')');
        tree
    }

    /// A row with nothing below it.
    fn leaf(
        &self,
        model: &Model,
        junction: Option<(&Model, Option<&[usize]>)>,
        body: &Body,
        (number, link): Found,
        numbers: &mut String,
    ) -> Tree {
        self.rows_left.set(self.rows_left.get().saturating_sub(1));
        _ = write!(numbers, "({number}");
        if let Some(link) = link {
            _ = write!(numbers, ":{link}");
        }
        let through = junction.zip(link).map(|((junction, shown), link)| {
            let values = values(junction, shown, &junction.rows[link]);
            (junction.name.clone(), values)
        });
        Tree {
            values: values(model, body.attributes.as_deref(), &model.rows[number]),
            // EL-15: none of its columns, no row of the junction.
            through: through.filter(|(_, values)| !values.is_empty()),
            below: Vec::new(),
            counts: Vec::new(),
            again: None,
            reference: None,
        }
    }

    /// The rows of an include below a row that are shown, in order.
    fn shown(&self, body: &Body, include: &Include, row: &Row) -> (Vec<Found>, &'w Model) {
        let association = &self.world.associations[include.association];
        let target = &self.world.models[association.target];
        let junction = association.junction();
        let junction = junction.map(|junction| &self.world.models[junction.model]);
        let mut found = self.below(include, row);
        // BY-19: what a filter reads of them narrows what is shown.
        let step = include.association;
        for filter in &body.filters {
            if self.world.to_many(filter) == Some(step) {
                found.retain(|&(number, _)| {
                    let below = Some(&target.rows[number]);
                    filter.holds(&self.seat(body, row).standing_by(step, below))
                });
            }
        }
        self.sort(target, junction, &include.body, &mut found);
        if association.is_single() {
            // D23: one, the first.
            found.truncate(1);
        }
        (cut(found, &include.body), target)
    }

    fn include(
        &self,
        body: &Body,
        include: &Include,
        (model, number): (&Model, usize),
        numbers: &mut String,
    ) -> Below {
        let association = &self.world.associations[include.association];
        let (found, target) = self.shown(body, include, &model.rows[number]);
        let junction = association.junction().map(|junction| {
            let model = &self.world.models[junction.model];
            (model, include.through_attributes.as_deref())
        });
        numbers.push('[');
        let mut trees = match include.recursion {
            None => self.trees(target, junction, &include.body, &found, numbers),
            Some(recursion) => self.followed(recursion, include, number, found, junction, numbers),
        };
        numbers.push(']');
        match association.is_single() {
            true => Below::One(trees.pop().map(Box::new)),
            false => Below::Many(trees),
        }
    }

    /// BY-9: depth by depth, each row as itself where it is met first below the row that it begins at, which counts as met;
    /// elsewhere as a reference.
    fn followed(
        &self,
        recursion: Recursion,
        include: &Include,
        source: usize,
        first: Vec<Found>,
        junction: Option<(&Model, Option<&[usize]>)>,
        numbers: &mut String,
    ) -> Vec<Tree> {
        let association = &self.world.associations[include.association];
        let model = &self.world.models[association.target];
        let mut met = BTreeSet::from([source]);
        let mut nodes: Vec<Followed> = Vec::new();
        let mut meet = |nodes: &mut Vec<Followed>, found: Vec<Found>| -> Vec<usize> {
            let start = nodes.len();
            nodes.extend(found.into_iter().map(|found| Followed {
                found,
                is_reference: !met.insert(found.0),
                below: None,
            }));
            (start..nodes.len()).collect()
        };
        let roots = meet(&mut nodes, first);
        let (mut last, mut depth) = (roots.clone(), 1);
        while !last.is_empty()
            && recursion.depth_max.is_none_or(|max| depth < max)
            && nodes.len() <= self.rows_left.get()
        {
            let mut next = Vec::new();
            for node in last {
                if nodes[node].is_reference {
                    continue;
                }
                let row = &model.rows[nodes[node].found.0];
                let (found, _) = self.shown(&Body::default(), include, row);
                let below = meet(&mut nodes, found);
                next.extend(&below);
                nodes[node].below = Some(below);
            }
            last = next;
            depth += 1;
        }
        let roots = roots.into_iter();
        let trees = roots.map(|node| self.followed_tree(&nodes, node, include, junction, numbers));
        trees.collect()
    }

    fn followed_tree(
        &self,
        nodes: &[Followed],
        node: usize,
        include: &Include,
        junction: Option<(&Model, Option<&[usize]>)>,
        numbers: &mut String,
    ) -> Tree {
        let association = &self.world.associations[include.association];
        let model = &self.world.models[association.target];
        let Followed {
            found,
            is_reference,
            below,
        } = &nodes[node];
        if *is_reference {
            let key = values(model, Some(&model.key), &model.rows[found.0]);
            let mut tree = self.leaf(model, junction, &include.body, *found, numbers);
            tree.reference = Some(key);
            return tree;
        }
        let mut tree = self.tree(model, junction, &include.body, *found, numbers);
        if let Some(below) = below {
            let below = below.iter();
            let below = below.map(|&it| self.followed_tree(nodes, it, include, junction, numbers));
            let mut below: Vec<Tree> = below.collect();
            let again = match association.is_single() {
                true => Below::One(below.pop().map(Box::new)),
                false => Below::Many(below),
            };
            tree.again = Some((association.alias.clone(), again));
        }
        tree
    }

    /// BY-1, BY-2: by what is said, then by primary key, then by that of the junction.
    fn sort(&self, model: &Model, junction: Option<&Model>, body: &Body, found: &mut Vec<Found>) {
        let mut keyed: Vec<(Vec<Value>, Found)> = found
            .iter()
            .map(|&found| {
                let row = &model.rows[found.0];
                let seat = self.seat(body, row);
                let order = body.order.iter();
                let cells = order.map(|it| seat.cell_over(&it.path, it.column));
                (cells.collect(), found)
            })
            .collect();
        keyed.sort_by(|(a_cells, (a, a_link)), (b_cells, (b, b_link))| {
            let cells = a_cells.iter().zip(b_cells);
            let said = body
                .order
                .iter()
                .zip(cells)
                .map(|(it, (a, b))| by(it, a, b));
            said.fold(Ordering::Equal, Ordering::then)
                .then_with(|| by_key(model, *a, *b))
                .then_with(|| match (junction, a_link, b_link) {
                    (Some(junction), Some(a), Some(b)) => by_key(junction, *a, *b),
                    _ => Ordering::Equal,
                })
        });
        *found = keyed.into_iter().map(|(_, found)| found).collect();
    }

    /// How many rows stand at the end of a path below a row, of those for which all of this is true. A row counts as
    /// often as the path leads to it.
    fn ends(&self, path: &[usize], filters: &[&Filter], row: &Row, at_most_one: bool) -> usize {
        let [step, rest @ ..] = path else {
            return 1;
        };
        let mut include = settle::bare(self.world, *step);
        if rest.is_empty() {
            let filters = filters.iter().map(|&filter| filter.clone());
            include.body.filters.extend(filters);
        }
        let association = &self.world.associations[*step];
        let target = &self.world.models[association.target];
        let mut found = self.below(&include, row);
        self.sort(target, None, &include.body, &mut found);
        if association.is_single() && (at_most_one || !rest.is_empty()) {
            found.truncate(1);
        }
        let rows = found.iter().map(|&(number, _)| &target.rows[number]);
        rows.map(|row| self.ends(rest, filters, row, at_most_one))
            .sum()
    }

    fn look(&self) {
        self.looks_left.set(self.looks_left.get().saturating_sub(1));
    }
}

/// A row that a recursive include found.
struct Followed {
    found: Found,
    is_reference: bool,
    /// The rows right below it, if they were looked for.
    below: Option<Vec<usize>>,
}

/// A row where a request looks at it.
struct Seat<'a, 'w> {
    naive: &'a Naive<'w>,
    body: &'a Body,
    row: &'a Row,
    /// Which row stands beside it, or none, where it has many below.
    beside: Option<(usize, Option<&'a Row>)>,
}

impl<'a> Seat<'a, '_> {
    fn standing_by(mut self, step: usize, row: Option<&'a Row>) -> Self {
        self.beside = Some((step, row));
        self
    }
}

impl Sight for Seat<'_, '_> {
    fn cell(&self, at: usize) -> &Value {
        &self.row[at]
    }

    /// EL-25, BY-19: of the row that the request shows there, if it includes it.
    fn cell_over(&self, path: &[usize], at: usize) -> Value {
        let [step, rest @ ..] = path else {
            return self.row[at].clone();
        };
        let naive = self.naive;
        let include = naive.included(self.body, *step);
        let target = &naive.world.models[naive.world.associations[*step].target];
        let below = match self.beside {
            Some((beside, row)) if beside == *step => row,
            _ => {
                let mut found = naive.below(&include, self.row);
                naive.sort(target, None, &include.body, &mut found);
                found.first().map(|&(number, _)| &target.rows[number])
            }
        };
        match below {
            None => Value::Null,
            Some(row) => naive.seat(&include.body, row).cell_over(rest, at),
        }
    }

    /// BY-6.
    fn answer(&self, related: &Related) -> bool {
        let about: Vec<&Filter> = related.filters.iter().collect();
        let number = |also: Option<&Filter>, at_most_one| {
            let filters: Vec<&Filter> = about.iter().copied().chain(also).collect();
            let path = &related.path;
            self.naive.ends(path, &filters, self.row, at_most_one)
        };
        match &related.question {
            RelatedQuestion::Exists => number(None, false) > 0,
            RelatedQuestion::Any(filter) => number(Some(filter), false) > 0,
            RelatedQuestion::None(filter) => number(Some(filter), false) == 0,
            RelatedQuestion::All(filter) => number(None, false) == number(Some(filter), false),
            RelatedQuestion::Count(comparison, other) => {
                let number = i64::try_from(number(None, true)).unwrap_or(i64::MAX);
                compare(*comparison, &number.into(), &(*other).into()) == Some(true)
            }
        }
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
