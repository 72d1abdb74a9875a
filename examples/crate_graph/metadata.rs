//! The dependency graph of a Rust project, as `cargo metadata` tells it, in plain structs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// Everything of the graph that the example loads.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<PackageInfo>,
    pub(crate) dependencies: Vec<DependencyInfo>,
    /// The package of the manifest, or the first of its workspace, as a position in `packages`.
    pub(crate) root: usize,
}

/// One package.
#[derive(Debug)]
pub(crate) struct PackageInfo {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    pub(crate) description: Option<String>,
    /// SPDX identifiers.
    pub(crate) licences: Vec<String>,
    /// Name and kind.
    pub(crate) targets: Vec<(String, String)>,
    /// Name and what it turns on.
    pub(crate) features: Vec<(String, Vec<String>)>,
}

/// One edge of the graph: a package uses another, for one purpose.
#[derive(Debug)]
pub(crate) struct DependencyInfo {
    /// Positions in `packages`.
    pub(crate) package: usize,
    pub(crate) dependency: usize,
    /// `normal`, `dev` or `build`.
    pub(crate) kind: String,
    pub(crate) requirement: String,
    pub(crate) optional: bool,
}

/// Why there is no graph.
#[derive(Debug)]
pub(crate) enum MetadataError {
    NoManifest(PathBuf),
    NoCargo(std::io::Error),
    CargoFailed(String),
    NotUnderstood(String),
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetadataError::NoManifest(path) => {
                write!(
                    f,
                    "there is no manifest at {}: give the path of a Cargo.toml",
                    path.display()
                )
            }
            MetadataError::NoCargo(cause) => write!(f, "cargo could not be started: {cause}"),
            MetadataError::CargoFailed(message) => write!(f, "cargo metadata failed:\n{message}"),
            MetadataError::NotUnderstood(what) => {
                write!(f, "cargo metadata gave something unexpected: {what}")
            }
        }
    }
}

impl std::error::Error for MetadataError {}

/// Asks cargo, without the network if it can answer without.
pub(crate) fn read(manifest: &Path) -> Result<Metadata, MetadataError> {
    if !manifest.is_file() {
        return Err(MetadataError::NoManifest(manifest.to_owned()));
    }
    let text = ask_cargo(manifest, &["--offline"]).or_else(|_| ask_cargo(manifest, &[]))?;
    let json = serde_json::from_slice(&text)
        .map_err(|cause| MetadataError::NotUnderstood(cause.to_string()))?;
    understand(&json).ok_or_else(|| MetadataError::NotUnderstood("a field is missing".to_owned()))
}

fn ask_cargo(manifest: &Path, options: &[&str]) -> Result<Vec<u8>, MetadataError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .args(options)
        .output()
        .map_err(MetadataError::NoCargo)?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(MetadataError::CargoFailed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

fn understand(json: &Json) -> Option<Metadata> {
    let packages = json["packages"].as_array()?;
    let ids: Vec<&str> = packages
        .iter()
        .map(|package| package["id"].as_str())
        .collect::<Option<_>>()?;
    let position = |id: &Json| ids.iter().position(|known| id.as_str() == Some(known));
    let mut metadata = Metadata {
        packages: packages.iter().map(package_info).collect::<Option<_>>()?,
        root: position(&json["resolve"]["root"])
            .or_else(|| position(&json["workspace_members"][0]))
            .unwrap_or(0),
        ..Metadata::default()
    };
    for node in json["resolve"]["nodes"].as_array()? {
        let package = position(&node["id"])?;
        for edge in node["deps"].as_array()? {
            let dependency = position(&edge["pkg"])?;
            let mut kinds: Vec<&str> = edge["dep_kinds"]
                .as_array()?
                .iter()
                .map(|kind| kind["kind"].as_str().unwrap_or("normal"))
                .collect();
            kinds.sort_unstable();
            kinds.dedup();
            for kind in kinds {
                let declared = declaration(
                    &packages[package],
                    &metadata.packages[dependency].name,
                    kind,
                );
                metadata.dependencies.push(DependencyInfo {
                    package,
                    dependency,
                    kind: kind.to_owned(),
                    requirement: declared
                        .and_then(|d| d["req"].as_str())
                        .unwrap_or("*")
                        .to_owned(),
                    optional: declared
                        .and_then(|d| d["optional"].as_bool())
                        .unwrap_or(false),
                });
            }
        }
    }
    Some(metadata)
}

/// What the manifest says of an edge that was resolved.
fn declaration<'j>(package: &'j Json, name: &str, kind: &str) -> Option<&'j Json> {
    let declared = package["dependencies"].as_array()?;
    declared.iter().find(|d| {
        d["name"].as_str() == Some(name) && d["kind"].as_str().unwrap_or("normal") == kind
    })
}

fn package_info(json: &Json) -> Option<PackageInfo> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    Some(PackageInfo {
        name: text(&json["name"])?,
        version: text(&json["version"])?,
        edition: text(&json["edition"])?,
        description: text(&json["description"])
            .map(|long| long.split_whitespace().collect::<Vec<_>>().join(" ")),
        licences: json["license"]
            .as_str()
            .map(spdx_identifiers)
            .unwrap_or_default(),
        targets: json["targets"]
            .as_array()?
            .iter()
            .map(|target| Some((text(&target["name"])?, text(&target["kind"][0])?)))
            .collect::<Option<_>>()?,
        features: json["features"]
            .as_object()?
            .iter()
            .map(|(name, enables)| {
                let enables = enables
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(&text)
                    .collect();
                (name.clone(), enables)
            })
            .collect(),
    })
}

/// The identifiers of an SPDX expression, each once: `(MIT OR Apache-2.0) AND Unicode-3.0` has three.
fn spdx_identifiers(expression: &str) -> Vec<String> {
    let mut identifiers: Vec<String> = Vec::new();
    let mut words = expression
        .split(|c: char| c.is_whitespace() || "()/".contains(c))
        .filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match word {
            "OR" | "AND" => {}
            // The exception of a licence is not a licence.
            "WITH" => _ = words.next(),
            _ if identifiers.iter().any(|known| known == word) => {}
            _ => identifiers.push(word.to_owned()),
        }
    }
    identifiers
}
