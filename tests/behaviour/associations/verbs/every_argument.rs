//! Every verb with every sort of argument: as a statement of its own, within a transaction, and there after a failure.

use relata::error::{ConstraintKind, ErrorKind, RequestKind};
use relata::{
    Clock, Database, DatabaseOptions, Error, Instance, Record, Related, Result, Targets, Timestamp,
    Transaction, Value, include, select, targets, values,
};

use super::office;

/// The arguments, in the order of the columns of [`CASES`].
const ARGUMENTS: [&str; 10] = [
    "row",
    "key",
    "mixture",
    "empty",
    "null",
    "unsaved",
    "unknown",
    "twice",
    "other model",
    "text",
];

/// A verb of an association, and for each argument which targets are associated then, or what is refused. The source has
/// targets 1 and 2, where it may have several, and 1 otherwise; the arguments are about target 3, the mixture about 1 too.
const CASES: [(&str, &str, [&str; 10]); 9] = [
    (
        "tasks",
        "set",
        ["3", "3", "1 3", "", "", "Unsaved", "", "3", "Type", "Type"],
    ),
    (
        "tasks",
        "add",
        [
            "1 2 3", "1 2 3", "1 2 3", "1 2", "1 2", "Unsaved", "1 2", "1 2 3", "Type", "Type",
        ],
    ),
    (
        "tasks",
        "remove",
        [
            "1 2", "1 2", "2", "1 2", "1 2", "Unsaved", "1 2", "1 2", "Type", "Type",
        ],
    ),
    (
        "tasks",
        "has",
        [
            "false", "false", "false", "true", "true", "false", "false", "false", "Type", "Type",
        ],
    ),
    (
        "groups",
        "set",
        [
            "3",
            "3",
            "1 3",
            "",
            "",
            "Unsaved",
            "Reference",
            "Unique",
            "Type",
            "Type",
        ],
    ),
    (
        "groups",
        "add",
        [
            "1 2 3",
            "1 2 3",
            "1 2 3",
            "1 2",
            "1 2",
            "Unsaved",
            "Reference",
            "Unique",
            "Type",
            "Type",
        ],
    ),
    (
        "groups",
        "remove",
        [
            "1 2", "1 2", "2", "1 2", "1 2", "Unsaved", "1 2", "1 2", "Type", "Type",
        ],
    ),
    (
        "groups",
        "has",
        [
            "false", "false", "false", "true", "true", "false", "false", "false", "Type", "Type",
        ],
    ),
    (
        "desk",
        "set",
        [
            "3",
            "3",
            "Unsupported",
            "",
            "",
            "4",
            "NotFound",
            "Unsupported",
            "Type",
            "Type",
        ],
    ),
];

/// The same of `belongs_to`.
const TO_USER: (&str, &str, [&str; 10]) = (
    "user",
    "set",
    [
        "3",
        "3",
        "Unsupported",
        "",
        "",
        "Unsaved",
        "Reference",
        "Unsupported",
        "Type",
        "Type",
    ],
);

/// A source, and what the arguments are made of.
struct Cast {
    source: Instance,
    third: Instance,
    unsaved: Instance,
    other: Instance,
}

/// A source with what the cases say it has.
fn stage(key: &str) -> Result<(Database, Cast)> {
    let options = DatabaseOptions {
        clock: Clock::Fixed(Timestamp::from_micros(0)),
        ..DatabaseOptions::default()
    };
    let mut db = office().sync_with(options)?;
    let (source, target, other) = match key {
        "tasks" => ("User", "Task", "Desk"),
        "groups" => ("User", "Group", "Task"),
        "desk" => ("User", "Desk", "Task"),
        _ => ("Task", "User", "Desk"),
    };
    let source = db.create(source, values! {})?;
    let made = db.create_many(target, [(); 3].map(|()| values! {}))?;
    let other = db.create(other, values! {})?;
    match key {
        "tasks" | "groups" => db.related(&source, key)?.add(&made[..2])?,
        // A user stands before the three where the targets are users too: none here.
        _ => db.related(&source, key)?.set(&made[0])?,
    };
    let unsaved = db.build(target, values! {})?;
    let cast = Cast {
        source,
        third: made[2].clone(),
        unsaved,
        other,
    };
    Ok((db, cast))
}

impl Cast {
    fn argument(&self, name: &str) -> Targets<'_> {
        match name {
            "row" => (&self.third).into(),
            "key" => 3.into(),
            "mixture" => targets![1, &self.third],
            "empty" => targets![],
            "null" => None::<i64>.into(),
            "unsaved" => (&self.unsaved).into(),
            "unknown" => 99.into(),
            "twice" => targets![3, &self.third],
            "other model" => (&self.other).into(),
            _ => "abc".into(),
        }
    }
}

/// The answer of `has`; what the others give is seen in the database.
fn call(mut related: Related<'_>, verb: &str, targets: Targets<'_>) -> Result<Option<bool>> {
    match verb {
        "set" => related.set(targets).map(|_| None),
        "add" => related.add(targets).map(|_| None),
        "remove" => related.remove(targets).map(|_| None),
        _ => related.has(targets).map(Some),
    }
}

/// What a verb came to: the associated targets, an answer, or the sort of error.
fn outcome(
    tx: &mut Transaction<'_>,
    source: &Instance,
    (key, verb): (&str, &str),
    targets: Targets<'_>,
) -> Result<String> {
    match call(tx.related(source, key)?, verb, targets) {
        Ok(Some(answer)) => Ok(answer.to_string()),
        Ok(None) => associated(tx, source, key),
        Err(error) => Ok(sort_of(&error)),
    }
}

