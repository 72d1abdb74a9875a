//! Destroying an instance whose associations ask for hooks destroys what goes along one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use relata::association::BelongsToOwner;
use relata::{
    Affected, BelongsTo, BelongsToMany, Database, HasMany, HasOne, Models, Result, Through, col,
    tree, values,
};

use super::{Record, refused, text};

/// Folders with files, which have versions and a preview, and with labels; every destruction is told. Versions ask for no
/// hooks.
fn store() -> (Database, Record) {
    let record = Record::default();
    let mut models = Models::new();
    for name in ["Folder", "File", "Version", "Preview", "Label", "Labelling"] {
        models.define_with(name, |it| {
            it.attribute(text("name"))
                .before_destroy(record.row())
                .after_destroy(record.row())
        });
    }
    let cascade = |name: &str| HasMany::new(name).on_delete("CASCADE");
    models.has_many("Folder", cascade("File").alias("files").hooks(true));
    models.has_many("File", cascade("Version").alias("versions"));
    let preview = HasOne::new("Preview")
        .alias("preview")
        .on_delete("CASCADE")
        .hooks(true);
    models.has_one("File", preview);
    let labels = BelongsToMany::new("Label")
        .alias("labels")
        .through("Labelling")
        .hooks(true);
    models.belongs_to_many("Folder", labels);
    (models.sync().unwrap(), record)
}

fn told(events: &[&str]) -> Vec<String> {
    let event = |it: &&str| match it.split_at(1) {
        ("+", name) => format!("BeforeDestroy {name}"),
        (_, name) => format!("AfterDestroy {name}"),
    };
    events.iter().map(event).collect()
}

// rules: HK-1, BY-12
// Broken, what goes along would go without its hooks, in another order, or not at all.
#[test]
fn what_goes_along_is_destroyed_one_by_one() -> Result<()> {
    let (mut db, record) = store();
    let folder = db.create_tree(
        "Folder",
        tree! {
            name: "top",
            files: [
                { name: "a", versions: [{ name: "a1" }, { name: "a2" }], preview: { name: "ap" } },
                { name: "b", versions: [{ name: "b1" }] },
            ],
            labels: [{ name: "red", Labelling: { name: "link" } }],
        },
    )?;
    let expected = db.plan_destroy(&folder)?;
    let affected = db.destroy(&folder)?;
    // The versions went without hooks, as their association asks for none; the label stays.
    let order = [
        "+top", "+a", "+ap", "-ap", "-a", "+b", "-b", "+link", "-link", "-top",
    ];
    assert_eq!(record.take(), told(&order));
    assert_eq!(
        affected,
        Affected {
            rows: 1,
            by_actions: 7
        }
    );
    assert_eq!(expected.rows.len(), 8, "the plan says the same");
    let left = ["Folder", "File", "Version", "Preview", "Labelling", "Label"];
    let left = left.map(|model| db.count(model).unwrap());
    assert_eq!(left, [0, 0, 0, 0, 0, 1]);
    db.check_integrity().unwrap();
    // Having none is fine.
    let empty = db.create("Folder", values! { name: "empty" })?;
    assert_eq!(
        db.destroy(&empty)?,
        Affected {
            rows: 1,
            by_actions: 0
        }
    );
    assert_eq!(record.take(), told(&["+empty", "-empty"]));
    assert_eq!(db.destroy(&empty)?, Affected::default());
    Ok(())
}

// rules: HK-1
// Broken, a call about several would take hours where a CASCADE takes a moment, unasked.
#[test]
fn destroying_several_by_one_call_leaves_it_to_the_engine() -> Result<()> {
    let (mut db, record) = store();
    for name in ["x", "y"] {
        db.create_tree("Folder", tree! { name: name, files: [{ name: "f" }] })?;
    }
    assert_eq!(
        db.destroy_where("Folder", col("name").eq("x"))?.by_actions,
        1
    );
    assert_eq!(record.take(), [""; 0]);
    db.transaction(|tx| {
        tx.with_individual_hooks(|tx| tx.destroy_where("Folder", col("name").eq("y")))
    })?;
    assert_eq!(record.take(), told(&["+y", "-y"]));
    assert_eq!(db.count("File")?, 0);
    let folder = db.create_tree("Folder", tree! { name: "z", files: [{ name: "f" }] })?;
    db.transaction(|tx| tx.without_hooks(|tx| tx.destroy(&folder)))?;
    assert_eq!((record.take().len(), db.count("File")?), (0, 0));
    Ok(())
}

