//! Rows in the order of their keys, against numbers that are sorted: keys near each other and far apart, uuids and texts
//! that begin alike, pairs of which many share the first column; few rows under a parent and many.

use proptest::prelude::*;

use crate::engine::{Database, Row};
use crate::expr::col;
use crate::schema::{ColumnDef, ForeignKeyDef, Schema, TableDef};
use crate::value::{DataType, Uuid, Value};

/// What keys are made of: the order of pairs of numbers is that of the keys.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Near,
    Far,
    UuidsOfOneBeginning,
    UuidsApart,
    Texts,
    Pairs,
}

impl Keys {
    fn data_type(self) -> DataType {
        match self {
            Keys::Near | Keys::Far | Keys::Pairs => DataType::Int,
            Keys::UuidsOfOneBeginning | Keys::UuidsApart => DataType::Uuid,
            Keys::Texts => DataType::Text,
        }
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Keys::Pairs => &["first", "second"],
            _ => &["first"],
        }
    }

    fn first(self, high: u8, low: u8) -> Value {
        let (far, near) = (u64::from(high) << 62, u64::from(low));
        match self {
            Keys::Near => (i64::MIN + i64::from(high) * 256 + i64::from(low)).into(),
            Keys::Far => (far ^ 1 << 63 | near).cast_signed().into(),
            Keys::UuidsOfOneBeginning => Uuid::from_u64_pair(u64::from(high), near).into(),
            Keys::UuidsApart => Uuid::from_u64_pair(far | near, 0).into(),
            Keys::Texts => format!("{high} is how this text begins {low:3}").into(),
            Keys::Pairs => i64::from(high).into(),
        }
    }

    fn database(self, numbers: &[(u8, u8)]) -> Database {
        let int = |name: &str| ColumnDef::new(name, DataType::Int);
        let parents = TableDef::new("parents").column(int("id").primary_key());
        let children = TableDef::new("children")
            .column(ColumnDef::new("first", self.data_type()))
            .column(int("second"))
            .column(int("parent_id"))
            .column(int("number"))
            .primary_key(self.columns().iter().copied())
            .foreign_key(ForeignKeyDef::new(["parent_id"]).references("parents", ["id"]));
        let schema = Schema::builder().table(parents).table(children).build();
        let mut db = Database::new(schema.unwrap());
        db.insert_many("parents", &["id"], (0..3).map(|id| [id.into()]))
            .unwrap();
        let rows = numbers.iter().map(|&(high, low)| {
            let second = i64::from(low).into();
            let parent = (parent_of(low)).into();
            [
                self.first(high, low),
                second,
                parent,
                number((high, low)).into(),
            ]
        });
        let columns = ["first", "second", "parent_id", "number"];
        db.insert_many("children", &columns, rows).unwrap();
        db
    }
}

/// Most rows have the first parent.
fn parent_of(low: u8) -> i64 {
    i64::from(low % 8).saturating_sub(5).max(0)
}

fn number((high, low): (u8, u8)) -> i64 {
    i64::from(high) * 256 + i64::from(low)
}

fn any_keys() -> impl Strategy<Value = Keys> {
    prop::sample::select(vec![
        Keys::Near,
        Keys::Far,
        Keys::UuidsOfOneBeginning,
        Keys::UuidsApart,
        Keys::Texts,
        Keys::Pairs,
    ])
}

fn numbers<'a>(rows: impl IntoIterator<Item = Row<'a>>) -> Vec<i64> {
    let rows = rows.into_iter();
    rows.map(|row| row.get("number").unwrap().as_int().unwrap())
        .collect()
}

proptest! {
    // Broken, rows would come in the order in which they were written, or two whose keys begin alike the wrong way round.
    #[test]
    fn rows_come_by_primary_key(
        keys in any_keys(),
        given in prop::collection::hash_set((0_u8..4, 0_u8..40), 0..60),
    ) {
        let given: Vec<(u8, u8)> = given.into_iter().collect();
        let db = keys.database(&given);
        let mut sorted = given;
        sorted.sort_unstable();
        let all: Vec<i64> = sorted.iter().copied().map(number).collect();
        prop_assert_eq!(numbers(db.rows("children").unwrap()), &all[..]);
        prop_assert_eq!(numbers(db.filter("children", &col("number").ge(0)).unwrap()), &all[..]);
        for parent in 0..3 {
            let of_parent = sorted.iter().filter(|(_, low)| parent_of(*low) == parent);
            let expected: Vec<i64> = of_parent.copied().map(number).collect();
            let found = db.children_of("children_parent_id_fkey", parent).unwrap();
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(numbers(found), expected);
        }
    }
}

// Broken, rows of a table that is not expected in cache would be missed, or given out twice, where what is looked up at once
// ends.
#[test]
fn rows_of_a_large_table_come_by_primary_key() {
    let given: Vec<(u8, u8)> = (0..24)
        .flat_map(|high| (0..=255).map(move |low| (high, low)))
        .collect();
    let numbers_of = |parent: i64| {
        let of_parent = given.iter().filter(|(_, low)| parent_of(*low) == parent);
        of_parent.copied().map(number).collect::<Vec<_>>()
    };
    for keys in [Keys::Near, Keys::Pairs] {
        let db = keys.database(&given);
        let all: Vec<i64> = given.iter().copied().map(number).collect();
        assert_eq!(numbers(db.rows("children").unwrap()), all);
        for parent in 0..3 {
            let found = db.children_of("children_parent_id_fkey", parent).unwrap();
            assert_eq!(numbers(found), numbers_of(parent));
        }
        let mut rows = db.rows("children").unwrap();
        for taken in 0..100 {
            assert_eq!(rows.len(), all.len() - taken);
            assert_eq!(numbers(rows.clone().take(70)), all[taken..taken + 70]);
            rows.next().unwrap();
        }
    }
}
