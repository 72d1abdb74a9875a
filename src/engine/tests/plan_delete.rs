//! What a delete would do, by example; the property is in `proptests`.

use crate::engine::{Database, DeletePlan, Effect};
use crate::error::{ConstraintError, ConstraintKind, ErrorKind, Further, Operation, RequestKind};
use crate::expr::{all, col};
use crate::schema::{
    Action, CheckDef, ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef, UniqueDef,
};
use crate::value::{DataType, Key, Value};

/// A shop: `customers`, whose orders go with them; `items` go with orders. What else refers to these is given.
fn shop(more: impl IntoIterator<Item = TableDef>) -> Database {
    let orders = table("orders", "customers", Action::Cascade);
    let items = table("items", "orders", Action::Cascade);
    let builder = Schema::builder()
        .table(TableDef::new("customers").column(int("id").primary_key()))
        .table(orders)
        .table(items);
    let schema = more
        .into_iter()
        .fold(builder, |builder, table| builder.table(table));
    let mut db = Database::new(schema.build().unwrap());
    insert(&mut db, "customers", [[1], [2]]);
    insert(&mut db, "orders", [[10, 1], [11, 1], [20, 2]]);
    insert(&mut db, "items", [[100, 10], [101, 10], [200, 20]]);
    db
}

fn int(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Int)
}

/// A table with one foreign key `parent_id`, by default null.
fn table(name: &str, parent: &str, on_delete: Action) -> TableDef {
    TableDef::new(name)
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .foreign_key(references(parent, on_delete))
}

fn references(parent: &str, on_delete: Action) -> ForeignKeyDef {
    ForeignKeyDef::new(["parent_id"])
        .references(parent, ["id"])
        .on_delete(on_delete)
}

fn insert<const N: usize>(
    db: &mut Database,
    table: &str,
    rows: impl IntoIterator<Item = [i64; N]>,
) {
    let columns = &["id", "parent_id"][..N];
    let rows = rows.into_iter().map(|row| row.map(Value::from));
    db.insert_many(table, columns, rows).unwrap();
}

/// The plan for customer 1, which must say whether the delete fails and why, and change nothing.
fn plan_of_first_customer(db: &Database) -> DeletePlan {
    let before = db.fingerprint();
    let plan = db.plan_delete("customers", &col("id").eq(1)).unwrap();
    assert_eq!(db.plan_delete_key("customers", 1).unwrap(), plan);
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
    let result = db.fork().delete_key("customers", 1);
    assert_eq!(result.is_err(), plan.is_blocked(), "{result:?}\n{plan}");
    if let Err(error) = result {
        let planned = errors(&plan);
        for violation in error.violations() {
            let violation = ConstraintError {
                further: Further::default(),
                ..violation.clone()
            };
            assert!(planned.contains(&violation), "{error:#?}\n{plan:#?}");
        }
    }
    plan
}

/// What is in the way, each with the chain of the row that it is about.
fn errors(plan: &DeletePlan) -> Vec<ConstraintError> {
    let chain = |row: usize| plan.chain(row).into_iter().map(str::to_owned).collect();
    plan.blocked
        .iter()
        .map(|blocked| ConstraintError {
            chain: blocked.row.map(chain).unwrap_or_default(),
            ..blocked.error.clone()
        })
        .collect()
}

fn keys(plan: &DeletePlan, table: &str) -> Vec<Key> {
    let rows = plan.rows.iter().filter(|row| row.table == table);
    rows.map(|row| row.key.clone()).collect()
}

// rules: RI-20, RI-71
// Broken, somebody would not be told of rows that go along, or by which way.
#[test]
fn a_plan_names_what_goes_along_and_by_which_way() {
    let plan = plan_of_first_customer(&shop([]));
    assert_eq!(
        plan.to_string(),
        "5 deleted, 0 written, 0 in the way
  delete customers (1)
  delete orders (10), by orders_parent_id_fkey from customers (1)
  delete orders (11), by orders_parent_id_fkey from customers (1)
  delete items (100), by items_parent_id_fkey from orders (10)
  delete items (101), by items_parent_id_fkey from orders (10)
"
    );
    let chain = ["orders_parent_id_fkey", "items_parent_id_fkey"];
    assert_eq!(plan.chain(3), chain);
    assert!(plan.chain(0).is_empty() && plan.chain(99).is_empty());
    assert_eq!(plan.written().count(), 0);
}

