//! Default and named scopes of models: where they apply, how they add up, and what gives way to what.

use relata::association::{BelongsTo, BelongsToMany, HasMany, Through};
use relata::error::{ErrorKind, ProblemKind, RequestKind};
use relata::model::ModelDef;
use relata::query::{Queryable, Scope};
use relata::{
    Attribute, DataType, Database, Error, Instance, Models, Select, any, col, desc, include,
    select, tree, values,
};

fn text(name: &str) -> Attribute {
    Attribute::new(name, DataType::Text)
}

/// Users with posts; a post is seen if it is published. Posts have tags; a tag is seen if it is not old.
fn blog() -> Database {
    let mut models = Models::new();
    models.define_with("User", |it| {
        it.attribute(text("name"))
            .scope(
                "busy",
                Scope::new().include(include("posts").scope("liked")),
            )
            .scope("productive", Scope::new().include("posts"))
    });
    models.define_with("Post", |it| {
        it.attribute(text("title"))
            .attribute(text("state"))
            .attribute(Attribute::new("likes", DataType::Int))
            .default_scope(Scope::new().filter(col("state").eq("published")))
            .scope(
                "liked",
                Scope::new()
                    .filter(col("likes").gt(5))
                    .order_by(desc("likes")),
            )
            .scope("drafts", Scope::new().filter(col("state").eq("draft")))
            .scope("first", Scope::new().limit(1).order_by("title"))
    });
    models.define_with("Tag", |it| {
        it.attribute(text("name"))
            .attribute(Attribute::new("old", DataType::Bool).default(false))
            .default_scope(Scope::new().filter(col("old").eq(false)))
    });
    models.has_many("User", HasMany::new("Post").alias("posts"));
    models.belongs_to(
        "Post",
        BelongsTo::new("User").alias("author").foreign_key("UserId"),
    );
    let tags = BelongsToMany::new("Tag")
        .alias("tags")
        .through(Through::new("PostTag"));
    models.belongs_to_many("Post", tags);
    let mut db = models.sync().unwrap();
    let ada = user(&mut db, "ada");
    let bob = user(&mut db, "bob");
    for (user, title, state, likes) in [
        (&ada, "a", "published", 1),
        (&ada, "b", "published", 9),
        (&ada, "c", "draft", 7),
        (&bob, "d", "draft", 8),
    ] {
        let values = values! { title: title, state: state, likes: likes };
        db.related(user, "posts").unwrap().create(values).unwrap();
    }
    db
}

fn user(db: &mut Database, name: &str) -> Instance {
    db.create("User", values! { name: name }).unwrap()
}

fn titles(request: &Select, on: &impl Queryable) -> String {
    let rows = request.run(on).unwrap();
    let titles = rows.iter().map(|row| row.get("title").unwrap().to_string());
    titles.collect::<Vec<_>>().join("").replace('\'', "")
}

fn shown(instances: &[Instance]) -> String {
    let titles = instances
        .iter()
        .map(|it| it.get("title").unwrap().to_string());
    titles.collect::<Vec<_>>().join("").replace('\'', "")
}

/// Users with the titles of the posts that an include shows.
fn users(request: &Select, db: &Database) -> String {
    let rows = request.run(db).unwrap();
    let texts = rows.iter().map(|user| {
        let posts = user.many("posts").unwrap();
        let titles = posts.map(|post| post.get("title").unwrap().to_string());
        format!(
            "{}:{}",
            user.get("name").unwrap(),
            titles.collect::<String>()
        )
    });
    texts.collect::<Vec<_>>().join(" ").replace('\'', "")
}

fn refused<T>(result: Result<T, Error>) -> ErrorKind {
    result.err().expect("it is refused").kind()
}

