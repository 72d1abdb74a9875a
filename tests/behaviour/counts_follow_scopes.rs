//! A count of an association is of the rows that a read of it finds: the target's default scope holds, and what is in a
//! scope that says nothing about a number stays out of it.

use relata::association::HasMany;
use relata::query::Scope;
use relata::{
    Attribute, DataType, ErrorKind, ModelDef, Models, Result, col, desc, include, param, select,
    values,
};

// rules: SC-13
// Broken: a count takes in rows that nobody finds, or is cut by the limit of a scope.
#[test]
fn a_count_is_of_what_the_default_scope_leaves() -> Result<()> {
    let mut models = Models::new();
    let open = Scope::new()
        .filter(col("done").eq(false))
        .order_by(desc("id"))
        .limit(1)
        .include("notes");
    models
        .define(ModelDef::new("User"))
        .define(
            ModelDef::new("Task")
                .attribute(Attribute::new("done", DataType::Bool))
                .default_scope(open),
        )
        .define(ModelDef::new("Note"))
        .has_many("User", HasMany::new("Task").alias("tasks"))
        .has_many("Task", HasMany::new("Note").alias("notes"));
    let mut db = models.sync()?;
    let mut ada = db.create("User", values! {})?;
    for done in [false, false, true] {
        db.related(&mut ada, "tasks")?
            .create(values! { done: done })?;
    }
    let count = |counted| -> Result<usize> {
        let rows = select("User").with_count(counted).run(&db)?;
        rows.first().map_or(Ok(0), |user| user.count("tasks"))
    };
    assert_eq!(count(include("tasks"))?, 2);
    assert_eq!(count(include("tasks").unscoped())?, 3);
    Ok(())
}

// Broken: a scope waits for a value that most reads of its model cannot give.
#[test]
fn a_scope_takes_no_parameters() {
    let mut models = Models::new();
    let scope = Scope::new().filter(col("id").eq(param("id")));
    models.define(ModelDef::new("User").default_scope(scope));
    let error = models.sync().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Declaration), "{error}");
    assert!(
        error.to_string().contains("parameter id in a scope"),
        "{error}"
    );
}
