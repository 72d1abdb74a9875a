//! Each row of a tree is validated and has its hooks run by itself, and its hooks know what it is created under.

use relata::model::HookContext;
use relata::{BelongsTo, BelongsToMany, Database, HasMany, Instance, Models, Result, tree, values};

use super::{Record, broken, refused, shown, text};

/// Hooks that tell the instance and what stands above it.
fn tells(
    record: &Record,
) -> impl Fn(&mut HookContext<'_, '_>, &mut Instance) -> Result<()> + 'static {
    let record = record.clone();
    move |hook, instance| {
        let above = hook.parent().map_or_else(String::new, |it| {
            format!(" under {} {}", it.model(), shown(it))
        });
        record.note(format!(
            "{:?} {} {}{above}",
            hook.event(),
            hook.model(),
            shown(instance)
        ));
        Ok(())
    }
}

fn shop(record: &Record) -> Database {
    let mut models = Models::new();
    for name in ["User", "Product", "Tag", "Tagging"] {
        models.define_with(name, |it| {
            it.attribute(text("name").validate(relata::Rule::length(..9)))
                .before_create(tells(record))
                .after_create(tells(record))
        });
    }
    models.belongs_to(
        "Product",
        BelongsTo::new("User").alias("user").foreign_key("userId"),
    );
    models.has_many(
        "User",
        HasMany::new("Product")
            .alias("products")
            .foreign_key("userId"),
    );
    let tags = BelongsToMany::new("Tag").alias("tags").through("Tagging");
    models.belongs_to_many("Product", tags);
    models.sync().unwrap()
}

// rules: CR-17
// Broken, a row of a tree would come without its hooks, or they could not know below what it comes.
#[test]
fn hooks_of_each_row_run_and_know_what_is_above() -> Result<()> {
    let record = Record::default();
    let mut db = shop(&record);
    let product = tree! {
        name: "chair",
        user: { name: "mick" },
        tags: [{ name: "red", Tagging: { name: "link" } }],
    };
    let chair = db.create_tree("Product", product)?;
    assert_eq!(
        record.take(),
        [
            // What it belongs to comes first, under a product that is not there yet.
            "BeforeCreate User new mick under Product new chair",
            "AfterCreate User mick under Product new chair",
            "BeforeCreate Product new chair",
            "AfterCreate Product chair",
            "BeforeCreate Tag new red under Product chair",
            "AfterCreate Tag red under Product chair",
            "BeforeCreate Tagging new link under Product chair",
            "AfterCreate Tagging link under Product chair",
        ]
    );
    let mick = chair.one("user")?.unwrap();
    db.related(mick, "products")?
        .create(values! { name: "table" })?;
    db.related(&chair, "tags")?
        .create(values! { name: "new" })?;
    assert_eq!(
        record.take(),
        [
            "BeforeCreate Product new table under User mick",
            "AfterCreate Product table under User mick",
            "BeforeCreate Tag new new under Product chair",
            "AfterCreate Tag new under Product chair",
            "BeforeCreate Tagging new ? under Product chair",
            "AfterCreate Tagging ? under Product chair",
        ]
    );
    Ok(())
}

// rules: CR-17, CR-16
// Broken, what is wrong at the bottom of a tree would leave the top of it, or would not be found.
#[test]
fn each_row_is_validated() {
    let mut db = shop(&Record::default());
    let long = "much too long";
    for tree in [
        tree! { name: "c", user: { name: "much too long" } },
        tree! { name: "c", user: { name: "u", products: [{ name: "p" }, { name: "much too long" }] } },
        tree! { name: "c", tags: [{ name: "t" }, { name: "much too long" }] },
        tree! { name: "c", tags: [{ name: "t", Tagging: { name: "much too long" } }] },
        tree! { name: long, user: { name: "u" } },
    ] {
        let error = refused(&mut db, |db| db.create_tree("Product", tree));
        assert_eq!(broken(&error), ["length"]);
    }
}

// Broken, a child could be given another parent by the caller, or a hook could not decide otherwise.
#[test]
fn a_hook_has_the_last_word_about_keys() -> Result<()> {
    let mut models = Models::new();
    models.define_with("User", |it| it.attribute(text("name")));
    models.define_with("Task", |it| {
        it.attribute(text("name")).before_create(|hook, task| {
            match (task.get("name")?.as_str(), hook.parent()) {
                (Some("secret"), Some(_)) => task.set("UserId", None::<i64>),
                _ => Ok(()),
            }
        })
    });
    models.has_many("User", HasMany::new("Task").alias("tasks"));
    let mut db = models.sync()?;
    let tasks = [tree! { name: "plain", UserId: 7 }, tree! { name: "secret" }];
    let ada = db.create_tree("User", tree! { name: "ada" }.with("tasks", tasks))?;
    assert_eq!(db.related(&ada, "tasks")?.count()?, 1);
    assert!(ada.many("tasks")?[1].get("UserId")?.is_null());
    Ok(())
}
