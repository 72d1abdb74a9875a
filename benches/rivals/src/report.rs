//! The table and the JSON.

use std::fmt::Write;

use crate::arguments::Arguments;
use crate::measurements::Measurements;
use crate::workload::{Description, Size, Workload};

/// Ratios below this are noise on a machine that others use too.
const NOISE: f64 = 1.2;

/// How many times faster than SQLite's `SAVEPOINT` a fork is to be.
const FORK_AGAINST_SAVEPOINT: f64 = 2.0;

const DASH: &str = "-";

/// A line of the table, the words of each column.
type Line = [String; 13];

/// Whose figures stand in the table.
const NAMES: [&str; 4] = ["relata", "hand", "sqlite", "seaorm"];

/// Medians, ratios, targets, and a mark where relata misses one.
pub(crate) fn table(arguments: &Arguments, measurements: &Measurements) -> String {
    let size = Size::of(arguments.authors);
    let header = [
        "",
        "",
        "unit",
        "relata",
        "hand",
        "sqlite",
        "seaorm",
        "to hand",
        "most",
        "to sqlite",
        "least",
        "to seaorm",
        "",
    ];
    let mut lines = vec![header.map(String::from)];
    let measured = Workload::ALL.into_iter().filter(|&workload| {
        let mut names = NAMES.iter();
        names.any(|name| measurements.median(workload, name).is_some())
    });
    lines.extend(measured.map(|workload| line(workload, size, measurements)));
    let mut text = format!(
        "{} authors, medians of {} rounds\n\
         to hand: relata / hand, small is good; to sqlite and to seaorm: theirs / relata, large is good\n\n",
        arguments.authors, arguments.rounds
    );
    text += &aligned(&lines);
    text += &comparisons(measurements);
    text
}

fn line(workload: Workload, size: Size, measurements: &Measurements) -> Line {
    let Description {
        name,
        what,
        unit,
        target,
    } = workload.describe();
    let [relata, hand, sqlite, seaorm] = NAMES.map(|name| measurements.median(workload, name));
    let (most, least) = (target.hand_at(size), target.sqlite_at(size));
    let to_hand = ratio(relata, hand);
    let to_sqlite = ratio(sqlite, relata);
    let missed = over(to_hand, most) || over(least, to_sqlite) || over(relata, target.most);
    let most_text = match target.most {
        Some(most) => format!("{} {}", figure(Some(most)), unit.name()),
        None => figure(most),
    };
    [
        name.into(),
        what.into(),
        unit.name().into(),
        figure(relata),
        figure(hand),
        figure(sqlite),
        figure(seaorm),
        figure(to_hand),
        most_text,
        figure(to_sqlite),
        figure(least),
        figure(ratio(seaorm, relata)),
        if missed { "missed" } else { "" }.into(),
    ]
}

/// What is not a ratio within one row.
fn comparisons(measurements: &Measurements) -> String {
    let mut text = String::new();
    for (what, one, two) in [
        ("W11p", Workload::W11p1, Workload::W11p2),
        ("W11c", Workload::W11c1, Workload::W11c2),
    ] {
        let gains = NAMES.map(|name| {
            ratio(
                measurements.median(one, name),
                measurements.median(two, name),
            )
        });
        if gains.iter().all(Option::is_none) {
            continue;
        }
        let [relata, hand, sqlite, _] = gains;
        let least = hand.map(|gain| gain / NOISE);
        let missed = if over(least, relata) { "  missed" } else { "" };
        let [relata, hand, sqlite] = [relata, hand, sqlite].map(figure);
        writeln!(
            text,
            "{what}: the second thread gains relata {relata}, hand {hand}, sqlite {sqlite} times{missed}"
        )
        .expect("a string takes any text");
    }
    let savepoint = measurements.median(Workload::W8s, "sqlite");
    let fork = measurements.median(Workload::W8f, "relata");
    if let Some(faster) = ratio(savepoint, fork) {
        let least = FORK_AGAINST_SAVEPOINT;
        let missed = if faster < least { "  missed" } else { "" };
        let faster = figure(Some(faster));
        writeln!(
            text,
            "W8f: a fork is {faster} times faster than SAVEPOINT in sqlite (least {least}){missed}"
        )
        .expect("a string takes any text");
    }
    text
}

