//! A run: rounds of all workloads, in each of which the contestants take turns.
//!
//! The first round is not counted: it warms the heap up, and lets a contestant find out how best to ask. Who comes first
//! changes from round to round. After every answer the checksums must agree, and after every write the states.

use std::hint::black_box;

use relata::Uuid;

use crate::arguments::Arguments;
use crate::contestant::hand::Hand;
use crate::contestant::relata::{Relata, RelataKey};
#[cfg(feature = "seaorm")]
use crate::contestant::seaorm::SeaOrm;
use crate::contestant::sqlite::{SqlKey, Sqlite};
use crate::contestant::{Contestant, Failure, OnDelete, Result, Roots, Tally};
use crate::data::{COUNTRIES, Data};
use crate::measurements::Measurements;
use crate::requests::Requests;
use crate::resident;
use crate::timing::time;
use crate::workload::Workload;

/// The authors of two countries of twenty.
const COUNTRIES_OF_A_TENTH: i64 = COUNTRIES / 10;

/// For each country of W5 a twentieth of the authors is gone through.
const COUNTRIES_ASKED: [i64; 5] = [2, 3, 5, 7, 11];

/// Just under the size up to which glibc learns to keep blocks.
const HEAP_BLOCK_BYTES: usize = 31 << 20;

/// How often a snapshot is taken and dropped.
const SNAPSHOTS: usize = 100_000;

/// Measures what the arguments ask for.
pub(crate) fn run(arguments: &Arguments) -> Result<Measurements> {
    let_the_heap_have_lived();
    let mut measurements = Measurements::default();
    let mut numbered = Race::<i64>::new(arguments)?;
    let mut universal = Race::<Uuid>::new(arguments)?;
    for round in 0..=arguments.rounds {
        let mut uncounted = Measurements::default();
        let counted = match round {
            0 => &mut uncounted,
            _ => &mut measurements,
        };
        numbered.start(round);
        numbered.read_and_write(counted)?;
        numbered.delete(Workload::W6, OnDelete::Cascade, counted)?;
        numbered.delete(Workload::W6b, OnDelete::SetNull, counted)?;
        universal.start(round);
        universal.follow_uuids(counted)?;
    }
    if arguments.wants(Workload::W10) {
        for &contestant in &arguments.contestants {
            // SeaORM keeps no rows of its own.
            if contestant != "seaorm" {
                let bytes = resident::ask(contestant, arguments.authors)?;
                measurements.add(Workload::W10, contestant, bytes);
            }
        }
    }
    Ok(measurements)
}

/// An allocator that has seen a large block go keeps later ones instead of giving each back to the system. In a program
/// that runs for a while this is so; here it must not depend on which workloads and contestants were chosen. Without it,
/// the W1 of relata on 200 authors took 1.7 times as long, or not, as others had freed much before it or had not.
fn let_the_heap_have_lived() {
    drop(black_box(vec![1_u8; HEAP_BLOCK_BYTES]));
}

/// Keys that contestants are asked for rows by.
pub(crate) trait RaceKey: SqlKey + RelataKey {
    /// A contestant that has keys of this type alone.
    fn contestant(_name: &str) -> Result<Option<Box<dyn Contestant<Self>>>> {
        Ok(None)
    }
}

impl RaceKey for Uuid {}

impl RaceKey for i64 {
    #[cfg(feature = "seaorm")]
    fn contestant(name: &str) -> Result<Option<Box<dyn Contestant<Self>>>> {
        Ok(match name {
            "seaorm" => Some(Box::new(SeaOrm::new()?)),
            _ => None,
        })
    }
}

/// A contestant by its name, with nothing loaded; none if it has no keys of this type.
pub(crate) fn contestant<K: RaceKey>(name: &str) -> Result<Option<Box<dyn Contestant<K>>>> {
    Ok(Some(match name {
        "relata" => Box::new(Relata::new()?),
        "hand" => Box::new(Hand::new()),
        "sqlite" => Box::new(Sqlite::new()?),
        _ => return K::contestant(name),
    }))
}

/// Contestants over the same data with keys of one type.
struct Race<'a, K> {
    arguments: &'a Arguments,
    contestants: Vec<Box<dyn Contestant<K>>>,
    data: Data<K>,
    requests: Requests<K>,
    round: usize,
}

impl<'a, K: RaceKey> Race<'a, K> {
    fn new(arguments: &'a Arguments) -> Result<Self> {
        let names = arguments.contestants.iter();
        let data = Data::generate(arguments.authors);
        Ok(Race {
            arguments,
            contestants: names
                .filter_map(|name| contestant(name).transpose())
                .collect::<Result<_>>()?,
            requests: Requests::draw(&data),
            data,
            round: 0,
        })
    }

    fn start(&mut self, round: usize) {
        self.round = round;
    }

