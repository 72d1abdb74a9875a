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
use crate::model::link::view::View;
use crate::model::loaded;
use crate::model::reader::Reader;
use crate::query::{Given, GivenRows, Include, Records, Rows, include};

/// What is associated with each of some instances of one model, for reading. Made by
/// [`Database::related_each`](crate::Database::related_each) and its like. The options add up until one of `get`, `one`,
/// `rows` and `count` reads; each gives one entry for each source, in the order of the sources.
#[derive(Clone, Debug)]
#[must_use]
pub struct RelatedEach<'a> {
    reader: Reader<'a>,
    sources: Vec<&'a Instance>,
    /// None without sources: nothing says of which model they are none.
    association: Option<&'a Association>,
    options: Include,
}

/// The rows under each of some sources, in the order of the sources.
#[derive(Debug)]
pub struct EachRows<'a> {
    /// None without sources.
    rows: Option<Rows<'a>>,
}

impl<'a> RelatedEach<'a> {
    pub(crate) fn new(
        reader: Reader<'a>,
        sources: Vec<&'a Instance>,
        association: &str,
    ) -> Result<Self> {
        let mut found: Option<&Association> = None;
        for source in &sources {
            let model = reader.model_of(source)?;
            match found {
                None => found = Some(model.association(association)?),
                Some(found) if found.source == model.id => {}
                Some(found) => {
                    let first = &reader.models.registry.model(found.source).name;
                    let detail = format!("one source is a {first}, and another a {}", model.name);
                    return Err(RequestError::new(RequestKind::Type, association, detail).into());
                }
            }
        }
        Ok(RelatedEach {
            reader,
            sources,
            association: found,
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
        if let Some(association) = self.association {
            options::require_whole(&self.options, Place::new(self.reader, association))?;
        }
        let rows = self.rows()?;
        if let (Some(association), Some(rows)) = (self.association, &rows.rows) {
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
        if let Some(association) = self.association
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
        if let Some(association) = self.association {
            Place::new(self.reader, association).require_many(Verb::Count)?;
        }
        let counted = self.run(|given, rows| given.run_to_count(rows, self.reader.version()))?;
        Ok(counted.iter().map(|records| records.len()).collect())
    }

    fn run(
        &self,
        run: impl FnOnce(Given<'_>, GivenRows) -> Result<Rows<'a>>,
    ) -> Result<EachRows<'a>> {
        let Some(association) = self.association else {
            return Ok(EachRows { rows: None });
        };
        let widened = options::widened(association, &self.options, self.reader);
        let mut rows = GivenRows::new();
        for source in &self.sources {
            View::of(self.reader, source, &widened).push_candidates(&mut rows)?;
        }
        let given = Given {
            association,
            options: &self.options,
        };
        let rows = Some(run(given, rows)?);
        Ok(EachRows { rows })
    }
}

impl EachRows<'_> {
    /// How many sources there are.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(0, Rows::sources)
    }

    /// Whether there are no sources.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows under the source at a position; none behind the last source.
    pub fn get(&self, source: usize) -> Option<Records<'_>> {
        let rows = self.rows.as_ref()?;
        (source < rows.sources()).then(|| rows.of_source(source))
    }

    /// The rows under each source, in the order of the sources.
    pub fn iter(&self) -> impl Iterator<Item = Records<'_>> {
        (0..self.len()).filter_map(|source| self.get(source))
    }
}
