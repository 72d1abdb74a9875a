//! The verbs that read.

use std::collections::BTreeSet;

use crate::association::link::{Association, AssociationKind, Hop, Junction, Link};
use crate::association::naming::accessors::Verb;
use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::Result;
use crate::expr::{Bound, Expr};
use crate::model::Instance;
use crate::model::link::pair::{self, Ends, Pair, Tables};
use crate::model::link::targets::{Found, Target, Targets};
use crate::model::link::walk::{self, Parent};
use crate::model::link::{Place, belongs_to};
use crate::model::reader::Reader;
use crate::value::{Key, Value};

/// What is associated with an instance, for reading. Made by [`Snapshot::related`](crate::Snapshot::related).
#[derive(Clone, Copy, Debug)]
pub struct RelatedView<'a> {
    reader: Reader<'a>,
    source: &'a Instance,
    association: &'a Association,
}

impl<'a> RelatedView<'a> {
    pub(crate) fn new(reader: Reader<'a>, source: &'a Instance, association: &str) -> Result<Self> {
        let association = reader.model_of(source)?.association(association)?;
        Ok(RelatedView {
            reader,
            source,
            association,
        })
    }

    /// For a source and an association that were found to be of these models.
    pub(super) fn of(
        reader: Reader<'a>,
        source: &'a Instance,
        association: &'a Association,
    ) -> Self {
        RelatedView {
            reader,
            source,
            association,
        }
    }

    /// See [`Related::get`](crate::Related::get).
    ///
    /// # Errors
    ///
    /// None for an instance of this database; one that was never saved has no targets.
    pub fn get(self) -> Result<Vec<Instance>> {
        self.instances(None)
    }

    /// See [`Related::get_where`](crate::Related::get_where).
    ///
    /// # Errors
    ///
    /// What is wrong with the filter.
    pub fn get_where(self, filter: impl Into<Expr>) -> Result<Vec<Instance>> {
        let filter = self.bind(&filter.into())?;
        self.instances(Some(&filter))
    }

    /// See [`Related::one`](crate::Related::one).
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to many.
    pub fn one(self) -> Result<Option<Instance>> {
        if !self.association.is_single() {
            return Err(self.place().refuse_verb("one"));
        }
        Ok(self.get()?.pop())
    }

