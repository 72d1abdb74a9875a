//! Find or create, find or build, insert or update, restore by filter.

use relata::error::{ConstraintKind, RequestKind};
use relata::query::Scope;
use relata::schema::{Deferral, UniqueDef};
use relata::{
    Clock, Database, DatabaseOptions, ErrorKind, Instance, Models, Result, Timestamp, Value,
    Values, col, values,
};

use super::{Record, int, refused, text};

fn shop() -> (Database, Record) {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("User", |it| {
        record
            .everything(it.attribute(text("email").unique()).attribute(text("name")))
            .attribute(text("first"))
            .attribute(text("last"))
            .attribute(int("seat"))
            .attribute(int("rank"))
            .unique(UniqueDef::new(["first", "last"]))
            .unique(UniqueDef::new(["seat"]).filter(col("rank").gt(0)))
            .unique(UniqueDef::new(["rank"]).deferrable(Deferral::InitiallyDeferred))
            .soft_delete()
    });
    models.define_with("Post", |it| {
        it.attribute(text("name"))
            .attribute(relata::Attribute::new("draft", relata::DataType::Bool).default(false))
            .default_scope(Scope::new().filter(col("draft").eq(false)))
    });
    let options = DatabaseOptions {
        clock: Clock::Stepping {
            next: Timestamp::from_micros(1),
            step_micros: 1,
        },
        ..DatabaseOptions::default()
    };
    (models.sync_with(options).unwrap(), record)
}

fn user(email: &str, name: &str) -> Values {
    values! { email: email, name: name }
}

fn name(instance: &Instance) -> Option<&str> {
    instance.get("name").unwrap().as_str()
}

// Broken, a second call would make a second row, or the first would make one without what it was looked for by.
#[test]
fn find_or_create_creates_once() -> Result<()> {
    let (mut db, record) = shop();
    let by = || values! { email: "a@b", first: None::<String> };
    let (ada, is_new) = db.find_or_create("User", by(), values! { name: "ada" })?;
    assert!(is_new && ada.is_saved());
    assert_eq!(
        (ada.get("email")?.as_str(), name(&ada)),
        (Some("a@b"), Some("ada"))
    );
    assert_eq!(record.take().len(), 4);
    let (found, is_new) = db.find_or_create("User", by(), values! { name: "?" })?;
    assert_eq!((found, is_new), (ada.clone(), false));
    assert_eq!(record.take(), [""; 0]);
    // Of several the first; what defaults give goes before what was looked for.
    db.create("User", values! { name: "ada" })?;
    let (found, _) = db.find_or_create("User", values! { name: "ada" }, values! {})?;
    assert_eq!(found, ada);
    let (eve, _) = db.find_or_create("User", values! { name: "EVE" }, values! { name: "eve" })?;
    assert_eq!(name(&eve), Some("eve"));
    let (any, is_new) = db.find_or_create("User", values! {}, values! {})?;
    assert_eq!((any, is_new), (ada, false));
    Ok(())
}

// Broken, an instance in memory would be in the database, or what reads do not find would be found.
#[test]
fn find_or_build_writes_nothing_and_finds_what_reads_find() -> Result<()> {
    let (mut db, record) = shop();
    let before = db.fingerprint();
    let (mut post, is_new) =
        db.find_or_build("Post", values! { name: "p" }, values! { draft: true })?;
    assert!(is_new && !post.is_saved());
    assert_eq!(db.fingerprint(), before);
    db.save(&mut post)?;
    let (second, is_new) = db.find_or_create("Post", values! { name: "p" }, values! {})?;
    assert!(
        is_new && second != post,
        "the default scope leaves drafts out"
    );
    let ada = db.create("User", user("a@b", "ada"))?;
    db.destroy(&ada)?;
    record.take();
    let error = refused(&mut db, |db| {
        db.find_or_create("User", user("a@b", "ada"), values! {})
    });
    assert_eq!(error.kind(), ErrorKind::Constraint(ConstraintKind::Unique));
    for wrong in [values! { nothing: 1 }, values! { email: 1 }] {
        refused(&mut db, |db| {
            db.find_or_create("User", wrong.clone(), values! {})
        });
        refused(&mut db, |db| {
            db.find_or_create("User", values! { name: "x" }, wrong.clone())
        });
        db.find_or_build("User", wrong, values! {}).unwrap_err();
    }
    Ok(())
}

