//! What is in the rows stays out of debug forms, and out of refusals that are redacted.

use super::blog;
use crate::engine::Database;
use crate::schema::Action;
use crate::value::Value;

/// Short enough to stand inline, in the page's heap, and in a blob.
fn secrets() -> [String; 3] {
    ["SECRET", "LONGER SECRET OF A PAGE", "SECRET BLOB"]
        .map(str::to_owned)
        .map(|secret| {
            if secret.ends_with("BLOB") {
                secret.repeat(40)
            } else {
                secret
            }
        })
}

fn filled() -> Database {
    let mut db = blog(Action::Cascade);
    for secret in secrets() {
        db.insert("authors", [("email", Value::from(secret))])
            .unwrap();
    }
    db
}

/// Neither as text, nor as bytes or words in decimal.
fn assert_silent(shown: &str) {
    assert!(!shown.contains("SECRET"), "{shown}");
    for secret in secrets() {
        let bytes = secret.as_bytes();
        let decimal = format!("{}, {}, {}", bytes[0], bytes[1], bytes[2]);
        assert!(!shown.contains(&decimal), "{shown}");
        let mut word = [0; 8];
        let length = bytes.len().min(8);
        word[..length].copy_from_slice(&bytes[..length]);
        let word = u64::from_ne_bytes(word).to_string();
        assert!(!shown.contains(&word), "{shown}");
    }
}

// Broken, a panic of a test that shows its database would print its rows.
#[test]
fn debug_forms_tell_counts_alone() {
    let mut db = filled();
    assert_eq!(
        format!("{:?}", db.snapshot()),
        r#"{"comments": 0, "posts": 0, "authors": 3}"#
    );
    assert_silent(&format!("{db:?}"));
    assert_silent(&format!("{:#?}", db.rows("authors").unwrap()));
    let mut tx = db.begin();
    tx.update_key("authors", 1, [("email", Value::from("none"))])
        .unwrap();
    assert_silent(&format!("{tx:#?}"));
}

// rules: RI-71
// Broken, a log of redacted errors would hold what somebody typed.
#[test]
fn refusals_are_silent_when_redacted() {
    let mut db = filled();
    let secret = || Value::from(secrets()[1].clone());
    let bad = [
        db.insert("authors", [("email", secret())]).unwrap_err(),
        db.insert("authors", [("id", secret())]).unwrap_err(),
        db.insert("posts", [("title", secret()), ("score", (-1).into())])
            .unwrap_err(),
        db.insert("posts", [("title", secret()), ("author_id", 99.into())])
            .unwrap_err(),
        db.filter("posts", &crate::expr::col("score").gt(secret()))
            .unwrap_err(),
        db.filter("authors", &crate::expr::val(secret()))
            .unwrap_err(),
        db.get("authors", vec![secret(), secret()]).unwrap_err(),
    ];
    for error in bad {
        assert_silent(&error.redacted().to_string());
        assert_silent(&format!("{:?}", error.redacted()));
    }
}
