//! Which way rows are found by, and that every way finds what a look at all rows finds.

use proptest::prelude::*;

use crate::engine::{AccessPath, Candidate, Database, RowId, RowView, Snapshot, Terms};
use crate::expr::{Expr, all, any, col};
use crate::schema::{ColumnDef, Deferral, ForeignKeyDef, IndexDef, Schema, TableDef, UniqueDef};
use crate::value::{DataType, Value};

/// Rooms with a composite key, and bookings: with a deferred key to them whose columns stand in another order, a guarded
/// one, one to a key that two rows may share for a while, and an index.
fn schema() -> Schema {
    let int = |name: &str| ColumnDef::new(name, DataType::Int);
    Schema::builder()
        .table(
            TableDef::new("rooms")
                .column(int("house"))
                .column(int("number"))
                .column(int("code"))
                .primary_key(["house", "number"])
                .unique(UniqueDef::new(["code"]).deferrable(Deferral::InitiallyDeferred)),
        )
        .table(
            TableDef::new("bookings")
                .column(int("id").primary_key())
                .column(int("number"))
                .column(int("house"))
                .column(int("code"))
                .column(int("guarded"))
                .column(ColumnDef::new("kind", DataType::Text))
                .index(IndexDef::new(["kind", "id"]))
                .index(IndexDef::new(["guarded", "code"]).descending(["guarded"]))
                .index(IndexDef::new(["code"]).hash())
                .foreign_key(
                    ForeignKeyDef::new(["number", "house"])
                        .references("rooms", ["number", "house"])
                        .deferrable(Deferral::InitiallyDeferred),
                )
                .foreign_key(
                    ForeignKeyDef::new(["code"])
                        .references("rooms", ["code"])
                        .deferrable(Deferral::InitiallyDeferred),
                )
                .foreign_key(
                    ForeignKeyDef::new(["guarded"])
                        .references("bookings", ["id"])
                        .deferrable(Deferral::InitiallyDeferred)
                        .guarded("kind", "a"),
                ),
        )
        .build()
        .unwrap()
}

fn path(db: &Database, filter: &Expr) -> String {
    let schema = db.schema();
    let table = schema.table(schema.table_id("bookings").unwrap());
    let filter = filter.bind(table).unwrap();
    let (choice, answers_filter) = db
        .candidates(table.id, &Terms::of(Some(&filter)))
        .cheapest();
    let name = match choice.path {
        AccessPath::Key { key, .. } => &table.keys[key].name,
        AccessPath::Children { key, .. } => &schema.foreign_key(key).name,
        AccessPath::Index { index, .. } | AccessPath::Range { index, .. } => {
            &table.indexes[index].name
        }
        AccessPath::KeyRange { .. } => "key range",
        AccessPath::Intersection(_) => "intersection",
        AccessPath::Scan => "scan",
    };
    format!("{name}{}", if answers_filter { "" } else { ", filter" })
}

// Broken: children are looked for among all rows, or under edges that not all of them have.
#[test]
fn a_filter_is_answered_by_what_knows_most_of_it() {
    let db = Database::new(schema());
    let room = || col("house").eq(1).and(col("number").eq(2));
    for (filter, expected) in [
        (col("id").eq(1), "bookings_pkey"),
        (col("id").eq(1).and(room()), "bookings_pkey, filter"),
        (room(), "bookings_number_house_fkey"),
        (
            room().and(col("kind").eq("a")),
            "bookings_number_house_fkey, filter",
        ),
        (col("house").eq(1), "scan, filter"),
        (col("kind").eq("a"), "bookings_kind_id_idx"),
        (col("kind").eq("a").or(room()), "scan, filter"),
        // Rows may share the code, and those of another kind have no edge.
        (col("code").eq(1), "bookings_code_idx"),
        (col("guarded").eq(1), "bookings_guarded_code_idx"),
        (col("id").eq(1.0), "scan, filter"),
        (all([]), "scan"),
    ] {
        assert_eq!(path(&db, &filter), expected, "{filter}");
    }
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 5 => (0_i64..4).prop_map(Value::from)]
}

fn kind() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["a", "b"]).prop_map(Value::from)
}

