//! What functions give, refuse and cannot give.

use crate::error::{ErrorKind, Failure, RequestKind};
use crate::expr::{
    Expr, JsonStep, Scope, Unit, all, any, coalesce, col, concat, not, now, param, val,
};
use crate::value::{DataType, Date, Timestamp, Value};

/// One column of each type, named by it, and a second integer.
struct Things;

impl Scope for Things {
    fn subject(&self) -> &str {
        "things"
    }

    fn column(&self, name: &str) -> Option<(u32, DataType)> {
        let columns = [
            ("int", DataType::Int),
            ("float", DataType::Float),
            ("text", DataType::Text),
            ("bool", DataType::Bool),
            ("bytes", DataType::Bytes),
            ("at", DataType::Timestamp),
            ("day", DataType::Date),
            ("json", DataType::Json),
            ("nothing", DataType::Int),
        ];
        let position = columns.iter().position(|(it, _)| *it == name)?;
        Some((u32::try_from(position).ok()?, columns[position].1))
    }
}

fn document() -> Value {
    match cfg!(feature = "json") {
        true => {
            json(r#"{"name":"Ada","tags":["a",["b"],3],"age":36,"height":1.7,"ok":true,"no":null}"#)
        }
        false => Value::Null,
    }
}

#[cfg(feature = "json")]
fn json(text: &str) -> Value {
    text.parse::<crate::value::Json>().unwrap().into()
}

#[cfg(not(feature = "json"))]
fn json(_: &str) -> Value {
    Value::Null
}

fn sample() -> [Value; 9] {
    [
        7.into(),
        2.5.into(),
        " Größe ".into(),
        true.into(),
        vec![1_u8, 2, 3].into(),
        instant("2024-02-29T13:35:07.25Z"),
        Date::from_ymd(2024, 1, 31).into(),
        document(),
        Value::Null,
    ]
}

fn instant(text: &str) -> Value {
    text.parse::<Timestamp>().unwrap().into()
}

fn day(year: i16, month: i8, day: i8) -> Value {
    Date::from_ymd(year, month, day).unwrap().into()
}

fn value(expr: impl Into<Expr>) -> Value {
    let bound = expr.into().bind_value(&Things).unwrap();
    let value = bound.value(&sample()[..]).unwrap();
    let found = value.data_type();
    assert!(
        found.is_none() || found == bound.data_type(),
        "the type that was told"
    );
    value
}

fn failure(expr: impl Into<Expr>) -> (Failure, String) {
    let bound = expr.into().bind_value(&Things).unwrap();
    let error = bound.value(&sample()[..]).unwrap_err();
    match error.kind() {
        ErrorKind::Request(RequestKind::Evaluation(failure)) => (failure, error.to_string()),
        other => panic!("{other:?}"),
    }
}

fn refusal(expr: impl Into<Expr>) -> String {
    let error = expr.into().bind_value(&Things).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Request(RequestKind::Type | RequestKind::Unsupported)
    ));
    error.to_string()
}

#[test]
fn numbers_are_worked_out_as_in_sql() {
    let cases: [(Expr, Value); 21] = [
        (col("int") + 3, 10.into()),
        (col("int") - 10, (-3).into()),
        (col("int") * col("int"), 49.into()),
        (col("int") / 2, 3.into()),
        (-col("int") / 2, (-3).into()),
        (col("int") % 4, 3.into()),
        (-col("int") % 4, (-3).into()),
        (val(i64::MIN) % val(-1), 0.into()),
        (col("int") + col("float"), 9.5.into()),
        (col("float") / 2, 1.25.into()),
        (col("int") / 2.0, 3.5.into()),
        (-col("float"), (-2.5).into()),
        (col("float").round(), 2.0.into()),
        ((col("float") + 1).round(), 4.0.into()),
        (val(-2.5).round(), (-2.0).into()),
        (col("float").floor(), 2.0.into()),
        (col("float").ceil(), 3.0.into()),
        (col("int").floor(), 7.into()),
        (val(-3).abs(), 3.into()),
        (col("nothing") / 0, Value::Null),
        (val(f64::INFINITY) - f64::INFINITY, f64::NAN.into()),
    ];
    for (expr, expected) in cases {
        assert_eq!(value(expr.clone()), expected, "{expr}");
    }
    // One zero, as everywhere.
    let zero = value(val(0.0) * -1).as_float().unwrap();
    assert!(zero.is_sign_positive());
}

