//! Keys that somebody crafted to meet in one bucket, and hash seeds that nobody sees.
//!
//! Counted are the entries of the buckets that probes look through, not time. That the crafted keys would do harm is shown
//! on an index that is given the hashes they were crafted for.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::Write;
use std::process::Command;

use crate::engine::{Clock, Database, DatabaseOptions};
use crate::expr::{all, col};
use crate::schema::{Action, ColumnDef, ForeignKeyDef, IndexDef, Schema, TableDef, UniqueDef};
use crate::storage::{HashIndex, HashPart, KeyHasher, RowId, entries_passed};
use crate::value::{DataType, Timestamp, Uuid, Value};

type Key = [Value; 2];

/// The hash of the Firefox browser and the Rust compiler: quick, and without a seed.
#[derive(Default)]
struct FxHasher {
    hash: u64,
}

impl FxHasher {
    /// The word that leads to a state in which every crafted key meets.
    fn word_to_collide(&self) -> u64 {
        self.hash.rotate_left(5)
    }
}

impl Hasher for FxHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_i64(&mut self, word: i64) {
        self.write_u64(word.cast_unsigned());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

fn hash_with(mut hasher: impl Hasher, key: &Key) -> u64 {
    key.iter().for_each(|value| value.hash(&mut hasher));
    hasher.finish()
}

fn fx(key: &Key) -> u64 {
    hash_with(FxHasher::default(), key)
}

/// ahash with a key that is in a public program.
fn known_ahash(key: &Key) -> u64 {
    hash_with(
        ahash::RandomState::with_seeds(1, 2, 3, 4).build_hasher(),
        key,
    )
}

/// How many keys collide, unless [`MORE_KEYS`] says otherwise.
const KEYS: usize = 4_000;

/// The variable that asks for more: a million take some minutes.
const MORE_KEYS: &str = "RELATA_COLLIDING_KEYS";

fn keys_wanted() -> usize {
    let more = std::env::var(MORE_KEYS).ok();
    more.map_or(KEYS, |more| more.parse().expect("a number"))
}

fn random_keys(count: usize) -> Vec<Key> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count)
        .map(|_| [random.i64(..).into(), random.i64(..).into()])
        .collect()
}

/// Pairs of integers that all have one hash under Fx.
fn keys_for_fx(count: usize) -> Vec<Key> {
    (0..)
        .take(count)
        .map(|first: i64| {
            let mut hasher = FxHasher::default();
            Value::from(first).hash(&mut hasher);
            let second = hasher.word_to_collide().cast_signed();
            [first.into(), second.into()]
        })
        .collect()
}

/// Pairs of integers that, under ahash with a known key, agree in all bits that tell buckets apart.
fn keys_for_known_ahash(count: usize) -> Vec<Key> {
    (0..)
        .map(|first: i64| [first.into(), 0.into()])
        .filter(|key| {
            let hash = known_ahash(key);
            (hash ^ (hash >> 32)) & 0xFF == 0
        })
        .take(count)
        .collect()
}

/// Pairs of integers that differ in few bits, high or low: what a weak mixing of bits would let meet.
fn keys_of_few_bits(count: usize) -> Vec<Key> {
    let width = (0..).find(|&bits| 1_usize << (2 * bits) >= count);
    let width = width.expect("a count has so many bits");
    let numbers = || 0_i64..1 << width;
    let pairs = numbers().flat_map(|a| numbers().map(move |b| (a, b)));
    let high = |it: i64| (it << (31 - width)).into();
    pairs.map(|(a, b)| [high(a), high(b)]).take(count).collect()
}

/// Entries passed by putting keys into an index under some hash.
fn cost_under(keys: &[Key], hash: impl Fn(&Key) -> u64) -> u64 {
    let before = entries_passed();
    let mut index = HashIndex::<64, HashPart>::new();
    for (row, key) in (0..).zip(keys) {
        index.insert(hash(key), RowId(row));
    }
    entries_passed() - before
}

/// Entries passed by inserting rows with these keys, found by a primary key, a unique key, an index and a foreign key.
fn cost_in_a_database(keys: &[Key]) -> u64 {
    let pair = |name: &str| {
        TableDef::new(name)
            .column(ColumnDef::new("a", DataType::Int))
            .column(ColumnDef::new("b", DataType::Int))
            .primary_key(["a", "b"])
    };
    let parents = pair("parents")
        .unique(UniqueDef::new(["b", "a"]))
        .index(IndexDef::new(["a", "b"]).hash());
    let children = pair("children")
        .foreign_key(ForeignKeyDef::new(["a", "b"]).references("parents", ["a", "b"]));
    let schema = Schema::builder().table(parents).table(children);
    let mut db = Database::new(schema.build().unwrap());
    let before = entries_passed();
    for table in ["parents", "children"] {
        db.insert_many(table, &["a", "b"], keys.iter().cloned())
            .unwrap();
    }
    entries_passed() - before
}

// Broken, whoever chooses keys, such as the users of a web service, could make each insert as slow as a scan.
#[test]
fn crafted_keys_cost_no_more_than_random_ones() {
    let count = keys_wanted();
    let random = random_keys(count);
    let for_fx = keys_for_fx(count);
    let for_ahash = keys_for_known_ahash(count);
    // The harm grows with the square: so many show it.
    let few = KEYS.min(count);
    let random_cost = |hash: fn(&Key) -> u64| cost_under(&random[..few], hash);
    assert!(cost_under(&for_fx[..few], fx) > 20 * random_cost(fx));
    assert!(cost_under(&for_ahash[..few], known_ahash) > 20 * random_cost(known_ahash));
    let usual = cost_in_a_database(&random);
    assert!(usual > 0);
    for crafted in [for_fx, for_ahash, keys_of_few_bits(count)] {
        let cost = cost_in_a_database(&crafted);
        assert!(
            cost <= 2 * usual,
            "{cost} entries passed, {usual} by random keys"
        );
    }
}

