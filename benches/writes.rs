//! What does a write cost, and what does isolation add to it?
//!
//! One update alone, with a snapshot kept from every thousand updates, ten writes undone by a savepoint and by dropping
//! a fork, a cascade per row, and a bulk load per row.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use relata::engine::Database;
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Value};

const AUTHORS: i64 = 1_000;
const POSTS: i64 = 20_000;

fn empty() -> Database {
    let id = || {
        ColumnDef::new("id", DataType::Int)
            .primary_key()
            .auto_increment()
    };
    let schema = Schema::builder()
        .table(
            TableDef::new("authors")
                .column(id())
                .column(ColumnDef::new("name", DataType::Text).not_null()),
        )
        .table(
            TableDef::new("posts")
                .column(id())
                .column(ColumnDef::new("author_id", DataType::Int))
                .column(ColumnDef::new("score", DataType::Int).default(0))
                .column(ColumnDef::new("title", DataType::Text))
                .foreign_key(
                    ForeignKeyDef::new(["author_id"])
                        .references("authors", ["id"])
                        .on_delete(Action::Cascade),
                ),
        )
        .build();
    Database::new(schema.expect("the schema of the bench is sound"))
}

fn load(db: &mut Database) {
    let names = (1..=AUTHORS).map(|id| [Value::from(format!("author {id}"))]);
    db.insert_many("authors", &["name"], names)
        .expect("authors are sound");
    let posts = (1..=POSTS).map(|id| {
        [
            Value::from(id * 7_919 % AUTHORS + 1),
            Value::from(format!("post {id}")),
        ]
    });
    db.insert_many("posts", &["author_id", "title"], posts)
        .expect("posts are sound");
}

fn loaded() -> Database {
    let mut db = empty();
    load(&mut db);
    db
}

fn writes(criterion: &mut Criterion) {
    let mut db = loaded();
    let mut next = 0;
    let mut key = move || {
        next = next % POSTS + 1;
        next
    };
    let mut group = criterion.benchmark_group("write");
    group.bench_function("update one row", |bencher| {
        bencher.iter(|| db.update_key("posts", key(), [("score", Value::from(key()))]));
    });
    let mut held = db.snapshot();
    group.bench_function(
        "update one row, a snapshot kept from every 1,000th",
        |bencher| {
            let mut count = 0;
            bencher.iter(|| {
                count += 1;
                if count % 1_000 == 0 {
                    held = db.snapshot();
                }
                db.update_key("posts", key(), [("score", Value::from(count))])
            });
        },
    );
    drop(held);
    group.bench_function("ten updates and a savepoint back", |bencher| {
        let mut tx = db.begin();
        bencher.iter(|| {
            let savepoint = tx.savepoint()?;
            for _ in 0..10 {
                tx.update_key("posts", key(), [("score", Value::from(1))])?;
            }
            tx.rollback_to(savepoint)?;
            tx.release(savepoint)
        });
    });
    group.bench_function("ten updates in a fork, dropped", |bencher| {
        bencher.iter(|| {
            let mut fork = db.fork();
            for _ in 0..10 {
                fork.update_key("posts", key(), [("score", Value::from(1))])?;
            }
            Ok::<_, relata::error::Error>(())
        });
    });
    group.bench_function("snapshot and drop", |bencher| {
        bencher.iter(|| black_box(db.snapshot()))
    });
    group.finish();

    let mut group = criterion.benchmark_group("rows");
    group.throughput(Throughput::Elements(
        u64::try_from(AUTHORS + POSTS).expect("a small number"),
    ));
    group.bench_function("bulk load", |bencher| {
        bencher.iter_batched_ref(empty, load, BatchSize::PerIteration);
    });
    group.bench_function("cascade", |bencher| {
        let everything = relata::expr::all([]);
        bencher.iter_batched_ref(
            loaded,
            |db| db.delete("authors", &everything),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, writes);
criterion_main!(benches);
