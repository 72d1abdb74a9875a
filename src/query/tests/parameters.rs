//! Prepared requests with parameters.

use crate::error::{Error, ErrorKind, RequestKind};
use crate::expr::{any, col, param, val};
use crate::query::tests::fixture::World;
use crate::query::{Select, include, select};
use crate::value::Value;

fn kind_and_text(error: Error) -> (RequestKind, String) {
    match error.kind() {
        ErrorKind::Request(kind) => (kind, error.to_string()),
        kind => panic!("{kind:?}: {error}"),
    }
}

fn refused(request: &Select) -> (RequestKind, String) {
    kind_and_text(request.prepare(&World::example()).unwrap_err())
}

// Broken: what was given the first time is kept, or an index is asked for another value than was given.
#[test]
fn each_run_takes_its_own_values() {
    let world = World::example();
    let by_key = select("User").filter(col("id").eq(param("id")));
    let by_key = by_key.prepare(&world).unwrap();
    let by_filter = select("User").filter(param("least").le(col("id")));
    let by_filter = by_filter.prepare(&world).unwrap();
    let ids = select("User").run_owned(&world).unwrap();
    for record in ids.rows().iter() {
        let id = record.get("id").unwrap();
        let found = by_key.run_with(&world, [("id", id.to_value())]).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().unwrap().get("id").unwrap(), id);
        let least = [("least", id.to_value())];
        let expected = select("User").filter(col("id").ge(id.to_value()));
        assert_eq!(
            by_filter.count_with(&world, least).unwrap(),
            expected.count(&world).unwrap()
        );
    }
    let unknown = [("id", Value::from(-1))];
    assert!(!by_key.exists_with(&world, unknown).unwrap());
}

// Broken: null finds the rows that have null, in an index or elsewhere.
#[test]
fn null_is_equal_to_nothing() {
    let world = World::example();
    for column in ["id", "age"] {
        let request = select("User").filter(col(column).eq(param("value")));
        let request = request.prepare(&world).unwrap();
        let rows = request.run_with(&world, [("value", Value::Null)]).unwrap();
        assert!(rows.is_empty(), "{column}");
    }
}

// Broken: a wrong value is found out in the middle of a run, or not at all.
#[test]
fn values_are_checked_before_anything_runs() {
    use RequestKind::{MissingParameter, Repeated, Type, UnknownParameter};
    let world = World::example();
    let tasks = include("tasks").filter(col("title").like(param("title")));
    let request = select("User")
        .filter(col("age").gt(param("age")))
        .include(tasks);
    let request = request.prepare(&world).unwrap();
    let run = |given: &[(&str, Value)]| {
        let rows = request.run_with(&world, given.iter().cloned());
        kind_and_text(rows.unwrap_err())
    };
    let (age, title) = (("age", Value::from(1)), ("title", Value::from("a%")));
    for (given, kind, text) in [
        (
            &[][..],
            MissingParameter,
            "User: parameter age is not given",
        ),
        (
            std::slice::from_ref(&age),
            MissingParameter,
            "User: parameter title is not given",
        ),
        (
            &[("years", 1.into())],
            UnknownParameter,
            "User: no parameter years",
        ),
        (
            &[("age", 1.5.into())],
            Type,
            "User: parameter age is int, not float",
        ),
        (
            &[age.clone(), age.clone()],
            Repeated,
            "User: parameter age is given twice",
        ),
    ] {
        assert_eq!(run(given), (kind, text.to_owned()));
    }
    assert!(request.run_with(&world, [title, age]).is_ok());
    let plain = kind_and_text(request.run(&world).unwrap_err());
    assert_eq!(plain.0, MissingParameter);
}

// Broken: a request is prepared whose parameter could be of any type, or of two.
#[test]
fn a_parameter_has_one_type() {
    let one = |filter| select("User").filter(filter);
    for (request, text) in [
        (
            one(param("a").eq(param("b"))),
            "User: nothing says of which type parameter a is",
        ),
        (
            one(param("a").is_null()),
            "User: nothing says of which type parameter a is",
        ),
        (
            one(col("age").eq(param("a")).and(col("name").eq(param("a")))),
            "User: parameter a is int in one place and text in another",
        ),
        (
            one(col("age").eq(param("a")))
                .include(include("tasks").filter(col("title").eq(param("a")))),
            "Task: parameter a is int in one place and text in another",
        ),
    ] {
        assert_eq!(refused(&request), (RequestKind::Type, text.to_owned()));
    }
    let truths = any([
        param("a"),
        param("b").is_null().and(col("age").gt(param("b"))),
    ]);
    assert!(
        one(truths.and(val("x").like(param("c"))))
            .prepare(&World::example())
            .is_ok()
    );
}

// Broken: a plan says something else than which parameter it looks up, or scans for want of the value.
#[test]
fn plans_name_their_parameters() {
    let world = World::example();
    let request = select("User").filter(col("id").eq(param("id")).and(col("age").gt(param("age"))));
    assert_eq!(
        request.explain(&world).unwrap().to_string(),
        "select User, about 1 row\n  by primary key users_pkey: id = :id\n  because: a key names one row\n  \
         filter: id = :id and age > :age\n"
    );
}

// Broken: a parameter gets into a place where nobody gives it a value.
#[test]
fn only_requests_take_parameters() {
    let world = World::example();
    let filter = col("name").eq(param("name"));
    let error = world.db.filter("companies", &filter).unwrap_err();
    let text = "companies: parameter name outside of a prepared request";
    assert_eq!(
        kind_and_text(error),
        (RequestKind::Unsupported, text.to_owned())
    );
    let error = select("Company").filter(filter).run(&world).unwrap_err();
    assert_eq!(kind_and_text(error).0, RequestKind::MissingParameter);
}

// Broken: a column of a prepared request is looked up in vain, or reads something else in its results.
#[test]
fn columns_and_includes_are_looked_up_once() {
    let world = World::example();
    let request = select("User").include(include("tasks").attributes(["title"]));
    let request = request.prepare(&world).unwrap();
    let (name, title) = (
        request.column("name").unwrap(),
        request.column("tasks.title").unwrap(),
    );
    let tasks = request.included("tasks").unwrap();
    let rows = request.run(&world).unwrap();
    for user in &rows {
        assert_eq!(user.at(name), user.get("name").unwrap());
        for task in user.under(tasks) {
            assert_eq!(task.at(title), task.get("title").unwrap());
        }
    }
    for (path, kind) in [
        ("tasks.id", RequestKind::NotLoaded),
        ("company.name", RequestKind::NotLoaded),
        ("nme", RequestKind::UnknownColumn),
    ] {
        assert_eq!(
            kind_and_text(request.column(path).unwrap_err()).0,
            kind,
            "{path}"
        );
    }
}
