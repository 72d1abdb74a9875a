//! Random schemas, as plain data: what the reference reads and what relata's definitions are made from.
//!
//! Few key values and few types, so that keys meet. Columns of a key are shared with other keys, with the primary key
//! and with unique keys on purpose; tables refer to themselves and round in rings.

use relata::value::{Timestamp, Uuid, Value};

use crate::choices::Choices;

/// A schema.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The tables.
    pub tables: Vec<TableShape>,
    /// The foreign keys in creation order: table by table.
    pub references: Vec<ReferenceShape>,
    /// The first integer of keys.
    pub integer_base: i64,
    /// The distance from one integer to the next.
    pub integer_stride: i64,
    /// How many different values keys are drawn from.
    pub spread: usize,
    /// The most rows that one statement may change, if it is few.
    pub rows_changed_max: Option<usize>,
    /// Whether it may have, and statements may use, what not every engine knows.
    pub enriched: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub struct TableShape {
    /// Its name.
    pub name: String,
    /// Its columns, a hidden one last.
    pub columns: Vec<ColumnShape>,
    /// Whether the last column is a key that nobody declared.
    pub hidden_key: bool,
    /// The column that takes numbers of a sequence.
    pub auto_increment: Option<usize>,
    /// Its unique keys in creation order; the first is the primary key.
    pub uniques: Vec<UniqueShape>,
    /// Its checks.
    pub checks: Vec<CheckShape>,
    /// Its indexes, which change no answer.
    pub indexes: Vec<IndexShape>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether null may stand in it.
    pub nullable: bool,
    /// What it holds where nothing is given.
    pub default: DefaultShape,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Integers.
    Int,
    /// Texts, some of them long.
    Text,
    /// Uuids.
    Uuid,
    /// Floats, both zeros and NaN among them.
    Float,
    /// Bytes.
    Bytes,
    /// Instants.
    Time,
}

/// What a column holds where nothing is given.
#[derive(Clone, Debug)]
pub enum DefaultShape {
    /// Null.
    Null,
    /// A constant.
    Constant(Value),
    /// The transaction's time.
    Now,
    /// The next number of the sequence.
    AutoIncrement,
}

/// A unique key.
#[derive(Clone, Debug)]
pub struct UniqueShape {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<usize>,
    /// Whether a null exempts a row.
    pub nulls_distinct: bool,
    /// When it is judged.
    pub timing: Timing,
    /// Which rows take part; all if none.
    pub part: Option<PartShape>,
}

/// `column comparison value`: the rows for which it is true.
#[derive(Clone, Debug)]
pub struct PartShape {
    /// A column.
    pub column: usize,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: Value,
}

/// `left comparison right`, which must not be false.
#[derive(Clone, Debug)]
pub struct CheckShape {
    /// Its name.
    pub name: String,
    /// A column.
    pub left: usize,
    /// How they are compared.
    pub comparison: Comparison,
    /// Another column, or a constant.
    pub right: Operand,
    /// Whether relata gets it as a closure.
    pub closure: bool,
}

/// One side of a check.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A column.
    Column(usize),
    /// A constant.
    Constant(Value),
}

/// How two values are compared. Unknown if one is null.
#[derive(Clone, Copy, Debug)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    Unequal,
    /// `<`
    Less,
    /// `>=`
    AtLeast,
}

/// An index.
#[derive(Clone, Debug)]
pub struct IndexShape {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<usize>,
    /// By hash rather than by order.
    pub hash: bool,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub struct ReferenceShape {
    /// Its name.
    pub name: String,
    /// The table that refers.
    pub child: usize,
    /// The columns that refer.
    pub child_columns: Vec<usize>,
    /// The table that is referred to.
    pub parent: usize,
    /// The columns that are referred to, by position.
    pub parent_columns: Vec<usize>,
    /// What a delete of the parent does.
    pub on_delete: Rule,
    /// Where SET NULL and SET DEFAULT write to then, if not to all columns of the key.
    pub on_delete_columns: Option<Vec<usize>>,
    /// What a new key of the parent does.
    pub on_update: Rule,
    /// When it is judged.
    pub timing: Timing,
    /// What a column must hold for the key to say anything about a row.
    pub guard: Option<(usize, Value)>,
    /// Whether any number of parents may have the key: it is no unique one.
    pub any_row: bool,
}

/// The five actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Nothing, but the reference must hold in the end.
    NoAction,
    /// The statement fails.
    Restrict,
    /// Children follow.
    Cascade,
    /// Children let go.
    SetNull,
    /// Children take their defaults.
    SetDefault,
}

