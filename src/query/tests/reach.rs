//! Filters and orders over associations.

use crate::error::{ErrorKind, Limit, RequestKind};
use crate::expr::{Expr, all, any, col, not, param, related};
use crate::query::tests::fixture::{World, outline, uuid};
use crate::query::{Include, Loaded, Order, Select, asc, desc, include, select};
use crate::value::Value;

fn found(world: &World, request: &Select) -> String {
    let rows = request.run(world).unwrap();
    let cut = request.criteria.limit.is_some() || request.criteria.offset.is_some();
    assert!(cut || rows.len() == request.count(world).unwrap());
    outline(&rows)
}

fn users(filter: Expr) -> String {
    found(&World::example(), &select("User").filter(filter))
}

fn tasks(filter: Expr) -> String {
    found(&World::example(), &select("Task").filter(filter))
}

fn refused(request: &Select) -> (RequestKind, String) {
    let error = request.run(&World::example()).unwrap_err();
    match error.kind() {
        ErrorKind::Request(kind) => (kind, error.to_string()),
        kind => panic!("{kind:?}: {error}"),
    }
}

// rules: BY-6
// Broken: a user without tasks fails `all`, or one task in ten makes `none` true.
#[test]
fn questions_about_the_rows_of_an_association() {
    let done = || col("done").eq(true);
    assert_eq!(users(related("tasks").any(done())), "1");
    assert_eq!(users(related("tasks").none(done())), "2 3 4");
    assert_eq!(users(related("tasks").all(done())), "3 4");
    assert_eq!(users(related("tasks").all(not(done()))), "2 3 4");
    assert_eq!(users(related("tasks").exists()), "1 2");
    assert_eq!(users(related("tasks").count().ge(2)), "1");
    assert_eq!(users(related("tasks").count().eq(0)), "3 4");
    assert_eq!(users(related("tasks").filter(done()).count().eq(2)), "1");
    assert_eq!(users(related("tasks").count().gt(col("id"))), "1");
    let early = col("id").lt(12);
    assert_eq!(
        users(related("tasks").filter(early).all(col("id").lt(11))),
        "2 3 4"
    );
    // Over values, to one, and over a junction that may hold a pair twice.
    assert_eq!(users(related("notes").any(col("text").eq("bye"))), "3");
    assert_eq!(users(related("company").none(all([]))), "4");
    assert_eq!(users(related("pinned").count().eq(3)), "1");
    assert_eq!(users(related("profile").count().eq(1)), "1 3");
}

// rules: BY-6, BY-8
// Broken: of the profiles that a user has against D23, a question asks only the first for which the answer is yes.
#[test]
fn a_question_at_the_end_of_a_chain_is_about_each_row() {
    let world = World::example();
    let companies = |filter| found(&world, &select("Company").filter(filter));
    let bio = |text: &str| col("bio").eq(text);
    let profiles = || related("profiles");
    assert_eq!(companies(profiles().any(bio("early"))), "'acme'");
    assert_eq!(companies(profiles().any(bio("late"))), "'acme'");
    assert_eq!(companies(profiles().all(bio("only"))), "'umbra' 'void'");
    assert_eq!(companies(profiles().all(bio("early"))), "'void'");
    assert_eq!(companies(profiles().all(bio("late"))), "'void'");
    // What is counted is what is shown: one of each user.
    assert_eq!(companies(profiles().count().eq(1)), "'acme' 'umbra'");
    let late = profiles().filter(bio("late"));
    assert_eq!(companies(late.count().eq(1)), "'acme'");
}

// rules: BY-6
// Broken: what is unknown for a task counts as true, or as false.
#[test]
fn a_question_is_never_unknown() {
    let mut world = World::example();
    world.add("tasks", [21.into(), 2.into(), "later".into(), Value::Null]);
    let users = |filter| found(&world, &select("User").filter(filter));
    let open = || col("done").eq(false);
    assert_eq!(users(related("tasks").all(open())), "3 4");
    assert_eq!(users(related("tasks").all(not(open()))), "3 4");
    assert_eq!(users(not(related("tasks").all(open()))), "1 2");
    assert_eq!(users(related("tasks").exists().is_null()), "");
}

