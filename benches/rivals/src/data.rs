//! The data that every contestant loads, the same in every run.
//!
//! N authors, ten posts and fifty comments for each, a tag for ten authors, and three tags on each post. Children are
//! dealt to their parents in shuffled order, so that siblings stand far apart. One text in ten is longer than 15 bytes.
//! A row type holds its texts as `T`: the data and `hand` own them, the others borrow them from where they keep them.

use std::fmt::Debug;
use std::hash::Hash;

use fastrand::Rng;
use relata::value::Uuid;

use crate::digest::{Reading, fingerprint};

/// What rows are found by.
pub(crate) trait RowKey: Copy + Debug + Eq + Hash + Ord + Send + Sync + 'static {
    /// The key of the n-th row of a table.
    fn nth(table: u64, position: u64) -> Self;

    /// For reading it once.
    fn number(self) -> u64;
}

impl RowKey for i64 {
    fn nth(_: u64, position: u64) -> Self {
        position.cast_signed() + 1
    }

    #[inline]
    fn number(self) -> u64 {
        self.cast_unsigned()
    }
}

/// As good as random, as version 4 is.
impl RowKey for Uuid {
    fn nth(table: u64, position: u64) -> Self {
        let mut bits = Rng::with_seed(table << 32 ^ position);
        Uuid::from_u128(bits.u128(..))
    }

