//! What a good programmer writes for exactly this data, and the limit to hold on to.
//!
//! Structs in `Vec`s, hash maps from keys to slots, lists of slots for each foreign key. References and uniqueness are
//! checked on load, cascades are loops. There is no schema, no snapshot, and no undo but for the one column that W8
//! writes.

use ahash::RandomState;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet, HashTable};

use crate::contestant::{
    Contestant, Failure, OnDelete, POSTS_BEST, Result, Roots, SCORE_ABOVE, Tally, in_parts,
};
use crate::data::{Author, Comment, Data, Pair, Post, RowKey, Tag};
use crate::digest::{nest, text_sum};
use crate::requests::{Isolated, Update};

/// Structs and hash maps.
#[derive(Debug)]
pub(crate) struct Hand<K> {
    blog: Blog<K>,
}

#[derive(Debug)]
struct Blog<K> {
    authors: Table<K, Author<K>>,
    posts: Table<K, Post<K>>,
    comments: Table<K, Comment<K>>,
    tags: Table<K, Tag<K>>,
    author_names: Names,
    tag_names: Names,
    pairs: HashSet<Pair<K>, RandomState>,
    posts_of_author: Vec<Vec<u32>>,
    comments_of_post: Vec<Vec<u32>>,
    tags_of_post: Vec<Vec<u32>>,
    posts_of_tag: Vec<Vec<u32>>,
    on_delete: OnDelete,
    /// Scores as they were, for going back.
    undo: Vec<(u32, i64)>,
}

/// Rows by slot, and slots by key.
#[derive(Debug)]
struct Table<K, R> {
    rows: Vec<Option<R>>,
    slots: HashMap<K, u32, RandomState>,
    free: Vec<u32>,
}

/// A unique text: slots by the text in their row.
#[derive(Debug, Default)]
struct Names {
    slots: HashTable<u32>,
    hasher: RandomState,
}

impl<K: RowKey> Hand<K> {
    pub(crate) fn new() -> Self {
        Hand { blog: Blog::new() }
    }
}

impl<K: RowKey> Contestant<K> for Hand<K> {
    fn name(&self) -> &'static str {
        "hand"
    }

    fn load(&mut self, data: &Data<K>, on_delete: OnDelete) -> Result<()> {
        self.blog = Blog::new();
        self.blog.on_delete = on_delete;
        self.blog.load(data)
    }

    fn unload(&mut self) -> Result<()> {
        self.blog = Blog::new();
        Ok(())
    }

    fn fingerprint(&mut self) -> Result<u64> {
        let Blog {
            authors,
            posts,
            comments,
            tags,
            pairs,
            ..
        } = &self.blog;
        let rows = authors.iter().map(Author::fingerprint);
        let rows = rows.chain(posts.iter().map(Post::fingerprint));
        let rows = rows.chain(comments.iter().map(Comment::fingerprint));
        let rows = rows.chain(tags.iter().map(Tag::fingerprint));
        let rows = rows.chain(pairs.iter().map(Pair::fingerprint));
        Ok(rows.fold(0, u64::wrapping_add))
    }

    fn find(&mut self, posts: &[K]) -> Result<Tally> {
        self.blog.find(posts)
    }

    fn children(&mut self, authors: &[K]) -> Result<Tally> {
        self.blog.children(authors)
    }

    fn tree(&mut self, roots: Roots) -> Result<Tally> {
        let blog = &self.blog;
        let checksum = (0..)
            .zip(&blog.authors.rows)
            .filter_map(|(slot, author)| Some((slot, author.as_ref()?)))
            .filter(|(_, author)| match roots {
                Roots::CountryBelow(country) => author.country < country,
                Roots::All => true,
            })
            .map(|(slot, author)| blog.author_tree(slot, author))
            .fold(0, u64::wrapping_add);
        Ok(Tally {
            operations: 1,
            checksum,
        })
    }

    fn trees(&mut self, authors: &[K]) -> Result<Tally> {
        Tally::sum_over(authors, |author| {
            let slot = self.blog.authors.slot(author)?;
            Ok(self.blog.author_tree(slot, self.blog.authors.get(slot)?))
        })
    }

    fn best_posts(&mut self, countries: &[i64]) -> Result<Tally> {
        Tally::sum_over(countries, |&country| self.blog.best_posts(country))
    }

    fn has(&mut self, pairs: &[Pair<K>]) -> Result<Tally> {
        Tally::sum_over(pairs, |pair| Ok(u64::from(self.blog.pairs.contains(pair))))
    }

    fn find_threaded(&mut self, posts: &[K], threads: usize) -> Result<Tally> {
        let blog = &self.blog;
        in_parts(posts, (0..threads).map(|_| blog), Blog::find)
    }

    fn children_threaded(&mut self, authors: &[K], threads: usize) -> Result<Tally> {
        let blog = &self.blog;
        in_parts(authors, (0..threads).map(|_| blog), Blog::children)
    }

    fn update(&mut self, updates: &[Update<K>]) -> Result<Tally> {
        let posts = &mut self.blog.posts;
        Tally::sum_over(updates, |update| {
            let slot = posts.slot(&update.post)?;
            posts.get_mut(slot)?.score = update.score;
            Ok(1)
        })
    }

    fn savepoints(&mut self, sets: &[Isolated<K>]) -> Result<Tally> {
        Tally::sum_over(sets, |set| self.blog.write_and_return(set))
    }

    fn add(&mut self, pairs: &[Pair<K>]) -> Result<Tally> {
        Tally::sum_over(pairs, |&pair| self.blog.add(pair).map(u64::from))
    }

    fn delete_authors(&mut self, country_below: i64) -> Result<Tally> {
        let rows = self.blog.delete_authors(country_below)?;
        Ok(Tally {
            operations: rows,
            checksum: rows as u64,
        })
    }
}

