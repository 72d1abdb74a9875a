//! What is asked of requests and results, and refused.

use crate::error::{Error, ErrorKind, Limit, RequestKind};
use crate::expr::col;
use crate::query::tests::fixture::{World, outline};
use crate::query::{Include, Select, Strategy, include, select};
use crate::value::Value;

fn refused(request: &Select) -> (RequestKind, String) {
    kind_and_text(request.run(&World::example()).unwrap_err())
}

fn kind_and_text(error: Error) -> (RequestKind, String) {
    match error.kind() {
        ErrorKind::Request(kind) => (kind, error.to_string()),
        kind => panic!("{kind:?}: {error}"),
    }
}

// rules: EL-3, EL-9
// Broken: an association of another model is included, or an unknown one silently left out.
#[test]
fn names_that_are_not_there_are_errors() {
    use RequestKind::{Type, UnknownAssociation, UnknownColumn, UnknownTable};
    let message = "User: Association with alias \"task\" does not exist on User";
    for (request, kind) in [
        (select("user"), UnknownTable),
        (select("User").filter(col("title").eq("a")), UnknownColumn),
        (select("Task").order_by("user_id"), UnknownColumn),
        (select("User").attributes(["id", "nme"]), UnknownColumn),
        (select("User").filter(col("age").eq("old")), Type),
        (select("User").include("owner"), UnknownAssociation),
        (
            select("Task")
                .include("tags")
                .include(include("owner").include("tags")),
            UnknownAssociation,
        ),
    ] {
        assert_eq!(refused(&request).0, kind, "{request:?}");
        assert!(request.count(&World::example()).is_err());
    }
    let unknown = select("User").include("task");
    assert_eq!(refused(&unknown), (UnknownAssociation, message.into()));
    let junction = select("User").include(include("tasks").through_attributes(["weight"]));
    assert_eq!(
        refused(&junction),
        (
            RequestKind::Unsupported,
            "User: tasks goes through no junction".into()
        )
    );
}

// Broken: a column's name is taken for an attribute's, or a renamed attribute cannot be used.
#[test]
fn requests_speak_of_attributes() {
    let world = World::example();
    let request = select("Task")
        .filter(col("userId").eq(2))
        .order_by("userId");
    assert_eq!(outline(&request.run(&world).unwrap()), "20");
}

// Broken: a request nested without end overflows the stack when it is dropped, cloned or run.
#[test]
fn includes_are_nested_to_a_limit() {
    let world = World::example();
    let nest = |levels: usize| {
        // Associations to one, so that the rows do not multiply from level to level.
        let outer = |inner: Include, level: usize| {
            include(if level.is_multiple_of(2) {
                "profile"
            } else {
                "user"
            })
            .include(inner)
        };
        let tree = (1..levels).fold(include("profile"), outer);
        select(if levels % 2 == 1 { "User" } else { "Profile" }).include(tree)
    };
    assert_eq!(nest(63).run(&world).unwrap().len(), 4);
    assert_eq!(nest(64).run(&world).unwrap().len(), 3);
    let (kind, message) = refused(&nest(65));
    assert_eq!(kind, RequestKind::Limit(Limit::IncludeDepth));
    assert!(
        message.ends_with("includes nested deeper than 64"),
        "{message}"
    );
    let deep = nest(100_000);
    assert_eq!(
        refused(&deep.clone()).0,
        RequestKind::Limit(Limit::IncludeDepth)
    );
}

// Broken: a request that goes to and fro between users and tasks takes all memory there is.
#[test]
fn rows_multiply_to_a_limit() {
    let to_and_fro = |inner: Include, _| include("tasks").include(include("owner").include(inner));
    let tree = (0..20).fold(include("tasks"), to_and_fro);
    let (kind, message) = refused(&select("User").include(tree));
    assert_eq!(
        (kind, &*message),
        (
            RequestKind::Limit(Limit::IncludedRows),
            "an include of more than 10000 rows"
        )
    );
}

// Broken: read in parts, an include has more rows than it may, or one row above it may not have as many as all together.
#[test]
fn parts_are_limited_as_the_whole() {
    // Under each user his tasks, each once more for every task.
    let squared = include("tasks").include(include("owner").include("tasks"));
    let none = include("tasks").filter(col("title").eq("none"));
    let none = include("tasks").include(include("owner").include(none));
    let mut world = World::empty();
    let mut task = 0;
    for (user, tasks, is_refused) in [(1, 90, false), (2, 40, false), (3, 20, true)] {
        let values = [user.into(), "Ada".into(), Value::Null, Value::Null];
        world.add("users", values);
        for _ in 0..tasks {
            task += 1;
            let values = [task.into(), user.into(), "some".into(), true.into()];
            world.add("tasks", values);
        }
        for include in [squared.clone(), none.clone()] {
            for strategy in [Strategy::Sequential, Strategy::Parallel] {
                let request = select("User").include(include.clone()).strategy(strategy);
                let found = request.run(&world);
                let refused = found.map(drop).map_err(|error| kind_and_text(error).0);
                let limit = RequestKind::Limit(Limit::IncludedRows);
                let expected = if is_refused { Err(limit) } else { Ok(()) };
                assert_eq!(refused, expected, "{user} {strategy}");
            }
        }
    }
}

