//! Foreign keys to any row: cities by the name of a country, which several rows may have; one behaviour each.

use crate::engine::{Database, Transaction};
use crate::error::{ConstraintKind, Error, ErrorKind, ProblemKind};
use crate::expr::{all, col};
use crate::schema::{
    Action, ColumnDef, Deferral, ForeignKeyDef, IndexDef, IndexKind, Schema, SchemaBuilder,
    SchemaChange, TableDef, UniqueDef,
};
use crate::value::{DataType, Key, Value};

const REFERENCE: ErrorKind = ErrorKind::Constraint(ConstraintKind::Reference);
const RESTRICT: ErrorKind = ErrorKind::Constraint(ConstraintKind::Restrict);

fn key(on_delete: Action, on_update: Action) -> ForeignKeyDef {
    ForeignKeyDef::new(["country"])
        .references("countries", ["name"])
        .to_any_row()
        .on_delete(on_delete)
        .on_update(on_update)
}

fn declared(key: ForeignKeyDef) -> SchemaBuilder {
    let table = |name: &str| TableDef::new(name).column(int("id").primary_key());
    Schema::builder()
        .table(table("countries").column(text("name")))
        .table(
            table("cities")
                .column(text("country").default("other"))
                .foreign_key(key),
        )
}

fn int(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Int)
}

fn text(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Text)
}

/// Countries 1 and 2 of one name, 3 of another, 4 for default; cities 1 and 2 in the first, 3 in the other, 4 in none.
fn filled(key: ForeignKeyDef) -> Database {
    let mut db = Database::new(declared(key).build().unwrap());
    let names = ["alba", "alba", "bria", "other"];
    db.insert_many("countries", &["id", "name"], numbered(names.map(Some)))
        .unwrap();
    let countries = [Some("alba"), Some("alba"), Some("bria"), None];
    db.insert_many("cities", &["id", "country"], numbered(countries))
        .unwrap();
    db.check_integrity().unwrap();
    db
}

