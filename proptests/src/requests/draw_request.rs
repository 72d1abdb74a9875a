//! Random requests on a world: a tree of includes, up to four deep.

use crate::choices::Choices;
use crate::requests::draw_filter;
use crate::requests::request::{
    Body, Comparison, Filter, Include, Order, OwnerInclude, Recursion, Related, RelatedQuestion,
    Request, ScopeChoice, Term,
};
use crate::requests::world::{Model, World, is_nan};

/// How deep includes go.
const DEPTH_MAX: usize = 4;

/// A random request.
pub fn draw(choices: &mut Choices, world: &World) -> Request {
    // The first ones are those that have associations.
    let model = match choices.percent(75) {
        true => {
            let sources: Vec<usize> = world.associations.iter().map(|it| it.source).collect();
            choices.pick(&sources).copied().unwrap_or(0)
        }
        false => choices.below(world.models.len()),
    };
    let depth = choices.weighted(&[15, 30, 30, 15, 10]).min(DEPTH_MAX);
    let mut draw = Draw { choices, world };
    let mut body = draw.body(model, depth);
    if draw.choices.percent(8) {
        body.filters.extend(draw.over_many(model));
    }
    body.untangle();
    Request { model, body }
}

/// A filter on a model, which now and then reaches beyond its row.
pub fn filter(choices: &mut Choices, world: &World, model: usize) -> Filter {
    let mut draw = Draw { choices, world };
    let reach = match draw.choices.percent(25) {
        true => draw.reach(model, 1),
        false => None,
    };
    let plain = draw.filters(&world.models[model], &[0, 100]).pop();
    reach.or(plain).unwrap_or(Filter::Constant(None))
}

struct Draw<'c> {
    choices: &'c mut Choices,
    world: &'c World,
}

