//! Attributes that a request chooses, leaves out and works out, on the root and on includes.

use relata::error::{ErrorKind, Failure, RequestKind};
use relata::{
    Attribute, BelongsToMany, DataType, Database, HasMany, ModelDef, Models, Value, asc, coalesce,
    col, concat, include, param, select, val, values,
};

/// Two sellers with sales, one of them without an amount, and tags over a junction.
fn shop() -> Database {
    let mut models = Models::new();
    let named = |name| {
        ModelDef::new(name)
            .attribute(Attribute::new("name", DataType::Text))
            .timestamps(false)
    };
    models.define(named("Seller"));
    models.define(named("Tag"));
    models.define(
        ModelDef::new("Sale")
            .attribute(Attribute::new("price", DataType::Int))
            .attribute(Attribute::new("amount", DataType::Int))
            .timestamps(false),
    );
    models.has_many("Seller", HasMany::new("Sale").alias("sales"));
    models.belongs_to_many(
        "Sale",
        BelongsToMany::new("Tag").through("sale_tags").alias("tags"),
    );
    let mut db = models.sync().unwrap();
    let red = db.create("Tag", values! { name: "red" }).unwrap();
    for (name, sales) in [
        ("Ada", vec![(7, Some(3)), (5, None), (2, Some(4))]),
        ("Bob", vec![(9, Some(1))]),
    ] {
        let seller = db.create("Seller", values! { name: name }).unwrap();
        for (price, amount) in sales {
            let sale = values! { price: price, amount: amount };
            let sale = db.related(&seller, "sales").unwrap().create(sale).unwrap();
            db.related(&sale, "tags").unwrap().add(&red).unwrap();
        }
    }
    db
}

fn total() -> relata::Expr {
    col("price") * col("amount")
}

// rules: EL-13
// Broken, a computed attribute would stand under another row than the one that it was worked out of.
#[test]
fn each_row_has_its_own_values() {
    let db = shop();
    let request = select("Seller")
        .attributes(["name"])
        .with_attribute("shout", concat([col("name").upper(), val("!")]))
        .include(
            include("sales")
                .without_attributes(["id", "amount"])
                .with_attribute("total", total())
                .with_attribute("known", coalesce([total(), val(-1)]))
                .filter(col("price").ne(2).or(param("all")))
                .order_by(asc("price")),
        );
    let prepared = request.prepare(&db).unwrap();
    let naive = |all: bool| {
        let sales = [
            (1, 7, Some(3)),
            (1, 5, None),
            (1, 2, Some(4)),
            (2, 9, Some(1)),
        ];
        let mut expected = Vec::new();
        for (seller, name) in [(1, "ADA!"), (2, "BOB!")] {
            let own = sales
                .iter()
                .filter(|it| it.0 == seller && (all || it.1 != 2));
            let mut own: Vec<_> = own.collect();
            own.sort_by_key(|it| it.1);
            for (_, price, amount) in own {
                let total = amount.map(|amount| price * amount);
                expected.push((name, *price, total, total.unwrap_or(-1)));
            }
        }
        expected
    };
    for all in [false, true] {
        let rows = prepared.run_with(&db, [("all", all.into())]).unwrap();
        let (shout, known) = (
            rows.column("shout").unwrap(),
            rows.column("sales.known").unwrap(),
        );
        let mut found = Vec::new();
        for seller in &rows {
            for sale in seller.many("sales").unwrap() {
                assert_eq!(sale.at(known), sale.get("known").unwrap());
                let names: Vec<_> = sale.attributes().map(|(name, _)| name).collect();
                assert_eq!(names[0], "price");
                assert_eq!(names[names.len() - 2..], ["total", "known"]);
                found.push((
                    seller.at(shout).as_str().unwrap(),
                    sale.get_as::<i64>("price").unwrap(),
                    sale.get_as::<Option<i64>>("total").unwrap(),
                    sale.get_as::<i64>("known").unwrap(),
                ));
            }
        }
        assert_eq!(found, naive(all));
    }
    let error = prepared.run_with(&db, [("all", 1.into())]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Type));
}

