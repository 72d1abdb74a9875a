//! Groups and aggregates beside SQLite, on the same random rows.
//!
//! `RELATA_GROUPS=n` asks more, `RELATA_SEED=n` others; a difference names its seed and case. SQLite adds ints until they overflow and
//! rounds averages on the way; here the drawn values are such that neither shows, and the sum that overflows is a test of
//! its own.

use fastrand::Rng;
use relata::aggregate::{Aggregate, Grouped, avg, count, count_rows, max, min, sum};
use relata::query::{Direction, Order};
use relata::{
    Attribute, DataType, Database, Expr, HasMany, Models, Result, Value, Values, asc, col,
};
use relata::{desc, include, select};
use relata_proptests::environment::variable;
use rusqlite::Connection;
use rusqlite::types::ValueRef as SqlValue;

const SEED: u64 = 20_261_129;

const COLUMNS: [(&str, DataType); 4] = [
    ("kind", DataType::Text),
    ("size", DataType::Int),
    ("share", DataType::Float),
    ("place", DataType::Int),
];

/// The same rows in both.
struct Pair {
    relata: Database,
    sqlite: Connection,
}

impl Pair {
    fn draw(random: &mut Rng) -> Result<Self> {
        let mut models = Models::new();
        models.define_with("Thing", |model| {
            let attributes = COLUMNS
                .iter()
                .map(|(name, kind)| Attribute::new(*name, *kind));
            attributes
                .fold(model, relata::ModelDef::attribute)
                .timestamps(false)
        });
        models.define_with("Part", |model| model.timestamps(false));
        models.has_many(
            "Thing",
            HasMany::new("Part").alias("parts").foreign_key("thing"),
        );
        let mut relata = models.sync()?;
        let sqlite = Connection::open_in_memory().expect("a database in memory");
        let tables = "create table things (id integer primary key, kind text, size integer, share real, place integer);
            create table parts (id integer primary key, thing integer);";
        sqlite.execute_batch(tables).expect("two tables");
        for id in 1..=random.i64(0..30) {
            let kinds = [None, Some("a"), Some("b"), Some("B"), Some("")];
            let kind = kinds[random.usize(0..kinds.len())];
            let size = random.bool().then(|| random.i64(-3..9));
            // Quarters are added without rounding.
            let share = random.bool().then(|| f64::from(random.i32(-9..9)) / 4.0);
            let row = [
                kind.into(),
                size.into(),
                share.into(),
                random.i64(0..4).into(),
            ];
            insert(&sqlite, "things", &[&[Value::Int(id)], &row[..]].concat());
            let named = COLUMNS.iter().map(|(name, _)| (*name).to_owned()).zip(row);
            relata.create("Thing", named.collect::<Values>())?;
            for _ in 0..random.usize(0..2) {
                let part = relata.create(
                    "Part",
                    [("thing", Value::Int(id))].into_iter().collect::<Values>(),
                )?;
                insert(&sqlite, "parts", &[part.get("id")?.clone(), Value::Int(id)]);
            }
        }
        Ok(Pair { relata, sqlite })
    }
}

fn insert(sqlite: &Connection, table: &str, row: &[Value]) {
    let cells: Vec<String> = row.iter().map(literal).collect();
    let text = format!("insert into {table} values ({})", cells.join(", "));
    sqlite.execute_batch(&text).expect("a row");
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        Value::Float(float) => format!("{float:?}"),
        other => other.to_string(),
    }
}

/// A request, and the same in SQL.
struct Request {
    relata: Grouped,
    sql: String,
}

impl Request {
    fn draw(random: &mut Rng) -> Self {
        let mut rows = select("Thing");
        let mut wheres = vec!["true".to_owned()];
        if random.bool() {
            let least = random.i64(-3..5);
            rows = rows.filter(col("size").ge(least).or(col("kind").is_null()));
            wheres.push(format!("(size >= {least} or kind is null)"));
        }
        if random.u8(0..4) == 0 {
            rows = rows.include(include("parts").required(true));
            wheres.push("exists (select 1 from parts where thing = things.id)".to_owned());
        }
        let mut by: Vec<&str> = vec!["kind", "size", "place", "share"];
        random.shuffle(&mut by);
        by.truncate(random.usize(0..3));
        let mut relata = rows.group_by(by.iter().copied());
        let mut shown: Vec<String> = by.iter().map(ToString::to_string).collect();
        let mut names: Vec<String> = shown.clone();
        for number in 0..random.usize(1..5) {
            let (aggregate, text) = draw_aggregate(random);
            let name = format!("it{number}");
            relata = relata.aggregate(&name, aggregate);
            shown.push(format!("{text} as {name}"));
            names.push(name);
        }
        let mut having = String::new();
        if random.bool() && !by.is_empty() {
            let (filter, text) = draw_having(random);
            relata = relata.aggregate("held", count_rows()).having(filter);
            shown.push("count(*) as held".to_owned());
            names.push("held".to_owned());
            having = format!(" having {text}");
        }
        let mut orders = Vec::new();
        for name in &names {
            if random.u8(0..3) != 0 {
                continue;
            }
            let order = draw_order(random, name);
            orders.push(order_text(&order.0, order.1, order.2));
            relata = relata.order_by(order.3);
        }
        orders.extend(
            by.iter()
                .map(|name| order_text(name, Direction::Ascending, false)),
        );
        let mut cut = String::new();
        if random.u8(0..3) == 0 {
            let (limit, offset) = (random.usize(0..5), random.usize(0..3));
            relata = relata.limit(limit).offset(offset);
            cut = format!(" limit {limit} offset {offset}");
        }
        let group = match by.is_empty() {
            true => String::new(),
            false => format!(" group by {}", by.join(", ")),
        };
        let order = match orders.is_empty() {
            true => String::new(),
            false => format!(" order by {}", orders.join(", ")),
        };
        let (shown, wheres) = (shown.join(", "), wheres.join(" and "));
        Request {
            relata,
            sql: format!("select {shown} from things where {wheres}{group}{having}{order}{cut}"),
        }
    }
}

