//! A key of one integer, or of two within 32 bits, as one number: what stands whole in an index.

use crate::value::ValueRef;

/// A short key. No other key of as many columns is the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortKey {
    number: u64,
    columns: u32,
}

impl ShortKey {
    /// The values of a key, if it is a short one. A float stands for the integer that it equals.
    //
    // Where the kinds of the values are known, as where a key is written down, little of this is left.
    #[inline(always)]
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = ValueRef<'a>>) -> Option<Self> {
        let mut values = values.into_iter();
        let first = values.next()?.as_exact_int()?;
        let Some(second) = values.next() else {
            return Some(ShortKey {
                number: first.cast_unsigned(),
                columns: 1,
            });
        };
        let half = |int: i64| Some(u64::from(i32::try_from(int).ok()?.cast_unsigned()));
        let (first, second) = (half(first)?, half(second.as_exact_int()?)?);
        values.next().is_none().then_some(ShortKey {
            number: first << 32 | second,
            columns: 2,
        })
    }

    /// The integers of the key in the 64 bits of one number.
    #[inline]
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// The two integers of a key of two, the second as its 32 bits.
    #[inline]
    pub(crate) fn pair(self) -> Option<(i64, u32)> {
        #[expect(clippy::cast_possible_truncation, reason = "an integer is one half")]
        let (first, second) = ((self.number >> 32) as u32, self.number as u32);
        (self.columns == 2).then(|| (i64::from(first.cast_signed()), second))
    }

    /// How many values the key has.
    #[inline]
    pub(crate) fn columns(self) -> usize {
        self.columns as usize
    }
}
