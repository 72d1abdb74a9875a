//! What relata found, as a tree, read the way that a user reads it.

use relata::error::RequestKind;
use relata::{Error, ErrorKind, Record, Rows};

use crate::requests::request::{Body, Include, Request};
use crate::requests::tree::{Below, Tree};
use crate::requests::world::{Model, World};

/// The rows of a result, of the request that they are the result of.
///
/// # Errors
/// If something is not where it must be, or is where it must not be.
pub fn trees(world: &World, request: &Request, rows: &Rows<'_>) -> Result<Vec<Tree>, String> {
    let model = &world.models[request.model];
    let records = rows.iter();
    records
        .map(|record| tree(world, model, &request.body, record))
        .collect()
}

fn tree(world: &World, model: &Model, body: &Body, record: Record<'_>) -> Result<Tree, String> {
    let said = |error: Error| error.to_string();
    let mut below = Vec::new();
    for include in body.includes.iter().filter(|it| it.body.is_shown()) {
        let association = &world.associations[include.association];
        let shown = match association.is_single() {
            true => {
                let one = record.one(&association.alias).map_err(said)?;
                let one = one.map(|it| tree_below(world, include, it)).transpose()?;
                Below::One(one.map(Box::new))
            }
            false => {
                let many = record.many(&association.alias).map_err(said)?;
                let many = many.map(|it| tree_below(world, include, it));
                Below::Many(many.collect::<Result<_, _>>()?)
            }
        };
        below.push((association.alias.clone(), shown));
    }
    let mut counts = Vec::new();
    for counted in &body.counts {
        let alias = &world.associations[counted.association].alias;
        counts.push((alias.clone(), record.count(alias).map_err(said)?));
    }
    absent(world, model, body, record)?;
    Ok(Tree {
        values: values(record),
        through: record
            .through()
            .map(|through| (through.model().to_owned(), values(through))),
        below,
        counts,
    })
}

fn tree_below(world: &World, include: &Include, record: Record<'_>) -> Result<Tree, String> {
    let target = world.associations[include.association].target;
    tree(world, &world.models[target], &include.body, record)
}

fn values(record: Record<'_>) -> Vec<(String, relata::Value)> {
    let values = record.attributes();
    values
        .map(|(name, value)| (name.to_owned(), value.to_value()))
        .collect()
}

/// EL-10, EL-13: what was not asked for is an error that says so.
fn absent(world: &World, model: &Model, body: &Body, record: Record<'_>) -> Result<(), String> {
    let refuses = |what: &str, error: Option<Error>| match error {
        Some(error) if error.kind() == ErrorKind::Request(RequestKind::NotLoaded) => Ok(()),
        other => Err(format!("{what} was not asked for, but: {other:?}")),
    };
    let asked = |alias: &str| {
        let mut includes = body.includes.iter().filter(|it| it.body.is_shown());
        includes.any(|include| world.associations[include.association].alias == alias)
    };
    let mut others = world.associations.iter();
    let other = others.find(|it| world.models[it.source].name == model.name && !asked(&it.alias));
    if let Some(association) = other {
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
