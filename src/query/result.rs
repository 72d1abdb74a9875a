//! What a request found: flat levels, seen as a tree.
//!
//! [`Rows`] borrows every row from the snapshot; nothing of a row is copied. A [`Record`] is a place in it: two numbers
//! and a pointer. What the request did not load is an error that names it, never an absent value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::association::registry::{ModelEntry, ModelId};
use crate::engine::{CellPlace, RowView};
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::query::level::{Level, RowList};
use crate::query::plan::Plan;
use crate::query::resolve::{IncludeNode, Node, Shown};
use crate::value::{Key, ValueRef};

/// The rows that a request found, with what it included.
pub struct Rows<'s> {
    plan: Cow<'s, Plan>,
    /// By node.
    levels: Vec<Level<'s>>,
}

/// A row of a result: of the root, of an include, or of a junction.
#[derive(Clone, Copy)]
pub struct Record<'r> {
    rows: &'r Rows<'r>,
    /// The rows that it is one of, so that reading a cell looks nothing up.
    list: &'r RowList<'r>,
    node: usize,
    side: Side,
    position: usize,
}

/// Which row of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Target,
    Junction,
}

/// Rows of one level, in order.
#[derive(Clone)]
pub struct Records<'r> {
    rows: &'r Rows<'r>,
    node: usize,
    positions: Range<usize>,
}

/// An attribute looked up once, for [`Record::at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    node: usize,
    place: CellPlace,
}

/// An include looked up once, for [`Record::under`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included {
    parent: usize,
    node: usize,
}

impl<'s> Rows<'s> {
    /// One level per node of the plan.
    pub(crate) fn new(plan: Cow<'s, Plan>, levels: Vec<Level<'s>>) -> Self {
        debug_assert_eq!(plan.nodes.len(), levels.len());
        Rows { plan, levels }
    }

    pub(crate) fn into_parts(self) -> (Plan, Vec<Level<'s>>) {
        (self.plan.into_owned(), self.levels)
    }

    /// How many rows the root has.
    pub fn len(&self) -> usize {
        self.levels[0].len()
    }

    /// Whether the root has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of the root, in order.
    pub fn iter(&self) -> Records<'_> {
        self.records(0, 0..self.len())
    }

    /// The row of the root at a position; none behind the last one.
    pub fn get(&self, position: usize) -> Option<Record<'_>> {
        (position < self.len()).then(|| self.record(0, position))
    }

    /// The first row of the root, if it has one.
    pub fn first(&self) -> Option<Record<'_>> {
        self.get(0)
    }

    /// An attribute of the root's rows, or with a path such as `tasks.title` of those of an include.
    ///
    /// # Errors
    /// As [`Record::get`] and [`included`](Rows::included).
    pub fn column(&self, path: &str) -> Result<Column> {
        let (node, name) = match path.rsplit_once('.') {
            Some((includes, name)) => (self.included(includes)?.node, name),
            None => (0, path),
        };
        let ordinal = self.ordinal(node, Side::Target, name)?;
        let place = self.levels[node].rows.reader.place(ordinal);
        Ok(Column { node, place })
    }

    /// An include, by its association's key or with a path such as `tasks.comments`.
    ///
    /// # Errors
    /// `UnknownAssociation`, or `NotLoaded` for one that was not included.
    pub fn included(&self, path: &str) -> Result<Included> {
        let (mut parent, mut node) = (0, 0);
        for key in path.split('.') {
            parent = node;
            node = self.child(parent, key)?;
        }
        Ok(Included { parent, node })
    }

    /// The rows of the root that stand under one of the sources for which they were given.
    pub(crate) fn of_source(&self, source: usize) -> Records<'_> {
        self.records(0, self.levels[0].range(source))
    }

    /// For how many sources the rows of the root were given; one where they were not.
    pub(crate) fn sources(&self) -> usize {
        self.levels[0].parents()
    }

    fn record(&self, node: usize, position: usize) -> Record<'_> {
        Record {
            rows: self,
            list: &self.levels[node].rows,
            node,
            side: Side::Target,
            position,
        }
    }

    fn records(&self, node: usize, positions: Range<usize>) -> Records<'_> {
        Records {
            rows: self,
            node,
            positions,
        }
    }

    fn node(&self, node: usize) -> &Node {
        &self.plan.nodes[node].node
    }

    /// The include of this key below a node.
    fn child(&self, node: usize, key: &str) -> Result<usize> {
        let model = self.plan.registry.model(self.node(node).model);
        let children = self.node(node).children.iter().copied();
        let mut named = children.filter(|&child| {
            let include = self.node(child).include.as_ref();
            include.is_some_and(|include| *include.association.key == *key && !include.hidden)
        });
        match named.next() {
            Some(child) => Ok(child),
            None => {
                model.association(key)?;
                Err(not_loaded(
                    model,
                    format!("association {key} was not included"),
                ))
            }
        }
    }

    fn ordinal(&self, node: usize, side: Side, name: &str) -> Result<u32> {
        let (model, shown) = self.shape(node, side);
        let ordinal = model.attribute(name)?.ordinal;
        match shown.all || shown.ordinals.contains(&ordinal) {
            true => Ok(ordinal),
            false => Err(not_loaded(
                model,
                format!("attribute {name} was not loaded"),
            )),
        }
    }

    /// The model of a node's rows or junction rows, and which attributes of it are shown.
    fn shape(&self, node: usize, side: Side) -> (&ModelEntry, &Shown) {
        let node = self.node(node);
        let (model, shown) = match (side, &node.junction) {
            (Side::Junction, Some(junction)) => (junction.model, &junction.attributes),
            (Side::Junction, None) | (Side::Target, _) => (node.model, &node.attributes),
        };
        (self.plan.registry.model(model), shown)
    }
}

