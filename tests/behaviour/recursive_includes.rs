//! A self association included recursively: each row once under its root, references where it is met again, nothing as
//! deep as the data.

use relata::association::{BelongsTo, BelongsToMany, BelongsToOwner, HasMany};
use relata::error::RequestKind;
use relata::query::{Include, Loaded, Record};
use relata::{
    Attribute, Chain, DataType, Database, ErrorKind, Models, Result, asc, col, desc, include,
    related, select, values,
};

/// Nodes with a parent and children, friends through a junction, and notes.
fn models() -> Models {
    let mut models = Models::new();
    models
        .define_with("Node", |it| {
            it.attribute(Attribute::new("name", DataType::Text))
                .timestamps(false)
        })
        .define_with("Note", |it| it.timestamps(false))
        .has_many(
            "Node",
            HasMany::new("Node")
                .alias("children")
                .foreign_key("parentId"),
        )
        .belongs_to(
            "Node",
            BelongsTo::new("Node")
                .alias("parent")
                .foreign_key("parentId"),
        )
        .has_many("Node", HasMany::new("Note").alias("notes"))
        .belongs_to(
            "Note",
            BelongsTo::new("Node").alias("node").foreign_key("NodeId"),
        )
        .belongs_to_many(
            "Node",
            BelongsToMany::new("Node")
                .alias("friends")
                .through("Friendship")
                .foreign_key("from")
                .other_key("to"),
        )
        .chain("Node", Chain::new(["friends", "friends"]).alias("circle"));
    models
}

/// Nodes of these parents, 0 for none.
fn world(parents: &[i64]) -> Result<Database> {
    let mut db = models().sync()?;
    for _ in parents {
        db.create("Node", values! {})?;
    }
    for (id, parent) in (1..).zip(parents) {
        if *parent != 0 {
            db.update_where("Node", col("id").eq(id), values! { parentId: *parent })?;
        }
    }
    Ok(db)
}

/// The keys of what is below a row, as `2[4 5[6]] 3`; a reference as `*2`, and `?` for what was not loaded.
fn outline<'r>(record: Record<'r>, key: &str) -> String {
    let records: Vec<Record<'r>> = match record.many(key) {
        Ok(records) => records.collect(),
        Err(error) if error.kind() == ErrorKind::Request(RequestKind::Type) => {
            record.one(key).into_iter().flatten().collect()
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
            return "?".to_owned();
        }
    };
    let texts = records
        .into_iter()
        .map(|record| match record.is_reference() {
            true => format!("*{}", record.key()),
            false => match outline(record, key) {
                below if below.is_empty() => record.key().to_string(),
                below => format!("{}[{below}]", record.key()),
            },
        });
    texts.collect::<Vec<_>>().join(" ")
}

fn below(db: &Database, root: i64, recursive: Include) -> Result<String> {
    below_by(db, root, "children", recursive)
}

fn below_by(db: &Database, root: i64, key: &str, recursive: Include) -> Result<String> {
    let rows = select("Node")
        .filter(col("id").eq(root))
        .include(recursive)
        .run(db)?;
    Ok(rows
        .first()
        .map_or_else(|| "-".to_owned(), |root| outline(root, key)))
}

// rules: BY-9, BY-1
// Broken: a tree is cut at some depth, or children come in another order than that of their keys.
#[test]
fn children_of_children_are_loaded() -> Result<()> {
    let db = world(&[0, 1, 1, 2, 2, 5, 0, 7])?;
    let rows = select("Node").filter(col("parentId").is_null());
    let rows = rows.include(include("children").recursive()).run(&db)?;
    let found: Vec<_> = rows.iter().map(|root| outline(root, "children")).collect();
    assert_eq!(found, ["2[4 5[6]] 3", "8"]);
    assert!(rows.iter().all(|root| !root.is_reference()));
    // The way up is one row at each depth.
    let up = below_by(&db, 6, "parent", include("parent").recursive())?;
    assert_eq!(up, "5[2[1]]");
    // Over all nodes as roots, each with its own tree.
    let rows = select("Node")
        .include(include("children").recursive())
        .run(&db)?;
    let found: Vec<_> = rows.iter().map(|root| outline(root, "children")).collect();
    assert_eq!(found, ["2[4 5[6]] 3", "4 5[6]", "", "", "6", "", "8", ""]);
    Ok(())
}

