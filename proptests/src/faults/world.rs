//! The tables that the statements write, with some rows each; and the work around them in a transaction.

use relata::engine::{Clock, Database, DatabaseOptions, Transaction};
use relata::error::Result;
use relata::expr::{col, val};
use relata::schema::{
    Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, TableDef, UniqueDef,
};
use relata::value::{DataType, Timestamp, Uuid, Value};

use crate::faults;

/// Room that [`next_write`] takes in the way back.
pub(super) const NEXT_WRITE_BYTES: u64 = 400;

/// A table for each action on both events, and its name.
pub(super) const BY_ACTION: [(&str, Action); 5] = [
    ("by_no_action", Action::NoAction),
    ("by_restrict", Action::Restrict),
    ("by_cascade", Action::Cascade),
    ("by_set_null", Action::SetNull),
    ("by_set_default", Action::SetDefault),
];

fn id() -> ColumnDef {
    ColumnDef::new("id", DataType::Int)
        .primary_key()
        .auto_increment()
}

fn int(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Int)
}

fn text(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Text)
}

fn cascading(columns: &[&str], parent: &str, referenced: &[&str]) -> ForeignKeyDef {
    ForeignKeyDef::new(columns.iter().copied())
        .references(parent, referenced.iter().copied())
        .on_delete(Action::Cascade)
        .on_update(Action::Cascade)
}

fn schema() -> Schema {
    let groups = TableDef::new("groups")
        .column(text("code").primary_key())
        .column(text("label"));
    let by_action = BY_ACTION.map(|(name, action)| {
        TableDef::new(name)
            .column(id())
            .column(text("group_code").default("none"))
            .column(text("note"))
            .column(int("score").default(0))
            .check(CheckDef::new(
                format!("{name}_score"),
                col("score").ge(val(0)),
            ))
            .foreign_key(
                ForeignKeyDef::new(["group_code"])
                    .references("groups", ["code"])
                    .on_delete(action)
                    .on_update(action),
            )
    });
    let waiting = TableDef::new("waiting")
        .column(id())
        .column(text("group_code"))
        .foreign_key(
            ForeignKeyDef::new(["group_code"])
                .references("groups", ["code"])
                .deferrable(Deferral::InitiallyDeferred),
        );
    let labels = TableDef::new("labels")
        .column(id())
        .column(text("label"))
        .foreign_key(
            ForeignKeyDef::new(["label"])
                .references("groups", ["label"])
                .on_delete(Action::SetNull)
                .on_update(Action::Cascade)
                .to_any_row(),
        );
    let nodes = TableDef::new("nodes")
        .column(id())
        .column(int("parent"))
        .column(text("name").unique())
        .column(int("weight").default(1))
        .check(CheckDef::new("nodes_weight", col("weight").gt(val(0))))
        .foreign_key(cascading(&["parent"], "nodes", &["id"]));
    let top = TableDef::new("top").column(id()).column(text("note"));
    let left = TableDef::new("left")
        .column(id())
        .column(int("top"))
        .foreign_key(cascading(&["top"], "top", &["id"]));
    let right = TableDef::new("right")
        .column(id())
        .column(int("top"))
        .foreign_key(cascading(&["top"], "top", &["id"]));
    let bottom = TableDef::new("bottom")
        .column(id())
        .column(int("left"))
        .column(int("right"))
        .column(int("top"))
        .foreign_key(cascading(&["left"], "left", &["id"]))
        .foreign_key(ForeignKeyDef::new(["right"]).references("right", ["id"]))
        .foreign_key(
            ForeignKeyDef::new(["top"])
                .references("top", ["id"])
                .on_delete(Action::SetNull)
                .on_update(Action::Cascade),
        );
    let ring = |name: &str, other: &str| {
        TableDef::new(name)
            .column(id())
            .column(int("other"))
            .foreign_key(
                cascading(&["other"], other, &["id"]).deferrable(Deferral::InitiallyDeferred),
            )
    };
    let regions = TableDef::new("regions").column(text("code").primary_key());
    let cities = TableDef::new("cities")
        .column(text("region"))
        .column(text("code"))
        .primary_key(["region", "code"])
        .foreign_key(cascading(&["region"], "regions", &["code"]));
    // Both keys write `region`.
    let streets = TableDef::new("streets")
        .column(id())
        .column(text("region"))
        .column(text("city"))
        .foreign_key(cascading(
            &["region", "city"],
            "cities",
            &["region", "code"],
        ))
        .foreign_key(
            ForeignKeyDef::new(["region"])
                .references("regions", ["code"])
                .on_delete(Action::SetNull)
                .on_update(Action::Cascade),
        );
    let docs = TableDef::new("docs")
        .column(
            ColumnDef::new("id", DataType::Uuid)
                .primary_key()
                .default_uuid(),
        )
        .column(text("kind").not_null())
        .column(int("size"))
        .column(text("body"))
        .column(ColumnDef::new("at", DataType::Timestamp).default_now())
        .unique(UniqueDef::new(["kind", "size"]))
        .index(IndexDef::new(["size", "kind"]).ordered())
        .index(IndexDef::new(["kind"]).hash());
    let events = TableDef::new("events").column(text("what"));
    let tags = TableDef::new("tags")
        .column(id())
        .column(text("owner_type"))
        .column(int("owner_id"))
        .foreign_key(cascading(&["owner_id"], "nodes", &["id"]).guarded("owner_type", "node"))
        .foreign_key(
            ForeignKeyDef::new(["owner_id"])
                .references("top", ["id"])
                .on_delete(Action::SetNull)
                .on_update(Action::Cascade)
                .guarded("owner_type", "top"),
        );
    let made = TableDef::new("made")
        .column(id())
        .column(text("code").default_with("made", faults::made))
        .column(int("score").default(0))
        .column(int("rank"))
        .check(CheckDef::closure(
            "made_even",
            "score % 2 = 0",
            ["score"],
            faults::is_even,
        ))
        .unique(UniqueDef::new(["rank"]).deferrable(Deferral::InitiallyDeferred))
        .unique(
            UniqueDef::new(["score"])
                .named("made_active")
                .filter(col("code").eq("active")),
        );
    let tables = [groups, waiting, labels, nodes, top, left, right, bottom]
        .into_iter()
        .chain(by_action)
        .chain([ring("ring_a", "ring_b"), ring("ring_b", "ring_a")])
        .chain([regions, cities, streets, docs, events, tags, made]);
    let builder = tables.fold(Schema::builder(), |builder, table| builder.table(table));
    builder.build().expect("the schema stands")
}

