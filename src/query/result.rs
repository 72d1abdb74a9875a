//! What a request found: flat levels, seen as a tree.
//!
//! [`Rows`] borrows every row from the snapshot; nothing of a row is copied. A [`Record`] is a place in it: two numbers
//! and a pointer. What the request did not load is an error that names it, never an absent value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::slice;

use crate::association::owner::Owner;
use crate::association::registry::{ModelEntry, ModelId};
use crate::engine::{RowCells, RowView, Snapshot};
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::query::attributes::{Shown, computed_position};
use crate::query::execute::Found;
use crate::query::level::{Level, RowList};
use crate::query::node::IncludeNode;
use crate::query::parameters::Given;
use crate::query::plan::{Plan, RowOrder};
use crate::query::reach::At;
use crate::query::recursed::Recursed;
use crate::query::shape::{Column, Counted, Included, Loaded, Side, not_loaded};
use crate::query::{execute, keyset};
use crate::value::{FromValue, Key, Value, ValueRef};

/// The rows that a request found, with what it included.
pub struct Rows<'s> {
    plan: Cow<'s, Plan>,
    /// By node.
    levels: Vec<Level<'s>>,
    /// By node, the values of computed attributes, row after row; nothing at all if there are none.
    computed: Cow<'s, [Vec<Value>]>,
    /// Where the rows of the root are placed by more than their own columns.
    places: Option<Box<Places<'s>>>,
}

/// What it takes to tell the place of a row in an order by what does not stand in it.
struct Places<'s> {
    given: Given,
    snapshot: &'s Snapshot,
}

/// A row of a result: of the root, of an include, or of a junction.
#[derive(Clone, Copy)]
pub struct Record<'r> {
    rows: &'r Rows<'r>,
    /// The rows that it is one of, and its own cells, so that reading one looks nothing up.
    list: &'r RowList<'r>,
    cells: RowCells<'r>,
    node: usize,
    side: Side,
    position: usize,
}

/// Rows of one level, in order.
#[derive(Clone)]
pub struct Records<'r> {
    rows: &'r Rows<'r>,
    list: &'r RowList<'r>,
    node: usize,
    /// The position of the first of those that are left.
    position: usize,
    cells: slice::Iter<'r, RowCells<'r>>,
}

impl<'s> Rows<'s> {
    /// What was found by a plan for these values of its parameters.
    pub(crate) fn new(
        plan: Cow<'s, Plan>,
        given: Given,
        found: Found<'s>,
        snapshot: &'s Snapshot,
    ) -> Self {
        let reaches = matches!(plan.root().order, RowOrder::Reaching(_));
        let given = reaches.then_some(given);
        Rows::of_parts(
            plan,
            given,
            found.levels,
            Cow::Owned(found.computed),
            snapshot,
        )
    }

    /// The values of parameters are those that tell the places of rows.
    pub(crate) fn of_parts(
        plan: Cow<'s, Plan>,
        given: Option<Given>,
        levels: Vec<Level<'s>>,
        computed: Cow<'s, [Vec<Value>]>,
        snapshot: &'s Snapshot,
    ) -> Self {
        debug_assert_eq!(plan.nodes.len(), levels.len());
        Rows {
            plan,
            levels,
            computed,
            places: given.map(|given| Box::new(Places { given, snapshot })),
        }
    }

    pub(crate) fn into_parts(self) -> (Plan, Option<Given>, Vec<Level<'s>>, Vec<Vec<Value>>) {
        (
            self.plan.into_owned(),
            self.places.map(|places| places.given),
            self.levels,
            self.computed.into_owned(),
        )
    }

    /// A computed attribute of a row of a node.
    #[cold]
    pub(super) fn computed(&self, node: usize, row: usize, position: usize) -> ValueRef<'_> {
        let width = self.plan.node(node).attributes.computed.len();
        self.computed[node][row * width + position].as_ref()
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

