//! What the workloads ask for: keys and pairs drawn once, the same for every contestant and in every round.

use fastrand::Rng;

use crate::data::{Data, Pair, RowKey};

/// How many rows one isolated piece of work writes (W8).
pub(crate) const WRITES_ISOLATED: usize = 10;

/// How many writes one transaction holds (W7, W7b, W9).
pub(crate) const WRITES_PER_TRANSACTION: usize = 1_000;

/// A new score for a post.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<K> {
    pub(crate) post: K,
    pub(crate) score: i64,
}

/// Writes that are thrown away together.
pub(crate) type Isolated<K> = [Update<K>; WRITES_ISOLATED];

/// Everything asked for.
#[derive(Debug)]
pub(crate) struct Requests<K> {
    /// Posts to look up.
    pub(crate) posts: Vec<K>,
    /// Authors whose posts are asked for.
    pub(crate) authors: Vec<K>,
    /// Authors of which each is the root of one include tree.
    pub(crate) roots: Vec<K>,
    /// Half of them stand in the junction.
    pub(crate) pairs: Vec<Pair<K>>,
    /// Pairs to add; some stand in the junction, some come twice.
    pub(crate) additions: Vec<Pair<K>>,
    /// Updates that stay.
    pub(crate) updates: Vec<Update<K>>,
    /// Updates that are thrown away.
    pub(crate) isolated: Vec<Isolated<K>>,
}

impl<K: RowKey> Requests<K> {
    /// Enough of each for a sample of a millisecond, and at least as many as there are rows where that is more.
    pub(crate) fn draw(data: &Data<K>) -> Self {
        let mut random = Rng::with_seed(0xa5ce);
        let random = &mut random;
        let (posts, authors) = (data.posts.len(), data.authors.len());
        Requests {
            posts: keys(posts.max(20_000), &data.posts, |post| post.key, random),
            authors: keys(
                authors.max(5_000),
                &data.authors,
                |author| author.key,
                random,
            ),
            roots: keys(
                authors.min(1_000),
                &data.authors,
                |author| author.key,
                random,
            ),
            pairs: pairs(posts.max(20_000), 2, data, random),
            additions: pairs(authors * 3, 10, data, random),
            updates: (2_000..)
                .take(posts.max(20_000))
                .map(|score| update(score, data, random))
                .collect(),
            isolated: (0..1_000).map(|_| isolated(data, random)).collect(),
        }
    }
}

fn keys<K: RowKey, R>(count: usize, rows: &[R], key: fn(&R) -> K, random: &mut Rng) -> Vec<K> {
    (0..count)
        .map(|_| key(&rows[random.usize(..rows.len())]))
        .collect()
}

/// Pairs of which one in so many stands in the junction.
fn pairs<K: RowKey>(count: usize, one_in: usize, data: &Data<K>, random: &mut Rng) -> Vec<Pair<K>> {
    let draw = |_| match random.usize(..one_in) {
        0 => data.pairs[random.usize(..data.pairs.len())],
        _ => Pair {
            post: data.posts[random.usize(..data.posts.len())].key,
            tag: data.tags[random.usize(..data.tags.len())].key,
        },
    };
    (0..count).map(draw).collect()
}

fn isolated<K: RowKey>(data: &Data<K>, random: &mut Rng) -> Isolated<K> {
    std::array::from_fn(|_| update(1_500, data, random))
}

fn update<K: RowKey>(score: i64, data: &Data<K>, random: &mut Rng) -> Update<K> {
    Update {
        post: data.posts[random.usize(..data.posts.len())].key,
        score,
    }
}
