//! Reads the dependency graph of a Rust project into models, and asks it questions.
//!
//! `cargo run --example crate_graph [-- PATH_TO_CARGO_TOML]`
//!
//! The graph comes from `cargo metadata`, of this project unless a manifest is named. What is shown: loading under
//! integrity, an include tree, the plan behind it, what removing a package would take along and what forbids it, the
//! removal in a fork while the original stays as it is, and undoing it by inverted changes.
#![expect(
    clippy::print_stdout,
    reason = "an example talks to a person in a terminal"
)]

mod load;
mod metadata;
mod models;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use relata::{Database, Instance, Result, col};

use crate::report::Watch;

fn main() -> ExitCode {
    let manifest = std::env::args_os().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
        PathBuf::from,
    );
    let mut watch = Watch::start();
    let graph = match metadata::read(&manifest) {
        Ok(graph) => graph,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    watch.lap("read the graph from cargo");
    match tell(&graph, watch) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tell(graph: &metadata::Metadata, mut watch: Watch) -> Result<()> {
    let mut db = models::declare()?;
    watch.lap("declare 7 models and their associations");
    let packages = load::load(&mut db, graph)?;
    watch.lap("load it in one transaction, every constraint checked");
    report::counts(&db)?;

    let root = &packages[graph.root];
    report::tree(&db, root)?;
    watch.lap("read and print the tree");
    report::plan(&db, root)?;

    if let Some(popular) = most_depended_on(&db, &packages)? {
        remove_in_a_fork(&db, popular, &mut watch)?;
    }
    report::notes(&db)?;
    watch.print();
    Ok(())
}

/// The package that most others depend on; the first of several.
fn most_depended_on<'p>(db: &Database, packages: &'p [Instance]) -> Result<Option<&'p Instance>> {
    let snapshot = db.snapshot();
    let mut best = (0, None);
    for package in packages {
        let dependents = snapshot.related(package, "dependents")?.count()?;
        if dependents > best.0 {
            best = (dependents, Some(package));
        }
    }
    Ok(best.1)
}

/// Tries to remove a package, learns what forbids it, and removes it where nobody else sees it.
fn remove_in_a_fork(db: &Database, package: &Instance, watch: &mut Watch) -> Result<()> {
    let name = report::label(package)?;
    let before = db.fingerprint();
    watch.lap("find the package that most depend on, and fingerprint all rows");
    let mut fork = db.fork();
    watch.lap("fork");

    report::heading(&format!("Removing {name}"));
    if let Err(refused) = fork.destroy(package) {
        println!("Refused: {refused}");
        let dependents = fork.related(package, "dependents")?.get()?;
        let names = dependents
            .iter()
            .map(report::label)
            .collect::<Result<Vec<_>>>()?;
        println!("Forbidden by: {}", names.join(", "));
        assert_eq!(
            fork.fingerprint(),
            before,
            "a refused statement changes nothing"
        );
    }

    println!("\nIn the fork, first taking it from everybody that depends on it:");
    let changes = {
        let mut tx = fork.begin();
        tx.destroy_where(
            "Dependency",
            col("dependency_id").eq(package.key()?[0].clone()),
        )?;
        tx.destroy(package)?;
        tx.commit_with_changes()?
    };
    watch.lap("remove it in the fork, with all that it takes along");
    report::changes(&changes);

    println!(
        "\nThe original has not moved: {} packages here, {} there.",
        db.count("Package")?,
        fork.count("Package")?
    );
    assert_eq!(db.fingerprint(), before, "a fork shares nothing visible");
    fork.apply(&changes.invert())?;
    assert_eq!(fork.fingerprint(), before, "inverted changes lead back");
    watch.lap("undo it by inverted changes, and compare all rows");
    println!("Undone in the fork by inverted changes: equal to the original again, row for row.");
    Ok(())
}
