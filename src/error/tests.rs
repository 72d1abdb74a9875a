//! What errors say, and how large they are.

use super::{ConstraintError, ConstraintKind, Error, Operation, RowName};
use crate::value::{Key, Value};

fn duplicate(value: &str) -> Error {
    Error::from(ConstraintError {
        kind: ConstraintKind::Unique,
        constraint: "users_email_key".into(),
        table: "users".into(),
        columns: vec!["email".into()],
        values: vec![Value::from(value)],
        operation: Operation::Insert,
        row: Some(Key::from(7)),
        other: Some(RowName {
            table: "users".into(),
            columns: vec!["id".into()],
            key: Some(Key::from(3)),
        }),
        chain: Vec::new(),
    })
}

// rules: RI-71
// Broken, a test that fails on a duplicate could not tell which row was already there.
#[test]
fn a_constraint_error_names_everything() {
    let error = duplicate("a@b.c");
    assert_eq!(
        error.to_string(),
        "insert violates unique key users_email_key of users: (email) = ('a@b.c') already exists in row (3), at row (7)"
    );
    assert_eq!(error.sqlstate(), "23505");
}

#[test]
fn long_values_are_cut_between_characters() {
    let message = duplicate(&"é".repeat(1_000)).to_string();
    assert!(
        message.contains(&format!("('{}...)", "é".repeat(31))),
        "{message}"
    );
}

#[test]
fn an_error_is_two_words() {
    assert!(size_of::<Error>() <= 16);
}
