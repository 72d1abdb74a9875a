//! A request as relata's builder is told it.

use relata::expr::{coalesce, concat};
use relata::query::{Include as Included, Order as OrderBy, asc, desc, include, select};
use relata::{Expr, Select, Value, all, any, col, not, param, related, val};

use crate::requests::request::{
    Body, Comparison, Filter, Function, Include, Order, OwnerInclude, Recursion, RelatedQuestion,
    Request, ScopeChoice, Term,
};
use crate::requests::world::{Model, World};

/// What parameters are given, where constants are to be parameters.
pub type Given = Option<Vec<(String, Value)>>;

/// What a root and an include are told alike.
macro_rules! tell {
    ($told:expr, $world:expr, $model:expr, $body:expr, $given:expr) => {{
        let (world, model, body): (&World, &Model, &Body) = ($world, $model, $body);
        let mut told = $told;
        for said in &body.filters {
            told = told.filter(filter(world, model, said, $given));
        }
        for said in &body.order {
            told = told.order_by(order(world, model, said));
        }
        if let Some(limit) = body.limit {
            told = told.limit(limit);
        }
        if let Some(offset) = body.offset {
            told = told.offset(offset);
        }
        if let Some(attributes) = &body.attributes {
            told = told.attributes(names(model, attributes));
        }
        for below in &body.includes {
            told = told.include(included(world, below, $given));
        }
        for below in &body.owners {
            told = told.include(owner(world, below, $given));
        }
        for counted in &body.counts {
            told = told.with_count(included(world, counted, $given));
        }
        told = match &body.scope {
            ScopeChoice::Default => told,
            ScopeChoice::None => told.unscoped(),
            ScopeChoice::Named(numbers) => {
                told.scopes(numbers.iter().map(|&number| scope_name(number)))
            }
        };
        match body.with_deleted {
            true => told.with_deleted(),
            false => told,
        }
    }};
}

/// The request; with its constants as parameters if those are collected.
pub fn request(world: &World, request: &Request, given: &mut Given) -> Select {
    let model = &world.models[request.model];
    tell!(select(&*model.name), world, model, &request.body, given)
}

fn owner(world: &World, said: &OwnerInclude, given: &mut Given) -> Included {
    let owner = include(&*world.owners[said.owner].alias).required(said.required);
    let members = said.members.iter();
    members.fold(owner, |owner, member| {
        owner.member(included(world, member, given))
    })
}

fn included(world: &World, said_below: &Include, given: &mut Given) -> Included {
    let association = &world.associations[said_below.association];
    let target = &world.models[association.target];
    let mut told = tell!(
        include(&*association.alias),
        world,
        target,
        &said_below.body,
        given
    );
    if let Some(required) = said_below.required {
        told = told.required(required);
    }
    told = match said_below.recursion {
        None => told,
        Some(Recursion { depth_max: None }) => told.recursive(),
        Some(Recursion {
            depth_max: Some(depth),
        }) => told.recursive_to(depth),
    };
    if let Some(junction) = association.junction() {
        let junction = &world.models[junction.model];
        for said in &said_below.through_filters {
            told = told.through_filter(filter(world, junction, said, given));
        }
        if let Some(attributes) = &said_below.through_attributes {
            told = told.through_attributes(names(junction, attributes));
        }
        if said_below.through_with_deleted {
            told = told.through_with_deleted();
        }
    }
    told
}

/// The name of a scope of a model.
pub fn scope_name(number: usize) -> String {
    format!("scope{number}")
}

/// An order.
pub fn order(world: &World, model: &Model, order: &Order) -> OrderBy {
    let name = name_over(world, model, &order.path, order.column);
    let by = match order.descending {
        true => desc(name),
        false => asc(name),
    };
    match order.nulls_first {
        None => by,
        Some(true) => by.nulls_first(),
        Some(false) => by.nulls_last(),
    }
}

