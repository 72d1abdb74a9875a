//! Postings against a map of sets, with held clones compared after every write.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Edge, Postings, Sort, Written};
use crate::storage::RowId;

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    /// Adds so many ids above all others, which fills chunks to the end.
    Append(u32, u32),
    /// Adds several at once.
    InsertSorted(Vec<(u32, u32)>),
    Remove(u32, u32),
    /// Removes the ids of a range, which joins chunks and nodes.
    RemoveRange(u32, u32, u32),
    Clear(u32),
    Hold,
}

/// Neighbours in the first leaves, and parents far away.
fn any_parent() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0_u32..3, 2 => 0_u32..40, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

/// Few ids, so that they are met again; ids that land between others; and both ends.
fn any_child() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0_u32..160, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => (any_parent(), any_child()).prop_map(|(parent, id)| Step::Insert(parent, id)),
        4 => (any_parent(), 1_u32..60).prop_map(|(parent, count)| Step::Append(parent, count)),
        4 => prop::collection::vec((any_parent(), any_child()), 0..40).prop_map(Step::InsertSorted),
        10 => (any_parent(), any_child()).prop_map(|(parent, id)| Step::Remove(parent, id)),
        4 => (any_parent(), 0_u32..160, 1_u32..90)
            .prop_map(|(parent, start, count)| Step::RemoveRange(parent, start, count)),
        2 => any_parent().prop_map(Step::Clear),
        2 => Just(Step::Hold),
    ]
}

type Model = BTreeMap<u32, BTreeSet<u32>>;

/// What stands beside an id in lists of pairs: few values, so that several ids share one.
fn second(id: u32) -> u32 {
    id % 7
}

fn agree<const P: usize, const L: usize, const C: usize, const M: usize>(
    postings: &Postings<P, L, C, M>,
    model: &Model,
) {
    postings.check_invariants();
    assert_eq!(
        postings.len(),
        model.values().map(BTreeSet::len).sum::<usize>()
    );
    assert_eq!(postings.is_empty(), model.is_empty());
    assert!(postings.parents().map(|it| it.0).eq(model.keys().copied()));
    for (&parent, ids) in model {
        let parent = RowId(parent);
        assert_eq!(postings.count(parent), ids.len());
        assert_eq!(postings.first(parent), ids.first().map(|id| RowId(*id)));
        let children = postings.children(parent);
        assert_eq!(children.len(), ids.len());
        assert!(children.clone().map(|it| it.0).eq(ids.iter().copied()));
        assert!(children.rev().map(|it| it.0).eq(ids.iter().rev().copied()));
        assert!(postings.chunks(parent).all(|slice| !slice.is_empty()));
        assert!(postings.chunks(parent).flatten().eq(ids));
        assert!(
            postings
                .chunks(parent)
                .rev()
                .flat_map(|slice| slice.iter().rev())
                .eq(ids.iter().rev())
        );
        if postings.sort == Sort::Pairs {
            let packed = !postings.is_large(parent);
            for value in 0..7 {
                let beside = ids.iter().filter(|&&id| packed && second(id) == value);
                let found = postings.with_second(parent, value).map(|it| it.0);
                assert!(found.eq(beside.copied()));
            }
        }
    }
}

fn insert<const P: usize, const L: usize, const C: usize, const M: usize>(
    postings: &mut Postings<P, L, C, M>,
    model: &mut Model,
    (parent, id): (u32, u32),
) {
    let added = model.entry(parent).or_default().insert(id);
    assert_eq!(postings.contains(RowId(parent), RowId(id)), !added);
    if postings.sort == Sort::Pairs {
        let (parent, child) = (RowId(parent), RowId(id));
        let was_packed = !postings.is_large(parent);
        let (written, other) = postings.insert_pair(parent, child, second(id));
        let shares = |&&other: &&u32| other != id && second(other) == second(id);
        let expected = model[&parent.0].iter().find(shares);
        assert_eq!(other, expected.filter(|_| was_packed).map(|&id| RowId(id)));
        let moved = was_packed && postings.is_large(parent);
        assert_eq!(written == Written::Moved, moved);
        assert_eq!(written == Written::Large, !was_packed);
    } else {
        let written = postings.insert(RowId(parent), RowId(id));
        assert_eq!(written != Written::Nothing, added);
        let alone = model[&parent].len() == 1;
        assert_eq!(written == Written::First, added && alone);
    }
    assert!(postings.contains(RowId(parent), RowId(id)));
}