// rules: BY-6
// Broken: a question within another is about the wrong rows, or a path stops at its first association.
#[test]
fn questions_go_along_paths_and_into_each_other() {
    let red = || col("name").eq("red");
    assert_eq!(users(related("tasks.tags").any(red())), "1 2");
    assert_eq!(users(related("tasks.tags").count().eq(3)), "1");
    assert_eq!(users(related("company.users").count().ge(2)), "1 2");
    let tagged = related("tasks").any(related("tags").count().ge(2));
    assert_eq!(users(tagged.clone()), "1");
    assert_eq!(users(any([col("age").eq(20), tagged.clone()])), "1 3 4");
    assert_eq!(users(all([not(tagged), related("tasks").exists()])), "2");
    let colleague = related("company.users").any(related("tasks").all(col("done").eq(false)));
    assert_eq!(users(colleague), "1 2 3");
    // The junction row that leads to a tag is at hand by its name.
    let heavy = related("tags").any(col("TaskTag.weight").ge(3));
    assert_eq!(tasks(heavy), "11 20");
}

// rules: BY-6, BY-19
// Broken: asking about tasks changes which of them are shown, or an include cannot ask.
#[test]
fn questions_narrow_nothing() {
    let world = World::example();
    let request = select("User")
        .filter(related("tasks").any(col("done").eq(true)))
        .include(include("tasks").limit(9));
    assert_eq!(found(&world, &request), "1{tasks:[10 11 12]}");
    let loaded = request.run(&world).unwrap();
    assert_eq!(loaded.first().unwrap().counts().count(), 0);
    let tagged = include("tasks").filter(related("tags").exists());
    assert_eq!(
        found(&world, &select("User").include(tagged.clone())),
        "1{tasks:[10 11]} 2{tasks:[20]}"
    );
    let counted = select("User").with_count(tagged);
    let rows = counted.run(&world).unwrap();
    let counts = rows.iter().map(|user| user.count("tasks").unwrap());
    assert_eq!(counts.collect::<Vec<_>>(), [2, 1, 0, 0]);
}

// rules: BY-19
// Broken: a user without a company has one that is not called Acme.
#[test]
fn a_column_over_associations_to_one_is_a_column() {
    let world = World::example();
    let name = || col("company.name");
    assert_eq!(users(name().eq("Acme")), "1 2");
    assert_eq!(users(name().ne("Acme")), "3");
    assert_eq!(users(not(name().eq("Acme"))), "3");
    assert_eq!(users(name().is_null()), "4");
    assert_eq!(users(any([name().eq("Umbra"), col("age").gt(30)])), "1 3");
    assert_eq!(tasks(col("owner.company.name").eq("Acme")), "10 11 12 20");
    assert_eq!(
        users(related("tasks").count().gt(0).and(name().like("A%"))),
        "1 2"
    );
    assert_eq!(
        tasks(col("owner.age").lt(col("id")).and(col("done").eq(true))),
        ""
    );
    let page = select("User").filter(name().eq("Acme")).limit(1).offset(1);
    assert_eq!(found(&world, &page), "2");
    let request = select("User")
        .filter(name().eq(param("name")))
        .prepare(&world)
        .unwrap();
    for (name, count) in [("Acme", 2), ("Void", 0)] {
        let given = [("name", Value::from(name))];
        assert_eq!(request.count_with(&world, given.clone()).unwrap(), count);
        assert_eq!(request.run_with(&world, given).unwrap().len(), count);
    }
}

// rules: D23, BY-19
// Broken: the user is found by a profile that is not the one that is shown.
#[test]
fn the_one_of_several_is_the_one_that_a_filter_reads() {
    assert_eq!(users(col("profile.bio").eq("early")), "1");
    assert_eq!(users(col("profile.bio").eq("late")), "");
    let world = World::example();
    let last = include("profile").order_by(desc("bio"));
    let request = select("User").filter(col("profile.bio").eq("late"));
    assert_eq!(
        found(&world, &request.include(last)),
        format!("1{{profile:{}}}", uuid(9))
    );
    let ordered = select("User")
        .include("profile")
        .order_by(desc("profile.bio").nulls_last());
    assert_eq!(
        found(&world, &ordered),
        format!(
            "3{{profile:{}}} 1{{profile:{}}} 2{{profile:-}} 4{{profile:-}}",
            uuid(7),
            uuid(5)
        )
    );
}

