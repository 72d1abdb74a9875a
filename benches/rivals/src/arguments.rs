//! What the command line asks for.

use crate::data::AUTHORS_MIN;
use crate::workload::Workload;

pub(crate) const USAGE: &str = "usage: rivals [AUTHORS [ROUNDS]] [--only W3,W6] \
    [--contestants relata,hand,sqlite,seaorm] [--json FILE]";

/// In the order of the table.
pub(crate) const CONTESTANTS: &[&str] = if cfg!(feature = "seaorm") {
    &["relata", "hand", "sqlite", "seaorm"]
} else {
    &["relata", "hand", "sqlite"]
};

/// A run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) authors: usize,
    pub(crate) rounds: usize,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) contestants: Vec<&'static str>,
    pub(crate) json: Option<String>,
    /// In a child process: load this contestant and tell the memory it takes.
    pub(crate) resident: Option<&'static str>,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            authors: 10_000,
            rounds: 5,
            workloads: Workload::ALL.to_vec(),
            contestants: CONTESTANTS.to_vec(),
            json: None,
            resident: None,
        }
    }
}

impl Arguments {
    /// Reads them, without the program's name.
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Arguments::default();
        let mut numbers = Vec::new();
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--only" => arguments.workloads = list(&value()?, workload)?,
                "--contestants" => arguments.contestants = list(&value()?, contestant)?,
                "--json" => arguments.json = Some(value()?),
                "--resident" => arguments.resident = Some(contestant(&value()?)?),
                _ => numbers.push(number(&argument)?),
            }
        }
        match numbers[..] {
            [] => {}
            [authors] => arguments.authors = authors,
            [authors, rounds] => (arguments.authors, arguments.rounds) = (authors, rounds),
            _ => return Err("too many numbers".into()),
        }
        if arguments.authors < AUTHORS_MIN || arguments.rounds == 0 {
            return Err(format!("at least {AUTHORS_MIN} authors and one round"));
        }
        Ok(arguments)
    }

    pub(crate) fn wants(&self, workload: Workload) -> bool {
        self.workloads.contains(&workload)
    }
}

fn list<T>(text: &str, item: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(item).collect()
}

fn workload(name: &str) -> Result<Workload, String> {
    Workload::named(name).ok_or_else(|| {
        let names = Workload::ALL.map(Workload::name).join(", ");
        format!("no workload {name}; there are {names}")
    })
}

fn contestant(name: &str) -> Result<&'static str, String> {
    let mut names = CONTESTANTS.iter().copied();
    names
        .find(|known| *known == name)
        .ok_or_else(|| format!("no contestant {name}; there are {}", CONTESTANTS.join(", ")))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("{text} is neither an option nor a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn a_line_is_read_in_any_order() {
        let arguments = parse("--only W3,w8f 200 --contestants hand 7 --json out").unwrap();
        assert_eq!(
            arguments,
            Arguments {
                authors: 200,
                rounds: 7,
                workloads: vec![Workload::W3, Workload::W8f],
                contestants: vec!["hand"],
                json: Some("out".into()),
                resident: None,
            }
        );
        assert_eq!(parse("").unwrap(), Arguments::default());
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, named) in [
            ("--only W99", "W99"),
            ("--contestants oracle", "oracle"),
            ("--json", "--json"),
            ("many", "many"),
            ("1 2 3", "numbers"),
            ("10", "40"),
            ("200 0", "round"),
        ] {
            assert!(parse(line).unwrap_err().contains(named), "{line}");
        }
    }
}
