//! The places to read and write: database, transaction, snapshot, fork.

use super::{company, project, refused, related, request, stepping, task, text, user, works};
use crate::association::BelongsTo;
use crate::engine;
use crate::error::{ConstraintKind, Error, ErrorKind, RequestError, RequestKind, Result};
use crate::model::{Database, Models, values};
use crate::query::{include, select};
use crate::schema::{Deferral, Schema, SchemaChange};

fn undo<T>() -> Result<T> {
    Err(Error::from(RequestError::new(
        RequestKind::Conflict,
        "",
        "undo",
    )))
}

// rules: TX-1, TX-2
// Broken: a verb that fails within a transaction leaves half of its work, or takes earlier work along.
#[test]
fn a_failed_verb_leaves_its_transaction_as_it_was() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    project(&mut db, "p");
    let before = db.fingerprint();
    let outcome: Result<()> = db.transaction(|tx| {
        let task = tx.related(&ada, "tasks")?.create(values! { title: "a" })?;
        tx.related(&ada, "projects")?.add(1)?;
        let inside = tx.fingerprint();
        assert!(tx.related(&ada, "projects")?.set([1, 99]).is_err());
        assert!(
            tx.related(&ada, "projects")?
                .create_with(values! {}, values! { hours: "?" })
                .is_err()
        );
        assert_eq!(tx.fingerprint(), inside);
        assert_eq!(tx.related(&ada, "tasks")?.get()?, [task]);
        assert!(tx.related(&ada, "projects")?.has(1)?);
        undo()
    });
    assert!(outcome.is_err());
    assert_eq!(db.fingerprint(), before);
    assert_eq!(related(&mut db, &ada, "tasks", "title"), "");
}

#[test]
fn savepoints_go_back_to_where_they_were_made() -> Result<()> {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let mut tx = db.begin();
    tx.related(&ada, "tasks")?.create(values! { title: "a" })?;
    let savepoint = tx.savepoint().unwrap();
    tx.related(&ada, "tasks")?.set(())?;
    assert_eq!(tx.related(&ada, "tasks")?.count()?, 0);
    tx.rollback_to(savepoint)?;
    assert!(
        tx.atomically(|tx| tx.destroy(&ada).and_then(|_| undo::<()>()))
            .is_err()
    );
    let changes = tx.commit_with_changes()?;
    assert_eq!(changes.rows.len(), 1);
    assert_eq!(related(&mut db, &ada, "tasks", "title"), "a");
    db.apply(&changes.invert())?;
    assert_eq!(related(&mut db, &ada, "tasks", "title"), "");
    Ok(())
}

// rules: RI-85
// Broken: what a verb did before a panic that somebody catches stays in the transaction.
#[test]
fn a_panic_takes_back_what_stands_or_falls_together() -> Result<()> {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let mut tx = db.begin();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tx.atomically::<()>(|tx| {
            tx.related(&ada, "tasks")?.create(values! { title: "a" })?;
            std::panic::resume_unwind(Box::new("on purpose"))
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(tx.related(&ada, "tasks")?.count()?, 0);
    tx.related(&ada, "tasks")?.create(values! { title: "b" })?;
    tx.commit()?;
    assert_eq!(related(&mut db, &ada, "tasks", "title"), "b");
    Ok(())
}

// rules: BY-13, BY-14, BY-15
// Broken: a verb on a fork shows in the original, or an undone one in the next key.
#[test]
fn versions_are_apart() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let before = db.snapshot();
    let mut fork = db.fork();
    fork.related(&ada, "tasks")
        .unwrap()
        .create(values! { title: "fork" })
        .unwrap();
    db.related(&ada, "tasks")
        .unwrap()
        .create(values! { title: "main" })
        .unwrap();
    assert_eq!(related(&mut fork, &ada, "tasks", "title"), "fork");
    assert_eq!(related(&mut db, &ada, "tasks", "title"), "main");
    assert_eq!(before.related(&ada, "tasks").unwrap().get().unwrap(), []);
    db.reset_to(&before).unwrap();
    assert_eq!(db.fingerprint(), before.fingerprint());
    assert_eq!(task(&mut db, "again").key().unwrap(), &1.into());
    assert_eq!(before.fork().unwrap().count("Task").unwrap(), 0);
}

#[test]
fn requests_run_on_every_place() -> Result<()> {
    let mut db = company();
    let ada = user(&mut db, "ada");
    db.related(&ada, "tasks")?.create(values! { title: "a" })?;
    let request = select("User").include(include("tasks"));
    assert_eq!(request.run(&db)?.len(), 1);
    assert_eq!(request.run(&db.snapshot())?.len(), 1);
    db.transaction(|tx| {
        tx.create("User", values! { name: "bob" })?;
        assert_eq!(request.run(tx)?.len(), 2);
        Ok(())
    })
}

// Broken: writing with no snapshot outstanding copies pages, because the models hold one.
#[test]
fn no_page_is_copied_without_a_snapshot() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let project = project(&mut db, "p");
    for _ in 0..20 {
        let mut task = db
            .related(&ada, "tasks")
            .unwrap()
            .create(values! { title: "a" })
            .unwrap();
        db.update(&mut task, values! { title: "b" }).unwrap();
        db.related(&ada, "projects").unwrap().add(&project).unwrap();
        db.related(&ada, "projects").unwrap().set(()).unwrap();
    }
    assert_eq!(db.storage().pages_copied, 0);
    assert_eq!(works(&db), "");
}

