//! What relata reads through foreign keys, by requests: include trees, and the best under each.
//!
//! A request that differs from call to call is made, resolved and planned in every call.

use relata::query::{Column, Included, Queryable};
use relata::{Rows, col, desc, include, select};

use crate::contestant::relata::RelataKey;
use crate::contestant::relata::rows::FromValues;
use crate::contestant::{POSTS_BEST, Result, Roots, SCORE_ABOVE, Tally};
use crate::data::{Author, Comment, Post, Tag};
use crate::digest::nest;

const AUTHOR: [&str; 6] = ["id", "name", "country", "rating", "age", "motto"];
const POST: [&str; 6] = [
    "posts.id",
    "posts.author_id",
    "posts.title",
    "posts.score",
    "posts.weight",
    "posts.edition",
];
const COMMENT: [&str; 6] = [
    "posts.comments.id",
    "posts.comments.post_id",
    "posts.comments.body",
    "posts.comments.likes",
    "posts.comments.heat",
    "posts.comments.edition",
];
const TAG: [&str; 6] = [
    "posts.tags.id",
    "posts.tags.name",
    "posts.tags.color",
    "posts.tags.weight",
    "posts.tags.rank",
    "posts.tags.note",
];

/// W4 and W4b.
pub(super) fn tree<K: RelataKey>(on: &impl Queryable, roots: Roots) -> Result<Tally> {
    let request = match roots {
        Roots::CountryBelow(country) => select("Author").filter(col("country").lt(country)),
        Roots::All => select("Author"),
    };
    let rows = request.include(posts_with_all()).run(on)?;
    Ok(Tally {
        operations: 1,
        checksum: tree_sum::<K>(&rows)?,
    })
}

/// W4c.
pub(super) fn trees<K: RelataKey>(on: &impl Queryable, authors: &[K]) -> Result<Tally> {
    Tally::sum_over(authors, |&author| {
        let request = select("Author")
            .filter(col("id").eq(author))
            .include(posts_with_all());
        tree_sum::<K>(&request.run(on)?)
    })
}

/// W5. There is no number of comments to ask for, so the comments are included and counted.
pub(super) fn best_posts<K: RelataKey>(on: &impl Queryable, countries: &[i64]) -> Result<Tally> {
    Tally::sum_over(countries, |&country| {
        let best = include("posts")
            .filter(col("score").gt(SCORE_ABOVE))
            .required(false)
            .order_by(desc("score"))
            .limit(POSTS_BEST as usize)
            .include(include("comments").attributes(["id"]));
        let request = select("Author")
            .filter(col("country").eq(country))
            .include(best);
        best_sum::<K>(&request.run(on)?)
    })
}

fn posts_with_all() -> relata::query::Include {
    let no_junction_rows: [&str; 0] = [];
    include("posts")
        .include("comments")
        .include(include("tags").through_attributes(no_junction_rows))
}

fn tree_sum<K: RelataKey>(rows: &Rows<'_>) -> Result<u64> {
    let (author_columns, post_columns) = (columns(rows, AUTHOR)?, columns(rows, POST)?);
    let (comment_columns, tag_columns) = (columns(rows, COMMENT)?, columns(rows, TAG)?);
    let posts: Included = rows.included("posts")?;
    let (comments, tags) = (
        rows.included("posts.comments")?,
        rows.included("posts.tags")?,
    );
    let mut sum = 0_u64;
    for author in rows {
        let mut under_author = 0_u64;
        for post in author.under(posts) {
            let mut under_post = 0_u64;
            for comment in post.under(comments) {
                let comment = Comment::<K, &str>::from_values(&(comment, comment_columns))?;
                under_post = under_post.wrapping_add(comment.read());
            }
            for tag in post.under(tags) {
                let tag = Tag::<K, &str>::from_values(&(tag, tag_columns))?;
                under_post = under_post.wrapping_add(tag.read());
            }
            let post = Post::<K, &str>::from_values(&(post, post_columns))?;
            under_author = under_author.wrapping_add(nest(post.read(), under_post));
        }
        let author = Author::<K, &str>::from_values(&(author, author_columns))?;
        sum = sum.wrapping_add(nest(author.read(), under_author));
    }
    Ok(sum)
}

fn best_sum<K: RelataKey>(rows: &Rows<'_>) -> Result<u64> {
    let (author_columns, post_columns) = (columns(rows, AUTHOR)?, columns(rows, POST)?);
    let (posts, comments) = (rows.included("posts")?, rows.included("posts.comments")?);
    let mut sum = 0_u64;
    for author in rows {
        let mut under_author = 0_u64;
        for (place, post) in (1..).zip(author.under(posts)) {
            let count = post.under(comments).len() as u64;
            let post = nest(
                Post::<K, &str>::from_values(&(post, post_columns))?.read(),
                count,
            );
            under_author = under_author.wrapping_add(nest(post, place));
        }
        let author = Author::<K, &str>::from_values(&(author, author_columns))?;
        sum = sum.wrapping_add(nest(author.read(), under_author));
    }
    Ok(sum)
}

fn columns(rows: &Rows<'_>, paths: [&str; 6]) -> Result<[Column; 6]> {
    let [a, b, c, d, e, f] = paths.map(|path| rows.column(path));
    Ok([a?, b?, c?, d?, e?, f?])
}
