//! What cannot be asked for, or not together: each a typed error that names it.

use std::sync::Arc;

use crate::association::registry::{ModelEntry, ModelId};
use crate::error::{Error, Limit, RequestError, RequestKind, Result};
use crate::query::node::{IncludeNode, Node};
use crate::query::reach::Slot;
use crate::query::resolve::Resolver;
use crate::query::resolve::includes::NODES_MAX;
use crate::query::{DEPTH_MAX, Include};

impl Resolver<'_> {
    /// Refuses an association beside the owner that it is one of, where what is said of the two could differ.
    pub(super) fn check_owner(&self, nodes: &[Node], parent: usize, node: &Node) -> Result<()> {
        let Some(include) = &node.include else {
            return Ok(());
        };
        let beside = nodes[parent]
            .children
            .iter()
            .filter_map(|&it| nodes[it].include.as_ref());
        let same = |other: &&IncludeNode| {
            !other.counted && Arc::ptr_eq(&other.association, &include.association)
        };
        let owner = |it: &IncludeNode| it.owner.clone();
        let Some(owner) = beside
            .filter(same)
            .find_map(|it| owner(include).or(owner(it)))
        else {
            return Ok(());
        };
        let key = &include.association.key;
        let detail = format!(
            "{key} is included with {}: say with `member` what is wanted of it",
            owner.key
        );
        let source = self.registry.model(nodes[parent].model);
        Err(RequestError::new(RequestKind::Repeated, &*source.name, detail).into())
    }

    /// Refuses a recursion that cannot be, and a second word on what is below the rows of one.
    pub(super) fn check_recursion(
        &self,
        nodes: &[Node],
        parent: usize,
        include: &Include,
    ) -> Result<()> {
        let source = self.registry.model(nodes[parent].model);
        let key = &include.association;
        let above = nodes[parent].include.as_ref();
        let again = above.is_some_and(|it| it.recursion.is_some() && *it.association.key == **key);
        let refuse =
            |detail| Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into());
        if again {
            return refuse(format!(
                "{key} included in its own recursion, which includes it"
            ));
        }
        let Some(recursion) = include.recursion else {
            return Ok(());
        };
        let association = source.association(key)?;
        if !association.is_self() {
            let target = &self.registry.model(association.target).name;
            return refuse(format!(
                "a recursion of {key}, which leads from {} to {target}",
                source.name
            ));
        }
        if recursion.depth_max == Some(0) {
            return refuse(format!("a recursion of {key} to depth 0"));
        }
        if nodes[parent].is_silent(nodes) && include.required == Some(true) {
            return refuse(format!("a recursion of {key} in a count"));
        }
        Ok(())
    }

    /// Refuses to look at rows of a recursive include together with others: what is left of them would be said of one depth.
    pub(super) fn check_no_join_over_recursion(&self, nodes: &[Node]) -> Result<()> {
        for (top, node) in nodes.iter().enumerate() {
            let of_slots = node.reach.slots.iter().filter_map(|slot| match slot {
                Slot::Cell(at, _) => at.node(),
                Slot::Number { .. } | Slot::Aggregate { .. } => None,
            });
            let of_order = node.order.iter().filter_map(|key| key.at.node());
            for mut joined in of_slots.chain(of_order) {
                while let Some(include) = &nodes[joined].include {
                    if include.recursion.is_some() {
                        let detail = format!(
                            "a column over associations beside a recursion of {}: ask with `related`",
                            include.association.key
                        );
                        let model = &*self.registry.model(include.association.source).name;
                        let kind = RequestKind::Unsupported;
                        return Err(RequestError::new(kind, model, detail).into());
                    }
                    if joined == top {
                        break;
                    }
                    joined = include.parent;
                }
            }
        }
        Ok(())
    }

    /// Refuses what says nothing about a number of rows.
    pub(super) fn check_count(&self, source: ModelId, counted: &Include) -> Result<()> {
        let Some(what) = counted.what_no_count_has() else {
            return Ok(());
        };
        Err(self.no_count(source, counted, &format!("with {what}")))
    }

    pub(super) fn no_count(&self, source: ModelId, counted: &Include, what: &str) -> Error {
        let detail = format!("a count of {} {what}", counted.association);
        let source = self.registry.model(source);
        RequestError::new(RequestKind::Unsupported, &*source.name, detail).into()
    }
}

pub(super) fn check_no_junction(source: &ModelEntry, include: &Include) -> Result<()> {
    if include.through_filters.is_empty()
        && include.through_attributes.is_none()
        && !include.through_with_deleted
    {
        return Ok(());
    }
    let detail = format!("{} goes through no junction", include.association);
    Err(RequestError::new(RequestKind::Unsupported, &*source.name, detail).into())
}

pub(super) fn too_many(model: &ModelEntry) -> Error {
    let detail = format!("more than {NODES_MAX} includes");
    let kind = RequestKind::Limit(Limit::IncludeDepth);
    RequestError::new(kind, &*model.name, detail).into()
}

pub(crate) fn too_deep(model: &ModelEntry) -> Error {
    let detail = format!("includes nested deeper than {DEPTH_MAX}");
    RequestError::new(
        RequestKind::Limit(Limit::IncludeDepth),
        &*model.name,
        detail,
    )
    .into()
}
