//! What relata reads through foreign keys, by requests: include trees, and the best under each.
//!
//! Requests are prepared once, after loading; what differs from call to call is a parameter.

use relata::query::{Column, Counted, Include, Included, Prepared, Queryable};
use relata::{Rows, Value, col, desc, include, param, select};

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

/// The requests.
#[derive(Debug)]
pub(super) struct Trees {
    all: Tree,
    below: Tree,
    one: Tree,
    best: Best,
}

/// A tree of authors, posts, comments and tags, with all that is read of it.
#[derive(Debug)]
struct Tree {
    request: Prepared,
    author: [Column; 6],
    post: [Column; 6],
    comment: [Column; 6],
    tag: [Column; 6],
    posts: Included,
    comments: Included,
    tags: Included,
}

/// The best posts under authors, with numbers of comments.
#[derive(Debug)]
struct Best {
    request: Prepared,
    author: [Column; 6],
    post: [Column; 6],
    posts: Included,
    comments: Counted,
}

impl Trees {
    pub(super) fn prepare(on: &impl Queryable) -> Result<Self> {
        let authors = || select("Author").include(posts_with_all());
        let below = authors().filter(col("country").lt(param("country")));
        let one = authors().filter(col("id").eq(param("id")));
        let best = include("posts")
            .filter(col("score").gt(SCORE_ABOVE))
            .required(false)
            .order_by(desc("score"))
            .limit(POSTS_BEST as usize)
            .with_count("comments");
        let best = select("Author")
            .filter(col("country").eq(param("country")))
            .include(best);
        Ok(Trees {
            all: Tree::new(authors().prepare(on)?)?,
            below: Tree::new(below.prepare(on)?)?,
            one: Tree::new(one.prepare(on)?)?,
            best: Best::new(best.prepare(on)?)?,
        })
    }

    /// W4 and W4b.
    pub(super) fn tree<K: RelataKey>(&self, on: &impl Queryable, roots: Roots) -> Result<Tally> {
        let checksum = match roots {
            Roots::CountryBelow(country) => self.below.sum::<K>(on, [("country", country.into())]),
            Roots::All => self.all.sum::<K>(on, []),
        };
        Ok(Tally {
            operations: 1,
            checksum: checksum?,
        })
    }

    /// W4c.
    pub(super) fn trees<K: RelataKey>(&self, on: &impl Queryable, authors: &[K]) -> Result<Tally> {
        Tally::sum_over(authors, |&author| {
            self.one.sum::<K>(on, [("id", author.into())])
        })
    }

    /// W5.
    pub(super) fn best_posts<K: RelataKey>(
        &self,
        on: &impl Queryable,
        countries: &[i64],
    ) -> Result<Tally> {
        Tally::sum_over(countries, |&country| {
            let given = [("country", country.into())];
            self.best.sum::<K>(&self.best.request.run_with(on, given)?)
        })
    }
}

fn posts_with_all() -> Include {
    let no_junction_rows: [&str; 0] = [];
    include("posts")
        .include("comments")
        .include(include("tags").through_attributes(no_junction_rows))
}

impl Tree {
    fn new(request: Prepared) -> Result<Self> {
        Ok(Tree {
            author: columns(&request, AUTHOR)?,
            post: columns(&request, POST)?,
            comment: columns(&request, COMMENT)?,
            tag: columns(&request, TAG)?,
            posts: request.included("posts")?,
            comments: request.included("posts.comments")?,
            tags: request.included("posts.tags")?,
            request,
        })
    }

    fn sum<K: RelataKey>(
        &self,
        on: &impl Queryable,
        given: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<u64> {
        let mut sum = 0_u64;
        for author in &self.request.run_with(on, given)? {
            let mut under_author = 0_u64;
            for post in author.under(self.posts) {
                let mut under_post = 0_u64;
                for comment in post.under(self.comments) {
                    let comment = Comment::<K, &str>::from_values(&(comment, &self.comment))?;
                    under_post = under_post.wrapping_add(comment.read());
                }
                for tag in post.under(self.tags) {
                    let tag = Tag::<K, &str>::from_values(&(tag, &self.tag))?;
                    under_post = under_post.wrapping_add(tag.read());
                }
                let post = Post::<K, &str>::from_values(&(post, &self.post))?;
                under_author = under_author.wrapping_add(nest(post.read(), under_post));
            }
            let author = Author::<K, &str>::from_values(&(author, &self.author))?;
            sum = sum.wrapping_add(nest(author.read(), under_author));
        }
        Ok(sum)
    }
}

impl Best {
    fn new(request: Prepared) -> Result<Self> {
        Ok(Best {
            author: columns(&request, AUTHOR)?,
            post: columns(&request, POST)?,
            posts: request.included("posts")?,
            comments: request.counted("posts.comments")?,
            request,
        })
    }

    fn sum<K: RelataKey>(&self, rows: &Rows<'_>) -> Result<u64> {
        let mut sum = 0_u64;
        for author in rows {
            let mut under_author = 0_u64;
            for (place, post) in (1..).zip(author.under(self.posts)) {
                let count = post.count_at(self.comments) as u64;
                let post = Post::<K, &str>::from_values(&(post, &self.post))?;
                let post = nest(post.read(), count);
                under_author = under_author.wrapping_add(nest(post, place));
            }
            let author = Author::<K, &str>::from_values(&(author, &self.author))?;
            sum = sum.wrapping_add(nest(author.read(), under_author));
        }
        Ok(sum)
    }
}

fn columns(request: &Prepared, paths: [&str; 6]) -> Result<[Column; 6]> {
    let [a, b, c, d, e, f] = paths.map(|path| request.column(path));
    Ok([a?, b?, c?, d?, e?, f?])
}
