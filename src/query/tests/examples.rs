//! What a request finds, rule by rule.

use crate::expr::{all, col};
use crate::query::tests::fixture::{World, outline, uuid};
use crate::query::{asc, desc, include, select};
use crate::value::{Key, Value};

fn found(world: &World, request: &crate::query::Select) -> String {
    outline(&request.run(world).unwrap())
}

// rules: BY-1, EL-37
// Broken: users come in the order of their insertion, or companies in that of their hashes.
#[test]
fn rows_come_in_key_order() {
    let mut world = World::example();
    assert_eq!(found(&world, &select("User")), "1 2 3 4");
    assert_eq!(found(&world, &select("Company")), "'acme' 'umbra' 'void'");
    // An index over age and name gives Abe first.
    world.add("users", [5.into(), "Abe".into(), 20.into(), Value::Null]);
    let twenty = select("User").filter(col("age").eq(20));
    assert_eq!(found(&world, &twenty), "3 4 5");
    world.db.delete_key("users", 5).unwrap();
    world.unsettle("users", 1);
    assert_eq!(found(&world, &select("User")), "1 2 3 4");
    let tasks = select("User").include("tasks");
    let expected = "1{tasks:[10 11 12]} 2{tasks:[20]} 3{tasks:[]} 4{tasks:[]}";
    assert_eq!(found(&world, &tasks), expected);
    world.unsettle("tasks", 10);
    assert_eq!(found(&world, &tasks), expected);
}

// rules: BY-1, EL-15
// Broken: the tags of a task come in the order in which they were attached.
#[test]
fn targets_over_a_junction_come_in_their_own_key_order() {
    let world = World::example();
    let request = select("Task").include("tags");
    assert_eq!(
        found(&world, &request),
        "10{tags:['blue' 'red']} 11{tags:['green']} 12{tags:[]} 20{tags:['red']} 30{tags:[]}"
    );
    let rows = request.run(&world).unwrap();
    let first = rows.first().unwrap().many("tags").unwrap().next().unwrap();
    let through = first.through().unwrap();
    assert_eq!(through.model(), "TaskTag");
    assert_eq!(through.get("weight").unwrap().as_int(), Some(2));
    assert_eq!(through.key(), Key::from((10, "blue")));
}

// rules: BY-1, EL-11
// Broken: a task pinned twice comes once, or with its later pin first.
#[test]
fn a_target_comes_once_per_junction_row() {
    let mut world = World::example();
    let request = select("User").include("pinned").limit(2);
    let pins = |world: &World| {
        let rows = request.run(world).unwrap();
        let tasks = rows.first().unwrap().many("pinned").unwrap();
        let pins = tasks.map(|it| it.through().unwrap().key().to_string());
        (outline(&rows), pins.collect::<Vec<_>>().join(" "))
    };
    let expected = "1{pinned:[11 20 20]} 2{pinned:[11]}";
    assert_eq!(pins(&world), (expected.into(), "3 2 4".into()));
    world.unsettle("pins", 2);
    assert_eq!(pins(&world), (expected.into(), "3 2 4".into()));
    world.unsettle("tasks", 20);
    assert_eq!(pins(&world), (expected.into(), "3 2 4".into()));
}

// rules: EL-10, EL-18, EL-12
// Broken: users without a company are missing, or a company shared by two users is under one of them only.
#[test]
fn an_optional_include_leaves_every_root() {
    let world = World::example();
    assert_eq!(
        found(
            &world,
            &select("User").include("company").include("profile")
        ),
        format!(
            "1{{company:'acme' profile:{}}} 2{{company:'acme' profile:-}} 3{{company:'umbra' profile:{}}} \
             4{{company:- profile:-}}",
            uuid(5),
            uuid(7)
        )
    );
}

