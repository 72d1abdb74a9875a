//! Junctions: what they are called, keyed by and hold, and how two sides become one relation.

use super::{association, columns, foreign_keys, int, junction, models, resolved, table, text};
use super::{column_names, unique_keys};
use crate::association::{BelongsToMany, Through, Uniqueness};
use crate::model::Models;
use crate::schema::{Action, Schema, UniqueDef};
use crate::value::{DataType, Value};

fn user_and_project() -> Models {
    models(&["user", "project"])
}

fn through(target: &str, junction: impl Into<Through>) -> BelongsToMany {
    BelongsToMany::new(target).through(junction)
}

fn primary_key(schema: &Schema, name: &str) -> String {
    let table = table(schema, name);
    column_names(table, &table.primary_key().columns, ",")
}

// rules: NM-18, BTM-2, BTM-3, BTM-8
// Broken: one side alone makes a junction with one key, or the junction of a text is called `UserProjects` or has an id.
#[test]
fn one_side_makes_a_whole_junction() {
    let mut models = user_and_project();
    models.belongs_to_many("user", through("project", "UserProject"));
    let resolved = resolved(&models);
    let schema = &resolved.schema;
    assert_eq!(
        columns(schema, "UserProject"),
        "createdAt updatedAt userId projectId"
    );
    assert_eq!(primary_key(schema, "UserProject"), "userId,projectId");
    assert_eq!(
        foreign_keys(schema, "UserProject"),
        "userId -> users(id) delete CASCADE update CASCADE\n\
         projectId -> projects(id) delete CASCADE update CASCADE"
    );
    let model = resolved.registry.by_name("UserProject").unwrap();
    assert!(model.associations().is_empty());
    let projects = association(&resolved, "user", "projects");
    let junction = junction(&projects);
    assert_eq!(junction.model, model.id);
    assert!(junction.unique);
    let columns = (&junction.own.child_columns, &junction.other.child_columns);
    assert_eq!(columns, (&vec![2], &vec![3]));
    assert!(junction.own.key.is_some() && junction.other.key.is_some());
}

// rules: BTM-4
// Broken: naming the key on the second side leaves the junction with a third column.
#[test]
fn each_side_names_its_own_key_for_both() {
    let sides = |first_is_user: bool| {
        let mut models = user_and_project();
        let of_user = through("project", "UP").foreign_key("user_id");
        let of_project = through("user", Through::new("UP").timestamps(false));
        let of_project = of_project.foreign_key("project_id");
        match first_is_user {
            true => models
                .belongs_to_many("user", of_user)
                .belongs_to_many("project", of_project),
            false => models
                .belongs_to_many("project", of_project)
                .belongs_to_many("user", of_user),
        };
        models.schema().unwrap()
    };
    assert_eq!(columns(&sides(true), "UP"), "user_id project_id");
    assert_eq!(columns(&sides(false), "UP"), "project_id user_id");
}

// rules: BTM-4
// Broken: naming both keys on one side only makes the other side use keys of its own.
#[test]
fn one_side_may_name_both_keys() {
    let mut models = user_and_project();
    let both = through("project", Through::new("UP").timestamps(false));
    models
        .belongs_to_many("user", both.foreign_key("uid").other_key("pid"))
        .belongs_to_many("project", through("user", "UP"));
    let resolved = resolved(&models);
    assert_eq!(columns(&resolved.schema, "UP"), "uid pid");
    let users = association(&resolved, "project", "users");
    assert_eq!(junction(&users).own.child_columns, [1]);
    assert_eq!(junction(&users).other.child_columns, [0]);
}

// rules: BTM-5, D12
// Broken: two relations between the same models share a table.
#[test]
fn different_junctions_are_independent() {
    let mut models = user_and_project();
    models
        .belongs_to_many("project", through("user", "members").foreign_key("pid"))
        .belongs_to_many("project", through("user", "owners").alias("owners"))
        .belongs_to_many("user", through("project", "owners"));
    let schema = models.schema().unwrap();
    assert_eq!(primary_key(&schema, "members"), "pid,userId");
    assert_eq!(primary_key(&schema, "owners"), "projectId,userId");
}

