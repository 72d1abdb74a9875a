//! A request without scopes that says what it said with them (SC-11 to SC-15), and every `required` said (EL-19, SC-13).

use crate::requests::request::{Body, Filter, Include, OwnerInclude, Request, ScopeChoice};
use crate::requests::world::{Model, World};

/// The same request where no model has scopes.
pub fn settle(world: &World, request: &Request) -> Request {
    let model = &world.models[request.model];
    let mut body = settle_body(world, model, &request.body);
    // SC-14: a request for the model itself speaks of a column, and the default scope is silent about it.
    if request.body.scope == ScopeChoice::Default {
        let spoken_of = only_columns(&request.body.filters);
        let scope = model.default_scope.iter().flat_map(|it| &it.filter);
        let kept = scope
            .flat_map(Filter::terms)
            .filter(|term| only_column(term).is_none_or(|column| !spoken_of.contains(&column)));
        body.filters = kept.chain(&request.body.filters).cloned().collect();
    }
    Request {
        model: request.model,
        body,
    }
}

fn settle_body(world: &World, model: &Model, said: &Body) -> Body {
    let scopes: Vec<_> = match &said.scope {
        ScopeChoice::None => Vec::new(),
        ScopeChoice::Default => model.default_scope.iter().collect(),
        // In the order of their definitions.
        ScopeChoice::Named(names) => {
            let numbers = 0..model.scopes.len();
            numbers
                .filter(|number| names.contains(number))
                .map(|number| &model.scopes[number])
                .collect()
        }
    };
    let filters = scopes.iter().filter_map(|scope| scope.filter.as_ref());
    let orders = scopes.iter().map(|scope| &scope.order);
    let order = orders.chain([&said.order]).rfind(|it| !it.is_empty());
    let settled = |includes: &[Include]| -> Vec<Include> {
        includes
            .iter()
            .map(|it| settle_include(world, it))
            .collect()
    };
    Body {
        filters: filters.chain(&said.filters).cloned().collect(),
        order: order.cloned().unwrap_or_default(),
        includes: settled(&said.includes),
        owners: said
            .owners
            .iter()
            .map(|owner| OwnerInclude {
                members: settled(&owner.members),
                ..owner.clone()
            })
            .collect(),
        counts: settled(&said.counts),
        scope: ScopeChoice::None,
        ..said.clone()
    }
}

fn settle_include(world: &World, include: &Include) -> Include {
    let target = world.associations[include.association].target;
    let body = settle_body(world, &world.models[target], &include.body);
    Include {
        required: Some(include.required.unwrap_or(!body.filters.is_empty())),
        body,
        ..include.clone()
    }
}

/// The rows to which an association leads where nothing is included: those that the default scope of the target leaves.
pub fn bare(world: &World, association: usize) -> Include {
    let include = Include {
        association,
        required: None,
        through_filters: Vec::new(),
        through_attributes: None,
        through_with_deleted: false,
        recursion: None,
        body: Body::default(),
    };
    settle_include(world, &include)
}

fn only_columns(filters: &[Filter]) -> Vec<usize> {
    let terms = filters.iter().flat_map(Filter::terms);
    terms.filter_map(only_column).collect()
}

/// The column that a term reads, if it is one alone.
fn only_column(term: &Filter) -> Option<usize> {
    if term.reaches() {
        return None;
    }
    let columns = term.columns();
    let first = *columns.first()?;
    columns
        .iter()
        .all(|&column| column == first)
        .then_some(first)
}