// Broken, a total would silently be another number, or a row would take the process down.
#[test]
fn a_number_that_does_not_fit_is_a_failure() {
    let cases: [(Expr, Failure); 13] = [
        (val(i64::MAX) + col("int"), Failure::NumberOutOfRange),
        (val(i64::MIN) - col("int"), Failure::NumberOutOfRange),
        (val(i64::MAX) * col("int"), Failure::NumberOutOfRange),
        (val(i64::MIN) / -1, Failure::NumberOutOfRange),
        (-val(i64::MIN), Failure::NumberOutOfRange),
        (val(i64::MIN).abs(), Failure::NumberOutOfRange),
        (val(1e308) * col("int"), Failure::NumberOutOfRange),
        (val(1e-308) * 1e-308, Failure::NumberOutOfRange),
        (val(1e-308) / 1e308, Failure::NumberOutOfRange),
        (col("int") / 0, Failure::DivisionByZero),
        (col("int") % 0, Failure::DivisionByZero),
        (col("float") / 0, Failure::DivisionByZero),
        (val(f64::INFINITY) / 0.0, Failure::DivisionByZero),
    ];
    for (expr, expected) in cases {
        assert_eq!(failure(expr.clone()).0, expected, "{expr}");
    }
    let (_, text) = failure((col("int") / (col("int") - 7)).eq(1).and(col("bool")));
    assert_eq!(text, "things: division by zero in int / (int - 7)");
}

// Broken, a filter that guards itself would fail all the same.
#[test]
fn what_is_settled_goes_no_further() {
    let fails = || (col("int") / 0).gt(1);
    assert_eq!(value(any([col("bool"), fails()])), true.into());
    assert_eq!(value(all([not(col("bool")), fails()])), false.into());
    assert_eq!(value(coalesce([col("int"), col("int") / 0])), 7.into());
    let guarded = col("nothing").ne(0).and(fails());
    // A filter stops at what is not true; a test goes on to find a false.
    assert_eq!(
        guarded.bind(&Things).unwrap().matches(&sample()[..]),
        Ok(false)
    );
    assert_eq!(
        failure(coalesce([col("nothing"), col("int") / 0])).0,
        Failure::DivisionByZero
    );
}

#[test]
fn texts_are_taken_apart_and_put_together() {
    let cases: [(Expr, Value); 24] = [
        (col("text").lower(), " größe ".into()),
        (col("text").upper(), " GRÖSSE ".into()),
        (val("plain").lower(), "plain".into()),
        (col("text").trim(), "Größe".into()),
        (val("\t a ").trim(), "\t a".into()),
        (col("text").trim().length(), 5.into()),
        (col("bytes").length(), 3.into()),
        (val("größe").substr(3), "öße".into()),
        (val("größe").substr_of(2, 2), "rö".into()),
        (val("größe").substr_of(0, 2), "g".into()),
        (val("größe").substr_of(-5, 3), "".into()),
        (val("größe").substr_of(5, 9), "e".into()),
        (val("größe").substr_of(9, 9), "".into()),
        (val("größe").substr_of(2, i64::MAX), "röße".into()),
        (val("größe").substr_of(i64::MIN, i64::MAX), "".into()),
        (col("text").trim().lower().substr(2).upper(), "RÖSSE".into()),
        (val("a-b-c").replace("-", "+-"), "a+-b+-c".into()),
        (val("abc").replace("", "x"), "abc".into()),
        (val("aaa").replace("aa", "b"), "ba".into()),
        (
            concat([val("a"), val(Value::Null), col("text").trim()]),
            "aGröße".into(),
        ),
        (concat(Vec::<Expr>::new()), "".into()),
        (val("a").nullif("a"), Value::Null),
        (val("a").nullif("b"), "a".into()),
        (col("text").lower().nullif(Value::Null), " größe ".into()),
    ];
    for (expr, expected) in cases {
        assert_eq!(value(expr.clone()), expected, "{expr}");
    }
    let (kind, text) = failure(col("text").substr_of(1, -col("int")));
    assert_eq!(kind, Failure::NegativeLength);
    assert_eq!(text, "things: negative length in substr(text, 1, -int)");
}

