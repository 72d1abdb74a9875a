//! Accessors called by their names.

use relata::error::RequestKind;
use relata::{
    Answer, Arguments, BelongsTo, Database, HasMany, Instance, Models, Result, col, values,
};

use super::{assert_request, filled, shown};
use crate::associations::{int, text};

// rules: MX-1, MX-3, MX-4, MX-2
// Broken: an accessor gives something else than its verb, or has no use for the verb's arguments.
#[test]
fn every_accessor_of_an_association_to_many_is_called_by_its_name() -> Result<()> {
    let (mut db, [ada, bob, _]) = filled()?;
    let tasks = |answer: Answer| shown(&answer.into_many(), "title");
    assert_eq!(tasks(db.call(&ada, "getTasks", ())?), "a b c");
    let first = Arguments::new().order_by("rank").limit(1);
    assert_eq!(tasks(db.call(&ada, "getTasks", first)?), "c");
    let ranked = Arguments::new().filter(col("rank").gt(1));
    assert_eq!(db.call(&ada, "countTasks", ranked)?, Answer::Count(2));
    assert_eq!(db.call(&ada, "hasTask", 1)?, Answer::Has(true));
    assert_eq!(db.call(&ada, "hasTasks", [1, 4])?, Answer::Has(false));
    // Singular and plural take one or many.
    assert_eq!(db.call(&bob, "addTask", [1, 4])?, Answer::Many(vec![]));
    assert_eq!(db.call(&bob, "addTasks", 2)?, Answer::Many(vec![]));
    assert_eq!(db.call(&bob, "removeTask", vec![1])?, Answer::Count(1));
    assert_eq!(tasks(db.call(&bob, "setTasks", [4])?), "d");
    let made = db.call(&bob, "createTask", values! { title: "e" })?;
    assert_eq!(made.into_one().unwrap().get("userId")?, &2.into());
    assert_eq!(tasks(db.call(&bob, "setTasks", ())?), "");
    let with_role = Arguments::targets([2, 3]).through(values! { role: "boss" });
    let rows = db.call(&bob, "addGroups", with_role)?.into_many();
    assert_eq!(shown(&rows, "role"), "boss boss");
    Ok(())
}

// rules: MX-1, MX-3, BT-2, HO-1
// Broken: the user of a task can be added or counted, or setting it is not told to the task.
#[test]
fn every_accessor_of_an_association_to_one_is_called_by_its_name() -> Result<()> {
    let (mut db, [ada, bob, _]) = filled()?;
    let mut task = db.find("Task", 4)?.unwrap();
    assert_eq!(db.call(&task, "getUser", ())?, Answer::One(None));
    assert_eq!(
        db.call(&mut task, "setUser", &ada)?,
        Answer::One(Some(ada.clone()))
    );
    assert_eq!(task.get("userId")?, &1.into());
    assert_eq!(
        db.snapshot().call(&task, "getUser", ())?.into_one(),
        Some(ada)
    );
    let made = db.call(&mut task, "createUser", values! { name: "new" })?;
    assert_eq!(made.into_one().unwrap().get("name")?, &"new".into());
    let desk = db.call(&bob, "setDesk", 1)?.into_one().unwrap();
    assert_eq!(desk.get("userId")?, &2.into());
    assert_eq!(db.call(&bob, "setDesk", ())?, Answer::One(None));
    for accessor in ["addUser", "countUser", "hasUser", "removeUser"] {
        let answer = db.call(&task, accessor, ());
        assert_request(answer, RequestKind::UnknownAccessor, accessor);
    }
    Ok(())
}