// Broken, a build with other features of the hasher would have the same seeds everywhere.
#[test]
fn seeds_come_from_the_operating_system() {
    let manifest = include_str!("../../../Cargo.toml");
    let line = manifest
        .lines()
        .find(|line| line.starts_with("ahash = "))
        .unwrap();
    assert!(
        line.contains(r#"default-features = false, features = ["runtime-rng"]"#),
        "{line}"
    );
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains("name = \"getrandom\""));
    assert!(
        !lock.contains("name = \"const-random\""),
        "somebody turned on compile-time-rng"
    );
}

/// The variable that asks this test for what it sees.
const ASKED: &str = "RELATA_SHOW_WHAT_IS_SEEN";

// rules: RI-72
// Broken, rows, errors or changes would come in an order that differs from run to run.
#[test]
fn another_seed_shows_the_same() {
    if std::env::var_os(ASKED).is_some() {
        let hash = KeyHasher::new().hash([Value::from(1).as_ref()]);
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nhash {hash}").unwrap();
        for line in what_is_seen() {
            writeln!(out, "seen {line}").unwrap();
        }
        return;
    }
    let runs: Vec<String> = (0..3).map(|_| seen_by_another_process()).collect();
    let lines = |run: &str, sort: &str| -> Vec<String> {
        let lines = run.lines().filter(|line| line.starts_with(sort));
        lines.map(str::to_owned).collect()
    };
    let hashes: BTreeSet<_> = runs.iter().map(|run| lines(run, "hash ")).collect();
    assert_eq!(hashes.len(), runs.len(), "seeds repeat: {hashes:?}");
    let seen = lines(&runs[0], "seen ");
    assert!(seen.len() > 500, "{} lines", seen.len());
    for run in &runs[1..] {
        assert_eq!(lines(run, "seen "), seen);
    }
}

// rules: RI-72
// Broken, two databases of one process would show the same history in two orders.
#[test]
fn another_database_shows_the_same() {
    assert_eq!(what_is_seen(), what_is_seen());
}

fn seen_by_another_process() -> String {
    let test = "engine::tests::flooding::another_seed_shows_the_same";
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(ASKED, "1")
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

/// A history of writes over tables found by hash, and all that can be read after each.
fn what_is_seen() -> Vec<String> {
    let owners = TableDef::new("owners")
        .column(
            ColumnDef::new("id", DataType::Uuid)
                .primary_key()
                .default_uuid(),
        )
        .column(ColumnDef::new("name", DataType::Text).unique());
    let things = TableDef::new("things")
        .column(ColumnDef::new("code", DataType::Text).primary_key())
        .column(ColumnDef::new("owner", DataType::Uuid))
        .column(ColumnDef::new("sort", DataType::Int))
        .index(IndexDef::new(["sort"]).hash())
        .foreign_key(
            ForeignKeyDef::new(["owner"])
                .references("owners", ["id"])
                .on_delete(Action::Cascade)
                .on_update(Action::Cascade),
        );
    let schema = Schema::builder().table(owners).table(things);
    let clock = Clock::Fixed(Timestamp::from_micros(0));
    let options = DatabaseOptions {
        clock,
        seed: Some(7),
        ..DatabaseOptions::default()
    };
    let mut db = Database::with_options(schema.build().unwrap(), options);
    let mut random = fastrand::Rng::with_seed(11);
    let mut seen = Vec::new();
    for _ in 0..150 {
        let mut tx = db.begin();
        let owners: Vec<_> = tx.rows("owners").unwrap().map(|row| row.key()).collect();
        let owner = random.choice(&owners).cloned();
        let name = Value::from(format!("name {}", random.u8(..40)));
        let code = Value::from(format!("code {}", random.u8(..60)));
        let sort = Value::from(i64::from(random.u8(..4)));
        let done = match (random.u8(..8), owner) {
            (0 | 1, _) | (_, None) => tx.insert("owners", [("name", name)]).map(drop),
            (2..=4, Some(owner)) => {
                let row = [("code", code), ("owner", owner[0].clone()), ("sort", sort)];
                tx.upsert("things", row).map(drop)
            }
            (5, Some(owner)) if random.u8(..3) == 0 => tx.delete_key("owners", owner).map(drop),
            (5 | 6, Some(owner)) => {
                let id = Value::from(Uuid::from_u128(random.u128(..)));
                tx.update_key("owners", owner, [("id", id)]).map(drop)
            }
            (_, Some(_)) => tx
                .update("things", &col("sort").eq(sort), [("code", code)])
                .map(drop),
        };
        seen.push(format!("{done:?} {:?}", tx.changes()));
        if done.is_ok() {
            tx.commit().unwrap();
        } else {
            tx.rollback();
        }
        for table in ["owners", "things"] {
            let rows = db.filter(table, &all([])).unwrap();
            seen.push(format!("{rows:?}"));
        }
        for owner in db.rows("owners").unwrap() {
            let children = db.children_of("things_owner_fkey", owner.key()).unwrap();
            seen.push(children.map(|row| format!("{row:?}")).collect());
        }
        seen.push(db.fingerprint().to_string());
    }
    db.check_integrity().unwrap();
    seen
}
