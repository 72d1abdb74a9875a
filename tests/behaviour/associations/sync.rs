//! In which order tables come and go, and what is in them.

use relata::ddl::Dialect;
use relata::error::ProblemKind;
use relata::{BelongsTo, BelongsToMany, HasMany, Models, Through, values};

use super::{attributes, int, model, plain, problems, synced, text};

/// What is wrong with the order, as its text and its chain.
fn ring(models: &Models) -> (String, Vec<String>) {
    let mut found = problems(models);
    assert_eq!(
        (found.len(), found[0].kind),
        (1, ProblemKind::Cycle),
        "{found:#?}"
    );
    let problem = found.remove(0);
    assert_eq!(problem.to_string(), problem.detail);
    (problem.detail, problem.chain)
}

// rules: SY-1, SY-2
// Broken, comments are created before the posts that they refer to, or the order changes from run to run.
#[test]
fn tables_come_after_those_they_refer_to_and_go_before_them() {
    let mut models = plain("comment task user note");
    models
        .belongs_to("comment", "task")
        .belongs_to("task", "user");
    assert_eq!(
        models.create_order().unwrap(),
        ["users", "tasks", "comments", "notes"]
    );
    assert_eq!(
        models.drop_order().unwrap(),
        ["notes", "comments", "tasks", "users"]
    );
    // Attributes that refer, in the order of the attributes; junctions come after both their ends.
    let mut models = Models::new();
    models
        .define_with("leaf", |leaf| {
            leaf.attribute(int("b").references("right", "id"))
                .attribute(int("a").references("left", "id"))
        })
        .define("left")
        .define("right");
    models.belongs_to_many("leaf", BelongsToMany::new("left").through("pairs"));
    assert_eq!(
        models.create_order().unwrap(),
        ["rights", "lefts", "leafs", "pairs"]
    );
    assert_eq!(models.schema().unwrap().tables().len(), 4);
}

// rules: SY-3, FK-18, FK-14
// Broken, a tree of categories is a ring, or a reference to nothing hides that there is one.
#[test]
fn a_model_that_refers_to_itself_is_no_ring() {
    let mut models = plain("category post");
    models
        .belongs_to("category", BelongsTo::new("category").alias("parent"))
        .has_many("post", "category")
        .belongs_to(
            "post",
            BelongsTo::new("category").alias("main").constraints(false),
        );
    assert_eq!(models.create_order().unwrap(), ["posts", "categories"]);
    let mut both = plain("a b");
    both.define_with("c", |c| c.attribute(int("x").references("nobody", "id")));
    both.belongs_to("a", "b").belongs_to("b", "a");
    let kinds: Vec<ProblemKind> = problems(&both).iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Unknown, ProblemKind::Cycle]);
}

// rules: SY-4, SY-5, D8
// Broken, the guide's documents and versions are accepted, or the message is not the one that people search for.
#[test]
fn a_ring_is_refused_with_its_chain() {
    let mut models = Models::new();
    for name in ["Document", "Version"] {
        models.define_with(name, |model| model.freeze_table_name());
    }
    let current = BelongsTo::new("Version")
        .alias("Current")
        .foreign_key("current_version_id");
    models
        .has_many("Document", "Version")
        .belongs_to("Document", current);
    let (message, chain) = ring(&models);
    assert_eq!(
        message,
        "Cyclic dependency found. 'Document' is dependent of itself. Dependency Chain: Document -> Version => Document"
    );
    assert_eq!(chain, ["Document", "Version", "Document"]);
    // The way to the ring is told as well.
    let mut led = Models::new();
    for name in ["X", "A", "B", "C"] {
        led.define_with(name, |model| model.freeze_table_name());
    }
    led.belongs_to("X", "A")
        .belongs_to("A", "B")
        .belongs_to("B", "C")
        .belongs_to("C", "A");
    let (message, chain) = ring(&led);
    assert!(
        message.ends_with("'A' is dependent of itself. Dependency Chain: X -> A -> B -> C => A")
    );
    assert_eq!(chain, ["X", "A", "B", "C", "A"]);
}

// rules: SY-6, FK-7
// Broken, the way out of a ring that the message tells of does not work, or gives up both keys.
#[test]
fn one_key_without_constraints_opens_a_ring() {
    let mut models = Models::new();
    for name in ["Document", "Version"] {
        models.define_with(name, |model| model.freeze_table_name().timestamps(false));
    }
    let current = BelongsTo::new("Version")
        .alias("Current")
        .foreign_key("current_version_id");
    models
        .has_many("Document", "Version")
        .belongs_to("Document", current.constraints(false));
    assert_eq!(models.create_order().unwrap(), ["Document", "Version"]);
    let mut db = synced(&models);
    assert_eq!(attributes(&db, "Document"), "id current_version_id");
    assert_eq!(super::constraint(&db, "Document", "Current"), "none");
    assert_eq!(
        super::constraint(&db, "Document", "Versions"),
        "Version(DocumentId) -> Document(id) delete SET NULL update CASCADE"
    );
    db.create("Document", values! { current_version_id: 1 })
        .unwrap();
    assert!(db.create("Version", values! { DocumentId: 9 }).is_err());
}

