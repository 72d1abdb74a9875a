//! Models by themselves: tables, generated keys, timestamps, names of columns.

use super::{columns, foreign_keys, int, models, problem, resolved, table, text, unique_keys};
use crate::expr::col;
use crate::model::{Attribute, ModelDef, Models};
use crate::schema::{CheckDef, DefaultValue, IndexDef, UniqueDef};
use crate::value::DataType;

// rules: NM-1, SY-9
// Broken: a model without attributes has a table without columns, or its timestamps come before its own attributes.
#[test]
fn a_model_gets_a_key_and_timestamps() {
    let mut models = Models::new();
    models.define_with("Post", |post| post.attribute(text("title")));
    let resolved = resolved(&models);
    let posts = table(&resolved.schema, "Posts");
    assert_eq!(
        columns(&resolved.schema, "Posts"),
        "id title createdAt updatedAt"
    );
    assert_eq!(posts.auto_increment, Some(0));
    assert_eq!(posts.primary_key().columns, [0]);
    assert!(posts.columns[1].nullable);
    for position in [2, 3] {
        let column = &posts.columns[position];
        assert_eq!(
            (column.data_type, column.nullable),
            (DataType::Timestamp, false)
        );
        assert_eq!(column.default, DefaultValue::Now);
    }
    let model = resolved.registry.by_name("Post").unwrap();
    let timestamps = resolved.settings(model.id).timestamps.unwrap();
    assert_eq!((timestamps.created_at, timestamps.updated_at), (2, 3));
}

// rules: NM-1, NM-2
// Broken: the table of a model with its own plural follows that plural, or a given table name is inflected.
#[test]
fn the_table_is_named_after_the_model_or_as_told() {
    let mut models = models(&["person"]);
    models
        .define_with("project", |m| m.names("task", "tasks"))
        .define_with("News", |m| m.table_name("item"))
        .define_with("Category", ModelDef::freeze_table_name);
    let resolved = resolved(&models);
    let tables = resolved.schema.tables().iter().map(|table| &*table.name);
    let tables: Vec<&str> = tables.collect();
    assert_eq!(tables, ["people", "projects", "item", "Category"]);
    let project = resolved.registry.by_name("project").unwrap();
    assert_eq!((&*project.singular, &*project.plural), ("task", "tasks"));
}

// rules: NM-14, D1
// Broken: an underscored model has `createdAt`, or the attribute that the user named `firstName` is renamed.
#[test]
fn an_underscored_model_has_underscored_timestamps() {
    let mut models = Models::new();
    models.define_with("user", |m| m.underscored(true).attribute(text("firstName")));
    let resolved = resolved(&models);
    let expected = "id firstName created_at updated_at";
    assert_eq!(columns(&resolved.schema, "users"), expected);
    let user = resolved.registry.by_name("user").unwrap();
    assert!(resolved.settings(user.id).underscored);
}

// rules: FK-3
// Broken: a request must say `title_col`, or an index or a check over `title` is refused as unknown.
#[test]
fn a_field_renames_the_column_and_nothing_else() {
    let mut models = Models::new();
    models.define_with("Post", |post| {
        post.timestamps(false)
            .attribute(text("title").field("title_col").not_null())
            .attribute(text("lang"))
            .unique(UniqueDef::new(["title", "lang"]))
            .index(IndexDef::new(["lang", "title"]).descending(["title"]))
            .check(CheckDef::new("titled", col("title").ne(col("lang"))))
    });
    let resolved = resolved(&models);
    let posts = table(&resolved.schema, "Posts");
    assert_eq!(columns(&resolved.schema, "Posts"), "id title_col lang");
    let keys = "Posts_pkey(id) Posts_title_col_lang_key(title_col,lang)";
    assert_eq!(unique_keys(&resolved.schema, "Posts"), keys);
    assert_eq!(posts.indexes[0].columns, [2, 1]);
    assert_eq!(posts.indexes[0].descending, [false, true]);
    assert_eq!(posts.checks[0].expr.to_string(), "title_col <> lang");
    let post = resolved.registry.by_name("Post").unwrap();
    assert_eq!(post.attribute("title").unwrap().ordinal, 1);
    assert!(post.attribute("title_col").is_err());
    assert_eq!(&*post.attribute_of(1).unwrap().name, "title");
}

