//! A key to an attribute that need not be unique holds while any row has the value, and is walked by that value.

use relata::association::{BelongsTo, BelongsToMany, HasMany};
use relata::error::ErrorKind;
use relata::schema::UniqueDef;
use relata::{Attribute, DataType, Database, Instance, Models, Value, include, select, values};

/// The guide's cities and countries: a city holds the code of its country, which is a plain attribute there.
fn countries() -> Database {
    let mut models = Models::new();
    let text = |name: &str| Attribute::new(name, DataType::Text);
    models.define_with("city", |city| {
        city.attribute(text("name")).attribute(text("countryCode"))
    });
    models.define_with("country", |country| {
        country.attribute(text("name")).attribute(text("isoCode"))
    });
    let cities = HasMany::new("city")
        .foreign_key("countryCode")
        .source_key("isoCode");
    models.has_many("country", cities);
    let country = BelongsTo::new("country")
        .foreign_key("countryCode")
        .target_key("isoCode");
    models.belongs_to("city", country);
    models.sync().unwrap()
}

fn country(db: &mut Database, name: &str, code: &str) -> Instance {
    db.create("country", values! { name: name, isoCode: code })
        .unwrap()
}

fn names(instances: &[Instance]) -> String {
    let names = instances.iter().map(|found| found.get("name").unwrap());
    let names = names.map(|name| name.to_string().replace('\'', ""));
    names.collect::<Vec<_>>().join(" ")
}

fn code_of(db: &Database, city: &Instance) -> Value {
    let city = db.find("city", city.key().unwrap()).unwrap().unwrap();
    city.get("countryCode").unwrap().clone()
}

// rules: D22, FK-19, BT-3, HM-2
// Broken: the guide's cities cannot be declared, or a city is looked for under the id of its country.
#[test]
fn getters_includes_and_set_go_by_the_value() {
    let mut db = countries();
    let france = country(&mut db, "France", "FR");
    let spain = country(&mut db, "Spain", "ES");
    let paris = db
        .related(&france, "cities")
        .unwrap()
        .create(values! { name: "Paris" })
        .unwrap();
    assert_eq!(paris.get("countryCode").unwrap(), &Value::from("FR"));
    let mut irun = db
        .create("city", values! { name: "Irun", countryCode: "FR" })
        .unwrap();
    assert_eq!(
        names(&db.related(&france, "cities").unwrap().get().unwrap()),
        "Paris Irun"
    );
    db.related(&mut irun, "country")
        .unwrap()
        .set(&spain)
        .unwrap();
    assert_eq!(irun.get("countryCode").unwrap(), &Value::from("ES"));
    assert_eq!(
        names(&db.related(&irun, "country").unwrap().get().unwrap()),
        "Spain"
    );
    let rows = select("country").include("cities").run(&db).unwrap();
    let shown = rows.iter().map(|country| {
        let cities = country.many("cities").unwrap();
        let cities = cities.map(|city| city.get("name").unwrap().to_string());
        cities.collect::<Vec<_>>().join(" ")
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["'Paris'", "'Irun'"]);
    let rows = select("city").include(include("country")).run(&db).unwrap();
    let paris = rows.first().unwrap();
    let found = paris.one("country").unwrap().unwrap();
    assert_eq!(found.get("name").unwrap().to_string(), "'France'");
    db.check_integrity().unwrap();
}

// rules: BY-18, FK-16
// Broken: a city of a country that nobody knows is stored, or one of a country that is there twice is refused.
#[test]
fn a_value_must_be_held_by_some_row() {
    let mut db = countries();
    let france = country(&mut db, "France", "FR");
    country(&mut db, "Metropolitan France", "FR");
    let before = db.fingerprint();
    let error = db
        .create("city", values! { name: "Oz", countryCode: "OZ" })
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Constraint(_)), "{error}");
    assert_eq!(db.fingerprint(), before);
    let paris = db
        .create("city", values! { name: "Paris", countryCode: "FR" })
        .unwrap();
    // Of several countries with the code the first one is the city's, and the city is in all of them.
    assert_eq!(
        db.related(&paris, "country").unwrap().one().unwrap(),
        Some(france)
    );
    for country in db.find_all("country").unwrap() {
        let cities = db.related(&country, "cities").unwrap();
        assert_eq!(cities.count().unwrap(), 1);
        assert!(cities.has(&paris).unwrap());
    }
}

// rules: BY-18, FK-19, FK-8
// Broken: a city loses its country while another row still holds the code, or keeps a code that nobody holds.
#[test]
fn actions_follow_the_last_row_with_the_value() {
    let mut db = countries();
    let france = country(&mut db, "France", "FR");
    let second = country(&mut db, "Metropolitan France", "FR");
    let paris = db
        .create("city", values! { name: "Paris", countryCode: "FR" })
        .unwrap();
    db.destroy(&france).unwrap();
    assert_eq!(code_of(&db, &paris), Value::from("FR"));
    let mut second = second;
    db.update(&mut second, values! { isoCode: "FX" }).unwrap();
    assert_eq!(code_of(&db, &paris), Value::from("FX"));
    db.destroy(&second).unwrap();
    assert_eq!(code_of(&db, &paris), Value::Null);
    db.check_integrity().unwrap();
}

// rules: BTM-6, D22
// Broken: tags that are linked by their names are not found when two of them have one name.
#[test]
fn a_junction_may_hold_plain_attributes() {
    let mut models = Models::new();
    models.define("post");
    models.define_with("tag", |tag| {
        tag.attribute(Attribute::new("name", DataType::Text))
    });
    let tags = BelongsToMany::new("tag")
        .through("post_tag")
        .target_key("name");
    models.belongs_to_many("post", tags);
    let mut db = models.sync().unwrap();
    let post = db.create("post", values! {}).unwrap();
    for name in ["red", "red", "blue"] {
        db.create("tag", values! { name: name }).unwrap();
    }
    db.related(&post, "tags").unwrap().add(1).unwrap();
    let tags = db.related(&post, "tags").unwrap();
    // What is stored is the name, and both tags have it.
    assert_eq!(names(&tags.get().unwrap()), "red red");
    assert!(tags.has([1, 2]).unwrap() && !tags.has(3).unwrap());
    let rows = select("post").include("tags").run(&db).unwrap();
    assert_eq!(rows.first().unwrap().many("tags").unwrap().count(), 2);
}

// rules: BY-18, FK-12
// Broken: an attribute that refers to a plain one is taken for a key to any row although nobody said so.
#[test]
fn an_attribute_has_to_say_so_itself() {
    let declare = |reference: Attribute| {
        let mut models = Models::new();
        models.define_with("country", |country| {
            country.attribute(Attribute::new("code", DataType::Text))
        });
        models.define_with("city", |city| city.attribute(reference));
        models.sync()
    };
    let reference = || Attribute::new("code", DataType::Text).references("country", "code");
    let error = declare(reference()).unwrap_err();
    assert!(error.to_string().contains("no unique key"), "{error}");
    let mut db = declare(reference().to_any_row()).unwrap();
    db.create("country", values! { code: "FR" }).unwrap();
    db.create("city", values! { code: "FR" }).unwrap();
    assert!(db.create("city", values! { code: "ES" }).is_err());
    // Where the attribute is unique after all, the key is an ordinary one.
    let mut models = Models::new();
    models.define_with("country", |country| {
        let code = Attribute::new("code", DataType::Text);
        country.attribute(code).unique(UniqueDef::new(["code"]))
    });
    models.has_many("country", HasMany::new("country").source_key("code"));
    assert!(!models.schema().unwrap().foreign_keys()[0].is_to_any_row());
}
