//! Associations that cannot be, and that all problems are told at once.

use super::{int, models, problem, problems, text};
use crate::association::{
    BelongsTo, BelongsToMany, HasMany, HasOne, KeyAttribute, Through, Uniqueness,
};
use crate::error::ProblemKind;
use crate::model::Models;
use crate::value::DataType;

// rules: AS-4
// Broken: a misspelt model makes an association with nothing, found when it is first read.
#[test]
fn unknown_models_are_named() {
    let mut target = models(&["Post"]);
    target.belongs_to("Post", "Usr");
    let expected =
        "Unknown: Post: Post.belongs_to(Usr) called with Usr, which is not a defined model";
    assert_eq!(problem(&target), expected);
    let mut source = models(&["User"]);
    source.has_many("Psot", "User");
    let expected = "Unknown: Psot: Psot.has_many(User): Psot is not a defined model";
    assert_eq!(problem(&source), expected);
}

// rules: AS-5, D14
// Broken: the second of two associations to one target silently replaces the first.
#[test]
fn a_key_is_used_once_per_source() {
    let mut aliased = models(&["User", "Task"]);
    aliased
        .has_many("User", HasMany::new("Task").alias("work"))
        .belongs_to(
            "User",
            BelongsTo::new("Task").alias("work").constraints(false),
        );
    assert_eq!(
        problem(&aliased),
        "Association: User: User.belongs_to(Task) as work: You have used the alias work in two separate associations. \
         Aliased associations must have unique aliases"
    );
    let mut inferred = models(&["User", "Task"]);
    inferred
        .has_many("User", HasMany::new("Task").foreign_key("a"))
        .has_many("User", HasMany::new("Task").foreign_key("b"));
    assert_eq!(
        problem(&inferred),
        "Association: User: User.has_many(Task): You have defined two associations with the same name \"Tasks\" on \
         the model \"User\". Use another alias"
    );
}

// rules: AS-6
// Broken: `car.person` is both the key and the person that it refers to.
#[test]
fn an_association_and_an_attribute_do_not_share_a_name() {
    let mut declared = models(&["task"]);
    declared.define_with("user", |user| user.attribute(int("tasks")));
    declared.has_many("user", "task");
    assert_eq!(
        problem(&declared),
        "Association: user: user.has_many(task): Naming collision between attribute 'tasks' and association 'tasks' \
         on model user. To remedy this, change either the foreign key or the alias"
    );
    let mut added = models(&["car", "person"]);
    added.belongs_to("car", BelongsTo::new("person").foreign_key("person"));
    assert!(problem(&added).contains("collision between attribute 'person' and association"));
}

// rules: AS-7
// Broken: a misspelt source key makes an association that never finds anything.
#[test]
fn unknown_keys_are_named() {
    let mut models = models(&["User", "Task"]);
    models
        .belongs_to("Task", BelongsTo::new("User").target_key("nam"))
        .has_one("User", HasOne::new("Task").source_key("x"))
        .has_many("User", HasMany::new("Task").source_key("x"))
        .belongs_to_many(
            "User",
            BelongsToMany::new("Task").through("ut").source_key("x"),
        );
    let found: Vec<String> = problems(&models).iter().map(ToString::to_string).collect();
    assert_eq!(
        found[0],
        "Task: Task.belongs_to(User): Unknown attribute \"nam\" passed as target_key, define this attribute on model \
         \"User\" first"
    );
    assert_eq!(found.len(), 4);
    let of_source = "Unknown attribute \"x\" passed as source_key";
    assert!(
        found[1..].iter().all(|text| text.contains(of_source)),
        "{found:#?}"
    );
}

// rules: AS-8, AS-9, BTM-1, D12
// Broken: a many-to-many association without a junction gets one of a made-up name.
#[test]
fn a_junction_must_be_named() {
    let mut missing = models(&["User", "Task"]);
    missing.belongs_to_many("User", "Task");
    assert_eq!(
        problem(&missing),
        "Association: User: User.belongs_to_many(Task) requires through, either a model or the name of a junction to make"
    );
    let mut alone = models(&["User"]);
    alone.belongs_to_many("User", BelongsToMany::new("User").through("Friend"));
    assert!(problem(&alone).contains("an alias must be given"));
    let mut end = models(&["User", "Task"]);
    end.belongs_to_many("User", BelongsToMany::new("Task").through("Task"));
    assert!(problem(&end).contains("goes through Task, one of its own ends"));
}

// rules: BTM-36
// Broken: parents and children are kept in different columns, of which one is always missing.
#[test]
fn both_directions_of_a_relation_with_itself_need_a_key() {
    let mut models = models(&["Person"]);
    for alias in ["Children", "Parents"] {
        let family = BelongsToMany::new("Person").alias(alias).through("Family");
        models.belongs_to_many("Person", family);
    }
    assert_eq!(
        problem(&models),
        "Association: Person: Person.belongs_to_many(Person) as Parents and Person.belongs_to_many(Person) as Children \
         go through one junction by the same foreign key PersonId; give each its own"
    );
    let same = BelongsToMany::new("Person")
        .alias("Friends")
        .through("Friend");
    let mut one = super::models(&["Person"]);
    one.belongs_to_many("Person", same.foreign_key("a").other_key("a"));
    assert!(problem(&one).contains("a cannot be the key of both source and target"));
}

// rules: FK-15, D20
// Broken: a key that two associations use refers to posts only, and comments on images are refused one by one.
#[test]
fn one_key_does_not_reference_two_tables() {
    let mut models = models(&["post", "image", "comment"]);
    models
        .has_many("post", HasMany::new("comment").foreign_key("ownerId"))
        .has_many("image", HasMany::new("comment").foreign_key("ownerId"));
    assert_eq!(
        problem(&models),
        "Association: comment: image.has_many(comment): foreign key (ownerId) cannot reference image(id), since it \
         references post(id) by post.has_many(comment); turn constraints off for all but one"
    );
}