/// A list of `{workload, contestant, unit, median, min, max, samples}`; the last is their number.
pub(crate) fn json(measurements: &Measurements) -> String {
    let objects: Vec<_> = measurements
        .series()
        .iter()
        .map(|series| {
            let Description { name, unit, .. } = series.workload.describe();
            format!(
                "  {{\"workload\": \"{name}\", \"contestant\": \"{}\", \"unit\": \"{}\", \
                 \"median\": {}, \"min\": {}, \"max\": {}, \"samples\": {}}}",
                series.contestant,
                unit.name(),
                series.median(),
                series.min(),
                series.max(),
                series.sample_count()
            )
        })
        .collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

/// Prints to standard output.
#[expect(clippy::print_stdout, reason = "a table is what this program is for")]
pub(crate) fn print(text: &str) {
    print!("{text}");
}

fn ratio(of: Option<f64>, to: Option<f64>) -> Option<f64> {
    Some(of? / to?)
}

/// Whether both are known and the first is larger.
fn over(value: Option<f64>, limit: Option<f64>) -> bool {
    matches!((value, limit), (Some(value), Some(limit)) if value > limit)
}

/// Three digits.
fn figure(value: Option<f64>) -> String {
    match value {
        None => DASH.into(),
        Some(value) if value < 1.0 => format!("{value:.3}"),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

/// Columns of words, names to the left, figures to the right.
fn aligned(lines: &[Line]) -> String {
    let mut text = String::new();
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or(0)
    };
    for line in lines {
        let cells: Vec<_> = line
            .iter()
            .enumerate()
            .map(|(column, cell)| match column {
                0..=2 => format!("{cell:<0$}", width(column)),
                _ => format!("{cell:>0$}", width(column)),
            })
            .collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(figures: &[(Workload, &'static str, f64)]) -> Measurements {
        let mut measurements = Measurements::default();
        for &(workload, contestant, sample) in figures {
            measurements.add(workload, contestant, sample);
        }
        measurements
    }

    fn row(table: &str, name: &str) -> String {
        let mut lines = table.lines();
        let line = lines.find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_missed_target_is_marked() {
        let measurements = measured(&[
            (Workload::W2, "relata", 100.0),
            (Workload::W2, "hand", 50.0),
            (Workload::W2, "sqlite", 1_500.0),
            (Workload::W4, "hand", 1.5),
            (Workload::SD, "relata", 101.0),
        ]);
        let small = Arguments {
            authors: 200,
            ..Arguments::default()
        };
        let big = table(&Arguments::default(), &measurements);
        let small = table(&small, &measurements);
        let expected = "W2 find by key ns 100 50.0 1500 - 2.00 1.20 15.0 4.00 - missed";
        assert_eq!(row(&big, "W2"), expected);
        let expected = "W2 find by key ns 100 50.0 1500 - 2.00 2.40 15.0 10.0 -";
        assert_eq!(row(&small, "W2"), expected);
        assert!(row(&big, "SD").ends_with("missed"));
        assert!(!row(&big, "W4").ends_with("missed"));
        assert!(!big.contains("W3"));
    }

    #[test]
    fn a_thread_must_gain_what_it_gains_hand() {
        let with_gain = |gain: f64| {
            table(
                &Arguments::default(),
                &measured(&[
                    (Workload::W11p1, "hand", 100.0),
                    (Workload::W11p2, "hand", 50.0),
                    (Workload::W11p1, "relata", 100.0),
                    (Workload::W11p2, "relata", 100.0 / gain),
                ]),
            )
        };
        assert!(row(&with_gain(1.5), "W11p:").ends_with("missed"));
        assert!(!row(&with_gain(1.9), "W11p:").ends_with("missed"));
    }

    #[test]
    fn json_has_an_object_for_each_series() {
        let measurements = measured(&[
            (Workload::W2, "hand", 2.0),
            (Workload::W2, "hand", 4.0),
            (Workload::W12, "sqlite", 0.5),
        ]);
        let expected = concat!(
            "[\n",
            r#"  {"workload": "W2", "contestant": "hand", "unit": "ns", "median": 3, "min": 2, "max": 4, "samples": 2},"#,
            "\n",
            r#"  {"workload": "W12", "contestant": "sqlite", "unit": "ms", "median": 0.5, "min": 0.5, "max": 0.5, "samples": 1}"#,
            "\n]\n",
        );
        assert_eq!(json(&measurements), expected);
    }
}