impl Draw<'_> {
    fn body(&mut self, model: usize, depth: usize) -> Body {
        let entry = &self.world.models[model];
        let mut body = Body {
            filters: self.reaching(model, &[66, 30, 4]),
            order: self.order(model),
            limit: self
                .choices
                .percent(25)
                .then(|| self.choices.weighted(&[5, 25, 25, 20, 15, 10])),
            offset: self
                .choices
                .percent(12)
                .then(|| self.choices.weighted(&[10, 60, 20, 10])),
            attributes: self.choices.percent(20).then(|| self.attributes(entry)),
            scope: self.scope(entry),
            with_deleted: entry.soft_delete && self.choices.percent(25),
            ..Body::default()
        };
        let mut associations = self.world.associations_of(model);
        if depth > 0 {
            for _ in 0..1 + self.choices.weighted(&[60, 30, 10]) {
                if associations.is_empty() {
                    break;
                }
                let at = self.choices.below(associations.len());
                let association = associations.remove(at);
                body.includes.push(self.include(association, depth - 1));
            }
        }
        let owners = self.world.owners_of(model);
        if depth > 0
            && self.choices.percent(50)
            && let Some(&owner) = self.choices.pick(&owners)
        {
            body.owners.push(self.owner(owner, depth - 1));
            // What is wanted of one of them is said with the owner.
            let members = &self.world.owners[owner].members;
            let is_member =
                |it: &Include| members.iter().any(|(member, _)| *member == it.association);
            body.includes.retain(|include| !is_member(include));
        }
        let associations = self.world.associations_of(model);
        if self.choices.percent(15)
            && let Some(&association) = self.choices.pick(&associations)
        {
            body.counts.push(self.count(association));
        }
        body
    }

    fn include(&mut self, association: usize, depth: usize) -> Include {
        let entry = &self.world.associations[association];
        let mut include = Include {
            association,
            required: [None, Some(true), Some(false)][self.choices.weighted(&[55, 18, 27])],
            through_filters: Vec::new(),
            through_attributes: None,
            through_with_deleted: false,
            recursion: None,
            body: self.body(entry.target, depth),
        };
        if entry.is_self() && self.choices.percent(40) {
            // What is below its rows is its own to say.
            include
                .body
                .includes
                .retain(|it| it.association != association);
            let depth_max = self.choices.percent(40).then(|| 1 + self.choices.below(4));
            include.recursion = Some(Recursion { depth_max });
        }
        if let Some(junction) = entry.junction() {
            let through = &self.world.models[junction.model];
            include.through_filters = self.filters(through, &[70, 25, 5]);
            include.through_with_deleted = through.soft_delete && self.choices.percent(25);
            include.through_attributes = match self.choices.below(10) {
                0 => Some(Vec::new()),
                1 | 2 => Some(self.attributes(through)),
                _ => None,
            };
        }
        if self.choices.percent(4) {
            include.body.attributes = Some(Vec::new());
        }
        include
    }

    fn owner(&mut self, owner: usize, depth: usize) -> OwnerInclude {
        let members = self.world.owners[owner].members.iter();
        let members = members.map(|&(association, _)| {
            let target = self.world.associations[association].target;
            Include {
                association,
                required: None,
                through_filters: Vec::new(),
                through_attributes: None,
                through_with_deleted: false,
                recursion: None,
                body: self.body(target, depth),
            }
        });
        OwnerInclude {
            owner,
            members: members.collect(),
            required: self.choices.percent(40),
        }
    }

    /// With nothing to it, half of them; else with filters, or with something that is required below.
    fn count(&mut self, association: usize) -> Include {
        let entry = &self.world.associations[association];
        let mut counted = Include {
            association,
            required: None,
            through_filters: Vec::new(),
            through_attributes: None,
            through_with_deleted: false,
            recursion: None,
            body: Body::default(),
        };
        if self.choices.percent(50) {
            return counted;
        }
        let target = &self.world.models[entry.target];
        counted.body.filters = self.reaching(entry.target, &[40, 50, 10]);
        counted.body.with_deleted = target.soft_delete && self.choices.percent(25);
        if let Some(junction) = entry.junction() {
            let through = &self.world.models[junction.model];
            counted.through_filters = self.filters(through, &[60, 40]);
            counted.through_with_deleted = through.soft_delete && self.choices.percent(25);
        }
        let below = self.world.associations_of(entry.target);
        if self.choices.percent(30)
            && let Some(&below) = self.choices.pick(&below)
        {
            let mut required = self.include(below, 0);
            required.required = Some(true);
            required.recursion = None;
            required.body.counts.clear();
            counted.body.includes.push(required);
        }
        counted
    }

    fn filters(&mut self, model: &Model, weights: &[usize]) -> Vec<Filter> {
        let number = self.choices.weighted(weights);
        let with_nan = model.rows.iter().flatten().any(is_nan);
        (0..number)
            .map(|_| draw_filter::filter(self.choices, model, with_nan))
            .collect()
    }

    /// Filters, some of which reach beyond their row.
    fn reaching(&mut self, model: usize, weights: &[usize]) -> Vec<Filter> {
        let mut filters = self.filters(&self.world.models[model], weights);
        if self.choices.percent(15) {
            filters.extend(self.reach(model, 2));
        }
        filters
    }

    /// A filter that reaches beyond its row, if there is an association.
    fn reach(&mut self, model: usize, depth: usize) -> Option<Filter> {
        let reaching = match self.choices.percent(35) {
            true => self.over_path(model),
            false => self.related(model, depth),
        };
        let reaching = reaching?;
        let mut plain = self.filters(&self.world.models[model], &[0, 100]);
        Some(match self.choices.below(10) {
            0 => Filter::Not(Box::new(reaching)),
            1 => {
                plain.push(reaching);
                Filter::Any(plain)
            }
            2 => {
                plain.insert(0, reaching);
                Filter::All(plain)
            }
            _ => reaching,
        })
    }

    /// A comparison with a column over a path of associations to one.
    fn over_path(&mut self, model: usize) -> Option<Filter> {
        let path = self.path(model, true)?;
        Some(self.compared(path))
    }

    fn compared(&mut self, path: Vec<usize>) -> Filter {
        let target = &self.world.models[self.end(&path)];
        let at = self.choices.below(target.columns.len());
        let column = Term::Path(path, at);
        let with_nan = target.rows.iter().flatten().any(is_nan);
        let choices = &mut *self.choices;
        let mut constant = || draw_filter::constant(choices, target, at, with_nan);
        let (a, b) = (constant(), constant());
        match self.choices.below(10) {
            0 => Filter::IsNull(column),
            1 => Filter::Not(Box::new(Filter::IsNull(column))),
            2 => Filter::In(column, vec![a, b]),
            3 => Filter::Between(column, Term::Constant(a), Term::Constant(b)),
            place => {
                let comparison = Comparison::ALL[place - 4];
                Filter::Compare(comparison, column, Term::Constant(a))
            }
        }
    }

    /// A comparison with a column over an association to many, and perhaps one to one behind it.
    fn over_many(&mut self, model: usize) -> Option<Filter> {
        let mut steps = self.world.associations_of(model);
        steps.retain(|&step| !self.world.associations[step].is_single());
        let mut path = vec![*self.choices.pick(&steps)?];
        if self.choices.percent(25) {
            let rest = self.path(self.end(&path), true);
            path.extend(rest.into_iter().flatten());
        }
        let mut filter = self.compared(path);
        if self.choices.percent(25) {
            let plain = self.filters(&self.world.models[model], &[0, 100]);
            filter = Filter::Any([plain, vec![filter]].concat());
        }
        Some(filter)
    }

    /// A question about the rows at the end of a path.
    fn related(&mut self, model: usize, depth: usize) -> Option<Filter> {
        let path = self.path(model, false)?;
        let end = self.end(&path);
        let target = &self.world.models[end];
        let filters = self.filters(target, &[75, 25]);
        let mut filter = || {
            let nested = match depth > 0 && self.choices.percent(20) {
                true => self.reach(end, depth - 1),
                false => None,
            };
            let plain = self.filters(target, &[0, 100]).pop();
            nested.or(plain).unwrap_or(Filter::Constant(Some(true)))
        };
        let asked = filter();
        let question = match self.choices.below(6) {
            0 => RelatedQuestion::Exists,
            1 => RelatedQuestion::Any(asked),
            2 => RelatedQuestion::None(asked),
            3 => RelatedQuestion::All(asked),
            _ => {
                let comparison = Comparison::ALL[self.choices.below(6)];
                let number = i64::try_from(self.choices.below(4)).unwrap_or(0);
                RelatedQuestion::Count(comparison, number)
            }
        };
        Some(Filter::Related(Box::new(Related {
            path,
            filters,
            question,
        })))
    }

    /// One association from a model on, or two. Which of several rows an association to one leads to is decided by an
    /// order, which only an include says: where a scope says one, it is left out here.
    fn path(&mut self, model: usize, to_one: bool) -> Option<Vec<usize>> {
        let length = 1 + self.choices.weighted(&[70, 30]);
        let (mut path, mut model) = (Vec::new(), model);
        for _ in 0..length {
            let mut steps = self.world.associations_of(model);
            steps.retain(|&step| {
                let association = &self.world.associations[step];
                let scope = &self.world.models[association.target].default_scope;
                let ordered = scope.as_ref().is_some_and(|scope| !scope.order.is_empty());
                association.is_single() && !ordered || !association.is_single() && !to_one
            });
            let Some(&step) = self.choices.pick(&steps) else {
                break;
            };
            path.push(step);
            model = self.world.associations[step].target;
        }
        (!path.is_empty()).then_some(path)
    }

    fn end(&self, path: &[usize]) -> usize {
        let last = *path.last().expect("a path has a step");
        self.world.associations[last].target
    }

    fn order(&mut self, model: usize) -> Vec<Order> {
        let number = self.choices.weighted(&[55, 30, 15]);
        let mut order = Vec::new();
        for _ in 0..number {
            let path = match self.choices.percent(10) {
                true => self.path(model, true).unwrap_or_default(),
                false => Vec::new(),
            };
            let end = if path.is_empty() {
                model
            } else {
                self.end(&path)
            };
            order.push(Order {
                path,
                column: self.choices.below(self.world.models[end].columns.len()),
                descending: self.choices.percent(50),
                nulls_first: [None, Some(true), Some(false)][self.choices.weighted(&[60, 20, 20])],
            });
        }
        order
    }

    fn attributes(&mut self, model: &Model) -> Vec<usize> {
        let mut attributes: Vec<usize> = Vec::new();
        for _ in 0..1 + self.choices.below(3) {
            let column = self.choices.below(model.columns.len());
            if !attributes.contains(&column) {
                attributes.push(column);
            }
        }
        attributes
    }

    fn scope(&mut self, model: &Model) -> ScopeChoice {
        match self.choices.below(10) {
            0 => ScopeChoice::None,
            1 | 2 if !model.scopes.is_empty() => {
                let first = self.choices.below(model.scopes.len());
                let second = self.choices.below(model.scopes.len());
                ScopeChoice::Named(vec![first, second])
            }
            _ => ScopeChoice::Default,
        }
    }
}
