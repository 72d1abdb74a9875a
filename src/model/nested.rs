//! Nested creation: a row and the rows of its associations, in one call.
//!
//! One row after another: those that the row refers to, the row itself, those that refer to it, and last the rows of
//! junctions (associations CR-3, beyond BY-12). A key that follows from the nesting is written over one that was given
//! (CR-4), and so are the values of scopes (CR-8). Each row is validated and has its hooks run by itself (CR-17). It descends as deep as the tree, which is as deep as trees may nest.

use std::sync::Arc;

use crate::association::link::{Association, Hop, Junction, Link};
use crate::association::registry::ModelEntry;
use crate::error::{Limit, RequestError, RequestKind, Result};
use crate::model::link::belonging::{force, of_child, of_key, of_pair};
use crate::model::link::owner::no_model_to_create;
use crate::model::link::{not_assignable, not_linkable};
use crate::model::tree::{Part, Tree};
use crate::model::write::{Assignments, assignments};
use crate::model::{Instance, Transaction, Values};
use crate::query::{DEPTH_MAX, Include};
use crate::value::{Key, Value};

/// What a tree says, taken apart.
struct Sorted<'m> {
    values: Values,
    branches: Vec<Branch<'m>>,
}

/// One association of the row, and the rows to be.
struct Branch<'m> {
    position: usize,
    association: &'m Arc<Association>,
    trees: Vec<Tree>,
}

impl<'db> Transaction<'db> {
    pub(super) fn create_nested(&mut self, model: &str, tree: Tree) -> Result<Instance> {
        let model = self.model(model)?;
        self.atomically(|transaction| transaction.create_below(model, tree, &[], None))
    }

    pub(super) fn create_all_nested(
        &mut self,
        model: &str,
        trees: impl Iterator<Item = Tree>,
    ) -> Result<Vec<Instance>> {
        let model = self.model(model)?;
        self.atomically(|transaction| {
            trees
                .map(|tree| transaction.create_below(model, tree, &[], None))
                .collect()
        })
    }

    /// Creates a row with these cells whatever the tree says, and what the tree says is below it.
    fn create_below(
        &mut self,
        model: &'db ModelEntry,
        tree: Tree,
        forced: &[(u32, Value)],
        parent: Option<&Instance>,
    ) -> Result<Instance> {
        let Sorted { values, branches } = sort(model, tree)?;
        let mut cells = assignments(self.models(), model, values)?;
        let mut below = Vec::with_capacity(branches.len());
        let mut after = Vec::with_capacity(branches.len());
        for branch in branches {
            match &branch.association.link {
                Link::ToParent(hop) => {
                    let parents =
                        self.create_parents(model, &cells, branch.association, hop, branch.trees)?;
                    if let Some((_, key)) = parents.first() {
                        force(&mut cells, &of_key(hop, key));
                    }
                    let parents = parents.into_iter().map(|(parent, _)| parent);
                    below.push((branch.position, parents.collect()));
                }
                Link::ToChildren(_) | Link::Through(_) => after.push(branch),
            }
        }
        force(&mut cells, forced);
        let created = self.create_row(model, cells, parent)?;
        // Rows of junctions come last: a stable sort keeps the rest in the order in which it was given.
        after.sort_by_key(|branch| matches!(branch.association.link, Link::Through(_)));
        for branch in after {
            let Branch {
                position,
                association,
                trees,
            } = branch;
            let children = match &association.link {
                Link::Through(junction) => {
                    self.create_linked(&created, association, junction, trees)?
                }
                Link::ToChildren(hop) | Link::ToParent(hop) => {
                    self.create_children(&created, association, hop, trees)?
                }
            };
            below.push((position, children));
        }
        Ok(created.with_below(below))
    }

    /// Creates what a row with these cells is to refer to. For the hooks there the row stands above, though it comes later.
    fn create_parents(
        &mut self,
        source: &ModelEntry,
        cells: &Assignments,
        association: &Association,
        hop: &Hop,
        trees: Vec<Tree>,
    ) -> Result<Vec<(Instance, Key)>> {
        let target = self.target(association);
        let has_hooks = self.lifecycle(target).is_some();
        let built = || Instance::built(self.models(), source.id, cells.clone());
        let source = has_hooks.then(built);
        let create = |tree| {
            let parent = self.create_below(target, tree, &[], source.as_ref())?;
            let key = complete(&parent, &hop.parent_columns)?;
            Ok((parent, key))
        };
        trees.into_iter().map(create).collect()
    }

    fn create_children(
        &mut self,
        source: &Instance,
        association: &Association,
        hop: &Hop,
        trees: Vec<Tree>,
    ) -> Result<Vec<Instance>> {
        if trees.is_empty() {
            return Ok(Vec::new());
        }
        self.require_assignable(association)?;
        let target = self.target(association);
        let cells = of_child(association, hop, &complete(source, &hop.parent_columns)?);
        let children = trees.into_iter();
        children
            .map(|tree| self.create_below(target, tree, &cells, Some(source)))
            .collect()
    }

    fn create_linked(
        &mut self,
        source: &Instance,
        association: &Association,
        junction: &Junction,
        trees: Vec<Tree>,
    ) -> Result<Vec<Instance>> {
        if trees.is_empty() {
            return Ok(Vec::new());
        }
        self.require_assignable(association)?;
        let (target, models) = (self.target(association), self.models());
        let model = models.registry.model(junction.model);
        let own = complete(source, &junction.own.parent_columns)?;
        let mut created = Vec::with_capacity(trees.len());
        for mut tree in trees {
            let given = take_junction(&mut tree, model)?;
            let link = assignments(models, model, given)?;
            let child = self.create_below(target, tree, &association.scope, Some(source))?;
            created.push((child, link));
        }
        let link = |(child, mut link): (Instance, _)| {
            let other = complete(&child, &junction.other.parent_columns)?;
            force(&mut link, &of_pair(junction, &own, &other));
            let link = self.create_row(model, link, Some(source))?;
            Ok(child.with_junction(link))
        };
        created.into_iter().map(link).collect()
    }

