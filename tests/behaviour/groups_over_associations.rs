//! Groups by what rows reach over associations to one, and by what is worked out of them; prepared ones.

use relata::aggregate::{Grouped, avg, count, count_rows, max, min, sum};
use relata::error::{Failure, RequestKind};
use relata::query::Select;
use relata::{
    Attribute, BelongsTo, DataType, Database, ErrorKind, HasMany, Models, Result, Timestamp, Unit,
    Value, asc, col, desc, include, param, related, select, values,
};

fn database() -> Result<Database> {
    let mut models = Models::new();
    let text = |name| Attribute::new(name, DataType::Text);
    let int = |name| Attribute::new(name, DataType::Int);
    models.define_with("Author", |it| {
        it.attribute(text("name"))
            .attribute(text("country"))
            .attribute(int("age"))
    });
    models.define_with("Post", |it| {
        it.attribute(text("title"))
            .attribute(int("words"))
            .attribute(Attribute::new("posted", DataType::Timestamp))
            .timestamps(false)
    });
    models.has_many(
        "Author",
        HasMany::new("Post").alias("posts").foreign_key("author"),
    );
    models.belongs_to(
        "Post",
        BelongsTo::new("Author")
            .alias("writer")
            .foreign_key("author"),
    );
    models.belongs_to(
        "Author",
        BelongsTo::new("Author")
            .alias("teacher")
            .foreign_key("taught"),
    );
    let mut db = models.sync()?;
    for (name, country, age, taught) in [
        ("Ada", Some("NO"), 40, None),
        ("Bob", Some("NO"), 30, Some(1)),
        ("Cy", None, 20, Some(2)),
    ] {
        db.create(
            "Author",
            values! { name: name, country: country, age: age, taught: taught },
        )?;
    }
    for (title, words, month, author) in [
        ("One", 10, 1, Some(1)),
        ("one", 20, 1, Some(2)),
        ("two", 30, 2, Some(3)),
        ("TWO", 40, 2, Some(1)),
        ("three", 50, 3, None),
    ] {
        let posted = format!("2024-0{month}-15T10:00:00Z")
            .parse::<Timestamp>()
            .expect("an instant");
        let post = values! { title: title, words: words, posted: posted, author: author };
        db.create("Post", post)?;
    }
    Ok(db)
}

fn groups(request: &Grouped, db: &Database) -> Result<Vec<Vec<Value>>> {
    let groups = request.run(db)?;
    Ok(groups.iter().map(|group| group.values().to_vec()).collect())
}

fn kind(request: &Grouped, db: &Database) -> RequestKind {
    match request.run(db).unwrap_err().kind() {
        ErrorKind::Request(kind) => kind,
        other => panic!("{other:?}"),
    }
}

const NULL: Value = Value::Null;

// rules: BY-19
// Broken, rows without anything at the end of a path are left out of the groups, or are in those of other rows.
#[test]
fn rows_are_grouped_by_what_associations_to_one_lead_to() -> Result<()> {
    let db = database()?;
    let by_country = select("Post")
        .group_by(["writer.country"])
        .aggregate("posts", count_rows())
        .aggregate("age", avg("writer.age"))
        .aggregate("teachers", count("writer.teacher.name").distinct())
        .aggregate("first", min(col("writer.name").lower()));
    assert_eq!(
        groups(&by_country, &db)?,
        [
            [
                "NO".into(),
                3.into(),
                (110.0 / 3.0).into(),
                1.into(),
                "ada".into()
            ],
            [NULL, 2.into(), 20.0.into(), 1.into(), "cy".into()],
        ]
    );
    // A row is there once, and a required include and a filter decide which rows are.
    let taught = select("Post")
        .include(include("writer").filter(col("age").lt(40)))
        .filter(col("writer.teacher.name").ne("Zed"))
        .group_by(["writer.teacher.name", "writer.name"])
        .aggregate("words", sum("words"));
    assert_eq!(
        groups(&taught, &db)?,
        [
            ["Ada".into(), "Bob".into(), 20.into()],
            ["Bob".into(), "Cy".into(), 30.into()],
        ]
    );
    let oldest = select("Post").calculate(max("writer.age"), &db)?;
    assert_eq!(oldest, 40.into());
    Ok(())
}

