//! The verbs that read, for many sources at once.
//!
//! One request over one version, whatever the number of sources; order, limit and offset hold for each source apart
//! (associations BT-16, HM-18). The guide's map from keys to targets is a list here, at the positions of the sources: two
//! sources with one key, and one that was never saved, have a place in it.

use crate::association::link::Association;
use crate::association::naming::accessors::Verb;
use crate::error::{RequestError, RequestKind, Result};
use crate::model::Instance;
use crate::model::link::Place;
use crate::model::link::options::{self, option_methods};
use crate::model::link::owner;
use crate::model::link::view::View;
use crate::model::loaded;
use crate::model::reader::Reader;
use crate::query::{Begin, Given, GivenRows, Include, Records, Rows, include};

/// What is associated with each of some instances of one model, for reading. Made by
/// [`Database::related_each`](crate::Database::related_each) and its like. The options add up until one of `get`, `one`,
/// `rows` and `count` reads; each gives one entry for each source, in the order of the sources.
#[derive(Clone, Debug)]
#[must_use]
pub struct RelatedEach<'a> {
    reader: Reader<'a>,
    sources: Vec<&'a Instance>,
    /// The associations that sources follow, each once. Several only of an owner, and none without sources: nothing says
    /// of which model they are none.
    associations: Vec<&'a Association>,
    /// For each source, the position of the one that it follows.
    followed: Vec<usize>,
    options: Include,
}

/// The rows under each of some sources, in the order of the sources.
#[derive(Debug)]
pub struct EachRows<'a> {
    /// One request for each association that sources follow.
    parts: Vec<Rows<'a>>,
    /// For each source, which part its rows are in, and which source of that part it is.
    places: Vec<(usize, usize)>,
}

impl<'a> RelatedEach<'a> {
    pub(crate) fn new(
        reader: Reader<'a>,
        sources: Vec<&'a Instance>,
        association: &str,
    ) -> Result<Self> {
        let (mut associations, mut followed) = (Vec::<&Association>::new(), Vec::new());
        for source in &sources {
            let model = reader.model_of(source)?;
            if let Some(first) = associations.first()
                && first.source != model.id
            {
                let first = &reader.models.registry.model(first.source).name;
                let detail = format!("one source is a {first}, and another a {}", model.name);
                return Err(RequestError::new(RequestKind::Type, association, detail).into());
            }
            let found: &Association = owner::find(reader, source, association)?;
            let position = associations.iter().position(|it| it.key == found.key);
            followed.push(position.unwrap_or(associations.len()));
            if position.is_none() {
                associations.push(found);
            }
        }
        Ok(RelatedEach {
            reader,
            sources,
            associations,
            followed,
            options: include(association),
        })
    }

    option_methods!();

    /// The targets of each source; see [`RelatedView::get`](crate::RelatedView::get).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get(&self) -> Result<Vec<Vec<Instance>>> {
        for association in &self.associations {
            options::require_whole(&self.options, Place::new(self.reader, association))?;
        }
        let rows = self.rows()?;
        for (association, rows) in self.associations.iter().zip(&rows.parts) {
            options::require_flat(rows, Place::new(self.reader, association))?;
        }
        let instances = |records: Records<'_>| {
            let instances = records.map(|row| loaded::instance(self.reader, row));
            instances.collect()
        };
        Ok(rows.iter().map(instances).collect())
    }

    /// The target of each source, if it has one.
    ///
    /// # Errors
    ///
    /// As [`get`](RelatedEach::get), and `Unsupported` for an association to many.
    pub fn one(&self) -> Result<Vec<Option<Instance>>> {
        if let Some(association) = self.associations.first()
            && !association.is_single()
        {
            return Err(Place::new(self.reader, association).refuse_verb("one"));
        }
        let found = self.get()?.into_iter();
        Ok(found.map(|mut targets| targets.pop()).collect())
    }

    /// The targets of each source as rows of one request, borrowed from what is read.
    ///
    /// # Errors
    ///
    /// What is wrong with the options, as for [`Select::run`](crate::Select::run).
    pub fn rows(&self) -> Result<EachRows<'a>> {
        self.run(|given, rows| given.run(rows, self.reader.version()))
    }

    /// How many targets each source has, whatever order, limit and offset say.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an association to one, or what is wrong with the options.
    pub fn count(&self) -> Result<Vec<usize>> {
        if let Some(association) = self.associations.first() {
            Place::new(self.reader, association).require_many(Verb::Count)?;
        }
        let counted = self.run(|given, rows| given.run_to_count(rows, self.reader.version()))?;
        Ok(counted.iter().map(|records| records.len()).collect())
    }

    fn run(&self, run: impl Fn(Given<'_>, GivenRows) -> Result<Rows<'a>>) -> Result<EachRows<'a>> {
        let mut parts = Vec::with_capacity(self.associations.len());
        let mut places = vec![(0, 0); self.sources.len()];
        for (part, association) in self.associations.iter().enumerate() {
            let widened = options::widened(association, &self.options, self.reader);
            let mut rows = GivenRows::new(Begin::of(association));
            let mut sources = 0;
            for (position, source) in self.sources.iter().enumerate() {
                if self.followed[position] == part {
                    View::of(self.reader, source, &widened).push_candidates(&mut rows)?;
                    places[position] = (part, sources);
                    sources += 1;
                }
            }
            let given = Given {
                association,
                options: &self.options,
            };
            parts.push(run(given, rows)?);
        }
        Ok(EachRows { parts, places })
    }
}

impl EachRows<'_> {
    /// How many sources there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no sources.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The rows under the source at a position; none behind the last source.
    pub fn get(&self, source: usize) -> Option<Records<'_>> {
        let &(part, source) = self.places.get(source)?;
        Some(self.parts[part].of_source(source))
    }

    /// The rows under each source, in the order of the sources.
    pub fn iter(&self) -> impl Iterator<Item = Records<'_>> {
        (0..self.len()).filter_map(|source| self.get(source))
    }
}
