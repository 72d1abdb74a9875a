//! A hook that refuses, panics or never ends leaves nothing of the call that it belongs to.

use std::panic::{AssertUnwindSafe, catch_unwind};

use relata::error::{Limit, RequestKind};
use relata::model::{HookContext, HookEvent};
use relata::{
    BelongsToMany, Database, ErrorKind, HasMany, Instance, ModelDef, Models, Result, col, tree,
    values,
};

use super::{Record, int, refused, text};

fn named(name: &str) -> relata::Values {
    values! { name: name }
}

/// A hook that writes a line and refuses an instance called bad.
fn refuses(hook: &mut HookContext<'_, '_>, instance: &mut Instance) -> Result<()> {
    hook.create("Log", named("a line"))?;
    match instance.get("name")?.as_str() {
        Some("bad") => Err(hook.refuse(format!("no {:?}", hook.event()))),
        _ => Ok(()),
    }
}

type Declare = fn(ModelDef) -> ModelDef;

/// A club whose users have one hook.
fn club(declare: Declare) -> Database {
    let mut models = Models::new();
    models.define_with("Log", |it| it.attribute(text("name")));
    models.define_with("User", |it| {
        declare(
            it.attribute(text("name"))
                .attribute(int("age"))
                .soft_delete(),
        )
    });
    models.define_with("Team", |it| it.attribute(text("name")));
    models.has_many("Team", HasMany::new("User").alias("users"));
    models.belongs_to_many(
        "Team",
        BelongsToMany::new("User").alias("guests").through("Guest"),
    );
    models.sync().unwrap()
}

type Call = fn(&mut Database, &mut Instance) -> Result<()>;

fn call_create(db: &mut Database, _: &mut Instance) -> Result<()> {
    db.create("User", named("bad")).map(drop)
}

fn call_update(db: &mut Database, bad: &mut Instance) -> Result<()> {
    db.update(bad, values! { age: 3 })
}

fn call_destroy(db: &mut Database, bad: &mut Instance) -> Result<()> {
    db.destroy(bad).map(drop)
}

// rules: HK-2
// Broken, what a hook refuses would be there all the same, or what the hook itself wrote before it refused.
#[test]
fn an_error_of_a_hook_is_that_of_the_call_and_nothing_remains() -> Result<()> {
    let sorts: [(HookEvent, Declare, Call); 8] = [
        (
            HookEvent::BeforeValidate,
            |it| it.before_validate(refuses),
            call_create,
        ),
        (
            HookEvent::AfterValidate,
            |it| it.after_validate(refuses),
            call_update,
        ),
        (
            HookEvent::BeforeCreate,
            |it| it.before_create(refuses),
            call_create,
        ),
        (
            HookEvent::AfterCreate,
            |it| it.after_create(refuses),
            call_create,
        ),
        (
            HookEvent::BeforeUpdate,
            |it| it.before_update(refuses),
            call_update,
        ),
        (
            HookEvent::AfterUpdate,
            |it| it.after_update(refuses),
            call_update,
        ),
        (
            HookEvent::BeforeDestroy,
            |it| it.before_destroy(refuses),
            call_destroy,
        ),
        (
            HookEvent::AfterDestroy,
            |it| it.after_destroy(refuses),
            call_destroy,
        ),
    ];
    for (event, declare, call) in sorts {
        let mut db = club(declare);
        let bad = named("bad");
        let mut bad = db.transaction(|tx| tx.without_hooks(|tx| tx.create("User", bad)))?;
        let before = bad.clone();
        let error = refused(&mut db, |db| call(db, &mut bad));
        assert_eq!(error.to_string(), format!("User: no {event:?}"));
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Refused));
        assert_eq!(bad, before, "{event:?}: the instance is as it was");
        // Within a transaction that goes on, the same.
        let mut tx = db.begin();
        tx.create("Team", named("kept"))?;
        let dump = tx.dump();
        let many = [named("good"), named("bad")];
        let refused = match event {
            HookEvent::BeforeDestroy | HookEvent::AfterDestroy => tx
                .with_individual_hooks(|tx| tx.destroy_where("User", col("id").gt(0)))
                .err(),
            HookEvent::BeforeUpdate | HookEvent::AfterUpdate | HookEvent::AfterValidate => tx
                .with_individual_hooks(|tx| {
                    tx.update_where("User", col("id").gt(0), values! { age: 1 })
                })
                .err(),
            _ => tx
                .with_individual_hooks(|tx| tx.create_many("User", many))
                .err(),
        };
        assert_eq!(refused, Some(error));
        assert_eq!(tx.dump(), dump, "{event:?}");
    }
    Ok(())
}