// rules: NM-14, BTM-6, NM-13
// Broken: a junction over user.us and group.gs holds ids, or the key to an underscored model is in camel case.
#[test]
fn the_keys_follow_the_attributes_and_the_models_they_refer_to() {
    let mut models = Models::new();
    models
        .define_with("user", |user| {
            user.attribute(text("us").unique().field("us_col"))
        })
        .define_with("group", |group| {
            group.underscored(true).attribute(text("gs").unique())
        });
    let of_user = through("group", Through::new("ug").timestamps(false)).source_key("us");
    models
        .belongs_to_many("user", of_user)
        .belongs_to_many("group", through("user", "ug").source_key("gs"));
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "ug"), "userUs group_gs");
    let types: Vec<DataType> = table(&schema, "ug").data_types().collect();
    assert_eq!(types, [DataType::Text, DataType::Text]);
    assert_eq!(
        foreign_keys(&schema, "ug"),
        "userUs -> users(us_col) delete CASCADE update CASCADE\n\
         group_gs -> groups(gs) delete CASCADE update CASCADE"
    );
}

// rules: BTM-9, BTM-10, NM-18, NM-19
// Broken: a junction with its own id loses it, or lets a pair in twice.
#[test]
fn a_declared_key_is_kept_beside_a_unique_pair() {
    let with = |through: Through| {
        let mut models = user_and_project();
        models.define_with("Membership", |m| {
            let id = int("id").primary_key().auto_increment();
            m.timestamps(false).attribute(id).attribute(text("status"))
        });
        models.belongs_to_many("user", BelongsToMany::new("project").through(through));
        resolved(&models)
    };
    let junction_of = |resolved: &crate::model::resolve::Resolved| {
        junction(&association(resolved, "user", "projects")).unique
    };
    let plain = with(Through::new("Membership"));
    assert_eq!(
        columns(&plain.schema, "Memberships"),
        "id status userId projectId"
    );
    assert_eq!(
        unique_keys(&plain.schema, "Memberships"),
        "Memberships_pkey(id) Memberships_projectId_userId_unique(userId,projectId)"
    );
    assert!(junction_of(&plain));
    let named = with(Through::new("Membership").unique_named("one_pair"));
    assert_eq!(
        unique_keys(&named.schema, "Memberships"),
        "Memberships_pkey(id) one_pair(userId,projectId)"
    );
    let off = with(Through::new("Membership").unique(Uniqueness::Off));
    assert_eq!(
        unique_keys(&off.schema, "Memberships"),
        "Memberships_pkey(id)"
    );
    assert!(!junction_of(&off));
}

// rules: BTM-8, SY-10
// Broken: a junction without its generated id takes another attribute for its timestamps or its references.
#[test]
fn what_a_junction_declares_moves_up_when_its_id_goes() {
    let mut models = user_and_project();
    models.define_with("up", |up| {
        up.attribute(text("note"))
            .attribute(int("by").references("user", "id"))
    });
    models.belongs_to_many(
        "user",
        through("project", Through::new("up").timestamps(false)),
    );
    let resolved = resolved(&models);
    let expected = "note by createdAt updatedAt userId projectId";
    assert_eq!(columns(&resolved.schema, "ups"), expected);
    assert!(foreign_keys(&resolved.schema, "ups").starts_with("by -> users(id) delete NO ACTION"));
    let up = resolved.registry.by_name("up").unwrap();
    let timestamps = resolved.settings(up.id).timestamps.unwrap();
    assert_eq!((timestamps.created_at, timestamps.updated_at), (2, 3));
}

