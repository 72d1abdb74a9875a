//! A table against a map of rows: dense, made indexed, and indexed from the start; with held clones and with undo.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{IndexSpec, KeySpec, Place, Remake, Spot, TableSpec, TableStore};
use crate::storage::{RowArena, RowId};
use crate::value::{DataType, Value, ValueRef};

/// Key, unique number, tag.
type Cells = (i64, Option<i64>, i64);

#[derive(Clone, Debug)]
enum Step {
    Insert(Cells),
    /// Inserts and takes it back.
    TryInsert(Cells),
    Update(i64, Option<i64>, i64),
    /// Updates and takes it back.
    TryUpdate(i64, Option<i64>, i64),
    Rekey(i64, i64),
    Remove(i64),
    /// Removes and takes it back.
    TryRemove(i64),
    Hold,
}

/// Keys near each other, far away, and on both sides of zero.
fn any_key() -> impl Strategy<Value = i64> {
    prop_oneof![12 => 0_i64..40, 1 => -3_i64..0, 1 => prop::sample::select(vec![1 << 20, i64::MAX, i64::MIN])]
}

fn any_step() -> impl Strategy<Value = Step> {
    let number = || prop::option::weighted(0.8, 0_i64..12);
    let cells = move || (any_key(), number(), 0_i64..3);
    prop_oneof![
        8 => cells().prop_map(Step::Insert),
        1 => cells().prop_map(Step::TryInsert),
        4 => (any_key(), number(), 0_i64..3).prop_map(|(key, number, tag)| Step::Update(key, number, tag)),
        1 => (any_key(), number(), 0_i64..3).prop_map(|(key, number, tag)| Step::TryUpdate(key, number, tag)),
        1 => (any_key(), any_key()).prop_map(|(from, to)| Step::Rekey(from, to)),
        4 => any_key().prop_map(Step::Remove),
        1 => any_key().prop_map(Step::TryRemove),
        1 => Just(Step::Hold),
    ]
}

fn empty() -> TableStore {
    let index = |ordered| IndexSpec {
        columns: vec![2],
        descending: vec![ordered],
        ordered,
    };
    TableStore::new(&TableSpec {
        types: vec![DataType::Int; 3],
        links: 1,
        keys: vec![
            KeySpec {
                columns: vec![0],
                nulls_distinct: true,
                deferrable: false,
                members: None,
            },
            KeySpec {
                columns: vec![1],
                nulls_distinct: true,
                deferrable: true,
                members: None,
            },
            // Keys that are short stand whole in their index, others do not.
            KeySpec {
                columns: vec![2, 0],
                nulls_distinct: true,
                deferrable: false,
                members: None,
            },
        ],
        pairs: None,
        indexes: vec![index(true), index(false)],
    })
}

/// The table, and what it should hold: the rest of each row by key.
struct Both {
    store: TableStore,
    model: BTreeMap<i64, (Option<i64>, i64)>,
    arena: RowArena,
}

impl Both {
    fn find(&self, key: i64) -> Option<RowId> {
        self.store.find(0, [Value::from(key).as_ref()].into_iter())
    }

    /// Places and writes a row; whether its slot was reused, and how to take the table back.
    fn insert(&mut self, (key, number, tag): Cells) -> Option<(RowId, bool, Option<i64>)> {
        let values = [key.into(), number.into(), tag.into()];
        let mut base = None;
        let mut place = self.store.place(&values);
        if let Place::OutOfReach = place {
            base = self.store.dense_base();
            self.store.become_indexed();
            place = self.store.place(&values);
        }
        match place {
            Place::Taken(_) => None,
            Place::OutOfReach | Place::Full => panic!("an indexed table has room"),
            Place::Fresh(row) | Place::Reused(row) => {
                self.store
                    .insert(place, &values, &[], false, &mut Vec::new());
                Some((row, matches!(place, Place::Reused(_)), base))
            }
        }
    }

    fn uninsert(&mut self, (row, reused, base): (RowId, bool, Option<i64>)) {
        self.store.uninsert(row, reused);
        if let Some(base) = base {
            self.store.become_dense_again(base);
        }
    }

    fn update(&mut self, key: i64, number: Option<i64>, tag: i64) -> Option<RowId> {
        let row = self.find(key)?;
        self.store.update(
            row,
            &[(1, number.into()), (2, tag.into())],
            &[1, 2],
            &mut Vec::new(),
        );
        Some(row)
    }

