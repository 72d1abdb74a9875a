//! The data that requests read trees of: authors with posts, posts with comments and with tags, as models.
//!
//! Numbers that jump about make keys, so that where keys are uuids the rows under a parent stand in another order than
//! that of their keys.

use relata::schema::IndexDef;
use relata::{Attribute, BelongsToMany, DataType, Database, HasMany, Models, Uuid, Value, error};

use crate::Failure;

pub(crate) const AUTHORS: i64 = 40;
pub(crate) const POSTS: i64 = 10 * AUTHORS;
const COMMENTS: i64 = 5 * POSTS;
const TAGS: i64 = 20;

/// What a row is named by.
#[derive(Clone, Copy)]
pub(crate) enum Keys {
    Ints,
    Uuids,
}

impl Keys {
    pub(crate) fn of(self, number: i64) -> Value {
        match self {
            Keys::Ints => number.into(),
            Keys::Uuids => {
                let high = number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Uuid::from_u64_pair(high, high).into()
            }
        }
    }

    fn attribute(self) -> Attribute {
        let data_type = match self {
            Keys::Ints => DataType::Int,
            Keys::Uuids => DataType::Uuid,
        };
        Attribute::new("id", data_type).primary_key()
    }
}

/// So few rows that they stand in the cache.
pub(crate) fn forum(keys: Keys) -> Result<Database, Failure> {
    filled(&models(keys, None), keys)
}

/// The same with an index by which the posts of an author stand in the order of their scores.
pub(crate) fn ranked_forum() -> Result<Database, Failure> {
    let by_score = IndexDef::new(["author_id", "score"]);
    filled(&models(Keys::Ints, Some(by_score)), Keys::Ints)
}

/// One author with so many posts.
pub(crate) fn hub(posts: i64) -> Result<Database, Failure> {
    let mut db = models(Keys::Ints, None).sync()?;
    db.engine_mut().transaction(|tx| {
        let author = [0.into(), "text".into(), 0.into()];
        tx.insert_many("Authors", &COLUMNS[..3], [author])?;
        let one = |_| Keys::Ints.of(0);
        insert_children(tx, "Posts", "author_id", posts, one, Keys::Ints)
    })?;
    Ok(db)
}

fn filled(models: &Models, keys: Keys) -> Result<Database, Failure> {
    let mut db = models.sync()?;
    db.engine_mut().transaction(|tx| {
        let row = |n: i64| [keys.of(n), format!("text {n}").into(), n.into()];
        tx.insert_many("Authors", &COLUMNS[..3], (0..AUTHORS).map(row))?;
        tx.insert_many("Tags", &COLUMNS[..3], (0..TAGS).map(row))?;
        insert_children(
            tx,
            "Posts",
            "author_id",
            POSTS,
            |n| keys.of(n * 7 % AUTHORS),
            keys,
        )?;
        insert_children(
            tx,
            "Comments",
            "post_id",
            COMMENTS,
            |n| keys.of(n * 7 % POSTS),
            keys,
        )?;
        let pairs = (0..POSTS).flat_map(|post| (0..3).map(move |n| [post, (post + n * 5) % TAGS]));
        tx.insert_many(
            "PostTag",
            &["PostId", "TagId"],
            pairs.map(|pair| pair.map(|n| keys.of(n))),
        )?;
        Ok(())
    })?;
    Ok(db)
}

const COLUMNS: [&str; 3] = ["id", "text", "score"];

fn insert_children(
    tx: &mut relata::engine::Transaction<'_>,
    table: &str,
    foreign_key: &str,
    count: i64,
    parent: impl Fn(i64) -> Value,
    keys: Keys,
) -> error::Result<()> {
    let columns = [COLUMNS[0], COLUMNS[1], COLUMNS[2], foreign_key];
    let row = |n: i64| [keys.of(n), format!("text {n}").into(), n.into(), parent(n)];
    tx.insert_many(table, &columns, (0..count).map(row))?;
    Ok(())
}

fn models(keys: Keys, of_posts: Option<IndexDef>) -> Models {
    let mut models = Models::new();
    for name in ["Author", "Post", "Comment", "Tag", "PostTag"] {
        models.define_with(name, |model| {
            let model = model.timestamps(false);
            if name == "PostTag" {
                return model.table_name("PostTag");
            }
            let model = match &of_posts {
                Some(index) if name == "Post" => model.index(index.clone()),
                _ => model,
            };
            model
                .attribute(keys.attribute())
                .attribute(Attribute::new("text", DataType::Text))
                .attribute(Attribute::new("score", DataType::Int))
        });
    }
    let to_many = |target, alias, key| HasMany::new(target).alias(alias).foreign_key(key);
    models
        .has_many("Author", to_many("Post", "posts", "author_id"))
        .has_many("Post", to_many("Comment", "comments", "post_id"))
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag").alias("tags").through("PostTag"),
        );
    models
}
