//! Values come out as the Rust types that hold them whole, from instances and from records alike.

use relata::error::RequestKind;
use relata::{Attribute, DataType, Database, Date, Error, ErrorKind, Models, Result, Timestamp};
use relata::{Uuid, Value, select, values};

fn database() -> Result<Database> {
    let mut models = Models::new();
    models.define_with("Thing", |it| {
        it.attribute(Attribute::new("count", DataType::Int))
            .attribute(Attribute::new("share", DataType::Float))
            .attribute(Attribute::new("name", DataType::Text))
            .attribute(Attribute::new("open", DataType::Bool))
            .attribute(Attribute::new("raw", DataType::Bytes))
            .attribute(Attribute::new("token", DataType::Uuid))
            .attribute(Attribute::new("at", DataType::Timestamp))
            .attribute(Attribute::new("day", DataType::Date))
            .timestamps(false)
    });
    models.sync()
}

fn is_type_error(error: &Error) -> bool {
    error.kind() == ErrorKind::Request(RequestKind::Type)
}

#[test]
fn each_type_comes_out_as_it_went_in() -> Result<()> {
    let mut db = database()?;
    let (token, at) = (Uuid::from_u128(7), Timestamp::from_micros(1_000));
    let day: Date = "2024-02-29".parse().expect("a day");
    let thing = db.create(
        "Thing",
        values! {
            count: 300, share: 0.5, name: "lamp", open: true, raw: vec![1_u8, 2], token: token, at: at, day: day,
        },
    )?;
    let rows = select("Thing").run(&db)?;
    let record = rows.first().expect("the thing was created");

    assert_eq!(thing.get_as::<i64>("count")?, 300);
    assert_eq!(record.get_as::<u16>("count")?, 300);
    assert_eq!(record.get_as::<usize>("count")?, 300);
    assert_eq!(thing.get_as::<f64>("share")?, 0.5);
    assert_eq!(thing.get_as::<&str>("name")?, "lamp");
    assert_eq!(record.get_as::<String>("name")?, "lamp");
    assert!(record.get_as::<bool>("open")?);
    assert_eq!(record.get_as::<&[u8]>("raw")?, [1, 2]);
    assert_eq!(thing.get_as::<Vec<u8>>("raw")?, [1, 2]);
    assert_eq!(record.get_as::<Uuid>("token")?, token);
    assert_eq!(record.get_as::<Timestamp>("at")?, at);
    assert_eq!(thing.get_as::<Option<Date>>("day")?, Some(day));
    assert_eq!(thing.get_as::<Value>("count")?, Value::Int(300));
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused_with_its_value() -> Result<()> {
    let mut db = database()?;
    let thing = db.create("Thing", values! { count: 300, name: "lamp" })?;
    let rows = select("Thing").run(&db)?;
    let record = rows.first().expect("the thing was created");

    let error = thing.get_as::<u8>("count").unwrap_err();
    assert!(is_type_error(&error));
    assert_eq!(
        error.to_string(),
        "Thing: count is 300, read as unsigned int of 8 bits"
    );
    assert!(!error.redacted().to_string().contains("300"));
    assert!(is_type_error(&record.get_as::<f64>("count").unwrap_err()));
    assert!(is_type_error(&record.get_as::<i64>("name").unwrap_err()));
    Ok(())
}

#[test]
fn null_is_none_and_nothing_else() -> Result<()> {
    let mut db = database()?;
    let thing = db.create("Thing", values! { name: "lamp" })?;
    assert_eq!(thing.get_as::<Option<i64>>("count")?, None);
    let error = thing.get_as::<i64>("count").unwrap_err();
    assert_eq!(error.to_string(), "Thing: count is null, read as int");
    assert!(thing.get_as::<i64>("size").is_err(), "no such attribute");
    Ok(())
}