// rules: RI-22, RI-23
// Broken, somebody would take a row that loses a value for one that goes, or miss it.
#[test]
fn a_plan_names_what_is_written() {
    let notes = TableDef::new("notes")
        .column(int("id").primary_key())
        .column(int("parent_id").default(2))
        .foreign_key(references("customers", Action::SetDefault));
    let mut db = shop([table("visits", "customers", Action::SetNull), notes]);
    insert(&mut db, "visits", [[5, 1], [6, 2]]);
    insert(&mut db, "notes", [[7, 1], [8, 2]]);
    let plan = plan_of_first_customer(&db);
    let written: Vec<_> = plan
        .written()
        .map(|(row, cells)| (&*row.table, row.key.clone(), cells.to_vec()))
        .collect();
    let cell = |value: Value| vec![("parent_id".to_owned(), value)];
    assert_eq!(
        written,
        [
            ("visits", Key::from(5), cell(Value::Null)),
            ("notes", Key::from(7), cell(Value::from(2))),
        ]
    );
    assert_eq!(plan.deleted().count(), 5);
}

// rules: RI-13, RI-16
// Broken, somebody would clear one thing away and then be told of the next.
#[test]
fn a_plan_names_every_child_that_restrict_protects_for() {
    let mut db = shop([
        table("invoices", "orders", Action::Restrict),
        table("letters", "customers", Action::Restrict),
    ]);
    insert(&mut db, "invoices", [[3, 11], [1, 10], [2, 20], [4, 10]]);
    insert(&mut db, "letters", [[9, 1]]);
    let plan = plan_of_first_customer(&db);
    assert_eq!(
        plan.to_string(),
        "5 deleted, 0 written, 4 in the way
  delete customers (1)
  delete orders (10), by orders_parent_id_fkey from customers (1)
  delete orders (11), by orders_parent_id_fkey from customers (1)
  delete items (100), by items_parent_id_fkey from orders (10)
  delete items (101), by items_parent_id_fkey from orders (10)
  delete violates foreign key invoices_parent_id_fkey of invoices: (parent_id) = (10) still refers to orders, at row (1), because of orders (10)
  delete violates foreign key invoices_parent_id_fkey of invoices: (parent_id) = (11) still refers to orders, at row (3), because of orders (11)
  delete violates foreign key invoices_parent_id_fkey of invoices: (parent_id) = (10) still refers to orders, at row (4), because of orders (10)
  delete violates foreign key letters_parent_id_fkey of letters: (parent_id) = (1) still refers to customers, at row (9), because of customers (1)
"
    );
    assert_eq!(errors(&plan)[0].chain, ["orders_parent_id_fkey"]);
}

// rules: RI-11, RI-71
// Broken, NO ACTION on a row reached by actions would be named without the way to it, or a child that goes on another
// path be called in the way.
#[test]
fn a_plan_names_what_is_left_without_a_parent() {
    let both = TableDef::new("parcels")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .column(int("item_id"))
        .foreign_key(references("orders", Action::NoAction))
        .foreign_key(
            ForeignKeyDef::new(["item_id"])
                .references("items", ["id"])
                .on_delete(Action::Cascade),
        );
    let mut db = shop([both]);
    let parcels = [[1, 10, 100], [2, 10, 200], [3, 20, 200]];
    let parcels = parcels.map(|row| row.map(Value::from));
    db.insert_many("parcels", &["id", "parent_id", "item_id"], parcels)
        .unwrap();
    let plan = plan_of_first_customer(&db);
    assert_eq!(keys(&plan, "parcels"), [Key::from(1)]);
    let [error] = &errors(&plan)[..] else {
        panic!("one is in the way: {plan}");
    };
    assert_eq!(error.kind, ConstraintKind::Reference);
    assert_eq!(error.row, Some(Key::from(2)));
    assert_eq!(error.chain, ["orders_parent_id_fkey"]);
}

// rules: RI-50
// Broken, a plan would call free what the commit refuses.
#[test]
fn a_plan_looks_as_far_as_the_commit() {
    let key = references("customers", Action::NoAction).deferrable(Deferral::InitiallyDeferred);
    let claims = TableDef::new("claims")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .foreign_key(key);
    let mut db = shop([claims]);
    insert(&mut db, "claims", [[1, 1], [2, 1], [3, 2]]);
    let plan = plan_of_first_customer(&db);
    let operations: Vec<_> = plan
        .blocked
        .iter()
        .map(|blocked| (blocked.error.row.clone(), blocked.error.operation))
        .collect();
    let commit = |row: i64| (Some(Key::from(row)), Operation::Commit);
    assert_eq!(operations, [commit(1), commit(2)]);
}