// rules: EL-13, EL-14
// Broken: what was excluded reads as null, or an include that only filters is part of the result.
#[test]
fn what_was_not_loaded_is_an_error_that_names_it() {
    let world = World::example();
    let request = select("User")
        .attributes(["name"])
        .include("tasks")
        .include("company")
        .include(include("notes").required(true).attributes([] as [&str; 0]));
    let rows = request.run(&world).unwrap();
    assert_eq!(
        outline(&rows),
        "1{tasks:[10 11 12] company:'acme'} 3{tasks:[] company:'umbra'}"
    );
    let ada = rows.first().unwrap();
    assert_eq!(ada.get("name").unwrap().as_str(), Some("Ada"));
    assert_eq!(
        ada.attributes().map(|(name, _)| name).collect::<Vec<_>>(),
        ["name"]
    );
    let not_loaded = |error| {
        let (kind, text) = kind_and_text(error);
        assert_eq!(kind, RequestKind::NotLoaded);
        text
    };
    let missing = [
        not_loaded(ada.get("age").unwrap_err()),
        not_loaded(rows.column("age").unwrap_err()),
        not_loaded(ada.many("badges").unwrap_err()),
        not_loaded(ada.many("notes").unwrap_err()),
        not_loaded(rows.included("tasks.tags").unwrap_err()),
    ];
    assert_eq!(
        missing,
        [
            "User: attribute age was not loaded",
            "User: attribute age was not loaded",
            "User: association badges was not included",
            "User: association notes was not included",
            "Task: association tags was not included",
        ]
    );
    let wrong = [
        ada.one("tasks").unwrap_err(),
        ada.many("company").unwrap_err(),
    ];
    assert_eq!(
        wrong.map(kind_and_text),
        [
            (
                RequestKind::Type,
                "User: tasks leads to many rows: read them with `many`".into()
            ),
            (
                RequestKind::Type,
                "User: company leads to one row at most: read it with `one`".into()
            ),
        ]
    );
    assert_eq!(
        kind_and_text(ada.get("nme").unwrap_err()).0,
        RequestKind::UnknownColumn
    );
    assert_eq!(
        kind_and_text(ada.many("x").unwrap_err()).0,
        RequestKind::UnknownAssociation
    );
}

// Broken: a handle reads another attribute than its name does.
#[test]
fn handles_read_what_names_read() {
    let world = World::example();
    let rows = select("User")
        .include(include("tasks").include("tags"))
        .run(&world)
        .unwrap();
    let (name, tasks) = (
        rows.column("name").unwrap(),
        rows.included("tasks").unwrap(),
    );
    let (title, tags) = (
        rows.column("tasks.title").unwrap(),
        rows.included("tasks.tags").unwrap(),
    );
    for user in &rows {
        assert_eq!(user.at(name), user.get("name").unwrap());
        for (task, same) in user.under(tasks).zip(user.many("tasks").unwrap()) {
            assert_eq!(task.at(title), same.get("title").unwrap());
            assert_eq!(task.under(tags).len(), same.many("tags").unwrap().len());
        }
    }
    assert_eq!(
        rows.iter().next_back().unwrap().key(),
        rows.get(3).unwrap().key()
    );
    assert!(rows.get(4).is_none());
}

// rules: EL-15
// Broken: a junction row comes although none of it was asked for.
#[test]
fn junction_rows_are_shown_as_asked_for() {
    let world = World::example();
    let tags = |attributes: &[&str]| {
        let tags = include("tags").through_attributes(attributes.iter().copied());
        select("Task").limit(1).include(tags)
    };
    let request = tags(&["weight"]);
    let rows = request.run(&world).unwrap();
    let tag = rows.first().unwrap().many("tags").unwrap().next().unwrap();
    let through = tag.through().unwrap();
    assert_eq!(
        through
            .attributes()
            .map(|(name, _)| name)
            .collect::<Vec<_>>(),
        ["weight"]
    );
    assert!(through.get("task_id").is_err());
    assert!(through.through().is_none() && through.many("tags").is_err());
    let request = tags(&[]);
    let rows = request.run(&world).unwrap();
    let tag = rows.first().unwrap().many("tags").unwrap().next().unwrap();
    assert!(tag.through().is_none());
    assert!(rows.first().unwrap().through().is_none());
}

// Broken: a request prepared for one schema reads rows of another by its ordinals.
#[test]
fn a_prepared_request_is_for_its_schema() {
    let mut world = World::example();
    let request = select("User")
        .filter(col("age").eq(20))
        .include("tasks")
        .limit(1);
    let prepared = request.prepare(&world).unwrap();
    let outline_of = |world: &World| outline(&prepared.run(world).unwrap());
    assert_eq!(outline_of(&world), "3{tasks:[]}");
    assert_eq!(prepared.count(&world).unwrap(), 2);
    // The plan is older than the table's change to another order of rows.
    world.unsettle("users", 3);
    world.add("tasks", [5.into(), 3.into(), "late".into(), true.into()]);
    assert_eq!(outline_of(&world), "3{tasks:[5]}");
    assert_eq!(
        outline(&prepared.run_owned(&world).unwrap().rows()),
        "3{tasks:[5]}"
    );
    let other = World::example();
    let (kind, _) = kind_and_text(prepared.run(&other).unwrap_err());
    assert_eq!(kind, RequestKind::SchemaChanged);
    assert!(prepared.count(&other).is_err() && prepared.explain(&other).is_err());
}
