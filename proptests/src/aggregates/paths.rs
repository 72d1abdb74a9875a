//! Numbers about the rows at the end of a path, for each row: as attributes, in filters and in orders.

use fastrand::Rng;
use relata::query::{Include, Order, Select, include, select};
use relata::{Expr, col, related};

use crate::aggregates::terms::{
    Request, Sort, Text, clause, columns, draw_aggregate, draw_order, draw_value,
};

/// A path of associations: where it leads, and the same for SQL, from the row `t` on.
struct Way {
    path: &'static str,
    end: &'static str,
    from: &'static str,
    /// What connects it with the row.
    on: &'static str,
    /// The alias of the rows at its end.
    alias: &'static str,
}

const fn way(
    path: &'static str,
    (end, alias): (&'static str, &'static str),
    from: &'static str,
    on: &'static str,
) -> Way {
    Way {
        path,
        end,
        from,
        on,
        alias,
    }
}

const OF_OWNERS: &[Way] = &[
    way("things", ("things", "a"), "things a", "a.owner = t.id"),
    way(
        "things.parts",
        ("parts", "b"),
        "things a join parts b on b.thing = a.id",
        "a.owner = t.id",
    ),
    way(
        "things.labels",
        ("labels", "b"),
        "things a join marks m on m.thing = a.id join labels b on b.id = m.label",
        "a.owner = t.id",
    ),
];

const OF_THINGS: &[Way] = &[
    way("parts", ("parts", "a"), "parts a", "a.thing = t.id"),
    way("holder", ("owners", "a"), "owners a", "a.id = t.owner"),
    way(
        "holder.things",
        ("things", "a"),
        "owners h join things a on a.owner = h.id",
        "h.id = t.owner",
    ),
    way(
        "labels",
        ("labels", "a"),
        "marks m join labels a on a.id = m.label",
        "m.thing = t.id",
    ),
    way(
        "labels.things",
        ("things", "a"),
        "marks m join labels l on l.id = m.label join marks n on n.label = l.id join things a on a.id = n.thing",
        "m.thing = t.id",
    ),
];

const OF_LABELS: &[Way] = &[
    way(
        "things",
        ("things", "a"),
        "marks m join things a on a.id = m.thing",
        "m.label = t.id",
    ),
    way(
        "things.holder",
        ("owners", "a"),
        "marks m join things x on x.id = m.thing join owners a on a.id = x.owner",
        "m.label = t.id",
    ),
    way(
        "things.parts",
        ("parts", "a"),
        "marks m join things x on x.id = m.thing join parts a on a.thing = x.id",
        "m.label = t.id",
    ),
];

/// What is asked of the rows of one table.
#[derive(Clone, Debug, Default)]
struct Asked {
    attributes: Vec<(String, Text<Expr>)>,
    filters: Vec<Text<Expr>>,
    orders: Vec<Text<Order>>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// What is asked of a root, and under each of its rows of an include.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The root, with the include.
    pub root: Request<Select>,
    /// How many values stand in each row of the root.
    pub width: usize,
    /// The association that is included.
    pub key: &'static str,
    /// How many values stand in each row of the include.
    pub width_below: usize,
    below: Asked,
    /// The rows of the include in SQL, up to the id of the root that they are below.
    from: &'static str,
    on: &'static str,
}

impl Rows {
    /// What SQLite is asked for the rows below one.
    pub fn sql_below(&self, root: i64) -> String {
        self.below
            .sql(self.from, &[format!("{} = {root}", self.on)])
    }
}

/// A request for rows with what is asked of each, and one include of which the same is asked.
pub fn draw_rows(random: &mut Rng) -> Rows {
    let (model, table) = [
        ("Owner", "owners"),
        ("Thing", "things"),
        ("Label", "labels"),
    ][random.usize(0..3)];
    let (key, below, from, on) = match table {
        "owners" => ("things", "things", "things t", "t.owner"),
        "things" => (
            "labels",
            "labels",
            "labels t join marks k on k.label = t.id",
            "k.thing",
        ),
        _ => (
            "things",
            "things",
            "things t join marks k on k.thing = t.id",
            "k.label",
        ),
    };
    let asked = draw_asked(random, table);
    let below = draw_asked(random, below);
    let included = below.of_include(include(key));
    Rows {
        root: Request {
            relata: asked.of_root(select(model)).include(included),
            sql: asked.sql(&format!("{table} t"), &[]),
        },
        width: asked.attributes.len(),
        key,
        width_below: below.attributes.len(),
        below,
        from,
        on,
    }
}

fn draw_asked(random: &mut Rng, table: &'static str) -> Asked {
    let mut asked = Asked::default();
    for position in 0..random.usize(1..4) {
        let (value, _) = draw_of_row(random, table);
        asked.attributes.push((format!("v{position}"), value));
    }
    if random.u8(0..3) == 0 {
        asked.filters.push(draw_filter(random, table));
    }
    for _ in 0..random.usize(0..3) {
        let by = match random.u8(0..4) {
            0 => draw_of_row(random, table).0,
            _ => {
                let (name, value) = &asked.attributes[random.usize(0..asked.attributes.len())];
                Text {
                    relata: col(&**name),
                    sql: value.sql.clone(),
                }
            }
        };
        asked.orders.push(draw_order(random, by));
    }
    asked.limit = (random.u8(0..3) == 0).then(|| random.usize(0..4));
    asked.offset = (random.u8(0..4) == 0).then(|| random.usize(0..3));
    asked
}

