//! Random schemas and steps that relata, SQLite and PostgreSQL all understand.
//!
//! They are those of the state machine, made plain: integers and texts, no sequences, no times, no faults. Savepoints
//! nest; a transaction lasts for some statements.

use relata::value::Value;

use crate::choices::Choices;
use crate::differential::sql::Dialect;
use crate::operations::{self, Fault, Operation, Statement, Term};
use crate::reference::State;
use crate::shape::{
    CheckShape, Comparison, DefaultShape, Kind, Operand, Rule, Shape, TableShape, Timing,
    possible_rule,
};

/// How far the line of values of a random schema is searched for one of them.
const PLACES: usize = 8;

/// A random schema.
pub fn schema(dialect: Dialect, choices: &mut Choices) -> Shape {
    let mut shape = Shape::random(choices);
    let values = PlainValues::new(&shape);
    (shape.integer_base, shape.integer_stride) = (values.plain.integer_base, 1);
    shape.rows_changed_max = None;
    for table in &mut shape.tables {
        make_plain(table, dialect, &values);
    }
    // Of few statements, more has to be left of what a single key does.
    let repeated = match dialect {
        Dialect::Sqlite => 50,
        Dialect::Postgres => 25,
    };
    if choices.percent(repeated) {
        repeat_reference(&mut shape, choices);
    }
    for reference in &mut shape.references {
        if dialect == Dialect::Postgres {
            reference.timing = Timing::InitiallyDeferred;
        }
    }
    shape
}

/// Another key over the columns of one that is there, with rules of its own: both act on the same rows.
fn repeat_reference(shape: &mut Shape, choices: &mut Choices) {
    if shape.references.is_empty() {
        return;
    }
    let place = choices.below(shape.references.len());
    let reference = &mut shape.references[place];
    let mut again = reference.clone();
    let table = &mut shape.tables[again.child];
    again.name = format!("{}_again", again.name);
    again.on_delete = possible_rule(table, &again.child_columns, choices);
    again.on_update = possible_rule(table, &again.child_columns, choices);
    if let [column] = again.child_columns[..]
        && let DefaultShape::Constant(default) = &table.columns[column].default
        && choices.percent(85)
    {
        // One takes the row along; the other would leave it as it may not be.
        (reference.on_delete, again.on_delete) = match choices.percent(50) {
            true => (Rule::Cascade, Rule::SetDefault),
            false => (Rule::SetDefault, Rule::Cascade),
        };
        table.checks.push(CheckShape {
            name: format!("{}_way", table.name),
            left: column,
            comparison: Comparison::Unequal,
            right: Operand::Constant(default.clone()),
            closure: false,
        });
    }
    shape.references.push(again);
    shape.references.sort_by_key(|reference| reference.child);
}

/// The values of a random schema, and those that stand for them.
struct PlainValues {
    random: Shape,
    plain: Shape,
}

impl PlainValues {
    fn new(shape: &Shape) -> Self {
        let empty = Shape {
            tables: Vec::new(),
            references: Vec::new(),
            ..shape.clone()
        };
        let plain = Shape {
            integer_base: i64::from(shape.integer_base == 1),
            integer_stride: 1,
            ..empty.clone()
        };
        PlainValues {
            random: empty,
            plain,
        }
    }

    fn plain(&self, kind: Kind, value: &Value) -> Value {
        let place = (0..PLACES).find(|&place| self.random.value(kind, place) == *value);
        self.plain.value(plain_kind(kind), place.unwrap_or(0))
    }
}

fn plain_kind(kind: Kind) -> Kind {
    match kind {
        Kind::Text => Kind::Text,
        Kind::Int | Kind::Uuid | Kind::Float | Kind::Bytes | Kind::Time => Kind::Int,
    }
}

fn make_plain(table: &mut TableShape, dialect: Dialect, values: &PlainValues) {
    for check in &mut table.checks {
        if let Operand::Constant(value) = &mut check.right {
            *value = values.plain(table.columns[check.left].kind, value);
        }
    }
    let visible = table.visible();
    for column in &mut table.columns[..visible] {
        column.default = match &column.default {
            DefaultShape::Constant(value) => {
                DefaultShape::Constant(values.plain(column.kind, value))
            }
            DefaultShape::Null | DefaultShape::Now | DefaultShape::AutoIncrement => {
                DefaultShape::Null
            }
        };
        column.kind = plain_kind(column.kind);
    }
    if !table.hidden_key {
        table.auto_increment = None;
    }
    for unique in &mut table.uniques {
        unique.nulls_distinct |= dialect == Dialect::Sqlite;
    }
}

/// One step.
pub fn operation(
    shape: &Shape,
    state: &State,
    open: Option<usize>,
    choices: &mut Choices,
) -> Operation {
    let control = choices.below(100);
    match (open, control) {
        (None, 0..=7) => return Operation::Begin,
        (Some(_), 0..=8) => return Operation::Commit,
        (Some(_), 9..=10) => return Operation::Rollback,
        (Some(_), 11..=17) => return Operation::Savepoint,
        (Some(savepoints), 18..=22) if savepoints > 0 => {
            return Operation::RollbackTo(choices.below(8));
        }
        (Some(savepoints), 23..=25) if savepoints > 0 => {
            return Operation::Release(choices.below(8));
        }
        _ => {}
    }
    Operation::Run(statement(shape, state, choices), Fault::None)
}

/// Engines judge a row that an upsert does not insert each in its own way, so there is none. Once there are rows, less
/// than half of the inserts are left: what rows do to each other is the matter here.
fn statement(shape: &Shape, state: &State, choices: &mut Choices) -> Statement {
    let rows: usize = state.tables.iter().map(Vec::len).sum();
    loop {
        match operations::draw_statement(shape, state, choices) {
            Statement::Upsert { .. } | Statement::Meet(_) => {}
            Statement::Insert { .. } | Statement::InsertMany { .. }
                if rows > 2 * shape.tables.len() && choices.percent(85) => {}
            Statement::InsertMany { table, columns, .. } if columns.is_empty() => {
                return Statement::Insert {
                    table,
                    cells: Vec::new(),
                };
            }
            Statement::Update {
                table,
                filter,
                mut assignments,
            } => {
                for (_, term) in &mut assignments {
                    plain_term(&shape.tables[table], term);
                }
                return Statement::Update {
                    table,
                    filter,
                    assignments,
                };
            }
            statement => return statement,
        }
    }
}

/// There is nothing like `+ 1` for texts.
fn plain_term(table: &TableShape, term: &mut Term) {
    if let Term::Successor(column) = *term
        && table.columns[column].kind == Kind::Text
    {
        *term = Term::Column(column);
    }
}