// Broken, sixty short functions would ask for more memory than there is.
#[test]
fn texts_that_grow_have_a_bound() {
    let grown = |letters: usize| val("a".repeat(letters)).replace("a", "b".repeat(100_000));
    assert_eq!(failure(grown(1_000)).0, Failure::TextTooLong);
    assert_eq!(
        failure(concat([grown(400), grown(400)])).0,
        Failure::TextTooLong
    );
}

#[test]
fn null_gives_null_but_where_it_is_asked_about() {
    for expr in [
        col("nothing") + 1,
        val(1.5) * col("nothing"),
        -col("nothing"),
        val(Value::Null).lower(),
        val(Value::Null) + Value::Null,
        col("text").substr(col("nothing")),
        col("text").substr_of(1, col("nothing")),
        col("text").replace("a", Value::Null),
        col("at").plus(col("nothing"), Unit::Day),
        val(Value::Null).year(),
        val(Value::Null).nullif(1),
        coalesce([col("nothing"), col("nothing")]),
        coalesce(Vec::<Expr>::new()),
    ] {
        assert_eq!(value(expr.clone()), Value::Null, "{expr}");
    }
    assert_eq!(value(coalesce([col("nothing"), col("int")])), 7.into());
    assert_eq!(
        value(coalesce([col("nothing") + col("nothing"), val(2)])),
        2.into()
    );
    assert_eq!(value(coalesce([col("nothing"), val(0.5)])), 0.5.into());
    assert_eq!(value(coalesce([col("int"), col("float")])), 7.0.into());
    assert_eq!(
        value(coalesce([val(Value::Null).eq(1), col("bool")])),
        true.into()
    );
    assert_eq!(
        value(coalesce([col("nothing"), val(5)]).eq(col("int") - 2)),
        true.into()
    );
    assert_eq!(
        value(val(5).eq(coalesce([col("nothing"), val(5)]))),
        true.into()
    );
}

#[test]
fn time_has_parts_and_goes_on() {
    let cases: [(Expr, Value); 16] = [
        (col("at").year(), 2024.into()),
        (col("at").month(), 2.into()),
        (col("at").day(), 29.into()),
        (col("at").hour(), 13.into()),
        (col("at").minute(), 35.into()),
        (col("at").second(), 7.into()),
        (col("day").month(), 1.into()),
        (
            col("at").date_trunc(Unit::Month),
            instant("2024-02-01T00:00:00Z"),
        ),
        (
            col("at").date_trunc(Unit::Minute),
            instant("2024-02-29T13:35:00Z"),
        ),
        (col("day").date_trunc(Unit::Year), day(2024, 1, 1)),
        (col("day").plus(1, Unit::Month), day(2024, 2, 29)),
        (col("day").minus(1, Unit::Day), day(2024, 1, 30)),
        (
            col("at").plus(1, Unit::Year),
            instant("2025-02-28T13:35:07.25Z"),
        ),
        (
            col("at").plus(col("int"), Unit::Hour),
            instant("2024-02-29T20:35:07.25Z"),
        ),
        (
            col("at").minus(250_000, Unit::Microsecond),
            instant("2024-02-29T13:35:07Z"),
        ),
        (
            col("at").minus(col("int"), Unit::Second),
            instant("2024-02-29T13:35:00.25Z"),
        ),
    ];
    for (expr, expected) in cases {
        assert_eq!(value(expr.clone()), expected, "{expr}");
    }
    let late = Value::from(Timestamp::from_micros(i64::MAX));
    assert_eq!(
        failure(val(late).plus(1, Unit::Day)).0,
        Failure::TimeOutOfRange
    );
    let error = now().gt(col("at")).bind(&Things).unwrap_err();
    assert_eq!(
        error.to_string(),
        "things: now() outside of a request or a statement"
    );
    let at = Timestamp::from_micros(5);
    let (bound, given) = now()
        .eq(val(at))
        .and(col("at").gt(now()))
        .bind_at(&Things, || at)
        .unwrap();
    assert_eq!(
        bound.matches_with(&sample()[..], given.as_slice()),
        Ok(true)
    );
}

