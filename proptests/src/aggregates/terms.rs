//! What requests are drawn of: values of a row and aggregates, each with its SQL.

use fastrand::Rng;
use relata::aggregate::{Aggregate, avg, count, count_rows, max, min, sum};
use relata::query::{Direction, Order};
use relata::{Expr, asc, coalesce, col, desc};

/// A request of relata, and the same in SQL.
#[derive(Clone, Debug)]
pub struct Request<R> {
    /// What relata is asked.
    pub relata: R,
    /// What SQLite is asked.
    pub sql: String,
}

/// Something that stands in a request, and its SQL.
#[derive(Clone, Debug)]
pub struct Text<T> {
    /// What relata is told.
    pub relata: T,
    /// The SQL.
    pub sql: String,
}

/// The type of a drawn value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Int,
    Float,
    Text,
}

/// The columns of a table, each with its type.
pub(super) fn columns(table: &str) -> &'static [(&'static str, Sort)] {
    match table {
        "things" => &[
            ("kind", Sort::Text),
            ("size", Sort::Int),
            ("share", Sort::Float),
            ("place", Sort::Int),
        ],
        "owners" => &[("name", Sort::Text), ("place", Sort::Int)],
        "parts" => &[("weight", Sort::Int)],
        "labels" => &[("word", Sort::Text), ("rank", Sort::Int)],
        other => unreachable!("{other} is no table that is drawn"),
    }
}

/// A column of a table, or something worked out of one, where the table stands under an alias, and in relata behind a path.
pub(super) fn draw_value(
    random: &mut Rng,
    table: &str,
    (path, alias): (&str, &str),
) -> (Text<Expr>, Sort) {
    let (name, sort) = columns(table)[random.usize(0..columns(table).len())];
    let (column, text) = (col(format!("{path}{name}")), format!("{alias}.{name}"));
    let (relata, sql) = match (sort, random.u8(0..4)) {
        (Sort::Int, 0) => (column * 2 + 1, format!("({text} * 2 + 1)")),
        (Sort::Int, 1) => (column % 3, format!("({text} % 3)")),
        (Sort::Int, 2) => (coalesce([column, 7.into()]), format!("coalesce({text}, 7)")),
        (Sort::Text, 0) => (column.lower(), format!("lower({text})")),
        (Sort::Float, 0) => (column / 2.0, format!("({text} / 2.0)")),
        _ => (column, text),
    };
    (Text { relata, sql }, sort)
}

/// An aggregate of something; none of the sums of texts.
pub(super) fn draw_aggregate(random: &mut Rng, (of, sort): (Text<Expr>, Sort)) -> Text<Aggregate> {
    let (aggregate, function) = match (random.u8(0..6), sort) {
        (0, _) => {
            let (relata, sql) = (count_rows(), "count(*)".to_owned());
            return Text { relata, sql };
        }
        (1, Sort::Int | Sort::Float) => (sum(of.relata), "sum"),
        (2, Sort::Int | Sort::Float) => (avg(of.relata), "avg"),
        (3, _) => (min(of.relata), "min"),
        (4, _) => (max(of.relata), "max"),
        _ => (count(of.relata), "count"),
    };
    match random.u8(0..3) == 0 {
        true => Text {
            relata: aggregate.distinct(),
            sql: format!("{function}(distinct {})", of.sql),
        },
        false => Text {
            relata: aggregate,
            sql: format!("{function}({})", of.sql),
        },
    }
}

/// An order by something, in either direction, with nulls at either end.
pub(super) fn draw_order(random: &mut Rng, by: Text<Expr>) -> Text<Order> {
    let direction = [Direction::Ascending, Direction::Descending][random.usize(0..2)];
    let (order, word) = match direction {
        Direction::Ascending => (asc(by.relata), "asc"),
        Direction::Descending => (desc(by.relata), "desc"),
    };
    let (relata, nulls) = match random.bool() {
        true => (order.nulls_first(), "first"),
        false => (order.nulls_last(), "last"),
    };
    Text {
        relata,
        sql: format!("{} {word} nulls {nulls}", by.sql),
    }
}

/// A list of SQL behind a word, if there is anything in it.
pub(super) fn clause(word: &str, parts: &[String], between: &str) -> String {
    match parts.is_empty() {
        true => String::new(),
        false => format!(" {word} {}", parts.join(between)),
    }
}
