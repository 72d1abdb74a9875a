//! A model's own rules: all that are broken are told together, before anything is written, whichever verb writes.

use std::sync::Arc;

use relata::error::{ProblemKind, RequestKind};
use relata::expr::Expr;
use relata::schema::UniqueDef;
use relata::{
    Attribute, BelongsToMany, Clock, DataType, Database, DatabaseOptions, ErrorKind, HasMany,
    HasOne, ModelDef, Models, Result, Rule, Timestamp, Value, col, tree, values,
};

use super::{broken, int, refused, text};

fn user(it: ModelDef) -> ModelDef {
    let even = Expr::function(
        "even",
        "score is even",
        ["score"],
        Arc::new(|cells| cells[0].as_int().map(|score| score % 2 == 0)),
    );
    it.attribute(
        text("name")
            .validate(Rule::not_empty())
            .validate(Rule::length(2..=5)),
    )
    .attribute(int("age").validate(Rule::min(0)).validate(Rule::max(150)))
    .attribute(
        text("state")
            .default("open")
            .validate(Rule::one_of(["open", "shut"])),
    )
    .attribute(
        text("email").validate(Rule::matches("an email address", |value| {
            value.as_str().is_some_and(|text| text.contains('@'))
        })),
    )
    .attribute(int("score").validate(Rule::required()))
    .attribute(int("born"))
    .validate("died after born", col("born").le(col("died")))
    .validate("even score", even)
    .attribute(int("died"))
    .unique(UniqueDef::new(["email"]))
}

fn club() -> Database {
    let mut models = Models::new();
    models.define_with("User", user);
    models.define_with("Task", |it| {
        it.attribute(text("title").validate(Rule::not_empty()))
    });
    models.define_with("Link", |it| {
        it.attribute(text("role").validate(Rule::one_of(["host"])))
    });
    models.has_many("User", HasMany::new("Task").alias("tasks"));
    models.has_one(
        "User",
        HasOne::new("Task").alias("task").foreign_key("ofId"),
    );
    models.belongs_to_many(
        "User",
        BelongsToMany::new("Task").alias("linked").through("Link"),
    );
    models.sync().unwrap()
}

// Broken, whoever fills in a form would learn of one mistake at a time, or not of which value is one.
#[test]
fn all_violations_of_an_instance_are_told_at_once() {
    let mut db = club();
    let given = values! {
        name: " ", age: 151, state: "ajar", email: "nobody", born: 3, died: 2,
    };
    let error = refused(&mut db, |db| db.create("User", given));
    let rules = [
        "not_empty",
        "length",
        "max",
        "one_of",
        "an email address",
        "required",
        "died after born",
    ];
    assert_eq!(broken(&error), rules);
    assert_eq!(
        error.to_string(),
        "User is not valid: name = ' ' must not be empty; name = ' ' must be 2 to 5 long; \
         age = 151 must be at most 150; state = 'ajar' must be one of 'open', 'shut'; \
         email = 'nobody' must be an email address; score = null must be given; \
         (born, died) = (3, 2) violates died after born"
    );
    assert!(!error.redacted().to_string().contains("nobody"));
    let details = error.as_validation().unwrap();
    assert_eq!(details.model, "User");
    let last = details.of_attribute("died").next().unwrap();
    assert_eq!(last.attributes, ["born", "died"]);
    assert_eq!(last.values, [Value::from(3), Value::from(2)]);
}

// Broken, a rule would refuse at its own bound, or count bytes where people count characters.
#[test]
fn bounds_belong_to_what_is_admitted() -> Result<()> {
    let mut db = club();
    let mut valid = |values: relata::Values| db.create("User", values.with("score", 2)).is_ok();
    assert!(valid(values! { name: "éééé", age: 0 }) && valid(values! { name: "ab", age: 150 }));
    assert!(!valid(values! { name: "éééééé" }) && !valid(values! { name: "é" }));
    assert!(!valid(values! { age: -1 }));
    let below = |length: usize| "a".repeat(length);
    let admitted = |rule: Rule, length: usize| {
        let mut models = Models::new();
        models.define_with("T", |it| it.attribute(text("t").validate(rule)));
        models
            .sync()
            .unwrap()
            .create("T", values! { t: below(length) })
            .is_ok()
    };
    assert!(admitted(Rule::length(..3), 2) && !admitted(Rule::length(..3), 3));
    assert!(admitted(Rule::length(..=3), 0) && admitted(Rule::length(2..), 9));
    assert!(
        !admitted(Rule::length(..0), 0),
        "nothing is shorter than nothing"
    );
    Ok(())
}

