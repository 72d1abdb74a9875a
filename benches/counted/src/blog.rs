//! The data that operations work on: authors, posts, tags and pairs of posts and tags.

use relata::engine::Database;
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::{DataType, Value};

use crate::Failure;

pub(crate) const AUTHORS: i64 = 200;
pub(crate) const POSTS: i64 = 2_000;
pub(crate) const TAGS: i64 = 20;

/// A small database: it stands in the cache, so that nothing but instructions counts anyway.
pub(crate) fn small() -> Result<Database, Failure> {
    small_where(Action::Cascade)
}

/// The same, where this happens to posts whose author is deleted.
pub(crate) fn small_where(on_delete: Action) -> Result<Database, Failure> {
    let mut db = Database::new(schema(on_delete)?);
    db.transaction(|tx| {
        tx.insert_many("authors", &["id", "name"], (0..AUTHORS).map(author))?;
        tx.insert_many("posts", &POST_COLUMNS, (0..POSTS).map(post))?;
        tx.insert_many("tags", &["id"], (0..TAGS).map(|id| [id.into()]))?;
        let pairs = (0..POSTS).flat_map(|post| (0..3).map(move |n| [post, (post + n * 5) % TAGS]));
        tx.insert_many(
            "post_tags",
            &["post_id", "tag_id"],
            pairs.map(|pair| pair.map(Value::from)),
        )?;
        Ok(())
    })?;
    Ok(db)
}

/// Two authors, the first of whom has this many posts.
pub(crate) fn hub(children: i64) -> Result<Database, Failure> {
    let mut db = Database::new(schema(Action::Cascade)?);
    db.transaction(|tx| {
        tx.insert_many("authors", &["id", "name"], (0..2).map(author))?;
        let posts = (0..children).map(|id| [id.into(), 0.into(), Value::Null, 0.into()]);
        tx.insert_many("posts", &POST_COLUMNS, posts)?;
        Ok(())
    })?;
    Ok(db)
}

const POST_COLUMNS: [&str; 4] = ["id", "author_id", "title", "score"];

fn author(id: i64) -> [Value; 2] {
    [id.into(), format!("author {id}").into()]
}

/// A new post under one of the authors.
pub(crate) fn post(id: i64) -> [Value; 4] {
    let author = id * 7 % AUTHORS;
    [
        id.into(),
        author.into(),
        format!("a post of some length {id}").into(),
        (id % 100).into(),
    ]
}

fn schema(of_posts: Action) -> Result<Schema, Failure> {
    let id = || ColumnDef::new("id", DataType::Int).primary_key();
    let key = |column: &str, parent: &str| ForeignKeyDef::new([column]).references(parent, ["id"]);
    let cascade = |column: &str, parent: &str| key(column, parent).on_delete(Action::Cascade);
    let authors = TableDef::new("authors")
        .column(id())
        .column(ColumnDef::new("name", DataType::Text));
    let posts = TableDef::new("posts")
        .column(id())
        .column(ColumnDef::new("author_id", DataType::Int))
        .column(ColumnDef::new("title", DataType::Text))
        .column(ColumnDef::new("score", DataType::Int))
        .foreign_key(key("author_id", "authors").on_delete(of_posts));
    let pairs = TableDef::new("post_tags")
        .column(ColumnDef::new("post_id", DataType::Int))
        .column(ColumnDef::new("tag_id", DataType::Int))
        .primary_key(["post_id", "tag_id"])
        .foreign_key(cascade("post_id", "posts"))
        .foreign_key(cascade("tag_id", "tags"));
    let tags = TableDef::new("tags").column(id());
    Ok(Schema::builder()
        .table(authors)
        .table(posts)
        .table(tags)
        .table(pairs)
        .build()?)
}
