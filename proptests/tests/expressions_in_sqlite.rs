//! Random typed expressions over random rows, on relata and on SQLite; every difference has a name.
//!
//! `RELATA_EXPRESSIONS=n` does more, `RELATA_SEED=n` begins elsewhere. A failure names its seed.

use std::collections::BTreeMap;

use relata::expr::Bound;
use relata::value::{DataType, Value};
use relata_proptests::choices::Choices;
use relata_proptests::environment::{report, variable};
use relata_proptests::expressions::term::{Names, Row, Term};
use relata_proptests::expressions::{COLUMNS, Difference, agree, draw, evaluate, sql};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

const ROWS: usize = 8;
const DEPTH: usize = 4;

fn table(rows: &[Row]) -> Connection {
    let sqlite = Connection::open_in_memory().expect("memory");
    let names: Vec<String> = COLUMNS
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let create = format!(
        "PRAGMA case_sensitive_like = ON; CREATE TABLE rows (id INTEGER PRIMARY KEY, {})",
        names.join(", ")
    );
    sqlite.execute_batch(&create).expect("a table");
    for (id, row) in rows.iter().enumerate() {
        let values: Vec<String> = row.iter().map(sql::constant).collect();
        let insert = format!("INSERT INTO rows VALUES ({id}, {})", values.join(", "));
        sqlite.execute_batch(&insert).expect("a row");
    }
    sqlite
}

/// What SQLite has for a term and a row; none if that is an error.
fn asked(sqlite: &Connection, term: &Term, id: usize) -> Option<Value> {
    let query = format!("SELECT {} FROM rows WHERE id = {id}", term.sql());
    let found = sqlite.prepare_cached(&query).and_then(|mut statement| {
        statement.query_row([], |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(it) => it.into(),
                ValueRef::Real(it) => it.into(),
                ValueRef::Text(it) => String::from_utf8_lossy(it).into_owned().into(),
                ValueRef::Blob(it) => it.into(),
            })
        })
    });
    match found {
        Ok(value) => Some(value),
        Err(error) if error.to_string().contains("overflow") => None,
        Err(error) => panic!("{query}: {error}"),
    }
}

/// The filter selects what is true, and tells of a failure where there is one before.
fn check_filter(bound: &Bound, row: &Row, value: Option<&Value>) {
    let matched = bound.matches(&row[..]).ok();
    let expected = value.map(|it| *it == Value::Bool(true));
    // A filter stops at the first term that is not true; its value may want all of them.
    assert!(
        matched == expected || expected.is_none() && matched == Some(false),
        "{bound}"
    );
}

// Broken, an expression has another value than in SQL, and nothing that is known says why.
#[test]
fn relata_and_sqlite_differ_only_by_name() {
    let count: u64 = variable("RELATA_EXPRESSIONS", 3_000).expect("a number");
    let first: u64 = variable("RELATA_SEED", 20_261_129).expect("a number");
    let mut tally = BTreeMap::new();
    let types = [
        DataType::Bool,
        DataType::Int,
        DataType::Float,
        DataType::Text,
        DataType::Timestamp,
        DataType::Date,
    ];
    for seed in first..first + count {
        let mut choices = Choices::from_seed(seed);
        let rows: Vec<Row> = (0..ROWS).map(|_| draw::row(&mut choices)).collect();
        let data_type = types[choices.below(6)];
        let term = draw::term(&mut choices, data_type, DEPTH);
        let sqlite = table(&rows);
        for (id, row) in rows.iter().enumerate() {
            let relata = evaluate(&term, row);
            if data_type == DataType::Bool {
                let bound = term.expr().bind(&Names).expect("a predicate");
                check_filter(&bound, row, relata.as_ref().ok());
            }
            let other = asked(&sqlite, &term, id);
            let agreed = match (&relata, &other) {
                (Ok(value), Some(other)) => agree(value, other),
                _ => false,
            };
            let name = match agreed {
                true if relata == Ok(Value::Null) => "both are null".to_owned(),
                true => "equal values".to_owned(),
                false => match Difference::of(&term, row) {
                    Some(difference) => format!("{difference:?}"),
                    None => panic!(
                        "seed {seed}, row {id}: {}\nrelata {relata:?}, SQLite {other:?}\n{row:?}\n{}",
                        term.expr(),
                        term.sql()
                    ),
                },
            };
            *tally.entry(name).or_insert(0) += 1;
        }
    }
    report(first..first + count, &tally);
    let met = |name: &str| tally.get(name).copied().unwrap_or(0);
    assert!(
        met("equal values") > count * 3,
        "most values are equal ones"
    );
    for (name, number) in &tally {
        assert!(*number > count / 1_000, "{name}: met {number} times");
    }
    assert!(tally.len() >= 8, "differences are met");
}
