//! Random changes of the schema among random statements, in transactions that stand, fall, or go back half way.
//!
//! Beside them a list of definitions is edited without looking at what the engine does. At the end of each transaction
//! the schema of these definitions is declared at once and given the same rows: that has to be the same state.

use proptest::prelude::*;

use crate::engine::SequenceChange;
use crate::engine::{Changes, Clock, Database, DatabaseOptions, RowChange, Transaction};
use crate::error::Result;
use crate::expr::{all, col};
use crate::schema::{
    Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, SchemaBuilder,
    SchemaChange, TableDef, UniqueDef,
};
use crate::value::{DataType, Timestamp, Value};

const SEED: u64 = 5;

#[derive(Clone, Debug)]
enum Step {
    Change(SchemaChange),
    /// A row whose cells are all this number, where they are numbers.
    Insert {
        table: String,
        value: i64,
    },
    /// All keys of a table, moved.
    Shift {
        table: String,
        by: i64,
    },
    Delete {
        table: String,
        above: i64,
    },
    Truncate {
        table: String,
    },
    Savepoint,
    RollbackTo,
    End {
        commit: bool,
    },
}

fn table() -> impl Strategy<Value = String> {
    (0..3).prop_map(|number| format!("t{number}"))
}

fn column() -> impl Strategy<Value = String> {
    (0..3).prop_map(|number| format!("c{number}"))
}

fn name() -> impl Strategy<Value = String> {
    (0..4).prop_map(|number| format!("n{number}"))
}

fn column_def() -> impl Strategy<Value = ColumnDef> {
    let uuid = |name: &str| ColumnDef::new(name, DataType::Uuid);
    (column(), 0..7).prop_map(move |(name, sort)| {
        let int = ColumnDef::new(&name, DataType::Int);
        match sort {
            0 => int,
            1 => int.default(2),
            2 => int.default(3).not_null(),
            3 => int.not_null(),
            4 => int.auto_increment(),
            5 => uuid(&name).default_uuid().not_null(),
            _ => ColumnDef::new(&name, DataType::Text).default("text"),
        }
    })
}

/// Keyed by `id`, by `c0` and `id`, or not at all.
fn keyed_table(number: usize, keyed: usize) -> TableDef {
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    let table = TableDef::new(format!("t{number}"));
    let table = table.column(int("id")).column(int("c0"));
    match keyed {
        0 => table.primary_key(["id"]),
        1 => table.primary_key(["c0", "id"]),
        _ => table.unique(UniqueDef::new(["id"]).named("n9")),
    }
}

fn table_def() -> impl Strategy<Value = TableDef> {
    (0..3_usize, 0..3_usize).prop_map(|(number, keyed)| keyed_table(number, keyed))
}

/// Three tables with four rows each.
fn setup() -> Vec<Step> {
    let tables = (0..3).map(|number| keyed_table(number, number));
    let tables = tables.map(|table| Step::Change(SchemaChange::add_table(table)));
    let row = |number: i64| Step::Insert {
        table: format!("t{}", number % 3),
        value: number / 3,
    };
    let end = Step::End { commit: true };
    tables.chain((0..12).map(row)).chain([end]).collect()
}

fn foreign_key() -> impl Strategy<Value = ForeignKeyDef> {
    let action = prop_oneof![
        Just(Action::NoAction),
        Just(Action::Cascade),
        Just(Action::SetNull)
    ];
    let deferral = prop_oneof![
        Just(Deferral::NotDeferrable),
        Just(Deferral::InitiallyDeferred)
    ];
    let target = prop_oneof![8 => Just("id"), 1 => Just("c1")];
    (name(), table(), column(), target, action, deferral).prop_map(
        |(name, parent, column, target, action, deferral)| {
            ForeignKeyDef::new([column])
                .references(parent, [target])
                .named(name)
                .on_delete(action)
                .on_update(action)
                .deferrable(deferral)
        },
    )
}

