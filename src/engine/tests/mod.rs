//! The engine by example, and at random with every index checked after every step.

mod closures;
mod examples;
mod flooding;
mod no_scans;
mod limits;
mod panics;
mod secrets;
mod plan_delete;
mod guarded;
mod any_row;
mod access;
mod deferred_keys;
mod pairs;
mod partial_keys;
mod set_columns;
mod many_rows;
mod key_order;
mod one_cell;
mod skips;
mod upserts;
mod random;
mod reporting_order;
mod sequences;
mod schema_changes;
mod schema_random;

use crate::engine::{Clock, Database, DatabaseOptions};
use crate::expr::col;
use crate::schema::{Action, CheckDef, ColumnDef, ForeignKeyDef, Schema, TableDef, UniqueDef};
use crate::value::{DataType, Timestamp};

/// Authors, their posts, and comments that may answer each other.
fn blog(on_delete: Action) -> Database {
    let id = || {
        ColumnDef::new("id", DataType::Int)
            .primary_key()
            .auto_increment()
    };
    let schema = Schema::builder()
        .table(
            TableDef::new("comments")
                .column(id())
                .column(ColumnDef::new("post_id", DataType::Int))
                .column(ColumnDef::new("parent_id", DataType::Int))
                .column(ColumnDef::new("body", DataType::Text).default(""))
                .foreign_key(
                    ForeignKeyDef::new(["post_id"])
                        .references("posts", ["id"])
                        .on_delete(Action::Cascade),
                )
                .foreign_key(
                    ForeignKeyDef::new(["parent_id"])
                        .references("comments", ["id"])
                        .on_delete(Action::SetNull),
                ),
        )
        .table(
            TableDef::new("posts")
                .column(id())
                .column(ColumnDef::new("author_id", DataType::Int))
                .column(ColumnDef::new("title", DataType::Text).not_null())
                .column(ColumnDef::new("score", DataType::Int).default(0))
                .check(CheckDef::new("posts_score_check", col("score").ge(0)))
                .foreign_key(
                    ForeignKeyDef::new(["author_id"])
                        .references("authors", ["id"])
                        .on_delete(on_delete)
                        .on_update(Action::Cascade),
                ),
        )
        .table(
            TableDef::new("authors")
                .column(id())
                .column(ColumnDef::new("email", DataType::Text))
                .column(ColumnDef::new("created_at", DataType::Timestamp).default_now())
                .column(ColumnDef::new("token", DataType::Uuid).default_uuid())
                .unique(UniqueDef::new(["email"])),
        )
        .build()
        .unwrap();
    let clock = Clock::Stepping {
        next: Timestamp::from_micros(1_000_000),
        step_micros: 1,
    };
    Database::with_options(
        schema,
        DatabaseOptions {
            clock,
            seed: Some(7),
            ..DatabaseOptions::default()
        },
    )
}
