//! What errors say, what they leave out, and how large they are.

use super::{
    ConstraintError, ConstraintKind, DeclarationError, Error, ErrorKind, Failure, Further, Limit,
    Operation, Problem, ProblemKind, RequestError, RequestKind, RowName, Show, TransactionError,
    TransactionKind, ValidationError, Violation,
};
use crate::value::{Key, Value};

fn broken(kind: ConstraintKind, value: &str) -> Error {
    Error::from(ConstraintError {
        kind,
        constraint: "users_email_key".into(),
        table: "users".into(),
        columns: vec!["email".into()],
        values: vec![Value::from(value)],
        operation: Operation::Insert,
        row: Some(Key::from(value)),
        other: Some(RowName {
            table: "accounts".into(),
            columns: vec!["id".into()],
            key: Some(Key::from(value)),
        }),
        chain: vec!["users_team_id_fkey".into()],
        further: Further::default(),
    })
}

fn duplicate(value: &str) -> Error {
    broken(ConstraintKind::Unique, value)
}

const CONSTRAINT_KINDS: [ConstraintKind; 5] = [
    ConstraintKind::NotNull,
    ConstraintKind::Check,
    ConstraintKind::Unique,
    ConstraintKind::Reference,
    ConstraintKind::Restrict,
];

// rules: RI-71
// Broken, a test that fails on a duplicate could not tell which row was already there.
#[test]
fn a_constraint_error_names_everything() {
    let error = duplicate("a@b.c");
    assert_eq!(
        error.to_string(),
        "insert violates unique key users_email_key of users: (email) = ('a@b.c') already exists in row ('a@b.c'), \
         at row ('a@b.c'), by way of users_team_id_fkey"
    );
    assert_eq!(error.sqlstate(), "23505");
}

// rules: RI-71
// Broken, one long value would fill a log, or half a character would end a text.
#[test]
fn long_values_are_cut_between_characters() {
    let message = duplicate(&"é".repeat(1_000)).to_string();
    let cut = format!("= ('{}...)", "é".repeat(31));
    assert!(message.contains(&cut), "{message}");
    let exact = "a".repeat(62);
    assert!(
        duplicate(&exact)
            .to_string()
            .contains(&format!("('{exact}')"))
    );
    let bytes = |length| Show::Values.list(&[Value::Bytes(vec![0xAB; length].into())]);
    assert_eq!(bytes(1), "(x'ab')");
    assert_eq!(bytes(1 << 20), format!("(x'{}...)", "ab".repeat(31)));
    let quoted = Show::Values.list(&[Value::from("'".repeat(200))]);
    assert_eq!(quoted, format!("('{}...)", "'".repeat(63)));
}

// rules: RI-71
// Broken, an error about a key of many columns, or of a deep cascade, would be a document.
#[test]
fn a_text_has_at_most_1_024_bytes() {
    let text = |length: usize| {
        let detail = "é".repeat(length / 2) + &"a".repeat(length % 2);
        Error::from(RequestError::new(RequestKind::Refused, "", detail)).to_string()
    };
    assert_eq!(text(1_024).len(), 1_024);
    assert!(!text(1_024).ends_with("..."));
    assert!(text(1_025).len() <= 1_024 && text(1_025).ends_with("é..."));
    let deep = ConstraintError {
        chain: vec!["a_to_b_fkey".into(); 10_000],
        ..duplicate("a").as_constraint().unwrap().clone()
    };
    assert_eq!(Error::from(deep).to_string().len(), 1_024);
    let problem = Problem::new(ProblemKind::Unknown, "users", "no column x");
    let problems = vec![problem; 10_000];
    let error = Error::from(DeclarationError { problems });
    assert_eq!(error.to_string().len(), 1_024);
    assert_eq!(error.redacted().to_string(), error.to_string());
}