/// When a foreign key or a unique key is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// After each statement.
    Immediate,
    /// After each statement, unless told otherwise.
    InitiallyImmediate,
    /// At commit, unless told otherwise.
    InitiallyDeferred,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 5] = [
        Rule::NoAction,
        Rule::Restrict,
        Rule::Cascade,
        Rule::SetNull,
        Rule::SetDefault,
    ];
}

impl ReferenceShape {
    /// The columns whose change is a change of the key, and which SET NULL and SET DEFAULT write.
    pub fn deciding_columns(&self) -> Vec<usize> {
        let guard = self.guard.iter().map(|(column, _)| *column);
        self.child_columns.iter().copied().chain(guard).collect()
    }
}

impl TableShape {
    /// The columns of the primary key.
    pub fn primary(&self) -> &[usize] {
        &self.uniques[0].columns
    }

    /// How many columns can be named.
    pub fn visible(&self) -> usize {
        self.columns.len() - usize::from(self.hidden_key)
    }

    /// Whether a unique key can decide whether a row is there already: not if two rows may have it for a while.
    pub fn can_decide(&self, key: usize) -> bool {
        self.uniques
            .get(key)
            .is_some_and(|unique| unique.timing == Timing::Immediate)
    }

    /// What SET DEFAULT writes to a column.
    pub fn constant_default(&self, column: usize) -> Value {
        match &self.columns[column].default {
            DefaultShape::Constant(value) => value.clone(),
            DefaultShape::Null | DefaultShape::Now | DefaultShape::AutoIncrement => Value::Null,
        }
    }
}

impl Shape {
    /// The value of a kind at a place in the line of values.
    pub fn value(&self, kind: Kind, place: usize) -> Value {
        let number = i64::try_from(place).unwrap_or(0);
        match kind {
            Kind::Int => Value::Int(
                self.integer_base
                    .wrapping_add(number.wrapping_mul(self.integer_stride)),
            ),
            // Inline, in the heap of a page, and beside the page.
            Kind::Text => Value::from(match place % 4 {
                2 => format!("{place:0>40}"),
                3 => format!("{place:0>300}"),
                _ => format!("{place}"),
            }),
            Kind::Uuid => Value::Uuid(Uuid::from_u128(
                u128::from(place as u64).wrapping_mul(0x0123_4567_89ab_cdef),
            )),
            Kind::Float => Value::Float(match place {
                0 => 0.0,
                1 => -0.0,
                2 => f64::NAN,
                _ => f64::from(u8::try_from(place).unwrap_or(0)) - 4.5,
            }),
            Kind::Bytes => {
                Value::from(vec![u8::try_from(place).unwrap_or(255); 1 + place % 3 * 20])
            }
            Kind::Time => Value::Timestamp(Timestamp::from_micros(number * 1_000_000)),
        }
    }

    /// The value after another one: what `+ 1` is to integers. Null stays null.
    pub fn successor(&self, value: &Value) -> Value {
        match value {
            Value::Int(number) => Value::Int(number.wrapping_add(self.integer_stride)),
            Value::Text(text) => {
                let place: usize = text.trim_start_matches('0').parse().unwrap_or(0);
                self.value(Kind::Text, (place + 1) % 200)
            }
            Value::Uuid(uuid) => Value::Uuid(Uuid::from_u128(
                uuid.as_u128().wrapping_add(0x0123_4567_89ab_cdef),
            )),
            Value::Float(number) => Value::Float(number + 1.0),
            other => other.clone(),
        }
    }

