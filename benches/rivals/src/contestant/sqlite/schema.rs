//! The tables of SQLite.

use rusqlite::Connection;

use crate::contestant::sqlite::SqlKey;
use crate::contestant::{OnDelete, Result};

/// Makes the tables.
pub(super) fn create<K: SqlKey>(connection: &Connection, on_delete: OnDelete) -> Result<()> {
    Ok(connection.execute_batch(&tables::<K>(on_delete))?)
}

/// The tables. A row of `posts` outlives its author only where the author's key becomes null.
pub(in crate::contestant) fn tables<K: SqlKey>(on_delete: OnDelete) -> String {
    let key = K::COLUMN_TYPE;
    let action = match on_delete {
        OnDelete::Cascade => "CASCADE",
        OnDelete::SetNull => "SET NULL",
    };
    format!(
        "CREATE TABLE authors (
            id {key} PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, country INTEGER NOT NULL,
            rating REAL NOT NULL, age INTEGER, motto TEXT NOT NULL
        );
        CREATE TABLE posts (
            id {key} PRIMARY KEY NOT NULL, author_id {key} REFERENCES authors ON DELETE {action},
            title TEXT NOT NULL, score INTEGER NOT NULL, weight REAL NOT NULL, edition INTEGER
        );
        CREATE TABLE comments (
            id {key} PRIMARY KEY NOT NULL, post_id {key} NOT NULL REFERENCES posts ON DELETE CASCADE,
            body TEXT NOT NULL, likes INTEGER NOT NULL, heat REAL NOT NULL, edition INTEGER
        );
        CREATE TABLE tags (
            id {key} PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, color INTEGER NOT NULL,
            weight REAL NOT NULL, rank INTEGER, note TEXT NOT NULL
        );
        CREATE TABLE post_tags (
            post_id {key} NOT NULL REFERENCES posts ON DELETE CASCADE,
            tag_id {key} NOT NULL REFERENCES tags ON DELETE CASCADE,
            PRIMARY KEY (post_id, tag_id)
        ) WITHOUT ROWID;
        CREATE INDEX posts_of_author ON posts (author_id);
        CREATE INDEX comments_of_post ON comments (post_id);
        CREATE INDEX posts_of_tag ON post_tags (tag_id);"
    )
}