// rules: HK-2, TX-1
// Broken, the parent of a child that is refused would stay, or the links that a refused verb had made.
#[test]
fn a_hook_deep_in_a_call_refuses_the_whole_of_it() -> Result<()> {
    let mut db = club(|it| it.before_create(refuses));
    let team = db.create("Team", named("t"))?;
    for association in ["users", "guests"] {
        let good_and_bad = [tree! { name: "good" }, tree! { name: "bad" }];
        let tree = tree! { name: "u" }.with(association, good_and_bad);
        let error = refused(&mut db, |db| db.create_tree("Team", tree));
        assert_eq!(error.to_string(), "User: no BeforeCreate");
        refused(&mut db, |db| {
            db.related(&team, association)?.create(named("bad"))
        });
    }
    db.create_tree("Team", tree! { name: "u", users: [{ name: "good" }] })?;
    assert_eq!(db.count("Log")?, 1);
    Ok(())
}

// rules: HK-2
// Broken, a panic that a test catches would leave half a call behind, or a transaction that runs no hooks any more.
#[test]
fn a_panic_in_a_hook_leaves_nothing_of_the_call() -> Result<()> {
    let mut db = club(|it| {
        it.after_create(|hook, user| {
            refuses(hook, user)?;
            match user.get("name")?.as_str() {
                Some("panic") => std::panic::panic_any("on purpose"),
                _ => Ok(()),
            }
        })
    });
    let mut tx = db.begin();
    tx.create("User", named("good"))?;
    let dump = tx.dump();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        tx.without_validation(|tx| tx.create("User", named("panic")))
            .map(drop)
    }));
    assert!(caught.is_err());
    assert_eq!(tx.dump(), dump);
    tx.create("User", named("bad")).unwrap_err();
    assert_eq!(tx.dump(), dump);
    tx.commit()?;
    db.check_integrity().unwrap();
    Ok(())
}

// Broken, a hook that writes its own model would end the process with its stack.
#[test]
fn hooks_within_hooks_end_at_a_limit() -> Result<()> {
    let mut db = club(|it| {
        it.after_create(|hook, _| hook.create("User", named("another")).map(drop))
            .before_update(|hook, user| {
                let age = user.get("age")?.as_int().unwrap_or(0);
                let Some(mut next) = hook.find("User", age)? else {
                    return Ok(());
                };
                hook.update(&mut next, values! { age: age + 1 })
            })
    });
    let error = refused(&mut db, |db| db.create("User", named("first")));
    assert_eq!(error.limit(), Some(Limit::HookDepth));
    assert!(
        error.to_string().contains("User") && error.to_string().contains("32"),
        "{error}"
    );
    // Up to there they may.
    let users = (0..40).map(|_| named("u"));
    let users = db.transaction(|tx| tx.without_hooks(|tx| tx.create_many("User", users)))?;
    let mut last = users[40 - 32].clone();
    db.update(&mut last, values! { age: 10 })?;
    assert_eq!(db.find("User", 40)?.unwrap().get("age")?.as_int(), Some(41));
    let mut too_early = users[40 - 33].clone();
    let error = refused(&mut db, |db| db.update(&mut too_early, values! { age: 9 }));
    assert_eq!(error.limit(), Some(Limit::HookDepth));
    Ok(())
}

