//! Results as JSON text, exactly.

use std::sync::Arc;

use crate::association::registry::Registry;
use crate::engine::Database;
use crate::expr::col;
use crate::query::tests::fixture::World;
use crate::query::{Version, include, select};
use crate::schema::{ColumnDef, Schema, TableDef};
use crate::value::{DataType, Date, Json, Timestamp, Uuid, Value};

// rules: EL-10, EL-15
// Broken: a user without a company has no key for it, or a tag comes without its junction row.
#[test]
fn a_tree_is_nested_objects() {
    let world = World::example();
    let request = select("Task")
        .attributes(["id", "title"])
        .filter(col("id").le(11))
        .include(
            include("owner")
                .attributes(["name"])
                .include(include("profile").attributes(["bio"])),
        )
        .include(include("tags").through_attributes(["weight"]));
    let rows = request.run(&world).unwrap();
    assert_eq!(
        rows.to_json().unwrap(),
        concat!(
            r#"[{"id":10,"title":"write","owner":{"name":"Ada","profile":{"bio":"early"}},"#,
            r#""tags":[{"name":"blue","TaskTag":{"weight":2}},{"name":"red","TaskTag":{"weight":1}}]},"#,
            r#"{"id":11,"title":"read","owner":{"name":"Ada","profile":{"bio":"early"}},"#,
            r#""tags":[{"name":"green","TaskTag":{"weight":4}}]}]"#
        )
    );
    let mut written = Vec::new();
    rows.write_json(&mut written).unwrap();
    assert_eq!(written, rows.to_json().unwrap().into_bytes());
    let alone = select("Task")
        .filter(col("id").eq(30))
        .include("owner")
        .include("tags");
    assert_eq!(
        alone
            .run(&world)
            .unwrap()
            .first()
            .unwrap()
            .to_json()
            .unwrap(),
        r#"{"id":30,"userId":null,"title":"none","done":true,"owner":null,"tags":[]}"#
    );
    assert_eq!(
        select("Task")
            .limit(0)
            .run(&world)
            .unwrap()
            .to_json()
            .unwrap(),
        "[]"
    );
}

#[test]
fn pretty_is_indented_by_two() {
    let world = World::example();
    let request = select("User")
        .attributes(["id"])
        .filter(col("id").ge(3))
        .include(include("company").attributes(["code"]))
        .include(include("notes").attributes(["text"]).required(false));
    assert_eq!(
        request.run(&world).unwrap().to_json_pretty().unwrap(),
        r#"[
  {
    "id": 3,
    "company": {
      "code": "umbra"
    },
    "notes": [
      {
        "text": "bye"
      }
    ]
  },
  {
    "id": 4,
    "company": null,
    "notes": []
  }
]"#
    );
}

// Broken: a quote in a text ends the text, or a NaN makes the whole no JSON.
#[test]
fn every_type_has_a_text() {
    let types = [
        ("b", DataType::Bool),
        ("i", DataType::Int),
        ("f", DataType::Float),
        ("t", DataType::Text),
        ("x", DataType::Bytes),
        ("u", DataType::Uuid),
        ("at", DataType::Timestamp),
        ("d", DataType::Date),
        ("j", DataType::Json),
    ];
    let columns = types
        .iter()
        .map(|(name, data_type)| ColumnDef::new(*name, *data_type));
    let table = columns.fold(TableDef::new("all"), TableDef::column);
    let mut db = Database::new(Schema::builder().table(table).build().unwrap());
    let document: Json = r#"{"b":[1, 2.5], "a":"x"}"#.parse().unwrap();
    let row: [Value; 9] = [
        true.into(),
        i64::MIN.into(),
        1.0.into(),
        "a\"\\\n\u{1}é".into(),
        vec![0_u8, 255].into(),
        Uuid::from_u128(1).into(),
        Timestamp::from_micros(1_500_000).into(),
        Date::from_days(1).into(),
        document.into(),
    ];
    let names = types.map(|(name, _)| name);
    db.insert("all", names.into_iter().zip(row)).unwrap();
    for float in [f64::NAN, f64::INFINITY, 1e300] {
        db.insert("all", [("f", Value::from(float))]).unwrap();
    }
    let registry = Arc::new(Registry::from_schema(db.schema()));
    let version = Version::new(&db, &registry);
    let text = select("all").run(&version).unwrap().to_json().unwrap();
    let null = |float: &str| {
        format!(
            r#"{{"b":null,"i":null,"f":{float},"t":null,"x":null,"u":null,"at":null,"d":null,"j":null}}"#
        )
    };
    let full = concat!(
        r#"{"b":true,"i":-9223372036854775808,"f":1.0,"t":"a\"\\\n\u0001é","x":"00ff","#,
        r#""u":"00000000-0000-0000-0000-000000000001","at":"1970-01-01T00:00:01.5Z","#,
        r#""d":"1970-01-02","j":{"a":"x","b":[1,2.5]}}"#
    );
    let rows = [full.to_owned(), null("null"), null("null"), null("1e+300")];
    assert_eq!(text, format!("[{}]", rows.join(",")));
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(parsed.as_array().unwrap().len(), 4);
}
