//! The trie against a `BTreeMap`, with held clones compared after every write.

use std::collections::BTreeMap;

use proptest::prelude::*;
use triomphe::Arc;

use super::{Block, Trie};
use crate::storage::unshare;

#[derive(Clone, Debug)]
enum Step {
    Put(u32, u64),
    Change(u32, u64),
    Remove(u32),
    Hold,
}

/// Indexes that reach every height of a trie of fanout 2 and 4.
fn any_index() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..12, 2 => 0_u32..300, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (any_index(), any::<u64>()).prop_map(|(at, value)| Step::Put(at, value)),
        3 => (any_index(), any::<u64>()).prop_map(|(at, value)| Step::Change(at, value)),
        4 => any_index().prop_map(Step::Remove),
        1 => Just(Step::Hold),
    ]
}

fn put<const N: usize>(trie: &mut Trie<Block<u64>, N>, at: u32, value: u64) {
    let leaf = trie.get_or_insert_with(at, || Some(Arc::new(0)));
    *unshare(leaf.as_mut().unwrap()) = value;
}

fn agree<const N: usize>(trie: &Trie<Block<u64>, N>, model: &BTreeMap<u32, u64>) {
    trie.check_invariants();
    assert!(
        trie.iter()
            .map(|(at, value)| (at, **value.as_ref().unwrap()))
            .eq(model.iter().map(|(at, value)| (*at, *value)))
    );
    assert_eq!(trie.leaf_count() as usize, model.len());
}

fn run<const N: usize>(steps: &[Step]) {
    let mut trie = Trie::<Block<u64>, N>::new();
    let mut model = BTreeMap::new();
    let mut held = Vec::new();
    for step in steps {
        match *step {
            Step::Put(at, value) => {
                put(&mut trie, at, value);
                model.insert(at, value);
            }
            Step::Change(at, value) => {
                let found = trie.get_mut(at).and_then(|leaf| leaf.as_mut().map(unshare));
                let expected = model.get_mut(&at);
                assert_eq!(found.is_some(), expected.is_some());
                if let (Some(found), Some(expected)) = (found, expected) {
                    (*found, *expected) = (value, value);
                }
            }
            Step::Remove(at) => assert_eq!(trie.remove(at), model.remove(&at).is_some()),
            Step::Hold => held.push((trie.clone(), model.clone())),
        }
        agree(&trie, &model);
        for (trie, model) in &held {
            agree(trie, model);
        }
    }
    for start in [0, 1, 5, 11, 250, u32::MAX] {
        assert!(
            trie.iter_from(start)
                .map(|(at, _)| at)
                .eq(model.range(start..).map(|(at, _)| *at))
        );
    }
}

proptest! {
    #[test]
    fn trie_is_a_map_and_clones_never_move(steps in prop::collection::vec(any_step(), 1..80)) {
        run::<2>(&steps);
        run::<4>(&steps);
        run::<16>(&steps);
    }
}

#[test]
fn writes_copy_a_leaf_once_per_clone_and_none_without() {
    let mut trie = Trie::<Block<u64>, 4>::new();
    for at in 0..100 {
        put(&mut trie, at, 0);
    }
    put(&mut trie, 7, 1);
    assert_eq!(trie.leaves_copied(), 0);
    let held = trie.clone();
    for value in 2..5 {
        put(&mut trie, 7, value);
    }
    assert_eq!(trie.leaves_copied(), 1);
    let block = |trie: &Trie<_, 4>| {
        trie.get(7)
            .and_then(|leaf: &Block<u64>| leaf.as_deref().copied())
    };
    assert_eq!((block(&held), block(&trie)), (Some(1), Some(4)));
}