#[test]
fn a_declared_key_replaces_the_generated_one() {
    let mut models = Models::new();
    models.define_with("line", |line| {
        line.timestamps(false)
            .attribute(text("note"))
            .attribute(int("order").primary_key())
            .attribute(int("number").primary_key())
    });
    let resolved = resolved(&models);
    assert_eq!(columns(&resolved.schema, "lines"), "note order number");
    assert_eq!(
        table(&resolved.schema, "lines").primary_key().columns,
        [1, 2]
    );
}

#[test]
fn declared_timestamps_are_used_as_they_are() {
    let mut models = Models::new();
    let created = Attribute::new("createdAt", DataType::Timestamp);
    models.define_with("log", |log| log.attribute(created));
    let resolved = resolved(&models);
    assert_eq!(columns(&resolved.schema, "logs"), "id createdAt updatedAt");
    assert!(table(&resolved.schema, "logs").columns[1].nullable);

    let mut wrong = Models::new();
    wrong.define_with("log", |log| log.attribute(text("updatedAt")));
    let expected = "Type: log: attribute updatedAt is text, but follows the clock";
    assert_eq!(problem(&wrong), expected);
}

#[test]
fn what_a_model_cannot_be_is_said() {
    let mut duplicate = models(&["Post"]);
    duplicate.define_with("Post", |post| post.table_name("other"));
    assert_eq!(
        problem(&duplicate),
        "Duplicate: Post: two models have this name"
    );

    let mut twice = Models::new();
    twice.define_with("Post", |post| post.attribute(int("a")).attribute(text("a")));
    assert_eq!(
        problem(&twice),
        "Duplicate: Post: two attributes are named a"
    );

    let mut id = Models::new();
    id.define_with("Post", |post| post.attribute(text("id")));
    let expected = "Key: Post: an attribute id is declared, but not as the primary key";
    assert_eq!(problem(&id), expected);

    let mut shared = models(&["post"]);
    shared.define_with("article", |article| article.table_name("posts"));
    assert_eq!(
        problem(&shared),
        "Duplicate: posts: two tables are named posts"
    );
}

// rules: FK-12, FK-13
// Broken: a bare reference nulls the column when its parent goes, or is no constraint at all.
#[test]
fn an_attribute_may_reference_without_an_association() {
    let mut models = models(&["trainer"]);
    models.define_with("Series", |series| {
        series
            .timestamps(false)
            .attribute(int("trainer_id").references("trainer", "id"))
            .attribute(
                int("by_table")
                    .references("trainers", "id")
                    .on_delete("Set Null"),
            )
    });
    models.has_many("trainer", "Series");
    let schema = models.schema().unwrap();
    assert_eq!(
        columns(&schema, "Series"),
        "id trainer_id by_table trainerId"
    );
    assert_eq!(
        foreign_keys(&schema, "Series"),
        "trainer_id -> trainers(id) delete NO ACTION update NO ACTION\n\
         by_table -> trainers(id) delete SET NULL update NO ACTION\n\
         trainerId -> trainers(id) delete SET NULL update CASCADE"
    );
}

// rules: FK-14, FK-9
// Broken: a reference to a table that nobody declares is found when the first row is written.
#[test]
fn a_reference_to_nothing_is_said() {
    let mut unknown = Models::new();
    unknown.define_with("Post", |post| {
        post.attribute(int("a").references("Usr", "id"))
    });
    let expected =
        "Unknown: Post: attribute a references Usr, which is neither a model nor a table";
    assert_eq!(problem(&unknown), expected);

    let mut key = models(&["User"]);
    key.define_with("Post", |post| {
        post.attribute(int("a").references("User", "uid"))
    });
    let expected = "Unknown: Post: attribute a references uid of User, which has no such attribute";
    assert_eq!(problem(&key), expected);

    let mut action = models(&["User"]);
    let reference = int("a").references("User", "id").on_delete("EXPLODE");
    action.define_with("Post", |post| post.attribute(reference));
    assert!(problem(&action).starts_with("Action: Post: attribute a: EXPLODE: no such action"));
}
