//! Order, equality, hashing and text forms of values.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use proptest::prelude::*;

use super::{Date, Key, Timestamp, Value};

fn hash_of(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn integers_and_floats_compare_by_exact_value() {
    let cases: [(i64, f64, Ordering); 8] = [
        (1, 1.0, Ordering::Equal),
        (1, 1.5, Ordering::Less),
        (-1, -1.5, Ordering::Greater),
        (i64::MAX, 9_223_372_036_854_775_808.0, Ordering::Less),
        (i64::MIN, -9_223_372_036_854_775_808.0, Ordering::Equal),
        (
            9_007_199_254_740_993,
            9_007_199_254_740_992.0,
            Ordering::Greater,
        ),
        (0, f64::NAN, Ordering::Less),
        (0, -0.0, Ordering::Equal),
    ];
    for (int, float, expected) in cases {
        assert_eq!(
            Value::from(int).cmp(&Value::from(float)),
            expected,
            "{int} and {float}"
        );
        assert_eq!(
            Value::from(float).cmp(&Value::from(int)),
            expected.reverse(),
            "{float} and {int}"
        );
    }
}

// rules: RI-7
// Broken, two rows with the keys 0.0 and -0.0 could stand side by side under a unique key.
#[test]
fn zeros_are_one_value_and_nans_are_one_value() {
    assert_eq!(Value::from(0.0), Value::from(-0.0));
    assert_eq!(hash_of(&Value::from(0.0)), hash_of(&Value::from(-0.0)));
    assert_eq!(Value::from(f64::NAN), Value::from(-f64::NAN));
    assert_eq!(
        hash_of(&Value::from(f64::NAN)),
        hash_of(&Value::from(-f64::NAN))
    );
    assert!(Value::from(f64::NAN) > Value::from(f64::INFINITY));
}

#[test]
fn null_is_unknown_in_comparison_and_first_in_order() {
    let (null, one) = (Value::Null, Value::from(1));
    assert_eq!(null.as_ref().compare(one.as_ref()), None);
    assert_eq!(null.as_ref().compare(null.as_ref()), None);
    assert!(null < one);
}

#[test]
fn texts_and_calendar_read_back() {
    let instant: Timestamp = "2026-11-24T13:35:00.25Z".parse().unwrap();
    assert_eq!(instant.as_micros(), 1_795_527_300_250_000);
    assert_eq!(instant.to_string(), "2026-11-24T13:35:00.25Z");
    let day: Date = "1969-12-31".parse().unwrap();
    assert_eq!(
        (day.as_days(), day.to_string()),
        (-1, "1969-12-31".to_owned())
    );
    assert_eq!(
        Date::from_ymd(2024, 2, 29).unwrap().to_string(),
        "2024-02-29"
    );
    assert_eq!(Date::from_days(i32::MAX).to_string(), "2147483647d");
    assert_eq!(Value::from("it's").to_string(), "'it''s'");
    assert_eq!(Key::from((1, "a")).to_string(), "(1, 'a')");
    assert_eq!(Key::from(7).to_string(), "7");
}

#[cfg(feature = "json")]
#[test]
fn json_is_canonical() {
    let a: super::Json = r#"{"b": 1, "a": {"d": [1, 2], "c": null}}"#.parse().unwrap();
    let b: super::Json = r#"{"a":{"c":null,"d":[1,2]},"b":1}"#.parse().unwrap();
    assert_eq!(a, b);
    assert_eq!(a.as_str(), b.to_string());
    assert!("{".parse::<super::Json>().is_err());
    assert!("[".repeat(200).parse::<super::Json>().is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i32..3).prop_map(|v| Value::from(f64::from(v))),
        "[a-c]{0,3}".prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn order_is_total_and_agrees_with_hash(a in any_value(), b in any_value(), c in any_value()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a == b {
            prop_assert_eq!(hash_of(&a), hash_of(&b));
        }
    }
}