    fn image(&mut self, row: RowId) -> crate::storage::ImageId {
        self.arena
            .push(self.store.layout(), self.store.rows().get(row).unwrap())
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Insert(cells) => {
                // Uniqueness is the engine's to judge: the model takes a row only where its key is free.
                if !self.model.contains_key(&cells.0) {
                    self.insert(cells).unwrap();
                    self.model.insert(cells.0, (cells.1, cells.2));
                } else if self.store.is_dense() {
                    assert!(self.insert(cells).is_none());
                }
            }
            Step::TryInsert(cells) => {
                if let Some(inserted) = self.insert(cells) {
                    self.uninsert(inserted);
                }
            }
            Step::Update(key, number, tag) => {
                let found = self.update(key, number, tag).is_some();
                assert_eq!(found, self.model.contains_key(&key));
                self.model
                    .entry(key)
                    .and_modify(|rest| *rest = (number, tag));
            }
            Step::TryUpdate(key, number, tag) => {
                if let Some(row) = self.find(key) {
                    let image = self.image(row);
                    self.update(key, number, tag);
                    self.store
                        .restore(row, self.arena.get(image, self.store.layout()));
                }
            }
            Step::Rekey(from, to) => {
                if let Some(row) = self.find(from)
                    && !self.model.contains_key(&to)
                {
                    if self.store.is_dense() {
                        self.store.become_indexed();
                    }
                    self.store
                        .update(row, &[(0, to.into())], &[0], &mut Vec::new());
                    let rest = self.model.remove(&from).unwrap();
                    self.model.insert(to, rest);
                }
            }
            Step::Remove(key) => {
                let found = self.find(key);
                assert_eq!(found.is_some(), self.model.remove(&key).is_some());
                if let Some(row) = found {
                    self.store.remove(row, None);
                    self.store.release(row);
                }
            }
            Step::TryRemove(key) => {
                if let Some(row) = self.find(key) {
                    let image = self.image(row);
                    self.store.remove(row, None);
                    self.store
                        .restore(row, self.arena.get(image, self.store.layout()));
                }
            }
            Step::Hold => {}
        }
    }

    fn agree(&self) {
        self.store.rows().check_invariants();
        self.store.check_indexes().unwrap();
        assert_eq!(self.store.rows().len(), self.model.len());
        let layout = self.store.layout();
        for (&key, &(number, tag)) in &self.model {
            let row = self.store.rows().get(self.find(key).unwrap()).unwrap();
            let cells: Vec<_> = (0..3)
                .map(|ordinal| row.value(layout, ordinal).to_value())
                .collect();
            assert_eq!(cells, [Value::from(key), number.into(), tag.into()]);
            let pair = [Value::from(tag), key.into()];
            let found = self.store.find(2, pair.iter().map(Value::as_ref));
            assert_eq!(found, self.find(key));
            let spot = match self.store.spot(&[key.into()]) {
                Spot::Slot(id) | Spot::Row(id) => Some(id),
                Spot::Nowhere | Spot::Unknown => None,
            };
            assert_eq!(spot, self.find(key));
            let two = [key.into(), key.into()];
            assert!(matches!(self.store.spot(&two), Spot::Unknown));
            assert!(self.store.find_compared(&two).is_none());
            let other = [Value::from(tag + 1), key.into()];
            assert_eq!(self.store.find(2, other.iter().map(Value::as_ref)), None);
            let same = self
                .model
                .values()
                .filter(|rest| rest.0.is_some() && rest.0 == number)
                .count();
            assert_eq!(
                self.store.with_key_of(1, self.find(key).unwrap()).len(),
                same
            );
        }
        for number in 0..12 {
            let mut expected = self.model.iter().filter(|(_, rest)| rest.0 == Some(number));
            let lowest = expected.next().and_then(|(key, _)| self.find(*key));
            let value = Value::from(number);
            assert_eq!(self.store.find(1, [value.as_ref()].into_iter()), lowest);
        }
        for tag in 0..3 {
            let expected = self.model.values().filter(|rest| rest.1 == tag).count();
            for index in [0, 1] {
                let found = self
                    .store
                    .find_all(index, [Value::from(tag).as_ref()].into_iter());
                assert!(found.is_sorted());
                assert_eq!(found.len(), expected);
            }
        }
        if self.store.is_dense() {
            let keys = self
                .store
                .rows()
                .iter()
                .map(|(_, row)| row.value(layout, 0).to_value());
            assert!(keys.eq(self.model.keys().map(|key| Value::from(*key))));
        }
    }
}