fn sort_of(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Request(RequestKind::Unsaved) => "Unsaved",
        ErrorKind::Request(RequestKind::Type) => "Type",
        ErrorKind::Request(RequestKind::Unsupported) => "Unsupported",
        ErrorKind::Request(RequestKind::NotFound) => "NotFound",
        ErrorKind::Constraint(ConstraintKind::Reference) => "Reference",
        ErrorKind::Constraint(ConstraintKind::Unique) => "Unique",
        _ => return error.to_string(),
    }
    .to_owned()
}

/// The ids of the associated targets: the getter, the count and an include must agree (associations TX-3).
fn associated(on: &Transaction<'_>, source: &Instance, key: &str) -> Result<String> {
    let view = on.related_view(source, key)?;
    let ids = |keys: Vec<Value>| {
        let texts: Vec<_> = keys.iter().map(Value::to_string).collect();
        texts.join(" ")
    };
    let found = view.get()?;
    let found = found.iter().map(|it| it.get("id").cloned());
    let found = ids(found.collect::<Result<_>>()?);
    let rows = select(source.model()).include(include(key)).run(on)?;
    let of_source = rows.iter().find(|row| row.key() == *source.key().unwrap());
    let below: Vec<Record<'_>> = match (of_source, key) {
        (Some(row), "tasks" | "groups") => row.many(key)?.collect(),
        (Some(row), _) => row.one(key)?.into_iter().collect(),
        (None, _) => Vec::new(),
    };
    let below = ids(below.iter().map(|it| it.key()[0].clone()).collect());
    assert_eq!(found, below, "getter and include of {key} agree");
    if matches!(key, "tasks" | "groups") {
        assert_eq!(view.count()?, found.split_whitespace().count(), "{key}");
    }
    Ok(found)
}

/// Each case with its name, and what is expected.
fn cases() -> impl Iterator<Item = ((&'static str, &'static str), &'static str, &'static str)> {
    let all = CASES.into_iter().chain([TO_USER]);
    all.flat_map(|(key, verb, expected)| {
        let pairs = ARGUMENTS.into_iter().zip(expected);
        pairs.map(move |(argument, expected)| ((key, verb), argument, expected))
    })
}

// rules: HM-4, HM-7, BTM-24, TX-1
// Broken: a verb that is refused has done half of its work, or one that has nothing to do writes.
#[test]
fn as_a_statement_of_its_own() -> Result<()> {
    for (verb, argument, expected) in cases() {
        let name = format!("{}.{} of {argument}", verb.0, verb.1);
        let (mut db, cast) = stage(verb.0)?;
        let before = db.fingerprint();
        let mut fork = db.fork();
        let mut tx = fork.begin();
        let held = associated(&tx, &cast.source, verb.0)?;
        let done = outcome(&mut tx, &cast.source, verb, cast.argument(argument))?;
        assert_eq!(done, expected, "{name}");
        let changes = tx.commit_with_changes()?;
        let is_refused = expected.starts_with(char::is_uppercase);
        let nothing_to_do = is_refused || verb.1 == "has" || expected == held;
        assert_eq!(changes.rows.is_empty(), nothing_to_do, "{name}");
        // The same on the database.
        let targets = cast.argument(argument);
        let done = call(db.related(&cast.source, verb.0)?, verb.1, targets);
        assert_eq!(done.is_err(), is_refused, "{name}");
        assert_eq!(db.fingerprint(), fork.fingerprint(), "{name}");
        assert_eq!(db.fingerprint() == before, nothing_to_do, "{name}");
        assert_eq!(db.check_integrity(), Ok(()), "{name}");
    }
    Ok(())
}

// rules: TX-1, TX-2, TX-3, BY-12
// Broken: within a transaction a verb does something else, it cannot be undone, or a failed one spoils those after it.
#[test]
fn within_a_transaction_and_after_a_failure() -> Result<()> {
    for (verb, argument, expected) in cases() {
        let name = format!("{}.{} of {argument}", verb.0, verb.1);
        let (mut db, cast) = stage(verb.0)?;
        let (before, mut clean) = (db.fingerprint(), db.fork());
        let mut tx = db.begin();
        for failing in [targets![1, "abc"], targets![1, &cast.other]] {
            let refused = outcome(&mut tx, &cast.source, (verb.0, "set"), failing)?;
            assert!(refused.starts_with(char::is_uppercase), "{name}: {refused}");
        }
        let done = outcome(&mut tx, &cast.source, verb, cast.argument(argument))?;
        assert_eq!(done, expected, "{name}");
        tx.rollback();
        assert_eq!(db.fingerprint(), before, "{name}");
        // What failed in between is no part of what is committed.
        let mut tx = db.begin();
        outcome(&mut tx, &cast.source, (verb.0, "set"), "abc".into())?;
        outcome(&mut tx, &cast.source, verb, cast.argument(argument))?;
        tx.commit()?;
        let targets = cast.argument(argument);
        let _ = call(clean.related(&cast.source, verb.0)?, verb.1, targets);
        assert_eq!(db.fingerprint(), clean.fingerprint(), "{name}");
        assert_eq!(db.check_integrity(), Ok(()), "{name}");
    }
    Ok(())
}
