//! One result as joined rows, as a walk depth first, and what of it is loaded.

use relata::error::RequestKind;
use relata::query::{Loaded, Record};
use relata::{Attribute, BelongsToMany, DataType, Database, ErrorKind, HasMany, HasOne, Models};
use relata::{Result, Rows, Value, col, include, select, tree};

/// Ada with two posts, one of them with two tags, and a desk; Bob with nothing.
fn database() -> Result<Database> {
    let named = |name: &str| Attribute::new(name, DataType::Text).not_null();
    let mut models = Models::new();
    for model in ["User", "Post", "Tag", "Desk"] {
        models.define_with(model, |it| it.attribute(named("name")).timestamps(false));
    }
    models.define_with("Tagging", |it| {
        it.attribute(Attribute::new("weight", DataType::Int))
            .timestamps(false)
    });
    models.has_many("User", HasMany::new("Post").alias("posts"));
    models.has_one("User", HasOne::new("Desk").alias("desk"));
    let tags =
        |target: &str, alias: &str| BelongsToMany::new(target).through("Tagging").alias(alias);
    models.belongs_to_many("Post", tags("Tag", "tags"));
    models.belongs_to_many("Tag", tags("Post", "posts"));
    let mut db = models.sync()?;
    db.create_tree(
        "User",
        tree! {
            name: "Ada",
            desk: { name: "oak" },
            posts: [
                { name: "one", tags: [
                    { name: "red", Tagging: { weight: 3 } },
                    { name: "blue", Tagging: { weight: 4 } },
                ] },
                { name: "two" },
            ],
        },
    )?;
    db.create_tree("User", tree! { name: "Bob" })?;
    Ok(db)
}

/// The combinations below a record, by recursion: what the iterator has to give.
fn combinations(record: Record<'_>, includes: &[&str]) -> Result<Vec<Vec<Value>>> {
    let own: Vec<Value> = record.attributes().map(|(_, it)| it.to_value()).collect();
    let mut all = vec![own];
    for include in includes {
        let below: Vec<Record<'_>> = match *include {
            "desk" => record.one("desk")?.into_iter().collect(),
            many => record.many(many)?.collect(),
        };
        let nested: &[&str] = if *include == "posts" { &["tags"] } else { &[] };
        let mut options = Vec::new();
        for row in below {
            let mut junction = Vec::new();
            if let Some(through) = row.through() {
                junction.extend(through.attributes().map(|(_, it)| it.to_value()));
            }
            for combination in combinations(row, nested)? {
                options.push([combination, junction.clone()].concat());
            }
        }
        if options.is_empty() {
            let cells = match *include {
                "posts" => 3,
                "tags" => 2,
                _ => 1,
            };
            options.push(vec![Value::Null; cells]);
        }
        let pair = |left: &Vec<Value>| {
            let left = left.clone();
            let with = move |right: &Vec<Value>| [left.clone(), right.clone()].concat();
            options.iter().map(with).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(pair).collect();
    }
    Ok(all)
}

fn all_of(db: &Database) -> Result<Rows<'_>> {
    let tags = include("tags")
        .attributes(["name"])
        .through_attributes(["weight"]);
    select("User")
        .attributes(["name"])
        .include(include("posts").attributes(["name"]).include(tags))
        .include(include("desk").attributes(["name"]))
        .run(db)
}

// rules: EL-16, BY-17
// Broken, a joined row is missing, repeated, or has the cells of another row.
#[test]
fn joined_rows_are_all_combinations() -> Result<()> {
    let db = database()?;
    let rows = all_of(&db)?;
    let joined = rows.joined();
    let names = [
        "name",
        "posts.name",
        "posts.tags.name",
        "posts.tags.Tagging.weight",
        "desk.name",
    ];
    assert_eq!(joined.names(), names);
    let mut expected = Vec::new();
    for record in &rows {
        expected.extend(combinations(record, &["posts", "desk"])?);
    }
    let found: Vec<Vec<Value>> = joined
        .iter()
        .map(|row| row.cells().map(|(_, value)| value.to_value()).collect())
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        found.len(),
        4,
        "Ada with one and red, one and blue, two; Bob"
    );
    assert_eq!(found[3][1..], vec![Value::Null; 4]);
    Ok(())
}

