//! relata: models made at run time, trees by requests, rows by the engine's interface with tables and columns looked up
//! once.

mod schema;
mod rows;
mod trees;

use std::hint::black_box;

use relata::schema::{ForeignKeyId, Schema, TableId};
use relata::{DataType, Database, Key, Models, Uuid, Value, ValueRef, col, engine};

use crate::contestant::relata::rows::FromValues;
use crate::contestant::relata::trees::Trees;
use crate::contestant::{Contestant, Failure, OnDelete, Result, Roots, Tally, in_parts};
use crate::data::{Author, Comment, Data, Pair, Post, RowKey, Tag};
use crate::digest::{nest, text_sum};
use crate::requests::{Isolated, Update, WRITES_PER_TRANSACTION};

/// Keys as relata keeps them.
pub(crate) trait RelataKey: RowKey + Into<Value> + Into<Key> {
    const DATA_TYPE: DataType;

    fn from_value(value: ValueRef<'_>) -> Option<Self>;
}

impl RelataKey for i64 {
    const DATA_TYPE: DataType = DataType::Int;

    #[inline]
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        value.as_int()
    }
}

impl RelataKey for Uuid {
    const DATA_TYPE: DataType = DataType::Uuid;

    #[inline]
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Uuid(uuid) => Some(uuid),
            _ => None,
        }
    }
}

/// A database of relata.
#[derive(Debug)]
pub(crate) struct Relata {
    database: Database,
    ids: Ids,
    /// None while nothing is loaded.
    trees: Option<Trees>,
}

/// What the calls name, looked up once.
#[derive(Clone, Copy, Debug, Default)]
struct Ids {
    posts: TableId,
    pairs: TableId,
    post_id: u32,
    title: u32,
    score: u32,
    posts_of_author: ForeignKeyId,
}

impl Relata {
    pub(crate) fn new() -> Result<Self> {
        Ok(Relata {
            database: empty()?,
            ids: Ids::default(),
            trees: None,
        })
    }

    fn prepared(&self) -> Result<&Trees> {
        let nothing = || Failure::broken("nothing is loaded");
        self.trees.as_ref().ok_or_else(nothing)
    }
}

impl Ids {
    fn of(schema: &Schema) -> Result<Self> {
        let posts = schema.table_id("posts")?;
        let column = |name| schema.table(posts).column(name);
        Ok(Ids {
            posts,
            pairs: schema.table_id("post_tags")?,
            post_id: column("id")?,
            title: column("title")?,
            score: column("score")?,
            posts_of_author: schema.foreign_key_id("posts_author_id_fkey")?,
        })
    }
}