impl<K: RowKey> Blog<K> {
    fn new() -> Self {
        Blog {
            authors: Table::new(),
            posts: Table::new(),
            comments: Table::new(),
            tags: Table::new(),
            author_names: Names::default(),
            tag_names: Names::default(),
            pairs: HashSet::default(),
            posts_of_author: Vec::new(),
            comments_of_post: Vec::new(),
            tags_of_post: Vec::new(),
            posts_of_tag: Vec::new(),
            on_delete: OnDelete::Cascade,
            undo: Vec::new(),
        }
    }

    fn load(&mut self, data: &Data<K>) -> Result<()> {
        self.reserve(data);
        for author in &data.authors {
            let slot = self.authors.insert(author.key, author.clone())?;
            let rows = &self.authors.rows;
            let name = |slot| rows[slot as usize].as_ref().map(|row| row.name.as_str());
            self.author_names.insert(slot, &author.name, name)?;
        }
        for post in &data.posts {
            let slot = self.posts.insert(post.key, post.clone())?;
            if let Some(author) = &post.author {
                let author = self.authors.slot(author)?;
                self.posts_of_author[author as usize].push(slot);
            }
        }
        for comment in &data.comments {
            let post = self.posts.slot(&comment.post)?;
            let slot = self.comments.insert(comment.key, comment.clone())?;
            self.comments_of_post[post as usize].push(slot);
        }
        for tag in &data.tags {
            let slot = self.tags.insert(tag.key, tag.clone())?;
            let rows = &self.tags.rows;
            let name = |slot| rows[slot as usize].as_ref().map(|row| row.name.as_str());
            self.tag_names.insert(slot, &tag.name, name)?;
        }
        for &pair in &data.pairs {
            if !self.add(pair)? {
                return Err(duplicate(&pair));
            }
        }
        Ok(())
    }

    fn reserve(&mut self, data: &Data<K>) {
        self.authors.reserve(data.authors.len());
        self.posts.reserve(data.posts.len());
        self.comments.reserve(data.comments.len());
        self.tags.reserve(data.tags.len());
        self.pairs.reserve(data.pairs.len());
        self.posts_of_author
            .resize_with(data.authors.len(), Vec::new);
        self.comments_of_post
            .resize_with(data.posts.len(), Vec::new);
        self.tags_of_post.resize_with(data.posts.len(), Vec::new);
        self.posts_of_tag.resize_with(data.tags.len(), Vec::new);
    }