// rules: BTM-8, BTM-11, D21
// Broken: a declared junction without a key keeps a generated id, or its keys may be null.
#[test]
fn a_declared_junction_without_a_key_is_keyed_by_the_pair() {
    let mut models = user_and_project();
    models.define_with("up", |up| {
        up.timestamps(false)
            .attribute(text("status").default("new"))
            .attribute(int("userId").field("u"))
    });
    models.belongs_to_many("user", through("project", "up"));
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "ups"), "status u projectId");
    assert_eq!(primary_key(&schema, "ups"), "u,projectId");
    assert!(table(&schema, "ups").columns[0].nullable);

    let mut off = user_and_project();
    let any = Through::new("up").unique(Uniqueness::Off).timestamps(false);
    off.belongs_to_many("user", through("project", any));
    let schema = off.schema().unwrap();
    let ups = table(&schema, "up");
    assert_eq!(
        ups.columns.iter().map(|c| c.nullable).collect::<Vec<_>>(),
        [false; 3]
    );
    assert!(ups.columns[2].hidden);
}

// rules: FK-11, FK-8
// Broken: the action of one side governs the key of the other side as well.
#[test]
fn each_side_governs_its_own_key() {
    let mut models = user_and_project();
    models
        .belongs_to_many("user", through("project", "up").on_delete(Action::Restrict))
        .belongs_to_many("project", through("user", "up").on_delete("cascade"));
    let both = models.schema().unwrap();
    assert_eq!(
        foreign_keys(&both, "up"),
        "userId -> users(id) delete RESTRICT update CASCADE\n\
         projectId -> projects(id) delete CASCADE update CASCADE"
    );
    let mut models = user_and_project();
    models
        .belongs_to_many("user", through("project", "up").on_delete(Action::Restrict))
        .belongs_to_many("project", through("user", "up"));
    let one = models.schema().unwrap();
    assert!(foreign_keys(&one, "up").contains("projectId -> projects(id) delete RESTRICT"));
}

// rules: BTM-36, NM-12
// Broken: followers and following are two tables, or read the same column.
#[test]
fn a_model_is_linked_with_itself_in_both_directions() {
    let mut models = models(&["Person"]);
    let follow = || Through::new("Follow").timestamps(false);
    let followers = through("Person", follow()).alias("Followers");
    let following = through("Person", follow()).alias("Following");
    models
        .belongs_to_many("Person", followers.foreign_key("followedId"))
        .belongs_to_many("Person", following.foreign_key("followerId"))
        .belongs_to_many(
            "Person",
            through("Person", "PersonChildren").alias("Children"),
        );
    let resolved = resolved(&models);
    assert_eq!(columns(&resolved.schema, "Follow"), "followedId followerId");
    let followers = association(&resolved, "Person", "Followers");
    let following = association(&resolved, "Person", "Following");
    assert_eq!(junction(&followers).own, junction(&following).other);
    assert_eq!(junction(&followers).other, junction(&following).own);
    let children = columns(&resolved.schema, "PersonChildren");
    assert_eq!(children, "createdAt updatedAt PersonId ChildId");
}

/// Posts and images with tags, each with its kind in the junction.
fn taggings(through_model: &dyn Fn(&mut Models)) -> crate::model::resolve::Resolved {
    let mut models = models(&["post", "image", "tag"]);
    through_model(&mut models);
    for kind in ["post", "image"] {
        let scoped = Through::new("item_tag").scope("taggable", kind);
        let tags = through("tag", scoped)
            .foreign_key("taggable_id")
            .constraints(false);
        models.belongs_to_many(kind, tags.other_key("tag_id"));
    }
    resolved(&models)
}

