//! Many rows in one statement against a naive reading of what they refer to: parents that are there, that are not, that
//! come in the same statement, and that may be missing until commit.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::engine::Database;
use crate::schema::{ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef};
use crate::value::DataType;

/// A key, a parent and a row of the same table.
type Child = (i64, Option<i64>, Option<i64>);

fn database(deferral: Deferral) -> Database {
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    let parents = TableDef::new("parents").column(int("id").primary_key());
    let children = TableDef::new("children")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .column(int("peer_id"))
        .foreign_key(
            ForeignKeyDef::new(["parent_id"])
                .references("parents", ["id"])
                .deferrable(deferral),
        )
        .foreign_key(ForeignKeyDef::new(["peer_id"]).references("children", ["id"]));
    let schema = Schema::builder().table(parents).table(children);
    Database::new(schema.build().unwrap())
}

/// Keys near each other, which are met again, and some that make the table indexed.
fn any_child() -> impl Strategy<Value = Child> {
    let key = || prop_oneof![30 => 0_i64..40, 1 => Just(i64::MAX)];
    let parent = prop::option::weighted(0.8, prop_oneof![30 => 0_i64..8, 1 => 8_i64..12]);
    (key(), parent, prop::option::weighted(0.3, key()))
}

/// Whether the rows may stand together; parents may be missing if they are waited for.
fn may_stand(parents: &BTreeSet<i64>, before: &[Child], rows: &[Child], waits: bool) -> bool {
    let all = || before.iter().chain(rows);
    let keys: BTreeSet<i64> = all().map(|row| row.0).collect();
    keys.len() == all().count()
        && rows.iter().all(|(_, parent, peer)| {
            parent.is_none_or(|parent| waits || parents.contains(&parent))
                && peer.is_none_or(|peer| keys.contains(&peer))
        })
}

fn check_children(db: &Database, parents: &BTreeSet<i64>, rows: &[Child]) {
    for &parent in parents {
        let of_parent = rows.iter().filter(|row| row.1 == Some(parent));
        let expected: BTreeSet<i64> = of_parent.map(|row| row.0).collect();
        let found = db.children_of("children_parent_id_fkey", parent).unwrap();
        let found: BTreeSet<i64> = found
            .map(|row| row.get("id").unwrap().as_int().unwrap())
            .collect();
        assert_eq!(found, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn many_rows_stand_or_fall_by_what_they_refer_to(
        parents in prop::collection::btree_set(0_i64..10, 0..9),
        statements in prop::collection::vec(prop::collection::vec(any_child(), 0..12), 1..5),
        waits in any::<bool>(),
    ) {
        let deferral = if waits { Deferral::InitiallyDeferred } else { Deferral::NotDeferrable };
        let mut db = database(deferral);
        db.insert_many("parents", &["id"], parents.iter().map(|&id| [id.into()])).unwrap();
        let (empty, mut stored) = (db.fingerprint(), Vec::new());
        let mut tx = db.begin();
        for rows in &statements {
            let before = tx.fingerprint();
            let savepoint = tx.savepoint().unwrap();
            let values = rows.iter().map(|&(id, parent, peer)| [id.into(), parent.into(), peer.into()]);
            let columns = ["id", "parent_id", "peer_id"];
            let inserted = tx.insert_many("children", &columns, values.clone());
            assert_eq!(inserted.is_ok(), may_stand(&parents, &stored, rows, waits), "{inserted:?}");
            tx.check_structure().unwrap();
            tx.rollback_to(savepoint).unwrap();
            tx.check_structure().unwrap();
            assert_eq!(tx.fingerprint(), before);
            if inserted.is_ok() {
                tx.insert_many("children", &columns, values).unwrap();
                stored.extend(rows.iter().copied());
            }
        }
        let complete = stored.iter().all(|(_, parent, _)| parent.is_none_or(|it| parents.contains(&it)));
        assert_eq!(tx.commit().is_ok(), complete);
        db.check_integrity().unwrap();
        match complete {
            true => check_children(&db, &parents, &stored),
            false => assert_eq!(db.fingerprint(), empty),
        }
    }
}
