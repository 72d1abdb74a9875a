//! Include trees out of SQLite: authors, their posts, the comments and the tags of those.
//!
//! Statements that are read side by side give their rows in one order, that of authors and then posts, by row id. For
//! integer keys this is the order of the keys.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Connection, Params, Rows};

use crate::contestant::sqlite::SqlKey;
use crate::contestant::sqlite::rows::FromSqlRow;
use crate::contestant::sqlite::shape::Tree;
use crate::contestant::{Failure, Result};
use crate::data::{Author, Comment, Post, Tag};
use crate::digest::nest;

/// The statements for one choice of authors.
struct Statements {
    authors: &'static str,
    posts: &'static str,
    comments: &'static str,
    tags: &'static str,
    joined: &'static str,
}

macro_rules! statements {
    ($roots:literal) => {
        Statements {
            authors: concat!("SELECT a.* FROM authors a ", $roots, " ORDER BY a.rowid"),
            posts: concat!(
                "SELECT p.* FROM authors a CROSS JOIN posts p ON p.author_id = a.id ",
                $roots,
                " ORDER BY a.rowid, p.rowid"
            ),
            comments: concat!(
                "SELECT c.* FROM authors a CROSS JOIN posts p ON p.author_id = a.id ",
                "CROSS JOIN comments c ON c.post_id = p.id ",
                $roots,
                " ORDER BY a.rowid, p.rowid"
            ),
            tags: concat!(
                "SELECT t.*, p.id FROM authors a CROSS JOIN posts p ON p.author_id = a.id ",
                "CROSS JOIN post_tags l ON l.post_id = p.id CROSS JOIN tags t ON t.id = l.tag_id ",
                $roots,
                " ORDER BY a.rowid, p.rowid"
            ),
            joined: concat!(
                "SELECT a.*, p.*, c.* FROM authors a LEFT JOIN posts p ON p.author_id = a.id ",
                "LEFT JOIN comments c ON c.post_id = p.id ",
                $roots,
                " ORDER BY a.rowid, p.rowid"
            ),
        }
    };
}

const ALL: Statements = statements!("");
const BELOW_COUNTRY: Statements = statements!("WHERE a.country < ?1");
const OF_AUTHOR: Statements = statements!("WHERE a.id = ?1");

const POSTS: &str = "SELECT * FROM posts WHERE author_id = ?1";
const COMMENTS: &str = "SELECT * FROM comments WHERE post_id = ?1";
const TAGS: &str =
    "SELECT t.* FROM post_tags l CROSS JOIN tags t ON t.id = l.tag_id WHERE l.post_id = ?1";

/// The trees of all authors.
pub(super) fn all<K: SqlKey>(connection: &Connection, shape: Tree) -> Result<u64> {
    tree::<K, _>(connection, shape, &ALL, ())
}

/// The trees of the authors of the first countries.
pub(super) fn below_country<K: SqlKey>(
    connection: &Connection,
    shape: Tree,
    country: i64,
) -> Result<u64> {
    tree::<K, _>(connection, shape, &BELOW_COUNTRY, [country])
}

/// The tree of one author.
pub(super) fn of_author<K: SqlKey>(
    connection: &Connection,
    shape: Tree,
    author: &K,
) -> Result<u64> {
    tree::<K, _>(connection, shape, &OF_AUTHOR, [author])
}

fn tree<K: SqlKey, P: Params + Copy>(
    connection: &Connection,
    shape: Tree,
    statements: &Statements,
    roots: P,
) -> Result<u64> {
    match shape {
        Tree::Join => joined::<K, _>(connection, statements, roots),
        Tree::PerLevel => per_level::<K, _>(connection, statements, roots),
        Tree::PerParent => per_parent::<K, _>(connection, statements, roots),
    }
}

fn per_parent<K: SqlKey, P: Params>(
    connection: &Connection,
    statements: &Statements,
    roots: P,
) -> Result<u64> {
    let mut authors = connection.prepare_cached(statements.authors)?;
    let mut posts = connection.prepare_cached(POSTS)?;
    let mut comments = connection.prepare_cached(COMMENTS)?;
    let mut tags = connection.prepare_cached(TAGS)?;
    let mut sum = 0_u64;
    let mut authors = authors.query(roots)?;
    while let Some(row) = authors.next()? {
        let author = Author::<K, &str>::from_sql(row, 0)?;
        let mut under_author = 0_u64;
        let mut posts = posts.query([author.key])?;
        while let Some(row) = posts.next()? {
            let post = Post::<K, &str>::from_sql(row, 0)?;
            let mut under_post = 0_u64;
            let mut comments = comments.query([post.key])?;
            while let Some(row) = comments.next()? {
                let comment = Comment::<K, &str>::from_sql(row, 0)?;
                under_post = under_post.wrapping_add(comment.read());
            }
            let mut tags = tags.query([post.key])?;
            while let Some(row) = tags.next()? {
                under_post = under_post.wrapping_add(Tag::<K, &str>::from_sql(row, 0)?.read());
            }
            under_author = under_author.wrapping_add(nest(post.read(), under_post));
        }
        sum = sum.wrapping_add(nest(author.read(), under_author));
    }
    Ok(sum)
}