    /// The last row of the root, if it has one.
    pub fn last(&self) -> Option<Record<'_>> {
        self.get(self.len().checked_sub(1)?)
    }

    /// An attribute of the root's rows, or with a path such as `tasks.title` of those of an include.
    ///
    /// # Errors
    /// As [`Record::get`] and [`included`](Rows::included).
    pub fn column(&self, path: &str) -> Result<Column> {
        self.plan.column(path)
    }

    /// An include, by its association's key or with a path such as `tasks.comments`.
    ///
    /// # Errors
    /// `UnknownAssociation`, or `NotLoaded` for one that was not included.
    pub fn included(&self, path: &str) -> Result<Included> {
        self.plan.included(path)
    }

    /// A count, by its association's key or with a path such as `tasks.comments`.
    ///
    /// # Errors
    /// `UnknownAssociation`, or `NotLoaded` for one that was not counted.
    pub fn counted(&self, path: &str) -> Result<Counted> {
        self.plan.counted(path)
    }

    /// The first recursive include in it, if there is one.
    pub(crate) fn recursive(&self) -> Option<&str> {
        let mut includes = self
            .plan
            .nodes
            .iter()
            .filter_map(|it| it.node.include.as_ref());
        let found = includes.find(|include| include.recursion.is_some() && !include.hidden);
        found.map(|include| &*include.association.key)
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn level(&self, node: usize) -> &Level<'s> {
        &self.levels[node]
    }

    /// The rows of the root that stand under one of the sources for which they were given.
    pub(crate) fn of_source(&self, source: usize) -> Records<'_> {
        self.records(0, self.levels[0].range(source))
    }

    fn record(&self, node: usize, position: usize) -> Record<'_> {
        let list = &self.levels[node].rows;
        Record {
            rows: self,
            list,
            cells: list.cells[position],
            node,
            side: Side::Target,
            position,
        }
    }

    #[inline]
    fn records(&self, node: usize, positions: Range<usize>) -> Records<'_> {
        let list = &self.levels[node].rows;
        Records {
            rows: self,
            list,
            node,
            position: positions.start,
            cells: list.cells[positions].iter(),
        }
    }
}