// rules: EL-25, BY-19
// Broken: two conditions on tasks are met by two tasks, or tasks are shown for which the filter is not true.
#[test]
fn a_column_over_many_is_of_one_joined_row() {
    let world = World::example();
    let found = |filter: Expr| {
        let shown = select("User").filter(filter.clone()).include("tasks");
        let shown = found(&world, &shown);
        let bare: Vec<&str> = shown.split(' ').filter(|it| it.contains('{')).collect();
        assert_eq!(users(filter).split_whitespace().count(), bare.len());
        shown
    };
    let done = || col("tasks.done").eq(true);
    assert_eq!(found(done()), "1{tasks:[10 12]}");
    assert_eq!(found(not(done())), "1{tasks:[11]} 2{tasks:[20]}");
    assert_eq!(found(col("tasks.id").is_null()), "3{tasks:[]} 4{tasks:[]}");
    assert_eq!(found(done().and(col("tasks.title").eq("read"))), "");
    let twice = select("User")
        .filter(done())
        .filter(col("tasks.title").eq("read"));
    assert_eq!(twice.count(&world).unwrap(), 0);
    let apart = related("tasks").any(col("done").eq(true));
    let apart = apart.and(related("tasks").any(col("title").eq("read")));
    assert_eq!(found(apart), "1{tasks:[10 11 12]}");
    assert_eq!(
        found(any([done(), col("age").eq(20)])),
        "1{tasks:[10 12]} 3{tasks:[]} 4{tasks:[]}"
    );
}

// rules: EL-25, EL-43
// Broken: siblings hide each other, a nested include is not narrowed, or a limit counts tasks.
#[test]
fn what_a_filter_leaves_of_joined_rows_is_shown() {
    let world = World::example();
    let both = || select("User").include("tasks").include("notes");
    let either =
        |title: &str, text: &str| any([col("tasks.title").eq(title), col("notes.text").eq(text)]);
    assert_eq!(
        found(&world, &both().filter(either("rest", "bye"))),
        "2{tasks:[20] notes:[]} 3{tasks:[] notes:[3]}"
    );
    assert_eq!(
        found(&world, &both().filter(either("read", "none"))),
        "1{tasks:[11] notes:[1 4]}"
    );
    let red = select("User")
        .filter(col("tasks.tags.name").eq("red"))
        .include(include("tasks").include("tags"));
    assert_eq!(
        found(&world, &red),
        "1{tasks:[10{tags:['red']}]} 2{tasks:[20{tags:['red']}]}"
    );
    let open = select("User")
        .filter(col("tasks.done").eq(false))
        .include("tasks");
    assert_eq!(
        found(&world, &open.clone().limit(1).offset(1)),
        "2{tasks:[20]}"
    );
    let rows = open.run(&world).unwrap();
    let first = rows.first().unwrap();
    assert_eq!(first.loaded("tasks").unwrap(), Loaded::Part);
    let unasked = select("User").include("tasks").run(&world).unwrap();
    let first = unasked.first().unwrap();
    assert_eq!(first.loaded("tasks").unwrap(), Loaded::Whole);
}

// rules: EL-25, BY-3
// Broken: the filter reads tasks that the include leaves out, or the limit of the include decides.
#[test]
fn a_path_that_is_included_is_what_is_included() {
    let world = World::example();
    let done = include("tasks")
        .filter(col("done").eq(true))
        .required(false);
    let without = select("User")
        .include(done)
        .filter(col("tasks.id").is_null());
    assert_eq!(
        found(&world, &without),
        "2{tasks:[]} 3{tasks:[]} 4{tasks:[]}"
    );
    let first = select("User")
        .include(include("tasks").limit(1))
        .filter(col("tasks.title").eq("check"));
    assert_eq!(found(&world, &first), "1{tasks:[12]}");
    // A hidden one still filters.
    let hidden = include("tasks").attributes([] as [&str; 0]).required(true);
    let request = select("User")
        .include(hidden)
        .filter(col("tasks.done").eq(false));
    assert_eq!(found(&world, &request), "1 2");
}

fn by(model: &str, order: Order) -> Select {
    select(model).order_by(order)
}