// rules: SC-11, SC-12, BT-5
// Broken: drafts are shown to everybody, or there is no way to see them.
#[test]
fn requests_use_the_default_scope_unless_they_choose() {
    let db = blog();
    assert_eq!(titles(&select("Post"), &db), "ab");
    assert_eq!(titles(&select("Post").unscoped(), &db), "abcd");
    assert_eq!(titles(&select("Post").scope("drafts"), &db), "cd");
    assert_eq!(select("Post").count(&db).unwrap(), 2);
    assert_eq!(select("Post").scope("first").count(&db).unwrap(), 4);
    assert_eq!(shown(&db.find_all("Post").unwrap()), "ab");
    assert_eq!(shown(&db.find_by("Post", col("likes").gt(6)).unwrap()), "b");
    assert_eq!(
        (
            db.count("Post").unwrap(),
            db.count_by("Post", col("likes").gt(6)).unwrap()
        ),
        (2, 1)
    );
    assert_eq!(db.find("Post", 3).unwrap(), None);
    assert!(db.find("Post", 2).unwrap().is_some());
    let drafts = db.find_selected(&select("Post").scope("drafts").order_by(desc("title")));
    assert_eq!(shown(&drafts.unwrap()), "dc");
    let error = select("Post").scope("none").run(&db).map(|_| ());
    assert_eq!(
        refused(error),
        ErrorKind::Request(RequestKind::UnknownScope)
    );
    let error = select("User")
        .include(include("posts").scope("none"))
        .count(&db);
    assert_eq!(
        refused(error),
        ErrorKind::Request(RequestKind::UnknownScope)
    );
}

// rules: SC-14
// Broken: asking for drafts finds nothing, because the default scope still wants published posts.
#[test]
fn a_filter_over_an_attribute_goes_before_the_default_scope() {
    let mut db = blog();
    assert_eq!(
        titles(&select("Post").filter(col("state").eq("draft")), &db),
        "cd"
    );
    // A filter that only mentions the attribute among others leaves the scope alone.
    let either = any([col("state").eq("draft"), col("likes").gt(5)]);
    assert_eq!(titles(&select("Post").filter(either), &db), "b");
    let both = col("state").eq("draft").and(col("likes").gt(7));
    assert_eq!(titles(&select("Post").filter(both), &db), "d");
    // A scope that was asked for by name holds as well as the filter.
    let named = select("Post")
        .scope("drafts")
        .filter(col("state").eq("published"));
    assert_eq!(titles(&named, &db), "");
    // So does the default scope in getters and includes.
    let ada = db.find("User", 1).unwrap().unwrap();
    let drafts = db
        .related(&ada, "posts")
        .unwrap()
        .get_where(col("state").eq("draft"));
    assert_eq!(drafts.unwrap(), []);
    let posts = include("posts")
        .filter(col("state").eq("draft"))
        .required(false);
    assert_eq!(users(&select("User").include(posts), &db), "ada: bob:");
}

// rules: SC-15, SC-10
// Broken: the order in which scopes are asked for decides what is found, or a second run finds something else.
#[test]
fn scopes_add_up_in_any_order() {
    let db = blog();
    let one = select("Post").scopes(["liked", "drafts"]);
    let other = select("Post")
        .scope("drafts")
        .scope("liked")
        .scope("drafts");
    for _ in 0..2 {
        assert_eq!(titles(&one, &db), "dc");
        assert_eq!(titles(&other, &db), "dc");
    }
    // What the request says replaces an order or a limit of its scopes.
    assert_eq!(titles(&one.order_by("title"), &db), "cd");
    assert_eq!(titles(&select("Post").scopes(["first", "liked"]), &db), "b");
    assert_eq!(
        titles(&select("Post").scopes(["liked", "first"]).limit(9), &db),
        "bcd".chars().collect::<String>()
    );
    // Includes of scopes become one with each other and with that of the request.
    let both = ["busy", "productive"];
    let orders = [both, [both[1], both[0]]];
    for scopes in orders {
        let request = select("User").scopes(scopes);
        assert_eq!(users(&request, &db), "ada:bc bob:d");
        let request = request.include(include("posts").filter(col("title").ne("c")));
        assert_eq!(users(&request, &db), "ada:b bob:d");
    }
}

// rules: SC-13
// Broken: a user without published posts stays although the scope of posts filters, or cannot be kept.
#[test]
fn a_scope_that_filters_makes_its_include_required() {
    let db = blog();
    assert_eq!(users(&select("User").include("posts"), &db), "ada:ab");
    let all = select("User").include(include("posts").required(false));
    assert_eq!(users(&all, &db), "ada:ab bob:");
    let unscoped = select("User").include(include("posts").unscoped());
    assert_eq!(users(&unscoped, &db), "ada:abc bob:d");
    let drafts = select("User").include(include("posts").scope("drafts"));
    assert_eq!(users(&drafts, &db), "ada:c bob:d");
    // A filtered include of a default scope decides about the rows of its model.
    let scoped = |required: Option<bool>| {
        let mut tasks = include("tasks").filter(col("open").eq(true));
        if let Some(required) = required {
            tasks = tasks.required(required);
        }
        let mut models = Models::new();
        models.define_with("Project", |it| {
            it.default_scope(Scope::new().include(tasks))
        });
        models.define_with("Task", |it| {
            it.attribute(Attribute::new("open", DataType::Bool))
        });
        models.has_many("Project", HasMany::new("Task").alias("tasks"));
        let mut db = models.sync().unwrap();
        for open in [true, false] {
            let project = db.create("Project", values! {}).unwrap();
            db.related(&project, "tasks")
                .unwrap()
                .create(values! { open: open })
                .unwrap();
        }
        let plain = select("Project").count(&db).unwrap();
        (plain, select("Project").unscoped().count(&db).unwrap())
    };
    assert_eq!(scoped(None), (1, 2));
    assert_eq!(scoped(Some(false)), (2, 2));
}

