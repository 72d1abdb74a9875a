//! The ordered index against a sorted set of values, with held clones compared after every write.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;
use std::ops::Bound;

use proptest::prelude::*;

use super::OrderedIndex;
use crate::storage::RowId;
use crate::storage::key_bytes::PackedKey;
use crate::value::Value;

/// A nullable integer, ascending, and a text, descending.
type Key = (Option<i64>, String);
type Model = BTreeSet<(Option<i64>, Reverse<String>, u32)>;

#[derive(Clone, Debug)]
enum Step {
    Insert(Key, u32),
    Remove(Key, u32),
    Fill(i64),
    Clear,
    Hold,
}

fn any_key() -> impl Strategy<Value = Key> {
    let text = prop::collection::vec(prop::sample::select(vec!['\0', 'a', 'b']), 0..3);
    // Behind a long beginning, texts are told apart by what does not stand in the words of a key.
    let beginning = prop_oneof![3 => Just(0), 1 => 9_usize..16];
    let text = (beginning, text).prop_map(|(long, characters)| {
        let beginning = std::iter::repeat_n('a', long);
        beginning.chain(characters).collect()
    });
    (prop::option::weighted(0.8, -2_i64..3), text)
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (any_key(), 0_u32..4).prop_map(|(key, row)| Step::Insert(key, row)),
        8 => (any_key(), 0_u32..4).prop_map(|(key, row)| Step::Remove(key, row)),
        1 => (-2_i64..3).prop_map(Step::Fill),
        1 => Just(Step::Clear),
        2 => Just(Step::Hold),
    ]
}

fn values_of((number, text): &Key) -> [Value; 2] {
    [Value::from(*number), Value::from(text)]
}

fn insert(index: &mut OrderedIndex, model: &mut Model, key: &Key, row: u32) {
    let added = model.insert((key.0, Reverse(key.1.clone()), row));
    let values = values_of(key);
    assert_eq!(
        index.insert(values.iter().map(Value::as_ref), RowId(row)),
        added
    );
}

fn remove(index: &mut OrderedIndex, model: &mut Model, key: &Key, row: u32) {
    let removed = model.remove(&(key.0, Reverse(key.1.clone()), row));
    let values = values_of(key);
    assert_eq!(
        index.remove(values.iter().map(Value::as_ref), RowId(row)),
        removed
    );
}

fn agree(index: &OrderedIndex, model: &Model) {
    index.check_invariants();
    assert_eq!(index.len(), model.len());
    assert_eq!(index.is_empty(), model.is_empty());
    assert!(
        index
            .iter()
            .map(|row| row.0)
            .eq(model.iter().map(|it| it.2))
    );
    let encoded = model.iter().map(|(number, text, row)| {
        let values = values_of(&(*number, text.0.clone()));
        let key = index.key(values.iter().map(Value::as_ref));
        (PackedKey::from(&key), RowId(*row))
    });
    assert!(encoded.eq(index.entries().map(|(key, row)| (key.clone(), row))));
}

/// How the first columns of an entry compare with a bound of one or two columns.
fn compare(entry: &(Option<i64>, Reverse<String>, u32), key: &Key, columns: usize) -> Ordering {
    match columns {
        0 => Ordering::Equal,
        1 => entry.0.cmp(&key.0),
        _ => (entry.0, &entry.1.0)
            .0
            .cmp(&key.0)
            .then_with(|| key.1.cmp(&entry.1.0)),
    }
}

fn run(steps: &[Step]) {
    let mut index = OrderedIndex::new(&[false, true]);
    let mut model = Model::new();
    let mut held = Vec::new();
    for step in steps {
        match step {
            Step::Insert(key, row) => insert(&mut index, &mut model, key, *row),
            Step::Remove(key, row) => remove(&mut index, &mut model, key, *row),
            Step::Fill(number) => {
                for row in 0..150 {
                    insert(&mut index, &mut model, &(Some(*number), "b".into()), row);
                }
            }
            Step::Clear => {
                for (number, text, row) in model.clone() {
                    remove(&mut index, &mut model, &(number, text.0), row);
                }
            }
            Step::Hold => held.push((index.clone(), model.clone())),
        }
        agree(&index, &model);
        for (index, model) in &held {
            agree(index, model);
        }
    }
}

type AnyBound = Bound<(Key, usize)>;

fn any_bound() -> impl Strategy<Value = AnyBound> {
    prop_oneof![
        1 => Just(Bound::Unbounded),
        3 => (any_key(), 0_usize..3).prop_map(Bound::Included),
        3 => (any_key(), 0_usize..3).prop_map(Bound::Excluded),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn index_is_a_sorted_set_and_clones_never_move(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        run(&steps);
    }
}

proptest! {
    #[test]
    fn a_range_is_what_lies_between_its_bounds(
        entries in prop::collection::vec((any_key(), 0_u32..4), 0..60),
        lower in any_bound(),
        upper in any_bound(),
    ) {
        let mut index = OrderedIndex::new(&[false, true]);
        let mut model = Model::new();
        for (key, row) in &entries {
            insert(&mut index, &mut model, key, *row);
        }
        let expected: Vec<_> = model.iter().filter(|entry| {
            let above = match &lower {
                Bound::Unbounded => true,
                Bound::Included((key, columns)) => compare(entry, key, *columns).is_ge(),
                Bound::Excluded((key, columns)) => compare(entry, key, *columns).is_gt(),
            };
            above && match &upper {
                Bound::Unbounded => true,
                Bound::Included((key, columns)) => compare(entry, key, *columns).is_le(),
                Bound::Excluded((key, columns)) => compare(entry, key, *columns).is_lt(),
            }
        }).map(|entry| RowId(entry.2)).collect();
        let encode = |bound: AnyBound| bound.map(|(key, columns)| {
            index.key(values_of(&key)[..columns].iter().map(Value::as_ref))
        });
        let (lower, upper) = (encode(lower), encode(upper));
        let found: Vec<_> = index.range(lower.as_ref(), upper.as_ref()).rows().collect();
        prop_assert_eq!(&found, &expected);
        let mut backwards: Vec<_> = index.range(lower.as_ref(), upper.as_ref()).rows_backwards().collect();
        backwards.reverse();
        prop_assert_eq!(&backwards, &expected);
    }
}

#[test]
fn equal_keys_give_their_rows_ascending() {
    let mut index = OrderedIndex::default();
    for row in [9, 2, 5] {
        assert!(index.insert([Value::from("a").as_ref()], RowId(row)));
    }
    assert!(!index.insert([Value::from("a").as_ref()], RowId(5)));
    index.insert([Value::from("aa").as_ref()], RowId(1));
    let rows: Vec<_> = index.find_all([Value::from("a").as_ref()]).collect();
    assert_eq!(rows, [RowId(2), RowId(5), RowId(9)]);
    assert!(index.contains_key([Value::from("aa").as_ref()]));
    assert!(!index.contains_key([Value::from("b").as_ref()]));
}