// rules: FK-6, BY-20
// Broken: a key to a model with two key attributes refers to the first of them.
#[test]
fn a_composite_key_must_be_named() {
    let mut models = models(&["city"]);
    models.define_with("region", |region| {
        let country = text("country").primary_key();
        region
            .attribute(country)
            .attribute(int("code").primary_key())
    });
    models.belongs_to("city", "region").belongs_to_many(
        "region",
        BelongsToMany::new("city").alias("x").through("rc"),
    );
    let found: Vec<String> = problems(&models).iter().map(ToString::to_string).collect();
    let has = "region has a composite primary key (country, code); name what to refer to with";
    let expected = [
        format!("region: region.belongs_to_many(city) as x: {has} source_key"),
        format!("city: city.belongs_to(region): {has} target_key"),
    ];
    assert_eq!(found, expected);
    models = super::models(&["city"]);
    models.define_with("region", |region| {
        let country = text("country").primary_key();
        region
            .attribute(country)
            .attribute(int("code").primary_key())
    });
    let short = BelongsTo::new("region")
        .target_keys(["country", "code"])
        .foreign_key("region");
    models.belongs_to("city", short);
    assert!(problem(&models).contains("foreign_key has 1 attributes and refers to 2"));
}

// rules: FK-5, FK-9
// Broken: a text key refers to an integer and never finds anything, or a misspelt action is ignored.
#[test]
fn types_and_actions_must_fit() {
    for constraints in [true, false] {
        let mut types = models(&["user", "task"]);
        let key = KeyAttribute::unnamed().data_type(DataType::Text);
        let tasks = HasMany::new("task")
            .foreign_key(key)
            .constraints(constraints);
        types.has_many("user", tasks);
        assert_eq!(problems(&types)[0].kind, ProblemKind::Type);
        assert_eq!(problems(&types).len(), 1);
    }
    let mut action = models(&["user", "task"]);
    action.has_many("user", HasMany::new("task").on_delete("vanish"));
    assert!(
        problem(&action).starts_with("Action: user: user.has_many(task): vanish: no such action")
    );
    let mut never = models(&["user", "task"]);
    let key = KeyAttribute::unnamed().not_null();
    never.has_many(
        "user",
        HasMany::new("task").foreign_key(key).on_delete("set null"),
    );
    assert_eq!(problems(&never)[0].kind, ProblemKind::Action);
}

// rules: SC-1, SC-2
// Broken: a scope by an attribute that nobody has is never true, and every read comes back empty.
#[test]
fn scopes_must_fit_their_models() {
    let mut models = models(&["user", "task"]);
    let through = Through::new("ut").scope("kind", "a");
    models
        .has_many("user", HasMany::new("task").scope("kind", "a"))
        .has_many(
            "user",
            HasMany::new("task").alias("numbered").scope("id", "a"),
        )
        .belongs_to_many(
            "user",
            BelongsToMany::new("task").alias("linked").through(through),
        );
    let found: Vec<String> = problems(&models).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "user: user.has_many(task): scope by attribute kind, which task does not have",
            "user: user.has_many(task) as numbered: scope by id = 'a', but id is int",
            "user: user.belongs_to_many(task) as linked: scope by attribute kind, which ut does not have",
        ]
    );
}

// rules: BY-10
// Broken: of two choices for one junction, the one that is declared later is silently ignored.
#[test]
fn a_junction_has_one_uniqueness() {
    let mut models = models(&["user", "task"]);
    let of = |unique| Through::new("ut").unique(unique);
    models
        .belongs_to_many(
            "user",
            BelongsToMany::new("task").through(of(Uniqueness::Off)),
        )
        .belongs_to_many(
            "task",
            BelongsToMany::new("user").through(of(Uniqueness::Pair)),
        );
    assert!(problem(&models).contains("choose differently how often a pair may be linked"));
    let mut unknown = super::models(&["user", "task"]);
    let by = of(Uniqueness::Attributes(vec!["role".to_owned()]));
    unknown.belongs_to_many("user", BelongsToMany::new("task").through(by));
    assert_eq!(
        problem(&unknown),
        "Unknown: ut: it is to be unique by role, which it does not have"
    );
}

// rules: SY-4, SY-5, D8
// Broken: models that can only be created before each other are accepted, or the chain names only one of them.
#[test]
fn a_ring_of_models_has_no_order() {
    let mut models = models(&[]);
    models
        .define_with("Document", |m| m.freeze_table_name())
        .define_with("Version", |m| m.freeze_table_name());
    let current = BelongsTo::new("Version")
        .alias("Current")
        .foreign_key("current_version_id");
    models
        .has_many("Document", "Version")
        .belongs_to("Document", current);
    let found = problems(&models);
    assert_eq!(found[0].kind, ProblemKind::Cycle);
    assert_eq!(
        found[0].detail,
        "Cyclic dependency found. 'Document' is dependent of itself. Dependency Chain: Document -> Version => Document"
    );
    assert_eq!(found[0].chain, ["Document", "Version", "Document"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let mut models = Models::new();
    models.define_with("Post", |post| post.attribute(int("a")).attribute(int("a")));
    models.define_with("User", |user| user.attribute(int("n").default("text")));
    models
        .belongs_to("Post", "Usr")
        .has_many("User", HasMany::new("Post").source_key("q"));
    let kinds: Vec<ProblemKind> = problems(&models).iter().map(|p| p.kind).collect();
    let expected = [
        ProblemKind::Duplicate,
        ProblemKind::Unknown,
        ProblemKind::Association,
        ProblemKind::Type,
    ];
    assert_eq!(kinds, expected);
}
