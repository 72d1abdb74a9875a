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

/// A row, out of its values in the order of the columns.
pub(super) trait FromValues<'r, const COUNT: usize>: Sized {
    fn from_values(values: [ValueRef<'r>; COUNT]) -> Result<Self>;

    /// All columns of a row of the engine.
    fn from_row(row: Row<'r>) -> Result<Self> {
        let mut columns = row.columns();
        let values = std::array::from_fn(|_| {
            let column = columns.next();
            column.map_or(ValueRef::Null, |(_, value)| value)
        });
        Self::from_values(values)
    }
}

impl<'r, K: RelataKey> FromValues<'r, 6> for Author<K, &'r str> {
    #[inline]
    fn from_values([key, name, country, rating, age, motto]: [ValueRef<'r>; 6]) -> Result<Self> {
        Ok(Author {
            key: K::from_value(key).ok_or_else(missing)?,
            name: name.as_str().ok_or_else(missing)?,
            country: country.as_int().ok_or_else(missing)?,
            rating: rating.as_float().ok_or_else(missing)?,
            age: age.as_int(),
            motto: motto.as_str().ok_or_else(missing)?,
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r, 6> for Post<K, &'r str> {
    #[inline]
    fn from_values(
        [key, author, title, score, weight, edition]: [ValueRef<'r>; 6],
    ) -> Result<Self> {
        Ok(Post {
            key: K::from_value(key).ok_or_else(missing)?,
            author: K::from_value(author),
            title: title.as_str().ok_or_else(missing)?,
            score: score.as_int().ok_or_else(missing)?,
            weight: weight.as_float().ok_or_else(missing)?,
            edition: edition.as_int(),
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r, 6> for Comment<K, &'r str> {
    #[inline]
    fn from_values([key, post, body, likes, heat, edition]: [ValueRef<'r>; 6]) -> Result<Self> {
        Ok(Comment {
            key: K::from_value(key).ok_or_else(missing)?,
            post: K::from_value(post).ok_or_else(missing)?,
            body: body.as_str().ok_or_else(missing)?,
            likes: likes.as_int().ok_or_else(missing)?,
            heat: heat.as_float().ok_or_else(missing)?,
            edition: edition.as_int(),
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r, 6> for Tag<K, &'r str> {
    #[inline]
    fn from_values([key, name, color, weight, rank, note]: [ValueRef<'r>; 6]) -> Result<Self> {
        Ok(Tag {
            key: K::from_value(key).ok_or_else(missing)?,
            name: name.as_str().ok_or_else(missing)?,
            color: color.as_int().ok_or_else(missing)?,
            weight: weight.as_float().ok_or_else(missing)?,
            rank: rank.as_int(),
            note: note.as_str().ok_or_else(missing)?,
        })
    }
}

impl<'r, K: RelataKey> FromValues<'r, 2> for Pair<K> {
    fn from_values([post, tag]: [ValueRef<'r>; 2]) -> Result<Self> {
        Ok(Pair {
            post: K::from_value(post).ok_or_else(missing)?,
            tag: K::from_value(tag).ok_or_else(missing)?,
        })
    }
}