// rules: BY-10, PO-4, SC-2
// Broken: a tag can be on the post 1 or on the image 1, but not on both.
#[test]
fn a_scope_in_the_junction_is_part_of_its_key() {
    let resolved = taggings(&|models| {
        models.define_with("item_tag", |m| {
            m.timestamps(false).attribute(text("taggable"))
        });
    });
    let schema = &resolved.schema;
    assert_eq!(columns(schema, "item_tags"), "taggable taggable_id tag_id");
    assert_eq!(
        primary_key(schema, "item_tags"),
        "taggable_id,tag_id,taggable"
    );
    assert_eq!(foreign_keys(schema, "item_tags"), "");
    let tags = association(&resolved, "image", "tags");
    let junction = junction(&tags);
    assert_eq!(junction.scope, [(0, Value::from("image"))]);
    assert!(junction.unique);
    let index = &table(schema, "item_tags").indexes[junction.own.index.unwrap()];
    assert_eq!(index.columns, [0, 1]);
    assert_eq!(table(schema, "item_tags").indexes.len(), 1);
    assert_eq!(junction.other.index, None);
}

// rules: BY-10, PO-4
// Broken: the unique key that the guide declares on its own is lost, or a second one over the pair comes beside it.
#[test]
fn uniqueness_may_be_named_by_attributes_or_left_to_the_model() {
    let resolved = taggings(&|models| {
        models.define_with("item_tag", |m| {
            m.timestamps(false)
                .attribute(int("id").primary_key())
                .attribute(text("taggable").not_null())
        });
    });
    assert_eq!(
        unique_keys(&resolved.schema, "item_tags"),
        "item_tags_pkey(id) item_tags_tag_id_taggable_taggable_id_unique(taggable_id,tag_id,taggable)"
    );

    let mut models = user_and_project();
    models.define_with("up", |m| {
        m.timestamps(false).attribute(text("role").not_null())
    });
    let by = ["userId", "role"].map(str::to_owned).to_vec();
    let by_role = Through::new("up").unique(Uniqueness::Attributes(by));
    models.belongs_to_many("user", through("project", by_role));
    let resolved = super::resolved(&models);
    assert!(unique_keys(&resolved.schema, "ups").ends_with("ups_role_userId_unique(userId,role)"));
    assert!(junction(&association(&resolved, "user", "projects")).unique);
}

// rules: PO-4, PO-5, D17, BTM-10
// Broken: the guide's tags are not declarable, or its pending tags use another column than its tags.
#[test]
fn tags_are_declared_as_in_the_guide() {
    let mut models = models(&["post"]);
    models
        .define_with("tag", |tag| tag.timestamps(false).attribute(text("status")))
        .define_with("item_tag", |m| {
            m.timestamps(false)
                .attribute(int("id").primary_key().auto_increment())
                .attribute(int("tag_id"))
                .attribute(text("taggable"))
                .attribute(int("taggable_id").references_nothing())
                .unique(
                    UniqueDef::new(["tag_id", "taggable", "taggable_id"])
                        .named("item_tag_taggable"),
                )
        });
    let any = || Through::new("item_tag").unique(Uniqueness::Off);
    let tags = || {
        let tags = through("tag", any().scope("taggable", "post"));
        tags.foreign_key("taggable_id").constraints(false)
    };
    models
        .belongs_to_many("post", tags())
        .belongs_to_many(
            "post",
            tags().alias("pendingTags").scope("status", "pending"),
        )
        .belongs_to_many(
            "tag",
            through("post", any())
                .foreign_key("tag_id")
                .constraints(false),
        );
    let resolved = resolved(&models);
    let schema = &resolved.schema;
    assert_eq!(
        columns(schema, "item_tags"),
        "id tag_id taggable taggable_id"
    );
    let keys = "item_tags_pkey(id) item_tag_taggable(tag_id,taggable,taggable_id)";
    assert_eq!(unique_keys(schema, "item_tags"), keys);
    let pending = association(&resolved, "post", "pendingTags");
    assert_eq!(pending.scope, [(1, Value::from("pending"))]);
    let tags = association(&resolved, "post", "tags");
    assert_eq!(junction(&pending), junction(&tags));
    assert_eq!(junction(&tags).other.child_columns, [1]);
    assert!(!junction(&tags).unique);
    let posts = association(&resolved, "tag", "posts");
    assert_eq!(junction(&posts).own.child_columns, [1]);
    assert!(junction(&posts).scope.is_empty());
}
