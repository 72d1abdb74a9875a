//! The guide of Sequelize to associations, section by section, as running code.
//!
//! Each section says what the guide does there, does the same with relata, and checks what the guide promises. What
//! is called what in Sequelize, ActiveRecord and SeaORM stands in the documentation of `relata::association`.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use relata::{
    Attribute, BelongsTo, BelongsToMany, BelongsToOwner, DataType, Database, HasMany, HasOne,
    Instance, ModelDef, Models, Result, Through, Uniqueness, col, include, select, tree, values,
};

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

fn int(name: &str) -> Attribute {
    Attribute::new(name, DataType::Int)
}

/// Models of these names with nothing but what follows from their associations.
fn plain<const N: usize>(names: [&str; N]) -> Models {
    let mut models = Models::new();
    for name in names {
        models.define_with(name, |it| it.timestamps(false));
    }
    models
}

fn attributes(models: &Models, model: &str) -> Result<String> {
    let db = models.sync()?;
    let names: Vec<_> = db.describe(model)?.attributes().collect();
    Ok(names.join(" "))
}

fn accessors(db: &Database, model: &str, association: &str) -> Result<Vec<String>> {
    let mut all = db.describe(model)?.associations();
    let found = all
        .find(|it| it.key() == association)
        .expect("it is declared");
    Ok(found.accessors().map(|(name, _)| name.to_owned()).collect())
}

/// `text` of an instance, or null.
fn shown(instance: &Instance, attribute: &str) -> Result<String> {
    let value = instance.get(attribute)?;
    Ok(value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned))
}

fn all_shown(instances: &[Instance], attribute: &str) -> Result<Vec<String>> {
    instances.iter().map(|it| shown(it, attribute)).collect()
}

// ---- One-to-one ----

/// The source holds the key: a player is part of a team.
fn belongs_to() -> Result<()> {
    let mut models = plain(["player", "team"]);
    models.belongs_to("player", "team");
    assert_eq!(attributes(&models, "player")?, "id teamId");

    // An underscored model holds underscored keys.
    let mut models = Models::new();
    models.define_with("user", |it| it.underscored(true).timestamps(false));
    models.define_with("company", |it| {
        it.attribute(Attribute::new("uuid", DataType::Uuid).primary_key())
    });
    models.belongs_to("user", "company");
    assert_eq!(attributes(&models, "user")?, "id company_uuid");

    // An alias names the key, and `foreign_key` goes before both.
    let mut models = plain(["user", "userRole", "company"]);
    models.belongs_to("user", BelongsTo::new("userRole").alias("role"));
    models.belongs_to("user", BelongsTo::new("company").foreign_key("fk_company"));
    assert_eq!(attributes(&models, "user")?, "id roleId fk_company");
    Ok(())
}

/// A key may hold another attribute than the primary key, a plain one too.
fn target_keys() -> Result<()> {
    let mut models = Models::new();
    models.define("user");
    models.define_with("company", |it| it.attribute(text("name")));
    let company = BelongsTo::new("company")
        .foreign_key("fk_companyname")
        .target_key("name");
    models.belongs_to("user", company);
    let mut db = models.sync()?;
    db.create("company", values! { name: "Acme" })?;
    let user = db.create("user", values! { fk_companyname: "Acme" })?;
    let company = db
        .related(&user, "company")?
        .one()?
        .expect("the user has one");
    assert_eq!(shown(&company, "name")?, "Acme");
    db.create("user", values! { fk_companyname: "Nobody" })
        .unwrap_err();
    Ok(())
}

/// The target holds the key: a project has one user.
fn has_one() -> Result<()> {
    let mut models = plain(["user", "project", "person", "team", "game"]);
    models.has_one("project", "user");
    models.has_one("project", HasOne::new("user").alias("Initiator"));
    models.has_one(
        "person",
        HasOne::new("person").alias("Father").foreign_key("DadId"),
    );
    for side in ["HomeTeam", "AwayTeam"] {
        let key = if side == "HomeTeam" {
            "homeTeamId"
        } else {
            "awayTeamId"
        };
        models.has_one("team", HasOne::new("game").alias(side).foreign_key(key));
    }
    models.belongs_to("game", "team");
    assert_eq!(attributes(&models, "user")?, "id projectId InitiatorId");
    assert_eq!(attributes(&models, "person")?, "id DadId");
    assert_eq!(
        attributes(&models, "game")?,
        "id homeTeamId awayTeamId teamId"
    );
    let db = models.sync()?;
    assert_eq!(
        accessors(&db, "project", "Initiator")?,
        ["getInitiator", "setInitiator", "createInitiator"]
    );
    Ok(())
}

