//! What relata found, as a tree, read the way that a user reads it.

use relata::error::RequestKind;
use relata::{Error, ErrorKind, Record, Rows};

use crate::requests::request::{Body, Include, Recursion, Request};
use crate::requests::tree::{Below, Tree};
use crate::requests::world::{Association, Model, World};

/// The rows of a result, of the request that they are the result of.
///
/// # Errors
/// If something is not where it must be, or is where it must not be.
pub fn trees(world: &World, request: &Request, rows: &Rows<'_>) -> Result<Vec<Tree>, String> {
    let model = &world.models[request.model];
    let records = rows.iter();
    records
        .map(|record| tree(world, model, &request.body, record, None))
        .collect()
}

/// A row and what is below it; `again` is what leads on from a row of a recursive include.
fn tree(
    world: &World,
    model: &Model,
    body: &Body,
    record: Record<'_>,
    again: Option<usize>,
) -> Result<Tree, String> {
    let said = |error: Error| error.to_string();
    let mut below = Vec::new();
    for include in body.includes.iter().filter(|it| it.body.is_shown()) {
        let association = &world.associations[include.association];
        let shown = shown(world, include, include.recursion.as_ref(), record)?;
        below.push((association.alias.clone(), shown));
    }
    for owner in &body.owners {
        let alias = &world.owners[owner.owner].alias;
        let one = record.one(alias).map_err(said)?;
        let one = one.map(|one| {
            let mut members = owner.members.iter();
            let is_of = |member: &&Include| {
                let target = world.associations[member.association].target;
                world.models[target].name == one.model()
            };
            let member = members.find(is_of).ok_or("an owner of no model")?;
            tree_below(world, member, None, one)
        });
        below.push((alias.clone(), Below::One(one.transpose()?.map(Box::new))));
    }
    let mut counts = Vec::new();
    for counted in &body.counts {
        let alias = &world.associations[counted.association].alias;
        counts.push((alias.clone(), record.count(alias).map_err(said)?));
    }
    absent(world, model, body, record, again)?;
    Ok(Tree {
        below,
        counts,
        ..leaf(record)
    })
}

/// A row with nothing below it.
fn leaf(record: Record<'_>) -> Tree {
    Tree {
        values: values(record),
        through: record
            .through()
            .map(|through| (through.model().to_owned(), values(through))),
        below: Vec::new(),
        counts: Vec::new(),
        again: None,
        reference: None,
    }
}

/// What is shown of an include below a row.
fn shown(
    world: &World,
    include: &Include,
    recursion: Option<&Recursion>,
    record: Record<'_>,
) -> Result<Below, String> {
    let said = |error: Error| error.to_string();
    let association = &world.associations[include.association];
    Ok(match association.is_single() {
        true => {
            let one = record.one(&association.alias).map_err(said)?;
            let one = one.map(|it| tree_below(world, include, recursion, it));
            Below::One(one.transpose()?.map(Box::new))
        }
        false => {
            let many = record.many(&association.alias).map_err(said)?;
            let many = many.map(|it| tree_below(world, include, recursion, it));
            Below::Many(many.collect::<Result<_, _>>()?)
        }
    })
}

fn tree_below(
    world: &World,
    include: &Include,
    recursion: Option<&Recursion>,
    record: Record<'_>,
) -> Result<Tree, String> {
    let association = &world.associations[include.association];
    let model = &world.models[association.target];
    let Some(recursion) = recursion else {
        return tree(world, model, &include.body, record, None);
    };
    if record.is_reference() {
        refuses_below("a reference", association, record)?;
        return Ok(Tree {
            reference: Some(key(model, record)),
            ..leaf(record)
        });
    }
    let mut tree = tree(
        world,
        model,
        &include.body,
        record,
        Some(include.association),
    )?;
    if recursion.depth_max == Some(1) {
        refuses_below("the greatest depth", association, record)?;
        return Ok(tree);
    }
    let below = Recursion {
        depth_max: recursion.depth_max.map(|depth| depth - 1),
    };
    let again = shown(world, include, Some(&below), record)?;
    tree.again = Some((association.alias.clone(), again));
    Ok(tree)
}

/// BY-9: nothing is loaded there.
fn refuses_below(what: &str, association: &Association, record: Record<'_>) -> Result<(), String> {
    let alias = &association.alias;
    let error = match association.is_single() {
        true => record.one(alias).err(),
        false => record.many(alias).err(),
    };
    refuses(&format!("{alias} below {what}"), error)
}

fn refuses(what: &str, error: Option<Error>) -> Result<(), String> {
    match error {
        Some(error) if error.kind() == ErrorKind::Request(RequestKind::NotLoaded) => Ok(()),
        other => Err(format!("{what} was not asked for, but: {other:?}")),
    }
}

/// The primary key.
fn key(model: &Model, record: Record<'_>) -> Vec<(String, relata::Value)> {
    let names = model.key.iter().map(|&at| model.columns[at].name.clone());
    names.zip(record.key().iter().cloned()).collect()
}

fn values(record: Record<'_>) -> Vec<(String, relata::Value)> {
    let values = record.attributes();
    values
        .map(|(name, value)| (name.to_owned(), value.to_value()))
        .collect()
}

/// EL-10, EL-13: what was not asked for is an error that says so.
fn absent(
    world: &World,
    model: &Model,
    body: &Body,
    record: Record<'_>,
    again: Option<usize>,
) -> Result<(), String> {
    let asked = |association: usize| {
        let mut includes = body.includes_and_members();
        let included = includes.any(|it| it.association == association && it.body.is_shown());
        included || again == Some(association)
    };
    let mut others = 0..world.associations.len();
    let other = others.find(|&it| {
        let source = world.associations[it].source;
        world.models[source].name == model.name && !asked(it)
    });
    if let Some(other) = other {
        let association = &world.associations[other];
        let alias = &association.alias;
        let error = match association.is_single() {
            true => record.one(alias).err(),
            false => record.many(alias).err(),
        };
        refuses(alias, error)?;
    }
    if let Some(attributes) = &body.attributes {
        let other = (0..model.columns.len()).find(|column| !attributes.contains(column));
        if let Some(other) = other {
            let name = &model.columns[other].name;
            refuses(name, record.get(name).err())?;
        }
    }
    Ok(())
}