    /// A random schema.
    pub fn random(choices: &mut Choices) -> Shape {
        let (integer_base, integer_stride) = match choices.below(16) {
            0..=6 => (1, 1),
            7..=9 => (0, 1),
            10 => (-3, 1),
            11 => (5, 1_000),
            12 => (1, 1_000_000_007),
            13 => (i64::MAX - 5, 1),
            14 => (i64::MIN, 1),
            _ => (0, 7),
        };
        let mut shape = Shape {
            tables: Vec::new(),
            references: Vec::new(),
            integer_base,
            integer_stride,
            spread: 4 + choices.below(3),
            rows_changed_max: None,
            enriched: false,
        };
        if choices.percent(8) {
            shape.rows_changed_max = Some(choices.below(12));
        }
        let main = match choices.below(20) {
            0..=10 => Kind::Int,
            11..=14 => Kind::Text,
            15..=17 => Kind::Uuid,
            18 => Kind::Float,
            _ => Kind::Bytes,
        };
        for table in 0..2 + choices.below(3) {
            let table = random_table(&shape, table, main, choices);
            shape.tables.push(table);
        }
        let wanted = 1 + choices.below(7);
        for number in 0..4 * wanted {
            if shape.references.len() < wanted {
                let reference = random_reference(&shape, number, choices);
                shape.references.extend(reference);
            }
        }
        shape.references.sort_by_key(|reference| reference.child);
        shape
    }
}

fn random_table(shape: &Shape, number: usize, main: Kind, choices: &mut Choices) -> TableShape {
    let mut table = TableShape {
        name: format!("t{number}"),
        columns: Vec::new(),
        hidden_key: false,
        auto_increment: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        indexes: Vec::new(),
    };
    let kind = |choices: &mut Choices| match choices.percent(12) {
        true => *choices
            .pick(&[Kind::Int, Kind::Text, Kind::Uuid])
            .unwrap_or(&main),
        false => main,
    };
    let primary = match choices.below(10) {
        0..=2 => {
            let column = add_column(
                &mut table,
                "id",
                Kind::Int,
                false,
                DefaultShape::AutoIncrement,
            );
            table.auto_increment = Some(column);
            vec![column]
        }
        3..=5 => {
            let kind = kind(choices);
            vec![add_column(
                &mut table,
                "id",
                kind,
                false,
                DefaultShape::Null,
            )]
        }
        6..=8 => {
            let (a, b) = (kind(choices), kind(choices));
            let a = add_column(&mut table, "a", a, false, DefaultShape::Null);
            let b = add_column(&mut table, "b", b, false, DefaultShape::Null);
            if choices.percent(30) {
                vec![b, a]
            } else {
                vec![a, b]
            }
        }
        _ => Vec::new(),
    };
    for position in 0..1 + choices.below(4) {
        let kind = kind(choices);
        let default = match choices.percent(45) {
            true => DefaultShape::Constant(shape.value(kind, choices.below(shape.spread))),
            false => DefaultShape::Null,
        };
        let nullable = !choices.percent(22);
        add_column(&mut table, &format!("r{position}"), kind, nullable, default);
    }
    if choices.percent(40) {
        add_column(&mut table, "note", Kind::Text, true, DefaultShape::Null);
    }
    if choices.percent(30) {
        add_column(&mut table, "stamp", Kind::Time, true, DefaultShape::Now);
    }
    if choices.percent(15) {
        add_column(&mut table, "weight", Kind::Float, true, DefaultShape::Null);
    }
    add_primary_key(&mut table, primary);
    add_uniques(&mut table, choices);
    add_checks(shape, &mut table, choices);
    for position in 0..choices.below(3) {
        let columns = random_columns(table.visible(), 2, choices);
        table.indexes.push(IndexShape {
            name: format!("{}_i{position}", table.name),
            columns,
            hash: choices.percent(40),
        });
    }
    table
}

fn add_column(
    table: &mut TableShape,
    name: &str,
    kind: Kind,
    nullable: bool,
    default: DefaultShape,
) -> usize {
    table.columns.push(ColumnShape {
        name: name.to_owned(),
        kind,
        nullable,
        default,
    });
    table.columns.len() - 1
}

fn add_primary_key(table: &mut TableShape, mut columns: Vec<usize>) {
    if columns.is_empty() {
        let hidden = add_column(
            table,
            "(row)",
            Kind::Int,
            false,
            DefaultShape::AutoIncrement,
        );
        table.auto_increment = Some(hidden);
        table.hidden_key = true;
        columns.push(hidden);
    }
    table.uniques.push(UniqueShape {
        name: format!("{}_pkey", table.name),
        columns,
        nulls_distinct: true,
        timing: Timing::Immediate,
        part: None,
    });
}