// rules: MX-4, AS-13, NM-4, NM-7
// Broken: a mistyped accessor is answered with nothing, or without a hint of the right one.
#[test]
fn an_unknown_accessor_names_the_model_and_the_nearest() -> Result<()> {
    let (mut db, [ada, ..]) = filled()?;
    let unknown = RequestKind::UnknownAccessor;
    assert_request(
        db.call(&ada, "gettasks", ()),
        unknown,
        "User: no accessor gettasks; did you mean getTasks",
    );
    assert_request(
        db.call(&ada, "addTsk", ()),
        unknown,
        "did you mean addTask or addTasks",
    );
    assert_request(
        db.call(&ada, "frobnicate", ()),
        unknown,
        "no accessor frobnicate",
    );

    let mut models = Models::new();
    models.define_with("paper", |it| it.attribute(int("hasNews")));
    models.define_with("news", |it| it.attribute(text("title")));
    models.has_many("paper", HasMany::new("news"));
    let mut db = models.sync()?;
    let paper = db.create("paper", values! {})?;
    db.create_many("news", ["m", "n"].map(|title| values! { title: title }))?;
    // One accessor for one and for many, where singular and plural are the same word.
    db.call(&paper, "addNews", 1)?;
    db.call(&paper, "addNews", [1, 2])?;
    assert_eq!(
        shown(&db.call(&paper, "getNews", ())?.into_many(), "title"),
        "m n"
    );
    assert_request(
        db.call(&paper, "hasNews", 1),
        unknown,
        "no accessor hasNews: it is an attribute",
    );
    Ok(())
}

// rules: MX-2, MX-4
// Broken: a filter given to `addTask`, or values given to `getTasks`, is left aside without a word.
#[test]
fn an_argument_without_a_use_is_refused() -> Result<()> {
    let (mut db, [ada, ..]) = filled()?;
    let before = db.fingerprint();
    let filter = || Arguments::new().filter(col("id").eq(1));
    let cases: [(&str, Arguments<'_>, &str); 7] = [
        (
            "getTasks",
            1.into(),
            "User.tasks: getTasks has no use for targets",
        ),
        (
            "countTasks",
            values! { title: "x" }.into(),
            "no use for values",
        ),
        ("addTask", filter(), "no use for options of reading"),
        (
            "removeTask",
            Arguments::targets(1).through(values! { role: "x" }),
            "of a junction",
        ),
        ("createTask", 1.into(), "no use for targets"),
        (
            "addTask",
            Arguments::targets(1).destroy_previous(),
            "destroy_previous",
        ),
        (
            "setTasks",
            Arguments::targets(1).through(values! { role: "x" }),
            "has no junction",
        ),
    ];
    for (accessor, arguments, text) in cases {
        assert_request(
            db.call(&ada, accessor, arguments),
            RequestKind::Unsupported,
            text,
        );
    }
    let snapshot = db.snapshot();
    assert_request(
        snapshot.call(&ada, "addTask", 4),
        RequestKind::Unsupported,
        "addTask writes",
    );
    assert_eq!(db.fingerprint(), before);
    Ok(())
}

/// The guide's `getItem`: the accessor's name is made of the comment's own data.
fn get_item(
    db: &mut Database,
    comment: &Instance,
    options: impl Into<Arguments<'static>>,
) -> Result<Answer> {
    let kind = comment.get("commentable")?.to_string();
    let kind = kind.trim_matches('\'');
    let accessor = format!("get{}{}", kind[..1].to_uppercase(), &kind[1..]);
    db.call(comment, &accessor, options)
}

// rules: PO-2, MX-4
// Broken: a comment on an image gives the post with the same id.
#[test]
fn get_item_gives_the_owner_of_its_own_kind() -> Result<()> {
    let mut models = Models::new();
    for name in ["post", "image"] {
        models.define_with(name, |it| it.attribute(text("title")));
    }
    models.define_with("comment", |it| {
        it.attribute(text("title")).attribute(text("commentable"))
    });
    for name in ["post", "image"] {
        models.has_many(
            name,
            HasMany::new("comment")
                .foreign_key("commentable_id")
                .constraints(false)
                .scope("commentable", name),
        );
        models.belongs_to(
            "comment",
            BelongsTo::new(name)
                .alias(name)
                .foreign_key("commentable_id")
                .constraints(false),
        );
    }
    let mut db = models.sync()?;
    let post = db.create("post", values! { title: "p" })?;
    let image = db.create("image", values! { title: "i" })?;
    let on_post = db
        .call(&post, "createComment", values! { title: "x" })?
        .into_one()
        .unwrap();
    let on_image = db
        .call(&image, "createComment", values! {})?
        .into_one()
        .unwrap();
    assert_eq!(post.key()?, image.key()?);
    assert_eq!(get_item(&mut db, &on_post, ())?, Answer::One(Some(post)));
    assert_eq!(get_item(&mut db, &on_image, ())?, Answer::One(Some(image)));
    let options = Arguments::new().filter(col("title").eq("?"));
    assert_eq!(get_item(&mut db, &on_image, options)?, Answer::One(None));
    Ok(())
}