fn change() -> impl Strategy<Value = SchemaChange> {
    let columns = || prop::sample::subsequence(vec!["c0", "c1", "id"], 1..3);
    prop_oneof![
        2 => table_def().prop_map(SchemaChange::add_table),
        1 => table().prop_map(SchemaChange::drop_table),
        1 => table().prop_map(SchemaChange::drop_table_cascade),
        4 => (table(), column_def()).prop_map(|(t, c)| SchemaChange::add_column(t, c)),
        2 => (table(), column()).prop_map(|(t, c)| SchemaChange::drop_column(t, c)),
        1 => (table(), column()).prop_map(|(t, c)| SchemaChange::set_not_null(t, c)),
        1 => (table(), column()).prop_map(|(t, c)| SchemaChange::drop_not_null(t, c)),
        2 => (table(), columns(), name(), any::<bool>()).prop_map(|(table, columns, name, hash)| {
            let index = IndexDef::new(columns).named(name);
            SchemaChange::add_index(table, if hash { index.hash() } else { index })
        }),
        2 => (table(), name()).prop_map(|(t, n)| SchemaChange::drop_index(t, n)),
        2 => (table(), columns(), name()).prop_map(|(table, columns, name)| {
            SchemaChange::add_unique(table, UniqueDef::new(columns).named(name))
        }),
        2 => (table(), column(), name(), 0..4_i64).prop_map(|(table, column, name, above)| {
            SchemaChange::add_check(table, CheckDef::new(name, col(column).ge(above)))
        }),
        4 => (table(), foreign_key()).prop_map(|(t, k)| SchemaChange::add_foreign_key(t, k)),
        4 => (table(), name()).prop_map(|(t, n)| SchemaChange::drop_constraint(t, n)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => change().prop_map(Step::Change),
        12 => (table(), 0..6_i64).prop_map(|(table, value)| Step::Insert { table, value }),
        1 => (table(), 1..3_i64).prop_map(|(table, by)| Step::Shift { table, by }),
        1 => (table(), 0..6_i64).prop_map(|(table, above)| Step::Delete { table, above }),
        1 => table().prop_map(|table| Step::Truncate { table }),
        1 => Just(Step::Savepoint),
        1 => Just(Step::RollbackTo),
        2 => prop::bool::weighted(0.7).prop_map(|commit| Step::End { commit }),
    ]
}

fn run(tx: &mut Transaction<'_>, step: &Step) -> Result<()> {
    match step {
        Step::Change(change) => tx.change_schema(change),
        Step::Insert { table, value } => {
            let schema = tx.schema().clone();
            let columns = &schema.table(schema.table_id(table)?).columns;
            let ints = columns
                .iter()
                .filter(|column| !column.hidden && column.data_type == DataType::Int);
            let cells = ints.map(|column| (&*column.name, Value::from(*value)));
            tx.insert(table, cells.collect::<Vec<_>>()).map(drop)
        }
        Step::Shift { table, by } => tx
            .update_with(table, &all([]), |row| {
                let shifted = row.get("id")?.as_int().map(|id| id + by);
                Ok(vec![("id", Value::from(shifted))])
            })
            .map(drop),
        Step::Delete { table, above } => tx.delete(table, &col("id").gt(*above)).map(drop),
        Step::Truncate { table } => tx.truncate([table]).map(drop),
        Step::Savepoint | Step::RollbackTo | Step::End { .. } => Ok(()),
    }
}

/// The change made in definitions, by whoever does not know the engine.
fn edit(tables: &mut Vec<TableDef>, change: &SchemaChange) {
    let at = |tables: &mut Vec<TableDef>, name: &String| {
        tables.iter().position(|table| table.name == *name).unwrap()
    };
    let at_column = |table: &TableDef, name: &String| {
        let mut columns = table.columns.iter();
        columns.position(|column| column.name == *name).unwrap()
    };
    match change {
        SchemaChange::AddTable(table) => tables.push(table.clone()),
        SchemaChange::DropTable { table } => tables.retain(|it| it.name != *table),
        SchemaChange::DropTableCascade { table } => {
            tables.retain(|it| it.name != *table);
            for other in tables {
                other.foreign_keys.retain(|key| key.parent != *table);
            }
        }
        SchemaChange::AddColumn { table, column } => {
            let at = at(tables, table);
            tables[at].columns.push(column.clone());
        }
        SchemaChange::DropColumn { table, column } => {
            let at = at(tables, table);
            tables[at].columns.retain(|it| it.name != *column);
        }
        SchemaChange::SetNotNull { table, column }
        | SchemaChange::DropNotNull { table, column } => {
            let at = at(tables, table);
            let position = at_column(&tables[at], column);
            tables[at].columns[position].nullable =
                matches!(change, SchemaChange::DropNotNull { .. });
        }
        SchemaChange::AddIndex { table, index } => {
            let at = at(tables, table);
            tables[at].indexes.push(index.clone());
        }
        SchemaChange::DropIndex { table, index } => {
            let at = at(tables, table);
            tables[at]
                .indexes
                .retain(|it| it.name.as_ref() != Some(index));
        }
        SchemaChange::AddUnique { table, unique } => {
            let at = at(tables, table);
            tables[at].uniques.push(unique.clone());
        }
        SchemaChange::AddCheck { table, check } => {
            let at = at(tables, table);
            tables[at].checks.push(check.clone());
        }
        SchemaChange::AddForeignKey { table, foreign_key } => {
            let at = at(tables, table);
            tables[at].foreign_keys.push(foreign_key.clone());
        }
        SchemaChange::DropConstraint { table, constraint } => {
            let at = at(tables, table);
            let table = &mut tables[at];
            table
                .uniques
                .retain(|it| it.name.as_ref() != Some(constraint));
            table.checks.retain(|it| it.name != *constraint);
            table
                .foreign_keys
                .retain(|it| it.name.as_ref() != Some(constraint));
        }
    }
}

fn options() -> DatabaseOptions {
    DatabaseOptions {
        clock: Clock::Fixed(Timestamp::from_micros(0)),
        seed: Some(SEED),
        ..DatabaseOptions::default()
    }
}

/// A database of these definitions, declared at once, with the rows, sequences and randomness of another.
fn at_once(tables: &[TableDef], db: &Database) -> Database {
    let builder = tables.iter().cloned();
    let schema = builder.fold(Schema::builder(), SchemaBuilder::table);
    let mut fresh = Database::with_options(schema.build().unwrap(), options());
    let mut changes = Changes::default();
    for table in db.schema().tables() {
        let columns = table.columns.iter().map(|column| column.name.to_string());
        let columns: std::sync::Arc<[String]> = columns.collect();
        let key_columns = table.primary_key().columns.iter();
        let key_columns: Vec<usize> = key_columns.map(|&ordinal| ordinal as usize).collect();
        changes.rows.extend(db.scan(table.id).map(|row| RowChange {
            table: table.name.to_string(),
            columns: columns.clone(),
            before: None,
            after: Some(row.values()),
            key_columns: key_columns.clone(),
        }));
        changes.sequences.push(SequenceChange {
            table: table.name.to_string(),
            before: 1,
            after: db.state.sequences[table.id.index()],
        });
    }
    changes.random = Some((SEED, db.state.random));
    fresh.apply(&changes).unwrap();
    fresh
}

/// Steps up to the end of one transaction; how many were taken.
fn transaction(db: &mut Database, tables: &mut Vec<TableDef>, steps: &[Step]) -> usize {
    let (start, definitions) = (db.fingerprint(), tables.clone());
    let held = db.snapshot();
    let mut tx = db.begin();
    let (mut savepoint, mut taken, mut commit) = (None, 0, true);
    for step in steps {
        taken += 1;
        match step {
            Step::Savepoint => {
                savepoint = Some((tx.savepoint().unwrap(), tx.fingerprint(), tables.clone()));
            }
            Step::RollbackTo => {
                if let Some((savepoint, print, definitions)) = &savepoint {
                    tx.rollback_to(*savepoint).unwrap();
                    assert_eq!(tx.fingerprint(), *print, "a savepoint was not reached");
                    tables.clone_from(definitions);
                }
            }
            Step::End { commit: wanted } => {
                commit = *wanted;
                break;
            }
            _ => {
                let before = tx.fingerprint();
                match (run(&mut tx, step), step) {
                    (Ok(()), Step::Change(change)) => edit(tables, change),
                    (Ok(()), _) => {}
                    (Err(_), _) => {
                        assert_eq!(tx.fingerprint(), before, "a failure changed something");
                    }
                }
            }
        }
        tx.check_structure().unwrap();
    }
    let stands = match commit {
        true => tx.commit().is_ok(),
        false => {
            tx.rollback();
            false
        }
    };
    if !stands {
        assert_eq!(db.fingerprint(), start, "a rollback did not lead back");
        tables.clone_from(&definitions);
    }
    db.check_integrity().unwrap();
    assert_eq!(held.fingerprint(), start, "a held snapshot moved");
    let fresh = at_once(tables, db);
    fresh.check_integrity().unwrap();
    assert_eq!(db.fingerprint(), fresh.fingerprint(), "{tables:#?}");
    taken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn step_by_step_is_as_at_once(steps in prop::collection::vec(step(), 1..60)) {
        let schema = Schema::builder().build().unwrap();
        let mut db = Database::with_options(schema, options());
        let mut tables = Vec::new();
        transaction(&mut db, &mut tables, &setup());
        let mut rest = &steps[..];
        while !rest.is_empty() {
            let taken = transaction(&mut db, &mut tables, rest);
            rest = &rest[taken..];
        }
    }
}

/// More with RELATA_CASES.
fn cases() -> u32 {
    std::env::var("RELATA_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(80)
}
