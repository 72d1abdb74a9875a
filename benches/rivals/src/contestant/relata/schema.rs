//! The models of relata, over tables of the same names and columns as everywhere. relata keeps the way from parents to
//! children by itself, so that foreign keys need no index.

use relata::association::Through;
use relata::value::DataType::{Float, Int, Text};
use relata::{Action, Attribute, BelongsToMany, HasMany, ModelDef, Models};

use crate::contestant::OnDelete;
use crate::contestant::relata::RelataKey;

/// The models. A post outlives its author only where the author's key becomes null.
pub(super) fn blog<K: RelataKey>(on_delete: OnDelete) -> Models {
    let mut models = Models::new();
    models
        .define(
            keyed::<K>("Author", "authors")
                .attribute(Attribute::new("name", Text).not_null().unique())
                .attribute(Attribute::new("country", Int).not_null())
                .attribute(Attribute::new("rating", Float).not_null())
                .attribute(Attribute::new("age", Int))
                .attribute(Attribute::new("motto", Text).not_null()),
        )
        .define(
            keyed::<K>("Post", "posts")
                .attribute(Attribute::new("author_id", K::DATA_TYPE))
                .attribute(Attribute::new("title", Text).not_null())
                .attribute(Attribute::new("score", Int).not_null())
                .attribute(Attribute::new("weight", Float).not_null())
                .attribute(Attribute::new("edition", Int)),
        )
        .define(
            keyed::<K>("Comment", "comments")
                .attribute(Attribute::new("post_id", K::DATA_TYPE).not_null())
                .attribute(Attribute::new("body", Text).not_null())
                .attribute(Attribute::new("likes", Int).not_null())
                .attribute(Attribute::new("heat", Float).not_null())
                .attribute(Attribute::new("edition", Int)),
        )
        .define(
            keyed::<K>("Tag", "tags")
                .attribute(Attribute::new("name", Text).not_null().unique())
                .attribute(Attribute::new("color", Int).not_null())
                .attribute(Attribute::new("weight", Float).not_null())
                .attribute(Attribute::new("rank", Int))
                .attribute(Attribute::new("note", Text).not_null()),
        );
    associate(&mut models, on_delete);
    models
}

fn associate(models: &mut Models, on_delete: OnDelete) {
    let action = match on_delete {
        OnDelete::Cascade => Action::Cascade,
        OnDelete::SetNull => Action::SetNull,
    };
    models
        .has_many(
            "Author",
            HasMany::new("Post")
                .alias("posts")
                .foreign_key("author_id")
                .on_delete(action),
        )
        .has_many(
            "Post",
            HasMany::new("Comment")
                .alias("comments")
                .foreign_key("post_id")
                .on_delete(Action::Cascade),
        )
        .belongs_to_many(
            "Post",
            BelongsToMany::new("Tag")
                .alias("tags")
                .through(Through::new("post_tags").timestamps(false))
                .foreign_key("post_id")
                .other_key("tag_id"),
        );
}

fn keyed<K: RelataKey>(name: &str, table: &str) -> ModelDef {
    ModelDef::new(name)
        .table_name(table)
        .timestamps(false)
        .attribute(Attribute::new("id", K::DATA_TYPE).primary_key())
}