fn draw_aggregate(random: &mut Rng) -> (Aggregate, String) {
    let number = *random
        .choice(&["size", "share", "place"])
        .expect("there are some");
    let any = *random
        .choice(&["kind", "size", "share"])
        .expect("there are some");
    let distinct = random.bool();
    let (aggregate, function, of) = match random.u8(0..6) {
        0 => return (count_rows(), "count(*)".to_owned()),
        1 => (count(any), "count", any),
        2 => (sum(number), "sum", number),
        3 => (avg(number), "avg", number),
        4 => (min(any), "min", any),
        _ => (max(any), "max", any),
    };
    match distinct {
        true => (aggregate.distinct(), format!("{function}(distinct {of})")),
        false => (aggregate, format!("{function}({of})")),
    }
}

fn draw_having(random: &mut Rng) -> (Expr, String) {
    let least = random.i64(1..4);
    match random.bool() {
        true => (col("held").ge(least), format!("count(*) >= {least}")),
        false => (col("held").lt(least), format!("count(*) < {least}")),
    }
}

fn draw_order(random: &mut Rng, name: &str) -> (String, Direction, bool, Order) {
    let direction = [Direction::Ascending, Direction::Descending][random.usize(0..2)];
    let first = random.bool();
    let order = match direction {
        Direction::Ascending => asc(name),
        Direction::Descending => desc(name),
    };
    let order = match first {
        true => order.nulls_first(),
        false => order.nulls_last(),
    };
    (name.to_owned(), direction, first, order)
}

fn order_text(name: &str, direction: Direction, nulls_first: bool) -> String {
    let direction = match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    let nulls = if nulls_first { "first" } else { "last" };
    format!("{name} {direction} nulls {nulls}")
}

/// What SQLite answers.
fn ask(sqlite: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = sqlite.prepare(sql).expect("the text is SQL");
    let width = statement.column_count();
    let mut rows = statement.query([]).expect("no parameters");
    let mut found = Vec::new();
    while let Some(row) = rows.next().expect("rows are read") {
        let cell = |place| match row.get_ref(place).expect("there is such a cell") {
            SqlValue::Null => Value::Null,
            SqlValue::Integer(it) => Value::Int(it),
            SqlValue::Real(it) => Value::from(it),
            SqlValue::Text(it) => Value::from(std::str::from_utf8(it).expect("text")),
            SqlValue::Blob(it) => Value::from(it),
        };
        found.push((0..width).map(cell).collect());
    }
    found
}

#[test]
fn groups_are_those_of_sqlite() -> Result<()> {
    let cases = variable("RELATA_GROUPS", 10_000).expect("a number");
    let seed = variable("RELATA_SEED", SEED).expect("a number");
    let mut random = Rng::with_seed(seed);
    let mut pair = Pair::draw(&mut random)?;
    let (mut many, mut empty) = (0, 0);
    for case in 0..cases {
        if case % 20 == 0 {
            pair = Pair::draw(&mut random)?;
        }
        let request = Request::draw(&mut random);
        let found = request.relata.run(&pair.relata)?;
        let found: Vec<Vec<Value>> = found.iter().map(|it| it.values().to_vec()).collect();
        let expected = ask(&pair.sqlite, &request.sql);
        assert_eq!(
            found, expected,
            "RELATA_SEED={seed}, case {case}: {}",
            request.sql
        );
        many += usize::from(found.len() > 1);
        empty += usize::from(found.is_empty());
    }
    assert!(
        many > cases / 4 && empty > 0,
        "{many} with several groups, {empty} with none"
    );
    Ok(())
}

/// SQLite and PostgreSQL refuse it too.
#[test]
fn a_sum_out_of_range_is_an_error() -> Result<()> {
    let mut models = Models::new();
    models.define_with("Thing", |it| {
        it.attribute(Attribute::new("size", DataType::Int))
    });
    let mut db = models.sync()?;
    for size in [i64::MAX, 1, -1] {
        db.create("Thing", relata::values! { size: size })?;
    }
    let all = select("Thing");
    assert_eq!(all.calculate(sum("size"), &db)?, Value::Int(i64::MAX));
    let some = select("Thing").filter(col("size").gt(0));
    let error = some.calculate(sum("size"), &db).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Thing: sum(size) is 9223372036854775808, which is no int of 64 bits"
    );
    assert!(!error.redacted().to_string().contains("9223"));
    Ok(())
}
