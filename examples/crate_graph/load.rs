//! Writes a crate graph into the models, in one transaction.

use relata::{Database, Instance, Result, values};

use crate::metadata::{Metadata, PackageInfo};

/// Loads everything; the packages come back in the order of the metadata.
pub(crate) fn load(db: &mut Database, graph: &Metadata) -> Result<Vec<Instance>> {
    let mut tx = db.begin();
    let packages = tx.create_many(
        "Package",
        graph.packages.iter().map(|package| {
            values! {
                name: &package.name,
                version: &package.version,
                edition: &package.edition,
                description: package.description.as_deref(),
            }
        }),
    )?;

    for (info, package) in graph.packages.iter().zip(&packages) {
        for (name, kind) in &info.targets {
            tx.related(package, "targets")?
                .create(values! { name: name, kind: kind })?;
        }
        for (name, enables) in &info.features {
            tx.related(package, "features")?
                .create(values! { name: name, enables: enables.join(", ") })?;
        }
        for spdx in &info.licences {
            let (licence, _) = tx.find_or_create("License", values! { spdx: spdx }, values! {})?;
            tx.related(package, "licences")?.add(&licence)?;
        }
    }

    let id = |position: usize| packages[position].get("id").cloned();
    let mut dependencies = Vec::new();
    for edge in &graph.dependencies {
        dependencies.push(values! {
            package_id: id(edge.package)?,
            dependency_id: id(edge.dependency)?,
            kind: &edge.kind,
            requirement: &edge.requirement,
            optional: edge.optional,
        });
    }
    tx.create_many("Dependency", dependencies)?;

    for (info, package) in graph.packages.iter().zip(&packages) {
        for note in notes(info) {
            tx.related(package, "notes")?
                .create(values! { text: note })?;
        }
        for target in tx.related(package, "targets")?.get()? {
            if target.get("kind")?.as_str() == Some("custom-build") {
                tx.related(&target, "notes")?
                    .create(values! { text: "runs while its package is built" })?;
            }
        }
    }
    tx.commit()?;
    Ok(packages)
}

/// What a reader of the graph should know of a package.
fn notes(package: &PackageInfo) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if package.licences.is_empty() {
        notes.push("states no licence");
    }
    if package.targets.iter().any(|(_, kind)| kind == "proc-macro") {
        notes.push("runs inside the compiler");
    }
    notes
}