    /// Refuses to create targets of an association whose scope says no values to write (associations SC-6).
    fn require_assignable(&self, association: &Association) -> Result<()> {
        let of_junction = || association.junction().and_then(not_linkable);
        let Some(detail) = not_assignable(association).or_else(of_junction) else {
            return Ok(());
        };
        let source = &self.models().registry.model(association.source).name;
        let place = format!("{source}.{}", association.key);
        Err(RequestError::new(RequestKind::Unsupported, place, detail).into())
    }

    fn target(&self, association: &Association) -> &'db ModelEntry {
        self.models().registry.model(association.target)
    }
}

/// Tells values from associations, and leaves out what is not to be created.
fn sort(model: &ModelEntry, tree: Tree) -> Result<Sorted<'_>> {
    if tree.too_deep {
        let detail = format!("trees nested deeper than {DEPTH_MAX}");
        let kind = RequestKind::Limit(Limit::IncludeDepth);
        return Err(RequestError::new(kind, &*model.name, detail).into());
    }
    let includes = tree.includes;
    check_includes(model, includes.as_deref().unwrap_or_default())?;
    let mut values = Values::new();
    let mut branches: Vec<Branch<'_>> = Vec::new();
    for (name, part) in tree.parts {
        let Some(position) = model.association_position(&name) else {
            if let Some(owner) = model.find_owner(&name) {
                match part {
                    Part::Value(Value::Null) => continue,
                    _ => return Err(no_model_to_create(model, owner)),
                }
            }
            match part {
                Part::Value(value) => values.push(name, value),
                Part::One(_) | Part::Many(_) => {
                    model.association(&name)?;
                }
            }
            continue;
        };
        let association = &model.associations()[position];
        if branches.iter().any(|branch| branch.position == position) {
            let detail = format!("association {name} is given twice");
            return Err(RequestError::new(RequestKind::Repeated, &*model.name, detail).into());
        }
        let mut trees = trees_of(model, association, part)?;
        if let Some(includes) = &includes {
            let owner = model.owner_of(&name);
            let said = |it: &&Include| {
                it.association == name || owner.is_some_and(|owner| *owner.key == *it.association)
            };
            let Some(include) = includes.iter().find(said) else {
                continue;
            };
            for tree in &mut trees {
                tree.includes = Some(include.criteria.includes.clone());
            }
        }
        if !trees.is_empty()
            && let Some(owner) = model.owner_of(&name)
        {
            let mut others = branches.iter().filter(|branch| !branch.trees.is_empty());
            if others.any(|branch| owner.members.contains(&branch.position)) {
                let detail = format!("owner {} is given twice", owner.key);
                return Err(RequestError::new(RequestKind::Repeated, &*model.name, detail).into());
            }
        }
        branches.push(Branch {
            position,
            association,
            trees,
        });
    }
    Ok(Sorted { values, branches })
}

/// The rows to be of an association: one tree for an association to one, a list for one to many (associations CR-7), or
/// none (CR-6).
fn trees_of(model: &ModelEntry, association: &Association, part: Part) -> Result<Vec<Tree>> {
    let expected = match (part, association.is_single()) {
        (Part::Value(Value::Null), _) => return Ok(Vec::new()),
        (Part::One(tree), true) => return Ok(vec![tree]),
        (Part::Many(trees), false) => return Ok(trees),
        (Part::Value(_) | Part::Many(_), true) => "one tree",
        (Part::Value(_) | Part::One(_), false) => "a list of trees",
    };
    let detail = format!("association {} takes {expected}, or null", association.key);
    Err(RequestError::new(RequestKind::Type, &*model.name, detail).into())
}

/// Includes say which associations are created, and can say nothing else of use.
fn check_includes(model: &ModelEntry, includes: &[Include]) -> Result<()> {
    for include in includes {
        if model.find_owner(&include.association).is_none() {
            model.association(&include.association)?;
        }
        if !include.is_bare() {
            let detail = format!(
                "the include of {} says more than what is created: its filters and the like mean nothing here",
                include.association
            );
            return Err(RequestError::new(RequestKind::Unsupported, &*model.name, detail).into());
        }
    }
    Ok(())
}

/// What the tree of a target gives for the row of the junction: what stands under the name of its model.
fn take_junction(tree: &mut Tree, junction: &ModelEntry) -> Result<Values> {
    let mut values = Values::new();
    for (_, part) in tree
        .parts
        .extract_if(.., |(name, _)| *name == *junction.name)
    {
        match part {
            Part::Value(Value::Null) => {}
            Part::One(given) if given.is_flat() => {
                for (name, part) in given.parts {
                    if let Part::Value(value) = part {
                        values.push(name, value);
                    }
                }
            }
            Part::Value(_) | Part::One(_) | Part::Many(_) => {
                let detail =
                    "the row of the junction takes values by attribute, and nothing below them";
                return Err(RequestError::new(RequestKind::Type, &*junction.name, detail).into());
            }
        }
    }
    Ok(values)
}

/// The key by which others refer to an instance.
fn complete(instance: &Instance, columns: &[u32]) -> Result<Key> {
    let key = instance.cells(columns);
    if key.iter().any(Value::is_null) {
        let detail = "the instance has no value in the key that others are to refer to it by";
        return Err(RequestError::new(RequestKind::Unsaved, instance.model(), detail).into());
    }
    Ok(key)
}