// ---- One-to-many ----

/// Many targets hold the key of one source; which key is a choice.
fn has_many() -> Result<()> {
    let mut models = Models::new();
    models.define("project").define("user");
    models.define_with("city", |it| {
        it.attribute(text("name")).attribute(text("countryCode"))
    });
    models.define_with("country", |it| it.attribute(text("isoCode")));
    models.has_many("project", HasMany::new("user").alias("Workers"));
    let cities = HasMany::new("city")
        .foreign_key("countryCode")
        .source_key("isoCode");
    models.has_many("country", cities);
    let country = BelongsTo::new("country")
        .foreign_key("countryCode")
        .target_key("isoCode");
    models.belongs_to("city", country);
    let mut db = models.sync()?;
    let project = db.create("project", values! {})?;
    let user = db.create("user", values! {})?;
    db.related(&project, "Workers")?.set(&user)?;
    assert_eq!(
        db.find("user", 1)?.expect("it is there").get("projectId")?,
        project.get("id")?
    );
    let finland = db.create("country", values! { isoCode: "FI" })?;
    let city = db
        .related(&finland, "cities")?
        .create(values! { name: "Turku" })?;
    assert_eq!(shown(&city, "countryCode")?, "FI");
    assert_eq!(db.related(&city, "country")?.get()?, [finland]);
    Ok(())
}

// ---- Many-to-many ----

/// Rows of a junction hold both keys. Two declarations over one junction are two sides of one relation.
fn belongs_to_many() -> Result<()> {
    let mut models = plain(["project", "user", "person"]);
    models.belongs_to_many("project", BelongsToMany::new("user").through("UserProject"));
    models.belongs_to_many("user", BelongsToMany::new("project").through("UserProject"));
    let tasks = BelongsToMany::new("project")
        .alias("Tasks")
        .through("worker_tasks");
    models.belongs_to_many("user", tasks.foreign_key("userId").other_key("projectId"));
    let children = BelongsToMany::new("person")
        .alias("Children")
        .through("PersonChildren");
    models.belongs_to_many("person", children);
    assert!(attributes(&models, "UserProject")?.ends_with("projectId userId"));
    let db = models.sync()?;
    let users = accessors(&db, "project", "users")?;
    for name in ["getUsers", "setUsers", "addUser", "addUsers"] {
        assert!(users.iter().any(|it| it == name), "{name}");
    }
    assert_eq!(db.count("PersonChildren")?, 0);

    // Without a junction there is no such association.
    models.belongs_to_many("project", BelongsToMany::new("person"));
    let error = models.sync().unwrap_err();
    println!("  refused: {error}");
    Ok(())
}

/// Users, projects, and a junction with a status.
fn staff() -> Result<Database> {
    let mut models = Models::new();
    models.define_with("user", |it| it.attribute(text("name")));
    models.define_with("project", |it| it.attribute(text("name")));
    models.define_with("userProjects", |it| {
        it.attribute(text("status")).timestamps(false)
    });
    models.belongs_to_many(
        "user",
        BelongsToMany::new("project").through("userProjects"),
    );
    models.belongs_to_many(
        "project",
        BelongsToMany::new("user").through("userProjects"),
    );
    models.sync()
}

/// The junction's own attributes are written with the link, read with the target, and asked about.
fn junction_attributes() -> Result<()> {
    let mut db = staff()?;
    let user = db.create("user", values! { name: "Ada" })?;
    let projects = db.create_many("project", [values! { name: "a" }, values! { name: "b" }])?;
    db.related(&user, "projects")?
        .add_with(&projects[0], values! { status: "started" })?;
    db.related(&user, "projects")?.add(&projects[1])?;
    let started = include("projects")
        .through_filter(col("status").eq("started"))
        .through_attributes(["status"]);
    let request = select("user").include(started);
    let rows = request.run(&db)?;
    let found: Vec<_> = rows.first().expect("one user").many("projects")?.collect();
    assert_eq!(found.len(), 1);
    let link = found[0].through().expect("it came through the junction");
    assert_eq!(link.get("status")?.as_str(), Some("started"));
    Ok(())
}

// ---- Scopes ----

