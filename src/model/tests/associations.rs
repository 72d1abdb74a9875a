//! What sources gain: keys, accessors, scopes, and the way to their targets.

use super::{association, association_keys, columns, hop, models, resolved, table, text};
use crate::association::link::{AssociationKind, Link};
use crate::association::{BelongsTo, HasMany, HasOne};
use crate::model::{Attribute, Models};
use crate::schema::IndexKind;
use crate::value::{DataType, Value};

// rules: AS-1, AS-2, AS-3, NM-3
// Broken: Player.belongs_to(Team) gives Team something, or associations come in another order than declared.
#[test]
fn only_the_source_gains_an_association() {
    let mut models = models(&["Player", "Team", "coach"]);
    models
        .has_one("Player", "coach")
        .belongs_to("Player", "Team")
        .has_many("Player", HasMany::new("coach").alias("ASSIGNED"));
    let resolved = resolved(&models);
    assert_eq!(association_keys(&resolved, "Player"), "coach Team ASSIGNED");
    assert_eq!(association_keys(&resolved, "Team"), "");
    let team = association(&resolved, "Player", "Team");
    assert_eq!(team.kind, AssociationKind::BelongsTo);
    assert!(team.is_single() && !team.is_self());
    assert!(matches!(team.link, Link::ToParent(_)));
    let assigned = association(&resolved, "Player", "ASSIGNED");
    assert!(!assigned.is_single());
    assert!(matches!(assigned.link, Link::ToChildren(_)));
    assert_eq!(
        assigned.target,
        resolved.registry.by_name("coach").unwrap().id
    );
}

// rules: AS-12, FK-7, FK-13
// Broken: an association that shares an enforced key without constraints of its own walks it by value.
#[test]
fn a_key_that_is_enforced_is_walked_whoever_enforces_it() {
    let mut models = models(&["post", "comment"]);
    let comments = || HasMany::new("comment").foreign_key("postId");
    models.has_many("post", comments()).has_one(
        "post",
        HasOne::new("comment")
            .alias("main")
            .foreign_key("postId")
            .constraints(false),
    );
    let resolved = resolved(&models);
    assert_eq!(columns(&resolved.schema, "comments"), "id postId");
    let (comments, main) = (
        association(&resolved, "post", "comments"),
        association(&resolved, "post", "main"),
    );
    assert_eq!(hop(&comments), hop(&main));
    assert!(hop(&main).key.is_some());
    assert_eq!(hop(&main).index, None);
    assert!(table(&resolved.schema, "comments").indexes.is_empty());
}

// rules: PO-1, SC-1, FK-15
// Broken: comments on posts and on images collide in one key, or are found by scanning all comments.
#[test]
fn an_open_polymorphic_owner_is_found_by_value() {
    let mut models = models(&["post", "image"]);
    models.define_with("comment", |m| {
        m.timestamps(false).attribute(text("commentable"))
    });
    for kind in ["post", "image"] {
        let comments = HasMany::new("comment")
            .foreign_key("commentable_id")
            .constraints(false)
            .scope("commentable", kind);
        let owner = BelongsTo::new(kind)
            .foreign_key("commentable_id")
            .constraints(false);
        models.has_many(kind, comments).belongs_to("comment", owner);
    }
    let resolved = resolved(&models);
    let schema = &resolved.schema;
    assert_eq!(columns(schema, "comments"), "id commentable commentable_id");
    assert!(schema.foreign_keys().is_empty());
    let comments = association(&resolved, "image", "comments");
    assert_eq!(comments.scope, [(1, Value::from("image"))]);
    let indexes = &table(schema, "comments").indexes;
    assert_eq!((indexes.len(), hop(&comments).index), (1, Some(0)));
    assert_eq!(indexes[0].columns, [1, 2]);
    assert_eq!(indexes[0].kind, IndexKind::Hash);
    let owner = association(&resolved, "comment", "image");
    assert_eq!((hop(&owner).key, hop(&owner).index), (None, None));
    assert_eq!(hop(&owner).parent_columns, [0]);
}

#[test]
fn a_scope_that_wants_null_is_not_looked_up_by_index() {
    let mut models = models(&["post"]);
    models.define_with("comment", |m| {
        let hidden = Attribute::new("hiddenBy", DataType::Int);
        m.timestamps(false)
            .attribute(hidden)
            .attribute(text("kind"))
    });
    let visible = HasMany::new("comment").constraints(false);
    let visible = visible
        .scope("hiddenBy", Value::Null)
        .scope("kind", "a")
        .scope("kind", "b");
    models.has_many("post", visible);
    let resolved = resolved(&models);
    let comments = association(&resolved, "post", "comments");
    assert_eq!(comments.scope, [(1, Value::Null), (2, Value::from("b"))]);
    let index = hop(&comments).index.unwrap();
    assert_eq!(
        table(&resolved.schema, "comments").indexes[index].columns,
        [2, 3]
    );
}

// rules: NM-2, NM-4, MX-4, AS-13
// Broken: `user.getTasks` is not found, or is found although the user has an attribute of that name.
#[test]
fn accessors_are_found_by_name_unless_an_attribute_has_it() {
    let mut models = models(&[]);
    models
        .define_with("project", |m| m.names("task", "tasks"))
        .define_with("user", |m| {
            m.attribute(Attribute::new("hasTasks", DataType::Bool))
        });
    models.has_many("user", HasMany::new("project").hooks(true));
    let resolved = resolved(&models);
    let user = resolved.registry.by_name("user").unwrap();
    let (found, accessor) = user.find_accessor("addTask").unwrap();
    assert_eq!((&*found.key, accessor.name.as_str()), ("tasks", "addTask"));
    assert!(found.hooks);
    assert!(user.find_accessor("hasTasks").is_none());
    assert!(user.find_accessor("hasTask").is_some());
    assert!(user.find_accessor("getProjects").is_none());
}

// rules: AS-15
// Broken: a key that an association added cannot be read, filtered or written by name.
#[test]
fn an_added_key_is_an_attribute_like_others() {
    let mut models = Models::new();
    models
        .define("article")
        .define_with("Label", |label| label.attribute(text("text")));
    models.has_many("article", "Label");
    let resolved = resolved(&models);
    let label = resolved.registry.by_name("Label").unwrap();
    let names = label.attributes().iter().map(|attribute| &*attribute.name);
    let names: Vec<&str> = names.collect();
    assert_eq!(names, ["id", "text", "createdAt", "updatedAt", "articleId"]);
    let labels = association(&resolved, "article", "Labels");
    assert_eq!(
        hop(&labels).child_columns,
        [label.attribute("articleId").unwrap().ordinal]
    );
}
