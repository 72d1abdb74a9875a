//! Isolation under threads: four writers and four readers on one shared database (goal 10 of the reliability goals).
//!
//! Each transaction takes the next commit number from a row and appends its own value to one or two lists, so that an
//! update that is lost, or half of a transaction, changes what the lists hold from then on. Writers keep what they
//! did, readers what they saw. Afterwards all is replayed by number on plain vectors: each snapshot must be the state
//! after exactly one commit, which lies between the last that had been published when the read began and the last that
//! could have been when it ended.
//!
//! `RELATA_TRANSACTIONS=n` does more, `RELATA_SEED=n` draws other ones.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use relata::engine::{Database, SharedDatabase, Snapshot, Transaction};
use relata::error::Result;
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Key, Value};
use relata_proptests::environment::{say, variable};

const WRITERS: u64 = 4;
const READERS: usize = 4;
const TRANSACTIONS: u64 = 50_000;
const SEED: u64 = 20_261_125;

const LISTS: i64 = 8;
/// How many values of a list are kept. Older ones stand in its digest.
const KEPT: usize = 6;
/// One in so many writes is given up after it has written.
const GIVEN_UP: u64 = 16;
/// How long a reader waits before it reads again.
const PAUSE: Duration = Duration::from_micros(100);
/// A reader looks at a snapshot again after so many others.
const HELD: usize = 20;

/// What one transaction appended where.
#[derive(Clone, Debug)]
struct Append {
    number: u64,
    value: i64,
    lists: Vec<i64>,
}

/// What one read saw, and the commits between which it lies.
#[derive(Clone, Copy, Debug)]
struct Seen {
    number: u64,
    content: u64,
    at_least: u64,
    at_most: u64,
}

/// The highest commit that a writer was told of, and the highest that may be published by now.
#[derive(Debug, Default)]
struct Progress {
    published: AtomicU64,
    begun: AtomicU64,
    done: AtomicBool,
}

// rules: RI-80, RI-81, RI-82
// Broken, a reader would see a state that never was, go back in time, or miss a commit that it was told of.
#[test]
fn every_read_is_the_state_after_one_commit() {
    let transactions = variable("RELATA_TRANSACTIONS", TRANSACTIONS).expect("a number");
    let seed = variable("RELATA_SEED", SEED).expect("a number");
    let shared = SharedDatabase::new(database());
    let progress = Progress::default();
    let (appends, reads) = thread::scope(|scope| {
        let (shared, progress) = (&shared, &progress);
        let readers: Vec<_> = (0..READERS)
            .map(|_| scope.spawn(move || read_until_done(shared, progress)))
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let share = transactions / WRITERS + u64::from(writer < transactions % WRITERS);
                scope.spawn(move || write_all(shared, progress, writer, share, seed))
            })
            .collect();
        let mut appends = Vec::new();
        for writer in writers {
            appends.extend(writer.join().expect("a writer does not panic"));
        }
        progress.done.store(true, Ordering::SeqCst);
        let reads: Vec<_> = readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader does not panic"))
            .collect();
        (appends, reads)
    });

    let states = replay(appends, transactions);
    let mut met = vec![false; states.len()];
    for seen in reads.iter().flatten() {
        assert!(
            seen.at_least <= seen.number && seen.number <= seen.at_most,
            "out of its time: {seen:?}"
        );
        assert_eq!(
            seen.content,
            states[index(seen.number)],
            "not the state after its commit: {seen:?}"
        );
        met[index(seen.number)] = true;
    }
    for reader in &reads {
        assert!(reader.is_sorted_by_key(|seen| seen.number), "back in time");
    }
    let last = shared.read();
    assert_eq!(look(&last), (transactions, states[index(transactions)]));
    last.check_integrity().expect("the last state is sound");
    report(seed, transactions, &reads, &met);
}