/// The tables with their rows.
pub(super) fn database() -> Database {
    let options = DatabaseOptions {
        clock: Clock::Stepping {
            next: Timestamp::from_micros(0),
            step_micros: 1,
        },
        seed: Some(7),
        ..DatabaseOptions::default()
    };
    let mut db = Database::with_options(schema(), options);
    db.transaction(fill).expect("the rows stand");
    db
}

fn fill(tx: &mut Transaction<'_>) -> Result<()> {
    let texts = |texts: &[&str]| -> Vec<Value> { texts.iter().map(|&it| it.into()).collect() };
    let groups = [
        ["none", "common"],
        ["a", "common"],
        ["b", "rare"],
        ["c", "c"],
        ["d", "d"],
    ];
    tx.insert_many("groups", &["code", "label"], groups.map(|row| texts(&row)))?;
    for (table, _) in BY_ACTION {
        // Groups a and b have children, c has none, d has them where that forbids nothing.
        let groups = match table {
            "by_no_action" | "by_restrict" => ["a", "b"],
            _ => ["a", "d"],
        };
        let rows = (0..12).map(|number| {
            let note = "n".repeat(number * 3);
            [groups[number % 2].into(), note.into()]
        });
        tx.insert_many(table, &["group_code", "note"], rows)?;
    }
    let waiting = ["a", "b", "c"].map(|code| texts(&[code]));
    tx.insert_many("waiting", &["group_code"], waiting)?;
    let labels = ["common", "common", "rare", "c"].map(|label| texts(&[label]));
    tx.insert_many("labels", &["label"], labels)?;
    // A chain of 12 below node 1, and 20 more below it: 1 to 12, and 13 to 32.
    let nodes = (1..=32_i64).map(|id| {
        let parent = match id {
            1 => Value::Null,
            2..=12 => (id - 1).into(),
            _ => 1.into(),
        };
        [parent, format!("node {id}").into()]
    });
    tx.insert_many("nodes", &["parent", "name"], nodes)?;
    for id in 1..=2_i64 {
        tx.insert("top", [("id", id.into())])?;
        for table in ["left", "right"] {
            tx.insert_many(table, &["top"], (0..3).map(|_| [Value::Int(id)]))?;
        }
    }
    let bottom = (1..=6_i64).map(|id| [id.into(), id.into(), Value::from((id + 2) / 3)]);
    tx.insert_many("bottom", &["left", "right", "top"], bottom)?;
    let ring = (1..=6_i64).map(|id| [Value::Int(id % 6 + 1)]);
    tx.insert_many("ring_a", &["other"], ring.clone())?;
    tx.insert_many("ring_b", &["other"], ring)?;
    for region in ["north", "south"] {
        tx.insert("regions", [("code", region.into())])?;
        for city in ["x", "y"] {
            let row = [("region", region.into()), ("code", city.into())];
            tx.insert("cities", row)?;
            let streets = (0..4).map(|_| texts(&[region, city]));
            tx.insert_many("streets", &["region", "city"], streets)?;
        }
    }
    let docs = (0..16_i64).map(|number| {
        let size = if number % 5 == 0 {
            Value::Null
        } else {
            number.into()
        };
        let body = "b".repeat(usize::try_from(number * 40).unwrap_or(0));
        [
            doc(number),
            format!("kind {}", number % 3).into(),
            size,
            body.into(),
        ]
    });
    tx.insert_many("docs", &["id", "kind", "size", "body"], docs)?;
    tx.insert_many("events", &["what"], (0..5).map(|_| [Value::from("it")]))?;
    let tags = (1..=8_i64).map(|number| match number % 2 {
        0 => [Value::from("node"), number.into()],
        _ => [Value::from("top"), (number % 2 + 1).into()],
    });
    tx.insert_many("tags", &["owner_type", "owner_id"], tags)?;
    let made = (1..=10_i64).map(|number| [(number * 2).into(), Value::from(number)]);
    tx.insert_many("made", &["score", "rank"], made)?;
    Ok(())
}

/// The key of a document.
pub(super) fn doc(number: i64) -> Value {
    Uuid::from_u64_pair(7, number.cast_unsigned()).into()
}

/// What a transaction did before: one row a statement, values of one byte, and a reference that waits.
pub(super) fn earlier_work(tx: &mut Transaction<'_>) -> Result<()> {
    tx.savepoint()?;
    tx.insert("events", [("what", Value::from("e"))])?;
    tx.insert("waiting", [("group_code", Value::from("z"))])?;
    tx.update_key("top", 2, [("note", Value::from("t"))])?;
    tx.delete_key("by_cascade", 12)?;
    Ok(())
}

/// A write that any state must take: into a table whose references may wait, if it was not made to judge them at once.
pub(super) fn next_write(tx: &mut Transaction<'_>) -> Result<()> {
    tx.insert("waiting", [("group_code", Value::from("y"))])?;
    tx.update_key("events", 1, [("what", Value::from("f"))])?;
    Ok(())
}
