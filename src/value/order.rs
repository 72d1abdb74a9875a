//! The one total order, and the three-valued comparison.
//!
//! 1. Total order, for indexes, sorting, `Eq` and `Hash`: null, booleans, numbers, texts, bytes, uuids, timestamps,
//!    dates, JSON. Numbers compare by exact numeric value, whichever of the two kinds they have. Every NaN is equal and
//!    after all other numbers; -0.0 equals 0.0.
//! 2. Three-valued comparison, for predicates: unknown when a side is null, else the total order.
//!
//! [`canonical_float`] gives the one float that is stored for each class of equal floats (integrity RI-7).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::value::{Value, ValueRef};

impl ValueRef<'_> {
    /// Compares for a predicate: none (unknown) when a side is null.
    #[inline]
    pub fn compare(self, other: ValueRef<'_>) -> Option<Ordering> {
        if self.is_null() || other.is_null() {
            return None;
        }
        Some(self.total_cmp(other))
    }

    /// Compares by the total order, in which null equals null and comes first.
    #[inline]
    pub fn total_cmp(self, other: ValueRef<'_>) -> Ordering {
        match (self, other) {
            (ValueRef::Null, ValueRef::Null) => Ordering::Equal,
            (ValueRef::Bool(a), ValueRef::Bool(b)) => a.cmp(&b),
            (ValueRef::Int(a), ValueRef::Int(b)) => a.cmp(&b),
            (ValueRef::Float(a), ValueRef::Float(b)) => compare_floats(a, b),
            (ValueRef::Int(a), ValueRef::Float(b)) => compare_int_to_float(a, b),
            (ValueRef::Float(a), ValueRef::Int(b)) => compare_int_to_float(b, a).reverse(),
            (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Json(a), ValueRef::Json(b)) => {
                a.cmp(&b)
            }
            (ValueRef::Bytes(a), ValueRef::Bytes(b)) => a.cmp(b),
            (ValueRef::Uuid(a), ValueRef::Uuid(b)) => a.cmp(&b),
            (ValueRef::Timestamp(a), ValueRef::Timestamp(b)) => a.cmp(&b),
            (ValueRef::Date(a), ValueRef::Date(b)) => a.cmp(&b),
            (a, b) => a.kind_rank().cmp(&b.kind_rank()),
        }
    }

    /// A number to compare first: of two values of one kind the one with the lower rank is lower. The same rank says
    /// nothing. Its upper bits alone are a rank as well; those of numbers say all in the upper half. Sorting by ranks reads
    /// each value once, where comparing values goes back to both rows every time.
    #[inline]
    pub(crate) fn rank(self) -> u128 {
        const SIGN: u64 = 1 << 63;
        let upper_half = |v: u64| u128::from(v) << u64::BITS;
        let signed = |v: i64| upper_half(v.cast_unsigned() ^ SIGN);
        match self {
            ValueRef::Null => 0,
            ValueRef::Bool(v) => upper_half(u64::from(v)),
            ValueRef::Int(v) => signed(v),
            ValueRef::Float(v) if v.is_nan() => upper_half(u64::MAX),
            ValueRef::Float(v) => {
                let bits = canonical_float(v).to_bits();
                upper_half(if bits & SIGN == 0 { bits | SIGN } else { !bits })
            }
            ValueRef::Text(v) | ValueRef::Json(v) => rank_of_bytes(v.as_bytes()),
            ValueRef::Bytes(v) => rank_of_bytes(v),
            ValueRef::Uuid(v) => v.as_u128(),
            ValueRef::Timestamp(v) => signed(v.as_micros()),
            ValueRef::Date(v) => signed(v.as_days().into()),
        }
    }

    /// The integer that equals this value, which may be one of either kind of number.
    #[inline]
    pub(crate) fn as_exact_int(self) -> Option<i64> {
        match self {
            ValueRef::Int(v) => Some(v),
            ValueRef::Float(v) => int_equal_to(v),
            _ => None,
        }
    }

    /// The place of a kind in the total order. Both kinds of number share one.
    fn kind_rank(self) -> u8 {
        match self {
            ValueRef::Null => 0,
            ValueRef::Bool(_) => 1,
            ValueRef::Int(_) | ValueRef::Float(_) => 2,
            ValueRef::Text(_) => 3,
            ValueRef::Bytes(_) => 4,
            ValueRef::Uuid(_) => 5,
            ValueRef::Timestamp(_) => 6,
            ValueRef::Date(_) => 7,
            ValueRef::Json(_) => 8,
        }
    }
}

/// The first bytes, and zeros where there are fewer.
#[inline]
fn rank_of_bytes(bytes: &[u8]) -> u128 {
    let mut first = [0; 16];
    let len = bytes.len().min(first.len());
    first[..len].copy_from_slice(&bytes[..len]);
    u128::from_be_bytes(first)
}

/// The float that is stored for `value`: one zero, one NaN.
#[inline]
pub(crate) fn canonical_float(value: f64) -> f64 {
    if value.is_nan() {
        f64::NAN
    } else {
        // Adding zero turns -0.0 into 0.0 and leaves every other number alone.
        value + 0.0
    }
}

#[inline]
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Exact at every magnitude: no integer is rounded to a float.
fn compare_int_to_float(int: i64, float: f64) -> Ordering {
    /// 2^63, the first float above every integer.
    const INT_END: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() || float >= INT_END {
        return Ordering::Less;
    }
    if float < -INT_END {
        return Ordering::Greater;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the truncated float is within the range of i64"
    )]
    let whole = float.trunc() as i64;
    int.cmp(&whole).then_with(|| {
        0.0_f64
            .partial_cmp(&float.fract())
            .unwrap_or(Ordering::Equal)
    })
}

impl PartialEq for ValueRef<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.total_cmp(*other).is_eq()
    }
}

impl Eq for ValueRef<'_> {}

impl PartialOrd for ValueRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ValueRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.total_cmp(*other)
    }
}

impl Hash for ValueRef<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            ValueRef::Null => state.write_u8(0),
            ValueRef::Bool(v) => state.write_u8(1 + u8::from(v)),
            ValueRef::Int(v) => state.write_i64(v),
            ValueRef::Float(v) => hash_float(v, state),
            ValueRef::Text(v) | ValueRef::Json(v) => v.hash(state),
            ValueRef::Bytes(v) => v.hash(state),
            ValueRef::Uuid(v) => state.write_u128(v.as_u128()),
            ValueRef::Timestamp(v) => v.hash(state),
            ValueRef::Date(v) => v.hash(state),
        }
    }
}

/// A float that equals an integer hashes like it.
fn hash_float<H: Hasher>(float: f64, state: &mut H) {
    match int_equal_to(float) {
        Some(whole) => state.write_i64(whole),
        None => state.write_u64(canonical_float(float).to_bits()),
    }
}

/// The integer that a float equals, if there is one.
fn int_equal_to(float: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked by the comparison that follows"
    )]
    let whole = float as i64;
    compare_int_to_float(whole, float).is_eq().then_some(whole)
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().total_cmp(other.as_ref())
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}
