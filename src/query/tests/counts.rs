//! Numbers of rows below rows, without the rows.

use crate::error::{ErrorKind, RequestKind};
use crate::expr::{col, param};
use crate::query::tests::fixture::World;
use crate::query::{Include, Select, include, select};
use crate::value::Value;

fn counts(world: &World, request: &Select, association: &str) -> Vec<usize> {
    let rows = request.run(world).unwrap();
    let counted = rows.counted(association).unwrap();
    let counts = rows.iter().map(|row| {
        let count = row.count(association).unwrap();
        assert_eq!(row.count_at(counted), count);
        count
    });
    counts.collect()
}

// Broken: a number is of something else than of the rows that an include would give, or a row with none is left out.
#[test]
fn a_count_is_of_what_an_include_would_give() {
    let world = World::example();
    let of = |model: &str, counted: Include| {
        let key = counted.association.clone();
        counts(&world, &select(model).with_count(counted), &key)
    };
    assert_eq!(of("User", "tasks".into()), [3, 1, 0, 0]);
    assert_eq!(of("User", "company".into()), [1, 1, 1, 0]);
    assert_eq!(of("User", "profile".into()), [1, 0, 1, 0]);
    assert_eq!(of("User", "notes".into()), [2, 0, 1, 0]);
    assert_eq!(of("User", "badges".into()), [2, 0, 1, 0]);
    assert_eq!(of("User", "pinned".into()), [3, 1, 0, 0]);
    let done = include("tasks").filter(col("done").eq(true));
    assert_eq!(of("User", done), [2, 0, 0, 0]);
    let tagged = include("tasks").include(include("tags").required(true));
    assert_eq!(of("User", tagged), [2, 1, 0, 0]);
    let heavy = include("tags").through_filter(col("weight").ge(2));
    assert_eq!(of("Task", heavy), [1, 1, 0, 1, 0]);
}

// Broken: a count in an include, beside an include of the same association, or with a parameter gives something else.
#[test]
fn counts_go_where_includes_go() {
    let world = World::example();
    let open = include("tasks").filter(col("done").eq(param("done")));
    let users = include("users").include(include("tasks").limit(1));
    let request = select("Company").include(users.with_count("tasks").with_count(open));
    let request = request.prepare(&world).unwrap();
    let counted = request.counted("users.tasks").unwrap();
    let rows = request.run_with(&world, [("done", false.into())]).unwrap();
    let mut found = Vec::new();
    for company in &rows {
        for user in company.many("users").unwrap() {
            found.push((user.many("tasks").unwrap().len(), user.count_at(counted)));
        }
    }
    assert_eq!(found, [(1, 1), (1, 1), (0, 0)]);
    let held = request
        .run_owned_with(&world, [("done", true.into())])
        .unwrap();
    #[cfg(feature = "json")]
    assert_eq!(
        held.rows().to_json().unwrap(),
        concat!(
            r#"[{"code":"acme","name":"Acme","users":["#,
            r#"{"id":1,"name":"Ada","age":36,"company_code":"acme","#,
            r#""tasks":[{"id":10,"userId":1,"title":"write","done":true}],"_count":{"tasks":2}},"#,
            r#"{"id":2,"name":"Bob","age":null,"company_code":"acme","#,
            r#""tasks":[{"id":20,"userId":2,"title":"rest","done":false}],"_count":{"tasks":0}}]},"#,
            r#"{"code":"umbra","name":"Umbra","users":["#,
            r#"{"id":3,"name":"Cy","age":20,"company_code":"umbra","tasks":[],"_count":{"tasks":0}}]},"#,
            r#"{"code":"void","name":"Void","users":[]}]"#
        )
    );
    let text = format!("{:?}", held.rows().first().unwrap().many("users").unwrap());
    assert!(text.contains("count of tasks: 2"), "{text}");
}