// rules: SY-7, SY-2
// Broken, tables in a ring, which tables without models may be, cannot be dropped.
#[test]
fn tables_in_a_ring_have_an_order_to_go() {
    let mut models = plain("a b");
    models.belongs_to("a", "b").belongs_to("b", "a");
    assert!(models.create_order().is_err());
    assert_eq!(models.drop_order().unwrap(), ["as", "bs"]);
    // What is wrong otherwise is wrong here too.
    models.belongs_to("a", "c");
    let error = models.drop_order().unwrap_err();
    let problems = &error.as_declaration().unwrap().problems;
    assert_eq!(
        (problems.len(), problems[0].kind),
        (1, ProblemKind::Unknown)
    );
}

// rules: SY-8
// Broken, the second database of the same models has the rows of the first, or other tables.
#[test]
fn models_can_be_synced_again() {
    let mut models = plain("User Task");
    models.has_many("User", "Task");
    let mut first = synced(&models);
    first.create("User", values! {}).unwrap();
    let second = synced(&models);
    assert_eq!((first.count("User"), second.count("User")), (Ok(1), Ok(0)));
    assert_eq!(attributes(&first, "Task"), attributes(&second, "Task"));
    // What is declared after is in the databases made after.
    models.belongs_to("Task", BelongsTo::new("User").alias("helper"));
    assert_eq!(attributes(&synced(&models), "Task"), "id UserId helperId");
    assert_eq!(attributes(&second, "Task"), "id UserId");
}

// rules: SY-9, SY-10
// Broken, a key comes before the timestamps, or a junction inherits what is said of the models at its ends.
#[test]
fn columns_stand_in_the_order_in_which_they_come_about() {
    let mut models = Models::new();
    models
        .define_with("User", |user| {
            user.attribute(text("name")).underscored(true)
        })
        .define_with("Task", |task| {
            task.timestamps(false).attribute(text("title"))
        });
    models
        .has_many("User", HasMany::new("Task").foreign_key("second"))
        .belongs_to(
            "User",
            BelongsTo::new("Task").alias("current").constraints(false),
        )
        .belongs_to(
            "Task",
            BelongsTo::new("User").alias("owner").foreign_key("first"),
        )
        .belongs_to_many(
            "Task",
            BelongsToMany::new("User").alias("helpers").through("Help"),
        )
        .belongs_to_many(
            "Task",
            BelongsToMany::new("User")
                .alias("fans")
                .through(Through::new("Fan").timestamps(false)),
        );
    let db = synced(&models);
    assert_eq!(
        attributes(&db, "User"),
        "id name created_at updated_at current_id"
    );
    assert_eq!(attributes(&db, "Task"), "id title second first");
    assert_eq!(
        attributes(&db, "Help"),
        "createdAt updatedAt TaskId user_id"
    );
    assert_eq!(attributes(&db, "Fan"), "TaskId user_id");
    let columns = &model(&db, "User").table().columns;
    assert!(columns.iter().map(|column| &*column.name).eq([
        "id",
        "name",
        "created_at",
        "updated_at",
        "current_id"
    ]));
}

// rules: SY-1, SY-6, FK-8
// Broken, the SQL of the guide's documents has no order, other actions, or a key where none was asked for.
#[test]
fn the_tables_of_the_guide_are_written_as_sql() {
    let mut models = Models::new();
    models
        .define_with("Version", |version| {
            version
                .freeze_table_name()
                .timestamps(false)
                .attribute(text("note"))
        })
        .define_with("Document", |document| {
            document.freeze_table_name().timestamps(false)
        });
    let current = BelongsTo::new("Version")
        .alias("Current")
        .foreign_key("current_version_id");
    models
        .has_many(
            "Document",
            HasMany::new("Version").foreign_key("document_id"),
        )
        .belongs_to("Document", current.constraints(false));
    let document = "CREATE TABLE IF NOT EXISTS \"Document\" (
  \"id\" bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  \"current_version_id\" bigint,
  CONSTRAINT \"Document_pkey\" PRIMARY KEY (\"id\")
)";
    let version = "CREATE TABLE IF NOT EXISTS \"Version\" (
  \"id\" bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  \"note\" text COLLATE \"C\",
  \"document_id\" bigint,
  CONSTRAINT \"Version_pkey\" PRIMARY KEY (\"id\"),
  CONSTRAINT \"Version_document_id_fkey\" FOREIGN KEY (\"document_id\") REFERENCES \"Document\" (\"id\") \
ON DELETE SET NULL ON UPDATE CASCADE
)";
    assert_eq!(
        models.ddl(Dialect::PostgreSql).unwrap(),
        [document, version]
    );
    let sqlite = models.ddl(Dialect::Sqlite).unwrap();
    assert_eq!(
        sqlite[0],
        "CREATE TABLE IF NOT EXISTS \"Document\" (
  \"id\" INTEGER NOT NULL CONSTRAINT \"Document_pkey\" PRIMARY KEY AUTOINCREMENT,
  \"current_version_id\" INTEGER
) STRICT"
    );
    let schema = models.schema().unwrap();
    assert_eq!(
        schema.drop_ddl(Dialect::PostgreSql),
        [
            "DROP TABLE IF EXISTS \"Version\"",
            "DROP TABLE IF EXISTS \"Document\""
        ]
    );
    // Models in a ring have no SQL either.
    let mut ring = plain("a b");
    ring.belongs_to("a", "b").belongs_to("b", "a");
    assert_eq!(
        ring.ddl(Dialect::Sqlite).unwrap_err(),
        ring.sync().unwrap_err()
    );
}
