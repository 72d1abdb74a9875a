//! The non-unique index against a map of sets, with held clones compared after every write.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::MultiIndex;
use crate::storage::RowId;

/// Keys of rows, by row: what the table is to the index.
type Keys = BTreeMap<u32, u32>;

/// Keys in threes share a hash, so that groups must be told apart by key.
fn hash_of(key: u32) -> u64 {
    u64::from(key / 3).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[derive(Clone, Debug)]
enum Step {
    /// Gives a row a key, in place of the one it may have.
    Put(u32, u32),
    /// Gives so many rows one key, which makes its list large.
    PutMany(u32, u32),
    Remove(u32),
    RemoveKey(u32),
    Hold,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => (0_u32..60, 0_u32..40).prop_map(|(row, key)| Step::Put(row, key)),
        1 => (0_u32..40, 100_u32..160).prop_map(|(key, count)| Step::PutMany(key, count)),
        6 => (0_u32..60).prop_map(Step::Remove),
        3 => (0_u32..40).prop_map(Step::RemoveKey),
        2 => Just(Step::Hold),
    ]
}

fn agree<const S: usize>(index: &MultiIndex<S>, keys: &Keys) {
    index.check_invariants();
    let mut groups = BTreeMap::<u32, BTreeSet<u32>>::new();
    for (row, key) in keys {
        groups.entry(*key).or_default().insert(*row);
    }
    assert_eq!(index.len(), keys.len());
    assert_eq!(index.is_empty(), keys.is_empty());
    assert_eq!(index.group_count(), groups.len());
    for key in 0..42 {
        let matches = |row: RowId| keys[&row.0] == key;
        let found = index.find(hash_of(key), matches);
        assert_eq!(found.is_some(), groups.contains_key(&key));
        let rows: Vec<_> = found.into_iter().flatten().map(|row| row.0).collect();
        assert_eq!(index.count(hash_of(key), matches), rows.len());
        assert!(rows.iter().eq(groups.get(&key).into_iter().flatten()));
    }
}

fn put<const S: usize>(index: &mut MultiIndex<S>, keys: &mut Keys, row: u32, key: u32) {
    remove(index, keys, row);
    assert!(index.insert(hash_of(key), RowId(row), |other| keys[&other.0] == key));
    keys.insert(row, key);
    assert!(!index.insert(hash_of(key), RowId(row), |other| keys[&other.0] == key));
}

fn remove<const S: usize>(index: &mut MultiIndex<S>, keys: &mut Keys, row: u32) {
    match keys.remove(&row) {
        Some(key) => assert!(index.remove(hash_of(key), RowId(row))),
        None => assert!(!index.remove(hash_of(row), RowId(row))),
    }
}

fn run<const S: usize>(steps: &[Step]) {
    let mut index = MultiIndex::<S>::new();
    let mut keys = Keys::new();
    let mut held = Vec::new();
    for step in steps {
        match *step {
            Step::Put(row, key) => put(&mut index, &mut keys, row, key),
            Step::PutMany(key, count) => {
                for row in 0..count {
                    put(&mut index, &mut keys, row, key);
                }
            }
            Step::Remove(row) => remove(&mut index, &mut keys, row),
            Step::RemoveKey(key) => {
                let rows: Vec<_> = keys
                    .iter()
                    .filter(|it| *it.1 == key)
                    .map(|it| *it.0)
                    .collect();
                for row in rows {
                    remove(&mut index, &mut keys, row);
                }
            }
            Step::Hold => held.push((index.clone(), keys.clone())),
        }
        agree(&index, &keys);
        for (index, keys) in &held {
            agree(index, keys);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn index_is_a_map_of_sets_and_clones_never_move(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        run::<4>(&steps);
        run::<64>(&steps);
    }
}

#[test]
fn numbers_of_groups_are_used_again() {
    let mut index = MultiIndex::<4>::new();
    for round in 0..5 {
        for row in 0..100 {
            let hash = hash_of(round * 1000 + row * 3);
            assert!(index.insert(hash, RowId(row), |_| false));
            // One group stays, so that the index is never empty and must reuse the numbers one by one.
            if round == 0 && row == 0 {
                assert!(index.insert(u64::MAX, RowId(1000), |_| false));
            }
        }
        assert_eq!(index.groups_end, 101);
        for row in 0..100 {
            assert!(index.remove(hash_of(round * 1000 + row * 3), RowId(row)));
        }
        index.check_invariants();
    }
    assert_eq!((index.len(), index.group_count()), (1, 1));
}

#[test]
fn a_key_of_very_many_rows_is_one_group() {
    let count = if cfg!(debug_assertions) {
        200_000
    } else {
        1_000_000
    };
    let mut index = MultiIndex::<64>::new();
    for row in 0..count {
        assert!(index.insert(7, RowId(row), |_| true));
    }
    let held = index.clone();
    assert!(index.remove(7, RowId(count / 2)));
    assert_eq!(index.group_count(), 1);
    assert_eq!(index.count(7, |_| true), index.len());
    assert!(
        held.find(7, |_| true)
            .unwrap()
            .map(|row| row.0)
            .eq(0..count)
    );
    for row in 0..count {
        index.remove(7, RowId(row));
    }
    index.check_invariants();
    assert!(index.is_empty());
    assert_eq!(held.count(7, |_| true), count as usize);
}
