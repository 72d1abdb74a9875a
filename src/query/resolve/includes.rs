//! What is included below a node, and below that, with what the scopes of models say of it.
//!
//! The includes wait on a list, so that nothing here nests. An include of an owner is one of each of its associations.

use std::borrow::Cow;
use std::sync::Arc;

use crate::association::link::Link;
use crate::association::owner::Owner;
use crate::association::registry::{ModelEntry, ModelId};
use crate::error::{RequestError, RequestKind, Result};
use crate::query::criteria::Criteria;
use crate::query::include_all::by_key;
use crate::query::node::{IncludeNode, Node, Tree};
use crate::query::reach::{Draft, Origin};
use crate::query::resolve::Resolver;
use crate::query::resolve::refusals::{check_no_junction, too_deep, too_many};
use crate::query::{DEPTH_MAX, Include};

/// The most includes of one request, at all depths; a few associations lead to many where all are included.
pub(super) const NODES_MAX: usize = 10_000;

/// An include that is still to be resolved.
struct Pending<'r> {
    /// The node that it hangs below.
    parent: usize,
    /// How deep it is itself: one below the root.
    depth: u32,
    include: Cow<'r, Include>,
    counted: bool,
    owner: Option<Arc<Owner>>,
}

/// The last one pushed is the next one resolved, with all that is below it.
fn push_includes<'r>(
    (parent, depth): (usize, u32),
    criteria: Cow<'r, Criteria>,
    pending: &mut Vec<Pending<'r>>,
) {
    let push = |counted| {
        move |include| Pending {
            parent,
            depth,
            include,
            counted,
            owner: None,
        }
    };
    match criteria {
        Cow::Borrowed(criteria) => {
            let counts = criteria.counts.iter().rev();
            pending.extend(counts.map(Cow::Borrowed).map(push(true)));
            let includes = criteria.includes.iter().rev();
            pending.extend(includes.map(Cow::Borrowed).map(push(false)));
        }
        Cow::Owned(criteria) => {
            let counts = criteria.counts.into_iter().rev();
            pending.extend(counts.map(Cow::Owned).map(push(true)));
            let includes = criteria.includes.into_iter().rev();
            pending.extend(includes.map(Cow::Owned).map(push(false)));
        }
    }
}

/// The includes of one owner are required together: a row needs something in one of them.
pub(super) fn require_together(nodes: &mut [Node]) {
    for position in 0..nodes.len() {
        let children = std::mem::take(&mut nodes[position].children);
        let is_required = |&child: &usize| nodes[child].is_required();
        let of_one_owner = |&one: &usize, &other: &usize| {
            let includes = nodes[one]
                .include
                .as_ref()
                .zip(nodes[other].include.as_ref());
            includes.is_some_and(|(one, other)| one.is_of_one_owner(other))
        };
        let groups = children.chunk_by(of_one_owner);
        let required: Vec<usize> = groups
            .filter(|group| group.iter().any(is_required))
            .flatten()
            .copied()
            .collect();
        for child in required {
            if let Some(include) = &mut nodes[child].include {
                include.required = true;
            }
        }
        nodes[position].children = children;
    }
}

/// An include without attributes is hidden, unless something below it is shown or counted. A count is hidden with all
/// that is below it, and so is what no include asked for.
pub(super) fn hide_what_shows_nothing(nodes: &mut [Node]) {
    for position in (1..nodes.len()).rev() {
        let shown = |child: &usize| {
            let include = nodes[*child].include.as_ref();
            include.is_some_and(|it| !it.hidden || it.shows_count())
        };
        let hidden = nodes[position].attributes.ordinals.is_empty()
            && !nodes[position].children.iter().any(shown);
        if let Some(include) = &mut nodes[position].include {
            include.hidden = hidden;
        }
    }
    let mut silent = vec![false; nodes.len()];
    for (position, node) in nodes.iter_mut().enumerate() {
        if let Some(include) = &mut node.include {
            let is_silent = include.counted || include.origin != Origin::Request;
            silent[position] = is_silent || silent[include.parent];
            include.hidden |= silent[position];
        }
    }
}

impl<'s> Resolver<'s> {
    /// What scopes require below a node that was added for a filter or an order.
    pub(crate) fn grow(&self, tree: &mut Tree, node: usize, scoped: Criteria) -> Result<()> {
        self.grow_all(tree, node, Cow::Owned(scoped))
    }