// Broken, a value that nobody gave would be refused, or one that stands by default would not.
#[test]
fn what_is_not_given_is_judged_as_it_will_stand() -> Result<()> {
    let mut models = Models::new();
    models.define_with("Stay", |it| {
        it.attribute(
            Attribute::new("code", DataType::Uuid)
                .default_uuid()
                .validate(Rule::required()),
        )
        .attribute(text("kind").default("long"))
        .attribute(int("nights"))
        .attribute(Attribute::new("from", DataType::Timestamp).default_now())
        .attribute(Attribute::new("to", DataType::Timestamp))
        .validate("long stays", col("kind").ne("long").or(col("nights").gt(6)))
        .validate("in order", col("from").le(col("to")))
    });
    let options = DatabaseOptions {
        clock: Clock::Fixed(Timestamp::from_micros(50)),
        ..DatabaseOptions::default()
    };
    let mut db = models.sync_with(options)?;
    let error = refused(&mut db, |db| db.create("Stay", values! { nights: 6 }));
    assert_eq!(broken(&error), ["long stays"]);
    assert_eq!(
        error.as_validation().unwrap().violations[0].values,
        ["long".into(), Value::from(6)]
    );
    db.create("Stay", values! { nights: 6, kind: "short" })?;
    db.create("Stay", values! {})
        .expect("unknown is no violation");
    let early = values! { nights: 9, to: Timestamp::from_micros(49) };
    assert_eq!(
        broken(&refused(&mut db, |db| db.create("Stay", early))),
        ["in order"]
    );
    db.create(
        "Stay",
        values! { nights: 9, to: Timestamp::from_micros(50) },
    )?;
    Ok(())
}

// Broken, a row that is wrong from before could not be put right, or an update could make it wrong.
#[test]
fn an_update_is_judged_by_what_it_writes_over_the_row() -> Result<()> {
    let mut db = club();
    let given = values! { name: "ada lovelace", score: 2, born: 3 };
    let ada = db.transaction(|tx| tx.without_validation(|tx| tx.create("User", given)));
    let mut ada = ada?;
    assert_eq!(broken(&ada.validate().unwrap_err()), ["length"]);
    db.update(&mut ada, values! { age: 3 })?;
    let error = refused(&mut db, |db| {
        db.update(&mut ada, values! { died: 2, age: 200 })
    });
    assert_eq!(broken(&error), ["max", "died after born"]);
    assert_eq!(ada.get("died")?, &Value::Null, "the instance is as before");
    ada.set("age", -1)?;
    let error = refused(&mut db, |db| db.save(&mut ada));
    assert_eq!(broken(&error), ["min"]);
    ada.set("age", 4)?;
    db.save(&mut ada)?;
    db.update(&mut ada, values! { name: "ada" })?;
    ada.validate()?;
    Ok(())
}

// Broken, the second of two rows would be written though it is wrong, or nobody would know which one is.
#[test]
fn several_rows_are_judged_together() -> Result<()> {
    let mut db = club();
    let rows = [
        values! { name: "ada", score: 2 },
        values! { name: "", score: 3 },
        values! { name: "bob", age: -1, score: 2 },
    ];
    let error = refused(&mut db, |db| db.create_many("User", rows));
    let places: Vec<_> = error
        .as_validation()
        .unwrap()
        .violations
        .iter()
        .map(|it| it.position)
        .collect();
    assert_eq!(broken(&error), ["not_empty", "length", "even score", "min"]);
    assert_eq!(places, [Some(1), Some(1), Some(1), Some(2)]);
    assert!(error.to_string().contains("at 2: age = -1"), "{error}");

    for age in [1, 2] {
        db.create(
            "User",
            values! { name: "ada", age: age, score: 2, born: age },
        )?;
    }
    let error = refused(&mut db, |db| {
        db.update_where("User", col("age").gt(0), values! { died: 1 })
    });
    assert_eq!(
        broken(&error),
        ["died after born"],
        "of the one that was born later"
    );
    let error = refused(&mut db, |db| {
        db.increment_where("User", col("age").gt(0), values! { age: 149 })
    });
    assert_eq!(broken(&error), ["max"]);
    assert_eq!(
        db.update_where("User", col("age").gt(0), values! { died: 2 })?
            .rows,
        2
    );
    Ok(())
}