// rules: BY-9
// Broken: a ring is followed without end, or a row met again is followed again.
#[test]
fn a_ring_ends_in_a_reference() -> Result<()> {
    // 1 > 2 > 3 > 1, and 4 is its own parent.
    let db = world(&[3, 1, 2, 4])?;
    let down = || include("children").recursive();
    assert_eq!(below(&db, 1, down())?, "2[3[*1]]");
    assert_eq!(below(&db, 3, down())?, "1[2[*3]]");
    assert_eq!(below(&db, 4, down())?, "*4");
    let rows = select("Node")
        .filter(col("id").eq(1))
        .include(down())
        .run(&db)?;
    let root = rows.first().expect("there is a root");
    let two = root.many("children")?.next().expect("2 is below 1");
    let three = two.many("children")?.next().expect("3 is below 2");
    let again = three.many("children")?.next().expect("1 is below 3");
    assert!(again.is_reference() && !three.is_reference());
    assert_eq!(
        (again.key(), again.get("id")?.to_value()),
        (root.key(), 1.into())
    );
    let error = again.many("children").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
    assert!(
        error.to_string().contains("children of a reference"),
        "{error}"
    );
    assert_eq!(again.loaded("children")?, Loaded::Not);
    assert_eq!(three.loaded("children")?, Loaded::Whole);
    Ok(())
}

/// Friendships both ways.
fn befriend(db: &mut Database, pairs: &[(i64, i64)]) -> Result<()> {
    for &(from, to) in pairs {
        db.create("Friendship", values! { from: from, to: to })?;
        db.create("Friendship", values! { from: to, to: from })?;
    }
    Ok(())
}

// rules: BY-9, EL-15
// Broken: a row that many lead to is given whole by each of them, or its junction row is another one's.
#[test]
fn what_many_lead_to_is_given_once() -> Result<()> {
    let mut db = world(&[0, 0, 0, 0])?;
    befriend(&mut db, &[(1, 2), (1, 3), (2, 3), (2, 4), (3, 4)])?;
    let friends = || include("friends").recursive();
    // 3 is found at depth 1, and so is a reference below 2; 4 stands below the first of the two that lead to it.
    let found = below_by(&db, 1, "friends", friends())?;
    assert_eq!(found, "2[*1 *3 4[*2 *3]] 3[*1 *2 *4]");
    let rows = select("Node")
        .filter(col("id").eq(1))
        .include(friends())
        .run(&db)?;
    // The rows that stand themselves, and the links between them: no more.
    assert_eq!(rows.depth_first().count(), 1 + 10);
    for visit in rows.depth_first().filter(|visit| visit.depth > 0) {
        let parent = visit.parent.expect("it is below something");
        let through = visit.record.through().expect("a friendship leads to it");
        assert_eq!(through.get("from")?, parent.get("id")?);
        assert_eq!(through.get("to")?, visit.record.get("id")?);
    }
    let circle = below_by(&db, 1, "circle", include("circle").recursive())?;
    assert_eq!(circle, "*1 2[*1 *2 *3 *4] 3[*1 *2 *3 *4] 4[*1 *2 *3 *4]");
    Ok(())
}

// rules: BY-9
// Broken: what was not asked for is loaded, or seems to be empty.
#[test]
fn a_depth_is_a_bound() -> Result<()> {
    let db = world(&[0, 1, 2, 3, 1])?;
    let to = |depth| include("children").recursive_to(depth);
    assert_eq!(below(&db, 1, to(1))?, "2[?] 5[?]");
    assert_eq!(below(&db, 1, to(2))?, "2[3[?]] 5");
    assert_eq!(below(&db, 1, to(3))?, "2[3[4[?]]] 5");
    assert_eq!(below(&db, 1, to(4))?, "2[3[4]] 5");
    let rows = select("Node")
        .filter(col("id").eq(1))
        .include(to(1))
        .run(&db)?;
    let two = rows.first().expect("a root").many("children")?.next();
    let error = two.expect("2 is below 1").many("children").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
    let text = error.to_string();
    assert!(text.contains("children was included to depth 1"), "{text}");
    assert_eq!(two.expect("as before").loaded("children")?, Loaded::Not);
    Ok(())
}

