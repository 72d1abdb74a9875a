//! Rows into relata and out of it. Texts are borrowed from relata's pages.

use relata::engine::{Row, Transaction};
use relata::error;
use relata::query::{Column, Record};
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

/// The values of a row, by position in the order of the columns. Each is asked for where its type is expected, so that
/// reading it there decides nothing else.
pub(super) trait Values<'r> {
    fn value(&self, position: usize) -> ValueRef<'r>;
}

/// A row of a request, by columns that were looked up.
impl<'r> Values<'r> for (Record<'r>, &[Column; 6]) {
    #[inline(always)]
    fn value(&self, position: usize) -> ValueRef<'r> {
        let (record, columns) = self;
        record.at(columns[position])
    }
}

impl<'r> Values<'r> for Vec<ValueRef<'r>> {
    fn value(&self, position: usize) -> ValueRef<'r> {
        self[position]
    }
}

/// A row, out of its values.
pub(super) trait FromValues<'r>: Sized {
    fn from_values(values: &impl Values<'r>) -> Result<Self>;

    /// All columns of a row of the engine.
    fn from_row(row: Row<'r>) -> Result<Self> {
        let values: Vec<_> = row.columns().map(|(_, value)| value).collect();
        Self::from_values(&values)
    }
}

impl<'r, K: RelataKey> FromValues<'r> for Author<K, &'r str> {
    #[inline]
    fn from_values(values: &impl Values<'r>) -> Result<Self> {
        Ok(Author {
            key: K::from_value(values.value(0)).ok_or_else(missing)?,
            name: values.value(1).as_str().ok_or_else(missing)?,
            country: values.value(2).as_int().ok_or_else(missing)?,
            rating: values.value(3).as_float().ok_or_else(missing)?,
            age: values.value(4).as_int(),
            motto: values.value(5).as_str().ok_or_else(missing)?,
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r> for Post<K, &'r str> {
    #[inline]
    fn from_values(values: &impl Values<'r>) -> Result<Self> {
        Ok(Post {
            key: K::from_value(values.value(0)).ok_or_else(missing)?,
            author: K::from_value(values.value(1)),
            title: values.value(2).as_str().ok_or_else(missing)?,
            score: values.value(3).as_int().ok_or_else(missing)?,
            weight: values.value(4).as_float().ok_or_else(missing)?,
            edition: values.value(5).as_int(),
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r> for Comment<K, &'r str> {
    #[inline]
    fn from_values(values: &impl Values<'r>) -> Result<Self> {
        Ok(Comment {
            key: K::from_value(values.value(0)).ok_or_else(missing)?,
            post: K::from_value(values.value(1)).ok_or_else(missing)?,
            body: values.value(2).as_str().ok_or_else(missing)?,
            likes: values.value(3).as_int().ok_or_else(missing)?,
            heat: values.value(4).as_float().ok_or_else(missing)?,
            edition: values.value(5).as_int(),
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r> for Tag<K, &'r str> {
    #[inline]
    fn from_values(values: &impl Values<'r>) -> Result<Self> {
        Ok(Tag {
            key: K::from_value(values.value(0)).ok_or_else(missing)?,
            name: values.value(1).as_str().ok_or_else(missing)?,
            color: values.value(2).as_int().ok_or_else(missing)?,
            weight: values.value(3).as_float().ok_or_else(missing)?,
            rank: values.value(4).as_int(),
            note: values.value(5).as_str().ok_or_else(missing)?,
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r> for Pair<K> {
    fn from_values(values: &impl Values<'r>) -> Result<Self> {
        Ok(Pair {
            post: K::from_value(values.value(0)).ok_or_else(missing)?,
            tag: K::from_value(values.value(1)).ok_or_else(missing)?,
        })
    }
}