// Broken: a plan follows edges whose number is all that is wanted, or does not say how a number is found.
#[test]
fn plans_say_how_a_number_is_found() {
    let world = World::example();
    let request = select("User")
        .attributes(["id"])
        .with_count("tasks")
        .with_count("notes")
        .with_count("pinned")
        .with_count(include("company").filter(col("name").eq("Acme")));
    assert_eq!(
        request.explain(&world).unwrap().to_string(),
        [
            "select User, about 4 rows",
            "  scan of users: 4 rows",
            "  order: primary key, as found",
            "  count tasks (Task), about 4 rows",
            "    number of edges tasks_user_id_fkey to its children",
            "  count notes (Note), about 1 row",
            "    look-up in index notes_owner_type_owner_id_idx: owner_type = 'user', owner_id",
            "    because: cost 4, against 21 for one pass",
            "    filter: owner_type = 'user'",
            "  count pinned (Task), about 4 rows",
            "    to junction: edges pins_user_id_fkey to its children",
            "    to target: edge pins_task_id_fkey to its parent",
            "  count company (Company), about 0 rows",
            "    edge users_company_code_fkey to its parent",
            "    filter: name = 'Acme'",
            "",
        ]
        .join("\n")
    );
}

// Broken: something that a number cannot have is dropped in silence.
#[test]
fn what_says_nothing_about_a_number_is_refused() {
    let world = World::example();
    let tasks = || include("tasks");
    for (counted, what) in [
        (tasks().order_by("id"), "an order"),
        (tasks().limit(1), "a limit"),
        (tasks().offset(1), "an offset"),
        (tasks().attributes(["id"]), "attributes"),
        (tasks().required(true), "required or not"),
        (tasks().with_count("tags"), "a count in it"),
        (tasks().include("tags"), "an include that is not required"),
    ] {
        let error = select("User").with_count(counted).run(&world).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
        assert_eq!(
            error.to_string(),
            format!("User: a count of tasks with {what}")
        );
    }
    let junction = include("pinned").through_attributes(["id"]);
    let error = select("User").with_count(junction).run(&world).unwrap_err();
    assert_eq!(
        error.to_string(),
        "User: a count of pinned with junction attributes"
    );
    let rows = select("User").include("tasks").run(&world).unwrap();
    let first = rows.first().unwrap();
    for (association, kind) in [
        ("tasks", RequestKind::NotLoaded),
        ("task", RequestKind::UnknownAssociation),
    ] {
        let error = first.count(association).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(kind));
        let error = rows.counted(association).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(kind));
    }
    let counted = select("User").with_count("tasks").run(&world).unwrap();
    let error = counted.first().unwrap().many("tasks").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
}

// Broken: a count past the deepest include overflows something, or is left out in silence.
#[test]
fn counts_are_no_deeper_than_includes() {
    let world = World::example();
    let mut deep = include("owner");
    for level in 0..63 {
        let association = if level % 2 == 0 { "tasks" } else { "owner" };
        deep = include(association).include(deep.required(true));
    }
    let error = select("User").with_count(include("tasks").include(deep.required(true)));
    let error = error.run(&world).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Request(RequestKind::Limit(_))
    ));
}

// Broken: children by the value of their foreign key are looked for among all rows, or a null finds those without one.
#[test]
fn a_filter_on_a_foreign_key_walks_its_edges() {
    let world = World::example();
    let tasks = select("Task").filter(col("userId").eq(param("user")));
    let tasks = tasks.prepare(&world).unwrap();
    assert_eq!(
        tasks.explain(&world).unwrap().to_string(),
        [
            "select Task, about 1 row",
            "  by edges tasks_user_id_fkey under one parent: userId = :user",
            "  because: cost 2, against 3 for an index",
            "  order: primary key, as found",
            "",
        ]
        .join("\n")
    );
    for (user, count) in [
        (Value::from(1), 3),
        (Value::from(2), 1),
        (Value::from(77), 0),
        (Value::Null, 0),
    ] {
        assert_eq!(tasks.count_with(&world, [("user", user)]).unwrap(), count);
    }
}
