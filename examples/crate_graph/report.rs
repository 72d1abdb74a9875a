//! Prints what the graph holds, for a person in a terminal.

use std::time::{Duration, Instant};

use relata::{Changes, Database, Instance, Record, Result, Select, col, include, select};

/// How many names of a list are printed before the rest is only counted.
const NAMES_MAX: usize = 6;

/// A title with a line under it.
pub(crate) fn heading(title: &str) {
    println!("\n{title}\n{}", "-".repeat(title.chars().count()));
}

/// `name version`.
pub(crate) fn label(package: &Instance) -> Result<String> {
    let text = |attribute| {
        package
            .get(attribute)
            .map(|value| value.as_str().unwrap_or_default().to_owned())
    };
    Ok(format!("{} {}", text("name")?, text("version")?))
}

pub(crate) fn counts(db: &Database) -> Result<()> {
    heading("Loaded");
    for model in [
        "Package",
        "Dependency",
        "Target",
        "Feature",
        "License",
        "PackageLicense",
        "Note",
    ] {
        println!("{model:<15} {:>6}", db.count(model)?);
    }
    Ok(())
}

/// A package with its dependencies, their targets and their features.
fn request(root: &Instance) -> Result<Select> {
    let dependencies = include("dependencies")
        .attributes(["name", "version"])
        .order_by("name")
        .include(include("targets").attributes(["name", "kind"]))
        .include(include("features").attributes(["name"]).order_by("name"));
    Ok(select("Package")
        .filter(col("id").eq(root.get("id")?.clone()))
        .include("licences")
        .include(dependencies))
}

pub(crate) fn tree(db: &Database, root: &Instance) -> Result<()> {
    let request = request(root)?;
    let rows = request.run(db)?;
    for package in rows.iter() {
        heading(&format!("{} and what it depends on", names(&[package])?));
        println!("licences: {}", names_of(package.many("licences")?, "spdx")?);
        let dependencies: Vec<Record<'_>> = package.many("dependencies")?.collect();
        for (position, dependency) in dependencies.iter().enumerate() {
            let last = position + 1 == dependencies.len();
            let (branch, trunk) = if last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            println!("{branch} {}  {}", names(&[*dependency])?, edge(dependency)?);
            let targets = dependency.many("targets")?.map(|target| {
                Ok(format!(
                    "{} ({})",
                    target.get("name")?.as_str().unwrap_or("?"),
                    target.get("kind")?.as_str().unwrap_or("?")
                ))
            });
            println!(
                "{trunk}    targets:  {}",
                shorten(targets.collect::<Result<Vec<_>>>()?)
            );
            println!(
                "{trunk}    features: {}",
                names_of(dependency.many("features")?, "name")?
            );
        }
        if dependencies.is_empty() {
            println!("└─ nothing");
        }
    }
    Ok(())
}

/// What the junction row says of an edge.
fn edge(dependency: &Record<'_>) -> Result<String> {
    let Some(junction) = dependency.through() else {
        return Ok(String::new());
    };
    let optional = if junction.get("optional")?.as_bool() == Some(true) {
        ", optional"
    } else {
        ""
    };
    let text = |attribute| {
        junction
            .get(attribute)
            .map(|value| value.as_str().unwrap_or("?").to_owned())
    };
    Ok(format!(
        "[{} {}{optional}]",
        text("kind")?,
        text("requirement")?
    ))
}

fn names(packages: &[Record<'_>]) -> Result<String> {
    let mut labels = Vec::new();
    for package in packages {
        let text = |attribute| {
            package
                .get(attribute)
                .map(|value| value.as_str().unwrap_or("?").to_owned())
        };
        labels.push(format!("{} {}", text("name")?, text("version")?));
    }
    Ok(labels.join(", "))
}

fn names_of<'r>(records: impl Iterator<Item = Record<'r>>, attribute: &str) -> Result<String> {
    let names = records.map(|record| Ok(record.get(attribute)?.as_str().unwrap_or("?").to_owned()));
    Ok(shorten(names.collect::<Result<Vec<_>>>()?))
}

fn shorten(mut names: Vec<String>) -> String {
    let left = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    match (names.is_empty(), left) {
        (true, _) => "none".to_owned(),
        (false, 0) => names.join(", "),
        (false, left) => format!("{} and {left} more", names.join(", ")),
    }
}

pub(crate) fn plan(db: &Database, root: &Instance) -> Result<()> {
    heading("How the tree is read");
    print!("{}", request(root)?.explain(db)?);
    Ok(())
}

/// What a transaction changed, counted by table, with a few names.
pub(crate) fn changes(changes: &Changes) {
    let mut tables: Vec<(&str, usize, usize)> = Vec::new();
    for row in &changes.rows {
        if tables.last().is_none_or(|(table, ..)| *table != row.table) {
            tables.push((&row.table, 0, 0));
        }
        if let Some((_, removed, changed)) = tables.last_mut() {
            *(if row.after.is_none() {
                removed
            } else {
                changed
            }) += 1;
        }
    }
    for (table, removed, changed) in tables {
        println!("  {table:<16} {removed:>4} removed, {changed} changed");
    }
}

pub(crate) fn notes(db: &Database) -> Result<()> {
    heading("Notes");
    let packages = select("Package")
        .order_by("name")
        .include(include("notes").required(true));
    let targets = select("Target")
        .order_by("name")
        .include(include("notes").required(true))
        .include("package");
    let mut lines = Vec::new();
    for package in packages.run(db)?.iter() {
        lines.push(format!(
            "{}: {}",
            names(&[package])?,
            names_of(package.many("notes")?, "text")?
        ));
    }
    for target in targets.run(db)?.iter() {
        let package = target
            .one("package")?
            .map_or(Ok(String::new()), |package| names(&[package]))?;
        lines.push(format!(
            "a target of {package}: {}",
            names_of(target.many("notes")?, "text")?
        ));
    }
    println!(
        "{}",
        if lines.is_empty() {
            "none".to_owned()
        } else {
            lines.join("\n")
        }
    );
    Ok(())
}

/// How long each step took.
pub(crate) struct Watch {
    last: Instant,
    laps: Vec<(String, Duration)>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the example shows a person how long things take"
)]
impl Watch {
    pub(crate) fn start() -> Self {
        Watch {
            last: Instant::now(),
            laps: Vec::new(),
        }
    }

    /// Notes the time since the last step.
    pub(crate) fn lap(&mut self, step: &str) {
        self.laps.push((step.to_owned(), self.last.elapsed()));
        self.last = Instant::now();
    }

    pub(crate) fn print(&self) {
        heading("Times");
        for (step, time) in &self.laps {
            println!("{:>12.1?}  {step}", time);
        }
    }
}
