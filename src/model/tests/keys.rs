//! The keys of `belongs_to`, `has_one` and `has_many`: names, merging, actions.

use super::{columns, foreign_keys, int, models, resolved, table, text};
use crate::association::{BelongsTo, HasMany, HasOne, KeyAttribute};
use crate::model::{Attribute, Models};
use crate::schema::{Action, DefaultValue, Deferral};
use crate::value::{DataType, Value};

// rules: NM-11, NM-12, NM-16, SY-9
// Broken: the two sides of one relation make two columns, or the key comes before the timestamps.
#[test]
fn both_sides_share_one_key() {
    let mut models = Models::new();
    models
        .define("Orders")
        .define_with("line", |line| line.attribute(text("note")));
    models
        .has_many("Orders", "line")
        .belongs_to("line", "Orders");
    let schema = models.schema().unwrap();
    assert_eq!(
        columns(&schema, "lines"),
        "id note createdAt updatedAt OrderId"
    );
    let expected = "OrderId -> Orders(id) delete SET NULL update CASCADE";
    assert_eq!(foreign_keys(&schema, "lines"), expected);
}

// rules: D2, D3, NM-17, HO-2
// Broken: an alias on one side is taken for the same relation, or changes its case on the wrong call.
#[test]
fn an_alias_names_the_key() {
    let mut models = models(&["invoice", "subscription", "person"]);
    models
        .belongs_to(
            "invoice",
            BelongsTo::new("subscription").alias("TheSubscription"),
        )
        .has_many("subscription", "invoice")
        .has_one("person", HasOne::new("person").alias("Father"))
        .has_one(
            "person",
            HasOne::new("person").alias("Mother").foreign_key("MumId"),
        );
    let schema = models.schema().unwrap();
    assert_eq!(
        columns(&schema, "invoices"),
        "id theSubscriptionId subscriptionId"
    );
    assert_eq!(columns(&schema, "people"), "id FatherId MumId");
}

// rules: D1, D4, NM-13, NM-14
// Broken: an underscored user belongs to a company by `companyUuid`, or a target key changes the name of the key.
#[test]
fn the_key_follows_the_primary_key_and_the_holder() {
    let mut models = Models::new();
    models
        .define_with("company", |company| {
            let uuid = Attribute::new("uuid", DataType::Uuid).primary_key();
            company.attribute(uuid).attribute(text("name").unique())
        })
        .define_with("user", |user| user.underscored(true).timestamps(false))
        .define_with("guest", |guest| guest.timestamps(false));
    models
        .belongs_to("user", "company")
        .belongs_to("guest", BelongsTo::new("company").target_key("name"));
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "users"), "id company_uuid");
    assert_eq!(table(&schema, "users").columns[1].data_type, DataType::Uuid);
    assert_eq!(columns(&schema, "guests"), "id companyUuid");
    assert_eq!(
        table(&schema, "guests").columns[1].data_type,
        DataType::Text
    );
    let expected = "companyUuid -> companies(name) delete SET NULL update CASCADE";
    assert_eq!(foreign_keys(&schema, "guests"), expected);
}

// rules: FK-1, FK-2, FK-3
// Broken: declaring `userId` beforehand loses its default, its column or its type.
#[test]
fn what_the_holder_declares_stands() {
    let mut models = models(&["User"]);
    models.define_with("Task", |task| {
        let declared = int("userId").default(42).field("uid_col");
        task.timestamps(false).attribute(declared)
    });
    let key = KeyAttribute::named("userId")
        .default(7)
        .field("other")
        .not_null();
    models.has_many("User", HasMany::new("Task").foreign_key(key));
    let resolved = resolved(&models);
    assert_eq!(columns(&resolved.schema, "Tasks"), "id uid_col");
    let column = &table(&resolved.schema, "Tasks").columns[1];
    assert_eq!(column.default, DefaultValue::Value(Value::Int(42)));
    assert!(!column.nullable);
    let task = resolved.registry.by_name("Task").unwrap();
    assert_eq!(task.attribute("userId").unwrap().ordinal, 1);
}

// rules: FK-4, FK-8, D6
// Broken: `not_null` on the second of two associations is lost, and users that have tasks go while their tasks stay.
#[test]
fn an_explicit_setting_beats_an_earlier_default() {
    let mut models = models(&["User", "Task"]);
    let key = KeyAttribute::unnamed().not_null();
    models
        .has_many("User", "Task")
        .belongs_to("Task", BelongsTo::new("User").foreign_key(key));
    let schema = models.schema().unwrap();
    assert!(!table(&schema, "Tasks").columns[1].nullable);
    let expected = "UserId -> Users(id) delete CASCADE update CASCADE";
    assert_eq!(foreign_keys(&schema, "Tasks"), expected);
}

// rules: FK-4
// Broken: the last of several explicit settings counts, so that the order of files decides.
#[test]
fn the_first_explicit_setting_stands() {
    let mut models = models(&["User", "Task"]);
    let required = KeyAttribute::unnamed().not_null().default(1).field("a");
    let optional = KeyAttribute::unnamed().nullable().default(2).field("b");
    models
        .has_many("User", HasMany::new("Task").foreign_key(required))
        .belongs_to("Task", BelongsTo::new("User").foreign_key(optional));
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "Tasks"), "id a");
    let column = &table(&schema, "Tasks").columns[1];
    assert!(!column.nullable);
    assert_eq!(column.default, DefaultValue::Value(Value::Int(1)));
}