fn per_level<K: SqlKey, P: Params + Copy>(
    connection: &Connection,
    statements: &Statements,
    roots: P,
) -> Result<u64> {
    let mut authors = connection.prepare_cached(statements.authors)?;
    let mut posts = connection.prepare_cached(statements.posts)?;
    let mut comments = connection.prepare_cached(statements.comments)?;
    let mut tags = connection.prepare_cached(statements.tags)?;
    let mut sum = 0_u64;
    let mut authors = authors.query(roots)?;
    let mut posts = started(posts.query(roots)?)?;
    let mut comments = started(comments.query(roots)?)?;
    let mut tags = started(tags.query(roots)?)?;
    while let Some(row) = authors.next()? {
        let author = Author::<K, &str>::from_sql(row, 0)?;
        let mut under_author = 0_u64;
        while let Some(row) = posts.get() {
            let post = Post::<K, &str>::from_sql(row, 0)?;
            if post.author != Some(author.key) {
                break;
            }
            let under_post = comments_sum(&mut comments, post.key)?;
            let under_post = under_post.wrapping_add(tags_sum(&mut tags, post.key)?);
            under_author = under_author.wrapping_add(nest(post.read(), under_post));
            posts.advance()?;
        }
        sum = sum.wrapping_add(nest(author.read(), under_author));
    }
    all_read([posts, comments, tags])?;
    Ok(sum)
}

fn joined<K: SqlKey, P: Params + Copy>(
    connection: &Connection,
    statements: &Statements,
    roots: P,
) -> Result<u64> {
    let mut rows = connection.prepare_cached(statements.joined)?;
    let mut tags = connection.prepare_cached(statements.tags)?;
    let mut sum = 0_u64;
    let mut rows = started(rows.query(roots)?)?;
    let mut tags = started(tags.query(roots)?)?;
    while let Some(row) = rows.get() {
        let author = Author::<K, &str>::from_sql(row, 0)?;
        let (author_key, author) = (author.key, author.read());
        let mut under_author = 0_u64;
        while let Some(row) = rows.get() {
            if row.get::<_, K>(0)? != author_key {
                break;
            }
            if row.get::<_, Option<K>>(6)?.is_none() {
                rows.advance()?;
                continue;
            }
            let post = Post::<K, &str>::from_sql(row, 6)?;
            let (post_key, post) = (post.key, post.read());
            let under_post = joined_comments_sum(&mut rows, post_key)?;
            let under_post = under_post.wrapping_add(tags_sum(&mut tags, post_key)?);
            under_author = under_author.wrapping_add(nest(post, under_post));
        }
        sum = sum.wrapping_add(nest(author, under_author));
    }
    all_read([tags])?;
    Ok(sum)
}

/// The comments of a post from the joined rows, which stand on its first row.
fn joined_comments_sum<K: SqlKey>(rows: &mut Rows<'_>, post: K) -> Result<u64> {
    let mut sum = 0_u64;
    while let Some(row) = rows.get() {
        if row.get::<_, Option<K>>(6)? != Some(post) {
            break;
        }
        if row.get::<_, Option<K>>(12)?.is_some() {
            sum = sum.wrapping_add(Comment::<K, &str>::from_sql(row, 12)?.read());
        }
        rows.advance()?;
    }
    Ok(sum)
}

fn comments_sum<K: SqlKey>(comments: &mut Rows<'_>, post: K) -> Result<u64> {
    let mut sum = 0_u64;
    while let Some(row) = comments.get() {
        let comment = Comment::<K, &str>::from_sql(row, 0)?;
        if comment.post != post {
            break;
        }
        sum = sum.wrapping_add(comment.read());
        comments.advance()?;
    }
    Ok(sum)
}

fn tags_sum<K: SqlKey>(tags: &mut Rows<'_>, post: K) -> Result<u64> {
    let mut sum = 0_u64;
    while let Some(row) = tags.get() {
        if row.get::<_, K>(6)? != post {
            break;
        }
        sum = sum.wrapping_add(Tag::<K, &str>::from_sql(row, 0)?.read());
        tags.advance()?;
    }
    Ok(sum)
}

/// On its first row.
fn started(mut rows: Rows<'_>) -> Result<Rows<'_>> {
    rows.advance()?;
    Ok(rows)
}

/// Rows that found no parent would mean that the statements do not come in one order.
fn all_read<const COUNT: usize>(levels: [Rows<'_>; COUNT]) -> Result<()> {
    if levels.iter().any(|rows| rows.get().is_some()) {
        return Err(Failure::broken("a level has rows that no parent took"));
    }
    Ok(())
}
