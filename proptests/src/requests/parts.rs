//! A predicate takes a request apart: the rows of which it is true, those of which it is false, and those of which it is
//! unknown are all rows, each once and in order (ternary logic partitioning, as SQLancer does it).
//!
//! Taken apart are the roots, their number, the rows below each root of an association to many that is required, and the
//! number of rows that are only counted. What is taken apart has no limit, since a part of the first rows is not the
//! first rows of a part; and no default scope at the root, which gives way to a filter (SC-14).

use std::collections::BTreeMap;

use relata::{Database, Record};

use crate::choices::Choices;
use crate::requests::declare::Dress;
use crate::requests::proof::{Cut, Proof, Question, Seen, TAKEN_UP, database, same};
use crate::requests::request::{Body, Filter, Include, Request, ScopeChoice};
use crate::requests::world::World;
use crate::requests::{build, draw_request, naive, settle};

/// relata against its own parts.
#[derive(Debug, Default)]
pub struct Parts {
    database: Option<Database>,
}

impl Proof for Parts {
    fn begin(&mut self, world: &World) -> Result<(), String> {
        self.database = Some(database(world, Dress::FULL)?);
        Ok(())
    }

    fn draw(&self, choices: &mut Choices, world: &World) -> Question {
        let mut request = draw_request::draw(choices, world);
        unbounded(&mut request.body);
        if request.body.scope == ScopeChoice::Default {
            request.body.scope = ScopeChoice::None;
        }
        let includes = request.body.includes.iter().enumerate();
        let many: Vec<usize> = includes
            .filter(|(_, include)| {
                include.body.is_shown() && !world.associations[include.association].is_single()
            })
            .map(|(position, _)| position)
            .collect();
        let include = match choices.percent(50) {
            true => choices.pick(&many).copied(),
            false => None,
        };
        let model = match include {
            None => request.model,
            Some(position) => {
                let include = &mut request.body.includes[position];
                unbounded(&mut include.body);
                include.required = Some(true);
                // Below a recursion stand rows that no part has.
                include.recursion = None;
                world.associations[include.association].target
            }
        };
        let filter = draw_request::filter(choices, world, model);
        Question {
            request,
            cut: Some(Cut { include, filter }),
        }
    }

    fn check(&mut self, world: &World, question: &Question) -> Result<Seen, String> {
        let database = self.database.as_ref().expect(TAKEN_UP);
        let request = &question.request;
        if naive::answer(world, &settle::settle(world, request)).is_none() {
            return Ok(Seen::TooLarge);
        }
        let cut = question.cut.as_ref().expect("it was drawn");
        match cut.include {
            None => roots(world, database, request, &cut.filter),
            Some(position) => {
                counted(world, database, request, position, &cut.filter)?;
                below(world, database, request, position, &cut.filter)
            }
        }
    }
}

fn unbounded(body: &mut Body) {
    body.limit = None;
    body.offset = None;
}

/// True, false, unknown.
fn parts(filter: &Filter) -> [Filter; 3] {
    let filter = || Box::new(filter.clone());
    [*filter(), Filter::Not(filter()), Filter::Unknown(filter())]
}

fn roots(
    world: &World,
    database: &Database,
    request: &Request,
    filter: &Filter,
) -> Result<Seen, String> {
    let (all, count) = texts(world, database, request)?;
    let mut split = Vec::new();
    let mut counted = 0;
    for part in parts(filter) {
        let mut request = request.clone();
        request.body.filters.push(part);
        let (texts, count) = texts(world, database, &request)?;
        split.push(texts);
        counted += count;
    }
    same("counts of the parts", &counted, &count)?;
    same("the parts", &merged(&all, &split), &Ok(()))?;
    Ok(Seen::Held(all.len()))
}

/// The roots, and their number.
fn texts(
    world: &World,
    database: &Database,
    request: &Request,
) -> Result<(Vec<String>, usize), String> {
    let asked = build::request(world, request, &mut None);
    let rows = asked.run(database).map_err(|error| error.to_string())?;
    let count = asked.count(database).map_err(|error| error.to_string())?;
    Ok((rows.iter().map(text).collect(), count))
}

