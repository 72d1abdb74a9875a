//! Parts of an instant or a day, in UTC and the Gregorian calendar of all years.
//!
//! Days and months are counted here and not by the calendar that writes texts, whose years end at 9999: every instant has
//! a year. A year before the first is 0 or negative, where PostgreSQL has none that is 0.

use crate::expr::Failure;
use crate::value::{Date, Timestamp, ValueRef};

/// A part of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A year of the calendar.
    Year,
    /// A month of the calendar, from 1.
    Month,
    /// A day, from 1 in its month; always 24 hours long.
    Day,
    /// An hour, from 0.
    Hour,
    /// A minute, from 0.
    Minute,
    /// A second, from 0.
    Second,
    /// A millionth of a second.
    Microsecond,
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// No instant and no day is in a year further from 0.
const YEAR_MAX: i64 = 6_000_000;

impl Unit {
    /// `year`, `month`, ...
    pub fn name(self) -> &'static str {
        match self {
            Unit::Year => "year",
            Unit::Month => "month",
            Unit::Day => "day",
            Unit::Hour => "hour",
            Unit::Minute => "minute",
            Unit::Second => "second",
            Unit::Microsecond => "microsecond",
        }
    }

    /// Whether days have it.
    pub(super) fn is_of_days(self) -> bool {
        matches!(self, Unit::Year | Unit::Month | Unit::Day)
    }

    /// How many microseconds it is long; none of a year or month, which vary.
    fn micros(self) -> Option<i64> {
        Some(match self {
            Unit::Year | Unit::Month => return None,
            Unit::Day => DAY,
            Unit::Hour => 3_600 * SECOND,
            Unit::Minute => 60 * SECOND,
            Unit::Second => SECOND,
            Unit::Microsecond => 1,
        })
    }
}

/// The number of a part; none of null.
pub(super) fn part(unit: Unit, of: ValueRef<'_>) -> Option<i64> {
    let (days, micros) = match of {
        ValueRef::Timestamp(it) => split(it),
        ValueRef::Date(it) => (it.as_days().into(), 0),
        _ => return None,
    };
    Some(match unit {
        Unit::Year => civil(days).year,
        Unit::Month => civil(days).month,
        Unit::Day => civil(days).day,
        Unit::Hour => micros / (3_600 * SECOND),
        Unit::Minute => micros / (60 * SECOND) % 60,
        Unit::Second => micros / SECOND % 60,
        Unit::Microsecond => micros % SECOND,
    })
}

/// The beginning of the year, month, ... that something is in.
pub(super) fn truncate(unit: Unit, of: ValueRef<'_>) -> Result<ValueRef<'static>, Failure> {
    shifted(of, |at| match unit.micros() {
        Some(micros) => at.checked_sub(at.rem_euclid(micros.into())),
        None => {
            let mut civil = civil(whole_days(at)?);
            civil.day = 1;
            if unit == Unit::Year {
                civil.month = 1;
            }
            Some(i128::from(civil.days()) * i128::from(DAY))
        }
    })
}

/// So much later. A day of the month that the other month does not have becomes its last one.
pub(super) fn add(of: ValueRef<'_>, amount: i64, unit: Unit) -> Result<ValueRef<'static>, Failure> {
    shifted(of, |at| {
        let months = match unit.micros() {
            Some(micros) => return at.checked_add(i128::from(amount) * i128::from(micros)),
            None if unit == Unit::Year => amount.checked_mul(12)?,
            None => amount,
        };
        let days = civil(whole_days(at)?).months_later(months)?.days();
        Some(i128::from(days) * i128::from(DAY) + at.rem_euclid(DAY.into()))
    })
}

/// An instant or a day, moved in microseconds.
fn shifted(
    of: ValueRef<'_>,
    shift: impl FnOnce(Micros) -> Option<i128>,
) -> Result<ValueRef<'static>, Failure> {
    let moved = match of {
        ValueRef::Timestamp(it) => shift(it.as_micros().into())
            .and_then(|micros| i64::try_from(micros).ok())
            .map(|micros| ValueRef::Timestamp(Timestamp::from_micros(micros))),
        ValueRef::Date(it) => shift(i128::from(it.as_days()) * i128::from(DAY))
            .and_then(|micros| i32::try_from(micros.div_euclid(DAY.into())).ok())
            .map(|days| ValueRef::Date(Date::from_days(days))),
        _ => Some(ValueRef::Null),
    };
    moved.ok_or(Failure::TimeOutOfRange)
}

/// Microseconds since the epoch: of days, more than an `i64` holds.
type Micros = i128;

fn whole_days(at: Micros) -> Option<i64> {
    i64::try_from(at.div_euclid(DAY.into())).ok()
}

/// Days since the epoch, and microseconds of the day.
fn split(at: Timestamp) -> (i64, i64) {
    let micros = at.as_micros();
    (micros.div_euclid(DAY), micros.rem_euclid(DAY))
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
}

/// Days in the 400 years after which the calendar repeats itself.
const ERA: i64 = 146_097;
/// From the first of March of the year 0 to the epoch. Years that begin in March have their leap day last.
const MARCH_ZERO: i64 = 719_468;

/// The day that is so many days after the epoch (Howard Hinnant, `chrono`-compatible low-level date algorithms).
fn civil(days: i64) -> Civil {
    let shifted = days + MARCH_ZERO;
    let (era, of_era) = (shifted.div_euclid(ERA), shifted.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
    }
}

impl Civil {
    /// How many days after the epoch it is.
    fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let from_march = (self.month + 9) % 12;
        let of_year = (153 * from_march + 2) / 5 + self.day - 1;
        era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - MARCH_ZERO
    }

    fn months_later(self, months: i64) -> Option<Civil> {
        let month = (self.year * 12 + self.month - 1).checked_add(months)?;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        if year.abs() > YEAR_MAX {
            return None;
        }
        let day = self.day.min(month_length(year, month));
        Some(Civil { year, month, day })
    }
}

