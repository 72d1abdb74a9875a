//! SQLite in memory, as fast as its own interface allows.
//!
//! Foreign keys are on, every foreign key has an index, the junction has no row ids, statements are kept, texts are read
//! where SQLite keeps them, and there is no mutex around the connection. Where a question can be put in several shapes,
//! all are tried in the warm-up and the fastest is kept.

pub(super) mod schema;
mod rows;
mod shape;
mod trees;
mod best_posts;

use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::types::{FromSql, ToSql};
use rusqlite::{Connection, OpenFlags, Statement};

use crate::contestant::sqlite::rows::FromSqlRow;
use crate::contestant::sqlite::shape::{BestPosts, Fastest, Tree};
use crate::contestant::{Contestant, Failure, OnDelete, Result, Roots, Tally, in_parts};
use crate::data::{Author, Comment, Data, Pair, Post, RowKey, Tag};
use crate::digest::{nest, text_sum};
use crate::requests::{Isolated, Update, WRITES_PER_TRANSACTION};

const FIND: &str = "SELECT score, title FROM posts WHERE id = ?1";
const CHILDREN: &str = "SELECT id, score FROM posts WHERE author_id = ?1";
const HAS: &str = "SELECT 1 FROM post_tags WHERE post_id = ?1 AND tag_id = ?2";
const UPDATE: &str = "UPDATE posts SET score = ?2 WHERE id = ?1";
const ADD: &str = "INSERT INTO post_tags (post_id, tag_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// A whole copy for each fork is slow; so many are enough.
const FORKS: usize = 5;

/// Keys as SQLite keeps them.
pub(crate) trait SqlKey: RowKey + ToSql + FromSql {
    const COLUMN_TYPE: &str;
}

impl SqlKey for i64 {
    const COLUMN_TYPE: &str = "INTEGER";
}

impl SqlKey for relata::value::Uuid {
    const COLUMN_TYPE: &str = "BLOB";
}

/// The shapes that won.
#[derive(Debug, Default)]
struct Shapes {
    some_roots: Fastest<Tree>,
    all_roots: Fastest<Tree>,
    one_root: Fastest<Tree>,
    best_posts: Fastest<BestPosts>,
}

/// An SQLite connection.
#[derive(Debug)]
pub(crate) struct Sqlite {
    connection: Connection,
    /// What takes its place when it is closed.
    spare: Option<Connection>,
    /// Copies: a database in memory belongs to one connection, and a connection to one thread at a time.
    readers: Vec<Connection>,
    shapes: Shapes,
}

impl Sqlite {
    pub(crate) fn new() -> Result<Self> {
        Ok(Sqlite {
            connection: open()?,
            spare: None,
            readers: Vec::new(),
            shapes: Shapes::default(),
        })
    }

    fn in_transactions<T>(
        &self,
        requests: &[T],
        sql: &str,
        mut write: impl FnMut(&mut Statement<'_>, &T) -> Result<u64>,
    ) -> Result<Tally> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut checksum = 0;
        for batch in requests.chunks(WRITES_PER_TRANSACTION) {
            let transaction = self.connection.unchecked_transaction()?;
            for request in batch {
                checksum += write(&mut statement, request)?;
            }
            transaction.commit()?;
        }
        Ok(Tally::of(requests, checksum))
    }
}

