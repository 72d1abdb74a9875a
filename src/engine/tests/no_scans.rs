//! Work that follows from keys is counted in rows looked at, in tables that are small and in the same ones grown large.

use crate::engine::{Database, Transaction};
use crate::error::Result;
use crate::schema::{Action, ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef};
use crate::storage::rows_read;
use crate::value::{DataType, Value};

const ACTIONS: [Action; 5] = [
    Action::NoAction,
    Action::Restrict,
    Action::Cascade,
    Action::SetNull,
    Action::SetDefault,
];

/// A key of the children, by an integer that tables are dense over or by a text that is found by hash; to one row or to
/// any.
#[derive(Clone, Copy, Debug)]
struct Keyed {
    text: bool,
    to_any_row: bool,
}

const KEYED: [Keyed; 3] = [
    Keyed {
        text: false,
        to_any_row: false,
    },
    Keyed {
        text: true,
        to_any_row: false,
    },
    Keyed {
        text: true,
        to_any_row: true,
    },
];

impl Keyed {
    fn value(self, number: i64) -> Value {
        match self.text {
            true => Value::from(format!("parent {number}")),
            false => Value::from(number),
        }
    }

    /// A hundred parents, of which the second half have all the children.
    fn family(self, action: Action, children: i64) -> Database {
        let data_type = if self.text {
            DataType::Text
        } else {
            DataType::Int
        };
        let key = ForeignKeyDef::new(["parent"])
            .on_delete(action)
            .on_update(action)
            .deferrable(Deferral::InitiallyImmediate);
        let key = match self.to_any_row {
            true => key.references("parents", ["name"]).to_any_row(),
            false => key.references("parents", ["id"]),
        };
        let parents = TableDef::new("parents")
            .column(ColumnDef::new("id", data_type).primary_key())
            .column(ColumnDef::new("name", data_type));
        let default = self.value(99);
        let children_table = TableDef::new("children")
            .column(ColumnDef::new("id", DataType::Int).primary_key())
            .column(ColumnDef::new("parent", data_type).default(default))
            .foreign_key(key);
        let schema = Schema::builder().table(parents).table(children_table);
        let mut db = Database::new(schema.build().unwrap());
        let rows = (0..100).map(|number| [self.value(number), self.value(number)]);
        db.insert_many("parents", &["id", "name"], rows).unwrap();
        let rows = (0..children).map(|id| [id.into(), self.value(50 + id % 50)]);
        db.insert_many("children", &["id", "parent"], rows).unwrap();
        db
    }
}

/// Rows that a statement looks at.
fn cost(db: &Database, statement: impl FnOnce(&mut Transaction<'_>) -> Result<()>) -> u64 {
    let mut db = db.fork();
    let before = rows_read();
    db.transaction(statement).unwrap();
    rows_read() - before
}

type Work = Box<dyn Fn(&mut Transaction<'_>) -> Result<()>>;

/// The statements that look for children of twenty parents, who have none.
fn statements(keyed: Keyed) -> [(&'static str, Work); 3] {
    let each = move |tx: &mut Transaction<'_>, parent: i64| -> Result<()> {
        tx.delete_key("parents", keyed.value(parent)).map(drop)
    };
    [
        (
            "delete",
            Box::new(move |tx| (0..20).try_for_each(|parent| each(tx, parent))),
        ),
        (
            "rename",
            Box::new(move |tx| {
                (0..20).try_for_each(|parent| {
                    let new = keyed.value(1_000 + parent);
                    let cells = [("id", new.clone()), ("name", new)];
                    tx.update_key("parents", keyed.value(parent), cells)
                        .map(drop)
                })
            }),
        ),
        (
            "insert a child",
            Box::new(move |tx| {
                let cells = [("id", Value::from(1_000_000)), ("parent", keyed.value(3))];
                tx.insert("children", cells).map(drop)
            }),
        ),
    ]
}

// rules: RI-8
// Broken, each delete of a parent would read every child: minutes instead of seconds on a large table.
#[test]
fn children_are_found_without_a_scan() {
    for keyed in KEYED {
        for action in ACTIONS {
            let (few, many) = (keyed.family(action, 50), keyed.family(action, 5_000));
            for (name, statement) in statements(keyed) {
                let (few, many) = (cost(&few, &statement), cost(&many, &statement));
                assert!(few > 0, "{name} of {keyed:?} {action:?} looks at nothing");
                assert!(
                    many <= few + 40,
                    "{name} of {keyed:?} {action:?}: {few} rows beside few children, {many} beside many"
                );
            }
        }
    }
}