// rules: BY-9, BY-2, BY-3, EL-19
// Broken: what is said of the include holds at the first depth alone, or what it leaves out is followed.
#[test]
fn what_the_include_says_holds_at_every_depth() -> Result<()> {
    let db = world(&[0, 1, 1, 1, 3, 3, 3, 6, 2, 9])?;
    let down = || include("children").recursive().required(false);
    assert_eq!(below(&db, 1, down())?, "2[9[10]] 3[5 6[8] 7] 4");
    assert_eq!(
        below(&db, 1, down().order_by(desc("id")).limit(2))?,
        "4 3[7 6[8]]"
    );
    assert_eq!(below(&db, 1, down().offset(1))?, "3[6 7] 4");
    assert_eq!(below(&db, 1, down().filter(col("id").ne(3)))?, "2[9[10]] 4");
    // A filter makes the include required, and that is judged on what is right below.
    let filtered = include("children").recursive().filter(col("id").ge(5));
    let rows = select("Node").include(filtered.clone()).run(&db)?;
    let roots: Vec<_> = rows.iter().map(|root| root.key().to_string()).collect();
    assert_eq!(roots, ["2", "3", "6", "9"]);
    assert_eq!(select("Node").include(filtered).count(&db)?, 4);
    Ok(())
}

// rules: BY-9, BY-7
// Broken: something else below a row is loaded at the first depth alone, once for each reference, or not required there.
#[test]
fn other_includes_hold_for_every_row() -> Result<()> {
    let mut db = world(&[4, 1, 2, 3])?;
    for node in [2, 3, 3, 4] {
        db.create("Note", values! { NodeId: node })?;
    }
    let down = include("children")
        .include("notes")
        .with_count("notes")
        .recursive();
    let rows = select("Node")
        .filter(col("id").eq(1))
        .include(down)
        .run(&db)?;
    let mut found = Vec::new();
    for visit in rows
        .depth_first()
        .filter(|it| it.association == Some("children"))
    {
        found.push(match visit.record.is_reference() {
            true => {
                let error = visit.record.many("notes").unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
                visit.record.count("notes").unwrap_err();
                (visit.depth, 0, 0)
            }
            false => {
                let notes = visit.record.many("notes")?.len();
                (visit.depth, notes, visit.record.count("notes")?)
            }
        });
    }
    assert_eq!(found, [(1, 1, 1), (2, 2, 2), (3, 1, 1), (4, 0, 0)]);
    // Required below: a row without notes is left out, with all below it.
    let down = include("children").include(include("notes").required(true));
    let down = down.recursive().required(false);
    assert_eq!(below(&db, 2, down.clone())?, "3[4]");
    assert_eq!(below(&db, 4, down)?, "");
    // A question is asked of each row.
    let down = include("children")
        .filter(related("notes").exists())
        .recursive()
        .required(false);
    assert_eq!(below(&db, 2, down.clone())?, "3[4]");
    assert_eq!(below(&db, 4, down)?, "");
    // A path goes down as often as one likes.
    let rows = select("Node")
        .include(include("children").recursive())
        .run(&db)?;
    let (first, again) = (
        rows.included("children")?,
        rows.included("children.children")?,
    );
    let one = rows.first().expect("there are roots");
    let two = one.under(first).next().expect("2 is below 1");
    let id = rows.column("children.children.id")?;
    let three = two.under(again).next().expect("3 is below 2");
    assert_eq!(
        (three.at(id).to_value(), three.under(again).len()),
        (3.into(), 1)
    );
    Ok(())
}

// rules: BY-9
// Broken: the include of a recursion below another one is lost, or each of its beginnings shares what was found.
#[test]
fn a_recursion_may_stand_in_another() -> Result<()> {
    let mut db = world(&[0, 1, 0])?;
    befriend(&mut db, &[(2, 3), (1, 2)])?;
    let friends = include("friends").recursive();
    let down = include("children").include(friends).recursive();
    let rows = select("Node")
        .filter(col("id").eq(1))
        .include(down)
        .run(&db)?;
    let root = rows.first().expect("there is a root");
    let two = root.many("children")?.next().expect("2 is below 1");
    assert_eq!(outline(two, "friends"), "1[*2] 3[*2]");
    assert_eq!(two.many("children")?.len(), 0);
    let friend = two.many("friends")?.next().expect("1 is a friend of 2");
    friend.many("children").unwrap_err();
    Ok(())
}