fn numbered<const N: usize>(texts: [Option<&'static str>; N]) -> impl Iterator<Item = [Value; 2]> {
    let texts = (1_i64..).zip(texts);
    texts.map(|(id, text)| [id.into(), text.map_or(Value::Null, Value::from)])
}

/// The country of each city, by key.
fn cities(db: &Database) -> Vec<(i64, Option<String>)> {
    let rows = db.rows("cities").unwrap();
    rows.map(|row| {
        let country = row.get("country").unwrap();
        (
            row.key()[0].as_ref().as_int().unwrap(),
            country.as_str().map(str::to_owned),
        )
    })
    .collect()
}

/// What [`filled`] has, with the country of the first two cities as given.
fn with_first_two(country: Option<&str>) -> Vec<(i64, Option<String>)> {
    let own = |name: &str| Some(name.to_owned());
    let first = country.map(str::to_owned);
    vec![(1, first.clone()), (2, first), (3, own("bria")), (4, None)]
}

fn rename(db: &mut Database, country: i64, name: &str) -> Result<(), ErrorKind> {
    let renamed = db.update_key("countries", country, [("name", Value::from(name))]);
    renamed.map(drop).map_err(|error| error.kind())
}

fn kind(error: Result<impl Sized, Error>) -> Result<(), ErrorKind> {
    error.map(drop).map_err(|error| error.kind())
}

// rules: BY-18, RI-90
// Broken, a key that is no key would be taken without being asked for, or one that is would lose its edges.
#[test]
fn it_is_declared() {
    let plain = ForeignKeyDef::new(["country"]).references("countries", ["name"]);
    let error = declared(plain).build().unwrap_err();
    assert_eq!(error.sqlstate(), "42830");
    assert_eq!(
        error.as_declaration().unwrap().problems[0].kind,
        ProblemKind::NotUnique
    );
    let schema = declared(key(Action::NoAction, Action::NoAction))
        .build()
        .unwrap();
    assert!(schema.foreign_keys()[0].is_to_any_row());
    let table = TableDef::new("t")
        .column(int("id").primary_key())
        .column(int("above"))
        .foreign_key(
            ForeignKeyDef::new(["above"])
                .references("t", ["id"])
                .to_any_row(),
        );
    let schema = Schema::builder().table(table).build().unwrap();
    assert_eq!(schema.foreign_keys()[0].parent_key, Some(0));
    assert!(schema.tables()[0].indexes.is_empty());
}

// rules: RI-8
// Broken, each statement would scan both tables, or a column would be indexed twice.
#[test]
fn both_ends_are_indexed() {
    let names = |schema: &Schema| -> Vec<(String, IndexKind)> {
        let tables = schema.tables().iter();
        let indexes = tables.flat_map(|table| &table.indexes);
        indexes
            .map(|index| (index.name.to_string(), index.kind))
            .collect()
    };
    let schema = declared(key(Action::NoAction, Action::NoAction))
        .build()
        .unwrap();
    assert_eq!(
        names(&schema),
        [
            ("countries_name_idx".to_owned(), IndexKind::Hash),
            ("cities_country_idx".to_owned(), IndexKind::Hash),
        ]
    );
    let own = TableDef::new("nodes")
        .column(int("id").primary_key())
        .column(int("a"))
        .column(int("b"))
        .index(IndexDef::new(["b"]).named("nodes_a_idx").descending(["b"]))
        .foreign_key(
            ForeignKeyDef::new(["a"])
                .references("nodes", ["b"])
                .to_any_row(),
        )
        .foreign_key(
            ForeignKeyDef::new(["b"])
                .references("nodes", ["a"])
                .to_any_row(),
        );
    let schema = Schema::builder().table(own).build().unwrap();
    assert_eq!(
        names(&schema),
        [
            ("nodes_a_idx".to_owned(), IndexKind::Ordered),
            ("nodes_a_idx1".to_owned(), IndexKind::Hash),
        ]
    );
}

// rules: BY-18, RI-1, RI-2, RI-6
// Broken, a city could be in a country that nobody has, or one in a country that two rows have would be refused.
#[test]
fn it_holds_while_any_row_has_the_value() {
    let mut db = filled(key(Action::NoAction, Action::NoAction));
    let city = |db: &mut Database, id: i64, country: &str| {
        kind(db.insert("cities", [("id", id.into()), ("country", country.into())]))
    };
    assert_eq!(city(&mut db, 5, "cora"), Err(REFERENCE));
    assert_eq!(city(&mut db, 5, "alba"), Ok(()));
    db.delete_key("countries", 1).unwrap();
    assert_eq!(kind(db.delete_key("countries", 2)), Err(REFERENCE));
    // The other row of the name leaves in the same statement as a new one takes it: RI-14 does not apply.
    let swapped = db.update_with("countries", &all([]), |row| {
        let name = row.get("name")?.as_str().unwrap_or_default().to_owned();
        let name = if name == "alba" { "bria" } else { "alba" };
        Ok(vec![("name", Value::from(name))])
    });
    swapped.unwrap();
    assert_eq!(db.children_of("cities_country_fkey", 2).unwrap().len(), 1);
    assert_eq!(db.children_of("cities_country_fkey", 3).unwrap().len(), 3);
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-20
// Broken, cities would go with the first of two countries of their name, or not with the last.
#[test]
fn delete_rules_fire_with_the_last_row() {
    let mut db = filled(key(Action::Cascade, Action::NoAction));
    assert_eq!(db.delete_key("countries", 1).unwrap().by_actions, 0);
    assert_eq!(db.delete_key("countries", 2).unwrap().by_actions, 2);
    assert_eq!(cities(&db), [(3, Some("bria".to_owned())), (4, None)]);
    db.check_integrity().unwrap();
    // Both at once.
    let mut db = filled(key(Action::SetNull, Action::NoAction));
    let both = db.delete("countries", &col("name").eq("alba")).unwrap();
    assert_eq!((both.rows, both.by_actions), (2, 2));
    assert_eq!(cities(&db), with_first_two(None));
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-23
// Broken, a default that vanishes itself would be taken for one that is there.
#[test]
fn set_default_must_find_a_row_too() {
    let mut db = filled(key(Action::SetDefault, Action::NoAction));
    db.delete("countries", &col("name").eq("alba")).unwrap();
    assert_eq!(cities(&db), with_first_two(Some("other")));
    assert_eq!(kind(db.delete_key("countries", 4)), Err(REFERENCE));
    assert_eq!(
        kind(db.delete("countries", &col("id").is_in([3, 4]))),
        Err(REFERENCE)
    );
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-21, RI-12
// Broken, cities would follow one of two rows of their country, or stay behind when both go the same way.
#[test]
fn update_cascades_if_all_rows_go_the_same_way() {
    let mut db = filled(key(Action::NoAction, Action::Cascade));
    rename(&mut db, 1, "dora").unwrap();
    assert_eq!(cities(&db), with_first_two(Some("alba")));
    rename(&mut db, 2, "cora").unwrap();
    assert_eq!(cities(&db), with_first_two(Some("cora")));
    db.check_integrity().unwrap();

    let mut db = filled(key(Action::NoAction, Action::Cascade));
    let apart = |db: &mut Database| {
        kind(db.update_with("countries", &col("name").eq("alba"), |row| {
            let id = row.get("id")?.as_int().unwrap_or_default();
            Ok(vec![("name", Value::from(format!("part {id}")))])
        }))
    };
    assert_eq!(apart(&mut db), Err(REFERENCE));
    let together = db.update(
        "countries",
        &col("name").eq("alba"),
        [("name", "elba".into())],
    );
    assert_eq!(together.unwrap().by_actions, 2);
    assert_eq!(cities(&db), with_first_two(Some("elba")));
    // To null goes the same way too.
    db.update(
        "countries",
        &col("name").eq("elba"),
        [("name", Value::Null)],
    )
    .unwrap();
    assert_eq!(cities(&db), with_first_two(None));
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-13, RI-71
// Broken, RESTRICT would hold a row whose value another still has, or let the last one go.
#[test]
fn restrict_holds_the_last_row() {
    let mut db = filled(key(Action::Restrict, Action::Restrict));
    db.delete_key("countries", 1).unwrap();
    assert_eq!(rename(&mut db, 2, "cora"), Err(RESTRICT));
    let error = db.delete_key("countries", 2).unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(
        (details.kind, details.constraint.as_str()),
        (ConstraintKind::Restrict, "cities_country_fkey")
    );
    assert_eq!(details.values, [Value::from("alba")]);
    assert_eq!(details.row, Some(Key::from(1)));
    db.delete("cities", &col("country").eq("alba")).unwrap();
    db.delete_key("countries", 2).unwrap();
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-19, D-4
// Broken, a row that began to point at a vanishing value would be carried along instead of refused.
#[test]
fn a_child_written_by_the_statement_is_not_acted_on() {
    let table = TableDef::new("nodes")
        .column(int("id").primary_key())
        .column(text("name"))
        .column(text("above"))
        .foreign_key(
            ForeignKeyDef::new(["above"])
                .references("nodes", ["name"])
                .to_any_row()
                .on_update(Action::Cascade)
                .on_delete(Action::Cascade),
        );
    let mut db = Database::new(Schema::builder().table(table).build().unwrap());
    let node = |id: i64, name: &str, above: &str| [id.into(), Value::from(name), above.into()];
    let columns = ["id", "name", "above"];
    let rows = [node(1, "a", "a"), node(2, "b", "a"), node(3, "c", "b")];
    db.insert_many("nodes", &columns, rows).unwrap();
    // The key and the row's own reference to it: what keeps its value follows.
    db.update_key("nodes", 1, [("name", "z".into())]).unwrap();
    let above = |db: &Database, id: i64| {
        let row = db.get("nodes", id).unwrap().unwrap();
        row.get("above").unwrap().as_str().map(str::to_owned)
    };
    assert_eq!(above(&db, 1).as_deref(), Some("z"));
    assert_eq!(above(&db, 2).as_deref(), Some("z"));
    let refused = db.update_with("nodes", &all([]), |row| {
        let name = row.get("name")?.as_str().unwrap_or_default().to_owned();
        Ok(vec![
            ("name", Value::from(format!("{name}{name}"))),
            ("above", "b".into()),
        ])
    });
    assert_eq!(kind(refused), Err(REFERENCE));
    db.check_integrity().unwrap();
    // A delete goes down the whole way, the row that refers to itself included.
    assert_eq!(db.delete_key("nodes", 1).unwrap().by_actions, 2);
    db.check_integrity().unwrap();
}

/// Regions over countries over cities: an ordinary key above the one to any row.
fn regions(on_delete: Action) -> Database {
    let table = |name: &str| TableDef::new(name).column(int("id").primary_key());
    let regional = ForeignKeyDef::new(["region"])
        .references("regions", ["id"])
        .on_delete(Action::Cascade);
    let schema = Schema::builder()
        .table(table("regions"))
        .table(
            table("countries")
                .column(text("name"))
                .column(int("region"))
                .foreign_key(regional.clone()),
        )
        .table(
            table("cities")
                .column(text("country"))
                .column(int("region"))
                .foreign_key(
                    ForeignKeyDef::new(["country"])
                        .references("countries", ["name"])
                        .to_any_row()
                        .on_delete(on_delete),
                )
                .foreign_key(regional),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    db.insert_many("regions", &["id"], [[Value::from(1)], [2.into()]])
        .unwrap();
    let country = |id: i64, region: i64| [id.into(), Value::from("alba"), region.into()];
    db.insert_many(
        "countries",
        &["id", "name", "region"],
        [country(1, 1), country(2, 2)],
    )
    .unwrap();
    let city = |id: i64, region: i64| [id.into(), Value::from("alba"), region.into()];
    db.insert_many(
        "cities",
        &["id", "country", "region"],
        [city(1, 1), city(2, 2)],
    )
    .unwrap();
    db
}

// rules: BY-18, RI-15, RI-16
// Broken, a value would be taken for gone while an action of the same statement is yet to take its children away.
#[test]
fn rules_wait_until_nothing_else_follows() {
    for action in [Action::Restrict, Action::NoAction, Action::SetNull] {
        let mut db = regions(action);
        assert_eq!(db.delete_key("regions", 1).unwrap().by_actions, 2);
        // With the second region the value goes, and all that carries it.
        assert_eq!(db.delete_key("regions", 2).unwrap().by_actions, 2);
        assert_eq!(db.count("cities").unwrap(), 0);
        db.check_integrity().unwrap();
    }
    let mut db = regions(Action::Cascade);
    db.update_key("cities", 1, [("region", Value::Null)])
        .unwrap();
    let affected = db.delete("regions", &all([])).unwrap();
    assert_eq!((affected.rows, affected.by_actions), (2, 4));
    assert_eq!(db.count("cities").unwrap(), 0);
    let mut db = regions(Action::Restrict);
    db.update_key("cities", 1, [("region", Value::Null)])
        .unwrap();
    let error = db.delete("regions", &all([])).unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(details.kind, ConstraintKind::Restrict);
    assert_eq!(details.chain, ["countries_region_fkey"]);
    db.check_integrity().unwrap();
}

/// The first city that waits for a country.
fn pending(tx: &Transaction<'_>) -> Option<Value> {
    tx.check_structure().unwrap();
    let error = tx.check_deferred().err()?;
    Some(error.as_constraint().unwrap().row.as_ref().unwrap()[0].clone())
}

// rules: BY-18, RI-50, RI-53, RI-54
// Broken, a value that came back would still fail the commit, or a savepoint would forget who waits.
#[test]
fn a_deferred_key_waits_by_value() {
    let deferred = key(Action::NoAction, Action::NoAction).deferrable(Deferral::InitiallyDeferred);
    let mut db = filled(deferred);
    let before = db.fingerprint();
    let mut tx = db.begin();
    tx.delete("countries", &col("name").eq("alba")).unwrap();
    assert_eq!(pending(&tx), Some(1.into()));
    let savepoint = tx.savepoint().unwrap();
    tx.insert("countries", [("id", 8.into()), ("name", "alba".into())])
        .unwrap();
    assert_eq!(pending(&tx), None);
    tx.rollback_to(savepoint).unwrap();
    assert_eq!(pending(&tx), Some(1.into()));
    assert!(tx.set_constraints_immediate(&[]).is_err());
    tx.update_key("cities", 1, [("country", "bria".into())])
        .unwrap();
    assert_eq!(pending(&tx), Some(2.into()));
    // A statement that fails leaves who waits as it was.
    assert!(
        tx.insert("countries", [("id", 3.into()), ("name", "alba".into())])
            .is_err()
    );
    assert_eq!(pending(&tx), Some(2.into()));
    tx.update_key("countries", 4, [("name", "alba".into())])
        .unwrap();
    assert_eq!(pending(&tx), None);
    let changes = tx.commit_with_changes().unwrap();
    db.check_integrity().unwrap();
    let after = db.fingerprint();
    db.apply(&changes.invert()).unwrap();
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
    db.apply(&changes).unwrap();
    assert_eq!(db.fingerprint(), after);

    let mut tx = db.begin();
    tx.delete("countries", &all([])).unwrap();
    let error = tx.commit().unwrap_err();
    assert_eq!(error.as_constraint().unwrap().row, Some(Key::from(1)));
    assert_eq!(db.fingerprint(), after);
}

// rules: BY-18, BY-16
// Broken, changes without actions would leave a city in a country that they take away.
#[test]
fn applied_changes_are_judged_by_value() {
    let mut db = filled(key(Action::NoAction, Action::NoAction));
    let mut fork = db.fork();
    fork.delete("cities", &col("country").eq("bria")).unwrap();
    let mut tx = fork.begin();
    tx.delete_key("countries", 3).unwrap();
    let changes = tx.commit_with_changes().unwrap();
    assert_eq!(kind(db.apply(&changes)), Err(REFERENCE));
    db.check_integrity().unwrap();
    db.delete_key("cities", 3).unwrap();
    db.apply(&changes).unwrap();
    db.check_integrity().unwrap();
}

// rules: BY-11, BY-18
// Broken, a guarded key to any row would match rows of another kind.
#[test]
fn a_guard_exempts_here_too() {
    let guarded = key(Action::SetNull, Action::Cascade).guarded("kind", "city");
    let table = |name: &str| TableDef::new(name).column(int("id").primary_key());
    let schema = Schema::builder()
        .table(table("countries").column(text("name")))
        .table(
            table("cities")
                .column(text("country"))
                .column(text("kind"))
                .foreign_key(guarded),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    db.insert_many(
        "countries",
        &["id", "name"],
        numbered([Some("alba"), Some("alba")]),
    )
    .unwrap();
    let city = |id: i64, kind: &str| [id.into(), Value::from("alba"), kind.into()];
    db.insert_many(
        "cities",
        &["id", "country", "kind"],
        [city(1, "city"), city(2, "moon")],
    )
    .unwrap();
    let show = |db: &Database| -> Vec<String> {
        let rows = db.rows("cities").unwrap();
        rows.map(|row| format!("{row:?}")).collect()
    };
    db.update("countries", &all([]), [("name", "cora".into())])
        .unwrap();
    assert!(show(&db)[0].contains("cora") && show(&db)[1].contains("alba"));
    db.delete("countries", &all([])).unwrap();
    assert!(!show(&db)[0].contains("city") && show(&db)[1].contains("moon"));
    db.check_integrity().unwrap();
    assert_eq!(
        kind(db.update("cities", &col("id").eq(2), [("kind", "city".into())])),
        Err(REFERENCE)
    );
    db.check_integrity().unwrap();
}

// rules: RI-32, BY-18
// Broken, a long chain would take time with the square of its length, or stack.
#[test]
fn a_chain_of_values_is_followed_to_its_end() {
    const LENGTH: i64 = if cfg!(debug_assertions) {
        3_000
    } else {
        100_000
    };
    let table = TableDef::new("links")
        .column(int("id").primary_key())
        .column(int("name"))
        .column(int("above"))
        .foreign_key(
            ForeignKeyDef::new(["above"])
                .references("links", ["name"])
                .to_any_row()
                .on_delete(Action::Cascade),
        );
    let mut db = Database::new(Schema::builder().table(table).build().unwrap());
    let link = |id: i64| [id.into(), id.into(), Value::from((id - 1).max(1))];
    db.insert_many("links", &["id", "name", "above"], (1..=LENGTH).map(link))
        .unwrap();
    let affected = db.delete_key("links", 1).unwrap();
    assert_eq!(affected.by_actions, LENGTH.unsigned_abs() - 1);
    assert_eq!(db.count("links").unwrap(), 0);
}

// rules: BY-18, RI-15, RI-30
// Broken, a value that a row passed through would keep the children of its true holder from following.
#[test]
fn a_value_on_the_way_counts_for_nothing() {
    let schema = Schema::builder()
        .table(
            TableDef::new("countries")
                .column(int("id").primary_key())
                .column(text("name"))
                .column(int("in"))
                .foreign_key(
                    ForeignKeyDef::new(["in"])
                        .references("countries", ["id"])
                        .on_update(Action::Cascade),
                ),
        )
        .table(
            TableDef::new("cities")
                .column(int("id").primary_key())
                .column(text("country"))
                .column(int("in"))
                .foreign_key(
                    ForeignKeyDef::new(["country", "in"])
                        .references("countries", ["name", "in"])
                        .to_any_row()
                        .on_update(Action::Cascade),
                ),
        )
        .build()
        .unwrap();
    let mut db = Database::new(schema);
    let row = |id: i64, name: &str| [id.into(), Value::from(name), 1.into()];
    db.insert_many(
        "countries",
        &["id", "name", "in"],
        [row(1, "a"), row(2, "b")],
    )
    .unwrap();
    db.insert_many(
        "cities",
        &["id", "country", "in"],
        [row(1, "a"), row(2, "b")],
    )
    .unwrap();
    // The first goes from (a, 1) over (b, 1) to (b, 11), the second from (b, 1) over (c, 1) to (c, 11).
    db.update_with("countries", &all([]), |row| {
        let name = row.get("name")?.as_str() == Some("a");
        let id = row.get("id")?.as_int().unwrap_or_default();
        let name = if name { "b" } else { "c" };
        Ok(vec![("id", Value::from(id + 10)), ("name", name.into())])
    })
    .unwrap();
    let countries: Vec<_> = db
        .rows("cities")
        .unwrap()
        .map(|row| format!("{row:?}"))
        .collect();
    assert!(
        countries[0].contains('b') && countries[1].contains('c'),
        "{countries:?}"
    );
    assert!(
        countries.iter().all(|city| city.contains("11")),
        "{countries:?}"
    );
    db.check_integrity().unwrap();
}

// rules: RI-91, BY-18
// Broken, clearing the countries would leave cities in none, or take them along.
#[test]
fn a_table_that_is_referred_to_by_value_is_not_cleared_alone() {
    let mut db = filled(key(Action::Cascade, Action::NoAction));
    assert_eq!(kind(db.truncate(["countries"])), Err(RESTRICT));
    assert_eq!(db.truncate(["countries", "cities"]).unwrap().by_actions, 0);
    db.insert("cities", [("id", 1.into()), ("country", Value::Null)])
        .unwrap();
    db.insert("countries", [("id", 1.into())]).unwrap();
    db.truncate(["countries"]).unwrap();
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-91, RI-92
// Broken, children would lose the index that finds them, or would have no edges once the columns are a unique key.
#[test]
fn what_it_refers_to_may_become_a_unique_key() {
    let mut db = filled(key(Action::Cascade, Action::Cascade));
    for (table, index) in [
        ("countries", "countries_name_idx"),
        ("cities", "cities_country_idx"),
    ] {
        let error = db.change_schema(&SchemaChange::drop_index(table, index));
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("cities_country_fkey")
        );
    }
    let unique = SchemaChange::add_unique("countries", UniqueDef::new(["name"]));
    assert!(db.change_schema(&unique).is_err());
    db.delete_key("countries", 1).unwrap();
    let held = db.snapshot();
    let before = db.fingerprint();
    db.change_schema(&unique).unwrap();
    db.check_integrity().unwrap();
    assert!(!db.schema().foreign_keys()[0].is_to_any_row());
    rename(&mut db, 2, "cora").unwrap();
    assert_eq!(cities(&db), with_first_two(Some("cora")));
    assert_eq!(db.delete_key("countries", 2).unwrap().by_actions, 2);
    db.check_integrity().unwrap();
    db.reset_to(&held).unwrap();
    assert_eq!(db.fingerprint(), before);
    assert_eq!(db.delete_key("countries", 2).unwrap().by_actions, 2);
    db.check_integrity().unwrap();
}

// rules: BY-18, RI-11, RI-71
// Broken, a plan would not say which country's going is in the way, or blame nobody.
#[test]
fn a_plan_names_the_last_row_that_had_the_value() {
    let db = filled(key(Action::NoAction, Action::NoAction));
    assert!(!db.plan_delete_key("countries", 1).unwrap().is_blocked());
    for action in [Action::NoAction, Action::Restrict] {
        let db = filled(key(action, Action::NoAction));
        let plan = db
            .plan_delete("countries", &col("name").eq("alba"))
            .unwrap();
        let blocked: Vec<_> = plan.blocked.iter().map(|it| &it.error.row).collect();
        assert_eq!(blocked, [&Some(Key::from(1)), &Some(Key::from(2))]);
        assert_eq!(plan.rows[plan.blocked[0].row.unwrap()].key, Key::from(2));
    }
    let db = filled(key(Action::SetNull, Action::NoAction));
    let plan = db
        .plan_delete("countries", &col("name").eq("alba"))
        .unwrap();
    assert_eq!((plan.deleted().count(), plan.written().count()), (2, 2));
    assert!(!plan.is_blocked());
}