impl<K: SqlKey> Contestant<K> for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn load(&mut self, data: &Data<K>, on_delete: OnDelete) -> Result<()> {
        self.connection = open()?;
        self.spare = Some(open()?);
        schema::create::<K>(&self.connection, on_delete)?;
        let transaction = self.connection.transaction()?;
        rows::insert(&transaction, data)?;
        Ok(transaction.commit()?)
    }

    fn unload(&mut self) -> Result<()> {
        self.connection = self.spare.take().map_or_else(open, Ok)?;
        Ok(())
    }

    fn fingerprint(&mut self) -> Result<u64> {
        let mut sum = 0_u64;
        let mut add = |fingerprint| sum = sum.wrapping_add(fingerprint);
        let connection = &self.connection;
        rows::each(connection, "SELECT * FROM authors", |row| {
            add(Author::<K, &str>::from_sql(row, 0)?.fingerprint());
            Ok(())
        })?;
        rows::each(connection, "SELECT * FROM posts", |row| {
            add(Post::<K, &str>::from_sql(row, 0)?.fingerprint());
            Ok(())
        })?;
        rows::each(connection, "SELECT * FROM comments", |row| {
            add(Comment::<K, &str>::from_sql(row, 0)?.fingerprint());
            Ok(())
        })?;
        rows::each(connection, "SELECT * FROM tags", |row| {
            add(Tag::<K, &str>::from_sql(row, 0)?.fingerprint());
            Ok(())
        })?;
        rows::each(connection, "SELECT post_id, tag_id FROM post_tags", |row| {
            let (post, tag) = (row.get::<_, K>(0)?, row.get(1)?);
            add(Pair { post, tag }.fingerprint());
            Ok(())
        })?;
        Ok(sum)
    }

    fn find(&mut self, posts: &[K]) -> Result<Tally> {
        find(&self.connection, posts)
    }

    fn children(&mut self, authors: &[K]) -> Result<Tally> {
        children(&self.connection, authors)
    }

    fn tree(&mut self, roots: Roots) -> Result<Tally> {
        let Sqlite {
            connection, shapes, ..
        } = self;
        let checksum = match roots {
            Roots::CountryBelow(country) => shapes
                .some_roots
                .run(|shape| trees::below_country::<K>(connection, shape, country)),
            Roots::All => shapes
                .all_roots
                .run(|shape| trees::all::<K>(connection, shape)),
        }?;
        Ok(Tally {
            operations: 1,
            checksum,
        })
    }

    fn trees(&mut self, authors: &[K]) -> Result<Tally> {
        let connection = &self.connection;
        let checksum = self.shapes.one_root.run(|shape| {
            let tally = Tally::sum_over(authors, |author| {
                trees::of_author(connection, shape, author)
            });
            Ok(tally?.checksum)
        })?;
        Ok(Tally::of(authors, checksum))
    }

    fn best_posts(&mut self, countries: &[i64]) -> Result<Tally> {
        let connection = &self.connection;
        let checksum = self.shapes.best_posts.run(|shape| {
            let tally = Tally::sum_over(countries, |&country| {
                best_posts::of_country::<K>(connection, shape, country)
            });
            Ok(tally?.checksum)
        })?;
        Ok(Tally::of(countries, checksum))
    }

    fn has(&mut self, pairs: &[Pair<K>]) -> Result<Tally> {
        let mut statement = self.connection.prepare_cached(HAS)?;
        Tally::sum_over(pairs, |pair| {
            Ok(u64::from(statement.exists((pair.post, pair.tag))?))
        })
    }

    fn prepare_readers(&mut self, threads: usize) -> Result<()> {
        self.readers.clear();
        for _ in 0..threads {
            self.readers.push(copy(&self.connection)?);
        }
        Ok(())
    }

    fn find_threaded(&mut self, posts: &[K], threads: usize) -> Result<Tally> {
        let readers = self.readers.iter_mut().take(threads);
        in_parts(posts, readers, find)
    }

    fn children_threaded(&mut self, authors: &[K], threads: usize) -> Result<Tally> {
        let readers = self.readers.iter_mut().take(threads);
        in_parts(authors, readers, children)
    }

    fn update(&mut self, updates: &[Update<K>]) -> Result<Tally> {
        self.in_transactions(updates, UPDATE, |statement, update| {
            Ok(statement.execute((update.post, update.score))? as u64)
        })
    }

    fn savepoints(&mut self, sets: &[Isolated<K>]) -> Result<Tally> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut savepoint = transaction.prepare_cached("SAVEPOINT isolated")?;
        let mut go_back = transaction.prepare_cached("ROLLBACK TO isolated")?;
        let mut release = transaction.prepare_cached("RELEASE isolated")?;
        Tally::sum_over(sets, |set| {
            savepoint.execute(())?;
            let rows = write(&transaction, set)?;
            go_back.execute(())?;
            release.execute(())?;
            Ok(rows)
        })
    }

    fn forks(&mut self, sets: &[Isolated<K>]) -> Result<Tally> {
        let sets = &sets[..FORKS.min(sets.len())];
        Tally::sum_over(sets, |set| write(&copy(&self.connection)?, set))
    }

    fn add(&mut self, pairs: &[Pair<K>]) -> Result<Tally> {
        self.in_transactions(pairs, ADD, |statement, pair| {
            Ok(statement.execute((pair.post, pair.tag))? as u64)
        })
    }

    fn delete_authors(&mut self, country_below: i64) -> Result<Tally> {
        let before = self.connection.total_changes();
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("DELETE FROM authors WHERE country < ?1")?
            .execute([country_below])?;
        transaction.commit()?;
        let rows = self.connection.total_changes() - before;
        Ok(Tally {
            operations: usize::try_from(rows)?,
            checksum: rows,
        })
    }
}

fn open() -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_in_memory_with_flags(flags)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// An independent database with the same content, by the backup interface.
fn copy(connection: &Connection) -> Result<Connection> {
    let mut copy = open()?;
    Backup::new(connection, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(copy)
}

fn find<K: SqlKey>(connection: &Connection, posts: &[K]) -> Result<Tally> {
    let mut statement = connection.prepare_cached(FIND)?;
    Tally::sum_over(posts, |post| {
        let mut rows = statement.query([post])?;
        let row = rows.next()?;
        let row = row.ok_or_else(|| Failure::broken("a post is missing"))?;
        let score: i64 = row.get(0)?;
        Ok(nest(
            score.cast_unsigned(),
            text_sum(row.get_ref(1)?.as_str()?),
        ))
    })
}

fn children<K: SqlKey>(connection: &Connection, authors: &[K]) -> Result<Tally> {
    let mut statement = connection.prepare_cached(CHILDREN)?;
    Tally::sum_over(authors, |author| {
        let mut sum = 0_u64;
        let mut rows = statement.query([author])?;
        while let Some(row) = rows.next()? {
            let (key, score): (K, i64) = (row.get(0)?, row.get(1)?);
            sum = sum.wrapping_add(nest(key.number(), score.cast_unsigned()));
        }
        Ok(sum)
    })
}

fn write<K: SqlKey>(connection: &Connection, set: &Isolated<K>) -> Result<u64> {
    let mut update = connection.prepare_cached(UPDATE)?;
    let mut rows = 0;
    for Update { post, score } in set {
        rows += update.execute((post, score))? as u64;
    }
    Ok(rows)
}
