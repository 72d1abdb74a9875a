//! What an index keeps of a key: part of its hash, or a short key whole.

use std::fmt;

/// What is kept of a key beside its row.
pub(crate) trait Fragment: Copy + Eq + fmt::Debug {
    /// What stands where there is no entry.
    const NONE: Self;

    /// Bits of which the low ones address a bucket.
    fn low(self) -> u32;

    /// Bits of which the upper ones name a slot there.
    fn high(self) -> u32;
}

/// 32 bits of a hash. Other keys may have them, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashPart(u32);

impl From<u64> for HashPart {
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half is folded into the half that is kept"
    )]
    fn from(hash: u64) -> Self {
        HashPart((hash ^ (hash >> 32)) as u32)
    }
}

impl Fragment for HashPart {
    const NONE: Self = HashPart(0);

    #[inline]
    fn low(self) -> u32 {
        self.0
    }

    #[inline]
    fn high(self) -> u32 {
        self.0
    }
}

/// A whole key of 64 bits, scrambled one to one: no other key has it. In two halves, so that with its row it takes twelve
/// bytes.
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub(crate) struct Whole {
    low: u32,
    high: u32,
}

impl Whole {
    /// Of a number that no other key is scrambled to.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "each half is kept")]
    pub(crate) fn new(scrambled: u64) -> Self {
        Whole {
            low: scrambled as u32,
            high: (scrambled >> 32) as u32,
        }
    }
}

/// As one number: derived, both halves are compared by a handful of instructions.
impl PartialEq for Whole {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let number = |whole: &Self| u64::from(whole.high) << u32::BITS | u64::from(whole.low);
        number(self) == number(other)
    }
}

impl Fragment for Whole {
    const NONE: Self = Whole { low: 0, high: 0 };

    #[inline]
    fn low(self) -> u32 {
        self.low
    }

    #[inline]
    fn high(self) -> u32 {
        self.high
    }
}