impl<K: RelataKey> Contestant<K> for Relata {
    fn name(&self) -> &'static str {
        "relata"
    }

    fn load(&mut self, data: &Data<K>, on_delete: OnDelete) -> Result<()> {
        self.database = schema::blog::<K>(on_delete).sync()?;
        self.ids = Ids::of(self.database.schema())?;
        let engine = self.database.engine_mut();
        engine.transaction(|transaction| rows::insert(transaction, data))?;
        self.trees = Some(Trees::prepare(&self.database)?);
        Ok(())
    }

    fn unload(&mut self) -> Result<()> {
        self.database = empty()?;
        self.trees = None;
        Ok(())
    }

    fn fingerprint(&mut self) -> Result<u64> {
        let snapshot = self.database.engine();
        let mut sum = 0_u64;
        for row in snapshot.rows("authors")? {
            sum = sum.wrapping_add(Author::<K, &str>::from_row(row)?.fingerprint());
        }
        for row in snapshot.rows("posts")? {
            sum = sum.wrapping_add(Post::<K, &str>::from_row(row)?.fingerprint());
        }
        for row in snapshot.rows("comments")? {
            sum = sum.wrapping_add(Comment::<K, &str>::from_row(row)?.fingerprint());
        }
        for row in snapshot.rows("tags")? {
            sum = sum.wrapping_add(Tag::<K, &str>::from_row(row)?.fingerprint());
        }
        for row in snapshot.rows("post_tags")? {
            sum = sum.wrapping_add(Pair::<K>::from_row(row)?.fingerprint());
        }
        Ok(sum)
    }

    fn find(&mut self, posts: &[K]) -> Result<Tally> {
        find(self.database.engine(), self.ids, posts)
    }

    fn children(&mut self, authors: &[K]) -> Result<Tally> {
        children(self.database.engine(), self.ids, authors)
    }

    fn tree(&mut self, roots: Roots) -> Result<Tally> {
        self.prepared()?.tree::<K>(&self.database, roots)
    }

    fn trees(&mut self, authors: &[K]) -> Result<Tally> {
        self.prepared()?.trees(&self.database, authors)
    }

    fn best_posts(&mut self, countries: &[i64]) -> Result<Tally> {
        self.prepared()?.best_posts::<K>(&self.database, countries)
    }

    fn has(&mut self, pairs: &[Pair<K>]) -> Result<Tally> {
        let (snapshot, ids) = (self.database.engine(), self.ids);
        Tally::sum_over(pairs, |&pair| Ok(u64::from(has(snapshot, ids, pair)?)))
    }

    fn find_threaded(&mut self, posts: &[K], threads: usize) -> Result<Tally> {
        let snapshot = &self.database.snapshot();
        let ids = self.ids;
        in_parts(
            posts,
            (0..threads).map(|_| snapshot.engine()),
            |snapshot, posts| find(snapshot, ids, posts),
        )
    }

    fn children_threaded(&mut self, authors: &[K], threads: usize) -> Result<Tally> {
        let snapshot = &self.database.snapshot();
        let ids = self.ids;
        in_parts(
            authors,
            (0..threads).map(|_| snapshot.engine()),
            |snapshot, authors| children(snapshot, ids, authors),
        )
    }

    fn update(&mut self, updates: &[Update<K>]) -> Result<Tally> {
        let mut checksum = 0;
        for batch in updates.chunks(WRITES_PER_TRANSACTION) {
            checksum += write(&mut self.database, self.ids, batch)?;
        }
        Ok(Tally::of(updates, checksum))
    }

    fn update_under_snapshots(&mut self, updates: &[Update<K>]) -> Result<Tally> {
        let mut fork = self.database.fork();
        let (mut checksum, mut kept) = (0, Vec::new());
        for batch in updates.chunks(WRITES_PER_TRANSACTION) {
            checksum += write(&mut fork, self.ids, batch)?;
            kept.push(fork.snapshot());
        }
        black_box(kept);
        Ok(Tally::of(updates, checksum))
    }

    fn savepoints(&mut self, sets: &[Isolated<K>]) -> Result<Tally> {
        let ids = self.ids;
        let mut transaction = self.database.engine_mut().begin();
        Tally::sum_over(sets, |set| {
            let savepoint = transaction.savepoint()?;
            let mut rows = 0;
            for &Update { post, score } in set {
                let values = [(ids.score, score.into())];
                rows += transaction.update_key(ids.posts, post, values)?.rows;
            }
            transaction.rollback_to(savepoint)?;
            transaction.release(savepoint)?;
            Ok(rows)
        })
    }

    fn forks(&mut self, sets: &[Isolated<K>]) -> Result<Tally> {
        Tally::sum_over(sets, |set| write(&mut self.database.fork(), self.ids, set))
    }

    fn snapshots(&mut self, times: usize) -> Result<Tally> {
        for _ in 0..times {
            drop(black_box(self.database.snapshot()));
        }
        Ok(Tally {
            operations: times,
            checksum: 0,
        })
    }

    fn add(&mut self, pairs: &[Pair<K>]) -> Result<Tally> {
        let mut checksum = 0;
        for batch in pairs.chunks(WRITES_PER_TRANSACTION) {
            checksum += add(&mut self.database, self.ids, batch)?;
        }
        Ok(Tally::of(pairs, checksum))
    }

    fn delete_authors(&mut self, country_below: i64) -> Result<Tally> {
        let engine = self.database.engine_mut();
        let affected = engine.delete("authors", &col("country").lt(country_below))?;
        let rows = affected.rows + affected.by_actions;
        Ok(Tally {
            operations: usize::try_from(rows)?,
            checksum: rows,
        })
    }
}

fn empty() -> Result<Database> {
    Ok(Models::new().sync()?)
}

fn find<K: RelataKey>(snapshot: &engine::Snapshot, ids: Ids, posts: &[K]) -> Result<Tally> {
    Tally::sum_over(posts, |&post| {
        let row = snapshot.get(ids.posts, post)?.ok_or_else(missing)?;
        let score = row.get(ids.score)?.as_int().ok_or_else(missing)?;
        let title = row.get(ids.title)?.as_str().ok_or_else(missing)?;
        Ok(nest(score.cast_unsigned(), text_sum(title)))
    })
}

fn children<K: RelataKey>(snapshot: &engine::Snapshot, ids: Ids, authors: &[K]) -> Result<Tally> {
    Tally::sum_over(authors, |&author| {
        let mut sum = 0_u64;
        for post in snapshot.children_of(ids.posts_of_author, author)? {
            let key = K::from_value(post.get(ids.post_id)?).ok_or_else(missing)?;
            let score = post.get(ids.score)?.as_int().ok_or_else(missing)?;
            sum = sum.wrapping_add(nest(key.number(), score.cast_unsigned()));
        }
        Ok(sum)
    })
}

fn has<K: RelataKey>(
    snapshot: &engine::Snapshot,
    ids: Ids,
    Pair { post, tag }: Pair<K>,
) -> Result<bool> {
    Ok(snapshot.contains(ids.pairs, (post, tag))?)
}

/// How many posts there were to write to.
fn write<K: RelataKey>(database: &mut Database, ids: Ids, updates: &[Update<K>]) -> Result<u64> {
    let mut transaction = database.engine_mut().begin();
    let mut rows = 0;
    for &Update { post, score } in updates {
        let values = [(ids.score, score.into())];
        rows += transaction.update_key(ids.posts, post, values)?.rows;
    }
    transaction.commit()?;
    Ok(rows)
}

/// How many pairs were not there.
fn add<K: RelataKey>(database: &mut Database, ids: Ids, pairs: &[Pair<K>]) -> Result<u64> {
    let insert = database
        .engine()
        .prepare_insert(ids.pairs, &["post_id", "tag_id"])?;
    let mut transaction = database.engine_mut().begin();
    let mut added = 0;
    for &Pair { post, tag } in pairs {
        let inserted = transaction.insert_prepared_or_skip(&insert, [post.into(), tag.into()])?;
        added += u64::from(inserted.is_some());
    }
    transaction.commit()?;
    Ok(added)
}

#[cold]
fn missing() -> Failure {
    Failure::broken("relata has not the row or the value")
}