fn remove<const P: usize, const L: usize, const C: usize, const M: usize>(
    postings: &mut Postings<P, L, C, M>,
    model: &mut Model,
    (parent, id): (u32, u32),
) {
    let removed = model.get_mut(&parent).is_some_and(|ids| ids.remove(&id));
    model.retain(|_, ids| !ids.is_empty());
    let written = postings.remove(RowId(parent), RowId(id));
    assert_eq!(written != Written::Nothing, removed);
    if postings.sort == Sort::Pairs && written == Written::Moved {
        for &id in model.get(&parent).into_iter().flatten() {
            postings.set_second(RowId(parent), RowId(id), second(id));
        }
    }
    assert!(!postings.contains(RowId(parent), RowId(id)));
}

fn run<const P: usize, const L: usize, const C: usize, const M: usize>(
    steps: &[Step],
    mut postings: Postings<P, L, C, M>,
) {
    let mut model = Model::new();
    let mut held = Vec::new();
    for step in steps {
        match *step {
            Step::InsertSorted(ref pairs) => {
                let new: BTreeSet<Edge> = pairs
                    .iter()
                    .filter(|(parent, id)| !model.get(parent).is_some_and(|ids| ids.contains(id)))
                    .map(|&(parent, id)| Edge::new(RowId(parent), RowId(id)))
                    .collect();
                if postings.sort == Sort::Pairs {
                    for &pair in pairs {
                        insert(&mut postings, &mut model, pair);
                    }
                } else {
                    postings.insert_sorted(&new.into_iter().collect::<Vec<_>>());
                    for &(parent, id) in pairs {
                        model.entry(parent).or_default().insert(id);
                    }
                }
            }
            Step::Insert(parent, id) => insert(&mut postings, &mut model, (parent, id)),
            Step::Append(parent, count) => {
                let last = model.get(&parent).and_then(BTreeSet::last).copied();
                let start = last.map_or(0, |id| id.saturating_add(1));
                for id in start..start.saturating_add(count) {
                    insert(&mut postings, &mut model, (parent, id));
                }
            }
            Step::Clear(parent) => {
                postings.clear(RowId(parent));
                model.remove(&parent);
            }
            Step::Remove(parent, id) => remove(&mut postings, &mut model, (parent, id)),
            Step::RemoveRange(parent, start, count) => {
                for id in start..start + count {
                    remove(&mut postings, &mut model, (parent, id));
                    postings.check_invariants();
                }
            }
            Step::Hold => held.push((postings.clone(), model.clone())),
        }
        agree(&postings, &model);
        for (postings, model) in &held {
            agree(postings, model);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn postings_are_sets_and_clones_never_move(steps in prop::collection::vec(any_step(), 1..60)) {
        run(&steps, Postings::<2, 4, 4, 4>::new());
        run(&steps, Postings::<8, 16, 6, 3>::new());
        run(&steps, Postings::<2, 4, 4, 4>::of_pairs());
        run(&steps, Postings::<8, 16, 6, 3>::of_pairs());
    }
}

/// Removing in an order that empties chunks and nodes from the middle, from both ends and at random.
#[test]
fn a_large_list_stays_balanced_while_it_shrinks_from_anywhere() {
    type Order = fn(u32, u32) -> u32;
    let orders: [Order; 4] = [
        |at, _| at,
        |at, count| count - 1 - at,
        |at, count| (at + count / 3) % count,
        |at, count| at * 7 % count,
    ];
    for order in orders {
        let mut postings = Postings::<2, 4, 4, 4>::new();
        let count = 600;
        for id in 0..count {
            postings.insert(RowId(1), RowId(id));
        }
        for at in 0..count {
            assert_ne!(
                postings.remove(RowId(1), RowId(order(at, count))),
                Written::Nothing
            );
            postings.check_invariants();
        }
        assert!(postings.is_empty());
    }
}

/// Two nodes of eight chunks of four ids shrink to one chunk and three, of which the two that meet have one id each when
/// the second node loses a chunk further on.
#[test]
fn joining_two_nodes_joins_the_chunks_that_meet() {
    let mut postings = Postings::<2, 4, 4, 8>::new();
    for id in 0..64 {
        postings.insert(RowId(0), RowId(id));
    }
    let stay = [28, 32, 36, 37, 38, 60, 61, 62];
    for id in (0..64).filter(|id| !stay.contains(id)) {
        assert_ne!(postings.remove(RowId(0), RowId(id)), Written::Nothing);
        postings.check_invariants();
    }
    let chunks: Vec<_> = postings.chunks(RowId(0)).collect();
    assert_eq!(chunks, [&[28, 32][..], &[36, 37, 38], &[60, 61, 62]]);
}

#[test]
fn appending_leaves_full_chunks() {
    let mut postings = Postings::<8, 128, 256, 64>::new();
    for id in 0..100_000 {
        postings.insert(RowId(3), RowId(id));
    }
    let lengths: Vec<_> = postings.chunks(RowId(3)).map(<[u32]>::len).collect();
    assert_eq!(lengths.len(), 100_000_usize.div_ceil(256));
    assert!(lengths[..lengths.len() - 1].iter().all(|len| *len == 256));
}

#[test]
fn iteration_from_both_ends_meets_in_the_middle() {
    let mut postings = Postings::<2, 4, 4, 4>::new();
    for id in 0..70 {
        postings.insert(RowId(0), RowId(id));
    }
    let mut children = postings.children(RowId(0));
    let mut ids = vec![];
    while let Some(front) = children.next() {
        ids.push(front.0);
        ids.extend(children.next_back().map(|back| back.0));
        assert_eq!(children.len(), 70 - ids.len());
    }
    assert_eq!((children.next(), children.next_back()), (None, None));
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..70));
}