// rules: EL-31, EL-32
// Broken: users come in the order of their company's key, or those without a company where nulls do not stand.
#[test]
fn rows_are_ordered_by_columns_over_associations_to_one() {
    let world = World::example();
    let company = || "company.name";
    assert_eq!(found(&world, &by("User", asc(company()))), "1 2 3 4");
    assert_eq!(found(&world, &by("User", desc(company()))), "4 3 1 2");
    let last = || by("User", desc(company()).nulls_last());
    assert_eq!(found(&world, &last()), "3 1 2 4");
    assert_eq!(found(&world, &last().order_by(desc("name"))), "3 2 1 4");
    assert_eq!(found(&world, &last().limit(2)), "3 1");
    assert_eq!(
        found(
            &world,
            &by("Task", desc("owner.company.name").nulls_last()).limit(1)
        ),
        "10"
    );
    assert_eq!(
        found(&world, &last().include("tasks")),
        "3{tasks:[]} 1{tasks:[10 11 12]} 2{tasks:[20]} 4{tasks:[]}"
    );
}

// rules: EL-33, EL-41
// Broken: a user comes by another task than the first one, or a limit takes users by their tasks.
#[test]
fn rows_come_where_their_first_joined_row_does() {
    let mut world = World::example();
    let last = || by("User", desc("tasks.id").nulls_last());
    assert_eq!(found(&world, &last()), "2 1 3 4");
    assert_eq!(
        found(&world, &last().include("tasks")),
        "2{tasks:[20]} 1{tasks:[12 11 10]} 3{tasks:[]} 4{tasks:[]}"
    );
    assert_eq!(
        found(&world, &last().include("tasks").limit(1)),
        "1{tasks:[12 11 10]}"
    );
    assert_eq!(
        found(&world, &last().order_by(desc("name")).limit(2)),
        "4 3"
    );
    // The children keep an order of their own, or are narrowed first.
    let titled = include("tasks").order_by("title");
    assert_eq!(
        found(&world, &last().include(titled).limit(1)),
        "1{tasks:[12 11 10]}"
    );
    let narrowed = last().filter(col("tasks.id").ne(20)).include("tasks");
    assert_eq!(found(&world, &narrowed), "1{tasks:[12 11 10]}");
    // The first joined row, not the first of each column.
    assert_eq!(
        found(&world, &by("Company", asc("users.age"))),
        "'umbra' 'acme' 'void'"
    );
    world.add("users", [7.into(), "Eve".into(), 36.into(), "umbra".into()]);
    world.add("users", [8.into(), "Abe".into(), 99.into(), "umbra".into()]);
    world.db.delete_key("users", 3).unwrap();
    let two = by("Company", asc("users.age")).order_by("users.name");
    assert_eq!(found(&world, &two), "'acme' 'umbra' 'void'");
}

// rules: EL-34, BY-2
// Broken: the weight of a tag is looked for in the tag, or an include knows only its own columns.
#[test]
fn rows_are_ordered_by_junction_columns_and_inside_includes() {
    let world = World::example();
    let heavy = by("Task", desc("tags.TaskTag.weight").nulls_last());
    assert_eq!(found(&world, &heavy), "11 20 10 12 30");
    let tags = include("tags").order_by("TaskTag.weight");
    assert_eq!(
        found(&world, &select("Task").limit(1).include(tags.clone())),
        "10{tags:['red' 'blue']}"
    );
    let bare = tags.through_attributes([] as [&str; 0]).limit(1);
    let request = select("Task").limit(1).include(bare);
    assert_eq!(found(&world, &request), "10{tags:['red']}");
    let rows = request.run(&world).unwrap();
    let tag = rows.first().unwrap().many("tags").unwrap().next().unwrap();
    assert!(tag.through().is_none());
    let users = include("users").order_by(desc("tasks.id").nulls_last());
    assert_eq!(
        found(&world, &select("Company").include(users)),
        "'acme'{users:[2 1]} 'umbra'{users:[3]} 'void'{users:[]}"
    );
    let users = include("users").order_by(desc("company.code")).limit(1);
    assert_eq!(
        found(&world, &select("Company").include(users)),
        "'acme'{users:[1]} 'umbra'{users:[3]} 'void'{users:[]}"
    );
}

// rules: EL-35
// Broken: an order over something else than an association is left out, or not told apart from an unknown column.
#[test]
fn an_order_over_no_association_is_refused() {
    use RequestKind::{UnknownAssociation, UnknownColumn};
    for (order, kind, text) in [
        (
            "tags.name",
            UnknownAssociation,
            "User: Unable to find a valid association for model, 'tags'",
        ),
        (
            "tasks.Pin.id",
            UnknownAssociation,
            "Task: Unable to find a valid association for model, 'Pin'",
        ),
        ("tasks.nme", UnknownColumn, "Task: no attribute nme"),
        ("name DESC", UnknownColumn, "User: no attribute name DESC"),
    ] {
        let request = select("User").order_by(order);
        assert_eq!(refused(&request), (kind, text.into()), "{order}");
    }
    let inside = select("Company").include(include("users").order_by("owner.id"));
    assert_eq!(refused(&inside).0, UnknownAssociation);
}