// rules: SC-11, HM-8, HM-9
// Broken: a draft cannot be added, or setting posts leaves drafts behind that nobody sees.
#[test]
fn writing_verbs_do_not_look_at_the_default_scope() {
    let mut db = blog();
    let (ada, bob) = (
        db.find("User", 1).unwrap().unwrap(),
        db.find("User", 2).unwrap().unwrap(),
    );
    let posts = db.related(&ada, "posts").unwrap();
    assert_eq!(shown(&posts.get().unwrap()), "ab");
    assert_eq!(posts.count().unwrap(), 2);
    assert!(posts.has([1, 2, 3]).unwrap());
    db.related(&bob, "posts").unwrap().add(3).unwrap();
    let of_bob = |db: &Database| {
        let posts = select("Post").unscoped().filter(col("UserId").eq(2));
        titles(&posts, db)
    };
    assert_eq!(of_bob(&db), "cd");
    assert_eq!(db.related(&bob, "posts").unwrap().remove(3).unwrap(), 1);
    assert_eq!(of_bob(&db), "d");
    db.related(&bob, "posts").unwrap().set([1]).unwrap();
    assert_eq!(of_bob(&db), "a");
    // Through a junction as well.
    let post = db.find("Post", 2).unwrap().unwrap();
    let mut tags = db.related(&post, "tags").unwrap();
    let old = tags.create(values! { name: "x", old: true }).unwrap();
    assert_eq!(tags.get().unwrap(), []);
    assert_eq!(tags.count().unwrap(), 0);
    assert!(tags.has(&old).unwrap());
    tags.set(()).unwrap();
    assert!(!tags.has(&old).unwrap());
}

// rules: SC-15
// Broken: a scope that cannot work is found out by whoever uses it first, or makes a request run forever.
#[test]
fn a_scope_that_cannot_be_is_refused_with_the_models() {
    let problem = |describe: &dyn Fn(ModelDef) -> ModelDef| {
        let mut models = Models::new();
        models.define_with("A", describe);
        models.define_with("B", |it| it.default_scope(Scope::new().include("a")));
        models.has_many("A", HasMany::new("B").alias("bs"));
        models.belongs_to("B", BelongsTo::new("A").alias("a"));
        let error = models.sync().unwrap_err();
        let problems = &error.as_declaration().unwrap().problems;
        assert_eq!(problems.len(), 1, "{error}");
        (problems[0].kind, problems[0].detail.clone())
    };
    let filtered = |name: &str| Scope::new().filter(col(name).eq(1));
    let (kind, detail) = problem(&|it| it.scope("s", filtered("none")));
    assert_eq!(kind, ProblemKind::Scope);
    assert!(
        detail.starts_with("scope s: ") && detail.contains("none"),
        "{detail}"
    );
    let (kind, _) = problem(&|it| it.scope("s", filtered("id")).scope("s", Scope::new()));
    assert_eq!(kind, ProblemKind::Duplicate);
    let (kind, detail) = problem(&|it| it.default_scope(Scope::new().include("bs")));
    assert_eq!(kind, ProblemKind::Scope);
    assert!(detail.contains("includes itself without end"), "{detail}");
}

/// Shelves with things in colours; some associations see only bright ones.
fn shelves() -> (Database, Instance) {
    let mut models = Models::new();
    models.define_with("Thing", |it| it.attribute(text("colour")));
    models.define("Shelf");
    let bright = ["blue", "green"];
    models.has_many("Shelf", HasMany::new("Thing").alias("things"));
    models.has_many(
        "Shelf",
        HasMany::new("Thing")
            .alias("bright")
            .scope_in("colour", bright),
    );
    let lent = BelongsToMany::new("Thing").through("Loan");
    models.belongs_to_many("Shelf", lent.clone().alias("lent"));
    let lent = lent
        .alias("brightLent")
        .scope_where(col("colour").ne("grey"));
    models.belongs_to_many("Shelf", lent);
    let mut db = models.sync().unwrap();
    let shelf = db.create("Shelf", values! {}).unwrap();
    for colour in ["blue", "grey", "green"] {
        let thing = values! { colour: colour };
        let thing = db.related(&shelf, "things").unwrap().create(thing).unwrap();
        db.related(&shelf, "lent").unwrap().add(&thing).unwrap();
    }
    (db, shelf)
}