fn month_length(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::{Civil, Failure, Unit, add, civil, month_length, part, truncate};
    use crate::value::{Date, Timestamp, Value};

    // Broken, a filter by month would find the rows of a neighbouring day.
    #[test]
    fn days_are_those_of_another_calendar() {
        for days in (-3_000_000..2_900_000).step_by(97).chain(-800..800) {
            let found = civil(days);
            let text = Date::from_days(i32::try_from(days).unwrap()).to_string();
            let expected = match found.year {
                0..=9_999 => format!("{:04}-{:02}-{:02}", found.year, found.month, found.day),
                year => format!("-{:06}-{:02}-{:02}", -year, found.month, found.day),
            };
            assert_eq!(text, expected, "{days}");
            assert_eq!(found.days(), days);
        }
    }

    #[test]
    fn every_instant_has_parts_and_no_month_is_too_long() {
        for micros in [i64::MIN, -1, 0, i64::MAX] {
            let at = Timestamp::from_micros(micros);
            let value = Value::from(at);
            let [year, month, day] = [Unit::Year, Unit::Month, Unit::Day]
                .map(|unit| part(unit, value.as_ref()).expect("an instant has it"));
            let days = Civil { year, month, day }.days();
            assert_eq!(days, micros.div_euclid(86_400_000_000));
            assert!(day <= month_length(year, month));
        }
        for days in [i32::MIN, i32::MAX] {
            let value = Value::from(Date::from_days(days));
            assert!(part(Unit::Year, value.as_ref()).unwrap().abs() < super::YEAR_MAX);
        }
    }

    fn instant(text: &str) -> Value {
        text.parse::<Timestamp>().unwrap().into()
    }

    #[test]
    fn time_is_cut_and_moved() {
        let at = instant("2024-02-29T13:35:07.25Z");
        let cut = |unit| Value::from(truncate(unit, at.as_ref()).unwrap());
        assert_eq!(cut(Unit::Year), instant("2024-01-01T00:00:00Z"));
        assert_eq!(cut(Unit::Month), instant("2024-02-01T00:00:00Z"));
        assert_eq!(cut(Unit::Day), instant("2024-02-29T00:00:00Z"));
        assert_eq!(cut(Unit::Hour), instant("2024-02-29T13:00:00Z"));
        assert_eq!(cut(Unit::Second), instant("2024-02-29T13:35:07Z"));
        assert_eq!(cut(Unit::Microsecond), at);
        let moved = |amount, unit| Value::from(add(at.as_ref(), amount, unit).unwrap());
        assert_eq!(moved(1, Unit::Year), instant("2025-02-28T13:35:07.25Z"));
        assert_eq!(moved(-3, Unit::Month), instant("2023-11-29T13:35:07.25Z"));
        assert_eq!(moved(1, Unit::Day), instant("2024-03-01T13:35:07.25Z"));
        assert_eq!(moved(-14, Unit::Hour), instant("2024-02-28T23:35:07.25Z"));
        let before = instant("1969-12-31T23:59:59.5Z");
        assert_eq!(part(Unit::Second, before.as_ref()), Some(59));
        assert_eq!(
            Value::from(truncate(Unit::Minute, before.as_ref()).unwrap()),
            instant("1969-12-31T23:59:00Z")
        );
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let (first, last) = (
            Timestamp::from_micros(i64::MIN),
            Timestamp::from_micros(i64::MAX),
        );
        let [first, last] = [first, last].map(Value::from);
        let day = Value::from(Date::from_days(i32::MAX));
        for failed in [
            truncate(Unit::Second, first.as_ref()),
            truncate(Unit::Year, first.as_ref()),
            add(last.as_ref(), 1, Unit::Microsecond),
            add(last.as_ref(), i64::MAX, Unit::Year),
            add(last.as_ref(), i64::MIN, Unit::Month),
            add(last.as_ref(), i64::MAX, Unit::Day),
            add(day.as_ref(), 1, Unit::Day),
            add(day.as_ref(), 1, Unit::Month),
        ] {
            assert_eq!(failed, Err(Failure::TimeOutOfRange));
        }
    }
}
