//! The tables of relata. It keeps the way from parents to children by itself, so that foreign keys need no index.

use relata::error;
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::DataType::{Float, Int, Text};

use crate::contestant::OnDelete;
use crate::contestant::relata::RelataKey;

/// The schema. A row of `posts` outlives its author only where the author's key becomes null.
pub(super) fn blog<K: RelataKey>(on_delete: OnDelete) -> error::Result<Schema> {
    let action = match on_delete {
        OnDelete::Cascade => Action::Cascade,
        OnDelete::SetNull => Action::SetNull,
    };
    Schema::builder()
        .table(
            keyed::<K>("authors")
                .column(ColumnDef::new("name", Text).not_null().unique())
                .column(ColumnDef::new("country", Int).not_null())
                .column(ColumnDef::new("rating", Float).not_null())
                .column(ColumnDef::new("age", Int))
                .column(ColumnDef::new("motto", Text).not_null()),
        )
        .table(
            keyed::<K>("posts")
                .column(ColumnDef::new("author_id", K::DATA_TYPE))
                .column(ColumnDef::new("title", Text).not_null())
                .column(ColumnDef::new("score", Int).not_null())
                .column(ColumnDef::new("weight", Float).not_null())
                .column(ColumnDef::new("edition", Int))
                .foreign_key(reference("author_id", "authors", action)),
        )
        .table(
            keyed::<K>("comments")
                .column(ColumnDef::new("post_id", K::DATA_TYPE).not_null())
                .column(ColumnDef::new("body", Text).not_null())
                .column(ColumnDef::new("likes", Int).not_null())
                .column(ColumnDef::new("heat", Float).not_null())
                .column(ColumnDef::new("edition", Int))
                .foreign_key(reference("post_id", "posts", Action::Cascade)),
        )
        .table(
            keyed::<K>("tags")
                .column(ColumnDef::new("name", Text).not_null().unique())
                .column(ColumnDef::new("color", Int).not_null())
                .column(ColumnDef::new("weight", Float).not_null())
                .column(ColumnDef::new("rank", Int))
                .column(ColumnDef::new("note", Text).not_null()),
        )
        .table(
            TableDef::new("post_tags")
                .column(ColumnDef::new("post_id", K::DATA_TYPE).not_null())
                .column(ColumnDef::new("tag_id", K::DATA_TYPE).not_null())
                .primary_key(["post_id", "tag_id"])
                .foreign_key(reference("post_id", "posts", Action::Cascade))
                .foreign_key(reference("tag_id", "tags", Action::Cascade)),
        )
        .build()
}

fn keyed<K: RelataKey>(name: &str) -> TableDef {
    TableDef::new(name).column(ColumnDef::new("id", K::DATA_TYPE).primary_key())
}

fn reference(column: &str, parent: &str, action: Action) -> ForeignKeyDef {
    ForeignKeyDef::new([column])
        .references(parent, ["id"])
        .on_delete(action)
}