// rules: D23
// Broken: the user with two profiles comes twice, or with the profile that was inserted first.
#[test]
fn the_one_of_several_is_the_one_with_the_smallest_key() {
    let world = World::example();
    let request = select("User").filter(col("id").eq(1)).include("profile");
    let rows = request.run(&world).unwrap();
    assert_eq!(rows.len(), 1);
    let profile = rows.first().unwrap().one("profile").unwrap().unwrap();
    assert_eq!(profile.get("bio").unwrap().as_str(), Some("early"));
    // The first that the filter leaves, not the first if the filter leaves it.
    let late = include("profile").filter(col("bio").eq("late"));
    let request = select("User").include(late);
    assert_eq!(found(&world, &request), format!("1{{profile:{}}}", uuid(9)));
}

// rules: EL-19, EL-20, EL-21, BY-7
// Broken: users without open tasks stay, or Ada comes once per task.
#[test]
fn a_filter_makes_an_include_required() {
    let world = World::example();
    let done = || include("tasks").filter(col("done").eq(true));
    assert_eq!(
        found(&world, &select("User").include(done())),
        "1{tasks:[10 12]}"
    );
    assert_eq!(
        found(&world, &select("User").include(done().required(false))),
        "1{tasks:[10 12]} 2{tasks:[]} 3{tasks:[]} 4{tasks:[]}"
    );
    assert_eq!(
        found(
            &world,
            &select("User").include(include("tasks").required(true))
        ),
        "1{tasks:[10 11 12]} 2{tasks:[20]}"
    );
    assert_eq!(
        found(
            &world,
            &select("User").include(include("tasks").filter(all([])))
        ),
        "1{tasks:[10 11 12]} 2{tasks:[20]}"
    );
}

// rules: EL-22, EL-23, EL-24
// Broken: a required tag under optional tasks takes users away, or one under required tasks does not.
#[test]
fn what_a_nested_required_include_decides() {
    let world = World::example();
    let red = || include("tags").filter(col("name").eq("red"));
    let users = |tasks| found(&world, &select("User").include(tasks));
    assert_eq!(
        users(include("tasks").include(red())),
        "1{tasks:[10{tags:['red']}]} 2{tasks:[20{tags:['red']}]} 3{tasks:[]} 4{tasks:[]}"
    );
    assert_eq!(
        users(include("tasks").required(true).include(red())),
        "1{tasks:[10{tags:['red']}]} 2{tasks:[20{tags:['red']}]}"
    );
    assert_eq!(
        users(
            include("tasks")
                .required(true)
                .include(red().required(false))
        ),
        "1{tasks:[10{tags:['red']} 11{tags:[]} 12{tags:[]}]} 2{tasks:[20{tags:['red']}]}"
    );
}

// rules: EL-28, EL-39
// Broken: a condition on the junction takes tasks away by itself.
#[test]
fn a_junction_filter_alone_takes_no_root_away() {
    let world = World::example();
    let heavy = || include("tags").through_filter(col("weight").ge(3));
    let tasks = |tags| found(&world, &select("Task").include(tags));
    assert_eq!(
        tasks(heavy()),
        "10{tags:[]} 11{tags:['green']} 12{tags:[]} 20{tags:['red']} 30{tags:[]}"
    );
    assert_eq!(
        tasks(heavy().required(true)),
        "11{tags:['green']} 20{tags:['red']}"
    );
    assert_eq!(
        tasks(heavy().filter(col("name").eq("red"))),
        "20{tags:['red']}"
    );
}

// rules: BY-4, EL-38, EL-39, EL-40
// Broken: the limit counts tasks, or users that the required include takes away afterwards.
#[test]
fn a_root_limit_counts_roots_that_are_left() {
    let world = World::example();
    let page = |request: crate::query::Select| found(&world, &request);
    let tasks = || include("tasks").required(true);
    assert_eq!(
        page(select("User").include("tasks").limit(2)),
        "1{tasks:[10 11 12]} 2{tasks:[20]}"
    );
    assert_eq!(
        page(select("User").include(tasks()).offset(1).limit(1)),
        "2{tasks:[20]}"
    );
    assert_eq!(
        page(
            select("User")
                .include(tasks())
                .order_by(desc("id"))
                .limit(1)
        ),
        "2{tasks:[20]}"
    );
    let unowned = include("tasks").include(include("tags").filter(col("name").eq("no")));
    assert_eq!(
        page(select("User").include(unowned).offset(2).limit(9)),
        "3{tasks:[]} 4{tasks:[]}"
    );
    assert_eq!(page(select("User").offset(9)), "");
    assert_eq!(page(select("User").limit(0)), "");
}

