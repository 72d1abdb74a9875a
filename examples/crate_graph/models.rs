//! The models of a crate graph, and how they are associated.

use relata::schema::{CheckDef, UniqueDef};
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, HasMany, ModelDef, Models, Result,
    Through, Uniqueness, col,
};

/// Packages with their targets, features and licences; who depends on whom; notes on packages or targets.
pub(crate) fn declare() -> Result<Database> {
    let mut models = Models::new();
    models
        .define(
            model("Package")
                .attribute(text("name").not_null())
                .attribute(text("version").not_null())
                .attribute(text("edition"))
                .attribute(text("description"))
                .unique(UniqueDef::new(["name", "version"])),
        )
        .define(
            model("Target")
                .attribute(text("name").not_null())
                .attribute(text("kind").not_null()),
        )
        .define(
            model("Feature")
                .attribute(text("name").not_null())
                .attribute(text("enables"))
                .unique(UniqueDef::new(["package_id", "name"])),
        )
        .define(model("License").attribute(text("spdx").not_null().unique()))
        .define(
            model("Dependency")
                .attribute(text("kind").not_null())
                .attribute(text("requirement").not_null())
                .attribute(Attribute::new("optional", DataType::Bool).not_null())
                .check(CheckDef::new(
                    "dependency_kind",
                    col("kind").is_in(["normal", "dev", "build"]),
                )),
        )
        .define(
            model("Note")
                .attribute(text("text").not_null())
                .attribute(text("about").not_null()),
        );

    // A package takes its targets and features along when it goes.
    models
        .has_many(
            "Package",
            HasMany::new("Target").alias("targets").on_delete("CASCADE"),
        )
        .belongs_to("Target", BelongsTo::new("Package").alias("package"))
        .has_many(
            "Package",
            HasMany::new("Feature")
                .alias("features")
                .on_delete("CASCADE"),
        )
        .belongs_to("Feature", BelongsTo::new("Package").alias("package"));

    // Many packages share a licence.
    models
        .belongs_to_many(
            "Package",
            BelongsToMany::new("License")
                .alias("licences")
                .through("PackageLicense"),
        )
        .belongs_to_many(
            "License",
            BelongsToMany::new("Package")
                .alias("packages")
                .through("PackageLicense"),
        );

    // A package depends on packages. The same two may be linked once for each kind. Whoever is depended on stays.
    let columns = ["package_id", "dependency_id", "kind"]
        .map(String::from)
        .to_vec();
    let edges = || Through::new("Dependency").unique(Uniqueness::Attributes(columns.clone()));
    models
        .belongs_to_many(
            "Package",
            BelongsToMany::new("Package")
                .alias("dependencies")
                .through(edges())
                .foreign_key("package_id")
                .other_key("dependency_id")
                .on_delete("CASCADE"),
        )
        .belongs_to_many(
            "Package",
            BelongsToMany::new("Package")
                .alias("dependents")
                .through(edges())
                .foreign_key("dependency_id")
                .other_key("package_id")
                .on_delete("RESTRICT"),
        );

    // A note is about a package or about a target: one key for both, told apart by `about`.
    for (source, about) in [("Package", "package"), ("Target", "target")] {
        models.has_many(
            source,
            HasMany::new("Note")
                .alias("notes")
                .foreign_key("subject_id")
                .constraints(false)
                .scope("about", about),
        );
    }
    models.sync()
}

fn model(name: &str) -> ModelDef {
    ModelDef::new(name).underscored(true).timestamps(false)
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}