// rules: RI-52, RI-71
// Broken, whoever reads of a failed commit would not learn that more is wrong, or how much.
#[test]
fn a_text_lists_further_violations_after_their_number() {
    let one = |value: &str| ConstraintError {
        operation: Operation::Commit,
        chain: Vec::new(),
        ..broken(ConstraintKind::Reference, value)
            .as_constraint()
            .unwrap()
            .clone()
    };
    let several = |listed: Vec<ConstraintError>, unlisted: usize| {
        Error::from(ConstraintError {
            further: Further { listed, unlisted },
            ..one("a")
        })
    };
    let found = |value: &str| {
        format!(
            "foreign key users_email_key of users: (email) = ('{value}') has no row in accounts, at row ('{value}')"
        )
    };
    assert_eq!(
        several(vec![one("b"), one("c")], 0).to_string(),
        format!(
            "commit violates {}; and 2 more: {}; {}",
            found("a"),
            found("b"),
            found("c")
        )
    );
    let many = several(vec![one("SECRET"); 99], 1_000);
    let (text, redacted) = (many.to_string(), many.redacted().to_string());
    assert_eq!(text.len(), 1_024);
    assert!(text.contains("; and 1099 more: ") && text.ends_with("..."));
    assert!(redacted.contains("; and 1099 more: ") && !redacted.contains("SECRET"));
    assert!(format!("{many:?}").contains("further: 1099"));
    let constraint = many.as_constraint().unwrap();
    assert_eq!(constraint.violations_count(), 1_100);
    assert_eq!(many.violations().count(), 100);
}

/// An error of every sort that speaks of data.
fn errors_about(value: &str) -> Vec<Error> {
    let values = [Value::from(value)];
    let detail = |show: Show| format!("row {} is not there", show.list(&values));
    let conflict = RequestError::with_values(RequestKind::Conflict, "users", detail);
    let constraints = CONSTRAINT_KINDS.map(|kind| broken(kind, value));
    let violation = Violation {
        rule: "one of each".to_owned(),
        attributes: vec!["email".to_owned(), "name".to_owned()],
        values: vec![Value::from(value), Value::from(value)],
        message: "violates one of each".to_owned(),
        position: Some(3),
    };
    let invalid = ValidationError::of("users", vec![violation]).unwrap();
    let others = [conflict.into(), invalid.into()];
    constraints.into_iter().chain(others).collect()
}

// rules: RI-71
// Broken, a log that must not hold data would hold an address or a token.
#[test]
fn a_redacted_text_keeps_names_and_leaves_out_values() {
    for error in errors_about("SECRET") {
        let (plain, redacted) = (error.to_string(), error.redacted().to_string());
        assert!(plain.contains("SECRET"), "{plain}");
        assert!(!redacted.contains("SECRET"), "{redacted}");
        assert!(
            redacted.contains("users") && redacted.contains("(…)"),
            "{redacted}"
        );
        assert_eq!(format!("{:?}", error.redacted()), redacted);
    }
}

// Broken, whoever filled in a form with a thousand rows would get them all back, or not learn how many are wrong.
#[test]
fn a_validation_error_lists_a_hundred_violations_and_counts_the_others() {
    let violation = |at: usize| Violation {
        rule: "min".to_owned(),
        attributes: vec!["age".to_owned()],
        values: vec![Value::from(-1)],
        message: "must be at least 0".to_owned(),
        position: Some(at),
    };
    let error = |count: usize| ValidationError::of("users", (0..count).map(violation).collect());
    assert_eq!(error(0), None);
    let hundred = error(100).unwrap();
    assert_eq!((hundred.violations.len(), hundred.unlisted), (100, 0));
    let more = error(102).unwrap();
    assert_eq!((more.violations.len(), more.unlisted), (100, 2));
    let text = more.to_string();
    let start = "users is not valid: 102 violations: at 0: age = -1 must be at least 0; at 1: age";
    assert!(text.starts_with(start) && text.len() == 1_024, "{text}");
    let error = Error::from(error(1).unwrap());
    assert_eq!(
        (error.kind(), error.sqlstate()),
        (ErrorKind::Validation, "22023")
    );
}

// Broken, an `unwrap` of an error would print a whole document.
#[test]
fn the_debug_form_cuts_values_too() {
    for error in errors_about(&"a".repeat(1 << 20)) {
        let shown = format!("{error:?}");
        assert!(shown.len() < 1_024, "{} bytes", shown.len());
    }
}