    /// See [`Related::has`](crate::Related::has).
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one; `Type` or `KeyLength` for what can be no target.
    pub fn has<'t>(self, targets: impl Into<Targets<'t>>) -> Result<bool> {
        self.place().require_many(Verb::Has)?;
        let targets = targets.into();
        let mut all = true;
        // Every target is looked at, so that a wrong one is an error wherever it stands.
        for target in targets.iter() {
            all &= self.has_one(target)?;
        }
        Ok(all)
    }

    /// See [`Related::count`](crate::Related::count).
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one.
    pub fn count(self) -> Result<usize> {
        self.place().require_many(Verb::Count)?;
        if !self.reader.finds_all(self.target()) || self.association.conditions.is_some() {
            return Ok(self.found(None)?.len());
        }
        match &self.association.link {
            Link::ToChildren(hop) => {
                let Some(owner) = self.end(hop)? else {
                    return Ok(0);
                };
                let (snapshot, table) = (self.reader.snapshot, self.target().table);
                Ok(walk::child_count(
                    snapshot,
                    hop,
                    table,
                    &self.association.scope,
                    &owner,
                ))
            }
            Link::Through(junction) => {
                let Some(own) = self.end(&junction.own)? else {
                    return Ok(0);
                };
                let (snapshot, tables) = (self.reader.snapshot, self.tables(junction));
                Ok(pair::count(
                    snapshot,
                    junction,
                    tables,
                    &self.association.scope,
                    &own,
                ))
            }
            Link::ToParent(_) => Ok(0),
        }
    }

    /// See [`Related::count_where`](crate::Related::count_where).
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one, or what is wrong with the filter.
    pub fn count_where(self, filter: impl Into<Expr>) -> Result<usize> {
        self.place().require_many(Verb::Count)?;
        let filter = self.bind(&filter.into())?;
        Ok(self.found(Some(&filter))?.len())
    }

    pub(super) fn place(self) -> Place<'a> {
        Place::new(self.reader, self.association)
    }

    pub(super) fn target(self) -> &'a ModelEntry {
        self.reader.models.registry.model(self.association.target)
    }

    /// The source as the end of a hop that children refer to; none if it was never saved (associations HM-21).
    pub(super) fn end(self, hop: &Hop) -> Result<Option<Parent>> {
        if !self.source.is_saved() {
            return Ok(None);
        }
        let source = self.reader.model_of(self.source)?;
        let row = self.reader.row_of(self.source)?;
        let values = match row {
            Some(row) => self.reader.view(source, row).values_of(&hop.parent_columns),
            None => self.source.cells(&hop.parent_columns),
        };
        Ok(Some(Parent { row, values }))
    }

    /// The rows of the junction within both scopes, in no order.
    pub(super) fn pairs(self, junction: &Junction) -> Result<Vec<Pair>> {
        let Some(own) = self.end(&junction.own)? else {
            return Ok(Vec::new());
        };
        let (snapshot, tables) = (self.reader.snapshot, self.tables(junction));
        let mut pairs = pair::pairs(snapshot, junction, tables, &self.association.scope, &own);
        pairs.retain(|pair| self.meets_conditions(pair.target));
        Ok(pairs)
    }

    /// Whether a row of the target meets what the association asks for besides its scope.
    fn meets_conditions(self, row: RowId) -> bool {
        let conditions = self.association.conditions.as_ref();
        conditions.is_none_or(|conditions| {
            let view = self.reader.view(self.target(), row);
            conditions.bound.matches(&view)
        })
    }

    /// The rows of the target within the scope, in key order.
    pub(super) fn children(self, hop: &Hop) -> Result<Vec<RowId>> {
        let Some(owner) = self.end(hop)? else {
            return Ok(Vec::new());
        };
        let (snapshot, table) = (self.reader.snapshot, self.target().table);
        let mut rows = walk::children(snapshot, hop, table, &self.association.scope, &owner);
        rows.retain(|&row| self.meets_conditions(row));
        snapshot.sort_by_key(table, &mut rows);
        Ok(rows)
    }

    /// What the junction holds of a target that was found or not; none if that cannot be known.
    pub(super) fn other_end(self, junction: &Junction, found: &Found<'_>) -> Option<Parent> {
        let columns = &junction.other.parent_columns;
        match found {
            Found::Row(row) => {
                let values = self.reader.view(self.target(), *row).values_of(columns);
                Some(Parent {
                    row: Some(*row),
                    values,
                })
            }
            Found::Unknown(key) => {
                let primary = &self.reader.table(self.target()).primary_key().columns;
                let value_of = |ordinal: &u32| {
                    let position = primary.iter().position(|column| column == ordinal)?;
                    Some(key[position].clone())
                };
                let values: Option<Key> = columns
                    .iter()
                    .map(value_of)
                    .collect::<Option<Vec<Value>>>()
                    .map(Key::from);
                Some(Parent {
                    row: None,
                    values: values?,
                })
            }
            Found::Unsaved(_) => None,
        }
    }

    fn tables(self, junction: &Junction) -> Tables {
        let model = self.reader.models.registry.model(junction.model);
        Tables {
            junction: model.table,
            target: self.target().table,
        }
    }

    fn bind(self, filter: &Expr) -> Result<Bound> {
        filter.bind(&self.reader.attributes(self.target()))
    }

    fn instances(self, filter: Option<&Bound>) -> Result<Vec<Instance>> {
        let target = self.target();
        let found = self.found(filter)?.into_iter();
        let instance = |(row, junction): (RowId, Option<RowId>)| {
            let instance = self.reader.instance(target, row);
            match (&self.association.link, junction) {
                (Link::Through(through), Some(row)) => {
                    let model = self.reader.models.registry.model(through.model);
                    instance.with_junction(self.reader.instance(model, row))
                }
                _ => instance,
            }
        };
        Ok(found.map(instance).collect())
    }

    /// Targets with their rows of the junction, in the order of the targets' keys.
    fn found(self, filter: Option<&Bound>) -> Result<Vec<(RowId, Option<RowId>)>> {
        let mut found: Vec<_> = match &self.association.link {
            Link::ToParent(hop) => {
                let row = belongs_to::target_row(self.reader, self.source, hop, self.target())?;
                let scope = &self.association.scope;
                let inside = |row: &RowId| {
                    let view = self.reader.view(self.target(), *row);
                    walk::in_scope(&view, scope)
                };
                let row = row.filter(inside);
                row.into_iter().map(|row| (row, None)).collect()
            }
            Link::ToChildren(hop) => self
                .children(hop)?
                .into_iter()
                .map(|row| (row, None))
                .collect(),
            Link::Through(junction) => {
                let mut pairs = self.pairs(junction)?;
                pair::sort(self.reader.snapshot, self.tables(junction), &mut pairs);
                let pairs = pairs.into_iter();
                pairs
                    .map(|pair| (pair.target, Some(pair.junction)))
                    .collect()
            }
        };
        if !self.reader.finds_all(self.target()) {
            let mut rows: Vec<RowId> = found.iter().map(|&(row, _)| row).collect();
            self.reader.found_by_default(self.target(), &mut rows)?;
            let seen: BTreeSet<RowId> = rows.into_iter().collect();
            found.retain(|(row, _)| seen.contains(row));
        }
        if let Some(filter) = filter {
            found.retain(|&(row, _)| filter.matches(&self.reader.view(self.target(), row)));
        }
        if self.association.kind == AssociationKind::HasOne {
            // Of several the one with the lowest key counts (associations D23).
            found.truncate(1);
        }
        Ok(found)
    }

    fn has_one(self, target: &Target<'_>) -> Result<bool> {
        let model = self.target();
        let found = target.find(self.reader, self.place(), model)?;
        let row = match found {
            Found::Row(row) => row,
            Found::Unknown(_) | Found::Unsaved(_) => return Ok(false),
        };
        let (snapshot, view) = (self.reader.snapshot, self.reader.view(model, row));
        if !walk::is_target(&view, self.association) {
            return Ok(false);
        }
        match &self.association.link {
            Link::ToParent(_) => Ok(false),
            Link::ToChildren(hop) => {
                let owner = self.end(hop)?;
                Ok(owner.is_some_and(|owner| walk::is_child(snapshot, hop, &view, &owner)))
            }
            Link::Through(junction) => {
                let ends = self
                    .end(&junction.own)?
                    .zip(self.other_end(junction, &found));
                let Some((own, other)) = &ends else {
                    return Ok(false);
                };
                let ends = Ends {
                    junction,
                    own,
                    other,
                };
                Ok(!ends
                    .rows(snapshot, self.tables(junction).junction)
                    .is_empty())
            }
        }
    }
}