#[test]
fn rows_are_grouped_by_what_is_worked_out() -> Result<()> {
    let db = database()?;
    let by_month = select("Post")
        .group_by([col("posted").month()])
        .by("long", col("words").gt(25))
        .aggregate("titles", count(col("title").lower()).distinct())
        .aggregate("double", sum(col("words") * 2))
        .order_by(desc("double"))
        .run(&db)?;
    assert_eq!(
        by_month.names(),
        ["month(posted)", "long", "titles", "double"]
    );
    let found: Vec<&[Value]> = by_month.iter().map(|it| it.values()).collect();
    let expected: [[Value; 4]; 3] = [
        [2.into(), true.into(), 1.into(), 140.into()],
        [3.into(), true.into(), 1.into(), 100.into()],
        [1.into(), false.into(), 1.into(), 60.into()],
    ];
    assert_eq!(found, expected);
    let truncated = select("Post")
        .with_attribute("since", col("posted").date_trunc(Unit::Month))
        .group_by(["since"])
        .aggregate("posts", count_rows())
        .having(col("since").year().eq(2024).and(col("posts").gt(1)));
    assert_eq!(truncated.run(&db)?.len(), 2);
    // Also by numbers of associated rows, and with an order worked out of the results.
    let by_posts = select("Author")
        .group_by([related("posts").count()])
        .aggregate("authors", count_rows())
        .aggregate("words", sum(related("posts").sum("words")))
        .order_by(desc(col("words") / col("authors")));
    assert_eq!(
        groups(&by_posts, &db)?,
        [
            [2.into(), 1.into(), 50.into()],
            [1.into(), 2.into(), 50.into()],
        ]
    );
    Ok(())
}

#[test]
fn prepared_groups_take_parameters() -> Result<()> {
    let mut db = database()?;
    let request = select("Post")
        .filter(col("words").ge(param("words")))
        .group_by(["writer.country"])
        .by("long", col("words").gt(param("long")))
        .aggregate("posts", count_rows())
        .having(col("posts").ge(param("least")))
        .order_by(asc("long"))
        .order_by(desc("writer.country").nulls_last())
        .offset(1);
    let prepared = request.prepare(&db)?;
    let ask = |db: &Database, words: i64, long: i64, least: i64| {
        let given = [("words", words), ("long", long), ("least", least)];
        let given = given.map(|(name, value)| (name, Value::from(value)));
        let found = prepared.run_with(db, given)?;
        Ok::<_, relata::Error>(
            found
                .iter()
                .map(|it| it.values().to_vec())
                .collect::<Vec<_>>(),
        )
    };
    let expected: [[Value; 3]; 2] = [
        ["NO".into(), true.into(), 1.into()],
        [NULL, true.into(), 2.into()],
    ];
    assert_eq!(ask(&db, 0, 25, 1)?, expected);
    assert_eq!(ask(&db, 0, 25, 2)?, [[NULL, true.into(), 2.into()]]);
    assert_eq!(ask(&db, 45, 25, 1)?.len(), 0);
    db.create("Post", values! { words: 90, author: 1 })?;
    assert_eq!(ask(&db, 0, 25, 2)?.len(), 2);
    let plan = prepared.explain(&db)?.to_string();
    assert!(plan.contains("join writer (Author), not shown"), "{plan}");
    let error = |error: relata::Error| error.kind();
    assert_eq!(
        error(prepared.run(&db).unwrap_err()),
        ErrorKind::Request(RequestKind::MissingParameter)
    );
    assert_eq!(
        error(prepared.run_with(&db, [("word", 1.into())]).unwrap_err()),
        ErrorKind::Request(RequestKind::UnknownParameter)
    );
    assert_eq!(
        error(prepared.run_with(&db, [("least", "x".into())]).unwrap_err()),
        ErrorKind::Request(RequestKind::Type)
    );
    Ok(())
}

#[test]
fn groups_that_cannot_be_are_refused_by_name() -> Result<()> {
    let db = database()?;
    let posts = |by: &str| {
        select("Author")
            .group_by([by])
            .aggregate("it", count_rows())
    };
    assert_eq!(kind(&posts("posts.words"), &db), RequestKind::Unsupported);
    let text = posts("posts.words").run(&db).unwrap_err().to_string();
    assert!(text.contains("posts.words"), "{text}");
    assert_eq!(
        kind(&posts("post.words"), &db),
        RequestKind::UnknownAssociation
    );
    assert_eq!(
        kind(&posts("teacher.nome"), &db),
        RequestKind::UnknownColumn
    );
    let of = |select: Select| select.aggregate("it", sum(col("words") / (col("words") - 30)));
    assert_eq!(
        kind(&of(select("Post")), &db),
        RequestKind::Evaluation(Failure::DivisionByZero)
    );
    let twice = select("Post").group_by([col("words") + 1, col("words") + 1]);
    assert_eq!(kind(&twice, &db), RequestKind::Repeated);
    let order = posts("name").order_by(col("age") + 1);
    assert_eq!(kind(&order, &db), RequestKind::UnknownColumn);
    Ok(())
}