fn report(seed: u64, transactions: u64, reads: &[Vec<Seen>], met: &[bool]) {
    let number: usize = reads.iter().map(Vec::len).sum();
    let states = met.iter().filter(|met| **met).count();
    let text =
        format!("seed {seed}: {transactions} transactions, {number} reads of {states} states\n");
    say(&text);
    // A run whose readers saw next to nothing says nothing.
    assert!(reads.iter().all(|reader| !reader.is_empty()));
    assert!(states as u64 >= transactions / 100);
}

// ---- The database ----

/// The number of the last commit, lists, and the newest values of each.
fn database() -> Database {
    let int = |name| ColumnDef::new(name, DataType::Int).not_null();
    let schema = Schema::builder()
        .table(
            TableDef::new("commits")
                .column(int("id").primary_key())
                .column(int("number")),
        )
        .table(
            TableDef::new("lists")
                .column(int("id").primary_key())
                .column(int("length"))
                .column(int("digest")),
        )
        .table(
            TableDef::new("entries")
                .column(int("list_id"))
                .column(int("position"))
                .column(int("value").unique())
                .primary_key(["list_id", "position"])
                .foreign_key(
                    ForeignKeyDef::new(["list_id"])
                        .references("lists", ["id"])
                        .on_delete(Action::Cascade),
                ),
        )
        .build()
        .expect("the schema stands");
    let mut db = Database::new(schema);
    db.insert(
        "commits",
        [("id", Value::from(1)), ("number", Value::from(0))],
    )
    .expect("the first row can be inserted");
    let lists = (1..=LISTS).map(|id| [id, 0, 0].map(Value::from));
    db.insert_many("lists", &["id", "length", "digest"], lists)
        .expect("the lists can be inserted");
    db
}

fn cell(db: &Snapshot, table: &str, key: i64, column: &str) -> i64 {
    let row = db.get(table, key).expect("the table is there");
    let value = row.expect("the row is there").get(column);
    value
        .expect("the column is there")
        .as_int()
        .expect("a number")
}

/// Takes the next commit number and appends to the lists; the number.
fn append(tx: &mut Transaction<'_>, value: i64, lists: &[i64]) -> Result<u64> {
    let number = cell(tx, "commits", 1, "number") + 1;
    tx.update_key("commits", 1, [("number", Value::from(number))])?;
    for (&list, copy) in lists.iter().zip(0..) {
        let length = cell(tx, "lists", list, "length");
        let digest = chain(cell(tx, "lists", list, "digest"), value);
        let moved = [("length", length + 1), ("digest", digest)];
        tx.update_key(
            "lists",
            list,
            moved.map(|(name, value)| (name, Value::from(value))),
        )?;
        // Values are unique over all lists.
        let entry = [
            ("list_id", list),
            ("position", length),
            ("value", 2 * value + copy),
        ];
        tx.insert(
            "entries",
            entry.map(|(name, value)| (name, Value::from(value))),
        )?;
        let kept = i64::try_from(KEPT).expect("a small number");
        tx.delete_key(
            "entries",
            Key::from(vec![list.into(), (length - kept).into()]),
        )?;
    }
    Ok(u64::try_from(number).expect("numbers rise from 1"))
}

/// A number that no later value makes forget an earlier one.
fn chain(digest: i64, value: i64) -> i64 {
    digest
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(value)
}

/// The commit number of a snapshot, and a hash over all that it holds.
fn look(db: &Snapshot) -> (u64, u64) {
    let number = cell(db, "commits", 1, "number");
    let mut hasher = DefaultHasher::new();
    for table in ["lists", "entries"] {
        for row in db.rows(table).expect("the table is there") {
            for (_, value) in row.columns() {
                value.as_int().hash(&mut hasher);
            }
        }
    }
    let number = u64::try_from(number).expect("numbers rise from 0");
    (number, hasher.finish())
}

// ---- The threads ----

