//! Pages that go on behind the last row of the page before.

use relata::error::RequestKind;
use relata::query::{Order, Select};
use relata::{Attribute, DataType, Database, ErrorKind, HasMany, Key, Models, Result, Value};
use relata::{asc, col, desc, include, select, values};

/// Rows of few different values, nulls among them.
fn database() -> Result<Database> {
    let mut models = Models::new();
    models.define_with("Post", |it| {
        it.attribute(Attribute::new("score", DataType::Int))
            .attribute(Attribute::new("share", DataType::Float))
            .attribute(Attribute::new("title", DataType::Text))
            .timestamps(false)
    });
    models.define_with("Comment", |it| it.timestamps(false));
    models.has_many("Post", HasMany::new("Comment").alias("comments"));
    let mut db = models.sync()?;
    for number in 0_i64..24 {
        let score = (number % 4 != 3).then_some(number % 3);
        let share = (number % 5 != 0).then_some([0.5, f64::NAN, -1.0][(number % 3) as usize]);
        let title = ["b", "a", "B"][(number / 2 % 3) as usize];
        db.create("Post", values! { score: score, share: share, title: title })?;
    }
    Ok(db)
}

/// Every order of one column and of some of two, with nulls at either end.
fn orders() -> Vec<Vec<Order>> {
    let mut single: Vec<Order> = Vec::new();
    for name in ["score", "share", "title", "id"] {
        for order in [asc(name), desc(name)] {
            single.push(order.clone().nulls_first());
            single.push(order.nulls_last());
        }
    }
    let mut all: Vec<Vec<Order>> = vec![vec![]];
    for first in &single {
        all.push(vec![first.clone()]);
        for second in &single {
            all.push(vec![first.clone(), second.clone()]);
        }
    }
    all
}

fn ordered(order: &[Order]) -> Select {
    order.iter().cloned().fold(select("Post"), Select::order_by)
}

fn ids(request: &Select, db: &Database) -> Result<Vec<i64>> {
    let rows = request.run(db)?;
    rows.iter().map(|row| row.get_as("id")).collect()
}

/// The place of the last row that a request finds.
fn last_place(request: &Select, db: &Database) -> Result<Option<Key>> {
    let rows = request.run(db)?;
    rows.last().map(|row| row.cursor()).transpose()
}

// rules: BY-5
// Broken, a row is missing between two pages or on both of them.
#[test]
fn pages_put_together_are_the_whole_result() -> Result<()> {
    let db = database()?;
    for order in orders() {
        let whole = ids(&ordered(&order), &db)?;
        assert_eq!(whole.len(), 24);
        for size in [1, 5] {
            let mut found = Vec::new();
            let mut page = ordered(&order).limit(size);
            while let Some(place) = last_place(&page, &db)? {
                found.extend(ids(&page, &db)?);
                page = ordered(&order).limit(size).after(place);
            }
            assert_eq!(found, whole, "by {order:?} in pages of {size}");
        }
    }
    Ok(())
}

// rules: BY-5
// Broken, deleting the last row of a page or inserting before it moves the next page.
#[test]
fn the_next_page_does_not_move_with_what_was_written_meanwhile() -> Result<()> {
    let seed = database()?.snapshot();
    for order in orders() {
        let mut db = seed.fork()?;
        let page = ordered(&order).limit(7);
        let place = last_place(&page, &db)?.expect("there are rows");
        let mut expected = ids(&ordered(&order), &db)?.split_off(7);

        // The page goes, its last row with it, and so does a row behind it; one comes at either end.
        let gone = [ids(&page, &db)?, vec![expected.remove(2)]].concat();
        db.destroy_where("Post", col("id").is_in(gone))?;
        let low = db
            .create("Post", values! { title: "0" })?
            .get_as::<i64>("id")?;
        let high = db
            .create("Post", values! { score: 9, title: "z" })?
            .get_as::<i64>("id")?;
        let whole = ids(&ordered(&order), &db)?;
        let found = ids(&ordered(&order).after(place), &db)?;
        let old: Vec<i64> = found
            .iter()
            .copied()
            .filter(|id| ![low, high].contains(id))
            .collect();
        assert_eq!(old, expected, "by {order:?}");
        assert_eq!(found, whole[whole.len() - found.len()..], "by {order:?}");
    }
    Ok(())
}

// rules: BY-5, EL-39, EL-52
// Broken, the page is cut before required includes are looked at, or the count is of the page.
#[test]
fn a_place_goes_with_filters_includes_and_counts() -> Result<()> {
    let mut db = database()?;
    for post in [2, 3, 5, 8, 13] {
        db.create("Comment", values! { PostId: post })?;
    }
    let commented = || {
        let comments = include("comments").required(true);
        select("Post")
            .filter(col("title").ne("B"))
            .include(comments)
    };
    let whole = ids(&commented(), &db)?;
    let next = commented().after(whole[0]).limit(2);
    assert_eq!(ids(&next, &db)?, whole[1..3]);
    assert_eq!(next.count(&db)?, whole.len());
    let prepared = next.prepare(&db)?;
    assert_eq!(
        (prepared.run(&db)?.len(), prepared.count(&db)?),
        (2, whole.len())
    );
    Ok(())
}

#[test]
fn a_wrong_place_is_refused() -> Result<()> {
    let db = database()?;
    let kind = |request: Select| request.run(&db).map(drop).unwrap_err().kind();
    let by_score = || select("Post").order_by("score");
    assert_eq!(
        kind(by_score().after(3)),
        ErrorKind::Request(RequestKind::KeyLength)
    );
    assert_eq!(
        kind(by_score().after(("x", 3))),
        ErrorKind::Request(RequestKind::Type)
    );
    let null = by_score().after((Value::Null, 3));
    assert!(null.run(&db)?.len() < 24, "null is a place like any other");

    let mut db = database()?;
    db.create("Comment", values! { PostId: 1 })?;
    let rows = select("Post").include("comments").run(&db)?;
    let comment = rows
        .first()
        .expect("a post")
        .many("comments")?
        .next()
        .expect("a comment");
    let error = comment.cursor().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::Unsupported));
    Ok(())
}
