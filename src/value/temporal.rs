//! Instants and days as plain numbers, with the calendar left to `jiff`.
//!
//! A [`Timestamp`] counts microseconds since 1970-01-01T00:00:00Z, a [`Date`] counts days since 1970-01-01. Any number
//! is a valid value; one outside the calendar's years (-9999 to 9999) prints as the number.

use std::fmt;
use std::str::FromStr;

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

/// Days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i32,
}

impl Timestamp {
    /// From microseconds since the Unix epoch.
    #[inline]
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp { micros }
    }

    /// Microseconds since the Unix epoch.
    #[inline]
    pub const fn as_micros(self) -> i64 {
        self.micros
    }
}

impl Date {
    /// From days since 1970-01-01.
    #[inline]
    pub const fn from_days(days: i32) -> Self {
        Date { days }
    }

    /// Days since 1970-01-01.
    #[inline]
    pub const fn as_days(self) -> i32 {
        self.days
    }

    /// The day of a year, a month from 1 and a day from 1; none if there is no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day)
            .ok()
            .map(Date::from_civil)
    }

    fn from_civil(date: jiff::civil::Date) -> Self {
        let days = EPOCH
            .until((jiff::Unit::Day, date))
            .map_or(0, |span| span.get_days());
        Date { days }
    }

    fn to_civil(self) -> Option<jiff::civil::Date> {
        EPOCH
            .checked_add(jiff::Span::new().try_days(self.days).ok()?)
            .ok()
    }
}

/// Day zero.
const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

/// Why a text is no timestamp or date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTemporalError {
    message: String,
}

impl fmt::Display for ParseTemporalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseTemporalError {}

impl From<jiff::Error> for ParseTemporalError {
    fn from(error: jiff::Error) -> Self {
        ParseTemporalError {
            message: error.to_string(),
        }
    }
}

impl FromStr for Timestamp {
    type Err = ParseTemporalError;

    /// Reads RFC 3339, such as `2026-11-24T13:35:00.25Z`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant: jiff::Timestamp = text.parse()?;
        Ok(Timestamp {
            micros: instant.as_microsecond(),
        })
    }
}

impl FromStr for Date {
    type Err = ParseTemporalError;

    /// Reads `2026-11-24`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date: jiff::civil::Date = text.parse()?;
        Ok(Date::from_civil(date))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.micros) {
            Ok(instant) => instant.fmt(f),
            Err(_) => write!(f, "{}us", self.micros),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_civil() {
            Some(date) => date.fmt(f),
            None => write!(f, "{}d", self.days),
        }
    }
}
