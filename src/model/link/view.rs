//! What is associated with a source, over one version, in rows: what reading and writing stand on.
//!
//! Scopes of the association are looked at here. What a caller asks for besides is not: see `related_view`.

use crate::association::link::{Association, Hop, Junction, Link};
use crate::association::registry::ModelEntry;
use crate::engine::RowId;
use crate::error::Result;
use crate::model::Instance;
use crate::model::link::pair::{self, Ends, Linked, Tables};
use crate::model::link::targets::{Found, Target};
use crate::model::link::walk::{self, Parent};
use crate::model::link::{Place, belongs_to};
use crate::model::reader::Reader;
use crate::query::{Begin, Given, GivenRows, include};
use crate::value::{Key, Value};

/// The rows that refer to a source by an association, of the target or of the junction, in no order.
pub(in crate::model) fn referring_rows(
    reader: Reader<'_>,
    source: &Instance,
    association: &Association,
) -> Result<Vec<RowId>> {
    let view = View::of(reader, source, association);
    match &association.link {
        Link::ToParent(_) | Link::Chain(_) => Ok(Vec::new()),
        Link::ToChildren(hop) => view.children(hop),
        Link::Through(junction) => {
            let Some(own) = view.end(&junction.own)? else {
                return Ok(Vec::new());
            };
            let (snapshot, table) = (reader.snapshot, view.tables(junction).junction);
            let scope = &junction.scope;
            Ok(walk::children(snapshot, &junction.own, table, scope, &own))
        }
    }
}

/// A source and one of its associations, over one version.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    reader: Reader<'a>,
    source: &'a Instance,
    association: &'a Association,
}

impl<'a> View<'a> {
    /// For a source and an association that were found to be of these models.
    pub(super) fn of(
        reader: Reader<'a>,
        source: &'a Instance,
        association: &'a Association,
    ) -> Self {
        View {
            reader,
            source,
            association,
        }
    }

    /// The targets in the order of their keys, of an association to one one of them.
    pub(super) fn get(self) -> Result<Vec<Instance>> {
        let target = self.target();
        let mut found = self.found()?;
        match &self.association.link {
            Link::ToParent(_) => {}
            Link::ToChildren(_) => self.sort(&mut found),
            Link::Through(junction) => {
                pair::sort(self.reader.snapshot, self.tables(junction), &mut found);
            }
            // Found as a request finds them: sorted.
            Link::Chain(_) => {}
        }
        if self.association.is_single() {
            // Of several the one with the lowest key counts (associations D23).
            found.truncate(1);
        }
        let instance = |link: Linked| {
            let instance = self.reader.instance(target, link.target);
            match (self.association.junction(), link.junction) {
                (Some(through), Some(row)) => {
                    let model = self.reader.models.registry.model(through.model);
                    instance.with_junction(self.reader.instance(model, row))
                }
                _ => instance,
            }
        };
        Ok(found.into_iter().map(instance).collect())
    }

    /// How many targets there are. O(1) where edges are counted.
    pub(super) fn count(self) -> Result<usize> {
        if self.association.conditions.is_some() {
            return Ok(self.found()?.len());
        }
        let (snapshot, scope) = (self.reader.snapshot, &self.association.scope);
        match &self.association.link {
            Link::ToChildren(hop) => Ok(self.end(hop)?.map_or(0, |owner| {
                walk::child_count(snapshot, hop, self.target().table, scope, &owner)
            })),
            Link::Through(junction) => Ok(self.end(&junction.own)?.map_or(0, |own| {
                pair::count(snapshot, junction, self.tables(junction), scope, &own)
            })),
            Link::ToParent(_) | Link::Chain(_) => Ok(self.found()?.len()),
        }
    }

