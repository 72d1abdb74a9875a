//! What an include may be called, what it may say, and what is refused by name.

use relata::association::{BelongsTo, BelongsToMany, HasMany, HasOne, Through};
use relata::error::{Limit, RequestKind};
use relata::query::{Include, IncludeKind, Records, Rows, Scope, include_all};
use relata::{
    Attribute, DataType, Database, ErrorKind, Models, Select, all, any, asc, col, desc, include,
    related, select, tree, values,
};

use super::{model, plain, synced, text};

/// Users with tasks, open tasks and a desk; tasks with tags; people with friends.
fn office() -> Database {
    let mut models = plain("Desk Tag Person");
    models.define_with("User", |it| it.attribute(text("name")).timestamps(false));
    models.define_with("Task", |it| {
        it.attribute(text("title"))
            .attribute(Attribute::new("done", DataType::Bool))
            .timestamps(false)
    });
    let owned = |key: &str| HasMany::new("Task").foreign_key(key);
    models
        .has_many("User", owned("userId").alias("tasks"))
        .has_one("User", HasOne::new("Desk").foreign_key("userId"))
        .belongs_to("Task", BelongsTo::new("User").foreign_key("userId"))
        .belongs_to(
            "Desk",
            BelongsTo::new("User").alias("owner").foreign_key("userId"),
        )
        .belongs_to_many(
            "Task",
            BelongsToMany::new("Tag").through(Through::new("TaskTag").timestamps(false)),
        )
        .belongs_to("Task", BelongsTo::new("Person").alias("author"))
        .belongs_to("Task", BelongsTo::new("Person").alias("reader"))
        .has_many(
            "Person",
            HasMany::new("Person")
                .alias("friends")
                .foreign_key("friendId"),
        );
    let mut db = synced(&models);
    let ada = tree! { name: "Ada", Desk: { id: 7 }, tasks: [
        { title: "think", done: true, Tags: [{ id: 1 }, { id: 2 }] },
        { title: "write", done: false, Tags: [{ id: 3 }] },
        { title: "check", done: true },
    ] };
    let bob = tree! { name: "Bob", tasks: [{ title: "rest", done: false }] };
    db.create_trees("User", [ada, bob]).unwrap();
    db.create("User", values! { name: "Cy" }).unwrap();
    db
}