impl<'r> Record<'r> {
    /// The value of an attribute.
    ///
    /// # Errors
    /// `UnknownColumn`, or `NotLoaded` if the request excluded it.
    pub fn get(&self, name: &str) -> Result<ValueRef<'r>> {
        Ok(self.value(self.rows.plan.ordinal(self.node, self.side, name)?))
    }

    /// The value of an attribute as a Rust type: `i64` and integers that it fits into, `f64`, `bool`, `&str`, `String`,
    /// and so on, and `Option` of these where it may be null.
    ///
    /// # Errors
    /// As [`get`](Record::get), and `Type` if the value is of another type, null, or too large for it.
    pub fn get_as<T: FromValue<'r>>(&self, name: &str) -> Result<T> {
        let value = self.get(name)?;
        T::from_value(value).ok_or_else(|| {
            let value = value.to_value();
            RequestError::not_readable(self.model(), name, &value, T::EXPECTED).into()
        })
    }

    /// The value of an attribute that was looked up with [`Rows::column`] in the same result, or with
    /// [`Prepared::column`](crate::query::Prepared::column) in its request.
    ///
    /// # Panics
    /// If the column is of other rows than this one.
    #[inline(always)]
    pub fn at(&self, column: Column) -> ValueRef<'r> {
        assert!(
            column.node == self.node && self.side == Side::Target,
            "the column is of other rows"
        );
        match self.list.reader.find_field(column.ordinal) {
            Some(field) => self.cells.read(field),
            None => self.computed(column.ordinal),
        }
    }

    /// The primary key, loaded or not.
    pub fn key(&self) -> Key {
        self.view().key()
    }

    /// The place of a row of the root in the order of the request, to go on behind it with
    /// [`Select::after`](crate::query::Select::after): the values of what it is ordered by, then of the primary key. What
    /// does not stand in the row is worked out again for it.
    ///
    /// # Errors
    /// `Unsupported` for a row below another, and for an order over an association to many.
    pub fn cursor(&self) -> Result<Key> {
        if self.node != 0 || self.side == Side::Junction {
            let detail = "the place of a row below another";
            let error = RequestError::new(RequestKind::Unsupported, self.model(), detail);
            return Err(error.into());
        }
        let primary_key = &self.list.reader.table.primary_key().columns;
        let keys = keyset::keys_of(self.rows.plan.root(), self.model(), primary_key)?;
        match &self.rows.places {
            Some(places) if keys.iter().any(|key| key.at != At::Row) => {
                let Places { given, snapshot } = &**places;
                let row = self.list.ids[self.position];
                let place = execute::place_of(row, &keys, &self.rows.plan, given, snapshot)?;
                Ok(place.into_iter().collect())
            }
            _ => {
                let values = keys.iter().map(|key| self.value(key.ordinal).to_value());
                Ok(values.collect())
            }
        }
    }

    /// The name of the model.
    pub fn model(&self) -> &'r str {
        &self.shape().0.name
    }

    /// The names and values of the attributes that were loaded, in the order asked for.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (&'r str, ValueRef<'r>)> + use<'r> {
        let (model, shown) = self.shape();
        let record = *self;
        shown
            .ordinals
            .iter()
            .map(move |&ordinal| (shown.name(model, ordinal), record.value(ordinal)))
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

    /// The row of an included association to one, if there is one; of an owner, the row of whatever model it is.
    ///
    /// # Errors
    /// `UnknownAssociation`; `NotLoaded` if it was not included; `Type` if it leads to many rows.
    pub fn one(&self, association: &str) -> Result<Option<Record<'r>>> {
        let (model, _) = self.shape();
        if let Some(owner) = model.find_owner(association) {
            return self.owner(model, owner);
        }
        let (include, mut records) = self.below(association)?;
        match include.association.is_single() {
            true => Ok(records.next()),
            false => Err(self.refusal(format!(
                "{association} leads to many rows: read them with `many`"
            ))),
        }
    }

    /// How much of an association was loaded below this row: all, a part, or nothing. What was not loaded is an error for
    /// [`one`](Record::one) and [`many`](Record::many).
    ///
    /// # Errors
    /// `UnknownAssociation`.
    pub fn loaded(&self, association: &str) -> Result<Loaded> {
        match self.side {
            Side::Target => {
                let loaded = self.rows.plan.loaded(self.node, association)?;
                let again = self.rows.plan.node(self.node).recurses_by(association);
                let there = self.check_followed(association, again);
                Ok(there.map_or(Loaded::Not, |()| loaded))
            }
            Side::Junction => {
                self.shape().0.association(association)?;
                Ok(Loaded::Not)
            }
        }
    }

    /// The rows of an include that was looked up with [`Rows::included`] in the same result or with
    /// [`Prepared::included`](crate::query::Prepared::included) in its request, one or many.
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

    /// How many rows of an association there are below, of one that was counted with `with_count`.
    ///
    /// # Errors
    /// `UnknownAssociation`, or `NotLoaded` if it was not counted.
    pub fn count(&self, association: &str) -> Result<usize> {
        if self.side == Side::Junction {
            let (model, _) = self.shape();
            model.association(association)?;
            let detail = format!("association {association} was not counted");
            return Err(not_loaded(model, detail));
        }
        let child = self.rows.plan.counted_child(self.node, association)?;
        self.check_followed(association, child == self.node)?;
        Ok(self.rows.levels[child].range(self.position).len())
    }

    /// How many rows there are below, of a count that was looked up with [`Rows::counted`] in the same result or with
    /// [`Prepared::counted`](crate::query::Prepared::counted) in its request.
    ///
    /// # Panics
    /// If the count is below other rows than this one.
    #[inline]
    pub fn count_at(&self, counted: Counted) -> usize {
        assert!(
            counted.parent == self.node && self.side == Side::Target,
            "the count is below other rows"
        );
        self.rows.levels[counted.node].range(self.position).len()
    }

    /// The junction row that led to this row; none if the association goes through no junction, or if the request
    /// excluded it.
    pub fn through(&self) -> Option<Record<'r>> {
        let junction = self.rows.levels[self.node].junction.as_ref()?;
        (self.side == Side::Target).then_some(Record {
            list: junction,
            cells: junction.cells[self.position],
            side: Side::Junction,
            ..*self
        })
    }

    /// Whether the row stands here as a reference: in a recursive include, it was found before under the row at which that
    /// begins, or is that row. Its attributes are here as well; what is below it is where it stands itself, and asking for
    /// it here is `NotLoaded`.
    pub fn is_reference(&self) -> bool {
        let recursed = self.recursed();
        recursed.is_some_and(|recursed| recursed.is_reference(self.position))
    }

    /// The names and values of the attributes of the primary key, loaded or not.
    #[cfg(feature = "json")]
    pub(crate) fn key_attributes(&self) -> impl Iterator<Item = (&'r str, ValueRef<'r>)> + use<'r> {
        let (model, record) = (self.shape().0, *self);
        let columns = self.list.reader.table.primary_key().columns.iter();
        columns.filter_map(move |&ordinal| {
            let attribute = model.attribute_of(ordinal)?;
            Some((&*attribute.name, record.value(ordinal)))
        })
    }

    /// Of a row of a recursive include, the rows right below it by the same include; none where they were not loaded.
    pub(crate) fn again(&self) -> Option<(&'r IncludeNode, Records<'r>)> {
        let recursed = self.recursed()?;
        let include = self.rows.plan.node(self.node).include.as_ref()?;
        let followed = recursed.is_followed(self.position);
        followed.then(|| (include, self.children(self.node)))
    }

    fn recursed(&self) -> Option<&'r Recursed> {
        match self.side {
            Side::Target => self.rows.levels[self.node].recursed.as_deref(),
            Side::Junction => None,
        }
    }

    /// Each association that was included below, and its rows; what a recursive include leads to again aside.
    pub(crate) fn includes(
        &self,
    ) -> impl Iterator<Item = (&'r IncludeNode, Records<'r>)> + use<'r> {
        let record = *self;
        let rows = self.rows;
        self.nodes_below().iter().filter_map(move |&child| {
            let include = rows.plan.node(child).include.as_ref()?;
            (!include.hidden).then(|| (include, record.children(child)))
        })
    }

    /// What was included below by name, and whether it is one row at most. The associations of an owner are one name, with
    /// the row of the one that has it.
    pub(crate) fn named_includes(
        &self,
    ) -> impl Iterator<Item = (&'r str, bool, Records<'r>)> + use<'r> {
        let record = *self;
        let plan = &self.rows.plan;
        plan.by_owner(self.nodes_below()).filter_map(move |group| {
            // What is hidden may have been read without keeping which of its rows stand below which.
            let includes = group.iter().filter_map(|&child| {
                let include = plan.node(child).include.as_ref()?;
                (!include.hidden).then(|| (include, record.children(child)))
            });
            let mut shown = includes.clone().filter(|(_, records)| records.len() > 0);
            let (include, records) = shown.next().or_else(|| includes.clone().next())?;
            Some((include.name(), include.association.is_single(), records))
        })
    }

    /// The nodes right below the one of this row. Below a junction row there are none.
    fn nodes_below(&self) -> &'r [usize] {
        match self.side {
            Side::Target => &self.rows.plan.node(self.node).children,
            Side::Junction => &[],
        }
    }

    pub(crate) fn model_id(&self) -> ModelId {
        self.shape().0.id
    }

    /// Each association that was counted below, and how many rows it has.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'r IncludeNode, usize)> + use<'r> {
        let record = *self;
        let rows = self.rows;
        self.nodes_below().iter().filter_map(move |&child| {
            let include = rows.plan.node(child).include.as_ref()?;
            if !include.shows_count() {
                return None;
            }
            let range = rows.levels[child].range(record.position);
            Some((include, range.len()))
        })
    }

    pub(crate) fn view(&self) -> RowView<'r> {
        self.list.view(self.position)
    }

    #[inline]
    fn value(&self, ordinal: u32) -> ValueRef<'r> {
        match computed_position(ordinal) {
            None => self.list.reader.value(self.cells, ordinal),
            Some(_) => self.computed(ordinal),
        }
    }

    /// What is no cell of the row.
    #[cold]
    fn computed(&self, ordinal: u32) -> ValueRef<'r> {
        let position = computed_position(ordinal).expect("the ordinal is of a computed attribute");
        self.rows.computed(self.node, self.position, position)
    }

    fn shape(&self) -> (&'r ModelEntry, &'r Shown) {
        self.rows.plan.shape(self.node, self.side)
    }

    fn below(&self, association: &str) -> Result<(&'r IncludeNode, Records<'r>)> {
        if self.side == Side::Junction {
            let (model, _) = self.shape();
            model.association(association)?;
            let detail = format!("association {association} was not included");
            return Err(not_loaded(model, detail));
        }
        let child = self.rows.plan.child(self.node, association)?;
        self.check_followed(association, child == self.node)?;
        let include = self.rows.plan.node(child).include.as_ref();
        let include = include.expect("a node below another is an include");
        Ok((include, self.children(child)))
    }

    /// The row of the owner's association that has it. Without one, all of them must have been looked at.
    fn owner(&self, model: &'r ModelEntry, owner: &'r Owner) -> Result<Option<Record<'r>>> {
        self.check_followed(&owner.key, false)?;
        let mut complete = self.side == Side::Target;
        if complete {
            for member in model.members(owner) {
                match self.rows.plan.find_child(self.node, &member.key) {
                    Some(child) => {
                        if let Some(found) = self.children(child).next() {
                            return Ok(Some(found));
                        }
                    }
                    None => complete = false,
                }
            }
        }
        match complete {
            true => Ok(None),
            false => {
                let detail = format!("owner {} was not included", owner.key);
                Err(not_loaded(model, detail))
            }
        }
    }

    #[inline]
    fn children(&self, child: usize) -> Records<'r> {
        let level = &self.rows.levels[child];
        let range = match &level.recursed {
            Some(recursed) if child == self.node => recursed.range(self.position),
            _ => level.range(self.position),
        };
        self.rows.records(child, range)
    }

    /// Refuses to tell of what is below a reference, or below the greatest depth of a recursive include.
    fn check_followed(&self, association: &str, again: bool) -> Result<()> {
        let Some(recursed) = self.recursed() else {
            return Ok(());
        };
        let detail = match (recursed.is_reference(self.position), again) {
            (true, _) => {
                format!("{association} of a reference: it was loaded where the row stands itself")
            }
            (false, true) if !recursed.is_followed(self.position) => format!(
                "association {association} was included to depth {}",
                recursed.depth()
            ),
            (false, _) => return Ok(()),
        };
        Err(not_loaded(self.shape().0, detail))
    }

    fn refusal(&self, detail: String) -> Error {
        RequestError::new(RequestKind::Type, self.model(), detail).into()
    }
}