#[test]
fn instances_of_other_models_are_refused() {
    let mut db = company();
    let ada = user(&mut db, "ada");
    let mut other = company();
    let mut stranger = user(&mut other, "stranger");
    let changed = request(RequestKind::SchemaChanged);
    let errors = [
        refused(&mut db, |db| db.related(&stranger, "tasks").map(drop)),
        refused(&mut db, |db| {
            db.related(&ada, "projects")?
                .get()
                .map(drop)
                .and(db.destroy(&stranger).map(drop))
        }),
        refused(&mut db, |db| db.reload(&mut stranger)),
    ];
    for error in errors {
        assert_eq!(error.kind(), changed);
    }
    let task = task(&mut other, "a");
    let error = refused(&mut db, |db| db.related(&ada, "tasks")?.add(&task));
    assert_eq!(error.kind(), changed);
    let error = refused(&mut db, |db| db.related(&ada, "task").map(drop));
    assert_eq!(error.kind(), request(RequestKind::UnknownAssociation));
}

#[test]
fn another_schema_below_the_models_is_noticed() {
    let mut db: Database = company();
    let mut ada = user(&mut db, "ada");
    let kept = db.engine().fork();
    *db.engine_mut() = engine::Database::new(Schema::builder().build().unwrap());
    let changed = request(RequestKind::SchemaChanged);
    assert_eq!(db.find("User", 1).unwrap_err().kind(), changed);
    assert_eq!(db.related(&ada, "tasks").unwrap_err().kind(), changed);
    assert_eq!(
        db.update(&mut ada, values! { name: "x" })
            .unwrap_err()
            .kind(),
        changed
    );
    *db.engine_mut() = kept;
    assert_eq!(db.find("User", 1).unwrap(), Some(ada));
}

#[test]
fn a_schema_change_below_the_models_is_noticed() {
    let mut db: Database = company();
    let ada = user(&mut db, "ada");
    let prepared = select("User").prepare(&db).unwrap();
    let (kept, changed) = (db.snapshot(), request(RequestKind::SchemaChanged));
    let drop = SchemaChange::drop_column("Users", "name");
    let mut tx = db.begin();
    tx.engine_mut().change_schema(&drop).unwrap();
    assert_eq!(tx.find("User", 1).unwrap_err().kind(), changed);
    assert_eq!(
        tx.create("User", values! { name: "x" }).unwrap_err().kind(),
        changed
    );
    assert_eq!(select("User").run(&tx).unwrap_err().kind(), changed);
    assert_eq!(prepared.run(&tx).unwrap_err().kind(), changed);
    assert_eq!(tx.changes().unwrap_err().kind(), changed);
    tx.rollback();
    assert_eq!(prepared.run(&db).unwrap().len(), 1);

    db.engine_mut().change_schema(&drop).unwrap();
    assert_eq!(db.related(&ada, "tasks").unwrap_err().kind(), changed);
    assert_eq!(db.count("User").unwrap_err().kind(), changed);
    assert_eq!(select("User").run(&db).unwrap_err().kind(), changed);
    assert_eq!(select("User").count(&db).unwrap_err().kind(), changed);
    assert_eq!(select("User").prepare(&db).unwrap_err().kind(), changed);
    assert_eq!(prepared.run(&db).unwrap_err().kind(), changed);
    assert_eq!(db.engine().count("Users").unwrap(), 1);

    assert_eq!(prepared.run(&kept).unwrap().len(), 1);
    db.reset_to(&kept).unwrap();
    assert_eq!(db.find("User", 1).unwrap(), Some(ada));
}

// rules: FK-17, TX-1
// Broken: a write that commit refuses shows in the instance that was to be written.
#[test]
fn an_instance_follows_only_what_was_committed() {
    let mut models = Models::new();
    models.define_with("User", |user| user.attribute(text("name")));
    models.define_with("Task", |task| task.attribute(text("title")));
    models.belongs_to(
        "Task",
        BelongsTo::new("User")
            .alias("user")
            .foreign_key("userId")
            .deferrable(Deferral::InitiallyDeferred),
    );
    let mut db = stepping(&models);
    let mut task = db.create("Task", values! { title: "a" }).unwrap();
    let mut built = db.build("Task", values! { userId: 99 }).unwrap();
    let before = (task.clone(), built.clone());
    let errors = [
        refused(&mut db, |db| {
            db.related(&mut task, "user")?.set(99).map(drop)
        }),
        refused(&mut db, |db| db.update(&mut task, values! { userId: 99 })),
        refused(&mut db, |db| db.save(&mut built)),
    ];
    for error in errors {
        assert_eq!(
            error.kind(),
            ErrorKind::Constraint(ConstraintKind::Reference)
        );
    }
    assert_eq!((task.clone(), built), before);
    // Within one transaction the target may come later.
    db.transaction(|tx| {
        tx.related(&mut task, "user")?.set(1)?;
        tx.create("User", values! { name: "ada" })
    })
    .unwrap();
    assert_eq!(related(&mut db, &task, "user", "name"), "ada");
}