// rules: BY-9
// Broken: a recursion that means nothing is run as something else.
#[test]
fn what_cannot_be_followed_is_refused() -> Result<()> {
    let db = world(&[0])?;
    let refused = |request: relata::Select, words: &str| {
        let error = request.run(&db).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
        assert!(error.to_string().contains(words), "{error}");
    };
    let down = || include("children").recursive();
    let notes = select("Node").include(include("notes").recursive());
    refused(notes, "a recursion of notes, which leads from Node to Note");
    let none = select("Node").include(include("children").recursive_to(0));
    refused(none, "a recursion of children to depth 0");
    let again = select("Node").include(down().include("children"));
    refused(again, "children included in its own recursion");
    refused(
        select("Node").with_count(down()),
        "a count of children with a recursion",
    );
    let in_count = include("children").include(include("parent").recursive().required(true));
    refused(
        select("Node").with_count(in_count),
        "a recursion of parent in a count",
    );
    let joined = down().filter(col("notes.id").gt(1)).include("notes");
    refused(
        select("Node").include(joined),
        "beside a recursion of children",
    );
    let joined = select("Node")
        .filter(col("children.id").gt(1))
        .include(down());
    refused(joined, "beside a recursion of children");
    let mut owned = Models::new();
    owned.define("Post").define("Comment").belongs_to_owner(
        "Comment",
        BelongsToOwner::new("on").one_of("Post").one_of("Comment"),
    );
    let comments = owned.sync()?;
    let on = select("Comment").include(include("on").recursive());
    let error = on.run(&comments).unwrap_err();
    assert!(
        error.to_string().contains("a recursion of an owner"),
        "{error}"
    );
    // Under the name of the association to the model itself it leads from the model to itself.
    let up = select("Comment").include(include("Comment").recursive());
    assert!(up.run(&comments)?.is_empty());
    // An instance would hold the next, as deep as the data.
    let root = db.find("Node", 1)?.expect("there is one");
    let view = db.related_view(&root, "children")?.include(down());
    assert!(view.rows().is_ok());
    let error = view.get().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
    assert!(
        error.to_string().contains("no recursion of children"),
        "{error}"
    );
    Ok(())
}

// rules: BY-9, BY-13
// Broken: a held result, or the plan, knows one depth.
#[test]
fn held_results_and_plans_know_it() -> Result<()> {
    let mut db = world(&[0, 1, 2])?;
    let request = select("Node")
        .filter(col("id").eq(1))
        .include(include("children").order_by(asc("name")).recursive_to(9));
    let held = request.run_owned(&db)?;
    db.destroy_where("Node", col("id").eq(3))?;
    let rows = held.rows();
    assert_eq!(outline(rows.first().expect("a root"), "children"), "2[3]");
    let text = request.explain(&db)?.to_string();
    let line = "recursive to depth 9: the same below each row that is new under its Node";
    assert!(text.contains(line), "{text}");
    assert!(format!("{rows:?}").contains("\"children\": ["));
    Ok(())
}

/// A line of nodes, each the child of the one before.
fn line(length: i64) -> Result<Database> {
    let mut db = models().sync()?;
    let parents = (0..length).map(|parent| match parent {
        0 => values! {},
        parent => values! { parentId: parent },
    });
    db.create_many("Node", parents.collect::<Vec<_>>())?;
    Ok(db)
}