proptest! {
    #[test]
    fn a_table_is_a_map_of_rows(steps in prop::collection::vec(any_step(), 1..70), indexed in any::<bool>()) {
        let mut both = Both { store: empty(), model: BTreeMap::new(), arena: RowArena::new() };
        if indexed {
            both.store.become_indexed();
        }
        let mut held = Vec::new();
        for step in &steps {
            if let Step::Hold = step {
                held.push(Both { store: both.store.clone(), model: both.model.clone(), arena: RowArena::new() });
            }
            both.step(step);
            both.agree();
        }
        held.iter().for_each(Both::agree);
    }
}

#[test]
fn a_sparse_table_becomes_indexed_and_reuses_slots() {
    let mut both = Both {
        store: empty(),
        model: BTreeMap::new(),
        arena: RowArena::new(),
    };
    let step = i64::from(both.store.rows().rows_per_page());
    let mut key = 0;
    while both.store.is_dense() {
        both.step(&Step::Insert((key, None, 0)));
        key += step;
        assert!(
            both.store.rows().page_count() <= super::SPARSE_PAGES_MIN + 1,
            "one row a page is sparse"
        );
    }
    let end = both.store.rows().end();
    both.step(&Step::Remove(0));
    both.step(&Step::Insert((key, None, 1)));
    assert_eq!(both.store.rows().end(), end, "the freed slot is used first");
    both.agree();
}

/// A table with an int column in front, made over from one without: with what stays of it.
fn widened(before: &TableStore, keys: Vec<Vec<u32>>) -> TableStore {
    let key = |columns| KeySpec {
        columns,
        nulls_distinct: true,
        deferrable: false,
        members: None,
    };
    let spec = TableSpec {
        types: vec![DataType::Int; 4],
        links: 1,
        keys: keys.into_iter().map(key).collect(),
        pairs: None,
        indexes: Vec::new(),
    };
    let remake = Remake {
        spec: &spec,
        columns: vec![None, Some(0), Some(1), Some(2)],
        links: vec![Some(0)],
        keys: vec![Some(0), Some(1)],
        indexes: Vec::new(),
    };
    let ids: Vec<RowId> = before.rows().iter().map(|(id, _)| id).collect();
    let fill = |_: u32| Ok::<_, ()>(Value::from(9));
    before.remade(&remake, &ids, fill).unwrap()
}

#[test]
fn a_table_made_over_keeps_ids_links_keys_and_free_slots() {
    let mut table = empty();
    table.become_indexed();
    let row = |key: i64| [key.into(), Value::from(key + 100), 0.into()];
    for key in 0..9 {
        let place = table.place(&row(key));
        table.insert(place, &row(key), &[], false, &mut Vec::new());
    }
    table.link(RowId(8), 0, RowId(3));
    for id in [5, 2, 7] {
        table.remove(RowId(id), None);
        table.release(RowId(id));
    }
    let mut wide = widened(&table, vec![vec![1], vec![2]]);
    let find = |key: usize, value: i64| wide.find(key, [ValueRef::Int(value)].into_iter());
    assert_eq!((find(0, 8), find(1, 108)), (Some(RowId(8)), Some(RowId(8))));
    assert_eq!((find(0, 9), find(1, 105)), (None, None));
    let kept = wide.rows().get(RowId(8)).unwrap();
    assert_eq!(kept.link(wide.layout(), 0), Some(RowId(3)));
    assert!(wide.children(0).children(RowId(3)).eq([RowId(8)]));
    assert_eq!(kept.value(wide.layout(), 0), ValueRef::Int(9));
    assert_eq!(wide.rows().end(), table.rows().end());
    for expected in [7, 2, 5, 9] {
        let values = [0, 20 + expected, 40 + expected, 0].map(Value::from);
        let place = wide.place(&values);
        wide.insert(place, &values, &[], false, &mut Vec::new());
        let (Place::Fresh(id) | Place::Reused(id)) = place else {
            panic!("an indexed table has room");
        };
        assert_eq!(
            i64::from(id.0),
            expected,
            "slots are reused in another order"
        );
    }
    wide.check_indexes().unwrap();
    table.check_indexes().unwrap();
}
