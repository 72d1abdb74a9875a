//! The data that the benches of reading have in common: authors with posts with comments, and posts with tags.
#![allow(dead_code, reason = "each bench takes what it needs")]

use relata::value::Uuid;
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, HasMany, Models, Record, Result, Rows,
    Value,
};

/// How rows are keyed: integers make dense tables, uuids make indexed ones.
#[derive(Clone, Copy)]
pub(crate) enum Keys {
    Dense,
    Uuid,
}

/// How many rows there are.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) authors: i64,
    /// Under each author.
    pub(crate) posts: i64,
    /// Under each post.
    pub(crate) comments: i64,
    /// In all.
    pub(crate) tags: i64,
    /// On each post.
    pub(crate) tags_of_post: i64,
}

/// 61,000 rows and 30,000 pairs: more than the caches of a core hold.
pub(crate) const USUAL: Size = Size {
    authors: 1_000,
    posts: 10,
    comments: 5,
    tags: 100,
    tags_of_post: 3,
};

impl Keys {
    pub(crate) fn of(self, number: i64) -> Value {
        match self {
            Keys::Dense => number.into(),
            // Spread over the whole range, as random ones are.
            Keys::Uuid => {
                let spread = number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Uuid::from_u64_pair(spread, 7).into()
            }
        }
    }

    fn attribute(self) -> Attribute {
        let data_type = match self {
            Keys::Dense => DataType::Int,
            Keys::Uuid => DataType::Uuid,
        };
        Attribute::new("id", data_type).primary_key()
    }
}

impl Size {
    pub(crate) fn all_posts(self) -> i64 {
        self.authors * self.posts
    }

    pub(crate) fn all_comments(self) -> i64 {
        self.all_posts() * self.comments
    }
}

/// The parent of a child, dealt in shuffled order: siblings stand far apart.
fn dealt(number: i64, parents: i64) -> i64 {
    number * 7_919 % parents + 1
}

pub(crate) fn loaded(keys: Keys, size: Size) -> Result<Database> {
    let mut db = models(keys).sync()?;
    let text = |number: i64| Value::from(format!("text {number}"));
    let engine = db.engine_mut();
    let row = |n: i64| [keys.of(n), text(n), n.into()];
    let columns = ["id", "text", "score"];
    engine.insert_many("Authors", &columns, (1..=size.authors).map(row))?;
    engine.insert_many("Tags", &columns, (1..=size.tags).map(row))?;
    let child =
        |parents: i64| move |n: i64| [keys.of(n), text(n), n.into(), keys.of(dealt(n, parents))];
    let posts = (1..=size.all_posts()).map(child(size.authors));
    engine.insert_many("Posts", &["id", "text", "score", "author_id"], posts)?;
    let comments = (1..=size.all_comments()).map(child(size.all_posts()));
    engine.insert_many("Comments", &["id", "text", "score", "post_id"], comments)?;
    let tags_of =
        |post: i64| (0..size.tags_of_post).map(move |n| (post, (post + n * 31) % size.tags + 1));
    let pairs = (1..=size.all_posts()).flat_map(tags_of);
    let pairs = pairs.map(|(post, tag)| [keys.of(post), keys.of(tag), (post + tag).into()]);
    engine.insert_many("PostTag", &["PostId", "TagId", "weight"], pairs)?;
    Ok(db)
}

fn models(keys: Keys) -> Models {
    let mut models = Models::new();
    for name in ["Author", "Post", "Comment", "Tag"] {
        models.define_with(name, |model| {
            model
                .timestamps(false)
                .attribute(keys.attribute())
                .attribute(Attribute::new("text", DataType::Text))
                .attribute(Attribute::new("score", DataType::Int))
        });
    }
    models.define_with("PostTag", |model| {
        model
            .table_name("PostTag")
            .timestamps(false)
            .attribute(Attribute::new("weight", DataType::Int))
    });
    let to_many = |target, alias, key| HasMany::new(target).alias(alias).foreign_key(key);
    let tagged = |target, alias| BelongsToMany::new(target).alias(alias).through("PostTag");
    models
        .has_many("Author", to_many("Post", "posts", "author_id"))
        .has_many("Post", to_many("Comment", "comments", "post_id"))
        .belongs_to(
            "Post",
            BelongsTo::new("Author")
                .alias("author")
                .foreign_key("author_id"),
        )
        .belongs_to_many("Post", tagged("Tag", "tags"))
        .belongs_to_many("Tag", tagged("Post", "posts"));
    models
}

/// Reads every score of a tree once.
pub(crate) fn sum(rows: &Rows<'_>, path: &[&str]) -> Result<i64> {
    rows.iter()
        .try_fold(0, |sum, root| Ok(sum + sum_below(root, path)?))
}

fn sum_below(record: Record<'_>, path: &[&str]) -> Result<i64> {
    let own = record.get("score")?.as_int().unwrap_or(0);
    let Some((first, rest)) = path.split_first() else {
        return Ok(own);
    };
    record
        .many(first)?
        .try_fold(own, |sum, child| Ok(sum + sum_below(child, rest)?))
}