fn colours(db: &mut Database, shelf: &Instance, key: &str) -> String {
    let related = db.related(shelf, key).unwrap();
    let found = related.get().unwrap();
    assert_eq!(related.count().unwrap(), found.len());
    let colours = found.iter().map(|it| it.get("colour").unwrap().to_string());
    let colours = colours.collect::<Vec<_>>().join(" ").replace('\'', "");
    let request = select("Shelf").include(key);
    let rows = request.run(db).unwrap();
    let included = rows.first().unwrap().many(key).unwrap();
    let included = included.map(|it| it.get("colour").unwrap().to_string());
    let included = included.collect::<Vec<_>>().join(" ").replace('\'', "");
    assert_eq!(included, colours);
    colours
}

// rules: SC-6, SC-7
// Broken: a list in a scope shows grey things, or throws a shelf without bright ones out of the result.
#[test]
fn a_scope_of_conditions_filters() {
    let (mut db, shelf) = shelves();
    assert_eq!(colours(&mut db, &shelf, "things"), "blue grey green");
    assert_eq!(colours(&mut db, &shelf, "bright"), "blue green");
    assert_eq!(colours(&mut db, &shelf, "brightLent"), "blue green");
    let bright = db.related(&shelf, "bright").unwrap();
    assert!(bright.has([1, 3]).unwrap() && !bright.has(2).unwrap());
    db.create("Shelf", values! {}).unwrap();
    let rows = select("Shelf").include("bright").run(&db).unwrap();
    assert_eq!(rows.len(), 2);
}

// rules: SC-6
// Broken: something is created under a scope that it does not meet, or what could be done without is refused as well.
#[test]
fn what_would_have_to_be_assigned_is_refused() {
    let (mut db, shelf) = shelves();
    let unsupported = ErrorKind::Request(RequestKind::Unsupported);
    let before = db.fingerprint();
    for key in ["bright", "brightLent"] {
        let mut related = db.related(&shelf, key).unwrap();
        let error = related.create(values! { colour: "blue" }).unwrap_err();
        assert_eq!(error.kind(), unsupported, "{error}");
        assert!(
            error.to_string().starts_with(&format!("Shelf.{key}: ")),
            "{error}"
        );
    }
    let mut bright = db.related(&shelf, "bright").unwrap();
    assert_eq!(refused(bright.add(2)), unsupported);
    assert_eq!(refused(bright.set([1, 2])), unsupported);
    // What is associated already needs nothing to be written.
    bright.add([1, 3]).unwrap();
    bright.set([1, 3]).unwrap();
    assert_eq!(db.fingerprint(), before);
    let mut bright = db.related(&shelf, "bright").unwrap();
    bright.set([1]).unwrap();
    assert_eq!(bright.remove([1, 2]).unwrap(), 1);
    assert_eq!(colours(&mut db, &shelf, "things"), "grey");
    // A link is no part of the target: any may be made, and those to bright things are seen.
    let mut lent = db.related(&shelf, "brightLent").unwrap();
    lent.add([1, 2]).unwrap();
    lent.set([3]).unwrap();
    assert_eq!(colours(&mut db, &shelf, "lent"), "grey green");
    let wrong = |condition: relata::Expr| {
        let mut models = Models::new();
        models.define("Shelf");
        models.has_many("Shelf", HasMany::new("Shelf").scope_where(condition));
        let error = models.sync().unwrap_err();
        error.as_declaration().unwrap().problems[0].kind
    };
    assert_eq!(wrong(col("none").eq(1)), ProblemKind::Scope);
    assert_eq!(wrong(col("id").eq("x")), ProblemKind::Scope);
}

