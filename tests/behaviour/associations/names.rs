//! What things are called that nobody named: tables, associations, accessors, keys.

use relata::model::{ModelView, Verb};
use relata::{Attribute, BelongsTo, BelongsToMany, DataType, HasMany, HasOne, Models, Through};

use super::{accessors, association, attributes, int, joined, keys, model, plain, synced, text};

fn tables(models: &Models) -> String {
    let schema = models.schema().expect("the models stand");
    joined(schema.tables().iter().map(|table| &*table.name))
}

// rules: NM-1, NM-2, NM-18
// Broken, a model `user` lives in a table `user`, or its own plural in associations renames its table as well.
#[test]
fn a_table_is_named_after_the_plural_unless_told_otherwise() {
    let mut models = plain("user Person news");
    models
        .define_with("project", |model| model.names("task", "tasks"))
        .define_with("Version", |model| model.freeze_table_name())
        .define_with("Log", |model| model.table_name("audit log"));
    models.belongs_to_many("user", BelongsToMany::new("project").through("UserProject"));
    assert_eq!(
        tables(&models),
        "users People news projects Version audit log UserProject"
    );
    let db = synced(&models);
    let forms = |name| {
        let view: ModelView<'_> = model(&db, name);
        (view.singular().to_owned(), view.plural().to_owned())
    };
    assert_eq!(forms("Person"), ("Person".into(), "People".into()));
    assert_eq!(forms("project"), ("task".into(), "tasks".into()));
    // They count for every association to the model, and for the keys that are named after it.
    assert_eq!(keys(&db, "user"), "tasks");
    assert_eq!(
        attributes(&db, "UserProject"),
        "createdAt updatedAt userId taskId"
    );
}

// rules: NM-3, NM-4, D5
// Broken, including `user` finds nothing because the key is `User`, or the alias `assignments` is found in capitals.
#[test]
fn an_association_is_found_by_the_name_of_its_target_in_its_own_case() {
    let mut models = plain("User user Task");
    models
        .has_many("Task", HasMany::new("User").foreign_key("a"))
        .has_many("Task", HasMany::new("user").foreign_key("b"))
        .has_many(
            "Task",
            HasMany::new("user").alias("assignments").foreign_key("c"),
        )
        .has_many(
            "Task",
            HasMany::new("user").alias("ASSIGNMENTS").foreign_key("d"),
        )
        .belongs_to(
            "User",
            BelongsTo::new("Task").foreign_key("e").constraints(false),
        )
        .belongs_to(
            "User",
            BelongsTo::new("Task")
                .alias("task")
                .foreign_key("f")
                .constraints(false),
        );
    let db = synced(&models);
    assert_eq!(keys(&db, "Task"), "Users users assignments ASSIGNMENTS");
    assert_eq!(keys(&db, "User"), "Task task");
    let task = model(&db, "Task");
    for (name, key, verb) in [
        ("getAssignments", "assignments", Verb::Get),
        ("addAssignment", "assignments", Verb::Add),
        ("getASSIGNMENTS", "ASSIGNMENTS", Verb::Get),
        ("addASSIGNMENT", "ASSIGNMENTS", Verb::Add),
    ] {
        let (found, verb_found) = task.accessor(name).expect(name);
        assert_eq!((found.key(), verb_found), (key, verb));
    }
    assert!(task.accessor("getassignments").is_none());
}

// rules: NM-5, NM-6, NM-10
// Broken, both forms of an alias are inflected once more, or a single association takes the plural as its name.
#[test]
fn an_alias_is_one_form_or_both() {
    let mut models = plain("user project");
    models
        .belongs_to_many(
            "user",
            BelongsToMany::new("project")
                .alias(("task", "taskz"))
                .through("a"),
        )
        .has_many(
            "user",
            HasMany::new("project")
                .alias("PersonChildren")
                .foreign_key("x"),
        )
        .has_one(
            "user",
            HasOne::new("project")
                .alias(("Mann", "Männer"))
                .foreign_key("y"),
        )
        .has_one(
            "user",
            HasOne::new("project").alias("details").foreign_key("z"),
        );
    let db = synced(&models);
    assert_eq!(keys(&db, "user"), "taskz PersonChildren Mann details");
    assert_eq!(
        accessors(&db, "user", "taskz"),
        "getTaskz countTaskz hasTask hasTaskz setTaskz addTask addTaskz removeTask removeTaskz createTask"
    );
    assert!(accessors(&db, "user", "PersonChildren").contains("addPersonChild addPersonChildren"));
    assert_eq!(accessors(&db, "user", "Mann"), "getMann setMann createMann");
    assert_eq!(
        accessors(&db, "user", "details"),
        "getDetails setDetails createDetails"
    );
}

