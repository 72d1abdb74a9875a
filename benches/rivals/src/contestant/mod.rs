//! What every contestant can be asked, and what it answers.
//!
//! A measured method gives a [`Tally`]: how many operations it did, and a checksum that must be the same for all. What a
//! contestant does not offer it says, and the table shows a dash.

pub(crate) mod hand;
pub(crate) mod relata;
pub(crate) mod sqlite;
#[cfg(feature = "seaorm")]
pub(crate) mod seaorm;

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use crate::data::{Data, Pair, RowKey};
use crate::requests::{Isolated, Update};

/// What a measured request comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub(crate) operations: usize,
    pub(crate) checksum: u64,
}

impl Tally {
    /// As many operations as there are requests.
    pub(crate) fn of<T>(requests: &[T], checksum: u64) -> Self {
        Tally {
            operations: requests.len(),
            checksum,
        }
    }

    /// The sum of what an answer to each request gives.
    #[inline]
    pub(crate) fn sum_over<T>(
        requests: &[T],
        mut answer: impl FnMut(&T) -> Result<u64>,
    ) -> Result<Self> {
        let mut checksum = 0_u64;
        for request in requests {
            checksum = checksum.wrapping_add(answer(request)?);
        }
        Ok(Tally::of(requests, checksum))
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The contestant has no such thing.
    NotOffered,
    /// Something is wrong, and the run ends.
    Broken(Box<dyn Error + Send + Sync>),
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotOffered => f.write_str("this contestant does not offer what it was asked"),
            Failure::Broken(error) => error.fmt(f),
        }
    }
}

impl Failure {
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        Failure::Broken(what.into().into())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Broken(error.into())
    }
}

/// What happens to the posts of a deleted author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    Cascade,
    SetNull,
}

/// Which authors stand at the top of an include tree.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Roots {
    /// Those of the first countries.
    CountryBelow(i64),
    All,
}

/// The posts of W5: above this score, so many of each author.
pub(crate) const SCORE_ABOVE: i64 = 500;
/// See [`SCORE_ABOVE`].
pub(crate) const POSTS_BEST: u32 = 3;

/// A way to keep the data. Methods without a body are what each must have.
pub(crate) trait Contestant<K: RowKey> {
    fn name(&self) -> &'static str;

    // ---- Life ----

    /// Everything into empty tables, with keys, uniqueness and references checked.
    fn load(&mut self, data: &Data<K>, on_delete: OnDelete) -> Result<()>;

    /// Nothing is left afterwards.
    fn unload(&mut self) -> Result<()>;

    /// A number for the rows, whatever their order.
    fn fingerprint(&mut self) -> Result<u64>;

    // ---- Reading ----

    /// Finds posts by key, and reads two fields of each.
    fn find(&mut self, posts: &[K]) -> Result<Tally>;

    /// Goes through the posts of each author, and reads two fields of each.
    fn children(&mut self, _authors: &[K]) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// One tree of authors, their posts, the comments and the tags of those; reads every field once.
    fn tree(&mut self, _roots: Roots) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// As [`Contestant::tree`], a tree for each author.
    fn trees(&mut self, _authors: &[K]) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// For each country the authors with their best posts, each with the number of its comments.
    fn best_posts(&mut self, _countries: &[i64]) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// How many of the pairs stand in the junction.
    fn has(&mut self, pairs: &[Pair<K>]) -> Result<Tally>;

    // ---- Reading from several threads ----

    /// Makes what so many readers need; with none, takes it away again.
    fn prepare_readers(&mut self, _threads: usize) -> Result<()> {
        Ok(())
    }

    /// As [`Contestant::find`], the posts divided among threads.
    fn find_threaded(&mut self, posts: &[K], threads: usize) -> Result<Tally>;

    /// As [`Contestant::children`], the authors divided among threads.
    fn children_threaded(&mut self, _authors: &[K], _threads: usize) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    // ---- Writing ----

    /// Writes the score of posts, a transaction for every 1,000.
    fn update(&mut self, updates: &[Update<K>]) -> Result<Tally>;

    /// As [`Contestant::update`], on a fork, with a snapshot kept from after each transaction.
    fn update_under_snapshots(&mut self, _updates: &[Update<K>]) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// For each set of writes: marks a point, writes, goes back to it.
    fn savepoints(&mut self, sets: &[Isolated<K>]) -> Result<Tally>;

    /// For each set of writes, or some of them: makes an independent copy, writes to it, throws it away.
    fn forks(&mut self, _sets: &[Isolated<K>]) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// Takes so many snapshots, each dropped before the next.
    fn snapshots(&mut self, _times: usize) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    /// Adds the pairs that are not in the junction, a transaction for every 1,000.
    fn add(&mut self, pairs: &[Pair<K>]) -> Result<Tally>;

    /// Deletes the authors of the first countries. The operations are rows that went or changed.
    fn delete_authors(&mut self, country_below: i64) -> Result<Tally>;
}

/// How often each thread goes through its part, so that starting it does not count.
const PASSES: usize = 10;

/// Divides work among threads, one part each, and adds up what they give.
pub(crate) fn in_parts<T: Sync, R: Deref + Send>(
    work: &[T],
    readers: impl ExactSizeIterator<Item = R>,
    read: impl Fn(&R::Target, &[T]) -> Result<Tally> + Sync,
) -> Result<Tally> {
    let part = work.len().div_ceil(readers.len().max(1)).max(1);
    let read = &read;
    let passes =
        |reader: R, part: &[T]| (0..PASSES).map(|_| read(&reader, part)).collect::<Vec<_>>();
    let tallies: Vec<Result<Tally>> = std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .chunks(part)
            .zip(readers)
            .map(|(part, reader)| scope.spawn(move || passes(reader, part)))
            .collect();
        let broken = |_| vec![Err(Failure::broken("a reading thread panicked"))];
        let tallies = threads.into_iter();
        tallies
            .flat_map(|thread| thread.join().unwrap_or_else(broken))
            .collect()
    });
    let none = Tally::of::<()>(&[], 0);
    tallies.into_iter().try_fold(none, |sum, tally| {
        let tally = tally?;
        Ok(Tally {
            operations: sum.operations + tally.operations,
            checksum: sum.checksum.wrapping_add(tally.checksum),
        })
    })
}