    #[inline]
    fn number(self) -> u64 {
        let (high, low) = self.as_u64_pair();
        high ^ low
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Author<K, T = String> {
    pub(crate) key: K,
    pub(crate) name: T,
    pub(crate) country: i64,
    pub(crate) rating: f64,
    pub(crate) age: Option<i64>,
    pub(crate) motto: T,
}

#[derive(Clone, Debug)]
pub(crate) struct Post<K, T = String> {
    pub(crate) key: K,
    pub(crate) author: Option<K>,
    pub(crate) title: T,
    pub(crate) score: i64,
    pub(crate) weight: f64,
    pub(crate) edition: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Comment<K, T = String> {
    pub(crate) key: K,
    pub(crate) post: K,
    pub(crate) body: T,
    pub(crate) likes: i64,
    pub(crate) heat: f64,
    pub(crate) edition: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Tag<K, T = String> {
    pub(crate) key: K,
    pub(crate) name: T,
    pub(crate) color: i64,
    pub(crate) weight: f64,
    pub(crate) rank: Option<i64>,
    pub(crate) note: T,
}

/// A post and one of its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair<K> {
    pub(crate) post: K,
    pub(crate) tag: K,
}

impl<K: RowKey, T: AsRef<str>> Author<K, T> {
    /// Every field, read once.
    #[inline]
    pub(crate) fn read(&self) -> u64 {
        Reading::default()
            .number(self.key.number())
            .text(self.name.as_ref())
            .int(self.country)
            .float(self.rating)
            .optional(self.age)
            .text(self.motto.as_ref())
            .sum()
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        let texts = (self.name.as_ref(), self.motto.as_ref());
        let numbers = (self.country, self.rating.to_bits(), self.age);
        fingerprint("authors", |hasher| (self.key, texts, numbers).hash(hasher))
    }
}

impl<K: RowKey, T: AsRef<str>> Post<K, T> {
    /// Every field, read once.
    #[inline]
    pub(crate) fn read(&self) -> u64 {
        Reading::default()
            .number(self.key.number())
            .number(self.author.map_or(0, K::number))
            .text(self.title.as_ref())
            .int(self.score)
            .float(self.weight)
            .optional(self.edition)
            .sum()
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        let numbers = (self.score, self.weight.to_bits(), self.edition);
        let title = self.title.as_ref();
        fingerprint("posts", |hasher| {
            (self.key, self.author, title, numbers).hash(hasher);
        })
    }
}

impl<K: RowKey, T: AsRef<str>> Comment<K, T> {
    /// Every field, read once.
    #[inline]
    pub(crate) fn read(&self) -> u64 {
        Reading::default()
            .number(self.key.number())
            .number(self.post.number())
            .text(self.body.as_ref())
            .int(self.likes)
            .float(self.heat)
            .optional(self.edition)
            .sum()
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        let numbers = (self.likes, self.heat.to_bits(), self.edition);
        let body = self.body.as_ref();
        fingerprint("comments", |hasher| {
            (self.key, self.post, body, numbers).hash(hasher);
        })
    }
}

impl<K: RowKey, T: AsRef<str>> Tag<K, T> {
    /// Every field, read once.
    #[inline]
    pub(crate) fn read(&self) -> u64 {
        Reading::default()
            .number(self.key.number())
            .text(self.name.as_ref())
            .int(self.color)
            .float(self.weight)
            .optional(self.rank)
            .text(self.note.as_ref())
            .sum()
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        let texts = (self.name.as_ref(), self.note.as_ref());
        let numbers = (self.color, self.weight.to_bits(), self.rank);
        fingerprint("tags", |hasher| (self.key, texts, numbers).hash(hasher))
    }
}

impl<K: RowKey> Pair<K> {
    pub(crate) fn fingerprint(&self) -> u64 {
        fingerprint("post_tags", |hasher| self.hash(hasher))
    }
}

/// Countries are dealt evenly: each has this part of the authors.
pub(crate) const COUNTRIES: i64 = 20;

/// Below this there are not enough tags for three on a post.
pub(crate) const AUTHORS_MIN: usize = 40;

/// Everything to load.
#[derive(Debug)]
pub(crate) struct Data<K> {
    pub(crate) authors: Vec<Author<K>>,
    pub(crate) posts: Vec<Post<K>>,
    pub(crate) comments: Vec<Comment<K>>,
    pub(crate) tags: Vec<Tag<K>>,
    pub(crate) pairs: Vec<Pair<K>>,
}

impl<K: RowKey> Data<K> {
    /// The data for so many authors.
    pub(crate) fn generate(authors: usize) -> Self {
        let mut random = Rng::with_seed(0x5eed);
        let random = &mut random;
        let author_keys = keys(0, authors);
        let post_keys = keys(1, 10 * authors);
        let tag_keys = keys(3, authors / 10);
        Data {
            authors: generate_authors(&author_keys, random),
            posts: generate_posts(&post_keys, &author_keys, random),
            comments: generate_comments(&keys(2, 50 * authors), &post_keys, random),
            tags: generate_tags(&tag_keys, random),
            pairs: generate_pairs(&post_keys, &tag_keys, random),
        }
    }

    pub(crate) fn row_count(&self) -> usize {
        self.authors.len()
            + self.posts.len()
            + self.comments.len()
            + self.tags.len()
            + self.pairs.len()
    }
}

fn keys<K: RowKey>(table: u64, count: usize) -> Vec<K> {
    (0..count as u64)
        .map(|position| K::nth(table, position))
        .collect()
}

fn generate_authors<K: RowKey>(keys: &[K], random: &mut Rng) -> Vec<Author<K>> {
    let mut countries: Vec<i64> = (0..COUNTRIES).cycle().take(keys.len()).collect();
    random.shuffle(&mut countries);
    let rows = keys.iter().zip(countries).enumerate();
    rows.map(|(position, (&key, country))| Author {
        key,
        name: unique_text("author", position, random),
        country,
        rating: random.f64() * 10.0,
        age: optional(random),
        motto: text("motto", random),
    })
    .collect()
}

fn generate_posts<K: RowKey>(keys: &[K], authors: &[K], random: &mut Rng) -> Vec<Post<K>> {
    let parents = dealt(authors, keys.len(), random);
    let rows = keys.iter().zip(parents);
    rows.map(|(&key, author)| Post {
        key,
        author: Some(author),
        title: text("title", random),
        score: random.i64(0..1_000),
        weight: random.f64(),
        edition: optional(random),
    })
    .collect()
}

fn generate_comments<K: RowKey>(keys: &[K], posts: &[K], random: &mut Rng) -> Vec<Comment<K>> {
    let parents = dealt(posts, keys.len(), random);
    let rows = keys.iter().zip(parents);
    rows.map(|(&key, post)| Comment {
        key,
        post,
        body: text("body", random),
        likes: random.i64(0..1_000),
        heat: random.f64(),
        edition: optional(random),
    })
    .collect()
}

fn generate_tags<K: RowKey>(keys: &[K], random: &mut Rng) -> Vec<Tag<K>> {
    let rows = keys.iter().enumerate();
    rows.map(|(position, &key)| Tag {
        key,
        name: unique_text("tag", position, random),
        color: random.i64(0..1 << 24),
        weight: random.f64(),
        rank: optional(random),
        note: text("note", random),
    })
    .collect()
}

/// Three different tags on each post, in an order that belongs to neither.
fn generate_pairs<K: RowKey>(posts: &[K], tags: &[K], random: &mut Rng) -> Vec<Pair<K>> {
    let mut pairs = Vec::with_capacity(3 * posts.len());
    for &post in posts {
        let chosen = random.choose_multiple(tags, 3);
        pairs.extend(chosen.into_iter().map(|&tag| Pair { post, tag }));
    }
    random.shuffle(&mut pairs);
    pairs
}

/// Parents for so many children: the same number for each, in shuffled order.
fn dealt<K: RowKey>(parents: &[K], children: usize, random: &mut Rng) -> Vec<K> {
    let mut dealt: Vec<K> = parents.iter().copied().cycle().take(children).collect();
    random.shuffle(&mut dealt);
    dealt
}

fn optional(random: &mut Rng) -> Option<i64> {
    (random.u8(0..3) > 0).then(|| random.i64(0..100))
}

fn text(word: &str, random: &mut Rng) -> String {
    let number = random.u32(0..10_000);
    lengthened(format!("{word} {number}"), random)
}

fn unique_text(word: &str, position: usize, random: &mut Rng) -> String {
    lengthened(format!("{word} {position}"), random)
}

/// One text in ten is longer than 15 bytes.
fn lengthened(text: String, random: &mut Rng) -> String {
    if random.u8(0..10) > 0 {
        return text;
    }
    format!("{text}, and something more to say")
}