// rules: BY-2, BY-3, EL-41
// Broken: the limit inside an include counts over all users, or decides which users come.
#[test]
fn order_and_limit_in_an_include_are_per_parent() {
    let world = World::example();
    let tasks = || include("tasks").order_by("title");
    assert_eq!(
        found(&world, &select("User").include(tasks())),
        "1{tasks:[12 11 10]} 2{tasks:[20]} 3{tasks:[]} 4{tasks:[]}"
    );
    let one = tasks().required(true).offset(1).limit(1);
    assert_eq!(
        found(&world, &select("User").include(one)),
        "1{tasks:[11]} 2{tasks:[]}"
    );
    let none = tasks().filter(col("done").eq(true)).limit(0);
    assert_eq!(found(&world, &select("User").include(none)), "1{tasks:[]}");
    let first = include("tags").order_by(desc("name")).limit(1);
    assert_eq!(
        found(&world, &select("Task").limit(2).include(first)),
        "10{tags:['red']} 11{tags:['green']}"
    );
    let profile = || {
        select("User")
            .limit(1)
            .include(include("profile").offset(1))
    };
    assert_eq!(found(&world, &profile()), "1{profile:-}");
}

// rules: EL-31, EL-32, BY-2
// Broken: the user without an age comes first when ascending, or equal ages in another order than by key.
#[test]
fn nulls_come_last_ascending_and_first_descending() {
    let world = World::example();
    let by = |order| found(&world, &select("User").order_by(order));
    assert_eq!(by(asc("age")), "3 4 1 2");
    assert_eq!(by(desc("age")), "2 1 3 4");
    assert_eq!(by(asc("age").nulls_first()), "2 3 4 1");
    assert_eq!(by(desc("age").nulls_last()), "1 3 4 2");
    let request = select("User").order_by("age").order_by(desc("name"));
    assert_eq!(found(&world, &request), "4 3 1 2");
}

// rules: SC-1, SC-7, EL-30
// Broken: a note of a task with the same number is among the user's notes, or a badge without a name belongs to anyone.
#[test]
fn associations_without_a_foreign_key_match_by_value() {
    let world = World::example();
    assert_eq!(
        found(&world, &select("User").include("notes").include("badges")),
        "1{notes:[1 4] badges:[1 3]} 2{notes:[] badges:[]} 3{notes:[3] badges:[2]} \
         4{notes:[] badges:[]}"
    );
    assert_eq!(
        found(&world, &select("Badge").include("user")),
        "1{user:1} 2{user:3} 3{user:1} 4{user:-}"
    );
    assert_eq!(
        found(&world, &select("Note").include("user")),
        "1{user:1} 2{user:1} 3{user:3} 4{user:1}"
    );
    assert_eq!(
        found(&world, &select("Task").include("heavyTags").limit(2)),
        "10{heavyTags:['blue']} 11{heavyTags:[]}"
    );
}

// rules: EL-11, EL-8
// Broken: two includes side by side multiply each other, or one asked for twice comes twice.
#[test]
fn siblings_do_not_multiply_and_twice_is_once() {
    let world = World::example();
    let request = select("User").limit(1).include("tasks").include("notes");
    assert_eq!(found(&world, &request), "1{tasks:[10 11 12] notes:[1 4]}");
    let twice = select("User")
        .include(include("tasks").filter(col("done").eq(true)))
        .include(include("tasks").include("tags"));
    assert_eq!(
        found(&world, &twice),
        "1{tasks:[10{tags:['blue' 'red']} 12{tags:[]}]}"
    );
}