// rules: EL-3
// Broken: a filter over an unknown association finds nothing instead of saying so, or a type is not looked at.
#[test]
fn what_a_filter_reaches_is_checked() {
    use RequestKind::{Type, UnknownAssociation, UnknownColumn};
    let alias = "User: Association with alias \"task\" does not exist on User";
    for (filter, kind, text) in [
        (related("task").exists(), UnknownAssociation, alias),
        (col("task.id").eq(1), UnknownAssociation, alias),
        (
            related("tasks.tasks").exists(),
            UnknownAssociation,
            "Task: Association with alias \"tasks\" does not exist on Task",
        ),
        (
            related("tasks").any(col("nme").eq(1)),
            UnknownColumn,
            "Task: no column nme",
        ),
        (
            col("tasks.nme").eq(1),
            UnknownColumn,
            "Task: no attribute nme",
        ),
        (
            related("tasks").count(),
            Type,
            "User: (count tasks) (int) is not a predicate",
        ),
        (
            related("tasks").exists().eq(1),
            Type,
            "User: (any tasks) (bool) cannot be compared with 1 (int)",
        ),
        (
            col("company.name").eq(1),
            Type,
            "User: column company.name (text) cannot be compared with 1 (int)",
        ),
    ] {
        let request = select("User").filter(filter);
        assert_eq!(refused(&request), (kind, text.into()));
    }
    let junction = include("pinned").through_filter(related("user").exists());
    assert_eq!(
        refused(&select("User").include(junction)),
        (
            RequestKind::Unsupported,
            "Pin: associated rows (user) outside of a request".into()
        )
    );
}

// Broken: a filter nested without end overflows the stack, or one that goes to and fro takes all memory.
#[test]
fn questions_are_nested_to_a_limit() {
    let deep = |levels: usize| {
        let first = related("profile").exists();
        (1..levels).fold(first, |inner, level| {
            related(if level.is_multiple_of(2) {
                "profile"
            } else {
                "user"
            })
            .any(inner)
        })
    };
    let limit = RequestKind::Limit(Limit::IncludeDepth);
    // One profile each, so that the rows do not multiply from level to level.
    let mut world = World::example();
    world.db.delete_key("profiles", uuid(9)).unwrap();
    assert_eq!(found(&world, &select("User").filter(deep(63))), "1 3");
    assert_eq!(refused(&select("User").filter(deep(65))).0, limit);
    let endless = deep(100_000);
    assert_eq!(refused(&select("User").filter(endless.clone())).0, limit);
    assert!(!endless.to_string().is_empty());
    let path = vec!["profile.user"; 40].join(".");
    assert_eq!(
        refused(&select("User").filter(related(path.clone()).exists())).0,
        limit
    );
    let column = col(format!("{path}.id")).eq(1);
    assert_eq!(refused(&select("User").filter(column)).0, limit);
    // Siblings multiply where one condition is about all of them.
    for id in 100..250 {
        world.add("tasks", [id.into(), 1.into(), "t".into(), Value::Null]);
        world.add("notes", [id.into(), "user".into(), 1.into(), "t".into()]);
    }
    let both = col("tasks.title").eq(col("notes.text"));
    let error = select("User").filter(both).run(&world).unwrap_err();
    let limit = RequestKind::Limit(Limit::IncludedRows);
    assert_eq!(error.kind(), ErrorKind::Request(limit));
    let apart = all([col("tasks.title").eq("t"), col("notes.text").eq("t")]);
    assert_eq!(found(&world, &select("User").filter(apart)), "1");
}