    /// Adds what is included below a node, and below that.
    pub(super) fn grow_all(
        &self,
        tree: &mut Tree,
        node: usize,
        scoped: Cow<'_, Criteria>,
    ) -> Result<()> {
        let mut pending = Vec::new();
        let model = self.registry.model(tree.nodes[node].model);
        let scoped = by_key(self.registry, model, scoped)?;
        push_includes((node, tree.depth(node) + 1), scoped, &mut pending);
        while let Some(Pending {
            parent,
            depth,
            include,
            counted,
            owner,
        }) = pending.pop()
        {
            let source = tree.nodes[parent].model;
            if depth > DEPTH_MAX {
                return Err(too_deep(self.registry.model(source)));
            }
            let source_model = self.registry.model(source);
            if let Some(found) = source_model.find_owner(&include.association) {
                if counted {
                    let what = ", an owner in one of several models";
                    return Err(self.no_count(source, &include, what));
                }
                let members = include.of_owner(source_model, found)?;
                pending.extend(members.into_iter().rev().map(|include| Pending {
                    parent,
                    depth,
                    include: Cow::Owned(include),
                    counted,
                    owner: Some(found.clone()),
                }));
                continue;
            }
            if counted {
                self.check_count(source, &include)?;
            } else {
                self.check_recursion(&tree.nodes, parent, &include)?;
            }
            let target = self.target(source, &include)?;
            let ((mut node, mut draft), below) = match include {
                Cow::Borrowed(include) => {
                    let scoped = self.scoped(target, &include.criteria, false)?;
                    (self.include(source, parent, include, &scoped)?, scoped)
                }
                Cow::Owned(include) => {
                    let scoped = self.scoped(target, &include.criteria, false)?.into_owned();
                    let node = self.include(source, parent, &include, &scoped)?;
                    (node, Cow::Owned(scoped))
                }
            };
            if let Some(include) = &mut node.include {
                include.owner = owner;
            }
            self.check_owner(&tree.nodes, parent, &node)?;
            let silent = tree.nodes[parent].is_silent(&tree.nodes);
            if silent && (counted || !node.is_required()) {
                // Only a scope says so, and it says nothing about a number.
                continue;
            }
            if counted {
                node.only_count();
            }
            if silent {
                node.attributes.without_computed();
                draft.worked.clear();
            }
            if let (Some(include), Some(above)) = (&mut node.include, &tree.nodes[parent].include) {
                include.origin = above.origin;
            }
            if tree.nodes.len() >= NODES_MAX {
                return Err(too_many(self.registry.model(source)));
            }
            let below = by_key(self.registry, target, below)?;
            let position = tree.push(node, draft);
            push_includes((position, depth + 1), below, &mut pending);
        }
        Ok(())
    }

    /// The model that an include leads to.
    pub(super) fn target(&self, source: ModelId, include: &Include) -> Result<&'s ModelEntry> {
        let source = self.registry.model(source);
        let association = source.association(&include.association)?;
        Ok(self.registry.model(association.target))
    }

    pub(crate) fn include(
        &self,
        source: ModelId,
        parent: usize,
        include: &Include,
        criteria: &Criteria,
    ) -> Result<(Node, Draft)> {
        let association = self
            .registry
            .model(source)
            .association(&include.association)?;
        if let Some(member) = include.members.first() {
            let detail = format!(
                "{} is no owner that could have a member {}",
                include.association, member.association
            );
            let source = self.registry.model(source);
            return Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into());
        }
        let mut conditioned = Cow::Borrowed(criteria);
        let on = match include.on.is_some() || include.or {
            true => self.on(association, include, &mut conditioned.to_mut().filters)?,
            false => None,
        };
        let (mut node, draft) = match &association.link {
            Link::Chain(steps) => self.over_chain(association, steps, &conditioned)?,
            Link::ToParent(_) | Link::ToChildren(_) | Link::Through(_) => {
                self.targets(association, &conditioned)?
            }
        };
        node.junction = match &association.link {
            Link::Through(through) => {
                let scope = (&through.scope[..], through.conditions.as_ref());
                Some(self.junction(through, scope, include)?)
            }
            Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => {
                check_no_junction(self.registry.model(source), include)?;
                None
            }
        };
        node.include = Some(IncludeNode {
            parent,
            association: association.clone(),
            required: include.is_required(&criteria.filters),
            on,
            hidden: false,
            counted: false,
            aggregated: false,
            unordered: false,
            origin: Origin::Request,
            whole: include.is_whole(),
            recursion: include.recursion,
            owner: None,
        });
        Ok((node, draft))
    }
}