    /// Everything that leaves the rows in place, W1 before it and W12 after it.
    fn read_and_write(&mut self, counted: &mut Measurements) -> Result<()> {
        let elsewhere = [
            Workload::W3u,
            Workload::W4u,
            Workload::W6,
            Workload::W6b,
            Workload::W10,
        ];
        let here = |workload| !elsewhere.contains(workload);
        if !self.arguments.workloads.iter().any(here) {
            return Ok(());
        }
        self.load(Some(Workload::W1), OnDelete::Cascade, counted)?;
        self.read(counted)?;
        self.read_from_threads(counted)?;
        self.isolate(counted)?;
        self.write(counted)?;
        self.measure(Workload::W12, counted, |contestant, _| {
            contestant.unload()?;
            Ok(Tally::of(&[()], 0))
        })?;
        self.unload()
    }

    fn read(&mut self, counted: &mut Measurements) -> Result<()> {
        self.measure(Workload::W2, counted, |contestant, requests| {
            contestant.find(&requests.posts)
        })?;
        self.measure(Workload::W3, counted, |contestant, requests| {
            contestant.children(&requests.authors)
        })?;
        self.measure(Workload::W4, counted, |contestant, _| {
            contestant.tree(Roots::CountryBelow(COUNTRIES_OF_A_TENTH))
        })?;
        self.measure(Workload::W4b, counted, |contestant, _| {
            contestant.tree(Roots::All)
        })?;
        self.measure(Workload::W4c, counted, |contestant, requests| {
            contestant.trees(&requests.roots)
        })?;
        self.measure(Workload::W5, counted, |contestant, _| {
            contestant.best_posts(&COUNTRIES_ASKED)
        })?;
        self.measure(Workload::W9h, counted, |contestant, requests| {
            contestant.has(&requests.pairs)
        })
    }

    fn read_from_threads(&mut self, counted: &mut Measurements) -> Result<()> {
        for (find, children, threads) in [
            (Workload::W11p1, Workload::W11c1, 1),
            (Workload::W11p2, Workload::W11c2, 2),
        ] {
            if !self.arguments.wants(find) && !self.arguments.wants(children) {
                continue;
            }
            self.prepare_readers(threads)?;
            self.measure(find, counted, |contestant, requests| {
                contestant.find_threaded(&requests.posts, threads)
            })?;
            self.measure(children, counted, |contestant, requests| {
                contestant.children_threaded(&requests.authors, threads)
            })?;
        }
        self.prepare_readers(0)
    }

    /// What is thrown away must leave no trace.
    fn isolate(&mut self, counted: &mut Measurements) -> Result<()> {
        self.measure(Workload::SD, counted, |contestant, _| {
            contestant.snapshots(SNAPSHOTS)
        })?;
        self.measure(Workload::W7b, counted, |contestant, requests| {
            contestant.update_under_snapshots(&requests.updates)
        })?;
        self.agree_on_state(Workload::W7b)?;
        self.measure(Workload::W8s, counted, |contestant, requests| {
            contestant.savepoints(&requests.isolated)
        })?;
        self.agree_on_state(Workload::W8s)?;
        self.measure(Workload::W8f, counted, |contestant, requests| {
            let tally = contestant.forks(&requests.isolated)?;
            // Not all make the same number of forks.
            let rows_per_fork = tally.checksum / tally.operations as u64;
            Ok(Tally {
                checksum: rows_per_fork,
                ..tally
            })
        })?;
        self.agree_on_state(Workload::W8f)
    }

    fn write(&mut self, counted: &mut Measurements) -> Result<()> {
        self.measure(Workload::W7, counted, |contestant, requests| {
            contestant.update(&requests.updates)
        })?;
        self.agree_on_state(Workload::W7)?;
        self.measure(Workload::W9a, counted, |contestant, requests| {
            contestant.add(&requests.additions)
        })?;
        self.agree_on_state(Workload::W9a)
    }

    /// W6 and W6b, each from a fresh load.
    fn delete(
        &mut self,
        workload: Workload,
        on_delete: OnDelete,
        counted: &mut Measurements,
    ) -> Result<()> {
        if !self.arguments.wants(workload) {
            return Ok(());
        }
        self.load(None, on_delete, counted)?;
        self.measure(workload, counted, |contestant, _| {
            contestant.delete_authors(COUNTRIES_OF_A_TENTH)
        })?;
        self.agree_on_state(workload)?;
        self.unload()
    }

    /// W3 and W4 where keys are uuids.
    fn follow_uuids(&mut self, counted: &mut Measurements) -> Result<()> {
        if !self.arguments.wants(Workload::W3u) && !self.arguments.wants(Workload::W4u) {
            return Ok(());
        }
        self.load(None, OnDelete::Cascade, counted)?;
        self.measure(Workload::W3u, counted, |contestant, requests| {
            contestant.children(&requests.authors)
        })?;
        self.measure(Workload::W4u, counted, |contestant, _| {
            contestant.tree(Roots::CountryBelow(COUNTRIES_OF_A_TENTH))
        })?;
        self.unload()
    }

