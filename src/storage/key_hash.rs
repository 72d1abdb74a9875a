//! The hash of a key: a sequence of values, hashed with a key of the index.
//!
//! Every index draws its hash key when it is made, from what the operating system gave the process, so that nobody can
//! craft values that collide, nor learn from one database what collides in another; snapshots and forks share it with
//! the index. Hashes therefore differ from run to run; they find rows and never order them. Equal values hash equally,
//! whichever kind of number or zero they are.

use std::hash::{BuildHasher, Hash, Hasher};

use ahash::RandomState;

use crate::value::ValueRef;

/// The hash key of one index.
#[derive(Clone, Debug)]
pub(crate) struct KeyHasher {
    state: RandomState,
}

impl KeyHasher {
    /// A hash key that no other index has.
    pub(crate) fn new() -> Self {
        KeyHasher {
            state: RandomState::new(),
        }
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

    #[test]
    fn every_hash_is_counted() {
        let before = hashes_counted();
        let hasher = KeyHasher::new();
        hasher.hash([ValueRef::Int(1)]);
        hasher.hash([ValueRef::Null, ValueRef::Bool(true)]);
        assert_eq!(hashes_counted(), before + 2);
    }
}
