//! Tables and schemas as text.

use relata::engine::Database;
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, SchemaChange, TableDef, UniqueDef};
use relata::{Attribute, BelongsTo, DataType, Models, Result, values};

// Broken, texts of equal rows would differ between runs, or a value would break the lines of an assertion.
#[test]
fn a_dump_is_aligned_and_of_the_rows_alone() -> Result<()> {
    let mut models = Models::new();
    models.define_with("User", |user| {
        let name = Attribute::new("name", DataType::Text).field("full_name");
        user.attribute(name)
            .attribute(Attribute::new("share", DataType::Float))
            .timestamps(false)
    });
    models.define_with("Task", |task| task.timestamps(false));
    models.belongs_to("Task", BelongsTo::new("User"));
    let mut db = models.sync()?;
    db.create("User", values! { id: 11, name: "Zoë\n\\'", share: 0.5 })?;
    db.create("User", values! { id: 2, name: "Ada" })?;
    db.create("Task", values! { UserId: 11 })?;
    let expected = r"User (2 rows)
id | name        | share
---+-------------+------
 2 | 'Ada'       |  null
11 | 'Zoë\n\\''' |   0.5

Task (1 row)
id | UserId
---+-------
 1 |     11
";
    assert_eq!(db.dump(), expected);
    assert_eq!(db.snapshot().dump(), expected);
    let mut fork = db.fork();
    fork.destroy_where("Task", relata::all([]))?;
    assert_eq!(fork.dump_of("Task")?, "Task (no rows)\n");
    assert!(fork.dump_of("Taks").is_err());
    assert!(db.engine().dump_table("Users")?.contains("full_name"));
    Ok(())
}

// Broken, whoever changes the schema below the models could not look at the rows any more.
#[test]
fn a_dump_outlives_the_schema_of_the_models() -> Result<()> {
    let mut models = Models::new();
    models.define("User");
    models.define("Task");
    let mut db = models.sync()?;
    db.create("Task", values! {})?;
    let mut tx = db.begin();
    tx.engine_mut()
        .change_schema(&SchemaChange::drop_table("Users"))?;
    tx.commit()?;
    assert!(db.dump().starts_with("Tasks (1 row)\n"));
    Ok(())
}

// Broken, a diagram would tell of a parent that need not be there, or of many children where a key allows one.
#[test]
fn a_diagram_tells_how_many() -> Result<()> {
    let table = |name: &str| {
        let id = ColumnDef::new("id", DataType::Int).not_null();
        TableDef::new(name).column(id).primary_key(["id"])
    };
    let refers = |column: &str| {
        ForeignKeyDef::new([column])
            .references("parents", ["id"])
            .on_delete(Action::Cascade)
    };
    let children = table("my \"children\"")
        .column(ColumnDef::new("must", DataType::Int).not_null())
        .column(ColumnDef::new("1 may", DataType::Int))
        .column(ColumnDef::new("kind", DataType::Text))
        .unique(UniqueDef::new(["1 may"]))
        .foreign_key(refers("must").named("must"))
        .foreign_key(refers("1 may").named("may"))
        .foreign_key(refers("must").named("guarded").guarded("kind", "p"));
    let schema = Schema::builder()
        .table(table("parents"))
        .table(children)
        .build()?;
    let expected = r#"erDiagram
    "parents" {
        int id PK
    }
    "my 'children'" {
        int id PK
        int must FK
        int c1_may FK, UK
        text kind
    }
    "parents" ||--o{ "my 'children'" : "must"
    "parents" |o--o| "my 'children'" : "may"
    "parents" |o..o{ "my 'children'" : "guarded"
"#;
    assert_eq!(Database::new(schema).schema().to_mermaid(), expected);
    Ok(())
}