    fn find(&self, posts: &[K]) -> Result<Tally> {
        Tally::sum_over(posts, |post| {
            let post = self.posts.get(self.posts.slot(post)?)?;
            Ok(nest(post.score.cast_unsigned(), text_sum(&post.title)))
        })
    }

    fn children(&self, authors: &[K]) -> Result<Tally> {
        Tally::sum_over(authors, |author| {
            let mut sum = 0_u64;
            for &post in &self.posts_of_author[self.authors.slot(author)? as usize] {
                let post = self.posts.get(post)?;
                sum = sum.wrapping_add(nest(post.key.number(), post.score.cast_unsigned()));
            }
            Ok(sum)
        })
    }

    fn author_tree(&self, slot: u32, author: &Author<K>) -> u64 {
        let posts = self.posts_of_author[slot as usize].iter();
        let posts = posts.map(|&post| self.post_tree(post));
        nest(author.read(), posts.fold(0, u64::wrapping_add))
    }

    fn post_tree(&self, slot: u32) -> u64 {
        let comments = self.comments_of_post[slot as usize].iter();
        let comments = comments.filter_map(|&slot| self.comments.rows[slot as usize].as_ref());
        let tags = self.tags_of_post[slot as usize].iter();
        let tags = tags.filter_map(|&slot| self.tags.rows[slot as usize].as_ref());
        let below = comments.map(Comment::read).fold(0, u64::wrapping_add);
        let below = tags.map(Tag::read).fold(below, u64::wrapping_add);
        let post = self.posts.rows[slot as usize].as_ref();
        post.map_or(0, |post| nest(post.read(), below))
    }

    fn best_posts(&self, country: i64) -> Result<u64> {
        let mut sum = 0_u64;
        let mut best: Vec<(i64, K, u32)> = Vec::new();
        for (slot, author) in self.authors.rows.iter().enumerate() {
            let Some(author) = author.as_ref().filter(|author| author.country == country) else {
                continue;
            };
            best.clear();
            for &slot in &self.posts_of_author[slot] {
                let post = self.posts.get(slot)?;
                if post.score > SCORE_ABOVE {
                    best.push((-post.score, post.key, slot));
                }
            }
            best.sort_unstable();
            let mut below = 0_u64;
            for (rank, &(_, _, slot)) in (1..=u64::from(POSTS_BEST)).zip(&best) {
                let comments = self.comments_of_post[slot as usize].len() as u64;
                let post = nest(self.posts.get(slot)?.read(), comments);
                below = below.wrapping_add(nest(post, rank));
            }
            sum = sum.wrapping_add(nest(author.read(), below));
        }
        Ok(sum)
    }

    fn add(&mut self, pair: Pair<K>) -> Result<bool> {
        let (post, tag) = (self.posts.slot(&pair.post)?, self.tags.slot(&pair.tag)?);
        let added = self.pairs.insert(pair);
        if added {
            self.tags_of_post[post as usize].push(tag);
            self.posts_of_tag[tag as usize].push(post);
        }
        Ok(added)
    }

    fn write_and_return(&mut self, set: &Isolated<K>) -> Result<u64> {
        for update in set {
            let slot = self.posts.slot(&update.post)?;
            let post = self.posts.get_mut(slot)?;
            self.undo.push((slot, post.score));
            post.score = update.score;
        }
        while let Some((slot, score)) = self.undo.pop() {
            self.posts.get_mut(slot)?.score = score;
        }
        Ok(set.len() as u64)
    }

    /// How many rows went or changed.
    fn delete_authors(&mut self, country_below: i64) -> Result<usize> {
        let mut rows = 0;
        for slot in (0..).take(self.authors.rows.len()) {
            let author = self.authors.rows[slot as usize].as_ref();
            if author.is_some_and(|author| author.country < country_below) {
                rows += self.delete_author(slot)?;
            }
        }
        Ok(rows)
    }

