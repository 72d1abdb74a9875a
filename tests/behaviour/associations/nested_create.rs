//! A row and the rows of its associations, created in one call.

use relata::error::{ErrorKind, RequestKind};
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, HasMany, HasOne, Instance, Models,
    Result, Through, Tree, Value, include, select, tree, values,
};

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// The guide's shop: products of a user with addresses, tagged through a junction with a note; a user has a profile.
fn shop() -> Database {
    let mut models = Models::new();
    models.define_with("Product", |it| it.attribute(text("title").not_null()));
    models.define_with("User", |it| {
        it.attribute(text("name")).attribute(text("email").unique())
    });
    models.define_with("Address", |it| {
        it.attribute(text("city")).attribute(text("kind"))
    });
    models.define_with("Profile", |it| it.attribute(text("bio")));
    models.define_with("Tag", |it| {
        it.attribute(text("name").unique())
            .attribute(text("status"))
    });
    models.define_with("Tagging", |it| {
        it.attribute(text("note")).attribute(text("taggable"))
    });
    models.belongs_to("Product", BelongsTo::new("User").alias("user"));
    models.has_many(
        "User",
        HasMany::new("Product")
            .alias("products")
            .foreign_key("userId"),
    );
    models.has_many(
        "User",
        HasMany::new("Address")
            .alias("addresses")
            .scope("kind", "home"),
    );
    models.has_one(
        "User",
        HasOne::new("Profile")
            .alias("profile")
            .source_key("email")
            .foreign_key("userEmail"),
    );
    models.belongs_to_many(
        "Product",
        BelongsToMany::new("Tag")
            .alias("tags")
            .scope("status", "open")
            .through(Through::new("Tagging").scope("taggable", "product")),
    );
    models.sync().unwrap()
}

fn int(instance: &Instance, attribute: &str) -> i64 {
    instance.get(attribute).unwrap().as_int().unwrap()
}

fn texts(instances: &[Instance], attribute: &str) -> Vec<String> {
    let of = |it: &Instance| it.get(attribute).unwrap().as_str().map(str::to_owned);
    instances.iter().filter_map(of).collect()
}

fn rows(db: &Database) -> Vec<usize> {
    let models = ["Product", "User", "Address", "Profile", "Tag", "Tagging"];
    models.map(|model| db.count(model).unwrap()).to_vec()
}

// rules: CR-2, CR-3, CR-12, CR-13
// Broken, a product could not be given a user with addresses at once, or what comes back would not be what was written.
#[test]
fn a_tree_of_several_levels_is_one_call() -> Result<()> {
    let mut db = shop();
    let chair = db.create_tree(
        "Product",
        tree! {
            title: "Chair",
            user: { name: "Mick", addresses: [{ city: "Austin" }, { city: "Tulsa" }] },
        },
    )?;
    let mick = chair.one("user")?.unwrap();
    assert_eq!(chair.get("userId")?, mick.get("id")?);
    assert_eq!(texts(mick.many("addresses")?, "city"), ["Austin", "Tulsa"]);
    let request = select("Product").include(include("user").include("addresses"));
    let read = request.run(&db)?;
    let user = read.first().unwrap().one("user")?.unwrap();
    assert_eq!(user.get("name")?.as_str(), Some("Mick"));
    let cities = user.many("addresses")?;
    let cities: Vec<_> = cities
        .map(|it| it.get("city").unwrap().to_value())
        .collect();
    assert_eq!(cities, [Value::from("Austin"), Value::from("Tulsa")]);
    assert_eq!(rows(&db), [1, 1, 2, 0, 0, 0]);
    db.engine().check_integrity().unwrap();
    Ok(())
}

// rules: CR-1
// Broken, values meant for somebody else would create rows, or a tree could not be restricted.
#[test]
fn only_what_is_included_is_created() -> Result<()> {
    let mut db = shop();
    let given = || {
        tree! {
            title: "Chair",
            user: { name: "Mick", addresses: [{ city: "Austin" }], profile: { bio: "b" } },
            tags: [{ name: "red" }],
        }
    };
    db.create_tree("Product", given().including(["tags"; 0]))?;
    assert_eq!(rows(&db), [1, 0, 0, 0, 0, 0]);
    let only = include("user").include("addresses");
    let chair = db.create_tree("Product", given().including([only]))?;
    assert_eq!(rows(&db), [2, 1, 1, 0, 0, 0]);
    let error = chair.many("tags").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
    assert!(error.to_string().contains("tags"), "{error}");
    Ok(())
}