fn filter() -> impl Strategy<Value = Expr> {
    let columns = vec!["id", "number", "house", "code", "guarded"];
    let equal = (prop::sample::select(columns), number()).prop_map(|(name, it)| col(name).eq(it));
    let term = prop_oneof![
        8 => equal,
        1 => kind().prop_map(|it| col("kind").eq(it)),
        1 => number().prop_map(|it| col("house").ge(it)),
        1 => number().prop_map(|it| col("guarded").lt(it)),
        1 => (number(), number()).prop_map(|(a, b)| col("id").between(a, b)),
        1 => (number(), number()).prop_map(|(a, b)| col("guarded").between(a, b)),
        1 => Just(col("house").is_null()),
        1 => Just(col("code").is_null()),
        1 => Just(col("kind").like("a%")),
        1 => prop::collection::vec(number(), 0..3).prop_map(|it| col("code").is_in(it)),
        1 => prop::collection::vec(number(), 0..3).prop_map(|it| col("id").is_in(it)),
    ];
    let terms = prop::collection::vec(term, 0..4);
    let room = (number(), number()).prop_map(|(a, b)| col("house").eq(a).and(col("number").eq(b)));
    prop_oneof![
        4 => terms.clone().prop_map(all),
        4 => (room, terms.clone()).prop_map(|(room, terms)| room.and(all(terms))),
        1 => terms.prop_map(any),
    ]
}

/// The keys of the rows for which a filter is true, by looking at all of them.
fn scanned(snapshot: &Snapshot, filter: &Expr) -> Vec<Value> {
    let bound = filter.bind(
        snapshot
            .schema()
            .table(snapshot.schema().table_id("bookings").unwrap()),
    );
    let bound = bound.unwrap();
    let rows = snapshot.rows("bookings").unwrap();
    rows.filter(|row| {
        let values: Vec<Value> = row.columns().map(|(_, value)| value.to_value()).collect();
        bound.matches(&values[..]).unwrap()
    })
    .map(|row| row.key()[0].clone())
    .collect()
}

/// The keys of the rows for which a filter is true, by each path that it allows, ascending.
fn by_each_path(snapshot: &Snapshot, filter: &Expr) -> Vec<Vec<Value>> {
    let schema = snapshot.schema();
    let table = schema.table(schema.table_id("bookings").unwrap());
    let bound = filter.bind(table).unwrap();
    let candidates = snapshot.candidates(table.id, &Terms::of(Some(&bound)));
    let by_path = |(place, candidate): (usize, &Candidate)| {
        let path = &candidate.path;
        let found = snapshot.find_by_path(table.id, path, &[]);
        let ids: Vec<RowId> = match found {
            Some(ids) => ids.collect(),
            None => {
                let rows = snapshot.scan_by_path(table.id, path, &[]);
                rows.map(|(id, _)| id).collect()
            }
        };
        if let Some(count) = snapshot.count_by_path(table.id, path, &[]) {
            assert_eq!(count, ids.len(), "{path:?}");
        }
        let in_key_order = snapshot.ids_are_in_key_order(table.id);
        let listed = !in_key_order && path.list().is_some();
        let ascends = path.ascends() && !listed;
        assert!(!ascends || ids.is_sorted(), "{path:?}");
        let rows = ids.into_iter().map(|id| snapshot.view(table.id, id));
        let passes = |row: &RowView<'_>| {
            candidates.answers_filter(place) || bound.matches_with(row, &[]) == Ok(true)
        };
        let mut keys: Vec<Value> = rows
            .filter(passes)
            .map(|row| row.key()[0].clone())
            .collect();
        keys.sort_unstable();
        keys
    };
    candidates.all.iter().enumerate().map(by_path).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    // Broken: a find, an update or a delete by a filter reaches other rows than those it is true for, as long as something
    // waits for commit or at all.
    #[test]
    fn every_way_finds_what_a_scan_finds(
        rooms in prop::collection::vec((0_i64..4, 0_i64..4, number()), 0..6),
        bookings in prop::collection::vec((number(), number(), number(), number(), kind()), 0..12),
        filters in prop::collection::vec(filter(), 6),
        moved in (0_i64..4, 0_i64..4, 0_i64..4),
    ) {
        let mut db = Database::new(schema());
        let mut tx = db.begin();
        let columns = ["id", "number", "house", "code", "guarded", "kind"];
        for (id, (number, house, code, guarded, kind)) in (0_i64..).zip(bookings) {
            let row = [id.into(), number, house, code, guarded, kind];
            tx.insert("bookings", columns.into_iter().zip(row)).unwrap();
        }
        // Rooms come late, some never; one goes away again under its bookings.
        for (house, number, code) in rooms {
            let _ = tx.insert("rooms", [("house", house.into()), ("number", number.into()), ("code", code)]);
        }
        let _ = tx.update_key("rooms", (moved.0, moved.1), [("number", Value::from(moved.2))]);
        for filter in &filters {
            let expected = scanned(&tx, filter);
            let found = tx.filter("bookings", filter).unwrap();
            let found: Vec<Value> = found.iter().map(|row| row.key()[0].clone()).collect();
            prop_assert_eq!(&found, &expected, "{}", filter);
            for found in by_each_path(&tx, filter) {
                prop_assert_eq!(&found, &expected, "{}", filter);
            }
            let affected = tx.update("bookings", filter, [("kind", Value::from("a"))]).unwrap();
            prop_assert_eq!(usize::try_from(affected.rows).unwrap(), expected.len());
        }
    }
}