/// A value of a row: an aggregate of what is below it, with arithmetic at times, or one of the row itself.
fn draw_of_row(random: &mut Rng, table: &'static str) -> (Text<Expr>, Sort) {
    match (random.u8(0..8), table) {
        (0, _) => draw_value(random, table, ("", "t")),
        (1, "things") => {
            let (name, sort) = columns("owners")[random.usize(0..2)];
            let relata = col(format!("holder.{name}"));
            let sql = format!("(select h.{name} from owners h where h.id = t.owner)");
            (Text { relata, sql }, sort)
        }
        (2, _) => {
            let ((one, _), (other, _)) = (draw_number(random, table), draw_number(random, table));
            let (relata, sql) = (
                one.relata + other.relata,
                format!("({} + {})", one.sql, other.sql),
            );
            (Text { relata, sql }, Sort::Float)
        }
        _ => draw_aggregated(random, table),
    }
}

fn draw_number(random: &mut Rng, table: &'static str) -> (Text<Expr>, Sort) {
    loop {
        let drawn = draw_aggregated(random, table);
        if drawn.1 != Sort::Text {
            return drawn;
        }
    }
}

/// An aggregate of the rows at the end of a path from the row `t`, for some of which a filter is true.
fn draw_aggregated(random: &mut Rng, table: &'static str) -> (Text<Expr>, Sort) {
    let ways = match table {
        "owners" => OF_OWNERS,
        "things" => OF_THINGS,
        _ => OF_LABELS,
    };
    let way = &ways[random.usize(0..ways.len())];
    let of = draw_operand(random, way);
    let sort = of.1;
    let aggregate = draw_aggregate(random, of);
    let mut rows = related(way.path);
    let mut wheres = vec![way.on.to_owned()];
    if random.u8(0..3) == 0 {
        let least = random.i64(-1..4);
        let (name, _) = columns(way.end)
            .iter()
            .find(|(_, sort)| *sort == Sort::Int)
            .expect("every table has a number");
        rows = rows.filter(col(*name).ge(least));
        wheres.push(format!("{}.{name} >= {least}", way.alias));
    }
    let sql = format!(
        "(select {} from {}{})",
        aggregate.sql,
        way.from,
        clause("where", &wheres, " and ")
    );
    let sort = match aggregate.sql.starts_with("min") || aggregate.sql.starts_with("max") {
        true => sort,
        false => Sort::Float,
    };
    let relata = rows.aggregate(aggregate.relata);
    (Text { relata, sql }, sort)
}

/// What is aggregated: a value of the rows at the end, or of what those lead to.
fn draw_operand(random: &mut Rng, way: &Way) -> (Text<Expr>, Sort) {
    let alias = way.alias;
    if way.end != "things" || random.bool() {
        return draw_value(random, way.end, ("", alias));
    }
    let (relata, sql) = match random.u8(0..3) {
        0 => (
            related("parts").sum("weight"),
            format!("(select sum(p.weight) from parts p where p.thing = {alias}.id)"),
        ),
        1 => (
            related("labels").count(),
            format!("(select count(*) from marks q where q.thing = {alias}.id)"),
        ),
        _ => (
            col("holder.place") - 1,
            format!("((select w.place from owners w where w.id = {alias}.owner) - 1)"),
        ),
    };
    (Text { relata, sql }, Sort::Int)
}

fn draw_filter(random: &mut Rng, table: &'static str) -> Text<Expr> {
    let (number, _) = draw_number(random, table);
    let least = random.i64(-2..6);
    let (relata, sql) = match random.u8(0..4) {
        0 => (number.relata.is_null(), format!("{} is null", number.sql)),
        1 => (
            number.relata.lt(least).not(),
            format!("not {} < {least}", number.sql),
        ),
        2 => (
            number.relata.gt(least).or(col("id").lt(3)),
            format!("({} > {least} or t.id < 3)", number.sql),
        ),
        _ => (
            number.relata.ge(least),
            format!("{} >= {least}", number.sql),
        ),
    };
    Text { relata, sql }
}

macro_rules! said {
    ($asked:expr, $request:expr) => {{
        let mut request = $request.attributes(["id"]);
        for (name, value) in &$asked.attributes {
            request = request.with_attribute(name, value.relata.clone());
        }
        for filter in &$asked.filters {
            request = request.filter(filter.relata.clone());
        }
        for order in &$asked.orders {
            request = request.order_by(order.relata.clone());
        }
        if let Some(limit) = $asked.limit {
            request = request.limit(limit);
        }
        if let Some(offset) = $asked.offset {
            request = request.offset(offset);
        }
        request
    }};
}

impl Asked {
    fn of_root(&self, select: Select) -> Select {
        said!(self, select)
    }

    fn of_include(&self, include: Include) -> Include {
        said!(self, include).required(false)
    }

    /// The same of rows `t` of a table.
    fn sql(&self, from: &str, wheres: &[String]) -> String {
        let values = self
            .attributes
            .iter()
            .map(|(name, value)| format!("{} as {name}", value.sql));
        let shown: Vec<String> = ["t.id".to_owned()].into_iter().chain(values).collect();
        let filters = self.filters.iter().map(|filter| filter.sql.clone());
        let wheres: Vec<String> = wheres.iter().cloned().chain(filters).collect();
        let orders = self.orders.iter().map(|order| order.sql.clone());
        let orders: Vec<String> = orders.chain(["t.id".to_owned()]).collect();
        let limit = self
            .limit
            .map_or(-1, |limit| i64::try_from(limit).unwrap_or(-1));
        format!(
            "select {} from {from}{}{} limit {limit} offset {}",
            shown.join(", "),
            clause("where", &wheres, " and "),
            clause("order by", &orders, ", "),
            self.offset.unwrap_or(0),
        )
    }
}