// rules: BY-9
// Broken: following a long line, walking it, showing or dropping it takes a frame of the stack for each row.
#[test]
fn a_long_line_takes_a_small_stack() {
    const LENGTH: i64 = 100_000;
    let db = line(LENGTH).unwrap();
    let body = move || -> Result<()> {
        let request = select("Node").filter(col("id").eq(1));
        let request = request.include(include("children").recursive());
        let rows = request.run(&db)?;
        let mut expected = 1..;
        for visit in rows.depth_first() {
            let id = expected.next().expect("they do not end");
            assert_eq!(visit.record.get("id")?.to_value(), id.into());
            assert_eq!(i64::try_from(visit.depth).unwrap(), id - 1);
        }
        assert_eq!(expected.next(), Some(LENGTH + 1));
        assert!(format!("{rows:?}").len() < 1_000);
        let up = select("Node").filter(col("id").eq(LENGTH));
        let up = up.include(include("parent").recursive()).run(&db)?;
        assert_eq!(up.depth_first().count(), 100_000);
        drop(up);
        let owned = request.run_owned(&db)?;
        assert_eq!(owned.rows().depth_first().count(), 100_000);
        Ok(())
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    thread.spawn(body).unwrap().join().unwrap().unwrap();
}

// rules: BY-9, EL-10
// Broken: nested JSON of a ring has no end, or a reference cannot be told from a row.
#[cfg(feature = "json")]
#[test]
fn nested_json_has_references() -> Result<()> {
    let mut db = world(&[3, 1, 2, 1])?;
    db.create("Note", values! { NodeId: 2 })?;
    let down = include("children")
        .attributes(["id"])
        .include(include("notes").attributes(["id"]));
    let request = select("Node").attributes(["id"]).filter(col("id").eq(1));
    let rows = request.include(down.recursive()).run(&db)?;
    let text = r#"[{"id":1,"children":[{"id":2,"notes":[{"id":1}],"children":[{"id":3,"notes":[],"children":[{"id":1,"_reference":true}]}]},{"id":4,"notes":[],"children":[]}]}]"#;
    assert_eq!(rows.to_json()?, text);
    let mut written = Vec::new();
    rows.write_json(&mut written)
        .expect("a vector takes everything");
    assert_eq!(written, text.as_bytes());
    let two = rows
        .first()
        .expect("a root")
        .many("children")?
        .next()
        .expect("2 is below 1");
    let pretty = two.to_json_pretty()?;
    assert_eq!(
        pretty,
        "{\n  \"id\": 2,\n  \"notes\": [\n    {\n      \"id\": 1\n    }\n  ],\n  \"children\": [\n    {\n      \"id\": 3,\n      \"notes\": [],\n      \"children\": [\n        {\n          \"id\": 1,\n          \"_reference\": true\n        }\n      ]\n    }\n  ]\n}"
    );
    // What was not loaded is not there; of an association to one there is an object, or null.
    let up = select("Node").attributes(["id"]).filter(col("id").eq(4));
    let up = up
        .include(include("parent").attributes(["id"]).recursive_to(2))
        .run(&db)?;
    let text = r#"[{"id":4,"parent":{"id":1,"parent":{"id":3}}}]"#;
    assert_eq!(up.to_json()?, text);
    let db = world(&[0, 1])?;
    let up = select("Node").attributes(["id"]).filter(col("id").eq(2));
    let up = up
        .include(include("parent").attributes(["id"]).recursive())
        .run(&db)?;
    assert_eq!(
        up.to_json()?,
        r#"[{"id":2,"parent":{"id":1,"parent":null}}]"#
    );
    Ok(())
}

// rules: BY-9
// Broken: nested JSON goes as deep as the data, or is refused without a word about another way.
#[cfg(feature = "json")]
#[test]
fn nested_json_has_a_depth() -> Result<()> {
    let request = select("Node").attributes(["id"]).filter(col("id").eq(1));
    let request = request.include(include("children").attributes(["id"]).recursive());
    let body = move || -> Result<()> {
        let db = line(1_001)?;
        let text = request.run(&db)?.to_json()?;
        assert_eq!(text.matches("\"children\"").count(), 1_001);
        assert!(
            text.ends_with(&format!("[]{}]", "}]".repeat(1_000) + "}")),
            "{text}"
        );
        let db = line(1_002)?;
        let rows = request.run(&db)?;
        let refused = |error: relata::Error| {
            let kind = RequestKind::Limit(relata::error::Limit::JsonDepth);
            assert_eq!(error.kind(), ErrorKind::Request(kind));
            assert!(error.to_string().contains("Rows::depth_first"), "{error}");
        };
        refused(rows.to_json().unwrap_err());
        refused(rows.to_json_pretty().unwrap_err());
        let mut written = Vec::new();
        let error = rows.write_json(&mut written).unwrap_err();
        refused(
            error
                .downcast::<relata::Error>()
                .expect("it holds the error"),
        );
        assert!(written.is_empty());
        let root = rows.first().expect("there is a root");
        refused(root.to_json().unwrap_err());
        // The part of it that is no deeper can be written.
        let two = root.many("children")?.next().expect("2 is below 1");
        assert!(two.to_json()?.starts_with(r#"{"id":2,"children":[{"id":3"#));
        Ok(())
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let thread = thread.spawn(body).expect("there are threads");
    thread.join().expect("it does not panic")
}
