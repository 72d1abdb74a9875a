//! Groups of things: by columns, by those of their owners, by what is worked out of them and by numbers of their parts.

use fastrand::Rng;
use relata::aggregate::{Grouped, count_rows};
use relata::{Expr, any, col, include, related, select};

use crate::aggregates::terms::{
    Request, Sort, Text, clause, draw_aggregate, draw_order, draw_value,
};

/// A request for groups. The things stand under `t`, the owner of each under `o`.
pub fn draw_groups(random: &mut Rng) -> Request<Grouped> {
    let mut rows = select("Thing");
    let mut wheres = Vec::new();
    if random.bool() {
        let least = random.i64(-3..5);
        rows = rows.filter(col("size").ge(least).or(col("kind").is_null()));
        wheres.push(format!("(t.size >= {least} or t.kind is null)"));
    }
    if random.u8(0..4) == 0 {
        rows = rows.include(include("parts").required(true));
        wheres.push("exists (select 1 from parts where thing = t.id)".to_owned());
    }
    if random.u8(0..4) == 0 {
        let least = random.i64(-2..2);
        rows = rows.filter(any([col("holder.place").ge(least), col("size").is_null()]));
        wheres.push(format!("(o.place >= {least} or t.size is null)"));
    }
    let keys: Vec<(Text<Expr>, Sort)> = (0..random.usize(0..3))
        .map(|_| draw_reaching(random))
        .collect();
    let mut relata = rows.group_by([""; 0]);
    let (mut shown, mut names) = (Vec::new(), Vec::new());
    for (position, (key, _)) in keys.iter().enumerate() {
        let name = format!("k{position}");
        relata = relata.by(&name, key.relata.clone());
        shown.push(format!("{} as {name}", key.sql));
        names.push(name);
    }
    let by = names.clone();
    for position in 0..random.usize(1..5) {
        let of = draw_reaching(random);
        let aggregate = draw_aggregate(random, of);
        let name = format!("a{position}");
        relata = relata.aggregate(&name, aggregate.relata);
        shown.push(format!("{} as {name}", aggregate.sql));
        names.push(name);
    }
    let mut having = Vec::new();
    if random.bool() && !by.is_empty() {
        let least = random.i64(1..4);
        let (filter, sign) = match random.bool() {
            true => (col("held").ge(least), ">="),
            false => (col("held").lt(least), "<"),
        };
        relata = relata.aggregate("held", count_rows()).having(filter);
        shown.push("count(*) as held".to_owned());
        names.push("held".to_owned());
        having.push(format!("count(*) {sign} {least}"));
    }
    let mut orders = Vec::new();
    for name in &names {
        if random.u8(0..3) != 0 {
            continue;
        }
        let order = draw_order(
            random,
            Text {
                relata: col(&**name),
                sql: name.clone(),
            },
        );
        relata = relata.order_by(order.relata);
        orders.push(order.sql);
    }
    orders.extend(by.iter().map(|name| format!("{name} asc nulls last")));
    let mut cut = String::new();
    if random.u8(0..3) == 0 {
        let (limit, offset) = (random.usize(0..5), random.usize(0..3));
        relata = relata.limit(limit).offset(offset);
        cut = format!(" limit {limit} offset {offset}");
    }
    let sql = format!(
        "select {} from things t left join owners o on o.id = t.owner{}{}{}{}{cut}",
        shown.join(", "),
        clause("where", &wheres, " and "),
        clause("group by", &by, ", "),
        clause("having", &having, " and "),
        clause("order by", &orders, ", "),
    );
    Request { relata, sql }
}

/// A value of a thing, of its owner, or about its parts.
fn draw_reaching(random: &mut Rng) -> (Text<Expr>, Sort) {
    let parts = "from parts p where p.thing = t.id";
    let (relata, sql) = match random.u8(0..6) {
        0 | 1 => return draw_value(random, "owners", ("holder.", "o")),
        2 => (
            related("parts").count(),
            format!("(select count(*) {parts})"),
        ),
        3 => {
            let weights = related("parts").sum("weight");
            (weights, format!("(select sum(p.weight) {parts})"))
        }
        _ => return draw_value(random, "things", ("", "t")),
    };
    (Text { relata, sql }, Sort::Int)
}
