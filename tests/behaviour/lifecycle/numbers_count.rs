//! Numbers that grow and shrink by what is given.

use relata::error::{Failure, RequestKind};
use relata::{
    Attribute, DataType, Database, ErrorKind, Models, Result, Rule, Value, Values, col, values,
};

use super::{Record, broken, int, refused, text};

fn board() -> (Database, Record) {
    let record = Record::default();
    let mut models = Models::new();
    models.define_with("Post", |it| {
        it.attribute(text("name"))
            .attribute(int("likes").default(0).validate(Rule::max(100)))
            .attribute(int("views"))
            .attribute(Attribute::new("heat", DataType::Float).default(0.5))
            .before_update(record.row())
            .before_bulk_update(record.bulk())
    });
    (models.sync().unwrap(), record)
}

fn ints(db: &Database, attribute: &str) -> Vec<Option<i64>> {
    let all = db.find_all("Post").unwrap();
    all.iter()
        .map(|it| it.get(attribute).unwrap().as_int())
        .collect()
}

// Broken, two that count at once would count one, or a number that is not known would become known.
#[test]
fn counting_goes_by_the_row_and_not_by_memory() -> Result<()> {
    let (mut db, record) = board();
    let mut post = db.create("Post", values! { name: "p" })?;
    let mut stale = post.clone();
    stale.set("name", "pending")?;
    db.increment(&mut post, values! { likes: 2, heat: 0.25 })?;
    db.increment(&mut stale, values! { likes: 3, views: 1 })?;
    assert_eq!(
        (stale.get("likes")?.as_int(), stale.get("views")?),
        (Some(5), &Value::Null)
    );
    assert_eq!(
        stale.changed().collect::<Vec<_>>(),
        ["name"],
        "other changes stay pending"
    );
    db.decrement(&mut post, values! { likes: 1, heat: 1.0 })?;
    assert_eq!(post.get("likes")?.as_int(), Some(4));
    assert_eq!(post.get("heat")?, &Value::from(-0.25));
    assert_eq!(db.find("Post", 1)?.as_ref(), Some(&post));
    assert_eq!(record.take().len(), 3, "it is an update, with its hooks");
    Ok(())
}

// Broken, the rows of a filter would all get one number, or rows beside it would be counted.
#[test]
fn counting_by_a_filter_counts_each_row() -> Result<()> {
    let (mut db, record) = board();
    db.create_many(
        "Post",
        [1, 5, 9].map(|likes| values! { name: "p", likes: likes }),
    )?;
    let affected = db.increment_where("Post", col("likes").gt(1), values! { likes: 10 })?;
    assert_eq!(
        (affected.rows, ints(&db, "likes")),
        (2, vec![Some(1), Some(15), Some(19)])
    );
    assert_eq!(record.take(), ["BeforeBulkUpdate [p, p]"]);
    let none: Values = values! { likes: 1 };
    assert_eq!(
        db.decrement_where("Post", col("likes").gt(1_000), none)?
            .rows,
        0
    );
    db.decrement_where("Post", col("id").gt(0), values! { likes: 1 })?;
    assert_eq!(ints(&db, "likes"), [Some(0), Some(14), Some(18)]);
    db.check_integrity().unwrap();
    Ok(())
}

// Broken, a number would come round at its end, a text would be counted, or a rule would be passed by.
#[test]
fn what_cannot_be_counted_is_refused() -> Result<()> {
    let (mut db, _) = board();
    let large = values! { name: "p", views: i64::MAX, likes: 100 };
    let mut post = db.create("Post", large)?;
    let before = post.clone();
    for wrong in [
        values! { name: 1 },
        values! { name: "x" },
        values! { likes: 0.5 },
        values! { likes: None::<i64> },
        values! { heat: 1 },
        values! { createdAt: 1 },
    ] {
        let error = refused(&mut db, |db| db.increment(&mut post, wrong.clone()));
        assert_eq!(
            error.kind(),
            ErrorKind::Request(RequestKind::Type),
            "{error}"
        );
        refused(&mut db, |db| {
            db.increment_where("Post", col("id").gt(0), wrong)
        });
    }
    let error = refused(&mut db, |db| db.increment(&mut post, values! { views: 1 }));
    assert!(
        error.to_string().contains("views") && error.to_string().contains("9223372036854775807")
    );
    assert_eq!(
        error.kind(),
        ErrorKind::Request(RequestKind::Evaluation(Failure::NumberOutOfRange))
    );
    assert!(!error.redacted().to_string().contains("922"));
    let lowest = values! { views: i64::MIN };
    let error = refused(&mut db, |db| db.decrement(&mut post, lowest.clone()));
    assert_eq!(
        error.kind(),
        ErrorKind::Request(RequestKind::Evaluation(Failure::NumberOutOfRange))
    );
    let error = refused(&mut db, |db| db.increment(&mut post, values! { likes: 1 }));
    assert_eq!(broken(&error), ["max"]);
    assert_eq!(post, before);
    db.increment(&mut post, lowest)?;
    assert_eq!(post.get("views")?.as_int(), Some(-1));
    db.destroy(&post)?;
    let error = refused(&mut db, |db| db.increment(&mut post, values! { views: 1 }));
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotFound));
    Ok(())
}