#[test]
fn writes_copy_a_leaf_once_per_clone_and_misses_copy_none() {
    let mut postings = Postings::<8, 128, 256, 64>::new();
    for child in 0..1000 {
        postings.insert(RowId(child / 10), RowId(child));
    }
    assert_eq!(postings.leaves_copied(), 0);
    let held = postings.clone();
    assert_eq!(postings.remove(RowId(5), RowId(3)), Written::Nothing);
    assert_eq!(postings.leaves_copied(), 0);
    for _ in 0..3 {
        assert_ne!(postings.remove(RowId(0), RowId(3)), Written::Nothing);
        assert_eq!(postings.insert(RowId(0), RowId(3)), Written::Packed);
    }
    assert_ne!(postings.remove(RowId(0), RowId(3)), Written::Nothing);
    assert_eq!(postings.leaves_copied(), 1);
    assert!(held.contains(RowId(0), RowId(3)));
}

/// One parent with very many children: made, changed under a held clone and dropped on a stack of 256 KiB.
#[test]
fn a_hub_of_very_many_children_needs_no_deep_stack() {
    let count = if cfg!(debug_assertions) {
        200_000
    } else {
        1_000_000
    };
    let work = move || {
        let mut postings = Postings::<8, 128, 256, 64>::new();
        for child in 0..count {
            postings.insert(RowId(7), RowId(child * 2));
        }
        let held = postings.clone();
        for child in (0..count).step_by(1009) {
            assert_eq!(
                postings.insert(RowId(7), RowId(child * 2 + 1)),
                Written::Large
            );
            assert_ne!(
                postings.remove(RowId(7), RowId(child * 2)),
                Written::Nothing
            );
        }
        postings.check_invariants();
        held.check_invariants();
        assert_eq!(postings.count(RowId(7)), count as usize);
        assert!(
            held.children(RowId(7))
                .map(|it| it.0)
                .eq((0..count).map(|it| it * 2))
        );
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    thread.spawn(work).unwrap().join().unwrap();
}
