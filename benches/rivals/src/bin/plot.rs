//! The ratios of a run as a picture: `cargo run -p rivals --bin plot -- FILE.json "TITLE" > FILE.svg`.
//!
//! The file is what `cargo run --release -p rivals -- 10000 5 --json FILE.json` writes; the title should say date, machine
//! and command. One line for each workload, on a logarithmic axis of time (or memory) against hand-written structs, which
//! stand at 1: left of it is faster. Nothing is left out that both relata and the structs did, losses no more than wins.

use std::fmt::Write;
use std::io::Write as _;
use std::process::ExitCode;

use serde_json::Value;

const USAGE: &str = "plot FILE.json TITLE";

/// The ends of the axis, as times of `hand`.
const LEAST: f64 = 0.1;
const MOST: f64 = 1_000.0;

// In pixels.
const WIDTH: f64 = 820.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 260.0;
const TOP: f64 = 64.0;
const ROW: f64 = 22.0;

/// What one contestant took for one workload.
struct Median {
    workload: String,
    contestant: String,
    median: f64,
}

/// Ratios of one workload.
struct Line {
    workload: String,
    relata: f64,
    sqlite: Option<f64>,
    seaorm: Option<f64>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, title] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match plot(file, title) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{file}: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn plot(file: &str, title: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let lines = lines(&medians(&text)?);
    if lines.is_empty() {
        return Err("no workload has figures of relata and of hand".to_owned());
    }
    let picture = picture(&lines, title);
    let written = std::io::stdout().write_all(picture.as_bytes());
    written.map_err(|error| error.to_string())
}

fn medians(text: &str) -> Result<Vec<Median>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let series = value.as_array().ok_or("not a list")?;
    let median = |series: &Value| {
        Some(Median {
            workload: series.get("workload")?.as_str()?.to_owned(),
            contestant: series.get("contestant")?.as_str()?.to_owned(),
            median: series.get("median")?.as_f64().filter(|it| *it > 0.0)?,
        })
    };
    let medians = series
        .iter()
        .map(|it| median(it).ok_or_else(|| format!("no series: {it}")));
    medians.collect()
}

/// One for each workload that relata and the structs did, in the order of the file.
fn lines(medians: &[Median]) -> Vec<Line> {
    let of = |workload: &str, contestant: &str| {
        let mut found = medians.iter();
        let found = found.find(|it| it.workload == workload && it.contestant == contestant);
        found.map(|it| it.median)
    };
    let mut lines: Vec<Line> = Vec::new();
    for Median { workload, .. } in medians {
        let is_new = lines.iter().all(|line| line.workload != *workload);
        if let (true, Some(relata), Some(hand)) =
            (is_new, of(workload, "relata"), of(workload, "hand"))
        {
            lines.push(Line {
                workload: workload.clone(),
                relata: relata / hand,
                sqlite: of(workload, "sqlite").map(|sqlite| sqlite / hand),
                seaorm: of(workload, "seaorm").map(|seaorm| seaorm / hand),
            });
        }
    }
    lines
}

fn picture(lines: &[Line], title: &str) -> String {
    let rows = f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let bottom = TOP + ROW * rows;
    let height = bottom + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">Times of hand-written structs: left is faster; bar relata, ring SQLite, square SeaORM</text>\n\
         <text x=\"{LEFT}\" y=\"38\" fill=\"#555555\">{}</text>\n",
        escaped(title)
    );
    for tick in [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0,
    ] {
        let (x, top) = (place(tick), TOP - 4.0);
        let (color, width) = if tick == 1.0 {
            ("#000000", 1.5)
        } else {
            ("#dddddd", 1.0)
        };
        add(
            &mut svg,
            &format!(
                "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{color}\" stroke-width=\"{width}\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555555\">{tick}</text>",
                bottom + 16.0
            ),
        );
    }
    let mut y = TOP + ROW / 2.0;
    for line in lines {
        add(&mut svg, &row(line, y));
        y += ROW;
    }
    add(&mut svg, "</svg>");
    svg
}

/// Name, a bar from 1 to relata, a ring for SQLite, a square for SeaORM, and all in figures: relata of hand, the others of
/// relata.
fn row(line: &Line, y: f64) -> String {
    let (one, relata, baseline) = (place(1.0), place(line.relata), y + 4.0);
    let (from, width) = (one.min(relata), (one - relata).abs());
    let color = if line.relata <= 1.0 {
        "#2a7a3f"
    } else {
        "#b3541e"
    };
    let mut text = format!(
        "<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{}</text>\n\
         <rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"8\" fill=\"{color}\"/>\n",
        LEFT - 8.0,
        escaped(&line.workload),
        y - 4.0
    );
    let mut figures = format!("{} of hand", figure(line.relata));
    let stroke = "fill=\"none\" stroke=\"#33558b\" stroke-width=\"1.5\"";
    if let Some(sqlite) = line.sqlite {
        let x = place(sqlite);
        let ring = format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" {stroke}/>");
        add(&mut text, &ring);
        let _ = write!(figures, "; SQLite {} times", figure(sqlite / line.relata));
    }
    if let Some(seaorm) = line.seaorm {
        let (x, top) = (place(seaorm) - 3.5, y - 3.5);
        let square =
            format!("<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"7\" height=\"7\" {stroke}/>");
        add(&mut text, &square);
        let _ = write!(figures, ", SeaORM {}", figure(seaorm / line.relata));
    }
    let x = WIDTH - RIGHT + 12.0;
    text += &format!("<text x=\"{x}\" y=\"{baseline:.1}\" font-size=\"11\">{figures}</text>");
    text
}

/// Where a ratio stands on the axis; what is beyond an end stands at it.
fn place(ratio: f64) -> f64 {
    let along = (ratio.clamp(LEAST, MOST) / LEAST).log10() / (MOST / LEAST).log10();
    LEFT + along * (WIDTH - LEFT - RIGHT)
}

fn figure(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 10.0 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.0}"),
    }
}

fn add(svg: &mut String, text: &str) {
    svg.push_str(text);
    svg.push('\n');
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = r#"[
        {"workload": "W2", "contestant": "relata", "median": 60.0},
        {"workload": "W2", "contestant": "hand", "median": 40.0},
        {"workload": "W2", "contestant": "sqlite", "median": 300.0},
        {"workload": "W2", "contestant": "seaorm", "median": 6000.0},
        {"workload": "SD", "contestant": "relata", "median": 9.0}
    ]"#;

    #[test]
    fn ratios_are_to_hand_and_what_hand_did_not_do_has_none() {
        let lines = lines(&medians(RUN).expect("a run"));
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].relata, lines[0].sqlite), (1.5, Some(7.5)));
        let picture = picture(&lines, "a < b");
        assert!(picture.contains("1.50 of hand; SQLite 5.00 times, SeaORM 100"));
        assert!(picture.contains("a &lt; b") && picture.ends_with("</svg>\n"));
    }

    #[test]
    fn a_ratio_beyond_the_axis_stands_at_its_end() {
        assert!((place(1e9) - place(MOST)).abs() < 1e-9);
        assert!(place(LEAST) < place(1.0) && place(1.0) < place(MOST));
    }

    #[test]
    fn what_is_no_run_is_refused() {
        assert!(medians("{}").is_err());
        assert!(medians("[{\"workload\": 1}]").is_err());
    }
}
