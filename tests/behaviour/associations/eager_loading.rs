//! What an include filters, shows and cuts: each under its own parent, at every depth.

use relata::query::Include;
use relata::{
    Attribute, BelongsTo, BelongsToMany, DataType, Database, HasMany, HasOne, Models, Record, Rows,
    Select, col, desc, include, select, values,
};

/// Authors with books of so many pages, found by the author's pen name; books with chapters and with tags.
fn library() -> Database {
    let mut models = Models::new();
    let text = |name: &str| Attribute::new(name, DataType::Text);
    models.define_with("Author", |it| it.attribute(text("pen").unique()));
    models.define_with("Book", |it| {
        it.attribute(text("title"))
            .attribute(Attribute::new("pages", DataType::Int))
            .attribute(text("pen"))
    });
    models.define_with("Chapter", |it| it.attribute(text("title")));
    models.define_with("Tag", |it| it.attribute(text("name")));
    let by_pen = HasMany::new("Book").alias("books").foreign_key("pen");
    models.has_many("Author", by_pen.source_key("pen"));
    let by_pen = BelongsTo::new("Author").alias("author").foreign_key("pen");
    models.belongs_to("Book", by_pen.target_key("pen"));
    models.has_many(
        "Book",
        HasMany::new("Chapter")
            .alias("chapters")
            .foreign_key("bookId"),
    );
    models.has_one(
        "Book",
        HasOne::new("Chapter")
            .alias("opening")
            .foreign_key("bookId"),
    );
    let tags = BelongsToMany::new("Tag").alias("tags").through("BookTag");
    models.belongs_to_many("Book", tags);
    let mut db = models.sync().unwrap();
    for pen in ["ann", "bea"] {
        db.create("Author", values! { pen: pen }).unwrap();
    }
    let tags =
        ["red", "green", "blue"].map(|name| db.create("Tag", values! { name: name }).unwrap());
    let books = [
        ("long", Some(900), "ann"),
        ("short", Some(90), "ann"),
        ("draft", None, "ann"),
        ("other", Some(300), "bea"),
    ];
    for (title, pages, pen) in books {
        let book = db
            .create("Book", values! { title: title, pages: pages, pen: pen })
            .unwrap();
        db.related(&book, "tags").unwrap().add(&tags[..]).unwrap();
        for chapter in ["one", "two", "three"] {
            let mut chapters = db.related(&book, "chapters").unwrap();
            chapters.create(values! { title: chapter }).unwrap();
        }
    }
    db
}

/// The first attribute of each row, and what is below it: `ann[long[one two] short[]]`.
fn outline(db: &Database, request: &Select) -> String {
    let rows: Rows<'_> = request.run(db).unwrap();
    let below = &["books", "author", "chapters", "opening", "tags"];
    let roots: Vec<String> = rows.iter().map(|it| outline_of(it, below)).collect();
    roots.join(" ")
}

fn outline_of(record: Record<'_>, associations: &[&str]) -> String {
    let named = record.attributes().find(|(name, _)| *name != "id");
    let mut text = named.map_or(String::new(), |(_, value)| value.to_string());
    text.retain(|character| character != '\'');
    for association in associations {
        let many = record.many(association).ok();
        let one = record.one(association).ok().map(|one| one.into_iter());
        let below: Vec<String> = match (many, one) {
            (Some(many), _) => many.map(|it| outline_of(it, associations)).collect(),
            (_, Some(one)) => one.map(|it| outline_of(it, associations)).collect(),
            (None, None) => continue,
        };
        text += &format!("[{}]", below.join(" "));
    }
    text
}

// rules: EL-29, EL-19
// Broken: a filter in an include takes a null for true or false, or its parts are joined otherwise than at the root.
#[test]
fn a_filter_in_an_include_is_as_at_the_root() {
    let db = library();
    let filters = [
        (col("pages").gt(100).and(col("title").like("l%")), "long"),
        (
            col("pages").lt(100).or(col("title").eq("draft")),
            "short draft",
        ),
        (col("pages").gt(100).not(), "short"),
        (col("pages").gt(100).is_null(), "draft"),
        (col("pages").between(90, 300), "short"),
        (col("pages").is_in([900, 90]), "long short"),
        (col("pages").not_in([900]), "short"),
        (col("title").not_like("%o%"), "draft"),
    ];
    for (filter, titles) in filters {
        let books = include("books").filter(filter.clone());
        let ann = select("Author").filter(col("pen").eq("ann")).include(books);
        assert_eq!(outline(&db, &ann), format!("ann[{titles}]"), "{filter}");
        let books = select("Book").filter(col("pen").eq("ann")).filter(filter);
        assert_eq!(outline(&db, &books), titles);
    }
}