// rules: HK-1, HK-2
// Broken, a file that refuses to go would leave a folder without its other files.
#[test]
fn one_that_refuses_keeps_them_all() -> Result<()> {
    let mut models = Models::new();
    models.define_with("Folder", |it| it.attribute(text("name")));
    models.define_with("File", |it| {
        it.attribute(text("name"))
            .before_destroy(|hook, file| match file.get("name")?.as_str() {
                Some("locked") => Err(hook.refuse("it is locked")),
                _ => Ok(()),
            })
    });
    models.has_many(
        "Folder",
        HasMany::new("File")
            .alias("files")
            .on_delete("CASCADE")
            .hooks(true),
    );
    let mut db = models.sync()?;
    let files = tree! { name: "top", files: [{ name: "a" }, { name: "locked" }] };
    let folder = db.create_tree("Folder", files)?;
    let error = refused(&mut db, |db| db.destroy(&folder));
    assert_eq!(error.to_string(), "File: it is locked");
    Ok(())
}

// rules: HK-1, PA-3
// Broken, a folder that can be restored would have lost its files for good.
#[test]
fn a_soft_deletion_takes_nothing_along() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("Folder", |it| it.attribute(text("name")).soft_delete());
    models.define_with("File", |it| {
        it.attribute(text("name")).after_destroy(record.row())
    });
    models.has_many(
        "Folder",
        HasMany::new("File")
            .alias("files")
            .on_delete("CASCADE")
            .hooks(true),
    );
    let mut db = models.sync()?;
    let folder = db.create_tree("Folder", tree! { name: "top", files: [{ name: "a" }] })?;
    db.destroy(&folder)?;
    assert_eq!((record.take().len(), db.count("File")?), (0, 1));
    db.destroy_forced(&folder)?;
    assert_eq!((record.take(), db.count("File")?), (told(&["-a"]), 0));
    Ok(())
}

// rules: HK-1
// Broken, an association whose key is not deleted along would delete its targets.
#[test]
fn only_what_cascades_goes_along() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    for name in ["Folder", "File", "Link", "Owner", "Tag"] {
        models.define_with(name, |it| {
            it.attribute(text("name")).after_destroy(record.row())
        });
    }
    models.has_many("Folder", HasMany::new("File").alias("files").hooks(true));
    let loose = HasMany::new("Link")
        .alias("links")
        .constraints(false)
        .hooks(true);
    models.has_many("Folder", loose);
    let owner = BelongsTo::new("Owner")
        .alias("owner")
        .on_delete("CASCADE")
        .hooks(true);
    models.belongs_to("Folder", owner);
    let tags = BelongsToMany::new("Tag")
        .alias("tags")
        .through(Through::new("Tagging"));
    models.belongs_to_many("Folder", tags.hooks(true));
    let mut db = models.sync()?;
    let folder = db.create_tree(
        "Folder",
        tree! {
            name: "top", files: [{ name: "f" }], links: [{ name: "l" }], owner: { name: "o" },
            tags: [{ name: "t" }],
        },
    )?;
    db.destroy(&folder)?;
    assert_eq!(record.take(), told(&["-top"]));
    let counts = ["File", "Link", "Owner", "Tag", "Tagging"].map(|it| db.count(it).unwrap());
    assert_eq!(counts, [1, 1, 1, 1, 0]);
    Ok(())
}