/// One key for several kinds of owner: comments of posts and of images.
fn scopes_one_to_many() -> Result<()> {
    let mut models = Models::new();
    models.define("post").define("image");
    models.define_with("comment", |it| {
        it.attribute(text("title"))
            .attribute(text("commentable"))
            .attribute(int("commentable_id"))
    });
    for owner in ["post", "image"] {
        let comments = HasMany::new("comment")
            .foreign_key("commentable_id")
            .constraints(false);
        models.has_many(owner, comments.scope("commentable", owner));
        let to_owner = BelongsTo::new(owner)
            .foreign_key("commentable_id")
            .constraints(false);
        models.belongs_to("comment", to_owner.alias(owner));
    }
    let mut db = models.sync()?;
    let (post, image) = (
        db.create("post", values! {})?,
        db.create("image", values! {})?,
    );
    let awesome = db
        .related(&image, "comments")?
        .create(values! { title: "Awesome!" })?;
    assert_eq!(shown(&awesome, "commentable")?, "image");
    assert_eq!(db.related(&post, "comments")?.count()?, 0);

    // The guide's `getItem`: the accessor is called by a name made of data.
    let mut kind = shown(&awesome, "commentable")?;
    kind[..1].make_ascii_uppercase();
    let item = db.call(&awesome, &format!("get{kind}"), ())?;
    assert_eq!(item, relata::Answer::One(Some(image)));
    Ok(())
}