// rules: EL-26
// Broken: `on` is asked besides the keys, takes the scope of the association away, or is left out.
#[test]
fn a_condition_may_stand_for_the_keys() {
    let world = World::example();
    let of = |model: &str, it: Include| found(&world, &select(model).include(it));
    let older = || include("tasks").on(col("id").gt(col("User.age")));
    assert_eq!(
        of("User", older()),
        "1{tasks:[]} 2{tasks:[]} 3{tasks:[30]} 4{tasks:[30]}"
    );
    assert_eq!(
        of("User", older().required(true)),
        "3{tasks:[30]} 4{tasks:[30]}"
    );
    let rows = select("User").with_count(older()).run(&world).unwrap();
    let counts = rows.iter().map(|user| user.count("tasks").unwrap());
    assert_eq!(counts.collect::<Vec<_>>(), [0, 0, 1, 1]);
    let narrowed = select("User")
        .include(older())
        .filter(col("tasks.id").eq(30));
    assert_eq!(found(&world, &narrowed), "3{tasks:[30]} 4{tasks:[30]}");
    let third = include("owner").on(col("id").eq(col("Task.userId").is_null().eq(false)));
    assert_eq!(refused(&select("Task").include(third)).0, RequestKind::Type);
    let owner = include("owner").on(col("name").eq("Cy").or(col("id").eq(col("Task.userId"))));
    let first = select("Task").include(owner).limit(2).offset(3);
    assert_eq!(found(&world, &first), "20{owner:2} 30{owner:3}");
    let notes = include("notes").on(all([])).limit(9);
    let expected = "{notes:[1 3 4]}";
    let one = select("User").include(notes).limit(1);
    assert_eq!(found(&world, &one), format!("1{expected}"));
    let text = select("User").include(older()).explain(&world);
    let text = text.unwrap().to_string();
    assert!(
        text.contains("scan of tasks: 5 rows for each row above, on id > User.age"),
        "{text}"
    );
}

// rules: EL-26
// Broken: `or` filters what the keys lead to, or does not make the include required.
#[test]
fn a_filter_may_add_to_the_keys() {
    let world = World::example();
    let rest = include("tasks").filter(col("title").eq("rest")).or(true);
    assert_eq!(
        found(&world, &select("User").include(rest)),
        "1{tasks:[10 11 12 20]} 2{tasks:[20]} 3{tasks:[20]} 4{tasks:[20]}"
    );
    let none = include("tasks").filter(col("title").eq("x")).or(true);
    assert_eq!(
        found(&world, &select("User").include(none)),
        "1{tasks:[10 11 12]} 2{tasks:[20]}"
    );
    for (include, text) in [
        (
            include("pinned").or(true),
            "User: `on` or `or` for pinned, over a junction",
        ),
        (
            include("tasks").on(col("id").eq(col("Company.code"))),
            "Task: no column Company.code",
        ),
    ] {
        assert_eq!(refused(&select("User").include(include)).1, text);
    }
}

// Broken: a plan does not say what a filter or an order reads besides the row, or that a limit goes by something else.
#[test]
fn plans_tell_what_is_reached() {
    let world = World::example();
    let request = select("User")
        .filter(col("age").gt(1).and(related("tasks.tags").count().ge(2)))
        .filter(any([
            col("company.name").eq("Acme"),
            related("notes").none(col("text").eq("x")),
        ]))
        .include(include("tasks").order_by("id"))
        .order_by(desc("tasks.title"))
        .order_by("company.name")
        .limit(3);
    let expected = [
        "select User, about 1 row",
        "  by range of index users_age_name_idx: age > 1",
        "  because: cost 21, against 36 for a scan",
        "  filter: count tasks.tags >= 2",
        "  filter over joined rows: company.name = 'Acme' or not any notes (text = 'x')",
        "  order: tasks.title desc, company.name, sort",
        "  taken by: company.name, then primary key",
        "  limit: 3",
        "  include tasks (Task), about 1 row",
        "    edges tasks_user_id_fkey to its children",
        "    order: primary key, as found",
        "  join company (Company), not shown, about 1 row",
        "    edge users_company_code_fkey to its parent",
        "  join tasks (Task), not shown, about 1 row",
        "    edges tasks_user_id_fkey to its children",
        "    order: primary key, as found",
        "    count tags (Tag), not shown, about 1 row",
        "      to junction: edges task_tags_task_id_fkey to its children",
        "      to target: edge task_tags_tag_name_fkey to its parent",
        "  count notes (Note), not shown, about 0 rows",
        "    look-up in index notes_owner_type_owner_id_idx: owner_type = 'user', owner_id",
        "    because: cost 3, against 21 for one pass",
        "    filter: owner_type = 'user' and text = 'x'",
        "",
    ];
    let text = request.explain(&world).unwrap().to_string();
    assert_eq!(text, expected.join("\n"));
}