// rules: CR-4, CR-8
// Broken, a child could be created under another parent than the one it stands under, or outside its own scope.
#[test]
fn keys_and_scopes_come_from_the_nesting() -> Result<()> {
    let mut db = shop();
    let other = db.create("User", values! { name: "Other" })?;
    let mick = db.create_tree(
        "User",
        tree! {
            name: "Mick",
            addresses: [{ city: "Austin", kind: "work", UserId: int(&other, "id") }],
            products: [{ title: "Chair", user: { name: "Nobody" }, tags: [{ name: "red", status: "shut" }] }],
        },
    )?;
    let address = &mick.many("addresses")?[0];
    assert_eq!(address.get("UserId")?, mick.get("id")?);
    assert_eq!(address.get("kind")?.as_str(), Some("home"));
    let chair = &mick.many("products")?[0];
    assert_eq!(chair.get("userId")?, mick.get("id")?);
    let red = &chair.many("tags")?[0];
    assert_eq!(red.get("status")?.as_str(), Some("open"));
    assert_eq!(
        red.junction().unwrap().get("taggable")?.as_str(),
        Some("product")
    );
    let chair = db.create_tree(
        "Product",
        tree! { title: "Desk", userId: int(&other, "id"), user: { name: "Ann" } },
    )?;
    assert_ne!(chair.get("userId")?, other.get("id")?);
    Ok(())
}

// rules: CR-5, CR-14
// Broken, children would get their keys in an order that nobody asked for, or hang below the wrong one of several parents.
#[test]
fn several_trees_keep_their_order_and_their_children() -> Result<()> {
    let mut db = shop();
    let user = |name: &str, cities: &[&str]| {
        let cities = cities
            .iter()
            .map(|city| tree! { city: *city })
            .collect::<Vec<_>>();
        tree! { name: name, addresses: cities }
    };
    let users = db.create_trees(
        "User",
        [user("a", &["1", "2"]), user("b", &[]), user("c", &["3"])],
    )?;
    let ids: Vec<_> = users.iter().map(|it| int(it, "id")).collect();
    assert_eq!(ids, [1, 2, 3]);
    let addresses = db.find_all("Address")?;
    let seen: Vec<_> = addresses
        .iter()
        .map(|it| (int(it, "id"), int(it, "UserId")))
        .collect();
    assert_eq!(seen, [(1, 1), (2, 1), (3, 3)]);
    assert!(users[1].many("addresses")?.is_empty());
    Ok(())
}

// rules: CR-6
// Broken, an association without rows would fail, or show what nobody gave.
#[test]
fn nothing_given_is_nothing_created() -> Result<()> {
    let mut db = shop();
    let chair = db.create_tree(
        "Product",
        tree! { title: "Chair", user: None::<Tree>, tags: [] },
    )?;
    assert!(chair.get("userId")?.is_null());
    assert!(chair.one("user")?.is_none());
    assert!(chair.many("tags")?.is_empty());
    let desk = db.create_tree("Product", tree! { title: "Desk" })?;
    assert!(desk.one("user").is_err());
    assert_eq!(rows(&db), [2, 0, 0, 0, 0, 0]);
    Ok(())
}

// rules: CR-7
// Broken, a list under an association to one would lose all but its first, and nobody would be told.
#[test]
fn one_and_many_are_told_apart() {
    let mut db = shop();
    let wrong = [
        tree! { title: "Chair", user: [{ name: "a" }, { name: "b" }] },
        tree! { title: "Chair", tags: { name: "red" } },
        tree! { title: "Chair", user: 7 },
        tree! { title: "Chair", tags: [{ name: "red", Tagging: [{ note: "n" }] }] },
    ];
    for tree in wrong {
        let error = db.create_tree("Product", tree).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Request(RequestKind::Type),
            "{error}"
        );
    }
    assert_eq!(rows(&db), [0; 6]);
}

// rules: CR-9
// Broken, a link could not be given attributes, or its keys could be given against the nesting.
#[test]
fn attributes_of_a_link_ride_with_its_target() -> Result<()> {
    let mut db = shop();
    let chair = db.create_tree(
        "Product",
        tree! { title: "Chair", tags: [{ name: "red", Tagging: { note: "n", ProductId: 77 } }, { name: "blue" }] },
    )?;
    let tags = chair.many("tags")?;
    let link = tags[0].junction().unwrap();
    assert_eq!(link.get("note")?.as_str(), Some("n"));
    assert_eq!(link.get("ProductId")?, chair.get("id")?);
    assert!(tags[1].junction().unwrap().get("note")?.is_null());
    assert_eq!(rows(&db), [1, 0, 0, 0, 2, 2]);
    Ok(())
}

