//! What a result of a plan consists of: which includes, and which attributes of each row.
//!
//! Names and paths are looked up in the plan alone, once for any number of results. What the request did not load is an
//! error that names it.

use crate::association::registry::ModelEntry;
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::query::attributes::Shown;
use crate::query::node::Node;
use crate::query::plan::Plan;

/// An attribute looked up once, for [`Record::at`](crate::query::Record::at).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub(super) node: usize,
    pub(super) ordinal: u32,
}

/// An include looked up once, for [`Record::under`](crate::query::Record::under).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included {
    pub(super) parent: usize,
    pub(super) node: usize,
}

/// A count looked up once, for [`Record::count_at`](crate::query::Record::count_at).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub(super) parent: usize,
    pub(super) node: usize,
}

/// How much of an association a request loaded below each row. See [`Record::loaded`](crate::query::Record::loaded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loaded {
    /// All rows that the association leads to.
    Whole,
    /// Those that the request asked for: by a filter, a limit, an offset, or something required below them.
    Part,
    /// None: it was not included, or decides only about other rows.
    Not,
}

/// Which row of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Target,
    Junction,
}

impl Plan {
    /// An attribute of the root, or with a path of an include.
    pub(super) fn column(&self, path: &str) -> Result<Column> {
        let (node, name) = match path.rsplit_once('.') {
            Some((includes, name)) => (self.included(includes)?.node, name),
            None => (0, path),
        };
        Ok(Column {
            node,
            ordinal: self.ordinal(node, Side::Target, name)?,
        })
    }

    /// An include by its path.
    pub(super) fn included(&self, path: &str) -> Result<Included> {
        let (mut parent, mut node) = (0, 0);
        for key in path.split('.') {
            parent = node;
            node = self.child(parent, key)?;
        }
        Ok(Included { parent, node })
    }

    /// A count by its path.
    pub(super) fn counted(&self, path: &str) -> Result<Counted> {
        let (parent, key) = match path.rsplit_once('.') {
            Some((includes, key)) => (self.included(includes)?.node, key),
            None => (0, path),
        };
        Ok(Counted {
            parent,
            node: self.counted_child(parent, key)?,
        })
    }

    /// The count of this key below a node.
    pub(super) fn counted_child(&self, node: usize, key: &str) -> Result<usize> {
        let mut children = self.node(node).children.iter().copied();
        let named = children.find(|&child| {
            let include = self.node(child).include.as_ref();
            include.is_some_and(|it| *it.association.key == *key && it.shows_count())
        });
        if let Some(child) = named {
            return Ok(child);
        }
        let model = self.registry.model(self.node(node).model);
        model.association(key)?;
        let detail = format!("association {key} was not counted");
        Err(not_loaded(model, detail))
    }

    /// How much of an association, or of an owner, is loaded below the rows of a node.
    pub(super) fn loaded(&self, node: usize, key: &str) -> Result<Loaded> {
        let model = self.registry.model(self.node(node).model);
        let Some(owner) = model.find_owner(key) else {
            model.association(key)?;
            return Ok(self.loaded_below(node, key));
        };
        let mut members = model.members(owner);
        let loaded = members.next().map(|it| self.loaded_below(node, &it.key));
        let loaded = loaded.unwrap_or(Loaded::Not);
        match members.all(|it| self.loaded_below(node, &it.key) == loaded) {
            true => Ok(loaded),
            false => Ok(Loaded::Part),
        }
    }

    fn loaded_below(&self, node: usize, key: &str) -> Loaded {
        let Some(child) = self.find_child(node, key) else {
            return Loaded::Not;
        };
        let narrowed = self.nodes.iter().flat_map(|it| &it.joins);
        let narrowed = narrowed.into_iter().any(|join| join.nodes.contains(&child));
        let child = self.node(child);
        // Of a row that is left, the one row of an association to one is left too.
        let narrowed = narrowed && !child.is_single();
        let mut below = child.children.iter();
        let whole = child.include.as_ref().is_some_and(|it| it.whole)
            && !narrowed
            && !below.any(|&it| self.node(it).is_required());
        if whole { Loaded::Whole } else { Loaded::Part }
    }

    /// The include of this key below a node.
    pub(super) fn child(&self, node: usize, key: &str) -> Result<usize> {
        if let Some(child) = self.find_child(node, key) {
            return Ok(child);
        }
        let model = self.registry.model(self.node(node).model);
        if let Some(owner) = model.find_owner(key) {
            let names = model.member_names(owner);
            let detail = format!("{key} leads to rows of several models: look up one of {names}");
            return Err(RequestError::new(RequestKind::Type, &*model.name, detail).into());
        }
        model.association(key)?;
        let detail = format!("association {key} was not included");
        Err(not_loaded(model, detail))
    }

    /// The include of an association below a node, if it is part of the result. A recursive include is one below itself.
    pub(super) fn find_child(&self, node: usize, key: &str) -> Option<usize> {
        if self.node(node).recurses_by(key) {
            return Some(node);
        }
        let mut children = self.node(node).children.iter().copied();
        children.find(|&child| {
            let include = self.node(child).include.as_ref();
            include.is_some_and(|include| *include.association.key == *key && !include.hidden)
        })
    }

    pub(super) fn ordinal(&self, node: usize, side: Side, name: &str) -> Result<u32> {
        let (model, shown) = self.shape(node, side);
        if let Some(ordinal) = shown.find_computed(name) {
            return Ok(ordinal);
        }
        let ordinal = model.attribute(name)?.ordinal;
        match shown.all || shown.ordinals.contains(&ordinal) {
            true => Ok(ordinal),
            false => {
                let detail = format!("attribute {name} was not loaded");
                Err(not_loaded(model, detail))
            }
        }
    }

    /// The model of a node's rows or junction rows, and which attributes of it are shown.
    pub(super) fn shape(&self, node: usize, side: Side) -> (&ModelEntry, &Shown) {
        let node = self.node(node);
        let junction = node.junction.as_ref();
        let (model, shown) = match (side, junction) {
            (Side::Junction, Some(junction)) => (junction.model, &junction.attributes),
            (Side::Junction, None) | (Side::Target, _) => (node.model, &node.attributes),
        };
        (self.registry.model(model), shown)
    }

    /// The model of the root.
    pub(super) fn root_name(&self) -> &str {
        &self.shape(0, Side::Target).0.name
    }

    pub(super) fn node(&self, node: usize) -> &Node {
        &self.nodes[node].node
    }
}

pub(super) fn not_loaded(model: &ModelEntry, detail: String) -> Error {
    RequestError::new(RequestKind::NotLoaded, &*model.name, detail).into()
}
