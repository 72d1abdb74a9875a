//! The workloads by name, with what relata is held to in each.
//!
//! The figures are those that the project has set itself: a ratio of times (of bytes in W10) to `hand`, which may be
//! twice as large where everything fits into the cache, and a ratio to `sqlite`, given for both sizes.

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    W1,
    W2,
    W3,
    W3u,
    W4,
    W4b,
    W4c,
    W4u,
    W5,
    W6,
    W6b,
    W7,
    W7b,
    W8s,
    W8f,
    W9a,
    W9h,
    W10,
    W11p1,
    W11p2,
    W11c1,
    W11c2,
    W12,
    SD,
}

/// What is known of a workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Description {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    pub(crate) target: Target,
}

/// What one operation is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    NanosecondsPerRow,
    Microseconds,
    Milliseconds,
    BytesPerRow,
}

/// What relata is held to. Nothing, where there is no figure.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Target {
    /// At most this many times what `hand` needs, with a data set out of cache.
    pub(crate) hand: Option<f64>,
    /// At least this many times better than `sqlite`: big, small.
    pub(crate) sqlite: Option<(f64, f64)>,
    /// At most so much, in the unit.
    pub(crate) most: Option<f64>,
}

/// Whether the data is larger than the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Big,
    Small,
}

/// From so many authors on the data set counts as big.
const AUTHORS_BIG: usize = 1_000;

impl Workload {
    /// In the order of the table.
    pub(crate) const ALL: [Workload; 24] = [
        Workload::W1,
        Workload::W2,
        Workload::W3,
        Workload::W3u,
        Workload::W4,
        Workload::W4b,
        Workload::W4c,
        Workload::W4u,
        Workload::W5,
        Workload::W6,
        Workload::W6b,
        Workload::W7,
        Workload::W7b,
        Workload::W8s,
        Workload::W8f,
        Workload::W9a,
        Workload::W9h,
        Workload::W10,
        Workload::W11p1,
        Workload::W11p2,
        Workload::W11c1,
        Workload::W11c2,
        Workload::W12,
        Workload::SD,
    ];

