//! The hash of a key: a sequence of values, hashed with a key of the index; or a [`ShortKey`] scrambled, which is a hash
//! that no other key has.
//!
//! Every index draws its hash key when it is made, from what the operating system gave the process, so that nobody can
//! craft values that collide, nor learn from one database what collides in another; snapshots and forks share it with
//! the index. Hashes therefore differ from run to run; they find rows and never order them. Equal values hash equally,
//! whichever kind of number or zero they are.

use std::hash::{BuildHasher, Hash, Hasher};

use ahash::RandomState;

use crate::storage::ShortKey;
use crate::storage::hash_index::Whole;
use crate::value::ValueRef;

/// The hash key of one index.
#[derive(Clone, Debug)]
pub(crate) struct KeyHasher {
    state: RandomState,
    /// What short keys are mixed and multiplied with.
    mask: u64,
    factor: u64,
}

/// Odd, with bits set everywhere: the golden ratio.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl KeyHasher {
    /// A hash key that no other index has.
    pub(crate) fn new() -> Self {
        let state = RandomState::new();
        KeyHasher {
            mask: state.hash_one(0),
            factor: state.hash_one(1) | 1,
            state,
        }
    }

    /// A short key scrambled, as no other key of as many columns is.
    ///
    /// Multiplying by an odd number and adding to the lower half what stands in the upper one can both be undone, so that
    /// different keys stay different; that both depend on the index keeps anybody from choosing keys that meet.
    #[inline(always)]
    pub(crate) fn whole(&self, key: ShortKey) -> Whole {
        #[cfg(test)]
        counted::count_one();
        let mut mixed = (key.number() ^ self.mask).wrapping_mul(self.factor);
        mixed ^= mixed >> 32;
        mixed = mixed.wrapping_mul(FACTOR);
        mixed ^= mixed >> 32;
        Whole::new(mixed)
    }

    /// The hash of a key's values in the order of its columns.
    //
    // Where it is called, the kinds of the values are often known already.
    #[inline(always)]
    pub(crate) fn hash<'a>(&self, values: impl IntoIterator<Item = ValueRef<'a>>) -> u64 {
        #[cfg(test)]
        counted::count_one();
        let mut hasher = self.state.build_hasher();
        for value in values {
            value.hash(&mut hasher);
        }
        hasher.finish()
    }
}

#[cfg(test)]
pub(crate) use self::counted::hashes_counted;

/// Counts hashed keys, so that a test can show that a read hashes none.
#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static HASHES: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count_one() {
        HASHES.set(HASHES.get() + 1);
    }

    /// How many keys this thread has hashed.
    pub(crate) fn hashes_counted() -> u64 {
        HASHES.get()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::env;
    use std::io::{Write, stderr};
    use std::process::Command;

    use super::{KeyHasher, hashes_counted};
    use crate::storage::ShortKey;
    use crate::value::{Value, ValueRef};

    fn hash_of(hasher: &KeyHasher, values: &[Value]) -> u64 {
        hasher.hash(values.iter().map(Value::as_ref))
    }

    #[test]
    fn equal_keys_hash_equally_and_columns_are_told_apart() {
        let hasher = KeyHasher::new();
        let hash_of = |values: &[Value]| hash_of(&hasher, values);
        assert_eq!(hash_of(&[Value::from(2)]), hash_of(&[Value::from(2.0)]));
        assert_eq!(hash_of(&[Value::from(0.0)]), hash_of(&[Value::from(-0.0)]));
        let (left, right) = (
            [Value::from("ab"), Value::from("c")],
            [Value::from("a"), Value::from("bc")],
        );
        assert_ne!(hash_of(&left), hash_of(&right));
        assert_ne!(
            hash_of(&[Value::from(1), Value::from(2)]),
            hash_of(&[Value::from(2), Value::from(1)])
        );
    }

    // Broken, whoever learns what collides in one database would know it of every other.
    #[test]
    fn each_index_hashes_with_a_key_of_its_own() {
        let values = [Value::from("key")];
        let hashes: BTreeSet<_> = (0..100)
            .map(|_| hash_of(&KeyHasher::new(), &values))
            .collect();
        assert_eq!(hashes.len(), 100);
    }

    // Broken, whoever knows the program could choose keys that all collide.
    #[test]
    fn each_process_hashes_with_a_key_of_its_own() {
        /// Set for the other process, which tells its hash and stops.
        const TELL: &str = "RELATA_TEST_TELL";
        let own = hash_of(&KeyHasher::new(), &[Value::from("key")]).to_string();
        if env::var_os(TELL).is_some() {
            stderr().write_all(own.as_bytes()).unwrap();
            return;
        }
        let name = "storage::key_hash::tests::each_process_hashes_with_a_key_of_its_own";
        let other = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(TELL, "1")
            .output()
            .unwrap();
        let told = String::from_utf8(other.stderr).unwrap();
        assert!(told.parse::<u64>().is_ok(), "{told}");
        assert_ne!(told, own);
    }

    // Broken, a row would be found by a key that it does not have, or not by one that it has.
    #[test]
    fn short_keys_stay_apart_and_equal_ones_together() {
        let hasher = KeyHasher::new();
        let whole = |values: &[Value]| {
            let short = ShortKey::of(values.iter().map(Value::as_ref));
            short.map(|short| hasher.whole(short))
        };
        let ends = [i64::MIN, i64::MAX, 1 << 31, -(1 << 31) - 1];
        let ints: Vec<i64> = (-200..200).chain(ends).collect();
        let singles: BTreeSet<_> = ints.iter().map(|&it| whole(&[it.into()])).collect();
        assert_eq!(singles.len(), ints.len());
        assert!(!singles.contains(&None));
        let pair = |a: i64, b: i64| whole(&[a.into(), b.into()]);
        let short = || (-200..200).chain([i64::from(i32::MIN), i64::from(i32::MAX)]);
        let pairs: BTreeSet<_> = short()
            .flat_map(|a| short().map(move |b| pair(a, b)))
            .collect();
        assert_eq!(pairs.len(), short().count() * short().count());
        assert!(!pairs.contains(&None));
        for end in ends {
            assert_eq!((pair(end, 0), pair(0, end)), (None, None));
        }
        assert_eq!(whole(&[Value::from(7.0)]), whole(&[7.into()]));
        assert_eq!(whole(&[Value::from(-0.0), 1.into()]), pair(0, 1));
        let (int, float) = (1_i64 << 60, Value::from((1_i64 << 60) as f64));
        assert_eq!(whole(&[float]), whole(&[int.into()]));
        let long = [
            Value::from(0.5),
            f64::NAN.into(),
            1e300.into(),
            "1".into(),
            Value::Null,
        ];
        for value in long {
            assert_eq!(whole(std::slice::from_ref(&value)), None);
            assert_eq!(whole(&[0.into(), value]), None);
        }
        assert_eq!(whole(&[1.into(), 2.into(), 3.into()]), None);
    }

    #[test]
    fn every_hash_is_counted() {
        let before = hashes_counted();
        let hasher = KeyHasher::new();
        hasher.hash([ValueRef::Int(1)]);
        hasher.hash([ValueRef::Null, ValueRef::Bool(true)]);
        assert_eq!(hashes_counted(), before + 2);
    }
}