fn text(record: Record<'_>) -> String {
    format!("{} {}", record.key(), json(record))
}

fn json(record: Record<'_>) -> String {
    record
        .to_json()
        .expect("nothing here is as deep as JSON can be")
}

/// Whether each of all is the next one of a part, and nothing is left.
fn merged(all: &[String], parts: &[Vec<String>]) -> Result<(), String> {
    let mut parts: Vec<_> = parts.iter().map(|part| part.iter().peekable()).collect();
    for text in all {
        let taken = parts.iter_mut().find_map(|part| part.next_if_eq(&text));
        if taken.is_none() {
            return Err(format!("no part goes on with {text}"));
        }
    }
    match parts.iter_mut().find_map(Iterator::next) {
        None => Ok(()),
        Some(text) => Err(format!("a part has besides {text}")),
    }
}

fn below(
    world: &World,
    database: &Database,
    request: &Request,
    position: usize,
    filter: &Filter,
) -> Result<Seen, String> {
    let all = texts_below(world, database, request, position)?;
    let mut split = Vec::new();
    for part in parts(filter) {
        let mut request = request.clone();
        request.body.includes[position].body.filters.push(part);
        split.push(texts_below(world, database, &request, position)?);
    }
    let strange = split.iter().flat_map(BTreeMap::keys);
    let strange: Vec<_> = strange.filter(|root| !all.contains_key(*root)).collect();
    same("roots of parts alone", &strange, &Vec::new())?;
    for (root, all) in &all {
        let parts = split.iter();
        let parts: Vec<Vec<String>> = parts
            .map(|part| part.get(root).cloned().unwrap_or_default())
            .collect();
        if all.is_empty() {
            return Err(format!("{root} has nothing of what is required"));
        }
        same(
            &format!("the parts below {root}"),
            &merged(all, &parts),
            &Ok(()),
        )?;
    }
    Ok(Seen::Held(all.len()))
}

/// The rows of an include, by the keys of the roots.
fn texts_below(
    world: &World,
    database: &Database,
    request: &Request,
    position: usize,
) -> Result<BTreeMap<String, Vec<String>>, String> {
    let association = request.body.includes[position].association;
    let alias = &world.associations[association].alias;
    let asked = build::request(world, request, &mut None);
    let rows = asked.run(database).map_err(|error| error.to_string())?;
    let mut texts = BTreeMap::new();
    for root in &rows {
        let below = root.many(alias).map_err(|error| error.to_string())?;
        let below = below.map(|record| {
            let link = record.through().map(json);
            format!("{} {link:?}", text(record))
        });
        texts.insert(root.key().to_string(), below.collect());
    }
    Ok(texts)
}

/// The numbers of what is only counted, below each root.
fn counted(
    world: &World,
    database: &Database,
    request: &Request,
    position: usize,
    filter: &Filter,
) -> Result<(), String> {
    let include = &request.body.includes[position];
    let alias = &world.associations[include.association].alias;
    let numbers = |filters: &[Filter]| -> Result<Vec<usize>, String> {
        let counted = Include {
            required: None,
            through_attributes: None,
            body: Body {
                filters: [&include.body.filters, filters].concat(),
                scope: ScopeChoice::None,
                with_deleted: include.body.with_deleted,
                ..Body::default()
            },
            ..include.clone()
        };
        let mut request = request.clone();
        request.body.includes.clear();
        request.body.owners.clear();
        request.body.counts = vec![counted];
        let asked = build::request(world, &request, &mut None);
        let rows = asked.run(database).map_err(|error| error.to_string())?;
        let numbers = rows.iter().map(|root| root.count(alias));
        numbers
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    };
    let mut sums = numbers(&[])?;
    let all = sums.clone();
    sums.fill(0);
    for part in parts(filter) {
        let part = numbers(&[part])?;
        same("roots", &part.len(), &all.len())?;
        sums.iter_mut().zip(part).for_each(|(sum, it)| *sum += it);
    }
    same(&format!("counts of {alias}"), &sums, &all)
}