// Broken, what a call was told to leave out would be left out of what its hooks do by themselves.
#[test]
fn what_hooks_do_is_done_as_usual() -> Result<()> {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("Log", |it| {
        it.attribute(text("name").validate(relata::Rule::not_empty()))
            .before_bulk_create(record.bulk())
            .before_create(record.row())
    });
    models.define_with("User", |it| {
        it.attribute(text("name").validate(relata::Rule::not_empty()))
            .after_create(|hook, user| {
                let line = user.get("name")?.clone();
                hook.create_many("Log", [values! { name: line }]).map(drop)
            })
    });
    let mut db = models.sync()?;
    let error = refused(&mut db, |db| {
        db.transaction(|tx| tx.without_validation(|tx| tx.create("User", named(""))))
    });
    assert!(error.to_string().starts_with("Log is not valid"), "{error}");
    record.take();
    db.transaction(|tx| {
        tx.with_individual_hooks(|tx| tx.create_many("User", [named("a"), named("b")]))
    })?;
    assert_eq!(
        record.take(),
        ["BeforeBulkCreate [new a]", "BeforeBulkCreate [new b]"]
    );
    Ok(())
}

// Broken, a hook that saves or swaps what it is given would make two rows of one, or none, or a panic.
#[test]
fn a_hook_cannot_put_something_else_in_place_of_its_instance() -> Result<()> {
    let swaps = |hook: &mut HookContext<'_, '_>, instance: &mut Instance| {
        *instance = hook.build("Log", named("swapped"))?;
        Ok(())
    };
    let mut models = Models::new();
    models.define_with("Log", |it| it.attribute(text("name")));
    models.define_with("User", |it| {
        it.attribute(text("name"))
            .attribute(text("more"))
            .before_create(swaps)
            .before_update(swaps)
    });
    models.define_with("Other", |it| {
        it.attribute(text("name"))
            .before_create(|hook, other| match hook.count("Other")? {
                0 => {
                    let saved = hook.create("Other", named("by the hook"));
                    *other = saved?;
                    Ok(())
                }
                _ => Ok(()),
            })
    });
    models.define_with("All", |it| {
        it.attribute(text("name")).before_bulk_create(|hook, all| {
            all[0] = hook.build("Log", named("swapped"))?;
            Ok(())
        })
    });
    let mut db = models.sync()?;
    for model in ["User", "Other"] {
        let error = refused(&mut db, |db| db.create(model, named("a")));
        assert!(
            matches!(error.kind(), ErrorKind::Request(RequestKind::Unsupported))
                || error.limit() == Some(Limit::HookDepth),
            "{error}"
        );
    }
    let mut user = db.transaction(|tx| tx.without_hooks(|tx| tx.create("User", named("a"))))?;
    refused(&mut db, |db| db.update(&mut user, named("b")));
    refused(&mut db, |db| db.create_many("All", [named("a")]));
    Ok(())
}

// Broken, a hook that deletes what is about to be written would write into another row, or panic.
#[test]
fn a_hook_may_take_away_what_the_call_is_about() -> Result<()> {
    let removes = |hook: &mut HookContext<'_, '_>, user: &mut Instance| {
        let key = user.get("id")?.clone();
        hook.destroy_where("User", col("id").eq(key)).map(drop)
    };
    let mut models = Models::new();
    models.define_with("User", |it| {
        it.attribute(text("name"))
            .before_update(removes)
            .before_destroy(removes)
    });
    let mut db = models.sync()?;
    let mut users = db.create_many("User", [named("a"), named("b"), named("c")])?;
    let error = refused(&mut db, |db| db.update(&mut users[0], named("x")));
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotFound));
    assert_eq!(db.destroy(&users[1])?.rows, 0, "the hook took it");
    assert_eq!(db.count("User")?, 2);
    db.check_integrity().unwrap();
    Ok(())
}