// rules: NM-7, NM-8, NM-9
// Broken, `addNews` is offered twice, or a junction between people and their children is called after `persons`.
#[test]
fn irregular_and_uncountable_words_are_known() {
    let mut models = plain("person child news userProject item_tag category");
    models
        .has_many("person", HasMany::new("child"))
        .has_many("person", HasMany::new("news"))
        .has_many("person", HasMany::new("userProject"))
        .has_many("person", HasMany::new("item_tag"))
        .has_many("person", HasMany::new("category"));
    let db = synced(&models);
    assert_eq!(
        keys(&db, "person"),
        "children news userProjects item_tags categories"
    );
    assert_eq!(
        accessors(&db, "person", "news"),
        "getNews countNews hasNews setNews addNews removeNews createNews"
    );
    assert!(accessors(&db, "person", "children").contains("addChild addChildren"));
    assert!(accessors(&db, "person", "item_tags").contains("addItem_tag addItem_tags"));
}

// rules: NM-11, NM-12, NM-13, D4
// Broken, the key of a relation is named after the wrong end, or after the attribute that it holds.
#[test]
fn a_key_is_named_after_whom_it_points_to_and_their_primary_key() {
    let mut models = plain("userRole person");
    models
        .define_with("user", |user| {
            let id = int("user_id").primary_key();
            user.timestamps(false)
                .attribute(id)
                .attribute(text("email").unique())
        })
        .define_with("GroupPKBT", |group| {
            group
                .timestamps(false)
                .attribute(text("name").primary_key())
        })
        .define_with("log", |log| log.timestamps(false))
        .define_with("account", |account| account.timestamps(false))
        .define_with("seat", |seat| seat.timestamps(false));
    models
        .belongs_to("log", "userRole")
        .belongs_to("log", "user")
        .belongs_to("log", "GroupPKBT")
        .belongs_to("log", BelongsTo::new("person").alias("The-big boss"))
        .has_one("user", HasOne::new("account").source_key("email"))
        .has_one("user", HasOne::new("account").alias("Owners"))
        .has_many("user", HasMany::new("seat").alias("Places"))
        .belongs_to_many(
            "person",
            BelongsToMany::new("person")
                .alias("Children")
                .through("family"),
        )
        .belongs_to_many(
            "user",
            BelongsToMany::new("GroupPKBT")
                .through(Through::new("ug").timestamps(false))
                .source_key("email"),
        );
    let db = synced(&models);
    assert_eq!(
        attributes(&db, "log"),
        "id userRoleId userUserId GroupPKBTName theBigBossId"
    );
    assert_eq!(attributes(&db, "account"), "id userUserId OwnerUserId");
    assert_eq!(attributes(&db, "seat"), "id userUserId");
    assert_eq!(
        attributes(&db, "family"),
        "createdAt updatedAt personId ChildId"
    );
    assert_eq!(attributes(&db, "ug"), "userEmail GroupPKBTName");
    assert_eq!(association(&db, "user", "account").source_key(), ["email"]);
}