    fn delete_author(&mut self, slot: u32) -> Result<usize> {
        let mut rows = 1;
        for post in std::mem::take(&mut self.posts_of_author[slot as usize]) {
            rows += match self.on_delete {
                OnDelete::Cascade => self.delete_post(post)?,
                OnDelete::SetNull => {
                    self.posts.get_mut(post)?.author = None;
                    1
                }
            };
        }
        let Author { key, name, .. } = self.authors.get(slot)?;
        self.author_names.remove(slot, name);
        let key = *key;
        self.authors.remove(key, slot);
        Ok(rows)
    }

    /// The post, which no author's list holds any more, and what stands under it.
    fn delete_post(&mut self, slot: u32) -> Result<usize> {
        let post = self.posts.get(slot)?.key;
        let comments = std::mem::take(&mut self.comments_of_post[slot as usize]);
        let tags = std::mem::take(&mut self.tags_of_post[slot as usize]);
        let rows = 1 + comments.len() + tags.len();
        for comment in comments {
            let key = self.comments.get(comment)?.key;
            self.comments.remove(key, comment);
        }
        for slot_of_tag in tags {
            let tag = self.tags.get(slot_of_tag)?.key;
            self.pairs.remove(&Pair { post, tag });
            let posts = &mut self.posts_of_tag[slot_of_tag as usize];
            if let Some(position) = posts.iter().position(|&other| other == slot) {
                posts.swap_remove(position);
            }
        }
        self.posts.remove(post, slot);
        Ok(rows)
    }
}

impl<K: RowKey, R> Table<K, R> {
    fn new() -> Self {
        Table {
            rows: Vec::new(),
            slots: HashMap::default(),
            free: Vec::new(),
        }
    }

    fn reserve(&mut self, rows: usize) {
        self.rows.reserve_exact(rows);
        self.slots.reserve(rows);
    }

    fn insert(&mut self, key: K, row: R) -> Result<u32> {
        let Entry::Vacant(entry) = self.slots.entry(key) else {
            return Err(duplicate(&key));
        };
        if let Some(slot) = self.free.pop() {
            self.rows[slot as usize] = Some(row);
            return Ok(*entry.insert(slot));
        }
        let slot = u32::try_from(self.rows.len())?;
        self.rows.push(Some(row));
        Ok(*entry.insert(slot))
    }

    fn remove(&mut self, key: K, slot: u32) {
        self.slots.remove(&key);
        self.rows[slot as usize] = None;
        self.free.push(slot);
    }

    #[inline]
    fn slot(&self, key: &K) -> Result<u32> {
        self.slots.get(key).copied().ok_or_else(|| missing(key))
    }

    #[inline]
    fn get(&self, slot: u32) -> Result<&R> {
        self.rows[slot as usize]
            .as_ref()
            .ok_or_else(|| missing(&slot))
    }

    #[inline]
    fn get_mut(&mut self, slot: u32) -> Result<&mut R> {
        self.rows[slot as usize]
            .as_mut()
            .ok_or_else(|| missing(&slot))
    }

    fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.iter().flatten()
    }
}

impl Names {
    fn insert<'r>(
        &mut self,
        slot: u32,
        name: &str,
        name_of: impl Fn(u32) -> Option<&'r str>,
    ) -> Result<()> {
        let Names { slots, hasher } = self;
        let hash = hasher.hash_one(name);
        if slots
            .find(hash, |&other| name_of(other) == Some(name))
            .is_some_and(|&other| other != slot)
        {
            return Err(duplicate(&name));
        }
        slots.insert_unique(hash, slot, |&other| {
            hasher.hash_one(name_of(other).unwrap_or(""))
        });
        Ok(())
    }

    fn remove(&mut self, slot: u32, name: &str) {
        let hash = self.hasher.hash_one(name);
        if let Ok(entry) = self.slots.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
    }
}

#[cold]
fn missing(what: &impl std::fmt::Debug) -> Failure {
    Failure::broken(format!("no row {what:?}"))
}

#[cold]
fn duplicate(what: &impl std::fmt::Debug) -> Failure {
    Failure::broken(format!("{what:?} exists already"))
}