// rules: EL-13
// Broken, what was left out would be told all the same, or an alias could not take the name that is free.
#[test]
fn what_is_excluded_is_not_loaded_and_its_name_is_free() {
    let db = shop();
    let rows = select("Sale")
        .without_attributes(["price", "id"])
        .with_attribute("price", col("price") + 100)
        .run(&db)
        .unwrap();
    let sale = rows.first().unwrap();
    assert_eq!(sale.get("price").unwrap().as_int(), Some(107));
    let error = sale.get("id").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotLoaded));
    for request in [
        select("Sale").with_attribute("price", val(1)),
        select("Sale").with_attribute("tags", val(1)),
    ] {
        let error = request.run(&db).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Repeated));
    }
    let rows = select("Sale")
        .with_attribute("x", val(1))
        .with_attribute("x", val(2))
        .run(&db);
    assert_eq!(
        rows.unwrap().first().unwrap().get("x").unwrap().as_int(),
        Some(2)
    );
    for (request, kind) in [
        (
            select("Sale").without_attributes(["prize"]),
            RequestKind::UnknownColumn,
        ),
        (
            select("Sale").with_attribute("x", col("prize")),
            RequestKind::UnknownColumn,
        ),
        (
            select("Sale").with_attribute("x", col("price").lower()),
            RequestKind::Type,
        ),
        (
            select("Sale")
                .with_attribute("x", total())
                .filter(col("x").gt(1)),
            RequestKind::UnknownColumn,
        ),
        (
            select("Seller").with_count(include("sales").with_attribute("x", val(1))),
            RequestKind::Unsupported,
        ),
    ] {
        assert_eq!(
            request.run(&db).unwrap_err().kind(),
            ErrorKind::Request(kind)
        );
    }
}

// rules: BY-13, EL-15
// Broken, a result that is kept would change with the database, or a junction's row would be read beside the wrong value.
#[test]
fn results_in_every_form_have_them() {
    let mut db = shop();
    let request = select("Sale")
        .attributes(["price"])
        .with_attribute("total", total())
        .order_by(asc("price"))
        .limit(2)
        .include(
            include("tags")
                .attributes(["name"])
                .with_attribute("letters", col("name").length())
                .through_attributes(Vec::<String>::new()),
        );
    let owned = request.run_owned(&db).unwrap();
    db.destroy_where("Sale", col("price").gt(0)).unwrap();
    let rows = owned.rows();
    #[cfg(feature = "json")]
    assert_eq!(
        rows.to_json().unwrap(),
        r#"[{"price":2,"total":8,"tags":[{"name":"red","letters":3}]},"#.to_owned()
            + r#"{"price":5,"total":null,"tags":[{"name":"red","letters":3}]}]"#
    );
    let joined = rows.joined();
    assert_eq!(
        joined.names(),
        ["price", "total", "tags.name", "tags.letters"]
    );
    let totals: Vec<Value> = joined
        .iter()
        .map(|row| row.get("total").unwrap().to_value())
        .collect();
    assert_eq!(totals, [8.into(), Value::Null]);
    let letters: Vec<Value> = joined
        .iter()
        .map(|row| row.get("tags.letters").unwrap().to_value())
        .collect();
    assert_eq!(letters, [Value::from(3), 3.into()]);
    assert!(format!("{rows:?}").contains("total"));
}

// rules: BY-4
// Broken, a request would fail for a row that is no part of its result.
#[test]
fn they_are_worked_out_of_what_is_left_alone() {
    let db = shop();
    let share = || val(12) / (col("price") - 5);
    let request = |limit| {
        select("Sale")
            .with_attribute("share", share())
            .order_by(asc("price"))
            .limit(limit)
    };
    let rows = request(1).run(&db).unwrap();
    assert_eq!(
        rows.first().unwrap().get("share").unwrap().as_int(),
        Some(-4)
    );
    let error = request(2).run(&db).unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Request(RequestKind::Evaluation(Failure::DivisionByZero))
    );
    assert_eq!(
        error.to_string(),
        "Sale: division by zero in 12 / (price - 5)"
    );
    assert_eq!(request(2).count(&db).unwrap(), 4);
}
