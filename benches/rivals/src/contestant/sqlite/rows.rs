//! Rows into SQLite and out of it. Texts are borrowed from SQLite's pages.

use rusqlite::{Connection, Row};

use crate::contestant::Result;
use crate::contestant::sqlite::SqlKey;
use crate::data::{Author, Comment, Data, Post, Tag};

/// All rows, parents first.
pub(super) fn insert<K: SqlKey>(connection: &Connection, data: &Data<K>) -> Result<()> {
    let mut insert = connection.prepare_cached("INSERT INTO authors VALUES (?, ?, ?, ?, ?, ?)")?;
    for row in &data.authors {
        insert.execute((
            row.key,
            &row.name,
            row.country,
            row.rating,
            row.age,
            &row.motto,
        ))?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?)")?;
    for row in &data.posts {
        insert.execute((
            row.key,
            row.author,
            &row.title,
            row.score,
            row.weight,
            row.edition,
        ))?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?)")?;
    for row in &data.comments {
        insert.execute((
            row.key,
            row.post,
            &row.body,
            row.likes,
            row.heat,
            row.edition,
        ))?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?)")?;
    for row in &data.tags {
        insert.execute((
            row.key, &row.name, row.color, row.weight, row.rank, &row.note,
        ))?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO post_tags VALUES (?, ?)")?;
    for pair in &data.pairs {
        insert.execute((pair.post, pair.tag))?;
    }
    Ok(())
}

/// Hands every row of a query to a closure.
pub(super) fn each(
    connection: &Connection,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

/// A row out of six columns from `first` on, in the order of the table.
pub(super) trait FromSqlRow<'r>: Sized {
    fn from_sql(row: &'r Row<'_>, first: usize) -> Result<Self>;
}

impl<'r, K: SqlKey> FromSqlRow<'r> for Author<K, &'r str> {
    #[inline]
    fn from_sql(row: &'r Row<'_>, first: usize) -> Result<Self> {
        Ok(Author {
            key: row.get(first)?,
            name: row.get_ref(first + 1)?.as_str()?,
            country: row.get(first + 2)?,
            rating: row.get(first + 3)?,
            age: row.get(first + 4)?,
            motto: row.get_ref(first + 5)?.as_str()?,
        })
    }
}

impl<'r, K: SqlKey> FromSqlRow<'r> for Post<K, &'r str> {
    #[inline]
    fn from_sql(row: &'r Row<'_>, first: usize) -> Result<Self> {
        Ok(Post {
            key: row.get(first)?,
            author: row.get(first + 1)?,
            title: row.get_ref(first + 2)?.as_str()?,
            score: row.get(first + 3)?,
            weight: row.get(first + 4)?,
            edition: row.get(first + 5)?,
        })
    }
}

impl<'r, K: SqlKey> FromSqlRow<'r> for Comment<K, &'r str> {
    #[inline]
    fn from_sql(row: &'r Row<'_>, first: usize) -> Result<Self> {
        Ok(Comment {
            key: row.get(first)?,
            post: row.get(first + 1)?,
            body: row.get_ref(first + 2)?.as_str()?,
            likes: row.get(first + 3)?,
            heat: row.get(first + 4)?,
            edition: row.get(first + 5)?,
        })
    }
}

impl<'r, K: SqlKey> FromSqlRow<'r> for Tag<K, &'r str> {
    #[inline]
    fn from_sql(row: &'r Row<'_>, first: usize) -> Result<Self> {
        Ok(Tag {
            key: row.get(first)?,
            name: row.get_ref(first + 1)?.as_str()?,
            color: row.get(first + 2)?,
            weight: row.get(first + 3)?,
            rank: row.get(first + 4)?,
            note: row.get_ref(first + 5)?.as_str()?,
        })
    }
}
