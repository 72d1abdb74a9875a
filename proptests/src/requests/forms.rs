//! Other forms of a tree: its rows depth first, and the rows that joins make of it (EL-16).

use std::collections::BTreeMap;

use relata::Rows;
use relata::value::Value;

use crate::requests::proof::same;
use crate::requests::request::{Body, Request};
use crate::requests::tree::{Below, Tree};
use crate::requests::world::{Model, World};

/// The most joined rows that are looked at.
const JOINED_MAX: usize = 300;

/// A joined row, by the names of its cells.
type Joined = BTreeMap<String, Value>;

/// Whether a result has the other forms of its tree.
///
/// # Errors
/// If it has not.
pub fn check(
    world: &World,
    request: &Request,
    rows: &Rows<'_>,
    trees: &[Tree],
) -> Result<(), String> {
    let mut expected = Vec::new();
    for tree in trees {
        visit(tree, 0, None, &mut expected);
    }
    let found = rows.depth_first().map(|it| Visit {
        depth: it.depth,
        association: it.association.map(str::to_owned),
        first: it.record.attributes().next().map(|cell| cell.1.to_value()),
    });
    same("depth first", &found.collect(), &expected)?;
    let mut below = request.body.below().into_iter();
    let joins_more = |body: &Body| !body.owners.is_empty();
    if joins_more(&request.body) || below.any(|it| it.recursion.is_some() || joins_more(&it.body)) {
        return Ok(());
    }
    if trees.iter().map(product).sum::<usize>() > JOINED_MAX {
        return Ok(());
    }
    let model = &world.models[request.model];
    let mut expected = Vec::new();
    for tree in trees {
        expected.extend(joined(world, model, &request.body, "", Some(tree)));
    }
    let found = rows.joined();
    let found = found.iter().map(|row| {
        let cells = row.cells();
        cells
            .map(|(name, value)| (name.to_owned(), value.to_value()))
            .collect()
    });
    same("joined rows", &found.collect::<Vec<Joined>>(), &expected)
}

/// Where a row stands, and its first cell.
#[derive(Debug, PartialEq)]
struct Visit {
    depth: usize,
    association: Option<String>,
    first: Option<Value>,
}

fn visit(tree: &Tree, depth: usize, association: Option<&str>, visits: &mut Vec<Visit>) {
    visits.push(Visit {
        depth,
        association: association.map(str::to_owned),
        first: tree.values.first().map(|cell| cell.1.clone()),
    });
    for (alias, below) in tree.below.iter().chain(&tree.again) {
        for tree in below.trees() {
            visit(tree, depth + 1, Some(alias), visits);
        }
    }
}

/// How many joined rows there are of a tree.
fn product(tree: &Tree) -> usize {
    let below = tree.below.iter().map(|(_, below)| {
        let rows: usize = below.trees().map(product).sum();
        rows.max(1)
    });
    below.fold(1, usize::saturating_mul)
}

/// The joined rows of a row, or of none; the first include is the slowest.
fn joined(
    world: &World,
    model: &Model,
    body: &Body,
    path: &str,
    tree: Option<&Tree>,
) -> Vec<Joined> {
    let mut own = Joined::new();
    let all: Vec<usize> = (0..model.columns.len()).collect();
    for (place, &at) in body.attributes.as_ref().unwrap_or(&all).iter().enumerate() {
        let value = tree.map(|tree| tree.values[place].1.clone());
        let name = format!("{path}{}", model.columns[at].name);
        own.insert(name, value.unwrap_or_default());
    }
    for (place, counted) in body.counts.iter().enumerate() {
        let alias = &world.associations[counted.association].alias;
        let count = tree.map(|tree| i64::try_from(tree.counts[place].1).unwrap_or(0));
        own.insert(format!("{path}_count.{alias}"), count.into());
    }
    let mut rows = vec![own];
    let shown = body.includes.iter().filter(|it| it.body.is_shown());
    for (place, include) in shown.enumerate() {
        let association = &world.associations[include.association];
        let path = format!("{path}{}.", association.alias);
        let target = &world.models[association.target];
        let below = tree.map(|tree| &tree.below[place].1);
        let mut below: Vec<Option<&Tree>> = below
            .into_iter()
            .flat_map(|below| below.trees().map(Some))
            .collect();
        if below.is_empty() {
            below.push(None);
        }
        let mut parts = Vec::new();
        for tree in below {
            let mut through = Joined::new();
            if let Some(junction) = association.junction() {
                let junction = &world.models[junction.model];
                let all: Vec<usize> = (0..junction.columns.len()).collect();
                let shown = include.through_attributes.as_ref().unwrap_or(&all);
                for (place, &at) in shown.iter().enumerate() {
                    let values = tree.and_then(|tree| tree.through.as_ref());
                    let value = values.map(|(_, values)| values[place].1.clone());
                    let name = format!("{path}{}.{}", junction.name, junction.columns[at].name);
                    through.insert(name, value.unwrap_or_default());
                }
            }
            for mut part in joined(world, target, &include.body, &path, tree) {
                part.extend(through.clone());
                parts.push(part);
            }
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                parts.iter().map(move |part| {
                    let mut row = row.clone();
                    row.extend(part.clone());
                    row
                })
            })
            .collect();
    }
    rows
}

impl Below {
    /// Its rows.
    fn trees(&self) -> impl Iterator<Item = &Tree> {
        match self {
            Below::One(tree) => tree.as_deref().into_iter().chain(&[]),
            Below::Many(trees) => None.into_iter().chain(trees),
        }
    }
}