impl<'r> Iterator for Records<'r> {
    type Item = Record<'r>;

    #[inline]
    fn next(&mut self) -> Option<Record<'r>> {
        let cells = *self.cells.next()?;
        let position = self.position;
        self.position += 1;
        self.list.look_ahead(position);
        Some(self.record(cells, position))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.cells.size_hint()
    }
}

impl DoubleEndedIterator for Records<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let cells = *self.cells.next_back()?;
        Some(self.record(cells, self.position + self.cells.len()))
    }
}

impl<'r> Records<'r> {
    #[inline]
    fn record(&self, cells: RowCells<'r>, position: usize) -> Record<'r> {
        Record {
            rows: self.rows,
            list: self.list,
            cells,
            node: self.node,
            side: Side::Target,
            position,
        }
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

/// Attributes, then what was included, then what was counted. As deep as the includes of the request, which are limited: of
/// what a recursive include leads to again only the keys are shown.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entries(self.attributes());
        if let Some(through) = self.through() {
            map.entry(&through.model(), &through);
        }
        map.entries(
            self.named_includes()
                .map(|(name, _, records)| (name, records)),
        );
        if let Some((include, records)) = self.again() {
            let keys: Vec<Key> = records.map(|record| record.key()).collect();
            map.entry(&include.association.key, &keys);
        }
        for (include, count) in self.counts() {
            map.entry(
                &format_args!("count of {}", include.association.key),
                &count,
            );
        }
        map.finish()
    }
}
