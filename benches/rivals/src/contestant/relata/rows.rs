//! Rows into relata and out of it. Texts are borrowed from relata's pages.

use relata::engine::{Row, Transaction};
use relata::error;
use relata::value::ValueRef;

use crate::contestant::Result;
use crate::contestant::relata::{RelataKey, missing};
use crate::data::{Author, Comment, Data, Pair, Post, Tag};

/// All rows, parents first, a statement for each table.
pub(super) fn insert<K: RelataKey>(
    transaction: &mut Transaction<'_>,
    data: &Data<K>,
) -> error::Result<()> {
    let columns = ["id", "name", "country", "rating", "age", "motto"];
    let rows = data.authors.iter().map(|row| {
        let Author {
            key, name, motto, ..
        } = row;
        let (country, rating, age) = (row.country, row.rating, row.age);
        [
            (*key).into(),
            name.into(),
            country.into(),
            rating.into(),
            age.into(),
            motto.into(),
        ]
    });
    transaction.insert_many("authors", &columns, rows)?;
    let columns = ["id", "author_id", "title", "score", "weight", "edition"];
    let rows = data.posts.iter().map(|row| {
        let Post {
            key, author, title, ..
        } = row;
        let (score, weight, edition) = (row.score, row.weight, row.edition);
        [
            (*key).into(),
            (*author).into(),
            title.into(),
            score.into(),
            weight.into(),
            edition.into(),
        ]
    });
    transaction.insert_many("posts", &columns, rows)?;
    let columns = ["id", "post_id", "body", "likes", "heat", "edition"];
    let rows = data.comments.iter().map(|row| {
        let Comment {
            key, post, body, ..
        } = row;
        let (likes, heat, edition) = (row.likes, row.heat, row.edition);
        [
            (*key).into(),
            (*post).into(),
            body.into(),
            likes.into(),
            heat.into(),
            edition.into(),
        ]
    });
    transaction.insert_many("comments", &columns, rows)?;
    let columns = ["id", "name", "color", "weight", "rank", "note"];
    let rows = data.tags.iter().map(|row| {
        let Tag {
            key, name, note, ..
        } = row;
        let (color, weight, rank) = (row.color, row.weight, row.rank);
        [
            (*key).into(),
            name.into(),
            color.into(),
            weight.into(),
            rank.into(),
            note.into(),
        ]
    });
    transaction.insert_many("tags", &columns, rows)?;
    let rows = data
        .pairs
        .iter()
        .map(|pair| [pair.post.into(), pair.tag.into()]);
    transaction.insert_many("post_tags", &["post_id", "tag_id"], rows)?;
    Ok(())
}

/// A row, every column in its order.
pub(super) trait FromRelataRow<'r>: Sized {
    fn from_row(row: Row<'r>) -> Result<Self>;
}

impl<'r, K: RelataKey> FromRelataRow<'r> for Author<K, &'r str> {
    #[inline]
    fn from_row(row: Row<'r>) -> Result<Self> {
        let mut values = Values::of(row);
        Ok(Author {
            key: values.key()?,
            name: values.text()?,
            country: values.int()?,
            rating: values.float()?,
            age: values.next()?.as_int(),
            motto: values.text()?,
        })
    }
}

impl<'r, K: RelataKey> FromRelataRow<'r> for Post<K, &'r str> {
    #[inline]
    fn from_row(row: Row<'r>) -> Result<Self> {
        let mut values = Values::of(row);
        Ok(Post {
            key: values.key()?,
            author: K::from_value(values.next()?),
            title: values.text()?,
            score: values.int()?,
            weight: values.float()?,
            edition: values.next()?.as_int(),
        })
    }
}

impl<'r, K: RelataKey> FromRelataRow<'r> for Comment<K, &'r str> {
    #[inline]
    fn from_row(row: Row<'r>) -> Result<Self> {
        let mut values = Values::of(row);
        Ok(Comment {
            key: values.key()?,
            post: values.key()?,
            body: values.text()?,
            likes: values.int()?,
            heat: values.float()?,
            edition: values.next()?.as_int(),
        })
    }
}

impl<'r, K: RelataKey> FromRelataRow<'r> for Tag<K, &'r str> {
    #[inline]
    fn from_row(row: Row<'r>) -> Result<Self> {
        let mut values = Values::of(row);
        Ok(Tag {
            key: values.key()?,
            name: values.text()?,
            color: values.int()?,
            weight: values.float()?,
            rank: values.next()?.as_int(),
            note: values.text()?,
        })
    }
}

impl<'r, K: RelataKey> FromRelataRow<'r> for Pair<K> {
    fn from_row(row: Row<'r>) -> Result<Self> {
        let mut values = Values::of(row);
        Ok(Pair {
            post: values.key()?,
            tag: values.key()?,
        })
    }
}

/// The values of a row, one after the other.
struct Values<I> {
    columns: I,
}

impl<'r> Values<()> {
    #[inline]
    fn of(row: Row<'r>) -> Values<impl Iterator<Item = (&'r str, ValueRef<'r>)>> {
        Values {
            columns: row.columns(),
        }
    }
}

impl<'r, I: Iterator<Item = (&'r str, ValueRef<'r>)>> Values<I> {
    #[inline]
    fn next(&mut self) -> Result<ValueRef<'r>> {
        let (_, value) = self.columns.next().ok_or_else(missing)?;
        Ok(value)
    }

    #[inline]
    fn key<K: RelataKey>(&mut self) -> Result<K> {
        K::from_value(self.next()?).ok_or_else(missing)
    }

    #[inline]
    fn int(&mut self) -> Result<i64> {
        self.next()?.as_int().ok_or_else(missing)
    }

    #[inline]
    fn float(&mut self) -> Result<f64> {
        self.next()?.as_float().ok_or_else(missing)
    }

    #[inline]
    fn text(&mut self) -> Result<&'r str> {
        self.next()?.as_str().ok_or_else(missing)
    }
}
