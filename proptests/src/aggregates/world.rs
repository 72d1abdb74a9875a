//! The same random rows in relata and as SQL.

use std::fmt::Write;

use fastrand::Rng;
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, HasMany, Models, Result, Value, Values,
};

/// Owners have things, things have parts, and labels over a junction.
#[derive(Debug)]
pub struct Pair {
    /// The one side.
    pub relata: Database,
    /// What makes the other.
    pub sql: String,
}

const TABLES: &str = "create table owners (id integer primary key, name text, place integer);
    create table things (id integer primary key, kind text, size integer, share real, place integer, owner integer);
    create table parts (id integer primary key, thing integer, weight integer);
    create table labels (id integer primary key, word text, rank integer);
    create table marks (thing integer, label integer);";

impl Pair {
    /// A few rows of each, nulls among them.
    ///
    /// # Errors
    /// None but for a fault of relata.
    pub fn draw(random: &mut Rng) -> Result<Self> {
        let mut pair = Pair {
            relata: models().sync()?,
            sql: TABLES.to_owned(),
        };
        let owners = random.i64(0..5);
        for _ in 0..owners {
            let name = [None, Some("a"), Some("B"), Some("b")][random.usize(0..4)];
            let place = random.bool().then(|| random.i64(-2..3));
            pair.add(
                "Owner",
                "owners",
                &[("name", name.into()), ("place", place.into())],
            )?;
        }
        let things = random.i64(0..24);
        for _ in 0..things {
            let kind = [None, Some("a"), Some("b"), Some("B"), Some("")][random.usize(0..5)];
            let size = random.bool().then(|| random.i64(-3..9));
            // Quarters are added without rounding.
            let share = random.bool().then(|| f64::from(random.i32(-9..9)) / 4.0);
            let owner = (owners > 0 && random.u8(0..5) > 0).then(|| random.i64(1..=owners));
            let row = [
                ("kind", kind.into()),
                ("size", size.into()),
                ("share", share.into()),
                ("place", random.i64(0..4).into()),
                ("owner", owner.into()),
            ];
            pair.add("Thing", "things", &row)?;
        }
        for thing in 1..=things {
            for _ in 0..random.usize(0..3) {
                let weight = random.bool().then(|| random.i64(-2..6));
                pair.add(
                    "Part",
                    "parts",
                    &[("thing", thing.into()), ("weight", weight.into())],
                )?;
            }
        }
        for _ in 0..3 {
            let word = [None, Some("x"), Some("Y"), Some("y")][random.usize(0..4)];
            let rank = random.i64(0..3);
            pair.add(
                "Label",
                "labels",
                &[("word", word.into()), ("rank", rank.into())],
            )?;
        }
        for thing in 1..=things {
            for label in 1..=3_i64 {
                if random.u8(0..3) == 0 {
                    let mark = [("thing", Value::from(thing)), ("label", label.into())];
                    pair.insert("marks", &mark.each_ref().map(|(_, value)| value.clone()));
                    pair.relata
                        .create("Mark", mark.into_iter().collect::<Values>())?;
                }
            }
        }
        Ok(pair)
    }

    fn add(&mut self, model: &str, table: &str, row: &[(&'static str, Value)]) -> Result<()> {
        let created = self
            .relata
            .create(model, row.iter().cloned().collect::<Values>())?;
        let id = created.get("id")?.clone();
        let cells: Vec<Value> = [id]
            .into_iter()
            .chain(row.iter().map(|it| it.1.clone()))
            .collect();
        self.insert(table, &cells);
        Ok(())
    }

    fn insert(&mut self, table: &str, row: &[Value]) {
        let cells: Vec<String> = row.iter().map(literal).collect();
        let _ = write!(
            self.sql,
            "insert into {table} values ({});",
            cells.join(", ")
        );
    }
}

fn models() -> Models {
    let mut models = Models::new();
    let mut define = |name: &str, attributes: &[(&str, DataType)]| {
        models.define_with(name, |model| {
            let attributes = attributes
                .iter()
                .map(|(name, kind)| Attribute::new(*name, *kind));
            attributes
                .fold(model, relata::ModelDef::attribute)
                .timestamps(false)
        });
    };
    define(
        "Owner",
        &[("name", DataType::Text), ("place", DataType::Int)],
    );
    let columns = [
        ("kind", DataType::Text),
        ("size", DataType::Int),
        ("share", DataType::Float),
        ("place", DataType::Int),
    ];
    define("Thing", &columns);
    define("Part", &[("weight", DataType::Int)]);
    define(
        "Label",
        &[("word", DataType::Text), ("rank", DataType::Int)],
    );
    define("Mark", &[]);
    models.has_many(
        "Owner",
        HasMany::new("Thing").alias("things").foreign_key("owner"),
    );
    models.belongs_to(
        "Thing",
        BelongsTo::new("Owner").alias("holder").foreign_key("owner"),
    );
    models.has_many(
        "Thing",
        HasMany::new("Part").alias("parts").foreign_key("thing"),
    );
    let labels = BelongsToMany::new("Label").through("Mark").alias("labels");
    models.belongs_to_many("Thing", labels.foreign_key("thing").other_key("label"));
    let things = BelongsToMany::new("Thing").through("Mark").alias("things");
    models.belongs_to_many("Label", things.foreign_key("label").other_key("thing"));
    models
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        Value::Float(float) => format!("{float:?}"),
        other => other.to_string(),
    }
}