// rules: D7
// Broken: declaring the key beforehand without a word about null makes tasks go with their user.
#[test]
fn a_declared_key_is_nullable_unless_it_says_otherwise() {
    let mut models = models(&["User"]);
    models.define_with("Task", |task| task.attribute(int("UserId")));
    models.has_many("User", "Task");
    let expected = "UserId -> Users(id) delete SET NULL update CASCADE";
    assert_eq!(foreign_keys(&models.schema().unwrap(), "Tasks"), expected);
}

// rules: FK-9, FK-10
// Broken: the explicit CASCADE of one side gives way to the default of the other, in either order.
#[test]
fn the_earliest_explicit_action_stands() {
    let explicit = || {
        HasMany::new("Task")
            .on_delete("cascade")
            .on_update(Action::Restrict)
    };
    let expected = "UserId -> Users(id) delete CASCADE update RESTRICT";
    let mut first = models(&["User", "Task"]);
    first
        .has_many("User", explicit())
        .belongs_to("Task", "User");
    assert_eq!(foreign_keys(&first.schema().unwrap(), "Tasks"), expected);
    let mut second = models(&["User", "Task"]);
    second
        .belongs_to("Task", "User")
        .has_many("User", explicit());
    assert_eq!(foreign_keys(&second.schema().unwrap(), "Tasks"), expected);
    let mut both = models(&["User", "Task"]);
    both.has_many("User", explicit())
        .belongs_to("Task", BelongsTo::new("User").on_delete(Action::NoAction));
    assert_eq!(foreign_keys(&both.schema().unwrap(), "Tasks"), expected);
}

// rules: FK-7, D19, SY-6
// Broken: an action on an association without constraints makes a constraint, and the ring has no order again.
#[test]
fn without_constraints_there_is_no_foreign_key() {
    let mut models = models(&["Document", "Version"]);
    let current = BelongsTo::new("Version")
        .alias("Current")
        .foreign_key("current_version_id")
        .constraints(false)
        .on_delete(Action::Cascade);
    models
        .has_many("Document", "Version")
        .belongs_to("Document", current);
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "Documents"), "id current_version_id");
    assert_eq!(foreign_keys(&schema, "Documents"), "");
    let expected = "DocumentId -> Documents(id) delete SET NULL update CASCADE";
    assert_eq!(foreign_keys(&schema, "Versions"), expected);
}

// rules: AS-11
// Broken: one definition of a key given to two associations carries the type of the first into the second.
#[test]
fn definitions_can_be_given_twice() {
    let mut models = models(&["Job"]);
    models
        .define_with("User", |user| user.attribute(text("name").primary_key()))
        .define_with("Account", |account| {
            account.attribute(int("number").primary_key())
        });
    let required = KeyAttribute::unnamed().not_null();
    models
        .belongs_to("Job", BelongsTo::new("User").foreign_key(&required))
        .belongs_to("Job", BelongsTo::new("Account").foreign_key(&required));
    let before = models.clone();
    let schema = models.schema().unwrap();
    assert_eq!(models, before);
    let jobs = table(&schema, "Jobs");
    assert_eq!(columns(&schema, "Jobs"), "id UserName AccountNumber");
    let types: Vec<DataType> = jobs.data_types().collect();
    assert_eq!(types, [DataType::Int, DataType::Text, DataType::Int]);
    assert!(!jobs.columns[1].nullable && !jobs.columns[2].nullable);
}

// rules: FK-12
// Broken: an attribute that refuses references gets one from the association that uses it.
#[test]
fn an_attribute_may_refuse_to_be_a_foreign_key() {
    let mut models = models(&["User"]);
    models.define_with("Task", |task| {
        task.attribute(int("UserId").references_nothing())
    });
    models.has_many("User", "Task");
    assert_eq!(foreign_keys(&models.schema().unwrap(), "Tasks"), "");
}

// rules: FK-17, FK-18
// Broken: an association cannot make its key deferrable, or a model that refers to itself is a ring.
#[test]
fn a_key_to_oneself_may_be_deferred() {
    let mut models = models(&["node"]);
    let parent = BelongsTo::new("node").alias("parent");
    models
        .belongs_to("node", parent.deferrable(Deferral::InitiallyDeferred))
        .has_many(
            "node",
            HasMany::new("node")
                .alias("children")
                .foreign_key("parentId"),
        );
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "nodes"), "id parentId");
    let keys = schema.foreign_keys();
    assert_eq!(
        (keys.len(), keys[0].deferral),
        (1, Deferral::InitiallyDeferred)
    );
}

// rules: FK-6
// Broken: a key of several columns refers to the wrong ones, or its columns all have one name.
#[test]
fn a_composite_key_is_referred_to_by_a_list() {
    let mut models = models(&["city", "town"]);
    models.define_with("region", |region| {
        let country = text("country").primary_key();
        region
            .attribute(country)
            .attribute(int("code").primary_key())
    });
    let keys = ["country", "code"];
    models
        .belongs_to("city", BelongsTo::new("region").target_keys(keys))
        .has_many(
            "region",
            HasMany::new("town")
                .source_keys(keys)
                .foreign_key(["land", "area"]),
        );
    let schema = models.schema().unwrap();
    assert_eq!(columns(&schema, "cities"), "id regionCountry regionCode");
    let expected =
        "regionCountry,regionCode -> regions(country,code) delete SET NULL update CASCADE";
    assert_eq!(foreign_keys(&schema, "cities"), expected);
    assert_eq!(columns(&schema, "towns"), "id land area");
}
