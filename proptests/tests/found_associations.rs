//! Cases that the property of association graphs found, each as small as it gets.

use relata::error::RequestKind;
use relata::{Action, BelongsTo, ErrorKind, HasMany, KeyAttribute, ModelDef, Models, values};

// rules: D18, HM-12, TX-1
// Broken, `set` with `destroy_previous` succeeds and says that nothing is associated: the listed target stayed, so nobody
// looked whether destroying another one took it along.
#[test]
fn what_stays_associated_must_not_be_destroyed_with_what_goes() {
    let mut models = Models::new();
    models.define(ModelDef::new("Note").timestamps(false));
    models.belongs_to(
        "Note",
        BelongsTo::new("Note")
            .alias("above")
            .foreign_key(KeyAttribute::named("aboveId"))
            .on_delete(Action::Cascade),
    );
    models.has_many(
        "Note",
        HasMany::new("Note").alias("below").foreign_key("aboveId"),
    );
    let mut db = models.sync().expect("the models stand");
    // The first note is below itself, and the second below it.
    let first = db.create("Note", values! { id: 1, aboveId: 1 });
    let first = first.expect("the row stands");
    let second = db.create("Note", values! { id: 2, aboveId: 1 });
    let second = second.expect("the row stands");

    let before = db.fingerprint();
    let below = db.related(&first, "below").expect("it is declared");
    let error = below.destroy_previous().set(&second);
    let error = error.expect_err("the second goes with the first");
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotFound));
    assert_eq!(db.fingerprint(), before);
}

// rules: BT-14, TX-1
// Broken, the new target takes the key of the source that is gone, and is made its own parent.
#[test]
fn a_source_that_is_gone_is_not_made_anew_by_its_target() {
    let mut models = Models::new();
    models.define(ModelDef::new("Note").timestamps(false));
    models.belongs_to("Note", BelongsTo::new("Note").alias("above"));
    let mut db = models.sync().expect("the models stand");
    let mut transaction = db.begin();
    let gone = transaction.create("Note", values! {});
    let gone = gone.expect("the row stands");
    transaction.rollback();

    let above = db
        .related(&gone, "above")
        .expect("it is declared")
        .create(values! {});
    let error = above.expect_err("there is no source");
    assert_eq!(error.kind(), ErrorKind::Request(RequestKind::NotFound));
    assert_eq!(db.count("Note"), Ok(0));
}