/// Users in groups, by memberships with a rank; leaders are those above rank 5.
fn members() -> (Database, Instance) {
    let mut models = Models::new();
    models.define("User").define("Group");
    models.define_with("Member", |it| {
        let rank = Attribute::new("rank", DataType::Int).default(0);
        it.timestamps(false).attribute(rank)
    });
    let groups = |alias: &str, through: Through| {
        let groups = BelongsToMany::new("Group").alias(alias);
        groups.through(through)
    };
    let ranks = |ranks: [i64; 2]| Through::new("Member").scope_in("rank", ranks);
    models.belongs_to_many("User", groups("groups", Through::new("Member")));
    let led = Through::new("Member").scope_where(col("rank").gt(5));
    models.belongs_to_many("User", groups("led", led));
    models.belongs_to_many("User", groups("joined", ranks([0, 1])));
    let mut db = models.sync().unwrap();
    let user = db.create("User", values! {}).unwrap();
    for rank in [0, 3, 7, 9] {
        let group = db.create("Group", values! {}).unwrap();
        let mut groups = db.related(&user, "groups").unwrap();
        groups.add_with(&group, values! { rank: rank }).unwrap();
    }
    (db, user)
}

/// The keys of the groups, read in every way.
fn groups(db: &mut Database, user: &Instance, key: &str) -> Vec<i64> {
    let id = |it: &Instance| it.get("id").unwrap().as_int().unwrap();
    let related = db.related(user, key).unwrap();
    let found: Vec<i64> = related.get().unwrap().iter().map(id).collect();
    assert_eq!(related.count().unwrap(), found.len());
    for group in 1..=4 {
        assert_eq!(related.has(group).unwrap(), found.contains(&group));
    }
    let rows = select("User").include(key).with_count(key).run(db).unwrap();
    let row = rows.first().unwrap();
    let included = row
        .many(key)
        .unwrap()
        .map(|it| it.get("id").unwrap().as_int().unwrap());
    assert_eq!(included.collect::<Vec<_>>(), found);
    assert_eq!(row.count(key).unwrap(), found.len());
    let each = db.related_each([user], key).unwrap().get().unwrap();
    assert_eq!(each[0].iter().map(id).collect::<Vec<_>>(), found);
    found
}

// rules: SC-2, SC-6, BTM-27
// Broken: a link is read by an association whose condition its row does not meet, or taken away by it.
#[test]
fn a_junction_scope_of_conditions_filters() {
    let (mut db, user) = members();
    assert_eq!(groups(&mut db, &user, "groups"), [1, 2, 3, 4]);
    assert_eq!(groups(&mut db, &user, "led"), [3, 4]);
    assert_eq!(groups(&mut db, &user, "joined"), [1]);
    let mut led = db.related(&user, "led").unwrap();
    assert_eq!(led.remove([1, 3]).unwrap(), 1);
    led.set([4]).unwrap();
    assert_eq!(groups(&mut db, &user, "groups"), [1, 2, 4]);
    db.related(&user, "joined").unwrap().set(()).unwrap();
    assert_eq!(groups(&mut db, &user, "groups"), [2, 4]);
    let wrong = |through: Through| {
        let mut models = Models::new();
        models.define("A").define("B");
        models.belongs_to_many("A", BelongsToMany::new("B").through(through));
        let error = models.sync().unwrap_err();
        error.as_declaration().unwrap().problems[0].kind
    };
    let through = || Through::new("AB");
    assert_eq!(
        wrong(through().scope_where(col("none").eq(1))),
        ProblemKind::Scope
    );
    assert_eq!(wrong(through().scope_in("AId", ["x"])), ProblemKind::Scope);
}

// rules: SC-6
// Broken: a link is made that its own association does not see, or an update that needs no such link is refused.
#[test]
fn a_link_under_conditions_cannot_be_made() {
    let (mut db, user) = members();
    let unsupported = ErrorKind::Request(RequestKind::Unsupported);
    let before = db.fingerprint();
    let mut led = db.related(&user, "led").unwrap();
    assert_eq!(refused(led.create(values! {})), unsupported);
    assert_eq!(refused(led.add([3, 2])), unsupported);
    assert_eq!(
        refused(led.set_with([3, 1], values! { rank: 9 })),
        unsupported
    );
    led.add([3, 4]).unwrap();
    let nested = tree! { led: [{}] };
    assert_eq!(refused(db.create_tree("User", nested)), unsupported);
    assert_eq!(db.fingerprint(), before);
    let mut led = db.related(&user, "led").unwrap();
    led.add_with(3, values! { rank: 8 }).unwrap();
    let rank = db.find("Member", (1, 3)).unwrap().unwrap();
    assert_eq!(rank.get("rank").unwrap(), &8.into());
}