fn add_uniques(table: &mut TableShape, choices: &mut Choices) {
    for position in 0..choices.below(3) {
        let columns = random_columns(table.visible(), 2, choices);
        // A repetition of the primary key could be referred to as either.
        let repeated = table.uniques.iter().any(|unique| {
            unique.columns.len() == columns.len()
                && unique.columns.iter().all(|column| columns.contains(column))
        });
        if !repeated {
            table.uniques.push(UniqueShape {
                name: format!("{}_u{position}", table.name),
                columns,
                nulls_distinct: !choices.percent(20),
                timing: Timing::Immediate,
                part: None,
            });
        }
    }
}

fn add_checks(shape: &Shape, table: &mut TableShape, choices: &mut Choices) {
    for position in 0..[0, 0, 0, 0, 1, 1, 2][choices.below(7)] {
        let left = choices.below(table.visible());
        let kind = table.columns[left].kind;
        let others: Vec<usize> = (0..table.visible())
            .filter(|&column| column != left && table.columns[column].kind == kind)
            .collect();
        let right = match choices.percent(35) {
            true => choices.pick(&others).map(|&column| Operand::Column(column)),
            false => None,
        };
        let place = choices.below(shape.spread);
        table.checks.push(CheckShape {
            name: format!("{}_c{position}", table.name),
            left,
            comparison: match choices.below(8) {
                0..=4 => Comparison::Unequal,
                5 | 6 => Comparison::AtLeast,
                _ => Comparison::Less,
            },
            right: right.unwrap_or_else(|| Operand::Constant(shape.value(kind, place))),
            closure: choices.percent(50),
        });
    }
}

/// Some columns, none twice, in whatever order.
fn random_columns(columns: usize, most: usize, choices: &mut Choices) -> Vec<usize> {
    let mut chosen = vec![choices.below(columns)];
    for _ in 1..1 + choices.below(most) {
        let column = choices.below(columns);
        if !chosen.contains(&column) {
            chosen.push(column);
        }
    }
    chosen
}

fn random_reference(shape: &Shape, number: usize, choices: &mut Choices) -> Option<ReferenceShape> {
    let child = choices.below(shape.tables.len());
    let parent = choices.below(shape.tables.len());
    let (child_table, parent_table) = (&shape.tables[child], &shape.tables[parent]);
    let unique = choices.pick(&parent_table.uniques)?;
    let mut parent_columns = unique.columns.clone();
    if parent_columns
        .iter()
        .any(|&column| column >= parent_table.visible())
    {
        return None;
    }
    if choices.percent(25) {
        parent_columns.reverse();
    }
    let mut child_columns = Vec::new();
    for &wanted in &parent_columns {
        let kind = parent_table.columns[wanted].kind;
        let candidates: Vec<usize> = (0..child_table.visible())
            .filter(|column| !child_columns.contains(column))
            .filter(|&column| child_table.columns[column].kind == kind)
            .collect();
        child_columns.push(*choices.pick(&candidates)?);
    }
    let on_delete = possible_rule(child_table, &child_columns, choices);
    let on_update = possible_rule(child_table, &child_columns, choices);
    Some(ReferenceShape {
        name: format!("f{number}"),
        child,
        child_columns,
        parent,
        parent_columns,
        on_delete,
        on_delete_columns: None,
        on_update,
        timing: match choices.below(10) {
            0..=5 => Timing::Immediate,
            6 | 7 => Timing::InitiallyImmediate,
            _ => Timing::InitiallyDeferred,
        },
        guard: None,
        any_row: false,
    })
}

/// A rule that a declaration may have: one that could never succeed is refused.
pub(crate) fn possible_rule(table: &TableShape, columns: &[usize], choices: &mut Choices) -> Rule {
    let rule = *choices.pick(&Rule::ALL).unwrap_or(&Rule::NoAction);
    let possible = columns.iter().all(|&column| {
        table.columns[column].nullable
            || match rule {
                Rule::NoAction | Rule::Restrict | Rule::Cascade => true,
                Rule::SetNull => false,
                Rule::SetDefault => !table.constant_default(column).is_null(),
            }
    });
    if possible { rule } else { Rule::Cascade }
}