fn write_all(
    shared: &SharedDatabase,
    progress: &Progress,
    writer: u64,
    share: u64,
    seed: u64,
) -> Vec<Append> {
    let mut random = fastrand::Rng::with_seed(seed ^ (writer << 32));
    let mut appends = Vec::new();
    while (appends.len() as u64) < share {
        let turn = appends.len() as u64 * WRITERS + writer;
        let value = i64::try_from(turn).expect("few transactions");
        let mut lists = vec![random.i64(1..=LISTS)];
        let second = random.i64(1..=LISTS);
        if second != lists[0] {
            lists.push(second);
        }
        if random.u64(..GIVEN_UP) == 0 {
            give_up(shared, value, &lists);
        }
        let number = shared
            .write(|tx| {
                let number = append(tx, value, &lists)?;
                progress.begun.store(number, Ordering::SeqCst);
                Ok(number)
            })
            .expect("an append is legal");
        progress.published.fetch_max(number, Ordering::SeqCst);
        appends.push(Append {
            number,
            value,
            lists,
        });
    }
    appends
}

/// A write that fails at its last statement; it gives no number away.
fn give_up(shared: &SharedDatabase, value: i64, lists: &[i64]) {
    let refused = shared.write(|tx| {
        append(tx, value, lists)?;
        tx.insert("lists", [("id", Value::from(1))])
    });
    refused.expect_err("list 1 is there already");
}

fn read_until_done(shared: &SharedDatabase, progress: &Progress) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut held: VecDeque<(Snapshot, u64)> = VecDeque::new();
    while !progress.done.load(Ordering::SeqCst) {
        let at_least = progress.published.load(Ordering::SeqCst);
        let snapshot = shared.read();
        let at_most = progress.begun.load(Ordering::SeqCst);
        let (number, content) = look(&snapshot);
        seen.push(Seen {
            number,
            content,
            at_least,
            at_most,
        });
        held.push_back((snapshot, content));
        // Readers that never rest leave the writers little of two cores, and see each state many times.
        thread::sleep(PAUSE);
        if held.len() > HELD {
            let (snapshot, content) = held.pop_front().expect("there are some");
            assert_eq!(look(&snapshot).1, content, "a held snapshot moved");
        }
    }
    seen
}

// ---- The replay ----

/// The content after each commit, the empty lists first.
fn replay(mut appends: Vec<Append>, transactions: u64) -> Vec<u64> {
    appends.sort_by_key(|append| append.number);
    let numbers: Vec<_> = appends.iter().map(|append| append.number).collect();
    let expected: Vec<_> = (1..=transactions).collect();
    assert_eq!(
        numbers, expected,
        "a commit number was given twice or never"
    );

    let mut lists: Vec<(i64, i64, VecDeque<i64>)> =
        (0..LISTS).map(|_| (0, 0, VecDeque::new())).collect();
    let mut states = vec![content(&lists)];
    for append in &appends {
        for (&list, copy) in append.lists.iter().zip(0..) {
            let (length, digest, newest) = &mut lists[usize::try_from(list - 1).expect("from 1")];
            *length += 1;
            *digest = chain(*digest, append.value);
            newest.push_back(2 * append.value + copy);
            if newest.len() > KEPT {
                newest.pop_front();
            }
        }
        states.push(content(&lists));
    }
    states
}

/// The same hash as [`look`] makes of a snapshot.
fn content(lists: &[(i64, i64, VecDeque<i64>)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut hash = |value: i64| Some(value).hash(&mut hasher);
    for (id, (length, digest, _)) in (1..).zip(lists) {
        [id, *length, *digest].into_iter().for_each(&mut hash);
    }
    for (id, (length, _, newest)) in (1..).zip(lists) {
        let first = length - i64::try_from(newest.len()).expect("a small number");
        for (position, value) in (first..).zip(newest) {
            [id, position, *value].into_iter().for_each(&mut hash);
        }
    }
    hasher.finish()
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("few transactions")
}