// rules: CR-10
// Broken, a child would hold the primary key where the association says another.
#[test]
fn a_chosen_key_of_the_parent_is_what_children_hold() -> Result<()> {
    let mut db = shop();
    let mick = db.create_tree("User", tree! { email: "m@x", profile: { bio: "b" } })?;
    let profile = mick.one("profile")?.unwrap();
    assert_eq!(profile.get("userEmail")?.as_str(), Some("m@x"));
    let error = db
        .create_tree("User", tree! { name: "no mail", profile: { bio: "b" } })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsaved));
    assert_eq!(db.count("User")?, 1);
    Ok(())
}

// rules: CR-11, CR-16, TX-1
// Broken, half of a tree would stay behind when a part of it cannot be.
#[test]
fn a_failure_anywhere_leaves_nothing() -> Result<()> {
    let mut db = shop();
    db.create("Tag", values! { name: "red" })?;
    let before = db.engine().fingerprint();
    let trees = [
        tree! { title: "Chair", user: { name: "Mick" }, tags: [{ name: "blue" }, { name: "red" }] },
        tree! { title: "Chair", user: { name: "Mick" }, tags: [{ id: 1 }] },
        tree! { user: { name: "Mick" } },
        tree! { title: "Chair", user: { nme: "Mick" } },
        tree! { title: "Chair", usr: { name: "Mick" } },
        tree! { title: "Chair", user: { name: "Mick" }, tags: [{ name: "b", Tagging: { nte: "n" } }] },
    ];
    for tree in trees {
        db.create_tree("Product", tree).unwrap_err();
        assert_eq!(db.engine().fingerprint(), before);
    }
    let mut tx = db.begin();
    let good = tree! { title: "Chair", tags: [{ name: "green" }] };
    let bad = tree! { title: "Desk", tags: [{ name: "red" }] };
    tx.create_trees("Product", [good.clone(), bad]).unwrap_err();
    assert_eq!(tx.count("Product")?, 0);
    tx.create_tree("Product", good)?;
    tx.commit()?;
    assert_eq!(rows(&db), [1, 0, 0, 0, 2, 1]);
    db.engine().check_integrity().unwrap();
    Ok(())
}

// rules: CR-15, EL-17
// Broken, saving a parent would write rows that it merely shows, or those could not be saved by themselves.
#[test]
fn what_came_below_is_saved_by_itself() -> Result<()> {
    let mut db = shop();
    let mut mick = db.create_tree(
        "User",
        tree! { name: "Mick", addresses: [{ city: "Austin" }] },
    )?;
    mick.set("name", "Michael")?;
    mick.many_mut("addresses")?[0].set("city", "Tulsa")?;
    db.save(&mut mick)?;
    assert_eq!(texts(&db.find_all("Address")?, "city"), ["Austin"]);
    db.save(&mut mick.many_mut("addresses")?[0])?;
    assert_eq!(texts(&db.find_all("Address")?, "city"), ["Tulsa"]);
    Ok(())
}

// rules: CR-1, BY-17
// Broken, a filter in an include of a creation would be dropped without a word.
#[test]
fn an_include_of_a_creation_only_names() {
    let mut db = shop();
    let given = tree! { title: "Chair", user: { name: "Mick" } };
    let filtered = given.clone().including([include("user").limit(3)]);
    let error = db.create_tree("Product", filtered).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Request(RequestKind::Unsupported),
        "{error}"
    );
    let unknown = given.including(["usr"]);
    let error = db.create_tree("Product", unknown).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Request(RequestKind::UnknownAssociation),
        "{error}"
    );
}

// Broken, a tree as deep as the data of whoever builds it would end the program when it is dropped.
#[test]
fn trees_nest_as_deep_as_includes() {
    let mut models = Models::new();
    models.define("Node");
    models.has_many(
        "Node",
        HasMany::new("Node")
            .alias("children")
            .foreign_key("parentId"),
    );
    let mut db = models.sync().unwrap();
    let nested = |levels: usize| {
        (1..levels).fold(Tree::new(), |below, _| {
            Tree::new().with("children", [below])
        })
    };
    db.create_tree("Node", nested(65)).unwrap();
    assert_eq!(db.count("Node").unwrap(), 65);
    let error = db.create_tree("Node", nested(200_000)).unwrap_err();
    assert!(error.to_string().contains("64"), "{error}");
    assert_eq!(db.count("Node").unwrap(), 65);
}