// Broken, an upsert would write the wrong row, or insert where it should update.
#[test]
fn an_upsert_goes_by_the_first_key_that_is_given() -> Result<()> {
    let (mut db, record) = shop();
    let (ada, is_new) = db.upsert("User", user("a@b", "ada"))?;
    assert!(is_new);
    let created = ada.get("createdAt")?.clone();
    let (ada, is_new) = db.upsert("User", user("a@b", "Ada"))?;
    assert_eq!(
        (is_new, name(&ada), db.count("User")?),
        (false, Some("Ada"), 1)
    );
    assert_eq!(ada.get("createdAt")?, &created);
    assert!(ada.get("updatedAt")? > &created);
    assert_eq!(
        db.find("User", 1)?,
        Some(ada.clone()),
        "what comes back is what is there"
    );
    // The primary key goes before others.
    let (bob, _) = db.upsert("User", user("b@c", "bob"))?;
    let both = || user("b@c", "?").with("id", 1);
    let error = refused(&mut db, |db| db.upsert("User", both()));
    assert_eq!(error.kind(), ErrorKind::Constraint(ConstraintKind::Unique));
    // Unless another is named.
    let given = values! { email: "b@c", name: "Bob" };
    let (again, is_new) = db.upsert_by("User", ["email"], given)?;
    assert_eq!((again.get("id")?, is_new), (bob.get("id")?, false));
    // A null is no key, and without a key there is nothing to meet.
    for given in [
        values! { email: None::<String> },
        values! { name: "x" },
        values! { seat: 1, rank: 1 },
    ] {
        assert!(db.upsert("User", given)?.1);
    }
    let (pair, _) = db.upsert("User", values! { first: "a", last: "l" })?;
    let (same, is_new) =
        db.upsert_by("User", ["last", "first"], values! { last: "l", first: "a" })?;
    assert_eq!((same, is_new), (pair, false));
    record.take();
    Ok(())
}

// Broken, a key that cannot decide would decide, or a wrong call would write.
#[test]
fn an_upsert_by_what_is_no_key_is_refused() -> Result<()> {
    let (mut db, _) = shop();
    use RequestKind::{KeyLength, Type, UnknownColumn, UnknownConstraint, Unsupported};
    let given = || values! { email: "a@b", rank: 1, seat: 1 };
    for (key, kind) in [
        (&["name"][..], UnknownConstraint),
        (&["email", "name"], UnknownConstraint),
        (&["seat"], UnknownConstraint),
        (&[], UnknownConstraint),
        (&["nothing"], UnknownColumn),
        (&["rank"], Unsupported),
        (&["first", "last"], KeyLength),
    ] {
        let error = refused(&mut db, |db| {
            db.upsert_by("User", key.iter().copied(), given())
        });
        assert_eq!(error.kind(), ErrorKind::Request(kind), "{key:?}: {error}");
    }
    let error = refused(&mut db, |db| db.upsert("User", values! { email: 1 }));
    assert_eq!(error.kind(), ErrorKind::Request(Type));
    Ok(())
}

// Broken, an upsert would run the hooks of a creation where it updates, or leave a row that nobody finds.
#[test]
fn an_upsert_has_the_hooks_of_what_it_comes_to() -> Result<()> {
    let (mut db, record) = shop();
    db.upsert("User", user("a@b", "ada"))?;
    assert!(record.take().last().unwrap().starts_with("AfterCreate"));
    let (ada, _) = db.upsert("User", user("a@b", "Ada"))?;
    let of_update = [
        "BeforeValidate Ada",
        "AfterValidate Ada",
        "BeforeUpdate Ada",
        "AfterUpdate Ada",
    ];
    assert_eq!(record.take(), of_update);
    db.destroy(&ada)?;
    let (back, is_new) = db.upsert("User", user("a@b", "back"))?;
    assert_eq!((is_new, back.get("deletedAt")?), (false, &Value::Null));
    assert_eq!(db.count("User")?, 1);
    Ok(())
}

// Broken, rows that were never deleted would be written, or rows that the filter does not mean restored.
#[test]
fn restoring_by_a_filter_restores_what_was_deleted() -> Result<()> {
    let (mut db, _) = shop();
    let users = db.create_many("User", [user("a", "a"), user("b", "b"), user("c", "c")])?;
    db.destroy(&users[0])?;
    db.destroy(&users[1])?;
    let kept = db.find("User", 3)?;
    assert_eq!(
        db.restore_where("User", col("name").is_in(["b", "c"]))?
            .rows,
        1
    );
    assert_eq!(db.find("User", 3)?, kept, "it is not written");
    let back = db.find("User", 2)?.expect("it was restored");
    assert!(back.get("updatedAt")? > users[1].get("updatedAt")?);
    assert_eq!(db.find("User", 1)?, None);
    assert_eq!(db.restore_where("User", col("id").gt(0))?.rows, 1);
    assert_eq!(db.restore_where("User", col("id").gt(0))?.rows, 0);
    let error = refused(&mut db, |db| db.restore_where("Post", col("id").gt(0)));
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
    Ok(())
}