impl<'r> Record<'r> {
    /// The value of an attribute.
    ///
    /// # Errors
    /// `UnknownColumn`, or `NotLoaded` if the request excluded it.
    pub fn get(&self, name: &str) -> Result<ValueRef<'r>> {
        Ok(self.value(self.rows.ordinal(self.node, self.side, name)?))
    }

    /// The value of an attribute that was looked up with [`Rows::column`] in the same result.
    ///
    /// # Panics
    /// If the column is of other rows than this one.
    #[inline]
    pub fn at(&self, column: Column) -> ValueRef<'r> {
        assert!(
            column.node == self.node && self.side == Side::Target,
            "the column is of other rows"
        );
        self.list.cells[self.position].read(column.place)
    }

    /// The primary key, loaded or not.
    pub fn key(&self) -> Key {
        self.view().key()
    }

    /// The name of the model.
    pub fn model(&self) -> &'r str {
        &self.shape().0.name
    }

    /// The names and values of the attributes that were loaded, in the order asked for.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (&'r str, ValueRef<'r>)> + use<'r> {
        let (model, shown) = self.shape();
        let record = *self;
        shown.ordinals.iter().map(move |&ordinal| {
            let attribute = model.attribute_of(ordinal);
            (attribute.map_or("", |it| &*it.name), record.value(ordinal))
        })
    }

    /// The rows of an included association to many.
    ///
    /// # Errors
    /// `UnknownAssociation`; `NotLoaded` if it was not included; `Type` if it leads to one row at most.
    pub fn many(&self, association: &str) -> Result<Records<'r>> {
        let (include, records) = self.below(association)?;
        match include.association.is_single() {
            false => Ok(records),
            true => Err(self.refusal(format!(
                "{association} leads to one row at most: read it with `one`"
            ))),
        }
    }

    /// The row of an included association to one, if there is one.
    ///
    /// # Errors
    /// `UnknownAssociation`; `NotLoaded` if it was not included; `Type` if it leads to many rows.
    pub fn one(&self, association: &str) -> Result<Option<Record<'r>>> {
        let (include, mut records) = self.below(association)?;
        match include.association.is_single() {
            true => Ok(records.next()),
            false => Err(self.refusal(format!(
                "{association} leads to many rows: read them with `many`"
            ))),
        }
    }

    /// The rows of an include that was looked up with [`Rows::included`] in the same result, one or many.
    ///
    /// # Panics
    /// If the include is below other rows than this one.
    #[inline]
    pub fn under(&self, included: Included) -> Records<'r> {
        assert!(
            included.parent == self.node && self.side == Side::Target,
            "the include is below other rows"
        );
        self.children(included.node)
    }

    /// The junction row that led to this row; none if the association goes through no junction, or if the request
    /// excluded it.
    pub fn through(&self) -> Option<Record<'r>> {
        let junction = self.rows.levels[self.node].junction.as_ref()?;
        (self.side == Side::Target).then_some(Record {
            list: junction,
            side: Side::Junction,
            ..*self
        })
    }

    /// Each association that was included below, its rows, and whether it leads to one at most.
    pub(crate) fn includes(
        &self,
    ) -> impl Iterator<Item = (&'r IncludeNode, Records<'r>)> + use<'r> {
        let record = *self;
        let children: &[usize] = match self.side {
            Side::Target => &self.rows.node(self.node).children,
            Side::Junction => &[],
        };
        let rows = self.rows;
        children.iter().filter_map(move |&child| {
            let include = rows.node(child).include.as_ref()?;
            (!include.hidden).then(|| (include, record.children(child)))
        })
    }

    pub(crate) fn model_id(&self) -> ModelId {
        self.shape().0.id
    }

    pub(crate) fn view(&self) -> RowView<'r> {
        self.list.view(self.position)
    }

    #[inline]
    fn value(&self, ordinal: u32) -> ValueRef<'r> {
        let cells = self.list.cells[self.position];
        self.list.reader.value(cells, ordinal)
    }

    fn shape(&self) -> (&'r ModelEntry, &'r Shown) {
        self.rows.shape(self.node, self.side)
    }

    fn below(&self, association: &str) -> Result<(&'r IncludeNode, Records<'r>)> {
        if self.side == Side::Junction {
            let (model, _) = self.shape();
            model.association(association)?;
            let detail = format!("association {association} was not included");
            return Err(not_loaded(model, detail));
        }
        let child = self.rows.child(self.node, association)?;
        let include = self.rows.node(child).include.as_ref();
        let include = include.expect("a node below another is an include");
        Ok((include, self.children(child)))
    }

    #[inline]
    fn children(&self, child: usize) -> Records<'r> {
        let range = self.rows.levels[child].range(self.position);
        self.rows.records(child, range)
    }

    fn refusal(&self, detail: String) -> Error {
        RequestError::new(RequestKind::Type, self.model(), detail).into()
    }
}

fn not_loaded(model: &ModelEntry, detail: String) -> Error {
    RequestError::new(RequestKind::NotLoaded, &*model.name, detail).into()
}

impl<'r> Iterator for Records<'r> {
    type Item = Record<'r>;

    #[inline]
    fn next(&mut self) -> Option<Record<'r>> {
        let position = self.positions.next()?;
        Some(self.rows.record(self.node, position))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.positions.size_hint()
    }
}

impl DoubleEndedIterator for Records<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let position = self.positions.next_back()?;
        Some(self.rows.record(self.node, position))
    }
}

impl ExactSizeIterator for Records<'_> {}

impl<'r, 's> IntoIterator for &'r Rows<'s> {
    type Item = Record<'r>;
    type IntoIter = Records<'r>;

    fn into_iter(self) -> Records<'r> {
        self.iter()
    }
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Attributes, then what was included. As deep as the includes of the request, which are limited.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entries(self.attributes());
        if let Some(through) = self.through() {
            map.entry(&through.model(), &through);
        }
        map.entries(
            self.includes()
                .map(|(include, records)| (&include.association.key, records)),
        );
        map.finish()
    }
}