    /// The targets, each as often as it is linked, in no order.
    pub(super) fn found(self) -> Result<Vec<Linked>> {
        match &self.association.link {
            Link::ToParent(hop) => {
                let target = self.target();
                let rows = belongs_to::target_rows(self.reader, self.source, hop, target)?;
                let inside = |row: &RowId| {
                    walk::is_target(&self.reader.view(target, *row), self.association)
                };
                let rows = rows.into_iter().filter(inside);
                Ok(rows.map(Linked::direct).collect())
            }
            Link::ToChildren(hop) => {
                let rows = self.children(hop)?.into_iter();
                Ok(rows.map(Linked::direct).collect())
            }
            Link::Through(junction) => self.pairs(junction),
            Link::Chain(_) => {
                let given = Given {
                    association: self.association,
                    options: &include(&*self.association.key).unscoped(),
                };
                let mut rows = GivenRows::new(Begin::Source);
                self.push_candidates(&mut rows)?;
                let rows = given.run(rows, self.reader.version())?;
                let rows = rows.iter().map(|row| row.view().id);
                Ok(rows.map(Linked::direct).collect())
            }
        }
    }

    /// One more source of a request: its own row, as it is stored, or the rows to choose from (see [`Begin`]).
    pub(super) fn push_candidates(self, rows: &mut GivenRows) -> Result<()> {
        match rows.begin() {
            Begin::Source => {
                let saved = self.source.is_saved();
                let row = if saved {
                    self.reader.row_of(self.source)?
                } else {
                    None
                };
                rows.push_source(row.map(|row| (row, None)))
            }
            Begin::Targets => {
                let found = self.found()?.into_iter();
                rows.push_source(found.map(|link| (link.target, link.junction)))
            }
        }
    }

    /// One target as often as it is linked: not at all if it is none of the associated ones.
    pub(super) fn links_to(self, target: &Target<'_>) -> Result<Vec<Linked>> {
        let model = self.target();
        // Whether a softly deleted row counts is for the scope to say.
        let found = target.find_with_deleted(self.reader, self.place(), model)?;
        let row = match found {
            Found::Row(row) => row,
            Found::Unknown(_) | Found::Unsaved(_) => return Ok(Vec::new()),
        };
        let (snapshot, view) = (self.reader.snapshot, self.reader.view(model, row));
        if !walk::is_target(&view, self.association) {
            return Ok(Vec::new());
        }
        match &self.association.link {
            Link::ToParent(_) => Ok(Vec::new()),
            Link::Chain(_) => {
                let found = self.found()?.into_iter();
                Ok(found.filter(|link| link.target == row).collect())
            }
            Link::ToChildren(hop) => {
                let owner = self.end(hop)?;
                let owner = owner.filter(|owner| walk::is_child(snapshot, hop, &view, owner));
                Ok(owner.map(|_| Linked::direct(row)).into_iter().collect())
            }
            Link::Through(junction) => {
                let ends = self
                    .end(&junction.own)?
                    .zip(self.other_end(junction, &found));
                let Some((own, other)) = &ends else {
                    return Ok(Vec::new());
                };
                let ends = Ends {
                    junction,
                    own,
                    other,
                };
                let rows = ends.rows(snapshot, self.tables(junction).junction);
                let links = rows.into_iter().map(|link| Linked {
                    target: row,
                    junction: Some(link),
                });
                Ok(links.collect())
            }
        }
    }

    pub(super) fn reader(self) -> Reader<'a> {
        self.reader
    }

    pub(super) fn source(self) -> &'a Instance {
        self.source
    }

    pub(super) fn association(self) -> &'a Association {
        self.association
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
    pub(super) fn pairs(self, junction: &Junction) -> Result<Vec<Linked>> {
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

    /// The rows of the target within the scope, in no order.
    pub(super) fn children(self, hop: &Hop) -> Result<Vec<RowId>> {
        let Some(owner) = self.end(hop)? else {
            return Ok(Vec::new());
        };
        let (snapshot, table) = (self.reader.snapshot, self.target().table);
        let scope = &self.association.scope;
        let mut rows = walk::children(snapshot, hop, table, scope, &owner);
        rows.retain(|&row| self.meets_conditions(row));
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

    fn sort(self, found: &mut [Linked]) {
        let mut rows: Vec<_> = found.iter().map(|link| link.target).collect();
        self.reader
            .snapshot
            .sort_by_key(self.target().table, &mut rows);
        for (link, row) in found.iter_mut().zip(rows) {
            link.target = row;
        }
    }
}
