//! At most one target holds the key.

use super::{company, refused, related, request, stepping, text, user};
use crate::association::HasOne;
use crate::error::{ConstraintKind, ErrorKind, RequestKind};
use crate::model::{Attribute, Database, Instance, Models, values};
use crate::value::{DataType, Value};

fn desk(db: &mut Database, room: &str) -> Instance {
    db.create("Desk", values! { room: room }).unwrap()
}

// rules: HO-5, HO-6, HO-11
// Broken: after Ada moves to Bob's desk, her old desk is still hers or Bob still has one.
#[test]
fn set_replaces_and_steals() {
    let mut db = company();
    let (ada, bob) = (user(&mut db, "ada"), user(&mut db, "bob"));
    let (north, south) = (desk(&mut db, "north"), desk(&mut db, "south"));
    db.related(&ada, "desk").unwrap().set(&north).unwrap();
    db.related(&bob, "desk").unwrap().set(&south).unwrap();
    let now = db.related(&ada, "desk").unwrap().set(&south).unwrap();
    assert_eq!(super::shown(&now, "room"), "south");
    assert_eq!(related(&mut db, &ada, "desk", "room"), "south");
    assert_eq!(related(&mut db, &bob, "desk", "room"), "");
    let north = db.find("Desk", 1).unwrap().unwrap();
    assert_eq!(north.get("UserId").unwrap(), &Value::Null);
    assert_eq!(north.get("room").unwrap(), &Value::from("north"));
}

// rules: HO-7, HO-8
// Broken: setting the desk that Ada has already writes it again.
#[test]
fn what_is_so_already_is_not_written() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let north = desk(&mut db, "north");
    let before = db.fingerprint();
    assert_eq!(db.related(&ada, "desk").unwrap().set(()).unwrap(), []);
    assert_eq!(db.fingerprint(), before);
    db.related(&ada, "desk").unwrap().set(&north).unwrap();
    let before = db.fingerprint();
    let now = db.related(&ada, "desk").unwrap().set(1).unwrap();
    assert_eq!((now.len(), db.fingerprint()), (1, before));
    assert_eq!(db.related(&ada, "desk").unwrap().set(()).unwrap(), []);
    assert_eq!(related(&mut db, &ada, "desk", "room"), "");
}

// rules: HO-9, TX-1
// Broken: a desk that does not exist takes Ada's desk away.
#[test]
fn an_unknown_target_is_not_found() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let north = desk(&mut db, "north");
    db.related(&ada, "desk").unwrap().set(&north).unwrap();
    let error = refused(&mut db, |db| db.related(&ada, "desk")?.set(99));
    assert_eq!(error.to_string(), "User.desk: there is no Desk 99");
    assert_eq!(error.kind(), request(RequestKind::NotFound));
    let error = refused(&mut db, |db| db.related(&ada, "desk")?.set([1, 2]));
    assert_eq!(error.kind(), request(RequestKind::Unsupported));
}

// rules: HO-10
// Broken: a desk that was only built is not put down.
#[test]
fn an_unsaved_target_is_inserted() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let built = db.build("Desk", values! { room: "new" }).unwrap();
    let saved = db
        .related(&ada, "desk")
        .unwrap()
        .set(&built)
        .unwrap()
        .remove(0);
    assert_eq!(saved.get("UserId").unwrap(), &Value::Int(1));
    assert_eq!(db.find_all("Desk").unwrap(), [saved]);
}

// rules: HO-4, HO-12, D23
// Broken: a second desk is refused, hides the first, or both are given as the one.
#[test]
fn create_leaves_an_earlier_target_which_goes_first() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    for room in ["first", "second"] {
        db.related(&ada, "desk")
            .unwrap()
            .create(values! { room: room, UserId: 99 })
            .unwrap();
    }
    assert_eq!(super::shown(&db.find_all("Desk").unwrap(), "UserId"), "1 1");
    assert_eq!(related(&mut db, &ada, "desk", "room"), "first");
    let second = db.related(&ada, "desk").unwrap();
    assert_eq!(
        second
            .get_where(crate::expr::col("room").eq("second"))
            .unwrap()
            .len(),
        1
    );
    // Setting leaves exactly the one that was set.
    db.related(&ada, "desk").unwrap().set(2).unwrap();
    assert_eq!(
        super::shown(&db.find_all("Desk").unwrap(), "UserId"),
        "null 1"
    );
}

// rules: HO-3
// Broken: the passport is looked for under the person's id although it holds the person's number.
#[test]
fn a_source_key_is_what_the_target_holds() {
    let mut models = Models::new();
    models.define_with("Person", |person| {
        person.attribute(
            Attribute::new("number", DataType::Text)
                .field("no")
                .unique(),
        )
    });
    models.define_with("Passport", |passport| passport.attribute(text("land")));
    models.has_one(
        "Person",
        HasOne::new("Passport")
            .alias("passport")
            .foreign_key("PersonId")
            .source_key("number"),
    );
    let mut db = stepping(&models);
    let ada = db.create("Person", values! { number: "n1" }).unwrap();
    let bob = db.create("Person", values! {}).unwrap();
    let passport = db
        .related(&ada, "passport")
        .unwrap()
        .create(values! { land: "uk" })
        .unwrap();
    assert_eq!(passport.get("PersonId").unwrap(), &Value::from("n1"));
    assert_eq!(related(&mut db, &ada, "passport", "land"), "uk");
    // Without a value there is nothing to hold, and nothing to be found.
    let error = refused(&mut db, |db| db.related(&bob, "passport")?.set(&passport));
    assert_eq!(error.kind(), request(RequestKind::Unsaved));
    assert_eq!(related(&mut db, &bob, "passport", "land"), "");
}

// rules: HO-14, D18
// Broken: replacing a target whose key may not be null deletes it without having been asked to.
#[test]
fn a_key_that_may_not_be_null_needs_destroy_previous() {
    let mut models = Models::new();
    models.define_with("House", |house| house.attribute(text("name")));
    models.define_with("Roof", |roof| {
        roof.attribute(text("kind"))
            .attribute(super::int("HouseId").not_null())
    });
    models.has_one(
        "House",
        HasOne::new("Roof").alias("roof").foreign_key("HouseId"),
    );
    let mut db = stepping(&models);
    let (one, two) = (
        db.create("House", values! { name: "one" }).unwrap(),
        db.create("House", values! { name: "two" }).unwrap(),
    );
    db.related(&one, "roof")
        .unwrap()
        .create(values! { kind: "flat" })
        .unwrap();
    let steep = db
        .related(&two, "roof")
        .unwrap()
        .create(values! { kind: "steep" })
        .unwrap();
    for target in [Some(&steep), None] {
        let error = refused(&mut db, |db| db.related(&one, "roof")?.set(target));
        assert_eq!(error.kind(), ErrorKind::Constraint(ConstraintKind::NotNull));
    }
    db.related(&one, "roof")
        .unwrap()
        .destroy_previous()
        .set(&steep)
        .unwrap();
    assert_eq!(super::shown(&db.find_all("Roof").unwrap(), "kind"), "steep");
    assert_eq!(related(&mut db, &one, "roof", "kind"), "steep");
}