// rules: HK-1
// Broken, a long chain would end the process with its stack, and a ring never end.
#[test]
fn depth_costs_no_stack_and_rings_end() -> Result<()> {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = count.clone();
    let mut models = Models::new();
    models.define_with("Node", |it| {
        it.attribute(text("name")).before_destroy(move |_, _| {
            counting.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    });
    let below = HasMany::new("Node").alias("below").foreign_key("aboveId");
    models.has_many("Node", below.on_delete("CASCADE").hooks(true));
    let mut db = models.sync()?;
    let depth = 3_000_i64;
    let rows = (1..=depth).map(|id| values! { id: id, aboveId: (id > 1).then_some(id - 1) });
    let nodes = db.create_many("Node", rows)?;
    let mut ring = db.fork();
    let affected = db.destroy(&nodes[0])?;
    assert_eq!((affected.rows, affected.by_actions), (1, 2_999));
    assert_eq!(
        (count.swap(0, Ordering::Relaxed), db.count("Node")?),
        (3_000, 0)
    );

    let mut first = ring.find("Node", 1)?.unwrap();
    ring.update(&mut first, values! { aboveId: depth })?;
    ring.destroy(&first)?;
    assert_eq!(
        (count.load(Ordering::Relaxed), ring.count("Node")?),
        (3_000, 0)
    );
    ring.check_integrity().unwrap();
    Ok(())
}

// rules: HK-1
// Broken, a file that a hook has moved elsewhere would be destroyed where it no longer is.
#[test]
fn what_a_hook_moves_or_takes_away_is_left_alone() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("Folder", |it| it.attribute(text("name")));
    models.define_with("File", |it| {
        it.attribute(text("name"))
            .before_destroy(record.row())
            .before_destroy(|hook, file| {
                if file.get("name")?.as_str() == Some("a") {
                    let elsewhere = values! { FolderId: None::<i64> };
                    hook.update_where("File", col("name").eq("b"), elsewhere)?;
                    hook.destroy_where("File", col("name").eq("c"))?;
                }
                Ok(())
            })
    });
    models.has_many(
        "Folder",
        HasMany::new("File")
            .alias("files")
            .on_delete("CASCADE")
            .hooks(true),
    );
    let mut db = models.sync()?;
    let files =
        tree! { name: "top", files: [{ name: "a" }, { name: "b" }, { name: "c" }, { name: "d" }] };
    let folder = db.create_tree("Folder", files)?;
    db.destroy(&folder)?;
    assert_eq!(record.take(), told(&["+a", "+d"]));
    assert_eq!(db.count("File")?, 1);
    Ok(())
}

// rules: HK-1, BY-18
// Broken, cities would go with the first of two countries that have their code.
#[test]
fn a_key_to_any_row_takes_nothing_along_before_the_last() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("Country", |it| it.attribute(text("code")));
    models.define_with("City", |it| {
        it.attribute(text("name")).after_destroy(record.row())
    });
    let cities = HasMany::new("City")
        .alias("cities")
        .source_key("code")
        .foreign_key("code");
    models.has_many("Country", cities.on_delete("CASCADE").hooks(true));
    let mut db = models.sync()?;
    let countries = db.create_many("Country", ["FI", "FI"].map(|code| values! { code: code }))?;
    db.related(&countries[0], "cities")?
        .create(values! { name: "Turku" })?;
    db.destroy(&countries[0])?;
    assert_eq!((record.take().len(), db.count("City")?), (0, 1));
    db.destroy(&countries[1])?;
    assert_eq!((record.take(), db.count("City")?), (told(&["-Turku"]), 0));
    Ok(())
}

