//! Plans as text, exactly.

use crate::expr::col;
use crate::query::tests::fixture::World;
use crate::query::{Select, desc, include, select};

#[track_caller]
fn assert_plan(world: &World, request: &Select, expected: &[&str]) {
    let text = request.explain(world).unwrap();
    assert_eq!(text, expected.join("\n") + "\n", "\n{text}");
}

// Broken: a look-up by key scans, or its filter is tested again for nothing.
#[test]
fn a_root_is_read_by_what_its_filter_gives() {
    let world = World::example();
    let users = |filter| select("User").filter(filter);
    assert_plan(
        &world,
        &users(col("id").eq(1)),
        &["select User", "  by primary key users_pkey: id = 1"],
    );
    assert_plan(
        &world,
        &users(col("id").eq(1).and(col("age").gt(3))),
        &[
            "select User",
            "  by primary key users_pkey: id = 1",
            "  filter: id = 1 and age > 3",
        ],
    );
    assert_plan(
        &world,
        &select("Company").filter(col("name").eq("Acme")),
        &[
            "select Company",
            "  by unique key companies_name_key: name = 'Acme'",
        ],
    );
    assert_plan(
        &world,
        &select("Task").filter(col("title").eq("rest")),
        &[
            "select Task",
            "  by index tasks_title_idx: title = 'rest'",
            "  order: primary key, as found",
        ],
    );
    assert_plan(
        &world,
        &users(col("age").eq(20)),
        &[
            "select User",
            "  by index users_age_name_idx: age = 20",
            "  order: primary key, sort (not found in key order)",
        ],
    );
    assert_plan(
        &world,
        &users(col("name").eq("Ada")),
        &[
            "select User",
            "  scan of users: 4 rows",
            "  filter: name = 'Ada'",
            "  order: primary key, as found",
        ],
    );
}

// Broken: a constant of another type is looked up in an index, which cannot find it.
#[test]
fn only_a_constant_of_the_column_s_type_is_looked_up() {
    let world = World::example();
    let request = select("User").filter(col("id").eq(1.0));
    assert_plan(
        &world,
        &request,
        &[
            "select User",
            "  scan of users: 4 rows",
            "  filter: id = 1.0",
            "  order: primary key, as found",
        ],
    );
    assert_eq!(request.run(&world).unwrap().len(), 1);
}

#[test]
fn order_and_cut_are_told_with_their_reasons() {
    let mut world = World::example();
    let ordered = select("User")
        .order_by(desc("age").nulls_last())
        .order_by("name")
        .limit(2)
        .offset(1);
    assert_plan(
        &world,
        &ordered,
        &[
            "select User",
            "  scan of users: 4 rows",
            "  order: age desc nulls last, name, sort",
            "  limit: 2 after 1",
        ],
    );
    let by_key = select("User").order_by("id").order_by("name").offset(1);
    assert_plan(
        &world,
        &by_key,
        &[
            "select User",
            "  scan of users: 4 rows",
            "  order: primary key, as found",
            "  offset: 1",
        ],
    );
    world.unsettle("users", 1);
    assert_plan(
        &world,
        &select("User"),
        &[
            "select User",
            "  scan of users: 4 rows",
            "  order: primary key, sort (rows do not stand in key order)",
        ],
    );
}

#[test]
fn an_include_tells_how_its_rows_are_reached() {
    let world = World::example();
    let tags = include("tags").through_filter(col("weight").gt(1));
    let tasks = include("tasks")
        .filter(col("done").eq(true))
        .limit(3)
        .include(tags);
    let request = select("User")
        .include(tasks)
        .include("company")
        .include("profile")
        .include(include("notes").required(true).attributes([] as [&str; 0]))
        .include(include("badges").include("user"));
    assert_plan(
        &world,
        &request,
        &[
            "select User",
            "  scan of users: 4 rows",
            "  order: primary key, as found",
            "  include tasks (Task), required",
            "    edges tasks_user_id_fkey to its children",
            "    filter: done = true",
            "    order: primary key, as found",
            "    limit: 3 per parent",
            "    include tags (Tag)",
            "      to junction: edges task_tags_task_id_fkey to its children",
            "      junction filter: weight > 1",
            "      to target: edge task_tags_tag_name_fkey to its parent",
            "      order: primary key, sort (rows do not stand in key order)",
            "  include company (Company)",
            "    edge users_company_code_fkey to its parent",
            "  include profile (Profile)",
            "    edges profiles_user_id_fkey to its children",
            "    order: primary key, sort (rows do not stand in key order)",
            "    limit: 1 per parent",
            "  include notes (Note), required, not shown",
            "    look-up in index notes_owner_type_owner_id_idx: owner_type = 'user', owner_id",
            "    filter: owner_type = 'user'",
            "    order: primary key, as found",
            "  include badges (Badge)",
            "    one scan of badges: 4 rows, matched by user_name",
            "    order: primary key, as found",
            "    include user (User)",
            "      one scan of users: 4 rows, matched by name",
            "      order: primary key, as found",
            "      limit: 1 per parent",
        ],
    );
    assert_plan(
        &world,
        &select("Note").filter(col("id").eq(1)).include("user"),
        &[
            "select Note",
            "  by primary key notes_pkey: id = 1",
            "  include user (User)",
            "    look-up in unique key users_pkey: id",
        ],
    );
}