/// Checks the code of every variant; one that is left out does not compile.
macro_rules! assert_sqlstates {
    ($kind:ident: $($variant:ident $(($inner:expr))? => $code:literal),+ $(,)?) => {{
        let _every_variant = |kind: $kind| match kind { $($kind::$variant { .. } => {})+ };
        for (kind, code) in [$(($kind::$variant $(($inner))?, $code)),+] {
            assert_eq!(kind.sqlstate(), code, "{kind:?}");
        }
    }};
}

// rules: RI-71
// Broken, whoever speaks SQL would be told of another sort of error than PostgreSQL tells of.
#[test]
fn every_kind_has_its_sqlstate() {
    assert_sqlstates!(ConstraintKind:
        NotNull => "23502",
        Check => "23514",
        Unique => "23505",
        Reference => "23503",
        Restrict => "23503",
    );
    assert_sqlstates!(RequestKind:
        UnknownTable => "42P01",
        UnknownColumn => "42703",
        UnknownConstraint => "42704",
        UnknownAccessor => "42883",
        UnknownParameter => "42P02",
        MissingParameter => "08P01",
        UnknownAssociation => "42704",
        UnknownScope => "42704",
        Type => "42804",
        KeyLength => "42601",
        NotFound => "02000",
        NotLoaded => "22023",
        Unsaved => "22023",
        Refused => "22023",
        Repeated => "21000",
        SchemaChanged => "0A000",
        Conflict => "40001",
        InUse => "2BP01",
        Limit(Limit::Expression) => "54001",
        Evaluation(Failure::DivisionByZero) => "22012",
        Unsupported => "0A000",
    );
    assert_sqlstates!(Failure:
        NumberOutOfRange => "22003",
        DivisionByZero => "22012",
        TimeOutOfRange => "22008",
        NegativeLength => "22011",
        NotAnArray => "22023",
        TextTooLong => "54000",
    );
    assert_sqlstates!(TransactionKind:
        UnknownSavepoint => "3B001",
        Limit(Limit::RowsChanged) => "53400",
        NotDeferrable => "42809",
        Busy => "55P03",
        Reentrant => "25001",
        Pending => "55006",
    );
    assert_sqlstates!(ProblemKind:
        Duplicate => "42710",
        Unknown => "42704",
        Type => "42804",
        Key => "42830",
        NotUnique => "42830",
        Cycle => "42P16",
        Action => "42P16",
        Association => "42P16",
        Scope => "42P16",
        Limit(Limit::Columns) => "54011",
        Unsupported => "0A000",
    );
    assert_sqlstates!(Limit:
        Tables => "54000",
        Columns => "54011",
        KeyColumns => "54011",
        Constraints => "54000",
        ValueBytes => "54000",
        RowsChanged => "53400",
        TransactionBytes => "53400",
        Savepoints => "53400",
        RowIds => "54000",
        Sequence => "2200H",
        Expression => "54001",
        IncludeDepth => "54001",
        ChainSteps => "54000",
        JsonDepth => "54001",
        IncludedRows => "54000",
        HookDepth => "54001",
    );
}

// Broken, a caller could not tell a limit that it may raise from one that it may not.
#[test]
fn a_limit_is_named_by_whoever_refuses() {
    let detail = "too much";
    let request = RequestError::new(RequestKind::Limit(Limit::ValueBytes), "users", detail);
    let transaction = TransactionError::new(TransactionKind::Limit(Limit::Savepoints), detail);
    let problem = Problem::new(ProblemKind::Limit(Limit::Tables), "schema", detail);
    let other = Problem::new(ProblemKind::Unknown, "users", detail);
    let problems = vec![other, problem];
    assert_eq!(Error::from(request).limit(), Some(Limit::ValueBytes));
    let transaction = Error::from(transaction);
    assert_eq!(transaction.limit(), Some(Limit::Savepoints));
    assert_eq!(
        transaction.kind(),
        ErrorKind::Transaction(TransactionKind::Limit(Limit::Savepoints))
    );
    let declaration = Error::from(DeclarationError { problems });
    assert_eq!(declaration.limit(), Some(Limit::Tables));
    assert_eq!(declaration.sqlstate(), "42704");
    assert_eq!(duplicate("a").limit(), None);
}

#[test]
fn an_error_is_two_words() {
    assert!(size_of::<Error>() <= 16);
}