// rules: EL-39, BY-7
// Broken: of two required includes, the rows of the first are left under users that the second takes away.
#[test]
fn several_required_includes_all_hold() {
    let world = World::example();
    let request = select("User")
        .include(include("tasks").required(true).include("tags"))
        .include(include("profile").required(true));
    assert_eq!(
        found(&world, &request),
        format!(
            "1{{tasks:[10{{tags:['blue' 'red']}} 11{{tags:['green']}} 12{{tags:[]}}] profile:{}}}",
            uuid(5)
        )
    );
    // Bob goes, after his task was read.
    let request = select("User")
        .include(
            include("tasks")
                .required(true)
                .include(include("tags").required(true)),
        )
        .include(include("notes").required(true));
    assert_eq!(
        found(&world, &request),
        "1{tasks:[10{tags:['blue' 'red']} 11{tags:['green']}] notes:[1 4]}"
    );
}

// rules: EL-52, EL-53
// Broken: a count is of joined rows, or is cut by a limit.
#[test]
fn a_count_is_of_roots_that_are_left() {
    let world = World::example();
    let count = |request: crate::query::Select| request.count(&world).unwrap();
    assert_eq!(count(select("User")), 4);
    assert_eq!(count(select("User").include("tasks").limit(1).offset(2)), 4);
    assert_eq!(count(select("User").filter(col("age").eq(20))), 2);
    assert_eq!(count(select("User").filter(col("id").eq(2))), 1);
    let red = include("tags").filter(col("name").eq("red"));
    let tasks = |required| {
        include("tasks")
            .required(required)
            .limit(0)
            .include(red.clone())
    };
    assert_eq!(count(select("User").include(tasks(true))), 2);
    assert_eq!(count(select("User").include(tasks(false))), 4);
    assert!(select("User").exists(&world).unwrap());
    assert!(
        !select("User")
            .filter(col("age").gt(99))
            .exists(&world)
            .unwrap()
    );
}

// Broken: a read through foreign keys looks keys up.
#[test]
fn an_include_tree_over_enforced_keys_hashes_nothing() {
    let mut world = World::example();
    world.unsettle("tasks", 10);
    let request = select("User")
        .include(include("tasks").required(true).include("tags"))
        .include(include("company").include("users"))
        .include("profile");
    let before = crate::engine::hashes_counted();
    let rows = request.run(&world).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(crate::engine::hashes_counted(), before);
}

// rules: BY-8
// Broken: a chain over foreign keys looks keys up, or looks at them again to find repeats.
#[test]
fn a_chain_over_enforced_keys_hashes_nothing() {
    let mut world = World::example();
    world.unsettle("users", 1);
    let request = select("Company")
        .include(include("tags").order_by(desc("name")).limit(2))
        .include(include("tasks").include("company"))
        .with_count("profiles");
    let before = crate::engine::hashes_counted();
    let rows = request.run(&world).unwrap();
    assert_eq!(crate::engine::hashes_counted(), before);
    let first = rows.first().unwrap();
    let tags: Vec<_> = first.many("tags").unwrap().map(|it| it.key()).collect();
    assert_eq!(tags, [Key::from("red"), Key::from("green")]);
    assert_eq!(first.count("profiles").unwrap(), 1);
    let owned: Vec<_> = first
        .many("tasks")
        .unwrap()
        .map(|it| it.one("company").unwrap().unwrap().key())
        .collect();
    assert_eq!(owned, vec![Key::from("acme"); 4]);
}

// rules: BY-13
// Broken: a held result shows what was written after it.
#[test]
fn a_held_result_does_not_move() {
    let mut world = World::example();
    let request = select("User").include(include("tasks").include("tags"));
    let owned = request.run_owned(&world).unwrap();
    let held = world.hold();
    let borrowed = request.run(&held).unwrap();
    let before = outline(&request.run(&world).unwrap());
    world.db.delete_key("users", 1).unwrap();
    world.add("tags", ["new".into()]);
    assert_ne!(outline(&request.run(&world).unwrap()), before);
    assert_eq!(outline(&owned.rows()), before);
    assert_eq!(outline(&borrowed), before);
    assert_eq!(owned.len(), 4);
}