// rules: BY-3, EL-44, EL-45
// Broken: a limit is refused where the association is to one or over a junction, or counts the rows of all parents.
#[test]
fn a_limit_counts_under_each_parent_of_every_association() {
    let db = library();
    let books = |below: Include| select("Book").filter(col("pages").ge(300)).include(below);
    assert_eq!(
        outline(
            &db,
            &books(include("tags").order_by("name").offset(1).limit(1))
        ),
        "long[green] other[green]"
    );
    assert_eq!(
        outline(&db, &books(include("chapters").limit(2))),
        "long[one two] other[one two]"
    );
    assert_eq!(
        outline(&db, &books(include("author").limit(1))),
        "long[ann] other[bea]"
    );
    assert_eq!(
        outline(&db, &books(include("author").limit(0))),
        "long[] other[]"
    );
    let last = include("opening").order_by(desc("title")).limit(1);
    assert_eq!(outline(&db, &books(last)), "long[two] other[two]");
}

// rules: BY-3, EL-46, EL-19
// Broken: a limit of none takes the parents away, or a filter beside a limit no longer does.
#[test]
fn a_limit_does_not_decide_who_qualifies_and_a_filter_does() {
    let db = library();
    let books = || include("books").filter(col("pages").gt(500));
    let authors = |books| outline(&db, &select("Author").include(books));
    assert_eq!(authors(books().limit(0)), "ann[]");
    assert_eq!(authors(books().limit(1)), "ann[long]");
    assert_eq!(authors(books().limit(1).required(false)), "ann[long] bea[]");
}

// rules: EL-47, EL-13
// Broken: children are not found where neither side shows the key, or the key shows without being asked for.
#[test]
fn keys_that_are_not_shown_still_match() {
    let db = library();
    let books = include("books").attributes(["title"]).include("author");
    let request = select("Author").attributes(["id"]).include(books);
    assert_eq!(
        outline(&db, &request),
        "[long[ann] short[ann] draft[ann]] [other[bea]]"
    );
    let rows = request.run(&db).unwrap();
    let ann = rows.first().unwrap();
    assert!(ann.get("pen").is_err());
    let book = ann.many("books").unwrap().next().unwrap();
    assert!(book.get("pen").is_err() && book.get("id").is_err());
    assert_eq!(book.attributes().len(), 1);
}

// rules: EL-48, EL-38, BY-4
// Broken: a limit further down counts over parents that it has nothing to do with, or the root's limit reaches down.
#[test]
fn limits_nest() {
    let db = library();
    let chapters = include("chapters").order_by(desc("id")).limit(1);
    let books = include("books")
        .order_by("title")
        .limit(2)
        .include(chapters);
    let request = select("Author").order_by(desc("pen")).include(books);
    assert_eq!(
        outline(&db, &request),
        "bea[other[three]] ann[draft[three] long[three]]"
    );
    assert_eq!(outline(&db, &request.limit(1)), "bea[other[three]]");
    let all = select("Author")
        .limit(1)
        .include(include("books").include("chapters"));
    assert_eq!(
        outline(&db, &all),
        "ann[long[one two three] short[one two three] draft[one two three]]"
    );
}

// rules: BY-7, EL-11
// Broken: an author comes once for each of the books that make it qualify.
#[test]
fn a_root_comes_once_however_much_qualifies_it() {
    let db = library();
    let tags = include("tags").required(true).attributes([] as [&str; 0]);
    let books = include("books").required(true).attributes([] as [&str; 0]);
    let request = select("Author").include(books.include(tags));
    assert_eq!(outline(&db, &request), "ann bea");
    assert_eq!(request.count(&db).unwrap(), 2);
}
