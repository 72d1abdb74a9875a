//! Before somebody destroys something: what goes along, what lets go, and what is in the way.

use relata::engine::Effect;
use relata::error::ConstraintKind;
use relata::{
    Action, Attribute, DataType, Database, HasMany, Instance, Models, Value, col, values,
};

/// Ada with a project and its task, a note of hers, and a bill that must not go.
fn office() -> (Database, Instance) {
    let mut models = Models::new();
    for (model, attribute) in [
        ("User", "name"),
        ("Project", "title"),
        ("Task", "title"),
        ("Note", "text"),
        ("Bill", "text"),
    ] {
        models.define_with(model, |definition| {
            definition.attribute(Attribute::new(attribute, DataType::Text))
        });
    }
    for (source, target, on_delete) in [
        ("User", "Project", Action::Cascade),
        ("Project", "Task", Action::Cascade),
        ("User", "Note", Action::SetNull),
        ("Project", "Bill", Action::Restrict),
    ] {
        models.has_many(source, HasMany::new(target).on_delete(on_delete));
    }
    let mut db = models.sync().unwrap();
    let ada = db.create("User", values! { name: "Ada" }).unwrap();
    let mut projects = db.related(&ada, "Projects").unwrap();
    let engine = projects.create(values! { title: "Engine" }).unwrap();
    let mut notes = db.related(&ada, "Notes").unwrap();
    notes.create(values! { text: "G" }).unwrap();
    let mut tasks = db.related(&engine, "Tasks").unwrap();
    tasks.create(values! { title: "Note G" }).unwrap();
    (db, ada)
}

// rules: RI-20, RI-22
// Broken, a user would be asked about rows that stay, or not about rows that go.
#[test]
fn what_goes_along_and_what_lets_go() {
    let (db, ada) = office();
    let before = db.fingerprint();
    let plan = db.plan_destroy(&ada).unwrap();
    assert_eq!(
        db.plan_destroy_where("User", col("name").eq("Ada")),
        Ok(plan.clone())
    );
    assert_eq!(db.snapshot().plan_destroy(&ada), Ok(plan.clone()));
    assert_eq!(db.fingerprint(), before);

    let deleted: Vec<_> = plan.deleted().map(|row| &*row.table).collect();
    assert_eq!(deleted, ["Users", "Projects", "Tasks"]);
    let notes: Vec<_> = plan.written().collect();
    let [(note, cells)] = notes[..] else {
        panic!("one row is written: {plan}");
    };
    assert_eq!(note.table, "Notes");
    assert_eq!(cells, [("UserId".to_owned(), Value::Null)]);
    assert!(!plan.is_blocked());
    assert_eq!(plan.rows[0].effect, Effect::Deleted);
}

// rules: RI-13, RI-71
// Broken, a user would learn of the bill only from the error, and of the second one only from the next.
#[test]
fn what_is_in_the_way() {
    let (mut db, ada) = office();
    let engine = db.find("Project", 1).unwrap().unwrap();
    for text in ["first", "second"] {
        let mut bills = db.related(&engine, "Bills").unwrap();
        bills.create(values! { text: text }).unwrap();
    }
    let plan = db.plan_destroy(&ada).unwrap();
    assert_eq!(plan.blocked.len(), 2);
    for blocked in &plan.blocked {
        assert_eq!(blocked.error.kind, ConstraintKind::Restrict);
        assert_eq!(blocked.error.table, "Bills");
        let way = plan.chain(blocked.row.unwrap());
        assert_eq!(way, ["Projects_UserId_fkey"]);
    }
    let error = db.destroy(&ada).unwrap_err();
    let error = error.as_constraint().unwrap();
    assert_eq!(error.row, plan.blocked[0].error.row);
    assert_eq!(error.chain, plan.chain(plan.blocked[0].row.unwrap()));
}

// Broken, a plan for what is not there would be an error, or one for what was never saved nothing.
#[test]
fn what_is_gone_plans_nothing() {
    let (mut db, ada) = office();
    db.destroy(&ada).unwrap();
    assert!(db.plan_destroy(&ada).unwrap().rows.is_empty());
    let unsaved = db.build("User", values! { name: "Grace" }).unwrap();
    assert!(db.plan_destroy(&unsaved).is_err());
}