    /// Loads, and counts it as a workload if it is one.
    fn load(
        &mut self,
        workload: Option<Workload>,
        on_delete: OnDelete,
        counted: &mut Measurements,
    ) -> Result<()> {
        let rows = self.data.row_count();
        for position in self.turns() {
            let (contestant, data) = (&mut self.contestants[position], &self.data);
            let (elapsed, loaded) = time(|| contestant.load(data, on_delete));
            loaded?;
            if let Some(workload) = workload.filter(|workload| self.arguments.wants(*workload)) {
                let each = elapsed.as_secs_f64() * 1e9 / rows as f64;
                let unit = workload.describe().unit;
                counted.add(workload, contestant.name(), unit.of_nanoseconds(each));
            }
        }
        self.agree_on_state(Workload::W1)
    }

    fn unload(&mut self) -> Result<()> {
        let mut contestants = self.contestants.iter_mut();
        contestants.try_for_each(|contestant| contestant.unload())
    }

    fn prepare_readers(&mut self, threads: usize) -> Result<()> {
        let mut contestants = self.contestants.iter_mut();
        contestants.try_for_each(|contestant| contestant.prepare_readers(threads))
    }

    /// Asks each contestant that has an answer. All must give the same one.
    fn measure(
        &mut self,
        workload: Workload,
        counted: &mut Measurements,
        ask: impl Fn(&mut dyn Contestant<K>, &Requests<K>) -> Result<Tally>,
    ) -> Result<()> {
        if !self.arguments.wants(workload) {
            return Ok(());
        }
        let mut agreed = None;
        for position in self.turns() {
            let contestant = self.contestants[position].as_mut();
            let (elapsed, tally) = time(|| ask(contestant, &self.requests));
            let tally = match tally {
                Err(Failure::NotOffered) => continue,
                tally => tally?,
            };
            agree(
                &mut agreed,
                tally.checksum,
                workload,
                "answers",
                contestant.name(),
            )?;
            let each = elapsed.as_secs_f64() * 1e9 / tally.operations as f64;
            let unit = workload.describe().unit;
            counted.add(workload, contestant.name(), unit.of_nanoseconds(each));
        }
        Ok(())
    }

    /// Compares the states, if the workload was asked for.
    fn agree_on_state(&mut self, after: Workload) -> Result<()> {
        if !self.arguments.wants(after) {
            return Ok(());
        }
        let mut agreed = None;
        for contestant in &mut self.contestants {
            let fingerprint = contestant.fingerprint()?;
            agree(&mut agreed, fingerprint, after, "leaves", contestant.name())?;
        }
        Ok(())
    }

    /// Who comes when in this round.
    fn turns(&self) -> impl Iterator<Item = usize> + use<K> {
        let (count, round) = (self.contestants.len(), self.round);
        (0..count).map(move |turn| (turn + round) % count)
    }
}

fn agree(
    agreed: &mut Option<u64>,
    found: u64,
    workload: Workload,
    does: &str,
    contestant: &str,
) -> Result<()> {
    if *agreed.get_or_insert(found) == found {
        return Ok(());
    }
    let name = workload.name();
    Err(Failure::broken(format!(
        "in {name}, {contestant} {does} something else than the others"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::CONTESTANTS;

    fn small(workloads: &[Workload]) -> Arguments {
        Arguments {
            authors: 40,
            rounds: 1,
            workloads: workloads.to_vec(),
            ..Arguments::default()
        }
    }

    #[test]
    fn all_agree_on_what_they_answer() {
        let in_process: Vec<_> = Workload::ALL
            .into_iter()
            .filter(|&workload| workload != Workload::W10)
            .collect();
        let measurements = run(&small(&in_process)).unwrap();
        let silent = |name| {
            let unanswered = in_process
                .iter()
                .filter(|&&workload| measurements.median(workload, name).is_none());
            unanswered.copied().collect::<Vec<_>>()
        };
        assert_eq!(silent("relata"), []);
        assert_eq!(silent("hand"), [Workload::W7b, Workload::W8f, Workload::SD]);
        assert_eq!(silent("sqlite"), [Workload::W7b, Workload::SD]);
        if cfg!(feature = "seaorm") {
            use Workload::{SD, W3u, W4u, W7b, W8f, W11c1, W11c2, W11p1, W11p2};
            let not_offered = [W3u, W4u, W7b, W8f, W11p1, W11p2, W11c1, W11c2, SD];
            assert_eq!(silent("seaorm"), not_offered);
        }
    }

    #[test]
    fn only_what_is_asked_for_is_measured() {
        let measurements = run(&small(&[Workload::W6b])).unwrap();
        let series = measurements.series();
        assert_eq!(series.len(), CONTESTANTS.len());
        assert!(series.iter().all(|series| series.workload == Workload::W6b));
    }

    #[test]
    fn who_does_not_agree_is_named() {
        let mut agreed = None;
        agree(&mut agreed, 1, Workload::W2, "answers", "hand").unwrap();
        let Err(Failure::Broken(error)) = agree(&mut agreed, 2, Workload::W2, "answers", "sqlite")
        else {
            panic!("1 is not 2");
        };
        assert!(error.to_string().contains("sqlite"), "{error}");
    }
}