    pub(crate) fn name(self) -> &'static str {
        self.describe().name
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Workload::ALL
            .into_iter()
            .find(|workload| workload.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn describe(self) -> Description {
        use Unit::{BytesPerRow, Microseconds, Milliseconds, Nanoseconds, NanosecondsPerRow};
        let (name, what, unit, target) = match self {
            Workload::W1 => (
                "W1",
                "load everything",
                NanosecondsPerRow,
                both(1.5, 6.0, 8.0),
            ),
            Workload::W2 => ("W2", "find by key", Nanoseconds, both(1.2, 4.0, 10.0)),
            Workload::W3 => (
                "W3",
                "children of one parent",
                Nanoseconds,
                both(1.6, 4.0, 10.0),
            ),
            Workload::W3u => (
                "W3u",
                "W3 with uuid keys",
                Nanoseconds,
                both(1.6, 4.0, 10.0),
            ),
            Workload::W4 => (
                "W4",
                "tree, a tenth of the roots",
                Milliseconds,
                both(1.6, 6.0, 10.0),
            ),
            Workload::W4b => ("W4b", "tree, all roots", Milliseconds, both(1.6, 6.0, 10.0)),
            Workload::W4c => ("W4c", "tree, one root", Microseconds, both(1.9, 6.0, 12.0)),
            Workload::W4u => (
                "W4u",
                "W4 with uuid keys",
                Milliseconds,
                both(1.6, 6.0, 10.0),
            ),
            Workload::W5 => (
                "W5",
                "the best three under each",
                Milliseconds,
                both(1.8, 10.0, 13.0),
            ),
            Workload::W6 => (
                "W6",
                "delete, cascade",
                NanosecondsPerRow,
                both(2.2, 5.0, 10.0),
            ),
            Workload::W6b => (
                "W6b",
                "delete, set null",
                NanosecondsPerRow,
                both(5.0, 11.0, 18.0),
            ),
            Workload::W7 => ("W7", "update a column", Nanoseconds, both(5.0, 6.0, 25.0)),
            Workload::W7b => ("W7b", "W7, snapshots kept", Nanoseconds, most(1_200.0)),
            Workload::W8s => (
                "W8s",
                "savepoint, 10 writes, back",
                Nanoseconds,
                both(3.5, 12.0, 12.0),
            ),
            Workload::W8f => {
                let target = Target {
                    sqlite: Some((800.0, 1.0)),
                    ..most(20_000.0)
                };
                ("W8f", "fork, 10 writes, drop", Nanoseconds, target)
            }
            Workload::W9a => ("W9a", "many to many: add", Nanoseconds, both(2.2, 5.0, 5.0)),
            Workload::W9h => ("W9h", "many to many: has", Nanoseconds, both(2.2, 5.0, 5.0)),
            Workload::W10 => (
                "W10",
                "resident memory",
                BytesPerRow,
                both(0.95, 1.0 / 1.9, 1.0 / 1.9),
            ),
            Workload::W11p1 => ("W11p1", "W2 from one thread", Nanoseconds, sqlite(5.0)),
            Workload::W11p2 => ("W11p2", "W2 from two threads", Nanoseconds, sqlite(5.0)),
            Workload::W11c1 => ("W11c1", "W3 from one thread", Nanoseconds, sqlite(5.0)),
            Workload::W11c2 => ("W11c2", "W3 from two threads", Nanoseconds, sqlite(5.0)),
            Workload::W12 => {
                let target = Target {
                    hand: Some(0.4),
                    ..Target::default()
                };
                ("W12", "drop everything", Milliseconds, target)
            }
            Workload::SD => ("SD", "snapshot, drop", Nanoseconds, most(100.0)),
        };
        Description {
            name,
            what,
            unit,
            target,
        }
    }
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::NanosecondsPerRow => "ns/row",
            Unit::Microseconds => "µs",
            Unit::Milliseconds => "ms",
            Unit::BytesPerRow => "bytes/row",
        }
    }

    /// Nanoseconds in this unit; bytes are bytes.
    pub(crate) fn of_nanoseconds(self, value: f64) -> f64 {
        match self {
            Unit::Nanoseconds | Unit::NanosecondsPerRow | Unit::BytesPerRow => value,
            Unit::Microseconds => value / 1e3,
            Unit::Milliseconds => value / 1e6,
        }
    }
}

impl Target {
    pub(crate) fn hand_at(&self, size: Size) -> Option<f64> {
        self.hand.map(|most| match size {
            Size::Big => most,
            Size::Small => 2.0 * most,
        })
    }

    pub(crate) fn sqlite_at(&self, size: Size) -> Option<f64> {
        self.sqlite.map(|(big, small)| match size {
            Size::Big => big,
            Size::Small => small,
        })
    }
}

impl Size {
    pub(crate) fn of(authors: usize) -> Self {
        match authors {
            AUTHORS_BIG.. => Size::Big,
            _ => Size::Small,
        }
    }
}

fn both(hand: f64, big: f64, small: f64) -> Target {
    Target {
        hand: Some(hand),
        sqlite: Some((big, small)),
        most: None,
    }
}

fn sqlite(least: f64) -> Target {
    Target {
        sqlite: Some((least, least)),
        ..Target::default()
    }
}

fn most(most: f64) -> Target {
    Target {
        most: Some(most),
        ..Target::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_is_found_by_its_name() {
        for workload in Workload::ALL {
            assert_eq!(Workload::named(workload.name()), Some(workload));
        }
        assert_eq!(Workload::named("w8F"), Some(Workload::W8f));
        assert_eq!(Workload::named("W8"), None);
    }

    #[test]
    fn in_the_cache_hand_may_be_twice_as_far() {
        let target = both(1.5, 6.0, 8.0);
        assert_eq!(target.hand_at(Size::of(10_000)), Some(1.5));
        assert_eq!(target.hand_at(Size::of(200)), Some(3.0));
        assert_eq!(target.sqlite_at(Size::of(200)), Some(8.0));
    }
}