#[cfg(feature = "json")]
#[test]
fn documents_are_looked_into() {
    let tags = || col("json").json_get(["tags"]);
    let cases: [(Expr, Value); 19] = [
        (col("json").json_get(["name"]), json(r#""Ada""#)),
        (tags(), json(r#"["a",["b"],3]"#)),
        (tags().json_get([0]), json(r#""a""#)),
        (
            col("json").json_get([JsonStep::from("tags"), (-1).into()]),
            json("3"),
        ),
        (col("json").json_get(["no"]), json("null")),
        (col("json").json_get(["none"]), Value::Null),
        (col("json").json_get([0]), Value::Null),
        (
            col("json").json_value(["name"], DataType::Text),
            "Ada".into(),
        ),
        (col("json").json_value(["age"], DataType::Int), 36.into()),
        (
            col("json").json_value(["age"], DataType::Float),
            36.0.into(),
        ),
        (
            col("json").json_value(["height"], DataType::Int),
            Value::Null,
        ),
        (col("json").json_value(["ok"], DataType::Bool), true.into()),
        (col("json").json_value(["no"], DataType::Text), Value::Null),
        (
            col("json").json_value(["name"], DataType::Text).lower(),
            "ada".into(),
        ),
        (col("json").json_exists(["no"]), true.into()),
        (col("json").json_exists(["name", "first"]), false.into()),
        (tags().json_array_length(), 3.into()),
        (
            tags().json_contains(val(json(r#"[["b"],"a"]"#))),
            true.into(),
        ),
        (
            col("json").json_contains(val(json(r#"{"age":35}"#))),
            false.into(),
        ),
    ];
    for (expr, expected) in cases {
        assert_eq!(value(expr.clone()), expected, "{expr}");
    }
    let (kind, text) = failure(col("json").json_array_length());
    assert_eq!(kind, Failure::NotAnArray);
    assert_eq!(
        text,
        "things: length of what is no array in json_array_length(json)"
    );
    let known = col("json").json_exists(["name"]).and(col("bool"));
    assert_eq!(
        known.bind(&Things).unwrap().test(&sample()[..]),
        Ok(Some(true))
    );
}

#[cfg(not(feature = "json"))]
#[test]
fn documents_need_their_feature() {
    for expr in [
        col("json").json_get(["a"]),
        col("json").json_exists(["a"]),
        col("json").json_array_length(),
    ] {
        let text = refusal(expr);
        assert!(text.ends_with("without the feature json"), "{text}");
    }
}

#[test]
fn patterns_have_escapes_and_no_case() {
    let like = |text: &str, expr: fn(Expr) -> Expr| value(expr(val(text)));
    assert_eq!(like("10%", |it| it.like_escape("10!%", '!')), true.into());
    assert_eq!(like("10x", |it| it.like_escape("10!%", '!')), false.into());
    assert_eq!(like("a!", |it| it.like_escape("a!!", '!')), true.into());
    assert_eq!(like("a!", |it| it.like_escape("_!", '!')), true.into());
    assert_eq!(like("a%b", |it| it.like_escape("aé%b", 'é')), true.into());
    assert_eq!(like("100%", |it| it.like_escape("100%%", '%')), true.into());
    assert_eq!(like(r"a\b", |it| it.like_escape(r"a\_", None)), true.into());
    assert_eq!(
        like("x", |it| it.like_escape(Value::Null, '!')),
        Value::Null
    );
    assert_eq!(like("GRÖSSE", |it| it.ilike("gröss_")), true.into());
    assert_eq!(like("größe", |it| it.ilike("GRÖ_E")), true.into());
    assert_eq!(like("größe", |it| it.like("GRÖ_E")), false.into());
    assert_eq!(like("İx", |it| it.ilike("_X")), true.into());
    assert_eq!(like(r"a%", |it| it.ilike(r"A\%")), true.into());
    assert_eq!(
        value(col("text").trim().ilike(concat([val("g"), val("%")]))),
        true.into()
    );
    let escaped = col("text")
        .like_escape("a", '!')
        .and(not(col("text").ilike("b")));
    assert_eq!(
        escaped.to_string(),
        "text like 'a' escape '!' and text not ilike 'b'"
    );
}

// Broken, a wrong argument would be found by the first row, or never.
#[test]
fn arguments_are_checked_before_anything_runs() {
    let cases = [
        (
            col("text") + 1,
            "things: argument 1 of + has to be int or float, not column text (text)",
        ),
        (
            col("int") % col("float"),
            "things: argument 2 of mod has to be int, not column float (float)",
        ),
        (
            col("text").substr_of(1, "x"),
            "things: argument 3 of substr has to be int, not 'x' (text)",
        ),
        (
            col("int").lower(),
            "things: argument 1 of lower has to be text, not column int (int)",
        ),
        (
            col("int").length(),
            "things: argument 1 of length has to be text or bytes, not column int (int)",
        ),
        (
            concat([val("a"), val(1)]),
            "things: argument 2 of concat has to be text, not 1 (int)",
        ),
        (
            coalesce([col("nothing"), col("text")]),
            "things: argument 2 of coalesce has to be int, not column text (text)",
        ),
        (
            col("int").nullif(col("text").lower()),
            "things: argument 2 of nullif has to be int, not (lower(text)) (text)",
        ),
        (
            col("day").hour(),
            "things: argument 1 of hour has to be timestamp, not column day (date)",
        ),
        (
            col("int").year(),
            "things: argument 1 of year has to be timestamp or date, not column int (int)",
        ),
        (
            col("day").plus(1, Unit::Minute),
            "things: argument 1 of date_add has to be timestamp, not column day (date)",
        ),
        (
            col("at").plus(1.5, Unit::Day),
            "things: argument 2 of date_add has to be int, not 1.5 (float)",
        ),
    ];
    for (expr, message) in cases {
        assert_eq!(refusal(expr), message);
    }
    assert_eq!(
        refusal((col("int") + 1).eq("a")),
        "things: (int + 1) (int) cannot be compared with 'a' (text)"
    );
    let error = (col("int") + 1).bind(&Things).unwrap_err();
    assert_eq!(
        error.to_string(),
        "things: (int + 1) (int) is not a predicate"
    );
    if cfg!(feature = "json") {
        let text = refusal(col("json").json_value(["a"], DataType::Uuid));
        assert_eq!(text, "things: json_value that gives uuid");
    }
}

#[test]
fn a_parameter_has_the_type_of_its_place() {
    let parameters = std::cell::RefCell::default();
    let expr = all([
        col("int").gt(param("a") + col("int")),
        col("text").substr(param("b")).like(param("c")),
        col("at").plus(param("d"), Unit::Day).lt(param("e")),
        coalesce([param("f"), col("float")]).gt(1),
    ]);
    let bound = expr.bind_with(&Things, &parameters, None).unwrap();
    let parameters: crate::expr::Parameters = parameters.into_inner();
    let types: Vec<_> = parameters.iter().filter_map(|it| it.data_type).collect();
    let (int, text) = (DataType::Int, DataType::Text);
    assert_eq!(
        types,
        [int, int, text, int, DataType::Timestamp, DataType::Float]
    );
    let late = Value::from(Timestamp::from_micros(i64::MAX));
    let given = [
        (-1).into(),
        2.into(),
        "Gr%".into(),
        1.into(),
        late,
        Value::Null,
    ];
    assert_eq!(bound.matches_with(&sample()[..], &given), Ok(true));
    assert_eq!(
        refusal(param("a").length()),
        "things: nothing says of which type parameter a is"
    );
}

#[test]
fn what_cannot_fail_is_known() {
    let total = [
        col("text").lower().trim().eq("a"),
        (col("int") % 2).eq(0),
        (col("int") / 2).eq(0),
        col("text").substr_of(1, 3).length().gt(2),
        col("at").year().eq(2024),
        coalesce([col("float").round(), val(1)]).nullif(2).is_null(),
    ];
    for expr in total {
        let bound = expr.bind_total(&Things).unwrap();
        assert_eq!(
            bound.matches(&sample()[..]),
            expr.bind(&Things).unwrap().matches(&sample()[..]).unwrap()
        );
    }
    for (expr, part) in [
        (col("int").gt(col("int") + 1), "int + 1"),
        ((col("int") / -1).gt(1), "int / -1"),
        ((col("int") / 0).gt(1), "int / 0"),
        ((col("float") / 2).gt(1), "float / 2"),
        ((col("int") % col("int")).gt(1), "int % int"),
        (col("text").substr_of(1, -1).eq(""), "substr(text, 1, -1)"),
        (
            col("at").plus(1, Unit::Day).is_null(),
            "date_add(at, 1, 'day')",
        ),
        (concat([col("text"), val("a")]).eq("a"), "concat(text, 'a')"),
    ] {
        let error = expr.bind_total(&Things).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("things: {part} can fail for a row")
        );
    }
}

#[test]
fn printed_with_the_brackets_that_are_needed() {
    let (a, b, c) = (|| col("a"), || col("b"), || col("c"));
    let cases = [
        (a() + b() * c(), "a + b * c"),
        ((a() + b()) * c(), "(a + b) * c"),
        (a() - (b() - c()), "a - (b - c)"),
        (a() - b() - c(), "a - b - c"),
        (a() / (b() * c()), "a / (b * c)"),
        (a() % b() + 1, "a % b + 1"),
        (-(a() + b()), "-(a + b)"),
        (-a() - -b(), "-a - -b"),
        (-(-a()), "-(-a)"),
        (a() * -3, "a * -3"),
        (-val(-3), "-(-3)"),
        ((a() + 1).gt(b() * 2).and(c()), "a + 1 > b * 2 and c"),
        ((a() + 1).eq(b().eq(c())), "a + 1 = (b = c)"),
        (a().eq(1) + 1, "(a = 1) + 1"),
        (
            (a() + 1).between(b() - 1, c() + 1),
            "a + 1 between b - 1 and c + 1",
        ),
        ((a() + 1).is_null(), "a + 1 is null"),
        (
            coalesce([a().lower(), concat([b(), c()])]),
            "coalesce(lower(a), concat(b, c))",
        ),
        (a().or(b()).length(), "length(a or b)"),
        (
            a().date_trunc(Unit::Hour).hour(),
            "hour(date_trunc(a, 'hour'))",
        ),
        (a().minus(b(), Unit::Month), "date_add(a, -b, 'month')"),
        (
            a().json_get([JsonStep::from("x'y"), 1.into()]),
            r#"json_get(a, '$."x''y"[1]')"#,
        ),
        (a().like_escape("b", '\''), "a like 'b' escape ''''"),
        (a().like_escape("b", None), "a like 'b' escape ''"),
        (now().gt(a()), "now() > a"),
    ];
    for (expr, text) in cases {
        assert_eq!(expr.to_string(), text);
    }
}
