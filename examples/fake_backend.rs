//! A fake ORM backend for tests: the application asks a trait, and relata stands in for the server behind it.
//!
//! One database is seeded once; each test forks it, which costs nanoseconds, and runs in parallel with the others. They
//! assert on answers, on the state after, and on what changed.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::sync::LazyLock;

use relata::{
    Attribute, DataType, Database, HasMany, Models, Result, Rule, SharedDatabase, Snapshot, col,
    tree,
};

/// What the application needs of its storage, whatever that is.
trait Shop: Send + Sync {
    fn place_order(&self, customer: &str, items: &[(&str, i64)]) -> Result<i64>;
    fn total(&self, order: i64) -> Result<i64>;
}

impl Shop for SharedDatabase {
    fn place_order(&self, customer: &str, items: &[(&str, i64)]) -> Result<i64> {
        let items: Vec<_> = items
            .iter()
            .map(|(sku, price)| tree! { sku: *sku, price: *price })
            .collect();
        let order = tree! { customer: customer, items: items };
        let order = self.write(|tx| tx.create_tree("Order", order))?;
        order.get_as("id")
    }

    fn total(&self, order: i64) -> Result<i64> {
        let items = self.read().find_by("Item", col("OrderId").eq(order))?;
        items.iter().map(|item| item.get_as::<i64>("price")).sum()
    }
}

/// The tables of the application, with one order of Ada.
static SEED: LazyLock<Snapshot> = LazyLock::new(|| seed().expect("the seed is valid").snapshot());

fn seed() -> Result<Database> {
    let required = |name, data_type| Attribute::new(name, data_type).not_null();
    let mut models = Models::new();
    models.define_with("Order", |it| {
        it.attribute(required("customer", DataType::Text))
    });
    models.define_with("Item", |it| {
        it.attribute(required("sku", DataType::Text).validate(Rule::not_empty()))
            .attribute(required("price", DataType::Int).validate(Rule::min(1)))
    });
    let items = HasMany::new("Item").alias("items");
    models.has_many("Order", items.on_delete("CASCADE"));
    let mut db = models.sync()?;
    let order = tree! { customer: "Ada", items: [{ sku: "tea", price: 5 }] };
    db.create_tree("Order", order)?;
    Ok(db)
}

fn an_order_is_its_items() -> Result<()> {
    let shop = SharedDatabase::new(SEED.fork()?);
    let order = shop.place_order("Bob", &[("mug", 9), ("tea", 5)])?;
    assert_eq!((order, shop.total(order)?), (2, 14));
    Ok(())
}

fn a_wrong_order_leaves_nothing() -> Result<()> {
    let mut db = SEED.fork()?;
    let wrong = tree! { customer: "Bob", items: [{ sku: "mug", price: 9 }, { sku: "", price: 0 }] };
    let error = db.create_tree("Order", wrong).unwrap_err();
    let refused = error.as_validation().expect("the rules refuse it");
    let rules: Vec<_> = refused.violations.iter().map(|it| &*it.rule).collect();
    assert_eq!(rules, ["not_empty", "min"]);
    assert_eq!(db.dump(), SEED.dump());
    Ok(())
}

fn forgetting_takes_items_along() -> Result<()> {
    let mut db = SEED.fork()?;
    let mut tx = db.begin();
    tx.destroy_where("Order", col("customer").eq("Ada"))?;
    let changes = tx.commit_with_changes()?;
    let gone: Vec<_> = changes.rows.iter().map(|row| &*row.table).collect();
    assert_eq!(gone, ["Orders", "Items"]);
    Ok(())
}

#[cfg_attr(test, test)]
fn main() -> Result<()> {
    let tests = [
        an_order_is_its_items,
        a_wrong_order_leaves_nothing,
        forgetting_takes_items_along,
    ];
    std::thread::scope(|scope| {
        let running: Vec<_> = tests.iter().map(|test| scope.spawn(test)).collect();
        let mut running = running.into_iter();
        running.try_for_each(|test| test.join().expect("no assertion failed"))
    })?;
    println!("{} tests on forks of\n{}", tests.len(), SEED.dump());
    Ok(())
}