// rules: HK-1, D18
// Broken, the one target that is replaced would be destroyed without what goes along with it.
#[test]
fn a_target_that_is_replaced_is_destroyed_as_an_instance() -> Result<()> {
    let (mut db, record) = store();
    let file = db.create_tree("File", tree! { name: "f", preview: { name: "p" } })?;
    let mut other = db.build("Preview", values! { name: "q" })?;
    db.related(&file, "preview")?
        .destroy_previous()
        .set(&other)?;
    assert_eq!(record.take(), told(&["+p", "-p"]));
    other = db.related(&file, "preview")?.one()?.expect("it was set");
    assert_eq!(other.get("name")?.as_str(), Some("q"));
    let mut models = Models::new();
    for name in ["Desk", "Drawer", "User"] {
        models.define_with(name, |it| {
            it.attribute(text("name")).after_destroy(record.row())
        });
    }
    models.has_one("User", HasOne::new("Desk").alias("desk"));
    let drawers = HasMany::new("Drawer").alias("drawers").on_delete("CASCADE");
    models.has_many("Desk", drawers.hooks(true));
    let mut db = models.sync()?;
    let ada = tree! { name: "ada", desk: { name: "oak", drawers: [{ name: "top" }] } };
    let ada = db.create_tree("User", ada)?;
    db.related(&ada, "desk")?.destroy_previous().set(())?;
    assert_eq!(record.take(), told(&["-top", "-oak"]));
    Ok(())
}

// rules: BY-12, D18
// Broken, a hook that watches would make a difference: of several targets that are replaced, the first to go would be
// refused for the sake of the second, which goes as well.
#[test]
fn targets_that_are_replaced_together_go_by_one_statement() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("Engine", |it| it.attribute(text("name")));
    models.define_with("Part", |it| {
        it.attribute(text("name"))
            .before_destroy(record.row())
            .after_destroy(record.row())
    });
    models.has_one(
        "Engine",
        HasOne::new("Part").alias("part").foreign_key("engineId"),
    );
    let within = BelongsTo::new("Part")
        .alias("within")
        .foreign_key("withinId");
    models.belongs_to("Part", within.on_delete("NO ACTION"));
    let mut db = models.sync()?;
    let engine = db.create("Engine", values! { name: "v8" })?;
    let outer = db.create("Part", values! { name: "outer", engineId: 1 })?;
    let inner = values! { name: "inner", engineId: 1, withinId: outer.get("id")? };
    db.create("Part", inner)?;
    db.related(&engine, "part")?.destroy_previous().set(())?;
    let both = ["+outer", "+inner", "-outer", "-inner"];
    assert_eq!(record.take(), told(&both));
    assert_eq!(db.count("Part")?, 0);
    Ok(())
}

// rules: HK-1, BY-11
// Broken, deleting an owner would leave its comments without their hooks, or take one that a hook has given to another
// owner whose key is the same.
#[test]
fn what_an_owner_has_goes_along() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    for name in ["Post", "Image"] {
        models.define_with(name, |it| it.attribute(text("name")));
        let comments = HasMany::new("Comment")
            .alias("comments")
            .as_owner("on")
            .hooks(true);
        models.has_many(name, comments.on_delete("CASCADE"));
    }
    models.define_with("Comment", |it| {
        it.attribute(text("name"))
            .before_destroy(record.row())
            .before_destroy(|hook, comment| {
                if comment.get("name")?.as_str() == Some("a") {
                    let image = values! { onType: "Image" };
                    hook.update_where("Comment", col("name").eq("b"), image)?;
                }
                Ok(())
            })
    });
    let on = BelongsToOwner::new("on")
        .one_of("Post")
        .one_of("Image")
        .on_delete("CASCADE");
    models.belongs_to_owner("Comment", on);
    let mut db = models.sync()?;
    let comments = tree! { name: "p", comments: [{ name: "a" }, { name: "b" }, { name: "c" }] };
    let post = db.create_tree("Post", comments)?;
    let image = db.create_tree("Image", tree! { name: "i", comments: [{ name: "d" }] })?;
    assert_eq!(post.get("id")?, image.get("id")?);
    db.destroy(&post)?;
    assert_eq!(record.take(), ["BeforeDestroy a", "BeforeDestroy c"]);
    assert_eq!(db.related(&image, "comments")?.count()?, 2);
    db.destroy(&image)?;
    assert_eq!(record.take(), ["BeforeDestroy b", "BeforeDestroy d"]);
    db.check_integrity().unwrap();
    Ok(())
}