// rules: CR-17
// Broken, a tree or an association would let in what a plain creation refuses.
#[test]
fn every_way_in_is_judged() -> Result<()> {
    let mut db = club();
    let ada = db.create("User", values! { name: "ada", score: 2 })?;
    let empty = || values! { title: "" };
    for association in ["tasks", "task", "linked"] {
        let error = refused(&mut db, |db| db.related(&ada, association)?.create(empty()));
        assert_eq!(broken(&error), ["not_empty"], "{association}");
        let error = refused(&mut db, |db| match association {
            "task" => db.create_tree("User", tree! { score: 2, task: { title: "" } }),
            _ => db.create_tree(
                "User",
                tree! { score: 2 }.with(association, [tree! { title: "" }]),
            ),
        });
        assert_eq!(broken(&error), ["not_empty"], "{association}");
    }
    let unsaved = db.build("Task", empty())?;
    let error = refused(&mut db, |db| db.related(&ada, "task")?.set(&unsaved));
    assert_eq!(broken(&error), ["not_empty"]);
    let error = refused(&mut db, |db| db.find_or_create("Task", empty(), values! {}));
    assert_eq!(broken(&error), ["not_empty"]);
    let error = refused(&mut db, |db| {
        db.upsert("Task", values! { id: 7, title: "" })
    });
    assert_eq!(broken(&error), ["not_empty"]);
    // The row of a junction is a row of a model.
    let task = db.create("Task", values! { title: "t" })?;
    for verb in ["add", "set"] {
        let guest = values! { role: "guest" };
        let error = refused(&mut db, |db| match verb {
            "add" => db.related(&ada, "linked")?.add_with(&task, guest),
            _ => db.related(&ada, "linked")?.set_with(&task, guest),
        });
        assert_eq!(broken(&error), ["one_of"]);
    }
    db.related(&ada, "linked")?
        .add_with(&task, values! { role: "host" })?;
    let guest = values! { role: "guest" };
    let error = refused(&mut db, |db| {
        db.related(&ada, "linked")?.add_with(&task, guest)
    });
    assert_eq!(broken(&error), ["one_of"]);
    Ok(())
}

// Broken, an import could not leave rules out, or what comes after it would go without them.
#[test]
fn validation_is_left_out_within_a_closure_alone() -> Result<()> {
    let mut db = club();
    let mut tx = db.begin();
    let wrong = || values! { title: "" };
    tx.without_validation(|tx| tx.create("Task", wrong()))?;
    tx.create("Task", wrong()).unwrap_err();
    // Nor does an error, or a panic that somebody catches, leave it out for good.
    tx.without_validation(|tx| tx.create("Nobody", wrong()))
        .unwrap_err();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tx.without_validation(|_| -> Result<()> { std::panic::panic_any("on purpose") })
    }));
    assert!(panicked.is_err());
    tx.create("Task", wrong()).unwrap_err();
    assert_eq!(tx.count("Task")?, 1);
    Ok(())
}

// Broken, a rule that can never hold would be found when the first row comes.
#[test]
fn rules_that_make_no_sense_are_problems_of_the_declaration() {
    let mut models = Models::new();
    models.define_with("User", |it| {
        it.attribute(
            int("age")
                .validate(Rule::not_empty())
                .validate(Rule::min("a")),
        )
        .attribute(
            text("name")
                .validate(Rule::one_of([1]))
                .validate(Rule::max(Value::Null)),
        )
        .validate("older", col("years").gt(1))
        .validate("named", col("name").gt(1))
        .before_change("friends", |_, _| Ok(()))
    });
    let error = models.sync().unwrap_err();
    let problems = &error.as_declaration().unwrap().problems;
    let kinds: Vec<_> = problems.iter().map(|it| it.kind).collect();
    use ProblemKind::{Type, Unknown};
    assert_eq!(
        kinds,
        [Type, Type, Type, Type, Unknown, Type, Unknown],
        "{error}"
    );
    let text = error.to_string();
    for part in ["age: rule not_empty", "rule older", "years", "friends"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_ne!(error.kind(), ErrorKind::Request(RequestKind::Refused));
}
