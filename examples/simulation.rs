//! Game state: a thousand ticks over units, items and squads, a snapshot a tick, and rollback.
//!
//! The last 64 snapshots are kept in a ring. At the end the world goes back thirty ticks and plays them again: the
//! database restores ids, sequences and its random state, so the same fingerprint comes out.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::collections::VecDeque;

use relata::engine::DatabaseOptions;
use relata::{Attribute, DataType, Database, HasMany, Models, Result, Snapshot};
use relata::{col, tree, values};

const TICKS: usize = 1_000;
const KEPT: usize = 64;
const BACK: usize = 30;

fn world() -> Result<Database> {
    let int = |name: &str| Attribute::new(name, DataType::Int).not_null();
    let mut models = Models::new();
    models.define("Squad");
    models.define_with("Unit", |it| it.attribute(int("health")));
    models.define_with("Item", |it| it.attribute(int("power")));
    models.has_many(
        "Squad",
        HasMany::new("Unit").alias("units").on_delete("CASCADE"),
    );
    // A unit that dies drops what it carried.
    models.has_many(
        "Unit",
        HasMany::new("Item").alias("items").on_delete("SET NULL"),
    );
    let fixed = relata::Clock::Fixed(relata::Timestamp::from_micros(0));
    let options = DatabaseOptions {
        seed: Some(7),
        clock: fixed,
        ..Default::default()
    };
    let mut db = models.sync_with(options)?;
    for _ in 0..4 {
        db.create_tree(
            "Squad",
            tree! { units: [{ health: 60, items: [{ power: 3 }] }, { health: 90 }] },
        )?;
    }
    Ok(db)
}

/// One step: somebody is hit, the dead go, a squad without units is reinforced, and an item is picked up.
fn tick(db: &mut Database, number: usize) -> Result<()> {
    db.transaction(|tx| {
        let units = tx.find_all("Unit")?;
        let mut target = units[number * 7 % units.len()].clone();
        tx.decrement(&mut target, values! { health: 25 })?;
        tx.destroy_where("Unit", col("health").le(0))?;
        for squad in tx.find_all("Squad")? {
            if tx.related(&squad, "units")?.count()? == 0 {
                tx.related(&squad, "units")?
                    .create(values! { health: 100 })?;
            }
        }
        let dropped = tx.find_by("Item", col("UnitId").is_null())?;
        let finder = tx.find_all("Unit")?.swap_remove(0);
        tx.related(&finder, "items")?.add(dropped.first())?;
        Ok(())
    })
}

/// Plays ticks, and keeps the version after each.
fn play(
    db: &mut Database,
    ticks: std::ops::Range<usize>,
    ring: &mut VecDeque<Snapshot>,
) -> Result<()> {
    for number in ticks {
        tick(db, number)?;
        ring.push_back(db.snapshot());
        ring.drain(..ring.len().saturating_sub(KEPT));
    }
    Ok(())
}

#[cfg_attr(test, test)]
fn main() -> Result<()> {
    let (mut db, mut ring) = (world()?, VecDeque::with_capacity(KEPT));
    play(&mut db, 0..TICKS, &mut ring)?;
    let (end, dump) = (db.fingerprint(), db.dump());
    println!("after {TICKS} ticks\n{dump}");
    assert_eq!(db.count("Item")?, 4, "no item is lost with its unit");

    ring.truncate(KEPT - BACK);
    db.reset_to(ring.back().expect("the ring is not empty"))?;
    play(&mut db, TICKS - BACK..TICKS, &mut ring)?;
    assert_eq!((db.fingerprint(), db.dump()), (end, dump));
    println!("back {BACK} ticks and played again: the same");
    db.check_integrity()
        .expect("every index agrees with the rows");
    Ok(())
}