// rules: EL-16, EL-14
// Broken, rows that only decide about others multiply the joined rows.
#[test]
fn counts_are_cells_and_hidden_rows_are_not() -> Result<()> {
    let db = database()?;
    let rows = select("User")
        .attributes(["name"])
        .include(include("posts").attributes([""; 0]).required(true))
        .with_count("posts")
        .run(&db)?;
    let joined = rows.joined();
    assert_eq!(joined.names(), ["name", "_count.posts"]);
    let rows: Vec<_> = joined.iter().collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get("_count.posts")?.as_int(), Some(2));
    let unknown = rows[0].get("posts.name").unwrap_err();
    assert_eq!(
        unknown.kind(),
        ErrorKind::Request(RequestKind::UnknownColumn)
    );
    Ok(())
}

#[test]
fn an_empty_result_has_no_joined_rows() -> Result<()> {
    let db = database()?;
    let rows = select("User")
        .filter(col("name").eq("Eve"))
        .include("posts")
        .run(&db)?;
    assert_eq!(rows.joined().iter().count(), 0);
    assert_eq!(rows.depth_first().count(), 0);
    Ok(())
}

#[test]
fn a_walk_visits_each_row_before_what_is_below_it() -> Result<()> {
    let db = database()?;
    let rows = all_of(&db)?;
    let mut seen = Vec::new();
    for visit in rows.depth_first() {
        let name = visit.record.get_as::<&str>("name")?;
        seen.push((visit.depth, visit.association, name));
    }
    let (posts, tags) = (Some("posts"), Some("tags"));
    let expected = [
        (0, None, "Ada"),
        (1, posts, "one"),
        (2, tags, "red"),
        (2, tags, "blue"),
        (1, posts, "two"),
        (1, Some("desk"), "oak"),
        (0, None, "Bob"),
    ];
    assert_eq!(seen, expected);

    let mut walk = rows.depth_first();
    let mut names = Vec::new();
    while let Some(visit) = walk.next() {
        let name = visit.record.get_as::<String>("name")?;
        if name == "one" {
            walk.skip_below();
        }
        names.push(name);
    }
    assert_eq!(names, ["Ada", "one", "two", "oak", "Bob"]);
    Ok(())
}

// rules: EL-10
// Broken, a part of an association passes for all of it, or what was not loaded for what is not there.
#[test]
fn it_shows_how_much_of_an_association_is_loaded() -> Result<()> {
    let db = database()?;
    let loaded = |request: relata::Select, association: &str| -> Result<Loaded> {
        let rows = request.run(&db)?;
        rows.first().expect("there are users").loaded(association)
    };
    let posts = || include("posts");
    assert_eq!(
        loaded(select("User").include("posts"), "posts")?,
        Loaded::Whole
    );
    assert_eq!(
        loaded(select("User").include("posts"), "desk")?,
        Loaded::Not
    );
    for part in [
        posts().filter(col("name").eq("one")),
        posts().limit(1),
        posts().offset(1).required(true),
        posts().include(include("tags").required(true)),
    ] {
        assert_eq!(loaded(select("User").include(part), "posts")?, Loaded::Part);
    }
    let hidden = posts().attributes([""; 0]);
    assert_eq!(
        loaded(select("User").include(hidden), "posts")?,
        Loaded::Not
    );
    assert!(loaded(select("User"), "pots").is_err());

    let rows = select("User").run(&db)?;
    let error = rows
        .first()
        .expect("there are users")
        .many("posts")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
    assert!(error.to_string().contains("posts"), "{error}");
    Ok(())
}
