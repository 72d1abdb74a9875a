//! The best posts of each author of a country, out of SQLite.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Connection, Row, Rows};

use crate::contestant::sqlite::SqlKey;
use crate::contestant::sqlite::rows::FromSqlRow;
use crate::contestant::sqlite::shape::BestPosts;
use crate::contestant::{POSTS_BEST, Result, SCORE_ABOVE};
use crate::data::{Author, Post};
use crate::digest::nest;

const AUTHORS: &str = "SELECT * FROM authors WHERE country = ?1 ORDER BY id";
const COMMENT_COUNT: &str = "SELECT count(*) FROM comments WHERE post_id = ?1";
const WINDOW: &str = "SELECT b.id, b.author_id, b.title, b.score, b.weight, b.edition,
        (SELECT count(*) FROM comments c WHERE c.post_id = b.id)
    FROM (
        SELECT p.*, row_number() OVER (PARTITION BY p.author_id ORDER BY p.score DESC, p.id) AS place
        FROM authors a CROSS JOIN posts p ON p.author_id = a.id
        WHERE a.country = ?1 AND p.score > ?2
    ) b
    WHERE b.place <= ?3 ORDER BY b.author_id, b.place";
const OF_AUTHOR: &str = "SELECT b.*, (SELECT count(*) FROM comments c WHERE c.post_id = b.id)
    FROM (
        SELECT * FROM posts WHERE author_id = ?1 AND score > ?2 ORDER BY score DESC, id LIMIT ?3
    ) b
    ORDER BY b.score DESC, b.id";
const SORTED: &str = "SELECT p.* FROM authors a CROSS JOIN posts p ON p.author_id = a.id
    WHERE a.country = ?1 AND p.score > ?2 ORDER BY a.id, p.score DESC, p.id";

/// The authors of a country with their best posts.
pub(super) fn of_country<K: SqlKey>(
    connection: &Connection,
    shape: BestPosts,
    country: i64,
) -> Result<u64> {
    match shape {
        BestPosts::Window => window::<K>(connection, country),
        BestPosts::PerParent => per_parent::<K>(connection, country),
        BestPosts::Sorted => sorted::<K>(connection, country),
    }
}

fn window<K: SqlKey>(connection: &Connection, country: i64) -> Result<u64> {
    let mut best = connection.prepare_cached(WINDOW)?;
    let mut best = best.query((country, SCORE_ABOVE, POSTS_BEST))?;
    best.advance()?;
    each_author(connection, country, |author: K| {
        posts_sum(&mut best, author, |row| Ok(row.get(6)?))
    })
}

fn per_parent<K: SqlKey>(connection: &Connection, country: i64) -> Result<u64> {
    let mut best = connection.prepare_cached(OF_AUTHOR)?;
    each_author(connection, country, |author: K| {
        let mut best = best.query((author, SCORE_ABOVE, POSTS_BEST))?;
        best.advance()?;
        posts_sum(&mut best, author, |row| Ok(row.get(6)?))
    })
}

fn sorted<K: SqlKey>(connection: &Connection, country: i64) -> Result<u64> {
    let mut posts = connection.prepare_cached(SORTED)?;
    let mut comments = connection.prepare_cached(COMMENT_COUNT)?;
    let mut posts = posts.query((country, SCORE_ABOVE))?;
    posts.advance()?;
    each_author(connection, country, |author: K| {
        posts_sum(&mut posts, author, |row| {
            let post: K = row.get(0)?;
            Ok(comments.query_row([post], |row| row.get(0))?)
        })
    })
}

fn each_author<K: SqlKey>(
    connection: &Connection,
    country: i64,
    mut posts_of: impl FnMut(K) -> Result<u64>,
) -> Result<u64> {
    let mut authors = connection.prepare_cached(AUTHORS)?;
    let mut authors = authors.query([country])?;
    let mut sum = 0_u64;
    while let Some(row) = authors.next()? {
        let author = Author::<K, &str>::from_sql(row, 0)?;
        sum = sum.wrapping_add(nest(author.read(), posts_of(author.key)?));
    }
    Ok(sum)
}

/// The first posts of an author with their places, and past the others.
fn posts_sum<K: SqlKey>(
    posts: &mut Rows<'_>,
    author: K,
    mut comments: impl FnMut(&Row<'_>) -> Result<i64>,
) -> Result<u64> {
    let mut sum = 0_u64;
    let mut place = 0_u32;
    while let Some(row) = posts.get() {
        if row.get::<_, K>(1)? != author {
            break;
        }
        place += 1;
        if place <= POSTS_BEST {
            let post = Post::<K, &str>::from_sql(row, 0)?.read();
            let post = nest(post, comments(row)?.cast_unsigned());
            sum = sum.wrapping_add(nest(post, u64::from(place)));
        }
        posts.advance()?;
    }
    Ok(sum)
}