/// The same with integrity, which the guide has to do without: the owner is there, and of a known kind.
fn owners_in_one_of_several_models() -> Result<()> {
    let mut models = plain(["post", "image"]);
    models.define_with("comment", |it| {
        it.timestamps(false).attribute(text("title"))
    });
    let commentable = BelongsToOwner::new("item")
        .one_of("post")
        .one_of("image")
        .type_attribute("commentable")
        .foreign_key("commentable_id");
    models.belongs_to_owner("comment", commentable);
    for owner in ["post", "image"] {
        models.has_many(owner, HasMany::new("comment").as_owner("item"));
    }
    let mut db = models.sync()?;
    let (post, image) = (
        db.create("post", values! {})?,
        db.create("image", values! {})?,
    );
    let mut comment = db
        .related(&image, "comments")?
        .create(values! { title: "Awesome!" })?;
    assert_eq!(shown(&comment, "commentable")?, "image");

    // What the guide writes by hand as `getItem` is the association; an alias looks at the kind as well.
    let item = db.call(&comment, "getItem", ())?;
    assert_eq!(item, relata::Answer::One(Some(image.clone())));
    assert_eq!(db.related(&comment, "post")?.one()?, None);
    let request = select("comment").attributes(["title"]).include("item");
    let json = request.run(&db)?.to_json()?;
    assert_eq!(json, r#"[{"title":"Awesome!","item":{"id":1}}]"#);

    db.related(&mut comment, "item")?.set(&post)?;
    assert_eq!(shown(&comment, "commentable")?, "post");
    assert!(
        db.update(&mut comment, values! { commentable: "video" })
            .is_err()
    );
    assert!(
        db.update(&mut comment, values! { commentable_id: 99 })
            .is_err()
    );
    // Who loses its owner loses key and kind.
    db.destroy(&post)?;
    db.reload(&mut comment)?;
    assert_eq!(shown(&comment, "commentable")?, "null");
    Ok(())
}

/// The scope of a junction, and with it that of the target.
fn scopes_many_to_many() -> Result<()> {
    let mut models = Models::new();
    models.define("post");
    models.define_with("tag", |it| {
        it.attribute(text("name")).attribute(text("status"))
    });
    models.define_with("item_tag", |it| {
        it.attribute(int("id").primary_key().auto_increment())
            .attribute(int("tag_id"))
            .attribute(text("taggable"))
            .attribute(int("taggable_id").references_nothing())
    });
    let through = || {
        Through::new("item_tag")
            .unique(Uniqueness::Off)
            .scope("taggable", "post")
    };
    let tags = || {
        BelongsToMany::new("tag")
            .through(through())
            .foreign_key("taggable_id")
            .other_key("tag_id")
            .constraints(false)
    };
    models.belongs_to_many("post", tags());
    models.belongs_to_many(
        "post",
        tags().alias("pendingTags").scope("status", "pending"),
    );
    let mut db = models.sync()?;
    let post = db.create("post", values! {})?;
    db.related(&post, "tags")?
        .create(values! { name: "done" })?;
    let pending = db
        .related(&post, "pendingTags")?
        .create(values! { name: "later" })?;
    assert_eq!(shown(&pending, "status")?, "pending");
    assert_eq!(
        all_shown(&db.related(&post, "pendingTags")?.get()?, "name")?,
        ["later"]
    );
    assert_eq!(db.related(&post, "tags")?.count()?, 2);
    Ok(())
}

// ---- Names ----

/// English by itself, and what to do where it will not do.
fn naming() -> Result<()> {
    let mut models = plain(["user", "invoice", "subscription"]);
    models.define(
        ModelDef::new("project")
            .names("task", "tasks")
            .timestamps(false),
    );
    models.belongs_to_many("user", BelongsToMany::new("project").through("work"));
    models.belongs_to(
        "invoice",
        BelongsTo::new("subscription").alias("TheSubscription"),
    );
    models.has_many("subscription", "invoice");
    // An alias on one side only makes two keys; the same `foreign_key` on both makes one.
    assert_eq!(
        attributes(&models, "invoice")?,
        "id theSubscriptionId subscriptionId"
    );
    let db = models.sync()?;
    assert!(accessors(&db, "user", "tasks")?.contains(&"addTask".to_owned()));
    Ok(())
}

// ---- Associating objects ----

/// set, get, remove and add, from either side.
fn associating() -> Result<()> {
    let mut models = Models::new();
    models.define("project");
    models.define_with("task", |it| it.attribute(text("title")));
    models.has_many("project", "task");
    models.belongs_to("task", "project");
    let mut db = models.sync()?;
    let project = db.create("project", values! {})?;
    let task1 = db.create("task", values! { title: "one" })?;
    let mut task2 = db.create("task", values! { title: "two" })?;
    db.related(&project, "tasks")?.set([&task1, &task2])?;
    assert_eq!(
        all_shown(&db.related(&project, "tasks")?.get()?, "title")?,
        ["one", "two"]
    );
    let late = db.related(&project, "tasks")?.get_where(col("id").gt(1))?;
    assert_eq!(all_shown(&late, "title")?, ["two"]);
    let titles = db
        .related(&project, "tasks")?
        .select()?
        .attributes(["title"]);
    let first: Vec<_> = titles
        .rows()?
        .first()
        .expect("a task")
        .attributes()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(first, ["title", "id"]);

    let now = db.related(&project, "tasks")?.set(&task2)?;
    assert_eq!(all_shown(&now, "title")?, ["two"]);
    assert!(db.related(&project, "tasks")?.set(())?.is_empty());
    db.related(&project, "tasks")?.add([&task1, &task2])?;
    db.related(&project, "tasks")?.remove(&task1)?;
    db.related(&mut task2, "project")?.set(())?;
    assert_eq!(db.related(&project, "tasks")?.count()?, 0);
    Ok(())
}

/// Attributes of the link: from the target, as defaults for all, and changed afterwards.
fn associating_through() -> Result<()> {
    let mut db = staff()?;
    let user = db.create("user", values! { name: "Ada" })?;
    let projects = db.create_many("project", [values! { name: "p1" }, values! { name: "p2" }])?;
    let given = [
        (&projects[0], values! { status: "inactive" }),
        (&projects[1], values! {}),
    ];
    db.related(&user, "projects")?
        .set_with(given, values! { status: "active" })?;
    let mut linked = db.related(&user, "projects")?.get()?;
    let links: Vec<_> = linked
        .iter()
        .filter_map(Instance::junction)
        .cloned()
        .collect();
    assert_eq!(all_shown(&links, "status")?, ["inactive", "active"]);

    // The row of the junction is an instance like any other.
    let link = linked[1]
        .junction_mut()
        .expect("it came through the junction");
    link.set("status", "done")?;
    db.save(link)?;
    assert_eq!(
        all_shown(&db.find_all("userProjects")?, "status")?,
        ["inactive", "done"]
    );
    Ok(())
}

/// Whether one, or all of some, are associated.
fn checking() -> Result<()> {
    let mut db = staff()?;
    let project = db.create("project", values! { name: "p" })?;
    let users = db.create_many("user", [values! { name: "a" }, values! { name: "b" }])?;
    assert!(!db.related(&project, "users")?.has(&users[0])?);
    db.related(&project, "users")?.add(&users[0])?;
    assert!(db.related(&project, "users")?.has(&users[0])?);
    db.related(&project, "users")?.set(&users)?;
    assert!(db.related(&project, "users")?.has(&users)?);
    Ok(())
}

// ---- Foreign keys ----

/// SET NULL by default, and what else was chosen; a ring has no order to be created in.
fn foreign_keys() -> Result<()> {
    let mut models = plain(["user", "task"]);
    models.has_many("user", "task");
    models.belongs_to("task", "user");
    let mut db = models.sync()?;
    let ada = db.create_tree("user", tree! { tasks: [{}, {}] })?;
    db.destroy(&ada)?;
    assert!(
        db.find("task", 1)?
            .expect("the task stays")
            .get("userId")?
            .is_null()
    );

    let mut models = plain(["Document", "Version"]);
    models.has_many("Document", "Version");
    let current = BelongsTo::new("Version")
        .alias("Current")
        .foreign_key("current_version_id");
    models.belongs_to("Document", current.clone());
    println!("  refused: {}", models.sync().unwrap_err());
    let mut models = plain(["Document", "Version"]);
    models.has_many("Document", "Version");
    models.belongs_to("Document", current.constraints(false));
    assert_eq!(models.create_order()?, ["Documents", "Versions"]);
    Ok(())
}

/// An attribute may refer to a table without any association.
fn references_without_associations() -> Result<()> {
    let mut models = Models::new();
    models.define("trainer");
    models.define_with("series", |it| {
        it.attribute(int("trainer_id").references("trainer", "id"))
    });
    models.has_many("trainer", HasMany::new("series").foreign_key("trainer_id"));
    let mut db = models.sync()?;
    println!(
        "  refused: {}",
        db.create("series", values! { trainer_id: 7 }).unwrap_err()
    );
    Ok(())
}

// ---- Creating with associations ----

/// A product, its user and the user's addresses, its tags: one call.
fn creating_with_associations() -> Result<()> {
    let mut models = Models::new();
    models.define_with("product", |it| it.attribute(text("title")));
    models.define_with("user", |it| it.attribute(text("first_name")));
    models.define_with("address", |it| it.attribute(text("city")));
    models.define_with("tag", |it| it.attribute(text("name")));
    models.belongs_to("product", "user");
    models.belongs_to("product", BelongsTo::new("user").alias("creator"));
    models.has_many("user", "address");
    models.has_many("product", HasMany::new("tag").alias("categories"));
    let mut db = models.sync()?;
    let chair = tree! {
        title: "Chair",
        user: { first_name: "Mick", addresses: [{ city: "Austin" }] },
        creator: { first_name: "Matt" },
        categories: [{ id: 1, name: "Alpha" }, { id: 2, name: "Beta" }],
    };
    // What is to be created can be said, as the guide does it, or follows from what is given.
    let only = chair
        .clone()
        .including([include("user").include("addresses")]);
    assert_eq!(
        db.create_tree("product", only)?.get("creatorId")?,
        &relata::Value::Null
    );
    let chair = db.create_tree("product", chair)?;
    assert_eq!(
        all_shown(chair.many("categories")?, "name")?,
        ["Alpha", "Beta"]
    );
    let request = select("product")
        .include("creator")
        .include(include("user").include("addresses"));
    println!("{}", request.run(&db)?.to_json_pretty()?);
    Ok(())
}

type Section = (&'static str, fn() -> Result<()>);

const SECTIONS: [Section; 15] = [
    ("BelongsTo, foreign keys", belongs_to),
    ("Target keys", target_keys),
    ("HasOne", has_one),
    ("One-to-many", has_many),
    ("Belongs-to-many", belongs_to_many),
    (
        "Belongs-to-many: attributes of the junction",
        junction_attributes,
    ),
    ("Scopes, 1:m", scopes_one_to_many),
    (
        "Scopes, 1:m, with integrity",
        owners_in_one_of_several_models,
    ),
    ("Scopes, n:m", scopes_many_to_many),
    ("Naming strategy", naming),
    ("Associating objects", associating),
    (
        "Associating objects through a junction",
        associating_through,
    ),
    ("Check associations", checking),
    ("Foreign keys, and references without associations", || {
        foreign_keys().and_then(|()| references_without_associations())
    }),
    ("Creating with associations", creating_with_associations),
];

#[cfg_attr(test, test)]
fn main() -> Result<()> {
    for (title, section) in SECTIONS {
        println!("== {title}");
        section()?;
    }
    println!("everything as the guide says");
    Ok(())
}