// rules: NM-14, NM-15, D1
// Broken, a key in an underscored model is half converted, or a name that was given is converted as well.
#[test]
fn the_holder_decides_whether_a_key_is_in_snake_case() {
    let mut models = Models::new();
    models
        .define_with("userProfile", |profile| profile.underscored(true))
        .define_with("company", |company| {
            company
                .timestamps(false)
                .attribute(Attribute::new("uuid", DataType::Uuid).primary_key())
        })
        .define_with("badge", |badge| badge.timestamps(false));
    models
        .belongs_to("userProfile", "company")
        .belongs_to(
            "userProfile",
            BelongsTo::new("company")
                .alias("FormerCompany")
                .foreign_key("formerCompanyUuid"),
        )
        .has_one("userProfile", "badge")
        .has_many("company", HasMany::new("userProfile").alias("staff"))
        .belongs_to_many(
            "userProfile",
            BelongsToMany::new("badge")
                .alias("medals")
                .through(Through::new("medal").timestamps(false)),
        );
    let db = synced(&models);
    assert_eq!(
        attributes(&db, "userProfile"),
        "id created_at updated_at company_uuid formerCompanyUuid"
    );
    // The attribute is the column.
    let column = model(&db, "userProfile").column("company_uuid");
    assert_eq!(column.map(|column| &*column.name), Some("company_uuid"));
    assert_eq!(attributes(&db, "badge"), "id userProfileId");
    // In a junction each key follows the model that it points to.
    assert_eq!(attributes(&db, "medal"), "user_profile_id badgeId");
}

// rules: NM-16, NM-17, D2, D3
// Broken, both sides of one relation make a key of their own, or an alias on one side is taken for the same relation.
#[test]
fn both_sides_share_a_key_while_neither_has_another_name() {
    let mut models = plain("article Orders InternetOrders subscription");
    models
        .define_with("label", |label| {
            label.timestamps(false).attribute(text("text"))
        })
        .define_with("line", |line| line.timestamps(false))
        .define_with("invoice", |invoice| invoice.timestamps(false))
        .define_with("bill", |bill| bill.timestamps(false))
        .define_with("person", |person| person.timestamps(false));
    models
        .has_many("article", "label")
        .belongs_to("label", "article")
        .has_many("Orders", "line")
        .belongs_to("line", "Orders")
        .has_one("InternetOrders", "line")
        .belongs_to("line", "InternetOrders")
        .belongs_to(
            "invoice",
            BelongsTo::new("subscription").alias("TheSubscription"),
        )
        .has_many("subscription", "invoice")
        .belongs_to(
            "bill",
            BelongsTo::new("subscription")
                .alias("TheSubscription")
                .foreign_key("subscription_id"),
        )
        .has_many(
            "subscription",
            HasMany::new("bill").foreign_key("subscription_id"),
        )
        .has_one("person", HasOne::new("person").alias("Father"));
    let db = synced(&models);
    assert_eq!(attributes(&db, "label"), "id text articleId");
    assert_eq!(attributes(&db, "line"), "id OrderId InternetOrderId");
    assert_eq!(
        attributes(&db, "invoice"),
        "id theSubscriptionId subscriptionId"
    );
    assert_eq!(attributes(&db, "bill"), "id subscription_id");
    assert_eq!(attributes(&db, "person"), "id FatherId");
}

// rules: NM-19, NM-20
// Broken, an error names a constraint that another order of declarations would call otherwise, or cuts a long name.
#[test]
fn constraints_are_named_after_their_table_and_columns() {
    let unique = |first_is_user: bool, name: Option<&str>| {
        let mut models = plain("user project");
        models.define_with("Membership", |junction| {
            junction
                .timestamps(false)
                .attribute(int("id").primary_key().auto_increment())
        });
        let through = name.map_or_else(
            || Through::new("Membership"),
            |name| Through::new("Membership").unique_named(name),
        );
        let mut sides = [("user", "project"), ("project", "user")];
        if !first_is_user {
            sides.reverse();
        }
        for (source, target) in sides {
            models.belongs_to_many(source, BelongsToMany::new(target).through(through.clone()));
        }
        let db = synced(&models);
        let table = model(&db, "Membership").table();
        let keys = table.keys.iter().map(|key| &*key.name);
        let references = table.foreign_keys.iter();
        let references = references.map(|&id| &*db.schema().foreign_key(id).name);
        let mut names: Vec<String> = keys.chain(references).map(str::to_owned).collect();
        names[2..].sort_unstable();
        names.join(" ")
    };
    let expected = "Memberships_pkey Memberships_projectId_userId_unique \
                    Memberships_projectId_fkey Memberships_userId_fkey";
    assert_eq!(unique(true, None), expected);
    assert_eq!(unique(false, None), expected);
    let long = "m".repeat(80);
    assert!(unique(true, Some(&long)).contains(&long));
}
