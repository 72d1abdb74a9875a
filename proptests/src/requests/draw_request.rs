//! Random requests on a world: a tree of includes, up to four deep.

use crate::choices::Choices;
use crate::requests::draw_filter;
use crate::requests::request::{Body, Filter, Include, Order, Request, ScopeChoice};
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
    Request {
        model,
        body: draw.body(model, depth),
    }
}

struct Draw<'c> {
    choices: &'c mut Choices,
    world: &'c World,
}

impl Draw<'_> {
    fn body(&mut self, model: usize, depth: usize) -> Body {
        let entry = &self.world.models[model];
        let mut body = Body {
            filters: self.filters(entry, &[60, 34, 6]),
            order: self.order(entry),
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
            required: [None, Some(true), Some(false)][self.choices.weighted(&[60, 25, 15])],
            through_filters: Vec::new(),
            through_attributes: None,
            through_with_deleted: false,
            body: self.body(entry.target, depth),
        };
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

    /// With nothing to it, half of them; else with filters, or with something that is required below.
    fn count(&mut self, association: usize) -> Include {
        let entry = &self.world.associations[association];
        let mut counted = Include {
            association,
            required: None,
            through_filters: Vec::new(),
            through_attributes: None,
            through_with_deleted: false,
            body: Body::default(),
        };
        if self.choices.percent(50) {
            return counted;
        }
        let target = &self.world.models[entry.target];
        counted.body.filters = self.filters(target, &[40, 50, 10]);
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

    fn order(&mut self, model: &Model) -> Vec<Order> {
        let number = self.choices.weighted(&[55, 30, 15]);
        let mut order = Vec::new();
        for _ in 0..number {
            order.push(Order {
                column: self.choices.below(model.columns.len()),
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