// rules: RI-40, RI-41
// Broken, a delete that fails by what its actions write would be called free.
#[test]
fn a_plan_names_what_actions_break_in_rows() {
    let desks = TableDef::new("desks")
        .column(int("id").primary_key())
        .column(int("parent_id").default(2))
        .check(CheckDef::new("desks_check", col("parent_id").ne(2)))
        .unique(UniqueDef::new(["parent_id"]))
        .foreign_key(references("customers", Action::SetDefault));
    let badges = TableDef::new("badges")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .unique(UniqueDef::new(["parent_id"]).nulls_not_distinct())
        .foreign_key(references("customers", Action::SetNull));
    let mut db = shop([desks, badges]);
    insert(&mut db, "desks", [[1, 1]]);
    insert(&mut db, "badges", [[1, 1]]);
    db.insert("badges", [("id", Value::from(2))]).unwrap();
    let plan = plan_of_first_customer(&db);
    let kinds: Vec<_> = plan
        .blocked
        .iter()
        .map(|blocked| (blocked.error.kind, &*plan.rows[blocked.row.unwrap()].table))
        .collect();
    assert_eq!(
        kinds,
        [
            (ConstraintKind::Check, "desks"),
            (ConstraintKind::Unique, "badges")
        ]
    );
}

// rules: RI-40, RI-18
// Broken, a null that travels on by CASCADE would not be seen where it may not stand.
#[test]
fn a_plan_names_every_null_that_may_not_stand() {
    let places = TableDef::new("places")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .unique(UniqueDef::new(["parent_id"]))
        .foreign_key(references("customers", Action::SetNull));
    let signs = TableDef::new("signs")
        .column(int("id").primary_key())
        .column(int("parent_id").not_null())
        .foreign_key(
            ForeignKeyDef::new(["parent_id"])
                .references("places", ["parent_id"])
                .on_update(Action::Cascade),
        );
    let mut db = shop([places, signs]);
    insert(&mut db, "places", [[1, 1], [2, 2]]);
    insert(&mut db, "signs", [[1, 1], [2, 2], [3, 1]]);
    let plan = plan_of_first_customer(&db);
    let rows: Vec<_> = errors(&plan)
        .into_iter()
        .map(|error| (error.kind, error.row.unwrap(), error.chain.join(" ")))
        .collect();
    let null = |row: i64| {
        let chain = "places_parent_id_fkey signs_parent_id_fkey".to_owned();
        (ConstraintKind::NotNull, Key::from(row), chain)
    };
    assert_eq!(rows, [null(1), null(3)]);
    let sign = plan.rows.iter().find(|row| row.table == "signs").unwrap();
    let cells = vec![("parent_id".to_owned(), Value::Null)];
    assert_eq!(sign.effect, Effect::Written(cells));
}

// rules: RI-32
// Broken, a plan of a long chain would take memory by the square of its length, or overflow the stack.
#[test]
fn a_plan_is_no_deeper_than_the_data() {
    const LENGTH: i64 = 20_000;
    let nodes = TableDef::new("nodes")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .foreign_key(references("nodes", Action::Cascade));
    let tags = TableDef::new("tags")
        .column(int("id").primary_key())
        .column(int("parent_id"))
        .foreign_key(references("nodes", Action::Restrict));
    let mut db = Database::new(Schema::builder().table(nodes).table(tags).build().unwrap());
    let root = [Value::from(1), Value::Null];
    let nodes = (2..=LENGTH).map(|id| [Value::from(id), Value::from(id - 1)]);
    let nodes = std::iter::once(root).chain(nodes);
    db.insert_many("nodes", &["id", "parent_id"], nodes)
        .unwrap();
    insert(&mut db, "tags", (1..=LENGTH).map(|id| [id, id]));
    let plan = db.plan_delete_key("nodes", 1).unwrap();
    let length = usize::try_from(LENGTH).unwrap();
    assert_eq!((plan.rows.len(), plan.blocked.len()), (length, length));
    assert_eq!(plan.chain(length - 1).len(), length - 1);
    let last = plan.blocked.last().unwrap();
    assert_eq!(last.row, Some(length - 1));
}

// rules: RI-80
// Broken, a plan within a transaction would be one of the state before it.
#[test]
fn a_plan_in_a_transaction_sees_its_writes() {
    let mut db = shop([]);
    let mut tx = db.begin();
    tx.delete_key("orders", 10).unwrap();
    let before = tx.fingerprint();
    let plan = tx.plan_delete("customers", &all([])).unwrap();
    assert_eq!(keys(&plan, "orders"), [Key::from(11), Key::from(20)]);
    assert_eq!(tx.fingerprint(), before);
}

// Broken, a plan of nothing would be an error, or one of a misspelt table nothing.
#[test]
fn a_plan_of_nothing_is_empty() {
    let db = shop([]);
    let plan = db.plan_delete_key("customers", 9).unwrap();
    assert_eq!(plan, DeletePlan::default());
    assert_eq!(plan.to_string(), "0 deleted, 0 written, 0 in the way\n");
    let unknown = db.plan_delete("costumers", &all([])).unwrap_err();
    assert_eq!(
        unknown.kind(),
        ErrorKind::Request(RequestKind::UnknownTable)
    );
    let key = Key::from(vec![Value::from(1), Value::from(2)]);
    let length = db.plan_delete_key("customers", key).unwrap_err();
    assert_eq!(length.kind(), ErrorKind::Request(RequestKind::KeyLength));
}