/// A filter; its constants become parameters if those are collected, where nothing else than a column's own type is
/// asked for.
///
/// # Panics
/// If a path in it has no step, which none that is drawn has.
pub fn filter(world: &World, model: &Model, said: &Filter, given: &mut Given) -> Expr {
    match said {
        Filter::All(parts) => all(parts.iter().map(|part| filter(world, model, part, given))),
        Filter::Any(parts) => any(parts.iter().map(|part| filter(world, model, part, given))),
        Filter::Not(part) => not(filter(world, model, part, given)),
        Filter::Unknown(part) => filter(world, model, part, given).is_null(),
        Filter::Same(a, b) => filter(world, model, a, given).eq(filter(world, model, b, given)),
        Filter::Holds(at) => col(&*model.columns[*at].name),
        Filter::Constant(truth) => val(*truth),
        Filter::Compare(comparison, a, b) => {
            let (a, b) = (
                term(world, model, a, b, given),
                term(world, model, b, a, given),
            );
            compared(*comparison, a, b)
        }
        Filter::Between(subject, low, high) => {
            let (low, high) = (
                term(world, model, low, subject, given),
                term(world, model, high, subject, given),
            );
            operand(world, model, subject).between(low, high)
        }
        Filter::In(subject, values) => operand(world, model, subject).is_in(values),
        Filter::Like(text, pattern) => {
            let pattern = term(world, model, pattern, text, given);
            operand(world, model, text).like(pattern)
        }
        Filter::IsNull(subject) => operand(world, model, subject).is_null(),
        Filter::Related(asked) => {
            let path = alias_path(world, &asked.path);
            let last = *asked.path.last().expect("a path has a step");
            let target = &world.models[world.associations[last].target];
            let mut rows = related(path);
            for said in &asked.filters {
                rows = rows.filter(filter(world, target, said, given));
            }
            match &asked.question {
                RelatedQuestion::Exists => rows.exists(),
                RelatedQuestion::Any(said) => rows.any(filter(world, target, said, given)),
                RelatedQuestion::None(said) => rows.none(filter(world, target, said, given)),
                RelatedQuestion::All(said) => rows.all(filter(world, target, said, given)),
                RelatedQuestion::Count(comparison, number) => {
                    compared(*comparison, rows.count(), (*number).into())
                }
            }
        }
    }
}

fn compared(comparison: Comparison, a: Expr, b: Expr) -> Expr {
    match comparison {
        Comparison::Equal => a.eq(b),
        Comparison::Unequal => a.ne(b),
        Comparison::Less => a.lt(b),
        Comparison::AtMost => a.le(b),
        Comparison::Greater => a.gt(b),
        Comparison::AtLeast => a.ge(b),
    }
}

/// The aliases of associations, with dots between.
fn alias_path(world: &World, path: &[usize]) -> String {
    let aliases = path.iter().map(|&step| &*world.associations[step].alias);
    aliases.collect::<Vec<_>>().join(".")
}

/// The name of a column, over a path or not.
fn name_over(world: &World, model: &Model, path: &[usize], at: usize) -> String {
    match path.last() {
        None => model.columns[at].name.clone(),
        Some(&last) => {
            let target = &world.models[world.associations[last].target];
            format!("{}.{}", alias_path(world, path), target.columns[at].name)
        }
    }
}

fn operand(world: &World, model: &Model, operand: &Term) -> Expr {
    term(world, model, operand, operand, &mut None)
}

fn worked(function: &Function, of: Expr) -> Expr {
    let int = |number: usize| i64::try_from(number).unwrap_or(0);
    match function {
        Function::Length => of.length(),
        Function::Lower => of.lower(),
        Function::Upper => of.upper(),
        Function::Trim => of.trim(),
        Function::Substr(from, count) => of.substr_of(int(*from), int(*count)),
        Function::Replace(from, to) => of.replace(*from, *to),
        Function::Concat(end) => concat([of, val(*end)]),
        Function::Coalesce(other) => coalesce([of, val(other.clone())]),
        Function::NullIf(other) => of.nullif(other.clone()),
        Function::Divide(by) => of / *by,
        Function::Remainder(by) => of % *by,
    }
}

/// What is compared, beside what it is compared with.
fn term(world: &World, model: &Model, term: &Term, beside: &Term, given: &mut Given) -> Expr {
    match (term, beside, given) {
        (Term::Column(at), _, _) => col(&*model.columns[*at].name),
        (Term::Path(path, at), _, _) => col(name_over(world, model, path, *at)),
        (Term::Constant(value), Term::Column(at), Some(given))
            if value
                .data_type()
                .is_none_or(|it| it == model.columns[*at].data_type) =>
        {
            let name = format!("p{}", given.len());
            given.push((name.clone(), value.clone()));
            param(name)
        }
        (Term::Worked(function, at), _, _) => worked(function, col(&*model.columns[*at].name)),
        (Term::Constant(value), _, _) => val(value.clone()),
    }
}

fn names(model: &Model, columns: &[usize]) -> Vec<String> {
    let columns = columns.iter();
    columns.map(|&at| model.columns[at].name.clone()).collect()
}