/// The keys of what is in a result: `1{tasks[1 2]} 2`; without what is empty.
fn outline(records: Records<'_>, keys: &[&str]) -> String {
    let texts = records.map(|record| {
        let below = keys.iter().filter_map(|key| {
            let records = match record.many(key) {
                Ok(records) => records.collect::<Vec<_>>(),
                Err(_) => record.one(key).ok()?.into_iter().collect(),
            };
            let keys: Vec<String> = records.iter().map(|it| it.key().to_string()).collect();
            (!keys.is_empty()).then(|| format!("{key}[{}]", keys.join(" ")))
        });
        let below = below.collect::<Vec<_>>().join(" ");
        match below.is_empty() {
            true => record.key().to_string(),
            false => format!("{}{{{below}}}", record.key()),
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn shown(db: &Database, request: &Select, keys: &[&str]) -> String {
    let rows = request.run(db).unwrap();
    outline(rows.iter(), keys)
}

fn refused(db: &Database, request: &Select) -> (RequestKind, String) {
    let error = request.run(db).unwrap_err();
    assert_eq!(request.count(db).unwrap_err(), error);
    match error.kind() {
        ErrorKind::Request(kind) => (kind, error.to_string()),
        kind => panic!("{kind:?}: {error}"),
    }
}

/// The includes of the rows of a result, with what is below them: `Desk{owner{}}`.
fn shape(db: &Database, request: &Select) -> String {
    fn below(db: &Database, rows: &Rows<'_>, source: &str, path: &str) -> String {
        let found = model(db, source).associations().filter_map(|it| {
            let path = match path.is_empty() {
                true => it.key().to_owned(),
                false => format!("{path}.{}", it.key()),
            };
            rows.included(&path).ok()?;
            let below = below(db, rows, it.target().name(), &path);
            Some(match below.is_empty() {
                true => it.key().to_owned(),
                false => format!("{}{{{below}}}", it.key()),
            })
        });
        found.collect::<Vec<_>>().join(" ")
    }
    let rows = request.run(db).unwrap();
    let root = rows.first().map(|it| it.model().to_owned());
    below(db, &rows, &root.unwrap(), "")
}

// rules: EL-1, EL-6, EL-7
// Broken: a model's name finds nothing, or the association that carries an alias.
#[test]
fn an_include_may_name_the_model_that_it_leads_to() {
    let db = office();
    let users = |it: Include| shown(&db, &select("User").include(it), &["tasks", "Desk"]);
    assert_eq!(users(include("tasks")), "1{tasks[1 2 3]} 2{tasks[4]} 3");
    assert_eq!(
        users(include("Task").alias("tasks")),
        "1{tasks[1 2 3]} 2{tasks[4]} 3"
    );
    let forms = include("Task").alias(("task", "tasks"));
    assert_eq!(users(forms.filter(col("done").eq(true))), "1{tasks[1 3]}");
    assert_eq!(users(include("Desk")), "1{Desk[7]} 2 3");
    let tasks = |it: Include| {
        shown(
            &db,
            &select("Task").include(it),
            &["Tags", "User", "author"],
        )
    };
    assert_eq!(tasks(include("Tag")), "1{Tags[1 2]} 2{Tags[3]} 3 4");
    assert_eq!(
        tasks(include("User")),
        "1{User[1]} 2{User[1]} 3{User[1]} 4{User[2]}"
    );
    assert_eq!(tasks(include("Person").alias("author")), "1 2 3 4");
    let counted = select("Task").with_count("Tag").run(&db).unwrap();
    let counts = counted.iter().map(|it| it.count("Tags").unwrap());
    assert_eq!(counts.collect::<Vec<_>>(), [2, 1, 0, 0]);
}

// rules: EL-4, EL-5, EL-6
// Broken: a model that could be meant in several ways, or in none, is included somehow.
#[test]
fn a_model_that_means_no_one_association_is_refused() {
    use RequestKind::{UnknownAssociation, UnknownTable};
    let db = office();
    for (request, kind, text) in [
        (
            select("User").include("Person"),
            UnknownAssociation,
            "User: Person is not associated to User!",
        ),
        (
            select("User").include(include("Tag").alias("tags")),
            UnknownAssociation,
            "User: Tag is not associated to User!",
        ),
        (
            select("User").include("Task"),
            UnknownAssociation,
            "User: Task is associated to User using an alias. You must use the 'as' keyword to specify the alias within \
             your include statement: `alias(\"tasks\")`",
        ),
        (
            select("User").include(include("Task").alias("jobs")),
            UnknownAssociation,
            "User: Task is associated to User using an alias. You've included an alias (jobs), but it does not match the \
             alias(es) defined in your association (tasks)",
        ),
        (
            select("User").include(include("tasks").include("Person")),
            UnknownAssociation,
            "Task: Person is associated to Task multiple times. To identify the correct association, you must use the \
             'as' keyword to specify the alias of the association you want to include, which is one of author, reader",
        ),
        (
            select("User").include(include("Nobody").alias("tasks")),
            UnknownTable,
            "Nobody: no model of this name",
        ),
        (
            select("User").include("Nobody"),
            UnknownAssociation,
            "User: Association with alias \"Nobody\" does not exist on User",
        ),
    ] {
        assert_eq!(refused(&db, &request), (kind, text.to_owned()));
    }
}

// rules: EL-8
// Broken: an association that is named in two ways is included twice, or with what one of them says.
#[test]
fn two_names_of_one_association_are_one_include() {
    let db = office();
    let request = select("Task")
        .include(include("Tag").filter(col("id").gt(1)))
        .include(include("Tags").filter(col("id").lt(3)).required(false))
        .include(include("Tag").alias("Tags").through_filter(all([])));
    assert_eq!(shown(&db, &request, &["Tags"]), "1{Tags[2]} 2 3 4");
    let rows = request.run(&db).unwrap();
    assert_eq!(rows.first().unwrap().many("Tags").unwrap().len(), 1);
}

// rules: EL-22, EL-29, EL-14
// Broken: a condition in an include is read otherwise than at the root, or a required tag takes users away.
#[test]
fn conditions_in_includes_are_conditions() {
    let db = office();
    let tasks = |filter| {
        shown(
            &db,
            &select("User").include(include("tasks").filter(filter)),
            &["tasks"],
        )
    };
    let title = |text: &str| col("title").eq(text);
    assert_eq!(
        tasks(any([title("rest"), title("think")])),
        "1{tasks[1]} 2{tasks[4]}"
    );
    assert_eq!(
        tasks(all([!title("think"), col("done").eq(true)]).or(col("id").between(4, 9))),
        "1{tasks[3]} 2{tasks[4]}"
    );
    let tagged = include("tasks").include(include("Tags").required(true));
    let users = select("User").include(tagged.clone());
    assert_eq!(shown(&db, &users, &["tasks"]), "1{tasks[1 2]} 2 3");
    let hidden = select("User").include(tagged.required(true).attributes([] as [&str; 0]));
    let rows = hidden.run(&db).unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows.included("tasks.Tags").is_ok());
}

// rules: BY-17, EL-27, EL-42
// Broken: something that relata does not do is dropped in silence.
#[test]
fn artefacts_of_joins_are_refused_by_name() {
    let db = office();
    let tasks = || include("tasks");
    for (request, what) in [
        (
            select("User").include(tasks().right(true)),
            "Task: `right`, a right join",
        ),
        (
            select("User").include(tasks().duplicating(false)),
            "Task: `duplicating(false)`, a limit on joined rows",
        ),
        (
            select("User").include(tasks().include(include("Tags").sub_query(false))),
            "Tag: `sub_query(false)`, a limit on joined rows",
        ),
        (
            select("User").include("tasks").limit(3).sub_query(false),
            "User: `sub_query(false)`, a limit on joined rows",
        ),
    ] {
        assert_eq!(
            refused(&db, &request),
            (RequestKind::Unsupported, what.to_owned())
        );
    }
    let asked_for_nothing = tasks().right(false).duplicating(true).sub_query(true);
    let request = select("User").include(asked_for_nothing).sub_query(true);
    assert_eq!(
        shown(&db, &request, &["tasks"]),
        "1{tasks[1 2 3]} 2{tasks[4]} 3"
    );
}

// rules: EL-44, EL-45, EL-47, EL-48
// Broken: `separate` changes what is found, or is refused for something else than a has-many.
#[test]
fn separate_means_nothing() {
    let db = office();
    let last = |separate| {
        let tags = include("Tags")
            .order_by(desc("id"))
            .limit(1)
            .separate(separate);
        let tasks = include("tasks").attributes(["title"]).separate(separate);
        let tasks = tasks.order_by(desc("title")).limit(2).include(tags);
        select("User")
            .include(tasks)
            .include(include("Desk").separate(separate))
    };
    let rows = last(true).run(&db).unwrap();
    let joined: Vec<String> = rows.joined().iter().map(|it| format!("{it:?}")).collect();
    assert_eq!(
        outline(rows.iter(), &["tasks", "Desk"]),
        "1{tasks[2 1] Desk[7]} 2{tasks[4]} 3"
    );
    let first = rows.first().unwrap();
    assert_eq!(
        outline(first.many("tasks").unwrap(), &["Tags"]),
        "2{Tags[3]} 1{Tags[2]}"
    );
    let plain = last(false).run(&db).unwrap();
    let plain: Vec<String> = plain.joined().iter().map(|it| format!("{it:?}")).collect();
    assert_eq!(joined, plain);
}

// rules: EL-46, BY-3
// Broken: an include of its own does not decide about users although it is required.
#[test]
fn separate_includes_decide_as_others_do() {
    let db = office();
    let done = include("tasks")
        .filter(col("done").eq(true))
        .limit(1)
        .separate(true);
    let request = select("User").include(done);
    assert_eq!(shown(&db, &request, &["tasks"]), "1{tasks[1]}");
}

// rules: EL-49, EL-50
// Broken: an association is left out, taken twice, or taken although another kind was asked for.
#[test]
fn all_associations_are_included_at_once() {
    use IncludeKind::{All, BelongsTo, BelongsToMany, Has, HasMany, HasOne, Many, One};
    let db = office();
    let of = |name: &str, all| shape(&db, &select(name).include_all(all));
    assert_eq!(of("User", include_all()), "tasks Desk");
    assert_eq!(of("Task", include_all()), "User Tags author reader");
    for (kinds, users, tasks) in [
        (vec![All], "tasks Desk", "User Tags author reader"),
        (vec![BelongsTo], "", "User author reader"),
        (vec![HasOne], "Desk", ""),
        (vec![HasMany], "tasks", ""),
        (vec![Many], "tasks", ""),
        (vec![Has], "tasks Desk", ""),
        (vec![One], "Desk", "User author reader"),
        (vec![BelongsToMany, HasMany], "tasks", "Tags"),
        (vec![], "", ""),
    ] {
        assert_eq!(
            of("User", include_all().only(kinds.clone())),
            users,
            "{kinds:?}"
        );
        assert_eq!(
            of("Task", include_all().only(kinds.clone())),
            tasks,
            "{kinds:?}"
        );
    }
    let first =
        include_all().each(|it| it.attributes(["id"]).limit(1).through_attributes(["TagId"]));
    let request = select("Task")
        .include(include("Tags").order_by(desc("id")))
        .include_all(first);
    assert_eq!(
        shown(&db, &request, &["Tags", "User"]),
        "1{Tags[2 1] User[1]} 2{Tags[3] User[1]} 3{User[1]} 4{User[2]}"
    );
    let rows = request.run(&db).unwrap();
    let user = rows.first().unwrap().one("User").unwrap().unwrap();
    assert_eq!(user.attributes().len(), 1);
    let required = include_all().each(|it| it.required(true));
    let request = select("User").include_all(required);
    assert_eq!(
        shown(&db, &request, &["tasks", "Desk"]),
        "1{tasks[1 2 3] Desk[7]}"
    );
}

// rules: EL-51
// Broken: users come back below their own tasks, or friends of friends without end.
#[test]
fn nested_includes_of_all_do_not_go_back() {
    let mut db = office();
    let of = |db: &Database, name: &str, all| shape(db, &select(name).include_all(all));
    assert_eq!(
        of(&db, "User", include_all().nested()),
        "tasks{Tags author{friends} reader{friends}} Desk"
    );
    assert_eq!(
        of(&db, "Task", include_all().nested().only([IncludeKind::One])),
        "User{Desk} author reader"
    );
    db.create("Person", values! {}).unwrap();
    assert_eq!(of(&db, "Person", include_all().nested()), "friends");
    let below = include("tasks").include_all(include_all());
    assert_eq!(
        shape(&db, &select("User").include(below)),
        "tasks{User Tags author reader}"
    );
}

// rules: EL-51
// Broken: a few models that all know each other take all memory there is.
#[test]
fn nested_includes_of_all_end() {
    let names: Vec<String> = (0..9).map(|it| format!("M{it}")).collect();
    let mut models = plain(&names.join(" "));
    for one in &names {
        for other in names.iter().filter(|it| *it != one) {
            let key = format!("{one}{other}");
            models.has_many(
                one,
                HasMany::new(other)
                    .alias(&*key)
                    .foreign_key(&*key)
                    .constraints(false),
            );
        }
    }
    let db = synced(&models);
    let (kind, text) = refused(&db, &select("M0").include_all(include_all().nested()));
    assert_eq!(kind, RequestKind::Limit(Limit::IncludeDepth));
    assert!(text.ends_with("more than 10000 includes"), "{text}");
}

// rules: SC-15, EL-51
// Broken: a scope that comes back to itself through all associations of a model resolves for ever.
#[test]
fn scopes_that_come_back_through_all_are_refused() {
    let mut models = Models::new();
    let all = |nested: bool| {
        let all = if nested {
            include_all().nested()
        } else {
            include_all()
        };
        Scope::new().include(include("Task").alias("tasks").include_all(all))
    };
    models
        .define_with("User", |it| it.default_scope(all(true)))
        .define_with("Task", |it| it)
        .has_many(
            "User",
            HasMany::new("Task").alias("tasks").foreign_key("userId"),
        )
        .belongs_to(
            "Task",
            BelongsTo::new("User").alias("user").foreign_key("userId"),
        );
    let error = models.sync().unwrap_err();
    assert!(error.to_string().contains("without end"), "{error}");
}

// rules: EL-31, EL-25
// Broken: an order or a filter in an include, or over one named by its model, means something else.
#[test]
fn paths_go_through_keys() {
    let db = office();
    let request = select("User")
        .include(include("Task").alias("tasks"))
        .filter(col("tasks.Tags.id").gt(1))
        .order_by(asc("tasks.title"));
    assert_eq!(shown(&db, &request, &["tasks"]), "1{tasks[1 2]}");
    let error = refused(&db, &select("User").filter(related("Task").exists()));
    assert_eq!(error.0, RequestKind::UnknownAssociation);
}
